/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-dns-message.h"

#include <string.h>

static gsize
ask (const char *host,
     GmDnsType type,
     guint8 query[GM_DNS_QUERY_MAX])
{
  return gm_dns_query_write (query, gm_span (host, strlen (host)), type);
}

/* The example of RFC 8484 section 4.1.1. */
static void
test_query (void)
{
  static const char example[] = "AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB";
  guint8 query[GM_DNS_QUERY_MAX];
  gsize n = ask ("www.example.com", GM_DNS_A, query);
  g_autofree char *text = g_base64_encode (query, n);

  g_assert_cmpstr (text, ==, example);
  g_assert_cmpuint (ask ("www.example.com.", GM_DNS_AAAA, query), ==, n);
  g_assert_cmpuint (query[n - 3], ==, 28);
}

static void
test_query_limits (void)
{
  static const char *const bad[] = { "", ".", "..", "a..b", ".a", "a.." };
  guint8 query[GM_DNS_QUERY_MAX];
  g_autoptr (GString) host = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpuint (ask (bad[i], GM_DNS_A, query), ==, 0);

  for (guint i = 0; i < 63; i++)
    g_string_append_c (host, 'a');
  g_assert_cmpuint (ask (host->str, GM_DNS_A, query), ==, 12 + 65 + 4);
  g_string_append_c (host, 'a');
  g_assert_cmpuint (ask (host->str, GM_DNS_A, query), ==, 0);

  g_string_assign (host, "a");
  while (host->len < 253)
    g_string_append (host, ".a");
  g_assert_cmpuint (ask (host->str, GM_DNS_A, query), ==, GM_DNS_QUERY_MAX);
  g_string_insert (host, 0, "a");
  g_assert_cmpuint (ask (host->str, GM_DNS_A, query), ==, 0);
}

#define HEAD(flags, n) "\0\0" flags "\0\1\0" n "\0\0\0\0"
#define QUESTION "\1a\4test\0\0\1\0\1"
#define RECORD(name, type, ttl, len) name "\0" type "\0\1" ttl "\0" len
#define DAY "\0\1\x51\x80"
#define HOUR "\0\0\x0e\x10"

typedef struct
{
  GmSpan data;
  GmDnsType type;
  gboolean good;
  guint code;
  guint n;
  guint32 ttl;
  const char *first;
} Vector;

static void
check_vector (const Vector *vector)
{
  /* A block of its own, so that a look behind its end is seen by the tools. */
  g_autofree guint8 *data = g_memdup2 (vector->data.data, vector->data.len);
  GmDnsAnswer answer;
  gboolean good = gm_dns_answer_read (&answer, data, vector->data.len, vector->type);

  g_assert_cmpint (good, ==, vector->good);
  if (!good)
    return;
  g_assert_cmpuint (answer.code, ==, vector->code);
  g_assert_cmpuint (answer.n, ==, vector->n);
  g_assert_cmpuint (answer.ttl, ==, vector->ttl);
  if (vector->first != NULL)
    g_assert_cmpmem (answer.addresses[0], vector->type == GM_DNS_A ? 4 : 16, vector->first,
                     vector->type == GM_DNS_A ? 4 : 16);
}

static const Vector good_vectors[] = {
  { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\xc0\x0c", "\1", HOUR, "\4") "\x7f\0\0\1"), GM_DNS_A, TRUE, 0, 1, 3600,
    "\x7f\0\0\1" },
  /* An alias with a shorter life, then two addresses. */
  { GM_SPAN (HEAD ("\x81\x80", "\3") QUESTION RECORD ("\xc0\x0c", "\5", HOUR, "\4") "\1b\xc0\x0e"
             RECORD ("\1b\4test\0", "\1", DAY, "\4") "\xc0\0\2\1" RECORD ("\xc0\x0c", "\1", DAY, "\4") "\xc0\0\2\2"),
    GM_DNS_A, TRUE, 0, 2, 3600, "\xc0\0\2\1" },
  { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\xc0\x0c", "\x1c", "\0\0\0\0", "\x10") "0123456789abcdef"), GM_DNS_AAAA,
    TRUE, 0, 1, 0, "0123456789abcdef" },
  /* Of another type; there is no such name; a number of seconds that is none; no question in it. */
  { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\xc0\x0c", "\1", HOUR, "\4") "\x7f\0\0\1"), GM_DNS_AAAA, TRUE, 0, 0, 0,
    NULL },
  { GM_SPAN (HEAD ("\x81\x83", "\0") QUESTION), GM_DNS_A, TRUE, 3, 0, 0, NULL },
  { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\xc0\x0c", "\1", "\x80\0\0\0", "\4") "\x7f\0\0\1"), GM_DNS_A, TRUE, 0, 1,
    0, NULL },
  { GM_SPAN ("\0\0\x81\x80\0\0\0\1\0\0\0\0" RECORD ("\0", "\1", HOUR, "\4") "\x7f\0\0\1"), GM_DNS_A, TRUE, 0, 1, 3600, NULL },
};

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_vectors); i++)
    check_vector (&good_vectors[i]);
}

/* Cut off anywhere. */
static void
test_cut (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (good_vectors); i++)
    for (gsize len = 0; len < good_vectors[i].data.len; len++)
      {
        Vector vector = good_vectors[i];

        vector.data.len = len;
        vector.good = FALSE;
        check_vector (&vector);
      }
}

static void
test_refused (void)
{
  static const Vector vectors[] = {
    /* A question, a truncated one, another kind of message, two questions. */
    { GM_SPAN (HEAD ("\x01\x80", "\0") QUESTION), GM_DNS_A, FALSE, 0, 0, 0, NULL },
    { GM_SPAN (HEAD ("\x83\x80", "\0") QUESTION), GM_DNS_A, FALSE, 0, 0, 0, NULL },
    { GM_SPAN (HEAD ("\x91\x80", "\0") QUESTION), GM_DNS_A, FALSE, 0, 0, 0, NULL },
    { GM_SPAN ("\0\0\x81\x80\0\2\0\0\0\0\0\0" QUESTION QUESTION), GM_DNS_A, FALSE, 0, 0, 0, NULL },
    /* An address of a wrong length, more records than there are, far too many, labels of unknown kinds. */
    { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\xc0\x0c", "\1", HOUR, "\5") "\x7f\0\0\1\1"), GM_DNS_A, FALSE, 0, 0, 0,
      NULL },
    { GM_SPAN (HEAD ("\x81\x80", "\2") QUESTION RECORD ("\xc0\x0c", "\1", HOUR, "\4") "\x7f\0\0\1"), GM_DNS_A, FALSE, 0, 0, 0,
      NULL },
    { GM_SPAN ("\0\0\x81\x80\0\0\xff\xff\0\0\0\0"), GM_DNS_A, FALSE, 0, 0, 0, NULL },
    { GM_SPAN (HEAD ("\x81\x80", "\1") QUESTION RECORD ("\x80\x0c", "\1", HOUR, "\4") "\x7f\0\0\1"), GM_DNS_A, FALSE, 0, 0, 0,
      NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    check_vector (&vectors[i]);
}

/* A name that never ends, and more addresses than are kept. */
static void
test_limits (void)
{
  g_autoptr (GString) text = g_string_new_len (HEAD ("\x81\x80", "\0"), 12);
  Vector vector = { .type = GM_DNS_A };

  for (guint i = 0; i < 200; i++)
    g_string_append_len (text, "\1a", 2);
  g_string_append_len (text, "\0\0\1\0\1", 5);
  vector.data = gm_span (text->str, text->len);
  check_vector (&vector);

  g_string_truncate (text, 0);
  g_string_append_len (text, "\0\0\x81\x80\0\0\0\x41\0\0\0\0", 12);
  for (guint i = 0; i < 65; i++)
    g_string_append_len (text, RECORD ("\0", "\1", HOUR, "\4") "\x7f\0\0\1", 15);
  vector = (Vector){ gm_span (text->str, text->len), GM_DNS_A, TRUE, 0, GM_DNS_MAX_ADDRESSES, 3600, NULL };
  check_vector (&vector);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dns-message/query", test_query);
  g_test_add_func ("/dns-message/query-limits", test_query_limits);
  g_test_add_func ("/dns-message/answers", test_answers);
  g_test_add_func ("/dns-message/cut", test_cut);
  g_test_add_func ("/dns-message/refused", test_refused);
  g_test_add_func ("/dns-message/limits", test_limits);
  return g_test_run ();
}
