/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include "scripted-peer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Uploads from memory, files and streams: what arrives at the server. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (fixture->server, "/echo", scripted_answer_echo (scripted_answer_new ()));
  scripted_server_on (fixture->server, "/again", scripted_answer_redirect (307, "/echo"));
  scripted_server_on (fixture->server, "/get", scripted_answer_redirect (303, "/echo"));
  fixture->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
}

static GMultiTransfer *
new_transfer (Fixture *fixture,
              const char *target)
{
  return gmulti_transfer_new (scripted_server_url (fixture->server, target));
}

static GBytes *
make_bytes (gsize size)
{
  guint8 *data = g_malloc (size);

  scripted_pattern_fill (3, 0, data, size);
  return g_bytes_new_take (data, size);
}

static void
check_echo (Fixture *fixture,
            GMultiTransfer *transfer,
            gsize size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);

  g_assert_no_error (error);
  face_check_pattern (bytes, 3, size);
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (transfer), ==, size);
}

static const ScriptedRequest *
last_request (Fixture *fixture)
{
  return scripted_server_request (fixture->server, scripted_server_n_requests (fixture->server) - 1);
}

static void
test_bytes (Fixture *fixture,
            gconstpointer data)
{
  static const gsize sizes[] = { 0, 5, 3000000 };
  static const char *const methods[] = { NULL, "PUT", "PATCH" };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (methods); j++)
      {
        g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
        g_autoptr (GBytes) bytes = make_bytes (sizes[i]);

        gmulti_transfer_set_body_bytes (transfer, "text/x-test", bytes);
        gmulti_transfer_set_method (transfer, methods[j]);
        check_echo (fixture, transfer, sizes[i]);
        g_assert_cmpstr (last_request (fixture)->method, ==, methods[j] ? methods[j] : "POST");
        g_assert_cmpstr (scripted_request_header (last_request (fixture), "Content-Type"), ==, "text/x-test");
      }
}

static void
test_file (Fixture *fixture,
           gconstpointer data)
{
  static const gsize sizes[] = { 0, 7, 1000000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint put = 0; put < 2; put++)
      {
        g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
        g_autoptr (GFileIOStream) stream = NULL;
        g_autoptr (GFile) file = g_file_new_tmp (NULL, &stream, NULL);
        g_autoptr (GBytes) bytes = make_bytes (sizes[i]);

        const char *content = sizes[i] > 0 ? g_bytes_get_data (bytes, NULL) : "";

        g_assert_true (g_file_replace_contents (file, content, sizes[i], NULL, FALSE, 0, NULL, NULL, NULL));
        gmulti_transfer_set_body_file (transfer, NULL, file);
        if (put)
          gmulti_transfer_set_method (transfer, "PUT");
        check_echo (fixture, transfer, sizes[i]);
        g_assert_cmpint (atoi (scripted_request_header (last_request (fixture), "Content-Length")), ==, sizes[i]);
        g_file_delete (file, NULL, NULL);
      }
}

/* From now on no descriptor can be had, until the limit is what it was. */
static struct rlimit
take_descriptors (void)
{
  int next = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  struct rlimit before, none;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  none = before;
  none.rlim_cur = (rlim_t) next;
  close (next);
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &none), ==, 0);

  return before;
}

/* Workers need one to tell that they are done: what cannot be had is an error, and nobody waits for it. */
static void
test_no_worker (Fixture *fixture,
                gconstpointer data)
{
  g_autoptr (GMultiTransfer) first = new_transfer (fixture, "/echo");
  g_autoptr (GMultiTransfer) file_upload = new_transfer (fixture, "/echo");
  g_autoptr (GMultiTransfer) form_upload = new_transfer (fixture, "/echo");
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GFile) file = g_file_new_for_path ("/etc/passwd");
  g_autoptr (GFile) target = g_file_new_build_filename (g_get_tmp_dir (), "gmulti-no-worker", NULL);
  g_autoptr (GMultiDownload) download = gmulti_download_new (scripted_server_url (fixture->server, "/text"), target);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  struct rlimit before;

  scripted_server_on (fixture->server, "/text", scripted_answer_text (200, NULL, "some"));
  g_bytes_unref (face_fetch (fixture->session, first, &error));
  g_assert_no_error (error);
  gmulti_transfer_set_body_file (file_upload, NULL, file);
  gmulti_form_add_file (form, "one", NULL, file);
  gmulti_form_add_file (form, "two", NULL, file);
  gmulti_transfer_set_body_form (form_upload, form);

  before = take_descriptors ();
  g_assert_null (face_fetch (fixture->session, file_upload, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_nonnull (strstr (error->message, "/etc/passwd"));
  g_clear_error (&error);
  g_assert_null (face_fetch (fixture->session, form_upload, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_clear_error (&error);
  gmulti_session_download_async (fixture->session, download, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  setrlimit (RLIMIT_NOFILE, &before);
  g_assert_null (gmulti_session_download_finish (fixture->session, result, &error));
  g_assert_nonnull (strstr (error->message, "gmulti-no-worker"));
  g_assert_false (g_file_query_exists (target, NULL));
}

static void
test_no_file (Fixture *fixture,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
  g_autoptr (GFile) file = g_file_new_for_path ("/no/such/file");
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_body_file (transfer, NULL, file);
  g_assert_null (face_fetch (fixture->session, transfer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_stream (Fixture *fixture,
             gconstpointer data)
{
  static const gsize sizes[] = { 0, 9, 1000000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint known = 0; known < 2; known++)
      {
        g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
        g_autoptr (GBytes) bytes = make_bytes (sizes[i]);
        g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);

        gmulti_transfer_set_body_stream (transfer, NULL, stream, known ? (gint64) sizes[i] : -1);
        check_echo (fixture, transfer, sizes[i]);
        g_assert_false (g_input_stream_is_closed (stream));
      }
}

static void
test_blocking (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
  g_autoptr (GBytes) sent = make_bytes (700000);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (sent);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_body_stream (transfer, NULL, stream, -1);
  bytes = gmulti_session_fetch (fixture->session, transfer, NULL, &error);
  g_assert_no_error (error);
  face_check_pattern (bytes, 3, 700000);
}

static void
test_rewind (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GBytes) bytes = make_bytes (400000);
  g_autoptr (GMultiTransfer) from_bytes = new_transfer (fixture, "/again");
  g_autoptr (GMultiTransfer) from_stream = new_transfer (fixture, "/again");
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  gmulti_transfer_set_body_bytes (from_bytes, NULL, bytes);
  first = face_fetch (fixture->session, from_bytes, &error);
  g_assert_no_error (error);
  face_check_pattern (first, 3, 400000);

  gmulti_transfer_set_body_stream (from_stream, NULL, stream, 400000);
  second = face_fetch (fixture->session, from_stream, &error);
  g_assert_no_error (error);
  face_check_pattern (second, 3, 400000);
}

static void
test_not_rewindable (Fixture *fixture,
                     gconstpointer data)
{
  g_autoptr (GBytes) bytes = make_bytes (400000);
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/again");
  g_autoptr (GInputStream) base = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GConverter) none = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 1));
  g_autoptr (GError) error = NULL;

  stream = g_converter_input_stream_new (base, none);
  gmulti_transfer_set_body_stream (transfer, NULL, stream, -1);
  g_assert_null (face_fetch (fixture->session, transfer, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_NOT_REWINDABLE);
}

static void
test_see_other (Fixture *fixture,
                gconstpointer data)
{
  g_autoptr (GBytes) bytes = make_bytes (10);
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/get");
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_body_bytes (transfer, NULL, bytes);
  g_bytes_unref (face_fetch (fixture->session, transfer, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (last_request (fixture)->method, ==, "GET");
}

static void
test_request (Fixture *fixture,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
  g_autoptr (GMultiTransfer) posted = new_transfer (fixture, "/echo");
  g_autoptr (GError) error = NULL;
  const ScriptedRequest *request;

  gmulti_transfer_set_header (transfer, "X-One", "1");
  gmulti_transfer_set_header (transfer, "X-Gone", "1");
  gmulti_transfer_set_header (transfer, "X-Gone", NULL);
  gmulti_transfer_set_header (transfer, "X-Empty", "");
  gmulti_headers_append (gmulti_transfer_get_request_headers (transfer), "X-One", "2", NULL);
  gmulti_transfer_set_bearer_token (transfer, "abc");
  gmulti_transfer_set_user_agent (transfer, "tester");
  g_bytes_unref (face_fetch (fixture->session, transfer, &error));
  g_assert_no_error (error);
  request = last_request (fixture);
  g_assert_cmpstr (request->method, ==, "GET");
  g_assert_cmpstr (scripted_request_header (request, "X-One"), ==, "1");
  g_assert_null (scripted_request_header (request, "X-Gone"));
  g_assert_cmpstr (scripted_request_header (request, "X-Empty"), ==, "");
  g_assert_cmpstr (scripted_request_header (request, "Authorization"), ==, "Bearer abc");
  g_assert_cmpstr (scripted_request_header (request, "User-Agent"), ==, "tester");

  gmulti_transfer_set_method (posted, "POST");
  g_bytes_unref (face_fetch (fixture->session, posted, &error));
  g_assert_no_error (error);
  request = last_request (fixture);
  g_assert_cmpstr (request->method, ==, "POST");
  g_assert_cmpstr (scripted_request_header (request, "Content-Length"), ==, "0");
  g_assert_true (g_str_has_prefix (scripted_request_header (request, "User-Agent"), "libgmulti/"));
}

static void
sending_cb (GMultiTransfer *transfer,
            guint *seen)
{
  g_autofree char *text = gmulti_transfer_dup_status_text (transfer);
  guint64 sent = gmulti_transfer_get_bytes_sent (transfer);

  if (sent == 0 || sent == 3000000 || gmulti_transfer_is_finished (transfer))
    return;
  (*seen)++;
  g_assert_cmpint (gmulti_transfer_get_phase (transfer), ==, GMULTI_PHASE_REQUEST);
  g_assert_nonnull (strstr (text, " of 3.0"));
}

/* "100 Continue" is not the answer: what is sent then is told, and the answer is waited for as long as it may take. */
static void
test_interim (Fixture *fixture,
              gconstpointer data)
{
  ScriptedAnswer *answer = scripted_answer_send (scripted_answer_new (), "HTTP/1.1 100 Continue\r\n\r\n");
  g_autoptr (GBytes) bytes = make_bytes (3000000);
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GError) error = NULL;
  guint seen = 0;

  answer = scripted_answer_stall (scripted_answer_wait_body (answer, G_MAXUINT64));
  scripted_server_on (fixture->server, "/slow", scripted_answer_at_head (answer));
  transfer = new_transfer (fixture, "/slow");
  gmulti_session_set_progress_interval (fixture->session, 10);
  gmulti_transfer_set_body_bytes (transfer, NULL, bytes);
  gmulti_transfer_set_header (transfer, "Expect", "100-continue");
  gmulti_transfer_set_max_upload_rate (transfer, 6000000);
  gmulti_transfer_set_response_timeout (transfer, 300);
  g_signal_connect (transfer, "progress", G_CALLBACK (sending_cb), &seen);
  g_assert_null (face_fetch (fixture->session, transfer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpstr (error->message, ==, "127.0.0.1 did not answer in time");
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (transfer), ==, 3000000);
  g_assert_cmpuint (seen, >, 0);
}

static void
add (const char *name,
     void (*func) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *own = g_strconcat ("/upload/own/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/upload/threaded/", name, NULL);

  g_test_add (own, Fixture, NULL, set_up, func, tear_down);
  g_test_add (threaded, Fixture, "threaded", set_up, func, tear_down);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("bytes", test_bytes);
  add ("file", test_file);
  add ("no-file", test_no_file);
  add ("no-worker", test_no_worker);
  add ("stream", test_stream);
  add ("blocking", test_blocking);
  add ("rewind", test_rewind);
  add ("not-rewindable", test_not_rewindable);
  add ("see-other", test_see_other);
  add ("request", test_request);
  add ("interim", test_interim);
  return g_test_run ();
}
