/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-reactor.h"
#include "gm-result.h"

/* Negotiate (RFC 4559) by GSSAPI: one security context, moved on leg by leg on a worker, because making a token may ask a
 * Kerberos server, and that may take its time. Without GSSAPI there is nothing here but NOT_BUILT_IN. */

typedef struct _GmNegotiate GmNegotiate;

/* Whether the peer may act as the user elsewhere. Values are those of libcurl. */
typedef enum
{
  GM_DELEGATION_NONE = 0,
  GM_DELEGATION_POLICY = 1, /* if the Kerberos realm says that it may */
  GM_DELEGATION_ALWAYS = 2,
} GmDelegation;

/* Longest token that is read, in bytes of base64: those with the groups of a large domain in them have some 64 KiB. */
#define GM_NEGOTIATE_MAX_TOKEN (128 * 1024)

gboolean     gm_negotiate_is_there   (void);
/* For @service at @host. */
GmNegotiate *gm_negotiate_new        (const char *service,
                                      const char *host,
                                      GmDelegation delegation);
void         gm_negotiate_free       (GmNegotiate *self); /* never waits for the worker; NULL is fine */
/* The token was sent and the peer wants more: the next leg may start. */
void         gm_negotiate_next       (GmNegotiate *self);
/* One leg. @input: the peer's token in base64, NULL at first. AGAIN, and @owner has a turn when it is done. */
GmResult     gm_negotiate_start      (GmNegotiate *self,
                                      const char *input,
                                      GmReactor *reactor,
                                      GmRunnable *owner);
/* AGAIN while the worker is at it; OK: gm_negotiate_get_token(), or nothing is left to be said; AUTH_FAILED; NOT_BUILT_IN. */
GmResult     gm_negotiate_get_result (const GmNegotiate *self);
const char  *gm_negotiate_get_token  (const GmNegotiate *self); /* base64; NULL: no leg was made yet, or the last one had none */
gboolean     gm_negotiate_is_complete (const GmNegotiate *self); /* no further leg is possible */
const char  *gm_negotiate_get_detail (const GmNegotiate *self); /* (nullable): what GSSAPI says */
