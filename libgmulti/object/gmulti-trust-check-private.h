/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-inquiry-private.h"
#include "gmulti-trust-check.h"

/* Takes @inquiry, which asks for trust. @errors: what was found to be wrong. */
GMultiTrustCheck *gm_face_trust_check_new (GmInquiry *inquiry,
                                           GTlsCertificateFlags errors);
