/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include "proxy-front.h"
#include "scripted-tls.h"

/* HTTP/2 as the object face shows it: which versions may be used, who is told of priorities, what happens while nothing
 * is to be done, and proxies that speak it. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GTlsDatabase *database;
} Fixture;

static void
set_up (Fixture *f,
        gconstpointer data)
{
  f->server = scripted_server_new (SCRIPTED_SERVER_HTTP2 | SCRIPTED_SERVER_TLS);
  scripted_server_on (f->server, "/a", scripted_answer_text (200, NULL, "got"));
  scripted_server_on (f->server, "/stall", scripted_answer_stall (scripted_answer_at_head (scripted_answer_new ())));
  f->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
  f->database = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
}

static void
tear_down (Fixture *f,
           gconstpointer data)
{
  face_assert_finalized (f->session);
  g_object_unref (f->database);
  scripted_server_free (f->server);
}

static GMultiTransfer *
new_transfer (Fixture *f,
              const char *target)
{
  GMultiTransfer *transfer = gmulti_transfer_new (scripted_server_url (f->server, target));

  gmulti_transfer_set_tls_database (transfer, f->database);
  return transfer;
}

static void
check_got (Fixture *f,
           GMultiTransfer *transfer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (f->session, transfer, &error);

  g_assert_no_error (error);
  face_check_text (bytes, "got");
}

/* ---- a demand for a login ---- */

#define LONG_PAGE (3 * 1024 * 1024) /* more than is kept while somebody is asked */

static gboolean
authenticate_cb (GMultiTransfer *transfer,
                 GMultiChallenge *challenge,
                 gpointer user_data)
{
  guint *n_asked = user_data;

  (*n_asked)++;
  gmulti_challenge_answer (challenge, "user", "secret");
  return TRUE;
}

static ScriptedAnswer *
answer_long (const ScriptedRequest *request,
             gpointer user_data)
{
  if (scripted_request_header (request, "Authorization") != NULL)
    return scripted_answer_text (200, NULL, "got");
  return scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"long\"\r\n", user_data);
}

/* Its page is too long to be kept: its stream ends, and not the connection. */
static void
test_long_page (Fixture *f,
                gconstpointer data)
{
  g_autofree char *page = g_strnfill (LONG_PAGE, 'x');
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/long");
  guint n_asked = 0;

  scripted_server_on (f->server, "/long", scripted_answer_handler (scripted_answer_new (), answer_long, page));
  g_signal_connect (transfer, "authenticate", G_CALLBACK (authenticate_cb), &n_asked);
  check_got (f, transfer);
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (f->server), ==, 1);
}

/* ---- threads ---- */

#define N_THREADS 3
#define N_EACH 33 /* together as many as a connection takes at once, but one */

typedef struct
{
  Fixture *fixture;
  GThread *thread;
  guint n_got; /* its thread's */
  gint *n_ended; /* atomic */
} Sharer;

static void
shared_cb (GObject *source,
           GAsyncResult *result,
           gpointer data)
{
  Sharer *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  face_check_text (bytes, "got");
  g_assert_true (g_thread_self () == self->thread);
  self->n_got++;
}

static gpointer
sharer_thread (gpointer data)
{
  Sharer *self = data;
  g_autoptr (GMainContext) context = g_main_context_new ();

  self->thread = g_thread_self ();
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_EACH; i++)
    {
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (self->fixture->server, "/a"));

      gmulti_session_fetch_async (self->fixture->session, transfer, NULL, shared_cb, self);
    }
  face_wait_for (self->n_got == N_EACH);
  g_main_context_pop_thread_default (context);
  g_atomic_int_inc (self->n_ended);
  g_main_context_wakeup (NULL);

  return NULL;
}

/* Three threads, each with a context of its own, and what they ask for goes by one connection. */
static void
test_threads (Fixture *f,
              gconstpointer data)
{
  Sharer sharers[N_THREADS];
  GThread *threads[N_THREADS];
  gint n_ended = 0;

  gmulti_session_set_tls_database (f->session, f->database);
  for (guint i = 0; i < N_THREADS; i++)
    {
      sharers[i] = (Sharer){ .fixture = f, .n_ended = &n_ended };
      threads[i] = g_thread_new ("sharer", sharer_thread, &sharers[i]);
    }
  face_wait_for (g_atomic_int_get (&n_ended) == N_THREADS);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (scripted_server_n_requests (f->server), ==, N_THREADS * N_EACH);
  g_assert_cmpuint (scripted_server_n_connections (f->server), ==, 1);
}

/* ---- versions ---- */

typedef enum
{
  FAILS,
  BY_HTTP1,
  BY_HTTP2,
} Expected;

/* Names of fields travel in lower case there. */
static Expected
version_of (ScriptedServer *server,
            guint n)
{
  return strstr (scripted_server_request (server, n)->head, "\r\naccept:") != NULL ? BY_HTTP2 : BY_HTTP1;
}

/* Allowed, demanded, forbidden; what is demanded and not spoken is an error of its own. */
static void
test_policies (Fixture *f,
               gconstpointer data)
{
  static const struct
  {
    GMultiHttpPolicy policy;
    gboolean http2; /* the server speaks it */
    Expected expected;
  } cases[] = {
    { GMULTI_HTTP_POLICY_AUTO, TRUE, BY_HTTP2 },
    { GMULTI_HTTP_POLICY_HTTP_1_1, TRUE, BY_HTTP1 },
    { GMULTI_HTTP_POLICY_HTTP_2, TRUE, BY_HTTP2 },
    { GMULTI_HTTP_POLICY_HTTP_1_1 | GMULTI_HTTP_POLICY_HTTP_2, TRUE, BY_HTTP2 },
    { GMULTI_HTTP_POLICY_AUTO, FALSE, BY_HTTP1 },
    { GMULTI_HTTP_POLICY_HTTP_1_1 | GMULTI_HTTP_POLICY_HTTP_2, FALSE, BY_HTTP1 },
    { GMULTI_HTTP_POLICY_HTTP_2, FALSE, FAILS },
  };
  g_autoptr (ScriptedServer) old = scripted_server_new (SCRIPTED_SERVER_TLS);

  scripted_server_on (old, "/a", scripted_answer_text (200, NULL, "got"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      ScriptedServer *server = cases[i].http2 ? f->server : old;
      g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (scripted_server_url (server, "/a"));
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      gmulti_transfer_set_tls_database (transfer, f->database);
      gmulti_transfer_set_http_policy (transfer, cases[i].policy);
      bytes = face_fetch (f->session, transfer, &error);
      if (cases[i].expected == FAILS)
        {
          g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_PROTOCOL);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpint (version_of (server, scripted_server_n_requests (server) - 1), ==, cases[i].expected);
    }
  g_assert_cmpuint (scripted_server_n_requests (old), ==, 2);
}

/* ---- priorities ---- */

/* Told with the request, and told again when it changes while the answer is awaited. */
static void
test_priority (Fixture *f,
               gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/stall");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  gmulti_transfer_set_priority (transfer, -1);
  gmulti_session_fetch_async (f->session, transfer, cancellable, face_store_result, &result);
  face_wait_for (scripted_server_n_requests (f->server) == 1);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (f->server, 0), "priority"), ==, "u=2");
  g_assert_cmpint (scripted_server_urgency (f->server), ==, 0);
  gmulti_transfer_set_priority (transfer, 2);
  face_wait_for (scripted_server_urgency (f->server) == '5');
  gmulti_transfer_set_priority (transfer, G_MININT);
  face_wait_for (scripted_server_urgency (f->server) == '0');
  gmulti_transfer_set_priority (transfer, 0);
  face_wait_for (scripted_server_urgency (f->server) == '3');
  g_cancellable_cancel (cancellable);
  face_wait_for (result != NULL);
  g_assert_null (gmulti_session_fetch_finish (f->session, result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- nothing to do ---- */

static void
test_idle_ping (Fixture *f,
                gconstpointer data)
{
  g_autoptr (GMultiTransfer) transfer = new_transfer (f, "/a");
  g_autoptr (GMultiTransfer) again = new_transfer (f, "/a");

  check_got (f, transfer);
  scripted_server_ping_all (f->server);
  face_wait_for (scripted_server_n_pongs (f->server) == 1);
  check_got (f, again);
  g_assert_cmpuint (scripted_server_n_connections (f->server), ==, 1);
}

/* ---- proxies ---- */

static gboolean
trust_proxy_cb (GMultiTransfer *transfer,
                GMultiTrustCheck *question,
                guint *n_asked)
{
  g_assert_true (gmulti_trust_check_is_proxy (question));
  (*n_asked)++;
  gmulti_trust_check_accept (question);
  return TRUE;
}

/* All tunnels are streams of one connection to the proxy, about whose certificate whoever makes it is asked. */
static void
test_proxy (Fixture *f,
            gconstpointer data)
{
  g_autoptr (ProxyServer) behind = proxy_server_new ();
  g_autoptr (ProxyFront) front = proxy_front_new (behind, TRUE);
  g_autoptr (GMultiProxy) proxy = gmulti_proxy_new (proxy_front_url (front), NULL);
  static const char *const hosts[] = { "a.example", "b.example", "localhost", "127.0.0.1" };
  GMultiTransfer *transfers[G_N_ELEMENTS (hosts)];
  GAsyncResult *results[G_N_ELEMENTS (hosts)] = { NULL };
  guint n_asked = 0;

  gmulti_session_set_proxy_resolver (f->session, G_PROXY_RESOLVER (proxy));
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *uri = g_strdup_printf ("https://%s:%u/a", hosts[i], scripted_server_port (f->server));

      transfers[i] = gmulti_transfer_new (uri);
      gmulti_transfer_set_tls_database (transfers[i], f->database);
      g_signal_connect (transfers[i], "check-trust", G_CALLBACK (trust_proxy_cb), &n_asked);
      gmulti_session_fetch_async (f->session, transfers[i], NULL, face_store_result, &results[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      face_wait_for (results[i] != NULL);
      bytes = gmulti_session_fetch_finish (f->session, results[i], &error);
      g_assert_no_error (error);
      g_assert_cmpint (version_of (f->server, i), ==, BY_HTTP2);
      g_object_unref (results[i]);
      g_object_unref (transfers[i]);
    }
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_cmpuint (proxy_front_n_connections (front), ==, 1);
  g_assert_cmpuint (proxy_front_n_streams (front), ==, G_N_ELEMENTS (hosts));
  face_assert_finalized (g_steal_pointer (&f->session));
  f->session = gmulti_session_new ();
}

#define ADD(name, test)                                                                                               \
  g_test_add ("/http2/" name, Fixture, NULL, set_up, test, tear_down);                                                \
  g_test_add ("/http2/" name "/thread", Fixture, "thread", set_up, test, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("threads", test_threads);
  ADD ("long-page", test_long_page);
  ADD ("policies", test_policies);
  ADD ("priority", test_priority);
  ADD ("idle-ping", test_idle_ping);
  ADD ("proxy", test_proxy);
  return g_test_run ();
}
