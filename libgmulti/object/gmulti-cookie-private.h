/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-cookie.h"
#include "http/gm-cookie-jar.h"

/* A reference on @cookie is taken. */
GMultiCookie *gm_face_cookie_new  (GmCookie *cookie);
/* Borrowed. */
GmCookie     *gm_face_cookie_peek (GMultiCookie *self);
