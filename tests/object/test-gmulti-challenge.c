/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* The authenticate question: answered at once, late, wrong, never, twice, for a dead transfer, from another thread. */

#define RIGHT "Basic dXNlcjpzZWNyZXQ="

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  GMultiChallenge *challenge; /* (owned) (nullable): the last one */
  guint n_asked;
  guint n_wrong; /* so many answers are wrong */
  gboolean at_once;
  GBytes *bytes;
  GError *error;
} Fixture;

static ScriptedAnswer *
answer_basic (const ScriptedRequest *request,
              gpointer user_data)
{
  if (g_strcmp0 (scripted_request_header (request, "Authorization"), RIGHT) == 0)
    return scripted_answer_text (200, NULL, "inside");

  return scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"caf\xe9\", Negotiate\r\n", "outside");
}

static void
answer (Fixture *self)
{
  gmulti_challenge_answer (self->challenge, "user", self->n_asked > self->n_wrong ? "secret" : "wrong");
}

static gboolean
authenticate_cb (GMultiTransfer *transfer,
                 GMultiChallenge *challenge,
                 gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (transfer == self->transfer);
  self->n_asked++;
  g_set_object (&self->challenge, challenge);
  if (self->at_once)
    answer (self);
  return TRUE;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/in", scripted_answer_handler (scripted_answer_new (), answer_basic, NULL));
  scripted_server_on (self->server, "/free", scripted_answer_text (200, NULL, "free"));
  scripted_server_on (self->server, "/there", scripted_answer_redirect (302, "/in"));
  self->session = gmulti_session_new ();
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/in"));
  g_signal_connect (self->transfer, "authenticate", G_CALLBACK (authenticate_cb), self);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->challenge);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  if (self->transfer != NULL)
    face_assert_finalized (g_steal_pointer (&self->transfer));
  face_assert_finalized (self->session);
  scripted_server_free (self->server);
}

static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Fixture *self = user_data;

  self->bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &self->error);
}

static void
start (Fixture *self)
{
  gmulti_session_fetch_async (self->session, self->transfer, NULL, fetched_cb, self);
}

static void
check_inside (Fixture *self)
{
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_no_error (self->error);
  g_assert_cmpmem (g_bytes_get_data (self->bytes, NULL), g_bytes_get_size (self->bytes), "inside", 6);
}

static void
check_refused (Fixture *self)
{
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_error (self->error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
}

static void
test_at_once (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GMultiResponse) response = NULL;

  self->at_once = TRUE;
  start (self);
  check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  response = gmulti_transfer_ref_response (self->transfer);
  g_assert_cmpuint (gmulti_response_get_status (response), ==, 200);
}

static void
test_what_is_asked (Fixture *self,
                    gconstpointer data)
{
  g_autofree char *scheme = NULL;
  g_autofree char *realm = NULL;
  g_autofree char *host = NULL;
  guint port, attempt;
  gboolean is_proxy;

  start (self);
  face_wait_for (self->challenge != NULL);
  g_object_get (self->challenge, "scheme", &scheme, "realm", &realm, "host", &host, "port", &port, "attempt", &attempt,
                "is-proxy", &is_proxy, NULL);
  g_assert_cmpstr (scheme, ==, "Basic");
  g_assert_cmpstr (realm, ==, "caf\xc3\xa9");
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (port, ==, scripted_server_port (self->server));
  g_assert_cmpuint (attempt, ==, 1);
  g_assert_false (is_proxy);
  answer (self);
  check_inside (self);
}

/* Others come and go while it waits. */
static void
test_late (Fixture *self,
           gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
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
  answer (self);
  check_inside (self);
}

static void
test_wrong_first (Fixture *self,
                  gconstpointer data)
{
  self->at_once = TRUE;
  self->n_wrong = 2;
  start (self);
  check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 3);
  g_assert_cmpuint (gmulti_challenge_get_attempt (self->challenge), ==, 3);
}

/* Somebody who never learns. */
static void
test_always_wrong (Fixture *self,
                   gconstpointer data)
{
  self->at_once = TRUE;
  self->n_wrong = G_MAXUINT;
  start (self);
  check_refused (self);
  g_assert_cmpuint (self->n_asked, <=, 20);
}

static void
test_declined (Fixture *self,
               gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
  gmulti_challenge_decline (self->challenge);
  gmulti_challenge_answer (self->challenge, "user", "secret");
  check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

/* Who wants the refusal's own words has them, though they were kept back until it was known. */
static void
test_declined_body (Fixture *self,
                    gconstpointer data)
{
  gmulti_transfer_set_accept_status (self->transfer, TRUE);
  start (self);
  face_wait_for (self->challenge != NULL);
  gmulti_challenge_decline (self->challenge);
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_no_error (self->error);
  g_assert_cmpmem (g_bytes_get_data (self->bytes, NULL), g_bytes_get_size (self->bytes), "outside", 7);
}

static void
test_dropped (Fixture *self,
              gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
  g_clear_object (&self->challenge);
  check_refused (self);
}

static gboolean
say_no (GMultiTransfer *transfer,
        GMultiChallenge *challenge,
        gpointer user_data)
{
  g_set_object ((GMultiChallenge **) user_data, challenge);
  return FALSE;
}

static void
test_handler_says_no (Fixture *self,
                      gconstpointer data)
{
  g_autoptr (GMultiChallenge) kept = NULL;

  g_signal_handlers_disconnect_by_data (self->transfer, self);
  g_signal_connect (self->transfer, "authenticate", G_CALLBACK (say_no), &kept);
  start (self);
  check_refused (self);
  g_assert_nonnull (kept);
}

static void
test_nobody_there (Fixture *self,
                   gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->transfer, self);
  start (self);
  check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

/* The transfer is gone when the answer comes. */
static void
test_dead (Fixture *self,
           gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  answer (self);
  face_run_for (20);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

/* Never answered: the time for the whole transfer goes on. */
static void
test_never (Fixture *self,
            gconstpointer data)
{
  g_object_set (self->transfer, "timeout", 150u, "response-timeout", 50u, NULL);
  start (self);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

static gpointer
answer_in_thread (gpointer data)
{
  Fixture *self = data;

  gmulti_challenge_answer (self->challenge, "user", "secret");
  return NULL;
}

static void
test_other_thread (Fixture *self,
                   gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
  g_thread_join (g_thread_new ("answer", answer_in_thread, self));
  check_inside (self);
}

/* RFC 7617: the server would cut the name at its colon. */
static void
test_colon (Fixture *self,
            gconstpointer data)
{
  start (self);
  face_wait_for (self->challenge != NULL);
  gmulti_challenge_answer (self->challenge, "us:er", "secret");
  check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

/* A body that was sent for nothing goes again. */
static void
test_upload (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("the body", 8);

  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  self->at_once = TRUE;
  start (self);
  check_inside (self);
  g_assert_cmpuint (scripted_server_request (self->server, 1)->body_length, ==, 8);
}

static void
test_redirected (Fixture *self,
                 gconstpointer data)
{
  g_clear_object (&self->transfer);
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/there"));
  g_signal_connect (self->transfer, "authenticate", G_CALLBACK (authenticate_cb), self);
  self->at_once = TRUE;
  start (self);
  check_inside (self);
}

int
main (int argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/challenge/at-once", test_at_once },
    { "/challenge/what-is-asked", test_what_is_asked },
    { "/challenge/late", test_late },
    { "/challenge/wrong-first", test_wrong_first },
    { "/challenge/always-wrong", test_always_wrong },
    { "/challenge/declined", test_declined },
    { "/challenge/declined-body", test_declined_body },
    { "/challenge/dropped", test_dropped },
    { "/challenge/handler-says-no", test_handler_says_no },
    { "/challenge/nobody-there", test_nobody_there },
    { "/challenge/dead", test_dead },
    { "/challenge/never", test_never },
    { "/challenge/other-thread", test_other_thread },
    { "/challenge/colon", test_colon },
    { "/challenge/upload", test_upload },
    { "/challenge/redirected", test_redirected },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
