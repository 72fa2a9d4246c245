/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* What the transfers of a group have in common while they are under way: how many may be at once, and how fast. A plain
 * counted struct, used by the engines of all sessions that its transfers are in; any thread. */

GmBand  *gm_band_new            (void);
GmBand  *gm_band_ref            (GmBand *self);
void     gm_band_unref          (GmBand *self);
GmRates *gm_band_get_rates      (GmBand *self); /* (transfer none) */
/* 0 = no limit. Whoever was told that there is no room is told that there may be. */
void     gm_band_set_max_active (GmBand *self,
                                 guint max_active);
guint    gm_band_get_max_active (GmBand *self);

/* One more is under way, if there is room, or if it is already (@force). FALSE: gm_core_retry() comes on @core when there
 * may be. */
gboolean gm_band_enter          (GmBand *self,
                                 GmCore *core,
                                 gboolean force);
void     gm_band_leave          (GmBand *self);
/* Nobody of @core waits any more. */
void     gm_band_forget         (GmBand *self,
                                 GmCore *core);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmBand, gm_band_unref)
