/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-challenge.h"

#include "gm-http-words.h"

static inline gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

static void
skip (GmSpan *text,
      gsize n)
{
  text->data += n;
  text->len -= n;
}

/* Lists may have empty elements (RFC 9110 section 5.6.1.2). */
static void
skip_separators (GmSpan *text)
{
  while (text->len > 0 && (is_blank (*text->data) || *text->data == ','))
    skip (text, 1);
}

static gboolean
at_element_end (const GmSpan *text)
{
  return text->len == 0 || *text->data == ',';
}

static gboolean
is_token68_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-._~+/", c) != NULL);
}

/* token68 is what stands alone up to the element's end: "a=" is one, "a=b" is a parameter. */
static gboolean
cut_token68 (GmSpan *text,
             GmSpan *token68)
{
  GmSpan at = *text;
  gsize len;

  while (at.len > 0 && is_token68_char (*at.data))
    skip (&at, 1);
  if (at.data == text->data)
    return FALSE;
  while (at.len > 0 && *at.data == '=')
    skip (&at, 1);
  len = text->len - at.len;
  gm_http_skip_blanks (&at);
  if (!at_element_end (&at))
    return FALSE;

  *token68 = gm_span (text->data, len);
  *text = at;
  return TRUE;
}

/* Says why it is not. */
static gboolean
fails (const char **why,
       const char *what)
{
  *why = what;
  return FALSE;
}

/* Behind the opening quote. No control characters but the tab (RFC 9110 section 5.6.4). */
static gboolean
cut_quoted (GmSpan *text,
            GmSpan *value,
            const char **why)
{
  gsize i = 0;

  for (; i < text->len && text->data[i] != '"'; i++)
    {
      guchar c = (guchar) text->data[i];

      if (c == '\\' && i + 1 < text->len)
        c = (guchar) text->data[++i];
      if ((c < 0x20 && c != '\t') || c == 0x7f)
        return fails (why, "a control character between quotes");
    }
  if (i >= text->len)
    return fails (why, "quotes that are not closed");

  *value = gm_span (text->data, i);
  skip (text, i + 1);
  return TRUE;
}

/* Whether a parameter is next, and not the scheme of another challenge: then an equals sign follows the word. */
static gboolean
param_is_next (GmSpan text)
{
  if (gm_http_cut_token (&text).len == 0)
    return FALSE;
  gm_http_skip_blanks (&text);

  return text.len > 0 && *text.data == '=';
}

static gboolean
cut_param (GmSpan *text,
           GmHttpAuthParam *param,
           const char **why)
{
  param->name = gm_http_cut_token (text);
  gm_http_skip_blanks (text);
  if (param->name.len == 0 || text->len == 0 || *text->data != '=')
    return fails (why, "something that is no parameter");
  skip (text, 1);
  gm_http_skip_blanks (text);

  param->quoted = text->len > 0 && *text->data == '"';
  if (param->quoted)
    {
      skip (text, 1);
      if (!cut_quoted (text, &param->value, why))
        return FALSE;
    }
  else
    {
      param->value = gm_http_cut_token (text);
      if (param->value.len == 0)
        return fails (why, "a parameter without value");
    }
  gm_http_skip_blanks (text);

  return at_element_end (text) || fails (why, "something behind a parameter's value");
}

GmParse
gm_http_auth_param_next (GmSpan *rest,
                         GmHttpAuthParam *param)
{
  const char *why;

  skip_separators (rest);
  if (rest->len == 0)
    return GM_PARSE_MORE;
  if (cut_param (rest, param, &why))
    return GM_PARSE_DONE;

  *rest = gm_span (NULL, 0);
  return GM_PARSE_BAD;
}

/* All parameters of one challenge; @text is left at what follows them. */
static gboolean
cut_params (GmSpan *text,
            GmSpan *params,
            const char **why)
{
  GmSpan at = *text;
  GmSpan start = *text;
  gsize len = 0;
  guint n = 0;

  while (param_is_next (at))
    {
      GmHttpAuthParam param;

      if (++n > GM_HTTP_MAX_AUTH_PARAMS)
        return fails (why, "too many parameters");
      if (!cut_param (&at, &param, why))
        return FALSE;
      len = start.len - at.len;
      skip_separators (&at);
    }

  *params = gm_span (start.data, len);
  *text = at;
  return TRUE;
}

static gboolean
cut_challenge (GmSpan *text,
               GmHttpChallenge *challenge)
{
  *challenge = (GmHttpChallenge){ .scheme = gm_http_cut_token (text) };
  if (challenge->scheme.len == 0)
    return fails (&challenge->why, "something that names no scheme");
  if (at_element_end (text))
    return TRUE;
  if (!is_blank (*text->data))
    return fails (&challenge->why, "something behind a scheme's name");
  gm_http_skip_blanks (text);
  if (at_element_end (text))
    return TRUE;
  if (cut_token68 (text, &challenge->token68))
    return TRUE;

  if (!param_is_next (*text))
    return fails (&challenge->why, "something that is no parameter");
  return cut_params (text, &challenge->params, &challenge->why);
}

GmParse
gm_http_challenge_next (GmSpan *rest,
                        GmHttpChallenge *challenge)
{
  skip_separators (rest);
  if (rest->len == 0)
    return GM_PARSE_MORE;
  if (cut_challenge (rest, challenge))
    return GM_PARSE_DONE;

  *rest = gm_span (NULL, 0);
  return GM_PARSE_BAD;
}

gboolean
gm_http_auth_param_find (GmSpan params,
                         GmSpan name,
                         GmHttpAuthParam *param)
{
  GmHttpAuthParam found;
  guint n = 0;

  while (gm_http_auth_param_next (&params, &found) == GM_PARSE_DONE)
    if (gm_span_equal_nocase (found.name, name) && n++ == 0)
      *param = found;

  return n == 1;
}

char *
gm_http_auth_param_dup (const GmHttpAuthParam *param)
{
  char *text;
  gsize len = 0;

  if (param->value.len > GM_HTTP_MAX_AUTH_VALUE)
    return NULL;

  text = g_malloc (param->value.len + 1);
  for (gsize i = 0; i < param->value.len; i++)
    {
      if (param->quoted && param->value.data[i] == '\\' && i + 1 < param->value.len)
        i++;
      text[len++] = param->value.data[i];
    }
  text[len] = '\0';

  return text;
}

gboolean
gm_http_auth_param_is (const GmHttpAuthParam *param,
                       GmSpan word)
{
  return gm_span_equal_nocase (param->value, word);
}
