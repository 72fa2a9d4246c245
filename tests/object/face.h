/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gmulti.h>

#include "scripted-server.h"

/* What the tests of the object face share. */

/* Iterates the thread-default context until @condition, an expression, is true; fails after 20 s. */
#define face_wait_for(condition)                                                                                       \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    FaceWait face_wait_state = face_wait_begin ();                                                                     \
    while (!(condition))                                                                                               \
      face_wait_step (&face_wait_state, #condition, __FILE__, __LINE__);                                               \
    face_wait_end (&face_wait_state);                                                                                  \
  }                                                                                                                    \
  G_STMT_END

typedef struct
{
  GSource *alarm;
  gint64 deadline;
} FaceWait;

FaceWait face_wait_begin (void);
void     face_wait_step  (FaceWait *self,
                          const char *condition,
                          const char *file,
                          int line);
void     face_wait_end   (FaceWait *self);
/* Iterates for so long. */
void     face_run_for    (guint ms);

/* A callback that keeps its result in a GAsyncResult ** which was NULL. */
void     face_store_result (GObject *source,
                            GAsyncResult *result,
                            gpointer user_data);

/* Fetches @transfer on the loop. NULL and @error on failure. */
GBytes  *face_fetch      (GMultiSession *session,
                          GMultiTransfer *transfer,
                          GError **error);

/* That is all an answer says. */
void     face_check_text (GBytes *bytes,
                          const char *text);
/* Waits for *@result, of a fetch, and takes it: that is all its answer says. */
void     face_check_fetched (GMultiSession *session,
                             GAsyncResult **result,
                             const char *text);

/* The length of an answer, checked against the scripted server's pattern. */
void     face_check_pattern (GBytes *bytes,
                             guint64 seed,
                             gsize length);

/* A new folder, and away with it and all in it. */
char    *face_folder_new  (void);
void     face_folder_free (char *path);
/* Names in it, sorted, joined by blanks, hidden ones too. */
char    *face_folder_list (const char *path);

/* Drops @object, iterates the context until it is gone, and fails if somebody else keeps it. */
void     face_assert_finalized (gpointer object);
