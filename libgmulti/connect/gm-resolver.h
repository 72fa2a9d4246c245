/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-address.h"
#include "gm-connect-settings.h"
#include "gm-dns-cache.h"
#include "gm-result.h"
#include "gm-workers.h"

/* Names to addresses, without waiting. One getaddrinfo() per (A-label host, family) on a worker, in single flight:
 * who asks for what is being asked joins. Answers are kept for GmConnectSettings.dns_cache_us, failures are not; that a
 * name has no address of one family counts as an answer while addresses of the other one are kept.
 * Numeric addresses, localhost names (RFC 6761) and overrides never see a worker, so that stuck look-ups do not delay
 * them. The cache is refcounted and can be shared among resolvers of several threads (a lock of its own).
 *
 * With GmConnectSettings.doh_uri that server is asked instead, by a helper, and nobody else: no failure of it leads back to
 * the system. Its answers are kept apart from others, no longer than they say themselves.
 *
 * Overrides are by host:port, kept in the cache, as CURLOPT_RESOLVE wants: "+" lets an entry expire like an answer,
 * "-host:port" removes one, "*" as host matches any. */

typedef struct _GmResolver GmResolver;
typedef struct _GmLookup GmLookup;

/* Of one answer for one family no more than this is kept: an answer is made by others, and each address may cost an
 * attempt. */
#define GM_RESOLVER_MAX_ADDRESSES 64

GmResolver *gm_resolver_new         (GmReactor *reactor,
                                     GmDnsCache *cache);
void        gm_resolver_free        (GmResolver *self); /* abandons what is under way; never joins */
void        gm_resolver_set_cache   (GmResolver *self,
                                     GmDnsCache *cache);
GmDnsCache *gm_resolver_get_cache   (GmResolver *self);
void        gm_resolver_set_max     (GmResolver *self,
                                     guint max_threads); /* 20 unless told */
/* Feeds overrides; malformed entries are answered with BAD_REQUEST, unless they would take something away, and the rest
 * still count. */
GmResult    gm_resolver_add_overrides (GmResolver *self,
                                     const GmStringList *list);
/* For tests: called on a worker instead of getaddrinfo; returns an EAI code and a new list. */
typedef int (*GmResolveFunc) (const char *host, int family, GmAddresses **addresses, gpointer user_data);
void        gm_resolver_set_backend (GmResolver *self,
                                     GmResolveFunc func,
                                     gpointer user_data);

/* Who asks by other ways than getaddrinfo(). */
typedef struct _GmResolverAsk GmResolverAsk; /* one question, the resolver's */
typedef struct
{
  /* Begins to ask for addresses of @family. Answers by gm_resolver_answer(), once and not before it has returned. NULL: it
   * cannot. */
  gpointer (*ask) (GmResolverAsk *ask,
                   const char *host,
                   int family,
                   const GmConnectSettings *settings,
                   gpointer user_data);
  /* Nobody wants to know any more; @asked is gone then. Not after an answer. */
  void (*cancel) (gpointer asked);
} GmResolverHelper;

void        gm_resolver_set_helper  (GmResolver *self,
                                     const GmResolverHelper *helper,
                                     gpointer user_data);
/* (nullable): of those who wait for the answer, the one behind @previous (NULL: the first) that gets a turn. */
GmRunnable *gm_resolver_get_waiting (GmResolverAsk *ask,
                                     GmRunnable *previous);
/* @eai: 0, or why there are no @addresses (transfer full) (nullable); @life: µs for which they are good. */
void        gm_resolver_answer      (GmResolverAsk *ask,
                                     int eai,
                                     GmAddresses *addresses,
                                     gint64 life);
/* Before what the helper needs goes away: whoever still waits for it has no answer. */
void        gm_resolver_cancel_asked (GmResolver *self);

/* Begins a look-up of @host for one family (AF_INET, AF_INET6); @owner gets a turn when an answer is there. A cached,
 * numeric or overridden name has its answer at once. Never NULL; freeing one that is under way abandons it in no time. */
GmLookup   *gm_resolver_look_up     (GmResolver *self,
                                     const char *host,
                                     gsize host_len,
                                     guint16 port,
                                     int family,
                                     const GmConnectSettings *settings,
                                     GmRunnable *owner);
/* AGAIN, OK with borrowed @addresses (port filled in), or RESOLVE_FAILED with @eai. An answer "no address of this
 * family" is RESOLVE_FAILED too. */
GmResult    gm_lookup_get_answer    (GmLookup *self,
                                     GmAddresses **addresses,
                                     int *eai);
void        gm_lookup_free          (GmLookup *self); /* NULL is fine */
