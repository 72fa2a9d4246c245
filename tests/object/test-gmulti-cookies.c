/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <glib/gstdio.h>
#include <string.h>

/* Cookies through the object face: the jar by hand, in a session, in a file, among threads; the session's state file. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiCookieJar *jar;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (fixture->server, "*", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: plain=1\r\n"
                        "Set-Cookie: strict=2; SameSite=Strict\r\nSet-Cookie: none=3; SameSite=None\r\n\r\n"));
  fixture->session = gmulti_session_new ();
  fixture->jar = gmulti_cookie_jar_new ();
  gmulti_session_set_cookie_jar (fixture->session, fixture->jar);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  face_assert_finalized (fixture->session);
  face_assert_finalized (fixture->jar);
  scripted_server_free (fixture->server);
}

static GMultiTransfer *
make (Fixture *fixture)
{
  return gmulti_transfer_new (scripted_server_url (fixture->server, "/a"));
}

static void
run (Fixture *fixture,
     GMultiTransfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);

  g_assert_no_error (error);
  g_assert_nonnull (bytes);
}

static const char *
sent (Fixture *fixture)
{
  guint n = scripted_server_n_requests (fixture->server);

  return scripted_request_header (scripted_server_request (fixture->server, n - 1), "Cookie");
}

static void
test_session (Fixture *fixture,
              gconstpointer data)
{
  g_autoptr (GMultiCookieJar) jar = gmulti_session_dup_cookie_jar (fixture->session);
  g_autoptr (GMultiTransfer) first = make (fixture);
  g_autoptr (GMultiTransfer) second = make (fixture);
  g_autoptr (GMultiTransfer) without = make (fixture);
  g_autoptr (GMultiTransfer) later = make (fixture);

  g_assert_true (jar == fixture->jar);
  run (fixture, first);
  g_assert_null (sent (fixture));
  run (fixture, second);
  g_assert_cmpstr (sent (fixture), ==, "plain=1; strict=2; none=3");

  g_assert_true (gmulti_transfer_get_use_cookies (without));
  gmulti_transfer_set_use_cookies (without, FALSE);
  g_assert_false (gmulti_transfer_get_use_cookies (without));
  run (fixture, without);
  g_assert_null (sent (fixture));

  gmulti_session_set_cookie_jar (fixture->session, NULL);
  run (fixture, later);
  g_assert_null (sent (fixture));
}

static void
test_first_party (Fixture *fixture,
                  gconstpointer data)
{
  g_autoptr (GMultiTransfer) first = make (fixture);
  g_autoptr (GMultiTransfer) same = make (fixture);
  g_autoptr (GMultiTransfer) cross = make (fixture);

  run (fixture, first);
  gmulti_transfer_set_first_party (same, scripted_server_url (fixture->server, "/page"));
  run (fixture, same);
  g_assert_cmpstr (sent (fixture), ==, "plain=1; strict=2; none=3");
  gmulti_transfer_set_first_party (cross, "https://example.org/page");
  g_assert_cmpstr (gmulti_transfer_get_first_party (cross), ==, "https://example.org/page");
  run (fixture, cross);
  g_assert_cmpstr (sent (fixture), ==, "none=3");
}

static void
count (GMultiCookieJar *jar,
       guint *n)
{
  (*n)++;
}

static void
test_by_hand (void)
{
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new ();
  g_autolist (GMultiCookie) all = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL, *other = NULL;
  GMultiCookie *cookie;
  guint n = 0;

  g_signal_connect (jar, "changed", G_CALLBACK (count), &n);
  g_assert_true (gmulti_cookie_jar_set (jar, "https://www.example.com/x/y",
                                        "a=b; Domain=example.com; Secure; HttpOnly; Max-Age=1000; SameSite=Lax", &error));
  g_assert_true (gmulti_cookie_jar_set (jar, "https://www.example.com/", "\xff=\xfe", &error));
  g_assert_cmpuint (n, ==, 0); /* never from within */
  face_wait_for (n == 1);

  header = gmulti_cookie_jar_dup_header (jar, "https://www.example.com/x/");
  g_assert_cmpstr (header, ==, "a=b; \xef\xbf\xbd=\xef\xbf\xbd");
  other = gmulti_cookie_jar_dup_header (jar, "https://example.org/");
  g_assert_null (other);
  g_assert_null (gmulti_cookie_jar_dup_header (jar, "no address"));

  all = gmulti_cookie_jar_dup_all (jar);
  g_assert_cmpuint (g_list_length (all), ==, 2);
  cookie = all->data;
  g_assert_cmpstr (gmulti_cookie_get_name (cookie), ==, "a");
  g_assert_cmpstr (gmulti_cookie_get_value (cookie), ==, "b");
  g_assert_cmpstr (gmulti_cookie_get_domain (cookie), ==, "example.com");
  g_assert_cmpstr (gmulti_cookie_get_path (cookie), ==, "/x");
  g_assert_cmpint (gmulti_cookie_get_expires (cookie), >, g_get_real_time () / G_USEC_PER_SEC);
  g_assert_cmpint (gmulti_cookie_get_same_site (cookie), ==, GMULTI_SAME_SITE_LAX);
  g_assert_true (gmulti_cookie_is_secure (cookie));
  g_assert_true (gmulti_cookie_is_http_only (cookie));
  g_assert_false (gmulti_cookie_is_host_only (cookie));
  g_assert_true (g_utf8_validate (gmulti_cookie_get_value (all->next->data), -1, NULL));
  g_assert_cmpint (gmulti_cookie_get_expires (all->next->data), ==, -1);

  gmulti_cookie_jar_remove (jar, all->next->data);
  gmulti_cookie_jar_remove (jar, all->next->data);
  face_wait_for (n == 2);
  gmulti_cookie_jar_clear (jar);
  face_wait_for (n == 3);
  g_assert_null (gmulti_cookie_jar_dup_all (jar));
}

static void
test_refused (void)
{
  static const char *const cookies[] = { "nameless",        "a=b\nc",
                                         "a=b; Domain=com", "a=b; Domain=example.org",
                                         "a=b; Secure",     "__Secure-a=b" };
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cookies); i++)
    {
      g_assert_false (gmulti_cookie_jar_set (jar, "http://www.example.com/", cookies[i], &error));
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
      g_clear_error (&error);
    }
  g_assert_false (gmulti_cookie_jar_set (jar, "no address", "a=b", &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI);
}

static void
keep_error (GMultiCookieJar *jar,
            GError *error,
            GError **kept)
{
  g_clear_error (kept);
  *kept = g_error_copy (error);
}

static gboolean
save (GMultiCookieJar *jar,
      GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_cookie_jar_save_async (jar, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  return gmulti_cookie_jar_save_finish (jar, result, error);
}

static void
test_file (void)
{
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "cookies.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFile) place = g_file_new_for_path (folder);
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new_for_file (file);
  g_autoptr (GMultiCookieJar) again = NULL;
  g_autoptr (GMultiCookieJar) unreadable = NULL;
  g_autoptr (GMultiCookieJar) nowhere = gmulti_cookie_jar_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *header = NULL, *names = NULL;

  g_assert_true (gmulti_cookie_jar_get_file (jar) == file);
  g_signal_connect (jar, "failed", G_CALLBACK (keep_error), &error);
  g_assert_true (gmulti_cookie_jar_set (jar, "https://a.example/", "kept=1; Max-Age=1000", NULL));
  g_assert_true (gmulti_cookie_jar_set (jar, "https://a.example/", "session=1", NULL));
  g_assert_true (save (jar, NULL));
  g_assert_no_error (error); /* one that is not there is no failure */
  names = face_folder_list (folder);
  g_assert_cmpstr (names, ==, "cookies.txt");

  again = gmulti_cookie_jar_new_for_file (file);
  header = gmulti_cookie_jar_dup_header (again, "https://a.example/");
  g_assert_cmpstr (header, ==, "kept=1");

  /* A folder is no cookie file: it is told, and not written over. */
  unreadable = gmulti_cookie_jar_new_for_file (place);
  g_signal_connect (unreadable, "failed", G_CALLBACK (keep_error), &error);
  g_assert_true (gmulti_cookie_jar_set (unreadable, "https://a.example/", "a=1; Max-Age=5", NULL));
  face_wait_for (error != NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_assert_nonnull (strstr (error->message, folder));
  g_clear_error (&error);
  g_assert_false (save (unreadable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_clear_error (&error);

  g_assert_false (save (nowhere, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  face_folder_free (folder);
}

/* A transfer waits for the file without its loop; damaged lines are told. */
static void
test_file_in_session (Fixture *fixture,
                      gconstpointer data)
{
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "cookies.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GMultiTransfer) transfer = make (fixture);
  g_autoptr (GError) error = NULL;
  GMultiCookieJar *jar;

  g_assert_true (g_file_set_contents (path, "127.0.0.1\tFALSE\t/\tFALSE\t4000000000\tfile\t1\nrubbish\n", -1, NULL));
  jar = gmulti_cookie_jar_new_for_file (file);
  g_signal_connect (jar, "failed", G_CALLBACK (keep_error), &error);
  gmulti_session_set_cookie_jar (fixture->session, jar);
  run (fixture, transfer);
  g_assert_cmpstr (sent (fixture), ==, "file=1");
  face_wait_for (error != NULL);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
  gmulti_session_set_cookie_jar (fixture->session, NULL);
  g_clear_object (&transfer);
  face_assert_finalized (jar);
  face_folder_free (folder);
}

/* The jar may go at once, with everything under way. */
static void
test_dropped (void)
{
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "cookies.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GAsyncResult) result = NULL;
  GMultiCookieJar *jar = gmulti_cookie_jar_new_for_file (file);

  g_assert_true (gmulti_cookie_jar_set (jar, "https://a.example/", "a=1", NULL));
  g_object_unref (jar);
  face_run_for (20);
  jar = gmulti_cookie_jar_new_for_file (file);
  gmulti_cookie_jar_save_async (jar, NULL, face_store_result, &result);
  g_object_unref (jar);
  face_wait_for (result != NULL);
  g_assert_true (gmulti_cookie_jar_save_finish (jar, result, NULL));
  face_folder_free (folder);
}

/* So may a session whose transfers wait for the jar's file, and the jar with it. */
static void
test_dropped_session (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "cookies.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "late"));
  g_assert_true (g_file_set_contents (path, "127.0.0.1\tFALSE\t/\tFALSE\t4000000000\tfile\t1\n", -1, NULL));
  for (guint ms = 0; ms < 4; ms++)
    {
      GMultiSession *session = gmulti_session_new ();
      GMultiCookieJar *jar = gmulti_cookie_jar_new_for_file (file);
      GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (server, "/"));

      gmulti_session_set_cookie_jar (session, jar);
      gmulti_session_start (session, transfer);
      for (guint i = 0; i < ms; i++)
        g_main_context_iteration (NULL, FALSE);
      face_assert_finalized (session);
      face_wait_for (gmulti_transfer_get_state (transfer) >= GMULTI_TRANSFER_STATE_SUCCEEDED);
      g_assert_cmpint (gmulti_transfer_get_state (transfer), !=, GMULTI_TRANSFER_STATE_FAILED);
      face_assert_finalized (transfer);
      face_assert_finalized (jar);
    }
  face_folder_free (folder);
}

/* Who cancels before anything is written finds no file. */
static void
test_save_cancelled (void)
{
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "cookies.txt", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new_for_file (file);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (gmulti_cookie_jar_set (jar, "https://a.example/", "a=1; Max-Age=1000", NULL));
  g_cancellable_cancel (cancellable);
  gmulti_cookie_jar_save_async (jar, cancellable, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  g_assert_false (gmulti_cookie_jar_save_finish (jar, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_query_exists (file, NULL));
  face_folder_free (folder);
}

static gpointer
use_jar (gpointer data)
{
  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *cookie = g_strdup_printf ("c%u=%u", i % 20, i);
      g_autofree char *header = NULL;
      g_autolist (GMultiCookie) all = NULL;

      gmulti_cookie_jar_set (data, "http://a.example/", cookie, NULL);
      header = gmulti_cookie_jar_dup_header (data, "http://a.example/");
      g_assert_nonnull (header);
      all = gmulti_cookie_jar_dup_all (data);
    }

  return NULL;
}

static void
test_threads (void)
{
  g_autoptr (GMultiCookieJar) jar = gmulti_cookie_jar_new ();
  GThread *threads[4];
  guint n = 0;

  g_signal_connect (jar, "changed", G_CALLBACK (count), &n);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("jar", use_jar, jar);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  face_wait_for (n > 0);
}

static gboolean
is_rewritten (const char *path,
              char **text)
{
  g_clear_pointer (text, g_free);
  g_main_context_wakeup (NULL); /* nobody else rings when a worker is done with it */
  return g_file_get_contents (path, text, NULL, NULL) && strstr (*text, "other line") == NULL;
}

/* A host in the state file is asked over TLS, which a server of clear text does not understand; the file is written when
 * the session has gone. */
static void
test_state_file (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "state", NULL);
  g_autofree char *uri = g_strdup_printf ("http://localhost:%u/", scripted_server_port (server));
  g_autoptr (GFile) file = g_file_new_for_path (path);
  GMultiSession *session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GFile) got = NULL;
  g_autoptr (GFile) same = NULL;

  g_assert_true (g_file_set_contents (path, "hsts localhost \"unlimited\"\nalt-svc rubbish\nother line\n", -1, NULL));
  gmulti_session_set_state_file (session, file);
  same = g_file_new_for_path (path);
  gmulti_session_set_state_file (session, same);
  got = gmulti_session_dup_state_file (session);
  g_assert_true (got == file);
  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "clear text"));
  gmulti_transfer_set_timeout (transfer, 300);
  g_assert_null (face_fetch (session, transfer, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 0);

  g_clear_object (&transfer);
  face_assert_finalized (session);
  face_wait_for (is_rewritten (path, &text));
  g_assert_nonnull (strstr (text, "\nhsts localhost \"unlimited\"\n"));
  face_folder_free (folder);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/cookies/session", Fixture, NULL, set_up, test_session, tear_down);
  g_test_add ("/cookies/first-party", Fixture, NULL, set_up, test_first_party, tear_down);
  g_test_add_func ("/cookies/by-hand", test_by_hand);
  g_test_add_func ("/cookies/refused", test_refused);
  g_test_add_func ("/cookies/file", test_file);
  g_test_add ("/cookies/file-in-session", Fixture, NULL, set_up, test_file_in_session, tear_down);
  g_test_add_func ("/cookies/dropped", test_dropped);
  g_test_add_func ("/cookies/dropped-session", test_dropped_session);
  g_test_add_func ("/cookies/save-cancelled", test_save_cancelled);
  g_test_add_func ("/cookies/threads", test_threads);
  g_test_add_func ("/cookies/state-file", test_state_file);
  return g_test_run ();
}
