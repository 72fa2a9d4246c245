/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* A scripted server in a process of its own, for so many connections that server and client together would need more
 * descriptors than one process may have. Every request is answered piecemeal: some of the head at once, the rest of it
 * and the beginning of the body a second later, and the end of the body once crowd_server_release() was called, within
 * half a second: so all of them can be in the middle at one time, however slow the machine is. */

#define CROWD_BODY_BEGIN "a slow body, "
#define CROWD_BODY CROWD_BODY_BEGIN "which comes in pieces"

typedef struct
{
  pid_t pid;
  guint16 port;
} CrowdServer;

/* To be called while the process has no other threads. */
void crowd_server_start      (CrowdServer *self);
void crowd_server_release    (CrowdServer *self);
void crowd_server_stop       (CrowdServer *self);
/* Lets this process have so many descriptors; fails the test if that cannot be. */
void crowd_allow_descriptors (guint n);
