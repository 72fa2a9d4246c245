/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Answers that no honest server gives. Each is refused with an error that says so, and its connection is not used
 * again: on a connection whose framing is in doubt the next answer may be somebody else's. */

typedef struct
{
  const char *answer;
  CURLcode result;
} Shape;

static void
check_shapes (Case *c,
              const Shape *shapes,
              guint n)
{
  scripted_server_on (case_server (c), "/next", scripted_answer_text (200, NULL, "clean"));
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      g_autofree char *text = g_strescape (shapes[i].answer, NULL);
      CaseTransfer *t;
      guint before;

      g_test_message ("%s", text);
      scripted_server_on (case_server (c), target, scripted_answer_exact (shapes[i].answer));
      t = case_transfer (c, target);
      case_set (t, CURLOPT_TIMEOUT_MS, 5000L);
      case_run_transfer (t);
      case_check_error (t, shapes[i].result);
      before = scripted_server_n_connections (case_server (c));
      case_check_ok (case_get (c, "/next"), 200, "clean");
      g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, before + 1);
    }
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void
run_lengths (Case *c)
{
  static const Shape shapes[] = {
    { HEAD "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: 5, 6\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: -5\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: +5\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: 0x5\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: 5x\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: five\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: 99999999999999999999999, 5\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length:\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
  };

  check_shapes (c, shapes, G_N_ELEMENTS (shapes));
}

/* Nobody can count so far: the connection's end is the body's. */
static void
run_uncountable (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a", scripted_answer_end (
                        scripted_answer_exact (HEAD "Content-Length: 36893488147419103232\r\n\r\nhello"), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "next"));
  case_check_ok (case_get (c, "/a"), 200, "hello");
  case_check_ok (case_get (c, "/b"), 200, "next");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2);

  t = case_transfer (c, "/a");
  case_set (t, CURLOPT_MAXFILESIZE, 1000L);
  case_run_transfer (t);
  case_check_error (t, CURLE_FILESIZE_EXCEEDED);
}

/* Twice the same is the same (RFC 9110 section 8.6). */
static void
run_same_lengths (Case *c)
{
  scripted_server_on (case_server (c), "/a", scripted_answer_exact (
                        HEAD "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"));
  case_check_ok (case_get (c, "/a"), 200, "hello");
}

static void
run_both_framings (Case *c)
{
  static const Shape shapes[] = {
    { HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n", CURLE_BAD_CONTENT_ENCODING },
    { HEAD "Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", CURLE_BAD_CONTENT_ENCODING },
    { HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      CURLE_BAD_CONTENT_ENCODING },
  };

  check_shapes (c, shapes, G_N_ELEMENTS (shapes));
}

/* RFC 9112 section 6.1: an HTTP/1.0 answer with Transfer-Encoding has faulty framing; it may be read, but its
 * connection is not used again. */
static void
run_old_chunked (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_exact (
                        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\nhello\r\n0\r\n\r\n"));
  case_get (c, "/1");
  case_get (c, "/2");
  case_check_log (c, "GET /1#0 GET /2#1");
}

#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static void
run_chunks (Case *c)
{
  static const Shape shapes[] = {
    { CHUNKED "x\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "-5\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "5\r\nhelloX\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
  };

  check_shapes (c, shapes, G_N_ELEMENTS (shapes));
}

/* Sizes and ends that some parsers take and others do not: the stuff of smuggling. */
static void
run_chunks_strict (Case *c)
{
  static const Shape shapes[] = {
    { CHUNKED "0x5\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "5\rhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "5;a=\rb\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "+5\r\nhello\r\n0\r\n\r\n", CURLE_RECV_ERROR },
    { CHUNKED "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n", CURLE_RECV_ERROR },
  };

  check_shapes (c, shapes, G_N_ELEMENTS (shapes));
}

static void
run_heads (Case *c)
{
  static const Shape shapes[] = {
    { HEAD "No colon here\r\nContent-Length: 0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Spaced : x\r\nContent-Length: 0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD ": no name\r\nContent-Length: 0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "A: b\rc\r\nContent-Length: 0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD " Folded: first\r\nContent-Length: 0\r\n\r\n", CURLE_WEIRD_SERVER_REPLY },
    { HEAD "Content-Length: 5\r\n ,6\r\n\r\nhello", CURLE_WEIRD_SERVER_REPLY },
    { "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL },
    { "HTTP/1.1 20x OK\r\nContent-Length: 0\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL },
    { "HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL },
    { "HTTP/3.7 200 OK\r\nContent-Length: 0\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL },
  };

  check_shapes (c, shapes, G_N_ELEMENTS (shapes));
}

/* NUL needs its length told. */
static void
run_nul (Case *c)
{
  static const char in_value[] = HEAD "A: b\0c\r\nContent-Length: 0\r\n\r\n";
  static const char in_name[] = HEAD "A\0B: c\r\nContent-Length: 0\r\n\r\n";

  scripted_server_on (case_server (c), "/1", scripted_answer_bytes (
                        scripted_answer_new (), g_bytes_new_static (in_value, sizeof in_value - 1)));
  scripted_server_on (case_server (c), "/2", scripted_answer_bytes (
                        scripted_answer_new (), g_bytes_new_static (in_name, sizeof in_name - 1)));
  case_check_error (case_get (c, "/1"), CURLE_WEIRD_SERVER_REPLY);
  case_check_error (case_get (c, "/2"), CURLE_WEIRD_SERVER_REPLY);
}

/* One header without end, headers without end, and a head that is only many small ones. */
static void
run_floods (Case *c)
{
  static const struct
  {
    const char *piece;
    guint64 times;
  } cases[] = { { "0123456789abcdef", 64 * 1024 },
                { "A: b\r\n", 1024 * 1024 },
                { "A-Name: and a value\r\n", 128 * 1024 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      GString *text = g_string_new (HEAD);
      CaseTransfer *t;

      if (i == 0)
        g_string_append (text, "X: ");
      for (guint64 k = 0; k < cases[i].times; k++)
        g_string_append (text, cases[i].piece);
      scripted_server_on (case_server (c), target, scripted_answer_bytes (scripted_answer_new (),
                                                                          g_string_free_to_bytes (text)));
      t = case_get (c, target);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      g_assert_cmpint (t->result, !=, CURLE_OPERATION_TIMEDOUT);
    }
}

static void
run_http09 (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a", scripted_answer_end (scripted_answer_exact ("just a body\n"),
                                                                  SCRIPTED_END_FIN));
  case_check_error (case_get (c, "/a"), CURLE_UNSUPPORTED_PROTOCOL);
  t = case_transfer (c, "/a");
  case_set (t, CURLOPT_HTTP09_ALLOWED, 1L);
  case_run_transfer (t);
  g_assert_cmpint (t->result, ==, CURLE_OK);
  g_assert_cmpmem (t->body->data, t->body->len, "just a body\n", 12);
  /* it is no head, nor a piece of anything */
  for (guint i = 0; i < 2; i++)
    {
      t = case_transfer (c, "/a");
      case_set (t, CURLOPT_HTTP09_ALLOWED, 1L);
      if (i == 0)
        case_set (t, CURLOPT_NOBODY, 1L);
      else
        case_set (t, CURLOPT_RESUME_FROM_LARGE, (curl_off_t) 5);
      case_run_transfer (t);
      case_check_error (t, i == 0 ? CURLE_WEIRD_SERVER_REPLY : CURLE_RANGE_ERROR);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

/* Garbage of every kind ends; what it ends with is not the point. */
static void
run_garbage (Case *c)
{
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      guint8 noise[600];
      CaseTransfer *t;

      scripted_pattern_fill (i, 0, noise, sizeof noise);
      if (i % 2 == 0)
        memcpy (noise, HEAD, strlen (HEAD));
      scripted_server_on (case_server (c), target, scripted_answer_end (scripted_answer_bytes (
        scripted_answer_new (), g_bytes_new (noise, sizeof noise)), SCRIPTED_END_FIN));
      t = case_get (c, target);
      g_assert_cmpint (t->result, !=, CURLE_OPERATION_TIMEDOUT);
    }
}

/* One field too many has a number of its own. */
static void
run_many_fields (Case *c)
{
  GString *text = g_string_new (HEAD "Content-Length: 2\r\n");

  for (guint i = 0; i < 5000; i++)
    g_string_append (text, "A: b\r\n");
  g_string_append (text, "\r\nok");
  scripted_server_on (case_server (c), "/a",
                      scripted_answer_bytes (scripted_answer_new (), g_string_free_to_bytes (text)));
  case_check_error (case_get (c, "/a"), (CURLcode) 100); /* CURLE_TOO_LARGE, which 7.88 has not */
}

/* Less than a status line is no answer. */
static void
run_cut_status (Case *c)
{
  static const char *const pieces[] = { "H", "HTTP/", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r" };

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);

      scripted_server_on (case_server (c), target,
                          scripted_answer_end (scripted_answer_exact (pieces[i]), SCRIPTED_END_FIN));
      case_check_error (case_get (c, target), CURLE_GOT_NOTHING);
    }
}

/* What follows the switch that the application asked for is for it to read. */
static void
run_asked_switching (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (
    case_server (c), "/a",
    scripted_answer_end (
      scripted_answer_exact ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nother bytes"),
      SCRIPTED_END_FIN));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Connection: Upgrade", "Upgrade: x", NULL));
  case_run_transfer (t);
  case_check_ok (t, 101, "other bytes");
}

/* A protocol switch that nobody asked for. */
static void
run_switching (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (
    case_server (c), "/a",
    scripted_answer_end (
      scripted_answer_exact ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nother bytes"),
      SCRIPTED_END_FIN));
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

const CaseSpec case_refused[] = {
  { "refused-lengths", run_lengths, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes several of these" },
  { "refused-not-uncountable", run_uncountable },
  { "same-lengths", run_same_lengths },
  { "refused-both-framings", run_both_framings, CASE_NOT_ON_LIBCURL, "libcurl ignores the length beside chunked" },
  { "old-chunked", run_old_chunked, CASE_NOT_ON_LIBCURL, "libcurl 7.88 uses the connection again" },
  { "refused-chunks", run_chunks },
  { "refused-chunks-strict", run_chunks_strict, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes several of these" },
  { "refused-heads", run_heads, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes several of these" },
  { "refused-nul", run_nul },
  { "refused-floods", run_floods },
  { "refused-http09", run_http09 },
  { "refused-garbage", run_garbage },
  { "refused-many-fields", run_many_fields, CASE_NOT_ON_LIBCURL, "libcurl 7.88 has no limit to their number" },
  { "refused-cut-status", run_cut_status },
  { "refused-not-switching", run_asked_switching },
  { "refused-switching", run_switching, CASE_NOT_ON_LIBCURL, "libcurl 7.88 hands the new protocol over as a body" },
  { NULL },
};
