/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-band-private.h"
#include "gmulti-group.h"

/* What one transfer adds to the sums of its group. */
typedef struct
{
  guint64 received; /* if @total is known */
  guint64 total;
  guint64 speed;
  double fraction;
  gboolean present;
  gboolean unknown; /* under way, and its length is not known */
  gboolean active;
  gboolean finished;
  gboolean failed;
} GmShare;

/* A transfer's place in its group: a plain counted struct that both hold, so that either may go first. Any thread. */

typedef struct _GmMember GmMember;

GmMember *gm_member_ref      (GmMember *self);
void      gm_member_unref    (GmMember *self);
GmBand   *gm_member_get_band (GmMember *self); /* (transfer none) */
/* Its transfer's state (@soon) or progress has changed: the group looks at it. Cheap when it is to do so anyway. */
void      gm_member_touch    (GmMember *self,
                              gboolean soon);
