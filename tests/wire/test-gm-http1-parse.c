/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http1-parse.h"
#include "splits.h"

typedef struct
{
  guint flags;
  GmSpan input;
  /* "version status [reason] {raw line}… name=value;… <rest>", or the cause why it was refused; CR LF shown as $ */
  const char *expected;
  const GmHttp1Limits *limits;
  const GmStringList *aliases;
} Vector;

typedef struct
{
  const Vector *vector;
  GmHeaders *headers;
  GmHttp1Head parser;
  GmParse answer;
  GmResult why;
  GString *rest;
} Run;

static gpointer
run_begin (gconstpointer data)
{
  Run *run = g_new0 (Run, 1);

  run->vector = data;
  run->headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  /* Something of an earlier head lies before. */
  gm_headers_append (run->headers, GM_HEADER_1XX, GM_SPAN ("Earlier"), GM_SPAN ("one"));
  gm_http1_head_init (&run->parser, run->vector->limits, run->vector->flags);
  gm_http1_head_set_aliases (&run->parser, run->vector->aliases);
  run->answer = GM_PARSE_MORE;
  run->rest = g_string_new (NULL);
  return run;
}

static void
run_feed (gpointer data,
          GmSpan piece)
{
  Run *run = data;
  gsize consumed = 0;

  if (run->answer == GM_PARSE_MORE)
    {
      run->answer = gm_http1_head_feed (&run->parser, run->headers, piece.data, piece.len, &consumed, &run->why);
      g_assert_cmpuint (consumed, <=, piece.len);
      if (run->answer == GM_PARSE_MORE)
        g_assert_cmpuint (consumed, ==, piece.len);
    }
  if (run->answer == GM_PARSE_DONE)
    g_string_append_len (run->rest, piece.data + consumed, (gssize) (piece.len - consumed));
}

static void
append_span (GString *out,
             GmSpan span)
{
  for (gsize i = 0; i < span.len; i++)
    {
      if (span.data[i] == '\n')
        g_string_append_c (out, '$');
      else if (span.data[i] != '\r')
        g_string_append_c (out, span.data[i]);
    }
}

static void
append_lines (GString *out,
              const Run *run)
{
  GmHttp1Line iter = { 0 };
  GmSpan line;

  while (gm_http1_line_next (&iter, &run->parser, run->headers, &line))
    {
      g_assert_cmpint (line.data[line.len - 1], ==, '\n');
      append_span (out, line);
    }
}

static void
append_entries (GString *out,
                const Run *run)
{
  for (guint i = 0; i < run->parser.n_entries; i++)
    {
      guint index = run->parser.first_entry + i;

      append_span (out, gm_headers_get_name (run->headers, index));
      g_string_append_c (out, '=');
      append_span (out, gm_headers_get_value (run->headers, index));
      g_string_append_printf (out, ":%u;", run->headers->entries[index].origin);
    }
}

static char *
run_end (gpointer data)
{
  Run *run = data;
  GString *out = g_string_new (NULL);
  GmSpan earlier = gm_span (NULL, 0);

  if (run->answer == GM_PARSE_MORE)
    run->answer = gm_http1_head_finish (&run->parser, run->headers, &run->why);

  if (run->answer == GM_PARSE_BAD)
    {
      g_string_append (out, gm_result_name (run->why));
      g_assert_cmpuint (gm_headers_get_n_entries (run->headers), ==, 1);
      g_assert_cmpuint (gm_headers_get_n_bytes (run->headers), ==, strlen ("Earlier: one\r\n"));
    }
  else if (run->parser.version == 9)
    {
      append_span (out, gm_http1_head_get_raw (&run->parser, run->headers));
      append_span (out, gm_span (run->rest->str, run->rest->len));
      g_string_prepend (out, "0.9 ");
    }
  else
    {
      g_string_append_printf (out, "%u.%u %u [", run->parser.version / 10, run->parser.version % 10, run->parser.status);
      append_span (out, gm_http1_head_get_reason (&run->parser, run->headers));
      g_string_append (out, "] ");
      append_lines (out, run);
      g_string_append_c (out, ' ');
      append_entries (out, run);
      g_string_append_printf (out, " <%s>", run->rest->str);
      g_assert_cmpuint (run->parser.end, ==, gm_headers_get_n_bytes (run->headers));
    }

  g_assert_true (gm_headers_lookup (run->headers, GM_SPAN ("earlier"), GM_HEADER_ANY, 0, &earlier));
  g_assert_cmpmem (earlier.data, earlier.len, "one", 3);
  gm_headers_unref (run->headers);
  g_string_free (run->rest, TRUE);
  g_free (run);
  return g_string_free (out, FALSE);
}

static const SplitTest head_test = { run_begin, run_feed, run_end };

static void
check_vectors (const Vector *vectors,
               gsize n)
{
  for (gsize i = 0; i < n; i++)
    splits_check (&head_test, &vectors[i], vectors[i].input, vectors[i].expected);
}

static void
test_accepted (void)
{
  static const Vector vectors[] = {
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x y\r\n\r\nhello"),
      "1.1 200 [OK] HTTP/1.1 200 OK$Content-Length: 5$Server: x y$$ Content-Length=5:1;Server=x y:1; <hello>" },
    { 0, GM_SPAN ("HTTP/1.0 404 Not Found\n\n"), "1.0 404 [Not Found] HTTP/1.0 404 Not Found$$  <>" },
    { 0, GM_SPAN ("HTTP/1.1 999\r\nA:\r\nB: \t \r\nC:v\t \r\n\r\n"),
      "1.1 999 [] HTTP/1.1 999$A:$B: \t $C:v\t $$ A=:1;B=:1;C=v:1; <>" },
    { 0, GM_SPAN ("HTTP/1.1 100 \r\nX: \x01\x7f\xc3\xa9\t:\r\n\n"),
      "1.1 100 [] HTTP/1.1 100 $X: \x01\x7f\xc3\xa9\t:$$ X=\x01\x7f\xc3\xa9\t::8; <>" },
    { 0, GM_SPAN ("HTTP/1.1 200OK\r\n\r\n"), "1.1 200 [OK] HTTP/1.1 200OK$$  <>" },
    { 0, GM_SPAN ("\r\n\n\r\n\nHTTP/1.1 204 \xff\r\n\r\n\r\n"), "1.1 204 [\xff] HTTP/1.1 204 \xff$$  <\r\n>" },
    { GM_HTTP1_CONNECT, GM_SPAN ("HTTP/1.1 200 Go\r\nVia: p\r\n\r\n\x16\x03"),
      "1.1 200 [Go] HTTP/1.1 200 Go$Via: p$$ Via=p:4; <\x16\x03>" },
    { GM_HTTP1_TRAILER, GM_SPAN ("\r\nHTTP"), "0.0 0 [] $  <HTTP>" },
    { GM_HTTP1_TRAILER, GM_SPAN ("Sum: 1\r\nB: 2\n\r\nHTTP"), "0.0 0 [] Sum: 1$B: 2$$ Sum=1:2;B=2:2; <HTTP>" },
    { 0, GM_SPAN ("HTTP/1.1 101 Up\r\n!#$%&'*+-.^_`|~09azAZ: x\r\n\r\n"),
      "1.1 101 [Up] HTTP/1.1 101 Up$!#$%&'*+-.^_`|~09azAZ: x$$ !#$%&'*+-.^_`|~09azAZ=x:8; <>" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static void
test_folded (void)
{
  static const Vector vectors[] = {
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b \t\r\n  \tc\n d\r\nE: f\r\n\r\n."),
      "1.1 200 [OK] HTTP/1.1 200 OK$A: b c d$E: f$$ A=b c d:1;E=f:1; <.>" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA:\r\n b\r\n\r\n"), "1.1 200 [OK] HTTP/1.1 200 OK$A: b$$ A=b:1; <>" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n \r\n \t\r\n\r\n"), "1.1 200 [OK] HTTP/1.1 200 OK$A: b $$ A=b:1; <>" },
    { GM_HTTP1_REFUSE_FOLD, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"), "HTTP_OBS_FOLD" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\n A: b\r\n\r\n"), "HTTP_OBS_FOLD" },
    { GM_HTTP1_TRAILER, GM_SPAN ("\tA: b\r\n\r\n"), "HTTP_OBS_FOLD" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA\r\n : b\r\n\r\n"), "HTTP_BAD_HEADER" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static void
test_refused (void)
{
  static const Vector vectors[] = {
    { 0, GM_SPAN ("HTTP/2 200\r\n\r\n"), "HTTP_BAD_VERSION" },
    { 0, GM_SPAN ("HTTP/1.2 200 OK\r\n\r\n"), "HTTP_BAD_VERSION" },
    { 0, GM_SPAN ("HTTP/3.0 200 OK\r\n\r\n"), "HTTP_BAD_VERSION" },
    { 0, GM_SPAN ("HTTP/1.1\t200 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1  200 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 099 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 20 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 2000 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 -20 OK\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/\r\n\r\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1\n\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.\n\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1\n\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 2\n0\n\n"), "HTTP_BAD_STATUS_LINE" },
    { 0, GM_SPAN ("HTTP/1.1 200 O\rK\r\n\r\n"), "HTTP_BARE_CR" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n"), "HTTP_BARE_CR" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n"), "HTTP_BARE_CR" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\n\rA: b\r\n\r\n"), "HTTP_BARE_CR" },
    { 0, GM_SPAN ("HTTP/1.1 200 O\0K\r\n\r\n"), "HTTP_NUL_IN_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n"), "HTTP_NUL_IN_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n"), "HTTP_NUL_IN_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA\t: b\r\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\n: b\r\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA\r\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nFine: x\r\nA(b): b\r\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\n\xc3\xa9: b\r\n\r\n"), "HTTP_BAD_HEADER" },
    { GM_HTTP1_REFUSE_BARE_LF, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\n\r\n"), "HTTP_BAD_HEADER" },
    { 0, GM_SPAN ("<html>\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN ("http/1.1 200 OK\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN ("HTTQ"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN ("\n\n\n\n\nHTTP/1.1 200 OK\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN ("\rHTTP/1.1 200 OK\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN (" HTTP/1.1 200 OK\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN (""), "GOT_NOTHING" },
    { 0, GM_SPAN ("\r\n"), "GOT_NOTHING" },
    { 0, GM_SPAN ("HTT"), "GOT_NOTHING" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r"), "GOT_NOTHING" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\n"), "PARTIAL" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n"), "PARTIAL" },
    { 0, GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n\r"), "PARTIAL" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static void
test_09 (void)
{
  static const Vector vectors[] = {
    { GM_HTTP1_ALLOW_09, GM_SPAN ("<html>\n"), "0.9 <html>$" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("HTTPS is fine"), "0.9 HTTPS is fine" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("HTT"), "0.9 HTT" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("\n"), "0.9 $" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("\n\nHi"), "0.9 $$Hi" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("\rX"), "0.9 X" },
    { GM_HTTP1_ALLOW_09, GM_SPAN (""), "GOT_NOTHING" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("HTTP/"), "GOT_NOTHING" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("HTTP/1.1 200 OK\r\n\r\nx"), "1.1 200 [OK] HTTP/1.1 200 OK$$  <x>" },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("HTTP/1.7 200 OK\r\n\r\n"), "HTTP_BAD_VERSION" },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static void
test_aliases (void)
{
  static char icy[] = "ICY 200", weird[] = "x";
  static GmStringList second = { weird, NULL }, empty = { NULL, &second }, list = { icy, &empty };
  static const Vector vectors[] = {
    { 0, GM_SPAN ("ICY 200 OK\r\nA: b\r\n\r\n."), "1.0 200 [] ICY 200 OK$A: b$$ A=b:1; <.>", NULL, &list },
    { 0, GM_SPAN ("icy 200\r\n\r\n"), "1.0 200 [] icy 200$$  <>", NULL, &list },
    { 0, GM_SPAN ("\r\nXenon \t\n\n"), "1.0 200 [] Xenon \t$$  <>", NULL, &list },
    { 0, GM_SPAN ("HTTP/1.1 404 No\r\n\r\n"), "1.1 404 [No] HTTP/1.1 404 No$$  <>", NULL, &list },
    { 0, GM_SPAN ("ICY 404 No\r\n\r\n"), "HTTP_NOT_HTTP", NULL, &list },
    { 0, GM_SPAN ("ICY 2"), "GOT_NOTHING", NULL, &list },
    { 0, GM_SPAN ("ICY 200 OK\r\n\r\n"), "HTTP_NOT_HTTP" },
    { 0, GM_SPAN ("ICY 200 O\rK\r\n\r\n"), "HTTP_BARE_CR", NULL, &list },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("ICY 200 OK\r\n\r\n"), "1.0 200 [] ICY 200 OK$$  <>", NULL, &list },
    { GM_HTTP1_ALLOW_09, GM_SPAN ("ICE"), "0.9 ICE", NULL, &list },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

/* At each limit, and one past it. "HTTP/1.1 200 OK\r\n" has 17 bytes. */
static void
test_limits (void)
{
  static const GmHttp1Limits line = { 1000, 17, 100 };
  static const GmHttp1Limits short_line = { 1000, 16, 100 };
  static const GmHttp1Limits head = { 25, 100, 100 };
  static const GmHttp1Limits short_head = { 24, 100, 100 };
  static const GmHttp1Limits head_and_blank = { 27, 100, 100 };
  static const GmHttp1Limits not_with_blank = { 26, 100, 100 };
  static const GmHttp1Limits fields = { 1000, 100, 2 };
  static const GmHttp1Limits few_fields = { 1000, 100, 1 };
  static const char ok[] = "1.1 200 [OK] HTTP/1.1 200 OK$A: b$$ A=b:1; <rest>";
  static const GmSpan input = GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n");
  static const GmSpan with_rest = GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest");
  static const GmSpan with_blank = GM_SPAN ("\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n");
  static const GmSpan long_field = GM_SPAN ("HTTP/1.1 200 OK\nA: 567890123456\n\nrest");
  static const GmSpan longer_field = GM_SPAN ("HTTP/1.1 200 OK\nA: 5678901234567\n\nrest");
  static const GmSpan fold = GM_SPAN ("HTTP/1.1 200 OK\nA: 567\n 012345\n\nrest");
  static const GmSpan long_fold = GM_SPAN ("HTTP/1.1 200 OK\nA: 567\n 012345678\n\nrest");
  static const GmSpan two = GM_SPAN ("HTTP/1.1 200 OK\r\nA: b\r\nC: d\r\n\r\nrest");
  const Vector vectors[] = {
    { 0, with_rest, ok, &line },
    { 0, with_rest, "HTTP_HEADER_FLOOD", &short_line },
    { 0, long_field, "1.1 200 [OK] HTTP/1.1 200 OK$A: 567890123456$$ A=567890123456:1; <rest>", &line },
    { 0, longer_field, "1.1 200 [OK] HTTP/1.1 200 OK$A: 5678901234567$$ A=5678901234567:1; <rest>", &line },
    { 0, longer_field, "HTTP_HEADER_FLOOD", &short_line },
    { 0, fold, "1.1 200 [OK] HTTP/1.1 200 OK$A: 567 012345$$ A=567 012345:1; <rest>", &line },
    { 0, long_fold, "HTTP_HEADER_FLOOD", &line },
    { 0, GM_SPAN ("HTTP/1.1 200 OK..\0"), "HTTP_HEADER_FLOOD", &line },
    { 0, GM_SPAN ("HTTP/1.1 200 OK.\0"), "HTTP_NUL_IN_HEADER", &line },
    { 0, GM_SPAN ("HTTP/1.1 200 OK.\rX"), "HTTP_BARE_CR", &line },
    { 0, GM_SPAN ("HTTP/1.1 200 OK.\r\n"), "HTTP_HEADER_FLOOD", &line },
    { 0, GM_SPAN ("HTTP/1.1 200 OK..\n"), "HTTP_HEADER_FLOOD", &line },
    { 0, with_rest, ok, &head },
    { 0, with_rest, "HTTP_HEADER_FLOOD", &short_head },
    { 0, input, "1.1 200 [OK] HTTP/1.1 200 OK$A: b$$ A=b:1; <>", &head },
    { 0, with_blank, "1.1 200 [OK] HTTP/1.1 200 OK$A: b$$ A=b:1; <>", &head_and_blank },
    { 0, with_blank, "HTTP_HEADER_FLOOD", &not_with_blank },
    { 0, two, "1.1 200 [OK] HTTP/1.1 200 OK$A: b$C: d$$ A=b:1;C=d:1; <rest>", &fields },
    { 0, two, "HTTP_HEADER_FLOOD", &few_fields },
    { GM_HTTP1_TRAILER, GM_SPAN ("A: b\nC: d\n\n"), "HTTP_HEADER_FLOOD", &few_fields },
  };

  check_vectors (vectors, G_N_ELEMENTS (vectors));
}

static GmParse
feed_whole (GmHttp1Head *parser,
            GmHeaders *headers,
            const GString *text,
            gsize *consumed,
            GmResult *why)
{
  gm_http1_head_init (parser, NULL, 0);
  return gm_http1_head_feed (parser, headers, text->str, text->len, consumed, why);
}

static void
append_field (GString *text,
              gsize line_len)
{
  gsize len = text->len + line_len;

  g_string_append (text, "Field: ");
  while (text->len < len - 2)
    g_string_append_c (text, 'v');
  g_string_append (text, "\r\n");
}

/* The real figures: 100 KiB a line, 300 KiB a head, 5,000 fields, and the limits of the block itself. */
static void
test_default_limits (void)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\n");
  GmHttp1Head parser;
  gsize consumed;
  GmResult why;

  append_field (text, GM_HTTP1_MAX_LINE);
  append_field (text, GM_HTTP1_MAX_LINE);
  append_field (text, GM_HTTP1_MAX_HEAD - 2 - text->len);
  g_string_append (text, "\r\n");
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_DONE);
  g_assert_cmpuint (consumed, ==, GM_HTTP1_MAX_HEAD);
  g_assert_cmpuint (parser.n_entries, ==, 3);
  g_string_insert_c (text, 20, 'x');
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint (consumed, ==, 0);
  g_assert_cmpuint (gm_headers_get_n_entries (headers), ==, 3);

  g_string_assign (text, "HTTP/1.1 200 OK\r\n");
  for (guint i = 0; i < GM_HTTP1_MAX_FIELDS; i++)
    g_string_append (text, "A: b\r\n");
  g_string_append (text, "\r\n");
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_DONE);
  g_assert_cmpuint (parser.n_entries, ==, GM_HTTP1_MAX_FIELDS);
  g_string_insert (text, 17, "A: b\r\n");
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_HTTP_HEADER_FLOOD);
}

static void
test_block_limits (void)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (25, 1);
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\nA: b\r\n\r\nand a body");
  GmHttp1Head parser;
  gsize consumed;
  GmResult why;

  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_DONE);
  g_assert_cmpuint (consumed, ==, 25);
  gm_headers_clear (headers);
  g_string_insert_c (text, 15, '!');
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_HTTP_HEADER_FLOOD);
  g_string_assign (text, "HTTP/1.1 200\n1:\n2:\n\n");
  g_assert_cmpint (feed_whole (&parser, headers, text, &consumed, &why), ==, GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_HTTP_HEADER_FLOOD);
  g_assert_cmpuint (gm_headers_get_n_bytes (headers), ==, 0);
}

/* Interim heads, then the final one, all in one block; spans are asked for when all is there. */
static void
test_series (void)
{
  static const char text[] = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: </a>\r\nLink: </b>\r\n\r\n"
                             "HTTP/1.1 200 OK\r\nLink: </c>\r\n\r\nbody";
  g_autoptr (GmHeaders) headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  guint expected_status[] = { 100, 103, 200 };
  guint expected_entries[] = { 0, 2, 1 };
  gsize done = 0;

  for (guint i = 0; i < 3; i++)
    {
      GmHttp1Head parser;
      gsize consumed;
      GmResult why;

      gm_http1_head_init (&parser, NULL, 0);
      g_assert_cmpint (gm_http1_head_feed (&parser, headers, text + done, sizeof text - 1 - done, &consumed, &why), ==,
                       GM_PARSE_DONE);
      g_assert_cmpuint (parser.status, ==, expected_status[i]);
      g_assert_cmpuint (parser.n_entries, ==, expected_entries[i]);
      done += consumed;
    }

  g_assert_cmpstr (text + done, ==, "body");
  g_assert_cmpuint (gm_headers_count (headers, GM_SPAN ("link"), GM_HEADER_1XX, 0), ==, 2);
  g_assert_cmpuint (gm_headers_count (headers, GM_SPAN ("link"), GM_HEADER_FINAL, 0), ==, 1);
}

/* A head that outgrows the first block, with folds, in every cut: offsets survive the moves. */
static void
test_growing (void)
{
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\n");
  g_autoptr (GString) expected = g_string_new ("1.1 200 [OK] HTTP/1.1 200 OK$");
  Vector vector = { 0 };

  for (guint i = 0; i < 60; i++)
    {
      g_string_append_printf (text, "Name-%u: value %u\r\n   and more of it\r\n", i, i);
      g_string_append_printf (expected, "Name-%u: value %u and more of it$", i, i);
    }
  g_string_append (text, "\r\nbody");
  g_string_append (expected, "$ ");
  for (guint i = 0; i < 60; i++)
    g_string_append_printf (expected, "Name-%u=value %u and more of it:1;", i, i);
  g_string_append (expected, " <body>");
  splits_check (&head_test, &vector, gm_span (text->str, text->len), expected->str);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http1-parse/accepted", test_accepted);
  g_test_add_func ("/http1-parse/folded", test_folded);
  g_test_add_func ("/http1-parse/refused", test_refused);
  g_test_add_func ("/http1-parse/0.9", test_09);
  g_test_add_func ("/http1-parse/aliases", test_aliases);
  g_test_add_func ("/http1-parse/limits", test_limits);
  g_test_add_func ("/http1-parse/default-limits", test_default_limits);
  g_test_add_func ("/http1-parse/block-limits", test_block_limits);
  g_test_add_func ("/http1-parse/series", test_series);
  g_test_add_func ("/http1-parse/growing", test_growing);
  return g_test_run ();
}
