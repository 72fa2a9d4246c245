/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asked.h"

/* The authenticate question: what all questions have in common (asked.h), and answered at once, late, wrong. */

#define HELD (1024 * 1024) /* GM_HTTP_MAX_HELD */

#define RIGHT "Basic dXNlcjpzZWNyZXQ="

static ScriptedAnswer *
answer_basic (const ScriptedRequest *request,
              gpointer user_data)
{
  if (g_strcmp0 (scripted_request_header (request, "Authorization"), RIGHT) == 0)
    return scripted_answer_text (200, NULL, "inside");

  return scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"caf\xe9\", Negotiate\r\n", "outside");
}

static void
check_refused (Asked *self)
{
  g_assert_error (self->error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
}

static const AskedKind login = { "authenticate", asked_answer_login, asked_decline_login, check_refused, 1,
                                 "response-timeout", "user", "secret" };

static void
set_up (Asked *self,
        gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "/in", scripted_answer_handler (scripted_answer_new (), answer_basic, NULL));
  scripted_server_on (server, "/free", scripted_answer_text (200, NULL, "free"));
  scripted_server_on (server, "/there", scripted_answer_redirect (302, "/in"));
  asked_set_up (self, &login, server);
}

static void
test_at_once (Asked *self,
              gconstpointer data)
{
  g_autoptr (GMultiResponse) response = NULL;

  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  response = gmulti_transfer_ref_response (self->transfer);
  g_assert_cmpuint (gmulti_response_get_status (response), ==, 200);
}

static void
test_what_is_asked (Asked *self,
                    gconstpointer data)
{
  g_autofree char *scheme = NULL;
  g_autofree char *realm = NULL;
  g_autofree char *host = NULL;
  guint port, attempt;
  gboolean is_proxy;

  asked_wait (self);
  g_object_get (self->question, "scheme", &scheme, "realm", &realm, "host", &host, "port", &port, "attempt", &attempt,
                "is-proxy", &is_proxy, NULL);
  g_assert_cmpstr (scheme, ==, "Basic");
  g_assert_cmpstr (realm, ==, "caf\xc3\xa9");
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (port, ==, scripted_server_port (self->server));
  g_assert_cmpuint (attempt, ==, 1);
  g_assert_false (is_proxy);
  asked_answer_login (self);
  asked_check_inside (self);
}

static ScriptedAnswer *
answer_as_proxy (const ScriptedRequest *request,
                 gpointer user_data)
{
  if (g_strcmp0 (scripted_request_header (request, "Proxy-Authorization"), RIGHT) == 0)
    return scripted_answer_text (200, NULL, "inside");

  return scripted_answer_text (407, "Proxy-Authenticate: Basic realm=\"way out\"\r\n", "not you");
}

/* A proxy whose address has no login asks for one as a server does. */
static void
test_proxy (Asked *self,
            gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (scripted_server_url (self->server, ""), NULL);

  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_as_proxy, NULL));
  gmulti_transfer_set_uri (self->transfer, "http://far.example/far");
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (proxy));
  self->n_wrong = 1;
  asked_wait (self);
  g_assert_true (gmulti_challenge_is_proxy (self->question));
  g_assert_cmpstr (gmulti_challenge_get_realm (self->question), ==, "way out");
  g_assert_cmpstr (gmulti_challenge_get_host (self->question), ==, "127.0.0.1");
  self->at_once = TRUE;
  asked_answer_login (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 2);
}

/* Others come and go while it waits. */
static void
test_late (Asked *self,
           gconstpointer data)
{
  asked_wait (self);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->server, "/free"));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (self->session, other, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4);
    }
  face_run_for (50);
  g_assert_null (self->bytes);
  g_assert_no_error (self->error);
  asked_answer_login (self);
  asked_check_inside (self);
}

/* Who wants the refusal's own words has them, though they were kept back until it was known. */
static void
test_declined_body (Asked *self,
                    gconstpointer data)
{
  gmulti_transfer_set_accept_status (self->transfer, TRUE);
  asked_wait (self);
  gmulti_challenge_decline (self->question);
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_no_error (self->error);
  face_check_text (self->bytes, "outside");
}

/* As long as is kept, and one byte more; in chunks, so that nobody knows before. */
static ScriptedAnswer *
answer_at_length (const ScriptedRequest *request,
                  gpointer user_data)
{
  guint64 length = GPOINTER_TO_SIZE (user_data);
  ScriptedAnswer *page;

  if (g_strcmp0 (scripted_request_header (request, "Authorization"), RIGHT) == 0)
    return scripted_answer_text (200, NULL, "inside");

  page = scripted_answer_exact ("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"long\"\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n");
  scripted_answer_chunks (page, 1, length, 10000, NULL);
  /* what goes on for ever */
  return length <= HELD ? scripted_answer_send (page, "0\r\n\r\n") : scripted_answer_stall (page);
}

static void
serve_at_length (Asked *self,
                 gsize length)
{
  scripted_server_on (self->server, "/long",
                      scripted_answer_handler (scripted_answer_new (), answer_at_length, GSIZE_TO_POINTER (length)));
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (self->server, "/long"));
  gmulti_transfer_set_accept_status (self->transfer, TRUE);
}

static void
test_long_page (Asked *self,
                gconstpointer data)
{
  serve_at_length (self, HELD);
  asked_wait (self);
  gmulti_challenge_decline (self->question);
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_no_error (self->error);
  g_assert_cmpuint (g_bytes_get_size (self->bytes), ==, HELD);
}

/* Nobody has to wait for the end of a page that has none. */
static void
test_endless_page (Asked *self,
                   gconstpointer data)
{
  serve_at_length (self, HELD + 1);
  asked_wait (self);
  face_run_for (20);
  asked_answer_login (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
}

static void
test_endless_page_declined (Asked *self,
                            gconstpointer data)
{
  serve_at_length (self, HELD + 1);
  asked_wait (self);
  gmulti_challenge_decline (self->question);
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_error (self->error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_TOO_LARGE);
  g_assert_true (g_str_has_suffix (self->error->message, "the page that comes with the demand for a login"));
  g_assert_null (self->bytes);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
}

/* RFC 7617: the server would cut the name at its colon. */
static void
test_colon (Asked *self,
            gconstpointer data)
{
  asked_wait (self);
  gmulti_challenge_answer (self->question, "us:er", "secret");
  asked_check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

/* A body that was sent for nothing goes again. */
static void
test_upload (Asked *self,
             gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("the body", 8);

  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (scripted_server_request (self->server, 1)->body_length, ==, 8);
}

static void
test_redirected (Asked *self,
                 gconstpointer data)
{
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (self->server, "/there"));
  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
}

int
main (int argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Asked *self, gconstpointer data);
  } tests[] = {
    { "/challenge/at-once", test_at_once },
    { "/challenge/what-is-asked", test_what_is_asked },
    { "/challenge/proxy", test_proxy },
    { "/challenge/late", test_late },
    { "/challenge/declined-body", test_declined_body },
    { "/challenge/long-page", test_long_page },
    { "/challenge/endless-page", test_endless_page },
    { "/challenge/endless-page-declined", test_endless_page_declined },
    { "/challenge/colon", test_colon },
    { "/challenge/upload", test_upload },
    { "/challenge/redirected", test_redirected },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Asked, NULL, set_up, tests[i].func, asked_tear_down);
  asked_add_login_tests ("/challenge/", set_up);
  asked_add_tests ("/challenge/", set_up);
  return g_test_run ();
}
