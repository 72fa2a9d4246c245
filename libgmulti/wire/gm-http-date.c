/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-date.h"

#define SECONDS_A_DAY 86400
#define FIRST_YEAR 1601 /* start of a 400-year cycle of the calendar */
#define DAYS_TO_1970 134774 /* from 1 January 1601 */
#define LAST_SECOND G_GINT64_CONSTANT (253402300799) /* of 9999 */

static const char *const weekday_names[7] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                              "Friday", "Saturday", "Sunday" };
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

typedef struct
{
  int year;
  int month; /* 0 to 11 */
  int day; /* 1 to 31 */
  int hour;
  int minute;
  int second;
} Moment;

static gboolean
is_leap_year (int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_before_month (int year,
                   int month)
{
  static const guint16 days[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };

  return days[month] + (month > 1 && is_leap_year (year) ? 1 : 0);
}

static int
days_in_month (int year,
               int month)
{
  return month == 11 ? 31 : days_before_month (year, month + 1) - days_before_month (year, month);
}

/* Days from 1 January 1601 to 1 January of @year. */
static gint64
days_before_year (int year)
{
  gint64 n = year - FIRST_YEAR;

  return n * 365 + n / 4 - n / 100 + n / 400;
}

static gint64
moment_to_seconds (const Moment *m)
{
  gint64 days = days_before_year (m->year) + days_before_month (m->year, m->month) + m->day - 1 - DAYS_TO_1970;

  return days * SECONDS_A_DAY + m->hour * 3600 + m->minute * 60 + m->second;
}

static gboolean
seconds_to_moment (gint64 seconds,
                   Moment *m,
                   int *weekday)
{
  gint64 days = seconds / SECONDS_A_DAY;
  int rest = (int) (seconds % SECONDS_A_DAY);

  if (rest < 0)
    {
      rest += SECONDS_A_DAY;
      days--;
    }
  days += DAYS_TO_1970;
  if (days < 0 || days >= days_before_year (10000))
    return FALSE;

  /* 1 January 1601 was a Monday. The first guess at the year is never too late. */
  *weekday = (int) (days % 7);
  m->year = FIRST_YEAR + (int) (days / 366);
  while (days_before_year (m->year + 1) <= days)
    m->year++;
  days -= days_before_year (m->year);
  for (m->month = 11; days_before_month (m->year, m->month) > days;)
    m->month--;
  m->day = 1 + (int) days - days_before_month (m->year, m->month);
  m->hour = rest / 3600;
  m->minute = rest / 60 % 60;
  m->second = rest % 60;
  return TRUE;
}

/* The cut_ functions take something off the start of @text, or answer FALSE. */
static gboolean
cut_literal (GmSpan *text,
             GmSpan literal)
{
  if (text->len < literal.len || !gm_span_equal_nocase (gm_span (text->data, literal.len), literal))
    return FALSE;

  text->data += literal.len;
  text->len -= literal.len;
  return TRUE;
}

static gboolean
cut_digits (GmSpan *text,
            guint n,
            int *value)
{
  guint64 number;

  if (text->len < n || !gm_span_to_uint64 (gm_span (text->data, n), 9999, &number))
    return FALSE;

  *value = (int) number;
  text->data += n;
  text->len -= n;
  return TRUE;
}

static gboolean
cut_month (GmSpan *text,
           Moment *m)
{
  for (m->month = 0; m->month < 12; m->month++)
    {
      if (cut_literal (text, gm_span (month_names + 3 * m->month, 3)))
        return TRUE;
    }

  return FALSE;
}

static gboolean
cut_time (GmSpan *text,
          Moment *m)
{
  return cut_digits (text, 2, &m->hour) && cut_literal (text, GM_SPAN (":")) && cut_digits (text, 2, &m->minute) &&
         cut_literal (text, GM_SPAN (":")) && cut_digits (text, 2, &m->second);
}

/* The long name first: "Sun" begins "Sunday" too. */
static gboolean
cut_weekday (GmSpan *text,
             gboolean *is_long)
{
  for (guint i = 0; i < G_N_ELEMENTS (weekday_names); i++)
    {
      *is_long = cut_literal (text, gm_span (weekday_names[i], strlen (weekday_names[i])));
      if (*is_long || cut_literal (text, gm_span (weekday_names[i], 3)))
        return TRUE;
    }

  return FALSE;
}

/* Behind "Sun, ": 06 Nov 1994 08:49:37 GMT */
static gboolean
cut_fixdate (GmSpan *text,
             Moment *m)
{
  return cut_digits (text, 2, &m->day) && cut_literal (text, GM_SPAN (" ")) && cut_month (text, m) &&
         cut_literal (text, GM_SPAN (" ")) && cut_digits (text, 4, &m->year) && cut_literal (text, GM_SPAN (" ")) &&
         cut_time (text, m) && cut_literal (text, GM_SPAN (" GMT"));
}

/* Behind "Sun ": Nov  6 08:49:37 1994 */
static gboolean
cut_asctime (GmSpan *text,
             Moment *m)
{
  if (!cut_month (text, m) || !cut_literal (text, GM_SPAN (" ")))
    return FALSE;
  if (!(cut_literal (text, GM_SPAN (" ")) ? cut_digits (text, 1, &m->day) : cut_digits (text, 2, &m->day)))
    return FALSE;

  return cut_literal (text, GM_SPAN (" ")) && cut_time (text, m) && cut_literal (text, GM_SPAN (" ")) &&
         cut_digits (text, 4, &m->year);
}

/* Behind "Sunday, ": 06-Nov-94 08:49:37 GMT. RFC 9110 section 5.6.7 says how to read the year. */
static gboolean
cut_rfc850 (GmSpan *text,
            gint64 now,
            Moment *m)
{
  Moment today;
  int weekday;

  if (!cut_digits (text, 2, &m->day) || !cut_literal (text, GM_SPAN ("-")) || !cut_month (text, m) ||
      !cut_literal (text, GM_SPAN ("-")) || !cut_digits (text, 2, &m->year) || !cut_literal (text, GM_SPAN (" ")) ||
      !cut_time (text, m) || !cut_literal (text, GM_SPAN (" GMT")))
    return FALSE;
  if (!seconds_to_moment (now, &today, &weekday))
    return FALSE;

  m->year += today.year / 100 * 100;
  if (m->year > today.year + 50)
    m->year -= 100;
  else if (m->year <= today.year - 50)
    m->year += 100;
  return TRUE;
}

static gboolean
is_real (const Moment *m)
{
  /* 60 is a leap second, which unix time does not count: it becomes the next minute's first, if the calendar has
   * one. */
  return m->year >= FIRST_YEAR && m->year <= 9999 && m->day >= 1 && m->day <= days_in_month (m->year, m->month) &&
         m->hour <= 23 && m->minute <= 59 && m->second <= 60;
}

gboolean
gm_http_date_parse (GmSpan text,
                    gint64 now,
                    gint64 *seconds)
{
  Moment m;
  gboolean is_long;
  gboolean found;

  if (!cut_weekday (&text, &is_long))
    return FALSE;
  if (cut_literal (&text, GM_SPAN (", ")))
    found = is_long ? cut_rfc850 (&text, now, &m) : cut_fixdate (&text, &m);
  else
    found = !is_long && cut_literal (&text, GM_SPAN (" ")) && cut_asctime (&text, &m);
  if (!found || text.len > 0 || !is_real (&m))
    return FALSE;

  *seconds = MIN (moment_to_seconds (&m), LAST_SECOND);
  return TRUE;
}

static char *
write_digits (char *at,
              int n,
              int value)
{
  for (int i = n - 1; i >= 0; i--)
    {
      at[i] = (char) ('0' + value % 10);
      value /= 10;
    }

  return at + n;
}

gboolean
gm_http_date_write (char *buffer,
                    gint64 seconds)
{
  Moment m;
  int weekday;
  char *at = buffer;

  if (!seconds_to_moment (seconds, &m, &weekday))
    return FALSE;

  memcpy (at, weekday_names[weekday], 3);
  memcpy (at + 3, ", ", 2);
  at = write_digits (at + 5, 2, m.day);
  *at++ = ' ';
  memcpy (at, month_names + 3 * m.month, 3);
  at[3] = ' ';
  at = write_digits (at + 4, 4, m.year);
  *at++ = ' ';
  at = write_digits (at, 2, m.hour);
  *at++ = ':';
  at = write_digits (at, 2, m.minute);
  *at++ = ':';
  at = write_digits (at, 2, m.second);
  memcpy (at, " GMT", 4);
  return TRUE;
}
