/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The tests' own server is tested with bare sockets, so that no fault of the library can hide one of the server. */

static int
dial (ScriptedServer *server,
      gboolean ipv6)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons (scripted_server_port (server)) };
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = in.sin_port, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
  struct timeval limit = { 5, 0 };
  int fd = socket (ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  g_assert_no_errno (connect (fd, ipv6 ? (struct sockaddr *) &in6 : (struct sockaddr *) &in,
                              ipv6 ? sizeof in6 : sizeof in));
  return fd;
}

static void
say (int fd,
     const char *text)
{
  g_assert_cmpint (send (fd, text, strlen (text), MSG_NOSIGNAL), ==, strlen (text));
}

/* Everything until the end, or until @until was seen; a reset shows as "!RESET". */
static char *
hear (int fd,
      const char *until)
{
  GString *text = g_string_new (NULL);
  char piece[1000];

  for (;;)
    {
      gssize n = recv (fd, piece, sizeof piece, 0);

      if (n < 0)
        g_string_append (text, errno == ECONNRESET ? "!RESET" : "!TIMEOUT");
      if (n <= 0)
        break;
      g_string_append_len (text, piece, n);
      if (until != NULL && strstr (text->str, until) != NULL)
        break;
    }
  return g_string_free (text, FALSE);
}

static void
test_keep_alive (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  int fd = dial (server, FALSE);
  g_autofree char *one = NULL, *two = NULL, *three = NULL, *summary = NULL;

  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, "first"));
  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, "later"));
  scripted_server_on (server, "*", scripted_answer_echo (scripted_answer_new ()));
  say (fd, "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\n\r\n");
  one = hear (fd, "later");
  g_assert_cmpstr (one, ==,
                   "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nfirst"
                   "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nlater");
  say (fd, "PUT /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\n");
  say (fd, "de\r\n0\r\nX: t\r\n\r\n");
  two = hear (fd, "abcde");
  g_assert_cmpstr (two, ==, "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\n\r\nabcde");
  say (fd, "HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  three = hear (fd, NULL);
  g_assert_true (g_str_has_prefix (three, "HTTP/1.1 200"));
  close (fd);
  summary = scripted_server_summary (server);
  g_assert_cmpstr (summary, ==, "GET /a#0 GET /a#0 PUT /b#0 HEAD /a#0");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "host"), ==, "x");
  g_assert_cmpstr (scripted_server_request (server, 2)->trailers->str, ==, "X: t\n");
  g_assert_true (scripted_server_wait_open (server, 0, 5000));
}

static void
test_ends (void)
{
  static const struct
  {
    const char *key;
    ScriptedEnd how;
    const char *expected;
  } cases[] = {
    { "/fin", SCRIPTED_END_FIN, "HTTP/1.1 2" },
    { "/close", SCRIPTED_END_CLOSE, "HTTP/1.1 2" },
    { "/reset", SCRIPTED_END_RESET, "!RESET" },
  };
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int fd = dial (server, FALSE);
      g_autofree char *request = g_strdup_printf ("GET %s HTTP/1.1\r\n\r\n", cases[i].key);
      g_autofree char *heard = NULL;

      scripted_server_on (server, cases[i].key,
                          scripted_answer_cut (scripted_answer_text (200, NULL, "never"), 10, cases[i].how));
      say (fd, request);
      heard = hear (fd, NULL);
      g_assert_true (g_str_has_suffix (heard, cases[i].expected));
      close (fd);
    }
}

static void
test_continue_and_early (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));
  int fd = dial (server, FALSE);
  g_autofree char *interim = NULL, *final = NULL, *early = NULL;

  scripted_server_on (server, "/c", scripted_answer_echo (scripted_answer_wait_body (answer, G_MAXUINT64)));
  scripted_server_on (server, "/e", scripted_answer_at_head (scripted_answer_text (413, NULL, "no")));
  say (fd, "POST /c HTTP/1.1\r\nContent-Length: 4\r\n\r\n");
  interim = hear (fd, "\r\n\r\n");
  g_assert_cmpstr (interim, ==, "HTTP/1.1 100 Continue\r\n\r\n");
  say (fd, "data");
  final = hear (fd, "data");
  g_assert_true (g_str_has_suffix (final, "\r\n\r\ndata"));
  say (fd, "POST /e HTTP/1.1\r\nContent-Length: 4\r\n\r\n12");
  early = hear (fd, "no");
  g_assert_true (g_str_has_prefix (early, "HTTP/1.1 413"));
  say (fd, "34GET /c HTTP/1.1\r\nConnection: close\r\n\r\n");
  g_clear_pointer (&final, g_free);
  final = hear (fd, NULL);
  g_assert_nonnull (strstr (final, "Content-Length: 0"));
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 3);
  close (fd);
}

static void
test_pieces_and_patterns (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  ScriptedAnswer *answer = scripted_answer_split (scripted_answer_new (), 1, 200);
  ScriptedAnswer *chunks = scripted_answer_chunks (scripted_answer_new (), 7, 1000, 300, ";e=1");
  g_autofree char *slow = NULL, *body = NULL;
  guint8 expected[1000];
  const char *at;
  gint64 start = g_get_monotonic_time ();
  int fd = dial (server, FALSE);

  scripted_server_on (server, "/slow",
                      scripted_answer_end (scripted_answer_send (answer, "0123456789"), SCRIPTED_END_FIN));
  scripted_server_on (server, "/chunks", scripted_answer_end (chunks, SCRIPTED_END_FIN));
  say (fd, "GET /slow HTTP/1.1\r\n\r\n");
  slow = hear (fd, NULL);
  g_assert_cmpstr (slow, ==, "0123456789");
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 9 * 200);
  close (fd);

  fd = dial (server, FALSE);
  say (fd, "GET /chunks HTTP/1.1\r\n\r\n");
  body = g_malloc (2000);
  g_assert_cmpint (recv (fd, body, 2000, MSG_WAITALL), ==, 3 * (3 + 4 + 2 + 300 + 2) + 2 + 4 + 2 + 100 + 2);
  scripted_pattern_fill (7, 0, expected, sizeof expected);
  at = body;
  for (guint i = 0; i < 4; i++)
    {
      gsize n = i < 3 ? 300 : 100;
      const char *head = i < 3 ? "12c;e=1\r\n" : "64;e=1\r\n";

      g_assert_cmpmem (at, strlen (head), head, strlen (head));
      at += strlen (head);
      g_assert_cmpint (scripted_pattern_check (7, i * 300, (const guint8 *) at, n), ==, -1);
      g_assert_cmpmem (at, n, expected + i * 300, n);
      at += n + 2;
    }
  ((guint8 *) body)[20] ^= 1;
  g_assert_cmpint (scripted_pattern_check (7, 0, (const guint8 *) body + 9, 300), ==, 11);
  close (fd);
}

static char *
ask (ScriptedServer *server,
     const char *headers)
{
  int fd = dial (server, FALSE);
  g_autofree char *request = g_strdup_printf ("GET /r HTTP/1.1\r\nConnection: close\r\n%s\r\n", headers);
  char *heard;

  say (fd, request);
  heard = hear (fd, NULL);
  close (fd);
  return heard;
}

static void
test_resource (void)
{
  static const ScriptedResource resource = { 3, 100, "\"v1\"", "Sat, 21 Nov 2026 10:00:00 GMT" };
  static const struct
  {
    const char *headers;
    const char *status;
    const char *range; /* or NULL */
  } cases[] = {
    { "", "200", NULL },
    { "Range: bytes=10-19\r\n", "206", "bytes 10-19/100" },
    { "Range: bytes=90-\r\n", "206", "bytes 90-99/100" },
    { "Range: bytes=-5\r\n", "206", "bytes 95-99/100" },
    { "Range: bytes=-500\r\n", "206", "bytes 0-99/100" },
    { "Range: bytes=100-\r\n", "416", "bytes */100" },
    { "Range: bytes=1-2\r\nIf-Range: \"v0\"\r\n", "200", NULL },
    { "Range: bytes=1-2\r\nIf-Range: \"v1\"\r\n", "206", "bytes 1-2/100" },
    { "If-None-Match: \"v1\"\r\n", "304", NULL },
    { "If-Modified-Since: Sat, 21 Nov 2026 10:00:00 GMT\r\n", "304", NULL },
    { "Range: lines=1-2\r\n", "200", NULL },
  };
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "/r", scripted_answer_resource (&resource));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *heard = ask (server, cases[i].headers);
      const char *range = strstr (heard, "Content-Range: ");

      g_test_message ("%s", cases[i].headers);
      g_assert_cmpint (strncmp (heard + 9, cases[i].status, 3), ==, 0);
      g_assert_cmpint (range != NULL, ==, cases[i].range != NULL);
      if (range != NULL)
        g_assert_true (g_str_has_prefix (range + strlen ("Content-Range: "), cases[i].range));
    }
}

static void
test_listeners (void)
{
  g_autoptr (ScriptedServer) both = scripted_server_new (SCRIPTED_SERVER_IPV6);
  g_autoptr (ScriptedServer) local = scripted_server_new (SCRIPTED_SERVER_UNIX);
  g_autoptr (ScriptedServer) deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons (scripted_server_port (deaf)) };
  struct sockaddr_un un = { .sun_family = AF_UNIX };
  struct pollfd poll_fd = { .events = POLLOUT };
  int fd;

  close (dial (both, FALSE));
  close (dial (both, TRUE));
  g_strlcpy (un.sun_path, scripted_server_path (local), sizeof un.sun_path);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (connect (fd, (struct sockaddr *) &un, sizeof un));
  close (fd);
  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  poll_fd.fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  g_assert_cmpint (connect (poll_fd.fd, (struct sockaddr *) &in, sizeof in), ==, -1);
  g_assert_cmpint (errno, ==, EINPROGRESS);
  g_assert_cmpint (poll (&poll_fd, 1, 300), ==, 0);
  close (poll_fd.fd);
}

static void
test_idle_ends (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *heard = NULL, *dropped = NULL;
  int fd = dial (server, FALSE), other;

  scripted_server_set_keep_alive (server, 1, SCRIPTED_END_RESET, 1);
  say (fd, "GET / HTTP/1.1\r\n\r\n");
  heard = hear (fd, "unscripted");
  g_clear_pointer (&heard, g_free);
  heard = hear (fd, NULL);
  g_assert_cmpstr (heard, ==, "!RESET");
  close (fd);
  other = dial (server, FALSE);
  g_assert_true (scripted_server_wait_open (server, 1, 1000));
  scripted_server_drop_all (server, SCRIPTED_END_FIN);
  dropped = hear (other, NULL);
  g_assert_cmpstr (dropped, ==, "");
  close (other);
  g_assert_true (scripted_server_request (server, 0)->unscripted);
}

/* As many slow clients as a test of the library will bring: all are answered byte by byte, by one thread. */
static void
test_many (void)
{
  enum
  {
    N = 2000
  };
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  struct rlimit limit = { 0 };
  g_autofree int *fds = g_new (int, N);

  getrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < 2 * N + 100)
    {
      limit.rlim_cur = MIN (limit.rlim_max, 20000);
      if (setrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 2 * N + 100)
        {
          g_test_skip ("too few descriptors");
          return;
        }
    }
  scripted_server_on (
    server, "*",
    scripted_answer_end (scripted_answer_send (scripted_answer_split (scripted_answer_new (), 1, 20000), "slow"),
                         SCRIPTED_END_FIN));
  for (guint i = 0; i < N; i++)
    {
      fds[i] = dial (server, FALSE);
      say (fds[i], "GET / HTTP/1.1\r\n\r\n");
    }
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *heard = hear (fds[i], NULL);

      g_assert_cmpstr (heard, ==, "slow");
      close (fds[i]);
    }
  g_assert_cmpuint (scripted_server_n_connections (server), ==, N);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scripted-server/keep-alive", test_keep_alive);
  g_test_add_func ("/scripted-server/ends", test_ends);
  g_test_add_func ("/scripted-server/continue-and-early", test_continue_and_early);
  g_test_add_func ("/scripted-server/pieces-and-patterns", test_pieces_and_patterns);
  g_test_add_func ("/scripted-server/resource", test_resource);
  g_test_add_func ("/scripted-server/listeners", test_listeners);
  g_test_add_func ("/scripted-server/idle-ends", test_idle_ends);
  g_test_add_func ("/scripted-server/many", test_many);
  return g_test_run ();
}
