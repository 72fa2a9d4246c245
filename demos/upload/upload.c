/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends a form with a text and a file, and tells how it goes; Ctrl-C cancels: upload http://localhost/upload FILE TITLE */
#include <glib-unix.h>
#include <gmulti.h>
#include <locale.h>

typedef struct
{
  GMainLoop *loop;
  GError *error;
} Upload;

static void
show_progress (GMultiTransfer *transfer)
{
  g_printerr ("\r%3.0f %%", 100 * MAX (gmulti_transfer_get_fraction (transfer), 0));
}

static void
sent_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Upload *upload = user_data;
  g_autoptr (GBytes) answer = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &upload->error);

  if (answer != NULL)
    g_print ("%.*s", (int) g_bytes_get_size (answer), (const char *) g_bytes_get_data (answer, NULL));
  g_main_loop_quit (upload->loop);
}

static gboolean
interrupt_cb (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_CONTINUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (argv[1]);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GFile) file = g_file_new_for_commandline_arg (argv[2]);
  Upload upload = { .loop = loop };

  setlocale (LC_ALL, "");
  gmulti_form_add_text (form, "title", argv[3]);
  gmulti_form_add_file (form, "file", NULL, file);
  gmulti_transfer_set_body_form (transfer, form);

  g_signal_connect (transfer, "progress", G_CALLBACK (show_progress), NULL);
  g_unix_signal_add (SIGINT, interrupt_cb, cancellable);
  gmulti_session_fetch_async (session, transfer, cancellable, sent_cb, &upload);
  g_main_loop_run (loop);

  g_printerr ("\n");
  if (upload.error == NULL)
    return 0;
  g_printerr ("%s\n", upload.error->message);
  g_error_free (upload.error);
  return 1;
}
