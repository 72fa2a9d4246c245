/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-feed-private.h"

#include "gmulti-errand-private.h"

#include <errno.h>
#include <string.h>

typedef struct
{
  char *data; /* (owned) (nullable) */
  gsize len;
  gsize offset; /* how much of it the engine has */
} Chunk;

struct _GmFeed
{
  gatomicrefcount refs;
  GMutex lock;
  GmErrand *errand;           /* (unowned) (nullable): NULL once stopped */
  GFile *file;          /* (owned) (nullable) */
  GInputStream *stream; /* (owned) (nullable): used by one fill at a time */
  gint64 origin;        /* where the stream stood at the start; -1 if it cannot seek */
  gint64 seek_to;       /* before the next fill; -1 = no */
  Chunk ready;
  Chunk next;
  guint generation; /* grows with each seek: what was fetched for an older one is dropped */
  gboolean filling;
  gboolean wanted; /* a stream: the home context is to begin it */
  gboolean starving; /* the engine waits */
  gboolean ended;
  GError *error;    /* (owned) (nullable) */
  struct _FillJob *job; /* (owned) (nullable): engine's thread */
};

/* One chunk read on a worker. Owns all it touches. */
typedef struct _FillJob
{
  GmJob base;
  GmFeed *feed;
  GFile *file;
  GInputStream *stream; /* (nullable): opened by the first */
  gint64 seek_to;
  guint generation;
  gboolean probe; /* open and measure, read nothing */
  gint64 size;    /* -1 unknown */
  char *data;
  gssize n;
  GError *error;
} FillJob;

/* One chunk read from the application's stream. */
typedef struct
{
  GmFeed *feed;
  char *data;
  guint generation;
} StreamFill;

static GmFeed *
feed_new (GmErrand *errand)
{
  GmFeed *self = g_new0 (GmFeed, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->errand = errand;
  self->origin = -1;
  self->seek_to = -1;
  return self;
}

GmFeed *
gm_feed_new_for_file (GmErrand *errand,
                      GFile *file)
{
  GmFeed *self = feed_new (errand);

  self->file = g_object_ref (file);
  self->origin = 0;
  return self;
}

GmFeed *
gm_feed_new_for_stream (GmErrand *errand,
                        GInputStream *stream)
{
  GmFeed *self = feed_new (errand);

  self->stream = g_object_ref (stream);
  if (G_IS_SEEKABLE (stream) && g_seekable_can_seek (G_SEEKABLE (stream)))
    self->origin = g_seekable_tell (G_SEEKABLE (stream));
  return self;
}

gboolean
gm_feed_is_file (GmFeed *self)
{
  return self->file != NULL;
}

GmFeed *
gm_feed_ref (GmFeed *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_feed_unref (GmFeed *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_object (&self->file);
  g_clear_object (&self->stream);
  g_free (self->ready.data);
  g_free (self->next.data);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
gm_feed_stop (GmFeed *self)
{
  FillJob *job = g_steal_pointer (&self->job);

  g_mutex_lock (&self->lock);
  self->errand = NULL;
  self->generation++;
  g_mutex_unlock (&self->lock);

  if (job != NULL)
    gm_job_abandon (&job->base);
}

/* A fill came to its end, in whatever thread. Takes @data and @error. */
static void
filled (GmFeed *self,
        guint generation,
        char *data,
        gssize n,
        GError *error)
{
  g_autofree char *spare = data;
  g_autoptr (GError) late = error;
  GmErrand *errand = NULL;

  g_mutex_lock (&self->lock);
  self->filling = FALSE;
  if (generation == self->generation)
    {
      if (n > 0)
        {
          g_free (self->next.data);
          self->next = (Chunk){ g_steal_pointer (&spare), (gsize) n, 0 };
        }
      else if (n == 0)
        self->ended = TRUE;
      else
        self->error = g_steal_pointer (&late);
    }
  if (self->starving && self->errand != NULL)
    errand = gm_errand_ref (self->errand);
  self->starving = FALSE;
  g_mutex_unlock (&self->lock);

  if (errand != NULL)
    {
      gm_errand_order (errand, GM_ORDER_CONTINUE);
      gm_errand_unref (errand);
    }
}

/* ---- files, on a worker ---- */

static gboolean
open_and_seek (FillJob *job)
{
  if (job->stream == NULL)
    job->stream = G_INPUT_STREAM (g_file_read (job->file, NULL, &job->error));

  return job->stream != NULL
         && (job->seek_to < 0
             || g_seekable_seek (G_SEEKABLE (job->stream), job->seek_to, G_SEEK_SET, NULL, &job->error));
}

/* Not every file knows: it is then sent in chunks. */
static gint64
measure (GInputStream *stream)
{
  g_autoptr (GFileInfo) info = NULL;

  info = g_file_input_stream_query_info (G_FILE_INPUT_STREAM (stream), G_FILE_ATTRIBUTE_STANDARD_SIZE, NULL, NULL);
  return info != NULL && g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_STANDARD_SIZE) ? g_file_info_get_size (info)
                                                                                         : -1;
}

static void
fill_job_work (GmJob *base)
{
  FillJob *job = (FillJob *) base;
  gsize n = 0;

  job->n = -1;
  if (!open_and_seek (job))
    return;

  if (job->probe)
    {
      job->size = measure (job->stream);
      return;
    }

  if (g_input_stream_read_all (job->stream, job->data, GM_FEED_CHUNK, &n, NULL, &job->error))
    job->n = (gssize) n;
}

static void
fill_job_done (GmJob *base)
{
  FillJob *job = (FillJob *) base;
  GmFeed *feed = job->feed;

  feed->job = NULL;
  if (feed->stream == NULL && job->stream != NULL)
    feed->stream = g_object_ref (job->stream);
  if (job->probe)
    gm_errand_upload_known (feed->errand, feed, job->size, g_steal_pointer (&job->error));
  else
    filled (feed, job->generation, g_steal_pointer (&job->data), job->n, g_steal_pointer (&job->error));
  gm_job_unref (base);
}

static void
fill_job_free (GmJob *base)
{
  FillJob *job = (FillJob *) base;

  g_clear_object (&job->stream);
  g_clear_object (&job->file);
  g_clear_error (&job->error);
  g_free (job->data);
  gm_feed_unref (job->feed);
  g_free (job);
}

static const GmJobType fill_job_type = { fill_job_work, fill_job_done, fill_job_free };

static FillJob *
new_job (GmFeed *self)
{
  FillJob *job = g_new0 (FillJob, 1);

  gm_job_init (&job->base, &fill_job_type);
  job->feed = gm_feed_ref (self);
  job->file = g_object_ref (self->file);
  job->stream = self->stream != NULL ? g_object_ref (self->stream) : NULL;
  job->seek_to = -1;
  self->job = job;
  return job;
}

/* No thread can be had: as if the file could not be read. */
static GError *
no_worker (GmFeed *self)
{
  g_autofree char *name = g_file_get_parse_name (self->file);

  return g_error_new (G_IO_ERROR, g_io_error_from_errno (EAGAIN), "%s: %s", name, g_strerror (EAGAIN));
}

static void
start_job (GmFeed *self,
           GmReactor *reactor,
           gint64 seek_to,
           guint generation)
{
  FillJob *job = new_job (self);

  job->seek_to = seek_to;
  job->generation = generation;
  job->data = g_malloc (GM_FEED_CHUNK);
  if (gm_job_start (&job->base, gm_workers_files (), reactor))
    return;

  self->job = NULL;
  filled (self, generation, NULL, -1, no_worker (self));
  gm_job_unref (&job->base);
}

void
gm_feed_probe (GmFeed *self,
               GmReactor *reactor)
{
  FillJob *job;

  /* the file of another part could not even be looked at */
  if (self->errand == NULL)
    return;

  job = new_job (self);
  job->probe = TRUE;
  if (gm_job_start (&job->base, gm_workers_files (), reactor))
    return;

  self->job = NULL;
  gm_errand_upload_known (self->errand, self, -1, no_worker (self));
  gm_job_unref (&job->base);
}

/* ---- streams, in the home context ---- */

static void
stream_filled_cb (GObject *source,
                  GAsyncResult *result,
                  gpointer user_data)
{
  StreamFill *fill = user_data;
  GError *error = NULL;
  gssize n = g_input_stream_read_finish (G_INPUT_STREAM (source), result, &error);

  filled (fill->feed, fill->generation, fill->data, n, error);
  gm_feed_unref (fill->feed);
  g_free (fill);
}

void
gm_feed_fill (GmFeed *self,
              gboolean blocking)
{
  GError *error = NULL;
  StreamFill *fill;
  gint64 seek_to;
  guint generation;
  char *data;

  g_mutex_lock (&self->lock);
  if (self->errand == NULL || !self->wanted)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->wanted = FALSE;
  seek_to = self->seek_to;
  self->seek_to = -1;
  generation = self->generation;
  g_mutex_unlock (&self->lock);

  if (seek_to >= 0 && !g_seekable_seek (G_SEEKABLE (self->stream), self->origin + seek_to, G_SEEK_SET, NULL, &error))
    {
      filled (self, generation, NULL, -1, error);
      return;
    }

  data = g_malloc (GM_FEED_CHUNK);
  if (blocking)
    {
      gssize n = g_input_stream_read (self->stream, data, GM_FEED_CHUNK, NULL, &error);

      filled (self, generation, data, n, error);
      return;
    }

  fill = g_new (StreamFill, 1);
  *fill = (StreamFill){ gm_feed_ref (self), data, generation };
  g_input_stream_read_async (self->stream, data, GM_FEED_CHUNK, G_PRIORITY_DEFAULT, NULL, stream_filled_cb, fill);
}

/* ---- the engine's thread ---- */

static gsize
take (GmFeed *self,
      char *buffer,
      gsize len)
{
  gsize n;

  if (self->ready.offset == self->ready.len && self->next.data != NULL)
    {
      g_free (self->ready.data);
      self->ready = self->next;
      self->next = (Chunk){ NULL };
    }

  n = MIN (len, self->ready.len - self->ready.offset);
  if (n > 0)
    memcpy (buffer, self->ready.data + self->ready.offset, n);
  self->ready.offset += n;
  return n;
}

GmFeedAnswer
gm_feed_read (GmFeed *self,
              GmReactor *reactor,
              char *buffer,
              gsize len,
              gsize *n)
{
  GmFeedAnswer answer = GM_FEED_DATA;
  gboolean fetch;
  gint64 seek_to;
  guint generation;

  g_mutex_lock (&self->lock);
  *n = take (self, buffer, len);
  if (*n == 0)
    {
      if (self->error != NULL)
        answer = GM_FEED_FAILED;
      else if (self->ended)
        answer = GM_FEED_END;
      else
        {
          answer = GM_FEED_LATER;
          self->starving = TRUE;
        }
    }
  fetch = !self->filling && !self->ended && self->error == NULL && self->next.data == NULL;
  seek_to = self->seek_to;
  generation = self->generation;
  if (fetch)
    self->filling = TRUE;
  if (fetch && self->file != NULL)
    self->seek_to = -1;
  else if (fetch)
    self->wanted = TRUE;
  g_mutex_unlock (&self->lock);

  if (fetch && self->file != NULL)
    start_job (self, reactor, seek_to, generation);
  else if (fetch)
    gm_errand_tell (self->errand, GM_TIDINGS_FEED);
  return answer;
}

gboolean
gm_feed_seek (GmFeed *self,
              gint64 offset)
{
  if (self->origin < 0)
    return FALSE;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->ready.data, g_free);
  g_clear_pointer (&self->next.data, g_free);
  self->ready = (Chunk){ NULL };
  self->next = (Chunk){ NULL };
  self->seek_to = offset;
  self->ended = FALSE;
  self->generation++;
  g_mutex_unlock (&self->lock);

  return TRUE;
}

GError *
gm_feed_take_error (GmFeed *self)
{
  GError *error;

  g_mutex_lock (&self->lock);
  error = g_steal_pointer (&self->error);
  g_mutex_unlock (&self->lock);

  return error;
}
