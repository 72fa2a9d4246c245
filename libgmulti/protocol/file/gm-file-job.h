/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-http-range.h"
#include "gm-result.h"
#include "gm-workers.h"

/* What is done to files on workers, one job each: opening (with the first bytes), reading a piece, writing a piece,
 * closing. A job holds all that its worker touches, so that a transfer can walk away from it at any time. */

/* First piece of a read: most files fit, and it comes with the opening. */
#define GM_FILE_FIRST (64 * 1024)
/* Further pieces, of which two exist at most: large enough that waking a thread for each does not matter. */
#define GM_FILE_PIECE (256 * 1024)

typedef enum
{
  GM_FILE_REGULAR, /* has a size and a position */
  GM_FILE_PIPE, /* never blocks (O_NONBLOCK) but may have to be waited for, which the reactor does */
  GM_FILE_DEVICE, /* may block; read from front to back */
} GmFileKind;

/* An open descriptor, shared by a transfer and its jobs: closed with the last of them, on a worker. */
typedef struct
{
  gatomicrefcount refs;
  int fd; /* -1: closed already */
  GmFileKind kind;
} GmFileHandle;

GmFileHandle *gm_file_handle_ref   (GmFileHandle *self);
void          gm_file_handle_unref (GmFileHandle *self); /* NULL is fine */

typedef enum
{
  GM_FILE_OPEN_READ,
  GM_FILE_READ,
  GM_FILE_OPEN_WRITE,
  GM_FILE_WRITE,
  GM_FILE_CLOSE,
} GmFileOp;

typedef struct _GmFileJob GmFileJob;
struct _GmFileJob
{
  GmJob job; /* first member */
  GmFileOp op;
  /* ---- asked ---- */
  char *path; /* (owned): to open */
  GmHttpRange range; /* OPEN_READ, as gm_http_range_parse() gives it; 0 and -1 = all */
  gboolean head_only; /* OPEN_READ: no bytes */
  gboolean bad_range; /* OPEN_READ: answer RANGE_REFUSED once it is open */
  gboolean append; /* OPEN_WRITE: keep what is there */
  guint mode; /* OPEN_WRITE: of a new file */
  GmFileHandle *handle; /* (owned) (nullable): to work on; from opening: the new one */
  gint64 offset; /* READ; from OPEN_READ: where its bytes began */
  gsize len; /* READ: most; WRITE: bytes at data */
  char *data; /* (owned) (nullable): WRITE: the bytes; READ: those read */
  /* ---- answered ---- */
  GmResult result; /* a refused range comes with size and mtime all the same */
  int sys_errno;
  gint64 size; /* of the file when it was opened; -1 = it has none */
  gint64 mtime; /* seconds since 1970 */
  gint64 left; /* OPEN_READ: bytes of the range; -1 = until the end shows */
  gsize n; /* bytes read; WRITE: bytes written, fewer than asked if a pipe is full */
  gboolean end; /* READ: nothing follows */
  gboolean no_reader; /* OPEN_WRITE: a named pipe that nobody reads yet: ask again later */
  /* ---- in the loop ---- */
  void (*landed) (GmFileJob *self, gpointer user_data); /* takes the starter's reference */
  gpointer user_data;
};

GmFileJob *gm_file_job_new     (GmFileOp op,
                                GmFileHandle *handle); /* (nullable) */
/* FALSE when it cannot be begun; the reference stays with the caller. */
gboolean   gm_file_job_start   (GmFileJob *self,
                                GmReactor *reactor,
                                void (*landed) (GmFileJob *self, gpointer user_data),
                                gpointer user_data);
void       gm_file_job_abandon (GmFileJob *self); /* NULL is fine */
void       gm_file_job_unref   (GmFileJob *self); /* after landing; NULL is fine */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmFileJob, gm_file_job_unref)
