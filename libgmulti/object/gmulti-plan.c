/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-plan-private.h"

#include "gm-config.h"
#include "gm-http1-write.h"
#include "gm-request-settings.h"
#include "gmulti-certificate-private.h"
#include "gmulti-enums.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* The engine takes 0 for its own default and has no "never"; 49 days are one. */
#define NEVER_MS G_MAXUINT32

/* What SHA-256 gives, in base64. */
#define PIN_LENGTH 44

#define PICK(to_proxy, name) ((to_proxy) ? GM_OPTION_PROXY_TLS_##name : GM_OPTION_TLS_##name)

void
gm_plan_init (GmPlan *self)
{
  self->body_length = -1;
  self->range_length = -1;
  self->connect_timeout = GM_DEFAULT_CONNECT_TIMEOUT;
  self->max_redirects = GM_DEFAULT_MAX_REDIRECTS;
  self->max_attempts = 1;
}

static void
clear_body (GmPlan *self)
{
  if (self->body_kind == GM_UPLOAD_BYTES)
    g_bytes_unref (self->body);
  else if (self->body != NULL)
    g_object_unref (self->body);
  self->body = NULL;
  self->body_kind = GM_UPLOAD_NONE;
  g_clear_pointer (&self->content_type, g_free);
}

static void
clear_signer (GmPlan *self)
{
  if (self->signer == NULL)
    return;

  explicit_bzero (self->signer[2], strlen (self->signer[2]));
  g_clear_pointer (&self->signer, g_strfreev);
}

void
gm_plan_set_signer (GmPlan *self,
                    const char *scope,
                    const char *access_key,
                    const char *secret)
{
  clear_signer (self);
  if (scope != NULL && access_key != NULL && secret != NULL)
    self->signer = g_strdupv ((char *[]){ (char *) scope, (char *) access_key, (char *) secret, NULL });
}

void
gm_plan_clear (GmPlan *self)
{
  clear_signer (self);
  clear_body (self);
  g_clear_pointer (&self->uri, g_ref_string_release);
  g_clear_pointer (&self->method, g_free);
  g_clear_pointer (&self->headers, gmulti_headers_unref);
  g_clear_pointer (&self->bad_header, g_free);
  g_clear_pointer (&self->bearer_token, g_free);
  g_clear_pointer (&self->user_agent, g_free);
  g_clear_object (&self->proxy_resolver);
  g_clear_pointer (&self->first_party, g_free);
  g_clear_object (&self->tls_database);
  g_clear_object (&self->tls_interaction);
  g_clear_object (&self->client_certificate);
  g_clear_object (&self->connectable);
  g_clear_pointer (&self->tls_pins, g_free);
}

void
gm_plan_take_body (GmPlan *self,
                   GmUploadKind kind,
                   const char *content_type,
                   gpointer body,
                   gint64 length)
{
  clear_body (self);
  if (body == NULL)
    return;

  self->body_kind = kind;
  self->body = body;
  self->body_length = length;
  self->content_type = g_strdup (content_type);
}

/* RFC 6761 section 6.3 for the name. */
static gboolean
stays_here (const GmUrl *url)
{
  GmSpan span = gm_url_get_host (url);
  g_autofree char *host = g_strndup (span.data, span.len);
  g_autoptr (GInetAddress) address = NULL;

  if (gm_url_get_scheme (url) == GM_SCHEME_FILE || gm_url_get_scheme (url) == GM_SCHEME_DATA)
    return TRUE;
  if (g_ascii_strcasecmp (host, "localhost") == 0 || (span.len > 10 && g_str_has_suffix (host, ".localhost")))
    return TRUE;

  address = g_inet_address_new_from_string (host);
  return address != NULL && g_inet_address_get_is_loopback (address);
}

guint
gm_plan_get_constraints (const GmPlan *self)
{
  g_autoptr (GmUrl) url = NULL;

  if (self->constraints == 0 || self->uri == NULL
      || gm_url_parse (self->uri, strlen (self->uri), GM_URL_DEFAULT, &url) != GM_OK)
    return 0;

  return stays_here (url) ? self->constraints & GMULTI_CONSTRAINTS_NO_POWER_SAVER : self->constraints;
}

static GmStringList *
prepend (GmStringList *list,
         char *line)
{
  GmStringList *item = g_new (GmStringList, 1);

  item->data = line;
  item->next = list;
  return item;
}

GmStringList *
gm_plan_make_header_list (const GmPlan *self,
                          const char *form_type,
                          const char *languages)
{
  guint n = self->headers != NULL ? gmulti_headers_get_n_fields (self->headers) : 0;
  GmStringList *list = NULL;

  if (G_UNLIKELY (languages != NULL) && (n == 0 || gmulti_headers_get_value (self->headers, "Accept-Language") == NULL))
    list = prepend (list, g_strconcat ("Accept-Language: ", languages, NULL));
  if (form_type != NULL)
    list = prepend (list, g_strconcat ("Content-Type: ", form_type, NULL));
  else if (self->content_type != NULL
      && (n == 0 || gmulti_headers_get_value (self->headers, "Content-Type") == NULL))
    list = prepend (list, g_strconcat ("Content-Type: ", self->content_type, NULL));

  while (n-- > 0)
    {
      const char *name = gmulti_headers_get_field_name (self->headers, n);
      const char *value = gmulti_headers_get_field_value (self->headers, n);

      if (form_type != NULL && g_ascii_strcasecmp (name, "Content-Type") == 0)
        continue;
      /* an empty one has a form of its own: "Name:" would take a header away */
      if (value[strspn (value, " \t")] == '\0')
        list = prepend (list, g_strconcat (name, ";", NULL));
      else
        list = prepend (list, g_strconcat (name, ": ", value, NULL));
    }

  return list;
}

void
gm_header_list_free (GmStringList *list)
{
  while (list != NULL)
    {
      GmStringList *next = list->next;

      g_free (list->data);
      g_free (list);
      list = next;
    }
}

void
gm_plan_apply_rates (guint64 max_download_rate,
                     guint64 max_upload_rate,
                     GmTransfer *engine)
{
  gm_transfer_set_int (engine, GM_OPTION_MAX_RECV_SPEED, (gint64) MIN (max_download_rate, G_MAXINT64));
  gm_transfer_set_int (engine, GM_OPTION_MAX_SEND_SPEED, (gint64) MIN (max_upload_rate, G_MAXINT64));
}

static guint
engine_timeout (guint ms)
{
  return ms != 0 ? ms : NEVER_MS;
}

static void
apply_limits (const GmPlan *self,
              GmTransfer *engine)
{
  if (self->connect_timeout != GM_DEFAULT_CONNECT_TIMEOUT)
    gm_transfer_set_int (engine, GM_OPTION_CONNECT_TIMEOUT_MS, engine_timeout (self->connect_timeout));
  if (self->response_timeout != 0)
    gm_transfer_set_int (engine, GM_OPTION_RESPONSE_TIMEOUT_MS, self->response_timeout);
  if (self->timeout != 0)
    gm_transfer_set_int (engine, GM_OPTION_TIMEOUT_MS, self->timeout);
  if (self->stall_timeout != 0)
    {
      gm_transfer_set_int (engine, GM_OPTION_LOW_SPEED_LIMIT, 1);
      gm_transfer_set_int (engine, GM_OPTION_LOW_SPEED_TIME_MS, self->stall_timeout);
    }
  if (self->max_size != 0)
    gm_transfer_set_int (engine, GM_OPTION_MAX_SIZE, (gint64) MIN (self->max_size, G_MAXINT64));
  if (self->max_download_rate != 0 || self->max_upload_rate != 0)
    gm_plan_apply_rates (self->max_download_rate, self->max_upload_rate, engine);
}

static void
apply_redirects (const GmPlan *self,
                 GmTransfer *engine)
{
  if (self->redirects == GMULTI_REDIRECTS_NEVER)
    gm_transfer_set_int (engine, GM_OPTION_FOLLOW, FALSE);
  else if (self->redirects == GMULTI_REDIRECTS_SAME_ORIGIN)
    gm_transfer_set_int (engine, GM_OPTION_FOLLOW_SAME_ORIGIN, TRUE);
  if (self->max_redirects != GM_DEFAULT_MAX_REDIRECTS)
    gm_transfer_set_int (engine, GM_OPTION_MAX_REDIRECTS, self->max_redirects);
}

static GmResult
apply_version (const GmPlan *self,
               GmTransfer *engine)
{
  guint allowed = self->http_policy & (GMULTI_HTTP_POLICY_HTTP_1_1 | GMULTI_HTTP_POLICY_HTTP_2);
  GmHttpVersion version = GM_HTTP_DEFAULT;

  if (self->http_policy == GMULTI_HTTP_POLICY_AUTO)
    return GM_OK;
  if (allowed == GMULTI_HTTP_POLICY_HTTP_1_1)
    version = GM_HTTP_1_1;
  else if (allowed == GMULTI_HTTP_POLICY_HTTP_2 || (self->http_policy & GMULTI_HTTP_POLICY_PRIOR_KNOWLEDGE) != 0)
    version = GM_HTTP_2_ONLY;
  else if (allowed == 0)
    return GM_HTTP_VERSION; /* what stands alone is not spoken here */
  gm_transfer_set_int (engine, GM_OPTION_HTTP_VERSION, version);

  return GM_OK;
}

/* RFC 9218: 3 is in the middle. */
void
gm_plan_apply_priority (int priority,
                        GmTransfer *engine)
{
  gm_transfer_set_urgency (engine, (guint) (CLAMP (priority, -3, 4) + 3));
}

static GmResult
apply_range (const GmPlan *self,
             GmTransfer *engine)
{
  char text[48];
  guint64 last;

  if (!self->has_range)
    return GM_OK;

  if (self->range_length < 0)
    {
      g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT "-", self->range_offset);
    }
  else
    {
      if (self->range_length == 0
          || !g_uint64_checked_add (&last, self->range_offset, (guint64) self->range_length - 1))
        return GM_BAD_REQUEST;
      g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, self->range_offset, last);
    }

  return gm_transfer_set_string (engine, GM_OPTION_RANGE, text);
}

/* The method by one of the engine's kinds, plus a word of its own where that differs. */
static GmResult
apply_method (const GmPlan *self,
              GmTransfer *engine)
{
  const char *word = self->method;
  GmMethod kind = self->body_kind != GM_UPLOAD_NONE ? GM_METHOD_POST : GM_METHOD_GET;

  if (word == NULL || g_str_equal (word, kind == GM_METHOD_POST ? "POST" : "GET"))
    word = NULL;
  else if (g_str_equal (word, "PUT") && kind == GM_METHOD_POST)
    kind = GM_METHOD_PUT;
  else if (g_str_equal (word, "HEAD"))
    kind = GM_METHOD_HEAD;
  else if (g_str_equal (word, "POST"))
    kind = GM_METHOD_POST;

  if (kind != GM_METHOD_GET)
    gm_transfer_set_int (engine, GM_OPTION_METHOD, kind);
  if (kind == GM_METHOD_POST && self->body_kind == GM_UPLOAD_NONE)
    {
      gm_transfer_set_int (engine, GM_OPTION_POST_SIZE, 0);
      gm_transfer_set_pointer (engine, GM_OPTION_POST_DATA, "");
    }
  if (word == NULL || kind == GM_METHOD_PUT || kind == GM_METHOD_HEAD
      || (kind == GM_METHOD_POST && g_str_equal (word, "POST")))
    return GM_OK;

  return gm_transfer_set_string (engine, GM_OPTION_CUSTOM_METHOD, word);
}

GmResult
gm_plan_apply_size (const GmPlan *self,
                    GmTransfer *engine,
                    gint64 size)
{
  gboolean put = self->method != NULL && g_str_equal (self->method, "PUT");

  return gm_transfer_set_int (engine, put ? GM_OPTION_UPLOAD_SIZE : GM_OPTION_POST_SIZE, size);
}

static GmResult
apply_body (const GmPlan *self,
            GmTransfer *engine)
{
  gboolean put = self->method != NULL && g_str_equal (self->method, "PUT");

  switch ((GmUploadKind) self->body_kind)
    {
    case GM_UPLOAD_BYTES:
      if (!put)
        return gm_transfer_set_bytes (engine, GM_OPTION_POST_COPY, self->body);
      return gm_plan_apply_size (self, engine, (gint64) g_bytes_get_size (self->body));
    case GM_UPLOAD_FILE:
    case GM_UPLOAD_STREAM:
      return gm_plan_apply_size (self, engine, self->body_length);
    case GM_UPLOAD_FORM: /* when it is composed */
    case GM_UPLOAD_NONE:
    default:
      return GM_OK;
    }
}

void
gm_plan_apply_defaults (GmTransfer *engine,
                        const char *user_agent,
                        guint idle_timeout)
{
  gm_transfer_set_string (engine, GM_OPTION_USER_AGENT, user_agent);
  if (idle_timeout != 0)
    gm_transfer_set_int (engine, GM_OPTION_MAX_IDLE_US, (gint64) idle_timeout * 1000);
  gm_transfer_set_int (engine, GM_OPTION_CONNECT_TIMEOUT_MS, GM_DEFAULT_CONNECT_TIMEOUT);
  gm_transfer_set_int (engine, GM_OPTION_FOLLOW, TRUE);
  gm_transfer_set_int (engine, GM_OPTION_AUTH, GM_AUTH_ANY);
  gm_transfer_set_int (engine, GM_OPTION_PROXY_AUTH, GM_AUTH_BASIC | GM_AUTH_DIGEST | GM_AUTH_NEGOTIATE);
  gm_transfer_set_int (engine, GM_OPTION_MAX_REDIRECTS, GM_DEFAULT_MAX_REDIRECTS);
  gm_transfer_set_string (engine, GM_OPTION_ACCEPT_ENCODING, ""); /* all that can be undone */
  /* a long silence should end when the peer is gone, whatever the time limits */
  gm_transfer_set_int (engine, GM_OPTION_KEEPALIVE, TRUE);
}

/* All the session remembers but cookies. */
static void
forget_jar (GmTransfer *engine)
{
  GmHttpStores *stores = gm_transfer_get_stores (engine);
  g_autoptr (GmHttpStores) rest = NULL;

  if (stores == NULL || stores->jar == NULL)
    return;
  rest = gm_http_stores_new (NULL, stores->hsts, stores->alt_svc, stores->alt_protocols);
  gm_transfer_set_stores (engine, rest);
}

gboolean
gm_plan_asks_database (GTlsDatabase *database)
{
  return database != NULL && !G_IS_TLS_FILE_DATABASE (database);
}

/* A number that is this database's and was never another one's. (transfer full) */
static char *
dup_judge (GTlsDatabase *database)
{
  static GMutex lock;
  static gsize n_judges;
  GQuark quark = g_quark_from_static_string ("gmulti-judge");
  gsize number;

  g_mutex_lock (&lock);
  number = GPOINTER_TO_SIZE (g_object_get_qdata (G_OBJECT (database), quark));
  if (number == 0)
    {
      number = ++n_judges;
      g_object_set_qdata (G_OBJECT (database), quark, GSIZE_TO_POINTER (number));
    }
  g_mutex_unlock (&lock);

  return g_strdup_printf ("database %" G_GSIZE_FORMAT, number);
}

void
gm_plan_apply_database (GTlsDatabase *database,
                        GmTransfer *engine,
                        gboolean to_proxy)
{
  g_autofree char *path = NULL;

  if (gm_plan_asks_database (database))
    {
      g_autofree char *judge = dup_judge (database);

      gm_transfer_set_string (engine, PICK (to_proxy, JUDGE), judge);
      gm_transfer_set_int (engine, PICK (to_proxy, VERIFY_PEER), FALSE);
      gm_transfer_set_int (engine, PICK (to_proxy, VERIFY_HOST), FALSE);
      return;
    }

  g_object_get (database, "anchors", &path, NULL);
  gm_transfer_set_string (engine, PICK (to_proxy, CA_FILE), path);
}

void
gm_plan_apply_certificate (GTlsCertificate *certificate,
                           GmTransfer *engine,
                           gboolean to_proxy)
{
  GmTlsSettings *identity = gm_face_certificate_make_identity (certificate);

  gm_transfer_set_string (engine, PICK (to_proxy, CERT_FILE), identity->cert_file);
  gm_transfer_set_string (engine, PICK (to_proxy, KEY_FILE), identity->key_file);
  gm_transfer_set_bytes (engine, PICK (to_proxy, CERT_BYTES), identity->cert_bytes);
  gm_transfer_set_bytes (engine, PICK (to_proxy, KEY_BYTES), identity->key_bytes);
  gm_tls_settings_unref (identity);
}

GmResult
gm_plan_apply_pins (const char *pins,
                    GmTransfer *engine,
                    GmOption option)
{
  const char *at = pins;

  /* Anything else would be the name of a file to the engine, or pass for a pin that nothing fits. */
  while (*at != '\0')
    {
      gsize one = strcspn (at, ";");
      GmSpan pin = gm_span_strip (gm_span (at, one));
      g_autofree char *text = pin.len > 8 ? g_strndup (pin.data + 8, pin.len - 8) : NULL;
      gsize len = 0;
      g_autofree guchar *digest = text != NULL ? g_base64_decode (text, &len) : NULL;

      if (pin.len != 8 + PIN_LENGTH || memcmp (pin.data, "sha256//", 8) != 0 || digest == NULL || len != 32)
        return GM_TLS_SETTINGS;
      at += one + (at[one] == ';');
    }

  return at == pins ? GM_TLS_SETTINGS : gm_transfer_set_string (engine, option, pins);
}

static GmResult
apply_signer (const GmPlan *self,
              GmTransfer *engine)
{
  GmResult result = gm_transfer_set_string (engine, GM_OPTION_SIGNER, self->signer[0]);

  if (result == GM_OK)
    result = gm_transfer_set_string (engine, GM_OPTION_USER, self->signer[1]);
  if (result == GM_OK)
    result = gm_transfer_set_string (engine, GM_OPTION_PASSWORD, self->signer[2]);
  gm_transfer_set_int (engine, GM_OPTION_AUTH, GM_AUTH_SIGNED);
  return result;
}

GmResult
gm_plan_apply (const GmPlan *self,
               GmTransfer *engine,
               const GmStringList *list)
{
  GmResult result;

  if (self->uri == NULL)
    return GM_BAD_URL;
  if (self->bad_header != NULL)
    return GM_BAD_REQUEST;

  result = gm_transfer_set_shared (engine, GM_OPTION_URL, self->uri);
  if (result == GM_OK && self->user_agent != NULL)
    result = gm_transfer_set_string (engine, GM_OPTION_USER_AGENT, self->user_agent);
  if (result == GM_OK && self->first_party != NULL)
    result = gm_transfer_set_string (engine, GM_OPTION_FIRST_PARTY, self->first_party);
  if (self->no_cookies)
    forget_jar (engine);
  if (result == GM_OK && self->bearer_token != NULL)
    result = gm_transfer_set_string (engine, GM_OPTION_BEARER, self->bearer_token);
  if (result == GM_OK && G_UNLIKELY (self->signer != NULL))
    result = apply_signer (self, engine);
  if (result == GM_OK && self->raw)
    result = gm_transfer_set_string (engine, GM_OPTION_ACCEPT_ENCODING, NULL);
  if (result == GM_OK && list != NULL)
    {
      result = gm_transfer_set_list (engine, GM_OPTION_HEADERS, list);
      gm_transfer_set_int (engine, GM_OPTION_STRICT_REFERER, TRUE);
    }
  if (result == GM_OK)
    result = apply_range (self, engine);
  if (result == GM_OK)
    result = apply_method (self, engine);
  if (result == GM_OK)
    result = apply_body (self, engine);
  if (result == GM_OK)
    result = apply_version (self, engine);
  if (result == GM_OK && self->tls_pins != NULL)
    result = gm_plan_apply_pins (self->tls_pins, engine, GM_OPTION_TLS_PINS);
  if (self->client_certificate != NULL)
    gm_plan_apply_certificate (self->client_certificate, engine, FALSE);
  if (self->new_connection)
    gm_transfer_set_int (engine, GM_OPTION_FRESH_CONNECT, TRUE);
  apply_redirects (self, engine);
  if (self->priority != 0)
    gm_plan_apply_priority (self->priority, engine);
  apply_limits (self, engine);
  return result;
}

static gboolean
has_private_key (GTlsCertificate *certificate)
{
  GmTlsSettings *identity = gm_face_certificate_make_identity (certificate);
  gboolean has = identity->key_file != NULL || identity->key_bytes != NULL;

  gm_tls_settings_unref (identity);
  return has;
}

char *
gm_plan_dup_fault (const GmPlan *self,
                   GmResult result)
{
  const char *word = result == GM_BAD_REQUEST ? self->bad_header : NULL;
  g_autofree char *safe = NULL;

  if (result == GM_TLS_SETTINGS && self->tls_pins != NULL)
    return g_strdup (_("a pin has another form than “sha256//…”"));
  if (result == GM_TLS_CLIENT_CERTIFICATE && self->client_certificate != NULL &&
      !has_private_key (self->client_certificate))
    return g_strdup (_("it has no private key"));
  if (result != GM_BAD_REQUEST)
    return NULL;

  if (word == NULL && self->method != NULL && !gm_http_is_token (gm_span (self->method, strlen (self->method))))
    word = self->method;
  safe = word != NULL ? g_strescape (word, NULL) : NULL;
  if (word == NULL)
    return NULL;

  return g_strdup_printf (word == self->method ? _("its method is “%s”") : _("its header “%s” is not valid"), safe);
}
