/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connection.h"

void
gm_connection_stack (GmConnection *self,
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
  self->top = gm_layer_race_new (&self->host, resolver, host.data, host.len, port);
}

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
  while (self->top->type->set_up_only)
    {
      GmLayer *layer = self->top;

      self->top = g_steal_pointer (&layer->next);
      gm_layer_free (layer);
    }
}

GmResult
gm_connection_connect (GmConnection *self)
{
  GmResult result = gm_layer_connect (self->top);

  if (result != GM_OK)
    return result;

  self->state = GM_CONNECTION_BUSY;
  self->connected_at = self->host.reactor->now;
  gm_layer_query (self->top, GM_QUERY_RESOLVED_AT, &self->resolved_at);
  shed_layers (self);
  learn_addresses (self);

  return GM_OK;
}

void
gm_connection_set_want (GmConnection *self,
                        GmIo want)
{
  if (self->top != NULL)
    gm_layer_adjust (self->top, want);
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
