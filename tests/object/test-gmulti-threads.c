/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

#include <glib/gstdio.h>

/* Three threads with a context each share one session, and a fourth cancels what it likes. Everything about a transfer
 * is told in the thread that started it, never before the starting call has returned, and in one order: last progress,
 * completed, callback. What happened to a transfer is kept as a string of p, C and '.', and judged at its end. */

#define N_WORKERS 3
#define N_PER_WORKER 700
#define N_AT_ONCE 24
#define LIMIT_US (200 * G_USEC_PER_SEC)

typedef enum
{
  HOST_MAIN,   /* the session lives in the main thread's context, whose transfers none of them is */
  HOST_WORKER, /* in that of the first worker */
  HOST_THREAD, /* it has a thread of its own */
} Host;

typedef enum
{
  WAY_FETCH,
  WAY_DOWNLOAD,
  WAY_SPLICE,
  WAY_START,
  N_WAYS,
} Way;

typedef struct
{
  const char *path;
  gint64 size; /* -1: fails by itself */
  gboolean endless; /* never ends by itself: the fourth thread has to */
} Target;

static const Target targets[] = {
  { "/empty", 0, FALSE },  { "/small", 5, FALSE },     { "/small", 5, FALSE },   { "/middle", 40000, FALSE },
  { "/slow", 3000, FALSE }, { "/moved", 40000, FALSE }, { "/missing", -1, FALSE }, { "/never", -1, TRUE },
};

typedef struct
{
  Host host;
  ScriptedServer *server; /* the main thread's */
  guint16 port;
  GMultiSession *session; /* (owned) once ready */
  char *folder;
  GMutex lock;
  GCond ready;
  GPtrArray *victims; /* of Item: may be cancelled; under the lock */
  GMainContext *host_context; /* (unowned) */
  gint n_working;     /* atomic */
  gint stop;          /* atomic */
  gint n_succeeded;   /* atomic */
  gint n_failed;      /* atomic */
  gint n_cancelled;   /* atomic */
} Scene;

typedef struct
{
  Scene *scene;
  guint number;
  guint32 seed;
  GRand *dice;
  GThread *thread;
  GMainContext *context;
  guint n_left;
  guint n_running;
  gboolean calling; /* a function of the library is on the stack that must not call back */
} Worker;

typedef struct
{
  Worker *worker;
  const Target *target;
  Way way;
  GMultiTransfer *transfer; /* (owned) */
  GCancellable *cancellable; /* (owned) (nullable) */
  GOutputStream *sink; /* (owned) (nullable) */
  GString *order;
  guint64 received; /* at the last progress */
  gboolean victim;
} Item;

static void start_some (Worker *worker);

/* ---- one transfer ---- */

static void
check_place (Item *item)
{
  g_assert_true (g_thread_self () == item->worker->thread);
  g_assert_true (g_main_context_is_owner (item->worker->context));
  g_assert_false (item->worker->calling);
}

static void
progress_cb (GMultiTransfer *transfer,
             Item *item)
{
  check_place (item);
  g_assert_false (gmulti_transfer_is_finished (transfer) && item->order->len > 1);
  if (item->order->len == 0 || item->order->str[item->order->len - 1] != 'p')
    g_string_append_c (item->order, 'p');
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (transfer), >, item->received);
  item->received = gmulti_transfer_get_bytes_received (transfer);
}

static void
notify_cb (GMultiTransfer *transfer,
           GParamSpec *pspec,
           Item *item)
{
  check_place (item);
  g_assert_null (strchr (item->order->str, 'C'));
}

static void
item_free (Item *item)
{
  g_signal_handlers_disconnect_by_data (item->transfer, item);
  g_clear_object (&item->transfer);
  g_clear_object (&item->cancellable);
  g_clear_object (&item->sink);
  g_string_free (item->order, TRUE);
  g_free (item);
}

static void
count_result (Item *item,
              const GError *error)
{
  Scene *scene = item->worker->scene;

  if (error == NULL)
    {
      g_atomic_int_inc (&scene->n_succeeded);
      g_assert_cmpint (item->target->size, >=, 0);
      g_assert_cmpint ((gint64) gmulti_transfer_get_bytes_received (item->transfer), ==, item->target->size);
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_atomic_int_inc (&scene->n_cancelled);
      g_assert_true (item->victim);
    }
  else
    {
      g_atomic_int_inc (&scene->n_failed);
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
      g_assert_cmpint (item->target->size, <, 0);
    }
}

static void
check_order (Item *item,
             const GError *error)
{
  const char *end = item->way == WAY_START ? "C" : "C.";
  const char *rest = item->order->str;

  if (error == NULL && item->target->size > 0)
    g_assert_cmpint (*rest, ==, 'p');
  if (*rest == 'p')
    rest++;
  g_assert_cmpstr (rest, ==, end);
  if (item->received > 0 || error == NULL)
    g_assert_cmpuint (item->received, ==, gmulti_transfer_get_bytes_received (item->transfer));
}

static void
item_over (Item *item,
           const GError *error)
{
  Worker *worker = item->worker;

  count_result (item, error);
  check_order (item, error);

  if (item->victim)
    {
      g_mutex_lock (&worker->scene->lock);
      g_assert_true (g_ptr_array_remove_fast (worker->scene->victims, item));
      g_mutex_unlock (&worker->scene->lock);
    }
  item_free (item);
  worker->n_running--;
  start_some (worker);
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              Item *item)
{
  g_autoptr (GError) kept = gmulti_transfer_dup_error (transfer);

  check_place (item);
  g_assert_true (gmulti_transfer_is_finished (transfer));
  g_assert_true ((kept == NULL) == (error == NULL));
  g_string_append_c (item->order, 'C');
  if (item->way == WAY_START)
    item_over (item, error);
}

static void
check_file (GFile *file,
            gint64 size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_file_load_bytes (file, NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpint ((gint64) g_bytes_get_size (bytes), ==, size);
  if (size == 40000)
    face_check_pattern (bytes, 40, 40000);
  g_assert_cmpint (g_unlink (g_file_peek_path (file)), ==, 0);
}

/* The result is there for whom it was asked, and it is the right one. */
static void
check_result (Item *item,
              GObject *source,
              GAsyncResult *result,
              GError **error)
{
  GMultiSession *session = GMULTI_SESSION (source);

  if (item->way == WAY_FETCH)
    {
      g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (session, result, error);

      g_assert_true ((bytes == NULL) == (*error != NULL));
      if (bytes != NULL)
        g_assert_cmpint ((gint64) g_bytes_get_size (bytes), ==, item->target->size);
      if (bytes != NULL && item->target->size == 40000)
        face_check_pattern (bytes, 40, 40000);
    }
  else if (item->way == WAY_DOWNLOAD)
    {
      g_autoptr (GFile) file = gmulti_session_download_finish (session, result, error);

      g_assert_true ((file == NULL) == (*error != NULL));
      if (file != NULL)
        check_file (file, item->target->size);
    }
  else
    {
      gssize n = gmulti_session_splice_finish (session, result, error);

      g_assert_true ((n < 0) == (*error != NULL));
      if (n >= 0)
        g_assert_cmpint (n, ==, (gssize) g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (item->sink)));
    }
}

static void
finished_cb (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Item *item = user_data;
  g_autoptr (GError) error = NULL;

  check_place (item);
  g_string_append_c (item->order, '.');
  check_result (item, source, result, &error);
  item_over (item, error);
}

/* ---- a worker ---- */

static void
item_start (Item *item)
{
  Worker *worker = item->worker;
  GMultiSession *session = worker->scene->session;

  worker->calling = TRUE;
  switch (item->way)
    {
    case WAY_FETCH:
      gmulti_session_fetch_async (session, item->transfer, item->cancellable, finished_cb, item);
      break;
    case WAY_DOWNLOAD:
      gmulti_session_download_async (session, GMULTI_DOWNLOAD (item->transfer), item->cancellable, finished_cb, item);
      break;
    case WAY_SPLICE:
      item->sink = leaks_watch (g_memory_output_stream_new_resizable ());
      gmulti_session_splice_async (session, item->transfer, item->sink, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                   item->cancellable, finished_cb, item);
      break;
    case WAY_START:
      gmulti_session_start (session, item->transfer);
      break;
    case N_WAYS:
    default:
      g_assert_not_reached ();
    }
  worker->calling = FALSE;
}

static Item *
item_new (Worker *worker)
{
  Scene *scene = worker->scene;
  Item *item = g_new0 (Item, 1);
  g_autofree char *uri = NULL;

  item->worker = worker;
  item->target = &targets[g_rand_int_range (worker->dice, 0, G_N_ELEMENTS (targets))];
  item->way = (Way) g_rand_int_range (worker->dice, 0, N_WAYS);
  item->victim = item->target->endless || g_rand_int_range (worker->dice, 0, 4) == 0;
  item->order = g_string_new (NULL);
  uri = g_strdup_printf ("http://127.0.0.1:%u%s", scene->port, item->target->path);
  if (item->way == WAY_DOWNLOAD)
    {
      g_autofree char *name = g_strdup_printf ("%s/%u-%u", scene->folder, worker->number, worker->n_left);
      g_autoptr (GFile) file = g_file_new_for_path (name);

      item->transfer = GMULTI_TRANSFER (gmulti_download_new (uri, file));
    }
  else
    {
      item->transfer = gmulti_transfer_new (uri);
    }
  if (item->victim && item->way != WAY_START && g_rand_boolean (worker->dice))
    item->cancellable = leaks_watch (g_cancellable_new ());

  leaks_watch (item->transfer);
  g_signal_connect (item->transfer, "progress", G_CALLBACK (progress_cb), item);
  g_signal_connect (item->transfer, "completed", G_CALLBACK (completed_cb), item);
  if (g_rand_boolean (worker->dice))
    g_signal_connect (item->transfer, "notify", G_CALLBACK (notify_cb), item);
  return item;
}

static void
start_some (Worker *worker)
{
  while (worker->n_left > 0 && worker->n_running < N_AT_ONCE)
    {
      Item *item = item_new (worker);

      worker->n_left--;
      worker->n_running++;
      if (item->victim)
        {
          g_mutex_lock (&worker->scene->lock);
          g_ptr_array_add (worker->scene->victims, item);
          g_mutex_unlock (&worker->scene->lock);
        }
      item_start (item);
    }
}

static void
make_session (Scene *scene)
{
  GMultiSession *session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", scene->host == HOST_THREAD, NULL);

  leaks_watch (session);
  gmulti_session_set_progress_interval (session, 1);
  gmulti_session_set_max_connections_per_host (session, 30);
  g_mutex_lock (&scene->lock);
  scene->session = session;
  g_cond_broadcast (&scene->ready);
  g_mutex_unlock (&scene->lock);
}

static void
wait_for_session (Scene *scene)
{
  g_mutex_lock (&scene->lock);
  while (scene->session == NULL)
    g_cond_wait (&scene->ready, &scene->lock);
  g_mutex_unlock (&scene->lock);
}

static gpointer
worker_thread (gpointer user_data)
{
  Worker *worker = user_data;
  Scene *scene = worker->scene;
  gboolean hosts = scene->host == HOST_WORKER && worker->number == 0;

  worker->thread = g_thread_self ();
  worker->context = g_main_context_new ();
  worker->dice = g_rand_new_with_seed (worker->seed);
  worker->n_left = N_PER_WORKER;
  g_main_context_push_thread_default (worker->context);
  if (hosts)
    {
      scene->host_context = worker->context;
      make_session (scene);
    }
  wait_for_session (scene);

  start_some (worker);
  while (worker->n_running > 0)
    g_main_context_iteration (worker->context, TRUE);
  if (g_atomic_int_dec_and_test (&scene->n_working) && scene->host_context != NULL)
    g_main_context_wakeup (scene->host_context);
  while (hosts && g_atomic_int_get (&scene->n_working) > 0)
    g_main_context_iteration (worker->context, TRUE);

  /* nothing comes after the end */
  while (g_main_context_iteration (worker->context, FALSE))
    ;
  g_main_context_pop_thread_default (worker->context);
  g_main_context_unref (worker->context);
  g_rand_free (worker->dice);
  return NULL;
}

/* ---- the fourth thread ---- */

static void
cancel_one (Scene *scene,
            GRand *dice)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GCancellable) cancellable = NULL;

  g_mutex_lock (&scene->lock);
  if (scene->victims->len > 0)
    {
      Item *item = g_ptr_array_index (scene->victims, g_rand_int_range (dice, 0, (gint) scene->victims->len));

      transfer = g_object_ref (item->transfer);
      if (item->cancellable != NULL)
        cancellable = g_object_ref (item->cancellable);
    }
  g_mutex_unlock (&scene->lock);

  if (cancellable != NULL)
    g_cancellable_cancel (cancellable);
  else if (transfer != NULL)
    gmulti_transfer_cancel (transfer);
}

static gpointer
cancelling_thread (gpointer user_data)
{
  Scene *scene = user_data;
  GRand *dice = g_rand_new_with_seed (4);

  while (!g_atomic_int_get (&scene->stop))
    {
      cancel_one (scene, dice);
      g_usleep ((gulong) g_rand_int_range (dice, 0, 400));
    }
  g_rand_free (dice);

  return NULL;
}

/* ---- the whole ---- */

static ScriptedServer *
make_server (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  ScriptedAnswer *slow = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");

  for (guint i = 0; i < 3; i++)
    scripted_answer_pattern (scripted_answer_delay (slow, 3), 3, i * 1000, 1000);
  scripted_server_on (server, "/slow", slow);
  scripted_server_on (server, "/empty", scripted_answer_text (200, NULL, ""));
  scripted_server_on (server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (server, "/middle", scripted_answer_big (40, 40000));
  scripted_server_on (server, "/moved", scripted_answer_redirect (302, "/middle"));
  scripted_server_on (server, "/missing", scripted_answer_text (404, NULL, "missing"));
  scripted_server_on (server, "/never", scripted_answer_stall (scripted_answer_new ()));

  return server;
}

static void
run_workers (Scene *scene)
{
  gint64 deadline = g_get_monotonic_time () + LIMIT_US;
  Worker workers[N_WORKERS] = { 0 };
  GThread *threads[N_WORKERS];
  GThread *canceller;

  scene->n_working = N_WORKERS;
  if (scene->host == HOST_MAIN)
    scene->host_context = g_main_context_default ();
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].scene = scene;
      workers[i].number = i;
      workers[i].seed = (guint32) g_test_rand_int ();
      threads[i] = g_thread_new ("worker", worker_thread, &workers[i]);
    }
  if (scene->host != HOST_WORKER)
    make_session (scene);
  canceller = g_thread_new ("canceller", cancelling_thread, scene);

  while (g_atomic_int_get (&scene->n_working) > 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      if (scene->host == HOST_MAIN)
        g_main_context_iteration (NULL, TRUE);
      else
        g_usleep (5000);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    g_thread_join (threads[i]);
  g_atomic_int_set (&scene->stop, TRUE);
  g_thread_join (canceller);
}

static void
test_shared (gconstpointer data)
{
  Scene scene = { .host = (Host) GPOINTER_TO_UINT (data) };
  guint n_descriptors;

  scene.server = make_server ();
  scene.port = scripted_server_port (scene.server);
  scene.folder = face_folder_new ();
  scene.victims = g_ptr_array_new ();
  g_mutex_init (&scene.lock);
  g_cond_init (&scene.ready);
  n_descriptors = leaks_begin ();

  run_workers (&scene);
  g_test_message ("%d succeeded, %d failed, %d were cancelled", scene.n_succeeded, scene.n_failed, scene.n_cancelled);
  g_assert_cmpint (scene.n_succeeded + scene.n_failed + scene.n_cancelled, ==, N_WORKERS * N_PER_WORKER);
  g_assert_cmpint (scene.n_succeeded, >, 500);
  g_assert_cmpint (scene.n_cancelled, >, 100);
  g_assert_cmpuint (scene.victims->len, ==, 0);
  g_assert_cmpuint (gmulti_session_get_n_unfinished (scene.session), ==, 0);

  g_object_unref (scene.session);
  leaks_assert_none (n_descriptors);
  {
    g_autofree char *left = face_folder_list (scene.folder);

    g_assert_cmpstr (left, ==, "");
  }
  g_ptr_array_unref (scene.victims);
  face_folder_free (scene.folder);
  scripted_server_free (scene.server);
  g_mutex_clear (&scene.lock);
  g_cond_clear (&scene.ready);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/threads/main-thread-hosts", GUINT_TO_POINTER (HOST_MAIN), test_shared);
  g_test_add_data_func ("/threads/worker-hosts", GUINT_TO_POINTER (HOST_WORKER), test_shared);
  g_test_add_data_func ("/threads/threaded-session", GUINT_TO_POINTER (HOST_THREAD), test_shared);

  return g_test_run ();
}
