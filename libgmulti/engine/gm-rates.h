/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Speed limits that several transfers share: those of an engine, or of a group whose members may be in several engines.
 * Counted, and fit for several threads. What one transfer does not use is there for the others. */

typedef struct _GmRates GmRates;

GmRates *gm_rates_new   (void);
GmRates *gm_rates_ref   (GmRates *self);
void     gm_rates_unref (GmRates *self);
/* Bytes a second, 0 = no limit. FALSE if that is what they were. Who waited for the old ones is for the caller to wake. */
gboolean gm_rates_set   (GmRates *self,
                         gint64 recv_rate,
                         gint64 send_rate);
/* Cheap. */
gboolean gm_rates_are_limited (GmRates *self);
/* One more or less (@more: 1, 0 or −1) is under way that shares them. Returns how many there are. */
guint    gm_rates_share (GmRates *self,
                         int more);

/* What one of the @n_sharing may move now, in either direction; G_MAXINT64 without a limit. Each has its part, so that
 * none takes all of it. */
void     gm_rates_fill  (GmRates *self,
                         gint64 now,
                         guint n_sharing,
                         gint64 *recv_quota,
                         gint64 *send_quota);
void     gm_rates_take  (GmRates *self,
                         guint64 received,
                         guint64 sent);
/* When enough may move again to be worth a turn; @now without a limit. */
void     gm_rates_next  (GmRates *self,
                         gint64 now,
                         gint64 *recv_next,
                         gint64 *send_next);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmRates, gm_rates_unref)
