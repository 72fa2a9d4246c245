/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-config.h"
#include "gm-http-date.h"
#include "gm-trace.h"

/* ---- raw lines ---- */

GmResult
gm_http_tell_line (GmHttp *self,
                   GmSpan line)
{
  GmRequest *request = self->request;

  GM_TRACE (HEADER, request->id, request->connection->id, "< %.*s", (int) line.len, line.data);
  if (request->settings->headers_in_body)
    {
      GmResult result = gm_sink_write (&request->client_sink.sink, line.data, line.len);

      if (result != GM_OK)
        return result;
    }

  return gm_request_tell_line (request, line.data, line.len);
}

/* ---- the meaning of a head ---- */

/* Whether the head that begins with entry @first goes over to what was offered. */
static G_NO_INLINE gboolean
is_upgrade (GmHttp *self,
            guint first)
{
  const GmHeaders *headers = self->request->headers;

  for (guint i = first; i < gm_headers_get_n_entries (headers); i++)
    if (gm_span_equal_nocase (gm_headers_get_name (headers, i), GM_SPAN ("Upgrade")))
      return gm_span_equal_nocase (gm_headers_get_value (headers, i), GM_SPAN ("h2c"));

  return FALSE;
}

static GmResult
take_interim (GmHttp *self,
              guint status,
              guint first,
              GmHttpPlan *plan)
{
  GmRequest *request = self->request;

  /* Nobody asked for any other protocol. */
  if (status == 101)
    {
      plan->interim = plan->upgraded = self->upgrading && is_upgrade (self, first);
      return plan->upgraded ? GM_OK : GM_HTTP_BAD_STATUS_LINE;
    }
  if (++self->n_interim > GM_HTTP_MAX_INTERIM)
    return GM_HTTP_HEADER_FLOOD;

  plan->interim = TRUE;
  plan->go_on_sending = status == 100;
  request->news (request, GM_NEWS_INFORMATIONAL);

  return GM_OK;
}

static gboolean
is_download (const GmRequest *request)
{
  return request->method == GM_METHOD_GET && !request->settings->no_body;
}

static gboolean
has_body (const GmHttpPlan *plan)
{
  return !plan->ignore_body && plan->body.framing != GM_HTTP_BODY_NONE &&
         !(plan->body.framing == GM_HTTP_BODY_LENGTH && plan->body.length == 0);
}

/* A download that resumes needs just the piece it asked for (RFC 9110 section 14.4, 15.3.7, 15.5.17). */
static GmResult
judge_resume (GmHttp *self,
              guint status,
              GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  const GmHttpFacts *facts = &self->facts;
  gint64 from = request->settings->resume_from;

  if (from <= 0 || !is_download (request))
    return GM_OK;

  if (status == 206)
    {
      gboolean right = (facts->flags & GM_HTTP_CONTENT_RANGE) != 0 && facts->range_start == from;

      /* A piece of coded data cannot be decoded, and what is there already was not coded. */
      if (facts->content_encoding != 0 && gm_http_accepts (request) != NULL && !request->settings->raw_content)
        right = FALSE;

      return right || !has_body (plan) ? GM_OK : GM_RESUME_REFUSED;
    }
  if (status == 416)
    {
      /* Nothing lies behind what is there already. */
      plan->ignore_body = TRUE;
      return GM_OK;
    }
  if ((facts->flags & GM_HTTP_CONTENT_RANGE) != 0 && facts->range_start == from)
    return GM_OK;
  /* Whatever else has a body, an error's page too, must not be taken for the piece that is missing. */
  if (plan->ignore_body || plan->body.framing == GM_HTTP_BODY_NONE)
    return GM_OK;
  if (plan->body.framing == GM_HTTP_BODY_LENGTH && plan->body.length == 0)
    return GM_OK;
  if (plan->body.framing == GM_HTTP_BODY_LENGTH && plan->body.length == from)
    {
      plan->ignore_body = TRUE; /* all of it is there already */
      return GM_OK;
    }

  return GM_RESUME_REFUSED;
}

/* A server that ignores If-Modified-Since and sends what need not be sent gets the same treatment as one that answers 304. */
static void
judge_condition (GmHttp *self,
                 guint status,
                 GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  GmInfo *info = request->info;

  if (settings->time_condition == GM_TIME_CONDITION_NONE)
    return;

  if (status == 304)
    info->condition_unmet = TRUE;
  else if (status == 200 && info->filetime >= 0 && settings->range == NULL && has_body (plan))
    {
      if ((settings->time_condition == GM_TIME_CONDITION_IF_MODIFIED_SINCE && info->filetime <= settings->time_value) ||
          (settings->time_condition == GM_TIME_CONDITION_IF_UNMODIFIED_SINCE && info->filetime > settings->time_value))
        {
          info->condition_unmet = TRUE;
          info->status = info->hop.status = 304;
          plan->ignore_body = TRUE;
        }
    }
  if (!settings->want_filetime)
    info->filetime = -1; /* it was for this alone */
}

static void
learn (GmHttp *self,
       const GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  GmInfo *info = request->info;
  const GmHttpFacts *facts = &self->facts;
  gint64 wall;

  if (plan->body.framing == GM_HTTP_BODY_LENGTH)
    info->download_size = plan->body.length;
  else if (facts->content_length >= 0 && plan->body.framing == GM_HTTP_BODY_NONE)
    info->download_size = facts->content_length; /* what HEAD is asked for */
  else if (info->status == 204 || info->status == 304)
    info->download_size = 0; /* known, though nothing says it */

  /* Not those of a redirect's answer. */
  info->filetime = -1;
  info->retry_after = 0;
  if (facts->last_modified == 0 && facts->retry_after == 0)
    return;
  wall = gm_clock_wall (request->reactor->clock);
  if (facts->last_modified != 0 &&
      (request->settings->want_filetime || request->settings->time_condition != GM_TIME_CONDITION_NONE))
    gm_http_date_parse (gm_http_facts_get_value (request->headers, facts->last_modified), wall, &info->filetime);
  if (facts->retry_after != 0)
    info->retry_after =
      MAX (0, gm_http_retry_after (gm_http_facts_get_value (request->headers, facts->retry_after), wall));
}

static GmResult
judge_redirect (GmHttp *self,
                guint status,
                GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  GmSpan location;
  GmResult result;

  if (self->facts.location == 0 || !gm_http_is_redirect (status))
    return GM_OK;
  location = gm_http_facts_get_value (request->headers, self->facts.location);
  if (location.len == 0)
    return GM_OK;

  result = gm_http_follow (request, status, location);
  if (settings->follow == GM_FOLLOW_NO)
    {
      /* Not followed, but told; a bad one is nobody's error then. */
      g_clear_pointer (&request->info->redirect_url, gm_url_unref);
      request->info->redirect_url = g_steal_pointer (&request->follow_url);
      return GM_OK;
    }
  if (result != GM_OK)
    return result;
  if (settings->follow_same_origin && !gm_url_same_origin (request->url, request->follow_url))
    {
      g_clear_pointer (&request->info->redirect_url, gm_url_unref);
      request->info->redirect_url = g_steal_pointer (&request->follow_url);
      return GM_REDIRECT_REFUSED;
    }
  if (request->info->n_redirects >= settings->max_redirects)
    {
      g_clear_pointer (&request->info->redirect_url, gm_url_unref);
      request->info->redirect_url = g_steal_pointer (&request->follow_url);
      return GM_TOO_MANY_REDIRECTS;
    }

  plan->ignore_body = TRUE;
  return GM_OK;
}

static GmHttpAsked
what_was_asked (const GmRequest *request)
{
  return request->settings->no_body || request->method == GM_METHOD_HEAD ? GM_HTTP_ASKED_HEAD : GM_HTTP_ASKED_OTHER;
}

static GmResult
find_body (GmHttp *self,
           guint version,
           guint status,
           GmHttpPlan *plan)
{
  GmRequest *request = self->request;

  if (request->settings->ignore_length)
    self->facts.content_length = -1;
  /* A transfer coding that was asked for, or one that the user takes as it is; gm_http_decode() judges the names. */
  if ((request->settings->transfer_coding || request->settings->raw_transfer) &&
      (self->facts.flags & GM_HTTP_BEHIND_CHUNKED) == 0)
    self->facts.flags &= ~(guint32) GM_HTTP_OTHER_CODING;

  return gm_http_body_find (&plan->body, &self->facts, version, status, what_was_asked (request));
}

static GmCookieFault
take_cookie (GmRequest *request,
             const GmCookieOrigin *origin,
             GmSpan value,
             gint64 wall)
{
  GmCookieJar *jar = request->settings->stores->jar;
  GmClient *client = request->client;
  g_autoptr (GmCookie) cookie = NULL;
  g_autofree char *line = NULL;
  gboolean replaced = FALSE;
  GmCookieFault fault;

  if (G_LIKELY (client->ops->note == NULL))
    return gm_cookie_jar_set (jar, origin, value, wall);

  fault = gm_cookie_jar_set_and_tell (jar, origin, value, wall, &cookie, &replaced);
  if (cookie == NULL)
    return fault;
  line = gm_cookie_dup_netscape (cookie);
  client->ops->note (client, GM_NOTE_COOKIE, line, replaced);
  return fault;
}

/* The first so many Set-Cookie fields, in their order; one that is refused is passed over. */
static void
take_cookies (GmHttp *self,
              guint first,
              guint n)
{
  GmRequest *request = self->request;
  const GmHeaders *headers = request->headers;
  gint64 wall = gm_clock_wall (request->reactor->clock);
  GmCookieOrigin origin;
  guint n_seen = 0;

  gm_http_cookie_origin_init (request, &origin);
  for (guint i = first; i < first + n && n_seen < GM_COOKIES_MAX_TAKEN; i++)
    {
      GmCookieFault fault;

      if (!gm_span_equal_nocase (gm_headers_get_name (headers, i), GM_SPAN ("Set-Cookie")))
        continue;
      n_seen++;
      fault = take_cookie (request, &origin, gm_headers_get_value (headers, i), wall);
      if (fault != GM_COOKIE_FAULT_NONE)
        GM_TRACE (HTTP, request->id, request->connection->id, "cookie refused: %s", gm_cookie_fault_name (fault));
    }
}

/* Strict-Transport-Security and Alt-Svc count from a server that is who it says (RFC 6797 section 8.1, RFC 7838 section
 * 2.1): over TLS, with a certificate that is good without anybody's leave. */
static void
take_policies (GmHttp *self)
{
  GmRequest *request = self->request;
  const GmHttpStores *stores = request->settings->stores;
  const GmTlsInfo *tls = request->connection->tls;
  const GmHeaders *headers = request->headers;
  gint64 wall = gm_clock_wall (request->reactor->clock);

  if (tls == NULL || !tls->checked)
    return;
  if (stores->hsts != NULL && self->facts.strict_transport_security != 0)
    gm_hsts_learn (stores->hsts, request->url,
                   gm_http_facts_get_value (headers, self->facts.strict_transport_security), wall);
  if (stores->alt_svc != NULL && self->facts.alt_svc != 0)
    gm_alt_svc_learn (stores->alt_svc, request->url, gm_http_facts_get_value (headers, self->facts.alt_svc), wall);
}

static void
remember (GmHttp *self,
          guint first,
          guint n)
{
  if (self->facts.n_set_cookie > 0 && self->request->settings->stores->jar != NULL)
    take_cookies (self, first, n);
  if (self->facts.strict_transport_security != 0 || self->facts.alt_svc != 0)
    take_policies (self);
}

/* The links that undo codings, if there are any. */
static GmResult
decode (GmHttp *self,
        guint first,
        guint n,
        const GmHttpPlan *plan)
{
  if (G_LIKELY (self->facts.content_encoding == 0 && (self->facts.flags & GM_HTTP_TRANSFER_ENCODING) == 0))
    return GM_OK;

  return has_body (plan) ? gm_http_decode (self, first, n) : GM_OK;
}

/* What a 401 or 407 leads to. TRUE: this answer is not the client's, or not yet. */
static gboolean
judge_login (GmHttp *self,
             guint status,
             guint first,
             guint n,
             GmHttpPlan *plan,
             GmResult *result)
{
  switch (gm_http_auth_judge (self, status, first, n))
    {
    case GM_HTTP_LOGIN_AGAIN:
      self->request->again_with_login = TRUE;
      plan->ignore_body = plan->stop_sending = TRUE;
      *result = GM_OK;
      return TRUE;
    case GM_HTTP_LOGIN_ASK:
      plan->stop_sending = TRUE;
      *result = decode (self, first, n, plan);
      return TRUE;
    case GM_HTTP_LOGIN_NONE:
    default:
      return FALSE;
    }
}

/* @first, @n: its entries in the header block. */
static GmResult
take_final (GmHttp *self,
            guint version,
            guint status,
            guint first,
            guint n,
            gboolean sending,
            GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  const GmRequestSettings *settings = request->settings;
  GmResult result = find_body (self, version, status, plan);

  if (result != GM_OK)
    return result;
  learn (self, plan);

  /* RFC 9110 section 10.1.1: the server wants no expectation; the same again without one. */
  if (status == 417 && self->expecting && !request->no_expect)
    {
      request->again_without_expect = TRUE;
      plan->ignore_body = plan->stop_sending = TRUE;
      return GM_OK;
    }

  /* RFC 9110 section 15.5.20: this connection is not for that origin; another one may be, and not that of an alternative. */
  if (status == 421 && (request->reused || request->route != NULL) && !request->not_elsewhere)
    {
      request->again_elsewhere = TRUE;
      plan->ignore_body = plan->stop_sending = TRUE;
      return GM_OK;
    }

  if (G_UNLIKELY (self->may_log_in) && judge_login (self, status, first, n, plan, &result))
    return result;

  result = judge_redirect (self, status, plan);
  if (result != GM_OK)
    return result;
  if (settings->fail_on_error && status >= 400 && !(status == 416 && settings->resume_from > 0 && is_download (request)))
    return GM_HTTP_STATUS;
  judge_condition (self, status, plan);
  result = judge_resume (self, status, plan);
  if (result != GM_OK)
    return result;

  if (sending && (request->follow_url != NULL || (status >= 400 && !settings->keep_sending_on_error)))
    plan->stop_sending = TRUE;
  if (!plan->ignore_body && settings->max_size > 0 &&
      ((plan->body.framing == GM_HTTP_BODY_LENGTH && plan->body.length > settings->max_size) ||
       (plan->body.framing != GM_HTTP_BODY_NONE && (self->facts.flags & GM_HTTP_LENGTH_OVERFLOW) != 0)))
    return GM_TOO_LARGE;
  result = decode (self, first, n, plan);
  self->head_untold = self->proof_pending;
  if (result == GM_OK && request->follow_url == NULL && !self->head_untold)
    request->news (request, GM_NEWS_HEAD);

  return result;
}

GmResult
gm_http_take_head (GmHttp *self,
                   guint version,
                   guint status,
                   guint first,
                   guint n,
                   gboolean sending,
                   GmHttpPlan *plan)
{
  GmRequest *request = self->request;
  GmResult result;

  *plan = (GmHttpPlan){ 0 };
  request->info->status = request->info->hop.status = status;
  request->info->http_version = version;
  GM_TRACE (HTTP, request->id, request->connection->id, "status %u, version %u, %u fields", status, version, n);

  /* The user asked by himself for what follows a 101: it is his to read, as a body is. */
  if (status >= 100 && status < 200 && !(status == 101 && version == 11 && !self->upgrading && gm_http_asks_for_upgrade (self)))
    {
      gm_http_answer_goes_on (self, sending);
      return take_interim (self, status, first, plan);
    }

  request->phase = GM_PHASE_BODY;
  request->waiting_for_answer = FALSE;
  result = gm_http_facts_collect (&self->facts, request->headers, first, n);
  if (result == GM_HTTP_BAD_LENGTH && request->settings->ignore_length)
    result = GM_OK;
  if (result != GM_OK)
    return result;
  if (request->settings->stores != NULL)
    remember (self, first, n);

  return take_final (self, version, status, first, n, sending, plan);
}

/* ---- versions ---- */

guint8
gm_http_speak (const GmRequest *request)
{
#if HAVE_NGHTTP2
  gboolean secure = gm_url_get_scheme (request->url) == GM_SCHEME_HTTPS;

  if (request->old_version)
    return GM_SPEAK_HTTP1;
  switch ((GmHttpVersion) request->settings->http_version)
    {
    case GM_HTTP_2_ONLY:
      return secure ? GM_SPEAK_HTTP2 : GM_SPEAK_HTTP2_AT_ONCE;
    case GM_HTTP_2:
      return secure ? GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2 : GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2_LATER;
    case GM_HTTP_DEFAULT:
      return secure ? GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2 : GM_SPEAK_HTTP1;
    case GM_HTTP_1_0:
    case GM_HTTP_1_1:
    default:
      return GM_SPEAK_HTTP1;
    }
#else
  return GM_SPEAK_HTTP1;
#endif
}

guint8
gm_http_speak_to_proxy (const GmRequest *request)
{
#if HAVE_NGHTTP2
  gboolean any = request->settings->http_version == GM_HTTP_DEFAULT || request->settings->http_version == GM_HTTP_2;

  if (request->proxy->kind == GM_PROXY_HTTPS_2 && any && !request->old_version)
    return GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2;
#endif
  return GM_SPEAK_HTTP1;
}

/* ---- protocol ---- */

static GmResult
http_begin (GmRequest *request)
{
  GmHttp *self = gm_request_alloc (request, sizeof *self);

  request->state = self;
  self->request = request;
  request->phase = GM_PHASE_REQUEST;
  self->exchange = request->connection->http2 != NULL ? gm_http2_exchange_new (self) : gm_http1_exchange_new (self);
  self->may_log_in = gm_http_may_log_in (request);

  return G_UNLIKELY (self->may_log_in) ? gm_http_auth_begin (self) : GM_OK;
}

static GmResult
step_with_login (GmHttp *self)
{
  GmResult result = self->login_pending ? gm_http_auth_prepare (self) : GM_OK;

  if (result == GM_OK && self->proof_pending)
    result = gm_http_auth_prove (self);
  if (result == GM_OK && !self->complete)
    {
      result = self->exchange->type->step (self->exchange);
      if (result == GM_TOO_LARGE && gm_http_auth_has_enough (self))
        result = GM_OK;
      self->complete = result == GM_OK;
      if (self->complete && !gm_http_auth_leaves_connection (self))
        self->request->keep_connection = FALSE;
    }
  if (result != GM_OK)
    return result;

  return self->hold != NULL ? gm_http_auth_ask (self) : GM_OK;
}

static GmResult
http_step (GmRequest *request)
{
  GmHttp *self = request->state;

  return G_UNLIKELY (self->may_log_in) ? step_with_login (self) : self->exchange->type->step (self->exchange);
}

static GmIo
http_want (GmRequest *request)
{
  GmHttp *self = request->state;

  return self->proof_pending || self->complete ? GM_IO_NONE : self->exchange->type->want (self->exchange);
}

static void
http_set_urgency (GmRequest *request,
                  guint urgency)
{
  GmHttp *self = request->state;

  if (self->exchange != NULL && self->exchange->type->set_urgency != NULL)
    self->exchange->type->set_urgency (self->exchange, urgency);
}

static void
http_end (GmRequest *request)
{
  GmHttp *self = g_steal_pointer (&request->state);

  if (self == NULL)
    return;
  if (self->exchange != NULL)
    self->exchange->type->free (self->exchange);
}

const GmProtocol gm_protocol_http = {
  .name = "http",
  .scheme = GM_SCHEME_HTTP,
  .set = 1u << 0,
  .needs_connection = TRUE,
  .speaks = GM_SPEAK_HTTP1,
  .speak = gm_http_speak,
  .speak_to_proxy = gm_http_speak_to_proxy,
  .dup_login = gm_http_auth_dup_login,
  .begin = http_begin,
  .step = http_step,
  .want = http_want,
  .set_urgency = http_set_urgency,
  .end = http_end,
};

/* What is spoken when the user has no wish. */
#if HAVE_NGHTTP2
#define SPEAK_OVER_TLS (GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2)
#else
#define SPEAK_OVER_TLS GM_SPEAK_HTTP1
#endif

/* The same over a chain that has TLS in it, which is the connection's business. */
const GmProtocol gm_protocol_https = {
  .name = "https",
  .scheme = GM_SCHEME_HTTPS,
  .set = 1u << 1,
  .needs_connection = TRUE,
  .speaks = SPEAK_OVER_TLS,
  .speak = gm_http_speak,
  .speak_to_proxy = gm_http_speak_to_proxy,
  .dup_login = gm_http_auth_dup_login,
  .begin = http_begin,
  .step = http_step,
  .want = http_want,
  .set_urgency = http_set_urgency,
  .end = http_end,
};
