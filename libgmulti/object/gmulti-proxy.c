/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-proxy-private.h"

#include "gm-no-proxy.h"
#include "gm-proxy.h"
#include "gm-url.h"

#include <string.h>

/**
 * GMultiProxy:
 *
 * A fixed proxy, as a [iface@Gio.ProxyResolver].
 *
 * It can be set wherever a resolver can: [property@GMulti.Session:proxy-resolver],
 * [property@GMulti.Transfer:proxy-resolver]. Unlike a [class@Gio.SimpleProxyResolver] it knows tunnels for `http` URIs and
 * header fields for the proxy alone.
 *
 * A proxy whose URI begins with `https` is asked by TLS whether it speaks HTTP/2. If it does, all tunnels through it are
 * streams of one connection, and so are all requests that it forwards. Whom to trust, which keys it may have and who we are
 * is said for the proxy alone: what transfers and sessions have of these is for servers. About a certificate that is not
 * trusted [signal@GMulti.Transfer::check-trust] asks, as about a server's.
 *
 * It does not change after construction, and may be used in any thread.
 *
 * Since: 1.0
 */
struct _GMultiProxy
{
  GObject parent_instance;

  char *uri; /* (owned) (nullable) */
  char **bypass; /* (owned) (nullable) */
  char *rules; /* (owned) (nullable): the same, as the engine wants it */
  GMultiHeaders *headers; /* (owned) (nullable) */
  GmStringList *fields; /* (owned) (nullable): the same */
  GTlsDatabase *tls_database; /* (owned) (nullable) */
  GTlsCertificate *client_certificate; /* (owned) (nullable) */
  char *tls_pins; /* (owned) (nullable) */
  gboolean tunnel;
};

typedef enum
{
  PROP_URI = 1,
  PROP_BYPASS,
  PROP_TUNNEL,
  PROP_HEADERS,
  PROP_TLS_DATABASE,
  PROP_TLS_PINS,
  PROP_CLIENT_CERTIFICATE,
} Property;

static GParamSpec *properties[PROP_CLIENT_CERTIFICATE + 1];

static void gmulti_proxy_resolver_init (GProxyResolverInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (GMultiProxy, gmulti_proxy, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, gmulti_proxy_resolver_init))

/* ---- as a resolver ---- */

static gboolean
is_bypassed (GMultiProxy *self,
             const char *uri)
{
  g_autoptr (GmUrl) url = NULL;

  if (self->rules == NULL)
    return FALSE;

  return gm_url_parse (uri, strlen (uri), GM_URL_ANY_SCHEME, &url) == GM_OK
         && gm_no_proxy_matches (self->rules, gm_url_get_host (url));
}

static gboolean
gmulti_proxy_is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

static char **
gmulti_proxy_lookup (GProxyResolver *resolver,
                     const char *uri,
                     GCancellable *cancellable,
                     GError **error)
{
  GMultiProxy *self = GMULTI_PROXY (resolver);
  const char *list[] = { "direct://", NULL };

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (self->uri != NULL && !is_bypassed (self, uri))
    list[0] = self->uri;

  return g_strdupv ((char **) list);
}

static void
gmulti_proxy_lookup_async (GProxyResolver *resolver,
                           const char *uri,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);
  GError *error = NULL;
  char **list = gmulti_proxy_lookup (resolver, uri, cancellable, &error);

  (g_task_set_source_tag) (task, gmulti_proxy_lookup_async);
  if (list == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, list, (GDestroyNotify) g_strfreev);
}

static char **
gmulti_proxy_lookup_finish (GProxyResolver *resolver,
                            GAsyncResult *result,
                            GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
gmulti_proxy_resolver_init (GProxyResolverInterface *iface)
{
  iface->is_supported = gmulti_proxy_is_supported;
  iface->lookup = gmulti_proxy_lookup;
  iface->lookup_async = gmulti_proxy_lookup_async;
  iface->lookup_finish = gmulti_proxy_lookup_finish;
}

/* ---- for the engine ---- */

GTlsDatabase *
gm_face_proxy_get_database (GMultiProxy *self)
{
  return gm_plan_asks_database (self->tls_database) ? self->tls_database : NULL;
}

/* Nothing stays of another one. */
static void
apply_tls (GMultiProxy *self,
           GmTransfer *engine)
{
  gm_transfer_set_int (engine, GM_OPTION_PROXY_TLS_VERIFY_PEER, TRUE);
  gm_transfer_set_int (engine, GM_OPTION_PROXY_TLS_VERIFY_HOST, TRUE);
  gm_transfer_set_string (engine, GM_OPTION_PROXY_TLS_CA_FILE, NULL);
  gm_transfer_set_string (engine, GM_OPTION_PROXY_TLS_PINS, NULL);
  gm_transfer_set_string (engine, GM_OPTION_PROXY_TLS_CERT_FILE, NULL);
  gm_transfer_set_string (engine, GM_OPTION_PROXY_TLS_KEY_FILE, NULL);
  gm_transfer_set_bytes (engine, GM_OPTION_PROXY_TLS_CERT_BYTES, NULL);
  gm_transfer_set_bytes (engine, GM_OPTION_PROXY_TLS_KEY_BYTES, NULL);
  if (self == NULL)
    return;

  if (self->tls_database != NULL)
    gm_plan_apply_database (self->tls_database, engine, TRUE);
  if (self->client_certificate != NULL)
    gm_plan_apply_certificate (self->client_certificate, engine, TRUE);
  /* an empty pin fits no key */
  if (self->tls_pins != NULL && gm_plan_apply_pins (self->tls_pins, engine, GM_OPTION_PROXY_TLS_PINS) != GM_OK)
    gm_transfer_set_string (engine, GM_OPTION_PROXY_TLS_PINS, "sha256//");
}

void
gm_face_proxy_apply (GMultiProxy *self,
                     GmTransfer *engine)
{
  g_autofree char *remote = NULL;
  const char *uri = self != NULL ? self->uri : NULL;

  if (self != NULL && (uri == NULL || g_ascii_strncasecmp (uri, "direct:", strlen ("direct:")) == 0))
    uri = "";
  /* as everywhere in GIO it is the proxy that looks names up */
  else if (uri != NULL && g_ascii_strncasecmp (uri, "socks5:", strlen ("socks5:")) == 0)
    uri = remote = g_strconcat ("socks5h:", uri + strlen ("socks5:"), NULL);

  gm_transfer_set_string (engine, GM_OPTION_PROXY, uri);
  /* an address has no way to say that HTTP/2 may be offered, and the old version serves as well */
  gm_transfer_set_int (engine, GM_OPTION_PROXY_KIND,
                       uri != NULL && g_ascii_strncasecmp (uri, "https:", strlen ("https:")) == 0 ? GM_PROXY_HTTPS_2
                                                                                                 : GM_PROXY_HTTP);
  gm_transfer_set_string (engine, GM_OPTION_NO_PROXY, self != NULL ? self->rules : NULL);
  gm_transfer_set_int (engine, GM_OPTION_PROXY_TUNNEL, self != NULL && self->tunnel);
  gm_transfer_set_list (engine, GM_OPTION_PROXY_FIELDS, self != NULL ? self->fields : NULL);
  apply_tls (self, engine);
  if (remote != NULL)
    explicit_bzero (remote, strlen (remote));
}

/* ---- life ---- */

static GmStringList *
make_fields (GMultiHeaders *headers)
{
  GmStringList *list = NULL;

  for (guint n = gmulti_headers_get_n_fields (headers); n > 0; n--)
    {
      GmStringList *item = g_new (GmStringList, 1);

      item->data = g_strconcat (gmulti_headers_get_field_name (headers, n - 1), ": ",
                                gmulti_headers_get_field_value (headers, n - 1), NULL);
      item->next = list;
      list = item;
    }

  return list;
}

static void
gmulti_proxy_constructed (GObject *object)
{
  GMultiProxy *self = GMULTI_PROXY (object);

  G_OBJECT_CLASS (gmulti_proxy_parent_class)->constructed (object);

  if (self->bypass != NULL)
    self->rules = g_strjoinv (",", self->bypass);
  if (self->headers != NULL)
    self->fields = make_fields (self->headers);
}

static void
gmulti_proxy_finalize (GObject *object)
{
  GMultiProxy *self = GMULTI_PROXY (object);

  if (self->uri != NULL)
    explicit_bzero (self->uri, strlen (self->uri));
  g_free (self->uri);
  g_strfreev (self->bypass);
  g_free (self->rules);
  g_clear_pointer (&self->headers, gmulti_headers_unref);
  gm_header_list_free (self->fields);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->client_certificate);
  g_free (self->tls_pins);

  G_OBJECT_CLASS (gmulti_proxy_parent_class)->finalize (object);
}

static void
gmulti_proxy_get_property (GObject *object,
                           guint prop_id,
                           GValue *value,
                           GParamSpec *pspec)
{
  GMultiProxy *self = GMULTI_PROXY (object);

  switch ((Property) prop_id)
    {
    case PROP_URI:
      g_value_set_string (value, self->uri);
      break;
    case PROP_BYPASS:
      g_value_set_boxed (value, self->bypass);
      break;
    case PROP_TUNNEL:
      g_value_set_boolean (value, self->tunnel);
      break;
    case PROP_HEADERS:
      g_value_set_boxed (value, self->headers);
      break;
    case PROP_TLS_DATABASE:
      g_value_set_object (value, self->tls_database);
      break;
    case PROP_TLS_PINS:
      g_value_set_string (value, self->tls_pins);
      break;
    case PROP_CLIENT_CERTIFICATE:
      g_value_set_object (value, self->client_certificate);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_proxy_set_property (GObject *object,
                           guint prop_id,
                           const GValue *value,
                           GParamSpec *pspec)
{
  GMultiProxy *self = GMULTI_PROXY (object);
  GMultiHeaders *headers;

  switch ((Property) prop_id)
    {
    case PROP_URI:
      self->uri = g_value_dup_string (value);
      break;
    case PROP_BYPASS:
      self->bypass = g_value_dup_boxed (value);
      break;
    case PROP_TUNNEL:
      self->tunnel = g_value_get_boolean (value);
      break;
    case PROP_HEADERS:
      headers = g_value_get_boxed (value);
      self->headers = headers != NULL ? gmulti_headers_copy (headers) : NULL;
      break;
    case PROP_TLS_DATABASE:
      self->tls_database = g_value_dup_object (value);
      break;
    case PROP_TLS_PINS:
      self->tls_pins = g_value_dup_string (value);
      break;
    case PROP_CLIENT_CERTIFICATE:
      self->client_certificate = g_value_dup_object (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_tls_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiProxy:tls-database: (getter get_tls_database)
   *
   * Who says whether the certificate of a proxy whose URI begins with `https` is to be trusted; %NULL for the system.
   *
   * A [iface@Gio.TlsFileDatabase] is read by the engine, any other one is asked about each certificate.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_DATABASE] = g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE, flags);

  /**
   * GMultiProxy:tls-pins: (getter get_tls_pins)
   *
   * The public keys that the proxy may have, as in [property@GMulti.Transfer:tls-pins]; %NULL for any. With text in it that
   * is no pin no key is the right one.
   *
   * Since: 1.0
   */
  properties[PROP_TLS_PINS] = g_param_spec_string ("tls-pins", NULL, NULL, NULL, flags);

  /**
   * GMultiProxy:client-certificate: (getter get_client_certificate)
   *
   * The certificate, with its private key, that is shown to the proxy if it asks for one.
   *
   * Since: 1.0
   */
  properties[PROP_CLIENT_CERTIFICATE]
    = g_param_spec_object ("client-certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, flags);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiProxy:uri: (getter get_uri)
   *
   * Where the proxy is, perhaps with user and password. An empty user (`socks5h://:@host:1080`) has it shown the Kerberos
   * ticket of the desktop's user, if it asks for that.
   *
   * The scheme is one of `http`, `https`, `socks4`, `socks4a`, `socks5`, `socks5h`; without one it is `http`, without a
   * port 1080 (443 for `https`). With `direct://` or %NULL there is no proxy.
   *
   * Since: 1.0
   */
  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);

  /**
   * GMultiProxy:bypass: (getter get_bypass)
   *
   * Hosts that are reached without the proxy.
   *
   * A name stands for itself and for all names below it, an address for itself, `192.0.2.0/24` for a network, and a single
   * `*` for every host.
   *
   * Since: 1.0
   */
  properties[PROP_BYPASS] = g_param_spec_boxed ("bypass", NULL, NULL, G_TYPE_STRV, flags);

  /**
   * GMultiProxy:tunnel: (getter get_tunnel)
   *
   * Whether `http` URIs are reached through a tunnel, too, so that the proxy sees nothing of their requests.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  properties[PROP_TUNNEL] = g_param_spec_boolean ("tunnel", NULL, NULL, FALSE, flags);

  /**
   * GMultiProxy:headers: (getter get_headers)
   *
   * Header fields for the proxy alone. They are copied.
   *
   * Since: 1.0
   */
  properties[PROP_HEADERS] = g_param_spec_boxed ("headers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);

  install_tls_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
gmulti_proxy_class_init (GMultiProxyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = gmulti_proxy_constructed;
  object_class->finalize = gmulti_proxy_finalize;
  object_class->get_property = gmulti_proxy_get_property;
  object_class->set_property = gmulti_proxy_set_property;

  install_properties (object_class);
}

static void
gmulti_proxy_init (GMultiProxy *self)
{
}

/**
 * gmulti_proxy_new:
 * @uri: (nullable): where the proxy is
 * @bypass: (nullable) (array zero-terminated=1): hosts that are reached without it
 *
 * Makes a proxy.
 *
 * Nothing is checked here: a URI that makes no sense is reported by the transfers that want to use it.
 *
 * Returns: (transfer full): a new proxy
 *
 * Since: 1.0
 */
GMultiProxy *
gmulti_proxy_new (const char *uri,
                  const char *const *bypass)
{
  return g_object_new (GMULTI_TYPE_PROXY, "uri", uri, "bypass", bypass, NULL);
}

/**
 * gmulti_proxy_get_uri: (get-property uri)
 * @self: the proxy
 *
 * Gets where the proxy is.
 *
 * Returns: (nullable): the URI
 *
 * Since: 1.0
 */
const char *
gmulti_proxy_get_uri (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return self->uri;
}

/**
 * gmulti_proxy_get_bypass: (get-property bypass)
 * @self: the proxy
 *
 * Gets which hosts are reached without the proxy.
 *
 * Returns: (nullable) (array zero-terminated=1) (transfer none): the rules
 *
 * Since: 1.0
 */
const char *const *
gmulti_proxy_get_bypass (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return (const char *const *) self->bypass;
}

/**
 * gmulti_proxy_get_tunnel: (get-property tunnel)
 * @self: the proxy
 *
 * Tells whether `http` URIs are reached through a tunnel, too.
 *
 * Returns: whether they are
 *
 * Since: 1.0
 */
gboolean
gmulti_proxy_get_tunnel (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), FALSE);

  return self->tunnel;
}

/**
 * gmulti_proxy_get_headers: (get-property headers)
 * @self: the proxy
 *
 * Gets the header fields for the proxy alone. They must not be changed.
 *
 * Returns: (nullable) (transfer none): the fields
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_proxy_get_headers (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return self->headers;
}

/**
 * gmulti_proxy_get_tls_database: (get-property tls-database)
 * @self: the proxy
 *
 * Gets who says whether the proxy's certificate is to be trusted.
 *
 * Returns: (transfer none) (nullable): the database, or %NULL for the system's
 *
 * Since: 1.0
 */
GTlsDatabase *
gmulti_proxy_get_tls_database (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return self->tls_database;
}

/**
 * gmulti_proxy_get_tls_pins: (get-property tls-pins)
 * @self: the proxy
 *
 * Gets the public keys that the proxy may have.
 *
 * Returns: (nullable): the pins, or %NULL for any key
 *
 * Since: 1.0
 */
const char *
gmulti_proxy_get_tls_pins (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return self->tls_pins;
}

/**
 * gmulti_proxy_get_client_certificate: (get-property client-certificate)
 * @self: the proxy
 *
 * Gets the certificate that is shown to the proxy.
 *
 * Returns: (transfer none) (nullable): the certificate, with its private key
 *
 * Since: 1.0
 */
GTlsCertificate *
gmulti_proxy_get_client_certificate (GMultiProxy *self)
{
  g_return_val_if_fail (GMULTI_IS_PROXY (self), NULL);

  return self->client_certificate;
}
