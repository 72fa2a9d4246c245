/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-headers.h"
#include "gm-result.h"

/* GmHttpFacts: what the fields of one answer mean for us, found in one pass over its entries; and what follows from
 * them for the body (RFC 9112 section 6.3) and for the connection (section 9.3). Plain values, nothing owned. */

typedef enum
{
  GM_HTTP_CLOSE = 1 << 0, /* Connection: close */
  GM_HTTP_KEEP_ALIVE = 1 << 1, /* Connection: keep-alive */
  GM_HTTP_PROXY_CLOSE = 1 << 2, /* the same in Proxy-Connection, which only old proxies send */
  GM_HTTP_PROXY_KEEP_ALIVE = 1 << 3,
  GM_HTTP_UPGRADE = 1 << 4, /* Connection: upgrade */
  GM_HTTP_CHUNKED = 1 << 5, /* Transfer-Encoding ends with chunked */
  GM_HTTP_OTHER_CODING = 1 << 6, /* … has a coding beside chunked and identity, or chunked not last, or twice */
  GM_HTTP_TRANSFER_ENCODING = 1 << 7, /* the field is there */
  GM_HTTP_ACCEPT_RANGES = 1 << 8, /* Accept-Ranges: bytes */
  GM_HTTP_ACCEPT_NO_RANGES = 1 << 9, /* Accept-Ranges: none */
  GM_HTTP_CONTENT_RANGE = 1 << 10, /* a well-formed one; the range_ members hold */
  GM_HTTP_BAD_CONTENT_RANGE = 1 << 11, /* one that cannot be read, or two that differ */
  GM_HTTP_BEHIND_CHUNKED = 1 << 12, /* with OTHER_CODING: something stands behind chunked, so nobody can undo it */
  GM_HTTP_LENGTH_OVERFLOW = 1 << 13, /* Content-Length is a number beyond all that can be counted: as if it were not there */
} GmHttpFlags;

typedef struct
{
  guint32 flags; /* GmHttpFlags */
  gint32 keep_alive_timeout; /* Keep-Alive: timeout=seconds, −1 unless sent */
  gint32 keep_alive_max; /* Keep-Alive: max=requests, −1 unless sent */
  guint16 n_set_cookie;
  gint64 content_length; /* −1 unless sent */
  gint64 range_start; /* Content-Range; −1 in "bytes * / total" */
  gint64 range_end; /* its last byte, inclusive; −1 as above */
  gint64 range_total; /* −1 for unknown */

  /* Entry index + 1 of the first such field, 0 if there is none: gm_http_facts_get_value (). GM_HEADERS_MOST_ENTRIES fit. */
  guint16 location;
  guint16 content_type;
  guint16 content_encoding;
  guint16 content_disposition;
  guint16 last_modified;
  guint16 etag;
  guint16 date;
  guint16 server;
  guint16 retry_after;
  guint16 trailer;
  guint16 www_authenticate;
  guint16 proxy_authenticate;
  guint16 set_cookie;
  guint16 alt_svc;
  guint16 strict_transport_security;
  guint16 upgrade;
} GmHttpFacts;

/* Reads the entries first … first + n − 1 (a head's, see GmHttp1Head; HTTP/2 uses the same). GM_OK, or
 * GM_HTTP_BAD_LENGTH: a Content-Length that is no number, above G_MAXINT64, or given twice with different values.
 * "5, 5" counts as 5. */
GmResult gm_http_facts_collect    (GmHttpFacts *facts,
                                   const GmHeaders *headers,
                                   guint first,
                                   guint n);

/* The field's value, or an empty span with data NULL: gm_http_facts_get_value (headers, facts->location). */
static inline GmSpan
gm_http_facts_get_value (const GmHeaders *headers,
                         guint16 fact)
{
  return fact == 0 ? gm_span (NULL, 0) : gm_headers_get_value (headers, fact - 1);
}

typedef enum
{
  GM_HTTP_BODY_NONE, /* the head is all */
  GM_HTTP_BODY_LENGTH, /* exactly that many bytes, may be 0 */
  GM_HTTP_BODY_CHUNKED,
  GM_HTTP_BODY_UNTIL_CLOSE,
} GmHttpFraming;

/* What was asked: it decides with the status whether there is a body at all. */
typedef enum
{
  GM_HTTP_ASKED_OTHER,
  GM_HTTP_ASKED_HEAD,
  GM_HTTP_ASKED_CONNECT,
} GmHttpAsked;

typedef struct
{
  gint64 length; /* with GM_HTTP_BODY_LENGTH, else −1 */
  GmHttpFraming framing;
  gboolean reusable; /* the connection may serve another request after this body (RFC 9112 sections 6.1 and 9.3) */
} GmHttpBody;

/* RFC 9112 section 6.3. @version is 10 or 11 (9: body until close). GM_OK, or, @body untouched: GM_HTTP_BOTH_FRAMINGS
 * (Transfer-Encoding beside Content-Length), GM_HTTP_BAD_ENCODING (a transfer coding that we never ask for). Answers
 * that have no body by method or status are not judged for those two. An interim answer (1xx) has no body and leaves
 * the connection usable; after 101 all is another protocol's until the connection ends. A tunnel (2xx to CONNECT) has no
 * body here and is not reusable. */
GmResult gm_http_body_find        (GmHttpBody *body,
                                   const GmHttpFacts *facts,
                                   guint version,
                                   guint status,
                                   GmHttpAsked asked);

/* Retry-After: seconds from now, from either form (a date in the past is 0, one 68 years ahead is capped); −1 if it
 * cannot be read. @now is unix time. */
gint64   gm_http_retry_after      (GmSpan value,
                                   gint64 now);
