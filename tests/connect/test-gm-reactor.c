/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  GmRunnable runnable; /* first member */
  GmReactor *reactor;
  GmSocket *socket;
  GmSocket *victim; /* closed in the turn */
  guint turns;
  guint again; /* queue itself so many times */
  gboolean drain;
} Probe;

static GString *told;
static guint hurried;

static void
probe_run (GmRunnable *runnable)
{
  Probe *self = (Probe *) runnable;
  char buffer[16];

  self->turns++;
  if (self->drain && self->socket != NULL)
    {
      while (read (self->socket->fd, buffer, sizeof buffer) > 0)
        ;
      self->socket->ready &= (guint8) ~GM_IO_IN;
    }
  if (self->victim != NULL)
    {
      gm_socket_close (self->victim);
      self->victim = NULL;
    }
  if (self->again > 0)
    {
      self->again--;
      gm_reactor_queue (self->reactor, runnable);
    }
}

static void
on_announce (GmReactor *reactor,
             GmSocket *socket,
             GmIo want)
{
  /* Removal is told while the descriptor is still good. */
  g_assert_cmpint (fcntl (socket->fd, F_GETFD), !=, -1);
  g_string_append_printf (told, "%d:%d ", socket->told, want);
}

static void
on_hurry (GmReactor *reactor)
{
  hurried++;
}

static const GmReactorOps ops = { .announce = on_announce, .hurry = on_hurry };

static void
make_pair (int fds[2])
{
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
}

static Probe
probe_new (GmReactor *reactor)
{
  return (Probe){ .runnable = { .run = probe_run }, .reactor = reactor };
}

static void
test_edges (void)
{
  GmReactor reactor;
  int fds[2];
  Probe probe;

  gm_reactor_init (&reactor, NULL, NULL, NULL);
  make_pair (fds);
  probe = probe_new (&reactor);
  probe.socket = gm_socket_new (&reactor, fds[0], &probe.runnable);
  gm_socket_set_want (probe.socket, GM_IO_IN);

  /* Writable from the start, but nobody waits for that: latched, not run. */
  g_assert_cmpint (gm_reactor_collect (&reactor, 0), ==, 1);
  g_assert_cmpint (probe.socket->ready, ==, GM_IO_OUT);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, -1);

  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
  g_assert_cmpint (gm_reactor_collect (&reactor, 0), ==, 1);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, 0);
  g_assert_true (gm_reactor_run (&reactor, 0));
  g_assert_cmpuint (probe.turns, ==, 1);
  /* Not read: the edge is not told twice, the latch remembers. */
  g_assert_cmpint (gm_reactor_collect (&reactor, 0), ==, 0);
  g_assert_true (probe.socket->ready & GM_IO_IN);

  /* Hang-up is told whatever is wanted. */
  gm_socket_set_want (probe.socket, GM_IO_NONE);
  close (fds[1]);
  g_assert_cmpint (gm_reactor_collect (&reactor, 0), ==, 1);
  g_assert_true (probe.socket->ready & GM_IO_HUP);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, 0);

  gm_socket_close (probe.socket);
  gm_reactor_dequeue (&reactor, &probe.runnable);
  g_assert_cmpuint (reactor.n_sockets, ==, 0);
  g_assert_cmpint (fcntl (fds[0], F_GETFD), ==, -1);
  gm_reactor_clear (&reactor);
}

/* A turn gives each runnable one go; one that queues itself waits for the next turn, and 0 is told meanwhile. */
static void
test_run_list (void)
{
  GmReactor reactor;
  Probe a, b;

  hurried = 0;
  gm_reactor_init (&reactor, NULL, &ops, NULL);
  a = probe_new (&reactor);
  b = probe_new (&reactor);
  a.again = 3;
  gm_reactor_queue (&reactor, &a.runnable);
  gm_reactor_queue (&reactor, &a.runnable);
  gm_reactor_queue (&reactor, &b.runnable);
  g_assert_cmpuint (hurried, ==, 1);
  g_assert_true (gm_reactor_run (&reactor, 0));
  g_assert_cmpuint (a.turns, ==, 1);
  g_assert_cmpuint (b.turns, ==, 1);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, 0);
  g_assert_cmpuint (hurried, ==, 1);
  gm_reactor_run (&reactor, 0);
  gm_reactor_run (&reactor, 0);
  gm_reactor_run (&reactor, 0);
  g_assert_cmpuint (a.turns, ==, 4);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, -1);
  gm_reactor_clear (&reactor);
}

static gint64 fake_now = 1000;

static gint64
slow_clock (gpointer user_data)
{
  return fake_now += 100;
}

static void
test_budget (void)
{
  static const GmClock clock = { slow_clock, slow_clock, NULL };
  GmReactor reactor;
  Probe probes[20];
  guint turns = 0;

  gm_reactor_init (&reactor, &clock, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    {
      probes[i] = probe_new (&reactor);
      gm_reactor_queue (&reactor, &probes[i].runnable);
    }
  gm_reactor_begin_turn (&reactor);
  g_assert_false (gm_reactor_run (&reactor, reactor.now + 450));
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    turns += probes[i].turns;
  g_assert_cmpuint (turns, ==, 5);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, 0);
  g_assert_true (gm_reactor_run (&reactor, 0));
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    g_assert_cmpuint (probes[i].turns, ==, 1);
  gm_reactor_clear (&reactor);
}

static void
test_announcements (void)
{
  GmReactor reactor;
  int fds[2];
  Probe probe;

  told = g_string_new (NULL);
  gm_reactor_init (&reactor, NULL, &ops, NULL);
  make_pair (fds);
  probe = probe_new (&reactor);
  probe.socket = gm_socket_new (&reactor, fds[0], &probe.runnable);
  gm_socket_set_want (probe.socket, GM_IO_NONE);
  g_assert_cmpstr (told->str, ==, "");
  gm_socket_set_want (probe.socket, GM_IO_OUT);
  gm_socket_set_want (probe.socket, GM_IO_OUT);
  gm_socket_set_want (probe.socket, GM_IO_IN | GM_IO_OUT);
  probe.socket->assigned = &probe;
  gm_socket_set_want (probe.socket, GM_IO_NONE);
  g_assert_null (probe.socket->assigned);
  gm_socket_set_want (probe.socket, GM_IO_IN);
  gm_socket_close (probe.socket);
  g_assert_cmpstr (told->str, ==, "0:2 2:3 3:0 0:1 1:0 ");
  /* No epoll set was ever made. */
  g_assert_cmpint (reactor.epoll_fd, ==, -1);
  close (fds[1]);
  gm_reactor_clear (&reactor);
  g_string_free (g_steal_pointer (&told), TRUE);
}

/* The kernel hands the number out again at once: an event of the old socket never reaches the new one. */
static void
test_same_number (void)
{
  GmReactor reactor;
  int fds[2], others[2];
  Probe a, b, closer;
  guint32 slot;

  gm_reactor_init (&reactor, NULL, NULL, NULL);
  g_assert_cmpint (gm_reactor_get_poll_fd (&reactor), >=, 0);
  make_pair (fds);
  make_pair (others);
  a = probe_new (&reactor);
  b = probe_new (&reactor);
  a.socket = gm_socket_new (&reactor, fds[0], &a.runnable);
  slot = a.socket->slot;
  gm_socket_set_want (a.socket, GM_IO_IN);
  g_assert_cmpint (write (fds[1], "x", 1), ==, 1);

  gm_socket_close (a.socket);
  g_assert_cmpint (dup2 (others[0], fds[0]), ==, fds[0]);
  b.socket = gm_socket_new (&reactor, fds[0], &b.runnable);
  g_assert_cmpuint (b.socket->slot, ==, slot);
  gm_socket_set_want (b.socket, GM_IO_IN);
  gm_reactor_collect (&reactor, 0);
  g_assert_false (b.socket->ready & GM_IO_IN);
  gm_reactor_run (&reactor, 0);
  g_assert_cmpuint (a.turns + b.turns, ==, 0);
  g_assert_true (gm_reactor_find_fd (&reactor, fds[0]) == b.socket);

  /* One handler closes the socket of another that is ready in the same turn. */
  closer = probe_new (&reactor);
  g_assert_cmpint (write (others[1], "x", 1), ==, 1);
  gm_reactor_collect (&reactor, 0);
  gm_reactor_dequeue (&reactor, &b.runnable);
  gm_reactor_queue (&reactor, &closer.runnable);
  gm_reactor_queue (&reactor, &b.runnable);
  closer.victim = g_steal_pointer (&b.socket);
  gm_reactor_run (&reactor, 0);
  g_assert_cmpuint (b.turns, ==, 1);
  g_assert_null (gm_reactor_find_fd (&reactor, fds[0]));

  close (fds[1]);
  close (others[0]);
  close (others[1]);
  gm_reactor_clear (&reactor);
}

/* A regular file cannot be in an epoll set: it is always ready. */
static void
test_refused_by_epoll (void)
{
  GmReactor reactor;
  g_autofree char *name = NULL;
  int fd = g_file_open_tmp (NULL, &name, NULL);
  Probe probe;

  g_assert_cmpint (fd, >=, 0);
  gm_reactor_init (&reactor, NULL, NULL, NULL);
  g_assert_cmpint (gm_reactor_get_poll_fd (&reactor), >=, 0);
  probe = probe_new (&reactor);
  probe.socket = gm_socket_new (&reactor, fd, &probe.runnable);
  g_assert_true (probe.socket->always_ready);
  g_assert_cmpint (probe.socket->ready, ==, GM_IO_IN | GM_IO_OUT);
  gm_socket_close (probe.socket);
  gm_reactor_clear (&reactor);
  unlink (name);
}

static void
on_tick (GmTimer *timer,
         gint64 now)
{
}

static void
test_hurry_by_timer (void)
{
  GmReactor reactor;
  GmTimer late = { .fire = on_tick }, soon = { .fire = on_tick };

  hurried = 0;
  gm_reactor_init (&reactor, NULL, &ops, NULL);
  gm_reactor_set_timer (&reactor, &late, reactor.now + 5000);
  g_assert_cmpuint (hurried, ==, 1);
  gm_reactor_set_timer (&reactor, &soon, reactor.now + 9000);
  g_assert_cmpuint (hurried, ==, 1);
  gm_reactor_set_timer (&reactor, &soon, reactor.now + 100);
  g_assert_cmpuint (hurried, ==, 2);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, reactor.now + 100);
  gm_reactor_set_timer (&reactor, &soon, 0);
  gm_reactor_set_timer (&reactor, &late, 0);
  g_assert_cmpint (gm_reactor_next (&reactor), ==, -1);
  gm_reactor_clear (&reactor);
}

/* Ten thousand idle sockets cost nothing per event. */
static void
test_idle_sockets_are_not_walked (void)
{
  GmReactor reactor;
  Probe idle, probe;
  int fds[2];
  GPtrArray *sockets = g_ptr_array_new ();

  gm_reactor_init (&reactor, NULL, NULL, NULL);
  idle = probe_new (&reactor);
  probe = probe_new (&reactor);
  for (guint i = 0; i < 10000; i++)
    {
      GmSocket *socket = gm_socket_new (&reactor, -1, &idle.runnable);

      gm_socket_set_want (socket, GM_IO_IN);
      g_ptr_array_add (sockets, socket);
    }
  make_pair (fds);
  probe.socket = gm_socket_new (&reactor, fds[0], &probe.runnable);
  probe.drain = TRUE;
  gm_socket_set_want (probe.socket, GM_IO_IN);
  for (guint i = 0; i < 100; i++)
    {
      g_assert_cmpint (write (fds[1], "x", 1), ==, 1);
      g_assert_cmpint (gm_reactor_collect (&reactor, 0), ==, 1);
      g_assert_cmpuint (reactor.runnables.length, ==, 1);
      gm_reactor_run (&reactor, 0);
    }
  g_assert_cmpuint (probe.turns, ==, 100);
  g_assert_cmpuint (idle.turns, ==, 0);
  g_ptr_array_foreach (sockets, (GFunc) (void *) gm_socket_close, NULL);
  g_ptr_array_unref (sockets);
  gm_socket_close (probe.socket);
  close (fds[1]);
  gm_reactor_clear (&reactor);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reactor/edges", test_edges);
  g_test_add_func ("/reactor/run-list", test_run_list);
  g_test_add_func ("/reactor/budget", test_budget);
  g_test_add_func ("/reactor/announcements", test_announcements);
  g_test_add_func ("/reactor/same-number", test_same_number);
  g_test_add_func ("/reactor/refused-by-epoll", test_refused_by_epoll);
  g_test_add_func ("/reactor/hurry-by-timer", test_hurry_by_timer);
  g_test_add_func ("/reactor/idle-sockets-are-not-walked", test_idle_sockets_are_not_walked);
  return g_test_run ();
}
