/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-error.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_METRICS (gmulti_metrics_get_type ())

typedef struct _GMultiMetrics GMultiMetrics;

GMULTI_AVAILABLE_IN_1_0
GType          gmulti_metrics_get_type           (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiMetrics *gmulti_metrics_ref                (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_metrics_unref              (GMultiMetrics *self);

GMULTI_AVAILABLE_IN_1_0
guint          gmulti_metrics_get_n_children     (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
GMultiMetrics *gmulti_metrics_get_child          (GMultiMetrics *self,
                                                  guint          position);
GMULTI_AVAILABLE_IN_1_0
gint64         gmulti_metrics_get_start          (GMultiMetrics *self,
                                                  GMultiPhase    phase);
GMULTI_AVAILABLE_IN_1_0
gint64         gmulti_metrics_get_duration       (GMultiMetrics *self,
                                                  GMultiPhase    phase);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_metrics_is_reused          (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_metrics_get_connection_id  (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_metrics_get_status         (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_metrics_get_uri            (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_metrics_get_bytes_sent     (GMultiMetrics *self);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_metrics_get_bytes_received (GMultiMetrics *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiMetrics, gmulti_metrics_unref)

G_END_DECLS
