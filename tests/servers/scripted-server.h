/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-answer.h"
#include "scripted-pattern.h"
#include "scripted-peer.h"
#include "scripted-tls.h"

/* A server in a thread of this process, on loopback or a unix-domain socket, which does what the test says. One thread
 * serves any number of connections by epoll. Ports are the kernel's choice. All functions are for the test's thread,
 * except where said. */

typedef enum
{
  SCRIPTED_SERVER_DEFAULT = 0, /* 127.0.0.1 */
  SCRIPTED_SERVER_IPV6 = 1 << 0, /* [::1] beside it, on the same port */
  SCRIPTED_SERVER_ONLY_IPV6 = 1 << 1,
  SCRIPTED_SERVER_UNIX = 1 << 2, /* a socket in a temporary folder instead */
  SCRIPTED_SERVER_DEAF = 1 << 3, /* a connect() to it hangs: its backlog is full and nobody accepts */
  SCRIPTED_SERVER_DEAF_IPV6 = 1 << 5, /* with IPV6: deaf there only */
  SCRIPTED_SERVER_SMALL_BUFFERS = 1 << 4, /* 32 KiB in the kernel each way, as far as it obeys */
  SCRIPTED_SERVER_HTTP2 = 1 << 7, /* the same answers over HTTP/2, by prior knowledge; with TLS if the client takes it */
  SCRIPTED_SERVER_WEIGHTS = 1 << 9, /* with HTTP2, without TLS: goes by weights, and not by urgencies */
  SCRIPTED_SERVER_UPGRADE = 1 << 8, /* goes over to HTTP/2 where that is offered */
  SCRIPTED_SERVER_TLS = 1 << 6, /* speaks TLS with scripted_tls_new()'s certificate */
} ScriptedServerFlags;

typedef struct
{
  guint16 peer_port; /* the client's */
  char *peer_address; /* (owned): numeric */
  gint64 opened_at;
  gint64 closed_at; /* 0: still open */
  gboolean ended_by_peer; /* its end or reset came before ours */
  gboolean reset_by_peer;
  guint64 bytes_in;
  guint64 bytes_out;
  gboolean resumed; /* TLS; atomic */
} ScriptedConnection;

typedef struct _ScriptedServer ScriptedServer;

/* Added to the flags of each server that is made; for programs that run everything over another wire. */
extern ScriptedServerFlags scripted_server_more_flags;

ScriptedServer           *scripted_server_new             (ScriptedServerFlags flags);
/* With TLS by @tls, which it takes. */
ScriptedServer           *scripted_server_new_tls         (ScriptedServerFlags flags,
                                                           ScriptedTls *tls);
void                      scripted_server_free            (ScriptedServer *server); /* stops it; takes NULL */
/* Closes all its sockets and joins the thread; the log can still be read. */
void                      scripted_server_stop            (ScriptedServer *server);

guint16                   scripted_server_port            (ScriptedServer *server);
const char               *scripted_server_path            (ScriptedServer *server); /* of the unix socket */
/* "http://127.0.0.1:PORT" and @target, or https; lives as long as the server. Any thread. */
const char               *scripted_server_url             (ScriptedServer *server,
                                                           const char *target);

/* "http" or "https"; static. */
const char               *scripted_server_scheme          (ScriptedServer *server);

/* Says what to answer to what: as scripted_book_on(). Takes @answer over. */
void                      scripted_server_on              (ScriptedServer *server,
                                                           const char *key,
                                                           ScriptedAnswer *answer);
/* After so many requests on one connection it is closed behind the answer, as @how, @delay_ms later. */
void                      scripted_server_set_keep_alive  (ScriptedServer *server,
                                                           guint n_requests,
                                                           ScriptedEnd how,
                                                           guint delay_ms);
/* Ends every open connection now. */
void                      scripted_server_drop_all        (ScriptedServer *server,
                                                           ScriptedEnd how);

/* HTTP/2: a PING on each open connection; and how many were answered in all. */
void                      scripted_server_ping_all        (ScriptedServer *server);
/* … or a GOAWAY behind what was asked; the connection stays open. */
void                      scripted_server_leave_all       (ScriptedServer *server);
guint                     scripted_server_n_pongs         (ScriptedServer *server);
guint                     scripted_server_n_pings         (ScriptedServer *server); /* of clients, with HTTP/2 */
/* The digit that the last PRIORITY_UPDATE had as urgency; 0: there was none. */
char                      scripted_server_urgency         (ScriptedServer *server);
/* The weight that the last request with one had (RFC 7540 section 5.3.2); 0: there was none. */
guint                     scripted_server_weight          (ScriptedServer *server);

/* The log. A request is in it from the moment its head is there; its body may be looked at when it is complete. What is
 * returned lives as long as the server; out of range gives NULL. */
guint                     scripted_server_n_connections   (ScriptedServer *server);
guint                     scripted_server_n_open          (ScriptedServer *server);
guint                     scripted_server_n_requests      (ScriptedServer *server);
const ScriptedRequest    *scripted_server_request         (ScriptedServer *server,
                                                           guint number);
const ScriptedConnection *scripted_server_connection      (ScriptedServer *server,
                                                           guint number);
/* "GET /a#0 GET /b#0 PUT /c#1": each request in order of arrival, with its connection. */
char                     *scripted_server_summary         (ScriptedServer *server);

/* Waits until it holds, for a bounded time; FALSE: it did not. */
gboolean                  scripted_server_wait_requests   (ScriptedServer *server,
                                                           guint n_complete,
                                                           guint ms);
gboolean                  scripted_server_wait_open       (ScriptedServer *server,
                                                           guint n_open_at_most,
                                                           guint ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)
