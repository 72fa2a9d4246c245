/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "drivers.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>

#define EDGE_EVENTS 64

/* --- what all event drivers share: the book of what was announced --- */

/* Sockets have an inode each, so a descriptor that was closed and opened again shows. */
static gboolean
identify (curl_socket_t fd,
          guint64 *identity)
{
  struct stat info;

  if (fstat (fd, &info) != 0)
    return FALSE;
  *identity = (guint64) info.st_ino ^ (guint64) info.st_dev << 48;
  return TRUE;
}

static DriverSocket *
book_lookup (Driver *driver,
             curl_socket_t fd)
{
  return g_hash_table_lookup (driver->sockets, GINT_TO_POINTER (fd));
}

/* TRUE if what was announced last for @fd is still that open file. */
static gboolean
book_is_current (const DriverSocket *socket)
{
  guint64 identity;

  return identify (socket->fd, &identity) && identity == socket->identity;
}

/* Called for each announcement; returns the entry, or NULL after a removal (@removed is then a copy of it). */
static DriverSocket *
book_note (Driver *driver,
           curl_socket_t fd,
           int what,
           DriverSocket *removed)
{
  DriverSocket *socket = book_lookup (driver, fd);

  driver->n_announced++;
  if (what == CURL_POLL_REMOVE)
    {
      g_assert_nonnull (socket); /* withdrawn, but never announced */
      g_assert_true (book_is_current (socket)); /* withdrawn too late: the descriptor is closed already */
      *removed = *socket;
      g_hash_table_remove (driver->sockets, GINT_TO_POINTER (fd));
      return NULL;
    }
  g_assert_cmpint (what, >=, CURL_POLL_NONE);
  g_assert_cmpint (what, <=, CURL_POLL_INOUT);
  if (socket == NULL)
    {
      socket = g_new0 (DriverSocket, 1);
      socket->fd = fd;
      socket->want = -1;
      g_assert_true (identify (fd, &socket->identity)); /* announced, but not open */
      g_hash_table_insert (driver->sockets, GINT_TO_POINTER (fd), socket);
    }
  g_assert_true (book_is_current (socket)); /* another file under the old number, and no removal between */
  g_assert_cmpint (socket->want, !=, what); /* said twice */
  socket->want = what;
  return socket;
}

static int
timer_cb (CURLM *multi,
          long timeout_ms,
          void *user_data)
{
  Driver *driver = user_data;

  g_assert_true (multi == driver->multi);
  g_assert_cmpint (timeout_ms, >=, -1);
  driver->n_timers++;
  driver->timer_at = timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * 1000;
  return 0;
}

static void
act (Driver *driver,
     curl_socket_t fd,
     int bits)
{
  g_assert_false (driver->in_step);
  driver->in_step = TRUE;
  driver->n_steps++;
  g_assert_cmpint (curl_multi_socket_action (driver->multi, fd, bits, &driver->running), ==, CURLM_OK);
  driver->in_step = FALSE;
  g_assert_cmpint (driver->running, >=, 0);
}

/* The timer is single shot: it is forgotten before it is served. TRUE if it was due. */
static gboolean
serve_timer (Driver *driver)
{
  if (driver->timer_at < 0 || g_get_monotonic_time () < driver->timer_at)
    return FALSE;
  driver->timer_at = -1;
  act (driver, CURL_SOCKET_TIMEOUT, 0);
  return TRUE;
}

static int
wait_until_timer (Driver *driver,
                  int wait_ms)
{
  gint64 left = driver->timer_at < 0 ? G_MAXINT : (driver->timer_at - g_get_monotonic_time () + 999) / 1000;

  return (int) CLAMP (left, 0, wait_ms);
}

static int
poll_events (int want)
{
  return (want & CURL_POLL_IN ? POLLIN : 0) | (want & CURL_POLL_OUT ? POLLOUT : 0);
}

static int
action_bits (int revents)
{
  return (revents & POLLIN ? CURL_CSELECT_IN : 0) | (revents & POLLOUT ? CURL_CSELECT_OUT : 0)
         | (revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0);
}

static struct pollfd *
announced_pollfds (Driver *driver,
                   nfds_t *n)
{
  struct pollfd *fds = g_new0 (struct pollfd, g_hash_table_size (driver->sockets) + 1);
  GHashTableIter iter;
  gpointer value;

  *n = 0;
  g_hash_table_iter_init (&iter, driver->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const DriverSocket *socket = value;

      g_assert_true (book_is_current (socket)); /* announced, but closed meanwhile */
      fds[*n].fd = socket->fd;
      fds[(*n)++].events = (short) poll_events (socket->want);
    }
  return fds;
}

/* --- strict: level-triggered, polls exactly what was announced --- */

static int
strict_socket_cb (CURL *easy,
                  curl_socket_t fd,
                  int what,
                  void *user_data,
                  void *socket_data)
{
  DriverSocket removed;

  book_note (user_data, fd, what, &removed);
  return 0;
}

static void
attach_callbacks (Driver *driver,
                  curl_socket_callback socket_cb)
{
  driver->timer_at = -1;
  curl_multi_setopt (driver->multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (driver->multi, CURLMOPT_SOCKETDATA, driver);
  curl_multi_setopt (driver->multi, CURLMOPT_TIMERFUNCTION, timer_cb);
  curl_multi_setopt (driver->multi, CURLMOPT_TIMERDATA, driver);
}

static void
strict_attach (Driver *driver)
{
  attach_callbacks (driver, strict_socket_cb);
}

static void
strict_turn (Driver *driver,
             int wait_ms)
{
  nfds_t n;
  g_autofree struct pollfd *fds = announced_pollfds (driver, &n);
  int ready = poll (fds, n, wait_until_timer (driver, wait_ms));

  for (nfds_t i = 0; i < n && ready > 0; i++)
    {
      const DriverSocket *socket = book_lookup (driver, fds[i].fd);

      g_assert_cmpint (fds[i].revents & POLLNVAL, ==, 0);
      /* An earlier call of this turn may have withdrawn it, or no longer want this of it. */
      if (fds[i].revents != 0 && socket != NULL
          && (fds[i].revents & (poll_events (socket->want) | POLLERR | POLLHUP)) != 0)
        act (driver, fds[i].fd, action_bits (fds[i].revents));
    }
  serve_timer (driver);
}

/* --- edge: each readiness is told once, by epoll --- */

static int
edge_socket_cb (CURL *easy,
                curl_socket_t fd,
                int what,
                void *user_data,
                void *socket_data)
{
  Driver *driver = user_data;
  DriverSocket removed;
  gboolean known = book_lookup (driver, fd) != NULL;
  struct epoll_event event = { .data.fd = fd };

  if (book_note (driver, fd, what, &removed) == NULL)
    {
      g_assert_no_errno (epoll_ctl (GPOINTER_TO_INT (driver->own), EPOLL_CTL_DEL, fd, NULL));
      return 0;
    }
  event.events = EPOLLET | (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
  g_assert_no_errno (epoll_ctl (GPOINTER_TO_INT (driver->own), known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event));
  return 0;
}

static void
edge_attach (Driver *driver)
{
  driver->own = GINT_TO_POINTER (epoll_create1 (EPOLL_CLOEXEC));
  attach_callbacks (driver, edge_socket_cb);
}

static void
edge_turn (Driver *driver,
           int wait_ms)
{
  struct epoll_event events[EDGE_EVENTS];
  int n = epoll_wait (GPOINTER_TO_INT (driver->own), events, EDGE_EVENTS, wait_until_timer (driver, wait_ms));

  for (int i = 0; i < n; i++)
    if (book_lookup (driver, events[i].data.fd) != NULL)
      act (driver, events[i].data.fd,
           action_bits ((events[i].events & EPOLLIN ? POLLIN : 0) | (events[i].events & EPOLLOUT ? POLLOUT : 0)
                        | (events[i].events & (EPOLLERR | EPOLLHUP) ? POLLERR : 0)));
  serve_timer (driver);
}

static void
edge_detach (Driver *driver)
{
  close (GPOINTER_TO_INT (driver->own));
}

/* --- glib: a GSource with one poll record for each descriptor, on a context of its own. Not g_source_add_unix_fd(): GLib
 * looks for such a tag in a list whenever it is asked about it --- */

typedef struct
{
  GSource source;
  Driver *driver; /* (unowned) */
  GMainContext *context; /* (owned) */
} DriverSource;

static GIOCondition
driver_socket_ready (DriverSocket *socket)
{
  return socket->tag != NULL ? ((GPollFD *) socket->tag)->revents : 0;
}

static gboolean
driver_source_check (GSource *source)
{
  Driver *driver = ((DriverSource *) source)->driver;
  GHashTableIter iter;
  gpointer socket;

  g_hash_table_iter_init (&iter, driver->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &socket))
    if (driver_socket_ready (socket) != 0)
      return TRUE;
  return FALSE;
}

static gboolean
driver_source_dispatch (GSource *source,
                        GSourceFunc callback,
                        gpointer user_data)
{
  Driver *driver = ((DriverSource *) source)->driver;
  g_autoptr (GList) sockets = g_hash_table_get_keys (driver->sockets);

  for (GList *l = sockets; l != NULL; l = l->next)
    {
      DriverSocket *socket = book_lookup (driver, GPOINTER_TO_INT (l->data));
      GIOCondition ready = socket != NULL ? driver_socket_ready (socket) : 0;

      if (ready != 0)
        act (driver, socket->fd, action_bits ((int) ready));
    }
  if (serve_timer (driver) || driver->timer_at < 0)
    g_source_set_ready_time (source, driver->timer_at);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs driver_source_funcs = { NULL, driver_source_check, driver_source_dispatch, NULL };

static int
glib_socket_cb (CURL *easy,
                curl_socket_t fd,
                int what,
                void *user_data,
                void *socket_data)
{
  Driver *driver = user_data;
  DriverSocket removed;
  DriverSocket *socket = book_note (driver, fd, what, &removed);
  GPollFD *poll_fd;

  if (socket == NULL)
    {
      g_source_remove_poll (driver->own, removed.tag);
      g_free (removed.tag);
      return 0;
    }
  poll_fd = socket->tag;
  if (poll_fd == NULL)
    {
      socket->tag = poll_fd = g_new0 (GPollFD, 1);
      poll_fd->fd = fd;
      g_source_add_poll (driver->own, poll_fd);
    }
  poll_fd->events = G_IO_ERR | G_IO_HUP;
  poll_fd->events |= (what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0);
  return 0;
}

static int
glib_timer_cb (CURLM *multi,
               long timeout_ms,
               void *user_data)
{
  Driver *driver = user_data;

  timer_cb (multi, timeout_ms, user_data);
  g_source_set_ready_time (driver->own, driver->timer_at);
  return 0;
}

static void
glib_attach (Driver *driver)
{
  GMainContext *context = g_main_context_new ();

  driver->own = g_source_new (&driver_source_funcs, sizeof (DriverSource));
  ((DriverSource *) driver->own)->driver = driver;
  ((DriverSource *) driver->own)->context = context;
  g_source_set_static_name (driver->own, "driver");
  g_source_attach (driver->own, context);
  attach_callbacks (driver, glib_socket_cb);
  curl_multi_setopt (driver->multi, CURLMOPT_TIMERFUNCTION, glib_timer_cb);
}

static gboolean
limit_dispatch (GSource *source,
                GSourceFunc callback,
                gpointer user_data)
{
  return G_SOURCE_REMOVE;
}

static GSourceFuncs limit_funcs = { NULL, NULL, limit_dispatch, NULL };

static void
glib_turn (Driver *driver,
           int wait_ms)
{
  GMainContext *context = ((DriverSource *) driver->own)->context;
  g_autoptr (GSource) limit = g_source_new (&limit_funcs, sizeof (GSource));

  g_source_set_ready_time (limit, g_get_monotonic_time () + (gint64) wait_ms * 1000);
  g_source_attach (limit, context);
  g_main_context_iteration (context, TRUE);
  g_source_destroy (limit);
}

static void
glib_detach (Driver *driver)
{
  G_GNUC_UNUSED g_autoptr (GMainContext) context = ((DriverSource *) driver->own)->context;

  g_source_destroy (driver->own);
  g_source_unref (driver->own);
}

/* --- pull --- */

static void
perform (Driver *driver)
{
  driver->n_steps++;
  g_assert_cmpint (curl_multi_perform (driver->multi, &driver->running), ==, CURLM_OK);
  g_assert_cmpint (driver->running, >=, 0);
}

static void
pull_attach (Driver *driver)
{
  driver->timer_at = -1;
}

static void
poll_turn (Driver *driver,
           int wait_ms)
{
  int n = -1;

  g_assert_cmpint (curl_multi_poll (driver->multi, NULL, 0, wait_ms, &n), ==, CURLM_OK);
  g_assert_cmpint (n, >=, 0);
  perform (driver);
}

static void
select_turn (Driver *driver,
             int wait_ms)
{
  fd_set in, out, except;
  int max_fd = -2;
  long timeout_ms = -2;
  struct timeval limit;

  FD_ZERO (&in);
  FD_ZERO (&out);
  FD_ZERO (&except);
  g_assert_cmpint (curl_multi_fdset (driver->multi, &in, &out, &except, &max_fd), ==, CURLM_OK);
  g_assert_cmpint (curl_multi_timeout (driver->multi, &timeout_ms), ==, CURLM_OK);
  g_assert_cmpint (max_fd, >=, -1);
  g_assert_cmpint (timeout_ms, >=, -1);
  if (timeout_ms < 0 || timeout_ms > wait_ms)
    timeout_ms = wait_ms;
  /* Nothing to watch means: come back soon (the documented 100 ms). */
  if (max_fd < 0)
    timeout_ms = MIN (timeout_ms, 100);
  limit.tv_sec = timeout_ms / 1000;
  limit.tv_usec = timeout_ms % 1000 * 1000;
  g_assert_cmpint (select (max_fd + 1, &in, &out, &except, &limit), >=, 0);
  perform (driver);
}

/* --- the list --- */

const DriverType driver_types[] = {
  { "perform-poll", DRIVER_PULL, pull_attach, poll_turn, NULL },
  { "perform-select", DRIVER_PULL | DRIVER_FEW, pull_attach, select_turn, NULL },
  { "strict", DRIVER_EVENTS, strict_attach, strict_turn, NULL },
  { "edge", DRIVER_EVENTS, edge_attach, edge_turn, edge_detach },
  { "glib", DRIVER_EVENTS, glib_attach, glib_turn, glib_detach },
};
const guint driver_n_types = G_N_ELEMENTS (driver_types);

void (*driver_made) (Driver *driver);
void (*driver_gone) (Driver *driver);

Driver *
driver_new (const DriverType *type)
{
  Driver *driver = g_new0 (Driver, 1);

  driver->type = type;
  driver->multi = curl_multi_init ();
  g_assert_nonnull (driver->multi);
  driver->sockets = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  type->attach (driver);
  if (driver_made != NULL)
    driver_made (driver);
  return driver;
}

void
driver_free (Driver *driver)
{
  if (driver == NULL)
    return;
  g_assert_cmpint (curl_multi_cleanup (driver->multi), ==, CURLM_OK);
  g_assert_cmpuint (g_hash_table_size (driver->sockets), ==, 0); /* announced and never withdrawn */
  if (driver->type->detach != NULL)
    driver->type->detach (driver);
  if (driver_gone != NULL)
    driver_gone (driver);
  g_hash_table_unref (driver->sockets);
  g_free (driver);
}

void
driver_turn (Driver *driver,
             int wait_ms)
{
  driver->n_turns++;
  driver->type->turn (driver, wait_ms);
}

guint
driver_n_sockets (Driver *driver)
{
  return g_hash_table_size (driver->sockets);
}

gboolean
driver_is_at_rest (Driver *driver)
{
  long timeout_ms = 0;

  if (driver->type->flags & DRIVER_EVENTS)
    return driver_n_sockets (driver) == 0 && driver->timer_at < 0;

  curl_multi_timeout (driver->multi, &timeout_ms);
  return timeout_ms < 0;
}

guint
driver_n_ready (Driver *driver)
{
  nfds_t n;
  g_autofree struct pollfd *fds = announced_pollfds (driver, &n);

  return (guint) MAX (poll (fds, n, 0), 0);
}
