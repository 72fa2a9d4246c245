/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-credentials.h"
#include "gm-workers.h"

/* Who has read what: trust anchors and client certificates that were loaded are kept for the whole process and shared.
 * The system's store, some 25 ms of work, is read once; what settings name beside it once for each that differ. Loading
 * goes on a worker of its own, so that a slow folder holds up nobody who does not need it. */

/* Kept beside the system's store, whoever used them last. */
#define GM_TRUST_MAX_KEPT 16
/* After that time they are read again, files may have changed. */
#define GM_TRUST_FRESH_US (60 * G_USEC_PER_SEC)

typedef struct _GmTrustWait GmTrustWait;

/* Asks for them; @owner is given a turn when they are there. @settings: NULL is the default. */
GmTrustWait *gm_trust_ask      (GmTlsKind kind,
                                const GmTlsSettings *settings,
                                GmReactor *reactor,
                                GmRunnable *owner);
/* GM_AGAIN until they are there; then GM_OK, with a reference in *@credentials, whose own result may be a failure. */
GmResult     gm_trust_wait_get (GmTrustWait *self,
                                GmTlsCredentials **credentials);
/* Somebody was asked for the PIN of the identity's token: it is tried by whoever asks next, and kept while it is right.
 * @n_refused: of the credentials that it was asked for. Many may be asked at once and give the same answer: one that was
 * refused meanwhile is not tried again, for cards lock themselves. */
void         gm_trust_set_pin  (const GmTlsSettings *settings,
                                GBytes *pin_code,
                                guint n_refused);
/* There is a PIN that is right, or was not tried yet: nobody has to be asked. */
gboolean     gm_trust_knows_pin (const GmTlsSettings *settings);
/* Also while it is not answered; does not block. */
void         gm_trust_wait_free (GmTrustWait *self);
/* Forgets everything that was read. For tests. */
void         gm_trust_forget   (void);
