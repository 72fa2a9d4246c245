/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"

#include <string.h>

/* Calls that wait while the surroundings do not allow what they wait for. GIO's own monitors are here a type that sees an
 * invented world, and tells of its changes in the context it was made in, as the real ones do: what the program has of them
 * stays silent while the main thread waits. The server is its own proxy, so that what is asked for is not on this machine. */

#define BIG 3000000

/* The world; set by any thread. */
static struct
{
  gint available, metered, saves, near;
  gint n_asked;
} world;

typedef struct
{
  GObject parent_instance;
  GSource *ticks;
  gint available, metered, saves; /* as it was seen last */
} TestStock;

typedef GObjectClass TestStockClass;

enum
{
  PROP_AVAILABLE = 1,
  PROP_METERED,
  PROP_CONNECTIVITY,
  PROP_SAVES,
};

static GType test_stock_get_type (void);

static gboolean
tick_cb (gpointer data)
{
  TestStock *self = data;
  gint metered = g_atomic_int_get (&world.metered), saves = g_atomic_int_get (&world.saves);
  gint available = g_atomic_int_get (&world.available);
  gboolean other_price = metered != self->metered, other_power = saves != self->saves;
  gboolean other_way = available != self->available;

  self->available = available;
  self->metered = metered;
  self->saves = saves;
  if (other_price)
    g_object_notify (data, "network-metered");
  if (other_power)
    g_object_notify (data, "power-saver-enabled");
  if (other_way)
    g_signal_emit_by_name (self, "network-changed", available);
  return G_SOURCE_CONTINUE;
}

static gboolean
test_stock_initable_init (GInitable *initable,
                          GCancellable *cancellable,
                          GError **error)
{
  TestStock *self = (TestStock *) initable;

  self->available = g_atomic_int_get (&world.available);
  self->metered = g_atomic_int_get (&world.metered);
  self->ticks = g_timeout_source_new (10);
  g_source_set_callback (self->ticks, tick_cb, self, NULL);
  g_source_attach (self->ticks, g_main_context_get_thread_default ());
  return TRUE;
}

static gboolean
test_stock_can_reach (GNetworkMonitor *monitor,
                      GSocketConnectable *connectable,
                      GCancellable *cancellable,
                      GError **error)
{
  g_atomic_int_inc (&world.n_asked);
  if (g_atomic_int_get (&world.near))
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, "no way");
  return FALSE;
}

static void
test_stock_initable_iface_init (GInitableIface *iface)
{
  iface->init = test_stock_initable_init;
}

static void
test_stock_network_iface_init (GNetworkMonitorInterface *iface)
{
  iface->can_reach = test_stock_can_reach;
}

static void
test_stock_power_iface_init (GPowerProfileMonitorInterface *iface)
{
}

G_DEFINE_TYPE_WITH_CODE (TestStock, test_stock, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_stock_initable_iface_init)
                           G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, test_stock_network_iface_init)
                             G_IMPLEMENT_INTERFACE (G_TYPE_POWER_PROFILE_MONITOR, test_stock_power_iface_init))

static void
test_stock_get_property (GObject *object,
                         guint prop_id,
                         GValue *value,
                         GParamSpec *pspec)
{
  TestStock *self = (TestStock *) object;

  if (prop_id == PROP_AVAILABLE)
    g_value_set_boolean (value, self->available);
  else if (prop_id == PROP_METERED)
    g_value_set_boolean (value, self->metered);
  else if (prop_id == PROP_SAVES)
    g_value_set_boolean (value, self->saves);
}

static void
test_stock_finalize (GObject *object)
{
  TestStock *self = (TestStock *) object;

  g_source_destroy (self->ticks);
  g_source_unref (self->ticks);
  G_OBJECT_CLASS (test_stock_parent_class)->finalize (object);
}

static void
test_stock_class_init (TestStockClass *klass)
{
  klass->get_property = test_stock_get_property;
  klass->finalize = test_stock_finalize;
  g_object_class_override_property (klass, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (klass, PROP_METERED, "network-metered");
  g_object_class_override_property (klass, PROP_CONNECTIVITY, "connectivity");
  g_object_class_override_property (klass, PROP_SAVES, "power-saver-enabled");
}

static void
test_stock_init (TestStock *self)
{
}

/* ---- who waits, and for what ---- */

typedef enum
{
  WHO_MAIN,     /* the main thread, whose context the session has */
  WHO_OTHER,    /* another one, while the main thread does not turn that context */
  WHO_THREADED, /* the main thread; the session has a thread of its own */
  N_WHO,
} Who;

typedef struct
{
  const char *name;
  GMultiConstraints constraints;
  gint *held_back; /* in the world */
  gint value;      /* … by this value */
} Obstacle;

static const Obstacle obstacles[] = {
  { "connectivity", GMULTI_CONSTRAINTS_CONNECTIVITY, &world.available, FALSE },
  { "near", GMULTI_CONSTRAINTS_CONNECTIVITY, &world.near, FALSE },
  { "unmetered", GMULTI_CONSTRAINTS_UNMETERED, &world.metered, TRUE },
  { "power-saver", GMULTI_CONSTRAINTS_NO_POWER_SAVER, &world.saves, TRUE },
};

typedef struct
{
  const Obstacle *obstacle;
  ScriptedServer *server;
  GMultiSession *session;
  GMultiTransfer *transfer;
} Scene;

static void
scene_begin (Scene *scene,
             Who who,
             const Obstacle *obstacle)
{
  g_autoptr (GMultiProxy) proxy = NULL;

  world.available = TRUE;
  world.near = world.metered = world.saves = FALSE;
  world.n_asked = 0;
  *scene = (Scene){ .obstacle = obstacle, .server = scripted_server_new (SCRIPTED_SERVER_DEFAULT) };
  scripted_server_on (scene->server, "*", scripted_answer_text (200, NULL, "hello"));
  scripted_server_on (scene->server, "http://example.test/big", scripted_answer_big (3, BIG));
  proxy = gmulti_proxy_new (scripted_server_url (scene->server, ""), NULL);
  scene->session = g_object_new (GMULTI_TYPE_SESSION, "has-thread", who == WHO_THREADED, "proxy-resolver", proxy, NULL);
}

static void
scene_end (Scene *scene)
{
  g_clear_object (&scene->transfer);
  face_assert_finalized (scene->session);
  scripted_server_free (scene->server);
}

/* The program's monitors have seen it when this returns. */
static void
put_obstacle (Scene *scene)
{
  /* they are there from the first use on */
  g_autoptr (GPowerProfileMonitor) power = g_power_profile_monitor_dup_default ();
  TestStock *stocks[] = { (TestStock *) g_network_monitor_get_default (), (TestStock *) power };

  g_atomic_int_set (scene->obstacle->held_back, scene->obstacle->value);
  /* that a host is near only matters when there is no way to anywhere else */
  if (scene->obstacle->held_back == &world.near)
    g_atomic_int_set (&world.available, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (stocks); i++)
    face_wait_for (stocks[i]->available == world.available && stocks[i]->metered == world.metered
                   && stocks[i]->saves == world.saves);
}

static gpointer
take_away_thread (gpointer data)
{
  Scene *scene = data;

  g_usleep (300000);
  g_assert_cmpuint (scripted_server_n_connections (scene->server), ==, 0);
  g_atomic_int_set (scene->obstacle->held_back, !scene->obstacle->value);
  /* a change of the network makes it ask again, though it says as before that there is none */
  if (scene->obstacle->held_back == &world.near)
    {
      g_atomic_int_set (&world.metered, TRUE);
      g_atomic_int_set (&world.saves, TRUE);
    }
  return NULL;
}

static gboolean
stranger_cb (gpointer data)
{
  g_assert_not_reached ();
}

static gpointer
wait_thread (gpointer data)
{
  Scene *scene = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch (scene->session, scene->transfer, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "hello", 5);
  return NULL;
}

static void
test_fetch (gconstpointer data)
{
  Who who = GPOINTER_TO_UINT (data) % N_WHO;
  g_autoptr (GThread) taker = NULL;
  guint stranger;
  Scene scene;

  scene_begin (&scene, who, &obstacles[GPOINTER_TO_UINT (data) / N_WHO]);
  put_obstacle (&scene);
  scene.transfer = gmulti_transfer_new ("http://example.test/");
  gmulti_transfer_set_constraints (scene.transfer, scene.obstacle->constraints);

  /* nothing of the main thread's context runs while it waits */
  stranger = g_timeout_add (0, stranger_cb, NULL);
  taker = g_thread_new ("take-away", take_away_thread, &scene);
  if (who == WHO_OTHER)
    g_thread_join (g_thread_new ("wait", wait_thread, &scene));
  else
    wait_thread (&scene);
  g_source_remove (stranger);
  g_thread_join (g_steal_pointer (&taker));
  if (scene.obstacle->held_back == &world.near)
    g_assert_cmpint (world.n_asked, >=, 2);
  scene_end (&scene);
}

/* One under way waits for its reader in a blocking call, and is paused meanwhile. */
static void
test_read (void)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GThread) taker = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *data = g_malloc (BIG + 1);
  gsize len;
  Scene scene;

  scene_begin (&scene, WHO_MAIN, &obstacles[2]);
  scene.transfer = gmulti_transfer_new ("http://example.test/big");
  gmulti_transfer_set_constraints (scene.transfer, scene.obstacle->constraints);
  gmulti_session_open_async (scene.session, scene.transfer, NULL, face_store_result, &result);
  face_wait_for (result != NULL);
  stream = gmulti_session_open_finish (scene.session, result, &error);
  g_assert_no_error (error);
  put_obstacle (&scene);
  face_wait_for (gmulti_transfer_get_wait_reason (scene.transfer) == GMULTI_WAIT_REASON_METERED);

  g_atomic_int_set (scene.obstacle->held_back, !scene.obstacle->value);
  g_assert_true (g_input_stream_read_all (stream, data, BIG + 1, &len, NULL, &error));
  g_assert_no_error (error);
  bytes = g_bytes_new (data, len);
  face_check_pattern (bytes, 3, BIG);
  g_clear_object (&stream);
  g_clear_object (&result);
  face_wait_for (gmulti_transfer_is_finished (scene.transfer));
  scene_end (&scene);
}

/* Whoever waits for what does not come may be cancelled. */
static gpointer
cancel_thread (gpointer cancellable)
{
  g_usleep (300000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GThread) canceller = NULL;
  g_autoptr (GError) error = NULL;
  Scene scene;

  scene_begin (&scene, WHO_MAIN, &obstacles[0]);
  put_obstacle (&scene);
  scene.transfer = gmulti_transfer_new ("http://example.test/");
  gmulti_transfer_set_constraints (scene.transfer, scene.obstacle->constraints);
  canceller = g_thread_new ("cancel", cancel_thread, cancellable);
  g_assert_null (gmulti_session_fetch (scene.session, scene.transfer, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (g_steal_pointer (&canceller));
  scene_end (&scene);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "main", "other", "threaded" };

  g_test_init (&argc, &argv, NULL);
  /* before GIO looks for its own */
  g_type_ensure (G_TYPE_NETWORK_MONITOR);
  g_io_extension_point_register (G_NETWORK_MONITOR_EXTENSION_POINT_NAME);
  g_io_extension_point_register (G_POWER_PROFILE_MONITOR_EXTENSION_POINT_NAME);
  g_io_extension_point_implement (G_NETWORK_MONITOR_EXTENSION_POINT_NAME, test_stock_get_type (), "test", 1000000);
  g_io_extension_point_implement (G_POWER_PROFILE_MONITOR_EXTENSION_POINT_NAME, test_stock_get_type (), "test", 1000000);
  world.available = TRUE;
  g_assert_true (G_OBJECT_TYPE (g_network_monitor_get_default ()) == test_stock_get_type ());

  for (guint i = 0; i < G_N_ELEMENTS (obstacles); i++)
    for (guint who = 0; who < N_WHO; who++)
      {
        g_autofree char *path = g_strdup_printf ("/lookout/%s/%s", obstacles[i].name, names[who]);

        g_test_add_data_func (path, GUINT_TO_POINTER (i * N_WHO + who), test_fetch);
      }
  g_test_add_func ("/lookout/read", test_read);
  g_test_add_func ("/lookout/cancel", test_cancel);

  return g_test_run ();
}
