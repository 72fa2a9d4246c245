/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include "name-server.h"
#include "proxy-server.h"
#include "scripted-tls.h"

#include <string.h>

/* Names that a server is asked for, over HTTPS. None of those used here is known to the system. */

/* The server's thread reads it until the case is over; one case runs at a time. */
static NameServer names;

static ScriptedServer *
name_server (Case *c,
             ScriptedServerFlags flags)
{
  ScriptedServer *server;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "found"));
  server = case_new_server (c, SCRIPTED_SERVER_TLS | flags);
  names = (NameServer){ .ttl = 300 };
  scripted_server_on (server, "POST /dns-query", scripted_answer_handler (scripted_answer_new (), name_server_answer, &names));

  return server;
}

static CaseTransfer *
named (Case *c,
       ScriptedServer *server,
       const char *host,
       const char *scheme)
{
  g_autofree char *url = g_strdup_printf ("http://%s:%u/a", host, scripted_server_port (case_server (c)));
  g_autofree char *doh = g_strdup_printf ("%s://127.0.0.1:%u/dns-query", scheme, scripted_server_port (server));
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_DOH_URL, doh);
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  return t;
}

static guint
n_asked (void)
{
  return (guint) g_atomic_int_get (&names.n_asked);
}

/* The transfer's figures know nothing of it. Both families are asked for, but who is connected by one need not wait for the
 * other. */
static void
run_found (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.example", "https"), *again = named (c, server, "far.example", "https");
  gboolean asked_v4 = FALSE;

  case_run_transfer (t);
  case_check_ok (t, 200, "found");
  g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 1);
  case_check_order (t, "HBD");
  g_assert_true (scripted_server_wait_requests (server, 1, 10000));
  for (guint i = 0; i < scripted_server_n_requests (server); i++)
    {
      const ScriptedRequest *request = scripted_server_request (server, i);

      if (!request->complete)
        continue;
      g_assert_cmpstr (scripted_request_header (request, "Content-Type"), ==, "application/dns-message");
      g_assert_cmpmem (request->body->data, request->body->len - 4,
                       "\0\0\1\0\0\1\0\0\0\0\0\0\3far\7example\0", 12 + 13);
      asked_v4 |= !name_server_is_v6 (request);
    }
  g_assert_true (asked_v4);

  /* What is known need not be asked again. */
  case_set (again, CURLOPT_FRESH_CONNECT, 1L);
  case_set (again, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  case_run_transfer (again);
  case_check_ok (again, 200, "found");
  g_assert_cmpuint (n_asked (), <=, 2);
}

#ifdef CASES_WITH_HTTP2
static void
run_http2 (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_HTTP2);
  CaseTransfer *t = named (c, server, "far.example", "https");

  case_run_transfer (t);
  case_check_ok (t, 200, "found");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}
#endif

/* An answer is good for as long as it says; who wants it for ever has his way. */
static void
run_short_life (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);

  names.ttl = 0;
  for (guint i = 0; i < 3; i++)
    {
      CaseTransfer *t = named (c, server, "far.example", "https");

      case_set (t, CURLOPT_FRESH_CONNECT, 1L);
      case_set (t, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
      if (i == 2)
        case_set (t, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
      case_run_transfer (t);
      case_check_ok (t, 200, "found");
    }
  g_assert_cmpuint (n_asked (), ==, 2);
}

/* Addresses and this machine's own name need no server. */
static void
run_not_asked (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *number = named (c, server, "127.0.0.1", "https"), *local = named (c, server, "localhost", "https");

  case_run_transfer (number);
  case_check_ok (number, 200, "found");
  case_run_transfer (local);
  case_check_ok (local, 200, "found");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 0);
}

/* However it fails, the system is not asked instead: this machine has a name that the system knows. */
static void
run_refused (Case *c)
{
  static const char *const answers[] = {
    "HTTP/1.1 500 No\r\n" NAME_SERVER_TYPE "Content-Length: 2\r\n\r\nno",
    "HTTP/1.1 200 OK\r\n" NAME_SERVER_TYPE "Content-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\n" NAME_SERVER_TYPE "Content-Length: 14\r\n\r\n<html></html>\n",
    "HTTP/1.1 200 OK\r\n" NAME_SERVER_TYPE "Content-Length: 100000\r\n\r\n",
    "garbage\r\n\r\n",
  };
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);

  for (guint i = 0; i <= G_N_ELEMENTS (answers); i++)
    {
      CaseTransfer *t = named (c, server, g_get_host_name (), "https");

      names.page = i < G_N_ELEMENTS (answers) ? answers[i] : NULL;
      names.code = 3;
      case_run_transfer (t);
      case_check_error (t, CURLE_COULDNT_RESOLVE_HOST);
      g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 0);
    }
  g_assert_cmpuint (n_asked (), >=, 1);
}

/* Right in everything but what it says it is. */
static void
run_wrong_type (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.example", "https");

  names.page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno";
  case_run_transfer (t);
  case_check_error (t, CURLE_COULDNT_RESOLVE_HOST);
}

/* Nothing but HTTPS, and no proof of who it is, is no answer. */
static void
run_untrusted (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *stranger = named (c, server, "far.example", "https"), *clear = named (c, server, "far.example", "http"),
               *careless = named (c, server, "far.example", "https"), *unstapled = named (c, server, "far.example", "https");

  case_set (stranger, CURLOPT_CAINFO, NULL);
  case_run_transfer (stranger);
  case_check_error (stranger, CURLE_COULDNT_RESOLVE_HOST);
  case_run_transfer (clear);
  case_check_error (clear, CURLE_COULDNT_RESOLVE_HOST);
  case_set (unstapled, CURLOPT_DOH_SSL_VERIFYSTATUS, 1L);
  case_run_transfer (unstapled);
  case_check_error (unstapled, CURLE_COULDNT_RESOLVE_HOST);
  g_assert_cmpuint (n_asked (), ==, 0);

  case_set (careless, CURLOPT_CAINFO, NULL);
  case_set (careless, CURLOPT_DOH_SSL_VERIFYPEER, 0L);
  case_set (careless, CURLOPT_DOH_SSL_VERIFYHOST, 0L);
  case_run_transfer (careless);
  case_check_ok (careless, 200, "found");
}

/* Who waits for a name holds the only place: the question goes all the same. */
static void
run_only_place (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.example", "https"), *other = named (c, server, "other.example", "https");

  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  case_add (t);
  case_add (other);
  case_run (c);
  case_check_ok (t, 200, "found");
  case_check_ok (other, 200, "found");
}

static gboolean
is_asked (gpointer data)
{
  return n_asked () > 0;
}

/* The question is nobody's transfer; who loses interest takes it with him. */
static void
run_given_up (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.example", "https"), *late = named (c, server, "far.example", "https");

  names.stalls = TRUE;
  case_add (t);
  g_assert_true (case_run_until (c, is_asked, NULL, 10000));
  g_assert_cmpint (case_driver (c)->running, ==, 1);
  case_remove (t);

  case_set (late, CURLOPT_TIMEOUT_MS, 200L);
  case_run_transfer (late);
  case_check_error (late, CURLE_OPERATION_TIMEDOUT);
}

/* A proxy that wants addresses gets those. */
static void
run_socks (Case *c)
{
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.example", "https");

  case_set (t, CURLOPT_PROXY, proxy_server_url (proxy, "socks5"));
  case_run_transfer (t);
  case_check_ok (t, 200, "found");
  g_assert_cmpuint (n_asked (), >=, 1);
}

/* NULL is the system again, which knows nothing of this one. */
static void
run_off (Case *c)
{
  ScriptedServer *server = name_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = named (c, server, "far.invalid", "https");

  case_set (t, CURLOPT_DOH_URL, NULL);
  case_run_transfer (t);
  case_check_error (t, CURLE_COULDNT_RESOLVE_HOST);
  g_assert_cmpuint (n_asked (), ==, 0);
}

const CaseSpec case_names[] = {
  { "names-found", run_found, CASE_ONLY_CLEARTEXT },
#ifdef CASES_WITH_HTTP2
  { "names-http2", run_http2, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL,
    "libcurl makes a connection for each question" },
#endif
  { "names-short-life", run_short_life, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL, "libcurl keeps it for its own time" },
  { "names-not-asked", run_not_asked, CASE_ONLY_CLEARTEXT },
  { "names-refused", run_refused, CASE_ONLY_CLEARTEXT },
  { "names-wrong-type", run_wrong_type, CASE_ONLY_CLEARTEXT },
  { "names-untrusted", run_untrusted, CASE_ONLY_CLEARTEXT },
  { "names-only-place", run_only_place, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL,
    "libcurl 7.88 waits for the place for ever" },
  { "names-given-up", run_given_up, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL, "libcurl counts its own questions" },
  { "names-socks", run_socks, CASE_ONLY_CLEARTEXT },
  { "names-off", run_off, CASE_ONLY_CLEARTEXT },
  { NULL },
};
