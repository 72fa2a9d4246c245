/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-headers.h"
#include "gm-parse.h"
#include "gm-result.h"
#include "gm-string-list.h"

/* GmHttp1Head: reads one head of an HTTP/1 answer (RFC 9112 sections 2 to 5), a proxy's answer to CONNECT, or a trailer
 * section, out of bytes that arrive in any pieces, into a GmHeaders. Lives in the caller's memory, owns nothing.
 *
 * The bytes of the head are copied into the block of the headers once and indexed there, so that raw lines stay
 * available (GmHttp1Line below). The answer never depends on how the bytes were cut into pieces.
 *
 * Accepted beyond the grammar, as libcurl and the browsers do: LF alone as line end; a missing blank behind the status;
 * blank lines before the status line (up to GM_HTTP1_MAX_BLANK_LINES); folded fields, unless GM_HTTP1_REFUSE_FOLD.
 * Refused: NUL (GM_HTTP_NUL_IN_HEADER), CR without LF (GM_HTTP_BARE_CR), a folded line right after the status line or
 * where folding is refused (GM_HTTP_OBS_FOLD), a name that is empty, no token or followed by a blank, a line without a
 * colon (GM_HTTP_BAD_HEADER), versions other than 1.0 and 1.1 (GM_HTTP_BAD_VERSION), a status that is not 100 to 999
 * (GM_HTTP_BAD_STATUS_LINE), first bytes other than "HTTP/" (GM_HTTP_NOT_HTTP, or see GM_HTTP1_ALLOW_09), more than the
 * limits or than the GmHeaders takes (GM_HTTP_HEADER_FLOOD). */

typedef enum
{
  GM_HTTP1_NO_FLAGS = 0,
  GM_HTTP1_ALLOW_09 = 1 << 0, /* an answer that does not begin with "HTTP/" is a body without a head */
  GM_HTTP1_REFUSE_FOLD = 1 << 1, /* obs-fold is an error; otherwise it becomes one blank */
  GM_HTTP1_TRAILER = 1 << 2, /* fields and the blank line only; entries get GM_HEADER_TRAILER */
  GM_HTTP1_CONNECT = 1 << 3, /* entries get GM_HEADER_CONNECT instead of GM_HEADER_FINAL or GM_HEADER_1XX */
  GM_HTTP1_REFUSE_BARE_LF = 1 << 4, /* LF without CR is GM_HTTP_BAD_HEADER */
} GmHttp1Flags;

typedef struct
{
  guint32 head_bytes; /* all of one head, with line ends, whatever precedes the status line included */
  guint32 line_bytes; /* one line with its line end, folded lines together */
  guint32 fields;
} GmHttp1Limits;

/* libcurl's figures: real servers send up to 100 KiB in one cookie or policy line, nobody sends more. */
#define GM_HTTP1_MAX_HEAD (300 * 1024)
#define GM_HTTP1_MAX_LINE (100 * 1024)
#define GM_HTTP1_MAX_FIELDS 5000
/* Stray line ends behind the previous body (old servers); not more, or a peer could keep us for ever. */
#define GM_HTTP1_MAX_BLANK_LINES 4

extern const GmHttp1Limits gm_http1_default_limits;

typedef struct
{
  /* For the caller, once DONE. */
  guint16 status; /* 100 to 999; 0 in a trailer section and for HTTP/0.9 */
  guint8 version; /* 10, 11; 9 when the bytes are a body without a head; 0 in a trailer section */
  guint32 first_entry; /* entries of this head: first_entry … first_entry + n_entries − 1 */
  guint32 n_entries;
  guint32 start; /* offsets of the head in the block: from its first line to behind its blank line */
  guint32 end;
  guint32 reason_offset; /* reason phrase, may be empty */
  guint32 reason_len;

  /* The parser's own. */
  guint8 flags;
  guint8 state;
  guint8 n_blank;
  guint8 aliased; /* the status line begins with one of @aliases */
  gboolean folded;
  guint32 base; /* block offset of the first byte fed */
  guint32 line; /* block offset of the line being read */
  guint32 scan; /* block offset from which to look for its end */
  const GmHttp1Limits *limits; /* (unowned) */
  const GmStringList *aliases; /* (unowned) (nullable) */
} GmHttp1Head;

/* Before each head. @limits stays the caller's and must outlive the parser's use; NULL means the defaults. */
void    gm_http1_head_init   (GmHttp1Head *parser,
                              const GmHttp1Limits *limits,
                              guint flags);

/* Behind gm_http1_head_init(): a status line that does not begin with "HTTP/", but as one of these (the case of letters does
 * not count), means "HTTP/1.0 200" ("ICY 200 OK" of old radio stations). The list stays the caller's. */
void    gm_http1_head_set_aliases (GmHttp1Head *parser,
                                   const GmStringList *aliases);

/* Takes @len bytes and sets *@consumed to how many of them belong to the head.
 * DONE: whole head incl. blank line was read; the members above hold. With GM_HTTP1_ALLOW_09 and no "HTTP/": version is
 * 9, nothing of this call is consumed, bytes of earlier calls are in gm_http1_head_get_raw () and are the body's
 * beginning.
 * BAD: *@why is set, *@consumed is 0, @headers is as it was before this head (entries and bytes). Between two calls for
 * one head nobody else may add to @headers. */
GmParse gm_http1_head_feed   (GmHttp1Head *parser,
                              GmHeaders *headers,
                              const char *data,
                              gsize len,
                              gsize *consumed,
                              GmResult *why);

/* After BAD with GM_HTTP_HEADER_FLOOD: whether it has as many fields as there may be. */
gboolean gm_http1_head_is_full (const GmHttp1Head *parser);
/* The peer closed while the answer was MORE (or nothing was fed). DONE: with GM_HTTP1_ALLOW_09 a body that happens to
 * be a piece of "HTTP/"; as above. Otherwise BAD with GM_GOT_NOTHING (not even a whole status line came) or GM_PARTIAL. */
GmParse gm_http1_head_finish (GmHttp1Head *parser,
                              GmHeaders *headers,
                              GmResult *why);

/* A head that came another way and lies in a block as text ("HTTP/2 200 ", its fields, an empty line, each with CRLF): as if
 * it had been read. */
void    gm_http1_head_adopt  (GmHttp1Head *parser,
                              guint8 version,
                              guint16 status,
                              guint32 start,
                              guint32 end,
                              guint32 first_entry,
                              guint32 n_entries);

/* Bytes fed so far for this head as they lie in the block. */
GmSpan  gm_http1_head_get_raw (const GmHttp1Head *parser,
                               const GmHeaders *headers);
GmSpan  gm_http1_head_get_reason (const GmHttp1Head *parser,
                                  const GmHeaders *headers);

/* The raw lines of a head that is DONE, each with its line end: the status line (not in trailers), one line per entry,
 * the blank line. A folded field is one line, folds replaced by one blank each. Adding to the headers meanwhile is
 * allowed between two calls of gm_http1_line_next (); the span is valid as long as any other. */
typedef struct
{
  guint32 next; /* 0: status line; 1 … n: entry; n + 1: blank line */
} GmHttp1Line;

/* FALSE when there is no further line. Start with a zeroed @iter. */
gboolean gm_http1_line_next  (GmHttp1Line *iter,
                              const GmHttp1Head *parser,
                              const GmHeaders *headers,
                              GmSpan *line);
