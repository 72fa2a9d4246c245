/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-inquiry-private.h"

struct _GmInquiry
{
  GmErrand *errand; /* (owned) */
  guint64 serial;
  GmQuestionData *data; /* (owned) */
  gint answered; /* atomic */
};

GmInquiry *
gm_inquiry_new (GmErrand *errand,
                guint64 serial,
                GmQuestionData *data)
{
  GmInquiry *self = g_new0 (GmInquiry, 1);

  self->errand = gm_errand_ref (errand);
  self->serial = serial;
  self->data = data;
  return self;
}

void
gm_inquiry_free (GmInquiry *self)
{
  if (self == NULL)
    return;

  gm_inquiry_answer (self, GM_REPLY_DECLINE, NULL);
  gm_errand_unref (self->errand);
  gm_question_data_unref (self->data);
  g_free (self);
}

const GmQuestionData *
gm_inquiry_get_data (GmInquiry *self)
{
  return self->data;
}

GmErrand *
gm_inquiry_get_errand (GmInquiry *self)
{
  return self->errand;
}

gboolean
gm_inquiry_is_over (GmInquiry *self)
{
  return self->errand->delivered;
}

void
gm_inquiry_answer (GmInquiry *self,
                   GmReply reply,
                   GmAnswerData *data)
{
  if (!g_atomic_int_compare_and_exchange (&self->answered, FALSE, TRUE))
    {
      gm_answer_data_free (data);
      return;
    }

  gm_errand_answer (self->errand, self->serial, reply, data);
}
