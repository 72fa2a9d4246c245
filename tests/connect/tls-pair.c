/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-pair.h"

#include <errno.h>

typedef struct
{
  GmLayer layer; /* first member */
  TlsPair *pair; /* (unowned) */
} Pipe;

/* ---- the pipe, as the client's lowest layer ---- */

static gsize
take (TlsPair *pair,
      GByteArray *from,
      gpointer data,
      gsize len)
{
  gsize n = MIN (len, from->len);

  if (pair->step > 0)
    n = MIN (n, pair->step);
  if (n > 0)
    {
      memcpy (data, from->data, n);
      g_byte_array_remove_range (from, 0, (guint) n);
    }
  return n;
}

static GmResult
pipe_connect (GmLayer *layer)
{
  return GM_OK;
}

static GmResult
pipe_send (GmLayer *layer,
           const char *data,
           gsize len,
           gsize *n_sent)
{
  TlsPair *pair = ((Pipe *) layer)->pair;

  if (pair->closes)
    tls_pair_serve (pair);
  if (pair->closes && pair->server_code < 0)
    {
      pair->end = TRUE;
      gm_error_set (&pair->error, GM_SEND_FAILED, GM_PHASE_REQUEST, EPIPE);
      return GM_SEND_FAILED;
    }
  pair->client_turn = !pair->client_turn;
  if (pair->blocked || (pair->step > 0 && pair->client_turn))
    return GM_AGAIN;
  *n_sent = pair->step > 0 ? MIN (len, pair->step) : len;
  g_byte_array_append (pair->to_server, (const guint8 *) data, (guint) *n_sent);
  return GM_OK;
}

static GmResult
pipe_recv (GmLayer *layer,
           char *data,
           gsize len,
           gsize *n_read)
{
  TlsPair *pair = ((Pipe *) layer)->pair;

  pair->server_turn = !pair->server_turn;
  if (pair->to_client->len > 0 && pair->step > 0 && pair->server_turn)
    return GM_AGAIN;
  *n_read = take (pair, pair->to_client, data, len);
  return *n_read > 0 || pair->end ? GM_OK : GM_AGAIN;
}

static gboolean
pipe_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  TlsPair *pair = ((Pipe *) layer)->pair;

  if (query == GM_QUERY_ALIVE)
    *(gboolean *) answer = pair->to_client->len == 0 && !pair->end;
  else if (query == GM_QUERY_PENDING)
    *(gboolean *) answer = FALSE;
  return query == GM_QUERY_ALIVE || query == GM_QUERY_PENDING;
}

static void
pipe_adjust (GmLayer *layer,
             GmIo want)
{
  ((Pipe *) layer)->pair->want = want;
}

static const GmLayerType pipe_type = {
  .name = "pipe",
  .connect = pipe_connect,
  .send = pipe_send,
  .recv = pipe_recv,
  .query = pipe_query,
  .adjust = pipe_adjust,
};

/* ---- the server's end ---- */

static ssize_t
pull_cb (gnutls_transport_ptr_t pointer,
         void *data,
         size_t len)
{
  TlsPair *pair = pointer;
  gsize n = take (pair, pair->to_server, data, len);

  if (n > 0)
    return (ssize_t) n;
  gnutls_transport_set_errno (pair->server, EAGAIN);
  return -1;
}

static ssize_t
push_cb (gnutls_transport_ptr_t pointer,
         const void *data,
         size_t len)
{
  TlsPair *pair = pointer;

  for (gsize i = 0; i < len && !pair->end; i++, pair->n_to_client++)
    {
      guint8 byte = ((const guint8 *) data)[i];

      if (pair->n_to_client == pair->cut_at)
        {
          pair->end = TRUE;
          break;
        }
      byte ^= pair->n_to_client == pair->flip_at ? 0x40 : 0;
      g_byte_array_append (pair->to_client, &byte, 1);
    }
  return (ssize_t) len;
}

static void
init_server (TlsPair *self)
{
  gnutls_datum_t alpn[4];
  guint n = 0;

  g_assert_cmpint (gnutls_init (&self->server, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), ==, 0);
  g_assert_cmpint (
    gnutls_priority_set_direct (self->server, self->tls->priority != NULL ? self->tls->priority : "NORMAL", NULL), ==, 0);
  gnutls_credentials_set (self->server, GNUTLS_CRD_CERTIFICATE, self->tls->credentials);
  gnutls_certificate_server_set_request (self->server, self->tls->client_certificate);
  gnutls_session_ticket_enable_server (self->server, &self->tls->ticket_key);
  for (; self->tls->alpn != NULL && self->tls->alpn[n] != NULL; n++)
    alpn[n] = (gnutls_datum_t){ (void *) self->tls->alpn[n], (guint) strlen (self->tls->alpn[n]) };
  if (n > 0)
    gnutls_alpn_set_protocols (self->server, alpn, n, GNUTLS_ALPN_MANDATORY);
  gnutls_handshake_set_timeout (self->server, GNUTLS_INDEFINITE_TIMEOUT);
  gnutls_transport_set_ptr (self->server, self);
  gnutls_transport_set_pull_function (self->server, pull_cb);
  gnutls_transport_set_push_function (self->server, push_cb);
}

void
tls_pair_serve (TlsPair *self)
{
  int code;

  if (self->server_ready || self->server_code < 0)
    return;
  code = gnutls_handshake (self->server);
  if (code == 0)
    self->server_ready = TRUE;
  else if (gnutls_error_is_fatal (code))
    {
      self->server_code = code;
      gnutls_alert_send_appropriate (self->server, code);
    }
}

/* ---- both ---- */

void
tls_pair_init (TlsPair *self,
               ScriptedTls *tls,
               const GmTlsPeer *peer)
{
  Pipe *pipe = g_new0 (Pipe, 1);

  *self = (TlsPair){ .tls = tls, .cut_at = G_MAXUINT64, .flip_at = G_MAXUINT64 };
  gm_reactor_init (&self->reactor, NULL, NULL, NULL);
  turner_init (&self->owner, NULL, NULL);
  self->settings = gm_connect_settings_default;
  self->host = (GmLayerHost){ .reactor = &self->reactor,
                              .owner = &self->owner.runnable,
                              .settings = &self->settings,
                              .error = &self->error,
                              .question = &self->question };
  self->to_client = g_byte_array_new ();
  self->to_server = g_byte_array_new ();
  pipe->layer.type = &pipe_type;
  pipe->layer.host = &self->host;
  pipe->pair = self;
  self->client = gm_layer_tls_new (&self->host, &pipe->layer, peer);
  init_server (self);
}

void
tls_pair_clear (TlsPair *self)
{
  gm_layer_free (self->client);
  gnutls_deinit (self->server);
  g_byte_array_unref (self->to_client);
  g_byte_array_unref (self->to_server);
  gm_question_clear (&self->question);
  gm_error_clear (&self->error);
  if (gm_runnable_is_queued (&self->owner.runnable))
    gm_reactor_dequeue (&self->reactor, &self->owner.runnable);
  gm_reactor_clear (&self->reactor);
}

GmResult
tls_pair_connect (TlsPair *self)
{
  gint64 until = g_get_monotonic_time () + TURNING_LIMIT_US;
  GmResult result;
  guint n_idle = 0;

  for (;;)
    {
      guint64 before = self->n_to_client + self->to_server->len;
      guint n_left = self->to_client->len;

      result = gm_layer_connect (self->client);
      gm_layer_adjust (self->client, GM_IO_NONE);
      tls_pair_serve (self);
      if (result != GM_AGAIN || gm_question_is_open (&self->question) || g_get_monotonic_time () > until)
        return result;
      /* Somebody else is being waited for, with or without more from the server. */
      if (before == self->n_to_client + self->to_server->len && n_left == self->to_client->len)
        {
          turning_once (&self->reactor, n_left > 0 ? 0 : 1000);
          /* What was bent may say that there is more to come than there is. */
          if (self->flip_at != G_MAXUINT64 && ++n_idle > 20)
            self->end = TRUE;
        }
    }
}

void
tls_pair_say (TlsPair *self,
              gconstpointer data,
              gsize len)
{
  const char *bytes = data;

  while (len > 0)
    {
      gssize n = gnutls_record_send (self->server, bytes, len);

      g_assert_cmpint (n, >, 0);
      bytes += n;
      len -= (gsize) n;
    }
}

GBytes *
tls_pair_hear (TlsPair *self,
               gsize len)
{
  GByteArray *heard = g_byte_array_new ();
  char buffer[4096];
  guint n_idle = 0;

  tls_pair_serve (self);
  while (heard->len < len && n_idle < 100000)
    {
      gssize n = gnutls_record_recv (self->server, buffer, MIN (sizeof buffer, len - heard->len));

      if (n > 0)
        g_byte_array_append (heard, (const guint8 *) buffer, (guint) n);
      else if (n == GNUTLS_E_AGAIN)
        {
          n_idle++;
          gm_layer_adjust (self->client, GM_IO_NONE);
          if (self->to_server->len == 0 && self->step == 0)
            break;
        }
      else
        break;
    }
  return g_byte_array_free_to_bytes (heard);
}

GmResult
tls_pair_read (TlsPair *self,
               GByteArray *into,
               gsize len)
{
  char buffer[40000];
  GmResult result = GM_OK;
  guint n_idle = 0;

  while (into->len < len)
    {
      gsize n = 0;

      result = gm_layer_recv (self->client, buffer, MIN (sizeof buffer, len - into->len), &n);
      if (result == GM_OK && n > 0)
        g_byte_array_append (into, (const guint8 *) buffer, (guint) n);
      else if (result != GM_AGAIN || (self->to_client->len == 0 && !self->end) || ++n_idle > 1000000)
        break;
    }
  return result;
}
