/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crowd-server.h"

#include <gmulti.h>
#include <malloc.h>
#include <string.h>

/* Ten thousand transfers of one session on one GMainContext, each answered piecemeal. Every one completes once, with what
 * was sent, and the context turns for what is ready, not for what exists. */

#define CROWD 10000

typedef struct
{
  GMainLoop *loop;
  CrowdServer server;
  guint n;
  guint n_left;
  guint n_waiting;
  gsize before;
} Crowd;

static guint
crowd_size (void)
{
  gboolean slow = g_getenv ("ASAN_OPTIONS") != NULL || g_getenv ("GMULTI_TEST_VALGRIND") != NULL;

  return slow ? CROWD / 20 : CROWD;
}

static void
fetched (GObject *session,
         GAsyncResult *result,
         gpointer data)
{
  Crowd *crowd = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (session), result, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), CROWD_BODY, strlen (CROWD_BODY));
  if (--crowd->n_left == 0)
    g_main_loop_quit (crowd->loop);
}

/* Looks now and then whether all have some of their body. */
static gboolean
look (gpointer data)
{
  gpointer *pair = data;
  Crowd *crowd = pair[0];
  GPtrArray *transfers = pair[1];
  gsize now;

  crowd->n_waiting = 0;
  for (guint i = 0; i < transfers->len; i++)
    if (gmulti_transfer_get_bytes_received (transfers->pdata[i]) == strlen (CROWD_BODY_BEGIN))
      crowd->n_waiting++;
  if (crowd->n_waiting < crowd->n)
    return G_SOURCE_CONTINUE;

  now = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  g_test_message ("%u waiting in mid-body; %" G_GSIZE_FORMAT " bytes each with the object and its task", crowd->n_waiting,
                  now > crowd->before ? (now - crowd->before) / crowd->n : 0);
  crowd_server_release (&crowd->server);
  return G_SOURCE_REMOVE;
}

static gboolean
give_up (gpointer data)
{
  Crowd *crowd = data;

  g_error ("%u of %u are still running, %u in mid-body", crowd->n_left, crowd->n, crowd->n_waiting);
  return G_SOURCE_REMOVE;
}

static void
test_crowd (void)
{
  Crowd crowd = { .n = crowd_size (), .n_left = crowd_size () };
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree char *url = NULL;
  gpointer pair[] = { &crowd, transfers };
  gint64 began = g_get_monotonic_time ();
  GMultiSession *session;
  guint limit;

  crowd_server_start (&crowd.server);
  crowd_allow_descriptors (crowd.n + 200);
  url = g_strdup_printf ("http://127.0.0.1:%u/documents/a-page.html", crowd.server.port);
  crowd.loop = g_main_loop_new (NULL, FALSE);
  session = gmulti_session_new ();
  gmulti_session_set_max_active (session, 0);
  gmulti_session_set_max_connections (session, 0);
  gmulti_session_set_max_connections_per_host (session, 0);
  crowd.before = mallinfo2 ().uordblks + mallinfo2 ().hblkhd;
  for (guint i = 0; i < crowd.n; i++)
    {
      GMultiTransfer *transfer = gmulti_transfer_new (url);

      g_ptr_array_add (transfers, transfer);
      gmulti_session_fetch_async (session, transfer, NULL, fetched, &crowd);
      if (i % 100 == 99)
        while (g_main_context_iteration (NULL, FALSE))
          ;
    }
  limit = g_timeout_add_seconds (100, give_up, &crowd);
  g_timeout_add (200, look, pair);
  g_main_loop_run (crowd.loop);

  g_test_message ("%u transfers, %.1f s", crowd.n, (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  g_assert_cmpuint (crowd.n_waiting, ==, crowd.n);
  for (guint i = 0; i < transfers->len; i++)
    g_assert_cmpint (gmulti_transfer_get_state (transfers->pdata[i]), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_source_remove (limit);
  g_assert_cmpuint (gmulti_session_get_n_unfinished (session), ==, 0);
  g_object_unref (session);
  g_main_loop_unref (crowd.loop);
  crowd_server_stop (&crowd.server);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/crowd-object/all", test_crowd);

  return g_test_run ();
}
