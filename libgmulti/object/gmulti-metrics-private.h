/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-info.h"
#include "gmulti-metrics.h"

/* (transfer full): a tree of what @info knows: the transfer, below it one child per request in their order. Copies
 * everything; any thread that may read @info. */
GMultiMetrics *gm_face_metrics_new (const GmInfo *info);

/* A snapshot that belongs to the caller. */
