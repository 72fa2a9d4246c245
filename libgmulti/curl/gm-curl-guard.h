/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Which call is legal during which callback. A multi handle has a stack of the application's callbacks that are being
 * called on its behalf; a call is looked up in one table. The engine itself would allow more: this is what programs
 * written for libcurl expect to be answered. */

/* What the application is called for. */
typedef enum
{
  GM_CURL_CALLBACK_TRANSFER, /* write, read, header, progress, debug … of one transfer */
  GM_CURL_CALLBACK_SOCKET,
  GM_CURL_CALLBACK_TIMER,
  GM_CURL_CALLBACK_NOTIFY,
} GmCurlCallback;

/* (call, callbacks that it is refused in): ALL, NONE, or NO_NOTIFY for all but notifications */
#define GM_CURL_CALLS(X)                                                                                               \
  X (MULTI_ADD_HANDLE, NO_NOTIFY)                                                                                      \
  X (MULTI_REMOVE_HANDLE, NO_NOTIFY)                                                                                   \
  X (MULTI_PERFORM, ALL)                                                                                               \
  X (MULTI_SOCKET_ACTION, ALL)                                                                                         \
  X (MULTI_CLEANUP, ALL)                                                                                               \
  X (MULTI_WAIT, NO_NOTIFY)                                                                                            \
  X (MULTI_FDSET, NO_NOTIFY)                                                                                           \
  X (MULTI_WAITFDS, NONE)                                                                                              \
  X (MULTI_TIMEOUT, NO_NOTIFY)                                                                                         \
  X (MULTI_SETOPT, NO_NOTIFY)                                                                                          \
  X (MULTI_ASSIGN, NONE)                                                                                               \
  X (MULTI_INFO_READ, NO_NOTIFY)                                                                                       \
  X (MULTI_WAKEUP, NONE)                                                                                               \
  X (EASY_PERFORM, NO_NOTIFY)                                                                                          \
  X (EASY_SEND_RECV, NO_NOTIFY)                                                                                        \
  X (EASY_UPKEEP, NO_NOTIFY)                                                                                           \
  X (EASY_PAUSE, NONE)

typedef enum
{
#define GM_CURL_CALL_MEMBER(call, where) GM_CURL_CALL_##call,
  GM_CURL_CALLS (GM_CURL_CALL_MEMBER)
#undef GM_CURL_CALL_MEMBER
  GM_CURL_N_CALLS,
} GmCurlCall;

/* One callback in progress; lies on the C stack of who calls the application. */
typedef struct _GmCurlFrame GmCurlFrame;
struct _GmCurlFrame
{
  GmCurlFrame *below;
  guint callbacks; /* bits of this one and of all below */
};

/* The stack of a multi handle. */
typedef struct
{
  GmCurlFrame *top; /* (unowned) (nullable) */
} GmCurlGuard;

static inline void
gm_curl_guard_enter (GmCurlGuard *guard,
                     GmCurlFrame *frame,
                     GmCurlCallback callback)
{
  frame->below = guard->top;
  frame->callbacks = (1u << callback) | (frame->below != NULL ? frame->below->callbacks : 0);
  guard->top = frame;
}

static inline void
gm_curl_guard_leave (GmCurlGuard *guard,
                     GmCurlFrame *frame)
{
  guard->top = frame->below;
}

static inline gboolean
gm_curl_guard_is_inside (const GmCurlGuard *guard)
{
  return guard->top != NULL;
}

/* TRUE if @call is to be answered with RECURSIVE_API_CALL now. */
gboolean gm_curl_guard_refuses (const GmCurlGuard *guard,
                                GmCurlCall call);
