/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "endless-layer.h"
#include "gmulti-session-private.h"

#include <time.h>

/* A session whose network is always ready never has the loop to itself: a source that draws at GTK's priority is served on
 * its grid. Measured in our own processor time, so that what else the machine does is not counted as ours. */

#define GRID_US 16000
#define LATE_US 4000
#define PRIORITY_REDRAW 120
#define SECONDS 2

typedef struct
{
  const char *name;
  guint parallel;
  guint64 body;
  gboolean stream; /* taken piece by piece, not gathered */
  gboolean ends; /* some are completed while it runs */
} Load;

static const Load loads[] = {
  { "small", 1000, 128, FALSE, TRUE },
  { "large", 8, 8 << 20, TRUE, TRUE },
  { "without-end", 8, G_GUINT64_CONSTANT (1) << 50, TRUE, FALSE },
};

typedef struct
{
  GSource base;
  gint64 start;
  gint64 next; /* the point of the grid that is waited for */
  gint64 not_due; /* our processor time when it was last seen not to be due */
  guint n_served;
  guint n_in_time;
  gint64 worst;
} Frames;

typedef struct
{
  const Load *load;
  GMultiSession *session; /* (owned) */
  guint n_progress;
  guint n_completed;
  guint n_running;
  gboolean over;
} Busy;

typedef struct
{
  Busy *busy; /* (unowned) */
  GMultiTransfer *transfer; /* (owned) */
  GInputStream *stream; /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) */
} Job;

static gint64
own_time (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* ---- the frames ---- */

static gboolean
frames_check (GSource *source)
{
  Frames *self = (Frames *) source;

  if (g_get_monotonic_time () >= self->start + self->next * GRID_US)
    return TRUE;
  self->not_due = own_time ();
  return FALSE;
}

static gboolean
frames_prepare (GSource *source,
                int *timeout)
{
  *timeout = 1;
  return frames_check (source);
}

static gboolean
frames_dispatch (GSource *source,
                 GSourceFunc callback,
                 gpointer user_data)
{
  Frames *self = (Frames *) source;
  gint64 late = own_time () - self->not_due;

  self->worst = MAX (self->worst, late);
  self->n_served++;
  self->n_in_time += late <= LATE_US;
  self->next = (g_get_monotonic_time () - self->start) / GRID_US + 1;
  self->not_due = own_time ();
  return G_SOURCE_CONTINUE;
}

static GSource *
frames_new (void)
{
  static GSourceFuncs funcs = { .prepare = frames_prepare, .check = frames_check, .dispatch = frames_dispatch };
  GSource *source = g_source_new (&funcs, sizeof (Frames));
  Frames *self = (Frames *) source;

  self->start = g_get_monotonic_time ();
  self->next = 1;
  self->not_due = own_time ();
  g_source_set_priority (source, PRIORITY_REDRAW);
  g_source_attach (source, NULL);
  return source;
}

/* ---- the load ---- */

static void start_job (Busy *busy);

static void
job_ended (Job *job)
{
  Busy *busy = job->busy;

  g_clear_object (&job->transfer);
  g_clear_object (&job->stream);
  g_clear_object (&job->cancellable);
  g_free (job);
  busy->n_running--;
  if (!busy->over)
    start_job (busy);
}

static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  if (!job->busy->over)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, job->busy->load->body);
    }
  job_ended (job);
}

static void read_next (Job *job);

static void
read_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (job->stream, result, NULL);

  if (bytes == NULL || g_bytes_get_size (bytes) == 0 || job->busy->over)
    job_ended (job);
  else
    read_next (job);
}

static void
read_next (Job *job)
{
  g_input_stream_read_bytes_async (job->stream, 65536, G_PRIORITY_DEFAULT, job->cancellable, read_cb, job);
}

static void
opened_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  Job *job = user_data;
  g_autoptr (GError) error = NULL;

  job->stream = gmulti_session_open_finish (GMULTI_SESSION (source), result, &error);
  if (job->stream == NULL)
    {
      g_assert_true (job->busy->over);
      job_ended (job);
      return;
    }
  read_next (job);
}

static void
progress_cb (GMultiTransfer *transfer,
             gpointer user_data)
{
  ((Busy *) user_data)->n_progress++;
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              gpointer user_data)
{
  ((Busy *) user_data)->n_completed++;
}

static void
start_job (Busy *busy)
{
  Job *job = g_new0 (Job, 1);

  busy->n_running++;
  job->busy = busy;
  job->cancellable = g_cancellable_new ();
  job->transfer = gmulti_transfer_new ("http://127.0.0.1/");
  g_signal_connect (job->transfer, "progress", G_CALLBACK (progress_cb), busy);
  g_signal_connect (job->transfer, "completed", G_CALLBACK (completed_cb), busy);
  if (busy->load->stream)
    gmulti_session_open_async (busy->session, job->transfer, job->cancellable, opened_cb, job);
  else
    gmulti_session_fetch_async (busy->session, job->transfer, job->cancellable, fetched_cb, job);
}

static void
test_frames (gconstpointer data)
{
  Busy busy = { .load = data };
  Endless endless = { .body = busy.load->body };
  gint64 end;
  GSource *source;
  Frames *frames;

  /* What these slow down is our own time. */
  if (g_getenv ("ASAN_OPTIONS") != NULL || g_getenv ("GMULTI_TEST_VALGRIND") != NULL)
    {
      g_test_skip ("figures of time mean nothing under a tool that makes everything slower");
      return;
    }

  busy.session = gmulti_session_new ();
  gmulti_session_set_max_active (busy.session, 0);
  gmulti_session_set_max_connections_per_host (busy.session, 0);
  gm_pool_set_hooks (gm_multi_get_pool (gm_core_get_multi (gm_face_session_get_core (busy.session))), endless_layer_new,
                     NULL, &endless);
  for (guint i = 0; i < busy.load->parallel; i++)
    start_job (&busy);

  source = frames_new ();
  frames = (Frames *) source;
  end = own_time () + SECONDS * G_USEC_PER_SEC;
  while (own_time () < end)
    g_main_context_iteration (NULL, TRUE);
  g_test_message ("%u of %u frames within %d ms, the worst after %.1f ms; %" G_GUINT64_FORMAT " MiB, %u progress, "
                  "%u completed", frames->n_in_time, frames->n_served, LATE_US / 1000, (double) frames->worst / 1000,
                  endless.n_received >> 20, busy.n_progress, busy.n_completed);
  /* A machine that is taken from us for long serves fewer, and that is not our doing. */
  g_assert_cmpuint (frames->n_served, >, SECONDS * G_USEC_PER_SEC / GRID_US / 2);
  g_assert_cmpuint (frames->n_in_time * 100, >=, frames->n_served * 95);
  g_assert_cmpuint (busy.n_progress, >, 0);
  if (busy.load->ends)
    g_assert_cmpuint (busy.n_completed, >, busy.load->parallel);

  g_source_destroy (source);
  g_source_unref (source);
  busy.over = TRUE;
  gmulti_session_cancel_all (busy.session);
  while (busy.n_running > 0 && own_time () < end + 10 * G_USEC_PER_SEC)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (busy.n_running, ==, 0);
  g_object_unref (busy.session);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (loads); i++)
    {
      g_autofree char *path = g_strconcat ("/endless/", loads[i].name, NULL);

      g_test_add_data_func (path, &loads[i], test_frames);
    }
  return g_test_run ();
}
