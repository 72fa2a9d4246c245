/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "gm-awake.h"
#include "scripted-server.h"

#include <netinet/in.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The machine sleeps: no time limit passes meanwhile, and what idled is not trusted any more. And the network changes. */

static gint64 now, asleep;

static gint64
monotonic (gpointer user_data)
{
  return now;
}

static gint64
wall (gpointer user_data)
{
  return 1700000000 + (now + asleep) / G_USEC_PER_SEC;
}

static gint64
get_asleep (gpointer user_data)
{
  return asleep;
}

static const GmClock clock_of_sleep = { monotonic, wall, NULL, get_asleep };

typedef struct
{
  ScriptedServer *server;
  Engine *engine;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  now = 1000 * G_USEC_PER_SEC;
  asleep = 77 * G_USEC_PER_SEC; /* before the program began */
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/stuck", scripted_answer_stall (scripted_answer_new ()));
  self->engine = engine_new (ENGINE_PULL, &clock_of_sleep);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  engine_free (self->engine);
  scripted_server_free (self->server);
}

static guint
n_idle (Fixture *self)
{
  return gm_pool_n_idle (gm_multi_get_pool (self->engine->multi));
}

static void
fetch_small (Fixture *self)
{
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/small"));

  engine_add (self->engine, fetch);
  engine_run (self->engine);
  fetch_check (fetch, GM_OK, 200, "small");
  fetch_free (fetch);
}

static void
test_idle (Fixture *self,
           gconstpointer data)
{
  fetch_small (self);
  /* a nap, and a long time without sleep: the same connection is used */
  asleep += G_USEC_PER_SEC;
  now += 20 * G_USEC_PER_SEC;
  fetch_small (self);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  g_assert_cmpint (gm_multi_get_shaken_at (self->engine->multi), ==, 0);

  asleep += 1800 * (gint64) G_USEC_PER_SEC;
  now += G_USEC_PER_SEC;
  engine_turn (self->engine, 0);
  g_assert_cmpuint (n_idle (self), ==, 0);
  g_assert_cmpint (gm_multi_get_shaken_at (self->engine->multi), ==, now);
  fetch_small (self);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);

  /* once for each sleep */
  now += G_USEC_PER_SEC;
  fetch_small (self);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
  g_assert_cmpuint (n_idle (self), ==, 1);
}

static gboolean
got_request (gpointer server)
{
  return scripted_server_n_requests (server) > 0;
}

static void
test_limits (Fixture *self,
             gconstpointer data)
{
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/stuck"));

  gm_transfer_set_int (fetch->transfer, GM_OPTION_TIMEOUT_MS, 10000);
  engine_add (self->engine, fetch);
  engine_run_until (self->engine, got_request, self->server);
  asleep += 1800 * (gint64) G_USEC_PER_SEC;
  now += 2 * G_USEC_PER_SEC;
  engine_turn (self->engine, 0);
  engine_turn (self->engine, 0);
  g_assert_cmpuint (fetch->n_done, ==, 0);
  /* within this machine no connection breaks by that; the limit counts the time awake */
  now += 9 * G_USEC_PER_SEC;
  engine_run (self->engine);
  fetch_check (fetch, GM_TIMEOUT, 0, NULL);
  fetch_free (fetch);
}

static gboolean
is_nowhere (const struct sockaddr *address)
{
  g_assert_cmpint (address->sa_family, ==, AF_INET);
  return FALSE;
}

static gboolean
is_here (const struct sockaddr *address)
{
  return TRUE;
}

/* Broken off is not ended: a body without a length is not taken for whole. */
static void
test_broken_off (Fixture *self,
                 gconstpointer data)
{
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/endless"));

  scripted_server_on (self->server, "/endless",
                      scripted_answer_stall (scripted_answer_exact ("HTTP/1.1 200 OK\r\n\r\nbegun")));
  engine_add (self->engine, fetch);
  while (fetch->body->len == 0)
    engine_turn (self->engine, 10000);
  gm_multi_shake (self->engine->multi, is_here);
  engine_turn (self->engine, 0);
  g_assert_cmpuint (fetch->n_done, ==, 0);

  gm_multi_shake (self->engine->multi, is_nowhere);
  engine_run (self->engine);
  fetch_check (fetch, GM_RECV_FAILED, 200, NULL);
  fetch_free (fetch);
}

static void
test_retired (Fixture *self,
              gconstpointer data)
{
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/slow"));

  scripted_server_on (self->server, "/slow",
                      scripted_answer_send (scripted_answer_delay (scripted_answer_new (), 50),
                                            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"));
  engine_add (self->engine, fetch);
  engine_run_until (self->engine, got_request, self->server);
  gm_multi_shake (self->engine->multi, NULL);
  engine_run (self->engine);
  fetch_check (fetch, GM_OK, 200, "slow");
  fetch_free (fetch);
  g_assert_cmpuint (n_idle (self), ==, 0);
}

static int knocker = -1;
static guint n_opened;

static int
open_knocker (void)
{
  n_opened++;
  return knocker = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static int
open_nothing (void)
{
  n_opened++;
  errno = EMFILE;
  return -1;
}

static gboolean
is_busy (GmReactor *reactor)
{
  return gm_multi_n_running (gm_multi_from_reactor (reactor)) > 0;
}

static gboolean
was_shaken (gpointer multi)
{
  return gm_multi_get_shaken_at (multi) != 0;
}

/* Nothing happens but that the machine wakes: somebody knocks. Not for who was done in a moment. */
static void
test_knock (Fixture *self,
            gconstpointer data)
{
  GmReactor *reactor = gm_multi_get_reactor (self->engine->multi);
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/stuck"));
  GmAwake awake;
  guint64 one = 1;

  if (data != NULL)
    gm_awake_set_opener (open_knocker);
  n_opened = 0;
  gm_awake_init (&awake, reactor, is_busy);
  for (guint i = 0; i < 3; i++)
    {
      gm_awake_begin (&awake);
      fetch_small (self);
    }
  now += 2 * GM_AWAKE_PATIENCE_US;
  engine_turn (self->engine, 0);
  g_assert_null (awake.socket);
  g_assert_false (awake.expected);

  engine_add (self->engine, fetch);
  gm_awake_begin (&awake);
  engine_run_until (self->engine, got_request, self->server);
  g_assert_null (awake.socket);
  now += 2 * GM_AWAKE_PATIENCE_US;
  engine_turn (self->engine, 0);
  g_assert_nonnull (awake.socket);

  /* looked just before it fell asleep */
  gm_reactor_look_for_sleep (reactor);
  asleep += 1800 * (gint64) G_USEC_PER_SEC;
  if (data != NULL)
    {
      g_assert_cmpuint (n_opened, ==, 1);
      g_assert_cmpint (write (knocker, &one, sizeof one), ==, sizeof one);
      engine_run_until (self->engine, was_shaken, self->engine->multi);
      g_assert_cmpuint (n_idle (self), ==, 0);
    }
  else
    {
      /* the kernel's: its time does not jump, so that it never says anything */
      engine_run_for (self->engine, 100000);
      g_assert_false (was_shaken (self->engine->multi));
      g_assert_cmpint (awake.socket->ready, ==, GM_IO_NONE);
    }
  g_assert_cmpuint (fetch->n_done, ==, 0);
  gm_awake_clear (&awake);
  gm_awake_set_opener (NULL);
  fetch_free (fetch);
}

/* There is no descriptor to be had: it goes on without, notices its sleep all the same when it turns, and tries again. */
static void
test_no_knocker (Fixture *self,
                 gconstpointer data)
{
  GmReactor *reactor = gm_multi_get_reactor (self->engine->multi);
  Fetch *fetch = fetch_new (scripted_server_url (self->server, "/stuck"));
  GmAwake awake;

  gm_awake_set_opener (open_nothing);
  n_opened = 0;
  gm_awake_init (&awake, reactor, is_busy);
  fetch_small (self);
  engine_add (self->engine, fetch);
  gm_awake_begin (&awake);
  engine_run_until (self->engine, got_request, self->server);
  now += 2 * GM_AWAKE_PATIENCE_US;
  engine_turn (self->engine, 0);
  g_assert_cmpuint (n_opened, ==, 1);
  g_assert_null (awake.socket);
  now += 2 * GM_AWAKE_PATIENCE_US;
  engine_turn (self->engine, 0);
  g_assert_cmpuint (n_opened, ==, 1);

  asleep += 1800 * (gint64) G_USEC_PER_SEC;
  now += G_USEC_PER_SEC;
  engine_turn (self->engine, 0);
  g_assert_true (was_shaken (self->engine->multi));

  gm_awake_set_opener (open_knocker);
  gm_awake_begin (&awake);
  now += 2 * GM_AWAKE_PATIENCE_US;
  engine_turn (self->engine, 0);
  g_assert_cmpuint (n_opened, ==, 2);
  g_assert_nonnull (awake.socket);
  g_assert_cmpuint (fetch->n_done, ==, 0);
  gm_awake_clear (&awake);
  gm_awake_set_opener (NULL);
  fetch_free (fetch);
}

/* What was kept for later is gone, and everything works as before. */
static void
test_caches (Fixture *self,
             gconstpointer data)
{
  fetch_small (self);
  g_assert_cmpuint (n_idle (self), ==, 1);
  gm_multi_drop_caches (self->engine->multi);
  g_assert_cmpuint (n_idle (self), ==, 0);
  fetch_small (self);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/engine/sleep/idle", Fixture, NULL, set_up, test_idle, tear_down);
  g_test_add ("/engine/sleep/limits", Fixture, NULL, set_up, test_limits, tear_down);
  g_test_add ("/engine/sleep/broken-off", Fixture, NULL, set_up, test_broken_off, tear_down);
  g_test_add ("/engine/sleep/retired", Fixture, NULL, set_up, test_retired, tear_down);
  g_test_add ("/engine/sleep/knock", Fixture, "knocks", set_up, test_knock, tear_down);
  g_test_add ("/engine/sleep/kernel", Fixture, NULL, set_up, test_knock, tear_down);
  g_test_add ("/engine/sleep/no-knocker", Fixture, NULL, set_up, test_no_knocker, tear_down);
  g_test_add ("/engine/sleep/caches", Fixture, NULL, set_up, test_caches, tear_down);
  return g_test_run ();
}
