/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"

/* Turning a reactor by hand: with its own epoll set, with a strict level-triggered loop that polls exactly what was
 * announced, or with nothing but a virtual clock. Every wait ends after TURNING_LIMIT_US of real time. */

#define TURNING_LIMIT_US (60 * G_USEC_PER_SEC)

/* Something that counts its turns and does one thing in each. */
typedef struct
{
  GmRunnable runnable; /* first member */
  guint n_turns;
  void (*func) (gpointer data); /* (nullable) */
  gpointer data;
} Turner;

void   turner_init        (Turner *self,
                           void (*func) (gpointer data),
                           gpointer data);

/* For ops->announce, so that foreign loops can be simulated: counts what was told. */
typedef struct
{
  guint n_announced;
  guint n_withdrawn;
} Told;

extern const GmReactorOps turning_ops; /* reactor->user_data is a Told */

/* One whole turn, waiting at most @wait_us for events: from the own set, or by poll() if the reactor is foreign. */
void   turning_once       (GmReactor *reactor,
                           gint64 wait_us);
/* Turns until @condition; returns FALSE when that took too long. */
gboolean turning_until    (GmReactor *reactor,
                           gboolean (*condition) (gpointer data),
                           gpointer data);

/* A clock that stands still unless told otherwise. */
extern const GmClock turning_clock;
extern gint64 turning_now; /* µs */
/* A turn @us later, without events. */
void   turning_advance    (GmReactor *reactor,
                           gint64 us);
