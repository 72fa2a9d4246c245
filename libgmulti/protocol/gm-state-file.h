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

/* One line of such a file, without its end; it may be empty, or a comment. @drop_session: as its file was added. FALSE: it
 * is damaged. */
typedef gboolean (*GmStateTakeLine) (gpointer store, GmSpan line, gboolean drop_session, gint64 now);

/* Files that a store is to be filled from before it is next used. A part of the store; functions may be called from any
 * thread. */
typedef struct
{
  GMutex lock;
  GMutex load_lock; /* held by who reads; before the other one, and before the store's */
  GPtrArray *files; /* (owned) */
  GPtrArray *unread; /* (owned) (nullable): those that could not be read */
  gint n_waiting; /* atomic: of files, and of those being read */
  GmStateTakeLine take_line;
  gpointer store; /* (unowned): that it is a part of */
} GmStateFiles;

void     gm_state_files_init      (GmStateFiles *self,
                                   GmStateTakeLine take_line,
                                   gpointer store);
void     gm_state_files_clear     (GmStateFiles *self);
/* @tag (static, nullable): only lines that begin with it, and without it; what else stands there is another store's.
 * @drop_session: what was meant for an earlier session is not to be taken. */
void     gm_state_files_add       (GmStateFiles *self,
                                   const char *path,
                                   const char *tag,
                                   gboolean drop_session);
static inline gboolean
gm_state_files_is_loaded (GmStateFiles *self)
{
  return g_atomic_int_get (&self->n_waiting) == 0;
}
/* Hands the store each line of each file; may block. Who comes while another thread is at it waits for that. Answers how
 * many files that were; @error is the errno of the first that could not be read, or 0 (one that is not there is no
 * error), @n_damaged how many lines could not be made out. */
guint    gm_state_files_load      (GmStateFiles *self,
                                   gint64 now,
                                   int *error,
                                   guint *n_damaged);
/* What was wrong when @path was read; 0 if nothing was, or it never was to be. */
int      gm_state_files_get_error (GmStateFiles *self,
                                   const char *path);
/* The same with the lines of @text; answers how many were damaged. */
guint    gm_state_files_take      (GmStateFiles *self,
                                   GmSpan text,
                                   gint64 now);
/* Replaces @path by @heading, a line of comment, and what @write says. What waits must have been read before: what could not
 * be read is not lost by writing over it, now or ever. 0 or errno, of the reading if it was that. */
int      gm_state_files_save      (GmStateFiles *self,
                                   const char *path,
                                   const char *heading,
                                   void (*write) (gpointer data, gint64 now, GmByteBuilder *out),
                                   gpointer data,
                                   gint64 now);
/* What @line says, for stores whose comments are all that begins with "#"; empty: nothing. */
static inline GmSpan
gm_state_line_strip (GmSpan line)
{
  line = gm_span_strip (line);

  return line.len > 0 && line.data[0] == '#' ? gm_span (line.data, 0) : line;
}
/* Each line of @text with @tag in front, appended to @out. */
void     gm_state_tag_lines       (GmSpan text,
                                   const char *tag,
                                   GmByteBuilder *out);
