/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-fields.h"
#include "gm-http1-parse.h"

static GmResult
collect (const char *fields,
         GmHeaders **headers,
         GmHttpFacts *facts)
{
  g_autoptr (GString) text = g_string_new ("HTTP/1.1 200 OK\r\n");
  GmHttp1Head parser;
  gsize consumed;
  GmResult why;

  g_string_append (text, fields);
  g_string_append (text, "\r\n");
  *headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  gm_headers_append (*headers, GM_HEADER_1XX, GM_SPAN ("Content-Length"), GM_SPAN ("not ours"));
  gm_http1_head_init (&parser, NULL, 0);
  g_assert_cmpint (gm_http1_head_feed (&parser, *headers, text->str, text->len, &consumed, &why), ==, GM_PARSE_DONE);
  return gm_http_facts_collect (facts, *headers, parser.first_entry, parser.n_entries);
}

static void
test_remembered (void)
{
  static const struct
  {
    const char *name;
    gsize offset;
  } members[] = {
    { "Location", G_STRUCT_OFFSET (GmHttpFacts, location) },
    { "Content-Type", G_STRUCT_OFFSET (GmHttpFacts, content_type) },
    { "Content-Encoding", G_STRUCT_OFFSET (GmHttpFacts, content_encoding) },
    { "Content-Disposition", G_STRUCT_OFFSET (GmHttpFacts, content_disposition) },
    { "Last-Modified", G_STRUCT_OFFSET (GmHttpFacts, last_modified) },
    { "ETag", G_STRUCT_OFFSET (GmHttpFacts, etag) },
    { "Date", G_STRUCT_OFFSET (GmHttpFacts, date) },
    { "Server", G_STRUCT_OFFSET (GmHttpFacts, server) },
    { "Retry-After", G_STRUCT_OFFSET (GmHttpFacts, retry_after) },
    { "Trailer", G_STRUCT_OFFSET (GmHttpFacts, trailer) },
    { "WWW-Authenticate", G_STRUCT_OFFSET (GmHttpFacts, www_authenticate) },
    { "Proxy-Authenticate", G_STRUCT_OFFSET (GmHttpFacts, proxy_authenticate) },
    { "Set-Cookie", G_STRUCT_OFFSET (GmHttpFacts, set_cookie) },
    { "Alt-Svc", G_STRUCT_OFFSET (GmHttpFacts, alt_svc) },
    { "Strict-Transport-Security", G_STRUCT_OFFSET (GmHttpFacts, strict_transport_security) },
    { "Upgrade", G_STRUCT_OFFSET (GmHttpFacts, upgrade) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      for (guint variant = 0; variant < 4; variant++)
        {
          g_autoptr (GmHeaders) headers = NULL;
          g_autofree char *name = variant == 1   ? g_ascii_strup (members[i].name, -1)
                                  : variant == 2 ? g_ascii_strdown (members[i].name, -1)
                                                 : g_strdup (members[i].name);
          g_autofree char *fields = NULL;
          GmHttpFacts facts;
          GmSpan value;
          guint16 fact;

          /* In the last round, a name that differs in its last letter only. */
          if (variant == 3)
            name[strlen (name) - 1]++;
          fields = g_strdup_printf ("Other: x\r\n%s: first\r\n%s: second\r\n", name, name);
          g_assert_cmpint (collect (fields, &headers, &facts), ==, GM_OK);
          fact = G_STRUCT_MEMBER (guint16, &facts, members[i].offset);
          value = gm_http_facts_get_value (headers, fact);
          if (variant == 3)
            g_assert_cmpuint (fact, ==, 0);
          else
            g_assert_cmpmem (value.data, value.len, "first", 5);
          g_assert_true (variant != 3 || value.data == NULL);
          g_assert_cmpuint (facts.n_set_cookie, ==, (fact != 0 && i == 12) ? 2 : 0);
        }
    }
}

static void
test_length (void)
{
  static const struct
  {
    const char *fields;
    GmResult result;
    gint64 length;
  } cases[] = {
    { "", GM_OK, -1 },
    { "Content-Length: 0\r\n", GM_OK, 0 },
    { "Content-Length: 9223372036854775807\r\n", GM_OK, G_MAXINT64 },
    { "Content-Length: 9223372036854775808\r\n", GM_OK, -1 },
    { "Content-Length: 99999999999999999999999\r\n", GM_OK, -1 },
    { "Content-Length: 99999999999999999999999x\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 99999999999999999999999, 5\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 5\r\nContent-Length: 99999999999999999999999\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "content-length:005\r\n", GM_OK, 5 },
    { "Content-Length: 5, 5\r\n", GM_OK, 5 },
    { "Content-Length: 5,5 ,\t5\r\n", GM_OK, 5 },
    { "Content-Length: 5\r\nContent-Length: 5\r\n", GM_OK, 5 },
    { "Content-Length: 5, 6\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 5\r\nContent-Length: 6\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 5,\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: ,5\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length:\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: -5\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: +5\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 0x5\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 5 6\r\n", GM_HTTP_BAD_LENGTH, 0 },
    { "Content-Length: 5.0\r\n", GM_HTTP_BAD_LENGTH, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GmHeaders) headers = NULL;
      GmHttpFacts facts;

      g_assert_cmpint (collect (cases[i].fields, &headers, &facts), ==, cases[i].result);
      if (cases[i].result == GM_OK)
        g_assert_cmpint (facts.content_length, ==, cases[i].length);
    }
}

static void
test_flags (void)
{
  static const struct
  {
    const char *fields;
    guint32 flags;
  } cases[] = {
    { "Connection: close\r\n", GM_HTTP_CLOSE },
    { "Connection: Keep-Alive, Upgrade\r\n", GM_HTTP_KEEP_ALIVE | GM_HTTP_UPGRADE },
    { "Connection: , ,\r\nConnection: x, CLOSE\r\n", GM_HTTP_CLOSE },
    { "Connection: closed\r\nXonnection: close\r\n", 0 },
    { "Proxy-Connection: close\r\n", GM_HTTP_PROXY_CLOSE },
    { "Proxy-Connection: keep-alive\r\n", GM_HTTP_PROXY_KEEP_ALIVE },
    { "Transfer-Encoding: chunked\r\n", GM_HTTP_TRANSFER_ENCODING | GM_HTTP_CHUNKED },
    { "Transfer-Encoding: identity, Chunked\r\n", GM_HTTP_TRANSFER_ENCODING | GM_HTTP_CHUNKED },
    { "Transfer-Encoding:\r\n", GM_HTTP_TRANSFER_ENCODING },
    { "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
      GM_HTTP_TRANSFER_ENCODING | GM_HTTP_CHUNKED | GM_HTTP_OTHER_CODING },
    { "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      GM_HTTP_TRANSFER_ENCODING | GM_HTTP_CHUNKED | GM_HTTP_OTHER_CODING | GM_HTTP_BEHIND_CHUNKED },
    { "Transfer-Encoding: chunked, chunked\r\n",
      GM_HTTP_TRANSFER_ENCODING | GM_HTTP_CHUNKED | GM_HTTP_OTHER_CODING | GM_HTTP_BEHIND_CHUNKED },
    { "Transfer-Encoding: xchunked\r\n", GM_HTTP_TRANSFER_ENCODING | GM_HTTP_OTHER_CODING },
    { "Transfer-Encoding: \x0b" "chunked\r\n", GM_HTTP_TRANSFER_ENCODING | GM_HTTP_OTHER_CODING },
    { "Transfer-Encoding: chunked;q=1\r\n", GM_HTTP_TRANSFER_ENCODING | GM_HTTP_OTHER_CODING },
    { "Accept-Ranges: bytes\r\n", GM_HTTP_ACCEPT_RANGES },
    { "Accept-Ranges: none\r\n", GM_HTTP_ACCEPT_NO_RANGES },
    { "Accept-Ranges: lines\r\n", 0 },
    { "Content-Range: bytes 0-4/10\r\nContent-Range: bytes 0-4/10\r\n", GM_HTTP_CONTENT_RANGE },
    { "Content-Range: bytes 0-4/10\r\nContent-Range: bytes 0-5/10\r\n", GM_HTTP_CONTENT_RANGE | GM_HTTP_BAD_CONTENT_RANGE },
    { "Content-Range: items 0-4/10\r\n", GM_HTTP_BAD_CONTENT_RANGE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GmHeaders) headers = NULL;
      GmHttpFacts facts;

      g_assert_cmpint (collect (cases[i].fields, &headers, &facts), ==, GM_OK);
      g_assert_cmphex (facts.flags, ==, cases[i].flags);
    }
}

static void
test_numbers (void)
{
  g_autoptr (GmHeaders) headers = NULL;
  g_autoptr (GmHeaders) none = NULL;
  GmHttpFacts facts;

  g_assert_cmpint (collect ("Keep-Alive: timeout=5, Max=100\r\nContent-Range: bytes 3-9/10\r\n", &headers, &facts), ==,
                   GM_OK);
  g_assert_cmpint (facts.keep_alive_timeout, ==, 5);
  g_assert_cmpint (facts.keep_alive_max, ==, 100);
  g_assert_cmpint (facts.range_start, ==, 3);
  g_assert_cmpint (facts.range_end, ==, 9);
  g_assert_cmpint (facts.range_total, ==, 10);

  g_assert_cmpint (collect ("Keep-Alive: timeout=, max=99999999999, timeouts=3, timeout\r\n", &none, &facts), ==, GM_OK);
  g_assert_cmpint (facts.keep_alive_timeout, ==, -1);
  g_assert_cmpint (facts.keep_alive_max, ==, -1);
  g_assert_cmpint (facts.range_total, ==, -1);
}

static void
test_body (void)
{
  static const struct
  {
    const char *fields;
    guint version;
    guint status;
    GmHttpAsked asked;
    GmResult result;
    GmHttpBody body;
  } cases[] = {
    { "Content-Length: 5\r\n", 11, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
    { "Content-Length: 0\r\n", 11, 200, 0, GM_OK, { 0, GM_HTTP_BODY_LENGTH, TRUE } },
    { "Content-Length: 5\r\nConnection: close\r\n", 11, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, FALSE } },
    { "Content-Length: 5\r\nProxy-Connection: close\r\n", 11, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, FALSE } },
    { "Content-Length: 5\r\n", 10, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, FALSE } },
    { "Content-Length: 5\r\nConnection: keep-alive\r\n", 10, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
    { "Content-Length: 5\r\nConnection: keep-alive, close\r\n", 10, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, FALSE } },
    { "Content-Length: 5\r\nProxy-Connection: keep-alive\r\n", 10, 200, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
    { "", 11, 200, 0, GM_OK, { -1, GM_HTTP_BODY_UNTIL_CLOSE, FALSE } },
    { "", 9, 0, 0, GM_OK, { -1, GM_HTTP_BODY_UNTIL_CLOSE, FALSE } },
    { "Transfer-Encoding: chunked\r\n", 11, 404, 0, GM_OK, { -1, GM_HTTP_BODY_CHUNKED, TRUE } },
    { "Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", 10, 200, 0, GM_OK, { -1, GM_HTTP_BODY_CHUNKED, FALSE } },
    { "Transfer-Encoding: identity\r\n", 11, 200, 0, GM_OK, { -1, GM_HTTP_BODY_UNTIL_CLOSE, FALSE } },
    { "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 11, 200, 0, GM_HTTP_BOTH_FRAMINGS, { 0 } },
    { "Transfer-Encoding: identity\r\nContent-Length: 5\r\n", 11, 200, 0, GM_HTTP_BOTH_FRAMINGS, { 0 } },
    { "Transfer-Encoding: gzip, chunked\r\n", 11, 200, 0, GM_HTTP_BAD_ENCODING, { 0 } },
    { "Transfer-Encoding: gzip\r\n", 11, 200, 0, GM_HTTP_BAD_ENCODING, { 0 } },
    { "Content-Length: 5\r\n", 11, 200, GM_HTTP_ASKED_HEAD, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "Transfer-Encoding: x\r\nContent-Length: 5\r\n", 11, 200, GM_HTTP_ASKED_HEAD, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "", 10, 200, GM_HTTP_ASKED_HEAD, GM_OK, { -1, GM_HTTP_BODY_NONE, FALSE } },
    { "Content-Length: 5\r\n", 11, 204, 0, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "Content-Length: 5\r\n", 11, 304, 0, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "Content-Length: 5\r\n", 11, 205, 0, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
    { "Connection: close\r\n", 11, 100, 0, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "Content-Length: 5\r\n", 11, 101, 0, GM_OK, { -1, GM_HTTP_BODY_UNTIL_CLOSE, FALSE } },
    { "Content-Length: 9223372036854775808\r\n", 11, 200, 0, GM_OK, { -1, GM_HTTP_BODY_UNTIL_CLOSE, FALSE } },
    { "Transfer-Encoding: chunked\r\nContent-Length: 9223372036854775808\r\n", 11, 200, 0, GM_HTTP_BOTH_FRAMINGS, { 0 } },
    { "", 10, 199, 0, GM_OK, { -1, GM_HTTP_BODY_NONE, TRUE } },
    { "Content-Length: 5\r\n", 11, 200, GM_HTTP_ASKED_CONNECT, GM_OK, { -1, GM_HTTP_BODY_NONE, FALSE } },
    { "Content-Length: 5\r\n", 11, 299, GM_HTTP_ASKED_CONNECT, GM_OK, { -1, GM_HTTP_BODY_NONE, FALSE } },
    { "Content-Length: 5\r\n", 11, 407, GM_HTTP_ASKED_CONNECT, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
    { "Content-Length: 5\r\n", 11, 300, GM_HTTP_ASKED_CONNECT, GM_OK, { 5, GM_HTTP_BODY_LENGTH, TRUE } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GmHeaders) headers = NULL;
      GmHttpFacts facts;
      GmHttpBody body = { 77, GM_HTTP_BODY_CHUNKED, FALSE };

      g_test_message ("case %u: %s", i, cases[i].fields);
      g_assert_cmpint (collect (cases[i].fields, &headers, &facts), ==, GM_OK);
      g_assert_cmpint (gm_http_body_find (&body, &facts, cases[i].version, cases[i].status, cases[i].asked), ==,
                       cases[i].result);
      if (cases[i].result != GM_OK)
        {
          g_assert_cmpint (body.length, ==, 77);
          continue;
        }
      g_assert_cmpint (body.framing, ==, cases[i].body.framing);
      g_assert_cmpint (body.length, ==, cases[i].body.length);
      g_assert_cmpint (body.reusable, ==, cases[i].body.reusable);
    }
}

static void
test_retry_after (void)
{
  const gint64 now = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */

  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("120"), now), ==, 120);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN (" 0 "), now), ==, 0);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("2147483648"), now), ==, G_MAXINT32);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("99999999999999999999999"), now), ==, G_MAXINT32);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("Sun, 06 Nov 1994 08:50:00 GMT"), now), ==, 23);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("Sun, 06 Nov 1994 08:49:00 GMT"), now), ==, 0);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("Sun, 06 Nov 2094 08:49:00 GMT"), now), ==, G_MAXINT32);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN (""), now), ==, -1);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("-1"), now), ==, -1);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("1.5"), now), ==, -1);
  g_assert_cmpint (gm_http_retry_after (GM_SPAN ("soon"), now), ==, -1);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-fields/remembered", test_remembered);
  g_test_add_func ("/http-fields/length", test_length);
  g_test_add_func ("/http-fields/flags", test_flags);
  g_test_add_func ("/http-fields/numbers", test_numbers);
  g_test_add_func ("/http-fields/body", test_body);
  g_test_add_func ("/http-fields/retry-after", test_retry_after);
  return g_test_run ();
}
