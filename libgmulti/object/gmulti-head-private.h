/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-headers.h"
#include "gm-info.h"
#include "gm-url.h"
#include "gmulti-headers.h"

/* The head of a response as the engine's thread leaves it behind: one allocation, immutable, any thread. Responses,
 * trailers and errors are made of it when somebody asks. */

typedef struct
{
  gatomicrefcount refs;
  guint status;
  guint http_version; /* as in GmInfo */
  gint64 length;      /* announced; -1 unknown */
  GmUrl *url;         /* (owned) (nullable): where it came from, after redirects */
  GmEndpoint remote; /* len 0 = none */
  GmTlsInfo *tls; /* (owned) (nullable) */
  guint n_fields;
  guint reason_len;
  char data[]; /* the reason phrase, then each field as "name\0value\0" */
} GmHead;

/* From what the engine knows now; @origins: GM_HEADER_FINAL or GM_HEADER_TRAILER. */
GmHead        *gm_head_new          (const GmInfo *info,
                                     GmUrl *url,
                                     const GmHeaders *headers,
                                     guint origins);
GmHead        *gm_head_ref          (GmHead *self);
void           gm_head_unref        (GmHead *self);
/* (transfer full): a frozen list. */
GMultiHeaders *gm_head_make_headers (const GmHead *self);
/* (nullable): value of the first such field, borrowed. */
const char    *gm_head_find         (const GmHead *self,
                                     const char *name);
/* (transfer full) (nullable): a safe base name to store the body under. */
char          *gm_head_dup_file_name (const GmHead *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmHead, gm_head_unref)
