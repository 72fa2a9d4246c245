/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "gm-ascii.h"

/* Dates as people and servers write them: weekday, day, month by name, year, time of day and zone in nearly any order,
 * or eight digits YYYYMMDD. English names alone, no locale. Missing time is midnight, missing zone is GMT. */

typedef struct
{
  int weekday; /* only checked to be there once */
  int month; /* 0 … 11, −1 unknown */
  int day;
  int year;
  int hour, minute, second; /* −1 unknown */
  int zone; /* seconds east of GMT */
  gboolean has_zone;
  gboolean failed;
} Date;

/* Cookies and headers have months of three letters; libcurl takes no others. */
static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const weekday_names[] = { "Monday", "Tuesday", "Wednesday", "Thursday",
                                             "Friday", "Saturday", "Sunday" };

/* RFC 5322 section 4.3, and names seen in use; minutes east. The military letters have no J. */
static const struct
{
  char name[5];
  gint16 minutes;
} zones[] = {
  { "GMT", 0 },    { "UT", 0 },     { "UTC", 0 },    { "WET", 0 },    { "BST", 60 },   { "CET", 60 },
  { "MET", 60 },   { "MEWT", 60 },  { "MEST", 120 }, { "CEST", 120 }, { "MESZ", 120 }, { "EET", 120 },
  { "WAT", -60 },  { "AST", -240 }, { "ADT", -180 }, { "EST", -300 }, { "EDT", -240 }, { "CST", -360 },
  { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 }, { "YST", -540 },
  { "YDT", -480 }, { "HST", -600 }, { "HDT", -540 }, { "CAT", -600 }, { "AHST", -600 }, { "NT", -660 },
  { "IDLW", -720 }, { "FWT", 60 },  { "SWT", 60 },   { "WAST", 420 }, { "WADT", 480 },
  { "CCT", 480 },  { "JST", 540 },  { "EAST", 600 }, { "EADT", 660 }, { "GST", 600 },  { "NZT", 720 },
  { "NZST", 720 }, { "NZDT", 780 }, { "IDLE", 720 },
};

/* @word against a table of names, whole or their first three letters; −1 if it is none. */
static int
find_name (const char *const *names,
           int n_names,
           GmSpan word)
{
  for (int i = 0; i < n_names; i++)
    {
      if (gm_span_equal_nocase (word, gm_span (names[i], strlen (names[i]))) ||
          gm_span_equal_nocase (word, gm_span (names[i], 3)))
        return i;
    }

  return -1;
}

static gboolean
find_zone (GmSpan word,
           int *seconds)
{
  for (gsize i = 0; i < G_N_ELEMENTS (zones); i++)
    {
      if (gm_span_equal_nocase (word, gm_span (zones[i].name, strlen (zones[i].name))))
        {
          *seconds = zones[i].minutes * 60;
          return TRUE;
        }
    }

  if (word.len == 1)
    {
      char c = gm_ascii_lower (word.data[0]);

      /* With the signs that RFC 822 printed and RFC 5322 calls wrong, because libcurl reads them so: A is one hour west
       * … M twelve, N one hour east … Y twelve, Z none. */
      if (c == 'z' || c == 'j')
        *seconds = 0;
      else if (c <= 'i')
        *seconds = -(c - 'a' + 1) * 3600;
      else if (c <= 'm')
        *seconds = -(c - 'a') * 3600;
      else
        *seconds = (c - 'n' + 1) * 3600;
      return c != 'j';
    }

  return FALSE;
}

static void
take_word (Date *date,
           GmSpan word)
{
  int found, seconds;

  if (date->weekday < 0 && (found = find_name (weekday_names, G_N_ELEMENTS (weekday_names), word)) >= 0)
    date->weekday = found;
  else if (date->month < 0 && (found = find_name (month_names, G_N_ELEMENTS (month_names), word)) >= 0)
    date->month = found;
  else if (!date->has_zone && find_zone (word, &seconds))
    {
      date->zone = seconds;
      date->has_zone = TRUE;
    }
  else
    date->failed = TRUE;
}

/* HH:MM or HH:MM:SS at @p; returns what follows, or NULL if it is none. */
static const char *
take_time (Date *date,
           const char *p)
{
  int parts[3] = { 0, 0, 0 };
  int n;

  for (n = 0; n < 3; n++)
    {
      int digits;

      for (digits = 0; digits < 2 && g_ascii_isdigit (*p); digits++)
        parts[n] = parts[n] * 10 + (*p++ - '0');
      if (digits == 0)
        return NULL;
      if (*p != ':' || n == 2)
        {
          n++;
          break;
        }
      p++;
    }

  if (n < 2 || parts[0] > 23 || parts[1] > 59 || parts[2] > 60 || g_ascii_isdigit (*p))
    return NULL;

  date->hour = parts[0];
  date->minute = parts[1];
  date->second = parts[2];
  return p;
}

/* Four digits behind '+' or '-' are a zone, behind a time of day or instead of a year. */
static gboolean
is_zone (const Date *date,
         char sign,
         int value,
         int n_digits)
{
  return !date->has_zone && n_digits == 4 && value <= 1400 && (sign == '+' || (sign == '-' && date->hour >= 0));
}

static void
take_digits (Date *date,
             char sign,
             int value,
             int n_digits)
{
  if (is_zone (date, sign, value, n_digits))
    {
      date->zone = (value / 100 * 60 + value % 100) * 60 * (sign == '-' ? -1 : 1);
      date->has_zone = TRUE;
    }
  else if (n_digits == 8 && date->year < 0 && date->month < 0 && date->day < 0)
    {
      date->year = value / 10000;
      date->month = value % 10000 / 100 - 1;
      date->day = value % 100;
    }
  else if (date->day < 0 && value > 0 && value < 32)
    date->day = value;
  else if (date->year < 0)
    {
      date->year = value;
      if (value < 100)
        date->year += value > 70 ? 1900 : 2000;
    }
  else
    date->failed = TRUE;
}

/* At most nine digits, so that an int holds them. */
static const char *
take_number (Date *date,
             const char *start,
             const char *p)
{
  char sign = p > start ? p[-1] : '\0';
  const char *end;
  int value = 0, n_digits = 0;

  if (date->hour < 0 && (end = take_time (date, p)) != NULL)
    return end;

  for (; g_ascii_isdigit (*p) && n_digits < 9; n_digits++)
    value = value * 10 + (*p++ - '0');
  if (g_ascii_isdigit (*p))
    date->failed = TRUE;
  else
    take_digits (date, sign, value, n_digits);
  return p;
}

/* Days since 1970-01-01 in the Gregorian calendar: the year is counted from March so that the leap day is its last. */
static gint64
days_since_epoch (int year,
                  int month,
                  int day)
{
  gint64 y = month < 2 ? year - 1 : year;
  gint64 m = (month + 10) % 12;

  return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

static gboolean
is_complete (Date *date)
{
  if (date->failed || date->day < 1 || date->day > 31 || date->month < 0 || date->month > 11 || date->year < 1583)
    return FALSE;

  if (date->hour < 0)
    date->hour = date->minute = date->second = 0;
  return TRUE;
}

time_t
curl_getdate (const char *text,
              const time_t *unused)
{
  Date date = { .weekday = -1, .month = -1, .day = -1, .year = -1, .hour = -1, .minute = -1, .second = -1 };
  const char *p = text;
  gint64 seconds;

  /* no date has more parts than this */
  for (int n_parts = 0; p != NULL && *p != '\0' && n_parts < 6 && !date.failed; n_parts++)
    {
      while (*p != '\0' && !g_ascii_isalnum (*p))
        p++;

      if (g_ascii_isalpha (*p))
        {
          const char *word = p;

          while (g_ascii_isalpha (*p))
            p++;
          take_word (&date, gm_span (word, (gsize) (p - word)));
        }
      else if (g_ascii_isdigit (*p))
        p = take_number (&date, text, p);
    }

  if (p == NULL || !is_complete (&date))
    return -1;

  seconds = days_since_epoch (date.year, date.month, date.day) * 86400 + date.hour * 3600 + date.minute * 60 +
            date.second - date.zone;
  /* one second before the epoch is not the failure */
  return (time_t) (seconds == -1 ? 0 : seconds);
}
