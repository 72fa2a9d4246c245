/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http/gm-cookie-jar.h"

#include "gm-config.h"
#include "gm-state-file.h"
#include "http/gm-site.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW 1793000000 /* October 2026 */

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

static GmUrl *
url_new (const char *text)
{
  GmUrl *url = NULL;

  g_assert_cmpint (gm_url_parse (text, strlen (text), GM_URL_DEFAULT, &url), ==, GM_OK);
  return url;
}

static GmCookieFault
set_at (GmCookieJar *jar,
        const char *text,
        const char *cookie,
        gint64 now)
{
  g_autoptr (GmUrl) url = url_new (text);
  GmCookieOrigin origin;

  gm_cookie_origin_init (&origin, url, NULL);
  return gm_cookie_jar_set (jar, &origin, span (cookie), now);
}

static GmCookieFault
set (GmCookieJar *jar,
     const char *url,
     const char *cookie)
{
  return set_at (jar, url, cookie, NOW);
}

static char *
get_from (GmCookieJar *jar,
          const char *text,
          const char *first_party,
          gint64 now)
{
  g_autoptr (GmUrl) url = url_new (text);
  GmByteBuilder out = { 0 };
  GmCookieOrigin origin;
  gsize len;

  gm_cookie_origin_init (&origin, url, first_party);
  gm_cookie_jar_write (jar, &origin, now, GM_COOKIES_MAX_FIELD, &out);
  gm_byte_builder_append_char (&out, '\0');
  return gm_byte_builder_steal (&out, &len);
}

#define assert_sent(jar, url, expected)                                                                                \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *sent = get_from (jar, url, NULL, NOW);                                                            \
    g_assert_cmpstr (sent, ==, expected);                                                                              \
  }                                                                                                                    \
  G_STMT_END

/* ---- sites ---- */

static void
test_sites (void)
{
  static const struct
  {
    const char *host;
    const char *site;
    gboolean suffix;
    gboolean needs_list;
  } cases[] = {
    { "example.com", "example.com", FALSE, FALSE },
    { "www.example.com", "example.com", FALSE, FALSE },
    { "a.b.c.example.com", "example.com", FALSE, FALSE },
    { "com", "com", TRUE, FALSE },
    { "localhost", "localhost", TRUE, FALSE },
    { "co.uk", "co.uk", TRUE, TRUE },
    { "www.example.co.uk", "example.co.uk", FALSE, TRUE },
    { "a.b.github.io", "b.github.io", FALSE, TRUE },
    { "www.ck", "www.ck", FALSE, TRUE },
    { "any.ck", "any.ck", TRUE, TRUE },
    { "host.unknown-tld", "host.unknown-tld", FALSE, FALSE },
    { "127.0.0.1", "127.0.0.1", FALSE, FALSE },
    { "::1", "::1", FALSE, FALSE },
    { "www.example.com.", "www.example.com.", FALSE, FALSE },
    { "com.", "com.", FALSE, FALSE },
    { ".com", ".com", FALSE, FALSE },
    { "", "", FALSE, FALSE },
    { "xn--p1ai", "xn--p1ai", TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmSpan site = gm_site_of_host (span (cases[i].host));

      if (cases[i].needs_list && !HAVE_PSL)
        continue;
      g_test_message ("%s", cases[i].host);
      g_assert_cmpmem (site.data, site.len, cases[i].site, strlen (cases[i].site));
      g_assert_cmpint (gm_site_is_suffix (span (cases[i].host)), ==, cases[i].suffix);
    }
  g_assert_true (gm_site_is_address (GM_SPAN ("1.2.3.4")));
  g_assert_true (gm_site_is_address (GM_SPAN ("fe80::1")));
  g_assert_false (gm_site_is_address (GM_SPAN ("1.2.3")));
  g_assert_false (gm_site_is_address (GM_SPAN ("a1")));
}

static void
test_long_names (void)
{
  g_autofree char *name = g_strnfill (300, 'a');

  name[100] = '.';
  g_assert_cmpuint (gm_site_of_host (gm_span (name, 255)).len, ==, 255);
  g_assert_cmpuint (gm_site_of_host (gm_span (name, 256)).len, ==, 256);
  g_assert_false (gm_site_is_suffix (gm_span (name, 300)));
}

/* ---- who may set what ---- */

static void
test_setting (void)
{
  static const struct
  {
    const char *url;
    const char *cookie;
    GmCookieFault fault;
  } cases[] = {
    { "http://www.example.com/", "a=b", GM_COOKIE_FAULT_NONE },
    { "http://www.example.com/", "a=b; Domain=www.example.com", GM_COOKIE_FAULT_NONE },
    { "http://www.example.com/", "a=b; Domain=.EXAMPLE.com", GM_COOKIE_FAULT_NONE },
    { "http://www.example.com/", "a=b; Domain=com", GM_COOKIE_FAULT_PUBLIC_SUFFIX },
    { "http://www.example.com/", "a=b; Domain=.com", GM_COOKIE_FAULT_PUBLIC_SUFFIX },
    { "http://www.example.com/", "a=b; Domain=com.", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=example.com.", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=..example.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=xample.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=ww.example.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=www.www.example.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=example.org", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=exam ple.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Domain=\xc3\xa4.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com./", "a=b; Domain=example.com.", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com./", "a=b; Domain=example.com", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com./", "a=b", GM_COOKIE_FAULT_NONE },
    { "http://localhost/", "a=b; Domain=localhost", GM_COOKIE_FAULT_NONE },
    { "http://www.localhost/", "a=b; Domain=localhost", GM_COOKIE_FAULT_PUBLIC_SUFFIX },
    { "http://192.0.2.1/", "a=b; Domain=192.0.2.1", GM_COOKIE_FAULT_NONE },
    { "http://192.0.2.1/", "a=b; Domain=0.2.1", GM_COOKIE_FAULT_DOMAIN },
    { "http://192.0.2.1/", "a=b; Domain=.2.1", GM_COOKIE_FAULT_DOMAIN },
    { "http://[2001:db8::1]/", "a=b; Domain=2001:db8::1", GM_COOKIE_FAULT_NONE },
    { "http://[2001:db8::1]/", "a=b; Domain=:1", GM_COOKIE_FAULT_DOMAIN },
    { "http://www.example.com/", "a=b; Secure", GM_COOKIE_FAULT_NOT_SECURE },
    { "https://www.example.com/", "a=b; Secure", GM_COOKIE_FAULT_NONE },
    { "http://localhost/", "a=b; Secure", GM_COOKIE_FAULT_NONE },
    { "http://127.0.0.1/", "a=b; Secure", GM_COOKIE_FAULT_NONE },
    { "http://[::1]/", "a=b; Secure", GM_COOKIE_FAULT_NONE },
    { "http://127.0.0.2/", "a=b; Secure", GM_COOKIE_FAULT_NOT_SECURE },
    { "https://www.example.com/", "__Secure-a=b", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "__sEcure-a=b", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "__Secure-a=b; Secure", GM_COOKIE_FAULT_NONE },
    { "http://www.example.com/", "__Secure-a=b; Secure", GM_COOKIE_FAULT_NOT_SECURE },
    { "https://www.example.com/", "__Host-a=b; Secure; Path=/", GM_COOKIE_FAULT_NONE },
    { "https://www.example.com/", "__HOST-a=b; Path=/", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "__Host-a=b; Secure", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "__Host-a=b; Secure; Path=/x", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "__Host-a=b; Secure; Path=/; Domain=example.com", GM_COOKIE_FAULT_PREFIX },
    { "https://localhost/", "__Host-a=b; Secure; Path=/; Domain=localhost", GM_COOKIE_FAULT_PREFIX },
    { "https://www.example.com/", "a", GM_COOKIE_FAULT_NO_NAME },
    { "https://www.example.com/", "a=\x01", GM_COOKIE_FAULT_CONTROL_BYTE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

      g_test_message ("%s: %s", cases[i].url, cases[i].cookie);
      g_assert_cmpstr (gm_cookie_fault_name (set (jar, cases[i].url, cases[i].cookie)), ==,
                       gm_cookie_fault_name (cases[i].fault));
      g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, cases[i].fault == GM_COOKIE_FAULT_NONE);
    }
}

static void
test_public_suffixes (void)
{
  static const struct
  {
    const char *url;
    const char *domain;
  } cases[] = {
    { "http://www.example.co.uk/", "co.uk" },     { "http://www.example.co.uk/", "uk" },
    { "http://me.github.io/", "github.io" },      { "http://a.b.kawasaki.jp/", "b.kawasaki.jp" },
    { "http://x.s3.amazonaws.com/", "amazonaws.com" },
  };
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  if (!HAVE_PSL)
    {
      g_test_skip ("no public suffix list");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *cookie = g_strdup_printf ("a=b; Domain=%s", cases[i].domain);

      g_test_message ("%s: %s", cases[i].url, cases[i].domain);
      g_assert_cmpint (set (jar, cases[i].url, cookie), ==, GM_COOKIE_FAULT_PUBLIC_SUFFIX);
    }
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, 0);

  /* A suffix that is a host has cookies of its own. */
  g_assert_cmpint (set (jar, "http://github.io/", "a=b; Domain=github.io"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "http://github.io/", "a=b");
  assert_sent (jar, "http://me.github.io/", "");
}

/* ---- who gets what ---- */

static void
test_domains (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  set (jar, "http://www.example.com/", "host=1");
  set (jar, "http://www.example.com/", "site=2; Domain=example.com");
  assert_sent (jar, "http://www.example.com/", "host=1; site=2");
  assert_sent (jar, "http://WWW.Example.COM/", "host=1; site=2");
  assert_sent (jar, "http://a.www.example.com/", "site=2");
  assert_sent (jar, "http://example.com/", "site=2");
  assert_sent (jar, "http://badexample.com/", "");
  assert_sent (jar, "http://www.example.com./", "");
  assert_sent (jar, "http://com/", "");
  assert_sent (jar, "http://www.example.org/", "");
  assert_sent (jar, "file:///x", "");
}

static void
test_paths_and_order (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  set (jar, "http://h.example/a/b/c", "default=1");
  set (jar, "http://h.example/", "root=2");
  set (jar, "http://h.example/", "deep=3; Path=/a/b");
  set (jar, "http://h.example/", "other=4; Path=/x");
  set (jar, "http://h.example/", "slash=5; Path=/a/");
  assert_sent (jar, "http://h.example/a/b/z?q", "default=1; deep=3; slash=5; root=2");
  assert_sent (jar, "http://h.example/a/bc", "slash=5; root=2");
  assert_sent (jar, "http://h.example/a", "root=2");
  /* One that is replaced keeps its place. */
  set (jar, "http://h.example/", "default=6; Path=/a/b");
  assert_sent (jar, "http://h.example/a/b", "default=6; deep=3; slash=5; root=2");
}

static void
test_secure (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  set (jar, "https://h.example/", "s=1; Secure; HttpOnly");
  set (jar, "https://h.example/", "p=2");
  assert_sent (jar, "https://h.example/", "s=1; p=2");
  assert_sent (jar, "http://h.example/", "p=2");
  assert_sent (jar, "https://h.example:8443/", "s=1; p=2");

  g_assert_cmpint (set (jar, "http://h.example/", "s=evil"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  g_assert_cmpint (set (jar, "http://h.example/", "s=evil; Path=/x"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  g_assert_cmpint (set (jar, "http://h.example/", "s=; Max-Age=0"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  g_assert_cmpint (set (jar, "http://h.example/", "s=evil; Domain=h.example"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  g_assert_cmpint (set (jar, "http://w.h.example/", "s=evil; Domain=h.example"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  g_assert_cmpint (set (jar, "http://w.h.example/", "s=own"), ==, GM_COOKIE_FAULT_OVER_SECURE);
  assert_sent (jar, "https://h.example/", "s=1; p=2");
  /* Where the secure one does not go, it is not hidden. */
  set (jar, "https://h.example/", "t=1; Secure; Path=/x");
  g_assert_cmpint (set (jar, "http://h.example/", "t=2; Path=/y"), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpint (set (jar, "https://h.example/", "s=new"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "http://h.example/", "s=new; p=2");
}

static void
test_ages (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autofree char *later = NULL;

  set (jar, "http://h.example/", "short=1; Max-Age=10");
  set (jar, "http://h.example/", "long=2; Max-Age=1000");
  set (jar, "http://h.example/", "session=3");
  set (jar, "http://h.example/", "past=4; Expires=Sun, 06 Nov 1994 08:49:37 GMT");
  assert_sent (jar, "http://h.example/", "short=1; long=2; session=3");
  later = get_from (jar, "http://h.example/", NULL, NOW + 10);
  g_assert_cmpstr (later, ==, "long=2; session=3");
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, 2);

  set (jar, "http://h.example/", "long=; Max-Age=0");
  assert_sent (jar, "http://h.example/", "session=3");
  set (jar, "http://h.example/", "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/other");
  assert_sent (jar, "http://h.example/", "session=3");
  set (jar, "http://h.example/", "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  assert_sent (jar, "http://h.example/", "");
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, 0);
}

static void
test_same_site (void)
{
  static const struct
  {
    const char *first_party;
    const char *sent;
  } cases[] = {
    { NULL, "d=1; n=2; l=3; s=4" },
    { "https://example.com/page", "d=1; n=2; l=3; s=4" },
    { "https://other.example.com/", "d=1; n=2; l=3; s=4" },
    { "http://example.com/", "n=2" },
    { "https://evil.example/", "n=2" },
    { "https://example.com.evil.example/", "n=2" },
    { "nonsense", "n=2" },
    { "", "n=2" },
  };
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GmUrl) url = url_new ("https://www.example.com/");
  GmCookieOrigin origin;

  set (jar, "https://www.example.com/", "d=1");
  set (jar, "https://www.example.com/", "n=2; SameSite=None; Secure");
  set (jar, "https://www.example.com/", "l=3; SameSite=Lax");
  set (jar, "https://www.example.com/", "s=4; SameSite=Strict");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sent = get_from (jar, "https://www.example.com/", cases[i].first_party, NOW);

      g_assert_cmpstr (sent, ==, cases[i].sent);
    }

  gm_cookie_origin_init (&origin, url, "https://evil.example/");
  g_assert_cmpint (gm_cookie_jar_set (jar, &origin, GM_SPAN ("s=5; SameSite=Strict"), NOW), ==,
                   GM_COOKIE_FAULT_CROSS_SITE);
  g_assert_cmpint (gm_cookie_jar_set (jar, &origin, GM_SPAN ("s=5"), NOW), ==, GM_COOKIE_FAULT_CROSS_SITE);
  g_assert_cmpint (gm_cookie_jar_set (jar, &origin, GM_SPAN ("m=5; SameSite=None"), NOW), ==, GM_COOKIE_FAULT_NONE);
}

/* ---- limits ---- */

static void
test_limit_of_site (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  set (jar, "https://h.example/", "secure=1; Secure; Path=/s");
  for (guint i = 0; i < GM_COOKIE_JAR_MAX_SITE - 1; i++)
    {
      g_autofree char *cookie = g_strdup_printf ("c%u=1; Path=/%u", i, i);
      g_autofree char *host = g_strdup_printf ("https://h%u.h.example/", i % 7);

      g_assert_cmpint (set (jar, host, cookie), ==, GM_COOKIE_FAULT_NONE);
    }
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, GM_COOKIE_JAR_MAX_SITE);
  set (jar, "https://else.example/", "x=1");
  assert_sent (jar, "https://h0.h.example/0", "c0=1"); /* used just now: the next one is the oldest */
  set (jar, "https://h.example/", "more=1");
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, GM_COOKIE_JAR_MAX_SITE + 1);
  assert_sent (jar, "https://h1.h.example/1", "");
  assert_sent (jar, "https://h0.h.example/0", "c0=1");
  assert_sent (jar, "https://h2.h.example/2", "c2=1");
  assert_sent (jar, "https://h.example/s", "secure=1; more=1");
  assert_sent (jar, "https://else.example/", "x=1");
}

/* One that has expired goes before any other. */
static void
test_expired_goes_first (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autofree char *sent = NULL;

  set (jar, "http://h.example/", "oldest=1; Path=/old");
  for (guint i = 0; i < GM_COOKIE_JAR_MAX_SITE - 1; i++)
    {
      g_autofree char *cookie = g_strdup_printf ("c%u=1; Path=/%u%s", i, i, i == 90 ? "; Max-Age=5" : "");

      set (jar, "http://h.example/", cookie);
    }
  g_assert_cmpint (set_at (jar, "http://h.example/", "more=1; Path=/m", NOW + 6), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, GM_COOKIE_JAR_MAX_SITE);
  sent = get_from (jar, "http://h.example/old", NULL, NOW + 6);
  g_assert_cmpstr (sent, ==, "oldest=1");
}

static void
test_limit_of_jar (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  for (guint i = 0; i < GM_COOKIE_JAR_MAX; i++)
    {
      g_autofree char *url = g_strdup_printf ("http://h%u.example/", i);

      set (jar, url, i == 500 ? "c=1; Max-Age=5" : "c=1");
    }
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, GM_COOKIE_JAR_MAX);
  g_assert_cmpint (set_at (jar, "http://new.example/", "n=1", NOW + 6), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "http://h0.example/", "c=1"); /* the expired one made room, and this one is used now */
  set (jar, "http://new2.example/", "n=2");
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, GM_COOKIE_JAR_MAX);
  assert_sent (jar, "http://h0.example/", "c=1");
  assert_sent (jar, "http://h1.example/", "");
  assert_sent (jar, "http://h2.example/", "c=1");
}

static void
test_limits_of_field (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GmCookieJar) big = gm_cookie_jar_new ();
  g_autofree char *value = g_strnfill (2000, 'v');
  g_autoptr (GmUrl) url = url_new ("http://h.example/");
  g_auto (GmByteBuilder) out = { 0 };
  GmCookieOrigin origin;

  gm_cookie_origin_init (&origin, url, NULL);
  for (guint i = 0; i < GM_COOKIES_MAX_SENT + 5; i++)
    {
      g_autofree char *cookie = g_strdup_printf ("c%u=1", i);

      set (jar, "http://h.example/", cookie);
    }
  g_assert_cmpuint (gm_cookie_jar_write (jar, &origin, NOW, GM_COOKIES_MAX_FIELD, &out), ==, GM_COOKIES_MAX_SENT);

  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *cookie = g_strdup_printf ("c%u=%s", i, value);

      set (big, "http://h.example/", cookie);
    }
  gm_byte_builder_reset (&out);
  g_assert_cmpuint (gm_cookie_jar_write (big, &origin, NOW, GM_COOKIES_MAX_FIELD, &out), ==, 4);
  g_assert_cmpuint (out.len, ==, 4 * 2003 + 3 * 2);
  gm_byte_builder_reset (&out);
  g_assert_cmpuint (gm_cookie_jar_write (big, &origin, NOW, 2002, &out), ==, 0);
  g_assert_cmpuint (gm_cookie_jar_write (big, &origin, NOW, 2003, &out), ==, 1);
}

/* ---- by hand ---- */

static GmCookieFault
add (GmCookieJar *jar,
     const char *text)
{
  GmCookieLine line;
  GmCookieFault fault = gm_cookie_parse_netscape (span (text), &line);

  return fault != GM_COOKIE_FAULT_NONE ? fault : gm_cookie_jar_add (jar, &line, FALSE, NOW);
}

static void
test_adding (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  GmCookieLine line;

  g_assert_cmpint (add (jar, ".Example.com\tTRUE\t/\tTRUE\t0\ta\tb"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "https://www.example.com/", "a=b");
  assert_sent (jar, "http://www.example.com/", "");
  g_assert_cmpint (add (jar, ".com\tTRUE\t/\tFALSE\t0\tsuper\tcookie"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "https://www.example.com/", "a=b");
  g_assert_cmpint (add (jar, "192.0.2.1\tTRUE\t/\tFALSE\t0\tip\t1"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "http://192.0.2.1/", "ip=1");
  g_assert_cmpint (add (jar, "dot.example.\tFALSE\t/\tFALSE\t0\tdot\t1"), ==, GM_COOKIE_FAULT_NONE);
  assert_sent (jar, "http://dot.example./", "dot=1");
  assert_sent (jar, "http://dot.example/", "");
  g_assert_cmpint (add (jar, ".dot.example.\tTRUE\t/\tFALSE\t0\tdot\t1"), ==, GM_COOKIE_FAULT_DOMAIN);
  g_assert_cmpint (add (jar, "h.example\tFALSE\t/\tFALSE\t0\t__Secure-a\tb"), ==, GM_COOKIE_FAULT_PREFIX);
  g_assert_cmpint (add (jar, "h.example\tFALSE\t/x\tTRUE\t0\t__Host-a\tb"), ==, GM_COOKIE_FAULT_PREFIX);
  g_assert_cmpint (add (jar, ".h.example\tTRUE\t/\tTRUE\t0\t__Host-a\tb"), ==, GM_COOKIE_FAULT_PREFIX);
  g_assert_cmpint (add (jar, "h.example\tFALSE\t/\tTRUE\t0\t__Host-a\tb"), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpint (gm_cookie_parse (GM_SPAN ("a=b"), NOW, &line), ==, GM_COOKIE_FAULT_NONE);
  g_assert_cmpint (gm_cookie_jar_add (jar, &line, FALSE, NOW), ==, GM_COOKIE_FAULT_NO_DOMAIN);
}

static void
count (gpointer data)
{
  (*(guint *) data)++;
}

static void
test_list_and_clear (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *line = NULL;
  guint n_changes = 0;
  GmCookie *cookie;

  gm_cookie_jar_watch (jar, count, NULL, &n_changes, NULL);
  set (jar, "http://a.example/", "one=1; Max-Age=60; HttpOnly");
  set (jar, "http://b.example/", "two=2");
  set (jar, "http://a.example/", "x");
  g_assert_cmpuint (n_changes, ==, 2);
  list = gm_cookie_jar_list (jar, NOW);
  g_assert_cmpuint (list->len, ==, 2);
  cookie = list->pdata[0];
  line = gm_cookie_dup_netscape (cookie);
  g_assert_cmpstr (line, ==, "#HttpOnly_a.example\tFALSE\t/\tFALSE\t1793000060\tone\t1");

  gm_cookie_jar_clear (jar, TRUE);
  g_assert_cmpuint (n_changes, ==, 3);
  assert_sent (jar, "http://a.example/", "one=1");
  assert_sent (jar, "http://b.example/", "");
  g_assert_true (gm_cookie_jar_remove (jar, cookie));
  g_assert_false (gm_cookie_jar_remove (jar, cookie));
  g_assert_cmpuint (n_changes, ==, 4);
  gm_cookie_jar_clear (jar, FALSE);
  g_assert_cmpuint (n_changes, ==, 4);
  gm_cookie_jar_watch (jar, NULL, NULL, NULL, NULL);
  set (jar, "http://a.example/", "one=1");
  g_assert_cmpuint (n_changes, ==, 4);
}

/* ---- files ---- */

typedef struct
{
  char *folder;
  char *path;
} Place;

static void
place_set_up (Place *place,
              gconstpointer data G_GNUC_UNUSED)
{
  place->folder = g_dir_make_tmp ("gm-jar-XXXXXX", NULL);
  place->path = g_build_filename (place->folder, "cookies.txt", NULL);
}

static void
place_tear_down (Place *place,
                 gconstpointer data G_GNUC_UNUSED)
{
  GDir *folder = g_dir_open (place->folder, 0, NULL);
  const char *name;

  g_chmod (place->folder, 0700);
  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (place->folder, name, NULL);

      g_remove (path);
    }
  g_dir_close (folder);
  g_rmdir (place->folder);
  g_free (place->folder);
  g_free (place->path);
}

static guint
count_files (const char *path)
{
  GDir *folder = g_dir_open (path, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  g_dir_close (folder);
  return n;
}

static void
test_save_and_load (Place *place,
                    gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GmCookieJar) again = gm_cookie_jar_new ();
  g_autoptr (GmCookieJar) fresh = gm_cookie_jar_new ();
  g_autofree char *text = NULL;
  GStatBuf there;

  set (jar, "https://www.example.com/x/y", "a=b c; Max-Age=60; Secure; HttpOnly; Domain=example.com");
  set (jar, "https://h.example/", "session=1");
  g_assert_cmpint (gm_cookie_jar_save (jar, place->path, TRUE, NOW), ==, 0);
  g_assert_cmpint (g_stat (place->path, &there), ==, 0);
  g_assert_cmpint (there.st_mode & 07777, ==, 0600);
  g_assert_true (g_file_get_contents (place->path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "# Netscape HTTP Cookie File\n"));
  g_assert_nonnull (strstr (text, "\n#HttpOnly_.example.com\tTRUE\t/x\tTRUE\t1793000060\ta\tb c\n"
                                  "h.example\tFALSE\t/\tFALSE\t0\tsession\t1\n"));

  gm_cookie_jar_add_file (again, place->path, FALSE);
  g_assert_false (gm_cookie_jar_is_loaded (again));
  g_assert_cmpint (gm_cookie_jar_load (again, NOW, NULL), ==, 0);
  g_assert_true (gm_cookie_jar_is_loaded (again));
  assert_sent (again, "https://www.example.com/x", "a=b c");
  assert_sent (again, "https://h.example/", "session=1");

  gm_cookie_jar_add_file (fresh, place->path, TRUE);
  g_assert_cmpint (gm_cookie_jar_load (fresh, NOW, NULL), ==, 0);
  assert_sent (fresh, "https://www.example.com/x", "a=b c");
  assert_sent (fresh, "https://h.example/", "");
  g_assert_cmpuint (count_files (place->folder), ==, 1);
}

/* SameSite is kept in a line that other programs take for a comment; it counts for the next line alone. */
static void
test_file_same_site (Place *place,
                     gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autoptr (GmCookieJar) again = gm_cookie_jar_new ();
  g_autoptr (GPtrArray) list = NULL;
  g_autofree char *text = NULL;

  set (jar, "https://h.example/", "none=1; Secure; SameSite=None");
  set (jar, "https://h.example/", "plain=2; Secure");
  set (jar, "https://h.example/", "lax=3; SameSite=Lax");
  set (jar, "https://h.example/", "strict=4; SameSite=Strict; HttpOnly");
  g_assert_cmpint (gm_cookie_jar_save (jar, place->path, TRUE, NOW), ==, 0);
  g_assert_true (g_file_get_contents (place->path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "#SameSite_None"));
  g_assert_cmpstr (strstr (text, "#SameSite_None"), ==,
                   "#SameSite_None\nh.example\tFALSE\t/\tTRUE\t0\tnone\t1\n"
                   "h.example\tFALSE\t/\tTRUE\t0\tplain\t2\n"
                   "#SameSite_Lax\nh.example\tFALSE\t/\tFALSE\t0\tlax\t3\n"
                   "#SameSite_Strict\n#HttpOnly_h.example\tFALSE\t/\tFALSE\t0\tstrict\t4\n");

  gm_cookie_jar_add_file (again, place->path, FALSE);
  g_assert_cmpint (gm_cookie_jar_load (again, NOW, NULL), ==, 0);
  list = gm_cookie_jar_list (again, NOW);
  g_assert_cmpuint (list->len, ==, 4);
  g_assert_cmpint (((GmCookie *) list->pdata[0])->same_site, ==, GM_SAME_SITE_NONE);
  g_assert_cmpint (((GmCookie *) list->pdata[1])->same_site, ==, GM_SAME_SITE_DEFAULT);
  g_assert_cmpint (((GmCookie *) list->pdata[2])->same_site, ==, GM_SAME_SITE_LAX);
  g_assert_cmpint (((GmCookie *) list->pdata[3])->same_site, ==, GM_SAME_SITE_STRICT);
}

/* What a server has set since is newer than any file. */
static void
test_file_does_not_replace (Place *place,
                            gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();

  g_assert_true (g_file_set_contents (place->path,
                                      "h.example\tFALSE\t/\tFALSE\t0\ta\told\n"
                                      "h.example\tFALSE\t/\tFALSE\t0\tb\told\n",
                                      -1, NULL));
  set (jar, "http://h.example/", "a=new");
  gm_cookie_jar_add_file (jar, place->path, FALSE);
  g_assert_cmpint (gm_cookie_jar_load (jar, NOW, NULL), ==, 0);
  assert_sent (jar, "http://h.example/", "a=new; b=old");
  set (jar, "http://h.example/", "b=new");
  assert_sent (jar, "http://h.example/", "a=new; b=new");
}

static void
test_damaged_file (Place *place,
                   gconstpointer data G_GNUC_UNUSED)
{
  static const char text[] = "# Netscape HTTP Cookie File\r\n"
                             "\r\n"
                             "h.example\tFALSE\t/\tFALSE\t0\ta\t1\r\n"
                             "rubbish\n"
                             "h.example\tFALSE\t/\tFALSE\t0\tnul\0l\t1\n"
                             "h.example\tFALSE\t/\tFALSE\t0\tb\t2; c=3\n"
                             "h.example\tFALSE\t/\tFALSE\t0\t__Host-x\t2\n"
                             "h.example\tFALSE\t/\tFALSE\t5\tlong-gone\t2\n"
                             "Set-Cookie: d=4; Domain=h.example\n"
                             "set-cookie: nowhere=5\n"
                             "h.example\tFALSE\t/\tFALSE\t0\te\t6";
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  guint n_damaged;

  g_assert_true (g_file_set_contents (place->path, text, sizeof text - 1, NULL));
  gm_cookie_jar_add_file (jar, place->path, FALSE);
  g_assert_cmpint (gm_cookie_jar_load (jar, NOW, &n_damaged), ==, 0);
  g_assert_cmpuint (n_damaged, ==, 5);
  assert_sent (jar, "http://h.example/", "a=1; d=4; e=6");
}

static void
test_unreadable (Place *place,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  guint n_damaged;

  gm_cookie_jar_add_file (jar, place->path, FALSE);
  g_assert_cmpint (gm_cookie_jar_load (jar, NOW, NULL), ==, 0); /* not there: nothing known */
  gm_cookie_jar_add_file (jar, place->folder, FALSE);
  g_assert_cmpint (gm_cookie_jar_save (jar, place->path, TRUE, NOW), ==, EISDIR);
  g_assert_false (g_file_test (place->path, G_FILE_TEST_EXISTS));
  gm_cookie_jar_add_file (jar, "/dev/zero", FALSE);
  g_assert_cmpint (gm_cookie_jar_load (jar, NOW, &n_damaged), ==, EFBIG);
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, 0);
}

static void
test_unwritable (Place *place,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autofree char *nowhere = g_build_filename (place->folder, "no", "such", NULL);
  g_autofree char *below = g_build_filename (place->path, "x", NULL);

  set (jar, "http://h.example/", "a=1");
  g_assert_cmpint (gm_cookie_jar_save (jar, nowhere, TRUE, NOW), ==, ENOENT);
  g_assert_cmpint (gm_cookie_jar_save (jar, place->folder, TRUE, NOW), ==, EISDIR);
  g_assert_true (g_file_set_contents (place->path, "old", -1, NULL));
  g_assert_cmpint (gm_cookie_jar_save (jar, below, TRUE, NOW), ==, ENOTDIR);
  g_assert_cmpint (gm_cookie_jar_save (jar, "/dev/full", TRUE, NOW), ==, ENOSPC);
  g_assert_cmpint (gm_cookie_jar_save (jar, "/dev/null", TRUE, NOW), ==, 0);
  if (getuid () != 0)
    {
      g_autofree char *text = NULL;

      g_assert_cmpint (g_chmod (place->folder, 0500), ==, 0);
      g_assert_cmpint (gm_cookie_jar_save (jar, place->path, TRUE, NOW), ==, EACCES);
      g_assert_true (g_file_get_contents (place->path, &text, NULL, NULL));
      g_assert_cmpstr (text, ==, "old");
    }
  g_assert_cmpuint (count_files (place->folder), ==, 1);
}

static void
test_link_stays (Place *place,
                 gconstpointer data G_GNUC_UNUSED)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  g_autofree char *link = g_build_filename (place->folder, "link", NULL);

  g_assert_true (g_file_set_contents (place->path, "old", -1, NULL));
  g_assert_cmpint (symlink ("cookies.txt", link), ==, 0);
  set (jar, "http://h.example/", "a=1");
  g_assert_cmpint (gm_cookie_jar_save (jar, link, TRUE, NOW), ==, 0);
  g_assert_true (g_file_test (link, G_FILE_TEST_IS_SYMLINK));
  gm_cookie_jar_clear (jar, FALSE);
  gm_cookie_jar_add_file (jar, place->path, FALSE);
  g_assert_cmpint (gm_cookie_jar_load (jar, NOW, NULL), ==, 0);
  assert_sent (jar, "http://h.example/", "a=1");
}

/* ---- threads ---- */

static gpointer
use_jar (gpointer data)
{
  GmCookieJar *jar = data;

  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *url = g_strdup_printf ("http://h%u.example/", i % 50);
      g_autofree char *cookie = g_strdup_printf ("c%u=%u%s", i % 30, i, i % 11 == 0 ? "; Max-Age=0" : "");
      g_autofree char *sent = NULL;

      set (jar, url, cookie);
      sent = get_from (jar, url, NULL, NOW);
      if (i % 500 == 499)
        {
          g_autoptr (GPtrArray) list = gm_cookie_jar_list (jar, NOW);

          gm_cookie_jar_clear (jar, TRUE);
        }
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (GmCookieJar) jar = gm_cookie_jar_new ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("jar", use_jar, jar);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  gm_cookie_jar_clear (jar, FALSE);
  g_assert_cmpuint (gm_cookie_jar_get_n (jar), ==, 0);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/site/of-host", test_sites);
  g_test_add_func ("/site/long-names", test_long_names);
  g_test_add_func ("/cookie-jar/setting", test_setting);
  g_test_add_func ("/cookie-jar/public-suffixes", test_public_suffixes);
  g_test_add_func ("/cookie-jar/domains", test_domains);
  g_test_add_func ("/cookie-jar/paths-and-order", test_paths_and_order);
  g_test_add_func ("/cookie-jar/secure", test_secure);
  g_test_add_func ("/cookie-jar/ages", test_ages);
  g_test_add_func ("/cookie-jar/same-site", test_same_site);
  g_test_add_func ("/cookie-jar/limit-of-site", test_limit_of_site);
  g_test_add_func ("/cookie-jar/expired-goes-first", test_expired_goes_first);
  g_test_add_func ("/cookie-jar/limit-of-jar", test_limit_of_jar);
  g_test_add_func ("/cookie-jar/limits-of-field", test_limits_of_field);
  g_test_add_func ("/cookie-jar/adding", test_adding);
  g_test_add_func ("/cookie-jar/list-and-clear", test_list_and_clear);
#define ADD(path, func) g_test_add ("/cookie-jar/file/" path, Place, NULL, place_set_up, func, place_tear_down)
  ADD ("save-and-load", test_save_and_load);
  ADD ("same-site", test_file_same_site);
  ADD ("does-not-replace", test_file_does_not_replace);
  ADD ("damaged", test_damaged_file);
  ADD ("unreadable", test_unreadable);
  ADD ("unwritable", test_unwritable);
  ADD ("link-stays", test_link_stays);
  g_test_add_func ("/cookie-jar/threads", test_threads);
  return g_test_run ();
}
