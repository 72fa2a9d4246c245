/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-data-url.h"

#define assert_result(got, wanted) g_assert_cmpstr (gm_result_name (got), ==, gm_result_name (wanted))

static GmResult
parse_data (const char *text,
            GmDataUrl *data)
{
  g_autoptr (GmUrl) url = NULL;

  assert_result (gm_url_parse (text, strlen (text), GM_URL_ALLOW_SPACE, &url), GM_OK);
  return gm_data_url_parse (url, data);
}

static void
test_taken (void)
{
  static const struct
  {
    const char *text;
    const char *media_type;
    GmSpan body;
    gboolean is_base64;
  } vectors[] = {
#define BYTES(text) { text, sizeof (text) - 1 }
#define DEFAULT "text/plain;charset=US-ASCII"
    { "data:,", DEFAULT, BYTES (""), FALSE },
    { "data:,A%20brief%20note", DEFAULT, BYTES ("A brief note"), FALSE },
    { "data:,a b?c,d;e", DEFAULT, BYTES ("a b?c,d;e"), FALSE },
    { "data:,a#fragment", DEFAULT, BYTES ("a"), FALSE },
    { "data:,%00%ff%0A\xc3\xa9", DEFAULT, BYTES ("\0\xff\n\xc3\xa9"), FALSE },
    { "data:text/html,<p>", "text/html", BYTES ("<p>"), FALSE },
    { "data:Text/HTML;Charset=UTF-8,x", "Text/HTML;Charset=UTF-8", BYTES ("x"), FALSE },
    { "data:;charset=utf-8,x", "text/plain;charset=utf-8", BYTES ("x"), FALSE },
    { "data:;base64,", DEFAULT, BYTES (""), TRUE },
    { "data:;base64,Zg==", DEFAULT, BYTES ("f"), TRUE },
    { "data:;base64,Zm8=", DEFAULT, BYTES ("fo"), TRUE },
    { "data:;base64,Zm9v", DEFAULT, BYTES ("foo"), TRUE },
    { "data:;base64,Zm9vYg==", DEFAULT, BYTES ("foob"), TRUE },
    { "data:;base64,Zm9vYmFy", DEFAULT, BYTES ("foobar"), TRUE },
    { "data:;base64,Zg", DEFAULT, BYTES ("f"), TRUE },
    { "data:;base64,Zm8", DEFAULT, BYTES ("fo"), TRUE },
    { "data:;base64,Zg%3d%3D", DEFAULT, BYTES ("f"), TRUE },
    { "data:;base64,%5A%6d9v", DEFAULT, BYTES ("foo"), TRUE },
    { "data:;base64,+/8A", DEFAULT, BYTES ("\xfb\xff\0"), TRUE },
    { "data:image/png;BASE64,AAAA", "image/png", BYTES ("\0\0\0"), TRUE },
    { "data:a/b;c=d;base64,AAAA", "a/b;c=d", BYTES ("\0\0\0"), TRUE },
    { "data:a/b;base64;c=d,AAAA", "a/b;base64;c=d", BYTES ("AAAA"), FALSE },
    { "data:a/b;xbase64,AAAA", "a/b;xbase64", BYTES ("AAAA"), FALSE },
    { "data:image/svg+xml;utf8,%3Csvg/%3E", "image/svg+xml;utf8", BYTES ("<svg/>"), FALSE },
    { "data:a/b;c=%22d e%22,x", "a/b;c=\"d e\"", BYTES ("x"), FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (GmDataUrl) data = { NULL };
      gsize len;
      const char *body;

      g_test_message ("%s", vectors[i].media_type);
      assert_result (parse_data (vectors[i].text, &data), GM_OK);
      body = g_bytes_get_data (data.body, &len);
      g_assert_cmpstr (data.media_type, ==, vectors[i].media_type);
      g_assert_cmpmem (body, len, vectors[i].body.data, vectors[i].body.len);
      g_assert_cmpint (data.is_base64, ==, vectors[i].is_base64);
    }
}

static void
test_refused (void)
{
  static const char *const vectors[] = {
    "data:",
    "data:text/plain",
    "data:text/plain;base64",
    "data:#,x",
    "data:,%",
    "data:,%4",
    "data:,%4g",
    "data:,100%",
    "data:text%zz/plain,x",
    "data:text,x",
    "data:text/,x",
    "data:/plain,x",
    "data:/,x",
    "data:a/b/c,x",
    "data:a b/c,x",
    "data:a/b%0d%0aX:y,x",
    "data:a/b%00,x",
    "data:a/\xc3\xa9,x",
    "data:a/b;c=\xc3\xa9,x",
    "data:base64,AAAA",
    "data:;base64,A",
    "data:;base64,AAAAA",
    "data:;base64,AA=",
    "data:;base64,AAA==",
    "data:;base64,AAAA=",
    "data:;base64,AAAA====",
    "data:;base64,====",
    "data:;base64,=",
    "data:;base64,AA==AAAA",
    "data:;base64,A=AA",
    "data:;base64,AA AA",
    "data:;base64,AA%0aAA",
    "data:;base64,AA-_",
    "data:;base64,AA\xc3\xa9",
    "data:;base64,AA%3",
    "data:;base64,Zh==",
    "data:;base64,Zm9=",
    "data:;base64,Zh",
    "data:;base64,AA,A",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      GmDataUrl data = { (char *) "untouched", FALSE, NULL };
      g_autofree char *shown = g_strescape (vectors[i], NULL);

      g_test_message ("%s", shown);
      assert_result (parse_data (vectors[i], &data), GM_DATA_MALFORMED);
      g_assert_cmpstr (data.media_type, ==, "untouched");
      g_assert_null (data.body);
    }
}

static void
test_other_scheme (void)
{
  GmDataUrl data = { NULL };

  assert_result (parse_data ("http://h/,x", &data), GM_BAD_URL);
  g_assert_null (data.media_type);
}

static void
test_parameters (void)
{
  g_auto (GmDataUrl) data = { NULL };
  g_auto (GmDataUrl) bare = { NULL };
  GmSpan value;

  assert_result (parse_data ("data:a/b;CharSet=utf-8;q=\"x;y=\\\";z=\"; r = s ;t,", &data), GM_OK);
  value = gm_data_url_get_parameter (&data, "charset");
  g_assert_cmpmem (value.data, value.len, "utf-8", 5);
  value = gm_data_url_get_parameter (&data, "q");
  g_assert_cmpmem (value.data, value.len, "\"x;y=\\\";z=\"", 11);
  value = gm_data_url_get_parameter (&data, "r");
  g_assert_cmpmem (value.data, value.len, "s", 1);
  g_assert_null (gm_data_url_get_parameter (&data, "y").data);
  g_assert_null (gm_data_url_get_parameter (&data, "z").data);
  g_assert_null (gm_data_url_get_parameter (&data, "t").data);
  g_assert_null (gm_data_url_get_parameter (&data, "a/b").data);

  assert_result (parse_data ("data:a/b;c=\"open;d=e,", &bare), GM_OK);
  g_assert_null (gm_data_url_get_parameter (&bare, "d").data);
}

static void
test_limit (void)
{
  g_autofree char *fill = g_strnfill (GM_DATA_URL_TYPE_MAX - 2, 'b');
  g_autofree char *longest = g_strdup_printf ("data:a/%s,x", fill);
  g_autofree char *longer = g_strdup_printf ("data:a/b%s,x", fill);
  g_autofree char *encoded = g_strdup_printf ("data:a/b%%62%s,x", fill);
  g_auto (GmDataUrl) data = { NULL };
  GmDataUrl refused = { NULL };

  assert_result (parse_data (longest, &data), GM_OK);
  g_assert_cmpuint (strlen (data.media_type), ==, GM_DATA_URL_TYPE_MAX);
  assert_result (parse_data (longer, &refused), GM_DATA_MALFORMED);
  assert_result (parse_data (encoded, &refused), GM_DATA_MALFORMED);
  g_assert_null (refused.media_type);
}

/* Against GLib's own encoder, all lengths and bytes. */
static void
test_round_trip (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (7);

  for (gsize len = 0; len < 200; len++)
    {
      g_auto (GmDataUrl) data = { NULL };
      guchar bytes[200];
      g_autofree char *encoded = NULL;
      g_autofree char *text = NULL;
      gsize got_len;
      const char *got;

      for (gsize i = 0; i < len; i++)
        bytes[i] = (guchar) g_rand_int_range (random, 0, 256);
      encoded = g_base64_encode (bytes, len);
      text = g_strconcat ("data:application/octet-stream;base64,", encoded, NULL);
      assert_result (parse_data (text, &data), GM_OK);
      got = g_bytes_get_data (data.body, &got_len);
      g_assert_cmpmem (got, got_len, bytes, len);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/data-url/taken", test_taken);
  g_test_add_func ("/base/data-url/refused", test_refused);
  g_test_add_func ("/base/data-url/other-scheme", test_other_scheme);
  g_test_add_func ("/base/data-url/parameters", test_parameters);
  g_test_add_func ("/base/data-url/limit", test_limit);
  g_test_add_func ("/base/data-url/round-trip", test_round_trip);
  return g_test_run ();
}
