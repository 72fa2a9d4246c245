/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* What the system says about network, power and memory: the session's ear for GIO's monitors. A core has one from the
 * time on when somebody needs it. Counted; any thread, unless said. */

typedef struct _GmSurroundings GmSurroundings;

typedef enum
{
  GM_SURROUNDINGS_NO_NETWORK = 1 << 0,
  GM_SURROUNDINGS_METERED = 1 << 1,
  GM_SURROUNDINGS_POWER_SAVER = 1 << 2,
} GmSurroundingsState;

typedef enum
{
  GM_MONITOR_NETWORK,
  GM_MONITOR_POWER,
  GM_MONITOR_MEMORY,
  GM_N_MONITORS,
} GmMonitorKind;

GmSurroundings *gm_surroundings_new       (GmCore *core); /* (unowned) */
/* The core goes: nobody is told any more. Drops the core's reference. */
void            gm_surroundings_detach    (GmSurroundings *self);
/* GmSurroundingsState; nothing of it while there is no monitor. NULL is fine. */
guint           gm_surroundings_get_state (GmSurroundings *self);
/* FALSE if it was that one. */
gboolean        gm_surroundings_set_monitor (GmSurroundings *self,
                                           GmMonitorKind kind,
                                           GObject *monitor); /* (nullable) */
GObject        *gm_surroundings_ref_monitor (GmSurroundings *self,
                                           GmMonitorKind kind); /* (transfer full) (nullable) */
/* What @monitor says counts, too, until it is finalised. The calling thread's. */
void            gm_surroundings_hear_too  (GmSurroundings *self,
                                           GmMonitorKind kind,
                                           GObject *monitor);
/* Takes GIO's own monitors for what @constraints (GMultiConstraints) demand, where no other was set. GIO makes each of
 * them once for the process, and then it tells its tidings in the calling thread's context: so not in the engine's. */
void            gm_surroundings_require   (GmSurroundings *self,
                                           guint constraints);
/* ---- the engine's thread ---- */
/* gm_core_retry() came: does what is to be done because the surroundings have changed. NULL is fine. */
void            gm_surroundings_serve     (GmSurroundings *self,
                                           GmCore *core);
/* For tests: who says whether an address is one of this machine's; NULL = the system. */
void            gm_surroundings_set_address_check (gboolean (*is_here) (const struct sockaddr *address));
