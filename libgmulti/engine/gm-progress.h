/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How fast bytes move, and how fast they may. Pure values: times come in, nothing is asked for. */

/* A count of bytes over the last few seconds. */
#define GM_METER_SAMPLES 6
/* Shorter times count as this: what lay in the socket's buffer when the body began came at no speed of the network's. */
#define GM_METER_MIN_US (200 * 1000)

/* After so long without any the speed is none: the samples say nothing about now. */
#define GM_METER_SILENCE_US (5 * 1000 * 1000)

typedef struct
{
  gint64 at[GM_METER_SAMPLES]; /* µs */
  guint64 bytes[GM_METER_SAMPLES]; /* total so far, then */
  guint8 n; /* samples taken, at most all */
  guint8 next;
} GmMeter;

void    gm_meter_reset (GmMeter *self);
/* Notes that @total bytes have moved by @now; at most one sample a second is kept. */
void    gm_meter_note  (GmMeter *self,
                        gint64 now,
                        guint64 total);
/* Forgets what was before and begins at @now with nothing. */
static inline void
gm_meter_begin (GmMeter *self,
                gint64 now)
{
  self->at[0] = now;
  self->bytes[0] = 0;
  self->n = self->next = 1;
}

/* Bytes per second. */
guint64 gm_meter_speed (const GmMeter *self,
                        gint64 now,
                        guint64 total);

/* µs that @left bytes take at @speed, which is not 0; a peer may have said any number, and for ever is G_MAXINT64. */
gint64  gm_progress_get_remaining (guint64 left,
                                   guint64 speed);

/* A token bucket: @rate bytes a second, a fifth of a second's worth at once. */
typedef struct
{
  gint64 tokens;
  gint64 filled_at; /* µs; 0 = not begun */
} GmBucket;

/* What may move now; G_MAXINT64 if @rate is 0 (no limit). */
gint64  gm_bucket_fill (GmBucket *self,
                        gint64 rate,
                        gint64 now);
void    gm_bucket_take (GmBucket *self,
                        gint64 rate,
                        gint64 bytes);
/* When enough may move again to be worth a turn. */
gint64  gm_bucket_next (const GmBucket *self,
                        gint64 rate,
                        gint64 now);

/* Too slow for too long? */
typedef struct
{
  gint64 since; /* µs: start of the slow time; 0 = not slow */
  gint64 checked_at;
  guint64 checked_bytes;
} GmSlowness;

/* TRUE when fewer than @limit bytes a second have moved for @limit_us. Looks at most once a second; @next is when to ask
 * again. */
gboolean gm_slowness_check (GmSlowness *self,
                            gint64 now,
                            guint64 total,
                            guint64 limit,
                            gint64 limit_us,
                            gint64 *next);
void     gm_slowness_reset (GmSlowness *self);
