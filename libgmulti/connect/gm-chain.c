/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-chain.h"

#include "gm-config.h"
#include "gm-layer-carrier.h"
#include "gm-layer-proxy.h"
#include "gm-layer-tls.h"

const char *const *
gm_chain_get_alpn (const GmPoolKey *key)
{
  static const char *const http1[] = { "http/1.1", NULL };
  static const char *const http2[] = { "h2", NULL };
  static const char *const both[] = { "h2", "http/1.1", NULL };

  if ((key->speak & (GM_SPEAK_HTTP2 | GM_SPEAK_HTTP2_AT_ONCE)) == 0)
    return http1;
  return (key->speak & GM_SPEAK_HTTP1) != 0 ? both : http2;
}

static GmLayer *
stack_proxy_tls (GmLayerHost *host,
                 GmLayer *below,
                 const GmProxy *proxy,
                 gboolean is_carrier)
{
  static const char *const http1[] = { "http/1.1", NULL };
  static const char *const both[] = { "h2", "http/1.1", NULL };
  GmConnection *self = (GmConnection *) (gpointer) ((char *) host - G_STRUCT_OFFSET (GmConnection, host));
  GmTlsPeer peer = {
    .settings = host->settings->proxy_tls,
    .peer_name = gm_span (proxy->host, strcspn (proxy->host, "%")),
    .port = proxy->port,
    .alpn = is_carrier ? both : http1,
    .tickets = gm_pool_get_tickets (self->pool),
    .is_proxy = TRUE,
    .is_carrier = is_carrier,
  };

  return gm_layer_tls_new (host, below, &peer);
}

/* Sockets to the proxy, perhaps through another one. */
static GmLayer *
stack_wire_to_proxy (GmLayerHost *host,
                     GmResolver *resolver,
                     GmProxy *proxy)
{
  GmProxy *first = proxy->via != NULL ? proxy->via : proxy;
  GmLayer *top = gm_layer_race_new (host, resolver, first->host, strlen (first->host), first->port);

  gm_layer_race_set_proxy (top, first->path);
  if (proxy->via != NULL)
    {
      GmProxyTarget target = { gm_span (proxy->host, strlen (proxy->host)), proxy->port, TRUE };

      top = gm_layer_socks_new (host, top, resolver, proxy->via, &target);
    }

  return top;
}

#if HAVE_NGHTTP2
static GmLayer *
stack_carrier (GmLayerHost *host,
               GmResolver *resolver,
               GmProxy *proxy)
{
  return stack_proxy_tls (host, stack_wire_to_proxy (host, resolver, proxy), proxy, TRUE);
}
#endif

/* Requests are for the proxy itself, and may go to it as HTTP/2. */
static gboolean
speaks_http2_with_proxy (GmLayerHost *host,
                         const GmProxy *proxy)
{
  GmConnection *self = (GmConnection *) (gpointer) ((char *) host - G_STRUCT_OFFSET (GmConnection, host));

  return gm_proxy_forwards (proxy) && (self->speak & GM_SPEAK_HTTP2) != 0;
}

/* A channel to the proxy: one of its own, or its part of one that is shared. */
static GmLayer *
stack_to_proxy (GmLayerHost *host,
                GmResolver *resolver,
                GmProxy *proxy)
{
  GmLayer *top;

#if HAVE_NGHTTP2
  if (proxy->kind == GM_PROXY_HTTPS_2 && proxy->tunnel)
    return gm_layer_carrier_new (host, resolver, proxy, stack_carrier);
#endif
  top = stack_wire_to_proxy (host, resolver, proxy);

  return gm_proxy_is_tls (proxy) ? stack_proxy_tls (host, top, proxy, speaks_http2_with_proxy (host, proxy)) : top;
}

static GmLayer *
stack_through_proxy (GmConnection *self,
                     GmResolver *resolver,
                     const GmPoolKey *key,
                     const GmProxyTarget *target)
{
  GmTunnelWay way = { stack_to_proxy, resolver, gm_pool_get_auth_store (self->pool) };
  GmProxy *proxy = key->proxy;

  if (!gm_proxy_is_socks (proxy) && proxy->tunnel)
    return gm_layer_tunnel_new (&self->host, &way, proxy, target);
  if (!gm_proxy_is_socks (proxy))
    return stack_to_proxy (&self->host, resolver, proxy);

  return gm_layer_socks_new (&self->host, stack_to_proxy (&self->host, resolver, proxy), resolver, proxy, target);
}

/* A channel to the server, or to a proxy that takes requests for it. */
static GmLayer *
stack_channel (GmConnection *self,
               GmResolver *resolver,
               const GmPoolKey *key)
{
  GmSpan host = key->connect_host.len > 0 ? key->connect_host : gm_url_get_host (key->url);
  GmSpan zone = key->connect_host.len > 0 ? gm_span (NULL, 0) : gm_url_get_zone (key->url);
  guint16 port = key->connect_port != 0 ? key->connect_port : gm_url_get_port (key->url);
  g_autofree char *zoned = NULL;

  if (zone.len > 0)
    {
      zoned = g_strdup_printf ("%.*s%%%.*s", (int) host.len, host.data, (int) zone.len, zone.data);
      host = gm_span (zoned, strlen (zoned));
    }
  if (key->proxy != NULL)
    return stack_through_proxy (self, resolver, key, &(GmProxyTarget){ host, port, FALSE });

  return gm_layer_race_new (&self->host, resolver, host.data, host.len, port);
}

/* Wherever the bytes go, the certificate must be for the host in the URL. */
static GmLayer *
stack_tls (GmConnection *self,
           GmLayer *below,
           const GmPoolKey *key)
{
  GmTlsPeer peer = {
    .settings = key->settings->tls,
    .peer_name = gm_url_get_host (key->url),
    .port = gm_url_get_port (key->url),
    .alpn = gm_chain_get_alpn (key),
    .tickets = gm_pool_get_tickets (self->pool),
  };

  return gm_layer_tls_new (&self->host, below, &peer);
}

void
gm_chain_stack (GmConnection *self,
                GmResolver *resolver,
                const GmPoolKey *key)
{
  GmLayer *top = stack_channel (self, resolver, key);

  if (G_UNLIKELY (key->settings->announce))
    top = gm_layer_announce_new (&self->host, top, key->proxy != NULL && gm_proxy_is_tls (key->proxy));
  if (gm_pool_key_is_secure (key))
    top = stack_tls (self, top, key);
  self->top = top;
}
