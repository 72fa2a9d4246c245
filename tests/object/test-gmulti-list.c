/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

/* The list of a session's transfers as a view uses it. The view keeps a copy, changed by nothing but items-changed, and
 * compares it with the list each time; it has a row with bindings for each item; and its handlers start and cancel. A
 * view cannot bear to be told of a change while it is being told of one, nor in the middle of a call that it makes. */

#define N_TRANSFERS 2000
#define N_AT_ONCE 60

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session; /* (owned) (nullable) */
  guint n_descriptors;
  GRand *dice;

  /* the view */
  GListModel *model; /* (owned) */
  GPtrArray *rows;   /* (owned) of Row, as many as there are items */
  gboolean changing; /* items-changed is on the stack */
  gboolean calling;  /* a call of the view is */
  guint n_changes;
  guint n_notified;

  guint n_left;
  guint n_running;
  guint n_completed;
  gboolean refill; /* handlers start more */
} Fixture;

typedef struct
{
  Fixture *fixture;
  GMultiTransfer *item; /* (owned) */
  gulong handler;
} Row;

static void start_some (Fixture *self,
                        guint n);

/* ---- the view ---- */

static void
item_notify_cb (GMultiTransfer *item,
                GParamSpec *pspec,
                Row *row)
{
  g_assert_true (row->item == item);
  row->fixture->n_notified++;
}

static Row *
row_new (Fixture *fixture,
         GMultiTransfer *item)
{
  Row *self = g_new0 (Row, 1);

  self->fixture = fixture;
  self->item = item;
  self->handler = g_signal_connect (item, "notify", G_CALLBACK (item_notify_cb), self);
  return self;
}

static void
row_free (gpointer data)
{
  Row *self = data;

  g_signal_handler_disconnect (self->item, self->handler);
  g_object_unref (self->item);
  g_free (self);
}

static void
compare (Fixture *self)
{
  g_assert_cmpuint (g_list_model_get_n_items (self->model), ==, self->rows->len);
  for (guint i = 0; i < self->rows->len; i++)
    {
      g_autoptr (GMultiTransfer) item = g_list_model_get_item (self->model, i);

      g_assert_true (item == ((Row *) g_ptr_array_index (self->rows, i))->item);
      g_assert_cmpint (gmulti_transfer_get_state (item), !=, GMULTI_TRANSFER_STATE_NEW);
    }
  g_assert_null (g_list_model_get_item (self->model, self->rows->len));
}

static void
cancel_one (Fixture *self)
{
  Row *row;

  if (self->rows->len == 0)
    return;
  row = g_ptr_array_index (self->rows, g_rand_int_range (self->dice, 0, (gint) self->rows->len));
  self->calling = TRUE;
  gmulti_transfer_cancel (row->item);
  self->calling = FALSE;
}

static void
items_changed_cb (GListModel *model,
                  guint position,
                  guint removed,
                  guint added,
                  Fixture *self)
{
  g_assert_false (self->changing);
  g_assert_false (self->calling);
  self->changing = TRUE;
  self->n_changes++;

  g_assert_cmpuint (position + removed, <=, self->rows->len);
  if (removed > 0)
    g_ptr_array_remove_range (self->rows, position, removed);
  for (guint i = 0; i < added; i++)
    g_ptr_array_insert (self->rows, (gint) (position + i), row_new (self, g_list_model_get_item (model, position + i)));
  compare (self);

  if (self->refill && g_rand_int_range (self->dice, 0, 4) == 0)
    cancel_one (self);
  if (self->refill && g_rand_boolean (self->dice))
    start_some (self, 1);
  compare (self);
  self->changing = FALSE;
}

static void
attach_view (Fixture *self)
{
  self->model = g_object_ref (gmulti_session_get_transfers (self->session));
  leaks_watch (self->model);
  g_assert_true (g_list_model_get_item_type (self->model) == GMULTI_TYPE_TRANSFER);
  self->rows = g_ptr_array_new_with_free_func (row_free);
  for (guint i = 0; i < g_list_model_get_n_items (self->model); i++)
    g_ptr_array_add (self->rows, row_new (self, g_list_model_get_item (self->model, i)));
  g_signal_connect (self->model, "items-changed", G_CALLBACK (items_changed_cb), self);
  compare (self);
}

static void
detach_view (Fixture *self)
{
  g_signal_handlers_disconnect_by_data (self->model, self);
  g_ptr_array_unref (self->rows);
  g_clear_object (&self->model);
}

/* ---- the transfers ---- */

static gboolean
is_listed (Fixture *self,
           GMultiTransfer *transfer)
{
  for (guint i = 0; i < self->rows->len; i++)
    if (((Row *) g_ptr_array_index (self->rows, i))->item == transfer)
      return TRUE;

  return FALSE;
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              Fixture *self)
{
  g_assert_true (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  self->n_completed++;
  self->n_running--;
  /* unfinished ones are listed, and no others */
  if (self->model != NULL)
    g_assert_false (is_listed (self, transfer));
  if (self->refill)
    start_some (self, 1);
}

static void
start_some (Fixture *self,
            guint n)
{
  static const char *const paths[] = { "/small", "/small", "/slow", "/small", "/never" };

  for (; n > 0 && self->n_left > 0 && self->n_running < N_AT_ONCE; n--)
    {
      const char *path = paths[g_rand_int_range (self->dice, 0, G_N_ELEMENTS (paths))];
      g_autoptr (GMultiTransfer) transfer = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, path)));

      self->n_left--;
      self->n_running++;
      g_signal_connect (transfer, "completed", G_CALLBACK (completed_cb), self);
      self->calling = TRUE;
      gmulti_session_start (self->session, transfer);
      self->calling = FALSE;
    }
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedAnswer *slow = scripted_answer_delay (scripted_answer_new (), 2);

  self->dice = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/slow", scripted_answer_send (slow, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"));
  scripted_server_on (self->server, "/never", scripted_answer_stall (scripted_answer_new ()));
  self->n_descriptors = leaks_begin ();
  self->session = leaks_watch (gmulti_session_new ());
  /* all that run may be "/never" ones; what a handler fetches inside needs a connection beside them */
  gmulti_session_set_max_connections_per_host (self->session, N_AT_ONCE + 10);
  gmulti_session_set_progress_interval (self->session, 1);
  self->n_left = N_TRANSFERS;
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->session);
  leaks_assert_none (self->n_descriptors);
  scripted_server_free (self->server);
  g_rand_free (self->dice);
}

/* ---- tests ---- */

static gboolean
cancel_tick_cb (gpointer user_data)
{
  cancel_one (user_data);
  return G_SOURCE_CONTINUE;
}

static void
test_view (Fixture *self,
           gconstpointer data)
{
  guint tick;

  /* the list is made when it is first asked for, and has what is under way then */
  start_some (self, 40);
  face_run_for (1);
  attach_view (self);
  g_assert_cmpuint (self->rows->len, ==, self->n_running);
  tick = g_timeout_add (1, cancel_tick_cb, self);
  self->refill = TRUE;
  start_some (self, N_AT_ONCE);
  face_wait_for (self->n_completed == N_TRANSFERS);
  self->refill = FALSE;
  g_source_remove (tick);

  compare (self);
  g_assert_cmpuint (self->rows->len, ==, 0);
  g_test_message ("%u changes, %u notifications", self->n_changes, self->n_notified);
  /* each came, except the first of them, and each went */
  g_assert_cmpuint (self->n_changes, >=, 2 * (N_TRANSFERS - 40));
  g_assert_cmpuint (self->n_notified, >, N_TRANSFERS);
  detach_view (self);
}

/* Of other contexts' transfers the list says nothing. */
static gpointer
other_thread (gpointer user_data)
{
  Fixture *self = user_data;
  GMainContext *context = g_main_context_new ();
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u/small", scripted_server_port (self->server));

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr (GMultiTransfer) transfer = leaks_watch (gmulti_transfer_new (uri));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = i % 2 == 0 ? face_fetch (self->session, transfer, &error)
                                            : gmulti_session_fetch (self->session, transfer, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, 5);
    }
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);

  return NULL;
}

static void
test_other_contexts (Fixture *self,
                     gconstpointer data)
{
  GThread *thread;

  attach_view (self);
  thread = g_thread_new ("other", other_thread, self);
  face_wait_for (scripted_server_n_requests (self->server) >= 200);
  g_thread_join (thread);
  g_assert_cmpuint (self->n_changes, ==, 0);
  detach_view (self);
}

/* A view that outlives the session sees it run empty. */
static void
test_outlived (Fixture *self,
               gconstpointer data)
{
  attach_view (self);
  start_some (self, N_AT_ONCE);
  face_wait_for (self->rows->len > 0);
  g_clear_object (&self->session);
  face_wait_for (self->n_completed == N_TRANSFERS - self->n_left && self->n_running == 0);
  compare (self);
  g_assert_cmpuint (self->rows->len, ==, 0);
  detach_view (self);
}

static gpointer
unref_thread (gpointer user_data)
{
  g_object_unref (user_data);
  return NULL;
}

/* The last reference goes in another thread while this one is told of changes. */
static void
test_dropped_elsewhere (Fixture *self,
                        gconstpointer data)
{
  for (guint i = 0; i < 50; i++)
    {
      guint n_started = 0;
      GThread *thread;

      attach_view (self);
      start_some (self, 40);
      n_started = self->n_running + self->n_completed;
      face_run_for (0);
      thread = g_thread_new ("unref", unref_thread, g_steal_pointer (&self->session));
      face_wait_for (self->n_completed == n_started);
      g_thread_join (thread);
      g_assert_cmpuint (self->rows->len, ==, 0);
      detach_view (self);
      self->session = leaks_watch (gmulti_session_new ());
    }
  g_assert_cmpuint (self->n_completed, ==, 2000);
}

/* A loop inside the handler of a change is the program's own risk, but one inside that of a transfer is not. */
static void
loop_in_completed_cb (GMultiTransfer *transfer,
                      const GError *error,
                      Fixture *self)
{
  g_autoptr (GMultiTransfer) inner = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, "/small")));
  g_autoptr (GError) inner_error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  bytes = face_fetch (self->session, inner, &inner_error);
  g_assert_no_error (inner_error);
  compare (self);
}

static void
test_loop_inside (Fixture *self,
                  gconstpointer data)
{
  guint n_completed = 0;

  attach_view (self);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr (GMultiTransfer) transfer = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, "/small")));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_signal_connect (transfer, "completed", G_CALLBACK (loop_in_completed_cb), self);
      start_some (self, 3);
      bytes = face_fetch (self->session, transfer, &error);
      g_assert_no_error (error);
      compare (self);
      n_completed++;
    }
  gmulti_session_cancel_all (self->session);
  face_wait_for (self->n_running == 0);
  g_assert_cmpuint (self->rows->len, ==, 0);
  detach_view (self);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/list/view", Fixture, NULL, set_up, test_view, tear_down);
  g_test_add ("/list/other-contexts", Fixture, NULL, set_up, test_other_contexts, tear_down);
  g_test_add ("/list/outlived", Fixture, NULL, set_up, test_outlived, tear_down);
  g_test_add ("/list/dropped-elsewhere", Fixture, NULL, set_up, test_dropped_elsewhere, tear_down);
  g_test_add ("/list/loop-inside", Fixture, NULL, set_up, test_loop_inside, tear_down);

  return g_test_run ();
}
