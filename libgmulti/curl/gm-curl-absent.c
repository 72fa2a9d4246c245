/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of parts that are not there, so that every program links. They answer what libcurl built without the part
 * answers. */
#include <curl/curl.h>


/* ---- WebSocket ---- */

CURLcode
curl_ws_recv (CURL *curl,
              void *buffer,
              size_t buflen,
              size_t *nread,
              const struct curl_ws_frame **metap)
{
  if (nread != NULL)
    *nread = 0;
  if (metap != NULL)
    *metap = NULL;
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_ws_send (CURL *curl,
              const void *buffer,
              size_t buflen,
              size_t *sent,
              curl_off_t fragsize,
              unsigned int flags)
{
  if (sent != NULL)
    *sent = 0;
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_ws_start_frame (CURL *curl,
                     unsigned int flags,
                     curl_off_t frame_len)
{
  return CURLE_NOT_BUILT_IN;
}

const struct curl_ws_frame *
curl_ws_meta (CURL *curl)
{
  return NULL;
}

/* ---- server push ---- */

char *
curl_pushheader_bynum (struct curl_pushheaders *h,
                       size_t num)
{
  return NULL;
}

char *
curl_pushheader_byname (struct curl_pushheaders *h,
                        const char *name)
{
  return NULL;
}
