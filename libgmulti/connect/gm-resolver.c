/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-resolver.h"

#include "gm-trace.h"

#include <netdb.h>

#define MAX_THREADS 20

/* RFC 1035 section 2.3.4 allows 253 characters and a final dot. */
#define HOST_MAX 254

/* One getaddrinfo(), or one question of the helper's, and all who wait for it. */
typedef struct _GmResolverAsk
{
  GmJob job; /* first member: of one that the helper has, only its references count */
  gpointer asked; /* (nullable): the helper's */
  gint64 life; /* µs: of its answer */
  const char *name; /* (unowned): what its answer is kept as, in @key */
  char *host; /* (owned) */
  int family;
  GmResolveFunc func;
  gpointer func_data;
  /* the worker's until done */
  int eai;
  GmAddresses *addresses; /* (owned) (nullable) */
  /* the reactor's */
  GmResolver *resolver; /* (unowned) */
  char *key; /* (owned): in resolver->flights */
  GQueue waiters; /* (element-type GmLookup) */
  gboolean keep; /* at least one who waits wants it cached */
} Flight;

struct _GmLookup
{
  GmRunnable *owner; /* (unowned) */
  Flight *flight; /* (unowned) (nullable): NULL once there is an answer */
  GList link; /* in flight->waiters */
  guint16 port;
  GmAddresses *addresses; /* (owned) (nullable) */
  int eai;
};

struct _GmResolver
{
  GmReactor *reactor; /* (unowned) */
  GmDnsCache *cache; /* (owned) */
  GmWorkers *workers; /* (owned) */
  GHashTable *flights; /* (element-type utf8 Flight): keys are the flights' */
  GmResolveFunc func;
  gpointer func_data;
  const GmResolverHelper *helper; /* (nullable) */
  gpointer helper_data;
};

/* ---- on the worker ---- */

static int
ask_system (const char *host,
            int family,
            GmAddresses **addresses,
            gpointer user_data)
{
  struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
  struct addrinfo *all = NULL;
  GmAddresses *list;
  guint n = 0;
  int eai = getaddrinfo (host, NULL, &hints, &all);

  if (eai != 0)
    return eai;

  for (struct addrinfo *i = all; i != NULL && n < GM_RESOLVER_MAX_ADDRESSES; i = i->ai_next)
    n++;
  list = gm_addresses_new (n);
  n = 0;
  for (struct addrinfo *i = all; i != NULL && n < list->n; i = i->ai_next)
    {
      if (i->ai_family != family || i->ai_addrlen > sizeof list->items[0].sa)
        continue;
      memcpy (&list->items[n].sa, i->ai_addr, i->ai_addrlen);
      list->items[n++].len = i->ai_addrlen;
    }
  list->n = n;
  freeaddrinfo (all);

  *addresses = list;
  return 0;
}

static void
flight_work (GmJob *job)
{
  Flight *self = (Flight *) job;

  self->eai = self->func (self->host, self->family, &self->addresses, self->func_data);
  if (self->eai == 0 && (self->addresses == NULL || self->addresses->n == 0))
    self->eai = EAI_NODATA;
  else if (self->eai == 0)
    self->addresses->n = MIN (self->addresses->n, GM_RESOLVER_MAX_ADDRESSES);
}

static void
flight_free (GmJob *job)
{
  Flight *self = (Flight *) job;

  gm_addresses_unref (self->addresses);
  g_free (self->host);
  g_free (self->key);
  g_free (self);
}

/* ---- answers ---- */

/* Lists are shared and immutable; one with other ports is another list. */
static GmAddresses *
with_port (GmAddresses *list,
           guint16 port)
{
  GmAddresses *copy = gm_addresses_new (list->n);

  for (guint i = 0; i < list->n; i++)
    {
      copy->items[i] = list->items[i];
      gm_address_set_port (&copy->items[i], port);
    }

  return copy;
}

static void
lookup_answer (GmLookup *self,
               GmAddresses *list,
               int eai)
{
  self->eai = list != NULL ? 0 : eai;
  if (list != NULL)
    self->addresses = with_port (list, self->port);
}

static void
flight_tell (Flight *self)
{
  GList *link;

  while ((link = g_queue_pop_head_link (&self->waiters)) != NULL)
    {
      GmLookup *lookup = link->data;

      lookup->flight = NULL;
      lookup_answer (lookup, self->eai == 0 ? self->addresses : NULL, self->eai);
      gm_reactor_queue (self->resolver->reactor, lookup->owner);
    }
}

/* The name may well have addresses of the other family. */
static gboolean
has_none_of_family (int eai)
{
  return eai == EAI_NONAME || eai == EAI_NODATA || eai == EAI_ADDRFAMILY;
}

/* That a name has none of one family is kept as an empty list, which counts only beside addresses of the other one: else
 * each connection to it would wait for the same answer again. Failures are not kept. */
static void
flight_keep (Flight *self)
{
  GmResolver *resolver = self->resolver;
  GmAddresses *list = NULL;

  if (self->eai == 0)
    list = gm_addresses_ref (self->addresses);
  else if (has_none_of_family (self->eai))
    list = gm_addresses_new (0);
  if (list != NULL)
    gm_dns_cache_put_for (resolver->cache, self->name, self->family, list, resolver->reactor->now, self->life);
  gm_addresses_unref (list);
}

static void
flight_land (Flight *self)
{
  GmResolver *resolver = self->resolver;

  GM_TRACE (RESOLVE, 0, 0, "%s, IPv%c: %u addresses, code %d", self->host, self->family == AF_INET6 ? '6' : '4',
            self->addresses != NULL ? self->addresses->n : 0, self->eai);
  if (self->keep)
    flight_keep (self);
  g_hash_table_remove (resolver->flights, self->key);
  flight_tell (self);
  gm_job_unref (&self->job);
}

static void
flight_done (GmJob *job)
{
  flight_land ((Flight *) job);
}

GmRunnable *
gm_resolver_get_waiting (GmResolverAsk *ask,
                         GmRunnable *previous)
{
  gboolean passed = previous == NULL;

  for (GList *l = ask->waiters.head; l != NULL; l = l->next)
    {
      GmRunnable *owner = ((GmLookup *) l->data)->owner;

      if (passed && owner != previous)
        return owner;
      passed |= owner == previous;
    }

  return NULL;
}

void
gm_resolver_answer (GmResolverAsk *ask,
                    int eai,
                    GmAddresses *addresses,
                    gint64 life)
{
  ask->asked = NULL;
  ask->addresses = addresses;
  ask->eai = eai == 0 && (addresses == NULL || addresses->n == 0) ? EAI_NODATA : eai;
  ask->life = life;
  flight_land (ask);
}

/* Nobody waits for it. */
static void
flight_abandon (Flight *self)
{
  gpointer asked = g_steal_pointer (&self->asked);

  if (asked == NULL)
    {
      gm_job_abandon (&self->job);
      return;
    }
  self->resolver->helper->cancel (asked);
  gm_job_unref (&self->job);
}

/* ---- the resolver ---- */

GmResolver *
gm_resolver_new (GmReactor *reactor,
                 GmDnsCache *cache)
{
  GmResolver *self = g_new0 (GmResolver, 1);

  self->reactor = reactor;
  self->cache = gm_dns_cache_ref (cache);
  self->workers = gm_workers_new ("gm-resolve", MAX_THREADS);
  self->flights = g_hash_table_new (g_str_hash, g_str_equal);
  self->func = ask_system;

  return self;
}

static void
abandon_flight (gpointer key,
                gpointer value,
                gpointer user_data)
{
  Flight *flight = value;

  while (flight->waiters.head != NULL)
    {
      GmLookup *lookup = g_queue_pop_head_link (&flight->waiters)->data;

      lookup->flight = NULL;
      lookup->eai = EAI_FAIL;
    }
  flight_abandon (flight);
}

static gboolean
was_asked (gpointer key,
           gpointer value,
           gpointer user_data)
{
  return ((const Flight *) value)->asked != NULL;
}

/* One at a time: what the helper lets go of may have looked a name up itself, and takes that out of the table. */
void
gm_resolver_cancel_asked (GmResolver *self)
{
  Flight *flight;

  while ((flight = g_hash_table_find (self->flights, was_asked, NULL)) != NULL)
    {
      g_hash_table_remove (self->flights, flight->key);
      abandon_flight (flight->key, flight, NULL);
    }
}

void
gm_resolver_set_helper (GmResolver *self,
                        const GmResolverHelper *helper,
                        gpointer user_data)
{
  self->helper = helper;
  self->helper_data = user_data;
}

void
gm_resolver_free (GmResolver *self)
{
  g_hash_table_foreach (self->flights, abandon_flight, NULL);
  g_hash_table_unref (self->flights);
  gm_workers_unref (self->workers);
  gm_dns_cache_unref (self->cache);
  g_free (self);
}

void
gm_resolver_set_cache (GmResolver *self,
                       GmDnsCache *cache)
{
  GmDnsCache *before = self->cache;

  self->cache = gm_dns_cache_ref (cache);
  gm_dns_cache_unref (before);
}

GmDnsCache *
gm_resolver_get_cache (GmResolver *self)
{
  return self->cache;
}

void
gm_resolver_set_max (GmResolver *self,
                     guint max_threads)
{
  gm_workers_set_max (self->workers, max_threads);
}

void
gm_resolver_set_backend (GmResolver *self,
                         GmResolveFunc func,
                         gpointer user_data)
{
  self->func = func != NULL ? func : ask_system;
  self->func_data = user_data;
}

/* ---- overrides ---- */

/* Takes "host:" off the front of @text; an IPv6 address stands in brackets. FALSE if there is none. */
static gboolean
take_host (GmSpan *text,
           GmSpan *host)
{
  gboolean bracket = text->len > 0 && text->data[0] == '[';
  const char *end = memchr (text->data, bracket ? ']' : ':', text->len);
  gsize used;

  if (end == NULL)
    return FALSE;

  *host = bracket ? gm_span (text->data + 1, (gsize) (end - text->data) - 1)
                  : gm_span (text->data, (gsize) (end - text->data));
  used = (gsize) (end - text->data) + (bracket ? 2 : 1);
  if (host->len == 0 || host->len > HOST_MAX || used > text->len || (bracket && end[1] != ':'))
    return FALSE;

  *text = gm_span (text->data + used, text->len - used);
  return TRUE;
}

static gboolean
read_port (GmSpan text,
           guint16 *port)
{
  guint64 value;

  if (!gm_span_to_uint64 (text, G_MAXUINT16, &value))
    return FALSE;

  *port = (guint16) value;
  return TRUE;
}

/* "addr[,addr]…", each numeric, an IPv6 address with or without brackets. */
static GmAddresses *
read_addresses (GmSpan text)
{
  GmAddresses *list = gm_addresses_new (GM_RESOLVER_MAX_ADDRESSES);

  list->n = 0;
  for (;;)
    {
      const char *comma = memchr (text.data, ',', text.len);
      GmSpan one = gm_span_strip (gm_span (text.data, comma != NULL ? (gsize) (comma - text.data) : text.len));

      if (one.len > 2 && one.data[0] == '[' && one.data[one.len - 1] == ']')
        one = gm_span (one.data + 1, one.len - 2);
      if (list->n == GM_RESOLVER_MAX_ADDRESSES || !gm_address_parse (&list->items[list->n], one, 0))
        {
          gm_addresses_unref (list);
          return NULL;
        }
      list->n++;

      if (comma == NULL)
        return list;
      text = gm_span (comma + 1, text.len - (gsize) (comma + 1 - text.data));
    }
}

static void
remove_override (GmResolver *self,
                 GmSpan text)
{
  g_autofree char *name = NULL;
  GmSpan host;
  guint16 port;

  if (!take_host (&text, &host) || !read_port (text, &port))
    return;

  name = g_ascii_strdown (host.data, (gssize) host.len);
  gm_dns_cache_remove (self->cache, name, port);
}

static gboolean
add_override (GmResolver *self,
              GmSpan text)
{
  g_autofree char *name = NULL;
  gboolean ages = text.len > 0 && text.data[0] == '+';
  GmAddresses *list;
  GmSpan host, port_text;
  const char *colon;
  guint16 port;

  if (ages)
    text = gm_span (text.data + 1, text.len - 1);
  if (!take_host (&text, &host) || (colon = memchr (text.data, ':', text.len)) == NULL)
    return FALSE;
  port_text = gm_span (text.data, (gsize) (colon - text.data));
  if (!read_port (port_text, &port))
    return FALSE;
  list = read_addresses (gm_span (colon + 1, text.len - port_text.len - 1));
  if (list == NULL)
    return FALSE;

  name = g_ascii_strdown (host.data, (gssize) host.len);
  gm_dns_cache_put_override (self->cache, name, port, list, ages ? MAX (self->reactor->now, 1) : 0);
  gm_addresses_unref (list);
  return TRUE;
}

GmResult
gm_resolver_add_overrides (GmResolver *self,
                           const GmStringList *list)
{
  GmResult result = GM_OK;

  for (; list != NULL; list = list->next)
    {
      GmSpan text = gm_span (list->data, list->data != NULL ? strlen (list->data) : 0);

      if (text.len == 0)
        continue;
      /* what takes away nothing does no harm */
      if (text.data[0] == '-')
        remove_override (self, gm_span (text.data + 1, text.len - 1));
      else if (!add_override (self, text))
        result = GM_BAD_REQUEST;
    }

  return result;
}

/* ---- look-ups ---- */

static GmAddresses *
of_family (GmAddresses *list,
           int family)
{
  GmAddresses *part = gm_addresses_new (list->n);

  part->n = 0;
  for (guint i = 0; i < list->n; i++)
    if (list->items[i].sa.any.sa_family == family)
      part->items[part->n++] = list->items[i];
  gm_addresses_unref (list);

  if (part->n > 0)
    return part;
  gm_addresses_unref (part);
  return NULL;
}

/* RFC 6761 section 6.3: "localhost" and what ends in ".localhost" is this machine, whatever a server may say. */
static gboolean
is_localhost (const char *host)
{
  gsize len = strlen (host);
  static const char name[] = "localhost";

  if (len > 0 && host[len - 1] == '.')
    len--;
  if (len < strlen (name) || strncmp (host + len - strlen (name), name, strlen (name)) != 0)
    return FALSE;

  return len == strlen (name) || host[len - strlen (name) - 1] == '.';
}

static GmAddresses *
one_address (const GmAddress *address)
{
  GmAddresses *list = gm_addresses_new (1);

  list->items[0] = *address;
  return list;
}

/* (transfer full) (nullable): what was answered before. */
static GmAddresses *
get_cached (GmResolver *self,
            const char *host,
            int family,
            gint64 max_age)
{
  int other_family = family == AF_INET6 ? AF_INET : AF_INET6;
  GmAddresses *list, *other;

  if (max_age == 0)
    return NULL;
  list = gm_dns_cache_get (self->cache, host, family, self->reactor->now, max_age);
  if (list == NULL || list->n > 0)
    return list;

  other = gm_dns_cache_get (self->cache, host, other_family, self->reactor->now, max_age);
  if (other == NULL || other->n == 0)
    g_clear_pointer (&list, gm_addresses_unref);
  gm_addresses_unref (other);
  return list;
}

static const char *
or_empty (const char *text)
{
  return text != NULL ? text : "";
}

/* What answers are kept as: of a server that was chosen for it together with all that says how far it is trusted. NULL: the
 * host's name alone. */
static char *
name_of_answer (const char *host,
                const GmConnectSettings *settings)
{
  const GmTlsSettings *tls = settings->tls != NULL ? settings->tls : &gm_tls_settings_default;
  g_autofree char *authorities = NULL;

  if (G_LIKELY (settings->doh_uri == NULL))
    return NULL;

  if (tls->ca_bytes != NULL)
    authorities = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, tls->ca_bytes);
  return g_strdup_printf ("%s\n%s\n%u%u%u%u%u%u\n%s\n%s\n%s\n%s\n%s\n%s\n%s", host, settings->doh_uri,
                          settings->doh_verify_peer, settings->doh_verify_host, settings->doh_verify_status,
                          tls->with_system_trust, tls->min_version, tls->max_version, or_empty (tls->ca_file),
                          or_empty (tls->ca_dir), or_empty (tls->crl_file), or_empty (tls->priority),
                          or_empty (tls->ciphers13), or_empty (authorities), or_empty (settings->local_interface));
}

/* What needs nobody else. FALSE if only a server can know. */
static gboolean
answer_at_once (GmResolver *self,
                GmLookup *lookup,
                const char *host,
                const char *name,
                int family,
                const GmConnectSettings *settings)
{
  GmAddresses *list = gm_dns_cache_get_override (self->cache, host, lookup->port, self->reactor->now,
                                                 settings->dns_cache_us);
  GmAddress address = { 0 };

  if (list != NULL)
    list = of_family (list, family);
  else if (gm_address_parse (&address, gm_span (host, strlen (host)), 0))
    list = address.sa.any.sa_family == family ? one_address (&address) : NULL;
  else if (is_localhost (host) && gm_address_parse (&address, family == AF_INET6 ? GM_SPAN ("::1")
                                                                                 : GM_SPAN ("127.0.0.1"), 0))
    list = one_address (&address);
  else if ((list = get_cached (self, name, family, settings->dns_cache_us)) == NULL)
    return FALSE;

  lookup_answer (lookup, list != NULL && list->n > 0 ? list : NULL, EAI_ADDRFAMILY);
  gm_addresses_unref (list);
  return TRUE;
}

/* On a worker, or by the helper. */
static gboolean
flight_begin (Flight *self,
              const GmConnectSettings *settings)
{
  GmResolver *resolver = self->resolver;

  if (G_LIKELY (settings->doh_uri == NULL))
    return gm_job_start (&self->job, resolver->workers, resolver->reactor);

  if (resolver->helper != NULL)
    self->asked = resolver->helper->ask (self, self->host, self->family, settings, resolver->helper_data);
  return self->asked != NULL;
}

static Flight *
flight_new (GmResolver *self,
            char *key,
            const char *host,
            int family,
            const GmConnectSettings *settings)
{
  static const GmJobType type = { flight_work, flight_done, flight_free };
  Flight *flight = g_new0 (Flight, 1);

  gm_job_init (&flight->job, &type);
  flight->host = g_strdup (host);
  flight->key = key;
  flight->name = key + 1;
  flight->life = G_MAXINT64;
  flight->family = family;
  flight->func = self->func;
  flight->func_data = self->func_data;
  flight->resolver = self;

  if (!flight_begin (flight, settings))
    {
      gm_job_unref (&flight->job);
      return NULL;
    }
  GM_TRACE (RESOLVE, 0, 0, "asking for %s, IPv%c", host, family == AF_INET6 ? '6' : '4');
  g_hash_table_insert (self->flights, flight->key, flight);
  return flight;
}

static void
join_flight (GmResolver *self,
             GmLookup *lookup,
             const char *host,
             const char *name,
             int family,
             const GmConnectSettings *settings)
{
  g_autofree char *key = g_strconcat (family == AF_INET6 ? "6" : "4", name, NULL);
  Flight *flight = g_hash_table_lookup (self->flights, key);

  if (flight == NULL)
    flight = flight_new (self, g_steal_pointer (&key), host, family, settings);
  if (flight == NULL)
    {
      lookup_answer (lookup, NULL, settings->doh_uri != NULL ? EAI_FAIL : EAI_MEMORY);
      return;
    }

  flight->keep |= settings->dns_cache_us != 0;
  lookup->flight = flight;
  lookup->link.data = lookup;
  g_queue_push_tail_link (&flight->waiters, &lookup->link);
}

GmLookup *
gm_resolver_look_up (GmResolver *self,
                     const char *host,
                     gsize host_len,
                     guint16 port,
                     int family,
                     const GmConnectSettings *settings,
                     GmRunnable *owner)
{
  GmLookup *lookup = g_new0 (GmLookup, 1);
  g_autofree char *kept_as = NULL;
  char name[HOST_MAX + 1];

  lookup->owner = owner;
  lookup->port = port;
  if (host_len == 0 || host_len > HOST_MAX || memchr (host, '\0', host_len) != NULL)
    {
      lookup->eai = EAI_NONAME;
      return lookup;
    }

  for (gsize i = 0; i < host_len; i++)
    name[i] = gm_ascii_lower (host[i]);
  name[host_len] = '\0';

  kept_as = name_of_answer (name, settings);
  if (!answer_at_once (self, lookup, name, kept_as != NULL ? kept_as : name, family, settings))
    join_flight (self, lookup, name, kept_as != NULL ? kept_as : name, family, settings);
  return lookup;
}

GmResult
gm_lookup_get_answer (GmLookup *self,
                      GmAddresses **addresses,
                      int *eai)
{
  if (self->flight != NULL)
    return GM_AGAIN;
  if (self->addresses == NULL)
    {
      *eai = self->eai;
      return GM_RESOLVE_FAILED;
    }

  *addresses = self->addresses;
  return GM_OK;
}

void
gm_lookup_free (GmLookup *self)
{
  Flight *flight;

  if (self == NULL)
    return;

  flight = self->flight;
  if (flight != NULL)
    {
      g_queue_unlink (&flight->waiters, &self->link);
      /* Nobody waits any more. Who asks for the name again does not join one that may be stuck. */
      if (flight->waiters.length == 0)
        {
          g_hash_table_remove (flight->resolver->flights, flight->key);
          flight_abandon (flight);
        }
    }
  gm_addresses_unref (self->addresses);
  g_free (self);
}
