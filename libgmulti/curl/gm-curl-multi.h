/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"
#include "gm-curl-guard.h"

#include "gm-multi.h"

/* The multi handle: the engine's, the application's callbacks, the queue of messages. gm-curl-multi.c has its life and
 * its transfers, gm-curl-multi-events.c what the application is told, gm-curl-multi-poll.c what it asks. */

/* What the application's timer was last told. */
typedef enum
{
  GM_CURL_TIMER_NONE, /* nothing, or −1 */
  GM_CURL_TIMER_NOW,
  GM_CURL_TIMER_AT, /* GmCurlMulti.timer_at */
  GM_CURL_TIMER_FIRED, /* something, and it came back */
} GmCurlTimer;

struct _GmCurlMulti
{
  guint32 magic;
  GmMulti *engine; /* (owned) */
  GmCurlGuard guard;
  GQueue easies; /* (element-type GmCurlEasy) (unowned): all that were added, in order */
  GQueue messages; /* (element-type GmCurlEasy) (unowned): done and not read */
  GPtrArray *graves; /* (owned) (nullable) (element-type GmCurlEasy): to be freed once no callback is in progress */
  GHashTable *close_functions; /* (owned) (nullable): descriptor → who closes it */
  GmCurlEasy *internal; /* (owned) (nullable): stands for connections that no transfer uses */
  guint64 n_ever;
  curl_socket_callback socket_function;
  void *socket_data;
  curl_multi_timer_callback timer_function;
  void *timer_data;
  curl_push_callback push_function;
  void *push_data;
  curl_notify_callback notify_function;
  void *notify_data;
  guint notifications; /* bits of CURLMNOTIFY_ that are enabled */
  GmCurlTimer timer_told;
  gint64 timer_at;
  int wakeup_fd; /* −1 until curl_multi_poll () or curl_multi_wakeup () needs it */
  gboolean is_private; /* of curl_easy_perform () */
  gboolean dying; /* a callback said stop; the rest of the call notices */
  gboolean dead; /* it did: nothing runs until all that ran are done or removed */
};

/* The handle, or NULL if @multi is none. */
GmCurlMulti *gm_curl_multi_check           (CURLM *multi);
GmCurlMulti *gm_curl_multi_create          (void);
void         gm_curl_multi_destroy         (GmCurlMulti *self);
/* For curl_easy_perform (): how many connections to keep. */
void         gm_curl_multi_adopt           (GmCurlMulti *self,
                                            long maxconnects);

static inline GmCurlGuard *
gm_curl_multi_get_guard (GmCurlMulti *self)
{
  return &self->guard;
}

/* Out of the engine and of our lists; no callback is refused. */
void         gm_curl_multi_take_out        (GmCurlMulti *self,
                                            GmCurlEasy *easy);
/* Out of the engine alone: a done one stays added until it is removed. */
void         gm_curl_multi_release         (GmCurlMulti *self,
                                            GmCurlEasy *easy);
/* Frees it when no callback is in progress any more. */
void         gm_curl_multi_bury            (GmCurlMulti *self,
                                            GmCurlEasy *easy);

/* After a turn of the engine, outside of it: messages, notifications, an abort, the timer; frees what is buried. */
CURLMcode    gm_curl_multi_after_turn      (GmCurlMulti *self,
                                            int *running_handles);
/* ---- events ---- */
extern const GmReactorOps gm_curl_multi_reactor_ops;
/* Tells the application's timer if what it knows is out of date. */
void         gm_curl_multi_tell_timer      (GmCurlMulti *self);
/* The same where a transfer may have been the last that ran: a loop that ends when nothing is watched has to be let go. */
void         gm_curl_multi_tell_rest       (GmCurlMulti *self);
void         gm_curl_multi_notify          (GmCurlMulti *self,
                                            guint notification,
                                            GmCurlEasy *easy);
/* The handle that stands for connections nobody uses. */
GmCurlEasy  *gm_curl_multi_get_internal    (GmCurlMulti *self);
/* @fd is of a transfer whose application wants to close it itself (@func may be NULL). */
void         gm_curl_multi_remember_socket (GmCurlMulti *self,
                                            int fd,
                                            curl_closesocket_callback func,
                                            void *data);
