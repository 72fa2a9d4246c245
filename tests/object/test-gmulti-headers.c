/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gmulti.h>

static char *
print (GMultiHeaders *headers)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < gmulti_headers_get_n_fields (headers); i++)
    g_string_append_printf (text, "%s=%s;", gmulti_headers_get_field_name (headers, i),
                            gmulti_headers_get_field_value (headers, i));
  return g_string_free (text, FALSE);
}

static void
assert_headers (GMultiHeaders *headers,
                const char *expected)
{
  g_autofree char *text = print (headers);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_list (void)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *joined = NULL;
  g_autofree char *none = NULL;
  g_auto (GStrv) values = NULL;
  g_auto (GStrv) no_values = NULL;

  assert_headers (headers, "");
  g_assert_true (gmulti_headers_append (headers, "A", "1", &error));
  g_assert_true (gmulti_headers_append (headers, "B", "", &error));
  g_assert_true (gmulti_headers_append (headers, "a", "2\t3", &error));
  g_assert_no_error (error);
  assert_headers (headers, "A=1;B=;a=2\t3;");
  g_assert_cmpstr (gmulti_headers_get_value (headers, "a"), ==, "1");
  g_assert_cmpstr (gmulti_headers_get_value (headers, "b"), ==, "");
  g_assert_null (gmulti_headers_get_value (headers, "c"));
  joined = gmulti_headers_dup_list (headers, "A");
  g_assert_cmpstr (joined, ==, "1, 2\t3");
  none = gmulti_headers_dup_list (headers, "C");
  g_assert_null (none);
  values = gmulti_headers_dup_values (headers, "a");
  g_assert_cmpuint (g_strv_length (values), ==, 2);
  no_values = gmulti_headers_dup_values (headers, "c");
  g_assert_cmpuint (g_strv_length (no_values), ==, 0);

  g_assert_true (gmulti_headers_replace (headers, "A", "x", &error));
  assert_headers (headers, "A=x;B=;");
  /* with a value of its own */
  g_assert_true (gmulti_headers_replace (headers, "a", gmulti_headers_get_value (headers, "A"), &error));
  assert_headers (headers, "a=x;B=;");
  g_assert_true (gmulti_headers_replace (headers, "C", "y", &error));
  gmulti_headers_remove (headers, "b");
  gmulti_headers_remove (headers, "nothing");
  assert_headers (headers, "a=x;C=y;");
}

static void
test_refused (void)
{
  static const char *const bad[][2] = {
    { "", "x" },    { "A B", "x" },   { "A:", "x" },    { "\xc3\xa4", "x" }, { "A\n", "x" },
    { "A", "a\n" }, { "A", "a\rb" },  { "A", "\x7f" },  { "A", "\x01" },
  };
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) first = NULL;
      g_autoptr (GError) second = NULL;

      g_assert_false (gmulti_headers_append (headers, bad[i][0], bad[i][1], &first));
      g_assert_error (first, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
      g_assert_false (gmulti_headers_replace (headers, bad[i][0], bad[i][1], &second));
      g_assert_error (second, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
      g_assert_true (g_utf8_validate (first->message, -1, NULL));
    }
  g_assert_cmpuint (gmulti_headers_get_n_fields (headers), ==, 0);
}

static void
test_copy (void)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  g_autoptr (GMultiHeaders) copy = NULL;

  gmulti_headers_append (headers, "A", "1", NULL);
  copy = gmulti_headers_copy (headers);
  gmulti_headers_append (copy, "B", "2", NULL);
  assert_headers (headers, "A=1;");
  assert_headers (copy, "A=1;B=2;");
}

static void
test_content_type (void)
{
  static const struct
  {
    const char *value;
    const char *type;
    const char *charset;
    guint n;
  } cases[] = {
    { "text/html", "text/html", NULL, 0 },
    { "Text/HTML; charset=UTF-8", "text/html", "UTF-8", 1 },
    { "text/html;CHARSET=\"a\\\"b;c\" ; x=y", "text/html", "a\"b;c", 2 },
    { "text/html; charset=a; charset=b", "text/html", "a", 1 },
    { "text/html ;; =x; flag; charset", "text/html", NULL, 0 },
    { "text/html; charset=\"open", "text/html", "open", 1 },
    { "", "", NULL, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
      g_autoptr (GHashTable) parameters = NULL;
      g_autofree char *type = NULL;
      g_autofree char *alone = NULL;

      gmulti_headers_append (headers, "content-type", cases[i].value, NULL);
      type = gmulti_headers_dup_content_type (headers, &parameters);
      alone = gmulti_headers_dup_content_type (headers, NULL);
      g_assert_cmpstr (type, ==, cases[i].type);
      g_assert_cmpstr (alone, ==, cases[i].type);
      g_assert_cmpstr (g_hash_table_lookup (parameters, "charset"), ==, cases[i].charset);
      g_assert_cmpuint (g_hash_table_size (parameters), ==, cases[i].n);
    }

  {
    g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
    g_autoptr (GHashTable) parameters = NULL;

    g_assert_null (gmulti_headers_dup_content_type (headers, &parameters));
    g_assert_nonnull (parameters);
  }
}

static void
test_boxed (void)
{
  g_autoptr (GMultiHeaders) headers = gmulti_headers_new ();
  GMultiHeaders *same = g_boxed_copy (GMULTI_TYPE_HEADERS, headers);

  g_assert_true (same == headers);
  g_boxed_free (GMULTI_TYPE_HEADERS, same);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/headers/list", test_list);
  g_test_add_func ("/headers/refused", test_refused);
  g_test_add_func ("/headers/copy", test_copy);
  g_test_add_func ("/headers/content-type", test_content_type);
  g_test_add_func ("/headers/boxed", test_boxed);
  return g_test_run ();
}
