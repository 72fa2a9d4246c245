/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-url.h"

/* What gm-url.c needs to know about the host of a URL; nobody else includes this. All functions answer
 * GM_URL_FAULT_NONE or the fault, and then write to @at the index in the given span of the byte to blame. */

/* A host in its one form. */
typedef struct
{
  gsize len;
  gboolean is_ipv4;
  gboolean is_ipv6;
  GmSpan zone;                     /* in the given text */
  char text[GM_URL_HOST_MAX + 16]; /* A-label in lower case, or address without brackets; not NUL-terminated */
} GmUrlHost;

/* A registered name or IPv4 address in any of its spellings; percent-encoding is undone, IDNA done. */
GmUrlFault gm_url_host_read_name (GmUrlHost *host,
                                  GmSpan span,
                                  gsize *at);
/* What stands between the brackets: an IPv6 address and perhaps a zone id. */
GmUrlFault gm_url_host_read_ipv6 (GmUrlHost *host,
                                  GmSpan span,
                                  gsize *at);
