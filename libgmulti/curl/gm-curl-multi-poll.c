/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-multi.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

#define N_POLL_ON_STACK 16 /* more descriptors of the application are rare */

/* ---- real sockets, for those who watch them themselves ---- */

/* The transfers' and the closing connections', but neither idle ones nor simulated ones. */
static gboolean
is_listed (const GmSocket *socket)
{
  return socket->fd >= 0 && !socket->idle && (socket->want & (GM_IO_IN | GM_IO_OUT)) != 0;
}

typedef struct
{
  fd_set *read;
  fd_set *write;
  int max_fd;
} Sets;

static void
add_to_sets (GmSocket *socket,
             gpointer data)
{
  Sets *sets = data;

  if (!is_listed (socket) || socket->fd >= FD_SETSIZE)
    return;

  if (socket->want & GM_IO_IN)
    FD_SET (socket->fd, sets->read);
  if (socket->want & GM_IO_OUT)
    FD_SET (socket->fd, sets->write);
  sets->max_fd = MAX (sets->max_fd, socket->fd);
}

CURLMcode
curl_multi_fdset (CURLM *m,
                  fd_set *read_fd_set,
                  fd_set *write_fd_set,
                  fd_set *exc_fd_set,
                  int *max_fd)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  Sets sets = { read_fd_set, write_fd_set, -1 };

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_FDSET))
    return CURLM_RECURSIVE_API_CALL;
  if (read_fd_set == NULL || write_fd_set == NULL || max_fd == NULL)
    return CURLM_BAD_FUNCTION_ARGUMENT;

  gm_reactor_foreach (gm_multi_get_reactor (self->engine), add_to_sets, &sets);
  *max_fd = sets.max_fd;
  return CURLM_OK;
}

typedef struct
{
  struct curl_waitfd *fds;
  unsigned int size;
  unsigned int n;
} WaitFds;

static void
add_to_waitfds (GmSocket *socket,
                gpointer data)
{
  WaitFds *wait = data;

  if (!is_listed (socket))
    return;

  if (wait->n < wait->size)
    {
      wait->fds[wait->n].fd = socket->fd;
      wait->fds[wait->n].events = (short) ((socket->want & GM_IO_IN ? CURL_WAIT_POLLIN : 0) |
                                           (socket->want & GM_IO_OUT ? CURL_WAIT_POLLOUT : 0));
      wait->fds[wait->n].revents = 0;
    }
  wait->n++;
}

CURLMcode
curl_multi_waitfds (CURLM *m,
                    struct curl_waitfd *ufds,
                    unsigned int size,
                    unsigned int *fd_count)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  WaitFds wait = { ufds, ufds != NULL ? size : 0, 0 };

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (ufds == NULL && (size > 0 || fd_count == NULL))
    return CURLM_BAD_FUNCTION_ARGUMENT;

  gm_reactor_foreach (gm_multi_get_reactor (self->engine), add_to_waitfds, &wait);
  if (fd_count != NULL)
    *fd_count = wait.n;
  return wait.n > size && ufds != NULL ? CURLM_OUT_OF_MEMORY : CURLM_OK;
}

/* ---- until when ---- */

/* Rounded up, −1 = nothing to wait for but sockets. */
static long
get_timeout_ms (GmCurlMulti *self)
{
  gint64 next = gm_multi_get_next (self->engine);
  gint64 us;

  if (self->dead)
    return 0;
  if (next <= 0)
    return (long) next;

  us = next - gm_clock_now (&gm_clock_system);
  return us > 0 ? (long) ((us + 999) / 1000) : 0;
}

CURLMcode
curl_multi_timeout (CURLM *m,
                    long *timeout_ms)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_TIMEOUT))
    return CURLM_RECURSIVE_API_CALL;
  if (timeout_ms == NULL)
    return CURLM_BAD_FUNCTION_ARGUMENT;

  *timeout_ms = get_timeout_ms (self);
  return CURLM_OK;
}

/* ---- waking ---- */

/* Any thread may be the first to want it. */
static int
get_wakeup_fd (GmCurlMulti *self)
{
  int fd = g_atomic_int_get (&self->wakeup_fd);

  if (fd >= 0)
    return fd;

  fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd >= 0 && !g_atomic_int_compare_and_exchange (&self->wakeup_fd, -1, fd))
    {
      close (fd);
      fd = g_atomic_int_get (&self->wakeup_fd);
    }
  return fd;
}

CURLMcode
curl_multi_wakeup (CURLM *m)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  guint64 one = 1;
  int fd;

  if (self == NULL)
    return CURLM_BAD_HANDLE;

  fd = get_wakeup_fd (self);
  /* EAGAIN: it is more than awake */
  if (fd < 0 || (write (fd, &one, sizeof one) != sizeof one && errno != EAGAIN))
    return CURLM_WAKEUP_FAILURE;

  return CURLM_OK;
}

/* ---- waiting ---- */

/* poll () until @deadline (µs; −1 = for ever), whatever signals come. */
static int
poll_until (struct pollfd *fds,
            guint n_fds,
            gint64 deadline)
{
  for (;;)
    {
      gint64 left = deadline < 0 ? -1 : MAX (deadline - gm_clock_now (&gm_clock_system), 0);
      int n = poll (fds, n_fds, left < 0 ? -1 : (int) MIN ((left + 999) / 1000, G_MAXINT));

      if (n >= 0 || errno != EINTR)
        return n;
    }
}

static short
poll_events (short events)
{
  return (short) ((events & CURL_WAIT_POLLIN ? POLLIN : 0) | (events & CURL_WAIT_POLLPRI ? POLLPRI : 0) |
                  (events & CURL_WAIT_POLLOUT ? POLLOUT : 0));
}

static short
wait_events (short events)
{
  return (short) ((events & POLLIN ? CURL_WAIT_POLLIN : 0) | (events & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                  (events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
}

/* @fds: ours first (at most two), then the application's. Returns how many had something; −1 = poll () failed. */
static int
wait_for (GmCurlMulti *self,
          struct pollfd *fds,
          guint n_ours,
          struct curl_waitfd *extra,
          guint n_extra,
          gint64 deadline)
{
  int n_ready = 0;

  for (guint i = 0; i < n_extra; i++)
    fds[n_ours + i] = (struct pollfd){ .fd = extra[i].fd, .events = poll_events (extra[i].events) };

  if (poll_until (fds, n_ours + n_extra, deadline) < 0)
    return -1;

  if (fds[0].revents != 0)
    n_ready++;
  if (n_ours > 1 && fds[1].revents != 0)
    {
      guint64 count;

      /* woken is not counted; once is enough */
      if (read (fds[1].fd, &count, sizeof count) < 0)
        errno = 0;
    }
  for (guint i = 0; i < n_extra; i++)
    {
      extra[i].revents = wait_events (fds[n_ours + i].revents);
      n_ready += fds[n_ours + i].revents != 0;
    }

  return n_ready;
}

static CURLMcode
multi_wait (GmCurlMulti *self,
            struct curl_waitfd *extra,
            guint n_extra,
            int timeout_ms,
            int *ret,
            gboolean wakeable)
{
  GmReactor *reactor = gm_multi_get_reactor (self->engine);
  struct pollfd on_stack[N_POLL_ON_STACK];
  g_autofree struct pollfd *on_heap = NULL;
  struct pollfd *fds = on_stack;
  long own_ms = get_timeout_ms (self);
  guint n_ours = wakeable ? 2 : 1;
  int n;

  if (ret != NULL)
    *ret = 0;
  if (own_ms >= 0 && own_ms < timeout_ms)
    timeout_ms = (int) own_ms;

  /* curl_multi_wait () does not sleep when nothing could wake it. */
  if (!wakeable && n_extra == 0 && (reactor->n_sockets == 0 || gm_multi_n_running (self->engine) == 0))
    return CURLM_OK;

  if (n_ours + n_extra > N_POLL_ON_STACK)
    fds = on_heap = g_new (struct pollfd, n_ours + n_extra);
  fds[0] = (struct pollfd){ .fd = gm_reactor_get_poll_fd (reactor), .events = POLLIN };
  if (fds[0].fd < 0)
    return CURLM_UNRECOVERABLE_POLL;
  if (wakeable)
    fds[1] = (struct pollfd){ .fd = get_wakeup_fd (self), .events = POLLIN };

  n = wait_for (self, fds, n_ours, extra, n_extra,
                timeout_ms > 0 ? gm_clock_now (&gm_clock_system) + (gint64) timeout_ms * 1000 : 0);
  if (n < 0)
    return CURLM_UNRECOVERABLE_POLL;
  if (ret != NULL)
    *ret = n;
  return CURLM_OK;
}

static CURLMcode
check_and_wait (CURLM *m,
                struct curl_waitfd *extra,
                guint n_extra,
                int timeout_ms,
                int *ret,
                gboolean wakeable)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_WAIT))
    return CURLM_RECURSIVE_API_CALL;
  if (timeout_ms < 0 || (extra == NULL && n_extra > 0))
    return CURLM_BAD_FUNCTION_ARGUMENT;

  return multi_wait (self, extra, n_extra, timeout_ms, ret, wakeable);
}

CURLMcode
curl_multi_wait (CURLM *m,
                 struct curl_waitfd extra_fds[],
                 unsigned int extra_nfds,
                 int timeout_ms,
                 int *ret)
{
  return check_and_wait (m, extra_fds, extra_nfds, timeout_ms, ret, FALSE);
}

CURLMcode
curl_multi_poll (CURLM *m,
                 struct curl_waitfd extra_fds[],
                 unsigned int extra_nfds,
                 int timeout_ms,
                 int *ret)
{
  return check_and_wait (m, extra_fds, extra_nfds, timeout_ms, ret, TRUE);
}
