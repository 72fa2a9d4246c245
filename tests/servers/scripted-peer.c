/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-peer.h"

#include "scripted-pattern.h"

#include <string.h>

#define SEND_MAX 65536
#define READ_MAX 262144

typedef enum
{
  READ_HEAD,
  READ_BODY,
  READ_CHUNK_SIZE,
  READ_CHUNK_DATA,
  READ_CHUNK_END,
  READ_TRAILERS,
  READ_NOTHING, /* the request is complete; what comes waits for its answer to end */
  READ_BROKEN, /* not HTTP: what comes is dropped */
} ReadState;

typedef struct
{
  ScriptedAnswer *answer; /* (owned) */
  guint op;
} Frame;

struct _ScriptedPeer
{
  const ScriptedWorld *world; /* (unowned) */
  gpointer user_data; /* (unowned) */
  guint connection;
  guint n_requests;

  ReadState state;
  GByteArray *in; /* (owned): not yet parsed */
  guint64 remaining; /* of the body or the chunk */
  gboolean eof;
  gint64 read_window_at; /* for read_per_ms: start of the window, and what was taken in it */
  guint64 read_in_window;

  ScriptedRequest *request; /* (unowned) (nullable): being read or answered */
  GArray *frames; /* (owned) of Frame: the running program, innermost last */
  ScriptedAnswer *pending; /* (owned) (nullable): starts when the body is there */
  gboolean opened;

  guint64 op_sent; /* bytes of the running operation that are out */
  gboolean op_begun;
  gint64 op_until;
  GBytes *composed; /* (owned) (nullable): what the running operation sends, if it had to be made */
  guint64 answer_sent;
  gint64 cut_at;
  ScriptedEnd cut_how;
  guint64 piece;
  guint64 piece_left;
  gint64 piece_delay;
  gint64 piece_at;
  gboolean close_after;
  gboolean ended;
};

void
scripted_request_free (ScriptedRequest *request)
{
  g_free (request->method);
  g_free (request->target);
  g_free (request->version);
  g_free (request->announced);
  g_free (request->head);
  g_clear_pointer (&request->headers, g_ptr_array_unref);
  g_clear_pointer (&request->body, g_byte_array_unref);
  if (request->trailers != NULL)
    g_string_free (request->trailers, TRUE);
  g_free (request->problem);
  g_free (request);
}

const char *
scripted_request_header (const ScriptedRequest *request,
                         const char *name)
{
  for (guint i = 0; i < request->headers->len; i += 2)
    if (g_ascii_strcasecmp (g_ptr_array_index (request->headers, i), name) == 0)
      return g_ptr_array_index (request->headers, i + 1);
  return NULL;
}

guint
scripted_request_count (const ScriptedRequest *request,
                        const char *name)
{
  guint n = 0;

  for (guint i = 0; i < request->headers->len; i += 2)
    n += g_ascii_strcasecmp (g_ptr_array_index (request->headers, i), name) == 0;
  return n;
}

static void
frame_clear (gpointer data)
{
  scripted_answer_unref (((Frame *) data)->answer);
}

ScriptedPeer *
scripted_peer_new (guint connection,
                   const ScriptedWorld *world,
                   gpointer user_data)
{
  ScriptedPeer *peer = g_new0 (ScriptedPeer, 1);

  peer->connection = connection;
  peer->world = world;
  peer->user_data = user_data;
  peer->in = g_byte_array_new ();
  peer->frames = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_array_set_clear_func (peer->frames, frame_clear);
  peer->cut_at = -1;
  return peer;
}

void
scripted_peer_free (ScriptedPeer *peer)
{
  g_byte_array_unref (peer->in);
  g_array_unref (peer->frames);
  scripted_answer_unref (peer->pending);
  g_clear_pointer (&peer->composed, g_bytes_unref);
  g_free (peer);
}

void
scripted_peer_set_number (ScriptedPeer *peer,
                          guint number)
{
  peer->n_requests = number;
}

/* --- reading requests --- */

static void
broken (ScriptedPeer *peer,
        const char *why)
{
  if (peer->request != NULL && peer->request->problem == NULL)
    peer->request->problem = g_strdup (why);
  peer->state = READ_BROKEN;
}

static gboolean
parse_header_line (ScriptedRequest *request,
                   const char *line)
{
  const char *colon = strchr (line, ':');

  if (colon == NULL || colon == line || strpbrk (line, " \t") == line)
    return FALSE;
  g_ptr_array_add (request->headers, g_strndup (line, (gsize) (colon - line)));
  g_ptr_array_add (request->headers, g_strstrip (g_strdup (colon + 1)));
  return TRUE;
}

static ScriptedRequest *
parse_head (ScriptedPeer *peer,
            const char *text,
            gsize len)
{
  ScriptedRequest *request = g_new0 (ScriptedRequest, 1);
  g_auto (GStrv) lines = NULL;
  g_auto (GStrv) words = NULL;

  if (g_str_has_prefix (text, "PROXY ") && peer->n_requests == 0)
    {
      gsize line = (gsize) ((const char *) memmem (text, len, "\r\n", 2) + 2 - text);

      request->announced = g_strndup (text, line);
      text += line;
      len -= line;
    }
  request->head = g_strndup (text, len);
  request->headers = g_ptr_array_new_with_free_func (g_free);
  request->body = g_byte_array_new ();
  request->trailers = g_string_new (NULL);
  request->connection = peer->connection;
  request->number = peer->n_requests++;
  if (strlen (request->head) != len)
    request->problem = g_strdup ("NUL in the head");
  lines = g_strsplit (request->head, "\r\n", -1);
  words = g_strsplit (lines[0], " ", -1);
  request->method = g_strdup (words[0]);
  request->target = g_strdup (g_strv_length (words) > 1 ? words[1] : "");
  request->version = g_strdup (g_strv_length (words) > 2 ? words[2] : "");
  if (g_strv_length (words) != 3 || !g_str_has_prefix (request->version, "HTTP/1.") || *request->target == '\0')
    request->problem = g_strdup ("bad request line");
  for (guint i = 1; lines[i] != NULL && *lines[i] != '\0'; i++)
    if (strpbrk (lines[i], "\r\n") != NULL || !parse_header_line (request, lines[i]))
      request->problem = g_strdup ("bad header line");
  return request;
}

static void
request_complete (ScriptedPeer *peer,
                  gint64 now)
{
  peer->state = READ_NOTHING;
  peer->request->complete_at = now;
  peer->request->complete = TRUE;
  peer->world->complete (peer->request, peer->user_data);
}

static void
choose_framing (ScriptedPeer *peer,
                ScriptedRequest *request,
                gint64 now)
{
  const char *coding = scripted_request_header (request, "Transfer-Encoding");
  const char *length = scripted_request_header (request, "Content-Length");

  if (coding != NULL && length != NULL)
    broken (peer, "both framings");
  else if (scripted_request_count (request, "Content-Length") > 1)
    broken (peer, "two lengths");
  else if (coding != NULL && g_ascii_strcasecmp (coding, "chunked") != 0)
    broken (peer, "unknown transfer coding");
  else if (coding != NULL)
    {
      request->chunked = TRUE;
      peer->state = READ_CHUNK_SIZE;
    }
  else if (length != NULL && !g_ascii_string_to_unsigned (length, 10, 0, G_MAXINT64, &peer->remaining, NULL))
    broken (peer, "bad length");
  else if (length != NULL && peer->remaining > 0)
    peer->state = READ_BODY;
  else
    request_complete (peer, now);
}

static void
begin_answer (ScriptedPeer *peer,
              ScriptedAnswer *answer) /* (transfer full) */
{
  Frame frame = { answer, 0 };

  g_array_append_val (peer->frames, frame);
  peer->answer_sent = 0;
  peer->cut_at = answer->cut_at;
  peer->cut_how = answer->cut_how;
  peer->piece = 0;
  peer->op_begun = FALSE;
}

/* An empty line may come before a request (RFC 9112 section 2.2); it is a fault all the same if a client sends one. */
static gboolean
read_head (ScriptedPeer *peer,
           gint64 now)
{
  const guint8 *end = memmem (peer->in->data, peer->in->len, "\r\n\r\n", 4);
  ScriptedRequest *request;
  const char *connection;
  gsize len;

  if (end == NULL)
    {
      if (peer->in->len > SCRIPTED_HEAD_MAX)
        broken (peer, "endless head");
      return peer->state == READ_BROKEN;
    }
  len = (gsize) (end - peer->in->data) + 4;
  request = peer->request = parse_head (peer, (const char *) peer->in->data, len);
  g_byte_array_remove_range (peer->in, 0, (guint) len);
  request->head_at = now;
  connection = scripted_request_header (request, "Connection");
  peer->close_after = (g_str_equal (request->version, "HTTP/1.0")
                       && (connection == NULL || g_ascii_strcasecmp (connection, "keep-alive") != 0))
                      || (connection != NULL && g_ascii_strcasecmp (connection, "close") == 0);
  peer->pending = peer->world->request (request, peer->user_data);
  if (request->problem != NULL)
    broken (peer, request->problem);
  else
    choose_framing (peer, request, now);
  return TRUE;
}

static void
keep_body (ScriptedPeer *peer,
           gsize len)
{
  ScriptedRequest *request = peer->request;

  if (request->body->len < SCRIPTED_BODY_KEPT)
    g_byte_array_append (request->body, peer->in->data, (guint) MIN (len, SCRIPTED_BODY_KEPT - request->body->len));
  request->body_length += len;
  peer->remaining -= len;
  g_byte_array_remove_range (peer->in, 0, (guint) len);
}

/* A line without its CRLF, taken out of the input; NULL if there is none yet. */
static char *
take_line (ScriptedPeer *peer)
{
  const guint8 *end = memmem (peer->in->data, peer->in->len, "\r\n", 2);
  char *line;

  if (end == NULL)
    return NULL;
  line = g_strndup ((const char *) peer->in->data, (gsize) (end - peer->in->data));
  g_byte_array_remove_range (peer->in, 0, (guint) (end - peer->in->data) + 2);
  return line;
}

static gboolean
read_chunk_size (ScriptedPeer *peer)
{
  g_autofree char *line = take_line (peer);
  char *end;

  if (line == NULL)
    return FALSE;
  peer->remaining = g_ascii_strtoull (line, &end, 16);
  if (end == line || (*end != '\0' && *end != ';'))
    broken (peer, "bad chunk size");
  else
    peer->state = peer->remaining > 0 ? READ_CHUNK_DATA : READ_TRAILERS;
  return TRUE;
}

static gboolean
read_chunk_end (ScriptedPeer *peer)
{
  if (peer->in->len < 2)
    return FALSE;
  if (memcmp (peer->in->data, "\r\n", 2) != 0)
    {
      broken (peer, "chunk without end");
      return TRUE;
    }
  g_byte_array_remove_range (peer->in, 0, 2);
  peer->state = READ_CHUNK_SIZE;
  return TRUE;
}

static gboolean
read_trailers (ScriptedPeer *peer,
               gint64 now)
{
  g_autofree char *line = take_line (peer);

  if (line == NULL)
    return FALSE;
  if (*line == '\0')
    request_complete (peer, now);
  else
    g_string_append_printf (peer->request->trailers, "%s\n", line);
  return TRUE;
}

static gboolean
read_body (ScriptedPeer *peer,
           gint64 now)
{
  if (peer->in->len == 0)
    return FALSE;
  keep_body (peer, (gsize) MIN (peer->in->len, peer->remaining));
  if (peer->remaining == 0 && peer->state == READ_CHUNK_DATA)
    peer->state = READ_CHUNK_END;
  else if (peer->remaining == 0)
    request_complete (peer, now);
  return TRUE;
}

static gboolean
read_some (ScriptedPeer *peer,
           gint64 now)
{
  switch (peer->state)
    {
    case READ_HEAD:
      return read_head (peer, now);
    case READ_BODY:
    case READ_CHUNK_DATA:
      return read_body (peer, now);
    case READ_CHUNK_SIZE:
      return read_chunk_size (peer);
    case READ_CHUNK_END:
      return read_chunk_end (peer);
    case READ_TRAILERS:
      return read_trailers (peer, now);
    case READ_BROKEN:
      g_byte_array_set_size (peer->in, 0);
      return FALSE;
    case READ_NOTHING:
    default:
      return FALSE;
    }
}

static void
parse_input (ScriptedPeer *peer,
             gint64 now)
{
  while (peer->in->len > 0 && read_some (peer, now))
    ;
}

/* An answer waits for the one before it, and for the body unless it says otherwise. */
static void
begin_pending (ScriptedPeer *peer)
{
  if (peer->frames->len == 0 && peer->pending != NULL
      && (peer->pending->at_head || peer->state == READ_NOTHING || peer->state == READ_BROKEN))
    begin_answer (peer, g_steal_pointer (&peer->pending));
}

static const ScriptedAnswer *
running (ScriptedPeer *peer)
{
  return peer->frames->len > 0 ? g_array_index (peer->frames, Frame, peer->frames->len - 1).answer : peer->pending;
}

gsize
scripted_peer_wants (ScriptedPeer *peer,
                     gint64 now,
                     gint64 *later)
{
  const ScriptedAnswer *answer = running (peer);
  guint64 allowed;

  *later = -1;
  if (answer != NULL && answer->no_read)
    return 0;
  if (answer == NULL || answer->read_per_ms == 0)
    return READ_MAX;
  /* In windows of 10 ms, so that a slow reader does not become a busy one. */
  allowed = (guint64) answer->read_per_ms * 10;
  if (now - peer->read_window_at >= 10000)
    {
      peer->read_window_at = now;
      peer->read_in_window = 0;
    }
  if (peer->read_in_window >= allowed)
    {
      *later = peer->read_window_at + 10000;
      return 0;
    }
  return (gsize) MIN (READ_MAX, allowed - peer->read_in_window);
}

void
scripted_peer_feed (ScriptedPeer *peer,
                    const guint8 *data,
                    gsize len,
                    gint64 now)
{
  peer->read_in_window += len;
  if (peer->ended)
    return;
  g_byte_array_append (peer->in, data, (guint) len);
  parse_input (peer, now);
}

void
scripted_peer_eof (ScriptedPeer *peer)
{
  peer->eof = TRUE;
}

/* --- running the answer --- */

static ScriptedNext
end_with (ScriptedPeer *peer,
          ScriptedEnd how)
{
  peer->ended = TRUE;
  return (ScriptedNext){ .kind = SCRIPTED_NEXT_END, .how = how };
}

static void
op_done (ScriptedPeer *peer)
{
  Frame *frame = &g_array_index (peer->frames, Frame, peer->frames->len - 1);

  frame->op++;
  peer->op_begun = FALSE;
  g_clear_pointer (&peer->composed, g_bytes_unref);
}

/* The @at-th byte and what follows of a chunked body; everything is computed, nothing is kept. */
static gsize
fill_chunks (const ScriptedOp *op,
             guint64 at,
             guint8 *buffer,
             gsize len)
{
  const char *extension = op->bytes != NULL ? g_bytes_get_data (op->bytes, NULL) : "";
  int extension_len = op->bytes != NULL ? (int) g_bytes_get_size (op->bytes) : 0;
  g_autofree char *head = g_strdup_printf ("%" G_GINT64_MODIFIER "x%.*s\r\n", op->chunk, extension_len, extension);
  guint64 frame = strlen (head) + op->chunk + 2;
  gsize filled = 0;

  while (filled < len)
    {
      guint64 index = (at + filled) / frame, inside = (at + filled) % frame;
      guint64 start = index * op->chunk, data_len = MIN (op->chunk, op->length - start);
      g_autofree char *own = NULL;
      gsize head_len, n;

      if (start >= op->length)
        break;
      own = g_strdup_printf ("%" G_GINT64_MODIFIER "x%.*s\r\n", data_len, extension_len, extension);
      head_len = strlen (own);
      if (inside < head_len)
        memcpy (buffer + filled, own + inside, n = (gsize) MIN (len - filled, head_len - inside));
      else if (inside < head_len + data_len)
        scripted_pattern_fill (op->seed, start + inside - head_len, buffer + filled,
                               n = (gsize) MIN (len - filled, head_len + data_len - inside));
      else if (inside < head_len + data_len + 2)
        memcpy (buffer + filled, &"\r\n"[inside - head_len - data_len],
                n = (gsize) MIN (len - filled, head_len + data_len + 2 - inside));
      else
        break;
      filled += n;
    }
  return filled;
}

static void
compose (ScriptedPeer *peer,
         const ScriptedOp *op)
{
  g_autofree char *head = NULL;
  GByteArray *all;

  if (op->kind == SCRIPTED_OP_BODY && peer->request != NULL && g_str_equal (peer->request->method, "HEAD"))
    peer->composed = g_bytes_new (NULL, 0);
  else if (op->kind == SCRIPTED_OP_ECHO)
    {
      head = g_strdup_printf ("HTTP/1.1 200 Fine\r\nContent-Length: %u\r\n\r\n", peer->request->body->len);
      all = g_byte_array_append (g_byte_array_new (), (const guint8 *) head, (guint) strlen (head));
      g_byte_array_append (all, peer->request->body->data, peer->request->body->len);
      peer->composed = g_byte_array_free_to_bytes (all);
    }
  else
    peer->composed = g_bytes_ref (op->bytes);
}

/* What the running operation sends next; 0 when it has sent everything. */
static gsize
op_data (ScriptedPeer *peer,
         const ScriptedOp *op,
         const guint8 **data)
{
  static _Thread_local guint8 scratch[SEND_MAX];
  const guint8 *bytes;
  gsize size, len;

  *data = scratch;
  if (op->kind == SCRIPTED_OP_CHUNKS)
    return fill_chunks (op, peer->op_sent, scratch, sizeof scratch);
  if (op->kind == SCRIPTED_OP_PATTERN)
    {
      len = (gsize) MIN (sizeof scratch, op->length - peer->op_sent);
      scripted_pattern_fill (op->seed, op->offset + peer->op_sent, scratch, len);
      return len;
    }
  if (peer->composed == NULL)
    compose (peer, op);
  bytes = g_bytes_get_data (peer->composed, &size);
  *data = bytes + peer->op_sent;
  return size - (gsize) peer->op_sent;
}

/* TRUE with @next filled: stop here; FALSE: the operation is done. */
static gboolean
op_send (ScriptedPeer *peer,
         const ScriptedOp *op,
         gint64 now,
         ScriptedNext *next)
{
  next->len = op_data (peer, op, &next->data);
  if (next->len == 0)
    return FALSE;
  if (peer->piece > 0 && peer->piece_left == 0)
    {
      if (now < peer->piece_at)
        {
          *next = (ScriptedNext){ .kind = SCRIPTED_NEXT_WAIT, .at = peer->piece_at };
          return TRUE;
        }
      peer->piece_left = peer->piece;
    }
  if (peer->piece > 0)
    next->len = (gsize) MIN (next->len, peer->piece_left);
  if (peer->cut_at >= 0)
    next->len = (gsize) MIN (next->len, (guint64) peer->cut_at - peer->answer_sent);
  next->kind = SCRIPTED_NEXT_SEND;
  return TRUE;
}

static gboolean
op_wait (ScriptedPeer *peer,
         const ScriptedOp *op,
         gint64 now,
         ScriptedNext *next)
{
  if (!peer->op_begun)
    peer->op_until = now + op->delay_us;
  peer->op_begun = TRUE;
  if (now >= peer->op_until)
    return FALSE;
  *next = (ScriptedNext){ .kind = SCRIPTED_NEXT_WAIT, .at = peer->op_until };
  return TRUE;
}

/* The peer's half-close ends a stall, so that a connection that its client gave up does not stay. */
static gboolean
op_stall (ScriptedPeer *peer,
          ScriptedNext *next)
{
  *next = peer->eof ? end_with (peer, SCRIPTED_END_FIN) : (ScriptedNext){ .kind = SCRIPTED_NEXT_INPUT };
  return TRUE;
}

static gboolean
op_handler (ScriptedPeer *peer,
            const ScriptedOp *op)
{
  ScriptedAnswer *made = op->handler (peer->request, op->handler_data);

  op_done (peer);
  if (made != NULL)
    {
      Frame frame = { made, 0 };

      if (made->cut_at >= 0)
        {
          peer->cut_at = made->cut_at;
          peer->cut_how = made->cut_how;
        }
      g_array_append_val (peer->frames, frame);
    }
  return FALSE;
}

static gboolean
op_run (ScriptedPeer *peer,
        const ScriptedOp *op,
        gint64 now,
        ScriptedNext *next)
{
  switch (op->kind)
    {
    case SCRIPTED_OP_BYTES:
    case SCRIPTED_OP_BODY:
    case SCRIPTED_OP_PATTERN:
    case SCRIPTED_OP_CHUNKS:
    case SCRIPTED_OP_ECHO:
      if (!peer->op_begun)
        peer->op_sent = 0;
      peer->op_begun = TRUE;
      return op_send (peer, op, now, next);
    case SCRIPTED_OP_DELAY:
      return op_wait (peer, op, now, next);
    case SCRIPTED_OP_WAIT_BODY:
      if (peer->request->complete || peer->request->body_length >= op->length || peer->state == READ_BROKEN)
        return FALSE;
      *next = peer->eof ? end_with (peer, SCRIPTED_END_FIN) : (ScriptedNext){ .kind = SCRIPTED_NEXT_INPUT };
      return TRUE;
    case SCRIPTED_OP_STALL:
      return op_stall (peer, next);
    case SCRIPTED_OP_SPLIT:
      peer->piece = peer->piece_left = op->length;
      peer->piece_delay = op->delay_us;
      return FALSE;
    case SCRIPTED_OP_END:
      *next = end_with (peer, op->end);
      return TRUE;
    case SCRIPTED_OP_HANDLER:
    default:
      return FALSE;
    }
}

/* The program is over: the next request may be looked at, if there can be one. */
static gboolean
finish_answer (ScriptedPeer *peer,
               gint64 now)
{
  if (peer->state == READ_BROKEN || (peer->request != NULL && peer->close_after))
    return FALSE;
  if (peer->state == READ_NOTHING)
    {
      peer->state = READ_HEAD;
      peer->request = NULL;
      parse_input (peer, now);
    }
  return TRUE;
}

static gboolean
run_frame (ScriptedPeer *peer,
           gint64 now,
           ScriptedNext *next)
{
  Frame *frame = &g_array_index (peer->frames, Frame, peer->frames->len - 1);
  const ScriptedOp *op;

  if (peer->cut_at >= 0 && peer->answer_sent >= (guint64) peer->cut_at)
    {
      *next = end_with (peer, peer->cut_how);
      return TRUE;
    }
  if (frame->op >= frame->answer->ops->len)
    {
      g_array_set_size (peer->frames, peer->frames->len - 1);
      peer->op_begun = FALSE;
      if (peer->frames->len > 0 || finish_answer (peer, now))
        return FALSE;
      *next = end_with (peer, SCRIPTED_END_FIN);
      return TRUE;
    }
  op = &g_array_index (frame->answer->ops, ScriptedOp, frame->op);
  if (op->kind == SCRIPTED_OP_HANDLER)
    return op_handler (peer, op);
  if (op_run (peer, op, now, next))
    return TRUE;
  op_done (peer);
  return FALSE;
}

ScriptedNext
scripted_peer_next (ScriptedPeer *peer,
                    gint64 now)
{
  ScriptedNext next = { .kind = SCRIPTED_NEXT_INPUT };

  if (!peer->opened)
    {
      ScriptedAnswer *opening = peer->world->opening (peer->connection, peer->user_data);

      peer->opened = TRUE;
      if (opening != NULL)
        begin_answer (peer, opening);
    }
  while (!peer->ended)
    {
      begin_pending (peer);
      if (peer->frames->len > 0)
        {
          if (run_frame (peer, now, &next))
            return next;
        }
      else if (peer->state == READ_NOTHING && peer->pending == NULL)
        {
          /* A request whose body its answer did not wait for is over now that its last byte came. */
          if (!finish_answer (peer, now))
            return end_with (peer, SCRIPTED_END_FIN);
        }
      else
        return peer->eof ? end_with (peer, SCRIPTED_END_FIN) : next;
    }
  return next;
}

void
scripted_peer_sent (ScriptedPeer *peer,
                    gsize len,
                    gint64 now)
{
  peer->op_sent += len;
  peer->answer_sent += len;
  if (peer->piece > 0)
    {
      peer->piece_left -= len;
      peer->piece_at = now + peer->piece_delay;
    }
}
