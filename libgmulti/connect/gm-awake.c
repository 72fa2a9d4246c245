/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-awake.h"

#include "gm-trace.h"

#include <sys/timerfd.h>
#include <unistd.h>

static int (*opener) (void);

void
gm_awake_set_opener (int (*open) (void))
{
  opener = open;
}

/* One that never expires: it can only be cancelled. */
static int
open_timer (void)
{
  struct itimerspec never = { .it_value = { .tv_sec = (time_t) G_MAXINT32 * (sizeof (time_t) > 4 ? 4 : 1) } };
  int fd = timerfd_create (CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);

  if (fd < 0)
    return -1;

  if (timerfd_settime (fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) != 0)
    {
      close (fd);
      return -1;
    }
  return fd;
}

/* Somebody set the clock, or it stood still. That there is a turn is all that was needed; but the clock that tells of sleep
 * was perhaps looked at just before. */
static void
knock (GmRunnable *runnable)
{
  GmAwake *self = (GmAwake *) runnable;
  guint64 n;

  if ((self->socket->ready & GM_IO_IN) == 0)
    return;

  self->socket->ready = GM_IO_NONE;
  /* ECANCELED is what it is there for, and the next jump is told again */
  (void) !read (self->socket->fd, &n, sizeof n);
  GM_TRACE (TIMER, 0, 0, "the real time jumped");
  gm_reactor_look_for_sleep (self->reactor);
  if (self->reactor->woke)
    gm_reactor_queue (self->reactor, runnable);
}

static void
open_cb (GmTimer *timer,
         gint64 now)
{
  GmAwake *self = (GmAwake *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (GmAwake, timer));
  int fd;

  if (!self->is_busy (self->reactor))
    {
      self->expected = FALSE;
      return;
    }

  fd = opener != NULL ? opener () : open_timer ();
  /* then the next turn sees it, and who begins something tries once more */
  if (fd < 0)
    {
      self->expected = FALSE;
      return;
    }
  self->socket = gm_socket_new (self->reactor, fd, &self->runnable);
  gm_socket_set_want (self->socket, GM_IO_IN);
}

void
gm_awake_init (GmAwake *self,
               GmReactor *reactor,
               gboolean (*is_busy) (GmReactor *reactor))
{
  *self = (GmAwake){ .runnable.run = knock, .timer.fire = open_cb, .reactor = reactor, .is_busy = is_busy };
}

void
gm_awake_expect (GmAwake *self)
{
  self->expected = TRUE;
  gm_reactor_set_timer (self->reactor, &self->timer, self->reactor->now + GM_AWAKE_PATIENCE_US);
}

void
gm_awake_clear (GmAwake *self)
{
  if (self->timer.due != 0)
    gm_reactor_set_timer (self->reactor, &self->timer, 0);
  gm_reactor_dequeue (self->reactor, &self->runnable);
  g_clear_pointer (&self->socket, gm_socket_close);
}
