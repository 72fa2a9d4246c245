/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-core-private.h"
#include "gmulti-session.h"

/* Borrowed. For tests that put something else under the engine, in the thread that turns it. */
GmCore *gm_face_session_get_core (GMultiSession *self);
