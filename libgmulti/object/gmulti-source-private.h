/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"

#include <gio/gio.h>

/* The two GSources of a core.
 *
 * The ordinary one polls the descriptor of the engine's epoll set, or has one watch per socket, and asks the
 * core for the next deadline. The other one, at default priority, guarantees a minimum share: while a busy interface
 * keeps the ordinary one from its turn, it takes one each GM_SHARE_INTERVAL_US if there is something to do. */

typedef struct _GmCore GmCore;

/* Three dispatches of a frame's length: the network lives, and the interface hardly notices. */
#define GM_SHARE_INTERVAL_US 20000

/* Attached to @context. The sources do not keep @core alive: it destroys them. @poll_fd -1: one watch per socket. */
GSource *gm_main_source_new             (GmCore *core,
                                         GMainContext *context,
                                         int priority,
                                         int poll_fd);
GSource *gm_share_source_new       (GmCore *core,
                                    GMainContext *context,
                                    int poll_fd);
/* From now on it tells the core when its context goes. Any thread. Not from the beginning: with a callback each dispatch costs
 * more. */
void     gm_main_source_watch_context   (GSource *source);
/* Destroys one of a context that may be about to go: GLib, which has taken all from it then, destroys them one by one, and
 * keeps those that somebody else has destroyed meanwhile. */
void     gm_source_end             (GSource *source);
/* The core is gone: neither will call it any more. */
void     gm_main_source_disown          (GSource *source);
void     gm_share_source_disown    (GSource *source);
/* An ordinary dispatch took place. */
void     gm_share_source_push      (GSource *source,
                                    gint64 now);

/* ---- one watch per socket ---- */
/* The reactor's announce function. */
void     gm_main_source_announce        (GSource *source,
                                         GmSocket *socket,
                                         GmIo want);
