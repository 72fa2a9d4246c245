/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* For whom a certificate is: names in it against the host one wanted, by RFC 9525 as browsers read it. Only subject
 * alternative names count, never the common name. */

typedef struct
{
  char *text; /* (owned): lower case, no dot at the end, no brackets */
  guint8 address[16];
  guint address_len; /* 4 or 16: the host is an address; 0: a name */
} GmTlsName;

void     gm_tls_name_init  (GmTlsName *self,
                            GmSpan host);
void     gm_tls_name_clear (GmTlsName *self);
/* @pattern, a dNSName: the same name, or "*." in front of what is left of @self after its first label. The star stands
 * for one whole label, and at least two follow it. Never true for addresses. */
gboolean gm_tls_name_match (const GmTlsName *self,
                            GmSpan pattern);
/* @bytes, an iPAddress. */
gboolean gm_tls_name_match_address (const GmTlsName *self,
                                    gconstpointer bytes,
                                    gsize len);
