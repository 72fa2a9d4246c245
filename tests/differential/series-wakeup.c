/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "series.h"

#include <unistd.h>

#define LONG_MS 1000
#define SHORT_MS 40

typedef struct
{
  Series *series;
  gint64 began;
  struct curl_waitfd extra[2];
  guint n_extra;
} Poke;

/* Only whether it was at once is looked at: half of a wait is more than any machine needs for that. */
static void
note_wait (Poke *self, const char *what, CURLMcode code, int n, int timeout_ms)
{
  gint64 took = g_get_monotonic_time () - self->began;

  record_line (self->series->record, RECORD_WHOLE, "%s answers %d, %d, %s, revents %d %d", what, (int) code, n,
               took < timeout_ms * 800 ? "at once" : "in time", self->extra[0].revents, self->extra[1].revents);
}

static void
poke_poll (Poke *self, int timeout_ms)
{
  int n = -1;
  CURLMcode code;

  self->began = g_get_monotonic_time ();
  code = curl_multi_poll (self->series->multi, self->n_extra > 0 ? self->extra : NULL, self->n_extra, timeout_ms, &n);
  note_wait (self, "poll", code, n, timeout_ms);
}

static void
poke_wait (Poke *self, int timeout_ms)
{
  int n = -1;
  CURLMcode code;

  self->began = g_get_monotonic_time ();
  code = curl_multi_wait (self->series->multi, self->n_extra > 0 ? self->extra : NULL, self->n_extra, timeout_ms, &n);
  note_wait (self, "wait", code, n, timeout_ms);
}

static void
wake (Poke *self)
{
  record_line (self->series->record, RECORD_WHOLE, "wakeup answers %d", (int) curl_multi_wakeup (self->series->multi));
}

static gpointer
wake_later (gpointer multi)
{
  g_usleep (3000);
  curl_multi_wakeup (multi);
  return NULL;
}

static void
poke_from_thread (Poke *self)
{
  GThread *thread = g_thread_new ("wakeup", wake_later, self->series->multi);

  poke_poll (self, LONG_MS);
  g_thread_join (thread);
}

/* Descriptors of the application's own beside those of the transfers. */
static void
poke_extra (Poke *self, guint which)
{
  int fds[2];

  if (pipe (fds) != 0)
    return;
  self->n_extra = 1 + which % 2;
  self->extra[0] = (struct curl_waitfd) { .fd = fds[0], .events = CURL_WAIT_POLLIN, .revents = 77 };
  self->extra[1] = (struct curl_waitfd) { .fd = fds[1], .events = CURL_WAIT_POLLOUT, .revents = 77 };
  if (which % 4 > 1 && write (fds[1], "x", 1) != 1)
    g_debug ("a pipe without room");
  if (which % 8 > 3)
    poke_poll (self, SHORT_MS);
  else
    poke_wait (self, SHORT_MS);
  close (fds[0]);
  close (fds[1]);
}

static void
poke_wakeup (Poke *self, guint which)
{
  int running = 0;

  wake (self);
  switch (which)
    {
    case 0:
      poke_poll (self, LONG_MS);
      break;
    case 1:
      wake (self);
      poke_poll (self, LONG_MS);
      poke_poll (self, SHORT_MS);
      break;
    case 2:
      poke_wait (self, SHORT_MS);
      poke_poll (self, LONG_MS);
      break;
    default:
      curl_multi_perform (self->series->multi, &running);
      poke_poll (self, LONG_MS);
      poke_poll (self, 0);
      break;
    }
}

void
series_poke (Series *series)
{
  Poke self = { .series = series };
  guint64 counter = 70000 + 10 * series->round;
  guint64 seed = series->plan->seed;

  if (plan_choose (seed, counter, 6) != 0)
    return;
  switch (plan_choose (seed, counter + 1, 4))
    {
    case 0:
      poke_wakeup (&self, plan_choose (seed, counter + 2, 4));
      break;
    case 1:
      poke_from_thread (&self);
      break;
    case 2:
      poke_extra (&self, plan_choose (seed, counter + 2, 8));
      break;
    default:
      self.began = g_get_monotonic_time ();
      note_wait (&self, "poll of less than nothing", curl_multi_poll (series->multi, NULL, 0, -1, NULL), 0, LONG_MS);
      note_wait (&self, "wait of less than nothing", curl_multi_wait (series->multi, NULL, 0, -1, NULL), 0, LONG_MS);
      poke_poll (&self, 0);
      break;
    }
}
