/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "endless-layer.h"

#include "bare-socket.h"

#include <string.h>

typedef struct
{
  GmLayer layer; /* first member */
  Endless *endless; /* (unowned) */
  GmSocket *socket; /* (owned) (nullable) */
  guint n_end; /* bytes of the empty line that ends a request seen so far */
  guint n_open; /* requests that have no whole answer yet */
  char head[80];
  gsize head_len;
  gsize head_pos;
  guint64 body_left;
} EndlessLayer;

static void
begin_answer (EndlessLayer *self)
{
  self->head_len = (gsize) g_snprintf (self->head, sizeof self->head,
                                       "HTTP/1.1 200 OK\r\nContent-Length: %" G_GUINT64_FORMAT "\r\n\r\n",
                                       self->endless->body);
  self->head_pos = 0;
  self->body_left = self->endless->body;
}

static GmResult
endless_connect (GmLayer *layer)
{
  EndlessLayer *self = (EndlessLayer *) layer;

  if (self->socket == NULL)
    {
      self->socket = gm_socket_new (layer->host->reactor, -1, layer->host->owner);
      self->socket->holder = layer->host->holder;
      gm_socket_post (self->socket, GM_IO_IN | GM_IO_OUT);
    }

  return GM_OK;
}

static GmResult
endless_send (GmLayer *layer,
              const char *data,
              gsize len,
              gsize *n_sent)
{
  EndlessLayer *self = (EndlessLayer *) layer;

  for (gsize i = 0; i < len; i++)
    {
      self->n_end = data[i] == "\r\n\r\n"[self->n_end] ? self->n_end + 1 : data[i] == '\r';
      if (self->n_end < 4)
        continue;
      self->n_end = 0;
      self->endless->n_requests++;
      if (self->n_open++ == 0)
        begin_answer (self);
    }
  /* The pool forgets what was latched while nobody used the connection. */
  self->socket->ready |= GM_IO_IN;
  *n_sent = len;
  return GM_OK;
}

static GmResult
endless_recv (GmLayer *layer,
              char *data,
              gsize len,
              gsize *n_read)
{
  EndlessLayer *self = (EndlessLayer *) layer;
  gsize head = MIN (len, self->head_len - self->head_pos);
  gsize body = (gsize) MIN (len - head, self->body_left);

  /* Only who has asked for something reads. */
  g_assert_cmpuint (self->n_open, >, 0);
  memcpy (data, self->head + self->head_pos, head);
  memset (data + head, 'e', body);
  self->head_pos += head;
  self->body_left -= body;
  if (self->body_left == 0 && self->head_pos == self->head_len && --self->n_open > 0)
    begin_answer (self);
  *n_read = head + body;
  self->endless->n_received += *n_read;
  return GM_OK;
}

static gboolean
endless_query (GmLayer *layer,
               GmQuery query,
               gpointer answer)
{
  EndlessLayer *self = (EndlessLayer *) layer;

  return bare_socket_query (self->socket, self->n_open == 0, GM_IO_NONE, query, answer);
}

static void
endless_adjust (GmLayer *layer,
                GmIo want)
{
  EndlessLayer *self = (EndlessLayer *) layer;

  if (self->socket != NULL)
    gm_socket_set_want (self->socket, want);
}

static void
endless_free (GmLayer *layer)
{
  EndlessLayer *self = (EndlessLayer *) layer;

  if (self->socket != NULL)
    gm_socket_close (self->socket);
  g_free (self);
}

GmLayer *
endless_layer_new (const void *address,
                   guint address_len,
                   gpointer endless)
{
  static const GmLayerType type = {
    .name = "endless",
    .connect = endless_connect,
    .send = endless_send,
    .recv = endless_recv,
    .query = endless_query,
    .adjust = endless_adjust,
    .free = endless_free,
  };
  EndlessLayer *self = g_new0 (EndlessLayer, 1);

  self->layer.type = &type;
  self->endless = endless;
  return &self->layer;
}
