/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-content-disposition.h"
#include "gm-http-basic.h"
#include "gm-http-date.h"
#include "gm-http-fields.h"
#include "gm-http-range.h"
#include "gm-http1-parse.h"
#include "gm-http1-write.h"

/* The small formats. The first byte chooses one, the rest is its text; where two texts are needed they are separated by
 * the first line feed. */

#define NOW 1793000000 /* October 2026 */

static void
fuzz_range (GmSpan text)
{
  GmHttpRange range;
  guint n;

  if (!gm_http_range_parse (text, &range, &n))
    return;
  FUZZ_CHECK (n >= 1 && n <= GM_HTTP_RANGE_MAX_PARTS);
  FUZZ_CHECK (range.start >= 0 ? range.end == -1 || range.end >= range.start : range.start == -1 && range.end > 0);
  for (gsize i = 0; i < text.len; i++)
    FUZZ_CHECK (g_ascii_isdigit (text.data[i]) || strchr (", \t-", text.data[i]) != NULL);
}

static void
fuzz_content_range (GmSpan text)
{
  gint64 start;
  gint64 end;
  gint64 total;

  if (!gm_http_content_range_parse (text, &start, &end, &total))
    return;
  FUZZ_CHECK (start >= 0 ? end >= start : start == -1 && end == -1 && total >= 0);
  FUZZ_CHECK (total == -1 || end < total);
}

static void
fuzz_date (GmSpan text)
{
  char written[GM_HTTP_DATE_LEN];
  gint64 seconds;
  gint64 again;

  if (!gm_http_date_parse (text, NOW, &seconds))
    return;
  FUZZ_CHECK (gm_http_date_write (written, seconds));
  FUZZ_CHECK (gm_http_date_parse (gm_span (written, sizeof written), NOW, &again) && again == seconds);
}

static void
check_file_name (const char *name)
{
  if (name == NULL)
    return;
  FUZZ_CHECK (*name != '\0' && *name != '.' && strlen (name) <= GM_FILE_NAME_MAX && g_utf8_validate (name, -1, NULL));
  for (const char *p = name; *p != '\0'; p++)
    FUZZ_CHECK (*p != '/' && *p != '\\' && (guchar) *p >= 0x20 && *p != 0x7f);
}

static void
fuzz_disposition (GmSpan text)
{
  GmContentDisposition disposition = { 0 };

  if (!gm_content_disposition_parse (text, &disposition))
    return;
  check_file_name (disposition.file_name);
  gm_content_disposition_clear (&disposition);
}

static void
fuzz_path (GmSpan text)
{
  g_autofree char *name = gm_file_name_from_path (text);

  check_file_name (name);
}

static GmSpan
cut_line (GmSpan *text)
{
  const char *lf = text->len > 0 ? memchr (text->data, '\n', text->len) : NULL;
  GmSpan line = gm_span (text->data, lf != NULL ? (gsize) (lf - text->data) : text->len);

  *text = lf != NULL ? gm_span (lf + 1, text->len - line.len - 1) : gm_span (NULL, 0);
  return line;
}

static void
fuzz_credentials (GmSpan text)
{
  g_auto (GmByteBuilder) out = { 0 };
  GmSpan token = text;
  GmSpan user = cut_line (&text);
  g_autofree char *encoded = NULL;
  g_autofree guchar *decoded = NULL;
  gsize len;

  if (gm_http_bearer_write (&out, token) == GM_OK)
    FUZZ_CHECK (out.len == 7 + token.len && gm_http_is_field_value (gm_span (out.data, out.len)));
  else
    FUZZ_CHECK (out.len == 0);

  gm_byte_builder_reset (&out);
  FUZZ_CHECK (gm_http_basic_write (&out, user, text) == GM_OK);
  encoded = g_strndup (out.data + 6, out.len - 6);
  decoded = g_base64_decode (encoded, &len);
  FUZZ_CHECK (len == user.len + 1 + text.len && decoded[user.len] == ':');
  FUZZ_CHECK (gm_span_equal (user, gm_span ((const char *) decoded, user.len)));
  FUZZ_CHECK (gm_span_equal (text, gm_span ((const char *) decoded + user.len + 1, text.len)));
}

/* A field that we write is read back as the same one field and nothing more. */
static void
fuzz_write (GmSpan text)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_autoptr (GmHeaders) headers = gm_headers_new (GM_HEADERS_MAX_BYTES, 10);
  GmSpan name = cut_line (&text);
  GmHttp1Head parser;
  gsize consumed;
  GmResult why;

  if (gm_http1_write_request_line (&out, name, text, 11) == GM_OK)
    {
      FUZZ_CHECK (memchr (out.data, '\n', out.len) == out.data + out.len - 1);
      FUZZ_CHECK ((const char *) memchr (out.data, ' ', out.len) == out.data + name.len);
      gm_byte_builder_reset (&out);
    }
  FUZZ_CHECK (out.len == 0);
  if (gm_http1_write_field (&out, name, text) != GM_OK)
    return;
  gm_http1_write_end (&out);
  gm_http1_head_init (&parser, NULL, GM_HTTP1_TRAILER | GM_HTTP1_REFUSE_FOLD | GM_HTTP1_REFUSE_BARE_LF);
  FUZZ_CHECK (gm_http1_head_feed (&parser, headers, out.data, out.len, &consumed, &why) == GM_PARSE_DONE);
  FUZZ_CHECK (consumed == out.len && parser.n_entries == 1);
  FUZZ_CHECK (gm_span_equal (gm_headers_get_name (headers, 0), name));
  FUZZ_CHECK (gm_span_equal (gm_headers_get_value (headers, 0), gm_span_strip (text)));
}

/* Fields as HTTP/2 would bring them: one a line, without a parser before them. */
static void
fuzz_facts (GmSpan text)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (GM_HEADERS_MAX_BYTES, 100);
  GmHttpFacts facts;
  gint64 seconds;

  while (text.len > 0)
    {
      GmSpan line = cut_line (&text);
      const char *colon = line.len > 0 ? memchr (line.data, ':', line.len) : NULL;
      gsize len = colon != NULL ? (gsize) (colon - line.data) : 0;

      if (!gm_http_is_token (gm_span (line.data, len)))
        continue;
      gm_headers_append (headers, GM_HEADER_FINAL, gm_span (line.data, len),
                         gm_span_strip (gm_span (colon + 1, line.len - len - 1)));
    }
  if (gm_http_facts_collect (&facts, headers, 0, gm_headers_get_n_entries (headers)) != GM_OK)
    return;
  FUZZ_CHECK ((facts.n_set_cookie > 0) == (facts.set_cookie > 0));
  FUZZ_CHECK (gm_headers_count (headers, GM_SPAN ("Set-Cookie"), GM_HEADER_ANY, 0) == facts.n_set_cookie);
  seconds = gm_http_retry_after (gm_http_facts_get_value (headers, facts.retry_after), NOW);
  FUZZ_CHECK (seconds >= -1 && seconds <= G_MAXINT32);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  static void (*const formats[]) (GmSpan text) = {
    fuzz_range, fuzz_content_range, fuzz_date, fuzz_disposition, fuzz_path, fuzz_credentials, fuzz_write, fuzz_facts,
  };
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));

  formats[fuzz_cut_byte (&input) % G_N_ELEMENTS (formats)](input);
  return 0;
}
