/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visit.h"

/* A server that wants a certificate of its visitors, and a GTlsInteraction that is asked for one. */

static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3" };

static GTlsCertificate *own; /* (owned) */
static ZooCertificate *own_zoo; /* (owned) */

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

static void
set_up (Visit *self,
        gconstpointer data)
{
  const Host *host = data;

  visit_set_up (self, visit_server_new (host->version, host->wish));
  gmulti_session_set_tls_interaction (self->session, G_TLS_INTERACTION (self->slow));
}

static void
tear_down (Visit *self,
           gconstpointer data)
{
  visit_tear_down (self);
}

static void
check_refused (Visit *self)
{
  g_free (visit_check_refused (self, G_TLS_ERROR_CERTIFICATE_REQUIRED));
}

/* Others go on while somebody thinks; the answer is shown by another connection. */
static void
test_later (Visit *self,
            gconstpointer data)
{
  const Host *host = data;
  g_autoptr (GTlsCertificate) shown = NULL;
  g_autoptr (GSocketConnectable) server = NULL;
  g_autofree char *identity = NULL;

  visit_wait (self);
  g_assert_cmpint (gmulti_transfer_get_state (self->transfer), ==, GMULTI_TRANSFER_STATE_WAITING);
  g_object_get (self->slow->connection, "peer-certificate", &shown, "server-identity", &server, NULL);
  /* TLS 1.2 ends before it is judged */
  g_assert_true (shown != NULL || host->version == versions[0]);
  identity = g_socket_connectable_to_string (server);
  g_assert_true (g_str_has_prefix (identity, "127.0.0.1:"));
  visit_check_others (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
  slow_answer (self->slow, own);
  visit_check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
  g_assert_cmpuint (scripted_server_request (self->server, 0)->connection, ==, 1);
}

static void
test_declined (Visit *self,
               gconstpointer data)
{
  const Host *host = data;

  visit_wait (self);
  slow_answer (self->slow, NULL);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    visit_check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
}

static void
test_cancelled (Visit *self,
                gconstpointer data)
{
  visit_check_cancel (self, own);
}

static void
test_blocking (Visit *self,
               gconstpointer data)
{
  visit_check_blocking (self, own);
}

/* An interaction that knows no other way is asked by the function that blocks. What it says without a certificate says
 * nothing. */
static void
test_prompt (Visit *self,
             gconstpointer data)
{
  const Host *host = data;
  g_autoptr (GTlsInteraction) prompt = g_object_new (prompt_get_type (), NULL);

  gmulti_transfer_set_tls_interaction (self->transfer, prompt);
  prompt_n_asked = 0;
  prompt_answer = own;
  visit_start (self);
  visit_check_inside (self);
  g_assert_cmpuint (prompt_n_asked, ==, 1);
  prompt_answer = NULL;
  visit_start (self);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    visit_check_inside (self);
  g_assert_cmpuint (prompt_n_asked, ==, 2);
}

/* A certificate that is set is shown, and nobody is asked; nor is anybody by a server that does not want one. */
static void
test_not_asked (Visit *self,
                gconstpointer data)
{
  ScriptedServer *easy = scripted_server_new (SCRIPTED_SERVER_TLS);

  gmulti_transfer_set_client_certificate (self->transfer, own);
  visit_start (self);
  visit_check_inside (self);
  gmulti_transfer_set_client_certificate (self->transfer, NULL);
  scripted_server_on (easy, "*", scripted_answer_text (200, NULL, "inside"));
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (easy, "/"));
  visit_start (self);
  visit_check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 0);
  scripted_server_free (easy);
}

/* What was shown to one server is not shown to the next, which asks for itself. */
static void
test_redirect (Visit *self,
               gconstpointer data)
{
  const Host *host = data;
  ScriptedServer *first = visit_server_new (host->version, GNUTLS_CERT_REQUIRE);
  g_autofree char *field = g_strdup_printf ("Location: %s\r\n", scripted_server_url (self->server, "/"));

  scripted_server_on (first, "/go", scripted_answer_text (302, field, ""));
  gmulti_transfer_set_uri (self->transfer, scripted_server_url (first, "/go"));
  visit_wait (self);
  slow_answer (self->slow, own);
  face_wait_for (self->slow->task != NULL);
  g_assert_cmpuint (self->slow->n_asked, ==, 2);
  slow_answer (self->slow, NULL);
  if (host->wish == GNUTLS_CERT_REQUIRE)
    check_refused (self);
  else
    visit_check_inside (self);
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
test_proxy (Visit *self,
            gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (scripted_server_url (self->server, ""), NULL);

  gmulti_transfer_set_uri (self->transfer, "http://far.example/in");
  gmulti_transfer_set_proxy_resolver (self->transfer, G_PROXY_RESOLVER (proxy));
  gmulti_session_set_tls_database (self->session, NULL);
  g_signal_connect (self->transfer, "check-trust", G_CALLBACK (accept_cb), NULL);
  visit_wait (self);
  slow_answer (self->slow, own);
  visit_check_inside (self);
}

static void
test_keyless (Visit *self,
              gconstpointer data)
{
  g_autoptr (GBytes) pem = zoo_get_pem (own_zoo, 0);
  g_autoptr (GTlsCertificate) keyless = NULL;
  g_autofree char *message = NULL;

  keyless = g_tls_certificate_new_from_pem (g_bytes_get_data (pem, NULL), (gssize) g_bytes_get_size (pem), NULL);
  gmulti_transfer_set_client_certificate (self->transfer, keyless);
  visit_start (self);
  message = visit_check_refused (self, G_TLS_ERROR_BAD_CERTIFICATE);
  g_assert_cmpstr (message, ==, "The certificate or key for 127.0.0.1 cannot be used: it has no private key");
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Visit *self, gconstpointer data);
  } tests[] = {
    { "later", test_later },       { "declined", test_declined },   { "cancelled", test_cancelled },
    { "blocking", test_blocking }, { "prompt", test_prompt },       { "not-asked", test_not_asked },
    { "redirect", test_redirect }, { "proxy", test_proxy },       { "keyless", test_keyless },
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

          g_test_add (path, Visit, &hosts[i], set_up, tests[j].test, tear_down);
        }
    }
  if (own == NULL)
    g_test_message ("GIO has no TLS here");
  status = g_test_run ();
  g_clear_object (&own);
  zoo_free (own_zoo);
  return status;
}
