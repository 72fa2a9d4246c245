/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-connect-settings.h"
#include "gm-http1-parse.h"
#include "gm-question.h"
#include "gm-reactor.h"
#include "gm-result.h"

/* A layer turns the channel below it into another one: bytes in, bytes out. A connection is a chain of layers, the
 * socket at the bottom. Layers know the layer below and their host, never a transfer or a protocol.
 *
 * - connect() goes bottom up: a layer first asks the one below until that says OK, then does its own part. It may be
 *   called again at any time until it has said OK or failed.
 * - send() and recv() answer GM_OK with a count > 0 (recv: 0 = orderly end), GM_AGAIN when the transport said so, or a
 *   final result. A layer that answers GM_AGAIN has cleared the matching bit in its socket's latched readiness.
 * - shutdown() goes top down, says goodbye without blocking: OK = done, AGAIN = call again when ready.
 * - free() closes what is left without any goodbye. It is the only place where a socket may be closed.
 * A NULL member passes through to the layer below. */

typedef struct _GmLayer GmLayer;

struct _GmAddress;
struct _GmProxy;
struct _GmResolver;

/* What a face may answer when it is asked to set a new socket up. */
typedef enum
{
  GM_SOCKET_SET_UP,
  GM_SOCKET_REFUSED, /* the transfer ends with ABORTED */
  GM_SOCKET_CONNECTED, /* it is connected already: connect() is left out */
} GmSocketAnswer;

/* A CONNECT is told when it begins to be sent; where the answer of the proxy is read into, and told once a head of it is
 * complete (an interim one, too): GM_OK, or what to fail with. */
typedef struct
{
  void (*request) (const char *head, gsize len, gpointer user_data);
  GmHeaders *(*headers) (gpointer user_data);
  GmResult (*head) (const GmHttp1Head *head, GmHeaders *headers, const struct _GmProxy *proxy, gpointer user_data);
} GmTunnelOps;

/* What tests put in the place of sockets. */
typedef struct
{
  /* May replace the lowest layer: simulated sockets. NULL = the real one. */
  GmLayer *(*new_layer) (const void *address, guint address_len, gpointer user_data);
  /* May put a layer on top of a socket layer just made: faults. NULL = none. */
  GmLayer *(*wrap_layer) (GmLayer *socket_layer, gpointer user_data);
  gpointer user_data;
} GmSocketHooks;

typedef enum
{
  GM_ATTEMPT_BEGINS,
  GM_ATTEMPT_CONNECTED,
  GM_ATTEMPT_FAILED,
} GmAttempt;

/* What a layer may know of its surroundings; owned by the connection. */
typedef struct
{
  GmReactor *reactor;
  GmRunnable *owner; /* given a turn when a socket of the chain has something */
  const GmConnectSettings *settings; /* (owned): frozen when the connection began */
  guint64 id; /* of the connection, for the trace */
  gpointer holder; /* (nullable): goes to the sockets the chain opens */
  GmError *error; /* where details of a failure go; the first one stays */
  GmQuestion *question; /* (unowned) (nullable): who connects may be asked by it; NULL when nobody can be */
  GmQuestionData *wanted_login; /* (owned) (nullable): a proxy refused with PROXY_LOGIN, and somebody may have a (better) one */
  const GmSocketHooks *hooks; /* (nullable): the tests' */
  /* The application's say in the making of a socket, asked in this order; NULL = none. open_socket() may alter the
   * address; it gives a descriptor, or -1 to refuse. */
  int (*open_socket) (struct _GmAddress *address, gpointer user_data);
  GmSocketAnswer (*set_up_socket) (int fd, gpointer user_data);
  /* (nullable): who wants to know when a socket is about to connect, when it is, and when it cannot (@sys_errno). */
  void (*attempt) (const struct _GmAddress *address, GmAttempt what, int sys_errno, gpointer user_data);
  const GmTunnelOps *tunnel; /* (nullable): nobody wants to hear of a tunnel */
  gpointer socket_data; /* for them all */
} GmLayerHost;

typedef enum
{
  GM_QUERY_ALIVE, /* gboolean: FALSE when the peer has closed or sent what nobody asked for; does not block */
  GM_QUERY_WANT, /* GmIo: what connect() or a blocked send waits for */
  GM_QUERY_SOCKET, /* GmSocket *: the one that carries data; NULL while there is none */
  GM_QUERY_PENDING, /* gboolean: readable data waits above the socket */
  GM_QUERY_RESOLVED_AT, /* gint64: µs of the first name answer; 0 = not yet */
  GM_QUERY_PHASE, /* GmPhase while connecting */
  GM_QUERY_CONNECTED_AT, /* gint64: µs when the transport was connected; 0 = not yet */
  GM_QUERY_ALPN, /* const char *: the protocol that was agreed upon; "" = none */
  GM_QUERY_TLS, /* GmTlsInfo *: of the uppermost TLS; borrowed, NULL until it is open */
  GM_QUERY_TLS_SESSION, /* gpointer: the gnutls_session_t of the uppermost TLS; borrowed */
  GM_QUERY_LOOK, /* nothing: the kernel is asked about each socket, at once, and what it says is latched */
  GM_QUERY_TELL, /* nothing: connecting ends here, and what was still under way is told to the story */
} GmQuery;

typedef struct
{
  const char *name;
  GmResult (*connect) (GmLayer *self);
  GmResult (*send) (GmLayer *self, const char *data, gsize len, gsize *n_sent);
  GmResult (*recv) (GmLayer *self, char *data, gsize len, gsize *n_read);
  GmResult (*shutdown) (GmLayer *self);
  gboolean (*query) (GmLayer *self, GmQuery query, gpointer answer); /* FALSE = ask below */
  /* Recomputes the want masks of the sockets this layer owns. @want: what the user of the chain waits for beside what
   * the layer itself needs. */
  void (*adjust) (GmLayer *self, GmIo want);
  void (*free) (GmLayer *self);
  gboolean set_up_only; /* with the chain connected it has no more to do: the connection takes it out and frees it */
} GmLayerType;

/* (nullable): of who connects. */
static inline GmStory *
gm_layer_host_get_story (const GmLayerHost *self)
{
  return self->question != NULL ? self->question->story : NULL;
}

struct _GmLayer
{
  const GmLayerType *type;
  GmLayer *next; /* (owned) (nullable): the layer below */
  GmLayerHost *host; /* (unowned): of the connection */
};

GmResult gm_layer_connect  (GmLayer *self);
GmResult gm_layer_shutdown (GmLayer *self);
gboolean gm_layer_query    (GmLayer *self,
                            GmQuery query,
                            gpointer answer);
void     gm_layer_adjust   (GmLayer *self,
                            GmIo want);
/* Frees the whole chain, top down. */
void     gm_layer_free     (GmLayer *self);

static inline GmResult
gm_layer_send (GmLayer *self,
               const char *data,
               gsize len,
               gsize *n_sent)
{
  while (self->type->send == NULL)
    self = self->next;
  return self->type->send (self, data, len, n_sent);
}

static inline GmResult
gm_layer_recv (GmLayer *self,
               char *data,
               gsize len,
               gsize *n_read)
{
  while (self->type->recv == NULL)
    self = self->next;
  return self->type->recv (self, data, len, n_read);
}

/* ---- the layers ---- */

/* gm-layer-socket.c: TCP or unix-domain, one address (copied). Failing, it leaves the numeric address in host->error.
 * The bits in its socket's ready mask are what it goes by: without GM_IO_IN it does not read, without GM_IO_OUT it does
 * not write. */
GmLayer *gm_layer_socket_new (GmLayerHost *host,
                              const struct _GmAddress *address);
/* gm-layer-announce.c: version 1 of the PROXY protocol, for balancers in front of a server: the first line on the channel
 * @below (taken over) says which addresses it connects; then it is out of the way. UNSUPPORTED_SCHEME if it would be @hidden
 * in a TLS session with a proxy. */
GmLayer *gm_layer_announce_new (GmLayerHost *host,
                              GmLayer *below,
                              gboolean hidden);
/* gm-layer-race.c: "host:port" to a connected channel by RFC 8305 sections 4 and 5: looks the name up, lets attempts
 * compete, each a sub-chain of its own that shares nothing it writes; passes everything through to the winner once there
 * is one. The error of the attempt that got furthest is kept. @host_name: A-label or numeric address (copied). */
GmLayer *gm_layer_race_new   (GmLayerHost *host,
                              struct _GmResolver *resolver,
                              const char *host_name,
                              gsize host_len,
                              guint16 port);
/* The host is that of a proxy: a name that is not found is PROXY_RESOLVE_FAILED. @path (nullable): it is not looked for, but
 * listens at that unix-domain socket. Before the layer is first driven. */
void     gm_layer_race_set_proxy (GmLayer *race,
                                  const char *path);
