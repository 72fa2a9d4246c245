/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-inquiry-private.h"
#include "gmulti-transfer.h"

/* A token wants its PIN: @interaction is asked, and may take its time. Takes @inquiry. The home context; @blocking: it is
 * not turned. With the end of @transfer the question is taken back. */
void gm_face_pin_ask (GMultiTransfer *transfer,
                      GmInquiry *inquiry,
                      GTlsInteraction *interaction,
                      gboolean blocking);
