/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-http2.h"

#include <nghttp2/nghttp2.h>
#include <string.h>

#define BODY_MAX (256 * 1024) /* of an answer, waiting for room in the client's windows */

typedef enum
{
  ANSWER_HEAD,
  ANSWER_LENGTH,
  ANSWER_CHUNKED,
  ANSWER_UNTIL_CLOSE,
  ANSWER_DONE,
} AnswerState;

typedef struct
{
  ScriptedHttp2 *http2; /* (unowned) */
  gint32 id;
  ScriptedPeer *peer; /* (owned) */

  /* the request */
  GString *head; /* (owned): as text */
  char *method; /* (owned) */
  char *path; /* (owned) */
  GString *trailers; /* (owned) */
  gboolean has_length;
  gboolean chunked;
  gboolean headed;
  GByteArray *unread; /* (owned): text that the peer has not taken */
  gsize unread_body; /* bytes of the window to give back when it has */

  /* the answer */
  AnswerState state;
  GByteArray *text; /* (owned): not yet understood */
  GByteArray *body; /* (owned): not yet sent */
  guint64 left; /* of LENGTH, or of the chunk */
  gboolean in_chunk;
  gboolean deferred;
  gboolean submitted;
  gboolean closed;
  GString *out_trailers; /* (owned): lines */
} Stream;

struct _ScriptedHttp2
{
  nghttp2_session *session; /* (owned) */
  guint connection;
  const ScriptedWorld *world; /* (unowned) */
  gpointer user_data; /* (unowned) */
  GPtrArray *streams; /* (owned) of Stream */
  guint n_requests;
  GByteArray *out; /* (owned) */
  gint64 now;
  ScriptedEnd end; /* once everything is out */
  guint n_pongs;
  guint n_pings;
  char urgency; /* of the last PRIORITY_UPDATE */
  guint weight; /* that the last request had; 0: none did */
};

static void
stream_free (gpointer data)
{
  Stream *self = data;

  scripted_peer_free (self->peer);
  g_string_free (self->head, TRUE);
  g_string_free (self->trailers, TRUE);
  g_string_free (self->out_trailers, TRUE);
  g_free (self->method);
  g_free (self->path);
  g_byte_array_unref (self->unread);
  g_byte_array_unref (self->text);
  g_byte_array_unref (self->body);
  g_free (self);
}

/* --- the request, as text --- */

static void
read_text (Stream *self,
           const char *data,
           gsize len)
{
  g_byte_array_append (self->unread, (const guint8 *) data, (guint) len);
}

static void
read_body (Stream *self,
           const char *data,
           gsize len)
{
  g_autofree char *size = g_strdup_printf ("%zx\r\n", len);

  if (self->chunked)
    read_text (self, size, strlen (size));
  read_text (self, data, len);
  if (self->chunked)
    read_text (self, "\r\n", 2);
}

static void
request_headed (Stream *self,
                gboolean ended)
{
  g_autofree char *line = g_strdup_printf ("%s %s HTTP/1.1\r\n", self->method, self->path);

  self->headed = TRUE;
  self->chunked = !ended && !self->has_length;
  read_text (self, line, strlen (line));
  read_text (self, self->head->str, self->head->len);
  if (self->chunked)
    read_text (self, "Transfer-Encoding: chunked\r\n", 28);
  read_text (self, "\r\n", 2);
}

static void
request_ended (Stream *self)
{
  if (!self->chunked)
    return;
  read_text (self, "0\r\n", 3);
  read_text (self, self->trailers->str, self->trailers->len);
  read_text (self, "\r\n", 2);
}

/* As much as the peer wants to take. */
static void
feed_peer (Stream *self,
           gint64 now,
           gint64 *later)
{
  gint64 at = -1;
  gsize wanted;

  while (self->unread->len > 0 && (wanted = scripted_peer_wants (self->peer, now, &at)) > 0)
    {
      gsize n = MIN (wanted, self->unread->len);

      scripted_peer_feed (self->peer, self->unread->data, n, now);
      g_byte_array_remove_range (self->unread, 0, (guint) n);
    }
  if (self->unread->len == 0 && self->unread_body > 0)
    {
      nghttp2_session_consume_stream (self->http2->session, self->id, self->unread_body);
      self->unread_body = 0;
    }
  if (self->unread->len > 0 && at >= 0)
    *later = *later < 0 ? at : MIN (*later, at);
}

static int
header_cb (nghttp2_session *session,
           const nghttp2_frame *frame,
           const guint8 *name,
           size_t name_len,
           const guint8 *value,
           size_t value_len,
           guint8 flags,
           void *data)
{
  Stream *self = nghttp2_session_get_stream_user_data (session, frame->hd.stream_id);
  const char *text = (const char *) name;

  if (self == NULL)
    return 0;
  if (self->headed)
    g_string_append_printf (self->trailers, "%s: %s\r\n", text, (const char *) value);
  else if (g_str_equal (text, ":method"))
    self->method = g_strdup ((const char *) value);
  else if (g_str_equal (text, ":path"))
    self->path = g_strdup ((const char *) value);
  else if (g_str_equal (text, ":authority"))
    g_string_append_printf (self->head, "Host: %s\r\n", (const char *) value);
  else if (*text != ':')
    g_string_append_printf (self->head, "%s: %s\r\n", text, (const char *) value);
  self->has_length |= g_str_equal (text, "content-length");
  return 0;
}

static Stream *
stream_new (ScriptedHttp2 *http2,
            gint32 id)
{
  Stream *self = g_new0 (Stream, 1);

  self->http2 = http2;
  self->id = id;
  self->peer = scripted_peer_new (http2->connection, http2->world, http2->user_data);
  scripted_peer_set_number (self->peer, http2->n_requests++);
  self->head = g_string_new (NULL);
  self->trailers = g_string_new (NULL);
  self->out_trailers = g_string_new (NULL);
  self->unread = g_byte_array_new ();
  self->text = g_byte_array_new ();
  self->body = g_byte_array_new ();
  g_ptr_array_add (http2->streams, self);
  nghttp2_session_set_stream_user_data (http2->session, self->id, self);
  return self;
}

static int
begin_headers_cb (nghttp2_session *session,
                  const nghttp2_frame *frame,
                  void *data)
{
  if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
    {
      stream_new (data, frame->hd.stream_id);
      if ((frame->hd.flags & NGHTTP2_FLAG_PRIORITY) != 0)
        ((ScriptedHttp2 *) data)->weight = (guint) frame->headers.pri_spec.weight;
    }
  return 0;
}

/* As if it had been said in the request. */
static void
take_priority (ScriptedHttp2 *http2,
               const nghttp2_ext_priority_update *update)
{
  http2->urgency = update->field_value_len == 3 ? update->field_value[2] : '?';
}

static int
frame_cb (nghttp2_session *session,
          const nghttp2_frame *frame,
          void *data)
{
  Stream *self = frame->hd.stream_id > 0 ? nghttp2_session_get_stream_user_data (session, frame->hd.stream_id) : NULL;
  gboolean ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;

  if (frame->hd.type == NGHTTP2_PRIORITY_UPDATE)
    take_priority (data, frame->ext.payload);
  if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
    ((ScriptedHttp2 *) data)->n_pongs++;
  else if (frame->hd.type == NGHTTP2_PING)
    ((ScriptedHttp2 *) data)->n_pings++;
  if (self == NULL || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
    return 0;
  if (!self->headed)
    request_headed (self, ended);
  if (ended)
    request_ended (self);
  return 0;
}

static int
data_cb (nghttp2_session *session,
         guint8 flags,
         gint32 id,
         const guint8 *bytes,
         size_t len,
         void *data)
{
  Stream *self = nghttp2_session_get_stream_user_data (session, id);

  nghttp2_session_consume_connection (session, len);
  if (self != NULL)
    {
      read_body (self, (const char *) bytes, len);
      self->unread_body += len;
    }
  return 0;
}

static int
close_cb (nghttp2_session *session,
          gint32 id,
          guint32 code,
          void *data)
{
  Stream *self = nghttp2_session_get_stream_user_data (session, id);

  if (self != NULL)
    self->closed = TRUE;
  return 0;
}

/* --- the answer, from text --- */

static gboolean
submit_trailers (Stream *self)
{
  g_auto (GStrv) lines = g_strsplit (self->out_trailers->str, "\r\n", -1);
  nghttp2_nv fields[16];
  guint n = 0;

  for (guint i = 0; lines[i] != NULL && n < G_N_ELEMENTS (fields); i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      g_strstrip (colon + 1);
      fields[n++] = (nghttp2_nv){ (guint8 *) lines[i], (guint8 *) colon + 1, strlen (lines[i]), strlen (colon + 1), 0 };
    }
  return n > 0 && nghttp2_submit_trailer (self->http2->session, self->id, fields, n) == 0;
}

static ssize_t
read_cb (nghttp2_session *session,
         gint32 id,
         guint8 *buffer,
         size_t len,
         guint32 *flags,
         nghttp2_data_source *source,
         void *data)
{
  Stream *self = nghttp2_session_get_stream_user_data (session, id);
  gsize n = MIN (len, self->body->len);

  if (n == 0 && self->state != ANSWER_DONE)
    {
      self->deferred = TRUE;
      return NGHTTP2_ERR_DEFERRED;
    }
  if (n > 0)
    memcpy (buffer, self->body->data, n);
  g_byte_array_remove_range (self->body, 0, (guint) n);
  if (self->body->len == 0 && self->state == ANSWER_DONE)
    {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (submit_trailers (self))
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }
  return (ssize_t) n;
}

static void
resume (Stream *self)
{
  if (self->deferred && !self->closed)
    nghttp2_session_resume_data (self->http2->session, self->id);
  self->deferred = FALSE;
}

static gboolean
travels (const char *name)
{
  return g_ascii_strcasecmp (name, "connection") != 0 && g_ascii_strcasecmp (name, "keep-alive") != 0 &&
         g_ascii_strcasecmp (name, "proxy-connection") != 0 && g_ascii_strcasecmp (name, "upgrade") != 0 &&
         g_ascii_strcasecmp (name, "transfer-encoding") != 0;
}

/* Fields of the head in @lines, status first; how the body is framed. */
static GArray *
make_fields (Stream *self,
             char **lines)
{
  GArray *fields = g_array_new (FALSE, FALSE, sizeof (nghttp2_nv));
  nghttp2_nv field = { (guint8 *) ":status", (guint8 *) lines[0] + 9, 7, 3, 0 };

  g_array_append_val (fields, field);
  self->state = ANSWER_UNTIL_CLOSE;
  for (guint i = 1; lines[i] != NULL; i++)
    {
      char *colon = strchr (lines[i], ':');

      if (colon == NULL)
        continue;
      *colon = '\0';
      g_strstrip (colon + 1);
      if (g_ascii_strcasecmp (lines[i], "transfer-encoding") == 0)
        self->state = ANSWER_CHUNKED;
      else if (g_ascii_strcasecmp (lines[i], "content-length") == 0 && self->state != ANSWER_CHUNKED)
        {
          self->state = ANSWER_LENGTH;
          self->left = g_ascii_strtoull (colon + 1, NULL, 10);
        }
      if (!travels (lines[i]))
        continue;
      field = (nghttp2_nv){ (guint8 *) lines[i], (guint8 *) colon + 1, strlen (lines[i]), strlen (colon + 1), 0 };
      g_array_append_val (fields, field);
    }
  return fields;
}

/* What a test says of the connection itself, in the place of a head. */
static gboolean
send_frame (Stream *self,
            const char *words)
{
  nghttp2_session *session = self->http2->session;
  guint32 number = (guint32) g_ascii_strtoull (strchr (words, ' ') + 1, NULL, 10);
  nghttp2_settings_entry streams = { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, number };

  if (g_str_has_prefix (words, "RST "))
    {
      nghttp2_submit_rst_stream (session, 0, self->id, number);
      self->state = ANSWER_DONE;
    }
  else if (g_str_has_prefix (words, "GOAWAY "))
    nghttp2_submit_goaway (session, 0, self->id, number, NULL, 0);
  else if (g_str_has_prefix (words, "LAST "))
    nghttp2_submit_goaway (session, 0, self->id - 2, number, NULL, 0);
  else if (g_str_has_prefix (words, "STREAMS "))
    nghttp2_submit_settings (session, 0, &streams, 1);
  else
    for (guint i = 0; g_str_has_prefix (words, "PING ") && i < number; i++)
      nghttp2_submit_ping (session, 0, NULL);
  return self->state != ANSWER_DONE;
}

/* TRUE: a head was there, whole. */
static gboolean
answer_head (Stream *self)
{
  nghttp2_data_provider provider = { .read_callback = read_cb };
  const guint8 *end = memmem (self->text->data, self->text->len, "\r\n\r\n", 4);
  g_autofree char *head = NULL;
  g_auto (GStrv) lines = NULL;
  g_autoptr (GArray) fields = NULL;
  guint status;

  if (end == NULL)
    return FALSE;
  head = g_strndup ((const char *) self->text->data, (gsize) (end - self->text->data));
  g_byte_array_remove_range (self->text, 0, (guint) (end - self->text->data) + 4);
  if (strspn (head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") > 0 && head[strspn (head, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == ' ')
    return send_frame (self, head);
  lines = g_strsplit (head, "\r\n", -1);
  if (!g_str_has_prefix (lines[0], "HTTP/1.") || strlen (lines[0]) < 12)
    {
      self->http2->end = SCRIPTED_END_CLOSE;
      return FALSE;
    }
  fields = make_fields (self, lines);
  status = (guint) g_ascii_strtoull (lines[0] + 9, NULL, 10);
  if (status < 200)
    {
      self->state = ANSWER_HEAD;
      nghttp2_submit_headers (self->http2->session, 0, self->id, NULL, (nghttp2_nv *) (gpointer) fields->data,
                              fields->len, NULL);
      return TRUE;
    }
  if (g_str_equal (self->method, "HEAD") || status == 204 || status == 304 ||
      (self->state == ANSWER_LENGTH && self->left == 0))
    self->state = ANSWER_DONE;
  nghttp2_submit_response (self->http2->session, self->id, (nghttp2_nv *) (gpointer) fields->data, fields->len,
                           self->state != ANSWER_DONE ? &provider : NULL);
  return TRUE;
}

static void
take_body (Stream *self,
           gsize n)
{
  g_byte_array_append (self->body, self->text->data, (guint) n);
  g_byte_array_remove_range (self->text, 0, (guint) n);
  self->left -= n;
}

/* A chunk's size line, its data, the line end behind it, the trailers. TRUE: something was there. */
static gboolean
answer_chunk (Stream *self)
{
  const guint8 *end;

  if (self->in_chunk && self->left > 0)
    {
      take_body (self, (gsize) MIN (self->text->len, self->left));
      return TRUE;
    }
  end = memmem (self->text->data, self->text->len, "\r\n", 2);
  if (end == NULL)
    return FALSE;
  if (!self->in_chunk)
    {
      self->left = g_ascii_strtoull ((const char *) self->text->data, NULL, 16);
      if (self->left == 0)
        {
          const guint8 *last = memmem (self->text->data, self->text->len, "\r\n\r\n", 4);

          if (last == NULL)
            return FALSE;
          g_string_append_len (self->out_trailers, (const char *) end + 2, last - end);
          self->state = ANSWER_DONE;
        }
    }
  self->in_chunk = !self->in_chunk;
  g_byte_array_remove_range (self->text, 0, (guint) (end - self->text->data) + 2);
  return TRUE;
}

static gboolean
answer_some (Stream *self)
{
  switch (self->state)
    {
    case ANSWER_HEAD:
      return answer_head (self);
    case ANSWER_LENGTH:
      take_body (self, (gsize) MIN (self->text->len, self->left));
      if (self->left == 0)
        self->state = ANSWER_DONE;
      return TRUE;
    case ANSWER_CHUNKED:
      return answer_chunk (self);
    case ANSWER_UNTIL_CLOSE:
      take_body (self, self->text->len);
      return FALSE;
    case ANSWER_DONE:
    default:
      g_byte_array_set_size (self->text, 0);
      return FALSE;
    }
}

/* The end of a connection is the end of a body that has no other; else it is that of ours. */
static void
answer_ends (Stream *self,
             ScriptedEnd how)
{
  if (self->state == ANSWER_UNTIL_CLOSE && how != SCRIPTED_END_RESET)
    self->state = ANSWER_DONE;
  else
    self->http2->end = how;
  resume (self);
}

static void
run_peer (Stream *self,
          gint64 now,
          gint64 *later)
{
  feed_peer (self, now, later);
  while (!self->closed && self->body->len < BODY_MAX && self->http2->end == SCRIPTED_END_NONE)
    {
      ScriptedNext next = scripted_peer_next (self->peer, now);

      if (next.kind == SCRIPTED_NEXT_WAIT)
        *later = *later < 0 ? next.at : MIN (*later, next.at);
      if (next.kind == SCRIPTED_NEXT_END && self->state != ANSWER_DONE)
        answer_ends (self, next.how);
      else if (next.kind == SCRIPTED_NEXT_END)
        self->http2->end = next.how;
      if (next.kind != SCRIPTED_NEXT_SEND)
        return;
      g_byte_array_append (self->text, next.data, (guint) next.len);
      scripted_peer_sent (self->peer, next.len, now);
      while (self->text->len > 0 && answer_some (self))
        ;
      resume (self);
    }
}

/* --- as a peer --- */

ScriptedHttp2 *
scripted_http2_new (guint connection,
                    const ScriptedWorld *world,
                    gpointer user_data,
                    gboolean weights)
{
  ScriptedHttp2 *self = g_new0 (ScriptedHttp2, 1);
  /* The second: that it goes by RFC 9218, without which nghttp2's clients tell it nothing. */
  nghttp2_settings_entry settings[] = {
    { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100 },
    { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, weights ? 0 : 1 },
  };
  nghttp2_session_callbacks *callbacks;
  nghttp2_option *option;

  self->connection = connection;
  self->world = world;
  self->user_data = user_data;
  self->streams = g_ptr_array_new_with_free_func (stream_free);
  self->out = g_byte_array_new ();
  nghttp2_session_callbacks_new (&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback (callbacks, begin_headers_cb);
  nghttp2_session_callbacks_set_on_header_callback (callbacks, header_cb);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, frame_cb);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback (callbacks, data_cb);
  nghttp2_session_callbacks_set_on_stream_close_callback (callbacks, close_cb);
  nghttp2_option_new (&option);
  nghttp2_option_set_no_auto_window_update (option, 1);
  nghttp2_option_set_builtin_recv_extension_type (option, NGHTTP2_PRIORITY_UPDATE);
  nghttp2_session_server_new2 (&self->session, callbacks, self, option);
  nghttp2_option_del (option);
  nghttp2_session_callbacks_del (callbacks);
  nghttp2_submit_settings (self->session, 0, settings, G_N_ELEMENTS (settings));
  return self;
}

ScriptedHttp2 *
scripted_http2_new_upgraded (guint connection,
                             const ScriptedWorld *world,
                             gpointer user_data,
                             const char *head)
{
  static const char answer[] = "HTTP/1.1 101 Over\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
  ScriptedHttp2 *self = scripted_http2_new (connection, world, user_data, FALSE);
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  g_auto (GStrv) words = g_strsplit (lines[0], " ", 3);
  g_autofree guchar *settings = NULL;
  gsize len = 0;
  Stream *stream;

  for (guint i = 1; lines[i] != NULL; i++)
    if (g_str_has_prefix (lines[i], "HTTP2-Settings: "))
      settings = g_base64_decode (g_strdelimit (g_strdelimit (lines[i] + 16, "-", '+'), "_", '/'), &len);
  if (nghttp2_session_upgrade2 (self->session, settings, len, g_str_equal (words[0], "HEAD"), NULL) != 0)
    g_error ("no upgrade");
  g_byte_array_append (self->out, (const guint8 *) answer, sizeof answer - 1);
  stream = stream_new (self, 1);
  stream->method = g_strdup (words[0]);
  stream->path = g_strdup (words[1]);
  for (guint i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
    g_string_append_printf (stream->head, "%s\r\n", lines[i]);
  request_headed (stream, TRUE);
  request_ended (stream);
  return self;
}

void
scripted_http2_free (ScriptedHttp2 *self)
{
  nghttp2_session_del (self->session);
  g_ptr_array_unref (self->streams);
  g_byte_array_unref (self->out);
  g_free (self);
}

void
scripted_http2_feed (ScriptedHttp2 *self,
                     const guint8 *data,
                     gsize len,
                     gint64 now)
{
  if (nghttp2_session_mem_recv (self->session, data, len) < 0)
    self->end = SCRIPTED_END_CLOSE;
}

void
scripted_http2_ping (ScriptedHttp2 *self)
{
  nghttp2_submit_ping (self->session, 0, NULL);
}

void
scripted_http2_leave (ScriptedHttp2 *self)
{
  nghttp2_submit_goaway (self->session, 0, nghttp2_session_get_last_proc_stream_id (self->session), 0, NULL, 0);
}

guint
scripted_http2_n_pings (ScriptedHttp2 *self)
{
  return self->n_pings;
}

guint
scripted_http2_n_pongs (ScriptedHttp2 *self)
{
  return self->n_pongs;
}

char
scripted_http2_urgency (ScriptedHttp2 *self)
{
  return self->urgency;
}

guint
scripted_http2_weight (ScriptedHttp2 *self)
{
  return self->weight;
}

void
scripted_http2_eof (ScriptedHttp2 *self)
{
  for (guint i = 0; i < self->streams->len; i++)
    scripted_peer_eof (((Stream *) g_ptr_array_index (self->streams, i))->peer);
  if (self->end == SCRIPTED_END_NONE)
    self->end = SCRIPTED_END_CLOSE;
}

static void
compose (ScriptedHttp2 *self)
{
  const guint8 *data;
  ssize_t n;

  while (self->out->len < BODY_MAX && (n = nghttp2_session_mem_send (self->session, &data)) > 0)
    g_byte_array_append (self->out, data, (guint) n);
}

ScriptedNext
scripted_http2_next (ScriptedHttp2 *self,
                     gint64 now)
{
  ScriptedNext next = { .kind = SCRIPTED_NEXT_INPUT };
  gint64 later = -1;

  for (guint i = 0; i < self->streams->len; i++)
    run_peer (g_ptr_array_index (self->streams, i), now, &later);
  compose (self);
  for (guint i = self->streams->len; i-- > 0;)
    if (((Stream *) g_ptr_array_index (self->streams, i))->closed)
      g_ptr_array_remove_index (self->streams, i);
  if (self->out->len > 0)
    return (ScriptedNext){ .kind = SCRIPTED_NEXT_SEND, .data = self->out->data, .len = self->out->len };
  if (self->end != SCRIPTED_END_NONE)
    return (ScriptedNext){ .kind = SCRIPTED_NEXT_END, .how = self->end };
  if (later >= 0)
    next = (ScriptedNext){ .kind = SCRIPTED_NEXT_WAIT, .at = later };
  return next;
}

void
scripted_http2_sent (ScriptedHttp2 *self,
                     gsize len,
                     gint64 now)
{
  g_byte_array_remove_range (self->out, 0, (guint) len);
}
