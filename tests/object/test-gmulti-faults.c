/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "fault-layer.h"
#include "gmulti-session-private.h"

#include <string.h>

/* Whole exchanges of the object face over real sockets, with a fault at each single byte of each direction, by each way of
 * having the body. Whatever happens: one completion, told in its order; what arrives is right up to where it ends; a file
 * is whole or not there; and the session goes with its last reference. */

typedef enum
{
  WAY_FETCH,
  WAY_STREAM,
  WAY_SPLICE,
  WAY_DOWNLOAD,
  N_WAYS,
} Way;

static const char *const way_names[N_WAYS] = { "fetch", "stream", "splice", "download" };

typedef struct
{
  const char *name;
  void (*script) (ScriptedServer *server);
  void (*set_up) (GMultiTransfer *transfer);
  guint status;
  const char *body;
  const char *redirects; /* an R for each */
  guint n_requests;
} Exchange;

typedef struct
{
  const Exchange *exchange;
  Way way;
} Test;

typedef struct
{
  const Exchange *exchange;
  Way way;
  FaultPlan *plan; /* (unowned) */
  const char *folder; /* (unowned) */
  GMultiSession *session; /* (owned) */
  GMultiTransfer *transfer; /* (owned) */
  GInputStream *stream; /* (owned) (nullable) */
  GByteArray *body; /* (owned) */
  GError *error; /* (owned) (nullable) */
  GString *order; /* (owned) */
  gboolean over;
} Run;

/* ---- the exchanges ---- */

static void
script_length (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_text (200, "X: y\r\n", "hello"));
}

static void
script_chunked (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_chunked (200, NULL, "hello chunks", 5, "T-One: 1\r\n"));
}

static void
script_continue (ScriptedServer *server)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));

  scripted_server_on (server, "POST /a", scripted_answer_echo (scripted_answer_wait_body (answer, G_MAXUINT64)));
}

static void
set_up_continue (GMultiTransfer *transfer)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("posted data", 11);

  gmulti_transfer_set_method (transfer, "POST");
  gmulti_transfer_set_body_bytes (transfer, "text/plain", bytes);
  gmulti_transfer_set_header (transfer, "Expect", "100-continue");
}

static void
script_redirect (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a",
                      scripted_answer_end (scripted_answer_exact ("HTTP/1.1 302 F\r\nLocation: /b\r\nConnection: close\r\n"
                                                                  "Content-Length: 4\r\n\r\ngone"),
                                           SCRIPTED_END_FIN));
  scripted_server_on (server, "GET /b", scripted_answer_text (200, NULL, "there"));
}

static void
script_head (ScriptedServer *server)
{
  scripted_server_on (server, "HEAD /a", scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"));
}

static void
set_up_head (GMultiTransfer *transfer)
{
  gmulti_transfer_set_method (transfer, "HEAD");
}

static void
script_resume (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_text (206, "Content-Range: bytes 6-10/11\r\n", "world"));
}

static void
set_up_resume (GMultiTransfer *transfer)
{
  gmulti_transfer_set_range (transfer, 6, -1);
}

static const Exchange exchanges[] = {
  { "length", script_length, NULL, 200, "hello", "", 1 },
  { "chunked-trailers", script_chunked, NULL, 200, "hello chunks", "", 1 },
  { "continue", script_continue, set_up_continue, 200, "posted data", "", 1 },
  { "redirect", script_redirect, NULL, 200, "there", "R", 2 },
  { "head", script_head, set_up_head, 200, "", "", 1 },
  { "resume", script_resume, set_up_resume, 206, "world", "", 1 },
};

/* ---- one run ---- */

static void
redirected_cb (GMultiTransfer *transfer,
               const char *uri,
               Run *run)
{
  g_string_append_c (run->order, 'R');
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              Run *run)
{
  g_string_append_c (run->order, error != NULL ? 'E' : 'C');
}

static void
read_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (run->stream, result, &run->error);

  if (bytes == NULL || g_bytes_get_size (bytes) == 0)
    {
      run->over = TRUE;
      return;
    }
  g_byte_array_append (run->body, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_input_stream_read_bytes_async (run->stream, 7, G_PRIORITY_DEFAULT, NULL, read_cb, run);
}

static void
take_file (Run *run,
           GFile *file)
{
  g_autoptr (GBytes) bytes = g_file_load_bytes (file, NULL, NULL, &run->error);

  g_assert_no_error (run->error);
  g_byte_array_append (run->body, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
  g_file_delete (file, NULL, &run->error);
}

static void
finished_cb (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  Run *run = user_data;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GFile) file = NULL;

  g_string_append_c (run->order, '.');
  switch (run->way)
    {
    case WAY_FETCH:
      bytes = gmulti_session_fetch_finish (run->session, result, &run->error);
      if (bytes != NULL)
        g_byte_array_append (run->body, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
      break;
    case WAY_STREAM:
      run->stream = gmulti_session_open_finish (run->session, result, &run->error);
      if (run->stream != NULL)
        {
          g_input_stream_read_bytes_async (run->stream, 7, G_PRIORITY_DEFAULT, NULL, read_cb, run);
          return;
        }
      break;
    case WAY_SPLICE:
      gmulti_session_splice_finish (run->session, result, &run->error);
      break;
    case WAY_DOWNLOAD:
      file = gmulti_session_download_finish (run->session, result, &run->error);
      if (file != NULL)
        take_file (run, file);
      break;
    case N_WAYS:
    default:
      g_assert_not_reached ();
    }
  run->over = TRUE;
}

static void
run_init (Run *run,
          ScriptedServer *server,
          const Test *test,
          FaultPlan *plan,
          const char *folder)
{
  const char *url = scripted_server_url (server, "/a");

  *run = (Run){ .exchange = test->exchange, .way = test->way, .plan = plan, .folder = folder };
  run->session = gmulti_session_new ();
  gm_pool_set_hooks (gm_multi_get_pool (gm_core_get_multi (gm_face_session_get_core (run->session))), NULL,
                     fault_layer_wrap, plan);
  run->order = g_string_new (NULL);
  run->body = g_byte_array_new ();
  if (run->way == WAY_DOWNLOAD)
    {
      g_autofree char *path = g_build_filename (folder, "file", NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);

      run->transfer = GMULTI_TRANSFER (gmulti_download_new (url, file));
    }
  else
    run->transfer = gmulti_transfer_new (url);
  if (run->exchange->set_up != NULL)
    run->exchange->set_up (run->transfer);
  g_signal_connect (run->transfer, "redirected", G_CALLBACK (redirected_cb), run);
  g_signal_connect (run->transfer, "completed", G_CALLBACK (completed_cb), run);
}

static void
run_until_done (Run *run)
{
  g_autoptr (GOutputStream) sink = NULL;
  GByteArray *spliced = run->body;

  switch (run->way)
    {
    case WAY_FETCH:
      gmulti_session_fetch_async (run->session, run->transfer, NULL, finished_cb, run);
      break;
    case WAY_STREAM:
      gmulti_session_open_async (run->session, run->transfer, NULL, finished_cb, run);
      break;
    case WAY_SPLICE:
      sink = g_memory_output_stream_new_resizable ();
      gmulti_session_splice_async (run->session, run->transfer, sink, G_OUTPUT_STREAM_SPLICE_NONE, NULL, finished_cb, run);
      break;
    case WAY_DOWNLOAD:
      gmulti_session_download_async (run->session, GMULTI_DOWNLOAD (run->transfer), NULL, finished_cb, run);
      break;
    case N_WAYS:
    default:
      g_assert_not_reached ();
    }
  face_wait_for (run->over && strpbrk (run->order->str, "CE") != NULL);
  if (sink != NULL)
    g_byte_array_append (spliced, g_memory_output_stream_get_data (G_MEMORY_OUTPUT_STREAM (sink)),
                         (guint) g_memory_output_stream_get_data_size (G_MEMORY_OUTPUT_STREAM (sink)));
}

static void
check_order (Run *run,
             char end)
{
  g_autofree char *callback_last = g_strdup_printf ("%c.", end);
  g_autofree char *callback_first = g_strdup_printf (".%c", end);
  const char *rest = run->order->str;

  /* A transfer that broke may not have got so far. */
  while (*rest == 'R')
    rest++;
  if (end == 'C')
    g_assert_cmpint (rest - run->order->str, ==, (gssize) strlen (run->exchange->redirects));
  /* An open is done when the head is there. */
  if (run->way != WAY_STREAM || !g_str_equal (rest, callback_first))
    g_assert_cmpstr (rest, ==, callback_last);
}

static void
check_success (Run *run)
{
  const Exchange *exchange = run->exchange;
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (run->transfer);

  g_assert_no_error (run->error);
  g_assert_cmpmem (run->body->data, run->body->len, exchange->body, strlen (exchange->body));
  g_assert_cmpuint (gmulti_response_get_status (response), ==, exchange->status);
  g_assert_cmpint (gmulti_transfer_get_state (run->transfer), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  if (exchange->script == script_chunked)
    {
      g_autoptr (GMultiHeaders) trailers = gmulti_transfer_ref_trailers (run->transfer);

      g_assert_cmpstr (gmulti_headers_get_value (trailers, "t-one"), ==, "1");
    }
  check_order (run, 'C');
}

static void
check_failure (Run *run)
{
  g_assert_error (run->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_true (gmulti_error_is_transient (run->error));
  g_assert_cmpuint (run->body->len, <=, strlen (run->exchange->body));
  g_assert_cmpmem (run->body->data, run->body->len, run->exchange->body, run->body->len);
  g_assert_cmpint (gmulti_transfer_get_state (run->transfer), ==, GMULTI_TRANSFER_STATE_FAILED);
  check_order (run, 'E');
}

static void
run_clear (Run *run)
{
  g_autofree char *left = face_folder_list (run->folder);

  g_assert_cmpstr (left, ==, "");
  g_clear_object (&run->stream);
  g_clear_error (&run->error);
  face_assert_finalized (run->transfer);
  face_assert_finalized (run->session);
  g_string_free (run->order, TRUE);
  g_byte_array_unref (run->body);
}

/* TRUE: it went well. */
static gboolean
run_once (ScriptedServer *server,
          const Test *test,
          FaultPlan *plan,
          const char *folder)
{
  guint n_before = scripted_server_n_requests (server);
  gboolean good;
  Run run;

  run_init (&run, server, test, plan, folder);
  run_until_done (&run);
  good = run.error == NULL;
  if (good)
    {
      check_success (&run);
      g_assert_cmpuint (scripted_server_n_requests (server) - n_before, ==, test->exchange->n_requests);
    }
  else
    check_failure (&run);
  run_clear (&run);
  fault_plan_clear (plan);
  return good;
}

/* ---- the tests ---- */

/* Tools that slow everything down look at one byte in so many. */
static guint
get_step (void)
{
  return g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 23 : g_getenv ("ASAN_OPTIONS") != NULL ? 5 : 1;
}

static void
test_each_byte (gconstpointer data)
{
  const Test *test = data;
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  char *folder = face_folder_new ();
  FaultPlan whole = { FAULT_NONE };
  guint n_runs = 0, n_failed = 0;

  test->exchange->script (server);
  g_assert_true (run_once (server, test, &whole, folder));
  for (FaultKind kind = FAULT_SHORT; kind <= FAULT_RESET; kind++)
    for (guint sending = 0; sending < 2; sending++)
      for (guint64 at = 0; at < (sending ? whole.n_sent : whole.n_received); at += get_step ())
        {
          FaultPlan plan = { kind, (gboolean) sending, at, 500 };
          gboolean good = run_once (server, test, &plan, folder);

          g_assert_true (plan.happened || kind == FAULT_SHORT);
          g_assert_true (good || kind == FAULT_RESET);
          n_failed += !good;
          n_runs++;
        }
  g_test_message ("%" G_GUINT64_FORMAT " bytes out, %" G_GUINT64_FORMAT " in, %u runs, %u of them failed", whole.n_sent,
                  whole.n_received, n_runs, n_failed);
  g_assert_cmpuint (n_failed, >, 0);
  scripted_server_free (server);
  face_folder_free (folder);
}

static void
test_random (gconstpointer data)
{
  const Test *test = data;
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  char *folder = face_folder_new ();

  test->exchange->script (server);
  for (guint seed = 1; seed <= 60; seed += get_step ())
    {
      FaultPlan plan = { .kind = FAULT_RANDOM, .seed = seed };

      g_assert_true (run_once (server, test, &plan, folder));
    }
  scripted_server_free (server);
  face_folder_free (folder);
}

int
main (int argc,
      char *argv[])
{
  static Test tests[G_N_ELEMENTS (exchanges)][N_WAYS];

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (exchanges); i++)
    for (guint way = 0; way < N_WAYS; way++)
      {
        g_autofree char *each = g_strdup_printf ("/faults/%s/%s/each-byte", exchanges[i].name, way_names[way]);
        g_autofree char *all = g_strdup_printf ("/faults/%s/%s/random", exchanges[i].name, way_names[way]);

        tests[i][way] = (Test){ &exchanges[i], (Way) way };
        g_test_add_data_func (each, &tests[i][way], test_each_byte);
        g_test_add_data_func (all, &tests[i][way], test_random);
      }
  return g_test_run ();
}
