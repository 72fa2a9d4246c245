/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-transfer.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_DOWNLOAD (gmulti_download_get_type ())
#define GMULTI_DOWNLOAD(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), GMULTI_TYPE_DOWNLOAD, GMultiDownload))
#define GMULTI_IS_DOWNLOAD(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), GMULTI_TYPE_DOWNLOAD))

typedef struct _GMultiDownload GMultiDownload;

GMULTI_AVAILABLE_IN_1_0
GType           gmulti_download_get_type         (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiDownload *gmulti_download_new              (const char *uri,
                                                  GFile      *destination);

GMULTI_AVAILABLE_IN_1_0
GFile          *gmulti_download_get_destination  (GMultiDownload *self);
GMULTI_AVAILABLE_IN_1_0
void            gmulti_download_set_destination  (GMultiDownload *self,
                                                  GFile          *destination);
GMULTI_AVAILABLE_IN_1_0
GMultiCollision gmulti_download_get_collision    (GMultiDownload *self);
GMULTI_AVAILABLE_IN_1_0
void            gmulti_download_set_collision    (GMultiDownload *self,
                                                  GMultiCollision collision);
GMULTI_AVAILABLE_IN_1_0
gboolean        gmulti_download_get_keep_partial (GMultiDownload *self);
GMULTI_AVAILABLE_IN_1_0
void            gmulti_download_set_keep_partial (GMultiDownload *self,
                                                  gboolean        keep_partial);
GMULTI_AVAILABLE_IN_1_0
GFile          *gmulti_download_dup_file         (GMultiDownload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiDownload, g_object_unref)

G_END_DECLS
