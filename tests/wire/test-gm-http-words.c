/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-words.h"

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

static void
assert_span (GmSpan is,
             const char *expected)
{
  g_autofree char *text = g_strndup (is.data, is.len);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_cut (void)
{
  GmSpan text = span (" \t name = \"a b\" ;x");
  GmSpan value;

  assert_span (gm_http_cut_token (&text), "name");
  g_assert_false (gm_http_cut_char (&text, ';'));
  assert_span (text, "= \"a b\" ;x");
  g_assert_true (gm_http_cut_char (&text, '='));
  g_assert_true (gm_http_cut_quoted (&text, &value));
  assert_span (value, "a b");
  assert_span (gm_http_cut_token (&text), "");
  g_assert_true (gm_http_cut_char (&text, ';'));
  g_assert_false (gm_http_cut_quoted (&text, &value));
  assert_span (gm_http_cut_token (&text), "x");
  assert_span (gm_http_cut_token (&text), "");
  g_assert_false (gm_http_cut_char (&text, ';'));

  text = span ("\"");
  g_assert_false (gm_http_cut_quoted (&text, &value));
  text = span ("\"\"");
  g_assert_true (gm_http_cut_quoted (&text, &value));
  g_assert_cmpuint (value.len, ==, 0);
  g_assert_cmpuint (text.len, ==, 0);
  text = span ("\"a");
  g_assert_false (gm_http_cut_quoted (&text, &value));
}

static void
test_seconds (void)
{
  static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1.5", "x" };
  gint64 seconds = 7;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (gm_http_read_seconds (span (bad[i]), 100, &seconds));
  g_assert_cmpint (seconds, ==, 7);
  g_assert_true (gm_http_read_seconds (span ("007"), 100, &seconds));
  g_assert_cmpint (seconds, ==, 7);
  g_assert_true (gm_http_read_seconds (span ("100"), 100, &seconds));
  g_assert_cmpint (seconds, ==, 100);
  g_assert_true (gm_http_read_seconds (span ("101"), 100, &seconds));
  g_assert_cmpint (seconds, ==, 100);
  g_assert_true (gm_http_read_seconds (span ("99999999999999999999999"), 100, &seconds));
  g_assert_cmpint (seconds, ==, 100);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-words/cut", test_cut);
  g_test_add_func ("/http-words/seconds", test_seconds);
  return g_test_run ();
}
