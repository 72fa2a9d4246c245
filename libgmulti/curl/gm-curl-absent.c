/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions of parts that are not there, so that every program links. They answer what libcurl built without the part
 * answers. */
#include <curl/curl.h>


/* ---- multipart bodies ---- */

curl_mime *
curl_mime_init (CURL *easy)
{
  return NULL;
}

void
curl_mime_free (curl_mime *mime)
{
}

curl_mimepart *
curl_mime_addpart (curl_mime *mime)
{
  return NULL;
}

CURLcode
curl_mime_name (curl_mimepart *part,
                const char *name)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_filename (curl_mimepart *part,
                    const char *filename)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_type (curl_mimepart *part,
                const char *mimetype)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_encoder (curl_mimepart *part,
                   const char *encoding)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_data (curl_mimepart *part,
                const char *data,
                size_t datasize)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_filedata (curl_mimepart *part,
                    const char *filename)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_data_cb (curl_mimepart *part,
                   curl_off_t datasize,
                   curl_read_callback readfunc,
                   curl_seek_callback seekfunc,
                   curl_free_callback freefunc,
                   void *arg)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_subparts (curl_mimepart *part,
                    curl_mime *subparts)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_mime_headers (curl_mimepart *part,
                   struct curl_slist *headers,
                   int take_ownership)
{
  return CURLE_NOT_BUILT_IN;
}

CURLFORMcode
curl_formadd (struct curl_httppost **httppost,
              struct curl_httppost **last_post,
              ...)
{
  return CURL_FORMADD_DISABLED;
}

int
curl_formget (struct curl_httppost *form,
              void *arg,
              curl_formget_callback append)
{
  return CURL_FORMADD_DISABLED;
}

void
curl_formfree (struct curl_httppost *form)
{
}

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

/* ---- TLS sessions ---- */

CURLcode
curl_easy_ssls_import (CURL *curl,
                       const char *session_key,
                       const unsigned char *shmac,
                       size_t shmac_len,
                       const unsigned char *sdata,
                       size_t sdata_len)
{
  return CURLE_NOT_BUILT_IN;
}

CURLcode
curl_easy_ssls_export (CURL *curl,
                       curl_ssls_export_cb *export_fn,
                       void *userptr)
{
  return CURLE_NOT_BUILT_IN;
}
