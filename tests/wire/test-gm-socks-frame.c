/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-socks-frame.h"
#include "splits.h"

typedef struct
{
  const char *name;
  GmSocksFrameType wanted;
  GmSpan input;
  const char *expected; /* "token rest", "MORE need" or a cause */
} Vector;

typedef struct
{
  GmSocksFrame frame;
  GmParse answer;
  GmResult why;
  GString *rest;
} Run;

static gpointer
run_begin (gconstpointer data)
{
  const Vector *vector = data;
  Run *run = g_new0 (Run, 1);

  run->rest = g_string_new (NULL);
  run->answer = GM_PARSE_MORE;
  gm_socks_frame_begin (&run->frame, vector->wanted);
  return run;
}

static void
run_feed (gpointer data,
          GmSpan piece)
{
  Run *run = data;

  while (run->answer == GM_PARSE_MORE && piece.len > 0)
    {
      gsize n = MIN (piece.len, gm_socks_frame_need (&run->frame));

      g_assert_cmpuint (n, >, 0);
      run->answer = gm_socks_frame_feed (&run->frame, piece.data, n, &run->why);
      piece = gm_span (piece.data + n, piece.len - n);
    }
  if (run->answer == GM_PARSE_DONE)
    {
      g_assert_cmpuint (gm_socks_frame_need (&run->frame), ==, 0);
      g_string_append_len (run->rest, piece.data, (gssize) piece.len);
    }
}

static char *
run_end (gpointer data)
{
  Run *run = data;
  char *account;

  if (run->answer == GM_PARSE_BAD)
    account = g_strdup (gm_result_name (run->why));
  else if (run->answer == GM_PARSE_DONE)
    account = g_strdup_printf ("%.*s %s", (int) run->frame.token.len, run->frame.token.data, run->rest->str);
  else
    account = g_strdup_printf ("MORE %" G_GSIZE_FORMAT, gm_socks_frame_need (&run->frame));
  gm_socks_frame_clear (&run->frame);
  g_string_free (run->rest, TRUE);
  g_free (run);

  return account;
}

static const Vector vectors[] = {
  { "token", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1\0\5tokenrest"), "token rest" },
  { "level", GM_SOCKS_FRAME_LEVEL, GM_SPAN ("\1\2\0\1x"), "x " },
  { "data", GM_SOCKS_FRAME_DATA, GM_SPAN ("\1\3\0\1x\1\3"), "x \1\3" },
  { "nothing", GM_SOCKS_FRAME_TOKEN, GM_SPAN (""), "MORE 2" },
  { "version-alone", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1"), "MORE 1" },
  { "half-a-head", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1"), "MORE 2" },
  { "half-a-length", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1\xff"), "MORE 1" },
  { "no-token", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1\xff\xff"), "MORE 65535" },
  { "half-a-token", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1\1\0abc"), "MORE 253" },
  { "empty-token", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\1\0\0rest"), "PROXY_BAD_REPLY" },
  { "version", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\5\1\0\1x"), "PROXY_BAD_REPLY" },
  { "type", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\2\0\1x"), "PROXY_BAD_REPLY" },
  { "refusal", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\1\xff"), "PROXY_LOGIN" },
  { "refusal-of-level", GM_SOCKS_FRAME_LEVEL, GM_SPAN ("\1\xff"), "PROXY_LOGIN" },
  { "refusal-of-data", GM_SOCKS_FRAME_DATA, GM_SPAN ("\1\xff"), "PROXY_BAD_REPLY" },
  { "refusal-of-another-version", GM_SOCKS_FRAME_TOKEN, GM_SPAN ("\5\xff"), "PROXY_BAD_REPLY" },
};

static void
test_vectors (gconstpointer data)
{
  static const SplitTest test = { run_begin, run_feed, run_end };
  const Vector *vector = data;

  splits_check (&test, vector, vector->input, vector->expected);
}

/* One after the other, in the same memory. */
static void
test_again (void)
{
  GmSocksFrame frame = { 0 };
  GmResult why;

  for (guint i = 0; i < 3; i++)
    {
      gm_socks_frame_begin (&frame, GM_SOCKS_FRAME_DATA);
      g_assert_cmpuint (gm_socks_frame_need (&frame), ==, 2);
      g_assert_cmpint (gm_socks_frame_feed (&frame, "\1\3", 2, &why), ==, GM_PARSE_MORE);
      g_assert_cmpint (gm_socks_frame_feed (&frame, "\0\2", 2, &why), ==, GM_PARSE_MORE);
      g_assert_cmpint (gm_socks_frame_feed (&frame, "ab", 2, &why), ==, GM_PARSE_DONE);
      g_assert_cmpuint (frame.token.len, ==, 2);
    }
  gm_socks_frame_clear (&frame);
  g_assert_cmpuint (gm_socks_frame_need (&frame), ==, 2);
}

static void
test_write (void)
{
  g_autofree char *token = g_strnfill (GM_SOCKS_FRAME_MAX + 1, 'x');
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) small = { .max = 6 };

  g_assert_cmpint (gm_socks_frame_write (&out, GM_SOCKS_FRAME_LEVEL, GM_SPAN ("ab")), ==, GM_OK);
  g_assert_cmpmem (out.data, out.len, "\1\2\0\2ab", 6);
  gm_byte_builder_reset (&out);
  g_assert_cmpint (gm_socks_frame_write (&out, GM_SOCKS_FRAME_REFUSAL, gm_span (NULL, 0)), ==, GM_OK);
  g_assert_cmpmem (out.data, out.len, "\1\xff", 2);
  gm_byte_builder_reset (&out);
  g_assert_cmpint (gm_socks_frame_write (&out, GM_SOCKS_FRAME_DATA, gm_span (token, GM_SOCKS_FRAME_MAX + 1)), ==,
                   GM_TOO_LARGE);
  g_assert_cmpuint (out.len, ==, 0);
  g_assert_cmpint (gm_socks_frame_write (&out, GM_SOCKS_FRAME_DATA, gm_span (token, GM_SOCKS_FRAME_MAX)), ==, GM_OK);
  g_assert_cmpuint (out.len, ==, 4 + GM_SOCKS_FRAME_MAX);
  g_assert_cmpmem (out.data, 4, "\1\3\xff\xff", 4);
  g_assert_cmpint (gm_socks_frame_write (&small, GM_SOCKS_FRAME_DATA, GM_SPAN ("abc")), ==, GM_OUT_OF_MEMORY);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path = g_strconcat ("/gm-socks-frame/", vectors[i].name, NULL);

      g_test_add_data_func (path, &vectors[i], test_vectors);
    }
  g_test_add_func ("/gm-socks-frame/again", test_again);
  g_test_add_func ("/gm-socks-frame/write", test_write);

  return g_test_run ();
}
