/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-proxy-choice.h"
#include "gm-gss.h"
#include "gm-socks.h"

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    GmProxyKind kind;
    guint16 port;
    const char *expected; /* "log text user password", or a result */
  } cases[] = {
    { "http://proxy.example", GM_PROXY_HTTP, 0, "http://proxy.example:1080 - - 0" },
    { "http://proxy.example:3128/", GM_PROXY_HTTP, 99, "http://proxy.example:3128 - - 0" },
    { "proxy.example:3128", GM_PROXY_HTTP, 0, "http://proxy.example:3128 - - 0" },
    { "proxy.example", GM_PROXY_HTTP, 99, "http://proxy.example:99 - - 0" },
    { "localhost:3128", GM_PROXY_HTTP, 0, "http://localhost:3128 - - 0" },
    { "ftp.example:3128", GM_PROXY_HTTP, 0, "http://ftp.example:3128 - - 0" },
    { "PROXY.Example", GM_PROXY_SOCKS5, 0, "socks5://proxy.example:1080 - - 5" },
    { "https://proxy.example", GM_PROXY_HTTP, 0, "https://proxy.example:443 - - 2" },
    { "https://proxy.example", GM_PROXY_HTTPS_2, 0, "https://proxy.example:443 - - 3" },
    { "http://proxy.example", GM_PROXY_HTTP_1_0, 0, "http://proxy.example:1080 - - 1" },
    { "http://proxy.example", GM_PROXY_SOCKS5, 0, "http://proxy.example:1080 - - 0" },
    { "socks://proxy.example", GM_PROXY_HTTP, 0, "socks4://proxy.example:1080 - - 4" },
    { "socks4://proxy.example", GM_PROXY_HTTP, 0, "socks4://proxy.example:1080 - - 4" },
    { "socks4a://proxy.example", GM_PROXY_HTTP, 0, "socks4a://proxy.example:1080 - - 6" },
    { "socks5://proxy.example", GM_PROXY_HTTP, 0, "socks5://proxy.example:1080 - - 5" },
    { "SOCKS5H://u:p@proxy.example:1", GM_PROXY_HTTP, 0, "socks5h://proxy.example:1 u p 7" },
    { "socks5h://u:p@localhost/run/a%20socket", GM_PROXY_HTTP, 0, "socks5h://localhost/run/a socket u p 7" },
    { "localhost/run/socket", GM_PROXY_SOCKS4, 0, "socks4://localhost/run/socket - - 4" },
    { "localhost:1/", GM_PROXY_SOCKS4, 0, "socks4://localhost:1 - - 4" },
    { "socks5h://proxy.example/run/socket", GM_PROXY_HTTP, 0, "socks5h://proxy.example:1080 - - 7" },
    { "http://localhost:1/run/socket", GM_PROXY_HTTP, 0, "http://localhost:1 - - 0" },
    { "socks5h://localhost/run/%00", GM_PROXY_HTTP, 0, "PROXY_RESOLVE_FAILED" },
    { "u%40x:p%3a%2f@proxy.example", GM_PROXY_HTTP, 0, "http://proxy.example:1080 u@x p:/ 0" },
    { "u@proxy.example", GM_PROXY_HTTP, 0, "http://proxy.example:1080 u - 0" },
    { "[::1]:3128", GM_PROXY_HTTP, 0, "http://[::1]:3128 - - 0" },
    { "[fe80::1%25eth0]:1", GM_PROXY_SOCKS4A, 0, "socks4a://[fe80::1%eth0]:1 - - 6" },
    { "gopher://proxy.example", GM_PROXY_HTTP, 0, "UNSUPPORTED_SCHEME" },
    { "x-other://proxy.example", GM_PROXY_HTTP, 0, "UNSUPPORTED_SCHEME" },
    { "http://", GM_PROXY_HTTP, 0, "PROXY_RESOLVE_FAILED" },
    { "http://a b", GM_PROXY_HTTP, 0, "PROXY_RESOLVE_FAILED" },
    { "http://a:99999", GM_PROXY_HTTP, 0, "PROXY_RESOLVE_FAILED" },
    { "http://u%00:p@a", GM_PROXY_HTTP, 0, "PROXY_RESOLVE_FAILED" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GmProxy) proxy = NULL;
      GmResult result = gm_proxy_parse (cases[i].text, cases[i].kind, cases[i].port, &proxy);
      g_autofree char *text = proxy != NULL ? gm_proxy_dup_log_text (proxy) : NULL;
      g_autofree char *account =
        proxy == NULL ? g_strdup (gm_result_name (result))
                      : g_strdup_printf ("%s %s %s %u", text, proxy->user != NULL ? proxy->user : "-",
                                         proxy->password != NULL ? proxy->password : "-", proxy->kind);

      g_assert_cmpint (result == GM_OK, ==, proxy != NULL);
      g_assert_cmpstr (account, ==, cases[i].expected);
    }
}

static void
test_fields (void)
{
  GmStringList bad = { (char *) "X: a\r\nY: b", NULL };
  GmStringList fourth = { (char *) "not one", NULL };
  GmStringList third = { (char *) "X-Removed:", &fourth };
  GmStringList second = { (char *) "X-Empty;", &third };
  GmStringList first = { (char *) "X-One:  1 ", &second };
  g_autoptr (GmProxy) proxy = NULL;

  g_assert_cmpint (gm_proxy_parse ("a.example", GM_PROXY_HTTP, 0, &proxy), ==, GM_OK);
  g_assert_false (gm_proxy_has_field (proxy, GM_SPAN ("X-One")));
  g_assert_cmpint (gm_proxy_add_fields (proxy, NULL), ==, GM_OK);
  g_assert_null (proxy->fields);
  g_assert_cmpint (gm_proxy_add_fields (proxy, &first), ==, GM_OK);
  g_assert_cmpstr (proxy->fields, ==, "X-One: 1\r\nX-Empty:\r\n");
  g_assert_true (gm_proxy_has_field (proxy, GM_SPAN ("x-one")));
  g_assert_true (gm_proxy_has_field (proxy, GM_SPAN ("X-Empty")));
  g_assert_false (gm_proxy_has_field (proxy, GM_SPAN ("X-On")));
  g_assert_cmpint (gm_proxy_add_fields (proxy, &bad), ==, GM_BAD_REQUEST);
  g_assert_cmpstr (proxy->fields, ==, "X-One: 1\r\nX-Empty:\r\n");
}

/* Programs of libcurl show their tickets to each SOCKS5 proxy that asks, as they may expect; in a list of proxies that is
 * asked for by an empty user. */
static void
test_tickets (void)
{
  static const struct
  {
    const char *text;
    guint as_set, as_listed; /* GmSocksAuth, if GSSAPI is there */
  } cases[] = {
    { "socks5://proxy.example", 7, 3 },        { "socks5h://proxy.example", 7, 3 },
    { "socks5h://:@proxy.example", 7, 7 },     { "socks5h://@proxy.example", 7, 7 },
    { "socks5h://user:pw@proxy.example", 7, 3 }, { "socks4a://:@proxy.example", 3, 3 },
    { "http://:@proxy.example", 3, 3 },
  };
  guint there = gm_gss_is_there () ? 7 : 3;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const GmConnectSettings *settings = &gm_connect_settings_default;
      GmConnectSettings *own = gm_connect_settings_copy (settings);
      g_autoptr (GmUrl) url = NULL;
      g_autoptr (GmProxy) set = NULL;
      g_autoptr (GmProxy) listed = NULL;
      GmProxyWish wish = { .settings = own };

      g_assert_cmpint (gm_url_parse ("http://host.example/", 20, GM_URL_DEFAULT, &url), ==, GM_OK);
      wish.url = url;
      own->proxy = g_ref_string_new (cases[i].text);
      g_assert_cmpint (gm_proxy_choose (&wish, &set), ==, GM_OK);
      g_assert_cmpint (gm_proxy_choose_text (&wish, cases[i].text, &listed), ==, GM_OK);
      g_assert_cmpuint (set->socks_auth, ==, cases[i].as_set & there);
      g_assert_cmpuint (listed->socks_auth, ==, cases[i].as_listed & there);
      gm_connect_settings_unref (own);
    }
}

/* ---- choosing ---- */

static char *
choose (GmConnectSettings *settings,
        GmProxyEnvironment *environment,
        const char *url_text)
{
  g_autoptr (GmUrl) url = NULL;
  g_autoptr (GmProxy) proxy = NULL;
  g_autofree char *text = NULL, *via = NULL;
  GmProxyWish wish = { .settings = settings, .environment = environment };
  GmResult result;

  g_assert_cmpint (gm_url_parse (url_text, strlen (url_text), GM_URL_DEFAULT, &url), ==, GM_OK);
  wish.url = url;
  result = gm_proxy_choose (&wish, &proxy);
  if (result != GM_OK)
    return g_strdup (gm_result_name (result));
  if (proxy == NULL)
    return g_strdup ("direct");

  text = gm_proxy_dup_log_text (proxy);
  via = proxy->via != NULL ? gm_proxy_dup_log_text (proxy->via) : g_strdup ("-");
  return g_strdup_printf ("%s %s %s %s", text, proxy->user != NULL ? proxy->user : "-",
                          gm_proxy_is_socks (proxy) ? "socks" : proxy->tunnel ? "tunnel" : "forward", via);
}

static void
set_string (char **member,
            const char *value)
{
  g_clear_pointer (member, g_ref_string_release);
  *member = value != NULL ? g_ref_string_new (value) : NULL;
}

static void
check (GmConnectSettings *settings,
       GmProxyEnvironment *environment,
       const char *url,
       const char *expected)
{
  g_autofree char *account = choose (settings, environment, url);

  g_assert_cmpstr (account, ==, expected);
}

static void
test_choose (void)
{
  GmConnectSettings *settings = gm_connect_settings_copy (&gm_connect_settings_default);

  check (settings, NULL, "http://a.example/", "direct");
  set_string (&settings->proxy, "p.example:3128");
  check (settings, NULL, "http://a.example/", "http://p.example:3128 - forward -");
  check (settings, NULL, "https://a.example/", "http://p.example:3128 - tunnel -");
  settings->proxy_tunnel = TRUE;
  check (settings, NULL, "http://a.example/", "http://p.example:3128 - tunnel -");
  settings->proxy_tunnel = FALSE;

  set_string (&settings->proxy_user, "me");
  check (settings, NULL, "http://a.example/", "http://p.example:3128 me forward -");
  set_string (&settings->proxy, "you@p.example:3128");
  check (settings, NULL, "http://a.example/", "http://p.example:3128 you forward -");

  set_string (&settings->no_proxy, "a.example");
  check (settings, NULL, "http://a.example/", "direct");
  check (settings, NULL, "http://b.example/", "http://p.example:3128 you forward -");
  set_string (&settings->no_proxy, NULL);

  /* a way to the proxy */
  set_string (&settings->pre_proxy, "pre.example");
  check (settings, NULL, "http://a.example/", "http://p.example:3128 you forward socks4://pre.example:1080");
  set_string (&settings->pre_proxy, "http://pre.example");
  check (settings, NULL, "http://a.example/", "UNSUPPORTED_SCHEME");
  set_string (&settings->pre_proxy, "socks5h://pre.example");
  set_string (&settings->proxy, NULL);
  check (settings, NULL, "http://a.example/", "socks5h://pre.example:1080 me socks -");
  set_string (&settings->pre_proxy, NULL);

  set_string (&settings->proxy, "socks5://p.example");
  check (settings, NULL, "https://a.example/", "socks5://p.example:1080 me socks -");
  set_string (&settings->unix_path, "/run/socket");
  check (settings, NULL, "http://a.example/", "direct");
  gm_connect_settings_unref (settings);
}

static void
clear_environment (void)
{
  static const char *const names[] = { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                       "ALL_PROXY",  "no_proxy",   "NO_PROXY",    "ftp_proxy",   "FTP_PROXY" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_unsetenv (names[i]);
}

static void
test_environment (void)
{
  GmConnectSettings *settings = gm_connect_settings_copy (&gm_connect_settings_default);
  GmProxyEnvironment environment = { 0 };
  gint64 now = 1;

  clear_environment ();
  environment.asked = TRUE;
  g_assert_false (gm_proxy_is_set (settings, &environment, ++now));
  g_assert_false (gm_proxy_is_set (settings, &environment, ++now));

  g_setenv ("HTTP_PROXY", "never.example", TRUE);
  g_assert_true (gm_proxy_is_set (settings, &environment, ++now));
  check (settings, &environment, "http://a.example/", "direct");
  g_setenv ("ALL_PROXY", "all.example", TRUE);
  check (settings, &environment, "http://a.example/", "http://all.example:1080 - forward -");
  g_setenv ("all_proxy", "socks5h://low.example", TRUE);
  check (settings, &environment, "http://a.example/", "socks5h://low.example:1080 - socks -");
  g_setenv ("http_proxy", "http.example:1", TRUE);
  check (settings, &environment, "http://a.example/", "http://http.example:1 - forward -");
  check (settings, &environment, "https://a.example/", "socks5h://low.example:1080 - socks -");
  g_setenv ("HTTPS_PROXY", "https.example:1", TRUE);
  check (settings, &environment, "https://a.example/", "http://https.example:1 - tunnel -");
  g_setenv ("https_proxy", "low.example:1", TRUE);
  check (settings, &environment, "https://a.example/", "http://low.example:1 - tunnel -");

  g_setenv ("NO_PROXY", "a.example", TRUE);
  check (settings, &environment, "http://a.example/", "direct");
  g_setenv ("no_proxy", "b.example", TRUE);
  check (settings, &environment, "http://a.example/", "http://http.example:1 - forward -");
  check (settings, &environment, "http://b.example/", "direct");

  /* what is set counts more than the environment: "" is none at all */
  set_string (&settings->no_proxy, "");
  check (settings, &environment, "http://b.example/", "http://http.example:1 - forward -");
  set_string (&settings->proxy, "");
  check (settings, &environment, "http://a.example/", "direct");
  set_string (&settings->proxy, "p.example");
  check (settings, &environment, "http://a.example/", "http://p.example:1080 - forward -");

  clear_environment ();
  set_string (&settings->proxy, NULL);
  g_assert_false (gm_proxy_is_set (settings, &environment, ++now));
  gm_proxy_environment_clear (&environment);
  gm_connect_settings_unref (settings);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/proxy/parse", test_parse);
  g_test_add_func ("/proxy/fields", test_fields);
  g_test_add_func ("/proxy/tickets", test_tickets);
  g_test_add_func ("/proxy/choose", test_choose);
  g_test_add_func ("/proxy/environment", test_environment);
  return g_test_run ();
}
