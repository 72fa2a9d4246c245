/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where nghttp2 is not there: then no series is about it. */
#include "server-http2.h"

ServerHttp2 *
server_http2_new (const ServerHttp2Class *klass, Plan *plan, Record *record, gpointer server, gpointer conn)
{
  (void) klass, (void) plan, (void) record, (void) server, (void) conn;
  return NULL;
}

void
server_http2_free (ServerHttp2 *self)
{
  (void) self;
}

gboolean
server_http2_feed (ServerHttp2 *self, const char *bytes, gsize size)
{
  (void) self, (void) bytes, (void) size;
  return FALSE;
}

gboolean
server_http2_flush (ServerHttp2 *self)
{
  (void) self;
  return FALSE;
}

gboolean
server_http2_can_step (ServerHttp2 *self, int transfer)
{
  (void) self, (void) transfer;
  return FALSE;
}

ServerHttp2Step
server_http2_step (ServerHttp2 *self, int transfer)
{
  (void) self, (void) transfer;
  return SERVER_HTTP2_NOTHING;
}

int
server_http2_get_transfer (ServerHttp2 *self)
{
  (void) self;
  return RECORD_WHOLE;
}
