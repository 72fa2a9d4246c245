/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-layer.h"

/* A network that is faster than anybody: a socket layer that is connected at once, takes whatever is sent, and has an
 * answer to each request that comes as fast as it is read. It never says AGAIN, so that nothing but a limit of our own
 * can end a turn. */

typedef struct
{
  guint64 body; /* bytes of each answer's body */
  /* How far it got; it outlives all connections. */
  guint64 n_requests;
  guint64 n_received; /* read by us, heads too */
} Endless;

/* As gm_pool_set_hooks() wants it: @endless is an Endless. */
GmLayer *endless_layer_new (const void *address,
                            guint address_len,
                            gpointer endless);
