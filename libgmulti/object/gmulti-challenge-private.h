/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-challenge.h"
#include "gmulti-inquiry-private.h"

/* Takes @inquiry, which asks for a login. */
GMultiChallenge *gm_face_challenge_new (GmInquiry *inquiry);
