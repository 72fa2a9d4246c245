/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-epoll URL…: all at once, by curl_multi_socket_action() over an epoll set and a timerfd: the way for many. */
#include "curl-fetch.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* So many are taken out of the set at once. */
#define MAX_EVENTS 64

typedef struct
{
  CURLM *multi;
  int epoll;
  int timer;
  int running;
  int n_failed;
} Loop;

static int
socket_cb (CURL *easy,
           curl_socket_t fd,
           int what,
           void *user_data,
           void *socket_data)
{
  Loop *loop = user_data;
  struct epoll_event event = { .data.fd = fd };

  if (what & CURL_POLL_IN)
    event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT)
    event.events |= EPOLLOUT;

  if (what == CURL_POLL_REMOVE)
    epoll_ctl (loop->epoll, EPOLL_CTL_DEL, fd, NULL);
  /* a pointer of ours tells that it is in the set already */
  else if (socket_data != NULL)
    epoll_ctl (loop->epoll, EPOLL_CTL_MOD, fd, &event);
  else
    {
      epoll_ctl (loop->epoll, EPOLL_CTL_ADD, fd, &event);
      curl_multi_assign (loop->multi, fd, loop);
    }
  return 0;
}

static int
timer_cb (CURLM *multi,
          long ms,
          void *user_data)
{
  Loop *loop = user_data;
  struct itimerspec when = { { 0, 0 }, { 0, 0 } };

  /* all zero stops it; at once is as soon as it can be */
  if (ms > 0)
    when.it_value = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
  else if (ms == 0)
    when.it_value.tv_nsec = 1;
  timerfd_settime (loop->timer, 0, &when, NULL);
  return 0;
}

static void
dispatch (Loop *loop,
          const struct epoll_event *event)
{
  uint64_t ignored;
  int what = 0;

  if (event->data.fd == loop->timer)
    {
      if (read (loop->timer, &ignored, sizeof ignored) > 0)
        curl_multi_socket_action (loop->multi, CURL_SOCKET_TIMEOUT, 0, &loop->running);
      return;
    }

  if (event->events & EPOLLIN)
    what |= CURL_CSELECT_IN;
  if (event->events & EPOLLOUT)
    what |= CURL_CSELECT_OUT;
  if (event->events & (EPOLLERR | EPOLLHUP))
    what |= CURL_CSELECT_ERR;
  curl_multi_socket_action (loop->multi, event->data.fd, what, &loop->running);
}

static void
run (Loop *loop)
{
  struct epoll_event events[MAX_EVENTS];

  /* nothing happens before the timer has told the first thing to do, and the loop has obeyed */
  while (loop->running > 0)
    {
      int n = epoll_wait (loop->epoll, events, MAX_EVENTS, -1);

      for (int i = 0; i < n; i++)
        dispatch (loop, &events[i]);
      loop->n_failed += fetch_report_all (loop->multi);
    }
}

int
main (int argc,
      char *argv[])
{
  Loop loop = { NULL, epoll_create1 (EPOLL_CLOEXEC), timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), 0, 0 };
  struct epoll_event event = { .events = EPOLLIN, .data.fd = loop.timer };

  curl_global_init (CURL_GLOBAL_DEFAULT);
  epoll_ctl (loop.epoll, EPOLL_CTL_ADD, loop.timer, &event);
  loop.multi = curl_multi_init ();
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt (loop.multi, CURLMOPT_TIMERFUNCTION, timer_cb);
  curl_multi_setopt (loop.multi, CURLMOPT_TIMERDATA, &loop);
  for (int i = 1; i < argc; i++)
    curl_multi_add_handle (loop.multi, fetch_new (argv[i]));

  loop.running = argc - 1;
  run (&loop);
  curl_multi_cleanup (loop.multi);
  close (loop.timer);
  close (loop.epoll);
  curl_global_cleanup ();
  return loop.n_failed > 0;
}
