/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "failing-answers.h"
#include "monitors.h"
#include "proxy-server.h"
#include "scripted-tls.h"
#include "zoo.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* Whole texts of gmulti_transfer_dup_explanation(), one situation each; and the line for people beside it. */

/* ---- names that are known here only: what the library calls is looked up in the program first ---- */

static gint names_are_slow; /* atomic */

/* The list of @addresses, the first in front; freed as the system's own. */
static int
make_list (const struct addrinfo *hints,
           const char *service,
           const char *const *addresses,
           struct addrinfo **result)
{
  *result = NULL;
  for (guint i = g_strv_length ((char **) addresses); i > 0; i--)
    {
      struct addrinfo *item = calloc (1, sizeof *item + sizeof (struct sockaddr_in));
      struct sockaddr_in *address = (struct sockaddr_in *) (gpointer) (item + 1);

      g_assert_cmpint (inet_pton (AF_INET, addresses[i - 1], &address->sin_addr), ==, 1);
      address->sin_family = AF_INET;
      address->sin_port = htons ((guint16) (service != NULL ? atoi (service) : 0));
      item->ai_family = AF_INET;
      item->ai_socktype = SOCK_STREAM;
      item->ai_addr = (struct sockaddr *) address;
      item->ai_addrlen = sizeof *address;
      item->ai_next = *result;
      *result = item;
    }

  return 0;
}

int
getaddrinfo (const char *name,
             const char *service,
             const struct addrinfo *hints,
             struct addrinfo **result)
{
  static const char *const one[] = { "127.0.0.1", NULL };
  static const char *const two[] = { "127.0.0.2", "127.0.0.1", NULL };

  while (g_atomic_int_get (&names_are_slow))
    g_usleep (1000);
  if (g_str_has_suffix (name, "again.test"))
    return EAI_AGAIN;
  if (hints->ai_family == AF_INET6 || !(g_str_equal (name, "one.test") || g_str_equal (name, "two.test")))
    return EAI_NONAME;

  return make_list (hints, service, g_str_equal (name, "one.test") ? one : two, result);
}

void
freeaddrinfo (struct addrinfo *list)
{
  while (list != NULL)
    {
      struct addrinfo *next = list->ai_next;

      free (list);
      list = next;
    }
}

/* ---- surroundings ---- */

typedef struct
{
  ScriptedServer *server;
  ScriptedServer *deaf;
  ProxyServer *proxy;
  GMultiSession *session;
} Fixture;

static void
set_up (Fixture *f,
        gconstpointer data)
{
  f->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  failing_answers_add (f->server);
  f->deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  f->proxy = proxy_server_new ();
  f->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *f,
           gconstpointer data)
{
  g_atomic_int_set (&names_are_slow, FALSE);
  face_assert_finalized (f->session);
  proxy_server_free (f->proxy);
  scripted_server_free (f->deaf);
  scripted_server_free (f->server);
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
name_port (GString *text,
           guint16 port,
           const char *name)
{
  g_autofree char *number = g_strdup_printf ("%u", port);

  g_string_replace (text, number, name, 0);
}

/* Ports of this run by name: what happened is otherwise the same each time. */
static char *
explain (Fixture *f,
         GMultiTransfer *transfer)
{
  g_autofree char *explanation = gmulti_transfer_dup_explanation (transfer);
  g_autoptr (GString) text = g_string_new (explanation);

  name_port (text, scripted_server_port (f->server), "PORT");
  name_port (text, scripted_server_port (f->deaf), "DEAF");
  name_port (text, proxy_server_port (f->proxy), "PROXY");
  return g_strdup (text->str);
}

#define check(f, transfer, ...)                                                                                        \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    static const char *const check_lines[] = { __VA_ARGS__, NULL };                                                    \
    g_autofree char *check_expected = g_strjoinv ("\n• ", (char **) check_lines);                                      \
    g_autofree char *check_found = explain (f, transfer);                                                              \
    g_assert_cmpstr (check_found, ==, check_expected);                                                                 \
  }                                                                                                                    \
  G_STMT_END

/* Two families are asked at the same time, and which answers first is chance. */
#define check_in_any_order(f, transfer, ...)                                                                           \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    const char *check_lines[] = { __VA_ARGS__, NULL };                                                                 \
    g_autofree char *check_found = explain (f, transfer);                                                              \
    g_auto (GStrv) check_parts = g_strsplit (check_found, "\n• ", -1);                                                 \
    g_assert_cmpstr (check_parts[0], ==, check_lines[0]);                                                              \
    g_assert_cmpuint (g_strv_length (check_parts), ==, G_N_ELEMENTS (check_lines) - 1);                                \
    qsort (check_lines, G_N_ELEMENTS (check_lines) - 1, sizeof *check_lines, compare_lines);                           \
    qsort (check_parts, G_N_ELEMENTS (check_lines) - 1, sizeof *check_parts, compare_lines);                           \
    g_assert_cmpstrv (check_parts, check_lines);                                                                       \
  }                                                                                                                    \
  G_STMT_END

#define check_status(transfer, expected)                                                                               \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *check_found = gmulti_transfer_dup_status_text (transfer);                                         \
    g_assert_cmpstr (check_found, ==, expected);                                                                       \
  }                                                                                                                    \
  G_STMT_END

static GMultiTransfer *
new_transfer (Fixture *f,
              const char *target)
{
  return gmulti_transfer_new (scripted_server_url (f->server, target));
}

static GMultiTransfer *
new_named (Fixture *f,
           const char *host,
           const char *target)
{
  g_autofree char *uri = g_strdup_printf ("http://%s:%u%s", host, scripted_server_port (f->server), target);

  return gmulti_transfer_new (uri);
}

/* To its end, whichever. */
static void
run (Fixture *f,
     GMultiTransfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (f->session, transfer, &error);

  g_assert_true (bytes != NULL || error != NULL);
  g_assert_true (gmulti_transfer_is_finished (transfer));
}

/* ---- it works ---- */

static void
test_new (Fixture *f,
          gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/small");

  check (f, transfer, "The transfer has not been started.");
  check_status (transfer, "Not started");
}

static void
test_plain (Fixture *f,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) first = new_transfer (f, "/small");
  g_autoptr (GMultiTransfer) second = new_transfer (f, "/small");

  run (f, first);
  check (f, first, "The transfer with 127.0.0.1 succeeded.", "A connection was made.",
         "The server answered with the status 200.");
  check_status (first, "Finished");
  run (f, second);
  check (f, second, "The transfer with 127.0.0.1 succeeded.", "An open connection was used again.",
         "The server answered with the status 200.");
  /* once more: nothing is left of what was */
  run (f, first);
  check (f, first, "The transfer with 127.0.0.1 succeeded.", "An open connection was used again.",
         "The server answered with the status 200.");
}

static void
test_dead_address (Fixture *f,
                   gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_named (f, "two.test", "/small");

  run (f, transfer);
  check_in_any_order (f, transfer, "The transfer with two.test succeeded.",
                      "No IPv6 address of two.test was found: Name or service not known.",
                      "two.test has the addresses 127.0.0.2, 127.0.0.1.",
                      "No connection to 127.0.0.2 port PORT: Connection refused.",
                      "A connection to 127.0.0.1 port PORT was made.", "The server answered with the status 200.");
}

static void
test_dead_connection (Fixture *f,
                      gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/a");

  scripted_server_on (f->server, "#0.0", scripted_answer_redirect (302, "/b?access_token=hidden"));
  scripted_server_on (f->server, "#0.1", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  scripted_server_on (f->server, "GET /b?access_token=hidden", scripted_answer_text (200, NULL, "again"));
  run (f, transfer);
  check (f, transfer, "The transfer with 127.0.0.1 succeeded.", "A connection was made.",
         "The server redirected to http://127.0.0.1:PORT/b?access_token=*** (status 302).",
         "An open connection was used again.",
         "The connection had died since it was used last: once more by a new one.",
         "A connection to 127.0.0.1 port PORT was made.", "The server answered with the status 200.");
}

/* ---- names and addresses ---- */

static void
test_unknown_host (Fixture *f,
                   gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://user:secret@nobody.test/");

  run (f, transfer);
  check_in_any_order (f, transfer, "The host nobody.test was not found.",
                      "No IPv6 address of nobody.test was found: Name or service not known.",
                      "No IPv4 address of nobody.test was found: Name or service not known.");
  check_status (transfer, "The host nobody.test was not found");
}

static void
test_resolver_down (Fixture *f,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://again.test/");

  run (f, transfer);
  check_in_any_order (f, transfer, "The address of again.test could not be looked up just now.",
                      "No IPv6 address of again.test was found: Temporary failure in name resolution.",
                      "No IPv4 address of again.test was found: Temporary failure in name resolution.");
}

/* A port that is bound and not listened on, for as long as @fd is open. */
static guint16
take_port (int *fd)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  *fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_cmpint (bind (*fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (getsockname (*fd, (struct sockaddr *) &address, &len), ==, 0);
  return ntohs (address.sin_port);
}

static void
test_refused (Fixture *f,
              gconstpointer data)
{
  int fd = -1;
  guint16 port = take_port (&fd);
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/", port);
  g_autofree char *line = g_strdup_printf ("No connection to 127.0.0.1 port %u: Connection refused.", port);
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);

  run (f, transfer);
  check_in_any_order (f, transfer, "Could not connect to 127.0.0.1: the connection was refused.", line);
  close (fd);
}

/* ---- time limits, one in each phase ---- */

static void
test_resolve_timeout (Fixture *f,
                      gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_named (f, "slow.test", "/small");

  g_atomic_int_set (&names_are_slow, TRUE);
  gmulti_transfer_set_connect_timeout (transfer, 100);
  run (f, transfer);
  check (f, transfer, "Looking up the address of slow.test took too long.",
         "The time limit for connecting, 100 ms, was reached while looking up its address.");
}

static void
test_connect_timeout (Fixture *f,
                      gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (f->deaf, "/"));

  gmulti_transfer_set_connect_timeout (transfer, 100);
  run (f, transfer);
  check (f, transfer, "Connecting to 127.0.0.1 took too long.", "No answer of 127.0.0.1 port DEAF until then.",
         "The time limit for connecting, 100 ms, was reached while connecting.");
}

static void
test_response_timeout (Fixture *f,
                       gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/never");

  gmulti_transfer_set_response_timeout (transfer, 100);
  run (f, transfer);
  check (f, transfer, "127.0.0.1 did not answer in time.", "A connection was made.",
         "The time limit for an answer, 100 ms, was reached.");
}

static void
test_timeout (Fixture *f,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/half");

  gmulti_transfer_set_timeout (transfer, 1000);
  run (f, transfer);
  check (f, transfer, "The time limit for 127.0.0.1 was reached while receiving the data.", "A connection was made.",
         "The time limit for the whole transfer, 1 s, was reached while receiving the data.",
         "The server answered with the status 200.");
}

static void
test_stalled (Fixture *f,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/half");

  gmulti_transfer_set_stall_timeout (transfer, 300);
  run (f, transfer);
  check (f, transfer, "The transfer with 127.0.0.1 stalled while receiving the data.", "A connection was made.",
         "For 300 ms too few data moved.", "The server answered with the status 200.");
}

/* ---- answers ---- */

static void
test_status (Fixture *f,
             gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/missing");

  run (f, transfer);
  check (f, transfer, "127.0.0.1 answered with the status 404.", "A connection was made.",
         "The server answered with the status 404.");
}

static void
test_loop (Fixture *f,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/loop");

  gmulti_transfer_set_max_redirects (transfer, 2);
  run (f, transfer);
  check (f, transfer, "127.0.0.1 redirects too often.", "A connection was made.",
         "The server redirected to http://127.0.0.1:PORT/loop (status 302).", "An open connection was used again.",
         "The server redirected to http://127.0.0.1:PORT/loop (status 302).", "An open connection was used again.");
}

static void
test_login (Fixture *f,
            gconstpointer data)
{
  g_autofree char *uri
    = g_strdup_printf ("http://me:hidden@127.0.0.1:%u/login", scripted_server_port (f->server));
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);
  g_autofree char *explanation = NULL;

  scripted_server_on (f->server, "#0.0", scripted_answer_text (401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n",
                                                               "no"));
  scripted_server_on (f->server, "#0.1", scripted_answer_text (200, NULL, "yes"));
  run (f, transfer);
  check (f, transfer, "The transfer with 127.0.0.1 succeeded.", "A connection was made.",
         "The server wanted a login: once more with it.", "An open connection was used again.",
         "The server answered with the status 200.");
  explanation = gmulti_transfer_dup_explanation (transfer);
  g_assert_null (strstr (explanation, "hidden"));
}

/* ---- proxies ---- */

static void
test_proxy_list (Fixture *f,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_named (f, "far.test", "/small");
  int fd = -1;
  guint16 port = take_port (&fd);
  g_autofree char *dead = g_strdup_printf ("http://user:hidden@127.0.0.1:%u", port);
  g_autofree char *line = g_strdup_printf ("No connection to 127.0.0.1 port %u: Connection refused.", port);
  g_autofree char *by = g_strdup_printf ("It went by the proxy http://127.0.0.1:%u.", port);
  g_autofree char *way = g_strdup_printf ("The way by http://127.0.0.1:%u did not work: Connection refused.", port);
  g_autofree char *pac = g_strdup_printf ("%s,%s", dead, proxy_server_url (f->proxy, "http"));
  g_autoptr (GProxyResolver) resolver = NULL;

  resolver = g_object_new (g_type_from_name ("ListResolver"), NULL);
  g_object_set_data_full (G_OBJECT (resolver), "list", g_strsplit (pac, ",", -1), (GDestroyNotify) g_strfreev);
  gmulti_transfer_set_proxy_resolver (transfer, resolver);
  run (f, transfer);
  check_in_any_order (f, transfer, "The transfer with far.test succeeded.", "The proxy settings know 2 ways.", by, line, way,
                      "It went by the proxy http://127.0.0.1:PROXY.",
                      "A connection to 127.0.0.1 port PROXY was made.", "The server answered with the status 200.");
  close (fd);
}

static void
test_proxy_login (Fixture *f,
                  gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = g_object_new (GMULTI_TYPE_PROXY, "uri", proxy_server_url (f->proxy, "http"), "tunnel", TRUE,
                                                NULL);
  g_autoptr (GMultiTransfer) transfer = new_named (f, "far.test", "/small");

  proxy_server_set_login (f->proxy, "me", "pw");
  gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (proxy));
  run (f, transfer);
  check (f, transfer, "The proxy for far.test wants a login, or another one.", "It went by the proxy http://127.0.0.1:PROXY.",
         "A connection to 127.0.0.1 port PROXY was made.", "The proxy answered with the status 407.");
}

/* ---- TLS ---- */

static void
serve_tls (Fixture *f,
           ScriptedTls *tls)
{
  scripted_server_free (f->server);
  f->server = tls != NULL ? scripted_server_new_tls (SCRIPTED_SERVER_TLS, tls) : scripted_server_new (SCRIPTED_SERVER_TLS);
  scripted_server_on (f->server, "*", scripted_answer_text (200, NULL, "inside"));
}

static void
test_unknown_authority (Fixture *f,
                        gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = NULL;

  serve_tls (f, NULL);
  transfer = new_transfer (f, "/");
  run (f, transfer);
  check (f, transfer, "The certificate of 127.0.0.1 was issued by nobody who is trusted.", "A connection was made.",
         "The certificate was not accepted: it was issued by nobody who is trusted.");
}

static void
test_expired (Fixture *f,
              gconstpointer data)
{
  g_autoptr (ZooCertificate) expired = zoo_make (&(ZooSpec){ .subject = "old", .names = "ip:127.0.0.1", .from = -7200,
                                                             .until = -3600 }, scripted_tls_get_authority ());
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GMultiTransfer) transfer = NULL;

  if (database == NULL)
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  serve_tls (f, scripted_tls_new_with (zoo_new_credentials (expired, 0)));
  transfer = new_transfer (f, "/");
  gmulti_transfer_set_tls_database (transfer, database);
  run (f, transfer);
  check (f, transfer, "The certificate of 127.0.0.1 has expired.", "A connection was made.",
         "The certificate was not accepted: it has expired.");
}

/* The server wants a certificate that nobody has. */
static void
test_alert (Fixture *f,
            gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;

  g_free (tls->priority);
  tls->priority = g_strdup ("NORMAL:-VERS-ALL:+VERS-TLS1.2");
  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  serve_tls (f, tls);
  transfer = new_transfer (f, "/");
  run (f, transfer);
  check (f, transfer, "127.0.0.1 wants a certificate of its visitor, or another one.", "A connection was made.",
         "The other side refused by a TLS alert: Decode error.");
}

/* It speaks nothing that is safe. */
static void
test_old_tls (Fixture *f,
              gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;

  g_free (tls->priority);
  tls->priority = g_strdup ("NORMAL:-VERS-ALL:+VERS-TLS1.1");
  serve_tls (f, tls);
  transfer = new_transfer (f, "/");
  run (f, transfer);
  check (f, transfer,
         "No secure connection to 127.0.0.1 could be made: A packet with illegal or unsupported version was received.",
         "A connection was made.", "TLS failed: A packet with illegal or unsupported version was received.");
}

static gboolean
keep_check (GMultiTransfer *transfer,
            GMultiTrustCheck *check,
            gpointer user_data)
{
  g_set_object ((GMultiTrustCheck **) user_data, check);
  return TRUE;
}

static void
test_question (Fixture *f,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GMultiTrustCheck) question = NULL;

  serve_tls (f, NULL);
  transfer = new_transfer (f, "/");
  g_signal_connect (transfer, "check-trust", G_CALLBACK (keep_check), &question);
  gmulti_session_start (f->session, transfer);
  face_wait_for (question != NULL);
  check (f, transfer, "The transfer with 127.0.0.1 waits for an answer of the program.", "A connection was made.",
         "The program was asked whether the certificate of 127.0.0.1 is to be trusted: it was issued by nobody who is trusted.");
  check_status (transfer, "Waiting for an answer…");
  gmulti_trust_check_accept (question);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  check (f, transfer, "The transfer with 127.0.0.1 succeeded.", "A connection was made.",
         "The program was asked whether the certificate of 127.0.0.1 is to be trusted: it was issued by nobody who is trusted.",
         "It was trusted.", "The connection was secured.", "The server answered with the status 200.");
}

/* ---- under way ---- */

static void
test_running (Fixture *f,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/never");

  gmulti_session_start (f->session, transfer);
  check (f, transfer, "The transfer with 127.0.0.1 is about to begin.");
  check_status (transfer, "Waiting…");
  face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_RESPONSE);
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_RUNNING);
  g_assert_cmpint (gmulti_transfer_get_wait_reason (transfer), ==, GMULTI_WAIT_REASON_NONE);
  check (f, transfer, "127.0.0.1 has not answered yet.", "A connection was made.");
  check_status (transfer, "Waiting for 127.0.0.1…");

  gmulti_transfer_pause (transfer);
  face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_PAUSED);
  check (f, transfer, "The transfer with 127.0.0.1 is paused.", "A connection was made.", "It was paused.");
  check_status (transfer, "Paused");
  gmulti_transfer_resume (transfer);
  face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_RUNNING);

  gmulti_transfer_cancel (transfer);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_CANCELLED);
  check (f, transfer, "The transfer with 127.0.0.1 was cancelled.", "A connection was made.", "It was paused.",
         "It was continued.");
  check_status (transfer, "Cancelled");
}

static void
test_looking_up (Fixture *f,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_named (f, "one.test", "/never");

  g_atomic_int_set (&names_are_slow, TRUE);
  gmulti_session_start (f->session, transfer);
  face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_RESOLVE);
  check (f, transfer, "The address of one.test is being looked up.");
  check_status (transfer, "Looking up one.test…");
  g_atomic_int_set (&names_are_slow, FALSE);
  face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_RESPONSE);
  check_in_any_order (f, transfer, "one.test has not answered yet.",
                      "No IPv6 address of one.test was found: Name or service not known.",
                      "one.test has the address 127.0.0.1.", "A connection to 127.0.0.1 port PORT was made.");
}

static void
test_connecting (Fixture *f,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (f->deaf, "/"));

  gmulti_session_start (f->session, transfer);
  face_wait_for (gmulti_transfer_get_phase (transfer) == GMULTI_PHASE_CONNECT);
  check (f, transfer, "A connection to 127.0.0.1 is being made.");
  check_status (transfer, "Connecting to 127.0.0.1…");
  gmulti_transfer_cancel (transfer);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  check (f, transfer, "The transfer with 127.0.0.1 was cancelled.", "No answer of 127.0.0.1 port DEAF until then.");
}

static void
wait_in_line (Fixture *f,
              const char *expected)
{
  g_autoptr (GMultiTransfer) first = new_transfer (f, "/never");
  g_autoptr (GMultiTransfer) second = new_transfer (f, "/small");
  g_auto (GStrv) found = NULL;
  g_autofree char *explanation = NULL;

  gmulti_session_start (f->session, first);
  face_wait_for (gmulti_transfer_get_phase (first) == GMULTI_PHASE_RESPONSE);
  gmulti_session_start (f->session, second);
  face_wait_for (gmulti_transfer_get_state (second) == GMULTI_TRANSFER_STATE_WAITING);
  g_assert_cmpint (gmulti_transfer_get_wait_reason (second), ==, GMULTI_WAIT_REASON_LIMIT);
  check_status (second, "Waiting for other transfers…");
  explanation = explain (f, second);
  found = g_strsplit (explanation, "\n• ", -1);
  g_assert_cmpuint (g_strv_length (found), ==, 2);
  g_assert_cmpstr (found[0], ==, "The transfer with 127.0.0.1 waits for other transfers to end.");
  g_assert_cmpstr (found[1], ==, expected);
  gmulti_transfer_cancel (first);
  face_wait_for (gmulti_transfer_is_finished (second));
  g_assert_cmpint (gmulti_transfer_get_state (second), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
}

static void
test_host_limit (Fixture *f,
                 gconstpointer data)
{
  gmulti_session_set_max_connections_per_host (f->session, 1);
  wait_in_line (f, "It waited, for no more connections to this host are allowed at a time.");
}

static void
test_slots (Fixture *f,
            gconstpointer data)
{
  gmulti_session_set_max_active (f->session, 1);
  wait_in_line (f, "It waited for its turn, for no more transfers may run at a time.");
}

static void
expect_wait (Fixture *f,
             GMultiTransfer *transfer,
             GMultiWaitReason reason)
{
  face_wait_for (gmulti_transfer_get_wait_reason (transfer) == reason);
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_WAITING);
}

/* Not to this machine itself: that needs no network. */
static void
test_constraints (Fixture *f,
                  gconstpointer data)
{
  g_autoptr (SaidNetwork) network = said_network_new (FALSE);
  g_autoptr (SaidPower) power = said_power_new (TRUE);
  g_autoptr (GMultiTransfer) transfer = new_named (f, "one.test", "/small");

  gmulti_session_set_network_monitor (f->session, G_NETWORK_MONITOR (network));
  gmulti_session_set_power_profile_monitor (f->session, G_POWER_PROFILE_MONITOR (power));
  gmulti_transfer_set_constraints (transfer, GMULTI_CONSTRAINTS_CONNECTIVITY | GMULTI_CONSTRAINTS_UNMETERED
                                               | GMULTI_CONSTRAINTS_NO_POWER_SAVER);
  gmulti_session_start (f->session, transfer);
  expect_wait (f, transfer, GMULTI_WAIT_REASON_CONNECTIVITY);
  check (f, transfer, "The transfer with one.test waits for the network.", "It waited for the network.");
  check_status (transfer, "Waiting for the network…");

  said_network_set (network, TRUE, TRUE);
  expect_wait (f, transfer, GMULTI_WAIT_REASON_METERED);
  check (f, transfer, "The transfer with one.test waits for a network that is not metered.", "It waited for the network.",
         "It waited for a network that is not metered.");
  check_status (transfer, "Waiting for a network that is not metered…");

  said_network_set (network, TRUE, FALSE);
  expect_wait (f, transfer, GMULTI_WAIT_REASON_POWER_SAVER);
  check (f, transfer, "The transfer with one.test waits until the device no longer saves power.",
         "It waited for the network.", "It waited for a network that is not metered.",
         "It waited until the device no longer saved power.");
  check_status (transfer, "Waiting until power is no longer saved…");

  said_power_set (power, FALSE);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  check_in_any_order (f, transfer, "The transfer with one.test succeeded.", "It waited for the network.",
                      "It waited for a network that is not metered.", "It waited until the device no longer saved power.",
                      "No IPv6 address of one.test was found: Name or service not known.",
                      "one.test has the address 127.0.0.1.", "A connection to 127.0.0.1 port PORT was made.",
                      "The server answered with the status 200.");
}

/* The pause is a matter of chance: its number is not compared. */
static void
test_retry (Fixture *f,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/once");
  g_autoptr (GRegex) number = g_regex_new ("after [0-9]+ m?s", 0, 0, NULL);
  g_autofree char *found = NULL;
  g_autofree char *text = NULL;

  scripted_server_on (f->server, "#0.0", scripted_answer_text (503, NULL, "busy"));
  scripted_server_on (f->server, "/once", scripted_answer_text (200, NULL, "there"));
  gmulti_transfer_set_max_attempts (transfer, 2);
  gmulti_session_start (f->session, transfer);
  expect_wait (f, transfer, GMULTI_WAIT_REASON_RETRY);
  check_status (transfer, "Waiting for the next attempt…");
  face_wait_for (gmulti_transfer_is_finished (transfer));
  found = explain (f, transfer);
  text = g_regex_replace_literal (number, found, -1, 0, "later", 0, NULL);
  g_assert_cmpstr (text, ==,
                   "The transfer with 127.0.0.1 succeeded.\n• A connection was made.\n"
                   "• An attempt failed: 127.0.0.1 answered with the status 503; the next one later.\n"
                   "• An open connection was used again.\n• The server answered with the status 200.");
}

/* ---- numbers ---- */

static void
count_notify (GMultiTransfer *transfer,
              GParamSpec *pspec,
              gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
test_numbers (Fixture *f,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/half-of-it");
  guint n_fraction = 0, n_text = 0;
  guint64 speed;
  g_autofree char *text = NULL;

  scripted_server_on (f->server, "/half-of-it",
                      scripted_answer_stall (scripted_answer_pattern (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"), 1, 0, 100000)));
  g_signal_connect (transfer, "notify::fraction", G_CALLBACK (count_notify), &n_fraction);
  g_signal_connect (transfer, "notify::status-text", G_CALLBACK (count_notify), &n_text);
  g_assert_cmpfloat (gmulti_transfer_get_fraction (transfer), <, 0);
  g_assert_cmpint (gmulti_transfer_get_remaining (transfer), ==, -1);
  g_assert_cmpuint (gmulti_transfer_get_speed (transfer), ==, 0);
  gmulti_session_start (f->session, transfer);
  face_wait_for (gmulti_transfer_get_bytes_received (transfer) == 100000);
  g_assert_cmpfloat_with_epsilon (gmulti_transfer_get_fraction (transfer), 0.5, 0.0001);
  g_assert_cmpint (gmulti_transfer_get_total (transfer), ==, 200000);
  g_assert_cmpuint (gmulti_transfer_get_speed (transfer), >, 0);
  g_assert_cmpint (gmulti_transfer_get_remaining (transfer), >, 0);
  /* nothing comes any more */
  speed = gmulti_transfer_get_speed (transfer);
  face_wait_for (gmulti_transfer_get_speed (transfer) < speed);
  g_assert_cmpuint (n_fraction, >, 0);
  g_assert_cmpuint (n_text, >, 0);
  text = gmulti_transfer_dup_status_text (transfer);
  {
    g_autofree char *half = g_format_size (100000);
    g_autofree char *whole = g_format_size (200000);
    g_autofree char *start = g_strdup_printf ("%s of %s — ", half, whole);

    g_assert_true (g_str_has_prefix (text, start));
  }
  g_assert_true (g_str_has_suffix (text, "/s"));
  gmulti_transfer_cancel (transfer);
  face_wait_for (gmulti_transfer_is_finished (transfer));
}

/* Nobody is connected to anything: who looks all the same sees the speed fall, and none while it is paused. */
static void
test_speed (Fixture *f,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/half-of-it");
  guint64 speed;

  scripted_server_on (f->server, "/half-of-it",
                      scripted_answer_stall (scripted_answer_pattern (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"), 1, 0, 100000)));
  gmulti_session_start (f->session, transfer);
  face_wait_for (gmulti_transfer_get_bytes_received (transfer) == 100000 && gmulti_transfer_get_speed (transfer) > 0);
  for (guint i = 0; i < 2; i++)
    {
      speed = gmulti_transfer_get_speed (transfer);
      face_wait_for (gmulti_transfer_get_speed (transfer) < speed);
      g_assert_cmpuint (gmulti_transfer_get_speed (transfer), >, 0);
    }
  gmulti_transfer_pause (transfer);
  face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_PAUSED);
  g_assert_cmpuint (gmulti_transfer_get_speed (transfer), ==, 0);
  gmulti_transfer_cancel (transfer);
  face_wait_for (gmulti_transfer_is_finished (transfer));
}

/* Of a long story the beginning is left out. */
static void
test_long (Fixture *f,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/loop");
  g_autofree char *explanation = NULL;

  gmulti_transfer_set_max_redirects (transfer, 100);
  run (f, transfer);
  explanation = gmulti_transfer_dup_explanation (transfer);
  g_assert_nonnull (strstr (explanation, " earlier events are left out.\n"));
  g_assert_cmpuint (strlen (explanation), <, 8192);
}

/* Asked again and again by a thread that has nothing to do with it. */
static gpointer
keep_asking (gpointer data)
{
  GMultiTransfer *transfer = data;
  gboolean finished;

  do
    {
      g_autofree char *explanation = NULL;
      g_autofree char *line = gmulti_transfer_dup_status_text (transfer);

      finished = gmulti_transfer_is_finished (transfer);
      explanation = gmulti_transfer_dup_explanation (transfer);
      g_assert_true (g_utf8_validate (explanation, -1, NULL));
      g_assert_cmpuint (strlen (line), >, 0);
    }
  while (!finished);

  return NULL;
}

static void
test_other_thread (Fixture *f,
                   gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/loop");
  GThread *thread;

  gmulti_transfer_set_max_redirects (transfer, 200);
  thread = g_thread_new ("asks", keep_asking, transfer);
  run (f, transfer);
  g_thread_join (thread);
  check_status (transfer, "127.0.0.1 redirects too often");
}

/* ---- a list of proxies ---- */

typedef GObject ListResolver;
typedef GObjectClass ListResolverClass;

static GType list_resolver_get_type (void);
static void list_resolver_iface_init (GProxyResolverInterface *iface);

G_DEFINE_TYPE_WITH_CODE (ListResolver, list_resolver, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_PROXY_RESOLVER, list_resolver_iface_init))

static void
list_resolver_class_init (ListResolverClass *klass)
{
}

static void
list_resolver_init (ListResolver *self)
{
}

static gboolean
list_resolver_is_supported (GProxyResolver *resolver)
{
  return TRUE;
}

static void
list_resolver_lookup_async (GProxyResolver *resolver,
                            const char *uri,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (resolver, cancellable, callback, user_data);

  g_task_return_pointer (task, g_strdupv (g_object_get_data (G_OBJECT (resolver), "list")), (GDestroyNotify) g_strfreev);
}

static char **
list_resolver_lookup_finish (GProxyResolver *resolver,
                             GAsyncResult *result,
                             GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
list_resolver_iface_init (GProxyResolverInterface *iface)
{
  iface->is_supported = list_resolver_is_supported;
  iface->lookup_async = list_resolver_lookup_async;
  iface->lookup_finish = list_resolver_lookup_finish;
}

/* ---- all of them ---- */

static const struct
{
  const char *name;
  void (*func) (Fixture *f, gconstpointer data);
} tests[] = {
  { "new", test_new },
  { "plain", test_plain },
  { "dead-address", test_dead_address },
  { "dead-connection", test_dead_connection },
  { "unknown-host", test_unknown_host },
  { "resolver-down", test_resolver_down },
  { "refused", test_refused },
  { "resolve-timeout", test_resolve_timeout },
  { "connect-timeout", test_connect_timeout },
  { "response-timeout", test_response_timeout },
  { "timeout", test_timeout },
  { "stalled", test_stalled },
  { "status", test_status },
  { "redirect-loop", test_loop },
  { "login", test_login },
  { "proxy-list", test_proxy_list },
  { "proxy-login", test_proxy_login },
  { "unknown-authority", test_unknown_authority },
  { "expired", test_expired },
  { "alert", test_alert },
  { "old-tls", test_old_tls },
  { "question", test_question },
  { "running", test_running },
  { "looking-up", test_looking_up },
  { "connecting", test_connecting },
  { "host-limit", test_host_limit },
  { "slots", test_slots },
  { "constraints", test_constraints },
  { "retry", test_retry },
  { "numbers", test_numbers },
  { "speed", test_speed },
  { "long", test_long },
  { "other-thread", test_other_thread },
};

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_type_ensure (list_resolver_get_type ());
  for (gsize i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *here = g_strconcat ("/explanation/", tests[i].name, NULL);
      g_autofree char *threaded = g_strconcat ("/explanation/threaded/", tests[i].name, NULL);

      g_test_add (here, Fixture, NULL, set_up, tests[i].func, tear_down);
      g_test_add (threaded, Fixture, "thread", set_up, tests[i].func, tear_down);
    }

  return g_test_run ();
}
