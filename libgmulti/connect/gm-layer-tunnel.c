/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-proxy.h"

#include "gm-http-fields.h"
#include "gm-http1-parse.h"
#include "gm-http1-write.h"
#include "gm-layer-carrier.h"
#include "gm-trace.h"

/* Interim answers to one CONNECT; more is a proxy that wants to keep us. */
#define MAX_INTERIM 16

/* Read at once. What comes behind the head is the tunnel's, and kept: little, as nobody there was spoken to yet. */
#define READ_SIZE 4096

/* The page that comes with a demand for a login: read away up to this, to keep the connection. */
#define MAX_IGNORED (64 * 1024)

/* A proxy that answers is on the path of everybody: its heads are small. libcurl takes 100 KiB. */
static const GmHttp1Limits head_limits = { .head_bytes = 100 * 1024, .line_bytes = 64 * 1024, .fields = 500 };

typedef enum
{
  STATE_BELOW, /* the way to the proxy is made */
  STATE_TALK,
  STATE_IGNORE, /* a page that nobody reads goes by */
  STATE_PROOF, /* the tunnel is there; whether the proxy is who it says is looked at */
  STATE_FAILED,
} TunnelState;

typedef struct
{
  GmLayer layer; /* first member */
  TunnelState state;
  GmResult failure; /* while STATE_FAILED */
  GmProxy *proxy; /* (owned) */
  char *authority; /* (owned): "host:port" */
  GmTunnelWay way;
  GmAuth *auth; /* (owned) (nullable): there is a login */
  guint n_interim;
  gint64 ignored; /* bytes still to be read away; -1: this connection is of no more use */
  GmProxyTalk talk;
  GmHttp1Head head;
  GmHeaders *own_headers; /* (owned) (nullable): where nobody wants them */
  GmHeaders *headers; /* (unowned): of this answer */
  char *early; /* (owned) (nullable): came behind the head */
  gsize early_len;
  gsize early_done;
} TunnelLayer;

static const GmLayerType done_type;
static const GmLayerType early_type;

static GmResult
fail (TunnelLayer *self,
      GmResult result)
{
  GmError *error = self->layer.host->error;

  gm_error_set (error, result, GM_PHASE_PROXY, 0);
  if ((result == GM_PROXY_LOGIN || result == GM_AUTH_FAILED) && self->auth != NULL && error->detail == NULL)
    {
      const char *detail;

      gm_auth_get_problem (self->auth, &detail);
      error->detail = g_strdup (detail);
    }
  if (result == GM_PROXY_REFUSED || result == GM_PROXY_LOGIN)
    error->proxy_status = self->head.status;
  GM_TRACE (PROXY, 0, self->layer.host->id, "CONNECT failed: %s, status %u", gm_result_name (result),
            self->head.status);

  self->state = STATE_FAILED;
  self->failure = result;
  return result;
}

/* Whatever the parser calls it, it is the proxy that talks nonsense, and not the server. */
static GmResult
fail_reply (TunnelLayer *self,
            GmResult why)
{
  static const struct
  {
    GmResult why;
    const char *text;
  } texts[] = {
    { GM_HTTP_NOT_HTTP, "not HTTP" },
    { GM_HTTP_BAD_STATUS_LINE, "a status line that is none" },
    { GM_HTTP_BAD_VERSION, "a version of HTTP that is not known" },
    { GM_HTTP_BAD_HEADER, "a header line that is none" },
    { GM_HTTP_BARE_CR, "a line end that is none" },
    { GM_HTTP_OBS_FOLD, "a folded header line" },
    { GM_HTTP_NUL_IN_HEADER, "a NUL in its head" },
    { GM_HTTP_HEADER_FLOOD, "a head that has no end" },
  };
  GmError *error = self->layer.host->error;

  for (guint i = 0; i < G_N_ELEMENTS (texts) && error->detail == NULL; i++)
    if (texts[i].why == why)
      error->detail = g_strdup (texts[i].text);

  return fail (self, GM_PROXY_BAD_REPLY);
}

/* ---- the request ---- */

static GmAuth *
new_auth (TunnelLayer *self)
{
  const GmProxy *proxy = self->proxy;
  GmAuthTarget target = { GM_SPAN ("http"), gm_span (proxy->host, strlen (proxy->host)), proxy->port, TRUE };

  return gm_auth_new (self->way.store, &target, proxy->auth);
}

static void
make_auth (TunnelLayer *self)
{
  const GmProxy *proxy = self->proxy;

  if (proxy->user == NULL || gm_proxy_has_field (proxy, GM_SPAN ("Proxy-Authorization")))
    return;

  self->auth = new_auth (self);
  gm_auth_set_login (self->auth, proxy->user, proxy->password);
  gm_auth_set_service (self->auth, proxy->service, GM_DELEGATION_NONE);
}

static GmResult
write_login (TunnelLayer *self,
             GmByteBuilder *out)
{
  GmAuthAsk ask = { GM_SPAN ("CONNECT"), gm_span (self->authority, strlen (self->authority)), NULL };

  return self->auth != NULL ? gm_auth_write (self->auth, &ask, out) : GM_OK;
}

static GmResult
write_request (TunnelLayer *self)
{
  const GmProxy *proxy = self->proxy;
  GmByteBuilder *out = &self->talk.out;
  GmSpan authority = gm_span (self->authority, strlen (self->authority));
  GmResult result = gm_http1_write_request_line (out, GM_SPAN ("CONNECT"), authority,
                                                 proxy->kind == GM_PROXY_HTTP_1_0 ? 10 : 11);

  if (result == GM_OK && !gm_proxy_has_field (proxy, GM_SPAN ("Host")))
    result = gm_http1_write_field (out, GM_SPAN ("Host"), authority);
  if (result == GM_OK)
    result = write_login (self, out);
  if (result == GM_OK && proxy->user_agent != NULL && *proxy->user_agent != '\0' &&
      !gm_proxy_has_field (proxy, GM_SPAN ("User-Agent")))
    result = gm_http1_write_field (out, GM_SPAN ("User-Agent"), gm_span (proxy->user_agent, strlen (proxy->user_agent)));
  if (result == GM_OK)
    gm_proxy_write_connection (proxy, out);
  if (result == GM_OK && proxy->fields != NULL)
    gm_byte_builder_append (out, proxy->fields, strlen (proxy->fields));
  if (result == GM_OK)
    result = gm_http1_write_end (out);
  if (result == GM_OK && self->layer.host->tunnel != NULL)
    self->layer.host->tunnel->request (out->data, out->len, self->layer.host->socket_data);

  return result;
}

/* ---- the answer ---- */

static void
begin_head (TunnelLayer *self)
{
  GmLayerHost *host = self->layer.host;

  if (host->tunnel != NULL)
    self->headers = host->tunnel->headers (host->socket_data);
  else
    {
      if (self->own_headers == NULL)
        self->own_headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
      /* On a stream the next head may be in them already. */
      if (!gm_layer_carrier_has_session (self->layer.next))
        gm_headers_clear (self->own_headers);
      self->headers = self->own_headers;
    }
  gm_http1_head_init (&self->head, &head_limits, GM_HTTP1_CONNECT);
}

static GmResult
begin_talk (TunnelLayer *self)
{
  GmLayerHost *host = self->layer.host;
  GmResult result = self->auth != NULL ? gm_auth_prepare (self->auth, host->reactor, host->owner) : GM_OK;

  if (result == GM_AGAIN)
    return GM_AGAIN;
  if (result == GM_OK)
    result = write_request (self);
  if (result != GM_OK)
    return fail (self, result);

  GM_TRACE (PROXY, 0, self->layer.host->id, "CONNECT %s", self->authority);
  begin_head (self);
  self->state = STATE_TALK;
  return GM_OK;
}

/* The same again, with a login: on this connection, behind the page that came with the demand, or on another. */
static void
begin_again (TunnelLayer *self)
{
  GmHttpFacts facts;
  GmHttpBody body = { 0 };

  self->ignored = -1;
  if (gm_http_facts_collect (&facts, self->headers, self->head.first_entry, self->head.n_entries) == GM_OK &&
      gm_http_body_find (&body, &facts, self->head.version, self->head.status, GM_HTTP_ASKED_OTHER) == GM_OK &&
      body.reusable && (body.framing == GM_HTTP_BODY_NONE || body.framing == GM_HTTP_BODY_LENGTH) &&
      body.length <= MAX_IGNORED)
    self->ignored = body.framing == GM_HTTP_BODY_LENGTH ? body.length : 0;
  self->state = STATE_IGNORE;
}

/* Without a login nobody has looked at the demand yet. */
static void
want_login (TunnelLayer *self)
{
  GmLayerHost *host = self->layer.host;
  const char *realm;
  GmAuthScheme scheme;

  if (gm_proxy_has_field (self->proxy, GM_SPAN ("Proxy-Authorization")))
    return;
  if (self->auth == NULL)
    {
      self->auth = new_auth (self);
      gm_auth_refused (self->auth, self->headers, self->head.first_entry, self->head.n_entries);
    }
  scheme = gm_auth_get_wanted (self->auth, &realm);
  if (scheme != GM_AUTH_NONE)
    gm_proxy_want_login (host, self->proxy, gm_auth_scheme_name (scheme), realm);
}

/* RFC 9110 section 9.3.6: any 2xx is a tunnel, and no fields of it say anything about a body. GM_AGAIN: another head
 * follows. */
static GmResult
judge (TunnelLayer *self)
{
  GmLayerHost *host = self->layer.host;
  guint status = self->head.status;
  GmResult result;

  GM_TRACE (PROXY, 0, host->id, "answer to CONNECT: %u", status);
  if (host->tunnel != NULL)
    {
      result = host->tunnel->head (&self->head, self->headers, self->proxy, host->socket_data);
      if (result != GM_OK)
        return fail (self, result);
    }

  if (status < 200)
    {
      if (status == 101 || ++self->n_interim > MAX_INTERIM)
        return fail_reply (self, status == 101 ? GM_HTTP_BAD_STATUS_LINE : GM_HTTP_HEADER_FLOOD);
      begin_head (self);
      return GM_AGAIN;
    }
  if (status == 407 && self->auth != NULL &&
      gm_auth_refused (self->auth, self->headers, self->head.first_entry, self->head.n_entries))
    {
      begin_again (self);
      return GM_AGAIN;
    }
  if (status < 300)
    {
      if (self->auth != NULL)
        gm_auth_accepted (self->auth, self->headers, self->head.first_entry, self->head.n_entries);
      return GM_OK;
    }

  if (status == 407 && gm_question_has (host->question, GM_QUESTION_LOGIN))
    want_login (self);

  return fail (self, status == 407 ? GM_PROXY_LOGIN : GM_PROXY_REFUSED);
}

static void
keep_early (TunnelLayer *self,
            const char *data,
            gsize len)
{
  if (len == 0)
    return;

  self->early = g_memdup2 (data, len);
  self->early_len = len;
}

static GmResult
take_bytes (TunnelLayer *self,
            const char *data,
            gsize len)
{
  while (len > 0 && self->state == STATE_TALK)
    {
      GmResult why = GM_PROXY_BAD_REPLY;
      gsize consumed = 0;
      GmParse parse = gm_http1_head_feed (&self->head, self->headers, data, len, &consumed, &why);
      GmResult result;

      if (parse == GM_PARSE_BAD)
        return fail_reply (self, why);
      data += consumed;
      len -= consumed;
      if (parse != GM_PARSE_DONE)
        continue;

      result = judge (self);
      if (result == GM_OK)
        keep_early (self, data, len);
      if (result != GM_AGAIN)
        return result;
    }

  /* What is more than the page would be an answer to nothing. */
  if (self->state == STATE_IGNORE)
    self->ignored = (gint64) len <= self->ignored ? self->ignored - (gint64) len : -1;
  return GM_AGAIN;
}

/* GM_OK: the next request may go, over whatever connection. */
static GmResult
step_ignore (TunnelLayer *self)
{
  while (self->ignored > 0)
    {
      char data[READ_SIZE];
      gsize n = 0;
      GmResult result = gm_layer_recv (self->layer.next, data, MIN (sizeof data, (gsize) self->ignored), &n);

      if (result == GM_AGAIN)
        return GM_AGAIN;
      self->ignored = result == GM_OK && n > 0 ? self->ignored - (gint64) n : -1;
    }

  if (self->ignored < 0)
    {
      GmLayerHost *host = self->layer.host;

      GM_TRACE (PROXY, 0, host->id, "another connection, to log in");
      gm_error_clear (host->error);
      gm_layer_free (self->layer.next);
      self->layer.next = self->way.stack (host, self->way.resolver, self->proxy);
    }
  self->ignored = 0;
  self->state = STATE_BELOW;
  return GM_OK;
}

static GmHeaders *
stream_headers (gpointer data)
{
  TunnelLayer *self = data;

  return self->headers;
}

/* The proxy did not look at the request, or nobody is to read the page behind its answer: the same again, as soon as there
 * is a carrier. */
static GmResult
ask_again (TunnelLayer *self)
{
  self->ignored = 0;
  self->state = STATE_IGNORE;
  return GM_AGAIN;
}

static GmResult
take_stream_head (TunnelLayer *self,
                  const GmHttp2Event *event)
{
  GmResult result;

  gm_http1_head_adopt (&self->head, 20, event->status, event->start, event->end, event->first_entry, event->n_entries);
  result = judge (self);
  if (result == GM_AGAIN && self->state == STATE_IGNORE)
    {
      gm_layer_carrier_drop_stream (self->layer.next);
      return ask_again (self);
    }
  if (result == GM_OK)
    gm_layer_carrier_opened (self->layer.next);
  return result;
}

/* The same by a stream of HTTP/2: the head that was composed goes as fields, the answer comes as events. */
static GmResult
step_stream (TunnelLayer *self)
{
  GmLayer *carrier = self->layer.next;
  GmByteBuilder *out = &self->talk.out;
  GmHttp2Event event;
  GmResult result = GM_OK;

  if (out->len > 0)
    {
      result = gm_layer_carrier_request (carrier, gm_span (out->data, out->len), stream_headers, self);
      explicit_bzero (out->data, out->len);
      gm_byte_builder_reset (out);
    }
  while (result == GM_OK)
    {
      result = gm_layer_carrier_next_head (carrier, &event);
      if (result != GM_OK)
        break;
      result = take_stream_head (self, &event);
      if (result != GM_AGAIN || self->state != STATE_TALK)
        return result;
      result = GM_OK;
    }
  if (result == GM_AGAIN)
    return GM_AGAIN;

  return result == GM_HTTP2_GONE ? ask_again (self) : fail (self, result);
}

static GmResult
step_talk (TunnelLayer *self)
{
  if (gm_layer_carrier_has_session (self->layer.next))
    return step_stream (self);

  for (;;)
    {
      char data[READ_SIZE];
      gsize n = 0;
      GmResult result = gm_proxy_talk_send (&self->talk, self->layer.next);

      /* An answer may come before everything is sent: it is read only then, as there is nothing else to do with it. */
      if (result == GM_OK)
        result = gm_proxy_talk_recv (self->layer.next, data, sizeof data, &n);
      if (result == GM_AGAIN)
        return GM_AGAIN;
      if (result != GM_OK)
        return fail (self, result);

      result = take_bytes (self, data, n);
      if (result != GM_AGAIN || self->state != STATE_TALK)
        return result;
    }
}

static GmResult
step_proof (TunnelLayer *self)
{
  GmLayerHost *host = self->layer.host;
  GmResult result;

  self->state = STATE_PROOF;
  result = self->auth != NULL ? gm_auth_prove (self->auth, host->reactor, host->owner) : GM_OK;

  return result == GM_OK || result == GM_AGAIN ? result : fail (self, result);
}

static GmResult
tunnel_connect (GmLayer *layer)
{
  TunnelLayer *self = (TunnelLayer *) layer;
  GmResult result;

  if (self->state == STATE_FAILED)
    return self->failure;

  do
    {
      result = self->state == STATE_IGNORE ? step_ignore (self) : GM_OK;
      if (result == GM_OK && self->state == STATE_BELOW)
        {
          result = gm_layer_connect (layer->next);
          if (result == GM_OK)
            result = begin_talk (self);
        }
      if (result != GM_OK)
        return result;
      if (self->state == STATE_TALK)
        result = step_talk (self);
    }
  while (result == GM_AGAIN && self->state == STATE_IGNORE);
  if (result == GM_OK)
    result = step_proof (self);
  if (result != GM_OK)
    return result;

  layer->type = self->early != NULL ? &early_type : &done_type;
  return GM_OK;
}

/* ---- bytes that came too early ---- */

static GmResult
early_recv (GmLayer *layer,
            char *data,
            gsize len,
            gsize *n_read)
{
  TunnelLayer *self = (TunnelLayer *) layer;
  gsize n = MIN (len, self->early_len - self->early_done);

  memcpy (data, self->early + self->early_done, n);
  self->early_done += n;
  *n_read = n;
  if (self->early_done == self->early_len)
    layer->type = &done_type;

  return GM_OK;
}

static gboolean
early_query (GmLayer *layer,
             GmQuery query,
             gpointer answer)
{
  switch ((guint) query)
    {
    case GM_QUERY_PENDING:
      *(gboolean *) answer = TRUE;
      return TRUE;
    case GM_QUERY_ALIVE:
      /* Nobody asked for them. */
      *(gboolean *) answer = FALSE;
      return TRUE;
    default:
      return FALSE;
    }
}

/* ---- the end ---- */

/* The connection is left before there is a tunnel, and with it goes who wanted the answer: it must not come any more, and
 * a stream would still take it while it says goodbye. */
static GmResult
tunnel_shutdown (GmLayer *layer)
{
  TunnelLayer *self = (TunnelLayer *) layer;

  self->headers = NULL;
  if (gm_layer_carrier_has_session (layer->next))
    gm_layer_carrier_drop_stream (layer->next);
  return GM_OK;
}

/* ---- questions ---- */

static gboolean
tunnel_query (GmLayer *layer,
              GmQuery query,
              gpointer answer)
{
  TunnelLayer *self = (TunnelLayer *) layer;

  return (self->state == STATE_TALK || self->state == STATE_IGNORE) && gm_proxy_talk_query (&self->talk, query, answer);
}

static void
tunnel_adjust (GmLayer *layer,
               GmIo want)
{
  TunnelLayer *self = (TunnelLayer *) layer;

  if (self->state == STATE_TALK || self->state == STATE_IGNORE)
    want |= gm_proxy_talk_want (&self->talk);
  gm_layer_adjust (layer->next, want);
}

static void
tunnel_free (GmLayer *layer)
{
  TunnelLayer *self = (TunnelLayer *) layer;

  gm_proxy_talk_clear (&self->talk);
  gm_auth_free (self->auth);
  gm_headers_unref (self->own_headers);
  gm_proxy_unref (self->proxy);
  g_free (self->authority);
  g_free (self->early);
  g_free (self);
}

static const GmLayerType tunnel_type = {
  .name = "tunnel",
  .connect = tunnel_connect,
  .shutdown = tunnel_shutdown,
  .query = tunnel_query,
  .adjust = tunnel_adjust,
  .free = tunnel_free,
};

static const GmLayerType early_type = {
  .name = "tunnel",
  .recv = early_recv,
  .query = early_query,
  .free = tunnel_free,
};

static const GmLayerType done_type = {
  .name = "tunnel",
  .free = tunnel_free,
  .set_up_only = TRUE,
};

GmLayer *
gm_layer_tunnel_new (GmLayerHost *host,
                     const GmTunnelWay *way,
                     GmProxy *proxy,
                     const GmProxyTarget *target)
{
  TunnelLayer *self = g_new0 (TunnelLayer, 1);
  gboolean v6 = memchr (target->host.data, ':', target->host.len) != NULL;
  /* A zone id means something on this machine only. */
  const char *zone = memchr (target->host.data, '%', target->host.len);
  gsize len = zone != NULL ? (gsize) (zone - target->host.data) : target->host.len;

  self->layer.type = &tunnel_type;
  self->layer.host = host;
  self->layer.next = way->stack (host, way->resolver, proxy);
  self->way = *way;
  self->proxy = gm_proxy_ref (proxy);
  self->authority = g_strdup_printf (v6 ? "[%.*s]:%u" : "%.*s:%u", (int) len, target->host.data, target->port);
  make_auth (self);

  return &self->layer;
}
