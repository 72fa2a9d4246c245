/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codings.h"
#include "face.h"

/* Compressed bodies: asked for and decompressed, left alone, or not asked for at all. */

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
  fixture->session = gmulti_session_new ();
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
}

/* Takes @body over. */
static GMultiTransfer *
serve (Fixture *fixture,
       const char *coding,
       GBytes *body)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %" G_GSIZE_FORMAT
                                           "\r\n\r\n", coding, g_bytes_get_size (body));

  scripted_server_on (fixture->server, "/a", scripted_answer_bytes (scripted_answer_exact (head), body));
  return gmulti_transfer_new (scripted_server_url (fixture->server, "/a"));
}

static const char *
asked (Fixture *fixture)
{
  guint n = scripted_server_n_requests (fixture->server);

  return scripted_request_header (scripted_server_request (fixture->server, n - 1), "Accept-Encoding");
}

static void
test_decoded (Fixture *fixture,
              gconstpointer data)
{
  g_autofree char *text = make_text (100 * 1000);

  for (guint how = 0; how < ENCODE_N; how++)
    {
      g_autoptr (GBytes) coded = encode (how, text, strlen (text));
      g_autoptr (GMultiTransfer) transfer = serve (fixture, encode_names[how], g_bytes_ref (coded));
      g_autoptr (GMultiResponse) response = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) body = NULL;

      g_assert_true (gmulti_transfer_get_decode (transfer));
      body = face_fetch (fixture->session, transfer, &error);
      g_assert_no_error (error);
      face_check_text (body, text);
      g_assert_cmpstr (asked (fixture), ==, "deflate, gzip, br, zstd");
      /* lengths are those of the wire, the head is as it was sent */
      g_assert_cmpuint (gmulti_transfer_get_bytes_received (transfer), ==, g_bytes_get_size (coded));
      g_assert_cmpint (gmulti_transfer_get_total (transfer), ==, (gint64) g_bytes_get_size (coded));
      g_assert_cmpfloat (gmulti_transfer_get_fraction (transfer), >=, 1.0);
      response = gmulti_transfer_ref_response (transfer);
      g_assert_cmpint (gmulti_response_get_length (response), ==, (gint64) g_bytes_get_size (coded));
      g_assert_cmpstr (gmulti_headers_get_value (gmulti_response_get_headers (response), "Content-Encoding"), ==,
                       encode_names[how]);
    }
}

static void
test_raw (Fixture *fixture,
          gconstpointer data)
{
  g_autoptr (GBytes) coded = encode (ENCODE_GZIP, "hello", 5);
  g_autoptr (GMultiTransfer) transfer = serve (fixture, "gzip", g_bytes_ref (coded));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;
  gboolean decode;

  g_object_set (transfer, "decode", FALSE, NULL);
  g_object_get (transfer, "decode", &decode, NULL);
  g_assert_false (decode);
  body = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (body, coded));
  g_assert_null (asked (fixture));
}

/* Whoever writes the field by hand is obeyed, and what comes is undone all the same. */
static void
test_own_field (Fixture *fixture,
                gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = serve (fixture, "gzip", encode (ENCODE_GZIP, "hello", 5));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = NULL;

  gmulti_transfer_set_header (transfer, "Accept-Encoding", "gzip;q=0.1");
  body = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  face_check_text (body, "hello");
  g_assert_cmpstr (asked (fixture), ==, "gzip;q=0.1");
}

static void
expect_error (Fixture *fixture,
              const char *coding,
              GBytes *body,
              int code)
{
  g_autoptr (GMultiTransfer) transfer = serve (fixture, coding, body);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = face_fetch (fixture->session, transfer, &error);

  g_assert_null (got);
  g_assert_error (error, GMULTI_TRANSFER_ERROR, code);
}

static void
test_errors (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GBytes) coded = encode (ENCODE_GZIP, "hello", 5);
  g_autoptr (GBytes) once = encode_zeros (10 * 1024);
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GError) error = NULL;

  expect_error (fixture, "x-rot13", g_bytes_new_static ("uryyb", 5), GMULTI_TRANSFER_ERROR_ENCODING);
  expect_error (fixture, "gzip", g_bytes_new_static ("hello", 5), GMULTI_TRANSFER_ERROR_ENCODING);
  expect_error (fixture, "gzip", g_bytes_new_from_bytes (coded, 0, g_bytes_get_size (coded) - 1),
                GMULTI_TRANSFER_ERROR_ENCODING);
  expect_error (fixture, "gzip, gzip", encode_bytes (ENCODE_GZIP, once), GMULTI_TRANSFER_ERROR_TOO_LARGE);

  /* the limit is for what comes out */
  transfer = serve (fixture, "gzip", encode_zeros (1));
  gmulti_transfer_set_max_size (transfer, 1000 * 1000);
  g_assert_null (face_fetch (fixture->session, transfer, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_TOO_LARGE);
}

/* A file is asked for as it is: part of it must be what a range continues. A server that does otherwise is undone. */
static void
test_download (Fixture *fixture,
               gconstpointer data)
{
  g_autofree char *folder = face_folder_new ();
  g_autoptr (GFile) file = g_file_new_build_filename (folder, "a", NULL);
  g_autoptr (GMultiTransfer) unused = serve (fixture, "gzip", encode (ENCODE_GZIP, "hello", 5));
  g_autoptr (GMultiDownload) download = gmulti_download_new (gmulti_transfer_get_uri (unused), file);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) done = gmulti_session_download (fixture->session, download, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (asked (fixture), ==, "identity");
  g_assert_true (g_file_load_contents (done, NULL, &content, NULL, NULL, NULL));
  g_assert_cmpstr (content, ==, "hello");
  face_folder_free (g_steal_pointer (&folder));
}

/* A reader that takes its time: what is decoded waits, and nothing is lost. */
static void
test_stream (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = serve (fixture, "gzip", encode_zeros (4));
  g_autoptr (GAsyncResult) opened = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_total = 0;

  gmulti_session_open_async (fixture->session, transfer, NULL, face_store_result, &opened);
  face_wait_for (opened != NULL);
  stream = gmulti_session_open_finish (fixture->session, opened, &error);
  g_assert_no_error (error);
  face_run_for (50);
  for (;;)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GBytes) piece = NULL;

      g_input_stream_read_bytes_async (stream, 50 * 1000, G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      piece = g_input_stream_read_bytes_finish (stream, result, &error);
      g_assert_no_error (error);
      if (g_bytes_get_size (piece) == 0)
        break;
      n_total += g_bytes_get_size (piece);
    }
  g_assert_cmpuint (n_total, ==, 4 * 1024 * 1024);
}

static void
test_none (void)
{
  g_test_skip ("not all codings are built in");
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  if (!encode_has_all ())
    {
      g_test_add_func ("/coding/none", test_none);
      return g_test_run ();
    }

  g_test_add ("/coding/decoded", Fixture, NULL, set_up, test_decoded, tear_down);
  g_test_add ("/coding/raw", Fixture, NULL, set_up, test_raw, tear_down);
  g_test_add ("/coding/own-field", Fixture, NULL, set_up, test_own_field, tear_down);
  g_test_add ("/coding/errors", Fixture, NULL, set_up, test_errors, tear_down);
  g_test_add ("/coding/download", Fixture, NULL, set_up, test_download, tear_down);
  g_test_add ("/coding/stream", Fixture, NULL, set_up, test_stream, tear_down);
  return g_test_run ();
}
