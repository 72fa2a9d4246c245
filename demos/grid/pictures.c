/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A wall of 500 pictures, each fetched when it comes into view and cancelled when it leaves: pictures http://localhost/ */
#include <gmulti.h>
#include <gtk/gtk.h>

#define N_PICTURES 500
#define SIZE 96

static GHashTable *complaints;

/* Each complaint is made once: hundreds may have the same. Those that are scrolled away are cancelled. */
static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  g_autoptr (GtkPicture) picture = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);
  g_autoptr (GdkTexture) texture = bytes != NULL ? gdk_texture_new_from_bytes (bytes, &error) : NULL;

  if (texture != NULL)
    gtk_picture_set_paintable (picture, GDK_PAINTABLE (texture));
  else if (g_hash_table_add (complaints, g_strdup (error->message)))
    g_printerr ("%s\n", error->message);
}

/* A widget of its own for each: a picture that comes too late is shown by nobody. */
static void
bind_cb (GtkSignalListItemFactory *factory,
         GtkListItem *item,
         GMultiSession *session)
{
  GtkStringObject *uri = gtk_list_item_get_item (item);
  GtkWidget *picture = gtk_picture_new ();
  GMultiTransfer *transfer = gmulti_transfer_new (gtk_string_object_get_string (uri));

  gtk_widget_set_size_request (picture, SIZE, SIZE);
  gtk_list_item_set_child (item, picture);
  g_object_set_data_full (G_OBJECT (item), "transfer", transfer, g_object_unref);
  gmulti_session_fetch_async (session, transfer, NULL, fetched_cb, g_object_ref (picture));
}

static void
unbind_cb (GtkSignalListItemFactory *factory,
           GtkListItem *item)
{
  gmulti_transfer_cancel (g_object_get_data (G_OBJECT (item), "transfer"));
  gtk_list_item_set_child (item, NULL);
}

int
main (int argc, char **argv)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  GtkStringList *uris = gtk_string_list_new (NULL);
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *window, *scrolled, *grid;

  gtk_init ();
  complaints = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < N_PICTURES; i++)
    gtk_string_list_take (uris, g_strdup_printf ("%s%u.png", argv[1], i));
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), session);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), NULL);

  grid = gtk_grid_view_new (GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (uris))), factory);
  scrolled = gtk_scrolled_window_new ();
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), grid);
  window = gtk_window_new ();
  gtk_window_set_title (GTK_WINDOW (window), "Pictures");
  gtk_window_set_default_size (GTK_WINDOW (window), 640, 480);
  gtk_window_set_child (GTK_WINDOW (window), scrolled);
  gtk_window_present (GTK_WINDOW (window));

  while (g_list_model_get_n_items (gtk_window_get_toplevels ()) > 0)
    g_main_context_iteration (NULL, TRUE);
  return 0;
}
