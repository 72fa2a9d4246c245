/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-request.h"

const GmProtocol *
gm_protocol_find (GmScheme scheme)
{
  static const GmProtocol *const protocols[] = {
    &gm_protocol_http,
    &gm_protocol_https,
    &gm_protocol_file,
    &gm_protocol_data,
  };

  for (guint i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (protocols[i]->scheme == scheme)
      return protocols[i];

  return NULL;
}

gpointer
gm_request_alloc (GmRequest *self,
                  gsize size)
{
  gpointer memory = self->arena;

  size = (size + 15) & ~(gsize) 15;
  if (size > self->arena_left)
    g_error ("a protocol asks for more than GM_REQUEST_ARENA");
  self->arena += size;
  self->arena_left -= size;

  return memory;
}

GmResult
gm_request_flush (GmRequest *self)
{
  GmResult result = gm_sink_flush (self->sink);

  /* Nobody else would wake it: the socket is silent perhaps, and no pause will be lifted. */
  if (result == GM_AGAIN && (self->flow->paused & GM_FLOW_RECV) == 0)
    gm_reactor_queue (self->reactor, self->owner);

  return result;
}

GmResult
gm_request_tell_line (GmRequest *self,
                      const char *line,
                      gsize len)
{
  GmClient *client = self->client;

  if (client->ops->debug != NULL)
    client->ops->debug (client, GM_DEBUG_HEADER_IN, line, len);
  if (client->ops->header == NULL)
    return GM_OK;

  switch (client->ops->header (client, line, len))
    {
    case GM_ANSWER_ABORT:
      return GM_ABORTED;
    case GM_ANSWER_FAIL:
      return GM_WRITE_FAILED;
    case GM_ANSWER_OK:
    case GM_ANSWER_PAUSE:
    default:
      return GM_OK;
    }
}
