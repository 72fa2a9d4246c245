/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "splits.h"

static void
feed_copy (const SplitTest *test,
           gpointer run,
           GmSpan piece)
{
  g_autofree char *copy = g_memdup2 (piece.data, piece.len);

  test->feed (run, gm_span (copy, piece.len));
}

/* A first piece of @first bytes, then pieces of @step. */
static void
check_cut (const SplitTest *test,
           gconstpointer vector,
           GmSpan input,
           const char *expected,
           gsize first,
           gsize step)
{
  gpointer run = test->begin (vector);
  g_autofree char *account = NULL;
  gsize done = MIN (first, input.len);

  feed_copy (test, run, gm_span (input.data, done));
  while (done < input.len)
    {
      gsize n = MIN (step, input.len - done);

      feed_copy (test, run, gm_span (input.data + done, n));
      done += n;
    }
  account = test->end (run);
  if (g_strcmp0 (account, expected) != 0)
    g_test_message ("cut %" G_GSIZE_FORMAT ", then every %" G_GSIZE_FORMAT " bytes of: %.*s", first, step,
                    (int) MIN (input.len, 400), input.data);
  g_assert_cmpstr (account, ==, expected);
}

void
splits_check (const SplitTest *test,
              gconstpointer vector,
              GmSpan input,
              const char *expected)
{
  gsize stride = MAX (1, input.len / 2000);

  check_cut (test, vector, input, expected, input.len, input.len);
  check_cut (test, vector, input, expected, 1, 1);
  check_cut (test, vector, input, expected, 3, 3);
  for (gsize cut = 0; cut < input.len; cut += stride)
    check_cut (test, vector, input, expected, cut, input.len);
}
