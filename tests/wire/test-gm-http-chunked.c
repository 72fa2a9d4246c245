/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-chunked.h"
#include "gm-http1-write.h"
#include "splits.h"

typedef struct
{
  guint flags;
  GmSpan input;
  /* "body|trailer=value;<rest>", "body|more" when the end is missing, or "cause" */
  const char *expected;
} Vector;

typedef struct
{
  const Vector *vector;
  GmHeaders *headers;
  GmHttpChunked decoder;
  GmParse answer;
  GmResult why;
  GString *body;
  GString *rest;
} Run;

static gpointer
run_begin (gconstpointer data)
{
  Run *run = g_new0 (Run, 1);

  run->vector = data;
  run->headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  gm_http_chunked_init (&run->decoder, NULL, run->vector->flags);
  run->answer = GM_PARSE_MORE;
  run->body = g_string_new (NULL);
  run->rest = g_string_new (NULL);
  return run;
}

static void
run_feed (gpointer data,
          GmSpan piece)
{
  Run *run = data;
  gsize done = 0;

  while (run->answer == GM_PARSE_MORE && done < piece.len)
    {
      gsize consumed;
      GmSpan body;

      run->answer = gm_http_chunked_feed (&run->decoder, run->headers, piece.data + done, piece.len - done, &consumed,
                                          &body, &run->why);
      g_assert_cmpuint (consumed, <=, piece.len - done);
      if (run->answer == GM_PARSE_MORE)
        g_assert_cmpuint (consumed, >, 0);
      else
        g_assert_cmpuint (body.len, ==, 0);
      g_assert_true (body.len == 0 || body.data >= piece.data + done);
      g_assert_true (body.len == 0 || body.data + body.len <= piece.data + done + consumed);
      g_string_append_len (run->body, body.data, (gssize) body.len);
      done += consumed;
    }
  if (run->answer == GM_PARSE_DONE)
    g_string_append_len (run->rest, piece.data + done, (gssize) (piece.len - done));
}

static char *
run_end (gpointer data)
{
  Run *run = data;
  GString *out = g_string_new (NULL);
  GmHttp1Line iter = { 0 };
  GmSpan line;
  guint n_lines = 0;

  if (run->answer == GM_PARSE_BAD)
    g_string_append (out, gm_result_name (run->why));
  else
    {
      g_string_append_printf (out, "%s|", run->body->str);
      g_assert_cmpuint (run->decoder.n_body, ==, run->body->len);
    }
  if (run->answer == GM_PARSE_MORE)
    g_string_append (out, "more");
  if (run->answer == GM_PARSE_DONE)
    {
      for (guint i = 0; i < gm_headers_get_n_entries (run->headers); i++)
        {
          GmSpan name = gm_headers_get_name (run->headers, i);
          GmSpan value = gm_headers_get_value (run->headers, i);

          g_assert_cmpuint (run->headers->entries[i].origin, ==, GM_HEADER_TRAILER);
          g_string_append_printf (out, "%.*s=%.*s;", (int) name.len, name.data, (int) value.len, value.data);
        }
      while (gm_http1_line_next (&iter, &run->decoder.trailer, run->headers, &line))
        n_lines++;
      g_assert_cmpuint (n_lines, ==, run->decoder.trailer.n_entries == 0 ? 0 : run->decoder.trailer.n_entries + 1);
      g_assert_true (run->decoder.trailer.n_entries > 0 || gm_headers_get_n_bytes (run->headers) == 0);
      g_string_append_printf (out, "<%s>", run->rest->str);
    }

  gm_headers_unref (run->headers);
  g_string_free (run->body, TRUE);
  g_string_free (run->rest, TRUE);
  g_free (run);
  return g_string_free (out, FALSE);
}

static const SplitTest chunked_test = { run_begin, run_feed, run_end };

static void
check_vectors (const Vector *vectors,
               gsize n)
{
  for (gsize i = 0; i < n; i++)
    splits_check (&chunked_test, &vectors[i], vectors[i].input, vectors[i].expected);
}

static void
test_accepted (void)
{
  static const Vector vectors[] = {
    { 0, GM_SPAN ("5\r\nhello\r\n0\r\n\r\nHTTP"), "hello|<HTTP>" },
    { 0, GM_SPAN ("0\r\n\r\n"), "|<>" },
    { 0, GM_SPAN ("0000\r\n\r\n"), "|<>" },
    { 0, GM_SPAN ("1\r\na\r\n0000000000000002\r\nbc\r\nA\r\n0123456789\r\n0a\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n."),
      "abc0123456789\r\n\r\n\r\n\r\n\r\n|<.>" },
    { 0, GM_SPAN ("2 \t\r\nab\r\n3;a=b;c=\"d;\\\"\"\r\ncde\r\n0 ;x\r\n\r\n"), "abcde|<>" },
    { 0, GM_SPAN ("1\r\na\r\n0\r\nSum: 1\r\nB:2\r\n\r\n."), "a|Sum=1;B=2;<.>" },
    { 0, GM_SPAN ("1\r\na\r\n0;e=f\r\nSum: 1\r\n folded\r\n\r\n."), "a|Sum=1 folded;<.>" },
    { GM_HTTP_CHUNKED_BARE_LF, GM_SPAN ("1\na\n2;x\r\nbc\n0\n\n."), "abc|<.>" },
    { GM_HTTP_CHUNKED_BARE_LF, GM_SPAN ("0\nA: b\n\n."), "|A=b;<.>" },
    { 0, GM_SPAN (""), "|more" },
    { 0, GM_SPAN ("5\r\nhel"), "hel|more" },
    { 0, GM_SPAN ("5\r\nhello\r\n0\r\n"), "hello|more" },
    { 0, GM_SPAN ("5\r\nhello\r\n0\r\nA: b\r\n"), "hello|more" },
    { 0, GM_SPAN ("7fffffffffffffff\r\nabc"), "abc|more" },
    { 0, GM_SPAN ("1\r\na\r\n7ffffffffffffffe\r\nabc"), "aabc|more" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static void
test_refused (void)
{
  static const Vector vectors[] = {
    { 0, GM_SPAN ("\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN (";a\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN (" 5\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("-5\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("+5\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("0x5\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5g\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5 5\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\0\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5;\0\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\rhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5;a\rb\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\nhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5;a\nhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\r\nhello\n0\r\n\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\r\nhello0\r\n\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\r\nhello\r0\r\n\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("5\r\nhello\r\r\n0\r\n\r\n"), "HTTP_BAD_CHUNK" },
    { GM_HTTP_CHUNKED_BARE_LF, GM_SPAN ("5\r\nhellox\n0\r\n\r\n"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("00000000000000005\r\nhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("8000000000000000\r\nhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("ffffffffffffffff\r\nhello"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("1\r\na\r\n7fffffffffffffff\r\nabc"), "HTTP_BAD_CHUNK" },
    { 0, GM_SPAN ("0\r\nA b\r\n\r\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\n A: b\r\n\r\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\nA: b\rc\r\n\r\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\nA: \0\r\n\r\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\n\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\nA: b\n\r\n"), "HTTP_BAD_TRAILER" },
    { 0, GM_SPAN ("0\r\n\rA: b\r\n\r\n"), "HTTP_BAD_TRAILER" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

/* What extensions may take: 16 KiB and a byte more for each byte of data; one past that is refused. */
static void
test_extension_limit (void)
{
  for (guint surplus = 0; surplus < 2; surplus++)
    {
      g_autoptr (GString) text = g_string_new ("3\r\nabc\r\n1;");
      Vector vector = { 0 };

      while (text->len < 9 + GM_HTTP_CHUNK_MAX_EXTENSION + 3 + surplus)
        g_string_append_c (text, 'x');
      g_string_append (text, "\r\nd\r\n0\r\n\r\n");
      splits_check (&chunked_test, &vector, gm_span (text->str, text->len), surplus == 0 ? "abcd|<>" : "HTTP_BAD_CHUNK");
    }
}

static void
test_trailer_limit (void)
{
  static const GmHttp1Limits limits = { 100, 100, 1 };
  g_autoptr (GmHeaders) headers = gm_headers_new (1000, 10);
  GmHttpChunked decoder;
  gsize consumed;
  GmSpan body;
  GmResult why;

  gm_http_chunked_init (&decoder, &limits, 0);
  g_assert_cmpint (gm_http_chunked_feed (&decoder, headers, "0\r\nA: b\r\n\r\n", 11, &consumed, &body, &why), ==,
                   GM_PARSE_DONE);
  gm_http_chunked_init (&decoder, &limits, 0);
  g_assert_cmpint (gm_http_chunked_feed (&decoder, headers, "0\r\nA: b\r\nC:\r\n\r\n", 15, &consumed, &body, &why), ==,
                   GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint (consumed, ==, 0);
}

static void
test_write (void)
{
  static const struct
  {
    guint64 size;
    const char *head;
  } cases[] = {
    { 1, "1\r\n" },
    { 15, "f\r\n" },
    { 16, "10\r\n" },
    { 4096, "1000\r\n" },
    { 0xabcdef, "abcdef\r\n" },
    { G_MAXINT64, "7fffffffffffffff\r\n" },
    { G_MAXUINT64, "ffffffffffffffff\r\n" },
  };
  char head[GM_HTTP_CHUNK_HEAD_MAX];

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpmem (head, gm_http_chunk_write_head (head, cases[i].size), cases[i].head, strlen (cases[i].head));
}

/* What we write is what we read. */
static void
test_round_trip (void)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_autoptr (GString) expected = g_string_new (NULL);
  Vector vector = { 0 };

  for (guint size = 1; size < 40; size += 7)
    {
      char head[GM_HTTP_CHUNK_HEAD_MAX];

      gm_byte_builder_append (&out, head, gm_http_chunk_write_head (head, size));
      for (guint i = 0; i < size; i++)
        {
          gm_byte_builder_append_char (&out, (char) ('a' + i % 26));
          g_string_append_c (expected, (char) ('a' + i % 26));
        }
      gm_byte_builder_append_literal (&out, GM_HTTP_CHUNK_END);
    }
  gm_byte_builder_append_literal (&out, GM_HTTP_CHUNK_LAST);
  gm_http1_write_field (&out, GM_SPAN ("Sum"), GM_SPAN ("1"));
  gm_byte_builder_append_literal (&out, GM_HTTP_CHUNK_END);
  g_string_append (expected, "|Sum=1;<>");
  splits_check (&chunked_test, &vector, gm_span (out.data, out.len), expected->str);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-chunked/accepted", test_accepted);
  g_test_add_func ("/http-chunked/refused", test_refused);
  g_test_add_func ("/http-chunked/extension-limit", test_extension_limit);
  g_test_add_func ("/http-chunked/trailer-limit", test_trailer_limit);
  g_test_add_func ("/http-chunked/write", test_write);
  g_test_add_func ("/http-chunked/round-trip", test_round_trip);
  return g_test_run ();
}
