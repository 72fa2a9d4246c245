/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "gm-transfer-private.h"
#include "scripted-server.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The multi handle by itself: who is in it, who waits, what is told, how long a turn may be, and when time is up. */

static ScriptedServer *
make_server (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "/plain", scripted_answer_text (200, NULL, "plain"));
  scripted_server_on (server, "/stuck", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (server, "/half", scripted_answer_stall (scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")));
  scripted_server_on (server, "/big", scripted_answer_big (1, 3 * 1024 * 1024));
  scripted_server_on (server, "/moved", scripted_answer_redirect (302, "/plain"));
  scripted_server_on (server, "/early", scripted_answer_exact (
                        "HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly"));

  return server;
}

static Fetch *
fetch_at (ScriptedServer *server,
          const char *path)
{
  return fetch_new (scripted_server_url (server, path));
}

typedef void (*LoopTest) (Engine *engine,
                          ScriptedServer *server);

typedef struct
{
  const char *name;
  LoopTest run;
} LoopCase;

/* ---- who is in it ---- */

static void
run_one (Engine *engine,
         ScriptedServer *server)
{
  Fetch *fetch = fetch_at (server, "/plain");

  for (guint i = 0; i < 3; i++)
    {
      fetch_rewind (fetch);
      engine_add (engine, fetch);
      g_assert_cmpuint (gm_multi_n_running (engine->multi), ==, 1);
      g_assert_cmpuint (gm_multi_n_added (engine->multi), ==, 1);
      g_assert_cmpuint (gm_multi_n_ever (engine->multi), ==, i + 1);
      engine_run (engine);
      fetch_check (fetch, GM_OK, 200, "plain");
      g_assert_cmpstr (fetch->order->str, ==, "HBD");
      /* Done, but in it until it is taken out. */
      g_assert_cmpint (gm_transfer_get_state (fetch->transfer), ==, GM_STATE_DONE);
      g_assert_cmpuint (gm_multi_n_added (engine->multi), ==, 1);
      g_assert_cmpint (gm_multi_add (engine->multi, fetch->transfer), ==, GM_BAD_REQUEST);
      engine_remove (fetch);
      engine_remove (fetch);
      g_assert_cmpint (gm_transfer_get_state (fetch->transfer), ==, GM_STATE_IDLE);
      g_assert_cmpuint (gm_multi_n_added (engine->multi), ==, 0);
    }
  /* All on one connection, which stays. */
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
  g_assert_cmpuint (gm_pool_n_idle (gm_multi_get_pool (engine->multi)), ==, 1);
  gm_multi_close_idle (engine->multi);
  g_assert_cmpuint (gm_pool_n_idle (gm_multi_get_pool (engine->multi)), ==, 0);
  fetch_free (fetch);
}

static void
run_two_multis (Engine *engine,
                ScriptedServer *server)
{
  Engine *second = engine_new (engine->loop, NULL);
  Fetch *fetch = fetch_at (server, "/stuck");

  engine_add (engine, fetch);
  g_assert_cmpint (gm_multi_add (second->multi, fetch->transfer), ==, GM_BAD_REQUEST);
  engine_run_for (engine, 2000);
  g_assert_cmpint (gm_multi_add (second->multi, fetch->transfer), ==, GM_BAD_REQUEST);
  gm_multi_remove (second->multi, fetch->transfer);
  g_assert_true (gm_transfer_get_multi (fetch->transfer) == engine->multi);
  g_assert_cmpuint (gm_multi_n_added (second->multi), ==, 0);
  g_assert_cmpuint (gm_multi_n_ever (second->multi), ==, 0);
  engine_remove (fetch);
  g_assert_cmpint (gm_multi_add (second->multi, fetch->transfer), ==, GM_OK);
  gm_multi_remove (second->multi, fetch->transfer);
  fetch_free (fetch);
  engine_free (second);
}

static gboolean
is_half (gpointer data)
{
  return ((Fetch *) data)->body_length == 4;
}

/* In each state that it can be removed in. */
static void
run_remove_anywhere (Engine *engine,
                     ScriptedServer *server)
{
  g_autoptr (ScriptedServer) deaf = scripted_server_new (SCRIPTED_SERVER_DEAF);
  Fetch *connecting = fetch_at (deaf, "/");
  Fetch *starting = fetch_at (server, "/plain");
  Fetch *waiting = fetch_at (server, "/stuck");
  Fetch *half = fetch_at (server, "/half");

  engine_add (engine, connecting);
  engine_add (engine, waiting);
  engine_add (engine, half);
  engine_run_until (engine, is_half, half);
  engine_add (engine, starting);
  g_assert_cmpint (gm_transfer_get_state (starting->transfer), ==, GM_STATE_STARTING);
  g_assert_cmpint (gm_transfer_get_state (connecting->transfer), ==, GM_STATE_CONNECTING);
  g_assert_cmpint (gm_transfer_get_phase (connecting->transfer), ==, GM_PHASE_CONNECT);
  g_assert_cmpint (gm_transfer_get_state (waiting->transfer), ==, GM_STATE_RUNNING);
  g_assert_cmpuint (gm_multi_n_running (engine->multi), ==, 4);
  engine_remove (starting);
  engine_remove (connecting);
  engine_remove (waiting);
  engine_remove (half);
  g_assert_cmpuint (gm_multi_n_running (engine->multi), ==, 0);
  g_assert_cmpuint (gm_multi_n_added (engine->multi), ==, 0);
  engine_run_for (engine, 2000);
  g_assert_cmpuint (engine->n_watched, ==, 0);
  g_assert_cmpuint (gm_pool_n_total (gm_multi_get_pool (engine->multi)), ==, 0);
  g_assert_cmpuint (engine->n_done, ==, 0);
  fetch_free (connecting);
  fetch_free (starting);
  fetch_free (waiting);
  fetch_free (half);
}

static void
take_out (GmTransfer *transfer,
          gpointer data)
{
  GString *seen = data;
  Fetch *fetch = gm_transfer_get_face (transfer);

  g_string_append_printf (seen, "%u", GPOINTER_TO_UINT (fetch->data));
  if (GPOINTER_TO_UINT (fetch->data) % 2 == 0)
    gm_multi_remove (gm_transfer_get_multi (transfer), transfer);
}

static void
run_foreach (Engine *engine,
             ScriptedServer *server)
{
  g_autoptr (GString) seen = g_string_new (NULL);
  Fetch *fetches[6];

  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      fetches[i] = fetch_at (server, "/stuck");
      fetches[i]->data = GUINT_TO_POINTER (i + 1);
      engine_add (engine, fetches[i]);
    }
  gm_multi_foreach (engine->multi, take_out, seen);
  g_assert_cmpstr (seen->str, ==, "123456");
  g_string_truncate (seen, 0);
  gm_multi_foreach (engine->multi, take_out, seen);
  g_assert_cmpstr (seen->str, ==, "135");
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    fetch_free (fetches[i]);
}

/* ---- who waits ---- */

static void
set_limits (Engine *engine,
            guint total,
            guint per_host,
            gint idle)
{
  GmMultiLimits limits = *gm_multi_get_limits (engine->multi);

  limits.pool = (GmPoolLimits){ total, per_host, idle };
  gm_multi_set_limits (engine->multi, &limits);
}

typedef struct
{
  GString *served; /* in the order of completion */
  char name;
} Place;

static void
note_place (Fetch *fetch)
{
  Place *place = fetch->data;

  g_string_append_c (place->served, place->name);
}

static void
run_pending (Engine *engine,
             ScriptedServer *server)
{
  g_autoptr (GString) served = g_string_new (NULL);
  Place places[6];
  Fetch *fetches[6];

  set_limits (engine, 1, 0, -1);
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      places[i] = (Place){ served, (char) ('a' + i) };
      fetches[i] = fetch_at (server, "/plain");
      fetches[i]->data = &places[i];
      fetches[i]->on_done = note_place;
      engine_add (engine, fetches[i]);
    }
  engine_turn (engine, 0);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 5);
  g_assert_cmpint (gm_transfer_get_state (fetches[1]->transfer), ==, GM_STATE_PENDING);
  /* One in the line goes away; the others keep their places. */
  engine_remove (fetches[2]);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 4);
  engine_run (engine);
  g_assert_cmpstr (served->str, ==, "abdef");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    fetch_free (fetches[i]);
}

static gboolean
two_run (gpointer data)
{
  Engine *engine = data;

  return gm_multi_n_pending (engine->multi) == 1 && gm_pool_n_total (gm_multi_get_pool (engine->multi)) == 2;
}

static gboolean
it_runs (gpointer data)
{
  return gm_transfer_get_state (((Fetch *) data)->transfer) == GM_STATE_RUNNING;
}

static gboolean
one_runs (gpointer data)
{
  Engine *engine = data;

  return gm_multi_n_pending (engine->multi) == 2 && gm_pool_n_total (gm_multi_get_pool (engine->multi)) == 1;
}

/* Limits that change while everything runs. */
static void
run_limits (Engine *engine,
            ScriptedServer *server)
{
  Fetch *fetches[3];

  set_limits (engine, 0, 1, -1);
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      fetches[i] = fetch_at (server, "/stuck");
      engine_add (engine, fetches[i]);
    }
  engine_run_until (engine, one_runs, engine);

  /* More room: who waits begins by itself. */
  set_limits (engine, 0, 2, -1);
  engine_run_until (engine, two_run, engine);
  /* Less room: what runs is let alone, and who waits waits on. */
  set_limits (engine, 1, 1, -1);
  engine_run_for (engine, 2000);
  g_assert_cmpuint (gm_pool_n_total (gm_multi_get_pool (engine->multi)), ==, 2);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 1);
  engine_remove (fetches[0]);
  engine_run_for (engine, 2000);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 1);
  engine_remove (fetches[1]);
  engine_run_until (engine, it_runs, fetches[2]);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    fetch_free (fetches[i]);
}

/* An idle connection elsewhere makes room; and none is kept when none may be. */
static void
run_idle_makes_room (Engine *engine,
                     ScriptedServer *server)
{
  g_autoptr (ScriptedServer) other = make_server ();
  Fetch *first = fetch_at (server, "/plain");
  Fetch *second = fetch_at (other, "/plain");

  set_limits (engine, 1, 0, -1);
  engine_add (engine, first);
  engine_run (engine);
  g_assert_cmpuint (gm_pool_n_idle (gm_multi_get_pool (engine->multi)), ==, 1);
  engine_add (engine, second);
  engine_run (engine);
  fetch_check (second, GM_OK, 200, "plain");
  g_assert_cmpuint (gm_pool_n_total (gm_multi_get_pool (engine->multi)), ==, 1);
  g_assert_true (scripted_server_wait_open (server, 0, 2000));

  set_limits (engine, 1, 0, 0);
  g_assert_cmpuint (gm_pool_n_idle (gm_multi_get_pool (engine->multi)), ==, 0);
  engine_remove (first);
  fetch_rewind (first);
  engine_add (engine, first);
  engine_run (engine);
  fetch_check (first, GM_OK, 200, "plain");
  g_assert_cmpuint (gm_pool_n_total (gm_multi_get_pool (engine->multi)), ==, 0);
  fetch_free (first);
  fetch_free (second);
}

/* ---- time ---- */

static void
run_times_out (Engine *engine,
               ScriptedServer *server)
{
  static const struct
  {
    const char *path;
    GmOption option;
    GmResult result;
  } cases[] = {
    { "/stuck", GM_OPTION_TIMEOUT_MS, GM_TIMEOUT },
    { "/half", GM_OPTION_TIMEOUT_MS, GM_TIMEOUT },
    { "/stuck", GM_OPTION_RESPONSE_TIMEOUT_MS, GM_RESPONSE_TIMEOUT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fetch *fetch = fetch_at (server, cases[i].path);

      gm_transfer_set_int (fetch->transfer, cases[i].option, 30);
      engine_add (engine, fetch);
      engine_run (engine);
      fetch_check (fetch, cases[i].result, fetch->status, NULL);
      fetch_free (fetch);
    }
}

/* Nobody turned for longer than the transfer had, but its answer is there: it is no timeout. */
static void
run_late_but_there (Engine *engine,
                    ScriptedServer *server)
{
  Fetch *whole = fetch_at (server, "/plain");
  Fetch *late = fetch_at (server, "/half");
  gint64 end;

  gm_transfer_set_int (whole->transfer, GM_OPTION_TIMEOUT_MS, 100);
  gm_transfer_set_int (late->transfer, GM_OPTION_TIMEOUT_MS, 100);
  engine_add (engine, whole);
  engine_add (engine, late);
  /* Until both requests are out, but not long enough to see the answer: the server is another thread. */
  end = g_get_monotonic_time () + 90 * 1000;
  while (scripted_server_n_requests (server) < 2 && g_get_monotonic_time () < end && whole->n_done == 0)
    engine_turn (engine, 0);
  if (whole->n_done == 0)
    g_usleep (300 * 1000);
  engine_run (engine);
  fetch_check (whole, GM_OK, 200, "plain");
  fetch_check (late, GM_TIMEOUT, 200, "half");
  fetch_free (whole);
  fetch_free (late);
}

/* Five seconds late, by a clock that jumps: what has come is taken, also where several limits have passed meanwhile; what
 * has not come by then is late. */
static void
test_five_seconds_late (void)
{
  static const GmOption limits[] = { GM_OPTION_TIMEOUT_MS, GM_OPTION_RESPONSE_TIMEOUT_MS, GM_OPTION_CONNECT_TIMEOUT_MS };

  for (guint loop = 0; loop < ENGINE_CONTEXT; loop++)
    for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
      {
        g_autoptr (ScriptedServer) server = make_server ();
        Engine *engine = engine_new ((EngineLoop) loop, &engine_clock);
        Fetch *whole = fetch_at (server, "/plain");
        Fetch *stuck = fetch_at (server, "/stuck");
        gboolean connecting = limits[i] == GM_OPTION_CONNECT_TIMEOUT_MS;

        gm_transfer_set_int (whole->transfer, limits[i], 2000);
        gm_transfer_set_int (stuck->transfer, limits[i], 2000);
        engine_add (engine, whole);
        engine_add (engine, stuck);
        gm_multi_turn (engine->multi, 0); /* both connect now, and nobody has looked since */
        g_usleep (20 * 1000);
        if (!connecting)
          {
            while (scripted_server_n_requests (server) < 2 && whole->n_done == 0)
              engine_turn (engine, 0);
            g_usleep (50 * 1000); /* the answer is on its way to us */
          }
        engine_clock_now += 5 * G_USEC_PER_SEC;
        /* A loop that tells the time before it tells of data. */
        gm_multi_turn (engine->multi, 0);
        engine_turn (engine, 0);
        if (connecting)
          engine_run_until (engine, fetch_is_done, whole);
        else
          engine_run (engine);
        fetch_check (whole, GM_OK, 200, "plain");
        if (!connecting)
          fetch_check (stuck, limits[i] == GM_OPTION_TIMEOUT_MS ? GM_TIMEOUT : GM_RESPONSE_TIMEOUT, 0, "");
        fetch_free (whole);
        fetch_free (stuck);
        engine_free (engine);
      }
}

/* The same with more of them than one look at the set brings. */
static void
run_late_crowd (Engine *engine,
                ScriptedServer *server)
{
  Fetch *fetches[600];
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  scripted_server_on (server, "/slow", scripted_answer_send (scripted_answer_delay (scripted_answer_new (), 600),
                                                             "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"));
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      fetches[i] = fetch_at (server, "/slow");
      gm_transfer_set_int (fetches[i]->transfer, GM_OPTION_TIMEOUT_MS, 1000);
      engine_add (engine, fetches[i]);
    }
  while (scripted_server_n_requests (server) < G_N_ELEMENTS (fetches))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      engine_turn (engine, 1000);
    }
  g_usleep (1500 * 1000);
  engine_run (engine);
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      /* Tools may make all this too slow for the times above. */
      if (engine_patience () == 1)
        fetch_check (fetches[i], GM_OK, 200, "slow");
      fetch_free (fetches[i]);
    }
}

static const LoopCase loop_cases[] = {
  { "one", run_one },
  { "two-multis", run_two_multis },
  { "remove-anywhere", run_remove_anywhere },
  { "foreach", run_foreach },
  { "pending", run_pending },
  { "limits", run_limits },
  { "idle-makes-room", run_idle_makes_room },
  { "times-out", run_times_out },
  { "late-but-there", run_late_but_there },
  { "late-crowd", run_late_crowd },
};

static void
test_loop_case (gconstpointer data)
{
  const LoopCase *spec = data;

  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    {
      g_autoptr (ScriptedServer) server = make_server ();
      Engine *engine = engine_new ((EngineLoop) loop, NULL);

      g_test_message ("%s", engine_loop_names[loop]);
      spec->run (engine, server);
      engine_free (engine);
    }
}

/* ---- what is told ---- */

#define ALL_FACTS \
  (GM_FACT_DONE | GM_FACT_STATE | GM_FACT_HEAD | GM_FACT_PROGRESS | GM_FACT_REDIRECT | GM_FACT_INFORMATIONAL)

static guint
facts_of (const char *path,
          guint mask)
{
  g_autoptr (ScriptedServer) server = make_server ();
  GmMulti *multi = gm_multi_new (NULL, NULL, mask, NULL);
  Fetch *fetch = fetch_at (server, path);
  guint all = 0, facts = 0;
  GmTransfer *transfer;

  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  g_assert_cmpint (gm_multi_add (multi, fetch->transfer), ==, GM_OK);
  for (gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC; gm_multi_n_running (multi) > 0;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      gm_reactor_collect (gm_multi_get_reactor (multi), 1000);
      gm_multi_turn (multi, 0);
      while ((transfer = gm_multi_pop_fact (multi, &facts)) != NULL)
        {
          g_assert_true (transfer == fetch->transfer);
          g_assert_cmpuint (facts, !=, 0);
          g_assert_cmpuint (all & GM_FACT_DONE, ==, 0); /* nothing comes after it */
          all |= facts;
        }
    }
  fetch_free (fetch);
  gm_multi_free (multi);

  return all;
}

static void
test_facts (void)
{
  g_assert_cmphex (facts_of ("/plain", ALL_FACTS), ==,
                   GM_FACT_DONE | GM_FACT_STATE | GM_FACT_HEAD | GM_FACT_PROGRESS);
  g_assert_cmphex (facts_of ("/moved", ALL_FACTS), ==,
                   GM_FACT_DONE | GM_FACT_STATE | GM_FACT_HEAD | GM_FACT_PROGRESS | GM_FACT_REDIRECT);
  g_assert_cmphex (facts_of ("/early", ALL_FACTS), ==,
                   GM_FACT_DONE | GM_FACT_STATE | GM_FACT_HEAD | GM_FACT_PROGRESS | GM_FACT_INFORMATIONAL);
  g_assert_cmphex (facts_of ("/early", GM_FACT_HEAD), ==, GM_FACT_HEAD);
  g_assert_cmphex (facts_of ("/plain", 0), ==, 0);
}

/* One entry each, in the order of the first note; who is removed is not told about. */
static void
test_outbox (void)
{
  GmMulti *multi = gm_multi_new (NULL, NULL, GM_FACT_DONE | GM_FACT_STATE, NULL);
  Fetch *fetches[4];
  guint facts = 0;

  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    {
      fetches[i] = fetch_new ("nonsense://");
      g_assert_cmpint (gm_multi_add (multi, fetches[i]->transfer), ==, GM_OK);
    }
  g_assert_cmpuint (gm_multi_n_facts (multi), ==, 4);
  gm_multi_turn (multi, 0);
  g_assert_cmpuint (gm_multi_n_facts (multi), ==, 4);
  gm_multi_remove (multi, fetches[1]->transfer);
  g_assert_cmpuint (gm_multi_n_facts (multi), ==, 3);
  g_assert_true (gm_multi_pop_fact (multi, &facts) == fetches[0]->transfer);
  g_assert_cmphex (facts, ==, GM_FACT_DONE | GM_FACT_STATE);
  g_assert_true (gm_multi_pop_fact (multi, &facts) == fetches[2]->transfer);
  gm_transfer_free (g_steal_pointer (&fetches[3]->transfer));
  g_assert_null (gm_multi_pop_fact (multi, &facts));
  for (guint i = 0; i < G_N_ELEMENTS (fetches); i++)
    fetch_free (fetches[i]);
  gm_multi_free (multi);
}

/* ---- how long a turn may be ---- */

static gint64 step_cost;

/* Each look at the clock costs what a step costs. */
static gint64
costly_monotonic (gpointer user_data)
{
  return engine_clock_now += step_cost;
}

static gint64
costly_wall (gpointer user_data)
{
  return 1700000000;
}

static const GmClock costly_clock = { costly_monotonic, costly_wall, NULL };

typedef struct
{
  GmRunnable runnable; /* first member */
  GmReactor *reactor;
  guint n_turns;
} Busy;

static void
busy_run (GmRunnable *runnable)
{
  Busy *self = (Busy *) runnable;

  self->n_turns++;
  gm_reactor_queue (self->reactor, runnable);
}

static void
test_budget (void)
{
  GmMulti *multi = gm_multi_new (&costly_clock, NULL, GM_FACT_DONE, NULL);
  Busy busy[100];
  guint total = 0;

  step_cost = 0;
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    {
      busy[i] = (Busy){ .runnable.run = busy_run, .reactor = gm_multi_get_reactor (multi) };
      gm_reactor_queue (busy[i].reactor, &busy[i].runnable);
    }
  step_cost = 100;
  for (guint turn = 1; turn <= 8; turn++)
    {
      guint before = total;

      gm_multi_turn (multi, 2500);
      total = 0;
      for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
        total += busy[i].n_turns;
      /* As many as fit, one more at most; and what is left is ready at once. */
      g_assert_cmpuint (total - before, >=, 24);
      g_assert_cmpuint (total - before, <=, 26);
      g_assert_cmpint (gm_multi_get_next (multi), ==, 0);
    }
  /* Everybody in turn, nobody twice before all have had one. */
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    g_assert_cmpuint (busy[i].n_turns, ==, i < total % 100 ? total / 100 + 1 : total / 100);

  /* Without a budget each has one turn. */
  gm_multi_turn (multi, 0);
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    gm_reactor_dequeue (busy[i].reactor, &busy[i].runnable);
  gm_multi_free (multi);
  step_cost = 0;
}

/* Deadlines come also where the work never ends within a budget. */
static void
test_budget_and_deadlines (void)
{
  g_autoptr (ScriptedServer) server = make_server ();
  GmMulti *multi = gm_multi_new (&costly_clock, NULL, GM_FACT_DONE, NULL);
  Fetch *fetch = fetch_at (server, "/stuck");
  Busy busy[100];

  step_cost = 0;
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    {
      busy[i] = (Busy){ .runnable.run = busy_run, .reactor = gm_multi_get_reactor (multi) };
      gm_reactor_queue (busy[i].reactor, &busy[i].runnable);
    }
  gm_transfer_set_int (fetch->transfer, GM_OPTION_TIMEOUT_MS, 50);
  g_assert_cmpint (gm_multi_add (multi, fetch->transfer), ==, GM_OK);
  step_cost = 100;
  /* 50 ms are 500 steps; four times that must do. */
  for (guint turn = 0; turn < 80 && gm_multi_n_running (multi) > 0; turn++)
    {
      gm_reactor_collect (gm_multi_get_reactor (multi), 0);
      gm_multi_turn (multi, 2500);
    }
  g_assert_cmpstr (gm_result_name (gm_transfer_get_result (fetch->transfer)), ==, "TIMEOUT");
  for (guint i = 0; i < G_N_ELEMENTS (busy); i++)
    gm_reactor_dequeue (busy[i].reactor, &busy[i].runnable);
  fetch_free (fetch);
  gm_multi_free (multi);
  step_cost = 0;
}

/* A large body takes several turns, and small ones pass it. */
static void
test_share (void)
{
  g_autoptr (ScriptedServer) server = make_server ();
  Engine *engine = engine_new (ENGINE_PULL, NULL);
  Fetch *big = fetch_at (server, "/big");
  guint64 before = 0;

  engine_add (engine, big);
  while (gm_multi_n_running (engine->multi) > 0)
    {
      engine_turn (engine, 100 * 1000);
      g_assert_cmpuint (big->body_length - before, <, GM_REQUEST_SHARE + GM_READ_SIZE_MAX);
      before = big->body_length;
    }
  g_assert_cmpuint (big->body_length, ==, 3 * 1024 * 1024);
  fetch_free (big);
  engine_free (engine);
}

/* ---- after a fork ---- */

/* The child may clean up and nothing else; the parent goes on as if nothing had been. */
static void
test_fork (void)
{
  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    {
      g_autoptr (ScriptedServer) server = make_server ();
      Engine *engine = engine_new ((EngineLoop) loop, NULL);
      Fetch *plain = fetch_at (server, "/plain");
      Fetch *half = fetch_at (server, "/half");
      Fetch *other = fetch_at (server, "/plain");
      int status = -1;
      pid_t pid;

      g_test_message ("%s", engine_loop_names[loop]);
      engine_add (engine, plain);
      engine_add (engine, half);
      engine_run_until (engine, fetch_is_done, plain);
      engine_run_until (engine, is_half, half);

      pid = fork ();
      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          int bad = gm_multi_add (engine->multi, other->transfer) == GM_AFTER_FORK ? 0 : 1;

          /* It does not ask for turns in which nothing would be done. */
          gm_reactor_queue (gm_multi_get_reactor (engine->multi), &half->transfer->runnable);
          gm_multi_turn (engine->multi, 0);
          bad |= gm_multi_get_next (engine->multi) == -1 ? 0 : 2;
          gm_multi_remove (engine->multi, half->transfer);
          gm_transfer_free (half->transfer);
          gm_multi_free (engine->multi);
          /* What the child has of its parent is nothing that a memory checker should ask it for. */
          if (bad == 0)
            execlp ("true", "true", NULL);
          _exit (bad | 64);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFEXITED (status));
      g_assert_cmpint (WEXITSTATUS (status), ==, 0);

      /* The parent's watches, connections and transfers are as they were. */
      g_assert_cmpuint (scripted_server_n_open (server), ==, 2);
      g_assert_cmpuint (gm_multi_n_running (engine->multi), ==, 1);
      engine_add (engine, other);
      engine_run_until (engine, fetch_is_done, other);
      fetch_check (other, GM_OK, 200, "plain");
      g_assert_true (gm_transfer_get_info (other->transfer)->hop.reused);
      g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
      scripted_server_drop_all (server, SCRIPTED_END_CLOSE);
      engine_run_until (engine, fetch_is_done, half);
      fetch_check (half, GM_PARTIAL, 200, "half");
      fetch_free (plain);
      fetch_free (half);
      fetch_free (other);
      engine_free (engine);
    }
}

/* ---- descriptors whose numbers come again ---- */

static int stolen_fd = -1;

/* The application closes what it was told of no more, and the kernel gives the number to the next one. */
static void
close_and_take (GmReactor *reactor,
                GmSocket *socket,
                int fd)
{
  close (fd);
  stolen_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (stolen_fd, ==, fd);
  /* It is nobody's any more. */
  g_assert_null (gm_reactor_find_fd (reactor, fd));
  g_assert_false (gm_multi_post_fd (gm_multi_from_reactor (reactor), fd, GM_IO_IN));
}

static void
test_number_comes_again (void)
{
  static const GmReactorOps ops = { .close_socket = close_and_take };
  g_autoptr (ScriptedServer) server = make_server ();
  GmMulti *multi = gm_multi_new (NULL, &ops, GM_FACT_DONE, NULL);
  Fetch *fetch = fetch_at (server, "/plain");
  gint64 end = g_get_monotonic_time () + 10 * G_USEC_PER_SEC;

  gm_transfer_set_int (fetch->transfer, GM_OPTION_FORBID_REUSE, 1);
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpint (gm_multi_add (multi, fetch->transfer), ==, GM_OK);
      while (gm_multi_n_running (multi) > 0)
        {
          g_assert_cmpint (g_get_monotonic_time (), <, end);
          gm_reactor_collect (gm_multi_get_reactor (multi), 1000);
          gm_multi_turn (multi, 0);
        }
      g_assert_cmpint (gm_transfer_get_result (fetch->transfer), ==, GM_OK);
      g_assert_cmpint (stolen_fd, >=, 0);
      /* Still open: nobody closed it for us. */
      g_assert_cmpint (fcntl (stolen_fd, F_GETFD), >=, 0);
      close (stolen_fd);
      stolen_fd = -1;
      gm_multi_remove (multi, fetch->transfer);
    }
  fetch_free (fetch);
  gm_multi_free (multi);
}

/* ---- sizes ---- */

/* What ten thousand of them cost. A member more is a decision: raise the number with it, or find the room. */
static void
test_sizes (void)
{
  if (sizeof (gpointer) != 8)
    {
      g_test_skip ("sizes are those of 64-bit machines");
      return;
    }
  g_assert_cmpuint (sizeof (GmTransfer), <=, 1024);
  g_assert_cmpuint (sizeof (GmRun), <=, 1152);
  g_assert_cmpuint (sizeof (GmHeaders), <=, 832);
  g_assert_cmpuint (sizeof (GmConnection), <=, 512);
  g_assert_cmpuint (sizeof (GmSocket), <=, 56); /* takes the same room on the heap */
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (loop_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/gm-multi/", loop_cases[i].name, NULL);

      g_test_add_data_func (path, &loop_cases[i], test_loop_case);
    }
  g_test_add_func ("/gm-multi/five-seconds-late", test_five_seconds_late);
  g_test_add_func ("/gm-multi/facts", test_facts);
  g_test_add_func ("/gm-multi/outbox", test_outbox);
  g_test_add_func ("/gm-multi/budget", test_budget);
  g_test_add_func ("/gm-multi/budget-and-deadlines", test_budget_and_deadlines);
  g_test_add_func ("/gm-multi/share", test_share);
  g_test_add_func ("/gm-multi/fork", test_fork);
  g_test_add_func ("/gm-multi/number-comes-again", test_number_comes_again);
  g_test_add_func ("/gm-multi/sizes", test_sizes);

  return g_test_run ();
}
