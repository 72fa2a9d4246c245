/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-connection.h"
#include "gm-headers.h"

/* HTTP/2 (RFC 9113) on one connection: many streams, each with an owner that is given a turn when its stream has news.
 * The only place that knows nghttp2. It knows no transfer: a stream's owner is a runnable.
 *
 * A turn (gm_http2_turn(), given by the pool when the connection's socket has something or somebody asked for it) reads
 * at most one share, block by block. While a block is parsed nothing is called: events are queued at their streams, data
 * as slices of the block. Then the owner of each stream with news has its turn and takes what it likes by
 * gm_http2_stream_peek() and gm_http2_stream_take(); what it leaves is copied to the stream before the block goes. What
 * all of them said meanwhile is sent in records of up to 16 KiB.
 *
 * Flow control: the connection's credit is given back at receipt, a stream's when its owner takes the bytes. So a stream
 * that stands still holds at most its own window and its siblings flow on. A window starts at GM_HTTP2_WINDOW and
 * doubles each time a whole one went by without its owner falling behind; the sum of all growth has a limit, and with it
 * what one connection can make us keep.
 *
 * Failure of a stream is an event of that stream; failure of the connection is one of each stream. A stream that is freed
 * before its end is cancelled; its siblings do not notice. */

typedef struct _GmHttp2 GmHttp2;
typedef struct _GmHttp2Stream GmHttp2Stream;

/* What a server may send on a stream before anyone has looked at it. */
#define GM_HTTP2_WINDOW (64 * 1024)
/* 1 Gbit/s at 130 ms; a longer fat pipe would need more memory for one stream than it should have. */
#define GM_HTTP2_WINDOW_MAX (16 * 1024 * 1024)
/* All windows of a connection together may exceed their start by this: beside it a connection keeps at most streams × start. */
#define GM_HTTP2_GROWTH_MAX (32 * 1024 * 1024)
/* Given back at receipt, so it bounds what is under way, not what is kept. */
#define GM_HTTP2_CONNECTION_WINDOW (32 * 1024 * 1024)
/* Bytes that one turn reads, and that one turn sends, before others have theirs. */
#define GM_HTTP2_SHARE (256 * 1024)
/* Of an upload, composed and not yet on its way. */
#define GM_HTTP2_UPLOAD_MAX (64 * 1024)
/* As for HTTP/1 (and libcurl): real servers send up to 100 KiB in one field, nobody sends more. */
#define GM_HTTP2_MAX_HEAD (300 * 1024)
#define GM_HTTP2_MAX_FIELDS 5000
/* Events waiting at a stream whose owner does not look: data count once however much it is, so these are heads. */
#define GM_HTTP2_MAX_EVENTS 128
/* Frames that bring nothing forward (PING, SETTINGS, empty DATA, WINDOW_UPDATE, PRIORITY, RST_STREAM …), beyond those
 * that the answers and uploads at hand explain; this many drain away each second. A real server sends a handful. */
#define GM_HTTP2_CHATTER_MAX 1000
#define GM_HTTP2_CHATTER_PER_SECOND 100

/* Codes of RFC 9113 section 7 that mean something to others. */
#define GM_HTTP2_NO_ERROR 0x0
#define GM_HTTP2_REFUSED_STREAM 0x7
#define GM_HTTP2_ENHANCE_YOUR_CALM 0xb
#define GM_HTTP2_HTTP_1_1_REQUIRED 0xd

typedef enum
{
  GM_HTTP2_HEAD, /* of an answer, interim or final */
  GM_HTTP2_DATA,
  GM_HTTP2_TRAILER,
  GM_HTTP2_END, /* the answer is complete */
  GM_HTTP2_FAILED, /* nothing more will come */
} GmHttp2EventKind;

typedef struct
{
  GmHttp2EventKind kind;
  /* HEAD, TRAILER: what was added to the headers: "HTTP/2 200 " (not in trailers), fields, an empty line, with line ends. */
  guint16 status;
  guint32 start; /* offsets in the block of the headers */
  guint32 end;
  guint32 first_entry;
  guint32 n_entries;
  /* DATA: as many bytes as lie in one piece; valid until the owner's turn ends or it takes from the stream. */
  const char *data;
  gsize len;
  /* FAILED */
  GmResult result;
  guint code; /* of RST_STREAM or GOAWAY, theirs or ours */
  gboolean unprocessed; /* for sure: the same request may be sent again, whatever its method */
} GmHttp2Event;

typedef struct
{
  GmSpan name; /* lower case */
  GmSpan value;
  gboolean secret; /* no compression table is to keep it */
} GmHttp2Field;

typedef struct
{
  GmRunnable *runnable; /* (unowned): given a turn when there are events, or room for more of the upload */
  gpointer holder; /* (unowned) (nullable): the socket's, see GmSocket */
  /* The headers to which heads are added: asked when the first one comes. */
  GmHeaders *(*get_headers) (gpointer data);
  gpointer data;
  gboolean impatient; /* may last as long as the connection does, as others like it: does not wait for their end */
} GmHttp2Owner;

/* ---- the session ---- */
/* On a connected chain; sends our preface in its first turn. NULL if that cannot be (no memory, not built in). */
GmHttp2 *gm_http2_new             (GmConnection *connection);
/* The same after an upgrade from HTTP/1 (RFC 7540 section 3.2), the request of which is stream 1: for gm_http2_adopt().
 * @is_head: its answer has no body. @early: what came behind the answer that said so. */
GmHttp2 *gm_http2_new_upgraded    (GmConnection *connection,
                                   gboolean is_head,
                                   GmSpan early);
/* The value of HTTP2-Settings, which asks for one; static. */
const char *gm_http2_get_settings_text (void);
/* Nothing is said any more. Its streams live on, failed. */
void     gm_http2_free            (GmHttp2 *self);
/* Reads, lets the owners run, sends. Nothing happens when called from within. */
void     gm_http2_turn            (GmHttp2 *self);
gboolean gm_http2_is_turning      (GmHttp2 *self);
/* FALSE: takes no more requests (GOAWAY came, the connection is lost, stream numbers are used up). */
gboolean gm_http2_is_usable       (GmHttp2 *self);
/* What the peer allows at once. */
guint    gm_http2_get_max_streams (GmHttp2 *self);
/* Of any of its streams; NULL if there is none. */
gpointer gm_http2_get_holder      (GmHttp2 *self);
/* Says GOAWAY: OK = it is said or cannot be, AGAIN = call again when the transport takes more. */
GmResult gm_http2_say_goodbye     (GmHttp2 *self);
/* Says PING, for those on the way who forget connections over which nothing goes. The answer is nobody's business. */
void     gm_http2_ping            (GmHttp2 *self);

/* ---- streams ---- */
/* A request: pseudo-fields first. With @body the stream is sent by gm_http2_stream_commit() and ended by
 * gm_http2_stream_end(). @weight 1 to 256, 0 = nothing is said about it. */
GmResult gm_http2_request         (GmHttp2 *self,
                                   const GmHttp2Owner *owner,
                                   const GmHttp2Field *fields,
                                   guint n_fields,
                                   gboolean body,
                                   guint weight,
                                   GmHttp2Stream **stream);
/* The request that was sent before the upgrade. */
GmHttp2Stream *gm_http2_adopt     (GmHttp2 *self,
                                   const GmHttp2Owner *owner);
/* Cancels it unless both sides are done. NULL is fine. */
void     gm_http2_stream_free     (GmHttp2Stream *self);
/* Who gave the headers is gone, or wants no more in them: what is still to come of a head that has begun goes nowhere. */
void     gm_http2_stream_leave_head (GmHttp2Stream *self);
/* The next event, FALSE if there is none now. */
gboolean gm_http2_stream_peek     (GmHttp2Stream *self,
                                   GmHttp2Event *event);
/* Of DATA the first @n bytes are done with; any other event is done with as a whole. */
void     gm_http2_stream_take     (GmHttp2Stream *self,
                                   gsize n);
gboolean gm_http2_stream_is_head_sent (GmHttp2Stream *self);
/* RFC 9218 section 7.1: how urgent the answer is from now on, 0 to 7. */
void     gm_http2_stream_set_urgency (GmHttp2Stream *self,
                                   guint urgency);

/* ---- uploads ---- */
/* How many bytes may be added now; the owner gets a turn when it becomes more than a little. */
gsize    gm_http2_stream_get_room (GmHttp2Stream *self);
/* Where to write up to @n bytes; NULL: no memory. */
char    *gm_http2_stream_reserve  (GmHttp2Stream *self,
                                   gsize n);
void     gm_http2_stream_commit   (GmHttp2Stream *self,
                                   gsize n);
/* Nothing more will be added, but these trailers. */
GmResult gm_http2_stream_end      (GmHttp2Stream *self,
                                   const GmHttp2Field *trailers,
                                   guint n_trailers);
/* The whole request has been handed to the transport, or nobody wants the rest of it any more. */
gboolean gm_http2_stream_is_sent  (GmHttp2Stream *self);
