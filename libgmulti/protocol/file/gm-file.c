/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-file.h"

typedef struct
{
  GmFileRead *read; /* (owned) (nullable) */
  GmFileWrite *write; /* (owned) (nullable) */
} GmFile;

GmResult
gm_file_fail (GmRequest *request,
              GmResult result,
              int sys_errno,
              const char *path)
{
  gm_error_set (request->error, result, request->phase, sys_errno);
  if (request->error->host == NULL)
    request->error->host = g_strdup (path);
  return result;
}

/* As in libcurl only an upload writes: a POST to a file reads it. */
static GmResult
file_begin (GmRequest *request)
{
  GmFile *self = gm_request_alloc (request, sizeof *self);
  char *path = NULL;
  GmResult result;

  request->state = self;
  result = gm_url_unescape (gm_url_get_path (request->url), FALSE, &path, NULL);
  if (result != GM_OK)
    return result;

  if (request->method == GM_METHOD_PUT && !request->settings->no_body)
    return gm_file_write_begin (request, path, &self->write);
  return gm_file_read_begin (request, path, &self->read);
}

static GmResult
file_step (GmRequest *request)
{
  GmFile *self = request->state;

  return self->write != NULL ? gm_file_write_step (self->write) : gm_file_read_step (self->read);
}

static GmIo
file_want (GmRequest *request)
{
  return GM_IO_NONE;
}

static void
file_end (GmRequest *request)
{
  GmFile *self = g_steal_pointer (&request->state);

  if (self == NULL)
    return;
  gm_file_read_end (self->read);
  gm_file_write_end (self->write);
}

const GmProtocol gm_protocol_file = {
  .name = "file",
  .scheme = GM_SCHEME_FILE,
  .set = 1u << 4,
  .begin = file_begin,
  .step = file_step,
  .want = file_want,
  .end = file_end,
};
