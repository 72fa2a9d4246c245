/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include "proxy-server.h"
#include "scripted-tls.h"

#include <string.h>

#ifdef CASES_ON_LIBCURL
#define CURLOPT_HAPROXY_CLIENT_IP ((CURLoption) 10323)
#endif

/* Through a proxy, and past it. The proxy takes every name for 127.0.0.1. */

static char *
named_url (Case *c,
           const char *host,
           const char *target)
{
  return g_strdup_printf ("http://%s:%u%s", host, scripted_server_port (case_server (c)), target);
}

static CaseTransfer *
proxied (Case *c,
         ProxyServer *proxy,
         const char *scheme,
         const char *host,
         const char *target)
{
  g_autofree char *url = named_url (c, host, target);
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_PROXY, proxy_server_url (proxy, scheme));
  return t;
}

static char *
summary_of (Case *c,
            const char *format)
{
  g_autofree char *port = g_strdup_printf ("%u", scripted_server_port (case_server (c)));
  g_auto (GStrv) parts = g_strsplit (format, "PORT", -1);

  return g_strjoinv (port, parts);
}

static void
check_summary (Case *c,
               ProxyServer *proxy,
               const char *format)
{
  g_autofree char *expected = summary_of (c, format);
  g_autofree char *summary = proxy_server_summary (proxy);

  g_assert_cmpstr (summary, ==, expected);
}

/* ---- the kinds ---- */

static void
run_forward (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a?b#c");
  g_autofree char *host = summary_of (c, "far.example:PORT");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  check_summary (c, proxy, "GET http://far.example:PORT/a?b#0");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "Host"), ==, host);
  g_assert_cmpint (case_info (t, CURLINFO_PRIMARY_PORT), ==, proxy_server_port (proxy));
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, 0);
  case_check_order (t, "HBD");
}

/* One connection to the proxy for all origins. */
static void
run_forward_shared (Case *c)
{
  static const char *const hosts[] = { "a.example", "b.example", "c.example" };
  g_autoptr (ProxyServer) proxy = proxy_server_new ();

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      CaseTransfer *t = proxied (c, proxy, "http", hosts[i], "/");

      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, i == 0);
    }
  check_summary (c, proxy, "GET http://a.example:PORT/#0 GET http://b.example:PORT/#0 GET http://c.example:PORT/#0");
}

static void
run_forward_upload (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "taken"));
  case_set (t, CURLOPT_POSTFIELDS, "some=thing");
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  g_assert_cmpuint (scripted_server_request (case_server (c), 0)->body_length, ==, 10);
}

/* TLS to the proxy says nothing about the origin, which still speaks clear text: it may not ask for policies. */
static void
run_over_tls (Case *c)
{
  ScriptedServer *proxy = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = case_transfer (c, "http://far.example/a");
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u", scripted_server_port (proxy));

  scripted_server_on (proxy, "*",
                      scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n"
                                             "Strict-Transport-Security: max-age=100\r\n\r\nthrough"));
  case_set (t, CURLOPT_PROXY, url);
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  for (guint i = 0; i < 2; i++)
    {
      if (i > 0)
        {
          case_remove (t);
          case_rewind (t);
        }
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      g_assert_cmpstr (case_info_str (t, CURLINFO_EFFECTIVE_URL), ==, "http://far.example/a");
      g_assert_cmpint (case_info (t, CURLINFO_PROXY_SSL_VERIFYRESULT), ==, 0);
    }
  g_assert_cmpuint (scripted_server_n_requests (proxy), ==, 2);
}

static void
run_over_tls_untrusted (Case *c)
{
  ScriptedServer *proxy = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = case_transfer (c, "http://far.example/a");
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u", scripted_server_port (proxy));

  scripted_server_on (proxy, "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_PROXY, url);
  /* What is trusted, or not looked at, of servers does not count. */
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_SSL_VERIFYPEER, 0L);
  case_run_transfer (t);
  case_check_error (t, CURLE_PEER_FAILED_VERIFICATION);
  g_assert_cmpuint (scripted_server_n_requests (proxy), ==, 0);
}

static void
run_tunnel (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a"), *again;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  proxy_server_set_fields (proxy, "X-Proxy: yes\r\n");
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, 200);
  g_assert_nonnull (strstr (t->head->str, "X-Proxy: yes\r\n"));
  case_check_order (t, "HHBD");

  again = proxied (c, proxy, "http", "far.example", "/b");
  case_set (again, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_run_transfer (again);
  case_check_ok (again, 200, "through");
  g_assert_cmpint (case_info (again, CURLINFO_NUM_CONNECTS), ==, 0);
  check_summary (c, proxy, "CONNECT far.example:PORT#0");
  case_check_log (c, "GET /a#0 GET /b#0");
}

static void
run_tunnel_headers (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  g_autofree char *heads = NULL;
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "X-Server: 1", NULL));
  case_set (t, CURLOPT_PROXYHEADER, case_list (t, "X-Proxy: 1", NULL));
  case_set (t, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
  case_set (t, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  case_set (t, CURLOPT_USERAGENT, "me/1");
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  case_check_order (t, "HBD");

  heads = proxy_server_heads (proxy);
  g_assert_nonnull (strstr (heads, "\r\nX-Proxy: 1\r\n"));
  g_assert_nonnull (strstr (heads, "\r\nUser-Agent: me/1\r\nProxy-Connection: Keep-Alive\r\n"));
  g_assert_null (strstr (heads, "X-Server"));
  request = scripted_server_request (case_server (c), 0);
  g_assert_cmpstr (scripted_request_header (request, "X-Server"), ==, "1");
  g_assert_null (scripted_request_header (request, "X-Proxy"));
  g_assert_null (scripted_request_header (request, "Proxy-Connection"));
}

/* "Proxy-Connection: Keep-Alive" is said to a proxy, unless the user says it himself or takes it away. */
static void
run_connection_field (Case *c)
{
  static const char *const own[] = { "X-Other: 1", "Proxy-Connection:", "Proxy-Connection: close" };
  static const char *const told[] = { "Proxy-Connection: Keep-Alive\r\n", NULL, "Proxy-Connection: close\r\n" };
  static const long options[] = { CURLOPT_PROXYHEADER, CURLOPT_HTTPHEADER };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (own); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
      g_autofree char *heads = NULL;
      const char *found;

      scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
      case_set (t, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
      case_set (t, (CURLoption) options[i % 2], case_list (t, own[i / 2], NULL));
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      heads = proxy_server_heads (proxy);
      found = strstr (heads, "Proxy-Connection:");
      g_assert_cmpint (found != NULL, ==, told[i / 2] != NULL);
      g_assert_true (found == NULL || g_str_has_prefix (found, told[i / 2]));
      g_assert_true (found == NULL || strstr (found + 1, "Proxy-Connection:") == NULL);
    }
}

static void
run_forward_headers (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "X-Server: 1", NULL));
  case_set (t, CURLOPT_PROXYHEADER, case_list (t, "X-Proxy: 1", NULL));
  case_set (t, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  request = scripted_server_request (case_server (c), 0);
  g_assert_cmpstr (scripted_request_header (request, "X-Server"), ==, "1");
  g_assert_cmpstr (scripted_request_header (request, "X-Proxy"), ==, "1");
}

static void
run_socks (Case *c,
           const char *scheme,
           const char *host,
           const char *summary)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, scheme, host, "/a");
  g_autofree char *line = summary_of (c, "far.example:PORT:127.0.0.1");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  if (g_str_equal (scheme, "socks4") || g_str_equal (scheme, "socks5"))
    case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  case_check_order (t, "HBD");
  check_summary (c, proxy, summary);
}

static void
run_socks4 (Case *c)
{
  run_socks (c, "socks4", "far.example", "SOCKS4 127.0.0.1:PORT#0");
}

static void
run_socks4a (Case *c)
{
  run_socks (c, "socks4a", "far.example", "SOCKS4a far.example:PORT#0");
}

static void
run_socks5 (Case *c)
{
  run_socks (c, "socks5", "far.example", "SOCKS5 127.0.0.1:PORT#0");
}

static void
run_socks5h (Case *c)
{
  run_socks (c, "socks5h", "far.example", "SOCKS5 far.example:PORT#0");
}

static void
run_socks5h_numeric (Case *c)
{
  run_socks (c, "socks5h", "127.0.0.1", "SOCKS5 127.0.0.1:PORT#0");
}

/* A SOCKS proxy is the way to the HTTP proxy. */
static void
run_pre_proxy (Case *c)
{
  g_autoptr (ProxyServer) pre = proxy_server_new ();
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  g_autofree char *summary = NULL, *expected = g_strdup_printf ("SOCKS5 127.0.0.1:%u#0", proxy_server_port (proxy));

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_PRE_PROXY, proxy_server_url (pre, "socks5h"));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  check_summary (c, proxy, "GET http://far.example:PORT/a#0");
  summary = proxy_server_summary (pre);
  g_assert_cmpstr (summary, ==, expected);
}

/* ---- how it is said ---- */

static void
run_options (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_PROXY, "127.0.0.1");
  case_set (t, CURLOPT_PROXYPORT, (long) proxy_server_port (proxy));
  case_set (t, CURLOPT_PROXYTYPE, (long) CURLPROXY_SOCKS5_HOSTNAME);
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  check_summary (c, proxy, "SOCKS5 far.example:PORT#0");
}

static void
run_no_proxy (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "127.0.0.1", "/a");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "direct"));
  case_set (t, CURLOPT_NOPROXY, "example.com, 127.0.0.0/8");
  case_run_transfer (t);
  case_check_ok (t, 200, "direct");
  g_assert_cmpuint (proxy_server_n_connections (proxy), ==, 0);
}

static void
run_environment (Case *c)
{
  static const struct
  {
    const char *name;
    gboolean used;
  } variables[] = { { "http_proxy", TRUE }, { "HTTP_PROXY", FALSE }, { "all_proxy", TRUE }, { "ALL_PROXY", TRUE } };
  g_autoptr (ProxyServer) proxy = proxy_server_new ();

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "got"));
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    {
      CaseTransfer *t = case_transfer (c, "/a");

      case_set (t, CURLOPT_PROXY, NULL);
      case_set (t, CURLOPT_FRESH_CONNECT, 1L);
      g_setenv (variables[i].name, proxy_server_url (proxy, "socks5h"), TRUE);
      case_run_transfer (t);
      g_unsetenv (variables[i].name);
      case_check_ok (t, 200, "got");
      g_assert_cmpint (case_info (t, CURLINFO_PRIMARY_PORT), ==,
                       variables[i].used ? proxy_server_port (proxy) : scripted_server_port (case_server (c)));
    }
}

static void
run_environment_no_proxy (Case *c)
{
  static const char *const names[] = { "no_proxy", "NO_PROXY" };
  g_autoptr (ProxyServer) proxy = proxy_server_new ();

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "got"));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      CaseTransfer *t = case_transfer (c, "/a");

      case_set (t, CURLOPT_PROXY, NULL);
      g_setenv ("http_proxy", proxy_server_url (proxy, "http"), TRUE);
      g_setenv (names[i], "other.example,127.0.0.1", TRUE);
      case_run_transfer (t);
      g_unsetenv (names[i]);
      g_unsetenv ("http_proxy");
      case_check_ok (t, 200, "got");
    }
  g_assert_cmpuint (proxy_server_n_connections (proxy), ==, 0);
}

static void
run_bad_scheme (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  case_set (t, CURLOPT_PROXY, "gopher://127.0.0.1:1");
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

static void
run_no_such_proxy (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  case_set (t, CURLOPT_PROXY, "http://no-such-proxy.invalid:1");
  case_run_transfer (t);
  case_check_error (t, CURLE_COULDNT_RESOLVE_PROXY);
}

/* ---- logins ---- */

static void
run_login (Case *c)
{
  static const char *const schemes[] = { "http", "tunnel", "socks4a", "socks5h" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      gboolean tunnel = g_str_equal (schemes[i], "tunnel");
      CaseTransfer *t = proxied (c, proxy, tunnel ? "http" : schemes[i], "far.example", "/a");

      scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
      proxy_server_set_login (proxy, "me", "p:w");
      case_set (t, CURLOPT_PROXYUSERPWD, "me:p%3aw");
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      g_assert_null (scripted_request_header (scripted_server_request (case_server (c), i), "Proxy-Authorization"));
    }
}

/* Forwarded and tunnelled, on the connection that was asked on, or on another one. */
static void
run_login_digest (Case *c)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      gboolean tunnel = (i & 1) != 0, ends = (i & 2) != 0;
      CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

      scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
      proxy_server_set_login (proxy, "me", "pw");
      proxy_server_set_digest (proxy, ends);
      case_set (t, CURLOPT_PROXYUSERPWD, "me:pw");
      case_set (t, CURLOPT_PROXYAUTH, (long) (CURLAUTH_BASIC | CURLAUTH_DIGEST));
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      check_summary (c, proxy,
                     tunnel ? ends ? "CONNECT far.example:PORT#0 CONNECT far.example:PORT#1"
                                   : "CONNECT far.example:PORT#0 CONNECT far.example:PORT#0"
                     : ends ? "GET http://far.example:PORT/a#0 GET http://far.example:PORT/a#1"
                            : "GET http://far.example:PORT/a#0 GET http://far.example:PORT/a#0");
      g_assert_null (scripted_request_header (scripted_server_request (case_server (c), i), "Proxy-Authorization"));
    }
}

static void
run_login_in_url (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  g_autofree char *url = g_strdup_printf ("socks5h://me:p%%3aw@127.0.0.1:%u", proxy_server_port (proxy));

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  proxy_server_set_login (proxy, "me", "p:w");
  case_set (t, CURLOPT_PROXY, url);
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
}

static void
run_login_missing (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *forward = proxied (c, proxy, "http", "far.example", "/a");
  CaseTransfer *tunnel = proxied (c, proxy, "http", "far.example", "/a");
  CaseTransfer *socks = proxied (c, proxy, "socks5h", "far.example", "/a");

  proxy_server_set_login (proxy, "me", "pw");
  case_run_transfer (forward);
  case_check_ok (forward, 407, "who?");
  g_assert_cmpint (case_info (forward, CURLINFO_PROXYAUTH_AVAIL), ==, CURLAUTH_BASIC);

  case_set (tunnel, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_run_transfer (tunnel);
  case_check_error (tunnel, CURLE_RECV_ERROR);
  g_assert_cmpint (case_info (tunnel, CURLINFO_HTTP_CONNECTCODE), ==, 407);
  g_assert_cmpint (case_info (tunnel, CURLINFO_PROXYAUTH_AVAIL), ==, CURLAUTH_BASIC);

  case_run_transfer (socks);
  case_check_error (socks, CURLE_PROXY);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
}

static void
run_login_wrong (Case *c)
{
  static const char *const schemes[] = { "tunnel", "socks4a", "socks5h" };

  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      gboolean tunnel = g_str_equal (schemes[i], "tunnel");
      CaseTransfer *t = proxied (c, proxy, tunnel ? "http" : schemes[i], "far.example", "/a");

      proxy_server_set_login (proxy, "me", "pw");
      case_set (t, CURLOPT_PROXYUSERPWD, "you:pw");
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_run_transfer (t);
      case_check_error (t, tunnel ? CURLE_RECV_ERROR : CURLE_PROXY);
      g_assert_cmpuint (proxy_server_n_connections (proxy), ==, 1);
    }
}

/* ---- refusals ---- */

static void
run_refused_tunnel (Case *c)
{
  static const guint statuses[] = { 301, 401, 403, 404, 500, 502, 504 };

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

      proxy_server_set_refusal (proxy, statuses[i], "a page nobody reads");
      proxy_server_set_fields (proxy, "Location: http://127.0.0.1/elsewhere\r\n");
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
      case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
      case_run_transfer (t);
      case_check_error (t, CURLE_RECV_ERROR);
      g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, statuses[i]);
      g_assert_cmpuint (t->body->len, ==, 0);
      g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
    }
}

static void
run_refused_socks (Case *c)
{
  static const struct
  {
    const char *scheme;
    guint code;
    long expected;
  } refusals[] = {
    { "socks4a", 91, CURLPX_REQUEST_FAILED },
    { "socks4a", 92, CURLPX_IDENTD },
    { "socks4a", 93, CURLPX_IDENTD_DIFFER },
    { "socks5h", 1, CURLPX_REPLY_GENERAL_SERVER_FAILURE },
    { "socks5h", 2, CURLPX_REPLY_NOT_ALLOWED },
    { "socks5h", 3, CURLPX_REPLY_NETWORK_UNREACHABLE },
    { "socks5h", 4, CURLPX_REPLY_HOST_UNREACHABLE },
    { "socks5h", 5, CURLPX_REPLY_CONNECTION_REFUSED },
    { "socks5h", 6, CURLPX_REPLY_TTL_EXPIRED },
    { "socks5h", 7, CURLPX_REPLY_COMMAND_NOT_SUPPORTED },
    { "socks5h", 8, CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED },
    { "socks5h", 9, CURLPX_REPLY_UNASSIGNED },
    { "socks5h", 255, CURLPX_REPLY_UNASSIGNED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      CaseTransfer *t = proxied (c, proxy, refusals[i].scheme, "far.example", "/a");

      proxy_server_set_refusal (proxy, refusals[i].code, NULL);
      case_run_transfer (t);
      case_check_error (t, CURLE_PROXY);
      g_assert_cmpint (case_info (t, CURLINFO_PROXY_ERROR), ==, refusals[i].expected);
    }
}

/* ---- what no proxy should do ---- */

static void
run_cut (Case *c)
{
  static const struct
  {
    const char *scheme;
    gssize len;
    CURLcode result;
  } answers[] = {
    { "tunnel", 24, CURLE_RECV_ERROR }, /* "HTTP/1.1 200 Said so\r\n\r\n" */
    { "socks4a", 8, CURLE_PROXY },
    { "socks5h", 12, CURLE_PROXY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    for (gssize at = 0; at < answers[i].len; at++)
      {
        g_autoptr (ProxyServer) proxy = proxy_server_new ();
        gboolean tunnel = g_str_equal (answers[i].scheme, "tunnel");
        CaseTransfer *t = proxied (c, proxy, tunnel ? "http" : answers[i].scheme, "far.example", "/a");

        proxy_server_set_cut (proxy, at);
        case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
        case_run_transfer (t);
        case_check_error (t, answers[i].result);
      }
}

static void
run_drip (Case *c)
{
  static const char *const schemes[] = { "tunnel", "socks4a", "socks5h" };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      gboolean tunnel = g_str_equal (schemes[i], "tunnel");
      CaseTransfer *t = proxied (c, proxy, tunnel ? "http" : schemes[i], "far.example", "/a");

      proxy_server_set_drip (proxy, 2);
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
    }
}

static void
run_garbage (Case *c)
{
  static const struct
  {
    const char *scheme;
    const char *bytes;
    CURLcode result;
    const char *detail; /* (nullable): in the error of ours */
  } answers[] = {
    { "tunnel", "SSH-2.0-OpenSSH_9.2p1\r\n", CURLE_RECV_ERROR, "not HTTP" },
    { "tunnel", "HTTP/1.1 2000 Yes\r\n\r\n", CURLE_RECV_ERROR, "a status line that is none" },
    { "tunnel", "HTTP/1.1 200 Yes\r\nno field\r\n\r\n", CURLE_RECV_ERROR, "a header line that is none" },
    { "tunnel", "HTTP/3.7 200 Yes\r\n\r\n", CURLE_RECV_ERROR, "a version of HTTP that is not known" },
    { "tunnel", "HTTP/1.1 101 Yes\r\n\r\n", CURLE_RECV_ERROR, "a status line that is none" },
    { "socks4a", "HTTP/1.1 400 Bad Request\r\n\r\n", CURLE_PROXY },
    { "socks5h", "HTTP/1.1 400 Bad Request\r\n\r\n", CURLE_PROXY },
    { "socks5h", "\5\1", CURLE_PROXY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (ProxyServer) proxy = proxy_server_new ();
      gboolean tunnel = g_str_equal (answers[i].scheme, "tunnel");
      CaseTransfer *t = proxied (c, proxy, tunnel ? "http" : answers[i].scheme, "far.example", "/a");

      proxy_server_set_raw (proxy, answers[i].bytes, strlen (answers[i].bytes));
      case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_run_transfer (t);
      case_check_error (t, answers[i].result);
#ifndef CASES_ON_LIBCURL
      if (answers[i].detail != NULL)
        g_assert_nonnull (strstr (t->error, answers[i].detail));
#endif
    }
}

/* A head without end is not read for ever. */
static void
run_flood (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  g_autoptr (GString) answer = g_string_new ("HTTP/1.1 200 Yes\r\n");

  while (answer->len < 400 * 1024)
    g_string_append (answer, "X-Filler: 0123456789012345678901234567890123456789\r\n");
  g_string_append (answer, "\r\n");
  proxy_server_set_raw (proxy, answer->str, answer->len);
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_RECV_ERROR);
}

/* It holds nobody up but who wants to go through it. */
static void
run_silent (Case *c)
{
  static const char *const schemes[] = { "tunnel", "socks4a", "socks5h" };
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *stuck[G_N_ELEMENTS (schemes)], *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "direct"));
  proxy_server_set_silent (proxy, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      gboolean tunnel = g_str_equal (schemes[i], "tunnel");

      stuck[i] = proxied (c, proxy, tunnel ? "http" : schemes[i], "far.example", "/a");
      case_set (stuck[i], CURLOPT_HTTPPROXYTUNNEL, (long) tunnel);
      case_set (stuck[i], CURLOPT_CONNECTTIMEOUT_MS, 300L);
      case_add (stuck[i]);
    }
  t = case_get (c, "/a");
  case_check_ok (t, 200, "direct");
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    case_check_error (stuck[i], CURLE_OPERATION_TIMEDOUT);
}

/* ---- secrets stay where they belong ---- */

/* A redirect to a host that is reached without the proxy. */
static void
run_leak_redirect (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");
  g_autofree char *field = g_strdup_printf ("Location: %s\r\n", scripted_server_url (case_server (c), "/b"));
  const ScriptedRequest *request;

  proxy_server_set_login (proxy, "me", "pw");
  scripted_server_on (case_server (c), "/a", scripted_answer_text (302, field, ""));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "direct"));
  case_set (t, CURLOPT_PROXYUSERPWD, "me:pw");
  case_set (t, CURLOPT_PROXYHEADER, case_list (t, "X-Secret: 1", NULL));
  case_set (t, CURLOPT_HEADEROPT, (long) CURLHEADER_SEPARATE);
  case_set (t, CURLOPT_NOPROXY, "127.0.0.1");
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "direct");
  request = scripted_server_request (case_server (c), 1);
  g_assert_cmpstr (request->target, ==, "/b");
  g_assert_null (scripted_request_header (request, "Proxy-Authorization"));
  g_assert_null (scripted_request_header (request, "X-Secret"));
  check_summary (c, proxy, "GET http://far.example:PORT/a#0");
}

/* A tunnel that was opened with a login, or fields, is not for who has another, or none. */
static void
run_leak_reuse (Case *c)
{
  static const char *const logins[] = { "me:pw", "me:other", "you:pw", NULL, "me:pw" };
  g_autoptr (ProxyServer) proxy = proxy_server_new ();

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  for (guint i = 0; i < G_N_ELEMENTS (logins); i++)
    {
      CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

      case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
      case_set (t, CURLOPT_PROXYUSERPWD, logins[i]);
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, i != 4);
    }
  g_assert_cmpuint (proxy_server_n_connections (proxy), ==, 4);
}

static void
run_leak_own_header (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "through"));
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Proxy-Authorization: Basic c2VjcmV0", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 0), "Proxy-Authorization"));
}

/* ---- the line of the PROXY protocol ---- */

static void
check_announced (Case *c,
                 guint number,
                 const char *kind,
                 const char *client,
                 const char *server,
                 guint port)
{
  const ScriptedRequest *request = scripted_server_request (case_server (c), number);
  const ScriptedConnection *connection = scripted_server_connection (case_server (c), request->connection);
  g_autofree char *line = g_strdup_printf ("PROXY %s %s %s %u %u\r\n", kind, client, server, connection->peer_port, port);

  g_assert_cmpstr (request->announced, ==, line);
  g_assert_true (g_str_has_prefix (request->head, "GET /"));
}

/* Once for each connection, and never on one that others use without it. */
static void
run_announced (Case *c)
{
  guint port = scripted_server_port (case_server (c));

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  for (guint i = 0; i < 3; i++)
    {
      CaseTransfer *t = case_transfer (c, "/a");

      case_set (t, CURLOPT_HAPROXYPROTOCOL, i < 2 ? 1L : 0L);
      case_set (t, CURLOPT_FRESH_CONNECT, i < 2 ? 0L : 1L);
      case_run_transfer (t);
      case_check_ok (t, 200, "known");
    }
  check_announced (c, 0, "TCP4", "127.0.0.1", "127.0.0.1", port);
  g_assert_null (scripted_server_request (case_server (c), 1)->announced);
  g_assert_null (scripted_server_request (case_server (c), 2)->announced);
  case_check_log (c, "GET /a#0 GET /a#0 GET /a#1");
}

static void
run_announced_ipv6 (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_ONLY_IPV6);
  g_autofree char *url = g_strdup_printf ("http://[::1]:%u/a", scripted_server_port (server));
  CaseTransfer *t = case_transfer (c, url);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "known"));
  case_set (t, CURLOPT_HAPROXYPROTOCOL, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "known");
  check_announced (c, 0, "TCP6", "::1", "::1", scripted_server_port (server));
}

static void
run_announced_unix (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_UNIX);
  CaseTransfer *t = case_transfer (c, "http://localhost/a");

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "known"));
  case_set (t, CURLOPT_UNIX_SOCKET_PATH, scripted_server_path (server));
  case_set (t, CURLOPT_HAPROXYPROTOCOL, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "known");
  g_assert_cmpstr (scripted_server_request (server, 0)->announced, ==, "PROXY UNKNOWN\r\n");
}

/* Behind the handshake with a proxy, before the request, and in clear text before TLS with the server. */
static void
run_announced_tunnel (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = proxied (c, proxy, "http", "far.example", "/a"), *socks = proxied (c, proxy, "socks5h", "far.example", "/b");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
  case_set (t, CURLOPT_HAPROXYPROTOCOL, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "known");
  case_set (socks, CURLOPT_HAPROXYPROTOCOL, 1L);
  case_run_transfer (socks);
  case_check_ok (socks, 200, "known");
  check_summary (c, proxy, "CONNECT far.example:PORT#0 SOCKS5 far.example:PORT#1");
  for (guint i = 0; i < 2; i++)
    g_assert_true (g_str_has_prefix (scripted_server_request (case_server (c), i)->announced,
                                     "PROXY TCP4 127.0.0.1 127.0.0.1 "));
}

/* A proxy that is spoken to over TLS has no room for it. */
static void
run_announced_no_room (Case *c)
{
  ScriptedServer *proxy = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = case_transfer (c, "http://far.example/a");
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u", scripted_server_port (proxy));

  scripted_server_on (proxy, "*", scripted_answer_text (200, NULL, "never"));
  case_set (t, CURLOPT_PROXY, url);
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_HAPROXYPROTOCOL, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpuint (scripted_server_n_requests (proxy), ==, 0);
}

static void
run_announced_client (Case *c)
{
  static const char *const bad[] = { "192.0.2.7 x", "192.0.2.7\r\nGET", "192.0.2.7\t", "\xff" };
  CaseTransfer *t = case_transfer (c, "/a"), *off = case_transfer (c, "/b");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  case_set (t, CURLOPT_HAPROXY_CLIENT_IP, "192.0.2.7");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (curl_easy_setopt (t->easy, CURLOPT_HAPROXY_CLIENT_IP, bad[i]), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  case_run_transfer (t);
  case_check_ok (t, 200, "known");
  check_announced (c, 0, "TCP4", "192.0.2.7", "127.0.0.1", scripted_server_port (case_server (c)));

  case_set (off, CURLOPT_HAPROXY_CLIENT_IP, "192.0.2.7");
  case_set (off, CURLOPT_HAPROXY_CLIENT_IP, NULL);
  case_run_transfer (off);
  case_check_ok (off, 200, "known");
  g_assert_null (scripted_server_request (case_server (c), 1)->announced);
  case_check_log (c, "GET /a#0 GET /b#1");
}

const CaseSpec case_proxy[] = {
  { "proxy-forward", run_forward, CASE_ONLY_CLEARTEXT },
  { "proxy-forward-shared", run_forward_shared, CASE_ONLY_CLEARTEXT },
  { "proxy-forward-upload", run_forward_upload, CASE_ONLY_CLEARTEXT },
  { "proxy-forward-headers", run_forward_headers, CASE_ONLY_CLEARTEXT },
  { "proxy-connection-field", run_connection_field, CASE_ONLY_CLEARTEXT },
  { "proxy-over-tls", run_over_tls, CASE_ONLY_CLEARTEXT },
  { "proxy-over-tls-untrusted", run_over_tls_untrusted, CASE_ONLY_CLEARTEXT },
  { "proxy-tunnel", run_tunnel, CASE_ONLY_CLEARTEXT },
  { "proxy-tunnel-headers", run_tunnel_headers, CASE_ONLY_CLEARTEXT },
  { "proxy-socks4", run_socks4, CASE_ONLY_CLEARTEXT },
  { "proxy-socks4a", run_socks4a, CASE_ONLY_CLEARTEXT },
  { "proxy-socks5", run_socks5, CASE_ONLY_CLEARTEXT },
  { "proxy-socks5h", run_socks5h, CASE_ONLY_CLEARTEXT },
  { "proxy-socks5h-numeric", run_socks5h_numeric, CASE_ONLY_CLEARTEXT },
  { "proxy-pre-proxy", run_pre_proxy, CASE_ONLY_CLEARTEXT },
  { "proxy-options", run_options, CASE_ONLY_CLEARTEXT },
  { "proxy-no-proxy", run_no_proxy, CASE_ONLY_CLEARTEXT },
  { "proxy-environment", run_environment, CASE_ONLY_CLEARTEXT },
  { "proxy-environment-no-proxy", run_environment_no_proxy, CASE_ONLY_CLEARTEXT },
  { "proxy-bad-scheme", run_bad_scheme, CASE_ONLY_CLEARTEXT },
  { "proxy-no-such", run_no_such_proxy, CASE_ONLY_CLEARTEXT },
  { "proxy-login", run_login, CASE_ONLY_CLEARTEXT },
  { "proxy-login-digest", run_login_digest, CASE_ONLY_CLEARTEXT },
  { "proxy-login-in-url", run_login_in_url, CASE_ONLY_CLEARTEXT },
  { "proxy-login-missing", run_login_missing, CASE_ONLY_CLEARTEXT },
  { "proxy-login-wrong", run_login_wrong, CASE_ONLY_CLEARTEXT },
  { "proxy-refused-tunnel", run_refused_tunnel, CASE_ONLY_CLEARTEXT },
  { "proxy-refused-socks", run_refused_socks, CASE_ONLY_CLEARTEXT },
  { "proxy-cut", run_cut, CASE_ONLY_CLEARTEXT },
  { "proxy-drip", run_drip, CASE_ONLY_CLEARTEXT },
  { "proxy-garbage", run_garbage, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL,
    "libcurl 7.88 has other numbers for some" },
  { "proxy-flood", run_flood, CASE_ONLY_CLEARTEXT },
  { "proxy-silent", run_silent, CASE_ONLY_CLEARTEXT },
  { "proxy-leak-redirect", run_leak_redirect, CASE_ONLY_CLEARTEXT },
  { "proxy-leak-reuse", run_leak_reuse, CASE_ONLY_CLEARTEXT },
  { "proxy-leak-own-header", run_leak_own_header, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL,
    "libcurl sends it to the server" },
  { "proxy-line", run_announced, CASE_ONLY_CLEARTEXT },
  { "proxy-line-ipv6", run_announced_ipv6, CASE_ONLY_CLEARTEXT },
  { "proxy-line-unix", run_announced_unix, CASE_ONLY_CLEARTEXT },
  { "proxy-line-tunnel", run_announced_tunnel, CASE_ONLY_CLEARTEXT },
  { "proxy-line-no-room", run_announced_no_room, CASE_ONLY_CLEARTEXT },
  { "proxy-line-client", run_announced_client, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL,
    "libcurl 7.88 has no such option" },
  { NULL },
};
