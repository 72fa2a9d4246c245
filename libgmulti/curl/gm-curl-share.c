/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-share.h"

#include <stdarg.h>

#define MAGIC 0x73686172

struct _GmCurlShare
{
  guint32 magic;
  gint n_users;
  guint shared; /* 1 << curl_lock_data */
  GmDnsCache *dns; /* (owned) (nullable) */
  GmCookieJar *jar; /* (owned) (nullable) */
  GmHsts *hsts; /* (owned) (nullable) */
  GmTicketCache *tickets; /* (owned) (nullable) */
  GmCurlMulti *multi; /* (owned) (nullable): keeps the connections */
  gint multi_is_taken;
  curl_lock_function lock_function;
  curl_unlock_function unlock_function;
  void *user_data;
};

GmCurlShare *
gm_curl_share_check (CURLSH *sh)
{
  GmCurlShare *self = (GmCurlShare *) sh;

  return self != NULL && self->magic == MAGIC ? self : NULL;
}

/* ---- locks ---- */

static gboolean
is_shared (GmCurlShare *self,
           curl_lock_data data)
{
  return self != NULL && (data == CURL_LOCK_DATA_SHARE || (self->shared & (1u << data)) != 0);
}

void
gm_curl_share_lock (GmCurlShare *self,
                    GmCurlEasy *easy,
                    curl_lock_data data)
{
  if (is_shared (self, data) && self->lock_function != NULL)
    self->lock_function ((CURL *) easy, data, CURL_LOCK_ACCESS_SINGLE, self->user_data);
}

void
gm_curl_share_unlock (GmCurlShare *self,
                      GmCurlEasy *easy,
                      curl_lock_data data)
{
  if (is_shared (self, data) && self->unlock_function != NULL)
    self->unlock_function ((CURL *) easy, data, self->user_data);
}

GmCurlShare *
gm_curl_share_join (GmCurlShare *self,
                    GmCurlEasy *easy)
{
  if (self == NULL)
    return NULL;

  gm_curl_share_lock (self, easy, CURL_LOCK_DATA_SHARE);
  g_atomic_int_inc (&self->n_users);
  gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_SHARE);
  return self;
}

void
gm_curl_share_leave (GmCurlShare *self,
                     GmCurlEasy *easy)
{
  if (self == NULL)
    return;

  gm_curl_share_lock (self, easy, CURL_LOCK_DATA_SHARE);
  g_atomic_int_add (&self->n_users, -1);
  gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_SHARE);
}

/* ---- what is shared ---- */

void
gm_curl_share_lend (GmCurlShare *self,
                    GmCurlEasy *easy,
                    GmCurlMulti *multi)
{
  if (self == NULL)
    return;

  if (self->dns != NULL && gm_resolver_get_cache (gm_multi_get_resolver (multi->engine)) != self->dns)
    {
      gm_curl_share_lock (self, easy, CURL_LOCK_DATA_DNS);
      gm_resolver_set_cache (gm_multi_get_resolver (multi->engine), self->dns);
      gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_DNS);
    }
  if (self->tickets != NULL && gm_pool_get_tickets (gm_multi_get_pool (multi->engine)) != self->tickets)
    {
      gm_curl_share_lock (self, easy, CURL_LOCK_DATA_SSL_SESSION);
      gm_pool_set_tickets (gm_multi_get_pool (multi->engine), self->tickets);
      gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_SSL_SESSION);
    }
}

GmCurlMulti *
gm_curl_share_take_multi (GmCurlShare *self,
                          GmCurlEasy *easy)
{
  gboolean taken;

  if (!is_shared (self, CURL_LOCK_DATA_CONNECT))
    return NULL;

  gm_curl_share_lock (self, easy, CURL_LOCK_DATA_CONNECT);
  taken = g_atomic_int_compare_and_exchange (&self->multi_is_taken, FALSE, TRUE);
  if (taken && self->multi == NULL)
    self->multi = gm_curl_multi_create ();
  gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_CONNECT);

  return taken ? self->multi : NULL;
}

void
gm_curl_share_give_multi (GmCurlShare *self,
                          GmCurlEasy *easy)
{
  if (self == NULL)
    return;

  gm_curl_share_lock (self, easy, CURL_LOCK_DATA_CONNECT);
  g_atomic_int_set (&self->multi_is_taken, FALSE);
  gm_curl_share_unlock (self, easy, CURL_LOCK_DATA_CONNECT);
}

GmDnsCache *
gm_curl_share_get_dns (GmCurlShare *self)
{
  return self != NULL ? self->dns : NULL;
}

GmCookieJar *
gm_curl_share_get_jar (GmCurlShare *self)
{
  return self != NULL ? self->jar : NULL;
}

GmHsts *
gm_curl_share_get_hsts (GmCurlShare *self)
{
  return self != NULL ? self->hsts : NULL;
}

GmTicketCache *
gm_curl_share_get_tickets (GmCurlShare *self)
{
  return self != NULL ? self->tickets : NULL;
}

CURLSH *
curl_share_init (void)
{
  GmCurlShare *self = g_new0 (GmCurlShare, 1);

  self->magic = MAGIC;
  return (CURLSH *) self;
}

CURLSHcode
curl_share_cleanup (CURLSH *sh)
{
  GmCurlShare *self = gm_curl_share_check (sh);

  if (self == NULL)
    return CURLSHE_INVALID;
  if (g_atomic_int_get (&self->n_users) > 0 || g_atomic_int_get (&self->multi_is_taken))
    return CURLSHE_IN_USE;

  g_clear_pointer (&self->multi, gm_curl_multi_destroy);
  g_clear_pointer (&self->dns, gm_dns_cache_unref);
  g_clear_pointer (&self->jar, gm_cookie_jar_unref);
  g_clear_pointer (&self->hsts, gm_hsts_unref);
  g_clear_pointer (&self->tickets, gm_ticket_cache_unref);
  self->magic = 0;
  g_free (self);
  return CURLSHE_OK;
}

static CURLSHcode
share_data (GmCurlShare *self,
            int data)
{
  switch (data)
    {
    case CURL_LOCK_DATA_DNS:
      if (self->dns == NULL)
        self->dns = gm_dns_cache_new ();
      break;
    case CURL_LOCK_DATA_COOKIE:
      if (self->jar == NULL)
        self->jar = gm_cookie_jar_new ();
      break;
    case CURL_LOCK_DATA_HSTS:
      if (self->hsts == NULL)
        self->hsts = gm_hsts_new ();
      break;
    case CURL_LOCK_DATA_SSL_SESSION:
      if (self->tickets == NULL)
        self->tickets = gm_ticket_cache_new ();
      break;
    case CURL_LOCK_DATA_CONNECT: /* made with the first run */
    case CURL_LOCK_DATA_PSL: /* one for the process, which nobody changes */
      break;
    default:
      return CURLSHE_BAD_OPTION;
    }

  self->shared |= 1u << data;
  return CURLSHE_OK;
}

static CURLSHcode
unshare_data (GmCurlShare *self,
              int data)
{
  if (data <= CURL_LOCK_DATA_SHARE || data >= CURL_LOCK_DATA_LAST)
    return CURLSHE_BAD_OPTION;

  self->shared &= ~(1u << data);
  if (data == CURL_LOCK_DATA_DNS)
    g_clear_pointer (&self->dns, gm_dns_cache_unref);
  else if (data == CURL_LOCK_DATA_COOKIE)
    g_clear_pointer (&self->jar, gm_cookie_jar_unref);
  else if (data == CURL_LOCK_DATA_HSTS)
    g_clear_pointer (&self->hsts, gm_hsts_unref);
  else if (data == CURL_LOCK_DATA_SSL_SESSION)
    g_clear_pointer (&self->tickets, gm_ticket_cache_unref);
  else if (data == CURL_LOCK_DATA_CONNECT)
    g_clear_pointer (&self->multi, gm_curl_multi_destroy);

  return CURLSHE_OK;
}

CURLSHcode
curl_share_setopt (CURLSH *sh,
                   CURLSHoption option,
                   ...)
{
  GmCurlShare *self = gm_curl_share_check (sh);
  CURLSHcode result = CURLSHE_OK;
  va_list args;

  if (self == NULL)
    return CURLSHE_INVALID;
  if (g_atomic_int_get (&self->n_users) > 0 || g_atomic_int_get (&self->multi_is_taken))
    return CURLSHE_IN_USE;

  va_start (args, option);
  switch (option)
    {
    case CURLSHOPT_SHARE:
      result = share_data (self, va_arg (args, int));
      break;
    case CURLSHOPT_UNSHARE:
      result = unshare_data (self, va_arg (args, int));
      break;
    case CURLSHOPT_LOCKFUNC:
      self->lock_function = va_arg (args, curl_lock_function);
      break;
    case CURLSHOPT_UNLOCKFUNC:
      self->unlock_function = va_arg (args, curl_unlock_function);
      break;
    case CURLSHOPT_USERDATA:
      self->user_data = va_arg (args, void *);
      break;
    case CURLSHOPT_NONE:
    case CURLSHOPT_LAST:
    default:
      result = CURLSHE_BAD_OPTION;
      break;
    }
  va_end (args);

  return result;
}
