/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-http-chunked.h"
#include "gm-http1-parse.h"
#include "gm-trace.h"

/* One request and its answer as HTTP/1 text over a connection. Two halves that run side by side: sending may still be
 * going on when the answer is there, and the answer decides whether it goes on. */

/* Body bytes that are read from a client and framed at a time. */
#define UPLOAD_BLOCK (64 * 1024)
/* A body of at most this size goes out in the same segment as its head. */
#define WITH_HEAD (16 * 1024)
/* How much has to be missing of a body for the client to be asked for a place. */
#define WORTH_A_PLACE (32 * 1024)
/* Behind a chunk that had a place: the next one's size, and little of what it might have a place for. */
#define FRAMING 32

typedef enum
{
  SEND_HEAD,
  SEND_EXPECT, /* the head is out, the body waits for 100 (or its time) */
  SEND_BODY,
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
  SendState send_state : 8;
  RecvState recv_state : 8;
  guint8 send_blocked; /* the transport said AGAIN */
  guint8 body_ended; /* everything of the upload is in @out or sent */
  guint8 excess; /* bytes came behind the answer */
  guint8 drained; /* the last read got less than it asked for: nothing is left in the socket */
  guint8 large_chunks; /* the last one had a place */
  GmByteBuilder out; /* composed and not yet sent */
  gsize out_pos;
  GmResult send_error; /* kept while an answer may still be read */
  int send_errno;
  GmHttp1Head head;
  GmHttpPlan plan;
  GmHttpChunked chunked;
  gint64 left; /* GM_HTTP_BODY_LENGTH */
  gint64 ignored; /* bytes of a body nobody wants */
} Http1;

/* ---- sending ---- */

static GmResult
send_failed (Http1 *self,
             GmResult result)
{
  GmRequest *request = self->exchange.request;

  GM_TRACE (HTTP, request->id, request->connection->id, "sending failed: %s", gm_result_name (result));
  /* The peer may have answered before it closed; only when reading gives nothing either is this the result. */
  self->send_error = result;
  self->send_state = SEND_DONE;
  self->out_pos = self->out.len;

  return GM_OK;
}

/* Sends from @data; *@n_sent is what went out. Keeps quotas and counters. */
static GmResult
send_bytes (Http1 *self,
            const char *data,
            gsize len,
            gsize *n_sent)
{
  GmRequest *request = self->exchange.request;
  GmResult result = GM_OK;

  *n_sent = 0;
  while (len > 0)
    {
      gsize n = 0;
      gsize most = len;

      if (self->send_state == SEND_BODY)
        {
          if (request->flow->send_quota <= 0)
            return GM_AGAIN;
          most = (gsize) MIN ((gint64) most, request->flow->send_quota);
        }
      result = gm_connection_send (request->connection, data, most, &n);
      if (result != GM_OK)
        break;
      if (self->send_state == SEND_BODY)
        gm_flow_sent (request->flow, n);
      data += n;
      len -= n;
      *n_sent += n;
    }
  request->info->hop.bytes_sent += *n_sent;
  self->send_blocked = result == GM_AGAIN;

  return result;
}

static GmResult
flush (Http1 *self)
{
  gsize n;
  GmResult result;

  if (self->out_pos == self->out.len)
    return GM_OK;

  result = send_bytes (self, self->out.data + self->out_pos, self->out.len - self->out_pos, &n);
  self->out_pos += n;
  if (self->out_pos == self->out.len)
    {
      gm_byte_builder_reset (&self->out);
      self->out_pos = 0;
    }

  return result;
}

static void
request_is_sent (Http1 *self)
{
  self->send_state = SEND_DONE;
  gm_http_request_is_sent (self->exchange.http);
}

static void
head_is_sent (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  GmHttp *http = self->exchange.http;

  if (http->upload == GM_HTTP_UPLOAD_NONE || self->body_ended)
    request_is_sent (self);
  else if (http->expecting)
    {
      self->send_state = SEND_EXPECT;
      request->wake_at = request->reactor->now + (gint64) request->settings->expect_timeout_ms * 1000;
    }
  else
    self->send_state = SEND_BODY;
}

/* Composes the head (and a short body with it) in the reactor's scratch and sends it; what the transport does not take
 * is kept in @out. */
static GmResult
send_head (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  GmHttp *http = self->exchange.http;
  GmByteBuilder *scratch = &request->reactor->write_buffer;
  gsize head_len;
  gsize n;
  GmResult result;

  gm_byte_builder_reset (scratch);
  result = gm_http_write_head (http, scratch);
  if (result != GM_OK)
    return result;
  head_len = scratch->len;
  request->info->request_bytes += head_len;
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_HEADER_OUT, scratch->data, head_len);
  GM_TRACE (HEADER, request->id, request->connection->id, "> %.*s", (int) head_len, scratch->data);

  if (http->upload == GM_HTTP_UPLOAD_LENGTH && !http->expecting && request->source->kind == GM_SOURCE_BYTES &&
      request->source->size <= WITH_HEAD && request->flow->send_quota == G_MAXINT64)
    {
      gsize len = 0;
      const char *bytes = gm_source_take_bytes (request->source, &len);

      gm_byte_builder_append (scratch, bytes, len);
      request->info->uploaded += len;
      self->body_ended = TRUE;
      if (len > 0 && request->client->ops->debug != NULL)
        request->client->ops->debug (request->client, GM_DEBUG_DATA_OUT, bytes, len);
    }
  if (scratch->failed)
    return GM_OUT_OF_MEMORY;

  result = send_bytes (self, scratch->data, scratch->len, &n);
  if (result == GM_AGAIN)
    gm_byte_builder_append (&self->out, scratch->data + n, scratch->len - n);
  else if (result != GM_OK)
    return send_failed (self, result);

  head_is_sent (self);
  return result;
}

static GmResult
append_trailers (Http1 *self)
{
  GmResult result;

  gm_byte_builder_append_literal (&self->out, GM_HTTP_CHUNK_LAST);
  result = gm_http_write_trailers (self->exchange.http, &self->out);
  if (result != GM_OK)
    return result;
  gm_byte_builder_append_literal (&self->out, GM_HTTP_CHUNK_END);

  return self->out.failed ? GM_OUT_OF_MEMORY : GM_OK;
}

/* Reads a block from the source into @out, framed if need be. */
static GmResult
fill (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  gboolean chunked = self->exchange.http->upload == GM_HTTP_UPLOAD_CHUNKED;
  gsize at;
  gsize n = 0;
  GmResult result;

  if (!gm_byte_builder_reserve (&self->out, UPLOAD_BLOCK + 2 * GM_HTTP_CHUNK_HEAD_MAX))
    return GM_OUT_OF_MEMORY;
  /* The size line is of fixed length: it goes in front of bytes whose number is known only afterwards. */
  at = self->out.len + (chunked ? GM_HTTP_CHUNK_HEAD_MAX : 0);
  result = gm_source_read (request->source, self->out.data + at,
                           (gsize) MIN ((gint64) UPLOAD_BLOCK, MAX (request->flow->send_quota, 1)), &n);
  if (result != GM_OK)
    return result;
  request->info->uploaded += n;
  if (n > 0 && request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_OUT, self->out.data + at, n);

  if (!chunked)
    self->out.len += n;
  else if (n > 0)
    {
      char size_line[GM_HTTP_CHUNK_HEAD_MAX];
      gsize size_len = gm_http_chunk_write_head (size_line, n);

      memcpy (self->out.data + self->out.len, size_line, size_len);
      memmove (self->out.data + self->out.len + size_len, self->out.data + at, n);
      self->out.len += size_len + n;
      gm_byte_builder_append_literal (&self->out, GM_HTTP_CHUNK_END);
    }
  if (n == 0 || gm_source_is_done (request->source))
    {
      self->body_ended = TRUE;
      if (chunked)
        return append_trailers (self);
    }

  return GM_OK;
}

/* A body in memory goes to the transport from where it lies. */
static GmResult
send_from_memory (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  GmSource *source = request->source;
  gsize n;
  GmResult result;

  result = send_bytes (self, source->bytes + source->pos,
                       (gsize) MIN (source->size - source->pos, (gint64) GM_REQUEST_SHARE), &n);
  if (n > 0 && request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_OUT, source->bytes + source->pos, n);
  source->pos += (gint64) n;
  request->info->uploaded += n;
  self->body_ended = gm_source_is_done (source);

  return result;
}

static GmResult
send_body (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  guint64 start = request->info->uploaded;
  GmResult result = flush (self);

  while (result == GM_OK && !self->body_ended)
    {
      if (request->info->uploaded - start >= GM_REQUEST_SHARE)
        {
          gm_reactor_queue (request->reactor, request->owner);
          return GM_AGAIN;
        }
      if (request->flow->send_quota <= 0)
        return GM_AGAIN;
      if (request->source->kind == GM_SOURCE_BYTES && self->exchange.http->upload == GM_HTTP_UPLOAD_LENGTH)
        result = send_from_memory (self);
      else
        {
          result = fill (self);
          if (result != GM_OK && result != GM_AGAIN)
            return result;
          if (result == GM_OK)
            result = flush (self);
        }
    }

  if (result == GM_OK)
    request_is_sent (self);

  return result;
}

static GmResult
send_some (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  GmResult result = GM_OK;

  self->send_blocked = FALSE;
  if (self->send_state == SEND_HEAD)
    {
      result = send_head (self);
      if (result != GM_OK)
        return result;
    }
  if (self->send_state == SEND_EXPECT)
    {
      result = flush (self);
      if (result == GM_OK && (request->wake_at == 0 || request->reactor->now >= request->wake_at))
        {
          request->wake_at = 0;
          self->send_state = SEND_BODY;
        }
    }
  if (self->send_state == SEND_BODY)
    result = send_body (self);
  else if (self->send_state == SEND_DONE && self->out_pos < self->out.len)
    result = flush (self);

  if (result == GM_SEND_FAILED || result == GM_RECV_FAILED)
    return send_failed (self, result);
  return result == GM_AGAIN ? GM_OK : result;
}

static void
stop_sending (Http1 *self)
{
  if (self->send_state == SEND_DONE && self->out_pos == self->out.len)
    return;

  /* What was announced will not come: the connection cannot carry another request. */
  self->send_state = SEND_DONE;
  self->excess = TRUE;
  gm_byte_builder_reset (&self->out);
  self->out_pos = 0;
  self->exchange.request->wake_at = 0;
}

/* The body is waited for no longer. Sending had its turn already in this step. */
static void
go_on_sending (Http1 *self)
{
  GmRequest *request = self->exchange.request;

  request->wake_at = 0;
  gm_reactor_queue (request->reactor, request->owner);
}

/* ---- receiving ---- */

/* Of trailers the empty line at their end is not told: it ends the body, not a head. */
static GmResult
tell_lines (Http1 *self,
            const GmHttp1Head *head,
            gboolean trailer)
{
  GmRequest *request = self->exchange.request;
  GmHttp1Line iter = { 0 };
  GmSpan line;

  if (!trailer)
    request->info->header_bytes += head->end - head->start;
  if (!gm_http_tells_lines (self->exchange.http))
    return GM_OK;

  while (gm_http1_line_next (&iter, head, request->headers, &line))
    {
      GmResult result;

      if (trailer && (line.data[0] == '\r' || line.data[0] == '\n'))
        break;
      result = gm_http_tell_line (self->exchange.http, line);
      if (result != GM_OK)
        return result;
    }

  return GM_OK;
}

/* Body bytes on their way to the client, or away. */
static GmResult
deliver (Http1 *self,
         const char *data,
         gsize len)
{
  GmRequest *request = self->exchange.request;

  request->info->downloaded += len;
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_IN, data, len);
  if (!self->plan.ignore_body)
    return gm_sink_write (request->sink, data, len);

  self->ignored += (gint64) len;
  return GM_OK;
}

static GmResult
body_is_complete (Http1 *self)
{
  self->recv_state = RECV_DONE;
  return gm_http_body_is_complete (self->exchange.http, &self->plan);
}

static void
forget_body (Http1 *self)
{
  self->excess = TRUE;
  body_is_complete (self);
}

/* After a final head: how the body is to be read. */
static GmResult
begin_body (Http1 *self)
{
  const GmHttpBody *body = &self->plan.body;

  self->recv_state = RECV_BODY;
  self->left = body->framing == GM_HTTP_BODY_LENGTH ? body->length : 0;
  if (body->framing == GM_HTTP_BODY_CHUNKED)
    gm_http_chunked_init (&self->chunked, NULL, GM_HTTP_CHUNKED_BARE_LF);
  if (body->framing == GM_HTTP_BODY_NONE || (body->framing == GM_HTTP_BODY_LENGTH && body->length == 0))
    return body_is_complete (self);

  if (self->plan.ignore_body &&
      (body->framing == GM_HTTP_BODY_UNTIL_CLOSE ||
       (body->framing == GM_HTTP_BODY_LENGTH && body->length > GM_HTTP_MAX_IGNORED)))
    forget_body (self);

  return GM_OK;
}

static GmResult
take_old_answer (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  GmSpan raw = gm_http1_head_get_raw (&self->head, request->headers);

  /* HTTP/0.9: no head at all. What was asked for one, or for a piece, is not answered by that. */
  if (request->settings->no_body || request->method == GM_METHOD_HEAD)
    return GM_HTTP_BAD_HEADER;
  if (request->settings->resume_from > 0 && request->method == GM_METHOD_GET)
    return GM_RESUME_REFUSED;
  request->info->http_version = 9;
  request->info->status = request->info->hop.status = 0;
  self->plan = (GmHttpPlan){ .body = { .framing = GM_HTTP_BODY_UNTIL_CLOSE, .length = -1 } };
  request->phase = GM_PHASE_BODY;
  request->news (request, GM_NEWS_HEAD);
  self->recv_state = RECV_BODY;

  return raw.len > 0 ? deliver (self, raw.data, raw.len) : GM_OK;
}

static void
begin_head (Http1 *self)
{
  const GmRequestSettings *settings = self->exchange.request->settings;

  gm_http1_head_init (&self->head, NULL, settings->allow_http09 ? GM_HTTP1_ALLOW_09 : 0);
  if (G_UNLIKELY (settings->status_aliases != NULL))
    gm_http1_head_set_aliases (&self->head, settings->status_aliases);
}

static GmResult
take_head (Http1 *self)
{
  GmHttp *http = self->exchange.http;
  gboolean sending = self->send_state != SEND_DONE;
  GmResult result;

  if (self->head.version == 9)
    return take_old_answer (self);

  result = tell_lines (self, &self->head, FALSE);
  if (result == GM_OK)
    result = gm_http_take_head (http, self->head.version, self->head.status, self->head.first_entry,
                                self->head.n_entries, sending, &self->plan);
  if (result != GM_OK)
    return result;

  if (self->plan.interim)
    {
      if (self->plan.go_on_sending && self->send_state == SEND_EXPECT)
        go_on_sending (self);
      begin_head (self);
      return GM_OK;
    }

  if (self->send_state == SEND_EXPECT && self->head.status >= 300)
    self->plan.stop_sending = TRUE;
  else if (self->send_state == SEND_EXPECT)
    go_on_sending (self); /* a final 2xx instead of 100: the body is wanted all the same */
  if (self->plan.stop_sending)
    stop_sending (self);

  return begin_body (self);
}

static GmResult
feed_chunked (Http1 *self,
              const char *data,
              gsize len,
              gsize *consumed)
{
  GmRequest *request = self->exchange.request;
  gboolean raw = request->settings->raw_transfer;

  *consumed = 0;
  while (*consumed < len)
    {
      gsize n;
      GmSpan body;
      GmResult result = GM_OK;
      GmParse parse =
        gm_http_chunked_feed (&self->chunked, request->headers, data + *consumed, len - *consumed, &n, &body, &result);

      if (parse == GM_PARSE_BAD)
        return result;
      if (raw && n > 0)
        result = deliver (self, data + *consumed, n);
      else if (body.len > 0)
        result = deliver (self, body.data, body.len);
      *consumed += n;
      if (result != GM_OK)
        return result;
      if (parse == GM_PARSE_DONE)
        {
          /* Told raw they are in the body already. */
          result = self->chunked.trailer.n_entries > 0 && !raw ? tell_lines (self, &self->chunked.trailer, TRUE) : GM_OK;
          return result == GM_OK ? body_is_complete (self) : result;
        }
    }
  if (self->plan.ignore_body && self->ignored > GM_HTTP_MAX_IGNORED)
    forget_body (self);

  return GM_OK;
}

static GmResult
feed_body (Http1 *self,
           const char *data,
           gsize len,
           gsize *consumed)
{
  GmResult result;

  switch (self->plan.body.framing)
    {
    case GM_HTTP_BODY_CHUNKED:
      return feed_chunked (self, data, len, consumed);
    case GM_HTTP_BODY_LENGTH:
      *consumed = (gsize) MIN ((gint64) len, self->left);
      self->left -= (gint64) *consumed;
      result = deliver (self, data, *consumed);
      return result == GM_OK && self->left == 0 ? body_is_complete (self) : result;
    case GM_HTTP_BODY_UNTIL_CLOSE:
      *consumed = len;
      return deliver (self, data, len);
    case GM_HTTP_BODY_NONE:
    default:
      *consumed = 0;
      return body_is_complete (self);
    }
}

/* RFC 7540 section 3.2: the answer to what was asked comes as stream 1. What follows is another exchange's. */
static G_NO_INLINE GmResult
go_over (Http1 *self,
         GmSpan early)
{
  GmRequest *request = self->exchange.request;
  GmHttp *http = self->exchange.http;
  GmResult result = gm_pool_upgraded (request->connection->pool, request->connection,
                                      gm_span_equal (http->method, GM_SPAN ("HEAD")), early);

  if (result != GM_OK)
    return result;

  GM_TRACE (HTTP, request->id, request->connection->id, "goes over to HTTP/2");
  http->exchange = gm_http2_exchange_new_upgraded (http);
  gm_byte_builder_clear (&self->out);
  return GM_AGAIN;
}

/* Which limit it was is told. */
static G_NO_INLINE GmResult
note_flood (Http1 *self,
            GmResult result)
{
  GmRequest *request = self->exchange.request;

  if (result == GM_HTTP_HEADER_FLOOD && gm_http1_head_is_full (&self->head))
    {
      g_free (request->error->detail);
      request->error->detail = g_strdup (GM_DETAIL_N_FIELDS);
    }

  return result;
}

static GmResult
feed (Http1 *self,
      const char *data,
      gsize len)
{
  GmRequest *request = self->exchange.request;

  while (len > 0 && self->recv_state != RECV_DONE)
    {
      gsize consumed = 0;
      GmResult result = GM_OK;

      if (self->recv_state == RECV_HEAD)
        {
          GmParse parse = gm_http1_head_feed (&self->head, request->headers, data, len, &consumed, &result);

          if (parse == GM_PARSE_BAD)
            return note_flood (self, result);
          if (parse == GM_PARSE_DONE)
            result = take_head (self);
          if (G_UNLIKELY (self->plan.upgraded) && result == GM_OK)
            result = go_over (self, gm_span (data + consumed, len - consumed));
        }
      else
        result = feed_body (self, data, len, &consumed);

      if (result != GM_OK)
        return result;
      data += consumed;
      len -= consumed;
    }
  if (len > 0)
    self->excess = TRUE;

  return GM_OK;
}

/* The peer closed, or reading failed with @error (GM_OK = an orderly end). */
static GmResult
take_end (Http1 *self,
          GmResult error)
{
  GmRequest *request = self->exchange.request;
  GmResult why = GM_OK;

  self->excess = TRUE;
  /* RFC 9112 section 9.8: an end of TLS that nobody announced matters where only it tells the end of a body. */
  if (error == GM_TLS_TRUNCATED &&
      (self->recv_state != RECV_BODY || self->plan.body.framing != GM_HTTP_BODY_UNTIL_CLOSE))
    error = GM_OK;
  switch (self->recv_state)
    {
    case RECV_HEAD:
      if (error == GM_OK && gm_http1_head_finish (&self->head, request->headers, &why) == GM_PARSE_DONE)
        {
          GmResult result = take_old_answer (self);

          return result == GM_OK ? body_is_complete (self) : result;
        }
      if (error != GM_OK)
        why = error;
      /* What TLS says of the end (an alert) is why sending failed. */
      if (error != GM_OK && error != GM_RECV_FAILED)
        return error;
      return self->send_error != GM_OK ? self->send_error : why;
    case RECV_BODY:
      if (error != GM_OK)
        return error;
      if (self->plan.body.framing == GM_HTTP_BODY_UNTIL_CLOSE)
        return body_is_complete (self);
      /* A body nobody wants may as well be cut. */
      return self->plan.ignore_body ? body_is_complete (self) : GM_PARTIAL;
    case RECV_DONE:
    default:
      return GM_OK;
    }
}

/* How many bytes will come that are the body's and nothing else; @behind: so many more are sure to be none of it. */
static gint64
count_coming (const Http1 *self,
              gint64 *behind)
{
  const GmRequest *request = self->exchange.request;

  *behind = 0;
  switch (self->plan.body.framing)
    {
    case GM_HTTP_BODY_LENGTH:
      /* This one, if there is room, shows without another look that nothing stands behind the body. */
      *behind = 1;
      return self->left;
    case GM_HTTP_BODY_CHUNKED:
      /* The line end, or where that is LF alone a digit of the next size. */
      *behind = 2;
      return request->settings->raw_transfer ? 0 : gm_http_chunked_get_left (&self->chunked);
    case GM_HTTP_BODY_UNTIL_CLOSE:
      /* What began long goes on for long. */
      return request->info->downloaded >= WORTH_A_PLACE ? G_MAXINT32 : 0;
    case GM_HTTP_BODY_NONE:
    default:
      return 0;
    }
}

/* Much of a body that goes to the client as it is may go to its place at once; the rest over the shared buffer. */
static GmResult
find_place (Http1 *self,
            char **buffer,
            gsize *size)
{
  GmRequest *request = self->exchange.request;
  gint64 coming, behind;
  GmResult result;

  *buffer = NULL;
  if (self->recv_state != RECV_BODY || self->plan.ignore_body || request->sink != &request->client_sink.sink)
    return GM_OK;
  coming = count_coming (self, &behind);
  if (coming < WORTH_A_PLACE)
    {
      self->large_chunks &= coming == 0;
      return GM_OK;
    }

  *size = (gsize) MIN (coming, (gint64) G_MAXSSIZE);
  result = gm_sink_client_place (&request->client_sink, buffer, size);
  *size = (gsize) MIN ((gint64) *size, coming + behind);
  self->large_chunks = *buffer != NULL && self->plan.body.framing == GM_HTTP_BODY_CHUNKED;
  return result;
}

static GmResult
recv_once (Http1 *self,
           gsize *n,
           gboolean *full)
{
  GmRequest *request = self->exchange.request;
  gboolean shared;
  gsize size, most;
  char *buffer;
  GmResult result;

  *n = 0;
  result = find_place (self, &buffer, &size);
  if (result != GM_OK)
    return result;
  shared = buffer == NULL;
  if (shared)
    buffer = gm_reactor_read_buffer (request->reactor, &size);
  most = gm_flow_get_room (request->flow, shared && self->large_chunks ? MIN (size, FRAMING) : size);
  if (most == 0)
    return GM_AGAIN;
  result = gm_connection_recv (request->connection, buffer, most, n);
  if (result == GM_AGAIN)
    return result;
  gm_request_need_headers (request);
  if (result != GM_OK || *n == 0)
    return take_end (self, result);

  GM_TRACE (BODY, request->id, request->connection->id, "%" G_GSIZE_FORMAT " bytes read", *n);
  *full = shared && *n == size;
  self->drained = *n < most;
  request->info->hop.bytes_received += *n;
  gm_flow_received (request->flow, *n);
  gm_http_answer_begins (self->exchange.http);

  return feed (self, buffer, *n);
}

static GmResult
recv_some (Http1 *self)
{
  GmRequest *request = self->exchange.request;
  gsize share = 0;

  while (self->recv_state != RECV_DONE)
    {
      gboolean full = FALSE;
      gsize n = 0;
      GmResult result;

      if (gm_request_is_blocked (request))
        {
          result = gm_request_flush (request);
          if (result != GM_OK)
            return result;
        }
      if (!gm_connection_readable (request->connection))
        return GM_AGAIN;

      result = recv_once (self, &n, &full);
      if (result != GM_OK)
        return result;
      if (full)
        gm_reactor_grow_buffer (request->reactor);

      share += n;
      if (share >= GM_REQUEST_SHARE && self->recv_state != RECV_DONE)
        {
          gm_reactor_queue (request->reactor, request->owner);
          return GM_AGAIN;
        }
    }

  return GM_OK;
}

/* ---- the exchange ---- */

static gboolean
is_complete (Http1 *self)
{
  return self->recv_state == RECV_DONE && self->send_state == SEND_DONE && self->out_pos == self->out.len &&
         !gm_request_holds (self->exchange.request);
}

/* What stands behind the answer, read or not, was asked for by nobody; the next request must not have it for its own. */
static gboolean
has_excess (Http1 *self)
{
  gboolean alive = FALSE;

  if (self->excess)
    return TRUE;
  if (self->drained)
    {
      GmLayer *top = self->exchange.request->connection->top;
      gboolean pending = FALSE;

      /* Above a bare socket nothing can wait. */
      return top->next != NULL && gm_layer_query (top, GM_QUERY_PENDING, &pending) && pending;
    }

  return !gm_layer_query (self->exchange.request->connection->top, GM_QUERY_ALIVE, &alive) || !alive;
}

static GmResult
http1_step (GmHttpExchange *exchange)
{
  Http1 *self = (Http1 *) exchange;
  GmRequest *request = exchange->request;
  GmResult result = GM_OK;

  if (self->send_state != SEND_DONE || self->out_pos < self->out.len)
    {
      result = send_some (self);
      if (result != GM_OK)
        return result;
    }
  if (self->recv_state != RECV_DONE)
    {
      /* After a failed send whatever the peer still said is waiting: look, readiness latched or not. */
      if (self->send_error != GM_OK && gm_connection_get_socket (request->connection) != NULL)
        gm_connection_get_socket (request->connection)->ready |= GM_IO_IN;
      result = recv_some (self);
      if (result == GM_AGAIN && self->send_error != GM_OK && !gm_request_is_blocked (request))
        return self->send_error;
    }
  /* The rest of a body that is read whole; decoders may have much to say yet. */
  if (result == GM_OK && self->recv_state == RECV_DONE && gm_request_holds (request))
    result = gm_request_flush (request);
  if (result != GM_OK && result != GM_AGAIN)
    return result;

  if (!is_complete (self))
    return GM_AGAIN;

  request->keep_connection = self->plan.body.reusable && !exchange->http->close_asked && self->send_error == GM_OK &&
                             !has_excess (self);
  return GM_OK;
}

static GmIo
http1_want (GmHttpExchange *exchange)
{
  Http1 *self = (Http1 *) exchange;
  GmRequest *request = exchange->request;
  GmIo want = GM_IO_NONE;

  if (self->recv_state != RECV_DONE && !gm_sink_client_is_blocked (&request->client_sink) &&
      request->flow->recv_quota > 0)
    want |= GM_IO_IN;
  if (self->send_blocked && (self->send_state != SEND_BODY || request->flow->send_quota > 0))
    want |= GM_IO_OUT;

  return want;
}

static void
http1_free (GmHttpExchange *exchange)
{
  Http1 *self = (Http1 *) exchange;

  gm_byte_builder_clear (&self->out);
}

GmHttpExchange *
gm_http1_exchange_new (GmHttp *http)
{
  static const GmHttpExchangeType type = { "http/1", http1_step, http1_want, NULL, http1_free };
  GmRequest *request = http->request;
  Http1 *self = gm_request_alloc (request, sizeof *self);

  self->exchange = (GmHttpExchange){ &type, http, request };
  begin_head (self);

  return &self->exchange;
}
