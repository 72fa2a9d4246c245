/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server of a series. It lives in the client's own process and moves only when it is told to, so that client and
 * server take turns and nothing depends on who is faster. */
#pragma once

#include "plan.h"
#include "record.h"

typedef struct _Server Server;

Server  *server_new     (Plan         *plan,
                         Record       *record);
void     server_free    (Server       *server);
/* Takes what the client has sent. True when there was something. */
gboolean server_read    (Server       *server);
/* Does one thing of an answer, on one connection, chosen by @round. False: there is nothing to do. */
gboolean server_step    (Server       *server,
                         guint         round);
/* When all is over: how many connections are kept, if that is limited. */
void     server_note_rest (Server      *server);
/* Says goodbye on one connection, for the client that waits for what will not come. False: there is none. */
gboolean server_hang_up (Server       *server);
