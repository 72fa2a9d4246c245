/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "zoo-token.h"

#include <string.h>

/* A client's certificate on a token, and a GTlsInteraction that is asked for its PIN. A PIN that was right is known from
 * then on, so each test has a card of its own. */

/* ---- somebody who takes their time ---- */

typedef struct
{
  GTlsInteraction parent_instance;

  GTask *task; /* (owned) (nullable): what is asked and not answered */
  GTlsPassword *password; /* (owned) (nullable): the last one */
  guint n_asked;
  const char *at_once; /* (nullable): the answer */
} Slow;

typedef GTlsInteractionClass SlowClass;

static GType slow_get_type (void);
G_DEFINE_TYPE (Slow, slow, G_TYPE_TLS_INTERACTION)

static void
slow_answer (Slow *self,
             const char *pin_code)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (pin_code != NULL)
    g_tls_password_set_value (self->password, (const guchar *) pin_code, (gssize) strlen (pin_code));
  g_task_return_int (task, pin_code != NULL ? G_TLS_INTERACTION_HANDLED : G_TLS_INTERACTION_UNHANDLED);
}

static void
slow_ask_password_async (GTlsInteraction *interaction,
                         GTlsPassword *password,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  Slow *self = (Slow *) interaction;

  g_assert_null (self->task);
  self->task = g_task_new (self, cancellable, callback, user_data);
  g_set_object (&self->password, password);
  self->n_asked++;
  if (self->at_once != NULL)
    slow_answer (self, self->at_once);
}

static GTlsInteractionResult
slow_ask_password_finish (GTlsInteraction *interaction,
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
  g_clear_object (&self->password);
  G_OBJECT_CLASS (slow_parent_class)->finalize (object);
}

static void
slow_class_init (SlowClass *class)
{
  class->ask_password_async = slow_ask_password_async;
  class->ask_password_finish = slow_ask_password_finish;
  G_OBJECT_CLASS (class)->finalize = slow_finalize;
}

static void
slow_init (Slow *self)
{
}

/* ---- a visit ---- */

static guint n_cards; /* that were not used yet */

typedef struct
{
  ScriptedServer *server; /* lets nobody in without a certificate */
  ScriptedServer *open; /* lets everybody in */
  GMultiSession *session;
  GMultiTransfer *transfer;
  Slow *slow;
  char *card; /* (owned): its label */
  GAsyncResult *result;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new ();
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree char *uri = NULL;

  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  self->server = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "inside"));
  self->open = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->open, "*", scripted_answer_text (200, NULL, "open"));
  self->session = gmulti_session_new ();
  gmulti_session_set_tls_database (self->session, database);
  self->card = g_strdup_printf ("Card %u", n_cards);
  uri = g_strdup_printf ("pkcs11:token=Card%%20%u;object=me", n_cards--);
  certificate = g_tls_certificate_new_from_pkcs11_uris (uri, NULL, NULL);
  g_assert_nonnull (certificate);
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  gmulti_transfer_set_client_certificate (self->transfer, certificate);
  self->slow = g_object_new (slow_get_type (), NULL);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->result);
  g_clear_object (&self->transfer);
  g_clear_object (&self->session);
  face_assert_finalized (g_steal_pointer (&self->slow));
  scripted_server_free (self->server);
  scripted_server_free (self->open);
  g_free (self->card);
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
  g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE_PASSWORD);
  g_assert_nonnull (strstr (error->message, self->card));
  g_clear_object (&self->result);
}

/* Others go on while somebody thinks. */
static void
test_later (Fixture *self,
            gconstpointer data)
{
  if (data != NULL)
    {
      g_autoptr (GTlsInteraction) kept = NULL;

      gmulti_session_set_tls_interaction (self->session, G_TLS_INTERACTION (self->slow));
      kept = gmulti_session_dup_tls_interaction (self->session);
      g_assert_true (kept == G_TLS_INTERACTION (self->slow));
    }
  else
    {
      gmulti_transfer_set_tls_interaction (self->transfer, G_TLS_INTERACTION (self->slow));
      g_assert_true (gmulti_transfer_get_tls_interaction (self->transfer) == G_TLS_INTERACTION (self->slow));
    }
  start (self);
  face_wait_for (self->slow->task != NULL);
  g_assert_cmpstr (g_tls_password_get_description (self->slow->password), ==, self->card);
  g_assert_cmpint (g_tls_password_get_flags (self->slow->password), ==, G_TLS_PASSWORD_PKCS11_USER);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->open, "/"));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (self->session, other, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4);
    }
  g_assert_null (self->result);
  slow_answer (self->slow, "4711");
  face_wait_for (self->slow->task != NULL);
  g_assert_cmpint (g_tls_password_get_flags (self->slow->password), ==, G_TLS_PASSWORD_PKCS11_USER | G_TLS_PASSWORD_RETRY);
  slow_answer (self->slow, "1234");
  check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 2);

  start (self);
  check_inside (self);
  g_assert_cmpuint (self->slow->n_asked, ==, 2);
}

static void
test_declined (Fixture *self,
               gconstpointer data)
{
  gmulti_transfer_set_tls_interaction (self->transfer, G_TLS_INTERACTION (self->slow));
  start (self);
  face_wait_for (self->slow->task != NULL);
  slow_answer (self->slow, NULL);
  check_refused (self);
}

static void
test_nobody (Fixture *self,
             gconstpointer data)
{
  start (self);
  check_refused (self);
}

/* All that want the same PIN wait for one answer, which counts for them all; a wrong one is tried once. */
static void
test_shared (Fixture *self,
             gconstpointer data)
{
  GMultiTransfer *transfers[5] = { NULL };
  GAsyncResult *results[5] = { NULL };
  gboolean fails = data != NULL;

  gmulti_session_set_tls_interaction (self->session, G_TLS_INTERACTION (self->slow));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = gmulti_transfer_new (scripted_server_url (self->server, "/"));
      gmulti_transfer_set_client_certificate (transfers[i], gmulti_transfer_get_client_certificate (self->transfer));
      /* each its own connection */
      gmulti_transfer_set_http_policy (transfers[i], GMULTI_HTTP_POLICY_HTTP_1_1);
      gmulti_session_fetch_async (self->session, transfers[i], NULL, face_store_result, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    face_wait_for (gmulti_transfer_get_state (transfers[i]) == GMULTI_TRANSFER_STATE_WAITING);
  face_run_for (50);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
  /* who asked goes, and the others still wait for the answer */
  gmulti_transfer_cancel (transfers[0]);
  face_wait_for (results[0] != NULL);
  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (self->slow->task)));

  slow_answer (self->slow, fails ? NULL : "4711");
  if (!fails)
    {
      face_wait_for (self->slow->task != NULL);
      face_run_for (100);
      g_assert_cmpuint (self->slow->n_asked, ==, 2);
      slow_answer (self->slow, "1234");
      self->slow->at_once = "1234"; /* a question that was on its way just then */
    }
  for (guint i = 1; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      face_wait_for (results[i] != NULL);
      bytes = gmulti_session_fetch_finish (self->session, results[i], &error);
      if (fails)
        g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE_PASSWORD);
      else
        g_assert_no_error (error);
    }
  g_assert_cmpuint (self->slow->n_asked, <=, fails ? 1 : 3);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_object_unref (results[i]);
      face_assert_finalized (transfers[i]);
    }
}

/* The question is taken back. */
static void
test_cancelled (Fixture *self,
                gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_tls_interaction (self->transfer, G_TLS_INTERACTION (self->slow));
  start (self);
  face_wait_for (self->slow->task != NULL);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (self->slow->task)));
  slow_answer (self->slow, "1234");
}

static void
test_blocking (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  self->slow->at_once = "1234";
  gmulti_transfer_set_tls_interaction (self->transfer, G_TLS_INTERACTION (self->slow));
  gmulti_transfer_set_timeout (self->transfer, 20000);
  bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 6);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
}

static void
test_nothing (void)
{
  g_test_skip ("SoftHSM is not installed, or GIO has no TLS here");
}

int
main (int argc,
      char **argv)
{
  static const struct
  {
    const char *path;
    void (*test) (Fixture *self, gconstpointer data);
    gconstpointer data;
  } tests[] = {
    { "/token/transfer", test_later, NULL },   { "/token/session", test_later, "session" },
    { "/token/declined", test_declined, NULL }, { "/token/nobody", test_nobody, NULL },
    { "/token/cancelled", test_cancelled, NULL }, { "/token/blocking", test_blocking, NULL },
    { "/token/shared", test_shared, NULL },    { "/token/shared-declined", test_shared, "declined" },
  };
  ZooCertificate *own;
  gboolean made;

  g_test_init (&argc, &argv, NULL);
  own = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, NULL);
  made = g_tls_backend_supports_tls (g_tls_backend_get_default ());
  for (guint i = 1; i <= G_N_ELEMENTS (tests) && made; i++)
    {
      g_autofree char *label = g_strdup_printf ("Card %u", i);

      made = zoo_token_make (label, "1234", own);
    }
  zoo_free (own);

  if (made)
    {
      zoo_token_start (NULL);
      n_cards = G_N_ELEMENTS (tests);
      for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
        g_test_add (tests[i].path, Fixture, tests[i].data, set_up, tests[i].test, tear_down);
    }
  else
    g_test_add_func ("/token", test_nothing);
  return g_test_run ();
}
