/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

/* A thread starts transfers and never turns its context again: what they have to tell is heard by nobody. They go on as far
 * as they need nobody, and then all that was kept for them is freed. Each context has a descriptor, whose close shows that it
 * went, too. */

#define N_TRANSFERS 8
#define LIMIT_US (60 * G_USEC_PER_SEC)

typedef struct
{
  ScriptedServer *server; /* the main thread's */
  guint16 port;
  GMultiSession *session; /* (owned) (nullable) */
  GMultiTransfer *kept;   /* (owned) (nullable) */
  GFile *file;
  char *folder;
  guint n_descriptors;
  gboolean late; /* the thread's context goes when it is said to */
  gint stage;    /* atomic; counted by both threads in turn */
  gint n_told;   /* atomic: of @kept */
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autofree char *path = NULL;
  ScriptedAnswer *slow = scripted_answer_delay (scripted_answer_new (), 200);

  self->folder = face_folder_new ();
  path = g_build_filename (self->folder, "kept", NULL);
  self->file = g_file_new_for_path (path);
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/slow",
                      scripted_answer_send (slow, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow"));
  scripted_server_on (self->server, "/login", scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"r\"\r\n", "who"));
  scripted_server_on (self->server, "/never", scripted_answer_stall (scripted_answer_new ()));
  self->port = scripted_server_port (self->server);
  self->n_descriptors = leaks_begin ();
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->session);
  g_clear_object (&self->kept);
  leaks_assert_none (self->n_descriptors);
  scripted_server_free (self->server);
  g_clear_object (&self->file);
  face_folder_free (self->folder);
}

static void
reach (Fixture *self,
       gint stage)
{
  g_atomic_int_set (&self->stage, stage);
}

/* In a thread whose context is not to be turned. */
static void
wait_until (Fixture *self,
            gint stage)
{
  gint64 deadline = g_get_monotonic_time () + LIMIT_US;

  while (g_atomic_int_get (&self->stage) < stage && g_get_monotonic_time () < deadline)
    g_usleep (1000);
  g_assert_cmpint (g_atomic_int_get (&self->stage), >=, stage);
}

static GMultiTransfer *
new_transfer (Fixture *self,
              const char *path,
              GFile *destination)
{
  g_autofree char *uri = g_strdup_printf ("http://127.0.0.1:%u%s", self->port, path);

  return leaks_watch (destination != NULL ? GMULTI_TRANSFER (gmulti_download_new (uri, destination))
                                          : gmulti_transfer_new (uri));
}

static void
start (Fixture *self,
       GMultiSession *session,
       const char *path)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (self, path, NULL);

  gmulti_session_start (session, transfer);
}

static void
count_cb (gint *counter)
{
  g_atomic_int_inc (counter);
}

/* ---- a session of the main thread's ---- */

static gboolean
answer_nothing_cb (void)
{
  return TRUE;
}

/* What needs its home: a stream to read from, an address to ask for, a question. */
static void
start_what_needs_home (Fixture *self)
{
  g_autoptr (GMultiTransfer) upload = new_transfer (self, "/small", NULL);
  g_autoptr (GMultiTransfer) elsewhere = new_transfer (self, "/small", NULL);
  g_autoptr (GMultiTransfer) login = new_transfer (self, "/login", NULL);
  g_autoptr (GInputStream) stream = leaks_watch (g_memory_input_stream_new_from_data ("text", 4, NULL));
  g_autoptr (GSocketConnectable) address = leaks_watch (g_network_address_new ("127.0.0.1", self->port));

  gmulti_transfer_set_body_stream (upload, "text/plain", stream, -1);
  gmulti_session_start (self->session, upload);
  gmulti_transfer_set_connectable (elsewhere, address);
  gmulti_session_start (self->session, elsewhere);
  g_signal_connect (login, "authenticate", G_CALLBACK (answer_nothing_cb), NULL);
  gmulti_session_start (self->session, login);
}

static gpointer
shared_thread (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMultiTransfer) download = new_transfer (self, "/slow", self->file);

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_TRANSFERS; i++)
    start (self, self->session, i % 2 != 0 ? "/slow" : "/small");
  start_what_needs_home (self);
  g_signal_connect_swapped (download, "notify", G_CALLBACK (count_cb), &self->n_told);
  g_signal_connect_swapped (download, "completed", G_CALLBACK (count_cb), &self->n_told);
  gmulti_session_start (self->session, download);
  self->kept = g_object_ref (download);
  g_main_context_pop_thread_default (context);

  reach (self, 1);
  if (self->late)
    wait_until (self, 2);
  return NULL;
}

static void
check_kept (Fixture *self)
{
  g_autofree char *contents = NULL;

  face_wait_for (gmulti_session_get_n_unfinished (self->session) == 0);
  g_assert_true (g_file_load_contents (self->file, NULL, &contents, NULL, NULL, NULL));
  g_assert_cmpstr (contents, ==, "slow");

  /* nobody was told, but who asks is */
  g_assert_cmpint (g_atomic_int_get (&self->n_told), ==, 0);
  g_assert_cmpint (gmulti_transfer_get_state (self->kept), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_assert_true (gmulti_transfer_is_finished (self->kept));

  /* and can start it again, from another home */
  g_object_set (self->kept, "collision", GMULTI_COLLISION_REPLACE, NULL);
  gmulti_session_start (self->session, self->kept);
  face_wait_for (gmulti_session_get_n_unfinished (self->session) == 0);
  g_assert_cmpint (gmulti_transfer_get_state (self->kept), ==, GMULTI_TRANSFER_STATE_SUCCEEDED);
  g_assert_cmpint (g_atomic_int_get (&self->n_told), >, 0);
}

/* The context goes first. */
static void
test_early (Fixture *self,
            gconstpointer data)
{
  self->session = leaks_watch (gmulti_session_new ());
  g_thread_join (g_thread_new ("forsaken", shared_thread, self));
  check_kept (self);
}

/* All that can happen has happened when it goes. */
static void
test_late (Fixture *self,
           gconstpointer data)
{
  GThread *thread;

  self->late = TRUE;
  self->session = leaks_watch (gmulti_session_new ());
  thread = g_thread_new ("forsaken", shared_thread, self);
  face_wait_for (g_atomic_int_get (&self->stage) == 1 && g_file_query_exists (self->file, NULL));
  /* the upload and the login wait for their home; what asks for its address does not count yet */
  face_wait_for (gmulti_session_get_n_active (self->session) == 2);
  g_assert_cmpuint (gmulti_session_get_n_unfinished (self->session), ==, N_TRANSFERS + 4);
  reach (self, 2);
  g_thread_join (thread);
  check_kept (self);
}

/* ---- a session of the thread's own ---- */

static gpointer
own_thread (gpointer data)
{
  Fixture *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMultiSession) session = NULL;

  g_main_context_push_thread_default (context);
  /* as a loop that runs has it */
  if (self->late)
    g_assert_true (g_main_context_acquire (context));
  session = leaks_watch (gmulti_session_new ());
  for (guint i = 0; i < N_TRANSFERS; i++)
    start (self, session, i % 2 != 0 ? "/never" : "/small");
  for (guint i = 0; i < 20; i++)
    {
      g_main_context_iteration (context, FALSE);
      g_usleep (1000);
    }
  for (guint i = 0; i < N_TRANSFERS; i++)
    start (self, session, "/small");

  if (self->late)
    self->session = g_steal_pointer (&session);
  reach (self, 1);
  if (self->late)
    {
      wait_until (self, 2);
      g_main_context_release (context);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_own (Fixture *self,
          gconstpointer data)
{
  GThread *thread = g_thread_new ("forsaken", own_thread, self);

  face_wait_for (g_atomic_int_get (&self->stage) == 1);
  g_thread_join (thread);
}

/* Somebody else drops the session, while the thread has its context and does not turn it. */
static void
test_dropped_elsewhere (Fixture *self,
                        gconstpointer data)
{
  GThread *thread;

  self->late = TRUE;
  thread = g_thread_new ("forsaken", own_thread, self);
  face_wait_for (g_atomic_int_get (&self->stage) == 1);
  g_clear_object (&self->session);
  reach (self, 2);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/forsaken/early", Fixture, NULL, set_up, test_early, tear_down);
  g_test_add ("/forsaken/late", Fixture, NULL, set_up, test_late, tear_down);
  g_test_add ("/forsaken/own", Fixture, NULL, set_up, test_own, tear_down);
  g_test_add ("/forsaken/dropped-elsewhere", Fixture, NULL, set_up, test_dropped_elsewhere, tear_down);

  return g_test_run ();
}
