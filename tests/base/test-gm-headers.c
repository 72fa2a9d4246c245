/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-headers.h"

#define MAKE(bytes, entries) gm_headers_new ((bytes), (entries))

static void
assert_value (const GmHeaders *headers,
              guint index,
              const char *expected)
{
  GmSpan value = gm_headers_get_value (headers, index);

  g_assert_cmpmem (value.data, value.len, expected, strlen (expected));
}

static void
test_lookup (void)
{
  g_autoptr (GmHeaders) headers = MAKE (4096, 100);
  GmSpan value = GM_SPAN ("untouched");

  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_1XX, GM_SPAN ("Link"), GM_SPAN ("a")), ==, GM_OK);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("Location"), GM_SPAN ("/b")), ==, GM_OK);
  gm_headers_set_request (headers, 1);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("link"), GM_SPAN ("c")), ==, GM_OK);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("LINK"), GM_SPAN ("")), ==, GM_OK);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_TRAILER, GM_SPAN ("Link"), GM_SPAN ("e")), ==, GM_OK);
  g_assert_cmpuint (gm_headers_get_n_entries (headers), ==, 5);
  g_assert_cmpmem (headers->data, 9, "Link: a\r\n", 9);

  g_assert_cmpint (gm_headers_find (headers, GM_SPAN ("link"), 0, GM_HEADER_ANY, GM_HEADERS_ANY_REQUEST), ==, 0);
  g_assert_cmpint (gm_headers_find (headers, GM_SPAN ("link"), 1, GM_HEADER_ANY, GM_HEADERS_ANY_REQUEST), ==, 2);
  g_assert_cmpint (gm_headers_find (headers, GM_SPAN ("link"), 0, GM_HEADER_FINAL, 0), ==, -1);
  g_assert_cmpint (gm_headers_find (headers, GM_SPAN ("link"), 5, GM_HEADER_ANY, GM_HEADERS_ANY_REQUEST), ==, -1);
  g_assert_cmpint (gm_headers_find (headers, GM_SPAN ("lin"), 0, GM_HEADER_ANY, GM_HEADERS_ANY_REQUEST), ==, -1);
  g_assert_cmpint (gm_headers_find (headers, gm_span (NULL, 0), 3, GM_HEADER_ANY, 1), ==, 3);
  g_assert_cmpint (gm_headers_find_nth (headers, GM_SPAN ("Link"), 1, GM_HEADER_FINAL, GM_HEADERS_LAST_REQUEST), ==, 3);
  g_assert_cmpint (gm_headers_find_nth (headers, GM_SPAN ("Link"), 2, GM_HEADER_FINAL, GM_HEADERS_LAST_REQUEST), ==, -1);
  g_assert_cmpuint (gm_headers_count (headers, GM_SPAN ("Link"), GM_HEADER_ANY, 1), ==, 3);
  g_assert_cmpuint (gm_headers_count (headers, gm_span (NULL, 0), GM_HEADER_ANY, 0), ==, 2);

  g_assert_false (gm_headers_lookup (headers, GM_SPAN ("location"), GM_HEADER_ANY, 1, &value));
  g_assert_cmpstr (value.data, ==, "untouched");
  g_assert_true (gm_headers_lookup (headers, GM_SPAN ("location"), GM_HEADER_ANY, 0, &value));
  g_assert_cmpmem (value.data, value.len, "/b", 2);
}

static void
test_grow (void)
{
  g_autoptr (GmHeaders) headers = MAKE (1024 * 1024, 5000);
  const char *block;

  for (guint round = 0; round < 2; round++)
    {
      for (guint i = 0; i < 3000; i++)
        {
          g_autofree char *value = g_strdup_printf ("value %u", i);

          g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("Name"), gm_span (value, strlen (value))),
                           ==, GM_OK);
        }
      for (guint i = 0; i < 3000; i++)
        {
          g_autofree char *value = g_strdup_printf ("value %u", i);

          assert_value (headers, i, value);
        }
      gm_headers_clear (headers);
      g_assert_cmpuint (gm_headers_get_n_entries (headers), ==, 0);
      g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 0);
    }

  /* A block of middle size is kept. */
  for (guint i = 0; i < 200; i++)
    gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("Name"), GM_SPAN ("some value or other"));
  block = headers->data;
  g_assert_true (block != headers->block);
  gm_headers_clear (headers);
  g_assert_true (headers->data == block);
}

static void
test_limits (void)
{
  g_autoptr (GmHeaders) headers = MAKE (20, 2);

  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("0123456789abcdef")), ==,
                   GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 0);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("0123456789abcde")), ==, GM_OK);
  g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 20);
  g_assert_cmpint (gm_headers_append_raw (headers, "x", 1), ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpint (gm_headers_append_raw (headers, NULL, 0), ==, GM_OK);
  g_assert_cmpint (gm_headers_append_raw (headers, "x", G_MAXSIZE), ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, gm_span ("A", G_MAXSIZE), GM_SPAN ("a")), ==,
                   GM_HTTP_HEADER_FLOOD);

  gm_headers_truncate (headers, 0, 0);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("b")), ==, GM_OK);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("c")), ==, GM_OK);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("d")), ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpint (gm_headers_add_entry (headers, GM_HEADER_FINAL, 0, 1, 3, 1), ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 12);
  gm_headers_truncate (headers, 6, 1);
  gm_headers_truncate (headers, 100, 100);
  g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 6);
  g_assert_cmpuint (gm_headers_get_n_entries (headers), ==, 1);
  assert_value (headers, 0, "b");
}

/* Others keep an index, and one more for "none", in 16 bits. */
static void
test_most_entries (void)
{
  g_autoptr (GmHeaders) headers = MAKE (G_MAXUINT32, G_MAXUINT32);

  for (guint i = 0; i < GM_HEADERS_MOST_ENTRIES; i++)
    g_assert_cmpint (gm_headers_add_entry (headers, GM_HEADER_FINAL, 0, 0, 0, 0), ==, GM_OK);
  g_assert_cmpint (gm_headers_add_entry (headers, GM_HEADER_FINAL, 0, 0, 0, 0), ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint ((guint16) gm_headers_get_n_entries (headers), ==, gm_headers_get_n_entries (headers));
}

/* Raw bytes and entries over them, as parsers use it; the last byte of the first block, then the first of the next. */
static void
test_raw (void)
{
  g_autoptr (GmHeaders) headers = MAKE (GM_HEADERS_BLOCK_SIZE + 1, 100);
  g_autofree char *bytes = g_malloc (GM_HEADERS_BLOCK_SIZE);

  memset (bytes, 'v', GM_HEADERS_BLOCK_SIZE);
  g_assert_cmpint (gm_headers_append_raw (headers, bytes, GM_HEADERS_BLOCK_SIZE), ==, GM_OK);
  g_assert_true (headers->data == headers->block);
  g_assert_cmpint (gm_headers_add_entry (headers, GM_HEADER_FINAL, 0, 1, 3, 2), ==, GM_OK);
  g_assert_cmpint (gm_headers_append_raw (headers, "w", 1), ==, GM_OK);
  g_assert_true (headers->data != headers->block);
  assert_value (headers, 0, "vv");
  g_assert_cmpint (headers->data[GM_HEADERS_BLOCK_SIZE], ==, 'w');
}

static void
test_refs (void)
{
  GmHeaders *headers = MAKE (100, 10);

  g_assert_true (gm_headers_ref (headers) == headers);
  gm_headers_unref (headers);
  g_assert_cmpint (gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("A"), GM_SPAN ("b")), ==, GM_OK);
  gm_headers_unref (headers);
  gm_headers_unref (NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/headers/lookup", test_lookup);
  g_test_add_func ("/headers/grow", test_grow);
  g_test_add_func ("/headers/limits", test_limits);
  g_test_add_func ("/headers/most-entries", test_most_entries);
  g_test_add_func ("/headers/raw", test_raw);
  g_test_add_func ("/headers/refs", test_refs);
  return g_test_run ();
}
