/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-coding.h"
#include "gm-connection.h"
#include "gm-headers.h"
#include "gm-info.h"
#include "gm-request-settings.h"
#include "gm-sink.h"
#include "gm-source.h"

/* One request and its answer: what a protocol works on. Wiped whole before each redirect or retry, so that nothing of the
 * former one can leak into the next. Made and stepped by the engine; a protocol reads the first part and writes the
 * second. */

/* Logins that somebody may give for one transfer, when asked. */
#define GM_MAX_LOGINS 20

typedef struct _GmRequest GmRequest;
typedef struct _GmProtocol GmProtocol;
typedef struct _GmNetrcLoad GmNetrcLoad;

/* What a protocol may tell while it runs; the engine turns it into facts. */
typedef enum
{
  GM_NEWS_INFORMATIONAL, /* a 1xx head came */
  GM_NEWS_HEAD, /* the final head is there and the body (or the end) follows: not for a redirect that is followed */
} GmNews;

struct _GmRequest
{
  /* ---- given by the engine (guint8: TRUE or FALSE; there are many requests) ---- */
  const GmProtocol *protocol;
  GmUrl *url; /* (unowned) */
  GmUrl *origin; /* (unowned): the one the user named; it may have the login for all of its origin */
  const GmRequestSettings *settings; /* (unowned) */
  GmReactor *reactor; /* (unowned) */
  GmDecoderShelf *decoders; /* (unowned) */
  GmRunnable *owner; /* (unowned): queue it to be stepped */
  gpointer holder; /* (unowned): goes to sockets the protocol opens by itself */
  GmConnection *connection; /* (unowned) (nullable) */
  GmClient *client; /* (unowned) */
  GmFlow *flow; /* (unowned) */
  GmSource *source; /* (unowned): at its start */
  GmHeaders *headers; /* (unowned) (nullable): none before there is something to put in, see gm_request_need_headers() */
  GmInfo *info; /* (unowned) */
  GmError *error; /* (unowned): details of a failure, by gm_error_set() */
  GmQuestion *question; /* (unowned): to ask what takes time */
  guint64 id; /* of the transfer, for the trace */
  guint n_logins; /* that somebody gave when asked; kept over the hops as @auth is */
  GmMethod method; /* after redirects */
  guint8 keep_custom_method; /* settings->custom_method is (still) to be used */
  guint8 no_expect; /* a former try was answered with 417 */
  guint8 old_version; /* a former try was answered with HTTP_1_1_REQUIRED */
  guint8 not_elsewhere; /* this is a try on a connection of its own already */
  guint8 reused; /* the connection carried another request before */
  guint8 foreign_origin; /* not the origin the user named: no credentials, cookies or their like of the user's */
  guint8 foreign_host; /* nor a Host field of the user's */
  const GmAltSvcRoute *route; /* (unowned) (nullable): the alternative of its origin that it goes to */
  GmProxy *proxy; /* (owned by the engine) (nullable): the way there; gm_proxy_forwards(): requests go to it */
  GmUrl *referer; /* (unowned) (nullable): automatic one */
  /* Kept over the hops of a transfer; the protocol makes, uses and replaces them. */
  GmAuth *auth; /* (owned) (nullable): for the server of @url */
  GmAuth *proxy_auth; /* (owned) (nullable): for the proxy that this request is told to */
  GmNetrcLoad *netrc; /* (owned) (nullable) */
  void (*news) (GmRequest *self, GmNews news);
  GmHeaders *(*make_headers) (GmRequest *self); /* sets @headers, for who waits for an answer has no use for them */
  char *arena; /* (unowned): zeroed memory for one attempt, by gm_request_alloc() */
  gsize arena_left;

  /* ---- the protocol's answer ---- */
  GmSinkClient client_sink;
  GmSink *sink; /* (owned): the chain that ends in client_sink */
  gint64 wake_at; /* µs: step again then, whatever happens; 0 = no wish */
  GmUrl *follow_url; /* (owned) (nullable): at the end with GM_OK: go there next */
  GmPhase phase : 8;
  GmMethod follow_method : 8;
  guint8 keep_connection; /* at the end: it can carry another request */
  guint8 answered; /* at least one byte of an answer came */
  guint8 waiting_for_answer; /* the request is sent (or needs no more sending) and no byte came yet */
  guint8 follow_custom_method;
  guint8 again_without_expect; /* at the end with GM_OK: repeat the request with no_expect */
  guint8 again_elsewhere; /* at the end with GM_OK: repeat the request on another connection */
  guint8 again_in_http1; /* at the end with a failure: repeat it with old_version */
  guint8 unprocessed; /* at the end with a failure: the server has not looked at it */
  guint8 again_with_login; /* at the end with GM_OK: repeat the request, @auth or @proxy_auth knows how */
  gpointer state; /* (owned): the protocol's own */
};

/* Zeroed memory that lives as long as the attempt; there is room for what the protocols here need (GM_REQUEST_ARENA). */
#define GM_REQUEST_ARENA 416
gpointer gm_request_alloc (GmRequest *self,
                           gsize size);

/* From then on there are @headers. */
static inline void
gm_request_need_headers (GmRequest *self)
{
  if (self->headers == NULL)
    self->headers = self->make_headers (self);
}

/* @sink keeps something. Asked some times for each request, and most have no more than the client's link. */
static inline gboolean
gm_request_holds (const GmRequest *self)
{
  return self->client_sink.held_len > 0 || (self->sink != &self->client_sink.sink && gm_sink_holds (self->sink));
}

/* No more may be given to @sink now: it keeps something, or the client paused. */
static inline gboolean
gm_request_is_blocked (const GmRequest *self)
{
  return (self->flow->paused & GM_FLOW_RECV) != 0 || gm_request_holds (self);
}

/* Hands on what @sink keeps: OK = nothing is left; AGAIN = paused, or enough for this turn, then the owner is queued. */
GmResult gm_request_flush     (GmRequest *self);

/* Hands one raw line of a head to who watches and to who wants lines. */
GmResult gm_request_tell_line (GmRequest *self,
                               const char *line,
                               gsize len);

struct _GmProtocol
{
  const char *name;
  GmScheme scheme;
  guint set; /* one GmProtocolSet bit of the engine's option table */
  gboolean needs_connection;
  /* What is spoken on its connection, GmSpeak; and, unless the user has no wish (GM_HTTP_DEFAULT), by which function to
   * find out before there is one (nullable). */
  guint8 speaks;
  guint8 (*speak) (const GmRequest *request);
  /* (nullable: HTTP1) Likewise where a proxy forwards the request. */
  guint8 (*speak_to_proxy) (const GmRequest *request);
  /* (nullable) With Negotiate allowed: who would log in a connection for good: the name that such a one is looked for by, see gm_pool_bind().
   * (owned) (nullable): nobody, or it is not known yet. */
  char *(*dup_login) (const GmRequest *request);
  /* Sets up @request->state; may fail at once. */
  GmResult (*begin) (GmRequest *request);
  /* Moves on as far as it can: OK = complete, AGAIN, or final. */
  GmResult (*step) (GmRequest *request);
  /* What it waits for on its connection now. */
  GmIo (*want) (GmRequest *request);
  /* (nullable) While it runs: how urgent its answer is now, 0 to 7. */
  void (*set_urgency) (GmRequest *request, guint urgency);
  /* Frees the state; must work after begin() failed, too. */
  void (*end) (GmRequest *request);
};

/* NULL if there is none for it. */
const GmProtocol *gm_protocol_find (GmScheme scheme);

extern const GmProtocol gm_protocol_http;
extern const GmProtocol gm_protocol_https;
extern const GmProtocol gm_protocol_file;
extern const GmProtocol gm_protocol_data;

/* Bytes a ready transfer may move in one turn before others have theirs. At 5 GB/s of memory this is some 0.2 ms. */
#define GM_REQUEST_SHARE (1024 * 1024)
