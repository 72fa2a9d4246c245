/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http1-write.h"

#include "gm-http-chars.h"

static gboolean
is_made_of (GmSpan span,
            guint8 class)
{
  for (gsize i = 0; i < span.len; i++)
    {
      if ((gm_http_chars[(guchar) span.data[i]] & class) == 0)
        return FALSE;
    }

  return span.len > 0;
}

gboolean
gm_http_is_token (GmSpan span)
{
  return is_made_of (span, GM_HTTP_CHAR_TOKEN);
}

gboolean
gm_http_is_request_target (GmSpan span)
{
  return is_made_of (span, GM_HTTP_CHAR_TARGET);
}

gboolean
gm_http_is_field_value (GmSpan span)
{
  for (gsize i = 0; i < span.len; i++)
    {
      if (span.data[i] == '\r' || span.data[i] == '\n' || span.data[i] == '\0')
        return FALSE;
    }

  return TRUE;
}

static GmResult
answer (const GmByteBuilder *builder)
{
  return builder->failed ? GM_OUT_OF_MEMORY : GM_OK;
}

GmResult
gm_http1_write_request_line (GmByteBuilder *builder,
                             GmSpan method,
                             GmSpan target,
                             guint version)
{
  if (!gm_http_is_token (method) || !gm_http_is_request_target (target))
    return GM_BAD_REQUEST;

  gm_byte_builder_append_span (builder, method);
  gm_byte_builder_append_char (builder, ' ');
  gm_byte_builder_append_span (builder, target);
  if (version == 10)
    gm_byte_builder_append_literal (builder, " HTTP/1.0\r\n");
  else
    gm_byte_builder_append_literal (builder, " HTTP/1.1\r\n");
  return answer (builder);
}

GmResult
gm_http1_write_field (GmByteBuilder *builder,
                      GmSpan name,
                      GmSpan value)
{
  if (!gm_http_is_token (name) || !gm_http_is_field_value (value))
    return GM_BAD_REQUEST;

  gm_byte_builder_append_span (builder, name);
  gm_byte_builder_append_char (builder, ':');
  if (value.len > 0)
    {
      gm_byte_builder_append_char (builder, ' ');
      gm_byte_builder_append_span (builder, value);
    }
  gm_byte_builder_append_literal (builder, "\r\n");
  return answer (builder);
}

GmResult
gm_http1_write_field_uint (GmByteBuilder *builder,
                           GmSpan name,
                           guint64 value)
{
  char digits[GM_DECIMAL_MAX];

  return gm_http1_write_field (builder, name, gm_span (digits, gm_decimal_write (digits, value)));
}

GmResult
gm_http1_write_end (GmByteBuilder *builder)
{
  gm_byte_builder_append_literal (builder, "\r\n");
  return answer (builder);
}

/* ---- fields as applications write them ---- */

gboolean
gm_http1_user_field_parse (const char *line,
                           GmHttp1UserField *field)
{
  gsize len = strlen (line);
  const char *colon = memchr (line, ':', len);
  const char *end = colon;

  if (colon == NULL)
    {
      end = memchr (line, ';', len);
      if (end == NULL || gm_span_strip (gm_span (end + 1, len - (gsize) (end + 1 - line))).len > 0)
        return FALSE;
    }

  field->name = gm_span_strip (gm_span (line, (gsize) (end - line)));
  field->value = gm_span_strip (gm_span (end + 1, len - (gsize) (end + 1 - line)));
  field->remove = colon != NULL && field->value.len == 0;

  return field->name.len > 0;
}
