/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* From a name to a connection. */

static void
run_unix (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_UNIX);
  CaseTransfer *t = case_transfer (c, "any://any.example/a"), *again = case_transfer (c, "any://any.example/a");

  scripted_server_on (server, "/a", scripted_answer_text (200, NULL, "local"));
  case_set (t, CURLOPT_UNIX_SOCKET_PATH, scripted_server_path (server));
  case_run_transfer (t);
  case_check_ok (t, 200, "local");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "Host"), ==, "any.example");
  case_set (again, CURLOPT_UNIX_SOCKET_PATH, scripted_server_path (server));
  case_run_transfer (again);
  case_check_ok (again, 200, "local");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

static void
run_unix_missing (Case *c)
{
  CaseTransfer *t = case_transfer (c, "any://any.example/a");

  case_set (t, CURLOPT_UNIX_SOCKET_PATH, "/nonexistent/socket");
  case_run_transfer (t);
  case_check_error (t, CURLE_COULDNT_CONNECT);
}

static char *
entry (ScriptedServer *server,
       const char *host,
       const char *addresses)
{
  return g_strdup_printf ("%s:%u:%s", host, scripted_server_port (server), addresses);
}

static char *
url (ScriptedServer *server,
     const char *host)
{
  return g_strdup_printf ("%s://%s:%u/", case_scheme (), host, scripted_server_port (server));
}

static void
run_resolve (Case *c)
{
  ScriptedServer *server = case_server (c);
  g_autofree char *line = entry (server, "named.example", "127.0.0.1");
  g_autofree char *address = url (server, "named.example");
  g_autofree char *host = g_strdup_printf ("named.example:%u", scripted_server_port (server));
  CaseTransfer *t = case_transfer (c, address);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "found"));
  case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "found");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "Host"), ==, host);
  g_assert_cmpstr (case_info_str (t, CURLINFO_PRIMARY_IP), ==, "127.0.0.1");
  g_assert_cmpint (case_info (t, CURLINFO_PRIMARY_PORT), ==, scripted_server_port (server));
  g_assert_cmpstr (case_info_str (t, CURLINFO_LOCAL_IP), ==, "127.0.0.1");
  g_assert_cmpint (case_info (t, CURLINFO_LOCAL_PORT), ==, scripted_server_connection (server, 0)->peer_port);
}

static void
run_connect_to (Case *c)
{
  ScriptedServer *server = case_server (c);
  g_autofree char *line = g_strdup_printf ("a.example:%u:127.0.0.1:%u", case_default_port (), scripted_server_port (server));
  g_autofree char *any = g_strdup_printf ("::127.0.0.1:%u", scripted_server_port (server));
  CaseTransfer *t = case_transfer (c, "any://a.example/x"), *second = case_transfer (c, "any://b.example:81/y");

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "there"));
  case_set (t, CURLOPT_CONNECT_TO, case_list (t, "other.example:80:127.0.0.1:1", line, NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "there");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "Host"), ==, "a.example");
  case_set (second, CURLOPT_CONNECT_TO, case_list (second, any, NULL));
  case_run_transfer (second);
  case_check_ok (second, 200, "there");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "Host"), ==, "b.example:81");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
}

static void
run_ipv6 (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_ONLY_IPV6);
  CaseTransfer *t;

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "six"));
  t = case_get (c, scripted_server_url (server, "/"));
  case_check_ok (t, 200, "six");
  g_assert_cmpstr (case_info_str (t, CURLINFO_PRIMARY_IP), ==, "::1");
  g_assert_true (g_str_has_prefix (scripted_request_header (scripted_server_request (server, 0), "Host"), "[::1]:"));
}

static void
run_preference (Case *c)
{
  static const struct
  {
    long preference;
    const char *address;
  } cases[] = { { CURL_IPRESOLVE_V4, "127.0.0.1" }, { CURL_IPRESOLVE_V6, "::1" } };
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_IPV6);
  g_autofree char *address = url (server, "both.example");
  g_autofree char *line = entry (server, "both.example", "[::1],127.0.0.1");

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, ""));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = case_transfer (c, address);

      case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
      case_set (t, CURLOPT_IPRESOLVE, cases[i].preference);
      case_run_transfer (t);
      case_check_ok (t, 200, "");
      g_assert_cmpstr (case_info_str (t, CURLINFO_PRIMARY_IP), ==, cases[i].address);
    }
}

/* Nobody listens on IPv6: IPv4 is tried, and nobody notices. */
static void
run_eyeballs_refused (Case *c)
{
  ScriptedServer *server = case_server (c);
  g_autofree char *address = url (server, "both.example");
  g_autofree char *line = entry (server, "both.example", "[::1],127.0.0.1");
  CaseTransfer *t = case_transfer (c, address);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "four"));
  case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "four");
  g_assert_cmpint (t->done_at - t->added_at, <, 2 * G_USEC_PER_SEC);
}

/* IPv6 does not answer at all: IPv4 starts beside it after a moment, and wins. */
static void
run_eyeballs_hanging (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_IPV6 | SCRIPTED_SERVER_DEAF_IPV6);
  g_autofree char *address = url (server, "both.example");
  g_autofree char *line = entry (server, "both.example", "[::1],127.0.0.1");
  CaseTransfer *t = case_transfer (c, address);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "four"));
  case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "four");
  g_assert_cmpstr (case_info_str (t, CURLINFO_PRIMARY_IP), ==, "127.0.0.1");
  g_assert_cmpint (t->done_at - t->added_at, <, 2 * G_USEC_PER_SEC);
}

static void
run_refused (Case *c)
{
  ScriptedServer *server = case_server (c);
  g_autofree char *address = g_strdup (scripted_server_url (server, "/"));
  CaseTransfer *t;

  scripted_server_stop (server); /* its port is free now, and nobody listens there */
  t = case_get (c, address);
  case_check_error (t, CURLE_COULDNT_CONNECT);
  g_assert_cmpint (case_info (t, CURLINFO_OS_ERRNO), ==, ECONNREFUSED);
  case_check_order (t, "D");
}

static void
run_bad_urls (Case *c)
{
  static const struct
  {
    const char *url;
    CURLcode result;
  } cases[] = {
    { "", CURLE_URL_MALFORMAT },
    { "http://", CURLE_URL_MALFORMAT },
    { "http://host:99999/", CURLE_URL_MALFORMAT },
    { "http://host:12x/", CURLE_URL_MALFORMAT },
    { "http://[::1/", CURLE_URL_MALFORMAT },
    { "http://a b/", CURLE_URL_MALFORMAT },
    { "nonsense://host/", CURLE_UNSUPPORTED_PROTOCOL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = case_transfer (c, "http://unset.example/");

      g_test_message ("%s", cases[i].url);
      case_set (t, CURLOPT_URL, cases[i].url);
      case_run_transfer (t);
      case_check_error (t, cases[i].result);
    }
}

static void
run_no_url (Case *c)
{
  CaseTransfer *t = case_transfer (c, "http://unset.example/");

  case_set (t, CURLOPT_URL, NULL);
  case_run_transfer (t);
  case_check_error (t, CURLE_URL_MALFORMAT);
}

/* A name that never is one (RFC 6761). What the machine's resolver says differs; that it ends does not. */
static void
run_unresolvable (Case *c)
{
  CaseTransfer *t = case_transfer (c, "http://nobody.invalid/");

  case_set (t, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  case_run_transfer (t);
  if (t->result != CURLE_OPERATION_TIMEDOUT)
    case_check_error (t, CURLE_COULDNT_RESOLVE_HOST);
}

static void
run_localhost (Case *c)
{
  g_autofree char *address = url (case_server (c), "localhost");
  CaseTransfer *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "home"));
  t = case_get (c, address);
  case_check_ok (t, 200, "home");
}

static void
run_interface (Case *c)
{
  ScriptedServer *server = case_server (c);
  CaseTransfer *t = case_transfer (c, "/"), *named = case_transfer (c, "/"), *wrong = case_transfer (c, "/");

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "x"));
  case_set (t, CURLOPT_INTERFACE, "127.0.0.2");
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  g_assert_cmpstr (scripted_server_connection (server, 0)->peer_address, ==, "127.0.0.2");
  case_set (named, CURLOPT_INTERFACE, "if!lo");
  case_run_transfer (named);
  case_check_ok (named, 200, "x");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  case_set (wrong, CURLOPT_INTERFACE, "192.0.2.77");
  case_run_transfer (wrong);
  case_check_error (wrong, CURLE_INTERFACE_FAILED);
}

static void
run_local_port (Case *c)
{
  ScriptedServer *server = case_server (c);
  CaseTransfer *t = case_transfer (c, "/");
  guint base = 20000 + g_test_rand_int_range (0, 10000);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "x"));
  case_set (t, CURLOPT_LOCALPORT, (long) base);
  case_set (t, CURLOPT_LOCALPORTRANGE, 200L);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  g_assert_cmpuint (scripted_server_connection (server, 0)->peer_port, >=, base);
  g_assert_cmpuint (scripted_server_connection (server, 0)->peer_port, <, base + 200);
}

/* --- the application's hands on the socket --- */

typedef struct
{
  guint n_opened, n_closed, n_options;
  curlsocktype purpose;
  int fd;
} Hands;

static curl_socket_t
open_cb (void *user_data,
         curlsocktype purpose,
         struct curl_sockaddr *address)
{
  Hands *hands = user_data;

  hands->n_opened++;
  hands->purpose = purpose;
  hands->fd = socket (address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  return hands->fd;
}

static int
close_cb (void *user_data,
          curl_socket_t fd)
{
  ((Hands *) user_data)->n_closed++;
  return close (fd);
}

static int
options_cb (void *user_data,
            curl_socket_t fd,
            curlsocktype purpose)
{
  ((Hands *) user_data)->n_options++;
  return CURL_SOCKOPT_OK;
}

static void
run_socket_callbacks (Case *c)
{
  static Hands hands;
  CaseTransfer *t = case_transfer (c, "/");

  memset (&hands, 0, sizeof hands);
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, "Connection: close\r\n", "x"));
  case_set (t, CURLOPT_OPENSOCKETFUNCTION, open_cb);
  case_set (t, CURLOPT_OPENSOCKETDATA, &hands);
  case_set (t, CURLOPT_CLOSESOCKETFUNCTION, close_cb);
  case_set (t, CURLOPT_CLOSESOCKETDATA, &hands);
  case_set (t, CURLOPT_SOCKOPTFUNCTION, options_cb);
  case_set (t, CURLOPT_SOCKOPTDATA, &hands);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  g_assert_cmpuint (hands.n_opened, ==, 1);
  g_assert_cmpuint (hands.n_options, ==, 1);
  g_assert_cmpint (hands.purpose, ==, CURLSOCKTYPE_IPCXN);
  case_run_for (c, 30);
  g_assert_cmpuint (hands.n_closed, ==, 1);
}

static curl_socket_t
bad_open_cb (void *user_data,
             curlsocktype purpose,
             struct curl_sockaddr *address)
{
  return CURL_SOCKET_BAD;
}

static int
abort_options_cb (void *user_data,
                  curl_socket_t fd,
                  curlsocktype purpose)
{
  return CURL_SOCKOPT_ERROR;
}

static void
run_socket_refused (Case *c)
{
  CaseTransfer *opened = case_transfer (c, "/"), *options = case_transfer (c, "/");

  case_set (opened, CURLOPT_OPENSOCKETFUNCTION, bad_open_cb);
  case_run_transfer (opened);
  case_check_error (opened, CURLE_COULDNT_CONNECT);
  case_set (options, CURLOPT_SOCKOPTFUNCTION, abort_options_cb);
  case_run_transfer (options);
  case_check_error (options, CURLE_ABORTED_BY_CALLBACK);
}

/* What was asked of the socket is what the kernel has. */
static void
run_keep_alive_probes (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");
  curl_socket_t fd = CURL_SOCKET_BAD;
  int value = 0;
  socklen_t len = sizeof value;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_set (t, CURLOPT_TCP_KEEPALIVE, 1L);
  case_set (t, CURLOPT_TCP_KEEPIDLE, 77L);
  case_set (t, CURLOPT_TCP_KEEPINTVL, 33L);
  case_set (t, CURLOPT_TCP_NODELAY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  g_assert_cmpint (curl_easy_getinfo (t->easy, CURLINFO_ACTIVESOCKET, &fd), ==, CURLE_OK);
  g_assert_cmpint (fd, !=, CURL_SOCKET_BAD);
  g_assert_no_errno (getsockopt (fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len));
  g_assert_cmpint (value, !=, 0);
  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_KEEPIDLE, &value, &len));
  g_assert_cmpint (value, ==, 77);
  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_KEEPINTVL, &value, &len));
  g_assert_cmpint (value, ==, 33);
  g_assert_no_errno (getsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
  g_assert_cmpint (value, !=, 0);
}

/* What is no address fails the transfer; what takes away nothing does not. */
static void
run_bad_override (Case *c)
{
  static const char *const lines[] = { "a.test:80:nonsense", "a.test:port:127.0.0.1", "a.test:80" };
  CaseTransfer *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      t = case_transfer (c, "/a");
      case_set (t, CURLOPT_RESOLVE, case_list (t, lines[i], NULL));
      case_run_transfer (t);
      case_check_error (t, CURLE_SETOPT_OPTION_SYNTAX);
    }
  t = case_transfer (c, "/a");
  case_set (t, CURLOPT_RESOLVE, case_list (t, "-nobody.test:80", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
}

const CaseSpec case_connect[] = {
  { "connect-bad-override", run_bad_override },
  { "unix", run_unix },
  { "unix-missing", run_unix_missing },
  { "resolve", run_resolve },
  { "connect-to", run_connect_to },
  { "ipv6", run_ipv6 },
  { "preference", run_preference },
  { "eyeballs-refused", run_eyeballs_refused },
  { "eyeballs-hanging", run_eyeballs_hanging, CASE_NOT_ON_LIBCURL_EVENTS,
    "libcurl 7.88 closes first and withdraws then" },
  { "refused", run_refused },
  { "bad-urls", run_bad_urls },
  { "no-url", run_no_url },
  { "unresolvable", run_unresolvable },
  { "localhost", run_localhost },
  { "interface", run_interface },
  { "local-port", run_local_port },
  { "socket-callbacks", run_socket_callbacks },
  { "socket-refused", run_socket_refused },
  { "keep-alive-probes", run_keep_alive_probes },
  { NULL },
};
