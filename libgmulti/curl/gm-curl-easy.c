/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-easy.h"

#include "gm-alloc.h"
#include "gm-curl-certinfo.h"
#include "gm-curl-client.h"
#include "gm-curl-errors.h"
#include "gm-curl-memory.h"
#include "gm-curl-meter.h"
#include "gm-curl-mime.h"
#include "gm-curl-multi.h"
#include "gm-curl-notes.h"
#include "gm-curl-setopt.h"
#include "gm-curl-share.h"

#include <string.h>

#define MAGIC 0xc0dedbad

/* ---- handles ---- */

GmCurlEasy *
gm_curl_easy_check (CURL *curl)
{
  GmCurlEasy *self = (GmCurlEasy *) curl;

  return self != NULL && self->magic == MAGIC ? self : NULL;
}

GmCurlEasy *
gm_curl_easy_from_client (GmClient *client)
{
  return client->face;
}

GmCurlMulti *
gm_curl_easy_get_active_multi (GmCurlEasy *self)
{
  return self->multi != NULL ? self->multi : self->own_multi;
}

static GmCurlEasy *
easy_alloc (void)
{
  /* Not calloc(): glibc's goes past the cache of its thread. */
  GmCurlEasy *self = gm_curl_memory.malloc (sizeof *self);

  if (self == NULL)
    return NULL;

  memset (self, 0, sizeof *self);
  self->magic = MAGIC;
  self->link.data = self;
  return self;
}

CURL *
curl_easy_init (void)
{
  GmCurlEasy *self = easy_alloc ();

  if (self == NULL)
    return NULL;

  self->transfer = gm_transfer_dup (gm_curl_get_defaults (), self);
  gm_transfer_set_ops (self->transfer, &self->ops);
  gm_curl_settings_init (&self->set);
  gm_curl_client_update (self);
  return (CURL *) self;
}

CURL *
curl_easy_duphandle (CURL *curl)
{
  GmCurlEasy *original = gm_curl_easy_check (curl);
  GmCurlEasy *self;

  if (original == NULL)
    return NULL;

  self = easy_alloc ();
  if (self == NULL)
    return NULL;

  self->transfer = gm_transfer_dup (original->transfer, self);
  gm_transfer_set_ops (self->transfer, &self->ops);
  self->set = original->set;
  self->stores = gm_curl_stores_dup (original->stores);
  gm_transfer_set_stores (self->transfer, NULL);
  if (original->form != NULL)
    gm_transfer_set_pointer (self->transfer, GM_OPTION_FORM, NULL);
  if (self->set.mimepost != NULL)
    self->set.mimepost = self->own_mime = gm_curl_mime_dup (self->set.mimepost);
  gm_curl_client_update (self);
  return (CURL *) self;
}

static void
forget_texts (GmCurlEasy *self)
{
  g_clear_pointer (&self->certinfo, gm_curl_certinfo_free);
  for (guint i = 0; i < GM_CURL_N_TEXTS; i++)
    g_clear_pointer (&self->texts[i], g_free);
}

const char *
gm_curl_easy_keep_text (GmCurlEasy *self,
                        GmCurlText which,
                        char *text)
{
  g_free (self->texts[which]);
  return self->texts[which] = text;
}

void
curl_easy_reset (CURL *curl)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);

  if (self == NULL)
    return;

  /* One that is done but still added leaves the engine; one that runs keeps what it runs with. */
  if (self->multi != NULL && self->finished)
    gm_curl_multi_release (self->multi, self);
  if (gm_transfer_get_multi (self->transfer) == NULL)
    {
      gm_transfer_reset (self->transfer);
      gm_transfer_assign (self->transfer, gm_curl_get_defaults ());
    }
  gm_curl_settings_init (&self->set);
  gm_curl_stores_reset (self);
  gm_curl_client_update (self);
  g_clear_pointer (&self->meter, gm_curl_meter_free);
  forget_texts (self);
}

void
gm_curl_easy_destroy (GmCurlEasy *self)
{
  g_clear_pointer (&self->transfer, gm_transfer_free);
  if (self->form != NULL)
    gm_curl_mime_forget (self);
  g_clear_pointer (&self->own_mime, curl_mime_free);
  g_clear_pointer (&self->own_multi, gm_curl_multi_destroy);
  if (self->stores != NULL)
    gm_curl_stores_close (self);
  gm_curl_share_leave (g_steal_pointer (&self->share), self);
  forget_texts (self);
  gm_curl_meter_free (self->meter);
  if (self->held_lines != NULL)
    g_string_free (self->held_lines, TRUE);
  self->magic = 0;
  gm_curl_memory.free (self);
}

void
curl_easy_cleanup (CURL *curl)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  GmCurlMulti *multi;

  if (self == NULL || self->doomed)
    return;

  multi = self->multi;
  if (multi != NULL && !self->leaving)
    gm_curl_multi_take_out (multi, self);

  /* Called by a callback: the engine may still be using it, or curl_easy_perform (), which frees it then. */
  self->doomed = TRUE;
  if (self->performing)
    return;
  if (multi != NULL && gm_curl_guard_is_inside (gm_curl_multi_get_guard (multi)))
    gm_curl_multi_bury (multi, self);
  else
    gm_curl_easy_destroy (self);
  if (multi != NULL && !gm_curl_guard_is_inside (gm_curl_multi_get_guard (multi)))
    gm_curl_multi_tell_rest (multi);
}

/* ---- a run ---- */

CURLcode
gm_curl_easy_prepare (GmCurlEasy *self)
{
  forget_texts (self);
  if (self->held_lines != NULL)
    g_string_free (g_steal_pointer (&self->held_lines), TRUE);
  self->finished = self->after_head = self->head_is_shown = self->line_begun = self->refused = FALSE;
  self->held_for_body = FALSE;
  self->result = CURLE_OK;
  self->delivered = 0;
  self->after_cr = FALSE;
  self->closing = 0;
  gm_curl_meter_begin (self);
  /* how much it becomes is not known before */
  if (self->set.crlf)
    gm_curl_set_engine_int (self, GM_OPTION_UPLOAD_SIZE, -1);
  /* Those of a share that it had before go, too. */
  if (self->stores != NULL || self->share != NULL || gm_transfer_get_stores (self->transfer) != NULL)
    {
      gm_curl_share_lock (self->share, self, CURL_LOCK_DATA_COOKIE);
      gm_curl_stores_apply (self);
      gm_curl_share_unlock (self->share, self, CURL_LOCK_DATA_COOKIE);
    }
  if (self->set.errorbuffer != NULL)
    self->set.errorbuffer[0] = '\0';
  if (self->set.form_kind != GM_CURL_FORM_NONE || self->form != NULL)
    {
      CURLcode code = gm_curl_mime_prepare (self);

      if (code != CURLE_OK)
        return code;
    }

  if (self->set.curlu != NULL)
    {
      char *text = NULL;
      CURLcode result;

      /* One that is not whole is no reason to ask for what was set before. */
      if (curl_url_get (self->set.curlu, CURLUPART_URL, &text, 0) != CURLUE_OK)
        return gm_curl_set_engine_string (self, GM_OPTION_URL, NULL);
      result = gm_curl_set_engine_string (self, GM_OPTION_URL, text);
      curl_free (text);
      return result;
    }

  return CURLE_OK;
}

/* What had no connection ends here; the line of a name that leads nowhere stays as it is. */
static void
end_meter (GmCurlEasy *self,
           CURLcode result)
{
  if (self->meter == NULL)
    return;

  if (result == CURLE_OK && gm_transfer_get_info (self->transfer)->hop.connection_id == 0)
    gm_curl_meter_update (self);
  if (result != CURLE_COULDNT_RESOLVE_HOST && result != CURLE_COULDNT_RESOLVE_PROXY &&
      result != CURLE_ABORTED_BY_CALLBACK)
    gm_curl_meter_end (self);
}

static void
tell_result (GmCurlEasy *self,
             CURLcode result)
{
  char sentence[CURL_ERROR_SIZE + 1];
  guint64 closing = self->closing;

  if (result == CURLE_OK)
    return;

  /* the reason first */
  self->closing = 0;
  if (self->set.errorbuffer != NULL)
    gm_curl_error_write (self, self->set.errorbuffer);
  if (self->set.verbose)
    {
      gm_curl_error_write (self, sentence);
      g_strlcat (sentence, "\n", sizeof sentence);
      gm_curl_client_say (self, sentence);
    }
  self->closing = closing;
}

void
gm_curl_easy_finish (GmCurlEasy *self,
                     CURLcode result)
{
  if (self->finished)
    return;

  /* one that has no body is over although a callback paused: its head is not lost */
  gm_curl_client_resume (self, TRUE);
  if (self->refused && result == CURLE_OK)
    result = CURLE_WRITE_ERROR;
  self->finished = TRUE;
  self->result = result;
  end_meter (self, result);
  tell_result (self, result);
  gm_curl_notes_closing (self);
}

static CURLcode
easy_run (GmCurlEasy *self)
{
  CURLMcode code = curl_multi_add_handle ((CURLM *) self->own_multi, (CURL *) self);
  int running = 1;

  if (code == CURLM_OUT_OF_MEMORY)
    return CURLE_OUT_OF_MEMORY;
  if (code != CURLM_OK)
    return CURLE_FAILED_INIT;

  while (code == CURLM_OK && !self->finished && !self->doomed)
    {
      code = curl_multi_perform ((CURLM *) self->own_multi, &running);
      if (code == CURLM_OK && !self->finished && !self->doomed)
        code = curl_multi_poll ((CURLM *) self->own_multi, NULL, 0, 1000, NULL);
    }

  if (!self->doomed)
    curl_multi_remove_handle ((CURLM *) self->own_multi, (CURL *) self);
  if (code == CURLM_UNRECOVERABLE_POLL)
    return CURLE_UNRECOVERABLE_POLL;
  if (code != CURLM_OK)
    return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_BAD_FUNCTION_ARGUMENT;
  return self->doomed ? CURLE_ABORTED_BY_CALLBACK : self->result;
}

/* Its own, or that of the share that is returned then. Who is left a connection must find it again. */
static GmCurlShare *
choose_multi (GmCurlEasy *self)
{
  GmCurlMulti *shared = gm_transfer_get_int (self->transfer, GM_OPTION_CONNECT_ONLY) != GM_CONNECT_ONLY_NO
                          ? NULL
                          : gm_curl_share_take_multi (self->share, self);

  if (shared != NULL)
    {
      g_clear_pointer (&self->own_multi, gm_curl_multi_destroy);
      self->own_multi = shared;
    }
  else if (self->own_multi == NULL)
    self->own_multi = gm_curl_multi_create ();

  return shared != NULL ? self->share : NULL;
}

CURLcode
curl_easy_perform (CURL *curl)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  GmCurlShare *shared;
  CURLcode result;

  if (self == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (self->own_multi != NULL &&
      gm_curl_guard_refuses (gm_curl_multi_get_guard (self->own_multi), GM_CURL_CALL_EASY_PERFORM))
    return CURLE_RECURSIVE_API_CALL;
  if (self->multi != NULL)
    {
      if (self->set.errorbuffer != NULL)
        curl_msnprintf (self->set.errorbuffer, CURL_ERROR_SIZE, "easy handle already used in multi handle");
      return CURLE_FAILED_INIT;
    }

  shared = choose_multi (self);
  gm_curl_multi_adopt (self->own_multi, self->set.maxconnects);
  self->performing = TRUE;
  result = easy_run (self);
  self->performing = FALSE;
  if (shared != NULL)
    {
      self->own_multi = NULL;
      gm_curl_share_give_multi (shared, self);
    }
  if (self->doomed)
    gm_curl_easy_destroy (self);
  return result;
}

/* Before there is a connection, or the way to one, libcurl has nothing to pause: who pauses too early, and never lifts it because
 * he was refused, would wait for ever. */
static gboolean
can_pause (GmCurlEasy *self)
{
  if (self->multi == NULL || self->finished)
    return FALSE;

  switch (gm_transfer_get_state (self->transfer))
    {
    case GM_STATE_CONNECTING:
    case GM_STATE_RUNNING:
      return TRUE;
    case GM_STATE_IDLE:
    case GM_STATE_STARTING:
    case GM_STATE_PENDING:
    case GM_STATE_DONE:
    default:
      return gm_transfer_get_pause (self->transfer) != GM_PAUSE_NONE;
    }
}

CURLcode
curl_easy_pause (CURL *curl,
                 int action)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  GmPause pause;

  if (self == NULL || !can_pause (self))
    return CURLE_BAD_FUNCTION_ARGUMENT;

  pause = (action & CURLPAUSE_RECV ? GM_PAUSE_RECV : GM_PAUSE_NONE) |
          (action & CURLPAUSE_SEND ? GM_PAUSE_SEND : GM_PAUSE_NONE);
  if (!(pause & GM_PAUSE_RECV) && !gm_curl_client_resume (self, FALSE))
    pause |= GM_PAUSE_RECV;
  if (self->doomed)
    return CURLE_ABORTED_BY_CALLBACK;
  gm_transfer_pause (self->transfer, pause);
  gm_curl_multi_tell_timer (self->multi);
  return CURLE_OK;
}

CURLcode
curl_easy_upkeep (CURL *curl)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  GmCurlMulti *multi;

  if (self == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  multi = gm_curl_easy_get_active_multi (self);
  if (multi != NULL && gm_curl_guard_refuses (gm_curl_multi_get_guard (multi), GM_CURL_CALL_EASY_UPKEEP))
    return CURLE_RECURSIVE_API_CALL;

  /* HTTP/1 connections need none; those of a share are in use by others. */
  if (multi != NULL && self->share == NULL)
    gm_multi_keep_up (multi->engine, (gint64) self->set.upkeep_interval_ms * 1000);
  return CURLE_OK;
}

/* ---- raw bytes ---- */

static CURLcode
check_raw (GmCurlEasy *self)
{
  GmCurlMulti *multi = self != NULL ? gm_curl_easy_get_active_multi (self) : NULL;

  if (self == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (multi != NULL && gm_curl_guard_refuses (gm_curl_multi_get_guard (multi), GM_CURL_CALL_EASY_SEND_RECV))
    return CURLE_RECURSIVE_API_CALL;

  return CURLE_OK;
}

static CURLcode
raw_code (GmResult result,
          CURLcode failure)
{
  switch ((int) result)
    {
    case GM_OK:
      return CURLE_OK;
    case GM_AGAIN:
      return CURLE_AGAIN;
    case GM_BAD_REQUEST: /* not with CURLOPT_CONNECT_ONLY, or it is closed */
      return CURLE_UNSUPPORTED_PROTOCOL;
    default:
      return failure;
    }
}

CURLcode
curl_easy_recv (CURL *curl,
                void *buffer,
                size_t buflen,
                size_t *n)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  CURLcode code = check_raw (self);
  gsize n_read;

  if (n != NULL)
    *n = 0;
  if (code != CURLE_OK)
    return code;

  code = raw_code (gm_transfer_recv_raw (self->transfer, buffer, buflen, &n_read), CURLE_RECV_ERROR);
  if (n != NULL)
    *n = n_read;
  return code;
}

CURLcode
curl_easy_send (CURL *curl,
                const void *buffer,
                size_t buflen,
                size_t *n)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  CURLcode code = check_raw (self);
  gsize n_sent;

  if (n != NULL)
    *n = 0;
  if (code != CURLE_OK)
    return code;

  code = raw_code (gm_transfer_send_raw (self->transfer, buffer, buflen, &n_sent), CURLE_SEND_ERROR);
  if (n != NULL)
    *n = n_sent;
  return code;
}
