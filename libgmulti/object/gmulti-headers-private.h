/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gmulti-headers.h"

/* Adds a field that the engine has checked already. Bytes that are no UTF-8 are read as ISO-8859-1. */
void     gm_face_headers_add        (GMultiHeaders *self,
                                     GmSpan name,
                                     GmSpan value);
/* No change is allowed from now on: append and replace fail, remove complains. */
void     gm_face_headers_freeze     (GMultiHeaders *self);
gboolean gm_face_headers_is_frozen  (GMultiHeaders *self);

/* What may stand in a request: @name a token, @value without control characters but tab. */
gboolean gm_face_header_is_valid    (const char *name,
                                     const char *value);
