/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* TLS sessions given out to the application and taken from it again. */
#include "gm-curl-multi.h"
#include "gm-curl-share.h"

#include "gm-trace.h"

/* Those of the share if it has any, else of the multi handle, or the handle's own. (nullable) */
static GmTicketCache *
find_tickets (GmCurlEasy *self)
{
  GmTicketCache *shared = gm_curl_share_get_tickets (self->share);
  GmCurlMulti *multi = gm_curl_easy_get_active_multi (self);

  if (shared != NULL)
    return shared;
  return multi != NULL ? gm_pool_get_tickets (gm_multi_get_pool (multi->engine)) : NULL;
}

static gint64
get_now (void)
{
  return gm_clock_wall (&gm_clock_system);
}

CURLcode
curl_easy_ssls_import (CURL *curl,
                       const char *session_key,
                       const unsigned char *shmac,
                       size_t shmac_len,
                       const unsigned char *sdata,
                       size_t sdata_len)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  g_autoptr (GmTicket) ticket = NULL;
  GmTicketCache *tickets;

  if (self == NULL || sdata == NULL || sdata_len == 0 || (session_key == NULL && (shmac == NULL || shmac_len == 0)))
    return CURLE_BAD_FUNCTION_ARGUMENT;

  ticket = gm_ticket_unpack (sdata, sdata_len, get_now ());
  if (ticket == NULL)
    return CURLE_READ_ERROR;
  if (session_key == NULL && shmac_len != GM_TICKET_HASH_LEN)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (ticket->valid_until <= get_now ())
    return CURLE_OK;

  tickets = find_tickets (self);
  if (tickets == NULL)
    {
      self->own_multi = gm_curl_multi_create ();
      tickets = find_tickets (self);
    }
  gm_curl_share_lock (self->share, self, CURL_LOCK_DATA_SSL_SESSION);
  gm_ticket_cache_take_in (tickets, session_key, session_key == NULL ? shmac : NULL, g_steal_pointer (&ticket));
  gm_curl_share_unlock (self->share, self, CURL_LOCK_DATA_SSL_SESSION);
  GM_TRACE (TLS, gm_transfer_get_id (self->transfer), 0, "session of %" G_GSIZE_FORMAT " bytes taken in", sdata_len);

  return CURLE_OK;
}

CURLcode
curl_easy_ssls_export (CURL *curl,
                       curl_ssls_export_cb *export_fn,
                       void *userptr)
{
  GmCurlEasy *self = gm_curl_easy_check (curl);
  g_autoptr (GPtrArray) list = NULL;
  CURLcode result = CURLE_OK;
  GmTicketCache *tickets;

  if (self == NULL || export_fn == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  tickets = find_tickets (self);
  if (tickets == NULL)
    return CURLE_OK;
  /* What the function does meanwhile with the handle, or the share, is no matter of the list. */
  gm_curl_share_lock (self->share, self, CURL_LOCK_DATA_SSL_SESSION);
  list = gm_ticket_cache_give_out (tickets, get_now ());
  gm_curl_share_unlock (self->share, self, CURL_LOCK_DATA_SSL_SESSION);
  GM_TRACE (TLS, gm_transfer_get_id (self->transfer), 0, "%u sessions given out", list->len);

  for (guint i = 0; i < list->len && result == CURLE_OK; i++)
    {
      const GmTicketOut *out = list->pdata[i];
      gsize len;
      const unsigned char *packed = g_bytes_get_data (out->packed, &len);

      result = export_fn (curl, userptr, out->key, out->hash, sizeof out->hash, packed, len, out->ticket->valid_until,
                          out->ticket->version, out->ticket->alpn, out->ticket->early_data);
    }

  return result;
}
