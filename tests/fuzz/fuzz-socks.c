/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-http1-write.h"
#include "gm-socks-frame.h"
#include "gm-socks.h"

/* Everything a SOCKS proxy says, to one of the requests there are; whole and byte by byte it comes to the same. The first
 * byte chooses the request. So it goes with the frames around tokens of GSSAPI. */

#define NAME { "host.example", 12 }

static const GmSocksTarget targets[] = {
  { .version = 4, .port = 80, .address_len = 4 },
  { .version = 4, .port = 80, .name = NAME, .user = { "me", 2 } },
  { .version = 4, .port = 80, .name = { "a\0b", 3 } },
  { .version = 5, .auth = GM_SOCKS_AUTH_NONE, .port = 80, .address_len = 16 },
  { .version = 5, .auth = GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN, .name = NAME, .user = { "me", 2 } },
  { .version = 5, .auth = GM_SOCKS_AUTH_LOGIN, .address_len = 4, .user = { "me", 2 }, .password = { "pw", 2 } },
  { .version = 5, .auth = GM_SOCKS_AUTH_LOGIN, .name = NAME },
  { .version = 5, .auth = GM_SOCKS_AUTH_NONE },
  { .version = 5, .auth = GM_SOCKS_AUTH_GSSAPI, .name = NAME },
};

typedef struct
{
  GmParse parse;
  GmResult why;
  guint code;
  gsize taken;
  GmByteBuilder out;
} Outcome;

static Outcome
talk (const GmSocksTarget *target,
      GmSpan input,
      gsize step)
{
  Outcome outcome = { .parse = GM_PARSE_MORE };
  GmSocks socks;

  outcome.why = gm_socks_begin (&socks, target, &outcome.out);
  if (outcome.why != GM_OK)
    {
      FUZZ_CHECK (outcome.out.len == 0 && gm_socks_need (&socks) == 0);
      outcome.parse = GM_PARSE_BAD;
    }
  while (outcome.parse == GM_PARSE_MORE && outcome.taken < input.len)
    {
      gsize n = MIN (step, input.len - outcome.taken);
      gsize consumed;

      if (socks.state == GM_SOCKS_GSSAPI)
        gm_socks_logged_in (&socks, &outcome.out);
      FUZZ_CHECK (gm_socks_need (&socks) > 0 && gm_socks_need (&socks) <= GM_SOCKS_REPLY_MAX);
      outcome.parse = gm_socks_feed (&socks, input.data + outcome.taken, n, &consumed, &outcome.out, &outcome.why);
      FUZZ_CHECK (consumed <= n &&                   (outcome.parse != GM_PARSE_MORE || consumed == n || socks.state == GM_SOCKS_GSSAPI));
      outcome.taken += outcome.parse == GM_PARSE_BAD ? 0 : consumed;
    }
  outcome.code = socks.code;
  FUZZ_CHECK ((outcome.parse == GM_PARSE_MORE && socks.state != GM_SOCKS_GSSAPI) == (gm_socks_need (&socks) > 0));
  FUZZ_CHECK ((outcome.why == GM_SOCKS_REFUSED) == (outcome.code != 0));

  return outcome;
}

/* Frame after frame, of all three types. TRUE: all were good. */
static gboolean
talk_frames (GmSpan input,
             gsize step,
             GmByteBuilder *out)
{
  GmSocksFrame frame = { 0 };
  GmParse parse = GM_PARSE_DONE;
  GmResult why = GM_OK;
  gsize done = 0;
  guint n = 0;

  while (parse != GM_PARSE_BAD && done < input.len)
    {
      gsize some;

      if (parse == GM_PARSE_DONE)
        gm_socks_frame_begin (&frame, (GmSocksFrameType) (GM_SOCKS_FRAME_TOKEN + n++ % 3));
      FUZZ_CHECK (gm_socks_frame_need (&frame) > 0 && gm_socks_frame_need (&frame) <= GM_SOCKS_FRAME_MAX);
      some = MIN (MIN (step, gm_socks_frame_need (&frame)), input.len - done);
      parse = gm_socks_frame_feed (&frame, input.data + done, some, &why);
      done += some;
      if (parse == GM_PARSE_DONE)
        FUZZ_CHECK (gm_socks_frame_write (out, (GmSocksFrameType) frame.wanted,
                                          gm_span (frame.token.data, frame.token.len)) == GM_OK);
    }
  FUZZ_CHECK ((parse == GM_PARSE_BAD) == (why != GM_OK));
  gm_socks_frame_clear (&frame);

  return parse != GM_PARSE_BAD;
}

static void
check_frames (GmSpan input)
{
  g_auto (GmByteBuilder) whole = { 0 };
  g_auto (GmByteBuilder) bytes = { 0 };

  FUZZ_CHECK (talk_frames (input, MAX (input.len, 1), &whole) == talk_frames (input, 1, &bytes));
  FUZZ_CHECK (gm_span_equal (gm_span (whole.data, whole.len), gm_span (bytes.data, bytes.len)));
  /* What was good comes out as it went in. */
  FUZZ_CHECK (whole.len <= input.len && (whole.len == 0 || memcmp (whole.data, input.data, whole.len) == 0));
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  const GmSocksTarget *target = &targets[fuzz_cut_byte (&input) % G_N_ELEMENTS (targets)];
  Outcome whole = talk (target, input, MAX (input.len, 1));
  Outcome bytes = talk (target, input, 1);
  g_autofree char *line = g_strndup (input.data, input.len);
  GmHttp1UserField field;

  FUZZ_CHECK (whole.parse == bytes.parse && whole.why == bytes.why && whole.code == bytes.code);
  FUZZ_CHECK (whole.parse == GM_PARSE_BAD || whole.taken == bytes.taken);
  FUZZ_CHECK (gm_span_equal (gm_span (whole.out.data, whole.out.len), gm_span (bytes.out.data, bytes.out.len)));
  gm_byte_builder_clear (&whole.out);
  gm_byte_builder_clear (&bytes.out);

  check_frames (input);
  if (gm_http1_user_field_parse (line, &field))
    FUZZ_CHECK (field.name.len > 0 && (!field.remove || field.value.len == 0));

  return 0;
}
