/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

#include <gio/gio.h>

/* A list of transfers as a GListModel for views: a group's, or a session's of its unfinished transfers whose home is the
 * session's own context. Touched in one context only, and changed only from dispatches of its own. */

#define GM_TYPE_TRANSFER_LIST (gm_transfer_list_get_type ())
G_DECLARE_FINAL_TYPE (GmTransferList, gm_transfer_list, GM, TRANSFER_LIST, GObject)

GmTransferList *gm_transfer_list_new        (void);
GSequenceIter  *gm_transfer_list_append     (GmTransferList *self,
                                             GMultiTransfer *transfer);
void            gm_transfer_list_take_out   (GmTransferList *self,
                                             GSequenceIter *place);

/* ---- a session's ---- */
/* A list that is NULL, an errand of another home, and one that is in it already, are fine. It stays until it is
 * removed, also if the session is gone by then. */
void            gm_transfer_list_add_errand    (GmTransferList *self, /* (nullable) */
                                                GmErrand *errand,
                                                GMultiTransfer *transfer);
/* From the list it is in, if any. */
void            gm_transfer_list_remove_errand (GmErrand *errand);
