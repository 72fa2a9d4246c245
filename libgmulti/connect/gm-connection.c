/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connection.h"

#include "gm-http2.h"

GmSocket *
gm_connection_get_socket (GmConnection *self)
{
  GmSocket *socket = NULL;

  if (self->socket == NULL && self->top != NULL && gm_layer_query (self->top, GM_QUERY_SOCKET, &socket))
    self->socket = socket;

  return self->socket;
}

static void
learn_addresses (GmConnection *self)
{
  GmSocket *socket = gm_connection_get_socket (self);
  GmAddress address = { .len = sizeof address.sa };

  if (socket == NULL || socket->fd < 0)
    return;

  if (getpeername (socket->fd, &address.sa.any, &address.len) == 0)
    gm_endpoint_set (&self->remote, &address);
  address.len = sizeof address.sa;
  if (getsockname (socket->fd, &address.sa.any, &address.len) == 0)
    gm_endpoint_set (&self->local, &address);
}

/* Layers that only set up take no part in what follows: neither time nor memory for them. */
static void
shed_layers (GmConnection *self)
{
  GmLayer **link = &self->top;

  while (*link != NULL)
    {
      GmLayer *layer = *link;

      if (!layer->type->set_up_only)
        {
          link = &layer->next;
          continue;
        }
      *link = g_steal_pointer (&layer->next);
      gm_layer_free (layer);
    }
}

static void
learn_times (GmConnection *self)
{
  gint64 now = self->host.reactor->now;
  GmTlsInfo *tls = NULL;

  gm_layer_query (self->top, GM_QUERY_RESOLVED_AT, &self->resolved_at);
  if (!gm_layer_query (self->top, GM_QUERY_CONNECTED_AT, &self->connected_at))
    self->connected_at = now;
  if (gm_layer_query (self->top, GM_QUERY_TLS, &tls) && tls != NULL)
    {
      self->tls = gm_tls_info_ref (tls);
      self->secured_at = now;
    }
}

/* What the peer took of what was offered. */
static GmResult
choose_version (GmConnection *self)
{
  if ((self->speak & GM_SPEAK_HTTP2_AT_ONCE) == 0 && strcmp (gm_connection_get_alpn (self), "h2") != 0)
    return self->speak == GM_SPEAK_HTTP2 ? GM_HTTP_VERSION : GM_OK;

  self->http2 = gm_http2_new (self);
  return self->http2 != NULL ? GM_OK : GM_OUT_OF_MEMORY;
}

GmResult
gm_connection_connect (GmConnection *self)
{
  GmResult result = gm_layer_connect (self->top);
  gint64 connected_at = 0;

  if (result != GM_OK)
    {
      /* Who it was that a handshake failed with is worth knowing. */
      if (result != GM_AGAIN && gm_layer_query (self->top, GM_QUERY_CONNECTED_AT, &connected_at) && connected_at != 0)
        learn_addresses (self);
      return result;
    }

  self->state = GM_CONNECTION_BUSY;
  learn_times (self);
  shed_layers (self);
  learn_addresses (self);
  if (self->hopeful)
    {
      result = choose_version (self);
      gm_pool_connected (self->pool, self);
    }

  return result;
}

void
gm_connection_set_want (GmConnection *self,
                        GmIo want)
{
  if (self->top != NULL && self->http2 == NULL)
    gm_layer_adjust (self->top, want);
}

void
gm_connection_look (GmConnection *self)
{
  gm_layer_query (self->top, GM_QUERY_LOOK, NULL);
  if (self->http2 != NULL)
    gm_pool_turn_shared (self->pool, self);
}

gboolean
gm_connection_readable (GmConnection *self)
{
  GmSocket *socket = gm_connection_get_socket (self);
  gboolean pending = FALSE;

  if (socket != NULL && (socket->ready & GM_IO_IN) != 0)
    return TRUE;

  return self->top != NULL && gm_layer_query (self->top, GM_QUERY_PENDING, &pending) && pending;
}

void
gm_connection_set_holder (GmConnection *self,
                          gpointer holder)
{
  GmSocket *socket = gm_connection_get_socket (self);

  self->host.holder = holder;
  if (socket != NULL)
    socket->holder = holder;
}

const char *
gm_connection_get_alpn (GmConnection *self)
{
  const char *alpn = "";

  gm_layer_query (self->top, GM_QUERY_ALPN, &alpn);
  return alpn;
}
