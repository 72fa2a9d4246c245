/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-result.h"

/* What a transfer has been through, for somebody who wants to know why it went as it did: facts in their order, of which
 * the faces make words when they are asked. Whoever wants to hear them lends the transfer a story (zeroed); without one
 * nothing is kept and nothing costs more than the test of a pointer.
 *
 * What happens to most transfers is a mark, four of which fit into the story itself; anything else is a record in memory
 * that is bounded, GM_STORY_MAX bytes, and taken with the first one. Then the oldest records make room for new ones.
 *
 * One thread writes, that of the engine; any thread may read. Texts are names and addresses: never a sentence, and never
 * a secret (URLs by gm_trace_redact()). */

/* Of each record: (member) and what @code, @port, @text and @more are; those not named are 0 and NULL. */
typedef enum
{
  GM_STORY_NONE,

  /* marks */
  GM_STORY_REUSED, /* an open connection was there to be used again */
  GM_STORY_SHARED, /* the same, and others are on it */
  GM_STORY_STALE, /* one that was there had been closed by its peer, or was too old */
  GM_STORY_WAITED_HOST, /* it had to wait: no more connections to the host were allowed */
  GM_STORY_WAITED_ALL, /* … or none at all */
  GM_STORY_WAITED_SHARED, /* … or for one that others were making */
  GM_STORY_WAITED_SLOT, /* … or for its turn among the session's transfers */
  GM_STORY_WAITED_NETWORK, /* … or for some network */
  GM_STORY_WAITED_METERED, /* … or for one that is not metered */
  GM_STORY_WAITED_POWER, /* … or until the machine no longer saved power */
  GM_STORY_CONNECTED_PLAINLY, /* to the one numeric address that there is */
  GM_STORY_SECURED, /* TLS: the certificate was looked at */
  GM_STORY_RESUMED, /* TLS: as agreed upon in an earlier session */
  GM_STORY_PAUSED, /* by the application */
  GM_STORY_CONTINUED,
  GM_N_STORY_MARKS,

  /* getting there */
  GM_STORY_RESOLVED = GM_N_STORY_MARKS, /* code: how many; text: the name; more: "address, address" */
  GM_STORY_NOT_RESOLVED, /* code: EAI_…; port: 4 or 6, of which family; text: the name */
  GM_STORY_CONNECTED, /* port; text: address */
  GM_STORY_ATTEMPT_FAILED, /* result; code: errno; port; text: address */
  GM_STORY_ATTEMPT_LEFT, /* port; text: address. It had not answered when it was given up */
  GM_STORY_HSTS, /* text: the host. http: became https: */
  GM_STORY_ALTERNATIVE, /* port; text: host. The way is an alternative service of the origin */
  /* proxies */
  GM_STORY_PROXIES, /* code: how many; text: "proxy, proxy". Somebody was asked which to use */
  GM_STORY_BY_PROXY, /* text: the proxy that is tried */
  GM_STORY_PROXY_FAILED, /* result; code: errno; port: its status; text: the proxy. The next of the list is tried */
  GM_STORY_TUNNEL_ANSWER, /* code: status that is not 2xx of the answer to CONNECT */
  /* TLS */
  GM_STORY_ALERT, /* code: the alert that came */
  GM_STORY_TLS_FAILED, /* result; code: of GnuTLS; text: GmError.detail */
  GM_STORY_CERTIFICATE, /* result: what is wrong; text: GmError.detail */
  /* questions */
  GM_STORY_ASKED, /* result: what is wrong with a certificate; code: GmQuestionKind; port: attempt; text: host */
  GM_STORY_ANSWERED, /* code: GmQuestionKind; port: TRUE if it was accepted */
  /* requests */
  GM_STORY_REDIRECTED, /* code: status; text: to where */
  GM_STORY_LOGIN, /* code: the status that wanted it: 401 or 407. The request is made again with it */
  GM_STORY_RETRIED_DEAD, /* result. A connection that was used again had died: once more by a new one */
  GM_STORY_RETRIED_REFUSED, /* result. The server said that it did not look at the request: once more */
  GM_STORY_RETRIED_HTTP1, /* the server wants HTTP/1.1 for this */
  GM_STORY_RETRIED_ORIGIN, /* result. The alternative did not work: straight to the origin */
  GM_STORY_RETRIED_ELSEWHERE, /* status 421: once more by another connection */
  GM_STORY_RETRIED_EXPECT, /* status 417: once more without Expect */
  GM_STORY_RETRIES_LATER, /* code: after so many ms; port: this was attempt number; text: the error's message */
  GM_STORY_TIMED_OUT, /* result; code: the limit in ms; port: GmPhase */
  GM_N_STORY_KINDS,
} GmStoryKind;

/* Longest text of a record, in bytes; more is cut off and shown as "…". */
#define GM_STORY_TEXT_MAX 160
/* All records of one transfer together: some forty, or a dozen with the longest texts. */
#define GM_STORY_MAX 2048
/* Marks that fit without any memory. */
#define GM_STORY_MARKS 4

typedef struct
{
  GmStoryKind kind;
  GmResult result;
  int code;
  guint16 port;
  const char *text; /* (nullable) */
  const char *more; /* (nullable) */
} GmStoryEvent;

typedef struct _GmStoryRing GmStoryRing;

/* Zeroed when it begins; only these functions look inside. */
typedef struct
{
  GmStoryRing *ring; /* atomic; (owned) (nullable) */
  guint32 marks; /* atomic: the first is the highest of those bytes that are not 0 */
} GmStory;

/*< private >: call the two below */
void     gm_story_add_mark   (GmStory *self,
                              GmStoryKind kind);
void     gm_story_add_record (GmStory *self,
                              const GmStoryEvent *event);

/* @self may be NULL in all of these. */
static inline void
gm_story_mark (GmStory *self,
               GmStoryKind kind)
{
  if (G_LIKELY (self != NULL))
    gm_story_add_mark (self, kind);
}

/* gm_story_tell (story, .kind = GM_STORY_ALERT, .code = 42): nothing is evaluated without a story. */
#define gm_story_tell(story, ...)                                                                                      \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    GmStory *gm_story_told = (story);                                                                                  \
    if (G_UNLIKELY (gm_story_told != NULL))                                                                            \
      gm_story_add_record (gm_story_told, &(GmStoryEvent){ __VA_ARGS__ });                                             \
  }                                                                                                                    \
  G_STMT_END

/* There are records: one more costs no memory to speak of. */
gboolean gm_story_has_records (const GmStory *self);
/* Calls @func for each event, in their order, with what is there now; NONE first if older ones are lost, with @code saying
 * how many. Any thread. @func must not come back to the story. */
void     gm_story_foreach     (GmStory *self,
                               void (*func) (const GmStoryEvent *event, gpointer user_data),
                               gpointer user_data);
void     gm_story_clear       (GmStory *self);
