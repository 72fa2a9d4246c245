/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-workers.h"

#include "gm-fork.h"
#include "gm-trace.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A thread with nothing to do waits this long for more before it ends: long enough for a burst of look-ups or the next
 * chunk of a file, short enough that a quiet program has no threads of ours. */
#define IDLE_US (5 * G_USEC_PER_SEC)

/* Look-ups and file systems that hang must not stop each other; more than this at once helps no disk. */
#define FILE_WORKERS 8

enum
{
  PLACE_NONE,
  PLACE_QUEUED,
  PLACE_WORKING,
  PLACE_FORSAKEN, /* still working, abandoned */
};

struct _GmWorkers
{
  gatomicrefcount refs; /* of owners and started jobs; the last one gone, the threads end, and the last thread frees */
  guint generation; /* of the process that has its threads */
  char *name; /* (owned) */
  GMutex lock;
  GCond more;
  GQueue jobs; /* waiting; each with a reference */
  guint max;
  guint n_threads;
  guint n_idle;
  guint n_forsaken; /* threads at work that nobody waits for */
  gboolean closed; /* no references any more */
};

struct _GmMailbox
{
  GmRunnable runnable; /* first member; reactor's thread only, as all up to the lock */
  gatomicrefcount refs;
  guint generation;
  GmReactor *reactor; /* (unowned) (nullable): NULL once closed */
  GmSocket *socket; /* (owned) (nullable): while jobs are outstanding */
  guint n_outstanding;
  gboolean draining;
  int fd; /* eventfd; -1 once closed */
  GMutex lock;
  gboolean closed;
  GQueue finished; /* each with the pool's reference */
};

/* ---- mailbox ---- */

static GmMailbox *
mailbox_ref (GmMailbox *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
mailbox_unref (GmMailbox *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Withdrawn while nobody waits for anything, and only then. */
static void
mailbox_watch (GmMailbox *self)
{
  if (self->draining || self->reactor == NULL)
    return;

  if (self->n_outstanding > 0 && self->socket == NULL)
    {
      self->socket = gm_socket_new (self->reactor, self->fd, &self->runnable);
      self->socket->holder = self->reactor->acting;
      gm_socket_set_want (self->socket, GM_IO_IN);
    }
  else if (self->n_outstanding == 0 && self->socket != NULL)
    {
      gm_socket_release (g_steal_pointer (&self->socket));
    }
}

static void
deliver (GmMailbox *self,
         GmJob *job)
{
  if (g_atomic_int_get (&job->abandoned))
    return;

  self->n_outstanding--;
  GM_TRACE (WORKER, 0, 0, "answer, %u jobs still out", self->n_outstanding);
  /* Against gm_job_abandon() from within done(): it has been counted already. */
  g_clear_pointer (&job->mailbox, mailbox_unref);
  job->type->done (job);
}

/* (nullable) */
static GmJob *
mailbox_pop (GmMailbox *self)
{
  GList *link;
  GmJob *job = NULL;

  g_mutex_lock (&self->lock);
  link = g_queue_pop_head_link (&self->finished);
  if (link != NULL)
    {
      job = link->data;
      link->data = NULL;
    }
  g_mutex_unlock (&self->lock);

  return job;
}

/* One at a time: done() may give others up, which are taken out of the queue then. Answers that come meanwhile wait for
 * the next turn, so that quick jobs which start each other do not keep everybody else from theirs. */
static void
mailbox_drain (GmMailbox *self)
{
  guint n;
  gboolean more;
  GmJob *job;

  g_mutex_lock (&self->lock);
  n = self->finished.length;
  g_mutex_unlock (&self->lock);

  for (; n > 0 && (job = mailbox_pop (self)) != NULL; n--)
    {
      deliver (self, job);
      gm_job_unref (job);
    }

  g_mutex_lock (&self->lock);
  more = self->finished.length > 0;
  g_mutex_unlock (&self->lock);
  if (more)
    gm_socket_post (self->socket, GM_IO_IN);
}

/* Takes out a job that nobody will ask for; TRUE if it was there, with the pool's reference then the caller's. */
static gboolean
mailbox_take_back (GmMailbox *self,
                   GmJob *job)
{
  gboolean there;

  g_mutex_lock (&self->lock);
  there = job->link.data != NULL;
  if (there)
    {
      g_queue_unlink (&self->finished, &job->link);
      job->link.data = NULL;
    }
  g_mutex_unlock (&self->lock);

  return there;
}

/* The watch outlives the last answer by one pass of the run list, so that who starts the next job in answer to this one
 * (the next chunk of a file) does not have it withdrawn and announced each time. */
static void
mailbox_run (GmRunnable *runnable)
{
  GmMailbox *self = (GmMailbox *) runnable;
  guint64 count;

  if (self->socket != NULL && (self->socket->ready & (GM_IO_IN | GM_IO_HUP)) != 0)
    {
      /* One read takes all there is; a job finished after it makes a new event. */
      if (read (self->fd, &count, sizeof count) < 0 && errno != EAGAIN)
        g_critical ("eventfd: %s", g_strerror (errno));
      self->socket->ready &= ~(GM_IO_IN | GM_IO_HUP);

      self->draining = TRUE;
      mailbox_drain (self);
      self->draining = FALSE;

      if (self->n_outstanding == 0)
        {
          gm_reactor_queue (self->reactor, &self->runnable);
          return;
        }
    }

  mailbox_watch (self);
}

static GmMailbox *
mailbox_of (GmReactor *reactor)
{
  GmMailbox *self = reactor->mailbox;

  if (self != NULL)
    return self;

  self = g_new0 (GmMailbox, 1);
  self->fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (self->fd < 0)
    {
      g_free (self);
      return NULL;
    }

  self->runnable.run = mailbox_run;
  g_atomic_ref_count_init (&self->refs);
  self->generation = gm_fork_generation ();
  self->reactor = reactor;
  g_mutex_init (&self->lock);
  reactor->mailbox = self;
  return self;
}

/* On a worker; takes the pool's reference to @job. */
static void
mailbox_put (GmMailbox *self,
             GmJob *job)
{
  const guint64 one = 1;
  gboolean kept = FALSE;

  g_mutex_lock (&self->lock);
  if (!self->closed && !g_atomic_int_get (&job->abandoned))
    {
      kept = TRUE;
      job->link.data = job;
      g_queue_push_tail_link (&self->finished, &job->link);
      /* Under the lock, which keeps the descriptor open. */
      if (self->finished.length == 1 && write (self->fd, &one, sizeof one) < 0)
        g_critical ("eventfd: %s", g_strerror (errno));
    }
  g_mutex_unlock (&self->lock);

  if (!kept)
    gm_job_unref (job);
}

void
gm_mailbox_forget (GmMailbox *self,
                   gconstpointer holder)
{
  if (self->socket == NULL || self->socket->holder != holder)
    return;

  mailbox_watch (self); /* nobody may need it any more */
  if (self->socket != NULL)
    self->socket->holder = NULL;
}

void
gm_mailbox_close (GmMailbox *self)
{
  GQueue jobs = G_QUEUE_INIT;
  GList *link;

  if (gm_runnable_is_queued (&self->runnable))
    gm_reactor_dequeue (self->reactor, &self->runnable);
  if (self->socket != NULL)
    gm_socket_release (g_steal_pointer (&self->socket));
  self->reactor->mailbox = NULL;
  self->reactor = NULL;

  /* After a fork a thread that is not here may hold the lock: what it guards is left as it is. */
  if (self->generation != gm_fork_generation ())
    {
      close (self->fd);
      return;
    }

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  jobs = self->finished;
  g_queue_init (&self->finished);
  close (self->fd);
  self->fd = -1;
  g_mutex_unlock (&self->lock);

  while ((link = g_queue_pop_head_link (&jobs)) != NULL)
    {
      GmJob *job = link->data;

      link->data = NULL;
      gm_job_unref (job);
    }
  mailbox_unref (self);
}

/* ---- pool ---- */

GmWorkers *
gm_workers_new (const char *name,
                guint max_threads)
{
  GmWorkers *self = g_new0 (GmWorkers, 1);

  g_atomic_ref_count_init (&self->refs);
  self->generation = gm_fork_generation ();
  self->name = g_strdup (name);
  self->max = MAX (max_threads, 1);
  g_mutex_init (&self->lock);
  g_cond_init (&self->more);

  return self;
}

GmWorkers *
gm_workers_ref (GmWorkers *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
workers_free (GmWorkers *self)
{
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->more);
  g_free (self->name);
  g_free (self);
}

/* Each started job holds a reference, so nothing waits any more when the last one goes. */
void
gm_workers_unref (GmWorkers *self)
{
  gboolean last;

  /* In a child its threads are missing and its lock may be held. */
  if (!g_atomic_ref_count_dec (&self->refs) || self->generation != gm_fork_generation ())
    return;

  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  last = self->n_threads == 0;
  g_cond_broadcast (&self->more);
  g_mutex_unlock (&self->lock);

  if (last)
    workers_free (self);
}

GmWorkers *
gm_workers_shared (GmWorkers **slot,
                   const char *name,
                   guint max_threads)
{
  GmWorkers *self = g_atomic_pointer_get (slot);

  /* Another one for a child, where the threads of the first are missing and its lock may be held for ever. */
  if (self == NULL || self->generation != gm_fork_generation ())
    {
      GmWorkers *fresh = gm_workers_new (name, max_threads);

      if (!g_atomic_pointer_compare_and_exchange (slot, self, fresh))
        gm_workers_unref (fresh);
    }

  return g_atomic_pointer_get (slot);
}

GmWorkers *
gm_workers_files (void)
{
  static GmWorkers *workers;

  return gm_workers_shared (&workers, "gm-file", FILE_WORKERS);
}

/* Under the lock. */
static GmJob *
take_job (GmWorkers *self)
{
  GList *link = g_queue_pop_head_link (&self->jobs);
  GmJob *job;

  if (link == NULL)
    return NULL;

  job = link->data;
  link->data = NULL;
  job->place = PLACE_WORKING;
  return job;
}

/* How many threads there may be: those that hang for nobody are replaced, but not without end. A name is looked up twice,
 * once per family, and the replacements of threads that were given up begin with what else waits for the same dead server:
 * as many again would all hang, too. */
static inline guint
most_threads (const GmWorkers *self)
{
  return self->max + MIN (self->n_forsaken, 3 * self->max);
}

/* Under the lock, which it lets go of meanwhile. */
static void
run_job (GmWorkers *self,
         GmJob *job)
{
  GmMailbox *mailbox = job->mailbox != NULL ? mailbox_ref (job->mailbox) : NULL;

  g_mutex_unlock (&self->lock);
  job->type->work (job);
  g_mutex_lock (&self->lock);
  if (job->place == PLACE_FORSAKEN)
    self->n_forsaken--;
  job->place = PLACE_NONE;
  g_mutex_unlock (&self->lock);

  /* The job and its reference to the mailbox may be gone before this thread is out of the mailbox's lock. */
  if (mailbox != NULL)
    {
      mailbox_put (mailbox, job);
      mailbox_unref (mailbox);
    }
  else
    gm_job_unref (job);
  g_mutex_lock (&self->lock);
}

/* Under the lock; FALSE when there was nothing for so long that the thread had better end, or too many are there. */
static gboolean
wait_for_job (GmWorkers *self)
{
  gint64 until = g_get_monotonic_time () + IDLE_US;

  while (self->jobs.length == 0)
    {
      gboolean woken;

      if (self->closed || self->n_threads > most_threads (self))
        return FALSE;
      self->n_idle++;
      woken = g_cond_wait_until (&self->more, &self->lock, until);
      self->n_idle--;
      if (!woken && self->jobs.length == 0)
        return FALSE;
    }

  return TRUE;
}

static gpointer
worker_thread (gpointer data)
{
  GmWorkers *self = data;
  gboolean last;

  g_mutex_lock (&self->lock);
  while (wait_for_job (self))
    run_job (self, take_job (self));
  self->n_threads--;
  last = self->closed && self->n_threads == 0;
  g_mutex_unlock (&self->lock);

  if (last)
    workers_free (self);
  return NULL;
}

/* Under the lock, so that no thread can be found missing by two. Signals are the program's; a thread takes the mask of
 * the one that makes it. */
static gboolean
add_thread (GmWorkers *self)
{
  sigset_t all, before;
  GThread *thread;

  sigfillset (&all);
  pthread_sigmask (SIG_SETMASK, &all, &before);
  thread = g_thread_try_new (self->name, worker_thread, self, NULL);
  pthread_sigmask (SIG_SETMASK, &before, NULL);

  if (thread == NULL)
    return FALSE;

  g_thread_unref (thread);
  self->n_threads++;
  return TRUE;
}

/* Under the lock: up to @n more threads for what waits, as far as the cap goes. FALSE when there is not a single one. */
static gboolean
provide_threads (GmWorkers *self,
                 guint n)
{
  for (; n > 0 && self->jobs.length > self->n_idle && self->n_threads < most_threads (self); n--)
    if (!add_thread (self))
      break;

  return self->n_threads > 0;
}

void
gm_workers_set_max (GmWorkers *self,
                    guint max_threads)
{
  g_mutex_lock (&self->lock);
  self->max = MAX (max_threads, 1);
  provide_threads (self, self->jobs.length);
  g_cond_broadcast (&self->more);
  g_mutex_unlock (&self->lock);
}

/* ---- job ---- */

void
gm_job_init (GmJob *job,
             const GmJobType *type)
{
  *job = (GmJob){ .type = type };
  g_atomic_ref_count_init (&job->refs);
}

void
gm_job_unref (GmJob *job)
{
  if (!g_atomic_ref_count_dec (&job->refs))
    return;

  g_clear_pointer (&job->mailbox, mailbox_unref);
  g_clear_pointer (&job->workers, gm_workers_unref);
  job->type->free (job);
}

/* TRUE when it is there or will be taken; takes a reference then. */
static gboolean
push (GmWorkers *self,
      GmJob *job)
{
  gboolean taken;

  g_mutex_lock (&self->lock);
  job->place = PLACE_QUEUED;
  job->link.data = job;
  g_queue_push_tail_link (&self->jobs, &job->link);
  taken = provide_threads (self, 1);
  if (taken)
    g_cond_signal (&self->more);
  else
    {
      g_queue_unlink (&self->jobs, &job->link);
      job->link.data = NULL;
      job->place = PLACE_NONE;
    }
  g_mutex_unlock (&self->lock);

  return taken;
}

static gint denied_for_test; /* atomic */

void
gm_workers_set_denied (gboolean denied)
{
  g_atomic_int_set (&denied_for_test, denied);
}

gboolean
gm_job_start (GmJob *job,
              GmWorkers *workers,
              GmReactor *reactor)
{
  GmMailbox *mailbox = mailbox_of (reactor);

  if (mailbox == NULL || G_UNLIKELY (g_atomic_int_get (&denied_for_test)))
    return FALSE;

  job->mailbox = mailbox_ref (mailbox);
  job->workers = gm_workers_ref (workers);
  g_atomic_ref_count_inc (&job->refs);
  if (!push (workers, job))
    {
      g_clear_pointer (&job->mailbox, mailbox_unref);
      gm_job_unref (job);
      return FALSE;
    }

  mailbox->n_outstanding++;
  GM_TRACE (WORKER, 0, 0, "job for \"%s\", %u are out", workers->name, mailbox->n_outstanding);
  mailbox_watch (mailbox);
  return TRUE;
}

gboolean
gm_job_start_detached (GmJob *job,
                       GmWorkers *workers)
{
  gboolean taken;

  job->workers = gm_workers_ref (workers);
  taken = push (workers, job);
  if (!taken)
    g_clear_pointer (&job->workers, gm_workers_unref);

  return taken;
}

/* TRUE when no worker has begun with it, nor will. One that has is no longer counted, and another takes its place. */
static gboolean
take_back (GmJob *job)
{
  GmWorkers *workers = job->workers;
  gboolean queued;

  g_mutex_lock (&workers->lock);
  queued = job->place == PLACE_QUEUED;
  if (queued)
    {
      g_queue_unlink (&workers->jobs, &job->link);
      job->link.data = NULL;
      job->place = PLACE_NONE;
    }
  else if (job->place == PLACE_WORKING)
    {
      job->place = PLACE_FORSAKEN;
      workers->n_forsaken++;
      provide_threads (workers, 1);
    }
  g_mutex_unlock (&workers->lock);

  return queued;
}

void
gm_job_abandon (GmJob *job)
{
  GmMailbox *mailbox = job->mailbox;

  g_atomic_int_set (&job->abandoned, TRUE);

  if (mailbox != NULL)
    {
      /* In a child the worker is missing, and may have left anything half done and locked: leave it alone. */
      if (mailbox->generation != gm_fork_generation ())
        return;

      mailbox->n_outstanding--;
      GM_TRACE (WORKER, 0, 0, "job given up, %u are out", mailbox->n_outstanding);
      mailbox_watch (mailbox);
      if (take_back (job) || mailbox_take_back (mailbox, job))
        gm_job_unref (job);
    }

  gm_job_unref (job);
}
