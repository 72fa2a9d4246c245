/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "gmulti-session-private.h"
#include "gmulti-surroundings-private.h"
#include "monitors.h"

/* A device that loses its network and finds it again, pays for it, saves power, and runs out of memory. The server is its
 * own proxy, so that what is asked for is not on this machine; the program runs with both kinds of watches. */

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
  SaidNetwork *network;
  SaidPower *power;
  GAsyncResult *result;
  guint n_retries;
  guint last_attempt;
  gint n_hangs; /* atomic: so many requests get no answer first */
} Fixture;

static gboolean
nothing_is_here (const struct sockaddr *address)
{
  return FALSE;
}

static ScriptedAnswer *
hang (const ScriptedRequest *request,
      gpointer data)
{
  Fixture *self = data;

  if (g_atomic_int_add (&self->n_hangs, -1) > 0)
    return scripted_answer_stall (scripted_answer_new ());
  return scripted_answer_text (200, NULL, "hello");
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  g_autoptr (GMultiProxy) proxy = NULL;

  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), hang, self));
  scripted_server_on (self->server, "/big", scripted_answer_big (7, 20000000));
  proxy = gmulti_proxy_new (scripted_server_url (self->server, ""), NULL);
  self->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL);
  gmulti_session_set_proxy_resolver (self->session, G_PROXY_RESOLVER (proxy));
  self->network = said_network_new (TRUE);
  self->power = said_power_new (FALSE);
  gmulti_session_set_network_monitor (self->session, G_NETWORK_MONITOR (self->network));
  gmulti_session_set_power_profile_monitor (self->session, G_POWER_PROFILE_MONITOR (self->power));
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  gm_surroundings_set_address_check (NULL);
  g_clear_object (&self->result);
  g_clear_object (&self->transfer);
  if (self->session != NULL)
    face_assert_finalized (self->session);
  face_assert_finalized (self->network);
  face_assert_finalized (self->power);
  scripted_server_free (self->server);
}

static void
retrying_cb (GMultiTransfer *transfer,
             const GError *error,
             guint attempt,
             guint delay,
             gpointer data)
{
  Fixture *self = data;

  g_assert_nonnull (error);
  self->n_retries++;
  self->last_attempt = attempt;
}

static void
start (Fixture *self,
       const char *uri,
       GMultiConstraints constraints)
{
  self->transfer = gmulti_transfer_new (uri);
  gmulti_transfer_set_constraints (self->transfer, constraints);
  g_signal_connect (self->transfer, "retrying", G_CALLBACK (retrying_cb), self);
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
}

static void
finish (Fixture *self,
        const char *text)
{
  face_check_fetched (self->session, &self->result, text);
  g_clear_object (&self->transfer);
}

static gboolean
waits_for (Fixture *self,
           GMultiWaitReason reason)
{
  return gmulti_transfer_get_state (self->transfer) == GMULTI_TRANSFER_STATE_WAITING
         && gmulti_transfer_get_wait_reason (self->transfer) == reason;
}

static void
test_connectivity (Fixture *self,
                   gconstpointer data)
{
  said_network_set (self->network, FALSE, FALSE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_CONNECTIVITY);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  face_run_for (50);
  g_assert_null (self->result);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 0);

  said_network_set (self->network, TRUE, FALSE);
  finish (self, "hello");
  g_assert_cmpuint (self->n_retries, ==, 0);
}

/* No way to anywhere, but one to the host. It is asked for again when something changed. */
static void
test_near (Fixture *self,
           gconstpointer data)
{
  said_network_set_near (self->network, "example.test");
  said_network_set (self->network, FALSE, FALSE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_CONNECTIVITY);
  finish (self, "hello");
  g_assert_cmpuint (said_network_n_asked (self->network), ==, 1);

  start (self, "http://far.test/", GMULTI_CONSTRAINTS_CONNECTIVITY);
  face_wait_for (said_network_n_asked (self->network) == 2);
  face_run_for (50);
  g_assert_true (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  said_network_set_near (self->network, "far.test");
  said_network_set (self->network, FALSE, FALSE);
  finish (self, "hello");
  g_assert_cmpuint (said_network_n_asked (self->network), ==, 3);
  g_assert_cmpuint (self->n_retries, ==, 0);
}

/* It is asked for its addresses when there is a network, and before that it may know none. */
static void
test_connectable (Fixture *self,
                  gconstpointer data)
{
  g_autoptr (GSocketConnectable) nowhere = g_network_address_new ("nowhere.invalid", 80);

  said_network_set (self->network, FALSE, FALSE);
  self->transfer = gmulti_transfer_new ("http://example.test/");
  gmulti_transfer_set_connectable (self->transfer, nowhere);
  gmulti_transfer_set_constraints (self->transfer, GMULTI_CONSTRAINTS_CONNECTIVITY);
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  face_run_for (50);
  g_assert_null (self->result);
  said_network_set (self->network, TRUE, FALSE);
  face_wait_for (self->result != NULL);
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
    g_assert_cmpint (error->domain, ==, G_RESOLVER_ERROR);
  }
}

/* Who does not ask to wait does not, and what is on this machine needs no network. */
static void
test_no_need (Fixture *self,
              gconstpointer data)
{
  said_network_set (self->network, FALSE, TRUE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  start (self, scripted_server_url (self->server, "/"), GMULTI_CONSTRAINTS_CONNECTIVITY | GMULTI_CONSTRAINTS_UNMETERED);
  finish (self, "hello");
  start (self, "http://localhost/", GMULTI_CONSTRAINTS_CONNECTIVITY | GMULTI_CONSTRAINTS_UNMETERED);
  finish (self, "hello");
  start (self, "data:,local", GMULTI_CONSTRAINTS_CONNECTIVITY);
  finish (self, "local");
}

static void
test_cancel (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  said_network_set (self->network, FALSE, FALSE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_CONNECTIVITY);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  gmulti_transfer_cancel (self->transfer);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  said_network_set (self->network, TRUE, FALSE);
  face_run_for (20);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 0);
}

static void
test_dropped (Fixture *self,
              gconstpointer data)
{
  said_network_set (self->network, FALSE, FALSE);
  self->transfer = gmulti_transfer_new ("http://example.test/");
  gmulti_transfer_set_constraints (self->transfer, GMULTI_CONSTRAINTS_CONNECTIVITY);
  gmulti_session_start (self->session, self->transfer);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  face_assert_finalized (g_steal_pointer (&self->session));
  face_wait_for (gmulti_transfer_is_finished (self->transfer));
  said_network_set (self->network, TRUE, FALSE);
}

static void
test_metered (Fixture *self,
              gconstpointer data)
{
  said_network_set (self->network, TRUE, TRUE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_UNMETERED | GMULTI_CONSTRAINTS_NO_POWER_SAVER);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_METERED));
  said_power_set (self->power, TRUE);
  said_network_set (self->network, TRUE, FALSE);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_POWER_SAVER));
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 0);
  said_power_set (self->power, FALSE);
  finish (self, "hello");
}

/* One that waits in line for another is judged, too, and does not keep those behind it from their turn. */
static void
test_in_line (Fixture *self,
              gconstpointer data)
{
  g_autoptr (GMultiTransfer) first = gmulti_transfer_new ("http://example.test/");
  g_autoptr (GAsyncResult) first_result = NULL;

  gmulti_session_set_max_active (self->session, 1);
  self->n_hangs = 1;
  gmulti_session_fetch_async (self->session, first, NULL, face_store_result, &first_result);
  face_wait_for (scripted_server_n_requests (self->server) == 1);
  start (self, "http://example.test/2", GMULTI_CONSTRAINTS_UNMETERED);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_LIMIT));
  said_network_set (self->network, TRUE, TRUE);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_METERED));
  g_assert_cmpuint (gmulti_session_get_n_queued (self->session), ==, 0);
  said_network_set (self->network, TRUE, FALSE);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_LIMIT));
  gmulti_transfer_cancel (first);
  face_wait_for (first_result != NULL);
  finish (self, "hello");
}

/* One under way pauses, and goes on where it was. */
static void
test_pauses (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;
  guint64 received = 0;

  gmulti_session_set_proxy_resolver (self->session, g_proxy_resolver_get_default ());
  start (self, scripted_server_url (self->server, "/big"), GMULTI_CONSTRAINTS_NO_POWER_SAVER);
  gmulti_transfer_set_max_download_rate (self->transfer, 1000000);
  face_wait_for (gmulti_transfer_get_bytes_received (self->transfer) > 0);
  said_power_set (self->power, TRUE);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_POWER_SAVER));
  /* at its speed it would have moved in between, and it is not near its end */
  for (guint i = 0; received != gmulti_transfer_get_bytes_received (self->transfer); i++)
    {
      g_assert_cmpuint (i, <, 20);
      received = gmulti_transfer_get_bytes_received (self->transfer);
      face_run_for (200);
    }
  g_assert_cmpuint (received, <, 20000000);

  gmulti_transfer_pause (self->transfer);
  face_wait_for (gmulti_transfer_get_state (self->transfer) == GMULTI_TRANSFER_STATE_PAUSED);
  said_power_set (self->power, FALSE);
  face_run_for (50);
  g_assert_cmpint (gmulti_transfer_get_state (self->transfer), ==, GMULTI_TRANSFER_STATE_PAUSED);
  gmulti_transfer_resume (self->transfer);
  gmulti_transfer_set_max_download_rate (self->transfer, 0);
  face_wait_for (self->result != NULL);
  bytes = gmulti_session_fetch_finish (self->session, self->result, &error);
  g_assert_no_error (error);
  face_check_pattern (bytes, 7, 20000000);
}

static void
test_idle_closed (Fixture *self,
                  gconstpointer data)
{
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 1);
  said_network_set (self->network, TRUE, FALSE);
  face_wait_for (scripted_server_n_open (self->server) == 0);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
}

/* Its address is gone, and with it the connection; nobody set a limit of time or a number of attempts. */
static void
test_hanging (Fixture *self,
              gconstpointer data)
{
  g_atomic_int_set (&self->n_hangs, 1);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  face_wait_for (scripted_server_n_requests (self->server) == 1);
  gm_surroundings_set_address_check (nothing_is_here);
  said_network_set (self->network, TRUE, FALSE);
  finish (self, "hello");
  g_assert_cmpuint (self->n_retries, ==, 1);
  g_assert_cmpuint (self->last_attempt, ==, 2);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 2);
}

static void
test_hanging_post (Fixture *self,
                   gconstpointer data)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("order", 5);
  g_autoptr (GError) error = NULL;

  g_atomic_int_set (&self->n_hangs, 1);
  self->transfer = gmulti_transfer_new ("http://example.test/");
  gmulti_transfer_set_body_bytes (self->transfer, "text/plain", body);
  gmulti_session_fetch_async (self->session, self->transfer, NULL, face_store_result, &self->result);
  face_wait_for (scripted_server_n_requests (self->server) == 1);
  face_run_for (20);
  gm_surroundings_set_address_check (nothing_is_here);
  said_network_set (self->network, TRUE, FALSE);
  face_wait_for (self->result != NULL);
  g_assert_null (gmulti_session_fetch_finish (self->session, self->result, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

static void
test_lost (Fixture *self,
           gconstpointer data)
{
  g_atomic_int_set (&self->n_hangs, 1);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_CONNECTIVITY);
  face_wait_for (scripted_server_n_requests (self->server) == 1);
  gm_surroundings_set_address_check (nothing_is_here);
  said_network_set (self->network, FALSE, FALSE);
  face_wait_for (waits_for (self, GMULTI_WAIT_REASON_CONNECTIVITY));
  g_assert_null (self->result);
  g_assert_cmpuint (gmulti_transfer_get_attempt (self->transfer), ==, 1);
  said_network_set (self->network, TRUE, FALSE);
  finish (self, "hello");
}

static void
test_memory (Fixture *self,
             gconstpointer data)
{
  SaidMemory *memory = said_memory_new ();

  gmulti_session_set_memory_monitor (self->session, G_MEMORY_MONITOR (memory));
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  g_assert_cmpuint (scripted_server_n_open (self->server), ==, 1);
  said_memory_warn (memory);
  face_wait_for (scripted_server_n_open (self->server) == 0);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
  gmulti_session_set_memory_monitor (self->session, NULL);
  face_assert_finalized (memory);
}

static void
count_cb (GObject *object,
          GParamSpec *pspec,
          gpointer data)
{
  (*(guint *) data)++;
}

static void
test_properties (Fixture *self,
                 gconstpointer data)
{
  g_autoptr (GNetworkMonitor) network = gmulti_session_dup_network_monitor (self->session);
  g_autoptr (GMemoryMonitor) memory = NULL;
  GPowerProfileMonitor *power;
  guint n = 0;

  g_assert_true (network == G_NETWORK_MONITOR (self->network));
  g_signal_connect (self->session, "notify", G_CALLBACK (count_cb), &n);
  gmulti_session_set_network_monitor (self->session, network);
  g_assert_cmpuint (n, ==, 0);
  g_object_set (self->session, "network-monitor", NULL, "power-profile-monitor", NULL, NULL);
  g_assert_cmpuint (n, ==, 2);
  g_object_get (self->session, "power-profile-monitor", &power, "memory-monitor", &memory, NULL);
  g_assert_null (power);
  g_assert_null (memory);
  said_network_set (self->network, FALSE, TRUE);
  start (self, "http://example.test/", GMULTI_CONSTRAINTS_NONE);
  finish (self, "hello");
}

/* Nobody is asked but for a reason; then it is GIO's own. */
static void
test_defaults (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("data:,x");
  g_autoptr (GNetworkMonitor) network = NULL;
  g_autoptr (GBytes) bytes = face_fetch (session, transfer, NULL);
  g_autoptr (GBytes) again = NULL;

  g_assert_nonnull (bytes);
  g_assert_null (gmulti_session_dup_network_monitor (session));
  gmulti_transfer_set_constraints (transfer, GMULTI_CONSTRAINTS_CONNECTIVITY);
  again = face_fetch (session, transfer, NULL);
  g_assert_nonnull (again);
  network = gmulti_session_dup_network_monitor (session);
  g_assert_true (network == g_network_monitor_get_default ());
  g_assert_null (gmulti_session_dup_power_profile_monitor (session));
}

typedef void (*Test) (Fixture *self, gconstpointer data);

static void
add (const char *name,
     Test test)
{
  g_autofree char *plain = g_strconcat ("/object/surroundings/", name, NULL);
  g_autofree char *threaded = g_strconcat ("/object/surroundings/threaded/", name, NULL);

  g_test_add (plain, Fixture, NULL, set_up, test, tear_down);
  g_test_add (threaded, Fixture, "", set_up, test, tear_down);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("connectivity", test_connectivity);
  add ("connectable", test_connectable);
  add ("near", test_near);
  add ("no-need", test_no_need);
  add ("cancel", test_cancel);
  add ("dropped", test_dropped);
  add ("metered", test_metered);
  add ("in-line", test_in_line);
  add ("pauses", test_pauses);
  add ("idle-closed", test_idle_closed);
  add ("hanging", test_hanging);
  add ("hanging-post", test_hanging_post);
  add ("lost", test_lost);
  add ("memory", test_memory);
  add ("properties", test_properties);
  add ("defaults", test_defaults);
  return g_test_run ();
}
