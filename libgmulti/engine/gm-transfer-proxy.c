/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-connect-to.h"
#include "gm-http1-parse.h"
#include "gm-layer-proxy.h"
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
note_unusable (GmTransfer *self,
               const char *text)
{
  GmRun *run = self->run;
  g_autofree char *scheme = g_strndup (text, strspn (text, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "+.-"));

  gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_PROXY_FAILED, .result = GM_BAD_URL, .text = scheme);
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
  const GmError *error = NULL;

  if (run->request.connection != NULL)
    error = &run->request.connection->error;
  note_way (run, way, failure_text (result), error);
  gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_PROXY_FAILED, .result = result,
                 .code = error != NULL ? error->sys_errno : 0, .port = error != NULL ? error->proxy_status : 0,
                 .text = way);
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

/* As nearly always: that is nothing to tell. */
static gboolean
is_just_direct (char **proxies)
{
  return proxies[0] != NULL && proxies[1] == NULL && g_str_equal (proxies[0], "direct://");
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
      if (run->proxies != NULL && !is_just_direct (run->proxies))
        gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_PROXIES, .code = (int) g_strv_length (run->proxies));
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
      note_unusable (self, run->proxies[run->proxy_index]);
    }
}

static GmResult
choose (GmTransfer *self)
{
  GmRun *run = self->run;
  const GmConnectSettings *settings = run->connect_settings;
  GmSpan connect_host = { NULL, 0 };
  guint16 connect_port = 0;
  GmResult result;
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

  result = (run->question.mask & (1 << GM_QUESTION_PROXY)) != 0 ? choose_from_list (self, &wish)
                                                               : gm_proxy_choose (&wish, &run->request.proxy);
  if (G_UNLIKELY (gm_transfer_story (self) != NULL) && run->request.proxy != NULL)
    {
      g_autofree char *way = gm_proxy_dup_log_text (run->request.proxy);

      gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_BY_PROXY, .text = way);
    }
  return result;
}

/* ---- a login that a proxy wants before it lets anybody through ---- */

/* One that forwards requests asks as a server does, and its login is the request's; here it is a matter of connecting. The
 * person is asked between two attempts: a proxy need not be kept waiting. What was answered becomes part of the proxy, and
 * so of the pool's key: a tunnel that was made with it is nobody's who has not the same login. */

static GmProxyLogin *
ensure_proxy_login (GmRun *run)
{
  if (run->proxy_login == NULL)
    run->proxy_login = g_new0 (GmProxyLogin, 1);

  return run->proxy_login;
}

static void
wipe_proxy_login (GmProxyLogin *self)
{
  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->password, g_free);
}

void
gm_transfer_forget_proxy_login (GmRun *run)
{
  if (run->proxy_login == NULL)
    return;

  wipe_proxy_login (run->proxy_login);
  g_clear_pointer (&run->proxy_login->wanted, gm_question_data_unref);
  g_clear_pointer (&run->proxy_login, g_free);
}

gboolean
gm_transfer_may_log_in_to_proxy (GmTransfer *self,
                                 GmResult result)
{
  const GmRequest *request = &self->run->request;

  return result == GM_PROXY_LOGIN && self->state == GM_STATE_CONNECTING && request->connection != NULL &&
         request->connection->host.wanted_login != NULL && request->n_logins < GM_MAX_LOGINS;
}

void
gm_transfer_want_proxy_login (GmTransfer *self)
{
  GmRun *run = self->run;
  GmConnection *connection = run->request.connection;
  GmProxyLogin *login = ensure_proxy_login (run);

  wipe_proxy_login (login);
  g_clear_pointer (&login->wanted, gm_question_data_unref);
  login->wanted = g_steal_pointer (&connection->host.wanted_login);
  login->wanted->attempt = run->request.n_logins + 1;
  login->status = connection->error.proxy_status;
  login->socks = connection->error.socks;
  login->open = TRUE;
}

static GmQuestionData *
make_login_question (gpointer user_data)
{
  GmTransfer *self = user_data;

  return gm_question_data_ref (self->run->proxy_login->wanted);
}

/* As if nobody could have been asked. */
static GmResult
refuse_login (GmTransfer *self)
{
  const GmProxyLogin *login = self->run->proxy_login;

  gm_error_set (&self->error, GM_PROXY_LOGIN, GM_PHASE_PROXY, 0);
  self->error.proxy_status = login->status;
  self->error.socks = login->socks;
  return GM_PROXY_LOGIN;
}

static GmResult
ask_for_login (GmTransfer *self)
{
  GmRun *run = self->run;
  GmProxyLogin *login = run->proxy_login;
  GmQuestion *question = &run->question;

  switch (gm_question_ask (question, GM_QUESTION_LOGIN, make_login_question, self))
    {
    case GM_REPLY_NONE:
      return GM_AGAIN;
    case GM_REPLY_ACCEPT:
      login->open = FALSE;
      login->user = g_strdup (question->answer->user);
      login->password = g_strdup (question->answer->password);
      run->request.n_logins++;
      gm_question_clear (question);
      return GM_OK;
    case GM_REPLY_DECLINE:
    default:
      gm_question_clear (question);
      return refuse_login (self);
    }
}

static gboolean
is_login_for (const GmProxyLogin *login,
              const GmProxy *proxy)
{
  return proxy != NULL && strcmp (login->wanted->host, proxy->host) == 0 && login->wanted->port == proxy->port &&
         login->socks == gm_proxy_is_socks (proxy);
}

/* What was answered is for the proxy that asked, wherever it is on the way. */
static GmResult
log_in_to_proxy (GmTransfer *self)
{
  GmRun *run = self->run;
  GmProxyLogin *login = run->proxy_login;
  GmProxy *proxy = run->request.proxy;
  GmResult result = login->open ? ask_for_login (self) : GM_OK;

  if (result != GM_OK)
    return result;
  if (is_login_for (login, proxy))
    gm_proxy_set_login (proxy, login->user, login->password);
  else if (is_login_for (login, proxy->via))
    gm_proxy_set_login (proxy->via, login->user, login->password);

  return GM_OK;
}

GmResult
gm_transfer_choose_proxy (GmTransfer *self)
{
  GmResult result = choose (self);

  if (result == GM_OK && self->run->proxy_login != NULL && self->run->request.proxy != NULL)
    result = log_in_to_proxy (self);

  return result;
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
  if (head->status >= 300)
    gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_TUNNEL_ANSWER, .code = (int) head->status);
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
