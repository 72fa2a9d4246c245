/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asked.h"

/* The check-trust question: what all questions have in common (asked.h), databases, certificates of clients; and what a
 * response knows of TLS. */

static void
accept_certificate (Asked *self)
{
  gmulti_trust_check_accept (self->question);
}

static void
reject (Asked *self)
{
  gmulti_trust_check_reject (self->question);
}

static void
check_refused (Asked *self)
{
  g_assert_error (self->error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

static const AskedKind trust = { "check-trust", accept_certificate, reject, check_refused, 0, "connect-timeout" };

static void
set_up (Asked *self,
        gconstpointer data)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_TLS);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  asked_set_up (self, &trust, server);
}

static void
test_at_once (Asked *self,
              gconstpointer data)
{
  g_autoptr (GMultiResponse) response = NULL;
  g_autofree char *version = NULL;
  g_autofree char *cipher = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  self->at_once = TRUE;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  response = gmulti_transfer_ref_response (self->transfer);
  g_object_get (response, "tls-version", &version, "tls-cipher", &cipher, "peer-certificate", &certificate, NULL);
  g_assert_cmpstr (version, ==, "TLS1.3");
  g_assert_nonnull (cipher);
  g_assert_cmpint (certificate != NULL, ==, g_tls_backend_supports_tls (g_tls_backend_get_default ()));
}

static void
test_what_is_asked (Asked *self,
                    gconstpointer data)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  GTlsCertificateFlags errors;
  g_autofree char *host = NULL;
  g_autofree char *text = NULL;
  guint port;
  gboolean is_proxy;

  asked_wait (self);
  g_object_get (self->question, "certificate", &certificate, "errors", &errors, "host", &host, "port", &port, "is-proxy",
                &is_proxy, "text", &text, NULL);
  g_assert_cmpstr (text, ==, "The certificate of 127.0.0.1 was issued by nobody who is trusted");
  g_assert_cmpint (certificate != NULL, ==, g_tls_backend_supports_tls (g_tls_backend_get_default ()));
  g_assert_cmpint (errors, ==, G_TLS_CERTIFICATE_UNKNOWN_CA);
  g_assert_cmpstr (host, ==, "127.0.0.1");
  g_assert_cmpuint (port, ==, scripted_server_port (self->server));
  g_assert_false (is_proxy);
  face_run_for (50);
  g_assert_null (self->bytes);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
  gmulti_trust_check_accept (self->question);
  gmulti_trust_check_reject (self->question);
  asked_check_inside (self);
}

/* The certificate is a proxy's, and the check says so; a response of clear text has none. */
static void
test_proxy (Asked *self,
            gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (scripted_server_url (self->server, ""), NULL);
  g_autoptr (GMultiResponse) response = NULL;
  g_autofree char *version = NULL;

  gmulti_transfer_set_uri (self->transfer, "http://far.example/in");
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (proxy));
  asked_wait (self);
  g_assert_true (gmulti_trust_check_is_proxy (self->question));
  g_assert_cmpstr (gmulti_trust_check_get_host (self->question), ==, "127.0.0.1");
  g_assert_cmpuint (gmulti_trust_check_get_port (self->question), ==, scripted_server_port (self->server));
  gmulti_trust_check_accept (self->question);
  asked_check_inside (self);
  response = gmulti_transfer_ref_response (self->transfer);
  g_object_get (response, "tls-version", &version, NULL);
  g_assert_null (version);
}

/* ---- databases ---- */

typedef GTlsDatabase PlainDatabase;
typedef GTlsDatabaseClass PlainDatabaseClass;

static GTlsCertificateFlags plain_verdict;
static GMutex plain_thinks; /* locked: it takes its time */
static gint plain_is_asked; /* atomic */

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
  g_atomic_int_set (&plain_is_asked, TRUE);
  g_mutex_lock (&plain_thinks);
  g_mutex_unlock (&plain_thinks);
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
test_file_database (Asked *self,
                    gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);

  if (database == NULL)
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  gmulti_transfer_set_tls_database (self->transfer, database);
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

/* The session's counts for all that have none of their own. */
static void
test_session_database (Asked *self,
                       gconstpointer data)
{
  gboolean plain = data != NULL;
  g_autoptr (GTlsDatabase) database = plain ? g_object_new (plain_database_get_type (), NULL)
                                            : g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GTlsDatabase) kept = NULL;

  if (database == NULL || !g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  asked_start (self);
  face_wait_for (self->question != NULL);
  gmulti_trust_check_reject (self->question);
  asked_check_refused (self);

  g_clear_error (&self->error);
  plain_verdict = 0;
  gmulti_session_set_tls_database (self->session, database);
  kept = gmulti_session_dup_tls_database (self->session);
  g_assert_true (kept == database);
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

static void
test_database (Asked *self,
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
  asked_start (self);
  if (plain_verdict == 0)
    asked_check_inside (self);
  else
    {
      face_wait_for (self->question != NULL);
      g_assert_cmpint (gmulti_trust_check_get_errors (self->question), ==, plain_verdict);
      gmulti_trust_check_reject (self->question);
      asked_check_refused (self);
    }
  g_assert_cmpuint (self->n_asked, ==, plain_verdict == 0 ? 0 : 1);
}

/* What one database has found good says nothing to another one, though the connection is there; to itself it does. */
static void
test_whose_verdict (Asked *self,
                    gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_object_new (plain_database_get_type (), NULL);
  g_autoptr (GTlsDatabase) other = g_object_new (plain_database_get_type (), NULL);
  g_autoptr (GMultiTransfer) same = gmulti_transfer_new (scripted_server_url (self->server, "/in"));
  g_autoptr (GMultiTransfer) stranger = gmulti_transfer_new (scripted_server_url (self->server, "/in"));
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GError) error = NULL;

  plain_verdict = 0;
  gmulti_transfer_set_tls_database (self->transfer, database);
  asked_start (self);
  asked_check_inside (self);

  plain_verdict = G_TLS_CERTIFICATE_REVOKED;
  gmulti_transfer_set_tls_database (same, database);
  bytes = face_fetch (self->session, same, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);

  gmulti_transfer_set_tls_database (stranger, other);
  none = face_fetch (self->session, stranger, &error);
  g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_null (none);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
}

/* In a call that waits there is no loop that would bring the verdict. */
static void
test_database_blocking (Asked *self,
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
  gmulti_transfer_set_timeout (self->transfer, 5000);
  self->at_once = TRUE;
  self->bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &self->error);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, plain_verdict == 0 ? 0 : 1);
}

/* Nobody is asked about a transfer that is over when the database has made up its mind. */
static void
test_database_late (Asked *self,
                    gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_object_new (plain_database_get_type (), NULL);

  if (!g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  plain_verdict = G_TLS_CERTIFICATE_REVOKED;
  g_atomic_int_set (&plain_is_asked, FALSE);
  gmulti_transfer_set_tls_database (self->transfer, database);
  g_mutex_lock (&plain_thinks);
  asked_start (self);
  while (!g_atomic_int_get (&plain_is_asked))
    face_run_for (5);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  face_assert_finalized (g_steal_pointer (&self->session));
  g_mutex_unlock (&plain_thinks);
  face_assert_finalized (g_steal_pointer (&self->transfer));
  g_assert_cmpuint (self->n_asked, ==, 0);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

/* ---- pins ---- */

/* Which keys are the right ones is said by the pins alone: no handler is asked, and no database has a word in it. */
static void
test_pins (Asked *self,
           gconstpointer data)
{
  g_autoptr (ZooCertificate) own = zoo_make (&(ZooSpec){ .subject = "here", .names = "ip:127.0.0.1" },
                                             scripted_tls_get_authority ());
  g_autofree char *right = zoo_get_pin (own);
  g_autofree char *wrong = zoo_get_pin (scripted_tls_get_authority ());
  g_autofree char *both = g_strconcat (wrong, "; ", right, NULL);
  g_autofree char *half = g_strconcat (right, ";/etc/hostname", NULL);
  ScriptedServer *server
    = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, scripted_tls_new_with (zoo_new_credentials (own, 0)));
  g_autoptr (GTlsDatabase) database = data != NULL ? g_object_new (plain_database_get_type (), NULL) : NULL;
  const struct
  {
    const char *pins;
    int code; /* of G_TLS_ERROR; -1: welcome */
  } cases[] = { { right, -1 },
                { both, -1 },
                { NULL, -1 },
                { wrong, G_TLS_ERROR_BAD_CERTIFICATE },
                { half, G_TLS_ERROR_MISC },
                { "", G_TLS_ERROR_MISC },
                { "sha256//AAAA", G_TLS_ERROR_MISC },
                { "/etc/hostname", G_TLS_ERROR_MISC } };

  plain_verdict = 0;
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  self->at_once = TRUE;
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (server, "/"));
  gmulti_transfer_set_tls_database (self->transfer, database);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint n_asked = self->n_asked;

      gmulti_transfer_set_tls_pins (self->transfer, cases[i].pins);
      g_assert_cmpstr (gmulti_transfer_get_tls_pins (self->transfer), ==, cases[i].pins);
      asked_start (self);
      if (cases[i].code < 0)
        {
          asked_check_inside (self);
          g_assert_cmpuint (self->n_asked, ==, n_asked + (database == NULL));
          g_clear_pointer (&self->bytes, g_bytes_unref);
          continue;
        }
      face_wait_for (self->error != NULL);
      g_assert_error (self->error, G_TLS_ERROR, cases[i].code);
      g_assert_cmpuint (self->n_asked, ==, n_asked);
      g_clear_error (&self->error);
    }
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 3);
  scripted_server_free (server);
}

/* ---- what a proxy has of its own ---- */

static GTlsCertificate *
new_certificate (void)
{
  g_autoptr (ZooCertificate) own = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL);
  g_autoptr (GBytes) pem = zoo_get_pem (own, 0);
  g_autoptr (GBytes) key = zoo_get_key_pem (own, NULL);
  g_autofree char *both = g_strdup_printf ("%.*s%.*s", (int) g_bytes_get_size (pem),
                                           (const char *) g_bytes_get_data (pem, NULL), (int) g_bytes_get_size (key),
                                           (const char *) g_bytes_get_data (key, NULL));

  return g_tls_certificate_new_from_pem (both, -1, NULL);
}

/* Goes by a proxy with these settings. */
static void
go_by (Asked *self,
       ScriptedServer *server,
       GTlsDatabase *database,
       const char *pins,
       GTlsCertificate *certificate)
{
  g_autoptr (GMultiProxy) proxy
    = g_object_new (GMULTI_TYPE_PROXY, "uri", scripted_server_url (server, ""), "tls-database", database, "tls-pins", pins,
                    "client-certificate", certificate, NULL);

  g_assert_true (gmulti_proxy_get_tls_database (proxy) == database);
  g_assert_cmpstr (gmulti_proxy_get_tls_pins (proxy), ==, pins);
  g_assert_true (gmulti_proxy_get_client_certificate (proxy) == certificate);
  g_clear_error (&self->error);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  gmulti_transfer_set_uri (self->transfer, "http://far.example/in");
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (proxy));
  asked_start (self);
}

static void
check_not_asked (Asked *self,
                 GTlsError code)
{
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_TLS_ERROR, code);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static void
test_proxy_settings (Asked *self,
                     gconstpointer data)
{
  g_autoptr (ZooCertificate) own = zoo_make (&(ZooSpec){ .subject = "here", .names = "ip:127.0.0.1" },
                                             scripted_tls_get_authority ());
  g_autofree char *right = zoo_get_pin (own), *wrong = zoo_get_pin (scripted_tls_get_authority ());
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (own, 0));
  g_autoptr (GTlsDatabase) file = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GTlsCertificate) certificate = new_certificate ();
  ScriptedServer *server;

  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  server = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  go_by (self, server, file, NULL, certificate);
  asked_check_inside (self);
  go_by (self, server, file, right, certificate);
  asked_check_inside (self);
  go_by (self, server, file, wrong, certificate);
  check_not_asked (self, G_TLS_ERROR_BAD_CERTIFICATE);
  go_by (self, server, file, "/etc/hostname", certificate);
  check_not_asked (self, G_TLS_ERROR_BAD_CERTIFICATE);
  go_by (self, server, file, NULL, NULL);
  check_not_asked (self, G_TLS_ERROR_CERTIFICATE_REQUIRED);
  /* those of servers are not a proxy's */
  gmulti_transfer_set_tls_database (self->transfer, file);
  gmulti_transfer_set_client_certificate (self->transfer, certificate);
  go_by (self, server, file, NULL, NULL);
  check_not_asked (self, G_TLS_ERROR_CERTIFICATE_REQUIRED);
  go_by (self, server, NULL, NULL, certificate);
  face_wait_for (self->question != NULL);
  g_assert_true (gmulti_trust_check_is_proxy (self->question));
  gmulti_trust_check_reject (self->question);
  face_wait_for (self->error != NULL);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 2);
  scripted_server_free (server);
}

/* One that has to be asked, also by the session's proxy; nothing of that stays for a transfer with a proxy of its own. */
static void
test_proxy_database (Asked *self,
                     gconstpointer data)
{
  g_autoptr (GTlsDatabase) database = g_object_new (plain_database_get_type (), NULL);
  g_autoptr (GMultiProxy) proxy = g_object_new (GMULTI_TYPE_PROXY, "uri", scripted_server_url (self->server, ""),
                                                "tls-database", database, NULL);

  plain_verdict = G_TLS_CERTIFICATE_REVOKED;
  go_by (self, self->server, database, NULL, NULL);
  face_wait_for (self->question != NULL);
  g_assert_cmpint (gmulti_trust_check_get_errors (self->question), ==, G_TLS_CERTIFICATE_REVOKED);
  g_assert_true (gmulti_trust_check_is_proxy (self->question));
  gmulti_trust_check_reject (self->question);
  asked_check_refused (self);
  plain_verdict = 0;
  go_by (self, self->server, database, NULL, NULL);
  asked_check_inside (self);

  gmulti_transfer_set_proxy_resolver (self->transfer, NULL);
  gmulti_session_set_proxy_resolver (self->session, G_PROXY_RESOLVER (proxy));
  g_clear_pointer (&self->bytes, g_bytes_unref);
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
  g_clear_object (&self->question);
  go_by (self, self->server, NULL, NULL, NULL);
  face_wait_for (self->question != NULL);
  g_assert_cmpint (gmulti_trust_check_get_errors (self->question), ==, G_TLS_CERTIFICATE_UNKNOWN_CA);
  gmulti_trust_check_reject (self->question);
  face_wait_for (self->error != NULL);
  g_assert_cmpuint (self->n_asked, ==, 2);
}

/* A server that lets nobody in without a certificate. */
static void
test_client_certificate (Asked *self,
                         gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();
  g_autoptr (GTlsCertificate) certificate = new_certificate ();
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
  asked_start (self);
  if (data != NULL)
    asked_check_inside (self);
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
    void (*test) (Asked *self, gconstpointer data);
  } tests[] = {
    { "/trust-check/at-once", test_at_once },
    { "/trust-check/what-is-asked", test_what_is_asked },
    { "/trust-check/proxy", test_proxy },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Asked, NULL, set_up, tests[i].test, asked_tear_down);
  asked_add_tests ("/trust-check/", set_up);
  g_test_add ("/trust-check/file-database", Asked, NULL, set_up, test_file_database, asked_tear_down);
  g_test_add ("/trust-check/session-file-database", Asked, NULL, set_up, test_session_database, asked_tear_down);
  g_test_add ("/trust-check/session-database", Asked, "plain", set_up, test_session_database, asked_tear_down);
  g_test_add ("/trust-check/database-good", Asked, NULL, set_up, test_database, asked_tear_down);
  g_test_add ("/trust-check/database-bad", Asked, GUINT_TO_POINTER (G_TLS_CERTIFICATE_REVOKED), set_up, test_database,
              asked_tear_down);
  g_test_add ("/trust-check/database-blocking-good", Asked, NULL, set_up, test_database_blocking, asked_tear_down);
  g_test_add ("/trust-check/database-blocking-bad", Asked, GUINT_TO_POINTER (G_TLS_CERTIFICATE_REVOKED), set_up,
              test_database_blocking, asked_tear_down);
  g_test_add ("/trust-check/database-late", Asked, NULL, set_up, test_database_late, asked_tear_down);
  g_test_add ("/trust-check/pins", Asked, NULL, set_up, test_pins, asked_tear_down);
  if (g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    {
      g_test_add ("/trust-check/whose-verdict", Asked, NULL, set_up, test_whose_verdict, asked_tear_down);
      g_test_add ("/trust-check/pins-database", Asked, "database", set_up, test_pins, asked_tear_down);
      g_test_add ("/trust-check/proxy-settings", Asked, NULL, set_up, test_proxy_settings, asked_tear_down);
      g_test_add ("/trust-check/proxy-database", Asked, NULL, set_up, test_proxy_database, asked_tear_down);
    }
  g_test_add ("/trust-check/client-certificate", Asked, "shown", set_up, test_client_certificate, asked_tear_down);
  g_test_add ("/trust-check/no-client-certificate", Asked, NULL, set_up, test_client_certificate, asked_tear_down);
  return g_test_run ();
}
