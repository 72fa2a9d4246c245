/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-proxy-private.h"

#include "gm-trace.h"
#include "gmulti-core-private.h"
#include "gmulti-source-private.h"

#include <string.h>

/* A resolver may fetch and run a script for each answer: one for the same origin is kept that long, so that a change of
 * the network is noticed after it. */
#define KEPT_US (30 * G_USEC_PER_SEC)
/* Origins that are remembered; beyond them everything is forgotten and begins anew. */
#define KEPT_MAX 256

/* The first for an origin asks, and those that come meanwhile wait with it: all are answered in the order in which they
 * came, whatever the order is in which a resolver with many threads would have answered them. */
typedef struct
{
  GPtrArray *lookups; /* (owned) (element-type Lookup) */
  char *origin; /* (owned) */
} Flight;

typedef struct
{
  char **list; /* (owned) (nullable) */
  gint64 until;
  Flight *flight; /* (unowned) (nullable): while it is not known yet */
} Kept;

/* Counted: by the source until it was dispatched or taken away, and by the resolver while it is at it. */
typedef struct
{
  GmErrand *errand; /* (owned) */
  GProxyResolver *resolver; /* (owned) */
  GmQuestionData *data; /* (owned) */
  guint64 serial;
} Lookup;

static void
lookup_clear (gpointer lookup)
{
  Lookup *self = lookup;

  gm_core_count_lookups (self->errand->core, -1);
  gm_errand_unref (self->errand);
  g_object_unref (self->resolver);
  gm_question_data_unref (self->data);
}

static void
lookup_unref (gpointer lookup)
{
  g_rc_box_release_full (lookup, lookup_clear);
}

gboolean
gm_proxy_lookup_is_needed (GProxyResolver *resolver)
{
  /* GSimpleProxyResolver does not say whether it is supported; asking it would crash. */
  if (G_PROXY_RESOLVER_GET_IFACE (resolver)->is_supported == NULL)
    return TRUE;

  return g_strcmp0 (G_OBJECT_TYPE_NAME (resolver), "GDummyProxyResolver") != 0 && g_proxy_resolver_is_supported (resolver);
}

/* ---- what is known already ---- */

static void
kept_free (gpointer data)
{
  Kept *self = data;

  g_strfreev (self->list);
  g_free (self);
}

GHashTable *
gm_proxy_lookup_new_memory (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, kept_free);
}

static char *
make_origin (const char *uri)
{
  const char *host = strstr (uri, "://");
  gsize len = host != NULL ? (gsize) (host + 3 - uri) + strcspn (host + 3, "/?") : strlen (uri);

  return g_strndup (uri, len);
}

/* Only what the session's resolver says is remembered. */
static GHashTable *
get_memory (Lookup *self)
{
  return self->resolver == gm_core_get_proxy_resolver (self->errand->core)
           ? gm_core_get_proxy_memory (self->errand->core)
           : NULL;
}

static void
remember (Lookup *self,
          char **list)
{
  GHashTable *memory = get_memory (self);
  Kept *kept;

  if (memory == NULL)
    return;
  if (g_hash_table_size (memory) >= KEPT_MAX)
    g_hash_table_remove_all (memory);

  kept = g_new (Kept, 1);
  *kept = (Kept){ g_strdupv (list), g_get_monotonic_time () + KEPT_US, NULL };
  g_hash_table_replace (memory, make_origin (self->data->text), kept);
}

static char **
recall (Lookup *self)
{
  GHashTable *memory = get_memory (self);
  g_autofree char *origin = NULL;
  const Kept *kept;

  if (memory == NULL)
    return NULL;
  origin = make_origin (self->data->text);
  kept = g_hash_table_lookup (memory, origin);

  return kept != NULL && kept->list != NULL && kept->until > g_get_monotonic_time () ? g_strdupv (kept->list) : NULL;
}

gboolean
gm_proxy_lookup_is_direct (GHashTable *memory,
                           const GmUrl *url,
                           gint64 now,
                           gint64 *until)
{
  g_autofree char *text = gm_url_dup_log_text (url);
  g_autofree char *origin = make_origin (text);
  const Kept *kept = g_hash_table_lookup (memory, origin);

  if (kept == NULL || kept->list == NULL || kept->until <= now || g_strcmp0 (kept->list[0], "direct://") != 0)
    return FALSE;

  *until = kept->until;
  return TRUE;
}

/* ---- asking ---- */

/* Takes @list and @error. Who cannot say which proxy to use has declined. */
static void
answer (Lookup *self,
        char **list,
        GError *error)
{
  if (list != NULL)
    {
      gm_errand_answer (self->errand, self->serial, GM_REPLY_ACCEPT,
                        gm_answer_data_new (NULL, NULL, (const char *const *) list));
    }
  else
    {
      GM_TRACE (PROXY, 0, 0, "no proxies for %s: %s", self->data->text, error != NULL ? error->message : "?");
      gm_errand_answer (self->errand, self->serial, GM_REPLY_DECLINE, NULL);
    }
  g_strfreev (list);
  g_clear_error (&error);
}

/* The one that asks about the same at this time; else @self begins one, NULL if nobody is to wait with it. */
static Flight *
find_flight (Lookup *self,
             gboolean *is_new)
{
  GHashTable *memory = get_memory (self);
  g_autofree char *origin = make_origin (self->data->text);
  const Kept *known = memory != NULL ? g_hash_table_lookup (memory, origin) : NULL;
  Flight *flight = known != NULL ? known->flight : NULL;
  Kept *kept;

  *is_new = flight == NULL;
  if (flight != NULL)
    return flight;

  flight = g_new (Flight, 1);
  *flight = (Flight){ g_ptr_array_new_with_free_func (lookup_unref), g_steal_pointer (&origin) };
  if (memory == NULL)
    return flight;
  if (g_hash_table_size (memory) >= KEPT_MAX)
    g_hash_table_remove_all (memory);
  kept = g_new (Kept, 1);
  *kept = (Kept){ NULL, 0, flight };
  g_hash_table_replace (memory, g_strdup (flight->origin), kept);
  return flight;
}

static void
end_flight (Flight *self,
            char **list)
{
  Lookup *first = self->lookups->pdata[0];
  GHashTable *memory = get_memory (first);
  const Kept *known = memory != NULL ? g_hash_table_lookup (memory, self->origin) : NULL;

  if (known != NULL && known->flight == self)
    g_hash_table_remove (memory, self->origin);
  if (list != NULL)
    remember (first, list);
}

static void
looked_up_cb (GObject *source,
              GAsyncResult *result,
              gpointer user_data)
{
  Flight *flight = user_data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) list = g_proxy_resolver_lookup_finish (G_PROXY_RESOLVER (source), result, &error);

  end_flight (flight, list);
  for (guint i = 0; i < flight->lookups->len; i++)
    answer (flight->lookups->pdata[i], g_strdupv (list), error != NULL ? g_error_copy (error) : NULL);
  g_ptr_array_unref (flight->lookups);
  g_free (flight->origin);
  g_free (flight);
}

/* The resolver may be the application's: it is not called while the engine is at work. */
static gboolean
start_cb (gpointer user_data)
{
  Lookup *self = user_data;
  GMainContext *context = g_source_get_context (g_main_current_source ());
  char **list = recall (self);
  gboolean is_new;
  Flight *flight;

  g_clear_pointer (&self->errand->asking, g_source_unref);
  if (list != NULL)
    {
      answer (self, list, NULL);
      return G_SOURCE_REMOVE;
    }

  flight = find_flight (self, &is_new);
  g_ptr_array_add (flight->lookups, g_rc_box_acquire (self));
  if (!is_new)
    return G_SOURCE_REMOVE;
  g_main_context_push_thread_default (context);
  g_proxy_resolver_lookup_async (self->resolver, self->data->text, NULL, looked_up_cb, flight);
  g_main_context_pop_thread_default (context);
  return G_SOURCE_REMOVE;
}

void
gm_proxy_lookup_begin (GmErrand *errand,
                       int priority,
                       const GmQuestion *question,
                       gboolean at_once)
{
  Lookup *self = g_rc_box_new (Lookup);
  GSource *source;
  GError *error = NULL;
  char **list;

  *self = (Lookup){
    .errand = gm_errand_ref (errand),
    .resolver = g_object_ref (errand->resolver != NULL ? errand->resolver : gm_core_get_proxy_resolver (errand->core)),
    .data = gm_question_data_ref (question->data),
    .serial = question->serial,
  };
  /* who asked before has not been answered: what is known is known to both, and they are answered first */
  list = gm_core_count_lookups (errand->core, 1) == 1 || at_once ? recall (self) : NULL;
  if (list == NULL && at_once)
    {
      list = g_proxy_resolver_lookup (self->resolver, self->data->text, NULL, &error);
      if (list != NULL)
        remember (self, list);
    }
  if (list != NULL || at_once)
    {
      answer (self, list, error);
      lookup_unref (self);
      return;
    }

  source = g_idle_source_new ();
  g_source_set_static_name (source, "[gmulti] ask for proxies");
  /* not the session's, which what is always ready would keep from its turn for ever: there is no minimum share here */
  g_source_set_priority (source, MIN (priority, G_PRIORITY_DEFAULT));
  g_source_set_callback (source, start_cb, self, lookup_unref);
  g_source_attach (source, gm_core_get_context (errand->core));
  errand->asking = source;
}

void
gm_proxy_lookup_forget (GmErrand *errand)
{
  if (errand->asking == NULL)
    return;

  gm_source_end (errand->asking);
  g_clear_pointer (&errand->asking, g_source_unref);
}
