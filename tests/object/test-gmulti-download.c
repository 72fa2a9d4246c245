/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <glib/gstdio.h>

/* Downloads: what is in the folder afterwards, whatever happened. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->folder = face_folder_new ();
  fixture->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (fixture->server, "/hello", scripted_answer_text (200, NULL, "hello"));
  scripted_server_on (fixture->server, "/empty", scripted_answer_text (200, NULL, ""));
  scripted_server_on (fixture->server, "/big", scripted_answer_big (5, 5000000));
  scripted_server_on (fixture->server, "/chunks",
                      scripted_answer_send (scripted_answer_chunks (scripted_answer_exact (
                                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
                                              5, 5000000, 700000, NULL), "0\r\n\r\n"));
  scripted_server_on (fixture->server, "/missing", scripted_answer_text (404, NULL, "no such thing"));
  scripted_server_on (fixture->server, "/named",
                      scripted_answer_text (200, "Content-Disposition: attachment; filename=\"../up.tar.gz\"\r\n", "x"));
  scripted_server_on (fixture->server, "/cut",
                      scripted_answer_cut (scripted_answer_big (5, 5000000), 3000000, SCRIPTED_END_FIN));
  scripted_server_on (fixture->server, "/half",
                      scripted_answer_stall (scripted_answer_pattern (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"), 5, 0, 1000000)));
  fixture->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  if (fixture->session != NULL)
    face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
  face_folder_free (fixture->folder);
}

static GMultiDownload *
new_download (Fixture *fixture,
              const char *target,
              const char *name)
{
  g_autoptr (GFile) file = g_file_new_build_filename (fixture->folder, name, NULL);

  return gmulti_download_new (scripted_server_url (fixture->server, target), file);
}

static GFile *
download (Fixture *fixture,
          GMultiDownload *object,
          GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_session_download_async (fixture->session, object, NULL, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  return gmulti_session_download_finish (fixture->session, result, error);
}

static void
assert_folder (Fixture *fixture,
               const char *names)
{
  g_autofree char *list = face_folder_list (fixture->folder);

  g_assert_cmpstr (list, ==, names);
}

static void
assert_content (GFile *file,
                const char *text)
{
  g_autofree char *content = NULL;

  g_assert_true (g_file_load_contents (file, NULL, &content, NULL, NULL, NULL));
  g_assert_cmpstr (content, ==, text);
}

static void
test_file (Fixture *fixture,
           gconstpointer data)
{
  static const struct
  {
    const char *target;
    gsize length;
  } cases[] = { { "/big", 5000000 }, { "/chunks", 5000000 }, { "/hello", 5 }, { "/empty", 0 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GMultiDownload) object = new_download (fixture, cases[i].target, "file");
      g_autoptr (GFile) known = NULL;
      g_autoptr (GFile) file = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      known = gmulti_download_dup_file (object);
      g_assert_null (known);
      file = download (fixture, object, &error);
      g_assert_no_error (error);
      g_assert_true (g_file_equal (file, gmulti_download_get_destination (object)));
      known = gmulti_download_dup_file (object);
      g_assert_true (g_file_equal (file, known));
      assert_folder (fixture, "file");
      bytes = g_file_load_bytes (file, NULL, NULL, &error);
      g_assert_no_error (error);
      if (cases[i].length > 5)
        face_check_pattern (bytes, 5, cases[i].length);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, cases[i].length);
      g_assert_true (g_file_delete (file, NULL, NULL));
    }
}

static void
test_folder (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GMultiDownload) plain = new_download (fixture, "/hello", "");
  g_autoptr (GMultiDownload) named = new_download (fixture, "/named", "");
  g_autoptr (GFile) first = NULL;
  g_autoptr (GFile) second = NULL;
  g_autoptr (GError) error = NULL;

  first = download (fixture, plain, &error);
  g_assert_no_error (error);
  second = download (fixture, named, &error);
  g_assert_no_error (error);
  assert_folder (fixture, "hello up.tar.gz");
  assert_content (first, "hello");
}

static void
put (Fixture *fixture,
     const char *name)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, "old", -1, NULL));
}

static void
test_collision (Fixture *fixture,
                gconstpointer data)
{
  g_autoptr (GMultiDownload) object = new_download (fixture, "/hello", "a.tar.gz");
  g_autoptr (GFile) file = NULL;
  g_autoptr (GFile) renamed = NULL;
  g_autoptr (GFile) again = NULL;
  g_autoptr (GError) error = NULL;

  put (fixture, "a.tar.gz");
  g_assert_null (download (fixture, object, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  assert_folder (fixture, "a.tar.gz");
  assert_content (gmulti_download_get_destination (object), "old");

  gmulti_download_set_collision (object, GMULTI_COLLISION_RENAME);
  renamed = download (fixture, object, &error);
  g_assert_no_error (error);
  again = download (fixture, object, &error);
  g_assert_no_error (error);
  assert_folder (fixture, "a (2).tar.gz a (3).tar.gz a.tar.gz");
  assert_content (renamed, "hello");

  gmulti_download_set_collision (object, GMULTI_COLLISION_REPLACE);
  file = download (fixture, object, &error);
  g_assert_no_error (error);
  assert_content (file, "hello");
  assert_folder (fixture, "a (2).tar.gz a (3).tar.gz a.tar.gz");
}

static void
test_failures (Fixture *fixture,
               gconstpointer data)
{
  static const char *const targets[] = { "/missing", "/cut", "/hello" };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autoptr (GMultiDownload) object = new_download (fixture, targets[i], i == 2 ? "no/such/file" : "file");
      g_autoptr (GFile) file = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_null (download (fixture, object, &error));
      g_test_message ("%s: %s", targets[i], error->message);
      if (i == 0)
        g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
      else if (i == 1)
        g_assert_true (gmulti_error_is_transient (error));
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
      file = gmulti_download_dup_file (object);
      g_assert_null (file);
      assert_folder (fixture, "");
    }
}

static void
test_no_destination (Fixture *fixture,
                     gconstpointer data)
{
  g_autoptr (GMultiDownload) object = g_object_new (GMULTI_TYPE_DOWNLOAD, "uri", "http://127.0.0.1/", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (download (fixture, object, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
}

static void
test_keep_partial (Fixture *fixture,
                   gconstpointer data)
{
  g_autoptr (GMultiDownload) object = new_download (fixture, "/cut", "file");
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "file.part", NULL);
  GStatBuf status;

  gmulti_download_set_keep_partial (object, TRUE);
  g_assert_null (download (fixture, object, &error));
  g_assert_nonnull (error);
  assert_folder (fixture, "file.part");
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_size, >, 2900000);
}

static void
test_cancel (Fixture *fixture,
             gconstpointer data)
{
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr (GMultiDownload) object = new_download (fixture, i < 2 ? "/half" : "/big", "file");
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GFile) file = NULL;
      g_autoptr (GError) error = NULL;

      gmulti_session_download_async (fixture->session, object, cancellable, face_store_result, &result);
      face_run_for (i % 2 == 0 ? 50 : 2);
      g_cancellable_cancel (cancellable);
      face_wait_for (result != NULL);
      file = gmulti_session_download_finish (fixture->session, result, &error);
      if (file != NULL)
        {
          /* too late */
          g_assert_cmpint (i, >=, 2);
          g_file_delete (file, NULL, NULL);
        }
      else
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        }
      assert_folder (fixture, "");
    }
}

static gboolean
is_empty (Fixture *fixture)
{
  g_autofree char *list = face_folder_list (fixture->folder);

  return *list == '\0';
}

static void
test_drop_session (Fixture *fixture,
                   gconstpointer data)
{
  g_autoptr (GMultiDownload) object = new_download (fixture, "/half", "file");

  gmulti_session_start (fixture->session, GMULTI_TRANSFER (object));
  face_run_for (50);
  g_clear_object (&fixture->session);
  face_wait_for (gmulti_transfer_is_finished (GMULTI_TRANSFER (object)) && is_empty (fixture));
}

static void
test_blocking (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GMultiDownload) object = new_download (fixture, "/big", "file");
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = gmulti_session_download (fixture->session, object, NULL, &error);
  g_autoptr (GBytes) bytes = NULL;

  g_assert_no_error (error);
  bytes = g_file_load_bytes (file, NULL, NULL, &error);
  face_check_pattern (bytes, 5, 5000000);
}

static void
count_completed (GMultiTransfer *transfer,
                 const GError *error,
                 gpointer user_data)
{
  g_assert_no_error (error);
  ++*(guint *) user_data;
}

static void
test_many (Fixture *fixture,
           gconstpointer data)
{
  guint n_completed = 0;

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("%03u", i);
      g_autoptr (GMultiDownload) object = new_download (fixture, "/hello", name);

      g_signal_connect (object, "completed", G_CALLBACK (count_completed), &n_completed);
      gmulti_session_start (fixture->session, GMULTI_TRANSFER (object));
    }
  face_wait_for (n_completed == 200);
}

static void
test_properties (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/tmp/x");
  g_autoptr (GMultiDownload) object = g_object_new (GMULTI_TYPE_DOWNLOAD, "destination", file, "keep-partial", TRUE, NULL);
  GMultiCollision collision;
  gboolean keep = FALSE;

  g_object_get (object, "collision", &collision, "keep-partial", &keep, NULL);
  g_assert_cmpint (collision, ==, GMULTI_COLLISION_FAIL);
  g_assert_true (keep);
  g_assert_true (gmulti_download_get_destination (object) == file);
}

static void
add (const char *name,
     void (*func) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *own = g_strconcat ("/download/own/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/download/threaded/", name, NULL);

  g_test_add (own, Fixture, NULL, set_up, func, tear_down);
  g_test_add (threaded, Fixture, "threaded", set_up, func, tear_down);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/download/properties", test_properties);
  add ("file", test_file);
  add ("folder", test_folder);
  add ("collision", test_collision);
  add ("failures", test_failures);
  add ("no-destination", test_no_destination);
  add ("keep-partial", test_keep_partial);
  add ("cancel", test_cancel);
  add ("drop-session", test_drop_session);
  add ("blocking", test_blocking);
  add ("many", test_many);
  return g_test_run ();
}
