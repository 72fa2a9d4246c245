/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-trace.h"

/* What a transfer tells its story, where that takes more than a line. */

void
gm_transfer_tell_left (GmTransfer *self)
{
  GmConnection *connection = self->run->request.connection;

  if (connection->top != NULL && connection->host.question == &self->run->question)
    gm_layer_query (connection->top, GM_QUERY_TELL, NULL);
}

void
gm_transfer_tell_wait (GmTransfer *self,
                       GmPoolRoom room)
{
  switch (room)
    {
    case GM_POOL_HOST_FULL:
      gm_story_mark (gm_transfer_story (self), GM_STORY_WAITED_HOST);
      break;
    case GM_POOL_FULL:
      gm_story_mark (gm_transfer_story (self), GM_STORY_WAITED_ALL);
      break;
    case GM_POOL_MAY_OPEN:
    default:
      gm_story_mark (gm_transfer_story (self), GM_STORY_WAITED_SHARED);
      break;
    }
}

void
gm_transfer_tell_connected (GmTransfer *self)
{
  const GmTlsInfo *tls = self->run->request.connection->tls;

  if (tls != NULL)
    gm_story_mark (gm_transfer_story (self), tls->resumed ? GM_STORY_RESUMED : GM_STORY_SECURED);
}

void
gm_transfer_tell_redirect (GmTransfer *self,
                           const GmUrl *to)
{
  g_autofree char *plain = gm_url_dup_log_text (to);
  g_autofree char *text = gm_trace_redact (gm_span (plain, strlen (plain)));

  gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_REDIRECTED, .code = (int) self->info.status, .text = text);
}

void
gm_transfer_tell_retry (GmTransfer *self,
                        GmResult why)
{
  const GmRequest *request = &self->run->request;
  GmStoryKind kind = GM_STORY_RETRIED_DEAD;

  if (self->state == GM_STATE_CONNECTING)
    kind = GM_STORY_RETRIED_ORIGIN;
  else if (request->unprocessed)
    kind = GM_STORY_RETRIED_REFUSED;
  else if (request->again_in_http1)
    kind = GM_STORY_RETRIED_HTTP1;

  gm_story_tell (gm_transfer_story (self), .kind = kind, .result = why);
}

void
gm_transfer_tell_question (GmTransfer *self)
{
  const GmQuestion *question = &self->run->question;
  const GmQuestionData *data = question->data;

  if (question->kind != GM_QUESTION_PROXY && data != NULL)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_ASKED, .result = data->verdict,
                   .code = (int) question->kind, .port = (guint16) data->attempt, .text = data->host);
}

void
gm_transfer_tell_answer (GmTransfer *self,
                         GmReply reply)
{
  GmQuestionKind kind = self->run->question.kind;

  if (kind != GM_QUESTION_PROXY)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_ANSWERED, .code = (int) kind,
                   .port = reply == GM_REPLY_ACCEPT);
}

/* The limit that was reached; 0: it has no number. */
static guint
get_limit (GmTransfer *self,
           GmResult result)
{
  const GmTransferSettings *settings = self->transfer_settings;

  switch ((guint) result)
    {
    case GM_TIMEOUT:
      return settings->timeout_ms;
    case GM_RESOLVE_TIMEOUT:
    case GM_CONNECT_TIMEOUT:
      return settings->connect_timeout_ms;
    case GM_RESPONSE_TIMEOUT:
      return settings->response_timeout_ms;
    case GM_LOW_SPEED:
      return settings->low_speed_time_ms;
    default:
      return 0;
    }
}

void
gm_transfer_tell_failure (GmTransfer *self,
                          GmResult result)
{
  const GmError *error = &self->error;
  guint limit = get_limit (self, result);

  if (self->state == GM_STATE_CONNECTING && self->run->request.connection != NULL)
    gm_transfer_tell_left (self);
  if (error->alert != 0)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_ALERT, .code = error->alert);
  if (result >= GM_TLS_EXPIRED && result <= GM_TLS_REFUSED)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_CERTIFICATE, .result = result, .text = error->detail);
  else if (error->tls != 0 && error->alert == 0)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_TLS_FAILED, .result = result, .code = error->tls,
                   .text = error->detail);
  if (limit != 0)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_TIMED_OUT, .result = result, .code = (int) limit,
                   .port = (guint16) error->phase);
}
