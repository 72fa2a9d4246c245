/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-story.h"
#include "gm-tls-settings.h"

/* A question that takes time: somebody (a person, another thread, a service) has to be asked, and the transfer waits
 * without holding anybody up. Each run of a transfer has one GmQuestion, for it can wait for one thing only; layers reach
 * it by GmLayerHost.question, protocols by GmRequest.question. The asker does no more than
 *
 *   switch (gm_question_ask (question, GM_QUESTION_TRUST, make_data, self))
 *     {
 *     case GM_REPLY_NONE:    return GM_AGAIN;           // its turn comes when the answer is there
 *     case GM_REPLY_ACCEPT:  … question->answer …; gm_question_clear (question); go on
 *     case GM_REPLY_DECLINE: gm_question_clear (question); fail as if nobody could be asked
 *     }
 *
 * The engine sees an open question after the step, tells the face (GM_FACT_QUESTION) and stops the clocks for connecting,
 * for the first byte and for low speed meanwhile; the one for the whole transfer goes on. The face answers by
 * gm_transfer_answer() with the question's serial, so that an answer that comes too late finds nobody and is dropped. */

typedef enum
{
  GM_QUESTION_NONE,
  GM_QUESTION_PROXY, /* text: the URI to be fetched. Answer: list of proxy URIs, tried in order */
  GM_QUESTION_TRUST, /* chain, verdict, text: its detail, host, port, is_proxy. Accepted: the certificate counts as good */
  GM_QUESTION_LOGIN, /* scheme, text: the realm, host, port, is_proxy, attempt. Answer: user and password */
  GM_QUESTION_PIN, /* text: the token's label, attempt. Answer: password */
  GM_QUESTION_IDENTITY, /* chain (nullable), host, port, is_proxy: wants a certificate of ours. Answer: identity */
} GmQuestionKind;

typedef enum
{
  GM_REPLY_NONE, /* not yet */
  GM_REPLY_ACCEPT,
  GM_REPLY_DECLINE,
} GmReply;

/* What is asked, for a reader in any thread: counted, and not changed once it is made. Members that a kind does not use
 * are NULL or 0. */
typedef struct
{
  gatomicrefcount refs;
  GmQuestionKind kind;
  char *host; /* (owned) (nullable) */
  char *text; /* (owned) (nullable) */
  char *scheme; /* (owned) (nullable) */
  GPtrArray *chain; /* (owned) (nullable) (element-type GBytes): DER, the peer's own certificate first */
  GmResult verdict; /* GM_OK: everything is in order with the certificate */
  guint faults; /* all there is wrong, as 1 << (result - GM_TLS_EXPIRED): a certificate may have several */
  guint attempt; /* from 1 */
  guint16 port;
  gboolean is_proxy;
} GmQuestionData;

typedef struct
{
  char **list; /* (owned) (nullable) */
  char *user; /* (owned) (nullable) */
  char *password; /* (owned) (nullable): wiped when it is freed */
  const GmTlsSettings *identity; /* (owned) (nullable): only what gm_tls_settings_with_identity() takes from it counts */
} GmAnswerData;

typedef struct
{
  guint8 mask; /* 1 << GmQuestionKind: whom somebody is there to answer; others are declined at once */
  GmQuestionKind kind : 8; /* NONE: nothing is asked */
  GmReply reply : 8;
  guint8 told;
  GmStory *story; /* (unowned) (nullable): of who would be asked; what they would like to know is told to it */
  guint64 serial; /* of the last one that was told; never 0 then */
  GmQuestionData *data; /* (owned) (nullable) */
  GmAnswerData *answer; /* (owned) (nullable): what came with ACCEPT */
} GmQuestion;

/* See above. @question may be NULL. @make is called once, when the question is new. */
GmReply         gm_question_ask         (GmQuestion *question,
                                         GmQuestionKind kind,
                                         GmQuestionData *(*make) (gpointer user_data),
                                         gpointer user_data);
/* The asker has what it wanted, or does not want it any more. NULL is fine. */
void            gm_question_clear       (GmQuestion *question);
gboolean        gm_question_is_open     (const GmQuestion *question);

/* Somebody is there to answer such a one. NULL is fine. */
static inline gboolean
gm_question_has (const GmQuestion *question,
                 GmQuestionKind kind)
{
  return question != NULL && (question->mask & (1u << kind)) != 0;
}

GmQuestionData *gm_question_data_new    (GmQuestionKind kind);
GmQuestionData *gm_question_data_ref    (GmQuestionData *self);
void            gm_question_data_unref  (GmQuestionData *self);
/* Copies; all nullable. */
GmAnswerData   *gm_answer_data_new      (const char *user,
                                         const char *password,
                                         const char *const *list);
/* Takes @identity. */
GmAnswerData   *gm_answer_data_new_identity (const GmTlsSettings *identity);
void            gm_answer_data_free     (GmAnswerData *self); /* NULL is fine */
