/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <sys/resource.h>

/* Crowds. */

static gboolean
have_descriptors (guint n)
{
  struct rlimit limit;

  getrlimit (RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < n)
    {
      limit.rlim_cur = MIN (limit.rlim_max, MAX (n, 20000));
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  getrlimit (RLIMIT_NOFILE, &limit);
  return limit.rlim_cur >= n;
}

static void
slow_crowd (Case *c,
            guint n,
            guint piece_ms)
{
  ScriptedAnswer *answer = scripted_answer_split (scripted_answer_new (), 12, piece_ms * 1000);

  if (!have_descriptors (2 * n + 200))
    {
      g_test_skip ("too few descriptors");
      return;
    }
  scripted_server_on (case_server (c), "*", scripted_answer_send (
                        answer, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow body"));
  for (guint i = 0; i < n; i++)
    {
      CaseTransfer *t = case_transfer (c, "/slow");

      t->keep_body = TRUE;
      case_add (t);
    }
  case_run (c);
  for (guint i = 0; i < n; i++)
    {
      CaseTransfer *t = g_ptr_array_index (c->transfers, i);

      case_check_ok (t, 200, "slow body");
      case_check_order (t, "HBD");
    }
}

static void
run_few (Case *c)
{
  slow_crowd (c, 200, 20);
}

static void
run_thousand (Case *c)
{
  slow_crowd (c, 1000, 50);
}

/* Twice this many descriptors are all that a process here may have: server and clients share it. */
static void
run_ten_thousand (Case *c)
{
  slow_crowd (c, 9800, 200);
}

typedef struct
{
  guint left;
} Crowd;

static void
next_one (gpointer data)
{
  CaseTransfer *t = data;
  Crowd *crowd = t->user_data;

  case_check_ok (t, 200, "small");
  if (crowd->left == 0)
    return;
  crowd->left--;
  case_remove (t);
  case_rewind (t);
  case_add (t);
}

static void
run_small_ones (Case *c)
{
  Crowd crowd = { 1960 };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "small"));
  for (guint i = 0; i < 40; i++)
    {
      CaseTransfer *t = case_transfer (c, "/");

      t->done = next_one;
      t->user_data = &crowd;
      case_add (t);
    }
  case_run (c);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 2000);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), <=, 40);
}

const CaseSpec case_many[] = {
  { "slow-few", run_few },
  { "slow-thousand", run_thousand, CASE_NOT_SELECT },
  { "slow-ten-thousand", run_ten_thousand, CASE_NOT_SELECT | CASE_SLOW },
  { "small-ones", run_small_ones },
  { NULL },
};
