/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"
#include "codings.h"

#include <string.h>

/* Bodies that are coded on their way: asked for, undone, left as they are, broken. */

#define ALL_CODINGS "deflate, gzip, br, zstd"

/* @target answers 200 with @headers (lines) and these bytes. Takes @body over. */
static void
serve (Case *c,
       const char *target,
       const char *headers,
       GBytes *body)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\n%sContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", headers,
                                           g_bytes_get_size (body));

  scripted_server_on (case_server (c), target, scripted_answer_bytes (scripted_answer_exact (head), body));
}

static void
serve_coded (Case *c,
             const char *target,
             Encode how,
             const char *text)
{
  g_autofree char *headers = g_strdup_printf ("Content-Encoding: %s\r\n", encode_names[how]);

  serve (c, target, headers, encode (how, text, strlen (text)));
}

static CaseTransfer *
get_decoded (Case *c,
             const char *target)
{
  CaseTransfer *t = case_transfer (c, target);

  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_run_transfer (t);
  return t;
}

static const char *
asked (Case *c,
       const char *name)
{
  guint n = scripted_server_n_requests (case_server (c));

  return scripted_request_header (scripted_server_request (case_server (c), n - 1), name);
}

static void
run_each (Case *c)
{
  g_autofree char *text = make_text (70 * 1000);

  for (guint how = 0; how < ENCODE_N; how++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", how);
      CaseTransfer *t;

      serve_coded (c, target, how, text);
      t = get_decoded (c, target);
      case_check_ok (t, 200, text);
      g_assert_cmpstr (asked (c, "Accept-Encoding"), ==, ALL_CODINGS);
      /* The head is told as it was sent, and counted is what came over the wire. */
      g_assert_nonnull (strstr (t->head->str, encode_names[how]));
      g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), <, 70 * 1000);
      g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), ==,
                       case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T));
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* Named codings are asked for word by word; what comes is undone whatever was named. */
static void
run_named (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  serve_coded (c, "/a", ENCODE_GZIP, "hello");
  case_set (t, CURLOPT_ACCEPT_ENCODING, "x-fancy;q=0.5, br");
  case_run_transfer (t);
  case_check_ok (t, 200, "hello");
  g_assert_cmpstr (asked (c, "Accept-Encoding"), ==, "x-fancy;q=0.5, br");
}

/* The names in any case, and that of old. */
static void
run_names (Case *c)
{
  serve (c, "/a", "content-encoding: X-GZIP\r\n", encode (ENCODE_GZIP, "old", 3));
  serve (c, "/b", "Content-Encoding:\r\n", g_bytes_new_static ("none", 4));
  serve (c, "/c", "Content-Encoding: identity\r\n", g_bytes_new_static ("same", 4));
  case_check_ok (get_decoded (c, "/a"), 200, "old");
  case_check_ok (get_decoded (c, "/b"), 200, "none");
  case_check_ok (get_decoded (c, "/c"), 200, "same");
  serve (c, "/d", "Content-Encoding: none\r\n", g_bytes_new_static ("as it is", 8));
  case_check_ok (get_decoded (c, "/d"), 200, "as it is");
}

/* Not asked for, or asked for and wanted as it is: the bytes of the wire. */
static void
run_raw (Case *c)
{
  g_autoptr (GBytes) coded = encode (ENCODE_GZIP, "hello", 5);
  CaseTransfer *t;

  serve_coded (c, "/a", ENCODE_GZIP, "hello");
  t = case_get (c, "/a");
  case_check_ok (t, 200, NULL);
  g_assert_null (asked (c, "Accept-Encoding"));
  g_assert_cmpmem (t->body->data, t->body->len, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded));

  t = case_transfer (c, "/a");
  case_set (t, CURLOPT_ACCEPT_ENCODING, "gzip");
  case_set (t, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  case_run_transfer (t);
  g_assert_cmpstr (asked (c, "Accept-Encoding"), ==, "gzip");
  g_assert_cmpmem (t->body->data, t->body->len, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded));

  /* A field of the application's own asks, but does not undo. */
  t = case_transfer (c, "/a");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Accept-Encoding: gzip", NULL));
  case_run_transfer (t);
  g_assert_cmpstr (asked (c, "Accept-Encoding"), ==, "gzip");
  g_assert_cmpmem (t->body->data, t->body->len, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded));
}

/* Several codings in one field and in several; what was applied last is undone first. */
static void
run_chain (Case *c)
{
  g_autofree char *text = make_text (20 * 1000);
  g_autoptr (GBytes) inner = encode (ENCODE_ZSTD, text, strlen (text));

  serve (c, "/a", "Content-Encoding: zstd, identity, gzip\r\n", encode_bytes (ENCODE_GZIP, inner));
  serve (c, "/b", "Content-Encoding: zstd\r\nX: y\r\nContent-Encoding: ,gzip\r\n", encode_bytes (ENCODE_GZIP, inner));
  serve (c, "/wrong", "Content-Encoding: gzip, zstd\r\n", encode_bytes (ENCODE_GZIP, inner));
  case_check_ok (get_decoded (c, "/a"), 200, text);
  case_check_ok (get_decoded (c, "/b"), 200, text);
  case_check_error (get_decoded (c, "/wrong"), CURLE_BAD_CONTENT_ENCODING);
}

/* CVE-2022-32206 and CVE-2023-23916: as many codings as a head has room for, in one field or each in its own. */
static void
run_chain_limit (Case *c)
{
  GBytes *five = g_bytes_new_static ("deep", 4);
  GBytes *six;
  GString *many = g_string_new (NULL);
  CaseTransfer *t;

  for (guint i = 0; i < 5; i++)
    {
      GBytes *more = encode_bytes (ENCODE_GZIP, five);

      g_bytes_unref (five);
      five = more;
    }
  six = encode_bytes (ENCODE_GZIP, five);
  for (guint i = 0; i < 1000; i++)
    g_string_append (many, "Content-Encoding: gzip\r\n");
  serve (c, "/five", "Content-Encoding: gzip, gzip, gzip\r\nContent-Encoding: gzip, gzip\r\n", five);
  serve (c, "/six", "Content-Encoding: gzip, gzip, gzip\r\nContent-Encoding: gzip, gzip, gzip\r\n", six);
  serve (c, "/many", many->str, g_bytes_ref (six));
  case_check_ok (get_decoded (c, "/five"), 200, "deep");
  t = get_decoded (c, "/six");
  case_check_error (t, CURLE_BAD_CONTENT_ENCODING);
  g_assert_cmpuint (t->body->len, ==, 0);
  case_check_error (get_decoded (c, "/many"), CURLE_BAD_CONTENT_ENCODING);
  g_string_free (many, TRUE);
}

static void
run_unknown (Case *c)
{
  CaseTransfer *t;

  serve (c, "/a", "Content-Encoding: x-rot13\r\n", g_bytes_new_static ("uryyb", 5));
  serve (c, "/b", "Content-Encoding: gzip, x-rot13\r\n", g_bytes_new_static ("uryyb", 5));
  t = get_decoded (c, "/a");
  case_check_error (t, CURLE_BAD_CONTENT_ENCODING);
  g_assert_cmpuint (t->body->len, ==, 0);
  if (!case_on_libcurl ())
    g_assert_nonnull (strstr (t->error, "x-rot13"));
  case_check_error (get_decoded (c, "/b"), CURLE_BAD_CONTENT_ENCODING);
  case_check_ok (case_get (c, "/a"), 200, "uryyb");
}

/* Where there is no body there is nothing to undo, whatever the head says. */
static void
run_no_body (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/head", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Encoding: x-rot13\r\nContent-Length: 77\r\n\r\n"));
  scripted_server_on (case_server (c), "/204", scripted_answer_exact (
                        "HTTP/1.1 204 OK\r\nContent-Encoding: gzip\r\n\r\n"));
  scripted_server_on (case_server (c), "/304", scripted_answer_exact (
                        "HTTP/1.1 304 OK\r\nContent-Encoding: gzip\r\nContent-Length: 77\r\n\r\n"));
  serve (c, "/none", "Content-Encoding: gzip\r\n", g_bytes_new_static ("", 0));
  scripted_server_on (case_server (c), "/chunks", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  t = case_transfer (c, "/head");
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_ok (get_decoded (c, "/204"), 204, "");
  case_check_ok (get_decoded (c, "/304"), 304, "");
  case_check_ok (get_decoded (c, "/none"), 200, "");
  case_check_ok (get_decoded (c, "/chunks"), 200, "");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* An early end is an error, told by length, by chunks and by closing alike. */
static void
run_truncated (Case *c)
{
  g_autofree char *text = make_text (1000);

  for (guint how = 0; how < ENCODE_N; how++)
    {
      g_autoptr (GBytes) coded = encode (how, text, strlen (text));
      gsize len = g_bytes_get_size (coded) - 1;
      g_autofree char *length = g_strdup_printf ("Content-Encoding: %s\r\n", encode_names[how]);
      g_autofree char *close = g_strdup_printf ("HTTP/1.1 200 OK\r\n%s\r\n", length);
      g_autofree char *chunk = g_strdup_printf ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n%s\r\n%zx\r\n", length,
                                                len);
      char *targets[3] = { g_strdup_printf ("/length%u", how), g_strdup_printf ("/close%u", how),
                           g_strdup_printf ("/chunk%u", how) };

      serve (c, targets[0], length, g_bytes_new_from_bytes (coded, 0, len));
      scripted_server_on (case_server (c), targets[1], scripted_answer_end (scripted_answer_bytes (
        scripted_answer_exact (close), g_bytes_new_from_bytes (coded, 0, len)), SCRIPTED_END_FIN));
      scripted_server_on (case_server (c), targets[2], scripted_answer_send (scripted_answer_bytes (
        scripted_answer_exact (chunk), g_bytes_new_from_bytes (coded, 0, len)), "\r\n0\r\n\r\n"));
      for (guint i = 0; i < G_N_ELEMENTS (targets); i++)
        {
          case_check_error (get_decoded (c, targets[i]), CURLE_BAD_CONTENT_ENCODING);
          g_free (targets[i]);
        }
    }
}

static void
run_broken (Case *c)
{
  for (guint how = 0; how < ENCODE_N; how++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", how);
      g_autofree char *headers = g_strdup_printf ("Content-Encoding: %s\r\n", encode_names[how]);

      serve (c, target, headers, g_bytes_new_static ("\x4dthis is not coded at all, whatever they say", 44));
      case_check_error (get_decoded (c, target), CURLE_BAD_CONTENT_ENCODING);
      case_check_error (get_decoded (c, target), CURLE_BAD_CONTENT_ENCODING);
    }
  /* Each time the connection was dropped: what is left on it nobody knows. */
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2 * ENCODE_N);
}

/* A redirect's coded page is read away without a look at it. */
static void
run_redirect (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/from");

  scripted_server_on (case_server (c), "/from", scripted_answer_exact (
                        "HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxyz"));
  serve_coded (c, "/to", ENCODE_BROTLI, "there");
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "there");
  case_check_log (c, "GET /from#0 GET /to#0");
}

/* ---- pauses ---- */

typedef struct
{
  CaseTransfer *t;
  guint64 got;
  guint64 next;
  guint n_pauses;
  gboolean paused;
} Pauser;

static size_t
pausing_write (char *data,
               size_t size,
               size_t n,
               void *user_data)
{
  Pauser *pauser = user_data;

  g_assert_false (pauser->paused);
  if (pauser->got >= pauser->next)
    {
      pauser->next += 1000 * 1000;
      pauser->n_pauses++;
      pauser->paused = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  for (gsize i = 0; i < n; i++)
    g_assert_cmpint (data[i], ==, 0);
  pauser->got += n;
  return n;
}

static size_t
drop_write (char *data,
            size_t size,
            size_t n,
            void *user_data)
{
  return n;
}

static gboolean
is_paused_or_done (gpointer data)
{
  Pauser *pauser = data;

  return pauser->paused || pauser->t->n_done > 0;
}

/* Some kilobytes that become megabytes: all of it was read before the first pause, so no socket says a word any more. */
static void
run_pause (Case *c)
{
  Pauser pauser = { .next = 100 * 1000 };
  CaseTransfer *t = case_transfer (c, "/zeros");

  serve (c, "/zeros", "Content-Encoding: gzip\r\n", encode_zeros (12));
  pauser.t = t;
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_set (t, CURLOPT_WRITEFUNCTION, pausing_write);
  case_set (t, CURLOPT_WRITEDATA, &pauser);
  case_add (t);
  while (case_run_until (c, is_paused_or_done, &pauser, 5000) && t->n_done == 0)
    {
      guint64 got = pauser.got;

      if (pauser.n_pauses == 1)
        case_run_for (c, 100);
      g_assert_cmpuint (pauser.got, ==, got);
      pauser.paused = FALSE;
      g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
    }
  case_run (c);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (pauser.got, ==, 12 * 1024 * 1024);
  g_assert_cmpuint (pauser.n_pauses, ==, 13);
}

/* Data that are decoded and wait do not let a hundred others wait: each turn makes its share only. */
static void
run_beside (Case *c)
{
  CaseTransfer *large = case_transfer (c, "/zeros");
  CaseTransfer *small[10];

  serve (c, "/zeros", "Content-Encoding: gzip\r\n", encode_zeros (60));
  serve_coded (c, "/small", ENCODE_GZIP, "small");
  case_set (large, CURLOPT_ACCEPT_ENCODING, "");
  case_set (large, CURLOPT_WRITEFUNCTION, drop_write);
  case_add (large);
  for (guint i = 0; i < G_N_ELEMENTS (small); i++)
    {
      small[i] = case_transfer (c, "/small");
      case_set (small[i], CURLOPT_ACCEPT_ENCODING, "");
      case_add (small[i]);
    }
  case_run (c);
  case_check_ok (large, 200, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (small); i++)
    {
      case_check_ok (small[i], 200, "small");
      g_assert_cmpint (small[i]->done_at, <, large->done_at);
    }
}

/* ---- limits ---- */

static void
run_bomb (Case *c)
{
  g_autoptr (GBytes) once = encode_zeros (10 * 1024);
  CaseTransfer *t = case_transfer (c, "/bomb");

  serve (c, "/bomb", "Content-Encoding: gzip, gzip\r\n", encode_bytes (ENCODE_GZIP, once));
  case_set (t, CURLOPT_WRITEFUNCTION, drop_write);
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_run_transfer (t);
  case_check_error (t, CURLE_BAD_CONTENT_ENCODING);
}

/* The limit is for what comes out. */
static void
run_max_size (Case *c)
{
  for (guint i = 0; i < 2; i++)
    {
      CaseTransfer *t = case_transfer (c, "/a");
      g_autofree char *text = make_text (5000);

      serve_coded (c, "/a", ENCODE_GZIP, text);
      case_set (t, CURLOPT_ACCEPT_ENCODING, "");
      case_set (t, CURLOPT_MAXFILESIZE, 5000L - i);
      case_run_transfer (t);
      case_check_error (t, i == 0 ? CURLE_OK : CURLE_FILESIZE_EXCEEDED);
    }
}

/* ---- parts ---- */

/* A piece cannot be decoded: none of it is asked for coded, unless somebody names the codings. */
static void
run_range (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_exact (
                        "HTTP/1.1 206 Part\r\nContent-Range: bytes 3-5/10\r\nContent-Length: 3\r\n\r\ndef"));
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_set (t, CURLOPT_RANGE, "3-5");
  case_run_transfer (t);
  case_check_ok (t, 206, "def");
  g_assert_cmpstr (asked (c, "Accept-Encoding"), ==, "identity");
}

static void
run_resume_coded (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_exact (
                        "HTTP/1.1 206 Part\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n"
                        "Content-Encoding: gzip\r\n\r\ndef"));
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
  case_set (t, CURLOPT_RESUME_FROM, 3L);
  case_run_transfer (t);
  case_check_error (t, CURLE_RANGE_ERROR);
  g_assert_cmpuint (t->body->len, ==, 0);
}

/* ---- transfer codings ---- */

static void
run_transfer_coding (Case *c)
{
  g_autofree char *text = make_text (3000);
  g_autoptr (GBytes) coded = encode (ENCODE_GZIP, text, strlen (text));
  g_autoptr (GBytes) content = encode (ENCODE_ZSTD, text, strlen (text));
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%zx\r\n",
                                           g_bytes_get_size (coded));
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/chunked", scripted_answer_send (scripted_answer_bytes (
    scripted_answer_exact (head), g_bytes_ref (coded)), "\r\n0\r\n\r\n"));
  scripted_server_on (case_server (c), "/close", scripted_answer_end (scripted_answer_bytes (
    scripted_answer_exact ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"), g_bytes_ref (coded)),
    SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "/both", scripted_answer_end (scripted_answer_bytes (scripted_answer_exact (
    "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nTransfer-Encoding: gzip\r\n\r\n"),
    encode_bytes (ENCODE_GZIP, content)), SCRIPTED_END_FIN));
  for (guint i = 0; i < 3; i++)
    {
      t = case_transfer (c, ((const char *[]){ "/chunked", "/close", "/both" })[i]);
      case_set (t, CURLOPT_TRANSFER_ENCODING, 1L);
      if (i == 2)
        case_set (t, CURLOPT_ACCEPT_ENCODING, "");
      case_run_transfer (t);
      case_check_ok (t, 200, text);
      g_assert_cmpstr (asked (c, "TE"), ==, "gzip");
      g_assert_cmpstr (asked (c, "Connection"), ==, "TE");
    }
}

static void
run_transfer_coding_refused (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/order", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"));
  scripted_server_on (case_server (c), "/unknown", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: x-rot13, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"));
  scripted_server_on (case_server (c), "/both", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"));
  for (guint i = 0; i < 3; i++)
    {
      t = case_transfer (c, ((const char *[]){ "/order", "/unknown", "/both" })[i]);
      case_set (t, CURLOPT_TRANSFER_ENCODING, 1L);
      case_run_transfer (t);
      g_assert_cmpint (t->result, !=, CURLE_OK);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

/* The application's own Connection stays, and there is one. */
static void
run_transfer_coding_connection (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "plain"));
  case_set (t, CURLOPT_TRANSFER_ENCODING, 1L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Connection: close", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "plain");
  g_assert_cmpstr (asked (c, "Connection"), ==, "close, TE");
  g_assert_cmpuint (scripted_request_count (scripted_server_request (case_server (c), 0), "Connection"), ==, 1);
}

#define WHY_END "libcurl 7.88 takes what was cut off for the whole"

const CaseSpec case_coding[] = {
  { "coding-each", run_each, CASE_CODED },
  { "coding-named", run_named, CASE_CODED },
  { "coding-names", run_names, CASE_CODED },
  { "coding-raw", run_raw, CASE_CODED },
  { "coding-chain", run_chain, CASE_CODED },
  { "coding-chain-limit", run_chain_limit, CASE_CODED },
  { "coding-unknown", run_unknown },
  { "coding-no-body", run_no_body, CASE_CODED },
  { "coding-truncated", run_truncated, CASE_CODED | CASE_NOT_ON_LIBCURL, WHY_END },
  { "coding-broken", run_broken, CASE_CODED },
  { "coding-redirect", run_redirect, CASE_CODED },
  { "coding-pause", run_pause, CASE_CODED },
  { "coding-beside", run_beside, CASE_CODED | CASE_NOT_ON_LIBCURL, "libcurl decodes all that it has read in one go" },
  { "coding-bomb", run_bomb, CASE_CODED | CASE_NOT_ON_LIBCURL | CASE_LARGE, "libcurl has no limit for what comes out" },
  { "coding-max-size", run_max_size, CASE_CODED | CASE_NOT_ON_LIBCURL,
    "libcurl 7.88 looks at the length in the head alone" },
  { "coding-range", run_range, CASE_CODED | CASE_NOT_ON_LIBCURL, "libcurl asks for coded pieces" },
  { "coding-resume", run_resume_coded, CASE_CODED | CASE_NOT_ON_LIBCURL, "libcurl takes a coded piece for the rest" },
  { "transfer-coding", run_transfer_coding, CASE_CODED },
  { "transfer-coding-refused", run_transfer_coding_refused, CASE_NOT_ON_LIBCURL, "libcurl takes them as they are" },
  { "transfer-coding-connection", run_transfer_coding_connection, CASE_CODED },
  { NULL },
};
