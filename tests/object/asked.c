/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asked.h"

static gboolean
asked_cb (GMultiTransfer *transfer,
          gpointer question,
          gpointer user_data)
{
  Asked *self = user_data;

  g_assert_true (transfer == self->transfer);
  self->n_asked++;
  g_set_object (&self->question, question);
  if (self->at_once)
    self->kind->accept (self);
  return TRUE;
}

static gboolean
asked_of_session_cb (GMultiSession *session,
                     GMultiTransfer *transfer,
                     gpointer question,
                     gpointer user_data)
{
  Asked *self = user_data;

  g_assert_true (session == self->session);
  return asked_cb (transfer, question, user_data);
}

void
asked_set_up (Asked *self,
              const AskedKind *kind,
              ScriptedServer *server)
{
  self->kind = kind;
  self->server = server;
  self->session = gmulti_session_new ();
  self->transfer = gmulti_transfer_new (scripted_server_url (self->server, "/in"));
  g_signal_connect (self->transfer, kind->signal, G_CALLBACK (asked_cb), self);
}

void
asked_tear_down (Asked *self,
                 gconstpointer data)
{
  g_clear_object (&self->question);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_clear_error (&self->error);
  if (self->transfer != NULL)
    face_assert_finalized (g_steal_pointer (&self->transfer));
  if (self->session != NULL)
    face_assert_finalized (g_steal_pointer (&self->session));
  scripted_server_free (self->server);
}

static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Asked *self = user_data;

  self->bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &self->error);
}

void
asked_start (Asked *self)
{
  gmulti_session_fetch_async (self->session, self->transfer, NULL, fetched_cb, self);
}

void
asked_wait (Asked *self)
{
  asked_start (self);
  face_wait_for (self->question != NULL);
}

void
asked_by_session (Asked *self)
{
  g_signal_handlers_disconnect_by_data (self->transfer, self);
  g_signal_connect (self->session, self->kind->signal, G_CALLBACK (asked_of_session_cb), self);
}

void
asked_check_inside (Asked *self)
{
  face_wait_for (self->bytes != NULL || self->error != NULL);
  g_assert_no_error (self->error);
  face_check_text (self->bytes, "inside");
}

void
asked_check_refused (Asked *self)
{
  face_wait_for (self->bytes != NULL || self->error != NULL);
  self->kind->check_refused (self);
}

/* ---- what all have in common ---- */

/* In a call that waits there is no loop: who answers at once is heard all the same. */
static void
test_blocking (Asked *self,
               gconstpointer data)
{
  self->at_once = TRUE;
  gmulti_transfer_set_timeout (self->transfer, 5000);
  self->bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &self->error);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

static void
test_accepted (Asked *self,
               gconstpointer data)
{
  asked_wait (self);
  self->kind->accept (self);
  self->kind->decline (self);
  asked_check_inside (self);
}

static void
test_declined (Asked *self,
               gconstpointer data)
{
  asked_wait (self);
  self->kind->decline (self);
  self->kind->accept (self);
  asked_check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, self->kind->n_requests);
}

static void
test_dropped (Asked *self,
              gconstpointer data)
{
  asked_wait (self);
  g_clear_object (&self->question);
  asked_check_refused (self);
}

static gboolean
say_no (GMultiTransfer *transfer,
        gpointer question,
        gpointer user_data)
{
  g_set_object ((gpointer *) user_data, question);
  return FALSE;
}

static gboolean
session_says_no (GMultiSession *session,
                 GMultiTransfer *transfer,
                 gpointer question,
                 gpointer user_data)
{
  return say_no (transfer, question, user_data);
}

/* What handlers there are: the transfer's, the session's. */
static void
disconnect_all (Asked *self)
{
  g_signal_handlers_disconnect_by_data (self->transfer, self);
  g_signal_handlers_disconnect_by_data (self->session, self);
}

static void
test_handler_says_no (Asked *self,
                      gconstpointer data)
{
  g_autoptr (GObject) kept = NULL;

  disconnect_all (self);
  g_signal_connect (self->transfer, self->kind->signal, G_CALLBACK (say_no), &kept);
  asked_start (self);
  asked_check_refused (self);
  g_assert_nonnull (kept);
}

/* Both are asked about the same question, the transfer's first, and both leave it. */
static void
test_both_say_no (Asked *self,
                  gconstpointer data)
{
  g_autoptr (GObject) first = NULL;
  g_autoptr (GObject) second = NULL;

  disconnect_all (self);
  g_signal_connect (self->transfer, self->kind->signal, G_CALLBACK (say_no), &first);
  g_signal_connect (self->session, self->kind->signal, G_CALLBACK (session_says_no), &second);
  asked_start (self);
  asked_check_refused (self);
  g_assert_nonnull (first);
  g_assert_true (first == second);
}

/* What the transfer's handler has left goes to the session's. */
static void
test_transfer_says_no (Asked *self,
                       gconstpointer data)
{
  g_autoptr (GObject) kept = NULL;

  asked_by_session (self);
  g_signal_connect (self->transfer, self->kind->signal, G_CALLBACK (say_no), &kept);
  asked_wait (self);
  g_assert_true (kept == self->question);
  self->kind->accept (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

/* What the transfer's handler has taken does not come to the session's. */
static void
test_transfer_takes (Asked *self,
                     gconstpointer data)
{
  g_autoptr (GObject) kept = NULL;

  g_signal_connect (self->session, self->kind->signal, G_CALLBACK (session_says_no), &kept);
  asked_wait (self);
  self->kind->accept (self);
  asked_check_inside (self);
  g_assert_null (kept);
}

static gboolean
drop_session (GMultiTransfer *transfer,
              gpointer question,
              gpointer user_data)
{
  Asked *self = user_data;

  g_clear_object (&self->session);
  return FALSE;
}

static void
count_cb (GMultiTransfer *transfer,
          GError *error,
          gpointer user_data)
{
  Asked *self = user_data;

  self->error = g_error_copy (error);
}

/* The last reference on the session goes while it is being asked; what was only started is cancelled. */
static void
test_session_goes (Asked *self,
                   gconstpointer data)
{
  disconnect_all (self);
  g_signal_connect (self->transfer, self->kind->signal, G_CALLBACK (drop_session), self);
  g_signal_connect (self->session, self->kind->signal, G_CALLBACK (asked_of_session_cb), self);
  g_signal_connect (self->transfer, "completed", G_CALLBACK (count_cb), self);
  gmulti_session_start (self->session, self->transfer);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (self->session);
  g_assert_cmpuint (self->n_asked, ==, 0);
}

static gpointer
ask_in_thread (gpointer data)
{
  Asked *self = data;
  GMainContext *context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  asked_start (self);
  while (self->bytes == NULL && self->error == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  g_main_context_unref (context);
  return NULL;
}

/* The session works in a thread of its own, and is asked for a transfer of yet another. */
static void
test_threads (Asked *self,
              gconstpointer data)
{
  disconnect_all (self);
  g_clear_object (&self->session);
  self->session = gmulti_session_new_threaded ();
  asked_by_session (self);
  self->at_once = TRUE;
  g_thread_join (g_thread_new ("home", ask_in_thread, self));
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

static void
test_nobody_there (Asked *self,
                   gconstpointer data)
{
  disconnect_all (self);
  asked_start (self);
  asked_check_refused (self);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, self->kind->n_requests);
}

static void
cancel (Asked *self)
{
  asked_wait (self);
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The transfer is gone when the answer comes. */
static void
test_dead (Asked *self,
           gconstpointer data)
{
  cancel (self);
  self->kind->accept (self);
  face_run_for (20);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, self->kind->n_requests);
}

/* And so is the session. */
static void
test_all_gone (Asked *self,
               gconstpointer data)
{
  cancel (self);
  face_assert_finalized (g_steal_pointer (&self->transfer));
  face_assert_finalized (g_steal_pointer (&self->session));
  self->kind->accept (self);
  face_run_for (20);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, self->kind->n_requests);
}

/* One clock stands still while somebody thinks, the one for the whole transfer does not. */
static void
test_never (Asked *self,
            gconstpointer data)
{
  guint patience = g_getenv ("GMULTI_TEST_VALGRIND") != NULL ? 25 : 5; /* to be asked takes time */

  g_object_set (self->transfer, "timeout", 200 * patience, self->kind->clock, 50 * patience, NULL);
  asked_start (self);
  face_wait_for (self->error != NULL);
  g_assert_error (self->error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (self->n_asked, ==, 1);
}

static gpointer
accept_in_thread (gpointer data)
{
  Asked *self = data;

  self->kind->accept (self);
  return NULL;
}

static void
test_other_thread (Asked *self,
                   gconstpointer data)
{
  asked_wait (self);
  g_thread_join (g_thread_new ("answer", accept_in_thread, self));
  asked_check_inside (self);
}

typedef struct
{
  const char *name;
  void (*func) (Asked *self, gconstpointer data);
} AskedTest;

static void
run_by_session (Asked *self,
                gconstpointer data)
{
  const AskedTest *test = data;

  asked_by_session (self);
  test->func (self, NULL);
}

/* ---- logins ---- */

void
asked_answer_login (Asked *self)
{
  gmulti_challenge_answer (self->question, self->kind->user,
                           self->n_asked > self->n_wrong ? self->kind->password : "wrong");
}

void
asked_decline_login (Asked *self)
{
  gmulti_challenge_decline (self->question);
}

static void
test_wrong_first (Asked *self,
                  gconstpointer data)
{
  self->at_once = TRUE;
  self->n_wrong = 2;
  asked_start (self);
  asked_check_inside (self);
  g_assert_cmpuint (self->n_asked, ==, 3);
  g_assert_cmpuint (gmulti_challenge_get_attempt (self->question), ==, 3);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 3 * self->kind->n_requests + 1);
}

/* Somebody who never learns. */
static void
test_always_wrong (Asked *self,
                   gconstpointer data)
{
  self->at_once = TRUE;
  self->n_wrong = G_MAXUINT;
  asked_start (self);
  asked_check_refused (self);
  g_assert_cmpuint (self->n_asked, <=, 20);
  if (self->kind->n_requests == 0)
    g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

void
asked_add_login_tests (const char *prefix,
                       void (*set_up) (Asked *self, gconstpointer data))
{
  static const AskedTest tests[] = {
    { "wrong-first", test_wrong_first },
    { "always-wrong", test_always_wrong },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat (prefix, tests[i].name, NULL);

      g_test_add (path, Asked, NULL, set_up, tests[i].func, asked_tear_down);
    }
}

/* ---- all ---- */

void
asked_add_tests (const char *prefix,
                 void (*set_up) (Asked *self, gconstpointer data))
{
  /* whoever it is that is asked */
  static const AskedTest tests[] = {
    { "blocking", test_blocking },
    { "accepted", test_accepted },
    { "declined", test_declined },
    { "dropped", test_dropped },
    { "nobody-there", test_nobody_there },
    { "dead", test_dead },
    { "all-gone", test_all_gone },
    { "never", test_never },
    { "other-thread", test_other_thread },
  };
  static const AskedTest of_both[] = {
    { "handler-says-no", test_handler_says_no },
    { "both-say-no", test_both_say_no },
    { "transfer-says-no", test_transfer_says_no },
    { "transfer-takes", test_transfer_takes },
    { "session-goes", test_session_goes },
    { "threads", test_threads },
  };

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    {
      g_autofree char *path = g_strconcat (prefix, tests[i].name, NULL);
      g_autofree char *session_path = g_strconcat (prefix, "session/", tests[i].name, NULL);

      g_test_add (path, Asked, NULL, set_up, tests[i].func, asked_tear_down);
      g_test_add (session_path, Asked, &tests[i], set_up, run_by_session, asked_tear_down);
    }
  for (guint i = 0; i < G_N_ELEMENTS (of_both); i++)
    {
      g_autofree char *path = g_strconcat (prefix, of_both[i].name, NULL);

      g_test_add (path, Asked, NULL, set_up, of_both[i].func, asked_tear_down);
    }
}
