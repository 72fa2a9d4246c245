/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* What a blocking call sees of its surroundings. GIO's monitors tell their tidings in the context in which they were first
 * asked for, which is mostly the one that does not run while its owner waits: a call that has constraints looks with
 * monitors of its own, in a context of their own. An application's monitor cannot be doubled: it has to speak from another
 * thread, or the wait lasts. The calling thread's. */

typedef struct _GmLookout GmLookout;

/* How often it looks. */
#define GM_LOOKOUT_INTERVAL_MS 100

/* For @errand, which has a mailbox of its own. */
GmLookout *gm_lookout_new  (GmErrand *errand);
void       gm_lookout_free (GmLookout *self);
/* Hears what the monitors have to tell. */
void       gm_lookout_look (GmLookout *self);
/* With the core's context acquired, and the engine not at work: whether the errand's host can be reached, while it waits for
 * that. Blocks: a name may have to be resolved. */
void       gm_lookout_ask  (GmLookout *self);
