/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

#include "gm-chain.h"
#include "gm-connect-to.h"
#include "gm-doh.h"
#include "gm-netrc-load.h"
#include "gm-trace.h"


/* The state machine of a transfer: one function per state, each answering GM_AGAIN (stop here for now), GM_OK (look at the
 * state again) or the transfer's final result. */

/* As libcurl: a connection that takes longer is not one. */
#define CONNECT_TIMEOUT_MS 300000
/* A server that refuses a request unseen, again and again, does not want it. As libcurl. */
#define MAX_REFUSED 5

/* ---- the one setter ---- */

static const char *const state_names[] = { "IDLE", "STARTING", "PENDING", "CONNECTING", "RUNNING", "DONE" };

static gboolean
edge_is_legal (GmTransferState from,
               GmTransferState to)
{
  static const guint8 next[] = {
    [GM_STATE_IDLE] = 1 << GM_STATE_STARTING,
    [GM_STATE_STARTING] = 1 << GM_STATE_PENDING | 1 << GM_STATE_CONNECTING | 1 << GM_STATE_RUNNING | 1 << GM_STATE_DONE,
    [GM_STATE_PENDING] = 1 << GM_STATE_CONNECTING | 1 << GM_STATE_RUNNING | 1 << GM_STATE_DONE,
    /* another hop: an alternative, or a proxy, that is none */
    [GM_STATE_CONNECTING] = 1 << GM_STATE_STARTING | 1 << GM_STATE_RUNNING | 1 << GM_STATE_DONE,
    /* … a redirect or a retry */
    [GM_STATE_RUNNING] = 1 << GM_STATE_STARTING | 1 << GM_STATE_DONE,
    [GM_STATE_DONE] = 0,
  };

  /* It may be removed from its multi in any state. */
  return to == GM_STATE_IDLE || (next[from] & (1 << to)) != 0;
}

void
gm_transfer_set_state (GmTransfer *self,
                       GmTransferState state)
{
  if (!edge_is_legal (self->state, state))
    g_critical ("transfer %" G_GUINT64_FORMAT ": no way from %s to %s", self->id, state_names[self->state],
                state_names[state]);
  GM_TRACE (TRANSFER, self->id, self->info.hop.connection_id, "%s -> %s", state_names[self->state], state_names[state]);

  self->state = state;
  if (state != GM_STATE_IDLE)
    gm_multi_note (self->multi, self, GM_FACT_STATE);
}

/* ---- deadlines ---- */

static void
arm_timer (GmTransfer *self)
{
  gint64 earliest = 0;

  for (guint i = 0; i < GM_N_DEADLINES; i++)
    if (self->deadlines[i] != 0 && (earliest == 0 || self->deadlines[i] < earliest))
      earliest = self->deadlines[i];

  if (earliest == self->timer.due)
    return;
  GM_TRACE (TIMER, self->id, 0, "next deadline in %" G_GINT64_FORMAT " us",
            earliest != 0 ? earliest - gm_multi_get_reactor (self->multi)->now : -1);
  gm_reactor_set_timer (gm_multi_get_reactor (self->multi), &self->timer, earliest);
}

static inline gboolean
is_past (GmTransfer *self,
         GmDeadline which,
         gint64 now)
{
  return self->deadlines[which] != 0 && self->deadlines[which] <= now;
}

/* What has run out, or GM_AGAIN. Asked after the step, so that data which was waiting has been seen. */
static GmResult
check_deadlines (GmTransfer *self,
                 gint64 now)
{
  if (is_past (self, GM_DEADLINE_TOTAL, now))
    return GM_TIMEOUT;
  if (self->state == GM_STATE_CONNECTING && is_past (self, GM_DEADLINE_CONNECT, now))
    return gm_transfer_get_phase (self) == GM_PHASE_RESOLVE ? GM_RESOLVE_TIMEOUT : GM_CONNECT_TIMEOUT;
  if (self->state == GM_STATE_RUNNING && is_past (self, GM_DEADLINE_RESPONSE, now))
    return GM_RESPONSE_TIMEOUT;

  return GM_AGAIN;
}

/* ---- the URL ---- */

static GmUrlFlags
url_flags (const GmTransferSettings *settings)
{
  GmUrlFlags flags = GM_URL_ANY_SCHEME;

  if (settings->guess_scheme)
    flags |= GM_URL_GUESS_SCHEME;
  if (settings->path_as_is)
    flags |= GM_URL_PATH_AS_IS;
  if (settings->refuse_credentials)
    flags |= GM_URL_NO_USER;

  return flags;
}

static GmResult
parse_url (GmTransfer *self)
{
  const GmTransferSettings *settings = self->run->transfer_settings;
  GmUrl *url = NULL;
  GmResult result;

  if (settings->url == NULL)
    return GM_BAD_URL;

  result = gm_url_parse_full (settings->url, g_ref_string_length (settings->url), url_flags (settings),
                              settings->default_scheme, NULL, &url);
  if (result == GM_OK && settings->port != 0)
    {
      GmUrl *with_port = NULL;

      if (gm_url_with_port (url, settings->port, &with_port) == GM_OK)
        {
          gm_url_unref (url);
          url = with_port;
        }
    }
  if (result != GM_OK)
    return result;

  self->url = url;
  self->run->origin = gm_url_ref (url);
  return GM_OK;
}

/* ---- connection ---- */

/* A key that borrows everything. */
static void
make_key (GmTransfer *self,
          GmPoolKey *key)
{
  const GmRequest *request = &self->run->request;
  const GmConnectSettings *settings = self->run->connect_settings;

  *key = (GmPoolKey){
    .url = self->url,
    .settings = settings,
    .speak = request->protocol->speaks,
    .proxy = self->run->request.proxy,
  };
  if ((request->settings->http_version != GM_HTTP_DEFAULT || request->old_version) && request->protocol->speak != NULL)
    key->speak = request->protocol->speak (request);
  if (G_UNLIKELY (gm_proxy_forwards (request->proxy)))
    key->speak = request->protocol->speak_to_proxy != NULL ? request->protocol->speak_to_proxy (request) : GM_SPEAK_HTTP1;
  if (G_UNLIKELY (self->run->transfer_settings->connect_only == GM_CONNECT_ONLY_FOR_USER))
    key->speak = GM_SPEAK_HTTP1;
  if (settings->connect_to != NULL)
    gm_connect_to_find (settings->connect_to, gm_url_get_host (self->url), gm_url_get_port (self->url),
                        &key->connect_host, &key->connect_port);
  if (self->run->route != NULL)
    gm_transfer_take_route (self, key);
}

static inline gboolean
must_ask_for_proxies (GmTransfer *self)
{
  if (G_LIKELY ((self->run->question.mask & (1 << GM_QUESTION_PROXY)) == 0))
    return FALSE;

  return self->client.ops->goes_direct == NULL || !self->client.ops->goes_direct (&self->client, self->url);
}

/* Each hop chooses anew: what suits one URL need not suit the next. */
static GmResult
choose_proxy (GmTransfer *self)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;
  GmResult result;

  if (G_UNLIKELY (run->request.proxy != NULL))
    {
      g_clear_pointer (&run->request.proxy, gm_proxy_unref);
      self->info.used_proxy = FALSE;
    }
  if (G_LIKELY (!gm_proxy_is_set (run->connect_settings, gm_multi_get_proxy_environment (self->multi),
                                   request->reactor->now) &&
                !must_ask_for_proxies (self)))
    return GM_OK;

  result = gm_transfer_choose_proxy (self);
  self->info.used_proxy = run->request.proxy != NULL;
  /* Who says which way to go need not let us go to another host by it. */
  if (run->request.proxy != NULL)
    gm_transfer_leave_route (self);
  return result;
}

static int
open_socket (GmAddress *address,
             gpointer user_data)
{
  GmTransfer *self = user_data;

  return self->client.ops->open_socket (&self->client, address->sa.any.sa_family, SOCK_STREAM, 0, &address->sa,
                                        address->len);
}

static GmSocketAnswer
set_up_socket (int fd,
               gpointer user_data)
{
  GmTransfer *self = user_data;

  switch (self->client.ops->socket_option (&self->client, fd))
    {
    case 0:
      return GM_SOCKET_SET_UP;
    case 2:
      return GM_SOCKET_CONNECTED;
    default:
      return GM_SOCKET_REFUSED;
    }
}

static void
attempt (const GmAddress *address,
         GmAttempt what,
         int sys_errno,
         gpointer user_data)
{
  GmTransfer *self = user_data;
  guint64 number = gm_address_get_port (address);
  char text[GM_ADDRESS_TEXT_MAX];

  if (self->client.ops->note == NULL)
    return;

  switch (what)
    {
    case GM_ATTEMPT_CONNECTED:
      gm_endpoint_set (&self->info.remote, address);
      self->client.ops->note (&self->client, GM_NOTE_CONNECTED, NULL, self->info.hop.connection_id);
      break;
    case GM_ATTEMPT_FAILED:
      number |= (guint64) MAX (sys_errno, 0) << 16;
      self->client.ops->note (&self->client, GM_NOTE_NOT_CONNECTED, gm_address_print (address, text), number);
      break;
    case GM_ATTEMPT_BEGINS:
    default:
      self->client.ops->note (&self->client, GM_NOTE_TRYING, gm_address_print (address, text), number);
      break;
    }
}

static void
on_connection_turn (GmConnection *connection,
                    gpointer user)
{
  GmTransfer *self = user;

  /* One turn each: who is on the list itself has, or will have, its own. */
  if (!gm_runnable_is_queued (&self->runnable))
    self->runnable.run (&self->runnable);
}

static void
attach (GmTransfer *self,
        GmConnection *connection)
{
  GmRun *run = self->run;

  run->request.connection = connection;
  run->request.reused = connection->n_requests > 0;
  connection->n_requests++;
  if (G_LIKELY (connection->http2 == NULL))
    {
      connection->on_turn = on_connection_turn;
      connection->user = self;
      connection->host.question = &run->question; /* the layers ask while they connect */
      gm_connection_set_holder (connection, self);
    }
  else if (connection->host.holder == NULL)
    gm_connection_set_holder (connection, self);
  self->info.hop.connection_id = connection->id;
  self->info.hop.reused = run->request.reused;
  self->info.hop.times.queue_end = gm_multi_get_reactor (self->multi)->now;
}

static void
open_connection (GmTransfer *self,
                 const GmPoolKey *key)
{
  GmPool *pool = gm_multi_get_pool (self->multi);
  const GmConnectSettings *settings = self->run->connect_settings;
  GmConnection *connection = gm_pool_open (pool, key, settings);
  guint timeout_ms = self->run->transfer_settings->connect_timeout_ms;

  connection->host.socket_data = self;
  self->last_phase = GM_PHASE_NONE;
  if (self->client.ops->open_socket != NULL)
    connection->host.open_socket = open_socket;
  if (self->client.ops->socket_option != NULL)
    connection->host.set_up_socket = set_up_socket;
  if (self->client.ops->note != NULL)
    connection->host.attempt = attempt;
  connection->host.tunnel = &gm_transfer_tunnel_ops;
  attach (self, connection);
  gm_chain_stack (connection, gm_multi_get_resolver (self->multi), key);
  self->deadlines[GM_DEADLINE_CONNECT] =
    gm_multi_get_reactor (self->multi)->now + (gint64) (timeout_ms != 0 ? timeout_ms : CONNECT_TIMEOUT_MS) * 1000;
}

/* One that knows who we are. */
static GmConnection *
take_bound (GmTransfer *self,
            GmPoolKey *key)
{
  const GmRequest *request = &self->run->request;
  GmConnection *connection = NULL;
  char *login = request->protocol->dup_login != NULL ? request->protocol->dup_login (request) : NULL;

  if (login == NULL)
    return NULL;

  key->login = login;
  connection = gm_pool_take (gm_multi_get_pool (self->multi), key, self->run->connect_settings, self->waiter.ticket);
  key->login = NULL;
  g_free (login);

  return connection;
}

/* (nullable): one from the pool; and who wants to know is told. */
static GmConnection *
take_connection (GmTransfer *self,
                 GmPoolKey *key)
{
  GmPool *pool = gm_multi_get_pool (self->multi);
  GmStory *story = gm_transfer_story (self);
  guint n_idle = G_UNLIKELY (story != NULL) ? gm_pool_n_idle (pool) : 0;
  GmConnection *connection = NULL;

  if (G_UNLIKELY ((self->run->request.settings->auth & GM_AUTH_NEGOTIATE) != 0))
    connection = take_bound (self, key);
  if (connection == NULL)
    connection = gm_pool_take (pool, key, self->run->connect_settings, self->waiter.ticket);
  if (G_LIKELY (story == NULL))
    return connection;

  if (connection != NULL)
    gm_story_mark (story, connection->n_users > 1 ? GM_STORY_SHARED : GM_STORY_REUSED);
  else if (gm_pool_n_idle (pool) < n_idle)
    gm_story_mark (story, GM_STORY_STALE);
  return connection;
}

/* A connection that nobody used before is asked for, or needed. Redirects and logins go on with what there is by then. */
static gboolean
wants_new_connection (GmTransfer *self)
{
  return self->run->fresh || (self->run->connect_settings->fresh_connect && self->run->n_hops == 0);
}

/* One from the pool, a new one, or a place in the line. */
static GmResult
find_connection (GmTransfer *self,
                 gboolean waited)
{
  GmPool *pool = gm_multi_get_pool (self->multi);
  gboolean fresh = wants_new_connection (self);
  GmConnection *connection = NULL;
  GmPoolRoom room = GM_POOL_MAY_OPEN;
  GmPoolKey key;

  make_key (self, &key);
  if (!fresh && self->run->transfer_settings->connect_only != GM_CONNECT_ONLY_FOR_USER)
    connection = take_connection (self, &key);
  if (connection != NULL)
    {
      attach (self, connection);
      if (self->client.ops->note != NULL)
        self->client.ops->note (&self->client, GM_NOTE_REUSED, NULL, connection->id);
      gm_transfer_set_state (self, GM_STATE_RUNNING);
      return GM_OK;
    }

  if ((key.speak > GM_SPEAK_HTTP1 && !(waited && self->waiter.hopeless) && !fresh && gm_pool_is_soon (pool, &key)) ||
      ((room = gm_pool_make_room (pool, &key, self->waiter.ticket)) != GM_POOL_MAY_OPEN && !gm_doh_is_asking (self)))
    {
      gm_pool_wait (pool, &key, &self->waiter);
      if (G_UNLIKELY (gm_transfer_story (self) != NULL) && !waited)
        gm_transfer_tell_wait (self, room);
      if (self->state != GM_STATE_PENDING)
        gm_transfer_set_state (self, GM_STATE_PENDING);
      return GM_AGAIN;
    }

  if (self->client.ops->before_lookup != NULL && self->run->connect_settings->unix_path == NULL &&
      self->client.ops->before_lookup (&self->client) != GM_ANSWER_OK)
    return GM_RESOLVE_FAILED;
  open_connection (self, &key);
  gm_transfer_set_state (self, GM_STATE_CONNECTING);
  return GM_OK;
}

/* ---- hops ---- */

static void
on_news (GmRequest *request,
         GmNews news)
{
  GmRun *run = (GmRun *) request;
  GmTransfer *self = gm_transfer_from_client (run->request.client);

  gm_multi_note (self->multi, self, news == GM_NEWS_HEAD ? GM_FACT_HEAD : GM_FACT_INFORMATIONAL);
}

static GmHeaders *
on_make_headers (GmRequest *request)
{
  GmRun *run = (GmRun *) request;
  GmTransfer *self = gm_transfer_from_client (run->request.client);

  if (self->headers == NULL)
    self->headers = gm_headers_new (GM_HEADERS_MAX_BYTES, GM_HEADERS_MAX_ENTRIES);
  gm_headers_set_request (self->headers, (guint16) run->n_hops);

  return self->headers;
}

void
gm_transfer_place_request (GmTransfer *self)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;

  request->url = self->url;
  request->origin = run->origin;
  request->foreign_origin = run->n_hops > 0 && !gm_url_same_origin (run->origin, self->url);
  request->foreign_host =
    request->foreign_origin && !gm_span_equal (gm_url_get_host (run->origin), gm_url_get_host (self->url));
}

static void
clear_request (GmRequest *request)
{
  GmAuth *auth = request->auth;
  GmAuth *proxy_auth = request->proxy_auth;
  GmProxy *proxy = request->proxy;
  GmNetrcLoad *netrc = request->netrc;
  guint n_logins = request->n_logins;

  memset (request, 0, sizeof *request);
  request->proxy = proxy;
  request->auth = auth;
  request->proxy_auth = proxy_auth;
  request->netrc = netrc;
  request->n_logins = n_logins;
}

/* A request wiped whole, so that nothing of the former hop can leak into this one. */
static void
wipe_request (GmTransfer *self,
              GmMethod method,
              gboolean keep_custom_method)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;

  /* Of a run just begun everything but the arena is zero. */
  if (request->reactor != NULL)
    clear_request (request);
  memset (run->arena, 0, sizeof run->arena);
  run->begun = FALSE;
  run->response_clock = 0;
  request->arena = run->arena;
  request->arena_left = sizeof run->arena;
  gm_transfer_place_request (self);
  request->settings = run->request_settings;
  request->reactor = gm_multi_get_reactor (self->multi);
  request->decoders = gm_multi_get_decoders (self->multi);
  request->owner = &self->runnable;
  request->holder = self;
  request->client = &self->client;
  request->flow = &self->flow;
  request->source = &run->source;
  request->headers = self->headers;
  request->info = &self->info;
  request->error = &self->error;
  request->question = &run->question;
  request->id = self->id;
  request->method = method;
  request->keep_custom_method = keep_custom_method;
  request->referer = run->referer;
  request->old_version = run->old_version;
  request->not_elsewhere = run->fresh;
  request->news = on_news;
  request->make_headers = on_make_headers;
  gm_sink_client_init (&request->client_sink, &self->client, &self->flow);
  request->client_sink.max_size = (guint64) run->request_settings->max_size;
  request->sink = &request->client_sink.sink;
}

static GmResult
find_protocol (GmTransfer *self)
{
  GmRun *run = self->run;
  const GmProtocol *protocol = gm_protocol_find (gm_url_get_scheme (self->url));
  guint allowed = self->info.n_redirects > 0 ? run->transfer_settings->redirect_protocols & run->transfer_settings->protocols
                                  : run->transfer_settings->protocols;

  if (protocol == NULL)
    return GM_UNSUPPORTED_SCHEME;
  if ((protocol->set & allowed) == 0)
    return GM_REFUSED_SCHEME;

  run->request.protocol = protocol;
  return GM_OK;
}

static GmResult
begin_hop (GmTransfer *self)
{
  GmRun *run = self->run;
  GmInfo *info = &self->info;
  GmResult result = GM_OK;

  if (run->request_settings->stores != NULL)
    result = gm_transfer_consult_stores (self);
  if (result == GM_OK)
    result = find_protocol (self);
  if (result != GM_OK)
    return result;

  g_clear_pointer (&info->hop.url, gm_url_unref);
  info->hop = (GmHop){ .url = gm_url_ref (self->url) };
  info->hop.times.start = gm_multi_get_reactor (self->multi)->now;
  info->downloaded = info->uploaded = 0;
  info->download_size = -1;
  info->upload_size = -1;
  gm_meter_begin (&self->recv_meter, info->hop.times.start);
  if (self->send_meter != NULL)
    gm_meter_begin (self->send_meter, info->hop.times.start);
  if (self->headers != NULL)
    gm_headers_set_request (self->headers, (guint16) run->n_hops);

  if (run->request.protocol->needs_connection)
    {
      result = choose_proxy (self);
      return result == GM_OK ? find_connection (self, FALSE) : result;
    }

  gm_request_need_headers (&run->request);
  info->hop.times.queue_end = info->hop.times.start;
  gm_transfer_set_state (self, GM_STATE_RUNNING);
  return GM_OK;
}

/* Of data in memory. A size that was told after the data was copied does not make the copy longer, nor end it in a NUL. */
static gint64
post_size (const GmRequestSettings *settings)
{
  gint64 copied = settings->post_copy != NULL ? (gint64) g_bytes_get_size (settings->post_copy) : -1;

  if (copied >= 0)
    return settings->post_size >= 0 ? MIN (settings->post_size, copied) : copied;

  return settings->post_size >= 0 ? settings->post_size : (gint64) strlen (settings->post_data);
}

static GmResult
set_up_source (GmTransfer *self)
{
  GmRun *run = self->run;
  const GmRequestSettings *settings = run->request_settings;
  GmMethod method = (GmMethod) settings->method;

  if (settings->no_body || (method != GM_METHOD_POST && method != GM_METHOD_PUT))
    gm_source_init (&run->source, GM_SOURCE_NONE, &self->client, &self->flow, NULL, 0);
  else if (method == GM_METHOD_POST && settings->form != NULL)
    {
      gm_form_attach (settings->form, &(GmFormHost){ gm_multi_get_reactor (self->multi), &self->runnable, &self->flow });
      gm_source_init_form (&run->source, settings->form, &self->client, &self->flow);
      return gm_form_rewind (settings->form);
    }
  else if (method == GM_METHOD_POST && settings->post_data != NULL)
    gm_source_init (&run->source, GM_SOURCE_BYTES, &self->client, &self->flow, settings->post_data,
                    post_size (settings));
  else
    gm_source_init (&run->source, GM_SOURCE_CLIENT, &self->client, &self->flow, NULL,
                    method == GM_METHOD_POST ? settings->post_size : settings->upload_size);

  return GM_OK;
}

/* Once for each time they are set: what expires would never do so if each use of the handle renewed it. */
static GmResult
feed_overrides (GmTransfer *self)
{
  GmResolver *resolver = gm_multi_get_resolver (self->multi);
  guint serial = gm_dns_cache_get_serial (gm_resolver_get_cache (resolver));
  GmResult result;

  if (self->overrides_fed == serial)
    return GM_OK;
  result = gm_resolver_add_overrides (resolver, self->run->connect_settings->overrides);
  if (result == GM_OK)
    self->overrides_fed = serial;
  else if (self->error.detail == NULL)
    self->error.detail = g_strdup (GM_DETAIL_OVERRIDE);

  return result;
}

/* ---- states ---- */

static GmResult
state_starting (GmTransfer *self)
{
  GmRun *run;
  const GmTransferSettings *settings;
  GmReactor *reactor = gm_multi_get_reactor (self->multi);
  GmResult result;

  if (self->run != NULL)
    return begin_hop (self); /* not the first */

  run = self->run = gm_multi_take_run (self->multi);
  settings = run->transfer_settings = gm_transfer_settings_ref (self->transfer_settings);
  run->connect_settings = gm_connect_settings_ref (self->connect_settings);
  run->request_settings = gm_request_settings_ref (self->request_settings);
  self->flow.most = settings->max_buffer;
  run->question.mask = (guint8) settings->ask;
  if (self->client.ops->story != NULL)
    run->question.story = self->client.ops->story (&self->client);
  run->request.method = (GmMethod) run->request_settings->method;
  run->request.keep_custom_method = TRUE;
  result = parse_url (self);
  if (result != GM_OK)
    return result;

  if (run->connect_settings->overrides != NULL)
    result = feed_overrides (self);
  if (result == GM_OK)
    result = set_up_source (self);
  if (result != GM_OK)
    return result;
  wipe_request (self, (GmMethod) run->request_settings->method, TRUE);
  if (self->client.ops->progress != NULL)
    self->deadlines[GM_DEADLINE_PROGRESS] = reactor->now; /* at the end of this turn, before anything has come */

  return begin_hop (self);
}

static GmResult
state_pending (GmTransfer *self)
{
  GmPool *pool = gm_multi_get_pool (self->multi);
  GmResult result;

  /* Woken for another reason while still in the line. */
  if (self->waiter.link.data != NULL)
    return GM_AGAIN;

  gm_pool_come_forward (pool, &self->waiter);
  result = find_connection (self, TRUE);
  gm_pool_pass_on (pool, result);
  return result;
}

static void
learn_connection (GmTransfer *self)
{
  GmConnection *connection = self->run->request.connection;
  GmInfo *info = &self->info;
  GmSocket *socket = gm_connection_get_socket (connection);

  info->remote = connection->remote;
  info->local = connection->local;
  gm_tls_info_unref (info->tls);
  info->tls = connection->tls != NULL ? gm_tls_info_ref (connection->tls) : NULL;
  if (socket != NULL)
    {
      self->last_slot = socket->slot;
      self->last_generation = socket->generation;
    }
}

static GmResult
state_connecting (GmTransfer *self)
{
  GmConnection *connection = self->run->request.connection;
  GmTimes *times = &self->info.hop.times;
  GmResult result = gm_connection_connect (connection);

  if (times->resolved == 0)
    {
      times->resolved = connection->resolved_at;
      if (result != GM_OK && connection->top != NULL)
        gm_layer_query (connection->top, GM_QUERY_RESOLVED_AT, &times->resolved);
    }
  if (result != GM_OK)
    {
      if (times->connected == 0 && connection->top != NULL)
        gm_layer_query (connection->top, GM_QUERY_CONNECTED_AT, &times->connected);
      /* One that led to somebody counts, also if that is all it did. */
      if (result != GM_AGAIN && times->connected != 0)
        {
          self->info.n_connects++;
          self->info.remote = connection->remote;
          self->info.local = connection->local;
        }
      return result;
    }

  self->info.n_connects++;
  times->connected = connection->connected_at;
  times->secured = connection->secured_at;
  self->deadlines[GM_DEADLINE_CONNECT] = 0;
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    gm_transfer_tell_connected (self);
  if (self->client.ops->note != NULL && connection->tls != NULL)
    {
      learn_connection (self);
      self->client.ops->note (&self->client, GM_NOTE_SECURED, connection->tls->version, connection->id);
    }
  gm_transfer_set_state (self, GM_STATE_RUNNING);

  return GM_OK;
}

/* An upload that goes on where another one ended, once there is somebody to send it to; as libcurl the application is asked
 * to seek before it is seen that nothing is left. */
static GmResult
skip_to_resume (GmTransfer *self)
{
  GmRun *run = self->run;
  gint64 from = run->request_settings->resume_from;
  gint64 size = run->source.size;
  GmResult result;

  if (run->request_settings->method != GM_METHOD_PUT || run->source.start > 0 ||
      gm_url_get_scheme (self->url) == GM_SCHEME_FILE)
    return GM_OK;

  result = gm_source_skip (&run->source, from);
  return result == GM_OK && size >= 0 && size <= from ? GM_PARTIAL : result;
}

static GmResult
begin_request (GmTransfer *self)
{
  GmRun *run = self->run;
  GmTimes *times = &self->info.hop.times;
  GmResult result;

  if (run->request.connection != NULL)
    {
      learn_connection (self);
      if (run->request.reused)
        {
          times->resolved = times->connected = times->queue_end;
          times->secured = run->request.connection->tls != NULL ? times->queue_end : 0;
        }
    }
  if (G_UNLIKELY (run->transfer_settings->connect_only == GM_CONNECT_ONLY_FOR_POOL))
    {
      run->request.keep_connection = TRUE;
      return GM_OK;
    }
  if (G_UNLIKELY (run->request_settings->resume_from > 0))
    {
      result = skip_to_resume (self);
      if (result != GM_OK)
        return result;
    }
  self->info.upload_size = run->source.size;
  times->request_start = gm_multi_get_reactor (self->multi)->now;
  if (self->client.ops->before_request != NULL && self->client.ops->before_request (&self->client) != GM_ANSWER_OK)
    return GM_ABORTED;
  if (G_UNLIKELY (run->transfer_settings->connect_only == GM_CONNECT_ONLY_FOR_USER))
    {
      gm_transfer_keep_raw (self);
      return GM_OK;
    }
  run->begun = TRUE;

  return run->request.protocol->begin (&run->request);
}

/* What limits that are shared let through. */
static void
narrow_quotas (GmTransfer *self,
               GmRates *rates,
               guint n_sharing,
               gint64 now)
{
  gint64 recv_quota, send_quota;

  gm_rates_fill (rates, now, n_sharing, &recv_quota, &send_quota);
  self->flow.recv_quota = MIN (self->flow.recv_quota, recv_quota);
  self->flow.send_quota = MIN (self->flow.send_quota, send_quota);
}

/* What speed limits let through in this turn: its own, its group's and those of all. */
static void
fill_quotas (GmTransfer *self,
             gint64 now)
{
  const GmTransferSettings *settings = self->transfer_settings; /* live */
  GmRates *all = gm_multi_get_rates (self->multi);
  gboolean grouped = self->group_rates != NULL && gm_rates_are_limited (self->group_rates);

  self->flow.decoded = 0;
  self->flow.recv_quota = self->flow.send_quota = G_MAXINT64;
  if ((settings->max_recv_speed | settings->max_send_speed) == 0 && !grouped && all == NULL)
    return;

  self->flow.recv_quota = gm_bucket_fill (&self->recv_bucket, settings->max_recv_speed, now);
  self->flow.send_quota = gm_bucket_fill (&self->send_bucket, settings->max_send_speed, now);
  if (grouped)
    narrow_quotas (self, self->group_rates, gm_rates_share (self->group_rates, 0), now);
  if (all != NULL)
    narrow_quotas (self, all, gm_multi_n_running (self->multi), now);
}

/* What moved counts for @rates, and @recv_next and @send_next are put off to when they let more through. */
static void
settle_shared (GmRates *rates,
               guint64 received,
               guint64 sent,
               gint64 now,
               gint64 *recv_next,
               gint64 *send_next)
{
  gint64 recv, send;

  if (rates == NULL)
    return;

  gm_rates_take (rates, received, sent);
  gm_rates_next (rates, now, &recv, &send);
  *recv_next = MAX (*recv_next, recv);
  *send_next = MAX (*send_next, send);
}

static void
settle_quotas (GmTransfer *self,
               guint64 received,
               guint64 sent,
               gint64 now)
{
  const GmTransferSettings *settings = self->transfer_settings;
  gint64 recv_next, send_next;

  self->deadlines[GM_DEADLINE_RATE] = 0;
  /* There was no limit. */
  if (self->flow.recv_quota == G_MAXINT64 && self->flow.send_quota == G_MAXINT64)
    return;

  gm_bucket_take (&self->recv_bucket, settings->max_recv_speed, (gint64) received);
  gm_bucket_take (&self->send_bucket, settings->max_send_speed, (gint64) sent);
  recv_next = gm_bucket_next (&self->recv_bucket, settings->max_recv_speed, now);
  send_next = gm_bucket_next (&self->send_bucket, settings->max_send_speed, now);
  settle_shared (self->group_rates, received, sent, now, &recv_next, &send_next);
  settle_shared (gm_multi_get_rates (self->multi), received, sent, now, &recv_next, &send_next);
  /* More may move now in the direction that has some left. */
  if (self->flow.recv_quota > 0)
    recv_next = 0;
  if (self->flow.send_quota > 0)
    send_next = 0;
  self->deadlines[GM_DEADLINE_RATE]
    = recv_next == 0 || send_next == 0 ? recv_next + send_next : MIN (recv_next, send_next);
}

static GmResult
ask_progress (GmTransfer *self,
              gint64 now)
{
  if (self->client.ops->progress == NULL)
    return GM_OK;

  self->deadlines[GM_DEADLINE_PROGRESS] = now + G_USEC_PER_SEC;
  return self->client.ops->progress (&self->client) == GM_ANSWER_OK ? GM_OK : GM_ABORTED;
}

static GmResult
check_speed (GmTransfer *self,
             gint64 now)
{
  const GmTransferSettings *settings = self->run->transfer_settings;
  gint64 next = 0;

  if (settings->low_speed_time_ms == 0 || settings->low_speed_limit == 0)
    return GM_OK;
  /* Who is held by a pause, by a limit of our own or by a question is not slow. */
  if (self->flow.paused != 0 || self->deadlines[GM_DEADLINE_RATE] != 0 || gm_question_is_open (&self->run->question))
    {
      gm_slowness_reset (&self->slowness);
      self->deadlines[GM_DEADLINE_SPEED] = 0;
      return GM_OK;
    }

  if (gm_slowness_check (&self->slowness, now, self->info.downloaded + self->info.uploaded,
                         (guint64) settings->low_speed_limit, (gint64) settings->low_speed_time_ms * 1000, &next))
    return GM_LOW_SPEED;

  self->deadlines[GM_DEADLINE_SPEED] = next;
  return GM_OK;
}

static void
watch_response_clock (GmTransfer *self,
                      gint64 now)
{
  GmRun *run = self->run;
  guint timeout_ms = run->transfer_settings->response_timeout_ms;

  if (timeout_ms == 0 || !run->request.waiting_for_answer || self->flow.paused != 0 || gm_question_is_open (&run->question))
    {
      run->response_clock = 0;
      self->deadlines[GM_DEADLINE_RESPONSE] = 0;
    }
  else if (run->response_clock == 0)
    {
      run->response_clock = now;
      self->deadlines[GM_DEADLINE_RESPONSE] = now + (gint64) timeout_ms * 1000;
    }
}

/* Most transfers send no body: who does gets a meter with its first bytes. */
static void
note_sent (GmTransfer *self,
           gint64 now)
{
  if (self->send_meter == NULL)
    {
      self->send_meter = g_new (GmMeter, 1);
      gm_meter_begin (self->send_meter, self->info.hop.times.start);
    }
  gm_meter_note (self->send_meter, now, self->info.uploaded);
}

/* Bytes that moved in this turn are noted, and everything that watches them asked. */
static GmResult
account (GmTransfer *self,
         guint64 received,
         guint64 sent,
         gboolean hop_is_over)
{
  GmInfo *info = &self->info;
  gint64 now = gm_multi_get_reactor (self->multi)->now;
  GmResult result = GM_OK;

  settle_quotas (self, received, sent, now);
  if (received > 0)
    gm_meter_note (&self->recv_meter, now, info->downloaded);
  if (sent > 0)
    note_sent (self, now);
  if (received > 0 || sent > 0)
    gm_multi_note (self->multi, self, GM_FACT_PROGRESS);
  if (received > 0 || sent > 0 || hop_is_over || is_past (self, GM_DEADLINE_PROGRESS, now))
    result = ask_progress (self, now);

  return result;
}

static GmResult
state_running (GmTransfer *self)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;
  GmInfo *info = &self->info;
  gint64 now = gm_multi_get_reactor (self->multi)->now;
  guint64 received = info->downloaded;
  guint64 sent = info->uploaded;
  GmResult result, accounted;

  if (!run->begun)
    {
      result = begin_request (self);
      if (result != GM_OK || !run->begun)
        return result;
    }

  fill_quotas (self, now);
  result = request->protocol->step (request);
  if (result != GM_OK && result != GM_AGAIN)
    return result;

  accounted = account (self, info->downloaded - received, info->uploaded - sent, result == GM_OK);
  if (accounted != GM_OK)
    return accounted;
  if (result == GM_OK)
    return GM_OK;

  watch_response_clock (self, now);
  self->deadlines[GM_DEADLINE_WAKE] = request->wake_at;
  accounted = check_speed (self, now);

  return accounted != GM_OK ? accounted : GM_AGAIN;
}

/* ---- ends ---- */

/* Somebody may answer what a transfer asks that looks for its host's name. */
static gboolean
may_be_asked (GmTransfer *self)
{
  return self->run != NULL && gm_question_has (&self->run->question, GM_QUESTION_TRUST) && self->multi != NULL &&
         gm_multi_get_hidden (self->multi)->head != NULL;
}

/* The hop gives back what it has: protocol state and connection. */
static void
leave_hop (GmTransfer *self,
           gboolean keep_connection)
{
  GmRun *run = self->run;
  GmConnection *connection = run->request.connection;

  if (self->state == GM_STATE_CONNECTING && connection != NULL && gm_transfer_story (self) != NULL)
    gm_transfer_tell_left (self);
  run->request.connection = NULL;
  if (run->begun)
    run->request.protocol->end (&run->request);
  run->begun = FALSE;
  if (run->request.sink != &run->request.client_sink.sink)
    gm_sink_free (g_steal_pointer (&run->request.sink));
  gm_sink_client_clear (&run->request.client_sink);
  gm_question_clear (&run->question);
  if (G_UNLIKELY (may_be_asked (self)))
    gm_doh_forget_asker (self);
  run->connect_left = 0;
  self->deadlines[GM_DEADLINE_CONNECT] = self->deadlines[GM_DEADLINE_RESPONSE] = self->deadlines[GM_DEADLINE_WAKE] = 0;

  if (connection == NULL)
    return;
  if (connection->host.question == &run->question)
    connection->host.question = NULL;
  /* What happens to one stream is not the connection's fault. */
  keep_connection = (keep_connection || connection->http2 != NULL) && !run->connect_settings->forbid_reuse;
  if (self->client.ops->note != NULL)
    self->client.ops->note (&self->client, keep_connection ? GM_NOTE_LEFT_INTACT : GM_NOTE_CLOSING, NULL,
                            connection->id);
  gm_pool_give_back (gm_multi_get_pool (self->multi), connection, keep_connection, gm_multi_n_added (self->multi));
}

void
gm_transfer_end_run (GmTransfer *self,
                     gboolean keep_connection)
{
  GmReactor *reactor = gm_multi_get_reactor (self->multi);
  GmRun *run = self->run;

  gm_reactor_dequeue (reactor, &self->runnable);
  gm_reactor_set_timer (reactor, &self->timer, 0);
  memset (self->deadlines, 0, sizeof self->deadlines);
  gm_pool_stop_waiting (gm_multi_get_pool (self->multi), &self->waiter);
  /* The next run does not begin where the end of this one was paused. */
  self->flow.paused = 0;
  if (run == NULL)
    return;

  self->last_method = (guint8) run->request.method;
  self->last_custom_method = run->request.keep_custom_method != FALSE;
  self->has_run = TRUE;
  leave_hop (self, keep_connection);
  g_clear_pointer (&run->stores_job, gm_job_abandon);
  if (reactor->mailbox != NULL)
    gm_mailbox_forget (reactor->mailbox, self);
  g_clear_pointer (&run->route, g_free);
  self->run = NULL;
  gm_source_clear (&run->source);
  g_clear_pointer (&run->request.follow_url, gm_url_unref);
  if (G_UNLIKELY (((gsize) run->request.proxy | (gsize) run->proxies | (gsize) run->proxy_login) != 0))
    {
      g_clear_pointer (&run->request.proxy, gm_proxy_unref);
      gm_transfer_forget_ways (run);
      gm_transfer_forget_proxy_login (run);
    }
  if (G_UNLIKELY (((gsize) run->request.auth | (gsize) run->request.proxy_auth | (gsize) run->request.netrc) != 0))
    {
      g_clear_pointer (&run->request.netrc, gm_netrc_load_free);
      g_clear_pointer (&run->request.auth, gm_auth_free);
      g_clear_pointer (&run->request.proxy_auth, gm_auth_free);
    }
  g_clear_pointer (&run->origin, gm_url_unref);
  g_clear_pointer (&run->referer, gm_url_unref);
  gm_transfer_settings_unref (run->transfer_settings);
  gm_connect_settings_unref (run->connect_settings);
  if (run->plain_settings != NULL)
    gm_connect_settings_unref (run->plain_settings);
  gm_request_settings_unref (run->request_settings);
  gm_multi_give_run (self->multi, run);
}

/* Where and why, as far as it is known: the connection's own details first. */
static void
note_error (GmTransfer *self,
            GmResult result)
{
  GmRun *run = self->run;
  GmConnection *connection = run != NULL ? run->request.connection : NULL;
  GmPhase phase = gm_transfer_get_phase (self);

  if (connection != NULL && connection->error.result != GM_OK)
    {
      GmError *from = &connection->error;
      gboolean knows = from->phase != GM_PHASE_NONE;

      /* a socket sees bytes go out and come in; what they are is known here */
      if (self->state != GM_STATE_DONE && (from->phase == GM_PHASE_REQUEST || from->phase == GM_PHASE_RESPONSE))
        knows = FALSE;
      gm_error_set (&self->error, result, knows ? from->phase : phase, from->sys_errno);
      gm_error_add_details (&self->error, from); /* others may be told the same */
    }
  gm_error_set (&self->error, result, phase, 0);
  self->error.result = result;
  /* Once there was a way the others do not matter. */
  if (run != NULL && run->ways_tried != NULL && self->state != GM_STATE_RUNNING && self->error.ways == NULL)
    self->error.ways = g_string_free (g_steal_pointer (&run->ways_tried), FALSE);

  if (self->error.host == NULL && self->url != NULL)
    {
      GmSpan host = gm_url_get_host (self->url);

      if (host.len > 0)
        self->error.host = g_strndup (host.data, host.len);
      self->error.port = gm_url_get_port (self->url);
    }
}

static void
finish (GmTransfer *self,
        GmResult result)
{
  gboolean keep = result == GM_OK && self->run != NULL && self->run->request.keep_connection;

  /* Others that wait for this connection learn that it failed, not that somebody lost interest. */
  if (result != GM_OK && self->state == GM_STATE_CONNECTING && self->run->request.connection != NULL)
    gm_error_set (&self->run->request.connection->error, result, gm_transfer_get_phase (self), 0);
  if (result != GM_OK)
    note_error (self, result);
  self->info.ended = gm_multi_get_reactor (self->multi)->now;
  GM_TRACE (TRANSFER, self->id, self->info.hop.connection_id, "result %s", gm_result_name (result));
  if (result != GM_OK && self->run != NULL && gm_transfer_story (self) != NULL)
    gm_transfer_tell_failure (self, result);
  if (keep && gm_multi_get_reactor (self->multi)->foreign)
    gm_multi_rest_last (self->multi, self);
  gm_transfer_end_run (self, keep);
  self->result = result;
  gm_transfer_leave_rates (self);
  gm_transfer_set_state (self, GM_STATE_DONE);
  gm_multi_is_done (self->multi, self);
}

static void
archive_hop (GmTransfer *self)
{
  GmInfo *info = &self->info;

  if (info->earlier == NULL)
    info->earlier = g_array_new (FALSE, FALSE, sizeof (GmHop));
  if (info->earlier->len == 0)
    g_array_set_clear_func (info->earlier, gm_hop_clear);
  if (self->headers != NULL)
    info->hop.request = self->headers->request;
  g_array_append_val (info->earlier, info->hop);
  info->hop = (GmHop){ 0 };
}

/* The same hop once more: the peer said that it did not look at the request, or wants it in another version; or the pooled
 * connection was dead before it answered anything. */
static gboolean
can_retry (GmTransfer *self,
           GmResult result)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;

  if (self->state == GM_STATE_CONNECTING && run->route != NULL)
    return result != GM_TIMEOUT && result != GM_ABORTED;
  if (self->state != GM_STATE_RUNNING || request->connection == NULL || request->answered)
    return FALSE;
  if (request->unprocessed)
    return run->n_refused < MAX_REFUSED;
  if (request->again_in_http1)
    return !run->old_version;

  return request->reused && !run->fresh &&
         (result == GM_GOT_NOTHING || result == GM_RECV_FAILED || result == GM_SEND_FAILED);
}

static GmResult
next_hop (GmTransfer *self,
          GmMethod method,
          gboolean keep_custom_method,
          gboolean keep_connection)
{
  GmRun *run = self->run;
  gboolean no_expect = run->request.again_without_expect || run->request.no_expect;
  GmResult result = GM_OK;

  leave_hop (self, keep_connection);
  if (method == GM_METHOD_GET || method == GM_METHOD_HEAD)
    {
      gm_source_clear (&run->source);
      gm_source_init (&run->source, GM_SOURCE_NONE, &self->client, &self->flow, NULL, 0);
    }
  else
    result = gm_source_rewind (&run->source);
  archive_hop (self);
  run->n_hops++;
  wipe_request (self, method, keep_custom_method);
  run->request.no_expect = no_expect;
  if (result != GM_OK)
    return result;

  gm_transfer_set_state (self, GM_STATE_STARTING);
  return GM_OK;
}

static GmResult
retry (GmTransfer *self,
       GmResult why)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;

  GM_TRACE (TRANSFER, self->id, self->info.hop.connection_id, "not processed, or reused connection dead: once more");
  if (self->client.ops->note != NULL)
    self->client.ops->note (&self->client, GM_NOTE_RETRY, NULL, 0);
  if (self->state == GM_STATE_CONNECTING)
    gm_transfer_lose_route (self);
  self->info.n_retries++;
  if (request->unprocessed)
    run->n_refused++;
  else if (request->again_in_http1)
    run->old_version = TRUE;
  else
    run->fresh = TRUE;
  run->n_hops--; /* not a redirect: origin rules are as they were */
  gm_error_clear (&self->error);
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    gm_transfer_tell_retry (self, why);

  return next_hop (self, request->method, request->keep_custom_method, FALSE);
}

static GmResult
go_another_way (GmTransfer *self,
                GmResult why)
{
  GmRequest *request = &self->run->request;

  GM_TRACE (PROXY, self->id, self->info.hop.connection_id, "no way by this one: the next");
  self->info.n_retries++;
  gm_transfer_take_another_way (self, why);
  self->run->n_hops--; /* not a redirect */
  gm_error_clear (&self->error);

  return next_hop (self, request->method, request->keep_custom_method, FALSE);
}

/* The same hop once more, with a login that somebody is asked for first. */
static GmResult
log_in_and_go (GmTransfer *self)
{
  GmRequest *request = &self->run->request;

  GM_TRACE (PROXY, self->id, self->info.hop.connection_id, "the proxy wants a login");
  gm_transfer_want_proxy_login (self);
  self->info.n_retries++;
  self->run->n_hops--; /* not a redirect */
  gm_error_clear (&self->error);

  return next_hop (self, request->method, request->keep_custom_method, FALSE);
}

/* ---- a certificate of ours ---- */

/* A server wanted to know who we are, and somebody was asked. */
static gboolean
has_identity (GmTransfer *self,
              GmResult result)
{
  const GmQuestion *question = &self->run->question;

  return result == GM_TLS_CLIENT_CERTIFICATE_WANTED && self->state == GM_STATE_CONNECTING &&
         question->kind == GM_QUESTION_IDENTITY && question->reply != GM_REPLY_NONE;
}

/* The same hop by another connection: with the certificate, or without and nobody is asked any more. */
static GmResult
show_identity (GmTransfer *self)
{
  GmRun *run = self->run;
  const GmQuestion *question = &run->question;
  const GmTlsSettings *identity = question->answer != NULL ? question->answer->identity : NULL;

  if (identity != NULL)
    {
      GmConnectSettings *settings = gm_connect_settings_copy (run->connect_settings);
      const GmTlsSettings **slot = question->data->is_proxy ? &settings->proxy_tls : &settings->tls;
      const GmTlsSettings *old = *slot;

      *slot = gm_tls_settings_with_identity (old, identity);
      gm_tls_settings_unref (old);
      if (run->plain_settings == NULL)
        run->plain_settings = run->connect_settings;
      else
        gm_connect_settings_unref (run->connect_settings);
      run->connect_settings = settings;
    }
  else
    run->question.mask &= ~(1u << GM_QUESTION_IDENTITY);
  GM_TRACE (TRANSFER, self->id, self->info.hop.connection_id, "once more, %s",
            identity != NULL ? "with a certificate" : "without a certificate");
  run->n_hops--; /* not a redirect */
  gm_error_clear (&self->error);

  return next_hop (self, run->request.method, run->request.keep_custom_method, FALSE);
}

/* Who wanted to be known here need not be known elsewhere. */
static void
forget_identity (GmTransfer *self,
                 const GmUrl *next)
{
  GmRun *run = self->run;

  if (gm_url_same_origin (self->url, next))
    return;

  run->question.mask |= run->transfer_settings->ask & (1u << GM_QUESTION_IDENTITY);
  if (run->plain_settings != NULL)
    {
      gm_connect_settings_unref (run->connect_settings);
      run->connect_settings = g_steal_pointer (&run->plain_settings);
    }
}

static gboolean
has_tls_login (const GmConnectSettings *settings)
{
  return settings->tls != NULL && settings->tls->login_user != NULL;
}

/* A login within TLS is for the origin that it was set for, like any other. */
static void
limit_tls_login (GmTransfer *self)
{
  GmRun *run = self->run;
  gboolean allowed = run->request_settings->unrestricted_auth || gm_url_same_origin (run->origin, self->url);

  if (has_tls_login (run->connect_settings) == allowed)
    return;

  if (allowed)
    {
      gm_connect_settings_unref (run->connect_settings);
      run->connect_settings = gm_connect_settings_ref (self->connect_settings);
    }
  else
    {
      GmConnectSettings *settings = gm_connect_settings_copy (run->connect_settings);
      const GmTlsSettings *old = settings->tls;

      settings->tls = gm_tls_settings_without_login (old);
      gm_tls_settings_unref (old);
      gm_connect_settings_unref (run->connect_settings);
      run->connect_settings = settings;
    }
}

static GmResult
follow (GmTransfer *self)
{
  GmRun *run = self->run;
  GmRequest *request = &run->request;
  GmUrl *next = g_steal_pointer (&request->follow_url);

  if (run->transfer_settings->refuse_credentials && gm_url_has_user (next))
    {
      gm_url_unref (next);
      return GM_CREDENTIALS_REFUSED;
    }
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    gm_transfer_tell_redirect (self, next);
  if (self->client.ops->note != NULL)
    self->client.ops->note (&self->client, GM_NOTE_REDIRECT, gm_url_get_text (next), 0);
  self->info.n_redirects++;
  self->info.redirect_us += gm_multi_get_reactor (self->multi)->now - self->info.hop.times.start;
  if (run->request_settings->auto_referer)
    {
      g_clear_pointer (&run->referer, gm_url_unref);
      if (gm_url_without_login (self->url, &run->referer) == GM_OK)
        {
          g_clear_pointer (&self->info.referer, gm_url_unref);
          self->info.referer = gm_url_ref (run->referer);
        }
    }
  gm_transfer_forget_ways (run);
  if (G_UNLIKELY ((run->transfer_settings->ask & (1u << GM_QUESTION_IDENTITY)) != 0))
    forget_identity (self, next);
  run->fresh = run->old_version = run->no_route = FALSE;
  run->n_refused = 0;
  /* A login of the new URL's own, not the one that was used until now. */
  if (gm_url_has_user (next))
    g_clear_pointer (&request->auth, gm_auth_free);
  gm_url_unref (self->url);
  self->url = next;
  if (G_UNLIKELY (has_tls_login (self->connect_settings)))
    limit_tls_login (self);
  gm_multi_note (self->multi, self, GM_FACT_REDIRECT);

  return next_hop (self, request->follow_method, request->follow_custom_method, request->keep_connection);
}

/* A hop ended well: another one, or the end. GM_AGAIN = finished. */
static GmResult
end_hop (GmTransfer *self)
{
  GmRequest *request = &self->run->request;

  if (request->follow_url != NULL)
    return follow (self);
  if (request->again_with_login)
    {
      self->info.n_logins++;
      gm_story_tell (gm_transfer_story (self), .kind = GM_STORY_LOGIN, .code = (int) self->info.status);
      if (self->client.ops->note != NULL)
        self->client.ops->note (&self->client, GM_NOTE_REDIRECT, gm_url_get_text (self->url), 0);
      return next_hop (self, request->method, request->keep_custom_method, request->keep_connection);
    }
  if (request->again_elsewhere)
    {
      self->run->fresh = TRUE;
      /* RFC 7838 section 6: an alternative that says so is none. */
      if (self->run->route != NULL)
        gm_transfer_lose_route (self);
    }
  if (request->again_without_expect || request->again_elsewhere)
    {
      gm_story_tell (gm_transfer_story (self),
                     .kind = request->again_elsewhere ? GM_STORY_RETRIED_ELSEWHERE : GM_STORY_RETRIED_EXPECT);
      self->run->n_hops--;
      return next_hop (self, request->method, request->keep_custom_method, request->keep_connection);
    }

  /* Who has paused it does not hear that it is over before he lifts the pause, as with libcurl. */
  if (G_UNLIKELY ((self->flow.paused & GM_FLOW_RECV) != 0))
    return GM_AGAIN;

  finish (self, GM_OK);
  return GM_AGAIN;
}

/* ---- questions ---- */

void
gm_transfer_hold_clock (GmTransfer *self)
{
  gint64 *due = &self->deadlines[GM_DEADLINE_CONNECT];

  if (*due == 0)
    return;

  self->run->connect_left = MAX (*due - gm_multi_get_reactor (self->multi)->now, 1);
  *due = 0;
}

void
gm_transfer_release_clock (GmTransfer *self)
{
  if (self->run->connect_left != 0 && self->state == GM_STATE_CONNECTING)
    self->deadlines[GM_DEADLINE_CONNECT] = gm_clock_now (gm_multi_get_reactor (self->multi)->clock) + self->run->connect_left;
  self->run->connect_left = 0;
  gm_reactor_queue (gm_multi_get_reactor (self->multi), &self->runnable);
}

/* After a step that asked something: it is told once, and the clock for connecting stands still until the answer. */
static void
tell_question (GmTransfer *self)
{
  GmQuestion *question = &self->run->question;

  if (question->told || question->reply != GM_REPLY_NONE)
    return;

  gm_transfer_hold_clock (self);
  if (G_UNLIKELY (gm_doh_is_asking (self)))
    {
      gm_doh_tell_question (self);
      return;
    }

  question->told = TRUE;
  question->serial = ++self->last_question;
  GM_TRACE (TRANSFER, self->id, self->info.hop.connection_id, "asks question %u", (guint) question->kind);
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    gm_transfer_tell_question (self);
  gm_multi_note (self->multi, self, GM_FACT_QUESTION);
}

const GmQuestion *
gm_transfer_get_question (GmTransfer *self)
{
  const GmQuestion *question = self->run != NULL ? &self->run->question : NULL;

  if (question != NULL && question->told && gm_question_is_open (question))
    return question;

  return G_UNLIKELY (may_be_asked (self)) ? gm_doh_get_question (self) : NULL;
}

void
gm_transfer_answer (GmTransfer *self,
                    guint64 serial,
                    GmReply reply,
                    GmAnswerData *data)
{
  GmQuestion *question = self->run != NULL ? &self->run->question : NULL;

  if (question == NULL || !question->told || question->serial != serial || !gm_question_is_open (question) ||
      reply == GM_REPLY_NONE)
    {
      if (reply == GM_REPLY_NONE || !may_be_asked (self) || !gm_doh_answer (self, serial, reply, data))
        gm_answer_data_free (data);
      return;
    }

  question->reply = reply;
  question->answer = data;
  if (G_UNLIKELY (gm_transfer_story (self) != NULL))
    gm_transfer_tell_answer (self, reply);
  gm_transfer_release_clock (self);
}

/* ---- the step ---- */

static GmResult
dispatch (GmTransfer *self)
{
  GmResult result;

  switch (self->state)
    {
    case GM_STATE_STARTING:
      return state_starting (self);
    case GM_STATE_PENDING:
      return state_pending (self);
    case GM_STATE_CONNECTING:
      return state_connecting (self);
    case GM_STATE_RUNNING:
      result = state_running (self);
      return result == GM_OK ? end_hop (self) : result;
    case GM_STATE_IDLE:
    case GM_STATE_DONE:
    default:
      return GM_AGAIN;
    }
}

static void
update_wants (GmTransfer *self)
{
  GmRequest *request = &self->run->request;

  if (request->connection == NULL)
    return;
  if (self->state == GM_STATE_CONNECTING)
    gm_connection_set_want (request->connection, GM_IO_NONE);
  else if (self->state == GM_STATE_RUNNING && self->run->begun)
    gm_connection_set_want (request->connection, request->protocol->want (request));
}

/* This attempt has failed, but another one is to be made. */
static gboolean
go_again (GmTransfer *self,
          GmResult *result)
{
  if (has_identity (self, *result))
    *result = show_identity (self);
  else if (can_retry (self, *result))
    *result = retry (self, *result);
  else if (gm_transfer_has_another_way (self, *result))
    *result = go_another_way (self, *result);
  else if (gm_transfer_may_log_in_to_proxy (self, *result))
    *result = log_in_and_go (self);

  return *result == GM_OK;
}

/* Connecting is more than one thing, and who watches is told of each. */
static void
note_phase (GmTransfer *self)
{
  GmPhase phase = gm_transfer_get_phase (self);

  if (phase == (GmPhase) self->last_phase)
    return;
  self->last_phase = (guint8) phase;
  gm_multi_note (self->multi, self, GM_FACT_STATE);
}

static void
step (GmTransfer *self)
{
  GmReactor *reactor = gm_multi_get_reactor (self->multi);
  GmResult result;

  /* A deadline has passed, and not everything that is ready need be known: a foreign loop may tell the time before it
   * tells of data, and the own set gives only so many events at a time. */
  if (self->run != NULL && self->run->request.connection != NULL &&
      (check_deadlines (self, reactor->now) != GM_AGAIN || is_past (self, GM_DEADLINE_SPEED, reactor->now)))
    gm_connection_look (self->run->request.connection);

  do
    result = dispatch (self);
  while (result == GM_OK && !self->doomed);

  if (result == GM_AGAIN && self->state != GM_STATE_DONE && !self->doomed)
    {
      if (is_past (self, GM_DEADLINE_PROGRESS, reactor->now))
        result = ask_progress (self, reactor->now);
      if (result == GM_OK || result == GM_AGAIN)
        result = check_deadlines (self, reactor->now);
    }
  if (self->doomed || self->state == GM_STATE_DONE)
    return;

  if (result == GM_AGAIN)
    {
      if (self->run != NULL && self->run->question.kind != GM_QUESTION_NONE)
        tell_question (self);
      if (self->state == GM_STATE_CONNECTING && gm_transfer_story (self) != NULL)
        note_phase (self);
      update_wants (self);
      arm_timer (self);
      return;
    }

  if (go_again (self, &result))
    gm_reactor_queue (reactor, &self->runnable);
  else
    finish (self, result);
}

static void
transfer_run (GmRunnable *runnable)
{
  GmTransfer *self = (GmTransfer *) runnable;
  GmReactor *reactor;

  if (self->stepping > 0 || self->multi == NULL)
    return;

  reactor = gm_multi_get_reactor (self->multi);
  reactor->acting = self;
  self->stepping++;
  step (self);
  reactor->acting = NULL;
  if (self->doomed)
    gm_multi_detach (self->multi, self);
  self->stepping--;

  if (self->dead)
    gm_transfer_destroy (self);
}

void
gm_transfer_start (GmTransfer *self)
{
  GmReactor *reactor;
  const GmTransferSettings *settings = self->transfer_settings;

  self->runnable.run = transfer_run;
  if (self->multi == NULL)
    return;

  reactor = gm_multi_get_reactor (self->multi);
  if (G_UNLIKELY (self->raw != NULL))
    gm_transfer_drop_raw (self);
  g_clear_pointer (&self->url, gm_url_unref);
  /* A fresh one is clean. */
  if (self->info.added != 0)
    {
      if (self->headers != NULL)
        gm_headers_clear (self->headers);
      gm_info_clear (&self->info);
      gm_error_clear (&self->error);
    }
  self->result = GM_AGAIN;
  self->last_generation = 0;
  self->recv_bucket = self->send_bucket = (GmBucket){ 0 };
  gm_slowness_reset (&self->slowness);
  self->info.added = reactor->now;
  gm_transfer_set_state (self, GM_STATE_STARTING);
  if (settings->timeout_ms != 0)
    self->deadlines[GM_DEADLINE_TOTAL] = reactor->now + (gint64) settings->timeout_ms * 1000;
  gm_reactor_queue (reactor, &self->runnable);
}
