/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-timers.h"

typedef struct
{
  GmTimer timer; /* first member */
  GmTimers *heap;
  gint64 due;
  gint64 again; /* set once more to this when it fires */
  guint fired;
} Probe;

static gint64 last_due;

static void
probe_fire (GmTimer *timer,
            gint64 now)
{
  Probe *self = (Probe *) timer;

  g_assert_cmpint (timer->due, ==, 0);
  g_assert_cmpint (self->due, <=, now);
  g_assert_cmpint (self->due, >=, last_due);
  last_due = self->due;
  self->fired++;
  if (self->again != 0)
    {
      self->due = self->again;
      self->again = 0;
      gm_timers_set (self->heap, timer, self->due);
    }
}

static void
probe_set (Probe *self,
           GmTimers *heap,
           gint64 due)
{
  self->timer.fire = probe_fire;
  self->heap = heap;
  self->due = due;
  gm_timers_set (heap, &self->timer, due);
}

static void
test_order (void)
{
  GmTimers heap = { 0 };
  Probe probes[500] = { 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint fired = 0;

  g_assert_cmpint (gm_timers_next (&heap), ==, -1);
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    probe_set (&probes[i], &heap, g_rand_int_range (rand, 1, 10000));

  last_due = 0;
  for (gint64 now = 0; now <= 10000; now += 250)
    {
      g_assert_true (gm_timers_next (&heap) == -1 || gm_timers_next (&heap) > now - 250);
      fired += gm_timers_expire (&heap, now);
    }
  g_assert_cmpuint (fired, ==, G_N_ELEMENTS (probes));
  for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
    g_assert_cmpuint (probes[i].fired, ==, 1);
  gm_timers_clear (&heap);
}

/* Moving later is lazy: the heap may say "too early", but nothing fires before its time, and moving earlier counts. */
static void
test_moves (void)
{
  GmTimers heap = { 0 };
  Probe a = { 0 }, b = { 0 };

  last_due = 0;
  probe_set (&a, &heap, 100);
  probe_set (&b, &heap, 200);
  probe_set (&a, &heap, 5000);
  g_assert_cmpint (gm_timers_next (&heap), <=, 200);
  g_assert_cmpuint (gm_timers_expire (&heap, 150), ==, 0);
  g_assert_cmpint (gm_timers_next (&heap), ==, 200);
  probe_set (&a, &heap, 50);
  g_assert_cmpint (gm_timers_next (&heap), ==, 50);
  g_assert_cmpuint (gm_timers_expire (&heap, 60), ==, 1);
  g_assert_cmpuint (a.fired, ==, 1);
  gm_timers_unset (&heap, &b.timer);
  gm_timers_unset (&heap, &b.timer);
  g_assert_cmpint (gm_timers_next (&heap), ==, -1);
  g_assert_cmpuint (gm_timers_expire (&heap, 100000), ==, 0);
  gm_timers_clear (&heap);
}

/* A timer that sets itself to a time that is past already waits for the next turn: no endless loop. */
static void
test_again (void)
{
  GmTimers heap = { 0 };
  Probe a = { 0 };

  last_due = 0;
  probe_set (&a, &heap, 10);
  a.again = 11;
  g_assert_cmpuint (gm_timers_expire (&heap, 100), ==, 1);
  g_assert_cmpint (gm_timers_next (&heap), ==, 11);
  g_assert_cmpuint (gm_timers_expire (&heap, 100), ==, 1);
  g_assert_cmpuint (a.fired, ==, 2);
  gm_timers_clear (&heap);
}

/* A heap of random sets, moves and unsets against the plain truth. */
static void
test_random (void)
{
  GmTimers heap = { 0 };
  Probe probes[64] = { 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (99);
  gint64 now = 1;

  for (guint round = 0; round < 20000; round++)
    {
      Probe *p = &probes[g_rand_int_range (rand, 0, G_N_ELEMENTS (probes))];
      guint due_now = 0, before = 0, after = 0;

      if (g_rand_int_range (rand, 0, 4) == 0)
        {
          p->due = 0;
          gm_timers_unset (&heap, &p->timer);
        }
      else
        probe_set (p, &heap, now + g_rand_int_range (rand, 0, 300));

      now += g_rand_int_range (rand, 0, 20);
      for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
        {
          due_now += probes[i].timer.due != 0 && probes[i].timer.due <= now;
          before += probes[i].fired;
        }
      last_due = 0;
      g_assert_cmpuint (gm_timers_expire (&heap, now), ==, due_now);
      for (guint i = 0; i < G_N_ELEMENTS (probes); i++)
        after += probes[i].fired;
      g_assert_cmpuint (after - before, ==, due_now);
    }
  gm_timers_clear (&heap);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/timers/order", test_order);
  g_test_add_func ("/timers/moves", test_moves);
  g_test_add_func ("/timers/again", test_again);
  g_test_add_func ("/timers/random", test_random);
  return g_test_run ();
}
