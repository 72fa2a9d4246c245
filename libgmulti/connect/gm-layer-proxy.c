/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-proxy.h"

/* The transport failed under the talk: the socket has noted why, but neither a request nor an answer of a server were on
 * their way. */
static GmResult
lost (GmLayer *below)
{
  GmError *error = below->host->error;

  if (error->result != GM_OK && error->result != GM_SEND_FAILED && error->result != GM_RECV_FAILED)
    return error->result;

  error->result = GM_PROXY_CLOSED;
  error->phase = GM_PHASE_PROXY;
  return GM_PROXY_CLOSED;
}

GmResult
gm_proxy_talk_send (GmProxyTalk *self,
                    GmLayer *below)
{
  while (self->sent < self->out.len)
    {
      gsize n = 0;
      GmResult result = gm_layer_send (below, self->out.data + self->sent, self->out.len - self->sent, &n);

      if (result == GM_AGAIN)
        return GM_AGAIN;
      if (result != GM_OK)
        return lost (below);
      self->sent += n;
    }

  gm_byte_builder_reset (&self->out);
  self->sent = 0;
  return GM_OK;
}

GmResult
gm_proxy_talk_recv (GmLayer *below,
                    char *data,
                    gsize len,
                    gsize *n)
{
  GmResult result = gm_layer_recv (below, data, len, n);

  if (result == GM_AGAIN)
    return GM_AGAIN;

  return result != GM_OK || *n == 0 ? lost (below) : GM_OK;
}

GmIo
gm_proxy_talk_want (const GmProxyTalk *self)
{
  return self->sent < self->out.len ? GM_IO_IN | GM_IO_OUT : GM_IO_IN;
}

gboolean
gm_proxy_talk_query (const GmProxyTalk *self,
                     GmQuery query,
                     gpointer answer)
{
  switch ((guint) query)
    {
    case GM_QUERY_WANT:
      *(GmIo *) answer = gm_proxy_talk_want (self);
      return TRUE;
    case GM_QUERY_PHASE:
      *(GmPhase *) answer = GM_PHASE_PROXY;
      return TRUE;
    default:
      return FALSE;
    }
}

void
gm_proxy_talk_clear (GmProxyTalk *self)
{
  if (self->out.data != NULL)
    explicit_bzero (self->out.data, self->out.size);
  gm_byte_builder_clear (&self->out);
}

void
gm_proxy_want_login (GmLayerHost *host,
                     const GmProxy *proxy,
                     const char *scheme,
                     const char *realm)
{
  GmQuestionData *data;

  if (!gm_question_has (host->question, GM_QUESTION_LOGIN) || host->wanted_login != NULL)
    return;

  data = host->wanted_login = gm_question_data_new (GM_QUESTION_LOGIN);
  data->scheme = g_strdup (scheme);
  data->text = g_strdup (realm);
  data->host = g_strdup (proxy->host);
  data->port = proxy->port;
  data->is_proxy = TRUE;
}
