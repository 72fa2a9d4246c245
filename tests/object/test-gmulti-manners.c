/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>

/* What servers see of the user of a session: languages, where connections come from, logins. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
} Fixture;

static ScriptedAnswer *
answer_language (const ScriptedRequest *request,
                 gpointer data)
{
  const char *value = scripted_request_header (request, "Accept-Language");

  return scripted_answer_text (200, NULL, value != NULL ? value : "none");
}

static ScriptedAnswer *
answer_login (const ScriptedRequest *request,
              gpointer data)
{
  if (scripted_request_header (request, "Authorization") != NULL)
    return scripted_answer_text (200, NULL, "inside");
  return scripted_answer_text (401, "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n", "outside");
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_language, NULL));
  scripted_server_on (self->server, "/in", scripted_answer_handler (scripted_answer_new (), answer_login, NULL));
  self->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  face_assert_finalized (self->session);
  scripted_server_free (self->server);
}

static void
check (Fixture *self,
       GMultiTransfer *transfer,
       const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (self->session, transfer, &error);

  g_assert_no_error (error);
  face_check_text (bytes, expected);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          gpointer data)
{
  (*(guint *) data)++;
}

static void
test_language (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  g_autofree char *language = NULL;
  guint n_language = 0, n_auto = 0;
  gboolean is_auto;

  g_signal_connect (self->session, "notify::accept-language", G_CALLBACK (count_cb), &n_language);
  g_signal_connect (self->session, "notify::accept-language-auto", G_CALLBACK (count_cb), &n_auto);
  check (self, transfer, "none");
  g_object_set (self->session, "accept-language", "eo", NULL);
  check (self, transfer, "eo");
  gmulti_transfer_set_header (transfer, "accept-language", "fr");
  check (self, transfer, "fr");
  gmulti_transfer_set_header (transfer, "accept-language", NULL);

  g_object_set (self->session, "accept-language-auto", TRUE, NULL);
  check (self, transfer, "de-AT, de;q=0.9, en;q=0.8");
  g_object_get (self->session, "accept-language", &language, "accept-language-auto", &is_auto, NULL);
  g_assert_cmpstr (language, ==, "de-AT, de;q=0.9, en;q=0.8");
  g_assert_true (is_auto);
  gmulti_session_set_accept_language (self->session, "sv");
  g_assert_false (gmulti_session_get_accept_language_auto (self->session));
  gmulti_session_set_accept_language_auto (self->session, TRUE);
  gmulti_session_set_accept_language_auto (self->session, FALSE);
  check (self, transfer, "none");
  g_assert_cmpuint (n_language, ==, 5);
  g_assert_cmpuint (n_auto, ==, 4);

  g_test_expect_message ("GMulti", G_LOG_LEVEL_CRITICAL, "*is_field_value*");
  gmulti_session_set_accept_language (self->session, "sv\r\nX: y");
  g_test_assert_expected_messages ();
}

/* FALSE: @self's session cannot reach the server. */
static gboolean
reaches (Fixture *self)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (self->session, transfer, &error);

  if (bytes == NULL)
    g_assert_nonnull (strstr (error->message, "local address"));
  return bytes != NULL;
}

static void
test_way (Fixture *self,
          gconstpointer data)
{
  g_autoptr (GSocketAddress) here = g_inet_socket_address_new_from_string ("127.0.0.2", 0);
  g_autoptr (GSocketAddress) elsewhere = g_inet_socket_address_new_from_string ("192.0.2.1", 0);
  g_autoptr (GInetSocketAddress) got = NULL;
  g_autofree char *interface = NULL;

  g_object_set (self->session, "local-address", here, NULL);
  g_object_get (self->session, "local-address", &got, NULL);
  g_assert_true ((gpointer) got == here);
  g_assert_true (reaches (self));
  /* which this machine does not have: that it is used at all is seen by that */
  gmulti_session_set_local_address (self->session, G_INET_SOCKET_ADDRESS (elsewhere));
  g_assert_false (reaches (self));
  gmulti_session_set_local_address (self->session, NULL);
  g_assert_true (reaches (self));

  g_object_set (self->session, "local-interface", "lo", NULL);
  g_object_get (self->session, "local-interface", &interface, NULL);
  g_assert_cmpstr (interface, ==, "lo");
  g_assert_true (reaches (self));
  gmulti_session_set_local_address (self->session, G_INET_SOCKET_ADDRESS (here));
  g_assert_true (reaches (self));
  gmulti_session_set_local_address (self->session, NULL);
  gmulti_session_set_local_interface (self->session, "nowhere7");
  g_assert_false (reaches (self));
}

static void
ask_session (gpointer session,
             GObject *gone)
{
  g_assert_null (gmulti_session_dup_local_address (session));
}

/* Whose end is told to somebody who then asks the session: it must not hold anything. */
static void
test_last_address (Fixture *self,
                   gconstpointer data)
{
  GSocketAddress *address = g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  gmulti_session_set_local_address (self->session, G_INET_SOCKET_ADDRESS (address));
  g_object_weak_ref (G_OBJECT (address), ask_session, self->session);
  g_object_unref (address);
  gmulti_session_set_local_address (self->session, NULL);
}

static void
test_forget (Fixture *self,
             gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://me:secret@127.0.0.1:%u/in", scripted_server_port (self->server));
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);

  check (self, transfer, "inside");
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
  check (self, transfer, "inside");
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 3);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);

  gmulti_session_forget_logins (self->session);
  check (self, transfer, "inside");
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 5);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
}

/* Of each request. */
static void
test_metrics (Fixture *self,
              gconstpointer data)
{
  g_autofree char *uri = g_strdup_printf ("http://me:secret@127.0.0.1:%u/in", scripted_server_port (self->server));
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);
  g_autoptr (GMultiMetrics) metrics = NULL;
  GMultiMetrics *first, *second;

  check (self, transfer, "inside");
  metrics = gmulti_transfer_ref_metrics (transfer);
  g_assert_cmpuint (gmulti_metrics_get_n_children (metrics), ==, 2);
  first = gmulti_metrics_get_child (metrics, 0);
  second = gmulti_metrics_get_child (metrics, 1);
  g_assert_cmpuint (gmulti_metrics_get_status (first), ==, 401);
  g_assert_cmpuint (gmulti_metrics_get_status (second), ==, 200);
  g_assert_cmpuint (gmulti_metrics_get_connection_id (first), ==, gmulti_metrics_get_connection_id (second));
  g_assert_false (gmulti_metrics_is_reused (first));
  g_assert_true (gmulti_metrics_is_reused (second));
}

static ScriptedAnswer *
answer_signature (const ScriptedRequest *request,
                  gpointer data)
{
  const char *value = scripted_request_header (request, "Authorization");

  return scripted_answer_text (200, NULL, value != NULL ? value : "none");
}

static void
test_signature (Fixture *self,
                gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->server, "/signed"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *text = NULL;

  scripted_server_on (self->server, "/signed",
                      scripted_answer_handler (scripted_answer_new (), answer_signature, NULL));
  gmulti_transfer_set_signing_key (transfer, "aws:amz:eu-central-1:s3", "ACCESS", "secret");
  bytes = face_fetch (self->session, transfer, &error);
  g_assert_no_error (error);
  text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_assert_true (g_str_has_prefix (text, "AWS4-HMAC-SHA256 Credential=ACCESS/"));
  g_assert_nonnull (strstr (text, "/eu-central-1/s3/aws4_request"));
  g_assert_null (strstr (text, "secret"));

  gmulti_transfer_set_signing_key (transfer, NULL, NULL, NULL);
  check (self, transfer, "none");

  gmulti_transfer_set_signing_key (transfer, ":amz", "ACCESS", "secret");
  g_assert_null (face_fetch (self->session, transfer, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
}

static void
test_new_connection (Fixture *self,
                     gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  gboolean fresh;

  check (self, transfer, "none");
  check (self, transfer, "none");
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  g_object_set (transfer, "new-connection", TRUE, NULL);
  g_object_get (transfer, "new-connection", &fresh, NULL);
  g_assert_true (fresh);
  check (self, transfer, "none");
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
  gmulti_transfer_set_new_connection (transfer, FALSE);
  check (self, transfer, "none");
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
}

typedef void (*Test) (Fixture *self, gconstpointer data);

static void
add (const char *name,
     Test test)
{
  g_autofree char *plain = g_strconcat ("/object/manners/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/object/manners/threaded/", name, NULL);

  g_test_add (plain, Fixture, NULL, set_up, test, tear_down);
  g_test_add (threaded, Fixture, "", set_up, test, tear_down);
}

int
main (int argc,
      char **argv)
{
  g_setenv ("LANGUAGE", "de_AT.UTF-8:de_AT:en", TRUE);
  g_setenv ("LC_ALL", "de_AT.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  add ("language", test_language);
  add ("way", test_way);
  add ("last-address", test_last_address);
  add ("forget", test_forget);
  add ("metrics", test_metrics);
  add ("signature", test_signature);
  add ("new-connection", test_new_connection);
  return g_test_run ();
}
