/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <glib/gstdio.h>
#include <string.h>

#define LIMIT_MS 20000

static gboolean
late_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
tick_cb (gpointer user_data)
{
  return G_SOURCE_CONTINUE;
}

FaceWait
face_wait_begin (void)
{
  return (FaceWait){ NULL, g_get_monotonic_time () + LIMIT_MS * 1000 };
}

void
face_wait_step (FaceWait *self,
                const char *condition,
                const char *file,
                int line)
{
  GMainContext *context = g_main_context_get_thread_default ();

  /* ticks, for the condition may come true in another thread */
  if (self->alarm == NULL)
    {
      self->alarm = g_timeout_source_new (20);
      g_source_set_callback (self->alarm, tick_cb, NULL, NULL);
      g_source_attach (self->alarm, context);
    }
  if (g_get_monotonic_time () > self->deadline)
    g_error ("%s:%d: waited too long for %s", file, line, condition);
  g_main_context_iteration (context, TRUE);
}

void
face_wait_end (FaceWait *self)
{
  if (self->alarm == NULL)
    return;

  g_source_destroy (self->alarm);
  g_source_unref (self->alarm);
}

void
face_run_for (guint ms)
{
  GMainContext *context = g_main_context_get_thread_default ();
  GSource *alarm = g_timeout_source_new (ms);
  gboolean late = FALSE;

  g_source_set_callback (alarm, late_cb, &late, NULL);
  g_source_attach (alarm, context);
  while (!late)
    g_main_context_iteration (context, TRUE);
  g_source_unref (alarm);
}

void
face_store_result (GObject *source,
                   GAsyncResult *result,
                   gpointer user_data)
{
  GAsyncResult **place = user_data;

  g_assert_null (*place);
  *place = g_object_ref (result);
}

GBytes *
face_fetch (GMultiSession *session,
            GMultiTransfer *transfer,
            GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_session_fetch_async (session, transfer, NULL, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  return gmulti_session_fetch_finish (session, result, error);
}

void
face_check_text (GBytes *bytes,
                 const char *text)
{
  g_assert_nonnull (bytes);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), text, strlen (text));
}

void
face_check_fetched (GMultiSession *session,
                    GAsyncResult **result,
                    const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  face_wait_for (*result != NULL);
  bytes = gmulti_session_fetch_finish (session, *result, &error);
  g_assert_no_error (error);
  face_check_text (bytes, text);
  g_clear_object (result);
}

void
face_check_pattern (GBytes *bytes,
                    guint64 seed,
                    gsize length)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  g_assert_cmpuint (size, ==, length);
  g_assert_cmpint (scripted_pattern_check (seed, 0, data, size), ==, -1);
}

char *
face_folder_new (void)
{
  GError *error = NULL;
  char *path = g_dir_make_tmp ("gmulti-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

void
face_folder_free (char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_remove (file) != 0)
        g_assert_cmpint (g_rmdir (file), ==, 0);
    }
  g_rmdir (path);
  g_free (path);
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char *
face_folder_list (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (" ", (char **) names->pdata);
}

static void
gone_cb (gpointer data,
         GObject *object)
{
  g_atomic_int_set ((int *) data, TRUE); /* some go in a session's own thread */
}

void
face_assert_finalized (gpointer object)
{
  int gone = FALSE;

  g_object_weak_ref (object, gone_cb, &gone);
  g_object_unref (object);
  if (!g_atomic_int_get (&gone))
    face_wait_for (g_atomic_int_get (&gone));
}
