/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "gm-workers.h"

#include <string.h>

/* An upload from a file whose worker is there at first and then is not. */

#define SIZE 2000000

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  char *folder;
  char *path;
} Fixture;

static ScriptedAnswer *
answer_length (const ScriptedRequest *request,
               gpointer data)
{
  return scripted_answer_text (200, NULL, "got it");
}

static void
set_up (Fixture *self,
        gconstpointer form)
{
  g_autofree char *content = g_malloc0 (SIZE);
  g_autoptr (GFile) file = NULL;

  self->folder = face_folder_new ();
  self->path = g_build_filename (self->folder, "long file", NULL);
  g_assert_true (g_file_set_contents (self->path, content, SIZE, NULL));
  file = g_file_new_for_path (self->path);
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_length, NULL));
  self->session = gmulti_session_new ();
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/"));
  if (form != NULL)
    {
      g_autoptr (GMultiForm) parts = gmulti_form_new ();

      gmulti_form_add_text (parts, "before", "text");
      gmulti_form_add_file (parts, "file", NULL, file);
      gmulti_transfer_set_body_form (self->transfer, parts);
    }
  else
    gmulti_transfer_set_body_file (self->transfer, NULL, file);
}

static void
tear_down (Fixture *self,
           gconstpointer form)
{
  gm_workers_set_denied (FALSE);
  g_clear_object (&self->transfer);
  face_assert_finalized (self->session);
  scripted_server_free (self->server);
  g_free (self->path);
  face_folder_free (self->folder);
}

static void
deny_cb (GMultiTransfer *transfer,
         gpointer data)
{
  if (gmulti_transfer_get_bytes_sent (transfer) > 0)
    gm_workers_set_denied (TRUE);
}

static void
test_lost (Fixture *self,
           gconstpointer form)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gulong handler = g_signal_connect (self->transfer, "progress", G_CALLBACK (deny_cb), NULL);

  /* slow enough for somebody to see how it goes */
  g_object_set (self->session, "progress-interval", 20, NULL);
  gmulti_transfer_set_max_upload_rate (self->transfer, SIZE / 2);
  g_assert_null (face_fetch (self->session, self->transfer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_nonnull (strstr (error->message, "long file"));
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (self->transfer), >, 0);
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (self->transfer), <, SIZE);
  g_clear_error (&error);

  /* and with one it goes as ever, from its beginning */
  gm_workers_set_denied (FALSE);
  g_signal_handler_disconnect (self->transfer, handler);
  gmulti_transfer_set_max_upload_rate (self->transfer, 0);
  bytes = face_fetch (self->session, self->transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "got it");
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (self->transfer), >=, SIZE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/feed/lost/file", Fixture, NULL, set_up, test_lost, tear_down);
  g_test_add ("/feed/lost/form", Fixture, "form", set_up, test_lost, tear_down);

  return g_test_run ();
}
