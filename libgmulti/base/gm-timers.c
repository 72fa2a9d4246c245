/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-timers.h"

static void
place (GmTimers *self,
       GmTimer *timer,
       guint i)
{
  self->heap[i] = timer;
  timer->index = i + 1;
}

static void
sift_up (GmTimers *self,
         GmTimer *timer,
         guint i)
{
  while (i > 0)
    {
      guint parent = (i - 1) / 2;

      if (self->heap[parent]->key <= timer->key)
        break;
      place (self, self->heap[parent], i);
      i = parent;
    }
  place (self, timer, i);
}

static void
sift_down (GmTimers *self,
           GmTimer *timer,
           guint i)
{
  for (;;)
    {
      guint child = 2 * i + 1;

      if (child >= self->n)
        break;
      if (child + 1 < self->n && self->heap[child + 1]->key < self->heap[child]->key)
        child++;
      if (timer->key <= self->heap[child]->key)
        break;
      place (self, self->heap[child], i);
      i = child;
    }
  place (self, timer, i);
}

static void
take_out (GmTimers *self,
          GmTimer *timer)
{
  guint i = timer->index - 1;
  GmTimer *last = self->heap[--self->n];

  timer->index = 0;
  if (last == timer)
    return;

  if (i > 0 && self->heap[(i - 1) / 2]->key > last->key)
    sift_up (self, last, i);
  else
    sift_down (self, last, i);
}

void
gm_timers_clear (GmTimers *self)
{
  for (guint i = 0; i < self->n; i++)
    {
      self->heap[i]->index = 0;
      self->heap[i]->due = 0;
    }
  g_clear_pointer (&self->heap, g_free);
  self->n = self->size = 0;
}

void
gm_timers_set (GmTimers *self,
               GmTimer *timer,
               gint64 due)
{
  timer->due = MAX (due, 1);

  if (timer->index != 0)
    {
      if (timer->due < timer->key)
        {
          timer->key = timer->due;
          sift_up (self, timer, timer->index - 1);
        }
      return;
    }

  if (self->n == self->size)
    {
      self->size = MAX (16, self->size * 2);
      self->heap = g_renew (GmTimer *, self->heap, self->size);
    }
  timer->key = timer->due;
  self->n++;
  sift_up (self, timer, self->n - 1);
}

void
gm_timers_unset (GmTimers *self,
                 GmTimer *timer)
{
  timer->due = 0;
  if (timer->index != 0)
    take_out (self, timer);
}

gint64
gm_timers_next (GmTimers *self)
{
  return self->n > 0 ? self->heap[0]->key : -1;
}

guint
gm_timers_expire (GmTimers *self,
                  gint64 now)
{
  guint fired = 0;
  /* A timer that is set to a past time from its own callback has to wait for the next turn. */
  guint most = self->n;

  while (self->n > 0 && self->heap[0]->key <= now)
    {
      GmTimer *timer = self->heap[0];

      if (timer->due != timer->key)
        {
          timer->key = timer->due;
          sift_down (self, timer, 0);
          continue;
        }
      if (fired == most)
        break;
      take_out (self, timer);
      timer->due = 0;
      fired++;
      timer->fire (timer, now);
    }

  return fired;
}
