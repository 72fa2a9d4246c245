/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-progress.h"

void
gm_meter_reset (GmMeter *self)
{
  self->n = self->next = 0;
}

void
gm_meter_note (GmMeter *self,
               gint64 now,
               guint64 total)
{
  guint last = (self->next + GM_METER_SAMPLES - 1) % GM_METER_SAMPLES;

  if (self->n > 0 && now - self->at[last] < G_USEC_PER_SEC)
    return;

  self->at[self->next] = now;
  self->bytes[self->next] = total;
  self->next = (self->next + 1) % GM_METER_SAMPLES;
  self->n = MIN (self->n + 1, GM_METER_SAMPLES);
}

guint64
gm_meter_speed (const GmMeter *self,
                gint64 now,
                guint64 total)
{
  guint first = self->n < GM_METER_SAMPLES ? 0 : self->next;
  gint64 time;

  if (self->n == 0)
    return 0;
  time = MAX (now - self->at[first], GM_METER_MIN_US);
  if (total <= self->bytes[first])
    return 0;
  /* The latest sample is at most a second older than the latest bytes. */
  if (now - self->at[(self->next + GM_METER_SAMPLES - 1) % GM_METER_SAMPLES] > GM_METER_SILENCE_US + G_USEC_PER_SEC)
    return 0;

  return (guint64) ((double) (total - self->bytes[first]) * G_USEC_PER_SEC / (double) time);
}

gint64
gm_progress_get_remaining (guint64 left,
                           guint64 speed)
{
  double us = (double) left / (double) speed * G_USEC_PER_SEC;

  return us < (double) G_MAXINT64 ? (gint64) us : G_MAXINT64;
}

/* ---- limits ---- */

static gint64
burst (gint64 rate)
{
  return MAX (rate / 5, 1);
}

gint64
gm_bucket_fill (GmBucket *self,
                gint64 rate,
                gint64 now)
{
  if (rate <= 0)
    return G_MAXINT64;

  if (self->filled_at == 0)
    {
      self->tokens = burst (rate);
      self->filled_at = now;
    }
  else
    {
      gint64 time = MIN (now - self->filled_at, 10 * G_USEC_PER_SEC);
      double more = (double) time * (double) rate / G_USEC_PER_SEC;

      if ((double) self->tokens + more >= (double) burst (rate))
        {
          self->tokens = burst (rate);
          self->filled_at = now;
        }
      else if (more >= 1)
        {
          gint64 whole = (gint64) more;

          /* Time that did not make a whole byte is not lost: it counts next time. (At rates where the product would not
           * fit, a byte is nothing.) */
          self->tokens += whole;
          self->filled_at = rate < G_MAXINT64 / G_USEC_PER_SEC ? now - time + (whole * G_USEC_PER_SEC + rate - 1) / rate
                                                               : now;
        }
    }

  return MAX (self->tokens, 0);
}

void
gm_bucket_take (GmBucket *self,
                gint64 rate,
                gint64 bytes)
{
  if (rate > 0)
    self->tokens -= bytes;
}

gint64
gm_bucket_next (const GmBucket *self,
                gint64 rate,
                gint64 now)
{
  gint64 enough = MAX (burst (rate) / 2, 1);
  gint64 missing = enough - self->tokens;

  if (rate <= 0 || missing <= 0)
    return now;

  return self->filled_at + (gint64) ((double) missing * G_USEC_PER_SEC / (double) rate) + 1;
}

/* ---- slowness ---- */

void
gm_slowness_reset (GmSlowness *self)
{
  *self = (GmSlowness){ 0 };
}

gboolean
gm_slowness_check (GmSlowness *self,
                   gint64 now,
                   guint64 total,
                   guint64 limit,
                   gint64 limit_us,
                   gint64 *next)
{
  /* a quarter, lest what came at the beginning of an interval puts the end off by a whole one */
  gint64 interval = MIN (G_USEC_PER_SEC, MAX (limit_us / 4, 1));

  if (self->checked_at == 0)
    {
      self->checked_at = self->since = now;
      self->checked_bytes = total;
    }
  else if (now - self->checked_at >= interval)
    {
      gint64 time = now - self->checked_at;

      if ((double) (total - self->checked_bytes) * G_USEC_PER_SEC >= (double) limit * (double) time)
        self->since = now;
      self->checked_at = now;
      self->checked_bytes = total;
    }

  *next = self->checked_at + interval;
  return now - self->since >= limit_us;
}
