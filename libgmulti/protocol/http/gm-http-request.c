/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-coding.h"
#include "gm-http-basic.h"
#include "gm-http-date.h"
#include "gm-http1-write.h"
#include "gm-http2.h"

/* Fields we would write ourselves; a field of the user's with the same name replaces ours, "Name:" takes it away. */
typedef enum
{
  FIELD_OTHER = 0,
  FIELD_HOST = 1 << 0,
  FIELD_AUTHORIZATION = 1 << 1,
  FIELD_USER_AGENT = 1 << 2,
  FIELD_ACCEPT = 1 << 3,
  FIELD_ACCEPT_ENCODING = 1 << 4,
  FIELD_REFERER = 1 << 5,
  FIELD_RANGE = 1 << 6,
  FIELD_COOKIE = 1 << 7,
  FIELD_CONTENT_TYPE = 1 << 8,
  FIELD_CONTENT_LENGTH = 1 << 9,
  FIELD_TRANSFER_ENCODING = 1 << 10,
  FIELD_EXPECT = 1 << 11,
  FIELD_CONDITION = 1 << 12,
  FIELD_CONNECTION = 1 << 13,
  FIELD_PROXY_AUTHORIZATION = 1 << 14,
  FIELD_CONTENT_RANGE = 1 << 15,
  FIELD_UPGRADE = 1 << 16,
  FIELD_PROXY_CONNECTION = 1 << 17,
} Field;

static guint
field_find (GmSpan name)
{
  static const struct
  {
    const char *name;
    Field field;
  } known[] = {
    { "Host", FIELD_HOST },
    { "Authorization", FIELD_AUTHORIZATION },
    { "User-Agent", FIELD_USER_AGENT },
    { "Accept", FIELD_ACCEPT },
    { "Accept-Encoding", FIELD_ACCEPT_ENCODING },
    { "Referer", FIELD_REFERER },
    { "Range", FIELD_RANGE },
    { "Cookie", FIELD_COOKIE },
    { "Content-Type", FIELD_CONTENT_TYPE },
    { "Content-Length", FIELD_CONTENT_LENGTH },
    { "Transfer-Encoding", FIELD_TRANSFER_ENCODING },
    { "Expect", FIELD_EXPECT },
    { "If-Modified-Since", FIELD_CONDITION },
    { "If-Unmodified-Since", FIELD_CONDITION },
    { "Connection", FIELD_CONNECTION },
    { "Proxy-Authorization", FIELD_PROXY_AUTHORIZATION },
    { "Content-Range", FIELD_CONTENT_RANGE },
    { "Upgrade", FIELD_UPGRADE },
    { "Proxy-Connection", FIELD_PROXY_CONNECTION },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (gm_span_equal_nocase (name, gm_span (known[i].name, strlen (known[i].name))))
      return known[i].field;

  return FIELD_OTHER;
}

/* Which of our fields the user speaks of, and what his Transfer-Encoding, Expect and Connection say. */
typedef struct
{
  guint overridden;
  gboolean chunked;
  gboolean expect_continue;
  gboolean close;
} UserFields;

static UserFields
user_fields_scan (const GmRequestSettings *settings)
{
  UserFields found = { 0 };

  for (const GmStringList *l = settings->headers; l != NULL; l = l->next)
    {
      GmHttp1UserField field;
      guint id;

      if (!gm_http1_user_field_parse (l->data, &field))
        continue;
      id = field_find (field.name);
      found.overridden |= id;
      if (id == FIELD_TRANSFER_ENCODING)
        found.chunked |= gm_span_has_token (field.value, GM_SPAN ("chunked"));
      else if (id == FIELD_EXPECT)
        found.expect_continue |= gm_span_has_token (field.value, GM_SPAN ("100-continue"));
      else if (id == FIELD_CONNECTION)
        found.close |= gm_span_has_token (field.value, GM_SPAN ("close"));
    }

  return found;
}

/* What one place on the way was told under TLS another would be told where everybody can read it. */
static gboolean
is_downgraded (const GmRequest *request)
{
  return gm_url_get_scheme (request->origin) == GM_SCHEME_HTTPS && gm_url_get_scheme (request->url) != GM_SCHEME_HTTPS;
}

/* What is bound to the user's origin does not travel to another one. */
static gboolean
may_travel (const GmRequest *request,
            guint id,
            GmSpan name)
{
  if (request->foreign_host && id == FIELD_HOST)
    return FALSE;
  if (id == FIELD_REFERER && request->settings->strict_referer && is_downgraded (request))
    return FALSE;
  /* It would reach a server, by a tunnel or because a redirect leads past the proxy. */
  if (id == FIELD_PROXY_AUTHORIZATION && !gm_proxy_forwards (request->proxy) &&
      (request->info->used_proxy || request->info->n_redirects > 0))
    return FALSE;
  if (!request->foreign_origin || request->settings->unrestricted_auth)
    return TRUE;

  return (id & (FIELD_AUTHORIZATION | FIELD_COOKIE | FIELD_PROXY_AUTHORIZATION)) == 0;
}

static gboolean
is_wanted (const GmHttp *self,
           guint id,
           GmSpan name)
{
  const GmRequest *request = self->request;

  if (!may_travel (request, id, name))
    return FALSE;
  /* Fields about a body, where there is none any more (a POST that became a GET). */
  if (self->upload == GM_HTTP_UPLOAD_NONE &&
      (request->settings->method == GM_METHOD_POST || request->settings->method == GM_METHOD_PUT) &&
      (id & (FIELD_CONTENT_LENGTH | FIELD_TRANSFER_ENCODING | FIELD_EXPECT)) != 0)
    return FALSE;
  /* Two framings are a smuggling shape. */
  if ((self->upload == GM_HTTP_UPLOAD_CHUNKED && id == FIELD_CONTENT_LENGTH) ||
      (self->upload == GM_HTTP_UPLOAD_LENGTH && id == FIELD_TRANSFER_ENCODING))
    return FALSE;

  /* Ours has the boundary, and the user's words. */
  if (id == FIELD_CONTENT_TYPE && self->upload != GM_HTTP_UPLOAD_NONE && request->source->kind == GM_SOURCE_FORM &&
      gm_form_get_boundary (request->source->form) != NULL)
    return FALSE;
  /* Sent already, together with ours. */
  if (id == FIELD_CONNECTION && request->settings->transfer_coding && request->settings->http_version != GM_HTTP_1_0 &&
      gm_coding_find (GM_SPAN ("gzip"), &(GmCoding){ 0 }))
    return FALSE;

  return !(id == FIELD_EXPECT && request->no_expect);
}

/* @host: the user's Host, which belongs in front (RFC 9110 section 7.2), and of which there is one; or all but that. */
static GmResult
write_user_fields (const GmHttp *self,
                   gboolean host,
                   GmByteBuilder *out)
{
  for (const GmStringList *l = self->request->settings->headers; l != NULL; l = l->next)
    {
      GmHttp1UserField field;
      GmResult result;
      guint id;

      if (!gm_http1_user_field_parse (l->data, &field) || field.remove)
        continue;
      id = field_find (field.name);
      if ((id == FIELD_HOST) != host || !is_wanted (self, id, field.name))
        continue;
      result = gm_http1_write_field (out, field.name, field.value);
      if (result != GM_OK || host)
        return result;
    }

  return GM_OK;
}

void
gm_http_walk_user_fields (const GmHttp *self,
                          void (*func) (GmSpan name, GmSpan value, gpointer data),
                          gpointer data)
{
  for (const GmStringList *l = self->request->settings->headers; l != NULL; l = l->next)
    {
      GmHttp1UserField field;

      if (gm_http1_user_field_parse (l->data, &field) && !field.remove &&
          is_wanted (self, field_find (field.name), field.name))
        func (field.name, field.value, data);
    }
}

GmSpan
gm_http_get_own_host (const GmHttp *self)
{
  const GmRequest *request = self->request;

  if (!request->foreign_host && (user_fields_scan (request->settings).overridden & FIELD_HOST) != 0)
    return gm_span (NULL, 0);
  return gm_url_get_authority_for_host_header (request->url);
}

/* Another name for the server, in the user's Host, is the name that cookies are for. */
void
gm_http_cookie_origin_init (const GmRequest *request,
                            GmCookieOrigin *origin)
{
  const GmRequestSettings *settings = request->settings;

  gm_cookie_origin_init (origin, request->url, settings->first_party);
  if (settings->headers == NULL || request->foreign_host || (user_fields_scan (settings).overridden & FIELD_HOST) == 0)
    return;

  for (const GmStringList *l = settings->headers; l != NULL; l = l->next)
    {
      GmHttp1UserField field;

      if (gm_http1_user_field_parse (l->data, &field) && !field.remove && field_find (field.name) == FIELD_HOST)
        gm_cookie_origin_rename (origin, field.value, gm_url_get_scheme (request->url) == GM_SCHEME_HTTPS);
    }
}

gboolean
gm_http_asks_for_upgrade (const GmHttp *self)
{
  const GmRequestSettings *settings = self->request->settings;

  return self->upgrading || (settings->headers != NULL && (user_fields_scan (settings).overridden & FIELD_UPGRADE) != 0);
}

static inline GmSpan
text_span (const char *text)
{
  return gm_span (text, strlen (text));
}

static GmSpan
method_word (const GmRequest *request)
{
  if (request->keep_custom_method && request->settings->custom_method != NULL)
    return text_span (request->settings->custom_method);
  /* Who set post data after that still wants no body. */
  if (request->settings->no_body)
    return GM_SPAN ("HEAD");

  switch (request->method)
    {
    case GM_METHOD_HEAD:
      return GM_SPAN ("HEAD");
    case GM_METHOD_POST:
      return GM_SPAN ("POST");
    case GM_METHOD_PUT:
      return GM_SPAN ("PUT");
    case GM_METHOD_GET:
    default:
      return GM_SPAN ("GET");
    }
}

/* ---- for a proxy that forwards the request ---- */

/* Fields for the proxy alone; what says where the request goes and how long it is, the request says itself. */
static GmResult
write_proxy_fields (const GmProxy *proxy,
                    GmByteBuilder *out)
{
  static const guint never = FIELD_HOST | FIELD_CONTENT_LENGTH | FIELD_TRANSFER_ENCODING;
  const char *line = proxy->fields;

  while (line != NULL && *line != '\0')
    {
      const char *next = strstr (line, "\r\n") + 2;

      if ((field_find (gm_span (line, strcspn (line, ":"))) & never) == 0)
        gm_byte_builder_append (out, line, (gsize) (next - line));
      line = next;
    }

  return out->failed ? GM_OUT_OF_MEMORY : GM_OK;
}

/* RFC 9112 section 3.2.2: absolute-form, without login and fragment. */
static GmResult
write_absolute_line (const GmRequest *request,
                     GmSpan method,
                     GmSpan path,
                     guint version,
                     GmByteBuilder *out)
{
  g_auto (GmByteBuilder) target = { 0 };

  gm_byte_builder_append_span (&target, gm_url_get_scheme_name (request->url));
  gm_byte_builder_append_literal (&target, "://");
  gm_byte_builder_append_span (&target, gm_url_get_authority_for_host_header (request->url));
  gm_byte_builder_append_span (&target, path);
  if (target.failed)
    return GM_OUT_OF_MEMORY;

  return gm_http1_write_request_line (out, method, gm_span (target.data, target.len), version);
}

/* "Content-Range: bytes range/total": the piece of the resource that an upload is, in the user's own words. */
static GmResult
write_upload_range (const GmRequest *request,
                    GmByteBuilder *out)
{
  GmSpan range = text_span (request->settings->range);

  if (!gm_http_is_field_value (range))
    return GM_BAD_REQUEST;
  gm_byte_builder_append_literal (out, "Content-Range: bytes ");
  gm_byte_builder_append_span (out, range);
  gm_byte_builder_append_literal (out, "/");
  if (request->source->size >= 0)
    gm_byte_builder_append_uint (out, (guint64) request->source->size);
  else
    gm_byte_builder_append_literal (out, "*");
  gm_byte_builder_append_literal (out, "\r\n");

  return GM_OK;
}

/* "Content-Range: bytes from-last/total" of a resumed upload. */
static void
write_content_range (const GmRequest *request,
                     GmByteBuilder *out)
{
  guint64 from = (guint64) MAX (request->settings->resume_from, 0);
  guint64 total = from + (guint64) request->source->size;

  gm_byte_builder_append_literal (out, "Content-Range: bytes ");
  gm_byte_builder_append_uint (out, from);
  gm_byte_builder_append_literal (out, "-");
  gm_byte_builder_append_uint (out, total > 0 ? total - 1 : 0);
  gm_byte_builder_append_literal (out, "/");
  gm_byte_builder_append_uint (out, total);
  gm_byte_builder_append_literal (out, "\r\n");
}

static GmResult
write_range (const GmRequest *request,
             gboolean overridden,
             GmByteBuilder *out)
{
  const GmRequestSettings *settings = request->settings;
  gboolean download = request->method == GM_METHOD_GET || request->method == GM_METHOD_HEAD;

  if (overridden)
    return GM_OK;

  if (download && settings->resume_from > 0)
    {
      gm_byte_builder_append_literal (out, "Range: bytes=");
      gm_byte_builder_append_uint (out, (guint64) settings->resume_from);
      gm_byte_builder_append_literal (out, "-\r\n");
    }
  else if (download && settings->range != NULL)
    {
      if (!gm_http_is_field_value (text_span (settings->range)))
        return GM_BAD_REQUEST;
      gm_byte_builder_append_literal (out, "Range: bytes=");
      gm_byte_builder_append_span (out, text_span (settings->range));
      gm_byte_builder_append_literal (out, "\r\n");
    }
  else if (request->method == GM_METHOD_PUT && settings->resume_from > 0 && request->source->size >= 0)
    write_content_range (request, out);
  /* who would go on at whatever is there already sends all of it, as libcurl does, and says so */
  else if (request->method == GM_METHOD_PUT && settings->resume_from < 0 && settings->range == NULL &&
           request->source->size > 0)
    write_content_range (request, out);
  else if (!download && settings->resume_from <= 0 && settings->range != NULL)
    return write_upload_range (request, out);

  return GM_OK;
}

static GmResult
write_optional (GmByteBuilder *out,
                gboolean overridden,
                GmSpan name,
                const char *value)
{
  if (overridden || value == NULL || value[0] == '\0')
    return GM_OK;
  return gm_http1_write_field (out, name, text_span (value));
}

static GmResult
write_condition (const GmRequestSettings *settings,
                 GmByteBuilder *out)
{
  char date[GM_HTTP_DATE_LEN];
  GmSpan name;

  switch ((GmTimeCondition) settings->time_condition)
    {
    case GM_TIME_CONDITION_IF_MODIFIED_SINCE:
      name = GM_SPAN ("If-Modified-Since");
      break;
    case GM_TIME_CONDITION_IF_UNMODIFIED_SINCE:
      name = GM_SPAN ("If-Unmodified-Since");
      break;
    case GM_TIME_CONDITION_LAST_MODIFIED:
      name = GM_SPAN ("Last-Modified");
      break;
    case GM_TIME_CONDITION_NONE:
    default:
      return GM_OK;
    }

  if (!gm_http_date_write (date, settings->time_value))
    return GM_BAD_REQUEST;
  return gm_http1_write_field (out, name, gm_span (date, sizeof date));
}

/* The user's own type, if he named one, else a form's; with the boundary, which he cannot know. */
static GmResult
write_form_type (const GmRequest *request,
                 const char *boundary,
                 GmByteBuilder *out)
{
  GmSpan type = GM_SPAN ("multipart/form-data");

  for (const GmStringList *l = request->settings->headers; l != NULL; l = l->next)
    {
      GmHttp1UserField field;

      if (!gm_http1_user_field_parse (l->data, &field) || field_find (field.name) != FIELD_CONTENT_TYPE)
        continue;
      if (field.remove)
        return GM_OK;
      if (!gm_http_is_field_value (field.value))
        return GM_BAD_REQUEST;
      type = field.value;
      break;
    }
  gm_byte_builder_append_literal (out, "Content-Type: ");
  gm_byte_builder_append_span (out, type);
  gm_byte_builder_append_literal (out, "; boundary=");
  gm_byte_builder_append_span (out, text_span (boundary));
  gm_byte_builder_append_literal (out, "\r\n");

  return GM_OK;
}

/* Of a POST. */
static GmResult
write_content_type (const GmRequest *request,
                    gboolean overridden,
                    GmByteBuilder *out)
{
  gboolean form = request->source->kind == GM_SOURCE_FORM;
  const char *boundary = form ? gm_form_get_boundary (request->source->form) : NULL;

  if (boundary != NULL)
    return write_form_type (request, boundary, out);
  if (overridden || form)
    return GM_OK;

  return gm_http1_write_field (out, GM_SPAN ("Content-Type"), GM_SPAN ("application/x-www-form-urlencoded"));
}

static GmResult
write_body_fields (GmHttp *self,
                   const UserFields *user,
                   GmByteBuilder *out)
{
  const GmRequest *request = self->request;
  gint64 size = request->source->size;
  GmResult result = GM_OK;

  if (self->body_withheld)
    {
      result = gm_http1_write_field (out, GM_SPAN ("Content-Length"), GM_SPAN ("0"));
      return result == GM_OK && request->method == GM_METHOD_POST
               ? write_content_type (request, (user->overridden & FIELD_CONTENT_TYPE) != 0, out)
               : result;
    }
  if (self->upload == GM_HTTP_UPLOAD_NONE)
    return GM_OK;

  if (self->upload == GM_HTTP_UPLOAD_LENGTH && (user->overridden & FIELD_CONTENT_LENGTH) == 0)
    result = gm_http1_write_field_uint (out, GM_SPAN ("Content-Length"), (guint64) size);
  if (result == GM_OK && request->method == GM_METHOD_POST)
    result = write_content_type (request, (user->overridden & FIELD_CONTENT_TYPE) != 0, out);

  if (user->overridden & FIELD_EXPECT)
    self->expecting = user->expect_continue && !request->no_expect;
  else if (!request->no_expect && !self->can_stop && request->settings->http_version != GM_HTTP_1_0 &&
           (size < 0 || size > GM_HTTP_EXPECT_FROM ||
            (size > GM_HTTP_EXPECT_LOGIN_FROM && gm_http_auth_may_be_asked (self))))
    {
      self->expecting = TRUE;
      if (result == GM_OK)
        result = gm_http1_write_field (out, GM_SPAN ("Expect"), GM_SPAN ("100-continue"));
    }

  return result;
}

/* RFC 9110 section 10.1.4: TE is for the next hop alone, which Connection says; the user's words in it stay. */
static GmResult
write_te (const GmHttp *self,
          gboolean has_connection,
          GmByteBuilder *out)
{
  gboolean wanted = gm_coding_find (GM_SPAN ("gzip"), &(GmCoding){ 0 });

  if (!wanted)
    return GM_OK;
  gm_byte_builder_append_literal (out, "Connection: ");
  for (const GmStringList *l = self->request->settings->headers; has_connection && l != NULL; l = l->next)
    {
      GmHttp1UserField field;

      if (!gm_http1_user_field_parse (l->data, &field) || field_find (field.name) != FIELD_CONNECTION || field.value.len == 0)
        continue;
      if (!gm_http_is_field_value (field.value))
        return GM_BAD_REQUEST;
      gm_byte_builder_append_span (out, field.value);
      gm_byte_builder_append_literal (out, ", ");
    }
  gm_byte_builder_append_literal (out, "TE\r\nTE: gzip\r\n");

  return GM_OK;
}

/* RFC 7540 section 3.2: what can be is gone on with in HTTP/2. A body would have to be sent whole first, and who takes one
 * by HTTP/1 may as well answer by it. */
static void
write_upgrade (GmHttp *self,
               GmByteBuilder *out)
{
  const char *settings = gm_http2_get_settings_text ();

  self->upgrading = TRUE;
  gm_byte_builder_append_literal (out, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: ");
  gm_byte_builder_append_span (out, text_span (settings));
  gm_byte_builder_append_literal (out, "\r\n");
}

/* RFC 7540 section 3.2 lets a request with a body offer it, too, as libcurl does; but all of the body has to go as HTTP/1.1
 * then, whatever the server has said meanwhile, and the connection carries nothing else for so long. And with a login on its
 * way the first answer would be a refusal, with the next request told by another version than the one it answers. Both go
 * by HTTP/1.1, and the next request offers it. */
static gboolean
offers_upgrade (const GmHttp *self,
                guint overridden)
{
  const GmRequest *request = self->request;

  return request->settings->http_version == GM_HTTP_2 && (request->connection->speak & GM_SPEAK_HTTP2_LATER) != 0 &&
         request->connection->http2 == NULL && self->upload == GM_HTTP_UPLOAD_NONE && !request->old_version &&
         !self->may_log_in && (overridden & (FIELD_CONNECTION | FIELD_UPGRADE)) == 0 && !request->settings->transfer_coding;
}

/* What the jar has for this origin, and what the user says himself, where that may go. */
static GmResult
write_cookies (const GmRequest *request,
               GmByteBuilder *out)
{
  const GmRequestSettings *settings = request->settings;
  const char *own = !request->foreign_origin || settings->unrestricted_auth ? settings->cookie : NULL;
  GmCookieOrigin origin;
  gsize start = out->len;
  guint n;

  if (settings->stores == NULL || settings->stores->jar == NULL)
    return write_optional (out, FALSE, GM_SPAN ("Cookie"), own);
  if (own != NULL && !gm_http_is_field_value (text_span (own)))
    return GM_BAD_REQUEST;

  gm_byte_builder_append_literal (out, "Cookie: ");
  gm_http_cookie_origin_init (request, &origin);
  n = gm_cookie_jar_write (settings->stores->jar, &origin, gm_clock_wall (request->reactor->clock),
                           GM_COOKIES_MAX_FIELD - MIN (GM_COOKIES_MAX_FIELD, out->len - start), out);
  if (own != NULL && own[0] != '\0')
    {
      if (n++ > 0)
        gm_byte_builder_append_literal (out, "; ");
      gm_byte_builder_append_span (out, text_span (own));
    }
  if (n > 0)
    gm_byte_builder_append_literal (out, "\r\n");
  else if (!out->failed)
    out->len = start;

  return GM_OK;
}

/* RFC 7838 section 5: the alternative is told under which name it is asked. */
static void
write_alt_used (const GmAltSvcRoute *route,
                GmByteBuilder *out)
{
  gboolean is_ipv6 = strchr (route->host, ':') != NULL;

  gm_byte_builder_append_literal (out, "Alt-Used: ");
  if (is_ipv6)
    gm_byte_builder_append_char (out, '[');
  gm_byte_builder_append_span (out, text_span (route->host));
  if (is_ipv6)
    gm_byte_builder_append_char (out, ']');
  if (route->port != 443)
    {
      gm_byte_builder_append_char (out, ':');
      gm_byte_builder_append_uint (out, route->port);
    }
  gm_byte_builder_append_literal (out, "\r\n");
}

static GmResult
write_own_fields (GmHttp *self,
                  guint overridden,
                  GmSpan target,
                  GmByteBuilder *out)
{
  const GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  GmResult result = GM_OK;

  /* The user's Host is for the user's host only; elsewhere ours is right again. */
  if ((overridden & FIELD_HOST) == 0 || request->foreign_host)
    result = gm_http1_write_field (out, GM_SPAN ("Host"), gm_url_get_authority_for_host_header (request->url));
  else
    result = write_user_fields (self, TRUE, out);
  if (result == GM_OK && self->may_log_in)
    result = gm_http_auth_write (self, target, (overridden & FIELD_AUTHORIZATION) != 0, out);
  if (result == GM_OK)
    result = write_range (request,
                          (overridden & (self->upload == GM_HTTP_UPLOAD_NONE ? FIELD_RANGE : FIELD_CONTENT_RANGE)) != 0, out);
  if (result == GM_OK)
    result = write_optional (out, (overridden & FIELD_USER_AGENT) != 0, GM_SPAN ("User-Agent"), settings->user_agent);
  if (result == GM_OK && (overridden & FIELD_ACCEPT) == 0)
    gm_byte_builder_append_literal (out, "Accept: */*\r\n");
  if (result == GM_OK)
    result = write_optional (out, (overridden & FIELD_ACCEPT_ENCODING) != 0, GM_SPAN ("Accept-Encoding"),
                             gm_http_accepts (request));
  if (result == GM_OK && settings->transfer_coding && settings->http_version != GM_HTTP_1_0)
    result = write_te (self, (overridden & FIELD_CONNECTION) != 0, out);
  if (result == GM_OK && request->referer != NULL && (overridden & FIELD_REFERER) == 0)
    result = gm_http1_write_field (out, GM_SPAN ("Referer"), gm_url_get_text_without_fragment (request->referer));
  else if (result == GM_OK)
    result = write_optional (out, (overridden & FIELD_REFERER) != 0, GM_SPAN ("Referer"), settings->referer);
  if (gm_proxy_forwards (request->proxy) && request->connection->http2 == NULL &&
      (overridden & FIELD_PROXY_CONNECTION) == 0)
    gm_proxy_write_connection (request->proxy, out);
  if (result == GM_OK && self->upload == GM_HTTP_UPLOAD_CHUNKED && (overridden & FIELD_TRANSFER_ENCODING) == 0)
    result = gm_http1_write_field (out, GM_SPAN ("Transfer-Encoding"), GM_SPAN ("chunked"));
  if (G_UNLIKELY (request->route != NULL))
    write_alt_used (request->route, out);
  if (result == GM_OK && (overridden & FIELD_COOKIE) == 0 && (settings->cookie != NULL || settings->stores != NULL))
    result = write_cookies (request, out);
  if (result == GM_OK && (overridden & FIELD_CONDITION) == 0)
    result = write_condition (settings, out);

  return result;
}

/* No byte of a path is beyond ASCII (RFC 3986 section 2.1); libcurl writes them so, and leaves queries as they are. */
static G_NO_INLINE char *
encode_path (GmSpan *target)
{
  GString *text = g_string_sized_new (target->len * 3);
  const char *query = memchr (target->data, '?', target->len);
  const char *path_end = query != NULL ? query : target->data + target->len;

  for (const char *p = target->data; p < path_end; p++)
    if ((guchar) *p >= 0x80)
      g_string_append_printf (text, "%%%02x", (guchar) *p);
    else
      g_string_append_c (text, *p);
  g_string_append_len (text, path_end, target->data + target->len - path_end);
  *target = gm_span (text->str, text->len);

  return g_string_free (text, FALSE);
}

GmResult
gm_http_write_head (GmHttp *self,
                    GmByteBuilder *out)
{
  const GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  gboolean old = settings->http_version == GM_HTTP_1_0;
  UserFields user = { 0 };
  GmSpan method = method_word (request);
  GmSpan target = gm_url_get_request_target (request->url);
  g_autofree char *encoded = NULL;
  GmResult result;

  if (settings->headers != NULL)
    user = user_fields_scan (settings);
  if (settings->request_target != NULL)
    target = text_span (settings->request_target);
  else if (G_UNLIKELY (gm_url_path_has_high (request->url)))
    encoded = encode_path (&target);

  self->upload = request->source->kind == GM_SOURCE_NONE ? GM_HTTP_UPLOAD_NONE
                 : request->source->size >= 0            ? GM_HTTP_UPLOAD_LENGTH
                                                         : GM_HTTP_UPLOAD_CHUNKED;
  if (self->upload != GM_HTTP_UPLOAD_NONE && user.chunked && !old)
    self->upload = GM_HTTP_UPLOAD_CHUNKED;
  /* HTTP/1.0 knows no chunks: the end of an upload of unknown size could not be told. */
  if (self->upload == GM_HTTP_UPLOAD_CHUNKED && old)
    return GM_LENGTH_MISSING;
  self->close_asked = user.close;
  if (self->may_log_in && self->upload != GM_HTTP_UPLOAD_NONE && (user.overridden & FIELD_AUTHORIZATION) == 0 &&
      gm_http_auth_withholds_body (self))
    {
      self->body_withheld = TRUE;
      self->upload = GM_HTTP_UPLOAD_NONE;
    }

  self->method = method;
  /* HTTP/2 has parts for what is absolute. */
  if (G_UNLIKELY (gm_proxy_forwards (request->proxy)) && settings->request_target == NULL &&
      request->connection->http2 == NULL)
    result = write_absolute_line (request, method, target, old ? 10 : 11, out);
  else
    result = gm_http1_write_request_line (out, method, target, old ? 10 : 11);
  if (result == GM_OK)
    result = write_own_fields (self, user.overridden, target, out);
  if (result == GM_OK && settings->headers != NULL)
    result = write_user_fields (self, FALSE, out);
  if (result == GM_OK && gm_proxy_forwards (request->proxy))
    result = write_proxy_fields (request->proxy, out);
  if (result == GM_OK && G_UNLIKELY (offers_upgrade (self, user.overridden)))
    write_upgrade (self, out);
  if (result == GM_OK)
    result = write_body_fields (self, &user, out);
  if (result == GM_OK)
    result = gm_http1_write_end (out);

  return result;
}
