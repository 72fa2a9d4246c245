/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-workers.h"

#include <gio/gio.h>

/* The data of an upload that has to be read from somewhere: at most two chunks ahead of the wire. The engine takes what
 * is there; where nothing is, its transfer pauses until a chunk arrives.
 *
 * A file is read on a worker. A stream belongs to the application, which may have written it in a language that must
 * not be called from foreign threads: it is read in the errand's home context, when the feed's tidings are delivered
 * there. */

typedef struct _GmFeed GmFeed;
typedef struct _GmErrand GmErrand;

#define GM_FEED_CHUNK (128 * 1024)

typedef enum
{
  GM_FEED_DATA,
  GM_FEED_END,
  GM_FEED_LATER,
  GM_FEED_FAILED,
} GmFeedAnswer;

GmFeed      *gm_feed_new_for_file   (GmErrand *errand, /* (unowned) */
                                     GFile *file);
GmFeed      *gm_feed_new_for_stream (GmErrand *errand,
                                     GInputStream *stream);
/* The engine's thread, or nobody's: what is under way is abandoned. */
void         gm_feed_stop           (GmFeed *self);
gboolean     gm_feed_is_file        (GmFeed *self);
GmFeed      *gm_feed_ref            (GmFeed *self);
void         gm_feed_unref          (GmFeed *self);

/* ---- the engine's thread ---- */
/* Opens the file of gm_feed_new_for_file() on a worker and finds out how long it is: gm_errand_upload_known()
 * follows. */
void         gm_feed_probe          (GmFeed *self,
                                     GmReactor *reactor);
/* Copies up to @len bytes; starts to fetch more where there is room for it. After LATER the errand gets
 * GM_ORDER_CONTINUE. @reactor: for the worker's answers. */
GmFeedAnswer gm_feed_read           (GmFeed *self,
                                     GmReactor *reactor,
                                     char *buffer,
                                     gsize len,
                                     gsize *n);
/* FALSE if it cannot go there. */
gboolean     gm_feed_seek           (GmFeed *self,
                                     gint64 offset);
GError      *gm_feed_take_error     (GmFeed *self); /* (nullable) */

/* ---- the home context's thread ---- */
/* Begins to read the next chunk from the application's stream, if one was asked for; @blocking: reads it here and now. */
void         gm_feed_fill           (GmFeed *self,
                                     gboolean blocking);
