/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http2-private.h"

#include "gm-queue.h"
#include "gm-trace.h"

/* Windows, compacted when half of it is gone. */
#define HELD_MAX (2 * GM_HTTP2_WINDOW_MAX + GM_READ_SIZE_MAX)

/* ---- what came ---- */

static GmHttp2Event *
get_event (GmHttp2Stream *self,
           guint i)
{
  return &g_array_index (self->events, GmHttp2Event, i);
}

static guint
n_events (const GmHttp2Stream *self)
{
  return self->events != NULL ? self->events->len - self->next : 0;
}

void
gm_http2_stream_push (GmHttp2Stream *self,
                      const GmHttp2Event *event)
{
  if (self->events == NULL)
    self->events = g_array_sized_new (FALSE, FALSE, sizeof (GmHttp2Event), 4);
  g_array_append_vals (self->events, event, 1);
  gm_http2_mark_ready (self);
}

void
gm_http2_stream_push_data (GmHttp2Stream *self,
                           const char *data,
                           gsize len)
{
  GmHttp2Event event = { .kind = GM_HTTP2_DATA, .data = data, .len = len };

  self->unhindered += len;
  gm_http2_stream_push (self, &event);
}

void
gm_http2_stream_fail (GmHttp2Stream *self,
                      GmResult result,
                      guint code,
                      gboolean unprocessed)
{
  GmHttp2Event event = { .kind = GM_HTTP2_FAILED, .result = result, .code = code, .unprocessed = unprocessed };

  if (self->ended)
    return;
  self->ended = TRUE;
  gm_http2_stream_push (self, &event);
}

static void
compact_held (GmHttp2Stream *self)
{
  if (self->held_pos == self->held.len)
    gm_byte_builder_reset (&self->held);
  else if (self->held_pos >= self->held.len / 2)
    {
      self->held.len -= self->held_pos;
      memmove (self->held.data, self->held.data + self->held_pos, self->held.len);
    }
  else
    return;
  self->held_pos = 0;
}

/* One event for all data that follow one another, however many frames they came in. */
static guint
keep_data (GmHttp2Stream *self,
           guint at,
           const GmHttp2Event *event)
{
  GmHttp2Event kept = { .kind = GM_HTTP2_DATA, .len = event->len };

  if (event->data != NULL)
    gm_byte_builder_append (&self->held, event->data, event->len);
  if (at > 0 && get_event (self, at - 1)->kind == GM_HTTP2_DATA)
    {
      get_event (self, at - 1)->len += event->len;
      return at;
    }
  *get_event (self, at) = kept;
  return at + 1;
}

void
gm_http2_stream_save (GmHttp2Stream *self)
{
  guint n = n_events (self);
  guint at = 0;

  if (n == 0)
    {
      if (self->events != NULL)
        g_array_set_size (self->events, 0);
      self->next = 0;
      return;
    }

  self->unhindered = 0;
  self->held.max = HELD_MAX;
  compact_held (self);
  for (guint i = 0; i < n; i++)
    {
      GmHttp2Event event = *get_event (self, self->next + i);

      if (event.kind == GM_HTTP2_DATA)
        at = keep_data (self, at, &event);
      else
        *get_event (self, at++) = event;
    }
  g_array_set_size (self->events, at);
  self->next = 0;
  if (self->held.failed)
    self->failure = GM_OUT_OF_MEMORY;
}

void
gm_http2_stream_leave_head (GmHttp2Stream *self)
{
  self->headers = NULL;
}

gboolean
gm_http2_stream_peek (GmHttp2Stream *self,
                      GmHttp2Event *event)
{
  if (self->held.failed)
    {
      *event = (GmHttp2Event){ .kind = GM_HTTP2_FAILED, .result = GM_OUT_OF_MEMORY };
      return TRUE;
    }
  if (n_events (self) == 0)
    return FALSE;

  *event = *get_event (self, self->next);
  if (event->kind == GM_HTTP2_DATA && event->data == NULL)
    event->data = self->held.data + self->held_pos;
  return TRUE;
}

/* Whoever kept up for a whole window may have a larger one. */
static void
grow_window (GmHttp2Stream *self)
{
  GmHttp2 *http2 = self->http2;
  gsize more = MIN (self->window, GM_HTTP2_WINDOW_MAX - self->window);

  more = MIN (more, GM_HTTP2_GROWTH_MAX - http2->growth);
  self->unhindered = 0;
  if (more == 0 || self->ended)
    return;
  if (nghttp2_session_set_local_window_size (http2->session, NGHTTP2_FLAG_NONE, self->id,
                                             (gint32) (self->window + more)) != 0)
    return;
  self->window += more;
  http2->growth += more;
  GM_TRACE (HTTP, 0, http2->connection->id, "stream %d: window is %" G_GSIZE_FORMAT, self->id, self->window);
}

static void
take_data (GmHttp2Stream *self,
           GmHttp2Event *event,
           gsize n)
{
  if (event->data != NULL)
    event->data += n;
  else
    self->held_pos += n;
  event->len -= n;
  if (event->len == 0)
    self->next++;
  if (self->http2 == NULL || self->closed || n == 0)
    return;

  nghttp2_session_consume_stream (self->http2->session, self->id, n);
  if (self->unhindered >= self->window && n_events (self) == 0)
    grow_window (self);
  gm_http2_need_turn (self->http2);
}

void
gm_http2_stream_take (GmHttp2Stream *self,
                      gsize n)
{
  GmHttp2Event *event;

  if (self->held.failed || n_events (self) == 0)
    return;

  event = get_event (self, self->next);
  if (event->kind == GM_HTTP2_DATA)
    take_data (self, event, MIN (n, event->len));
  else
    self->next++;
}

/* ---- what goes ---- */

static gsize
n_unsent (const GmHttp2Stream *self)
{
  return self->out.len - self->out_pos;
}

/* Before the peer has said how many streams it takes it may refuse all but the first, and what stands in line behind others
 * may never be sent: nothing is taken from the source for them, which could not be had again. */
static gboolean
may_be_refused (GmHttp2Stream *self)
{
  return (!self->http2->settled && self->id != 1) ||
         (!self->head_sent && self->http2->streams.length > gm_http2_get_max_streams (self->http2));
}

gsize
gm_http2_stream_get_room (GmHttp2Stream *self)
{
  if (self->http2 == NULL || self->closed || self->out_ended || may_be_refused (self))
    return 0;

  return n_unsent (self) < GM_HTTP2_UPLOAD_MAX ? GM_HTTP2_UPLOAD_MAX - n_unsent (self) : 0;
}

char *
gm_http2_stream_reserve (GmHttp2Stream *self,
                         gsize n)
{
  if (self->out_pos > 0)
    {
      self->out.len -= self->out_pos;
      memmove (self->out.data, self->out.data + self->out_pos, self->out.len);
      self->out_pos = 0;
    }
  if (!gm_byte_builder_reserve (&self->out, n))
    return NULL;
  return self->out.data + self->out.len;
}

static void
go_on (GmHttp2Stream *self)
{
  if (self->http2 == NULL || self->closed)
    return;
  if (self->deferred)
    nghttp2_session_resume_data (self->http2->session, self->id);
  self->deferred = FALSE;
  gm_http2_need_turn (self->http2);
}

void
gm_http2_stream_commit (GmHttp2Stream *self,
                        gsize n)
{
  self->out.len += n;
  if (n > 0)
    go_on (self);
}

GmResult
gm_http2_stream_end (GmHttp2Stream *self,
                     const GmHttp2Field *trailers,
                     guint n_trailers)
{
  if (n_trailers > 0)
    self->trailers = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n_trailers; i++)
    {
      g_ptr_array_add (self->trailers, g_strndup (trailers[i].name.data, trailers[i].name.len));
      g_ptr_array_add (self->trailers, g_strndup (trailers[i].value.data, trailers[i].value.len));
    }
  self->out_ended = TRUE;
  go_on (self);

  return GM_OK;
}

static gboolean
submit_trailers (GmHttp2Stream *self)
{
  guint n = self->trailers->len / 2;
  g_autofree nghttp2_nv *fields = g_new0 (nghttp2_nv, n);

  for (guint i = 0; i < n; i++)
    {
      fields[i].name = g_ptr_array_index (self->trailers, 2 * i);
      fields[i].value = g_ptr_array_index (self->trailers, 2 * i + 1);
      fields[i].namelen = strlen ((const char *) fields[i].name);
      fields[i].valuelen = strlen ((const char *) fields[i].value);
    }

  return nghttp2_submit_trailer (self->http2->session, self->id, fields, n) == 0;
}

ssize_t
gm_http2_stream_read (GmHttp2Stream *self,
                      guint8 *buffer,
                      gsize len,
                      guint32 *flags)
{
  gsize n = MIN (n_unsent (self), len);

  if (n == 0 && !self->out_ended)
    {
      self->deferred = TRUE;
      gm_http2_mark_ready (self);
      return NGHTTP2_ERR_DEFERRED;
    }

  if (n > 0)
    memcpy (buffer, self->out.data + self->out_pos, n);
  self->out_pos += n;
  if (n_unsent (self) == 0)
    {
      gm_byte_builder_reset (&self->out);
      self->out_pos = 0;
    }
  if (!self->out_ended)
    {
      if (n_unsent (self) <= GM_HTTP2_UPLOAD_MAX / 2)
        gm_http2_mark_ready (self);
    }
  else if (n_unsent (self) == 0)
    {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (self->trailers != NULL && submit_trailers (self))
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    }

  return (ssize_t) n;
}

gboolean
gm_http2_stream_is_sent (GmHttp2Stream *self)
{
  return self->sent || self->closed || self->http2 == NULL;
}

gboolean
gm_http2_stream_is_head_sent (GmHttp2Stream *self)
{
  return self->head_sent;
}

void
gm_http2_stream_set_urgency (GmHttp2Stream *self,
                             guint urgency)
{
  char value[] = "u=3";

  if (self->http2 == NULL || self->closed)
    return;

  value[2] = (char) ('0' + MIN (urgency, 7));
  nghttp2_submit_priority_update (self->http2->session, NGHTTP2_FLAG_NONE, self->id, (const guint8 *) value, 3);
  gm_http2_need_turn (self->http2);
}

/* ---- life ---- */

static void
leave_session (GmHttp2Stream *self)
{
  GmHttp2 *http2 = self->http2;

  /* Its number may live on until the reset is sent, or the connection is gone: nobody is to be found there. */
  nghttp2_session_set_stream_user_data (http2->session, self->id, NULL);
  if (!self->closed)
    {
      nghttp2_submit_rst_stream (http2->session, NGHTTP2_FLAG_NONE, self->id, NGHTTP2_CANCEL);
      gm_http2_need_turn (http2);
    }
  http2->growth -= self->window - GM_HTTP2_WINDOW;
  gm_queue_unlink (&http2->streams, &self->link);
  if (self->ready_link.data != NULL)
    gm_queue_unlink (&http2->ready, &self->ready_link);
  if (http2->current == self)
    http2->current = NULL;
}

void
gm_http2_stream_free (GmHttp2Stream *self)
{
  if (self == NULL)
    return;

  if (self->http2 != NULL)
    leave_session (self);
  g_clear_pointer (&self->events, g_array_unref);
  g_clear_pointer (&self->trailers, g_ptr_array_unref);
  gm_byte_builder_clear (&self->held);
  gm_byte_builder_clear (&self->out);
  g_free (self);
}
