/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fetches a page, and asks in a dialog when something is wrong with the certificate; closing the window cancels: trust https://localhost/ */
#include <gmulti.h>
#include <gtk/gtk.h>

static int status;

static void
answer_cb (GtkDialog *dialog,
           int response,
           GMultiTrustCheck *check)
{
  if (response == GTK_RESPONSE_ACCEPT)
    gmulti_trust_check_accept (check);
  else
    gmulti_trust_check_reject (check);
  gtk_window_destroy (GTK_WINDOW (dialog));
}

/* The transfer waits, and nothing else does, until the check is answered or dropped. */
static gboolean
check_trust_cb (GMultiTransfer *transfer,
                GMultiTrustCheck *check,
                GtkWindow *window)
{
  GTlsCertificate *certificate = gmulti_trust_check_get_certificate (check);
  g_autofree char *issuer = g_tls_certificate_get_issuer_name (certificate);
  g_autofree char *text = gmulti_trust_check_dup_text (check);
  GtkWidget *dialog = gtk_message_dialog_new (window, GTK_DIALOG_MODAL, GTK_MESSAGE_WARNING, GTK_BUTTONS_NONE, "%s", text);

  gtk_window_set_title (GTK_WINDOW (dialog), "Certificate");
  gtk_message_dialog_format_secondary_text (GTK_MESSAGE_DIALOG (dialog), "It says that it was issued by %s.", issuer);
  gtk_dialog_add_buttons (GTK_DIALOG (dialog), "_Cancel", GTK_RESPONSE_CANCEL, "_Trust", GTK_RESPONSE_ACCEPT, NULL);
  g_signal_connect_data (dialog, "response", G_CALLBACK (answer_cb), g_object_ref (check),
                         (GClosureNotify) (void (*) (void)) g_object_unref, 0);
  gtk_window_present (GTK_WINDOW (dialog));
  return TRUE;
}

static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  if (bytes != NULL)
    g_print ("%.*s", (int) g_bytes_get_size (bytes), (const char *) g_bytes_get_data (bytes, NULL));
  else
    g_printerr ("%s\n", error->message);
  status = bytes == NULL;
  gtk_window_destroy (user_data);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (argv[1]);
  GtkWidget *window, *label;

  gtk_init ();
  label = gtk_label_new (NULL);
  window = gtk_window_new ();
  gtk_window_set_title (GTK_WINDOW (window), argv[1]);
  gtk_window_set_default_size (GTK_WINDOW (window), 640, 400);
  gtk_window_set_child (GTK_WINDOW (window), label);
  gtk_window_set_hide_on_close (GTK_WINDOW (window), TRUE);
  g_signal_connect_swapped (window, "hide", G_CALLBACK (gmulti_transfer_cancel), transfer);
  g_object_bind_property (transfer, "status-text", label, "label", G_BINDING_SYNC_CREATE);
  gtk_window_present (GTK_WINDOW (window));

  g_signal_connect (transfer, "check-trust", G_CALLBACK (check_trust_cb), window);
  gmulti_session_fetch_async (session, transfer, NULL, fetched_cb, window);
  while (g_list_model_get_n_items (gtk_window_get_toplevels ()) > 0)
    g_main_context_iteration (NULL, TRUE);
  return status;
}
