/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-file.h"

#include "gm-trace.h"

#include <errno.h>

/* Bytes gathered from the source before they go to a worker; while they are written the next ones are gathered. */
#define BLOCK_SIZE (128 * 1024)

/* A named pipe that nobody reads is asked for again at this pace. */
#define READER_RETRY_US (50 * 1000)

typedef enum
{
  WRITE_OPENING,
  WRITE_NO_READER, /* waits to open again */
  WRITE_BODY,
  WRITE_CLOSING,
} WriteState;

/* An upload. */
struct _GmFileWrite
{
  GmRequest *request; /* (unowned) */
  WriteState state;
  char *path; /* (owned) */
  GmFileHandle *handle; /* (owned) (nullable) */
  GmFileJob *job; /* (owned) (nullable): under way */
  GmFileJob *landed; /* (owned) (nullable): done, not looked at */
  char *block; /* (owned) (nullable): gathered */
  gsize block_len;
  gboolean ended; /* everything of the source is gathered or written */
  char *rest; /* (owned) (nullable): what a full pipe did not take */
  gsize rest_pos;
  gsize rest_len;
  GmSocket *socket; /* (owned) (nullable): a full pipe, watched for room */
};

static void
landed_cb (GmFileJob *job,
           gpointer user_data)
{
  GmFileWrite *self = user_data;

  self->job = NULL;
  self->landed = job;
  gm_reactor_queue (self->request->reactor, self->request->owner);
}

static GmResult
start (GmFileWrite *self,
       GmFileJob *job)
{
  if (!gm_file_job_start (job, self->request->reactor, landed_cb, self))
    {
      gm_file_job_unref (job);
      return gm_file_fail (self->request, GM_TOO_MANY_FILES, EMFILE, self->path);
    }

  self->job = job;
  return GM_OK;
}

/* ---- opening ---- */

static GmResult
start_open (GmFileWrite *self)
{
  const GmRequestSettings *settings = self->request->settings;
  GmFileJob *job = gm_file_job_new (GM_FILE_OPEN_WRITE, NULL);

  job->path = g_strdup (self->path);
  job->append = settings->append || settings->resume_from != 0;
  job->mode = settings->file_mode;
  self->state = WRITE_OPENING;
  return start (self, job);
}

GmResult
gm_file_write_begin (GmRequest *request,
                     char *path,
                     GmFileWrite **out)
{
  GmFileWrite *self = gm_request_alloc (request, sizeof *self);

  *out = self;
  self->request = request;
  self->path = path;
  request->phase = GM_PHASE_STORAGE;
  GM_TRACE (FILE, request->id, 0, "writing %s", path);
  return start_open (self);
}

/* A resumed upload leaves out what the file has already; how much that is may be for the file to say. */
static GmResult
skip_resumed (GmFileWrite *self,
              const GmFileJob *job)
{
  gint64 from = self->request->settings->resume_from;

  if (from < 0)
    from = MAX (job->size, 0);
  return from > 0 ? gm_source_skip (self->request->source, from) : GM_OK;
}

static GmResult
take_open (GmFileWrite *self)
{
  GmRequest *request = self->request;
  g_autoptr (GmFileJob) job = g_steal_pointer (&self->landed);
  GmResult result;

  if (job->no_reader)
    {
      self->state = WRITE_NO_READER;
      request->wake_at = request->reactor->now + READER_RETRY_US;
      return GM_AGAIN;
    }
  if (job->result != GM_OK)
    return gm_file_fail (request, job->result, job->sys_errno, self->path);

  self->handle = gm_file_handle_ref (job->handle);
  self->state = WRITE_BODY;
  result = skip_resumed (self, job);
  return result == GM_AGAIN ? GM_READ_FAILED : result;
}

static GmResult
step_no_reader (GmFileWrite *self)
{
  GmRequest *request = self->request;

  if (request->reactor->now < request->wake_at)
    return GM_AGAIN;

  request->wake_at = 0;
  return start_open (self);
}

/* ---- the body ---- */

/* Fills the block as far as the source and the limits go. GM_AGAIN: not now. */
static GmResult
gather (GmFileWrite *self)
{
  GmRequest *request = self->request;
  GmFlow *flow = request->flow;

  while (!self->ended && self->block_len < BLOCK_SIZE)
    {
      gsize n = 0;
      gsize len = BLOCK_SIZE - self->block_len;
      GmResult result;

      if (flow->send_quota <= 0)
        return GM_AGAIN;
      if (self->block == NULL)
        self->block = g_try_malloc (BLOCK_SIZE);
      if (self->block == NULL)
        return GM_OUT_OF_MEMORY;

      result = gm_source_read (request->source, self->block + self->block_len,
                               (gsize) MIN ((gint64) len, flow->send_quota), &n);
      if (result != GM_OK)
        return result;
      if (n > 0 && request->client->ops->debug != NULL)
        request->client->ops->debug (request->client, GM_DEBUG_DATA_OUT, self->block + self->block_len, n);
      self->block_len += n;
      request->info->uploaded += n;
      request->info->hop.bytes_sent += n;
      gm_flow_sent (flow, n);
      self->ended = n == 0 || gm_source_is_done (request->source);
    }

  return GM_OK;
}

static GmResult
start_write (GmFileWrite *self,
             char *data,
             gsize len)
{
  GmFileJob *job = gm_file_job_new (GM_FILE_WRITE, self->handle);

  job->data = data;
  job->len = len;
  return start (self, job);
}

/* The bytes that a pipe had no room for wait until the reactor sees some. A watch of its own each time: whether there is
 * room already is asked when it begins. */
static void
watch_for_room (GmFileWrite *self,
                GmFileJob *job)
{
  GmRequest *request = self->request;

  self->rest = g_steal_pointer (&job->data);
  self->rest_pos = job->n;
  self->rest_len = job->len - job->n;
  self->socket = gm_socket_new (request->reactor, self->handle->fd, request->owner);
  self->socket->holder = request->holder;
  gm_socket_set_want (self->socket, GM_IO_OUT);
}

static GmResult
take_written (GmFileWrite *self)
{
  g_autoptr (GmFileJob) job = g_steal_pointer (&self->landed);

  if (job->result != GM_OK)
    return gm_file_fail (self->request, job->result, job->sys_errno, self->path);
  if (job->n < job->len)
    watch_for_room (self, job);
  return GM_OK;
}

static GmResult
write_rest (GmFileWrite *self)
{
  char *data;

  if ((self->socket->ready & (GM_IO_OUT | GM_IO_HUP)) == 0)
    return GM_AGAIN;

  gm_socket_release (g_steal_pointer (&self->socket));
  data = g_memdup2 (self->rest + self->rest_pos, self->rest_len);
  g_clear_pointer (&self->rest, g_free);
  return start_write (self, data, self->rest_len);
}

static GmResult
body_is_written (GmFileWrite *self)
{
  GmRequest *request = self->request;
  GmFileJob *job = gm_file_job_new (GM_FILE_CLOSE, self->handle);

  request->info->hop.times.request_end = request->reactor->now;
  if (request->client->ops->note != NULL)
    request->client->ops->note (request->client, GM_NOTE_UPLOADED, NULL, 0);
  self->state = WRITE_CLOSING;
  return start (self, job);
}

static GmResult
step_body (GmFileWrite *self)
{
  GmResult result = GM_OK;

  if (self->landed != NULL)
    result = take_written (self);
  if (result == GM_OK)
    result = gather (self);
  if (result != GM_OK && result != GM_AGAIN)
    return result;

  if (self->job != NULL)
    return GM_AGAIN;
  if (self->socket != NULL)
    return write_rest (self);
  if (self->block_len > 0)
    {
      gsize len = self->block_len;

      self->block_len = 0;
      return start_write (self, g_steal_pointer (&self->block), len);
    }
  return self->ended ? body_is_written (self) : result;
}

/* ---- the end ---- */

static GmResult
step_closing (GmFileWrite *self)
{
  GmRequest *request = self->request;
  g_autoptr (GmFileJob) job = g_steal_pointer (&self->landed);

  if (job == NULL)
    return GM_AGAIN;
  if (job->result != GM_OK)
    return gm_file_fail (request, job->result, job->sys_errno, self->path);

  request->info->hop.times.response_start = request->info->hop.times.response_end = request->reactor->now;
  request->answered = TRUE;
  return GM_OK;
}

GmResult
gm_file_write_step (GmFileWrite *self)
{
  GmResult result = GM_OK;

  if (self->state == WRITE_OPENING)
    result = self->landed != NULL ? take_open (self) : GM_AGAIN;
  else if (self->state == WRITE_NO_READER)
    result = step_no_reader (self);
  if (result == GM_OK && self->state == WRITE_BODY)
    result = step_body (self);
  if (result == GM_OK && self->state == WRITE_CLOSING)
    return step_closing (self);

  return result == GM_OK ? GM_AGAIN : result;
}

void
gm_file_write_end (GmFileWrite *self)
{
  if (self == NULL)
    return;

  if (self->socket != NULL)
    gm_socket_release (g_steal_pointer (&self->socket));
  gm_file_job_abandon (g_steal_pointer (&self->job));
  g_clear_pointer (&self->landed, gm_file_job_unref);
  g_clear_pointer (&self->handle, gm_file_handle_unref);
  g_clear_pointer (&self->block, g_free);
  g_clear_pointer (&self->rest, g_free);
  g_clear_pointer (&self->path, g_free);
}
