/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-client.h"
#include "gm-flow.h"
#include "gm-form.h"
#include "gm-result.h"

/* The body of an upload: bytes in memory, a composed one, or what the client gives when asked. It can be sent again (redirect, retry,
 * login): from memory always; from a client by seek, else from a copy kept while it is short enough. */

/* Most that is kept of an upload whose client cannot seek, so that a redirect of a small streamed body still works. */
#define GM_SOURCE_KEEP_MAX (64 * 1024)

typedef enum
{
  GM_SOURCE_NONE,
  GM_SOURCE_BYTES,
  GM_SOURCE_CLIENT,
  GM_SOURCE_FORM,
} GmSourceKind;

typedef struct
{
  GmSourceKind kind : 8;
  guint8 ended; /* the client said end */
  guint8 kept_all; /* @kept holds everything read so far */
  GmClient *client; /* (unowned) */
  GmFlow *flow; /* (unowned) */
  union
  {
    const char *bytes; /* (unowned): GM_SOURCE_BYTES */
    GmForm *form; /* (unowned): GM_SOURCE_FORM */
  };
  gint64 size; /* what is to be sent in all; -1 = until the client says end */
  gint64 start; /* offset in the client's data where the body begins (resumed upload) */
  gint64 pos; /* sent so far */
  char *kept; /* (owned) (nullable): the first kept_len bytes the client gave */
  gsize kept_len;
  gsize kept_size;
} GmSource;

void     gm_source_init   (GmSource *self,
                           GmSourceKind kind,
                           GmClient *client,
                           GmFlow *flow,
                           const char *bytes,
                           gint64 size);
/* @form is attached to its reader, and at its start. */
void     gm_source_init_form (GmSource *self,
                           GmForm *form,
                           GmClient *client,
                           GmFlow *flow);
void     gm_source_clear  (GmSource *self);
/* Up to @len bytes. OK with *@n = 0 is the end. AGAIN = paused, or (a form) a worker fetches more, which queues the
 * transfer. READ_SHORT: the client ended before size. */
GmResult gm_source_read   (GmSource *self,
                           char *buffer,
                           gsize len,
                           gsize *n);
/* All of it, if it lies in memory: then nothing need be copied. NULL else. Counts as read. */
const char *gm_source_take_bytes (GmSource *self,
                           gsize *len);
/* To the start again, for another request. NOT_REWINDABLE if that cannot be. Nothing to do if nothing was read. */
GmResult gm_source_rewind (GmSource *self);
/* Skips the first @offset bytes for good (a resumed upload): by seek, else by reading them away. */
GmResult gm_source_skip   (GmSource *self,
                           gint64 offset);

static inline gboolean
gm_source_is_done (const GmSource *self)
{
  return self->kind == GM_SOURCE_NONE || self->ended || (self->size >= 0 && self->pos >= self->size);
}
