/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connection.h"

#include "gm-http2.h"
#include "gm-queue.h"
#include "gm-trace.h"

/* How long a connection nobody owns may take to say goodbye. */
#define GOODBYE_US (2 * G_USEC_PER_SEC)
/* An edge-triggered foreign loop may have told of the end together with the last bytes, before they were read, and tells
 * of it no more. Whoever was used again in spite of that is looked at once it has kept silent for so long: to look each
 * time would cost a system call for each request. */
#define DOUBT_US (20 * 1000)
/* … and at so many in a row, for each costs one. */
#define MAX_LOOKED_AT 64
/* Those that rest are looked at this often at most. */
#define LOOK_US G_USEC_PER_SEC

/* Those that were woken and have not come forward yet: what came free is theirs. */
typedef struct
{
  guint n;
  guint32 last; /* the latest ticket among them */
} GmPoolCalls;

/* Everything with the same host and port, whatever else differs: what the limit per host counts. */
typedef struct
{
  GmPoolKey key; /* (owned) */
  guint n_connections;
  guint n_idle; /* of these */
  guint n_origins; /* that point here */
  GmPoolCalls calls;
} GmPoolHost;

/* Everything with the same key. Lives while it has connections or waiters, woken ones too. */
typedef struct _GmOrigin
{
  GmPoolKey key; /* (owned) */
  GmPoolHost *host; /* (unowned) */
  GQueue idle; /* of GmConnection: last used first */
  GQueue waiting; /* of GmPoolWaiter */
  GmPoolCalls calls;
  GQueue shared; /* of GmConnection: BUSY, carries many and has room for one more */
  GList waiting_link; /* in pool->waiting_origins while somebody waits */
  guint n_connections;
  guint n_hopeful; /* being made, and may turn out to carry many */
  gboolean alone; /* the last one made did not, or failed: nobody waits for the next */
} GmOrigin;

struct _GmPool
{
  GmReactor *reactor; /* (unowned) */
  GHashTable *origins; /* GmPoolKey → GmOrigin */
  GHashTable *hosts; /* GmPoolKey, host and port of it → GmPoolHost */
  GQueue all; /* of GmConnection, CLOSING ones too */
  GQueue idle_lru; /* of GmConnection: last used first */
  GPtrArray *doubtful; /* (owned) (element-type GmConnection): BUSY, or IDLE since */
  guint next_doubt; /* place in it that comes next */
  GmTimer doubt_timer;
  gint64 looked_at; /* at those that rest */
  gboolean carriers_rest; /* some of them may */
  GQueue waiting_origins;
  GmPoolCalls calls; /* of all but carriers, which need no place */
  gboolean held; /* somebody stood back for a call, and there may have been enough for both */
  GmPoolLimits limits;
  GmTicketCache *tickets; /* (owned) (nullable) */
  guint n_counted; /* CONNECTING, BUSY, IDLE; no carriers: what goes over them counts */
  guint n_idle_carriers; /* in @idle_lru */
  guint n_waiting;
  guint n_transfers; /* as told last */
  guint max_streams;
  guint64 next_id;
  GmOrigin *last_origin; /* (unowned) (nullable) */
  GmAuthStore *auth_store; /* (owned) (nullable) */
  GmSocketHooks hooks;
};

/* ---- keys ---- */

static guint
text_hash (GmSpan text,
           guint16 port)
{
  guint hash = 5381 + port;

  for (gsize i = 0; i < text.len; i++)
    hash = hash * 33 + (guchar) text.data[i];

  return hash;
}

/* The connection ends at the proxy for all its users. */
static inline gboolean
is_at_proxy (const GmPoolKey *key)
{
  return key->carrier || gm_proxy_forwards (key->proxy);
}

/* A proxy that forwards requests, or carries tunnels, is the host: all origins share its connections. */
static guint
host_hash (gconstpointer data)
{
  const GmPoolKey *key = data;

  if (G_UNLIKELY (is_at_proxy (key)))
    return text_hash (gm_span (key->proxy->host, strlen (key->proxy->host)), key->proxy->port);
  return text_hash (gm_url_get_host (key->url), gm_url_get_port (key->url));
}

static inline gboolean
url_host_equal (const GmPoolKey *x,
                const GmPoolKey *y)
{
  return gm_url_get_port (x->url) == gm_url_get_port (y->url) &&
         gm_span_equal (gm_url_get_host (x->url), gm_url_get_host (y->url));
}

static gboolean
host_equal (gconstpointer a,
            gconstpointer b)
{
  const GmPoolKey *x = a, *y = b;
  gboolean at_proxy = is_at_proxy (x);

  if (at_proxy != is_at_proxy (y) || x->carrier != y->carrier)
    return FALSE;
  if (at_proxy)
    return x->proxy->port == y->proxy->port && strcmp (x->proxy->host, y->proxy->host) == 0;

  return url_host_equal (x, y);
}

guint
gm_pool_key_hash (gconstpointer data)
{
  return host_hash (data);
}

/* Names were looked up on the same terms, and so the connection leads to the same place: over cleartext nothing else says
 * whose it is. */
static gboolean
names_equal (const GmConnectSettings *a,
             const GmConnectSettings *b)
{
  if (G_LIKELY (a->doh_uri == NULL && b->doh_uri == NULL))
    return TRUE;

  return g_strcmp0 (a->doh_uri, b->doh_uri) == 0 && a->doh_verify_peer == b->doh_verify_peer &&
         a->doh_verify_host == b->doh_verify_host && a->doh_verify_status == b->doh_verify_status &&
         gm_tls_settings_equal (a->tls, b->tls);
}

static gboolean
settings_equal (const GmConnectSettings *a,
                const GmConnectSettings *b)
{
  if (a == b)
    return TRUE;

  if ((a->places == NULL) != (b->places == NULL) || (a->places != NULL && !g_bytes_equal (a->places, b->places)))
    return FALSE;

  return g_strcmp0 (a->unix_path, b->unix_path) == 0 && a->unix_abstract == b->unix_abstract &&
         g_strcmp0 (a->local_interface, b->local_interface) == 0 && a->local_port == b->local_port &&
         a->local_port_range == b->local_port_range && a->ip_version == b->ip_version &&
         a->address_scope == b->address_scope && a->announce == b->announce &&
         g_strcmp0 (a->announced_address, b->announced_address) == 0 && names_equal (a, b);
}

gboolean
gm_pool_key_is_secure (const GmPoolKey *key)
{
  return gm_url_get_scheme (key->url) == GM_SCHEME_HTTPS;
}

/* What only those have that go by a proxy; *@whole: nothing else counts. */
static gboolean
ways_equal (const GmPoolKey *x,
            const GmPoolKey *y,
            gboolean *whole)
{
  if (x->carrier != y->carrier || !gm_proxy_equal (x->proxy, y->proxy))
    return FALSE;
  if (x->proxy != NULL && gm_proxy_is_tls (x->proxy) && !gm_tls_settings_equal (x->settings->proxy_tls, y->settings->proxy_tls))
    return FALSE;

  *whole = x->proxy != NULL && is_at_proxy (x);
  if (*whole && !x->carrier && x->speak != y->speak)
    return FALSE;

  return !*whole || settings_equal (x->settings, y->settings);
}

gboolean
gm_pool_key_equal (gconstpointer a,
                   gconstpointer b)
{
  const GmPoolKey *x = a, *y = b;

  if (G_UNLIKELY (((gsize) x->proxy | (gsize) y->proxy | (gsize) x->login | (gsize) y->login) != 0))
    {
      gboolean whole = FALSE;

      if (g_strcmp0 (x->login, y->login) != 0)
        return FALSE;
      if (!ways_equal (x, y, &whole))
        return FALSE;
      if (whole)
        return TRUE;
    }

  return url_host_equal (x, y) && gm_url_get_scheme (x->url) == gm_url_get_scheme (y->url) &&
         gm_span_equal (gm_url_get_zone (x->url), gm_url_get_zone (y->url)) &&
         gm_span_equal (x->connect_host, y->connect_host) && x->connect_port == y->connect_port &&
         x->speak == y->speak && settings_equal (x->settings, y->settings) &&
         (!gm_pool_key_is_secure (x) || gm_tls_settings_equal (x->settings->tls, y->settings->tls));
}

static void
key_copy (GmPoolKey *to,
          const GmPoolKey *from)
{
  *to = *from;
  if (to->url != NULL)
    gm_url_ref (to->url);
  gm_connect_settings_ref (to->settings);
  if (to->proxy != NULL)
    gm_proxy_ref (to->proxy);
  if (from->connect_host.len > 0)
    to->connect_host.data = g_strndup (from->connect_host.data, from->connect_host.len);
  else
    to->connect_host = gm_span (NULL, 0);
  to->login = g_strdup (from->login);
}

static void
key_clear (GmPoolKey *key)
{
  if (key->url != NULL)
    gm_url_unref (key->url);
  gm_connect_settings_unref (key->settings);
  gm_proxy_unref (key->proxy);
  g_free ((char *) key->connect_host.data);
  g_free ((char *) key->login);
}

/* ---- origins ---- */

/* Who asked last asks again, mostly: a comparison is cheaper than a look-up. */
static GmOrigin *
find_origin (GmPool *self,
             const GmPoolKey *key)
{
  GmOrigin *origin = self->last_origin;

  if (origin != NULL && gm_pool_key_equal (&origin->key, key))
    return origin;

  origin = g_hash_table_lookup (self->origins, key);
  if (origin != NULL)
    self->last_origin = origin;

  return origin;
}

static GmOrigin *
ensure_origin (GmPool *self,
               const GmPoolKey *key)
{
  GmOrigin *origin = find_origin (self, key);
  GmPoolHost *host;

  if (origin != NULL)
    return origin;

  host = g_hash_table_lookup (self->hosts, key);
  if (host == NULL)
    {
      host = g_new0 (GmPoolHost, 1);
      key_copy (&host->key, key);
      g_hash_table_add (self->hosts, host);
    }
  host->n_origins++;

  origin = g_new0 (GmOrigin, 1);
  key_copy (&origin->key, key);
  origin->host = host;
  origin->waiting_link.data = NULL;
  g_hash_table_add (self->origins, origin);

  return origin;
}

static void
origin_free (gpointer data)
{
  GmOrigin *origin = data;

  key_clear (&origin->key);
  g_free (origin);
}

static void
host_free (gpointer data)
{
  GmPoolHost *host = data;

  key_clear (&host->key);
  g_free (host);
}

static void
leave_host (GmPool *self,
            GmPoolHost *host)
{
  if (--host->n_origins == 0)
    g_hash_table_remove (self->hosts, host);
}

static void
drop_if_unused (GmPool *self,
                GmOrigin *origin)
{
  GmPoolHost *host = origin->host;

  if (origin->n_connections > 0 || origin->waiting.length > 0 || origin->calls.n > 0)
    return;

  if (self->last_origin == origin)
    self->last_origin = NULL;
  g_hash_table_remove (self->origins, origin);
  leave_host (self, host);
}

/* ---- waiting ---- */

static gboolean
host_has_room (GmPool *self,
               GmPoolHost *host)
{
  return self->limits.max_per_host == 0 || host->n_connections < self->limits.max_per_host;
}

static gboolean
total_is_full (GmPool *self)
{
  return self->limits.max_total > 0 && self->n_counted >= self->limits.max_total;
}

/* How many more users @connection takes. */
static guint
get_room (GmPool *self,
          GmConnection *connection)
{
  guint most;

  if (connection->state != GM_CONNECTION_BUSY || connection->retired || !gm_http2_is_usable (connection->http2))
    return 0;

  most = MIN (MAX (self->max_streams, 1), gm_http2_get_max_streams (connection->http2));
  return most > connection->n_users ? most - connection->n_users : 0;
}

/* Tickets are given in the order of beginning; 0 comes before all. */
static inline gboolean
is_later (guint32 ticket,
          guint32 than)
{
  return ticket != 0 && (gint32) (ticket - than) > 0;
}

static void
add_call (GmPoolCalls *calls,
          guint32 ticket)
{
  if (calls->n++ == 0 || is_later (ticket, calls->last))
    calls->last = ticket;
}

/* Who has this ticket came after those that were called. */
static inline gboolean
is_behind (const GmPoolCalls *calls,
           guint32 ticket)
{
  return calls->n > 0 && is_later (ticket, calls->last);
}

/* Whether who waits for @origin would get something if it tried now: a connection that has room or idles, or a place, for
 * which others that idle are closed; what others were called for does not count. Limits may have been lowered, so that one
 * connection less is not always a place. */
static gboolean
may_serve (GmPool *self,
           GmOrigin *origin)
{
  const GmPoolHost *host = origin->host;

  if (origin->shared.length > 0)
    return TRUE;
  if (origin->n_hopeful > 0 && !origin->alone)
    return FALSE;
  if (origin->key.carrier)
    return TRUE;

  return origin->idle.length > origin->calls.n ||
         ((self->limits.max_per_host == 0 ||
           host->n_connections - host->n_idle + host->calls.n < self->limits.max_per_host) &&
          (self->limits.max_total == 0 ||
           self->n_counted + self->n_idle_carriers - self->idle_lru.length + self->calls.n < self->limits.max_total));
}

static void
leave_line (GmPool *self,
            GmPoolWaiter *waiter)
{
  GmOrigin *origin = waiter->origin;

  gm_queue_unlink (&origin->waiting, &waiter->link);
  waiter->link.data = NULL;
  self->n_waiting--;
  if (origin->waiting.length > 0)
    return;

  gm_queue_unlink (&self->waiting_origins, &origin->waiting_link);
  origin->waiting_link.data = NULL;
}

static void
wake_one_of (GmPool *self,
             GmOrigin *origin)
{
  GmPoolWaiter *waiter = g_queue_peek_head (&origin->waiting);

  leave_line (self, waiter);
  add_call (&origin->calls, waiter->ticket);
  if (!origin->key.carrier)
    {
      add_call (&origin->host->calls, waiter->ticket);
      add_call (&self->calls, waiter->ticket);
    }
  gm_reactor_queue (self->reactor, waiter->runnable);
}

/* A connection that many share may have room for several. */
static void
wake_some_of (GmPool *self,
              GmOrigin *origin)
{
  guint n = origin->shared.length > 0 ? get_room (self, origin->shared.head->data) : 1;

  for (n = MAX (n, 1); n > 0 && origin->waiting.length > 0; n--)
    wake_one_of (self, origin);
}

/* A place or an idle connection came free at @origin (nullable: maybe gone): first who waits for just that, else the
 * next origin in line that may open one. Whether there was one. */
static gboolean
wake_next (GmPool *self,
           GmOrigin *origin)
{
  guint n = self->waiting_origins.length;

  if (origin != NULL && origin->waiting.length > 0 && may_serve (self, origin))
    {
      wake_some_of (self, origin);
      return TRUE;
    }

  /* Origins whose own limit is reached are not in line for a place elsewhere; rotating past them is bounded by their
   * number, which is not that of the transfers. */
  while (n-- > 0)
    {
      GmOrigin *next = g_queue_peek_head (&self->waiting_origins);

      gm_queue_unlink (&self->waiting_origins, &next->waiting_link);
      gm_queue_push_tail (&self->waiting_origins, &next->waiting_link);
      if (may_serve (self, next))
        {
          wake_some_of (self, next);
          return TRUE;
        }
    }

  if (self->waiting_origins.length > 0 && self->calls.n > 0)
    self->held = TRUE;
  return FALSE;
}

/* Newcomers have the latest ticket, and who comes back had one of the first: neither has far to go. */
static void
insert_waiter (GQueue *line,
               GmPoolWaiter *waiter)
{
  const GmPoolWaiter *last = g_queue_peek_tail (line);
  GList *link = line->head;

  if (last == NULL || !is_later (last->ticket, waiter->ticket))
    {
      gm_queue_push_tail (line, &waiter->link);
      return;
    }

  while (!is_later (((GmPoolWaiter *) link->data)->ticket, waiter->ticket))
    link = link->next;
  g_queue_insert_before_link (line, link, &waiter->link);
}

void
gm_pool_wait (GmPool *self,
              const GmPoolKey *key,
              GmPoolWaiter *waiter)
{
  GmOrigin *origin = ensure_origin (self, key);

  waiter->origin = origin;
  waiter->hopeless = FALSE;
  waiter->link.data = waiter;
  insert_waiter (&origin->waiting, waiter);
  self->n_waiting++;

  if (origin->waiting_link.data == NULL)
    {
      origin->waiting_link.data = origin;
      gm_queue_push_tail (&self->waiting_origins, &origin->waiting_link);
    }
}

void
gm_pool_come_forward (GmPool *self,
                      GmPoolWaiter *waiter)
{
  GmOrigin *origin = g_steal_pointer (&waiter->origin);

  if (origin == NULL)
    return;

  origin->calls.n--;
  if (!origin->key.carrier)
    {
      origin->host->calls.n--;
      self->calls.n--;
    }
  drop_if_unused (self, origin);
}

void
gm_pool_pass_on (GmPool *self,
                 GmResult result)
{
  gboolean woke;

  if (!self->held && (result == GM_OK || result == GM_AGAIN))
    return;

  woke = wake_next (self, NULL);
  /* Who went back into the line may be the one who was woken: no more of that until something happens. */
  self->held = woke && result != GM_AGAIN;
}

void
gm_pool_stop_waiting (GmPool *self,
                      GmPoolWaiter *waiter)
{
  GmOrigin *origin = waiter->origin;

  if (origin == NULL)
    return;
  if (waiter->link.data == NULL)
    {
      gm_pool_come_forward (self, waiter);
      gm_pool_pass_on (self, GM_ABORTED);
      return;
    }

  leave_line (self, waiter);
  waiter->origin = NULL;
  drop_if_unused (self, origin);
}

guint
gm_pool_n_waiting (GmPool *self)
{
  return self->n_waiting;
}

/* ---- sharing ---- */

/* As soon as it is connected. */
static inline gboolean
may_carry_many (guint8 speak)
{
  return (speak & (GM_SPEAK_HTTP2 | GM_SPEAK_HTTP2_AT_ONCE)) != 0;
}

gboolean
gm_pool_is_soon (GmPool *self,
                 const GmPoolKey *key)
{
  const GmOrigin *origin = may_carry_many (key->speak) ? find_origin (self, key) : NULL;

  return origin != NULL && origin->n_hopeful > 0 && !origin->alone && self->max_streams > 1;
}

static void
wake_several (GmPool *self,
              GmOrigin *origin,
              guint n)
{
  while (n-- > 0 && origin->waiting.length > 0)
    wake_one_of (self, origin);
}

static void
leave_shared (GmConnection *connection)
{
  if (!connection->shared)
    return;
  gm_queue_unlink (&connection->origin->shared, &connection->idle_link);
  connection->shared = FALSE;
}

/* Users came or went, or the peer changed its mind: is there room? Then who waits gets it. */
static void
update_shared (GmPool *self,
               GmConnection *connection)
{
  guint room = get_room (self, connection);

  if (room == 0)
    {
      leave_shared (connection);
      return;
    }
  if (!connection->shared)
    {
      connection->shared = TRUE;
      gm_queue_push_head (&connection->origin->shared, &connection->idle_link);
    }
  /* One that waits may be the last: its origin stays, for it has a connection. */
  wake_several (self, connection->origin, room);
}

/* What they waited for turned out not to carry many: each goes for one of its own, as far as there are places. */
static void
disappoint (GmPool *self,
            GmOrigin *origin,
            guint n)
{
  while (n-- > 0 && origin->waiting.length > 0)
    {
      ((GmPoolWaiter *) origin->waiting.head->data)->hopeless = TRUE;
      wake_one_of (self, origin);
    }
}

/* No longer in the making, one way or the other. */
static void
leave_hope (GmConnection *connection)
{
  if (!connection->hopeful)
    return;
  connection->hopeful = FALSE;
  connection->origin->n_hopeful--;
}

/* How many more may be opened for @origin now. */
static guint
count_places (GmPool *self,
              GmOrigin *origin)
{
  guint places = G_MAXUINT;

  if (origin->key.carrier)
    return places;
  if (self->limits.max_total > 0)
    places = self->limits.max_total - MIN (self->limits.max_total, self->n_counted);
  if (self->limits.max_per_host > 0)
    places = MIN (places, self->limits.max_per_host - MIN (self->limits.max_per_host, origin->host->n_connections));

  return places;
}

void
gm_pool_connected (GmPool *self,
                   GmConnection *connection)
{
  GmOrigin *origin = connection->origin;

  leave_hope (connection);
  origin->alone = connection->http2 == NULL;
  if (connection->http2 == NULL)
    {
      disappoint (self, origin, count_places (self, origin));
      return;
    }

  update_shared (self, connection);
  /* Who finds no room any more opens another one, and the rest waits for that. */
  if (origin->waiting.length > 0 && count_places (self, origin) > 0)
    wake_one_of (self, origin);
}

GmResult
gm_pool_upgraded (GmPool *self,
                  GmConnection *connection,
                  gboolean is_head,
                  GmSpan early)
{
  connection->http2 = gm_http2_new_upgraded (connection, is_head, early);
  if (connection->http2 == NULL)
    return GM_OUT_OF_MEMORY;

  connection->on_turn = NULL;
  connection->user = NULL;
  connection->origin->alone = FALSE;
  update_shared (self, connection);
  return GM_OK;
}

/* ---- connections ---- */

static void
uncount (GmPool *self,
         GmConnection *connection)
{
  GmOrigin *origin = connection->origin;

  if (origin == NULL)
    return;

  leave_shared (connection);
  if (connection->hopeful)
    {
      leave_hope (connection);
      origin->alone = connection->error.result != GM_OK;
    }
  connection->origin = NULL;
  if (!origin->key.carrier)
    self->n_counted--;
  origin->host->n_connections--;
  if (origin->alone && origin->n_hopeful == 0)
    disappoint (self, origin, count_places (self, origin));
  wake_next (self, origin);
  /* Not earlier: waking the last waiter of an origin without connections would drop it. */
  origin->n_connections--;
  drop_if_unused (self, origin);
}

static void
leave_idle (GmPool *self,
            GmConnection *connection)
{
  gm_queue_unlink (&connection->origin->idle, &connection->idle_link);
  gm_queue_unlink (&self->idle_lru, &connection->lru_link);
  connection->origin->host->n_idle--;
  if (G_UNLIKELY (connection->origin->key.carrier))
    self->n_idle_carriers--;
  connection->resting = FALSE;
  /* Its timer stays: the next idle time moves it, which costs nothing, and meanwhile it means nothing. */
  if (connection->socket != NULL)
    connection->socket->idle = FALSE;
}

/* No foreign loop watches it. */
static inline gboolean
rests (const GmConnection *connection)
{
  return connection->socket != NULL && connection->socket->resting;
}

static void
leave_doubt (GmPool *self,
             GmConnection *connection)
{
  guint place = connection->doubt_place;

  if (place == 0)
    return;
  connection->doubt_place = 0;
  g_ptr_array_remove_index_fast (self->doubtful, place - 1);
  if (place <= self->doubtful->len)
    ((GmConnection *) g_ptr_array_index (self->doubtful, place - 1))->doubt_place = place;
}

static void
destroy (GmPool *self,
         GmConnection *connection)
{
  leave_doubt (self, connection);
  if (connection->state == GM_CONNECTION_IDLE)
    leave_idle (self, connection);
  connection->state = GM_CONNECTION_DEAD;
  gm_reactor_dequeue (self->reactor, &connection->runnable);
  gm_reactor_set_timer (self->reactor, &connection->timer, 0);
  gm_queue_unlink (&self->all, &connection->link);
  g_clear_pointer (&connection->http2, gm_http2_free);
  g_clear_pointer (&connection->top, gm_layer_free);
  uncount (self, connection);
  gm_error_clear (&connection->error);
  g_clear_pointer (&connection->host.wanted_login, gm_question_data_unref);
  gm_tls_info_unref (connection->tls);
  gm_connect_settings_unref (connection->host.settings);
  g_free (connection);
}

/* One step of saying goodbye; the connection is gone when it is said, and then TRUE is returned. */
static gboolean
say_goodbye (GmPool *self,
             GmConnection *connection)
{
  if (connection->http2 != NULL && gm_http2_say_goodbye (connection->http2) == GM_AGAIN)
    return FALSE;
  g_clear_pointer (&connection->http2, gm_http2_free);
  if (connection->top != NULL && gm_layer_shutdown (connection->top) == GM_AGAIN)
    return FALSE;

  destroy (self, connection);
  return TRUE;
}

static void
close_gracefully (GmPool *self,
                  GmConnection *connection)
{
  GM_TRACE (POOL, 0, connection->id, "closing");

  leave_doubt (self, connection);
  if (connection->state == GM_CONNECTION_IDLE)
    leave_idle (self, connection);
  connection->state = GM_CONNECTION_CLOSING;
  connection->on_turn = NULL;
  connection->user = NULL;
  connection->host.holder = NULL;
  gm_reactor_set_timer (self->reactor, &connection->timer, self->reactor->now + GOODBYE_US);
  uncount (self, connection);
  /* The watch goes in the name of its last user; nobody's is only what outlives him. */
  if (!say_goodbye (self, connection))
    gm_connection_set_holder (connection, NULL);
}

/* Something came over it while nobody uses it. */
static void
run_idle (GmConnection *self)
{
  gboolean alive = FALSE;

  if (self->http2 != NULL)
    gm_pool_turn_shared (self->pool, self);
  /* Bytes that nobody asked for, or the end: either way no more use. */
  else if (!gm_layer_query (self->top, GM_QUERY_ALIVE, &alive) || !alive)
    close_gracefully (self->pool, self);
  else if (!rests (self))
    gm_connection_set_want (self, GM_IO_IN); /* what looked may have had to answer */
}

static void
connection_run (GmRunnable *runnable)
{
  GmConnection *self = (GmConnection *) runnable;

  switch (self->state)
    {
    case GM_CONNECTION_CONNECTING:
    case GM_CONNECTION_BUSY:
      if (self->http2 != NULL)
        gm_pool_turn_shared (self->pool, self);
      else if (self->on_turn != NULL)
        self->on_turn (self, self->user);
      break;
    case GM_CONNECTION_IDLE:
      run_idle (self);
      break;
    case GM_CONNECTION_CLOSING:
      say_goodbye (self->pool, self);
      break;
    case GM_CONNECTION_DEAD:
    default:
      break;
    }
}

GmConnection *
gm_connection_from_runnable (GmRunnable *runnable)
{
  return runnable->run == connection_run ? (GmConnection *) runnable : NULL;
}

static void
connection_timeout (GmTimer *timer,
                    gint64 now)
{
  GmConnection *self = (GmConnection *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmConnection, timer));

  if (self->state == GM_CONNECTION_CLOSING)
    destroy (self->pool, self);
  else if (self->state == GM_CONNECTION_IDLE)
    close_gracefully (self->pool, self);
}

static gboolean
is_too_old (GmConnection *connection,
            const GmConnectSettings *settings,
            gint64 now)
{
  return (settings->max_idle_us > 0 && now - connection->idle_since > settings->max_idle_us) ||
         (settings->max_life_us > 0 && now - connection->created_at > settings->max_life_us);
}

static gboolean
is_alive (GmConnection *connection)
{
  gboolean alive = FALSE;

  if (connection->http2 != NULL)
    {
      if (connection->host.reactor->foreign)
        gm_layer_query (connection->top, GM_QUERY_LOOK, NULL);
      if (gm_connection_readable (connection))
        gm_http2_turn (connection->http2);
      return gm_http2_is_usable (connection->http2);
    }
  /* It is watched while idle, so nothing latched means nothing happened: no system call. An edge-triggered foreign loop
   * may have told of the end together with the last bytes, before anyone looked: then the layer is asked. */
  if (connection->socket != NULL && (connection->socket->ready & (GM_IO_IN | GM_IO_HUP)) == 0
      && !connection->host.reactor->foreign)
    return TRUE;

  return gm_layer_query (connection->top, GM_QUERY_ALIVE, &alive) && alive;
}

/* They are not watched: without this one that nobody wants again would hold its descriptor, long dead, until the pool is full.
 * Longest idle first. */
static void
look_at_resting (GmPool *self)
{
  GList *link = self->idle_lru.tail;

  if (self->reactor->now - self->looked_at < LOOK_US)
    return;
  self->looked_at = self->reactor->now;
  for (guint n = 0; n < MAX_LOOKED_AT && link != NULL; n++)
    {
      GmConnection *connection = link->data;

      link = link->prev;
      if (is_too_old (connection, connection->host.settings, self->reactor->now) ||
          (connection->resting && !is_alive (connection)))
        close_gracefully (self, connection);
    }
}

GmConnection *
gm_pool_open (GmPool *self,
              const GmPoolKey *key,
              const GmConnectSettings *settings)
{
  GmConnection *connection = g_new0 (GmConnection, 1);
  GmOrigin *origin;

  if (self->idle_lru.length > 0)
    look_at_resting (self);
  origin = ensure_origin (self, key);
  connection->runnable.run = connection_run;
  connection->id = self->next_id++;
  connection->pool = self;
  connection->origin = origin;
  connection->state = GM_CONNECTION_CONNECTING;
  connection->created_at = self->reactor->now;
  connection->timer.fire = connection_timeout;
  connection->speak = key->speak;
  connection->n_users = 1;
  connection->hopeful = may_carry_many (key->speak);
  origin->n_hopeful += connection->hopeful;
  connection->idle_link.data = connection->lru_link.data = connection->link.data = connection;
  connection->host = (GmLayerHost){
    .reactor = self->reactor,
    .owner = &connection->runnable,
    .settings = gm_connect_settings_ref (settings),
    .id = connection->id,
    .error = &connection->error,
    .hooks = &self->hooks,
  };
  /* What goes over a carrier comes before it, where all of them end. */
  if (G_UNLIKELY (key->carrier))
    gm_queue_push_tail (&self->all, &connection->link);
  else
    {
      gm_queue_push_head (&self->all, &connection->link);
      self->n_counted++;
    }
  origin->n_connections++;
  origin->host->n_connections++;
  /* Who got the place may not have been the only one there is: the next in line has a look. */
  if (self->waiting_origins.length > 0 && !total_is_full (self))
    wake_next (self, NULL);

  return connection;
}

/* Who was just taken is left for the next time, who is idle is no longer of interest. */
static void
doubt_cb (GmTimer *timer,
          gint64 now)
{
  GmPool *self = (GmPool *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmPool, doubt_timer));
  guint n = MIN (self->doubtful->len, MAX_LOOKED_AT);
  gboolean all = n == self->doubtful->len;

  while (n-- > 0)
    {
      GmConnection *connection;

      if (self->next_doubt >= self->doubtful->len)
        self->next_doubt = 0;
      connection = g_ptr_array_index (self->doubtful, self->next_doubt);
      if (connection->state == GM_CONNECTION_BUSY && connection->idle_since + DOUBT_US > now)
        {
          self->next_doubt++;
          continue;
        }
      leave_doubt (self, connection);
      if (connection->state != GM_CONNECTION_BUSY)
        continue;
      gm_layer_query (connection->top, GM_QUERY_LOOK, NULL);
      if (gm_connection_readable (connection))
        gm_reactor_queue (self->reactor, &connection->runnable);
    }
  if (self->doubtful->len > 0)
    gm_reactor_set_timer (self->reactor, &self->doubt_timer, now + (all ? DOUBT_US : 1000));
}

static inline void
doubt (GmPool *self,
       GmConnection *connection)
{
  connection->idle_since = self->reactor->now;
  if (connection->doubt_place != 0)
    return;
  g_ptr_array_add (self->doubtful, connection);
  connection->doubt_place = self->doubtful->len;
  if (self->doubt_timer.due == 0)
    gm_reactor_set_timer (self->reactor, &self->doubt_timer, connection->idle_since + DOUBT_US);
}

void
gm_pool_bind (GmPool *self,
              GmConnection *connection,
              const char *login)
{
  GmOrigin *from = connection->origin;
  GmPoolKey key = from->key;
  GmOrigin *to;

  if (connection->http2 != NULL || g_strcmp0 (key.login, login) == 0)
    return;
  /* Two names on one connection: nobody knows whose it is. */
  if (key.login != NULL)
    connection->retired = TRUE;

  key.login = login;
  to = ensure_origin (self, &key);
  GM_TRACE (POOL, 0, connection->id, "belongs to a login");
  connection->origin = to;
  to->n_connections++;
  from->n_connections--;
  drop_if_unused (self, from);
}

/* The one with room that came last. */
static GmConnection *
take_shared (GmPool *self,
             GmOrigin *origin,
             const GmConnectSettings *settings)
{
  while (origin->shared.length > 0)
    {
      GmConnection *connection = origin->shared.head->data;
      guint room = get_room (self, connection);

      if (settings->max_life_us > 0 && self->reactor->now - connection->created_at > settings->max_life_us)
        connection->retired = TRUE;
      if (room <= 1 || connection->retired)
        leave_shared (connection);
      if (room == 0 || connection->retired)
        continue;
      connection->n_users++;
      return connection;
    }

  return NULL;
}

/* What came to carriers that rest is given to those who idle over them. Not while one of these is asked: it may close. */
static void
look_at_carriers (GmPool *self)
{
  GList *link = self->all.tail;
  guint n = 0;

  self->carriers_rest = FALSE;
  while (link != NULL && n < MAX_LOOKED_AT)
    {
      GmConnection *connection = link->data;

      link = link->prev;
      if (connection->origin == NULL)
        continue;
      if (!connection->origin->key.carrier)
        return;
      if (!rests (connection))
        continue;
      self->carriers_rest = TRUE;
      gm_layer_query (connection->top, GM_QUERY_LOOK, NULL);
      if (connection->http2 != NULL && gm_connection_readable (connection))
        {
          gm_pool_turn_shared (self, connection);
          link = self->all.tail; /* it may be another list now */
          n++;
        }
    }
}

GmConnection *
gm_pool_take (GmPool *self,
              const GmPoolKey *key,
              const GmConnectSettings *settings,
              guint32 ticket)
{
  GmOrigin *origin;

  if (G_UNLIKELY (self->carriers_rest))
    look_at_carriers (self);
  origin = find_origin (self, key);
  if (origin != NULL && G_UNLIKELY (is_behind (&origin->calls, ticket)))
    {
      self->held = TRUE;
      return NULL;
    }

  if (origin != NULL && origin->shared.length > 0)
    {
      GmConnection *connection = take_shared (self, origin, settings);

      if (connection != NULL)
        return connection;
    }

  while (origin != NULL && origin->idle.length > 0)
    {
      GmConnection *connection = g_queue_peek_head (&origin->idle);
      gboolean last = origin->idle.length == 1;

      if (!is_too_old (connection, settings, self->reactor->now) && is_alive (connection))
        {
          leave_idle (self, connection);
          gm_reactor_dequeue (self->reactor, &connection->runnable);
          connection->state = GM_CONNECTION_BUSY;
          connection->n_users = 1;
          if (connection->http2 != NULL)
            update_shared (self, connection);
          else if (self->reactor->foreign && !rests (connection)) /* else it was just looked at */
            doubt (self, connection);
          return connection;
        }

      GM_TRACE (POOL, 0, connection->id, "too old or dead");
      close_gracefully (self, connection);
      if (last)
        break;
    }

  return NULL;
}

/* Closes what idles at @host under other keys, longest idle first, until there is room or nothing is left. */
static void
make_room_at (GmPool *self,
              GmPoolHost *host)
{
  GList *link = self->idle_lru.tail;

  while (link != NULL && host->n_idle > 0 && !host_has_room (self, host))
    {
      GmConnection *connection = link->data;

      link = link->prev;
      if (connection->origin->host == host)
        close_gracefully (self, connection);
    }
}

/* The one who asks came after others that have been woken, and there may not be enough for both. */
static gboolean
is_held_back (GmPool *self,
              const GmPoolKey *key,
              guint32 ticket)
{
  const GmOrigin *origin = find_origin (self, key);
  const GmPoolHost *host = g_hash_table_lookup (self->hosts, key);
  const GmPoolLimits *limits = &self->limits;

  return (origin != NULL && is_behind (&origin->calls, ticket)) ||
         (host != NULL && is_behind (&host->calls, ticket) && limits->max_per_host > 0 &&
          host->n_connections + host->calls.n >= limits->max_per_host) ||
         (is_behind (&self->calls, ticket) && limits->max_total > 0 &&
          self->n_counted + self->calls.n >= limits->max_total);
}

GmPoolRoom
gm_pool_make_room (GmPool *self,
                   const GmPoolKey *key,
                   guint32 ticket)
{
  GmPoolHost *host;

  if (G_UNLIKELY (self->calls.n > 0) && is_held_back (self, key, ticket))
    {
      self->held = TRUE;
      return GM_POOL_HOST_FULL;
    }

  host = g_hash_table_lookup (self->hosts, key);
  if (host != NULL && !host_has_room (self, host))
    {
      gboolean has_room;

      host->n_origins++; /* it stays while its connections go */
      make_room_at (self, host);
      has_room = host_has_room (self, host);
      leave_host (self, host);
      if (!has_room)
        return GM_POOL_HOST_FULL;
    }

  while (total_is_full (self) && self->idle_lru.length > 0)
    close_gracefully (self, g_queue_peek_tail (&self->idle_lru));

  return total_is_full (self) ? GM_POOL_FULL : GM_POOL_MAY_OPEN;
}

static G_ALWAYS_INLINE inline void
go_idle (GmPool *self,
         GmConnection *connection)
{
  const GmConnectSettings *settings = connection->host.settings;
  gint64 now = self->reactor->now;
  gint64 due = settings->max_idle_us > 0 ? gm_clock_after (now, settings->max_idle_us) : 0;
  gint64 end = settings->max_life_us > 0 ? gm_clock_after (connection->created_at, settings->max_life_us) : 0;

  if (end != 0 && (due == 0 || end < due))
    due = end;

  connection->state = GM_CONNECTION_IDLE;
  connection->on_turn = NULL;
  connection->user = NULL;
  connection->idle_since = now;
  gm_queue_push_head (&connection->origin->idle, &connection->idle_link);
  gm_queue_push_head (&self->idle_lru, &connection->lru_link);
  connection->origin->host->n_idle++;
  if (G_UNLIKELY (connection->origin->key.carrier))
    self->n_idle_carriers++;
  gm_connection_set_holder (connection, NULL);
  if (connection->socket != NULL)
    {
      connection->socket->idle = TRUE;
      /* A level-triggered foreign loop tells again whatever is there; ours saw a short read and knows. */
      if (connection->http2 == NULL)
        connection->socket->ready &= (guint8) ~GM_IO_IN;
      else if (gm_connection_readable (connection))
        gm_reactor_queue (self->reactor, &connection->runnable);
    }
  if (G_LIKELY (!rests (connection)))
    gm_connection_set_want (connection, GM_IO_IN);
  if (connection->socket != NULL && (connection->socket->ready & GM_IO_HUP) != 0)
    gm_reactor_queue (self->reactor, &connection->runnable);
  if (due != 0 && !self->reactor->ages_on_demand)
    gm_reactor_set_timer (self->reactor, &connection->timer, due);
  wake_next (self, connection->origin);
}

/* Nobody uses it any more. */
static inline void
keep_or_close (GmPool *self,
               GmConnection *connection,
               gboolean reuse,
               guint n_transfers)
{
  gint max = self->limits.max_idle >= 0 ? self->limits.max_idle : (gint) MAX (4, 4 * MIN (n_transfers, 100000u));

  if (!reuse || connection->retired || connection->state != GM_CONNECTION_BUSY || max == 0)
    {
      close_gracefully (self, connection);
      return;
    }

  go_idle (self, connection);
  if ((gint) self->idle_lru.length > max)
    close_gracefully (self, g_queue_peek_tail (&self->idle_lru));
}

/* A loop of our own watches on: then it is the timers alone that go. */
static void
rest_socket (GmPool *self,
             GmConnection *connection)
{
  if (connection->socket != NULL && self->reactor->foreign)
    gm_socket_rest (connection->socket);
}

/* After something happened to a session: who may use it, and whether it is still of use. */
static void
settle_shared (GmPool *self,
               GmConnection *connection)
{
  gboolean usable = gm_http2_is_usable (connection->http2) && !connection->retired;

  if (connection->state == GM_CONNECTION_IDLE && !usable)
    close_gracefully (self, connection);
  else if (connection->state == GM_CONNECTION_IDLE && connection->resting)
    rest_socket (self, connection); /* its turn may have told of it */
  else if (connection->state == GM_CONNECTION_BUSY && connection->n_users == 0)
    {
      leave_shared (connection);
      keep_or_close (self, connection, usable, self->n_transfers);
    }
  else if (connection->state == GM_CONNECTION_BUSY)
    update_shared (self, connection);
}

void
gm_pool_turn_shared (GmPool *self,
                     GmConnection *connection)
{
  if (gm_http2_is_turning (connection->http2))
    return;

  gm_http2_turn (connection->http2);
  settle_shared (self, connection);
}

void
gm_pool_give_back (GmPool *self,
                   GmConnection *connection,
                   gboolean reuse,
                   guint n_transfers)
{
  if (G_LIKELY (connection->http2 == NULL))
    {
      keep_or_close (self, connection, reuse && !connection->retired, n_transfers);
      return;
    }

  self->n_transfers = n_transfers;
  connection->n_users--;
  if (!reuse)
    connection->retired = TRUE;
  /* Whoever it was in whose name the socket goes, he may be gone. */
  gm_connection_set_holder (connection, gm_http2_get_holder (connection->http2));
  /* Within its turn: at the end of that. Who goes on with another request finds it again before. */
  if (!gm_http2_is_turning (connection->http2))
    settle_shared (self, connection);
  else if (connection->state == GM_CONNECTION_BUSY)
    update_shared (self, connection);
}

void
gm_pool_leave_carrier (GmPool *self,
                       GmConnection *carrier,
                       gboolean reuse)
{
  gm_pool_give_back (self, carrier, reuse, self->n_transfers);
}

/* ---- the pool ---- */

GmPool *
gm_pool_new (GmReactor *reactor)
{
  GmPool *self = g_new0 (GmPool, 1);

  self->reactor = reactor;
  self->doubt_timer.fire = doubt_cb;
  self->doubtful = g_ptr_array_new ();
  self->origins = g_hash_table_new_full (gm_pool_key_hash, gm_pool_key_equal, origin_free, NULL);
  self->hosts = g_hash_table_new_full (host_hash, host_equal, host_free, NULL);
  self->limits = (GmPoolLimits){ .max_idle = -1 };
  self->max_streams = 100;
  self->next_id = 1;

  return self;
}

void
gm_pool_free (GmPool *self)
{
  while (self->all.length > 0)
    destroy (self, g_queue_peek_head (&self->all));
  gm_reactor_set_timer (self->reactor, &self->doubt_timer, 0);
  g_ptr_array_unref (self->doubtful);
  g_hash_table_unref (self->origins);
  g_hash_table_unref (self->hosts);
  gm_auth_store_free (self->auth_store);
  gm_ticket_cache_unref (self->tickets);
  g_free (self);
}

void
gm_pool_set_limits (GmPool *self,
                    const GmPoolLimits *limits)
{
  guint n = self->waiting_origins.length;

  self->limits = *limits;
  while (limits->max_idle >= 0 && self->idle_lru.length > (guint) limits->max_idle)
    close_gracefully (self, g_queue_peek_tail (&self->idle_lru));

  /* Whoever waits looks again: the first of each line, and each that gets its place wakes the next in its turn. */
  while (n-- > 0 && self->waiting_origins.length > 0)
    {
      GmOrigin *origin = gm_queue_pop_head (&self->waiting_origins)->data;

      gm_queue_push_tail (&self->waiting_origins, &origin->waiting_link);
      wake_one_of (self, origin);
    }
}

const GmPoolLimits *
gm_pool_get_limits (GmPool *self)
{
  return &self->limits;
}

GmAuthStore *
gm_pool_get_auth_store (GmPool *self)
{
  if (self->auth_store == NULL)
    self->auth_store = gm_auth_store_new ();
  return self->auth_store;
}

void
gm_pool_set_max_streams (GmPool *self,
                         guint max_streams)
{
  self->max_streams = max_streams;
}

void
gm_pool_close_idle (GmPool *self)
{
  while (self->idle_lru.length > 0)
    close_gracefully (self, g_queue_peek_tail (&self->idle_lru));
}

void
gm_pool_keep_up (GmPool *self,
                 gint64 interval_us)
{
  gint64 now = gm_clock_now (self->reactor->clock);

  for (GList *link = self->idle_lru.head; link != NULL; link = link->next)
    {
      GmConnection *connection = link->data;

      if (connection->http2 == NULL || now - MAX (connection->idle_since, connection->pinged_at) < interval_us)
        continue;
      connection->pinged_at = now;
      gm_http2_ping (connection->http2);
    }
}

void
gm_pool_retire (GmPool *self)
{
  for (GList *link = self->all.head; link != NULL; link = link->next)
    {
      GmConnection *connection = link->data;

      if (connection->state != GM_CONNECTION_BUSY)
        continue;
      connection->retired = TRUE;
      leave_shared (connection);
    }
}

/* What goes over them idles, and so they are in use. */
static void
rest_carriers (GmPool *self)
{
  for (GList *link = self->all.tail; link != NULL; link = link->prev)
    {
      GmConnection *connection = link->data;

      if (connection->origin == NULL) /* it closes */
        continue;
      if (!connection->origin->key.carrier)
        return;
      gm_reactor_set_timer (self->reactor, &connection->timer, 0); /* of an earlier idleness */
      rest_socket (self, connection);
      self->carriers_rest = self->reactor->foreign;
    }
}

void
gm_pool_rest (GmPool *self)
{
  /* nobody waits for those any more, and who takes one doubts it again */
  while (self->doubtful->len > 0)
    leave_doubt (self, g_ptr_array_index (self->doubtful, self->doubtful->len - 1));
  gm_reactor_set_timer (self->reactor, &self->doubt_timer, 0);
  rest_carriers (self);
  for (GList *link = self->idle_lru.head; link != NULL; link = link->next)
    {
      GmConnection *connection = link->data;

      /* it was at rest before, and so were those behind it */
      if (connection->resting)
        return;
      connection->resting = TRUE;
      if (connection->timer.due != 0)
        gm_reactor_set_timer (self->reactor, &connection->timer, 0);
      rest_socket (self, connection);
    }
}

guint
gm_pool_n_total (GmPool *self)
{
  return self->n_counted;
}

guint
gm_pool_n_idle (GmPool *self)
{
  return self->idle_lru.length;
}

GmTicketCache *
gm_pool_get_tickets (GmPool *self)
{
  if (self->tickets == NULL)
    self->tickets = gm_ticket_cache_new ();
  return self->tickets;
}

void
gm_pool_set_tickets (GmPool *self,
                     GmTicketCache *tickets)
{
  gm_ticket_cache_ref (tickets);
  gm_ticket_cache_unref (self->tickets);
  self->tickets = tickets;
}

void
gm_pool_set_hooks (GmPool *self,
                   GmLayer *(*new_socket_layer) (const void *, guint, gpointer),
                   GmLayer *(*wrap_socket_layer) (GmLayer *, gpointer),
                   gpointer hook_data)
{
  self->hooks = (GmSocketHooks){ new_socket_layer, wrap_socket_layer, hook_data };
}
