/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-file-part.h"

#include "gm-file-job.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

typedef struct
{
  char *path; /* (owned) */
  GmFileHandle *handle; /* (owned) (nullable): once it is open and has more */
  GmFileJob *job; /* (owned) (nullable): under way */
  GmFileJob *piece; /* (owned) (nullable): being handed out */
  gsize piece_pos;
  gint64 next; /* offset behind @piece */
  gboolean ended; /* nothing follows @piece */
  gboolean is_stream; /* cannot be read twice */
  GmFormHost host; /* who waits for @job */
  int fd; /* read without a worker; -1 = not open */
} Part;

gpointer
gm_file_part_new (const char *path)
{
  Part *self = g_new0 (Part, 1);

  self->path = g_strdup (path);
  self->fd = -1;
  return self;
}

static void
forget (Part *self)
{
  gm_file_job_abandon (g_steal_pointer (&self->job));
  g_clear_pointer (&self->piece, gm_file_job_unref);
  g_clear_pointer (&self->handle, gm_file_handle_unref);
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->piece_pos = 0;
  self->next = 0;
  self->ended = FALSE;
}

static void
part_free (gpointer data)
{
  Part *self = data;

  forget (self);
  g_free (self->path);
  g_free (self);
}

static gboolean
part_rewind (gpointer data)
{
  Part *self = data;

  if (self->is_stream)
    return FALSE;

  forget (self);
  return TRUE;
}

static void
part_landed (GmFileJob *job,
             gpointer user_data)
{
  Part *self = user_data;

  self->job = NULL;
  g_clear_pointer (&self->piece, gm_file_job_unref);
  self->piece = job;
  self->piece_pos = 0;
  self->next = job->offset + (gint64) job->n;
  self->ended = job->end;
  if (job->result == GM_OK && self->handle == NULL && job->handle != NULL && !job->end)
    self->handle = gm_file_handle_ref (job->handle);
  self->is_stream = self->is_stream || (job->handle != NULL && job->handle->kind != GM_FILE_REGULAR);
  gm_reactor_queue (self->host.reactor, self->host.owner);
}

static GmResult
fetch (Part *self,
       const GmFormHost *host)
{
  GmFileJob *job;

  /* what may have to be waited for is for uploads by callback */
  if (self->handle != NULL && self->handle->kind == GM_FILE_PIPE)
    return GM_READ_FAILED;
  if (self->handle == NULL)
    {
      job = gm_file_job_new (GM_FILE_OPEN_READ, NULL);
      job->path = g_strdup (self->path);
    }
  else
    {
      job = gm_file_job_new (GM_FILE_READ, self->handle);
      job->offset = self->next;
      job->len = GM_FILE_PIECE;
    }

  self->host = *host;
  if (!gm_file_job_start (job, host->reactor, part_landed, self))
    {
      gm_file_job_unref (job);
      return GM_READ_FAILED;
    }
  self->job = job;

  return GM_AGAIN;
}

/* For who waits anyway. */
static GmResult
read_here (Part *self,
           char *buffer,
           gsize len,
           gsize *n)
{
  gssize got;

  if (self->fd < 0)
    self->fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  got = self->fd >= 0 ? read (self->fd, buffer, len) : -1;
  *n = (gsize) MAX (got, 0);

  return got >= 0 ? GM_OK : GM_READ_FAILED;
}

static GmResult
part_read (gpointer data,
           const GmFormHost *host,
           char *buffer,
           gsize len,
           gsize *n)
{
  Part *self = data;

  *n = 0;
  if (host->reactor == NULL)
    return read_here (self, buffer, len, n);
  if (self->job != NULL)
    return GM_AGAIN;
  if (self->piece == NULL)
    return fetch (self, host);
  if (self->piece->result != GM_OK)
    return GM_READ_FAILED;

  *n = MIN (len, self->piece->n - self->piece_pos);
  if (*n > 0)
    {
      memcpy (buffer, self->piece->data + self->piece_pos, *n);
      self->piece_pos += *n;
      return GM_OK;
    }

  return self->ended ? GM_OK : fetch (self, host);
}

const GmFormReader gm_file_part_reader = { part_read, part_rewind, part_free };
