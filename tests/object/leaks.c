/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leaks.h"

#include <unistd.h>

#define LIMIT_US (60 * G_USEC_PER_SEC)

static GMutex lock;
static GHashTable *alive; /* object → its type's name */

static void
gone_cb (gpointer data,
         GObject *object)
{
  g_mutex_lock (&lock);
  g_assert_true (g_hash_table_remove (alive, object));
  g_mutex_unlock (&lock);
}

gpointer
leaks_watch (gpointer object)
{
  g_mutex_lock (&lock);
  if (alive == NULL)
    alive = g_hash_table_new (NULL, NULL);
  g_assert_true (g_hash_table_insert (alive, object, (gpointer) G_OBJECT_TYPE_NAME (object)));
  g_mutex_unlock (&lock);
  g_object_weak_ref (object, gone_cb, NULL);

  return object;
}

guint
leaks_n_alive (void)
{
  guint n;

  g_mutex_lock (&lock);
  n = alive != NULL ? g_hash_table_size (alive) : 0;
  g_mutex_unlock (&lock);

  return n;
}

/* Those open now, one after another; @print tells what they are. */
static guint
look_at_descriptors (gboolean print)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);

      n++;
      if (print)
        g_test_message ("descriptor %s: %s", name, target);
    }

  return n;
}

guint
leaks_begin (void)
{
  g_autoptr (GFile) file = g_file_new_for_path ("/");

  /* what GLib makes once for the process: its own thread comes with the first task */
  g_main_context_default ();
  g_type_class_unref (g_type_class_ref (G_TYPE_TASK));
  /* and the machine's proxy resolver may want to hear of changes */
  g_strfreev (g_proxy_resolver_lookup (g_proxy_resolver_get_default (), "http://127.0.0.1/", NULL, NULL));

  return leaks_count_descriptors ();
}

guint
leaks_count_descriptors (void)
{
  return look_at_descriptors (FALSE);
}

static void
print_alive (void)
{
  GHashTableIter iter;
  gpointer object, name;

  g_mutex_lock (&lock);
  g_hash_table_iter_init (&iter, alive);
  while (g_hash_table_iter_next (&iter, &object, &name))
    g_test_message ("still alive: %s %p, %u references", (const char *) name, object, ((GObject *) object)->ref_count);
  g_mutex_unlock (&lock);
}

void
leaks_assert_none (guint n_descriptors)
{
  GMainContext *context = g_main_context_get_thread_default ();
  gint64 deadline = g_get_monotonic_time () + LIMIT_US;

  while (leaks_n_alive () > 0 || leaks_count_descriptors () > n_descriptors)
    {
      if (!g_main_context_iteration (context, FALSE))
        g_usleep (2000);
      if (g_get_monotonic_time () < deadline)
        continue;

      if (leaks_n_alive () > 0)
        print_alive ();
      look_at_descriptors (TRUE);
      g_error ("%u objects and %u descriptors are left, %u were expected", leaks_n_alive (), leaks_count_descriptors (),
               n_descriptors);
    }
}
