/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-address.h"

/* What is known of names: answers by (host, family) and overrides by (host, port). Refcounted, with a lock of its own,
 * so that resolvers of several threads can share one. Hosts come in lower case. Ports in the lists mean nothing. An empty
 * list says that there is nothing of that family. */

/* Answers kept at most, the oldest go first: a crawler must not grow it for ever. An answer is about 200 bytes. */
#define GM_DNS_CACHE_MAX 10000

typedef struct _GmDnsCache GmDnsCache;

GmDnsCache  *gm_dns_cache_new          (void);
GmDnsCache  *gm_dns_cache_ref          (GmDnsCache *self);
void         gm_dns_cache_unref        (GmDnsCache *self); /* NULL is fine */
/* Tells it from every other one, also from one that lay in the same place; never 0. */
guint        gm_dns_cache_get_serial   (GmDnsCache *self);
void         gm_dns_cache_clear        (GmDnsCache *self); /* the answers; overrides stay */

/* (transfer full) (nullable): an answer not older than @max_age µs, nor than its own life; -1 = of any age. */
GmAddresses *gm_dns_cache_get          (GmDnsCache *self,
                                        const char *host,
                                        int family,
                                        gint64 now,
                                        gint64 max_age);
void         gm_dns_cache_put          (GmDnsCache *self,
                                        const char *host,
                                        int family,
                                        GmAddresses *addresses,
                                        gint64 now);
/* The same of an answer that says itself for how long it is good: @life µs. */
void         gm_dns_cache_put_for      (GmDnsCache *self,
                                        const char *host,
                                        int family,
                                        GmAddresses *addresses,
                                        gint64 now,
                                        gint64 life);

/* (transfer full) (nullable): for exactly this host and port, else for "*" and this port. */
GmAddresses *gm_dns_cache_get_override (GmDnsCache *self,
                                        const char *host,
                                        guint16 port,
                                        gint64 now,
                                        gint64 max_age);
/* @at: 0 = it stays until removed; else it ages like an answer. */
void         gm_dns_cache_put_override (GmDnsCache *self,
                                        const char *host,
                                        guint16 port,
                                        GmAddresses *addresses,
                                        gint64 at);
/* The override, and what was answered for the host. */
void         gm_dns_cache_remove       (GmDnsCache *self,
                                        const char *host,
                                        guint16 port);
