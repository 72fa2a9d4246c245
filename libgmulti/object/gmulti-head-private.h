/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-headers.h"
#include "gm-info.h"
#include "gm-url.h"
#include "gmulti-headers.h"

/* The head of a response as the engine's thread leaves it behind: one allocation, immutable, any thread. Responses,
 * trailers and errors are made of it when somebody asks. */

/* Where name and value of a field are, from the beginning of the texts; both end with a NUL. */
typedef struct
{
  guint32 name;
  guint32 value;
} GmHeadField;

typedef struct
{
  gatomicrefcount refs;
  guint status;
  guint http_version; /* as in GmInfo */
  gint64 length;      /* announced; -1 unknown */
  GmUrl *url;         /* (owned) (nullable): where it came from, after redirects */
  GmEndpoint remote; /* len 0 = none */
  GmTlsInfo *tls; /* (owned) (nullable) */
  const char *reason; /* ends with a NUL; maybe empty */
  const char *texts;
  guint n_fields;
  GmHeadField fields[]; /* then the reason, then the texts */
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
/* Whether the body is @length bytes from @offset on (-1: all that are left), or fewer because there are no more. An answer
 * that has no such body, as an error, is none to judge: TRUE. */
gboolean       gm_head_has_part     (const GmHead *self,
                                     guint64 offset,
                                     gint64 length);
/* (transfer full) (nullable): a safe base name to store the body under. */
char          *gm_head_dup_file_name (const GmHead *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmHead, gm_head_unref)
