/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-request.h"

#include "gm-data-url.h"

/* data: URLs: the URL is the answer. */

typedef struct
{
  GmDataUrl data; /* (owned) */
  gsize pos;
  gboolean told; /* the head is */
} GmData;

static GmResult
data_begin (GmRequest *request)
{
  GmData *self = gm_request_alloc (request, sizeof *self);

  request->state = self;
  request->phase = GM_PHASE_REQUEST;
  if (request->method == GM_METHOD_PUT && !request->settings->no_body)
    return GM_BAD_REQUEST;

  return gm_data_url_parse (request->url, &self->data);
}

static GmResult
tell_field (GmRequest *request,
            GmSpan name,
            GmSpan value)
{
  g_autofree char *line = g_strdup_printf ("%.*s: %.*s\r\n", (int) name.len, name.data, (int) value.len, value.data);
  GmResult result = GM_OK;

  if (request->headers != NULL)
    result = gm_headers_append (request->headers, GM_HEADER_FINAL, name, value);
  return result == GM_OK ? gm_request_tell_line (request, line, strlen (line)) : result;
}

static GmResult
tell_head (GmRequest *request,
           GmData *self)
{
  char number[GM_DECIMAL_MAX];
  gsize size = g_bytes_get_size (self->data.body);
  GmInfo *info = request->info;
  GmResult result;

  self->told = TRUE;
  request->answered = TRUE;
  request->phase = GM_PHASE_BODY;
  info->hop.times.request_end = info->hop.times.response_start = request->reactor->now;
  info->download_size = (gint64) size;
  if (request->settings->max_size > 0 && (gint64) size > request->settings->max_size)
    return GM_TOO_LARGE;

  result = tell_field (request, GM_SPAN ("Content-Type"), gm_span (self->data.media_type, strlen (self->data.media_type)));
  if (result == GM_OK)
    result = tell_field (request, GM_SPAN ("Content-Length"), gm_span (number, gm_decimal_write (number, size)));
  if (result == GM_OK)
    request->news (request, GM_NEWS_HEAD);

  return result;
}

static GmResult
deliver (GmRequest *request,
         GmData *self)
{
  GmFlow *flow = request->flow;
  gsize size;
  const char *bytes = g_bytes_get_data (self->data.body, &size);
  gsize len = gm_flow_get_room (flow, MIN (size - self->pos, GM_REQUEST_SHARE));
  GmResult result;

  if (len == 0)
    return GM_AGAIN;

  gm_flow_received (flow, len);
  request->info->downloaded += len;
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_IN, bytes + self->pos, len);
  result = gm_sink_write (request->sink, bytes + self->pos, len);
  self->pos += len;
  return result;
}

static GmResult
data_step (GmRequest *request)
{
  GmData *self = request->state;
  gsize size = g_bytes_get_size (self->data.body);
  guint64 start = request->info->downloaded;
  GmResult result = self->told ? GM_OK : tell_head (request, self);

  if (request->settings->no_body || request->method == GM_METHOD_HEAD)
    self->pos = size;
  while (result == GM_OK && (self->pos < size || request->client_sink.held_len > 0))
    {
      if (gm_sink_client_is_blocked (&request->client_sink))
        result = gm_sink_client_flush (&request->client_sink);
      else if (request->info->downloaded - start >= GM_REQUEST_SHARE)
        {
          gm_reactor_queue (request->reactor, request->owner);
          return GM_AGAIN;
        }
      if (result == GM_OK && self->pos < size)
        result = deliver (request, self);
    }
  if (result != GM_OK)
    return result;

  request->info->hop.times.response_end = request->reactor->now;
  return gm_sink_finish (request->sink);
}

static GmIo
data_want (GmRequest *request)
{
  return GM_IO_NONE;
}

static void
data_end (GmRequest *request)
{
  GmData *self = g_steal_pointer (&request->state);

  if (self != NULL)
    gm_data_url_clear (&self->data);
}

const GmProtocol gm_protocol_data = {
  .name = "data",
  .scheme = GM_SCHEME_DATA,
  .set = 1u << 5,
  .begin = data_begin,
  .step = data_step,
  .want = data_want,
  .end = data_end,
};
