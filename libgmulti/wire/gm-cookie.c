/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-cookie.h"

#include "gm-http-date.h"
#include "gm-http-words.h"

#define N_FIELDS 7 /* of a Netscape line */

/* ---- text ---- */

/* Control bytes tell lines and requests apart, or end strings, somewhere on the way: nothing honest has them. */
static gboolean
has_control (GmSpan text,
             gboolean tab_too)
{
  for (gsize i = 0; i < text.len; i++)
    {
      guchar c = (guchar) text.data[i];

      if ((c < 0x20 && (c != '\t' || tab_too)) || c == 0x7f)
        return TRUE;
    }

  return FALSE;
}

/* Cuts what stands before the next @separator off @text, the separator with it. */
static GmSpan
cut_until (GmSpan *text,
           char separator)
{
  const char *at = text->len > 0 ? memchr (text->data, separator, text->len) : NULL;
  GmSpan piece = *text;

  if (at == NULL)
    {
      *text = gm_span (text->data + text->len, 0);
      return piece;
    }
  piece.len = (gsize) (at - text->data);
  *text = gm_span (at + 1, text->len - piece.len - 1);
  return piece;
}

const char *
gm_cookie_fault_name (GmCookieFault fault)
{
  static const char *const names[] = {
#define NAME(name) #name,
    GM_COOKIE_FAULTS (NAME)
#undef NAME
  };

  return (guint) fault < GM_N_COOKIE_FAULTS ? names[fault] : "?";
}

/* ---- dates ---- */

/* What is found so far; the grammar's order is free, so each token is tried for what is missing. */
typedef struct
{
  guint hour, minute, second;
  guint day;
  guint month; /* 1 to 12 */
  guint year;
  gboolean has_time;
} CookieDate;

static gboolean
is_delimiter (char c)
{
  return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) || (c >= 0x5b && c <= 0x60) ||
         (c >= 0x7b && c <= 0x7e);
}

/* Cuts @least to @most digits off; one more would be another number. */
static gboolean
cut_number (GmSpan *text,
            gsize least,
            gsize most,
            guint *value)
{
  gsize n = 0;
  guint number = 0;

  while (n < text->len && n <= most && g_ascii_isdigit (text->data[n]))
    number = number * 10 + (guint) (text->data[n++] - '0');
  if (n < least || n > most)
    return FALSE;

  *text = gm_span (text->data + n, text->len - n);
  *value = number;
  return TRUE;
}

static gboolean
cut_colon (GmSpan *text)
{
  if (text->len == 0 || text->data[0] != ':')
    return FALSE;
  *text = gm_span (text->data + 1, text->len - 1);
  return TRUE;
}

/* Behind the digits that count anything may stand, but no digit; cut_number () has seen to that. */
static gboolean
take_time (CookieDate *date,
           GmSpan token)
{
  CookieDate found = *date;

  if (!cut_number (&token, 1, 2, &found.hour) || !cut_colon (&token) || !cut_number (&token, 1, 2, &found.minute) ||
      !cut_colon (&token) || !cut_number (&token, 1, 2, &found.second))
    return FALSE;

  *date = found;
  date->has_time = TRUE;
  return TRUE;
}

static gboolean
take_month (CookieDate *date,
            GmSpan token)
{
  static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

  for (guint i = 0; token.len >= 3 && i < 12; i++)
    {
      if (gm_span_equal_nocase (gm_span (token.data, 3), gm_span (names + 3 * i, 3)))
        {
          date->month = i + 1;
          return TRUE;
        }
    }

  return FALSE;
}

static void
take_token (CookieDate *date,
            GmSpan token)
{
  guint number;
  GmSpan rest = token;

  if (!date->has_time && take_time (date, token))
    return;
  if (date->day == 0 && cut_number (&rest, 1, 2, &number))
    {
      /* A day 0 is no day, and none is looked for behind it. */
      date->day = number == 0 ? G_MAXUINT : number;
      return;
    }
  if (date->month == 0 && take_month (date, token))
    return;
  rest = token;
  if (date->year == 0 && cut_number (&rest, 2, 4, &number))
    date->year = number <= 69 ? number + 2000 : number <= 99 ? number + 1900 : number;
}

static void
write_number (char *at,
              guint n,
              guint value)
{
  while (n-- > 0)
    {
      at[n] = (char) ('0' + value % 10);
      value /= 10;
    }
}

gboolean
gm_cookie_date_parse (GmSpan text,
                      gint64 *seconds)
{
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char fixed[] = "Sun, 00 Jan 0000 00:00:00 GMT";
  CookieDate date = { 0 };

  for (gsize i = 0; i < text.len;)
    {
      gsize start;

      while (i < text.len && is_delimiter (text.data[i]))
        i++;
      start = i;
      while (i < text.len && !is_delimiter (text.data[i]))
        i++;
      take_token (&date, gm_span (text.data + start, i - start));
    }
  if (!date.has_time || date.day == 0 || date.month == 0 || date.year == 0)
    return FALSE;
  if (date.day > 31 || date.hour > 23 || date.minute > 59 || date.second > 59 || date.year < 1601)
    return FALSE;

  /* The calendar knows that form. */
  write_number (fixed + 5, 2, date.day);
  memcpy (fixed + 8, months + 3 * (date.month - 1), 3);
  write_number (fixed + 12, 4, date.year);
  write_number (fixed + 17, 2, date.hour);
  write_number (fixed + 20, 2, date.minute);
  write_number (fixed + 23, 2, date.second);
  return gm_http_date_parse (gm_span (fixed, sizeof fixed - 1), 0, seconds);
}

/* ---- paths ---- */

gboolean
gm_cookie_path_matches (GmSpan path,
                        GmSpan cookie_path)
{
  if (path.len == 0 || path.data[0] != '/')
    path = GM_SPAN ("/");
  if (cookie_path.len == 0 || cookie_path.len > path.len ||
      memcmp (path.data, cookie_path.data, cookie_path.len) != 0)
    return FALSE;

  return path.len == cookie_path.len || cookie_path.data[cookie_path.len - 1] == '/' ||
         path.data[cookie_path.len] == '/';
}

GmSpan
gm_cookie_default_path (GmSpan path)
{
  gsize len = path.len;

  if (len == 0 || path.data[0] != '/')
    return GM_SPAN ("/");
  while (path.data[len - 1] != '/')
    len--;

  return len > 1 ? gm_span (path.data, len - 1) : GM_SPAN ("/");
}

/* ---- Set-Cookie ---- */

/* What was read of Max-Age and Expires; the first one counts more, wherever it stands. */
typedef struct
{
  gint64 max_age;
  gint64 expires;
  gboolean has_max_age;
  gboolean has_expires;
} Age;

/* RFC 6265bis section 5.6.2. A number too large for us is as good as the longest age there is. */
static void
read_max_age (Age *age,
              GmSpan value)
{
  gboolean negative = value.len > 0 && value.data[0] == '-';
  gint64 seconds;

  if (negative)
    value = gm_span (value.data + 1, value.len - 1);
  if (!gm_http_read_seconds (value, GM_COOKIE_MAX_AGE, &seconds))
    return;

  age->max_age = negative ? 0 : seconds;
  age->has_max_age = TRUE;
}

static void
read_domain (GmCookieLine *line,
             GmSpan value)
{
  if (value.len > 0 && value.data[0] == '.')
    value = gm_span (value.data + 1, value.len - 1);
  line->domain = value;
}

static GmSameSite
read_same_site (GmSpan value)
{
  if (gm_span_equal_nocase (value, GM_SPAN ("none")))
    return GM_SAME_SITE_NONE;
  if (gm_span_equal_nocase (value, GM_SPAN ("lax")))
    return GM_SAME_SITE_LAX;
  if (gm_span_equal_nocase (value, GM_SPAN ("strict")))
    return GM_SAME_SITE_STRICT;

  return GM_SAME_SITE_DEFAULT;
}

/* One attribute; of those with one name the last counts. */
static void
read_attribute (GmCookieLine *line,
                Age *age,
                GmSpan attribute)
{
  GmSpan value = attribute;
  GmSpan name = gm_span_strip (cut_until (&value, '='));

  value = gm_span_strip (value);
  if (value.len > GM_COOKIE_MAX_ATTRIBUTE)
    return;

  if (gm_span_equal_nocase (name, GM_SPAN ("expires")))
    age->has_expires |= gm_cookie_date_parse (value, &age->expires);
  else if (gm_span_equal_nocase (name, GM_SPAN ("max-age")))
    read_max_age (age, value);
  else if (gm_span_equal_nocase (name, GM_SPAN ("domain")))
    read_domain (line, value);
  else if (gm_span_equal_nocase (name, GM_SPAN ("path")))
    line->path = value.len > 0 && value.data[0] == '/' ? value : gm_span (NULL, 0);
  else if (gm_span_equal_nocase (name, GM_SPAN ("secure")))
    line->secure = TRUE;
  else if (gm_span_equal_nocase (name, GM_SPAN ("httponly")))
    line->http_only = TRUE;
  else if (gm_span_equal_nocase (name, GM_SPAN ("samesite")))
    line->same_site = read_same_site (value);
}

static void
settle_age (GmCookieLine *line,
            const Age *age,
            gint64 now)
{
  line->persistent = age->has_max_age || age->has_expires;
  if (age->has_max_age)
    line->expires = age->max_age > 0 ? now + age->max_age : G_MININT64;
  else if (age->has_expires)
    line->expires = MIN (age->expires, now + GM_COOKIE_MAX_AGE);
}

GmCookieFault
gm_cookie_parse (GmSpan text,
                 gint64 now,
                 GmCookieLine *line)
{
  GmCookieLine found = { 0 };
  Age age = { 0 };
  GmSpan pair;

  if (has_control (text, FALSE))
    return GM_COOKIE_FAULT_CONTROL_BYTE;

  pair = cut_until (&text, ';');
  if (pair.len == 0 || memchr (pair.data, '=', pair.len) == NULL)
    return GM_COOKIE_FAULT_NO_NAME;
  found.name = gm_span_strip (cut_until (&pair, '='));
  found.value = gm_span_strip (pair);
  if (found.name.len == 0)
    return GM_COOKIE_FAULT_NO_NAME;
  if (has_control (found.name, TRUE) || has_control (found.value, TRUE))
    return GM_COOKIE_FAULT_CONTROL_BYTE;
  if (found.name.len + found.value.len > GM_COOKIE_MAX_PAIR)
    return GM_COOKIE_FAULT_TOO_LONG;

  while (text.len > 0)
    read_attribute (&found, &age, cut_until (&text, ';'));
  if (has_control (found.domain, TRUE) || has_control (found.path, TRUE))
    return GM_COOKIE_FAULT_CONTROL_BYTE;
  found.host_only = found.domain.len == 0;
  settle_age (&found, &age, now);

  *line = found;
  return GM_COOKIE_FAULT_NONE;
}

/* ---- cookie files ---- */

#define HTTP_ONLY "#HttpOnly_"

static gboolean
begins_with_http_only (GmSpan text)
{
  return text.len >= strlen (HTTP_ONLY) && memcmp (text.data, HTTP_ONLY, strlen (HTTP_ONLY)) == 0;
}

static GmSpan
without_line_end (GmSpan text)
{
  while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
    text.len--;
  return text;
}

gboolean
gm_cookie_is_comment (GmSpan text)
{
  text = gm_span_strip (without_line_end (text));

  return text.len == 0 || (text.data[0] == '#' && !begins_with_http_only (text));
}

static gboolean
is_true (GmSpan field)
{
  return gm_span_equal_nocase (field, GM_SPAN ("TRUE"));
}

static gboolean
is_boolean (GmSpan field)
{
  return is_true (field) || gm_span_equal_nocase (field, GM_SPAN ("FALSE"));
}

/* Seconds, with a fraction in some programs' files. */
static gboolean
read_expiry (GmSpan field,
             gint64 *seconds)
{
  GmSpan fraction = field;
  GmSpan whole = cut_until (&fraction, '.');
  guint64 value;

  for (gsize i = 0; i < fraction.len; i++)
    {
      if (!g_ascii_isdigit (fraction.data[i]))
        return FALSE;
    }
  if (!gm_span_to_uint64 (whole, G_MAXINT64, &value))
    return FALSE;

  *seconds = (gint64) value;
  return TRUE;
}

/* The fields between tabs; a path that is missing altogether is "/", a value that is missing is empty. 0 if there are
 * too many or too few. */
static gboolean
cut_fields (GmSpan text,
            GmSpan fields[N_FIELDS])
{
  guint n = 0;
  gboolean more = TRUE;

  while (more && n < N_FIELDS)
    {
      more = text.len > 0 && memchr (text.data, '\t', text.len) != NULL;
      fields[n++] = cut_until (&text, '\t');
      if (n == 3 && is_boolean (fields[2]))
        {
          fields[3] = fields[2];
          fields[2] = GM_SPAN ("/");
          n = 4;
        }
    }
  if (n == N_FIELDS - 1)
    fields[n++] = gm_span (NULL, 0);

  return n == N_FIELDS && !more;
}

GmCookieFault
gm_cookie_parse_netscape (GmSpan text,
                          GmCookieLine *line)
{
  GmCookieLine found = { 0 };
  GmSpan fields[N_FIELDS];

  text = without_line_end (text);
  if (gm_cookie_is_comment (text))
    return GM_COOKIE_FAULT_FIELDS;
  if (has_control (text, FALSE))
    return GM_COOKIE_FAULT_CONTROL_BYTE;
  if (begins_with_http_only (text))
    {
      found.http_only = TRUE;
      text = gm_span (text.data + strlen (HTTP_ONLY), text.len - strlen (HTTP_ONLY));
    }
  if (!cut_fields (text, fields) || !is_boolean (fields[1]) || !is_boolean (fields[3]) ||
      !read_expiry (fields[4], &found.expires))
    return GM_COOKIE_FAULT_FIELDS;

  read_domain (&found, fields[0]);
  found.host_only = !is_true (fields[1]);
  found.path = fields[2].len > 0 ? fields[2] : GM_SPAN ("/");
  found.secure = is_true (fields[3]);
  found.persistent = found.expires != 0;
  found.name = fields[5];
  found.value = fields[6];
  /* Written without a dot in front, "#" would begin a comment, or be the mark of another host's cookie. */
  if (found.domain.len == 0 || found.domain.data[0] == '#' || found.path.data[0] != '/')
    return GM_COOKIE_FAULT_FIELDS;
  if (found.name.len == 0)
    return GM_COOKIE_FAULT_NO_NAME;
  /* They would be other cookies in a request. */
  if (memchr (found.name.data, '=', found.name.len) != NULL || memchr (found.name.data, ';', found.name.len) != NULL ||
      (found.value.len > 0 && memchr (found.value.data, ';', found.value.len) != NULL))
    return GM_COOKIE_FAULT_FIELDS;
  if (found.name.len + found.value.len > GM_COOKIE_MAX_PAIR || found.path.len > GM_COOKIE_MAX_ATTRIBUTE ||
      found.domain.len > GM_COOKIE_MAX_ATTRIBUTE)
    return GM_COOKIE_FAULT_TOO_LONG;

  *line = found;
  return GM_COOKIE_FAULT_NONE;
}

static void
write_boolean (GmByteBuilder *out,
               gboolean value)
{
  if (value)
    gm_byte_builder_append_literal (out, "\tTRUE\t");
  else
    gm_byte_builder_append_literal (out, "\tFALSE\t");
}

void
gm_cookie_write_netscape (const GmCookieLine *line,
                          GmByteBuilder *out)
{
  if (line->http_only)
    gm_byte_builder_append_literal (out, HTTP_ONLY);
  if (!line->host_only)
    gm_byte_builder_append_char (out, '.');
  gm_byte_builder_append_span (out, line->domain);
  write_boolean (out, !line->host_only);
  gm_byte_builder_append_span (out, line->path);
  write_boolean (out, line->secure);
  gm_byte_builder_append_uint (out, line->persistent && line->expires > 0 ? (guint64) line->expires : 0);
  gm_byte_builder_append_char (out, '\t');
  gm_byte_builder_append_span (out, line->name);
  gm_byte_builder_append_char (out, '\t');
  gm_byte_builder_append_span (out, line->value);
}

#define REMARK "#SameSite_"

gboolean
gm_cookie_parse_remark (GmSpan text,
                        GmSameSite *same_site)
{
  text = without_line_end (text);
  if (text.len < strlen (REMARK) || memcmp (text.data, REMARK, strlen (REMARK)) != 0)
    return FALSE;

  *same_site = read_same_site (gm_span (text.data + strlen (REMARK), text.len - strlen (REMARK)));
  return TRUE;
}

void
gm_cookie_write_remark (GmSameSite same_site,
                        GmByteBuilder *out)
{
  static const char *const words[] = {
    [GM_SAME_SITE_NONE] = "None", [GM_SAME_SITE_LAX] = "Lax", [GM_SAME_SITE_STRICT] = "Strict"
  };

  if (same_site == GM_SAME_SITE_DEFAULT)
    return;

  gm_byte_builder_append_literal (out, REMARK);
  gm_byte_builder_append_span (out, gm_span (words[same_site], strlen (words[same_site])));
  gm_byte_builder_append_char (out, '\n');
}
