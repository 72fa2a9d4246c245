/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-http-fields.h"
#include "gm-http1-parse.h"

/* First byte: flags of the parser. Second: length of the pieces for one of the runs. Third: which limits. The rest is
 * what the peer sends. Whole, in pieces and byte by byte must give one account; and what is said of a head that was
 * taken is compared with a plain count of its lines. */

typedef struct
{
  guint flags;
  gboolean low_limits;
  gboolean small_block;
} Settings;

static const GmHttp1Limits low_limits = { 64, 24, 3 };

static void
append_span (GString *account,
             GmSpan span)
{
  g_string_append_len (account, span.data, (gssize) span.len);
  g_string_append_c (account, '|');
}

static gboolean
has_line_end (GmSpan span)
{
  return span.len > 0 && (memchr (span.data, '\n', span.len) != NULL || memchr (span.data, '\r', span.len) != NULL ||
                          memchr (span.data, '\0', span.len) != NULL);
}

static void
note_entries (GString *account,
              const GmHttp1Head *parser,
              const GmHeaders *headers)
{
  for (guint i = 0; i < parser->n_entries; i++)
    {
      GmSpan name = gm_headers_get_name (headers, parser->first_entry + i);
      GmSpan value = gm_headers_get_value (headers, parser->first_entry + i);

      FUZZ_CHECK (name.len > 0 && !has_line_end (name) && !has_line_end (value));
      FUZZ_CHECK (memchr (name.data, ' ', name.len) == NULL && memchr (name.data, ':', name.len) == NULL);
      FUZZ_CHECK (gm_span_strip (value).len == value.len);
      append_span (account, name);
      append_span (account, value);
    }
}

static void
note_facts (GString *account,
            const GmHttp1Head *parser,
            const GmHeaders *headers)
{
  GmHttpFacts facts;
  GmHttpBody body = { 0 };
  GmResult result = gm_http_facts_collect (&facts, headers, parser->first_entry, parser->n_entries);

  g_string_append_printf (account, "%s|", gm_result_name (result));
  if (result != GM_OK)
    return;
  FUZZ_CHECK (facts.content_length >= -1);
  FUZZ_CHECK (facts.location <= gm_headers_get_n_entries (headers));
  for (guint asked = GM_HTTP_ASKED_OTHER; asked <= GM_HTTP_ASKED_CONNECT; asked++)
    {
      result = gm_http_body_find (&body, &facts, parser->version, parser->status, (GmHttpAsked) asked);
      FUZZ_CHECK ((body.framing == GM_HTTP_BODY_LENGTH) == (body.length >= 0) || result != GM_OK);
      g_string_append_printf (account, "%d %d %d|", (int) result, (int) body.framing, body.reusable);
    }
}

/* What one line is, is plain to see: from here to the next LF. */
static GmSpan
line_of (GmSpan text)
{
  const char *lf = memchr (text.data, '\n', text.len);

  FUZZ_CHECK (lf != NULL);
  return gm_span (text.data, (gsize) (lf + 1 - text.data));
}

static gboolean
is_blank_line (GmSpan line)
{
  return line.len == 1 || (line.len == 2 && *line.data == '\r');
}

/* The raw line that the parser kept for @line of its input; the blank line must be the last. */
static void
check_line (GmHttp1Line *iter,
            const GmHttp1Head *parser,
            const GmHeaders *headers,
            GmSpan line,
            gboolean is_last)
{
  GmSpan raw;

  FUZZ_CHECK (is_blank_line (line) == is_last);
  FUZZ_CHECK (gm_http1_line_next (iter, parser, headers, &raw));
  FUZZ_CHECK (raw.data[raw.len - 1] == '\n' && memchr (raw.data, '\n', raw.len - 1) == NULL);
  FUZZ_CHECK (*raw.data == *line.data);
  FUZZ_CHECK (raw.len <= parser->limits->line_bytes);
}

/* @text is what the parser took for a head. */
static void
check_head (const GmHttp1Head *parser,
            const GmHeaders *headers,
            GmSpan text)
{
  GmHttp1Line iter = { 0 };
  GmSpan raw;
  gboolean begun = (parser->flags & GM_HTTP1_TRAILER) != 0;
  guint n_lines = begun ? 1 : 0;

  while (text.len > 0)
    {
      GmSpan line = line_of (text);
      gboolean folded = *line.data == ' ' || *line.data == '\t';

      begun = begun || !is_blank_line (line);
      if (begun && !folded)
        {
          check_line (&iter, parser, headers, line, line.len == text.len);
          n_lines++;
        }
      text = gm_span (text.data + line.len, text.len - line.len);
    }

  FUZZ_CHECK (!gm_http1_line_next (&iter, parser, headers, &raw));
  FUZZ_CHECK (n_lines == parser->n_entries + 2);
}

static GmParse
feed_in_pieces (GmHttp1Head *parser,
                GmHeaders *headers,
                GmSpan text,
                gsize step,
                gsize *taken,
                GmResult *why)
{
  GmParse answer = GM_PARSE_MORE;

  *taken = 0;
  while (answer == GM_PARSE_MORE && *taken < text.len)
    {
      gsize n = MIN (step, text.len - *taken);
      g_autofree char *piece = g_memdup2 (text.data + *taken, n);
      gsize consumed;

      answer = gm_http1_head_feed (parser, headers, piece, n, &consumed, why);
      FUZZ_CHECK (consumed <= n && (answer != GM_PARSE_MORE || consumed == n));
      FUZZ_CHECK (answer != GM_PARSE_BAD || consumed == 0);
      *taken += consumed;
    }

  return answer == GM_PARSE_MORE ? gm_http1_head_finish (parser, headers, why) : answer;
}

/* Up to three heads behind each other, as interim answers come. */
static char *
run (const Settings *settings,
     GmSpan text,
     gsize step)
{
  g_autoptr (GmHeaders) headers =
    settings->small_block ? gm_headers_new (100, 4) : gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  GString *account = g_string_new (NULL);

  for (guint i = 0; i < 3; i++)
    {
      GmHttp1Head parser;
      GmResult why = GM_OK;
      gsize taken;
      guint32 before = headers->len;
      GmParse answer;

      gm_http1_head_init (&parser, settings->low_limits ? &low_limits : NULL, settings->flags);
      answer = feed_in_pieces (&parser, headers, text, step, &taken, &why);
      g_string_append_printf (account, "%d %s %u %u|", (int) answer, gm_result_name (why), parser.version, parser.status);
      FUZZ_CHECK (answer != GM_PARSE_MORE);
      if (answer == GM_PARSE_BAD)
        {
          FUZZ_CHECK (headers->len == before);
          break;
        }
      if (parser.version == 9)
        {
          FUZZ_CHECK (gm_span_equal (gm_http1_head_get_raw (&parser, headers), gm_span (text.data, taken)));
          break;
        }
      FUZZ_CHECK (taken <= parser.limits->head_bytes && parser.n_entries <= parser.limits->fields);
      check_head (&parser, headers, gm_span (text.data, taken));
      append_span (account, gm_http1_head_get_reason (&parser, headers));
      note_entries (account, &parser, headers);
      note_facts (account, &parser, headers);
      g_string_append_printf (account, "%" G_GSIZE_FORMAT "\n", taken);
      text = gm_span (text.data + taken, text.len - taken);
    }

  return g_string_free (account, FALSE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  Settings settings = { .flags = fuzz_cut_byte (&input) & 0x1f };
  gsize step = 1 + fuzz_cut_byte (&input) % 32;
  guint8 limits = fuzz_cut_byte (&input);
  g_autofree char *whole = NULL;
  g_autofree char *pieces = NULL;
  g_autofree char *bytes = NULL;

  settings.low_limits = (limits & 1) != 0;
  settings.small_block = (limits & 2) != 0;
  whole = run (&settings, input, FUZZ_MAX_SIZE);
  pieces = run (&settings, input, step);
  bytes = run (&settings, input, 1);
  FUZZ_CHECK (strcmp (whole, pieces) == 0);
  FUZZ_CHECK (strcmp (whole, bytes) == 0);
  return 0;
}
