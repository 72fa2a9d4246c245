/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-proxy.h"

#include "gm-auth.h"
#include "gm-http1-write.h"
#include "gm-socks.h"

#define DEFAULT_PORT 1080
#define DEFAULT_PORT_HTTPS 443

static void
free_secret (char *secret)
{
  if (secret != NULL)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

GmProxy *
gm_proxy_ref (GmProxy *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_proxy_unref (GmProxy *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->service);
  g_free (self->tickets);
  g_free (self->host);
  g_free (self->path);
  free_secret (self->user);
  free_secret (self->password);
  free_secret (self->fields);
  g_free (self->user_agent);
  gm_proxy_unref (self->via);
  g_free (self);
}

void
gm_proxy_set_login (GmProxy *self,
                    const char *user,
                    const char *password)
{
  free_secret (self->user);
  free_secret (self->password);
  self->user = g_strdup (user);
  self->password = g_strdup (password);
}

void
gm_proxy_set_socks_auth (GmProxy *self,
                         guint8 auth,
                         const char *service)
{
  gboolean gssapi = (auth & GM_SOCKS_AUTH_GSSAPI) != 0;

  if (self->kind != GM_PROXY_SOCKS5 && self->kind != GM_PROXY_SOCKS5H)
    return;
  if (!gm_gss_is_there ())
    gssapi = FALSE;

  self->socks_auth = gssapi ? auth : auth & (GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN);
  g_free (self->service);
  g_free (self->tickets);
  self->service = gssapi ? g_strdup (service) : NULL;
  self->tickets = gssapi ? g_strdup (g_getenv ("KRB5CCNAME")) : NULL;
}

/* ---- parsing ---- */

static const char *
kind_name (GmProxyKind kind)
{
  switch (kind)
    {
    case GM_PROXY_HTTPS:
    case GM_PROXY_HTTPS_2:
      return "https";
    case GM_PROXY_SOCKS4:
      return "socks4";
    case GM_PROXY_SOCKS4A:
      return "socks4a";
    case GM_PROXY_SOCKS5:
      return "socks5";
    case GM_PROXY_SOCKS5H:
      return "socks5h";
    case GM_PROXY_HTTP:
    case GM_PROXY_HTTP_1_0:
    default:
      return "http";
    }
}

/* The scheme in the text counts more than @wanted, which may only say more of the same. */
static gboolean
find_kind (const GmUrl *url,
           GmProxyKind wanted,
           GmProxyKind *kind)
{
  switch ((guint) gm_url_get_scheme (url))
    {
    case GM_SCHEME_HTTP:
      *kind = wanted == GM_PROXY_HTTP_1_0 ? wanted : GM_PROXY_HTTP;
      return TRUE;
    case GM_SCHEME_HTTPS:
      *kind = wanted == GM_PROXY_HTTPS_2 ? wanted : GM_PROXY_HTTPS;
      return TRUE;
    case GM_SCHEME_SOCKS:
    case GM_SCHEME_SOCKS4:
      *kind = GM_PROXY_SOCKS4;
      return TRUE;
    case GM_SCHEME_SOCKS4A:
      *kind = GM_PROXY_SOCKS4A;
      return TRUE;
    case GM_SCHEME_SOCKS5:
      *kind = GM_PROXY_SOCKS5;
      return TRUE;
    case GM_SCHEME_SOCKS5H:
      *kind = GM_PROXY_SOCKS5H;
      return TRUE;
    default:
      return FALSE;
    }
}

static GmResult
take_login (GmProxy *self,
            const GmUrl *url)
{
  GmResult result = gm_url_dup_user (url, FALSE, &self->user);

  if (result == GM_OK)
    result = gm_url_dup_password (url, FALSE, &self->password);

  return result == GM_OK ? GM_OK : GM_PROXY_RESOLVE_FAILED;
}

/* "socks5h://localhost/run/socket", as curl has it. */
static GmResult
take_path (GmProxy *self,
           const GmUrl *url)
{
  GmSpan path = gm_url_get_path (url);

  if (!gm_proxy_is_socks (self) || path.len < 2 || strcmp (self->host, "localhost") != 0)
    return GM_OK;
  return gm_url_unescape (path, FALSE, &self->path, NULL) == GM_OK ? GM_OK : GM_PROXY_RESOLVE_FAILED;
}

GmResult
gm_proxy_parse (const char *text,
                GmProxyKind kind,
                guint16 port,
                GmProxy **out)
{
  g_autoptr (GmUrl) url = NULL;
  g_autoptr (GmProxy) self = NULL;
  GmSpan host, zone;
  GmResult result = gm_url_parse_full (text, strlen (text), GM_URL_GUESS_SCHEME | GM_URL_ANY_SCHEME, kind_name (kind),
                                       NULL, &url);

  if (result != GM_OK)
    return result == GM_OUT_OF_MEMORY ? result : GM_PROXY_RESOLVE_FAILED;
  if (!find_kind (url, kind, &kind))
    return GM_UNSUPPORTED_SCHEME;

  host = gm_url_get_host (url);
  zone = gm_url_get_zone (url);
  self = g_new0 (GmProxy, 1);
  g_atomic_ref_count_init (&self->refs);
  self->kind = (guint8) kind;
  self->auth = GM_AUTH_BASIC;
  self->socks_auth = GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN;
  self->host = zone.len > 0 ? g_strdup_printf ("%.*s%%%.*s", (int) host.len, host.data, (int) zone.len, zone.data)
                            : g_strndup (host.data, host.len);
  if (url->has_port)
    self->port = gm_url_get_port (url);
  else if (port != 0)
    self->port = port;
  else
    self->port = gm_proxy_is_tls (self) ? DEFAULT_PORT_HTTPS : DEFAULT_PORT;
  result = take_login (self, url);
  if (result == GM_OK)
    result = take_path (self, url);
  if (result == GM_OK)
    *out = g_steal_pointer (&self);

  return result;
}

/* ---- its own header fields ---- */

static const GmSpan proxy_connection = { "Proxy-Connection", sizeof "Proxy-Connection" - 1 };

void
gm_proxy_write_connection (const GmProxy *self,
                           GmByteBuilder *out)
{
  if (!self->no_connection && !gm_proxy_has_field (self, proxy_connection))
    gm_byte_builder_append_literal (out, "Proxy-Connection: Keep-Alive\r\n");
}

GmResult
gm_proxy_add_fields (GmProxy *self,
                     const GmStringList *list)
{
  g_auto (GmByteBuilder) lines = { 0 };
  GmResult result = GM_OK;

  if (self->fields != NULL)
    gm_byte_builder_append (&lines, self->fields, strlen (self->fields));
  for (; list != NULL && result == GM_OK; list = list->next)
    {
      GmHttp1UserField field;

      if (!gm_http1_user_field_parse (list->data, &field))
        continue;
      if (field.remove)
        self->no_connection |= gm_span_equal_nocase (field.name, proxy_connection);
      else
        result = gm_http1_write_field (&lines, field.name, field.value);
    }
  gm_byte_builder_append_char (&lines, '\0');
  if (result == GM_OK && lines.failed)
    result = GM_OUT_OF_MEMORY;
  if (result == GM_OK)
    {
      free_secret (self->fields);
      self->fields = lines.len > 1 ? g_strdup (lines.data) : NULL;
    }
  if (lines.data != NULL)
    explicit_bzero (lines.data, lines.len);

  return result;
}

gboolean
gm_proxy_has_field (const GmProxy *self,
                    GmSpan name)
{
  for (const char *line = self->fields; line != NULL && *line != '\0'; line = strstr (line, "\r\n") + 2)
    if (gm_span_equal_nocase (gm_span (line, strcspn (line, ":")), name))
      return TRUE;

  return FALSE;
}

/* ---- comparing ---- */

/* A login is equal in constant time: whoever may ask for connections must not learn others' passwords by asking. */
static gboolean
same_secret (const char *a,
             const char *b)
{
  gsize len;
  guchar differs = 0;

  if (a == NULL || b == NULL)
    return a == b;
  len = strlen (a);
  if (len != strlen (b))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    differs |= (guchar) (a[i] ^ b[i]);

  return differs == 0;
}

gboolean
gm_proxy_equal (const GmProxy *a,
                const GmProxy *b)
{
  if (a == b)
    return TRUE;
  if (a == NULL || b == NULL)
    return FALSE;

  /* Fields of its own may hold a login, and what they say was said for the whole tunnel. */
  return a->kind == b->kind && a->tunnel == b->tunnel && a->auth == b->auth && a->socks_auth == b->socks_auth &&
         a->port == b->port && strcmp (a->host, b->host) == 0 && g_strcmp0 (a->path, b->path) == 0 && same_secret (a->user, b->user) &&
         same_secret (a->password, b->password) && g_strcmp0 (a->service, b->service) == 0 &&
         g_strcmp0 (a->tickets, b->tickets) == 0 &&
         (!a->tunnel || same_secret (a->fields, b->fields)) && gm_proxy_equal (a->via, b->via);
}

char *
gm_proxy_dup_log_text (const GmProxy *self)
{
  gboolean v6 = strchr (self->host, ':') != NULL;

  if (self->path != NULL)
    return g_strdup_printf ("%s://%s%s", kind_name ((GmProxyKind) self->kind), self->host, self->path);

  return g_strdup_printf (v6 ? "%s://[%s]:%u" : "%s://%s:%u", kind_name ((GmProxyKind) self->kind), self->host,
                          self->port);
}
