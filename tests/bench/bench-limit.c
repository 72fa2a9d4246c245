/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limit: what the kernel and an honest HTTP exchange cost when nothing is done for the application's comfort. A
 * pool of connections on epoll, a request per send, a head that is searched for its length and its end. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER (512 * 1024)
#define EVENTS 256

typedef struct _Link Link;

struct _Link
{
  int fd;
  int file;
  bool in_body;
  uint64_t left;
  BenchTransfer *transfer;
  Link *next_idle;
};

static int epoll_fd;
static Link *idle;
static char *buffer;
static struct sockaddr_in server;

static const char *
limit_library (void)
{
  return "none";
}

static void
limit_open (Bench *bench)
{
  epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  buffer = malloc (BUFFER);
  server.sin_family = AF_INET;
  server.sin_port = htons (bench->port);
  if (inet_pton (AF_INET, bench->host, &server.sin_addr) != 1)
    bench_die ("host");
}

static Link *
connect_link (void)
{
  struct epoll_event event = { .events = EPOLLIN };
  Link *link = calloc (1, sizeof *link);
  int on = 1;

  link->fd = socket (AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  setsockopt (link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  /* On loopback the handshake is over when connect returns, so that the request can follow at once. */
  if (connect (link->fd, (struct sockaddr *) &server, sizeof server) != 0 && errno != EINPROGRESS)
    bench_die ("connect");
  event.data.ptr = link;
  epoll_ctl (epoll_fd, EPOLL_CTL_ADD, link->fd, &event);
  return link;
}

static void
limit_start (Bench *bench, BenchTransfer *transfer)
{
  Link *link = idle;
  static const char rest[] = " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n";
  char request[256];
  const char *path = strchr (transfer->url + 7, '/');
  size_t length = strlen (path);

  if (link != NULL)
    idle = link->next_idle;
  else
    link = connect_link ();
  memcpy (request, "GET ", 4);
  memcpy (request + 4, path, length);
  memcpy (request + 4 + length, rest, sizeof rest - 1);
  length += 4 + sizeof rest - 1;
  link->transfer = transfer;
  link->in_body = false;
  link->file = transfer->path != NULL ? open (transfer->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
  if (send (link->fd, request, length, MSG_NOSIGNAL) != (ssize_t) length)
    bench_die ("send");
}

static void
finish (Bench *bench, Link *link, bool ok)
{
  BenchTransfer *transfer = link->transfer;

  if (link->file >= 0)
    close (link->file);
  link->transfer = NULL;
  link->next_idle = idle;
  idle = link;
  bench_finished (bench, transfer, ok);
}

/* The head's end and length; the whole head is expected in one piece, as it is on loopback. */
static const char *
skip_head (Link *link, const char *data, size_t size)
{
  const char *end = memmem (data, size, "\r\n\r\n", 4);
  const char *length = memmem (data, size, "Content-Length: ", 16);

  if (end == NULL || length == NULL)
    bench_die ("head");
  link->left = strtoull (length + 16, NULL, 10);
  link->in_body = true;
  return end + 4;
}

static void
take (Bench *bench, Link *link)
{
  ssize_t got = recv (link->fd, buffer, BUFFER - 1, 0);
  const char *data = buffer;
  size_t size = got;

  if (got < 0 && errno == EAGAIN)
    return;
  if (got <= 0 || link->transfer == NULL)
    bench_die ("closed by the server");
  buffer[got] = '\0';
  if (!link->in_body)
    {
      data = skip_head (link, buffer, size);
      size -= data - buffer;
    }
  if (size > link->left)
    bench_die ("too much");
  if (link->file >= 0 && write (link->file, data, size) != (ssize_t) size)
    bench_die ("write");
  link->left -= size;
  if (size > 0)
    bench_delivered (bench, link->transfer, size);
  if (link->left == 0)
    finish (bench, link, true);
}

static void
limit_run (Bench *bench)
{
  struct epoll_event events[EVENTS];

  while (!bench_stopped (bench))
    {
      int n = epoll_wait (epoll_fd, events, EVENTS, 1000);

      for (int i = 0; i < n; i++)
        take (bench, events[i].data.ptr);
    }
}

static void
limit_close (Bench *bench)
{
  while (idle != NULL)
    {
      Link *next = idle->next_idle;

      close (idle->fd);
      free (idle);
      idle = next;
    }
  close (epoll_fd);
  free (buffer);
}

static const BenchClient client = {
  .name = "limit",
  .library = limit_library,
  .open = limit_open,
  .start = limit_start,
  .run = limit_run,
  .close = limit_close,
};

int
main (int argc, char **argv)
{
  return bench_main (&client, argc, argv);
}
