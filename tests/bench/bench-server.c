/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other side of the bench: answers on loopback as cheaply as it can, from one thread on one core.
 *
 *   /small        a canned answer with the head of an ordinary server and 128 bytes of body
 *   /size/N       N bytes
 *   /stall        nothing, ever
 *   /gate/N       an empty answer as soon as N requests for /stall have come in
 *   /drip/N/MS    N bytes, one every MS milliseconds
 *   /reset        forgets the statistics
 *   /stats        "gap_us=…": the longest time in which no body could be sent to anybody
 *
 * Prints "PORT n" when it listens and ends when its standard input does. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REQUEST_MAX 1024
#define EVENTS 256
#define BLOCK (256 * 1024)

typedef struct _Peer Peer;

struct _Peer
{
  int fd;
  unsigned have;          /* bytes in request */
  unsigned head_length;
  unsigned head_sent;
  uint64_t body_left;
  uint64_t drip_left;
  unsigned drip_ms;
  int64_t drip_at;        /* when the next byte is due */
  unsigned gate;          /* 0: not waiting */
  bool stalled;
  bool blocked;           /* waits for EPOLLOUT */
  Peer *next_timed;
  char head[192];
  char request[REQUEST_MAX];
};

static const char canned[] = "HTTP/1.1 200 OK\r\n"
                             "Server: bench/1.0\r\n"
                             "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\n"
                             "Content-Type: text/html; charset=utf-8\r\n"
                             "Content-Length: 128\r\n"
                             "Last-Modified: Sat, 21 Nov 2026 12:00:00 GMT\r\n"
                             "Connection: keep-alive\r\n"
                             "ETag: \"65a7d3c0-80\"\r\n"
                             "Accept-Ranges: bytes\r\n"
                             "\r\n"
                             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n"
                             "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";

static char block[BLOCK];
static int epoll_fd;
static int listen_fd;
static unsigned n_stalled;
static Peer *timed;       /* gates and drips: few */
static int64_t last_body_us;
static int64_t worst_gap_us;

_Noreturn static void
die (const char *what)
{
  perror (what);
  exit (1);
}

static int64_t
now_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
watch (Peer *peer, int operation, uint32_t events)
{
  struct epoll_event event = { .events = events, .data.ptr = peer };

  if (epoll_ctl (epoll_fd, operation, peer->fd, &event) != 0)
    die ("epoll_ctl");
}

static void
untime (Peer *peer)
{
  Peer **at = &timed;

  while (*at != NULL && *at != peer)
    at = &(*at)->next_timed;
  if (*at != NULL)
    *at = peer->next_timed;
}

static void
drop (Peer *peer)
{
  if (peer->stalled)
    n_stalled--;
  untime (peer);
  close (peer->fd);
  free (peer);
}

static void
note_body (void)
{
  int64_t now = now_us ();

  if (last_body_us != 0 && now - last_body_us > worst_gap_us)
    worst_gap_us = now - last_body_us;
  last_body_us = now;
}

/* Sends what can be sent. False: the peer is gone. */
static bool
push (Peer *peer)
{
  bool body = peer->body_left > 0;

  while (peer->head_sent < peer->head_length || peer->body_left > 0)
    {
      struct iovec parts[2] = { { peer->head + peer->head_sent, peer->head_length - peer->head_sent },
                                { block, peer->body_left < BLOCK ? peer->body_left : BLOCK } };
      struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
      ssize_t sent = sendmsg (peer->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);

      if (sent < 0 && errno == EAGAIN)
        {
          if (!peer->blocked)
            watch (peer, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
          peer->blocked = true;
          return true;
        }
      if (sent < 0)
        return false;
      if ((size_t) sent <= parts[0].iov_len)
        {
          peer->head_sent += sent;
          continue;
        }
      peer->head_sent = peer->head_length;
      peer->body_left -= sent - parts[0].iov_len;
      if (body)
        note_body ();
    }
  if (peer->blocked)
    watch (peer, EPOLL_CTL_MOD, EPOLLIN);
  peer->blocked = false;
  return true;
}

static bool
answer (Peer *peer, uint64_t length)
{
  peer->head_length = snprintf (peer->head, sizeof peer->head,
                                "HTTP/1.1 200 OK\r\nServer: bench/1.0\r\nContent-Type: application/octet-stream\r\n"
                                "Content-Length: %llu\r\n\r\n",
                                (unsigned long long) length);
  peer->head_sent = 0;
  return true;
}

static bool
answer_statistics (Peer *peer)
{
  char text[64];
  int length = snprintf (text, sizeof text, "gap_us=%lld\n", (long long) worst_gap_us);

  peer->head_length = snprintf (peer->head, sizeof peer->head,
                                "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length, text);
  peer->head_sent = 0;
  if (push (peer))
    shutdown (peer->fd, SHUT_WR);
  return true;
}

static void
open_gates (void)
{
  Peer *peer, *next;

  for (peer = timed; peer != NULL; peer = next)
    {
      next = peer->next_timed;
      if (peer->gate == 0 || n_stalled < peer->gate)
        continue;
      peer->gate = 0;
      untime (peer);
      answer (peer, 0);
      push (peer);
    }
}

static bool
serve (Peer *peer, const char *path)
{
  unsigned long long size;
  unsigned number, every;

  if (strncmp (path, "/small ", 7) == 0)
    return send (peer->fd, canned, sizeof canned - 1, MSG_NOSIGNAL) == (ssize_t) sizeof canned - 1;
  if (sscanf (path, "/size/%llu", &size) == 1)
    {
      answer (peer, size);
      peer->body_left = size;
      return push (peer);
    }
  if (strncmp (path, "/stall ", 7) == 0)
    {
      peer->stalled = true;
      n_stalled++;
      open_gates ();
      return true;
    }
  if (sscanf (path, "/gate/%u", &number) == 1)
    {
      peer->gate = number;
      peer->next_timed = timed;
      timed = peer;
      open_gates ();
      return true;
    }
  if (sscanf (path, "/drip/%u/%u", &number, &every) == 2)
    {
      answer (peer, number);
      peer->drip_left = number;
      peer->drip_ms = every;
      peer->drip_at = now_us () + (int64_t) every * 1000;
      peer->next_timed = timed;
      timed = peer;
      return push (peer);
    }
  if (strncmp (path, "/reset ", 7) == 0)
    last_body_us = worst_gap_us = 0;
  return answer_statistics (peer);
}

/* One request at a time: no client here pipelines. */
static bool
receive (Peer *peer)
{
  ssize_t got = recv (peer->fd, peer->request + peer->have, REQUEST_MAX - 1 - peer->have, MSG_DONTWAIT);
  char *path;

  if (got < 0 && errno == EAGAIN)
    return true;
  if (got <= 0)
    return false;
  peer->have += got;
  peer->request[peer->have] = '\0';
  if (peer->have < 4 || memcmp (peer->request + peer->have - 4, "\r\n\r\n", 4) != 0)
    return peer->have < REQUEST_MAX - 1;
  peer->have = 0;
  path = strchr (peer->request, ' ');
  return path != NULL && serve (peer, path + 1);
}

static void
accept_all (void)
{
  int fd;

  while ((fd = accept4 (listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
    {
      Peer *peer = calloc (1, sizeof *peer);
      int on = 1;

      if (peer == NULL)
        die ("calloc");
      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      peer->fd = fd;
      watch (peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* Sends the bytes that are due; returns for how long to sleep, -1 for ever. */
static int
drip (void)
{
  int64_t now = now_us ();
  int64_t wait = -1;
  Peer *peer, *next;

  for (peer = timed; peer != NULL; peer = next)
    {
      next = peer->next_timed;
      if (peer->drip_left == 0)
        continue;
      if (now >= peer->drip_at)
        {
          if (send (peer->fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
            peer->drip_left--;
          peer->drip_at = now + (int64_t) peer->drip_ms * 1000;
        }
      if (peer->drip_left == 0)
        untime (peer);
      else if (wait < 0 || peer->drip_at - now < wait)
        wait = peer->drip_at - now;
    }
  return wait < 0 ? -1 : (int) ((wait + 999) / 1000);
}

static void
dispatch (const struct epoll_event *event)
{
  Peer *peer = event->data.ptr;
  bool alive = true;

  if (event->events & EPOLLOUT)
    alive = push (peer);
  if (alive && (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    alive = receive (peer);
  if (!alive)
    drop (peer);
}

static void
listen_on_loopback (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  struct epoll_event event = { .events = EPOLLIN, .data.ptr = &listen_fd };
  socklen_t length = sizeof address;

  listen_fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listen_fd < 0 || bind (listen_fd, (struct sockaddr *) &address, sizeof address) != 0
      || listen (listen_fd, 4096) != 0 || getsockname (listen_fd, (struct sockaddr *) &address, &length) != 0)
    die ("listen");
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, listen_fd, &event);
  printf ("PORT %u\n", ntohs (address.sin_port));
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  struct rlimit limit;
  struct epoll_event events[EVENTS];
  struct epoll_event input = { .events = EPOLLIN, .data.ptr = NULL };

  if (argc > 1)
    {
      cpu_set_t set;

      CPU_ZERO (&set);
      CPU_SET (atoi (argv[1]), &set);
      sched_setaffinity (0, sizeof set, &set);
      /* The client is measured, not what else the machine does. */
      setpriority (PRIO_PROCESS, 0, -20);
    }
  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  memset (block, 'x', sizeof block);
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  /* A standard input that epoll refuses (a file, /dev/null) leaves the server running until it is killed. */
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  listen_on_loopback ();
  for (;;)
    {
      int n = epoll_wait (epoll_fd, events, EVENTS, drip ());

      for (int i = 0; i < n; i++)
        {
          if (events[i].data.ptr == NULL)
            return 0;
          if (events[i].data.ptr == &listen_fd)
            accept_all ();
          else
            dispatch (&events[i]);
        }
    }
}
