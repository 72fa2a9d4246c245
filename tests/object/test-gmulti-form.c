/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>
#include <unistd.h>

/* Forms: what the server gets, byte for byte with the boundary written as B. */

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
  fixture->session = gmulti_session_new ();
  scripted_server_on (fixture->server, "/form", scripted_answer_text (200, NULL, "taken"));
  scripted_server_on (fixture->server, "/moved", scripted_answer_redirect (307, "/form"));
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
  face_folder_free (fixture->folder);
}

static GFile *
make_file (Fixture *fixture,
           const char *name,
           const char *content)
{
  GFile *file = g_file_new_build_filename (fixture->folder, name, NULL);

  g_assert_true (g_file_replace_contents (file, content, strlen (content), NULL, FALSE, 0, NULL, NULL, NULL));
  return file;
}

static const ScriptedRequest *
last_request (Fixture *fixture)
{
  guint n = scripted_server_n_requests (fixture->server);

  g_assert_true (scripted_server_wait_requests (fixture->server, n, 5000));
  return scripted_server_request (fixture->server, n - 1);
}

static void
check_body (Fixture *fixture,
            const char *body)
{
  const ScriptedRequest *request = last_request (fixture);
  const char *type = scripted_request_header (request, "Content-Type");
  g_autofree char *text = g_strndup ((char *) request->body->data, request->body->len);
  g_auto (GStrv) pieces = NULL;
  g_autofree char *got = NULL;

  g_assert_true (g_str_has_prefix (type, "multipart/form-data; boundary="));
  pieces = g_strsplit (text, type + strlen ("multipart/form-data; boundary="), -1);
  got = g_strjoinv ("B", pieces);
  g_assert_cmpstr (got, ==, body);
}

static GMultiTransfer *
send_form (Fixture *fixture,
           const char *target,
           GMultiForm *form,
           GError **error)
{
  GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (fixture->server, target));
  g_autoptr (GBytes) answer = NULL;

  gmulti_transfer_set_body_form (transfer, form);
  answer = face_fetch (fixture->session, transfer, error);
  if (error == NULL || *error == NULL)
    face_check_text (answer, "taken");

  return transfer;
}

static GMultiForm *
make_form (Fixture *fixture)
{
  GMultiForm *form = gmulti_form_new ();
  g_autoptr (GBytes) text = g_bytes_new_static ("data", 4);
  g_autoptr (GFile) file = make_file (fixture, "picture.png", "from a file");
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data ("from a stream", 13, NULL);

  gmulti_form_add_text (form, "text", "some text");
  gmulti_form_add_bytes (form, "bytes", "data.what", NULL, text);
  gmulti_form_add_file (form, "file", NULL, file);
  gmulti_form_add_stream (form, "stream", "s", "x/y", stream, 13);
  gmulti_form_add_text (form, "last", "");

  return form;
}

#define WHOLE                                                                                                          \
  "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nsome text\r\n"                                          \
  "--B\r\nContent-Disposition: form-data; name=\"bytes\"; filename=\"data.what\"\r\n"                                  \
  "Content-Type: application/octet-stream\r\n\r\ndata\r\n"                                                             \
  "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"picture.png\"\r\nContent-Type: image/png\r\n\r\n"  \
  "from a file\r\n"                                                                                                    \
  "--B\r\nContent-Disposition: form-data; name=\"stream\"; filename=\"s\"\r\nContent-Type: x/y\r\n\r\n"                \
  "from a stream\r\n"                                                                                                  \
  "--B\r\nContent-Disposition: form-data; name=\"last\"\r\n\r\n\r\n--B--\r\n"

static void
test_parts (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiForm) form = make_form (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = send_form (fixture, "/form", form, &error);

  g_assert_no_error (error);
  check_body (fixture, WHOLE);
  /* all lengths are known, so that of the whole is, and progress with it */
  g_assert_false (last_request (fixture)->chunked);
  g_assert_cmpstr (last_request (fixture)->method, ==, "POST");
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (transfer), ==, last_request (fixture)->body_length);
}

/* A redirect that keeps the body has all of it again. */
static void
test_again (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiForm) form = make_form (fixture);
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = send_form (fixture, "/moved", form, &error);

  g_assert_no_error (error);
  check_body (fixture, WHOLE);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 2);
}

static void
test_empty (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = send_form (fixture, "/form", form, &error);

  g_assert_no_error (error);
  check_body (fixture, "--B--\r\n");
}

/* A stream of unknown length goes in chunks. */
static void
test_unknown_length (Fixture *fixture,
                     gconstpointer data)
{
  g_autofree char *large = g_strnfill (400 * 1000, 'x');
  g_autofree char *body = g_strconcat ("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n"
                                       "Content-Type: application/octet-stream\r\n\r\n", large,
                                       "\r\n--B\r\nContent-Disposition: form-data; name=\"b\"\r\n"
                                       "Content-Type: application/octet-stream\r\n\r\nsecond\r\n--B--\r\n", NULL);
  g_autoptr (GInputStream) first = g_memory_input_stream_new_from_data (large, 400 * 1000, NULL);
  g_autoptr (GInputStream) second = g_memory_input_stream_new_from_data ("second", 6, NULL);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_form_add_stream (form, "a", NULL, NULL, first, -1);
  gmulti_form_add_stream (form, "b", NULL, NULL, second, 6);
  transfer = send_form (fixture, "/form", form, &error);
  g_assert_no_error (error);
  g_assert_true (last_request (fixture)->chunked);
  check_body (fixture, body);
}

/* Nothing in a name begins a part or a field of its own. */
static void
test_names (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiForm) bad = gmulti_form_new ();
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GMultiTransfer) refused = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_form_add_bytes (form, "a\"b", "c\r\nX-Injected: 1", "text/plain", bytes);
  transfer = send_form (fixture, "/form", form, &error);
  g_assert_no_error (error);
  check_body (fixture, "--B\r\nContent-Disposition: form-data; name=\"a%22b\"; filename=\"c%0D%0AX-Injected: 1\"\r\n"
                       "Content-Type: text/plain\r\n\r\nx\r\n--B--\r\n");

  gmulti_form_add_bytes (bad, "a", NULL, "text/plain\r\nX-Injected: 1", bytes);
  refused = send_form (fixture, "/form", bad, &error);
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 1);
}

static void
test_urlencoded (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GMultiTransfer) second = NULL;
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GError) error = NULL;
  const ScriptedRequest *request;

  g_object_set (form, "urlencoded", TRUE, NULL);
  g_assert_true (gmulti_form_get_urlencoded (form));
  gmulti_form_add_text (form, "a b", "caf\xc3\xa9&=+\r\n");
  gmulti_form_add_text (form, "*-._", "~");
  transfer = send_form (fixture, "/form", form, &error);
  g_assert_no_error (error);
  request = last_request (fixture);
  g_assert_cmpstr (scripted_request_header (request, "Content-Type"), ==, "application/x-www-form-urlencoded");
  g_assert_cmpmem (request->body->data, request->body->len, "a+b=caf%C3%A9%26%3D%2B%0D%0A&*-._=%7E",
                   strlen ("a+b=caf%C3%A9%26%3D%2B%0D%0A&*-._=%7E"));

  /* with anything but texts it cannot be */
  gmulti_form_add_bytes (form, "c", NULL, NULL, bytes);
  second = send_form (fixture, "/form", form, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (scripted_request_header (last_request (fixture), "Content-Type"), "multipart/"));
}

static void
test_errors (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GFile) missing = g_file_new_build_filename (fixture->folder, "missing", NULL);
  g_autoptr (GInputStream) shorter = g_memory_input_stream_new_from_data ("short", 5, NULL);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiForm) cut = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = NULL;
  g_autoptr (GMultiTransfer) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) other = NULL;

  gmulti_form_add_file (form, "a", NULL, missing);
  gmulti_form_add_file (form, "b", NULL, missing);
  transfer = send_form (fixture, "/form", form, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 0);

  gmulti_form_add_stream (cut, "a", NULL, NULL, shorter, 6);
  second = send_form (fixture, "/form", cut, &other);
  g_assert_nonnull (other);
}

/* ---- parts that disappoint ---- */

/* A stream that has some bytes and then fails. */
typedef struct
{
  GInputStream parent_instance;
  gsize left;
} Failing;

typedef GInputStreamClass FailingClass;

static GType failing_get_type (void);

G_DEFINE_TYPE (Failing, failing, G_TYPE_INPUT_STREAM)

static gssize
failing_read (GInputStream *stream,
              void *buffer,
              gsize count,
              GCancellable *cancellable,
              GError **error)
{
  Failing *self = (Failing *) stream;
  gsize n = MIN (count, self->left);

  if (n == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "The tape is torn");
      return -1;
    }
  memset (buffer, 'f', n);
  self->left -= n;
  return (gssize) n;
}

static void
failing_class_init (FailingClass *klass)
{
  klass->read_fn = failing_read;
}

static void
failing_init (Failing *self)
{
  self->left = 300 * 1000;
}

/* Whoever could not read says why, also when much of the form is on its way; the server has no whole request. */
static void
test_stream_fails (Fixture *fixture,
                   gconstpointer data)
{
  for (gssize length = -1; length < 600 * 1000; length += 500 * 1000)
    {
      g_autoptr (GMultiForm) form = gmulti_form_new ();
      g_autoptr (GInputStream) stream = g_object_new (failing_get_type (), NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (GMultiTransfer) transfer = NULL;

      gmulti_form_add_text (form, "before", "b");
      gmulti_form_add_stream (form, "s", NULL, NULL, stream, length);
      transfer = send_form (fixture, "/form", form, &error);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
      g_assert_cmpstr (error->message, ==, "The tape is torn");
      g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_FAILED);
    }
}

static void
test_unreadable (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GFile) folder = g_file_new_for_path (fixture->folder);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = NULL;

  gmulti_form_add_text (form, "before", "b");
  gmulti_form_add_file (form, "f", NULL, folder);
  transfer = send_form (fixture, "/form", form, &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 0);
}

/* Begins to send a large file to a server that reads slowly, and gives it another size on the way. */
static GMultiTransfer *
send_changing (Fixture *fixture,
               gsize old_len,
               gsize new_len,
               GError **error)
{
  g_autofree char *content = g_strnfill (old_len, 'x');
  g_autoptr (GFile) file = make_file (fixture, "changing", content);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (fixture->server, "/slow"));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;

  scripted_server_on (fixture->server, "/slow",
                      scripted_answer_read_slowly (scripted_answer_text (200, NULL, "taken"), 10000));
  gmulti_form_add_file (form, "f", NULL, file);
  gmulti_transfer_set_body_form (transfer, form);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  face_wait_for (gmulti_transfer_get_bytes_sent (transfer) > 0 || result != NULL);
  g_assert_null (result);
  g_assert_cmpint (truncate (g_file_peek_path (file), (off_t) new_len), ==, 0);
  face_wait_for (result != NULL);
  bytes = gmulti_session_fetch_finish (fixture->session, result, error);

  return transfer;
}

/* The length is told in front: what is missing then cannot be made up for. */
static void
test_file_shrinks (Fixture *fixture,
                   gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = send_changing (fixture, 20 * 1000 * 1000, 1000, &error);

  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
  g_assert_cmpuint (gmulti_transfer_get_bytes_sent (transfer), <, 20 * 1000 * 1000);
}

/* … and what is there too much is not sent. */
static void
test_file_grows (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiTransfer) transfer = send_changing (fixture, 8 * 1000 * 1000, 9 * 1000 * 1000, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (last_request (fixture)->body_length, >, 8 * 1000 * 1000);
  g_assert_cmpuint (last_request (fixture)->body_length, <, 8 * 1000 * 1000 + 1000);
}

static void
note_sent (GMultiTransfer *transfer,
           gpointer user_data)
{
  GArray *sent = user_data;
  guint64 now = gmulti_transfer_get_bytes_sent (transfer);

  g_array_append_val (sent, now);
}

/* Progress is told on the way, never goes back, and ends with all of it. */
static void
test_progress (Fixture *fixture,
               gconstpointer data)
{
  g_autofree char *content = g_strnfill (6 * 1000 * 1000, 'x');
  g_autoptr (GFile) file = make_file (fixture, "large", content);
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (content, 1000 * 1000, NULL);
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (fixture->server, "/slow"));
  g_autoptr (GArray) sent = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  guint64 before = 0;
  guint n_between = 0;

  scripted_server_on (fixture->server, "/slow",
                      scripted_answer_read_slowly (scripted_answer_text (200, NULL, "taken"), 10000));
  gmulti_form_add_stream (form, "s", NULL, NULL, stream, 1000 * 1000);
  gmulti_form_add_file (form, "f", NULL, file);
  gmulti_transfer_set_body_form (transfer, form);
  g_signal_connect (transfer, "progress", G_CALLBACK (note_sent), sent);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  bytes = gmulti_session_fetch_finish (fixture->session, result, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < sent->len; i++)
    {
      guint64 now = g_array_index (sent, guint64, i);

      g_assert_cmpuint (now, >=, before);
      n_between += now > 0 && now < last_request (fixture)->body_length;
      before = now;
    }
  g_assert_cmpuint (before, ==, last_request (fixture)->body_length);
  g_assert_cmpuint (n_between, >, 0);
}

/* Given up in the middle, and the form dropped at once: nobody is told any more, and nothing is kept. */
static void
test_cancel (Fixture *fixture,
             gconstpointer data)
{
  g_autofree char *large = g_strnfill (2000 * 1000, 'x');
  g_autoptr (GFile) file = make_file (fixture, "large", large);

  scripted_server_on (fixture->server, "/slow",
                      scripted_answer_read_slowly (scripted_answer_text (200, NULL, "taken"), 100));
  for (guint ms = 0; ms < 30; ms += 6)
    {
      GMultiForm *form = gmulti_form_new ();
      g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data (large, 2000 * 1000, NULL);
      GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (fixture->server, "/slow"));
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;

      gmulti_form_add_stream (form, "s", NULL, NULL, stream, -1);
      gmulti_form_add_file (form, "f", NULL, file);
      gmulti_transfer_set_body_form (transfer, form);
      g_object_add_weak_pointer (G_OBJECT (form), (gpointer *) &form);
      g_object_unref (form);
      gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
      face_run_for (ms);
      gmulti_transfer_cancel (transfer);
      face_wait_for (result != NULL);
      g_assert_null (gmulti_session_fetch_finish (fixture->session, result, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_object (&result);
      face_assert_finalized (transfer);
      face_wait_for (form == NULL);
    }
}

/* What is added after the start is not sent with it. */
static void
test_later (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (fixture->server, "/form"));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_form_add_text (form, "a", "b");
  gmulti_transfer_set_body_form (transfer, form);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  gmulti_form_add_text (form, "c", "d");
  face_wait_for (result != NULL);
  bytes = gmulti_session_fetch_finish (fixture->session, result, &error);
  g_assert_no_error (error);
  check_body (fixture, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B--\r\n");
}

static void
test_put (Fixture *fixture,
          gconstpointer data)
{
  g_autoptr (GMultiForm) form = gmulti_form_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (fixture->server, "/form"));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = NULL;

  gmulti_form_add_text (form, "a", "b");
  gmulti_transfer_set_method (transfer, "PUT");
  gmulti_transfer_set_header (transfer, "content-type", "text/nonsense");
  gmulti_transfer_set_body_form (transfer, form);
  answer = gmulti_session_fetch (fixture->session, transfer, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (last_request (fixture)->method, ==, "PUT");
  g_assert_cmpuint (scripted_request_count (last_request (fixture), "Content-Type"), ==, 1);
  check_body (fixture, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B--\r\n");
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/form/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("parts", test_parts);
  ADD ("again", test_again);
  ADD ("empty", test_empty);
  ADD ("unknown-length", test_unknown_length);
  ADD ("names", test_names);
  ADD ("urlencoded", test_urlencoded);
  ADD ("errors", test_errors);
  ADD ("stream-fails", test_stream_fails);
  ADD ("unreadable", test_unreadable);
  ADD ("file-shrinks", test_file_shrinks);
  ADD ("file-grows", test_file_grows);
  ADD ("progress", test_progress);
  ADD ("cancel", test_cancel);
  ADD ("later", test_later);
  ADD ("put", test_put);
#undef ADD
  return g_test_run ();
}
