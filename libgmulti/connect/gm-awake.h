/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"

/* Somebody who knocks when the machine is back from sleep. The clocks that deadlines go by stood still, and what a peer
 * would have sent may be lost: without this a loop that waits for it would go on to sleep until something else happens.
 * The kernel signals timers on the real time when that time jumps, which it does when the machine wakes (timerfd_create(2),
 * TFD_TIMER_CANCEL_ON_SET); whether it slept is then read from the clock, as in any other turn. Works in any sandbox.
 *
 * For faces with a loop of their own. It costs one descriptor, and three system calls once; nothing for who is idle or in a
 * hurry: it is only made when something has been going on for as long as GM_AWAKE_PATIENCE_US. */

#define GM_AWAKE_PATIENCE_US G_USEC_PER_SEC

typedef struct
{
  GmRunnable runnable; /* first member */
  GmTimer timer;
  GmReactor *reactor; /* (unowned) */
  gboolean (*is_busy) (GmReactor *reactor);
  GmSocket *socket; /* (owned) (nullable) */
  gboolean expected; /* it is there, or will be looked for when the timer fires */
} GmAwake;

/* @is_busy: something goes on that would be missed. */
void gm_awake_init  (GmAwake *self,
                     GmReactor *reactor,
                     gboolean (*is_busy) (GmReactor *reactor));
void gm_awake_clear (GmAwake *self); /* before its reactor */
void gm_awake_expect (GmAwake *self);

/* Something began. */
static inline void
gm_awake_begin (GmAwake *self)
{
  if (G_UNLIKELY (!self->expected))
    gm_awake_expect (self);
}

/* For tests: descriptors of @open (nullable: back to the kernel's timers) knock when there is something to read. */
void gm_awake_set_opener (int (*open) (void));
