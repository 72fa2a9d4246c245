/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-multi.h"

#include "gm-trace.h"

#include <unistd.h>

/* ---- sockets ---- */

typedef struct
{
  curl_closesocket_callback func; /* (nullable): close () */
  void *data;
} CloseFunction;

GmCurlEasy *
gm_curl_multi_get_internal (GmCurlMulti *self)
{
  if (self->internal == NULL)
    self->internal = (GmCurlEasy *) curl_easy_init ();
  return self->internal;
}

static CURL *
get_holder (GmCurlMulti *self,
            GmSocket *socket)
{
  gboolean known = socket->holder != NULL && !gm_transfer_is_hidden (socket->holder);
  GmCurlEasy *easy = known ? gm_transfer_get_face (socket->holder) : NULL;

  return (CURL *) (easy != NULL ? easy : gm_curl_multi_get_internal (self));
}

static void
announce (GmReactor *reactor,
          GmSocket *socket,
          GmIo want)
{
  static const guint8 polls[] = {
    [GM_IO_NONE] = CURL_POLL_REMOVE,
    [GM_IO_IN] = CURL_POLL_IN,
    [GM_IO_OUT] = CURL_POLL_OUT,
    [GM_IO_IN | GM_IO_OUT] = CURL_POLL_INOUT,
  };
  GmCurlMulti *self = gm_multi_get_user_data (gm_multi_from_reactor (reactor));
  GmCurlFrame frame;
  int answer;

  if (self->socket_function == NULL || socket->fd < 0)
    return;

  GM_TRACE (CURL, socket->holder != NULL ? gm_transfer_get_id (socket->holder) : 0, 0, "socket function: %d, %d",
            socket->fd, polls[want & (GM_IO_IN | GM_IO_OUT)]);
  gm_curl_guard_enter (&self->guard, &frame, GM_CURL_CALLBACK_SOCKET);
  answer = self->socket_function (get_holder (self, socket), socket->fd, polls[want & (GM_IO_IN | GM_IO_OUT)],
                                  self->socket_data, socket->assigned);
  gm_curl_guard_leave (&self->guard, &frame);
  if (answer == -1)
    self->dying = TRUE;
}

void
gm_curl_multi_remember_socket (GmCurlMulti *self,
                               int fd,
                               curl_closesocket_callback func,
                               void *data)
{
  if (self->close_functions == NULL && func == NULL)
    return;
  if (self->close_functions == NULL)
    self->close_functions = g_hash_table_new_full (NULL, NULL, NULL, g_free);

  if (func == NULL)
    g_hash_table_remove (self->close_functions, GINT_TO_POINTER (fd));
  else
    {
      CloseFunction *function = g_new (CloseFunction, 1);

      *function = (CloseFunction){ func, data };
      g_hash_table_insert (self->close_functions, GINT_TO_POINTER (fd), function);
    }
}

static void
close_socket (GmReactor *reactor,
              GmSocket *socket,
              int fd)
{
  GmCurlMulti *self = gm_multi_get_user_data (gm_multi_from_reactor (reactor));
  CloseFunction *function = NULL;

  if (self->close_functions != NULL)
    g_hash_table_steal_extended (self->close_functions, GINT_TO_POINTER (fd), NULL, (gpointer *) &function);
  if (function == NULL)
    close (fd);
  else
    {
      GmCurlFrame frame;

      gm_curl_guard_enter (&self->guard, &frame, GM_CURL_CALLBACK_TRANSFER);
      function->func (function->data, fd);
      gm_curl_guard_leave (&self->guard, &frame);
      g_free (function);
    }
}

const GmReactorOps gm_curl_multi_reactor_ops = {
  .announce = announce,
  .close_socket = close_socket,
};

CURLMcode
curl_multi_assign (CURLM *m,
                   curl_socket_t sockfd,
                   void *sockp)
{
  GmCurlMulti *self = gm_curl_multi_check (m);
  GmSocket *socket;

  if (self == NULL)
    return CURLM_BAD_HANDLE;

  socket = gm_reactor_find_fd (gm_multi_get_reactor (self->engine), sockfd);
  if (socket == NULL)
    return CURLM_BAD_SOCKET;

  socket->assigned = sockp;
  return CURLM_OK;
}

/* ---- the timer ---- */

static void
call_timer (GmCurlMulti *self,
            long timeout_ms)
{
  GmCurlFrame frame;
  int answer;

  GM_TRACE (CURL, 0, 0, "timer function: %ld ms", timeout_ms);
  gm_curl_guard_enter (&self->guard, &frame, GM_CURL_CALLBACK_TIMER);
  answer = self->timer_function ((CURLM *) self, timeout_ms, self->timer_data);
  gm_curl_guard_leave (&self->guard, &frame);
  if (answer == -1)
    self->dying = TRUE;
}

/* Rounded up: a timer that comes too early would find nothing to do and be set again. */
static long
ms_until (gint64 due)
{
  gint64 us = due - gm_clock_now (&gm_clock_system);

  return us > 0 ? (long) ((us + 999) / 1000) : 0;
}

void
gm_curl_multi_tell_timer (GmCurlMulti *self)
{
  gint64 next;

  if (self->timer_function == NULL || self->dying || self->dead || gm_multi_is_turning (self->engine))
    return;

  next = gm_multi_get_next (self->engine);
  if (next < 0)
    {
      if (self->timer_told != GM_CURL_TIMER_NONE)
        {
          self->timer_told = GM_CURL_TIMER_NONE;
          call_timer (self, -1);
        }
    }
  else if (next == 0)
    {
      if (self->timer_told != GM_CURL_TIMER_NOW)
        {
          self->timer_told = GM_CURL_TIMER_NOW;
          call_timer (self, 0);
        }
    }
  else if (self->timer_told != GM_CURL_TIMER_AT || self->timer_at != next)
    {
      self->timer_told = GM_CURL_TIMER_AT;
      self->timer_at = next;
      call_timer (self, ms_until (next));
    }
}

void
gm_curl_multi_tell_rest (GmCurlMulti *self)
{
  gm_multi_rest (self->engine);
  gm_curl_multi_tell_timer (self);
}

/* ---- notifications ---- */

void
gm_curl_multi_notify (GmCurlMulti *self,
                      guint notification,
                      GmCurlEasy *easy)
{
  GmCurlFrame frame;

  if (self->notify_function == NULL || !(self->notifications & (1u << notification)))
    return;

  gm_curl_guard_enter (&self->guard, &frame, GM_CURL_CALLBACK_NOTIFY);
  self->notify_function ((CURLM *) self, notification, (CURL *) easy, self->notify_data);
  gm_curl_guard_leave (&self->guard, &frame);
}

static CURLMcode
switch_notification (CURLM *m,
                     unsigned int notification,
                     gboolean on)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (notification > CURLMNOTIFY_EASY_DONE)
    return CURLM_UNKNOWN_OPTION;

  if (on)
    self->notifications |= 1u << notification;
  else
    self->notifications &= ~(1u << notification);
  return CURLM_OK;
}

CURLMcode
curl_multi_notify_enable (CURLM *m,
                          unsigned int notification)
{
  return switch_notification (m, notification, TRUE);
}

CURLMcode
curl_multi_notify_disable (CURLM *m,
                           unsigned int notification)
{
  return switch_notification (m, notification, FALSE);
}

/* ---- what the application's loop saw ---- */

typedef enum
{
  LOOK_AT_ONE,
  LOOK_AT_ALL,
} Look;

static CURLMcode
act (CURLM *m,
     Look look,
     curl_socket_t s,
     int ev_bitmask,
     int *running_handles)
{
  GmCurlMulti *self = gm_curl_multi_check (m);

  if (self == NULL)
    return CURLM_BAD_HANDLE;
  if (gm_curl_guard_refuses (&self->guard, GM_CURL_CALL_MULTI_SOCKET_ACTION))
    return CURLM_RECURSIVE_API_CALL;

  if (!self->dead)
    {
      if (look == LOOK_AT_ALL)
        gm_multi_post_all (self->engine);
      else if (s == CURL_SOCKET_TIMEOUT)
        self->timer_told = self->timer_told != GM_CURL_TIMER_NONE ? GM_CURL_TIMER_FIRED : GM_CURL_TIMER_NONE;
      else
        gm_multi_post_fd (self->engine, s, (ev_bitmask & CURL_CSELECT_IN ? GM_IO_IN : 0) |
                                             (ev_bitmask & CURL_CSELECT_OUT ? GM_IO_OUT : 0) |
                                             (ev_bitmask & CURL_CSELECT_ERR ? GM_IO_IN | GM_IO_OUT | GM_IO_HUP : 0));
      gm_multi_turn (self->engine, 0);
    }

  return gm_curl_multi_after_turn (self, running_handles);
}

CURLMcode
curl_multi_socket_action (CURLM *m,
                          curl_socket_t s,
                          int ev_bitmask,
                          int *running_handles)
{
  return act (m, LOOK_AT_ONE, s, ev_bitmask, running_handles);
}

CURLMcode
(curl_multi_socket) (CURLM *m,
                     curl_socket_t s,
                     int *running_handles)
{
  return act (m, LOOK_AT_ONE, s, 0, running_handles);
}

CURLMcode
curl_multi_socket_all (CURLM *m,
                       int *running_handles)
{
  return act (m, LOOK_AT_ALL, 0, 0, running_handles);
}
