/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C interface by socket_action on epoll: level-triggered, one descriptor in the set for each socket that the
 * library names, one deadline in user space. */
#include "bench-curl.h"

#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256

static CURLM *multi;
static int epoll_fd;
static int64_t deadline_us = -1; /* -1: none */

static uint32_t
events_of (int what)
{
  switch (what)
    {
    case CURL_POLL_IN: return EPOLLIN;
    case CURL_POLL_OUT: return EPOLLOUT;
    case CURL_POLL_INOUT: return EPOLLIN | EPOLLOUT;
    default: return 0;
    }
}

static int
socket_cb (CURL *easy, curl_socket_t fd, int what, void *user_data, void *socket_data)
{
  struct epoll_event event = { .events = events_of (what), .data.fd = fd };

  if (what == CURL_POLL_REMOVE)
    {
      epoll_ctl (epoll_fd, EPOLL_CTL_DEL, fd, NULL);
      return 0;
    }
  epoll_ctl (epoll_fd, socket_data != NULL ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
  if (socket_data == NULL)
    curl_multi_assign (multi, fd, &epoll_fd);
  return 0;
}

static int
timer_cb (CURLM *from, long timeout_ms, void *user_data)
{
  deadline_us = timeout_ms < 0 ? -1 : bench_now_us () + timeout_ms * 1000;
  return 0;
}

static const char *
client_library (void)
{
  return bench_curl_library ();
}

static void
client_open (Bench *bench)
{
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  multi = bench_curl_open (bench);
  curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (multi, CURLMOPT_TIMERFUNCTION, timer_cb);
}

static void
client_start (Bench *bench, BenchTransfer *transfer)
{
  bench_curl_start (bench, multi, transfer);
}

static int
sleep_ms (void)
{
  int64_t left;

  if (deadline_us < 0)
    return -1;
  left = deadline_us - bench_now_us ();
  return left <= 0 ? 0 : (int) ((left + 999) / 1000);
}

static int
action_bits (uint32_t events)
{
  return ((events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0)
         | ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) | ((events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
}

static void
client_run (Bench *bench)
{
  struct epoll_event events[EVENTS];
  int running;

  while (!bench_stopped (bench))
    {
      int n = epoll_wait (epoll_fd, events, EVENTS, sleep_ms ());

      for (int i = 0; i < n; i++)
        curl_multi_socket_action (multi, events[i].data.fd, action_bits (events[i].events), &running);
      if (deadline_us >= 0 && bench_now_us () >= deadline_us)
        {
          deadline_us = -1;
          curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
      bench_curl_collect (bench, multi);
    }
}

static void
client_close (Bench *bench)
{
  bench_curl_close (multi);
  close (epoll_fd);
}

static const BenchClient client = {
#ifdef BENCH_ENGINE
  .name = "engine",
#else
  .name = "curl-epoll",
#endif
  .library = client_library,
  .open = client_open,
  .start = client_start,
  .run = client_run,
  .close = client_close,
};

int
main (int argc, char **argv)
{
  return bench_main (&client, argc, argv);
}
