/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-workers.h"

#include "turning.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static GMutex gate_lock;
static GCond gate_changed;
static gboolean gate_open;
static gint n_inside; /* in work() now; under the lock */
static gint most_inside;
static gint n_worked;
static gint n_freed; /* atomic */

typedef struct
{
  GmJob job; /* first member */
  gboolean waits; /* until the gate opens */
  GThread *worked_in;
  GThread *done_in;
  guint n_done;
  guint *order;
  guint place;
  gboolean signals_blocked;
  GmWorkers *workers;
  GmReactor *reactor;
  guint *to_do; /* further jobs to start one after the other from done() */
} Work;

static void
work_work (GmJob *job)
{
  Work *self = (Work *) job;
  sigset_t mask;

  self->worked_in = g_thread_self ();
  pthread_sigmask (SIG_BLOCK, NULL, &mask);
  self->signals_blocked = sigismember (&mask, SIGTERM) && sigismember (&mask, SIGUSR1) && sigismember (&mask, SIGPIPE);

  g_mutex_lock (&gate_lock);
  n_inside++;
  most_inside = MAX (most_inside, n_inside);
  g_cond_broadcast (&gate_changed);
  while (self->waits && !gate_open)
    g_cond_wait (&gate_changed, &gate_lock);
  n_inside--;
  n_worked++;
  g_cond_broadcast (&gate_changed);
  g_mutex_unlock (&gate_lock);
}

static Work *work_start (GmWorkers *workers, GmReactor *reactor, gboolean waits);

static void
work_done (GmJob *job)
{
  Work *self = (Work *) job;

  self->n_done++;
  self->done_in = g_thread_self ();
  if (self->order != NULL)
    self->place = ++*self->order;
  if (self->to_do == NULL)
    return;

  if (*self->to_do > 0)
    {
      Work *next = work_start (self->workers, self->reactor, FALSE);

      (*self->to_do)--;
      next->to_do = self->to_do;
    }
  gm_job_unref (job);
}

static void
work_free (GmJob *job)
{
  g_atomic_int_inc (&n_freed);
  g_free (job);
}

static Work *
work_start (GmWorkers *workers,
            GmReactor *reactor,
            gboolean waits)
{
  static const GmJobType type = { work_work, work_done, work_free };
  Work *self = g_new0 (Work, 1);

  gm_job_init (&self->job, &type);
  self->waits = waits;
  self->workers = workers;
  self->reactor = reactor;
  if (gm_job_start (&self->job, workers, reactor))
    return self;

  gm_job_unref (&self->job);
  return NULL;
}

static void
gate_set (gboolean open)
{
  g_mutex_lock (&gate_lock);
  gate_open = open;
  g_cond_broadcast (&gate_changed);
  g_mutex_unlock (&gate_lock);
}

/* FALSE when @count did not get there in time. */
static gboolean
wait_count (gint *count,
            gint n)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;
  gboolean there;

  g_mutex_lock (&gate_lock);
  while (*count != n && g_cond_wait_until (&gate_changed, &gate_lock, end))
    ;
  there = *count == n;
  g_mutex_unlock (&gate_lock);
  return there;
}

static gboolean
wait_inside (gint n)
{
  return wait_count (&n_inside, n);
}

static gboolean
wait_worked (gint n)
{
  return wait_count (&n_worked, n);
}

static gboolean
wait_freed (gint n)
{
  for (guint i = 0; i < 1000 && g_atomic_int_get (&n_freed) < n; i++)
    g_usleep (10 * 1000);
  return g_atomic_int_get (&n_freed) == n;
}

static gboolean
is_done (gpointer data)
{
  return ((Work *) data)->n_done > 0;
}

static gboolean
nothing_watched (gpointer data)
{
  return ((GmReactor *) data)->n_sockets == 0;
}

typedef struct
{
  GmReactor reactor;
  GmWorkers *workers;
  Told told;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer foreign)
{
  gm_reactor_init (&self->reactor, NULL, &turning_ops, &self->told);
  gm_reactor_set_foreign (&self->reactor, foreign != NULL);
  self->workers = gm_workers_new ("test", 3);
  g_atomic_int_set (&n_freed, 0);
  most_inside = n_worked = 0;
  gate_set (FALSE);
}

static void
tear_down (Fixture *self,
           gconstpointer foreign)
{
  gate_set (TRUE);
  gm_reactor_clear (&self->reactor);
  gm_workers_unref (self->workers);
}

static void
test_answer (Fixture *self,
             gconstpointer foreign)
{
  Work *work = work_start (self->workers, &self->reactor, FALSE);

  g_assert_nonnull (work);
  g_assert_true (wait_worked (1));
  g_assert_cmpuint (work->n_done, ==, 0);
  g_assert_cmpuint (self->reactor.n_sockets, ==, 1);

  g_assert_true (turning_until (&self->reactor, is_done, work));
  g_assert_cmpuint (work->n_done, ==, 1);
  g_assert_true (work->done_in == g_thread_self ());
  g_assert_true (work->worked_in != g_thread_self ());
  g_assert_true (work->signals_blocked);
  gm_job_unref (&work->job);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);

  /* Nothing is outstanding, so nothing stays announced. */
  g_assert_true (turning_until (&self->reactor, nothing_watched, &self->reactor));
  g_assert_cmpuint (self->told.n_announced, ==, self->told.n_withdrawn);
  g_assert_cmpint (gm_reactor_next (&self->reactor), ==, -1);
}

static void
test_cap (Fixture *self,
          gconstpointer foreign)
{
  Work *works[8];
  guint order = 0;

  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    {
      works[i] = work_start (self->workers, &self->reactor, TRUE);
      works[i]->order = &order;
    }
  g_assert_true (wait_inside (3));

  /* One more as soon as the cap is raised, although all threads are stuck. */
  gm_workers_set_max (self->workers, 4);
  g_assert_true (wait_inside (4));

  gate_set (TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    {
      g_assert_true (turning_until (&self->reactor, is_done, works[i]));
      g_assert_cmpuint (works[i]->n_done, ==, 1);
      gm_job_unref (&works[i]->job);
    }
  g_assert_cmpuint (order, ==, G_N_ELEMENTS (works));
  g_assert_cmpint (most_inside, ==, 4);
  g_assert_true (wait_freed (G_N_ELEMENTS (works)));
}

static void
test_abandon (Fixture *self,
              gconstpointer foreign)
{
  Work *works[5];
  gint64 start;

  for (guint i = 0; i < G_N_ELEMENTS (works); i++)
    works[i] = work_start (self->workers, &self->reactor, TRUE);
  g_assert_true (wait_inside (3));

  /* The last ones first, so that those in the queue are there still. */
  start = g_get_monotonic_time ();
  for (guint i = G_N_ELEMENTS (works); i > 0; i--)
    gm_job_abandon (&works[i - 1]->job);
  if (g_getenv ("GMULTI_TEST_VALGRIND") == NULL)
    g_assert_cmpint (g_get_monotonic_time () - start, <, 1000 * (gint64) G_N_ELEMENTS (works));

  /* The two that waited are gone at once, the others when their workers come back; nobody is watched for them. */
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 2);
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
  gate_set (TRUE);
  g_assert_true (wait_freed (5));
  turning_once (&self->reactor, 0);
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
}

/* What hangs for nobody is replaced, but not without end. */
static void
test_forsaken (Fixture *self,
               gconstpointer foreign)
{
  Work *works[12];
  Work *late;

  for (guint round = 0; round < 4; round++)
    {
      for (guint i = 0; i < 3; i++)
        works[3 * round + i] = work_start (self->workers, &self->reactor, TRUE);
      g_assert_true (wait_inside (3 * (gint) round + 3));
      for (guint i = 0; i < 3; i++)
        gm_job_abandon (&works[3 * round + i]->job);
    }

  late = work_start (self->workers, &self->reactor, FALSE);
  g_usleep (30 * 1000);
  turning_once (&self->reactor, 0);
  g_assert_cmpuint (late->n_done, ==, 0);
  gate_set (TRUE);
  g_assert_true (turning_until (&self->reactor, is_done, late));
  g_assert_cmpint (most_inside, ==, 12);
  gm_job_unref (&late->job);
  g_assert_true (wait_freed (13));
}

static void
test_detached (Fixture *self,
               gconstpointer foreign)
{
  static const GmJobType type = { work_work, work_done, work_free };
  Work *work = g_new0 (Work, 1);

  gm_job_init (&work->job, &type);
  g_assert_true (gm_job_start_detached (&work->job, self->workers));
  g_assert_true (wait_freed (1));
  g_assert_cmpint (n_worked, ==, 1);
  g_assert_cmpuint (self->reactor.n_sockets, ==, 0);
}

/* Answered but not delivered yet: still never done(). */
static void
test_abandon_answered (Fixture *self,
                       gconstpointer foreign)
{
  Work *kept = work_start (self->workers, &self->reactor, FALSE);
  Work *dropped = work_start (self->workers, &self->reactor, FALSE);

  g_assert_true (wait_worked (2));
  g_usleep (20 * 1000);
  gm_job_abandon (&dropped->job);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);
  g_assert_true (turning_until (&self->reactor, is_done, kept));
  gm_job_unref (&kept->job);
  g_assert_true (wait_freed (2));
}

/* A reader that asks for the next piece in each answer keeps the one announcement. */
static void
test_chain (Fixture *self,
            gconstpointer foreign)
{
  guint to_do = 20;
  Work *work = work_start (self->workers, &self->reactor, FALSE);

  work->to_do = &to_do;
  for (guint i = 0; i < 1000 && g_atomic_int_get (&n_freed) < 21; i++)
    turning_once (&self->reactor, 50 * 1000);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 21);
  g_assert_cmpuint (self->told.n_announced, ==, 1);
  g_assert_true (turning_until (&self->reactor, nothing_watched, &self->reactor));
  g_assert_cmpuint (self->told.n_withdrawn, ==, 1);
}

/* The reactor goes, its jobs go on: nothing is delivered, all is freed. */
static void
test_reactor_goes (Fixture *self,
                   gconstpointer foreign)
{
  Told told = { 0 };
  GmReactor other;
  Work *running, *answered;

  gm_reactor_init (&other, NULL, &turning_ops, &told);
  running = work_start (self->workers, &other, TRUE);
  g_assert_true (wait_inside (1));
  answered = work_start (self->workers, &other, FALSE);
  g_assert_true (wait_worked (1));
  gm_job_abandon (&running->job);
  gm_job_abandon (&answered->job);
  gm_reactor_clear (&other);
  g_assert_cmpuint (told.n_announced, ==, told.n_withdrawn);

  gate_set (TRUE);
  g_assert_true (wait_freed (2));
}

/* The pool is let go first: what was started is done all the same. */
static void
test_pool_goes (Fixture *self,
                gconstpointer foreign)
{
  GmWorkers *pool = gm_workers_new ("gone", 1);
  Work *first = work_start (pool, &self->reactor, TRUE);
  Work *second = work_start (pool, &self->reactor, FALSE);

  gm_workers_unref (pool);
  gate_set (TRUE);
  g_assert_true (turning_until (&self->reactor, is_done, first));
  g_assert_true (turning_until (&self->reactor, is_done, second));
  gm_job_unref (&first->job);
  gm_job_unref (&second->job);
  g_assert_true (wait_freed (2));
}

static void
test_no_descriptors (Fixture *self,
                     gconstpointer foreign)
{
  struct rlimit before, none;

  getrlimit (RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 3;
  setrlimit (RLIMIT_NOFILE, &none);
  g_assert_null (work_start (self->workers, &self->reactor, FALSE));
  setrlimit (RLIMIT_NOFILE, &before);
  g_assert_cmpint (g_atomic_int_get (&n_freed), ==, 1);
}

/* In a child there is no worker to come back, and its lock may be held: cleaning up must not hang, and a new pool
 * works. */
static int
child (Fixture *self,
       Work *work)
{
  GmReactor reactor;
  Work *mine;

  alarm (10);
  gm_job_abandon (&work->job);
  gm_reactor_clear (&self->reactor);
  gm_workers_unref (self->workers);

  gm_reactor_init (&reactor, NULL, NULL, NULL);
  mine = work_start (gm_workers_files (), &reactor, FALSE);
  if (mine == NULL || !turning_until (&reactor, is_done, mine))
    return 1;
  gm_job_unref (&mine->job);
  gm_reactor_clear (&reactor);
  return 0;
}

static void
test_fork (Fixture *self,
           gconstpointer foreign)
{
  Work *work = work_start (self->workers, &self->reactor, TRUE);
  Work *file = work_start (gm_workers_files (), &self->reactor, FALSE);
  int status = -1;
  pid_t pid;

  g_assert_true (wait_inside (1));
  g_assert_true (turning_until (&self->reactor, is_done, file));
  gm_job_unref (&file->job);

  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  /* Another program ends the child: what it leaves behind on purpose is nobody's leak. */
  if (pid == 0)
    _exit (child (self, work) == 0 ? execl ("/bin/true", "true", NULL) : 1);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);

  gate_set (TRUE);
  g_assert_true (turning_until (&self->reactor, is_done, work));
  gm_job_unref (&work->job);
}

#define ADD(name, func)                                                                                                \
  g_test_add ("/workers/own/" name, Fixture, NULL, set_up, func, tear_down);                                           \
  g_test_add ("/workers/foreign/" name, Fixture, "", set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("answer", test_answer);
  ADD ("cap", test_cap);
  ADD ("abandon", test_abandon);
  ADD ("forsaken", test_forsaken);
  ADD ("detached", test_detached);
  ADD ("abandon-answered", test_abandon_answered);
  ADD ("chain", test_chain);
  ADD ("reactor-goes", test_reactor_goes);
  ADD ("pool-goes", test_pool_goes);
  ADD ("no-descriptors", test_no_descriptors);
  ADD ("fork", test_fork);
  return g_test_run ();
}
