/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-doh.h"

#include "gm-alloc.h"
#include "gm-trace.h"

static void
on_timer (GmTimer *timer,
          gint64 now)
{
  GmTransfer *self = (GmTransfer *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmTransfer, timer));

  GM_TRACE (TIMER, self->id, 0, "a deadline has come");
  gm_reactor_queue (gm_multi_get_reactor (self->multi), &self->runnable);
}

static void
set_up (GmTransfer *self,
        const GmClientOps *ops,
        gpointer face)
{
  static guint64 last_id;

  self->client = (GmClient){ ops, face };
  self->id = __atomic_add_fetch (&last_id, 1, __ATOMIC_RELAXED);
  self->link.data = self;
  self->timer.fire = on_timer;
  self->waiter.runnable = &self->runnable;
  self->result = GM_AGAIN;
  self->info.download_size = self->info.upload_size = self->info.filetime = -1;
  gm_transfer_start (self);
}

GmTransfer *
gm_transfer_new (const GmClientOps *ops,
                 gpointer face)
{
  GmTransfer *self = gm_new0 (GmTransfer);

  self->transfer_settings = &gm_transfer_settings_default;
  self->connect_settings = &gm_connect_settings_default;
  self->request_settings = &gm_request_settings_default;
  set_up (self, ops, face);

  return self;
}

static void
share_settings (GmTransfer *self,
                GmTransfer *from)
{
  self->transfer_settings = gm_transfer_settings_ref (from->transfer_settings);
  self->connect_settings = gm_connect_settings_ref (from->connect_settings);
  self->request_settings = gm_request_settings_ref (from->request_settings);
  self->overrides_fed = 0;
}

GmTransfer *
gm_transfer_dup (GmTransfer *self,
                 gpointer face)
{
  GmTransfer *copy = gm_new0 (GmTransfer);

  share_settings (copy, self);
  set_up (copy, self->client.ops, face);

  return copy;
}

static void
forget (GmTransfer *self)
{
  g_clear_pointer (&self->url, gm_url_unref);
  g_clear_pointer (&self->headers, gm_headers_unref);
  gm_info_clear (&self->info);
  gm_error_clear (&self->error);
  self->result = GM_AGAIN;
  self->has_run = FALSE;
}

static void
drop_settings (GmTransfer *self)
{
  gm_transfer_settings_unref (self->transfer_settings);
  gm_connect_settings_unref (self->connect_settings);
  gm_request_settings_unref (self->request_settings);
  self->transfer_settings = &gm_transfer_settings_default;
  self->connect_settings = &gm_connect_settings_default;
  self->request_settings = &gm_request_settings_default;
}

void
gm_transfer_assign (GmTransfer *self,
                    GmTransfer *from)
{
  if (self->multi != NULL || self == from)
    return;

  drop_settings (self);
  share_settings (self, from);
}

void
gm_transfer_reset (GmTransfer *self)
{
  if (self->multi != NULL)
    return;

  drop_settings (self);
  forget (self);
  self->flow.paused = 0;
}

void
gm_transfer_destroy (GmTransfer *self)
{
  if (self->raw != NULL)
    gm_transfer_drop_raw (self);
  forget (self);
  drop_settings (self);
  g_clear_pointer (&self->group_rates, gm_rates_unref);
  g_free (self->send_meter);
  g_free (self);
}

void
gm_transfer_free (GmTransfer *self)
{
  if (self->multi != NULL)
    gm_multi_remove (self->multi, self);
  if (self->stepping > 0)
    self->dead = TRUE;
  else
    gm_transfer_destroy (self);
}

gpointer
gm_transfer_get_face (GmTransfer *self)
{
  return self->client.face;
}

gboolean
gm_transfer_is_hidden (GmTransfer *self)
{
  return gm_doh_is_asking (self);
}

GmTransfer *
gm_transfer_from_client (GmClient *client)
{
  return (GmTransfer *) (gpointer) ((char *) client - G_STRUCT_OFFSET (GmTransfer, client));
}

void
gm_transfer_set_ops (GmTransfer *self,
                     const GmClientOps *ops)
{
  self->client.ops = ops;
}

guint64
gm_transfer_get_id (GmTransfer *self)
{
  return self->id;
}

/* ---- running ---- */

void
gm_transfer_set_rates (GmTransfer *self,
                       GmRates *rates)
{
  gboolean shares = self->multi != NULL && self->state != GM_STATE_DONE;

  if (rates == self->group_rates)
    return;

  if (self->group_rates != NULL && shares)
    gm_rates_share (self->group_rates, -1);
  g_clear_pointer (&self->group_rates, gm_rates_unref);
  if (rates != NULL)
    {
      self->group_rates = gm_rates_ref (rates);
      if (shares)
        gm_rates_share (rates, 1);
    }
  gm_transfer_look_at_rates (self);
}

void
gm_transfer_set_urgency (GmTransfer *self,
                         guint urgency)
{
  GmRun *run = self->run;

  gm_transfer_set_int (self, GM_OPTION_URGENCY, 1 + (gint64) urgency);
  if (self->state == GM_STATE_RUNNING && run != NULL && run->begun && run->request.protocol->set_urgency != NULL)
    run->request.protocol->set_urgency (&run->request, urgency);
}

void
gm_transfer_look_at_rates (GmTransfer *self)
{
  if (self->multi != NULL && self->deadlines[GM_DEADLINE_RATE] != 0)
    gm_reactor_queue (gm_multi_get_reactor (self->multi), &self->runnable);
}

void
gm_transfer_pause (GmTransfer *self,
                   GmPause pause)
{
  guint8 lifted = self->flow.paused & (guint8) ~pause;

  GM_TRACE (BODY, self->id, 0, "paused: %u instead of %u", pause, self->flow.paused);
  self->flow.paused = (guint8) pause;
  if (lifted != 0)
    gm_slowness_reset (&self->slowness);
  /* Also when a pause begins: what the sockets are watched for depends on it. */
  if (self->multi != NULL && self->state == GM_STATE_RUNNING)
    gm_reactor_queue (gm_multi_get_reactor (self->multi), &self->runnable);
}

GmPause
gm_transfer_get_pause (GmTransfer *self)
{
  return (GmPause) self->flow.paused;
}

gsize
gm_transfer_get_held (GmTransfer *self)
{
  return self->run != NULL ? self->run->request.client_sink.held_len : 0;
}

int
gm_transfer_get_fd (GmTransfer *self,
                    GmMulti *multi)
{
  GmReactor *reactor;
  GmSocket *socket;

  if (self->run != NULL && self->run->request.connection != NULL)
    {
      socket = gm_connection_get_socket (self->run->request.connection);
      return socket != NULL ? socket->fd : -1;
    }
  if (self->last_generation == 0)
    return -1;

  reactor = gm_multi_get_reactor (multi);
  if (self->last_slot >= reactor->slots->len)
    return -1;
  socket = g_ptr_array_index (reactor->slots, self->last_slot);

  return socket != NULL && socket->generation == self->last_generation ? socket->fd : -1;
}

/* ---- what is known ---- */

GmTransferState
gm_transfer_get_state (GmTransfer *self)
{
  return self->state;
}

GmMulti *
gm_transfer_get_multi (GmTransfer *self)
{
  return self->multi;
}

GmResult
gm_transfer_get_result (GmTransfer *self)
{
  return self->result;
}

const GmError *
gm_transfer_get_error (GmTransfer *self)
{
  return &self->error;
}

const GmInfo *
gm_transfer_get_info (GmTransfer *self)
{
  return &self->info;
}

void
gm_transfer_take_info (GmTransfer *self,
                       GmInfo *info)
{
  gm_info_take (info, &self->info);
}

GmHeaders *
gm_transfer_get_headers (GmTransfer *self)
{
  return self->headers;
}

GmUrl *
gm_transfer_get_url (GmTransfer *self)
{
  return self->url;
}

const GmStringList *
gm_transfer_get_request_headers (GmTransfer *self)
{
  return self->request_settings->headers;
}

GmPhase
gm_transfer_get_phase (GmTransfer *self)
{
  GmPhase phase = GM_PHASE_CONNECT;

  switch (self->state)
    {
    case GM_STATE_CONNECTING:
      if (self->run->request.connection->top != NULL)
        gm_layer_query (self->run->request.connection->top, GM_QUERY_PHASE, &phase);
      return phase;
    case GM_STATE_RUNNING:
      return self->run->request.phase;
    case GM_STATE_STARTING:
      if (self->run == NULL || self->run->question.kind == GM_QUESTION_NONE)
        return GM_PHASE_NONE;
      return self->run->question.kind == GM_QUESTION_PROXY ? GM_PHASE_PROXY_LOOKUP : GM_PHASE_PROXY;
    case GM_STATE_IDLE:
    case GM_STATE_PENDING:
    case GM_STATE_DONE:
    default:
      return GM_PHASE_NONE;
    }
}

guint64
gm_transfer_get_speed (GmTransfer *self,
                       gboolean upload)
{
  const GmInfo *info = &self->info;
  gint64 now;

  if (info->ended != 0)
    now = info->ended;
  else if (self->multi != NULL)
    now = gm_multi_get_reactor (self->multi)->now;
  else
    return 0;

  if (upload)
    return self->send_meter != NULL ? gm_meter_speed (self->send_meter, now, info->uploaded) : 0;

  return gm_meter_speed (&self->recv_meter, now, info->downloaded);
}

const char *
gm_transfer_get_method (GmTransfer *self)
{
  static const char *const words[] = { "GET", "HEAD", "POST", "PUT" };
  const GmRequestSettings *settings = self->request_settings;
  GmMethod method = (GmMethod) settings->method;
  gboolean custom = TRUE;

  if (self->run != NULL)
    {
      method = self->run->request.method;
      custom = self->run->request.keep_custom_method;
    }
  else if (self->has_run)
    {
      method = (GmMethod) self->last_method;
      custom = self->last_custom_method;
    }

  if (settings->custom_method != NULL && custom)
    return settings->custom_method;
  if (settings->no_body)
    method = GM_METHOD_HEAD;

  return words[method];
}
