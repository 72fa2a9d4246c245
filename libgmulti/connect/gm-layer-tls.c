/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-tls.h"

#include "gm-tls-away.h"
#include "gm-tls-session.h"
#include "gm-tls-verify.h"
#include "gm-trace.h"
#include "gm-trust.h"

#include <errno.h>

/* Read from below at once: four records of the largest size, and their headers. */
#define BLOCK_SIZE (4 * (16 * 1024 + 256))

/* Composed and not yet taken by the layer below: one record, or what we say in a handshake, our chain of certificates
 * included. */
#define MAX_OUT (256 * 1024)

/* Servers wait for about half a minute for a request; who was asked for longer than that has to come anew. */
#define MAX_THOUGHT_US (5 * G_USEC_PER_SEC)

/* Records in a row that give nothing (tickets, new keys, warnings, empty ones) before others have their turn; and in the
 * whole of a handshake. */
#define MAX_IDLE_RECORDS 32
#define MAX_WARNINGS 16

typedef enum
{
  STATE_BELOW, /* the layer below is not connected */
  STATE_IDENTITY, /* our certificate is being read */
  STATE_HANDSHAKE,
  STATE_VERDICT, /* done, but the certificate is not judged: the anchors are being read */
  STATE_WANTED, /* the server let nobody in without a certificate; somebody is asked for one */
  STATE_OPEN,
  STATE_FAILED,
} TlsState;

typedef struct
{
  GmLayer layer; /* first member */
  TlsState state;
  GmResult failure; /* while STATE_FAILED */
  const GmTlsSettings *settings; /* (owned) */
  GmTlsName name;
  guint16 port;
  const char *const *alpn; /* (unowned) (nullable) */
  GmTicketCache *tickets; /* (owned) (nullable) */
  GmTrustWait *waits[GM_TLS_N_KINDS]; /* (owned) (nullable): by GmTlsKind */
  GmTlsCredentials *credentials[GM_TLS_N_KINDS]; /* (owned) (nullable) */
  gnutls_certificate_credentials_t nobody; /* (owned) (nullable): stands where there is no identity */
  gnutls_srp_client_credentials_t login; /* (owned) (nullable) */
  gnutls_session_t session; /* (owned) (nullable) */
  GmTlsAway *away; /* (owned) (nullable): the handshake is done elsewhere, and the session is there */
  GmTlsInfo *info; /* (owned) (nullable): once connected */
  char *in; /* (owned) (nullable): read ahead */
  gsize in_pos;
  gsize in_len;
  GmByteBuilder out;
  gsize out_pos;
  GmResult pull_result; /* why the last pull gave nothing: GM_AGAIN, GM_OK (the end), or a failure */
  GmResult push_result; /* the failure of a push */
  gboolean looked; /* after that failure, for what the peer still said */
  GmResult end; /* GM_AGAIN while more may come; GM_OK after close_notify; else what recv() says from now on */
  GmTicketHint hint; /* of the last ticket */
  guint n_warnings;
  guint n_pins; /* that somebody gave */
  GmTlsVerdict verdict;
  gint64 asked_at; /* µs: since when somebody is asked for a certificate of ours; 0: nobody is */
  int refusal; /* in STATE_WANTED: what GnuTLS said … */
  guint8 refusal_alert; /* … and the server */
  gboolean judged;
  gboolean trusted; /* for good, whoever was asked */
  gboolean is_proxy;
  gboolean is_carrier;
  gboolean said_goodbye;
} TlsLayer;

/* ---- transport ---- */

static gboolean
has_out (TlsLayer *self)
{
  return self->out_pos < self->out.len;
}

static gboolean
refill (TlsLayer *self)
{
  GmReactor *reactor = self->layer.host->reactor;
  gsize n = 0;

  if (self->in == NULL)
    self->in = gm_reactor_take_block (reactor, BLOCK_SIZE);
  self->in_pos = self->in_len = 0;
  self->pull_result = gm_layer_recv (self->layer.next, self->in, BLOCK_SIZE, &n);
  if (self->pull_result == GM_OK && n > 0)
    {
      self->in_len = n;
      return TRUE;
    }

  gm_reactor_give_block (reactor, g_steal_pointer (&self->in), BLOCK_SIZE);
  return FALSE;
}

static ssize_t
pull_cb (gnutls_transport_ptr_t pointer,
         void *data,
         size_t len)
{
  TlsLayer *self = pointer;
  gsize n;

  if (self->in_pos == self->in_len && !refill (self))
    {
      if (self->pull_result == GM_OK)
        return 0;
      gnutls_transport_set_errno (self->session, self->pull_result == GM_AGAIN ? EAGAIN : EIO);
      return -1;
    }

  n = MIN (len, self->in_len - self->in_pos);
  memcpy (data, self->in + self->in_pos, n);
  self->in_pos += n;
  if (self->in_pos == self->in_len)
    {
      gm_reactor_give_block (self->layer.host->reactor, g_steal_pointer (&self->in), BLOCK_SIZE);
      self->in_pos = self->in_len = 0;
    }

  return (ssize_t) n;
}

static int
pull_timeout_cb (gnutls_transport_ptr_t pointer,
                 unsigned int ms)
{
  /* Never waits; whether there is anything pull() says. */
  return 1;
}

/* The peer may have said why before it closed, and what came before its end can still be read. FALSE: was looked at
 * before. */
static gboolean
look_why (TlsLayer *self)
{
  if (self->looked)
    return FALSE;

  self->looked = TRUE;
  gm_layer_query (self->layer.next, GM_QUERY_LOOK, NULL);
  return TRUE;
}

/* Takes everything: what the layer below has no room for now is kept. What it will never take is dropped in the middle of
 * a handshake, which goes on to the peer's alert. */
static ssize_t
push_cb (gnutls_transport_ptr_t pointer,
         const void *data,
         size_t len)
{
  TlsLayer *self = pointer;
  const char *bytes = data;
  gsize left = len;
  GmResult result = self->push_result;

  while (left > 0 && result == GM_OK && !has_out (self))
    {
      gsize n = 0;

      result = gm_layer_send (self->layer.next, bytes, left, &n);
      if (result == GM_OK)
        {
          bytes += n;
          left -= n;
        }
    }
  if (result != GM_OK && result != GM_AGAIN)
    {
      self->push_result = result;
      if (self->state == STATE_HANDSHAKE && !self->out.failed)
        {
          look_why (self);
          return (ssize_t) len;
        }
      gnutls_transport_set_errno (self->session, EIO);
      return -1;
    }

  gm_byte_builder_append (&self->out, bytes, left);
  if (self->out.failed)
    {
      self->push_result = GM_OUT_OF_MEMORY;
      gnutls_transport_set_errno (self->session, EIO);
      return -1;
    }
  return (ssize_t) len;
}

static GmResult
flush (TlsLayer *self)
{
  GmResult result = self->push_result;

  while (result == GM_OK && has_out (self))
    {
      gsize n = 0;

      result = gm_layer_send (self->layer.next, self->out.data + self->out_pos, self->out.len - self->out_pos, &n);
      self->out_pos += n;
    }
  if (!has_out (self) && self->out.len > 0)
    {
      gm_byte_builder_reset (&self->out);
      self->out_pos = 0;
    }
  if (result != GM_OK && result != GM_AGAIN)
    self->push_result = result;

  return result;
}

/* ---- setting up ---- */

static GmResult
fail (TlsLayer *self,
      GmResult result,
      int code,
      const char *detail)
{
  GmError *error = self->layer.host->error;

  if (error->result == GM_OK)
    {
      gm_error_set (error, result, GM_PHASE_TLS, 0);
      error->of_proxy = self->is_proxy;
      error->tls = code;
      if (error->detail == NULL)
        error->detail = g_strdup (detail);
      if (error->host == NULL)
        error->host = g_strdup (self->name.text);
      error->port = self->port;
    }
  GM_TRACE (TLS, 0, self->layer.host->id, "failed: %s, code %d, alert %u, %s", gm_result_name (result), code, error->alert,
            detail != NULL ? detail : "");
  self->state = STATE_FAILED;
  self->failure = result;

  return result;
}

static void
ask_trust (TlsLayer *self,
           GmTlsKind kind)
{
  GmLayerHost *host = self->layer.host;

  if (self->waits[kind] == NULL && self->credentials[kind] == NULL)
    self->waits[kind] = gm_trust_ask (kind, self->settings, host->reactor, host->owner);
}

/* What has to be read is asked for while the layer below is still connecting. */
static void
ask_early (TlsLayer *self)
{
  if (self->settings->verify_peer || self->settings->crl_file != NULL || gm_tls_has_issuer (self->settings))
    ask_trust (self, GM_TLS_ANCHORS);
  if (self->settings->cert_file != NULL || self->settings->cert_bytes != NULL)
    ask_trust (self, GM_TLS_IDENTITY);
  if (gm_tls_pins_are_file (self->settings->pins))
    ask_trust (self, GM_TLS_PINNED);
}

/* GM_OK also when nothing was asked for. */
static GmResult
take_trust (TlsLayer *self,
            GmTlsKind kind)
{
  GmResult result;

  if (self->waits[kind] == NULL)
    return GM_OK;

  result = gm_trust_wait_get (self->waits[kind], &self->credentials[kind]);
  if (result != GM_OK)
    return result;

  g_clear_pointer (&self->waits[kind], gm_trust_wait_free);
  if (self->credentials[kind]->result != GM_OK && self->credentials[kind]->result != GM_TLS_TOKEN_PIN)
    return fail (self, self->credentials[kind]->result, self->credentials[kind]->tls, self->credentials[kind]->detail);
  return GM_OK;
}

static GmQuestionData *
make_pin_question (gpointer user_data)
{
  TlsLayer *self = user_data;
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_PIN);

  data->host = g_strdup (self->name.text);
  data->port = self->port;
  data->text = g_strdup (self->credentials[GM_TLS_IDENTITY]->token);
  data->is_proxy = self->is_proxy;
  data->attempt = self->n_pins + 1;

  return data;
}

/* The token waits for its PIN: whoever is there to answer is asked as often as they are wrong. */
static GmResult
ask_pin (TlsLayer *self)
{
  GmTlsCredentials *identity = self->credentials[GM_TLS_IDENTITY];
  GmQuestion *question = self->layer.host->question;
  const char *given = NULL;
  g_autoptr (GBytes) pin_code = NULL;

  /* Another one was faster. */
  if (question != NULL && question->kind != GM_QUESTION_PIN && gm_trust_knows_pin (self->settings))
    {
      g_clear_pointer (&self->credentials[GM_TLS_IDENTITY], gm_tls_credentials_unref);
      ask_trust (self, GM_TLS_IDENTITY);
      return GM_OK;
    }

  switch (gm_question_ask (question, GM_QUESTION_PIN, make_pin_question, self))
    {
    case GM_REPLY_NONE:
      return GM_AGAIN;
    case GM_REPLY_ACCEPT:
      given = question->answer != NULL ? question->answer->password : NULL;
      break;
    case GM_REPLY_DECLINE:
    default:
      break;
    }

  if (given != NULL)
    pin_code = gm_secret_bytes_new (given, strlen (given));
  if (question != NULL && question->kind == GM_QUESTION_PIN)
    gm_question_clear (question);
  if (pin_code == NULL)
    return fail (self, identity->result, identity->tls, identity->detail);

  self->n_pins++;
  gm_trust_set_pin (self->settings, pin_code, identity->n_refused);
  g_clear_pointer (&self->credentials[GM_TLS_IDENTITY], gm_tls_credentials_unref);
  ask_trust (self, GM_TLS_IDENTITY);

  return GM_OK;
}

static GmResult
take_identity (TlsLayer *self)
{
  for (;;)
    {
      GmTlsCredentials *identity;
      GmResult result = take_trust (self, GM_TLS_IDENTITY);

      identity = self->credentials[GM_TLS_IDENTITY];
      if (result != GM_OK || identity == NULL || identity->result == GM_OK)
        return result;
      result = ask_pin (self);
      if (result != GM_OK)
        return result;
    }
}

/* ---- tickets ---- */

static void
keep_ticket (TlsLayer *self)
{
  GmTicket *ticket;

  if (self->tickets == NULL || !self->settings->session_cache)
    return;
  ticket = gm_ticket_new (self->session, &self->hint, gm_clock_wall (self->layer.host->reactor->clock));
  if (ticket == NULL)
    return;

  GM_TRACE (TLS, 0, self->layer.host->id, "session kept, %" G_GSIZE_FORMAT " bytes", g_bytes_get_size (ticket->data));
  gm_ticket_cache_add (self->tickets, self->name.text, self->port, self->settings, ticket);
}

/* TLS 1.3 sends them when it likes, after the handshake; before the verdict nothing is kept. */
static int
ticket_cb (gnutls_session_t session,
           unsigned int type,
           unsigned int when,
           unsigned int incoming,
           const gnutls_datum_t *message)
{
  TlsLayer *self = gnutls_session_get_ptr (session); /* NULL while it is away */
  gboolean is_tls13 = gnutls_protocol_get_version (session) == GNUTLS_TLS1_3;

  if (self == NULL || !incoming)
    return 0;

  gm_ticket_hint_read (&self->hint, is_tls13, message->data, message->size);
  if (self->state == STATE_OPEN && is_tls13)
    keep_ticket (self);
  return 0;
}

/* ---- handshake ---- */

static void
adopt_session (TlsLayer *self)
{
  gnutls_transport_set_ptr (self->session, self);
  gnutls_transport_set_push_function (self->session, push_cb);
  gnutls_transport_set_pull_function (self->session, pull_cb);
  gnutls_transport_set_pull_timeout_function (self->session, pull_timeout_cb);
  gnutls_session_set_ptr (self->session, self);
  gnutls_handshake_set_hook_function (self->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST, ticket_cb);
}

/* Which of the lists may be at fault, for a message. */
static const char *
get_list (const GmTlsSettings *settings)
{
  const char *const lists[] = { settings->priority, settings->ciphers13, settings->groups, settings->signatures };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (lists[i] != NULL)
      return lists[i];

  return NULL;
}

static GmResult
begin_handshake (TlsLayer *self)
{
  GmTlsCredentials *identity = self->credentials[GM_TLS_IDENTITY];
  g_autoptr (GmTicket) ticket = NULL;
  GmTlsOffer offer = { self->settings, &self->name };
  GmResult result;
  int code = 0;

  if (identity == NULL && gnutls_certificate_allocate_credentials (&self->nobody) != 0)
    return fail (self, GM_OUT_OF_MEMORY, 0, NULL);
  result = gm_tls_login_new (self->settings, &self->login);
  if (result != GM_OK)
    return fail (self, result, 0, "a login within TLS");
  if (self->tickets != NULL && self->settings->session_cache)
    ticket = gm_ticket_cache_take (self->tickets, self->name.text, self->port, self->settings,
                                   gm_clock_wall (self->layer.host->reactor->clock));

  offer.credentials = identity != NULL ? identity->gnutls : self->nobody;
  offer.login = self->login;
  offer.alpn = self->settings->alpn ? self->alpn : NULL;
  offer.ticket = ticket != NULL ? ticket->data : NULL;
  result = gm_tls_session_new (&offer, &self->session, &code);
  if (result != GM_OK)
    return fail (self, result, code, get_list (self->settings));

  if (identity != NULL && identity->workers != NULL)
    {
      self->away = gm_tls_away_new (g_steal_pointer (&self->session), identity, self->layer.host->reactor,
                                    self->layer.host->owner);
      gm_tls_away_step (self->away, NULL, 0);
    }
  else
    adopt_session (self);
  GM_TRACE (TLS, 0, self->layer.host->id, "handshake with %s%s", self->name.text, ticket != NULL ? ", has a ticket" : "");
  self->state = STATE_HANDSHAKE;

  return GM_OK;
}

static gboolean
is_about_token (int code)
{
  return code == GNUTLS_E_PK_SIGN_FAILED ||
         (code <= GNUTLS_E_PKCS11_ERROR && code >= GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE);
}

/* The server has asked for a certificate of ours; nobody has said which, and somebody can be asked. */
static gboolean
may_ask_identity (TlsLayer *self)
{
  const GmQuestion *question = self->layer.host->question;

  return question != NULL && (question->mask & (1u << GM_QUESTION_IDENTITY)) != 0 &&
         self->credentials[GM_TLS_IDENTITY] == NULL && gnutls_certificate_client_get_request_status (self->session) != 0;
}

/* The peer's end, or a failure below, in the middle of a handshake. GM_OK: it is not over yet. */
static GmResult
handshake_failed (TlsLayer *self,
                  int code)
{
  GmError *error = self->layer.host->error;
  GmResult below = self->push_result != GM_OK ? self->push_result : self->pull_result;
  GmTlsCredentials *identity = self->credentials[GM_TLS_IDENTITY];
  GmResult result;

  if (is_about_token (code) && identity != NULL && identity->workers != NULL)
    result = identity->token != NULL ? fail (self, GM_TLS_TOKEN_PIN, code, identity->token)
                                     : fail (self, GM_TLS_CLIENT_CERTIFICATE, code, identity->key_uri);
  else
    result = gm_tls_session_failed (self->session, code, below, GM_PHASE_TLS, error);
  flush (self); /* our alert says why, if there is room for it */

  if (result == GM_TLS_CLIENT_CERTIFICATE_WANTED && may_ask_identity (self))
    {
      self->state = STATE_WANTED;
      self->refusal = code;
      self->refusal_alert = error->alert;
      gm_error_clear (error);
      return GM_OK;
    }
  return fail (self, result, code, NULL);
}

/* Our last message did not go out: what the peer says of those before comes behind the handshake. */
static GmResult
last_words (TlsLayer *self)
{
  char byte;
  ssize_t code;

  look_why (self);
  self->pull_result = GM_OK;
  code = gnutls_record_recv (self->session, &byte, 1);
  return handshake_failed (self, code == GNUTLS_E_FATAL_ALERT_RECEIVED ? (int) code : GNUTLS_E_PUSH_ERROR);
}

static gboolean
give_room (GmByteBuilder *builder)
{
  gboolean failed = builder->failed;

  gm_byte_builder_reset (builder);
  return failed;
}

/* The session comes home, whatever became of it, and with it what it had no use for yet. */
static void
take_back (TlsLayer *self)
{
  GmByteBuilder rest = { NULL };

  self->session = gm_tls_away_finish (g_steal_pointer (&self->away), &rest);
  adopt_session (self);
  if (rest.len > 0)
    {
      self->in = gm_reactor_take_block (self->layer.host->reactor, BLOCK_SIZE);
      self->in_pos = 0;
      self->in_len = MIN (rest.len, BLOCK_SIZE);
      memcpy (self->in, rest.data, self->in_len);
    }
  gm_byte_builder_clear (&rest);
}

static void
bring_out (TlsLayer *self)
{
  GmByteBuilder *out = gm_tls_away_get_out (self->away);

  gm_byte_builder_append (&self->out, out->data, out->len);
  if (give_room (out) || self->out.failed)
    self->push_result = GM_OUT_OF_MEMORY;
}

/* As step_handshake(), with the work done by somebody else. */
static GmResult
step_away (TlsLayer *self)
{
  while (!gm_tls_away_is_busy (self->away))
    {
      int code = gm_tls_away_get_code (self->away);
      GmResult result;

      bring_out (self);
      result = flush (self);
      if (code == GNUTLS_E_AGAIN && (result == GM_OK || result == GM_AGAIN || look_why (self)) && refill (self))
        {
          gm_tls_away_step (self->away, self->in, self->in_len);
          gm_reactor_give_block (self->layer.host->reactor, g_steal_pointer (&self->in), BLOCK_SIZE);
          self->in_pos = self->in_len = 0;
          continue;
        }
      if (code == GNUTLS_E_AGAIN && self->push_result == GM_OK && self->pull_result == GM_AGAIN)
        return GM_AGAIN;

      take_back (self);
      if (code == GNUTLS_E_AGAIN)
        return handshake_failed (self, self->pull_result == GM_OK ? GNUTLS_E_PREMATURE_TERMINATION : GNUTLS_E_PULL_ERROR);
      if (code != 0)
        return handshake_failed (self, code);
      if (self->push_result != GM_OK)
        return last_words (self);
      self->state = STATE_VERDICT;
      return GM_OK;
    }

  return GM_AGAIN;
}

static GmResult
step_handshake (TlsLayer *self)
{
  for (;;)
    {
      int code;

      self->pull_result = GM_OK;
      code = gnutls_handshake (self->session);
      if (code == 0)
        break;
      if (code == GNUTLS_E_WARNING_ALERT_RECEIVED && ++self->n_warnings <= MAX_WARNINGS)
        continue;
      if (code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED)
        return handshake_failed (self, code);
      if (self->pull_result != GM_OK && self->pull_result != GM_AGAIN)
        return handshake_failed (self, code);
      if (self->pull_result == GM_AGAIN)
        {
          GmResult result = flush (self);

          if (result == GM_OK || result == GM_AGAIN)
            return GM_AGAIN;
          if (!look_why (self))
            return handshake_failed (self, GNUTLS_E_PUSH_ERROR);
        }
      else if (++self->n_warnings > MAX_WARNINGS)
        return handshake_failed (self, code);
    }

  self->state = STATE_VERDICT;
  return flush (self) == GM_OK || (self->push_result == GM_OK && has_out (self)) ? GM_OK : last_words (self);
}

/* ---- verdict ---- */

static void
judge (TlsLayer *self)
{
  GmTlsCredentials *anchors = self->credentials[GM_TLS_ANCHORS];

  /* From here on GnuTLS looks for authorities where they are; our own certificate has done its service. */
  if (anchors != NULL)
    gnutls_credentials_set (self->session, GNUTLS_CRD_CERTIFICATE, anchors->gnutls);
  gm_tls_verify (self->session, self->settings, anchors, self->credentials[GM_TLS_PINNED], &self->name, &self->verdict);
  self->info = gm_tls_session_get_info (self->session, self->name.text, self->verdict.result);
  self->info->checked = self->verdict.result == GM_OK && self->settings->verify_peer && self->settings->verify_host;
  self->judged = TRUE;
}

static GmQuestionData *
make_question (gpointer user_data)
{
  TlsLayer *self = user_data;
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_TRUST);

  data->host = g_strdup (self->name.text);
  data->port = self->port;
  data->chain = g_ptr_array_ref (self->info->chain);
  data->verdict = self->verdict.result;
  data->faults = self->verdict.faults;
  data->is_proxy = self->is_proxy;
  data->attempt = 1;

  return data;
}

/* Whoever is there to answer has the last word; but which keys are the right ones has been said before. */
static GmResult
ask (TlsLayer *self)
{
  GmQuestion *question = self->layer.host->question;

  if (self->verdict.result == GM_TLS_PIN)
    return GM_TLS_PIN;
  if (self->settings->ask_trust == GM_TLS_ASK_NEVER ||
      (self->settings->ask_trust == GM_TLS_ASK_ON_FAULT && self->verdict.result == GM_OK))
    return self->verdict.result;
  if (question == NULL || (question->mask & (1u << GM_QUESTION_TRUST)) == 0)
    return self->verdict.result;

  switch (gm_question_ask (question, GM_QUESTION_TRUST, make_question, self))
    {
    case GM_REPLY_NONE:
      return GM_AGAIN;
    case GM_REPLY_ACCEPT:
      gm_question_clear (question);
      return GM_OK;
    case GM_REPLY_DECLINE:
    default:
      gm_question_clear (question);
      return self->verdict.result != GM_OK ? self->verdict.result : GM_TLS_REFUSED;
    }
}

/* ---- a certificate of ours ---- */

static GmQuestionData *
make_identity_question (gpointer user_data)
{
  TlsLayer *self = user_data;
  GmQuestionData *data = gm_question_data_new (GM_QUESTION_IDENTITY);

  data->host = g_strdup (self->name.text);
  data->port = self->port;
  data->chain = self->info != NULL ? g_ptr_array_ref (self->info->chain) : NULL;
  data->is_proxy = self->is_proxy;
  data->attempt = 1;

  return data;
}

/* GnuTLS cannot wait for a certificate in the middle of a handshake, and a server that did without one does not ask again
 * (RFC 8446 section 4.6.2 is seldom spoken): so the handshake is done without, and who has an answer comes with another
 * connection. GM_OK: it has to do without. GM_TLS_CLIENT_CERTIFICATE_WANTED: by another connection, and the question stands,
 * for the engine to look at. */
static GmResult
ask_identity (TlsLayer *self)
{
  GmLayerHost *host = self->layer.host;
  GmReply reply;

  if (self->asked_at == 0)
    self->asked_at = host->reactor->now;
  reply = gm_question_ask (host->question, GM_QUESTION_IDENTITY, make_identity_question, self);
  if (reply == GM_REPLY_NONE)
    return GM_AGAIN;
  if (reply == GM_REPLY_ACCEPT && host->question->answer != NULL && host->question->answer->identity != NULL)
    return GM_TLS_CLIENT_CERTIFICATE_WANTED;
  if (self->state == STATE_VERDICT && host->reactor->now - self->asked_at > MAX_THOUGHT_US)
    return GM_TLS_CLIENT_CERTIFICATE_WANTED;

  gm_question_clear (host->question);
  return GM_OK;
}

static GmResult
step_wanted (TlsLayer *self)
{
  GmResult result = ask_identity (self);

  if (result == GM_AGAIN)
    return result;

  result = fail (self, GM_TLS_CLIENT_CERTIFICATE_WANTED, self->refusal, NULL);
  self->layer.host->error->alert = self->refusal_alert;
  return result;
}

static GmResult
step_verdict (TlsLayer *self)
{
  GmResult result = take_trust (self, GM_TLS_ANCHORS);

  if (result == GM_OK)
    result = take_trust (self, GM_TLS_PINNED);
  if (result != GM_OK)
    return result;
  if (!self->judged)
    judge (self);
  result = self->trusted ? GM_OK : ask (self);
  self->trusted = result == GM_OK;
  if (result == GM_OK && may_ask_identity (self))
    {
      result = ask_identity (self);
      if (result == GM_TLS_CLIENT_CERTIFICATE_WANTED)
        return fail (self, result, 0, NULL);
    }
  if (result == GM_AGAIN)
    return result;
  if (result != GM_OK)
    {
      gnutls_alert_send (self->session, GNUTLS_AL_FATAL,
                         result == GM_TLS_UNKNOWN_CA || result == GM_TLS_SELF_SIGNED ? GNUTLS_A_UNKNOWN_CA
                                                                                     : GNUTLS_A_BAD_CERTIFICATE);
      return fail (self, result, 0, self->verdict.detail);
    }

  GM_TRACE (TLS, 0, self->layer.host->id, "%s, %s, %s%s", self->info->version, self->info->cipher,
            self->info->resumed ? "resumed, " : "", self->info->alpn);
  self->state = STATE_OPEN;
  if (gnutls_protocol_get_version (self->session) != GNUTLS_TLS1_3)
    keep_ticket (self);

  return GM_OK;
}

static GmResult
tls_connect (GmLayer *layer)
{
  TlsLayer *self = (TlsLayer *) layer;
  GmResult result = GM_OK;

  if (self->state == STATE_BELOW)
    {
      ask_early (self);
      result = gm_layer_connect (layer->next);
      if (result == GM_OK)
        self->state = STATE_IDENTITY;
    }
  if (self->state == STATE_IDENTITY && result == GM_OK)
    {
      result = take_identity (self);
      if (result == GM_OK)
        result = begin_handshake (self);
    }
  if (self->state == STATE_HANDSHAKE && result == GM_OK)
    result = self->away != NULL ? step_away (self) : step_handshake (self);
  if (self->state == STATE_VERDICT && result == GM_OK)
    result = step_verdict (self);
  if (self->state == STATE_WANTED && result == GM_OK)
    result = step_wanted (self);

  return self->state == STATE_FAILED ? self->failure : result;
}

/* ---- bytes ---- */

static GmResult
tls_send (GmLayer *layer,
          const char *data,
          gsize len,
          gsize *n_sent)
{
  TlsLayer *self = (TlsLayer *) layer;
  GmResult result;
  ssize_t n;

  if (self->state != STATE_OPEN)
    return self->state == STATE_FAILED ? self->failure : GM_AGAIN;
  result = flush (self);
  if (result != GM_OK)
    return result;

  n = gnutls_record_send (self->session, data, len);
  if (n > 0)
    {
      *n_sent = (gsize) n;
      return GM_OK;
    }
  if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
    return GM_AGAIN;

  return gm_tls_session_failed (self->session, (int) n,
                                self->push_result != GM_OK ? self->push_result : GM_SEND_FAILED, GM_PHASE_REQUEST,
                                layer->host->error);
}

/* One call of GnuTLS that gave no bytes. GM_OK: go on; GM_AGAIN: the layer below has no more. */
static GmResult
take_nothing (TlsLayer *self,
              ssize_t code)
{
  switch (code)
    {
    case 0:
      self->end = GM_OK;
      return GM_AGAIN;
    case GNUTLS_E_AGAIN:
    case GNUTLS_E_INTERRUPTED:
      return self->pull_result == GM_AGAIN ? GM_AGAIN : GM_OK;
    case GNUTLS_E_REHANDSHAKE:
      /* A new handshake in the middle: refused, politely. The server may go on without. */
      if (++self->n_warnings <= MAX_WARNINGS)
        {
          gnutls_alert_send (self->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
          return GM_OK;
        }
      break;
    case GNUTLS_E_WARNING_ALERT_RECEIVED:
      if (++self->n_warnings <= MAX_WARNINGS)
        return GM_OK;
      break;
    case GNUTLS_E_PREMATURE_TERMINATION:
      self->end = GM_TLS_TRUNCATED;
      return GM_AGAIN;
    default:
      break;
    }

  if (self->pull_result == GM_OK && code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH)
    self->end = GM_TLS_TRUNCATED;
  else
    self->end = gm_tls_session_failed (self->session, (int) code, self->pull_result, GM_PHASE_RESPONSE,
                                       self->layer.host->error);
  return GM_AGAIN;
}

static GmResult
tls_recv (GmLayer *layer,
          char *data,
          gsize len,
          gsize *n_read)
{
  TlsLayer *self = (TlsLayer *) layer;
  guint n_idle = 0;
  gsize n = 0;

  if (self->state != STATE_OPEN)
    return self->state == STATE_FAILED ? self->failure : GM_AGAIN;

  /* Record after record: a short answer means that nothing is left below. */
  while (n < len && self->end == GM_AGAIN)
    {
      ssize_t got;

      self->pull_result = GM_OK;
      got = gnutls_record_recv (self->session, data + n, len - n);
      if (got > 0)
        n += (gsize) got;
      else if (take_nothing (self, got) == GM_AGAIN)
        break;
      else if (++n_idle > MAX_IDLE_RECORDS)
        {
          gm_reactor_queue (layer->host->reactor, layer->host->owner);
          break;
        }
    }

  if (n == 0 && self->end != GM_OK)
    return self->end;
  *n_read = n;
  return GM_OK;
}

static GmResult
tls_shutdown (GmLayer *layer)
{
  TlsLayer *self = (TlsLayer *) layer;

  if (self->state != STATE_OPEN || self->push_result != GM_OK)
    return GM_OK;
  if (!self->said_goodbye)
    {
      if (flush (self) == GM_AGAIN)
        return GM_AGAIN;
      gnutls_bye (self->session, GNUTLS_SHUT_WR);
      self->said_goodbye = TRUE;
    }

  return flush (self) == GM_AGAIN ? GM_AGAIN : GM_OK;
}

/* ---- questions ---- */

/* There are bytes for the application, or an end. */
static gboolean
has_news (TlsLayer *self)
{
  return self->end != GM_AGAIN || gnutls_record_check_pending (self->session) > 0;
}

/* What is read ahead may be bytes for the application, or only tickets: who reads finds out. */
static gboolean
is_pending (TlsLayer *self)
{
  return self->state == STATE_OPEN && (self->in_pos < self->in_len || has_news (self));
}

/* While nobody waits for anything tickets and new keys are welcome, and nothing else. */
static gboolean
is_alive (TlsLayer *self)
{
  gboolean alive = FALSE;
  char byte;
  gsize n = 0;
  GmResult result;

  if (self->state != STATE_OPEN || has_news (self) || (flush (self) != GM_OK && !has_out (self)))
    return FALSE;
  if (self->in_pos == self->in_len && gm_layer_query (self->layer.next, GM_QUERY_ALIVE, &alive) && alive)
    return TRUE;

  gm_layer_query (self->layer.next, GM_QUERY_LOOK, NULL);
  result = tls_recv (&self->layer, &byte, 1, &n);
  if (result == GM_AGAIN)
    return TRUE;
  if (self->end == GM_AGAIN)
    self->end = GM_TLS_FAILED;

  return FALSE;
}

static GmIo
own_want (TlsLayer *self)
{
  GmIo want = has_out (self) ? GM_IO_OUT : GM_IO_NONE;

  return self->state == STATE_HANDSHAKE && (self->away == NULL || !gm_tls_away_is_busy (self->away)) ? want | GM_IO_IN
                                                                                                     : want;
}

static gboolean
tls_query (GmLayer *layer,
           GmQuery query,
           gpointer answer)
{
  TlsLayer *self = (TlsLayer *) layer;

  switch (query)
    {
    case GM_QUERY_ALIVE:
      *(gboolean *) answer = is_alive (self);
      return TRUE;
    case GM_QUERY_WANT:
      if (self->state == STATE_BELOW)
        return FALSE;
      *(GmIo *) answer = own_want (self);
      return TRUE;
    case GM_QUERY_PENDING:
      if (!is_pending (self))
        return FALSE;
      *(gboolean *) answer = TRUE;
      return TRUE;
    case GM_QUERY_PHASE:
      if (self->state == STATE_BELOW)
        return FALSE;
      *(GmPhase *) answer = GM_PHASE_TLS;
      return TRUE;
    case GM_QUERY_ALPN:
      if (self->is_proxy && !self->is_carrier)
        return FALSE;
      *(const char **) answer = self->info != NULL ? self->info->alpn : "";
      return TRUE;
    case GM_QUERY_TLS_SESSION:
      *(gpointer *) answer = self->session;
      return TRUE;
    case GM_QUERY_TLS:
      if (self->is_proxy)
        return FALSE;
      *(GmTlsInfo **) answer = self->info;
      return TRUE;
    case GM_QUERY_SOCKET:
    case GM_QUERY_RESOLVED_AT:
    case GM_QUERY_CONNECTED_AT:
    case GM_QUERY_LOOK:
    case GM_QUERY_TELL:
    default:
      return FALSE;
    }
}

static void
tls_adjust (GmLayer *layer,
            GmIo want)
{
  TlsLayer *self = (TlsLayer *) layer;

  /* Nobody else has a reason to send what is left: who wrote it may have nothing more to say. */
  if (has_out (self))
    flush (self);

  switch (self->state)
    {
    case STATE_IDENTITY:
    case STATE_HANDSHAKE:
    case STATE_VERDICT:
    case STATE_WANTED:
      want = own_want (self);
      break;
    case STATE_OPEN:
      want |= own_want (self);
      break;
    case STATE_BELOW:
    case STATE_FAILED:
    default:
      break;
    }
  gm_layer_adjust (layer->next, want);
}

static void
tls_free (GmLayer *layer)
{
  TlsLayer *self = (TlsLayer *) layer;

  for (guint i = 0; i < G_N_ELEMENTS (self->waits); i++)
    gm_trust_wait_free (self->waits[i]);
  gm_tls_away_free (self->away);
  if (self->session != NULL)
    gnutls_deinit (self->session);
  if (self->nobody != NULL)
    gnutls_certificate_free_credentials (self->nobody);
  gm_tls_login_free (self->login);
  for (guint i = 0; i < G_N_ELEMENTS (self->credentials); i++)
    gm_tls_credentials_unref (self->credentials[i]);
  gm_tls_info_unref (self->info);
  g_free (self->verdict.detail);
  if (self->in != NULL)
    gm_reactor_give_block (layer->host->reactor, self->in, BLOCK_SIZE);
  gm_byte_builder_clear (&self->out);
  gm_ticket_cache_unref (self->tickets);
  gm_tls_name_clear (&self->name);
  gm_tls_settings_unref (self->settings);
  g_free (self);
}

static const GmLayerType tls_type = {
  .name = "tls",
  .connect = tls_connect,
  .send = tls_send,
  .recv = tls_recv,
  .shutdown = tls_shutdown,
  .query = tls_query,
  .adjust = tls_adjust,
  .free = tls_free,
};

GmLayer *
gm_layer_tls_new (GmLayerHost *host,
                  GmLayer *below,
                  const GmTlsPeer *peer)
{
  TlsLayer *self = g_new0 (TlsLayer, 1);

  self->layer.type = &tls_type;
  self->layer.host = host;
  self->layer.next = below;
  self->settings = peer->settings != NULL ? gm_tls_settings_ref (peer->settings) : &gm_tls_settings_default;
  gm_tls_name_init (&self->name, self->settings->sni != NULL
                                   ? gm_span (self->settings->sni, strlen (self->settings->sni))
                                   : peer->peer_name);
  self->port = peer->port;
  self->alpn = peer->alpn;
  self->is_proxy = peer->is_proxy;
  self->is_carrier = peer->is_carrier;
  self->tickets = peer->tickets != NULL ? gm_ticket_cache_ref (peer->tickets) : NULL;
  self->out.max = MAX_OUT;
  self->end = GM_AGAIN;
  self->hint = GM_TICKET_NO_HINT;

  return &self->layer;
}
