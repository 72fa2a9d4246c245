/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-data-url.h"

#define DEFAULT_TYPE "text/plain;charset=US-ASCII"

/* Percent-decoding that lets nothing malformed through. @out has room for all of @span. */
static gboolean
unescape_strictly (GmSpan span,
                   char *out,
                   gsize *len)
{
  gsize n = 0;

  for (gsize i = 0; i < span.len; i++)
    {
      int high;
      int low;

      if (span.data[i] != '%')
        {
          out[n++] = span.data[i];
          continue;
        }
      if (span.len - i < 3)
        return FALSE;
      high = g_ascii_xdigit_value (span.data[i + 1]);
      low = g_ascii_xdigit_value (span.data[i + 2]);
      if (high < 0 || low < 0)
        return FALSE;
      out[n++] = (char) (high << 4 | low);
      i += 2;
    }
  *len = n;
  return TRUE;
}

static int
base64_value (char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '+')
    return 62;
  return c == '/' ? 63 : -1;
}

/* RFC 4648, section 4, in place: what comes out is never ahead of what is read. g_base64_decode() skips what it
 * does not know, and so cannot tell damage. */
static gboolean
decode_base64 (char *text,
               gsize *len)
{
  gsize digits = *len;
  gsize padding;
  gsize n = 0;
  guint bits = 0;
  guint n_bits = 0;

  while (digits > 0 && text[digits - 1] == '=')
    digits--;
  padding = *len - digits;
  if (digits % 4 == 1 || padding > 2 || (padding > 0 && (digits + padding) % 4 != 0))
    return FALSE;
  for (gsize i = 0; i < digits; i++)
    {
      int value = base64_value (text[i]);

      if (value < 0)
        return FALSE;
      bits = bits << 6 | (guint) value;
      n_bits += 6;
      if (n_bits >= 8)
        {
          n_bits -= 8;
          text[n++] = (char) (bits >> n_bits & 0xff);
          bits &= (1u << n_bits) - 1;
        }
    }
  *len = n;
  return bits == 0;
}

/* Takes ";base64" off the end of @head. */
static gboolean
take_base64_mark (GmSpan *head)
{
  static const char mark[] = ";base64";
  const gsize len = sizeof mark - 1;

  if (head->len < len || !gm_span_equal_nocase (gm_span (head->data + head->len - len, len), gm_span (mark, len)))
    return FALSE;
  head->len -= len;
  return TRUE;
}

/* "type/subtype" in front, and nothing that cannot stand in a header field. */
static gboolean
is_media_type (const char *text,
               gsize len)
{
  gsize end = 0;
  gsize slash = 0;

  for (gsize i = 0; i < len; i++)
    if (text[i] < 0x20 || text[i] > 0x7e)
      return FALSE;
  for (; end < len && text[end] != ';'; end++)
    {
      if (text[end] == '/' && slash == 0)
        slash = end;
      else if (!g_ascii_isalnum (text[end]) && strchr ("!#$&-^_.+", text[end]) == NULL)
        return FALSE;
    }
  return slash > 0 && slash + 1 < end;
}

/* The decoded media type, or %NULL. */
static char *
read_media_type (GmSpan head)
{
  const char *prefix = head.len > 0 && head.data[0] == ';' ? "text/plain" : "";
  gsize prefix_len = strlen (prefix);
  char *text;
  gsize len;

  if (head.len == 0)
    return g_strdup (DEFAULT_TYPE);
  if (head.len > 3 * GM_DATA_URL_TYPE_MAX)
    return NULL;
  text = g_malloc (prefix_len + head.len + 1);
  memcpy (text, prefix, prefix_len);
  if (!unescape_strictly (head, text + prefix_len, &len) || prefix_len + len > GM_DATA_URL_TYPE_MAX
      || !is_media_type (text, prefix_len + len))
    {
      g_free (text);
      return NULL;
    }
  text[prefix_len + len] = '\0';
  return text;
}

/* The decoded body. */
static GmResult
read_body (GmSpan span,
           gboolean is_base64,
           GBytes **body)
{
  char *bytes = g_try_malloc (span.len + 1);
  gsize len;

  if (bytes == NULL)
    return GM_OUT_OF_MEMORY;
  if (!unescape_strictly (span, bytes, &len) || (is_base64 && !decode_base64 (bytes, &len)))
    {
      g_free (bytes);
      return GM_DATA_MALFORMED;
    }
  *body = g_bytes_new_take (bytes, len);
  return GM_OK;
}

GmResult
gm_data_url_parse (const GmUrl *url,
                   GmDataUrl *data)
{
  GmSpan path = gm_url_get_path (url);
  const char *comma = path.len > 0 ? memchr (path.data, ',', path.len) : NULL;
  g_autofree char *media_type = NULL;
  gboolean is_base64;
  GmSpan head;
  GmResult result;
  GBytes *body;

  if (gm_url_get_scheme (url) != GM_SCHEME_DATA)
    return GM_BAD_URL;
  if (comma == NULL)
    return GM_DATA_MALFORMED;
  head = gm_span (path.data, (gsize) (comma - path.data));
  is_base64 = take_base64_mark (&head);
  media_type = read_media_type (head);
  if (media_type == NULL)
    return GM_DATA_MALFORMED;
  result = read_body (gm_span (comma + 1, path.len - (gsize) (comma - path.data) - 1), is_base64, &body);
  if (result != GM_OK)
    return result;
  *data = (GmDataUrl){ g_steal_pointer (&media_type), is_base64, body };
  return GM_OK;
}

void
gm_data_url_clear (GmDataUrl *data)
{
  g_clear_pointer (&data->media_type, g_free);
  g_clear_pointer (&data->body, g_bytes_unref);
}

/* Where the parameter that begins at @p ends: at a ';' outside quotes, or at the end. */
static const char *
find_parameter_end (const char *p)
{
  gboolean quoted = FALSE;

  for (; *p != '\0' && (quoted || *p != ';'); p++)
    {
      if (*p == '"')
        quoted = !quoted;
      else if (*p == '\\' && quoted && p[1] != '\0')
        p++;
    }
  return p;
}

GmSpan
gm_data_url_get_parameter (const GmDataUrl *data,
                           const char *name)
{
  const char *p = find_parameter_end (data->media_type);

  while (*p == ';')
    {
      const char *start = p + 1;
      const char *equals;

      p = find_parameter_end (start);
      equals = memchr (start, '=', (gsize) (p - start));
      if (equals != NULL
          && gm_span_equal_nocase (gm_span_strip (gm_span (start, (gsize) (equals - start))),
                                   gm_span (name, strlen (name))))
        return gm_span_strip (gm_span (equals + 1, (gsize) (p - equals) - 1));
    }
  return gm_span (NULL, 0);
}
