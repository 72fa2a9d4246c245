/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>

/* The list of what HTTP/1.1 servers do, through the object face: each exchange by each way of having a body, on the
 * main loop (with both kinds of watches, see meson.build) and blocking. What arrives, which error, what the server saw,
 * one completion each, and nothing left behind. */

typedef enum
{
  WAY_FETCH,
  WAY_STREAM,
  WAY_SPLICE,
  WAY_DOWNLOAD,
  WAY_BLOCKING,
  N_WAYS,
} Way;

static const char *const way_names[N_WAYS] = { "fetch", "stream", "splice", "download", "blocking" };

typedef enum
{
  GOOD,
  OWN_ERROR, /* of GMULTI_TRANSFER_ERROR */
  IO_ERROR,
} Kind;

typedef struct
{
  const char *name;
  void (*script) (ScriptedServer *server);
  void (*set_up) (GMultiTransfer *transfer,
                  ScriptedServer *server); /* (nullable) */
  const char *answer; /* instead of a script: exactly this to "/a", and then the end of the connection */
  guint status;
  const char *body;
  Kind kind;
  int code;
  const char *log; /* (nullable) */
  guint n_redirects;
} Exchange;

typedef struct
{
  const Exchange *exchange;
  Way way;
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  char *folder; /* (owned) (nullable) */
  GString *order;
  GBytes *body; /* (owned) (nullable) */
  GError *error; /* (owned) (nullable) */
} Run;

/* --- servers --- */

static void
script_length (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_text (200, "X-One: 1\r\n", "hello"));
}

static void
script_empty (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, ""));
}

static void
script_chunked (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_chunked (200, NULL, "hello chunks", 5, "X-Trailer: t\r\n"));
}

static void
script_every_byte (ScriptedServer *server)
{
  ScriptedAnswer *answer = scripted_answer_split (scripted_answer_new (), 1, 200);

  scripted_server_on (
    server, "GET /a",
    scripted_answer_send (answer,
                          "HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n"));
}

static void
script_head (ScriptedServer *server)
{
  scripted_server_on (server, "HEAD /a", scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"));
}

static void
set_head (GMultiTransfer *transfer,
          ScriptedServer *server)
{
  gmulti_transfer_set_method (transfer, "HEAD");
}

static void
script_not_found (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_text (404, NULL, "sorry"));
}

static void
script_redirect (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (server, "GET /b", scripted_answer_redirect (308, "c?d"));
  scripted_server_on (server, "GET /c?d", scripted_answer_text (200, NULL, "there"));
}

static void
script_loop (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_redirect (302, "/a"));
}

static void
set_three (GMultiTransfer *transfer,
           ScriptedServer *server)
{
  gmulti_transfer_set_max_redirects (transfer, 3);
}

static void
script_elsewhere (ScriptedServer *server)
{
  g_autofree char *url = g_strdup_printf ("http://localhost:%u/b", scripted_server_port (server));

  scripted_server_on (server, "GET /a", scripted_answer_redirect (302, url));
  scripted_server_on (server, "GET /b", scripted_answer_text (200, NULL, "elsewhere"));
}

static void
set_same_origin (GMultiTransfer *transfer,
                 ScriptedServer *server)
{
  gmulti_transfer_set_redirects (transfer, GMULTI_REDIRECTS_SAME_ORIGIN);
}

static void
set_no_redirects (GMultiTransfer *transfer,
                  ScriptedServer *server)
{
  gmulti_transfer_set_redirects (transfer, GMULTI_REDIRECTS_NEVER);
  gmulti_transfer_set_accept_status (transfer, TRUE);
}

static void
script_to_file (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_redirect (302, "file:///etc/hostname"));
}

static void
set_secrets (GMultiTransfer *transfer,
             ScriptedServer *server)
{
  gmulti_transfer_set_bearer_token (transfer, "t0k3n");
  gmulti_transfer_set_header (transfer, "Cookie", "a=b");
  gmulti_transfer_set_header (transfer, "X-Harmless", "yes");
}

static void
script_echo (ScriptedServer *server)
{
  scripted_server_on (server, "POST /a", scripted_answer_echo (scripted_answer_new ()));
  scripted_server_on (server, "PUT /a", scripted_answer_echo (scripted_answer_new ()));
}

static void
set_post (GMultiTransfer *transfer,
          ScriptedServer *server)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("posted", 6);

  gmulti_transfer_set_method (transfer, "POST");
  gmulti_transfer_set_body_bytes (transfer, "text/plain", bytes);
}

static void
set_put_stream (GMultiTransfer *transfer,
                ScriptedServer *server)
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_data ("from a stream", 13, NULL);

  gmulti_transfer_set_method (transfer, "PUT");
  gmulti_transfer_set_body_stream (transfer, NULL, stream, -1);
}

static void
script_moved_post (ScriptedServer *server)
{
  scripted_server_on (server, "POST /a", scripted_answer_redirect (307, "/b"));
  scripted_server_on (server, "POST /b", scripted_answer_echo (scripted_answer_new ()));
}

static void
script_seen_post (ScriptedServer *server)
{
  scripted_server_on (server, "POST /a", scripted_answer_redirect (303, "/b"));
  scripted_server_on (server, "GET /b", scripted_answer_text (200, NULL, "seen"));
}

static const ScriptedResource resource = { 9, 1000, "\"v1\"", NULL };

static void
script_resource (ScriptedServer *server)
{
  scripted_server_on (server, "/a", scripted_answer_text (206, "Content-Range: bytes 6-10/11\r\n", "world"));
}

static void
set_beginning (GMultiTransfer *transfer,
               ScriptedServer *server)
{
  gmulti_transfer_set_range (transfer, 0, 5);
}

static void
set_rest (GMultiTransfer *transfer,
          ScriptedServer *server)
{
  gmulti_transfer_set_range (transfer, 6, -1);
}

static void
set_range (GMultiTransfer *transfer,
           ScriptedServer *server)
{
  gmulti_transfer_set_range (transfer, 6, 5);
}

static void
script_unchanged (ScriptedServer *server)
{
  scripted_server_on (server, "/a", scripted_answer_resource (&resource));
}

static void
set_etag (GMultiTransfer *transfer,
          ScriptedServer *server)
{
  gmulti_transfer_set_header (transfer, "If-None-Match", "\"v1\"");
  gmulti_transfer_set_accept_status (transfer, TRUE);
}

/* The connection of the first request is dead when the second comes: once more, on a new one. */
static void
script_dead (ScriptedServer *server)
{
  scripted_server_on (server, "#0.0", scripted_answer_redirect (302, "/b"));
  scripted_server_on (server, "#0.1", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  scripted_server_on (server, "GET /b", scripted_answer_text (200, NULL, "again"));
}

static void
script_silent (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
}

static void
script_reset (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_end (scripted_answer_delay (scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello"), 20), SCRIPTED_END_RESET));
}

static void
script_stall (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_stall (scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")));
}

static void
set_timeout (GMultiTransfer *transfer,
             ScriptedServer *server)
{
  gmulti_transfer_set_timeout (transfer, 150);
}

static void
script_no_answer (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_stall (scripted_answer_new ()));
}

static void
set_response_timeout (GMultiTransfer *transfer,
                      ScriptedServer *server)
{
  gmulti_transfer_set_response_timeout (transfer, 150);
}

static void
script_big (ScriptedServer *server)
{
  scripted_server_on (server, "GET /a", scripted_answer_chunked (200, NULL, "0123456789", 3, NULL));
}

static void
set_max_size (GMultiTransfer *transfer,
              ScriptedServer *server)
{
  gmulti_transfer_set_max_size (transfer, 5);
}

static void
set_injection (GMultiTransfer *transfer,
               ScriptedServer *server)
{
  gmulti_transfer_set_header (transfer, "X-A", "b\r\nEvil: yes");
}

static void
set_bad_method (GMultiTransfer *transfer,
                ScriptedServer *server)
{
  gmulti_transfer_set_method (transfer, "GET / HTTP/1.1\r\nEvil: yes\r\n\r\nGET");
}

static void
set_bad_uri (GMultiTransfer *transfer,
             ScriptedServer *server)
{
  gmulti_transfer_set_uri (transfer, "http://[::1/");
}

static void
set_unknown_scheme (GMultiTransfer *transfer,
                    ScriptedServer *server)
{
  gmulti_transfer_set_uri (transfer, "nonsense://x/");
}

static void
script_nobody (ScriptedServer *server)
{
  scripted_server_stop (server); /* its port is free now, and nobody listens there */
}

#define OK200 "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK200 "Transfer-Encoding: chunked\r\n\r\n"
#define PART(range) "HTTP/1.1 206 Partial\r\nContent-Range: bytes " range "\r\n\r\n"
#define WHOLE(length, text) OK200 "Content-Length: " length "\r\n\r\n" text
#define NOT_PART(name, set, text, status) \
  { name, NULL, set, text, status, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_CHANGED }
#define BAD(name, text, code) { name, NULL, NULL, text, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_##code }

static const Exchange exchanges[] = {
  { "length", script_length, NULL, NULL, 200, "hello", GOOD, 0, "GET /a#0" },
  { "empty", script_empty, NULL, NULL, 200, "", GOOD, 0, "GET /a#0" },
  { "chunked", script_chunked, NULL, NULL, 200, "hello chunks", GOOD, 0, "GET /a#0" },
  { "every-byte", script_every_byte, NULL, NULL, 200, "abcde", GOOD, 0, "GET /a#0" },
  { "close-delimited", NULL, NULL, OK200 "\r\nto the end", 200, "to the end", GOOD },
  { "old", NULL, NULL, "HTTP/1.0 200 OK\r\n\r\nold", 200, "old", GOOD },
  { "interim", NULL, NULL, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\n\r\n" OK200 "\r\nfinal", 200, "final",
    GOOD },
  { "no-content", NULL, NULL, "HTTP/1.1 204 None\r\n\r\n", 204, "", GOOD },
  { "head", script_head, set_head, NULL, 200, "", GOOD, 0, "HEAD /a#0" },
  { "not-found", script_not_found, NULL, NULL, 404, "sorry", OWN_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS, "GET /a#0" },

  { "redirect", script_redirect, NULL, NULL, 200, "there", GOOD, 0, "GET /a#0 GET /b#0 GET /c?d#0", 2 },
  { "redirect-limit", script_loop, set_three, NULL, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_TOO_MANY_REDIRECTS,
    "GET /a#0 GET /a#0 GET /a#0 GET /a#0", 3 },
  { "redirect-origin", script_elsewhere, set_same_origin, NULL, 0, NULL, OWN_ERROR,
    GMULTI_TRANSFER_ERROR_REDIRECT_REFUSED, "GET /a#0" },
  { "redirect-never", script_redirect, set_no_redirects, NULL, 302, "moved", GOOD, 0, "GET /a#0" },
  { "redirect-file", script_to_file, NULL, NULL, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI, "GET /a#0", 1 },
  { "redirect-secrets", script_elsewhere, set_secrets, NULL, 200, "elsewhere", GOOD, 0, "GET /a#0 GET /b#1", 1 },

  { "post", script_echo, set_post, NULL, 200, "posted", GOOD, 0, "POST /a#0" },
  { "put-stream", script_echo, set_put_stream, NULL, 200, "from a stream", GOOD, 0, "PUT /a#0" },
  { "post-307", script_moved_post, set_post, NULL, 200, "posted", GOOD, 0, "POST /a#0 POST /b#0", 1 },
  { "post-303", script_seen_post, set_post, NULL, 200, "seen", GOOD, 0, "POST /a#0 GET /b#0", 1 },

  { "range", script_resource, set_range, NULL, 206, "world", GOOD, 0, "GET /a#0" },
  { "range-rest", script_resource, set_rest, NULL, 206, "world", GOOD, 0, "GET /a#0" },
  { "range-less", NULL, set_range, PART ("6-8/9") "wor", 206, "wor", GOOD },
  { "range-is-all", NULL, set_beginning, WHOLE ("4", "four"), 200, "four", GOOD },
  { "range-error", script_not_found, set_range, NULL, 404, "sorry", OWN_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS },
  NOT_PART ("range-whole", set_range, WHOLE ("11", "hello world"), 200),
  NOT_PART ("range-whole-of-any-length", set_beginning, CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200),
  NOT_PART ("range-other", set_range, PART ("5-9/11") " worl", 206),
  NOT_PART ("range-short", set_range, PART ("6-8/11") "wor", 206),
  NOT_PART ("range-rest-short", set_rest, PART ("6-8/11") "wor", 206),
  NOT_PART ("range-rest-unknown", set_rest, PART ("6-8/" "*") "wor", 206),
  NOT_PART ("range-long", set_beginning, PART ("0-8/11") "hello wor", 206),
  NOT_PART ("range-nameless", set_range, "HTTP/1.1 206 Partial\r\n\r\nworld", 206),
  { "not-modified", script_unchanged, set_etag, NULL, 304, "", GOOD, 0, "GET /a#0" },

  { "dead", script_dead, NULL, NULL, 200, "again", GOOD, 0, "GET /a#0 GET /b#0 GET /b#1", 1 },
  { "silent", script_silent, NULL, NULL, 0, NULL, IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "GET /a#0" },
  { "reset", script_reset, NULL, NULL, 200, NULL, IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED, "GET /a#0" },
  { "nobody", script_nobody, NULL, NULL, 0, NULL, IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "" },
  { "timeout", script_stall, set_timeout, NULL, 200, NULL, IO_ERROR, G_IO_ERROR_TIMED_OUT, "GET /a#0" },
  { "response-timeout", script_no_answer, set_response_timeout, NULL, 0, NULL, IO_ERROR, G_IO_ERROR_TIMED_OUT,
    "GET /a#0" },
  { "too-large", script_big, set_max_size, NULL, 200, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_TOO_LARGE, "GET /a#0" },
  { "injection", script_length, set_injection, NULL, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST, "" },
  { "bad-method", script_length, set_bad_method, NULL, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_BAD_REQUEST, "" },
  { "bad-uri", script_length, set_bad_uri, NULL, 0, NULL, OWN_ERROR, GMULTI_TRANSFER_ERROR_BAD_URI, "" },
  { "unknown-scheme", script_length, set_unknown_scheme, NULL, 0, NULL, IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "" },

  BAD ("cut-length", OK200 "Content-Length: 50\r\n\r\nhello", TRUNCATED),
  BAD ("cut-chunked", CHUNKED "5\r\nhel", TRUNCATED),
  BAD ("both-framings",
       OK200 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       PROTOCOL),
  BAD ("two-lengths", OK200 "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", PROTOCOL),
  BAD ("bad-length", OK200 "Content-Length: 5x\r\n\r\nhello", PROTOCOL),
  BAD ("bad-chunk", CHUNKED "x\r\nhello\r\n0\r\n\r\n", PROTOCOL),
  BAD ("unknown-coding", OK200 "Transfer-Encoding: xchunked\r\n\r\nhello", ENCODING),
  BAD ("no-colon", OK200 "No colon here\r\n\r\n", PROTOCOL),
  BAD ("bare-cr", OK200 "A: b\rc\r\n\r\n", PROTOCOL),
  BAD ("not-http", "just some text\n", PROTOCOL),
};

/* --- the ways of having a body --- */

static void
have_fetched (Run *run)
{
  run->body = face_fetch (run->session, run->transfer, &run->error);
}

static void
have_blocked (Run *run)
{
  run->body = gmulti_session_fetch (run->session, run->transfer, NULL, &run->error);
}

static void
read_stream (Run *run,
             GInputStream *stream)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  for (;;)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GBytes) piece = NULL;

      g_input_stream_read_bytes_async (stream, 7, G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      piece = g_input_stream_read_bytes_finish (stream, result, &run->error);
      if (piece == NULL)
        return;
      if (g_bytes_get_size (piece) == 0)
        break;
      g_byte_array_append (all, g_bytes_get_data (piece, NULL), (guint) g_bytes_get_size (piece));
    }
  run->body = g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

static void
have_streamed (Run *run)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GInputStream) stream = NULL;

  gmulti_session_open_async (run->session, run->transfer, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  stream = gmulti_session_open_finish (run->session, result, &run->error);
  if (run->exchange->kind == OWN_ERROR && run->exchange->code == GMULTI_TRANSFER_ERROR_CHANGED)
    g_assert_null (stream);
  if (stream != NULL)
    read_stream (run, stream);
}

static void
have_spliced (Run *run)
{
  g_autoptr (GOutputStream) target = g_memory_output_stream_new_resizable ();
  g_autoptr (GAsyncResult) result = NULL;
  gssize n;

  gmulti_session_splice_async (run->session, run->transfer, target, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL,
                               face_store_result, &result);
  face_wait_for (result != NULL);
  n = gmulti_session_splice_finish (run->session, result, &run->error);
  if (n >= 0)
    run->body = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (target));
}

static void
have_downloaded (Run *run)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GFile) file = NULL;
  g_autofree char *list = NULL;

  gmulti_session_download_async (run->session, GMULTI_DOWNLOAD (run->transfer), NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  file = gmulti_session_download_finish (run->session, result, &run->error);
  if (file != NULL)
    run->body = g_file_load_bytes (file, NULL, NULL, NULL);
  list = face_folder_list (run->folder);
  g_assert_cmpstr (list, ==, file != NULL ? "file" : ""); /* no piece of a failed one stays */
}

static void (*const have[N_WAYS]) (Run *) = { have_fetched, have_streamed, have_spliced, have_downloaded,
                                              have_blocked };

/* --- a run --- */

static void
redirected_cb (GMultiTransfer *transfer,
               const char *uri,
               gpointer user_data)
{
  g_string_append_c (((Run *) user_data)->order, 'R');
}

static void
response_cb (GMultiTransfer *transfer,
             GParamSpec *pspec,
             gpointer user_data)
{
  g_string_append_c (((Run *) user_data)->order, 'h');
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              gpointer user_data)
{
  Run *run = user_data;

  g_assert_true (gmulti_transfer_is_finished (transfer));
  g_string_append_c (run->order, error != NULL ? 'E' : 'C');
}

static void
run_init (Run *run)
{
  const char *url;

  run->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  run->session = gmulti_session_new ();
  run->order = g_string_new (NULL);
  url = scripted_server_url (run->server, "/a");
  if (run->exchange->script != NULL)
    run->exchange->script (run->server);
  else
    scripted_server_on (run->server, "/a", scripted_answer_end (scripted_answer_exact (run->exchange->answer),
                                                                SCRIPTED_END_FIN));
  if (run->way == WAY_DOWNLOAD)
    {
      g_autofree char *path = g_build_filename (run->folder = face_folder_new (), "file", NULL);
      g_autoptr (GFile) file = g_file_new_for_path (path);

      run->transfer = GMULTI_TRANSFER (gmulti_download_new (url, file));
    }
  else
    run->transfer = gmulti_transfer_new (url);
  if (run->exchange->set_up != NULL)
    run->exchange->set_up (run->transfer, run->server);
  g_signal_connect (run->transfer, "redirected", G_CALLBACK (redirected_cb), run);
  g_signal_connect (run->transfer, "notify::response", G_CALLBACK (response_cb), run);
  g_signal_connect (run->transfer, "completed", G_CALLBACK (completed_cb), run);
}

/* A stream is given whatever the status is: its reader sees the response first. */
static Kind
expected_kind (Run *run)
{
  const Exchange *exchange = run->exchange;

  if (run->way == WAY_STREAM && exchange->kind == OWN_ERROR && exchange->code == GMULTI_TRANSFER_ERROR_HTTP_STATUS)
    return GOOD;
  return exchange->kind;
}

static void
check_outcome (Run *run)
{
  const Exchange *exchange = run->exchange;
  g_autoptr (GError) kept = gmulti_transfer_dup_error (run->transfer);

  switch (expected_kind (run))
    {
    case OWN_ERROR:
      g_assert_error (run->error, GMULTI_TRANSFER_ERROR, exchange->code);
      break;
    case IO_ERROR:
      g_assert_error (run->error, G_IO_ERROR, exchange->code);
      break;
    case GOOD:
    default:
      g_assert_no_error (run->error);
      g_assert_nonnull (run->body);
      g_assert_cmpmem (g_bytes_get_data (run->body, NULL), g_bytes_get_size (run->body), exchange->body,
                       strlen (exchange->body));
      break;
    }
  if (run->error != NULL)
    {
      g_assert_error (kept, run->error->domain, run->error->code);
      g_assert_cmpstr (run->error->message, !=, "");
      g_assert_null (run->body);
    }
  g_assert_cmpint (gmulti_transfer_get_state (run->transfer), ==,
                   run->error != NULL ? GMULTI_TRANSFER_STATE_FAILED : GMULTI_TRANSFER_STATE_SUCCEEDED);
}

/* One completion, at the end; the redirects before it. A blocking call tells its signals when the context turns. */
static void
check_order (Run *run)
{
  g_autoptr (GString) redirects = g_string_new (NULL);
  char end = run->error != NULL ? 'E' : 'C';
  char *first;

  for (guint i = 0; i < run->exchange->n_redirects; i++)
    g_string_append_c (redirects, 'R');
  face_wait_for (strchr (run->order->str, end) != NULL);
  first = strchr (run->order->str, end);
  g_assert_cmpuint (strlen (first), ==, 1);
  g_assert_true (g_str_has_prefix (run->order->str, redirects->str));
  g_assert_null (strchr (run->order->str + redirects->len, 'R'));
}

static void
check_answer (Run *run)
{
  const Exchange *exchange = run->exchange;
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (run->transfer);
  g_autofree char *log = scripted_server_summary (run->server);

  if (exchange->status != 0)
    g_assert_cmpuint (gmulti_response_get_status (response), ==, exchange->status);
  if (exchange->log != NULL)
    g_assert_cmpstr (log, ==, exchange->log);
  if (exchange->script == script_chunked)
    {
      g_autoptr (GMultiHeaders) trailers = gmulti_transfer_ref_trailers (run->transfer);

      g_assert_cmpstr (gmulti_headers_get_value (trailers, "x-trailer"), ==, "t");
    }
  if (exchange->set_up == set_secrets)
    {
      const ScriptedRequest *first = scripted_server_request (run->server, 0);
      const ScriptedRequest *second = scripted_server_request (run->server, 1);

      g_assert_cmpstr (scripted_request_header (first, "Authorization"), ==, "Bearer t0k3n");
      g_assert_cmpstr (scripted_request_header (first, "Cookie"), ==, "a=b");
      g_assert_null (scripted_request_header (second, "Authorization"));
      g_assert_null (scripted_request_header (second, "Cookie"));
      g_assert_cmpstr (scripted_request_header (second, "X-Harmless"), ==, "yes");
    }
}

static void
run_clear (Run *run)
{
  g_clear_pointer (&run->body, g_bytes_unref);
  g_clear_error (&run->error);
  face_assert_finalized (run->transfer);
  face_assert_finalized (run->session);
  scripted_server_free (run->server);
  g_string_free (run->order, TRUE);
  if (run->folder != NULL)
    face_folder_free (run->folder);
}

static void
test_exchange (gconstpointer data)
{
  Run run = *(const Run *) data;

  run_init (&run);
  have[run.way] (&run);
  check_order (&run);
  check_outcome (&run);
  check_answer (&run);
  run_clear (&run);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (exchanges); i++)
    for (guint way = 0; way < N_WAYS; way++)
      {
        g_autofree char *path = g_strdup_printf ("/exchange/%s/%s", exchanges[i].name, way_names[way]);
        Run *run = g_new0 (Run, 1);

        run->exchange = &exchanges[i];
        run->way = (Way) way;
        g_test_add_data_func_full (path, run, test_exchange, g_free);
      }
  return g_test_run ();
}
