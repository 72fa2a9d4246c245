/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-file-job.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- closing ---- */

static void
close_work (GmJob *job)
{
  GmFileJob *self = (GmFileJob *) job;

  close (self->handle->fd);
}

static void
close_free (GmJob *job)
{
  GmFileJob *self = (GmFileJob *) job;

  g_free (self->handle);
  g_free (self);
}

/* Even close() may wait, for a server behind a network file system; so it gets a job too, which nobody asks about. */
static void
close_elsewhere (GmFileHandle *handle)
{
  static const GmJobType type = { close_work, NULL, close_free };
  GmFileJob *job = g_new0 (GmFileJob, 1);

  gm_job_init (&job->job, &type);
  job->handle = handle;
  if (gm_job_start_detached (&job->job, gm_workers_files ()))
    return;

  close (handle->fd);
  gm_job_unref (&job->job);
}

GmFileHandle *
gm_file_handle_ref (GmFileHandle *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_file_handle_unref (GmFileHandle *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  if (self->fd >= 0 && self->kind != GM_FILE_PIPE)
    {
      close_elsewhere (self);
      return;
    }
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

/* ---- on the worker ---- */

static void
fail (GmFileJob *self,
      int error)
{
  gboolean writing = self->op != GM_FILE_OPEN_READ && self->op != GM_FILE_READ;

  self->sys_errno = error;
  switch (error)
    {
    case ENOENT:
    case ENOTDIR:
      self->result = GM_FILE_NOT_FOUND;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      self->result = GM_FILE_ACCESS;
      break;
    case EISDIR:
      self->result = GM_FILE_IS_FOLDER;
      break;
    case EMFILE:
    case ENFILE:
      self->result = GM_TOO_MANY_FILES;
      break;
    case ENOSPC:
    case EDQUOT:
      self->result = GM_NO_SPACE;
      break;
    case ENOMEM:
      self->result = GM_OUT_OF_MEMORY;
      break;
    default:
      self->result = writing ? GM_FILE_WRITE_FAILED : GM_FILE_READ_FAILED;
      break;
    }
}

static GmFileKind
kind_of (mode_t mode)
{
  if (S_ISREG (mode) || S_ISBLK (mode))
    return GM_FILE_REGULAR;
  return S_ISFIFO (mode) ? GM_FILE_PIPE : GM_FILE_DEVICE;
}

/* O_NONBLOCK is for named pipes, whose opening would wait for the other side; a terminal is not to become ours. */
static gboolean
open_file (GmFileJob *self,
           int flags)
{
  struct stat about;
  int fd = open (self->path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, (mode_t) self->mode);

  if (fd < 0)
    {
      self->no_reader = errno == ENXIO && (flags & O_WRONLY) != 0;
      fail (self, errno);
      return FALSE;
    }

  self->handle = g_new0 (GmFileHandle, 1);
  g_atomic_ref_count_init (&self->handle->refs);
  self->handle->fd = fd;
  if (fstat (fd, &about) != 0)
    {
      fail (self, errno);
      return FALSE;
    }
  if (S_ISDIR (about.st_mode))
    {
      fail (self, EISDIR);
      return FALSE;
    }

  self->handle->kind = kind_of (about.st_mode);
  self->size = S_ISREG (about.st_mode) ? about.st_size : -1;
  self->mtime = about.st_mtim.tv_sec;
  if (self->handle->kind == GM_FILE_DEVICE)
    fcntl (fd, F_SETFL, fcntl (fd, F_GETFL) & ~O_NONBLOCK);
  return TRUE;
}

/* Fills @len bytes unless the end comes first; a device gives what it has. */
static void
read_piece (GmFileJob *self,
            gsize len)
{
  gboolean seekable = self->handle->kind == GM_FILE_REGULAR;

  self->data = g_try_malloc (len);
  if (self->data == NULL)
    {
      fail (self, ENOMEM);
      return;
    }

  while (self->n < len)
    {
      gssize n = seekable ? pread (self->handle->fd, self->data + self->n, len - self->n, self->offset + (gint64) self->n)
                          : read (self->handle->fd, self->data + self->n, len - self->n);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          fail (self, errno);
          return;
        }
      self->n += (gsize) n;
      self->end = n == 0;
      if (n == 0 || !seekable)
        return;
    }
}

/* Which bytes are meant. Files that tell no size, or 0 although they have content (as those of /proc), are read until
 * the end shows. */
static gboolean
resolve_range (GmFileJob *self)
{
  gboolean sized = self->size > 0;
  gint64 start = self->range.start;
  gint64 length = self->range.end >= 0 && start >= 0 ? MIN (self->range.end, G_MAXINT64 - 1) - start + 1 : -1;

  if (start < 0)
    {
      start = MAX (0, self->size - self->range.end);
      if (self->size < 0)
        return FALSE;
    }
  else if (start > MAX (self->size, 0))
    return FALSE;

  self->offset = start;
  self->left = length;
  if (sized)
    self->left = length >= 0 ? MIN (length, self->size - start) : self->size - start;
  return TRUE;
}

static void
close_now (GmFileJob *self)
{
  close (self->handle->fd);
  self->handle->fd = -1;
}

/* Opens, and takes along what is there: most files are then done with one job. */
static void
work_open_read (GmFileJob *self)
{
  gsize len = GM_FILE_FIRST;

  if (!open_file (self, O_RDONLY))
    return;
  if (!self->head_only && (self->bad_range || !resolve_range (self)))
    {
      self->result = self->bad_range ? GM_RANGE_REFUSED : GM_RESUME_REFUSED;
      return;
    }

  if (self->head_only || self->left == 0)
    {
      close_now (self);
      self->end = TRUE;
      return;
    }
  if (self->handle->kind == GM_FILE_PIPE)
    return;

  if (self->left >= 0)
    len = (gsize) MIN ((gint64) len, self->left);
  read_piece (self, len);
  if (self->left >= 0 && (gint64) self->n == self->left)
    self->end = TRUE;
  if (self->end && self->result == GM_OK)
    close_now (self);
}

static void
work_open_write (GmFileJob *self)
{
  open_file (self, O_WRONLY | O_CREAT | (self->append ? O_APPEND : O_TRUNC));
}

/* Workers block SIGPIPE like every signal, so a pipe whose reader left is an error and no more. */
static void
work_write (GmFileJob *self)
{
  while (self->n < self->len)
    {
      gssize n = write (self->handle->fd, self->data + self->n, self->len - self->n);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return;
      if (n < 0)
        {
          fail (self, errno);
          return;
        }
      self->n += (gsize) n;
    }
}

/* Some file systems say only now that there was no room. */
static void
work_close (GmFileJob *self)
{
  int fd = self->handle->fd;

  self->handle->fd = -1;
  if (close (fd) != 0 && errno != EINTR)
    fail (self, errno);
}

static void
file_job_work (GmJob *job)
{
  GmFileJob *self = (GmFileJob *) job;

  switch (self->op)
    {
    case GM_FILE_OPEN_READ:
      work_open_read (self);
      break;
    case GM_FILE_READ:
      read_piece (self, self->len);
      break;
    case GM_FILE_OPEN_WRITE:
      work_open_write (self);
      break;
    case GM_FILE_WRITE:
      work_write (self);
      break;
    case GM_FILE_CLOSE:
    default:
      work_close (self);
      break;
    }
}

/* ---- in the loop ---- */

static void
file_job_done (GmJob *job)
{
  GmFileJob *self = (GmFileJob *) job;

  self->landed (self, self->user_data);
}

static void
file_job_free (GmJob *job)
{
  GmFileJob *self = (GmFileJob *) job;

  gm_file_handle_unref (self->handle);
  g_free (self->path);
  g_free (self->data);
  g_free (self);
}

GmFileJob *
gm_file_job_new (GmFileOp op,
                 GmFileHandle *handle)
{
  static const GmJobType type = { file_job_work, file_job_done, file_job_free };
  GmFileJob *self = g_new0 (GmFileJob, 1);

  gm_job_init (&self->job, &type);
  self->op = op;
  self->handle = handle != NULL ? gm_file_handle_ref (handle) : NULL;
  self->range.end = -1;
  return self;
}

gboolean
gm_file_job_start (GmFileJob *self,
                   GmReactor *reactor,
                   void (*landed) (GmFileJob *self, gpointer user_data),
                   gpointer user_data)
{
  self->landed = landed;
  self->user_data = user_data;
  return gm_job_start (&self->job, gm_workers_files (), reactor);
}

void
gm_file_job_abandon (GmFileJob *self)
{
  if (self != NULL)
    gm_job_abandon (&self->job);
}

void
gm_file_job_unref (GmFileJob *self)
{
  if (self != NULL)
    gm_job_unref (&self->job);
}
