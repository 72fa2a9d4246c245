/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-meter.h"
#include "scripted-server.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---- the default progress meter ---- */

static void
test_sizes (void)
{
  static const struct
  {
    gint64 size;
    const char *text;
  } rows[] = {
    { 0, "    0" },
    { 99999, "99999" },
    { 100000, "  97k" },
    { 10240000 - 1, "9999k" },
    { 10240000, " 9.7M" },
    { G_GINT64_CONSTANT (104857600), " 100M" },
    { G_GINT64_CONSTANT (10485760000), " 9.7G" },
    { G_GINT64_CONSTANT (107374182400), " 100G" },
    { G_GINT64_CONSTANT (10995116277760), "  10T" },
    { G_MAXINT64, "8191P" },
  };
  char text[8];

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gm_curl_meter_print_size (text, rows[i].size);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_times (void)
{
  static const struct
  {
    gint64 seconds;
    const char *text;
  } rows[] = {
    { 0, "--:--:--" },
    { -1, "--:--:--" },
    { 1, " 0:00:01" },
    { 3599, " 0:59:59" },
    { 99 * 3600 + 61, "99:01:01" },
    { 100 * 3600, "  4d 04h" },
    { G_GINT64_CONSTANT (1000) * 86400, "   1000d" },
  };
  char text[12];

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      gm_curl_meter_print_time (text, rows[i].seconds);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* What is on the meter's file after a run of @curl. */
static char *
run (CURL *curl,
     CURLcode expected)
{
  FILE *file = tmpfile ();
  char text[4096];
  gsize n;

  g_assert_nonnull (file);
  g_assert_cmpint (curl_easy_setopt (curl, CURLOPT_STDERR, file), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (curl), ==, expected);
  rewind (file);
  n = fread (text, 1, sizeof text - 1, file);
  text[n] = '\0';
  fclose (file);
  return g_strdup (text);
}

static size_t
drop (char *data,
      size_t size,
      size_t n,
      void *user_data)
{
  return size * n;
}

static void
test_lines (void)
{
  CURL *curl = curl_easy_init ();
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "gmulti-meter-XXXXXX", NULL);
  int fd = g_mkstemp (path);
  g_autofree char *url = g_strconcat ("file://", path, NULL);
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *quiet = NULL;

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, "twelve bytes", 12, NULL));
  curl_easy_setopt (curl, CURLOPT_URL, url);
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0L);

  first = run (curl, CURLE_OK);
  g_assert_true (g_str_has_prefix (first, "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  "
                                          "Current\n"));
  g_assert_nonnull (strstr (first, "\r  0     0    0     0    0     0      0      0 --:--:-- --:--:-- --:--:--     0"));
  g_assert_nonnull (strstr (first, "\r100    12  100    12    0     0 "));
  g_assert_true (g_str_has_suffix (first, "\n"));

  /* the columns are named once */
  second = run (curl, CURLE_OK);
  g_assert_null (strstr (second, "Received"));
  g_assert_nonnull (strstr (second, "\r100    12  100    12    0     0 "));

  curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 1L);
  quiet = run (curl, CURLE_OK);
  g_assert_cmpstr (quiet, ==, "");
  curl_easy_cleanup (curl);
  g_unlink (path);
}

/* The longest there can be, and what was sent beside it. */
static void
test_huge (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  CURL *curl = curl_easy_init ();
  g_autofree char *text = NULL;

  scripted_server_on (server, "*", scripted_answer_end (scripted_answer_exact ("HTTP/1.1 200 OK\r\n"
                                                                               "Content-Length: 9223372036854775807\r\n"
                                                                               "\r\nbeginning"), SCRIPTED_END_FIN));
  curl_easy_setopt (curl, CURLOPT_URL, scripted_server_url (server, "/"));
  curl_easy_setopt (curl, CURLOPT_POSTFIELDS, "sent");
  curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt (curl, CURLOPT_NOPROGRESS, 0L);
  text = run (curl, CURLE_PARTIAL_FILE);
  g_assert_nonnull (strstr (text, "\r  0 8191P    0     9  100     4 "));
  curl_easy_cleanup (curl);
  scripted_server_free (server);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/curl/meter/sizes", test_sizes);
  g_test_add_func ("/curl/meter/times", test_times);
  g_test_add_func ("/curl/meter/lines", test_lines);
  g_test_add_func ("/curl/meter/huge", test_huge);

  return g_test_run ();
}
