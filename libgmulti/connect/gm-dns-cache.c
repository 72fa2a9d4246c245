/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-dns-cache.h"

/* One answer, or one override; the same struct because both are a list under a name. */
typedef struct
{
  char *key; /* (owned) */
  GmAddresses *addresses; /* (owned) */
  gint64 at; /* µs of the clock of whoever put it in; 0 = good for ever */
  gint64 life; /* µs from then on; of answers */
  GList link; /* in the order of coming in */
} Entry;

struct _GmDnsCache
{
  gatomicrefcount refs;
  guint serial;
  GMutex lock;
  GHashTable *answers; /* (element-type utf8 Entry): "4host" or "6host" */
  GHashTable *overrides; /* (element-type utf8 Entry): "host:port" */
  GQueue by_age; /* of the answers */
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  gm_addresses_unref (self->addresses);
  g_free (self->key);
  g_free (self);
}

GmDnsCache *
gm_dns_cache_new (void)
{
  static gint n_made;
  GmDnsCache *self = g_new0 (GmDnsCache, 1);

  g_atomic_ref_count_init (&self->refs);
  self->serial = (guint) g_atomic_int_add (&n_made, 1) + 1;
  g_mutex_init (&self->lock);
  self->answers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  self->overrides = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);

  return self;
}

guint
gm_dns_cache_get_serial (GmDnsCache *self)
{
  return self->serial;
}

GmDnsCache *
gm_dns_cache_ref (GmDnsCache *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_dns_cache_unref (GmDnsCache *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->answers);
  g_hash_table_unref (self->overrides);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static char *
answer_key (const char *host,
            int family)
{
  return g_strconcat (family == AF_INET6 ? "6" : "4", host, NULL);
}

static char *
override_key (const char *host,
              guint16 port)
{
  return g_strdup_printf ("%s:%u", host, port);
}

/* Under the lock. */
static void
drop_answer (GmDnsCache *self,
             Entry *entry)
{
  g_queue_unlink (&self->by_age, &entry->link);
  g_hash_table_remove (self->answers, entry->key);
}

void
gm_dns_cache_clear (GmDnsCache *self)
{
  g_mutex_lock (&self->lock);
  while (self->by_age.head != NULL)
    drop_answer (self, self->by_age.head->data);
  g_mutex_unlock (&self->lock);
}

GmAddresses *
gm_dns_cache_get (GmDnsCache *self,
                  const char *host,
                  int family,
                  gint64 now,
                  gint64 max_age)
{
  g_autofree char *key = answer_key (host, family);
  GmAddresses *addresses = NULL;
  Entry *entry;

  g_mutex_lock (&self->lock);
  entry = g_hash_table_lookup (self->answers, key);
  /* Who asks says how old an answer may be; another one may be content with it for longer. */
  if (entry != NULL && (max_age < 0 || now - entry->at < MIN (max_age, entry->life)))
    addresses = gm_addresses_ref (entry->addresses);
  g_mutex_unlock (&self->lock);

  return addresses;
}

void
gm_dns_cache_put (GmDnsCache *self,
                  const char *host,
                  int family,
                  GmAddresses *addresses,
                  gint64 now)
{
  gm_dns_cache_put_for (self, host, family, addresses, now, G_MAXINT64);
}

void
gm_dns_cache_put_for (GmDnsCache *self,
                      const char *host,
                      int family,
                      GmAddresses *addresses,
                      gint64 now,
                      gint64 life)
{
  Entry *entry = g_new0 (Entry, 1);
  Entry *before;

  entry->key = answer_key (host, family);
  entry->addresses = gm_addresses_ref (addresses);
  entry->at = now;
  entry->life = life;
  entry->link.data = entry;

  g_mutex_lock (&self->lock);
  before = g_hash_table_lookup (self->answers, entry->key);
  if (before != NULL)
    drop_answer (self, before);
  else if (self->by_age.length >= GM_DNS_CACHE_MAX)
    drop_answer (self, self->by_age.head->data);
  g_queue_push_tail_link (&self->by_age, &entry->link);
  g_hash_table_insert (self->answers, entry->key, entry);
  g_mutex_unlock (&self->lock);
}

GmAddresses *
gm_dns_cache_get_override (GmDnsCache *self,
                           const char *host,
                           guint16 port,
                           gint64 now,
                           gint64 max_age)
{
  GmAddresses *addresses = NULL;

  g_mutex_lock (&self->lock);
  if (g_hash_table_size (self->overrides) > 0)
    {
      g_autofree char *key = override_key (host, port);
      g_autofree char *any = override_key ("*", port);
      Entry *entry = g_hash_table_lookup (self->overrides, key);

      if (entry == NULL)
        entry = g_hash_table_lookup (self->overrides, any);
      if (entry != NULL && entry->at != 0 && max_age >= 0 && now - entry->at >= max_age)
        g_hash_table_remove (self->overrides, entry->key);
      else if (entry != NULL)
        addresses = gm_addresses_ref (entry->addresses);
    }
  g_mutex_unlock (&self->lock);

  return addresses;
}

void
gm_dns_cache_put_override (GmDnsCache *self,
                           const char *host,
                           guint16 port,
                           GmAddresses *addresses,
                           gint64 at)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->key = override_key (host, port);
  entry->addresses = gm_addresses_ref (addresses);
  entry->at = at;

  g_mutex_lock (&self->lock);
  g_hash_table_replace (self->overrides, entry->key, entry);
  g_mutex_unlock (&self->lock);
}

void
gm_dns_cache_remove (GmDnsCache *self,
                     const char *host,
                     guint16 port)
{
  static const int families[] = { AF_INET, AF_INET6 };
  g_autofree char *key = override_key (host, port);

  g_mutex_lock (&self->lock);
  g_hash_table_remove (self->overrides, key);
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *name = answer_key (host, families[i]);
      Entry *entry = g_hash_table_lookup (self->answers, name);

      if (entry != NULL)
        drop_answer (self, entry);
    }
  g_mutex_unlock (&self->lock);
}
