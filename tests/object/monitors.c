/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitors.h"

enum
{
  PROP_AVAILABLE = 1,
  PROP_METERED,
  PROP_CONNECTIVITY,
};

struct _SaidNetwork
{
  GObject parent_instance;
  gboolean available;
  gboolean metered;
  GMutex lock; /* a session with a thread of its own asks there */
  char *near;  /* (owned) (nullable) */
  guint n_asked;
};

static gboolean
initable_init (GInitable *initable,
               GCancellable *cancellable,
               GError **error)
{
  return TRUE;
}

static void
initable_iface_init (GInitableIface *iface)
{
  iface->init = initable_init;
}

static void
can_reach_async (GNetworkMonitor *monitor,
                 GSocketConnectable *connectable,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  SaidNetwork *self = SAID_NETWORK (monitor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  g_autofree char *host = g_socket_connectable_to_string (connectable);
  gboolean is_near;

  g_mutex_lock (&self->lock);
  self->n_asked++;
  is_near = self->near != NULL && strstr (host, self->near) != NULL;
  g_mutex_unlock (&self->lock);
  if (is_near)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE, "no way to %s", host);
}

static gboolean
can_reach_finish (GNetworkMonitor *monitor,
                  GAsyncResult *result,
                  GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
network_iface_init (GNetworkMonitorInterface *iface)
{
  iface->can_reach_async = can_reach_async;
  iface->can_reach_finish = can_reach_finish;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SaidNetwork, said_network, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                                 G_IMPLEMENT_INTERFACE (G_TYPE_NETWORK_MONITOR, network_iface_init))

static void
said_network_get_property (GObject *object,
                           guint prop_id,
                           GValue *value,
                           GParamSpec *pspec)
{
  SaidNetwork *self = SAID_NETWORK (object);

  if (prop_id == PROP_AVAILABLE)
    g_value_set_boolean (value, self->available);
  else if (prop_id == PROP_METERED)
    g_value_set_boolean (value, self->metered);
  else
    g_value_set_enum (value, self->available ? G_NETWORK_CONNECTIVITY_FULL : G_NETWORK_CONNECTIVITY_LOCAL);
}

static void
said_network_finalize (GObject *object)
{
  g_free (SAID_NETWORK (object)->near);
  G_OBJECT_CLASS (said_network_parent_class)->finalize (object);
}

static void
said_network_class_init (SaidNetworkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = said_network_get_property;
  object_class->finalize = said_network_finalize;
  g_object_class_override_property (object_class, PROP_AVAILABLE, "network-available");
  g_object_class_override_property (object_class, PROP_METERED, "network-metered");
  g_object_class_override_property (object_class, PROP_CONNECTIVITY, "connectivity");
}

static void
said_network_init (SaidNetwork *self)
{
}

SaidNetwork *
said_network_new (gboolean available)
{
  SaidNetwork *self = g_object_new (said_network_get_type (), NULL);

  self->available = available;
  return self;
}

void
said_network_set_near (SaidNetwork *self,
                       const char *host)
{
  g_mutex_lock (&self->lock);
  g_free (self->near);
  self->near = g_strdup (host);
  g_mutex_unlock (&self->lock);
}

guint
said_network_n_asked (SaidNetwork *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_asked;
  g_mutex_unlock (&self->lock);
  return n;
}

void
said_network_set (SaidNetwork *self,
                  gboolean available,
                  gboolean metered)
{
  gboolean metered_changed = metered != self->metered;

  self->metered = metered;
  self->available = available;
  if (metered_changed)
    g_object_notify (G_OBJECT (self), "network-metered");
  else
    g_signal_emit_by_name (self, "network-changed", available);
}

/* ---- power ---- */

struct _SaidPower
{
  GObject parent_instance;
  gboolean saves;
};

static void
power_iface_init (GPowerProfileMonitorInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SaidPower, said_power, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                                 G_IMPLEMENT_INTERFACE (G_TYPE_POWER_PROFILE_MONITOR, power_iface_init))

static void
said_power_get_property (GObject *object,
                         guint prop_id,
                         GValue *value,
                         GParamSpec *pspec)
{
  g_value_set_boolean (value, SAID_POWER (object)->saves);
}

static void
said_power_class_init (SaidPowerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = said_power_get_property;
  g_object_class_override_property (object_class, 1, "power-saver-enabled");
}

static void
said_power_init (SaidPower *self)
{
}

SaidPower *
said_power_new (gboolean saves)
{
  SaidPower *self = g_object_new (said_power_get_type (), NULL);

  self->saves = saves;
  return self;
}

void
said_power_set (SaidPower *self,
                gboolean saves)
{
  self->saves = saves;
  g_object_notify (G_OBJECT (self), "power-saver-enabled");
}

/* ---- memory ---- */

struct _SaidMemory
{
  GObject parent_instance;
};

static void
memory_iface_init (GMemoryMonitorInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (SaidMemory, said_memory, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, initable_iface_init)
                                 G_IMPLEMENT_INTERFACE (G_TYPE_MEMORY_MONITOR, memory_iface_init))

static void
said_memory_class_init (SaidMemoryClass *klass)
{
}

static void
said_memory_init (SaidMemory *self)
{
}

SaidMemory *
said_memory_new (void)
{
  return g_object_new (said_memory_get_type (), NULL);
}

void
said_memory_warn (SaidMemory *self)
{
  g_signal_emit_by_name (self, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
}
