/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* The session on its main loop: what it leaves to others, what it gets in spite of them, and that it sleeps. */

#define MIB (1024 * 1024)

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
} Fixture;

static void
set_up (Fixture *fixture,
        gconstpointer data)
{
  fixture->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (fixture->server, "/hello", scripted_answer_text (200, NULL, "hello"));
  scripted_server_on (fixture->server, "/big", scripted_answer_big (2, 16 * MIB));
  scripted_server_on (fixture->server, "/stall", scripted_answer_stall (scripted_answer_new ()));
  fixture->session = gmulti_session_new ();
}

static void
tear_down (Fixture *fixture,
           gconstpointer data)
{
  face_assert_finalized (fixture->session);
  scripted_server_free (fixture->server);
}

static GMultiTransfer *
new_transfer (Fixture *fixture,
              const char *target)
{
  return gmulti_transfer_new (scripted_server_url (fixture->server, target));
}

/* ---- a source that is always ready ---- */

static gboolean
busy_cb (gpointer user_data)
{
  gint64 end = g_get_monotonic_time () + 500;

  ++*(guint *) user_data;
  while (g_get_monotonic_time () < end)
    ;
  return G_SOURCE_CONTINUE;
}

static GSource *
add_busy (int priority,
          guint *count)
{
  GSource *source = g_idle_source_new ();

  g_source_set_priority (source, priority);
  g_source_set_callback (source, busy_cb, count, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
remove_source (GSource *source)
{
  g_source_destroy (source);
  g_source_unref (source);
}

/* Somebody draws all the time at a priority above the session's: it gets its minimum share all the same. */
static void
test_minimum_share (Fixture *fixture,
                    gconstpointer data)
{
  guint n_drawn = 0;
  GSource *busy = add_busy (120, &n_drawn);

  for (guint i = 0; i < 5; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, i < 4 ? "/hello" : "/big");
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = face_fetch (fixture->session, transfer, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, i < 4 ? 5 : 16 * MIB);
    }
  /* and it is a share, not the whole: 20 ms pass between two of the session's turns */
  g_assert_cmpuint (n_drawn, >, 50);
  remove_source (busy);
}

/* The other way round: a session that always has something to do leaves drawing alone. */
static void
fetch_again (GObject *source,
             GAsyncResult *result,
             gpointer user_data)
{
  guint *left = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  --*left;
}

static gboolean
draw_cb (gpointer user_data)
{
  ++*(guint *) user_data;
  return G_SOURCE_CONTINUE;
}

static void
test_redraw_first (Fixture *fixture,
                   gconstpointer data)
{
  GSource *drawing = g_idle_source_new ();
  guint n_drawn = 0, n_low = 0, left = 400;
  GSource *low = g_idle_source_new ();

  /* what is always ready above the session is served in each turn of the loop, what is below it when it rests */
  g_source_set_priority (drawing, 120);
  g_source_set_callback (drawing, draw_cb, &n_drawn, NULL);
  g_source_attach (drawing, NULL);
  g_source_set_priority (low, G_PRIORITY_DEFAULT_IDLE);
  g_source_set_callback (low, draw_cb, &n_low, NULL);
  g_source_attach (low, NULL);

  for (guint i = 0; i < 400; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/hello");

      gmulti_session_fetch_async (fixture->session, transfer, NULL, fetch_again, &left);
    }
  face_wait_for (left == 0);
  g_assert_cmpuint (n_drawn, >, n_low);
  g_assert_cmpuint (n_drawn, >, 100);
  remove_source (drawing);
  remove_source (low);
}

/* ---- sleeping ---- */

/* How often the loop woke up in so many milliseconds. */
static guint
count_turns (guint ms)
{
  gint64 end = g_get_monotonic_time () + ms * 1000;
  gboolean late = FALSE;
  guint n = 0;
  GSource *alarm = g_timeout_source_new (ms);

  g_source_set_callback (alarm, (GSourceFunc) draw_cb, &late, NULL);
  g_source_attach (alarm, NULL);
  while (g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, TRUE);
      n++;
    }
  remove_source (alarm);
  return n;
}

static void
test_sleeps (Fixture *fixture,
             gconstpointer data)
{
  g_autoptr (GMultiTransfer) done = new_transfer (fixture, "/hello");
  g_autoptr (GMultiTransfer) waiting = new_transfer (fixture, "/stall");
  g_autoptr (GMultiTransfer) paused = new_transfer (fixture, "/big");
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (count_turns (200), <=, 6);
  g_bytes_unref (face_fetch (fixture->session, done, &error));
  g_assert_no_error (error);
  count_turns (20);
  /* an idle connection is watched */
  g_assert_cmpuint (count_turns (200), <=, 6);

  gmulti_session_start (fixture->session, waiting);
  count_turns (200);
  g_assert_cmpuint (count_turns (200), <=, 10);

  /* paused while there is more to read than any buffer holds */
  gmulti_session_start (fixture->session, paused);
  face_wait_for (gmulti_transfer_get_bytes_received (paused) > 0);
  if (!gmulti_transfer_is_finished (paused))
    {
      gmulti_transfer_pause (paused);
      face_wait_for (gmulti_transfer_get_state (paused) == GMULTI_TRANSFER_STATE_PAUSED
                     || gmulti_transfer_is_finished (paused));
      count_turns (150);
      g_assert_cmpuint (count_turns (300), <=, 12);
      gmulti_transfer_resume (paused);
      face_wait_for (gmulti_transfer_is_finished (paused));
      g_assert_cmpint (gmulti_transfer_get_state (paused), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
    }
  gmulti_transfer_cancel (waiting);
  face_wait_for (gmulti_transfer_is_finished (waiting));
}

/* ---- progress is coalesced ---- */

static void
count_progress (GMultiTransfer *transfer,
                gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
test_progress (Fixture *fixture,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (fixture, "/big");
  gint64 start = g_get_monotonic_time ();
  guint n_progress = 0;
  gint64 passed;

  gmulti_session_set_progress_interval (fixture->session, 20);
  gmulti_transfer_set_max_download_rate (transfer, 32 * MIB);
  g_signal_connect (transfer, "progress", G_CALLBACK (count_progress), &n_progress);
  gmulti_session_start (fixture->session, transfer);
  face_wait_for (gmulti_transfer_is_finished (transfer));
  passed = (g_get_monotonic_time () - start) / 1000;
  g_test_message ("%u in %d ms", n_progress, (int) passed);
  g_assert_cmpuint (n_progress, >, 3);
  g_assert_cmpuint (n_progress, <=, passed / 20 + 2);
}

static void
test_priority (void)
{
  g_autoptr (GMultiSession) session = g_object_new (GMULTI_TYPE_SESSION, "priority", 7, NULL);

  g_assert_cmpint (gmulti_session_get_priority (session), ==, 7);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/source/minimum-share", Fixture, NULL, set_up, test_minimum_share, tear_down);
  g_test_add ("/source/redraw-first", Fixture, NULL, set_up, test_redraw_first, tear_down);
  g_test_add ("/source/sleeps", Fixture, NULL, set_up, test_sleeps, tear_down);
  g_test_add ("/source/progress", Fixture, NULL, set_up, test_progress, tear_down);
  g_test_add_func ("/source/priority", test_priority);
  return g_test_run ();
}
