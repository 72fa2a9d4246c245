/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Adding, removing, asking and calling from everywhere. */

/* After each number of turns another transfer is taken out, in whatever state it happens to be. */
static void
run_remove_anywhere (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_split (scripted_answer_new (), 20, 1000);
  CaseTransfer *last;

  scripted_answer_send (answer,
                        "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789");
  scripted_server_on (case_server (c), "/a", answer);
  scripted_server_on (case_server (c), "/b", scripted_answer_chunked (200, NULL, "the body of b", 4, "T: u\r\n"));
  for (guint turns = 0; turns < 25; turns++)
    {
      CaseTransfer *t = case_transfer (c, "/a");

      case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
      case_add (t);
      for (guint i = 0; i < turns; i++)
        case_run_for (c, 1);
      case_remove (t);
      g_assert_cmpuint (t->n_done + t->n_removed, ==, 1);
    }
  last = case_transfer (c, "/b");
  case_add (last);
  case_run (c);
  case_check_ok (last, 200, "the body of b");
}

/* Removed and added again at once, altered. */
static void
run_remove_and_add (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "b"));
  case_add (t);
  case_run_for (c, 20 * case_patience ());
  case_remove (t);
  case_set (t, CURLOPT_URL, scripted_server_url (case_server (c), "/b"));
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  case_check_log (c, "GET /stall#0 GET /b#1");
}

static void
again (gpointer data)
{
  CaseTransfer *t = data;

  if (t->n_done >= 50)
    return;
  case_remove (t);
  case_rewind (t);
  case_add (t);
}

/* From the place where messages are read, a handle is removed and added fifty times. */
static void
run_again (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "a"));
  t->done = again;
  case_add (t);
  case_run (c);
  case_check_ok (t, 200, "a");
  g_assert_cmpuint (t->n_done, ==, 50);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 50);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

static void
run_wrong_uses (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");
  CURLM *multi = case_driver (c)->multi;
  Driver *other;
  int left = -1;

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "a"));
  other = case_new_driver (c);
  g_assert_cmpint (curl_multi_remove_handle (multi, t->easy), ==, CURLM_OK);
  case_add (t);
  g_assert_cmpint (curl_multi_add_handle (multi, t->easy), ==, CURLM_ADDED_ALREADY);
  g_assert_cmpint (curl_multi_add_handle (other->multi, t->easy), ==, CURLM_ADDED_ALREADY);
  g_assert_cmpint (curl_multi_add_handle (multi, NULL), ==, CURLM_BAD_EASY_HANDLE);
  g_assert_cmpint (curl_multi_add_handle (NULL, t->easy), ==, CURLM_BAD_HANDLE);
  g_assert_null (curl_multi_info_read (multi, &left));
  g_assert_cmpint (left, ==, 0);
  case_run (c);
  case_check_ok (t, 200, "a");
  case_remove (t);
  g_assert_cmpint (curl_multi_remove_handle (multi, t->easy), ==, CURLM_OK);
}

static void
run_several_multis (Case *c)
{
  CaseTransfer *transfers[9];

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_driver (c);
  case_new_driver (c);
  case_new_driver (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add_to (transfers[i] = case_transfer (c, "/"), g_ptr_array_index (c->drivers, i % 3));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, "x");
  /* No connection of one was used by another. */
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), >=, 3);
  case_remove (transfers[0]);
  case_rewind (transfers[0]);
  case_add_to (transfers[0], g_ptr_array_index (c->drivers, 1));
  case_run (c);
  case_check_ok (transfers[0], 200, "x");
}

/* --- calls from within callbacks --- */

typedef struct
{
  CaseTransfer *self, *other;
  CURLMcode added, removed, performed;
  gboolean called;
} Caller;

static size_t
calling_write_cb (char *data,
                  size_t size,
                  size_t n,
                  void *user_data)
{
  Caller *caller = user_data;
  CURLM *multi = caller->self->driver->multi;
  int running;

  if (!caller->called)
    {
      caller->called = TRUE;
      caller->added = curl_multi_add_handle (multi, caller->other->easy);
      caller->removed = curl_multi_remove_handle (multi, caller->self->easy);
      caller->performed = curl_multi_perform (multi, &running);
    }
  return n;
}

/* What libcurl answers to calls from within a callback. */
static void
run_recursive (Case *c)
{
  Caller caller = { 0 };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  caller.self = case_transfer (c, "/");
  caller.other = case_transfer (c, "/");
  case_set (caller.self, CURLOPT_WRITEFUNCTION, calling_write_cb);
  case_set (caller.self, CURLOPT_WRITEDATA, &caller);
  case_run_transfer (caller.self);
  case_check_ok (caller.self, 200, NULL);
  g_assert_true (caller.called);
  g_assert_cmpint (caller.added, ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (caller.removed, ==, CURLM_RECURSIVE_API_CALL);
  g_assert_cmpint (caller.performed, ==, CURLM_RECURSIVE_API_CALL);
}

static size_t
option_write_cb (char *data,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  CaseTransfer *t = user_data;

  /* Settings and questions are allowed anywhere. */
  case_set (t, CURLOPT_TIMEOUT_MS, 60000L);
  g_assert_cmpint (case_info (t, CURLINFO_RESPONSE_CODE), ==, 200);
  g_byte_array_append (t->body, (const guint8 *) data, (guint) n);
  return n;
}

static void
run_options_inside (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_set (t, CURLOPT_WRITEFUNCTION, option_write_cb);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
}

/* --- messages --- */

static void
run_messages (Case *c)
{
  Driver *driver = case_driver (c);
  CaseTransfer *transfers[5];
  gint64 start;
  int left;
  CURLMsg *message;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = case_transfer (c, "/"));
  start = g_get_monotonic_time ();
  for (guint i = 0; driver->running > 0 || i < 5; i++)
    {
      g_assert_cmpint (g_get_monotonic_time () - start, <, 10 * G_USEC_PER_SEC);
      driver_turn (driver, 20);
    }
  /* All five wait; two are taken out with their messages; the rest is read one by one. */
  for (guint i = 0; i < 2; i++)
    {
      transfers[i]->n_removed++;
      g_assert_cmpint (curl_multi_remove_handle (driver->multi, transfers[i]->easy), ==, CURLM_OK);
      transfers[i]->driver = NULL;
    }
  for (guint i = 0; i < 3; i++)
    {
      CaseTransfer *t = NULL;

      message = curl_multi_info_read (driver->multi, &left);
      g_assert_nonnull (message);
      g_assert_cmpint (left, ==, 2 - i);
      curl_easy_getinfo (message->easy_handle, CURLINFO_PRIVATE, &t);
      g_assert_true (t != transfers[0] && t != transfers[1]);
      t->n_done++;
    }
  g_assert_null (curl_multi_info_read (driver->multi, &left));
}

/* A message survives the easy handle's removal of others and many turns in between. */
static void
run_order_of_ends (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");
  CURLM *multi = curl_multi_init ();
  CURL *copy = NULL;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  g_assert_cmpint (curl_multi_add_handle (multi, t->easy), ==, CURLM_OK);
  /* The multi handle goes first, with the easy handle in it: the wrong order, and no crash. */
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  case_remove (t);
  copy = curl_easy_duphandle (t->easy);
  g_assert_nonnull (copy);
  multi = curl_multi_init ();
  g_assert_cmpint (curl_multi_add_handle (multi, copy), ==, CURLM_OK);
  curl_easy_cleanup (copy); /* still added: the easy handle takes itself out */
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
}

static void
run_duphandle (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a"), *copy = case_transfer (c, "/");

  scripted_server_on (case_server (c), "/a", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_POSTFIELDSIZE, 6L);
  case_set (t, CURLOPT_COPYPOSTFIELDS, "copied");
  case_set (t, CURLOPT_USERAGENT, "twin");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "X-Own: 1", NULL));
  curl_easy_cleanup (copy->easy);
  copy->easy = curl_easy_duphandle (t->easy);
  case_set (copy, CURLOPT_PRIVATE, copy);
  case_set (copy, CURLOPT_WRITEDATA, copy);
  case_set (copy, CURLOPT_HEADERDATA, copy);
  case_set (copy, CURLOPT_ERRORBUFFER, copy->error);
  case_set (t, CURLOPT_USERAGENT, "changed");
  case_run_transfer (copy);
  case_check_ok (copy, 200, "copied");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "User-Agent"), ==, "twin");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "X-Own"), ==, "1");
  g_assert_cmpuint (t->order->len, ==, 0);
}

static void
run_reset (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");
  CURLcode result;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_set (t, CURLOPT_POSTFIELDS, "gone");
  case_set (t, CURLOPT_USERAGENT, "gone");
  curl_easy_reset (t->easy);
  if (case_made != NULL)
    case_made (t);
  case_set (t, CURLOPT_PRIVATE, t);
  case_set (t, CURLOPT_URL, scripted_server_url (case_server (c), "/b"));
  case_set (t, CURLOPT_PROXY, "");
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  result = t->result;
  g_assert_cmpint (result, ==, CURLE_OK);
  case_check_log (c, "HEAD /b#0");
  g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 0), "User-Agent"));
}

/* The easy interface, on a handle that was in a multi handle before. */
static void
run_easy_perform (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (200, NULL, "easy"));
  case_run_transfer (t);
  case_check_ok (t, 200, "easy");
  g_assert_cmpint (curl_easy_perform (t->easy), ==, CURLE_FAILED_INIT); /* it is still added */
  case_remove (t);
  case_rewind (t);
  t->result = curl_easy_perform (t->easy);
  case_check_ok (t, 200, "easy");
  case_rewind (t);
  t->result = curl_easy_perform (t->easy);
  case_check_ok (t, 200, "easy");
  /* Twice by the easy interface: the second over the connection of the first. */
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2);
}

/* --- waiting --- */

static gpointer
waker (gpointer data)
{
  g_usleep (50000);
  g_assert_cmpint (curl_multi_wakeup (data), ==, CURLM_OK);
  return NULL;
}

static void
run_wakeup (Case *c)
{
  CURLM *multi = case_driver (c)->multi;
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GThread) thread = NULL;
  int n = -1;

  /* Told before: the next wait does not sleep; and only that one. */
  g_assert_cmpint (curl_multi_wakeup (multi), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_wakeup (multi), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 5000, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2000000);
  start = g_get_monotonic_time ();
  g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 60, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50000);
  start = g_get_monotonic_time ();
  thread = g_thread_new ("waker", waker, multi);
  g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 5000, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2000000);
  g_thread_join (g_steal_pointer (&thread));
}

static void
run_own_descriptors (Case *c)
{
  CURLM *multi = case_driver (c)->multi;
  CaseTransfer *t = case_transfer (c, "/stall");
  struct curl_waitfd extra = { .events = CURL_WAIT_POLLIN };
  int pipes[2], n = -1;
  gint64 start;

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  g_assert_no_errno (pipe (pipes));
  extra.fd = pipes[0];
  case_add (t);
  case_run_asked (c, case_server (c), 1);
  case_run_for (c, 50);
  start = g_get_monotonic_time ();
  g_assert_cmpint (curl_multi_wait (multi, &extra, 1, 80, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 70000);
  g_assert_cmpint (write (pipes[1], "x", 1), ==, 1);
  g_assert_cmpint (curl_multi_poll (multi, &extra, 1, 5000, &n), ==, CURLM_OK);
  g_assert_cmpint (n, ==, 1);
  g_assert_cmpint (extra.revents, ==, CURL_WAIT_POLLIN);
  extra.revents = 0;
  g_assert_cmpint (curl_multi_wait (multi, &extra, 1, 5000, &n), ==, CURLM_OK);
  g_assert_cmpint (extra.revents, ==, CURL_WAIT_POLLIN);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3000000);
  close (pipes[0]);
  close (pipes[1]);
  case_remove (t);
}

/* With nothing to watch, wait returns at once and poll sleeps. */
static void
run_nothing_to_watch (Case *c)
{
  CURLM *multi = case_driver (c)->multi;
  gint64 start = g_get_monotonic_time ();
  long timeout = 0;
  int n = -1, running = -1;

  g_assert_cmpint (curl_multi_wait (multi, NULL, 0, 1000, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 500000);
  start = g_get_monotonic_time ();
  g_assert_cmpint (curl_multi_poll (multi, NULL, 0, 60, &n), ==, CURLM_OK);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, 50000);
  g_assert_cmpint (curl_multi_timeout (multi, &timeout), ==, CURLM_OK);
  g_assert_cmpint (timeout, ==, -1);
  g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
  g_assert_cmpint (running, ==, 0);
}

/* --- events --- */

typedef struct
{
  CURLM *multi;
  guint n_socket, n_mine, n_timer, n_removed;
  gboolean timer_zero;
  GHashTable *fds; /* (unowned): those that are announced */
} Events;

static int
events_socket_cb (CURL *easy,
                  curl_socket_t fd,
                  int what,
                  void *user_data,
                  void *socket_data)
{
  Events *events = user_data;

  events->n_socket++;
  events->n_mine += socket_data == events;
  events->n_removed += what == CURL_POLL_REMOVE;
  if (what == CURL_POLL_REMOVE)
    g_hash_table_remove (events->fds, GINT_TO_POINTER (fd));
  else
    g_hash_table_add (events->fds, GINT_TO_POINTER (fd));
  if (socket_data == NULL)
    g_assert_cmpint (curl_multi_assign (events->multi, fd, events), ==, CURLM_OK);
  return 0;
}

static int
events_timer_cb (CURLM *multi,
                 long timeout,
                 void *user_data)
{
  Events *events = user_data;

  events->n_timer++;
  events->timer_zero |= timeout == 0;
  return 0;
}

/* Adding asks for a kick by the timer; a pointer assigned to a socket comes back until the socket is withdrawn. */
static void
run_assign (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");
  CURLM *multi = curl_multi_init ();
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
  Events events = { .multi = multi, .fds = open };
  int running = -1;

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, events_socket_cb);
  curl_multi_setopt (multi, CURLMOPT_SOCKETDATA, &events);
  curl_multi_setopt (multi, CURLMOPT_TIMERFUNCTION, events_timer_cb);
  curl_multi_setopt (multi, CURLMOPT_TIMERDATA, &events);
  g_assert_cmpint (curl_multi_assign (multi, 4711, &events), ==, CURLM_BAD_SOCKET);
  g_assert_cmpint (curl_multi_add_handle (multi, t->easy), ==, CURLM_OK);
  g_assert_true (events.timer_zero);
  g_assert_cmpuint (events.n_socket, ==, 0);
  for (guint i = 0; i < 2000 && scripted_server_n_requests (case_server (c)) == 0; i++)
    {
      g_autoptr (GList) fds = NULL;

      g_assert_cmpint (curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, &running), ==, CURLM_OK);
      fds = g_hash_table_get_keys (events.fds);
      for (GList *l = fds; l != NULL; l = l->next)
        if (g_hash_table_contains (events.fds, l->data))
          g_assert_cmpint (curl_multi_socket_action (multi, GPOINTER_TO_INT (l->data), 0, &running), ==, CURLM_OK);
      g_usleep (1000);
    }
  g_assert_cmpint (running, ==, 1);
  g_assert_cmpuint (g_hash_table_size (events.fds), >, 0);
  g_assert_cmpint (curl_multi_remove_handle (multi, t->easy), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
  g_assert_cmpuint (events.n_removed, >, 0);
  g_assert_cmpuint (events.n_mine, >, 0);
}

static int
abort_socket_cb (CURL *easy,
                 curl_socket_t fd,
                 int what,
                 void *user_data,
                 void *socket_data)
{
  return -1;
}

/* The socket callback's -1 ends everything. */
static void
run_event_abort (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");
  CURLM *multi = curl_multi_init ();
  int running = -1;
  CURLMcode code = CURLM_OK;

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, abort_socket_cb);
  curl_multi_add_handle (multi, t->easy);
  for (guint i = 0; i < 200 && code == CURLM_OK; i++)
    {
      code = curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, &running);
      g_usleep (1000);
    }
  g_assert_cmpint (code, ==, CURLM_ABORTED_BY_CALLBACK);
  curl_multi_remove_handle (multi, t->easy);
  curl_multi_cleanup (multi);
}

const CaseSpec case_multi[] = {
  { "remove-anywhere", run_remove_anywhere },
  { "remove-and-add", run_remove_and_add },
  { "again", run_again },
  { "wrong-uses", run_wrong_uses },
  { "several-multis", run_several_multis },
  { "recursive", run_recursive },
  { "options-inside", run_options_inside },
  { "messages", run_messages },
  { "order-of-ends", run_order_of_ends },
  { "duphandle", run_duphandle },
  { "easy-reset", run_reset },
  { "easy-perform", run_easy_perform },
  { "wakeup", run_wakeup, CASE_ONLY_PULL },
  { "own-descriptors", run_own_descriptors, CASE_ONLY_PULL },
  { "nothing-to-watch", run_nothing_to_watch, CASE_ONLY_PULL },
  { "assign", run_assign, CASE_ONLY_EVENTS },
  { "event-abort", run_event_abort, CASE_ONLY_EVENTS },
  { NULL },
};
