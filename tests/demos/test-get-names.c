/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-names.h"

static void
test_uris (void)
{
  static const struct
  {
    const char *uri;
    const char *name;
    const char *path;
  } rows[] = {
    { "http://h/a/b.tar.gz", "b.tar.gz", "a/b.tar.gz" },
    { "http://h/a/b.tar.gz?x=1#y", "b.tar.gz", "a/b.tar.gz" },
    { "http://h", "index.html", "index.html" },
    { "http://h/", "index.html", "index.html" },
    { "http://h/docs/", "index.html", "docs/index.html" },
    { "http://h/a%20b", "a b", "a b" },
    { "http://h/%2e%2e/%2e%2e/etc/passwd", "passwd", "etc/passwd" },
    { "http://h/../../x", "x", "x" },
    { "http://h/..%2f..%2fx", "_.._x", "_.._x" },
    { "http://h/a%2fb", "a_b", "a_b" },
    { "http://h/.bashrc", "bashrc", "bashrc" },
    { "http://h/a%0ab%1b%5b31m", "a_b_[31m", "a_b_[31m" },
    { "http://h//a///b", "b", "a/b" },
    { "data:text/plain,a/b", "index.html", "index.html" },
    { "file:///usr/share/x.txt", "x.txt", "usr/share/x.txt" },
    { "", "index.html", "index.html" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *name = get_name_for_uri (rows[i].uri, FALSE);
      g_autofree char *path = get_name_for_uri (rows[i].uri, TRUE);

      g_test_message ("%s", rows[i].uri);
      g_assert_cmpstr (path, ==, rows[i].path);
      /* Alone a folder has no name of its own. */
      g_assert_cmpstr (name, ==, rows[i].name);
    }
}

static void
test_long (void)
{
  g_autofree char *letters = g_strnfill (300, 'a');
  g_autofree char *uri = g_strconcat ("http://h/", letters, NULL);
  g_autofree char *name = get_name_for_uri (uri, FALSE);

  g_assert_cmpuint (strlen (name), <, 255 - 20);
}

static void
test_given (void)
{
  g_autofree char *plain = get_name_made_safe ("a/100%.txt");
  g_autofree char *out = get_name_made_safe ("/../../etc/x");

  g_assert_cmpstr (plain, ==, "a/100%.txt");
  g_assert_cmpstr (out, ==, "etc/x");
}

static void
test_lines (void)
{
  g_autofree char *uri = NULL, *name = NULL, *other = NULL, *none = NULL;

  g_assert_false (get_name_parse_line ("", &uri, &name));
  g_assert_false (get_name_parse_line ("  # talk", &uri, &name));
  g_assert_null (uri);
  g_assert_true (get_name_parse_line (" http://h/a   my name \r", &uri, &name));
  g_assert_cmpstr (uri, ==, "http://h/a");
  g_assert_cmpstr (name, ==, "my name");
  g_assert_true (get_name_parse_line ("http://h/a", &other, &none));
  g_assert_cmpstr (other, ==, "http://h/a");
  g_assert_null (none);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/get-names/uris", test_uris);
  g_test_add_func ("/get-names/long", test_long);
  g_test_add_func ("/get-names/given", test_given);
  g_test_add_func ("/get-names/lines", test_lines);
  return g_test_run ();
}
