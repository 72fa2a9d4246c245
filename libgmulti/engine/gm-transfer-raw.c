/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-transfer-private.h"

/* A connection that was made and then left to the user: it stays the pool's, as one in use, until it is dropped. */

void
gm_transfer_keep_raw (GmTransfer *self)
{
  GmConnection *connection = g_steal_pointer (&self->run->request.connection);
  GmRaw *raw;

  if (connection == NULL) /* of a protocol that needs none */
    return;

  connection->on_turn = NULL;
  connection->user = NULL;
  connection->host.question = NULL;
  gm_connection_set_want (connection, GM_IO_NONE);
  gm_reactor_set_timer (gm_multi_get_reactor (self->multi), &connection->timer, 0); /* of an earlier idleness */
  raw = g_new0 (GmRaw, 1);
  raw->connection = connection;
  raw->multi = self->multi;
  raw->link.data = self;
  g_queue_push_tail_link (gm_multi_get_raws (self->multi), &raw->link);
  self->raw = raw;
}

void
gm_transfer_drop_raw (GmTransfer *self)
{
  GmRaw *raw = self->raw;

  if (G_LIKELY (raw == NULL))
    return;

  self->raw = NULL;
  g_queue_unlink (gm_multi_get_raws (raw->multi), &raw->link);
  gm_pool_give_back (gm_multi_get_pool (raw->multi), raw->connection, FALSE, gm_multi_n_added (raw->multi));
  g_free (raw);
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

  gm_connection_look (self->raw->connection);
  return gm_connection_send (self->raw->connection, data, len, n_sent);
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

  gm_connection_look (self->raw->connection);
  return gm_connection_recv (self->raw->connection, data, len, n_read);
}

gpointer
gm_transfer_get_tls_session (GmTransfer *self)
{
  GmConnection *connection = NULL;
  gpointer session = NULL;

  if (self->run != NULL)
    connection = self->run->request.connection;
  else if (self->raw != NULL)
    connection = self->raw->connection;
  if (connection != NULL && connection->top != NULL)
    gm_layer_query (connection->top, GM_QUERY_TLS_SESSION, &session);

  return session;
}
