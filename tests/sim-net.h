/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-multi.h"
#include "scripted-book.h"

/* A network that is not there: simulated sockets on a virtual clock, with scripted peers at the other end. Nothing
 * waits in real time and nothing depends on the machine, so that ten thousand exchanges take seconds and each can be
 * repeated exactly. */

typedef struct _SimNet SimNet;

typedef struct
{
  gint64 latency_us; /* one way */
  gsize window; /* bytes on their way in one direction before the sender is told to wait */
  gsize segment; /* bytes that arrive at once; 0: whatever was sent */
} SimNetShape;

SimNet       *sim_net_new        (const SimNetShape *shape); /* NULL: 1 ms, 64 KiB, whatever was sent */
void          sim_net_free       (SimNet *self);
const GmClock *sim_net_get_clock (SimNet *self);
gint64        sim_net_get_now    (SimNet *self);
/* The script and the log; every address and port leads to it. */
ScriptedBook *sim_net_get_book   (SimNet *self);
/* Makes all connections of @multi simulated ones; @wrap as in gm_pool_set_hooks(), with @wrap_data. */
void          sim_net_attach     (SimNet *self,
                                  GmMulti *multi,
                                  GmLayer *(*wrap) (GmLayer *layer, gpointer data),
                                  gpointer wrap_data);
guint         sim_net_n_connections (SimNet *self); /* ever made */
guint         sim_net_n_open     (SimNet *self); /* that our side has not closed */
/* One turn of @multi, then the clock jumps to whatever comes next. FALSE: nothing will ever come. */
gboolean      sim_net_turn       (SimNet *self,
                                  GmMulti *multi);
