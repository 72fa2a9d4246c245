/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include "gmulti-transfer.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_GROUP (gmulti_group_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiGroup, gmulti_group, GMULTI, GROUP, GObject)

GMULTI_AVAILABLE_IN_1_0
GMultiGroup *gmulti_group_new                   (const char     *title);
GMULTI_AVAILABLE_IN_1_0
const char  *gmulti_group_get_title             (GMultiGroup    *self);

GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_add                   (GMultiGroup    *self,
                                                 GMultiTransfer *transfer);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_remove                (GMultiGroup    *self,
                                                 GMultiTransfer *transfer);
GMULTI_AVAILABLE_IN_1_0
GListModel  *gmulti_group_get_transfers         (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_pause                 (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_resume                (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_cancel                (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_clear_finished        (GMultiGroup    *self);

GMULTI_AVAILABLE_IN_1_0
guint        gmulti_group_get_max_active        (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_set_max_active        (GMultiGroup    *self,
                                                 guint           max_active);
GMULTI_AVAILABLE_IN_1_0
guint64      gmulti_group_get_max_download_rate (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_set_max_download_rate (GMultiGroup    *self,
                                                 guint64         max_download_rate);
GMULTI_AVAILABLE_IN_1_0
guint64      gmulti_group_get_max_upload_rate   (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
void         gmulti_group_set_max_upload_rate   (GMultiGroup    *self,
                                                 guint64         max_upload_rate);

GMULTI_AVAILABLE_IN_1_0
double       gmulti_group_get_fraction          (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
guint64      gmulti_group_get_speed             (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
gint64       gmulti_group_get_remaining         (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
guint        gmulti_group_get_n_active          (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
guint        gmulti_group_get_n_finished        (GMultiGroup    *self);
GMULTI_AVAILABLE_IN_1_0
guint        gmulti_group_get_n_failed          (GMultiGroup    *self);

G_END_DECLS
