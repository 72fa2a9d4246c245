/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"
#include "gmulti-body-stream-private.h"
#include "gmulti-download-private.h"
#include "gmulti-error-private.h"
#include "gmulti-session-private.h"
#include "gmulti-splice-private.h"
#include "gmulti-surroundings-private.h"
#include "gmulti-transfer-private.h"

#include <glib/gi18n-lib.h>

/* What GMultiSession is asked to move, in all the ways of waiting for it; and its close. */

/* A frozen errand of @transfer, not started yet; NULL and @error if the transfer is under way. */
static GmErrand *
begin (GMultiSession *self,
       GMultiTransfer *transfer,
       GmErrandKind kind,
       GmPostbox *home, /* (transfer full) */
       GCancellable *cancellable,
       GError **error)
{
  GmErrand *errand = gm_errand_new (self->core, home, transfer, kind);

  if (!gm_face_transfer_begin (transfer, errand))
    {
      gm_core_drop_postbox (self->core, home);
      gm_errand_unref (errand);
      g_propagate_error (error, gm_error_take (GMULTI_TRANSFER_ERROR_BUSY, GMULTI_PHASE_NONE,
                                               g_strdup (_("The transfer is already under way"))));
      return NULL;
    }

  gm_errand_watch_cancellable (errand, cancellable);
  return errand;
}

/* Takes @errand; it may be over when this returns, but nobody was told. */
static void
go (GMultiSession *self,
    GmErrand *errand)
{
  if (gm_face_transfer_is_heard (errand->transfer))
    {
      errand->eager |= gm_face_transfer_is_watched (errand->transfer);
      errand->ask = gm_face_transfer_get_ask (errand->transfer);
    }
  errand->ask |= gm_face_session_get_ask (self);
  gm_errand_take_source (errand);
  if (G_UNLIKELY (gm_face_transfer_get_plan (errand->transfer)->constraints != 0))
    gm_surroundings_require (gm_core_ensure_surroundings (self->core),
                             gm_face_transfer_get_plan (errand->transfer)->constraints);
  if (errand->eager || errand->again
      || (gm_core_get_list (self->core) != NULL && gm_core_is_home (self->core, errand->home)))
    gm_errand_tell (errand, GM_TIDINGS_STARTED | GM_TIDINGS_STATE);
  gm_core_start (self->core, errand);
  gm_errand_unref (errand);
}

static GmPipe *
make_pipe (GmErrand *errand)
{
  return gm_pipe_new (gm_errand_continue, errand);
}

/* FALSE if the download says not where to. */
static gboolean
make_store (GmErrand *errand,
            GMultiDownload *download)
{
  GmStoreChoice choice;

  if (!gm_face_download_get_choice (download, &choice))
    return FALSE;

  errand->store = gm_store_new (errand, &choice);
  return TRUE;
}

static gboolean
check_destination (GMultiDownload *download,
                   GError **error)
{
  if (gmulti_download_get_destination (download) != NULL)
    return TRUE;

  g_propagate_error (error, gm_error_take (GMULTI_TRANSFER_ERROR_BAD_REQUEST, GMULTI_PHASE_STORAGE,
                                           g_strdup (_("The download has no destination"))));
  return FALSE;
}

static GTask *
new_task (GMultiSession *self,
          gpointer tag,
          GCancellable *cancellable,
          GAsyncReadyCallback callback,
          gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  /* the function: the macro of the same name copies a string per task */
  (g_task_set_source_tag) (task, tag);
  /* what the task was returned with holds, whatever happens afterwards */
  g_task_set_check_cancellable (task, FALSE);
  return task;
}

/**
 * gmulti_session_fetch_async:
 * @self: the session
 * @transfer: what to fetch
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when the transfer is finished
 * @user_data: data for @callback
 *
 * Carries out a transfer and takes the body to memory.
 *
 * An answer with a status of 400 or more fails it with %GMULTI_TRANSFER_ERROR_HTTP_STATUS, unless
 * [property@GMulti.Transfer:accept-status] is set. [property@GMulti.Transfer:max-size] bounds the memory.
 *
 * Since: 1.0
 */
void
gmulti_session_fetch_async (GMultiSession *self,
                            GMultiTransfer *transfer,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  task = new_task (self, gmulti_session_fetch_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_MEMORY, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_fetch_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.fetch_async].
 *
 * Returns: (transfer full): the body
 *
 * Since: 1.0
 */
GBytes *
gmulti_session_fetch_finish (GMultiSession *self,
                             GAsyncResult *result,
                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
drain_until_delivered (gpointer user_data)
{
  GmErrand *errand = user_data;

  gm_postbox_drain (errand->home, 0);
  return errand->delivered;
}

/* Takes nothing; FALSE with the transfer's error. */
static gboolean
block (GMultiSession *self,
       GmErrand *errand,
       GError **error)
{
  g_autoptr (GMultiTransfer) transfer = g_object_ref (errand->transfer);
  GError *fault;

  go (self, gm_errand_ref (errand));
  gm_core_block (self->core, errand, drain_until_delivered, errand);

  fault = gmulti_transfer_dup_error (transfer);
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

/**
 * gmulti_session_fetch:
 * @self: the session
 * @transfer: what to fetch
 * @cancellable: (nullable): cancels the transfer
 * @error: return location for an error
 *
 * Carries out a transfer, takes the body to memory, and waits for it: for scripts and worker threads.
 *
 * The caller's main context does not run meanwhile. What the transfer notifies and emits comes in the calling thread,
 * before the function returns. See [method@GMulti.Session.fetch_async].
 *
 * [property@GMulti.Transfer:constraints] hold here, too: the function waits until they are met. GIO's monitors of network and
 * power are seen to change while it waits; those that the application has made itself, as for
 * [property@GMulti.Session:network-monitor], are if they tell it in another thread.
 *
 * Returns: (transfer full): the body
 *
 * Since: 1.0
 */
GBytes *
gmulti_session_fetch (GMultiSession *self,
                      GMultiTransfer *transfer,
                      GCancellable *cancellable,
                      GError **error)
{
  GBytes *bytes = NULL;
  GmErrand *errand;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);
  g_return_val_if_fail (GMULTI_IS_TRANSFER (transfer), NULL);

  errand = begin (self, transfer, GM_ERRAND_MEMORY, gm_postbox_new (NULL, 0), cancellable, error);
  if (errand == NULL)
    return NULL;

  if (block (self, errand, error))
    bytes = gm_errand_take_body (errand);
  gm_errand_unref (errand);
  return bytes;
}

static void
open_hook (GmErrand *errand,
           const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&errand->task);

  if (task == NULL)
    return;

  /* what goes wrong behind the head is told by the stream, behind what came before it */
  if (error != NULL && (errand->head == NULL || errand->write_fault == GM_RANGE_REFUSED ||
                        g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    g_task_return_error (task, g_error_copy (error));
  else if (!g_task_return_error_if_cancelled (task))
    g_task_return_pointer (task, gm_body_stream_new (errand, g_task_get_source_object (task)), g_object_unref);
}

/**
 * gmulti_session_open_async:
 * @self: the session
 * @transfer: what to open
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when the head of the response is there
 * @user_data: data for @callback
 *
 * Carries out a transfer and gives its body as a stream, as soon as the head of the response is there.
 *
 * Whatever the status is: the body of an error can be read, too. While the stream is not read the transfer waits with a
 * bounded buffer. The stream keeps the session alive until it is closed; closed or dropped before its end it cancels the
 * transfer.
 *
 * Since: 1.0
 */
void
gmulti_session_open_async (GMultiSession *self,
                           GMultiTransfer *transfer,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  task = new_task (self, gmulti_session_open_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_PIPE, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->pipe = make_pipe (errand);
  errand->judge_status = FALSE;
  errand->hook = open_hook;
  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_open_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.open_async].
 *
 * The stream is pollable. To close it before its end cancels the transfer.
 *
 * Returns: (transfer full): the body as a stream
 *
 * Since: 1.0
 */
GInputStream *
gmulti_session_open_finish (GMultiSession *self,
                            GAsyncResult *result,
                            GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gmulti_session_splice_async:
 * @self: the session
 * @transfer: what to transfer
 * @target: where to write the body
 * @flags: whether to close @target in the end
 * @cancellable: (nullable): cancels the transfer
 * @callback: (scope async): called when all is written
 * @user_data: data for @callback
 *
 * Carries out a transfer and writes the body to a stream, as fast as that takes it.
 *
 * Since: 1.0
 */
void
gmulti_session_splice_async (GMultiSession *self,
                             GMultiTransfer *transfer,
                             GOutputStream *target,
                             GOutputStreamSpliceFlags flags,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));
  g_return_if_fail (G_IS_OUTPUT_STREAM (target));

  task = new_task (self, gmulti_session_splice_async, cancellable, callback, user_data);
  errand = begin (self, transfer, GM_ERRAND_PIPE, gm_core_take_postbox (self->core), cancellable, &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  errand->pipe = make_pipe (errand);
  gm_splice_attach (errand, g_steal_pointer (&task), target, flags);
  go (self, errand);
}

/**
 * gmulti_session_splice_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.splice_async].
 *
 * Returns: how many bytes were written, or -1 on error
 *
 * Since: 1.0
 */
gssize
gmulti_session_splice_finish (GMultiSession *self,
                              GAsyncResult *result,
                              GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), -1);

  return g_task_propagate_int (G_TASK (result), error);
}

/**
 * gmulti_session_download_async:
 * @self: the session
 * @download: what to download
 * @cancellable: (nullable): cancels the download
 * @callback: (scope async): called when the file has its name, or the download has failed
 * @user_data: data for @callback
 *
 * Carries out a download.
 *
 * Since: 1.0
 */
void
gmulti_session_download_async (GMultiSession *self,
                               GMultiDownload *download,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;
  GmErrand *errand = NULL;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_DOWNLOAD (download));

  task = new_task (self, gmulti_session_download_async, cancellable, callback, user_data);
  if (check_destination (download, &error))
    errand = begin (self, GMULTI_TRANSFER (download), GM_ERRAND_STORE, gm_core_take_postbox (self->core), cancellable,
                    &error);
  if (errand == NULL)
    {
      g_task_return_error (task, error);
      return;
    }

  make_store (errand, download);
  errand->task = g_steal_pointer (&task);
  go (self, errand);
}

/**
 * gmulti_session_download_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.download_async].
 *
 * Returns: (transfer full): where the data is
 *
 * Since: 1.0
 */
GFile *
gmulti_session_download_finish (GMultiSession *self,
                                GAsyncResult *result,
                                GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/**
 * gmulti_session_download:
 * @self: the session
 * @download: what to download
 * @cancellable: (nullable): cancels the download
 * @error: return location for an error
 *
 * Carries out a download and waits for it: for scripts and worker threads. See [method@GMulti.Session.fetch].
 *
 * Returns: (transfer full): where the data is
 *
 * Since: 1.0
 */
GFile *
gmulti_session_download (GMultiSession *self,
                         GMultiDownload *download,
                         GCancellable *cancellable,
                         GError **error)
{
  GFile *file = NULL;
  GmErrand *errand;

  g_return_val_if_fail (GMULTI_IS_SESSION (self), NULL);
  g_return_val_if_fail (GMULTI_IS_DOWNLOAD (download), NULL);

  if (!check_destination (download, error))
    return NULL;
  errand = begin (self, GMULTI_TRANSFER (download), GM_ERRAND_STORE, gm_postbox_new (NULL, 0), cancellable, error);
  if (errand == NULL)
    return NULL;

  make_store (errand, download);
  if (block (self, errand, error))
    file = gm_store_dup_file (errand->store);
  gm_errand_unref (errand);
  return file;
}

/**
 * gmulti_session_start:
 * @self: the session
 * @transfer: what to start
 *
 * Starts a transfer without a callback: [signal@GMulti.Transfer::completed] tells of its end. A transfer that is
 * finished is started again.
 *
 * A [class@GMulti.Download] goes to its file; the body of another transfer is thrown away.
 *
 * Since: 1.0
 */
void
gmulti_session_start (GMultiSession *self,
                      GMultiTransfer *transfer)
{
  gboolean to_file;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (GMULTI_IS_TRANSFER (transfer));

  to_file = GMULTI_IS_DOWNLOAD (transfer);
  if (to_file)
    g_return_if_fail (gmulti_download_get_destination (GMULTI_DOWNLOAD (transfer)) != NULL);

  errand = begin (self, transfer, to_file ? GM_ERRAND_STORE : GM_ERRAND_DISCARD, gm_core_take_postbox (self->core), NULL,
                  NULL);
  if (errand == NULL)
    {
      g_critical ("A transfer that is under way cannot be started again");
      return;
    }

  if (to_file)
    make_store (errand, GMULTI_DOWNLOAD (transfer));
  go (self, errand);
}

/**
 * gmulti_session_cancel_all:
 * @self: the session
 *
 * Cancels all unfinished transfers.
 *
 * Since: 1.0
 */
void
gmulti_session_cancel_all (GMultiSession *self)
{
  g_return_if_fail (GMULTI_IS_SESSION (self));

  gm_core_cancel_all (self->core);
}

/**
 * gmulti_session_preconnect_async:
 * @self: the session
 * @uri: any address on the server
 * @cancellable: (nullable): cancels it
 * @callback: (scope async): called when there is a connection, or none can be had
 * @user_data: data for @callback
 *
 * Makes a connection before it is needed, so that the next transfer from that server finds name, proxy, connection and
 * encryption done.
 *
 * A connection that is idle, or shared by several transfers, is as good as a new one. What is made is kept like any other
 * connection that nobody uses: it counts towards [property@GMulti.Session:max-idle-connections] and is closed after
 * [property@GMulti.Session:idle-timeout]. [property@GMulti.Session:transfers] does not show it.
 *
 * Since: 1.0
 */
void
gmulti_session_preconnect_async (GMultiSession *self,
                                 const char *uri,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  GmErrand *errand;

  g_return_if_fail (GMULTI_IS_SESSION (self));
  g_return_if_fail (uri != NULL);

  transfer = gmulti_transfer_new (uri);
  /* it is new: it cannot be under way */
  errand = begin (self, transfer, GM_ERRAND_DISCARD, gm_core_take_postbox (self->core), cancellable, NULL);
  errand->connect_only = TRUE;
  errand->task = new_task (self, gmulti_session_preconnect_async, cancellable, callback, user_data);
  go (self, errand);
}

/**
 * gmulti_session_preconnect_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.preconnect_async].
 *
 * Returns: whether there is a connection
 *
 * Since: 1.0
 */
gboolean
gmulti_session_preconnect_finish (GMultiSession *self,
                                  GAsyncResult *result,
                                  GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- closing ---- */

static void
idle_cb (gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GMultiSession *self = g_task_get_source_object (task);

  gm_core_shut_down (self->core);
  g_task_return_boolean (task, TRUE);
}

/**
 * gmulti_session_close_async:
 * @self: the session
 * @cancellable: (nullable): not used: closing does not take long
 * @callback: (scope async): called when the session is closed
 * @user_data: data for @callback
 *
 * Cancels all unfinished transfers, waits until each has told its end, and closes all connections. What is started
 * afterwards fails with %G_IO_ERROR_CLOSED.
 *
 * Since: 1.0
 */
void
gmulti_session_close_async (GMultiSession *self,
                            GCancellable *cancellable,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  GTask *task;

  g_return_if_fail (GMULTI_IS_SESSION (self));

  task = new_task (self, gmulti_session_close_async, NULL, callback, user_data);
  gm_core_refuse_more (self->core);
  gm_core_cancel_all (self->core);
  gm_core_when_idle (self->core, idle_cb, task);
}

/**
 * gmulti_session_close_finish:
 * @self: the session
 * @result: what the callback was given
 * @error: return location for an error
 *
 * Finishes [method@GMulti.Session.close_async].
 *
 * Returns: %TRUE
 *
 * Since: 1.0
 */
gboolean
gmulti_session_close_finish (GMultiSession *self,
                             GAsyncResult *result,
                             GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
