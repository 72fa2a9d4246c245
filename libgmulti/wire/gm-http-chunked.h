/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-headers.h"
#include "gm-http1-parse.h"
#include "gm-parse.h"
#include "gm-result.h"

/* GmHttpChunked: takes the chunked coding (RFC 9112 section 7.1) off a body, in place: no byte of the body is copied.
 * Lives in the caller's memory, owns nothing. Extensions are skipped. The answer never depends on how the bytes were
 * cut. */

typedef enum
{
  GM_HTTP_CHUNKED_NO_FLAGS = 0,
  /* A line end of a size line or behind chunk data may be LF alone, as libcurl takes it. Without this flag it is
   * refused: two readers that disagree about it see different bodies. */
  GM_HTTP_CHUNKED_BARE_LF = 1 << 0,
} GmHttpChunkedFlags;

/* All extensions of a body together may have as many bytes as its data so far plus these (RFC 9112 section 7.1.1
 * demands a limit; signed uploads put about 90 bytes on each chunk, nobody else sends any). */
#define GM_HTTP_CHUNK_MAX_EXTENSION (16 * 1024)
/* An int64 has no more; leading zeros count. */
#define GM_HTTP_CHUNK_MAX_DIGITS 16

typedef struct
{
  gint64 left; /* bytes of the current chunk not yet given out; while its size is read, that */
  gint64 n_body; /* body bytes given out so far */
  gint64 n_extension; /* bytes of extensions so far */
  guint8 state;
  guint8 n_digits;
  guint8 flags;
  GmHttp1Head trailer; /* when DONE: the trailer section (gm_http1_line_next); n_entries is 0 if there was none */
} GmHttpChunked;

/* @limits are those of the trailer section (NULL: default) and must outlive the decoder's use. */
void     gm_http_chunked_init       (GmHttpChunked *decoder,
                                     const GmHttp1Limits *limits,
                                     guint flags);

/* Takes framing and at most one run of body bytes. *@consumed counts both; *@body is the run, inside @data, empty if
 * none.
 * MORE: if *@consumed < @len, call again with the rest (after using the run); else feed what arrives next.
 * DONE: the last chunk and the trailer section were read, the run is empty; bytes behind are not the body's.
 * BAD: *@consumed is 0 and *@why is GM_HTTP_BAD_CHUNK (size, line end, extension too long), GM_HTTP_BAD_TRAILER,
 * GM_HTTP_HEADER_FLOOD (trailer section too large) or GM_OUT_OF_MEMORY; the run is empty.
 * Trailer fields are added to @headers with GM_HEADER_TRAILER; nobody else may add while the section is being read. */
GmParse  gm_http_chunked_feed       (GmHttpChunked *decoder,
                                     GmHeaders *headers,
                                     const char *data,
                                     gsize len,
                                     gsize *consumed,
                                     GmSpan *body,
                                     GmResult *why);

/* How many bytes of the current chunk are still to come, before anything else does; 0 between chunks. */
gint64   gm_http_chunked_get_left   (const GmHttpChunked *decoder);

/* Sending. One chunk is: the head, @size bytes (not 0), GM_HTTP_CHUNK_END. Then GM_HTTP_CHUNK_LAST, trailer fields as
 * gm_http1_write_field (), and GM_HTTP_CHUNK_END. */
#define GM_HTTP_CHUNK_HEAD_MAX 18
#define GM_HTTP_CHUNK_END "\r\n"
#define GM_HTTP_CHUNK_LAST "0\r\n"
/* Writes size in hexadecimal digits and CRLF, without NUL; answers how many bytes. */
gsize    gm_http_chunk_write_head   (char *buffer,
                                     guint64 size);
