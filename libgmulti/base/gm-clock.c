/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-clock.h"

#include <time.h>

static gint64
system_monotonic (gpointer user_data)
{
  return g_get_monotonic_time ();
}

static gint64
system_wall (gpointer user_data)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* The kernel's boot time goes on while the machine sleeps. */
static gint64
system_asleep (gpointer user_data)
{
  struct timespec boot, monotonic;

  if (clock_gettime (CLOCK_MONOTONIC, &monotonic) != 0 || clock_gettime (CLOCK_BOOTTIME, &boot) != 0)
    return -1;

  return (boot.tv_sec - monotonic.tv_sec) * G_USEC_PER_SEC + (boot.tv_nsec - monotonic.tv_nsec) / 1000;
}

const GmClock gm_clock_system = { system_monotonic, system_wall, NULL, system_asleep };
