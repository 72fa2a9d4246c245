/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-http2-fields.h"
#include "gm-http2.h"
#include "gm-trace.h"

/* One request and its answer as a stream of an HTTP/2 session (RFC 9113 section 8). The head is composed as for HTTP/1
 * and turned into fields; heads of the answer come as lines in HTTP/1's shape, so that everybody above sees the same. */

typedef enum
{
  SEND_HEAD,
  SEND_EXPECT, /* the body waits for 100 (or its time) */
  SEND_BODY,
  SEND_REST, /* everything is with the stream, not all of it with the transport */
  SEND_DONE,
} SendState;

typedef enum
{
  RECV_HEAD,
  RECV_BODY,
  RECV_DONE,
} RecvState;

typedef struct
{
  GmHttpExchange exchange; /* first member */
  GmHttp2Stream *stream; /* (owned) (nullable) */
  SendState send_state;
  RecvState recv_state;
  GmHttpPlan plan;
  gint64 left; /* GM_HTTP_BODY_LENGTH */
  gboolean upgraded; /* allocated */
} Http2;

/* ---- opening ---- */

static GmHeaders *
get_headers (gpointer data)
{
  GmRequest *request = data;

  gm_request_need_headers (request);
  return request->headers;
}

static gboolean
is_watched (const GmRequest *request)
{
  return request->client->ops->debug != NULL || GM_TRACE_ON (HEADER);
}

/* Who watches sees what he would see of HTTP/1, with the right version. */
static void
show_head (GmRequest *request,
           GmSpan head)
{
  g_autoptr (GString) text = NULL;
  GmSpan rest = head;
  GmSpan line;

  line = gm_http2_next_line (&rest);
  text = g_string_new_len (line.data, (gssize) (line.len - strlen ("1.1")));
  g_string_append (text, "2\r\n");
  g_string_append_len (text, rest.data, (gssize) rest.len);
  GM_TRACE (HEADER, request->id, request->connection->id, "> %s", text->str);
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_HEADER_OUT, text->str, text->len);
}

/* RFC 9218: urgency, in the user's words if he said anything himself. */
static void
add_priority (GArray *fields,
              const GmRequestSettings *settings)
{
  static const char words[] = "u=0u=1u=2u=3u=4u=5u=6u=7";
  guint at = settings->urgency;

  if (at == 0)
    return;
  for (guint i = 0; i < fields->len; i++)
    if (gm_span_equal (g_array_index (fields, GmHttp2Field, i).name, GM_SPAN ("priority")))
      return;
  gm_http2_fields_add (fields, GM_SPAN ("priority"), gm_span (words + 3 * (at - 1), 3), FALSE);
}

static void
request_is_sent (Http2 *self)
{
  self->send_state = SEND_DONE;
  gm_http_request_is_sent (self->exchange.http);
}

static void
head_is_given (Http2 *self)
{
  GmRequest *request = self->exchange.request;
  GmHttp *http = self->exchange.http;

  if (http->upload == GM_HTTP_UPLOAD_NONE)
    request_is_sent (self);
  else if (http->expecting)
    {
      self->send_state = SEND_EXPECT;
      request->wake_at = request->reactor->now + (gint64) request->settings->expect_timeout_ms * 1000;
    }
  else
    self->send_state = SEND_BODY;
}

static GmResult
open_stream (Http2 *self)
{
  GmRequest *request = self->exchange.request;
  GmHttp *http = self->exchange.http;
  GmByteBuilder *scratch = &request->reactor->write_buffer;
  GmHttp2Owner owner = { request->owner, request->holder, get_headers, request };
  g_autoptr (GArray) fields = gm_http2_fields_new ();
  g_autofree char *spelt = NULL;
  GmResult result;

  gm_byte_builder_reset (scratch);
  http->can_stop = TRUE;
  result = gm_http_write_head (http, scratch);
  if (result == GM_OK && scratch->failed)
    result = GM_OUT_OF_MEMORY;
  if (result != GM_OK)
    return result;

  request->info->request_bytes += scratch->len;
  request->info->hop.bytes_sent += scratch->len;
  /* names are put into small letters where they stand */
  if (G_UNLIKELY (is_watched (request)))
    spelt = g_strndup (scratch->data, scratch->len);
  gm_http2_fields_add_head (fields,
                            gm_url_get_scheme (request->url) == GM_SCHEME_HTTPS ? GM_SPAN ("https") : GM_SPAN ("http"),
                            gm_span (scratch->data, scratch->len));
  /* A proxy goes by it, whatever the user calls the host. */
  if (gm_proxy_forwards (request->proxy))
    gm_http2_fields_set_authority (fields, gm_url_get_authority_for_host_header (request->url));
  add_priority (fields, request->settings);

  result = gm_http2_request (request->connection->http2, &owner, (const GmHttp2Field *) (gpointer) fields->data,
                             fields->len, http->upload != GM_HTTP_UPLOAD_NONE, request->settings->stream_weight,
                             &self->stream);
  /* It ended between the choice and now. */
  if (result == GM_HTTP2_GONE)
    request->unprocessed = TRUE;
  if (result == GM_OK)
    {
      if (G_UNLIKELY (spelt != NULL))
        show_head (request, gm_span (spelt, scratch->len));
      head_is_given (self);
    }

  return result;
}

/* ---- sending ---- */

static GmResult
end_body (Http2 *self)
{
  GmByteBuilder lines = { 0 };
  g_autoptr (GArray) fields = gm_http2_fields_new ();
  GmResult result = GM_OK;
  GmSpan text;

  self->send_state = SEND_REST;
  if (self->exchange.http->upload == GM_HTTP_UPLOAD_CHUNKED)
    result = gm_http_write_trailers (self->exchange.http, &lines);
  text = gm_span (lines.data, lines.len);
  while (text.len > 0)
    gm_http2_fields_add_line (fields, gm_http2_next_line (&text), NULL);
  if (result == GM_OK)
    result = gm_http2_stream_end (self->stream, (const GmHttp2Field *) (gpointer) fields->data, fields->len);
  gm_byte_builder_clear (&lines);

  return result;
}

/* One piece from the source to the stream. */
static GmResult
fill (Http2 *self,
      gsize most)
{
  GmRequest *request = self->exchange.request;
  char *buffer = gm_http2_stream_reserve (self->stream, most);
  gsize n = 0;
  GmResult result;

  if (buffer == NULL)
    return GM_OUT_OF_MEMORY;
  result = gm_source_read (request->source, buffer, most, &n);
  if (result != GM_OK)
    return result;

  request->info->uploaded += n;
  request->info->hop.bytes_sent += n;
  gm_flow_sent (request->flow, n);
  if (n > 0 && request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_OUT, buffer, n);
  gm_http2_stream_commit (self->stream, n);

  return n == 0 || gm_source_is_done (request->source) ? end_body (self) : GM_OK;
}

static GmResult
send_body (Http2 *self)
{
  GmRequest *request = self->exchange.request;
  GmResult result = GM_OK;

  if (gm_source_is_done (request->source))
    result = end_body (self);
  while (result == GM_OK && self->send_state == SEND_BODY)
    {
      gsize room = gm_http2_stream_get_room (self->stream);

      if (room == 0 || request->flow->send_quota <= 0)
        return GM_OK;
      result = fill (self, (gsize) MIN ((gint64) room, request->flow->send_quota));
    }

  return result == GM_AGAIN ? GM_OK : result;
}

static GmResult
send_some (Http2 *self)
{
  GmRequest *request = self->exchange.request;
  GmResult result = GM_OK;

  if (self->send_state == SEND_HEAD)
    result = open_stream (self);
  if (self->send_state == SEND_EXPECT && (request->wake_at == 0 || request->reactor->now >= request->wake_at))
    {
      request->wake_at = 0;
      self->send_state = SEND_BODY;
    }
  if (result == GM_OK && self->send_state == SEND_BODY)
    result = send_body (self);
  if (result == GM_OK && self->send_state == SEND_REST && gm_http2_stream_is_sent (self->stream))
    request_is_sent (self);

  return result;
}

/* ---- receiving ---- */

/* Of trailers the empty line at their end is not told: it ends the body, not a head. */
static GmResult
tell_lines (Http2 *self,
            const GmHttp2Event *event)
{
  GmRequest *request = self->exchange.request;
  gsize at = event->start;

  request->info->hop.bytes_received += event->end - event->start;
  if (event->kind == GM_HTTP2_HEAD)
    request->info->header_bytes += event->end - event->start;
  if (!gm_http_tells_lines (self->exchange.http))
    return GM_OK;

  while (at < event->end)
    {
      /* Looked up anew for each: who is told may add to the headers. */
      const char *start = request->headers->data + at;
      const char *end = memchr (start, '\n', event->end - at);
      GmResult result;

      if (end == NULL || (event->kind == GM_HTTP2_TRAILER && *start == '\r'))
        break;
      at += (gsize) (end + 1 - start);
      result = gm_http_tell_line (self->exchange.http, gm_span (start, (gsize) (end + 1 - start)));
      if (result != GM_OK)
        return result;
    }

  return GM_OK;
}

static GmResult
body_is_complete (Http2 *self)
{
  self->recv_state = RECV_DONE;
  return gm_http_body_is_complete (self->exchange.http, &self->plan);
}

static GmResult
take_final (Http2 *self,
            const GmHttp2Event *event)
{
  const GmHttpBody *body = &self->plan.body;

  self->recv_state = RECV_BODY;
  self->left = body->framing == GM_HTTP_BODY_LENGTH ? body->length : 0;
  if (self->send_state == SEND_EXPECT && event->status >= 300)
    self->plan.stop_sending = TRUE;
  else if (self->send_state == SEND_EXPECT)
    self->exchange.request->wake_at = 0; /* a final 2xx instead of 100: the body is wanted all the same */
  /* The stream is cancelled when it is given up; until then nothing is added to it. */
  if (self->plan.stop_sending)
    {
      self->send_state = SEND_DONE;
      self->exchange.request->wake_at = 0;
    }

  /* What nobody wants need not be read away: the connection does not suffer. */
  return self->plan.ignore_body || body->framing == GM_HTTP_BODY_NONE ? body_is_complete (self) : GM_OK;
}

static GmResult
take_head (Http2 *self,
           const GmHttp2Event *event)
{
  GmRequest *request = self->exchange.request;
  gboolean sending = self->send_state != SEND_DONE;
  GmResult result;

  gm_http_answer_begins (self->exchange.http);
  result = tell_lines (self, event);
  if (result == GM_OK)
    result = gm_http_take_head (self->exchange.http, 20, event->status, event->first_entry, event->n_entries, sending,
                                &self->plan);
  if (result != GM_OK)
    return result;

  if (!self->plan.interim)
    return take_final (self, event);
  if (self->plan.go_on_sending && self->send_state == SEND_EXPECT)
    request->wake_at = 0;
  return GM_OK;
}

static GmResult
take_data (Http2 *self,
           const GmHttp2Event *event,
           gsize *share)
{
  GmRequest *request = self->exchange.request;
  gsize n = gm_flow_get_room (request->flow, event->len);
  GmResult result;

  if (n == 0)
    return GM_AGAIN;

  request->info->downloaded += n;
  request->info->hop.bytes_received += n;
  gm_flow_received (request->flow, n);
  self->left -= (gint64) n;
  *share += n;
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_IN, event->data, n);
  result = gm_sink_write (request->sink, event->data, n);
  gm_http2_stream_take (self->stream, n);

  return result;
}

/* Nothing more will come of it: why? */
static GmResult
take_failure (Http2 *self,
              const GmHttp2Event *event)
{
  GmRequest *request = self->exchange.request;
  gboolean in_body = self->recv_state == RECV_BODY && self->plan.body.framing == GM_HTTP_BODY_LENGTH;
  GmResult result = event->result;

  request->unprocessed = event->unprocessed;
  if (result == GM_HTTP2_STREAM && event->code == GM_HTTP2_HTTP_1_1_REQUIRED)
    request->again_in_http1 = (gm_http_speak (request) & GM_SPEAK_HTTP1) != 0;
  /* What the rules were broken by is the length of the body; or it was ended early, with nothing to say against it. */
  if ((result == GM_HTTP2_PROTOCOL && in_body) || (result == GM_HTTP2_STREAM && event->code == 0 && in_body && self->left > 0))
    result = self->left > 0 ? GM_PARTIAL : GM_HTTP_BAD_LENGTH;
  gm_error_set (request->error, result, request->phase, 0);
  request->error->h2 = event->code;

  return result;
}

/* All of the length that was announced is there: how the stream ends is nobody's business any more. */
static gboolean
is_whole (Http2 *self)
{
  return self->recv_state == RECV_BODY && self->plan.body.framing == GM_HTTP_BODY_LENGTH && self->left == 0;
}

static GmResult
take_event (Http2 *self,
            const GmHttp2Event *event,
            gsize *share)
{
  GmResult result;

  switch (event->kind)
    {
    case GM_HTTP2_DATA:
      return take_data (self, event, share);
    case GM_HTTP2_HEAD:
      result = take_head (self, event);
      break;
    case GM_HTTP2_TRAILER:
      result = tell_lines (self, event);
      break;
    case GM_HTTP2_END:
      result = body_is_complete (self);
      break;
    case GM_HTTP2_FAILED:
    default:
      result = is_whole (self) ? body_is_complete (self) : take_failure (self, event);
      break;
    }
  gm_http2_stream_take (self->stream, 0);

  return result;
}

static GmResult
recv_some (Http2 *self)
{
  GmRequest *request = self->exchange.request;
  GmHttp2Event event;
  gsize share = 0;

  while (self->recv_state != RECV_DONE)
    {
      GmResult result;

      if (gm_request_is_blocked (request))
        {
          result = gm_request_flush (request);
          if (result != GM_OK)
            return result;
        }
      if (!gm_http2_stream_peek (self->stream, &event))
        return GM_AGAIN;
      result = take_event (self, &event, &share);
      if (result != GM_OK)
        return result;
      if (share >= GM_REQUEST_SHARE && self->recv_state != RECV_DONE)
        {
          gm_reactor_queue (request->reactor, request->owner);
          return GM_AGAIN;
        }
    }

  return GM_OK;
}

/* ---- the exchange ---- */

static GmResult
http2_step (GmHttpExchange *exchange)
{
  Http2 *self = (Http2 *) exchange;
  GmRequest *request = exchange->request;
  GmResult result = GM_OK;
  SendState before;

  do
    {
      before = self->send_state;
      if (self->send_state != SEND_DONE)
        result = send_some (self);
      if (result != GM_OK)
        return result;
      if (self->recv_state != RECV_DONE)
        result = recv_some (self);
      /* The rest of a body that is read whole; decoders may have much to say yet. */
      if (result == GM_OK && self->recv_state == RECV_DONE && gm_request_holds (request))
        result = gm_request_flush (request);
      if (result != GM_OK && result != GM_AGAIN)
        return result;
      result = GM_OK;
    }
  while (before == SEND_EXPECT && self->send_state == SEND_EXPECT && request->wake_at == 0);

  if (self->recv_state != RECV_DONE || self->send_state != SEND_DONE || gm_request_holds (request))
    return GM_AGAIN;

  request->keep_connection = TRUE;
  return GM_OK;
}

/* The session knows what it waits for. */
static GmIo
http2_want (GmHttpExchange *exchange)
{
  return GM_IO_NONE;
}

static void
http2_free (GmHttpExchange *exchange)
{
  Http2 *self = (Http2 *) exchange;

  g_clear_pointer (&self->stream, gm_http2_stream_free);
  if (self->upgraded)
    g_free (self);
}

/* Before there is a stream its head will say so. */
static void
http2_set_urgency (GmHttpExchange *exchange,
                   guint urgency)
{
  Http2 *self = (Http2 *) exchange;

  if (self->stream != NULL && self->recv_state != RECV_DONE)
    gm_http2_stream_set_urgency (self->stream, urgency);
}

static const GmHttpExchangeType http2_type = { "http/2", http2_step, http2_want, http2_set_urgency, http2_free };

GmHttpExchange *
gm_http2_exchange_new (GmHttp *http)
{
  GmRequest *request = http->request;
  Http2 *self = gm_request_alloc (request, sizeof *self);

  self->exchange = (GmHttpExchange){ &http2_type, http, request };

  return &self->exchange;
}

/* The arena has what the former one needs, and no room for both. */
GmHttpExchange *
gm_http2_exchange_new_upgraded (GmHttp *http)
{
  GmRequest *request = http->request;
  GmHttp2Owner owner = { request->owner, request->holder, get_headers, request };
  Http2 *self = g_new0 (Http2, 1);

  self->exchange = (GmHttpExchange){ &http2_type, http, request };
  self->upgraded = TRUE;
  self->send_state = SEND_DONE;
  self->stream = gm_http2_adopt (request->connection->http2, &owner);

  return &self->exchange;
}
