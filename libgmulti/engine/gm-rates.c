/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-rates.h"

#include "gm-progress.h"

/* A limit is given out in parts of at least so many bytes: a segment's worth is worth a turn. */
#define PART 1400

typedef struct
{
  gint64 rate; /* bytes a second; 0 = no limit */
  GmBucket bucket;
} Limit;

struct _GmRates
{
  gatomicrefcount refs;
  gint limited; /* atomic: either has a limit */
  gint n_sharing; /* atomic */
  GMutex lock; /* of those below: engines of several threads may share them */
  Limit recv;
  Limit send;
};

GmRates *
gm_rates_new (void)
{
  GmRates *self = g_new0 (GmRates, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  return self;
}

GmRates *
gm_rates_ref (GmRates *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_rates_unref (GmRates *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

static gboolean
set_limit (Limit *limit,
           gint64 rate)
{
  if (limit->rate == rate)
    return FALSE;

  *limit = (Limit){ rate, { 0 } };
  return TRUE;
}

gboolean
gm_rates_set (GmRates *self,
              gint64 recv_rate,
              gint64 send_rate)
{
  gboolean recv_changed, send_changed;

  g_mutex_lock (&self->lock);
  recv_changed = set_limit (&self->recv, recv_rate);
  send_changed = set_limit (&self->send, send_rate);
  g_atomic_int_set (&self->limited, (recv_rate | send_rate) != 0);
  g_mutex_unlock (&self->lock);

  return recv_changed || send_changed;
}

gboolean
gm_rates_are_limited (GmRates *self)
{
  return g_atomic_int_get (&self->limited) != 0;
}

guint
gm_rates_share (GmRates *self,
                int more)
{
  return (guint) (g_atomic_int_add (&self->n_sharing, more) + more);
}

static gint64
fill (Limit *limit,
      gint64 now,
      guint n_sharing)
{
  gint64 quota = gm_bucket_fill (&limit->bucket, limit->rate, now);

  if (limit->rate > 0 && quota > 0)
    quota = MAX (quota / MAX (n_sharing, 1), MIN (quota, PART));

  return quota;
}

void
gm_rates_fill (GmRates *self,
               gint64 now,
               guint n_sharing,
               gint64 *recv_quota,
               gint64 *send_quota)
{
  g_mutex_lock (&self->lock);
  *recv_quota = fill (&self->recv, now, n_sharing);
  *send_quota = fill (&self->send, now, n_sharing);
  g_mutex_unlock (&self->lock);
}

void
gm_rates_take (GmRates *self,
               guint64 received,
               guint64 sent)
{
  g_mutex_lock (&self->lock);
  gm_bucket_take (&self->recv.bucket, self->recv.rate, (gint64) received);
  gm_bucket_take (&self->send.bucket, self->send.rate, (gint64) sent);
  g_mutex_unlock (&self->lock);
}

void
gm_rates_next (GmRates *self,
               gint64 now,
               gint64 *recv_next,
               gint64 *send_next)
{
  g_mutex_lock (&self->lock);
  *recv_next = gm_bucket_next (&self->recv.bucket, self->recv.rate, now);
  *send_next = gm_bucket_next (&self->send.bucket, self->send.rate, now);
  g_mutex_unlock (&self->lock);
}
