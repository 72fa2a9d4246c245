/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Bodies that we send. */

static GBytes *
pattern (guint64 seed,
         gsize len)
{
  guint8 *data = g_malloc (len + 1);

  scripted_pattern_fill (seed, 0, data, len);
  return g_bytes_new_take (data, len);
}

static const ScriptedRequest *
request (Case *c,
         guint number)
{
  g_assert_true (scripted_server_wait_requests (case_server (c), number + 1, 5000));
  return scripted_server_request (case_server (c), number);
}

static CaseTransfer *
put (Case *c,
     const char *target,
     GBytes *data,
     gsize step,
     gboolean with_length)
{
  CaseTransfer *t = case_transfer (c, target);

  case_upload_from (t, data, step);
  case_set (t, CURLOPT_UPLOAD, 1L);
  if (with_length)
    case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) g_bytes_get_size (data));
  return t;
}

static void
run_put (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("0123456789", 10), 3, TRUE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_text (201, NULL, "stored"));
  case_run_transfer (t);
  case_check_ok (t, 201, "stored");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Length"), ==, "10");
  g_assert_cmpmem (request (c, 0)->body->data, request (c, 0)->body->len, "0123456789", 10);
  g_assert_false (request (c, 0)->chunked);
  g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_UPLOAD_T), ==, 10);
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_UPLOAD_T), ==, 10);
  case_check_order (t, "UHBD");
}

static void
run_put_unknown (Case *c)
{
  CaseTransfer *t = put (c, "/p", pattern (1, 100000), 7001, FALSE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_true (request (c, 0)->chunked);
  g_assert_cmpuint (request (c, 0)->body_length, ==, 100000);
  g_assert_cmpint (scripted_pattern_check (1, 0, request (c, 0)->body->data, 100000), ==, -1);
  case_check_order (t, "UEHBD");
  case_check_ok (case_get (c, "/"), 404, NULL);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* Which piece it is the application may say itself; who does not know where to go on sends all of it. */
static void
run_put_ranges (Case *c)
{
  GBytes *data = g_bytes_new_static ("0123456789", 10);
  CaseTransfer *t = put (c, "/a", g_bytes_ref (data), 3, TRUE);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 4);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Content-Range: bytes 4-9/20", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  t = put (c, "/b", data, 3, TRUE);
  case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) -1);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Range"), ==, "bytes 4-9/20");
  g_assert_cmpuint (scripted_request_count (request (c, 0), "Content-Range"), ==, 1);
  g_assert_cmpmem (request (c, 0)->body->data, request (c, 0)->body->len, "456789", 6);
  g_assert_cmpstr (scripted_request_header (request (c, 1), "Content-Range"), ==, "bytes 0-9/10");
  g_assert_cmpmem (request (c, 1)->body->data, request (c, 1)->body->len, "0123456789", 10);
}

static void
run_put_empty (Case *c)
{
  CaseTransfer *known = put (c, "/k", g_bytes_new_static ("", 0), 0, TRUE);
  CaseTransfer *unknown = put (c, "/u", g_bytes_new_static ("", 0), 0, FALSE);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_run_transfer (known);
  case_check_ok (known, 200, "ok");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Length"), ==, "0");
  case_run_transfer (unknown);
  case_check_ok (unknown, 200, "ok");
  g_assert_cmpuint (request (c, 1)->body_length, ==, 0);
}

static void
run_post_fields (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_POSTFIELDS, "a=1&b=2");
  case_run_transfer (t);
  case_check_ok (t, 200, "a=1&b=2");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Type"), ==, "application/x-www-form-urlencoded");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Length"), ==, "7");
  case_remove (t);
  case_rewind (t);
  case_set (t, CURLOPT_POSTFIELDSIZE, 3L);
  case_set (t, CURLOPT_COPYPOSTFIELDS, "c\0d?");
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_cmpmem (t->body->data, t->body->len, "c\0d", 3);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* What was copied is all there is, whatever size is told afterwards. */
static void
run_post_size_afterwards (Case *c)
{
  static const struct
  {
    long size;
    const char *sent;
  } cases[] = { { 100000, "abc" }, { -1, "abc" }, { 2, "ab" } };

  scripted_server_on (case_server (c), "POST /p", scripted_answer_echo (scripted_answer_new ()));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = case_transfer (c, "/p");

      case_set (t, CURLOPT_COPYPOSTFIELDS, "abc");
      case_set (t, CURLOPT_POSTFIELDSIZE, cases[i].size);
      case_run_transfer (t);
      case_check_ok (t, 200, cases[i].sent);
    }
}

static void
run_post_empty (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_POSTFIELDS, "");
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Content-Length"), ==, "0");
}

static void
run_post_read (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_echo (scripted_answer_new ()));
  case_upload_from (t, g_bytes_new_static ("from the callback", 17), 5);
  case_set (t, CURLOPT_POST, 1L);
  case_set (t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) 17);
  case_run_transfer (t);
  case_check_ok (t, 200, "from the callback");
}

static void
run_post_chunked (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_echo (scripted_answer_new ()));
  case_upload_from (t, g_bytes_new_static ("unknown length", 14), 4);
  case_set (t, CURLOPT_POST, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Transfer-Encoding: chunked", "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "unknown length");
  g_assert_true (request (c, 0)->chunked);
}

/* Much more than the kernel holds, to a server that reads slowly. */
static void
run_put_big (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_SMALL_BUFFERS);
  CaseTransfer *t = put (c, "/p", pattern (2, 3000000), 0, TRUE);

  scripted_server_on (server, "PUT /p", scripted_answer_read_slowly (scripted_answer_text (200, NULL, "ok"), 8000));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (request (c, 0)->body_length, ==, 3000000);
  g_assert_cmpint (scripted_pattern_check (2, 0, request (c, 0)->body->data, 3000000), ==, -1);
}

/* --- 100-continue --- */

static CaseTransfer *
expecting (Case *c,
           const char *target)
{
  CaseTransfer *t = case_transfer (c, target);

  case_set (t, CURLOPT_POSTFIELDS, "the body");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect: 100-continue", NULL));
  case_set (t, CURLOPT_EXPECT_100_TIMEOUT_MS, 10000L);
  return t;
}

static void
run_continue (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));
  CaseTransfer *t = expecting (c, "/p");

  scripted_server_on (case_server (c), "POST /p",
                      scripted_answer_echo (scripted_answer_wait_body (answer, G_MAXUINT64)));
  case_run_transfer (t);
  case_check_ok (t, 200, "the body");
  case_check_order (t, "iHBD");
  g_assert_cmpint (t->done_at - t->added_at, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Expect"), ==, "100-continue");
}

static void
run_continue_delayed (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_delay (scripted_answer_new (), 100));
  CaseTransfer *t = expecting (c, "/p");

  scripted_answer_send (answer, "HTTP/1.1 100 Continue\r\n\r\n");
  scripted_server_on (case_server (c), "POST /p",
                      scripted_answer_echo (scripted_answer_wait_body (answer, G_MAXUINT64)));
  case_run_transfer (t);
  case_check_ok (t, 200, "the body");
  g_assert_cmpint (request (c, 0)->complete_at - request (c, 0)->head_at, >=, 90000);
}

/* Nobody says go on: after the time the body goes out all the same. */
static void
run_continue_never (Case *c)
{
  CaseTransfer *t = expecting (c, "/p");
  gint64 began = g_get_monotonic_time ();
  gint64 waited;

  scripted_server_on (case_server (c), "POST /p", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_EXPECT_100_TIMEOUT_MS, 150L);
  case_run_transfer (t);
  case_check_ok (t, 200, "the body");
  /* From before the transfer: on a busy machine the server may meet the head long after it was sent. */
  waited = request (c, 0)->complete_at - began;
  g_assert_cmpint (waited, >=, 149000); /* libcurl counts whole milliseconds, and not the first */
  g_assert_cmpint (waited, <, 5 * G_USEC_PER_SEC);
}

/* A final answer instead: the body stays at home. */
static void
run_continue_refused (Case *c)
{
  CaseTransfer *t = expecting (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_end (scripted_answer_at_head (
                        scripted_answer_text (403, "Connection: close\r\n", "no")), SCRIPTED_END_FIN));
  case_run_transfer (t);
  case_check_ok (t, 403, "no");
  g_assert_cmpuint (scripted_server_request (case_server (c), 0)->body_length, ==, 0);
}

/* 417: once more, without the expectation. */
static void
run_continue_417 (Case *c)
{
  CaseTransfer *t = put (c, "/p", pattern (6, 2000000), 0, TRUE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_end (scripted_answer_at_head (
                        scripted_answer_text (417, NULL, "cannot")), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "PUT /p", scripted_answer_text (200, NULL, "taken"));
  case_run_transfer (t);
  case_check_ok (t, 200, "taken");
  g_assert_cmpuint (scripted_server_request (case_server (c), 1)->body_length, ==, 2000000);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 2);
  g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 1), "Expect"));
}

/* A large upload asks by itself; Expect: turns that off. */
static void
run_continue_by_size (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));
  CaseTransfer *t = put (c, "/p", pattern (3, 2000000), 0, TRUE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_send (scripted_answer_wait_body (answer, G_MAXUINT64),
                                                                       "HTTP/1.1 204 Stored\r\n\r\n"));
  case_run_transfer (t);
  case_check_ok (t, 204, "");
  g_assert_cmpstr (scripted_request_header (request (c, 0), "Expect"), ==, "100-continue");
  g_assert_cmpuint (request (c, 0)->body_length, ==, 2000000);
}

/* --- early answers --- */

static void
run_early_error (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_SMALL_BUFFERS);
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_wait_body (scripted_answer_new (), 1000));
  CaseTransfer *t = put (c, "/p", pattern (3, 5000000), 0, TRUE);

  scripted_answer_send (answer, "HTTP/1.1 413 Too Large\r\nContent-Length: 7\r\nConnection: close\r\n\r\ntoo big");
  scripted_server_on (server, "PUT /p", scripted_answer_read_slowly (scripted_answer_stall (answer), 100));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 413, "too big");
  g_assert_cmpuint (t->upload_at, <, 5000000);
}

/* An early answer that keeps the connection: the upload goes on to its end, and the connection is good. */
static void
run_early_kept (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_wait_body (scripted_answer_new (), 1000));
  CaseTransfer *t = put (c, "/p", pattern (3, 300000), 10000, TRUE);

  scripted_answer_send (answer, "HTTP/1.1 200 Early\r\nContent-Length: 2\r\n\r\nok");
  scripted_server_on (case_server (c), "PUT /p", answer);
  scripted_server_on (case_server (c), "/next", scripted_answer_text (200, NULL, "next"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  case_check_ok (case_get (c, "/next"), 200, "next");
}

static void
run_reset_while_sending (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_SMALL_BUFFERS);
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_wait_body (scripted_answer_new (), 10000));
  CaseTransfer *t = put (c, "/p", pattern (3, 5000000), 0, TRUE);

  scripted_server_on (server, "PUT /p", scripted_answer_end (answer, SCRIPTED_END_RESET));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  if (t->result != CURLE_RECV_ERROR)
    case_check_error (t, CURLE_SEND_ERROR);
}

/* --- the caller's side --- */

static size_t
abort_read_cb (char *buffer,
               size_t size,
               size_t n,
               void *user_data)
{
  return CURL_READFUNC_ABORT;
}

static void
run_read_abort (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("x", 1), 0, TRUE);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_READFUNCTION, abort_read_cb);
  case_run_transfer (t);
  case_check_error (t, CURLE_ABORTED_BY_CALLBACK);
}

/* The callback ends before the length that was promised. */
static void
run_read_short (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("only this", 9), 0, FALSE);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 100);
  case_set (t, CURLOPT_TIMEOUT_MS, 3000L);
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

/* More than promised: the promise holds. */
static void
run_read_long (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("0123456789", 10), 0, FALSE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 4);
  case_run_transfer (t);
  case_check_ok (t, 200, "0123");
}

static void
run_rewind_redirect (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("twice", 5), 2, TRUE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_redirect (307, "/q"));
  scripted_server_on (case_server (c), "PUT /q", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "twice");
  g_assert_cmpuint (t->n_seeks, ==, 1);
  case_check_order (t, "UHSUHBD");
  case_check_log (c, "PUT /p#0 PUT /q#0");
}

/* Too much to keep, and no way back: said before it goes wrong. */
static void
run_no_rewind (Case *c)
{
  CaseTransfer *t = put (c, "/p", pattern (5, 200000), 0, TRUE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_redirect (307, "/q"));
  scripted_server_on (case_server (c), "PUT /q", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_set (t, CURLOPT_SEEKFUNCTION, NULL);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_SEND_FAIL_REWIND);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
}

/* A reused connection is dead: the body is sent again on a new one. */
static void
run_rewind_retry (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("again", 5), 2, TRUE);

  scripted_server_on (case_server (c), "/first", scripted_answer_text (200, NULL, "1"));
  scripted_server_on (case_server (c), "#0.1", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "PUT /p", scripted_answer_echo (scripted_answer_new ()));
  case_check_ok (case_get (c, "/first"), 200, "1");
  case_run_transfer (t);
  case_check_ok (t, 200, "again");
  case_check_log (c, "GET /first#0 PUT /p#0 PUT /p#1");
}

/* HTTP/1.0 has no chunks, so that nobody could see where the body ends. */
static void
run_http10 (Case *c)
{
  CaseTransfer *t = put (c, "/p", g_bytes_new_static ("unknown", 7), 3, FALSE);

  scripted_server_on (case_server (c), "PUT /p", scripted_answer_new ());
  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_0);
  case_run_transfer (t);
  case_check_error (t, CURLE_UPLOAD_FAILED);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
}

const CaseSpec case_upload[] = {
  { "put", run_put },
  { "put-unknown", run_put_unknown },
  { "http10-upload", run_http10 },
  { "put-ranges", run_put_ranges },
  { "put-empty", run_put_empty },
  { "post-fields", run_post_fields },
  { "post-size-afterwards", run_post_size_afterwards, CASE_NOT_ON_LIBCURL, "libcurl drops the copy" },
  { "post-empty", run_post_empty },
  { "post-read", run_post_read },
  { "post-chunked", run_post_chunked },
  { "put-big", run_put_big },
  { "continue", run_continue },
  { "continue-delayed", run_continue_delayed },
  { "continue-never", run_continue_never },
  { "continue-refused", run_continue_refused },
  { "continue-417", run_continue_417 },
  { "continue-by-size", run_continue_by_size },
  { "early-error", run_early_error },
  { "early-kept", run_early_kept },
  { "reset-while-sending", run_reset_while_sending },
  { "read-abort", run_read_abort },
  { "read-short", run_read_short },
  { "read-long", run_read_long },
  { "rewind-redirect", run_rewind_redirect },
  { "no-rewind", run_no_rewind },
  { "rewind-retry", run_rewind_retry },
  { NULL },
};
