/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-bytes.h"
#include "gm-result.h"

/* A request head as bytes (RFC 9112 sections 3 and 5), written piece by piece at the end of a builder: request line,
 * fields, end. Each writer validates, so that nothing given by the application can add a line of its own; on
 * GM_BAD_REQUEST nothing was appended. GM_OUT_OF_MEMORY if the builder failed. */

/* RFC 9110 section 5.6.2: methods and field names. Empty is no token. */
gboolean gm_http_is_token            (GmSpan span);
/* No CR, LF, NUL; may be empty. Other control characters are let through, as libcurl does. */
gboolean gm_http_is_field_value      (GmSpan span);
/* Not empty; no blank, no control character, no DEL. */
gboolean gm_http_is_request_target   (GmSpan span);

/* "METHOD target HTTP/1.1" + CRLF; @version is 10 or 11. */
GmResult gm_http1_write_request_line (GmByteBuilder *builder,
                                      GmSpan method,
                                      GmSpan target,
                                      guint version);
/* "Name: value" + CRLF; without a value "Name:" + CRLF. */
GmResult gm_http1_write_field        (GmByteBuilder *builder,
                                      GmSpan name,
                                      GmSpan value);
/* The same with the value in decimal digits. */
GmResult gm_http1_write_field_uint   (GmByteBuilder *builder,
                                      GmSpan name,
                                      guint64 value);
/* The blank line. */
GmResult gm_http1_write_end          (GmByteBuilder *builder);

/* A field as an application writes it in a list: "Name: value", "Name:" (takes ours away), "Name;" (is sent empty). */
typedef struct
{
  GmSpan name;
  GmSpan value;
  gboolean remove; /* "Name:" */
} GmHttp1UserField;

/* FALSE: anything else, which is no field and is passed over, as programs written for libcurl expect. */
gboolean gm_http1_user_field_parse   (const char *line,
                                      GmHttp1UserField *field);
