/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visit.h"
#include "zoo-token.h"

#include <string.h>

/* A client's certificate on a token, and a GTlsInteraction that is asked for its PIN. A PIN that was right is known from
 * then on, so each test has a card of its own. */

static guint n_cards; /* that were not used yet */

typedef struct
{
  Visit visit;
  char *card; /* (owned): its label */
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autofree char *uri = NULL;

  visit_set_up (&self->visit, visit_server_new (NULL, GNUTLS_CERT_REQUIRE));
  self->card = g_strdup_printf ("Card %u", n_cards);
  uri = g_strdup_printf ("pkcs11:token=Card%%20%u;object=me", n_cards--);
  certificate = g_tls_certificate_new_from_pkcs11_uris (uri, NULL, NULL);
  g_assert_nonnull (certificate);
  gmulti_transfer_set_client_certificate (self->visit.transfer, certificate);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  visit_tear_down (&self->visit);
  g_free (self->card);
}

static void
check_refused (Fixture *self)
{
  g_autofree char *message = visit_check_refused (&self->visit, G_TLS_ERROR_BAD_CERTIFICATE_PASSWORD);

  g_assert_nonnull (strstr (message, self->card));
}

static void
let_transfer_ask (Fixture *self)
{
  gmulti_transfer_set_tls_interaction (self->visit.transfer, G_TLS_INTERACTION (self->visit.slow));
}

/* Others go on while somebody thinks. */
static void
test_later (Fixture *self,
            gconstpointer data)
{
  if (data != NULL)
    {
      g_autoptr (GTlsInteraction) kept = NULL;

      gmulti_session_set_tls_interaction (self->visit.session, G_TLS_INTERACTION (self->visit.slow));
      kept = gmulti_session_dup_tls_interaction (self->visit.session);
      g_assert_true (kept == G_TLS_INTERACTION (self->visit.slow));
    }
  else
    {
      let_transfer_ask (self);
      g_assert_true (gmulti_transfer_get_tls_interaction (self->visit.transfer) == G_TLS_INTERACTION (self->visit.slow));
    }
  visit_wait (&self->visit);
  g_assert_cmpstr (g_tls_password_get_description (self->visit.slow->password), ==, self->card);
  g_assert_cmpint (g_tls_password_get_flags (self->visit.slow->password), ==, G_TLS_PASSWORD_PKCS11_USER);
  visit_check_others (&self->visit);
  slow_answer (self->visit.slow, "4711");
  face_wait_for (self->visit.slow->task != NULL);
  g_assert_cmpint (g_tls_password_get_flags (self->visit.slow->password), ==, G_TLS_PASSWORD_PKCS11_USER | G_TLS_PASSWORD_RETRY);
  slow_answer (self->visit.slow, "1234");
  visit_check_inside (&self->visit);
  g_assert_cmpuint (self->visit.slow->n_asked, ==, 2);

  visit_start (&self->visit);
  visit_check_inside (&self->visit);
  g_assert_cmpuint (self->visit.slow->n_asked, ==, 2);
}

static void
test_declined (Fixture *self,
               gconstpointer data)
{
  let_transfer_ask (self);
  visit_wait (&self->visit);
  slow_answer (self->visit.slow, NULL);
  check_refused (self);
}

static void
test_nobody (Fixture *self,
             gconstpointer data)
{
  visit_start (&self->visit);
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

  gmulti_session_set_tls_interaction (self->visit.session, G_TLS_INTERACTION (self->visit.slow));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = gmulti_transfer_new (scripted_server_url (self->visit.server, "/"));
      gmulti_transfer_set_client_certificate (transfers[i], gmulti_transfer_get_client_certificate (self->visit.transfer));
      /* each its own connection */
      gmulti_transfer_set_http_policy (transfers[i], GMULTI_HTTP_POLICY_HTTP_1_1);
      gmulti_session_fetch_async (self->visit.session, transfers[i], NULL, face_store_result, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    face_wait_for (gmulti_transfer_get_state (transfers[i]) == GMULTI_TRANSFER_STATE_WAITING);
  face_run_for (50);
  g_assert_cmpuint (self->visit.slow->n_asked, ==, 1);
  /* who asked goes, and the others still wait for the answer */
  gmulti_transfer_cancel (transfers[0]);
  face_wait_for (results[0] != NULL);
  g_assert_false (g_cancellable_is_cancelled (g_task_get_cancellable (self->visit.slow->task)));

  slow_answer (self->visit.slow, fails ? NULL : "4711");
  if (!fails)
    {
      face_wait_for (self->visit.slow->task != NULL);
      face_run_for (100);
      g_assert_cmpuint (self->visit.slow->n_asked, ==, 2);
      slow_answer (self->visit.slow, "1234");
      self->visit.slow->at_once = "1234"; /* a question that was on its way just then */
    }
  for (guint i = 1; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      face_wait_for (results[i] != NULL);
      bytes = gmulti_session_fetch_finish (self->visit.session, results[i], &error);
      if (fails)
        g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE_PASSWORD);
      else
        g_assert_no_error (error);
    }
  g_assert_cmpuint (self->visit.slow->n_asked, <=, fails ? 1 : 3);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_object_unref (results[i]);
      face_assert_finalized (transfers[i]);
    }
}

static void
test_cancelled (Fixture *self,
                gconstpointer data)
{
  let_transfer_ask (self);
  visit_check_cancel (&self->visit, "1234");
}

static void
test_blocking (Fixture *self,
               gconstpointer data)
{
  let_transfer_ask (self);
  visit_check_blocking (&self->visit, "1234");
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
