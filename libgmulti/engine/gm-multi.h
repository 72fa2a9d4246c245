/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-coding.h"
#include "gm-connection.h"
#include "gm-transfer.h"

/* The multi handle: many transfers on one reactor, one pool and one resolver. One thread at a time turns it.
 *
 * A face drives it in turns (see gm-reactor.h). Pull interface: gm_multi_perform(). Event interface: post readiness to
 * sockets (gm_multi_post_fd(), gm_socket_post()), then gm_multi_turn(). After each turn it takes facts from the outbox.
 * How long to sleep: gm_multi_get_next(). */

typedef enum
{
  GM_FACT_DONE = 1 << 0, /* gm_transfer_get_result() is known */
  GM_FACT_STATE = 1 << 1,
  GM_FACT_HEAD = 1 << 2, /* the final head is complete and no redirect is followed */
  GM_FACT_PROGRESS = 1 << 3, /* bytes moved */
  GM_FACT_REDIRECT = 1 << 4, /* goes to gm_transfer_get_url() now */
  GM_FACT_INFORMATIONAL = 1 << 5, /* a 1xx head came */
  GM_FACT_QUESTION = 1 << 6, /* gm_transfer_get_question() waits for an answer */
} GmFact;

typedef struct
{
  GmPoolLimits pool;
  guint max_streams; /* per connection that can carry several; 100 */
  gboolean alone; /* such a connection carries one at a time all the same */
  guint resolve_threads; /* 20 */
  gint64 max_recv_speed; /* bytes a second of all transfers together; 0 = no limit */
  gint64 max_send_speed;
} GmMultiLimits;

/* @facts: which kinds of facts the face wants to pop; others are not noted. */
GmMulti         *gm_multi_new           (const GmClock *clock,
                                         const GmReactorOps *ops,
                                         guint facts,
                                         gpointer user_data);
/* Takes out all transfers (they live on), closes all connections without goodbye, abandons what workers do. Inside a
 * turn the effect comes at its end. */
void             gm_multi_free          (GmMulti *self);
GmReactor       *gm_multi_get_reactor   (GmMulti *self);
GmMulti         *gm_multi_from_reactor  (GmReactor *reactor);
GmDecoderShelf  *gm_multi_get_decoders  (GmMulti *self);
gpointer         gm_multi_get_user_data (GmMulti *self);
void             gm_multi_set_limits    (GmMulti *self,
                                         const GmMultiLimits *limits);
const GmMultiLimits *gm_multi_get_limits (GmMulti *self);
GmPool          *gm_multi_get_pool      (GmMulti *self);
GmResolver      *gm_multi_get_resolver  (GmMulti *self);
/* Transfers for which no proxy is set find one in the environment, as programs written for libcurl expect. Not unless
 * told. */
void             gm_multi_use_proxy_environment (GmMulti *self);

/* ---- transfers ---- */
/* Queues its first turn. BAD_REQUEST if it is in a multi already, AFTER_FORK in a child process. */
GmResult         gm_multi_add           (GmMulti *self,
                                         GmTransfer *transfer);
/* At any time, also when it is done or not in @self (then nothing happens). O(1), never blocks. Facts about it that were
 * not popped are gone. */
void             gm_multi_remove        (GmMulti *self,
                                         GmTransfer *transfer);
guint            gm_multi_n_running     (GmMulti *self); /* added and not yet done */
guint            gm_multi_n_pending     (GmMulti *self);
guint            gm_multi_n_added       (GmMulti *self); /* all that are in it */
guint64          gm_multi_n_ever        (GmMulti *self); /* all that were ever added */
/* In the order of adding; @func may remove the one it is given. */
void             gm_multi_foreach       (GmMulti *self,
                                         void (*func) (GmTransfer *transfer, gpointer user_data),
                                         gpointer user_data);

/* ---- turning ---- */
/* Collects from the own epoll set (without waiting) and turns. -1 with errno if there can be no epoll set. */
int              gm_multi_perform       (GmMulti *self);
/* Runs what is ready, then looks at deadlines, then runs what those made ready. @budget_us: 0 = each ready one has its
 * byte share once; else stops when the time is used up (what is left stays ready). Nested calls return at once. */
void             gm_multi_turn          (GmMulti *self,
                                         gint64 budget_us);
gboolean         gm_multi_is_turning    (GmMulti *self);
/* A foreign loop saw something on @fd (GmIo bits; 0 = look for yourself). FALSE if it is not one of ours. */
gboolean         gm_multi_post_fd       (GmMulti *self,
                                         int fd,
                                         GmIo ready);
/* Looks at everything, ready or not. */
void             gm_multi_post_all      (GmMulti *self);
/* -1 = only sockets can bring it on; 0 = at once; else absolute monotonic µs. */
gint64           gm_multi_get_next      (GmMulti *self);

/* ---- facts ---- */
/* The next transfer about which something is to be told, and what; NULL when there is none. Facts come in order of
 * their first note, one entry per transfer. */
GmTransfer      *gm_multi_pop_fact      (GmMulti *self,
                                         guint *facts);
guint            gm_multi_n_facts       (GmMulti *self);

/* ---- housekeeping ---- */
void             gm_multi_close_idle    (GmMulti *self);
/* See gm_pool_keep_up (). */
void             gm_multi_keep_up       (GmMulti *self,
                                         gint64 interval_us);
/* To be called after a turn and a removal where the loop is the application's: many such loops end when nothing is watched, and
 * drop what they were told once they hear that no transfer runs. See gm_pool_rest (). */
void             gm_multi_rest          (GmMulti *self);
/* There are other ways than before: idle connections are closed, answers of name servers forgotten, busy ones take
 * nothing new; those that are dead end soon (see gm-shake.h). Outside a turn. */
void             gm_multi_shake         (GmMulti *self,
                                         gboolean (*is_here) (const struct sockaddr *address)); /* (nullable) */
/* When that happened last, by the reactor's clock; 0 = never. */
gint64           gm_multi_get_shaken_at (GmMulti *self);
/* Memory is short: all that is kept for later goes, but what is dear to get again. Outside a turn. */
void             gm_multi_drop_caches   (GmMulti *self);
/* Connections that may be logged in take nothing new, and nothing is known any more of how one logs in. Outside a turn. */
void             gm_multi_forget_logins (GmMulti *self);
void             gm_multi_network_changed (GmMulti *self,
                                         gboolean drop_connections,
                                         gboolean drop_names);
