/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-clock.h"

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

const GmClock gm_clock_system = { system_monotonic, system_wall, NULL };
