/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

/* A connection that was made and then left to the user: it stays the pool's, as one in use, until it is dropped. */

void
gm_transfer_keep_raw (GmTransfer *self)
{
  GmConnection *connection = g_steal_pointer (&self->run->request.connection);

  if (connection == NULL) /* of a protocol that needs none */
    return;

  connection->on_turn = NULL;
  connection->user = NULL;
  connection->host.question = NULL;
  gm_connection_set_want (connection, GM_IO_NONE);
  self->raw = connection;
  self->raw_multi = self->multi;
  self->raw_link.data = self;
  g_queue_push_tail_link (gm_multi_get_raws (self->multi), &self->raw_link);
}

void
gm_transfer_drop_raw (GmTransfer *self)
{
  GmConnection *connection;
  GmMulti *multi;

  if (G_LIKELY (self->raw == NULL))
    return;

  connection = g_steal_pointer (&self->raw);
  multi = g_steal_pointer (&self->raw_multi);
  g_queue_unlink (gm_multi_get_raws (multi), &self->raw_link);
  gm_pool_give_back (gm_multi_get_pool (multi), connection, FALSE, gm_multi_n_added (multi));
}

GmResult
gm_transfer_send_raw (GmTransfer *self,
                      const char *data,
                      gsize len,
                      gsize *n_sent)
{
  *n_sent = 0;
  if (self->raw == NULL)
    return GM_BAD_REQUEST;

  gm_connection_look (self->raw);
  return gm_connection_send (self->raw, data, len, n_sent);
}

GmResult
gm_transfer_recv_raw (GmTransfer *self,
                      char *data,
                      gsize len,
                      gsize *n_read)
{
  *n_read = 0;
  if (self->raw == NULL)
    return GM_BAD_REQUEST;

  gm_connection_look (self->raw);
  return gm_connection_recv (self->raw, data, len, n_read);
}

gpointer
gm_transfer_get_tls_session (GmTransfer *self)
{
  GmConnection *connection = self->run != NULL ? self->run->request.connection : self->raw;
  gpointer session = NULL;

  if (connection != NULL && connection->top != NULL)
    gm_layer_query (connection->top, GM_QUERY_TLS_SESSION, &session);

  return session;
}
