/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How often this process was forked since the library was first used: a handle that remembers another number than this
 * one is from before the fork and may only be cleaned up, without a word to anybody. The first call installs the one
 * pthread_atfork() hook of the library, so whoever wants to compare later asks when it is made. */
guint gm_fork_generation (void);

extern gint gm_fork_count; /* atomic; read it by gm_fork_current() only */

/* The same for whoever called gm_fork_generation() before: asked at every turn, so it costs nothing. */
static inline guint
gm_fork_current (void)
{
  return (guint) g_atomic_int_get (&gm_fork_count);
}
