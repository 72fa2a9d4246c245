/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <curl/curl.h>

#include <poll.h>
#include <string.h>

/* What the C interface offers beside transfers as such: bytes of the application's own over a connection, shares, the
 * callback before a look-up, and the like. */

static size_t
collect (char *data,
         size_t size,
         size_t n,
         void *user_data)
{
  g_string_append_len (user_data, data, (gssize) (size * n));
  return size * n;
}

static CURL *
new_easy (const char *url,
          GString *body)
{
  CURL *easy = curl_easy_init ();

  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_URL, url), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, collect), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_WRITEDATA, body), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 20000L), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_PROXY, ""), ==, CURLE_OK);
  return easy;
}

static ScriptedServer *
new_server (const char *text)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, text));
  return server;
}

/* ---- bytes of one's own ---- */

static void
wait_for (CURL *easy,
          short events)
{
  struct pollfd fd = { .events = events };
  curl_socket_t active = CURL_SOCKET_BAD;

  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_ACTIVESOCKET, &active), ==, CURLE_OK);
  g_assert_cmpint (active, !=, CURL_SOCKET_BAD);
  fd.fd = active;
  g_assert_cmpint (poll (&fd, 1, 10000), ==, 1);
}

static void
send_all (CURL *easy,
          const char *text)
{
  size_t len = strlen (text), n;

  while (len > 0)
    {
      CURLcode code = curl_easy_send (easy, text, len, &n);

      if (code == CURLE_AGAIN)
        wait_for (easy, POLLOUT);
      else
        {
          g_assert_cmpint (code, ==, CURLE_OK);
          g_assert_cmpuint (n, >, 0);
          text += n;
          len -= n;
        }
    }
}

/* Until the peer closes. */
static void
receive_all (CURL *easy,
             GString *into)
{
  for (;;)
    {
      char buffer[7];
      size_t n = 99;
      CURLcode code = curl_easy_recv (easy, buffer, sizeof buffer, &n);

      if (code == CURLE_AGAIN)
        {
          g_assert_cmpuint (n, ==, 0);
          wait_for (easy, POLLIN);
          continue;
        }
      g_assert_cmpint (code, ==, CURLE_OK);
      if (n == 0)
        return;
      g_string_append_len (into, buffer, (gssize) n);
    }
}

#define REQUEST "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void
converse (CURL *easy)
{
  g_autoptr (GString) answer = g_string_new (NULL);
  char buffer[1];
  size_t n;

  g_assert_cmpint (curl_easy_recv (easy, buffer, 1, &n), ==, CURLE_AGAIN);
  send_all (easy, REQUEST);
  receive_all (easy, answer);
  g_assert_true (g_str_has_prefix (answer->str, "HTTP/1.1 200 "));
  g_assert_true (g_str_has_suffix (answer->str, "\r\n\r\nraw answer"));
}

static ScriptedServer *
new_raw_server (ScriptedServerFlags flags)
{
  ScriptedServer *server = scripted_server_new (flags);

  scripted_server_on (server, "GET /raw", scripted_answer_end (scripted_answer_text (200, NULL, "raw answer"),
                                                               SCRIPTED_END_CLOSE));
  scripted_server_on (server, "GET /next", scripted_answer_text (200, NULL, "next"));
  return server;
}

static void
check_raw (ScriptedServerFlags flags)
{
  g_autoptr (ScriptedServer) server = new_raw_server (flags);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/next"), body);
  char byte;
  size_t n;

  if (flags & SCRIPTED_SERVER_TLS)
    curl_easy_setopt (easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  g_assert_cmpint (curl_easy_send (easy, "x", 1, &n), ==, CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_setopt (easy, CURLOPT_CONNECT_ONLY, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 0);
  converse (easy);
  g_assert_cmpuint (body->len, ==, 0);

  /* the handle is as good as before */
  curl_easy_setopt (easy, CURLOPT_CONNECT_ONLY, 0L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "next");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_cmpint (curl_easy_recv (easy, &byte, 1, &n), ==, CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_cleanup (easy);
}

static void
test_raw (void)
{
  check_raw (SCRIPTED_SERVER_DEFAULT);
}

static void
test_raw_tls (void)
{
  check_raw (SCRIPTED_SERVER_TLS);
}

static void
drive (CURLM *multi)
{
  int running = 1;

  while (running > 0)
    {
      g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
      if (running > 0)
        g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 1000, NULL), ==, CURLM_OK);
    }
}

/* In a multi handle it lasts until the handle is removed; a multi handle that goes first takes it along. */
static void
test_raw_multi (void)
{
  g_autoptr (ScriptedServer) server = new_raw_server (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);
  CURLM *multi = curl_multi_init ();
  size_t n;

  curl_easy_setopt (easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_multi_add_handle (multi, easy);
  drive (multi);
  converse (easy);
  curl_multi_remove_handle (multi, easy);
  g_assert_cmpint (curl_easy_send (easy, "x", 1, &n), ==, CURLE_UNSUPPORTED_PROTOCOL);

  curl_multi_add_handle (multi, easy);
  drive (multi);
  curl_multi_cleanup (multi);
  g_assert_cmpint (curl_easy_send (easy, "x", 1, &n), ==, CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_cleanup (easy);
  g_assert_true (scripted_server_wait_open (server, 0, 10000));
}

/* ---- shares ---- */

typedef struct
{
  guint n_locks[CURL_LOCK_DATA_LAST];
  gint held;
} Locks;

static void
lock_cb (CURL *easy,
         curl_lock_data data,
         curl_lock_access how,
         void *user_data)
{
  Locks *locks = user_data;

  g_assert_nonnull (easy);
  g_assert_cmpint (data, <, CURL_LOCK_DATA_LAST);
  g_assert_cmpint (how, >, CURL_LOCK_ACCESS_NONE);
  locks->n_locks[data]++;
  locks->held++;
}

static void
unlock_cb (CURL *easy,
           curl_lock_data data,
           void *user_data)
{
  Locks *locks = user_data;

  locks->held--;
}

static CURLSH *
new_share (curl_lock_data data,
           Locks *locks)
{
  CURLSH *share = curl_share_init ();

  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, data), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_LOCKFUNC, lock_cb), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_UNLOCKFUNC, unlock_cb), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_USERDATA, locks), ==, CURLSHE_OK);
  return share;
}

static void
perform_shared (CURLSH *share,
                ScriptedServer *server)
{
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);

  curl_easy_setopt (easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_SHARE, share), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "shared");
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_IN_USE);
  curl_easy_cleanup (easy);
}

/* What one handle has opened serves the next, although the first is gone. */
static void
test_share_connections (void)
{
  g_autoptr (ScriptedServer) server = new_server ("shared");
  Locks locks = { 0 };
  CURLSH *share = new_share (CURL_LOCK_DATA_CONNECT, &locks);

  for (guint i = 0; i < 3; i++)
    perform_shared (share, server);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 3);
  g_assert_cmpuint (locks.n_locks[CURL_LOCK_DATA_CONNECT], >=, 3);
  g_assert_cmpuint (locks.n_locks[CURL_LOCK_DATA_SHARE], >=, 3);
  g_assert_cmpint (locks.held, ==, 0);
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_UNSHARE, CURL_LOCK_DATA_CONNECT), ==, CURLSHE_OK);
  perform_shared (share, server);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

typedef struct
{
  CURLSH *share;
  ScriptedServer *server;
} Inner;

static size_t
perform_inside (char *data,
                size_t size,
                size_t n,
                void *user_data)
{
  Inner *inner = user_data;

  perform_shared (inner->share, inner->server);
  return size * n;
}

/* While one handle has the connections, another one does without. */
static void
test_share_connections_busy (void)
{
  g_autoptr (ScriptedServer) server = new_server ("shared");
  Locks locks = { 0 };
  Inner inner = { new_share (CURL_LOCK_DATA_CONNECT, &locks), server };
  CURL *easy = new_easy (scripted_server_url (server, "/"), NULL);

  curl_easy_setopt (easy, CURLOPT_SHARE, inner.share);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, perform_inside);
  curl_easy_setopt (easy, CURLOPT_WRITEDATA, &inner);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  curl_easy_cleanup (easy);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  perform_shared (inner.share, server);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_cmpint (curl_share_cleanup (inner.share), ==, CURLSHE_OK);
}

static void
test_share_sessions (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_TLS);
  Locks locks = { 0 };
  CURLSH *share = new_share (CURL_LOCK_DATA_SSL_SESSION, &locks);

  scripted_server_on (server, "*", scripted_answer_text (200, NULL, "shared"));
  perform_shared (share, server);
  perform_shared (share, server);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_false (scripted_server_connection (server, 0)->resumed);
  g_assert_true (scripted_server_connection (server, 1)->resumed);
  g_assert_cmpuint (locks.n_locks[CURL_LOCK_DATA_SSL_SESSION], >=, 2);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

/* What one multi handle was told about a name another one knows. */
static void
test_share_names (void)
{
  g_autoptr (ScriptedServer) server = new_server ("named");
  g_autofree char *url = g_strdup_printf ("http://shared.invalid:%u/", scripted_server_port (server));
  g_autofree char *entry = g_strdup_printf ("shared.invalid:%u:127.0.0.1", scripted_server_port (server));
  struct curl_slist *list = curl_slist_append (NULL, entry);
  Locks locks = { 0 };
  CURLSH *share = new_share (CURL_LOCK_DATA_DNS, &locks);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GString) body = g_string_new (NULL);
      CURL *easy = new_easy (url, body);
      CURLM *multi = curl_multi_init ();

      curl_easy_setopt (easy, CURLOPT_SHARE, share);
      if (i == 0)
        curl_easy_setopt (easy, CURLOPT_RESOLVE, list);
      curl_multi_add_handle (multi, easy);
      drive (multi);
      g_assert_cmpstr (body->str, ==, "named");
      curl_multi_remove_handle (multi, easy);
      curl_easy_cleanup (easy);
      curl_multi_cleanup (multi);
    }
  g_assert_cmpuint (locks.n_locks[CURL_LOCK_DATA_DNS], >=, 2);
  curl_slist_free_all (list);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

/* ---- before a look-up ---- */

static int
start_cb (void *resolver,
          void *reserved,
          void *user_data)
{
  guint *n = user_data;

  g_assert_null (reserved);
  return ++*n > 1;
}

static void
test_resolver_start (void)
{
  g_autoptr (ScriptedServer) server = new_server ("found");
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *url = g_strdup_printf ("http://localhost:%u/", scripted_server_port (server));
  CURL *easy = new_easy (url, body);
  guint n = 0;

  curl_easy_setopt (easy, CURLOPT_RESOLVER_START_FUNCTION, start_cb);
  curl_easy_setopt (easy, CURLOPT_RESOLVER_START_DATA, &n);
  curl_easy_setopt (easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpuint (n, ==, 1);
  /* over the same connection nothing is looked up */
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpuint (n, ==, 1);
  curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_COULDNT_RESOLVE_HOST);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (body->str, ==, "foundfound");
  curl_easy_cleanup (easy);
}

/* ---- following, with a method of one's own ---- */

static void
check_follow (long mode,
              guint status,
              const char *summary)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GString) body = g_string_new (NULL);
  g_autofree char *asked = NULL;
  CURL *easy = new_easy (scripted_server_url (server, "/a"), body);

  scripted_server_on (server, "PATCH /a", scripted_answer_redirect (status, "/b"));
  scripted_server_on (server, "PATCH /b", scripted_answer_text (200, NULL, "b"));
  scripted_server_on (server, "POST /b", scripted_answer_text (200, NULL, "b"));
  scripted_server_on (server, "GET /b", scripted_answer_text (200, NULL, "b"));
  curl_easy_setopt (easy, CURLOPT_CUSTOMREQUEST, "PATCH");
  curl_easy_setopt (easy, CURLOPT_POSTFIELDS, "x");
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, mode), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
  g_assert_cmpstr (body->str, ==, "b");
  asked = scripted_server_summary (server);
  g_assert_cmpstr (asked, ==, summary);
  curl_easy_cleanup (easy);
}

static void
test_follow_modes (void)
{
  check_follow (CURLFOLLOW_ALL, 302, "PATCH /a#0 PATCH /b#0");
  check_follow (CURLFOLLOW_ALL, 307, "PATCH /a#0 PATCH /b#0");
  check_follow (CURLFOLLOW_OBEYCODE, 302, "PATCH /a#0 GET /b#0");
  check_follow (CURLFOLLOW_OBEYCODE, 307, "PATCH /a#0 PATCH /b#0");
  check_follow (CURLFOLLOW_FIRSTONLY, 302, "PATCH /a#0 GET /b#0");
  check_follow (CURLFOLLOW_FIRSTONLY, 307, "PATCH /a#0 POST /b#0");
}

/* ---- how to connect ---- */

static void
test_connecting (void)
{
  g_autoptr (ScriptedServer) server = new_server ("x");
  g_autoptr (GString) body = g_string_new (NULL);
  CURL *easy = new_easy (scripted_server_url (server, "/"), body);

  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_TCP_FASTOPEN, 1L), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_DNS_SHUFFLE_ADDRESSES, 1L), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_ADDRESS_SCOPE, 1L), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_setopt (easy, CURLOPT_ADDRESS_SCOPE, -1L), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (curl_easy_perform (easy), ==, CURLE_OK);
      curl_easy_setopt (easy, CURLOPT_FRESH_CONNECT, 1L);
    }
  g_assert_cmpstr (body->str, ==, "xx");
  curl_easy_cleanup (easy);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/face/raw", test_raw);
  g_test_add_func ("/curl/face/raw-tls", test_raw_tls);
  g_test_add_func ("/curl/face/raw-multi", test_raw_multi);
  g_test_add_func ("/curl/face/share-connections", test_share_connections);
  g_test_add_func ("/curl/face/share-connections-busy", test_share_connections_busy);
  g_test_add_func ("/curl/face/share-sessions", test_share_sessions);
  g_test_add_func ("/curl/face/share-names", test_share_names);
  g_test_add_func ("/curl/face/resolver-start", test_resolver_start);
  g_test_add_func ("/curl/face/follow-modes", test_follow_modes);
  g_test_add_func ("/curl/face/connecting", test_connecting);
  return g_test_run ();
}
