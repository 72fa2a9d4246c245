/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-private.h"

/* Series with numbers of their own, each about something that would disturb the comparison of all else. */

/* Which connections there are: one host, two names for it, and an end that is announced. */
void
plan_choose_limits (Chance *chance, PlanTransfer *transfer)
{
  static const char *const urls[] = {
    "http://127.0.0.1:%P/t@T/0", "http://127.0.0.1:%P/t@T/0", "http://one.test:%P/t@T/0", "http://two.test:%P/t@T/0",
  };

  plan_set_filled (transfer, CURLOPT_URL, urls[chance_below (chance, G_N_ELEMENTS (urls))]);
  plan_choose_body (chance, transfer);
  transfer->wide.verbose = FALSE;
  transfer->start_round = chance_percent (chance, 70) ? 0 : chance_below (chance, 40);
  if (chance_percent (chance, 8))
    {
      transfer->remove_round = (int) chance_below (chance, 20);
      plan_tag (transfer, "removed");
    }
  if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_FRESH_CONNECT, 1);
  if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_FORBID_REUSE, 1);
  plan_answer (chance, transfer, chance_percent (chance, 20));
}

void
plan_choose_wakeup (Chance *chance, PlanTransfer *transfer)
{
  transfer->wide.verbose = FALSE;
  plan_choose_body (chance, transfer);
  plan_answer (chance, transfer, FALSE);
}

void
plan_choose_tls (Chance *chance, PlanTransfer *transfer)
{
  static const char *const urls[] = { "https://127.0.0.1:%P/t@T/0", "https://one.test:%P/t@T/0" };

  plan_set_filled (transfer, CURLOPT_URL, urls[chance_below (chance, G_N_ELEMENTS (urls))]);
  plan_set_number (transfer, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  plan_choose_body (chance, transfer);
  plan_answer (chance, transfer, chance_percent (chance, 20));
}

void
plan_choose_subject (Chance *chance, Plan *plan)
{
  static const char *const priorities[] = {
    "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL, NULL,
  };

  if (plan->theme == PLAN_THEME_LIMITS)
    {
      plan->max_total = chance_percent (chance, 60) ? 1 + (long) chance_below (chance, 4) : 0;
      plan->max_host = chance_percent (chance, 60) ? 1 + (long) chance_below (chance, 3) : 0;
      plan->max_connects = chance_percent (chance, 50) ? (long) chance_below (chance, 4) : -1;
    }
  if (plan->theme == PLAN_THEME_WAKEUP && plan->wait > PLAN_WAIT_WAIT)
    plan->wait = PLAN_WAIT_POLL;
  if (plan->theme == PLAN_THEME_HTTP2)
    plan_choose_http2_series (chance, plan);
  if (plan->theme != PLAN_THEME_TLS)
    return;
  plan->tls = chance_percent (chance, 60) ? PLAN_TLS_GOOD : (PlanTls) (PLAN_TLS_EXPIRED + chance_below (chance, 5));
  plan->tls_priority = priorities[chance_below (chance, G_N_ELEMENTS (priorities))];
  plan->tls_request = chance_percent (chance, 30) ? 1 + chance_below (chance, 2) : 0;
  plan->tls_rude = chance_percent (chance, 20);
}
