/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* The debug trace: lines of named categories, each with the ids of the transfer and the connection it is about.
 *
 *   GMULTI_DEBUG       comma list of categories, "all", "-name" takes one out again, "help" prints the list and goes on
 *   GMULTI_DEBUG_FILE  lines are appended to this file, not written to stderr (ignored in set-user-id programs)
 *
 *   [gm 0.012345 t#3 c#5] http: keep-alive, 12 bytes left
 *
 * A line is one write(), has a bounded length, and never holds a control byte of a peer's or a secret that
 * gm_trace_redact() knows. */

/* (member, name, one line for "help") */
#define GM_TRACE_CATEGORIES(X)                                                                                         \
  X (MULTI, "multi", "transfers added, removed, pending, done; turns of the engine")                                   \
  X (TRANSFER, "transfer", "each change of a transfer's state")                                                        \
  X (SOCKET, "socket", "sockets opened, watched, ready, closed")                                                       \
  X (RESOLVE, "resolve", "name look-ups and their cache")                                                              \
  X (CONNECT, "connect", "connection attempts, their order and winners")                                               \
  X (POOL, "pool", "connections kept, reused, evicted")                                                                \
  X (TLS, "tls", "handshakes, sessions, certificates")                                                                 \
  X (PROXY, "proxy", "which proxy, and the talk with it")                                                              \
  X (HTTP, "http", "requests, answers, redirects, retries")                                                            \
  X (HEADER, "header", "each header line sent and received")                                                           \
  X (BODY, "body", "body bytes passed on, decoded, paused")                                                            \
  X (FILE, "file", "file: and downloads to disk")                                                                      \
  X (TIMER, "timer", "deadlines set and expired")                                                                      \
  X (WORKER, "worker", "jobs on worker threads")                                                                       \
  X (OBJECT, "object", "the object face: deliveries, signals, sources")                                                \
  X (CURL, "curl", "the C face: calls and callbacks")

typedef enum
{
#define GM_TRACE_MEMBER(member, name, help) GM_TRACE_##member,
  GM_TRACE_CATEGORIES (GM_TRACE_MEMBER)
#undef GM_TRACE_MEMBER
  GM_N_TRACE_CATEGORIES,
} GmTraceCategory;

/* Longest line, newline included; the rest is cut off and shown as "...". */
#define GM_TRACE_LINE_MAX 2048

/*< private >: one bit per category that is on; only GM_TRACE_ON() reads it. */
extern guint32 gm_trace_mask;

/* TRUE while the category is on; for what needs more than one line to prepare. */
#define GM_TRACE_ON(category)                                                                                          \
  (__builtin_expect ((__atomic_load_n (&gm_trace_mask, __ATOMIC_RELAXED) & (1u << (GM_TRACE_##category))) != 0, 0))

/* GM_TRACE (HTTP, transfer_id, connection_id, "%u bytes left", n): ids are guint64, 0 is none. While the category
 * is off this is one load and one branch, and none of the arguments is evaluated. Any thread. */
#define GM_TRACE(category, transfer_id, connection_id, ...)                                                            \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if (GM_TRACE_ON (category))                                                                                        \
      gm_trace_write (GM_TRACE_##category, (transfer_id), (connection_id), __VA_ARGS__);                               \
  }                                                                                                                    \
  G_STMT_END

/* Reads the environment, once per process; whoever makes an engine calls it. Before that everything is off. */
void  gm_trace_init   (void);
/* What it does then: @spec (nullable) as in GMULTI_DEBUG, lines go to @fd, which is borrowed for good. For tests. */
void  gm_trace_setup  (const char *spec,
                       int fd);
/* Call GM_TRACE(). Keeps errno. */
void  gm_trace_write  (GmTraceCategory category,
                       guint64 transfer_id,
                       guint64 connection_id,
                       const char *format,
                       ...) G_GNUC_PRINTF (4, 5);
/* @text (URLs, header lines, whole heads) with three stars in place of each login in front of a host and of each
 * value, folded lines included, of Authorization, Proxy-Authorization, Cookie, Set-Cookie and of every field or query
 * parameter whose name says that it is a secret ("X-Vault-Token", "?api_key=").
 * GM_TRACE() passes everything through this; error texts need it too. A login is only seen when its '@' is there: trace
 * URLs by gm_url_dup_log_text() or whole, never cut. (owned) */
char *gm_trace_redact (GmSpan text);
