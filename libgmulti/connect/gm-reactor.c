/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-reactor.h"

#include "gm-fork.h"
#include "gm-queue.h"
#include "gm-trace.h"
#include "gm-workers.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Taken from the kernel at once; more are fetched by the next turn, so this bounds a stack array and nothing else. */
#define N_EVENTS 256

/* ---- life ---- */

/* Reading another clock costs as much as a good part of a small transfer's turn. */
#define LOOK_FOR_SLEEP_US (100 * 1000)
/* Peers and routers bear with silence for so long. */
#define MIN_SLEEP_US (5 * G_USEC_PER_SEC)

void
gm_reactor_init (GmReactor *self,
                 const GmClock *clock,
                 const GmReactorOps *ops,
                 gpointer user_data)
{
  static const GmReactorOps no_ops = { NULL };

  *self = (GmReactor){
    .clock = clock != NULL ? clock : &gm_clock_system,
    .ops = ops != NULL ? ops : &no_ops,
    .user_data = user_data,
    .fork_generation = gm_fork_generation (),
    .runnables = G_QUEUE_INIT,
    .slots = g_ptr_array_new (),
    .free_slots = g_array_new (FALSE, FALSE, sizeof (guint32)),
    .by_fd = g_array_new (FALSE, TRUE, sizeof (guint32)),
    .epoll_fd = -1,
    .next_generation = 1,
    .read_size = GM_READ_SIZE_MIN,
  };
  self->now = gm_clock_now (self->clock);
  self->asleep = gm_clock_asleep (self->clock);
}

void
gm_reactor_clear (GmReactor *self)
{
  g_clear_pointer (&self->mailbox, gm_mailbox_close);
  for (guint i = 0; i < self->slots->len; i++)
    {
      GmSocket *socket = g_ptr_array_index (self->slots, i);

      if (socket != NULL)
        gm_socket_close (socket);
    }
  gm_timers_clear (&self->timers);
  g_clear_pointer (&self->slots, g_ptr_array_unref);
  g_clear_pointer (&self->free_slots, g_array_unref);
  g_clear_pointer (&self->by_fd, g_array_unref);
  g_clear_pointer (&self->read_buffer, g_free);
  g_clear_pointer (&self->spare_block, g_free);
  gm_byte_builder_clear (&self->write_buffer);
  if (self->epoll_fd >= 0)
    close (self->epoll_fd);
  self->epoll_fd = -1;
}

/* ---- sockets ---- */

static void
remember_fd (GmReactor *self,
             int fd,
             guint32 value)
{
  if (fd < 0)
    return;
  if ((guint) fd >= self->by_fd->len)
    g_array_set_size (self->by_fd, (guint) fd + 1);
  g_array_index (self->by_fd, guint32, fd) = value;
}

static void
add_to_epoll (GmSocket *self)
{
  GmReactor *reactor = self->reactor;
  struct epoll_event event = {
    .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
    .data.u64 = ((guint64) self->generation << 32) | self->slot,
  };

  if (self->fd < 0)
    return;

  if (epoll_ctl (reactor->epoll_fd, EPOLL_CTL_ADD, self->fd, &event) == 0)
    {
      self->in_epoll = TRUE;
      return;
    }

  /* EPERM: a regular file and the like, which never blocks. Out of kernel memory: trying at each turn is slow but goes
   * on. Both count as always ready. */
  self->always_ready = TRUE;
  gm_socket_post (self, GM_IO_IN | GM_IO_OUT);
}

GmSocket *
gm_socket_new (GmReactor *reactor,
               int fd,
               GmRunnable *owner)
{
  GmSocket *self = g_slice_new0 (GmSocket);

  self->reactor = reactor;
  self->fd = fd;
  self->owner = owner;
  self->generation = reactor->next_generation++;

  if (reactor->free_slots->len > 0)
    {
      self->slot = g_array_index (reactor->free_slots, guint32, reactor->free_slots->len - 1);
      g_array_set_size (reactor->free_slots, reactor->free_slots->len - 1);
      reactor->slots->pdata[self->slot] = self;
    }
  else
    {
      self->slot = reactor->slots->len;
      g_ptr_array_add (reactor->slots, self);
    }
  reactor->n_sockets++;
  remember_fd (reactor, fd, self->slot + 1);
  GM_TRACE (SOCKET, 0, 0, "descriptor %d: new, slot %u, generation %u", fd, self->slot, self->generation);

  if (reactor->epoll_fd >= 0)
    add_to_epoll (self);

  return self;
}

static void
withdraw (GmSocket *self)
{
  GmReactor *reactor = self->reactor;

  /* A child shares both sets, ours and the application's, with its parent, whose watches these still are. */
  if (reactor->fork_generation != gm_fork_current ())
    {
      self->told = GM_IO_NONE;
      self->assigned = NULL;
      self->in_epoll = FALSE;
      return;
    }

  if (self->told != GM_IO_NONE && reactor->ops->announce != NULL)
    {
      reactor->ops->announce (reactor, self, GM_IO_NONE);
      self->told = GM_IO_NONE;
    }
  self->assigned = NULL;
  if (self->in_epoll)
    {
      epoll_ctl (reactor->epoll_fd, EPOLL_CTL_DEL, self->fd, NULL);
      self->in_epoll = FALSE;
    }
}

int
gm_socket_release (GmSocket *self)
{
  GmReactor *reactor = self->reactor;
  int fd = self->fd;

  withdraw (self);
  if (fd >= 0 && (guint) fd < reactor->by_fd->len && g_array_index (reactor->by_fd, guint32, fd) == self->slot + 1)
    remember_fd (reactor, fd, 0);
  reactor->slots->pdata[self->slot] = NULL;
  g_array_append_val (reactor->free_slots, self->slot);
  reactor->n_sockets--;
  g_slice_free (GmSocket, self);

  return fd;
}

void
gm_socket_close (GmSocket *self)
{
  GmReactor *reactor = self->reactor;
  int fd = self->fd;

  GM_TRACE (SOCKET, 0, 0, "descriptor %d: closes", fd);
  withdraw (self);
  if (fd >= 0)
    {
      /* The number is free for others from here on, so it is forgotten first. */
      remember_fd (reactor, fd, 0);
      self->fd = -1;
      if (reactor->ops->close_socket != NULL)
        reactor->ops->close_socket (reactor, self, fd);
      else
        close (fd);
    }
  gm_socket_release (self);
}

static void
tell (GmSocket *self,
      GmIo want)
{
  GmReactor *reactor = self->reactor;

  GM_TRACE (SOCKET, 0, 0, "descriptor %d: watch for %u instead of %u", self->fd, want, self->told);
  reactor->ops->announce (reactor, self, want);
  self->told = want;
  if (want == GM_IO_NONE)
    self->assigned = NULL;
}

void
gm_socket_set_want (GmSocket *self,
                    GmIo want)
{
  self->want = want;
  self->resting = FALSE;
  if (self->reactor->ops->announce != NULL && self->told != want)
    tell (self, want);
}

void
gm_socket_rest (GmSocket *self)
{
  self->resting = TRUE;
  if (self->told != GM_IO_NONE)
    tell (self, GM_IO_NONE);
}

void
gm_socket_post (GmSocket *self,
                GmIo ready)
{
  self->ready |= ready;
  if (ready & GM_IO_HUP)
    self->ready |= GM_IO_IN | GM_IO_OUT;

  /* A paused transfer is not woken by what it does not wait for; the latch keeps it for later. */
  if ((self->ready & self->want) != 0 || (ready & GM_IO_HUP) != 0)
    gm_reactor_queue (self->reactor, self->owner);
}

GmSocket *
gm_reactor_find_fd (GmReactor *self,
                    int fd)
{
  guint32 slot;

  if (fd < 0 || (guint) fd >= self->by_fd->len)
    return NULL;
  slot = g_array_index (self->by_fd, guint32, fd);

  return slot != 0 ? g_ptr_array_index (self->slots, slot - 1) : NULL;
}

void
gm_reactor_foreach (GmReactor *self,
                    void (*func) (GmSocket *, gpointer),
                    gpointer user_data)
{
  for (guint i = 0; i < self->slots->len; i++)
    {
      GmSocket *socket = g_ptr_array_index (self->slots, i);

      if (socket != NULL)
        func (socket, user_data);
    }
}

void
gm_reactor_set_foreign (GmReactor *self,
                        gboolean foreign)
{
  self->foreign = foreign;
}

/* ---- the run list ---- */

void
gm_reactor_queue (GmReactor *self,
                  GmRunnable *runnable)
{
  gboolean was_empty = self->runnables.length == 0;

  if (gm_runnable_is_queued (runnable))
    return;

  runnable->link.data = runnable;
  gm_queue_push_tail (&self->runnables, &runnable->link);
  if (was_empty && self->depth == 0 && self->ops->hurry != NULL)
    self->ops->hurry (self);
}

void
gm_reactor_dequeue (GmReactor *self,
                    GmRunnable *runnable)
{
  if (!gm_runnable_is_queued (runnable))
    return;

  gm_queue_unlink (&self->runnables, &runnable->link);
  runnable->link.data = NULL;
}

/* ---- turns ---- */

/* It is looked for when there is a turn anyway; see gm-awake.h for who has the machine's waking bring one. */
static void
look_for_sleep (GmReactor *self)
{
  gint64 asleep = gm_clock_asleep (self->clock);

  if (asleep - self->asleep > MIN_SLEEP_US)
    self->woke = TRUE;
  self->asleep = asleep;
  self->look_for_sleep_at = asleep < 0 ? G_MAXINT64 : self->now + LOOK_FOR_SLEEP_US;
}

void
gm_reactor_look_for_sleep (GmReactor *self)
{
  look_for_sleep (self);
}

gint64
gm_reactor_begin_turn (GmReactor *self)
{
  self->now = gm_clock_now (self->clock);
  if (G_UNLIKELY (self->now >= self->look_for_sleep_at))
    look_for_sleep (self);
  return self->now;
}

gboolean
gm_reactor_run (GmReactor *self,
                gint64 deadline)
{
  /* Only who is on the list now: who queues itself again waits for the next call. A runnable that is dequeued and
   * freed by another one's turn leaves the list, so counting is enough as long as new ones go to the tail. */
  guint n = self->runnables.length;
  gboolean all = TRUE;

  self->depth++;
  while (n-- > 0 && self->runnables.length > 0)
    {
      GmRunnable *runnable = gm_queue_pop_head (&self->runnables)->data;

      runnable->link.data = NULL;
      runnable->run (runnable);

      if (deadline != 0 && (n > 0 && self->runnables.length > 0))
        {
          self->now = gm_clock_now (self->clock);
          if (self->now >= deadline)
            {
              all = FALSE;
              break;
            }
        }
    }
  self->depth--;

  return all;
}

void
gm_reactor_expire (GmReactor *self)
{
  self->depth++;
  gm_timers_expire (&self->timers, self->now);
  self->depth--;
}

gint64
gm_reactor_next (GmReactor *self)
{
  if (self->runnables.length > 0)
    return 0;
  return gm_timers_next (&self->timers);
}

void
gm_reactor_set_timer (GmReactor *self,
                      GmTimer *timer,
                      gint64 due)
{
  gint64 before;

  if (due == 0)
    {
      gm_timers_unset (&self->timers, timer);
      return;
    }

  before = gm_timers_next (&self->timers);
  gm_timers_set (&self->timers, timer, due);
  if (self->depth == 0 && self->ops->hurry != NULL && (before < 0 || due < before))
    self->ops->hurry (self);
}

/* ---- the own epoll set ---- */

int
gm_reactor_get_poll_fd (GmReactor *self)
{
  if (self->epoll_fd >= 0)
    return self->epoll_fd;

  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    return -1;

  for (guint i = 0; i < self->slots->len; i++)
    {
      GmSocket *socket = g_ptr_array_index (self->slots, i);

      if (socket != NULL)
        add_to_epoll (socket);
    }

  return self->epoll_fd;
}

static GmIo
io_from_epoll (guint32 events)
{
  GmIo io = GM_IO_NONE;

  if (events & EPOLLIN)
    io |= GM_IO_IN;
  if (events & EPOLLOUT)
    io |= GM_IO_OUT;
  if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
    io |= GM_IO_HUP;

  return io;
}

int
gm_reactor_collect (GmReactor *self,
                    gint64 timeout_us)
{
  struct epoll_event events[N_EVENTS];
  int fd = gm_reactor_get_poll_fd (self);
  int timeout_ms;
  int n;

  if (fd < 0)
    return -1;

  timeout_ms = timeout_us < 0 ? -1 : (int) MIN ((timeout_us + 999) / 1000, G_MAXINT);
  do
    n = epoll_wait (fd, events, N_EVENTS, timeout_ms);
  while (n < 0 && errno == EINTR && timeout_ms == 0);
  if (n < 0 && errno == EINTR)
    return 0;

  for (int i = 0; i < n; i++)
    {
      guint32 slot = (guint32) events[i].data.u64;
      guint32 generation = (guint32) (events[i].data.u64 >> 32);
      GmSocket *socket = slot < self->slots->len ? g_ptr_array_index (self->slots, slot) : NULL;

      if (socket != NULL && socket->generation == generation)
        gm_socket_post (socket, io_from_epoll (events[i].events));
    }

  return n;
}

/* ---- shared scratch ---- */

char *
gm_reactor_read_buffer (GmReactor *self,
                        gsize *size)
{
  if (self->read_buffer == NULL)
    self->read_buffer = g_malloc (self->read_size);

  *size = self->read_size;
  return self->read_buffer;
}

void
gm_reactor_grow_buffer (GmReactor *self)
{
  if (self->read_size >= GM_READ_SIZE_MAX)
    return;

  self->read_size = MIN (self->read_size * 4, GM_READ_SIZE_MAX);
  g_clear_pointer (&self->read_buffer, g_free);
}

void
gm_reactor_drop_buffers (GmReactor *self)
{
  g_clear_pointer (&self->read_buffer, g_free);
  self->read_size = GM_READ_SIZE_MIN;
  g_clear_pointer (&self->spare_block, g_free);
}

gpointer
gm_reactor_take_block (GmReactor *self,
                       gsize size)
{
  if (self->spare_block != NULL && self->spare_size == size)
    return g_steal_pointer (&self->spare_block);

  return g_malloc (size);
}

void
gm_reactor_give_block (GmReactor *self,
                       gpointer block,
                       gsize size)
{
  if (self->spare_block != NULL)
    {
      g_free (block);
      return;
    }

  self->spare_block = block;
  self->spare_size = size;
}
