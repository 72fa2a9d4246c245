/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "turning.h"

#include <poll.h>

gint64 turning_now = 1000 * G_USEC_PER_SEC;

static gint64
standing_monotonic (gpointer user_data)
{
  return turning_now;
}

static gint64
standing_wall (gpointer user_data)
{
  return 1000000000;
}

const GmClock turning_clock = { standing_monotonic, standing_wall, NULL };

static void
announce_cb (GmReactor *reactor,
             GmSocket *socket,
             GmIo want)
{
  Told *told = reactor->user_data;

  if (told == NULL)
    return;
  if (want == GM_IO_NONE)
    told->n_withdrawn++;
  else if (socket->told == GM_IO_NONE)
    told->n_announced++;
}

const GmReactorOps turning_ops = { .announce = announce_cb };

static void
turner_run (GmRunnable *runnable)
{
  Turner *self = (Turner *) runnable;

  self->n_turns++;
  if (self->func != NULL)
    self->func (self->data);
}

void
turner_init (Turner *self,
             void (*func) (gpointer data),
             gpointer data)
{
  *self = (Turner){ .runnable.run = turner_run, .func = func, .data = data };
}

typedef struct
{
  GArray *fds;
} PollSet;

static void
add_told (GmSocket *socket,
          gpointer user_data)
{
  PollSet *set = user_data;
  struct pollfd one = { .fd = socket->fd };

  if (socket->told == GM_IO_NONE)
    return;
  if (socket->told & GM_IO_IN)
    one.events |= POLLIN;
  if (socket->told & GM_IO_OUT)
    one.events |= POLLOUT;
  g_array_append_val (set->fds, one);
}

static void
collect_foreign (GmReactor *reactor,
                 gint64 wait_us)
{
  PollSet set = { g_array_new (FALSE, FALSE, sizeof (struct pollfd)) };

  gm_reactor_foreach (reactor, add_told, &set);
  poll ((struct pollfd *) (void *) set.fds->data, set.fds->len, (int) ((wait_us + 999) / 1000));

  for (guint i = 0; i < set.fds->len; i++)
    {
      struct pollfd *one = &g_array_index (set.fds, struct pollfd, i);
      GmSocket *socket = one->revents != 0 ? gm_reactor_find_fd (reactor, one->fd) : NULL;
      GmIo ready = GM_IO_NONE;

      if (one->revents & POLLIN)
        ready |= GM_IO_IN;
      if (one->revents & POLLOUT)
        ready |= GM_IO_OUT;
      if (one->revents & (POLLERR | POLLHUP))
        ready |= GM_IO_HUP;
      if (socket != NULL)
        gm_socket_post (socket, ready);
    }
  g_array_unref (set.fds);
}

void
turning_once (GmReactor *reactor,
              gint64 wait_us)
{
  gint64 next;

  gm_reactor_begin_turn (reactor);
  next = gm_reactor_next (reactor);
  if (next == 0)
    wait_us = 0;
  else if (next > 0 && reactor->clock == &gm_clock_system)
    wait_us = CLAMP (next - reactor->now, 0, wait_us);

  if (reactor->foreign)
    collect_foreign (reactor, wait_us);
  else
    gm_reactor_collect (reactor, wait_us);
  gm_reactor_begin_turn (reactor);
  gm_reactor_run (reactor, 0);
  gm_reactor_expire (reactor);
  gm_reactor_run (reactor, 0);
}

gboolean
turning_until (GmReactor *reactor,
               gboolean (*condition) (gpointer data),
               gpointer data)
{
  gint64 end = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (!condition (data))
    {
      if (g_get_monotonic_time () > end)
        return FALSE;
      turning_once (reactor, 50 * 1000);
    }

  return TRUE;
}

void
turning_advance (GmReactor *reactor,
                 gint64 us)
{
  turning_now += us;
  turning_once (reactor, 0);
}
