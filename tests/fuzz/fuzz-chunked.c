/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-bytes.h"
#include "gm-http-chunked.h"

/* First byte: bit 0 is the decoder's flag, bit 1 chooses what the rest is: the coded body, or a plain one that is first
 * encoded by us. Second byte: length of the pieces. Third: length of the chunks when we encode. */

typedef struct
{
  GmParse answer;
  GmResult why;
  gsize taken;
  GString *account;
} Outcome;

static Outcome
decode (GmSpan text,
        guint flags,
        gsize step)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (2000, 20);
  Outcome outcome = { .answer = GM_PARSE_MORE, .account = g_string_new (NULL) };
  GmHttpChunked decoder;

  gm_http_chunked_init (&decoder, NULL, flags);
  while (outcome.answer == GM_PARSE_MORE && outcome.taken < text.len)
    {
      gsize n = MIN (step, text.len - outcome.taken);
      g_autofree char *piece = g_memdup2 (text.data + outcome.taken, n);
      gsize consumed;
      GmSpan body;

      outcome.answer = gm_http_chunked_feed (&decoder, headers, piece, n, &consumed, &body, &outcome.why);
      FUZZ_CHECK (consumed <= n && body.len <= consumed);
      FUZZ_CHECK (outcome.answer == GM_PARSE_MORE ? consumed > 0 : body.len == 0);
      FUZZ_CHECK (body.len == 0 || (body.data >= piece && body.data + body.len <= piece + consumed));
      g_string_append_len (outcome.account, body.len > 0 ? body.data : "", (gssize) body.len);
      FUZZ_CHECK (outcome.account->len == decoder.n_body);
      outcome.taken += consumed;
    }

  /* How far a refused body was read depends on the pieces; how much of a good one, not. */
  if (outcome.answer == GM_PARSE_BAD)
    outcome.taken = 0;
  for (guint i = 0; i < gm_headers_get_n_entries (headers) && outcome.answer == GM_PARSE_DONE; i++)
    {
      GmSpan name = gm_headers_get_name (headers, i);
      GmSpan value = gm_headers_get_value (headers, i);

      g_string_append_printf (outcome.account, "|%.*s=%.*s", (int) name.len, name.data, (int) value.len, value.data);
    }
  return outcome;
}

static void
check_same (const Outcome *a,
            const Outcome *b)
{
  FUZZ_CHECK (a->answer == b->answer && a->why == b->why && a->taken == b->taken);
  FUZZ_CHECK (g_string_equal (a->account, b->account));
}

/* What was taken for a whole body ends with a blank line, and its data is less than its text. */
static void
check_done (GmSpan text,
            const Outcome *outcome)
{
  FUZZ_CHECK (outcome->taken >= 3 && text.data[outcome->taken - 1] == '\n');
  FUZZ_CHECK (text.data[outcome->taken - 2] == '\n' ||
              (text.data[outcome->taken - 2] == '\r' && text.data[outcome->taken - 3] == '\n'));
}

static void
check_cuts (GmSpan text,
            guint flags,
            gsize step)
{
  Outcome whole = decode (text, flags, G_MAXSIZE);
  Outcome pieces = decode (text, flags, step);
  Outcome bytes = decode (text, flags, 1);

  check_same (&whole, &pieces);
  check_same (&whole, &bytes);
  if (whole.answer == GM_PARSE_DONE)
    check_done (text, &whole);
  g_string_free (whole.account, TRUE);
  g_string_free (pieces.account, TRUE);
  g_string_free (bytes.account, TRUE);
}

static void
check_round_trip (GmSpan body,
                  guint flags,
                  gsize step,
                  gsize chunk)
{
  g_auto (GmByteBuilder) out = { 0 };
  Outcome outcome;

  for (gsize done = 0; done < body.len; done += chunk)
    {
      gsize n = MIN (chunk, body.len - done);
      char head[GM_HTTP_CHUNK_HEAD_MAX];

      gm_byte_builder_append (&out, head, gm_http_chunk_write_head (head, n));
      gm_byte_builder_append (&out, body.data + done, n);
      gm_byte_builder_append_literal (&out, GM_HTTP_CHUNK_END);
    }
  gm_byte_builder_append_literal (&out, GM_HTTP_CHUNK_LAST GM_HTTP_CHUNK_END "rest");
  outcome = decode (gm_span (out.data, out.len), flags, step);
  FUZZ_CHECK (outcome.answer == GM_PARSE_DONE && outcome.taken == out.len - strlen ("rest"));
  FUZZ_CHECK (gm_span_equal (body, gm_span (outcome.account->str, outcome.account->len)));
  g_string_free (outcome.account, TRUE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 mode = fuzz_cut_byte (&input);
  gsize step = 1 + fuzz_cut_byte (&input) % 32;
  gsize chunk = 1 + fuzz_cut_byte (&input);

  if (mode & 2)
    check_round_trip (input, mode & 1, step, chunk);
  else
    check_cuts (input, mode & 1, step);
  return 0;
}
