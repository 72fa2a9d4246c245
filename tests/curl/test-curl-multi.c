/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <curl/curl.h>

#include <poll.h>
#include <string.h>
#include <unistd.h>

/* The multi handle: handles, messages, what is refused within callbacks, notifications, aborts. How transfers go under
 * each way of turning is the business of the transfer cases. */

typedef struct
{
  CURLM *multi;
  GString *order; /* of callbacks */
  GHashTable *sockets; /* fd → what was told last */
  long timer_ms; /* told last; −2 = never */
  int answer_socket;
  int answer_timer;
  CURL *easy; /* to be used by callbacks */
  gboolean acted;
  gboolean deprecated; /* by the function that tells no bits, not the macro of its name */
} Loop;

static size_t
discard (char *data,
         size_t size,
         size_t n,
         void *user_data)
{
  return size * n;
}

static CURL *
new_easy (const char *url)
{
  CURL *easy = curl_easy_init ();

  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 10000L);
  return easy;
}

static ScriptedServer *
new_server (ScriptedAnswer *answer)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "*", answer);
  return server;
}

/* Turns by perform and poll until @multi has a message, at most 10 s. */
static CURLMsg *
run_until_message (CURLM *multi,
                   int *left)
{
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;
  CURLMsg *msg;
  int running;

  while ((msg = curl_multi_info_read (multi, left)) == NULL)
    {
      g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      if (running > 0)
        g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 100, NULL), ==, CURLM_OK);
    }

  return msg;
}

/* ---- handles ---- */

static void
test_handles (void)
{
  CURLM *multi = curl_multi_init (), *other = curl_multi_init ();
  CURL *a = new_easy ("data:,a"), *b = new_easy ("data:,b");
  CURL **all;
  curl_off_t n = -1;

  g_assert_cmpint (curl_multi_add_handle (multi, a), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_add_handle (multi, a), ==, CURLM_ADDED_ALREADY);
  g_assert_cmpint (curl_multi_add_handle (other, a), ==, CURLM_ADDED_ALREADY);
  g_assert_cmpint (curl_multi_add_handle (multi, b), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_add_handle (multi, NULL), ==, CURLM_BAD_EASY_HANDLE);
  g_assert_cmpint (curl_multi_add_handle (NULL, a), ==, CURLM_BAD_HANDLE);
  g_assert_cmpint (curl_multi_add_handle (a, a), ==, CURLM_BAD_HANDLE);
  g_assert_cmpint (curl_multi_remove_handle (other, a), ==, CURLM_BAD_EASY_HANDLE);

  all = curl_multi_get_handles (multi);
  g_assert_true (all[0] == a && all[1] == b && all[2] == NULL);
  curl_free (all);
  g_assert_cmpint (curl_multi_get_offt (multi, CURLMINFO_XFERS_CURRENT, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (curl_multi_get_offt (multi, CURLMINFO_XFERS_ADDED, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpint (curl_multi_get_offt (multi, CURLMINFO_NONE, &n), ==, CURLM_UNKNOWN_OPTION);

  g_assert_cmpint (curl_easy_perform (a), ==, CURLE_FAILED_INIT);
  g_assert_cmpint (curl_multi_remove_handle (multi, a), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_remove_handle (multi, a), ==, CURLM_OK);
  g_assert_cmpint (curl_easy_perform (a), ==, CURLE_OK);

  /* the wrong order */
  g_assert_cmpint (curl_multi_add_handle (other, a), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_cleanup (other), ==, CURLM_OK);
  g_assert_cmpint (curl_easy_perform (a), ==, CURLE_OK);
  curl_easy_cleanup (b);
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
  curl_easy_cleanup (a);
  g_assert_cmpint (curl_multi_cleanup (NULL), ==, CURLM_BAD_HANDLE);
}

static void
test_messages (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  CURLM *multi = curl_multi_init ();
  CURL *easies[3];
  curl_off_t n;
  int left = -1, running = 1;

  g_assert_null (curl_multi_info_read (multi, &left));
  g_assert_cmpint (left, ==, 0);
  for (guint i = 0; i < 3; i++)
    {
      easies[i] = new_easy (scripted_server_url (server, "/"));
      curl_multi_add_handle (multi, easies[i]);
    }
  while (running > 0)
    {
      g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
      g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 50, NULL), ==, CURLM_OK);
    }
  curl_multi_get_offt (multi, CURLMINFO_XFERS_DONE, &n);
  g_assert_cmpint (n, ==, 3);
  curl_multi_get_offt (multi, CURLMINFO_XFERS_RUNNING, &n);
  g_assert_cmpint (n, ==, 0);

  /* they wait until they are read, or their handle is removed */
  curl_multi_remove_handle (multi, easies[1]);
  for (int i = 1; i >= 0; i--)
    {
      CURLMsg *msg = curl_multi_info_read (multi, &left);

      g_assert_nonnull (msg);
      g_assert_cmpint (msg->msg, ==, CURLMSG_DONE);
      g_assert_cmpint (msg->data.result, ==, CURLE_OK);
      g_assert_true (msg->easy_handle != easies[1]);
      g_assert_cmpint (left, ==, i);
    }
  g_assert_null (curl_multi_info_read (multi, &left));
  for (guint i = 0; i < 3; i++)
    {
      curl_multi_remove_handle (multi, easies[i]);
      curl_easy_cleanup (easies[i]);
    }
  curl_multi_cleanup (multi);
}

/* Reset while done and still added, then used again. */
static void
test_reset_while_added (void)
{
  CURLM *multi = curl_multi_init ();
  CURL *easy = new_easy ("data:,a");
  int left;

  curl_multi_add_handle (multi, easy);
  g_assert_cmpint (run_until_message (multi, &left)->data.result, ==, CURLE_OK);
  curl_easy_reset (easy);
  g_assert_cmpint (curl_multi_remove_handle (multi, easy), ==, CURLM_OK);
  curl_easy_setopt (easy, CURLOPT_URL, "data:,b");
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, discard);
  curl_multi_add_handle (multi, easy);
  g_assert_cmpint (run_until_message (multi, &left)->data.result, ==, CURLE_OK);
  curl_easy_cleanup (easy);
  curl_multi_cleanup (multi);
}

static void
test_options (void)
{
  CURLM *multi = curl_multi_init ();

  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_MAXCONNECTS, 7L), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_MAX_HOST_CONNECTIONS, 7L), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 7L), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 7L), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_NETWORK_CHANGED, CURLMNWC_CLEAR_DNS), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE, (curl_off_t) 7), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_PIPELINING_SITE_BL, NULL), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_PUSHFUNCTION, NULL), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, CURLMOPT_QUICK_EXIT, 1L), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_setopt (multi, (CURLMoption) 99, 1L), ==, CURLM_UNKNOWN_OPTION);
  g_assert_cmpint (curl_multi_setopt (multi, (CURLMoption) 10099, NULL), ==, CURLM_UNKNOWN_OPTION);
  g_assert_cmpint (curl_multi_setopt (multi, (CURLMoption) 30099, (curl_off_t) 1), ==, CURLM_UNKNOWN_OPTION);
  g_assert_cmpint (curl_multi_setopt (NULL, CURLMOPT_MAXCONNECTS, 7L), ==, CURLM_BAD_HANDLE);
  g_assert_cmpint (curl_multi_notify_enable (multi, 99), ==, CURLM_UNKNOWN_OPTION);
  curl_multi_cleanup (multi);
}

/* ---- waiting ---- */

static gpointer
wake (gpointer multi)
{
  g_usleep (50 * 1000);
  g_assert_cmpint (curl_multi_wakeup (multi), ==, CURLM_OK);
  return NULL;
}

static gint64
time_poll (CURLM *multi,
           int ms)
{
  gint64 begin = g_get_monotonic_time ();
  int n = -1;

  g_assert_cmpint (curl_multi_poll (multi, NULL, 0, ms, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 0);
  return (g_get_monotonic_time () - begin) / 1000;
}

static void
test_waiting (void)
{
  CURLM *multi = curl_multi_init ();
  struct curl_waitfd extra = { -1, CURL_WAIT_POLLIN, 0 };
  g_autoptr (GThread) thread = NULL;
  gint64 begin;
  long ms = 7;
  int fds[2], n = -1;

  g_assert_cmpint (curl_multi_timeout (multi, &ms), ==, CURLM_OK);
  g_assert_cmpint (ms, ==, -1);
  g_assert_cmpint (time_poll (multi, 100), >=, 90);

  /* sticky, and once */
  curl_multi_wakeup (multi);
  curl_multi_wakeup (multi);
  g_assert_cmpint (time_poll (multi, 2000), <, 1000);
  g_assert_cmpint (time_poll (multi, 60), >=, 50);
  thread = g_thread_new ("wake", wake, multi);
  g_assert_cmpint (time_poll (multi, 5000), <, 2000);
  g_thread_join (g_steal_pointer (&thread));

  /* wait does not wait for nothing, and knows no wake-up */
  begin = g_get_monotonic_time ();
  g_assert_cmpint (curl_multi_wait (multi, NULL, 0, 2000, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);

  g_assert_cmpint (pipe (fds), ==, 0);
  extra.fd = fds[0];
  g_assert_cmpint (curl_multi_wait (multi, &extra, 1, 30, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  g_assert_cmpint (curl_multi_wait (multi, &extra, 1, 5000, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (extra.revents, ==, CURL_WAIT_POLLIN);
  g_assert_cmpint (curl_multi_poll (multi, &extra, 1, -1, &n), ==, CURLM_BAD_FUNCTION_ARGUMENT);
  close (fds[0]);
  close (fds[1]);
  curl_multi_cleanup (multi);
  g_assert_cmpint (curl_multi_wakeup (NULL), ==, CURLM_BAD_HANDLE);
}

static void
test_descriptors (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_stall (scripted_answer_new ()));
  CURLM *multi = curl_multi_init ();
  CURL *easy = new_easy (scripted_server_url (server, "/"));
  struct curl_waitfd fds[2];
  unsigned int n = 7;
  fd_set in, out, err;
  int max_fd = 7, running;

  FD_ZERO (&in);
  FD_ZERO (&out);
  FD_ZERO (&err);
  g_assert_cmpint (curl_multi_fdset (multi, &in, &out, &err, &max_fd), ==, CURLM_OK);
  g_assert_cmpint (max_fd, ==, -1);
  g_assert_cmpint (curl_multi_waitfds (multi, NULL, 0, &n), ==, CURLM_OK);
  g_assert_cmpuint (n, ==, 0);

  curl_multi_add_handle (multi, easy);
  while (scripted_server_n_requests (server) == 0)
    {
      curl_multi_perform (multi, &running);
      g_assert_cmpint (running, ==, 1);
      curl_multi_poll (multi, NULL, 0, 20, NULL);
    }
  curl_multi_perform (multi, &running);
  g_assert_cmpint (curl_multi_fdset (multi, &in, &out, &err, &max_fd), ==, CURLM_OK);
  g_assert_cmpint (max_fd, >=, 0);
  g_assert_true (FD_ISSET (max_fd, &in));
  g_assert_false (FD_ISSET (max_fd, &out));
  g_assert_cmpint (curl_multi_waitfds (multi, NULL, 0, &n), ==, CURLM_OK);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpint (curl_multi_waitfds (multi, fds, 2, &n), ==, CURLM_OK);
  g_assert_cmpuint (n, ==, 1);
  g_assert_cmpint (fds[0].fd, ==, max_fd);
  g_assert_cmpint (fds[0].events, ==, CURL_WAIT_POLLIN);
  g_assert_cmpint (curl_multi_waitfds (multi, fds, 0, &n), ==, CURLM_OUT_OF_MEMORY);
  g_assert_cmpint (curl_multi_waitfds (multi, NULL, 0, NULL), ==, CURLM_BAD_FUNCTION_ARGUMENT);
  curl_multi_remove_handle (multi, easy);
  curl_easy_cleanup (easy);
  curl_multi_cleanup (multi);
}

/* ---- events ---- */

static int
socket_cb (CURL *easy,
           curl_socket_t fd,
           int what,
           void *user_data,
           void *assigned)
{
  Loop *loop = user_data;

  g_assert_nonnull (easy);
  g_assert_cmpint (curl_multi_perform (loop->multi, NULL), ==, CURLM_RECURSIVE_API_CALL);
  if (loop->easy != NULL && !loop->acted)
    g_assert_cmpint (curl_multi_remove_handle (loop->multi, loop->easy), ==, CURLM_RECURSIVE_API_CALL);
  if (g_hash_table_contains (loop->sockets, GINT_TO_POINTER (fd)))
    g_assert_true (assigned == loop);
  else
    {
      g_assert_null (assigned);
      g_assert_cmpint (curl_multi_assign (loop->multi, fd, loop), ==, CURLM_OK);
    }
  if (what == CURL_POLL_REMOVE)
    g_hash_table_remove (loop->sockets, GINT_TO_POINTER (fd));
  else
    g_hash_table_insert (loop->sockets, GINT_TO_POINTER (fd), GINT_TO_POINTER (what));
  return loop->answer_socket;
}

static int
timer_cb (CURLM *multi,
          long ms,
          void *user_data)
{
  Loop *loop = user_data;

  g_assert_true (multi == loop->multi);
  g_assert_cmpint (curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, NULL), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (ms, !=, loop->timer_ms == 0 ? 0 : -2); /* 0 is not told twice in a row */
  loop->timer_ms = ms;
  return loop->answer_timer;
}

static void
loop_init (Loop *loop)
{
  *loop = (Loop){ .multi = curl_multi_init (), .order = g_string_new (NULL), .timer_ms = -2 };
  loop->sockets = g_hash_table_new (NULL, NULL);
  curl_multi_setopt (loop->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (loop->multi, CURLMOPT_SOCKETDATA, loop);
  curl_multi_setopt (loop->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
  curl_multi_setopt (loop->multi, CURLMOPT_TIMERDATA, loop);
}

static void
loop_clear (Loop *loop)
{
  curl_multi_cleanup (loop->multi);
  g_assert_cmpuint (g_hash_table_size (loop->sockets), ==, 0);
  g_hash_table_unref (loop->sockets);
  g_string_free (loop->order, TRUE);
}

static CURLMcode
loop_act (Loop *loop,
          curl_socket_t fd,
          int bits,
          int *running)
{
  return loop->deprecated ? (curl_multi_socket) (loop->multi, fd, running)
                          : curl_multi_socket_action (loop->multi, fd, bits, running);
}

/* One turn of a strict loop: what was announced is polled, and nothing else. */
static CURLMcode
loop_turn (Loop *loop,
           int *running)
{
  struct pollfd fds[16];
  GHashTableIter iter;
  gpointer fd, what;
  guint n = 0;
  int ready;

  g_hash_table_iter_init (&iter, loop->sockets);
  while (g_hash_table_iter_next (&iter, &fd, &what))
    fds[n++] = (struct pollfd){ GPOINTER_TO_INT (fd), (short) ((GPOINTER_TO_INT (what) & CURL_POLL_IN ? POLLIN : 0) |
                                                            (GPOINTER_TO_INT (what) & CURL_POLL_OUT ? POLLOUT : 0)), 0 };
  ready = poll (fds, n, loop->timer_ms >= 0 ? (int) MIN (loop->timer_ms, 1000) : 1000);
  if (ready == 0 && loop->timer_ms >= 0)
    {
      loop->timer_ms = -2;
      return loop_act (loop, CURL_SOCKET_TIMEOUT, 0, running);
    }
  for (guint i = 0; i < n; i++)
    {
      int bits = (fds[i].revents & (POLLIN | POLLHUP) ? CURL_CSELECT_IN : 0) | (fds[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                 (fds[i].revents & POLLERR ? CURL_CSELECT_ERR : 0);

      if (bits != 0)
        return loop_act (loop, fds[i].fd, bits, running);
    }

  return CURLM_OK;
}

static void
test_events (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  int left = 0, running = 1, turns = 0;
  CURLMsg *msg;
  Loop loop;

  loop_init (&loop);
  loop.easy = new_easy (scripted_server_url (server, "/"));
  g_assert_cmpint (curl_multi_add_handle (loop.multi, loop.easy), ==, CURLM_OK);
  g_assert_cmpint (loop.timer_ms, ==, 0); /* the kick-off */
  while (running > 0 && turns++ < 100)
    g_assert_cmpint (loop_turn (&loop, &running), ==, CURLM_OK);
  msg = curl_multi_info_read (loop.multi, &left);
  g_assert_nonnull (msg);
  g_assert_cmpint (msg->data.result, ==, CURLE_OK);
  g_assert_cmpint (curl_multi_assign (loop.multi, 9999, NULL), ==, CURLM_BAD_SOCKET);
  g_assert_cmpint (curl_multi_socket_action (loop.multi, 9999, CURL_CSELECT_IN, &running), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_socket_all (loop.multi, &running), ==, CURLM_OK);
  loop.acted = TRUE; /* no longer added */
  g_assert_cmpint (curl_multi_remove_handle (loop.multi, loop.easy), ==, CURLM_OK);
  /* a loop that ends when nothing is watched, and no timer set, is let go */
  g_assert_cmpuint (g_hash_table_size (loop.sockets), ==, 0);
  g_assert_cmpint (loop.timer_ms, <, 0);
  curl_easy_cleanup (loop.easy);
  loop.easy = NULL;
  curl_multi_setopt (loop.multi, CURLMOPT_TIMERFUNCTION, NULL);
  curl_multi_cleanup (loop.multi);
  g_assert_cmpuint (g_hash_table_size (loop.sockets), ==, 0);
  g_hash_table_unref (loop.sockets);
  g_string_free (loop.order, TRUE);
}

/* The two that were there before socket_action: one looks for itself what is ready, the other looks at everything. */
static void
test_deprecated (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));

  for (guint all = 0; all < 2; all++)
    {
      gint64 late = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;
      int left = 0, running = 1;
      CURLMsg *msg;
      Loop loop;

      loop_init (&loop);
      loop.deprecated = TRUE;
      loop.easy = new_easy (scripted_server_url (server, "/"));
      g_assert_cmpint (curl_multi_add_handle (loop.multi, loop.easy), ==, CURLM_OK);
      while (running > 0 && g_get_monotonic_time () < late)
        {
          if (all)
            g_usleep (1000);
          g_assert_cmpint (all ? curl_multi_socket_all (loop.multi, &running) : loop_turn (&loop, &running), ==, CURLM_OK);
        }
      msg = curl_multi_info_read (loop.multi, &left);
      g_assert_nonnull (msg);
      g_assert_cmpint (msg->data.result, ==, CURLE_OK);
      loop.acted = TRUE;
      g_assert_cmpint (curl_multi_remove_handle (loop.multi, loop.easy), ==, CURLM_OK);
      curl_easy_cleanup (loop.easy);
      loop.easy = NULL;
      curl_multi_setopt (loop.multi, CURLMOPT_TIMERFUNCTION, NULL);
      loop_clear (&loop);
    }
}

static int
forgetful_socket_cb (CURL *easy,
                     curl_socket_t fd,
                     int what,
                     void *user_data,
                     void *assigned)
{
  Loop *loop = user_data;

  g_assert_true (easy == loop->easy); /* many ask it for their own CURLINFO_PRIVATE, also when they are told to go */
  if (what == CURL_POLL_REMOVE)
    g_hash_table_remove (loop->sockets, GINT_TO_POINTER (fd));
  else
    g_hash_table_insert (loop->sockets, GINT_TO_POINTER (fd), GINT_TO_POINTER (what));
  return 0;
}

/* Many loops drop their watches when nothing runs any more, and wait to be told again, or are others by then; the connection
 * is used all the same. */
static void
test_forgetful (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  Loop loop;

  loop_init (&loop);
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETFUNCTION, forgetful_socket_cb);
  loop.easy = new_easy (scripted_server_url (server, "/"));
  for (guint i = 0; i < 4; i++)
    {
      int running = 1, turns = 0, left = 0;
      long n_connects = -1;

      g_assert_cmpint (curl_multi_add_handle (loop.multi, loop.easy), ==, CURLM_OK);
      while (running > 0 && turns++ < 100)
        g_assert_cmpint (loop_turn (&loop, &running), ==, CURLM_OK);
      g_assert_cmpint (running, ==, 0);
      g_assert_cmpint (loop.timer_ms, <, 0);
      g_assert_cmpuint (g_hash_table_size (loop.sockets), ==, 0);
      g_assert_cmpint (curl_multi_info_read (loop.multi, &left)->data.result, ==, CURLE_OK);
      curl_easy_getinfo (loop.easy, CURLINFO_NUM_CONNECTS, &n_connects);
      g_assert_cmpint (n_connects, ==, i == 0);
      if (i == 2) /* its descriptor is that of answers from workers */
        curl_easy_setopt (loop.easy, CURLOPT_URL, "file:///etc/passwd");
      g_assert_cmpint (curl_multi_remove_handle (loop.multi, loop.easy), ==, CURLM_OK);
    }
  curl_easy_cleanup (loop.easy);
  loop_clear (&loop);
}

/* A callback that answers −1 stops all; then the handles can be used again. */
static void
test_abort (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  int left = 0, running = 1, turns = 0;
  CURLMcode code = CURLM_OK;
  Loop loop;
  CURL *other;

  loop_init (&loop);
  loop.easy = new_easy (scripted_server_url (server, "/"));
  other = new_easy (scripted_server_url (server, "/"));
  curl_multi_add_handle (loop.multi, loop.easy);
  curl_multi_add_handle (loop.multi, other);
  loop.answer_socket = -1;
  while (code == CURLM_OK && turns++ < 100)
    code = loop_turn (&loop, &running);
  g_assert_cmpint (code, ==, CURLM_ABORTED_BY_CALLBACK);
  g_assert_cmpint (running, ==, 0);
  for (int i = 1; i >= 0; i--)
    {
      g_assert_cmpint (curl_multi_info_read (loop.multi, &left)->data.result, ==, CURLE_ABORTED_BY_CALLBACK);
      g_assert_cmpint (left, ==, i);
    }
  loop.answer_socket = 0;
  loop.acted = TRUE;
  curl_multi_remove_handle (loop.multi, other);
  curl_multi_remove_handle (loop.multi, loop.easy);
  loop.timer_ms = -2;
  g_assert_cmpint (curl_multi_add_handle (loop.multi, other), ==, CURLM_OK);
  for (running = 1, turns = 0; running > 0 && turns < 100; turns++)
    g_assert_cmpint (loop_turn (&loop, &running), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_info_read (loop.multi, &left)->data.result, ==, CURLE_OK);
  curl_multi_remove_handle (loop.multi, other);
  curl_easy_cleanup (loop.easy);
  curl_easy_cleanup (other);
  loop.easy = NULL;
  loop_clear (&loop);
}

/* ---- calls from within callbacks ---- */

static size_t
call_from_write (char *data,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  Loop *loop = user_data;
  CURL *fresh = new_easy ("data:,x");
  CURLM *other = curl_multi_init ();
  int number;
  long ms;

  g_assert_cmpint (curl_multi_add_handle (loop->multi, fresh), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_remove_handle (loop->multi, loop->easy), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_perform (loop->multi, &number), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_poll (loop->multi, NULL, 0, 0, &number), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_timeout (loop->multi, &ms), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_setopt (loop->multi, CURLMOPT_MAXCONNECTS, 1L), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_cleanup (loop->multi), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_null (curl_multi_info_read (loop->multi, &number));
  g_assert_cmpint (curl_multi_wakeup (loop->multi), ==, CURLM_OK);
  /* another multi handle has nothing to do with it */
  g_assert_cmpint (curl_multi_add_handle (other, fresh), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_perform (other, &number), ==, CURLM_OK);
  curl_easy_cleanup (fresh);
  curl_multi_cleanup (other);
  loop->acted = TRUE;
  return size * n;
}

static void
test_recursion (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  Loop loop = { .multi = curl_multi_init () };
  int left;

  loop.easy = new_easy (scripted_server_url (server, "/"));
  curl_easy_setopt (loop.easy, CURLOPT_WRITEFUNCTION, call_from_write);
  curl_easy_setopt (loop.easy, CURLOPT_WRITEDATA, &loop);
  curl_multi_add_handle (loop.multi, loop.easy);
  g_assert_cmpint (run_until_message (loop.multi, &left)->data.result, ==, CURLE_OK);
  g_assert_true (loop.acted);
  curl_easy_cleanup (loop.easy);
  curl_multi_cleanup (loop.multi);
}

typedef struct
{
  CURL *owner;
  CURL *victim;
  guint n;
} Victim;

static size_t
clean_up_from_write (char *data,
                     size_t size,
                     size_t n,
                     void *user_data)
{
  Victim *v = user_data;

  if (v->n++ == 0)
    curl_easy_cleanup (v->victim);
  else
    g_assert_true (v->owner != v->victim); /* once it is gone nothing calls back */
  return size * n;
}

/* Of one's own handle, and of a sibling's, from a write callback. */
static void
test_cleanup_inside (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_big (1, 200000));

  for (guint own = 0; own < 2; own++)
    {
      CURLM *multi = curl_multi_init ();
      CURL *owner = new_easy (scripted_server_url (server, "/")), *sibling = new_easy (scripted_server_url (server, "/"));
      Victim v = { owner, own ? owner : sibling, 0 };
      int left;

      curl_easy_setopt (owner, CURLOPT_WRITEFUNCTION, clean_up_from_write);
      curl_easy_setopt (owner, CURLOPT_WRITEDATA, &v);
      curl_multi_add_handle (multi, owner);
      curl_multi_add_handle (multi, sibling);
      while (run_until_message (multi, &left)->easy_handle != (own ? sibling : owner))
        ;
      while (v.n == 0)
        {
          curl_multi_perform (multi, &left);
          curl_multi_poll (multi, NULL, 0, 20, NULL);
        }
      if (own)
        g_assert_cmpuint (v.n, ==, 1);
      curl_easy_cleanup (own ? sibling : owner);
      g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
    }
}

static int
clean_up_from_debug (CURL *easy,
                     curl_infotype type,
                     char *data,
                     size_t size,
                     void *user_data)
{
  Victim *v = user_data;

  if (type == CURLINFO_TEXT && strncmp (data, "Closing", 7) == 0 && v->n++ == 0)
    curl_easy_cleanup (v->victim);
  return 0;
}

/* Of a handle that is just being removed, when it tells that its connection closes. */
static void
test_cleanup_in_removal (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_stall (scripted_answer_new ()));
  CURLM *multi = curl_multi_init ();
  CURL *easy = new_easy (scripted_server_url (server, "/"));
  Victim v = { easy, easy, 0 };
  curl_off_t n = 0;

  curl_easy_setopt (easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (easy, CURLOPT_DEBUGFUNCTION, clean_up_from_debug);
  curl_easy_setopt (easy, CURLOPT_DEBUGDATA, &v);
  curl_multi_add_handle (multi, easy);
  while (scripted_server_n_requests (server) == 0)
    {
      curl_multi_perform (multi, &(int){ 0 });
      curl_multi_poll (multi, NULL, 0, 20, NULL);
    }
  g_assert_cmpint (curl_multi_remove_handle (multi, easy), ==, CURLM_OK);
  g_assert_cmpuint (v.n, ==, 1);
  g_assert_cmpint (curl_multi_get_offt (multi, CURLMINFO_XFERS_CURRENT, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
}

/* The number of a socket that was closed says nothing about the one that has the number now. */
static void
test_last_socket (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  CURLM *multi = curl_multi_init ();
  CURL *done = new_easy (scripted_server_url (server, "/")), *stuck = new_easy (scripted_server_url (server, "/stuck"));
  curl_socket_t old = -1, now = -1;

  scripted_server_on (server, "/", scripted_answer_text (200, NULL, "x"));
  scripted_server_on (server, "/stuck", scripted_answer_stall (scripted_answer_new ()));
  curl_multi_add_handle (multi, done);
  run_until_message (multi, &(int){ 0 });
  curl_easy_getinfo (done, CURLINFO_ACTIVESOCKET, &old);
  g_assert_cmpint (old, >=, 0);
  curl_multi_setopt (multi, CURLMOPT_NETWORK_CHANGED, (long) CURLMNWC_CLEAR_CONNS);
  curl_easy_getinfo (done, CURLINFO_ACTIVESOCKET, &now);
  g_assert_cmpint (now, ==, CURL_SOCKET_BAD);

  curl_multi_add_handle (multi, stuck);
  while (scripted_server_n_requests (server) < 2)
    {
      curl_multi_perform (multi, &(int){ 0 });
      curl_multi_poll (multi, NULL, 0, 20, NULL);
    }
  curl_easy_getinfo (stuck, CURLINFO_ACTIVESOCKET, &now);
  g_assert_cmpint (now, ==, old);
  curl_easy_getinfo (done, CURLINFO_ACTIVESOCKET, &now);
  g_assert_cmpint (now, ==, CURL_SOCKET_BAD);
  curl_easy_cleanup (done);
  curl_easy_cleanup (stuck);
  curl_multi_cleanup (multi);
}

static void
notify_cb (CURLM *multi,
           unsigned int notification,
           CURL *easy,
           void *user_data)
{
  Loop *loop = user_data;
  int n;

  g_assert_nonnull (easy);
  g_string_append_c (loop->order, notification == CURLMNOTIFY_INFO_READ ? 'i' : 'd');
  g_assert_cmpint (curl_multi_perform (multi, &n), ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_RECURSIVE_API_CALL);
  if (notification == CURLMNOTIFY_EASY_DONE && !loop->acted)
    {
      /* removing, freeing and adding are allowed here */
      loop->acted = TRUE;
      g_assert_true (easy == loop->easy);
      g_assert_cmpint (curl_multi_remove_handle (multi, easy), ==, CURLM_OK);
      curl_easy_cleanup (easy);
      loop->easy = new_easy ("data:,y");
      g_assert_cmpint (curl_multi_add_handle (multi, loop->easy), ==, CURLM_OK);
    }
}

static void
test_notifications (void)
{
  Loop loop = { .multi = curl_multi_init (), .order = g_string_new (NULL), .easy = new_easy ("data:,x") };
  int left;

  curl_multi_setopt (loop.multi, CURLMOPT_NOTIFYFUNCTION, notify_cb);
  curl_multi_setopt (loop.multi, CURLMOPT_NOTIFYDATA, &loop);
  g_assert_cmpint (curl_multi_notify_enable (loop.multi, CURLMNOTIFY_INFO_READ), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_notify_enable (loop.multi, CURLMNOTIFY_EASY_DONE), ==, CURLM_OK);
  curl_multi_add_handle (loop.multi, loop.easy);
  g_assert_true (run_until_message (loop.multi, &left)->easy_handle == loop.easy);
  g_assert_cmpstr (loop.order->str, ==, "idid");
  curl_multi_remove_handle (loop.multi, loop.easy);

  g_assert_cmpint (curl_multi_notify_disable (loop.multi, CURLMNOTIFY_INFO_READ), ==, CURLM_OK);
  curl_multi_add_handle (loop.multi, loop.easy);
  run_until_message (loop.multi, &left);
  g_assert_cmpstr (loop.order->str, ==, "ididd");
  curl_easy_cleanup (loop.easy);
  curl_multi_cleanup (loop.multi);
  g_string_free (loop.order, TRUE);
}

/* ---- pause ---- */

static size_t
pause_first (char *data,
             size_t size,
             size_t n,
             void *user_data)
{
  Loop *loop = user_data;

  if (!loop->acted)
    {
      loop->acted = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  g_string_append_len (loop->order, data, (gssize) (size * n));
  return size * n;
}

static void
test_pause (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "hello"));
  Loop loop = { .multi = curl_multi_init (), .order = g_string_new (NULL) };
  int left, running;

  loop.easy = new_easy (scripted_server_url (server, "/"));
  curl_easy_setopt (loop.easy, CURLOPT_WRITEFUNCTION, pause_first);
  curl_easy_setopt (loop.easy, CURLOPT_WRITEDATA, &loop);
  curl_multi_add_handle (loop.multi, loop.easy);
  while (!loop.acted)
    {
      curl_multi_perform (loop.multi, &running);
      curl_multi_poll (loop.multi, NULL, 0, 20, NULL);
    }
  for (guint i = 0; i < 3; i++)
    {
      curl_multi_perform (loop.multi, &running);
      g_assert_cmpint (running, ==, 1);
    }
  g_assert_cmpuint (loop.order->len, ==, 0);
  g_assert_cmpint (curl_easy_pause (loop.easy, CURLPAUSE_CONT), ==, CURLE_OK);
  g_assert_cmpint (run_until_message (loop.multi, &left)->data.result, ==, CURLE_OK);
  g_assert_cmpstr (loop.order->str, ==, "hello");
  curl_easy_cleanup (loop.easy);
  curl_multi_cleanup (loop.multi);
  g_string_free (loop.order, TRUE);
}

/* A header callback that pauses gets its line again, and then those that came meanwhile. Until then nothing is over, not
 * even what has no body. */
static size_t
pause_at_status (char *data,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  Loop *loop = user_data;

  if (!loop->acted)
    {
      loop->acted = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  g_string_append_len (loop->order, data, (gssize) (size * n));
  return size * n;
}

static void
test_pause_in_head (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, "X-A: b\r\n", "hello"));

  for (guint with_body = 0; with_body < 2; with_body++)
    {
      Loop loop = { .multi = curl_multi_init (), .order = g_string_new (NULL) };
      int left, running;

      loop.easy = new_easy (scripted_server_url (server, "/"));
      curl_easy_setopt (loop.easy, CURLOPT_NOBODY, (long) !with_body);
      curl_easy_setopt (loop.easy, CURLOPT_HEADER, 1L);
      curl_easy_setopt (loop.easy, CURLOPT_WRITEFUNCTION, pause_at_status);
      curl_easy_setopt (loop.easy, CURLOPT_WRITEDATA, &loop);
      curl_multi_add_handle (loop.multi, loop.easy);
      while (!loop.acted)
        {
          curl_multi_perform (loop.multi, &running);
          curl_multi_poll (loop.multi, NULL, 0, 20, NULL);
        }
      for (guint turn = 0; turn < 3; turn++)
        {
          curl_multi_perform (loop.multi, &running);
          g_assert_cmpint (running, ==, 1);
        }
      g_assert_cmpuint (loop.order->len, ==, 0);
      g_assert_cmpint (curl_easy_pause (loop.easy, CURLPAUSE_CONT), ==, CURLE_OK);
      g_assert_cmpint (run_until_message (loop.multi, &left)->data.result, ==, CURLE_OK);
      g_assert_cmpstr (loop.order->str, ==, with_body
                         ? "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"
                         : "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-A: b\r\n\r\n");
      curl_easy_cleanup (loop.easy);
      curl_multi_cleanup (loop.multi);
      g_string_free (loop.order, TRUE);
    }
}

/* The sockets that are watched are withdrawn during cleanup; the callback forgets its pointer for them then, as many do. */
static int
assign_at_removal (CURL *easy,
                   curl_socket_t fd,
                   int what,
                   void *user_data,
                   void *socket_data)
{
  Loop *loop = user_data;

  if (what != CURL_POLL_REMOVE)
    g_assert_cmpint (curl_multi_assign (loop->multi, fd, loop), ==, CURLM_OK);
  else
    {
      long timeout_ms = 0;

      g_assert_true (socket_data == loop);
      g_assert_cmpint (curl_multi_assign (loop->multi, fd, NULL), ==, CURLM_OK);
      g_assert_cmpint (curl_multi_timeout (loop->multi, &timeout_ms), !=, CURLM_BAD_HANDLE);
      g_assert_cmpint (curl_multi_cleanup (loop->multi), ==, CURLM_RECURSIVE_API_CALL);
      loop->acted = TRUE;
    }

  return 0;
}

static void
test_assign_in_cleanup (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_stall (scripted_answer_new ()));
  Loop loop = { .multi = curl_multi_init () };
  CURL *easy = new_easy (scripted_server_url (server, "/"));

  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETFUNCTION, assign_at_removal);
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_add_handle (loop.multi, easy);
  while (scripted_server_n_requests (server) == 0)
    {
      curl_multi_perform (loop.multi, &(int){ 0 });
      curl_multi_poll (loop.multi, NULL, 0, 20, NULL);
    }
  g_assert_false (loop.acted);
  g_assert_cmpint (curl_multi_cleanup (loop.multi), ==, CURLM_OK);
  g_assert_true (loop.acted);
  curl_easy_cleanup (easy);
}

/* A multi handle may lie where the one before it lay, and knows nothing of what that one was told. */
static void
test_another_resolves (void)
{
  g_autoptr (ScriptedServer) server = new_server (scripted_answer_text (200, NULL, "x"));
  g_autofree char *url = g_strdup_printf ("http://host.example:%u/", scripted_server_port (server));
  g_autofree char *line = g_strdup_printf ("host.example:%u:127.0.0.1", scripted_server_port (server));
  struct curl_slist *list = curl_slist_append (NULL, line);
  CURL *easy = new_easy (url);
  int left;

  curl_easy_setopt (easy, CURLOPT_RESOLVE, list);
  for (guint i = 0; i < 10; i++)
    {
      CURLM *multi = curl_multi_init ();

      curl_multi_add_handle (multi, easy);
      g_assert_cmpint (run_until_message (multi, &left)->data.result, ==, CURLE_OK);
      curl_multi_remove_handle (multi, easy);
      curl_multi_cleanup (multi);
    }
  curl_easy_cleanup (easy);
  curl_slist_free_all (list);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/multi/handles", test_handles);
  g_test_add_func ("/curl/multi/messages", test_messages);
  g_test_add_func ("/curl/multi/reset-while-added", test_reset_while_added);
  g_test_add_func ("/curl/multi/options", test_options);
  g_test_add_func ("/curl/multi/waiting", test_waiting);
  g_test_add_func ("/curl/multi/descriptors", test_descriptors);
  g_test_add_func ("/curl/multi/events", test_events);
  g_test_add_func ("/curl/multi/deprecated", test_deprecated);
  g_test_add_func ("/curl/multi/forgetful", test_forgetful);
  g_test_add_func ("/curl/multi/abort", test_abort);
  g_test_add_func ("/curl/multi/recursion", test_recursion);
  g_test_add_func ("/curl/multi/cleanup-inside", test_cleanup_inside);
  g_test_add_func ("/curl/multi/cleanup-in-removal", test_cleanup_in_removal);
  g_test_add_func ("/curl/multi/last-socket", test_last_socket);
  g_test_add_func ("/curl/multi/assign-in-cleanup", test_assign_in_cleanup);
  g_test_add_func ("/curl/multi/another-resolves", test_another_resolves);
  g_test_add_func ("/curl/multi/notifications", test_notifications);
  g_test_add_func ("/curl/multi/pause", test_pause);
  g_test_add_func ("/curl/multi/pause-in-head", test_pause_in_head);
  return g_test_run ();
}
