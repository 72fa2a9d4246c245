/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "visit.h"

#include <string.h>

/* ---- somebody who takes their time ---- */

G_DEFINE_TYPE (Slow, slow, G_TYPE_TLS_INTERACTION)

void
slow_answer (Slow *self,
             gconstpointer answer)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (answer != NULL && self->password != NULL)
    g_tls_password_set_value (self->password, answer, (gssize) strlen (answer));
  else if (answer != NULL)
    g_tls_connection_set_certificate (self->connection, (GTlsCertificate *) answer);
  g_task_return_int (task, answer != NULL ? G_TLS_INTERACTION_HANDLED : G_TLS_INTERACTION_UNHANDLED);
}

static void
ask (Slow *self,
     GCancellable *cancellable,
     GAsyncReadyCallback callback,
     gpointer user_data)
{
  g_assert_null (self->task);
  self->task = g_task_new (self, cancellable, callback, user_data);
  self->n_asked++;
  if (self->at_once != NULL)
    slow_answer (self, self->at_once);
}

static void
slow_ask_password_async (GTlsInteraction *interaction,
                         GTlsPassword *password,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_set_object (&((Slow *) interaction)->password, password);
  ask ((Slow *) interaction, cancellable, callback, user_data);
}

static void
slow_request_certificate_async (GTlsInteraction *interaction,
                                GTlsConnection *connection,
                                GTlsCertificateRequestFlags flags,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_set_object (&((Slow *) interaction)->connection, connection);
  ask ((Slow *) interaction, cancellable, callback, user_data);
}

static GTlsInteractionResult
slow_finish (GTlsInteraction *interaction,
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
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (slow_parent_class)->finalize (object);
}

static void
slow_class_init (SlowClass *class)
{
  class->ask_password_async = slow_ask_password_async;
  class->ask_password_finish = slow_finish;
  class->request_certificate_async = slow_request_certificate_async;
  class->request_certificate_finish = slow_finish;
  G_OBJECT_CLASS (class)->finalize = slow_finalize;
}

static void
slow_init (Slow *self)
{
}

/* ---- a visit ---- */

ScriptedServer *
visit_server_new (const char *priority,
                  gnutls_certificate_request_t wish)
{
  ScriptedTls *tls = scripted_tls_new ();
  ScriptedServer *server;

  tls->priority = g_strdup (priority);
  tls->client_certificate = wish;
  server = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "inside"));
  return server;
}

void
visit_set_up (Visit *self,
              ScriptedServer *server)
{
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);

  self->server = server;
  self->open = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->open, "*", scripted_answer_text (200, NULL, "open"));
  self->session = gmulti_session_new ();
  gmulti_session_set_tls_database (self->session, database);
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  self->slow = g_object_new (slow_get_type (), NULL);
}

void
visit_tear_down (Visit *self)
{
  g_clear_object (&self->result);
  face_assert_finalized (g_steal_pointer (&self->transfer));
  face_assert_finalized (g_steal_pointer (&self->session));
  face_assert_finalized (g_steal_pointer (&self->slow));
  scripted_server_free (self->server);
  scripted_server_free (self->open);
}

void
visit_start (Visit *self)
{
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
}

void
visit_wait (Visit *self)
{
  visit_start (self);
  face_wait_for (self->slow->task != NULL);
}

void
visit_check_inside (Visit *self)
{
  face_check_fetched (self->session, &self->result, "inside");
}

char *
visit_check_refused (Visit *self,
                     GTlsError code)
{
  g_autoptr (GError) error = NULL;

  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_TLS_ERROR, (gint) code);
  g_clear_object (&self->result);
  return g_strdup (error->message);
}

void
visit_check_others (Visit *self)
{
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->open, "/"));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (self->session, other, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 4);
    }
  g_assert_null (self->result);
}

void
visit_check_cancel (Visit *self,
                    gconstpointer answer)
{
  g_autoptr (GError) error = NULL;

  visit_wait (self);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (g_cancellable_is_cancelled (g_task_get_cancellable (self->slow->task)));
  slow_answer (self->slow, answer);
}

void
visit_check_blocking (Visit *self,
                      gconstpointer answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  self->slow->at_once = answer;
  gmulti_transfer_set_timeout (self->transfer, 20000);
  bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (bytes), ==, 6);
  g_assert_cmpuint (self->slow->n_asked, ==, 1);
}
