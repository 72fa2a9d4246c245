/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-socks.h"
#include "splits.h"

typedef struct
{
  const char *name;
  GmSocksTarget target;
  GmSpan input; /* everything the proxy sends, without waiting for our part */
  const char *expected; /* "out in hex> DONE rest", "… MORE need" or "… cause code" */
} Vector;

typedef struct
{
  const Vector *vector;
  GmSocks socks;
  GmParse answer;
  GmResult why;
  GString *out;
  GString *rest;
} Run;

static void
take_out (Run *run,
          GmByteBuilder *out)
{
  for (gsize i = 0; i < out->len; i++)
    g_string_append_printf (run->out, "%02x", (guchar) out->data[i]);
}

static gpointer
run_begin (gconstpointer data)
{
  Run *run = g_new0 (Run, 1);
  g_auto (GmByteBuilder) out = { 0 };

  run->vector = data;
  run->out = g_string_new (NULL);
  run->rest = g_string_new (NULL);
  run->answer = GM_PARSE_MORE;
  run->why = gm_socks_begin (&run->socks, &run->vector->target, &out);
  if (run->why != GM_OK)
    run->answer = GM_PARSE_BAD;
  take_out (run, &out);
  return run;
}

/* Only so many bytes as it asks for: it must not take more even if there are more. */
static void
run_feed (gpointer data,
          GmSpan piece)
{
  Run *run = data;
  gsize done = 0;

  while (run->answer == GM_PARSE_MORE && run->socks.state != GM_SOCKS_GSSAPI && done < piece.len)
    {
      g_auto (GmByteBuilder) out = { 0 };
      gsize consumed;

      g_assert_cmpuint (gm_socks_need (&run->socks), >, 0);
      run->answer = gm_socks_feed (&run->socks, piece.data + done, piece.len - done, &consumed, &out, &run->why);
      g_assert_cmpuint (consumed, <=, piece.len - done);
      if (run->answer == GM_PARSE_MORE)
        g_assert_cmpuint (consumed, ==, piece.len - done);
      done += consumed;
      take_out (run, &out);
    }
  if (run->answer != GM_PARSE_MORE)
    g_assert_cmpuint (gm_socks_need (&run->socks), ==, 0);
  if (run->answer == GM_PARSE_DONE)
    g_string_append_len (run->rest, piece.data + done, (gssize) (piece.len - done));
}

static char *
run_end (gpointer data)
{
  Run *run = data;
  char *account;

  if (run->answer == GM_PARSE_BAD)
    account = g_strdup_printf ("%s> %s %u", run->out->str, gm_result_name (run->why), run->socks.code);
  else if (run->answer == GM_PARSE_DONE)
    account = g_strdup_printf ("%s> DONE %s", run->out->str, run->rest->str);
  else if (run->socks.state == GM_SOCKS_GSSAPI)
    account = g_strdup_printf ("%s> GSSAPI", run->out->str);
  else
    account = g_strdup_printf ("%s> MORE %" G_GSIZE_FORMAT, run->out->str, gm_socks_need (&run->socks));
  g_string_free (run->out, TRUE);
  g_string_free (run->rest, TRUE);
  g_free (run);

  return account;
}

#define V4 .version = 4, .port = 0x1f90
#define V5 .version = 5, .auth = GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN, .port = 0x1f90
#define V5G .version = 5, .auth = GM_SOCKS_AUTH_NONE | GM_SOCKS_AUTH_LOGIN | GM_SOCKS_AUTH_GSSAPI, .port = 0x1f90
#define ADDRESS_4 .address_len = 4, .address = { 10, 0, 0, 9 }
#define ADDRESS_6 .address_len = 16, .address = { 0x20, 1, 0xd, 0xb8, [15] = 1 }
#define NAME .name = { "host.example", 12 }
#define LOGIN .user = { "me", 2 }, .password = { "pw", 2 }

#define CONNECT_V4 "050100010a0000091f90"
#define CONNECT_NAME "050100030c686f73742e6578616d706c651f90"
#define CONNECT_V6 "0501000420010db80000000000000000000000011f90"

static const Vector vectors[] = {
  /* SOCKS4 and 4a */
  { "4", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5a\0\0\0\0\0\0rest"), "04011f900a00000900> DONE rest" },
  { "4-user", { V4, ADDRESS_4, LOGIN }, GM_SPAN ("\0\x5a\1\2\3\4\5\6"), "04011f900a0000096d6500> DONE " },
  { "4a", { V4, NAME }, GM_SPAN ("\0\x5a\0\0\0\0\0\0"), "04011f900000000100686f73742e6578616d706c6500> DONE " },
  { "4-91", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5b\0\0\0\0\0\0"), "04011f900a00000900> SOCKS_REFUSED 91" },
  { "4-92", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5c\0\0\0\0\0\0"), "04011f900a00000900> SOCKS_REFUSED 92" },
  { "4-93", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5d\0\0\0\0\0\0"), "04011f900a00000900> SOCKS_REFUSED 93" },
  { "4-94", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5e\0\0\0\0\0\0"), "04011f900a00000900> PROXY_BAD_REPLY 0" },
  { "4-version", { V4, ADDRESS_4 }, GM_SPAN ("\4\x5a\0\0\0\0\0\0"), "04011f900a00000900> PROXY_BAD_REPLY 0" },
  { "4-http", { V4, ADDRESS_4 }, GM_SPAN ("HTTP/1.1 400 Bad"), "04011f900a00000900> PROXY_BAD_REPLY 0" },
  { "4-short", { V4, ADDRESS_4 }, GM_SPAN ("\0\x5a\0\0\0"), "04011f900a00000900> MORE 3" },
  { "4-v6", { V4, ADDRESS_6 }, GM_SPAN (""), "> BAD_REQUEST 0" },
  { "4-nowhere", { V4 }, GM_SPAN (""), "> BAD_REQUEST 0" },
  { "4-nul-user", { V4, ADDRESS_4, .user = { "a\0b", 3 } }, GM_SPAN (""), "> BAD_REQUEST 0" },
  { "4a-nul-name", { V4, .name = { "a\0b", 3 } }, GM_SPAN (""), "> BAD_REQUEST 0" },
  /* SOCKS5 without login */
  { "5", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\0\0\1\1\2\3\4\5\6rest"), "050100" CONNECT_V4 "> DONE rest" },
  { "5-v6", { V5, ADDRESS_6 }, GM_SPAN ("\5\0\5\0\0\4" "0123456789abcdef\5\6rest"), "050100" CONNECT_V6 "> DONE rest" },
  { "5h", { V5, NAME }, GM_SPAN ("\5\0\5\0\0\3\4host\5\6rest"), "050100" CONNECT_NAME "> DONE rest" },
  { "5-empty-name", { V5, NAME }, GM_SPAN ("\5\0\5\0\0\3\0\5\6rest"), "050100" CONNECT_NAME "> DONE rest" },
  { "5-type", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\0\0\2\4"), "050100" CONNECT_V4 "> PROXY_BAD_REPLY 0" },
  { "5-refused-1", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\1\0\1\0\0\0\0\0\0"), "050100" CONNECT_V4 "> SOCKS_REFUSED 1" },
  { "5-refused-5", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\5\0\1\0\0\0\0\0\0"), "050100" CONNECT_V4 "> SOCKS_REFUSED 5" },
  { "5-refused-8", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\x8"), "050100" CONNECT_V4 "> SOCKS_REFUSED 8" },
  { "5-refused-255", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\xff"), "050100" CONNECT_V4 "> SOCKS_REFUSED 255" },
  { "5-version-1", { V5, ADDRESS_4 }, GM_SPAN ("\4\0"), "050100> PROXY_BAD_REPLY 0" },
  { "5-version-2", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\4\0\0\1"), "050100" CONNECT_V4 "> PROXY_BAD_REPLY 0" },
  { "5-http", { V5, ADDRESS_4 }, GM_SPAN ("HTTP/1.1 400"), "050100> PROXY_BAD_REPLY 0" },
  { "5-wants-login", { V5, ADDRESS_4 }, GM_SPAN ("\5\xff"), "050100> PROXY_LOGIN 0" },
  { "5-not-offered", { V5, ADDRESS_4 }, GM_SPAN ("\5\2"), "050100> PROXY_BAD_REPLY 0" },
  { "5-gssapi", { V5, ADDRESS_4, LOGIN }, GM_SPAN ("\5\1"), "05020002> PROXY_BAD_REPLY 0" },
  { "5-short-1", { V5, ADDRESS_4 }, GM_SPAN ("\5"), "050100> MORE 1" },
  { "5-short-2", { V5, ADDRESS_4 }, GM_SPAN ("\5\0\5\0\0\1\1"), "050100" CONNECT_V4 "> MORE 5" },
  { "5-short-3", { V5, NAME }, GM_SPAN ("\5\0\5\0\0\3\xff"), "050100" CONNECT_NAME "> MORE 257" },
  { "5-nowhere", { V5 }, GM_SPAN (""), "> BAD_REQUEST 0" },
  /* with login */
  { "login", { V5, ADDRESS_4, LOGIN }, GM_SPAN ("\5\2\1\0\5\0\0\1\1\2\3\4\5\6rest"),
    "0502000201026d65027077" CONNECT_V4 "> DONE rest" },
  { "login-not-needed", { V5, ADDRESS_4, LOGIN }, GM_SPAN ("\5\0\5\0\0\1\1\2\3\4\5\6"),
    "05020002" CONNECT_V4 "> DONE " },
  { "login-version-5", { V5, ADDRESS_4, LOGIN }, GM_SPAN ("\5\2\5\0\5\0\0\1\1\2\3\4\5\6"),
    "0502000201026d65027077" CONNECT_V4 "> DONE " },
  { "login-refused", { V5, ADDRESS_4, LOGIN }, GM_SPAN ("\5\2\1\1"), "0502000201026d65027077> PROXY_LOGIN 0" },
  { "login-only",
    { .version = 5, .auth = GM_SOCKS_AUTH_LOGIN, .port = 1, ADDRESS_4, LOGIN },
    GM_SPAN ("\5\0"),
    "050102> PROXY_BAD_REPLY 0" },
  { "login-only-none", { .version = 5, .auth = GM_SOCKS_AUTH_LOGIN, ADDRESS_4 }, GM_SPAN (""), "> PROXY_LOGIN 0" },
  { "login-not-allowed",
    { .version = 5, .auth = GM_SOCKS_AUTH_NONE, ADDRESS_4, LOGIN },
    GM_SPAN ("\5\2"),
    "050100> PROXY_BAD_REPLY 0" },
  { "nothing-allowed", { .version = 5, ADDRESS_4, LOGIN }, GM_SPAN (""), "> BAD_REQUEST 0" },
  /* with GSSAPI: what it says is not told here */
  { "gssapi", { V5G, ADDRESS_4 }, GM_SPAN ("\5\1"), "05020001> GSSAPI" },
  { "gssapi-with-login", { V5G, ADDRESS_4, LOGIN }, GM_SPAN ("\5\1"), "0503000102> GSSAPI" },
  { "gssapi-not-needed", { V5G, ADDRESS_4 }, GM_SPAN ("\5\0\5\0\0\1\1\2\3\4\5\6"), "05020001" CONNECT_V4 "> DONE " },
  { "gssapi-only", { .version = 5, .auth = GM_SOCKS_AUTH_GSSAPI, ADDRESS_4 }, GM_SPAN ("\5\0"), "050101> PROXY_BAD_REPLY 0" },
  { "gssapi-refused", { V5G, ADDRESS_4 }, GM_SPAN ("\5\xff"), "05020001> PROXY_LOGIN 0" },
  { "nec-alone", { .version = 5, .auth = GM_SOCKS_AUTH_NEC, ADDRESS_4 }, GM_SPAN (""), "> BAD_REQUEST 0" },
  { "empty-password",
    { V5, ADDRESS_4, .user = { "me", 2 } },
    GM_SPAN ("\5\2\1\0\5\0\0\1\1\2\3\4\5\6"),
    "0502000201026d6500" CONNECT_V4 "> DONE " },
};

static void
test_vectors (gconstpointer data)
{
  static const SplitTest test = { run_begin, run_feed, run_end };
  const Vector *vector = data;

  splits_check (&test, vector, vector->input, vector->expected);
}

/* RFC 1928 and 1929 have one byte for a length. */
static void
test_limits (void)
{
  g_autofree char *text = g_strnfill (256, 'x');

  for (guint which = 0; which < 3; which++)
    {
      for (gsize len = 255; len <= 256; len++)
        {
          GmSocksTarget target = { V5, NAME, LOGIN };
          GmSpan *span = which == 0 ? &target.name : which == 1 ? &target.user : &target.password;
          g_auto (GmByteBuilder) out = { 0 };
          GmSocks socks;

          *span = gm_span (text, len);
          g_assert_cmpint (gm_socks_begin (&socks, &target, &out), ==, len == 255 ? GM_OK : GM_SOCKS_NAME_TOO_LONG);
          g_assert_cmpuint (gm_socks_need (&socks), ==, len == 255 ? 2 : 0);
        }
    }
}

static void
test_longest (void)
{
  g_autofree char *text = g_strnfill (255, 'x');
  GmSocksTarget target = { V5, .name = { text, 255 }, .user = { text, 255 }, .password = { text, 255 } };
  g_auto (GmByteBuilder) out = { 0 };
  GmSocks socks;
  GmResult why = GM_OK;
  gsize consumed;
  char reply[5 + 255 + 2] = "\5\0\0\3\xff";

  g_assert_cmpint (gm_socks_begin (&socks, &target, &out), ==, GM_OK);
  g_assert_cmpint (gm_socks_feed (&socks, "\5\2", 2, &consumed, &out, &why), ==, GM_PARSE_MORE);
  g_assert_cmpuint (out.len, ==, 4 + 1 + 1 + 255 + 1 + 255);
  g_assert_cmpint (gm_socks_feed (&socks, "\1\0", 2, &consumed, &out, &why), ==, GM_PARSE_MORE);
  g_assert_cmpuint (out.len, ==, 4 + 513 + 4 + 1 + 255 + 2);
  g_assert_cmpint (gm_socks_feed (&socks, reply, sizeof reply, &consumed, &out, &why), ==, GM_PARSE_DONE);
  g_assert_cmpuint (consumed, ==, sizeof reply);
}

/* While somebody else logs in it takes nothing, and then goes on as without. */
static void
test_gssapi (void)
{
  GmSocksTarget target = { V5G, ADDRESS_4 };
  g_auto (GmByteBuilder) out = { 0 };
  GmSocks socks;
  GmResult why = GM_OK;
  gsize consumed;

  g_assert_cmpint (gm_socks_begin (&socks, &target, &out), ==, GM_OK);
  g_assert_cmpint (gm_socks_feed (&socks, "\5\1\5\0", 4, &consumed, &out, &why), ==, GM_PARSE_MORE);
  g_assert_cmpuint (consumed, ==, 2);
  g_assert_cmpuint (gm_socks_need (&socks), ==, 0);
  g_assert_cmpint (gm_socks_feed (&socks, "\5\0", 2, &consumed, &out, &why), ==, GM_PARSE_MORE);
  g_assert_cmpuint (consumed, ==, 0);
  gm_byte_builder_reset (&out);
  gm_socks_logged_in (&socks, &out);
  g_assert_cmpuint (out.len, ==, 10);
  g_assert_cmpuint (gm_socks_need (&socks), ==, 2);
  g_assert_cmpint (gm_socks_feed (&socks, "\5\0\0\1\1\2\3\4\5\6", 10, &consumed, &out, &why), ==, GM_PARSE_DONE);
}

static void
test_no_memory (void)
{
  GmSocksTarget target = { V5, NAME };
  g_auto (GmByteBuilder) small = { .max = 2 };
  g_auto (GmByteBuilder) enough = { .max = 3 };
  GmSocks socks;
  GmResult why = GM_OK;
  gsize consumed;

  g_assert_cmpint (gm_socks_begin (&socks, &target, &small), ==, GM_OUT_OF_MEMORY);
  g_assert_cmpint (gm_socks_begin (&socks, &target, &enough), ==, GM_OK);
  g_assert_cmpint (gm_socks_feed (&socks, "\5\0", 2, &consumed, &enough, &why), ==, GM_PARSE_BAD);
  g_assert_cmpint (why, ==, GM_OUT_OF_MEMORY);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *path = g_strconcat ("/socks/", vectors[i].name, NULL);

      g_test_add_data_func (path, &vectors[i], test_vectors);
    }
  g_test_add_func ("/socks/limits", test_limits);
  g_test_add_func ("/socks/longest", test_longest);
  g_test_add_func ("/socks/gssapi-talk", test_gssapi);
  g_test_add_func ("/socks/no-memory", test_no_memory);
  return g_test_run ();
}
