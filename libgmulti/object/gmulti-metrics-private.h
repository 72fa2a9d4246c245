/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-info.h"
#include "gmulti-metrics.h"

/* What is known of the attempts before the last one, of which the engine keeps nothing. */
typedef struct
{
  gint64 added;  /* when the first one was */
  GArray *hops; /* (owned) (element-type GmHop) */
} GmPast;

/* An application may want any number of attempts: of so many requests the times are kept, and older ones go. */
#define GM_PAST_MAX_HOPS 100

/* Adds the attempt that @info tells of, and takes what that owns; *@past is made by the first. */
void           gm_past_add         (GmPast **past,
                                    GmInfo *info);
void           gm_past_free        (GmPast *self); /* NULL is fine */

/* (transfer full): a tree of what @past (nullable) and @info know: the transfer, below it one child per request in their
 * order. Copies everything; any thread that may read them. */
GMultiMetrics *gm_face_metrics_new (const GmPast *past,
                                    const GmInfo *info);

/* A snapshot that belongs to the caller. */
