/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-range.h"

/* The digits at the start of @text, cut off it; −1 if there are none, FALSE if they are too many. */
static gboolean
cut_number (GmSpan *text,
            gint64 *number)
{
  gsize n = 0;
  guint64 value;

  while (n < text->len && text->data[n] >= '0' && text->data[n] <= '9')
    n++;
  *number = -1;
  if (n > 0)
    {
      if (!gm_span_to_uint64 (gm_span (text->data, n), G_MAXINT64, &value))
        return FALSE;
      *number = (gint64) value;
    }
  text->data += n;
  text->len -= n;
  return TRUE;
}

static gboolean
cut_char (GmSpan *text,
          char c)
{
  if (text->len == 0 || *text->data != c)
    return FALSE;

  text->data++;
  text->len--;
  return TRUE;
}

static gboolean
parse_one (GmSpan text,
           GmHttpRange *range)
{
  text = gm_span_strip (text);
  if (!cut_number (&text, &range->start) || !cut_char (&text, '-') || !cut_number (&text, &range->end) || text.len > 0)
    return FALSE;
  if (range->start < 0)
    return range->end > 0;

  return range->end < 0 || range->start <= range->end;
}

gboolean
gm_http_range_parse (GmSpan text,
                     GmHttpRange *first,
                     guint *n)
{
  GmHttpRange ranges[2];
  guint count = 0;

  while (TRUE)
    {
      const char *comma = text.len > 0 ? memchr (text.data, ',', text.len) : NULL;
      gsize len = comma != NULL ? (gsize) (comma - text.data) : text.len;

      if (count == GM_HTTP_RANGE_MAX_PARTS || !parse_one (gm_span (text.data, len), &ranges[count > 0 ? 1 : 0]))
        return FALSE;
      count++;
      if (comma == NULL)
        break;
      text.data += len + 1;
      text.len -= len + 1;
    }

  if (first != NULL)
    *first = ranges[0];
  if (n != NULL)
    *n = count;
  return TRUE;
}

gboolean
gm_http_content_range_parse (GmSpan text,
                             gint64 *start,
                             gint64 *end,
                             gint64 *total)
{
  const GmSpan unit = GM_SPAN ("bytes");
  gint64 from = -1;
  gint64 to = -1;
  gint64 size = -1;

  text = gm_span_strip (text);
  if (text.len <= unit.len || !gm_span_equal_nocase (gm_span (text.data, unit.len), unit))
    return FALSE;
  text = gm_span (text.data + unit.len, text.len - unit.len);
  /* Some servers write "bytes: " or "bytes="; a blank is what the grammar wants. */
  if (*text.data != ' ' && *text.data != '\t')
    return FALSE;
  text = gm_span_strip (text);

  if (!cut_char (&text, '*'))
    {
      if (!cut_number (&text, &from) || from < 0 || !cut_char (&text, '-') || !cut_number (&text, &to) || to < from)
        return FALSE;
    }
  if (!cut_char (&text, '/'))
    return FALSE;
  if (!cut_char (&text, '*') && (!cut_number (&text, &size) || size < 0))
    return FALSE;
  /* "bytes *" with an unknown total says nothing, and an end at or behind the total is wrong. */
  if (text.len > 0 || (from < 0 && size < 0) || (size >= 0 && to >= size))
    return FALSE;

  *start = from;
  *end = to;
  *total = size;
  return TRUE;
}
