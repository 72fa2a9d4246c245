/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

#include "gm-tls-info.h"

/* What CURLINFO_CERTINFO tells about a chain of certificates. */

typedef struct _GmCurlCertinfo
{
  struct curl_certinfo info; /* first member: what the application sees */
  GmTlsInfo *tls; /* (owned): what it was made of */
} GmCurlCertinfo;

GmCurlCertinfo *gm_curl_certinfo_new  (GmTlsInfo *tls);
void            gm_curl_certinfo_free (GmCurlCertinfo *self); /* NULL is fine */
/* CURLINFO_SSL_VERIFYRESULT: 0, or OpenSSL's number for the verdict, which is what programs compare with. */
long            gm_curl_verify_result (GmResult verdict);
