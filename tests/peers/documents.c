/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "documents.h"

#include <ftw.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

/* ---- folders ---- */

static char *
public_folder (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("gmulti-documents-XXXXXX", &error);

  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (folder, 0755), ==, 0);
  return folder;
}

static int
remove_one (const char *path,
            const struct stat *status,
            int type,
            struct FTW *where)
{
  return remove (path);
}

static void
remove_folder (const char *folder)
{
  nftw (folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- documents ---- */

/* Real ones, but none that would take long. */
#define LARGEST (256 * 1024)

static const char *const sources[] = { "/usr/share/doc", "/usr/share/man", "/usr/share/info", "/usr/share/gtk-doc",
                                       "/usr/share/perl", "/usr/include" };

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

static GPtrArray *
names_in (const char *folder)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (names, compare_names);

  return names;
}

static void
add_document (Documents *self,
              const char *name,
              const char *bytes,
              gsize size)
{
  guint index = self->paths->len;
  g_autofree char *folder = g_strdup_printf ("%s/%02u", self->folder, index / 100);
  g_autofree char *path = g_strdup_printf ("%02u/%04u-%s", index / 100, index, name);
  g_autofree char *full = g_build_filename (self->folder, path, NULL);
  g_autoptr (GError) error = NULL;

  g_mkdir (folder, 0755);
  g_file_set_contents_full (full, bytes, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
  g_chmod (full, 0644);
  self->n_bytes += size;
  g_ptr_array_add (self->paths, g_steal_pointer (&path));
}

/* In the order of their names, folders as they come; links are not followed. */
static void
collect (Documents *self,
         const char *folder,
         guint n)
{
  g_autoptr (GPtrArray) names = names_in (folder);

  for (guint i = 0; i < names->len && self->paths->len < n; i++)
    {
      const char *path = names->pdata[i];
      GStatBuf status;
      g_autofree char *bytes = NULL;
      g_autofree char *name = g_path_get_basename (path);
      gsize size;

      if (g_lstat (path, &status) != 0)
        continue;
      if (S_ISDIR (status.st_mode))
        collect (self, path, n);
      else if (S_ISREG (status.st_mode) && status.st_size <= LARGEST && strlen (name) < 200 &&
               g_file_get_contents (path, &bytes, &size, NULL))
        add_document (self, name, bytes, size);
    }
}

Documents *
documents_new (guint n)
{
  Documents *self = g_new0 (Documents, 1);
  g_autoptr (GRand) rand = g_rand_new_with_seed (3000);

  self->folder = public_folder ();
  self->paths = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++)
    collect (self, sources[i], n);
  self->n_real = self->paths->len;
  while (self->paths->len < n)
    {
      gsize size = (gsize) g_rand_int_range (rand, 0, 1 << g_rand_int_range (rand, 1, 17));
      g_autofree char *bytes = g_malloc (size + 1);

      for (gsize i = 0; i < size; i++)
        bytes[i] = (char) g_rand_int_range (rand, 0, 256);
      add_document (self, "generated text, 100%.bin", bytes, size);
    }

  return self;
}

void
documents_free (Documents *self)
{
  remove_folder (self->folder);
  g_free (self->folder);
  g_ptr_array_unref (self->paths);
  g_free (self);
}

const char *
documents_path (Documents *self,
                guint index)
{
  return self->paths->pdata[index];
}

GBytes *
documents_load (Documents *self,
                guint index)
{
  g_autofree char *path = g_build_filename (self->folder, self->paths->pdata[index], NULL);
  g_autoptr (GError) error = NULL;
  char *bytes = NULL;
  gsize size = 0;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (bytes, size);
}
