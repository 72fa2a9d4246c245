/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-file-job.h"
#include "gm-request.h"

/* file: URLs. Everything that may wait happens on workers; the loop only hands pieces on. Downloads and uploads are two
 * state machines that share nothing but the path. */

typedef struct _GmFileRead GmFileRead;
typedef struct _GmFileWrite GmFileWrite;

/* gm-file-read.c: takes @path. */
GmResult gm_file_read_begin  (GmRequest *request,
                              char *path,
                              GmFileRead **self);
GmResult gm_file_read_step   (GmFileRead *self);
void     gm_file_read_end    (GmFileRead *self); /* NULL is fine */

/* gm-file-write.c: takes @path. */
GmResult gm_file_write_begin (GmRequest *request,
                              char *path,
                              GmFileWrite **self);
GmResult gm_file_write_step  (GmFileWrite *self);
void     gm_file_write_end   (GmFileWrite *self); /* NULL is fine */

/* Notes where and why; answers @result. */
GmResult gm_file_fail        (GmRequest *request,
                              GmResult result,
                              int sys_errno,
                              const char *path);
