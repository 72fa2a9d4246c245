/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a scripted server does about one request (or about one connection, before its first request): a short program
 * of operations, run in order. A test builds it, hands it over with scripted_server_on(), and never touches it again;
 * several connections may run the same answer at once. All builders return their argument, so that they nest. */

typedef struct _ScriptedAnswer ScriptedAnswer;
typedef struct _ScriptedRequest ScriptedRequest;

/* Called in the server's thread when the request is known; returns (transfer full) what to do, or NULL for nothing. It
 * must not call the server. */
typedef ScriptedAnswer *(*ScriptedHandler) (const ScriptedRequest *request,
                                            gpointer user_data);

typedef enum
{
  SCRIPTED_END_NONE,
  SCRIPTED_END_FIN, /* shutdown, then what still comes in is read and dropped: the peer sees a clean end */
  SCRIPTED_END_CLOSE, /* close: the peer sees the end, and a reset if it sends on */
  SCRIPTED_END_RESET, /* a reset at once */
  SCRIPTED_END_TRUNCATE, /* as FIN, but TLS says no goodbye before it */
} ScriptedEnd;

typedef enum
{
  SCRIPTED_OP_BYTES,
  SCRIPTED_OP_BODY, /* the same, but left out for HEAD */
  SCRIPTED_OP_PATTERN,
  SCRIPTED_OP_CHUNKS,
  SCRIPTED_OP_ECHO,
  SCRIPTED_OP_DELAY,
  SCRIPTED_OP_WAIT_BODY,
  SCRIPTED_OP_STALL,
  SCRIPTED_OP_SPLIT,
  SCRIPTED_OP_END,
  SCRIPTED_OP_HANDLER,
} ScriptedOpKind;

typedef struct
{
  ScriptedOpKind kind;
  GBytes *bytes; /* (owned) (nullable): BYTES, BODY; the chunk extension of CHUNKS */
  guint64 seed; /* PATTERN, CHUNKS */
  guint64 offset;
  guint64 length; /* of the body; of one piece for SPLIT; to wait for in WAIT_BODY */
  guint64 chunk; /* CHUNKS: bytes in each but the last */
  gint64 delay_us; /* DELAY, SPLIT */
  ScriptedEnd end;
  ScriptedHandler handler;
  gpointer handler_data; /* (unowned) */
} ScriptedOp;

struct _ScriptedAnswer
{
  gatomicrefcount refs;
  GArray *ops; /* of ScriptedOp */
  gboolean at_head; /* start when the head is there, not when the body is */
  gboolean no_read; /* leave what comes in unread while this runs */
  gint64 cut_at; /* after so many bytes of this answer the connection ends as cut_how; -1: never */
  ScriptedEnd cut_how;
  guint read_per_ms; /* at most so many bytes are read per millisecond while this runs; 0: no limit */
};

ScriptedAnswer *scripted_answer_new         (void); /* does nothing: the request is taken and nothing is said */
ScriptedAnswer *scripted_answer_ref         (ScriptedAnswer *answer);
void            scripted_answer_unref       (ScriptedAnswer *answer); /* takes NULL */

/* Exactly these bytes; _bytes() takes the reference. */
ScriptedAnswer *scripted_answer_send        (ScriptedAnswer *answer,
                                             const char *text);
ScriptedAnswer *scripted_answer_bytes       (ScriptedAnswer *answer,
                                             GBytes *bytes);
/* The same, left out if the request was HEAD. */
ScriptedAnswer *scripted_answer_body        (ScriptedAnswer *answer,
                                             const char *text);
/* Bytes of the pattern, bare or in chunks of @chunk bytes (without the last, empty chunk). */
ScriptedAnswer *scripted_answer_pattern     (ScriptedAnswer *answer,
                                             guint64 seed,
                                             guint64 offset,
                                             guint64 length);
ScriptedAnswer *scripted_answer_chunks      (ScriptedAnswer *answer,
                                             guint64 seed,
                                             guint64 length,
                                             guint64 chunk,
                                             const char *extension);
/* A head with 200 and the request's body as the answer's. */
ScriptedAnswer *scripted_answer_echo        (ScriptedAnswer *answer);
ScriptedAnswer *scripted_answer_delay       (ScriptedAnswer *answer,
                                             guint ms);
/* Goes on when @length bytes of the request's body came; G_MAXUINT64: all of it. */
ScriptedAnswer *scripted_answer_wait_body   (ScriptedAnswer *answer,
                                             guint64 length);
/* Nothing more, until the peer or the test closes. */
ScriptedAnswer *scripted_answer_stall       (ScriptedAnswer *answer);
/* From here on in pieces of @piece bytes, each in a segment of its own, @delay_us apart; 0: no longer. */
ScriptedAnswer *scripted_answer_split       (ScriptedAnswer *answer,
                                             guint64 piece,
                                             guint delay_us);
ScriptedAnswer *scripted_answer_end         (ScriptedAnswer *answer,
                                             ScriptedEnd how);
/* Asks @handler, and runs what it returned in the place of this operation. */
ScriptedAnswer *scripted_answer_handler     (ScriptedAnswer *answer,
                                             ScriptedHandler handler,
                                             gpointer user_data);

/* Attributes of the whole answer. */
ScriptedAnswer *scripted_answer_cut         (ScriptedAnswer *answer,
                                             guint64 at,
                                             ScriptedEnd how);
ScriptedAnswer *scripted_answer_at_head     (ScriptedAnswer *answer);
ScriptedAnswer *scripted_answer_no_read     (ScriptedAnswer *answer);
ScriptedAnswer *scripted_answer_read_slowly (ScriptedAnswer *answer,
                                             guint bytes_per_ms);

/* Whole answers. @headers are lines that each end with CRLF, or NULL. */
ScriptedAnswer *scripted_answer_text        (guint status,
                                             const char *headers,
                                             const char *body); /* with Content-Length */
ScriptedAnswer *scripted_answer_chunked     (guint status,
                                             const char *headers,
                                             const char *body,
                                             gsize chunk,
                                             const char *trailers); /* lines, or NULL */
ScriptedAnswer *scripted_answer_big         (guint64 seed,
                                             guint64 length); /* 200, Content-Length, pattern */
ScriptedAnswer *scripted_answer_redirect    (guint status,
                                             const char *location);
ScriptedAnswer *scripted_answer_exact       (const char *text); /* new and send */

/* Something that can be had in parts: answers GET and HEAD with Range, If-Range, If-None-Match and If-Modified-Since. */
typedef struct
{
  guint64 seed;
  guint64 length;
  const char *etag; /* (unowned) (nullable): with its quotes */
  const char *last_modified; /* (unowned) (nullable): an HTTP date */
} ScriptedResource;

/* @resource must live as long as the server. */
ScriptedAnswer *scripted_answer_resource    (const ScriptedResource *resource);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedAnswer, scripted_answer_unref)
