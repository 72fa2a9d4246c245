/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>

/* A server that wants a certificate of its visitors, and a GTlsInteraction that is asked for one. */

static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3" };

static GTlsCertificate *own; /* (owned) */
static ZooCertificate *own_zoo; /* (owned) */

/* ---- somebody who takes their time ---- */

typedef struct
{
  GTlsInteraction parent_instance;

  GTask *task; /* (owned) (nullable): what is asked and not answered */
  GTlsConnection *connection; /* (owned) (nullable): the last one */
  guint n_asked;
  gboolean at_once;
} Slow;

typedef GTlsInteractionClass SlowClass;

static GType slow_get_type (void);
G_DEFINE_TYPE (Slow, slow, G_TYPE_TLS_INTERACTION)

static void
slow_answer (Slow *self,
             GTlsCertificate *certificate)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (certificate != NULL)
    g_tls_connection_set_certificate (self->connection, certificate);
  g_task_return_int (task, certificate != NULL ? G_TLS_INTERACTION_HANDLED : G_TLS_INTERACTION_UNHANDLED);
}

static void
slow_request_certificate_async (GTlsInteraction *interaction,
                                GTlsConnection *connection,
                                GTlsCertificateRequestFlags flags,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  Slow *self = (Slow *) interaction;

  g_assert_null (self->task);
  self->task = g_task_new (self, cancellable, callback, user_data);
  g_set_object (&self->connection, connection);
  self->n_asked++;
  if (self->at_once)
    slow_answer (self, own);
}

static GTlsInteractionResult
slow_request_certificate_finish (GTlsInteraction *interaction,
                                 GAsyncResult *result,
                                 GError **error)
{
  gssize answer = g_task_propagate_int (G_TASK (result), error);

  return answer >= 0 ? (GTlsInteractionResult) answer : G_TLS_INTERACTION_FAILED;
}

static void
slow_finalize (GObject *object)
{
  Slow *self = (Slow *) object;

  g_assert_null (self->task);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (slow_parent_class)->finalize (object);
}

static void
slow_class_init (SlowClass *class)
{
  class->request_certificate_async = slow_request_certificate_async;
  class->request_certificate_finish = slow_request_certificate_finish;
  G_OBJECT_CLASS (class)->finalize = slow_finalize;
}

static void
slow_init (Slow *self)
{
}

/* ---- somebody who answers at once, or not at all ---- */

typedef GTlsInteraction Prompt;
typedef GTlsInteractionClass PromptClass;

static guint prompt_n_asked;
static GTlsCertificate *prompt_answer; /* (unowned) (nullable) */

static GType prompt_get_type (void);
G_DEFINE_TYPE (Prompt, prompt, G_TYPE_TLS_INTERACTION)

static GTlsInteractionResult
prompt_request_certificate (GTlsInteraction *self,
                            GTlsConnection *connection,
                            GTlsCertificateRequestFlags flags,
                            GCancellable *cancellable,
                            GError **error)
{
  prompt_n_asked++;
  if (prompt_answer != NULL)
    g_tls_connection_set_certificate (connection, prompt_answer);
  return G_TLS_INTERACTION_HANDLED;
}

static void
prompt_class_init (PromptClass *class)
{
  class->request_certificate = prompt_request_certificate;
}

static void
prompt_init (Prompt *self)
{
}

/* ---- a visit ---- */

typedef struct
{
  const char *version;
  gnutls_certificate_request_t wish;
} Host;

typedef struct
{
  ScriptedServer *server; /* wants a certificate */
  ScriptedServer *open; /* lets everybody in */
  GMultiSession *session;
  GMultiTransfer *transfer;
  Slow *slow;
  GAsyncResult *result;
} Fixture;

static ScriptedServer *
new_server (const char *version,
            gnutls_certificate_request_t wish)
{
  ScriptedTls *tls = scripted_tls_new ();
  ScriptedServer *server;

  tls->priority = g_strdup (version);
  tls->client_certificate = wish;
  server = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  return server;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  const Host *host = data;
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);

  self->server = new_server (host->version, host->wish);
  self->open = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->open, "*", scripted_answer_text (200, NULL, "open"));
  self->session = gmulti_session_new ();
  gmulti_session_set_tls_database (self->session, database);
  self->slow = g_object_new (slow_get_type (), NULL);
  gmulti_session_set_tls_interaction (self->session, G_TLS_INTERACTION (self->slow));
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->result);
  face_assert_finalized (g_steal_pointer (&self->transfer));
  face_assert_finalized (g_steal_pointer (&self->session));
  face_assert_finalized (g_steal_pointer (&self->slow));
  scripted_server_free (self->server);
  scripted_server_free (self->open);
}

static void
start (Fixture *self)
{
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
}

static void
check_inside (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  face_wait_for (self->result != NULL);
  bytes = gmulti_session_fetch_finish (self->session, self->result, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "inside", 6);
  g_clear_object (&self->result);
}

static void
check_refused (Fixture *self)
{
  g_autoptr (GError) error = NULL;

  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED);
  g_clear_object (&self->result);
}

/* Others go on while somebody thinks; the answer is shown by another connection. */
static void
test_later (Fixture *self,
            gconstpointer data)
{
  const Host *host = data;
  g_autoptr (GTlsCertificate) shown = NULL;
  g_autoptr (GSocketConnectable) server = NULL;
  g_autofree char *identity = NULL;

  start (self);
  face_wait_for (self->slow->task != NULL);
  g_assert_cmpint (gmulti_transfer_get_state (self->transfer), ==, GMULTI_TRANSFER_STATE_WAITING);
  g_object_get (self->slow->connection, "peer-certificate", &shown, "server-identity", &server, NULL);
  /* TLS 1.2 ends before it is judged */
  g_assert_true (shown != NULL || host->version == versions[0]);
  identity = g_socket_connectable_to_string (server);
  g_assert_true (g_str_has_prefix (identity, "127.0.0.1:"));
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->open, "/"));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (self->session, other, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4);
    }
  g_assert_null (self->result);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
  slow_answer (self->slow, own);
  check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
  g_assert_cmpuint (scripted_server_request (self->server, 0)->connection, ==, 1);
}

static void
test_declined (Fixture *self,
               gconstpointer data)
{
  const Host *host = data;

  start (self);
  face_wait_for (self->slow->task != NULL);
  slow_answer (self->slow, NULL);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
}

/* The question is taken back. */
static void
test_cancelled (Fixture *self,
                gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  start (self);
  face_wait_for (self->slow->task != NULL);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (self->slow->task)));
  slow_answer (self->slow, own);
}

static void
test_blocking (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  self->slow->at_once = TRUE;
  gmulti_transfer_set_timeout (self->transfer, 20000);
  bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 6);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
}

/* An interaction that knows no other way is asked by the function that blocks. What it says without a certificate says
 * nothing. */
static void
test_prompt (Fixture *self,
             gconstpointer data)
{
  const Host *host = data;
  g_autoptr (GTlsInteraction) prompt = g_object_new (prompt_get_type (), NULL);

  gmulti_transfer_set_tls_interaction (self->transfer, prompt);
  prompt_n_asked = 0;
  prompt_answer = own;
  start (self);
  check_inside (self);
  g_assert_cmpuint (prompt_n_asked, ==, 1);
  prompt_answer = NULL;
  start (self);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    check_inside (self);
  g_assert_cmpuint (prompt_n_asked, ==, 2);
}

/* A certificate that is set is shown, and nobody is asked; nor is anybody by a server that does not want one. */
static void
test_not_asked (Fixture *self,
                gconstpointer data)
{
  ScriptedServer *easy = scripted_server_new (SCRIPTED_SERVER_TLS);

  gmulti_transfer_set_client_certificate (self->transfer, own);
  start (self);
  check_inside (self);
  gmulti_transfer_set_client_certificate (self->transfer, NULL);
  scripted_server_on (easy, "*", scripted_answer_text (200, NULL, "inside"));
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (easy, "/"));
  start (self);
  check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 0);
  scripted_server_free (easy);
}

/* What was shown to one server is not shown to the next, which asks for itself. */
static void
test_redirect (Fixture *self,
               gconstpointer data)
{
  const Host *host = data;
  ScriptedServer *first = new_server (host->version, GNUTLS_CERT_REQUIRE);
  g_autofree char *field = g_strdup_printf ("Location: %s\r\n", scripted_server_url (self->server, "/"));

  scripted_server_on (first, "/go", scripted_answer_text (302, field, ""));
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (first, "/go"));
  start (self);
  face_wait_for (self->slow->task != NULL);
  slow_answer (self->slow, own);
  face_wait_for (self->slow->task != NULL);
  g_assert_cmpuint (self->slow->n_asked, ==, 2);
  slow_answer (self->slow, NULL);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    check_inside (self);
  scripted_server_free (first);
}

static gboolean
accept_cb (GMultiTransfer *transfer,
           GMultiTrustCheck *check,
           gpointer user_data)
{
  gmulti_trust_check_accept (check);
  return TRUE;
}

/* Also a proxy may want to know. */
static void
test_proxy (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (scripted_server_url (self->server, ""), NULL);

  gmulti_transfer_set_uri (self->transfer, "http://far.example/in");
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (proxy));
  gmulti_session_set_tls_database (self->session, NULL);
  g_signal_connect (self->transfer, "check-trust", G_CALLBACK (accept_cb), NULL);
  start (self);
  face_wait_for (self->slow->task != NULL);
  slow_answer (self->slow, own);
  check_inside (self);
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "later", test_later },       { "declined", test_declined },   { "cancelled", test_cancelled },
    { "blocking", test_blocking }, { "prompt", test_prompt },       { "not-asked", test_not_asked },
    { "redirect", test_redirect }, { "proxy", test_proxy },
  };
  static Host hosts[4];
  g_autoptr (GBytes) pem = NULL;
  g_autoptr (GBytes) key = NULL;
  g_autofree char *both = NULL;
  int status;

  g_test_init (&argc, &argv, NULL);
  own_zoo = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL);
  pem = zoo_get_pem (own_zoo, 0);
  key = zoo_get_key_pem (own_zoo, NULL);
  both = g_strdup_printf ("%.*s%.*s", (int) g_bytes_get_size (pem), (const char *) g_bytes_get_data (pem, NULL),
                          (int) g_bytes_get_size (key), (const char *) g_bytes_get_data (key, NULL));
  own = g_tls_certificate_new_from_pem (both, -1, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hosts) && own != NULL; i++)
    {
      hosts[i].version = versions[i % 2];
      hosts[i].wish = i < 2 ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST;
      for (guint j = 0; j < G_N_ELEMENTS (tests); j++)
        {
          g_autofree char *path = g_strdup_printf ("/identity/%s-1.%u/%s", i < 2 ? "required" : "wanted", 2 + i % 2,
                                                   tests[j].path);

          g_test_add (path, Fixture, &hosts[i], set_up, tests[j].test, tear_down);
        }
    }
  if (own == NULL)
    g_test_message ("GIO has no TLS here");
  status = g_test_run ();
  g_clear_object (&own);
  zoo_free (own_zoo);
  return status;
}
