/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-display.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

static void
test_sizes (void)
{
  static const struct
  {
    guint64 size;
    const char *text;
  } rows[] = {
    { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.00 kB" }, { 9994, "9.99 kB" }, { 9996, "10.0 kB" }, { 99940, "99.9 kB" },
    { 99960, "100 kB" }, { 999499, "999 kB" }, { 999500, "1.00 MB" }, { 12345678, "12.3 MB" },
    { G_GUINT64_CONSTANT (5000000000), "5.00 GB" }, { G_MAXUINT64, "18.4 EB" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char text[16];

      get_format_size (rows[i].size, text, sizeof text);
      g_assert_cmpstr (text, ==, rows[i].text);
      g_assert_cmpuint (strlen (text), <=, 8);
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
    { -1, "-" }, { 0, "0:00" }, { 59, "0:59" }, { 60, "1:00" }, { 3599, "59:59" }, { 3600, "1:00:00" },
    { 172799, "47:59:59" }, { 172800, "2 d" }, { G_MAXINT64 / G_USEC_PER_SEC, "9999 d" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      char text[16];

      get_format_time (rows[i].seconds * G_USEC_PER_SEC, text, sizeof text);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

/* A terminal must never wrap or obey what a name says, however narrow it is. */
static void
test_rows_fit (void)
{
  static const char *const titles[] = { "", "x", "glib-2.74.6.tar.xz", "日本語日本語日本語日本語日本語日本語.tar.gz",
                                        "\xff\xfe\033[2J\007evil\r\nname-that-goes-on-and-on-and-on-and-on-and-on" };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    {
      for (guint width = 0; width < 250; width++)
        {
          GetRow row = { titles[i], G_MAXUINT64, G_MAXINT64, (width % 12) / 10.0 - 0.1, G_MAXUINT64, G_MAXINT64 };
          g_autofree char *text = get_display_format_row (&row, width);

          g_assert_true (g_utf8_validate (text, -1, NULL));
          g_assert_cmpuint (get_text_width (text), <=, width);
          for (const char *p = text; *p != '\0'; p++)
            g_assert_cmpint ((guchar) *p, >=, 0x20);
        }
    }
}

static void
test_row_fields (void)
{
  GetRow row = { "a.tar", 1500000, 3000000, 0.5, 250000, 6 * G_USEC_PER_SEC };
  g_autofree char *wide = get_display_format_row (&row, 80);
  g_autofree char *narrow = get_display_format_row (&row, 30);
  g_autofree char *tiny = get_display_format_row (&row, 10);

  g_assert_cmpstr (wide, ==, "a.tar                   [##########----------]  50%  1.50 MB   250 kB/s     0:06");
  g_assert_cmpstr (narrow, ==, "a.tar           50%   250 kB/s");
  g_assert_cmpstr (tiny, ==, "a.tar  50%");
}

static void
test_titles (void)
{
  g_autofree char *middle = get_format_title ("0123456789", 7);
  g_autofree char *cut = get_format_title ("0123456789", 3);
  g_autofree char *whole = get_format_title ("0123456789", 10);
  g_autofree char *wide = get_format_title ("日本語", 5);

  g_assert_cmpstr (middle, ==, "01..789");
  g_assert_cmpstr (cut, ==, "012");
  g_assert_cmpstr (whole, ==, "0123456789");
  g_assert_cmpuint (get_text_width (wide), <=, 5);
}

/* What a display writes to a pipe. (owned) */
static char *
written (gboolean bars)
{
  GetRow row = { "a", 1, 2, 0.5, 1, 1 };
  GetDisplay *display;
  char buffer[4096];
  gssize n;
  int ends[2];

  g_assert_cmpint (pipe2 (ends, O_CLOEXEC | O_NONBLOCK), ==, 0);
  display = get_display_new (ends[1], bars);
  get_display_show (display, &row, 1, &row);
  get_display_print (display, "for good\033[2J");
  get_display_show (display, &row, 1, &row);
  get_display_free (display);
  close (ends[1]);
  n = read (ends[0], buffer, sizeof buffer - 1);
  g_assert_cmpint (n, >, 0);
  buffer[n] = '\0';
  close (ends[0]);
  return g_strdup (buffer);
}

static void
test_plain (void)
{
  g_autofree char *text = written (FALSE);

  g_assert_cmpstr (text, ==, "for good?[2J\n");
}

static void
test_bars (void)
{
  g_autofree char *text = written (TRUE);

  g_assert_nonnull (strstr (text, "\033[?25l"));
  g_assert_nonnull (strstr (text, "for good?[2J\033[K\n"));
  g_assert_true (g_str_has_suffix (text, "\033[?25h"));
  g_assert_null (strstr (text, "\033[2J"));
}

int
main (int argc,
      char **argv)
{
  setlocale (LC_CTYPE, "C.UTF-8");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/get-display/sizes", test_sizes);
  g_test_add_func ("/get-display/times", test_times);
  g_test_add_func ("/get-display/rows-fit", test_rows_fit);
  g_test_add_func ("/get-display/row-fields", test_row_fields);
  g_test_add_func ("/get-display/titles", test_titles);
  g_test_add_func ("/get-display/plain", test_plain);
  g_test_add_func ("/get-display/bars", test_bars);
  return g_test_run ();
}
