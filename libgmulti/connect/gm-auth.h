/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-headers.h"
#include "gm-gss.h"
#include "gm-reactor.h"
#include "gm-result.h"

/* Who one is, towards one server or proxy. A GmAuth has a login and what the target asked for; it belongs to a transfer
 * (or to a tunnel) and is for that one target alone: who goes elsewhere makes another, so that no login can follow a
 * redirect by accident. What the target asks for, without any login, is remembered in a store that the transfers of a multi
 * share, so that the next request carries the right answer at once.
 *
 *   prepare → write the request → its answer is 401 or 407: refused → again, or not; any other: accepted */

/* Values are those of libcurl. */
typedef enum
{
  GM_AUTH_NONE = 0,
  GM_AUTH_BASIC = 1 << 0,
  GM_AUTH_DIGEST = 1 << 1,
  GM_AUTH_NEGOTIATE = 1 << 2,
  GM_AUTH_BEARER = 1 << 6,
  GM_AUTH_SIGNED = 1 << 7, /* no challenge asks for it: alone, each request is signed by the login, see gm-http-sign.c */
} GmAuthScheme;

#define GM_AUTH_ANY (GM_AUTH_BASIC | GM_AUTH_DIGEST | GM_AUTH_NEGOTIATE | GM_AUTH_BEARER)
/* Those of this build. */
guint gm_auth_schemes (void);

/* Requests that one login may cost; more is a target that plays with us. */
#define GM_AUTH_MAX_ROUNDS 8
/* Of these with "stale": a new nonce for each request is odd, a new one for each answer is a loop. */
#define GM_AUTH_MAX_STALE 3
/* Targets that are remembered; the one not used for longest goes. */
#define GM_AUTH_STORE_MAX 256

/* Longest token of Negotiate that is read, in bytes of base64: those with the groups of a large domain in them have some
 * 64 KiB. */
#define GM_NEGOTIATE_MAX_TOKEN (128 * 1024)

/* ---- what is remembered ---- */

typedef struct _GmAuthStore GmAuthStore;

GmAuthStore *gm_auth_store_new     (void);
void         gm_auth_store_free    (GmAuthStore *self); /* NULL is fine */
void         gm_auth_store_clear   (GmAuthStore *self);
guint        gm_auth_store_n       (const GmAuthStore *self);

/* ---- one target ---- */

typedef struct _GmAuth GmAuth;

typedef struct
{
  GmSpan scheme; /* of the URL */
  GmSpan host;
  guint16 port;
  gboolean is_proxy;
} GmAuthTarget;

/* What is asked of the target: Digest makes a sum of it. */
typedef struct
{
  GmSpan method;
  GmSpan target; /* as in the request line */
  const GmSpan *body; /* (nullable): all of it, if it lies in memory and is short */
} GmAuthAsk;

/* Longest body that is summed up within a step; Digest with auth-int alone is not possible for longer ones. */
#define GM_AUTH_MAX_SUMMED (1024 * 1024)

/* @store must live as long. @allowed: GmAuthScheme bits. */
GmAuth      *gm_auth_new           (GmAuthStore *store,
                                    const GmAuthTarget *target,
                                    guint allowed);
void         gm_auth_free          (GmAuth *self); /* wipes the login; NULL is fine */
gboolean     gm_auth_is_for        (const GmAuth *self,
                                    const GmAuthTarget *target);
/* Another login: what was refused before is worth a try again. @password may be NULL. */
void         gm_auth_set_login     (GmAuth *self,
                                    const char *user,
                                    const char *password);
void         gm_auth_set_token     (GmAuth *self,
                                    const char *token); /* Bearer; NULL = none */
void         gm_auth_set_service   (GmAuth *self,
                                    const char *service,
                                    GmDelegation delegation); /* Negotiate; NULL = "HTTP" */

/* Before each request. AGAIN: a worker makes a token, @owner gets a turn when it is there; else as gm_auth_prove(). */
GmResult     gm_auth_prepare       (GmAuth *self,
                                    GmReactor *reactor,
                                    GmRunnable *owner);
/* The request will surely be answered with a challenge: a body would go for nothing. */
gboolean     gm_auth_will_be_asked (const GmAuth *self);
/* It may be: the body is better held back until the answer, where the protocol can do that. */
gboolean     gm_auth_may_be_asked  (const GmAuth *self);
/* Appends "Authorization: …" or "Proxy-Authorization: …" with its line end, or nothing if nothing is to be said (yet). What
 * was written is secret. */
GmResult     gm_auth_write         (GmAuth *self,
                                    const GmAuthAsk *ask,
                                    GmByteBuilder *out);

/* The entries first … first + n − 1 are the head of a 401 (407). TRUE: the same request again. */
gboolean     gm_auth_refused       (GmAuth *self,
                                    const GmHeaders *headers,
                                    guint first,
                                    guint n);
/* The request went without its body because a challenge was sure to come, and none came. */
void         gm_auth_not_asked     (GmAuth *self);
/* Any other answer, whose head it is. */
void         gm_auth_accepted      (GmAuth *self,
                                    const GmHeaders *headers,
                                    guint first,
                                    guint n);
/* After accepted: the answer brought a token by which the peer proves who it is; its body is nobody's before that is
 * seen. prove(): AGAIN, and @owner has a turn; OK, at once too where there is nothing to prove; AUTH_FAILED and why in
 * gm_auth_get_problem(). */
gboolean     gm_auth_must_prove    (const GmAuth *self);
GmResult     gm_auth_prove         (GmAuth *self,
                                    GmReactor *reactor,
                                    GmRunnable *owner);

/* ---- whose a connection is ---- */

/* Negotiate logs in the connection with some servers (RFC 4559 section 6), so that who comes after must be the same one.
 * A text that is the same for the same login, service and place of tickets (KRB5CCNAME), and tells nothing of them; NULL
 * where there is no user. Whose tickets are in that place is not looked at. (owned) */
char        *gm_auth_make_identity (const char *user,
                                    const char *password,
                                    const char *service,
                                    GmDelegation delegation);
char        *gm_auth_dup_identity  (const GmAuth *self);

/* ---- what is known ---- */
const char  *gm_auth_get_host      (const GmAuth *self);
guint16      gm_auth_get_port      (const GmAuth *self);
gboolean     gm_auth_has_login     (const GmAuth *self);
/* The login itself (nullable), for who makes a signature by it. Secret. */
const char  *gm_auth_get_user      (const GmAuth *self);
const char  *gm_auth_get_password  (const GmAuth *self);
guint        gm_auth_get_offered   (const GmAuth *self); /* by the last refusal */
GmAuthScheme gm_auth_get_sent      (const GmAuth *self); /* in the last request */
/* The scheme that a user and a password would be used for, were they there, and its realm (nullable); NONE if no answer
 * would help. For the question to a person. */
GmAuthScheme gm_auth_get_wanted    (const GmAuth *self,
                                    const char **realm);
/* Why nothing could be answered, if the reason is not a wrong login: AUTH_BAD_CHALLENGE, NOT_BUILT_IN, AUTH_FAILED;
 * @detail says more. GM_OK, and @detail NULL, else. */
GmResult     gm_auth_get_problem   (const GmAuth *self,
                                    const char **detail);
const char  *gm_auth_scheme_name   (GmAuthScheme scheme);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmAuth, gm_auth_free)
