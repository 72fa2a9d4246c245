/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* One request and one plain answer, in every way that HTTP/1 has of saying where it ends. */

static void
run_length (Case *c)
{
  CaseTransfer *t;
  curl_off_t size;

  scripted_server_on (case_server (c), "GET /a", scripted_answer_text (200, "X-One: 1\r\n", "hello"));
  t = case_get (c, "/a");
  case_check_ok (t, 200, "hello");
  case_check_order (t, "HBD");
  case_check_log (c, "GET /a#0");
  g_assert_cmpstr (t->head->str, ==, "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-One: 1\r\n\r\n");
  size = case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T);
  g_assert_cmpint (size, ==, 5);
  g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), ==, 5);
  g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 1);
  g_assert_cmpint (case_info (t, CURLINFO_HEADER_SIZE), ==, t->head->len);
}

static void
run_empty (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  t = case_get (c, "/");
  case_check_ok (t, 200, "");
  case_check_order (t, "HD");
}

static void
run_request_shape (Case *c)
{
  g_autofree char *host = NULL;
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_check_ok (case_get (c, "/a/b?q=1&r=%20#fragment"), 200, "");
  request = scripted_server_request (case_server (c), 0);
  host = g_strdup_printf ("127.0.0.1:%u", scripted_server_port (case_server (c)));
  g_assert_null (request->problem);
  g_assert_cmpstr (request->method, ==, "GET");
  g_assert_cmpstr (request->target, ==, "/a/b?q=1&r=%20");
  g_assert_cmpstr (request->version, ==, "HTTP/1.1");
  g_assert_cmpstr (scripted_request_header (request, "Host"), ==, host);
  g_assert_cmpstr (scripted_request_header (request, "Accept"), ==, "*/*");
  g_assert_cmpuint (scripted_request_count (request, "Content-Length"), ==, 0);
  g_assert_cmpuint (scripted_request_count (request, "Transfer-Encoding"), ==, 0);
  g_assert_cmpuint (request->headers->len, ==, 4);
}

static void
run_chunked (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "GET /a",
                      scripted_answer_chunked (200, NULL, "hello chunked world", 7, "X-Trailer: t\r\nX-Two: u\r\n"));
  t = case_get (c, "/a");
  case_check_ok (t, 200, "hello chunked world");
  case_check_order (t, "HBTD");
  g_assert_true (g_str_has_suffix (t->head->str, "\r\n\r\nX-Trailer: t\r\nX-Two: u\r\n")
                 || g_str_has_suffix (t->head->str, "\r\n\r\nX-Trailer: t\r\nX-Two: u\r\n\r\n"));
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, -1);
  case_check_ok (case_get (c, "/a"), 200, "hello chunked world");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_close_delimited (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "GET /a",
                      scripted_answer_end (scripted_answer_exact ("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
                                           SCRIPTED_END_FIN));
  t = case_get (c, "/a");
  case_check_ok (t, 200, "until the end");
  case_check_order (t, "HBD");
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, -1);
}

static void
run_every_byte_alone (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_split (scripted_answer_new (), 1, 300);
  CaseTransfer *t;

  scripted_answer_send (answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                "X: y\r\n\r\n4;a=b\r\nabcd\r\n03\r\nefg\r\n0\r\nT: u\r\n\r\n");
  scripted_server_on (case_server (c), "GET /a", answer);
  t = case_get (c, "/a");
  case_check_ok (t, 200, "abcdefg");
  case_check_order (t, "iHBTD");
  case_check_ok (case_get (c, "/a"), 200, "abcdefg");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_http10 (Case *c)
{
  CaseTransfer *t;
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "/end", scripted_answer_end (
                        scripted_answer_exact ("HTTP/1.0 200 OK\r\n\r\nold"), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "/kept", scripted_answer_exact (
                        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 4\r\n\r\nkept"));
  scripted_server_on (case_server (c), "/asked", scripted_answer_text (200, NULL, "x"));
  t = case_get (c, "/end");
  case_check_ok (t, 200, "old");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_1_0);
  case_check_ok (case_get (c, "/kept"), 200, "kept");
  case_check_ok (case_get (c, "/kept"), 200, "kept");
  case_check_log (c, "GET /end#0 GET /kept#1 GET /kept#1");
  t = case_transfer (c, "/asked");
  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_0);
  case_set (t, CURLOPT_FRESH_CONNECT, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  request = scripted_server_request (case_server (c), 3);
  g_assert_cmpstr (request->version, ==, "HTTP/1.0");
}

/* An HTTP/1.0 answer without keep-alive ends its connection, even where a length is given. */
static void
run_http10_length (Case *c)
{
  scripted_server_on (case_server (c), "*",
                      scripted_answer_exact ("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nten"));
  case_check_ok (case_get (c, "/1"), 200, "ten");
  case_check_ok (case_get (c, "/2"), 200, "ten");
  case_check_log (c, "GET /1#0 GET /2#1");
}

/* What says that no body is sent says nothing about the one that comes: programs set everything to its default. */
static void
run_head_kept (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "*", scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"));
  case_set (t, CURLOPT_NOBODY, 1L);
  case_set (t, CURLOPT_UPLOAD, 0L);
  case_set (t, CURLOPT_POST, 0L);
  case_set (t, CURLOPT_HTTPGET, 0L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_log (c, "HEAD /a#0");
}

static void
run_head (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "HEAD /a", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"));
  scripted_server_on (case_server (c), "HEAD /chunked", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  scripted_server_on (case_server (c), "GET /b", scripted_answer_text (200, NULL, "b"));
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_order (t, "HD");
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, 5000);
  case_remove (t);
  case_rewind (t);
  case_set (t, CURLOPT_URL, scripted_server_url (case_server (c), "/chunked"));
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_ok (case_get (c, "/b"), 200, "b");
  case_check_log (c, "HEAD /a#0 HEAD /chunked#0 GET /b#0");
}

static void
run_without_body (Case *c)
{
  static const char *const answers[] = {
    "HTTP/1.1 204 None\r\n\r\n",
    "HTTP/1.1 304 Same\r\nContent-Length: 70\r\nETag: \"x\"\r\n\r\n",
    "HTTP/1.1 304 Same\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n",
  };
  char target[8];

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      CaseTransfer *t;

      g_snprintf (target, sizeof target, "/%u", i);
      scripted_server_on (case_server (c), target, scripted_answer_exact (answers[i]));
      t = case_get (c, target);
      case_check_ok (t, answers[i][9] == '2' ? 204 : 304, "");
      case_check_order (t, "HD");
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_methods (Case *c)
{
  static const char *const methods[] = { "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "QUERY", "M-SEARCH" };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "done"));
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      CaseTransfer *t = case_transfer (c, "/m");

      case_set (t, CURLOPT_CUSTOMREQUEST, methods[i]);
      case_run_transfer (t);
      case_check_ok (t, 200, "done");
      g_assert_cmpstr (scripted_server_request (case_server (c), i)->method, ==, methods[i]);
      g_assert_cmpstr (case_info_str (t, CURLINFO_EFFECTIVE_METHOD), ==, methods[i]);
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_keep_alive (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "again"));
  for (guint i = 0; i < 10; i++)
    {
      CaseTransfer *t = case_get (c, "/k");

      case_check_ok (t, 200, "again");
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, i == 0 ? 1 : 0);
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 10);
}

/* The same handle again and again: removed, altered, added. */
static void
run_same_handle (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/1");

  scripted_server_on (case_server (c), "/1", scripted_answer_text (200, NULL, "one"));
  scripted_server_on (case_server (c), "/2", scripted_answer_text (200, NULL, "two"));
  case_run_transfer (t);
  case_check_ok (t, 200, "one");
  for (guint i = 0; i < 5; i++)
    {
      case_remove (t);
      case_rewind (t);
      case_set (t, CURLOPT_URL, scripted_server_url (case_server (c), i % 2 == 0 ? "/2" : "/1"));
      case_run_transfer (t);
      case_check_ok (t, 200, i % 2 == 0 ? "two" : "one");
      case_check_order (t, "HBD");
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_parallel (Case *c)
{
  CaseTransfer *transfers[30];

  scripted_server_on (case_server (c), "*",
                      scripted_answer_text (200, NULL, "one of many"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = case_transfer (c, "/p"));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      case_check_ok (transfers[i], 200, "one of many");
      case_check_order (transfers[i], "HBD");
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, G_N_ELEMENTS (transfers));
}

/* Bodies of every size round the sizes of buffers. */
static void
run_sizes (Case *c)
{
  static const guint64 sizes[] = {
    1, 15, 1023, 1024, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262145, 3000001
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t = case_transfer (c, target);

      if (i % 2 == 0)
        scripted_server_on (case_server (c), target, scripted_answer_big (i, sizes[i]));
      else
        scripted_server_on (case_server (c), target, scripted_answer_send (scripted_answer_chunks (
          scripted_answer_exact ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), i, sizes[i], 5000, NULL),
          "0\r\n\r\n"));
      t->keep_body = FALSE;
      t->seed = i;
      case_add (t);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      CaseTransfer *t = g_ptr_array_index (c->transfers, i);

      case_check_ok (t, 200, NULL);
      g_assert_cmpuint (t->body_length, ==, sizes[i]);
      g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), ==, sizes[i]);
    }
}

const CaseSpec case_basics[] = {
  { "length", run_length },
  { "empty", run_empty },
  { "request-shape", run_request_shape },
  { "chunked", run_chunked },
  { "close-delimited", run_close_delimited },
  { "every-byte-alone", run_every_byte_alone },
  { "http10", run_http10 },
  { "http10-length", run_http10_length },
  { "head", run_head },
  { "head-kept", run_head_kept },
  { "without-body", run_without_body },
  { "methods", run_methods },
  { "keep-alive", run_keep_alive },
  { "same-handle", run_same_handle },
  { "parallel", run_parallel },
  { "sizes", run_sizes },
  { NULL },
};
