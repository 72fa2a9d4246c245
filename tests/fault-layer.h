/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-layer.h"

/* A layer on top of a socket layer that does to us what networks do: short reads and writes, AGAIN, delays, resets.
 * Either at one place exactly, or at random places by a seed. Positions count the bytes of one direction over all
 * connections that share the plan, so that a whole exchange can be walked through byte by byte. */

typedef enum
{
  FAULT_NONE,
  FAULT_SHORT, /* the operation ends at the position, the next goes on there */
  FAULT_AGAIN, /* the same, and the next is told to wait; it is called again at once */
  FAULT_DELAY, /* the same, and the next is told to wait for delay_us */
  FAULT_RESET, /* the same, and everything after it fails */
  FAULT_RANDOM, /* short, again and delay, wherever the seed says */
} FaultKind;

typedef struct
{
  FaultKind kind;
  gboolean sending; /* of what we send; else of what we receive */
  guint64 position;
  gint64 delay_us;
  guint seed; /* RANDOM */

  /* How far it got; a plan can be used once. */
  guint64 n_sent;
  guint64 n_received;
  gboolean happened;
  GRand *rand; /* (owned) (nullable) */
} FaultPlan;

void     fault_plan_clear (FaultPlan *self);

/* As gm_pool_set_hooks() wants it: @plan is a FaultPlan, which outlives all connections. */
GmLayer *fault_layer_wrap (GmLayer *socket_layer,
                           gpointer plan);
