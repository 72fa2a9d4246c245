/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-question.h"
#include "gmulti-core-private.h"
#include "gmulti-session.h"

/* Borrowed. For tests that put something else under the engine, in the thread that turns it. */
GmCore *gm_face_session_get_core (GMultiSession *self);

/* What somebody is there to answer for all transfers of the session, as 1 << GmQuestionKind; looked at when one starts. */
guint   gm_face_session_get_ask  (GMultiSession *self);
/* The home context of @transfer, whose own handlers have not taken @question (a GMultiChallenge, a GMultiTrustCheck): TRUE
 * if one of the session's has. Application code runs. */
gboolean gm_face_session_ask     (GMultiSession *self,
                                  GmQuestionKind kind,
                                  GMultiTransfer *transfer,
                                  gpointer question);

/* ---- the properties that are monitors, three in a row, given by gmulti-session-surroundings.c ---- */
void     gm_face_session_install_monitors (GObjectClass *object_class,
                                           guint first);
/* FALSE: it is none of them. */
gboolean gm_face_session_get_monitor (GMultiSession *self,
                                      guint place, /* from the first on */
                                      GValue *value);
gboolean gm_face_session_set_monitor (GMultiSession *self,
                                      guint place,
                                      const GValue *value);
