/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"

#include <sys/socket.h>

/* After the network changed, or the machine slept: which connections are dead. Nobody hears of that by himself, for who
 * only waits for an answer sends nothing that could be refused.
 *
 * One whose own address this machine no longer has is broken off at once, as if its peer had reset it. The others are
 * probed by the kernel, so that silence ends after some twenty seconds. Connections within this machine are left alone. */
void gm_shake_sockets (GmReactor *reactor,
                       gboolean (*is_here) (const struct sockaddr *address)); /* (nullable): NULL asks the system */
