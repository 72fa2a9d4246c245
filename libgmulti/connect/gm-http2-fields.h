/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-http2.h"

/* A head as it is written for HTTP/1, turned into the fields of HTTP/2 (RFC 9113 section 8): whoever composes a request
 * need not know by which version it goes. Nothing is copied: the fields point into the text, whose names become lower
 * case where they lie. */

/* An empty list of GmHttp2Field. (transfer full) */
GArray  *gm_http2_fields_new      (void);
void     gm_http2_fields_add      (GArray *self,
                                   GmSpan name,
                                   GmSpan value,
                                   gboolean secret);
/* One field line. What speaks about a connection is left out; of a Host field the value goes to @host (nullable). */
void     gm_http2_fields_add_line (GArray *self,
                                   GmSpan line,
                                   GmSpan *host);
/* A whole head of a request: pseudo-fields first. Without @scheme it is a CONNECT, which has no path either and goes where
 * its request line says (section 8.5). */
void     gm_http2_fields_add_head (GArray *self,
                                   GmSpan scheme,
                                   GmSpan text);
/* Whatever was said of the host: this is where it goes. */
void     gm_http2_fields_set_authority (GArray *self,
                                   GmSpan authority);
/* The piece of @text up to its line end, which is passed over. */
GmSpan   gm_http2_next_line       (GmSpan *text);
