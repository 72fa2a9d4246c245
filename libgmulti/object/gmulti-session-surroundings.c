/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-session-private.h"
#include "gmulti-surroundings-private.h"

/* The monitors of GMultiSession: whom it asks about network, power and memory. */

static gpointer
dup_monitor (GMultiSession *self,
             GmMonitorKind kind)
{
  GmSurroundings *surroundings = gm_core_get_surroundings (gm_face_session_get_core (self));

  return surroundings != NULL ? gm_surroundings_ref_monitor (surroundings, kind) : NULL;
}

static void
set_monitor (GMultiSession *self,
             GmMonitorKind kind,
             gpointer monitor,
             const char *property)
{
  if (gm_surroundings_set_monitor (gm_core_ensure_surroundings (gm_face_session_get_core (self)), kind, monitor))
    g_object_notify (G_OBJECT (self), property);
}

/**
 * gmulti_session_dup_network_monitor: (get-property network-monitor)
 * @self: the session
 *
 * Gets who says whether there is a network, and when it changes.
 *
 * Returns: (transfer full) (nullable): the monitor
 *
 * Since: 1.0
 */
GNetworkMonitor *
gmulti_session_dup_network_monitor (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  return dup_monitor (self, GM_MONITOR_NETWORK);
}

/**
 * gmulti_session_set_network_monitor: (set-property network-monitor)
 * @self: the session
 * @network_monitor: (nullable): the monitor
 *
 * Sets who says whether there is a network, and when it changes.
 *
 * Since: 1.0
 */
void
gmulti_session_set_network_monitor (GMultiSession *self,
                                    GNetworkMonitor *network_monitor)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (network_monitor == NULL || G_IS_NETWORK_MONITOR (network_monitor));

  set_monitor (self, GM_MONITOR_NETWORK, network_monitor, "network-monitor");
}

/**
 * gmulti_session_dup_power_profile_monitor: (get-property power-profile-monitor)
 * @self: the session
 *
 * Gets who says whether the device saves power.
 *
 * Returns: (transfer full) (nullable): the monitor
 *
 * Since: 1.0
 */
GPowerProfileMonitor *
gmulti_session_dup_power_profile_monitor (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  return dup_monitor (self, GM_MONITOR_POWER);
}

/**
 * gmulti_session_set_power_profile_monitor: (set-property power-profile-monitor)
 * @self: the session
 * @power_profile_monitor: (nullable): the monitor
 *
 * Sets who says whether the device saves power.
 *
 * Since: 1.0
 */
void
gmulti_session_set_power_profile_monitor (GMultiSession *self,
                                          GPowerProfileMonitor *power_profile_monitor)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (power_profile_monitor == NULL || G_IS_POWER_PROFILE_MONITOR (power_profile_monitor));

  set_monitor (self, GM_MONITOR_POWER, power_profile_monitor, "power-profile-monitor");
}

/**
 * gmulti_session_dup_memory_monitor: (get-property memory-monitor)
 * @self: the session
 *
 * Gets who warns of memory running short.
 *
 * Returns: (transfer full) (nullable): the monitor
 *
 * Since: 1.0
 */
GMemoryMonitor *
gmulti_session_dup_memory_monitor (GMultiSession *self)
{
  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);

  return dup_monitor (self, GM_MONITOR_MEMORY);
}

/**
 * gmulti_session_set_memory_monitor: (set-property memory-monitor)
 * @self: the session
 * @memory_monitor: (nullable): the monitor
 *
 * Sets who warns of memory running short.
 *
 * Since: 1.0
 */
void
gmulti_session_set_memory_monitor (GMultiSession *self,
                                   GMemoryMonitor *memory_monitor)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (memory_monitor == NULL || G_IS_MEMORY_MONITOR (memory_monitor));

  set_monitor (self, GM_MONITOR_MEMORY, memory_monitor, "memory-monitor");
}

/* ---- for the session's class ---- */

void
gm_face_session_install_monitors (GObjectClass *object_class,
                                  guint first)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiSession:network-monitor: (getter dup_network_monitor) (setter set_network_monitor)
   *
   * Who says whether there is a network, and when it changes. A session without one does not care, until a transfer is
   * started whose [property@GMulti.Transfer:constraints] ask for it: then it is GIO's default one.
   *
   * When the network changes, connections that nobody uses are closed and names are looked up anew; connections that
   * cannot have survived are given up, and what was under way on them is tried again, if that does no harm. For all
   * transfers to profit from that set it to what `g_network_monitor_get_default()` returns.
   *
   * The same happens, without a monitor, when the machine has slept; no time limit passes meanwhile.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, first, g_param_spec_object ("network-monitor", NULL, NULL, G_TYPE_NETWORK_MONITOR, flags));

  /**
   * GMultiSession:power-profile-monitor: (getter dup_power_profile_monitor) (setter set_power_profile_monitor)
   *
   * Who says whether the device saves power. A session without one does not care, until a transfer is started whose
   * [property@GMulti.Transfer:constraints] ask for it: then it is GIO's default one.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, first + 1,
    g_param_spec_object ("power-profile-monitor", NULL, NULL, G_TYPE_POWER_PROFILE_MONITOR, flags));

  /**
   * GMultiSession:memory-monitor: (getter dup_memory_monitor) (setter set_memory_monitor)
   *
   * Who warns of memory running short: then connections that nobody uses are closed, and buffers and the answers of name
   * servers go. A session without one, as all are at first, is not warned; `g_memory_monitor_dup_default()` gives GIO's.
   *
   * Since: 1.0
   */
  g_object_class_install_property (
    object_class, first + 2, g_param_spec_object ("memory-monitor", NULL, NULL, G_TYPE_MEMORY_MONITOR, flags));
}

gboolean
gm_face_session_get_monitor (GMultiSession *self,
                             guint place,
                             GValue *value)
{
  if (place >= GM_N_MONITORS)
    return FALSE;

  g_value_take_object (value, dup_monitor (self, (GmMonitorKind) place));
  return TRUE;
}

gboolean
gm_face_session_set_monitor (GMultiSession *self,
                             guint place,
                             const GValue *value)
{
  static const char *const names[] = { "network-monitor", "power-profile-monitor", "memory-monitor" };

  if (place >= GM_N_MONITORS)
    return FALSE;

  set_monitor (self, (GmMonitorKind) place, g_value_get_object (value), names[place]);
  return TRUE;
}
