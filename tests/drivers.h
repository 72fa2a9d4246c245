/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>
#include <glib.h>

/* The ways in which a program may turn a multi handle. Each knows only the C face, and each checks on the way what the
 * face promises to that kind of program: a driver that sees a broken promise aborts the test at once. */

typedef struct _Driver Driver;

typedef enum
{
  DRIVER_PULL = 1 << 0, /* perform: nothing is announced */
  DRIVER_EVENTS = 1 << 1, /* socket_action */
  DRIVER_FEW = 1 << 2, /* cannot watch descriptors from FD_SETSIZE on */
} DriverFlags;

typedef struct
{
  const char *name;
  DriverFlags flags;
  void (*attach) (Driver *driver); /* before anything is added to the multi handle */
  /* One wait of at most @wait_ms and one step after it. */
  void (*turn) (Driver *driver,
                int wait_ms);
  void (*detach) (Driver *driver); /* after the multi handle is gone */
} DriverType;

/* perform-poll, perform-select, strict, edge, glib */
extern const DriverType driver_types[];
extern const guint driver_n_types;

typedef struct
{
  curl_socket_t fd;
  int want; /* CURL_POLL_IN … as announced last */
  guint64 identity; /* of the open file, to see a number that was closed and opened again */
  gpointer tag; /* the driver's own */
} DriverSocket;

struct _Driver
{
  const DriverType *type; /* (unowned) */
  CURLM *multi; /* (owned) */
  int running; /* what the last step stored */
  guint n_turns;
  guint n_steps; /* calls of perform or socket_action */
  guint n_announced; /* calls of the socket callback */
  guint n_timers; /* calls of the timer callback */
  gint64 timer_at; /* microseconds; -1: none */
  GHashTable *sockets; /* (owned) fd → DriverSocket */
  gboolean in_step; /* a call into the multi handle is on the stack */
  gpointer own; /* (owned): the driver type's */
  gpointer faults; /* (owned) (nullable): of whoever set driver_made */
};

/* (nullable) Called for each driver when its multi handle was made, and when that is gone. */
extern void (*driver_made) (Driver *driver);
extern void (*driver_gone) (Driver *driver);

Driver *driver_new           (const DriverType *type);
/* Cleans the multi handle up and checks that every descriptor announced was withdrawn. All easy handles are removed. */
void    driver_free          (Driver *driver);
void    driver_turn          (Driver *driver,
                              int wait_ms);
/* Descriptors that are announced now, and would be ready at once: a program would spin on them. */
guint   driver_n_sockets     (Driver *driver);
guint   driver_n_ready       (Driver *driver);
/* A loop that ends when it has nothing to watch and no timer would end now; who pulls has no time limit. */
gboolean driver_is_at_rest   (Driver *driver);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Driver, driver_free)
