/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-share.h"

#include <stdarg.h>

#define MAGIC 0x73686172

struct _GmCurlShare
{
  guint32 magic;
  gint n_users;
  GmDnsCache *dns; /* (owned) (nullable) */
  GmCookieJar *jar; /* (owned) (nullable) */
  GmHsts *hsts; /* (owned) (nullable) */
};

GmCurlShare *
gm_curl_share_check (CURLSH *sh)
{
  GmCurlShare *self = (GmCurlShare *) sh;

  return self != NULL && self->magic == MAGIC ? self : NULL;
}

GmCurlShare *
gm_curl_share_join (GmCurlShare *self)
{
  if (self != NULL)
    g_atomic_int_inc (&self->n_users);
  return self;
}

void
gm_curl_share_leave (GmCurlShare *self)
{
  if (self != NULL)
    g_atomic_int_add (&self->n_users, -1);
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
  if (g_atomic_int_get (&self->n_users) > 0)
    return CURLSHE_IN_USE;

  g_clear_pointer (&self->dns, gm_dns_cache_unref);
  g_clear_pointer (&self->jar, gm_cookie_jar_unref);
  g_clear_pointer (&self->hsts, gm_hsts_unref);
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
      return CURLSHE_OK;
    case CURL_LOCK_DATA_COOKIE:
      if (self->jar == NULL)
        self->jar = gm_cookie_jar_new ();
      return CURLSHE_OK;
    case CURL_LOCK_DATA_HSTS:
      if (self->hsts == NULL)
        self->hsts = gm_hsts_new ();
      return CURLSHE_OK;
    case CURL_LOCK_DATA_PSL:
      /* one for the process, which nobody changes */
      return CURLSHE_OK;
    case CURL_LOCK_DATA_SSL_SESSION:
    case CURL_LOCK_DATA_CONNECT:
      return CURLSHE_NOT_BUILT_IN;
    default:
      return CURLSHE_BAD_OPTION;
    }
}

static CURLSHcode
unshare_data (GmCurlShare *self,
              int data)
{
  if (data == CURL_LOCK_DATA_DNS)
    g_clear_pointer (&self->dns, gm_dns_cache_unref);
  else if (data == CURL_LOCK_DATA_COOKIE)
    g_clear_pointer (&self->jar, gm_cookie_jar_unref);
  else if (data == CURL_LOCK_DATA_HSTS)
    g_clear_pointer (&self->hsts, gm_hsts_unref);

  return data > CURL_LOCK_DATA_SHARE && data < CURL_LOCK_DATA_LAST ? CURLSHE_OK : CURLSHE_BAD_OPTION;
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
  if (g_atomic_int_get (&self->n_users) > 0)
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
    case CURLSHOPT_UNLOCKFUNC:
    case CURLSHOPT_USERDATA:
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
