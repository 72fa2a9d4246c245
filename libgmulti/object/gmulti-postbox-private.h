/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-question.h"
#include "gmulti-head-private.h"
#include "gmulti-enums.h"

/* Where a context is told what happened: one per core and delivery context. It holds at most one entry per errand, so a
 * context that is slow costs memory per transfer and not per event. Anybody posts; only the context's thread, or a
 * blocking call that waits, takes out. A box keeps no context: who never turns one must be able to let go of it. What was
 * not taken out by then is lost, and its errands are forgotten. */

typedef struct _GmPostbox GmPostbox;
typedef struct _GmErrand GmErrand;

/* What there is to tell of a errand. */
typedef enum
{
  GM_TIDINGS_STARTED = 1 << 0,
  GM_TIDINGS_STATE = 1 << 1,
  GM_TIDINGS_PROGRESS = 1 << 2,
  GM_TIDINGS_HEAD = 1 << 3,
  GM_TIDINGS_REDIRECT = 1 << 4,
  GM_TIDINGS_FEED = 1 << 5, /* the upload wants data from the application's stream */
  GM_TIDINGS_DONE = 1 << 6,
  GM_TIDINGS_QUESTION = 1 << 7,
  GM_TIDINGS_PLACES = 1 << 9, /* the addresses of the application's connectable are wanted */
  GM_TIDINGS_RETRY = 1 << 8, /* it failed and is tried again: what came before this is void */
} GmTidings;

/* The numbers of a transfer, as the engine's thread last saw them and as the object mirrors them. */
typedef struct
{
  guint8 state;       /* GMultiTransferState */
  guint8 wait_reason; /* GMultiWaitReason */
  guint8 phase;       /* GMultiPhase */
  guint attempt;      /* counted from 1 */
  guint64 received;   /* body bytes */
  guint64 sent;
  gint64 total;        /* -1 unknown */
  gint64 upload_total; /* -1 unknown, or nothing to upload */
  guint64 speed;
} GmMirror;

/* One attempt that failed. */
typedef struct
{
  GError *error; /* (owned) */
  guint attempt; /* the number of the one to come */
  guint delay;   /* ms until then */
} GmRetryNote;

void       gm_retry_note_free     (gpointer note);

/* One entry: everything that happened since the last delivery. */
typedef struct
{
  guint tidings; /* GmTidings */
  GmMirror mirror;
  GmHead *head;         /* (owned) (nullable) */
  GmHead *trailers;     /* (owned) (nullable) */
  const GmInfo *info;   /* (nullable): with DONE; the errand's */
  GError *error;        /* (owned) (nullable): with DONE */
  GPtrArray *redirects; /* (owned) (nullable) (element-type utf8) */
  GPtrArray *retries;   /* (owned) (nullable) (element-type GmRetryNote) */
  GmQuestionData *question; /* (owned) (nullable): with QUESTION */
  guint64 question_serial;
} GmReport;

/* A redirect loop ends at the transfer's limit; a listener that is slower than this many misses the first ones. */
#define GM_REPORT_MAX_REDIRECTS 64

void       gm_report_clear        (GmReport *self);

/* @context NULL: for a blocking call, which waits for entries itself. Another one is kept by the caller until the box is
 * anchored. */
GmPostbox *gm_postbox_new         (GMainContext *context,
                                   int priority);
GmPostbox *gm_postbox_ref         (GmPostbox *self);
void       gm_postbox_unref       (GmPostbox *self);
gboolean   gm_postbox_is_blocking (GmPostbox *self);
/* Those of @context, which is alive, are put into it. */
gboolean   gm_postbox_serves      (GmPostbox *self,
                                   GMainContext *context);

/* Between the two the errand's report may be written. post() queues the errand and wakes the context. */
void       gm_postbox_lock        (GmPostbox *self);
void       gm_postbox_post        (GmPostbox *self, /* and unlocks */
                                   GmErrand *errand);

/* While held, posting wakes nobody: the holder looks by itself afterwards. */
void       gm_postbox_hold         (GmPostbox *self,
                                    gboolean hold);
/* It notices from now on when its context goes. */
void       gm_postbox_anchor       (GmPostbox *self);
/* The context has gone, or is about to. */
void       gm_postbox_orphan       (GmPostbox *self);
/* Somebody with a source of his own in the context looks into it and drains it, and keeps the context: it needs none. */
void       gm_postbox_set_drained  (GmPostbox *self,
                                    gboolean drained);

/* Delivers entries until there are none or @deadline (monotonic µs, 0 = none) is passed. FALSE if some are left. Only
 * in the context's thread, with nothing locked: application code runs in it. */
gboolean   gm_postbox_drain       (GmPostbox *self,
                                   gint64 deadline);
gboolean   gm_postbox_is_empty    (GmPostbox *self);
/* Waits until there is an entry, at most until @deadline. */
void       gm_postbox_wait        (GmPostbox *self,
                                   gint64 deadline);
/* No errand will post any more: takes the source from the context. */
void       gm_postbox_close       (GmPostbox *self);
