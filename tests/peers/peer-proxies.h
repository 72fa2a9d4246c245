/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Proxies that nobody here wrote, each in a process of its own (peer-process.h). Those that want a password take the
 * account of peer-identity.h and no other. squid refuses the host shut.peer.example, whatever it is asked for. */

typedef enum
{
  PEER_PROXY_SQUID,
  PEER_PROXY_SQUID_BASIC,
  PEER_PROXY_SQUID_DIGEST,
  PEER_PROXY_TINYPROXY,
  PEER_PROXY_TINYPROXY_BASIC,
  PEER_PROXY_DANTE, /* SOCKS 4 and 5 */
  PEER_PROXY_DANTE_LOGIN, /* SOCKS 5 with a user's name and password */
  PEER_PROXY_NGHTTPX, /* TLS, HTTP/2 by ALPN or HTTP/1; what comes goes to a squid of its own */
  PEER_PROXY_NGHTTPX_BASIC, /* the same with a password, which the squid wants */
} PeerProxyKind;

#define PEER_PROXY_N_KINDS (PEER_PROXY_NGHTTPX_BASIC + 1)

typedef struct _PeerProxy PeerProxy;

const char *peer_proxy_kind_name  (PeerProxyKind kind);
/* Starts it and waits until it accepts connections; fails the test if it does not. */
PeerProxy  *peer_proxy_new        (PeerProxyKind kind);
void        peer_proxy_free       (PeerProxy *self); /* stops it, and waits until it is gone; takes NULL */
guint16     peer_proxy_get_port   (PeerProxy *self);
/* (transfer full): "@scheme://127.0.0.1:PORT", with @userinfo and an @ before the host if it is not NULL. */
char       *peer_proxy_dup_url    (PeerProxy *self,
                                   const char *scheme,
                                   const char *userinfo);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerProxy, peer_proxy_free)
