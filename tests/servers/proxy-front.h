/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "proxy-server.h"

/* The same proxy behind TLS, by HTTP/2 where the client takes it: each CONNECT is a stream, and a connection of its own to
 * the proxy behind, whose answers, logins and faults come through. Without HTTP/2 bytes go as they are. All functions are
 * for the test's thread; what is set counts for connections that begin later. */

typedef struct _ProxyFront ProxyFront;

ProxyFront *proxy_front_new           (ProxyServer *proxy,
                                       gboolean http2);
void        proxy_front_free          (ProxyFront *self); /* NULL is fine; before the proxy */
/* "https://127.0.0.1:PORT"; lives as long as it does. */
const char *proxy_front_url           (ProxyFront *self);
guint       proxy_front_n_connections (ProxyFront *self);
guint       proxy_front_n_streams     (ProxyFront *self);
/* The first so many streams of all are reset with @code. */
void        proxy_front_set_resets    (ProxyFront *self,
                                       guint n,
                                       guint code);
/* How many streams it takes at once on a connection. */
void        proxy_front_set_most      (ProxyFront *self,
                                       guint most);
/* With its @n-th stream, which it still serves, a connection takes leave: GOAWAY. 0: never. */
void        proxy_front_set_goaway    (ProxyFront *self,
                                       guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProxyFront, proxy_front_free)
