/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crowd-server.h"
#include "engine.h"

#include <malloc.h>

/* Ten thousand transfers in one process, each answered piecemeal, under every loop; and what one of them costs in memory
 * while it waits. */

#define CROWD 10000
#define BYTES_EACH 4096

/* Tools that make everything slow also need memory of their own for each descriptor and thread. */
static guint
crowd_size (void)
{
  return engine_patience () > 1 ? CROWD / 20 : CROWD;
}

/* ---- the crowd ---- */

typedef struct
{
  GmTransfer *transfer;
  guint n_done;
  guint length;
  guint n_writes;
} Member;

typedef struct
{
  Engine *engine;
  Member *members;
  guint n;
  guint n_done;
  guint n_half; /* that have some of their body */
} Crowd;

static GmAnswer
ask_write (GmClient *client,
           const char *data,
           gsize len,
           gsize *taken)
{
  Member *member = client->face;

  g_assert_cmpmem (data, len, CROWD_BODY + member->length, MIN (len, strlen (CROWD_BODY) - member->length));
  member->length += (guint) len;
  member->n_writes++;

  return GM_ANSWER_OK;
}

static const GmClientOps member_ops = { .write = ask_write };

static void
count_half (Crowd *crowd)
{
  crowd->n_half = 0;
  for (guint i = 0; i < crowd->n; i++)
    if (crowd->members[i].n_writes > 0 && crowd->members[i].n_done == 0)
      crowd->n_half++;
}

static void
take_facts (Crowd *crowd)
{
  GmTransfer *transfer;
  guint facts = 0;

  while ((transfer = gm_multi_pop_fact (crowd->engine->multi, &facts)) != NULL)
    {
      Member *member = gm_transfer_get_face (transfer);

      g_assert_cmpstr (gm_result_name (gm_transfer_get_result (transfer)), ==, "OK");
      g_assert_cmpuint (gm_transfer_get_info (transfer)->status, ==, 200);
      member->n_done++;
      crowd->n_done++;
    }
}

/* What the allocator has handed out, large blocks included. Zero where a tool has put another one in its place. */
static gsize
memory_now (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static void
crowd_open (Crowd *crowd,
            EngineLoop loop,
            const CrowdServer *server)
{
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/documents/a-page.html", server->port);

  crowd->n = crowd_size ();
  crowd_allow_descriptors (crowd->n + 200);
  crowd->members = g_new0 (Member, crowd->n);
  crowd->engine = engine_new (loop, NULL);
  for (guint i = 0; i < crowd->n; i++)
    {
      crowd->members[i].transfer = gm_transfer_new (&member_ops, &crowd->members[i]);
      g_assert_cmpint (gm_transfer_set_string (crowd->members[i].transfer, GM_OPTION_URL, url), ==, GM_OK);
    }
}

static void
crowd_close (Crowd *crowd)
{
  for (guint i = 0; i < crowd->n; i++)
    gm_transfer_free (crowd->members[i].transfer);
  engine_free (crowd->engine);
  g_free (crowd->members);
}

/* Turns without the helper that would look into the outbox. */
static void
crowd_run (Crowd *crowd,
           gboolean (*enough) (Crowd *crowd))
{
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (!enough (crowd))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      engine_turn_only (crowd->engine, 100 * 1000);
      take_facts (crowd);
    }
}

static gboolean
all_have_some (Crowd *crowd)
{
  count_half (crowd);
  return crowd->n_half + crowd->n_done == crowd->n;
}

static gboolean
all_are_done (Crowd *crowd)
{
  return crowd->n_done == crowd->n;
}

static void
add_all (Crowd *crowd)
{
  /* In bundles with turns between them, so that the listener's queue is never longer than it may be. */
  for (guint i = 0; i < crowd->n; i++)
    {
      g_assert_cmpint (gm_multi_add (crowd->engine->multi, crowd->members[i].transfer), ==, GM_OK);
      if (i % 100 == 99)
        {
          engine_turn_only (crowd->engine, 0);
          take_facts (crowd);
        }
    }
}

static void
test_crowd (gconstpointer data)
{
  EngineLoop loop = (EngineLoop) GPOINTER_TO_UINT (data);
  CrowdServer server;
  Crowd crowd = { NULL };
  gsize before, made, waiting;
  gint64 began = g_get_monotonic_time ();

  crowd_server_start (&server);
  before = memory_now ();
  crowd_open (&crowd, loop, &server);
  made = memory_now ();
  add_all (&crowd);
  crowd_run (&crowd, all_have_some);
  waiting = memory_now ();
  g_test_message ("%s: %u transfers, %u of them waiting in mid-body; bytes each: %" G_GSIZE_FORMAT " made, %"
                  G_GSIZE_FORMAT " waiting (%" G_GSIZE_FORMAT " more)",
                  engine_loop_names[loop], crowd.n, crowd.n_half, (made - before) / crowd.n,
                  (waiting - before) / crowd.n, (waiting - made) / crowd.n);
  g_assert_cmpuint (crowd.n_half, ==, crowd.n);
  /* All that exists for them: the handle, the run, the connection, its layers and the loop's own set. */
  if (waiting > before)
    g_assert_cmpuint ((waiting - before - crowd.n * sizeof (Member)) / crowd.n, <=, BYTES_EACH);
  else
    g_test_message ("memory cannot be measured here");

  crowd_server_release (&server);
  crowd_run (&crowd, all_are_done);
  for (guint i = 0; i < crowd.n; i++)
    {
      g_assert_cmpuint (crowd.members[i].n_done, ==, 1);
      g_assert_cmpuint (crowd.members[i].length, ==, strlen (CROWD_BODY));
    }
  g_test_message ("%s: all done after %.1f s, %u turns", engine_loop_names[loop],
                  (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC, crowd.engine->n_turns);
  crowd_close (&crowd);
  crowd_server_stop (&server);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < ENGINE_N_LOOPS; i++)
    {
      g_autofree char *path = g_strconcat ("/crowd/", engine_loop_names[i], NULL);

      g_test_add_data_func (path, GUINT_TO_POINTER (i), test_crowd);
    }

  return g_test_run ();
}
