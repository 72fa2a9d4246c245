/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-private.h"

#include <string.h>

/* Redirects at most in a row, so that the limit is met at times and no series is endless. */
#define MOST_RESPONSES 4

/* splitmix64: small, and the same everywhere. */
guint64
chance_next (Chance *chance)
{
  guint64 mixed = (chance->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  mixed = (mixed ^ (mixed >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  mixed = (mixed ^ (mixed >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return mixed ^ (mixed >> 31);
}

guint
chance_below (Chance *chance, guint bound)
{
  return (guint) (chance_next (chance) % bound);
}

gboolean
chance_percent (Chance *chance, guint percent)
{
  return chance_below (chance, 100) < percent;
}

guint
plan_choose (guint64 seed, guint64 counter, guint bound)
{
  Chance chance = { seed * 1000003 + counter };

  return chance_below (&chance, bound);
}

static void
option_clear (gpointer data)
{
  g_free (((PlanOption *) data)->text);
}

void
plan_set_number (PlanTransfer *transfer, CURLoption id, gint64 number)
{
  PlanOption option = { .id = id, .number = number };

  g_array_append_val (transfer->options, option);
}

void
plan_set_text (PlanTransfer *transfer, CURLoption id, const char *text)
{
  PlanOption option = { .id = id, .is_null = text == NULL, .text = g_strdup (text) };

  g_array_append_val (transfer->options, option);
}

void
plan_set_list (PlanTransfer *transfer, CURLoption id, const char *text)
{
  PlanOption option = { .id = id, .is_list = TRUE, .text = g_strdup (text) };

  g_array_append_val (transfer->options, option);
}

void
plan_tag (PlanTransfer *transfer, const char *name)
{
  g_string_append_c (transfer->tags, ' ');
  g_string_append (transfer->tags, name);
}

char *
plan_with_ports (const PlanTransfer *transfer, const char *text)
{
  g_autoptr (GString) result = g_string_new (text);
  char number[8];

  g_snprintf (number, sizeof number, "%u", transfer->port);
  g_string_replace (result, "%P", number, 0);
  g_snprintf (number, sizeof number, "%u", transfer->refused_port);
  g_string_replace (result, "%R", number, 0);
  return g_string_free (g_steal_pointer (&result), FALSE);
}

static void
add_header_line (PlanTransfer *transfer, const char *line)
{
  if (transfer->header_lines->len > 0)
    g_string_append_c (transfer->header_lines, '\n');
  g_string_append (transfer->header_lines, line);
}

static void
choose_url (Chance *chance, PlanTransfer *transfer)
{
  static const char *const forms[] = {
    "http://127.0.0.1:%%P/t%u/0",         "http://one.test:%%P/t%u/0",          "http://two.test:%%P/t%u/0?a=b&c",
    "http://127.0.0.1:%%P/t%u/0#part",    "http://user:pass@127.0.0.1:%%P/t%u/0", "HTTP://One.Test:%%P/t%u/0",
    "127.0.0.1:%%P/t%u/0",                "http://127.0.0.1:%%P/./x/../t%u/0",  "http://127.0.0.1:%%P/t%u/0/%%20%%41",
    "http://127.0.0.1:%%R/t%u/0",         "http:/127.0.0.1:%%P/t%u/0",          "http://127.0.0.1:%%P?t%u/0",
    "http://us%%40er:p%%3a@one.test:%%P/t%u/0", "gopher9://127.0.0.1:%%P/t%u/0",   "http://127.0.0.1:99999/t%u/0",
    "http://via.test:80/t%u/0",           "http://127.1:%%P/t%u/0",             "http://127.0.0.1:%%P/t%u/0?x y",
    "http://localhost:%%P/t%u/0",         "http://[::1:%%P/t%u/0",              ("file://" PLAN_FILE),
    "http://127.0.0.1:0%%P/t%u/0",        "http:///127.0.0.1:%%P/t%u/0",        "file:///nonexistent/t%u",
  };
  guint which = transfer->plain || chance_percent (chance, 80) ? chance_below (chance, 4)
                                                               : chance_below (chance, G_N_ELEMENTS (forms));
  g_autoptr (GString) text = g_string_new (forms[which]);
  g_autofree char *url = NULL;
  char number[16];

  g_snprintf (number, sizeof number, "%u", transfer->index);
  g_string_replace (text, "%u", number, 0);
  g_string_replace (text, "%%", "%", 0);
  url = plan_with_ports (transfer, text->str);
  plan_set_text (transfer, CURLOPT_URL, url);
  g_string_append_printf (transfer->tags, " url=%u", which);
  transfer->is_file = g_str_has_prefix (url, "file:");
}

static void
choose_post (Chance *chance, PlanTransfer *transfer)
{
  switch (chance_below (chance, 5))
    {
    case 0:
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE, -1);
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "name=value&other=1");
      plan_tag (transfer, "post");
      break;
    case 1:
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE, 5);
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "0123456789");
      plan_tag (transfer, "post-sized");
      break;
    case 2:
      plan_set_number (transfer, CURLOPT_POST, 1);
      plan_set_text (transfer, CURLOPT_POSTFIELDS, NULL);
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE_LARGE, transfer->upload_size);
      plan_tag (transfer, "post-read");
      break;
    case 3:
      plan_set_number (transfer, CURLOPT_POST, 1);
      plan_set_text (transfer, CURLOPT_POSTFIELDS, NULL);
      add_header_line (transfer, "Transfer-Encoding: chunked");
      plan_tag (transfer, "post-chunked");
      break;
    default:
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE, -1);
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "");
      plan_tag (transfer, "post-empty");
      break;
    }
}

static void
choose_method (Chance *chance, PlanTransfer *transfer)
{
  static const gint64 sizes[] = { 0, 1, 100, 1000, 1025, 20000, 70000, 1100000 };
  guint roll = chance_below (chance, 100);

  transfer->upload_size = sizes[chance_below (chance, G_N_ELEMENTS (sizes))];
  if (roll < 50)
    return;
  if (roll < 58)
    {
      plan_set_number (transfer, CURLOPT_NOBODY, 1);
      transfer->head = TRUE;
      plan_tag (transfer, "head");
    }
  else if (roll < 78)
    {
      choose_post (chance, transfer);
      transfer->own_upload = TRUE;
    }
  else if (roll < 92)
    {
      transfer->own_upload = TRUE;
      gboolean sized = chance_percent (chance, 70);

      plan_set_number (transfer, CURLOPT_UPLOAD, 1);
      plan_set_number (transfer, CURLOPT_INFILESIZE_LARGE, sized ? transfer->upload_size : -1);
      /* From which size on an upload asks first has changed since 7.88. */
      if (sized && transfer->upload_size <= 1024 * 1024 && strstr (transfer->header_lines->str, "Expect") == NULL)
        add_header_line (transfer, "Expect:");
      plan_tag (transfer, sized ? "put" : "put-unsized");
    }
  else
    {
      static const char *const methods[] = { "DELETE", "OPTIONS", "PATCH", "PURGE" };

      plan_set_text (transfer, CURLOPT_CUSTOMREQUEST, methods[chance_below (chance, 4)]);
      plan_tag (transfer, "custom");
    }
}

static void
choose_headers (Chance *chance, PlanTransfer *transfer)
{
  static const char *const lists[] = {
    "X-One: 1\nX-Two: 2", "Accept:", "Host: elsewhere.test", "X-Empty;", "User-Agent: mine\nAccept: text/plain",
    "Expect:", "Expect: 100-continue", "Connection: close", "Content-Type: application/json", "Authorization: Mine abc",
    "Cookie: k=v", "X-Blank: word word", "Referer: http://there.test/", "no colon at all",
    "Host:", "Connection: keep-alive", "Range: bytes=1-2",
  };

  if (chance_percent (chance, 25))
    {
      guint which = chance_below (chance, G_N_ELEMENTS (lists));

      add_header_line (transfer, lists[which]);
      g_string_append_printf (transfer->tags, " headers=%u", which);
    }
  if (chance_percent (chance, 10))
    plan_set_text (transfer, CURLOPT_USERAGENT, "differential/1");
  if (chance_percent (chance, 5))
    plan_set_text (transfer, CURLOPT_REFERER, "http://from.test/page#frag");
  if (chance_percent (chance, 5))
    plan_set_text (transfer, CURLOPT_COOKIE, "tasty=yes; sweet=no");
  if (chance_percent (chance, 4))
    plan_set_text (transfer, CURLOPT_ACCEPT_ENCODING, "identity");
}

static void
choose_credentials (Chance *chance, PlanTransfer *transfer)
{
  if (chance_percent (chance, 8))
    {
      plan_set_text (transfer, CURLOPT_USERPWD, chance_percent (chance, 80) ? "me:secret" : "me");
      if (chance_percent (chance, 30))
        plan_set_number (transfer, CURLOPT_UNRESTRICTED_AUTH, 1);
      plan_tag (transfer, "userpwd");
    }
  else if (chance_percent (chance, 4))
    {
      plan_set_text (transfer, CURLOPT_XOAUTH2_BEARER, "token");
      plan_set_number (transfer, CURLOPT_HTTPAUTH, (gint64) CURLAUTH_BEARER);
      plan_tag (transfer, "bearer");
    }
}

static void
choose_redirects (Chance *chance, PlanTransfer *transfer, gboolean redirected)
{
  if (redirected ? !chance_percent (chance, 85) : !chance_percent (chance, 10))
    return;
  plan_set_number (transfer, CURLOPT_FOLLOWLOCATION, 1);
  plan_tag (transfer, "follow");
  if (chance_percent (chance, 20))
    {
      static const gint64 limits[] = { 0, 1, 2, -1 };

      plan_set_number (transfer, CURLOPT_MAXREDIRS, limits[chance_below (chance, 4)]);
      plan_tag (transfer, "maxredirs");
    }
  if (chance_percent (chance, 20))
    plan_set_number (transfer, CURLOPT_POSTREDIR, (gint64) chance_below (chance, 8));
  if (chance_percent (chance, 15))
    plan_set_number (transfer, CURLOPT_AUTOREFERER, 1);
  if (chance_percent (chance, 5))
    plan_set_text (transfer, CURLOPT_REDIR_PROTOCOLS_STR, "ftp");
}

static void
choose_ranges (Chance *chance, PlanTransfer *transfer)
{
  static const char *const ranges[] = { "3-102", "3-", "-5", "0-0,5-6", "9-3", "junk" };

  if (chance_percent (chance, 6))
    {
      plan_set_text (transfer, CURLOPT_RANGE, ranges[chance_below (chance, G_N_ELEMENTS (ranges))]);
      plan_tag (transfer, "range");
    }
  else if (chance_percent (chance, 5))
    {
      plan_set_number (transfer, CURLOPT_RESUME_FROM_LARGE, chance_percent (chance, 70) ? 3 : 100000);
      plan_tag (transfer, "resume");
    }
  if (chance_percent (chance, 5))
    {
      plan_set_number (transfer, CURLOPT_TIMECONDITION, 1 + (gint64) chance_below (chance, 2));
      plan_set_number (transfer, CURLOPT_TIMEVALUE_LARGE, chance_percent (chance, 50) ? 1000000000 : 1900000000);
      plan_tag (transfer, "timecondition");
    }
}

/* Options that are a number and little else; the weight is in percent. */
static void
choose_switches (Chance *chance, PlanTransfer *transfer)
{
  static const struct
  {
    CURLoption id;
    guint percent;
    gint64 number;
    const char *name;
  } switches[] = {
    { CURLOPT_FAILONERROR, 8, 1, "failonerror" },
    { CURLOPT_HEADER, 4, 1, "header" },
    { CURLOPT_FORBID_REUSE, 5, 1, "forbid-reuse" },
    { CURLOPT_FRESH_CONNECT, 5, 1, "fresh-connect" },
    { CURLOPT_HTTP_VERSION, 6, CURL_HTTP_VERSION_1_0, "1.0" },
    { CURLOPT_HTTP_VERSION, 4, CURL_HTTP_VERSION_1_1, "1.1" },
    { CURLOPT_IGNORE_CONTENT_LENGTH, 3, 1, "ignore-length" },
    { CURLOPT_MAXFILESIZE_LARGE, 4, 150, "maxfilesize" },
    { CURLOPT_HTTP_TRANSFER_DECODING, 3, 0, "raw-transfer" },
    { CURLOPT_HTTP_CONTENT_DECODING, 3, 0, "raw-content" },
    { CURLOPT_HTTP09_ALLOWED, 6, 1, "http09" },
    { CURLOPT_PATH_AS_IS, 5, 1, "path-as-is" },
    { CURLOPT_KEEP_SENDING_ON_ERROR, 6, 1, "keep-sending" },
    { CURLOPT_EXPECT_100_TIMEOUT_MS, 100, 30, NULL },
    { CURLOPT_TCP_NODELAY, 3, 0, NULL },
    { CURLOPT_TCP_KEEPALIVE, 3, 1, NULL },
    { CURLOPT_IPRESOLVE, 5, CURL_IPRESOLVE_V4, NULL },
    { CURLOPT_FILETIME, 10, 1, "filetime" },
    { CURLOPT_DISALLOW_USERNAME_IN_URL, 3, 1, "no-user-in-url" },
    { CURLOPT_TIMEOUT_MS, 3, 60, "timeout" },
    { CURLOPT_MAXAGE_CONN, 3, 60, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (switches); i++)
    if (chance_percent (chance, switches[i].percent))
      {
        plan_set_number (transfer, switches[i].id, switches[i].number);
        if (switches[i].name != NULL)
          plan_tag (transfer, switches[i].name);
      }
  if (chance_percent (chance, 3))
    {
      g_autofree char *target = g_strdup_printf ("/other/t%u/0", transfer->index);

      plan_set_text (transfer, CURLOPT_REQUEST_TARGET, target);
      plan_tag (transfer, "target");
    }
  if (chance_percent (chance, 3))
    {
      plan_set_text (transfer, CURLOPT_PROTOCOLS_STR, "file,ftp");
      plan_tag (transfer, "protocols");
    }
  if (chance_percent (chance, 5))
    plan_set_text (transfer, CURLOPT_DEFAULT_PROTOCOL, "http");
}

void
plan_choose_action (Chance *chance, PlanTransfer *transfer)
{
  static const char *const names[PLAN_AT_N][PLAN_DO_N] = {
    { "", "header-pause", "header-abort", "header-call" },
    { "", "write-pause", "write-abort", "write-call" },
    { "", "read-pause", "read-abort", "read-call" },
    { "", "progress-pause", "progress-abort", "progress-call" },
  };

  transfer->pause_rounds = 1 + chance_below (chance, 6);
  transfer->remove_round = chance_percent (chance, 7) ? (int) chance_below (chance, 12) : -1;
  transfer->progress = chance_percent (chance, 30);
  if (transfer->remove_round >= 0)
    plan_tag (transfer, "removed");
  if (!chance_percent (chance, 22))
    return;
  transfer->action.at = (PlanAt) chance_below (chance, PLAN_AT_N);
  transfer->action.what = (PlanDo) (1 + chance_below (chance, PLAN_DO_N - 1));
  transfer->action.nth = 1 + chance_below (chance, transfer->action.at == PLAN_AT_HEADER ? 4 : 2);
  transfer->action.argument = chance_below (chance, 1000);
  if (transfer->action.at == PLAN_AT_PROGRESS)
    transfer->progress = TRUE;
  plan_tag (transfer, names[transfer->action.at][transfer->action.what]);
}

static void
choose_plainly (Chance *chance, PlanTransfer *transfer)
{
  plan_tag (transfer, "plain");
  transfer->pause_rounds = 1;
  transfer->remove_round = -1;
  transfer->progress = chance_percent (chance, 30);
  if (chance_percent (chance, 20))
    {
      plan_set_number (transfer, CURLOPT_NOBODY, 1);
      transfer->head = TRUE;
      plan_tag (transfer, "head");
    }
  else if (chance_percent (chance, 25))
    {
      plan_set_number (transfer, CURLOPT_POSTFIELDSIZE, -1);
      plan_set_text (transfer, CURLOPT_COPYPOSTFIELDS, "name=value&other=1");
      plan_tag (transfer, "post");
    }
  else if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_FORBID_REUSE, 1);
  else if (chance_percent (chance, 10))
    plan_set_number (transfer, CURLOPT_FRESH_CONNECT, 1);
}

static PlanTransfer *
transfer_new (Chance *chance, const Plan *plan, guint index)
{
  PlanTransfer *transfer = g_new0 (PlanTransfer, 1);
  guint n_responses = 1;

  transfer->index = index;
  transfer->plan = plan;
  transfer->reuse_of = -1;
  transfer->port = plan->port;
  transfer->refused_port = plan->refused_port;
  transfer->header_lines = g_string_new (NULL);
  transfer->tags = g_string_new (NULL);
  transfer->options = g_array_new (FALSE, FALSE, sizeof (PlanOption));
  g_array_set_clear_func (transfer->options, option_clear);
  transfer->responses = g_ptr_array_new_with_free_func ((GDestroyNotify) plan_response_free);
  transfer->plain = plan->plain;
  if (plan->theme != PLAN_THEME_NONE)
    {
      plan_wide_choose (chance, plan, transfer);
      return transfer;
    }
  if (!plan->plain && chance_percent (chance, 25))
    n_responses += 1 + chance_below (chance, MOST_RESPONSES - 1);

  choose_url (chance, transfer);
  /* First, for a handle that is used again: post data does not take it back. */
  plan_set_number (transfer, CURLOPT_NOBODY, 0);
  if (plan->plain)
    choose_plainly (chance, transfer);
  else
    {
      choose_headers (chance, transfer);
      /* The file is shared: nobody writes to it. */
      if (transfer->is_file)
        plan_set_number (transfer, CURLOPT_UPLOAD, 0);
      else
        choose_method (chance, transfer);
      choose_credentials (chance, transfer);
      choose_redirects (chance, transfer, n_responses > 1);
      choose_ranges (chance, transfer);
      choose_switches (chance, transfer);
      plan_choose_action (chance, transfer);
    }
  if (transfer->header_lines->len > 0)
    plan_set_list (transfer, CURLOPT_HTTPHEADER, transfer->header_lines->str);
  for (guint i = 0; i < n_responses; i++)
    g_ptr_array_add (transfer->responses, plan_response_new (chance, transfer, i, i + 1 < n_responses));
  transfer->start_round = chance_percent (chance, 50) ? 0 : chance_below (chance, 15);
  return transfer;
}

static void
transfer_free (gpointer data)
{
  PlanTransfer *transfer = data;

  g_string_free (transfer->tags, TRUE);
  g_string_free (transfer->header_lines, TRUE);
  if (transfer->wide.login.refusal != NULL)
    plan_response_free (transfer->wide.login.refusal);
  if (transfer->wide.proxy_login.refusal != NULL)
    plan_response_free (transfer->wide.proxy_login.refusal);
  g_array_unref (transfer->options);
  g_ptr_array_unref (transfer->responses);
  g_free (transfer);
}

/* The last in the line of those that use the handle of @index: who comes next must not depend on who ends first. */
static int
last_user (const Plan *plan, guint index)
{
  for (guint i = index + 1; i < plan->transfers->len; i++)
    if (((PlanTransfer *) g_ptr_array_index (plan->transfers, i))->reuse_of == (int) index)
      index = i;
  return (int) index;
}

/* Options stay with a handle that is not reset, so what is special stays, too. */
static void
inherit (PlanTransfer *transfer, const PlanTransfer *former)
{
  g_string_append_printf (transfer->tags, " before:%s", former->tags->str);
  /* The announced size stays as well; another one in truth would leave the server in the midst of a body. */
  if (!transfer->own_upload)
    transfer->upload_size = former->upload_size;
}

static void
choose_limits (Chance *chance, Plan *plan)
{
  plan->max_total = chance_percent (chance, plan->plain ? 40 : 15) ? 1 + (long) chance_below (chance, 3) : 0;
  plan->max_host = chance_percent (chance, plan->plain ? 40 : 15) ? 1 + (long) chance_below (chance, 3) : 0;
  plan->max_connects = chance_percent (chance, 15) ? (long) chance_below (chance, 4)
                       /* Which of several idle ones goes for a new one depends on milliseconds. */
                       : plan->plain ? 100 : -1;
  plan->buffer_size = chance_percent (chance, 10) ? 2048 : 0;
}

Plan *
plan_new (guint64 seed)
{
  Plan *plan = g_new0 (Plan, 1);
  Chance chance = { seed };
  guint n = 1 + chance_below (&chance, 8);

  plan->seed = seed;
  if (seed % 2 == 0)
    {
      plan->theme = (PlanTheme) (1 + chance_below (&chance, PLAN_FIRST_SUBJECT - 1));
      n = 1 + n % 3;
    }
  if (seed >= PLAN_SUBJECT)
    {
      plan->theme = (PlanTheme) MIN (PLAN_FIRST_SUBJECT + seed / PLAN_SUBJECT - 1, PLAN_THEME_N - 1);
      n = plan->theme == PLAN_THEME_HTTP2 ? 1 + chance_below (&chance, 5)
          : plan->theme == PLAN_THEME_LIMITS ? 2 + chance_below (&chance, 9) : 1 + chance_below (&chance, 3);
    }
  /* The seed's own, so that even bytes that hold them are the same from run to run. */
  plan->port = 20000 + (guint) (seed % 5000);
  plan->refused_port = 26000 + (guint) (seed % 5000);
  plan->plain = plan->theme == PLAN_THEME_NONE && chance_percent (&chance, 25);
  plan->wait = (PlanWait) chance_below (&chance, 6);
  if (plan->wait > PLAN_WAIT_EVENTS)
    plan->wait = PLAN_WAIT_EVENTS;
  plan->max_connects = -1;
  plan->multiplex = plan->most_streams = -1;
  plan->solo = n == 1;
  plan_choose_subject (&chance, plan);
  plan->transfers = g_ptr_array_new_with_free_func (transfer_free);
  if (plan->theme == PLAN_THEME_NONE)
    choose_limits (&chance, plan);
  for (guint i = 0; i < n; i++)
    {
      PlanTransfer *transfer = transfer_new (&chance, plan, i);

      g_ptr_array_add (plan->transfers, transfer);
      if (i > 0 && plan->theme != PLAN_THEME_LIMITS
          && chance_percent (&chance, plan->theme == PLAN_THEME_COOKIES ? 60 : 25))
        {
          transfer->reuse_of = last_user (plan, chance_below (&chance, i));
          transfer->reset = plan->theme != PLAN_THEME_NONE || chance_percent (&chance, 50);
          plan_tag (transfer, transfer->reset ? "reset" : "reused");
          if (!transfer->reset)
            inherit (transfer, g_ptr_array_index (plan->transfers, (guint) transfer->reuse_of));
          plan->buffer_size = 0;
        }
      if (plan->theme != PLAN_THEME_NONE && n == 1)
        plan_tag (transfer, "solo");
      if (plan->theme == PLAN_THEME_LIMITS)
        continue;
      if (plan->max_total > 0 || plan->max_host > 0)
        plan_tag (transfer, "limited");
      if (plan->max_connects >= 0 && plan->max_connects < 10)
        plan_tag (transfer, "small-pool");
    }
  return plan;
}

void
plan_free (Plan *plan)
{
  g_ptr_array_unref (plan->transfers);
  g_free (plan);
}
