/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* Dates of HTTP (RFC 9110 section 5.6.7) to and from unix seconds; years 1601 to 9999, no locale, no time zone data. */

/* Accepts all three forms, nothing else around them. Weekday names are checked to be names, not to be right. Two-digit
 * years are read as the nearest to @now that is not more than 50 years ahead. FALSE, and *@seconds untouched, if it is
 * no date. */
gboolean gm_http_date_parse (GmSpan text,
                             gint64 now,
                             gint64 *seconds);

/* Writes "Sun, 06 Nov 1994 08:49:37 GMT", exactly GM_HTTP_DATE_LEN bytes without NUL. FALSE if the year is out of
 * range. */
#define GM_HTTP_DATE_LEN 29
gboolean gm_http_date_write (char *buffer,
                             gint64 seconds);
