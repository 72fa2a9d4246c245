/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the series of the seeds from the first argument to the second and prints what happened. Compiled twice, against
 * the system's libcurl and against the C face; tests/differential/run compares. */
#include "series.h"

#include <stdio.h>

int
main (int argc, char **argv)
{
  guint64 seed, last;

  if (argc != 3)
    {
      fprintf (stderr, "Usage: %s FIRST LAST\n", argv[0]);
      return 2;
    }
  seed = g_ascii_strtoull (argv[1], NULL, 10);
  last = g_ascii_strtoull (argv[2], NULL, 10);
  curl_global_init (CURL_GLOBAL_DEFAULT);
  for (; seed <= last; seed++)
    series_play (seed);
  curl_global_cleanup ();
  return 0;
}
