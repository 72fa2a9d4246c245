/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

/* A transfer that says itself where to connect to. */

/* ---- a connectable that does what the test says ---- */

typedef enum
{
  SAID_GIVES, /* its addresses, one after the other, each after a while */
  SAID_FAILS,
  SAID_FAILS_ONCE, /* … for now */
  SAID_HANGS,
} SaidKind;

#define SAID_TYPE_PLACE (said_place_get_type ())
G_DECLARE_FINAL_TYPE (SaidPlace, said_place, SAID, PLACE, GSocketAddressEnumerator)

struct _SaidPlace
{
  GSocketAddressEnumerator parent_instance;

  SaidKind kind;
  GPtrArray *addresses; /* (owned) (element-type GSocketAddress) */
  guint next;
  GThread *thread; /* (unowned): who asked */
  guint n_cancelled;
  guint n_enumerated;
};

static void place_iface_init (GSocketConnectableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (SaidPlace, said_place, G_TYPE_SOCKET_ADDRESS_ENUMERATOR,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SOCKET_CONNECTABLE, place_iface_init))

static GSocketAddressEnumerator *
said_place_enumerate (GSocketConnectable *connectable)
{
  SaidPlace *self = SAID_PLACE (connectable);

  self->thread = g_thread_self ();
  self->next = 0;
  self->n_enumerated++;
  return g_object_ref (G_SOCKET_ADDRESS_ENUMERATOR (self));
}

static void
place_iface_init (GSocketConnectableIface *iface)
{
  iface->enumerate = said_place_enumerate;
}

static GSocketAddress *
said_place_next (GSocketAddressEnumerator *enumerator,
                 GCancellable *cancellable,
                 GError **error)
{
  SaidPlace *self = SAID_PLACE (enumerator);

  if (self->kind == SAID_FAILS)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "Nobody is to know");
      return NULL;
    }

  if (self->kind == SAID_FAILS_ONCE && self->n_enumerated == 1)
    {
      g_set_error_literal (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE, "Nobody is in");
      return NULL;
    }

  return self->next < self->addresses->len ? g_object_ref (self->addresses->pdata[self->next++]) : NULL;
}

static gboolean
later_cb (gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  GSocketAddress *address = said_place_next (g_task_get_source_object (task), NULL, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, address, g_object_unref);
  return G_SOURCE_REMOVE;
}

static void
hanging_cb (GCancellable *cancellable,
            gpointer user_data)
{
  GTask *task = g_object_ref (user_data);

  ((SaidPlace *) g_task_get_source_object (task))->n_cancelled++;
  g_task_return_error_if_cancelled (task);
  /* it and the task would keep each other */
  g_signal_handlers_disconnect_by_data (cancellable, task);
  g_object_unref (task);
}

static void
drop_task (gpointer task,
           GClosure *closure)
{
  g_object_unref (task);
}

static void
said_place_next_async (GSocketAddressEnumerator *enumerator,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  GTask *task = g_task_new (enumerator, cancellable, callback, user_data);
  GSource *source;

  if (SAID_PLACE (enumerator)->kind == SAID_HANGS)
    {
      g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (hanging_cb), task, drop_task, 0);
      return;
    }

  source = g_timeout_source_new (5);
  g_source_set_callback (source, later_cb, task, g_object_unref);
  g_source_attach (source, g_main_context_get_thread_default ());
  g_source_unref (source);
}

static GSocketAddress *
said_place_next_finish (GSocketAddressEnumerator *enumerator,
                        GAsyncResult *result,
                        GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
said_place_finalize (GObject *object)
{
  g_ptr_array_unref (SAID_PLACE (object)->addresses);
  G_OBJECT_CLASS (said_place_parent_class)->finalize (object);
}

static void
said_place_class_init (SaidPlaceClass *klass)
{
  GSocketAddressEnumeratorClass *enumerator_class = G_SOCKET_ADDRESS_ENUMERATOR_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = said_place_finalize;
  enumerator_class->next = said_place_next;
  enumerator_class->next_async = said_place_next_async;
  enumerator_class->next_finish = said_place_next_finish;
}

static void
said_place_init (SaidPlace *self)
{
  self->addresses = g_ptr_array_new_with_free_func (g_object_unref);
}

/* ---- tests ---- */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  SaidPlace *place;
} Fixture;

#define URI "http://example.test/path"

static ScriptedAnswer *
answer_host (const ScriptedRequest *request,
             gpointer data)
{
  return scripted_answer_text (200, NULL, scripted_request_header (request, "Host"));
}

static ScriptedServer *
new_server (ScriptedServerFlags flags)
{
  ScriptedServer *server = scripted_server_new (flags);

  scripted_server_on (server, "*", scripted_answer_handler (scripted_answer_new (), answer_host, NULL));
  return server;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->server = new_server (SCRIPTED_SERVER_DEFAULT);
  self->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
  self->transfer = gmulti_transfer_new (URI);
  self->place = g_object_new (SAID_TYPE_PLACE, NULL);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  g_clear_object (&self->transfer);
  face_assert_finalized (self->session);
  face_assert_finalized (self->place);
  scripted_server_free (self->server);
}

static void
fetch (Fixture *self,
       gpointer connectable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_connectable (self->transfer, connectable);
  bytes = face_fetch (self->session, self->transfer, &error);
  g_assert_no_error (error);
  face_check_text (bytes, "example.test");
}

static void
say (Fixture *self,
     guint16 port)
{
  g_ptr_array_add (self->place->addresses, g_inet_socket_address_new_from_string ("127.0.0.1", port));
}

static void
test_address (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GSocketConnectable) address = g_network_address_new ("127.0.0.1", scripted_server_port (self->server));
  g_autoptr (GSocketConnectable) got = NULL;

  fetch (self, address);
  g_object_get (self->transfer, "connectable", &got, NULL);
  g_assert_true (got == address);
  fetch (self, address);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
}

static void
test_unix (Fixture *self,
           gconstpointer data)
{
  g_autoptr (ScriptedServer) server = new_server (SCRIPTED_SERVER_UNIX);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (scripted_server_path (server));

  fetch (self, address);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 1);
}

/* The same URI at two places: each has its connections. */
static void
test_pool (Fixture *self,
           gconstpointer data)
{
  g_autoptr (ScriptedServer) other = new_server (SCRIPTED_SERVER_DEFAULT);
  g_autoptr (GSocketConnectable) there = g_network_address_new ("127.0.0.1", scripted_server_port (other));

  say (self, scripted_server_port (self->server));
  for (guint i = 0; i < 2; i++)
    {
      fetch (self, self->place);
      fetch (self, there);
    }
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (other), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
}

/* The first is dead, the second is alive; asked for in the thread that began. */
static void
test_enumerated (Fixture *self,
                 gconstpointer data)
{
  ScriptedServer *dead = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  guint16 port = scripted_server_port (dead);

  scripted_server_free (dead);
  say (self, port);
  say (self, scripted_server_port (self->server));
  fetch (self, self->place);
  g_assert_true (self->place->thread == g_thread_self ());
}

static void
fail (Fixture *self,
      GQuark domain,
      int code)
{
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_connectable (self->transfer, G_SOCKET_CONNECTABLE (self->place));
  g_assert_null (face_fetch (self->session, self->transfer, &error));
  g_assert_error (error, domain, code);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 0);
}

static void
test_fails (Fixture *self,
            gconstpointer data)
{
  /* nothing at all */
  fail (self, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND);
  self->place->kind = SAID_FAILS;
  fail (self, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpint (gmulti_transfer_get_phase (self->transfer), ==, GMULTI_PHASE_RESOLVE);
  self->place->kind = SAID_HANGS;
  gmulti_transfer_set_connect_timeout (self->transfer, 50);
  fail (self, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  g_assert_cmpuint (self->place->n_cancelled, ==, 1);
}

static void
test_cancel (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  self->place->kind = SAID_HANGS;
  gmulti_transfer_set_connectable (self->transfer, G_SOCKET_CONNECTABLE (self->place));
  gmulti_session_fetch_async (self->session, self->transfer, cancellable, face_store_result, &result);
  face_wait_for (self->place->thread != NULL);
  g_cancellable_cancel (cancellable);
  face_wait_for (result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_blocking (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  say (self, scripted_server_port (self->server));
  gmulti_transfer_set_connectable (self->transfer, G_SOCKET_CONNECTABLE (self->place));
  bytes = gmulti_session_fetch (self->session, self->transfer, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (bytes);
}

/* It says where, whatever proxies there are. */
static void
test_proxy (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GProxyResolver) asked = g_simple_proxy_resolver_new ("http://127.0.0.1:1", NULL);
  g_autoptr (GMultiProxy) fixed = gmulti_proxy_new ("http://127.0.0.1:1", NULL);

  say (self, scripted_server_port (self->server));
  gmulti_session_set_proxy_resolver (self->session, asked);
  fetch (self, self->place);
  gmulti_session_set_proxy_resolver (self->session, G_PROXY_RESOLVER (fixed));
  fetch (self, self->place);
}

/* A body whose length has to be looked for first. */
static void
test_upload (Fixture *self,
             gconstpointer data)
{
  g_autofree char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "body", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_assert_true (g_file_set_contents (path, "body", -1, NULL));
  say (self, scripted_server_port (self->server));
  gmulti_transfer_set_body_file (self->transfer, NULL, file);
  fetch (self, self->place);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
  face_folder_free (g_steal_pointer (&folder));
}

static void
moved_cb (GMultiTransfer *transfer,
          const GError *error,
          guint attempt,
          guint delay,
          gpointer data)
{
  Fixture *self = data;

  g_ptr_array_set_size (self->place->addresses, 0);
  say (self, scripted_server_port (self->server));
}

/* It is somewhere else when it is tried again; the file's length is known by then. */
static void
test_moves (Fixture *self,
            gconstpointer data)
{
  ScriptedServer *dead = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *folder = face_folder_new ();
  g_autofree char *path = g_build_filename (folder, "body", NULL);
  g_autoptr (GFile) file = g_file_new_for_path (path);

  g_assert_true (g_file_set_contents (path, "body", -1, NULL));
  say (self, scripted_server_port (dead));
  scripted_server_free (dead);
  gmulti_transfer_set_body_file (self->transfer, NULL, file);
  gmulti_transfer_set_max_attempts (self->transfer, 2);
  g_signal_connect (self->transfer, "retrying", G_CALLBACK (moved_cb), self);
  fetch (self, self->place);
  g_assert_cmpuint (self->place->n_enumerated, ==, 2);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
  face_folder_free (g_steal_pointer (&folder));
}

static void
count_retries_cb (GMultiTransfer *transfer,
                  const GError *error,
                  guint attempt,
                  guint delay,
                  guint *n_retries)
{
  g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE);
  g_assert_cmpuint (attempt, ==, 2);
  (*n_retries)++;
}

/* Where it is cannot be found out at once, and is asked for again: as often as is said, and if that may help. */
static void
test_asked_again (Fixture *self,
                  gconstpointer data)
{
  guint n_retries = 0;

  self->place->kind = SAID_FAILS_ONCE;
  say (self, scripted_server_port (self->server));
  fail (self, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE);
  g_assert_cmpuint (self->place->n_enumerated, ==, 1);

  gmulti_transfer_set_max_attempts (self->transfer, 3);
  self->place->kind = SAID_FAILS;
  fail (self, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_cmpuint (self->place->n_enumerated, ==, 2);

  self->place->kind = SAID_FAILS_ONCE;
  self->place->n_enumerated = 0;
  g_signal_connect (self->transfer, "retrying", G_CALLBACK (count_retries_cb), &n_retries);
  fetch (self, self->place);
  g_assert_cmpuint (self->place->n_enumerated, ==, 2);
  g_assert_cmpuint (n_retries, ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);

  /* not when all of the time would be gone by then */
  self->place->n_enumerated = 0;
  gmulti_transfer_set_timeout (self->transfer, 20);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (face_fetch (self->session, self->transfer, &error));
    g_assert_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_TEMPORARY_FAILURE);
  }
  g_assert_cmpuint (self->place->n_enumerated, ==, 1);
}

typedef void (*Test) (Fixture *self, gconstpointer data);

static void
add (const char *name,
     Test test)
{
  g_autofree char *plain = g_strconcat ("/object/connectable/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/object/connectable/threaded/", name, NULL);

  g_test_add (plain, Fixture, NULL, set_up, test, tear_down);
  g_test_add (threaded, Fixture, "", set_up, test, tear_down);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("address", test_address);
  add ("unix", test_unix);
  add ("pool", test_pool);
  add ("enumerated", test_enumerated);
  add ("fails", test_fails);
  add ("cancel", test_cancel);
  add ("blocking", test_blocking);
  add ("proxy", test_proxy);
  add ("upload", test_upload);
  add ("moves", test_moves);
  add ("asked-again", test_asked_again);
  return g_test_run ();
}
