/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* The check-trust question: answered at once, late, never, for a dead transfer; and what a response knows of TLS. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  GMultiTrustCheck *check; /* (owned) (nullable): the last one */
  guint n_asked;
  gboolean at_once;
  GBytes *bytes;
  GError *error;
} Fixture;

static gboolean
check_trust_cb (GMultiTransfer *transfer,
                GMultiTrustCheck *check,
                gpointer user_data)
{
  Fixture *self = user_data;

  g_assert_true (transfer == self->transfer);
  self->n_asked++;
  g_set_object (&self->check, check);
  if (self->at_once)
    gmulti_trust_check_accept (check);
  return TRUE;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_TLS);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "inside"));
  self->session = gmulti_session_new ();
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/in"));
  g_signal_connect (self->transfer, "check-trust", G_CALLBACK (check_trust_cb), self);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->check);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
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
  g_assert_error (self->error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

static void
test_at_once (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GMultiResponse) response = NULL;
  g_autofree char *version = NULL;
  g_autofree char *cipher = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  self->at_once = TRUE;
  start (self);
  check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  response = gmulti_transfer_ref_response (self->transfer);
  g_object_get (response, "tls-version", &version, "tls-cipher", &cipher, "peer-certificate", &certificate, NULL);
  g_assert_cmpstr (version, ==, "TLS1.3");
  g_assert_nonnull (cipher);
  g_assert_cmpint (certificate != NULL, ==, g_tls_backend_supports_tls (g_tls_backend_get_default ()));
}

static void
test_what_is_asked (Fixture *self,
                    gconstpointer data)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  GTlsCertificateFlags errors;
  g_autofree char *host = NULL;
  guint port;
  gboolean is_proxy;

  start (self);
  face_wait_for (self->check != NULL);
  g_object_get (self->check, "certificate", &certificate, "errors", &errors, "host", &host, "port", &port, "is-proxy",
                &is_proxy, NULL);
  g_assert_cmpint (certificate != NULL, ==, g_tls_backend_supports_tls (g_tls_backend_get_default ()));
  g_assert_cmpint (errors, ==, G_TLS_CERTIFICATE_UNKNOWN_CA);
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (port, ==, scripted_server_port (self->server));
  g_assert_false (is_proxy);
  face_run_for (50);
  g_assert_null (self->bytes);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
  gmulti_trust_check_accept (self->check);
  gmulti_trust_check_reject (self->check);
  check_inside (self);
}

static void
test_rejected (Fixture *self,
               gconstpointer data)
{
  start (self);
  face_wait_for (self->check != NULL);
  gmulti_trust_check_reject (self->check);
  gmulti_trust_check_accept (self->check);
  check_refused (self);
}

static void
test_dropped (Fixture *self,
              gconstpointer data)
{
  start (self);
  face_wait_for (self->check != NULL);
  g_clear_object (&self->check);
  check_refused (self);
}

static void
test_nobody_there (Fixture *self,
                   gconstpointer data)
{
  g_signal_handlers_disconnect_by_data (self->transfer, self);
  start (self);
  check_refused (self);
}

/* The transfer is gone when the answer comes. */
static void
test_dead (Fixture *self,
           gconstpointer data)
{
  start (self);
  face_wait_for (self->check != NULL);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gmulti_trust_check_accept (self->check);
  face_run_for (20);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

/* The clock for connecting stands still while somebody thinks, the one for the whole transfer does not. */
static void
test_never (Fixture *self,
            gconstpointer data)
{
  g_object_set (self->transfer, "timeout", 200u, "connect-timeout", 50u, NULL);
  start (self);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

/* ---- databases ---- */

typedef GTlsDatabase PlainDatabase;
typedef GTlsDatabaseClass PlainDatabaseClass;

static GTlsCertificateFlags plain_verdict;

GType plain_database_get_type (void);
G_DEFINE_TYPE (PlainDatabase, plain_database, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
plain_verify_chain (GTlsDatabase *self,
                    GTlsCertificate *chain,
                    const char *purpose,
                    GSocketConnectable *identity,
                    GTlsInteraction *interaction,
                    GTlsDatabaseVerifyFlags flags,
                    GCancellable *cancellable,
                    GError **error)
{
  g_assert_cmpstr (purpose, ==, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER);
  return plain_verdict;
}

static void
plain_database_class_init (PlainDatabaseClass *klass)
{
  G_TLS_DATABASE_CLASS (klass)->verify_chain = plain_verify_chain;
}

static void
plain_database_init (PlainDatabase *self)
{
}

static void
test_file_database (Fixture *self,
                    gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);

  if (database == NULL)
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  gmulti_transfer_set_tls_database (self->transfer, database);
  start (self);
  check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static void
test_database (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_object_new (plain_database_get_type (), NULL);

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  plain_verdict = GPOINTER_TO_UINT (data);
  gmulti_transfer_set_tls_database (self->transfer, database);
  start (self);
  if (plain_verdict == 0)
    check_inside (self);
  else
    {
      face_wait_for (self->check != NULL);
      g_assert_cmpint (gmulti_trust_check_get_errors (self->check), ==, plain_verdict);
      gmulti_trust_check_reject (self->check);
      check_refused (self);
    }
  g_assert_cmpuint (self->n_asked, ==, plain_verdict == 0 ? 0 : 1);
}

/* A server that lets nobody in without a certificate. */
static void
test_client_certificate (Fixture *self,
                         gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();
  g_autoptr (ZooCertificate) own = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL);
  g_autoptr (GBytes) pem = zoo_get_pem (own, 0);
  g_autoptr (GBytes) key = zoo_get_key_pem (own, NULL);
  g_autofree char *both = g_strdup_printf ("%.*s%.*s", (int) g_bytes_get_size (pem),
                                           (const char *) g_bytes_get_data (pem, NULL), (int) g_bytes_get_size (key),
                                           (const char *) g_bytes_get_data (key, NULL));
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_pem (both, -1, NULL);
  ScriptedServer *strict;

  if (certificate == NULL)
    {
      scripted_tls_free (tls);
      g_test_skip ("GIO has no TLS here");
      return;
    }
  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  strict = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (strict, "*", scripted_answer_text (200, NULL, "inside"));
  self->at_once = TRUE;
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (strict, "/"));
  if (data != NULL)
    gmulti_transfer_set_client_certificate (self->transfer, certificate);
  start (self);
  if (data != NULL)
    check_inside (self);
  else
    {
      face_wait_for (self->error != NULL);
      g_assert_error (self->error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED);
    }
  scripted_server_free (strict);
}

int
main (int argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/trust-check/at-once", test_at_once },
    { "/trust-check/what-is-asked", test_what_is_asked },
    { "/trust-check/rejected", test_rejected },
    { "/trust-check/dropped", test_dropped },
    { "/trust-check/nobody-there", test_nobody_there },
    { "/trust-check/dead", test_dead },
    { "/trust-check/never", test_never },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
  g_test_add ("/trust-check/file-database", Fixture, NULL, set_up, test_file_database, tear_down);
  g_test_add ("/trust-check/database-good", Fixture, NULL, set_up, test_database, tear_down);
  g_test_add ("/trust-check/database-bad", Fixture, GUINT_TO_POINTER (G_TLS_CERTIFICATE_REVOKED), set_up, test_database,
              tear_down);
  g_test_add ("/trust-check/client-certificate", Fixture, "shown", set_up, test_client_certificate, tear_down);
  g_test_add ("/trust-check/no-client-certificate", Fixture, NULL, set_up, test_client_certificate, tear_down);
  return g_test_run ();
}
