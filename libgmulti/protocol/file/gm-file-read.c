/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-file.h"

#include "gm-http-date.h"
#include "gm-trace.h"

#include <errno.h>
#include <unistd.h>

/* A download. One piece is being handed out while the next one is read: never more than two exist. */

typedef enum
{
  READ_OPENING,
  READ_BODY,
  READ_DONE,
} ReadState;

struct _GmFileRead
{
  GmRequest *request; /* (unowned) */
  ReadState state;
  char *path; /* (owned) */
  GmFileHandle *handle; /* (owned) (nullable) */
  GmFileJob *job; /* (owned) (nullable): under way */
  GmFileJob *next; /* (owned) (nullable): landed, not begun to be handed out */
  GmFileJob *piece; /* (owned) (nullable): being handed out */
  gsize pos; /* in it */
  gint64 offset; /* of the next read */
  gint64 left; /* to be read; -1 = until the end shows */
  gboolean end; /* nothing follows what was read */
  GmSocket *socket; /* (owned) (nullable): a pipe, watched */
};

static void
landed_cb (GmFileJob *job,
           gpointer user_data)
{
  GmFileRead *self = user_data;

  self->job = NULL;
  self->next = job;
  gm_reactor_queue (self->request->reactor, self->request->owner);
}

static GmResult
start (GmFileRead *self,
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

/* What is asked for: an offset to resume at goes before a range. Of several ranges none can be had, because the answer
 * has no form for them. */
static gboolean
find_range (GmRequest *request,
            GmHttpRange *range)
{
  const GmRequestSettings *settings = request->settings;
  guint n = 0;

  *range = (GmHttpRange){ 0, -1 };
  if (settings->resume_from > 0)
    range->start = settings->resume_from;
  else if (settings->range != NULL)
    return gm_http_range_parse (gm_span (settings->range, strlen (settings->range)), range, &n) && n == 1;

  return TRUE;
}

GmResult
gm_file_read_begin (GmRequest *request,
                    char *path,
                    GmFileRead **out)
{
  GmFileRead *self = gm_request_alloc (request, sizeof *self);
  GmFileJob *job = gm_file_job_new (GM_FILE_OPEN_READ, NULL);

  *out = self;
  self->request = request;
  self->path = path;
  request->phase = GM_PHASE_REQUEST;
  job->path = g_strdup (path);
  job->bad_range = !find_range (request, &job->range);
  job->head_only = request->settings->no_body || request->method == GM_METHOD_HEAD;
  GM_TRACE (FILE, request->id, 0, "reading %s", path);
  return start (self, job);
}

/* ---- the head: lines as libcurl gives them for files, and as there they count as no header bytes and do not go into the
 * body ---- */

static GmResult
tell_field (GmFileRead *self,
            GmSpan name,
            GmSpan value)
{
  char line[128];
  int len = g_snprintf (line, sizeof line, "%.*s: %.*s\r\n", (int) name.len, name.data, (int) value.len, value.data);

  if (self->request->headers != NULL)
    {
      GmResult result = gm_headers_append (self->request->headers, GM_HEADER_FINAL, name, value);

      if (result != GM_OK)
        return result;
    }
  return gm_request_tell_line (self->request, line, (gsize) len);
}

static GmResult
tell_head (GmFileRead *self,
           const GmFileJob *job)
{
  char number[GM_DECIMAL_MAX];
  char date[GM_HTTP_DATE_LEN];
  GmResult result = GM_OK;

  if (job->size >= 0)
    {
      result = tell_field (self, GM_SPAN ("Content-Length"),
                           gm_span (number, gm_decimal_write (number, (guint64) job->size)));
      if (result == GM_OK)
        result = tell_field (self, GM_SPAN ("Accept-ranges"), GM_SPAN ("bytes"));
    }
  if (result == GM_OK && gm_http_date_write (date, job->mtime))
    result = tell_field (self, GM_SPAN ("Last-Modified"), gm_span (date, sizeof date));
  if (result == GM_OK && !job->head_only)
    result = gm_request_tell_line (self->request, "\r\n", 2);

  return result;
}

static gboolean
condition_is_unmet (GmRequest *request,
                    gint64 mtime)
{
  const GmRequestSettings *settings = request->settings;

  if (settings->time_condition == GM_TIME_CONDITION_NONE || settings->time_value == 0 || settings->range != NULL ||
      settings->resume_from > 0)
    return FALSE;
  if (settings->time_condition == GM_TIME_CONDITION_IF_UNMODIFIED_SINCE)
    return mtime > settings->time_value;
  return mtime <= settings->time_value;
}

static GmResult
finish (GmFileRead *self)
{
  self->state = READ_DONE;
  self->request->info->hop.times.response_end = self->request->reactor->now;
  return gm_sink_finish (self->request->sink);
}

/* What the file is like is told all the same. */
static GmResult
refuse_range (GmFileRead *self,
              const GmFileJob *job)
{
  GmResult result;

  self->request->info->download_size = job->size;
  result = tell_head (self, job);
  if (result != GM_OK)
    return result;

  return gm_file_fail (self->request, job->result, 0, self->path);
}

static GmResult
take_open (GmFileRead *self)
{
  GmRequest *request = self->request;
  GmInfo *info = request->info;
  GmFileJob *job = g_steal_pointer (&self->next);
  GmResult result;

  self->piece = job;
  if (job->result != GM_OK && job->result != GM_RANGE_REFUSED && job->result != GM_RESUME_REFUSED)
    return gm_file_fail (request, job->result, job->sys_errno, self->path);

  self->state = READ_BODY;
  self->handle = gm_file_handle_ref (job->handle);
  self->end = job->end;
  self->offset = job->offset + (gint64) job->n;
  self->left = job->left >= 0 ? job->left - (gint64) job->n : -1;
  request->answered = TRUE;
  request->phase = GM_PHASE_BODY;
  info->hop.times.request_end = info->hop.times.response_start = request->reactor->now;
  info->filetime = job->mtime;

  if (condition_is_unmet (request, job->mtime))
    {
      info->condition_unmet = TRUE;
      request->news (request, GM_NEWS_HEAD);
      return finish (self);
    }
  if (job->result != GM_OK)
    return refuse_range (self, job);
  info->download_size = job->head_only ? job->size : job->left;
  if (!job->head_only && request->settings->max_size > 0 && job->left > request->settings->max_size)
    return gm_file_fail (request, GM_TOO_LARGE, 0, self->path);
  result = tell_head (self, job);
  if (result != GM_OK)
    return result;

  request->news (request, GM_NEWS_HEAD);
  return job->head_only ? finish (self) : GM_OK;
}

static GmResult
step_opening (GmFileRead *self)
{
  return self->next != NULL ? take_open (self) : GM_AGAIN;
}

/* ---- the body ---- */

static GmResult
deliver (GmFileRead *self,
         const char *data,
         gsize len)
{
  GmRequest *request = self->request;

  request->info->downloaded += len;
  request->info->hop.bytes_received += len;
  gm_flow_received (request->flow, len);
  if (request->client->ops->debug != NULL)
    request->client->ops->debug (request->client, GM_DEBUG_DATA_IN, data, len);
  return gm_sink_write (request->sink, data, len);
}

/* GM_OK: go on. */
static GmResult
hand_out (GmFileRead *self)
{
  gsize len = gm_flow_get_room (self->request->flow, self->piece->n - self->pos);
  GmResult result;

  if (len == 0)
    return GM_AGAIN;

  result = deliver (self, self->piece->data + self->pos, len);
  self->pos += len;
  return result;
}

/* The piece after the one in hand is read meanwhile. */
static GmResult
read_ahead (GmFileRead *self)
{
  GmFileJob *job;

  if (self->end || self->left == 0 || self->job != NULL || self->next != NULL || self->handle->kind == GM_FILE_PIPE)
    return GM_OK;

  job = gm_file_job_new (GM_FILE_READ, self->handle);
  job->offset = self->offset;
  job->len = self->left >= 0 ? (gsize) MIN (self->left, GM_FILE_PIECE) : GM_FILE_PIECE;
  return start (self, job);
}

static GmResult
take_next (GmFileRead *self)
{
  GmFileJob *job = self->next;

  g_clear_pointer (&self->piece, gm_file_job_unref);
  self->pos = 0;
  if (job == NULL)
    return GM_AGAIN;
  if (job->result != GM_OK)
    return gm_file_fail (self->request, job->result, job->sys_errno, self->path);

  self->piece = g_steal_pointer (&self->next);
  self->end = job->end;
  self->offset += (gint64) job->n;
  if (self->left >= 0)
    self->left -= (gint64) job->n;
  return GM_OK;
}

/* A named pipe never blocks: it is read here, when the reactor says that there is something. Its end is when the last
 * writer has gone; until the first one comes nothing is said. */
static GmResult
read_pipe (GmFileRead *self)
{
  GmRequest *request = self->request;
  gsize size;
  char *buffer;
  gssize n;

  if (self->socket == NULL)
    {
      self->socket = gm_socket_new (request->reactor, self->handle->fd, request->owner);
      self->socket->holder = request->holder;
      return GM_AGAIN;
    }
  if ((self->socket->ready & (GM_IO_IN | GM_IO_HUP)) == 0)
    return GM_AGAIN;

  buffer = gm_reactor_read_buffer (request->reactor, &size);
  size = gm_flow_get_room (self->request->flow, self->left >= 0 ? (gsize) MIN ((gint64) size, self->left) : size);
  if (size == 0)
    return GM_AGAIN;
  do
    n = read (self->handle->fd, buffer, size);
  while (n < 0 && errno == EINTR);

  if (n < 0 && errno == EAGAIN)
    {
      self->socket->ready &= ~(GM_IO_IN | GM_IO_HUP);
      return GM_AGAIN;
    }
  if (n < 0)
    return gm_file_fail (request, GM_FILE_READ_FAILED, errno, self->path);
  self->end = n == 0;
  if (self->left >= 0)
    self->left -= n;
  return n > 0 ? deliver (self, buffer, (gsize) n) : GM_OK;
}

static gboolean
is_over (const GmFileRead *self)
{
  return (self->end || self->left == 0) && self->next == NULL &&
         (self->piece == NULL || self->pos == self->piece->n) && self->request->client_sink.held_len == 0;
}

/* GM_OK: something was handed on. */
static GmResult
move_on (GmFileRead *self)
{
  GmResult result = read_ahead (self);

  if (result != GM_OK)
    return result;
  if (self->piece != NULL && self->pos < self->piece->n)
    return hand_out (self);
  if (self->handle->kind == GM_FILE_PIPE)
    return read_pipe (self);
  return take_next (self);
}

static GmResult
step_body (GmFileRead *self)
{
  GmRequest *request = self->request;
  guint64 start_bytes = request->info->downloaded;

  while (!is_over (self))
    {
      GmResult result = GM_OK;

      if (gm_sink_client_is_blocked (&request->client_sink))
        result = gm_sink_client_flush (&request->client_sink);
      if (result == GM_OK && is_over (self))
        break;
      if (result == GM_OK)
        result = move_on (self);
      if (result != GM_OK)
        return result;

      if (request->info->downloaded - start_bytes >= GM_REQUEST_SHARE && !is_over (self))
        {
          gm_reactor_queue (request->reactor, request->owner);
          return GM_AGAIN;
        }
    }

  return finish (self);
}

/* A paused transfer's pipe must not look ready to anybody. */
static void
update_want (GmFileRead *self)
{
  const GmRequest *request = self->request;
  gboolean still = gm_sink_client_is_blocked (&request->client_sink) || request->flow->recv_quota <= 0;
  GmIo want = still || self->state != READ_BODY ? GM_IO_NONE : GM_IO_IN;

  if (self->socket != NULL && self->socket->want != want)
    gm_socket_set_want (self->socket, want);
}

GmResult
gm_file_read_step (GmFileRead *self)
{
  GmResult result = self->state == READ_OPENING ? step_opening (self) : GM_OK;

  if (result == GM_OK && self->state == READ_BODY)
    result = step_body (self);
  update_want (self);

  return result;
}

void
gm_file_read_end (GmFileRead *self)
{
  if (self == NULL)
    return;

  /* The descriptor is the handle's to close. */
  if (self->socket != NULL)
    gm_socket_release (g_steal_pointer (&self->socket));
  gm_file_job_abandon (g_steal_pointer (&self->job));
  g_clear_pointer (&self->next, gm_file_job_unref);
  g_clear_pointer (&self->piece, gm_file_job_unref);
  g_clear_pointer (&self->handle, gm_file_handle_unref);
  g_clear_pointer (&self->path, g_free);
}
