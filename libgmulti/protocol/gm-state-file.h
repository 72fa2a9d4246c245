/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"

/* Small text files that keep what stores know between runs. Both functions may block for as long as a disk does: they are
 * for workers, and for calls that are allowed to wait; never for a step. They answer 0 or an errno. */

/* No such file is larger: a jar at its limits has some 20 MiB. */
#define GM_STATE_FILE_MAX (64 * 1024 * 1024)

/* "20261122 19:30:00" (UTC), as these files write times; GM_STATE_STAMP_LEN bytes without NUL. FALSE: not in the calendar. */
#define GM_STATE_STAMP_LEN 17
gboolean gm_state_stamp_write (char *buffer,
                               gint64 seconds);
gboolean gm_state_stamp_read  (GmSpan text,
                               gint64 *seconds);

/* Appends the whole of @path to @out; pipes are read to their end. EFBIG when it is larger than any of ours. */
int gm_state_file_read  (const char *path,
                         GmByteBuilder *out);
/* Replaces the file at once or not at all, by way of a new one beside it, readable by its owner only: what was there
 * stays if anything fails. A symbolic link stays and its target is replaced. What is no regular file (a terminal, a pipe,
 * /dev/null) is written into. */
int gm_state_file_write (const char *path,
                         const char *data,
                         gsize len);

/* Files that a store is to be filled from before it is next used. A part of the store; functions may be called from any
 * thread. */
typedef struct
{
  GMutex lock;
  GMutex load_lock; /* held by who reads; before the other one */
  GPtrArray *files; /* (owned) */
  gint n_waiting; /* atomic: of files, and of those being read */
} GmStateFiles;

void     gm_state_files_init      (GmStateFiles *self);
void     gm_state_files_clear     (GmStateFiles *self);
/* @tag (static, nullable): only lines that begin with it, and without it; what else stands there is another store's. */
void     gm_state_files_add       (GmStateFiles *self,
                                   const char *path,
                                   const char *tag);
static inline gboolean
gm_state_files_is_loaded (GmStateFiles *self)
{
  return g_atomic_int_get (&self->n_waiting) == 0;
}
/* Hands the text of each to @take, which answers how many lines it could not make out; may block. Who comes while another
 * thread is at it waits for that. Answers 0 or the errno of the first that could not be read; one that is not there is no
 * error. @n_damaged (nullable): lines passed over. */
int      gm_state_files_load      (GmStateFiles *self,
                                   guint (*take) (gpointer store, GmSpan text, gint64 now),
                                   gpointer store,
                                   gint64 now,
                                   guint *n_damaged);
/* Each line of @text with @tag in front, appended to @out. */
void     gm_state_tag_lines       (GmSpan text,
                                   const char *tag,
                                   GmByteBuilder *out);
