/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <curl/curl.h>

#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

/* What the manual pages that this interface was made from print as its use, step by step: pulling by curl_multi_fdset()
 * and select(), and being told of events. Nothing is done that they do not say. */

#define N_EASIES 5
#define PATIENCE_MS 20000

typedef struct
{
  CURL *easy;
  GString *body;
  guint n_done;
  CURLcode result;
} Easy;

static size_t
collect (char *data,
         size_t size,
         size_t n,
         void *user_data)
{
  g_string_append_len (user_data, data, (gssize) (size * n));
  return size * n;
}

static void
easy_init (Easy *self,
           ScriptedServer *server,
           guint number)
{
  g_autofree char *target = g_strdup_printf ("/%u", number);

  *self = (Easy){ curl_easy_init (), g_string_new (NULL), 0, CURLE_OK };
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (server, target));
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt (self->easy, CURLOPT_WRITEDATA, self->body);
  curl_easy_setopt (self->easy, CURLOPT_PROXY, "");
}

static void
easy_clear (Easy *self)
{
  curl_easy_cleanup (self->easy);
  g_string_free (self->body, TRUE);
}

static ScriptedServer *
new_server (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  for (guint i = 0; i < N_EASIES; i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      g_autofree char *text = g_strnfill (i * 10000 + 1, (char) ('a' + i));

      scripted_server_on (server, target, scripted_answer_text (200, NULL, text));
    }
  return server;
}

static void
check_body (const Easy *easy,
            guint number,
            guint times)
{
  g_assert_cmpint (easy->result, ==, CURLE_OK);
  g_assert_cmpuint (easy->n_done, ==, times);
  g_assert_cmpuint (easy->body->len, ==, times * (number * 10000 + 1));
  for (gsize i = 0; i < easy->body->len; i++)
    g_assert_cmpint (easy->body->str[i], ==, 'a' + (int) number);
}

/* Repeated until the queue is empty; how many there were. */
static guint
read_messages (CURLM *multi,
               Easy *easies)
{
  CURLMsg *message;
  guint n_read = 0;
  int n_left;

  while ((message = curl_multi_info_read (multi, &n_left)) != NULL)
    {
      g_assert_cmpint (message->msg, ==, CURLMSG_DONE);
      for (guint i = 0; i < N_EASIES; i++)
        if (easies[i].easy == message->easy_handle)
          {
            easies[i].n_done++;
            easies[i].result = message->data.result;
            n_read++;
          }
    }

  return n_read;
}

/* ---- the pull interface ---- */

/* Our own descriptor and those of the transfers together; what perform says is running, when it changes, says that there
 * are messages. */
static void
pull (CURLM *multi,
      Easy *easies,
      int own_fd)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_MS * 1000;
  int running = -1, before = N_EASIES;
  guint n_messages = 0;

  do
    {
      fd_set reads, writes, errors;
      struct timeval timeout = { 0, 100000 };
      int max_fd = -1;

      g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
      if (running != before)
        n_messages += read_messages (multi, easies);
      before = running;

      FD_ZERO (&reads);
      FD_ZERO (&writes);
      FD_ZERO (&errors);
      g_assert_cmpint (curl_multi_fdset (multi, &reads, &writes, &errors, &max_fd), ==, CURLM_OK);
      FD_SET (own_fd, &reads);
      g_assert_cmpint (select (MAX (max_fd, own_fd) + 1, &reads, &writes, &errors, &timeout), >=, 0);
      g_assert_cmpint (g_get_monotonic_time (), <, end);
    }
  while (running > 0);

  /* each completed one was told exactly once, and nothing beside them */
  g_assert_cmpuint (n_messages, ==, N_EASIES);
}

static void
test_pull (void)
{
  g_autoptr (ScriptedServer) server = new_server ();
  CURLM *multi = curl_multi_init ();
  Easy easies[N_EASIES];
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  for (guint i = 0; i < N_EASIES; i++)
    {
      easy_init (&easies[i], server, i);
      g_assert_cmpint (curl_multi_add_handle (multi, easies[i].easy), ==, CURLM_OK);
    }
  /* adding starts nothing */
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 0);
  pull (multi, easies, ends[0]);
  for (guint i = 0; i < N_EASIES; i++)
    check_body (&easies[i], i, 1);

  /* done ones are still added; removed, with an option changed, they may be added again */
  for (guint i = 0; i < N_EASIES; i++)
    {
      g_assert_cmpint (curl_multi_add_handle (multi, easies[i].easy), ==, CURLM_ADDED_ALREADY);
      g_assert_cmpint (curl_multi_remove_handle (multi, easies[i].easy), ==, CURLM_OK);
      curl_easy_setopt (easies[i].easy, CURLOPT_USERAGENT, "again");
      g_assert_cmpint (curl_multi_add_handle (multi, easies[i].easy), ==, CURLM_OK);
    }
  pull (multi, easies, ends[0]);

  /* removed, each serves the easy interface as well; each wants its own cleanup */
  for (guint i = 0; i < N_EASIES; i++)
    {
      check_body (&easies[i], i, 2);
      g_assert_cmpint (curl_multi_remove_handle (multi, easies[i].easy), ==, CURLM_OK);
    }
  g_string_truncate (easies[0].body, 0);
  g_assert_cmpint (curl_easy_perform (easies[0].easy), ==, CURLE_OK);
  g_assert_cmpstr (easies[0].body->str, ==, "a");
  for (guint i = 0; i < N_EASIES; i++)
    easy_clear (&easies[i]);
  g_assert_cmpint (curl_multi_cleanup (multi), ==, CURLM_OK);
  close (ends[0]);
  close (ends[1]);
}

/* One is taken out while it runs: the others do not notice. */
static void
test_pull_change_of_mind (void)
{
  g_autoptr (ScriptedServer) server = new_server ();
  CURLM *multi = curl_multi_init ();
  Easy easies[2];
  int running = 2, max_fd;
  fd_set reads, writes, errors;

  scripted_server_on (server, "/1", scripted_answer_stall (scripted_answer_new ()));
  easy_init (&easies[0], server, 0);
  easy_init (&easies[1], server, 1);
  curl_multi_add_handle (multi, easies[0].easy);
  curl_multi_add_handle (multi, easies[1].easy);
  while (running > 1)
    {
      struct timeval timeout = { 0, 20000 };

      g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
      FD_ZERO (&reads);
      FD_ZERO (&writes);
      FD_ZERO (&errors);
      curl_multi_fdset (multi, &reads, &writes, &errors, &max_fd);
      select (max_fd + 1, &reads, &writes, &errors, &timeout);
    }
  g_assert_cmpint (curl_multi_remove_handle (multi, easies[1].easy), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_perform (multi, &running), ==, CURLM_OK);
  g_assert_cmpint (running, ==, 0);
  g_assert_cmpstr (easies[0].body->str, ==, "a");
  curl_multi_remove_handle (multi, easies[0].easy);
  easy_clear (&easies[0]);
  easy_clear (&easies[1]);
  curl_multi_cleanup (multi);
}

/* ---- the event interface: eight steps ---- */

typedef struct
{
  CURLM *multi;
  GArray *fds; /* of struct pollfd: what we were told to watch */
  long timeout_ms;
  guint n_timer_calls;
  guint n_with_pointer;
  int marks[1024]; /* the address of one's own is a socket's pointer */
} Events;

static struct pollfd *
find_fd (Events *events,
         int fd)
{
  for (guint i = 0; i < events->fds->len; i++)
    if (g_array_index (events->fds, struct pollfd, i).fd == fd)
      return &g_array_index (events->fds, struct pollfd, i);

  return NULL;
}

static int
socket_cb (CURL *easy,
           curl_socket_t fd,
           int action,
           void *user_data,
           void *socket_data)
{
  Events *events = user_data;
  struct pollfd *known = find_fd (events, fd);

  g_assert_nonnull (easy);
  g_assert_cmpint (fd, <, G_N_ELEMENTS (events->marks));
  if (known == NULL)
    {
      struct pollfd fresh = { .fd = fd };

      g_assert_null (socket_data);
      g_assert_cmpint (action, !=, CURL_POLL_REMOVE);
      g_array_append_val (events->fds, fresh);
      known = find_fd (events, fd);
      g_assert_cmpint (curl_multi_assign (events->multi, fd, &events->marks[fd]), ==, CURLM_OK);
    }
  else
    {
      g_assert_true (socket_data == &events->marks[fd]);
      events->n_with_pointer++;
    }

  if (action == CURL_POLL_REMOVE)
    g_array_remove_index_fast (events->fds, (guint) (known - (struct pollfd *) (gpointer) events->fds->data));
  else
    known->events = (short) ((action & CURL_POLL_IN ? POLLIN : 0) | (action & CURL_POLL_OUT ? POLLOUT : 0));
  return 0;
}

static int
timer_cb (CURLM *multi,
          long timeout_ms,
          void *user_data)
{
  Events *events = user_data;

  g_assert_true (multi == events->multi);
  events->timeout_ms = timeout_ms;
  events->n_timer_calls++;
  return 0;
}

/* How a socket's readiness is passed on: by today's function or by the older ones. */
typedef CURLMcode (*SocketFunc) (CURLM *multi, curl_socket_t fd, int what, int *running);

static CURLMcode
call_action (CURLM *multi,
             curl_socket_t fd,
             int what,
             int *running)
{
  return curl_multi_socket_action (multi, fd, what, running);
}

#undef curl_multi_socket
static CURLMcode
call_socket (CURLM *multi,
             curl_socket_t fd,
             int what,
             int *running)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return curl_multi_socket (multi, fd, running);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static CURLMcode
call_all (CURLM *multi,
          curl_socket_t fd,
          int what,
          int *running)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return curl_multi_socket_all (multi, running);
  G_GNUC_END_IGNORE_DEPRECATIONS
}

/* Steps 6 and 7; the answer is the number of running ones. */
static int
wait_and_tell (Events *events,
               SocketFunc func)
{
  long wait = events->timeout_ms >= 0 ? MIN (events->timeout_ms, PATIENCE_MS) : PATIENCE_MS;
  int n = poll ((struct pollfd *) (gpointer) events->fds->data, events->fds->len, (int) wait);
  g_autoptr (GArray) ready = g_array_copy (events->fds);
  int running = -1;

  g_assert_cmpint (n, >=, 0);
  if (n == 0)
    {
      g_assert_cmpint (events->timeout_ms, >=, 0);
      events->timeout_ms = -1; /* single shot */
      g_assert_cmpint (curl_multi_socket_action (events->multi, CURL_SOCKET_TIMEOUT, 0, &running), ==, CURLM_OK);
      return running;
    }

  for (guint i = 0; i < ready->len; i++)
    {
      const struct pollfd *fd = &g_array_index (ready, struct pollfd, i);
      int what = (fd->revents & POLLIN ? CURL_CSELECT_IN : 0) | (fd->revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                 (fd->revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0);

      if (what != 0)
        g_assert_cmpint (func (events->multi, fd->fd, what, &running), ==, CURLM_OK);
    }
  return running;
}

static void
follow_steps (SocketFunc func)
{
  g_autoptr (ScriptedServer) server = new_server ();
  Events *events = g_new0 (Events, 1);
  Easy easies[N_EASIES];
  guint n_messages = 0;
  int running = 0;

  events->timeout_ms = -1;
  events->fds = g_array_new (FALSE, TRUE, sizeof (struct pollfd)); /* 5 */
  events->multi = curl_multi_init (); /* 1 */
  curl_multi_setopt (events->multi, CURLMOPT_SOCKETFUNCTION, socket_cb); /* 2 */
  curl_multi_setopt (events->multi, CURLMOPT_SOCKETDATA, events);
  curl_multi_setopt (events->multi, CURLMOPT_TIMERFUNCTION, timer_cb); /* 3 */
  curl_multi_setopt (events->multi, CURLMOPT_TIMERDATA, events);
  for (guint i = 0; i < N_EASIES; i++) /* 4 */
    {
      easy_init (&easies[i], server, i);
      g_assert_cmpint (curl_multi_add_handle (events->multi, easies[i].easy), ==, CURLM_OK);
    }
  g_assert_cmpuint (events->n_timer_calls, >, 0);
  /* it is all kicked off by a timeout */
  g_assert_cmpint (curl_multi_socket_action (events->multi, CURL_SOCKET_TIMEOUT, 0, &running), ==, CURLM_OK);
  g_assert_cmpint (running, ==, N_EASIES);

  while (running > 0) /* 8 */
    {
      int before = running;

      running = wait_and_tell (events, func); /* 6, 7 */
      if (running != before)
        n_messages += read_messages (events->multi, easies);
    }
  g_assert_cmpuint (n_messages, ==, N_EASIES);
  g_assert_cmpuint (events->n_with_pointer, >, 0);
  for (guint i = 0; i < N_EASIES; i++)
    {
      check_body (&easies[i], i, 1);
      g_assert_cmpint (curl_multi_remove_handle (events->multi, easies[i].easy), ==, CURLM_OK);
      easy_clear (&easies[i]);
    }
  g_assert_cmpint (curl_multi_cleanup (events->multi), ==, CURLM_OK);
  /* whatever was to be watched is not any more */
  g_assert_cmpuint (events->fds->len, ==, 0);
  g_array_unref (events->fds);
  g_free (events);
}

static void
test_events (void)
{
  follow_steps (call_action);
}

static void
test_events_socket (void)
{
  follow_steps (call_socket);
}

static void
test_events_all (void)
{
  follow_steps (call_all);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/seeds/pull", test_pull);
  g_test_add_func ("/curl/seeds/pull-change-of-mind", test_pull_change_of_mind);
  g_test_add_func ("/curl/seeds/events", test_events);
  g_test_add_func ("/curl/seeds/events-socket", test_events_socket);
  g_test_add_func ("/curl/seeds/events-all", test_events_all);
  return g_test_run ();
}
