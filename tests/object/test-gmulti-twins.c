/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

#include <glib/gstdio.h>

/* Calls that wait: on the thread whose context the session has, on another one, and inside handlers. While one waits the
 * caller's context does not run: neither sources of strangers in it, nor what other transfers have to tell. What the
 * transfer itself has to tell comes in the calling thread, before the call returns. */

typedef struct
{
  ScriptedServer *server; /* the test's own thread's */
  guint16 port;
  GMultiSession *session;
  GThread *thread;     /* the test's own */
  GSource *strangers[3]; /* at priorities around the session's */
  gint n_stranger_calls; /* atomic */
  guint n_descriptors;
  char *folder;
} Fixture;

static gboolean
stranger_cb (gpointer user_data)
{
  g_atomic_int_inc (&((Fixture *) user_data)->n_stranger_calls);
  return G_SOURCE_CONTINUE;
}

/* Ready always, or again after a while. */
static void
add_strangers (Fixture *self,
               guint interval)
{
  static const int priorities[] = { G_PRIORITY_HIGH, G_PRIORITY_DEFAULT, G_PRIORITY_LOW };

  for (guint i = 0; i < G_N_ELEMENTS (self->strangers); i++)
    {
      self->strangers[i] = interval != 0 ? g_timeout_source_new (interval) : g_idle_source_new ();
      g_source_set_priority (self->strangers[i], priorities[i]);
      g_source_set_callback (self->strangers[i], stranger_cb, self, NULL);
      g_source_attach (self->strangers[i], NULL);
    }
}

static void
remove_strangers (Fixture *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->strangers); i++)
    {
      g_source_destroy (self->strangers[i]);
      g_clear_pointer (&self->strangers[i], g_source_unref);
    }
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedAnswer *slow = scripted_answer_delay (scripted_answer_new (), 2);

  self->thread = g_thread_self ();
  self->folder = face_folder_new ();
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/big", scripted_answer_big (9, 600000));
  scripted_server_on (self->server, "/slow",
                      scripted_answer_send (slow, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"));
  scripted_server_on (self->server, "/missing", scripted_answer_text (404, NULL, "missing"));
  scripted_server_on (self->server, "/never", scripted_answer_stall (scripted_answer_new ()));
  self->port = scripted_server_port (self->server);
  self->n_descriptors = leaks_begin ();
  self->session = leaks_watch (g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL));
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->session);
  leaks_assert_none (self->n_descriptors);
  scripted_server_free (self->server);
  face_folder_free (self->folder);
}

/* Any thread. */
static char *
make_uri (Fixture *self,
          const char *path)
{
  return g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);
}

static GMultiTransfer *
new_transfer (Fixture *self,
              const char *path)
{
  g_autofree char *uri = make_uri (self, path);

  return leaks_watch (gmulti_transfer_new (uri));
}

/* ---- what a transfer tells while its caller waits ---- */

typedef struct
{
  GThread *thread;
  GString *order;
} Log;

static void
note_progress (GMultiTransfer *transfer,
               Log *log)
{
  g_assert_true (g_thread_self () == log->thread);
  if (log->order->len == 0 || log->order->str[log->order->len - 1] != 'p')
    g_string_append_c (log->order, 'p');
}

static void
note_completed (GMultiTransfer *transfer,
                const GError *error,
                Log *log)
{
  g_assert_true (g_thread_self () == log->thread);
  g_string_append_c (log->order, error != NULL ? 'E' : 'C');
}

/* Fetches @path here and now, and looks at everything about it. */
static void
fetch_and_check (Fixture *self,
                 const char *path)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (self, path);
  Log log = { g_thread_self (), g_string_new (NULL) };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_signal_connect (transfer, "progress", G_CALLBACK (note_progress), &log);
  g_signal_connect (transfer, "completed", G_CALLBACK (note_completed), &log);
  bytes = gmulti_session_fetch (self->session, transfer, NULL, &error);
  g_string_append_c (log.order, '.');

  if (g_str_equal (path, "/missing"))
    {
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
      g_assert_true (g_str_equal (log.order->str, "pE.") || g_str_equal (log.order->str, "E."));
    }
  else
    {
      g_assert_no_error (error);
      g_assert_cmpstr (log.order->str, ==, "pC.");
      g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
      if (g_str_equal (path, "/big"))
        face_check_pattern (bytes, 9, 600000);
    }
  g_string_free (log.order, TRUE);
}

static void
fetch_mixed (Fixture *self,
             guint n)
{
  static const char *const paths[] = { "/small", "/small", "/small", "/small", "/missing", "/small", "/slow", "/small" };

  for (guint i = 0; i < n; i++)
    fetch_and_check (self, i % 100 == 99 ? "/big" : paths[i % G_N_ELEMENTS (paths)]);
}

static void
download_and_check (Fixture *self,
                    guint n)
{
  g_autofree char *name = g_strdup_printf ("%s/file-%p", self->folder, (gpointer) g_thread_self ());
  g_autoptr (GFile) destination = g_file_new_for_path (name);
  g_autofree char *uri = make_uri (self, "/small");

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GMultiDownload) download = NULL;
      g_autoptr (GFile) file = NULL;
      g_autoptr (GError) error = NULL;

      download = leaks_watch (gmulti_download_new (uri, destination));
      file = gmulti_session_download (self->session, download, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (g_file_equal (file, destination));
      g_assert_cmpint (g_unlink (name), ==, 0);
    }
}

/* ---- on the owner's thread ---- */

static void
test_owner (Fixture *self,
            gconstpointer data)
{
  add_strangers (self, 0);
  fetch_mixed (self, 2000);
  download_and_check (self, 200);
  g_assert_cmpint (self->n_stranger_calls, ==, 0);
  remove_strangers (self);
}

/* Others that are under way go on, but tell nothing before the context runs. */
static void
count_completed (GMultiTransfer *transfer,
                 const GError *error,
                 guint *n)
{
  g_assert_no_error (error);
  ++*n;
}

static void
test_siblings (Fixture *self,
               gconstpointer data)
{
  guint n_completed = 0;

  add_strangers (self, 0);
  for (guint round = 0; round < 20; round++)
    {
      guint n_before = n_completed;

      for (guint i = 0; i < 100; i++)
        {
          g_autoptr (GMultiTransfer) transfer = new_transfer (self, "/small");

          g_signal_connect (transfer, "completed", G_CALLBACK (count_completed), &n_completed);
          gmulti_session_start (self->session, transfer);
        }
      /* one that all the hundred overtake */
      fetch_and_check (self, "/slow");
      fetch_and_check (self, "/slow");
      g_assert_cmpuint (n_completed, ==, n_before);
      g_assert_cmpint (self->n_stranger_calls, ==, 0);
      remove_strangers (self);
      face_wait_for (n_completed == n_before + 100);
      g_atomic_int_set (&self->n_stranger_calls, 0);
      add_strangers (self, 0);
    }
  remove_strangers (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 20 * 102);
}

/* ---- on other threads ---- */

typedef struct
{
  Fixture *fixture;
  guint n;
  gint *n_running; /* atomic */
  GMainContext *wake; /* (unowned) (nullable) */
} Caller;

static gpointer
calling_thread (gpointer user_data)
{
  Caller *self = user_data;

  fetch_mixed (self->fixture, self->n);
  download_and_check (self->fixture, self->n / 10);
  g_atomic_int_add (self->n_running, -1);
  if (self->wake != NULL)
    g_main_context_wakeup (self->wake);

  return NULL;
}

/* @iterate: the owner runs its context meanwhile; else nobody does. @join: it makes calls that wait itself. */
static void
call_from_others (Fixture *self,
                  gboolean iterate,
                  gboolean join)
{
  gint n_running = 2;
  Caller caller = { self, 1000, &n_running, iterate ? g_main_context_default () : NULL };
  GThread *threads[2];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("caller", calling_thread, &caller);
  if (join)
    fetch_mixed (self, 500);
  while (iterate && g_atomic_int_get (&n_running) > 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
test_others_running (Fixture *self,
                     gconstpointer data)
{
  call_from_others (self, TRUE, FALSE);
}

static void
test_others_idle (Fixture *self,
                  gconstpointer data)
{
  add_strangers (self, 0);
  call_from_others (self, FALSE, FALSE);
  g_assert_cmpint (self->n_stranger_calls, ==, 0);
  remove_strangers (self);
}

static void
test_others_joined (Fixture *self,
                    gconstpointer data)
{
  call_from_others (self, FALSE, TRUE);
}

/* ---- inside handlers ---- */

typedef struct
{
  Fixture *fixture;
  guint n_left;
  guint n_done;
  guint n_inside;
  guint depth;
  guint deepest;
} Nest;

static void nest_start (Nest *nest);

static void
fetch_inside (Nest *nest)
{
  Fixture *fixture = nest->fixture;
  guint n_done = nest->n_done;
  gint n_strangers = g_atomic_int_get (&fixture->n_stranger_calls);

  nest->depth++;
  nest->deepest = MAX (nest->deepest, nest->depth);
  fetch_and_check (fixture, nest->n_inside++ % 10 == 9 ? "/slow" : "/small");
  nest->depth--;

  /* nobody else was told anything meanwhile, and no stranger ran */
  g_assert_cmpuint (nest->n_done, ==, n_done);
  g_assert_cmpint (g_atomic_int_get (&fixture->n_stranger_calls), ==, n_strangers);
}

static void
nested_progress_cb (GMultiTransfer *transfer,
                    Nest *nest)
{
  fetch_inside (nest);
}

static void
nested_notify_cb (GMultiTransfer *transfer,
                  GParamSpec *pspec,
                  Nest *nest)
{
  fetch_inside (nest);
}

static void
nested_completed_cb (GMultiTransfer *transfer,
                     const GError *error,
                     Nest *nest)
{
  g_assert_no_error (error);
  fetch_inside (nest);
}

static void
nested_fetched_cb (GObject *source,
                   GAsyncResult *result,
                   gpointer user_data)
{
  Nest *nest = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  fetch_inside (nest);
  nest->n_done++;
  nest_start (nest);
}

static void
nest_start (Nest *nest)
{
  g_autoptr (GMultiTransfer) transfer = NULL;

  if (nest->n_left == 0)
    return;

  nest->n_left--;
  transfer = new_transfer (nest->fixture, "/small");
  g_signal_connect (transfer, "progress", G_CALLBACK (nested_progress_cb), nest);
  g_signal_connect (transfer, "notify::response", G_CALLBACK (nested_notify_cb), nest);
  g_signal_connect (transfer, "completed", G_CALLBACK (nested_completed_cb), nest);
  gmulti_session_fetch_async (nest->fixture->session, transfer, NULL, nested_fetched_cb, nest);
}

static void
test_inside (Fixture *self,
             gconstpointer data)
{
  Nest nest = { .fixture = self, .n_left = 400 };

  /* often enough to be due in each call that waits */
  add_strangers (self, 1);
  for (guint i = 0; i < 20; i++)
    nest_start (&nest);
  while (nest.n_done < 400)
    g_main_context_iteration (NULL, TRUE);
  remove_strangers (self);
  g_assert_cmpint (self->n_stranger_calls, >, 0);
  g_assert_cmpuint (nest.n_inside, ==, 4 * 400);
  g_assert_cmpuint (nest.deepest, ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 5 * 400);
}

/* ---- ends that come at once ---- */

static void
test_at_once (Fixture *self,
              gconstpointer data)
{
  gint64 begin = g_get_monotonic_time ();

  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (GMultiTransfer) unwanted = new_transfer (self, "/small");
      g_autoptr (GMultiTransfer) bad = leaks_watch (gmulti_transfer_new ("http://a b/"));
      g_autoptr (GMultiTransfer) odd = leaks_watch (gmulti_transfer_new ("nonsense://x/"));
      g_autoptr (GMultiTransfer) inside = leaks_watch (gmulti_transfer_new ("data:,inside"));
      g_autoptr (GCancellable) cancellable = leaks_watch (g_cancellable_new ());
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_cancellable_cancel (cancellable);
      g_assert_null (gmulti_session_fetch (self->session, unwanted, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&error);
      g_assert_null (gmulti_session_fetch (self->session, bad, NULL, &error));
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI);
      g_clear_error (&error);
      g_assert_null (gmulti_session_fetch (self->session, odd, NULL, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
      g_clear_error (&error);
      bytes = gmulti_session_fetch (self->session, inside, NULL, &error);
      g_assert_no_error (error);
      face_check_text (bytes, "inside");
    }

  /* none of these has anything to wait for: with a slice of 10 ms in each it would be more than 20 s */
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 15 * G_USEC_PER_SEC);
}

static gpointer
cancel_soon (gpointer user_data)
{
  g_usleep (2000);
  g_cancellable_cancel (user_data);

  return NULL;
}

/* Cancelled by another thread while it waits for something that never comes. */
static void
test_cancelled (Fixture *self,
                gconstpointer data)
{
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (self, "/never");
      g_autoptr (GCancellable) cancellable = leaks_watch (g_cancellable_new ());
      g_autoptr (GError) error = NULL;
      GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);

      g_assert_null (gmulti_session_fetch (self->session, transfer, cancellable, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_thread_join (thread);
    }
}

/* A read that waits is such a call, too. */
static void
read_to_end (GInputStream *stream)
{
  g_autofree guint8 *data = g_malloc (700000);
  g_autoptr (GError) error = NULL;
  gsize n;

  g_assert_true (g_input_stream_read_all (stream, data, 700000, &n, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, 600000);
  g_assert_cmpint (scripted_pattern_check (9, 0, data, n), ==, -1);
}

static gpointer
reading_thread (gpointer user_data)
{
  read_to_end (user_data);
  return NULL;
}

static void
test_reading (Fixture *self,
              gconstpointer data)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (self, "/big");
      g_autoptr (GInputStream) stream = NULL;
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      gmulti_session_open_async (self->session, transfer, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      stream = leaks_watch (gmulti_session_open_finish (self->session, result, &error));
      g_assert_no_error (error);

      self->n_stranger_calls = 0;
      add_strangers (self, 0);
      if (i % 2 == 0)
        read_to_end (stream);
      else
        g_thread_join (g_thread_new ("reader", reading_thread, stream));
      g_assert_cmpint (self->n_stranger_calls, ==, 0);
      remove_strangers (self);
      g_assert_true (g_input_stream_close (stream, NULL, &error));
      g_clear_object (&stream);
      face_wait_for (gmulti_transfer_is_finished (transfer));
    }
}

static void
add (const char *name,
     gconstpointer data,
     void (*test) (Fixture *self, gconstpointer data))
{
  g_autofree char *path = g_strconcat (data != NULL ? "/twins/threaded/" : "/twins/own/", name, NULL);

  g_test_add (path, Fixture, data, set_up, test, tear_down);
}

int
main (int argc,
      char **argv)
{
  static const char threaded[] = "threaded";

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < 2; i++)
    {
      gconstpointer data = i == 0 ? NULL : threaded;

      add ("owner", data, test_owner);
      add ("siblings", data, test_siblings);
      add ("others-while-it-runs", data, test_others_running);
      add ("others-while-it-is-idle", data, test_others_idle);
      add ("others-and-owner", data, test_others_joined);
      add ("inside", data, test_inside);
      add ("at-once", data, test_at_once);
      add ("cancelled", data, test_cancelled);
      add ("reading", data, test_reading);
    }

  return g_test_run ();
}
