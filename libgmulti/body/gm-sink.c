/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sink.h"

#include <string.h>

GmResult
gm_sink_finish (GmSink *self)
{
  for (; self != NULL; self = self->next)
    if (self->type->finish != NULL)
      return self->type->finish (self);

  return GM_OK;
}

void
gm_sink_free (GmSink *self)
{
  while (self != NULL)
    {
      GmSink *next = self->next;

      if (self->type->free != NULL)
        self->type->free (self);
      self = next;
    }
}

/* ---- client ---- */

static GmResult
keep (GmSinkClient *self,
      const char *data,
      gsize len)
{
  gsize need = self->held_len + len;

  if (self->held_pos > 0)
    {
      memmove (self->held, self->held + self->held_pos, self->held_len);
      self->held_pos = 0;
    }
  if (need > self->held_size)
    {
      char *grown = g_try_realloc (self->held, need);

      if (grown == NULL)
        return GM_OUT_OF_MEMORY;
      self->held = grown;
      self->held_size = need;
    }
  memcpy (self->held + self->held_len, data, len);
  self->held_len += len;

  return GM_OK;
}

static GmResult
judge (GmSinkClient *self,
       GmAnswer answer)
{
  switch (answer)
    {
    case GM_ANSWER_OK:
      return GM_OK;
    case GM_ANSWER_PAUSE:
      self->flow->paused |= GM_FLOW_RECV;
      return GM_AGAIN;
    case GM_ANSWER_ABORT:
      return GM_ABORTED;
    case GM_ANSWER_FAIL:
    default:
      return GM_WRITE_FAILED;
    }
}

/* Offers @len bytes; *@taken says how many are gone, less than all only with AGAIN. */
static GmResult
offer (GmSinkClient *self,
       const char *data,
       gsize len,
       gsize *taken)
{
  GmResult result;

  *taken = len;
  if (self->client->ops->write == NULL)
    return GM_OK;

  result = judge (self, self->client->ops->write (self->client, data, len, taken));
  *taken = MIN (*taken, len);
  return result == GM_OK && *taken < len ? GM_WRITE_FAILED : result;
}

static GmResult
sink_client_write (GmSink *sink,
                   const char *data,
                   gsize len)
{
  GmSinkClient *self = (GmSinkClient *) sink;
  GmResult result;
  gsize taken;

  if (len == 0)
    return GM_OK;
  if (self->max_size > 0 && (self->written >= self->max_size || len > self->max_size - self->written))
    return GM_TOO_LARGE;
  self->written += len;

  if (gm_sink_client_is_blocked (self))
    return keep (self, data, len);

  result = offer (self, data, len, &taken);
  if (result == GM_AGAIN)
    return taken < len ? keep (self, data + taken, len - taken) : GM_OK;

  return result;
}

static GmResult
sink_client_flush (GmSink *sink)
{
  return gm_sink_client_flush ((GmSinkClient *) sink);
}

static gboolean
sink_client_holds (const GmSink *sink)
{
  return ((const GmSinkClient *) sink)->held_len > 0;
}

void
gm_sink_client_init (GmSinkClient *self,
                     GmClient *client,
                     GmFlow *flow)
{
  static const GmSinkType type = { "client", sink_client_write, NULL, sink_client_flush, sink_client_holds, NULL };

  *self = (GmSinkClient){ .sink = { &type, NULL }, .client = client, .flow = flow };
}

void
gm_sink_client_clear (GmSinkClient *self)
{
  g_clear_pointer (&self->held, g_free);
  self->held_len = self->held_pos = self->held_size = 0;
}

GmResult
gm_sink_client_place (GmSinkClient *self,
                      char **data,
                      gsize *len)
{
  *data = NULL;
  /* what is too large is not wanted anywhere */
  if (self->client->ops->place == NULL || self->max_size > 0)
    return GM_OK;

  return judge (self, self->client->ops->place (self->client, data, len));
}

GmResult
gm_sink_client_flush (GmSinkClient *self)
{
  while (self->held_len > 0)
    {
      GmResult result;
      gsize taken;

      if (self->flow->paused & GM_FLOW_RECV)
        return GM_AGAIN;

      result = offer (self, self->held + self->held_pos, self->held_len, &taken);
      if (result != GM_OK && result != GM_AGAIN)
        return result;
      self->held_pos += taken;
      self->held_len -= taken;
      if (result == GM_AGAIN)
        return GM_AGAIN;
    }

  gm_sink_client_clear (self);
  return (self->flow->paused & GM_FLOW_RECV) != 0 ? GM_AGAIN : GM_OK;
}
