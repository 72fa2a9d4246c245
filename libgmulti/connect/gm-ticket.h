/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gnutls/gnutls.h>

#include "gm-ascii.h"

/* What a server gave us to come back with: a session as GnuTLS packs it, and what can be told of it without opening that.
 * The session's secret is in it: all copies are overwritten when they go, and none goes to a trace. */
typedef struct
{
  GBytes *data; /* (owned) */
  char *alpn; /* (owned) (nullable): what was agreed upon with it */
  gint64 valid_until; /* seconds since 1970; at that second it is over */
  guint32 early_data; /* bytes that the server would take with the greeting */
  guint16 version; /* as on the wire: 0x0303 is TLS 1.2 */
} GmTicket;

/* A session may hold a chain of certificates. */
#define GM_TICKET_MAX_BYTES (32 * 1024)

/* Seconds: what RFC 8446 section 4.6.1 allows, what is prudent before it, and where the server does not say. */
#define GM_TICKET_MAX_LIFETIME (7 * 24 * 3600)
#define GM_TICKET_MAX_LIFETIME_1_2 (24 * 3600)
#define GM_TICKET_DEFAULT_LIFETIME (24 * 3600)

/* What stands in a server's message. */
typedef struct
{
  gint64 lifetime; /* seconds; −1: it did not say */
  guint32 early_data;
} GmTicketHint;

#define GM_TICKET_NO_HINT ((GmTicketHint){ .lifetime = -1 })

/* The body of a NewSessionTicket (RFC 8446 section 4.6.1, RFC 5077 section 3.3). FALSE: it is none. */
gboolean  gm_ticket_hint_read (GmTicketHint *hint,
                               gboolean is_tls13,
                               const guint8 *data,
                               gsize len);

/* The session that was agreed upon; @now: seconds since 1970. NULL: there is nothing to come back with. (owned) */
GmTicket *gm_ticket_new       (gnutls_session_t session,
                               const GmTicketHint *hint,
                               gint64 now);
GmTicket *gm_ticket_copy      (const GmTicket *self);
void      gm_ticket_free      (GmTicket *self);

/* For somebody to keep. (owned) */
GBytes   *gm_ticket_pack      (const GmTicket *self);
/* NULL: it is not what gm_ticket_pack() made, or GnuTLS does not know it any more. One whose time is over is returned. A
 * checksum finds what is broken, not what was forged: whoever keeps tickets keeps secrets. (owned) */
GmTicket *gm_ticket_unpack    (gconstpointer data,
                               gsize len,
                               gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTicket, gm_ticket_free)
