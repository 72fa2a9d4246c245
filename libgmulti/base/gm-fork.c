/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-fork.h"

#include <pthread.h>

gint gm_fork_count;

/* In the child, which has only the forking thread. */
static void
forked_cb (void)
{
  g_atomic_int_inc (&gm_fork_count);
}

guint
gm_fork_generation (void)
{
  static gsize installed;

  if (g_once_init_enter (&installed))
    {
      pthread_atfork (NULL, NULL, forked_cb);
      g_once_init_leave (&installed, 1);
    }

  return (guint) g_atomic_int_get (&gm_fork_count);
}
