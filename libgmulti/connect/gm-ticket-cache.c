/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-ticket-cache.h"

#include <gnutls/crypto.h>

#include <string.h>

typedef struct
{
  char *name; /* (owned) */
  const GmTlsSettings *settings; /* (owned) (nullable) */
  GQueue tickets; /* (element-type GmTicket): newest first */
  GList link; /* in the cache's line */
  guint16 port;
} Peer;

/* Of whom only a key is known, or not even that, until somebody comes who has it. */
typedef struct
{
  char *key; /* (owned) (nullable) */
  guint8 hash[GM_TICKET_HASH_LEN]; /* if there is no key */
  GQueue tickets; /* (element-type GmTicket): newest first */
  GList link; /* in the cache's line of strangers */
} Stranger;

struct _GmTicketCache
{
  gatomicrefcount refs;
  GMutex lock;
  GHashTable *peers; /* Peer → itself */
  GQueue line; /* of Peer: last used first */
  GQueue strangers; /* of Stranger: last come first */
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
ticket_free (gpointer data)
{
  gm_ticket_free (data);
}

static void
peer_free (gpointer data)
{
  Peer *peer = data;

  g_queue_clear_full (&peer->tickets, ticket_free);
  gm_tls_settings_unref (peer->settings);
  g_free (peer->name);
  g_free (peer);
}

/* Under the lock, like all with "self" that is below. */
static void
drop_stranger (GmTicketCache *self,
               Stranger *stranger)
{
  g_queue_unlink (&self->strangers, &stranger->link);
  g_queue_clear_full (&stranger->tickets, ticket_free);
  g_free (stranger->key);
  g_free (stranger);
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

  while (self->strangers.length > 0)
    drop_stranger (self, self->strangers.head->data);
  g_hash_table_unref (self->peers);
  g_mutex_clear (&self->lock);
  g_free (self);
}

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

/* It is the last used one from now on. */
static Peer *
need (GmTicketCache *self,
      const char *name,
      guint16 port,
      const GmTlsSettings *settings)
{
  Peer *peer = find (self, name, port, settings);

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
  if (self->line.length > GM_TICKETS_MAX_PEERS)
    drop (self, self->line.tail->data);

  return peer;
}

void
gm_ticket_cache_add (GmTicketCache *self,
                     const char *name,
                     guint16 port,
                     const GmTlsSettings *settings,
                     GmTicket *ticket)
{
  Peer *peer;

  if (ticket == NULL)
    return;

  g_mutex_lock (&self->lock);
  peer = need (self, name, port, settings);
  g_queue_push_head (&peer->tickets, ticket);
  if (peer->tickets.length > GM_TICKETS_PER_PEER)
    gm_ticket_free (g_queue_pop_tail (&peer->tickets));
  g_mutex_unlock (&self->lock);
}

/* ---- keys ---- */

/* The settings may mean another thing to another version of GnuTLS, and so may the session. NULL: not to be told. */
static char *
dup_key (const char *name,
         guint16 port,
         const GmTlsSettings *settings)
{
  g_autofree char *rest = gm_tls_settings_dup_key (settings);

  return rest != NULL ? g_strdup_printf ("%s:%u%s:GnuTLS-%s", name, port, rest, gnutls_check_version (NULL)) : NULL;
}

/* The second half of @hash, from its first. */
static void
put_hash (guint8 hash[GM_TICKET_HASH_LEN],
          const char *key)
{
  gnutls_hmac_fast (GNUTLS_MAC_SHA256, hash, GM_TICKET_SALT_LEN, key, strlen (key), hash + GM_TICKET_SALT_LEN);
}

static gboolean
key_has_hash (const char *key,
              const guint8 hash[GM_TICKET_HASH_LEN])
{
  guint8 own[GM_TICKET_HASH_LEN];

  memcpy (own, hash, GM_TICKET_SALT_LEN);
  put_hash (own, key);
  return memcmp (own, hash, GM_TICKET_HASH_LEN) == 0;
}

static gboolean
is_stranger (const Stranger *stranger,
             const char *key,
             const guint8 *hash)
{
  if (key != NULL && stranger->key != NULL)
    return g_str_equal (stranger->key, key);
  if (key != NULL)
    return key_has_hash (key, stranger->hash);
  if (stranger->key != NULL)
    return key_has_hash (stranger->key, hash);
  return memcmp (stranger->hash, hash, GM_TICKET_HASH_LEN) == 0;
}

static Stranger *
find_stranger (GmTicketCache *self,
               const char *key,
               const guint8 *hash)
{
  for (GList *link = self->strangers.head; link != NULL; link = link->next)
    if (is_stranger (link->data, key, hash))
      return link->data;

  return NULL;
}

/* ---- taking ---- */

/* Those that last longest come first; one that is there already is not taken twice. */
static void
take_in (GQueue *tickets,
         GmTicket *ticket)
{
  GList *before = NULL;

  for (GList *link = tickets->head; link != NULL; link = link->next)
    {
      const GmTicket *other = link->data;

      if (g_bytes_equal (other->data, ticket->data))
        {
          gm_ticket_free (ticket);
          return;
        }
      if (before == NULL && other->valid_until < ticket->valid_until)
        before = link;
    }
  g_queue_insert_before (tickets, before, ticket);
  if (tickets->length > GM_TICKETS_PER_PEER)
    gm_ticket_free (g_queue_pop_tail (tickets));
}

/* Strangers turn out to be this one; who was told of by hashes alone may be several. */
static Peer *
recognize (GmTicketCache *self,
           const char *name,
           guint16 port,
           const GmTlsSettings *settings)
{
  g_autofree char *key = dup_key (name, port, settings);
  Stranger *stranger = key != NULL ? find_stranger (self, key, NULL) : NULL;
  Peer *peer = stranger != NULL ? need (self, name, port, settings) : NULL;

  for (; stranger != NULL; stranger = find_stranger (self, key, NULL))
    {
      while (stranger->tickets.length > 0)
        take_in (&peer->tickets, g_queue_pop_head (&stranger->tickets));
      drop_stranger (self, stranger);
    }

  return peer;
}

static GmTicket *
take_from (GmTicketCache *self,
           Peer *peer,
           gint64 now)
{
  GmTicket *ticket = NULL;

  while (ticket == NULL && peer->tickets.length > 0)
    {
      ticket = g_queue_pop_head (&peer->tickets);
      if (ticket->valid_until <= now)
        g_clear_pointer (&ticket, gm_ticket_free);
    }
  if (peer->tickets.length == 0)
    drop (self, peer);

  return ticket;
}

GmTicket *
gm_ticket_cache_take (GmTicketCache *self,
                      const char *name,
                      guint16 port,
                      const GmTlsSettings *settings,
                      gint64 now)
{
  GmTicket *ticket = NULL;
  Peer *peer;

  g_mutex_lock (&self->lock);
  peer = find (self, name, port, settings);
  if (peer != NULL)
    ticket = take_from (self, peer, now);
  if (G_UNLIKELY (ticket == NULL && self->strangers.length > 0))
    {
      peer = recognize (self, name, port, settings);
      ticket = peer != NULL ? take_from (self, peer, now) : NULL;
    }
  g_mutex_unlock (&self->lock);

  return ticket;
}

static void
keep_newest (GQueue *tickets)
{
  while (tickets->length > 1)
    gm_ticket_free (g_queue_pop_tail (tickets));
}

void
gm_ticket_cache_trim (GmTicketCache *self)
{
  g_mutex_lock (&self->lock);
  for (GList *link = self->line.head; link != NULL; link = link->next)
    keep_newest (&((Peer *) link->data)->tickets);
  for (GList *link = self->strangers.head; link != NULL; link = link->next)
    keep_newest (&((Stranger *) link->data)->tickets);
  g_mutex_unlock (&self->lock);
}

void
gm_ticket_cache_clear (GmTicketCache *self)
{
  g_mutex_lock (&self->lock);
  while (self->line.length > 0)
    drop (self, self->line.head->data);
  while (self->strangers.length > 0)
    drop_stranger (self, self->strangers.head->data);
  g_mutex_unlock (&self->lock);
}

/* ---- out and in ---- */

static void
out_free (gpointer data)
{
  GmTicketOut *out = data;

  g_free (out->key);
  gm_ticket_free (out->ticket);
  g_bytes_unref (out->packed);
  g_free (out);
}

/* Each with a salt of its own, so that nobody sees which of them have the same key. */
static void
give_out (GPtrArray *list,
          const GQueue *tickets,
          const char *key,
          const guint8 *hash,
          gint64 now)
{
  for (const GList *link = tickets->head; link != NULL; link = link->next)
    {
      const GmTicket *ticket = link->data;
      GmTicketOut *out;

      if (ticket->valid_until <= now)
        continue;
      out = g_new0 (GmTicketOut, 1);
      out->key = g_strdup (key);
      if (key == NULL)
        memcpy (out->hash, hash, GM_TICKET_HASH_LEN);
      else if (gnutls_rnd (GNUTLS_RND_NONCE, out->hash, GM_TICKET_SALT_LEN) == 0)
        put_hash (out->hash, key);
      out->ticket = gm_ticket_copy (ticket);
      out->packed = gm_ticket_pack (ticket);
      g_ptr_array_add (list, out);
    }
}

GPtrArray *
gm_ticket_cache_give_out (GmTicketCache *self,
                          gint64 now)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (out_free);

  g_mutex_lock (&self->lock);
  for (GList *link = self->line.head; link != NULL; link = link->next)
    {
      const Peer *peer = link->data;
      g_autofree char *key = dup_key (peer->name, peer->port, peer->settings);

      if (key != NULL)
        give_out (list, &peer->tickets, key, NULL, now);
    }
  for (GList *link = self->strangers.head; link != NULL; link = link->next)
    {
      const Stranger *stranger = link->data;

      give_out (list, &stranger->tickets, stranger->key, stranger->hash, now);
    }
  g_mutex_unlock (&self->lock);

  return list;
}

static GQueue *
find_known (GmTicketCache *self,
            const char *key,
            const guint8 *hash)
{
  for (GList *link = self->line.head; link != NULL; link = link->next)
    {
      Peer *peer = link->data;
      g_autofree char *own = dup_key (peer->name, peer->port, peer->settings);

      if (own != NULL && (key != NULL ? g_str_equal (own, key) : key_has_hash (own, hash)))
        return &peer->tickets;
    }

  return NULL;
}

static GQueue *
need_stranger (GmTicketCache *self,
               const char *key,
               const guint8 *hash)
{
  Stranger *stranger = find_stranger (self, key, hash);

  if (stranger == NULL)
    {
      if (self->strangers.length == GM_TICKETS_MAX_PEERS)
        drop_stranger (self, self->strangers.tail->data);
      stranger = g_new0 (Stranger, 1);
      stranger->key = g_strdup (key);
      if (hash != NULL)
        memcpy (stranger->hash, hash, GM_TICKET_HASH_LEN);
      stranger->link.data = stranger;
      g_queue_push_head_link (&self->strangers, &stranger->link);
    }

  return &stranger->tickets;
}

void
gm_ticket_cache_take_in (GmTicketCache *self,
                         const char *key,
                         const guint8 *hash,
                         GmTicket *ticket)
{
  GQueue *tickets;

  g_mutex_lock (&self->lock);
  tickets = find_known (self, key, hash);
  if (tickets == NULL)
    tickets = need_stranger (self, key, hash);
  take_in (tickets, ticket);
  g_mutex_unlock (&self->lock);
}
