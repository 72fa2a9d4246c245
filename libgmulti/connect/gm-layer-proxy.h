/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-auth.h"
#include "gm-bytes.h"
#include "gm-layer.h"
#include "gm-proxy.h"
#include "gm-resolver.h"

/* The layers that talk a proxy into a tunnel: each takes a channel to the proxy (@below, taken over) and makes one to
 * the target of it. With the tunnel there they pass everything through, and the connection takes them out. */

typedef struct
{
  GmSpan host; /* A-label or numeric; copied */
  guint16 port;
  gboolean is_proxy; /* another proxy, and not yet the origin */
} GmProxyTarget;

/* gm-layer-socks.c: all four SOCKS kinds. SOCKS_REFUSED (host->error->proxy_status), SOCKS_NAME_TOO_LONG, PROXY_LOGIN,
 * PROXY_BAD_REPLY, PROXY_CLOSED; RESOLVE_FAILED where the target is looked up here. */
GmLayer *gm_layer_socks_new  (GmLayerHost *host,
                              GmLayer *below,
                              GmResolver *resolver,
                              GmProxy *proxy,
                              const GmProxyTarget *target);
/* gm-layer-seal.c: the login of a SOCKS5 proxy by GSSAPI (RFC 1961), on a channel (@below, taken over) where the proxy has
 * just chosen it. Connected, each byte goes in protected messages, if the proxy wants that; else the layer is out of the
 * way. AUTH_FAILED: there is no ticket, or a message is not the proxy's; PROXY_LOGIN: it refuses ours; PROXY_BAD_REPLY;
 * PROXY_CLOSED. */
GmLayer *gm_layer_seal_new   (GmLayerHost *host,
                              GmLayer *below,
                              const GmProxy *proxy);
/* How to get to the proxy; a login may need a second connection to it. */
typedef struct
{
  GmLayer *(*stack) (GmLayerHost *host, GmResolver *resolver, GmProxy *proxy); /* a new channel */
  GmResolver *resolver; /* (unowned) */
  GmAuthStore *store; /* (unowned) */
} GmTunnelWay;

/* gm-layer-tunnel.c: CONNECT of HTTP/1 (RFC 9110 section 9.3.6). PROXY_REFUSED (host->error->proxy_status), PROXY_LOGIN,
 * PROXY_BAD_REPLY, PROXY_CLOSED. */
GmLayer *gm_layer_tunnel_new (GmLayerHost *host,
                              const GmTunnelWay *way,
                              GmProxy *proxy,
                              const GmProxyTarget *target);

/* Either one, before it fails with PROXY_LOGIN: another login may do, and somebody is there who could be asked for it. Then
 * the host has what is to be asked. @realm: (nullable) */
void     gm_proxy_want_login (GmLayerHost *host,
                              const GmProxy *proxy,
                              const char *scheme,
                              const char *realm);

/* ---- what both have in common: a message that goes out in pieces, an answer that comes in them ---- */

typedef struct
{
  GmByteBuilder out;
  gsize sent; /* of it */
} GmProxyTalk;

/* Sends what there is: GM_OK = all gone, and @out is empty. Results of a failed transport are PROXY_CLOSED. */
GmResult gm_proxy_talk_send  (GmProxyTalk *self,
                              GmLayer *below);
/* Reads at most @len bytes, at least one: GM_AGAIN, GM_OK, PROXY_CLOSED. */
GmResult gm_proxy_talk_recv  (GmLayer *below,
                              char *data,
                              gsize len,
                              gsize *n);
GmIo     gm_proxy_talk_want  (const GmProxyTalk *self);
/* What a layer in its talk answers by itself. */
gboolean gm_proxy_talk_query (const GmProxyTalk *self,
                              GmQuery query,
                              gpointer answer);
void     gm_proxy_talk_clear (GmProxyTalk *self); /* wipes */
