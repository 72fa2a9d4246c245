/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

typedef struct
{
  GPid pid;
  int in; /* (owned): its standard input, whose end ends it */
  guint port;
} SlowServer;

/* In a process of its own: the descriptors of this one are for the clients. */
static SlowServer
start_slow_server (guint piece_ms)
{
  g_autofree char *delay = g_strdup_printf ("%u", piece_ms);
  char *command[] = { (char *) SLOW_SERVER, delay, NULL };
  g_autoptr (GError) error = NULL;
  SlowServer server = { 0 };
  char text[16] = "";
  gssize len;
  int out;

  g_spawn_async_with_pipes (NULL, command, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &server.pid, &server.in, &out,
                            NULL, &error);
  g_assert_no_error (error);
  len = read (out, text, sizeof text - 1);
  g_assert_cmpint (len, >, 0);
  close (out);
  server.port = (guint) g_ascii_strtoull (text, NULL, 10);
  return server;
}

static void
stop_slow_server (SlowServer *server)
{
  close (server->in);
  g_assert_cmpint (waitpid (server->pid, NULL, 0), ==, server->pid);
  g_spawn_close_pid (server->pid);
}

static void
slow_crowd (Case *c,
            guint n,
            guint piece_ms)
{
  SlowServer server;
  g_autofree char *url = NULL;

  if (!have_descriptors (n + 200))
    {
      g_test_skip ("too few descriptors");
      return;
    }
  server = start_slow_server (piece_ms);
  url = g_strdup_printf ("http://127.0.0.1:%u/slow", server.port);
  for (guint i = 0; i < n; i++)
    case_add (case_transfer (c, url));
  case_run (c);
  for (guint i = 0; i < n; i++)
    {
      CaseTransfer *t = g_ptr_array_index (c->transfers, i);

      case_check_ok (t, 200, "slow body");
      case_check_order (t, "HBD");
    }
  stop_slow_server (&server);
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

static void
run_ten_thousand (Case *c)
{
  slow_crowd (c, 10000, 300);
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
  { "slow-ten-thousand", run_ten_thousand, CASE_NOT_SELECT | CASE_LARGE },
  { "small-ones", run_small_ones },
  { NULL },
};
