/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-question.h"
#include "gmulti-errand-private.h"

/* A question on its way between the engine and the application: what is asked, and the right to answer it once. The
 * object that the application sees (a challenge, a trust check) owns one. Whoever lets go of it without an answer has
 * declined. Any thread. */

typedef struct _GmInquiry GmInquiry;

/* Takes @data. */
GmInquiry *gm_inquiry_new      (GmErrand *errand,
                                guint64 serial,
                                GmQuestionData *data);
/* Declines if nobody has answered. NULL is fine. */
void       gm_inquiry_free     (GmInquiry *self);
const GmQuestionData *gm_inquiry_get_data (GmInquiry *self);
GmErrand  *gm_inquiry_get_errand (GmInquiry *self);
/* The home context: its run is over, and has been told so; there is nothing to answer any more. */
gboolean   gm_inquiry_is_over  (GmInquiry *self);
/* The first answer counts, others are dropped; so is one for a run that is over. Takes @data (nullable). */
void       gm_inquiry_answer   (GmInquiry *self,
                                GmReply reply,
                                GmAnswerData *data);
