/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer.h"

#include "gm-address.h"
#include "gm-local-bind.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

/* A unix-domain listener with a full backlog answers EAGAIN and reports nothing when there is room again: asked anew at
 * this pace. */
#define BACKLOG_RETRY_US (10 * 1000)

/* Whoever was heard of this short a time ago is taken for alive without a system call: between two requests in a row
 * there is nothing to learn. What died meanwhile is the retry's business, as ever. */
#define ALIVE_US (10 * 1000)

typedef enum
{
  STATE_NEW,
  STATE_BINDING, /* the near end is being looked up */
  STATE_BACKLOG, /* waits to ask a unix-domain listener again */
  STATE_CONNECTING,
  STATE_CONNECTED,
  STATE_FAILED,
} SocketState;

typedef struct
{
  GmLayer layer; /* first member */
  SocketState state;
  GmResult failure; /* while STATE_FAILED */
  GmLocalBind *bind; /* (owned) (nullable) */
  GmSocket *socket; /* (owned) (nullable) */
  GmTimer retry;
  gint64 heard_at; /* last successful read */
  GmAddress address; /* last member: memory ends where the address does */
} SocketLayer;

static GmResult
fail (SocketLayer *self,
      GmResult result,
      int sys_errno)
{
  GmError *error = self->layer.host->error;
  char text[GM_ADDRESS_TEXT_MAX];

  if (error->result == GM_OK)
    {
      gm_error_set (error, result, GM_PHASE_CONNECT, sys_errno);
      if (error->address == NULL)
        {
          error->address = g_strdup (gm_address_print (&self->address, text));
          error->port = gm_address_get_port (&self->address);
        }
    }

  self->state = STATE_FAILED;
  self->failure = result;
  return result;
}

/* ---- making one ---- */

static void
set_option (int fd,
            int level,
            int option,
            guint value)
{
  int number = (int) MIN (value, G_MAXINT);

  /* Wishes, not conditions: a kernel without them still connects. */
  setsockopt (fd, level, option, &number, sizeof number);
}

static void
set_options (SocketLayer *self,
             int fd)
{
  const GmConnectSettings *settings = self->layer.host->settings;

  if (self->address.sa.any.sa_family == AF_UNIX)
    return;

  if (settings->fast_open)
    set_option (fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
  if (settings->no_delay)
    set_option (fd, IPPROTO_TCP, TCP_NODELAY, 1);
  if (settings->keepalive)
    {
      set_option (fd, SOL_SOCKET, SO_KEEPALIVE, 1);
      set_option (fd, IPPROTO_TCP, TCP_KEEPIDLE, settings->keepalive_idle_s);
      set_option (fd, IPPROTO_TCP, TCP_KEEPINTVL, settings->keepalive_interval_s);
      set_option (fd, IPPROTO_TCP, TCP_KEEPCNT, settings->keepalive_count);
    }
}

/* A descriptor that nobody has announced yet is closed the same way as any other. */
static void
discard (SocketLayer *self,
         int fd)
{
  GmSocket *socket = gm_socket_new (self->layer.host->reactor, fd, self->layer.host->owner);

  socket->holder = self->layer.host->holder;
  gm_socket_close (socket);
}

static int
open_socket (SocketLayer *self)
{
  GmLayerHost *host = self->layer.host;
  int fd;

  if (host->open_socket == NULL)
    return socket (self->address.sa.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  errno = 0;
  fd = host->open_socket (&self->address, host->socket_data);
  if (fd >= 0)
    {
      fcntl (fd, F_SETFD, FD_CLOEXEC | fcntl (fd, F_GETFD));
      fcntl (fd, F_SETFL, O_NONBLOCK | fcntl (fd, F_GETFL));
    }
  return fd;
}

static GmResult
connected (SocketLayer *self)
{
  if (G_UNLIKELY (self->layer.host->attempt != NULL))
    self->layer.host->attempt (&self->address, GM_ATTEMPT_CONNECTED, 0, self->layer.host->socket_data);
  self->state = STATE_CONNECTED;
  self->heard_at = self->layer.host->reactor->now;
  /* The first request is sent at once: a fresh socket has room, and the event that says so would cost a turn. */
  self->socket->ready |= GM_IO_OUT;
  return GM_OK;
}

static void
retry_cb (GmTimer *timer,
          gint64 now)
{
  SocketLayer *self = (SocketLayer *) (gpointer) ((char *) timer - G_STRUCT_OFFSET (SocketLayer, retry));

  gm_reactor_queue (self->layer.host->reactor, self->layer.host->owner);
}

/* connect() on @fd, which goes to a GmSocket in any case but failure: not before, because an unconnected socket counts
 * as hung up. */
static GmResult
begin_connect (SocketLayer *self,
               int fd,
               gboolean done)
{
  GmLayerHost *host = self->layer.host;
  int error = done || connect (fd, &self->address.sa.any, self->address.len) == 0 ? 0 : errno;

  if (error == EAGAIN && self->address.sa.any.sa_family == AF_UNIX)
    {
      discard (self, fd);
      self->state = STATE_BACKLOG;
      self->retry.fire = retry_cb;
      gm_reactor_set_timer (host->reactor, &self->retry, host->reactor->now + BACKLOG_RETRY_US);
      return GM_AGAIN;
    }
  if (error != 0 && error != EINPROGRESS && error != EINTR)
    {
      discard (self, fd);
      return fail (self, GM_CONNECT_FAILED, error);
    }

  self->socket = gm_socket_new (host->reactor, fd, host->owner);
  self->socket->holder = host->holder;
  if (error == 0)
    return connected (self);

  self->state = STATE_CONNECTING;
  gm_socket_set_want (self->socket, GM_IO_OUT);
  return GM_AGAIN;
}

static GmResult
open_and_connect (SocketLayer *self)
{
  GmLayerHost *host = self->layer.host;
  GmSocketAnswer answer = GM_SOCKET_SET_UP;
  int error = 0;
  int fd;

  if (G_UNLIKELY (host->attempt != NULL))
    host->attempt (&self->address, GM_ATTEMPT_BEGINS, 0, host->socket_data);
  fd = open_socket (self);
  if (fd < 0)
    return fail (self, errno == EMFILE || errno == ENFILE ? GM_TOO_MANY_FILES : GM_CONNECT_FAILED, errno);

  set_options (self, fd);
  if (host->set_up_socket != NULL)
    answer = host->set_up_socket (fd, host->socket_data);
  if (answer == GM_SOCKET_REFUSED)
    {
      discard (self, fd);
      return fail (self, GM_ABORTED, 0);
    }

  if (self->bind != NULL && gm_local_bind_apply (self->bind, fd, &error) != GM_OK)
    {
      discard (self, fd);
      return fail (self, GM_INTERFACE_FAILED, error);
    }

  return begin_connect (self, fd, answer == GM_SOCKET_CONNECTED);
}

/* ---- connect, one function per state ---- */

static GmResult
step_binding (SocketLayer *self)
{
  int error = 0;
  GmResult result = gm_local_bind_resolve (self->bind, &error);

  if (result == GM_AGAIN)
    return GM_AGAIN;
  if (result != GM_OK)
    return fail (self, result, error);

  return open_and_connect (self);
}

static GmResult
step_new (SocketLayer *self)
{
  GmLayerHost *host = self->layer.host;
  int family = self->address.sa.any.sa_family;

  if (family == AF_UNIX || !gm_local_bind_wanted (host->settings))
    return open_and_connect (self);

  self->state = STATE_BINDING;
  self->bind = gm_local_bind_new (host->settings, family, host->reactor, host->owner);
  return step_binding (self);
}

/* Events may be anybody's guess (socket_action for all, a foreign loop): only the kernel's word that there is a peer
 * counts. */
static GmResult
step_connecting (SocketLayer *self)
{
  GmAddress peer = { .len = sizeof peer.sa };
  socklen_t len = sizeof (int);
  int error = 0;

  if ((self->socket->ready & (GM_IO_OUT | GM_IO_HUP)) == 0)
    return GM_AGAIN;

  if (getsockopt (self->socket->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
    error = errno;
  if (error == 0 && getpeername (self->socket->fd, &peer.sa.any, &peer.len) == 0)
    return connected (self);
  if (error == 0 && errno == ENOTCONN)
    {
      self->socket->ready &= ~(GM_IO_IN | GM_IO_OUT | GM_IO_HUP);
      return GM_AGAIN;
    }

  return fail (self, GM_CONNECT_FAILED, error != 0 ? error : errno);
}

static GmResult
socket_connect (GmLayer *layer)
{
  SocketLayer *self = (SocketLayer *) layer;

  switch (self->state)
    {
    case STATE_NEW:
      return step_new (self);
    case STATE_BINDING:
      return step_binding (self);
    case STATE_BACKLOG:
      return self->retry.due == 0 ? open_and_connect (self) : GM_AGAIN;
    case STATE_CONNECTING:
      return step_connecting (self);
    case STATE_CONNECTED:
      return GM_OK;
    case STATE_FAILED:
    default:
      return self->failure;
    }
}

/* ---- bytes ---- */

static GmResult
socket_send (GmLayer *layer,
             const char *data,
             gsize len,
             gsize *n_sent)
{
  SocketLayer *self = (SocketLayer *) layer;
  GmSocket *socket = self->socket;
  gssize n;

  if ((socket->ready & GM_IO_OUT) == 0)
    return GM_AGAIN;

  do
    n = send (socket->fd, data, len, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);

  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    {
      socket->ready &= ~GM_IO_OUT;
      return GM_AGAIN;
    }
  if (n < 0)
    {
      gm_error_set (layer->host->error, GM_SEND_FAILED, GM_PHASE_REQUEST, errno);
      return GM_SEND_FAILED;
    }

  /* All the room there was: an event tells when there is more (epoll(7), on short counts). */
  if ((gsize) n < len && !layer->host->reactor->foreign)
    socket->ready &= ~GM_IO_OUT;
  *n_sent = (gsize) n;
  return GM_OK;
}

static GmResult
socket_recv (GmLayer *layer,
             char *data,
             gsize len,
             gsize *n_read)
{
  SocketLayer *self = (SocketLayer *) layer;
  GmSocket *socket = self->socket;
  gssize n;

  if ((socket->ready & GM_IO_IN) == 0)
    return GM_AGAIN;

  do
    n = recv (socket->fd, data, len, 0);
  while (n < 0 && errno == EINTR);

  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    {
      socket->ready &= ~GM_IO_IN;
      return GM_AGAIN;
    }
  if (n < 0)
    {
      gm_error_set (layer->host->error, GM_RECV_FAILED, GM_PHASE_RESPONSE, errno);
      return GM_RECV_FAILED;
    }

  /* A short count means drained, unless an end may stand behind it: the own epoll set tells of that by GM_IO_HUP, a
   * foreign loop may not, and then only EAGAIN is proof. At the end itself the bit stays. */
  if (n > 0 && (gsize) n < len && (socket->ready & GM_IO_HUP) == 0 && !layer->host->reactor->foreign)
    socket->ready &= ~GM_IO_IN;
  self->heard_at = layer->host->reactor->now;
  *n_read = (gsize) n;
  return GM_OK;
}

/* ---- questions ---- */

static gboolean
is_alive (SocketLayer *self)
{
  GmReactor *reactor = self->layer.host->reactor;
  char byte;
  gssize n;

  if (self->state != STATE_CONNECTED || (self->socket->ready & GM_IO_HUP) != 0)
    return FALSE;
  if ((self->socket->ready & GM_IO_IN) == 0 && reactor->now - self->heard_at < ALIVE_US &&
      !self->socket->resting)
    return TRUE;

  /* Nothing is outstanding, so anything but "nothing there" is an end, an error or what nobody asked for. */
  n = recv (self->socket->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
    return FALSE;

  self->socket->ready &= ~GM_IO_IN;
  return TRUE;
}

static void
look (SocketLayer *self)
{
  struct pollfd pfd = { .events = POLLIN | POLLOUT };

  if (self->socket == NULL)
    return;

  pfd.fd = self->socket->fd;
  if (poll (&pfd, 1, 0) <= 0)
    return;
  if (pfd.revents & POLLIN)
    self->socket->ready |= GM_IO_IN;
  if (pfd.revents & POLLOUT)
    self->socket->ready |= GM_IO_OUT;
  if (pfd.revents & (POLLERR | POLLHUP))
    self->socket->ready |= GM_IO_HUP | GM_IO_IN | GM_IO_OUT;
}

static gboolean
socket_query (GmLayer *layer,
              GmQuery query,
              gpointer answer)
{
  SocketLayer *self = (SocketLayer *) layer;

  switch (query)
    {
    case GM_QUERY_ALIVE:
      *(gboolean *) answer = is_alive (self);
      return TRUE;
    case GM_QUERY_WANT:
      *(GmIo *) answer = self->state == STATE_CONNECTING ? GM_IO_OUT : GM_IO_NONE;
      return TRUE;
    case GM_QUERY_SOCKET:
      *(GmSocket **) answer = self->socket;
      return TRUE;
    case GM_QUERY_PENDING:
      *(gboolean *) answer = FALSE;
      return TRUE;
    case GM_QUERY_PHASE:
      *(GmPhase *) answer = GM_PHASE_CONNECT;
      return TRUE;
    case GM_QUERY_LOOK:
      look (self);
      return TRUE;
    case GM_QUERY_RESOLVED_AT:
    case GM_QUERY_CONNECTED_AT:
    case GM_QUERY_ALPN:
    case GM_QUERY_TLS:
    case GM_QUERY_TLS_SESSION:
    case GM_QUERY_TELL:
    default:
      return FALSE;
    }
}

static void
socket_adjust (GmLayer *layer,
               GmIo want)
{
  SocketLayer *self = (SocketLayer *) layer;

  if (self->socket == NULL)
    return;

  if (self->state == STATE_CONNECTING)
    want = GM_IO_OUT;
  if (self->socket->want != want || self->socket->resting)
    gm_socket_set_want (self->socket, want);
}

static void
socket_free (GmLayer *layer)
{
  SocketLayer *self = (SocketLayer *) layer;

  gm_reactor_set_timer (layer->host->reactor, &self->retry, 0);
  gm_local_bind_free (self->bind);
  if (self->socket != NULL)
    gm_socket_close (self->socket);
  g_free (self);
}

/* Closing says nothing more: the kernel ends the stream properly by itself. */
static const GmLayerType socket_type = {
  .name = "socket",
  .connect = socket_connect,
  .send = socket_send,
  .recv = socket_recv,
  .query = socket_query,
  .adjust = socket_adjust,
  .free = socket_free,
};

static GmLayer *
new_real (GmLayerHost *host,
          const GmAddress *address)
{
  /* Room for a path is needed by few, and by an application that may put another address in its place. */
  gsize size = host->open_socket == NULL
                 ? G_STRUCT_OFFSET (SocketLayer, address.sa) + MAX (address->len, sizeof address->sa.v6)
                 : sizeof (SocketLayer);
  SocketLayer *self = g_malloc0 (size);

  self->layer.type = &socket_type;
  self->layer.host = host;
  self->address.len = address->len;
  memcpy (&self->address.sa, &address->sa, address->len);
  return &self->layer;
}

GmLayer *
gm_layer_socket_new (GmLayerHost *host,
                     const GmAddress *address)
{
  const GmSocketHooks *hooks = host->hooks;
  GmLayer *top = hooks != NULL && hooks->new_layer != NULL
                   ? hooks->new_layer (&address->sa.any, address->len, hooks->user_data)
                   : new_real (host, address);

  if (hooks != NULL && hooks->wrap_layer != NULL)
    top = hooks->wrap_layer (top, hooks->user_data);
  /* The hooks' layers are told here whose they are. */
  for (GmLayer *layer = top; layer != NULL; layer = layer->next)
    layer->host = host;

  return top;
}
