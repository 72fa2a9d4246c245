/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-layer-tls.h"
#include "scripted-tls.h"
#include "turning.h"

/* A client's TLS layer and a GnuTLS server that talk through memory, in one thread. */

typedef struct
{
  GmReactor reactor;
  Turner owner;
  GmLayerHost host;
  GmError error;
  GmConnectSettings settings;
  GmLayer *client; /* (owned): the TLS layer on top of the pipe */
  GmQuestion question;

  GByteArray *to_client; /* (owned): on the way */
  GByteArray *to_server; /* (owned) */
  gsize step; /* at most so many bytes go through the pipe at once, and AGAIN in between; 0: no limit */
  gboolean client_turn, server_turn;
  gboolean blocked; /* the pipe takes nothing from the client */
  gboolean closes; /* the server reads at once, and closes when its handshake failed: sending fails then */
  gboolean end; /* behind what is on the way to the client comes the end */
  guint64 n_to_client; /* bytes that the server has sent so far */
  guint64 cut_at; /* after so many bytes to the client comes the end instead; G_MAXUINT64: never */
  guint64 flip_at; /* this byte to the client is another one */
  GmIo want; /* what the pipe was last told by adjust() */

  gnutls_session_t server; /* (owned) */
  ScriptedTls *tls; /* (unowned) */
  int server_code; /* of its handshake */
  gboolean server_ready;
} TlsPair;

/* Speaks to @tls (borrowed) as @peer. */
void     tls_pair_init      (TlsPair *self,
                             ScriptedTls *tls,
                             const GmTlsPeer *peer);
void     tls_pair_clear     (TlsPair *self);
/* Turns both until the client's connect() is no longer AGAIN. */
GmResult tls_pair_connect   (TlsPair *self);
/* Lets the server go on with its handshake. */
void     tls_pair_serve     (TlsPair *self);
/* The server sends it all. */
void     tls_pair_say       (TlsPair *self,
                             gconstpointer data,
                             gsize len);
/* The server reads until it has so many bytes, or there is nothing more. */
GBytes  *tls_pair_hear      (TlsPair *self,
                             gsize len);
/* The client reads until it has so many bytes or an answer other than OK. */
GmResult tls_pair_read      (TlsPair *self,
                             GByteArray *into,
                             gsize len);
