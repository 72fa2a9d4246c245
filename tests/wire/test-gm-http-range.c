/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-range.h"

static void
test_range (void)
{
  static const struct
  {
    const char *text;
    gint64 start;
    gint64 end;
    guint n; /* 0: refused */
  } cases[] = {
    { "0-499", 0, 499, 1 },
    { "0-0", 0, 0, 1 },
    { "500-", 500, -1, 1 },
    { "-500", -1, 500, 1 },
    { " 0-1 , 5-6,-3 ", 0, 1, 3 },
    { "9223372036854775807-", G_MAXINT64, -1, 1 },
    { "9223372036854775808-", 0, 0, 0 },
    { "0-9223372036854775808", 0, 0, 0 },
    { "", 0, 0, 0 },
    { "-", 0, 0, 0 },
    { "-0", 0, 0, 0 },
    { "5", 0, 0, 0 },
    { "5-4", 0, 0, 0 },
    { "1--2", 0, 0, 0 },
    { "1-2-3", 0, 0, 0 },
    { "1 -2", 0, 0, 0 },
    { "1-2,", 0, 0, 0 },
    { ",1-2", 0, 0, 0 },
    { "1-2,3-", 1, 2, 2 },
    { "a-b", 0, 0, 0 },
    { "0x1-2", 0, 0, 0 },
    { "0-1\r\nX: y", 0, 0, 0 },
    { "bytes=0-1", 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmSpan text = gm_span (cases[i].text, strlen (cases[i].text));
      GmHttpRange range = { 7, 7 };
      guint n = 7;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (gm_http_range_parse (text, &range, &n), ==, cases[i].n > 0);
      g_assert_cmpint (gm_http_range_parse (text, NULL, NULL), ==, cases[i].n > 0);
      g_assert_cmpint (range.start, ==, cases[i].n > 0 ? cases[i].start : 7);
      g_assert_cmpint (range.end, ==, cases[i].n > 0 ? cases[i].end : 7);
      g_assert_cmpuint (n, ==, cases[i].n > 0 ? cases[i].n : 7);
    }
}

static void
test_parts_limit (void)
{
  g_autoptr (GString) text = g_string_new ("0-1");
  guint n;

  for (guint i = 1; i < GM_HTTP_RANGE_MAX_PARTS; i++)
    g_string_append (text, ",0-1");
  g_assert_true (gm_http_range_parse (gm_span (text->str, text->len), NULL, &n));
  g_assert_cmpuint (n, ==, GM_HTTP_RANGE_MAX_PARTS);
  g_string_append (text, ",0-1");
  g_assert_false (gm_http_range_parse (gm_span (text->str, text->len), NULL, &n));
}

static void
test_content_range (void)
{
  static const struct
  {
    const char *text;
    gboolean good;
    gint64 start;
    gint64 end;
    gint64 total;
  } cases[] = {
    { "bytes 0-9/100", TRUE, 0, 9, 100 },
    { "bytes 0-9/10", TRUE, 0, 9, 10 },
    { "BYTES\t 5-5/*", TRUE, 5, 5, -1 },
    { " bytes */100 ", TRUE, -1, -1, 100 },
    { "bytes */0", TRUE, -1, -1, 0 },
    { "bytes 0-9223372036854775806/9223372036854775807", TRUE, 0, G_MAXINT64 - 1, G_MAXINT64 },
    { "bytes 0-9/9", FALSE, 0, 0, 0 },
    { "bytes 9-8/100", FALSE, 0, 0, 0 },
    { "bytes */*", FALSE, 0, 0, 0 },
    { "bytes 0-9", FALSE, 0, 0, 0 },
    { "bytes 0-9/", FALSE, 0, 0, 0 },
    { "bytes -9/100", FALSE, 0, 0, 0 },
    { "bytes 0-/100", FALSE, 0, 0, 0 },
    { "bytes 0/100", FALSE, 0, 0, 0 },
    { "bytes 0-9/100x", FALSE, 0, 0, 0 },
    { "bytes 0-9/-1", FALSE, 0, 0, 0 },
    { "bytes 0-9/9223372036854775808", FALSE, 0, 0, 0 },
    { "bytes 9223372036854775808-9223372036854775809/*", FALSE, 0, 0, 0 },
    { "bytes=0-9/100", FALSE, 0, 0, 0 },
    { "bytes", FALSE, 0, 0, 0 },
    { "bytes ", FALSE, 0, 0, 0 },
    { "byte 0-9/100", FALSE, 0, 0, 0 },
    { "items 0-9/100", FALSE, 0, 0, 0 },
    { "", FALSE, 0, 0, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 start = 7;
      gint64 end = 7;
      gint64 total = 7;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (
        gm_http_content_range_parse (gm_span (cases[i].text, strlen (cases[i].text)), &start, &end, &total), ==,
        cases[i].good);
      g_assert_cmpint (start, ==, cases[i].good ? cases[i].start : 7);
      g_assert_cmpint (end, ==, cases[i].good ? cases[i].end : 7);
      g_assert_cmpint (total, ==, cases[i].good ? cases[i].total : 7);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-range/range", test_range);
  g_test_add_func ("/http-range/parts-limit", test_parts_limit);
  g_test_add_func ("/http-range/content-range", test_content_range);
  return g_test_run ();
}
