/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-pipe-private.h"

#include "gm-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* A place with less room is filled too soon to be worth a system call. */
#define MIN_PLACE (32 * 1024)

struct _GmPipe
{
  GMutex lock;
  void (*room) (gpointer user_data);
  gpointer user_data;
  char *data; /* (owned) (nullable): a ring of @size bytes */
  gsize size;
  gsize start; /* where the oldest byte is */
  gsize len;
  GError *error;   /* (owned) (nullable) */
  GSList *sources; /* (element-type GSource) (unowned): those that wait */
  gboolean finished;
  gboolean closed;
  gboolean blocked; /* the writer waits for room */
  gboolean placed;  /* the writer knows a place in @data */
  gboolean peeked;  /* the reader does */
};

typedef struct
{
  GSource base;
  GmPipe *pipe;
  gpointer owner;
  GDestroyNotify unref_owner;
  GMainContext *context; /* (owned) (nullable): the one that asked it first; under the pipe's lock */
} PipeSource;

GmPipe *
gm_pipe_new (void (*room) (gpointer user_data),
             gpointer user_data)
{
  GmPipe *self = g_new0 (GmPipe, 1);

  g_mutex_init (&self->lock);
  self->room = room;
  self->user_data = user_data;
  return self;
}

void
gm_pipe_free (GmPipe *self)
{
  g_free (self->data);
  g_clear_error (&self->error);
  g_slist_free (self->sources);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* With the lock held. Who owns a context asks its sources before it sleeps. A source whose last reference goes in another
 * thread waits for the lock in its finalizer: its memory is good here, but GLib must not be asked about it any more. */
static void
wake_readers (GmPipe *self)
{
  for (GSList *l = self->sources; l != NULL; l = l->next)
    {
      GMainContext *context = ((PipeSource *) l->data)->context;

      if (context != NULL && !g_main_context_is_owner (context))
        g_main_context_wakeup (context);
    }
}

/* Small bodies need a small ring. */
static void
make_room (GmPipe *self,
           gsize wanted)
{
  gsize size = MAX (self->size, 4096);
  char *data;

  while (size < wanted && size < GM_PIPE_SIZE)
    size *= 2;
  if (size <= self->size || self->peeked)
    return;

  data = g_malloc (size);
  if (self->len > 0)
    {
      gsize first = MIN (self->len, self->size - self->start);

      memcpy (data, self->data + self->start, first);
      memcpy (data + first, self->data, self->len - first);
    }
  g_free (self->data);
  self->data = data;
  self->size = size;
  self->start = 0;
}

gboolean
gm_pipe_place (GmPipe *self,
               char **data,
               gsize *len)
{
  gboolean there = TRUE;

  *data = NULL;
  g_mutex_lock (&self->lock);
  self->placed = FALSE;
  if (!self->closed)
    {
      gsize wanted = MIN (*len, MIN_PLACE);

      make_room (self, self->len + MIN (*len, GM_PIPE_SIZE));
      if (self->len == 0)
        self->start = 0;
      there = self->size - self->len >= wanted;
      self->placed = there;
      self->blocked = !there;
    }
  if (self->placed)
    {
      gsize end = (self->start + self->len) % self->size;

      *data = self->data + end;
      *len = MIN (self->size - end, self->size - self->len);
    }
  g_mutex_unlock (&self->lock);

  return there;
}

static void
drop_data (GmPipe *self)
{
  g_clear_pointer (&self->data, g_free);
  self->size = 0;
  self->start = 0;
}

gsize
gm_pipe_write (GmPipe *self,
               const char *data,
               gsize len)
{
  gsize n, end, first;

  g_mutex_lock (&self->lock);
  self->placed = FALSE;
  if (self->closed)
    {
      drop_data (self);
      g_mutex_unlock (&self->lock);
      return len;
    }

  make_room (self, self->len + len);
  n = MIN (len, self->size - self->len);
  end = (self->start + self->len) % self->size;
  if (data != self->data + end)
    {
      first = MIN (n, self->size - end);
      memcpy (self->data + end, data, first);
      memcpy (self->data, data + first, n - first);
    }
  self->len += n;
  self->blocked = n < len;
  if (n > 0)
    wake_readers (self);
  g_mutex_unlock (&self->lock);

  return n;
}

void
gm_pipe_finish (GmPipe *self,
                GError *error)
{
  g_mutex_lock (&self->lock);
  if (!self->finished)
    self->error = g_steal_pointer (&error);
  self->finished = TRUE;
  wake_readers (self);
  g_mutex_unlock (&self->lock);

  g_clear_error (&error);
}

static gssize
read_end (GmPipe *self,
          GError **error)
{
  if (!self->finished)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, _("No data is there yet"));
      return -1;
    }

  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return -1;
    }

  return 0;
}

/* With the lock held: TRUE if the writer is to be told that there is room. */
static gboolean
consume (GmPipe *self,
         gsize len)
{
  gboolean tell;

  self->start = (self->start + len) % self->size;
  self->len -= len;
  tell = self->blocked && self->len <= self->size / 2;
  if (tell)
    self->blocked = FALSE;

  return tell;
}

gssize
gm_pipe_peek (GmPipe *self,
              const char **data,
              GError **error)
{
  gssize result;

  g_mutex_lock (&self->lock);
  self->peeked = self->len > 0;
  *data = self->peeked ? self->data + self->start : NULL;
  result = self->peeked ? (gssize) MIN (self->len, self->size - self->start) : read_end (self, error);
  g_mutex_unlock (&self->lock);

  return result;
}

void
gm_pipe_skip (GmPipe *self,
              gsize len)
{
  gboolean tell;

  g_mutex_lock (&self->lock);
  self->peeked = FALSE;
  tell = len > 0 && consume (self, len);
  g_mutex_unlock (&self->lock);

  if (tell)
    self->room (self->user_data);
}

gssize
gm_pipe_read (GmPipe *self,
              char *buffer,
              gsize len,
              GError **error)
{
  gboolean tell = FALSE;
  gssize result;
  gsize n, first;

  g_mutex_lock (&self->lock);
  n = MIN (len, self->len);
  if (n > 0)
    {
      first = MIN (n, self->size - self->start);
      memcpy (buffer, self->data + self->start, first);
      memcpy (buffer + first, self->data, n - first);
      tell = consume (self, n);
      result = (gssize) n;
    }
  else
    {
      result = len == 0 ? 0 : read_end (self, error);
    }
  g_mutex_unlock (&self->lock);

  if (tell)
    self->room (self->user_data);
  return result;
}

gboolean
gm_pipe_is_readable (GmPipe *self)
{
  gboolean readable;

  g_mutex_lock (&self->lock);
  readable = self->len > 0 || self->finished;
  g_mutex_unlock (&self->lock);

  return readable;
}

gboolean
gm_pipe_is_finished (GmPipe *self)
{
  gboolean finished;

  g_mutex_lock (&self->lock);
  finished = self->finished;
  g_mutex_unlock (&self->lock);

  return finished;
}

gsize
gm_pipe_get_len (GmPipe *self)
{
  gsize len;

  g_mutex_lock (&self->lock);
  len = self->len;
  g_mutex_unlock (&self->lock);

  return len;
}

void
gm_pipe_close (GmPipe *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  self->len = 0;
  self->peeked = FALSE;
  /* what the writer is just putting into its place goes with the next that it writes */
  if (!self->placed)
    drop_data (self);
  g_mutex_unlock (&self->lock);
}

/* Level-triggered, as sources of streams are. */
static gboolean
pipe_source_check (GSource *source)
{
  return gm_pipe_is_readable (((PipeSource *) source)->pipe);
}

static gboolean
pipe_source_prepare (GSource *source,
                     int *timeout)
{
  PipeSource *self = (PipeSource *) source;

  /* Whoever has not asked yet need not be woken: it asks before it sleeps. */
  if (self->context == NULL)
    {
      g_mutex_lock (&self->pipe->lock);
      self->context = g_main_context_ref (g_source_get_context (source));
      g_mutex_unlock (&self->pipe->lock);
    }

  *timeout = -1;
  return pipe_source_check (source);
}

static gboolean
pipe_source_dispatch (GSource *source,
                      GSourceFunc callback,
                      gpointer user_data)
{
  return callback != NULL ? callback (user_data) : G_SOURCE_CONTINUE;
}

static void
pipe_source_finalize (GSource *source)
{
  PipeSource *self = (PipeSource *) source;

  g_mutex_lock (&self->pipe->lock);
  self->pipe->sources = g_slist_remove (self->pipe->sources, source);
  g_mutex_unlock (&self->pipe->lock);
  g_clear_pointer (&self->context, g_main_context_unref);
  self->unref_owner (self->owner);
}

/* g_pollable_source_new_full() and language bindings set closures. */
static gboolean
closure_callback (gpointer data)
{
  GValue value = G_VALUE_INIT;
  gboolean go_on;

  g_value_init (&value, G_TYPE_BOOLEAN);
  g_closure_invoke (data, &value, 0, NULL, NULL);
  go_on = g_value_get_boolean (&value);
  g_value_unset (&value);

  return go_on;
}

static GSourceFuncs pipe_source_funcs = {
  .prepare = pipe_source_prepare,
  .check = pipe_source_check,
  .dispatch = pipe_source_dispatch,
  .finalize = pipe_source_finalize,
  .closure_callback = closure_callback,
};

GSource *
gm_pipe_source_new (GmPipe *self,
                    GBoxedCopyFunc ref_owner,
                    GDestroyNotify unref_owner,
                    gpointer owner)
{
  GSource *source = g_source_new (&pipe_source_funcs, sizeof (PipeSource));
  PipeSource *pipe_source = (PipeSource *) source;

  pipe_source->pipe = self;
  pipe_source->owner = ref_owner (owner);
  pipe_source->unref_owner = unref_owner;
  g_source_set_static_name (source, "[libgmulti] body stream");

  g_mutex_lock (&self->lock);
  self->sources = g_slist_prepend (self->sources, source);
  g_mutex_unlock (&self->lock);

  return source;
}
