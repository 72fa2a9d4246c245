/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-inquiry-private.h"
#include "gmulti-transfer.h"

/* A server wants a certificate of ours, and the application has an interaction that may know one. */

/* Whether it has anything to say about certificates; some only know PINs. */
gboolean gm_face_identity_can_ask (GTlsInteraction *interaction);
/* @interaction is asked, and may take its time. Takes @inquiry. The home context; @blocking: it is not turned. With the end
 * of @transfer the question is taken back. */
void     gm_face_identity_ask     (GMultiTransfer *transfer,
                                   GmInquiry *inquiry,
                                   GTlsInteraction *interaction,
                                   gboolean blocking);
