/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"

/* The engine's questions, answered by the application's callbacks. */

/* Tells the engine which questions anybody wants to be asked: after each change of a callback. Also while it runs. */
void gm_curl_client_update       (GmCurlEasy *easy);
/* Before the transfer begins. */
void gm_curl_client_settle       (GmCurlEasy *easy);
/* Offers header lines again that wait since a callback paused; nothing when called from within that. Trailers wait until
 * the body is told (@at_end). FALSE = it paused once more. */
gboolean gm_curl_client_resume   (GmCurlEasy *easy,
                                  gboolean at_end);
/* Text for CURLOPT_DEBUGFUNCTION, or for stderr, if the transfer is verbose; @text ends in a newline. */
void gm_curl_client_say          (GmCurlEasy *easy,
                                  const char *text);
/* The read function of an upload, or of a part of one; @easy is NULL outside of any transfer. */
GmAnswer gm_curl_client_ask_read (GmCurlEasy *easy,
                                  curl_read_callback readfunc,
                                  void *arg,
                                  char *buffer,
                                  gsize len,
                                  gsize *n);
/* To its start again; FALSE: it cannot. */
gboolean gm_curl_client_ask_rewind (GmCurlEasy *easy,
                                  curl_seek_callback seekfunc,
                                  void *arg);
