/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that the face keeps: callbacks, error buffer, share, and the like. */
#include "gm-curl-setopt.h"

#include "gm-curl-client.h"
#include "gm-curl-share.h"

void
gm_curl_settings_init (GmCurlSettings *set)
{
  *set = (GmCurlSettings){
    .writefunction = (curl_write_callback) fwrite,
    .writedata = stdout,
    .readfunction = (curl_read_callback) fread,
    .readdata = stdin,
    .stderr_file = stderr,
    .postfieldsize = -1,
    .maxconnects = 5,
    .upkeep_interval_ms = CURL_UPKEEP_INTERVAL_DEFAULT,
    .noprogress = TRUE,
  };
}

/* A function, or the one that stands for none; then the engine is told what it need not ask. */
#define SET_FUNCTION(member, type, none)                                                                               \
  CURLcode gm_curl_set_##member (GmCurlEasy *easy, const GmCurlValue *value)                                           \
  {                                                                                                                    \
    easy->set.member = value->function != NULL ? (type) value->function : (none);                                      \
    gm_curl_client_update (easy);                                                                                      \
    return CURLE_OK;                                                                                                   \
  }

SET_FUNCTION (writefunction, curl_write_callback, (curl_write_callback) fwrite)
SET_FUNCTION (readfunction, curl_read_callback, (curl_read_callback) fread)
SET_FUNCTION (headerfunction, curl_write_callback, NULL)
SET_FUNCTION (seekfunction, curl_seek_callback, NULL)
SET_FUNCTION (ioctlfunction, curl_ioctl_callback, NULL)
SET_FUNCTION (progressfunction, curl_progress_callback, NULL)
SET_FUNCTION (xferinfofunction, curl_xferinfo_callback, NULL)
SET_FUNCTION (debugfunction, curl_debug_callback, NULL)
SET_FUNCTION (opensocketfunction, curl_opensocket_callback, NULL)
SET_FUNCTION (sockoptfunction, curl_sockopt_callback, NULL)
SET_FUNCTION (prereqfunction, curl_prereq_callback, NULL)
SET_FUNCTION (resolverstart, curl_resolver_start_callback, NULL)
SET_FUNCTION (trailerfunction, curl_trailer_callback, NULL)

CURLcode
gm_curl_set_headerdata (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  easy->set.headerdata = value->pointer;
  gm_curl_client_update (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_header (GmCurlEasy *easy,
                    const GmCurlValue *value)
{
  easy->set.header = value->number != 0;
  gm_curl_client_update (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_crlf (GmCurlEasy *easy,
                  const GmCurlValue *value)
{
  easy->set.crlf = value->number != 0;
  return CURLE_OK;
}

CURLcode
gm_curl_set_verbose (GmCurlEasy *easy,
                     const GmCurlValue *value)
{
  easy->set.verbose = value->number != 0;
  gm_curl_client_update (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_noprogress (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  easy->set.noprogress = value->number != 0;
  gm_curl_client_update (easy);
  return CURLE_OK;
}

CURLcode
gm_curl_set_stderr (GmCurlEasy *easy,
                    const GmCurlValue *value)
{
  easy->set.stderr_file = value->pointer != NULL ? value->pointer : stderr;
  return CURLE_OK;
}

CURLcode
gm_curl_set_errorbuffer (GmCurlEasy *easy,
                         const GmCurlValue *value)
{
  easy->set.errorbuffer = value->pointer;
  return CURLE_OK;
}

CURLcode
gm_curl_set_private (GmCurlEasy *easy,
                     const GmCurlValue *value)
{
  easy->set.private_data = value->pointer;
  return CURLE_OK;
}

CURLcode
gm_curl_set_upkeep_interval (GmCurlEasy *easy,
                             const GmCurlValue *value)
{
  if (value->number < 0)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  easy->set.upkeep_interval_ms = value->number;
  return CURLE_OK;
}

CURLcode
gm_curl_set_maxconnects (GmCurlEasy *easy,
                         const GmCurlValue *value)
{
  if (value->number < 0)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  easy->set.maxconnects = value->number;
  return CURLE_OK;
}

CURLcode
gm_curl_set_connect_only (GmCurlEasy *easy,
                          const GmCurlValue *value)
{
  if (value->number < 0 || value->number > 2)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  /* 2 stops behind the greeting of a WebSocket */
  if (value->number == 2)
    return CURLE_NOT_BUILT_IN;

  return gm_curl_set_engine_int (easy, GM_OPTION_CONNECT_ONLY,
                                 value->number != 0 ? GM_CONNECT_ONLY_FOR_USER : GM_CONNECT_ONLY_NO);
}

CURLcode
gm_curl_set_share (GmCurlEasy *easy,
                   const GmCurlValue *value)
{
  GmCurlShare *share = gm_curl_share_check (value->pointer);

  gm_curl_share_leave (g_steal_pointer (&easy->share), easy);
  easy->share = gm_curl_share_join (share, easy);
  /* Cookies that it had alone are gone when it gets those of a share. */
  if (easy->stores != NULL && gm_curl_share_get_jar (easy->share) != NULL)
    g_clear_pointer (&easy->stores->jar, gm_cookie_jar_unref);
  return CURLE_OK;
}
