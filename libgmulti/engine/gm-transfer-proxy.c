/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-connect-to.h"
#include "gm-http1-parse.h"
#include "gm-trace.h"

/* A transfer and proxies: which one it goes by, what is told of a tunnel's answers, and the list of ways that are tried one
 * behind the other. A transfer that goes by none passes all of this by. */

/* ---- ways that did not work ---- */

/* What was tried of the list goes into the error: so much of it. */
#define MAX_WAYS_TEXT 1024

/* What makes it worth to try the next one, and how that is told. Who is asked for a login, or finds a certificate wrong,
 * would only hide that by going another way. */
static const struct
{
  GmResult result;
  const char *text;
} failures[] = {
  { GM_CONNECT_FAILED, "no connection" },
  { GM_RESOLVE_FAILED, "no such host" },
  { GM_PROXY_RESOLVE_FAILED, "no such host" },
  { GM_PROXY_REFUSED, "refused" },
  { GM_PROXY_BAD_REPLY, "an answer that is none" },
  { GM_PROXY_CLOSED, "closed before it answered" },
  { GM_SOCKS_REFUSED, "refused" },
  { GM_CONNECT_TIMEOUT, "no answer in time" },
  { GM_RESOLVE_TIMEOUT, "no address in time" },
};

static const char *
failure_text (GmResult result)
{
  for (guint i = 0; i < G_N_ELEMENTS (failures); i++)
    if (failures[i].result == result)
      return failures[i].text;

  return NULL;
}

/* "http://host:port (Connection refused)". @error: (nullable) */
static void
note_way (GmRun *run,
          const char *way,
          const char *text,
          const GmError *error)
{
  GString *tried = run->ways_tried;

  if (tried == NULL)
    tried = run->ways_tried = g_string_new (NULL);
  if (tried->len >= MAX_WAYS_TEXT)
    return;

  if (error != NULL && error->sys_errno != 0)
    text = g_strerror (error->sys_errno);
  g_string_append_printf (tried, "%s%s (%s", tried->len > 0 ? ", " : "", way, text);
  if (error != NULL && error->proxy_status != 0)
    g_string_append_printf (tried, ", %u", error->proxy_status);
  g_string_append_c (tried, ')');
}

/* Of a text that is none there may be a login in any part. */
static void
note_unusable (GmRun *run,
               const char *text)
{
  g_autofree char *scheme = g_strndup (text, strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "+.-"));

  note_way (run, scheme, "not a proxy that can be used", NULL);
}

gboolean
gm_transfer_has_another_way (GmTransfer *self,
                             GmResult result)
{
  const GmRun *run = self->run;

  if (self->state != GM_STATE_CONNECTING || run->proxies == NULL || run->proxies[run->proxy_index] == NULL ||
      run->proxies[run->proxy_index + 1] == NULL)
    return FALSE;

  return failure_text (result) != NULL;
}

void
gm_transfer_take_another_way (GmTransfer *self,
                              GmResult result)
{
  GmRun *run = self->run;
  g_autofree char *way = run->request.proxy != NULL ? gm_proxy_dup_log_text (run->request.proxy) : g_strdup ("direct");

  note_way (run, way, failure_text (result), run->request.connection != NULL ? &run->request.connection->error : NULL);
  run->proxy_index++;
}

void
gm_transfer_forget_ways (GmRun *run)
{
  g_clear_pointer (&run->proxies, g_strfreev);
  run->proxy_index = 0;
  if (run->ways_tried != NULL)
    g_string_free (g_steal_pointer (&run->ways_tried), TRUE);
}

/* ---- choosing ---- */

static GmQuestionData *
make_proxy_question (gpointer user_data)
{
  GmTransfer *self = user_data;
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_PROXY);
  GmSpan host = gm_url_get_host (self->url);

  data->text = gm_url_dup_log_text (self->url);
  data->host = g_strndup (host.data, host.len);
  data->port = gm_url_get_port (self->url);

  return data;
}

static GmResult
ask_for_proxies (GmTransfer *self)
{
  GmRun *run = self->run;

  switch (gm_question_ask (&run->question, GM_QUESTION_PROXY, make_proxy_question, self))
    {
    case GM_REPLY_NONE:
      return GM_AGAIN;
    case GM_REPLY_ACCEPT:
      run->proxies = run->question.answer != NULL ? g_steal_pointer (&run->question.answer->list) : NULL;
      gm_question_clear (&run->question);
      return run->proxies != NULL && run->proxies[0] != NULL ? GM_OK : GM_PROXY_LOOKUP_FAILED;
    case GM_REPLY_DECLINE:
    default:
      gm_question_clear (&run->question);
      return GM_PROXY_LOOKUP_FAILED;
    }
}

/* The first of the list, from the one that is its turn on, that can be used at all. */
static GmResult
choose_from_list (GmTransfer *self,
                  const GmProxyWish *wish)
{
  GmRun *run = self->run;
  GmResult result = run->proxies == NULL ? ask_for_proxies (self) : GM_OK;

  if (result != GM_OK)
    return result;

  for (;; run->proxy_index++)
    {
      if (run->proxies[run->proxy_index] == NULL)
        return result != GM_OK ? result : GM_PROXY_LOOKUP_FAILED;
      result = gm_proxy_choose_text (wish, run->proxies[run->proxy_index], &run->request.proxy);
      if (result == GM_OK)
        return GM_OK;
      note_unusable (run, run->proxies[run->proxy_index]);
    }
}

GmResult
gm_transfer_choose_proxy (GmTransfer *self)
{
  GmRun *run = self->run;
  const GmConnectSettings *settings = run->connect_settings;
  GmSpan connect_host = { NULL, 0 };
  guint16 connect_port = 0;
  GmProxyWish wish = {
    .settings = settings,
    .url = self->url,
    .environment = gm_multi_get_proxy_environment (self->multi),
    .fields = run->request_settings->headers,
    .user_agent = run->request_settings->user_agent,
  };

  if (settings->connect_to != NULL)
    gm_connect_to_find (settings->connect_to, gm_url_get_host (self->url), gm_url_get_port (self->url), &connect_host,
                        &connect_port);
  wish.must_tunnel =
    connect_host.len > 0 || connect_port != 0 || run->request_settings->http_version == GM_HTTP_2_ONLY;

  return (run->question.mask & (1 << GM_QUESTION_PROXY)) != 0 ? choose_from_list (self, &wish)
                                                             : gm_proxy_choose (&wish, &run->request.proxy);
}

/* ---- tunnels ---- */

static void
proxy_request (const char *head,
               gsize len,
               gpointer user_data)
{
  GmTransfer *self = user_data;

  self->info.request_bytes += len;
  if (self->client.ops->debug != NULL)
    self->client.ops->debug (&self->client, GM_DEBUG_HEADER_OUT, head, len);
}

static GmHeaders *
proxy_headers (gpointer user_data)
{
  GmTransfer *self = user_data;

  gm_request_need_headers (&self->run->request);
  return self->run->request.headers;
}

static GmResult
proxy_head (const GmHttp1Head *head,
            GmHeaders *headers,
            const struct _GmProxy *proxy,
            gpointer user_data)
{
  GmTransfer *self = user_data;
  GmRequest *request = &self->run->request;
  GmHttp1Line iter = { 0 };
  GmResult result = GM_OK;
  GmSpan line;

  self->info.connect_status = head->status;
  self->info.tunnel_asked |= head->status == 407;
  self->info.header_bytes += head->end - head->start;
  if (proxy->suppress_head)
    return GM_OK;

  while (result == GM_OK && gm_http1_line_next (&iter, head, headers, &line))
    {
      if (request->settings->headers_in_body)
        result = gm_sink_write (&request->client_sink.sink, line.data, line.len);
      if (result == GM_OK)
        result = gm_request_tell_line (request, line.data, line.len);
    }
  if (self->client.ops->note != NULL && head->status / 100 == 2)
    self->client.ops->note (&self->client, GM_NOTE_TUNNEL, NULL, head->status);

  return result;
}

const GmTunnelOps gm_transfer_tunnel_ops = { proxy_request, proxy_headers, proxy_head };
