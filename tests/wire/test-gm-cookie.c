/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-cookie.h"

#define NOW 1793000000 /* October 2026 */

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

/* In a block of its exact size, so that a sanitizer sees a read past it. The line's spans point into it. */
static GmCookieFault
parse (const char *text,
       gsize len,
       char **copy,
       GmCookieLine *line)
{
  *copy = g_memdup2 (text, MAX (len, 1));
  return gm_cookie_parse (gm_span (*copy, len), NOW, line);
}

/* Everything a line says, as text. */
static char *
describe (const GmCookieLine *line)
{
  GString *out = g_string_new (NULL);

  g_string_append_len (out, line->name.data, (gssize) line->name.len);
  g_string_append_c (out, '=');
  g_string_append_len (out, line->value.data, (gssize) line->value.len);
  if (line->domain.len > 0)
    g_string_append_printf (out, " d:%.*s", (int) line->domain.len, line->domain.data);
  if (line->path.len > 0)
    g_string_append_printf (out, " p:%.*s", (int) line->path.len, line->path.data);
  if (line->persistent && line->expires == G_MININT64)
    g_string_append (out, " gone");
  else if (line->persistent)
    g_string_append_printf (out, " +%" G_GINT64_FORMAT, line->expires - NOW);
  if (line->host_only)
    g_string_append (out, " host");
  if (line->secure)
    g_string_append (out, " secure");
  if (line->http_only)
    g_string_append (out, " http");
  if (line->same_site != GM_SAME_SITE_DEFAULT)
    g_string_append_printf (out, " site%d", (int) line->same_site);

  return g_string_free (out, FALSE);
}

static void
test_set_cookie (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
  } cases[] = {
    { "a=b", "a=b host" },
    { "  a  =  b c  ", "a=b c host" },
    { "a=", "a= host" },
    { "a==b=", "a==b= host" },
    { "a=\"b; c\"", "a=\"b host" },
    { "a=b;", "a=b host" },
    { "a=b; ; ;", "a=b host" },
    { "a=b\t; Path=/x\t", "a=b p:/x host" },
    { "a=b; Domain=example.com", "a=b d:example.com" },
    { "a=b; DOMAIN=.Example.COM", "a=b d:Example.COM" },
    { "a=b; Domain=one.example; Domain=two.example", "a=b d:two.example" },
    { "a=b; Domain=one.example; Domain=", "a=b host" },
    { "a=b; Domain=.", "a=b host" },
    { "a=b; Domain", "a=b host" },
    { "a=b; Path=/one/; Path=/two", "a=b p:/two host" },
    { "a=b; Path=/one; Path=two", "a=b host" },
    { "a=b; Path", "a=b host" },
    { "a=b; Max-Age=60", "a=b +60 host" },
    { "a=b; Max-Age=0", "a=b gone host" },
    { "a=b; Max-Age=-1", "a=b gone host" },
    { "a=b; Max-Age=-", "a=b host" },
    { "a=b; Max-Age=", "a=b host" },
    { "a=b; Max-Age=+5", "a=b host" },
    { "a=b; Max-Age=5x", "a=b host" },
    { "a=b; Max-Age=1; Max-Age=2", "a=b +2 host" },
    { "a=b; Max-Age=34560000", "a=b +34560000 host" },
    { "a=b; Max-Age=34560001", "a=b +34560000 host" },
    { "a=b; Max-Age=99999999999999999999999999999999999", "a=b +34560000 host" },
    { "a=b; Max-Age=-99999999999999999999999999999999999", "a=b gone host" },
    { "a=b; Max-Age=60; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "a=b +60 host" },
    { "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=60", "a=b +60 host" },
    { "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT", "a=b +-1008888223 host" },
    { "a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "a=b +34560000 host" },
    { "a=b; Expires=never", "a=b host" },
    { "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Expires=never", "a=b +-1008888223 host" },
    { "a=b; Secure; HttpOnly", "a=b host secure http" },
    { "a=b; secure=no; httponly=false", "a=b host secure http" },
    { "a=b; Secured; HttpOnl", "a=b host" },
    { "a=b; SameSite=None", "a=b host site1" },
    { "a=b; SameSite=lax", "a=b host site2" },
    { "a=b; SameSite=STRICT", "a=b host site3" },
    { "a=b; SameSite=Strict; SameSite=odd", "a=b host" },
    { "a=b; SameSite", "a=b host" },
    { "\xc3\xa4=\xff", "\xc3\xa4=\xff host" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmCookieLine line;
      g_autofree char *copy = NULL;
      g_autofree char *told = NULL;

      if (g_utf8_validate (cases[i].text, -1, NULL))
        g_test_message ("%s", cases[i].text);
      g_assert_cmpint (parse (cases[i].text, strlen (cases[i].text), &copy, &line), ==, GM_COOKIE_FAULT_NONE);
      told = describe (&line);
      g_assert_cmpstr (told, ==, cases[i].expected);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    GmCookieFault fault;
  } cases[] = {
    { "", GM_COOKIE_FAULT_NO_NAME },
    { "a", GM_COOKIE_FAULT_NO_NAME },
    { "a; b=c", GM_COOKIE_FAULT_NO_NAME },
    { "=b", GM_COOKIE_FAULT_NO_NAME },
    { " = b", GM_COOKIE_FAULT_NO_NAME },
    { "=__Host-a=b; Secure; Path=/", GM_COOKIE_FAULT_NO_NAME },
    { ";a=b", GM_COOKIE_FAULT_NO_NAME },
    { "a\tb=c", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b\tc", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b\r\nX: y", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b\x01", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b\x7f", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b; Path=/\x1f", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b; Path=/x\ty", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b; Domain=x\ty", GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b; Odd=\n", GM_COOKIE_FAULT_CONTROL_BYTE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmCookieLine line = { .expires = 5 };
      g_autofree char *copy = NULL;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (parse (cases[i].text, strlen (cases[i].text), &copy, &line), ==, cases[i].fault);
      g_assert_cmpint (line.expires, ==, 5);
    }
}

/* Each control byte at each place, NUL too. */
static void
test_every_control_byte (void)
{
  static const char text[] = "name=value; Path=/path; Domain=example.com";

  for (gsize at = 0; at < sizeof text - 1; at++)
    {
      for (int c = 0; c <= 0x7f; c++)
        {
          g_autofree char *copy = g_memdup2 (text, sizeof text - 1);
          GmCookieLine line;
          GmCookieFault fault;

          if ((c >= 0x20 && c != 0x7f) || c == '\t')
            continue;
          copy[at] = (char) c;
          fault = gm_cookie_parse (gm_span (copy, sizeof text - 1), NOW, &line);
          g_assert_cmpint (fault, ==, GM_COOKIE_FAULT_CONTROL_BYTE);
        }
    }
}

/* Whatever is cut off, what is left is read to its end and no further. */
static void
test_byte_by_byte (void)
{
  static const char text[] = "name=value; Path=/p; Domain=.a.b; Max-Age=77; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Secure;"
                             " HttpOnly; SameSite=Lax";

  for (gsize len = 0; len < sizeof text; len++)
    {
      g_autofree char *copy = NULL;
      GmCookieLine line;
      GmCookieFault fault = parse (text, len, &copy, &line);

      g_assert_cmpint (fault, ==, len == sizeof text - 1 || len >= 5 ? GM_COOKIE_FAULT_NONE : GM_COOKIE_FAULT_NO_NAME);
      if (len == sizeof text - 1)
        {
          g_autofree char *told = describe (&line);

          g_assert_cmpstr (told, ==, "name=value d:a.b p:/p +77 secure http site2");
        }
      if (len == sizeof text - 1)
        break;
    }
}

static void
test_limits (void)
{
  static const gsize sizes[] = { GM_COOKIE_MAX_PAIR - 1, GM_COOKIE_MAX_PAIR };
  g_autofree char *path = g_strnfill (GM_COOKIE_MAX_ATTRIBUTE + 1, 'p');
  g_autofree char *text = NULL;
  GmCookieLine line;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *value = g_strnfill (sizes[i], 'v');
      g_autofree char *cookie = g_strconcat ("n=", value, NULL);

      g_assert_cmpint (gm_cookie_parse (span (cookie), NOW, &line), ==,
                       i == 0 ? GM_COOKIE_FAULT_NONE : GM_COOKIE_FAULT_TOO_LONG);
    }

  path[0] = '/';
  text = g_strconcat ("a=b; Path=/first; Path=", path, NULL);
  g_assert_cmpint (gm_cookie_parse (span (text), NOW, &line), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpuint (line.path.len, ==, strlen ("/first"));
  text[strlen (text) - 1] = '\0';
  g_assert_cmpint (gm_cookie_parse (span (text), NOW, &line), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpuint (line.path.len, ==, GM_COOKIE_MAX_ATTRIBUTE);
}

static void
test_dates (void)
{
  static const struct
  {
    const char *text;
    gint64 seconds; /* -1: none */
  } cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "8:49:37 6 november 94", 784111777 },
    { "94 8:49:37 6 nov", -1 },
    { "6 94 nov 8:49:37", 784111777 },
    { "06/nov/1994/08:49:37", 784111777 },
    { "06nov 1994 nov 08:49:37x", 784111777 },
    { "1994 06 nov 08:49:37", 784111777 },
    { "06 nov 1994z 08:49:37", 784111777 },
    { "06 nov 19945 08:49:37", -1 },
    { "06 nov 1994 08:49:37 07 dec 1995 09:50:38", 784111777 },
    { "01 Jan 69 00:00:00", 3124224000 },
    { "01 Jan 70 00:00:00", 0 },
    { "01 Jan 1601 00:00:00", -G_GINT64_CONSTANT (11644473600) },
    { "01 Jan 1600 00:00:00", -1 },
    { "31 Dec 9999 23:59:59", G_GINT64_CONSTANT (253402300799) },
    { "00 Jan 2000 00:00:00", -1 },
    { "32 Jan 2000 00:00:00", -1 },
    { "31 Apr 2000 00:00:00", -1 },
    { "29 Feb 2001 00:00:00", -1 },
    { "29 Feb 2000 12:00:00", 951825600 },
    { "01 Jan 2000 24:00:00", -1 },
    { "01 Jan 2000 00:60:00", -1 },
    { "01 Jan 2000 00:00:60", -1 },
    { "01 Jan 2000 00:00", -1 },
    { "01 Jan 2000 000:00:00", -1 },
    { "01 Jan 00:00:00", -1 },
    { "Jan 2000 00:00:00", -1 },
    { "01 2000 00:00:00", -1 },
    { "", -1 },
    { ",,, ;;;", -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gint64 seconds = -1;
      gsize len = strlen (cases[i].text);
      g_autofree char *copy = g_memdup2 (cases[i].text, MAX (len, 1));

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (gm_cookie_date_parse (gm_span (copy, len), &seconds), ==, cases[i].seconds != -1);
      g_assert_cmpint (seconds, ==, cases[i].seconds);
      for (gsize cut = 0; cut < len; cut++)
        {
          g_autofree char *part = g_memdup2 (cases[i].text, MAX (cut, 1));

          gm_cookie_date_parse (gm_span (part, cut), &seconds);
        }
    }
}

static void
test_paths (void)
{
  static const struct
  {
    const char *path;
    const char *cookie;
    gboolean matches;
  } cases[] = {
    { "/", "/", TRUE },        { "/a", "/", TRUE },      { "/a/b", "/a", TRUE },  { "/a/b", "/a/", TRUE },
    { "/a", "/a", TRUE },      { "/a", "/a/", FALSE },   { "/ab", "/a", FALSE },  { "/", "/a", FALSE },
    { "/A", "/a", FALSE },     { "", "/", TRUE },        { "a", "/", TRUE },      { "/a", "", FALSE },
    { "/a%2Fb", "/a", FALSE }, { "/a/../b", "/a", TRUE }
  };
  static const struct
  {
    const char *path;
    const char *expected;
  } defaults[] = { { "", "/" },      { "x", "/" },      { "/", "/" },     { "/x", "/" },
                   { "/x/", "/x" }, { "/x/y", "/x" }, { "/x//y", "/x/" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s for %s", cases[i].cookie, cases[i].path);
      g_assert_cmpint (gm_cookie_path_matches (span (cases[i].path), span (cases[i].cookie)), ==, cases[i].matches);
    }
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    {
      GmSpan found = gm_cookie_default_path (span (defaults[i].path));

      g_assert_cmpmem (found.data, found.len, defaults[i].expected, strlen (defaults[i].expected));
    }
}

static void
test_netscape (void)
{
  static const struct
  {
    const char *text;
    const char *expected; /* NULL: not taken */
    GmCookieFault fault;
  } cases[] = {
    { ".example.com\tTRUE\t/\tFALSE\t1793000060\tn\tv", "n=v d:example.com p:/ +60", GM_COOKIE_FAULT_NONE },
    { "example.com\tFALSE\t/x\tTRUE\t0\tn\tv\r\n", "n=v d:example.com p:/x host secure", GM_COOKIE_FAULT_NONE },
    { "#HttpOnly_.a.b\tTRUE\t/\ttrue\t0\tn\tv", "n=v d:a.b p:/ secure http", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\t/\tFALSE\t0\tn", "n= d:a.b p:/ host", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\t/\tFALSE\t0\tn\t", "n= d:a.b p:/ host", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\tFALSE\t0\tn\tv", "n=v d:a.b p:/ host", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\t\tFALSE\t0\tn\tv", "n=v d:a.b p:/ host", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\t/\tFALSE\t1793000060.25\tn\tv", "n=v d:a.b p:/ +60 host", GM_COOKIE_FAULT_NONE },
    { "a.b\tFALSE\t/\tFALSE\t0\tn\tv\tmore", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t0", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tmaybe\t/\tFALSE\t0\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tmaybe\t0\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\tx\tFALSE\t0\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t-1\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\tsoon\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t1.x\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t99999999999999999999\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { ".#HttpOnly_.a.b\tFALSE\t/\tFALSE\t0\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS }, /* read again it would be a.b's */
    { ".\tTRUE\t/\tFALSE\t0\tn\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t0\t\tv", NULL, GM_COOKIE_FAULT_NO_NAME },
    { "a.b\tFALSE\t/\tFALSE\t0\tn\tv; w=x", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t0\tn;m\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t0\tn=m\tv", NULL, GM_COOKIE_FAULT_FIELDS },
    { "a.b\tFALSE\t/\tFALSE\t0\tn\tv\x01", NULL, GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a.b\tFALSE\t/\tFALSE\t0\tn\tv\rw", NULL, GM_COOKIE_FAULT_CONTROL_BYTE },
    { "a=b", NULL, GM_COOKIE_FAULT_FIELDS },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize len = strlen (cases[i].text);
      g_autofree char *copy = g_memdup2 (cases[i].text, len);
      g_autofree char *told = NULL;
      GmCookieLine line;

      g_test_message ("%s", cases[i].text);
      g_assert_cmpint (gm_cookie_parse_netscape (gm_span (copy, len), &line), ==, cases[i].fault);
      if (cases[i].expected == NULL)
        {
          g_assert_false (gm_cookie_is_comment (gm_span (copy, len)));
          continue;
        }
      told = describe (&line);
      g_assert_cmpstr (told, ==, cases[i].expected);
      for (gsize cut = 0; cut < len; cut++)
        {
          g_autofree char *part = g_memdup2 (cases[i].text, MAX (cut, 1));

          gm_cookie_parse_netscape (gm_span (part, cut), &line);
        }
    }
}

static void
test_comments (void)
{
  static const char *const comments[] = { "", "\r\n", "# Netscape HTTP Cookie File", "#", "  # x", " \t " };

  for (guint i = 0; i < G_N_ELEMENTS (comments); i++)
    {
      GmCookieLine line;

      g_assert_true (gm_cookie_is_comment (span (comments[i])));
      g_assert_cmpint (gm_cookie_parse_netscape (span (comments[i]), &line), ==, GM_COOKIE_FAULT_FIELDS);
    }
  g_assert_false (gm_cookie_is_comment (GM_SPAN ("#HttpOnly_a.b\tFALSE")));
}

/* What is written reads the same. */
static void
test_round_trip (void)
{
  static const char *const lines[] = {
    ".example.com\tTRUE\t/\tFALSE\t1793000060\tn\tv",
    "example.com\tFALSE\t/x\tTRUE\t0\tn\tv w",
    "#HttpOnly_.a.b\tTRUE\t/\tTRUE\t0\tn\t",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_auto (GmByteBuilder) out = { 0 };
      GmCookieLine line;

      g_assert_cmpint (gm_cookie_parse_netscape (span (lines[i]), &line), ==, GM_COOKIE_FAULT_NONE);
      gm_cookie_write_netscape (&line, &out);
      g_assert_cmpmem (out.data, out.len, lines[i], strlen (lines[i]));
    }
}

static void
test_remark (void)
{
  static const char *const lines[] = { "#SameSite_None\n", "#SameSite_Lax\n", "#SameSite_Strict\n" };
  GmSameSite same_site = GM_SAME_SITE_LAX;

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_auto (GmByteBuilder) out = { 0 };

      g_assert_true (gm_cookie_parse_remark (span (lines[i]), &same_site));
      g_assert_cmpint (same_site, ==, GM_SAME_SITE_NONE + i);
      g_assert_true (gm_cookie_is_comment (span (lines[i])));
      gm_cookie_write_remark (same_site, &out);
      g_assert_cmpmem (out.data, out.len, lines[i], strlen (lines[i]));
    }
  g_assert_true (gm_cookie_parse_remark (span ("#SameSite_Whatever\r\n"), &same_site));
  g_assert_cmpint (same_site, ==, GM_SAME_SITE_DEFAULT);
  g_assert_false (gm_cookie_parse_remark (span ("#SameSite"), &same_site));
  g_assert_false (gm_cookie_parse_remark (span ("# SameSite_None"), &same_site));
  g_assert_false (gm_cookie_parse_remark (span (""), &same_site));
}

static void
test_names (void)
{
  g_assert_cmpstr (gm_cookie_fault_name (GM_COOKIE_FAULT_NONE), ==, "NONE");
  g_assert_cmpstr (gm_cookie_fault_name (GM_COOKIE_FAULT_CROSS_SITE), ==, "CROSS_SITE");
  g_assert_cmpstr (gm_cookie_fault_name (GM_N_COOKIE_FAULTS), ==, "?");
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cookie/set-cookie", test_set_cookie);
  g_test_add_func ("/cookie/refused", test_refused);
  g_test_add_func ("/cookie/every-control-byte", test_every_control_byte);
  g_test_add_func ("/cookie/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/cookie/limits", test_limits);
  g_test_add_func ("/cookie/dates", test_dates);
  g_test_add_func ("/cookie/paths", test_paths);
  g_test_add_func ("/cookie/netscape", test_netscape);
  g_test_add_func ("/cookie/comments", test_comments);
  g_test_add_func ("/cookie/round-trip", test_round_trip);
  g_test_add_func ("/cookie/remark", test_remark);
  g_test_add_func ("/cookie/names", test_names);
  return g_test_run ();
}
