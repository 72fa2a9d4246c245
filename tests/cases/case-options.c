/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Options that change how one request is made or its answer read. */

static const ScriptedRequest *
asked (Case *c,
       guint number)
{
  return scripted_server_request (case_server (c), number);
}

static void
run_port (Case *c)
{
  CaseTransfer *t = case_transfer (c, "any://127.0.0.1:1/");

  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "port"));
  case_set (t, CURLOPT_PORT, (long) scripted_server_port (case_server (c)));
  case_run_transfer (t);
  case_check_ok (t, 200, "port");
}

static void
run_scheme_guess (Case *c)
{
  g_autofree char *bare = g_strdup_printf ("127.0.0.1:%u/a", scripted_server_port (case_server (c)));
  CaseTransfer *t = case_transfer (c, bare), *fixed = case_transfer (c, bare);

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "bare"));
  if (case_default_port () == 80)
    {
      case_run_transfer (t);
      case_check_ok (t, 200, "bare");
    }
  case_set (fixed, CURLOPT_DEFAULT_PROTOCOL, case_scheme ());
  case_run_transfer (fixed);
  case_check_ok (fixed, 200, "bare");
}

static void
run_path_as_is (Case *c)
{
  CaseTransfer *tidied = case_transfer (c, "/a/../b/./c"), *kept = case_transfer (c, "/a/../b/./c");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_run_transfer (tidied);
  case_set (kept, CURLOPT_PATH_AS_IS, 1L);
  case_run_transfer (kept);
  g_assert_cmpstr (asked (c, 0)->target, ==, "/b/c");
  g_assert_cmpstr (asked (c, 1)->target, ==, "/a/../b/./c");
}

static void
run_refuse_login (Case *c)
{
  g_autofree char *url = g_strdup_printf ("http://user:pass@127.0.0.1:%u/", scripted_server_port (case_server (c)));
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 0);
}

static void
run_raw_transfer (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_chunked (200, NULL, "hello", 5, NULL));
  case_set (t, CURLOPT_HTTP_TRANSFER_DECODING, 0L);
  case_run_transfer (t);
  case_check_ok (t, 200, "5\r\nhello\r\n0\r\n\r\n");
}

/* A length that is known to be wrong: until the end of the connection instead. */
static void
run_ignore_length (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_end (scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nlonger"), SCRIPTED_END_FIN));
  case_set (t, CURLOPT_IGNORE_CONTENT_LENGTH, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "longer");
}

static int
refuse_cb (void *user_data,
           char *remote,
           char *local,
           int remote_port,
           int local_port)
{
  CaseTransfer *t = user_data;

  g_assert_cmpstr (remote, ==, "127.0.0.1");
  g_assert_cmpstr (local, ==, "127.0.0.1");
  g_assert_cmpint (remote_port, ==, scripted_server_port (case_server (t->c)));
  t->n_reads++;
  return t->user_data != NULL ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* Asked when there is a connection and nothing has been sent over it. */
static void
run_before_request (Case *c)
{
  CaseTransfer *allowed = case_transfer (c, "/a"), *refused = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "ok"));
  case_set (allowed, CURLOPT_PREREQFUNCTION, refuse_cb);
  case_set (allowed, CURLOPT_PREREQDATA, allowed);
  case_run_transfer (allowed);
  case_check_ok (allowed, 200, "ok");
  g_assert_cmpuint (allowed->n_reads, ==, 1);
  refused->user_data = refused;
  case_set (refused, CURLOPT_PREREQFUNCTION, refuse_cb);
  case_set (refused, CURLOPT_PREREQDATA, refused);
  case_run_transfer (refused);
  case_check_error (refused, CURLE_ABORTED_BY_CALLBACK);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
}

static int
trailers_cb (struct curl_slist **list,
             void *user_data)
{
  *list = curl_slist_append (*list, user_data);
  return CURL_TRAILERFUNC_OK;
}

static void
run_trailers (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "PUT /a", scripted_answer_echo (scripted_answer_new ()));
  case_upload_from (t, g_bytes_new_static ("chunks", 6), 2);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_TRAILERFUNCTION, trailers_cb);
  case_set (t, CURLOPT_TRAILERDATA, "X-Sum: 42");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", "Trailer: X-Sum", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "chunks");
  g_assert_cmpstr (asked (c, 0)->trailers->str, ==, "X-Sum: 42\n");
}

static int
debug_cb (CURL *easy,
          curl_infotype type,
          char *data,
          size_t len,
          void *user_data)
{
  static const char letters[] = "thHbBsS"; /* text, header in, header out, data in, data out, TLS */
  GString *order = user_data;

  if (type != CURLINFO_TEXT && (order->len == 0 || order->str[order->len - 1] != letters[type]))
    g_string_append_c (order, letters[type]);
  return 0;
}

static void
run_debug (Case *c)
{
  g_autoptr (GString) order = g_string_new (NULL);
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "POST /a", scripted_answer_text (200, NULL, "answer"));
  case_set (t, CURLOPT_POSTFIELDS, "sent");
  case_set (t, CURLOPT_DEBUGFUNCTION, debug_cb);
  case_set (t, CURLOPT_DEBUGDATA, order);
  case_set (t, CURLOPT_VERBOSE, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "answer");
  g_assert_cmpstr (order->str, ==, "HBhb");
}

static void
run_header_calls (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");
  struct curl_header *header = NULL;

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_exact (
                        "HTTP/1.1 103 Early\r\nX-Multi: zero\r\n\r\n"
                        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nx-multi: one\r\nX-Multi:  two \r\n\r\n"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  g_assert_cmpint (curl_easy_header (t->easy, "X-MULTI", 1, CURLH_HEADER, -1, &header), ==, CURLHE_OK);
  g_assert_cmpstr (header->value, ==, "two");
  g_assert_cmpuint (header->amount, ==, 2);
  g_assert_cmpint (curl_easy_header (t->easy, "X-Multi", 0, CURLH_1XX, -1, &header), ==, CURLHE_OK);
  g_assert_cmpstr (header->value, ==, "zero");
  g_assert_cmpint (curl_easy_header (t->easy, "Location", 0, CURLH_HEADER, 0, &header), ==, CURLHE_OK);
  g_assert_cmpstr (header->value, ==, "/b");
  g_assert_cmpint (curl_easy_header (t->easy, "Location", 0, CURLH_HEADER, -1, &header), ==, CURLHE_MISSING);
  g_assert_cmpint (curl_easy_header (t->easy, "X-Multi", 2, CURLH_HEADER, -1, &header), ==, CURLHE_BADINDEX);
}

/* --- 100-continue, the odd ways --- */

/* 100 comes when the body is on its way already. */
static void
run_late_continue (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_wait_body (scripted_answer_at_head (scripted_answer_new ()), G_MAXUINT64);
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "POST /a", scripted_answer_echo (
                        scripted_answer_send (answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")));
  case_set (t, CURLOPT_POSTFIELDS, "impatient");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect: 100-continue", NULL));
  case_set (t, CURLOPT_EXPECT_100_TIMEOUT_MS, 50L);
  case_run_transfer (t);
  case_check_ok (t, 200, "impatient");
  case_check_order (t, "iiHBD");
}

/* Told to go elsewhere instead of to go on. */
static void
run_continue_redirect (Case *c)
{
  ScriptedAnswer *there = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (
    case_server (c), "PUT /a",
    scripted_answer_end (scripted_answer_at_head (scripted_answer_exact (
                           "HTTP/1.1 307 F\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")),
                         SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "PUT /b", scripted_answer_echo (scripted_answer_wait_body (there, G_MAXUINT64)));
  case_upload_from (t, g_bytes_new_static ("the body", 8), 0);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 8);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect: 100-continue", NULL));
  case_set (t, CURLOPT_EXPECT_100_TIMEOUT_MS, 10000L);
  case_run_transfer (t);
  case_check_ok (t, 200, "the body");
  g_assert_cmpuint (asked (c, 0)->body_length, ==, 0);
  case_check_log (c, "PUT /a#0 PUT /b#1");
}

/* An error while uploading, and the caller wants to go on sending: the connection stays good. */
static void
run_keep_sending (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_wait_body (scripted_answer_new (), 1));
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "PUT /a", scripted_answer_send (
                        answer, "HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno"));
  scripted_server_on (case_server (c), "/next", scripted_answer_text (200, NULL, "next"));
  case_upload_from (t, g_bytes_new_take (g_malloc0 (200000), 200000), 1000);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 200000);
  case_set (t, CURLOPT_KEEP_SENDING_ON_ERROR, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 400, "no");
  g_assert_true (scripted_server_wait_requests (case_server (c), 1, 2000));
  g_assert_cmpuint (asked (c, 0)->body_length, ==, 200000);
  case_check_ok (case_get (c, "/next"), 200, "next");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* A server that sends a body to HEAD: nothing of it is taken for the next answer. */
static void
run_head_with_body (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "HEAD /a", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 Evil\r\nContent-Length: 0\r\n\r\n"));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "good"));
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_run_for (c, 20);
  case_check_ok (case_get (c, "/b"), 200, "good");
}

/* ---- sizes ---- */

typedef struct
{
  gsize largest;
  gsize length;
} Pieces;

static size_t
note_piece (char *data,
            size_t size,
            size_t n,
            void *user_data)
{
  Pieces *self = user_data;

  self->largest = MAX (self->largest, size * n);
  self->length += size * n;
  return size * n;
}

/* A body comes in pieces that are no larger than wished, and never larger than promised. */
static void
run_buffer_size (Case *c)
{
  static const struct
  {
    long wish;
    gsize largest;
  } vectors[] = { { 1024, 1024 }, { 5000, 5000 }, { CURL_MAX_READ_SIZE, CURL_MAX_WRITE_SIZE }, { 1, 1024 } };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      CaseTransfer *t = case_transfer (c, "/a");
      Pieces pieces = { 0, 0 };

      scripted_server_on (case_server (c), "/a", scripted_answer_big (3, 100000));
      case_set (t, CURLOPT_BUFFERSIZE, vectors[i].wish);
      case_set (t, CURLOPT_WRITEFUNCTION, note_piece);
      case_set (t, CURLOPT_WRITEDATA, &pieces);
      case_run_transfer (t);
      g_assert_cmpint (t->result, ==, CURLE_OK);
      g_assert_cmpuint (pieces.length, ==, 100000);
      g_assert_cmpuint (pieces.largest, <=, vectors[i].largest);
    }
}

/* Old radio stations: a status line of their own is one that the user knows to mean 200. */
static void
run_status_aliases (Case *c)
{
  static const char answer[] = "ICY 200 OK\r\nicy-name: x\r\n\r\nmusic";
  CaseTransfer *t = case_transfer (c, "/a"), *without = case_transfer (c, "/b"), *other = case_transfer (c, "/b");

  scripted_server_on (case_server (c), "*", scripted_answer_end (scripted_answer_exact (answer), SCRIPTED_END_FIN));
  case_set (t, CURLOPT_HTTP200ALIASES, case_list (t, "YCI", "icy 200", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "music");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_1_0);
  g_assert_cmpstr (t->head->str, ==, "ICY 200 OK\r\nicy-name: x\r\n\r\n");

  /* Behind another head, too. */
  scripted_server_on (case_server (c), "/moved", scripted_answer_redirect (302, "/a"));
  t = case_transfer (c, "/moved");
  case_set (t, CURLOPT_HTTP200ALIASES, case_list (t, "ICY 200", NULL));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "music");
  g_assert_true (g_str_has_suffix (t->head->str, "ICY 200 OK\r\nicy-name: x\r\n\r\n"));

  case_run_transfer (without);
  case_check_error (without, CURLE_UNSUPPORTED_PROTOCOL);
  case_set (other, CURLOPT_HTTP200ALIASES, case_list (other, "ICY 404", NULL));
  case_run_transfer (other);
  case_check_error (other, CURLE_UNSUPPORTED_PROTOCOL);
}

const CaseSpec case_options[] = {
  { "option-port", run_port },
  { "option-scheme-guess", run_scheme_guess },
  { "option-path-as-is", run_path_as_is },
  { "option-refuse-login", run_refuse_login },
  { "option-raw-transfer", run_raw_transfer },
  { "option-ignore-length", run_ignore_length },
  { "option-before-request", run_before_request },
  { "option-trailers", run_trailers },
  { "option-debug", run_debug },
  { "option-header-calls", run_header_calls },
  { "continue-late", run_late_continue },
  { "continue-redirect", run_continue_redirect },
  { "keep-sending", run_keep_sending },
  { "head-with-body", run_head_with_body },
  { "option-buffer-size", run_buffer_size },
  { "option-status-aliases", run_status_aliases },
  { NULL },
};
