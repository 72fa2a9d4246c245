/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-multi.h"
#include "gm-request-settings.h"

/* The engine without a face: a multi that is turned in one of four ways, and transfers that note what they are asked and
 * told. Every wait is bounded; running past its bound fails the test. */

typedef enum
{
  ENGINE_PULL, /* the own epoll set, collected by hand: perform and poll */
  ENGINE_LEVEL, /* a foreign loop that watches exactly what was announced, level-triggered */
  ENGINE_EDGE, /* the same, edge-triggered */
  ENGINE_CONTEXT, /* a GSource over the own epoll set, on a GMainContext, with a time budget */
  ENGINE_N_LOOPS,
} EngineLoop;

extern const char *const engine_loop_names[ENGINE_N_LOOPS];

typedef struct
{
  EngineLoop loop;
  GmMulti *multi; /* (owned) */
  int epoll_fd; /* of the foreign loops; -1 else */
  GMainContext *context; /* (owned) (nullable) */
  GSource *source; /* (owned) (nullable) */
  guint n_turns;
  guint n_done; /* completions told */
  guint n_watched; /* sockets announced and not withdrawn */
} Engine;

/* One transfer with what it brought. A question whose hook is NULL gets the obvious answer. Set hooks and options after
 * fetch_new(), before engine_add(). */
typedef struct _Fetch Fetch;
struct _Fetch
{
  GmTransfer *transfer; /* (owned) (nullable: a hook may have freed it) */
  GmClientOps ops;
  Engine *engine; /* (unowned): where it was added */
  GByteArray *body; /* (owned) */
  guint64 body_length;
  GString *order; /* (owned): H a head line, B body, R an upload read, D done; repetitions are not repeated */
  guint n_done;
  GmResult result; /* of the last completion */
  guint status;
  GmAnswer (*on_write) (Fetch *fetch, const char *data, gsize len, gsize *taken);
  GmAnswer (*on_header) (Fetch *fetch, const char *line, gsize len);
  GmAnswer (*on_read) (Fetch *fetch, char *buffer, gsize len, gsize *n);
  void (*on_done) (Fetch *fetch);
  void (*on_question) (Fetch *fetch);
  gpointer data; /* (unowned): the test's */
};

/* ---- the multi ---- */
Engine  *engine_new       (EngineLoop loop,
                           const GmClock *clock); /* NULL = the real one */
void     engine_free      (Engine *self); /* checks that nothing is watched any more */
void     engine_add       (Engine *self,
                           Fetch *fetch);
void     engine_remove    (Fetch *fetch);
/* One wait of at most @wait_us and one turn. */
void     engine_turn      (Engine *self,
                           gint64 wait_us);
/* The same, without taking facts: their transfers need not be of a Fetch. */
void     engine_turn_only (Engine *self,
                           gint64 wait_us);
/* Turns until nothing is running; until @condition holds; for a time. */
void     engine_run       (Engine *self);
void     engine_run_until (Engine *self,
                           gboolean (*condition) (gpointer data),
                           gpointer data);
void     engine_run_for   (Engine *self,
                           gint64 us);

/* ---- transfers ---- */
Fetch   *fetch_new        (const char *url);
void     fetch_free       (Fetch *self);
void     fetch_rewind     (Fetch *self); /* forgets what it brought, to be added again */
void     fetch_check      (Fetch *self,
                           GmResult result,
                           guint status,
                           const char *body); /* NULL: whatever */
gboolean fetch_is_done    (gpointer fetch);

/* ---- a virtual clock ---- */
extern const GmClock engine_clock;
extern gint64 engine_clock_now; /* µs */

/* How much longer things may take: sanitizers and valgrind. */
guint    engine_patience  (void);
