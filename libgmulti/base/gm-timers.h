/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Deadlines: one heap of intrusive timers, monotonic microseconds.
 *
 * Moving a timer to a later time is the common case (a low-speed clock moves at each byte) and costs nothing: the heap
 * keeps the old key, and a timer that comes up too early is put back. So gm_timers_next() may be earlier than the
 * earliest deadline, never later. */

typedef struct _GmTimer GmTimer;

struct _GmTimer
{
  gint64 due; /* when it is to fire; 0 = not set */
  gint64 key; /* its place in the heap, <= due while set */
  guint index; /* 1-based place in the heap; 0 = not in it */
  void (*fire) (GmTimer *timer, gint64 now); /* the timer is unset before the call; may set it again */
};

typedef struct
{
  GmTimer **heap; /* (owned) */
  guint n;
  guint size;
} GmTimers;

void   gm_timers_clear  (GmTimers *self);
void   gm_timers_set    (GmTimers *self,
                         GmTimer *timer,
                         gint64 due);
void   gm_timers_unset  (GmTimers *self,
                         GmTimer *timer);
/* The earliest key, or -1 when no timer is set. */
gint64 gm_timers_next   (GmTimers *self);
/* Fires everything due at @now, each timer at most once. Returns how many fired. */
guint  gm_timers_expire (GmTimers *self,
                         gint64 now);
