/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* Words that values of fields are made of (RFC 9110 section 5.6), cut off the front of a text one after the other. Nothing
 * is copied: what is answered points into the text. Blanks in front of a word are passed over. */

void     gm_http_skip_blanks  (GmSpan *text);
/* FALSE, and only blanks gone: another one is next. */
gboolean gm_http_cut_char     (GmSpan *text,
                               char c);
/* Empty: none is next. */
GmSpan   gm_http_cut_token    (GmSpan *text);
/* What stands between quotes, for fields where nothing that we know needs a backslash. FALSE: it does not begin, or does
 * not end. */
gboolean gm_http_cut_quoted   (GmSpan *text,
                               GmSpan *value);

/* Digits alone; a number above @max counts as @max, because it means "long". FALSE, and @seconds untouched: no number. */
gboolean gm_http_read_seconds (GmSpan text,
                               gint64 max,
                               gint64 *seconds);
