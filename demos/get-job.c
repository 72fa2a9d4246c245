/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-job.h"

#include "get-names.h"

#include <gio/gunixoutputstream.h>
#include <unistd.h>

typedef enum
{
  GET_JOB_DOWNLOAD, /* a file of its own: GMultiDownload does it all */
  GET_JOB_SPLICE,   /* standard output */
  GET_JOB_CONTINUE, /* the rest of a file whose beginning is here */
} GetJobKind;

struct _GetJob
{
  const GetOptions *options; /* (unowned) */
  GetJobKind kind;
  char *title;               /* (owned) */
  GMultiTransfer *transfer;  /* (owned) */
  GFile *file;               /* (owned) (nullable) destination; a folder when the response is to give the name */
  guint64 offset;            /* what is here already */
  GetJobFunc func;
  gpointer user_data;        /* (unowned) */
  GCancellable *cancellable; /* (owned) (nullable) */
};

static void
apply_options (GetJob *self)
{
  const GetOptions *options = self->options;

  for (char **header = options->headers; header != NULL && *header != NULL; header++)
    {
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (get_options_parse_header (*header, &name, &value))
        gmulti_transfer_set_header (self->transfer, name, value);
    }
  if (options->data != NULL)
    gmulti_transfer_set_body_bytes (self->transfer, "application/x-www-form-urlencoded", options->data);
  /* A body made it a POST; the method by name comes after that. */
  if (options->method != NULL)
    gmulti_transfer_set_method (self->transfer, options->method);
}

GetJob *
get_job_new (const GetOptions *options,
             const char *uri,
             const char *name)
{
  GetJob *self = g_new0 (GetJob, 1);
  g_autofree char *path = NULL;

  self->options = options;
  self->title = name != NULL ? get_name_made_safe (name) : get_name_for_uri (uri, options->tree);
  if (options->output != NULL)
    {
      g_free (self->title);
      self->title = g_strdup (options->output);
      self->kind = g_strcmp0 (options->output, "-") == 0 ? GET_JOB_SPLICE : GET_JOB_DOWNLOAD;
    }
  if (self->kind == GET_JOB_DOWNLOAD && options->resume)
    self->kind = GET_JOB_CONTINUE;

  /* Only a plain URL leaves the name to the response. */
  if (name == NULL && options->output == NULL && !options->tree && !options->resume)
    self->file = g_file_new_for_path (options->folder);
  else if (self->kind != GET_JOB_SPLICE)
    {
      path = g_build_filename (g_path_is_absolute (self->title) ? "/" : options->folder, self->title, NULL);
      self->file = g_file_new_for_path (path);
    }

  if (self->kind == GET_JOB_DOWNLOAD)
    self->transfer = GMULTI_TRANSFER (gmulti_download_new (uri, self->file));
  else
    self->transfer = gmulti_transfer_new (uri);
  apply_options (self);
  return self;
}

void
get_job_free (GetJob *self)
{
  if (self == NULL)
    return;
  g_clear_object (&self->transfer);
  g_clear_object (&self->file);
  g_clear_object (&self->cancellable);
  g_free (self->title);
  g_free (self);
}

static void
get_job_end (GetJob *self,
             const GError *error)
{
  self->func (self, error, self->user_data);
}

/* ---- a file of its own ---- */

static void
downloaded_cb (GObject *source,
               GAsyncResult *result,
               gpointer user_data)
{
  GetJob *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFile) file = gmulti_session_download_finish (GMULTI_SESSION (source), result, &error);

  if (file != NULL && !self->options->tree)
    {
      g_free (self->title);
      self->title = g_file_get_basename (file);
    }
  get_job_end (self, error);
}

/* ---- standard output ---- */

static void
spliced_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  gmulti_session_splice_finish (GMULTI_SESSION (source), result, &error);
  get_job_end (user_data, error);
}

/* ---- the rest of a file: what came with the head decides where it goes ---- */

static void
written_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, &error);
  get_job_end (user_data, error);
}

/* A server that has nothing past the offset says how long the whole is: then everything was here already. */
static gboolean
was_complete (GetJob *self,
              GMultiResponse *response)
{
  g_autofree char *whole = g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, self->offset);
  const char *range = gmulti_headers_get_value (gmulti_response_get_headers (response), "Content-Range");

  return gmulti_response_get_status (response) == 416 && g_strcmp0 (range, whole) == 0;
}

/* Where the body goes; NULL with @error unset when there is none to be had because everything is here. */
static GFileOutputStream *
open_target (GetJob *self,
             GMultiResponse *response,
             GError **error)
{
  guint status = response != NULL ? gmulti_response_get_status (response) : 0;

  /* Opening succeeds with any status: what the body of an error is good for is ours to say. */
  if (status >= 400)
    {
      if (!was_complete (self, response))
        g_set_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS, "The server answered %u %s",
                     status, gmulti_response_get_reason (response));
      return NULL;
    }
  if (self->offset > 0 && status == 206)
    return g_file_append_to (self->file, G_FILE_CREATE_NONE, self->cancellable, error);
  self->offset = 0;
  return g_file_replace (self->file, NULL, FALSE, G_FILE_CREATE_REPLACE_DESTINATION, self->cancellable, error);
}

static void
opened_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  GetJob *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GInputStream) stream = gmulti_session_open_finish (GMULTI_SESSION (source), result, &error);
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (self->transfer);
  g_autoptr (GFileOutputStream) target = NULL;

  /* A server that cannot give the rest is asked for the whole. */
  if (self->offset > 0 && g_error_matches (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_CHANGED))
    {
      self->offset = 0;
      gmulti_transfer_set_range (self->transfer, 0, -1);
      gmulti_session_open_async (GMULTI_SESSION (source), self->transfer, self->cancellable, opened_cb, self);
      return;
    }
  if (stream != NULL)
    target = open_target (self, response, &error);
  if (target == NULL)
    {
      gmulti_transfer_cancel (self->transfer);
      get_job_end (self, error);
      return;
    }
  g_output_stream_splice_async (G_OUTPUT_STREAM (target), stream,
                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                G_PRIORITY_DEFAULT, self->cancellable, written_cb, self);
}

static void
start_continuing (GetJob *self,
                  GMultiSession *session)
{
  g_autoptr (GFileInfo) info = NULL;

  info = g_file_query_info (self->file, G_FILE_ATTRIBUTE_STANDARD_SIZE, G_FILE_QUERY_INFO_NONE, NULL, NULL);
  self->offset = info != NULL ? (guint64) g_file_info_get_size (info) : 0;
  if (self->offset > 0)
    gmulti_transfer_set_range (self->transfer, self->offset, -1);
  gmulti_session_open_async (session, self->transfer, self->cancellable, opened_cb, self);
}

void
get_job_start (GetJob *self,
               GMultiSession *session,
               GCancellable *cancellable,
               GetJobFunc func,
               gpointer user_data)
{
  self->func = func;
  self->user_data = user_data;
  g_set_object (&self->cancellable, cancellable);
  if (self->options->tree && self->file != NULL)
    {
      g_autoptr (GFile) folder = g_file_get_parent (self->file);

      /* That it cannot be made is told better by what cannot be written. */
      g_file_make_directory_with_parents (folder, NULL, NULL);
    }
  switch (self->kind)
    {
    case GET_JOB_DOWNLOAD:
      gmulti_download_set_collision (GMULTI_DOWNLOAD (self->transfer),
                                     self->options->overwrite ? GMULTI_COLLISION_REPLACE : GMULTI_COLLISION_RENAME);
      gmulti_session_download_async (session, GMULTI_DOWNLOAD (self->transfer), cancellable, downloaded_cb, self);
      break;
    case GET_JOB_SPLICE:
      {
        g_autoptr (GOutputStream) target = g_unix_output_stream_new (STDOUT_FILENO, FALSE);

        gmulti_session_splice_async (session, self->transfer, target, G_OUTPUT_STREAM_SPLICE_NONE, cancellable,
                                     spliced_cb, self);
        break;
      }
    case GET_JOB_CONTINUE:
      start_continuing (self, session);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
get_job_set_rate (GetJob *self,
                  guint64 rate)
{
  gmulti_transfer_set_max_download_rate (self->transfer, rate);
}

gboolean
get_job_is_active (GetJob *self)
{
  return gmulti_transfer_get_state (self->transfer) == GMULTI_TRANSFER_STATE_RUNNING;
}

void
get_job_describe (GetJob *self,
                  GetRow *row)
{
  gint64 total = gmulti_transfer_get_total (self->transfer);

  row->title = self->title;
  row->received = self->offset + gmulti_transfer_get_bytes_received (self->transfer);
  row->total = total >= 0 ? (gint64) self->offset + total : -1;
  row->fraction = gmulti_transfer_get_fraction (self->transfer);
  if (row->total > 0)
    row->fraction = (double) row->received / (double) row->total;
  row->speed = gmulti_transfer_get_speed (self->transfer);
  row->remaining = gmulti_transfer_get_remaining (self->transfer);
}

guint64
get_job_get_received (GetJob *self)
{
  return gmulti_transfer_get_bytes_received (self->transfer);
}

const char *
get_job_get_title (GetJob *self)
{
  return self->title;
}

gboolean
get_job_made_connection (GetJob *self)
{
  g_autoptr (GMultiMetrics) metrics = gmulti_transfer_ref_metrics (self->transfer);

  return metrics != NULL && !gmulti_metrics_is_reused (metrics);
}
