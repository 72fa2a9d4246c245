/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-options.h"

#include <string.h>

static gboolean
parse (GetOptions *options,
       const char *line,
       GError **error)
{
  g_auto (GStrv) words = NULL;
  g_autofree char **argv = NULL;
  int argc = 0;
  gboolean done;

  memset (options, 0, sizeof *options);
  g_assert_true (g_shell_parse_argv (line, &argc, &words, NULL));
  /* GOption moves the pointers about, and frees none. */
  argv = g_memdup2 (words, sizeof *words * ((gsize) argc + 1));
  done = get_options_parse (options, &argc, &argv, error);
  return done;
}

static void
test_all (void)
{
  GetOptions options;
  g_autoptr (GError) error = NULL;

  g_assert_true (parse (&options, "get -i list -i - -j 3 -P out -x -c --limit-rate 1.5M -H 'A: b' -H c:d -X PUT -d x=1 "
                                  "--summary -q http://h/a http://h/b",
                        &error));
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (options.uris), ==, 2);
  g_assert_cmpstr (options.inputs[1], ==, "-");
  g_assert_cmpint (options.jobs, ==, 3);
  g_assert_cmpstr (options.folder, ==, "out");
  g_assert_cmpuint (options.rate, ==, 1500000);
  g_assert_cmpstr (options.headers[1], ==, "c:d");
  g_assert_cmpstr (options.method, ==, "PUT");
  g_assert_cmpuint (g_bytes_get_size (options.data), ==, 3);
  g_assert_true (options.tree && options.resume && options.summary && options.quiet);
  get_options_clear (&options);
}

static void
test_defaults (void)
{
  GetOptions options;
  g_autoptr (GError) error = NULL;

  g_assert_true (parse (&options, "get http://h/", &error));
  g_assert_cmpint (options.jobs, ==, 8);
  g_assert_cmpstr (options.folder, ==, ".");
  g_assert_cmpuint (options.rate, ==, 0);
  get_options_clear (&options);
}

static void
test_refused (void)
{
  static const char *const lines[] = {
    "get", "get -j 0 http://h/", "get -j 10001 http://h/", "get -j many http://h/", "get -o x http://h/a http://h/b",
    "get -o x -i list http://h/a", "get -o x -x http://h/a", "get -H nothing http://h/", "get -H :x http://h/",
    "get --limit-rate fast http://h/", "get --limit-rate -1 http://h/", "get --limit-rate 1kk http://h/",
    "get --limit-rate nan http://h/", "get --limit-rate inf http://h/", "get --no-such-thing http://h/",
    "get -d @/nonexistent/file http://h/",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      GetOptions options;

      g_test_message ("%s", lines[i]);
      g_assert_false (parse (&options, lines[i], &error));
      g_assert_nonnull (error);
      get_options_clear (&options);
    }
}

static void
test_rates (void)
{
  static const struct
  {
    const char *text;
    guint64 rate;
  } rows[] = { { "0", 0 }, { "1", 1 }, { "500k", 500000 }, { "500K", 500000 }, { "2M", 2000000 }, { "1G", 1000000000 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      guint64 rate = 7;

      g_assert_true (get_options_parse_rate (rows[i].text, &rate));
      g_assert_cmpuint (rate, ==, rows[i].rate);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/get-options/all", test_all);
  g_test_add_func ("/get-options/defaults", test_defaults);
  g_test_add_func ("/get-options/refused", test_refused);
  g_test_add_func ("/get-options/rates", test_rates);
  return g_test_run ();
}
