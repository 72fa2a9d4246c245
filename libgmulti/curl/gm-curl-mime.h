/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"
#include "gm-form.h"

/* The parts of a body as curl_mime_init () and its family describe them: a tree that is the application's, made into a
 * composed body for each transfer. */

/* Which body a POST has, by what was set last. */
typedef enum
{
  GM_CURL_FORM_NONE, /* post fields, or the read callback */
  GM_CURL_FORM_MIME, /* CURLOPT_MIMEPOST */
  GM_CURL_FORM_OLD, /* CURLOPT_HTTPPOST */
} GmCurlFormKind;

/* Composes @mime, whose callbacks are called for @easy (nullable: outside of any transfer). */
GmForm    *gm_curl_mime_compose (curl_mime *mime,
                                 GmCurlEasy *easy,
                                 gboolean backslash);
/* A copy that the original's end does not touch; what its callbacks read is still the original's to free. */
curl_mime *gm_curl_mime_dup     (curl_mime *mime);

/* What curl_formadd () made, as parts; @readfunc reads its streams. NULL: a file cannot be read. */
curl_mime *gm_curl_form_to_mime (struct curl_httppost *form,
                                 curl_read_callback readfunc);

/* Makes the body of the transfer that is about to begin, if it is to have one of parts. */
CURLcode   gm_curl_mime_prepare (GmCurlEasy *easy);
/* Frees what the last transfer had. */
void       gm_curl_mime_forget  (GmCurlEasy *easy);
