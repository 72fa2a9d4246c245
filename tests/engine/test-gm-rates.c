/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-rates.h"

/* Speed limits that several share, under a clock that is only a number. */

#define SECOND ((gint64) G_USEC_PER_SEC)
#define START (1000 * SECOND)

static void
test_none (void)
{
  g_autoptr (GmRates) rates = gm_rates_new ();
  gint64 recv, send;

  g_assert_false (gm_rates_are_limited (rates));
  gm_rates_fill (rates, START, 3, &recv, &send);
  g_assert_cmpint (recv, ==, G_MAXINT64);
  g_assert_cmpint (send, ==, G_MAXINT64);
  gm_rates_take (rates, 1000000, 1000000);
  gm_rates_fill (rates, START, 3, &recv, &send);
  g_assert_cmpint (recv, ==, G_MAXINT64);
  gm_rates_next (rates, START, &recv, &send);
  g_assert_cmpint (recv, ==, START);
  g_assert_false (gm_rates_set (rates, 0, 0));
}

/* One direction limited; what was taken comes back with time, and never more than a burst. */
static void
test_one_direction (void)
{
  g_autoptr (GmRates) rates = gm_rates_new ();
  gint64 recv, send, recv_next, send_next;

  g_assert_true (gm_rates_set (rates, 100000, 0));
  g_assert_true (gm_rates_are_limited (rates));
  gm_rates_fill (rates, START, 1, &recv, &send);
  g_assert_cmpint (recv, ==, 20000);
  g_assert_cmpint (send, ==, G_MAXINT64);
  gm_rates_take (rates, 20000, 5000);
  gm_rates_fill (rates, START, 1, &recv, &send);
  g_assert_cmpint (recv, ==, 0);
  gm_rates_next (rates, START, &recv_next, &send_next);
  g_assert_cmpint (recv_next, >, START);
  g_assert_cmpint (recv_next, <=, START + SECOND / 5);
  g_assert_cmpint (send_next, ==, START);
  gm_rates_fill (rates, START + SECOND / 10, 1, &recv, &send);
  g_assert_cmpint (recv, ==, 10000);
  gm_rates_fill (rates, START + 100 * SECOND, 1, &recv, &send);
  g_assert_cmpint (recv, ==, 20000);
  /* Another limit begins anew, and none is none. */
  g_assert_false (gm_rates_set (rates, 100000, 0));
  g_assert_true (gm_rates_set (rates, 1000, 0));
  gm_rates_fill (rates, START + 100 * SECOND, 1, &recv, &send);
  g_assert_cmpint (recv, ==, 200);
  g_assert_true (gm_rates_set (rates, 0, 0));
  g_assert_false (gm_rates_are_limited (rates));
}

/* Each gets its part, but one that is worth a turn. */
static void
test_parts (void)
{
  g_autoptr (GmRates) rates = gm_rates_new ();
  gint64 recv, send;

  gm_rates_set (rates, 1000000, 500000);
  gm_rates_fill (rates, START, 10, &recv, &send);
  g_assert_cmpint (recv, ==, 20000);
  g_assert_cmpint (send, ==, 10000);
  gm_rates_fill (rates, START, 1000, &recv, &send);
  g_assert_cmpint (recv, ==, 1400);
  gm_rates_take (rates, 199000, 0);
  gm_rates_fill (rates, START, 1000, &recv, &send);
  g_assert_cmpint (recv, ==, 1000);
  g_assert_cmpuint (gm_rates_share (rates, 1), ==, 1);
  g_assert_cmpuint (gm_rates_share (rates, 1), ==, 2);
  g_assert_cmpuint (gm_rates_share (rates, -1), ==, 1);
  g_assert_cmpuint (gm_rates_share (rates, 0), ==, 1);
}

/* Two threads take all they get: together not more than the limit lets through. */
static gpointer
take_all (gpointer data)
{
  GmRates *rates = data;
  guint64 sum = 0;

  for (guint ms = 0; ms < 1000; ms++)
    {
      gint64 recv, send;

      gm_rates_fill (rates, START + ms * 1000, 2, &recv, &send);
      gm_rates_take (rates, (guint64) recv, 0);
      sum += (guint64) recv;
    }

  return GSIZE_TO_POINTER ((gsize) sum);
}

static void
test_threads (void)
{
  g_autoptr (GmRates) rates = gm_rates_new ();
  GThread *other;
  gsize sum;

  gm_rates_set (rates, 1000000, 0);
  other = g_thread_new ("other", take_all, rates);
  sum = GPOINTER_TO_SIZE (take_all (rates));
  sum += GPOINTER_TO_SIZE (g_thread_join (other));
  /* a burst, a second, and what both took at once of the same part */
  g_assert_cmpuint (sum, <=, 1250000);
  g_assert_cmpuint (sum, >, 500000);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rates/none", test_none);
  g_test_add_func ("/rates/one-direction", test_one_direction);
  g_test_add_func ("/rates/parts", test_parts);
  g_test_add_func ("/rates/threads", test_threads);
  return g_test_run ();
}
