/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ticket-cache.h"

typedef struct
{
  char *name; /* (owned) */
  const GmTlsSettings *settings; /* (owned) (nullable) */
  GQueue tickets; /* (element-type GBytes): newest first */
  GList link; /* in the cache's line */
  guint16 port;
} Peer;

struct _GmTicketCache
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *peers; /* Peer → itself */
  GQueue line; /* of Peer: last used first */
};

static guint
peer_hash (gconstpointer data)
{
  const Peer *peer = data;

  return g_str_hash (peer->name) * 33 + peer->port;
}

static gboolean
peer_equal (gconstpointer a,
            gconstpointer b)
{
  const Peer *x = a, *y = b;

  return x->port == y->port && g_str_equal (x->name, y->name) && gm_tls_settings_equal (x->settings, y->settings);
}

static void
peer_free (gpointer data)
{
  Peer *peer = data;

  g_queue_clear_full (&peer->tickets, (GDestroyNotify) g_bytes_unref);
  gm_tls_settings_unref (peer->settings);
  g_free (peer->name);
  g_free (peer);
}

GmTicketCache *
gm_ticket_cache_new (void)
{
  GmTicketCache *self = g_new0 (GmTicketCache, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->peers = g_hash_table_new_full (peer_hash, peer_equal, peer_free, NULL);

  return self;
}

GmTicketCache *
gm_ticket_cache_ref (GmTicketCache *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_ticket_cache_unref (GmTicketCache *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_hash_table_unref (self->peers);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* Under the lock. */
static Peer *
find (GmTicketCache *self,
      const char *name,
      guint16 port,
      const GmTlsSettings *settings)
{
  Peer like = { .name = (char *) name, .settings = settings, .port = port };

  return g_hash_table_lookup (self->peers, &like);
}

static void
drop (GmTicketCache *self,
      Peer *peer)
{
  g_queue_unlink (&self->line, &peer->link);
  g_hash_table_remove (self->peers, peer);
}

void
gm_ticket_cache_add (GmTicketCache *self,
                     const char *name,
                     guint16 port,
                     const GmTlsSettings *settings,
                     gconstpointer data,
                     gsize len)
{
  Peer *peer;

  if (len == 0 || len > GM_TICKET_MAX_BYTES)
    return;

  g_mutex_lock (&self->lock);
  peer = find (self, name, port, settings);
  if (peer != NULL)
    g_queue_unlink (&self->line, &peer->link);
  else
    {
      peer = g_new0 (Peer, 1);
      peer->name = g_strdup (name);
      peer->port = port;
      peer->settings = gm_tls_settings_ref (settings);
      peer->link.data = peer;
      g_hash_table_add (self->peers, peer);
    }
  g_queue_push_head_link (&self->line, &peer->link);
  /* The session's secret is in it. */
  g_queue_push_head (&peer->tickets, gm_secret_bytes_new (data, len));
  if (peer->tickets.length > GM_TICKETS_PER_PEER)
    g_bytes_unref (g_queue_pop_tail (&peer->tickets));
  if (self->line.length > GM_TICKETS_MAX_PEERS)
    drop (self, self->line.tail->data);
  g_mutex_unlock (&self->lock);
}

GBytes *
gm_ticket_cache_take (GmTicketCache *self,
                      const char *name,
                      guint16 port,
                      const GmTlsSettings *settings)
{
  GBytes *ticket = NULL;
  Peer *peer;

  g_mutex_lock (&self->lock);
  peer = find (self, name, port, settings);
  if (peer != NULL)
    {
      ticket = g_queue_pop_head (&peer->tickets);
      if (peer->tickets.length == 0)
        drop (self, peer);
    }
  g_mutex_unlock (&self->lock);

  return ticket;
}

void
gm_ticket_cache_trim (GmTicketCache *self)
{
  g_mutex_lock (&self->lock);
  for (GList *link = self->line.head; link != NULL; link = link->next)
    {
      Peer *peer = link->data;

      while (peer->tickets.length > 1)
        g_bytes_unref (g_queue_pop_tail (&peer->tickets));
    }
  g_mutex_unlock (&self->lock);
}
