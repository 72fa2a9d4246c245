/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ascii.h"

gboolean
gm_span_equal_nocase (GmSpan a,
                      GmSpan b)
{
  if (a.len != b.len)
    return FALSE;

  for (gsize i = 0; i < a.len; i++)
    {
      if (a.data[i] != b.data[i] && gm_ascii_lower (a.data[i]) != gm_ascii_lower (b.data[i]))
        return FALSE;
    }

  return TRUE;
}

GmSpan
gm_span_strip (GmSpan span)
{
  while (span.len > 0 && (span.data[0] == ' ' || span.data[0] == '\t'))
    {
      span.data++;
      span.len--;
    }
  while (span.len > 0 && (span.data[span.len - 1] == ' ' || span.data[span.len - 1] == '\t'))
    span.len--;

  return span;
}

gboolean
gm_span_cut_element (GmSpan *list,
                     GmSpan *element)
{
  while (list->len > 0)
    {
      const char *comma = memchr (list->data, ',', list->len);
      gsize len = comma != NULL ? (gsize) (comma - list->data) : list->len;

      *element = gm_span_strip (gm_span (list->data, len));
      len = MIN (len + 1, list->len);
      list->data += len;
      list->len -= len;
      if (element->len > 0)
        return TRUE;
    }

  return FALSE;
}

gboolean
gm_span_has_token (GmSpan list,
                   GmSpan token)
{
  GmSpan element;

  while (gm_span_cut_element (&list, &element))
    if (gm_span_equal_nocase (element, token))
      return TRUE;

  return FALSE;
}

gboolean
gm_span_to_uint64 (GmSpan span,
                   guint64 max,
                   guint64 *value)
{
  guint64 v = 0;

  if (span.len == 0)
    return FALSE;

  for (gsize i = 0; i < span.len; i++)
    {
      guint digit = (guint) (guchar) span.data[i] - '0';

      if (digit > 9 || v > (G_MAXUINT64 - digit) / 10)
        return FALSE;
      v = v * 10 + digit;
    }

  if (v > max)
    return FALSE;

  *value = v;
  return TRUE;
}

gboolean
gm_span_to_hex64 (GmSpan span,
                  guint64 max,
                  guint64 *value)
{
  guint64 v = 0;

  if (span.len == 0)
    return FALSE;

  for (gsize i = 0; i < span.len; i++)
    {
      int digit = g_ascii_xdigit_value (span.data[i]);

      if (digit < 0 || v > (G_MAXUINT64 >> 4))
        return FALSE;
      v = (v << 4) | (guint) digit;
    }

  if (v > max)
    return FALSE;

  *value = v;
  return TRUE;
}

gsize
gm_decimal_write (char *buffer,
                  guint64 value)
{
  char digits[GM_DECIMAL_MAX];
  gsize n = 0;

  do
    {
      digits[n++] = (char) ('0' + value % 10);
      value /= 10;
    }
  while (value > 0);

  for (gsize i = 0; i < n; i++)
    buffer[i] = digits[n - 1 - i];

  return n;
}
