/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-hsts-field.h"

#include "gm-http-words.h"

static gboolean
cut_value (GmSpan *text,
           GmSpan *value)
{
  gm_http_skip_blanks (text);
  if (text->len > 0 && *text->data == '"')
    return gm_http_cut_quoted (text, value);

  *value = gm_http_cut_token (text);
  return value->len > 0;
}

/* What was found so far; −1: no age yet. */
static gboolean
take_directive (GmHstsField *found,
                GmSpan name,
                GmSpan value,
                gboolean has_value)
{
  if (gm_span_equal_nocase (name, GM_SPAN ("max-age")))
    return found->max_age == -1 && has_value && gm_http_read_seconds (value, GM_HSTS_MAX_AGE, &found->max_age);
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
      GmSpan name = gm_http_cut_token (&text);
      GmSpan value = gm_span (NULL, 0);
      gboolean has_value = name.len > 0 && gm_http_cut_char (&text, '=');

      if (has_value && !cut_value (&text, &value))
        return FALSE;
      if (name.len > 0 && !take_directive (&found, name, value, has_value))
        return FALSE;
    }
  while (gm_http_cut_char (&text, ';'));

  gm_http_skip_blanks (&text);
  if (text.len > 0 || found.max_age == -1)
    return FALSE;
  *field = found;
  return TRUE;
}
