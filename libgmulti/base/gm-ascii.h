/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* Text as protocols see it: bytes, ASCII case, decimal numbers. Nothing here looks at the locale. */

/* A borrowed piece of somebody's bytes; never NUL-terminated by contract. */
typedef struct
{
  const char *data;
  gsize len;
} GmSpan;

#define GM_SPAN(literal) ((GmSpan){ (literal), sizeof (literal) - 1 })

static inline GmSpan
gm_span (const char *data,
         gsize len)
{
  return (GmSpan){ data, len };
}

static inline char
gm_ascii_lower (char c)
{
  return (c >= 'A' && c <= 'Z') ? (char) (c | 0x20) : c;
}

static inline gboolean
gm_span_equal (GmSpan a,
               GmSpan b)
{
  return a.len == b.len && (a.len == 0 || memcmp (a.data, b.data, a.len) == 0);
}

/* ASCII case is ignored in both. */
gboolean gm_span_equal_nocase (GmSpan a,
                               GmSpan b);

/* Cuts the next element that is not empty off @list, a comma-separated header value; blanks around it are left out. FALSE
 * when there is none. */
gboolean gm_span_cut_element  (GmSpan *list,
                               GmSpan *element);

/* TRUE if @list, a comma-separated header value, holds @token (ASCII case ignored, blanks around elements ignored). */
gboolean gm_span_has_token    (GmSpan list,
                               GmSpan token);

/* @span without leading and trailing blanks and tabs. */
GmSpan   gm_span_strip        (GmSpan span);

/* Reads the whole span as decimal digits, nothing else: FALSE (and @value untouched) when empty, not all digits, or
 * larger than @max. */
gboolean gm_span_to_uint64    (GmSpan span,
                               guint64 max,
                               guint64 *value);

/* The same for hexadecimal digits without a prefix. */
gboolean gm_span_to_hex64     (GmSpan span,
                               guint64 max,
                               guint64 *value);

/* Writes @value as decimal digits without NUL and returns their number; @buffer needs room for GM_DECIMAL_MAX. */
#define GM_DECIMAL_MAX 20
gsize    gm_decimal_write     (char *buffer,
                               guint64 value);
