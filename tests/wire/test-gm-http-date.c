/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-date.h"

#define NOW 1793000000 /* October 2026 */

static void
test_forms (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds;
  } cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Wed Nov 16 08:49:37 1994", 784975777 },
    { "sun, 06 NOV 1994 08:49:37 gmt", 784111777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
    { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
    { "Mon, 01 Jan 1601 00:00:00 GMT", -G_GINT64_CONSTANT (11644473600) },
    { "Fri, 31 Dec 9999 23:59:59 GMT", G_GINT64_CONSTANT (253402300799) },
    { "Fri, 31 Dec 9999 23:59:60 GMT", G_GINT64_CONSTANT (253402300799) },
    /* 50 years ahead is still ahead, 51 is long ago. */
    { "Thursday, 01-Jan-76 00:00:00 GMT", G_GINT64_CONSTANT (3345062400) },
    { "Thursday, 01-Jan-77 00:00:00 GMT", 220924800 },
    /* A weekday that is wrong does no harm. */
    { "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 seconds = 5;

      g_assert_true (gm_http_date_parse (gm_span (cases[i].text, strlen (cases[i].text)), NOW, &seconds));
      g_assert_cmpint (seconds, ==, cases[i].seconds);
    }
}

/* Every other century, two digits are read near to the now given. */
static void
test_two_digits (void)
{
  gint64 late = G_GINT64_CONSTANT (3786912000); /* January 2090 */
  gint64 seconds;

  g_assert_true (gm_http_date_parse (GM_SPAN ("Sunday, 01-Jan-05 00:00:00 GMT"), late, &seconds));
  g_assert_cmpint (seconds, ==, G_GINT64_CONSTANT (4260211200)); /* 2105 */
  g_assert_true (gm_http_date_parse (GM_SPAN ("Sunday, 01-Jan-41 00:00:00 GMT"), late, &seconds));
  g_assert_cmpint (seconds, ==, G_GINT64_CONSTANT (2240611200)); /* 2041 */
  g_assert_false (gm_http_date_parse (GM_SPAN ("Sunday, 01-Jan-41 00:00:00 GMT"), G_MAXINT64, &seconds));
  g_assert_false (gm_http_date_parse (GM_SPAN ("Sunday, 01-Jan-41 00:00:00 GMT"), G_MININT64, &seconds));
}

static void
test_refused (void)
{
  static const char *const cases[] = {
    "",
    "S",
    "Sun",
    "Son, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 GMT ",
    " Sun, 06 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 UTC",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Mon, 29 Feb 1900 08:49:37 GMT",
    "Mon, 30 Feb 2000 08:49:37 GMT",
    "Wed, 32 Dec 1999 08:49:37 GMT",
    "Sun, 06 Nov 1600 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 1994 08-49:37 GMT",
    "Sun, 06 Nov 1994 -8:49:37 GMT",
    "Sun, 06 Nuv 1994 08:49:37 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sunday Nov  6 08:49:37 1994",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov  6 08:49:37 94",
    "Sun Nov  6 08:49 1994",
    "Sun  Nov 6 08:49:37 1994",
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 seconds = 5;

      g_test_message ("%s", cases[i]);
      g_assert_false (gm_http_date_parse (gm_span (cases[i], strlen (cases[i])), NOW, &seconds));
      g_assert_cmpint (seconds, ==, 5);
    }
}

/* Each prefix of each form is no date, and is not read past its end. */
static void
test_prefixes (void)
{
  static const char *const forms[] = { "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                       "Sun Nov  6 08:49:37 1994" };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      for (gsize len = 0; len < strlen (forms[i]); len++)
        {
          g_autofree char *copy = g_memdup2 (forms[i], len);
          gint64 seconds;

          g_assert_false (gm_http_date_parse (gm_span (copy, len), NOW, &seconds));
        }
    }
}

static void
test_write (void)
{
  char text[GM_HTTP_DATE_LEN];

  g_assert_true (gm_http_date_write (text, 784111777));
  g_assert_cmpmem (text, sizeof text, "Sun, 06 Nov 1994 08:49:37 GMT", 29);
  g_assert_true (gm_http_date_write (text, -G_GINT64_CONSTANT (11644473600)));
  g_assert_cmpmem (text, sizeof text, "Mon, 01 Jan 1601 00:00:00 GMT", 29);
  g_assert_false (gm_http_date_write (text, -G_GINT64_CONSTANT (11644473601)));
  g_assert_true (gm_http_date_write (text, G_GINT64_CONSTANT (253402300799)));
  g_assert_cmpmem (text, sizeof text, "Fri, 31 Dec 9999 23:59:59 GMT", 29);
  g_assert_false (gm_http_date_write (text, G_GINT64_CONSTANT (253402300800)));
  g_assert_false (gm_http_date_write (text, G_MAXINT64));
  g_assert_false (gm_http_date_write (text, G_MININT64));
}

/* Against GLib's calendar, over some centuries, and back. */
static void
test_round_trip (void)
{
  for (gint64 seconds = -G_GINT64_CONSTANT (11644473600); seconds < G_GINT64_CONSTANT (20000000000); seconds += 7654321)
    {
      g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (seconds);
      static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
      static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
      g_autofree char *expected = NULL;
      char text[GM_HTTP_DATE_LEN];
      gint64 back;

      expected = g_strdup_printf ("%s, %02d %s %04d %02d:%02d:%02d GMT", days[g_date_time_get_day_of_week (date) - 1],
                                  g_date_time_get_day_of_month (date), months[g_date_time_get_month (date) - 1],
                                  g_date_time_get_year (date), g_date_time_get_hour (date),
                                  g_date_time_get_minute (date), g_date_time_get_second (date));
      g_assert_true (gm_http_date_write (text, seconds));
      g_assert_cmpmem (text, sizeof text, expected, strlen (expected));
      g_assert_true (gm_http_date_parse (gm_span (text, sizeof text), NOW, &back));
      g_assert_cmpint (back, ==, seconds);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-date/forms", test_forms);
  g_test_add_func ("/http-date/two-digits", test_two_digits);
  g_test_add_func ("/http-date/refused", test_refused);
  g_test_add_func ("/http-date/prefixes", test_prefixes);
  g_test_add_func ("/http-date/write", test_write);
  g_test_add_func ("/http-date/round-trip", test_round_trip);
  return g_test_run ();
}
