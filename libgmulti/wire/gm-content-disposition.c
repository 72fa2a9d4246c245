/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-content-disposition.h"

#include "gm-http-chars.h"

/* A name ending longer than this is no suffix worth saving when a name is cut. */
#define LONGEST_SUFFIX 16

static gboolean
is_blank (char c)
{
  return c == ' ' || c == '\t';
}

/* What a file manager or terminal would not show as itself: control characters, and those that reverse the direction of
 * what follows, so that "gpj.exe" is read as "exe.jpg". */
static gboolean
is_deceptive (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
         c == 0x200e || c == 0x200f || c == 0xfeff;
}

static void
append_latin1 (GString *out,
               GmSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    g_string_append_unichar (out, (guchar) text.data[i]);
}

/* Appends @text as UTF-8 with "_" for each deceptive character. */
static void
append_clean (GString *out,
              const char *text)
{
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (out, is_deceptive (c) ? '_' : c);
    }
}

/* Cuts inside the stem, at a character. */
static void
shorten (GString *name)
{
  const char *dot = strrchr (name->str, '.');
  gsize suffix = dot != NULL ? name->len - (gsize) (dot - name->str) : 0;
  gsize keep;

  if (name->len <= GM_FILE_NAME_MAX)
    return;
  if (suffix > LONGEST_SUFFIX)
    suffix = 0;
  keep = GM_FILE_NAME_MAX - suffix;
  while ((name->str[keep] & 0xc0) == 0x80)
    keep--;
  g_string_erase (name, (gssize) keep, (gssize) (name->len - suffix - keep));
}

char *
gm_file_name_make_safe (GmSpan text)
{
  g_autofree char *copy = NULL;
  g_autoptr (GString) raw = g_string_new (NULL);
  g_autoptr (GString) name = g_string_new (NULL);
  gsize start = text.len;

  if (text.len == 0)
    return NULL;

  while (start > 0 && text.data[start - 1] != '/' && text.data[start - 1] != '\\')
    start--;
  text = gm_span (text.data + start, text.len - start);
  while (text.len > 0 && (*text.data == '.' || is_blank (*text.data)))
    text = gm_span (text.data + 1, text.len - 1);
  text = gm_span_strip (text);

  if (text.len == 0)
    return NULL;

  copy = g_malloc (text.len + 1);
  memcpy (copy, text.data, text.len);
  copy[text.len] = '\0';
  for (gsize i = 0; i < text.len; i++)
    {
      if (copy[i] == '\0')
        copy[i] = '_';
    }
  if (g_utf8_validate (copy, (gssize) text.len, NULL))
    append_clean (name, copy);
  else
    {
      append_latin1 (raw, gm_span (copy, text.len));
      append_clean (name, raw->str);
    }
  shorten (name);

  return g_string_free (g_steal_pointer (&name), FALSE);
}

static int
percent_byte (GmSpan text,
              gsize i)
{
  int high;
  int low;

  if (text.data[i] != '%' || text.len - i < 3)
    return -1;
  high = g_ascii_xdigit_value (text.data[i + 1]);
  low = g_ascii_xdigit_value (text.data[i + 2]);

  return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* What is no valid escape stays as it is. */
static GString *
percent_decode (GmSpan text)
{
  GString *out = g_string_sized_new (text.len);

  for (gsize i = 0; i < text.len; i++)
    {
      int byte = percent_byte (text, i);

      g_string_append_c (out, byte >= 0 ? (char) byte : text.data[i]);
      if (byte >= 0)
        i += 2;
    }

  return out;
}

char *
gm_file_name_from_path (GmSpan path)
{
  g_autoptr (GString) decoded = NULL;
  gsize start = path.len;

  if (path.len == 0)
    return NULL;

  while (start > 0 && path.data[start - 1] != '/')
    start--;
  decoded = percent_decode (gm_span (path.data + start, path.len - start));

  return gm_file_name_make_safe (gm_span (decoded->str, decoded->len));
}

/* RFC 8187: charset'language'escaped. NULL if it is not that, or of a charset that no one must know. */
static char *
name_from_extended (GmSpan value)
{
  const char *quote = value.len > 0 ? memchr (value.data, '\'', value.len) : NULL;
  const char *second;
  GmSpan charset;
  g_autoptr (GString) decoded = NULL;
  g_autoptr (GString) latin = NULL;

  if (quote == NULL)
    return NULL;
  charset = gm_span (value.data, (gsize) (quote - value.data));
  quote++;
  second = memchr (quote, '\'', value.len - (gsize) (quote - value.data));
  if (second == NULL)
    return NULL;
  second++;
  decoded = percent_decode (gm_span (second, value.len - (gsize) (second - value.data)));

  if (gm_span_equal_nocase (charset, GM_SPAN ("utf-8")))
    {
      if (!g_utf8_validate (decoded->str, (gssize) decoded->len, NULL))
        return NULL;
      return gm_file_name_make_safe (gm_span (decoded->str, decoded->len));
    }
  if (!gm_span_equal_nocase (charset, GM_SPAN ("iso-8859-1")))
    return NULL;
  latin = g_string_sized_new (decoded->len);
  append_latin1 (latin, gm_span (decoded->str, decoded->len));
  return gm_file_name_make_safe (gm_span (latin->str, latin->len));
}

/* Cuts "quoted" off the start of @text, which begins behind the first quote; @out gets it without backslashes. */
static void
cut_quoted (GmSpan *text,
            GString *out)
{
  gsize i = 0;

  while (i < text->len && text->data[i] != '"')
    {
      if (text->data[i] == '\\' && i + 1 < text->len)
        i++;
      g_string_append_c (out, text->data[i]);
      i++;
    }
  i = MIN (i + 1, text->len);
  *text = gm_span (text->data + i, text->len - i);
}

/* The part of @text before the next semicolon, which goes too. */
static GmSpan
cut_until_semicolon (GmSpan *text)
{
  const char *semicolon = text->len > 0 ? memchr (text->data, ';', text->len) : NULL;
  gsize len = semicolon != NULL ? (gsize) (semicolon - text->data) : text->len;
  GmSpan part = gm_span (text->data, len);

  len = MIN (len + 1, text->len);
  *text = gm_span (text->data + len, text->len - len);
  return gm_span_strip (part);
}

/* Cuts one parameter, "name = value", off @text; FALSE if it was none. */
static gboolean
cut_parameter (GmSpan *text,
               GmSpan *name,
               GString *value)
{
  gsize n = 0;

  g_string_truncate (value, 0);
  *text = gm_span_strip (*text);
  while (n < text->len && gm_http_char_is_token (text->data[n]))
    n++;
  *name = gm_span (text->data, n);
  while (n < text->len && is_blank (text->data[n]))
    n++;
  if (name->len == 0 || n == text->len || text->data[n] != '=')
    {
      cut_until_semicolon (text);
      return FALSE;
    }

  *text = gm_span_strip (gm_span (text->data + n + 1, text->len - n - 1));
  if (text->len > 0 && *text->data == '"')
    {
      *text = gm_span (text->data + 1, text->len - 1);
      cut_quoted (text, value);
      cut_until_semicolon (text);
    }
  else
    {
      GmSpan plain = cut_until_semicolon (text);

      g_string_append_len (value, plain.data, (gssize) plain.len);
    }
  return TRUE;
}

/* The type, or nothing where a server begins with the parameters at once: that counts as an attachment. */
static gboolean
cut_type (GmSpan *text,
          gboolean *attachment)
{
  GmSpan rest = *text;
  GmSpan type = cut_until_semicolon (&rest);

  *attachment = !gm_span_equal_nocase (type, GM_SPAN ("inline"));
  if (type.len == 0)
    return FALSE;
  if (memchr (type.data, '=', type.len) == NULL)
    *text = rest;
  return TRUE;
}

gboolean
gm_content_disposition_parse (GmSpan value,
                              GmContentDisposition *disposition)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree char *plain = NULL;
  g_autofree char *extended = NULL;
  gboolean attachment;
  GmSpan name;

  if (value.len == 0 || !cut_type (&value, &attachment))
    return FALSE;

  while (value.len > 0)
    {
      if (!cut_parameter (&value, &name, text))
        continue;
      if (plain == NULL && gm_span_equal_nocase (name, GM_SPAN ("filename")))
        plain = gm_file_name_make_safe (gm_span (text->str, text->len));
      else if (extended == NULL && gm_span_equal_nocase (name, GM_SPAN ("filename*")))
        extended = name_from_extended (gm_span (text->str, text->len));
    }

  disposition->attachment = attachment;
  disposition->file_name = extended != NULL ? g_steal_pointer (&extended) : g_steal_pointer (&plain);
  return TRUE;
}

void
gm_content_disposition_clear (GmContentDisposition *disposition)
{
  g_clear_pointer (&disposition->file_name, g_free);
  disposition->attachment = FALSE;
}
