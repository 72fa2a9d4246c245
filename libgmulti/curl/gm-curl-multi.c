/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-client.h"
#include "gm-curl-multi.h"

#include "gm-curl-errors.h"
#include "gm-curl-memory.h"
#include "gm-curl-share.h"

#include "gm-queue.h"
#include "gm-trace.h"

#include <unistd.h>

#define MAGIC 0x6d756c74

/* A whole pool is kept; programs that set nothing expect libcurl's answer. */
#define DEFAULT_STREAMS 100
#define DEFAULT_THREADS 20

/* ---- life ---- */

GmCurlMulti *
gm_curl_multi_check (CURLM *multi)
{
  GmCurlMulti *self = (GmCurlMulti *) multi;

  return self != NULL && self->magic == MAGIC ? self : NULL;
}

GmCurlMulti *
gm_curl_multi_create (void)
{
  GmCurlMulti *self = g_new0 (GmCurlMulti, 1);

  self->magic = MAGIC;
  self->wakeup_fd = -1;
  g_queue_init (&self->easies);
  g_queue_init (&self->messages);
  self->engine = gm_multi_new (&gm_clock_system, &gm_curl_multi_reactor_ops, GM_FACT_DONE, self);
  gm_multi_use_proxy_environment (self->engine);
  gm_multi_get_reactor (self->engine)->ages_on_demand = TRUE;
  return self;
}

CURLM *
curl_multi_init (void)
{
  gm_trace_init ();
  return (CURLM *) gm_curl_multi_create ();
}

void
gm_curl_multi_adopt (GmCurlMulti *self,
                     long maxconnects)
{
  GmMultiLimits limits = *gm_multi_get_limits (self->engine);

  self->is_private = TRUE;
  limits.pool.max_idle = (gint) MIN (maxconnects, G_MAXINT);
  gm_multi_set_limits (self->engine, &limits);
}

static void
free_graves (GmCurlMulti *self)
{
  g_autoptr (GPtrArray) graves = g_steal_pointer (&self->graves);

  for (guint i = 0; graves != NULL && i < graves->len; i++)
    gm_curl_easy_destroy (g_ptr_array_index (graves, i));
}

void
gm_curl_multi_bury (GmCurlMulti *self,
                    GmCurlEasy *easy)
{
  if (self->graves == NULL)
    self->graves = g_ptr_array_new ();
  g_ptr_array_add (self->graves, easy);
}

void
gm_curl_multi_destroy (GmCurlMulti *self)
{
  while (!g_queue_is_empty (&self->easies))
    gm_curl_multi_take_out (self, g_queue_peek_head (&self->easies));

  free_graves (self);
  /* The sockets of the pool are withdrawn by callbacks, and those may still ask about them. */
  gm_multi_free (self->engine);
  self->engine = NULL;
  g_clear_pointer (&self->internal, gm_curl_easy_destroy);
  g_clear_pointer (&self->close_functions, g_hash_table_unref);
  if (self->wakeup_fd >= 0)
    close (self->wakeup_fd);
  self->magic = 0;
  g_free (self);
}

CURLMcode
curl_multi_cleanup (CURLM *m)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_CLEANUP))
    return CURLM_RECURSIVE_API_CALL;

  gm_curl_multi_destroy (self);
  return CURLM_OK;
}

/* ---- transfers ---- */

CURLMcode
curl_multi_add_handle (CURLM *m,
                       CURL *curl)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  GmCurlEasy *easy = gm_curl_easy_check (curl);
  CURLcode prepared;

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (easy == NULL || easy->doomed)
    return CURLM_BAD_EASY_HANDLE;
  if (easy->multi != NULL)
    return CURLM_ADDED_ALREADY;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_ADD_HANDLE))
    return CURLM_RECURSIVE_API_CALL;
  if (self->dead)
    {
      if (gm_multi_n_running (self->engine) > 0)
        return CURLM_ABORTED_BY_CALLBACK;
      self->dead = FALSE;
    }

  /* Connections of earlier curl_easy_perform () calls are not taken along. */
  if (easy->own_multi != NULL && easy->own_multi != self)
    g_clear_pointer (&easy->own_multi, gm_curl_multi_destroy);

  gm_curl_share_lend (easy->share, easy, self);
  prepared = gm_curl_easy_prepare (easy);
  if (prepared == CURLE_OUT_OF_MEMORY)
    return CURLM_OUT_OF_MEMORY;
  gm_curl_client_settle (easy);
  switch ((int) gm_multi_add (self->engine, easy->transfer))
    {
    case GM_OK:
      break;
    case GM_OUT_OF_MEMORY:
      return CURLM_OUT_OF_MEMORY;
    case GM_AFTER_FORK:
      return CURLM_BAD_HANDLE;
    default:
      return CURLM_INTERNAL_ERROR;
    }

  easy->multi = self;
  gm_queue_push_tail (&self->easies, &easy->link);
  self->n_ever++;
  gm_curl_multi_tell_timer (self);
  if (self->dying)
    {
      gm_curl_multi_take_out (self, easy);
      return CURLM_ABORTED_BY_CALLBACK;
    }
  return CURLM_OK;
}

void
gm_curl_multi_release (GmCurlMulti *self,
                       GmCurlEasy *easy)
{
  gm_multi_remove (self->engine, easy->transfer);
}

void
gm_curl_multi_take_out (GmCurlMulti *self,
                        GmCurlEasy *easy)
{
  if (easy->msg_link.data != NULL)
    {
      gm_queue_unlink (&self->messages, &easy->msg_link);
      easy->msg_link.data = NULL;
    }
  gm_queue_unlink (&self->easies, &easy->link);
  easy->leaving = TRUE;
  gm_multi_remove (self->engine, easy->transfer);
  easy->leaving = FALSE;
  easy->multi = NULL;
}

CURLMcode
curl_multi_remove_handle (CURLM *m,
                          CURL *curl)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  GmCurlEasy *easy = gm_curl_easy_check (curl);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (easy == NULL)
    return CURLM_BAD_EASY_HANDLE;
  if (easy->multi == NULL)
    return CURLM_OK;
  if (easy->multi != self)
    return CURLM_BAD_EASY_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_REMOVE_HANDLE))
    return CURLM_RECURSIVE_API_CALL;

  gm_curl_multi_take_out (self, easy);
  /* Only curl_easy_perform () leaves a connection behind that can still be talked over, as libcurl. */
  if (!self->is_private)
    gm_transfer_drop_raw (easy->transfer);
  gm_curl_multi_tell_rest (self);
  return CURLM_OK;
}

CURL **
curl_multi_get_handles (CURLM *m)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  CURL **handles, **out;

  if (self == NULL)
    return NULL;

  out = handles = gm_curl_memory.malloc ((self->easies.length + 1) * sizeof *handles);
  if (handles == NULL)
    return NULL;
  for (GList *l = self->easies.head; l != NULL; l = l->next)
    *out++ = (CURL *) l->data;
  *out = NULL;
  return handles;
}

CURLMcode
curl_multi_get_offt (CURLM *m,
                     CURLMinfo_offt info,
                     curl_off_t *pvalue)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (pvalue == NULL)
    return CURLM_BAD_FUNCTION_ARGUMENT;

  switch (info)
    {
    case CURLMINFO_XFERS_CURRENT:
      *pvalue = self->easies.length;
      return CURLM_OK;
    case CURLMINFO_XFERS_RUNNING:
      *pvalue = (curl_off_t) gm_multi_n_running (self->engine) - gm_multi_n_pending (self->engine);
      return CURLM_OK;
    case CURLMINFO_XFERS_PENDING:
      *pvalue = gm_multi_n_pending (self->engine);
      return CURLM_OK;
    case CURLMINFO_XFERS_DONE:
      *pvalue = self->messages.length;
      return CURLM_OK;
    case CURLMINFO_XFERS_ADDED:
      *pvalue = (curl_off_t) self->n_ever;
      return CURLM_OK;
    case CURLMINFO_NONE:
    case CURLMINFO_LASTENTRY:
    default:
      *pvalue = -1;
      return CURLM_UNKNOWN_OPTION;
    }
}

/* ---- what comes of it ---- */

static void
add_message (GmCurlMulti *self,
             GmCurlEasy *easy,
             CURLcode result)
{
  gboolean first;

  gm_curl_easy_finish (easy, result);
  /* that may have called back */
  if (easy->doomed)
    return;

  first = self->messages.length == 0;
  easy->msg = (CURLMsg){ .msg = CURLMSG_DONE, .easy_handle = (CURL *) easy, .data.result = easy->result };
  easy->msg_link.data = easy;
  gm_queue_push_tail (&self->messages, &easy->msg_link);

  if (first)
    gm_curl_multi_notify (self, CURLMNOTIFY_INFO_READ, gm_curl_multi_get_internal (self));
  /* the first notification may have removed it, and even added it again */
  if (easy->multi == self && easy->finished)
    gm_curl_multi_notify (self, CURLMNOTIFY_EASY_DONE, easy);
}

static void
take_facts (GmCurlMulti *self)
{
  GmTransfer *transfer;
  guint facts;

  while ((transfer = gm_multi_pop_fact (self->engine, &facts)) != NULL)
    {
      GmCurlEasy *easy = gm_transfer_get_face (transfer);

      if ((facts & GM_FACT_DONE) && easy->multi == self && !easy->finished)
        add_message (self, easy, gm_curl_code_from_transfer (transfer));
    }
}

static GmCurlEasy *
find_unfinished (GmCurlMulti *self)
{
  for (GList *l = self->easies.head; l != NULL; l = l->next)
    {
      if (!((GmCurlEasy *) l->data)->finished)
        return l->data;
    }

  return NULL;
}

/* A socket or timer callback answered −1: whatever runs has failed. Notifications may change the list. */
static void
abort_all (GmCurlMulti *self)
{
  GmCurlEasy *easy;

  self->dead = TRUE;
  while ((easy = find_unfinished (self)) != NULL)
    {
      gm_curl_multi_release (self, easy);
      add_message (self, easy, CURLE_ABORTED_BY_CALLBACK);
    }
  /* withdrawing their sockets may have been answered with −1, too */
  self->dying = FALSE;
}

CURLMcode
gm_curl_multi_after_turn (GmCurlMulti *self,
                          int *running_handles)
{
  gboolean aborted;

  take_facts (self);
  gm_curl_multi_tell_rest (self);
  aborted = self->dying;
  if (aborted)
    abort_all (self);
  if (running_handles != NULL)
    *running_handles = (int) gm_multi_n_running (self->engine);
  if (self->graves != NULL)
    free_graves (self);

  return aborted ? CURLM_ABORTED_BY_CALLBACK : CURLM_OK;
}

CURLMcode
curl_multi_perform (CURLM *m,
                    int *running_handles)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_PERFORM))
    return CURLM_RECURSIVE_API_CALL;

  if (!self->dead && gm_multi_perform (self->engine) < 0)
    return CURLM_UNRECOVERABLE_POLL;

  return gm_curl_multi_after_turn (self, running_handles);
}

CURLMsg *
curl_multi_info_read (CURLM *m,
                      int *msgs_in_queue)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  GList *link;

  if (msgs_in_queue != NULL)
    *msgs_in_queue = 0;
  if (self == NULL || gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_INFO_READ))
    return NULL;

  link = gm_queue_pop_head (&self->messages);
  if (link == NULL)
    return NULL;

  if (msgs_in_queue != NULL)
    *msgs_in_queue = (int) self->messages.length;
  return &((GmCurlEasy *) g_steal_pointer (&link->data))->msg;
}

/* ---- options ---- */

static CURLMcode
set_limit (GmCurlMulti *self,
           CURLMoption option,
           long value)
{
  GmMultiLimits limits = *gm_multi_get_limits (self->engine);
  guint number = (guint) CLAMP (value, 0, G_MAXINT);

  switch ((int) option)
    {
    case CURLMOPT_MAXCONNECTS:
      limits.pool.max_idle = number > 0 ? (gint) number : -1;
      break;
    case CURLMOPT_MAX_HOST_CONNECTIONS:
      limits.pool.max_per_host = number;
      break;
    case CURLMOPT_MAX_TOTAL_CONNECTIONS:
      limits.pool.max_total = number;
      break;
    case CURLMOPT_MAX_CONCURRENT_STREAMS:
      limits.max_streams = number > 0 ? number : DEFAULT_STREAMS;
      break;
    case CURLMOPT_PIPELINING:
      limits.alone = (value & CURLPIPE_MULTIPLEX) == 0;
      break;
    case CURLMOPT_RESOLVE_THREADS_MAX:
    default:
      if (value < 0)
        return CURLM_BAD_FUNCTION_ARGUMENT;
      limits.resolve_threads = number > 0 ? number : DEFAULT_THREADS;
      break;
    }

  gm_multi_set_limits (self->engine, &limits);
  gm_curl_multi_tell_timer (self);
  return CURLM_OK;
}

static CURLMcode
set_number (GmCurlMulti *self,
            CURLMoption option,
            long value)
{
  switch ((int) option)
    {
    case CURLMOPT_MAXCONNECTS:
    case CURLMOPT_MAX_HOST_CONNECTIONS:
    case CURLMOPT_MAX_TOTAL_CONNECTIONS:
    case CURLMOPT_MAX_CONCURRENT_STREAMS:
    case CURLMOPT_PIPELINING:
    case CURLMOPT_RESOLVE_THREADS_MAX:
      return set_limit (self, option, value);
    case CURLMOPT_NETWORK_CHANGED:
      gm_multi_network_changed (self->engine, (value & (CURLMNWC_CLEAR_ALL | CURLMNWC_CLEAR_CONNS)) != 0,
                                (value & (CURLMNWC_CLEAR_ALL | CURLMNWC_CLEAR_DNS)) != 0);
      return CURLM_OK;
    case CURLMOPT_MAX_PIPELINE_LENGTH:
    case CURLMOPT_QUICK_EXIT: /* no thread is ever waited for */
      return CURLM_OK;
    default:
      return CURLM_UNKNOWN_OPTION;
    }
}

static CURLMcode
set_function (GmCurlMulti *self,
              CURLMoption option,
              void *value)
{
  switch ((int) option)
    {
    case CURLMOPT_SOCKETFUNCTION:
      self->socket_function = (curl_socket_callback) value;
      gm_reactor_set_foreign (gm_multi_get_reactor (self->engine), value != NULL);
      return CURLM_OK;
    case CURLMOPT_TIMERFUNCTION:
      self->timer_function = (curl_multi_timer_callback) value;
      return CURLM_OK;
    case CURLMOPT_PUSHFUNCTION:
      self->push_function = (curl_push_callback) value;
      return CURLM_OK;
    case CURLMOPT_NOTIFYFUNCTION:
      self->notify_function = (curl_notify_callback) value;
      return CURLM_OK;
    default:
      return CURLM_UNKNOWN_OPTION;
    }
}

static CURLMcode
set_pointer (GmCurlMulti *self,
             CURLMoption option,
             void *value)
{
  switch ((int) option)
    {
    case CURLMOPT_SOCKETDATA:
      self->socket_data = value;
      return CURLM_OK;
    case CURLMOPT_TIMERDATA:
      self->timer_data = value;
      return CURLM_OK;
    case CURLMOPT_PUSHDATA:
      self->push_data = value;
      return CURLM_OK;
    case CURLMOPT_NOTIFYDATA:
      self->notify_data = value;
      return CURLM_OK;
    case CURLMOPT_PIPELINING_SITE_BL:
    case CURLMOPT_PIPELINING_SERVER_BL:
      return CURLM_OK;
    default:
      return set_function (self, option, value);
    }
}

CURLMcode
curl_multi_setopt (CURLM *m,
                   CURLMoption option,
                   ...)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  CURLMcode code = CURLM_OK;
  va_list args;

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_SETOPT))
    return CURLM_RECURSIVE_API_CALL;

  va_start (args, option);
  if ((int) option < CURLOPTTYPE_OBJECTPOINT)
    code = set_number (self, option, va_arg (args, long));
  else if ((int) option < CURLOPTTYPE_OFF_T)
    code = set_pointer (self, option, va_arg (args, void *));
  else if (option != CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE && option != CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE)
    code = CURLM_UNKNOWN_OPTION;
  va_end (args);

  return code;
}
