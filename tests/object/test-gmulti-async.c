/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leaks.h"
#include "pairs.h"

/* Every function that ends by a callback, N_CALLS times each: everything is dropped as soon as it is begun; it is
 * cancelled from another thread; it is begun in three threads that have a context each. The callback comes once, in the
 * context where it was begun and never before the function has returned, and nothing is left. Which functions those are
 * says the GIR (pairs.h). */

#define N_CALLS 2000
#define N_WORKERS 3
#define N_AT_ONCE 24

typedef enum
{
  WAY_DROP,    /* the last reference goes, the call goes on */
  WAY_CANCEL,  /* cancelled at once, and dropped */
  WAY_SILENT,  /* nobody wants to hear of it, and dropped */
  WAY_DISPOSE, /* what it was called on is disposed of */
  N_WAYS,
} Way;

/* One thread's share of the calls of one function. */
typedef struct
{
  const PairsAsync *async;
  PairsScene *scene;
  GThread *thread;
  GMainContext *context; /* (owned) */
  gpointer self; /* (unowned) (nullable): shared; NULL: each call has a new one */
  GAsyncQueue *victims; /* (nullable) (unowned): of GCancellable */
  guint n_calls;
  guint n_begun;
  guint n_running;
  guint n_good;
  guint n_cancelled;
  guint n_failed;
  gboolean calling; /* a function of the library is on the stack that must not call back */
  gboolean clean; /* nobody has disturbed anything: each must succeed */
} Run;

static void
finished_cb (GObject *source,
             GAsyncResult *result,
             gpointer data)
{
  Run *run = data;
  g_autoptr (GError) error = NULL;

  g_assert_true (g_thread_self () == run->thread);
  g_assert_true (g_main_context_is_owner (run->context));
  g_assert_false (run->calling);
  g_assert_cmpuint (run->n_running, >, 0);
  run->scene->result = result;
  run->async->end (run->scene, &error);
  pairs_scene_let_go (run->scene);
  run->n_running--;
  if (error == NULL)
    run->n_good++;
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    run->n_cancelled++;
  else
    run->n_failed++;
  if (run->clean)
    g_assert_no_error (error);
}

static void
run_init (Run *self,
          const PairsAsync *async,
          guint n_calls)
{
  *self = (Run){ .async = async, .n_calls = n_calls };
  self->scene = pairs_scene_new ();
  self->thread = g_thread_self ();
  self->context = g_main_context_ref_thread_default ();
}

static void
run_clear (Run *self)
{
  g_assert_cmpuint (self->n_running, ==, 0);
  pairs_scene_free (self->scene);
  g_main_context_unref (self->context);
}

static gpointer
run_take_self (Run *self)
{
  gpointer object;

  if (self->self != NULL)
    return g_object_ref (self->self);

  object = g_object_ref (pairs_fresh (self->scene, self->async->class_name));
  return leaks_watch (object);
}

/* Nothing is held when it returns but by the library. */
static void
run_begin (Run *self,
           Way way)
{
  g_autoptr (GObject) object = run_take_self (self);
  g_autoptr (GCancellable) cancellable = NULL;

  if (way == WAY_CANCEL || self->victims != NULL)
    cancellable = leaks_watch (g_cancellable_new ());
  self->n_begun++;
  self->n_running += way != WAY_SILENT ? 1 : 0;
  self->calling = TRUE;
  self->async->begin (self->scene, object, cancellable, way != WAY_SILENT ? finished_cb : NULL, self);
  if (self->victims != NULL)
    g_async_queue_push (self->victims, g_object_ref (cancellable));
  if (way == WAY_CANCEL)
    g_cancellable_cancel (cancellable);
  if (way == WAY_DISPOSE)
    g_object_run_dispose (object);
  pairs_scene_let_go (self->scene);
  self->calling = FALSE;
}

static void
run_to_end (Run *self,
            guint n_ways)
{
  FaceWait wait = face_wait_begin ();

  while (self->n_begun < self->n_calls || self->n_running > 0)
    {
      while (self->n_begun < self->n_calls && self->n_running < N_AT_ONCE)
        run_begin (self, (Way) (self->n_begun % n_ways));
      face_wait_step (&wait, self->async->name, __FILE__, __LINE__);
      wait.deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
    }
  face_wait_end (&wait);
}

static void
run_say (Run *self)
{
  g_test_message ("%s: %u good, %u cancelled, %u failed", self->async->name, self->n_good, self->n_cancelled,
                  self->n_failed);
}

/* ---- dropped ---- */

static void
test_dropped (gconstpointer data)
{
  Run run;

  run_init (&run, data, N_CALLS);
  run_to_end (&run, N_WAYS);
  run_say (&run);
  run_clear (&run);
  leaks_assert_none (G_MAXUINT);
}

/* ---- cancelled ---- */

static gpointer
cancelling_thread (gpointer data)
{
  GRand *dice = g_rand_new_with_seed (4);
  gpointer victim;

  /* the queue itself is the last thing in it */
  while ((victim = g_async_queue_pop (data)) != data)
    {
      if (g_rand_boolean (dice))
        g_usleep ((gulong) g_rand_int_range (dice, 0, 60));
      g_cancellable_cancel (victim);
      g_object_unref (victim);
    }
  g_rand_free (dice);

  return NULL;
}

/* What ends its object can be called on it but once. */
static gboolean
can_share (const PairsAsync *async)
{
  return !g_str_equal (async->name, "Session.close_async");
}

static void
test_cancelled (gconstpointer data)
{
  GAsyncQueue *victims = g_async_queue_new ();
  GThread *canceller = g_thread_new ("canceller", cancelling_thread, victims);
  g_autoptr (GObject) shared = NULL;
  Run run;

  run_init (&run, data, N_CALLS);
  run.victims = victims;
  if (can_share (run.async))
    shared = run.self = run_take_self (&run);
  pairs_scene_let_go (run.scene);
  run_to_end (&run, 1);
  g_async_queue_push (victims, victims);
  g_thread_join (canceller);
  g_async_queue_unref (victims);
  run_say (&run);
  g_assert_cmpuint (run.n_failed, ==, 0);
  g_assert_cmpuint (run.n_good + run.n_cancelled, ==, N_CALLS);
  run_clear (&run);
  g_clear_object (&shared);
  leaks_assert_none (G_MAXUINT);
}

/* ---- three threads ---- */

typedef struct
{
  const PairsAsync *async;
  gpointer self; /* (unowned) (nullable): shared */
  GThread *thread;
  gint done; /* atomic */
  gint *over; /* (unowned) atomic: nothing is left */
} Worker;

static gpointer
worker_thread (gpointer data)
{
  Worker *worker = data;
  GMainContext *context = g_main_context_new ();
  Run run;

  g_main_context_push_thread_default (context);
  run_init (&run, worker->async, (N_CALLS + N_WORKERS - 1) / N_WORKERS);
  run.self = worker->self;
  run.clean = TRUE;
  run_to_end (&run, 1);
  g_assert_cmpuint (run.n_good, ==, run.n_calls);
  run_clear (&run);
  g_atomic_int_set (&worker->done, TRUE);
  g_main_context_wakeup (NULL);
  /* what was dropped when its call came back ends later, and that is told here */
  while (!g_atomic_int_get (worker->over))
    if (!g_main_context_iteration (context, FALSE))
      g_usleep (1000);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

static void
test_threads (gconstpointer data)
{
  Worker workers[N_WORKERS] = { 0 };
  g_autoptr (GObject) shared = NULL;
  gint over = FALSE;
  Run host;

  run_init (&host, data, 0);
  if (can_share (data))
    shared = run_take_self (&host);
  pairs_scene_let_go (host.scene);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i].async = data;
      workers[i].self = shared;
      workers[i].over = &over;
      workers[i].thread = g_thread_new ("worker", worker_thread, &workers[i]);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    {
      /* the shared object lives in this context */
      while (!g_atomic_int_get (&workers[i].done))
        g_main_context_iteration (NULL, TRUE);
    }
  run_clear (&host);
  g_clear_object (&shared);
  leaks_assert_none (G_MAXUINT);
  g_atomic_int_set (&over, TRUE);
  for (guint i = 0; i < N_WORKERS; i++)
    g_thread_join (workers[i].thread);
}

/* ---- */

static void
test_known (void)
{
  /* it is found whether there are any, and what each is called on can be made */
  g_assert_cmpuint (pairs_n_asyncs, >=, 7);
  for (guint i = 0; i < pairs_n_asyncs; i++)
    {
      PairsScene *scene = pairs_scene_new ();

      g_test_message ("%s", pairs_asyncs[i].name);
      g_assert_true (G_IS_OBJECT (pairs_fresh (scene, pairs_asyncs[i].class_name)));
      pairs_scene_free (scene);
    }
}

static void
add_tests (const char *kind,
           GTestDataFunc function)
{
  for (guint i = 0; i < pairs_n_asyncs; i++)
    {
      g_autofree char *path = g_strdup_printf ("/async/%s/%s", kind, pairs_asyncs[i].name);

      g_test_add_data_func (path, &pairs_asyncs[i], function);
    }
}

int
main (int argc,
      char **argv)
{
  char *folder;
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = face_folder_new ();
  pairs_begin (folder);
  g_test_add_func ("/async/known", test_known);
  add_tests ("dropped", test_dropped);
  add_tests ("cancelled", test_cancelled);
  add_tests ("threads", test_threads);
  status = g_test_run ();
  pairs_end ();
  face_folder_free (folder);

  return status;
}
