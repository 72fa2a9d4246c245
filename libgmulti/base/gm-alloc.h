/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* g_new0() for what comes and goes with each request: glibc's calloc() leaves its per-thread cache aside, malloc() does
 * not, and clearing a few hundred bytes costs less than the difference. */
#define gm_new0(type) ((type *) memset (g_malloc (sizeof (type)), 0, sizeof (type)))

/* g_atomic_ref_count_inc() and _dec() in place: blocks of settings are shared and let go of several times for each
 * request. */
static inline void
gm_ref_count_inc (gatomicrefcount *count)
{
  g_atomic_int_inc (count);
}

/* A copy of a shared block that begins with its count, with a count of one. The block's own count is not looked at:
 * others change it meanwhile. */
static inline gpointer
gm_counted_copy (gconstpointer block,
                 gsize size)
{
  char *copy = g_malloc (size);

  memcpy (copy + sizeof (gatomicrefcount), (const char *) block + sizeof (gatomicrefcount),
          size - sizeof (gatomicrefcount));
  g_atomic_ref_count_init ((gatomicrefcount *) (gpointer) copy);
  return copy;
}

/* TRUE: that was the last. */
static inline gboolean
gm_ref_count_dec (gatomicrefcount *count)
{
  return g_atomic_int_dec_and_test (count);
}
