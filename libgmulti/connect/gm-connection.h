/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-address.h"
#include "gm-auth.h"
#include "gm-layer.h"
#include "gm-proxy.h"
#include "gm-resolver.h"
#include "gm-ticket-cache.h"
#include "gm-tls-info.h"
#include "gm-url.h"

/* One connection: a chain of layers, a key that says for whom it may be used, and a turn of its own. It does not know
 * transfers: its one user (HTTP/1, or whoever connects it) is told by a callback when the connection had something; the
 * many users of an HTTP/2 session are told by their streams. */

typedef struct _GmConnection GmConnection;
typedef struct _GmPool GmPool;
struct _GmHttp2;

/* What may be spoken on a connection: a policy of its users, so it counts in the key. 0 = the protocol has no versions. */
typedef enum
{
  GM_SPEAK_HTTP1 = 1 << 0,
  GM_SPEAK_HTTP2 = 1 << 1, /* if the peer takes it by ALPN; alone: nothing else will do */
  GM_SPEAK_HTTP2_AT_ONCE = 1 << 2, /* without asking: prior knowledge */
  GM_SPEAK_HTTP2_LATER = 1 << 3, /* beside HTTP/1, without TLS: if the peer takes an upgrade (RFC 7540 section 3.2) */
} GmSpeak;

/* What must be equal for a connection to be used again: compared in one function, gm_pool_key_equal(). A key made for a
 * look-up borrows everything; the pool keeps a copy that owns references. */
typedef struct
{
  GmUrl *url; /* its scheme, host and port count, nothing else of it; (nullable) of a carrier */
  const GmConnectSettings *settings; /* unix path, interface, local ports, IP version count */
  GmSpan connect_host; /* where to go instead of the URL's host; empty = there */
  guint16 connect_port; /* instead of the URL's port; 0 = that */
  guint8 speak; /* GmSpeak */
  GmProxy *proxy; /* (nullable): the whole way there; of one that forwards, host and port count instead of the URL's */
  const char *login; /* (nullable): of gm_pool_bind(); who looks for a connection has his own */
  gboolean carrier; /* goes to the proxy itself and carries tunnels, see gm-layer-carrier.h: all of @proxy counts, of no URL anything */
} GmPoolKey;

guint    gm_pool_key_hash       (gconstpointer key);
gboolean gm_pool_key_equal      (gconstpointer a,
                                 gconstpointer b);

/* TLS is spoken with the server itself. */
gboolean gm_pool_key_is_secure  (const GmPoolKey *key);

typedef enum
{
  GM_CONNECTION_CONNECTING,
  GM_CONNECTION_BUSY, /* one or more users */
  GM_CONNECTION_IDLE, /* in the pool; watched, unless @resting */
  GM_CONNECTION_CLOSING, /* nobody's; says goodbye */
  GM_CONNECTION_DEAD,
} GmConnectionState;

struct _GmConnection
{
  GmRunnable runnable; /* first member */
  GmLayerHost host;
  GmLayer *top; /* (owned) (nullable) */
  GmPool *pool; /* (unowned) */
  struct _GmOrigin *origin; /* (unowned): its entry in the pool's table */
  GmSocket *socket; /* (unowned) (nullable): the one that carries data, once connected */
  GList idle_link; /* in origin->idle while IDLE: last used first; or in origin->shared */
  GList lru_link; /* in pool->idle_lru while IDLE */
  GList link; /* in pool->all */
  guint64 id; /* never used again */
  /* (nullable) Called in the connection's turn while CONNECTING or BUSY, without @http2. */
  void (*on_turn) (GmConnection *self, gpointer user);
  gpointer user; /* (unowned) (nullable): the one transfer */
  struct _GmHttp2 *http2; /* (owned) (nullable): from the end of connecting on, if that is what is spoken */
  guint n_users;
  guint doubt_place; /* in pool->doubtful, counted from 1; 0 = not there */
  guint8 speak; /* GmSpeak */
  guint8 shared : 1; /* BUSY, and takes more users: in origin->shared */
  guint8 hopeful : 1; /* CONNECTING, and may turn out to carry many */
  guint8 retired : 1; /* takes no more users, and is not kept */
  guint8 resting : 1; /* IDLE, and gm_pool_rest() came by since */
  GmConnectionState state : 8;
  guint n_requests; /* begun on it */
  gint64 created_at; /* µs */
  gint64 idle_since; /* or, BUSY and in doubt: used since */
  gint64 pinged_at; /* by gm_pool_keep_up () */
  gint64 connected_at; /* the transport; 0 until then */
  gint64 secured_at; /* the whole chain with TLS in it; 0 until then or without */
  GmTlsInfo *tls; /* (owned) (nullable): of TLS to the server */
  GmTimer timer; /* goodbye limit while CLOSING; age limit while IDLE */
  GmError error; /* details of what went wrong below; the first */
  gint64 resolved_at; /* 0 until then */
  GmEndpoint remote;
  GmEndpoint local;
};

/* ---- connection ---- */
GmResult gm_connection_connect (GmConnection *self); /* one step */

static inline GmResult
gm_connection_send (GmConnection *self,
                    const char *data,
                    gsize len,
                    gsize *n_sent)
{
  return gm_layer_send (self->top, data, len, n_sent);
}

static inline GmResult
gm_connection_recv (GmConnection *self,
                    char *data,
                    gsize len,
                    gsize *n_read)
{
  return gm_layer_recv (self->top, data, len, n_read);
}

/* What its user waits for, after each of the user's turns. A session knows by itself. */
void     gm_connection_set_want (GmConnection *self,
                                 GmIo want);
/* The chain may have something to read without asking the transport again: latched or pending. */
gboolean gm_connection_readable (GmConnection *self);
/* Asks the kernel, whatever is latched; what a session finds is given to its users. */
void     gm_connection_look     (GmConnection *self);
/* The data socket, once there is one. */
GmSocket *gm_connection_get_socket (GmConnection *self);
/* What was agreed upon by ALPN; "" = nothing. */
const char *gm_connection_get_alpn (GmConnection *self);
/* (nullable): whose turn @runnable is, if it is a connection's. */
GmConnection *gm_connection_from_runnable (GmRunnable *runnable);
void     gm_connection_set_holder (GmConnection *self,
                                   gpointer holder);

/* ---- pool ---- */

typedef struct
{
  guint max_total; /* 0 = no limit */
  guint max_per_host; /* 0 = no limit */
  gint max_idle; /* -1 = 4 × the number of transfers, as libcurl */
} GmPoolLimits;

typedef struct
{
  GmRunnable *runnable; /* (unowned): given a turn */
  GList link; /* in its origin's line; data is NULL while it does not wait */
  struct _GmOrigin *origin; /* (unowned) (nullable): while it waits, or was woken and has not come forward */
  guint32 ticket; /* its place in each line: who began before others comes before them; 0 before all */
  gboolean hopeless; /* when it was woken: what it waited for did not come about, and no other is to be waited for */
} GmPoolWaiter;

typedef enum
{
  GM_POOL_MAY_OPEN,
  GM_POOL_HOST_FULL,
  GM_POOL_FULL,
} GmPoolRoom;

GmPool       *gm_pool_new        (GmReactor *reactor);
void          gm_pool_free       (GmPool *self); /* closes everything, idle or busy, without goodbye */
void          gm_pool_set_limits (GmPool *self,
                                  const GmPoolLimits *limits);
const GmPoolLimits *gm_pool_get_limits (GmPool *self);
/* A connection for @key that carries many and has room for one more; else an idle one that is alive and within @settings'
 * age limits, made BUSY, the last used first. Those found dead on the way are closed. None while one with an earlier ticket
 * than @ticket has been woken for it and did not come forward yet. O(1). */
GmConnection *gm_pool_take       (GmPool *self,
                                  const GmPoolKey *key,
                                  const GmConnectSettings *settings,
                                  guint32 ticket);
/* Whether one more may be opened, beside those for which others with earlier tickets have been woken; closes the least
 * recently used idle one if that makes room for it. */
GmPoolRoom    gm_pool_make_room  (GmPool *self,
                                  const GmPoolKey *key,
                                  guint32 ticket);
/* One is being made for @key that will perhaps carry many: waiting for it is better than making another. */
gboolean      gm_pool_is_soon    (GmPool *self,
                                  const GmPoolKey *key);
/* A new one in state CONNECTING with an empty chain; counts at once. */
GmConnection *gm_pool_open       (GmPool *self,
                                  const GmPoolKey *key,
                                  const GmConnectSettings *settings);
/* It is connected, and whether it carries many is known. */
void          gm_pool_connected  (GmPool *self,
                                  GmConnection *connection);
/* A turn of a connection with a session. It may be gone after it. */
void          gm_pool_turn_shared (GmPool *self,
                                  GmConnection *connection);
/* The peer of its one user's connection went over to HTTP/2: from now on it carries many. @early came behind the answer that
 * said so; @is_head: what was asked has no body. GM_OUT_OF_MEMORY: it has no session. */
GmResult      gm_pool_upgraded   (GmPool *self,
                                  GmConnection *connection,
                                  gboolean is_head,
                                  GmSpan early);
/* Its user is done: kept idle if @reuse, else closed gracefully; one with a session not before its last user left it. The
 * connection may be gone after it. @n_transfers is for the default of max_idle. */
void          gm_pool_give_back  (GmPool *self,
                                  GmConnection *connection,
                                  gboolean reuse,
                                  guint n_transfers);
/* From now on the peer may take all that comes over the connection for somebody's, whatever is in it: it is for those
 * alone who look for one with this @login (a name of gm_auth_dup_identity(); copied). With a session nothing happens: there
 * each request speaks for itself. */
void          gm_pool_bind       (GmPool *self,
                                  GmConnection *connection,
                                  const char *login);
/* A tunnel through it is gone. */
void          gm_pool_leave_carrier (GmPool *self,
                                  GmConnection *carrier,
                                  gboolean reuse);
/* The most users of one connection, whatever its peer allows; 0 and 1: connections are not shared. */
void          gm_pool_set_max_streams (GmPool *self,
                                  guint max_streams);
void          gm_pool_close_idle (GmPool *self);
/* Over connections of HTTP/2 that idle, and have not said anything for so long, a PING is sent. */
void          gm_pool_keep_up    (GmPool *self,
                                  gint64 interval_us);
/* Those that are busy take no more users, and are not kept: there may be a better way by now. */
void          gm_pool_retire     (GmPool *self);
/* Nobody transfers now, and a loop that is not ours may end when there is nothing left. What idles has no timer from here on,
 * and no watch of a foreign loop, until it is used again: its age, and what came over it meanwhile, is looked at when somebody
 * wants it or another connection is made. O(those that began to idle since, those that close and carriers). */
void          gm_pool_rest       (GmPool *self);
/* What servers and proxies ask for, shared by all who use the pool; made on first use. */
GmAuthStore  *gm_pool_get_auth_store (GmPool *self);
guint         gm_pool_n_total    (GmPool *self); /* closing ones do not count */
guint         gm_pool_n_idle     (GmPool *self);
/* Who found no room waits here, in the order of tickets, and gets a turn when a place or a fitting idle connection came
 * free. Nobody with a later ticket gets that until it has come forward and tried again; if it was in vain it waits again, at
 * its place. O(1) for who has the latest ticket or one of the first, any number of them. */
void          gm_pool_wait       (GmPool *self,
                                  const GmPoolKey *key,
                                  GmPoolWaiter *waiter);
/* Before it tries again: it is no longer expected. */
void          gm_pool_come_forward (GmPool *self,
                                  GmPoolWaiter *waiter);
/* … and behind that: GM_OK it got something, GM_AGAIN it waits again, else it gave up. Who stood back for it may try. */
void          gm_pool_pass_on    (GmPool *self,
                                  GmResult result);
/* For good, whether it waits, was woken or neither. */
void          gm_pool_stop_waiting (GmPool *self,
                                  GmPoolWaiter *waiter);
guint         gm_pool_n_waiting  (GmPool *self);
/* Sessions to be resumed; borrowed, made on first use. */
GmTicketCache *gm_pool_get_tickets (GmPool *self);
/* Those of others, too. */
void          gm_pool_set_tickets (GmPool *self,
                                  GmTicketCache *tickets);
void          gm_pool_set_hooks  (GmPool *self,
                                  GmLayer *(*new_socket_layer) (const void *, guint, gpointer),
                                  GmLayer *(*wrap_socket_layer) (GmLayer *, gpointer),
                                  gpointer hook_data);
