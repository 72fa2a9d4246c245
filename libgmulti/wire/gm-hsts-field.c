/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-hsts-field.h"

#include "gm-http-chars.h"

static void
skip_blanks (GmSpan *text)
{
  while (text->len > 0 && (text->data[0] == ' ' || text->data[0] == '\t'))
    *text = gm_span (text->data + 1, text->len - 1);
}

static gboolean
cut_char (GmSpan *text,
          char c)
{
  skip_blanks (text);
  if (text->len == 0 || text->data[0] != c)
    return FALSE;
  *text = gm_span (text->data + 1, text->len - 1);
  return TRUE;
}

static GmSpan
cut_token (GmSpan *text)
{
  gsize n = 0;
  GmSpan token;

  skip_blanks (text);
  while (n < text->len && gm_http_char_is_token (text->data[n]))
    n++;
  token = gm_span (text->data, n);
  *text = gm_span (text->data + n, text->len - n);
  return token;
}

/* A token, or what stands between quotes (where nothing that we know needs a backslash). */
static gboolean
cut_value (GmSpan *text,
           GmSpan *value)
{
  const char *end;

  if (!cut_char (text, '"'))
    {
      *value = cut_token (text);
      return value->len > 0;
    }
  end = text->len > 0 ? memchr (text->data, '"', text->len) : NULL;
  if (end == NULL)
    return FALSE;
  *value = gm_span (text->data, (gsize) (end - text->data));
  *text = gm_span (end + 1, text->len - value->len - 1);
  return TRUE;
}

static gboolean
read_age (GmSpan value,
          gint64 *age)
{
  guint64 seconds;

  for (gsize i = 0; i < value.len; i++)
    {
      if (!g_ascii_isdigit (value.data[i]))
        return FALSE;
    }
  if (value.len == 0)
    return FALSE;
  if (!gm_span_to_uint64 (value, (guint64) GM_HSTS_MAX_AGE, &seconds))
    seconds = (guint64) GM_HSTS_MAX_AGE;
  *age = (gint64) seconds;
  return TRUE;
}

/* What was found so far; −1: no age yet. */
static gboolean
take_directive (GmHstsField *found,
                GmSpan name,
                GmSpan value,
                gboolean has_value)
{
  if (gm_span_equal_nocase (name, GM_SPAN ("max-age")))
    return found->max_age == -1 && has_value && read_age (value, &found->max_age);
  if (gm_span_equal_nocase (name, GM_SPAN ("includeSubDomains")))
    {
      gboolean again = found->subdomains;

      found->subdomains = TRUE;
      return !again && !has_value;
    }

  return TRUE;
}

gboolean
gm_hsts_field_parse (GmSpan text,
                     GmHstsField *field)
{
  GmHstsField found = { .max_age = -1 };

  do
    {
      GmSpan name = cut_token (&text);
      GmSpan value = gm_span (NULL, 0);
      gboolean has_value = name.len > 0 && cut_char (&text, '=');

      if (has_value && !cut_value (&text, &value))
        return FALSE;
      if (name.len > 0 && !take_directive (&found, name, value, has_value))
        return FALSE;
    }
  while (cut_char (&text, ';'));

  skip_blanks (&text);
  if (text.len > 0 || found.max_age == -1)
    return FALSE;
  *field = found;
  return TRUE;
}
