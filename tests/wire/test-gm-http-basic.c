/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-basic.h"

static void
test_basic (void)
{
  static const struct
  {
    GmSpan user;
    GmSpan password;
    const char *expected;
  } cases[] = {
    { GM_SPAN ("Aladdin"), GM_SPAN ("open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
    { GM_SPAN ("test"), GM_SPAN ("123\xc2\xa3"), "Basic dGVzdDoxMjPCow==" },
    { GM_SPAN (""), GM_SPAN (""), "Basic Og==" },
    { { NULL, 0 }, { NULL, 0 }, "Basic Og==" },
    { GM_SPAN ("a"), GM_SPAN ("b:c"), "Basic YTpiOmM=" },
    { GM_SPAN ("a"), GM_SPAN ("b"), "Basic YTpi" },
    { GM_SPAN ("a:b"), GM_SPAN ("c"), "Basic YTpiOmM=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GmByteBuilder) out = { 0 };

      g_assert_cmpint (gm_http_basic_write (&out, cases[i].user, cases[i].password), ==, GM_OK);
      g_assert_cmpmem (out.data, out.len, cases[i].expected, strlen (cases[i].expected));
    }
}

/* Of all lengths: the reserved room is enough (the sanitizer looks), and it decodes to what went in. */
static void
test_lengths (void)
{
  g_autofree char *text = g_strnfill (200, 'x');

  for (gsize user = 0; user < 40; user++)
    {
      for (gsize password = 0; password < 40; password++)
        {
          g_auto (GmByteBuilder) out = { 0 };
          g_autofree char *encoded = NULL;
          g_autofree guchar *decoded = NULL;
          gsize len;

          g_assert_cmpint (gm_http_basic_write (&out, gm_span (text, user), gm_span (text, password)), ==, GM_OK);
          encoded = g_strndup (out.data + 6, out.len - 6);
          decoded = g_base64_decode (encoded, &len);
          g_assert_cmpuint (len, ==, user + 1 + password);
          g_assert_cmpint (decoded[user], ==, ':');
        }
    }
}

static void
test_bearer (void)
{
  g_auto (GmByteBuilder) out = { 0 };

  g_assert_cmpint (gm_http_bearer_write (&out, GM_SPAN ("mF_9.B5f-4.1JqM==")), ==, GM_OK);
  g_assert_cmpmem (out.data, out.len, "Bearer mF_9.B5f-4.1JqM==", 24);
}

static void
test_refused (void)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) small = { .max = 12 };
  g_autofree char *huge = g_strnfill (1024 * 1024 + 1, 'x');

  g_assert_cmpint (gm_http_basic_write (&out, gm_span (huge, 1024 * 1024 + 1), GM_SPAN ("c")), ==, GM_BAD_REQUEST);
  g_assert_cmpint (gm_http_basic_write (&out, GM_SPAN ("a"), gm_span (huge, 1024 * 1024 + 1)), ==, GM_BAD_REQUEST);
  g_assert_cmpint (gm_http_bearer_write (&out, GM_SPAN ("")), ==, GM_BAD_REQUEST);
  g_assert_cmpint (gm_http_bearer_write (&out, GM_SPAN ("a b")), ==, GM_BAD_REQUEST);
  g_assert_cmpint (gm_http_bearer_write (&out, GM_SPAN ("a\r\nX: y")), ==, GM_BAD_REQUEST);
  g_assert_cmpint (gm_http_bearer_write (&out, gm_span (huge, 1024 * 1024 + 1)), ==, GM_BAD_REQUEST);
  g_assert_cmpuint (out.len, ==, 0);

  g_assert_cmpint (gm_http_basic_write (&small, GM_SPAN ("a"), GM_SPAN ("b")), ==, GM_OUT_OF_MEMORY);
  gm_byte_builder_reset (&small);
  g_assert_cmpint (gm_http_bearer_write (&small, GM_SPAN ("abcdefg")), ==, GM_OUT_OF_MEMORY);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-basic/basic", test_basic);
  g_test_add_func ("/http-basic/lengths", test_lengths);
  g_test_add_func ("/http-basic/bearer", test_bearer);
  g_test_add_func ("/http-basic/refused", test_refused);
  return g_test_run ();
}
