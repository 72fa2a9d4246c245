/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-question.h"

#include <string.h>

GmReply
gm_question_ask (GmQuestion *question,
                 GmQuestionKind kind,
                 GmQuestionData *(*make) (gpointer user_data),
                 gpointer user_data)
{
  if (!gm_question_has (question, kind))
    return GM_REPLY_DECLINE;
  if (question->kind == kind)
    return question->reply;

  /* An asker forgot to clear: what it asked is of no more interest. */
  gm_question_clear (question);
  question->kind = kind;
  question->data = make (user_data);

  return GM_REPLY_NONE;
}

void
gm_question_clear (GmQuestion *question)
{
  if (question == NULL || question->kind == GM_QUESTION_NONE)
    return;

  question->kind = GM_QUESTION_NONE;
  question->reply = GM_REPLY_NONE;
  question->told = FALSE;
  g_clear_pointer (&question->data, gm_question_data_unref);
  g_clear_pointer (&question->answer, gm_answer_data_free);
}

gboolean
gm_question_is_open (const GmQuestion *question)
{
  return question->kind != GM_QUESTION_NONE && question->reply == GM_REPLY_NONE;
}

GmQuestionData *
gm_question_data_new (GmQuestionKind kind)
{
  GmQuestionData *self = g_new0 (GmQuestionData, 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = kind;
  return self;
}

GmQuestionData *
gm_question_data_ref (GmQuestionData *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_question_data_unref (GmQuestionData *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->host);
  g_free (self->text);
  g_free (self->scheme);
  g_clear_pointer (&self->chain, g_ptr_array_unref);
  g_free (self);
}

GmAnswerData *
gm_answer_data_new (const char *user,
                    const char *password,
                    const char *const *list)
{
  GmAnswerData *self = g_new0 (GmAnswerData, 1);

  self->user = g_strdup (user);
  self->password = g_strdup (password);
  self->list = g_strdupv ((char **) list);
  return self;
}

GmAnswerData *
gm_answer_data_new_identity (const GmTlsSettings *identity)
{
  GmAnswerData *self = g_new0 (GmAnswerData, 1);

  self->identity = identity;
  return self;
}

void
gm_answer_data_free (GmAnswerData *self)
{
  if (self == NULL)
    return;

  if (self->password != NULL)
    explicit_bzero (self->password, strlen (self->password));
  g_free (self->password);
  g_free (self->user);
  g_strfreev (self->list);
  gm_tls_settings_unref (self->identity);
  g_free (self);
}
