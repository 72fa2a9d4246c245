/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-connection.h"
#include "gm-http2.h"

/* A channel to an HTTPS proxy that may speak HTTP/2: the lowest layer of a connection through a tunnel. The connection
 * to the proxy, the carrier, is one of its own in the pool, with a key that says so; all tunnels through the same proxy
 * share it, each a stream of it (RFC 9113 section 8.5). Who finds none makes one and steps it along; who comes meanwhile
 * waits for what it will turn out to speak.
 *
 * Where the proxy chose HTTP/1.1 the carrier is this layer's alone, and bytes pass through. Else the layer has a session:
 * the tunnel layer above asks for a stream, reads the answers' heads from it, and from then on the layer's bytes are the
 * stream's: what is not read stays in its window, which stops the proxy's sending and nobody else's. */

/* Puts the layers to @proxy under the carrier, with both versions offered. */
typedef GmLayer *(*GmCarrierStack) (GmLayerHost *host, GmResolver *resolver, GmProxy *proxy);

GmLayer *gm_layer_carrier_new         (GmLayerHost *host,
                                       GmResolver *resolver,
                                       GmProxy *proxy,
                                       GmCarrierStack stack);

/* For the tunnel layer right above, once connect() is GM_OK. */

/* @layer is such a one, and streams are what it has. */
gboolean gm_layer_carrier_has_session (GmLayer *layer);
/* CONNECT: @head as for HTTP/1, changed where it lies. Answers' heads are added to @get_headers (@data). GM_HTTP2_GONE:
 * the carrier takes no more; connect() finds another one. */
GmResult gm_layer_carrier_request     (GmLayer *layer,
                                       GmSpan head,
                                       GmHeaders *(*get_headers) (gpointer data),
                                       gpointer data);
/* The next head of an answer is in @event: GM_OK. GM_HTTP2_GONE: the proxy did not look at it; the same may be asked again
 * after connect(). PROXY_CLOSED: no answer will come; the host's error has the code. */
GmResult gm_layer_carrier_next_head   (GmLayer *layer,
                                       GmHttp2Event *event);
/* Gives the stream up: the next request is another one's. */
void     gm_layer_carrier_drop_stream (GmLayer *layer);
/* The answer was yes: nobody wants heads any more. */
void     gm_layer_carrier_opened      (GmLayer *layer);
