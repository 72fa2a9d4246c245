/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-client.h"
#include "gm-flow.h"
#include "gm-result.h"

/* The way of a body to the application: a chain of links, the client last. A link takes all it is given (what it cannot
 * hand on it keeps, bounded by one read), or answers a final result. */

typedef struct _GmSink GmSink;

typedef struct
{
  const char *name;
  GmResult (*write) (GmSink *self, const char *data, gsize len);
  GmResult (*finish) (GmSink *self); /* the body is complete; NULL = nothing to do */
  void (*free) (GmSink *self);
} GmSinkType;

struct _GmSink
{
  const GmSinkType *type;
  GmSink *next; /* (owned) (nullable) */
};

static inline GmResult
gm_sink_write (GmSink *self,
               const char *data,
               gsize len)
{
  return self->type->write (self, data, len);
}

GmResult gm_sink_finish (GmSink *self); /* the whole chain, in order */
void     gm_sink_free   (GmSink *self); /* the whole chain; NULL is fine */

/* The last link: hands bytes to the client, and is where a pause takes hold: what the client does not take is kept here
 * and offered again by gm_sink_client_flush(). Who feeds the chain stops reading while it is blocked. */
typedef struct
{
  GmSink sink; /* first member */
  GmClient *client; /* (unowned) */
  GmFlow *flow; /* (unowned) */
  char *held; /* (owned) (nullable) */
  gsize held_pos;
  gsize held_len;
  gsize held_size;
  guint64 written;
  guint64 max_size; /* 0 = no limit; one byte more is GM_TOO_LARGE */
} GmSinkClient;

void     gm_sink_client_init    (GmSinkClient *self,
                                 GmClient *client,
                                 GmFlow *flow);
void     gm_sink_client_clear   (GmSinkClient *self);
/* Offers what is kept: OK = nothing is left, AGAIN = paused still, or final. */
GmResult gm_sink_client_flush   (GmSinkClient *self);

static inline gboolean
gm_sink_client_is_blocked (const GmSinkClient *self)
{
  return self->held_len > 0 || (self->flow->paused & GM_FLOW_RECV) != 0;
}
