/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-answer.h"

/* One connection of a scripted server, without a socket and without a clock: bytes in, requests and bytes out. Real
 * sockets (scripted-server.c) and simulated ones (sim-net.c) are put around it. */

#define SCRIPTED_HEAD_MAX (256 * 1024) /* more than any test sends; a head that has not ended by then is malformed */
#define SCRIPTED_BODY_KEPT (16 * 1024 * 1024) /* what comes beyond is counted, not kept */

struct _ScriptedRequest
{
  guint connection; /* number of the connection, from 0 */
  guint number; /* among the requests of that connection, from 0 */
  guint order; /* among all requests of the server, from 0 */
  char *method; /* (owned) */
  char *target; /* (owned) */
  char *version; /* (owned): "HTTP/1.1" */
  char *announced; /* (owned) (nullable): the line of the PROXY protocol before it, with its end */
  char *head; /* (owned): every byte up to and with the empty line */
  GPtrArray *headers; /* (owned) (element-type utf8): name, value, name, value … */
  GByteArray *body; /* (owned): decoded, the first SCRIPTED_BODY_KEPT bytes */
  guint64 body_length;
  gboolean chunked;
  GString *trailers; /* (owned): the lines */
  gboolean complete; /* the body has come to its end */
  char *problem; /* (owned) (nullable): why it is not a proper request */
  gboolean unscripted; /* nobody had said what to answer */
  gint64 head_at; /* microseconds, when the head was there */
  gint64 complete_at;
};

void        scripted_request_free   (ScriptedRequest *request);
/* The first value of header @name (ASCII case ignored) or NULL; and how many there are. */
const char *scripted_request_header (const ScriptedRequest *request,
                                     const char *name);
guint       scripted_request_count  (const ScriptedRequest *request,
                                     const char *name);

/* What surrounds a peer. All are called from within feed and next. */
typedef struct
{
  /* (transfer full): the program for the start of the connection, or NULL. */
  ScriptedAnswer *(*opening) (guint connection,
                              gpointer user_data);
  /* (transfer full), never NULL: the head of @request is there. The world owns @request from now on. */
  ScriptedAnswer *(*request) (ScriptedRequest *request,
                              gpointer user_data);
  /* The body of @request came to its end. */
  void (*complete) (ScriptedRequest *request,
                    gpointer user_data);
} ScriptedWorld;

typedef enum
{
  SCRIPTED_NEXT_INPUT, /* nothing to do until more comes in */
  SCRIPTED_NEXT_WAIT, /* nothing to do before @at */
  SCRIPTED_NEXT_SEND, /* send some of @data and tell by scripted_peer_sent() how much */
  SCRIPTED_NEXT_END, /* end the connection as @how */
} ScriptedNextKind;

typedef struct
{
  ScriptedNextKind kind;
  const guint8 *data; /* good until the next call for any peer in this thread */
  gsize len;
  gint64 at;
  ScriptedEnd how;
} ScriptedNext;

typedef struct _ScriptedPeer ScriptedPeer;

ScriptedPeer *scripted_peer_new   (guint connection,
                                   const ScriptedWorld *world,
                                   gpointer user_data);
void          scripted_peer_free  (ScriptedPeer *peer);
/* What its next request counts as, where several peers are one connection. */
void          scripted_peer_set_number (ScriptedPeer *peer,
                                   guint number);
/* How many bytes it is willing to take now; 0 with @later set: ask again then; 0 without: not before something else
 * happens. */
gsize         scripted_peer_wants (ScriptedPeer *peer,
                                   gint64 now,
                                   gint64 *later);
void          scripted_peer_feed  (ScriptedPeer *peer,
                                   const guint8 *data,
                                   gsize len,
                                   gint64 now);
void          scripted_peer_eof   (ScriptedPeer *peer);
ScriptedNext  scripted_peer_next  (ScriptedPeer *peer,
                                   gint64 now);
void          scripted_peer_sent  (ScriptedPeer *peer,
                                   gsize len,
                                   gint64 now);
