/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Where the engine gets its time from: monotonic microseconds for everything that is measured or limited, wall-clock
 * seconds for dates alone. Monotonic time stands still while the machine sleeps, so that no time limit passes then. Read
 * once per turn and passed down; tests put a virtual clock in its place. */
typedef struct
{
  gint64 (*monotonic) (gpointer user_data); /* µs */
  gint64 (*wall) (gpointer user_data); /* seconds since 1970 */
  gpointer user_data;
  gint64 (*asleep) (gpointer user_data); /* (nullable): µs, how far the machine's sleep has taken it behind; only the
                                           * difference of two answers means something */
} GmClock;

extern const GmClock gm_clock_system;

static inline gint64
gm_clock_now (const GmClock *clock)
{
  return clock->monotonic (clock->user_data);
}

/* The time that is @us (not negative) after @time; what would be later than all time is at its end. */
static inline gint64
gm_clock_after (gint64 time,
                gint64 us)
{
  return time <= G_MAXINT64 - us ? time + us : G_MAXINT64;
}

/* -1 if it cannot tell. */
static inline gint64
gm_clock_asleep (const GmClock *clock)
{
  return clock->asleep != NULL ? clock->asleep (clock->user_data) : -1;
}

static inline gint64
gm_clock_wall (const GmClock *clock)
{
  return clock->wall (clock->user_data);
}
