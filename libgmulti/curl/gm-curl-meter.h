/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"

/* The lines that tell a person how a transfer comes along: with CURLOPT_NOPROGRESS off and no progress function they go
 * to the FILE of CURLOPT_STDERR, in the columns that programs and people know from libcurl. */

typedef struct _GmCurlMeter GmCurlMeter;

/* Whether the handle's settings ask for it. */
gboolean gm_curl_meter_is_wanted (const GmCurlSettings *set);
/* A run begins: from now on time counts. */
void     gm_curl_meter_begin     (GmCurlEasy *easy);
/* Something may have happened: writes a line where none was written in this second. */
void     gm_curl_meter_update    (GmCurlEasy *easy);
/* A request is over, maybe followed by another of the same run: a last line, and the line's end. Nothing if none was
 * begun since the last end. */
void     gm_curl_meter_end       (GmCurlEasy *easy);
void     gm_curl_meter_free      (GmCurlMeter *self); /* NULL is fine */

/* For tests: @size in five characters, and @seconds in eight. Both end with 0. */
void     gm_curl_meter_print_size (char buffer[8],
                                   gint64 size);
void     gm_curl_meter_print_time (char buffer[12],
                                   gint64 seconds);
