/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

/* Memory that is handed to the application, or taken from it. By default it is the C library's, so that free () does for
 * it too, as many programs assume; curl_global_init_mem () may replace it. The engine's own memory is GLib's. All
 * allocating calls return NULL when there is none. */

typedef struct
{
  curl_malloc_callback malloc;
  curl_free_callback free;
  curl_realloc_callback realloc;
  curl_strdup_callback strdup;
  curl_calloc_callback calloc;
} GmCurlMemory;

/* Set before the first use, by curl_global_init_mem () alone. */
extern GmCurlMemory gm_curl_memory;

/* @len bytes of @data and a NUL. */
char *gm_curl_memory_dup (const char *data,
                          size_t len);
