/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* Why an errand is not under way although it has its turn: what it demands of its surroundings is not there, or it
 * failed and is tried again later. Most errands never have one. The engine's thread. */

typedef struct _GmPatience GmPatience;

/* A server that wants to be left alone for longer is not waited for. */
#define GM_LONGEST_RETRY_MS (10 * 60 * 1000)
/* The first pause; each further one is twice as long, up to the second number; up to a quarter of it comes or goes by
 * chance, so that those who failed together do not come again together. */
#define GM_FIRST_RETRY_MS 500
#define GM_LONGEST_BACKOFF_MS 60000

/* For @errand, which demands something, see gm_plan_get_constraints(). */
void     gm_patience_begin     (GmErrand *errand);
/* It is over: nothing is waited for. */
void     gm_patience_end       (GmErrand *errand);
void     gm_patience_free      (GmPatience *self); /* NULL is fine */
GmErrand *gm_patience_get_errand (GmPatience *self);

/* GMULTI_WAIT_REASON_NONE: it goes on. */
GMultiWaitReason gm_patience_get_reason (GmPatience *self);
/* The errand could begin. TRUE: but it must not now, and gm_core_admit() comes again when it may. */
gboolean gm_patience_holds     (GmPatience *self);
/* The engine is not to move anything for it. */
gboolean gm_patience_is_paused (GmPatience *self);
/* Its surroundings are others; @soon: what failed there may work here. It may be over afterwards. */
void     gm_patience_look      (GmPatience *self,
                                gboolean soon);

/* If @errand waits for a way: whether there is one to its host, as @monitor says, which is asked once for each change of the
 * surroundings. Blocks. With the engine not at work; application code runs, if the monitor is the application's. */
void     gm_patience_ask_at_once (GmErrand *errand,
                                  GNetworkMonitor *monitor);

/* (nullable): the attempts before the last one; also once it is over, for any thread. */
const GmPast *gm_patience_get_past (GmPatience *self);

/* Where @errand is to connect to could not be found out, because of @error. TRUE: it is asked for again. */
gboolean gm_patience_try_places_again (GmErrand *errand,
                                       const GError *error);
/* @errand failed with @result. TRUE: it is tried again, and everything that came of the attempt is forgotten. */
gboolean gm_patience_try_again (GmErrand *errand,
                                GmResult result);
