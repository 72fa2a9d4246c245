/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "../bare-socket.h"
#include "gm-multi.h"
#include "gm-request-settings.h"

#include <errno.h>

/* Everything that a server may say, by the whole way from the socket to the client: engine, pool, layers, protocol, wire,
 * sinks. The sockets are simulated, the clock stands until nothing else can happen, and no name is ever looked up.
 *
 * An input is five bytes that set up (two of options, one of how the client behaves, two that seed the sizes in which bytes
 * come and go), then what the server says on its connections in order of their making. 0xff begins a word to the world:
 * 0xff 0 the server closes, 1 it resets, 2 half a second goes by, 3 the transport takes no more for now, 4 wait until
 * somebody speaks again; anything else is 0xff itself.
 *
 * Whatever comes: each transfer is told complete once and hears nothing afterwards, no more arrives than was sent, what is
 * kept is bounded by it, and at the end nothing is left. */

#define N_TRANSFERS 3

/* fuzz-http2.c has the same for another version. There a byte stands for a whole field that was sent before. fuzz-connect.c
 * has it through proxies. */
#ifndef FUZZ_VERSION
#define FUZZ_VERSION GM_HTTP_DEFAULT
#define FUZZ_EXPANSION 1
#endif
#define MAX_LAYERS 256

typedef struct _Sim Sim;

typedef struct
{
  GmLayer layer; /* first member */
  Sim *sim;
  GmSocket *socket;
  char *bytes; /* (owned): arrived and not read */
  gsize n_bytes;
  gboolean ended;
  gboolean reset;
  gboolean deaf; /* takes no more for now */
} SimLayer;

typedef struct
{
  GmClientOps ops;
  GmTransfer *transfer;
  Sim *sim;
  guint n_done;
  guint n_asked;
  gsize n_written;
  gsize n_given;
  gsize n_placed; /* room that it said there is in @place, till something is written */
  char place[3000];
} Client;

struct _Sim
{
  const guint8 *data;
  gsize size;
  gsize at;
  guint32 random;
  guint8 manners; /* third byte */
  gint64 now;
  GmMulti *multi;
  SimLayer *layers[MAX_LAYERS]; /* open ones, in order of their making */
  guint n_layers;
  guint n_made;
  gsize n_delivered;
  Client clients[N_TRANSFERS];
};

static guint32
next_random (Sim *sim)
{
  sim->random = sim->random * 1664525 + 1013904223;
  return sim->random >> 8;
}

static gint64
sim_monotonic (gpointer user_data)
{
  return ((Sim *) user_data)->now;
}

static gint64
sim_wall (gpointer user_data)
{
  return 1700000000;
}

/* ---- the simulated socket ---- */

static GmResult
sim_connect (GmLayer *layer)
{
  SimLayer *self = (SimLayer *) layer;

  if (self->socket != NULL)
    return GM_OK;

  self->socket = gm_socket_new (layer->host->reactor, -1, layer->host->owner);
  self->socket->holder = layer->host->holder;
  self->socket->ready |= GM_IO_OUT;
  return GM_OK;
}

static GmResult
sim_send (GmLayer *layer,
          const char *data,
          gsize len,
          gsize *n_sent)
{
  SimLayer *self = (SimLayer *) layer;
  gsize most = 1 + next_random (self->sim) % 4096;

  FUZZ_CHECK (len > 0);
  if (self->reset)
    return GM_SEND_FAILED;
  if (self->deaf || (self->socket->ready & GM_IO_OUT) == 0)
    {
      self->socket->ready &= (guint8) ~GM_IO_OUT;
      return GM_AGAIN;
    }
  *n_sent = MIN (len, most);
  return GM_OK;
}

static GmResult
sim_recv (GmLayer *layer,
          char *data,
          gsize len,
          gsize *n_read)
{
  SimLayer *self = (SimLayer *) layer;

  FUZZ_CHECK (len > 0);
  if (self->n_bytes > 0 && (self->socket->ready & GM_IO_IN) != 0)
    {
      *n_read = MIN (len, self->n_bytes);
      memcpy (data, self->bytes, *n_read);
      self->n_bytes -= *n_read;
      memmove (self->bytes, self->bytes + *n_read, self->n_bytes);
      return GM_OK;
    }
  if (self->reset)
    return GM_RECV_FAILED;
  if (self->ended)
    {
      *n_read = 0;
      return GM_OK;
    }
  self->socket->ready &= (guint8) ~GM_IO_IN;
  return GM_AGAIN;
}

static gboolean
sim_query (GmLayer *layer,
           GmQuery query,
           gpointer answer)
{
  SimLayer *self = (SimLayer *) layer;

  return bare_socket_query (self->socket, !self->ended && !self->reset && self->n_bytes == 0, GM_IO_NONE, query, answer);
}

static void
sim_adjust (GmLayer *layer,
            GmIo want)
{
  SimLayer *self = (SimLayer *) layer;

  if (self->socket != NULL)
    gm_socket_set_want (self->socket, want);
}

static void
sim_free (GmLayer *layer)
{
  SimLayer *self = (SimLayer *) layer;
  Sim *sim = self->sim;

  for (guint i = 0; i < sim->n_layers; i++)
    if (sim->layers[i] == self)
      {
        sim->n_layers--;
        memmove (&sim->layers[i], &sim->layers[i + 1], (sim->n_layers - i) * sizeof sim->layers[0]);
        break;
      }
  if (self->socket != NULL)
    gm_socket_close (self->socket);
  g_free (self->bytes);
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
           gpointer user_data)
{
  Sim *sim = user_data;
  SimLayer *self = g_new0 (SimLayer, 1);

  FUZZ_CHECK (sim->n_layers < MAX_LAYERS);
  self->layer.type = &sim_type;
  self->sim = sim;
  sim->layers[sim->n_layers++] = self;
  sim->n_made++;

  return &self->layer;
}

/* ---- the client ---- */

enum
{
  MANNER_PAUSE = 1 << 0, /* says "not now" at times */
  MANNER_PARTLY = 1 << 1, /* takes some */
  MANNER_ABORT = 1 << 2, /* has enough at some time */
  MANNER_HEADERS = 1 << 3, /* wants the lines */
  MANNER_TOGETHER = 1 << 4, /* all transfers at once, not one after the other */
  MANNER_LIMIT = 1 << 5, /* one connection in all */
  MANNER_PLACE = 1 << 6, /* has a place for much of a body */
  MANNER_TUNNEL = 1 << 7, /* what is said first is a proxy's answer to CONNECT, maybe to a login */
};

/* Nobody is asked before it was added and after it was told done. */
static Client *
asked (GmClient *client)
{
  Client *self = client->face;

  FUZZ_CHECK (self->n_done == 0 && gm_transfer_get_multi (self->transfer) == self->sim->multi);
  self->n_asked++;
  return self;
}

static GmAnswer
ask_write (GmClient *client,
           const char *data,
           gsize len,
           gsize *taken)
{
  Client *self = asked (client);
  guint8 manners = self->sim->manners;

  FUZZ_CHECK (len > 0 && *taken == len);
  if (data >= self->place && data < self->place + sizeof self->place)
    FUZZ_CHECK (data == self->place && len <= self->n_placed);
  self->n_placed = 0;
  if ((manners & MANNER_ABORT) != 0 && next_random (self->sim) % 64 == 0)
    return GM_ANSWER_ABORT;
  if ((manners & MANNER_PAUSE) != 0 && next_random (self->sim) % 4 == 0)
    {
      *taken = (manners & MANNER_PARTLY) != 0 ? len / 2 : 0;
      self->n_written += *taken;
      return GM_ANSWER_PAUSE;
    }
  self->n_written += len;
  return GM_ANSWER_OK;
}

static GmAnswer
ask_place (GmClient *client,
           char **data,
           gsize *len)
{
  Client *self = asked (client);

  FUZZ_CHECK (*data == NULL && *len > 0);
  switch (next_random (self->sim) % 4)
    {
    case 0:
      return GM_ANSWER_OK;
    case 1:
      return (self->sim->manners & MANNER_PAUSE) != 0 ? GM_ANSWER_PAUSE : GM_ANSWER_OK;
    default:
      self->n_placed = 1 + next_random (self->sim) % sizeof self->place;
      *data = self->place;
      *len = self->n_placed;
      return GM_ANSWER_OK;
    }
}

static GmAnswer
ask_header (GmClient *client,
            const char *line,
            gsize len)
{
  asked (client);
  FUZZ_CHECK (len > 0 && memchr (line, '\0', len) == NULL);
  return GM_ANSWER_OK;
}

static GmAnswer
ask_read (GmClient *client,
          char *buffer,
          gsize len,
          gsize *n)
{
  Client *self = asked (client);
  gsize most = MIN (len, 20000 - self->n_given);

  if ((self->sim->manners & MANNER_PAUSE) != 0 && next_random (self->sim) % 4 == 0)
    return GM_ANSWER_PAUSE;
  *n = 1 + next_random (self->sim) % 8192;
  *n = MIN (*n, most);
  memset (buffer, 'u', *n);
  self->n_given += *n;
  return GM_ANSWER_OK;
}

static GmSeekAnswer
ask_seek (GmClient *client,
          gint64 offset)
{
  Client *self = asked (client);

  FUZZ_CHECK (offset >= 0 && offset <= 20000);
  self->n_given = (gsize) offset;
  return GM_SEEK_OK;
}

/* ---- options ---- */

static void
set_up_client (Client *self,
               guint8 first,
               guint8 second)
{
  static const GmMethod methods[] = { GM_METHOD_GET, GM_METHOD_HEAD, GM_METHOD_POST, GM_METHOD_PUT };
  static const GmFollow follows[] = { GM_FOLLOW_NO, GM_FOLLOW_ALL, GM_FOLLOW_OBEY, GM_FOLLOW_ALL };
  GmTransfer *transfer;

  self->ops = (GmClientOps){ .write = ask_write, .read = ask_read, .seek = ask_seek };
  if (self->sim->manners & MANNER_HEADERS)
    self->ops.header = ask_header;
  if (self->sim->manners & MANNER_PLACE)
    self->ops.place = ask_place;
  transfer = self->transfer = gm_transfer_new (&self->ops, self);
  gm_transfer_set_string (transfer, GM_OPTION_URL, "http://user:secret@fuzz.example/a/b?c");
#ifdef FUZZ_SET_UP
  FUZZ_SET_UP (transfer, second);
#else
  if (self->sim->manners & MANNER_TUNNEL)
    {
      gm_transfer_set_string (transfer, GM_OPTION_PROXY, "http://me:secret@192.0.2.1:3128");
      gm_transfer_set_int (transfer, GM_OPTION_PROXY_TUNNEL, TRUE);
      gm_transfer_set_int (transfer, GM_OPTION_PROXY_AUTH, GM_AUTH_BASIC | GM_AUTH_DIGEST);
    }
  else
    gm_transfer_set_string (transfer, GM_OPTION_UNIX_PATH, "/nowhere");
#endif
  gm_transfer_set_int (transfer, GM_OPTION_HTTP_VERSION, FUZZ_VERSION);
  gm_transfer_set_int (transfer, GM_OPTION_TIMEOUT_MS, 100000);
  gm_transfer_set_int (transfer, GM_OPTION_MAX_REDIRECTS, 20);
  gm_transfer_set_int (transfer, GM_OPTION_METHOD, methods[first & 3]);
  if (methods[first & 3] == GM_METHOD_POST && (first & 128) != 0)
    gm_transfer_set_pointer (transfer, GM_OPTION_POST_DATA, "field=value");
  gm_transfer_set_int (transfer, GM_OPTION_FOLLOW, follows[(first >> 2) & 3]);
  gm_transfer_set_int (transfer, GM_OPTION_ALLOW_HTTP09, (first >> 4) & 1);
  gm_transfer_set_int (transfer, GM_OPTION_FAIL_ON_ERROR, (first >> 5) & 1);
  gm_transfer_set_int (transfer, GM_OPTION_IGNORE_LENGTH, (first >> 6) & 1);
  gm_transfer_set_int (transfer, GM_OPTION_UPLOAD_SIZE, (first & 128) != 0 ? 20000 : -1);
  gm_transfer_set_int (transfer, GM_OPTION_NO_BODY, second & 1);
  gm_transfer_set_int (transfer, GM_OPTION_RAW_TRANSFER, (second >> 1) & 1);
  gm_transfer_set_int (transfer, GM_OPTION_HEADERS_IN_BODY, (second >> 2) & 1);
  if (second & 8)
    gm_transfer_set_string (transfer, GM_OPTION_RANGE, "2-9");
  if (second & 16)
    gm_transfer_set_int (transfer, GM_OPTION_RESUME_FROM, 3);
  if (second & 32)
    gm_transfer_set_int (transfer, GM_OPTION_MAX_SIZE, 100);
  if (second & 64)
    gm_transfer_set_int (transfer, GM_OPTION_MAX_RECV_SPEED, 1000);
  gm_transfer_set_int (transfer, GM_OPTION_WANT_FILETIME, second >> 7);
}

/* ---- the world ---- */

/* Bytes for the newest connection. What nobody is there for waits. */
static gboolean
deliver (Sim *sim)
{
  SimLayer *layer = sim->n_layers > 0 ? sim->layers[sim->n_layers - 1] : NULL;
  gsize most = 1 + next_random (sim) % ((sim->random & 0x40) != 0 ? 8 : 2048);
  gsize n = 0;

  if (layer == NULL || layer->socket == NULL || layer->ended || layer->reset)
    return FALSE;

  layer->bytes = g_realloc (layer->bytes, layer->n_bytes + most);
  while (n < most && sim->at < sim->size)
    {
      guint8 byte = sim->data[sim->at];

      if (byte == 0xff && sim->at + 1 < sim->size && sim->data[sim->at + 1] <= 4)
        break;
      layer->bytes[layer->n_bytes++] = (char) byte;
      sim->at++;
      n++;
    }
  sim->n_delivered += n;
  if (n > 0)
    gm_socket_post (layer->socket, GM_IO_IN);

  return n > 0;
}

static gboolean
hear_word (Sim *sim)
{
  SimLayer *layer = sim->n_layers > 0 ? sim->layers[sim->n_layers - 1] : NULL;

  if (layer == NULL || layer->socket == NULL || sim->at + 1 >= sim->size || sim->data[sim->at] != 0xff ||
      sim->data[sim->at + 1] > 4)
    return FALSE;

  sim->at += 2;
  switch (sim->data[sim->at - 1])
    {
    case 0:
    case 1:
      layer->ended = TRUE;
      layer->reset = sim->data[sim->at - 1] == 1;
      gm_socket_post (layer->socket, GM_IO_IN | GM_IO_HUP);
      break;
    case 2:
      sim->now += G_USEC_PER_SEC / 2;
      break;
    case 3:
      layer->deaf = TRUE;
      break;
    default:
      break;
    }
  return TRUE;
}

static gboolean
lift (Sim *sim)
{
  gboolean any = FALSE;

  for (guint i = 0; i < N_TRANSFERS; i++)
    if (sim->clients[i].n_done == 0 && gm_transfer_get_pause (sim->clients[i].transfer) != GM_PAUSE_NONE)
      {
        gm_transfer_pause (sim->clients[i].transfer, GM_PAUSE_NONE);
        any = TRUE;
      }
  for (guint i = 0; i < sim->n_layers; i++)
    if (sim->layers[i]->deaf && sim->layers[i]->socket != NULL)
      {
        sim->layers[i]->deaf = FALSE;
        gm_socket_post (sim->layers[i]->socket, GM_IO_OUT);
        any = TRUE;
      }

  return any;
}

/* Nothing more will be said. */
static gboolean
end_all (Sim *sim)
{
  gboolean any = FALSE;

  if (sim->at < sim->size && sim->n_layers > 0 && !sim->layers[sim->n_layers - 1]->ended)
    return FALSE;
  for (guint i = 0; i < sim->n_layers; i++)
    if (!sim->layers[i]->ended && sim->layers[i]->socket != NULL)
      {
        sim->layers[i]->ended = TRUE;
        gm_socket_post (sim->layers[i]->socket, GM_IO_IN | GM_IO_HUP);
        any = TRUE;
      }

  return any;
}

static void
take_facts (Sim *sim)
{
  GmTransfer *transfer;
  guint facts = 0;

  while ((transfer = gm_multi_pop_fact (sim->multi, &facts)) != NULL)
    {
      Client *client = gm_transfer_get_face (transfer);

      FUZZ_CHECK (facts == GM_FACT_DONE);
      client->n_done++;
      FUZZ_CHECK (client->n_done == 1 && gm_transfer_get_result (transfer) != GM_AGAIN);
    }
}

/* What one of them holds, and has been given, is no more than what came. */
static void
check_bounds (Sim *sim)
{
  for (guint i = 0; i < N_TRANSFERS; i++)
    {
      Client *client = &sim->clients[i];
      GmHeaders *headers;

      if (gm_transfer_get_multi (client->transfer) == NULL)
        continue;
      headers = gm_transfer_get_headers (client->transfer);
      FUZZ_CHECK (headers == NULL || gm_headers_get_n_bytes (headers) <= FUZZ_EXPANSION * sim->n_delivered);
      FUZZ_CHECK (gm_transfer_get_held (client->transfer) <= FUZZ_EXPANSION * sim->n_delivered);
      /* Head lines may have gone into the body, too. */
      FUZZ_CHECK (client->n_written <= 2 * FUZZ_EXPANSION * sim->n_delivered);
    }
}

static void
run (Sim *sim)
{
  guint turns = 0;
  guint most = 20000 + 64 * (guint) sim->size;

  while (gm_multi_n_running (sim->multi) > 0)
    {
      gint64 next;

      FUZZ_CHECK (turns++ < most);
      gm_multi_turn (sim->multi, 0);
      take_facts (sim);
      check_bounds (sim);
      next = gm_multi_get_next (sim->multi);
      if (next == 0)
        continue;
      if (deliver (sim) || hear_word (sim) || lift (sim) || end_all (sim))
        continue;
      /* Only time can bring it on, and there is a limit to it. */
      FUZZ_CHECK (next > 0 || gm_multi_n_running (sim->multi) == 0);
      sim->now = MAX (sim->now, next);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  Sim sim = { .data = data, .size = size, .at = 5, .now = 1000 * G_USEC_PER_SEC };
  GmClock clock = { sim_monotonic, sim_wall, &sim };
  GmMultiLimits limits;

  if (size < 5)
    return 0;

  sim.manners = data[2];
  sim.random = (guint32) (data[3] << 8 | data[4]) + 1;
  sim.multi = gm_multi_new (&clock, NULL, GM_FACT_DONE, &sim);
  gm_pool_set_hooks (gm_multi_get_pool (sim.multi), new_layer, NULL, &sim);
  limits = *gm_multi_get_limits (sim.multi);
  limits.pool.max_total = (sim.manners & MANNER_LIMIT) != 0 ? 1 : 0;
  gm_multi_set_limits (sim.multi, &limits);

  for (guint i = 0; i < N_TRANSFERS; i++)
    {
      sim.clients[i].sim = &sim;
      set_up_client (&sim.clients[i], data[0], data[1]);
    }
  for (guint i = 0; i < N_TRANSFERS; i++)
    {
      FUZZ_CHECK (gm_multi_add (sim.multi, sim.clients[i].transfer) == GM_OK);
      if ((sim.manners & MANNER_TOGETHER) == 0)
        run (&sim);
    }
  run (&sim);

  for (guint i = 0; i < N_TRANSFERS; i++)
    {
      FUZZ_CHECK (sim.clients[i].n_done == 1);
      gm_transfer_free (sim.clients[i].transfer);
    }
  gm_multi_free (sim.multi);
  FUZZ_CHECK (sim.n_layers == 0);

  return 0;
}
