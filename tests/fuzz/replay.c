/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <stdlib.h>

/* Runs a fuzz target over the files of a folder, and over every beginning of each, without a fuzzer: what was once found
 * stays found with any compiler. */

int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize size);

/* Each cut in a block of its own length, so that reading too far is seen. Long ones are cut in steps. */
static void
replay (const char *bytes,
        gsize size)
{
  gsize step = 1 + size / 512;

  for (gsize len = size % step; len <= size; len += step)
    {
      guint8 *copy = malloc (len);

      if (len > 0)
        memcpy (copy, bytes, len);
      LLVMFuzzerTestOneInput (copy, len);
      free (copy);
    }
}

int
main (int argc,
      char *argv[])
{
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint n_files = 0;

  if (argc != 2)
    g_error ("usage: %s FOLDER", argv[0]);
  dir = g_dir_open (argv[1], 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (argv[1], name, NULL);
      g_autofree char *bytes = NULL;
      gsize size;

      if (!g_file_get_contents (path, &bytes, &size, NULL))
        continue;
      replay (bytes, size);
      n_files++;
    }
  g_print ("1..1\n%s 1 - %u inputs\n", n_files > 0 ? "ok" : "not ok", n_files);
  return n_files > 0 ? 0 : 1;
}
