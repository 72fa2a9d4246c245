/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-answer.h"

/* The other side of Digest (RFC 7616), for a scripted server or for one that plays a proxy: it makes the sums itself and
 * lets in who has the one user's password. A test fills the members in before, the server's thread has them then. */

#define DIGEST_USER "user"
#define DIGEST_PASSWORD "secret"
#define DIGEST_REALM "the realm"

typedef struct
{
  const char *algorithm; /* (nullable): "SHA-256-sess" and all; NULL: it names none */
  const char *qop; /* what it offers; NULL: none, as RFC 2069 */
  const char *more; /* (nullable): of the challenge: ", stale=true" */
  gboolean userhash; /* names are told as sums */
  gboolean next_nonce; /* each answer brings the next nonce, and the one before is worth nothing more */
  gboolean is_proxy; /* 407 instead of 401 */
  guint always_refuse; /* requests that are refused whatever they say; G_MAXUINT: all */
  guint n_nonces; /* the one that is good now */
  gint64 counts_needed; /* nc that the next good request has */
} DigestServer;

/* Whether sums of that kind can be made here. */
gboolean        digest_server_knows  (const char *algorithm);
/* A ScriptedHandler: @user_data is a DigestServer. 200 and "inside", or a challenge and "outside". */
ScriptedAnswer *digest_server_answer (const ScriptedRequest *request,
                                      gpointer user_data);
