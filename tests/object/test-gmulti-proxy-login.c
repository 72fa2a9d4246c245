/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asked.h"
#include "proxy-server.h"
#if WITH_HTTP2
#include "proxy-front.h"
#endif

/* The authenticate question of a proxy that lets nobody through without a login: CONNECT, alone and as a stream
 * of HTTP/2 among others, and SOCKS5. What all questions
 * have in common (asked.h), and whose a tunnel is that was made with an answer. */

static ProxyServer *proxy;
static void
check_refused (Asked *self)
{
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);
  g_assert_nonnull (strstr (self->error->message, "far.example"));
}

static const AskedKind login = { "authenticate", asked_answer_login, asked_decline_login, check_refused, 0,
                                 "connect-timeout", "me", "pw" };

static GMultiTransfer *
new_transfer (Asked *self)
{
  g_autofree char *uri = g_strdup_printf ("http://far.example:%u/in", scripted_server_port (self->server));

  return gmulti_transfer_new (uri);
}

/* @data: the scheme of the proxy */
static void
set_up_scheme (Asked *self,
               const char *scheme)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GMultiProxy) resolver = NULL;
  g_autofree char *uri = NULL;

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  proxy_server_free (proxy); /* the last test's */
  proxy = proxy_server_new ();
  proxy_server_set_login (proxy, "me", "pw");
  asked_set_up (self, &login, server);
  uri = g_strdup_printf ("http://far.example:%u/in", scripted_server_port (server));
  gmulti_transfer_set_uri (self->transfer, uri);
  resolver = g_object_new (GMULTI_TYPE_PROXY, "uri", proxy_server_url (proxy, scheme), "tunnel", TRUE, NULL);
  gmulti_session_set_proxy_resolver (self->session, G_PROXY_RESOLVER (resolver));
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (resolver)); /* the session may be replaced */
}

static void
set_up (Asked *self,
        gconstpointer data)
{
  set_up_scheme (self, "http");
}

static void
set_up_socks (Asked *self,
              gconstpointer data)
{
  set_up_scheme (self, "socks5");
}

static void
test_what_is_asked (Asked *self,
                    gconstpointer data)
{
  const char *scheme = data;
  GMultiChallenge *question;

  asked_wait (self);
  question = self->question;
  g_assert_true (gmulti_challenge_is_proxy (question));
  g_assert_cmpstr (gmulti_challenge_get_scheme (question), ==, scheme);
  g_assert_cmpint (gmulti_challenge_get_realm (question) != NULL, ==, !g_str_equal (scheme, "SOCKS"));
  g_assert_cmpstr (gmulti_challenge_get_host (question), ==, "127.0.0.1");
  g_assert_cmpuint (gmulti_challenge_get_port (question), ==, proxy_server_port (proxy));
  g_assert_cmpuint (gmulti_challenge_get_attempt (question), ==, 1);
  g_assert_cmpint (gmulti_transfer_get_wait_reason (self->transfer), ==, GMULTI_WAIT_REASON_ANSWER);
  g_assert_cmpint (gmulti_transfer_get_phase (self->transfer), ==, GMULTI_PHASE_PROXY);
  asked_answer_login (self);
  asked_check_inside (self);
}

/* Somebody has said his name in the proxy's address, and it was not good enough. */
static void
test_wrong_address (Asked *self,
                    gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("%s://me:old@127.0.0.1:%u", (const char *) data, proxy_server_port (proxy));
  g_autoptr (GMultiProxy) resolver = g_object_new (GMULTI_TYPE_PROXY, "uri", uri, "tunnel", TRUE, NULL);

  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (resolver));
  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

/* A tunnel that somebody's login made is nobody else's: another transfer is asked by itself, and without an answer it does
 * not get through. Who says the same login in the address may have it. */
static void
test_whose_tunnel (Asked *self,
                   gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("%s://me:pw@127.0.0.1:%u", (const char *) data, proxy_server_port (proxy));
  g_autoptr (GMultiProxy) resolver = g_object_new (GMULTI_TYPE_PROXY, "uri", uri, "tunnel", TRUE, NULL);
  g_autoptr (GMultiTransfer) stranger = new_transfer (self);
  g_autoptr (GMultiTransfer) same = new_transfer (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_null (face_fetch (self->session, stranger, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);
  g_clear_error (&error);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);

  gmulti_transfer_set_proxy_resolver (same, G_PROXY_RESOLVER (resolver));
  bytes = face_fetch (self->session, same, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

/* The same transfer need not be asked for each hop. */
static void
test_redirected (Asked *self,
                 gconstpointer data)
{
  scripted_server_on (self->server, "/in", scripted_answer_redirect (302, scripted_server_url (self->server, "/there")));
  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpuint (proxy_server_n_connections (proxy), ==, 3);
}

/* Others go their way meanwhile, and the body of an upload is sent once. */
static void
test_late_upload (Asked *self,
                  gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("the body", 8);
  g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->server, "/free"));
  g_autoptr (GMultiProxy) direct = gmulti_proxy_new ("direct://", NULL);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  gmulti_transfer_set_proxy_resolver (other, G_PROXY_RESOLVER (direct));
  asked_wait (self);
  bytes = face_fetch (self->session, other, &error);
  g_assert_no_error (error);
  asked_answer_login (self);
  asked_check_inside (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
  g_assert_cmpuint (scripted_server_request (self->server, 1)->body_length, ==, 8);
}

static void
test_digest (Asked *self,
             gconstpointer data)
{
  proxy_server_set_digest (proxy, data != NULL);
  asked_wait (self);
  g_assert_cmpstr (gmulti_challenge_get_scheme (self->question), ==, "Digest");
  asked_answer_login (self);
  asked_check_inside (self);
}

/* A proxy that wants something that no person can give is not one to ask about. */
static void
test_nothing_to_ask (Asked *self,
                     gconstpointer data)
{
  static const char answer_head[] = "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n";

  proxy_server_set_raw (proxy, answer_head, sizeof answer_head - 1);
  asked_start (self);
  asked_check_refused (self);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

#if WITH_HTTP2

/* ---- a stream among others ---- */

static ProxyFront *front;

static GMultiProxy *
new_front_resolver (void)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);

  return g_object_new (GMULTI_TYPE_PROXY, "uri", proxy_front_url (front), "tunnel", TRUE, "tls-database", database, NULL);
}

static void
set_up_carrier (Asked *self,
                gconstpointer data)
{
  g_autoptr (GMultiProxy) resolver = NULL;

  g_clear_pointer (&front, proxy_front_free);
  set_up_scheme (self, "http");
  front = proxy_front_new (proxy, TRUE);
  resolver = new_front_resolver ();
  gmulti_session_set_proxy_resolver (self->session, G_PROXY_RESOLVER (resolver));
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (resolver));
}

static void
test_carrier_question (Asked *self,
                       gconstpointer data)
{
  asked_wait (self);
  g_assert_true (gmulti_challenge_is_proxy (self->question));
  g_assert_cmpstr (gmulti_challenge_get_scheme (self->question), ==, "Basic");
  g_assert_cmpstr (gmulti_challenge_get_host (self->question), ==, "127.0.0.1");
  g_assert_cmpint (gmulti_transfer_get_phase (self->transfer), ==, GMULTI_PHASE_PROXY);
  asked_answer_login (self);
  asked_check_inside (self);
}

static GMultiTransfer *
new_big (Asked *self)
{
  g_autofree char *uri = g_strdup_printf ("http://big.example:%u/big", scripted_server_port (self->server));

  return gmulti_transfer_new (uri);
}

static GInputStream *
open_big (Asked *self,
          GMultiTransfer *transfer)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  GInputStream *stream;

  gmulti_session_open_async (self->session, transfer, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  stream = gmulti_session_open_finish (self->session, result, &error);
  g_assert_no_error (error);
  return stream;
}

static void
check_big (GInputStream *stream)
{
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_output_stream_splice_async (memory, stream,
                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  g_output_stream_splice_finish (memory, result, &error);
  g_assert_no_error (error);
  bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
  face_check_pattern (bytes, 1, 3000000);
}

/* A stream is refused while others of its connection carry a tunnel that nobody reads from just now, and the question is
 * not answered at once; theirs goes on behind it as if nothing had been. @data: what becomes of the question. */
static void
test_carrier_siblings (Asked *self,
                       gconstpointer data)
{
  g_autoptr (GMultiTransfer) big = new_big (self);
  g_autoptr (GMultiTransfer) late = new_big (self);
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GInputStream) second = NULL;

  scripted_server_on (self->server, "/big", scripted_answer_big (1, 3000000));
  proxy_server_set_login (proxy, NULL, NULL);
  stream = open_big (self, big);
  second = open_big (self, late);
  g_assert_cmpuint (proxy_front_n_connections (front), ==, 1);

  proxy_server_set_login (proxy, "me", "pw");
  asked_wait (self);
  g_assert_cmpuint (proxy_front_n_connections (front), ==, 1);
  g_assert_cmpuint (proxy_front_n_streams (front), ==, 3);
  check_big (second);
  if (g_strcmp0 (data, "answer") == 0)
    {
      asked_answer_login (self);
      asked_check_inside (self);
      /* A login is not for others: it has a connection of its own. */
      g_assert_cmpuint (proxy_front_n_connections (front), ==, 2);
    }
  else if (g_strcmp0 (data, "decline") == 0)
    {
      asked_decline_login (self);
      asked_check_refused (self);
    }
  else
    {
      gmulti_transfer_cancel (self->transfer);
      face_wait_for (gmulti_transfer_get_state (self->transfer) == GMULTI_TRANSFER_STATE_CANCELLED);
    }
  check_big (stream);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, g_strcmp0 (data, "answer") == 0 ? 3 : 2);
}

static void
add_carrier_tests (void)
{
  g_test_add ("/proxy-login/carrier/question", Asked, NULL, set_up_carrier, test_carrier_question, asked_tear_down);
  g_test_add ("/proxy-login/carrier/late-upload", Asked, NULL, set_up_carrier, test_late_upload, asked_tear_down);
  g_test_add ("/proxy-login/carrier/digest", Asked, NULL, set_up_carrier, test_digest, asked_tear_down);
  g_test_add ("/proxy-login/carrier/nothing-to-ask", Asked, NULL, set_up_carrier, test_nothing_to_ask, asked_tear_down);
  g_test_add ("/proxy-login/carrier/siblings-answer", Asked, "answer", set_up_carrier, test_carrier_siblings,
              asked_tear_down);
  g_test_add ("/proxy-login/carrier/siblings-decline", Asked, "decline", set_up_carrier, test_carrier_siblings,
              asked_tear_down);
  g_test_add ("/proxy-login/carrier/siblings-cancel", Asked, "cancel", set_up_carrier, test_carrier_siblings,
              asked_tear_down);
  asked_add_login_tests ("/proxy-login/carrier/", set_up_carrier);
  asked_add_tests ("/proxy-login/carrier/", set_up_carrier);
}

#endif

int
main (int argc,
      char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_test_add ("/proxy-login/tunnel/what-is-asked", Asked, "Basic", set_up, test_what_is_asked, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/wrong-address", Asked, "http", set_up, test_wrong_address, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/whose-tunnel", Asked, "http", set_up, test_whose_tunnel, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/redirected", Asked, NULL, set_up, test_redirected, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/late-upload", Asked, NULL, set_up, test_late_upload, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/digest", Asked, NULL, set_up, test_digest, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/digest-closed", Asked, "close", set_up, test_digest, asked_tear_down);
  g_test_add ("/proxy-login/tunnel/nothing-to-ask", Asked, NULL, set_up, test_nothing_to_ask, asked_tear_down);
  g_test_add ("/proxy-login/socks/what-is-asked", Asked, "SOCKS", set_up_socks, test_what_is_asked, asked_tear_down);
  g_test_add ("/proxy-login/socks/wrong-address", Asked, "socks5", set_up_socks, test_wrong_address, asked_tear_down);
  g_test_add ("/proxy-login/socks/whose-tunnel", Asked, "socks5", set_up_socks, test_whose_tunnel, asked_tear_down);
  g_test_add ("/proxy-login/socks/redirected", Asked, NULL, set_up_socks, test_redirected, asked_tear_down);
  g_test_add ("/proxy-login/socks/late-upload", Asked, NULL, set_up_socks, test_late_upload, asked_tear_down);
  asked_add_login_tests ("/proxy-login/tunnel/", set_up);
  asked_add_login_tests ("/proxy-login/socks/", set_up_socks);
  asked_add_tests ("/proxy-login/tunnel/", set_up);
  asked_add_tests ("/proxy-login/socks/", set_up_socks);
#if WITH_HTTP2
  add_carrier_tests ();
#endif
  status = g_test_run ();
#if WITH_HTTP2
  proxy_front_free (front);
#endif
  proxy_server_free (proxy);
  return status;
}
