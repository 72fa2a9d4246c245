/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A bounded pipe for the body of a transfer: the engine's thread writes what fits, anybody reads. When there is no room
 * the writer pauses; it is told to go on when half of the pipe is free again, so that it is not woken for crumbs. */

typedef struct _GmPipe GmPipe;

/* What one connection at 1 Gb/s brings in 2 ms: enough to hide a late reader, little enough for hundreds of pipes. */
#define GM_PIPE_SIZE (256 * 1024)

/* @room is called, in the reader's thread and with nothing locked, when the writer may go on. */
GmPipe  *gm_pipe_new           (void (*room) (gpointer user_data),
                                gpointer user_data);
void     gm_pipe_free          (GmPipe *self);

/* ---- writer ---- */
/* Takes what fits and returns how much that is; everything once the reader has closed. */
gsize    gm_pipe_write         (GmPipe *self,
                                const char *data,
                                gsize len);
/* Where data may be put before it is written, so that it need not be copied: *@data with room for *@len, which is preset
 * to how much will come; NULL if nobody reads any more. FALSE = wait: there is not enough room to be worth it. */
gboolean gm_pipe_place         (GmPipe *self,
                                char **data,
                                gsize *len);
/* No more will come. @error (transfer full) (nullable): read after the data. */
void     gm_pipe_finish        (GmPipe *self,
                                GError *error);

/* ---- reader ---- */
/* Never waits: -1 with G_IO_ERROR_WOULD_BLOCK if there is nothing yet; 0 at the end. */
gssize   gm_pipe_read          (GmPipe *self,
                                char *buffer,
                                gsize len,
                                GError **error);
/* As gm_pipe_read(), but what is read stays where it is, in *@data, until it is skipped; not together with others. */
gssize   gm_pipe_peek          (GmPipe *self,
                                const char **data,
                                GError **error);
void     gm_pipe_skip          (GmPipe *self,
                                gsize len);
gboolean gm_pipe_is_readable   (GmPipe *self); /* data, end or error */
gboolean gm_pipe_is_finished   (GmPipe *self); /* the writer has finished */
gsize    gm_pipe_get_len       (GmPipe *self);
/* Nobody reads any more. */
void     gm_pipe_close         (GmPipe *self);
/* Ready when the pipe is. @owner (nullable) is kept alive by the source, and with it the pipe. */
GSource *gm_pipe_source_new    (GmPipe *self,
                                GBoxedCopyFunc ref_owner,
                                GDestroyNotify unref_owner,
                                gpointer owner);
