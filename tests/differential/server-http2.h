/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection of a series' server over which HTTP/2 is spoken: it turns frames into requests, and answers into frames,
 * one at a time, when it is told to. */
#pragma once

#include "plan.h"
#include "record.h"

#define SERVER_HTTP2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

typedef struct _ServerHttp2 ServerHttp2;

typedef struct
{
  /* Which transfer a request line is for, −1: none. */
  int           (*find)   (gpointer      server,
                           const char   *line);
  /* The answer to @head, written as in HTTP/1, with line ends and an empty line. (unowned) */
  PlanResponse *(*choose) (gpointer      server,
                           int           transfer,
                           const char   *head);
  /* As send(). */
  gssize        (*send)   (gpointer      conn,
                           const char   *bytes,
                           gsize         size);
} ServerHttp2Class;

typedef enum
{
  SERVER_HTTP2_NOTHING,  /* there is nothing to do for that transfer */
  SERVER_HTTP2_DONE,
  SERVER_HTTP2_CLOSE,    /* the connection is to be closed now */
} ServerHttp2Step;

/* @klass, @plan, @record, @server, @conn: (unowned) */
ServerHttp2    *server_http2_new   (const ServerHttp2Class *klass,
                                    Plan         *plan,
                                    Record       *record,
                                    gpointer      server,
                                    gpointer      conn);
void            server_http2_free  (ServerHttp2  *self);
/* What the client sent. False: it breaks the rules; the connection is over. */
gboolean        server_http2_feed  (ServerHttp2  *self,
                                    const char   *bytes,
                                    gsize         size);
/* Sends what is due and fits. True when there was something. */
gboolean           server_http2_flush (ServerHttp2  *self);
gboolean        server_http2_can_step (ServerHttp2 *self,
                                    int           transfer);
ServerHttp2Step server_http2_step  (ServerHttp2  *self,
                                    int           transfer);
/* The transfer of the first stream that waits for an answer; RECORD_WHOLE: there is none. */
int             server_http2_get_transfer (ServerHttp2 *self);
