/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays the series of the seeds from the first argument to the second and prints what happened. Compiled twice, against
 * the system's libcurl and against the C face; tests/differential/run compares. */
#include "series.h"

#include <stdio.h>

/* For file: URLs. Several programs may do this at once; it has always the same content. */
static void
make_file (void)
{
  g_autoptr (GError) error = NULL;
  char bytes[PLAN_FILE_SIZE];

  for (guint i = 0; i < sizeof bytes; i++)
    bytes[i] = (char) plan_byte (i);
  if (!g_file_test (PLAN_FILE, G_FILE_TEST_EXISTS)
      && !g_file_set_contents (PLAN_FILE, bytes, sizeof bytes, &error))
    g_error ("%s", error->message);
  if (!g_file_test (PLAN_NETRC, G_FILE_TEST_EXISTS)
      && !g_file_set_contents (PLAN_NETRC, "machine one.test login netuser password netpass\n"
                               "machine 127.0.0.1 login local password word\ndefault login any password body\n", -1, &error))
    g_error ("%s", error->message);
}

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
  make_file ();
  curl_global_init (CURL_GLOBAL_DEFAULT);
  for (; seed <= last; seed++)
    series_play (seed);
  curl_global_cleanup ();
  return 0;
}
