/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-progress.h"

/* Speeds, their limits and what is too slow, under a clock that is only a number. */

#define SECOND ((gint64) G_USEC_PER_SEC)
#define START (1000 * SECOND)

/* ---- the meter ---- */

static void
assert_near (guint64 value,
             guint64 wanted,
             guint percent)
{
  guint64 most = wanted / 100 * percent + 1;

  if (value + most < wanted || value > wanted + most)
    g_error ("%" G_GUINT64_FORMAT " is not within %u %% of %" G_GUINT64_FORMAT, value, percent, wanted);
}

static void
test_meter_steady (void)
{
  static const guint64 rates[] = { 100, 10000, 1000000, 1000000000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      GmMeter meter;
      gint64 now = START;
      guint64 total = 0;

      gm_meter_reset (&meter);
      g_assert_cmpuint (gm_meter_speed (&meter, now, 0), ==, 0);
      for (guint step = 0; step < 1000; step++)
        {
          gm_meter_note (&meter, now, total);
          now += 50 * 1000;
          total += rates[i] / 20;
          if (step > 20)
            assert_near (gm_meter_speed (&meter, now, total), rates[i], 1);
        }
    }
}

/* After a change the old speed is forgotten within a few seconds; standing still goes down to nothing. */
static void
test_meter_changes (void)
{
  GmMeter meter;
  gint64 now = START;
  guint64 total = 0;

  gm_meter_reset (&meter);
  for (guint step = 0; step < 100; step++, now += 100 * 1000, total += 100000)
    gm_meter_note (&meter, now, total);
  assert_near (gm_meter_speed (&meter, now, total), 1000000, 1);
  for (guint step = 0; step < 70; step++, now += 100 * 1000, total += 1000)
    gm_meter_note (&meter, now, total);
  assert_near (gm_meter_speed (&meter, now, total), 10000, 2);
  for (guint step = 0; step < 70; step++, now += 100 * 1000)
    gm_meter_note (&meter, now, total);
  g_assert_cmpuint (gm_meter_speed (&meter, now, total), ==, 0);
}

/* Nobody notes anything while nothing moves. */
static void
test_meter_silence (void)
{
  GmMeter meter;

  gm_meter_begin (&meter, START);
  gm_meter_note (&meter, START + SECOND, 1000000);
  g_assert_cmpuint (gm_meter_speed (&meter, START + 2 * SECOND, 1000000), ==, 500000);
  g_assert_cmpuint (gm_meter_speed (&meter, START + 5 * SECOND, 1000000), ==, 200000);
  g_assert_cmpuint (gm_meter_speed (&meter, START + 8 * SECOND, 1000000), ==, 0);
  gm_meter_note (&meter, START + 9 * SECOND, 2000000);
  g_assert_cmpuint (gm_meter_speed (&meter, START + 9 * SECOND, 2000000), >, 0);
}

static void
test_meter_edges (void)
{
  GmMeter meter;

  gm_meter_reset (&meter);
  gm_meter_note (&meter, START, 500);
  /* No time has gone by: as if a little had. Bytes that were taken back (another hop began) are no speed. */
  g_assert_cmpuint (gm_meter_speed (&meter, START, 1000), ==, 500 * SECOND / GM_METER_MIN_US);
  g_assert_cmpuint (gm_meter_speed (&meter, START + 1000, 100), ==, 0);
  g_assert_cmpuint (gm_meter_speed (&meter, START + SECOND / 2, 1500), ==, 2000);
  gm_meter_reset (&meter);
  g_assert_cmpuint (gm_meter_speed (&meter, START + SECOND, 1500), ==, 0);
}

/* ---- the bucket ---- */

/* Somebody who always has bytes, served when the bucket says so, at most @piece at once. */
static guint64
flow (GmBucket *bucket,
      gint64 rate,
      gint64 *now,
      gint64 duration,
      gint64 piece,
      guint *turns)
{
  gint64 end = *now + duration;
  guint64 total = 0;

  *turns = 0;
  while (*now < end)
    {
      gint64 allowed = gm_bucket_fill (bucket, rate, *now);
      gint64 next;

      g_assert_cmpint (allowed, >=, 0);
      allowed = MIN (allowed, piece);
      gm_bucket_take (bucket, rate, allowed);
      total += (guint64) allowed;
      ++*turns;
      next = gm_bucket_next (bucket, rate, *now);
      /* It goes on: what is told is in the future, or there is something now. */
      g_assert_true (next > *now || gm_bucket_fill (bucket, rate, *now) > 0);
      *now = MAX (next, *now);
    }

  return total;
}

static void
test_bucket_rates (void)
{
  static const gint64 rates[] = { 1, 7, 100, 999, 10000, 123456, 1000000, 100000000, 1000000000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      GmBucket bucket = { 0 };
      gint64 now = START, seconds = rates[i] < 100 ? 1000 : 60;
      guint turns;
      guint64 total = flow (&bucket, rates[i], &now, seconds * SECOND, G_MAXINT64, &turns);

      assert_near (total, (guint64) (rates[i] * seconds), 2);
      /* Not in single bytes: a turn for each tenth of a second or so. */
      g_assert_cmpuint (turns, <=, (guint) seconds * 12 + 2);
    }
}

/* The same when the other side takes little at a time, and when turns come at odd times. */
static void
test_bucket_pieces (void)
{
  GmBucket bucket = { 0 };
  GmBucket odd = { 0 };
  gint64 now = START;
  guint64 total = 0;
  guint turns;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  assert_near (flow (&bucket, 50000, &now, 20 * SECOND, 1000, &turns), 50000 * 20, 2);

  now = START;
  while (now < START + 60 * SECOND)
    {
      gint64 allowed = gm_bucket_fill (&odd, 12345, now);

      gm_bucket_take (&odd, 12345, allowed);
      total += (guint64) allowed;
      now += g_rand_int_range (rand, 1, 2000);
    }
  assert_near (total, 12345 * 60, 2);
}

static void
test_bucket_bounds (void)
{
  GmBucket bucket = { 0 };
  GmBucket free_one = { 0 };

  /* No limit. */
  g_assert_cmpint (gm_bucket_fill (&free_one, 0, START), ==, G_MAXINT64);
  g_assert_cmpint (gm_bucket_next (&free_one, 0, START), ==, START);

  /* Long silence saves nothing up: a fifth of a second's worth at once. */
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START), ==, 200);
  gm_bucket_take (&bucket, 1000, 200);
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START), ==, 0);
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START + 3600 * SECOND), ==, 200);
  /* Who took more than it might waits for it. */
  gm_bucket_take (&bucket, 1000, 1200);
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START + 3600 * SECOND), ==, 0);
  g_assert_cmpint (gm_bucket_next (&bucket, 1000, START + 3600 * SECOND), >=,
                   START + 3601 * SECOND);
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START + 3600 * SECOND + 900 * 1000), ==, 0);
  g_assert_cmpint (gm_bucket_fill (&bucket, 1000, START + 3602 * SECOND), >, 0);
}

/* The largest numbers there are. */
static void
test_bucket_huge (void)
{
  static const gint64 rates[] = { G_MAXINT64, G_MAXINT64 / G_USEC_PER_SEC, G_MAXINT64 / G_USEC_PER_SEC + 1,
                                  100 * (gint64) 1000000000000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    {
      GmBucket bucket = { 0 };
      gint64 now = START;

      for (guint turn = 0; turn < 1000; turn++, now += 77)
        {
          gint64 allowed = gm_bucket_fill (&bucket, rates[i], now);

          g_assert_cmpint (allowed, >=, 0);
          gm_bucket_take (&bucket, rates[i], allowed);
          g_assert_cmpint (gm_bucket_next (&bucket, rates[i], now), >=, now);
          g_assert_cmpint (gm_bucket_next (&bucket, rates[i], now), <=, now + SECOND);
        }
    }
}

/* A limit that changes while bytes flow. */
static void
test_bucket_changes (void)
{
  GmBucket bucket = { 0 };
  gint64 now = START;
  guint turns;

  assert_near (flow (&bucket, 100000, &now, 10 * SECOND, G_MAXINT64, &turns), 1000000, 3);
  assert_near (flow (&bucket, 1000, &now, 100 * SECOND, G_MAXINT64, &turns), 100000, 3);
  assert_near (flow (&bucket, 10000000, &now, 10 * SECOND, G_MAXINT64, &turns), 100000000, 3);
}

/* ---- slowness ---- */

static gint64
time_until_slow (guint64 rate,
                 guint64 limit,
                 gint64 limit_us,
                 gint64 most)
{
  GmSlowness slowness = { 0 };
  gint64 now = START, next = 0;

  gm_slowness_reset (&slowness);
  while (now < START + most)
    {
      if (gm_slowness_check (&slowness, now, (guint64) (now - START) * rate / SECOND, limit, limit_us, &next))
        return now - START;
      g_assert_cmpint (next, >, now);
      g_assert_cmpint (next, <=, now + SECOND);
      now = next;
    }

  return -1;
}

static void
test_slowness (void)
{
  /* As fast as wanted, and faster: never. */
  g_assert_cmpint (time_until_slow (1000, 1000, 5 * SECOND, 100 * SECOND), ==, -1);
  g_assert_cmpint (time_until_slow (5000, 1000, 5 * SECOND, 100 * SECOND), ==, -1);
  /* A little too slow, and standing still: when the time is over. */
  g_assert_cmpint (time_until_slow (990, 1000, 5 * SECOND, 100 * SECOND), ==, 5 * SECOND);
  g_assert_cmpint (time_until_slow (0, 1, 5 * SECOND, 100 * SECOND), ==, 5 * SECOND);
  /* Times below and between seconds. */
  g_assert_cmpint (time_until_slow (0, 1, 300 * 1000, 100 * SECOND), ==, 300 * 1000);
  g_assert_cmpint (time_until_slow (0, 1, 2500 * 1000, 100 * SECOND), <=, 3 * SECOND);
  g_assert_cmpint (time_until_slow (0, 1, 2500 * 1000, 100 * SECOND), >=, 2500 * 1000);
}

/* A fast second in between begins anew; and so does a reset. */
/* What came at the beginning of an interval does not put the end off by as much as there is time. */
static void
test_slowness_stalls (void)
{
  GmSlowness slowness = { 0 };
  gint64 next = 0;
  gint64 now = START;

  while (!gm_slowness_check (&slowness, now, now > START ? 1000 : 0, 1, SECOND, &next))
    now = next;
  g_assert_cmpint (now - START, >=, SECOND);
  g_assert_cmpint (now - START, <=, SECOND + SECOND / 4);
}

static void
test_slowness_recovers (void)
{
  GmSlowness slowness = { 0 };
  gint64 next = 0;
  guint64 total = 0;

  for (guint second = 0; second < 60; second++)
    {
      if (second % 4 == 3)
        total += 2000;
      g_assert_false (gm_slowness_check (&slowness, START + second * SECOND, total, 1000, 5 * SECOND, &next));
    }
  g_assert_true (gm_slowness_check (&slowness, START + 90 * SECOND, total, 1000, 5 * SECOND, &next));
  gm_slowness_reset (&slowness);
  g_assert_false (gm_slowness_check (&slowness, START + 91 * SECOND, total, 1000, 5 * SECOND, &next));
}

/* The length is what a peer says. */
static void
test_remaining (void)
{
  g_assert_cmpint (gm_progress_get_remaining (0, 1), ==, 0);
  g_assert_cmpint (gm_progress_get_remaining (3000, 2000), ==, 3 * SECOND / 2);
  g_assert_cmpint (gm_progress_get_remaining (G_MAXINT64, 1), ==, G_MAXINT64);
  g_assert_cmpint (gm_progress_get_remaining (G_MAXUINT64, 1000 * 1000), ==, G_MAXINT64);
  g_assert_cmpint (gm_progress_get_remaining (G_MAXINT64, G_MAXUINT64), <=, SECOND);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/gm-progress/meter/steady", test_meter_steady);
  g_test_add_func ("/gm-progress/meter/changes", test_meter_changes);
  g_test_add_func ("/gm-progress/meter/edges", test_meter_edges);
  g_test_add_func ("/gm-progress/meter/silence", test_meter_silence);
  g_test_add_func ("/gm-progress/bucket/rates", test_bucket_rates);
  g_test_add_func ("/gm-progress/bucket/pieces", test_bucket_pieces);
  g_test_add_func ("/gm-progress/bucket/bounds", test_bucket_bounds);
  g_test_add_func ("/gm-progress/bucket/huge", test_bucket_huge);
  g_test_add_func ("/gm-progress/bucket/changes", test_bucket_changes);
  g_test_add_func ("/gm-progress/remaining", test_remaining);
  g_test_add_func ("/gm-progress/slowness/times", test_slowness);
  g_test_add_func ("/gm-progress/slowness/stalls", test_slowness_stalls);
  g_test_add_func ("/gm-progress/slowness/recovers", test_slowness_recovers);

  return g_test_run ();
}
