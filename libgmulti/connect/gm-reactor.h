/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-clock.h"
#include "gm-timers.h"

/* The reactor: who is ready, and until when everybody else may sleep. It knows sockets, deadlines and runnables, and
 * neither transfers nor protocols. It never sleeps by itself and never blocks: a face collects events (from the
 * reactor's own epoll set, or from a foreign loop) and then lets the ready ones run.
 *
 * A turn is: gm_reactor_begin_turn(), then events come in by gm_reactor_collect() or gm_socket_post(), then
 * gm_reactor_run() runs each runnable that was on the run list once, then gm_reactor_expire() looks at the deadlines
 * (sockets come first, so that a late wake-up declares no timeout while its data waits), then the run list once more.
 *
 * Work is proportional to what is ready: there is no list of all sockets that anything but fdset walks.
 * All functions are for the thread that turns the reactor. */

typedef struct _GmReactor GmReactor;
typedef struct _GmRunnable GmRunnable;
typedef struct _GmSocket GmSocket;
typedef struct _GmMailbox GmMailbox;

typedef enum
{
  GM_IO_NONE = 0,
  GM_IO_IN = 1 << 0,
  GM_IO_OUT = 1 << 1,
  GM_IO_HUP = 1 << 2, /* error or hang-up was seen: reads go on until they say end or error */
} GmIo;

/* Something that can be given a turn: a transfer or a connection. */
struct _GmRunnable
{
  void (*run) (GmRunnable *self);
  GList link; /* in the run list; link.data is NULL while it is not */
};

static inline gboolean
gm_runnable_is_queued (const GmRunnable *self)
{
  return self->link.data != NULL;
}

/* One descriptor for its whole life. Found again by (slot, generation) only: the number may be used again by the
 * kernel at any time. */
struct _GmSocket
{
  GmReactor *reactor; /* (unowned) */
  GmRunnable *owner; /* (unowned): given a turn when something happens */
  gpointer holder; /* (unowned) (nullable): the transfer on whose behalf it is used; NULL = pool or closer */
  gpointer assigned; /* (unowned) (nullable): the application's pointer for this socket; dropped at removal */
  int fd; /* -1 for a simulated one */
  guint32 slot;
  guint32 generation;
  guint8 ready; /* latched GmIo; the user clears a bit when the transport said AGAIN */
  guint8 want; /* GmIo that the owner waits for: a pure function of its state */
  guint8 told; /* GmIo last told to the announcer */
  guint8 in_epoll : 1;
  guint8 always_ready : 1; /* epoll refused it (EPERM): a regular file */
  guint8 idle : 1; /* of the pool: no transfer waits for it */
  guint8 resting : 1; /* a foreign loop does not watch it, see gm_socket_rest(): what comes has to be asked for */
};

/* What the face is told. All members may be NULL. None may destroy the reactor. */
typedef struct
{
  /* @socket's want mask changed from socket->told to @want; 0 = not to be watched any more. Not called for sockets of
   * which nothing is wanted and nothing was told, nor in a child process: the watches are its parent's. */
  void (*announce) (GmReactor *reactor, GmSocket *socket, GmIo want);
  /* The time until which the caller may sleep became earlier than what gm_reactor_next() said last; only outside a
   * turn. */
  void (*hurry) (GmReactor *reactor);
  /* Closes @fd instead of close(); @holder as in the socket at that time. */
  void (*close_socket) (GmReactor *reactor, GmSocket *socket, int fd);
} GmReactorOps;

struct _GmReactor
{
  const GmClock *clock; /* (unowned) */
  gint64 now; /* µs, read once per turn */
  gint64 look_for_sleep_at; /* µs: not every turn */
  gint64 asleep; /* as the clock said last; -1 = it cannot tell */
  gboolean woke; /* the machine slept, and nobody has dealt with it */
  const GmReactorOps *ops; /* (unowned) */
  gpointer user_data; /* the face's */
  guint fork_generation; /* of the process it was made in */
  GQueue runnables;
  GmTimers timers;
  GPtrArray *slots; /* (owned) (element-type GmSocket): NULL where free */
  GArray *free_slots; /* (owned) */
  guint32 next_generation;
  guint n_sockets;
  int epoll_fd; /* -1 until asked for */
  int max_fd_hint;
  GArray *by_fd; /* (owned): fd → slot + 1, for callers that know numbers only */
  GmMailbox *mailbox; /* (owned) (nullable): answers of workers, made on first use */
  char *read_buffer; /* (owned) (nullable): shared scratch for reads; borrowed during one step */
  gsize read_size;
  gpointer spare_block; /* (owned) (nullable): one that was given back, see gm_reactor_take_block() */
  gsize spare_size;
  GmByteBuilder write_buffer; /* shared scratch for what is composed and sent within one step */
  guint depth; /* > 0 while runnables run */
  gpointer acting; /* (unowned) (nullable): the transfer whose turn it is, for jobs that it starts */
  gboolean ages_on_demand; /* what idles has no timer: the loop is the application's, and is not woken for that */
  gboolean foreign; /* sockets are told to a foreign loop: no hang-up is seen, so a short read is no proof of drain */
};

/* ---- life ---- */
void      gm_reactor_init          (GmReactor *self,
                                    const GmClock *clock,
                                    const GmReactorOps *ops,
                                    gpointer user_data);
void      gm_reactor_clear         (GmReactor *self); /* every socket and runnable is gone by then */

/* ---- turns ---- */
gint64    gm_reactor_begin_turn    (GmReactor *self); /* reads the clock */
/* Whether the machine slept, which turns ask once in a while, is asked now; the next turn acts on it. */
void      gm_reactor_look_for_sleep (GmReactor *self);
/* Takes what the own epoll set has, waiting at most @timeout_us (0 = not at all, -1 = for ever) for it; returns the
 * number of events, or -1 with errno set. Latches readiness and queues owners. */
int       gm_reactor_collect       (GmReactor *self,
                                    gint64 timeout_us);
/* Gives each runnable on the list at entry one turn, until the clock passes @deadline (0 = no limit). Returns TRUE if
 * all of them had it. What is queued meanwhile waits for the next call. */
gboolean  gm_reactor_run           (GmReactor *self,
                                    gint64 deadline);
void      gm_reactor_expire        (GmReactor *self);
/* -1 = nothing to wait for but sockets; 0 = now (the run list is not empty); else the absolute time of the earliest
 * deadline. */
gint64    gm_reactor_next          (GmReactor *self);
/* The descriptor of the own epoll set, made (and filled) on first use; -1 with errno if there can be none. */
int       gm_reactor_get_poll_fd   (GmReactor *self);

/* ---- the run list ---- */
void      gm_reactor_queue         (GmReactor *self,
                                    GmRunnable *runnable);
void      gm_reactor_dequeue       (GmReactor *self,
                                    GmRunnable *runnable);

/* ---- deadlines ---- */
void      gm_reactor_set_timer     (GmReactor *self,
                                    GmTimer *timer,
                                    gint64 due); /* 0 = unset */

/* ---- sockets ---- */
/* Takes over @fd (non-blocking, close-on-exec), or -1 for a simulated socket that is posted to by hand. */
GmSocket *gm_socket_new            (GmReactor *reactor,
                                    int fd,
                                    GmRunnable *owner);
/* Withdraws the announcement, takes it from epoll, closes the descriptor, frees: always in this order. */
void      gm_socket_close          (GmSocket *self);
/* The same without closing; returns the descriptor. */
int       gm_socket_release        (GmSocket *self);
void      gm_socket_set_want       (GmSocket *self,
                                    GmIo want);
/* A foreign loop is told to drop its watch, though what is wanted stays; the next gm_socket_set_want() tells of it anew. Our
 * own set watches on. */
void      gm_socket_rest           (GmSocket *self);
/* Something happened (epoll, a foreign loop, a simulation): latches and queues the owner. */
void      gm_socket_post           (GmSocket *self,
                                    GmIo ready);
GmSocket *gm_reactor_find_fd       (GmReactor *self,
                                    int fd); /* (nullable) */
/* Every open socket, in slot order; the documented O(n) exception for fdset and waitfds. */
void      gm_reactor_foreach       (GmReactor *self,
                                    void (*func) (GmSocket *socket, gpointer user_data),
                                    gpointer user_data);
void      gm_reactor_set_foreign   (GmReactor *self,
                                    gboolean foreign);

/* ---- shared scratch for one read ---- */
#define GM_READ_SIZE_MIN (16 * 1024)
#define GM_READ_SIZE_MAX (256 * 1024)
char     *gm_reactor_read_buffer   (GmReactor *self,
                                    gsize *size);
/* Memory of @size bytes for what is read ahead, and its return: mostly the same block goes from hand to hand. */
gpointer  gm_reactor_take_block    (GmReactor *self,
                                    gsize size);
void      gm_reactor_give_block    (GmReactor *self,
                                    gpointer block,
                                    gsize size);
/* Outside a turn: all of that goes, and is made anew when it is needed. */
void      gm_reactor_drop_buffers  (GmReactor *self);
/* A read filled the whole buffer: the next one may be larger. */
void      gm_reactor_grow_buffer   (GmReactor *self);
