/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-multi.h"
#include "gm-story.h"
#include "gmulti-feed-private.h"
#include "gmulti-form-private.h"
#include "gmulti-metrics-private.h"
#include "gmulti-pipe-private.h"
#include "gmulti-plan-private.h"
#include "gmulti-postbox-private.h"
#include "gmulti-store-private.h"

/* One run of a transfer, from its start to its completion: a plain counted struct between three threads.
 *
 *   the application's   makes it and gives orders
 *   the session's       carries them out on the engine, and posts reports
 *   the home context's  gets the reports and tells the transfer object
 *
 * Members say whose they are. */

typedef struct _GmBand GmBand;
typedef struct _GmCore GmCore;
typedef struct _GmPatience GmPatience;
typedef struct _GmPlaces GmPlaces;
typedef struct _GmTransferList GmTransferList;
typedef struct _GMultiTransfer GMultiTransfer;

/* How long a dispatch may go on before it lets the rest of the loop have its turn. */
#define GM_DISPATCH_BUDGET_US 2500

/* Where the body goes. */
typedef enum
{
  GM_ERRAND_DISCARD,
  GM_ERRAND_MEMORY,
  GM_ERRAND_PIPE,
  GM_ERRAND_STORE,
} GmErrandKind;

/* What the application wants done; level-triggered, so that they can wait as bits. */
typedef enum
{
  GM_ORDER_START = 1 << 0,
  GM_ORDER_CANCEL = 1 << 1,
  GM_ORDER_PAUSE = 1 << 2,
  GM_ORDER_RESUME = 1 << 3,
  GM_ORDER_RATES = 1 << 4,
  GM_ORDER_PRIORITY = 1 << 5,
  GM_ORDER_CONTINUE = 1 << 6, /* the pipe has room, or the feed has data */
  GM_ORDER_ANSWER = 1 << 7, /* a question has its answer */
  GM_ORDER_PLACES = 1 << 9, /* the addresses of its connectable are known */
  GM_ORDER_BAND = 1 << 8, /* it is in another group */
} GmOrder;

struct _GmErrand
{
  gatomicrefcount refs;

  /* written before the start, then only read */
  GmCore *core;    /* (owned) */
  GmPostbox *home; /* (owned) */
  GmErrandKind kind;
  gboolean again;        /* the transfer was started before */
  gboolean eager;        /* somebody listened at the start: tell each change of state at once */
  guint ask; /* 1 << GmQuestionKind: what somebody is there to answer; the engine's thread adds the session's */
  gboolean connect_only; /* nothing is asked for, and the session's list does not show it */
  gboolean judge_status; /* a status of 400 or more is an error */
  GmStringList *header_list; /* (owned) (nullable) */
  GmPipe *pipe;   /* (owned) (nullable): GM_ERRAND_PIPE */
  GmStore *store; /* (owned) (nullable): GM_ERRAND_STORE */
  GmFeed *feed;   /* (owned) (nullable): an upload that is not in memory */
  GmFormUpload *form; /* (owned) (nullable): one of parts */
  GBytes *upload; /* (owned) (nullable): one that is, sent through read() */
  GProxyResolver *resolver; /* (owned) (nullable): the transfer's own, or the session's if that is a fixed proxy, whose fields
                             * the engine borrows */
  GTlsDatabase *database; /* (owned) (nullable): the transfer's own or the session's, if it has to be asked */
  GTlsInteraction *interaction; /* (owned) (nullable): likewise; both are there before the first question */

  /* guarded by the core's lock */
  GList unfinished_link; /* in the core's list of those not delivered yet; data = a reference on self */
  GList order_link; /* data = a reference on self while queued */
  guint orders;

  GmStory story; /* the engine's thread writes, any reads */
  gpointer answer; /* (owned) (nullable): atomic; from whoever answers to the engine's thread */

  /* guarded by the home's lock */
  GList tidings_link; /* data = a reference on self while queued */
  GmReport report;

  /* the engine's thread */
  GmTransfer *engine; /* (owned) (nullable) */
  GList active_link;  /* in the core's list of unfinished errands; data = a reference on self */
  GList tick_link;    /* in the core's list of those whose progress waits to be told */
  int priority;
  guint64 serial; /* order among those of equal priority */
  gint64 waits_since; /* µs; 0 = it never had to */
  GSequenceIter *place; /* (nullable): in the line of those that wait for a free slot */
  GmBand *band; /* (owned) (nullable): of its group */
  GmPlaces *places; /* (owned) (nullable): of one with a connectable of its own; made before the home context hears of it */
  GmPatience *patience; /* (owned) (nullable): while it waits for more than a slot, and once it did */
  gboolean running; /* has a slot, and counts in its band */
  GmMirror mirror;
  char *body; /* (owned) (nullable): GM_ERRAND_MEMORY */
  gsize body_len;
  gsize body_size;
  GSource *asking; /* (owned) (nullable): will ask for proxies */
  gsize upload_offset;
  gsize n_discarded;
  gint64 last_told; /* when progress was last posted, µs */
  GmResult write_fault; /* why write() said no, if the engine cannot know */
  GmResult read_fault; /* and read() */
  gboolean paused;    /* the application wants it */
  gboolean full;      /* pipe or store have no room */
  gboolean starved;   /* the feed has nothing */
  gboolean refused;   /* the status is an error, or the body another part: it is thrown away */
  gboolean ending;    /* the engine's part is over */
  GmResult final_result; /* kept while the store still works */
  GError *final_error;   /* (owned) (nullable) */
  gboolean has_info;     /* final_info is there, and changes no more */
  GmHead *head;          /* (owned) (nullable) */

  /* the home context's thread */
  GMultiTransfer *transfer; /* (owned) (nullable): until completion is delivered, then dropped under the core's lock; the
                             * engine reads its plan */
  GTask *task;              /* (owned) (nullable) */
  GCancellable *cancellable; /* (owned) (nullable) */
  gulong cancel_id;
  gboolean delivered;
  /* (nullable): called with the head, and again after completion, instead of returning @task as is usual for @kind */
  void (*hook) (GmErrand *self, const GError *error);
  gpointer hook_data; /* the hook's */
  GmTransferList *list;     /* (owned) (nullable): the session's, while it is in it */
  GSequenceIter *list_iter; /* (nullable): its place there */

  GmInfo final_info; /* at the end, where a new errand is not cleared */
};

GmErrand   *gm_errand_new            (GmCore *core,
                                      GmPostbox *home,
                                      GMultiTransfer *transfer,
                                      GmErrandKind kind);
GmErrand   *gm_errand_ref            (GmErrand *self);
void     gm_errand_unref          (GmErrand *self);
/* Any thread. Does nothing once the errand is done. */
void     gm_errand_order          (GmErrand *self,
                                   guint orders);
/* Any thread: answers the engine's question @serial. Takes @data (nullable). */
void     gm_errand_answer         (GmErrand *self,
                                   guint64 serial,
                                   GmReply reply,
                                   GmAnswerData *data);
/* (nullable): that of its fixed proxy, if it has to be asked. From the first question on in any thread. */
GTlsDatabase *gm_errand_get_proxy_database (GmErrand *self);
/* Orders CONTINUE; @errand: a GmErrand. */
void     gm_errand_continue       (gpointer errand);
/* Orders CANCEL when @cancellable is, also if it is already. Before the start. */
void     gm_errand_watch_cancellable (GmErrand *self,
                                      GCancellable *cancellable);
/* What is to be sent, as it is now. Before the start, in the home context's thread: a stream is asked where it stands. */
void     gm_errand_take_source       (GmErrand *self);

/* ---- the engine's thread; called by the core ---- */
/* How an errand, as the face of an engine's transfer, answers. */
extern const GmClientOps gm_errand_client_ops;
/* Makes the engine's transfer for it; FALSE if it has ended at once, or is not ready yet and will ask for admission. */
gboolean gm_errand_prepare        (GmErrand *self);
/* It has no slot yet: the core will give it one. */
void     gm_errand_wait           (GmErrand *self);
void     gm_errand_take_facts     (GmErrand *self,
                                   guint facts);
void     gm_errand_carry_out      (GmErrand *self,
                                   guint orders); /* all but START */
/* It ends now, without the engine's word. */
void     gm_errand_stop           (GmErrand *self,
                                   GmResult result);
/* It ends as cancelled, at once, for the engine goes. */
void     gm_errand_abandon        (GmErrand *self);
/* Its pause and its state are others than before: tells them. */
void     gm_errand_refresh        (GmErrand *self);
/* What @result means, for people and programs. Once: who could not write or read gives his own error away. */
GError  *gm_errand_make_error     (GmErrand *self,
                                   GmResult result);
/* Forgets what the attempt brought, and takes the upload back to its beginning, if it was begun (@sent). FALSE: it
 * cannot. */
gboolean gm_errand_rewind         (GmErrand *self,
                                   gboolean sent);
/* It will be tried again in @delay ms, because of @error (transfer full) (nullable: nobody need know). */
void     gm_errand_tell_retry     (GmErrand *self,
                                   GError *error,
                                   guint delay);
void     gm_errand_tell           (GmErrand *self,
                                   guint tidings);
void     gm_errand_storage_done   (GmErrand *self,
                                   GError *error); /* (transfer full) (nullable) */
/* What its connectable gave: @addresses (of GmAddress), or @error (transfer full). */
void     gm_errand_places_known   (GmErrand *self,
                                   GBytes *addresses,
                                   GError *error);
/* The file of this feed is open and so long (-1 unknown), or @error (transfer full). */
void     gm_errand_upload_known   (GmErrand *self,
                                   GmFeed *feed,
                                   gint64 size,
                                   GError *error);
/* Its progress was held back long enough. */
void     gm_errand_tick           (GmErrand *self);
GmReactor *gm_errand_get_reactor  (GmErrand *self);

/* ---- the home context ---- */
/* Tells the object; application code runs. */
void     gm_errand_deliver        (GmErrand *self,
                                   GmReport *report);

/* Instead, when that context is gone. Any thread; no application code runs, but what only the errand kept goes. */
void     gm_errand_lose            (GmErrand *self,
                                    GmReport *report);

/* (transfer full): the bytes of GM_ERRAND_MEMORY; once. */
GBytes  *gm_errand_take_body      (GmErrand *self);
