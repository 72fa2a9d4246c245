/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-workers.h"
#include "gmulti-head-private.h"

#include "gmulti-enums.h"

/* Writes the body of a download: to a file under a temporary name beside the destination, which gets its real name when
 * all of it is there. Everything that touches the disk happens on a worker, one job at a time; the engine's thread only
 * fills a buffer, and pauses its transfer when that is full. A file that fits into one buffer costs one job. */

typedef struct _GmStore GmStore;
typedef struct _GmErrand GmErrand;

/* As much as one read of the engine at its fastest brings. */
#define GM_STORE_BUFFER (256 * 1024)

/* What the application chose; copied. */
typedef struct
{
  GFile *destination; /* a file, or a folder that exists */
  GMultiCollision collision;
  gboolean keep_partial;
} GmStoreChoice;

/* Buffers that were used, for the next downloads of a session: fresh memory costs a page fault for each of its pages. As
 * many as a file after the other keeps busy; the engine's thread has them. */
#define GM_STORE_MAX_SPARE 4

typedef struct
{
  char *data; /* (owned) (nullable) */
  gsize len;
  gsize size;
} GmStoreBuffer;

typedef struct
{
  GmStoreBuffer spare[GM_STORE_MAX_SPARE];
  guint n;
} GmStoreShelf;

void     gm_store_shelf_clear (GmStoreShelf *self);

GmStore *gm_store_new         (GmErrand *errand, /* (unowned) */
                               const GmStoreChoice *choice);
GmStore *gm_store_ref         (GmStore *self);
void     gm_store_unref       (GmStore *self);

/* ---- the engine's thread ---- */
/* The response's head, for the name in a folder: before the first write, if there is one. */
void     gm_store_set_head    (GmStore *self,
                               GmHead *head);
/* Takes what fits. What does not is asked for by GM_ORDER_CONTINUE; -1 if writing has failed: see take_error. */
gssize   gm_store_write       (GmStore *self,
                               GmReactor *reactor,
                               const char *data,
                               gsize len);
/* Where data may be put before it is written, so that it need not be copied: *@data with room for *@len, which is preset
 * to how much will come; NULL if writing has failed. FALSE = wait, as if nothing had been taken. */
gboolean gm_store_place       (GmStore *self,
                               char **data,
                               gsize *len);
GError  *gm_store_take_error  (GmStore *self); /* (nullable) */
/* All is written, or (@success FALSE) it is to go away. When that is done gm_errand_storage_done() is called, with an
 * error (transfer full) if it could not. */
void     gm_store_finish      (GmStore *self,
                               GmReactor *reactor,
                               gboolean success);
/* What was written is void, and goes away: all of it comes again. */
void     gm_store_restart     (GmStore *self);
/* The engine goes: nobody is told any more; what is on the disk is cleared away on the worker. */
void     gm_store_stop        (GmStore *self);

/* ---- any thread ---- */
GFile   *gm_store_dup_file    (GmStore *self); /* (nullable): the file under its real name, once it has it */
