/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-http1-write.h"
#include "gm-netrc.h"
#include "gm-netrc-load.h"
#include "gm-trace.h"

/* Logins (RFC 9110 section 11): which one this hop may use, what a 401 or 407 means, and the question for a login that
 * nobody has given. What is known of a server or proxy is GmAuth's. */

struct _GmHttpHold
{
  GmSink sink; /* first member */
  GmSink *down; /* (unowned): where the bytes go if nobody logs in */
  GmByteBuilder bytes;
  GmAuth *auth; /* (unowned): that has no login yet, or a wrong one */
  gboolean over; /* there is more than is kept: nothing is */
};

/* ---- before the request ---- */

typedef struct
{
  char *user; /* (owned) (nullable) */
  char *password; /* (owned) (nullable) */
  const char *token; /* (unowned) (nullable) */
} Login;

static void
login_clear (Login *login)
{
  if (login->password != NULL)
    explicit_bzero (login->password, strlen (login->password));
  g_free (login->password);
  g_free (login->user);
}

static GmResult
take_url_login (const GmUrl *url,
                Login *login)
{
  if (gm_url_dup_user (url, FALSE, &login->user) != GM_OK || gm_url_dup_password (url, FALSE, &login->password) != GM_OK)
    return GM_BAD_URL;

  return GM_OK;
}

/* What the file says of this hop's host, and of no other. @user, nullable: whose password is wanted. */
static GmResult
take_netrc_login (const GmRequest *request,
                  char *user,
                  Login *login)
{
  GmResult result = request->netrc != NULL ? gm_netrc_load_get_result (request->netrc) : GM_AGAIN;
  GmNetrc found = GM_NETRC_NONE;
  g_autofree char *wanted = user;

  if (result == GM_AGAIN)
    return result;
  if (result == GM_OK)
    found = gm_netrc_find (gm_netrc_load_get_text (request->netrc), gm_url_get_host (request->url), wanted, &login->user,
                           &login->password);
  if (request->settings->netrc == GM_NETRC_REQUIRED && (result != GM_OK || found == GM_NETRC_BAD))
    {
      g_free (request->error->detail);
      request->error->detail = g_strdup (".netrc");
      return GM_READ_FAILED;
    }
  if (found != GM_NETRC_FOUND)
    login->user = g_steal_pointer (&wanted);

  return GM_OK;
}

/* What was set for the user's origin counts more than a login in an URL; neither leaves its origin. */
static GmResult
find_login (const GmRequest *request,
            Login *login)
{
  const GmRequestSettings *settings = request->settings;
  GmResult result = GM_OK;

  if (!request->foreign_origin || settings->unrestricted_auth)
    {
      login->token = settings->bearer;
      if (settings->user != NULL)
        {
          login->user = g_strdup (settings->user);
          login->password = g_strdup (settings->password);
          return GM_OK;
        }
    }
  /* Who says who he is needs no file. */
  if (settings->netrc == GM_NETRC_REQUIRED && settings->user == NULL)
    return take_netrc_login (request, NULL, login);
  if (gm_url_has_user (request->url))
    result = take_url_login (request->url, login);
  /* A redirect within the origin need not repeat the login. */
  else if (gm_url_has_user (request->origin) && !request->foreign_origin)
    result = take_url_login (request->origin, login);
  if (result == GM_OK && settings->netrc != GM_NETRC_NEVER && settings->user == NULL &&
      (login->password == NULL || *login->password == '\0'))
    {
      g_clear_pointer (&login->password, g_free);
      return take_netrc_login (request, g_steal_pointer (&login->user), login);
    }

  return result;
}

static GmAuthTarget
get_target (const GmRequest *request)
{
  return (GmAuthTarget){
    .scheme = gm_url_get_scheme_name (request->url),
    .host = gm_url_get_host (request->url),
    .port = gm_url_get_port (request->url),
  };
}

static gboolean
is_for_this_hop (const GmRequest *request,
                 const GmAuth *auth)
{
  GmAuthTarget target = get_target (request);

  return gm_auth_is_for (auth, &target);
}

/* TRUE: the one there is now is new. It may lie where the one before lay, so its address tells nothing. */
static gboolean
make_auth (GmRequest *request)
{
  GmAuthTarget target = get_target (request);

  if (request->auth != NULL && gm_auth_is_for (request->auth, &target))
    return FALSE;

  gm_auth_free (request->auth);
  request->auth = gm_auth_new (gm_pool_get_auth_store (request->connection->pool), &target,
                               request->settings->auth & GM_AUTH_ANY);
  gm_auth_set_service (request->auth, request->settings->service, (GmDelegation) request->settings->delegation);
  return TRUE;
}

static gboolean
says_it_himself (const GmRequest *request)
{
  GmHttp1UserField field;

  for (const GmStringList *l = request->settings->headers; l != NULL; l = l->next)
    if (gm_http1_user_field_parse (l->data, &field) &&
        gm_span_equal_nocase (field.name, GM_SPAN ("Proxy-Authorization")))
      return TRUE;

  return gm_proxy_has_field (request->proxy, GM_SPAN ("Proxy-Authorization"));
}

/* What the proxy is told has a place for a login, and none of the user's own. That of a tunnel is its own matter. */
static gboolean
proxy_takes_login (const GmRequest *request)
{
  return gm_proxy_forwards (request->proxy) && !says_it_himself (request);
}

static void
make_proxy_auth (GmRequest *request)
{
  const GmProxy *proxy = request->proxy;
  GmAuthTarget target = {
    .scheme = GM_SPAN ("http"),
    .host = gm_span (proxy->host, strlen (proxy->host)),
    .port = proxy->port,
    .is_proxy = TRUE,
  };

  if (request->proxy_auth != NULL && gm_auth_is_for (request->proxy_auth, &target))
    return;

  gm_auth_free (request->proxy_auth);
  request->proxy_auth = gm_auth_new (gm_pool_get_auth_store (request->connection->pool), &target, proxy->auth);
  if (proxy->user != NULL)
    gm_auth_set_login (request->proxy_auth, proxy->user, proxy->password);
  gm_auth_set_service (request->proxy_auth, proxy->service, GM_DELEGATION_NONE);
}

/* With the login of its address, or with one that was asked for before. */
static void
begin_proxy_login (GmRequest *request)
{
  if (proxy_takes_login (request) && (request->proxy->user != NULL || request->proxy_auth != NULL))
    make_proxy_auth (request);
  else
    g_clear_pointer (&request->proxy_auth, gm_auth_free);
}

static GmResult
give_login (GmHttp *self)
{
  GmRequest *request = self->request;
  Login login = { 0 };
  GmResult result;

  result = find_login (request, &login);
  /* The one of the hop before has its login already, be it that somebody was asked for it. */
  if (result == GM_OK && (login.user != NULL || login.token != NULL || request->auth != NULL) && make_auth (request))
    {
      if (login.user != NULL)
        gm_auth_set_login (request->auth, login.user, login.password);
      gm_auth_set_token (request->auth, login.token);
    }
  login_clear (&login);
  begin_proxy_login (request);
  self->login_known = result == GM_OK;

  return result;
}

GmResult
gm_http_auth_begin (GmHttp *self)
{
  GmRequest *request = self->request;
  GmResult result;

  if (request->settings->netrc != GM_NETRC_NEVER && request->netrc == NULL)
    request->netrc = gm_netrc_load_new (request->settings->netrc_file, request->reactor, request->owner);
  result = give_login (self);
  self->login_pending = result == GM_AGAIN || request->auth != NULL || request->proxy_auth != NULL;

  return result == GM_AGAIN ? GM_OK : result;
}

static void
tell_problem (GmRequest *request,
              const char *problem)
{
  if (problem == NULL)
    return;

  GM_TRACE (HTTP, request->id, 0, "login: %s", problem);
  if (request->client->ops->note != NULL)
    request->client->ops->note (request->client, GM_NOTE_LOGIN_PROBLEM, problem, 0);
}

/* @result: of gm_auth_prove(), not OK. */
static GmResult
fail_proof (GmRequest *request,
            GmAuth *auth,
            GmResult result)
{
  const char *detail;

  if (result == GM_AGAIN)
    return result;

  gm_auth_get_problem (auth, &detail);
  tell_problem (request, detail);
  g_free (request->error->detail);
  request->error->detail = g_strdup (detail);
  return result;
}

GmResult
gm_http_auth_prepare (GmHttp *self)
{
  GmRequest *request = self->request;
  GmResult known = self->login_known ? GM_OK : give_login (self);
  GmAuth *auths[] = { request->proxy_auth, request->auth };

  if (known != GM_OK)
    return known;
  for (guint i = 0; i < G_N_ELEMENTS (auths); i++)
    if (auths[i] != NULL)
      {
        GmResult result = gm_auth_prepare (auths[i], request->reactor, request->owner);

        if (result != GM_OK)
          return fail_proof (request, auths[i], result);
      }
  self->login_pending = FALSE;

  return GM_OK;
}

/* ---- in the request ---- */

gboolean
gm_http_auth_withholds_body (const GmHttp *self)
{
  const GmRequest *request = self->request;

  return (request->auth != NULL && gm_auth_will_be_asked (request->auth)) ||
         (request->proxy_auth != NULL && gm_auth_will_be_asked (request->proxy_auth));
}

gboolean
gm_http_auth_may_be_asked (const GmHttp *self)
{
  const GmRequest *request = self->request;

  return (request->auth != NULL && gm_auth_may_be_asked (request->auth)) ||
         (request->proxy_auth != NULL && gm_auth_may_be_asked (request->proxy_auth));
}

static GmSpan
get_body (const GmRequest *request,
          gboolean *known)
{
  const GmSource *source = request->source;

  *known = source->kind == GM_SOURCE_NONE || (source->kind == GM_SOURCE_BYTES && source->size <= GM_AUTH_MAX_SUMMED);
  if (!*known || source->kind == GM_SOURCE_NONE)
    return GM_SPAN ("");

  return gm_span (source->bytes, (gsize) source->size);
}

/* Once a token is on its way the server may know us by the connection. */
static void
bind_connection (GmRequest *request)
{
  g_autofree char *login = NULL;

  if (gm_auth_get_sent (request->auth) != GM_AUTH_NEGOTIATE || gm_proxy_forwards (request->proxy))
    return;

  login = gm_auth_dup_identity (request->auth);
  gm_pool_bind (request->connection->pool, request->connection, login);
}

GmResult
gm_http_auth_write (GmHttp *self,
                    GmSpan target,
                    gboolean own,
                    GmByteBuilder *out)
{
  GmRequest *request = self->request;
  gboolean known;
  GmSpan body = get_body (request, &known);
  GmAuthAsk ask = { self->method, target, known ? &body : NULL };
  GmResult result = GM_OK;

  self->login_is_users = own;
  if (request->proxy_auth != NULL)
    {
      result = gm_auth_write (request->proxy_auth, &ask, out);
      request->info->proxy_auth_used = gm_auth_get_sent (request->proxy_auth);
    }
  if (result == GM_OK && request->auth != NULL && !own && request->settings->auth == GM_AUTH_SIGNED)
    result = gm_http_sign (self, target, out);
  else if (result == GM_OK && request->auth != NULL && !own)
    {
      result = gm_auth_write (request->auth, &ask, out);
      request->info->auth_used = gm_auth_get_sent (request->auth);
      bind_connection (request);
    }

  return result;
}

/* ---- the answer ---- */

static GmResult
hold_write (GmSink *sink,
            const char *data,
            gsize len)
{
  GmHttpHold *self = (GmHttpHold *) sink;

  if (self->over || len > GM_HTTP_MAX_HELD - self->bytes.len)
    {
      self->over = TRUE;
      gm_byte_builder_clear (&self->bytes);
      return GM_TOO_LARGE;
    }
  gm_byte_builder_append (&self->bytes, data, len);

  return self->bytes.failed ? GM_OUT_OF_MEMORY : GM_OK;
}

/* What it keeps is nobody's to wait for before the question is answered. */
static GmResult
hold_finish (GmSink *sink)
{
  return GM_OK;
}

static gboolean
hold_holds (const GmSink *sink)
{
  return FALSE;
}

static void
hold_free (GmSink *sink)
{
  GmHttpHold *self = (GmHttpHold *) sink;

  gm_byte_builder_clear (&self->bytes);
  g_free (self);
}

static void
hold (GmHttp *self,
      GmAuth *auth)
{
  static const GmSinkType type = { "hold", hold_write, hold_finish, hold_finish, hold_holds, hold_free };
  GmRequest *request = self->request;

  self->hold = g_new0 (GmHttpHold, 1);
  self->hold->sink.type = &type;
  self->hold->down = request->sink;
  self->hold->auth = auth;
  request->sink = &self->hold->sink;
}

/* ---- the proof ---- */

/* A link in front of all others: nothing passes before the other side has proved who it is. */
typedef struct
{
  GmSink sink; /* first member */
  GmHttp *http; /* (unowned): its proof_pending is the gate */
  GmByteBuilder bytes;
  gboolean ended; /* finish() waits behind them */
} Gate;

static GmResult
gate_write (GmSink *sink,
            const char *data,
            gsize len)
{
  Gate *self = (Gate *) sink;

  if (!self->http->proof_pending && self->bytes.len == 0)
    return gm_sink_write (sink->next, data, len);

  gm_byte_builder_append (&self->bytes, data, len);
  return self->bytes.failed ? GM_OUT_OF_MEMORY : GM_OK;
}

static GmResult
gate_finish (GmSink *sink)
{
  Gate *self = (Gate *) sink;

  self->ended = self->http->proof_pending || self->bytes.len > 0;
  return self->ended ? GM_OK : gm_sink_finish (sink->next);
}

static GmResult
gate_flush (GmSink *sink)
{
  Gate *self = (Gate *) sink;
  GmResult result = self->http->proof_pending ? GM_AGAIN : gm_sink_flush (sink->next);

  if (result == GM_OK && self->bytes.len > 0)
    {
      result = gm_sink_write (sink->next, self->bytes.data, self->bytes.len);
      gm_byte_builder_clear (&self->bytes);
    }
  if (result == GM_OK && self->ended)
    {
      self->ended = FALSE;
      result = gm_sink_finish (sink->next);
    }

  return result == GM_OK ? gm_sink_flush (sink->next) : result;
}

static gboolean
gate_holds (const GmSink *sink)
{
  const Gate *self = (const Gate *) sink;

  return self->http->proof_pending || self->bytes.len > 0 || self->ended;
}

static void
gate_free (GmSink *sink)
{
  Gate *self = (Gate *) sink;

  gm_byte_builder_clear (&self->bytes);
  g_free (self);
}

static void
shut_gate (GmHttp *self)
{
  static const GmSinkType type = { "gate", gate_write, gate_finish, gate_flush, gate_holds, gate_free };
  Gate *gate = g_new0 (Gate, 1);

  gate->sink.type = &type;
  gate->sink.next = self->request->sink;
  gate->http = self;
  self->request->sink = &gate->sink;
  self->proof_pending = TRUE;
}

GmResult
gm_http_auth_prove (GmHttp *self)
{
  GmRequest *request = self->request;
  GmAuth *auths[] = { request->proxy_auth, request->auth };

  for (guint i = 0; i < G_N_ELEMENTS (auths); i++)
    if (auths[i] != NULL)
      {
        GmResult result = gm_auth_prove (auths[i], request->reactor, request->owner);

        if (result != GM_OK)
          return fail_proof (request, auths[i], result);
      }
  self->proof_pending = FALSE;
  if (self->head_untold && request->follow_url == NULL)
    request->news (request, GM_NEWS_HEAD);
  self->head_untold = FALSE;

  return GM_OK;
}

/* ---- refusals ---- */

static gboolean
can_ask (const GmRequest *request)
{
  return (request->question->mask & (1u << GM_QUESTION_LOGIN)) != 0 && request->n_logins < GM_MAX_LOGINS;
}

/* The refusal is the answer: this is why. */
static void
note_problem (GmRequest *request,
              GmAuth *auth)
{
  const char *detail;

  request->info->auth_problem = gm_auth_get_problem (auth, &detail);
  if (detail == NULL)
    return;
  g_free (request->error->detail);
  request->error->detail = g_strdup (detail);
}

static GmHttpLogin
judge_refusal (GmHttp *self,
               GmAuth *auth,
               guint first,
               guint n)
{
  GmRequest *request = self->request;
  gboolean again = gm_auth_refused (auth, request->headers, first, n);
  const char *problem, *ignored;

  gm_auth_get_problem (auth, &problem);
  tell_problem (request, problem);
  if (again)
    return GM_HTTP_LOGIN_AGAIN;
  if (can_ask (request) && gm_auth_get_wanted (auth, &ignored) != GM_AUTH_NONE)
    {
      hold (self, auth);
      return GM_HTTP_LOGIN_ASK;
    }
  note_problem (request, auth);

  return GM_HTTP_LOGIN_NONE;
}

/* Who knows us is asked no more. */
static void
note_accepted (GmHttp *self,
               GmAuth *auth,
               guint first,
               guint n)
{
  if (auth != NULL)
    gm_auth_accepted (auth, self->request->headers, first, n);
}

/* … but may have to say who he is before this answer is anybody's. One that is not for the client does not wait: the next
 * request does. */
static void
wait_for_proof (GmHttp *self)
{
  GmRequest *request = self->request;

  if ((request->auth != NULL && gm_auth_must_prove (request->auth)) ||
      (request->proxy_auth != NULL && gm_auth_must_prove (request->proxy_auth)))
    shut_gate (self);
}

static GmHttpLogin
judge_unauthorized (GmHttp *self,
                    guint first,
                    guint n)
{
  GmRequest *request = self->request;

  if (request->auth == NULL && can_ask (request))
    make_auth (request);

  return request->auth != NULL ? judge_refusal (self, request->auth, first, n) : GM_HTTP_LOGIN_NONE;
}

static GmHttpLogin
judge_accepted (GmHttp *self,
                guint status,
                guint first,
                guint n)
{
  GmRequest *request = self->request;

  note_accepted (self, request->auth, first, n);
  /* Nobody wanted a login, so that the body, which was not sent, is wanted at once. */
  if (self->body_withheld && status < 300)
    {
      if (request->auth != NULL)
        gm_auth_not_asked (request->auth);
      if (request->proxy_auth != NULL)
        gm_auth_not_asked (request->proxy_auth);
      return GM_HTTP_LOGIN_AGAIN;
    }

  return GM_HTTP_LOGIN_NONE;
}

static GmHttpLogin
judge_proxy (GmHttp *self,
             guint first,
             guint n)
{
  GmRequest *request = self->request;

  if (request->proxy_auth == NULL && can_ask (request) && proxy_takes_login (request))
    make_proxy_auth (request);

  return request->proxy_auth != NULL ? judge_refusal (self, request->proxy_auth, first, n) : GM_HTTP_LOGIN_NONE;
}

GmHttpLogin
gm_http_auth_judge (GmHttp *self,
                    guint status,
                    guint first,
                    guint n)
{
  GmHttpLogin login;

  if (status == 407)
    return judge_proxy (self, first, n);

  /* The proxy let it through. */
  note_accepted (self, self->request->proxy_auth, first, n);
  if (status == 401 && !self->login_is_users)
    login = judge_unauthorized (self, first, n);
  else
    login = judge_accepted (self, status, first, n);
  if (login == GM_HTTP_LOGIN_NONE)
    wait_for_proof (self);

  return login;
}

gboolean
gm_http_auth_leaves_connection (const GmHttp *self)
{
  const GmRequest *request = self->request;

  /* The next leg needs this very connection, and takes it before anybody else has a turn. */
  if (request->again_with_login)
    return TRUE;

  /* A login at the proxy itself is in the pool's key, as part of the way. */
  return request->auth == NULL || gm_auth_get_sent (request->auth) != GM_AUTH_NEGOTIATE ||
         !gm_proxy_forwards (request->proxy);
}

char *
gm_http_auth_dup_login (const GmRequest *request)
{
  const GmRequestSettings *settings = request->settings;
  Login login = { 0 };
  char *name = NULL;

  if (!gm_http_may_log_in (request) || (settings->auth & GM_AUTH_NEGOTIATE) == 0 || !gm_gss_is_there () ||
      gm_proxy_forwards (request->proxy))
    return NULL;

  if (find_login (request, &login) == GM_OK)
    name = gm_auth_make_identity (login.user, login.password, settings->service, (GmDelegation) settings->delegation);
  login_clear (&login);
  /* The leg before this one has it from a file, or from somebody who was asked. */
  if (name == NULL && request->auth != NULL && is_for_this_hop (request, request->auth))
    name = gm_auth_dup_identity (request->auth);

  return name;
}

/* ---- the question ---- */

static GmQuestionData *
make_question (gpointer user_data)
{
  GmHttp *self = user_data;
  GmAuth *auth = self->hold->auth;
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_LOGIN);
  const char *realm;

  data->scheme = g_strdup (gm_auth_scheme_name (gm_auth_get_wanted (auth, &realm)));
  data->text = g_strdup (realm);
  data->host = g_strdup (gm_auth_get_host (auth));
  data->port = gm_auth_get_port (auth);
  data->is_proxy = auth == self->request->proxy_auth;
  data->attempt = self->request->n_logins + 1;

  return data;
}

/* There is no login: the refusal is the answer after all. */
static GmResult
give_up (GmHttp *self)
{
  GmRequest *request = self->request;
  GmHttpHold *held = self->hold;
  GmResult result;

  self->hold_done = TRUE;
  note_problem (request, held->auth);
  if (request->settings->fail_on_error)
    return GM_HTTP_STATUS;
  request->news (request, GM_NEWS_HEAD);
  if (held->over)
    {
      g_free (request->error->detail);
      request->error->detail = g_strdup ("the page that comes with the demand for a login");
      return GM_TOO_LARGE;
    }
  result = held->bytes.len > 0 ? gm_sink_write (held->down, held->bytes.data, held->bytes.len) : GM_OK;

  return result == GM_OK ? gm_sink_finish (held->down) : result;
}

gboolean
gm_http_auth_has_enough (const GmHttp *self)
{
  return self->hold != NULL && self->hold->over;
}

GmResult
gm_http_auth_ask (GmHttp *self)
{
  GmRequest *request = self->request;
  GmQuestion *question = request->question;
  GmResult result = GM_OK;

  if (!self->hold_done)
    switch (gm_question_ask (question, GM_QUESTION_LOGIN, make_question, self))
      {
      case GM_REPLY_NONE:
        return GM_AGAIN;
      case GM_REPLY_ACCEPT:
        gm_auth_set_login (self->hold->auth, question->answer->user, question->answer->password);
        gm_question_clear (question);
        request->n_logins++;
        request->again_with_login = TRUE;
        return GM_OK;
      case GM_REPLY_DECLINE:
      default:
        gm_question_clear (question);
        result = give_up (self);
        break;
      }
  if (result != GM_OK)
    return result;

  /* The client may not take all of it at once. */
  return gm_sink_holds (self->hold->down) ? gm_sink_flush (self->hold->down) : GM_OK;
}
