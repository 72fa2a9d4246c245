/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop.h"

#include <poll.h>
#include <string.h>
#include <sys/select.h>

/* A library that still asks to be called after so many turns without anything happening spins. */
#define MOST_TURNS 300
#define MOST_SOCKETS 64

struct _Loop
{
  CURLM *multi;               /* (unowned) */
  PlanWait wait;
  Record *record;             /* (unowned) */
  struct pollfd fds[MOST_SOCKETS];
  guint n_fds;
  gint64 deadline_us;         /* −1: none */
};

static struct pollfd *
find (Loop *loop, curl_socket_t fd)
{
  for (guint i = 0; i < loop->n_fds; i++)
    if (loop->fds[i].fd == fd)
      return &loop->fds[i];
  return NULL;
}

static int
socket_cb (CURL *easy, curl_socket_t fd, int what, void *user_data, void *socket_data)
{
  Loop *loop = user_data;
  struct pollfd *entry = find (loop, fd);

  if (socket_data != NULL && socket_data != loop)
    record_line (loop->record, RECORD_WHOLE, "breach: a stranger's socket pointer");
  if ((socket_data != NULL) != (entry != NULL))
    record_line (loop->record, RECORD_WHOLE, "breach: socket pointer %s", entry != NULL ? "lost" : "kept");
  if (what == CURL_POLL_REMOVE)
    {
      if (entry == NULL)
        record_line (loop->record, RECORD_WHOLE, "breach: removed a socket that was not there");
      else
        *entry = loop->fds[--loop->n_fds];
      return 0;
    }
  if (entry == NULL)
    {
      g_assert_cmpuint (loop->n_fds, <, MOST_SOCKETS);
      entry = &loop->fds[loop->n_fds++];
      entry->fd = fd;
      curl_multi_assign (loop->multi, fd, loop);
    }
  entry->events = (short) (((what & CURL_POLL_IN) != 0 ? POLLIN : 0) | ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
  return 0;
}

static int
timer_cb (CURLM *multi, long timeout_ms, void *user_data)
{
  Loop *loop = user_data;

  if (timeout_ms < -1)
    record_line (loop->record, RECORD_WHOLE, "breach: timer set to %ld", timeout_ms);
  loop->deadline_us = timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * 1000;
  return 0;
}

Loop *
loop_new (CURLM *multi, PlanWait wait, Record *record)
{
  Loop *loop = g_new0 (Loop, 1);

  loop->multi = multi;
  loop->wait = wait;
  loop->record = record;
  loop->deadline_us = -1;
  if (wait == PLAN_WAIT_EVENTS)
    {
      curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
      curl_multi_setopt (multi, CURLMOPT_SOCKETDATA, loop);
      curl_multi_setopt (multi, CURLMOPT_TIMERFUNCTION, timer_cb);
      curl_multi_setopt (multi, CURLMOPT_TIMERDATA, loop);
    }
  return loop;
}

void
loop_free (Loop *loop)
{
  g_free (loop);
}

static gboolean
select_ready (Loop *loop, int timeout_ms)
{
  struct timeval timeout = { timeout_ms / 1000, timeout_ms % 1000 * 1000 };
  fd_set in, out, error;
  int most = -1;

  FD_ZERO (&in);
  FD_ZERO (&out);
  FD_ZERO (&error);
  curl_multi_fdset (loop->multi, &in, &out, &error, &most);
  return select (most + 1, &in, &out, &error, &timeout) > 0;
}

/* True when a socket of the library is ready. */
static gboolean
pull_ready (Loop *loop, int timeout_ms)
{
  int n = 0;

  switch (loop->wait)
    {
    case PLAN_WAIT_POLL:
      curl_multi_poll (loop->multi, NULL, 0, timeout_ms, &n);
      return n > 0;
    case PLAN_WAIT_WAIT:
      curl_multi_wait (loop->multi, NULL, 0, timeout_ms, &n);
      return n > 0;
    case PLAN_WAIT_FDSET:
      return select_ready (loop, timeout_ms);
    case PLAN_WAIT_EVENTS:
    default:
      g_assert_not_reached ();
    }
}

static gboolean
pull_settle (Loop *loop, int *running)
{
  for (guint turn = 0; turn < MOST_TURNS; turn++)
    {
      long timeout_ms = -1;
      gboolean ready;

      curl_multi_perform (loop->multi, running);
      ready = pull_ready (loop, 0);
      curl_multi_timeout (loop->multi, &timeout_ms);
      if (!ready && timeout_ms != 0)
        return turn > 0;
    }
  record_line (loop->record, RECORD_WHOLE, "spins");
  return FALSE;
}

static int
events_ready (Loop *loop, struct pollfd *ready, int timeout_ms)
{
  int n, n_ready = 0;

  memcpy (ready, loop->fds, loop->n_fds * sizeof *ready);
  n = (int) loop->n_fds;
  if (poll (ready, (nfds_t) n, timeout_ms) <= 0)
    return 0;
  for (int i = 0; i < n; i++)
    if (ready[i].revents != 0)
      ready[n_ready++] = ready[i];
  return n_ready;
}

static int
bits_of (short events)
{
  return ((events & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) | ((events & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0)
         | ((events & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0);
}

/* Many loops end when nothing is watched and no timer is set, and so have to be let go. */
static void
check_at_rest (Loop *loop, int running)
{
  if (running == 0 && (loop->n_fds > 0 || loop->deadline_us >= 0))
    record_line (loop->record, RECORD_WHOLE, "held up: nothing runs, and %u are watched%s", loop->n_fds,
                 loop->deadline_us >= 0 ? ", with a timer" : "");
}

static gboolean
events_settle (Loop *loop, int *running)
{
  struct pollfd ready[MOST_SOCKETS];

  for (guint turn = 0; turn < MOST_TURNS; turn++)
    {
      gboolean due = loop->deadline_us >= 0 && g_get_monotonic_time () >= loop->deadline_us;
      int n = events_ready (loop, ready, 0);

      if (n == 0 && !due)
        {
          check_at_rest (loop, *running);
          return turn > 0;
        }
      for (int i = 0; i < n; i++)
        {
          if (ready[i].revents & POLLNVAL)
            record_line (loop->record, RECORD_WHOLE, "breach: a closed socket is still watched");
          /* An earlier call may have withdrawn it. */
          if (find (loop, ready[i].fd) != NULL)
            curl_multi_socket_action (loop->multi, ready[i].fd, bits_of (ready[i].revents), running);
        }
      if (due)
        {
          loop->deadline_us = -1;
          curl_multi_socket_action (loop->multi, CURL_SOCKET_TIMEOUT, 0, running);
        }
    }
  record_line (loop->record, RECORD_WHOLE, "spins");
  return FALSE;
}

gboolean
loop_settle (Loop *loop, int *running)
{
  return loop->wait == PLAN_WAIT_EVENTS ? events_settle (loop, running) : pull_settle (loop, running);
}

void
loop_sleep (Loop *loop, int most_ms)
{
  struct pollfd ready[MOST_SOCKETS];
  long timeout_ms = -1;

  if (loop->wait == PLAN_WAIT_EVENTS)
    {
      if (loop->deadline_us >= 0)
        timeout_ms = (long) MAX (0, (loop->deadline_us - g_get_monotonic_time () + 999) / 1000);
    }
  else
    curl_multi_timeout (loop->multi, &timeout_ms);
  if (timeout_ms >= 0 && timeout_ms < most_ms)
    most_ms = (int) timeout_ms;
  if (loop->wait == PLAN_WAIT_EVENTS)
    events_ready (loop, ready, most_ms);
  else
    pull_ready (loop, most_ms);
}
