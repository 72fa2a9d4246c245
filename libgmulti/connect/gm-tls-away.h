/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-tls-credentials.h"
#include "gm-workers.h"

/* A handshake that is done elsewhere. A signature by a key on a token takes as long as the token likes, and GnuTLS makes
 * it in the middle of a step: so the whole session goes to a worker, with the bytes that came for it, and comes back with
 * those that it wants to be sent. The layer fetches and brings them in the engine's thread; who gives up walks away, and
 * the worker frees the session when the token lets it go. */

typedef struct _GmTlsAway GmTlsAway;

/* Takes @session, whose transport it sets, and refers to @identity, whose workers it uses. @owner is given a turn after
 * each step. */
GmTlsAway       *gm_tls_away_new      (gnutls_session_t session,
                                       GmTlsCredentials *identity,
                                       GmReactor *reactor,
                                       GmRunnable *owner);
/* At work: nothing but this and gm_tls_away_free() may be called. */
gboolean         gm_tls_away_is_busy  (const GmTlsAway *self);
/* Goes on with these bytes; none at the beginning. */
void             gm_tls_away_step     (GmTlsAway *self,
                                       const char *data,
                                       gsize len);
/* What gnutls_handshake() said: GNUTLS_E_AGAIN means that more bytes are wanted. */
int              gm_tls_away_get_code (const GmTlsAway *self);
/* To be sent; whoever has taken it resets it. @failed: there was no room for it. */
GmByteBuilder   *gm_tls_away_get_out  (GmTlsAway *self);
/* The session comes back for good, without a transport; @rest is what it has not read, never more than the last step was
 * given. Frees @self. */
gnutls_session_t gm_tls_away_finish   (GmTlsAway *self,
                                       GmByteBuilder *rest);
/* With the session. Never blocks. NULL is fine. */
void             gm_tls_away_free     (GmTlsAway *self);
