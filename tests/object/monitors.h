/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Monitors of network, power and memory that say what the test says. */

G_DECLARE_FINAL_TYPE (SaidNetwork, said_network, SAID, NETWORK, GObject)
G_DECLARE_FINAL_TYPE (SaidPower, said_power, SAID, POWER, GObject)
G_DECLARE_FINAL_TYPE (SaidMemory, said_memory, SAID, MEMORY, GObject)

SaidNetwork *said_network_new (gboolean available);
/* Tells it as GIO's do: properties first, then network-changed if that is called for. */
void         said_network_set (SaidNetwork *self,
                               gboolean available,
                               gboolean metered);
/* The one host that can be reached at any time; it is asked from the session's context alone. */
void         said_network_set_near (SaidNetwork *self,
                                    const char *host);
guint        said_network_n_asked (SaidNetwork *self);
SaidPower   *said_power_new   (gboolean saves);
void         said_power_set   (SaidPower *self,
                               gboolean saves);
SaidMemory  *said_memory_new  (void);
void         said_memory_warn (SaidMemory *self);
