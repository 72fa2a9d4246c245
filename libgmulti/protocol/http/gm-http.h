/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-cookie-jar.h"
#include "gm-http-fields.h"
#include "gm-request.h"

/* One HTTP request seen apart from the version it travels by: what is asked, what the answer means. The exchange (HTTP/1
 * text or an HTTP/2 stream) carries it and reports heads; nothing but the exchange asks for the version. */

typedef struct _GmHttp GmHttp;
typedef struct _GmHttpExchange GmHttpExchange;

/* Interim answers to one request; more is a peer that wants to keep us. */
#define GM_HTTP_MAX_INTERIM 64
/* Body of an answer that nobody wants (a redirect that is followed): read away up to this, to keep the connection; a new
 * connection costs less than more. */
#define GM_HTTP_MAX_IGNORED (256 * 1024)
/* Of the body of a refusal, kept while somebody is asked for a login, because it is the answer if there is none. What is
 * longer is not read to its end: who has a login logs in by another connection, for all others it is TOO_LARGE. */
#define GM_HTTP_MAX_HELD (1024 * 1024)
/* Uploads larger than this ask with Expect: 100-continue before they send. */
#define GM_HTTP_EXPECT_FROM (1024 * 1024)

/* Uploads larger than this ask first, too, when a login will probably be asked for: what is longer than what is kept of a
 * stream cannot be sent twice. */
#define GM_HTTP_EXPECT_LOGIN_FROM GM_SOURCE_KEEP_MAX

typedef enum
{
  GM_HTTP_LOGIN_NONE, /* nothing to do: the answer is an answer like any other */
  GM_HTTP_LOGIN_AGAIN, /* the same request once more */
  GM_HTTP_LOGIN_ASK, /* somebody is to be asked, once the answer is complete; its body is held back until then */
} GmHttpLogin;

typedef struct _GmHttpHold GmHttpHold;

typedef enum
{
  GM_HTTP_UPLOAD_NONE,
  GM_HTTP_UPLOAD_LENGTH,
  GM_HTTP_UPLOAD_CHUNKED,
} GmHttpUpload;

/* What the exchange does after a head (guint8: TRUE or FALSE; there are many). */
typedef struct
{
  GmHttpBody body;
  guint8 interim; /* another head follows */
  guint8 ignore_body; /* not for the client; read it away if that is cheap */
  guint8 stop_sending; /* the rest of the upload is not wanted */
  guint8 go_on_sending; /* 100: the body may go */
  guint8 upgraded; /* 101: what follows is HTTP/2 */
} GmHttpPlan;

struct _GmHttp
{
  GmRequest *request; /* (unowned) */
  GmHttpExchange *exchange; /* (owned) (nullable) */
  GmHttpFacts facts; /* of the final head */
  GmSpan method; /* the word in the request line */
  GmHttpHold *hold; /* (unowned) (nullable): in request->sink; somebody is to be asked for a login */
  GmHttpUpload upload : 8;
  guint8 n_interim; /* at most GM_HTTP_MAX_INTERIM */
  guint8 expecting; /* Expect: 100-continue is in the request */
  guint8 close_asked; /* "Connection: close" is in the request */
  guint8 can_stop; /* a body that is not wanted can be broken off at no cost: no Expect unless the user says so */
  guint8 may_log_in : 1; /* there is a login, or somebody to ask for one: else nothing of the following is looked at */
  guint8 login_known : 1; /* it is looked for, wherever it may stand */
  guint8 login_pending : 1; /* gm_http_auth_prepare() is still to say OK */
  guint8 login_is_users : 1; /* the user wrote Authorization himself */
  guint8 body_withheld : 1; /* until a challenge is answered */
  guint8 complete : 1; /* the exchange is over */
  guint8 upgrading : 1; /* the request offers to go on in HTTP/2 */
  guint8 hold_done : 1; /* nobody logs in: what was held back is given on */
  guint8 proof_pending : 1; /* gm_http_auth_prove() is still to say OK: until then the body waits */
  guint8 head_untold : 1; /* … and so does the head */
};

typedef struct
{
  const char *name;
  GmResult (*step) (GmHttpExchange *self); /* OK when request and answer are complete */
  GmIo (*want) (GmHttpExchange *self);
  void (*set_urgency) (GmHttpExchange *self, guint urgency); /* (nullable): 0 to 7 */
  void (*free) (GmHttpExchange *self);
} GmHttpExchangeType;

struct _GmHttpExchange
{
  const GmHttpExchangeType *type;
  GmHttp *http; /* (unowned) */
  GmRequest *request; /* (unowned) */
};

GmHttpExchange *gm_http1_exchange_new (GmHttp *http);
GmHttpExchange *gm_http2_exchange_new (GmHttp *http);
/* The request was sent by HTTP/1, the answer comes as stream 1: takes the place of the exchange that found that out. */
GmHttpExchange *gm_http2_exchange_new_upgraded (GmHttp *http);

/* Which versions this request may travel by: GmSpeak. */
guint8   gm_http_speak       (const GmRequest *request);

/* ---- told by the exchange ---- */

/* A head, of whatever kind, is in request->headers from entry @first on. @plan is filled on GM_OK. */
GmResult gm_http_take_head   (GmHttp *self,
                              guint version,
                              guint status,
                              guint first,
                              guint n,
                              gboolean sending,
                              GmHttpPlan *plan);
/* Hands one raw head or trailer line to who wants it. */
GmResult gm_http_tell_line   (GmHttp *self,
                              GmSpan line);

/* ---- gm-http-exchange.c: milestones, told by the exchange ---- */

/* Head and body are with the transport. */
void     gm_http_request_is_sent (GmHttp *self);
/* Its first byte is there. May be told more than once. */
void     gm_http_answer_begins (GmHttp *self);
/* It was an interim one; @sending: there is more of the request to send. */
void     gm_http_answer_goes_on (GmHttp *self,
                              gboolean sending);
GmResult gm_http_body_is_complete (GmHttp *self,
                              const GmHttpPlan *plan);
/* Whether anybody wants lines of heads and trailers: gm_http_tell_line(). */
gboolean gm_http_tells_lines (const GmHttp *self);
/* Behind a chunked body: asks the client for trailers and appends them, a line each. */
GmResult gm_http_write_trailers (GmHttp *self,
                              GmByteBuilder *out);

/* ---- gm-http-request.c ---- */

/* Appends the whole request head to @out; decides upload and expectation in @self. */
GmResult gm_http_write_head  (GmHttp *self,
                              GmByteBuilder *out);

/* The fields of the user that are sent, in their order. */
void     gm_http_walk_user_fields (const GmHttp *self,
                              void (*func) (GmSpan name, GmSpan value, gpointer data),
                              gpointer data);
/* Whether the user's fields, or the engine, offer to go over to another protocol. */
gboolean gm_http_asks_for_upgrade (const GmHttp *self);
/* The host as it is told; empty: the user's fields have it. */
GmSpan   gm_http_get_own_host (const GmHttp *self);
/* Who the server is to the jar. */
void     gm_http_cookie_origin_init (const GmRequest *request,
                                     GmCookieOrigin *origin);

/* ---- gm-http-sign.c ---- */

/* Appends what GM_AUTH_SIGNED asks for: Authorization, and the fields with time and hash unless the user has his own.
 * BAD_REQUEST or BAD_HOST: of gm_sigv4_scope_read(). */
GmResult gm_http_sign        (GmHttp *self,
                              GmSpan target,
                              GmByteBuilder *out);

/* ---- gm-http-coding.c ---- */

/* The value of Accept-Encoding for this request; NULL = none is sent. */
const char *gm_http_accepts  (const GmRequest *request);
/* Puts decoders into request->sink for the final head in request->headers from entry @first on, if they were asked for.
 * BAD_CONTENT_ENCODING or HTTP_BAD_ENCODING: one that is unknown, or too many of them. */
GmResult gm_http_decode      (GmHttp *self,
                              guint first,
                              guint n);

/* What may be spoken with a proxy that forwards the request: with one that is asked by ALPN, the better version. */
guint8   gm_http_speak_to_proxy (const GmRequest *request);

/* ---- gm-http-follow.c ---- */

/* Whether @status with a Location is a redirect. */
gboolean gm_http_is_redirect (guint status);
/* Fills follow_url, follow_method and follow_custom_method of @request. */
GmResult gm_http_follow      (GmRequest *request,
                              guint status,
                              GmSpan location);

/* ---- gm-http-auth.c ---- */

/* Whether anything about logins need be done for this hop. */
static inline gboolean
gm_http_may_log_in (const GmRequest *request)
{
  const GmRequestSettings *settings = request->settings;

  /* Each request asks this: one branch for all of it. */
  return ((gsize) settings->user | (gsize) settings->bearer | (gsize) request->auth | (gsize) request->proxy_auth |
          (gsize) request->proxy |
          (request->question->mask & (1 << GM_QUESTION_LOGIN)) | settings->netrc | (gsize) gm_url_has_user (request->url) |
          (gsize) gm_url_has_user (request->origin)) != 0;
}

/* At the begin of a hop: finds the login for it, if there is one. */
GmResult gm_http_auth_begin  (GmHttp *self);
/* Before the head is written, while login_pending. AGAIN: a token is being made. */
GmResult gm_http_auth_prepare (GmHttp *self);
/* The answer is sure to be a challenge: a body would go for nothing. */
gboolean gm_http_auth_withholds_body (const GmHttp *self);
gboolean gm_http_auth_may_be_asked (const GmHttp *self);
/* Appends the fields of the login, if there is something to say. @own: the user has an Authorization of his own. */
GmResult gm_http_auth_write  (GmHttp *self,
                              GmSpan target,
                              gboolean own,
                              GmByteBuilder *out);
/* A final head. */
GmHttpLogin gm_http_auth_judge (GmHttp *self,
                              guint status,
                              guint first,
                              guint n);
/* While proof_pending: AGAIN; OK, the answer is the client's; else whoever answered is not who was asked. */
GmResult gm_http_auth_prove  (GmHttp *self);
/* GmProtocol.dup_login. */
char    *gm_http_auth_dup_login (const GmRequest *request);
/* Whether others may use the connection: Negotiate logs in the connection with some servers (RFC 4559 section 6), and who
 * comes after must not be taken for who was there before. One that is bound (gm_pool_bind()) is found by nobody else; but
 * that to a proxy which forwards is for all origins, and not to be bound to a login at one. */
gboolean gm_http_auth_leaves_connection (const GmHttp *self);
/* Whether the hold has had enough: the exchange, which then failed with TOO_LARGE, is over, and its connection of no use. */
gboolean gm_http_auth_has_enough (const GmHttp *self);
/* After an exchange that ended with GM_HTTP_LOGIN_ASK (there is a hold): asks; AGAIN until all is done. */
GmResult gm_http_auth_ask    (GmHttp *self);
