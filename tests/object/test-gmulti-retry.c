/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>

/* Several attempts: which failures get another one, what is told of it, what comes of the body, and how it ends. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  GAsyncResult *result;
  GString *told; /* "2:HTTP_STATUS 3:…" */
  guint delay;   /* of the last one told */
  gboolean cancel; /* when told */
  gint n_bad; /* atomic: so many answers are bad first */
} Fixture;

#define BODY "once upon a time"

static gboolean
is_bad (Fixture *self)
{
  return g_atomic_int_add (&self->n_bad, -1) > 0;
}

static ScriptedAnswer *
busy (const ScriptedRequest *request,
      gpointer data)
{
  return is_bad (data) ? scripted_answer_text (503, NULL, "busy") : scripted_answer_text (200, NULL, BODY);
}

static ScriptedAnswer *
polite (const ScriptedRequest *request,
        gpointer data)
{
  return is_bad (data) ? scripted_answer_text (429, "Retry-After: 1\r\n", "") : scripted_answer_text (200, NULL, BODY);
}

static ScriptedAnswer *
echo (const ScriptedRequest *request,
      gpointer data)
{
  return is_bad (data) ? scripted_answer_text (503, NULL, "busy") : scripted_answer_echo (scripted_answer_new ());
}

static ScriptedAnswer *
cut (const ScriptedRequest *request,
     gpointer data)
{
  ScriptedAnswer *answer = scripted_answer_big (7, 600000);

  return is_bad (data) ? scripted_answer_cut (answer, 400000, SCRIPTED_END_FIN) : answer;
}

static ScriptedAnswer *
mute (const ScriptedRequest *request,
      gpointer data)
{
  if (is_bad (data))
    return scripted_answer_end (scripted_answer_new (), SCRIPTED_END_RESET);
  return scripted_answer_text (200, NULL, BODY);
}

static void
on (Fixture *self,
    const char *key,
    ScriptedHandler handler)
{
  scripted_server_on (self->server, key, scripted_answer_handler (scripted_answer_new (), handler, self));
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  on (self, "/busy", busy);
  on (self, "/polite", polite);
  on (self, "/echo", echo);
  on (self, "/cut", cut);
  on (self, "/mute", mute);
  scripted_server_on (self->server, "/rude", scripted_answer_text (503, "Retry-After: 5000\r\n", ""));
  scripted_server_on (self->server, "/late", scripted_answer_text (503, "Retry-After: 100\r\n", ""));
  scripted_server_on (self->server, "/missing", scripted_answer_text (404, NULL, "no"));
  self->session = gmulti_session_new ();
  self->told = g_string_new (NULL);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->result);
  g_clear_object (&self->transfer);
  if (self->session != NULL)
    face_assert_finalized (self->session);
  g_string_free (self->told, TRUE);
  scripted_server_free (self->server);
}

static void
retrying_cb (GMultiTransfer *transfer,
             const GError *error,
             guint attempt,
             guint delay,
             gpointer data)
{
  Fixture *self = data;

  g_string_append_printf (self->told, "%u:%s ", attempt, g_quark_to_string (error->domain));
  g_assert_cmpuint (gmulti_transfer_get_attempt (transfer), >=, attempt);
  self->delay = delay;
  if (self->cancel)
    gmulti_transfer_cancel (transfer);
}

static void
make (Fixture *self,
      const char *path,
      guint n_bad,
      guint max_attempts)
{
  g_clear_object (&self->transfer);
  g_clear_object (&self->result);
  g_string_truncate (self->told, 0);
  g_atomic_int_set (&self->n_bad, (gint) n_bad);
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, path));
  gmulti_transfer_set_max_attempts (self->transfer, max_attempts);
  g_signal_connect (self->transfer, "retrying", G_CALLBACK (retrying_cb), self);
}

static GBytes *
fetch (Fixture *self,
       GError **error)
{
  return face_fetch (self->session, self->transfer, error);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          gpointer data)
{
  (*(guint *) data)++;
}

/* The metrics have each request, with what came of it; the whole begins with the first and has the bytes of all. */
static void
assert_attempts (GMultiTransfer *transfer,
                 const char *expected)
{
  g_autoptr (GMultiMetrics) metrics = gmulti_transfer_ref_metrics (transfer);
  g_autoptr (GString) statuses = g_string_new (NULL);
  guint64 received = 0;
  gint64 start = gmulti_metrics_get_start (metrics, GMULTI_PHASE_NONE);

  for (guint i = 0; i < gmulti_metrics_get_n_children (metrics); i++)
    {
      GMultiMetrics *child = gmulti_metrics_get_child (metrics, i);

      g_string_append_printf (statuses, "%s%u", i > 0 ? " " : "", gmulti_metrics_get_status (child));
      g_assert_cmpuint (gmulti_metrics_get_connection_id (child), >, 0);
      g_assert_cmpstr (gmulti_metrics_get_uri (child), ==, gmulti_transfer_get_uri (transfer));
      g_assert_cmpint (gmulti_metrics_get_start (child, GMULTI_PHASE_NONE), >=, start);
      start = gmulti_metrics_get_start (child, GMULTI_PHASE_NONE);
      received += gmulti_metrics_get_bytes_received (child);
    }
  g_assert_cmpstr (statuses->str, ==, expected);
  g_assert_cmpuint (gmulti_metrics_get_bytes_received (metrics), ==, received);
}

static void
test_busy (Fixture *self,
           gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GMultiResponse) response = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint n_attempts = 0;

  make (self, "/busy", 2, 3);
  g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 0);
  g_signal_connect (self->transfer, "notify::attempt", G_CALLBACK (count_cb), &n_attempts);
  bytes = fetch (self, &error);
  g_assert_no_error (error);
  face_check_text (bytes, BODY);
  g_assert_cmpstr (self->told->str, ==, "2:GMultiTransferError 3:GMultiTransferError ");
  /* the second pause: twice half a second, more or less a quarter */
  g_assert_cmpuint (self->delay, >=, 750);
  g_assert_cmpuint (self->delay, <=, 1250);
  g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 3);
  g_assert_cmpuint (n_attempts, ==, 3);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 3);
  response = gmulti_transfer_ref_response (self->transfer);
  g_assert_cmpuint (gmulti_response_get_status (response), ==, 200);
  assert_attempts (self->transfer, "503 503 200");

  /* a new start counts anew */
  g_clear_pointer (&bytes, g_bytes_unref);
  bytes = fetch (self, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 1);
  assert_attempts (self->transfer, "200");
}

static void
test_enough (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GError) error = NULL, other = NULL, third = NULL;

  make (self, "/busy", 9, 2);
  g_assert_null (fetch (self, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);

  /* nobody asked for more than one, nor does another attempt help */
  make (self, "/busy", 9, 1);
  g_assert_null (fetch (self, &other));
  make (self, "/missing", 0, 5);
  g_assert_null (fetch (self, &third));
  g_assert_cmpstr (self->told->str, ==, "");
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 4);
}

static void
test_retry_after (Fixture *self,
                  gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  make (self, "/polite", 1, 2);
  bytes = fetch (self, &error);
  g_assert_no_error (error);
  face_check_text (bytes, BODY);
  g_assert_cmpuint (self->delay, ==, 1000);

  make (self, "/rude", 0, 9);
  g_assert_null (fetch (self, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_cmpstr (self->told->str, ==, "");
}

/* What could be done twice is not, unless it never got there. */
static void
test_post (Fixture *self,
           gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("order", 5);
  g_autoptr (GError) error = NULL, other = NULL;

  make (self, "/busy", 9, 3);
  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  g_assert_null (fetch (self, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
  g_assert_cmpstr (self->told->str, ==, "");

  make (self, "/echo", 0, 2);
  scripted_server_stop (self->server);
  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  g_assert_null (fetch (self, &other));
  g_assert_error (other, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_assert_cmpstr (self->told->str, ==, "2:g-io-error-quark ");
}

static void
test_put (Fixture *self,
          gconstpointer data)
{
  g_autofree char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "body", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GBytes) body = g_bytes_new_static (BODY, strlen (BODY));

  g_assert_true (g_file_set_contents (path, BODY, -1, NULL));
  for (guint kind = 0; kind < 3; kind++)
    {
      g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (body);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      make (self, "/echo", 1, 2);
      gmulti_transfer_set_method (self->transfer, "PUT");
      if (kind == 0)
        gmulti_transfer_set_body_bytes (self->transfer, NULL, body);
      else if (kind == 1)
        gmulti_transfer_set_body_file (self->transfer, NULL, file);
      else
        gmulti_transfer_set_body_stream (self->transfer, NULL, stream, (gint64) strlen (BODY));
      bytes = fetch (self, &error);
      g_assert_no_error (error);
      face_check_text (bytes, BODY);
      g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 2);
    }
  face_folder_free (g_steal_pointer (&folder));
}

static void
test_not_rewindable (Fixture *self,
                     gconstpointer data)
{
  g_autoptr (GInputStream) memory = g_memory_input_stream_new_from_data (BODY, -1, NULL);
  g_autoptr (GConverter) converter = G_CONVERTER (g_charset_converter_new ("UTF-8", "UTF-8", NULL));
  g_autoptr (GInputStream) stream = g_converter_input_stream_new (memory, converter);
  g_autoptr (GError) error = NULL;

  make (self, "/echo", 1, 2);
  gmulti_transfer_set_method (self->transfer, "PUT");
  gmulti_transfer_set_body_stream (self->transfer, NULL, stream, (gint64) strlen (BODY));
  g_assert_null (fetch (self, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_cmpstr (self->told->str, ==, "");
}

/* What came of the first attempt is not in the second. */
static void
test_cut (Fixture *self,
          gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  make (self, "/cut", 1, 2);
  bytes = fetch (self, &error);
  g_assert_no_error (error);
  face_check_pattern (bytes, 7, 600000);
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (self->transfer), ==, 600000);
}

static void
test_download (Fixture *self,
               gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *folder = face_folder_new ();
      g_autofree char *path = g_build_filename (folder, "file", NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);
      g_autoptr (GMultiDownload) download = gmulti_download_new (scripted_server_url (self->server, "/cut"), file);
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GFile) got = NULL;
      g_autofree char *names = NULL, *contents = NULL;
      g_autoptr (GBytes) bytes = NULL;
      gsize len;

      g_atomic_int_set (&self->n_bad, 1);
      gmulti_download_set_keep_partial (download, i == 1);
      gmulti_transfer_set_max_attempts (GMULTI_TRANSFER (download), 2);
      gmulti_session_download_async (self->session, download, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      got = gmulti_session_download_finish (self->session, result, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (gmulti_transfer_get_attempt (GMULTI_TRANSFER (download)), ==, 2);
      g_assert_true (g_file_get_contents (path, &contents, &len, NULL));
      bytes = g_bytes_new_take (g_steal_pointer (&contents), len);
      face_check_pattern (bytes, 7, 600000);
      names = face_folder_list (folder);
      g_assert_cmpstr (names, ==, "file");
      face_folder_free (g_steal_pointer (&folder));
    }
}

static void
test_stream (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GOutputStream) target = g_memory_output_stream_new_resizable ();
  g_autoptr (GError) error = NULL;

  /* nothing came: the stream begins with the second one; a fresh connection, for the engine tries again by itself where a
   * server merely gave up an old one */
  make (self, "/mute", 1, 2);
  gmulti_session_open_async (self->session, self->transfer, NULL, face_store_result, &self->result);
  face_wait_for (self->result != NULL);
  stream = gmulti_session_open_finish (self->session, self->result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 2);
  g_clear_object (&stream);

  /* some of it was passed on: it ends there */
  make (self, "/cut", 1, 2);
  gmulti_session_splice_async (self->session, self->transfer, target, G_OUTPUT_STREAM_SPLICE_NONE, NULL, face_store_result,
                               &self->result);
  face_wait_for (self->result != NULL);
  g_assert_cmpint (gmulti_session_splice_finish (self->session, self->result, &error), ==, -1);
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_TRUNCATED);
  g_assert_cmpstr (self->told->str, ==, "");
  g_clear_error (&error);
  g_clear_object (&target);

  /* of an error's body nothing is passed on */
  target = g_memory_output_stream_new_resizable ();
  make (self, "/busy", 1, 2);
  gmulti_session_splice_async (self->session, self->transfer, target, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL,
                               face_store_result, &self->result);
  face_wait_for (self->result != NULL);
  g_assert_cmpint (gmulti_session_splice_finish (self->session, self->result, &error), ==, (gssize) strlen (BODY));
  g_assert_no_error (error);
  g_assert_cmpmem (g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (target)),
                   g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (target)), BODY, strlen (BODY));
}

static gboolean
waits (Fixture *self)
{
  return gmulti_transfer_get_state (self->transfer) == GMULTI_TRANSFER_STATE_WAITING
         && gmulti_transfer_get_wait_reason (self->transfer) == GMULTI_WAIT_REASON_RETRY;
}

static void
test_cancel (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->cancel = TRUE;
  make (self, "/busy", 9, 9);
  g_assert_null (fetch (self, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
  g_clear_error (&error);

  self->cancel = FALSE;
  make (self, "/busy", 9, 9);
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
  face_wait_for (waits (self));
  gmulti_session_cancel_all (self->session);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
  assert_attempts (self->transfer, "503");

  /* and the session may go while one waits */
  make (self, "/busy", 9, 9);
  gmulti_session_start (self->session, self->transfer);
  face_wait_for (waits (self));
  face_assert_finalized (g_steal_pointer (&self->session));
  face_wait_for (gmulti_transfer_is_finished (self->transfer));
}

/* The limit of the whole leaves no time for another pause; and who waits for that keeps nobody from his turn. */
static void
test_limits (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GMultiTransfer) other = gmulti_transfer_new (scripted_server_url (self->server, "/missing"));
  g_autoptr (GError) error = NULL, missing = NULL;
  g_autoptr (GBytes) bytes = NULL;

  make (self, "/late", 0, 9);
  gmulti_transfer_set_timeout (self->transfer, 30000);
  g_assert_null (fetch (self, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_assert_cmpstr (self->told->str, ==, "");
  g_clear_error (&error);

  gmulti_session_set_max_active (self->session, 1);
  make (self, "/polite", 1, 2);
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
  face_wait_for (waits (self));
  g_assert_cmpuint (gmulti_session_get_n_active (self->session), ==, 0);
  g_assert_null (face_fetch (self->session, other, &missing));
  g_assert_error (missing, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  face_wait_for (self->result != NULL);
  bytes = gmulti_session_fetch_finish (self->session, self->result, &error);
  g_assert_no_error (error);
  face_check_text (bytes, BODY);
}

static void
test_blocking (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  make (self, "/busy", 1, 2);
  bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &error);
  g_assert_no_error (error);
  face_check_text (bytes, BODY);
  g_assert_cmpstr (self->told->str, ==, "2:GMultiTransferError ");
}

typedef void (*Test) (Fixture *self, gconstpointer data);

static void
add (const char *name,
     Test test)
{
  g_autofree char *path = g_strconcat ("/object/retry/", name, NULL);

  g_test_add (path, Fixture, NULL, set_up, test, tear_down);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("busy", test_busy);
  add ("enough", test_enough);
  add ("retry-after", test_retry_after);
  add ("post", test_post);
  add ("put", test_put);
  add ("not-rewindable", test_not_rewindable);
  add ("cut", test_cut);
  add ("download", test_download);
  add ("stream", test_stream);
  add ("cancel", test_cancel);
  add ("limits", test_limits);
  add ("blocking", test_blocking);
  return g_test_run ();
}
