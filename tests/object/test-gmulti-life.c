/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

/* Who may go when: widgets while their transfers run, the last reference in any handler and in any thread, a session with
 * a thousand transfers. And handlers that cancel, or run a loop of their own. */

typedef struct
{
  ScriptedServer *server;
  ScriptedServer *deaf;
  guint16 port;
  GMultiSession *session; /* (owned) (nullable) */
  guint n_descriptors;
  char *folder;
  GRand *dice;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedAnswer *parts = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");

  for (guint i = 0; i < 3; i++)
    scripted_answer_pattern (scripted_answer_delay (parts, 2), 3, i * 1000, 1000);
  self->dice = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  self->folder = face_folder_new ();
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  self->deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  self->port = scripted_server_port (self->server);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/parts", parts);
  scripted_server_on (self->server, "/moved", scripted_answer_redirect (302, "/parts"));
  scripted_server_on (self->server, "/never", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (self->server, "/half",
                      scripted_answer_stall (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")));
  self->n_descriptors = leaks_begin ();
  self->session = leaks_watch (g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL));
  gmulti_session_set_progress_interval (self->session, 1);
  gmulti_session_set_max_connections_per_host (self->session, 30);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_autofree char *left = NULL;

  g_clear_object (&self->session);
  leaks_assert_none (self->n_descriptors);
  left = face_folder_list (self->folder);
  g_assert_cmpstr (left, ==, "");
  face_folder_free (self->folder);
  scripted_server_free (self->server);
  scripted_server_free (self->deaf);
  g_rand_free (self->dice);
}

static GMultiTransfer *
new_transfer (Fixture *self,
              const char *path)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);

  return leaks_watch (gmulti_transfer_new (uri));
}

static GMultiTransfer *
new_download (Fixture *self,
              const char *path,
              guint number)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);
  g_autofree char *name = g_strdup_printf ("%s/file-%u", self->folder, number);
  g_autoptr (GFile) file = g_file_new_for_path (name);

  return leaks_watch (gmulti_download_new (uri, file));
}

/* ---- a widget ---- */

typedef enum
{
  DESTROY_AT_ONCE,
  DESTROY_SOON,
  DESTROY_IN_PROGRESS,
  DESTROY_IN_COMPLETED,
  DESTROY_IN_CALLBACK,
  N_DESTROYS,
} Destroy;

#define TEST_TYPE_WIDGET (test_widget_get_type ())
G_DECLARE_FINAL_TYPE (TestWidget, test_widget, TEST, WIDGET, GObject)

struct _TestWidget
{
  GObject parent_instance;

  guint32 magic; /* only while it is alive */
  Destroy destroy;
  GCancellable *cancellable; /* (owned) (nullable): what it has begun ends with it */
  GMultiTransfer *transfer;  /* (owned) (nullable) */
  double shown;
};

#define MAGIC 0x77696467

G_DEFINE_FINAL_TYPE (TestWidget, test_widget, G_TYPE_OBJECT)

typedef struct
{
  GWeakRef widget;
  Destroy destroy;
} Call;

static guint n_told;
static guint n_told_gone;

static void
test_widget_dispose (GObject *object)
{
  TestWidget *self = TEST_WIDGET (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->transfer);
  G_OBJECT_CLASS (test_widget_parent_class)->dispose (object);
}

static void
test_widget_finalize (GObject *object)
{
  TEST_WIDGET (object)->magic = 0;
  G_OBJECT_CLASS (test_widget_parent_class)->finalize (object);
}

static void
test_widget_class_init (TestWidgetClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = test_widget_dispose;
  G_OBJECT_CLASS (klass)->finalize = test_widget_finalize;
}

static void
test_widget_init (TestWidget *self)
{
  self->magic = MAGIC;
}

static void
widget_destroy (TestWidget *self)
{
  g_object_run_dispose (G_OBJECT (self));
  g_object_unref (self);
}

static void
widget_progress_cb (TestWidget *self,
                    GMultiTransfer *transfer)
{
  g_assert_cmpuint (self->magic, ==, MAGIC);
  self->shown = gmulti_transfer_get_fraction (transfer);
  if (self->destroy == DESTROY_IN_PROGRESS)
    widget_destroy (self);
}

static void
widget_completed_cb (TestWidget *self,
                     const GError *error,
                     GMultiTransfer *transfer)
{
  g_assert_cmpuint (self->magic, ==, MAGIC);
  if (self->destroy == DESTROY_IN_COMPLETED)
    widget_destroy (self);
}

static void
widget_fetched_cb (GObject *source,
                   GAsyncResult *result,
                   gpointer user_data)
{
  Call *call = user_data;
  TestWidget *self = g_weak_ref_get (&call->widget);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  n_told++;
  if (self == NULL)
    {
      n_told_gone++;
      g_assert_true (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
    }
  else
    {
      g_assert_no_error (error);
      g_assert_cmpuint (self->magic, ==, MAGIC);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3000);
      g_object_unref (self);
      if (call->destroy == DESTROY_IN_CALLBACK)
        widget_destroy (self);
    }
  g_weak_ref_clear (&call->widget);
  g_free (call);
}

static gboolean
destroy_cb (gpointer user_data)
{
  widget_destroy (user_data);
  return G_SOURCE_REMOVE;
}

static void
new_widget (Fixture *fixture)
{
  TestWidget *self = leaks_watch (g_object_new (TEST_TYPE_WIDGET, NULL));
  Call *call = g_new0 (Call, 1);

  g_weak_ref_init (&call->widget, self);
  self->destroy = call->destroy = (Destroy) g_rand_int_range (fixture->dice, 0, N_DESTROYS);
  self->cancellable = leaks_watch (g_cancellable_new ());
  self->transfer = new_transfer (fixture, g_rand_boolean (fixture->dice) ? "/parts" : "/moved");
  g_signal_connect_object (self->transfer, "progress", G_CALLBACK (widget_progress_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->transfer, "completed", G_CALLBACK (widget_completed_cb), self, G_CONNECT_SWAPPED);
  gmulti_session_fetch_async (fixture->session, self->transfer, self->cancellable, widget_fetched_cb, call);
  if (self->destroy == DESTROY_AT_ONCE)
    widget_destroy (self);
  else if (self->destroy == DESTROY_SOON)
    g_timeout_add ((guint) g_rand_int_range (fixture->dice, 0, 10), destroy_cb, self);
}

static void
test_widgets (Fixture *self,
              gconstpointer data)
{
  n_told = n_told_gone = 0;
  for (guint i = 0; i < 2000; i++)
    {
      new_widget (self);
      if (i % 20 == 19)
        face_run_for (2);
    }
  face_wait_for (n_told == 2000);
  g_test_message ("%u of 2000 widgets were gone when the answer came", n_told_gone);
  g_assert_cmpuint (n_told_gone, >, 1000);
}

/* ---- the last reference, in a handler ---- */

static const char *const handlers[] = { "progress", "redirected", "completed", "notify::state", "notify::response", "" };

/* What is dropped in a handler: the transfer's last reference, or the session's as well, here or in another thread. */
typedef struct
{
  Fixture *fixture;
  GMultiTransfer *transfer; /* (owned) (nullable) */
  GMultiSession *session;   /* (owned) (nullable) */
  gboolean elsewhere;
  gboolean join;
  GThread *thread; /* (owned) (nullable) */
  guint n_dropped;
  gboolean over;
} Holder;

static gpointer
dropping_thread (gpointer user_data)
{
  Holder *holder = user_data;

  g_clear_object (&holder->transfer);
  g_clear_object (&holder->session);

  return NULL;
}

static void
drop (Holder *holder)
{
  if (holder->n_dropped++ > 0)
    return;

  if (!holder->elsewhere)
    {
      dropping_thread (holder);
      return;
    }
  holder->thread = g_thread_new ("drop", dropping_thread, holder);
  if (holder->join)
    g_thread_join (g_steal_pointer (&holder->thread));
}

static void
drop_cb (Holder *holder)
{
  drop (holder);
}

static void
drop_fetched_cb (GObject *source,
                 GAsyncResult *result,
                 gpointer user_data)
{
  Holder *holder = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  drop (holder);
  g_assert_true (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  holder->over = TRUE;
}

static void
started_over_cb (Holder *holder)
{
  holder->over = TRUE;
}

/* One transfer whose holder lets go in @handler. @start: the session is not held by a call, and ends with the drop. */
static void
drop_in (Fixture *self,
         const char *handler,
         gboolean start,
         gconstpointer data)
{
  Holder holder = { .fixture = self };
  GMultiTransfer *transfer;

  holder.elsewhere = g_rand_boolean (self->dice);
  holder.join = g_rand_boolean (self->dice);
  holder.transfer = transfer = new_transfer (self, g_str_equal (handler, "redirected") ? "/moved" : "/parts");
  if (start)
    holder.session = leaks_watch (g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL));
  if (*handler != '\0')
    g_signal_connect_swapped (transfer, handler, G_CALLBACK (drop_cb), &holder);
  if (start)
    {
      g_signal_connect_swapped (transfer, "completed", G_CALLBACK (started_over_cb), &holder);
      gmulti_session_start (holder.session, transfer);
    }
  else
    {
      gmulti_session_fetch_async (self->session, transfer, NULL, drop_fetched_cb, &holder);
    }
  face_wait_for (holder.over);
  g_assert_cmpuint (holder.n_dropped, >, 0);
  if (holder.thread != NULL)
    g_thread_join (holder.thread);
}

static void
test_drop_transfer (Fixture *self,
                    gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    for (guint h = 0; h < G_N_ELEMENTS (handlers); h++)
      drop_in (self, handlers[h], FALSE, data);
}

static void
test_drop_session (Fixture *self,
                   gconstpointer data)
{
  for (guint i = 0; i < 200; i++)
    for (guint h = 0; h < G_N_ELEMENTS (handlers) - 1; h++)
      drop_in (self, handlers[h], TRUE, data);
}

/* ---- cancelled by another thread ---- */

typedef enum
{
  AT_NEW,
  AT_QUEUED,
  AT_WAITING, /* for a free slot */
  AT_CONNECTING,
  AT_ASKED,
  AT_BODY,
  AT_PAUSED,
  AT_STORING,
  AT_SUCCEEDED,
  N_MOMENTS,
} Moment;

static const char *const moment_paths[N_MOMENTS]
  = { "/small", "/small", "/small", "/never", "/never", "/half", "/half", "/half", "/small" };

typedef struct
{
  GMultiSession *session;
  GMultiTransfer *transfer;
  GCancellable *cancellable;
  guint how;
} Order;

static gpointer
cancelling_thread (gpointer user_data)
{
  Order *order = user_data;

  if (order->how == 0)
    gmulti_transfer_cancel (order->transfer);
  else if (order->how == 1)
    g_cancellable_cancel (order->cancellable);
  else
    gmulti_session_cancel_all (order->session);

  return NULL;
}

static void
count_cb (guint *n)
{
  ++*n;
}

/* Brings @transfer to the moment. */
static void
bring_to (Fixture *self,
          GMultiTransfer *transfer,
          Moment moment)
{
  switch (moment)
    {
    case AT_WAITING:
      face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_WAITING);
      break;
    case AT_CONNECTING:
      face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_CONNECT);
      break;
    case AT_ASKED:
      face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_RESPONSE);
      break;
    case AT_BODY:
    case AT_STORING:
      face_wait_for (gmulti_transfer_get_bytes_received (transfer) == 5);
      break;
    case AT_PAUSED:
      face_wait_for (gmulti_transfer_get_bytes_received (transfer) == 5);
      gmulti_transfer_pause (transfer);
      face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_PAUSED);
      break;
    case AT_SUCCEEDED:
      face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_SUCCEEDED);
      break;
    case AT_NEW:
    case AT_QUEUED:
    case N_MOMENTS:
    default:
      break;
    }
}

static void
cancel_elsewhere (Order *order,
                  Moment moment)
{
  GThread *thread = g_thread_new ("cancel", cancelling_thread, order);

  /* a new one is not under way: that must have had no effect before it is */
  if (moment == AT_NEW)
    g_thread_join (g_steal_pointer (&thread));
  if (thread != NULL)
    {
      face_run_for (0);
      g_thread_join (thread);
    }
}

static GMultiTransfer *
make_for_moment (Fixture *self,
                 Moment moment)
{
  g_autofree char *deaf_uri = g_strconcat (scripted_server_url (self->deaf, "/"), NULL);

  if (moment == AT_CONNECTING)
    return leaks_watch (gmulti_transfer_new (deaf_uri));
  if (moment == AT_STORING)
    return new_download (self, moment_paths[moment], 1);

  return new_transfer (self, moment_paths[moment]);
}

static void
finish_any (GMultiSession *session,
            GMultiTransfer *transfer,
            GAsyncResult *result,
            GError **error)
{
  if (GMULTI_IS_DOWNLOAD (transfer))
    {
      g_autoptr (GFile) file = gmulti_session_download_finish (session, result, error);

      g_assert_true ((file == NULL) == (*error != NULL));
    }
  else
    {
      g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (session, result, error);

      g_assert_true ((bytes == NULL) == (*error != NULL));
    }
}

static void
cancel_at (Fixture *self,
           Moment moment,
           guint how)
{
  g_autoptr (GMultiTransfer) transfer = make_for_moment (self, moment);
  g_autoptr (GMultiTransfer) before = NULL;
  g_autoptr (GCancellable) cancellable = leaks_watch (g_cancellable_new ());
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  Order order = { self->session, transfer, cancellable, how };
  guint n_completed = 0;

  g_signal_connect_swapped (transfer, "completed", G_CALLBACK (count_cb), &n_completed);
  /* with a listener each change of state is told at once */
  if (g_rand_boolean (self->dice) || moment == AT_WAITING)
    g_signal_connect (transfer, "notify::state", G_CALLBACK (g_type_name), NULL);
  if (moment == AT_WAITING)
    {
      before = new_transfer (self, "/never");
      gmulti_session_set_max_active (self->session, 1);
      gmulti_session_start (self->session, before);
    }
  if (moment == AT_NEW)
    cancel_elsewhere (&order, moment);
  if (GMULTI_IS_DOWNLOAD (transfer))
    gmulti_session_download_async (self->session, GMULTI_DOWNLOAD (transfer), cancellable, face_store_result, &result);
  else
    gmulti_session_fetch_async (self->session, transfer, cancellable, face_store_result, &result);
  bring_to (self, transfer, moment);
  if (moment != AT_NEW)
    cancel_elsewhere (&order, moment);
  face_wait_for (result != NULL);

  g_assert_cmpuint (n_completed, ==, 1);
  finish_any (self->session, transfer, result, &error);
  if (moment == AT_SUCCEEDED || (moment == AT_NEW && how != 1))
    g_assert_no_error (error);
  else if (error != NULL || moment != AT_QUEUED)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  /* The cancellable is looked at once more when a fetch is handed over: by then the transfer may have succeeded. */
  if (error == NULL || gmulti_transfer_get_state (transfer) != GMULTI_TRANSFER_STATE_CANCELLED)
    g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  if (before != NULL)
    {
      gmulti_transfer_cancel (before);
      face_wait_for (gmulti_transfer_is_finished (before));
      gmulti_session_set_max_active (self->session, 0);
    }
}

static void
test_cancel_moments (Fixture *self,
                     gconstpointer data)
{
  for (guint i = 0; i < 75; i++)
    for (guint moment = 0; moment < N_MOMENTS; moment++)
      for (guint how = 0; how < 3; how++)
        cancel_at (self, (Moment) moment, how);
}

/* ---- a loop inside each handler ---- */

typedef struct
{
  Fixture *fixture;
  GMainLoop *loop;
  guint depth;
  guint n_left;
  guint n_running;
  guint n_inside;
} Nest;

static void nest_start (Nest *nest);

static void
inner_fetched_cb (GObject *source,
                  GAsyncResult *result,
                  gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 5);
  g_main_loop_quit (user_data);
}

/* Waits in a loop of its own for a transfer of its own, while all the others go on. */
static void
loop_inside (Nest *nest)
{
  g_autoptr (GMainLoop) loop = NULL;
  g_autoptr (GMultiTransfer) inner = NULL;

  nest->n_inside++;
  /* each level has one loop, and what comes in it may open another */
  if (nest->depth >= 5)
    return;

  nest->depth++;
  loop = g_main_loop_new (NULL, FALSE);
  inner = new_transfer (nest->fixture, "/small");
  gmulti_session_fetch_async (nest->fixture->session, inner, NULL, inner_fetched_cb, loop);
  g_main_loop_run (loop);
  nest->depth--;
}

static void
loop_cb (Nest *nest)
{
  loop_inside (nest);
}

static void
outer_fetched_cb (GObject *source,
                  GAsyncResult *result,
                  gpointer user_data)
{
  Nest *nest = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 3000);
  loop_inside (nest);
  nest->n_running--;
  nest_start (nest);
}

static void
nest_start (Nest *nest)
{
  while (nest->n_left > 0 && nest->n_running < 5)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (nest->fixture, "/moved");

      nest->n_left--;
      nest->n_running++;
      for (guint i = 0; i < G_N_ELEMENTS (handlers) - 1; i++)
        g_signal_connect_swapped (transfer, handlers[i], G_CALLBACK (loop_cb), nest);
      gmulti_session_fetch_async (nest->fixture->session, transfer, NULL, outer_fetched_cb, nest);
    }
}

static void
test_loops (Fixture *self,
            gconstpointer data)
{
  Nest nest = { .fixture = self, .n_left = 300 };

  nest_start (&nest);
  face_wait_for (nest.n_left == 0 && nest.n_running == 0);
  g_test_message ("%u handlers ran", nest.n_inside);
  g_assert_cmpuint (nest.n_inside, >=, 300 * G_N_ELEMENTS (handlers));
}

/* ---- a session that goes while a thousand run ---- */

#define N_RUNNING 1000

typedef struct
{
  Fixture *fixture;
  guint n_completed;
  guint n_twice;
} Count;

static void
ended_cb (GMultiTransfer *transfer,
          const GError *error,
          Count *count)
{
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_CANCELLED);
  count->n_completed++;
}

static gpointer
unref_thread (gpointer user_data)
{
  g_object_unref (user_data);
  return NULL;
}

static void
start_a_thousand (Fixture *self,
                  Count *count)
{
  static const char *const paths[] = { "/never", "/half", "/half", "/never" };

  gmulti_session_set_max_active (self->session, 900);
  for (guint i = 0; i < N_RUNNING; i++)
    {
      const char *path = paths[i % G_N_ELEMENTS (paths)];
      g_autoptr (GMultiTransfer) transfer = i % 10 == 1 ? new_download (self, path, i) : new_transfer (self, path);

      g_signal_connect (transfer, "completed", G_CALLBACK (ended_cb), count);
      gmulti_session_start (self->session, transfer);
    }
}

/* @n_ms: how long they may run before; @elsewhere: the last reference goes in another thread. */
static void
finalize_running (Fixture *self,
                  guint n_ms,
                  gboolean elsewhere)
{
  Count count = { self };
  gint64 begin, spent;

  start_a_thousand (self, &count);
  if (n_ms > 0)
    face_run_for (n_ms);
  g_assert_cmpuint (gmulti_session_get_n_unfinished (self->session), ==, N_RUNNING);

  begin = g_get_monotonic_time ();
  if (elsewhere)
    {
      GThread *thread = g_thread_new ("unref", unref_thread, g_steal_pointer (&self->session));

      face_wait_for (count.n_completed == N_RUNNING);
      g_thread_join (thread);
    }
  else
    {
      g_clear_object (&self->session);
      g_assert_cmpuint (count.n_completed, ==, 0);
      face_wait_for (count.n_completed == N_RUNNING);
    }
  spent = g_get_monotonic_time () - begin;
  g_test_message ("all were told after %" G_GINT64_FORMAT " us", spent);
  leaks_assert_none (self->n_descriptors);
  g_assert_cmpuint (count.n_completed, ==, N_RUNNING);
}

static void
test_finalize (Fixture *self,
               gconstpointer data)
{
  finalize_running (self, 100, FALSE);
}

static void
test_finalize_at_once (Fixture *self,
                       gconstpointer data)
{
  finalize_running (self, 0, FALSE);
}

static void
test_finalize_elsewhere (Fixture *self,
                         gconstpointer data)
{
  finalize_running (self, 50, TRUE);
}

static void
add (const char *name,
     gconstpointer data,
     void (*test) (Fixture *self, gconstpointer data))
{
  g_autofree char *path = g_strconcat (data != NULL ? "/life/threaded/" : "/life/own/", name, NULL);

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

      add ("widgets", data, test_widgets);
      add ("drop-transfer", data, test_drop_transfer);
      add ("drop-session", data, test_drop_session);
      add ("cancel-moments", data, test_cancel_moments);
      add ("loops", data, test_loops);
      add ("finalize", data, test_finalize);
      add ("finalize-at-once", data, test_finalize_at_once);
      add ("finalize-elsewhere", data, test_finalize_elsewhere);
    }

  return g_test_run ();
}
