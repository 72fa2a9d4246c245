/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-trace.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

/* Lines go to an unlinked file; what was written since the last call is read back from it. */
static int sink_fd;

static void
begin (const char *spec)
{
  char path[] = "/tmp/test-gm-trace-XXXXXX";

  sink_fd = g_mkstemp (path);
  g_assert_cmpint (sink_fd, >=, 0);
  g_assert_cmpint (g_unlink (path), ==, 0);
  gm_trace_setup (spec, sink_fd);
}

static char *
take_lines (void)
{
  off_t size = lseek (sink_fd, 0, SEEK_END);
  char *text = g_malloc0 ((gsize) size + 1);

  g_assert_cmpint (pread (sink_fd, text, (gsize) size, 0), ==, size);
  g_assert_cmpint (ftruncate (sink_fd, 0), ==, 0);
  g_assert_cmpint (lseek (sink_fd, 0, SEEK_SET), ==, 0);
  return text;
}

static void
end (void)
{
  gm_trace_setup (NULL, STDERR_FILENO);
  close (sink_fd);
}

static guint
touch (guint *counter)
{
  return ++*counter;
}

static void
test_off_computes_nothing (void)
{
  g_autofree char *lines = NULL;
  guint counter = 0;

  begin ("http");
  GM_TRACE (SOCKET, touch (&counter), touch (&counter), "%u", touch (&counter));
  g_assert_cmpuint (counter, ==, 0);
  g_assert_false (GM_TRACE_ON (SOCKET));
  g_assert_true (GM_TRACE_ON (HTTP));
  GM_TRACE (HTTP, touch (&counter), touch (&counter), "%u", touch (&counter));
  g_assert_cmpuint (counter, ==, 3);
  lines = take_lines ();
  g_assert_cmpstr (strstr (lines, "] http: "), !=, NULL);
  g_assert_null (strstr (lines, "socket"));
  end ();
}

static void
test_line (void)
{
  g_autofree char *both = NULL;
  g_autofree char *none = NULL;

  begin ("all");
  errno = ENOENT;
  GM_TRACE (POOL, 3, G_MAXUINT64, "kept %s", "it");
  g_assert_cmpint (errno, ==, ENOENT);
  both = take_lines ();
  g_assert_true (g_regex_match_simple ("^\\[gm \\d+\\.\\d{6} t#3 c#18446744073709551615\\] pool: kept it\\n$", both,
                                       0, 0));
  GM_TRACE (TIMER, 0, 0, "tick");
  none = take_lines ();
  g_assert_true (g_regex_match_simple ("^\\[gm \\d+\\.\\d{6}\\] timer: tick\\n$", none, 0, 0));
  end ();
}

/* A peer's bytes can neither begin a line of their own nor make one endless. */
static void
test_hostile_bytes (void)
{
  g_autofree char *long_text = g_strnfill (3 * GM_TRACE_LINE_MAX, '\x01');
  g_autofree char *faked = NULL;
  g_autofree char *cut = NULL;

  begin ("header");
  GM_TRACE (HEADER, 1, 0, "%s", "a\r\n[gm 0.0] header: b\x1b[2J\x7f\x9b");
  faked = take_lines ();
  g_assert_nonnull (strstr (faked, "header: a\\r\\n[gm 0.0] header: b\\x1b[2J\\x7f\\x9b\n"));
  g_assert_cmpuint (strcspn (faked, "\n"), ==, strlen (faked) - 1);

  GM_TRACE (HEADER, 1, 0, "%s", long_text);
  cut = take_lines ();
  g_assert_cmpuint (strlen (cut), <=, GM_TRACE_LINE_MAX);
  g_assert_cmpuint (strlen (cut), >, GM_TRACE_LINE_MAX - 16);
  g_assert_true (g_str_has_suffix (cut, "\\x01...\n"));
  end ();
}

static void
test_spec (void)
{
  static const struct
  {
    const char *spec;
    const char *on; /* comma list of what must be on; everything else must be off */
  } vectors[] = {
    { NULL, "" },
    { "", "" },
    { ",,", "" },
    { "multi", "multi" },
    { " HTTP , Timer ", "http,timer" },
    { "http,-http", "" },
    { "-http", "" },
    { "all,-multi,-transfer,-socket,-resolve,-connect,-pool,-tls,-proxy,-http,-header,-body",
      "file,timer,worker,object,curl" },
  };
  static const char *const names[] = {
#define GM_TRACE_NAME(member, name, help) name,
    GM_TRACE_CATEGORIES (GM_TRACE_NAME)
#undef GM_TRACE_NAME
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_auto (GStrv) on = g_strsplit (vectors[i].on, ",", -1);

      begin (vectors[i].spec);
      for (guint c = 0; c < GM_N_TRACE_CATEGORIES; c++)
        g_assert_cmpint ((gm_trace_mask >> c) & 1, ==, g_strv_contains ((const char *const *) on, names[c]));
      end ();
    }
}

static void
test_help_and_unknown (void)
{
  g_autofree char *help = NULL;
  g_autofree char *unknown = NULL;

  begin ("http,help");
  g_assert_true (GM_TRACE_ON (HTTP));
  help = take_lines ();
#define GM_TRACE_LISTED(member, name, text) g_assert_nonnull (strstr (help, "  " name " "));
  GM_TRACE_CATEGORIES (GM_TRACE_LISTED)
#undef GM_TRACE_LISTED
  end ();

  begin ("htpt,http");
  g_assert_true (GM_TRACE_ON (HTTP));
  unknown = take_lines ();
  g_assert_nonnull (strstr (unknown, "'htpt'"));
  end ();
}

static void
test_redact (void)
{
  static const struct
  {
    const char *text;
    const char *safe;
  } vectors[] = {
    { "", "" },
    { "nothing to hide: at all", "nothing to hide: at all" },
    { "http://h/a@b", "http://h/a@b" },
    { "GET http://me:pw@h/x?y=a@b now", "GET http://***@h/x?y=a@b now" },
    { "http://me:p@ss@h/", "http://***@h/" },
    { "http://me:p s@h/", "http://***@h/" },
    { "http:/me:pw@h/", "http:/***@h/" },
    { "http:///me:pw@h/", "http:///***@h/" },
    { "socks5h://u@[::1]:80 and ftp://a:b@c", "socks5h://***@[::1]:80 and ftp://***@c" },
    { "http://u:p", "http://u:p" },
    { "Authorization: Basic abc=\r\nHost: h", "Authorization: ***\r\nHost: h" },
    { "proxy-AUTHORIZATION:Bearer t\nX: y", "proxy-AUTHORIZATION: ***\nX: y" },
    { "Cookie : a=b", "Cookie : ***" },
    { "> Set-Cookie: a=b; Path=/\r\n  folded=secret\r\nDate: now", "> Set-Cookie: ***\r\nDate: now" },
    { "cookies: 3 kept", "cookies: 3 kept" },
    { "My-Cookie: fine", "My-Cookie: fine" },
    { "Authorization", "Authorization" },
    { "no Cookie sent", "no Cookie sent" },
    { "X-Api-Key: k", "X-Api-Key: ***" },
    { "x-goog-api-key: k", "x-goog-api-key: ***" },
    { "X-Vault-Token: t\r\nPrivate-Token: t", "X-Vault-Token: ***\r\nPrivate-Token: ***" },
    { "Client-Secret:s", "Client-Secret: ***" },
    { "WWW-Authenticate: Basic realm=\"r\"", "WWW-Authenticate: Basic realm=\"r\"" },
    { "GET /a?b=c&access_token=t&d HTTP/1.1", "GET /a?b=c&access_token=***&d HTTP/1.1" },
    { "Location: /a?X-Amz-Signature=0123#x", "Location: /a?X-Amz-Signature=***#x" },
    { "http://u:p@h/?password=x y", "http://***@h/?password=*** y" },
    { "/?token", "/?token" },
    { "/?a&token=", "/?a&token=***" },
    { "Set-Cookie:", "Set-Cookie: ***" },
    { "Location: https://a:b@c/\r\nCookie: d\r\n\r\n", "Location: https://***@c/\r\nCookie: ***\r\n\r\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *safe = gm_trace_redact (gm_span (vectors[i].text, strlen (vectors[i].text)));

      g_assert_cmpstr (safe, ==, vectors[i].safe);
    }
}

/* Secrets do not get out through the cut at the line's end, nor through the macro. */
static void
test_redacted_lines (void)
{
  g_autofree char *padding = g_strnfill (GM_TRACE_LINE_MAX - 60, 'x');
  g_autofree char *lines = NULL;

  begin ("all");
  GM_TRACE (HTTP, 1, 1, "%s http://me:hidden@host/", padding);
  GM_TRACE (HEADER, 1, 1, "> %s", "Authorization: hidden");
  lines = take_lines ();
  g_assert_null (strstr (lines, "hidden"));
  g_assert_nonnull (strstr (lines, "***"));
  end ();
}

static void
test_environment_child (void)
{
  gm_trace_init ();
  gm_trace_init ();
  GM_TRACE (BODY, 7, 0, "seen");
  GM_TRACE (HTTP, 7, 0, "unseen");
}

static void
test_environment (void)
{
  g_autofree char *path = NULL;
  g_autofree char *text = NULL;
  int fd = g_file_open_tmp ("test-gm-trace-XXXXXX", &path, NULL);

  if (g_test_subprocess ())
    {
      test_environment_child ();
      close (fd);
      g_unlink (path);
      return;
    }
  close (fd);
  g_setenv ("GMULTI_DEBUG", "body", TRUE);
  g_setenv ("GMULTI_DEBUG_FILE", path, TRUE);
  g_test_trap_subprocess (NULL, 10 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, " t#7] body: seen\n"));
  g_assert_null (strstr (text, "unseen"));

  /* Without a usable file, lines go to stderr. */
  g_setenv ("GMULTI_DEBUG_FILE", "/nowhere/at/all", TRUE);
  g_test_trap_subprocess (NULL, 10 * G_USEC_PER_SEC, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*t#7] body: seen*");
  g_unlink (path);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/trace/off-computes-nothing", test_off_computes_nothing);
  g_test_add_func ("/base/trace/line", test_line);
  g_test_add_func ("/base/trace/hostile-bytes", test_hostile_bytes);
  g_test_add_func ("/base/trace/spec", test_spec);
  g_test_add_func ("/base/trace/help-and-unknown", test_help_and_unknown);
  g_test_add_func ("/base/trace/redact", test_redact);
  g_test_add_func ("/base/trace/redacted-lines", test_redacted_lines);
  g_test_add_func ("/base/trace/environment", test_environment);
  return g_test_run ();
}
