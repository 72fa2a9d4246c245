/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ascii.h"

static void
test_numbers (void)
{
  guint64 v = 7;

  g_assert_true (gm_span_to_uint64 (GM_SPAN ("0"), G_MAXUINT64, &v));
  g_assert_cmpuint (v, ==, 0);
  g_assert_true (gm_span_to_uint64 (GM_SPAN ("18446744073709551615"), G_MAXUINT64, &v));
  g_assert_cmpuint (v, ==, G_MAXUINT64);
  v = 7;
  g_assert_false (gm_span_to_uint64 (GM_SPAN ("18446744073709551616"), G_MAXUINT64, &v));
  g_assert_false (gm_span_to_uint64 (GM_SPAN (""), G_MAXUINT64, &v));
  g_assert_false (gm_span_to_uint64 (GM_SPAN ("+1"), G_MAXUINT64, &v));
  g_assert_false (gm_span_to_uint64 (GM_SPAN (" 1"), G_MAXUINT64, &v));
  g_assert_false (gm_span_to_uint64 (GM_SPAN ("11"), 10, &v));
  g_assert_cmpuint (v, ==, 7);

  g_assert_true (gm_span_to_hex64 (GM_SPAN ("fFfFfFfFfFfFfFfF"), G_MAXUINT64, &v));
  g_assert_cmpuint (v, ==, G_MAXUINT64);
  g_assert_false (gm_span_to_hex64 (GM_SPAN ("10000000000000000"), G_MAXUINT64, &v));
  g_assert_false (gm_span_to_hex64 (GM_SPAN ("0x1"), G_MAXUINT64, &v));
}

static void
test_decimal (void)
{
  char text[GM_DECIMAL_MAX];

  g_assert_cmpmem (text, gm_decimal_write (text, 0), "0", 1);
  g_assert_cmpmem (text, gm_decimal_write (text, 40960), "40960", 5);
  g_assert_cmpmem (text, gm_decimal_write (text, G_MAXUINT64), "18446744073709551615", 20);
}

static void
test_tokens (void)
{
  g_assert_true (gm_span_has_token (GM_SPAN ("keep-alive, Close"), GM_SPAN ("close")));
  g_assert_true (gm_span_has_token (GM_SPAN ("\tclose "), GM_SPAN ("close")));
  g_assert_false (gm_span_has_token (GM_SPAN ("closed,clos"), GM_SPAN ("close")));
  g_assert_false (gm_span_has_token (GM_SPAN (""), GM_SPAN ("close")));
  g_assert_true (gm_span_equal_nocase (GM_SPAN ("Content-Length"), GM_SPAN ("content-length")));
  g_assert_false (gm_span_equal_nocase (GM_SPAN ("@"), GM_SPAN ("`")));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ascii/numbers", test_numbers);
  g_test_add_func ("/ascii/decimal", test_decimal);
  g_test_add_func ("/ascii/tokens", test_tokens);
  return g_test_run ();
}
