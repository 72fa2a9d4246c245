/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http2-private.h"

#include "gm-queue.h"
#include "gm-trace.h"

/* A send gathers this much: one TLS record. */
#define RECORD (16 * 1024)
/* Fields of one request that need no allocation. */
#define FIELDS_ON_STACK 32

static const guint8 *
bytes (const char *data)
{
  return (const guint8 *) data;
}

static GmReactor *
get_reactor (GmHttp2 *self)
{
  return self->connection->host.reactor;
}

/* ---- news ---- */

void
gm_http2_mark_ready (GmHttp2Stream *stream)
{
  GmHttp2 *self = stream->http2;

  if (self == NULL || stream->ready_link.data != NULL)
    return;

  stream->ready_link.data = stream;
  gm_queue_push_tail (&self->ready, &stream->ready_link);
}

void
gm_http2_need_turn (GmHttp2 *self)
{
  if (!self->turning && !self->dead && !gm_runnable_is_queued (&self->connection->runnable))
    gm_reactor_queue (get_reactor (self), &self->connection->runnable);
}

/* The block that was just parsed is still there: owners read from it, and what they leave is copied. */
static void
run_owners (GmHttp2 *self)
{
  GList *link;

  while ((link = gm_queue_pop_head (&self->ready)) != NULL)
    {
      GmRunnable *owner;

      self->current = link->data;
      link->data = NULL;
      owner = self->current->owner.runnable;
      gm_reactor_dequeue (get_reactor (self), owner);
      owner->run (owner);
      if (self->current != NULL)
        gm_http2_stream_save (self->current);
      self->current = NULL;
    }
}

/* The connection is of no more use. Streams that had been promised an answer end with @result. */
static void
die (GmHttp2 *self,
     GmResult result,
     guint code)
{
  if (self->dead)
    return;

  GM_TRACE (HTTP, 0, self->connection->id, "HTTP/2 session over: %s, code %u", gm_result_name (result), code);
  self->dead = TRUE;
  /* With TLS 1.3 this comes behind the handshake, and may come before any request is sent. */
  if (result == GM_TLS_CLIENT_CERTIFICATE_WANTED)
    self->verdict = result;
  for (GList *l = self->streams.head; l != NULL; l = l->next)
    {
      GmHttp2Stream *stream = l->data;

      if (!stream->head_sent && self->verdict == GM_OK)
        gm_http2_stream_fail (stream, GM_HTTP2_GONE, code, TRUE);
      else if (self->draining && code != GM_HTTP2_NO_ERROR && result == GM_OK)
        gm_http2_stream_fail (stream, GM_HTTP2_GONE, code, FALSE);
      else if (result == GM_OK)
        gm_http2_stream_fail (stream, stream->final ? GM_PARTIAL : GM_GOT_NOTHING, code, FALSE);
      else
        gm_http2_stream_fail (stream, result, code, FALSE);
      stream->closed = TRUE;
      gm_http2_mark_ready (stream);
    }
}

/* ---- floods ---- */

/* FALSE: it is enough. */
static gboolean
count_chatter (GmHttp2 *self,
               gdouble more)
{
  gint64 now = get_reactor (self)->now;

  self->chatter -= (gdouble) (now - self->chatter_at) * GM_HTTP2_CHATTER_PER_SECOND / G_USEC_PER_SEC;
  self->chatter_at = now;
  self->chatter = MAX (self->chatter + more, 0.0);

  return self->chatter <= GM_HTTP2_CHATTER_MAX;
}

static int
begin_frame_cb (nghttp2_session *session,
                const nghttp2_frame_hd *hd,
                void *user_data)
{
  GmHttp2 *self = user_data;
  gboolean useful = hd->type == NGHTTP2_HEADERS ||
                    (hd->type == NGHTTP2_DATA && (hd->length > 0 || (hd->flags & NGHTTP2_FLAG_END_STREAM) != 0));

  if (count_chatter (self, useful ? -1.0 : 1.0))
    return 0;

  self->flooded = TRUE;
  return NGHTTP2_ERR_CALLBACK_FAILURE;
}

/* ---- heads ---- */

static GmHttp2Stream *
find_stream (nghttp2_session *session,
             gint32 id)
{
  return nghttp2_session_get_stream_user_data (session, id);
}

static int
begin_headers_cb (nghttp2_session *session,
                  const nghttp2_frame *frame,
                  void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, frame->hd.stream_id);
  GmHeaders *headers;

  /* A push: nobody asked. */
  if (frame->hd.type != NGHTTP2_HEADERS)
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (stream == NULL)
    return 0;

  headers = stream->headers = stream->owner.get_headers (stream->owner.data);
  stream->head = (GmHttp2Event){
    .kind = stream->final ? GM_HTTP2_TRAILER : GM_HTTP2_HEAD,
    .start = (guint32) gm_headers_get_n_bytes (headers),
    .first_entry = gm_headers_get_n_entries (headers),
  };

  return 0;
}

/* The head being read is no good: nothing of it stays. */
static int
refuse_head (GmHttp2Stream *stream,
             GmResult why)
{
  if (stream->headers != NULL)
    gm_headers_truncate (stream->headers, stream->head.start, stream->head.first_entry);
  stream->headers = NULL;
  stream->failure = why;

  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static GmResult
take_status (GmHttp2Stream *stream,
             GmSpan value)
{
  char line[] = "HTTP/2 nnn \r\n";

  /* nghttp2 has seen that these are three digits. */
  if (value.len != 3 || value.data[0] == '0')
    return GM_HTTP_BAD_STATUS_LINE;
  stream->head.status =
    (guint16) ((value.data[0] - '0') * 100 + (value.data[1] - '0') * 10 + (value.data[2] - '0'));
  memcpy (line + strlen ("HTTP/2 "), value.data, 3);

  return gm_headers_append_raw (stream->headers, line, strlen (line));
}

static int
header_cb (nghttp2_session *session,
           const nghttp2_frame *frame,
           const guint8 *name,
           size_t name_len,
           const guint8 *value,
           size_t value_len,
           guint8 flags,
           void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, frame->hd.stream_id);
  GmHttp2Event *head;
  GmHeaderOrigin origin;
  GmResult result;

  if (stream == NULL || stream->headers == NULL)
    return 0;

  head = &stream->head;
  origin = head->kind == GM_HTTP2_TRAILER ? GM_HEADER_TRAILER : head->status < 200 ? GM_HEADER_1XX : GM_HEADER_FINAL;
  if (gm_headers_get_n_bytes (stream->headers) - head->start + name_len + value_len > GM_HTTP2_MAX_HEAD ||
      gm_headers_get_n_entries (stream->headers) - head->first_entry >= GM_HTTP2_MAX_FIELDS)
    result = GM_HTTP_HEADER_FLOOD;
  else if (name_len > 0 && name[0] == ':')
    result = take_status (stream, gm_span ((const char *) value, value_len));
  else
    result = gm_headers_append (stream->headers, origin, gm_span ((const char *) name, name_len),
                                gm_span ((const char *) value, value_len));

  return result == GM_OK ? 0 : refuse_head (stream, result);
}

static int
invalid_header_cb (nghttp2_session *session,
                   const nghttp2_frame *frame,
                   const guint8 *name,
                   size_t name_len,
                   const guint8 *value,
                   size_t value_len,
                   guint8 flags,
                   void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, frame->hd.stream_id);

  /* RFC 9113 section 8.2.1: such an answer is malformed, not just the field. */
  return stream != NULL ? refuse_head (stream, GM_HTTP_BAD_HEADER) : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int
invalid_frame_cb (nghttp2_session *session,
                  const nghttp2_frame *frame,
                  int lib_error_code,
                  void *user_data)
{
  GmHttp2 *self = user_data;
  GmHttp2Stream *stream = find_stream (session, frame->hd.stream_id);

  GM_TRACE (HTTP, 0, self->connection->id, "bad frame on stream %d: %s", frame->hd.stream_id,
            nghttp2_strerror (lib_error_code));
  if (stream != NULL && frame->hd.type == NGHTTP2_HEADERS && stream->failure == GM_OK)
    refuse_head (stream, stream->final ? GM_HTTP_BAD_TRAILER : GM_HTTP_BAD_HEADER);

  return 0;
}

static void
head_is_complete (GmHttp2Stream *stream)
{
  GmHttp2Event *head = &stream->head;
  GmHeaders *headers = g_steal_pointer (&stream->headers);

  if (headers == NULL)
    return;

  gm_headers_append_raw (headers, "\r\n", 2);
  head->end = (guint32) gm_headers_get_n_bytes (headers);
  head->n_entries = gm_headers_get_n_entries (headers) - head->first_entry;
  if (head->status >= 200)
    stream->final = TRUE;
  gm_http2_stream_push (stream, head);
  /* Before the final head nothing else waits; the one trailer comes behind data, in as many pieces as they lie there. */
  if (head->kind == GM_HTTP2_HEAD && stream->events->len - stream->next > GM_HTTP2_MAX_EVENTS)
    stream->failure = GM_HTTP_HEADER_FLOOD;
}

/* ---- frames ---- */

static int
data_cb (nghttp2_session *session,
         guint8 flags,
         gint32 stream_id,
         const guint8 *data,
         size_t len,
         void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, stream_id);

  nghttp2_session_consume_connection (session, len);
  if (stream != NULL && !stream->ended && len > 0)
    gm_http2_stream_push_data (stream, (const char *) data, len);

  return 0;
}

static void
goaway_came (GmHttp2 *self,
             const nghttp2_goaway *frame)
{
  GM_TRACE (HTTP, 0, self->connection->id, "GOAWAY: last stream %d, code %u", frame->last_stream_id,
            frame->error_code);
  self->draining = TRUE;
  self->code = frame->error_code;
}

static void
stream_ended (GmHttp2Stream *stream)
{
  GmHttp2Event event = { .kind = GM_HTTP2_END };

  if (stream->ended)
    return;
  stream->ended = TRUE;
  gm_http2_stream_push (stream, &event);
}

/* The peer takes fewer than had been hoped for, and what was not sent waits in line: those that would wait for ever go
 * elsewhere. What waited to know so goes on. */
static void
release_impatient (GmHttp2 *self)
{
  guint32 room = gm_http2_get_max_streams (self);

  for (GList *l = self->streams.head; l != NULL; l = l->next)
    {
      GmHttp2Stream *stream = l->data;

      if (stream->head_sent && !stream->closed && room > 0)
        room--;
    }
  for (GList *l = self->streams.head; l != NULL; l = l->next)
    {
      GmHttp2Stream *stream = l->data;

      if (stream->head_sent && !self->settled)
        gm_http2_mark_ready (stream);
      if (stream->head_sent || stream->closed)
        continue;
      if (room > 0)
        {
          room--;
          continue;
        }
      if (!stream->owner.impatient)
        continue;
      gm_http2_stream_fail (stream, GM_HTTP2_GONE, NGHTTP2_REFUSED_STREAM, TRUE);
      gm_http2_mark_ready (stream);
    }
  self->settled = TRUE;
}

static int
frame_cb (nghttp2_session *session,
          const nghttp2_frame *frame,
          void *user_data)
{
  GmHttp2 *self = user_data;
  GmHttp2Stream *stream = frame->hd.stream_id > 0 ? find_stream (session, frame->hd.stream_id) : NULL;

  GM_TRACE (HTTP, 0, self->connection->id, "frame %u, %" G_GSIZE_FORMAT " bytes, flags %02x, stream %d",
            frame->hd.type, frame->hd.length, frame->hd.flags, frame->hd.stream_id);
  if (frame->hd.type == NGHTTP2_GOAWAY)
    goaway_came (self, &frame->goaway);
  if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
    release_impatient (self);
  if (stream == NULL)
    return 0;

  if (frame->hd.type == NGHTTP2_RST_STREAM)
    stream->reset_by_peer = TRUE;
  if (frame->hd.type == NGHTTP2_HEADERS)
    head_is_complete (stream);
  if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
      (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
    stream_ended (stream);
  if (stream->failure != GM_OK)
    nghttp2_submit_rst_stream (session, NGHTTP2_FLAG_NONE, stream->id, NGHTTP2_ENHANCE_YOUR_CALM);

  return 0;
}

static int
frame_sent_cb (nghttp2_session *session,
               const nghttp2_frame *frame,
               void *user_data)
{
  GmHttp2 *self = user_data;
  GmHttp2Stream *stream = frame->hd.stream_id > 0 ? find_stream (session, frame->hd.stream_id) : NULL;

  /* An uploading peer answers each piece with up to two updates of its windows. */
  if (frame->hd.type == NGHTTP2_DATA)
    count_chatter (self, -4.0);
  if (frame->hd.type == NGHTTP2_GOAWAY)
    self->code = frame->goaway.error_code;
  if (stream == NULL)
    return 0;

  if (frame->hd.type == NGHTTP2_HEADERS && !stream->head_sent)
    {
      stream->head_sent = TRUE;
      gm_http2_mark_ready (stream);
    }
  if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
      (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
    {
      stream->sent = TRUE;
      gm_http2_mark_ready (stream);
    }

  return 0;
}

static int
stream_closed_cb (nghttp2_session *session,
                  gint32 stream_id,
                  guint32 code,
                  void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, stream_id);

  if (stream == NULL)
    return 0;

  stream->closed = TRUE;
  stream->headers = NULL;
  if (stream->failure != GM_OK)
    gm_http2_stream_fail (stream, stream->failure, code, FALSE);
  else if (code == NGHTTP2_REFUSED_STREAM)
    gm_http2_stream_fail (stream, GM_HTTP2_GONE, code, TRUE);
  else
    gm_http2_stream_fail (stream, stream->reset_by_peer ? GM_HTTP2_STREAM : GM_HTTP2_PROTOCOL, code, FALSE);
  gm_http2_mark_ready (stream);

  return 0;
}

/* ---- receiving ---- */

static void
feed (GmHttp2 *self,
      const char *block,
      gsize len)
{
  ssize_t n = nghttp2_session_mem_recv (self->session, bytes (block), len);

  if (n >= 0)
    return;
  if (self->flooded || n == NGHTTP2_ERR_FLOODED)
    {
      nghttp2_session_terminate_session (self->session, NGHTTP2_ENHANCE_YOUR_CALM);
      die (self, GM_HTTP2_FLOOD, NGHTTP2_ENHANCE_YOUR_CALM);
    }
  else
    die (self, n == NGHTTP2_ERR_NOMEM ? GM_OUT_OF_MEMORY : GM_HTTP2_PROTOCOL, NGHTTP2_PROTOCOL_ERROR);
}

/* The shared block is kept from others while events point into it. */
static GmResult
receive_block (GmHttp2 *self,
               gsize *n)
{
  GmReactor *reactor = get_reactor (self);
  gsize size;
  char *block = gm_reactor_read_buffer (reactor, &size);
  GmResult result = gm_connection_recv (self->connection, block, size, n);

  if (result == GM_AGAIN)
    return result;
  if (result != GM_OK || *n == 0)
    {
      /* After a failed send the end is no news. */
      die (self, result != GM_OK ? result : self->send_error, self->code);
      run_owners (self);
      return GM_AGAIN;
    }

  reactor->read_buffer = NULL;
  feed (self, block, *n);
  run_owners (self);
  if (*n == size)
    gm_reactor_grow_buffer (reactor);
  if (reactor->read_buffer == NULL && reactor->read_size == size)
    reactor->read_buffer = block;
  else
    g_free (block);

  return GM_OK;
}

static void
receive_early (GmHttp2 *self)
{
  g_autofree char *early = g_steal_pointer (&self->early);

  feed (self, early, self->early_len);
  run_owners (self);
}

static void
receive (GmHttp2 *self)
{
  gsize share = 0;

  if (G_UNLIKELY (self->early != NULL))
    receive_early (self);

  while (!self->dead && gm_connection_readable (self->connection))
    {
      gsize n = 0;

      if (share >= GM_HTTP2_SHARE)
        {
          gm_reactor_queue (get_reactor (self), &self->connection->runnable);
          return;
        }
      if (receive_block (self, &n) != GM_OK)
        return;
      share += n;
    }
}

/* ---- sending ---- */

/* Adds to @record until it is full; FALSE when there is nothing at all. */
static gboolean
compose (GmHttp2 *self,
         GmByteBuilder *record)
{
  while (record->len < RECORD)
    {
      const guint8 *data;
      ssize_t n = nghttp2_session_mem_send (self->session, &data);

      if (n < 0)
        die (self, GM_OUT_OF_MEMORY, NGHTTP2_INTERNAL_ERROR);
      if (n <= 0)
        break;
      gm_byte_builder_append (record, (const char *) data, (gsize) n);
    }
  if (record->failed)
    die (self, GM_OUT_OF_MEMORY, NGHTTP2_INTERNAL_ERROR);

  return record->len > 0 && !record->failed;
}

static GmResult
send_bytes (GmHttp2 *self,
            const char *data,
            gsize len,
            gsize *n_sent)
{
  GmResult result = GM_OK;

  *n_sent = 0;
  while (len > *n_sent && result == GM_OK)
    {
      gsize n = 0;

      result = gm_connection_send (self->connection, data + *n_sent, len - *n_sent, &n);
      if (result == GM_OK)
        *n_sent += n;
    }
  self->blocked = result == GM_AGAIN;

  return result;
}

/* What the transport did not take before. */
static GmResult
send_rest (GmHttp2 *self)
{
  gsize n;
  GmResult result;

  if (self->out_pos == self->out.len)
    return GM_OK;

  result = send_bytes (self, self->out.data + self->out_pos, self->out.len - self->out_pos, &n);
  self->out_pos += n;
  if (self->out_pos == self->out.len)
    {
      gm_byte_builder_clear (&self->out);
      self->out_pos = 0;
    }

  return result;
}

/* OK = everything is sent, AGAIN, or the transport's failure. @share counts down. */
static GmResult
flush (GmHttp2 *self,
       gssize *share)
{
  GmByteBuilder *record = &get_reactor (self)->write_buffer;
  GmResult result = send_rest (self);

  while (result == GM_OK)
    {
      gsize n;

      if (*share <= 0)
        return GM_AGAIN;
      gm_byte_builder_reset (record);
      if (!compose (self, record))
        return GM_OK;
      result = send_bytes (self, record->data, record->len, &n);
      if (result == GM_AGAIN)
        gm_byte_builder_append (&self->out, record->data + n, record->len - n);
      *share -= (gssize) n;
    }

  return result;
}

/* The peer may have said why before it closed. */
static void
send_failed (GmHttp2 *self,
             GmResult result)
{
  self->send_error = result;
  gm_layer_query (self->connection->top, GM_QUERY_LOOK, NULL);
  receive (self);
  die (self, result, self->code);
}

/* ---- the turn ---- */

static void
check_over (GmHttp2 *self)
{
  if (self->dead || nghttp2_session_want_read (self->session) || nghttp2_session_want_write (self->session))
    return;
  /* After GOAWAY, theirs, nothing is left to wait for; after ours, because of what they did, streams may be. */
  die (self, GM_HTTP2_PROTOCOL, self->code);
}

static void
speak (GmHttp2 *self)
{
  gssize share = GM_HTTP2_SHARE;

  do
    {
      GmResult result;

      run_owners (self);
      if (self->dead && !self->flooded)
        return;
      result = flush (self, &share);
      if (result != GM_OK && result != GM_AGAIN)
        send_failed (self, result);
      check_over (self);
    }
  while (self->ready.length > 0 && share > 0);

  if (share <= 0)
    gm_reactor_queue (get_reactor (self), &self->connection->runnable);
}

void
gm_http2_turn (GmHttp2 *self)
{
  if (self->turning)
    return;

  self->turning = TRUE;
  receive (self);
  speak (self);
  run_owners (self);
  self->turning = FALSE;
  /* Nobody uses it, and no foreign loop is to watch it. */
  if (self->streams.length == 0 && !self->blocked && self->connection->socket != NULL && self->connection->socket->resting)
    return;
  if (self->connection->top != NULL)
    gm_layer_adjust (self->connection->top, (self->dead ? 0 : GM_IO_IN) | (self->blocked ? GM_IO_OUT : 0));
}

gboolean
gm_http2_is_turning (GmHttp2 *self)
{
  return self->turning;
}

gboolean
gm_http2_is_usable (GmHttp2 *self)
{
  return !self->dead && !self->draining && nghttp2_session_check_request_allowed (self->session) != 0;
}

guint
gm_http2_get_max_streams (GmHttp2 *self)
{
  return nghttp2_session_get_remote_settings (self->session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

gpointer
gm_http2_get_holder (GmHttp2 *self)
{
  const GmHttp2Stream *stream = self->streams.length > 0 ? self->streams.head->data : NULL;

  return stream != NULL ? stream->owner.holder : NULL;
}

GmResult
gm_http2_say_goodbye (GmHttp2 *self)
{
  gssize share = GM_HTTP2_SHARE;

  if (self->dead && !self->flooded)
    return GM_OK;
  if (!self->goodbye)
    nghttp2_submit_goaway (self->session, NGHTTP2_FLAG_NONE, 0, self->flooded ? NGHTTP2_ENHANCE_YOUR_CALM
                                                                             : NGHTTP2_NO_ERROR, NULL, 0);
  self->goodbye = TRUE;

  return flush (self, &share) == GM_AGAIN ? GM_AGAIN : GM_OK;
}

void
gm_http2_ping (GmHttp2 *self)
{
  gssize share = GM_HTTP2_SHARE;

  if (self->dead || self->goodbye || self->turning)
    return;
  /* what does not go out now does with the next turn */
  if (nghttp2_submit_ping (self->session, NGHTTP2_FLAG_NONE, NULL) == 0)
    flush (self, &share);
}

/* ---- requests ---- */

static ssize_t
read_cb (nghttp2_session *session,
         gint32 stream_id,
         guint8 *buffer,
         size_t len,
         guint32 *flags,
         nghttp2_data_source *source,
         void *user_data)
{
  GmHttp2Stream *stream = find_stream (session, stream_id);

  return stream != NULL ? gm_http2_stream_read (stream, buffer, len, flags) : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static void
set_field (nghttp2_nv *to,
           const GmHttp2Field *from)
{
  *to = (nghttp2_nv){
    .name = (guint8 *) from->name.data,
    .namelen = from->name.len,
    .value = (guint8 *) from->value.data,
    .valuelen = from->value.len,
    .flags = from->secret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE,
  };
}

static gint32
submit (GmHttp2 *self,
        GmHttp2Stream *stream,
        const GmHttp2Field *fields,
        guint n_fields,
        gboolean body,
        guint weight)
{
  nghttp2_data_provider provider = { .read_callback = read_cb };
  nghttp2_priority_spec priority;
  nghttp2_nv on_stack[FIELDS_ON_STACK];
  g_autofree nghttp2_nv *on_heap = n_fields > FIELDS_ON_STACK ? g_new (nghttp2_nv, n_fields) : NULL;
  nghttp2_nv *list = on_heap != NULL ? on_heap : on_stack;

  for (guint i = 0; i < n_fields; i++)
    set_field (&list[i], &fields[i]);
  if (weight > 0)
    nghttp2_priority_spec_init (&priority, 0, (gint32) MIN (weight, NGHTTP2_MAX_WEIGHT), FALSE);

  return nghttp2_submit_request (self->session, weight > 0 ? &priority : NULL, list, n_fields,
                                 body ? &provider : NULL, stream);
}

static void
enter (GmHttp2 *self,
       GmHttp2Stream *stream)
{
  stream->http2 = self;
  stream->link.data = stream;
  gm_queue_push_tail (&self->streams, &stream->link);
  gm_http2_need_turn (self);
}

GmResult
gm_http2_request (GmHttp2 *self,
                  const GmHttp2Owner *owner,
                  const GmHttp2Field *fields,
                  guint n_fields,
                  gboolean body,
                  guint weight,
                  GmHttp2Stream **out)
{
  GmHttp2Stream *stream;

  if (!gm_http2_is_usable (self))
    return self->verdict != GM_OK ? self->verdict : GM_HTTP2_GONE;

  stream = g_new0 (GmHttp2Stream, 1);
  stream->window = GM_HTTP2_WINDOW;
  stream->owner = *owner;
  stream->out_ended = !body;
  stream->id = submit (self, stream, fields, n_fields, body, weight);
  if (stream->id < 0)
    {
      gboolean used_up = stream->id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE;

      self->draining = self->draining || used_up;
      g_free (stream);
      return used_up ? GM_HTTP2_GONE : GM_OUT_OF_MEMORY;
    }

  enter (self, stream);
  *out = stream;

  return GM_OK;
}

GmHttp2Stream *
gm_http2_adopt (GmHttp2 *self,
                const GmHttp2Owner *owner)
{
  GmHttp2Stream *stream = g_new0 (GmHttp2Stream, 1);

  stream->window = GM_HTTP2_WINDOW;
  stream->owner = *owner;
  stream->id = 1;
  stream->out_ended = stream->head_sent = stream->sent = TRUE;
  nghttp2_session_set_stream_user_data (self->session, stream->id, stream);
  enter (self, stream);

  return stream;
}

/* ---- life ---- */

static nghttp2_session_callbacks *
make_callbacks (void)
{
  nghttp2_session_callbacks *callbacks = NULL;

  if (nghttp2_session_callbacks_new (&callbacks) != 0)
    return NULL;

  nghttp2_session_callbacks_set_on_begin_frame_callback (callbacks, begin_frame_cb);
  nghttp2_session_callbacks_set_on_begin_headers_callback (callbacks, begin_headers_cb);
  nghttp2_session_callbacks_set_on_header_callback (callbacks, header_cb);
  nghttp2_session_callbacks_set_on_invalid_header_callback (callbacks, invalid_header_cb);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback (callbacks, invalid_frame_cb);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback (callbacks, data_cb);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, frame_cb);
  nghttp2_session_callbacks_set_on_frame_send_callback (callbacks, frame_sent_cb);
  nghttp2_session_callbacks_set_on_stream_close_callback (callbacks, stream_closed_cb);

  return callbacks;
}

static gboolean
make_session (GmHttp2 *self)
{
  nghttp2_session_callbacks *callbacks = make_callbacks ();
  nghttp2_option *option = NULL;
  gboolean made = FALSE;

  if (callbacks != NULL && nghttp2_option_new (&option) == 0)
    {
      nghttp2_option_set_no_auto_window_update (option, 1);
      /* Nothing is told of streams that are gone; what lies about of them would only cost. */
      nghttp2_option_set_no_closed_streams (option, 1);
      made = nghttp2_session_client_new2 (&self->session, callbacks, self, option) == 0;
    }
  nghttp2_session_callbacks_del (callbacks);
  nghttp2_option_del (option);

  return made;
}

static const nghttp2_settings_entry settings[] = {
  { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
  { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, GM_HTTP2_WINDOW },
  { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GM_HTTP2_MAX_HEAD },
};

/* Six bytes each. */
#define SETTINGS_SIZE (6 * G_N_ELEMENTS (settings))

static void
pack_settings (guint8 *payload)
{
  nghttp2_pack_settings_payload (payload, SETTINGS_SIZE, settings, G_N_ELEMENTS (settings));
}

const char *
gm_http2_get_settings_text (void)
{
  static gsize made;
  static char *text;

  if (g_once_init_enter (&made))
    {
      guint8 payload[SETTINGS_SIZE];

      pack_settings (payload);
      /* Of 18 bytes nothing is left over to be filled up; the rest of the difference is the alphabet. */
      text = g_strdelimit (g_strdelimit (g_base64_encode (payload, sizeof payload), "+", '-'), "/", '_');
      g_once_init_leave (&made, 1);
    }

  return text;
}

static GmHttp2 *
make (GmConnection *connection,
      gboolean upgraded,
      gboolean is_head)
{
  GmHttp2 *self = g_new0 (GmHttp2, 1);
  guint8 payload[SETTINGS_SIZE];

  self->connection = connection;
  self->chatter_at = get_reactor (self)->now;
  pack_settings (payload);
  if (!make_session (self) ||
      (upgraded && nghttp2_session_upgrade2 (self->session, payload, sizeof payload, is_head, NULL) != 0) ||
      nghttp2_submit_settings (self->session, NGHTTP2_FLAG_NONE, settings, G_N_ELEMENTS (settings)) != 0 ||
      nghttp2_session_set_local_window_size (self->session, NGHTTP2_FLAG_NONE, 0, GM_HTTP2_CONNECTION_WINDOW) != 0)
    {
      gm_http2_free (self);
      return NULL;
    }
  gm_http2_need_turn (self);

  return self;
}

GmHttp2 *
gm_http2_new (GmConnection *connection)
{
  return make (connection, FALSE, FALSE);
}

GmHttp2 *
gm_http2_new_upgraded (GmConnection *connection,
                       gboolean is_head,
                       GmSpan early)
{
  GmHttp2 *self = make (connection, TRUE, is_head);

  if (self != NULL && early.len > 0)
    {
      self->early = g_memdup2 (early.data, early.len);
      self->early_len = early.len;
    }

  return self;
}

void
gm_http2_free (GmHttp2 *self)
{
  GList *link;

  if (self == NULL)
    return;

  while ((link = gm_queue_pop_head (&self->streams)) != NULL)
    {
      GmHttp2Stream *stream = link->data;

      gm_http2_stream_fail (stream, GM_HTTP2_GONE, self->code, FALSE);
      stream->http2 = NULL;
      stream->ready_link.data = NULL;
    }
  if (self->session != NULL)
    nghttp2_session_del (self->session);
  gm_byte_builder_clear (&self->out);
  g_free (self->early);
  g_free (self);
}
