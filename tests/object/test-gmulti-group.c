/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

/* Transfers that belong together: their list and numbers, their limits, and orders to all of them. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiGroup *group;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  self->session = gmulti_session_new ();
  self->group = gmulti_group_new ("A few files");
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "hello"));
  scripted_server_on (self->server, "GET /missing", scripted_answer_text (404, NULL, "no"));
  scripted_server_on (self->server, "GET /stall", scripted_answer_stall (scripted_answer_new ()));
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  face_assert_finalized (g_steal_pointer (&self->session));
  if (self->group != NULL)
    face_assert_finalized (g_steal_pointer (&self->group));
  scripted_server_free (self->server);
}

static GMultiTransfer *
add (Fixture *self,
     const char *path)
{
  GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (self->server, path));

  gmulti_group_add (self->group, transfer);
  return transfer;
}

static guint
n_items (Fixture *self)
{
  return g_list_model_get_n_items (gmulti_group_get_transfers (self->group));
}

static guint
n_with_state (GPtrArray *transfers,
              GMultiTransferState state)
{
  guint n = 0;

  for (guint i = 0; i < transfers->len; i++)
    n += gmulti_transfer_get_state (transfers->pdata[i]) == state;

  return n;
}

/* The server's answer with a body of so many bytes. */
static void
serve_big (Fixture *self,
           guint64 length)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n", length);

  scripted_server_on (self->server, "GET /big",
                      scripted_answer_pattern (scripted_answer_send (scripted_answer_new (), head), 1, 0, length));
}

static void
note_items (GListModel *list,
            guint position,
            guint removed,
            guint added,
            gpointer user_data)
{
  g_string_append_printf (user_data, "%u-%u+%u ", position, removed, added);
}

static void
note_property (GObject *group,
               GParamSpec *pspec,
               gpointer user_data)
{
  g_hash_table_add (user_data, (gpointer) pspec->name);
}

static void
test_list (Fixture *self,
           gconstpointer data)
{
  g_autoptr (GString) changes = g_string_new (NULL);
  g_autoptr (GMultiTransfer) first = add (self, "/a");
  g_autoptr (GMultiTransfer) second = add (self, "/b");
  g_autoptr (GMultiTransfer) third = add (self, "/c");
  g_autoptr (GMultiTransfer) item = NULL;
  GListModel *list = gmulti_group_get_transfers (self->group);

  g_signal_connect (list, "items-changed", G_CALLBACK (note_items), changes);
  g_assert_cmpstr (gmulti_group_get_title (self->group), ==, "A few files");
  /* from a dispatch, never from within the call */
  g_assert_cmpuint (n_items (self), ==, 0);
  face_wait_for (n_items (self) == 3);
  item = g_list_model_get_item (list, 1);
  g_assert_true (item == second);
  gmulti_group_remove (self->group, second);
  gmulti_group_remove (self->group, second);
  face_wait_for (n_items (self) == 2);
  gmulti_group_add (self->group, second);
  face_wait_for (n_items (self) == 3);
  g_assert_cmpstr (changes->str, ==, "0-0+1 1-0+1 2-0+1 1-1+0 2-0+1 ");
  /* put in and out before anybody looked */
  gmulti_group_remove (self->group, first);
  gmulti_group_add (self->group, first);
  gmulti_group_remove (self->group, first);
  face_wait_for (n_items (self) == 2);
  g_signal_handlers_disconnect_by_data (list, changes);
}

/* Structured messages pass by g_test_expect_message(). */
static guint n_criticals;

static GLogWriterOutput
count_criticals (GLogLevelFlags level,
                 const GLogField *fields,
                 gsize n_fields,
                 gpointer user_data)
{
  if ((level & G_LOG_LEVEL_CRITICAL) == 0)
    return g_log_writer_default (level, fields, n_fields, user_data);

  n_criticals++;
  return G_LOG_WRITER_HANDLED;
}

static void
test_twice (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = add (self, "/a");
  g_autoptr (GMultiGroup) other = gmulti_group_new (NULL);

  gmulti_group_add (other, transfer);
  g_assert_cmpuint (n_criticals, ==, 1);
  gmulti_group_remove (other, transfer);
  face_wait_for (n_items (self) == 1);
  g_assert_cmpuint (g_list_model_get_n_items (gmulti_group_get_transfers (other)), ==, 0);
}

static void
test_numbers (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GHashTable) told = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GMultiTransfer) good = add (self, "/a");
  g_autoptr (GMultiTransfer) bad = add (self, "/missing");
  g_autoptr (GMultiTransfer) stuck = add (self, "/stall");
  g_autoptr (GMultiTransfer) never = add (self, "/never");

  g_assert_cmpfloat_with_epsilon (gmulti_group_get_fraction (self->group), 1, 1e-9);
  g_signal_connect (self->group, "notify", G_CALLBACK (note_property), told);
  gmulti_session_start (self->session, good);
  gmulti_session_start (self->session, bad);
  gmulti_session_start (self->session, stuck);
  face_wait_for (gmulti_group_get_n_finished (self->group) == 2 && gmulti_group_get_n_active (self->group) == 1);
  g_assert_cmpuint (gmulti_group_get_n_failed (self->group), ==, 1);
  g_assert_cmpfloat_with_epsilon (gmulti_group_get_fraction (self->group), 0.5, 1e-9);
  g_assert_cmpint (gmulti_group_get_remaining (self->group), ==, -1);
  g_assert_true (g_hash_table_contains (told, "fraction"));
  g_assert_true (g_hash_table_contains (told, "n-active"));
  g_assert_true (g_hash_table_contains (told, "n-finished"));
  g_assert_true (g_hash_table_contains (told, "n-failed"));
  g_assert_cmpuint (n_items (self), ==, 4);

  gmulti_group_clear_finished (self->group);
  face_wait_for (n_items (self) == 2);
  g_assert_cmpuint (gmulti_group_get_n_finished (self->group), ==, 0);
  g_assert_cmpuint (gmulti_group_get_n_failed (self->group), ==, 0);
  gmulti_group_cancel (self->group);
  face_wait_for (gmulti_group_get_n_failed (self->group) == 1);
  g_assert_cmpint (gmulti_transfer_get_state (stuck), ==, GMULTI_TRANSFER_STATE_CANCELLED);
  g_assert_cmpint (gmulti_transfer_get_state (never), ==, GMULTI_TRANSFER_STATE_NEW);
  g_signal_handlers_disconnect_by_data (self->group, told);
}

/* Two at once, and others that are in no group go by; more when the limit is lifted. */
static void
test_max_active (Fixture *self,
                 gconstpointer data)
{
  g_autoptr (GPtrArray) stuck = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GMultiTransfer) alone = gmulti_transfer_new (scripted_server_url (self->server, "/a"));
  g_autoptr (GMultiTransfer) late = NULL;

  gmulti_group_set_max_active (self->group, 2);
  g_assert_cmpuint (gmulti_group_get_max_active (self->group), ==, 2);
  for (guint i = 0; i < 6; i++)
    {
      g_ptr_array_add (stuck, add (self, "/stall"));
      gmulti_session_start (self->session, stuck->pdata[i]);
    }
  gmulti_session_start (self->session, alone);
  face_wait_for (gmulti_transfer_is_finished (alone) && gmulti_group_get_n_active (self->group) == 2);
  face_wait_for (scripted_server_n_requests (self->server) == 3);
  g_assert_cmpuint (gmulti_session_get_n_queued (self->session), ==, 4);
  g_assert_cmpint (gmulti_transfer_get_wait_reason (stuck->pdata[5]), ==, GMULTI_WAIT_REASON_LIMIT);

  gmulti_transfer_cancel (stuck->pdata[0]);
  face_wait_for (scripted_server_n_requests (self->server) == 4);
  gmulti_transfer_cancel (stuck->pdata[5]); /* one that waits */
  face_wait_for (gmulti_transfer_is_finished (stuck->pdata[5]));
  gmulti_group_set_max_active (self->group, 0);
  face_wait_for (scripted_server_n_requests (self->server) == 6);
  g_assert_cmpuint (gmulti_session_get_n_queued (self->session), ==, 0);

  /* those under way count also when they are added late, and go on when they are taken out */
  gmulti_group_set_max_active (self->group, 3);
  gmulti_group_remove (self->group, stuck->pdata[1]);
  face_wait_for (gmulti_group_get_n_active (self->group) == 3);
  gmulti_group_add (self->group, stuck->pdata[1]);
  late = add (self, "/a");
  gmulti_session_start (self->session, late);
  face_wait_for (gmulti_group_get_n_active (self->group) == 4);
  face_run_for (20);
  g_assert_false (gmulti_transfer_is_finished (late));
  gmulti_group_remove (self->group, late);
  face_wait_for (gmulti_transfer_is_finished (late));
  gmulti_group_cancel (self->group);
  face_wait_for (n_with_state (stuck, GMULTI_TRANSFER_STATE_CANCELLED) == 6);
}

/* Its members are in two sessions, one of them with a thread of its own: a place that one gives up the other takes. */
static void
test_two_sessions (Fixture *self,
                   gconstpointer data)
{
  g_autoptr (GMultiSession) other = gmulti_session_new_threaded ();
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  gmulti_group_set_max_active (self->group, 1);
  for (guint i = 0; i < 40; i++)
    {
      g_ptr_array_add (all, add (self, "/a"));
      gmulti_session_start (i % 2 == 0 ? self->session : other, all->pdata[i]);
    }
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_SUCCEEDED) == 40);
  face_wait_for (gmulti_group_get_n_finished (self->group) == 40);
  face_assert_finalized (g_steal_pointer (&other));
}

/* 100 KiB at 200 KiB/s by four together: not before the rest over the first burst could have come. */
static void
test_rate (Fixture *self,
           gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 begin = g_get_monotonic_time ();

  serve_big (self, 25600);
  gmulti_group_set_max_download_rate (self->group, 204800);
  gmulti_group_set_max_upload_rate (self->group, 1000000);
  g_assert_cmpuint (gmulti_group_get_max_download_rate (self->group), ==, 204800);
  g_assert_cmpuint (gmulti_group_get_max_upload_rate (self->group), ==, 1000000);
  for (guint i = 0; i < 4; i++)
    {
      g_ptr_array_add (all, add (self, "/big"));
      gmulti_session_start (self->session, all->pdata[i]);
    }
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_SUCCEEDED) == 4);
  g_assert_cmpint (g_get_monotonic_time () - begin, >=, 200 * 1000);
}

/* A limit that would take a day is lifted: nobody waits for the old one. */
static void
test_rate_lifted (Fixture *self,
                  gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = NULL;

  serve_big (self, 1000000);
  gmulti_group_set_max_download_rate (self->group, 10);
  transfer = add (self, "/big");
  gmulti_session_start (self->session, transfer);
  face_wait_for (gmulti_transfer_get_bytes_received (transfer) > 0);
  face_run_for (20);
  g_assert_cmpuint (gmulti_transfer_get_bytes_received (transfer), <, 100000);
  if (data != NULL)
    gmulti_group_remove (self->group, transfer);
  else
    gmulti_group_set_max_download_rate (self->group, 0);
  face_wait_for (gmulti_transfer_get_state (transfer) == GMULTI_TRANSFER_STATE_SUCCEEDED);
}

static void
test_pause (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < 3; i++)
    g_ptr_array_add (all, add (self, "/a"));
  /* before the start: begins as paused */
  gmulti_group_pause (self->group);
  for (guint i = 0; i < 3; i++)
    gmulti_session_start (self->session, all->pdata[i]);
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_PAUSED) == 3);
  gmulti_group_resume (self->group);
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_SUCCEEDED) == 3);
  gmulti_group_pause (self->group);
  gmulti_group_cancel (self->group);
  gmulti_group_resume (self->group);
  face_wait_for (gmulti_group_get_n_finished (self->group) == 3);
}

/* The group goes while its transfers wait for places in it: they go on without. */
static void
test_dropped (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);

  gmulti_group_set_max_active (self->group, 1);
  for (guint i = 0; i < 10; i++)
    {
      g_ptr_array_add (all, add (self, "/a"));
      gmulti_session_start (self->session, all->pdata[i]);
    }
  g_object_unref (g_steal_pointer (&self->group));
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_SUCCEEDED) == 10);
}

static void
clear_when_done (GMultiTransfer *transfer,
                 GError *error,
                 Fixture *self)
{
  gmulti_group_remove (self->group, transfer);
  gmulti_group_clear_finished (self->group);
  gmulti_group_set_max_active (self->group, 1 + gmulti_group_get_max_active (self->group) % 3);
}

/* Everything is done from within handlers and from another thread, at the same time. */
static gpointer
meddle (gpointer data)
{
  Fixture *self = data;

  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GMultiTransfer) transfer = add (self, "/a");

      gmulti_group_set_max_download_rate (self->group, i % 2 == 0 ? 0 : 100000000);
      gmulti_group_pause (self->group);
      gmulti_group_resume (self->group);
      gmulti_group_remove (self->group, transfer);
      gmulti_group_get_fraction (self->group);
    }

  return NULL;
}

static void
test_meddled_with (Fixture *self,
                   gconstpointer data)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_object_unref);
  GThread *thread = g_thread_new ("meddler", meddle, self);

  gmulti_group_set_max_active (self->group, 2);
  for (guint i = 0; i < 200; i++)
    {
      g_ptr_array_add (all, add (self, "/a"));
      g_signal_connect (all->pdata[i], "completed", G_CALLBACK (clear_when_done), self);
      gmulti_session_start (self->session, all->pdata[i]);
    }
  face_wait_for (n_with_state (all, GMULTI_TRANSFER_STATE_SUCCEEDED) == 200);
  g_thread_join (thread);
  face_wait_for (n_items (self) == 0);
  g_assert_cmpfloat_with_epsilon (gmulti_group_get_fraction (self->group), 1, 1e-9);
  g_assert_cmpuint (gmulti_group_get_n_active (self->group), ==, 0);
}

/* Two threads put the same one in and take it out: it is in or out, never half. */
typedef struct
{
  GMultiGroup *group;
  GMultiTransfer *transfer;
} Tug;

static gpointer
tug (gpointer data)
{
  Tug *self = data;

  for (guint i = 0; i < 20000; i++)
    {
      if (i % 2 == 0)
        gmulti_group_add (self->group, self->transfer);
      else
        gmulti_group_remove (self->group, self->transfer);
    }

  return NULL;
}

static void
test_tug_of_war (Fixture *self,
                 gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("http://a.example/");
  Tug pull = { self->group, transfer };
  guint before = n_criticals;
  GThread *thread = g_thread_new ("tug", tug, &pull);

  for (guint i = 0; i < 20000; i++)
    gmulti_group_remove (self->group, transfer);
  g_thread_join (thread);
  g_assert_cmpuint (n_criticals, ==, before);
  gmulti_group_add (self->group, transfer);
  face_wait_for (n_items (self) == 1);
  gmulti_group_remove (self->group, transfer);
  face_wait_for (n_items (self) == 0);
}

/* It is shown where it was made, whoever adds to it and wherever its transfers run. */
static gpointer
add_elsewhere (gpointer data)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMultiSession) session = NULL;
  g_autoptr (GMultiTransfer) transfer = NULL;
  Fixture *self = data;

  g_main_context_push_thread_default (context);
  session = gmulti_session_new ();
  transfer = add (self, "/a");
  gmulti_session_start (session, transfer);
  while (!gmulti_transfer_is_finished (transfer))
    g_main_context_iteration (context, TRUE);
  g_clear_object (&session);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
assert_thread (GListModel *list,
               guint position,
               guint removed,
               guint added,
               gpointer thread)
{
  g_assert_true (g_thread_self () == thread);
}

static void
test_contexts (Fixture *self,
               gconstpointer data)
{
  GThread *threads[3];

  g_signal_connect (gmulti_group_get_transfers (self->group), "items-changed", G_CALLBACK (assert_thread),
                    g_thread_self ());
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("adder", add_elsewhere, self);
  face_wait_for (gmulti_group_get_n_finished (self->group) == 3);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (gmulti_group_get_n_failed (self->group), ==, 0);
}

static void
test_properties (void)
{
  g_autoptr (GMultiGroup) group = g_object_new (GMULTI_TYPE_GROUP, "title", "x", "max-active", 3, "max-download-rate",
                                                (guint64) 4, "max-upload-rate", (guint64) 5, NULL);
  g_autoptr (GListModel) list = NULL;
  g_autofree char *title = NULL;
  guint64 down, up, speed;
  gint64 remaining;
  double fraction;
  guint max, active, finished, failed;

  g_object_get (group, "title", &title, "max-active", &max, "max-download-rate", &down, "max-upload-rate", &up, "transfers",
                &list, "fraction", &fraction, "speed", &speed, "remaining", &remaining, "n-active", &active,
                "n-finished", &finished, "n-failed", &failed, NULL);
  g_assert_cmpstr (title, ==, "x");
  g_assert_cmpuint (max, ==, 3);
  g_assert_cmpuint (down, ==, 4);
  g_assert_cmpuint (up, ==, 5);
  g_assert_true (g_list_model_get_item_type (list) == GMULTI_TYPE_TRANSFER);
  g_assert_cmpfloat_with_epsilon (fraction, 1, 1e-9);
  g_assert_cmpuint (speed, ==, 0);
  g_assert_cmpint (remaining, ==, -1);
  g_assert_cmpuint (active + finished + failed, ==, 0);
}

#define ADD(path, data, func) g_test_add (path, Fixture, data, set_up, func, tear_down)

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_writer_func (count_criticals, NULL, NULL);
  g_test_add_func ("/group/properties", test_properties);
  ADD ("/group/list", NULL, test_list);
  ADD ("/group/twice", NULL, test_twice);
  ADD ("/group/numbers", NULL, test_numbers);
  ADD ("/group/max-active", NULL, test_max_active);
  ADD ("/group/two-sessions", NULL, test_two_sessions);
  ADD ("/group/rate", NULL, test_rate);
  ADD ("/group/rate-lifted", NULL, test_rate_lifted);
  ADD ("/group/rate-left", "leave", test_rate_lifted);
  ADD ("/group/pause", NULL, test_pause);
  ADD ("/group/dropped", NULL, test_dropped);
  ADD ("/group/meddled-with", NULL, test_meddled_with);
  ADD ("/group/tug-of-war", NULL, test_tug_of_war);
  ADD ("/group/contexts", NULL, test_contexts);
  return g_test_run ();
}
