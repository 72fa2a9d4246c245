/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim-net.h"

#include "bare-socket.h"

#include <errno.h>
#include <string.h>

typedef struct _SimSocket SimSocket;

/* Bytes on their way, or an end of the stream. */
typedef struct
{
  gint64 at;
  guint64 order; /* what was sent first arrives first, also at the same time */
  SimSocket *socket;
  gboolean to_peer;
  GByteArray *data; /* (owned) (nullable) */
  ScriptedEnd end;
  gboolean wake; /* only a look at the peer, or the end of connecting */
} Parcel;

struct _SimSocket
{
  GmLayer layer; /* first member */
  SimNet *net; /* (unowned) */
  ScriptedPeer *peer; /* (owned) (nullable) */
  GmSocket *socket; /* (owned) (nullable) */
  guint index;
  gboolean connected;
  gboolean ended; /* by the peer, seen by nobody yet or by us */
  gboolean reset;
  gboolean peer_ended; /* the peer sends no more */
  GByteArray *in; /* (owned): arrived, not read */
  gsize in_flight_to_peer;
  gsize in_flight_to_us;
  gint64 last_arrival[2]; /* at us, at the peer: nothing overtakes */
  gint64 peer_wake_at;
};

struct _SimNet
{
  GmClock clock;
  gint64 now;
  SimNetShape shape;
  ScriptedBook book;
  GSequence *parcels; /* (owned) of Parcel, by arrival */
  guint64 n_parcels;
  guint n_connections;
  guint n_open;
  GmLayer *(*wrap) (GmLayer *layer, gpointer data);
  gpointer wrap_data;
};

static void peer_run (SimSocket *self);

/* --- parcels --- */

static void
parcel_free (gpointer data)
{
  Parcel *parcel = data;

  g_clear_pointer (&parcel->data, g_byte_array_unref);
  g_free (parcel);
}

static int
compare_parcels (gconstpointer a,
                 gconstpointer b,
                 gpointer user_data)
{
  const Parcel *one = a, *two = b;

  if (one->at != two->at)
    return one->at < two->at ? -1 : 1;
  return one->order < two->order ? -1 : one->order > two->order;
}

static Parcel *
post (SimSocket *socket,
      gint64 at,
      gboolean to_peer)
{
  Parcel *parcel = g_new0 (Parcel, 1);

  parcel->at = at;
  parcel->order = socket->net->n_parcels++;
  parcel->socket = socket;
  parcel->to_peer = to_peer;
  g_sequence_insert_sorted (socket->net->parcels, parcel, compare_parcels, NULL);
  return parcel;
}

static gint64
arrival (SimSocket *socket,
         gboolean to_peer,
         gboolean apart)
{
  gint64 *last = &socket->last_arrival[to_peer];

  *last = MAX (socket->net->now + socket->net->shape.latency_us, *last + (apart ? 1 : 0));
  return *last;
}

static void
post_data (SimSocket *socket,
           gboolean to_peer,
           const guint8 *data,
           gsize len)
{
  SimNet *net = socket->net;
  gsize segment = net->shape.segment > 0 ? net->shape.segment : len;

  for (gsize i = 0; i < len; i += segment)
    {
      Parcel *parcel = post (socket, arrival (socket, to_peer, net->shape.segment > 0), to_peer);
      gsize n = MIN (segment, len - i);

      parcel->data = g_byte_array_append (g_byte_array_sized_new ((guint) n), data + i, (guint) n);
    }
  *(to_peer ? &socket->in_flight_to_peer : &socket->in_flight_to_us) += len;
}

/* --- the other end --- */

static void
peer_send (SimSocket *self,
           const ScriptedNext *next)
{
  gsize room = self->net->shape.window - MIN (self->net->shape.window, self->in_flight_to_us + self->in->len);
  gsize n = MIN (room, next->len);

  post_data (self, FALSE, next->data, n);
  scripted_peer_sent (self->peer, n, self->net->now);
}

static void
peer_wake (SimSocket *self,
           gint64 at)
{
  if (self->peer_wake_at == at)
    return;
  self->peer_wake_at = at;
  post (self, at, TRUE)->wake = TRUE;
}

static void
peer_run (SimSocket *self)
{
  SimNet *net = self->net;

  while (!self->peer_ended && self->in_flight_to_us + self->in->len < net->shape.window)
    {
      ScriptedNext next = scripted_peer_next (self->peer, net->now);

      if (next.kind == SCRIPTED_NEXT_INPUT)
        return;
      if (next.kind == SCRIPTED_NEXT_WAIT)
        {
          peer_wake (self, next.at);
          return;
        }
      if (next.kind == SCRIPTED_NEXT_SEND)
        peer_send (self, &next);
      else
        {
          self->peer_ended = TRUE;
          post (self, arrival (self, FALSE, FALSE), FALSE)->end = next.how;
        }
    }
}

static void
arrive_at_peer (SimSocket *self,
                Parcel *parcel)
{
  if (parcel->wake)
    self->peer_wake_at = 0;
  if (parcel->end != SCRIPTED_END_NONE)
    scripted_peer_eof (self->peer);
  if (parcel->data != NULL)
    {
      self->in_flight_to_peer -= parcel->data->len;
      scripted_peer_feed (self->peer, parcel->data->data, parcel->data->len, self->net->now);
      if (self->socket != NULL)
        gm_socket_post (self->socket, GM_IO_OUT);
    }
  peer_run (self);
}

static void
arrive_at_us (SimSocket *self,
              Parcel *parcel)
{
  if (parcel->wake)
    {
      self->connected = TRUE;
      gm_socket_post (self->socket, GM_IO_OUT);
      peer_run (self);
      return;
    }
  if (parcel->data != NULL)
    {
      self->in_flight_to_us -= parcel->data->len;
      g_byte_array_append (self->in, parcel->data->data, parcel->data->len);
    }
  self->ended |= parcel->end != SCRIPTED_END_NONE;
  self->reset |= parcel->end == SCRIPTED_END_RESET;
  gm_socket_post (self->socket, self->ended ? GM_IO_IN | GM_IO_HUP : GM_IO_IN);
}

static void
deliver (Parcel *parcel)
{
  if (parcel->to_peer)
    arrive_at_peer (parcel->socket, parcel);
  else
    arrive_at_us (parcel->socket, parcel);
}

/* --- our end: a layer --- */

static GmResult
sim_connect (GmLayer *layer)
{
  SimSocket *self = (SimSocket *) layer;

  if (self->socket != NULL)
    return self->connected ? GM_OK : GM_AGAIN;
  self->socket = gm_socket_new (layer->host->reactor, -1, layer->host->owner);
  self->socket->holder = layer->host->holder;
  gm_socket_set_want (self->socket, GM_IO_OUT);
  self->index = self->net->n_connections++;
  self->net->n_open++;
  self->peer = scripted_peer_new (self->index, &scripted_book_world, &self->net->book);
  post (self, self->net->now + 2 * self->net->shape.latency_us, FALSE)->wake = TRUE;
  return GM_AGAIN;
}

static GmResult
sim_send (GmLayer *layer,
          const char *data,
          gsize len,
          gsize *n_sent)
{
  SimSocket *self = (SimSocket *) layer;
  gsize room = self->net->shape.window - self->in_flight_to_peer;

  if (self->reset)
    {
      gm_error_set (layer->host->error, GM_SEND_FAILED, GM_PHASE_REQUEST, EPIPE);
      return GM_SEND_FAILED;
    }
  if (room == 0)
    {
      self->socket->ready &= ~GM_IO_OUT;
      return GM_AGAIN;
    }
  *n_sent = MIN (len, room);
  post_data (self, TRUE, (const guint8 *) data, *n_sent);
  /* A peer that closed answers what still comes with a reset. */
  if (self->ended)
    self->reset = TRUE;
  return GM_OK;
}

static GmResult
sim_recv (GmLayer *layer,
          char *data,
          gsize len,
          gsize *n_read)
{
  SimSocket *self = (SimSocket *) layer;

  /* A reset takes along what was not read. */
  if (self->reset)
    {
      gm_error_set (layer->host->error, GM_RECV_FAILED, GM_PHASE_RESPONSE, ECONNRESET);
      return GM_RECV_FAILED;
    }
  *n_read = MIN (len, self->in->len);
  if (*n_read > 0)
    {
      memcpy (data, self->in->data, *n_read);
      g_byte_array_remove_range (self->in, 0, (guint) *n_read);
      peer_run (self);
      return GM_OK;
    }
  if (self->ended)
    return GM_OK;
  self->socket->ready &= ~GM_IO_IN;
  return GM_AGAIN;
}

static gboolean
sim_query (GmLayer *layer,
           GmQuery query,
           gpointer answer)
{
  SimSocket *self = (SimSocket *) layer;
  gboolean alive = self->connected && !self->ended && self->in->len == 0;

  return bare_socket_query (self->socket, alive, self->connected ? GM_IO_NONE : GM_IO_OUT, query, answer);
}

static void
sim_adjust (GmLayer *layer,
            GmIo want)
{
  SimSocket *self = (SimSocket *) layer;

  if (self->socket != NULL)
    gm_socket_set_want (self->socket, self->connected ? want : GM_IO_OUT);
}

static void
sim_free (GmLayer *layer)
{
  SimSocket *self = (SimSocket *) layer;
  GSequenceIter *iter = g_sequence_get_begin_iter (self->net->parcels);

  while (!g_sequence_iter_is_end (iter))
    {
      GSequenceIter *next = g_sequence_iter_next (iter);

      if (((Parcel *) g_sequence_get (iter))->socket == self)
        g_sequence_remove (iter);
      iter = next;
    }
  if (self->socket != NULL)
    {
      gm_socket_close (self->socket);
      self->net->n_open--;
    }
  if (self->peer != NULL)
    scripted_peer_free (self->peer);
  g_byte_array_unref (self->in);
  g_free (self);
}

static const GmLayerType sim_type = {
  .name = "sim",
  .connect = sim_connect,
  .send = sim_send,
  .recv = sim_recv,
  .query = sim_query,
  .adjust = sim_adjust,
  .free = sim_free,
};

static GmLayer *
new_layer (const void *address,
           guint address_len,
           gpointer data)
{
  SimSocket *self = g_new0 (SimSocket, 1);

  self->layer.type = &sim_type;
  self->net = data;
  self->in = g_byte_array_new ();
  return &self->layer;
}

static GmLayer *
wrap_layer (GmLayer *layer,
            gpointer data)
{
  SimNet *self = data;

  return self->wrap != NULL ? self->wrap (layer, self->wrap_data) : layer;
}

/* --- the net --- */

static gint64
monotonic_cb (gpointer user_data)
{
  return ((SimNet *) user_data)->now;
}

static gint64
wall_cb (gpointer user_data)
{
  return 1795255200; /* one Saturday in November 2026 */
}

SimNet *
sim_net_new (const SimNetShape *shape)
{
  SimNet *self = g_new0 (SimNet, 1);

  self->clock = (GmClock){ monotonic_cb, wall_cb, self };
  self->now = G_USEC_PER_SEC;
  self->shape = shape != NULL ? *shape : (SimNetShape){ 1000, 65536, 0 };
  scripted_book_init (&self->book);
  self->parcels = g_sequence_new (parcel_free);
  return self;
}

void
sim_net_free (SimNet *self)
{
  g_assert_cmpuint (self->n_open, ==, 0);
  g_sequence_free (self->parcels);
  scripted_book_clear (&self->book);
  g_free (self);
}

const GmClock *
sim_net_get_clock (SimNet *self)
{
  return &self->clock;
}

gint64
sim_net_get_now (SimNet *self)
{
  return self->now;
}

ScriptedBook *
sim_net_get_book (SimNet *self)
{
  return &self->book;
}

void
sim_net_attach (SimNet *self,
                GmMulti *multi,
                GmLayer *(*wrap) (GmLayer *layer, gpointer data),
                gpointer wrap_data)
{
  self->wrap = wrap;
  self->wrap_data = wrap_data;
  gm_pool_set_hooks (gm_multi_get_pool (multi), new_layer, wrap_layer, self);
}

guint
sim_net_n_connections (SimNet *self)
{
  return self->n_connections;
}

guint
sim_net_n_open (SimNet *self)
{
  return self->n_open;
}

static gint64
next_arrival (SimNet *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->parcels);

  return g_sequence_iter_is_end (first) ? -1 : ((Parcel *) g_sequence_get (first))->at;
}

static void
deliver_due (SimNet *self)
{
  GSequenceIter *first;

  while (!g_sequence_iter_is_end (first = g_sequence_get_begin_iter (self->parcels)))
    {
      Parcel *parcel = g_sequence_get (first), copy = *parcel;

      if (parcel->at > self->now)
        return;
      parcel->data = NULL;
      g_sequence_remove (first);
      deliver (&copy);
      g_clear_pointer (&copy.data, g_byte_array_unref);
    }
}

gboolean
sim_net_turn (SimNet *self,
              GmMulti *multi)
{
  gint64 arrival, next;

  gm_multi_turn (multi, 0);
  next = gm_multi_get_next (multi);
  if (next == 0)
    return TRUE;
  arrival = next_arrival (self);
  if (next < 0 && arrival < 0)
    return FALSE;
  if (next < 0 || (arrival >= 0 && arrival < next))
    next = arrival;
  self->now = MAX (self->now, next);
  deliver_due (self);
  return TRUE;
}
