/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-surroundings-private.h"

#include "gm-trace.h"
#include "gmulti-core-private.h"
#include "gmulti-patience-private.h"
#include "gmulti-transfer.h"

/* What happened since the engine's thread looked last. */
typedef enum
{
  EVENT_STATE = 1 << 0,
  EVENT_NETWORK = 1 << 1, /* there are other ways than before */
  EVENT_MEMORY = 1 << 2,
} Event;

typedef struct
{
  GObject *object; /* (owned) (nullable) */
  gulong handlers[2];
} Monitor;

struct _GmSurroundings
{
  gatomicrefcount refs;
  GMutex lock;
  GmCore *core; /* (unowned) (nullable) */
  Monitor monitors[GM_N_MONITORS];
  guint state; /* GmSurroundingsState */
  guint events;
};

/* A seam of the tests, which set it while sessions with threads of their own go: atomic. */
static gboolean (*address_check) (const struct sockaddr *address);

void
gm_surroundings_set_address_check (gboolean (*is_here) (const struct sockaddr *address))
{
  g_atomic_pointer_set (&address_check, is_here);
}

GmSurroundings *
gm_surroundings_new (GmCore *core)
{
  GmSurroundings *self = g_new0 (GmSurroundings, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->core = core;
  return self;
}

static void
unref (gpointer data,
       GClosure *closure)
{
  GmSurroundings *self = data;

  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_mutex_clear (&self->lock);
  g_free (self);
}

guint
gm_surroundings_get_state (GmSurroundings *self)
{
  guint state;

  if (self == NULL)
    return 0;

  g_mutex_lock (&self->lock);
  state = self->state;
  g_mutex_unlock (&self->lock);

  return state;
}

GObject *
gm_surroundings_ref_monitor (GmSurroundings *self,
                             GmMonitorKind kind)
{
  GObject *object;

  g_mutex_lock (&self->lock);
  object = self->monitors[kind].object;
  if (object != NULL)
    g_object_ref (object);
  g_mutex_unlock (&self->lock);

  return object;
}

/* ---- what monitors say ---- */

/* The core, if it is still there, keeps its life until this has let go of the lock. */
static void
post (GmSurroundings *self,
      guint events,
      guint mask,
      guint state)
{
  g_mutex_lock (&self->lock);
  self->state = (self->state & ~mask) | state;
  self->events |= events;
  if (self->core != NULL)
    gm_core_retry (self->core);
  g_mutex_unlock (&self->lock);
}

static void
read_network (GmSurroundings *self,
              GNetworkMonitor *monitor,
              guint events)
{
  guint state = 0;

  if (monitor != NULL && !g_network_monitor_get_network_available (monitor))
    state |= GM_SURROUNDINGS_NO_NETWORK;
  if (monitor != NULL && g_network_monitor_get_network_metered (monitor))
    state |= GM_SURROUNDINGS_METERED;
  post (self, events, GM_SURROUNDINGS_NO_NETWORK | GM_SURROUNDINGS_METERED, state);
}

static void
network_changed_cb (GNetworkMonitor *monitor,
                    gboolean available,
                    gpointer user_data)
{
  read_network (user_data, monitor, EVENT_NETWORK | EVENT_STATE);
}

static void
metered_cb (GNetworkMonitor *monitor,
            GParamSpec *pspec,
            gpointer user_data)
{
  read_network (user_data, monitor, EVENT_STATE);
}

static void
read_power (GmSurroundings *self,
            GPowerProfileMonitor *monitor)
{
  gboolean saves = monitor != NULL && g_power_profile_monitor_get_power_saver_enabled (monitor);

  post (self, EVENT_STATE, GM_SURROUNDINGS_POWER_SAVER, saves ? GM_SURROUNDINGS_POWER_SAVER : 0);
}

static void
power_cb (GPowerProfileMonitor *monitor,
          GParamSpec *pspec,
          gpointer user_data)
{
  read_power (user_data, monitor);
}

static void
memory_cb (GMemoryMonitor *monitor,
           GMemoryMonitorWarningLevel level,
           gpointer user_data)
{
  post (user_data, EVENT_MEMORY, 0, 0);
}

/* ---- monitors ---- */

static gulong
hear (GmSurroundings *self,
      GObject *object,
      const char *signal,
      GCallback callback)
{
  if (object == NULL)
    return 0;

  g_atomic_ref_count_inc (&self->refs);
  return g_signal_connect_data (object, signal, callback, self, unref, 0);
}

static void
drop (Monitor *monitor)
{
  for (guint i = 0; i < G_N_ELEMENTS (monitor->handlers); i++)
    if (monitor->handlers[i] != 0)
      g_signal_handler_disconnect (monitor->object, monitor->handlers[i]);
  g_clear_object (&monitor->object);
}

static void
follow (GmSurroundings *self,
        GmMonitorKind kind,
        Monitor *monitor)
{
  switch (kind)
    {
    case GM_MONITOR_NETWORK:
      monitor->handlers[0] = hear (self, monitor->object, "network-changed", G_CALLBACK (network_changed_cb));
      monitor->handlers[1] = hear (self, monitor->object, "notify::network-metered", G_CALLBACK (metered_cb));
      read_network (self, (GNetworkMonitor *) monitor->object, EVENT_STATE);
      break;
    case GM_MONITOR_POWER:
      monitor->handlers[0] = hear (self, monitor->object, "notify::power-saver-enabled", G_CALLBACK (power_cb));
      read_power (self, (GPowerProfileMonitor *) monitor->object);
      break;
    case GM_MONITOR_MEMORY:
    case GM_N_MONITORS:
    default:
      monitor->handlers[0] = hear (self, monitor->object, "low-memory-warning", G_CALLBACK (memory_cb));
      break;
    }
}

gboolean
gm_surroundings_set_monitor (GmSurroundings *self,
                             GmMonitorKind kind,
                             GObject *object)
{
  Monitor monitor = { .object = object != NULL ? g_object_ref (object) : NULL };
  Monitor old;

  g_mutex_lock (&self->lock);
  old = self->monitors[kind];
  g_mutex_unlock (&self->lock);
  if (old.object == object)
    {
      g_clear_object (&monitor.object);
      return FALSE;
    }

  /* nothing is locked: to connect, and to disconnect, may run code of the monitor's */
  follow (self, kind, &monitor);

  g_mutex_lock (&self->lock);
  old = self->monitors[kind];
  self->monitors[kind] = monitor;
  g_mutex_unlock (&self->lock);
  drop (&old);
  return TRUE;
}

void
gm_surroundings_hear_too (GmSurroundings *self,
                          GmMonitorKind kind,
                          GObject *monitor)
{
  Monitor heard = { .object = monitor };

  if (kind == GM_MONITOR_POWER)
    /* one that is new does not know yet what the one that is there has heard */
    hear (self, monitor, "notify::power-saver-enabled", G_CALLBACK (power_cb));
  else
    follow (self, kind, &heard);
}

void
gm_surroundings_require (GmSurroundings *self,
                         guint constraints)
{
  g_autoptr (GObject) network = gm_surroundings_ref_monitor (self, GM_MONITOR_NETWORK);
  g_autoptr (GObject) power = gm_surroundings_ref_monitor (self, GM_MONITOR_POWER);

  if (network == NULL && (constraints & (GMULTI_CONSTRAINTS_CONNECTIVITY | GMULTI_CONSTRAINTS_UNMETERED)) != 0)
    gm_surroundings_set_monitor (self, GM_MONITOR_NETWORK, G_OBJECT (g_network_monitor_get_default ()));
  if (power == NULL && (constraints & GMULTI_CONSTRAINTS_NO_POWER_SAVER) != 0)
    {
      power = (GObject *) g_power_profile_monitor_dup_default ();
      gm_surroundings_set_monitor (self, GM_MONITOR_POWER, power);
    }
}

void
gm_surroundings_detach (GmSurroundings *self)
{
  g_mutex_lock (&self->lock);
  self->core = NULL;
  g_mutex_unlock (&self->lock);

  for (guint i = 0; i < GM_N_MONITORS; i++)
    drop (&self->monitors[i]);
  unref (self, NULL);
}

/* ---- the engine's thread ---- */

static void
look_after_patients (GmCore *core,
                     gboolean soon)
{
  GQueue *patients = gm_core_get_patients (core);
  g_autoptr (GPtrArray) errands = g_ptr_array_new_with_free_func ((GDestroyNotify) gm_errand_unref);

  /* one may end, and let others begin */
  for (GList *l = patients->head; l != NULL; l = l->next)
    g_ptr_array_add (errands, gm_errand_ref (gm_patience_get_errand (l->data)));
  for (guint i = 0; i < errands->len; i++)
    {
      GmErrand *errand = errands->pdata[i];

      if (!errand->ending)
        gm_patience_look (errand->patience, soon);
    }
}

void
gm_surroundings_serve (GmSurroundings *self,
                       GmCore *core)
{
  gboolean online;
  guint events;

  if (self == NULL)
    return;

  g_mutex_lock (&self->lock);
  events = self->events;
  self->events = 0;
  online = (self->state & GM_SURROUNDINGS_NO_NETWORK) == 0;
  g_mutex_unlock (&self->lock);

  if ((events & EVENT_NETWORK) != 0)
    gm_multi_shake (gm_core_get_multi (core), g_atomic_pointer_get (&address_check));
  if ((events & EVENT_MEMORY) != 0)
    gm_core_drop_caches (core);
  if ((events & (EVENT_STATE | EVENT_NETWORK)) != 0)
    look_after_patients (core, (events & EVENT_NETWORK) != 0 && online);
}
