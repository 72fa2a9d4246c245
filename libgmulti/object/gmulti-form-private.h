/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-feed-private.h"
#include "gmulti-form.h"

#include "gm-form.h"

/* A form as the upload of one errand. */
typedef struct
{
  GmForm *form;       /* (owned) */
  GPtrArray *parts;   /* (owned): @form points into them */
  GPtrArray *feeds;   /* (owned) of GmFeed: parts that are read, in order */
  char *content_type; /* (owned) */
  guint n_unknown;    /* files whose length is being looked for */
} GmFormUpload;

/* Before the start. Later changes of @self do not reach it. */
GmFormUpload *gm_face_form_compose       (GMultiForm *self,
                                          GmErrand *errand); /* (unowned) */
void          gm_form_upload_free        (GmFormUpload *self); /* NULL is fine */

/* ---- the engine's thread ---- */
/* Begins to look how long the files are; FALSE if there are none. */
gboolean      gm_form_upload_probe       (GmFormUpload *self,
                                          GmReactor *reactor);
/* One is known: TRUE when all of them are. */
gboolean      gm_form_upload_known       (GmFormUpload *self,
                                          GmFeed *feed,
                                          gint64 size);
GError       *gm_form_upload_take_error  (GmFormUpload *self); /* (nullable) */
void          gm_form_upload_stop        (GmFormUpload *self);

/* ---- the home context's thread ---- */
/* As gm_feed_fill(), for whichever wants it. */
void          gm_form_upload_fill        (GmFormUpload *self,
                                          gboolean blocking);
