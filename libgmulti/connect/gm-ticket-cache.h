/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ticket.h"
#include "gm-tls-settings.h"

/* Session tickets by peer and by the settings under which they were got, so that a session that was not judged is never
 * resumed by who wants it judged. Each is used once (RFC 8446 appendix C.4), and before its time is over.
 *
 * They can be given out and taken in again, by another process, too: each with a key, which is the peer's name, its port
 * and all settings that are not the defaults, as a text, or with a salted hash of that text, which tells nobody where the
 * ticket is from. What was got with a login or a certificate of ours stays here. Any thread. */

typedef struct _GmTicketCache GmTicketCache;

#define GM_TICKETS_MAX_PEERS 512
/* Servers give one or two; a browser's number of connections to one host wants a few more. */
#define GM_TICKETS_PER_PEER 6

/* A salt, and the HMAC-SHA-256 of a key with it. */
#define GM_TICKET_SALT_LEN 32
#define GM_TICKET_HASH_LEN 64

/* One that is given out. */
typedef struct
{
  char *key; /* (owned) (nullable): nobody knows it */
  guint8 hash[GM_TICKET_HASH_LEN];
  GmTicket *ticket; /* (owned) */
  GBytes *packed; /* (owned) */
} GmTicketOut;

GmTicketCache *gm_ticket_cache_new   (void);
GmTicketCache *gm_ticket_cache_ref   (GmTicketCache *self);
void           gm_ticket_cache_unref (GmTicketCache *self);
/* Takes @ticket (nullable); the oldest makes room. */
void           gm_ticket_cache_add   (GmTicketCache *self,
                                      const char *name,
                                      guint16 port,
                                      const GmTlsSettings *settings,
                                      GmTicket *ticket);
/* Of each peer only the newest stays. */
void           gm_ticket_cache_trim  (GmTicketCache *self);
/* None stays. */
void           gm_ticket_cache_clear (GmTicketCache *self);
/* The newest, (owned) (nullable); it is gone from the cache. @now: seconds since 1970. */
GmTicket      *gm_ticket_cache_take  (GmTicketCache *self,
                                      const char *name,
                                      guint16 port,
                                      const GmTlsSettings *settings,
                                      gint64 now);
/* All that may be given out. (element-type GmTicketOut) (owned) */
GPtrArray     *gm_ticket_cache_give_out (GmTicketCache *self,
                                      gint64 now);
/* Takes @ticket, for whoever has this @key (nullable) or one with this @hash (nullable, but one of them is there). */
void           gm_ticket_cache_take_in (GmTicketCache *self,
                                      const char *key,
                                      const guint8 *hash,
                                      GmTicket *ticket);
