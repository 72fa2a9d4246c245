/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two loops round the C interface share. Compiled twice: against the system's libcurl and against the C face
 * of this library (BENCH_ENGINE), so that both are driven by the same lines. */
#pragma once

#include "bench.h"

#include <curl/curl.h>

CURLM      *bench_curl_open    (Bench         *bench);
const char *bench_curl_library (void);
void        bench_curl_start   (Bench         *bench,
                                CURLM         *multi,
                                BenchTransfer *transfer);
/* Reads the message queue; to be called after each curl_multi_socket_action(). */
void        bench_curl_collect (Bench         *bench,
                                CURLM         *multi);
/* Releases the handles kept for --reuse, then the multi handle. */
void        bench_curl_close   (CURLM         *multi);
