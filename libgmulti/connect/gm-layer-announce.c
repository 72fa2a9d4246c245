/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-address.h"
#include "gm-layer-proxy.h"
#include "gm-trace.h"

#include <string.h>

typedef struct
{
  GmLayer layer; /* first member */
  gboolean composed;
  gboolean hidden;
  GmResult failure; /* GM_OK until it failed */
  GmProxyTalk talk;
} AnnounceLayer;

static const GmLayerType done_type;

static gboolean
is_internet (const GmAddress *address)
{
  return address->sa.any.sa_family == AF_INET || address->sa.any.sa_family == AF_INET6;
}

/* A zone means something on this machine only. */
static void
append_address (GmByteBuilder *out,
                const GmAddress *address)
{
  char text[GM_ADDRESS_TEXT_MAX];

  gm_byte_builder_append_char (out, ' ');
  gm_address_print (address, text);
  gm_byte_builder_append (out, text, strcspn (text, "%"));
}

/* "PROXY TCP4 client server client-port server-port"; of anything but TCP there is nothing to say. */
static void
compose (AnnounceLayer *self)
{
  const char *client = self->layer.host->settings->announced_address;
  GmByteBuilder *out = &self->talk.out;
  GmAddress local = { .len = sizeof local.sa }, remote = { .len = sizeof remote.sa };
  GmSocket *socket = NULL;

  if (!gm_layer_query (self->layer.next, GM_QUERY_SOCKET, &socket) || socket == NULL ||
      getsockname (socket->fd, &local.sa.any, &local.len) != 0 ||
      getpeername (socket->fd, &remote.sa.any, &remote.len) != 0 || !is_internet (&local) || !is_internet (&remote))
    {
      gm_byte_builder_append_literal (out, "PROXY UNKNOWN\r\n");
      return;
    }

  gm_byte_builder_append_literal (out, "PROXY TCP");
  gm_byte_builder_append_char (out, remote.sa.any.sa_family == AF_INET6 ? '6' : '4');
  if (client != NULL)
    {
      gm_byte_builder_append_char (out, ' ');
      gm_byte_builder_append (out, client, strlen (client));
    }
  else
    append_address (out, &local);
  append_address (out, &remote);
  gm_byte_builder_append_char (out, ' ');
  gm_byte_builder_append_uint (out, gm_address_get_port (&local));
  gm_byte_builder_append_char (out, ' ');
  gm_byte_builder_append_uint (out, gm_address_get_port (&remote));
  gm_byte_builder_append_literal (out, "\r\n");
}

/* Nobody would find the line inside of a session with a proxy. */
static GmResult
begin (AnnounceLayer *self)
{
  if (self->hidden)
    {
      gm_error_set (self->layer.host->error, GM_UNSUPPORTED_SCHEME, GM_PHASE_CONNECT, 0);
      return GM_UNSUPPORTED_SCHEME;
    }

  compose (self);
  self->composed = TRUE;
  return self->talk.out.failed ? GM_OUT_OF_MEMORY : GM_OK;
}

static GmResult
announce_connect (GmLayer *layer)
{
  AnnounceLayer *self = (AnnounceLayer *) layer;
  GmResult result = self->failure;

  if (result == GM_OK)
    result = self->composed ? GM_OK : gm_layer_connect (layer->next);
  if (result == GM_OK && !self->composed)
    result = begin (self);
  while (result == GM_OK && self->talk.sent < self->talk.out.len)
    {
      gsize n = 0;

      result = gm_layer_send (layer->next, self->talk.out.data + self->talk.sent, self->talk.out.len - self->talk.sent, &n);
      self->talk.sent += n;
    }
  if (result != GM_OK)
    {
      self->failure = result == GM_AGAIN ? GM_OK : result;
      return result;
    }

  GM_TRACE (CONNECT, 0, layer->host->id, "%.*s", (int) self->talk.out.len - 2, self->talk.out.data);
  layer->type = &done_type;
  return GM_OK;
}

/* ---- questions ---- */

static gboolean
announce_query (GmLayer *layer,
                GmQuery query,
                gpointer answer)
{
  AnnounceLayer *self = (AnnounceLayer *) layer;

  if (query != GM_QUERY_WANT || !self->composed)
    return FALSE;

  *(GmIo *) answer = gm_proxy_talk_want (&self->talk);
  return TRUE;
}

static void
announce_adjust (GmLayer *layer,
                 GmIo want)
{
  AnnounceLayer *self = (AnnounceLayer *) layer;

  if (self->composed)
    want |= gm_proxy_talk_want (&self->talk);
  gm_layer_adjust (layer->next, want);
}

static void
announce_free (GmLayer *layer)
{
  AnnounceLayer *self = (AnnounceLayer *) layer;

  gm_proxy_talk_clear (&self->talk);
  g_free (self);
}

static const GmLayerType announce_type = {
  .name = "announce",
  .connect = announce_connect,
  .query = announce_query,
  .adjust = announce_adjust,
  .free = announce_free,
};

static const GmLayerType done_type = {
  .name = "announce",
  .free = announce_free,
  .set_up_only = TRUE,
};

GmLayer *
gm_layer_announce_new (GmLayerHost *host,
                       GmLayer *below,
                       gboolean hidden)
{
  AnnounceLayer *self = g_new0 (AnnounceLayer, 1);

  self->layer.type = &announce_type;
  self->layer.host = host;
  self->layer.next = below;
  self->hidden = hidden;

  return &self->layer;
}
