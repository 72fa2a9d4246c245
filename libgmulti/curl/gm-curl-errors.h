/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"

/* The engine's results as the interface's numbers and English sentences. */

CURLcode gm_curl_code_from_result (GmResult result);
/* The same for how a transfer ended. */
CURLcode gm_curl_code_from_transfer (GmTransfer *transfer);
/* A CURLproxycode: what a SOCKS proxy had against it. */
long     gm_curl_proxy_code         (const GmError *error);
/* The sentence for CURLOPT_ERRORBUFFER about how the transfer ended; at most CURL_ERROR_SIZE with NUL. */
void     gm_curl_error_write      (GmCurlEasy *easy,
                                   char *buffer);
