/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-cookie-jar.h"
#include "http/gm-cookie-jar.h"

/* Borrowed: what transfers share. */
GmCookieJar *gm_face_cookie_jar_peek (GMultiCookieJar *self);
