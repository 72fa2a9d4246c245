/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>
#include <gnutls/x509.h>

#include "gm-tls-info.h"

/* What CURLINFO_CERTINFO tells about a chain of certificates. */

typedef struct _GmCurlCertinfo
{
  struct curl_certinfo info; /* first member: what the application sees */
  GmTlsInfo *tls; /* (owned): what it was made of */
} GmCurlCertinfo;

GmCurlCertinfo *gm_curl_certinfo_new  (GmTlsInfo *tls);
void            gm_curl_certinfo_free (GmCurlCertinfo *self); /* NULL is fine */
/* A certificate to be asked about; NULL if it is none. */
gnutls_x509_crt_t gm_curl_certinfo_import (GBytes *der);
/* "C=SE, O=Example, CN=site" of its subject or issuer. */
char           *gm_curl_certinfo_dup_name (gnutls_x509_crt_t crt,
                                           gboolean issuer);
/* CURLINFO_SSL_VERIFYRESULT: 0, or OpenSSL's number for the verdict, which is what programs compare with. */
long            gm_curl_verify_result (GmResult verdict);
