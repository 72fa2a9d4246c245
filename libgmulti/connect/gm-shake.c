/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-shake.h"

#include "gm-trace.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define PROBE_AFTER_S 5
#define PROBE_INTERVAL_S 5
#define PROBES 3
/* What was sent and not acknowledged for so long is lost. */
#define UNACKNOWLEDGED_MS 20000

typedef struct
{
  gboolean (*is_here) (const struct sockaddr *address); /* (nullable) */
  struct ifaddrs *addresses; /* (owned) (nullable): asked for when the first one is to be looked up */
  gboolean asked;
} Shake;

static gboolean
is_within_machine (const struct sockaddr *address)
{
  const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *) (gconstpointer) address;

  if (address->sa_family == AF_INET)
    return ntohl (((const struct sockaddr_in *) (gconstpointer) address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;

  return address->sa_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK (&v6->sin6_addr);
}

static gboolean
same_address (const struct sockaddr *one,
              const struct sockaddr *other)
{
  if (other == NULL || one->sa_family != other->sa_family)
    return FALSE;
  if (one->sa_family == AF_INET)
    return ((const struct sockaddr_in *) (gconstpointer) one)->sin_addr.s_addr ==
           ((const struct sockaddr_in *) (gconstpointer) other)->sin_addr.s_addr;

  return memcmp (&((const struct sockaddr_in6 *) (gconstpointer) one)->sin6_addr,
                 &((const struct sockaddr_in6 *) (gconstpointer) other)->sin6_addr, sizeof (struct in6_addr)) == 0;
}

static gboolean
is_here (Shake *self,
         const struct sockaddr *address)
{
  if (self->is_here != NULL)
    return self->is_here (address);

  if (!self->asked && getifaddrs (&self->addresses) != 0)
    self->addresses = NULL;
  self->asked = TRUE;
  /* who cannot tell breaks nothing off */
  if (self->addresses == NULL)
    return TRUE;
  for (struct ifaddrs *i = self->addresses; i != NULL; i = i->ifa_next)
    if (same_address (address, i->ifa_addr))
      return TRUE;

  return FALSE;
}

static void
set_option (int fd,
            int level,
            int option,
            int value)
{
  /* where it is not known silence lasts longer */
  (void) !setsockopt (fd, level, option, &value, sizeof value);
}

/* The kernel forgets the connection and resets the peer; reading and writing say so. */
static void
break_off (GmSocket *socket)
{
  struct sockaddr nobody = { .sa_family = AF_UNSPEC };

  GM_TRACE (SOCKET, 0, (guint64) socket->slot, "its own address is gone: broken off");
  if (connect (socket->fd, &nobody, sizeof nobody) != 0)
    shutdown (socket->fd, SHUT_RDWR);
  gm_socket_post (socket, GM_IO_IN | GM_IO_OUT | GM_IO_HUP);
}

static void
shake (GmSocket *socket,
       gpointer user_data)
{
  Shake *self = user_data;
  struct sockaddr_storage storage;
  const struct sockaddr *address = (const struct sockaddr *) (gconstpointer) &storage;
  socklen_t len = sizeof storage;
  int type = 0;
  socklen_t type_len = sizeof type;

  if (socket->fd < 0 || getsockopt (socket->fd, SOL_SOCKET, SO_TYPE, &type, &type_len) != 0 || type != SOCK_STREAM
      || getsockname (socket->fd, (struct sockaddr *) (gpointer) &storage, &len) != 0)
    return;
  if (self->is_here == NULL && is_within_machine (address))
    return;
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
    return;

  if (!is_here (self, address))
    {
      break_off (socket);
      return;
    }
  set_option (socket->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option (socket->fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S);
  set_option (socket->fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_INTERVAL_S);
  set_option (socket->fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
  set_option (socket->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
}

void
gm_shake_sockets (GmReactor *reactor,
                  gboolean (*is_here_func) (const struct sockaddr *address))
{
  Shake self = { .is_here = is_here_func };

  gm_reactor_foreach (reactor, shake, &self);
  if (self.addresses != NULL)
    freeifaddrs (self.addresses);
}
