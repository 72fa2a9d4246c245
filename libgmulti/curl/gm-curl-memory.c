/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

GmCurlMemory gm_curl_memory = { malloc, free, realloc, strdup, calloc };

char *
gm_curl_memory_dup (const char *data,
                    size_t len)
{
  char *copy = len < SIZE_MAX ? gm_curl_memory.malloc (len + 1) : NULL;

  if (copy == NULL)
    return NULL;

  if (len > 0)
    memcpy (copy, data, len);
  copy[len] = '\0';
  return copy;
}

void
curl_free (void *p)
{
  gm_curl_memory.free (p);
}
