/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-http-challenge.h"
#include "gm-result.h"

/* Digest (RFC 7616, and RFC 2069 servers, which know no qop): what a challenge asks, and the answer to it. No I/O, no
 * random numbers: the caller gives the client nonce and counts. */

typedef enum
{
  GM_HTTP_DIGEST_MD5,
  GM_HTTP_DIGEST_SHA256,
  GM_HTTP_DIGEST_SHA512_256,
} GmHttpDigestHash;

typedef enum
{
  GM_HTTP_QOP_NONE = 0, /* RFC 2069 */
  GM_HTTP_QOP_AUTH = 1 << 0,
  GM_HTTP_QOP_AUTH_INT = 1 << 1, /* the body goes into the sum */
} GmHttpQop;

/* A challenge, kept to be answered now and before the next ones. Zeroed memory is an empty one. */
typedef struct
{
  char *realm; /* (owned) */
  char *nonce; /* (owned) */
  char *opaque; /* (owned) (nullable) */
  guint8 hash; /* GmHttpDigestHash */
  guint8 qops; /* GmHttpQop bits that are offered */
  guint8 has_algorithm : 1; /* it was named, so the answer names it, too */
  guint8 session : 1; /* "-sess" */
  guint8 userhash : 1;
  guint8 stale : 1; /* only the nonce was too old, not the login wrong */
  const char *why; /* (nullable): static; of one that could not be read: what is wrong with it */
} GmHttpDigest;

/* What is asked of the server. */
typedef struct
{
  GmSpan user;
  GmSpan password;
  GmSpan method;
  GmSpan target; /* as in the request line */
  const GmSpan *body; /* (nullable): all of it, if it lies in memory; needed where only auth-int is offered */
  GmSpan cnonce; /* token characters; with @session the same as long as the nonce is the same */
  guint32 count; /* requests with this nonce, this one included */
} GmHttpDigestAsk;

/* GM_OK, or with @self empty but for @why: GM_AUTH_BAD_CHALLENGE, GM_NOT_BUILT_IN (an algorithm or a qop that is not known
 * here). */
GmResult gm_http_digest_read      (GmHttpDigest *self,
                                   const GmHttpChallenge *challenge);
void     gm_http_digest_clear     (GmHttpDigest *self);
/* Appends "Digest …". GM_OK, or with nothing appended: GM_BAD_REQUEST (control characters in the user's name),
 * GM_AUTH_BAD_CHALLENGE (auth-int, and no body to sum up), GM_NOT_BUILT_IN, GM_OUT_OF_MEMORY. */
GmResult gm_http_digest_write     (const GmHttpDigest *self,
                                   const GmHttpDigestAsk *ask,
                                   GmByteBuilder *out);
/* Whether this build can make sums of that kind. */
gboolean gm_http_digest_has       (GmHttpDigestHash hash);
/* nextnonce of an Authentication-Info value (RFC 7616 section 3.5); NULL if there is none. */
char    *gm_http_digest_dup_next  (GmSpan info);
