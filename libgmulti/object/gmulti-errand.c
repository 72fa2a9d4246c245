/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-errand-private.h"

#include "gm-trace.h"
#include "gmulti-band-private.h"
#include "gmulti-core-private.h"
#include "gmulti-error-private.h"
#include "gmulti-identity-private.h"
#include "gmulti-patience-private.h"
#include "gmulti-places-private.h"
#include "gmulti-proxy-private.h"
#include "gmulti-transfer-list-private.h"
#include "gmulti-transfer-private.h"

#include <gnutls/gnutls.h>
#include <string.h>

/* An error's body is thrown away to keep the connection; a longer one costs more than a new connection. */
#define MAX_DISCARDED (64 * 1024)
/* A length that a server merely announces is believed up to here; beyond it the buffer grows with what arrives. */
#define MAX_TRUSTED_LENGTH (1024 * 1024)
#define MIN_BODY_SIZE 512
/* What is read into its place in one piece, when there is as much. */
#define MIN_PLACE (64 * 1024)

GmErrand *
gm_errand_new (GmCore *core,
               GmPostbox *home,
               GMultiTransfer *transfer,
               GmErrandKind kind)
{
  GmErrand *self = g_malloc (sizeof (GmErrand));

  memset (self, 0, offsetof (GmErrand, final_info));

  g_atomic_ref_count_init (&self->refs);
  self->core = gm_core_ref (core);
  self->home = home;
  self->transfer = g_object_ref (transfer);
  self->kind = kind;
  self->judge_status = TRUE;
  self->mirror.state = GMULTI_TRANSFER_STATE_QUEUED;
  self->mirror.total = -1;
  self->mirror.upload_total = -1;
  self->mirror.attempt = 1;
  return self;
}

GmErrand *
gm_errand_ref (GmErrand *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/* The answer to the latest question that has one, not looked at yet. There is one question at a time: what is said about
 * an earlier one is out of date, also if it comes later, as when a challenge is let go of that nobody waits for. */
typedef struct
{
  guint64 serial;
  GmReply reply;
  GmAnswerData *data; /* (owned) (nullable) */
} Answer;

static void
answer_free (Answer *self)
{
  if (self == NULL)
    return;
  gm_answer_data_free (self->data);
  g_free (self);
}

void
gm_errand_unref (GmErrand *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  gm_report_clear (&self->report);
  answer_free (self->answer);
  gm_patience_free (self->patience);
  gm_story_clear (&self->story);
  gm_places_free (self->places);
  g_clear_pointer (&self->pipe, gm_pipe_free);
  g_clear_pointer (&self->store, gm_store_unref);
  g_clear_pointer (&self->feed, gm_feed_unref);
  g_clear_pointer (&self->form, gm_form_upload_free);
  g_clear_pointer (&self->upload, g_bytes_unref);
  g_clear_pointer (&self->header_list, gm_header_list_free);
  g_clear_object (&self->resolver);
  g_clear_object (&self->database);
  g_clear_object (&self->interaction);
  g_clear_pointer (&self->band, gm_band_unref);
  g_clear_pointer (&self->head, gm_head_unref);
  if (self->has_info)
    gm_info_drop (&self->final_info);
  g_clear_error (&self->final_error);
  g_clear_object (&self->list);
  g_clear_object (&self->transfer);
  g_clear_object (&self->task);
  g_clear_object (&self->cancellable);
  g_free (self->body);
  gm_postbox_unref (self->home);
  gm_core_unref (self->core);
  g_free (self);
}

void
gm_errand_order (GmErrand *self,
                 guint orders)
{
  gm_core_order (self->core, self, orders);
}

void
gm_errand_continue (gpointer errand)
{
  gm_errand_order (errand, GM_ORDER_CONTINUE);
}

GmReactor *
gm_errand_get_reactor (GmErrand *self)
{
  return gm_multi_get_reactor (gm_core_get_multi (self->core));
}

/* ---- cancellation ---- */

static void
cancelled_cb (GCancellable *cancellable,
              gpointer user_data)
{
  gm_errand_order (user_data, GM_ORDER_CANCEL);
}

static void
unref_closure_data (gpointer data,
                    GClosure *closure)
{
  gm_errand_unref (data);
}

void
gm_errand_watch_cancellable (GmErrand *self,
                             GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;

  /* A plain signal connection: to disconnect it never waits for a handler that is running, as
   * g_cancellable_disconnect() does, and what that handler touches is kept alive by the closure. */
  self->cancellable = g_object_ref (cancellable);
  self->cancel_id = g_signal_connect_data (cancellable, "cancelled", G_CALLBACK (cancelled_cb), gm_errand_ref (self),
                                           unref_closure_data, 0);
  if (g_cancellable_is_cancelled (cancellable))
    gm_errand_order (self, GM_ORDER_CANCEL);
}

static void
unwatch_cancellable (GmErrand *self)
{
  if (self->cancellable == NULL)
    return;

  g_signal_handler_disconnect (self->cancellable, self->cancel_id);
  g_clear_object (&self->cancellable);
}

void
gm_errand_take_source (GmErrand *self)
{
  const GmPlan *plan = gm_face_transfer_get_plan (self->transfer);

  switch ((GmUploadKind) plan->body_kind)
    {
    case GM_UPLOAD_BYTES:
      self->upload = g_bytes_ref (plan->body);
      break;
    case GM_UPLOAD_FILE:
      self->feed = gm_feed_new_for_file (self, plan->body);
      break;
    case GM_UPLOAD_STREAM:
      self->feed = gm_feed_new_for_stream (self, plan->body);
      break;
    case GM_UPLOAD_FORM:
      self->form = gm_face_form_compose (plan->body, self);
      break;
    case GM_UPLOAD_NONE:
    default:
      break;
    }
}

/* ---- answers to the engine ---- */

static gboolean
has_error_status (GmErrand *self)
{
  return self->judge_status && self->head != NULL && self->head->status >= 400;
}

/* What is not the part that was asked for must not be taken for it. */
static void
judge_part (GmErrand *self,
            const GmPlan *plan)
{
  if (plan->body_kind != GM_UPLOAD_NONE || (plan->method != NULL && !g_str_equal (plan->method, "GET")) ||
      gm_head_has_part (self->head, plan->range_offset, plan->range_length))
    return;

  self->refused = TRUE;
  self->write_fault = GM_RANGE_REFUSED;
}

static void
ensure_head (GmErrand *self)
{
  const GmPlan *plan;

  if (self->head != NULL)
    return;

  self->head = gm_head_new (gm_transfer_get_info (self->engine), gm_transfer_get_url (self->engine),
                            gm_transfer_get_headers (self->engine), GM_HEADER_FINAL);
  self->refused = has_error_status (self);
  plan = gm_face_transfer_get_plan (self->transfer);
  if (G_UNLIKELY (plan->has_range))
    judge_part (self, plan);
  if (self->store != NULL && !self->refused)
    gm_store_set_head (self->store, self->head);
}

/* Why, of an error's status: that of a proxy is nothing that the server has said. */
static GmResult
refusal (GmErrand *self)
{
  return self->head->status == 407 && gm_transfer_get_info (self->engine)->used_proxy ? GM_PROXY_LOGIN : GM_HTTP_STATUS;
}

static GmAnswer
discard (GmErrand *self,
         gsize len)
{
  self->n_discarded += len;
  if (self->refused && self->write_fault != GM_OK)
    return GM_ANSWER_ABORT;
  if (self->refused && self->n_discarded > MAX_DISCARDED)
    {
      self->write_fault = refusal (self);
      return GM_ANSWER_ABORT;
    }

  return GM_ANSWER_OK;
}

static gboolean
grow_body (GmErrand *self,
           gsize len)
{
  gint64 announced = gm_transfer_get_info (self->engine)->download_size;
  gsize wanted, size;
  char *body;

  if (!g_size_checked_add (&wanted, self->body_len, len))
    return FALSE;
  if (wanted <= self->body_size)
    return TRUE;

  size = MAX (self->body_size, MIN_BODY_SIZE);
  /* one more, for who reads to the end and looks what is behind */
  if (self->body == NULL && announced > 0)
    size = MAX ((gsize) MIN (announced, MAX_TRUSTED_LENGTH) + 1, len);
  while (size < wanted)
    {
      if (size > G_MAXSIZE / 2)
        return FALSE;
      size *= 2;
    }

  body = g_try_realloc (self->body, size);
  if (body == NULL)
    return FALSE;
  self->body = body;
  self->body_size = size;
  return TRUE;
}

static GmAnswer
write_memory (GmErrand *self,
              const char *data,
              gsize len)
{
  if (!grow_body (self, len))
    {
      self->write_fault = GM_OUT_OF_MEMORY;
      return GM_ANSWER_ABORT;
    }

  if (data != self->body + self->body_len)
    memcpy (self->body + self->body_len, data, len);
  self->body_len += len;
  return GM_ANSWER_OK;
}

static GmAnswer
place_in_memory (GmErrand *self,
                 char **data,
                 gsize *len)
{
  if (!grow_body (self, MIN (*len, MIN_PLACE)))
    {
      self->write_fault = GM_OUT_OF_MEMORY;
      return GM_ANSWER_ABORT;
    }

  *data = self->body + self->body_len;
  *len = self->body_size - self->body_len;
  return GM_ANSWER_OK;
}

static GmAnswer
write_partly (GmErrand *self,
              gssize n,
              gsize len,
              gsize *taken)
{
  if (n < 0)
    {
      self->write_fault = GM_WRITE_FAILED;
      return GM_ANSWER_ABORT;
    }

  *taken = (gsize) n;
  self->full = *taken < len;
  return self->full ? GM_ANSWER_PAUSE : GM_ANSWER_OK;
}

static GmAnswer
client_write (GmClient *client,
              const char *data,
              gsize len,
              gsize *taken)
{
  GmErrand *self = client->face;
  gsize n;

  ensure_head (self);
  if (self->refused)
    return discard (self, len);

  switch (self->kind)
    {
    case GM_ERRAND_MEMORY:
      return write_memory (self, data, len);
    case GM_ERRAND_PIPE:
      n = gm_pipe_write (self->pipe, data, len);
      gm_core_wake_waiters (self->core);
      return write_partly (self, (gssize) n, len, taken);
    case GM_ERRAND_STORE:
      return write_partly (self, gm_store_write (self->store, gm_errand_get_reactor (self), data, len), len, taken);
    case GM_ERRAND_DISCARD:
    default:
      return discard (self, len);
    }
}

static GmAnswer
client_place (GmClient *client,
              char **data,
              gsize *len)
{
  GmErrand *self = client->face;

  ensure_head (self);
  if (self->refused)
    return GM_ANSWER_OK;

  switch (self->kind)
    {
    case GM_ERRAND_MEMORY:
      return place_in_memory (self, data, len);
    case GM_ERRAND_PIPE:
      self->full = !gm_pipe_place (self->pipe, data, len);
      break;
    case GM_ERRAND_STORE:
      self->full = !gm_store_place (self->store, data, len);
      break;
    case GM_ERRAND_DISCARD:
    default:
      break;
    }
  return self->full ? GM_ANSWER_PAUSE : GM_ANSWER_OK;
}

static GmAnswer
read_form (GmErrand *self,
           char *buffer,
           gsize len,
           gsize *n)
{
  GmResult result = gm_form_read (self->form->form, buffer, len, n);

  if (result == GM_OK)
    return GM_ANSWER_OK;
  self->starved = result == GM_AGAIN;
  if (!self->starved)
    self->read_fault = result;
  return result == GM_AGAIN ? GM_ANSWER_PAUSE : GM_ANSWER_FAIL;
}

static GmAnswer
client_read (GmClient *client,
             char *buffer,
             gsize len,
             gsize *n)
{
  GmErrand *self = client->face;

  *n = 0;
  if (self->upload != NULL)
    {
      gsize size;
      const char *data = g_bytes_get_data (self->upload, &size);

      *n = MIN (len, size - self->upload_offset);
      if (*n > 0)
        memcpy (buffer, data + self->upload_offset, *n);
      self->upload_offset += *n;
      return GM_ANSWER_OK;
    }

  if (self->form != NULL)
    return read_form (self, buffer, len, n);
  if (self->feed == NULL)
    return GM_ANSWER_OK;

  switch (gm_feed_read (self->feed, gm_errand_get_reactor (self), buffer, len, n))
    {
    case GM_FEED_LATER:
      self->starved = TRUE;
      return GM_ANSWER_PAUSE;
    case GM_FEED_FAILED:
      return GM_ANSWER_FAIL;
    case GM_FEED_DATA:
    case GM_FEED_END:
    default:
      return GM_ANSWER_OK;
    }
}

static GmSeekAnswer
client_seek (GmClient *client,
             gint64 offset)
{
  GmErrand *self = client->face;

  if (self->upload != NULL)
    {
      if ((guint64) offset > g_bytes_get_size (self->upload))
        return GM_SEEK_FAIL;
      self->upload_offset = (gsize) offset;
      return GM_SEEK_OK;
    }

  if (self->form != NULL)
    return offset == 0 && gm_form_rewind (self->form->form) == GM_OK ? GM_SEEK_OK : GM_SEEK_CANNOT;

  return self->feed != NULL && gm_feed_seek (self->feed, offset) ? GM_SEEK_OK : GM_SEEK_CANNOT;
}

static gboolean
client_goes_direct (GmClient *client,
                    const struct _GmUrl *url)
{
  GmErrand *self = client->face;

  return (self->resolver == NULL || self->resolver == gm_core_get_proxy_resolver (self->core)) &&
         gm_core_goes_direct (self->core, url);
}

static GmStory *
client_story (GmClient *client)
{
  GmErrand *self = client->face;

  return &self->story;
}

const GmClientOps gm_errand_client_ops = {
  .story = client_story,
  .write = client_write,
  .read = client_read,
  .seek = client_seek,
  .goes_direct = client_goes_direct,
  .place = client_place,
};

/* ---- the engine's side ---- */

void
gm_errand_tell (GmErrand *self,
                guint tidings)
{
  GM_TRACE (OBJECT, self->engine != NULL ? gm_transfer_get_id (self->engine) : 0, 0, "tells its home: %#x", tidings);
  gm_postbox_lock (self->home);
  self->report.tidings |= tidings;
  self->report.mirror = self->mirror;
  if ((tidings & GM_TIDINGS_HEAD) != 0 && self->report.head == NULL)
    self->report.head = gm_head_ref (self->head);
  if ((tidings & GM_TIDINGS_DONE) != 0)
    {
      self->report.info = self->has_info ? &self->final_info : NULL;
      self->report.error = g_steal_pointer (&self->final_error);
    }
  gm_postbox_post (self->home, self);

  if (gm_postbox_is_blocking (self->home))
    gm_core_wake_waiters (self->core);
}

/* ---- questions ---- */

void
gm_errand_answer (GmErrand *self,
                  guint64 serial,
                  GmReply reply,
                  GmAnswerData *data)
{
  Answer *latest = g_new (Answer, 1);
  Answer *other;

  *latest = (Answer){ serial, reply, data };
  while ((other = g_atomic_pointer_exchange (&self->answer, latest)) != NULL && other->serial > latest->serial)
    latest = other; /* ours, which is in its place now, comes back by the next turn, if nobody has taken it */
  answer_free (other);
  gm_errand_order (self, GM_ORDER_ANSWER);
}

static void
pass_answer (GmErrand *self)
{
  Answer *answer = g_atomic_pointer_exchange (&self->answer, NULL);

  if (answer != NULL && self->engine != NULL)
    gm_transfer_answer (self->engine, answer->serial, answer->reply, g_steal_pointer (&answer->data));
  answer_free (answer);
}

static void
tell_question (GmErrand *self)
{
  const GmQuestion *question = gm_transfer_get_question (self->engine);

  if (question == NULL)
    return;
  if (question->kind == GM_QUESTION_PROXY)
    {
      gm_errand_tell (self, GM_TIDINGS_STATE);
      gm_proxy_lookup_begin (self, gm_core_get_priority (self->core), question, gm_core_is_blocking (self->core));
      return;
    }

  gm_postbox_lock (self->home);
  g_clear_pointer (&self->report.question, gm_question_data_unref);
  self->report.question = gm_question_data_ref (question->data);
  self->report.question_serial = question->serial;
  self->report.tidings |= GM_TIDINGS_QUESTION;
  self->report.mirror = self->mirror;
  gm_postbox_post (self->home, self);
  if (gm_postbox_is_blocking (self->home))
    gm_core_wake_waiters (self->core);
}

static void
update_pause (GmErrand *self)
{
  GmPause pause = GM_PAUSE_NONE;

  if (self->engine == NULL)
    return;
  if (self->paused || (self->patience != NULL && gm_patience_is_paused (self->patience)))
    pause = GM_PAUSE_RECV | GM_PAUSE_SEND;
  if (self->full)
    pause |= GM_PAUSE_RECV;
  if (self->starved)
    pause |= GM_PAUSE_SEND;

  gm_transfer_pause (self->engine, pause);
}

static void
update_numbers (GmErrand *self)
{
  const GmInfo *info = gm_transfer_get_info (self->engine);
  GmPhase phase;

  self->mirror.received = info->downloaded;
  self->mirror.sent = info->uploaded;
  /* what comes with a refusal is no part of what is waited for */
  self->mirror.total = G_LIKELY (!self->refused) ? info->download_size : -1;
  self->mirror.upload_total = info->upload_size;
  phase = gm_transfer_get_phase (self->engine);
  /* at its end it is in none: that which it was in is kept */
  if (phase != GM_PHASE_NONE)
    self->mirror.phase = (guint8) phase;
  self->mirror.speed = gm_transfer_get_speed (self->engine, FALSE);
  if (self->mirror.speed == 0)
    self->mirror.speed = gm_transfer_get_speed (self->engine, TRUE);
}

static void
update_state (GmErrand *self)
{
  GmTransferState state = gm_transfer_get_state (self->engine);
  const GmQuestion *question = gm_transfer_get_question (self->engine);

  self->mirror.wait_reason = GMULTI_WAIT_REASON_NONE;
  if (self->paused)
    {
      self->mirror.state = GMULTI_TRANSFER_STATE_PAUSED;
    }
  else if (G_UNLIKELY (self->patience != NULL) && gm_patience_get_reason (self->patience) != GMULTI_WAIT_REASON_NONE)
    {
      self->mirror.state = GMULTI_TRANSFER_STATE_WAITING;
      self->mirror.wait_reason = (guint8) gm_patience_get_reason (self->patience);
    }
  else if (state == GM_STATE_PENDING || self->place != NULL)
    {
      self->mirror.state = GMULTI_TRANSFER_STATE_WAITING;
      self->mirror.wait_reason = GMULTI_WAIT_REASON_LIMIT;
    }
  /* which way to go is nothing that the application is waited for */
  else if (question != NULL && question->kind != GM_QUESTION_PROXY)
    {
      self->mirror.state = GMULTI_TRANSFER_STATE_WAITING;
      self->mirror.wait_reason = GMULTI_WAIT_REASON_ANSWER;
    }
  else
    {
      gboolean begins = question == NULL && (state == GM_STATE_IDLE || state == GM_STATE_STARTING);

      /* the engine starts each hop anew, and once the way to go is known; what runs is not queued again by that */
      if (!begins || self->mirror.state != GMULTI_TRANSFER_STATE_RUNNING)
        self->mirror.state = begins ? GMULTI_TRANSFER_STATE_QUEUED : GMULTI_TRANSFER_STATE_RUNNING;
      return;
    }

  self->mirror.speed = 0;
}

/* (nullable): TLS names what is wrong by numbers. */
static const char *
tls_detail (const GmError *error)
{
  if (error->alert != 0)
    return gnutls_alert_get_name ((gnutls_alert_description_t) error->alert);

  return error->tls != 0 ? gnutls_strerror (error->tls) : NULL;
}

static GmFailure
describe_failure (GmErrand *self,
                  GmResult result,
                  char **host)
{
  const GmError *error = self->engine != NULL ? gm_transfer_get_error (self->engine) : NULL;
  GmUrl *url = self->engine != NULL ? gm_transfer_get_url (self->engine) : NULL;
  GmFailure failure = { .result = result, .phase = GM_PHASE_NONE };

  if (error != NULL && error->result == result)
    {
      failure.phase = error->phase;
      failure.sys_errno = error->sys_errno;
      failure.resolver = error->resolver;
      failure.detail = error->detail; /* stays while the engine's error does */
      failure.ways = error->ways;
      failure.proxy_status = error->proxy_status;
      failure.h2 = error->h2;
      *host = g_strdup (error->host);
    }
  else if (self->engine != NULL)
    {
      failure.phase = gm_transfer_get_phase (self->engine);
      if ((result == GM_HTTP_STATUS || result == GM_PROXY_LOGIN) && gm_transfer_get_info (self->engine)->auth_problem != GM_OK)
        failure.detail = error->detail;
    }

  if (result == GM_TLS_FAILED && failure.detail == NULL && error != NULL)
    failure.detail = tls_detail (error);

  if (*host == NULL && url != NULL)
    {
      GmSpan span = gm_url_get_scheme (url) == GM_SCHEME_FILE ? gm_url_get_path (url) : gm_url_get_host (url);

      *host = span.len > 0 ? g_strndup (span.data, span.len) : NULL;
    }
  if (*host == NULL)
    *host = gm_face_transfer_dup_host (self->transfer);

  failure.host = *host;
  failure.status = self->head != NULL ? self->head->status : 0;
  if (result == GM_HTTP_STATUS)
    failure.phase = GM_PHASE_RESPONSE;
  return failure;
}

GError *
gm_errand_make_error (GmErrand *self,
                      GmResult result)
{
  g_autofree char *host = NULL, *fault = NULL;
  GmFailure failure;
  GError *error = NULL;

  if (result == GM_OK)
    return NULL;

  /* whoever could not write or read says it better than the engine */
  if (self->store != NULL && (result == GM_WRITE_FAILED || result == GM_ABORTED))
    {
      error = gm_store_take_error (self->store);
      if (error != NULL)
        self->mirror.phase = GM_PHASE_STORAGE;
    }
  else if (self->feed != NULL && result == GM_READ_FAILED)
    error = gm_feed_take_error (self->feed);
  else if (self->form != NULL && result == GM_READ_FAILED)
    error = gm_form_upload_take_error (self->form);
  if (error != NULL)
    return error;

  failure = describe_failure (self, result, &host);
  fault = gm_plan_dup_fault (gm_face_transfer_get_plan (self->transfer), result);
  if (fault != NULL)
    failure.detail = fault;
  if (failure.phase != GM_PHASE_NONE)
    self->mirror.phase = (guint8) failure.phase;
  return gm_failure_to_error (&failure);
}

static void
drop_engine (GmErrand *self)
{
  if (self->engine == NULL)
    return;

  gm_transfer_free (g_steal_pointer (&self->engine));
}

/* All is over: the report says so. The errand may be gone afterwards. */
static void
complete (GmErrand *self)
{
  if (self->final_error == NULL)
    self->mirror.state = GMULTI_TRANSFER_STATE_SUCCEEDED;
  else if (g_error_matches (self->final_error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    self->mirror.state = GMULTI_TRANSFER_STATE_CANCELLED;
  else
    self->mirror.state = GMULTI_TRANSFER_STATE_FAILED;
  self->mirror.wait_reason = GMULTI_WAIT_REASON_NONE;

  if (self->pipe != NULL)
    gm_pipe_finish (self->pipe, self->final_error != NULL ? g_error_copy (self->final_error) : NULL);

  gm_errand_ref (self);
  gm_core_errand_ended (self->core, self);
  gm_errand_tell (self, GM_TIDINGS_DONE | (self->head != NULL ? GM_TIDINGS_HEAD : 0));
  gm_core_wake_waiters (self->core);
  gm_errand_unref (self);
}

static void
add_trailers (GmErrand *self)
{
  GmHeaders *headers = gm_transfer_get_headers (self->engine);
  GmHead *trailers;

  if (headers == NULL
      || gm_headers_find (headers, gm_span (NULL, 0), 0, GM_HEADER_TRAILER, GM_HEADERS_LAST_REQUEST) < 0)
    return;

  trailers = gm_head_new (gm_transfer_get_info (self->engine), NULL, headers, GM_HEADER_TRAILER);
  gm_postbox_lock (self->home);
  g_clear_pointer (&self->report.trailers, gm_head_unref);
  self->report.trailers = trailers;
  gm_postbox_post (self->home, self);
}

/* The engine's part is over, by its own word or by ours. */
static void
end (GmErrand *self,
     GmResult result)
{
  if (self->ending)
    return;

  self->ending = TRUE;
  if (self->engine != NULL)
    {
      if (result == GM_OK)
        ensure_head (self);
      if (result == GM_OK && self->refused)
        result = self->write_fault != GM_OK ? self->write_fault : refusal (self);
      if (result == GM_ABORTED && self->write_fault != GM_OK)
        result = self->write_fault;
      if (result == GM_READ_FAILED && self->read_fault != GM_OK)
        result = self->read_fault;
      if (G_UNLIKELY (result != GM_OK) && gm_patience_try_again (self, result))
        {
          self->ending = FALSE;
          return;
        }
      update_numbers (self);
      add_trailers (self);
      gm_transfer_take_info (self->engine, &self->final_info);
      self->has_info = TRUE;
    }

  if (self->final_error == NULL)
    self->final_error = gm_errand_make_error (self, result);
  if (self->feed != NULL)
    gm_feed_stop (self->feed);
  if (self->form != NULL)
    gm_form_upload_stop (self->form);
  gm_proxy_lookup_forget (self);
  if (self->patience != NULL)
    gm_patience_end (self);
  if (G_UNLIKELY (self->places != NULL))
    gm_places_end (self);
  gm_core_withdraw (self->core, self);
  drop_engine (self);

  if (self->store != NULL)
    gm_store_finish (self->store, gm_errand_get_reactor (self), self->final_error == NULL);
  else
    complete (self);
}

void
gm_errand_storage_done (GmErrand *self,
                        GError *error)
{
  if (self->final_error == NULL && error != NULL)
    {
      self->final_error = g_steal_pointer (&error);
      self->mirror.phase = GM_PHASE_STORAGE;
    }
  g_clear_error (&error);

  complete (self);
}

void
gm_errand_stop (GmErrand *self,
                GmResult result)
{
  end (self, result);
}

void
gm_errand_abandon (GmErrand *self)
{
  end (self, GM_CANCELLED);
  if (self->store == NULL)
    return;

  /* its file, if it was being finished just now, gets no name any more */
  gm_store_stop (self->store);
  gm_errand_storage_done (self, gm_errand_make_error (self, GM_CANCELLED));
}

/* ---- another attempt ---- */

/* What it waits for is another thing now. */
static void
tell_wait (GmErrand *self)
{
  switch ((GMultiWaitReason) self->mirror.wait_reason)
    {
    case GMULTI_WAIT_REASON_CONNECTIVITY:
      gm_story_mark (&self->story, GM_STORY_WAITED_NETWORK);
      break;
    case GMULTI_WAIT_REASON_METERED:
      gm_story_mark (&self->story, GM_STORY_WAITED_METERED);
      break;
    case GMULTI_WAIT_REASON_POWER_SAVER:
      gm_story_mark (&self->story, GM_STORY_WAITED_POWER);
      break;
    case GMULTI_WAIT_REASON_NONE:
    case GMULTI_WAIT_REASON_LIMIT:
    case GMULTI_WAIT_REASON_SCHEDULE:
    case GMULTI_WAIT_REASON_RETRY:
    case GMULTI_WAIT_REASON_ANSWER:
    default:
      break;
    }
}

void
gm_errand_refresh (GmErrand *self)
{
  guint8 before = self->mirror.wait_reason;

  update_pause (self);
  update_state (self);
  if (self->mirror.wait_reason != before)
    tell_wait (self);
  gm_errand_tell (self, GM_TIDINGS_STATE);
}

gboolean
gm_errand_rewind (GmErrand *self,
                  gboolean sent)
{
  if (self->form != NULL && gm_form_rewind (self->form->form) != GM_OK)
    return FALSE;
  if (self->feed != NULL && sent && !gm_feed_seek (self->feed, 0))
    return FALSE;
  if (self->store != NULL)
    gm_store_restart (self->store);

  self->upload_offset = 0;
  self->body_len = 0;
  self->n_discarded = 0;
  self->write_fault = self->read_fault = GM_OK;
  self->full = self->starved = self->refused = FALSE;
  g_clear_pointer (&self->head, gm_head_unref);
  self->mirror = (GmMirror){ .total = -1, .upload_total = -1, .state = self->mirror.state,
                             .attempt = self->mirror.attempt };
  return TRUE;
}

void
gm_errand_tell_retry (GmErrand *self,
                      GError *error,
                      guint delay)
{
  GmRetryNote *note;

  if (error != NULL)
    gm_story_tell (&self->story, .kind = GM_STORY_RETRIES_LATER, .code = (int) delay, .port = (guint16) self->mirror.attempt,
                   .text = error->message);
  gm_postbox_lock (self->home);
  g_clear_pointer (&self->report.head, gm_head_unref);
  g_clear_pointer (&self->report.trailers, gm_head_unref);
  g_clear_pointer (&self->report.question, gm_question_data_unref);
  self->report.tidings &= ~(guint) (GM_TIDINGS_HEAD | GM_TIDINGS_QUESTION);
  self->report.tidings |= GM_TIDINGS_RETRY;
  self->report.mirror = self->mirror;
  if (error != NULL)
    {
      if (self->report.retries == NULL)
        self->report.retries = g_ptr_array_new_with_free_func (gm_retry_note_free);
      if (self->report.retries->len >= GM_REPORT_MAX_REDIRECTS)
        g_ptr_array_remove_index (self->report.retries, 0);
      note = g_new (GmRetryNote, 1);
      *note = (GmRetryNote){ error, self->mirror.attempt, delay };
      g_ptr_array_add (self->report.retries, note);
    }
  gm_postbox_post (self->home, self);
}

/* FALSE: lengths of files are being looked for. */
static gboolean
prepare_form (GmErrand *self,
              const GmPlan *plan)
{
  if (gm_form_upload_probe (self->form, gm_errand_get_reactor (self)))
    return FALSE;

  gm_plan_apply_size (plan, self->engine, gm_form_get_size (self->form->form));
  return TRUE;
}

/* FALSE: it is not known yet how long it is. */
static gboolean
prepare_upload (GmErrand *self,
                const GmPlan *plan)
{
  if (plan->body_kind == GM_UPLOAD_FORM)
    return prepare_form (self, plan);
  if (plan->body_kind != GM_UPLOAD_FILE)
    return TRUE;
  gm_feed_probe (self->feed, gm_errand_get_reactor (self));
  return FALSE;
}

/* The session's resolver is in the pattern already: a fixed proxy as what it says, others as a question. */
static void
set_proxy_resolver (GmErrand *self,
                    const GmPlan *plan)
{
  GProxyResolver *resolver = plan->proxy_resolver;

  /* it says itself where to connect to */
  if (G_UNLIKELY (plan->connectable != NULL))
    {
      gm_transfer_set_int (self->engine, GM_OPTION_ASK, self->ask);
      return;
    }

  if (G_LIKELY (resolver == NULL))
    {
      resolver = gm_core_get_proxy_resolver (self->core);
      if (self->ask != 0 && gm_core_asks_for_proxies (self->core))
        self->ask |= 1 << GM_QUESTION_PROXY;
      /* the session may get another one while this goes on, and the next hop looks at its fields again */
      else if (resolver != NULL && GMULTI_IS_PROXY (resolver))
        self->resolver = g_object_ref (resolver);
      return;
    }

  self->resolver = g_object_ref (resolver);
  gm_transfer_set_int (self->engine, GM_OPTION_ASK, self->ask);
  gm_face_proxy_apply (GMULTI_IS_PROXY (resolver) ? GMULTI_PROXY (resolver) : NULL, self->engine);
  if (!GMULTI_IS_PROXY (resolver) && gm_proxy_lookup_is_needed (resolver))
    self->ask |= 1 << GM_QUESTION_PROXY;
}

/* The transfer's own, or the session's. */
static void
set_tls (GmErrand *self,
         const GmPlan *plan)
{
  GTlsDatabase *database = plan->tls_database != NULL ? plan->tls_database : gm_core_get_tls_database (self->core);
  GTlsInteraction *interaction
    = plan->tls_interaction != NULL ? plan->tls_interaction : gm_core_get_tls_interaction (self->core);

  if (G_UNLIKELY (database != NULL))
    gm_plan_apply_database (database, self->engine, FALSE);
  if (gm_plan_asks_database (database))
    {
      self->database = g_object_ref (database);
      self->ask |= 1u << GM_QUESTION_TRUST;
    }
  if (G_UNLIKELY (interaction != NULL))
    {
      self->interaction = g_object_ref (interaction);
      self->ask |= 1u << GM_QUESTION_PIN;
      if (plan->client_certificate == NULL && gm_face_identity_can_ask (interaction))
        self->ask |= 1u << GM_QUESTION_IDENTITY;
    }
}

GTlsDatabase *
gm_errand_get_proxy_database (GmErrand *self)
{
  return self->resolver != NULL && GMULTI_IS_PROXY (self->resolver)
           ? gm_face_proxy_get_database (GMULTI_PROXY (self->resolver))
           : NULL;
}

gboolean
gm_errand_prepare (GmErrand *self)
{
  const GmPlan *plan = gm_face_transfer_get_plan (self->transfer);
  GmResult result;

  self->engine = gm_transfer_dup (gm_core_get_pattern (self->core), self);
  self->header_list = gm_plan_make_header_list (plan, self->form != NULL ? self->form->content_type : NULL,
                                                gm_core_get_accept_language (self->core));
  result = gm_plan_apply (plan, self->engine, self->header_list);

  /* What is in a file ought to be what a later range of it continues, so it is asked for as it is; what a server codes
   * all the same is undone. */
  if (self->kind == GM_ERRAND_STORE && !plan->raw && result == GM_OK)
    result = gm_transfer_set_string (self->engine, GM_OPTION_ACCEPT_ENCODING, "identity");
  if (self->form != NULL && result == GM_OK)
    result = gm_form_rewind (self->form->form);
  set_tls (self, plan);
  set_proxy_resolver (self, plan);
  if (G_UNLIKELY (gm_errand_get_proxy_database (self) != NULL))
    self->ask |= 1u << GM_QUESTION_TRUST;
  if (self->band != NULL)
    gm_transfer_set_rates (self->engine, gm_band_get_rates (self->band));
  if (self->ask != 0)
    {
      gm_transfer_set_int (self->engine, GM_OPTION_ASK, self->ask);
      if (self->ask & (1u << GM_QUESTION_TRUST))
        {
          gm_transfer_set_int (self->engine, GM_OPTION_TLS_ASK_TRUST,
                               self->database != NULL ? GM_TLS_ASK_ALWAYS : GM_TLS_ASK_ON_FAULT);
          gm_transfer_set_int (self->engine, GM_OPTION_PROXY_TLS_ASK_TRUST,
                               gm_errand_get_proxy_database (self) != NULL ? GM_TLS_ASK_ALWAYS : GM_TLS_ASK_ON_FAULT);
        }
    }
  if (self->connect_only)
    gm_transfer_set_int (self->engine, GM_OPTION_CONNECT_ONLY, GM_CONNECT_ONLY_FOR_POOL);
  if (plan->accept_status)
    self->judge_status = FALSE;
  if (result != GM_OK)
    {
      end (self, result);
      return FALSE;
    }

  if (G_UNLIKELY (plan->constraints != 0))
    gm_patience_begin (self);
  if (G_UNLIKELY (plan->connectable != NULL))
    {
      /* without a network there may be nobody who knows them */
      if (self->patience == NULL || !gm_patience_holds (self->patience))
        gm_places_ask (self, plan->connect_timeout);
      return FALSE;
    }
  return prepare_upload (self, plan);
}

void
gm_errand_places_known (GmErrand *self,
                        GBytes *addresses,
                        GError *error)
{
  if (error != NULL && gm_patience_try_places_again (self, error))
    {
      g_error_free (error);
      return;
    }
  if (error != NULL)
    {
      self->final_error = error;
      self->mirror.phase = GM_PHASE_RESOLVE;
      end (self, GM_RESOLVE_FAILED);
      return;
    }

  gm_transfer_set_bytes (self->engine, GM_OPTION_PLACES, addresses);
  /* of another attempt the rest is known from the first */
  if ((self->patience != NULL && gm_patience_get_past (self->patience) != NULL)
      || prepare_upload (self, gm_face_transfer_get_plan (self->transfer)))
    gm_core_admit (self->core, self);
}

void
gm_errand_upload_known (GmErrand *self,
                        GmFeed *feed,
                        gint64 size,
                        GError *error)
{
  if (self->ending)
    {
      g_clear_error (&error);
      return;
    }
  if (error != NULL)
    {
      self->final_error = error;
      end (self, GM_READ_FAILED);
      return;
    }

  if (self->form != NULL)
    {
      if (!gm_form_upload_known (self->form, feed, size))
        return;
      size = gm_form_get_size (self->form->form);
    }
  gm_plan_apply_size (gm_face_transfer_get_plan (self->transfer), self->engine, size);
  gm_core_admit (self->core, self);
}

static void
note_redirect (GmErrand *self)
{
  GmUrl *url = gm_transfer_get_url (self->engine);
  g_autoptr (GmUrl) plain = NULL;

  if (url == NULL || gm_url_without_login (url, &plain) != GM_OK)
    return;

  gm_postbox_lock (self->home);
  if (self->report.redirects == NULL)
    self->report.redirects = g_ptr_array_new_with_free_func (g_free);
  if (self->report.redirects->len >= GM_REPORT_MAX_REDIRECTS)
    g_ptr_array_remove_index (self->report.redirects, 0);
  g_ptr_array_add (self->report.redirects, g_strdup (gm_url_get_text (plain)));
  self->report.tidings |= GM_TIDINGS_REDIRECT;
  gm_postbox_post (self->home, self);
}

static void
note_progress (GmErrand *self)
{
  gm_core_delay_progress (self->core, self);
}

/* A speed falls also while nothing comes, until it is none; who looks at it need not be one who listens. */
static void
watch_speed (GmErrand *self)
{
  if (self->mirror.speed > 0 && self->mirror.state == GMULTI_TRANSFER_STATE_RUNNING)
    note_progress (self);
}

void
gm_errand_tick (GmErrand *self)
{
  if (self->ending)
    return;

  update_numbers (self);
  update_state (self);
  self->last_told = gm_errand_get_reactor (self)->now;
  gm_errand_tell (self, GM_TIDINGS_PROGRESS | GM_TIDINGS_STATE);
  watch_speed (self);
}

void
gm_errand_wait (GmErrand *self)
{
  gm_story_mark (&self->story, GM_STORY_WAITED_SLOT);
  update_state (self);
  if (self->eager)
    gm_errand_tell (self, GM_TIDINGS_STATE);
  else
    note_progress (self);
}

void
gm_errand_take_facts (GmErrand *self,
                      guint facts)
{
  guint tidings = 0;

  if (self->ending)
    return;

  if ((facts & GM_FACT_REDIRECT) != 0)
    note_redirect (self);

  if ((facts & GM_FACT_DONE) != 0)
    {
      end (self, gm_transfer_get_result (self->engine));
      return;
    }

  if ((facts & GM_FACT_HEAD) != 0)
    {
      ensure_head (self);
      tidings |= GM_TIDINGS_HEAD;
    }
  else if (self->head != NULL && self->kind == GM_ERRAND_PIPE && (facts & GM_FACT_PROGRESS) != 0)
    {
      tidings |= GM_TIDINGS_HEAD;
    }

  /* nobody is given a stream of another part */
  if (G_UNLIKELY (self->write_fault == GM_RANGE_REFUSED))
    {
      end (self, GM_RANGE_REFUSED);
      return;
    }

  if ((facts & GM_FACT_QUESTION) != 0)
    {
      update_numbers (self);
      update_state (self);
      tell_question (self);
    }

  if ((facts & GM_FACT_STATE) != 0)
    {
      update_state (self);
      if (self->eager)
        tidings |= GM_TIDINGS_STATE;
    }

  if (tidings != 0)
    {
      update_numbers (self);
      gm_errand_tell (self, tidings);
      watch_speed (self);
    }
  else if ((facts & (GM_FACT_PROGRESS | GM_FACT_STATE)) != 0)
    {
      note_progress (self);
    }
}

void
gm_errand_carry_out (GmErrand *self,
                     guint orders)
{
  gboolean paused = self->paused;

  if (self->ending)
    return;
  GM_TRACE (OBJECT, self->engine != NULL ? gm_transfer_get_id (self->engine) : 0, 0, "is told: %#x", orders);

  if ((orders & GM_ORDER_CANCEL) != 0)
    {
      end (self, GM_CANCELLED);
      return;
    }

  if ((orders & GM_ORDER_RATES) != 0)
    {
      guint64 down, up;
      int priority;

      gm_face_transfer_get_live (self->transfer, &priority, &down, &up);
      gm_plan_apply_rates (down, up, self->engine);
    }
  if ((orders & GM_ORDER_PRIORITY) != 0)
    gm_plan_apply_priority (self->priority, self->engine);

  if ((orders & GM_ORDER_PAUSE) != 0)
    self->paused = TRUE;
  if ((orders & GM_ORDER_RESUME) != 0)
    self->paused = FALSE;
  if ((orders & GM_ORDER_CONTINUE) != 0)
    {
      self->full = FALSE;
      self->starved = FALSE;
    }
  if ((orders & (GM_ORDER_PAUSE | GM_ORDER_RESUME | GM_ORDER_CONTINUE)) != 0)
    update_pause (self);
  if (G_UNLIKELY (orders & GM_ORDER_PLACES))
    {
      gm_places_answer (self);
      if (self->ending)
        return;
    }
  if ((orders & GM_ORDER_ANSWER) != 0)
    {
      pass_answer (self);
      update_state (self);
      gm_errand_tell (self, GM_TIDINGS_STATE);
    }

  if (paused != self->paused)
    {
      gm_story_mark (&self->story, self->paused ? GM_STORY_PAUSED : GM_STORY_CONTINUED);
      update_state (self);
      gm_errand_tell (self, GM_TIDINGS_STATE);
    }
}

/* ---- the home context ---- */

static void
return_task (GmErrand *self,
             const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);

  if (task == NULL)
    return;

  if (error != NULL)
    g_task_return_error (task, g_error_copy (error));
  /* Who cancels before the callback is told so even if the answer was there, for the callback of who is gone must not
   * touch what is gone. But a file that is there is there. */
  else if (self->kind != GM_ERRAND_STORE && g_task_return_error_if_cancelled (task))
    return;
  else if (self->kind == GM_ERRAND_MEMORY)
    g_task_return_pointer (task, gm_errand_take_body (self), (GDestroyNotify) g_bytes_unref);
  else if (self->kind == GM_ERRAND_STORE)
    g_task_return_pointer (task, gm_store_dup_file (self->store), g_object_unref);
  else
    g_task_return_boolean (task, TRUE);
}

GBytes *
gm_errand_take_body (GmErrand *self)
{
  gsize len = self->body_len;

  self->body_len = 0;
  self->body_size = 0;
  return g_bytes_new_take (g_steal_pointer (&self->body), len);
}

static void
deliver_done (GmErrand *self,
              GMultiTransfer *transfer,
              GmReport *report,
              gboolean heard)
{
  unwatch_cancellable (self);
  if (G_UNLIKELY (self->places != NULL))
    gm_places_give_up (self);
  gm_face_transfer_complete (transfer, self, report, heard);
  if (self->hook != NULL)
    self->hook (self, report->error);
  else
    return_task (self, report->error);
  gm_core_forget (self->core, self);
}

static void
fill_feeds (GmErrand *self,
            gboolean blocking)
{
  if (self->form != NULL)
    gm_form_upload_fill (self->form, blocking);
  else
    gm_feed_fill (self->feed, blocking);
}

void
gm_errand_deliver (GmErrand *self,
                   GmReport *report)
{
  g_autoptr (GMultiTransfer) transfer = NULL;
  gboolean heard;

  if (self->delivered)
    return;

  if ((report->tidings & GM_TIDINGS_FEED) != 0 && (report->tidings & GM_TIDINGS_DONE) == 0)
    fill_feeds (self, gm_postbox_is_blocking (self->home));

  transfer = g_object_ref (self->transfer);
  heard = gm_face_transfer_report (transfer, self, report);
  /* a handler may have run a loop of its own, in which the rest was delivered */
  if (self->delivered)
    return;

  if (G_UNLIKELY (report->tidings & GM_TIDINGS_PLACES) && (report->tidings & GM_TIDINGS_DONE) == 0)
    gm_places_enumerate (self, gm_face_transfer_get_plan (transfer)->connectable,
                         gm_postbox_is_blocking (self->home));
  if (self->delivered)
    return;

  if ((report->tidings & GM_TIDINGS_QUESTION) != 0 && (report->tidings & GM_TIDINGS_DONE) == 0)
    gm_face_transfer_ask (transfer, gm_inquiry_new (self, report->question_serial, g_steal_pointer (&report->question)),
                          gm_postbox_is_blocking (self->home));
  if (self->delivered)
    return;

  if ((report->tidings & GM_TIDINGS_HEAD) != 0 && self->hook != NULL && (report->tidings & GM_TIDINGS_DONE) == 0)
    self->hook (self, NULL);

  if ((report->tidings & GM_TIDINGS_DONE) != 0)
    {
      self->delivered = TRUE;
      deliver_done (self, transfer, report, heard);
    }
}

void
gm_errand_lose (GmErrand *self,
                GmReport *report)
{
  g_autoptr (GMultiTransfer) transfer = NULL;

  if (self->delivered)
    return;

  transfer = g_object_ref (self->transfer);
  gm_face_transfer_lose (transfer, report);
  if ((report->tidings & GM_TIDINGS_DONE) != 0)
    {
      self->delivered = TRUE;
      unwatch_cancellable (self);
      if (self->places != NULL)
        gm_places_give_up (self);
      gm_core_forget (self->core, self);
    }
  /* what cannot go on without an answer, or without what is read in that context */
  else if ((report->tidings & (GM_TIDINGS_QUESTION | GM_TIDINGS_FEED | GM_TIDINGS_PLACES)) != 0)
    {
      gm_errand_order (self, GM_ORDER_CANCEL);
    }
}
