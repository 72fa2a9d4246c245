/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer.h"

#include "gm-resolver.h"
#include "gm-trace.h"

#include <errno.h>
#include <netdb.h>

/* RFC 8305 section 3: how long an IPv4 answer waits for the IPv6 one. */
#define RESOLUTION_DELAY_US (50 * 1000)

/* RFC 8305 section 5: attempts must not begin closer together than this. */
#define ATTEMPT_DELAY_MIN_MS 10

/* In the order of preference. */
enum
{
  SIDE_V6,
  SIDE_V4,
  N_SIDES,
};

/* One family: its look-up, and how far its addresses have been tried. */
typedef struct
{
  GmLookup *lookup; /* (owned) (nullable): none for a family that is not asked for */
  GmAddresses *addresses; /* (owned) (nullable): the answer */
  guint next;
  int eai;
  gboolean waiting; /* no answer yet */
} Side;

/* One competing sub-chain. What it writes is its own: host, error, layers. */
typedef struct
{
  GmLayerHost host;
  GmError error;
  const GmAddress *address; /* (unowned): in the answer */
  GmLayer *chain; /* (owned) */
  GList link; /* in race->attempts, oldest first */
} Attempt;

typedef struct
{
  GmLayer layer; /* first member */
  GmResolver *resolver; /* (unowned) */
  char *host_name; /* (owned) */
  guint16 port;
  gboolean is_proxy; /* what is looked for is a proxy */
  char *path; /* (owned) (nullable): the socket of that */
  gboolean started;
  gboolean told_left;
  GmResult failure; /* GM_OK until it failed */
  Side sides[N_SIDES];
  guint last_side; /* of the latest attempt */
  guint n_started;
  GQueue attempts; /* (element-type Attempt): those that are running */
  GmError best; /* of the failed attempt that got furthest */
  GmTimer timer;
  gint64 wait_until; /* no attempt before that; 0 = no matter */
  gint64 resolved_at;
  gint64 connected_at;
} RaceLayer;

static const GmLayerType won_type;

/* ---- attempts ---- */

static void
attempt_free (Attempt *attempt)
{
  gm_layer_free (attempt->chain);
  gm_error_clear (&attempt->error);
  g_free (attempt);
}

/* How far an attempt got: not out of this machine, no way there, no answer, an answer. Later phases are further. */
static guint
distance (const GmError *error)
{
  guint far = (guint) error->phase * 4;

  if (error->result != GM_CONNECT_FAILED)
    return error->phase == GM_PHASE_CONNECT ? far : far + 3;

  switch (error->sys_errno)
    {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return far + 1;
    case ETIMEDOUT:
      return far + 2;
    default:
      return far + 3;
    }
}

static void
note_failure (RaceLayer *self,
              Attempt *attempt)
{
  GmError *error = &attempt->error;

  GM_TRACE (CONNECT, 0, self->layer.host->id, "%s failed: %s, %s", error->address != NULL ? error->address : "?",
            gm_result_name (error->result), g_strerror (error->sys_errno));
  if (self->best.result == GM_OK || distance (error) > distance (&self->best))
    {
      GmError before = self->best;

      self->best = *error;
      *error = before;
    }
}

static void
tell_attempt (RaceLayer *self,
              const Attempt *attempt,
              GmStoryKind kind)
{
  char text[GM_ADDRESS_TEXT_MAX];

  gm_story_tell (gm_layer_host_get_story (self->layer.host), .kind = kind, .result = attempt->error.result,
                 .code = attempt->error.sys_errno, .port = gm_address_get_port (attempt->address),
                 .text = gm_address_print (attempt->address, text));
}

/* GM_OK: it has won. GM_AGAIN: it runs on. Else it is gone. */
static GmResult
attempt_step (RaceLayer *self,
              Attempt *attempt)
{
  GmResult result;

  attempt->host.holder = self->layer.host->holder;
  result = gm_layer_connect (attempt->chain);
  if (result == GM_OK || result == GM_AGAIN)
    return result;

  gm_error_set (&attempt->error, result, GM_PHASE_CONNECT, 0);
  tell_attempt (self, attempt, GM_STORY_ATTEMPT_FAILED);
  if (G_UNLIKELY (attempt->host.attempt != NULL))
    attempt->host.attempt (attempt->address, GM_ATTEMPT_FAILED, attempt->error.sys_errno, attempt->host.socket_data);
  note_failure (self, attempt);
  g_queue_unlink (&self->attempts, &attempt->link);
  attempt_free (attempt);
  return result;
}

/* Which link a link-local address is on may be set apart from it (RFC 4007). */
static const GmAddress *
with_scope (RaceLayer *self,
            const GmAddress *address,
            GmAddress *scoped)
{
  guint scope = self->layer.host->settings->address_scope;

  if (G_LIKELY (scope == 0) || address->sa.any.sa_family != AF_INET6 || address->sa.v6.sin6_scope_id != 0 ||
      !IN6_IS_ADDR_LINKLOCAL (&address->sa.v6.sin6_addr))
    return address;

  *scoped = *address;
  scoped->sa.v6.sin6_scope_id = scope;
  return scoped;
}

static GmResult
attempt_start (RaceLayer *self,
               const GmAddress *address)
{
  Attempt *attempt = g_new0 (Attempt, 1);
  GmAddress scoped;
  char text[GM_ADDRESS_TEXT_MAX];

  GM_TRACE (CONNECT, 0, self->layer.host->id, "attempt %u: %s port %u", self->n_started + 1,
            gm_address_print (address, text), gm_address_get_port (address));
  attempt->host = *self->layer.host;
  attempt->host.error = &attempt->error;
  attempt->address = address;
  attempt->chain = gm_layer_socket_new (&attempt->host, with_scope (self, address, &scoped));
  attempt->link.data = attempt;
  g_queue_push_tail_link (&self->attempts, &attempt->link);
  self->n_started++;

  return attempt_step (self, attempt);
}

/* ---- names ---- */

/* A copy in random order, by Fisher and Yates: the answer is the cache's. */
static GmAddresses *
shuffle (const GmAddresses *from)
{
  GmAddresses *copy = gm_addresses_new (from->n);

  for (guint i = 0; i < from->n; i++)
    {
      guint other = (guint) g_random_int_range (0, (gint32) i + 1);

      copy->items[i] = copy->items[other];
      copy->items[other] = from->items[i];
    }

  return copy;
}

static void
side_start (RaceLayer *self,
            guint which,
            int family)
{
  GmLayerHost *host = self->layer.host;
  Side *side = &self->sides[which];

  side->waiting = TRUE;
  side->lookup = gm_resolver_look_up (self->resolver, self->host_name, strlen (self->host_name), self->port, family,
                                      host->settings, host->owner);
}

/* NULL: the network is asked. */
static const char *
unix_path (RaceLayer *self)
{
  return self->path != NULL ? self->path : self->layer.host->settings->unix_path;
}

/* There is one address, and it was no answer of anybody's. */
static gboolean
is_numeric (RaceLayer *self)
{
  return unix_path (self) != NULL || g_hostname_is_ip_address (self->host_name) ||
         strchr (self->host_name, '%') != NULL;
}

static void
tell_answer (RaceLayer *self,
             const Side *side,
             const GmAddresses *addresses)
{
  g_autoptr (GString) list = NULL;

  if (is_numeric (self))
    return;
  if (addresses == NULL)
    {
      gm_story_tell (gm_layer_host_get_story (self->layer.host), .kind = GM_STORY_NOT_RESOLVED, .code = side->eai,
                     .port = side == &self->sides[SIDE_V6] ? 6 : 4, .text = self->host_name);
      return;
    }

  list = g_string_new (NULL);
  for (guint i = 0; i < addresses->n && list->len <= GM_STORY_TEXT_MAX; i++)
    {
      char text[GM_ADDRESS_TEXT_MAX];

      g_string_append_printf (list, "%s%s", i > 0 ? ", " : "", gm_address_print (&addresses->items[i], text));
    }
  gm_story_tell (gm_layer_host_get_story (self->layer.host), .kind = GM_STORY_RESOLVED, .code = (int) addresses->n,
                 .text = self->host_name, .more = list->str);
}

static void
side_take_answer (RaceLayer *self,
                  Side *side)
{
  const GmConnectSettings *settings = self->layer.host->settings;
  GmAddresses *addresses = NULL;
  GmResult result;

  if (!side->waiting)
    return;
  result = gm_lookup_get_answer (side->lookup, &addresses, &side->eai);
  if (result == GM_AGAIN)
    return;

  side->waiting = FALSE;
  if (G_UNLIKELY (gm_layer_host_get_story (self->layer.host) != NULL))
    tell_answer (self, side, addresses);
  if (result == GM_OK)
    side->addresses = G_UNLIKELY (settings->shuffle_addresses) ? shuffle (addresses) : gm_addresses_ref (addresses);
  if (self->resolved_at == 0)
    self->resolved_at = self->layer.host->reactor->now;
}

static gboolean
side_has_next (const Side *side)
{
  return side->addresses != NULL && side->next < side->addresses->n;
}

/* RFC 8305 section 4: families take turns, IPv6 first; (NULL) when there is none for now. */
static const GmAddress *
next_address (RaceLayer *self)
{
  guint which = self->n_started == 0 ? SIDE_V6 : 1 - self->last_side;

  if (!side_has_next (&self->sides[which]))
    which = 1 - which;
  if (!side_has_next (&self->sides[which]))
    return NULL;

  self->last_side = which;
  return &self->sides[which].addresses->items[self->sides[which].next++];
}

static void
start_unix (RaceLayer *self)
{
  const GmConnectSettings *settings = self->layer.host->settings;
  Side *side = &self->sides[SIDE_V6];
  GmAddresses *list = gm_addresses_new (1);

  self->resolved_at = self->layer.host->reactor->now;
  if (gm_address_set_path (&list->items[0], unix_path (self), self->path == NULL && settings->unix_abstract))
    side->addresses = list;
  else
    gm_addresses_unref (list);
}

/* Each to its family; what is not of the network comes first. */
static void
start_places (RaceLayer *self)
{
  gsize size;
  const GmAddress *places = g_bytes_get_data (self->layer.host->settings->places, &size);
  guint n = (guint) (size / sizeof *places);

  self->resolved_at = self->layer.host->reactor->now;
  for (guint which = 0; which < N_SIDES; which++)
    {
      GmAddresses *list = gm_addresses_new (n);

      list->n = 0;
      for (guint i = 0; i < n; i++)
        if ((places[i].sa.any.sa_family == AF_INET) == (which == SIDE_V4))
          list->items[list->n++] = places[i];
      if (list->n > 0)
        self->sides[which].addresses = list;
      else
        gm_addresses_unref (list);
    }
}

static void
start (RaceLayer *self)
{
  const GmConnectSettings *settings = self->layer.host->settings;

  self->started = TRUE;
  if (unix_path (self) != NULL)
    {
      start_unix (self);
      return;
    }
  if (settings->places != NULL)
    {
      start_places (self);
      return;
    }

  if (settings->ip_version != GM_IP_V4)
    side_start (self, SIDE_V6, AF_INET6);
  if (settings->ip_version != GM_IP_V6)
    side_start (self, SIDE_V4, AF_INET);
}

/* ---- the end of it ---- */

static void
stop (RaceLayer *self)
{
  GList *link;

  gm_reactor_set_timer (self->layer.host->reactor, &self->timer, 0);
  while ((link = g_queue_pop_head_link (&self->attempts)) != NULL)
    attempt_free (link->data);

  for (guint i = 0; i < N_SIDES; i++)
    {
      g_clear_pointer (&self->sides[i].lookup, gm_lookup_free);
      g_clear_pointer (&self->sides[i].addresses, gm_addresses_unref);
      self->sides[i].waiting = FALSE;
    }
  gm_error_clear (&self->best);
}

/* Once: who ends it may have said so before it is left. */
static void
tell_left (RaceLayer *self)
{
  if (gm_layer_host_get_story (self->layer.host) == NULL || self->told_left)
    return;

  self->told_left = TRUE;
  for (GList *link = self->attempts.head; link != NULL; link = link->next)
    tell_attempt (self, link->data, GM_STORY_ATTEMPT_LEFT);
}

static void
tell_won (RaceLayer *self,
          const Attempt *attempt)
{
  GmStory *story = gm_layer_host_get_story (self->layer.host);

  if (G_LIKELY (story == NULL))
    return;

  tell_left (self);
  if (self->n_started == 1 && !gm_story_has_records (story) && is_numeric (self))
    gm_story_mark (story, GM_STORY_CONNECTED_PLAINLY);
  else
    tell_attempt (self, attempt, GM_STORY_CONNECTED);
}

static GmResult
win (RaceLayer *self,
     Attempt *attempt)
{
  g_queue_unlink (&self->attempts, &attempt->link);
  tell_won (self, attempt);
  self->layer.next = g_steal_pointer (&attempt->chain);
  GM_TRACE (CONNECT, 0, self->layer.host->id, "connected, %u attempts given up", self->attempts.length);
  for (GmLayer *layer = self->layer.next; layer != NULL; layer = layer->next)
    layer->host = self->layer.host;
  attempt_free (attempt);
  stop (self);

  self->connected_at = self->layer.host->reactor->now;
  /* From here on everything goes straight to the layers below. */
  self->layer.type = &won_type;
  return GM_OK;
}

/* The code that says most: anything is better than "no such name", which one of two families often says. */
static int
best_eai (RaceLayer *self)
{
  int eai = EAI_NONAME;

  for (guint i = 0; i < N_SIDES; i++)
    {
      int one = self->sides[i].eai;

      if (one != 0 && one != EAI_NONAME && one != EAI_NODATA && one != EAI_ADDRFAMILY)
        eai = one;
    }

  return eai;
}

static GmResult
lose (RaceLayer *self)
{
  GmError *error = self->layer.host->error;

  if (error->result == GM_OK)
    {
      gm_error_clear (error);
      if (self->best.result != GM_OK)
        {
          *error = self->best;
          self->best = (GmError){ GM_OK };
        }
      else if (unix_path (self) != NULL)
        gm_error_set (error, GM_RESOLVE_FAILED, GM_PHASE_RESOLVE, ENAMETOOLONG);
      else
        {
          gm_error_set (error, self->is_proxy ? GM_PROXY_RESOLVE_FAILED : GM_RESOLVE_FAILED, GM_PHASE_RESOLVE, 0);
          error->resolver = best_eai (self);
        }
      if (error->host == NULL)
        error->host = g_strdup (self->host_name);
      error->port = self->port;
    }

  self->failure = error->result;
  stop (self);
  return self->failure;
}

/* ---- steps ---- */

static void
timer_cb (GmTimer *timer,
          gint64 now)
{
  RaceLayer *self = (RaceLayer *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (RaceLayer, timer));

  gm_reactor_queue (self->layer.host->reactor, self->layer.host->owner);
}

/* TRUE when the next attempt has to wait still; the timer is set for its time. */
static gboolean
has_to_wait (RaceLayer *self)
{
  GmReactor *reactor = self->layer.host->reactor;
  gboolean v6_may_come = self->n_started == 0 && self->sides[SIDE_V6].waiting;

  if (v6_may_come && self->wait_until == 0)
    self->wait_until = reactor->now + RESOLUTION_DELAY_US;
  if (!v6_may_come && self->attempts.length == 0)
    return FALSE;
  if (reactor->now >= self->wait_until)
    return FALSE;

  gm_reactor_set_timer (reactor, &self->timer, self->wait_until);
  return TRUE;
}

/* Starts as many as may start now: one, and after each that fails at once the next. */
static GmResult
start_attempts (RaceLayer *self)
{
  guint delay_ms = MAX (self->layer.host->settings->attempt_delay_ms, ATTEMPT_DELAY_MIN_MS);

  for (;;)
    {
      const GmAddress *address;
      GmResult result;

      if (!side_has_next (&self->sides[SIDE_V6]) && !side_has_next (&self->sides[SIDE_V4]))
        return GM_AGAIN;
      if (has_to_wait (self))
        return GM_AGAIN;

      address = next_address (self);
      self->wait_until = self->layer.host->reactor->now + (gint64) delay_ms * 1000;
      result = attempt_start (self, address);
      if (result == GM_OK)
        return win (self, self->attempts.tail->data);
      if (result != GM_AGAIN)
        self->wait_until = 0;
    }
}

static GmResult
step_attempts (RaceLayer *self)
{
  for (GList *link = self->attempts.head, *next; link != NULL; link = next)
    {
      gboolean latest = link->next == NULL;
      GmResult result;

      next = link->next;
      result = attempt_step (self, link->data);
      if (result == GM_OK)
        return win (self, link->data);
      /* The one that the next waits for is no more. */
      if (result != GM_AGAIN && latest)
        self->wait_until = 0;
    }

  return GM_AGAIN;
}

static GmResult
race_connect (GmLayer *layer)
{
  RaceLayer *self = (RaceLayer *) layer;
  GmResult result;

  if (self->failure != GM_OK)
    return self->failure;
  if (!self->started)
    start (self);

  for (guint i = 0; i < N_SIDES; i++)
    side_take_answer (self, &self->sides[i]);

  result = step_attempts (self);
  if (result == GM_AGAIN)
    result = start_attempts (self);
  if (result != GM_AGAIN)
    return result;

  if (self->attempts.length > 0 || self->sides[SIDE_V6].waiting || self->sides[SIDE_V4].waiting
      || side_has_next (&self->sides[SIDE_V6]) || side_has_next (&self->sides[SIDE_V4]))
    return GM_AGAIN;
  return lose (self);
}

/* ---- questions ---- */

static gboolean
race_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  RaceLayer *self = (RaceLayer *) layer;

  switch (query)
    {
    case GM_QUERY_ALIVE:
      *(gboolean *) answer = self->failure == GM_OK;
      return TRUE;
    case GM_QUERY_WANT:
      *(GmIo *) answer = self->attempts.length > 0 ? GM_IO_OUT : GM_IO_NONE;
      return TRUE;
    case GM_QUERY_SOCKET:
      *(GmSocket **) answer = NULL;
      return TRUE;
    case GM_QUERY_PENDING:
      *(gboolean *) answer = FALSE;
      return TRUE;
    case GM_QUERY_RESOLVED_AT:
      *(gint64 *) answer = self->resolved_at;
      return TRUE;
    case GM_QUERY_PHASE:
      *(GmPhase *) answer = self->resolved_at == 0 ? GM_PHASE_RESOLVE : GM_PHASE_CONNECT;
      return TRUE;
    case GM_QUERY_LOOK:
      for (GList *link = self->attempts.head; link != NULL; link = link->next)
        gm_layer_query (((Attempt *) link->data)->chain, query, NULL);
      return TRUE;
    case GM_QUERY_TELL:
      tell_left (self);
      return TRUE;
    case GM_QUERY_CONNECTED_AT:
    case GM_QUERY_ALPN:
    case GM_QUERY_TLS:
    case GM_QUERY_TLS_SESSION:
    default:
      return FALSE;
    }
}

static gboolean
won_query (GmLayer *layer,
           GmQuery query,
           gpointer answer)
{
  if (query != GM_QUERY_RESOLVED_AT && query != GM_QUERY_CONNECTED_AT)
    return FALSE;

  *(gint64 *) answer =
    query == GM_QUERY_RESOLVED_AT ? ((RaceLayer *) layer)->resolved_at : ((RaceLayer *) layer)->connected_at;
  return TRUE;
}

static void
race_adjust (GmLayer *layer,
             GmIo want)
{
  RaceLayer *self = (RaceLayer *) layer;

  for (GList *link = self->attempts.head; link != NULL; link = link->next)
    gm_layer_adjust (((Attempt *) link->data)->chain, want);
}

static void
race_free (GmLayer *layer)
{
  RaceLayer *self = (RaceLayer *) layer;

  stop (self);
  g_free (self->host_name);
  g_free (self->path);
  g_free (self);
}

static const GmLayerType race_type = {
  .name = "race",
  .connect = race_connect,
  .query = race_query,
  .adjust = race_adjust,
  .free = race_free,
};

static const GmLayerType won_type = {
  .name = "race",
  .query = won_query,
  .free = race_free,
  .set_up_only = TRUE,
};

GmLayer *
gm_layer_race_new (GmLayerHost *host,
                   GmResolver *resolver,
                   const char *host_name,
                   gsize host_len,
                   guint16 port)
{
  RaceLayer *self = g_new0 (RaceLayer, 1);

  self->layer.type = &race_type;
  self->layer.host = host;
  self->resolver = resolver;
  self->host_name = g_strndup (host_name, host_len);
  self->port = port;
  self->timer.fire = timer_cb;

  return &self->layer;
}

void
gm_layer_race_set_proxy (GmLayer *race,
                         const char *path)
{
  ((RaceLayer *) race)->is_proxy = TRUE;
  ((RaceLayer *) race)->path = g_strdup (path);
}
