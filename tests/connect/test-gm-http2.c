/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http2.h"
#include "turning.h"

#include <nghttp2/nghttp2.h>

/* A session of ours and one of nghttp2's as the server, in one process, over a layer that is two blocks of memory. */

typedef struct
{
  GmLayer layer; /* first member */
  GmSocket *socket;
  GString *in; /* to us */
  GString *out; /* from us */
  gsize most; /* bytes a read gives; 0 = all */
  gboolean ended;
  gboolean deaf; /* takes nothing */
} Wire;

typedef struct
{
  GmReactor reactor;
  GmConnection connection;
  Wire *wire;
  GmHttp2 *http2;
  nghttp2_session *server;
  GPtrArray *requests; /* of char *: "id method path" */
  guint n_pongs;
  guint n_goaways;
  guint n_resets;
  gint32 last_reset;
  gsize n_uploaded;
  GString *upload_trailers;
  gsize body_size; /* of each answer that the server makes by itself */
} World;

/* Who owns a stream: logs what comes as "H200 D5 E". */
typedef struct
{
  GmRunnable runnable; /* first member */
  World *world;
  GmHttp2Stream *stream;
  GmHeaders *headers;
  GString *log;
  gsize n_bytes;
  gsize to_upload;
  GmHttp2Event failure;
  gboolean still; /* takes nothing */
  gboolean free_at_head;
  void (*at_head) (gpointer data);
  gpointer data;
} Reader;

/* ---- the wire ---- */

static GmResult
wire_send (GmLayer *layer,
           const char *data,
           gsize len,
           gsize *n_sent)
{
  Wire *self = (Wire *) layer;

  if (self->deaf)
    return GM_AGAIN;
  *n_sent = self->most > 0 ? MIN (len, self->most) : len;
  g_string_append_len (self->out, data, (gssize) *n_sent);
  return GM_OK;
}

static GmResult
wire_recv (GmLayer *layer,
           char *data,
           gsize len,
           gsize *n_read)
{
  Wire *self = (Wire *) layer;

  *n_read = MIN (len, self->in->len);
  if (self->most > 0)
    *n_read = MIN (*n_read, self->most);
  if (*n_read == 0 && !self->ended)
    {
      self->socket->ready &= (guint8) ~GM_IO_IN;
      return GM_AGAIN;
    }
  memcpy (data, self->in->str, *n_read);
  g_string_erase (self->in, 0, (gssize) *n_read);
  return GM_OK;
}

static gboolean
wire_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  Wire *self = (Wire *) layer;

  if (query == GM_QUERY_SOCKET)
    *(GmSocket **) answer = self->socket;
  return query == GM_QUERY_SOCKET;
}

static void
wire_adjust (GmLayer *layer,
             GmIo want)
{
  gm_socket_set_want (((Wire *) layer)->socket, want);
}

static void
wire_free (GmLayer *layer)
{
  Wire *self = (Wire *) layer;

  gm_socket_close (self->socket);
  g_string_free (self->in, TRUE);
  g_string_free (self->out, TRUE);
  g_free (self);
}

static const GmLayerType wire_type = {
  .name = "wire", .send = wire_send, .recv = wire_recv, .query = wire_query,
  .adjust = wire_adjust, .free = wire_free,
};

/* ---- the server ---- */

static int
server_frame_cb (nghttp2_session *session,
                 const nghttp2_frame *frame,
                 void *data)
{
  World *self = data;

  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
    self->n_pongs++;
  if (frame->hd.type == NGHTTP2_GOAWAY)
    self->n_goaways++;
  if (frame->hd.type == NGHTTP2_RST_STREAM)
    {
      self->n_resets++;
      self->last_reset = frame->hd.stream_id;
    }
  if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
    g_ptr_array_add (self->requests, g_strdup_printf ("%d", frame->hd.stream_id));
  return 0;
}

static int
server_header_cb (nghttp2_session *session,
                  const nghttp2_frame *frame,
                  const guint8 *name,
                  size_t name_len,
                  const guint8 *value,
                  size_t value_len,
                  guint8 flags,
                  void *data)
{
  World *self = data;

  if (frame->headers.cat == NGHTTP2_HCAT_HEADERS)
    g_string_append_printf (self->upload_trailers, "%s=%s ", (const char *) name, (const char *) value);
  return 0;
}

static int
server_data_cb (nghttp2_session *session,
                guint8 flags,
                gint32 id,
                const guint8 *bytes,
                size_t len,
                void *data)
{
  ((World *) data)->n_uploaded += len;
  return 0;
}

static ssize_t
server_read_cb (nghttp2_session *session,
                gint32 id,
                guint8 *buffer,
                size_t len,
                guint32 *flags,
                nghttp2_data_source *source,
                void *data)
{
  World *self = data;
  gsize given = GPOINTER_TO_SIZE (nghttp2_session_get_stream_user_data (session, id));
  gsize n = MIN (len, self->body_size - given);

  memset (buffer, 'b', n);
  nghttp2_session_set_stream_user_data (session, id, GSIZE_TO_POINTER (given + n));
  if (given + n == self->body_size)
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  return (ssize_t) n;
}

#define FIELD(n, v) { (guint8 *) (n), (guint8 *) (v), strlen (n), strlen (v), 0 }

/* 200 with body_size bytes. */
static void
server_answer (World *self,
               gint32 id)
{
  nghttp2_nv fields[] = { FIELD (":status", "200"), FIELD ("server", "memory") };
  nghttp2_data_provider provider = { .read_callback = server_read_cb };

  g_assert_cmpint (nghttp2_submit_response (self->server, id, fields, 2, self->body_size > 0 ? &provider : NULL), ==, 0);
}

/* Bytes that no well-behaved server would say. */
static void
server_says (World *self,
             const char *data,
             gsize len)
{
  g_string_append_len (self->wire->in, data, (gssize) len);
  gm_socket_post (self->wire->socket, GM_IO_IN);
}

static void
server_frame (World *self,
              guint8 type,
              guint8 flags,
              gint32 id,
              const char *payload,
              gsize len)
{
  char head[9] = { (char) (len >> 16), (char) (len >> 8), (char) len, (char) type, (char) flags,
                   (char) (id >> 24), (char) (id >> 16), (char) (id >> 8), (char) id };

  server_says (self, head, sizeof head);
  server_says (self, payload, len);
}

/* ---- the world ---- */

static void
connection_turn (GmRunnable *runnable)
{
  GmConnection *self = (GmConnection *) runnable;

  gm_http2_turn (self->http2);
}

static World *
world_new (gsize most)
{
  World *self = g_new0 (World, 1);
  nghttp2_session_callbacks *callbacks;

  gm_reactor_init (&self->reactor, &turning_clock, NULL, NULL);
  self->requests = g_ptr_array_new_with_free_func (g_free);
  self->upload_trailers = g_string_new (NULL);
  self->connection.runnable.run = connection_turn;
  self->connection.host = (GmLayerHost){ .reactor = &self->reactor, .owner = &self->connection.runnable };
  self->wire = g_new0 (Wire, 1);
  self->wire->layer = (GmLayer){ &wire_type, NULL, &self->connection.host };
  self->wire->in = g_string_new (NULL);
  self->wire->out = g_string_new (NULL);
  self->wire->most = most;
  self->wire->socket = gm_socket_new (&self->reactor, -1, &self->connection.runnable);
  self->connection.top = &self->wire->layer;
  self->http2 = self->connection.http2 = gm_http2_new (&self->connection);

  nghttp2_session_callbacks_new (&callbacks);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, server_frame_cb);
  nghttp2_session_callbacks_set_on_header_callback (callbacks, server_header_cb);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback (callbacks, server_data_cb);
  nghttp2_session_server_new (&self->server, callbacks, self);
  nghttp2_session_callbacks_del (callbacks);
  nghttp2_submit_settings (self->server, 0, NULL, 0);

  return self;
}

static void
world_free (World *self)
{
  gm_http2_free (self->http2);
  gm_reactor_dequeue (&self->reactor, &self->connection.runnable);
  gm_layer_free (self->connection.top);
  gm_reactor_clear (&self->reactor);
  nghttp2_session_del (self->server);
  g_ptr_array_unref (self->requests);
  g_string_free (self->upload_trailers, TRUE);
  g_free (self);
}

/* One way and back; TRUE when something moved. */
static gboolean
pump_once (World *self)
{
  gboolean moved = FALSE;
  const guint8 *data;
  ssize_t n;

  while (self->reactor.runnables.length > 0)
    gm_reactor_run (&self->reactor, 0);
  if (self->wire->out->len > 0)
    {
      nghttp2_session_mem_recv (self->server, (const guint8 *) self->wire->out->str, self->wire->out->len);
      g_string_truncate (self->wire->out, 0);
      moved = TRUE;
    }
  while ((n = nghttp2_session_mem_send (self->server, &data)) > 0)
    {
      server_says (self, (const char *) data, (gsize) n);
      moved = TRUE;
    }

  return moved || self->reactor.runnables.length > 0;
}

static void
pump (World *self)
{
  guint n = 0;

  while (pump_once (self))
    g_assert_cmpuint (n++, <, 100000);
}

/* ---- readers ---- */

static GmHeaders *
reader_headers (gpointer data)
{
  Reader *self = data;

  if (self->headers == NULL)
    self->headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  return self->headers;
}

static void
reader_upload (Reader *self)
{
  static const GmHttp2Field trailer = { { "x-end", 5 }, { "yes", 3 }, FALSE };
  gsize room;

  if (self->to_upload == 0)
    return;
  while (self->to_upload > 0 && (room = gm_http2_stream_get_room (self->stream)) > 0)
    {
      gsize n = MIN (room, self->to_upload);

      memset (gm_http2_stream_reserve (self->stream, n), 'u', n);
      gm_http2_stream_commit (self->stream, n);
      self->to_upload -= n;
    }
  if (self->to_upload == 0)
    gm_http2_stream_end (self->stream, &trailer, 1);
}

static void
reader_run (GmRunnable *runnable)
{
  Reader *self = (Reader *) runnable;
  GmHttp2Event event;

  reader_upload (self);
  while (!self->still && self->stream != NULL && gm_http2_stream_peek (self->stream, &event))
    {
      switch (event.kind)
        {
        case GM_HTTP2_HEAD:
          g_string_append_printf (self->log, "H%u ", event.status);
          break;
        case GM_HTTP2_DATA:
          for (gsize i = 0; i < event.len; i++)
            g_assert_cmpint (event.data[i], ==, 'b');
          if (!g_str_has_suffix (self->log->str, "D "))
            g_string_append (self->log, "D ");
          self->n_bytes += event.len;
          break;
        case GM_HTTP2_TRAILER:
          g_string_append (self->log, "T ");
          break;
        case GM_HTTP2_END:
          g_string_append (self->log, "E ");
          break;
        case GM_HTTP2_FAILED:
        default:
          g_string_append_printf (self->log, "%s ", gm_result_name (event.result));
          self->failure = event;
          break;
        }
      gm_http2_stream_take (self->stream, event.len);
      if (event.kind == GM_HTTP2_HEAD && self->at_head != NULL)
        self->at_head (self->data);
      if (event.kind == GM_HTTP2_HEAD && self->free_at_head)
        g_clear_pointer (&self->stream, gm_http2_stream_free);
    }
}

static Reader *
reader_new_full (World *world,
                 const char *method,
                 gsize upload)
{
  Reader *self = g_new0 (Reader, 1);
  GmHttp2Owner owner = { &self->runnable, self, reader_headers, self };
  GmHttp2Field fields[] = {
    { { ":method", 7 }, gm_span (method, strlen (method)), FALSE },
    { { ":path", 5 }, { "/", 1 }, FALSE },
    { { ":scheme", 7 }, { "http", 4 }, FALSE },
    { { ":authority", 10 }, { "a.example", 9 }, FALSE },
    { { "authorization", 13 }, { "Basic eDp5", 10 }, TRUE },
  };

  self->runnable.run = reader_run;
  self->world = world;
  self->log = g_string_new (NULL);
  self->to_upload = upload;
  g_assert_cmpint (gm_http2_request (world->http2, &owner, fields, G_N_ELEMENTS (fields), upload > 0, 0, &self->stream),
                   ==, GM_OK);
  return self;
}

static Reader *
reader_new (World *world)
{
  return reader_new_full (world, "GET", 0);
}

static void
reader_free (Reader *self)
{
  gm_http2_stream_free (self->stream);
  gm_reactor_dequeue (&self->world->reactor, &self->runnable);
  gm_headers_unref (self->headers);
  g_string_free (self->log, TRUE);
  g_free (self);
}

static gint32
request_id (World *world,
            guint n)
{
  g_assert_cmpuint (n, <, world->requests->len);
  return (gint32) g_ascii_strtoll (g_ptr_array_index (world->requests, n), NULL, 10);
}

/* ---- one answer, in pieces of every kind ---- */

static void
test_answer (void)
{
  static const gsize sizes[] = { 0, 1, 2, 9, 10, 1000 };
  static const char lines[] = "HTTP/2 103 \r\nlink: </a>\r\n\r\nHTTP/2 200 \r\nserver: memory\r\n\r\n";

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      World *world = world_new (sizes[i]);
      Reader *reader = reader_new (world);
      nghttp2_nv hints[] = { FIELD (":status", "103"), FIELD ("link", "</a>") };

      world->body_size = 700;
      pump (world);
      g_assert_cmpuint (world->requests->len, ==, 1);
      nghttp2_submit_headers (world->server, 0, request_id (world, 0), NULL, hints, 2, NULL);
      server_answer (world, request_id (world, 0));
      pump (world);
      g_assert_cmpstr (reader->log->str, ==, "H103 H200 D E ");
      g_assert_cmpuint (reader->n_bytes, ==, 700);
      g_assert_cmpmem (reader->headers->data, reader->headers->len, lines, strlen (lines));
      g_assert_cmpint (gm_headers_find (reader->headers, GM_SPAN ("link"), 0, GM_HEADER_1XX, GM_HEADERS_ANY_REQUEST), ==, 0);
      g_assert_cmpint (gm_headers_find (reader->headers, GM_SPAN ("server"), 0, GM_HEADER_FINAL, GM_HEADERS_ANY_REQUEST), ==, 1);
      g_assert_true (gm_http2_is_usable (world->http2));
      reader_free (reader);
      pump (world);
      g_assert_cmpuint (world->n_resets, ==, 0);
      world_free (world);
    }
}

static void
test_trailers (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);
  static const char head[] = "\x88";
  static const char trailer[] = "\x00\x04tail\x03" "end";

  pump (world);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, head, 1);
  server_frame (world, NGHTTP2_DATA, 0, 1, "bbb", 3);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, trailer, 10);
  pump (world);
  g_assert_cmpstr (reader->log->str, ==, "H200 D T E ");
  g_assert_cmpint (gm_headers_find (reader->headers, GM_SPAN ("tail"), 0, GM_HEADER_TRAILER, GM_HEADERS_ANY_REQUEST), ==, 0);
  reader_free (reader);
  world_free (world);
}

/* More pieces than heads may wait, all read at once. */
static void
test_trailers_behind_crumbs (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);
  static const char trailer[] = "\x00\x04tail\x03" "end";

  pump (world);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1);
  for (guint i = 0; i < 2 * GM_HTTP2_MAX_EVENTS; i++)
    server_frame (world, NGHTTP2_DATA, 0, 1, "b", 1);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, trailer, 10);
  pump (world);
  g_assert_cmpuint (reader->n_bytes, ==, 2 * GM_HTTP2_MAX_EVENTS);
  g_assert_true (g_str_has_suffix (reader->log->str, "T E "));
  g_assert_cmpuint (world->n_resets, ==, 0);
  reader_free (reader);
  world_free (world);
}

static void
test_head (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new_full (world, "HEAD", 0);
  nghttp2_nv fields[] = { FIELD (":status", "200"), FIELD ("content-length", "1000000") };

  pump (world);
  nghttp2_submit_response (world->server, 1, fields, 2, NULL);
  pump (world);
  g_assert_cmpstr (reader->log->str, ==, "H200 E ");
  reader_free (reader);
  world_free (world);
}

/* ---- windows ---- */

static void
test_paused_beside_running (void)
{
  World *world = world_new (0);
  Reader *still = reader_new (world);
  Reader *running = reader_new (world);

  world->body_size = 3 * 1024 * 1024;
  still->still = TRUE;
  pump (world);
  server_answer (world, 1);
  server_answer (world, 3);
  pump (world);
  g_assert_cmpstr (running->log->str, ==, "H200 D E ");
  g_assert_cmpuint (running->n_bytes, ==, world->body_size);
  g_assert_cmpstr (still->log->str, ==, "");
  /* It holds a window, not more; the connection's credit is all back. */
  g_assert_cmpint (nghttp2_session_get_stream_remote_window_size (world->server, 1), <=, 0);
  g_assert_cmpint (nghttp2_session_get_remote_window_size (world->server), >, GM_HTTP2_CONNECTION_WINDOW / 2);

  still->still = FALSE;
  gm_reactor_queue (&world->reactor, &still->runnable);
  pump (world);
  g_assert_cmpstr (still->log->str, ==, "H200 D E ");
  g_assert_cmpuint (still->n_bytes, ==, world->body_size);
  reader_free (still);
  reader_free (running);
  world_free (world);
}

static void
test_window_grows (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);
  guint n_rounds = 0;

  world->body_size = 8 * 1024 * 1024;
  pump (world);
  g_assert_cmpint (nghttp2_session_get_stream_remote_window_size (world->server, 1), ==, GM_HTTP2_WINDOW);
  server_answer (world, 1);
  while (pump_once (world))
    {
      n_rounds++;
      g_assert_cmpint (nghttp2_session_get_stream_remote_window_size (world->server, 1), <=, GM_HTTP2_WINDOW_MAX);
    }
  /* At 64 KiB for each round trip it would be 128. */
  g_assert_cmpuint (n_rounds, <, 32);
  g_assert_cmpuint (reader->n_bytes, ==, world->body_size);
  reader_free (reader);
  world_free (world);
}

static void
test_cancel_gives_credit_back (void)
{
  World *world = world_new (0);
  Reader *still = reader_new (world);
  Reader *other = reader_new (world);

  world->body_size = 1024 * 1024;
  still->still = TRUE;
  pump (world);
  for (guint i = 0; i < 5; i++)
    {
      Reader *more = reader_new (world);

      more->still = TRUE;
      pump (world);
      server_answer (world, request_id (world, world->requests->len - 1));
      pump (world);
      reader_free (more);
      pump (world);
    }
  server_answer (world, 1);
  pump (world);
  reader_free (still);
  pump (world);
  g_assert_cmpuint (world->n_resets, ==, 6);
  server_answer (world, 3);
  pump (world);
  g_assert_cmpstr (other->log->str, ==, "H200 D E ");
  /* What nghttp2 has not yet told is less than half of it, and none of it is held by those that are gone. */
  g_assert_cmpint (nghttp2_session_get_remote_window_size (world->server), >, GM_HTTP2_CONNECTION_WINDOW / 2);
  reader_free (other);
  world_free (world);
}

/* ---- ends ---- */

static void
test_goaway_in_the_middle (void)
{
  World *world = world_new (0);
  Reader *readers[100];

  world->body_size = 100000;
  for (guint i = 0; i < 100; i++)
    readers[i] = reader_new (world);
  pump (world);
  g_assert_cmpuint (world->requests->len, ==, 100);
  for (guint i = 0; i < 50; i++)
    server_answer (world, request_id (world, i));
  nghttp2_submit_goaway (world->server, 0, request_id (world, 49), NGHTTP2_NO_ERROR, NULL, 0);
  pump (world);
  g_assert_false (gm_http2_is_usable (world->http2));
  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpstr (readers[i]->log->str, ==, i < 50 ? "H200 D E " : "HTTP2_GONE ");
      g_assert_cmpint (readers[i]->failure.unprocessed, ==, i >= 50);
      reader_free (readers[i]);
    }
  world_free (world);
}

static void
test_reset (void)
{
  World *world = world_new (0);
  Reader *reset = reader_new (world);
  Reader *refused = reader_new (world);
  Reader *fine = reader_new (world);

  pump (world);
  nghttp2_submit_rst_stream (world->server, 0, 1, NGHTTP2_ENHANCE_YOUR_CALM);
  nghttp2_submit_rst_stream (world->server, 0, 3, NGHTTP2_REFUSED_STREAM);
  server_answer (world, 5);
  pump (world);
  g_assert_cmpstr (reset->log->str, ==, "HTTP2_STREAM ");
  g_assert_cmpuint (reset->failure.code, ==, GM_HTTP2_ENHANCE_YOUR_CALM);
  g_assert_false (reset->failure.unprocessed);
  g_assert_cmpstr (refused->log->str, ==, "HTTP2_GONE ");
  g_assert_true (refused->failure.unprocessed);
  g_assert_cmpstr (fine->log->str, ==, "H200 E ");
  g_assert_true (gm_http2_is_usable (world->http2));
  reader_free (reset);
  reader_free (refused);
  reader_free (fine);
  world_free (world);
}

static void
test_connection_ends (void)
{
  World *world = world_new (0);
  Reader *begun = reader_new (world);
  Reader *waiting = reader_new (world);
  Reader *late;

  pump (world);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1);
  server_frame (world, NGHTTP2_DATA, 0, 1, "bb", 2);
  pump (world);
  world->wire->deaf = TRUE;
  late = reader_new (world);
  world->wire->ended = TRUE;
  gm_socket_post (world->wire->socket, GM_IO_IN | GM_IO_HUP);
  pump (world);
  g_assert_cmpstr (begun->log->str, ==, "H200 D PARTIAL ");
  g_assert_cmpstr (waiting->log->str, ==, "GOT_NOTHING ");
  g_assert_cmpstr (late->log->str, ==, "HTTP2_GONE ");
  g_assert_true (late->failure.unprocessed);
  g_assert_false (gm_http2_is_usable (world->http2));
  reader_free (begun);
  reader_free (waiting);
  reader_free (late);
  world_free (world);
}

static void
test_session_freed_first (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);

  pump (world);
  g_clear_pointer (&world->http2, gm_http2_free);
  reader_run (&reader->runnable);
  g_assert_cmpstr (reader->log->str, ==, "HTTP2_GONE ");
  reader_free (reader);
  world_free (world);
}

static void
test_goodbye (void)
{
  World *world = world_new (0);

  pump (world);
  world->wire->deaf = TRUE;
  g_assert_cmpint (gm_http2_say_goodbye (world->http2), ==, GM_AGAIN);
  world->wire->deaf = FALSE;
  g_assert_cmpint (gm_http2_say_goodbye (world->http2), ==, GM_OK);
  pump (world);
  g_assert_cmpuint (world->n_goaways, ==, 1);
  world_free (world);
}

/* ---- settings and pings ---- */

static void
test_settings_in_flight (void)
{
  World *world = world_new (0);
  nghttp2_settings_entry small[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 3 },
                                     { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000 } };
  nghttp2_settings_entry large[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 50 },
                                     { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000000 } };
  Reader *reader = reader_new_full (world, "PUT", 300000);

  nghttp2_submit_settings (world->server, 0, small, 2);
  pump (world);
  g_assert_cmpuint (gm_http2_get_max_streams (world->http2), ==, 3);
  nghttp2_submit_settings (world->server, 0, large, 2);
  pump (world);
  g_assert_cmpuint (gm_http2_get_max_streams (world->http2), ==, 50);
  g_assert_cmpuint (world->n_uploaded, ==, 300000);
  g_assert_cmpstr (world->upload_trailers->str, ==, "x-end=yes ");
  g_assert_true (gm_http2_stream_is_sent (reader->stream));
  server_answer (world, 1);
  pump (world);
  g_assert_cmpstr (reader->log->str, ==, "H200 E ");
  reader_free (reader);
  world_free (world);
}

/* Who may yet be refused gives nothing away that could not be had again: all but the first, until the peer has said how many
 * there may be, and who stands in line. */
static void
test_uploads_in_line (void)
{
  World *world = world_new (0);
  nghttp2_settings_entry one[] = { { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1 } };
  Reader *first = reader_new_full (world, "PUT", 1000);
  Reader *second = reader_new_full (world, "PUT", 1000);
  Reader *third;

  g_assert_cmpuint (gm_http2_stream_get_room (first->stream), >, 0);
  g_assert_cmpuint (gm_http2_stream_get_room (second->stream), ==, 0);
  nghttp2_submit_settings (world->server, 0, one, 1);
  pump (world);
  g_assert_cmpuint (first->to_upload, ==, 0);
  third = reader_new_full (world, "PUT", 1000);
  pump (world);
  g_assert_cmpuint (third->to_upload, ==, 1000);
  server_answer (world, request_id (world, 0));
  pump (world);
  g_assert_cmpstr (first->log->str, ==, "H200 E ");
  reader_free (first);
  reader_free (second);
  pump (world);
  g_assert_cmpuint (third->to_upload, ==, 0);
  reader_free (third);
  world_free (world);
}

static void
test_ping_while_idle (void)
{
  World *world = world_new (0);

  pump (world);
  nghttp2_submit_ping (world->server, 0, NULL);
  pump (world);
  g_assert_cmpuint (world->n_pongs, ==, 1);
  g_assert_true (gm_http2_is_usable (world->http2));
  world_free (world);
}

/* ---- what breaks the rules of a stream ---- */

#define BLOCK(text) (text), sizeof (text) - 1

static void
test_bad_answers (void)
{
  static const struct
  {
    const char *payload;
    gsize len;
  } cases[] = {
    { BLOCK ("\x88\x00\x05" "Upper\x01" "x") },
    { BLOCK ("\x88\x00\x03" "a b\x01" "x") },
    { BLOCK ("\x88\x00\x01" "a\x03" "x\ny") },
    { BLOCK ("\x88\x00\x01" "a\x03" "x\0y") },
    { BLOCK ("\x88\x00\x0a" "connection\x05" "close") },
    { BLOCK ("\x88\x00\x11" "transfer-encoding\x07" "chunked") },
    { BLOCK ("\x00\x01" "a\x01" "b") }, /* no :status */
    { BLOCK ("\x00\x01" "a\x01" "b\x88") }, /* … after a field */
    { BLOCK ("\x88\x88") },
    { BLOCK ("\x88\x84") }, /* :path */
    { BLOCK ("\x08\x03" "2x0") },
    { BLOCK ("\x88\x0f\x0d\x02" "-1") },
    { BLOCK ("\x88\x0f\x0d\x01" "5\x0f\x0d\x01" "6") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      World *world = world_new (i % 2);
      Reader *bad = reader_new (world);
      Reader *good = reader_new (world);

      g_test_message ("case %u", i);
      world->body_size = 10;
      pump (world);
      server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, cases[i].payload, cases[i].len);
      server_frame (world, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "bb", 2);
      pump (world);
      server_answer (world, 3);
      pump (world);
      g_assert_cmpstr (bad->log->str, ==, "HTTP_BAD_HEADER ");
      g_assert_cmpuint (gm_headers_get_n_entries (bad->headers), ==, 0);
      g_assert_cmpstr (good->log->str, ==, "H200 D E ");
      reader_free (bad);
      reader_free (good);
      world_free (world);
    }
}

static void
test_wrong_length (void)
{
  static const struct
  {
    gsize len;
    const char *log;
  } cases[] = { { 4, "H200 D HTTP2_PROTOCOL " }, { 5, "H200 D E " }, { 6, "H200 HTTP2_PROTOCOL " } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      World *world = world_new (0);
      Reader *reader = reader_new (world);

      pump (world);
      server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x88\x0f\x0d\x01" "5", 5);
      server_frame (world, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "bbbbbb", cases[i].len);
      pump (world);
      g_assert_cmpstr (reader->log->str, ==, cases[i].log);
      g_assert_true (gm_http2_is_usable (world->http2));
      reader_free (reader);
      world_free (world);
    }
}

/* One field, far too often: a byte each on the wire. */
static void
test_head_flood (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);
  g_autoptr (GString) block = g_string_new (NULL);

  pump (world);
  g_string_append_len (block, "\x88\x40\x01" "a\x7f\x81\x1e", 7);
  for (guint i = 0; i < 3968; i++)
    g_string_append_c (block, 'v');
  for (guint i = 0; i < 100; i++)
    g_string_append_c (block, (char) 0xbe);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block->str, block->len);
  pump (world);
  g_assert_cmpuint (block->len, <, 5000);
  g_assert_cmpstr (reader->log->str, ==, "HTTP_HEADER_FLOOD ");
  g_assert_cmpuint (gm_headers_get_n_bytes (reader->headers), ==, 0);
  reader_free (reader);
  world_free (world);
}

/* ---- what breaks the rules of the connection ---- */

static void
test_bad_frames (void)
{
  static const struct
  {
    guint8 type;
    guint8 flags;
    gint32 id;
    const char *payload;
    gsize len;
  } cases[] = {
    { NGHTTP2_DATA, 0, 0, "b", 1 }, /* on no stream */
    { NGHTTP2_DATA, 0, 7, "b", 1 }, /* on one that never was */
    { NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff\xff\xff", 8 }, /* no HPACK */
    { NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\xc0", 1 }, /* an entry that the table has not */
    { NGHTTP2_SETTINGS, 0, 0, "12345", 5 },
    { NGHTTP2_SETTINGS, 0, 0, "\0\x04\xff\xff\xff\xff", 6 }, /* a window beyond 2^31 - 1 */
    { NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, "123456", 6 },
    { NGHTTP2_PING, 0, 0, "1234567", 7 },
    { NGHTTP2_PING, 0, 1, "12345678", 8 },
    { NGHTTP2_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4 },
    { NGHTTP2_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4 }, /* beyond 2^31 - 1 in all */
    { NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1 },
    { NGHTTP2_PUSH_PROMISE, NGHTTP2_FLAG_END_HEADERS, 1, "\0\0\0\x02\x82\x84\x86", 7 },
    { NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 2, "\x88", 1 }, /* a stream of the server's own */
    { NGHTTP2_GOAWAY, 0, 1, "\0\0\0\0\0\0\0\0", 8 },
    { NGHTTP2_RST_STREAM, 0, 0, "\0\0\0\0", 4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint most = 0; most < 2; most++)
      {
        World *world = world_new (most);
        Reader *reader = reader_new (world);

        g_test_message ("case %u", i);
        pump (world);
        server_frame (world, cases[i].type, cases[i].flags, cases[i].id, cases[i].payload, cases[i].len);
        pump (world);
        g_assert_cmpstr (reader->log->str, ==, "HTTP2_PROTOCOL ");
        g_assert_cmpuint (reader->failure.code, !=, GM_HTTP2_NO_ERROR);
        g_assert_cmpuint (world->n_goaways, ==, 1);
        g_assert_false (gm_http2_is_usable (world->http2));
        reader_free (reader);
        world_free (world);
      }
}

static void
test_not_http2 (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);

  while (world->reactor.runnables.length > 0)
    gm_reactor_run (&world->reactor, 0);
  server_says (world, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
  pump_once (world);
  g_assert_cmpstr (reader->log->str, ==, "HTTP2_PROTOCOL ");
  reader_free (reader);
  world_free (world);
}

/* ---- floods ---- */

static void
test_floods (void)
{
  static const struct
  {
    guint8 type;
    gint32 id;
    const char *payload;
    gsize len;
  } cases[] = {
    { NGHTTP2_PING, 0, "12345678", 8 },
    { NGHTTP2_SETTINGS, 0, "", 0 },
    { NGHTTP2_DATA, 1, "", 0 },
    { NGHTTP2_WINDOW_UPDATE, 0, "\0\0\0\x01", 4 },
    { NGHTTP2_PRIORITY, 1, "\0\0\0\0\0", 5 },
    { NGHTTP2_RST_STREAM, 3, "\0\0\0\x08", 4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint over = 0; over < 2; over++)
      {
        World *world = world_new (0);
        Reader *reader = reader_new (world);
        Reader *second = reader_new (world);
        guint n = GM_HTTP2_CHATTER_MAX + over;

        g_test_message ("case %u, one too many: %u", i, over);
        pump (world);
        /* Time enough to forget the settings at the start. */
        turning_now += G_USEC_PER_SEC;
        gm_reactor_begin_turn (&world->reactor);
        server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1);
        pump_once (world);
        for (guint k = 0; k < n; k++)
          {
            server_frame (world, cases[i].type, 0, cases[i].id, cases[i].payload, cases[i].len);
            /* In small pieces, so that answers are sent in between. */
            if (k % 16 == 15)
              while (world->reactor.runnables.length > 0)
                gm_reactor_run (&world->reactor, 0);
          }
        pump_once (world);
        g_assert_cmpint (g_str_has_suffix (reader->log->str, "HTTP2_FLOOD "), ==, over);
        g_assert_cmpint (gm_http2_is_usable (world->http2), ==, !over);
        reader_free (reader);
        reader_free (second);
        world_free (world);
      }
}

static void
test_continuation_flood (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);

  pump (world);
  server_frame (world, NGHTTP2_HEADERS, 0, 1, "\x88", 1);
  for (guint i = 0; i < 2 * GM_HTTP2_CHATTER_MAX; i++)
    server_frame (world, NGHTTP2_CONTINUATION, 0, 1, "", 0);
  pump (world);
  g_assert_cmpuint (strlen (reader->log->str), >, 0);
  g_assert_false (gm_http2_is_usable (world->http2));
  reader_free (reader);
  world_free (world);
}

static void
test_interim_flood (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);

  pump (world);
  reader->still = TRUE;
  for (guint i = 0; i < GM_HTTP2_MAX_EVENTS + 1; i++)
    server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x08\x03" "103", 5);
  pump (world);
  reader->still = FALSE;
  reader_run (&reader->runnable);
  g_assert_true (g_str_has_suffix (reader->log->str, "H103 HTTP_HEADER_FLOOD "));
  reader_free (reader);
  world_free (world);
}

/* ---- owners that act in their turns ---- */

static void
free_other (gpointer data)
{
  Reader *other = data;

  g_clear_pointer (&other->stream, gm_http2_stream_free);
}

static void
leave_head (gpointer data)
{
  gm_http2_stream_leave_head (((Reader *) data)->stream);
}

/* With the head comes half of the trailer, and by then nobody has a place for the other half. */
static void
test_leaving_head (void)
{
  World *world = world_new (0);
  Reader *reader = reader_new (world);
  guint n_entries;
  gsize n_bytes;

  pump (world);
  reader->at_head = leave_head;
  reader->data = reader;
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, "\x88", 1);
  server_frame (world, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, "\0\001x\001y", 5);
  pump (world);
  n_entries = gm_headers_get_n_entries (reader->headers);
  n_bytes = gm_headers_get_n_bytes (reader->headers);
  server_frame (world, NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, "\0\001z\001y", 5);
  pump (world);
  g_assert_cmpstr (reader->log->str, ==, "H200 E ");
  g_assert_cmpuint (gm_headers_get_n_entries (reader->headers), ==, n_entries);
  g_assert_cmpuint (gm_headers_get_n_bytes (reader->headers), ==, n_bytes);
  g_assert_true (gm_http2_is_usable (world->http2));
  reader_free (reader);
  world_free (world);
}

static void
test_freeing_within (void)
{
  World *world = world_new (0);
  Reader *first = reader_new (world);
  Reader *second = reader_new (world);
  Reader *third = reader_new (world);

  world->body_size = 1000;
  first->at_head = free_other;
  first->data = second;
  first->free_at_head = TRUE;
  pump (world);
  for (gint32 id = 1; id <= 5; id += 2)
    server_answer (world, id);
  pump (world);
  g_assert_cmpstr (first->log->str, ==, "H200 ");
  g_assert_cmpstr (second->log->str, ==, "");
  g_assert_cmpstr (third->log->str, ==, "H200 D E ");
  reader_free (first);
  reader_free (second);
  reader_free (third);
  world_free (world);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http2/answer", test_answer);
  g_test_add_func ("/http2/trailers", test_trailers);
  g_test_add_func ("/http2/trailers-behind-crumbs", test_trailers_behind_crumbs);
  g_test_add_func ("/http2/head", test_head);
  g_test_add_func ("/http2/paused-beside-running", test_paused_beside_running);
  g_test_add_func ("/http2/window-grows", test_window_grows);
  g_test_add_func ("/http2/cancel-gives-credit-back", test_cancel_gives_credit_back);
  g_test_add_func ("/http2/goaway-in-the-middle", test_goaway_in_the_middle);
  g_test_add_func ("/http2/reset", test_reset);
  g_test_add_func ("/http2/connection-ends", test_connection_ends);
  g_test_add_func ("/http2/session-freed-first", test_session_freed_first);
  g_test_add_func ("/http2/goodbye", test_goodbye);
  g_test_add_func ("/http2/settings-in-flight", test_settings_in_flight);
  g_test_add_func ("/http2/uploads-in-line", test_uploads_in_line);
  g_test_add_func ("/http2/ping-while-idle", test_ping_while_idle);
  g_test_add_func ("/http2/bad-answers", test_bad_answers);
  g_test_add_func ("/http2/wrong-length", test_wrong_length);
  g_test_add_func ("/http2/head-flood", test_head_flood);
  g_test_add_func ("/http2/bad-frames", test_bad_frames);
  g_test_add_func ("/http2/not-http2", test_not_http2);
  g_test_add_func ("/http2/floods", test_floods);
  g_test_add_func ("/http2/continuation-flood", test_continuation_flood);
  g_test_add_func ("/http2/interim-flood", test_interim_flood);
  g_test_add_func ("/http2/freeing-within", test_freeing_within);
  g_test_add_func ("/http2/leaving-head", test_leaving_head);

  return g_test_run ();
}
