/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-carrier.h"

#include "gm-http2-fields.h"
#include "gm-trace.h"

#include <errno.h>

/* A proxy that keeps sending us away is not asked for ever. */
#define MAX_CARRIERS 4

/* Heads behind the answer are told to nobody. */
#define MAX_LATE_BYTES (16 * 1024)
#define MAX_LATE_FIELDS 100

typedef enum
{
  STATE_NEW, /* no carrier */
  STATE_WAITING, /* in the line for one that somebody else makes */
  STATE_MAKING,
  STATE_TEXT, /* the proxy speaks HTTP/1.1: the carrier is ours alone */
  STATE_SESSION,
  STATE_FAILED,
} CarrierState;

typedef struct
{
  GmLayer layer; /* first member */
  CarrierState state;
  GmResult failure; /* while STATE_FAILED */
  GmResolver *resolver; /* (unowned) */
  GmProxy *proxy; /* (owned) */
  GmCarrierStack stack;
  GmConnection *carrier; /* (unowned) (nullable): we are one of its users */
  GmPoolWaiter waiter;
  guint n_carriers; /* that took a request and turned out to be of no use */
  gboolean is_maker; /* the carrier was made here: its times are ours */
  GmRunnable stream_runnable; /* the stream's owner */
  GmHttp2Stream *stream; /* (owned) (nullable) */
  GmSocket *socket; /* (owned) (nullable): no descriptor; its latches say what the stream has */
  gboolean ended; /* nothing more is sent */
  GmHeaders *(*get_headers) (gpointer data); /* (nullable): nobody wants them */
  gpointer headers_data;
  GmHeaders *late_headers; /* (owned) (nullable) */
} CarrierLayer;

static const GmLayerType carrier_type;

/* The host is a member of the connection that this layer is in. */
static GmConnection *
get_connection (CarrierLayer *self)
{
  return (GmConnection *) (gpointer) ((char *) self->layer.host - G_STRUCT_OFFSET (GmConnection, host));
}

static GmPool *
get_pool (CarrierLayer *self)
{
  return get_connection (self)->pool;
}

static gboolean
is_bytes (const CarrierLayer *self)
{
  return self->carrier != NULL && (self->state == STATE_MAKING || self->state == STATE_TEXT);
}

/* ---- the carrier ---- */

static void
leave_carrier (CarrierLayer *self)
{
  GmConnection *carrier = g_steal_pointer (&self->carrier);

  if (carrier == NULL)
    return;

  carrier->on_turn = NULL;
  carrier->user = NULL;
  carrier->host.question = NULL;
  gm_pool_leave_carrier (get_pool (self), carrier, self->state == STATE_SESSION);
}

/* What happens at a carrier that is ours is news for whoever steps us. */
static void
on_carrier_turn (GmConnection *carrier,
                 gpointer user)
{
  CarrierLayer *self = user;

  gm_reactor_queue (self->layer.host->reactor, self->layer.host->owner);
}

static void
make_carrier (CarrierLayer *self,
              const GmPoolKey *key)
{
  GmLayerHost *host = self->layer.host;
  GmConnection *carrier = gm_pool_open (get_pool (self), key, host->settings);

  GM_TRACE (PROXY, 0, host->id, "makes carrier %" G_GUINT64_FORMAT, carrier->id);
  carrier->on_turn = on_carrier_turn;
  carrier->user = self;
  carrier->host.holder = host->holder;
  carrier->host.question = host->question;
  carrier->host.open_socket = host->open_socket;
  carrier->host.set_up_socket = host->set_up_socket;
  carrier->host.socket_data = host->socket_data;
  carrier->top = self->stack (&carrier->host, self->resolver, self->proxy);
  self->carrier = carrier;
  self->is_maker = TRUE;
  self->state = STATE_MAKING;
}

static GmResult
find_carrier (CarrierLayer *self)
{
  GmLayerHost *host = self->layer.host;
  GmPool *pool = get_pool (self);
  gboolean hopeless = self->state == STATE_WAITING && self->waiter.hopeless;
  GmPoolKey key = {
    .settings = host->settings,
    .speak = GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2,
    .proxy = self->proxy,
    .carrier = TRUE,
  };

  if (self->waiter.link.data != NULL)
    return GM_AGAIN;

  gm_pool_come_forward (pool, &self->waiter);
  self->is_maker = FALSE;
  self->carrier = host->settings->fresh_connect ? NULL : gm_pool_take (pool, &key, host->settings, 0);
  if (self->carrier != NULL)
    {
      GM_TRACE (PROXY, 0, host->id, "on carrier %" G_GUINT64_FORMAT, self->carrier->id);
      self->state = STATE_SESSION;
      return GM_OK;
    }
  if (!hopeless && !host->settings->fresh_connect && gm_pool_is_soon (pool, &key))
    {
      gm_pool_wait (pool, &key, &self->waiter);
      self->state = STATE_WAITING;
      return GM_AGAIN;
    }

  make_carrier (self, &key);
  return GM_OK;
}

static GmResult
fail (CarrierLayer *self,
      GmResult result)
{
  self->state = STATE_FAILED;
  self->failure = result;
  return result;
}

/* What its layers noted of a failure is about our connection. */
static void
take_error (CarrierLayer *self)
{
  GmError *error = self->layer.host->error;
  GmError *from = &self->carrier->error;

  if (from->result == GM_OK)
    return;
  gm_error_set (error, from->result, from->phase, from->sys_errno);
  gm_error_add_details (error, from);
}

static GmResult
step_making (CarrierLayer *self)
{
  GmConnection *carrier = self->carrier;
  GmResult result;

  carrier->host.question = self->layer.host->question;
  result = gm_connection_connect (carrier);
  if (result == GM_AGAIN)
    return GM_AGAIN;
  if (result != GM_OK)
    {
      take_error (self);
      leave_carrier (self);
      return fail (self, result);
    }

  carrier->host.question = NULL;
  carrier->host.socket_data = NULL;
  carrier->host.open_socket = NULL;
  carrier->host.set_up_socket = NULL;
  self->state = carrier->http2 != NULL ? STATE_SESSION : STATE_TEXT;
  if (carrier->http2 != NULL)
    {
      carrier->on_turn = NULL;
      carrier->user = NULL;
      gm_connection_set_holder (carrier, NULL);
    }
  return GM_OK;
}

static GmResult
carrier_connect (GmLayer *layer)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmConnection *connection = get_connection (self);
  GmResult result = GM_OK;

  if (self->state == STATE_FAILED)
    return self->failure;
  if (self->state == STATE_NEW || self->state == STATE_WAITING)
    result = find_carrier (self);
  if (result == GM_OK && self->state == STATE_MAKING)
    result = step_making (self);
  if (result != GM_OK)
    return result;

  connection->remote = self->carrier->remote;
  connection->local = self->carrier->local;
  return GM_OK;
}

/* ---- the stream ---- */

static GmHeaders *
get_headers (gpointer data)
{
  CarrierLayer *self = data;

  if (self->get_headers != NULL)
    return self->get_headers (self->headers_data);

  if (self->late_headers == NULL)
    self->late_headers = gm_headers_new (MAX_LATE_BYTES, MAX_LATE_FIELDS);
  gm_headers_clear (self->late_headers);
  return self->late_headers;
}

static gboolean
is_over (CarrierLayer *self)
{
  return !self->ended && gm_http2_stream_is_sent (self->stream);
}

/* What the latches would say if the stream were a socket. */
static void
latch (CarrierLayer *self)
{
  GmHttp2Event event;

  if (gm_http2_stream_peek (self->stream, &event))
    self->socket->ready |= GM_IO_IN;
  if (gm_http2_stream_get_room (self->stream) > 0 || is_over (self))
    self->socket->ready |= GM_IO_OUT;
}

/* In the carrier's turn: who goes through the tunnel takes from the block that was just read. We may be gone behind it. */
static void
stream_run (GmRunnable *runnable)
{
  CarrierLayer *self = (CarrierLayer *) (gpointer) ((char *) runnable - G_STRUCT_OFFSET (CarrierLayer, stream_runnable));
  GmRunnable *owner = self->layer.host->owner;

  latch (self);
  if ((self->socket->ready & self->socket->want) == 0 && !is_over (self))
    return;
  gm_reactor_dequeue (self->layer.host->reactor, owner);
  owner->run (owner);
}

gboolean
gm_layer_carrier_has_session (GmLayer *layer)
{
  return layer != NULL && layer->type == &carrier_type && ((CarrierLayer *) layer)->state == STATE_SESSION;
}

static GmResult
lose_carrier (CarrierLayer *self)
{
  if (++self->n_carriers >= MAX_CARRIERS)
    return GM_PROXY_CLOSED;

  gm_layer_carrier_drop_stream (&self->layer);
  leave_carrier (self);
  self->state = STATE_NEW;
  return GM_HTTP2_GONE;
}

GmResult
gm_layer_carrier_request (GmLayer *layer,
                          GmSpan head,
                          GmHeaders *(*headers) (gpointer data),
                          gpointer data)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmHttp2Owner owner = { &self->stream_runnable, NULL, get_headers, self, TRUE };
  g_autoptr (GArray) fields = gm_http2_fields_new ();
  GmResult result;

  gm_layer_carrier_drop_stream (layer);
  self->get_headers = headers;
  self->headers_data = data;
  gm_http2_fields_add_head (fields, gm_span (NULL, 0), head);
  result = gm_http2_request (self->carrier->http2, &owner, (const GmHttp2Field *) (gpointer) fields->data, fields->len,
                             TRUE, 0, &self->stream);
  if (result == GM_HTTP2_GONE)
    return lose_carrier (self);
  if (result != GM_OK)
    return result;

  self->socket = gm_socket_new (layer->host->reactor, -1, layer->host->owner);
  gm_socket_set_want (self->socket, GM_IO_IN);
  return GM_OK;
}

GmResult
gm_layer_carrier_next_head (GmLayer *layer,
                            GmHttp2Event *event)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmError *error = layer->host->error;

  while (gm_http2_stream_peek (self->stream, event))
    {
      if (event->kind == GM_HTTP2_HEAD)
        {
          gm_http2_stream_take (self->stream, 0);
          return GM_OK;
        }
      if (event->kind == GM_HTTP2_FAILED && event->unprocessed)
        return lose_carrier (self);
      if (event->kind == GM_HTTP2_FAILED || event->kind == GM_HTTP2_END)
        {
          error->h2 = event->kind == GM_HTTP2_FAILED ? event->code : GM_HTTP2_NO_ERROR;
          return event->result == GM_HTTP_HEADER_FLOOD || event->result == GM_HTTP_BAD_HEADER ? GM_PROXY_BAD_REPLY
                                                                                              : GM_PROXY_CLOSED;
        }
      gm_http2_stream_take (self->stream, event->len);
    }

  self->socket->ready &= (guint8) ~GM_IO_IN;
  return GM_AGAIN;
}

void
gm_layer_carrier_drop_stream (GmLayer *layer)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmConnection *connection = get_connection (self);

  g_clear_pointer (&self->stream, gm_http2_stream_free);
  if (connection->socket != NULL && connection->socket == self->socket)
    connection->socket = NULL;
  g_clear_pointer (&self->socket, gm_socket_close);
  self->ended = FALSE;
}

void
gm_layer_carrier_opened (GmLayer *layer)
{
  CarrierLayer *self = (CarrierLayer *) layer;

  self->get_headers = NULL;
  self->headers_data = NULL;
  gm_http2_stream_leave_head (self->stream);
  self->socket->ready = GM_IO_NONE;
  latch (self);
}

/* ---- bytes ---- */

static GmResult
stream_send (CarrierLayer *self,
             const char *data,
             gsize len,
             gsize *n_sent)
{
  gsize n = self->stream != NULL ? MIN (len, gm_http2_stream_get_room (self->stream)) : 0;
  char *buffer;

  if (self->stream == NULL || self->ended || (n == 0 && is_over (self)))
    {
      gm_error_set (self->layer.host->error, GM_SEND_FAILED, GM_PHASE_REQUEST, EPIPE);
      return GM_SEND_FAILED;
    }
  if (n == 0)
    {
      self->socket->ready &= (guint8) ~GM_IO_OUT;
      return GM_AGAIN;
    }

  buffer = gm_http2_stream_reserve (self->stream, n);
  if (buffer == NULL)
    return GM_OUT_OF_MEMORY;
  memcpy (buffer, data, n);
  gm_http2_stream_commit (self->stream, n);
  *n_sent = n;
  return GM_OK;
}

static GmResult
carrier_send (GmLayer *layer,
              const char *data,
              gsize len,
              gsize *n_sent)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmResult result;

  if (!is_bytes (self))
    return stream_send (self, data, len, n_sent);

  result = gm_connection_send (self->carrier, data, len, n_sent);
  if (result != GM_OK && result != GM_AGAIN)
    take_error (self);
  return result;
}

static GmResult
stream_recv (CarrierLayer *self,
             char *data,
             gsize len,
             gsize *n_read)
{
  GmHttp2Event event;

  while (self->stream != NULL && gm_http2_stream_peek (self->stream, &event))
    switch (event.kind)
      {
      case GM_HTTP2_DATA:
        *n_read = MIN (len, event.len);
        memcpy (data, event.data, *n_read);
        gm_http2_stream_take (self->stream, *n_read);
        if (!gm_http2_stream_peek (self->stream, &event))
          self->socket->ready &= (guint8) ~GM_IO_IN;
        return GM_OK;
      case GM_HTTP2_END:
        *n_read = 0;
        return GM_OK;
      case GM_HTTP2_FAILED:
        gm_error_set (self->layer.host->error, GM_RECV_FAILED, GM_PHASE_RESPONSE, ECONNRESET);
        self->layer.host->error->h2 = event.code;
        return GM_RECV_FAILED;
      case GM_HTTP2_HEAD:
      case GM_HTTP2_TRAILER:
      default:
        gm_http2_stream_take (self->stream, 0);
        break;
      }

  if (self->socket != NULL)
    self->socket->ready &= (guint8) ~GM_IO_IN;
  return GM_AGAIN;
}

static GmResult
carrier_recv (GmLayer *layer,
              char *data,
              gsize len,
              gsize *n_read)
{
  CarrierLayer *self = (CarrierLayer *) layer;
  GmResult result;

  if (!is_bytes (self))
    return stream_recv (self, data, len, n_read);

  result = gm_connection_recv (self->carrier, data, len, n_read);
  if (result != GM_OK && result != GM_AGAIN)
    take_error (self);
  return result;
}

/* What was written goes out, then the end; a carrier of text says goodbye by itself when it is left. */
static GmResult
carrier_shutdown (GmLayer *layer)
{
  CarrierLayer *self = (CarrierLayer *) layer;

  if (self->stream == NULL)
    return GM_OK;

  if (!self->ended)
    gm_http2_stream_end (self->stream, NULL, 0);
  self->ended = TRUE;
  gm_socket_set_want (self->socket, GM_IO_OUT);
  return gm_http2_stream_is_sent (self->stream) ? GM_OK : GM_AGAIN;
}

/* ---- questions ---- */

static gboolean
is_alive (CarrierLayer *self)
{
  GmHttp2Event event;

  return self->stream != NULL && !gm_http2_stream_peek (self->stream, &event) && !is_over (self);
}

static gboolean
session_query (CarrierLayer *self,
               GmQuery query,
               gpointer answer)
{
  switch (query)
    {
    case GM_QUERY_ALIVE:
      *(gboolean *) answer = is_alive (self);
      return TRUE;
    case GM_QUERY_WANT:
      *(GmIo *) answer = GM_IO_NONE;
      return TRUE;
    case GM_QUERY_SOCKET:
      *(GmSocket **) answer = self->socket;
      return TRUE;
    case GM_QUERY_PENDING:
      *(gboolean *) answer = FALSE; /* the latch says so */
      return TRUE;
    case GM_QUERY_PHASE:
      *(GmPhase *) answer = self->state == STATE_SESSION ? GM_PHASE_PROXY : GM_PHASE_CONNECT;
      return TRUE;
    case GM_QUERY_RESOLVED_AT:
      if (!self->is_maker || self->carrier == NULL)
        return FALSE;
      *(gint64 *) answer = self->carrier->resolved_at;
      return TRUE;
    case GM_QUERY_CONNECTED_AT:
      if (!self->is_maker || self->carrier == NULL)
        return FALSE;
      *(gint64 *) answer = self->carrier->connected_at;
      return TRUE;
    case GM_QUERY_LOOK:
      return TRUE; /* the carrier is watched all the time, or else the pool looks at it */
    case GM_QUERY_ALPN:
    case GM_QUERY_TLS:
    case GM_QUERY_TLS_SESSION:
    case GM_QUERY_TELL:
    default:
      return FALSE;
    }
}

static gboolean
carrier_query (GmLayer *layer,
               GmQuery query,
               gpointer answer)
{
  CarrierLayer *self = (CarrierLayer *) layer;

  /* What was agreed upon with the proxy says nothing about the origin. */
  if (query == GM_QUERY_ALPN || query == GM_QUERY_TLS)
    return FALSE;

  return is_bytes (self) ? gm_layer_query (self->carrier->top, query, answer) : session_query (self, query, answer);
}

static void
carrier_adjust (GmLayer *layer,
                GmIo want)
{
  CarrierLayer *self = (CarrierLayer *) layer;

  if (is_bytes (self))
    gm_layer_adjust (self->carrier->top, want);
  else if (self->socket != NULL)
    gm_socket_set_want (self->socket, want);
}

static void
carrier_free (GmLayer *layer)
{
  CarrierLayer *self = (CarrierLayer *) layer;

  gm_pool_stop_waiting (get_pool (self), &self->waiter);
  gm_layer_carrier_drop_stream (layer);
  leave_carrier (self);
  gm_headers_unref (self->late_headers);
  gm_proxy_unref (self->proxy);
  g_free (self);
}

static const GmLayerType carrier_type = {
  .name = "carrier",
  .connect = carrier_connect,
  .send = carrier_send,
  .recv = carrier_recv,
  .shutdown = carrier_shutdown,
  .query = carrier_query,
  .adjust = carrier_adjust,
  .free = carrier_free,
};

GmLayer *
gm_layer_carrier_new (GmLayerHost *host,
                      GmResolver *resolver,
                      GmProxy *proxy,
                      GmCarrierStack stack)
{
  CarrierLayer *self = g_new0 (CarrierLayer, 1);

  self->layer.type = &carrier_type;
  self->layer.host = host;
  self->resolver = resolver;
  self->proxy = gm_proxy_ref (proxy);
  self->stack = stack;
  self->waiter.runnable = host->owner;
  self->waiter.ticket = (guint32) host->id;
  self->stream_runnable.run = stream_run;

  return &self->layer;
}
