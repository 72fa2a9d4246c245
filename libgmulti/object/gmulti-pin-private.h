/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-inquiry-private.h"
#include "gmulti-transfer.h"

/* Where the transfers of a session wait for PINs: however many want that of one token, its interaction is asked once, and
 * its answer is everybody's. Counted; any thread. */
typedef struct _GmPinDesk GmPinDesk;

GmPinDesk *gm_pin_desk_new   (void);
void       gm_pin_desk_unref (GmPinDesk *self);

/* A token wants its PIN: @interaction is asked, unless it is already, and may take its time. Takes @inquiry. The home
 * context; @blocking: it is not turned. With the end of @transfer the question is taken back, if nobody else waits. */
void       gm_face_pin_ask   (GMultiTransfer *transfer,
                              GmInquiry *inquiry,
                              GTlsInteraction *interaction,
                              gboolean blocking);
