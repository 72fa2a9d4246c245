/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fault-layer.h"

#include <errno.h>

typedef struct _FaultLayer FaultLayer;

typedef struct
{
  FaultLayer *layer; /* (unowned) */
  gint64 until; /* µs: told to wait until then; 0: not */
  GmTimer timer;
} Hold;

struct _FaultLayer
{
  GmLayer layer; /* first member */
  FaultPlan *plan; /* (unowned) */
  Hold holds[2]; /* of receiving, of sending */
  gboolean broken;
};

void
fault_plan_clear (FaultPlan *self)
{
  g_clear_pointer (&self->rand, g_rand_free);
}

static GmSocket *
socket_of (FaultLayer *self)
{
  GmSocket *socket = NULL;

  gm_layer_query (self->layer.next, GM_QUERY_SOCKET, &socket);
  return socket;
}

static GmIo
bit_of (gboolean sending)
{
  return sending ? GM_IO_OUT : GM_IO_IN;
}

/* The transport "has room again", or "has bytes again": what AGAIN promised. */
static void
timer_cb (GmTimer *timer,
          gint64 now)
{
  Hold *hold = (Hold *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (Hold, timer));
  FaultLayer *self = hold->layer;
  GmSocket *socket = socket_of (self);

  hold->until = 0;
  if (socket != NULL)
    gm_socket_post (socket, bit_of (hold == &self->holds[TRUE]));
}

static GmResult
hold (FaultLayer *self,
      gboolean sending,
      gint64 delay_us)
{
  GmReactor *reactor = self->layer.host->reactor;
  Hold *held = &self->holds[sending];

  held->until = reactor->now + delay_us;
  gm_reactor_set_timer (reactor, &held->timer, held->until);
  socket_of (self)->ready &= (guint8) ~bit_of (sending);
  return GM_AGAIN;
}

static GmResult
fail (FaultLayer *self,
      gboolean sending)
{
  GmResult result = sending ? GM_SEND_FAILED : GM_RECV_FAILED;

  self->broken = TRUE;
  gm_error_set (self->layer.host->error, result, sending ? GM_PHASE_REQUEST : GM_PHASE_RESPONSE, ECONNRESET);
  return result;
}

/* What happens now that the position is reached; OK: go on with at most *@len bytes. */
static GmResult
at_position (FaultLayer *self,
             gboolean sending,
             gsize *len)
{
  FaultPlan *plan = self->plan;

  plan->happened = TRUE;
  switch (plan->kind)
    {
    case FAULT_AGAIN:
      return hold (self, sending, 0);
    case FAULT_DELAY:
      return hold (self, sending, plan->delay_us);
    case FAULT_RESET:
      return fail (self, sending);
    case FAULT_NONE:
    case FAULT_SHORT:
    case FAULT_RANDOM:
    default:
      return GM_OK;
    }
}

static GmResult
at_random (FaultLayer *self,
           gboolean sending,
           gsize *len)
{
  FaultPlan *plan = self->plan;
  gsize most;

  if (plan->rand == NULL)
    plan->rand = g_rand_new_with_seed (plan->seed);
  plan->happened = TRUE;
  switch (g_rand_int_range (plan->rand, 0, 6))
    {
    case 0:
      return hold (self, sending, 0);
    case 1:
      return hold (self, sending, g_rand_int_range (plan->rand, 1, 3000));
    case 2:
      *len = 1;
      return GM_OK;
    case 3:
    case 4:
      most = (gsize) g_rand_int_range (plan->rand, 1, 50);
      *len = MIN (*len, most);
      return GM_OK;
    default:
      return GM_OK;
    }
}

/* Before each operation: OK with *@len shortened perhaps, or what the operation answers instead. */
static GmResult
meddle (FaultLayer *self,
        gboolean sending,
        gsize *len)
{
  FaultPlan *plan = self->plan;
  guint64 at = sending ? plan->n_sent : plan->n_received;

  if (self->broken)
    return fail (self, sending);
  if (self->holds[sending].until != 0)
    {
      socket_of (self)->ready &= (guint8) ~bit_of (sending);
      return GM_AGAIN;
    }
  if (plan->kind == FAULT_RANDOM)
    return at_random (self, sending, len);
  if (plan->kind == FAULT_NONE || plan->happened || plan->sending != sending)
    return GM_OK;
  if (at >= plan->position)
    return at_position (self, sending, len);
  *len = (gsize) MIN (*len, plan->position - at);
  return GM_OK;
}

static GmResult
fault_send (GmLayer *layer,
            const char *data,
            gsize len,
            gsize *n_sent)
{
  FaultLayer *self = (FaultLayer *) layer;
  GmResult result = meddle (self, TRUE, &len);

  if (result == GM_OK)
    result = gm_layer_send (layer->next, data, len, n_sent);
  if (result == GM_OK)
    self->plan->n_sent += *n_sent;
  return result;
}

static GmResult
fault_recv (GmLayer *layer,
            char *data,
            gsize len,
            gsize *n_read)
{
  FaultLayer *self = (FaultLayer *) layer;
  GmResult result = meddle (self, FALSE, &len);

  if (result == GM_OK)
    result = gm_layer_recv (layer->next, data, len, n_read);
  if (result == GM_OK)
    self->plan->n_received += *n_read;
  return result;
}

static gboolean
fault_query (GmLayer *layer,
             GmQuery query,
             gpointer answer)
{
  FaultLayer *self = (FaultLayer *) layer;

  if (query != GM_QUERY_ALIVE || !self->broken)
    return FALSE;
  *(gboolean *) answer = FALSE;
  return TRUE;
}

static void
fault_free (GmLayer *layer)
{
  FaultLayer *self = (FaultLayer *) layer;

  for (guint i = 0; i < G_N_ELEMENTS (self->holds); i++)
    gm_reactor_set_timer (layer->host->reactor, &self->holds[i].timer, 0);
  g_free (self);
}

static const GmLayerType fault_type = {
  .name = "fault",
  .send = fault_send,
  .recv = fault_recv,
  .query = fault_query,
  .free = fault_free,
};

GmLayer *
fault_layer_wrap (GmLayer *socket_layer,
                  gpointer plan)
{
  FaultLayer *self = g_new0 (FaultLayer, 1);

  self->layer.type = &fault_type;
  self->layer.next = socket_layer;
  self->plan = plan;
  for (guint i = 0; i < G_N_ELEMENTS (self->holds); i++)
    {
      self->holds[i].layer = self;
      self->holds[i].timer.fire = timer_cb;
    }
  return &self->layer;
}
