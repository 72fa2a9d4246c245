/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Interim answers, ends that come too early or too late, and what may follow on the same connection. */

static void
run_interim (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a",
                      scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"
                                             "HTTP/1.1 102 Processing\r\nX-A: 1\r\n\r\n"
                                             "HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n"
                                             "HTTP/1.1 199 Whatever\r\n\r\n"
                                             "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-B: 2\r\n\r\nbody"));
  t = case_get (c, "/a");
  case_check_ok (t, 200, "body");
  case_check_order (t, "iiiiHBD");
  g_assert_cmpstr (t->last_head->str, ==, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-B: 2\r\n\r\n");
  case_check_ok (case_get (c, "/a"), 200, "body");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_interim_late (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 103 Early Hints\r\n\r\n");
  CaseTransfer *t;

  scripted_answer_send (scripted_answer_delay (answer, 50), "HTTP/1.1 102 Still\r\n\r\nHTTP/1.1 200 OK\r\nConte");
  scripted_answer_send (scripted_answer_delay (answer, 50), "nt-Length: 2\r\n\r\nok");
  scripted_server_on (case_server (c), "/a", answer);
  t = case_get (c, "/a");
  case_check_ok (t, 200, "ok");
  case_check_order (t, "iiHBD");
}

/* More interim heads than anyone needs are an attack. */
static void
run_interim_flood (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_new ();
  CaseTransfer *t;

  for (guint i = 0; i < 100000; i++)
    scripted_answer_send (answer, "HTTP/1.1 100 Continue\r\n\r\n");
  scripted_server_on (case_server (c), "/a",
                      scripted_answer_send (answer, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  t = case_get (c, "/a");
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

static void
run_chunk_shapes (Case *c)
{
  static const char *const bodies[] = {
    "5\r\nhello\r\n0\r\n\r\n",
    "00005\r\nhello\r\n0000\r\n\r\n",
    "5;name=value;other=\"a;b\"\r\nhello\r\n0;last\r\n\r\n",
    "1\r\nh\r\n1\r\ne\r\n1\r\nl\r\n1\r\nl\r\n1\r\no\r\n0\r\n\r\n",
    "5 ; spaced\r\nhello\r\n0\r\n\r\n",
  };
  char target[8];

  for (guint i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      g_snprintf (target, sizeof target, "/%u", i);
      scripted_server_on (case_server (c), target, scripted_answer_send (
        scripted_answer_exact ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bodies[i]));
      case_check_ok (case_get (c, target), 200, "hello");
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_chunk_hex (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n1aB\r\n");
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_answer_send (scripted_answer_pattern (answer, 4, 0, 0x1ab), "\r\n0\r\n\r\n");
  scripted_server_on (case_server (c), "/a", answer);
  t->keep_body = FALSE;
  t->seed = 4;
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (t->body_length, ==, 0x1ab);
}

typedef struct
{
  const char *answer;
  ScriptedEnd how;
  CURLcode result;
  const char *body;
} Ending;

static void
check_endings (Case *c,
               const Ending *endings,
               guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t = case_transfer (c, target);

      g_test_message ("ending %u", i);
      /* A reset takes along what was not read yet: it waits until everything arrived. */
      scripted_server_on (case_server (c), target, scripted_answer_end (scripted_answer_delay (
        scripted_answer_exact (endings[i].answer), endings[i].how == SCRIPTED_END_RESET ? 30 : 0), endings[i].how));
      case_set (t, CURLOPT_FRESH_CONNECT, 1L);
      case_run_transfer (t);
      case_check_error (t, endings[i].result);
      g_assert_cmpmem (t->body->data, t->body->len, endings[i].body, strlen (endings[i].body));
    }
}

static void
run_cut (Case *c)
{
  static const Ending endings[] = {
    { "", SCRIPTED_END_FIN, CURLE_GOT_NOTHING, "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", SCRIPTED_END_FIN, CURLE_PARTIAL_FILE, "12345" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", SCRIPTED_END_FIN, CURLE_PARTIAL_FILE, "" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", SCRIPTED_END_FIN, CURLE_PARTIAL_FILE, "hel" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", SCRIPTED_END_FIN, CURLE_PARTIAL_FILE,
      "hello" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", SCRIPTED_END_FIN,
      CURLE_PARTIAL_FILE, "hello" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: tr", SCRIPTED_END_FIN,
      CURLE_PARTIAL_FILE, "hello" },
  };

  check_endings (c, endings, G_N_ELEMENTS (endings));
}

static void
run_reset (Case *c)
{
  static const Ending endings[] = {
    { "", SCRIPTED_END_RESET, CURLE_RECV_ERROR, "" },
    { "HTTP/1.1 200 OK\r\nContent-", SCRIPTED_END_RESET, CURLE_RECV_ERROR, "" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", SCRIPTED_END_RESET, CURLE_RECV_ERROR, "12345" },
    { "HTTP/1.1 200 OK\r\n\r\nopen end", SCRIPTED_END_RESET, CURLE_RECV_ERROR, "open end" },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", SCRIPTED_END_RESET, CURLE_RECV_ERROR, "hel" },
  };

  check_endings (c, endings, G_N_ELEMENTS (endings));
}

/* A head that is cut off is no answer. */
static void
run_cut_head (Case *c)
{
  static const char *const heads[] = { "H", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Le",
                                       "HTTP/1.1 200 OK\r\nA: b\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t;

      scripted_server_on (case_server (c), target,
                          scripted_answer_end (scripted_answer_exact (heads[i]), SCRIPTED_END_FIN));
      t = case_get (c, target);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

/* An interim head and then nothing. */
static void
run_cut_after_interim (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a", scripted_answer_end (
                        scripted_answer_exact ("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"), SCRIPTED_END_FIN));
  t = case_get (c, "/a");
  g_assert_cmpint (t->result, !=, CURLE_OK);
  case_check_order (t, "iD");
}

/* What comes behind the announced end belongs to nobody: it is not delivered, and the connection is not used again. */
static void
run_excess (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/length", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef"));
  scripted_server_on (case_server (c), "/next", scripted_answer_text (200, NULL, "clean"));
  scripted_server_on (case_server (c), "/none",
                      scripted_answer_exact ("HTTP/1.1 204 OK\r\n\r\nHTTP/1.1 200 Evil\r\n\r\n"));
  t = case_get (c, "/length");
  case_check_ok (t, 200, "abc");
  case_check_ok (case_get (c, "/next"), 200, "clean");
  case_check_ok (case_get (c, "/none"), 204, "");
  case_run_for (c, 20);
  case_check_ok (case_get (c, "/next"), 200, "clean");
  g_assert_cmpuint (scripted_server_request (case_server (c), 1)->connection, !=, 0);
}

/* Lines ended by LF alone are taken, as every client does. */
static void
run_bare_lf (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a", scripted_answer_exact ("HTTP/1.1 200 OK\nContent-Length: 2\nA: b\n\nok"));
  t = case_get (c, "/a");
  case_check_ok (t, 200, "ok");
}

static void
run_no_reason (Case *c)
{
  scripted_server_on (case_server (c), "/1", scripted_answer_exact ("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\na"));
  scripted_server_on (case_server (c), "/2", scripted_answer_exact ("HTTP/1.1 200 \r\nContent-Length:1\r\n\r\nb"));
  scripted_server_on (case_server (c), "/3",
                      scripted_answer_exact ("HTTP/1.1 599 so so\r\ncontent-length: \t 1 \r\n\r\nc"));
  case_check_ok (case_get (c, "/1"), 200, "a");
  case_check_ok (case_get (c, "/2"), 200, "b");
  case_check_ok (case_get (c, "/3"), 599, "c");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_connection_close (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: foo, Close\r\n\r\nx"));
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_check_ok (case_get (c, "/2"), 200, "x");
  case_check_log (c, "GET /1#0 GET /2#1");
}

const CaseSpec case_framing[] = {
  { "interim", run_interim },
  { "interim-late", run_interim_late },
  { "interim-flood", run_interim_flood, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes any number of interim heads" },
  { "chunk-shapes", run_chunk_shapes },
  { "chunk-hex", run_chunk_hex },
  { "cut", run_cut },
  { "cut-by-reset", run_reset },
  { "cut-head", run_cut_head, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes a head that was cut off as an answer" },
  { "cut-after-interim", run_cut_after_interim },
  { "excess", run_excess },
  { "bare-lf", run_bare_lf },
  { "no-reason", run_no_reason },
  { "connection-close", run_connection_close },
  { NULL },
};
