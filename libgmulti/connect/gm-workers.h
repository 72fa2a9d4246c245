/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"

/* Work that may block, done elsewhere: name look-ups, files. A pool of threads that grows to a cap and is never joined;
 * a job is a refcounted thing that belongs to its starter and to the pool: who gives up walks away at once, and the
 * worker frees what is left. Threads block all signals.
 *
 * Answers come back through the mailbox of the reactor: a queue and an eventfd owned jointly by reactor and jobs,
 * watched (as a socket of the reactor) only while jobs are outstanding. */

typedef struct _GmWorkers GmWorkers;
typedef struct _GmJob GmJob;

typedef struct
{
  void (*work) (GmJob *job); /* on a worker; must not touch anything but the job */
  void (*done) (GmJob *job); /* in the reactor's thread, never if abandoned */
  void (*free) (GmJob *job); /* wherever the last reference goes */
} GmJobType;

struct _GmJob
{
  const GmJobType *type;
  gatomicrefcount refs;
  gint abandoned; /* atomic: what work() may look at now and then */
  guint8 place; /* in the pool, under its lock: not there, in the queue, at work, at work for nobody */
  GmWorkers *workers; /* (owned) (nullable): since it was started */
  GmMailbox *mailbox; /* (owned) (nullable): since it was started */
  GList link; /* in the pool's queue, then in the mailbox */
};

/* A pool of at most @max_threads (changeable) named threads; refcounted, a process-wide one is fine. Threads that hang in
 * work that was given up do not count, up to three times as many: what nobody waits for must not hold up those who wait. */
GmWorkers *gm_workers_new     (const char *name,
                               guint max_threads);
GmWorkers *gm_workers_ref     (GmWorkers *self);
void       gm_workers_unref   (GmWorkers *self); /* idle threads end by themselves */
void       gm_workers_set_max (GmWorkers *self,
                               guint max_threads);
/* A process-wide one: that in *@slot, which is static and made on first use, in a child process anew. Borrowed. */
GmWorkers *gm_workers_shared  (GmWorkers **slot,
                               const char *name,
                               guint max_threads);
/* The process-wide pool for files. */
GmWorkers *gm_workers_files   (void);

/* For tests: from now on no thread can be had, not even one that is idle. */
void       gm_workers_set_denied (gboolean denied);

/* Sets up the embedded job; the starter holds the one reference. */
void       gm_job_init        (GmJob *job,
                               const GmJobType *type);
/* Hands it to the pool (which takes a reference of its own). done() comes later, never from within. A job is started
 * once. FALSE when no thread or no descriptor can be had: nothing was begun, done() will not be called. */
gboolean   gm_job_start       (GmJob *job,
                               GmWorkers *workers,
                               GmReactor *reactor);
/* The same for work that nobody will ask about (closing a descriptor): takes the starter's reference, and done() is
 * never called. FALSE as above, with the reference left to the starter. */
gboolean   gm_job_start_detached (GmJob *job,
                               GmWorkers *workers);
/* Nobody waits any more: done() will not be called; drops the starter's reference. Does not block, in particular never
 * waits for the worker. A job that is still queued is taken out. Before the start and after done(): gm_job_unref(). */
void       gm_job_abandon     (GmJob *job);
/* Drops the starter's reference after done(). */
void       gm_job_unref       (GmJob *job);

/* Mailbox; the reactor's. */
/* Applications are told of the descriptor in the name of the transfer that wanted it first; that one goes. */
void       gm_mailbox_forget  (GmMailbox *self,
                               gconstpointer holder);
void       gm_mailbox_close   (GmMailbox *self); /* the reactor goes: what still comes in is freed unread */
