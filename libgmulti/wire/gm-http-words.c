/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-words.h"

#include "gm-http-chars.h"

static inline void
skip (GmSpan *text,
      gsize n)
{
  text->data += n;
  text->len -= n;
}

void
gm_http_skip_blanks (GmSpan *text)
{
  while (text->len > 0 && (*text->data == ' ' || *text->data == '\t'))
    skip (text, 1);
}

gboolean
gm_http_cut_char (GmSpan *text,
                  char c)
{
  gm_http_skip_blanks (text);
  if (text->len == 0 || *text->data != c)
    return FALSE;

  skip (text, 1);
  return TRUE;
}

GmSpan
gm_http_cut_token (GmSpan *text)
{
  GmSpan token;

  gm_http_skip_blanks (text);
  token = gm_span (text->data, 0);
  while (token.len < text->len && gm_http_char_is_token (text->data[token.len]))
    token.len++;
  skip (text, token.len);

  return token;
}

gboolean
gm_http_cut_quoted (GmSpan *text,
                    GmSpan *value)
{
  const char *end;

  if (!gm_http_cut_char (text, '"'))
    return FALSE;
  end = text->len > 0 ? memchr (text->data, '"', text->len) : NULL;
  if (end == NULL)
    return FALSE;

  *value = gm_span (text->data, (gsize) (end - text->data));
  skip (text, value->len + 1);
  return TRUE;
}

gboolean
gm_http_read_seconds (GmSpan text,
                      gint64 max,
                      gint64 *seconds)
{
  guint64 number;

  for (gsize i = 0; i < text.len; i++)
    {
      if (!g_ascii_isdigit (text.data[i]))
        return FALSE;
    }
  if (text.len == 0)
    return FALSE;

  *seconds = gm_span_to_uint64 (text, (guint64) max, &number) ? (gint64) number : max;
  return TRUE;
}
