/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* Byte ranges as the user asks for them and as a server answers (RFC 9110 section 14). */

/* "a-b" (both inclusive), "a-" (end −1), "-n" (start −1, end n: the last n bytes). */
typedef struct
{
  gint64 start;
  gint64 end;
} GmHttpRange;

/* Whether @text may stand behind "bytes=": one or more of those, separated by commas, blanks allowed round commas;
 * digits only, within int64, not a > b, not "-0", at most GM_HTTP_RANGE_MAX_PARTS. *@first, if given, is the first
 * range and *@n their number. */
#define GM_HTTP_RANGE_MAX_PARTS 64
gboolean gm_http_range_parse         (GmSpan text,
                                      GmHttpRange *first,
                                      guint *n);

/* "bytes 0-9/100", "bytes 0-9/" + "*", "bytes *" + "/100". Unknown parts are −1 (start and end together). FALSE, and
 * nothing set, if it is malformed, of another unit, end < start, or end >= total. Case of the unit is ignored. */
gboolean gm_http_content_range_parse (GmSpan text,
                                      gint64 *start,
                                      gint64 *end,
                                      gint64 *total);
