/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server-http2.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

/* How much is made ready before some of it is gone. */
#define MOST_OUT 100000

typedef struct
{
  gint32 id;
  int transfer;
  GString *head;            /* (owned): of the request, as in HTTP/1 */
  char *method, *path;      /* (owned) (nullable) */
  GPtrArray *lines;         /* (owned) (element-type char *): its fields */
  gboolean headed;          /* all of the head has come */
  gboolean whole;           /* the body, too */
  PlanResponse *response;   /* (unowned) (nullable) */
  GPtrArray *frames;        /* (unowned) (nullable): of the response */
  guint next_frame;
  GString *body;            /* (owned): not yet sent */
  gboolean ended;           /* nothing follows what is in it */
  gboolean waits;           /* the session was told that there is no data for now */
  GString *trailer;         /* (owned) (nullable) */
} Stream;

struct _ServerHttp2
{
  const ServerHttp2Class *klass; /* (unowned) */
  Plan *plan;               /* (unowned) */
  Record *record;           /* (unowned) */
  gpointer server;          /* (unowned) */
  gpointer conn;            /* (unowned) */
  nghttp2_session *session; /* (owned) */
  GPtrArray *streams;       /* (owned) (element-type Stream) */
  guint n_requests;
  GString *out;             /* (owned): what did not fit */
};

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  g_string_free (stream->head, TRUE);
  g_string_free (stream->body, TRUE);
  if (stream->trailer != NULL)
    g_string_free (stream->trailer, TRUE);
  g_ptr_array_unref (stream->lines);
  g_free (stream->method);
  g_free (stream->path);
  g_free (stream);
}

static gboolean
is_worth_a_line (ServerHttp2 *self, const Stream *stream)
{
  return !record_is_over (self->record, stream->transfer);
}

/* ---- the request ---- */

static int
begin_headers_cb (nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
  ServerHttp2 *self = data;
  Stream *stream;

  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
    return 0;
  stream = g_new0 (Stream, 1);
  stream->id = frame->hd.stream_id;
  stream->transfer = RECORD_WHOLE;
  stream->head = g_string_new (NULL);
  stream->body = g_string_new (NULL);
  stream->lines = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (self->streams, stream);
  nghttp2_session_set_stream_user_data (session, stream->id, stream);
  if ((frame->hd.flags & NGHTTP2_FLAG_PRIORITY) != 0 && frame->headers.pri_spec.weight != NGHTTP2_DEFAULT_WEIGHT)
    g_ptr_array_add (stream->lines, g_strdup_printf ("weight %d", frame->headers.pri_spec.weight));
  return 0;
}

static int
header_cb (nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_size,
           const uint8_t *value, size_t value_size, uint8_t flags, void *data)
{
  Stream *stream = nghttp2_session_get_stream_user_data (session, frame->hd.stream_id);

  (void) flags;
  (void) data;
  (void) name_size;
  (void) value_size;
  if (stream == NULL)
    return 0;
  g_ptr_array_add (stream->lines, g_strdup_printf ("%s%s: %s", stream->headed ? "trailer " : "", (const char *) name,
                                                   (const char *) value));
  if (g_str_equal (name, ":method"))
    stream->method = g_strdup ((const char *) value);
  else if (g_str_equal (name, ":path"))
    stream->path = g_strdup ((const char *) value);
  else
    g_string_append_printf (stream->head, "%s: %s\r\n", (const char *) name, (const char *) value);
  return 0;
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* What a client makes up by chance is not compared. */
static void
record_field (ServerHttp2 *self, const Stream *stream, const char *line)
{
  g_autoptr (GRegex) nonce = g_regex_new ("cnonce=\"[^\"]*\"|response=\"[0-9a-f]*\"", 0, 0, NULL);
  g_autofree char *text = g_regex_replace_literal (nonce, line, -1, 0, "N", 0, NULL);

  record_line (self->record, stream->transfer, "> %s", text != NULL ? text : "no text");
}

static void
record_fields (ServerHttp2 *self, Stream *stream)
{
  g_ptr_array_sort (stream->lines, compare_lines);
  for (guint i = 0; i < stream->lines->len && is_worth_a_line (self, stream); i++)
    record_field (self, stream, g_ptr_array_index (stream->lines, i));
  g_ptr_array_set_size (stream->lines, 0);
}

static void
take_head (ServerHttp2 *self, Stream *stream)
{
  g_autofree char *line = g_strdup_printf ("%s %s HTTP/2\r\n", stream->method, stream->path);

  stream->headed = TRUE;
  stream->transfer = self->klass->find (self->server, line);
  if (is_worth_a_line (self, stream))
    record_line (self->record, stream->transfer, "request on a %s connection", self->n_requests > 0 ? "used" : "new");
  self->n_requests++;
  record_fields (self, stream);
  g_string_prepend (stream->head, line);
  g_string_append (stream->head, "\r\n");
  stream->response = self->klass->choose (self->server, stream->transfer, stream->head->str);
  if (stream->response != NULL)
    stream->frames = plan_response_get_frames (stream->response, g_str_equal (stream->method, "HEAD"));
}

static int
frame_cb (nghttp2_session *session, const nghttp2_frame *frame, void *data)
{
  ServerHttp2 *self = data;
  Stream *stream = frame->hd.stream_id > 0 ? nghttp2_session_get_stream_user_data (session, frame->hd.stream_id) : NULL;

  if (stream == NULL)
    return 0;
  if (frame->hd.type == NGHTTP2_HEADERS && !stream->headed)
    take_head (self, stream);
  else if (frame->hd.type == NGHTTP2_HEADERS)
    record_fields (self, stream);
  if (frame->hd.type == NGHTTP2_RST_STREAM && is_worth_a_line (self, stream))
    record_line (self->record, stream->transfer, "client resets the stream, %u", frame->rst_stream.error_code);
  if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)
      && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
    stream->whole = TRUE;
  return 0;
}

static int
data_cb (nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *bytes, size_t size, void *data)
{
  ServerHttp2 *self = data;
  Stream *stream = nghttp2_session_get_stream_user_data (session, id);

  (void) flags;
  if (stream != NULL && is_worth_a_line (self, stream))
    record_bytes (self->record, stream->transfer, ">body", (const char *) bytes, size);
  return 0;
}

static int
close_cb (nghttp2_session *session, int32_t id, uint32_t code, void *data)
{
  ServerHttp2 *self = data;
  Stream *stream = nghttp2_session_get_stream_user_data (session, id);

  (void) code;
  if (stream != NULL)
    g_ptr_array_remove (self->streams, stream);
  return 0;
}

/* ---- the answer ---- */

/* The fields of @text, which is cut for it. (transfer full) (element-type nghttp2_nv) */
static GArray *
make_fields (char *text)
{
  GArray *fields = g_array_new (FALSE, FALSE, sizeof (nghttp2_nv));

  for (char *next, *line = text; *line != '\0'; line = next)
    {
      char *end = strchr (line, '\n');
      char *colon = strstr (line, ": ");
      nghttp2_nv field = { .name = (uint8_t *) line };

      g_assert_nonnull (end);
      g_assert_nonnull (colon);
      next = end + 1;
      field.namelen = (size_t) (colon - line);
      field.value = (uint8_t *) colon + 2;
      field.valuelen = (size_t) (end - colon - 2);
      g_array_append_val (fields, field);
    }
  return fields;
}

static ssize_t
read_cb (nghttp2_session *session, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags, nghttp2_data_source *source,
         void *data)
{
  Stream *stream = source->ptr;
  gsize n = MIN (size, stream->body->len);

  (void) data;
  if (n == 0 && !stream->ended)
    {
      stream->waits = TRUE;
      return NGHTTP2_ERR_DEFERRED;
    }
  memcpy (buffer, stream->body->str, n);
  g_string_erase (stream->body, 0, (gssize) n);
  if (stream->body->len > 0 || !stream->ended)
    return (ssize_t) n;
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream->trailer != NULL)
    {
      g_autofree char *text = g_strdup (stream->trailer->str);
      g_autoptr (GArray) fields = make_fields (text);

      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer (session, id, (nghttp2_nv *) (gpointer) fields->data, fields->len);
    }
  return (ssize_t) n;
}

static void
send_head (ServerHttp2 *self, Stream *stream, const PlanFrame *frame)
{
  g_autofree char *text = g_strdup (frame->bytes->str);
  g_autoptr (GArray) fields = make_fields (text);
  nghttp2_nv *first = (nghttp2_nv *) (gpointer) fields->data;
  nghttp2_data_provider provider = { .source.ptr = stream, .read_callback = read_cb };

  if (g_str_has_prefix (frame->bytes->str, ":status: 1"))
    nghttp2_submit_headers (self->session, 0, stream->id, NULL, first, fields->len, NULL);
  else
    nghttp2_submit_response (self->session, stream->id, first, fields->len, frame->end ? NULL : &provider);
}

static void
give_data (ServerHttp2 *self, Stream *stream, const PlanFrame *frame, gboolean end)
{
  if (frame->kind == PLAN_FRAME_DATA)
    g_string_append_len (stream->body, frame->bytes->str, (gssize) frame->bytes->len);
  if (frame->kind == PLAN_FRAME_TRAILER)
    stream->trailer = g_string_new (frame->bytes->str);
  stream->ended = end;
  if (stream->waits)
    nghttp2_session_resume_data (self->session, stream->id);
  stream->waits = FALSE;
}

static void
send_setting (ServerHttp2 *self, nghttp2_settings_id id, guint32 number)
{
  nghttp2_settings_entry entry = { id, number };

  nghttp2_submit_settings (self->session, NGHTTP2_FLAG_NONE, &entry, 1);
}

static void
send_frame (ServerHttp2 *self, Stream *stream, const PlanFrame *frame)
{
  switch (frame->kind)
    {
    case PLAN_FRAME_HEAD:
      send_head (self, stream, frame);
      break;
    case PLAN_FRAME_DATA:
      give_data (self, stream, frame, frame->end);
      break;
    case PLAN_FRAME_TRAILER:
    case PLAN_FRAME_END:
      give_data (self, stream, frame, TRUE);
      break;
    case PLAN_FRAME_RESET:
      nghttp2_submit_rst_stream (self->session, NGHTTP2_FLAG_NONE, stream->id, frame->number);
      break;
    case PLAN_FRAME_GOAWAY:
      nghttp2_submit_goaway (self->session, NGHTTP2_FLAG_NONE, stream->id, frame->number, NULL, 0);
      break;
    case PLAN_FRAME_REJECT:
      nghttp2_submit_goaway (self->session, NGHTTP2_FLAG_NONE, stream->id - 2, frame->number, NULL, 0);
      break;
    case PLAN_FRAME_STREAMS:
      send_setting (self, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, frame->number);
      break;
    case PLAN_FRAME_WINDOW:
      send_setting (self, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, frame->number);
      break;
    case PLAN_FRAME_PING:
      nghttp2_submit_ping (self->session, NGHTTP2_FLAG_NONE, NULL);
      break;
    case PLAN_FRAME_CLOSE:
    default:
      g_assert_not_reached ();
    }
}

/* ---- the connection ---- */

static void
send_settings (ServerHttp2 *self)
{
  nghttp2_settings_entry entries[2];
  size_t n = 0;

  if (self->plan->max_streams > 0)
    entries[n++] = (nghttp2_settings_entry) { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, self->plan->max_streams };
  if (self->plan->window > 0)
    entries[n++] = (nghttp2_settings_entry) { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, self->plan->window };
  nghttp2_submit_settings (self->session, NGHTTP2_FLAG_NONE, entries, n);
}

ServerHttp2 *
server_http2_new (const ServerHttp2Class *klass, Plan *plan, Record *record, gpointer server, gpointer conn)
{
  ServerHttp2 *self = g_new0 (ServerHttp2, 1);
  nghttp2_session_callbacks *callbacks;

  self->klass = klass;
  self->plan = plan;
  self->record = record;
  self->server = server;
  self->conn = conn;
  self->streams = g_ptr_array_new_with_free_func (stream_free);
  self->out = g_string_new (NULL);
  nghttp2_session_callbacks_new (&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback (callbacks, begin_headers_cb);
  nghttp2_session_callbacks_set_on_header_callback (callbacks, header_cb);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, frame_cb);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback (callbacks, data_cb);
  nghttp2_session_callbacks_set_on_stream_close_callback (callbacks, close_cb);
  nghttp2_session_server_new (&self->session, callbacks, self);
  nghttp2_session_callbacks_del (callbacks);
  send_settings (self);
  return self;
}

void
server_http2_free (ServerHttp2 *self)
{
  if (self == NULL)
    return;
  nghttp2_session_del (self->session);
  g_ptr_array_unref (self->streams);
  g_string_free (self->out, TRUE);
  g_free (self);
}

gboolean
server_http2_feed (ServerHttp2 *self, const char *bytes, gsize size)
{
  ssize_t taken = nghttp2_session_mem_recv (self->session, (const uint8_t *) bytes, size);

  server_http2_flush (self);
  return taken == (ssize_t) size;
}

gboolean
server_http2_flush (ServerHttp2 *self)
{
  gboolean some = FALSE;
  const uint8_t *bytes;
  ssize_t size;

  while (TRUE)
    {
      gssize sent;

      while (self->out->len < MOST_OUT && (size = nghttp2_session_mem_send (self->session, &bytes)) > 0)
        g_string_append_len (self->out, (const char *) bytes, size);
      if (self->out->len == 0)
        return some;
      sent = self->klass->send (self->conn, self->out->str, self->out->len);
      if (sent <= 0)
        return some;
      some = TRUE;
      g_string_erase (self->out, 0, sent);
    }
}

static Stream *
find_able (ServerHttp2 *self, int transfer)
{
  for (guint i = 0; i < self->streams->len; i++)
    {
      Stream *stream = g_ptr_array_index (self->streams, i);

      /* One thing after the other: what is held back by a window holds back what follows. */
      if (stream->transfer == transfer && stream->frames != NULL && stream->body->len == 0
          && (stream->whole || (stream->headed && stream->response->early)))
        return stream;
    }
  return NULL;
}

gboolean
server_http2_can_step (ServerHttp2 *self, int transfer)
{
  return find_able (self, transfer) != NULL;
}

ServerHttp2Step
server_http2_step (ServerHttp2 *self, int transfer)
{
  Stream *stream = find_able (self, transfer);
  const PlanFrame *frame;

  if (stream == NULL)
    return SERVER_HTTP2_NOTHING;
  frame = g_ptr_array_index (stream->frames, stream->next_frame++);
  if (stream->next_frame == stream->frames->len)
    stream->frames = NULL;
  if (frame->kind == PLAN_FRAME_CLOSE)
    return SERVER_HTTP2_CLOSE;
  send_frame (self, stream, frame);
  server_http2_flush (self);
  return SERVER_HTTP2_DONE;
}

int
server_http2_get_transfer (ServerHttp2 *self)
{
  for (guint i = 0; i < self->streams->len; i++)
    return ((Stream *) g_ptr_array_index (self->streams, i))->transfer;
  return RECORD_WHOLE;
}
