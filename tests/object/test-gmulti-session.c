/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include "name-server.h"

/* Sessions: fetching, errors, cancelling, the order of what is told, threads, blocking calls, the end of a session. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  const char *big_url; /* the server gives them to one thread only */
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (fixture->server, "/hello",
                      scripted_answer_text (200, "Content-Type: Text/Plain; charset=utf-8\r\n", "hello"));
  scripted_server_on (fixture->server, "/big", scripted_answer_big (7, 3000000));
  fixture->big_url = scripted_server_url (fixture->server, "/big");
  scripted_server_on (fixture->server, "/moved", scripted_answer_redirect (302, "/hello"));
  scripted_server_on (fixture->server, "/stall", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (fixture->server, "/half",
                      scripted_answer_stall (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")));
  scripted_server_on (fixture->server, "/cut",
                      scripted_answer_end (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
                                           SCRIPTED_END_FIN));
  scripted_server_on (fixture->server, "/missing", scripted_answer_text (404, NULL, "no such thing"));
  fixture->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  if (fixture->session != NULL)
    face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
}

static GMultiTransfer *
new_transfer (Fixture *fixture,
              const char *target)
{
  return gmulti_transfer_new (scripted_server_url (fixture->server, target));
}

static void
test_fetch (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GMultiResponse) response = NULL;
  g_autoptr (GMultiMetrics) metrics = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) kept = NULL;

  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_NEW);
  bytes = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "hello");

  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_assert_true (gmulti_transfer_is_finished (transfer));
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (transfer), ==, 5);
  g_assert_cmpint (gmulti_transfer_get_total (transfer), ==, 5);
  g_assert_cmpfloat_with_epsilon (gmulti_transfer_get_fraction (transfer), 1.0, 1e-9);
  kept = gmulti_transfer_dup_error (transfer);
  g_assert_no_error (kept);

  response = gmulti_transfer_ref_response (transfer);
  g_assert_cmpuint (gmulti_response_get_status (response), ==, 200);
  g_assert_true (gmulti_response_is_success (response));
  g_assert_cmpstr (gmulti_response_get_content_type (response), ==, "text/plain");
  g_assert_cmpint (gmulti_response_get_length (response), ==, 5);
  g_assert_cmpint (gmulti_response_get_protocol (response), ==, GMULTI_PROTOCOL_HTTP_1_1);
  g_assert_cmpstr (gmulti_response_get_uri (response), ==, scripted_server_url (fixture->server, "/hello"));
  g_assert_cmpstr (gmulti_headers_get_value (gmulti_response_get_headers (response), "content-length"), ==, "5");
  g_assert_cmpstr (gmulti_response_get_suggested_filename (response), ==, "hello");
  g_assert_true (G_IS_INET_SOCKET_ADDRESS (gmulti_response_get_remote_address (response)));

  metrics = gmulti_transfer_ref_metrics (transfer);
  g_assert_cmpuint (gmulti_metrics_get_n_children (metrics), ==, 1);
  g_assert_cmpint (gmulti_metrics_get_duration (metrics, GMULTI_PHASE_NONE), >=, 0);
  g_assert_cmpint (gmulti_metrics_get_duration (metrics, GMULTI_PHASE_CONNECT), >=, 0);
  g_assert_cmpint (gmulti_metrics_get_start (metrics, GMULTI_PHASE_TLS), ==, -1);
  g_assert_cmpuint (gmulti_metrics_get_bytes_received (metrics), >, 5);
  g_assert_false (gmulti_metrics_is_reused (metrics));
}

static void
test_again (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);

      g_assert_no_error (error);
      face_check_text (bytes, "hello");
    }
  g_assert_cmpuint (scripted_server_n_connections (fixture->server), ==, 1);

  /* and what a failure left behind is gone after a success */
  gmulti_transfer_set_uri (transfer, scripted_server_url (fixture->server, "/missing"));
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (face_fetch (fixture->session, transfer, &error));
    g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  }
  gmulti_transfer_set_uri (transfer, scripted_server_url (fixture->server, "/hello"));
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);
    g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);
    g_autoptr (GError) kept = gmulti_transfer_dup_error (transfer);

    g_assert_no_error (error);
    g_assert_no_error (kept);
    g_assert_cmpuint (gmulti_response_get_status (response), ==, 200);
  }
}

static void
test_big (Fixture *fixture,
          gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);

  g_assert_no_error (error);
  face_check_pattern (bytes, 7, 3000000);
}

static void
test_failures (Fixture *fixture,
               gconstpointer data)
{
  static const struct
  {
    const char *target;
    GMultiPhase phase;
    GMultiTransferError code;
  } cases[] = {
    { "/missing", GMULTI_PHASE_RESPONSE, GMULTI_TRANSFER_ERROR_HTTP_STATUS },
    { "/cut", GMULTI_PHASE_BODY, GMULTI_TRANSFER_ERROR_TRUNCATED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, cases[i].target);
      g_autoptr (GMultiResponse) response = NULL;
      g_autoptr (GError) error = NULL;

      g_assert_null (face_fetch (fixture->session, transfer, &error));
      g_test_message ("%s: %s", cases[i].target, error->message);
      g_assert_error (error, GMULTI_TRANSFER_ERROR, (int) cases[i].code);
      g_assert_cmpint (gmulti_error_get_phase (error), ==, cases[i].phase);
      g_assert_cmpstr (gmulti_error_get_host (error), ==, "127.0.0.1");
      g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_FAILED);
      response = gmulti_transfer_ref_response (transfer);
      g_assert_nonnull (response);
    }
}

static void
test_not_started (Fixture *fixture,
                  gconstpointer data)
{
  g_autoptr (GMultiTransfer) bad_uri = gmulti_transfer_new ("http://a b/");
  g_autoptr (GMultiTransfer) no_uri = g_object_new (GMULTI_TYPE_TRANSFER, NULL);
  g_autoptr (GMultiTransfer) bad_header = new_transfer (fixture, "/hello");
  g_autoptr (GError) error = NULL;

  g_assert_null (face_fetch (fixture->session, bad_uri, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI);
  g_clear_error (&error);

  g_assert_null (face_fetch (fixture->session, no_uri, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI);
  g_clear_error (&error);

  gmulti_transfer_set_header (bad_header, "X-Bad", "a\r\nEvil: yes");
  g_assert_null (face_fetch (fixture->session, bad_header, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST);
  g_clear_error (&error);

  /* taken back, it may be sent */
  gmulti_transfer_set_header (bad_header, "X-Bad", "fine");
  g_bytes_unref (face_fetch (fixture->session, bad_header, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 1);
}

static void
test_accept_status (Fixture *fixture,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/missing");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_accept_status (transfer, TRUE);
  bytes = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "no such thing");
}

static void
test_busy (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &first);
  g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_QUEUED);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &second);
  g_assert_null (second);
  face_wait_for (first != NULL && second != NULL);
  g_assert_null (gmulti_session_fetch_finish (fixture->session, second, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BUSY);
  g_clear_error (&error);
  g_bytes_unref (gmulti_session_fetch_finish (fixture->session, first, &error));
  g_assert_no_error (error);
}

/* ---- order ---- */

static void
note_progress (GMultiTransfer *transfer,
               gpointer user_data)
{
  GString *order = user_data;

  if (order->len == 0 || order->str[order->len - 1] != 'p')
    g_string_append_c (order, 'p');
}

static void
note_redirected (GMultiTransfer *transfer,
                 const char *uri,
                 gpointer user_data)
{
  g_assert_true (g_str_has_suffix (uri, "/hello"));
  g_string_append_c (user_data, 'r');
}

static void
note_completed (GMultiTransfer *transfer,
                const GError *error,
                gpointer user_data)
{
  g_assert_true (gmulti_transfer_is_finished (transfer));
  g_string_append_c (user_data, error != NULL ? 'E' : 'C');
}

static void
note_state (GMultiTransfer *transfer,
            GParamSpec *pspec,
            gpointer user_data)
{
  g_string_append_printf (user_data, "%d", gmulti_transfer_get_state (transfer));
}

static void
note_response (GMultiTransfer *transfer,
               GParamSpec *pspec,
               gpointer user_data)
{
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);

  g_assert_nonnull (response);
  g_string_append_c (user_data, 'h');
}

static void
note_callback (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  g_string_append_c (user_data, '.');
}

static void
watch (GMultiTransfer *transfer,
       GString *order)
{
  g_signal_connect (transfer, "progress", G_CALLBACK (note_progress), order);
  g_signal_connect (transfer, "redirected", G_CALLBACK (note_redirected), order);
  g_signal_connect (transfer, "completed", G_CALLBACK (note_completed), order);
  g_signal_connect (transfer, "notify::state", G_CALLBACK (note_state), order);
  g_signal_connect (transfer, "notify::response", G_CALLBACK (note_response), order);
}

static void
test_order (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) good = new_transfer (fixture, "/moved");
  g_autoptr (GMultiTransfer) bad = new_transfer (fixture, "/cut");
  g_autoptr (GString) good_order = g_string_new (NULL);
  g_autoptr (GString) bad_order = g_string_new (NULL);

  watch (good, good_order);
  watch (bad, bad_order);
  gmulti_session_fetch_async (fixture->session, good, NULL, note_callback, good_order);
  gmulti_session_fetch_async (fixture->session, bad, NULL, note_callback, bad_order);
  g_assert_cmpuint (good_order->len, ==, 0);
  face_wait_for (g_str_has_suffix (good_order->str, ".") && g_str_has_suffix (bad_order->str, "."));

  /* states that passed before anybody could look are left out: 1 = queued, 3 = running, 5 = succeeded, 6 = failed; the
   * head comes with or before the end */
  g_test_message ("%s %s", good_order->str, bad_order->str);
  g_assert_true (g_regex_match_simple ("^1?3?r3?(h5|5h|h35)pC\\.$", good_order->str, 0, 0));
  g_assert_true (g_regex_match_simple ("^1?3?(hp6|h6p|6hp)E\\.$", bad_order->str, 0, 0));
}

/* ---- cancelling ---- */

static void
test_cancel (Fixture *fixture,
             gconstpointer data)
{
  static const char *const targets[] = { "/stall", "/half", "/big", "/hello" };

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
    for (guint wait = 0; wait < 3; wait++)
      {
        g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, targets[i]);
        g_autoptr (GCancellable) cancellable = g_cancellable_new ();
        g_autoptr (GAsyncResult) result = NULL;
        g_autoptr (GError) error = NULL;

        if (wait == 0)
          g_cancellable_cancel (cancellable);
        gmulti_session_fetch_async (fixture->session, transfer, cancellable, face_store_result, &result);
        if (wait == 2 && i < 2)
          face_run_for (20);
        g_cancellable_cancel (cancellable);
        g_assert_null (result);
        face_wait_for (result != NULL);
        g_assert_null (gmulti_session_fetch_finish (fixture->session, result, &error));
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
        g_assert_cmpint (gmulti_transfer_get_state (transfer), ==, GMULTI_TRANSFER_STATE_CANCELLED);
      }
}

static void
test_cancel_method (Fixture *fixture,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/stall");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_transfer_cancel (transfer); /* of no effect */
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  face_run_for (10);
  gmulti_transfer_cancel (transfer);
  gmulti_transfer_cancel (transfer);
  face_wait_for (result != NULL);
  g_assert_null (gmulti_session_fetch_finish (fixture->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  gmulti_transfer_cancel (transfer);
}

static void
cancel_in_completed (GMultiTransfer *transfer,
                     const GError *error,
                     gpointer user_data)
{
  g_assert_no_error (error);
  g_cancellable_cancel (user_data);
}

/* Cancelled when the answer was on its way: a fetch says so, for its caller may be gone; a file that is there is
 * there. */
static void
test_cancel_late (Fixture *fixture,
                  gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GCancellable) other = g_cancellable_new ();
  g_autoptr (GMultiDownload) download = NULL;
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GAsyncResult) downloaded = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = NULL;
  char *folder = face_folder_new ();
  g_autoptr (GFile) destination = g_file_new_build_filename (folder, "file", NULL);

  g_signal_connect (transfer, "completed", G_CALLBACK (cancel_in_completed), cancellable);
  gmulti_session_fetch_async (fixture->session, transfer, cancellable, face_store_result, &result);
  face_wait_for (result != NULL);
  g_assert_null (gmulti_session_fetch_finish (fixture->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  download = gmulti_download_new (scripted_server_url (fixture->server, "/hello"), destination);
  g_signal_connect (download, "completed", G_CALLBACK (cancel_in_completed), other);
  gmulti_session_download_async (fixture->session, download, other, face_store_result, &downloaded);
  face_wait_for (downloaded != NULL);
  file = gmulti_session_download_finish (fixture->session, downloaded, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_equal (file, destination));
  face_folder_free (folder);
}

static void
test_pause (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_transfer_pause (transfer);
  gmulti_transfer_pause (transfer);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_PAUSED);
  face_run_for (50);
  g_assert_null (result);
  gmulti_transfer_resume (transfer);
  face_wait_for (result != NULL);
  g_bytes_unref (gmulti_session_fetch_finish (fixture->session, result, &error));
  g_assert_no_error (error);
}

/* ---- starting without a callback, limits, list ---- */

static void
count_completed (GMultiTransfer *transfer,
                 const GError *error,
                 gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_start (Fixture *fixture,
            gconstpointer data)
{
  guint n_completed = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");

      g_signal_connect (transfer, "completed", G_CALLBACK (count_completed), &n_completed);
      gmulti_session_start (fixture->session, transfer);
    }
  g_assert_cmpuint (gmulti_session_get_n_unfinished (fixture->session), ==, 20);
  face_wait_for (n_completed == 20);
  g_assert_cmpuint (scripted_server_n_connections (fixture->server), <=, 6);
}

static void
restart (GMultiTransfer *transfer,
         const GError *error,
         gpointer user_data)
{
  guint *left = user_data;

  if (--*left > 0)
    gmulti_session_start (g_object_get_data (G_OBJECT (transfer), "session"), transfer);
}

static void
test_start_again_in_handler (Fixture *fixture,
                             gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  guint left = 5;

  g_object_set_data (G_OBJECT (transfer), "session", fixture->session);
  g_signal_connect (transfer, "completed", G_CALLBACK (restart), &left);
  gmulti_session_start (fixture->session, transfer);
  face_wait_for (left == 0);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 5);
}

static void
note_name (GMultiTransfer *transfer,
           const GError *error,
           gpointer user_data)
{
  g_string_append (user_data, gmulti_transfer_get_title (transfer));
}

static void
test_priority (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);

  gmulti_session_set_max_active (fixture->session, 1);
  for (guint i = 0; i < 6; i++)
    {
      char title[2] = { (char) ('a' + i), '\0' };
      GMultiTransfer *transfer = new_transfer (fixture, "/hello");

      g_ptr_array_add (transfers, transfer);
      gmulti_transfer_set_title (transfer, title);
      gmulti_transfer_set_priority (transfer, i % 2 == 0 ? 1 : -1);
      g_signal_connect (transfer, "completed", G_CALLBACK (note_name), order);
      gmulti_session_start (fixture->session, transfer);
    }
  gmulti_transfer_set_priority (g_ptr_array_index (transfers, 4), -5);
  face_wait_for (order->len == 6);
  /* the first has the slot before the others are there; then by number, then by age */
  g_assert_cmpstr (order->str, ==, "aebdfc");
}

typedef struct
{
  Fixture *fixture;
  GArray *ended; /* (element-type guint): in which order */
  guint n_started;
} Line;

static void note_ended (GMultiTransfer *transfer,
                        const GError *error,
                        Line *line);

static void
start_in_line (Line *line)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (line->fixture, "/hello");

  g_object_set_data (G_OBJECT (transfer), "number", GUINT_TO_POINTER (line->n_started++));
  g_signal_connect (transfer, "completed", G_CALLBACK (note_ended), line);
  gmulti_session_start (line->fixture->session, transfer);
}

static void
note_ended (GMultiTransfer *transfer,
            const GError *error,
            Line *line)
{
  guint number = GPOINTER_TO_UINT (g_object_get_data (G_OBJECT (transfer), "number"));

  g_assert_no_error (error);
  g_array_append_val (line->ended, number);
  if (number < 300)
    start_in_line (line);
}

/* More than begin in one turn, while the first end already, and others that are started behind those. */
static void
test_in_line (Fixture *fixture,
              gconstpointer data)
{
  g_autoptr (GArray) ended = g_array_new (FALSE, FALSE, sizeof (guint));
  Line line = { fixture, ended };

  gmulti_session_set_max_connections_per_host (fixture->session, 1);
  for (guint i = 0; i < 1000; i++)
    start_in_line (&line);
  face_wait_for (ended->len == 1300);
  for (guint i = 0; i < ended->len; i++)
    g_assert_cmpuint (g_array_index (ended, guint, i), ==, i);
}

/* Who waited for long comes before one that is a little more urgent, and not before one that is much more so. */
static void
test_ageing (Fixture *fixture,
             gconstpointer data)
{
  const int priorities[] = { 2, 0, -100 };
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GMultiTransfer) holder = new_transfer (fixture, "/stall");

  gmulti_session_set_max_active (fixture->session, 1);
  gmulti_session_start (fixture->session, holder);
  for (guint i = 0; i < G_N_ELEMENTS (priorities); i++)
    {
      char title[2] = { (char) ('a' + i), '\0' };
      GMultiTransfer *transfer = new_transfer (fixture, "/hello");

      g_ptr_array_add (transfers, transfer);
      gmulti_transfer_set_title (transfer, title);
      gmulti_transfer_set_priority (transfer, priorities[i]);
      g_signal_connect (transfer, "completed", G_CALLBACK (note_name), order);
      gmulti_session_start (fixture->session, transfer);
      face_wait_for (gmulti_session_get_n_queued (fixture->session) == i + 1);
      face_run_for (400);
    }
  gmulti_transfer_cancel (holder);
  face_wait_for (order->len == 3);
  g_assert_cmpstr (order->str, ==, "cab");
}

/* A time limit begins with the transfer's turn: who waits for longer than that is still in time. */
static void
test_timeout_in_queue (Fixture *fixture,
                       gconstpointer data)
{
  g_autoptr (GMultiTransfer) holder = new_transfer (fixture, "/stall");
  g_autoptr (GMultiTransfer) patient = new_transfer (fixture, "/hello");

  gmulti_session_set_max_active (fixture->session, 1);
  gmulti_session_start (fixture->session, holder);
  gmulti_transfer_set_timeout (patient, 1500);
  gmulti_session_start (fixture->session, patient);
  face_run_for (1600);
  g_assert_cmpint (gmulti_transfer_get_wait_reason (patient), ==, GMULTI_WAIT_REASON_LIMIT);
  gmulti_transfer_cancel (holder);
  face_wait_for (gmulti_transfer_get_state (patient) >= GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_assert_cmpint (gmulti_transfer_get_state (patient), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
}

static void
note_items (GListModel *list,
            guint position,
            guint removed,
            guint added,
            gpointer user_data)
{
  g_string_append_printf (user_data, "%s%u", removed ? "-" : "+", g_list_model_get_n_items (list));
}

static void
test_list (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) early = new_transfer (fixture, "/hello");
  g_autoptr (GMultiTransfer) late = new_transfer (fixture, "/hello");
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GMultiTransfer) item = NULL;
  GListModel *list;

  gmulti_session_start (fixture->session, early);
  list = gmulti_session_get_transfers (fixture->session);
  g_assert_true (g_list_model_get_item_type (list) == GMULTI_TYPE_TRANSFER);
  if (data != NULL)
    {
      /* home is another context than the session's */
      g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
      face_wait_for (gmulti_transfer_is_finished (early));
      return;
    }

  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 1);
  item = g_list_model_get_item (list, 0);
  g_assert_true (item == early);
  g_assert_null (g_list_model_get_item (list, 1));
  g_signal_connect (list, "items-changed", G_CALLBACK (note_items), order);
  gmulti_session_start (fixture->session, late);
  g_assert_cmpuint (order->len, ==, 0);
  face_wait_for (gmulti_session_get_n_unfinished (fixture->session) == 0);
  g_assert_cmpstr (order->str, ==, "+2-1-0");
}

/* A view may keep the list longer than the session lives: it becomes empty. */
static void
test_list_outlives (Fixture *fixture,
                    gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/stall");
  g_autoptr (GListModel) list = g_object_ref (gmulti_session_get_transfers (fixture->session));

  gmulti_session_start (fixture->session, transfer);
  face_run_for (10);
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, data != NULL ? 0 : 1);
  g_clear_object (&fixture->session);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  g_assert_cmpuint (g_list_model_get_n_items (list), ==, 0);
}

/* ---- blocking ---- */

static gboolean
never_source_cb (gpointer user_data)
{
  g_assert_not_reached ();
}

static void
test_blocking (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  g_autoptr (GMultiTransfer) missing = new_transfer (fixture, "/missing");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GSource *foreign = g_idle_source_new ();

  /* nothing else of the context runs meanwhile */
  g_source_set_callback (foreign, never_source_cb, NULL, NULL);
  g_source_attach (foreign, NULL);

  bytes = gmulti_session_fetch (fixture->session, transfer, NULL, &error);
  g_assert_no_error (error);
  face_check_pattern (bytes, 7, 3000000);
  g_assert_true (gmulti_transfer_is_finished (transfer));

  g_assert_null (gmulti_session_fetch (fixture->session, missing, NULL, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
  g_source_destroy (foreign);
  g_source_unref (foreign);
}

static gpointer
fetch_in_thread (gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (fixture->big_url);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch (fixture->session, transfer, NULL, &error);

  g_assert_no_error (error);
  face_check_pattern (bytes, 7, 3000000);
  return NULL;
}

static void
test_blocking_elsewhere (Fixture *fixture,
                         gconstpointer data)
{
  GThread *threads[3];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("blocking", fetch_in_thread, fixture);
  /* at first nobody runs the loop, then this thread does */
  g_usleep (5000);
  face_run_for (100);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

static void
fetch_in_handler (GMultiTransfer *transfer,
                  const GError *error,
                  gpointer user_data)
{
  fetch_in_thread (user_data);
}

static void
test_blocking_in_handler (Fixture *fixture,
                          gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GError) error = NULL;

  g_signal_connect (transfer, "completed", G_CALLBACK (fetch_in_handler), fixture);
  g_bytes_unref (face_fetch (fixture->session, transfer, &error));
  g_assert_no_error (error);
}

static gpointer
cancel_soon (gpointer user_data)
{
  g_usleep (20000);
  g_cancellable_cancel (user_data);
  return NULL;
}

static void
test_blocking_cancel (Fixture *fixture,
                      gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/stall");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_autoptr (GError) error = NULL;

  g_assert_null (gmulti_session_fetch (fixture->session, transfer, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

/* ---- nested loops ---- */

static void
nested_cb (GMultiTransfer *transfer,
           gpointer ignored,
           gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr (GMultiTransfer) other = new_transfer (fixture, "/hello");
  g_autoptr (GError) error = NULL;

  g_bytes_unref (face_fetch (fixture->session, other, &error));
  g_assert_no_error (error);
}

static void
nested_progress_cb (GMultiTransfer *transfer,
                    gpointer user_data)
{
  nested_cb (transfer, NULL, user_data);
}

static void
test_nested (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/moved");
  g_autoptr (GString) order = g_string_new (NULL);

  g_signal_connect (transfer, "notify::state", G_CALLBACK (nested_cb), fixture);
  g_signal_connect (transfer, "redirected", G_CALLBACK (nested_cb), fixture);
  g_signal_connect (transfer, "progress", G_CALLBACK (nested_progress_cb), fixture);
  g_signal_connect (transfer, "completed", G_CALLBACK (nested_cb), fixture);
  g_signal_connect (transfer, "completed", G_CALLBACK (note_completed), order);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, note_callback, order);
  face_wait_for (g_str_has_suffix (order->str, "."));
  g_assert_cmpstr (order->str, ==, "C.");
}

/* ---- before it is needed ---- */

static gboolean
preconnect (Fixture *fixture,
            const char *uri,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  gmulti_session_preconnect_async (fixture->session, uri, cancellable, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  return gmulti_session_preconnect_finish (fixture->session, result, error);
}

static void
count_changes (GListModel *list,
               guint position,
               guint n_removed,
               guint n_added,
               gpointer user_data)
{
  ++*(guint *) user_data;
}

/* One connection, without a request; the transfer that comes later uses it, and a second call finds it. */
static void
test_preconnect (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GMultiMetrics) metrics = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  GListModel *list = data == NULL ? gmulti_session_get_transfers (fixture->session) : NULL;
  guint n_changes = 0;

  if (list != NULL)
    g_signal_connect (list, "items-changed", G_CALLBACK (count_changes), &n_changes);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (preconnect (fixture, scripted_server_url (fixture->server, "/hello"), NULL, &error));
      g_assert_no_error (error);
    }
  /* connected is what the kernel says, before the server has looked */
  for (guint i = 0; i < 1000 && scripted_server_n_connections (fixture->server) == 0; i++)
    face_run_for (10);
  g_assert_cmpuint (scripted_server_n_connections (fixture->server), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 0);
  g_assert_cmpuint (n_changes, ==, 0);
  g_assert_cmpuint (gmulti_session_get_n_unfinished (fixture->session), ==, 0);

  bytes = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "hello");
  metrics = gmulti_transfer_ref_metrics (transfer);
  g_assert_true (gmulti_metrics_is_reused (metrics));
  g_assert_cmpuint (scripted_server_n_connections (fixture->server), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (fixture->server), ==, 1);
}

static void
test_preconnect_fails (Fixture *fixture,
                       gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (preconnect (fixture, "http://127.0.0.1:1/", NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
  g_clear_error (&error);

  g_assert_false (preconnect (fixture, "http://[", NULL, &error));
  g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI);
  g_clear_error (&error);

  g_cancellable_cancel (cancellable);
  g_assert_false (preconnect (fixture, scripted_server_url (fixture->server, "/hello"), cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- the end ---- */

static void
test_close (Fixture *fixture,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/stall");
  g_autoptr (GMultiTransfer) late = new_transfer (fixture, "/hello");
  g_autoptr (GString) order = g_string_new (NULL);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  watch (transfer, order);
  gmulti_session_fetch_async (fixture->session, transfer, NULL, note_callback, order);
  face_run_for (10);
  gmulti_session_close_async (fixture->session, NULL, face_store_result, &result);
  g_assert_null (result);
  face_wait_for (result != NULL);
  g_assert_true (gmulti_session_close_finish (fixture->session, result, &error));
  g_assert_no_error (error);
  g_assert_true (g_str_has_suffix (order->str, "7E."));
  g_assert_true (scripted_server_wait_open (fixture->server, 0, 2000));

  g_assert_null (face_fetch (fixture->session, late, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static void
test_finalize_running (Fixture *fixture,
                       gconstpointer data)
{
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_completed = 0;

  for (guint i = 0; i < 1000; i++)
    {
      GMultiTransfer *transfer = new_transfer (fixture, "/stall");

      g_signal_connect (transfer, "completed", G_CALLBACK (count_completed), &n_completed);
      g_ptr_array_add (transfers, transfer);
      gmulti_session_start (fixture->session, transfer);
    }
  if (g_random_boolean ())
    face_run_for (20);
  g_clear_object (&fixture->session);
  face_wait_for (n_completed == 1000);
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (gmulti_transfer_get_state (g_ptr_array_index (transfers, i)), ==,
                     GMULTI_TRANSFER_STATE_CANCELLED);
}

/* A call keeps the session, and with it the transfer, until its callback. */
static void
test_task_holds (Fixture *fixture,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GObject) source = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_session_fetch_async (fixture->session, transfer, NULL, face_store_result, &result);
  g_clear_object (&fixture->session);
  g_clear_object (&transfer);
  face_wait_for (result != NULL);
  source = g_async_result_get_source_object (result);
  bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, NULL);
  face_check_text (bytes, "hello");
}

static void
drop_session (GMultiTransfer *transfer,
              const GError *error,
              gpointer user_data)
{
  g_clear_object (&((Fixture *) user_data)->session);
}

static void
test_drop_in_handler (Fixture *fixture,
                      gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");
  g_autoptr (GMultiTransfer) other = new_transfer (fixture, "/stall");
  guint n_completed = 0;

  g_signal_connect (transfer, "completed", G_CALLBACK (drop_session), fixture);
  g_signal_connect (other, "completed", G_CALLBACK (count_completed), &n_completed);
  gmulti_session_start (fixture->session, other);
  gmulti_session_start (fixture->session, transfer);
  face_wait_for (n_completed == 1);
  g_assert_null (fixture->session);
}

static gpointer
drop_in_thread (gpointer user_data)
{
  g_object_unref (user_data);
  return NULL;
}

static void
test_drop_in_thread (Fixture *fixture,
                     gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/stall");
  guint n_completed = 0;

  g_signal_connect (transfer, "completed", G_CALLBACK (count_completed), &n_completed);
  gmulti_session_start (fixture->session, transfer);
  face_run_for (5);
  g_thread_join (g_thread_new ("drop", drop_in_thread, g_steal_pointer (&fixture->session)));
  face_wait_for (n_completed == 1);
}

static void
test_settings (Fixture *fixture,
               gconstpointer data)
{
  g_autofree char *agent = NULL;
  guint host = 0;
  int priority = 0;

  g_object_get (fixture->session, "max-connections-per-host", &host, "priority", &priority, "user-agent", &agent, NULL);
  g_assert_cmpuint (host, ==, 6);
  g_assert_cmpint (priority, ==, 130);
  g_assert_true (g_str_has_prefix (agent, "libgmulti/"));
  g_object_set (fixture->session, "max-active", 3, "user-agent", "test", "progress-interval", 5, NULL);
  g_assert_cmpuint (gmulti_session_get_max_active (fixture->session), ==, 3);
  g_assert_cmpuint (gmulti_session_get_progress_interval (fixture->session), ==, 5);
  g_assert_cmpint (gmulti_session_is_threaded (fixture->session), ==, data != NULL);
}

/* ---- names ---- */

static GMultiTransfer *
new_far_transfer (Fixture *fixture,
                  const char *host)
{
  g_autofree char *uri = g_strdup_printf ("http://%s:%u/hello", host, scripted_server_port (fixture->server));

  return gmulti_transfer_new (uri);
}

/* A server is asked for names that the system does not know, and trusted by the session's file of authorities. */
static void
test_doh (Fixture *fixture,
          gconstpointer data)
{
  static NameServer names;
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  g_autofree char *uri = g_strdup_printf ("https://127.0.0.1:%u/dns-query", scripted_server_port (server));
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GMultiTransfer) stranger = new_far_transfer (fixture, "far.example");
  g_autoptr (GMultiTransfer) transfer = new_far_transfer (fixture, "far.example");
  g_autoptr (GMultiTransfer) missing = new_far_transfer (fixture, g_get_host_name ());
  g_autoptr (GMultiTransfer) system = new_far_transfer (fixture, "far.invalid");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *kept = NULL;

  names = (NameServer){ .ttl = 300 };
  scripted_server_on (server, "POST /dns-query", scripted_answer_handler (scripted_answer_new (), name_server_answer, &names));
  gmulti_session_set_doh_uri (fixture->session, uri);
  g_object_get (fixture->session, "doh-uri", &kept, NULL);
  g_assert_cmpstr (kept, ==, uri);

  g_assert_null (face_fetch (fixture->session, stranger, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_INTERNAL);
  g_clear_error (&error);
  g_assert_cmpint (g_atomic_int_get (&names.n_asked), ==, 0);

  gmulti_session_set_tls_database (fixture->session, database);
  bytes = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "hello");
  g_assert_cmpint (g_atomic_int_get (&names.n_asked), >=, 1);

  /* The system knows this one, and is not asked. */
  names.code = 3;
  g_assert_null (face_fetch (fixture->session, missing, &error));
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  g_clear_error (&error);

  g_object_set (fixture->session, "doh-uri", NULL, NULL);
  g_assert_null (face_fetch (fixture->session, system, &error));
  g_assert_true (error->domain == G_RESOLVER_ERROR); /* as the system has it */
  g_assert_cmpint (g_atomic_int_get (&names.n_asked), <=, 4);
}

/* A database that knows nothing but whom it is asked about, and finds nothing wrong with it. */
typedef struct
{
  GTlsDatabase parent_instance;
  gint n_asked; /* atomic */
} KindDatabase;

typedef GTlsDatabaseClass KindDatabaseClass;

GType kind_database_get_type (void);
G_DEFINE_TYPE (KindDatabase, kind_database, G_TYPE_TLS_DATABASE)

static GTlsCertificateFlags
kind_database_verify_chain (GTlsDatabase *database,
                            GTlsCertificate *chain,
                            const char *purpose,
                            GSocketConnectable *identity,
                            GTlsInteraction *interaction,
                            GTlsDatabaseVerifyFlags flags,
                            GCancellable *cancellable,
                            GError **error)
{
  g_autofree char *name = g_socket_connectable_to_string (identity);

  g_assert_nonnull (strstr (name, "127.0.0.1"));
  g_atomic_int_inc (&((KindDatabase *) database)->n_asked);
  return 0;
}

static void
kind_database_class_init (KindDatabaseClass *klass)
{
  klass->verify_chain = kind_database_verify_chain;
}

static void
kind_database_init (KindDatabase *self)
{
}

typedef struct
{
  GMultiTransfer *asked; /* (unowned): the last one */
  GMultiTrustCheck *check; /* (owned) (nullable): left open */
  gboolean accepts;
  guint n_asked;
} Trust;

static gboolean
check_trust_cb (GMultiTransfer *transfer,
                GMultiTrustCheck *check,
                gpointer data)
{
  Trust *trust = data;

  g_assert_cmpstr (gmulti_trust_check_get_host (check), ==, "127.0.0.1");
  trust->n_asked++;
  trust->asked = transfer;
  if (trust->accepts)
    gmulti_trust_check_accept (check);
  else
    g_set_object (&trust->check, check);
  return TRUE;
}

/* Who is asked about the server of names: whoever waits for it. */
static void
test_doh_trust (Fixture *fixture,
                gconstpointer data)
{
  static NameServer names;
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  g_autofree char *uri = g_strdup_printf ("https://127.0.0.1:%u/dns-query", scripted_server_port (server));
  g_autoptr (GTlsDatabase) database = g_object_new (kind_database_get_type (), NULL);
  GMultiTransfer *transfers[6];
  g_autoptr (GAsyncResult) first = NULL, second = NULL;
  g_autoptr (GBytes) bytes = NULL, others = NULL;
  g_autoptr (GError) error = NULL;
  Trust trust = { 0 };

  names = (NameServer){ .ttl = 0 };
  scripted_server_on (server, "POST /dns-query", scripted_answer_handler (scripted_answer_new (), name_server_answer, &names));
  gmulti_session_set_doh_uri (fixture->session, uri);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i / 2);

      transfers[i] = new_far_transfer (fixture, host);
      if (i < 4)
        g_signal_connect (transfers[i], "check-trust", G_CALLBACK (check_trust_cb), &trust);
    }

  /* two wait for one name, and the one that is asked goes */
  gmulti_session_fetch_async (fixture->session, transfers[0], NULL, face_store_result, &first);
  gmulti_session_fetch_async (fixture->session, transfers[1], NULL, face_store_result, &second);
  face_wait_for (trust.n_asked == 1 && gmulti_transfer_get_wait_reason (trust.asked) == GMULTI_WAIT_REASON_ANSWER);
  g_assert_true (trust.asked == transfers[0]);
  trust.accepts = TRUE;
  gmulti_transfer_cancel (transfers[0]);
  face_wait_for (first != NULL && second != NULL);
  g_assert_null (gmulti_session_fetch_finish (fixture->session, first, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_object (&trust.check);
  bytes = gmulti_session_fetch_finish (fixture->session, second, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "hello");
  g_assert_true (trust.asked == transfers[1]);

  /* who says no has no address; whom nobody asks has none either */
  gmulti_session_forget_logins (fixture->session);
  trust.accepts = FALSE;
  g_clear_object (&first);
  g_object_set (transfers[2], "new-connection", TRUE, NULL);
  gmulti_session_fetch_async (fixture->session, transfers[2], NULL, face_store_result, &first);
  while (first == NULL)
    {
      g_main_context_iteration (NULL, TRUE);
      if (trust.check != NULL)
        gmulti_trust_check_reject (trust.check);
      g_clear_object (&trust.check);
    }
  g_assert_null (gmulti_session_fetch_finish (fixture->session, first, &error));
  g_assert_true (error->domain == G_RESOLVER_ERROR);
  g_clear_error (&error);
  g_assert_null (face_fetch (fixture->session, transfers[4], &error));
  g_assert_true (error->domain == G_RESOLVER_ERROR);
  g_clear_error (&error);

  /* a database of the application's, in a call that waits */
  gmulti_session_set_tls_database (fixture->session, database);
  others = gmulti_session_fetch (fixture->session, transfers[5], NULL, &error);
  g_assert_no_error (error);
  face_check_text (others, "hello");
  g_assert_cmpint (g_atomic_int_get (&((KindDatabase *) database)->n_asked), >=, 1);

  /* and a session goes with its question open */
  gmulti_session_set_tls_database (fixture->session, NULL);
  gmulti_session_start (fixture->session, transfers[3]);
  face_run_for (100);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    g_object_unref (transfers[i]);
  g_clear_object (&trust.check);
}

/* Where one comes from is nobody's business who listens: neither a redirect under TLS nor one without takes it off, but one
 * that leads from the one to the other. */
static void
test_referer (Fixture *fixture,
              gconstpointer data)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  const char *const plain = scripted_server_url (fixture->server, "/hello");
  const char *const begins[] = { scripted_server_url (server, "/one"), plain };

  scripted_server_on (server, "/one", scripted_answer_redirect (302, "/two"));
  scripted_server_on (server, "/two", scripted_answer_redirect (302, plain));
  gmulti_session_set_tls_database (fixture->session, database);
  for (guint i = 0; i < G_N_ELEMENTS (begins); i++)
    {
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (begins[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      gmulti_transfer_set_header (transfer, "Referer", "https://secret.example/");
      gmulti_transfer_set_header (transfer, "X-Other", "stays");
      bytes = face_fetch (fixture->session, transfer, &error);
      g_assert_no_error (error);
      face_check_text (bytes, "hello");
    }

  for (guint i = 0; i < 2; i++)
    g_assert_cmpstr (scripted_request_header (scripted_server_request (server, i), "Referer"), ==, "https://secret.example/");
  g_assert_null (scripted_request_header (scripted_server_request (fixture->server, 0), "Referer"));
  g_assert_cmpstr (scripted_request_header (scripted_server_request (fixture->server, 0), "X-Other"), ==, "stays");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (fixture->server, 1), "Referer"), ==,
                   "https://secret.example/");
}

/* A session that goes while a question is out takes it along; so does whoever loses interest. */
static void
test_doh_given_up (Fixture *fixture,
                   gconstpointer data)
{
  static NameServer names;
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  g_autofree char *uri = g_strdup_printf ("https://127.0.0.1:%u/dns-query", scripted_server_port (server));
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  g_autoptr (GMultiTransfer) cancelled = new_far_transfer (fixture, "far.example");
  g_autoptr (GMultiTransfer) left = new_far_transfer (fixture, "far.example");
  guint n_completed = 0;

  names = (NameServer){ .stalls = TRUE };
  scripted_server_on (server, "POST /dns-query", scripted_answer_handler (scripted_answer_new (), name_server_answer, &names));
  gmulti_session_set_doh_uri (fixture->session, uri);
  gmulti_session_set_tls_database (fixture->session, database);
  g_signal_connect (cancelled, "completed", G_CALLBACK (count_completed), &n_completed);
  g_signal_connect (left, "completed", G_CALLBACK (count_completed), &n_completed);
  gmulti_session_start (fixture->session, cancelled);
  gmulti_session_start (fixture->session, left);
  face_wait_for (g_atomic_int_get (&names.n_asked) == 2);
  g_assert_cmpuint (gmulti_session_get_n_active (fixture->session), ==, 2);
  gmulti_transfer_cancel (cancelled);
  face_wait_for (n_completed == 1);
  g_clear_object (&fixture->session);
  face_wait_for (n_completed == 2);
}

/* What all receive together is limited, each has its part of it, and the limit can be lifted. */
static void
test_rate (Fixture *fixture,
           gconstpointer data)
{
  g_autoptr (GMultiTransfer) first = new_transfer (fixture, "/big");
  g_autoptr (GMultiTransfer) second = new_transfer (fixture, "/big");
  gint64 begin = g_get_monotonic_time ();
  guint64 received;

  gmulti_session_set_max_download_rate (fixture->session, 1000000);
  gmulti_session_start (fixture->session, first);
  gmulti_session_start (fixture->session, second);
  face_run_for (800);
  received = gmulti_transfer_get_bytes_received (first) + gmulti_transfer_get_bytes_received (second);
  /* and a fifth of a second's worth at once */
  g_assert_cmpfloat ((double) received, <=,
                     (double) (g_get_monotonic_time () - begin + 200000) / G_USEC_PER_SEC * 1000000);
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (first), >, received / 5);
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (second), >, received / 5);
  g_assert_cmpuint (gmulti_session_get_speed (fixture->session), >, 0);
  g_assert_cmpfloat (gmulti_session_get_fraction (fixture->session), >, 0);
  g_assert_cmpfloat (gmulti_session_get_fraction (fixture->session), <, 0.7);

  begin = g_get_monotonic_time ();
  gmulti_session_set_max_download_rate (fixture->session, 1);
  face_run_for (100);
  g_assert_false (gmulti_transfer_is_finished (first));
  gmulti_session_set_max_download_rate (fixture->session, 0);
  face_wait_for (gmulti_transfer_is_finished (first) && gmulti_transfer_is_finished (second));
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpint (gmulti_transfer_get_state (first), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_assert_cmpint (gmulti_transfer_get_state (second), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
}

static void
test_upload_rate (Fixture *fixture,
                  gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/echo");
  g_autofree char *text = g_strnfill (150000, 'u');
  g_autoptr (GBytes) body = g_bytes_new (text, 150000);
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;
  gint64 begin = g_get_monotonic_time ();

  scripted_server_on (fixture->server, "/echo", scripted_answer_echo (scripted_answer_new ()));
  gmulti_session_set_max_upload_rate (fixture->session, 100000);
  gmulti_transfer_set_method (transfer, "POST");
  gmulti_transfer_set_body_bytes (transfer, "text/plain", body);
  answer = face_fetch (fixture->session, transfer, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer), ==, 150000);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, G_USEC_PER_SEC);
}

static void
count_cb (GObject *session,
          GParamSpec *pspec,
          gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_counts (Fixture *fixture,
             gconstpointer data)
{
  guint n_active = 0, n_queued = 0;
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);

  gmulti_session_set_max_active (fixture->session, 2);
  g_signal_connect (fixture->session, "notify::n-active", G_CALLBACK (count_cb), &n_active);
  g_signal_connect (fixture->session, "notify::n-queued", G_CALLBACK (count_cb), &n_queued);
  g_assert_cmpuint (gmulti_session_get_n_active (fixture->session), ==, 0);
  g_assert_cmpfloat (gmulti_session_get_fraction (fixture->session), >=, 1);
  for (guint i = 0; i < 5; i++)
    {
      g_ptr_array_add (transfers, new_transfer (fixture, "/stall"));
      gmulti_session_start (fixture->session, transfers->pdata[i]);
    }
  face_wait_for (gmulti_session_get_n_active (fixture->session) == 2
                 && gmulti_session_get_n_queued (fixture->session) == 3);
  gmulti_transfer_cancel (transfers->pdata[0]);
  face_wait_for (gmulti_session_get_n_queued (fixture->session) == 2);
  gmulti_session_cancel_all (fixture->session);
  face_wait_for (gmulti_session_get_n_unfinished (fixture->session) == 0);
  g_assert_cmpuint (gmulti_session_get_n_active (fixture->session), ==, 0);
  g_assert_cmpuint (gmulti_session_get_n_queued (fixture->session), ==, 0);

  /* a thread of its own is no place for handlers of somebody else's */
  if (data != NULL)
    {
      g_assert_cmpuint (n_active + n_queued, ==, 0);
      return;
    }
  face_wait_for (n_active >= 2);
  g_assert_cmpuint (n_queued, >=, 2);
}

static void
add (const char *name,
     void (*func) (Fixture *fixture, gconstpointer data))
{
  g_autofree char *own = g_strconcat ("/session/own/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/session/threaded/", name, NULL);

  g_test_add (own, Fixture, NULL, set_up, func, tear_down);
  g_test_add (threaded, Fixture, "threaded", set_up, func, tear_down);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add ("fetch", test_fetch);
  add ("again", test_again);
  add ("big", test_big);
  add ("failures", test_failures);
  add ("not-started", test_not_started);
  add ("accept-status", test_accept_status);
  add ("busy", test_busy);
  add ("order", test_order);
  add ("cancel", test_cancel);
  add ("cancel-method", test_cancel_method);
  add ("cancel-late", test_cancel_late);
  add ("pause", test_pause);
  add ("start", test_start);
  add ("start-again-in-handler", test_start_again_in_handler);
  add ("priority", test_priority);
  add ("in-line", test_in_line);
  add ("ageing", test_ageing);
  add ("timeout-in-queue", test_timeout_in_queue);
  add ("list", test_list);
  add ("list-outlives", test_list_outlives);
  add ("blocking", test_blocking);
  add ("blocking-elsewhere", test_blocking_elsewhere);
  add ("blocking-in-handler", test_blocking_in_handler);
  add ("blocking-cancel", test_blocking_cancel);
  add ("nested", test_nested);
  add ("preconnect", test_preconnect);
  add ("preconnect-fails", test_preconnect_fails);
  add ("close", test_close);
  add ("finalize-running", test_finalize_running);
  add ("task-holds", test_task_holds);
  add ("drop-in-handler", test_drop_in_handler);
  add ("drop-in-thread", test_drop_in_thread);
  add ("settings", test_settings);
  add ("doh", test_doh);
  add ("doh-given-up", test_doh_given_up);
  add ("doh-trust", test_doh_trust);
  add ("referer", test_referer);
  add ("rate", test_rate);
  add ("upload-rate", test_upload_rate);
  add ("counts", test_counts);
  return g_test_run ();
}
