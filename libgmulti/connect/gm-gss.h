/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-reactor.h"
#include "gm-result.h"

/* A security context of GSSAPI (RFC 2743), the side that begins: moved on leg by leg on a worker, because making a token
 * may ask a Kerberos server, and that may take its time. Once it is complete messages can be protected by it, which is
 * arithmetic alone. Without GSSAPI there is nothing here but NOT_BUILT_IN. */

typedef struct _GmGss GmGss;

typedef enum
{
  GM_GSS_LOGIN, /* Negotiate (RFC 4559): SPNEGO, and nothing is protected */
  GM_GSS_STREAM, /* SOCKS (RFC 1961): Kerberos, and messages may be protected */
} GmGssUse;

/* Whether the peer may act as the user elsewhere. Values are those of libcurl. */
typedef enum
{
  GM_DELEGATION_NONE = 0,
  GM_DELEGATION_POLICY = 1, /* if the Kerberos realm says that it may */
  GM_DELEGATION_ALWAYS = 2,
} GmDelegation;

gboolean     gm_gss_is_there    (void);
/* For @service at @host, or, with a "/" in it, for the principal of that name. */
GmGss       *gm_gss_new         (GmGssUse use,
                                 const char *service,
                                 const char *host,
                                 GmDelegation delegation);
void         gm_gss_free        (GmGss *self); /* never waits for the worker; NULL is fine */
/* The token was sent and the peer wants more: the next leg may start. */
void         gm_gss_next        (GmGss *self);
/* One leg. @input: the peer's token (copied), no data at first, and only then. AGAIN, and @owner has a turn when it is
 * done. */
GmResult     gm_gss_start       (GmGss *self,
                                 GmSpan input,
                                 GmReactor *reactor,
                                 GmRunnable *owner);
/* AGAIN while the worker is at it; OK: gm_gss_get_token(), or nothing is left to be said; AUTH_FAILED; NOT_BUILT_IN. */
GmResult     gm_gss_get_result  (const GmGss *self);
GmSpan       gm_gss_get_token   (const GmGss *self); /* secret; empty: no leg was made yet, or the last one had none */
gboolean     gm_gss_is_complete (const GmGss *self); /* no further leg is possible */
const char  *gm_gss_get_detail  (const GmGss *self); /* (nullable): what GSSAPI says */
/* With a complete one: appends the message, protected from changes and, if @confidential, from readers. AUTH_FAILED. */
GmResult     gm_gss_wrap        (GmGss *self,
                                 gboolean confidential,
                                 GmSpan plain,
                                 GmByteBuilder *out);
/* The other way. AUTH_FAILED as well for one that came twice or not in its turn, and for one that others could read,
 * if it had to be @confidential. */
GmResult     gm_gss_unwrap      (GmGss *self,
                                 gboolean confidential,
                                 GmSpan wrapped,
                                 GmByteBuilder *out);
