/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-client.h"
#include "gm-flow.h"
#include "gm-result.h"

/* The way of a body to the application: a chain of links, the client last. A link takes all it is given (what it cannot
 * hand on it keeps, bounded by one read), or answers a final result. Who feeds the chain stops while gm_sink_holds() or
 * a pause is set, and calls gm_sink_flush() until that says OK: also after the body's end, which a link that still keeps
 * something passes on later. */

typedef struct _GmSink GmSink;

typedef struct
{
  const char *name;
  GmResult (*write) (GmSink *self, const char *data, gsize len);
  GmResult (*finish) (GmSink *self); /* the body is complete; tells the next link, at once or from flush(); NULL = only
                                        the latter */
  GmResult (*flush) (GmSink *self); /* this link and all behind it, the last one first: as gm_sink_flush() */
  gboolean (*holds) (const GmSink *self); /* this link keeps something, or may have more to hand on */
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

static inline GmResult
gm_sink_flush (GmSink *self) /* OK = nothing is kept and no pause set; AGAIN = paused, or this turn's share is used up */
{
  return self->type->flush (self);
}

static inline gboolean
gm_sink_holds (const GmSink *self) /* any link of the chain */
{
  for (; self != NULL; self = self->next)
    if (self->type->holds (self))
      return TRUE;

  return FALSE;
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
/* Where the next of @len bytes still to come may be put before they are written: *@data with room for *@len, or NULL.
 * AGAIN = the client paused; or final. Only while nothing is kept. */
GmResult gm_sink_client_place   (GmSinkClient *self,
                                 char **data,
                                 gsize *len);
/* Offers what is kept: OK = nothing is left, AGAIN = paused still, or final. */
GmResult gm_sink_client_flush   (GmSinkClient *self);

static inline gboolean
gm_sink_client_is_blocked (const GmSinkClient *self)
{
  return self->held_len > 0 || (self->flow->paused & GM_FLOW_RECV) != 0;
}
