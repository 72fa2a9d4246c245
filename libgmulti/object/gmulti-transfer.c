/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-transfer-private.h"

#include "gm-config.h"
#include "gmulti-core-private.h"
#include "gmulti-enum-types.h"
#include "gmulti-error-private.h"
#include "gmulti-headers-private.h"
#include "gmulti-metrics-private.h"
#include "gmulti-response-private.h"
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
 * A constructor never fails: an address that cannot be used, or a header that cannot be sent, fails the transfer when it
 * is started.
 *
 * Since: 1.0
 */

typedef enum
{
  PROP_URI = 1,
  PROP_METHOD,
  PROP_USER_AGENT,
  PROP_TITLE,
  PROP_ACCEPT_STATUS,
  PROP_REDIRECTS,
  PROP_MAX_REDIRECTS,
  PROP_CONNECT_TIMEOUT,
  PROP_RESPONSE_TIMEOUT,
  PROP_STALL_TIMEOUT,
  PROP_TIMEOUT,
  PROP_MAX_SIZE,
  PROP_PRIORITY,
  PROP_MAX_DOWNLOAD_RATE,
  PROP_MAX_UPLOAD_RATE,
  PROP_REQUEST_HEADERS,
  PROP_STATE,
  PROP_FINISHED,
  PROP_WAIT_REASON,
  PROP_PHASE,
  PROP_FRACTION,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_TOTAL,
  PROP_SPEED,
  PROP_REMAINING,
  PROP_STATUS_TEXT,
  PROP_RESPONSE,
  PROP_TRAILERS,
  PROP_METRICS,
  PROP_ERROR,
} Property;

typedef enum
{
  SIGNAL_PROGRESS,
  SIGNAL_REDIRECTED,
  SIGNAL_COMPLETED,
} Signal;

static GParamSpec *properties[PROP_ERROR + 1];
static guint signals[SIGNAL_COMPLETED + 1];
static guint notify_signal;

G_DEFINE_TYPE (GMultiTransfer, gmulti_transfer, G_TYPE_OBJECT)

static void
clear_response_side (GMultiTransfer *self)
{
  self->mirror = (GmMirror){ .total = -1, .upload_total = -1 };
  g_clear_pointer (&self->head, gm_head_unref);
  g_clear_pointer (&self->trailer_head, gm_head_unref);
  g_clear_pointer (&self->info, gm_face_info_free);
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
  g_clear_pointer (&self->title, g_free);
  g_mutex_clear (&self->lock);

  G_OBJECT_CLASS (gmulti_transfer_parent_class)->finalize (object);
}

static void
gmulti_transfer_get_property (GObject *object,
                              guint prop_id,
                              GValue *value,
                              GParamSpec *pspec)
{
  GMultiTransfer *self = (GMultiTransfer *) object;

  switch ((Property) prop_id)
    {
    case PROP_URI:
      g_value_set_string (value, gmulti_transfer_get_uri (self));
      break;
    case PROP_METHOD:
      g_value_set_string (value, gmulti_transfer_get_method (self));
      break;
    case PROP_USER_AGENT:
      g_value_set_string (value, gmulti_transfer_get_user_agent (self));
      break;
    case PROP_TITLE:
      g_value_set_string (value, gmulti_transfer_get_title (self));
      break;
    case PROP_ACCEPT_STATUS:
      g_value_set_boolean (value, gmulti_transfer_get_accept_status (self));
      break;
    case PROP_REDIRECTS:
      g_value_set_enum (value, gmulti_transfer_get_redirects (self));
      break;
    case PROP_MAX_REDIRECTS:
      g_value_set_uint (value, gmulti_transfer_get_max_redirects (self));
      break;
    case PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_connect_timeout (self));
      break;
    case PROP_RESPONSE_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_response_timeout (self));
      break;
    case PROP_STALL_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_stall_timeout (self));
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_timeout (self));
      break;
    case PROP_MAX_SIZE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_size (self));
      break;
    case PROP_PRIORITY:
      g_value_set_int (value, gmulti_transfer_get_priority (self));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_download_rate (self));
      break;
    case PROP_MAX_UPLOAD_RATE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_upload_rate (self));
      break;
    case PROP_REQUEST_HEADERS:
      g_value_set_boxed (value, gmulti_transfer_get_request_headers (self));
      break;
    case PROP_STATE:
      g_value_set_enum (value, gmulti_transfer_get_state (self));
      break;
    case PROP_FINISHED:
      g_value_set_boolean (value, gmulti_transfer_is_finished (self));
      break;
    case PROP_WAIT_REASON:
      g_value_set_enum (value, gmulti_transfer_get_wait_reason (self));
      break;
    case PROP_PHASE:
      g_value_set_enum (value, gmulti_transfer_get_phase (self));
      break;
    case PROP_FRACTION:
      g_value_set_double (value, gmulti_transfer_get_fraction (self));
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, gmulti_transfer_get_bytes_received (self));
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, gmulti_transfer_get_bytes_sent (self));
      break;
    case PROP_TOTAL:
      g_value_set_int64 (value, gmulti_transfer_get_total (self));
      break;
    case PROP_SPEED:
      g_value_set_uint64 (value, gmulti_transfer_get_speed (self));
      break;
    case PROP_REMAINING:
      g_value_set_int64 (value, gmulti_transfer_get_remaining (self));
      break;
    case PROP_STATUS_TEXT:
      g_value_take_string (value, gmulti_transfer_dup_status_text (self));
      break;
    case PROP_RESPONSE:
      g_value_take_object (value, gmulti_transfer_ref_response (self));
      break;
    case PROP_TRAILERS:
      g_value_take_boxed (value, gmulti_transfer_ref_trailers (self));
      break;
    case PROP_METRICS:
      g_value_take_boxed (value, gmulti_transfer_ref_metrics (self));
      break;
    case PROP_ERROR:
      g_value_take_boxed (value, gmulti_transfer_dup_error (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
gmulti_transfer_set_property (GObject *object,
                              guint prop_id,
                              const GValue *value,
                              GParamSpec *pspec)
{
  GMultiTransfer *self = (GMultiTransfer *) object;

  switch (prop_id)
    {
    case PROP_URI:
      gmulti_transfer_set_uri (self, g_value_get_string (value));
      break;
    case PROP_METHOD:
      gmulti_transfer_set_method (self, g_value_get_string (value));
      break;
    case PROP_USER_AGENT:
      gmulti_transfer_set_user_agent (self, g_value_get_string (value));
      break;
    case PROP_TITLE:
      gmulti_transfer_set_title (self, g_value_get_string (value));
      break;
    case PROP_ACCEPT_STATUS:
      gmulti_transfer_set_accept_status (self, g_value_get_boolean (value));
      break;
    case PROP_REDIRECTS:
      gmulti_transfer_set_redirects (self, g_value_get_enum (value));
      break;
    case PROP_MAX_REDIRECTS:
      gmulti_transfer_set_max_redirects (self, g_value_get_uint (value));
      break;
    case PROP_CONNECT_TIMEOUT:
      gmulti_transfer_set_connect_timeout (self, g_value_get_uint (value));
      break;
    case PROP_RESPONSE_TIMEOUT:
      gmulti_transfer_set_response_timeout (self, g_value_get_uint (value));
      break;
    case PROP_STALL_TIMEOUT:
      gmulti_transfer_set_stall_timeout (self, g_value_get_uint (value));
      break;
    case PROP_TIMEOUT:
      gmulti_transfer_set_timeout (self, g_value_get_uint (value));
      break;
    case PROP_MAX_SIZE:
      gmulti_transfer_set_max_size (self, g_value_get_uint64 (value));
      break;
    case PROP_PRIORITY:
      gmulti_transfer_set_priority (self, g_value_get_int (value));
      break;
    case PROP_MAX_DOWNLOAD_RATE:
      gmulti_transfer_set_max_download_rate (self, g_value_get_uint64 (value));
      break;
    case PROP_MAX_UPLOAD_RATE:
      gmulti_transfer_set_max_upload_rate (self, g_value_get_uint64 (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_request_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:uri: (getter get_uri) (setter set_uri)
   *
   * The address to transfer from or to.
   *
   * A bad one fails the transfer when it is started.
   *
   * Since: 1.0
   */
  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:method: (getter get_method) (setter set_method)
   *
   * The request method.
   *
   * Without one it is `GET`, or `POST` if there is a body.
   *
   * Since: 1.0
   */
  properties[PROP_METHOD] = g_param_spec_string ("method", NULL, NULL, "GET", write_flags);

  /**
   * GMultiTransfer:user-agent: (getter get_user_agent) (setter set_user_agent)
   *
   * What is sent as `User-Agent`.
   *
   * Without one it is that of the session.
   *
   * Since: 1.0
   */
  properties[PROP_USER_AGENT] = g_param_spec_string ("user-agent", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:title: (getter get_title) (setter set_title)
   *
   * A name for people, for lists.
   *
   * It can be changed at any time.
   *
   * Since: 1.0
   */
  properties[PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:accept-status: (getter get_accept_status) (setter set_accept_status)
   *
   * Whether an answer with a status of 400 or more is a result like any other.
   *
   * Otherwise it fails the transfer with %GMULTI_TRANSFER_ERROR_HTTP_STATUS; the response can be read all the same.
   *
   * Since: 1.0
   */
  properties[PROP_ACCEPT_STATUS] = g_param_spec_boolean ("accept-status", NULL, NULL, FALSE, write_flags);

  /**
   * GMultiTransfer:redirects: (getter get_redirects) (setter set_redirects)
   *
   * Which redirects are followed.
   *
   * Since: 1.0
   */
  properties[PROP_REDIRECTS]
    = g_param_spec_enum ("redirects", NULL, NULL, GMULTI_TYPE_REDIRECTS, GMULTI_REDIRECTS_FOLLOW, write_flags);

  /**
   * GMultiTransfer:max-redirects: (getter get_max_redirects) (setter set_max_redirects)
   *
   * How many redirects are followed one after another.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_REDIRECTS]
    = g_param_spec_uint ("max-redirects", NULL, NULL, 0, G_MAXUINT, GM_DEFAULT_MAX_REDIRECTS, write_flags);

  /**
   * GMultiTransfer:request-headers: (getter get_request_headers)
   *
   * The headers of the request.
   *
   * Since: 1.0
   */
  properties[PROP_REQUEST_HEADERS] = g_param_spec_boxed ("request-headers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);
}

static void
install_limit_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:connect-timeout: (getter get_connect_timeout) (setter set_connect_timeout)
   *
   * How long it may take to get a connection, in milliseconds; 0 means any time.
   *
   * Time in which the transfer waits because of limits does not count.
   *
   * Since: 1.0
   */
  properties[PROP_CONNECT_TIMEOUT]
    = g_param_spec_uint ("connect-timeout", NULL, NULL, 0, G_MAXUINT, GM_DEFAULT_CONNECT_TIMEOUT, write_flags);

  /**
   * GMultiTransfer:response-timeout: (getter get_response_timeout) (setter set_response_timeout)
   *
   * How long the server may take to begin its answer, in milliseconds; 0 means any time.
   *
   * Since: 1.0
   */
  properties[PROP_RESPONSE_TIMEOUT]
    = g_param_spec_uint ("response-timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:stall-timeout: (getter get_stall_timeout) (setter set_stall_timeout)
   *
   * How long there may be no data at all, in milliseconds; 0 means any time.
   *
   * Then the transfer fails with %GMULTI_TRANSFER_ERROR_STALLED.
   *
   * Since: 1.0
   */
  properties[PROP_STALL_TIMEOUT] = g_param_spec_uint ("stall-timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:timeout: (getter get_timeout) (setter set_timeout)
   *
   * How long the whole transfer may take, in milliseconds; 0 means any time.
   *
   * Since: 1.0
   */
  properties[PROP_TIMEOUT] = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:max-size: (getter get_max_size) (setter set_max_size)
   *
   * How many bytes of a body are accepted; 0 means any number.
   *
   * A longer one fails the transfer with %GMULTI_TRANSFER_ERROR_TOO_LARGE.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_SIZE] = g_param_spec_uint64 ("max-size", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);

  /**
   * GMultiTransfer:priority: (getter get_priority) (setter set_priority)
   *
   * Which of several waiting transfers is started first: that with the lower number.
   *
   * It can be changed at any time.
   *
   * Since: 1.0
   */
  properties[PROP_PRIORITY] = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, 0, write_flags);

  /**
   * GMultiTransfer:max-download-rate: (getter get_max_download_rate) (setter set_max_download_rate)
   *
   * How many bytes may be received in a second; 0 means any number.
   *
   * It can be changed at any time.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_DOWNLOAD_RATE]
    = g_param_spec_uint64 ("max-download-rate", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);

  /**
   * GMultiTransfer:max-upload-rate: (getter get_max_upload_rate) (setter set_max_upload_rate)
   *
   * How many bytes may be sent in a second; 0 means any number.
   *
   * It can be changed at any time.
   *
   * Since: 1.0
   */
  properties[PROP_MAX_UPLOAD_RATE]
    = g_param_spec_uint64 ("max-upload-rate", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);
}

static void
install_progress_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:state: (getter get_state)
   *
   * What the transfer is doing.
   *
   * Since: 1.0
   */
  properties[PROP_STATE]
    = g_param_spec_enum ("state", NULL, NULL, GMULTI_TYPE_TRANSFER_STATE, GMULTI_TRANSFER_STATE_NEW, flags);

  /**
   * GMultiTransfer:finished: (getter is_finished)
   *
   * Whether the transfer has come to its end, with or without success.
   *
   * Since: 1.0
   */
  properties[PROP_FINISHED] = g_param_spec_boolean ("finished", NULL, NULL, FALSE, flags);

  /**
   * GMultiTransfer:wait-reason: (getter get_wait_reason)
   *
   * Why the transfer waits.
   *
   * Since: 1.0
   */
  properties[PROP_WAIT_REASON]
    = g_param_spec_enum ("wait-reason", NULL, NULL, GMULTI_TYPE_WAIT_REASON, GMULTI_WAIT_REASON_NONE, flags);

  /**
   * GMultiTransfer:phase: (getter get_phase)
   *
   * The phase that the transfer is in, or was in when it ended.
   *
   * Since: 1.0
   */
  properties[PROP_PHASE] = g_param_spec_enum ("phase", NULL, NULL, GMULTI_TYPE_PHASE, GMULTI_PHASE_NONE, flags);

  /**
   * GMultiTransfer:fraction: (getter get_fraction)
   *
   * How much of the transfer is done, from 0 to 1, or -1 if its length is not known.
   *
   * Since: 1.0
   */
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, -1, flags);

  /**
   * GMultiTransfer:bytes-received: (getter get_bytes_received)
   *
   * How many bytes of the body were received.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:bytes-sent: (getter get_bytes_sent)
   *
   * How many bytes of the request's body were sent.
   *
   * Since: 1.0
   */
  properties[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:total: (getter get_total)
   *
   * How many bytes the body has on the wire, or -1 if that is not known.
   *
   * Since: 1.0
   */
  properties[PROP_TOTAL] = g_param_spec_int64 ("total", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * GMultiTransfer:speed: (getter get_speed)
   *
   * Bytes per second, over the last few seconds.
   *
   * Since: 1.0
   */
  properties[PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:remaining: (getter get_remaining)
   *
   * How many microseconds the rest takes at the present speed, or -1 if that cannot be told.
   *
   * Since: 1.0
   */
  properties[PROP_REMAINING] = g_param_spec_int64 ("remaining", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * GMultiTransfer:status-text: (getter dup_status_text)
   *
   * A line for people that says how it goes, in their language.
   *
   * Since: 1.0
   */
  properties[PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);
}

static void
install_result_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:response: (getter ref_response)
   *
   * The response, once its head is there.
   *
   * Since: 1.0
   */
  properties[PROP_RESPONSE] = g_param_spec_object ("response", NULL, NULL, GMULTI_TYPE_RESPONSE, flags);

  /**
   * GMultiTransfer:trailers: (getter ref_trailers)
   *
   * The header fields that came behind the body.
   *
   * Since: 1.0
   */
  properties[PROP_TRAILERS] = g_param_spec_boxed ("trailers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);

  /**
   * GMultiTransfer:metrics: (getter ref_metrics)
   *
   * How long the parts of the transfer took, once it is finished.
   *
   * Since: 1.0
   */
  properties[PROP_METRICS] = g_param_spec_boxed ("metrics", NULL, NULL, GMULTI_TYPE_METRICS, flags);

  /**
   * GMultiTransfer:error: (getter dup_error)
   *
   * Why the transfer failed.
   *
   * Since: 1.0
   */
  properties[PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
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
  object_class->get_property = gmulti_transfer_get_property;
  object_class->set_property = gmulti_transfer_set_property;

  install_request_properties ();
  install_limit_properties ();
  install_progress_properties ();
  install_result_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals (G_TYPE_FROM_CLASS (klass));
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
  self->plan.uri = g_strdup (uri);
  return self;
}

/* ---- request side ---- */

/* The request side may be changed: it is a mistake of the program if not. */
static gboolean
check_idle (GMultiTransfer *self)
{
  gboolean busy;

  g_mutex_lock (&self->lock);
  busy = self->busy;
  g_mutex_unlock (&self->lock);

  if (busy)
    g_critical ("A transfer that is under way cannot be changed");
  return !busy;
}

/* TRUE if it is another one. */
static gboolean
gm_set_string (char **place,
               const char *value)
{
  if (g_strcmp0 (*place, value) == 0)
    return FALSE;

  g_free (*place);
  *place = g_strdup (value);
  return TRUE;
}

/* Tells the errand, if there is one under way. */
static void
give_order (GMultiTransfer *self,
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
 * gmulti_transfer_get_uri: (get-property uri)
 * @self: the transfer
 *
 * Gets the address to transfer from or to.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_uri (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.uri;
}

/**
 * gmulti_transfer_set_uri: (set-property uri)
 * @self: the transfer
 * @uri: (nullable): the new value
 *
 * Sets the address to transfer from or to.
 *
 * A bad one fails the transfer when it is started.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_uri (GMultiTransfer *self,
                         const char *uri)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (check_idle (self) && gm_set_string (&self->plan.uri, uri))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_URI]);
}

/**
 * gmulti_transfer_get_method: (get-property method)
 * @self: the transfer
 *
 * Gets the request method.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_method (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  if (self->plan.method != NULL)
    return self->plan.method;

  return self->plan.body_kind != GM_UPLOAD_NONE ? "POST" : "GET";
}

/**
 * gmulti_transfer_set_method: (set-property method)
 * @self: the transfer
 * @method: (nullable): the new value
 *
 * Sets the request method.
 *
 * Without one it is `GET`, or `POST` if there is a body.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_method (GMultiTransfer *self,
                            const char *method)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (check_idle (self) && gm_set_string (&self->plan.method, method))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_METHOD]);
}

/**
 * gmulti_transfer_get_user_agent: (get-property user-agent)
 * @self: the transfer
 *
 * Gets what is sent as `User-Agent`.
 *
 * Returns: (nullable): the value
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_user_agent (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->plan.user_agent;
}

/**
 * gmulti_transfer_set_user_agent: (set-property user-agent)
 * @self: the transfer
 * @user_agent: (nullable): the new value
 *
 * Sets what is sent as `User-Agent`.
 *
 * Without one it is that of the session.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_user_agent (GMultiTransfer *self,
                                const char *user_agent)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (check_idle (self) && gm_set_string (&self->plan.user_agent, user_agent))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_USER_AGENT]);
}

/**
 * gmulti_transfer_get_title: (get-property title)
 * @self: the transfer
 *
 * Gets a name for people, for lists.
 *
 * Returns: (nullable): the title
 *
 * Since: 1.0
 */
const char *
gmulti_transfer_get_title (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  return self->title;
}

/**
 * gmulti_transfer_set_title: (set-property title)
 * @self: the transfer
 * @title: (nullable): the new value
 *
 * Sets a name for people, for lists.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_title (GMultiTransfer *self,
                           const char *title)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (gm_set_string (&self->title, title))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TITLE]);
}

/**
 * gmulti_transfer_get_accept_status: (get-property accept-status)
 * @self: the transfer
 *
 * Tells whether an answer with a status of 400 or more is a result like any other.
 *
 * Returns: whether it is
 *
 * Since: 1.0
 */
gboolean
gmulti_transfer_get_accept_status (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), FALSE);

  return self->plan.accept_status;
}

/**
 * gmulti_transfer_set_accept_status: (set-property accept-status)
 * @self: the transfer
 * @accept_status: the new value
 *
 * Sets whether an answer with a status of 400 or more is a result like any other.
 *
 * Otherwise it fails the transfer with %GMULTI_TRANSFER_ERROR_HTTP_STATUS; the response can be read all the same.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_accept_status (GMultiTransfer *self,
                                   gboolean accept_status)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.accept_status == !!accept_status || !check_idle (self))
    return;

  self->plan.accept_status = !!accept_status;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ACCEPT_STATUS]);
}

/**
 * gmulti_transfer_get_redirects: (get-property redirects)
 * @self: the transfer
 *
 * Gets which redirects are followed.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
GMultiRedirects
gmulti_transfer_get_redirects (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), GMULTI_REDIRECTS_FOLLOW);

  return (GMultiRedirects) self->plan.redirects;
}

/**
 * gmulti_transfer_set_redirects: (set-property redirects)
 * @self: the transfer
 * @redirects: the new value
 *
 * Sets which redirects are followed.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_redirects (GMultiTransfer *self,
                               GMultiRedirects redirects)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.redirects == (guint8) redirects || !check_idle (self))
    return;

  self->plan.redirects = (guint8) redirects;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REDIRECTS]);
}

/**
 * gmulti_transfer_get_max_redirects: (get-property max-redirects)
 * @self: the transfer
 *
 * Gets how many redirects are followed one after another.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_max_redirects (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.max_redirects;
}

/**
 * gmulti_transfer_set_max_redirects: (set-property max-redirects)
 * @self: the transfer
 * @max_redirects: the new value
 *
 * Sets how many redirects are followed one after another.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_redirects (GMultiTransfer *self,
                                   guint max_redirects)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.max_redirects == max_redirects || !check_idle (self))
    return;

  self->plan.max_redirects = max_redirects;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_REDIRECTS]);
}

/**
 * gmulti_transfer_get_connect_timeout: (get-property connect-timeout)
 * @self: the transfer
 *
 * Gets how long it may take to get a connection, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_connect_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.connect_timeout;
}

/**
 * gmulti_transfer_set_connect_timeout: (set-property connect-timeout)
 * @self: the transfer
 * @connect_timeout: the new value
 *
 * Sets how long it may take to get a connection, in milliseconds; 0 means any time.
 *
 * Time in which the transfer waits because of limits does not count.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_connect_timeout (GMultiTransfer *self,
                                     guint connect_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.connect_timeout == connect_timeout || !check_idle (self))
    return;

  self->plan.connect_timeout = connect_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CONNECT_TIMEOUT]);
}

/**
 * gmulti_transfer_get_response_timeout: (get-property response-timeout)
 * @self: the transfer
 *
 * Gets how long the server may take to begin its answer, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_response_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.response_timeout;
}

/**
 * gmulti_transfer_set_response_timeout: (set-property response-timeout)
 * @self: the transfer
 * @response_timeout: the new value
 *
 * Sets how long the server may take to begin its answer, in milliseconds; 0 means any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_response_timeout (GMultiTransfer *self,
                                      guint response_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.response_timeout == response_timeout || !check_idle (self))
    return;

  self->plan.response_timeout = response_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RESPONSE_TIMEOUT]);
}

/**
 * gmulti_transfer_get_stall_timeout: (get-property stall-timeout)
 * @self: the transfer
 *
 * Gets how long there may be no data at all, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_stall_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.stall_timeout;
}

/**
 * gmulti_transfer_set_stall_timeout: (set-property stall-timeout)
 * @self: the transfer
 * @stall_timeout: the new value
 *
 * Sets how long there may be no data at all, in milliseconds; 0 means any time.
 *
 * Then the transfer fails with %GMULTI_TRANSFER_ERROR_STALLED.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_stall_timeout (GMultiTransfer *self,
                                   guint stall_timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.stall_timeout == stall_timeout || !check_idle (self))
    return;

  self->plan.stall_timeout = stall_timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STALL_TIMEOUT]);
}

/**
 * gmulti_transfer_get_timeout: (get-property timeout)
 * @self: the transfer
 *
 * Gets how long the whole transfer may take, in milliseconds; 0 means any time.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint
gmulti_transfer_get_timeout (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.timeout;
}

/**
 * gmulti_transfer_set_timeout: (set-property timeout)
 * @self: the transfer
 * @timeout: the new value
 *
 * Sets how long the whole transfer may take, in milliseconds; 0 means any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_timeout (GMultiTransfer *self,
                             guint timeout)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.timeout == timeout || !check_idle (self))
    return;

  self->plan.timeout = timeout;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TIMEOUT]);
}

/**
 * gmulti_transfer_get_max_size: (get-property max-size)
 * @self: the transfer
 *
 * Gets how many bytes of a body are accepted; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_size (GMultiTransfer *self)
{
  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  return self->plan.max_size;
}

/**
 * gmulti_transfer_set_max_size: (set-property max-size)
 * @self: the transfer
 * @max_size: the new value
 *
 * Sets how many bytes of a body are accepted; 0 means any number.
 *
 * A longer one fails the transfer with %GMULTI_TRANSFER_ERROR_TOO_LARGE.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_size (GMultiTransfer *self,
                              guint64 max_size)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (self->plan.max_size == max_size || !check_idle (self))
    return;

  self->plan.max_size = max_size;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_SIZE]);
}

/**
 * gmulti_transfer_get_priority: (get-property priority)
 * @self: the transfer
 *
 * Gets which of several waiting transfers is started first: that with the lower number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
int
gmulti_transfer_get_priority (GMultiTransfer *self)
{
  int value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.priority;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_priority: (set-property priority)
 * @self: the transfer
 * @priority: the new value
 *
 * Sets which of several waiting transfers is started first: that with the lower number.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_priority (GMultiTransfer *self,
                              int priority)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.priority == priority)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.priority = priority;
  g_mutex_unlock (&self->lock);

  give_order (self, GM_ORDER_PRIORITY);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PRIORITY]);
}

/**
 * gmulti_transfer_get_max_download_rate: (get-property max-download-rate)
 * @self: the transfer
 *
 * Gets how many bytes may be received in a second; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_download_rate (GMultiTransfer *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.max_download_rate;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_max_download_rate: (set-property max-download-rate)
 * @self: the transfer
 * @max_download_rate: the new value
 *
 * Sets how many bytes may be received in a second; 0 means any number.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_download_rate (GMultiTransfer *self,
                                       guint64 max_download_rate)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.max_download_rate == max_download_rate)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.max_download_rate = max_download_rate;
  g_mutex_unlock (&self->lock);

  give_order (self, GM_ORDER_RATES);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_DOWNLOAD_RATE]);
}

/**
 * gmulti_transfer_get_max_upload_rate: (get-property max-upload-rate)
 * @self: the transfer
 *
 * Gets how many bytes may be sent in a second; 0 means any number.
 *
 * Returns: the value
 *
 * Since: 1.0
 */
guint64
gmulti_transfer_get_max_upload_rate (GMultiTransfer *self)
{
  guint64 value;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), 0);

  g_mutex_lock (&self->lock);
  value = self->plan.max_upload_rate;
  g_mutex_unlock (&self->lock);
  return value;
}

/**
 * gmulti_transfer_set_max_upload_rate: (set-property max-upload-rate)
 * @self: the transfer
 * @max_upload_rate: the new value
 *
 * Sets how many bytes may be sent in a second; 0 means any number.
 *
 * It can be changed at any time.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_max_upload_rate (GMultiTransfer *self,
                                     guint64 max_upload_rate)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  g_mutex_lock (&self->lock);
  if (self->plan.max_upload_rate == max_upload_rate)
    {
      g_mutex_unlock (&self->lock);
      return;
    }
  self->plan.max_upload_rate = max_upload_rate;
  g_mutex_unlock (&self->lock);

  give_order (self, GM_ORDER_RATES);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_UPLOAD_RATE]);
}

/* The headers as a list that can be changed: the one of the last errand cannot. */
static GMultiHeaders *
ensure_headers (GMultiTransfer *self)
{
  if (self->plan.headers == NULL)
    {
      self->plan.headers = gmulti_headers_new ();
    }
  else if (gm_face_headers_is_frozen (self->plan.headers) && !self->busy)
    {
      GMultiHeaders *copy = gmulti_headers_copy (self->plan.headers);

      gmulti_headers_unref (self->plan.headers);
      self->plan.headers = copy;
    }

  return self->plan.headers;
}

/**
 * gmulti_transfer_set_header:
 * @self: the transfer
 * @name: a header's name
 * @value: (nullable): its value, or %NULL to remove it
 *
 * Sets one header of the request, in the place of all with that name.
 *
 * A name or value that cannot be sent fails the transfer when it is started.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_header (GMultiTransfer *self,
                            const char *name,
                            const char *value)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (name != NULL);

  if (!check_idle (self))
    return;

  if (self->plan.bad_header != NULL && g_ascii_strcasecmp (self->plan.bad_header, name) == 0)
    g_clear_pointer (&self->plan.bad_header, g_free);

  if (value == NULL)
    gmulti_headers_remove (ensure_headers (self), name);
  else if (gm_face_header_is_valid (name, value))
    gmulti_headers_replace (ensure_headers (self), name, value, NULL);
  else if (self->plan.bad_header == NULL)
    self->plan.bad_header = g_strdup (name);
}

/**
 * gmulti_transfer_get_request_headers: (get-property request-headers)
 * @self: the transfer
 *
 * Gets the headers of the request. They can be changed as long as the transfer is not under way.
 *
 * Returns: (transfer none): the headers
 *
 * Since: 1.0
 */
GMultiHeaders *
gmulti_transfer_get_request_headers (GMultiTransfer *self)
{
  GMultiHeaders *headers;

  g_return_val_if_fail (GMULTI_IS_TRANSFER (self), NULL);

  g_mutex_lock (&self->lock);
  headers = ensure_headers (self);
  if (self->busy)
    gm_face_headers_freeze (headers);
  g_mutex_unlock (&self->lock);

  return headers;
}

/**
 * gmulti_transfer_set_body_bytes:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @bytes: (nullable): the data to send, or %NULL for none
 *
 * Sends data from memory. Unless another method is set it becomes `POST`.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_bytes (GMultiTransfer *self,
                                const char *content_type,
                                GBytes *bytes)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_BYTES, content_type, bytes != NULL ? g_bytes_ref (bytes) : NULL, -1);
}

/**
 * gmulti_transfer_set_body_file:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @file: (nullable): the file to send, or %NULL for none
 *
 * Sends a file. Unless another method is set it becomes `POST`.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_file (GMultiTransfer *self,
                               const char *content_type,
                               GFile *file)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (file == NULL || G_IS_FILE (file));

  if (check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_FILE, content_type, file != NULL ? g_object_ref (file) : NULL, -1);
}

/**
 * gmulti_transfer_set_body_stream:
 * @self: the transfer
 * @content_type: (nullable): what is sent as `Content-Type`
 * @stream: (nullable): where to read the data from, or %NULL for none
 * @length: how many bytes it has, or -1 if that is not known
 *
 * Sends what a stream has. Unless another method is set it becomes `POST`.
 *
 * The stream is read asynchronously in the context that the transfer is started in, and not closed. Where the data has
 * to be sent again, as after some redirects, a seekable stream is rewound to where it stood; another one fails the
 * transfer with %GMULTI_TRANSFER_ERROR_NOT_REWINDABLE.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_body_stream (GMultiTransfer *self,
                                 const char *content_type,
                                 GInputStream *stream,
                                 gint64 length)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (stream == NULL || G_IS_INPUT_STREAM (stream));
  g_return_if_fail (length >= -1);

  if (check_idle (self))
    gm_plan_take_body (&self->plan, GM_UPLOAD_STREAM, content_type, stream != NULL ? g_object_ref (stream) : NULL, length);
}

/**
 * gmulti_transfer_set_range:
 * @self: the transfer
 * @offset: the first byte
 * @length: the number of bytes, or -1 for all up to the end
 *
 * Asks for a part of the body only. A range from 0 to the end is the whole.
 *
 * A server that answers with another part, or with the whole, fails the transfer with %GMULTI_TRANSFER_ERROR_CHANGED.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_range (GMultiTransfer *self,
                           guint64 offset,
                           gint64 length)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));
  g_return_if_fail (length >= -1);

  if (!check_idle (self))
    return;

  self->plan.has_range = offset != 0 || length != -1;
  self->plan.range_offset = offset;
  self->plan.range_length = length;
}

/**
 * gmulti_transfer_set_bearer_token:
 * @self: the transfer
 * @token: (nullable): the token, or %NULL for none
 *
 * Sends a token as `Authorization`. It goes to the host of the address only, not to one that a redirect names.
 *
 * Since: 1.0
 */
void
gmulti_transfer_set_bearer_token (GMultiTransfer *self,
                                  const char *token)
{
  g_return_if_fail (GMULTI_IS_TRANSFER (self));

  if (check_idle (self))
    gm_set_string (&self->plan.bearer_token, token);
}

/* ---- orders ---- */

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
  give_order (self, GM_ORDER_PAUSE);
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
  give_order (self, GM_ORDER_RESUME);
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

  give_order (self, GM_ORDER_CANCEL);
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

  return (gint64) ((double) ((guint64) total - done) / (double) mirror->speed * G_USEC_PER_SEC);
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
describe_running (const GmMirror *mirror)
{
  g_autofree char *received = g_format_size (mirror->received);
  g_autofree char *speed = g_format_size (mirror->speed);
  g_autofree char *total = NULL;

  if (mirror->received == 0)
    return g_strdup (_("Connecting…"));
  if (mirror->total < 0)
    /* TRANSLATORS: the amount received, and the speed */
    return g_strdup_printf (_("%s — %s/s"), received, speed);

  total = g_format_size ((guint64) mirror->total);
  /* TRANSLATORS: the amount received, the whole amount, and the speed */
  return g_strdup_printf (_("%s of %s — %s/s"), received, total, speed);
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
      return g_strdup (_("Waiting…"));
    case GMULTI_TRANSFER_STATE_RUNNING:
      return describe_running (&mirror);
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
    self->metrics = gm_face_metrics_new (self->info);
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
      if (self->plan.headers != NULL)
        gm_face_headers_freeze (self->plan.headers);
      if (self->paused)
        errand->orders |= GM_ORDER_PAUSE;
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
gm_face_transfer_is_watched (GMultiTransfer *self)
{
  /* not g_signal_has_handler_pending(), which takes no detail for a detail */
  return G_OBJECT_GET_CLASS (self)->notify != NULL
         || g_signal_handler_find (self, G_SIGNAL_MATCH_ID, notify_signal, 0, NULL, NULL, NULL) != 0;
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
        Property property)
{
  g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* Moves what @report brings into the object. */
static void
adopt (GMultiTransfer *self,
       GmReport *report,
       GmMirror *before)
{
  g_mutex_lock (&self->lock);
  *before = self->mirror;
  self->mirror = report->mirror;
  if (report->head != NULL && self->head == NULL)
    self->head = g_steal_pointer (&report->head);
  else if (report->head != NULL)
    report->tidings &= ~(guint) GM_TIDINGS_HEAD;
  if (report->trailers != NULL && self->trailer_head == NULL)
    self->trailer_head = g_steal_pointer (&report->trailers);
  if (report->info != NULL && self->info == NULL)
    self->info = g_steal_pointer (&report->info);
  if (report->error != NULL)
    self->error = g_error_copy (report->error);
  g_mutex_unlock (&self->lock);
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
    notify (self, PROP_BYTES_RECEIVED);
  if (now->sent != before->sent || again)
    notify (self, PROP_BYTES_SENT);
  if (total)
    notify (self, PROP_TOTAL);
  if (speed)
    notify (self, PROP_SPEED);
  if (moved || total || now->state != before->state)
    notify (self, PROP_FRACTION);
  if (moved || total || speed)
    notify (self, PROP_REMAINING);
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
    notify (self, PROP_STATE);
  if (now->wait_reason != before->wait_reason)
    notify (self, PROP_WAIT_REASON);
  if (now->phase != before->phase)
    notify (self, PROP_PHASE);
  notify_numbers (self, before, now, again);
  notify (self, PROP_STATUS_TEXT);
  if ((report->tidings & GM_TIDINGS_HEAD) != 0 || again)
    notify (self, PROP_RESPONSE);
  if ((report->tidings & GM_TIDINGS_DONE) != 0 || again)
    {
      notify (self, PROP_FINISHED);
      notify (self, PROP_METRICS);
      notify (self, PROP_TRAILERS);
      notify (self, PROP_ERROR);
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

void
gm_face_transfer_report (GMultiTransfer *self,
                         GmErrand *errand,
                         GmReport *report)
{
  gboolean again = errand->again && (report->tidings & GM_TIDINGS_STARTED) != 0;
  GmMirror before;
  gboolean moved;

  adopt (self, report, &before);
  moved = report->mirror.received != before.received || report->mirror.sent != before.sent;

  if ((report->tidings & GM_TIDINGS_STARTED) != 0)
    gm_transfer_list_add_errand (gm_core_get_list (errand->core), errand, self);
  if (report->redirects != NULL)
    emit_redirects (self, errand, report);
  if (!errand->delivered && gm_face_transfer_is_watched (self))
    notify_changes (self, &before, report, again);
  if (moved && !errand->delivered && g_signal_has_handler_pending (self, signals[SIGNAL_PROGRESS], 0, TRUE))
    g_signal_emit (self, signals[SIGNAL_PROGRESS], 0);
}

void
gm_face_transfer_complete (GMultiTransfer *self,
                           GmErrand *errand,
                           GmReport *report)
{
  g_mutex_lock (&self->lock);
  self->busy = FALSE;
  self->paused = FALSE;
  g_mutex_unlock (&self->lock);

  gm_transfer_list_remove_errand (gm_core_get_list (errand->core), errand, self);
  if (g_signal_has_handler_pending (self, signals[SIGNAL_COMPLETED], 0, TRUE))
    g_signal_emit (self, signals[SIGNAL_COMPLETED], 0, report->error);
}
