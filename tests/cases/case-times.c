/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

/* Every limit of time, and that none of them is declared too early or much too late. */

static void
check_timed_out (CaseTransfer *t,
                 gint64 at_least_ms)
{
  gint64 took = (t->done_at - t->added_at) / 1000;

  case_check_error (t, CURLE_OPERATION_TIMEDOUT);
  g_assert_cmpint (took, >=, at_least_ms - 2);
  g_assert_cmpint (took, <, at_least_ms + 1000 * case_patience ());
}

static void
run_connect (Case *c)
{
  ScriptedServer *deaf = case_new_server (c, SCRIPTED_SERVER_DEAF);
  CaseTransfer *t = case_transfer (c, scripted_server_url (deaf, "/"));

  case_set (t, CURLOPT_CONNECTTIMEOUT_MS, 200L);
  case_run_transfer (t);
  check_timed_out (t, 200);
  g_assert_cmpint (case_info_off (t, CURLINFO_CONNECT_TIME_T), ==, 0);
}

static void
run_total (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  case_set (t, CURLOPT_TIMEOUT_MS, 200L);
  case_run_transfer (t);
  check_timed_out (t, 200);
  case_check_order (t, "D");
}

static void
run_total_in_body (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/drip");
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");

  scripted_server_on (case_server (c), "/drip", scripted_answer_pattern (scripted_answer_split (answer, 10, 5000),
                                                                         0, 0, 1000000));
  t->keep_body = FALSE;
  case_set (t, CURLOPT_TIMEOUT_MS, 250L * case_patience ());
  case_run_transfer (t);
  check_timed_out (t, 250 * case_patience ());
  g_assert_cmpuint (t->body_length, >, 0);
}

/* One total for all redirects together. */
static void
run_total_over_redirects (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/loop");
  ScriptedAnswer *answer = scripted_answer_delay (scripted_answer_new (), 60);

  scripted_server_on (case_server (c), "/loop", scripted_answer_send (
                        answer, "HTTP/1.1 302 F\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_set (t, CURLOPT_TIMEOUT_MS, 250L);
  case_run_transfer (t);
  check_timed_out (t, 250);
}

static void
run_low_speed (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/drip");
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");

  scripted_server_on (case_server (c), "/drip", scripted_answer_pattern (scripted_answer_split (answer, 1, 20000),
                                                                         0, 0, 1000000));
  t->keep_body = FALSE;
  case_set (t, CURLOPT_LOW_SPEED_LIMIT, 1000L);
  case_set (t, CURLOPT_LOW_SPEED_TIME, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_OPERATION_TIMEDOUT);
  g_assert_cmpint (t->done_at - t->added_at, >=, 900000);
  g_assert_cmpint (t->done_at - t->added_at, <, 6000000);
}

/* Fast enough: the limit is not for this one. */
static void
run_high_speed (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/drip");
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n");

  scripted_server_on (case_server (c), "/drip", scripted_answer_pattern (scripted_answer_split (answer, 1000, 10000),
                                                                         0, 0, 150000));
  t->keep_body = FALSE;
  case_set (t, CURLOPT_LOW_SPEED_LIMIT, 10L);
  case_set (t, CURLOPT_LOW_SPEED_TIME, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
}

static gboolean
has_request (gpointer data)
{
  return scripted_server_n_requests (case_server (data)) > 0;
}

/* Data that waits is looked at before the clock: a program that was away for long loses nothing. */
static void
run_late (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/a");
  guint patience = case_patience ();
  ScriptedAnswer *answer = scripted_answer_delay (scripted_answer_new (), 50 * patience);

  scripted_server_on (case_server (c), "/a", scripted_answer_send (
                        answer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  case_set (t, CURLOPT_TIMEOUT_MS, 300L * patience);
  case_add (t);
  g_assert_true (case_run_until (c, has_request, c, 10000));
  g_usleep (500000 * patience);
  case_run (c);
  case_check_ok (t, 200, "hello");
}

static void
run_many_timeouts (Case *c)
{
  CaseTransfer *transfers[20];
  guint patience = case_patience (); /* to add one must not take as long as lies between two */

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = case_transfer (c, "/stall");
      case_set (transfers[i], CURLOPT_TIMEOUT_MS, (long) (patience * (500 - 20 * i)));
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      check_timed_out (transfers[i], patience * (500 - 20 * i));
      if (i > 0)
        /* of two that are overdue in the same turn, any may be the first */
        g_assert_cmpint (transfers[i]->done_at, <=, transfers[i - 1]->done_at + 10000 * patience);
    }
}

/* Nothing to do: the loop sleeps until the deadline, it does not ask every few milliseconds. */
static void
run_sleeps (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");
  guint turns;

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  case_set (t, CURLOPT_TIMEOUT_MS, 30000L);
  case_add (t);
  case_run_for (c, 100);
  turns = case_driver (c)->n_turns;
  case_run_for (c, 1000);
  g_assert_cmpuint (case_driver (c)->n_turns - turns, <, 40);
  case_remove (t);
}

const CaseSpec case_times[] = {
  { "timeout-connect", run_connect, CASE_NOT_ON_LIBCURL_EVENTS, "libcurl 7.88 closes first and withdraws then" },
  { "timeout-total", run_total },
  { "timeout-in-body", run_total_in_body },
  { "timeout-over-redirects", run_total_over_redirects },
  { "low-speed", run_low_speed },
  { "high-speed", run_high_speed },
  /* Over faults the transport says at random that nothing is there. */
  { "late", run_late, CASE_NOT_ON_LIBCURL | CASE_NOT_OVER_FAULTS, "libcurl looks at the clock first" },
  { "many-timeouts", run_many_timeouts },
  { "sleeps", run_sleeps },
  { NULL },
};
