/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"

/* The sentences of CURLOPT_VERBOSE, of which programs and people know some by heart: the words of libcurl. */

/* Says what the engine notes, in no, one or several lines. */
void gm_curl_notes_tell    (GmCurlEasy *easy,
                            GmNote note,
                            const char *data,
                            guint64 number);
/* A connection that was closed because something failed is told about after that: with the next that is said, or now. */
void gm_curl_notes_closing (GmCurlEasy *easy);
