/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A proxy in threads of this process, on 127.0.0.1: HTTP (absolute-form and CONNECT) and SOCKS4, 4a and 5 on the same
 * port, told apart by the first byte. It looks no names up: every name is 127.0.0.1 to it, so that who reaches a server
 * by a name nobody else knows has had it looked up by the proxy.
 *
 * It forwards bytes as they are, both ways, and ends a client's connection as the server ended its own: what the server
 * does wrong arrives. It can be told to do wrong itself. All functions are for the test's thread; what is set counts for
 * connections that begin later. */

typedef struct _ProxyServer ProxyServer;

ProxyServer *proxy_server_new           (void);
void         proxy_server_free          (ProxyServer *self); /* NULL is fine */
guint16      proxy_server_port          (ProxyServer *self);
/* "socks5h://127.0.0.1:PORT"; lives as long as the server. */
const char  *proxy_server_url           (ProxyServer *self,
                                         const char *scheme);
/* Demands this login, by Basic or RFC 1929; SOCKS4: @user as user id. NULL: none. */
void         proxy_server_set_login     (ProxyServer *self,
                                         const char *user,
                                         const char *password);
/* The login of HTTP goes by Digest: any answer with the right name and nonce will do. @close_behind: behind each demand the
 * connection ends. */
void         proxy_server_set_digest    (ProxyServer *self,
                                         gboolean close_behind);
/* The last answer says this instead of success: a status (with @body, nullable), or a code of SOCKS. */
void         proxy_server_set_refusal   (ProxyServer *self,
                                         guint code,
                                         const char *body);
/* Exactly these bytes are the first answer, and the connection ends behind them. */
void         proxy_server_set_raw       (ProxyServer *self,
                                         const void *bytes,
                                         gsize len);
/* Of its own answers so many bytes are sent, then the connection ends; -1: all. */
void         proxy_server_set_cut       (ProxyServer *self,
                                         gssize at);
/* Its own answers come byte by byte, with this time between them. */
void         proxy_server_set_drip      (ProxyServer *self,
                                         guint ms);
/* Accepts, reads, and says nothing. */
void         proxy_server_set_silent    (ProxyServer *self,
                                         gboolean silent);
/* Header lines, each with its CRLF, for answers to CONNECT. */
void         proxy_server_set_fields    (ProxyServer *self,
                                         const char *fields);

guint        proxy_server_n_connections (ProxyServer *self);
/* What was asked, in order: "GET http://a/#0 CONNECT a:1#1 SOCKS4a a:1#2 SOCKS5 1.2.3.4:1#3", with the number of the
 * connection. (owned) */
char        *proxy_server_summary       (ProxyServer *self);
/* Every byte of every head of HTTP that came. (owned) */
char        *proxy_server_heads         (ProxyServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProxyServer, proxy_server_free)
