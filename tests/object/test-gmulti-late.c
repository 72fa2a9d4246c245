/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

/* A program that keeps its loop from running, for longer than any of its transfers may take. What came meanwhile is read
 * before anybody looks at a clock: only who has nothing waiting is late. The program runs with both kinds of watches. */

#define LIMIT_MS 600
#define BLOCKED_MS 900

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  guint n_descriptors;
} Fixture;

typedef struct
{
  const char *name;
  const char *path;
  const char *property;
  gsize size; /* of the body; 0: it is late */
  gboolean before; /* the loop runs until all requests are out before it is blocked */
} Case;

static const Case cases[] = {
  { "connect", "/small", "connect-timeout", 5, FALSE },
  { "connect-resumed", "/delayed", "connect-timeout", 5, TRUE },
  { "response", "/delayed", "response-timeout", 5, TRUE },
  { "stall", "/parts", "stall-timeout", 3000, TRUE },
  { "whole", "/delayed", "timeout", 5, TRUE },
  { "whole-parts", "/parts", "timeout", 3000, TRUE },
  { "large-stall", "/large", "stall-timeout", 200000, TRUE },
  { "late-response", "/never", "response-timeout", 0, TRUE },
  { "late-stall", "/half", "stall-timeout", 0, TRUE },
  { "late-whole", "/half", "timeout", 0, TRUE },
};

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ScriptedAnswer *delayed = scripted_answer_delay (scripted_answer_new (), 100);
  ScriptedAnswer *parts = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n");
  ScriptedAnswer *large = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");

  for (guint i = 0; i < 3; i++)
    scripted_answer_pattern (scripted_answer_delay (parts, 60), 3, i * 1000, 1000);
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "/small", scripted_answer_text (200, NULL, "small"));
  scripted_server_on (self->server, "/delayed",
                      scripted_answer_send (delayed, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsmall"));
  scripted_server_on (self->server, "/parts", parts);
  scripted_server_on (self->server, "/large",
                      scripted_answer_pattern (scripted_answer_delay (large, 60), 4, 0, 200000));
  scripted_server_on (self->server, "/never", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (self->server, "/half",
                      scripted_answer_stall (scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")));
  self->n_descriptors = leaks_begin ();
  self->session = leaks_watch (gmulti_session_new ());
  gmulti_session_set_max_connections_per_host (self->session, 0);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->session);
  leaks_assert_none (self->n_descriptors);
  scripted_server_free (self->server);
}

static GMultiTransfer *
new_transfer (Fixture *self,
              const Case *case_)
{
  GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (self->server, case_->path));

  g_object_set (transfer, case_->property, LIMIT_MS, NULL);
  return leaks_watch (transfer);
}

static void
check (Fixture *self,
       const Case *case_,
       GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (self->session, result, &error);

  if (case_->size > 0)
    {
      g_assert_no_error (error);
      g_assert_cmpuint (g_bytes_get_size (bytes), ==, case_->size);
    }
  else if (g_str_equal (case_->property, "stall-timeout"))
    {
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_STALLED);
    }
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
    }
}

/* @n of the kind at once; the loop is blocked before their answers are there, and let go when they all are. */
static void
block (Fixture *self,
       const Case *case_,
       guint n)
{
  GAsyncResult **results = g_new0 (GAsyncResult *, n);
  guint n_requests = scripted_server_n_requests (self->server) + n;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (self, case_);

      gmulti_session_fetch_async (self->session, transfer, NULL, face_store_result, &results[i]);
    }
  if (case_->before)
    face_wait_for (scripted_server_n_requests (self->server) == n_requests);
  else
    g_main_context_iteration (NULL, FALSE);
  g_usleep (BLOCKED_MS * 1000);

  for (guint i = 0; i < n; i++)
    {
      face_wait_for (results[i] != NULL);
      check (self, case_, results[i]);
      g_object_unref (results[i]);
    }
  g_free (results);
}

static void
test_late (Fixture *self,
           gconstpointer data)
{
  block (self, data, 1);
  block (self, data, 300); /* more than one look at the epoll set tells of */
}

/* The same when the application is kept from its loop by a handler of a transfer. */
static void
block_in_completed_cb (GMultiTransfer *transfer,
                       const GError *error,
                       gpointer user_data)
{
  g_usleep (BLOCKED_MS * 1000);
}

static void
test_in_handler (Fixture *self,
                 gconstpointer data)
{
  static const Case delayed = { "delayed", "/delayed", "response-timeout", 5, TRUE };
  g_autoptr (GMultiTransfer) blocker = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, "/small")));
  GAsyncResult *results[100] = { NULL };

  g_signal_connect (blocker, "completed", G_CALLBACK (block_in_completed_cb), NULL);
  gmulti_session_start (self->session, blocker);
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      g_autoptr (GMultiTransfer) transfer = new_transfer (self, &delayed);

      gmulti_session_fetch_async (self->session, transfer, NULL, face_store_result, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (results); i++)
    {
      face_wait_for (results[i] != NULL);
      check (self, &delayed, results[i]);
      g_object_unref (results[i]);
    }
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/late/", cases[i].name, NULL);

      g_test_add (path, Fixture, &cases[i], set_up, test_late, tear_down);
    }
  g_test_add ("/late/in-handler", Fixture, NULL, set_up, test_in_handler, tear_down);

  return g_test_run ();
}
