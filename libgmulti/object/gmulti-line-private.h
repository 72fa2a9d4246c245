/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

/* The errands of one session that wait for their turn. Lower priorities come first, but each unit of priority counts no
 * more than a tenth of a second of waiting, so that nobody waits for ever. Those of a group that is full stand aside.
 * The engine's thread. */

typedef struct _GmLine GmLine;

GmLine   *gm_line_new     (GmCore *core); /* (unowned) */
void      gm_line_free    (GmLine *self); /* empty */
guint     gm_line_length  (GmLine *self);
/* At its place by priority, and by @now if it did not wait before. */
void      gm_line_add     (GmLine *self,
                           GmErrand *errand,
                           gint64 now);
/* One that is not in it is fine. TRUE if it was. */
gboolean  gm_line_remove  (GmLine *self,
                           GmErrand *errand);
/* Who is next, out of the line and counted in its band; NULL if nobody can begin now. */
GmErrand *gm_line_take    (GmLine *self);
