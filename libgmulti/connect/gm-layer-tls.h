/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-layer.h"
#include "gm-ticket-cache.h"

/* TLS by GnuTLS as a layer over any other, TLS included. GnuTLS never sees a descriptor: what it pushes goes to the layer
 * below or, where that says "again", into a bounded buffer, and no new record is begun while that is not empty; what it
 * pulls comes from a read-ahead block that is borrowed from the reactor. So a step never blocks and never has to be
 * repeated with the same bytes.
 *
 * connect() is GM_OK when the handshake is done and the certificate judged; no byte of the application's goes out before.
 * recv() tells an end without close_notify by GM_TLS_TRUNCATED; whether that matters is for who reads to say.
 * Answers GM_QUERY_ALPN, GM_QUERY_TLS and, until it is connected, GM_QUERY_PHASE. */

typedef struct
{
  const GmTlsSettings *settings; /* (nullable): NULL = defaults */
  GmSpan peer_name; /* DNS name or numeric address, whom the certificate must be for */
  guint16 port; /* with the name: whose tickets these are */
  const char *const *alpn; /* (nullable) (array zero-terminated=1): static; best first */
  GmTicketCache *tickets; /* (nullable) */
  gboolean is_proxy; /* questions about it say so; GM_QUERY_TLS and GM_QUERY_ALPN are about the origin, so they are left to others */
  gboolean is_carrier; /* a proxy to whom the connection itself goes: GM_QUERY_ALPN is about it all the same */
} GmTlsPeer;

/* Takes @below. @peer: copied or referenced, but for the alpn list. */
GmLayer *gm_layer_tls_new (GmLayerHost *host,
                           GmLayer *below,
                           const GmTlsPeer *peer);
