/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leaks.h"
#include "pairs.h"

#include <string.h>

/* Every public function is called from every signal handler (pairs.h), in every way it can be called: nothing is said that
 * is not documented, everything ends, once, and nothing is left. */

/* What a function says when it is asked for what its documentation forbids. */
static const struct
{
  const char *method; /* a pattern */
  const char *message; /* it begins so */
} documented[] = {
  { "Transfer.set_*", "A transfer that is under way cannot be changed" },
  { "Download.set_*", "A transfer that is under way cannot be changed" },
  { "Session.start", "A transfer that is under way cannot be started again" },
  { "Group.add", "The transfer of " },
  { "Headers.remove", "gmulti_headers_remove: assertion '!gm_face_headers_is_frozen (self)' failed" },
};

static const PairsMethod *current;
static guint n_said; /* and it was documented */

static void
log_cb (const char *domain,
        GLogLevelFlags level,
        const char *message,
        gpointer user_data)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) == 0)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (documented); i++)
    if (current != NULL && g_pattern_match_simple (documented[i].method, current->name)
        && g_str_has_prefix (message, documented[i].message))
      {
        n_said++;
        return;
      }

  g_printerr ("during %s: %s\n", current != NULL ? current->name : "nothing", message);
  abort ();
}

static GLogWriterOutput
log_writer (GLogLevelFlags level,
            const GLogField *fields,
            gsize n_fields,
            gpointer user_data)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      log_cb (NULL, level, fields[i].value, NULL);

  return G_LOG_WRITER_HANDLED;
}

/* The table says what the types know. */
static void
test_tables (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < pairs_n_signals; i++)
    {
      GTypeClass *class = g_type_class_ref (pairs_signals[i].get_type ());

      g_hash_table_add (names, g_strdup_printf ("%s::%s", g_type_name (pairs_signals[i].get_type ()), pairs_signals[i].name));
      if (strchr (pairs_signals[i].name, '/') == NULL)
        g_assert_true (g_signal_parse_name (pairs_signals[i].name, pairs_signals[i].get_type (), &(guint){ 0 },
                                            &(GQuark){ 0 }, TRUE));
      g_type_class_unref (class);
    }
  for (guint i = 0; i < pairs_n_signals; i++)
    for (GType type = pairs_signals[i].get_type (); type != G_TYPE_OBJECT; type = g_type_parent (type))
      {
        guint n_ids;
        g_autofree guint *ids = g_signal_list_ids (type, &n_ids);

        for (guint j = 0; j < n_ids; j++)
          {
            g_autofree char *name = g_strdup_printf ("%s::%s", g_type_name (pairs_signals[i].get_type ()),
                                                     g_signal_name (ids[j]));

            g_assert_true (g_hash_table_contains (names, name));
          }
      }
}

static guint
count (const guint8 *flags)
{
  guint n = 0;

  for (guint i = 0; i < pairs_n_signals; i++)
    n += flags[i] ? 1 : 0;
  return n;
}

/* One function in one way, until it was called in all handlers. */
static guint
run_method (const PairsMethod *method,
            guint way,
            const guint8 *natural)
{
  g_autofree guint8 *left = g_malloc (pairs_n_signals);
  g_autofree guint8 *seen = g_memdup2 (natural, pairs_n_signals);
  guint n_idle = 0, n_scenes = 0;

  current = method;
  memset (left, TRUE, pairs_n_signals);
  while (count (left) > 0 && n_idle < 3)
    {
      n_scenes++;
      if (pairs_play (method, way, left, seen, TRUE) > 0)
        continue;
      /* one that depends on time may not come this time */
      n_idle++;
      memcpy (seen, natural, pairs_n_signals);
      for (guint i = 0; i < pairs_n_signals; i++)
        seen[i] = seen[i] && (!left[i] || n_idle < 2);
    }

  for (guint i = 0; i < pairs_n_signals; i++)
    if (left[i])
      g_error ("%s was not called in %s::%s", method->name, pairs_signals[i].class_name, pairs_signals[i].name);
  return n_scenes;
}

static void
test_pairs (gconstpointer data)
{
  g_autofree guint8 *natural = g_malloc0 (pairs_n_signals);
  g_autofree guint8 *none = g_malloc0 (pairs_n_signals);
  guint n_descriptors = leaks_begin (), n_scenes = 0, n_calls = 0;
  char *folder = face_folder_new ();

  pairs_begin (folder);
  pairs_play (NULL, PAIRS_WAY_NEW, none, natural, FALSE);
  for (guint i = 0; i < pairs_n_methods; i++)
    for (guint way = 0; way < PAIRS_N_WAYS; way++)
      if (pairs_methods[i].ways & 1u << way)
        {
          gint64 begin = g_get_monotonic_time ();
          guint n = run_method (&pairs_methods[i], way, natural);

          n_scenes += n;
          n_calls += pairs_n_signals;
          if (n > 4)
            g_test_message ("%s, way %u: %u scenes, %" G_GINT64_FORMAT " ms", pairs_methods[i].name, way, n,
                            (g_get_monotonic_time () - begin) / 1000);
        }
  current = NULL;
  pairs_end ();
  face_folder_free (folder);
  leaks_assert_none (n_descriptors);

  g_test_message ("%u functions in %u signals' handlers: %u pairs; %u calls in %u scenes; %u signals of their own accord; "
                  "%u documented complaints", pairs_n_methods, pairs_n_signals, pairs_n_methods * pairs_n_signals, n_calls,
                  n_scenes, count (natural), n_said);
  for (guint i = 0; i < pairs_n_signals; i++)
    if (!natural[i])
      g_test_message ("emitted by force: %s::%s", pairs_signals[i].class_name, pairs_signals[i].name);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* what transfers demand has these made, and with them descriptors and threads of GIO's that stay */
  g_network_monitor_get_default ();
  g_object_unref (g_power_profile_monitor_dup_default ());
  /* what is logged is judged here */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
  g_log_set_default_handler (log_cb, NULL);
  g_log_set_writer_func (log_writer, NULL, NULL);
  g_test_add_func ("/pairs/tables", test_tables);
  g_test_add_data_func ("/pairs/all", NULL, test_pairs);

  return g_test_run ();
}
