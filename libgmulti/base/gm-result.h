/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a step of the engine can answer. One value for every cause that a program or a person may want to tell apart;
 * the faces map them to CURLcode or GError. No sentences here. */
#define GM_RESULTS(X)                                                                                                  \
  X (OK)                                                                                                               \
  X (AGAIN) /* not now: the transport, a worker or a question will bring it on; never a final result */                \
  /* asked wrongly */                                                                                                  \
  X (BAD_URL)                                                                                                          \
  X (URL_TOO_LONG)                                                                                                     \
  X (UNSUPPORTED_SCHEME)                                                                                               \
  X (REFUSED_SCHEME) /* known, but not among the allowed protocols */                                                  \
  X (BAD_HOST)                                                                                                         \
  X (BAD_PORT)                                                                                                         \
  X (CREDENTIALS_REFUSED) /* user name in the URL, but that is disallowed */                                           \
  X (BAD_REQUEST) /* a method, header or option that cannot be sent; CR, LF, NUL in it */                              \
  X (LENGTH_MISSING) /* an upload of unknown size in HTTP/1.0, which knows no chunks */                                \
  X (NOT_BUILT_IN)                                                                                                     \
  X (OUT_OF_MEMORY)                                                                                                    \
  /* getting there */                                                                                                  \
  X (RESOLVE_FAILED)                                                                                                   \
  X (PROXY_RESOLVE_FAILED)                                                                                             \
  X (CONNECT_FAILED)                                                                                                   \
  X (INTERFACE_FAILED) /* local interface, address or port could not be bound */                                       \
  X (NO_CONNECTION) /* limits forbid one, and waiting was not wanted */                                                \
  X (TOO_MANY_FILES) /* out of descriptors */                                                                          \
  /* proxies */                                                                                                        \
  X (PROXY_LOOKUP_FAILED) /* nobody could say which proxy to use */                                                    \
  X (PROXY_REFUSED) /* an answer to CONNECT that is not 2xx; GmError.proxy_status */                                   \
  X (PROXY_BAD_REPLY) /* not HTTP, not SOCKS, or too long */                                                           \
  X (PROXY_CLOSED) /* closed before its answer was complete */                                                         \
  X (PROXY_LOGIN) /* user and password were refused, or none were there to give */                                     \
  X (SOCKS_REFUSED) /* the request was answered with an error: GmError.proxy_status is its code */                     \
  X (SOCKS_NAME_TOO_LONG) /* host, user or password does not fit in a SOCKS message */                                 \
  /* TLS */                                                                                                            \
  X (TLS_FAILED) /* handshake or record layer: GmError.tls, GmError.alert */                                           \
  X (TLS_TRUNCATED) /* the end came without close_notify where only that tells the end of a body */                    \
  X (TLS_SETTINGS) /* versions, priority string or pins that make no sense */                                          \
  X (TLS_CA_FILE) /* trust anchors that cannot be read: GmError.detail */                                               \
  X (TLS_CRL_FILE) /* a list of what is revoked that cannot be read: GmError.detail */                                  \
  X (TLS_CLIENT_CERTIFICATE) /* the client's certificate or key cannot be read or do not match */                      \
  X (TLS_TOKEN_PIN) /* a token wants its PIN, or another one: GmError.detail is the token's label */                   \
  X (TLS_CLIENT_CERTIFICATE_WANTED) /* the server wants one, or another one */                                         \
  X (TLS_EXPIRED)                                                                                                      \
  X (TLS_NOT_YET_VALID)                                                                                                \
  X (TLS_UNKNOWN_CA) /* no chain to a trusted root; missing intermediate */                                            \
  X (TLS_SELF_SIGNED)                                                                                                  \
  X (TLS_WRONG_HOST) /* GmError.detail: names the certificate is for */                                                \
  X (TLS_REVOKED)                                                                                                      \
  X (TLS_WEAK) /* key or digest */                                                                                     \
  X (TLS_WRONG_PURPOSE)                                                                                                \
  X (TLS_BAD_CERTIFICATE) /* anything else that makes it invalid: constraints, encoding */                             \
  X (TLS_OCSP) /* a stapled answer was demanded, and is missing or not good */                                         \
  X (TLS_ISSUER) /* issued by another one than the one that is demanded, or that cannot be read */                      \
  X (TLS_PIN) /* the public key is none of those that are pinned */                                                    \
  X (TLS_REFUSED) /* who was asked did not trust the certificate */                                                    \
  X (HTTP_VERSION) /* the server does not speak the version that is demanded */                                        \
  /* time */                                                                                                           \
  X (RESOLVE_TIMEOUT)                                                                                                  \
  X (CONNECT_TIMEOUT)                                                                                                  \
  X (RESPONSE_TIMEOUT) /* no first byte of an answer */                                                                \
  X (LOW_SPEED)                                                                                                        \
  X (TIMEOUT) /* the total limit */                                                                                    \
  /* on the wire */                                                                                                    \
  X (SEND_FAILED)                                                                                                      \
  X (RECV_FAILED)                                                                                                      \
  X (GOT_NOTHING) /* closed without a single byte of an answer */                                                      \
  X (PARTIAL) /* closed before the announced end */                                                                    \
  /* HTTP */                                                                                                           \
  X (HTTP_NOT_HTTP) /* HTTP/0.9 or garbage where it is not allowed */                                                  \
  X (HTTP_BAD_STATUS_LINE)                                                                                             \
  X (HTTP_BAD_VERSION)                                                                                                 \
  X (HTTP_BAD_HEADER)                                                                                                  \
  X (HTTP_NUL_IN_HEADER)                                                                                               \
  X (HTTP_BARE_CR)                                                                                                     \
  X (HTTP_OBS_FOLD)                                                                                                    \
  X (HTTP_HEADER_FLOOD) /* too many, too long, or too many 1xx heads */                                                \
  X (HTTP_BAD_LENGTH)                                                                                                  \
  X (HTTP_BOTH_FRAMINGS) /* Content-Length beside Transfer-Encoding */                                                 \
  X (HTTP_BAD_ENCODING) /* a transfer coding nobody asked for */                                                       \
  X (HTTP_BAD_CHUNK)                                                                                                   \
  X (HTTP_BAD_TRAILER)                                                                                                 \
  X (HTTP_STATUS) /* >= 400, and the caller calls that a failure */                                                    \
  X (HTTP_EXPECT_FAILED) /* 417 to a request that cannot be repeated without Expect */                                 \
  X (HTTP_BAD_LOCATION)                                                                                                \
  X (TOO_MANY_REDIRECTS)                                                                                               \
  X (REDIRECT_REFUSED)                                                                                                 \
  X (RANGE_REFUSED) /* a range was asked for and the answer is another, or none */                                     \
  X (RESUME_REFUSED)                                                                                                   \
  X (TOO_LARGE) /* more than the caller allows */                                                                      \
  X (BAD_CONTENT_ENCODING) /* unknown: GmError.detail */                                                               \
  X (CODED_BODY_BROKEN) /* the coded data make no sense, or end too early */                                           \
  X (CODED_BODY_BOMB) /* far more comes out than went in */                                                            \
  /* HTTP/2 */                                                                                                         \
  X (HTTP2_PROTOCOL) /* the peer broke the rules of the connection; GmError.h2 is the code we answered with */         \
  X (HTTP2_STREAM) /* the peer reset the stream: GmError.h2 */                                                         \
  X (HTTP2_GONE) /* GOAWAY, and this stream was not processed, or the connection died under it */                      \
  X (HTTP2_FLOOD) /* more control frames than anybody needs */                                                         \
  /* who one is */                                                                                                     \
  X (AUTH_BAD_CHALLENGE) /* a challenge that cannot be parsed or answered */                                           \
  X (AUTH_FAILED) /* the mechanism itself failed: Negotiate without a ticket … ; GmError.detail */                     \
  /* the caller's side */                                                                                              \
  X (WRITE_FAILED)                                                                                                     \
  X (READ_FAILED)                                                                                                      \
  X (READ_SHORT) /* the upload ended before its announced length */                                                    \
  X (NOT_REWINDABLE)                                                                                                   \
  X (ABORTED) /* a callback said stop */                                                                               \
  X (CANCELLED)                                                                                                        \
  /* file: */                                                                                                          \
  X (FILE_NOT_FOUND)                                                                                                   \
  X (FILE_ACCESS)                                                                                                      \
  X (FILE_IS_FOLDER)                                                                                                   \
  X (FILE_READ_FAILED)                                                                                                 \
  X (FILE_WRITE_FAILED)                                                                                                \
  X (NO_SPACE)                                                                                                         \
  X (DATA_MALFORMED) /* data: */                                                                                       \
  /* engine */                                                                                                         \
  X (AFTER_FORK)                                                                                                       \
  X (INTERNAL)

typedef enum
{
#define GM_RESULT_MEMBER(name) GM_##name,
  GM_RESULTS (GM_RESULT_MEMBER)
#undef GM_RESULT_MEMBER
  GM_N_RESULTS,
} GmResult;

/* GmError.detail of results that have several causes: BAD_REQUEST where an address that was given for a host cannot be read,
 * and HTTP_HEADER_FLOOD where there are too many fields. */
#define GM_DETAIL_OVERRIDE "address of a host"
#define GM_DETAIL_N_FIELDS "number of fields"

/* Where a transfer was when something went wrong, in the order of its life. */
typedef enum
{
  GM_PHASE_NONE,
  GM_PHASE_PROXY_LOOKUP,
  GM_PHASE_RESOLVE,
  GM_PHASE_CONNECT,
  GM_PHASE_PROXY,
  GM_PHASE_TLS,
  GM_PHASE_REQUEST,
  GM_PHASE_RESPONSE,
  GM_PHASE_BODY,
  GM_PHASE_STORAGE,
} GmPhase;

/* The first error of a transfer, complete enough to make a sentence of it. */
typedef struct
{
  GmResult result;
  GmPhase phase;
  int sys_errno; /* 0 if no system call failed */
  int resolver; /* an EAI_ code, or 0 */
  char *host; /* (owned) (nullable): host or path it was about */
  char *address; /* (owned) (nullable): numeric address of the attempt that got furthest */
  guint16 port;
  guint16 proxy_status; /* of CONNECT's answer, or the code of a SOCKS reply; 0 = none */
  guint8 socks; /* the proxy is a SOCKS one */
  guint8 of_proxy; /* a result of TLS_*: it is about the proxy, not about the server */
  guint8 alert; /* TLS alert that was received, or 0 (close_notify is no failure) */
  int tls; /* a GnuTLS error code, or 0 */
  guint h2; /* HTTP/2 error code; meaningful with HTTP2_* results */
  char *ways; /* (owned) (nullable): other ways to there that were tried before: "socks5h://host:port (why), …" */
  char *detail; /* (owned) (nullable): what the result's comment says; a name, never a sentence, never a secret */
} GmError;

const char *gm_result_name (GmResult result); /* "HTTP_BAD_CHUNK"; static */
void        gm_error_clear (GmError *error); /* frees what it owns, back to GM_OK */
/* Takes over what @from knows beside result and phase, and @error does not: both stay whole. */
void        gm_error_add_details (GmError *error,
                                  const GmError *from);
/* Keeps the first error: does nothing if @error holds one already. */
void        gm_error_set   (GmError *error,
                            GmResult result,
                            GmPhase phase,
                            int sys_errno);
