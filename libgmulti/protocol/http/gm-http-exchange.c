/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-http1-write.h"
#include "gm-trace.h"

/* What an exchange means is the same for each version: its milestones, as the client and the clocks see them. */

static gboolean
is_interim (guint status)
{
  return status >= 100 && status < 200;
}

void
gm_http_request_is_sent (GmHttp *self)
{
  GmRequest *request = self->request;

  request->info->hop.times.request_end = request->reactor->now;
  request->wake_at = 0;
  request->waiting_for_answer = !request->answered || is_interim (request->info->hop.status);
  if (request->waiting_for_answer)
    request->phase = GM_PHASE_RESPONSE;
  if (self->upload != GM_HTTP_UPLOAD_NONE && request->client->ops->note != NULL)
    request->client->ops->note (request->client, GM_NOTE_UPLOADED, NULL, 0);
}

void
gm_http_answer_begins (GmHttp *self)
{
  GmRequest *request = self->request;

  if (request->answered)
    return;

  request->answered = TRUE;
  request->waiting_for_answer = FALSE;
  request->phase = GM_PHASE_RESPONSE;
  request->info->hop.times.response_start = request->reactor->now;
}

void
gm_http_answer_goes_on (GmHttp *self,
                        gboolean sending)
{
  GmRequest *request = self->request;

  request->phase = sending ? GM_PHASE_REQUEST : GM_PHASE_RESPONSE;
  request->waiting_for_answer = !sending;
}

GmResult
gm_http_body_is_complete (GmHttp *self,
                          const GmHttpPlan *plan)
{
  GmRequest *request = self->request;

  request->info->hop.times.response_end = request->reactor->now;
  return plan->ignore_body ? GM_OK : gm_sink_finish (request->sink);
}

gboolean
gm_http_tells_lines (const GmHttp *self)
{
  const GmRequest *request = self->request;

  return request->client->ops->header != NULL || request->client->ops->debug != NULL ||
         request->settings->headers_in_body || GM_TRACE_ON (HEADER);
}

typedef struct
{
  GmByteBuilder *out;
  GmResult result; /* the first that cannot be sent */
} Trailers;

static void
add_trailer (gpointer data,
             const char *line)
{
  Trailers *self = data;
  const char *colon = strchr (line, ':');

  if (colon != NULL && self->result == GM_OK)
    self->result = gm_http1_write_field (self->out, gm_span (line, (gsize) (colon - line)),
                                         gm_span_strip (gm_span (colon + 1, strlen (colon + 1))));
}

GmResult
gm_http_write_trailers (GmHttp *self,
                        GmByteBuilder *out)
{
  GmClient *client = self->request->client;
  Trailers trailers = { out, GM_OK };

  if (client->ops->trailers != NULL && client->ops->trailers (client, add_trailer, &trailers) != GM_ANSWER_OK)
    return GM_ABORTED;
  if (trailers.result != GM_OK)
    return trailers.result;

  return out->failed ? GM_OUT_OF_MEMORY : GM_OK;
}
