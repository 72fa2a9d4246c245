/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-settings.h"

/* What servers gave us to come back with: session tickets by peer and by the settings under which they were got, so that
 * a session that was not judged is never resumed by who wants it judged. Each is used once (RFC 8446 appendix C.4). */

typedef struct _GmTicketCache GmTicketCache;

#define GM_TICKETS_MAX_PEERS 512
/* Servers give one or two; a browser's number of connections to one host wants a few more. */
#define GM_TICKETS_PER_PEER 6
/* A session may hold a chain of certificates. */
#define GM_TICKET_MAX_BYTES (32 * 1024)

GmTicketCache *gm_ticket_cache_new   (void);
GmTicketCache *gm_ticket_cache_ref   (GmTicketCache *self);
void           gm_ticket_cache_unref (GmTicketCache *self);
/* Keeps a copy of @data; the oldest makes room. Any thread, like the next. */
void           gm_ticket_cache_add   (GmTicketCache *self,
                                      const char *name,
                                      guint16 port,
                                      const GmTlsSettings *settings,
                                      gconstpointer data,
                                      gsize len);
/* Of each peer only the newest stays. */
void           gm_ticket_cache_trim  (GmTicketCache *self);
/* The newest, (owned) (nullable); it is gone from the cache. */
GBytes        *gm_ticket_cache_take  (GmTicketCache *self,
                                      const char *name,
                                      guint16 port,
                                      const GmTlsSettings *settings);
