/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-transfer-private.h"

#include "gmulti-certificate-private.h"
#include "gmulti-challenge-private.h"
#include "gmulti-trust-check-private.h"

#include "gm-config.h"
#include "gm-progress.h"
#include "gmulti-core-private.h"
#include "gmulti-download.h"
#include "gmulti-enum-types.h"
#include "gmulti-error-private.h"
#include "gmulti-headers-private.h"
#include "gmulti-identity-private.h"
#include "gmulti-metrics-private.h"
#include "gmulti-patience-private.h"
#include "gmulti-pin-private.h"
#include "gmulti-response-private.h"
#include "gmulti-session-private.h"
#include "gmulti-transfer-list-private.h"

#include <glib/gi18n-lib.h>

/**
 * GMultiTransfer:
 *
 * One thing to be moved over the network: what is asked for, how it goes on, and what came of it.
 *
 * A transfer is set up, and then handed to a [class@GMulti.Session], which says where the data goes:
 * [method@GMulti.Session.fetch_async] gives it as bytes, [method@GMulti.Session.open_async] as a stream,
 * [method@GMulti.Session.splice_async] writes it to a stream, and a [class@GMulti.Download] goes to a file.
 *
 * Its request side cannot be changed while it is under way. Its response side changes, notifies and emits signals only
 * in the context that was the thread-default one where the transfer was started; its functions may be called from any
 * thread. When it is finished it can be started again.
 *
 * A constructor never fails: an address that cannot be used, or a header that cannot be sent, fails the transfer when
 * it is started.
 *
 * Since: 1.0
 */

typedef enum
{
  SIGNAL_PROGRESS,
  SIGNAL_REDIRECTED,
  SIGNAL_RETRYING,
  SIGNAL_AUTHENTICATE,
  SIGNAL_CHECK_TRUST,
  SIGNAL_COMPLETED,
} Signal;

static guint signals[SIGNAL_COMPLETED + 1];
static guint notify_signal;

G_DEFINE_TYPE (GMultiTransfer, gmulti_transfer, G_TYPE_OBJECT)

static void
clear_response_side (GMultiTransfer *self)
{
  self->mirror = (GmMirror){ .total = -1, .upload_total = -1 };
  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_pointer (&self->trailer_head, gm_head_unref);
  self->info = NULL;
  g_clear_object (&self->response);
  g_clear_pointer (&self->trailers, gmulti_headers_unref);
  g_clear_pointer (&self->metrics, gmulti_metrics_unref);
  g_clear_error (&self->error);
}

static void
gmulti_transfer_finalize (GObject *object)
{
  GMultiTransfer *self = (GMultiTransfer *) object;

  clear_response_side (self);
  g_clear_pointer (&self->errand, gm_errand_unref);
  gm_plan_clear (&self->plan);
  g_clear_pointer (&self->member, gm_member_unref);
  g_clear_pointer (&self->title, g_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gmulti_transfer_parent_class)->finalize (object);
}

static void
install_retry_signal (GType type)
{
  /**
   * GMultiTransfer::retrying:
   * @self: the transfer
   * @error: why the attempt failed
   * @attempt: the number of the attempt to come; the first retry is number 2
   * @delay_ms: how many milliseconds it waits before that
   *
   * An attempt failed, and another one follows, see [property@GMulti.Transfer:max-attempts]. What came of it, as the
   * response, is forgotten. Who does not want another one calls [method@GMulti.Transfer.cancel].
   *
   * Since: 1.0
   */
  signals[SIGNAL_RETRYING] = g_signal_new ("retrying", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                           G_TYPE_ERROR, G_TYPE_UINT, G_TYPE_UINT);
}

static void
install_signals (GType type)
{
  /**
   * GMultiTransfer::progress:
   * @self: the transfer
   *
   * Bytes have moved. Emitted at most once in the session's progress interval; the last one comes before
   * [signal@GMulti.Transfer::completed].
   *
   * Since: 1.0
   */
  signals[SIGNAL_PROGRESS] = g_signal_new ("progress", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);

  /**
   * GMultiTransfer::redirected:
   * @self: the transfer
   * @uri: the new address
   *
   * The server sent the transfer to another address, and it goes there.
   *
   * Since: 1.0
   */
  signals[SIGNAL_REDIRECTED]
    = g_signal_new ("redirected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);

  /**
   * GMultiTransfer::authenticate:
   * @self: the transfer
   * @challenge: who asks, and for what
   *
   * The server or the proxy asks for a login. A handler that will answer keeps a reference on @challenge and returns %TRUE;
   * it may call [method@GMulti.Challenge.answer] at once or later, and meanwhile the transfer waits. If nobody does, the
   * transfer gets the refusal for its answer.
   *
   * What no handler takes goes to [signal@GMulti.Session::authenticate].
   *
   * Connect before the transfer is started: who was not there then is not asked.
   *
   * Returns: whether the challenge will be answered
   *
   * Since: 1.0
   */
  signals[SIGNAL_AUTHENTICATE]
    = g_signal_new ("authenticate", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
                    G_TYPE_BOOLEAN, 1, GMULTI_TYPE_CHALLENGE);

  /**
   * GMultiTransfer::check-trust:
   * @self: the transfer
   * @check: whose certificate it is, and what is wrong with it
   *
   * Something is wrong with the certificate of the server or the proxy. A handler that will answer keeps a reference on
   * @check and returns %TRUE; it may call [method@GMulti.TrustCheck.accept] at once or later, and meanwhile the transfer
   * waits. If nobody does, the transfer fails.
   *
   * What no handler takes goes to [signal@GMulti.Session::check-trust].
   *
   * Connect before the transfer is started: who was not there then is not asked.
   *
   * Returns: whether the check will be answered
   *
   * Since: 1.0
   */
  signals[SIGNAL_CHECK_TRUST]
    = g_signal_new ("check-trust", type, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled, NULL, NULL,
                    G_TYPE_BOOLEAN, 1, GMULTI_TYPE_TRUST_CHECK);

  /**
   * GMultiTransfer::completed:
   * @self: the transfer
   * @error: (nullable): why it failed, or %NULL if it succeeded
   *
   * The transfer is finished. Emitted exactly once for each start, before the callback of the function that started it.
   *
   * Since: 1.0
   */
  signals[SIGNAL_COMPLETED]
    = g_signal_new ("completed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
gmulti_transfer_class_init (GMultiTransferClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gmulti_transfer_finalize;

  gm_face_transfer_install_properties (object_class);
  install_signals (G_TYPE_FROM_CLASS (klass));
  install_retry_signal (G_TYPE_FROM_CLASS (klass));
  notify_signal = g_signal_lookup ("notify", G_TYPE_OBJECT);
}

static void
gmulti_transfer_init (GMultiTransfer *self)
{
  g_mutex_init (&self->lock);
  gm_plan_init (&self->plan);
  self->mirror.total = -1;
  self->mirror.upload_total = -1;
}

/**
 * gmulti_transfer_new:
 * @uri: the address
 *
 * Makes a transfer.
 *
 * Returns: (transfer full): the new transfer
 *
 * Since: 1.0
 */
GMultiTransfer *
gmulti_transfer_new (const char *uri)
{
  GMultiTransfer *self;

  g_return_val_if_fail (uri != NULL, NULL);

  self = g_object_new (GMULTI_TYPE_TRANSFER, NULL);
  self->plan.uri = g_ref_string_new (uri);
  return self;
}

/* ---- orders ---- */

void
gm_face_transfer_order (GMultiTransfer *self,
                        GmOrder order)
{
  GmErrand *errand = NULL;

  g_mutex_lock (&self->lock);
  if (self->busy)
    errand = gm_errand_ref (self->errand);
  g_mutex_unlock (&self->lock);

  if (errand == NULL)
    return;

  gm_errand_order (errand, order);
  gm_errand_unref (errand);
}

/**
 * gmulti_transfer_pause:
 * @self: the transfer
 *
 * Pauses the transfer. One that is paused before it is started begins as paused.
 *
 * Since: 1.0
 */
void
gmulti_transfer_pause (GMultiTransfer *self)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  self->paused = TRUE;
  g_mutex_unlock (&self->lock);
  gm_face_transfer_order (self, GM_ORDER_PAUSE);
}

/**
 * gmulti_transfer_resume:
 * @self: the transfer
 *
 * Lets a paused transfer go on.
 *
 * Since: 1.0
 */
void
gmulti_transfer_resume (GMultiTransfer *self)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  self->paused = FALSE;
  g_mutex_unlock (&self->lock);
  gm_face_transfer_order (self, GM_ORDER_RESUME);
}

/**
 * gmulti_transfer_cancel:
 * @self: the transfer
 *
 * Cancels the transfer, if it is under way: it fails with %G_IO_ERROR_CANCELLED.
 *
 * Since: 1.0
 */
void
gmulti_transfer_cancel (GMultiTransfer *self)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  gm_face_transfer_order (self, GM_ORDER_CANCEL);
}

/* ---- response side ---- */

static GmMirror
read_mirror (GMultiTransfer *self)
{
  GmMirror mirror;

  g_mutex_lock (&self->lock);
  mirror = self->mirror;
  g_mutex_unlock (&self->lock);

  return mirror;
}

static gboolean
state_is_final (GMultiTransferState state)
{
  return state == GMULTI_TRANSFER_STATE_SUCCEEDED || state == GMULTI_TRANSFER_STATE_FAILED
         || state == GMULTI_TRANSFER_STATE_CANCELLED;
}

/**
 * gmulti_transfer_get_state: (get-property state)
 * @self: the transfer
 *
 * Gets what the transfer is doing.
 *
 * Returns: the state
 *
 * Since: 1.0
 */
GMultiTransferState
gmulti_transfer_get_state (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_TRANSFER_STATE_NEW);

  return (GMultiTransferState) read_mirror (self).state;
}

/**
 * gmulti_transfer_is_finished: (get-property finished)
 * @self: the transfer
 *
 * Tells whether the transfer has come to its end, with or without success.
 *
 * Returns: whether it has
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_is_finished (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), FALSE);

  return state_is_final ((GMultiTransferState) read_mirror (self).state);
}

/**
 * gmulti_transfer_get_wait_reason: (get-property wait-reason)
 * @self: the transfer
 *
 * Gets why the transfer waits.
 *
 * Returns: the reason
 *
 * Since: 1.0
 */
GMultiWaitReason
gmulti_transfer_get_wait_reason (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_WAIT_REASON_NONE);

  return (GMultiWaitReason) read_mirror (self).wait_reason;
}

/**
 * gmulti_transfer_get_phase: (get-property phase)
 * @self: the transfer
 *
 * Gets the phase that the transfer is in, or was in when it ended.
 *
 * Returns: the phase
 *
 * Since: 1.0
 */
GMultiPhase
gmulti_transfer_get_phase (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_PHASE_NONE);

  return (GMultiPhase) read_mirror (self).phase;
}

/**
 * gmulti_transfer_get_attempt: (get-property attempt)
 * @self: the transfer
 *
 * Gets which attempt it is at.
 *
 * Returns: the number, counted from 1; 0 before it is started
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_attempt (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return read_mirror (self).attempt;
}

static double
compute_fraction (const GmMirror *mirror)
{
  if (mirror->state == GMULTI_TRANSFER_STATE_SUCCEEDED)
    return 1.0;
  if (mirror->upload_total > 0 && mirror->received == 0)
    return CLAMP ((double) mirror->sent / (double) mirror->upload_total, 0.0, 1.0);
  if (mirror->total > 0)
    return CLAMP ((double) mirror->received / (double) mirror->total, 0.0, 1.0);

  return -1.0;
}

static gint64
compute_remaining (const GmMirror *mirror)
{
  gboolean upload = mirror->upload_total > 0 && mirror->received == 0;
  gint64 total = upload ? mirror->upload_total : mirror->total;
  guint64 done = upload ? mirror->sent : mirror->received;

  if (total < 0 || mirror->speed == 0 || done > (guint64) total)
    return -1;

  return gm_progress_get_remaining ((guint64) total - done, mirror->speed);
}

/**
 * gmulti_transfer_get_fraction: (get-property fraction)
 * @self: the transfer
 *
 * Gets how much of the transfer is done.
 *
 * Returns: from 0 to 1, or -1 if the length is not known
 *
 * Since: 1.0
 */
double
gmulti_transfer_get_fraction (GMultiTransfer *self)
{
  GmMirror mirror;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), -1);

  mirror = read_mirror (self);
  return compute_fraction (&mirror);
}

/**
 * gmulti_transfer_get_bytes_received: (get-property bytes-received)
 * @self: the transfer
 *
 * Gets how many bytes of the body were received.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_bytes_received (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return read_mirror (self).received;
}

/**
 * gmulti_transfer_get_bytes_sent: (get-property bytes-sent)
 * @self: the transfer
 *
 * Gets how many bytes of the request's body were sent.
 *
 * Returns: the number of bytes
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_bytes_sent (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return read_mirror (self).sent;
}

/**
 * gmulti_transfer_get_total: (get-property total)
 * @self: the transfer
 *
 * Gets how many bytes the body has on the wire.
 *
 * Returns: the number of bytes, or -1 if it is not known
 *
 * Since: 1.0
 */
gint64
gmulti_transfer_get_total (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), -1);

  return read_mirror (self).total;
}

/**
 * gmulti_transfer_get_speed: (get-property speed)
 * @self: the transfer
 *
 * Gets how fast the transfer is, over the last few seconds.
 *
 * Returns: bytes per second
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_speed (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return read_mirror (self).speed;
}

/**
 * gmulti_transfer_get_remaining: (get-property remaining)
 * @self: the transfer
 *
 * Gets how long the rest takes at the present speed.
 *
 * Returns: the time in microseconds, or -1 if it cannot be told
 *
 * Since: 1.0
 */
gint64
gmulti_transfer_get_remaining (GMultiTransfer *self)
{
  GmMirror mirror;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), -1);

  mirror = read_mirror (self);
  return compute_remaining (&mirror);
}

static char *
describe_amount (guint64 amount,
                 gint64 whole,
                 guint64 speed)
{
  g_autofree char *moved = g_format_size (amount);
  g_autofree char *per_second = g_format_size (speed);
  g_autofree char *total = NULL;

  if (whole < 0)
    /* TRANSLATORS: the amount received or sent, and the speed */
    return g_strdup_printf (_("%s — %s/s"), moved, per_second);

  total = g_format_size ((guint64) whole);
  /* TRANSLATORS: the amount received or sent, the whole amount, and the speed */
  return g_strdup_printf (_("%s of %s — %s/s"), moved, total, per_second);
}

/* With {host} where the host goes. */
static const char *
phase_line (GMultiPhase phase)
{
  switch (phase)
    {
    case GMULTI_PHASE_PROXY_LOOKUP:
      return _("Looking for the proxy…");
    case GMULTI_PHASE_RESOLVE:
      return _("Looking up {host}…");
    case GMULTI_PHASE_PROXY:
      return _("Asking the proxy for {host}…");
    case GMULTI_PHASE_TLS:
      return _("Securing the connection to {host}…");
    case GMULTI_PHASE_REQUEST:
      return _("Sending to {host}…");
    case GMULTI_PHASE_RESPONSE:
      return _("Waiting for {host}…");
    case GMULTI_PHASE_BODY:
      return _("Receiving from {host}…");
    case GMULTI_PHASE_STORAGE:
      return _("Storing…");
    case GMULTI_PHASE_NONE:
    case GMULTI_PHASE_CONNECT:
    default:
      return _("Connecting to {host}…");
    }
}

static char *
describe_running (GMultiTransfer *self,
                  const GmMirror *mirror)
{
  g_autofree char *host = NULL;
  g_autoptr (GString) text = NULL;

  if (mirror->received > 0)
    return describe_amount (mirror->received, mirror->total, mirror->speed);
  if (mirror->sent > 0 && mirror->phase == GMULTI_PHASE_REQUEST)
    return describe_amount (mirror->sent, mirror->upload_total, mirror->speed);

  host = gm_face_transfer_dup_host (self);
  text = g_string_new (phase_line ((GMultiPhase) mirror->phase));
  g_string_replace (text, "{host}", host != NULL ? host : _("the server"), 1);
  return g_strdup (text->str);
}

static const char *
wait_line (GMultiWaitReason reason)
{
  switch (reason)
    {
    case GMULTI_WAIT_REASON_LIMIT:
      return _("Waiting for other transfers…");
    case GMULTI_WAIT_REASON_CONNECTIVITY:
      return _("Waiting for the network…");
    case GMULTI_WAIT_REASON_METERED:
      return _("Waiting for a network that is not metered…");
    case GMULTI_WAIT_REASON_POWER_SAVER:
      return _("Waiting until power is no longer saved…");
    case GMULTI_WAIT_REASON_SCHEDULE:
      return _("Waiting for its time…");
    case GMULTI_WAIT_REASON_RETRY:
      return _("Waiting for the next attempt…");
    case GMULTI_WAIT_REASON_ANSWER:
      return _("Waiting for an answer…");
    case GMULTI_WAIT_REASON_NONE:
    default:
      return _("Waiting…");
    }
}

/**
 * gmulti_transfer_dup_status_text: (get-property status-text)
 * @self: the transfer
 *
 * Gets a line for people that says how it goes, in their language.
 *
 * Returns: (transfer full): the text
 *
 * Since: 1.0
 */
char *
gmulti_transfer_dup_status_text (GMultiTransfer *self)
{
  GmMirror mirror;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  mirror = read_mirror (self);
  switch ((GMultiTransferState) mirror.state)
    {
    case GMULTI_TRANSFER_STATE_QUEUED:
    case GMULTI_TRANSFER_STATE_WAITING:
      return g_strdup (wait_line ((GMultiWaitReason) mirror.wait_reason));
    case GMULTI_TRANSFER_STATE_RUNNING:
      return describe_running (self, &mirror);
    case GMULTI_TRANSFER_STATE_PAUSED:
      return g_strdup (_("Paused"));
    case GMULTI_TRANSFER_STATE_SUCCEEDED:
      return g_strdup (_("Finished"));
    case GMULTI_TRANSFER_STATE_CANCELLED:
      return g_strdup (_("Cancelled"));
    case GMULTI_TRANSFER_STATE_FAILED:
      {
        g_autoptr (GError) error = gmulti_transfer_dup_error (self);

        return g_strdup (error != NULL ? error->message : _("Failed"));
      }
    case GMULTI_TRANSFER_STATE_NEW:
    default:
      return g_strdup (_("Not started"));
    }
}

/**
 * gmulti_transfer_ref_response: (get-property response)
 * @self: the transfer
 *
 * Gets the response, once its head is there.
 *
 * Returns: (transfer full) (nullable): the response
 *
 * Since: 1.0
 */
GMultiResponse *
gmulti_transfer_ref_response (GMultiTransfer *self)
{
  GMultiResponse *response = NULL;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  if (self->response == NULL && self->head != NULL)
    self->response = gm_face_response_new (self->head);
  if (self->response != NULL)
    response = g_object_ref (self->response);
  g_mutex_unlock (&self->lock);

  return response;
}

/**
 * gmulti_transfer_ref_trailers: (get-property trailers)
 * @self: the transfer
 *
 * Gets the header fields that came behind the body, if there were any, once the transfer is finished.
 *
 * Returns: (transfer full) (nullable): the trailers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_transfer_ref_trailers (GMultiTransfer *self)
{
  GMultiHeaders *trailers = NULL;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  if (self->trailers == NULL && self->trailer_head != NULL)
    self->trailers = gm_head_make_headers (self->trailer_head);
  if (self->trailers != NULL)
    trailers = gmulti_headers_ref (self->trailers);
  g_mutex_unlock (&self->lock);

  return trailers;
}

/**
 * gmulti_transfer_ref_metrics: (get-property metrics)
 * @self: the transfer
 *
 * Gets how long its parts took, once the transfer is finished.
 *
 * Returns: (transfer full) (nullable): the metrics
 *
 * Since: 1.0
 */
GMultiMetrics *
gmulti_transfer_ref_metrics (GMultiTransfer *self)
{
  GMultiMetrics *metrics = NULL;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  if (self->metrics == NULL && self->info != NULL)
    self->metrics = gm_face_metrics_new (self->errand->patience != NULL ? gm_patience_get_past (self->errand->patience) : NULL,
                                         self->info);
  if (self->metrics != NULL)
    metrics = gmulti_metrics_ref (self->metrics);
  g_mutex_unlock (&self->lock);

  return metrics;
}

/**
 * gmulti_transfer_dup_error: (get-property error)
 * @self: the transfer
 *
 * Gets why the transfer failed.
 *
 * Returns: (transfer full) (nullable): the error, or %NULL if it did not fail
 *
 * Since: 1.0
 */
GError *
gmulti_transfer_dup_error (GMultiTransfer *self)
{
  GError *error = NULL;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  if (self->error != NULL)
    error = g_error_copy (self->error);
  g_mutex_unlock (&self->lock);

  return error;
}

/* ---- the errand's view ---- */

gboolean
gm_face_transfer_begin (GMultiTransfer *self,
                        GmErrand *errand)
{
  GmErrand *last = NULL;
  gboolean begun;

  g_mutex_lock (&self->lock);
  begun = !self->busy;
  if (begun)
    {
      self->busy = TRUE;
      last = g_steal_pointer (&self->errand);
      self->errand = gm_errand_ref (errand);
      if (last != NULL)
        clear_response_side (self);
      self->mirror.state = GMULTI_TRANSFER_STATE_QUEUED;
      self->mirror.attempt = 1;
      if (self->plan.headers != NULL)
        gm_face_headers_freeze (self->plan.headers);
      if (self->paused)
        errand->orders |= GM_ORDER_PAUSE;
      errand->eager = self->member != NULL;
    }
  g_mutex_unlock (&self->lock);

  if (last != NULL)
    {
      errand->again = TRUE;
      gm_errand_unref (last);
    }
  return begun;
}

gboolean
gm_face_transfer_check_idle (GMultiTransfer *self)
{
  gboolean busy;

  g_mutex_lock (&self->lock);
  busy = self->busy;
  g_mutex_unlock (&self->lock);

  if (busy)
    g_critical ("A transfer that is under way cannot be changed");
  return !busy;
}

gboolean
gm_face_transfer_is_watched (GMultiTransfer *self)
{
  /* not g_signal_has_handler_pending(), which takes no detail for a detail */
  return G_OBJECT_GET_CLASS (self)->notify != NULL
         || g_signal_handler_find (self, G_SIGNAL_MATCH_ID, notify_signal, 0, NULL, NULL, NULL) != 0;
}

static gboolean
is_subclassed (GMultiTransfer *self)
{
  GType type = G_OBJECT_TYPE (self);

  return type != GMULTI_TYPE_TRANSFER && type != GMULTI_TYPE_DOWNLOAD;
}

/* Somebody may hear of @signal. Where only the object can have handlers they are all that is looked through, which costs
 * half of what g_signal_has_handler_pending() does. */
static gboolean
has_handler (GMultiTransfer *self,
             Signal signal)
{
  if (is_subclassed (self))
    return g_signal_has_handler_pending (self, signals[signal], 0, TRUE);

  return g_signal_handler_find (self, G_SIGNAL_MATCH_ID, signals[signal], 0, NULL, NULL, NULL) != 0;
}

/* One look instead of one for each signal: most transfers that are only fetched have no handler at all. A subclass may
 * have handlers of its class, which are not looked for. */
gboolean
gm_face_transfer_is_heard (GMultiTransfer *self)
{
  return is_subclassed (self) || g_signal_handler_find (self, G_SIGNAL_MATCH_UNBLOCKED, 0, 0, NULL, NULL, NULL) != 0;
}

const GmPlan *
gm_face_transfer_get_plan (GMultiTransfer *self)
{
  return &self->plan;
}

void
gm_face_transfer_get_live (GMultiTransfer *self,
                           int *priority,
                           guint64 *max_download_rate,
                           guint64 *max_upload_rate)
{
  g_mutex_lock (&self->lock);
  *priority = self->plan.priority;
  *max_download_rate = self->plan.max_download_rate;
  *max_upload_rate = self->plan.max_upload_rate;
  g_mutex_unlock (&self->lock);
}

char *
gm_face_transfer_dup_host (GMultiTransfer *self)
{
  g_autoptr (GmUrl) url = NULL;
  GmSpan host;

  if (self->plan.uri == NULL
      || gm_url_parse (self->plan.uri, strlen (self->plan.uri), GM_URL_DEFAULT, &url) != GM_OK)
    return NULL;

  host = gm_url_get_host (url);
  return host.len > 0 ? g_strndup (host.data, host.len) : NULL;
}

static void
notify (GMultiTransfer *self,
        GmTransferProperty property)
{
  g_object_notify_by_pspec (G_OBJECT (self), gm_transfer_properties[property]);
}

/* With the lock held. */
static void
forget_attempt (GMultiTransfer *self)
{
  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_pointer (&self->trailer_head, gm_head_unref);
  g_clear_object (&self->response);
  g_clear_pointer (&self->trailers, gmulti_headers_unref);
}

/* Moves what @report brings into the object. */
/* TRUE if a group is to hear of it. */
static gboolean
adopt (GMultiTransfer *self,
       GmReport *report,
       GmMirror *before)
{
  gboolean grouped;

  g_mutex_lock (&self->lock);
  *before = self->mirror;
  self->mirror = report->mirror;
  if (G_UNLIKELY (report->tidings & GM_TIDINGS_RETRY))
    forget_attempt (self);
  if (report->head != NULL && self->head == NULL)
    self->head = g_steal_pointer (&report->head);
  else if (report->head != NULL)
    report->tidings &= ~(guint) GM_TIDINGS_HEAD;
  if (report->trailers != NULL && self->trailer_head == NULL)
    self->trailer_head = g_steal_pointer (&report->trailers);
  if (report->info != NULL && self->info == NULL)
    self->info = report->info;
  if (report->error != NULL)
    self->error = g_error_copy (report->error);
  grouped = self->member != NULL;
  g_mutex_unlock (&self->lock);

  return grouped;
}

static void
notify_numbers (GMultiTransfer *self,
                const GmMirror *before,
                const GmMirror *now,
                gboolean again)
{
  gboolean moved = now->received != before->received || now->sent != before->sent || again;
  gboolean total = now->total != before->total || now->upload_total != before->upload_total || again;
  gboolean speed = now->speed != before->speed || again;

  if (now->received != before->received || again)
    notify (self, GM_TRANSFER_PROP_BYTES_RECEIVED);
  if (now->sent != before->sent || again)
    notify (self, GM_TRANSFER_PROP_BYTES_SENT);
  if (total)
    notify (self, GM_TRANSFER_PROP_TOTAL);
  if (speed)
    notify (self, GM_TRANSFER_PROP_SPEED);
  if (moved || total || now->state != before->state)
    notify (self, GM_TRANSFER_PROP_FRACTION);
  if (moved || total || speed)
    notify (self, GM_TRANSFER_PROP_REMAINING);
}

static void
notify_changes (GMultiTransfer *self,
                const GmMirror *before,
                const GmReport *report,
                gboolean again)
{
  const GmMirror *now = &report->mirror;
  gboolean state = now->state != before->state || (report->tidings & GM_TIDINGS_STARTED) != 0;

  g_object_freeze_notify (G_OBJECT (self));
  if (state)
    notify (self, GM_TRANSFER_PROP_STATE);
  if (now->wait_reason != before->wait_reason)
    notify (self, GM_TRANSFER_PROP_WAIT_REASON);
  if (now->phase != before->phase)
    notify (self, GM_TRANSFER_PROP_PHASE);
  notify_numbers (self, before, now, again);
  notify (self, GM_TRANSFER_PROP_STATUS_TEXT);
  if (now->attempt != before->attempt || (report->tidings & GM_TIDINGS_STARTED) != 0)
    notify (self, GM_TRANSFER_PROP_ATTEMPT);
  if ((report->tidings & (GM_TIDINGS_HEAD | GM_TIDINGS_RETRY)) != 0 || again)
    notify (self, GM_TRANSFER_PROP_RESPONSE);
  if ((report->tidings & GM_TIDINGS_DONE) != 0 || again)
    {
      notify (self, GM_TRANSFER_PROP_FINISHED);
      notify (self, GM_TRANSFER_PROP_METRICS);
      notify (self, GM_TRANSFER_PROP_TRAILERS);
      notify (self, GM_TRANSFER_PROP_ERROR);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static void
emit_redirects (GMultiTransfer *self,
                GmErrand *errand,
                GmReport *report)
{
  g_autoptr (GPtrArray) redirects = g_steal_pointer (&report->redirects);

  for (guint i = 0; redirects != NULL && i < redirects->len && !errand->delivered; i++)
    g_signal_emit (self, signals[SIGNAL_REDIRECTED], 0, g_ptr_array_index (redirects, i));
}

static void
emit_retries (GMultiTransfer *self,
              GmErrand *errand,
              GmReport *report)
{
  g_autoptr (GPtrArray) retries = g_steal_pointer (&report->retries);

  for (guint i = 0; i < retries->len && !errand->delivered; i++)
    {
      const GmRetryNote *note = g_ptr_array_index (retries, i);

      g_signal_emit (self, signals[SIGNAL_RETRYING], 0, note->error, note->attempt, note->delay);
    }
}

/* ---- its group ---- */

gboolean
gm_face_transfer_join (GMultiTransfer *self,
                       GmMember *member)
{
  gboolean joined;

  g_mutex_lock (&self->lock);
  joined = self->member == NULL;
  if (joined)
    self->member = gm_member_ref (member);
  g_mutex_unlock (&self->lock);

  return joined;
}

GmMember *
gm_face_transfer_leave (GMultiTransfer *self,
                        GmBand *band)
{
  GmMember *member = NULL;

  g_mutex_lock (&self->lock);
  if (self->member != NULL && gm_member_get_band (self->member) == band)
    member = g_steal_pointer (&self->member);
  g_mutex_unlock (&self->lock);

  return member;
}

GmBand *
gm_face_transfer_ref_band (GMultiTransfer *self)
{
  GmBand *band = NULL;

  g_mutex_lock (&self->lock);
  if (self->member != NULL)
    band = gm_band_ref (gm_member_get_band (self->member));
  g_mutex_unlock (&self->lock);

  return band;
}

void
gm_face_transfer_get_share (GMultiTransfer *self,
                            GmShare *share)
{
  GmMirror mirror = read_mirror (self);
  GMultiTransferState state = (GMultiTransferState) mirror.state;

  *share = (GmShare){ .present = TRUE, .finished = state_is_final (state) };
  share->failed = share->finished && state != GMULTI_TRANSFER_STATE_SUCCEEDED;
  share->fraction = share->finished ? 1 : MAX (compute_fraction (&mirror), 0);
  if (share->finished || state == GMULTI_TRANSFER_STATE_NEW)
    return;

  share->active = state != GMULTI_TRANSFER_STATE_QUEUED && mirror.wait_reason != GMULTI_WAIT_REASON_LIMIT;
  share->speed = mirror.speed;
  share->unknown = mirror.total < 0;
  if (mirror.total >= 0)
    {
      share->total = (guint64) mirror.total;
      share->received = mirror.received;
    }
}

/* A group hears of what was adopted. */
static void
touch_group (GMultiTransfer *self,
             gboolean soon)
{
  GmMember *member = NULL;

  g_mutex_lock (&self->lock);
  if (self->member != NULL)
    member = gm_member_ref (self->member);
  g_mutex_unlock (&self->lock);
  if (member == NULL)
    return;

  gm_member_touch (member, soon);
  gm_member_unref (member);
}

gboolean
gm_face_transfer_report (GMultiTransfer *self,
                         GmErrand *errand,
                         GmReport *report)
{
  gboolean again = errand->again && (report->tidings & GM_TIDINGS_STARTED) != 0;
  GmMirror before;
  gboolean grouped = adopt (self, report, &before);
  gboolean moved;

  moved = report->mirror.received != before.received || report->mirror.sent != before.sent;
  if (grouped)
    touch_group (self, report->mirror.state != before.state || report->mirror.wait_reason != before.wait_reason);

  if ((report->tidings & GM_TIDINGS_STARTED) != 0 && !errand->connect_only)
    gm_transfer_list_add_errand (gm_core_get_list (errand->core), errand, self);
  if (report->redirects != NULL)
    emit_redirects (self, errand, report);
  if (report->retries != NULL)
    emit_retries (self, errand, report);
  if (!gm_face_transfer_is_heard (self))
    return FALSE;

  if (!errand->delivered && gm_face_transfer_is_watched (self))
    notify_changes (self, &before, report, again);
  if (moved && !errand->delivered && has_handler (self, SIGNAL_PROGRESS))
    g_signal_emit (self, signals[SIGNAL_PROGRESS], 0);

  return TRUE;
}

void
gm_face_transfer_complete (GMultiTransfer *self,
                           GmErrand *errand,
                           GmReport *report,
                           gboolean heard)
{
  g_mutex_lock (&self->lock);
  self->busy = FALSE;
  self->paused = FALSE;
  g_mutex_unlock (&self->lock);

  /* who sees the list get shorter may begin to listen only now */
  heard |= errand->list != NULL;
  gm_transfer_list_remove_errand (errand);
  /* whoever hears of a transfer mostly wants to hear of this: it is not asked first whether somebody does */
  if (heard)
    g_signal_emit (self, signals[SIGNAL_COMPLETED], 0, report->error);
}

void
gm_face_transfer_lose (GMultiTransfer *self,
                       GmReport *report)
{
  GmMirror before;
  gboolean grouped = adopt (self, report, &before);

  if ((report->tidings & GM_TIDINGS_DONE) != 0)
    {
      g_mutex_lock (&self->lock);
      self->busy = FALSE;
      self->paused = FALSE;
      g_mutex_unlock (&self->lock);
    }
  if (grouped)
    touch_group (self, TRUE);
}

guint
gm_face_transfer_get_ask (GMultiTransfer *self)
{
  guint ask = 0;

  if (has_handler (self, SIGNAL_AUTHENTICATE))
    ask |= 1u << GM_QUESTION_LOGIN;
  if (has_handler (self, SIGNAL_CHECK_TRUST))
    ask |= 1u << GM_QUESTION_TRUST;

  return ask;
}

/* First whoever looks after this transfer, then who looks after all of them. @inquiry is @question's. */
static gboolean
ask_handlers (GMultiTransfer *self,
              Signal signal,
              GmInquiry *inquiry,
              gpointer question)
{
  g_autoptr (GMultiSession) session = NULL;
  gboolean handled = FALSE;

  g_signal_emit (self, signals[signal], 0, question, &handled);
  if (handled)
    return TRUE;

  session = gm_core_ref_face (gm_inquiry_get_errand (inquiry)->core);
  return session != NULL && gm_face_session_ask (session, gm_inquiry_get_data (inquiry)->kind, self, question);
}

static void
ask_for_login (GMultiTransfer *self,
               GmInquiry *inquiry)
{
  g_autoptr (GMultiChallenge) challenge = gm_face_challenge_new (inquiry);
  gboolean handled = ask_handlers (self, SIGNAL_AUTHENTICATE, inquiry, challenge);

  /* who says no may still hold a reference, as the frame of a script does */
  if (!handled)
    gmulti_challenge_decline (challenge);
}

static void
check_trust (GMultiTransfer *self,
             GmInquiry *inquiry,
             GTlsCertificateFlags errors)
{
  g_autoptr (GMultiTrustCheck) check = gm_face_trust_check_new (inquiry, errors);
  gboolean handled = ask_handlers (self, SIGNAL_CHECK_TRUST, inquiry, check);

  if (!handled)
    gmulti_trust_check_reject (check);
}

typedef struct
{
  GMultiTransfer *transfer; /* (owned) */
  GmInquiry *inquiry; /* (owned) */
} Judgement;

/* What the application's database says counts; what is wrong by its word, the application may still accept. Takes
 * @inquiry. */
static void
take_verdict (GMultiTransfer *self,
              GmInquiry *inquiry,
              GTlsCertificateFlags errors,
              const GError *error)
{
  if (error != NULL)
    errors |= G_TLS_CERTIFICATE_GENERIC_ERROR;
  /* what it cannot see */
  errors |= gm_face_certificate_get_flags (gm_inquiry_get_data (inquiry)->faults);

  if (errors != G_TLS_CERTIFICATE_NO_FLAGS && !gm_inquiry_is_over (inquiry))
    {
      check_trust (self, inquiry, errors);
      return;
    }
  if (errors == G_TLS_CERTIFICATE_NO_FLAGS)
    gm_inquiry_answer (inquiry, GM_REPLY_ACCEPT, NULL);
  gm_inquiry_free (inquiry);
}

static void
judged_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  Judgement *judgement = user_data;
  g_autoptr (GError) error = NULL;
  GTlsCertificateFlags errors = g_tls_database_verify_chain_finish (G_TLS_DATABASE (source), result, &error);

  take_verdict (judgement->transfer, judgement->inquiry, errors, error);
  g_object_unref (judgement->transfer);
  g_free (judgement);
}

static void
ask_database (GMultiTransfer *self,
              GmInquiry *inquiry,
              GTlsDatabase *database,
              gboolean blocking)
{
  const GmQuestionData *data = gm_inquiry_get_data (inquiry);
  g_autoptr (GTlsCertificate) certificate = gm_face_certificate_new (data->chain);
  g_autoptr (GSocketConnectable) identity = g_network_address_new (data->host, data->port);
  g_autoptr (GError) error = NULL;
  GTlsCertificateFlags errors;
  Judgement *judgement;

  if (certificate == NULL)
    {
      check_trust (self, inquiry, G_TLS_CERTIFICATE_GENERIC_ERROR);
      return;
    }
  if (blocking)
    {
      errors = g_tls_database_verify_chain (database, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity,
                                            NULL, G_TLS_DATABASE_VERIFY_NONE, NULL, &error);
      take_verdict (self, inquiry, errors, error);
      return;
    }

  judgement = g_new0 (Judgement, 1);
  judgement->transfer = g_object_ref (self);
  judgement->inquiry = inquiry;
  g_tls_database_verify_chain_async (database, certificate, G_TLS_DATABASE_PURPOSE_AUTHENTICATE_SERVER, identity, NULL,
                                     G_TLS_DATABASE_VERIFY_NONE, NULL, judged_cb, judgement);
}

static void
ask_for_trust (GMultiTransfer *self,
               GmInquiry *inquiry,
               gboolean blocking)
{
  const GmQuestionData *data = gm_inquiry_get_data (inquiry);
  GmErrand *errand = gm_inquiry_get_errand (inquiry);
  GTlsDatabase *database = data->is_proxy ? gm_errand_get_proxy_database (errand) : errand->database;

  if (database != NULL)
    ask_database (self, inquiry, database, blocking);
  else
    check_trust (self, inquiry, gm_face_certificate_get_flags (data->faults));
}

void
gm_face_transfer_ask (GMultiTransfer *self,
                      GmInquiry *inquiry,
                      gboolean blocking)
{
  switch (gm_inquiry_get_data (inquiry)->kind)
    {
    case GM_QUESTION_LOGIN:
      ask_for_login (self, inquiry);
      break;
    case GM_QUESTION_TRUST:
      ask_for_trust (self, inquiry, blocking);
      break;
    case GM_QUESTION_PIN:
      gm_face_pin_ask (self, inquiry, gm_inquiry_get_errand (inquiry)->interaction, blocking);
      break;
    case GM_QUESTION_IDENTITY:
      gm_face_identity_ask (self, inquiry, gm_inquiry_get_errand (inquiry)->interaction, blocking);
      break;
    case GM_QUESTION_PROXY:
    case GM_QUESTION_NONE:
    default:
      gm_inquiry_free (inquiry);
      break;
    }
}
