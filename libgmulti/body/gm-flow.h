/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What may flow in this turn: pauses (a bit is set by whoever wants the direction to stand still: the client's answer or
 * the application) and the bytes that speed limits still allow. Owned by the transfer, read by sink, source and protocol. */

#define GM_FLOW_RECV (1u << 0)
#define GM_FLOW_SEND (1u << 2)

typedef struct
{
  guint8 paused; /* GM_FLOW_ bits */
  guint32 decoded; /* bytes that decoders made in this turn; the engine sets it to 0 before each */
  gsize most; /* largest single read wanted; 0 = no wish */
  gint64 recv_quota; /* G_MAXINT64 = no limit */
  gint64 send_quota;
} GmFlow;

/* How many of @len bytes that came may be handed on now. */
static inline gsize
gm_flow_get_room (const GmFlow *self,
                  gsize len)
{
  if (self->most > 0)
    len = MIN (len, self->most);

  return self->recv_quota < (gint64) len ? (gsize) MAX (self->recv_quota, 0) : len;
}

static inline void
gm_flow_received (GmFlow *self,
                  gsize n)
{
  if (self->recv_quota != G_MAXINT64)
    self->recv_quota -= (gint64) n;
}

static inline void
gm_flow_sent (GmFlow *self,
              gsize n)
{
  if (self->send_quota != G_MAXINT64)
    self->send_quota -= (gint64) n;
}
