/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* Open and splice: the stream, its bound, and what closing it does. */

#define BIG 8000000
#define LENGTH 3000001

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
  scripted_server_on (fixture->server, "/hello", scripted_answer_text (200, NULL, "hello"));
  scripted_server_on (fixture->server, "/empty", scripted_answer_exact ("HTTP/1.1 204 No Content\r\n\r\n"));
  scripted_server_on (fixture->server, "/big", scripted_answer_big (9, BIG));
  scripted_server_on (fixture->server, "/missing", scripted_answer_text (404, NULL, "no such thing"));
  scripted_server_on (fixture->server, "/cut",
                      scripted_answer_end (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
                                           SCRIPTED_END_FIN));
  scripted_server_on (fixture->server, "/stall", scripted_answer_stall (scripted_answer_new ()));
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

static GInputStream *
open_stream (Fixture *fixture,
             GMultiTransfer *transfer,
             GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_session_open_async (fixture->session, transfer, NULL, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  return gmulti_session_open_finish (fixture->session, result, error);
}

/* Reads asynchronously to the end, checking each piece. */
static guint64
read_all (GInputStream *stream,
          GError **error)
{
  guint64 total = 0;

  for (;;)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_input_stream_read_bytes_async (stream, 50000, G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      bytes = g_input_stream_read_bytes_finish (stream, result, error);
      if (bytes == NULL || g_bytes_get_size (bytes) == 0)
        return total;
      g_assert_cmpint (scripted_pattern_check (9, total, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==,
                       -1);
      total += g_bytes_get_size (bytes);
    }
}

static void
test_read (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);

  g_assert_no_error (error);
  g_assert_nonnull (response);
  g_assert_cmpint (gmulti_response_get_length (response), ==, BIG);
  g_assert_true (G_IS_POLLABLE_INPUT_STREAM (stream));
  g_assert_true (g_pollable_input_stream_can_poll (G_POLLABLE_INPUT_STREAM (stream)));
  g_assert_cmpuint (read_all (stream, &error), ==, BIG);
  g_assert_no_error (error);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
}

static void
test_blocking_read (Fixture *fixture,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  g_autofree guint8 *buffer = g_malloc (BIG);
  gsize n = 0;

  g_assert_true (g_input_stream_read_all (stream, buffer, BIG, &n, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, BIG);
  g_assert_cmpint (scripted_pattern_check (9, 0, buffer, BIG), ==, -1);
  g_assert_cmpint (g_input_stream_read (stream, buffer, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
}

/* Bodies whose length nobody says are received where they stay, too, as far as it is known that nothing else comes: they
 * must come whole, however chunks and reads lie to one another. */
static void
test_unknown_length (Fixture *fixture,
                     gconstpointer data)
{
  static const guint chunks[] = { 0, 32768, 32769, 65536, 100001, 1000000, LENGTH };
  static const guint pieces[] = { 0, 65537 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (chunks); i++)
    {
      guint chunk = chunks[i / 2], piece = pieces[i % 2];
      g_autofree char *target = g_strdup_printf ("/unknown/%u/%u", chunk, piece);
      ScriptedAnswer *answer = scripted_answer_new ();
      g_autoptr (GMultiTransfer) streamed = NULL, fetched = NULL;
      g_autoptr (GInputStream) stream = NULL;
      g_autoptr (GBytes) bytes = NULL;
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", target);
      scripted_answer_send (answer, chunk == 0 ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
                                               : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      if (piece > 0)
        scripted_answer_split (answer, piece, 0);
      if (chunk == 0)
        scripted_answer_end (scripted_answer_pattern (answer, 9, 0, LENGTH), SCRIPTED_END_FIN);
      else
        scripted_answer_send (scripted_answer_chunks (answer, 9, LENGTH, chunk, NULL), "0\r\n\r\n");
      scripted_server_on (fixture->server, target, answer);

      streamed = new_transfer (fixture, target);
      stream = open_stream (fixture, streamed, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (read_all (stream, &error), ==, LENGTH);
      g_assert_no_error (error);
      fetched = new_transfer (fixture, target);
      bytes = face_fetch (fixture->session, fetched, &error);
      g_assert_no_error (error);
      face_check_pattern (bytes, 9, LENGTH);
    }
}

static void
test_small (Fixture *fixture,
            gconstpointer data)
{
  static const char *const targets[] = { "/empty", "/missing", "/cut" };
  static const gssize sizes[] = { 0, 13, 5 };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, targets[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
      char buffer[64];
      gsize n = 0;

      g_assert_no_error (error);
      face_wait_for (gmulti_transfer_is_finished (transfer));
      g_input_stream_read_all (stream, buffer, sizeof buffer, &n, NULL, &error);
      g_assert_cmpint ((gssize) n, ==, sizes[i]);
      if (i == 2)
        g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_TRUNCATED);
      else
        g_assert_no_error (error);
    }
}

/* Not read for a while, a stream holds no more than its bound, and its neighbours do not care. */
static void
test_back_pressure (Fixture *fixture,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  guint64 received;

  g_assert_no_error (error);
  face_run_for (300);
  received = gmulti_transfer_get_bytes_received (transfer);
  g_assert_cmpuint (received, >, 0);
  g_assert_cmpuint (received, <=, 1024 * 1024);
  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GMultiTransfer) other = new_transfer (fixture, "/hello");

      g_bytes_unref (face_fetch (fixture->session, other, &error));
      g_assert_no_error (error);
    }
  face_run_for (200);
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (transfer), ==, received);
  g_assert_cmpuint (read_all (stream, &error), ==, BIG);
  g_assert_no_error (error);
}

static void
test_close (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  g_autoptr (GAsyncResult) result = NULL;

  g_input_stream_close_async (stream, G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
  face_wait_for (result != NULL && gmulti_transfer_is_finished (transfer));
  g_assert_true (g_input_stream_close_finish (stream, result, &error));
  g_assert_no_error (error);
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_CANCELLED);
}

static void
test_drop (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  GInputStream *stream = open_stream (fixture, transfer, &error);

  g_object_unref (stream);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_CANCELLED);
}

/* Who has the stream needs nothing else. */
static void
test_holds (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  GMultiSession *session = fixture->session;

  g_object_add_weak_pointer (G_OBJECT (session), (gpointer *) &session);
  g_object_unref (fixture->session);
  g_assert_cmpuint (read_all (stream, &error), ==, BIG);
  g_assert_no_error (error);
  g_assert_nonnull (session);
  g_assert_true (g_input_stream_close (stream, NULL, &error));
  face_wait_for (session == NULL);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  fixture->session = gmulti_session_new ();
}

static gboolean
count_ready (GObject *stream,
             gpointer user_data)
{
  ++*(guint *) user_data;
  return G_SOURCE_REMOVE;
}

static void
test_pollable (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = open_stream (fixture, transfer, &error);
  GPollableInputStream *pollable = G_POLLABLE_INPUT_STREAM (stream);
  guint8 buffer[65536];
  guint64 total = 0;

  while (total < BIG)
    {
      gssize n = g_pollable_input_stream_read_nonblocking (pollable, buffer, sizeof buffer, NULL, &error);

      if (n < 0)
        {
          g_autoptr (GSource) source = g_pollable_input_stream_create_source (pollable, NULL);
          guint n_ready = 0;

          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
          g_clear_error (&error);
          g_source_set_callback (source, G_SOURCE_FUNC (count_ready), &n_ready, NULL);
          g_source_attach (source, NULL);
          face_wait_for (n_ready == 1);
          g_assert_true (g_pollable_input_stream_is_readable (pollable));
          continue;
        }
      g_assert_cmpint (n, >, 0);
      g_assert_cmpint (scripted_pattern_check (9, total, buffer, (gsize) n), ==, -1);
      total += (guint64) n;
    }
}

static void
test_open_fails (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://127.0.0.1:1/");
  g_autoptr (GError) error = NULL;

  g_assert_null (open_stream (fixture, transfer, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
}

static gssize
splice (Fixture *fixture,
        const char *target,
        GOutputStream *stream,
        GOutputStreamSpliceFlags flags,
        GError **error)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, target);
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_session_splice_async (fixture->session, transfer, stream, flags, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  g_assert_true (gmulti_transfer_is_finished (transfer));
  return gmulti_session_splice_finish (fixture->session, result, error);
}

static void
test_splice (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) empty = g_memory_output_stream_new_resizable ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (splice (fixture, "/big", stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, &error), ==, BIG);
  g_assert_no_error (error);
  g_assert_true (g_output_stream_is_closed (stream));
  bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (stream));
  face_check_pattern (bytes, 9, BIG);

  g_assert_cmpint (splice (fixture, "/missing", empty, G_OUTPUT_STREAM_SPLICE_NONE, &error), ==, -1);
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_false (g_output_stream_is_closed (empty));
  g_assert_cmpuint (g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (empty)), ==, 0);
}

static void
test_splice_full (Fixture *fixture,
                  gconstpointer data)
{
  g_autofree char *memory = g_malloc (100000);
  g_autoptr (GOutputStream) stream = g_memory_output_stream_new (memory, 100000, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (splice (fixture, "/big", stream, G_OUTPUT_STREAM_SPLICE_NONE, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
}

static void
add (const char *name,
     void (*func) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *own = g_strconcat ("/stream/own/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/stream/threaded/", name, NULL);

  g_test_add (own, Fixture, NULL, set_up, func, tear_down);
  g_test_add (threaded, Fixture, "threaded", set_up, func, tear_down);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("read", test_read);
  add ("blocking-read", test_blocking_read);
  add ("unknown-length", test_unknown_length);
  add ("small", test_small);
  add ("back-pressure", test_back_pressure);
  add ("close", test_close);
  add ("drop", test_drop);
  add ("holds", test_holds);
  add ("pollable", test_pollable);
  add ("open-fails", test_open_fails);
  add ("splice", test_splice);
  add ("splice-full", test_splice_full);
  return g_test_run ();
}
