/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http1-write.h"

static void
test_head (void)
{
  g_auto (GmByteBuilder) out = { 0 };
  static const char expected[] = "GET /a?b HTTP/1.1\r\nHost: h:8080\r\nEmpty:\r\nContent-Length: 18446744073709551615\r\n\r\n"
                                 "M-SEARCH * HTTP/1.0\r\n";

  g_assert_cmpint (gm_http1_write_request_line (&out, GM_SPAN ("GET"), GM_SPAN ("/a?b"), 11), ==, GM_OK);
  g_assert_cmpint (gm_http1_write_field (&out, GM_SPAN ("Host"), GM_SPAN ("h:8080")), ==, GM_OK);
  g_assert_cmpint (gm_http1_write_field (&out, GM_SPAN ("Empty"), GM_SPAN ("")), ==, GM_OK);
  g_assert_cmpint (gm_http1_write_field_uint (&out, GM_SPAN ("Content-Length"), G_MAXUINT64), ==, GM_OK);
  g_assert_cmpint (gm_http1_write_end (&out), ==, GM_OK);
  g_assert_cmpint (gm_http1_write_request_line (&out, GM_SPAN ("M-SEARCH"), GM_SPAN ("*"), 10), ==, GM_OK);
  g_assert_cmpmem (out.data, out.len, expected, sizeof expected - 1);
}

static void
test_refused (void)
{
  static const GmSpan bad_tokens[] = {
    GM_SPAN (""), GM_SPAN ("G T"), GM_SPAN ("GET\r"), GM_SPAN ("GET\n"), GM_SPAN ("G\0T"), GM_SPAN ("G:"), GM_SPAN ("G\xc3\xa9T"),
  };
  static const GmSpan bad_targets[] = {
    GM_SPAN (""), GM_SPAN ("/ "), GM_SPAN ("/\r\nX: y"), GM_SPAN ("/\n"), GM_SPAN ("/\0"), GM_SPAN ("/\t"), GM_SPAN ("/\x7f"),
  };
  static const GmSpan bad_values[] = { GM_SPAN ("a\r\nX: y"), GM_SPAN ("a\n"), GM_SPAN ("\r"), GM_SPAN ("\0") };
  g_auto (GmByteBuilder) out = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (bad_tokens); i++)
    {
      g_assert_cmpint (gm_http1_write_request_line (&out, bad_tokens[i], GM_SPAN ("/"), 11), ==, GM_BAD_REQUEST);
      g_assert_cmpint (gm_http1_write_field (&out, bad_tokens[i], GM_SPAN ("v")), ==, GM_BAD_REQUEST);
      g_assert_cmpint (gm_http1_write_field_uint (&out, bad_tokens[i], 1), ==, GM_BAD_REQUEST);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad_targets); i++)
    g_assert_cmpint (gm_http1_write_request_line (&out, GM_SPAN ("GET"), bad_targets[i], 11), ==, GM_BAD_REQUEST);
  for (guint i = 0; i < G_N_ELEMENTS (bad_values); i++)
    g_assert_cmpint (gm_http1_write_field (&out, GM_SPAN ("A"), bad_values[i]), ==, GM_BAD_REQUEST);
  g_assert_cmpuint (out.len, ==, 0);
}

/* The classes, character by character. */
static void
test_characters (void)
{
  for (guint c = 0; c < 256; c++)
    {
      char text[1] = { (char) c };
      GmSpan span = gm_span (text, 1);

      g_assert_cmpint (gm_http_is_token (span), ==,
                       g_ascii_isalnum ((char) c) || (c != 0 && strchr ("!#$%&'*+-.^_`|~", (int) c) != NULL));
      g_assert_cmpint (gm_http_is_request_target (span), ==, c > 0x20 && c != 0x7f);
      g_assert_cmpint (gm_http_is_field_value (span), ==, c != '\r' && c != '\n' && c != '\0');
    }
  g_assert_true (gm_http_is_field_value (GM_SPAN ("")));
}

static void
test_no_room (void)
{
  g_auto (GmByteBuilder) out = { .max = 20 };

  g_assert_cmpint (gm_http1_write_request_line (&out, GM_SPAN ("GET"), GM_SPAN ("/12345"), 11), ==, GM_OUT_OF_MEMORY);
  g_assert_cmpint (gm_http1_write_field (&out, GM_SPAN ("A"), GM_SPAN ("b")), ==, GM_OUT_OF_MEMORY);
  g_assert_cmpint (gm_http1_write_end (&out), ==, GM_OUT_OF_MEMORY);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http1-write/head", test_head);
  g_test_add_func ("/http1-write/refused", test_refused);
  g_test_add_func ("/http1-write/characters", test_characters);
  g_test_add_func ("/http1-write/no-room", test_no_room);
  return g_test_run ();
}
