/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-local-bind.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>

/* These look-ups are rare and for few names; a stuck one may delay its likes, nobody else. */
#define MAX_THREADS 4

/* One look-up: written by the worker, read after it. */
typedef struct
{
  GmJob job;
  char *interface; /* (owned) (nullable): may be the name of an interface */
  char *host; /* (owned) (nullable): may be a host name */
  int family;
  gboolean is_interface;
  GmAddress address; /* len 0 = none found */
  GmRunnable *owner; /* (unowned) */
  GmReactor *reactor; /* (unowned) */
  GmLocalBind *bind; /* (unowned) */
} NameJob;

struct _GmLocalBind
{
  const GmConnectSettings *settings; /* (unowned) */
  int family;
  const char *interface; /* (unowned) (nullable): piece of the settings' string that may name an interface */
  const char *host; /* (unowned) (nullable): piece that may name a host or be an address */
  gsize interface_len;
  NameJob *job; /* (owned) (nullable): while it is looked up */
  GmResult result; /* GM_AGAIN until known */
  gboolean by_device; /* SO_BINDTODEVICE with interface first */
  GmAddress address; /* len 0 = none */
};

static GmWorkers *
name_workers (void)
{
  static GmWorkers *workers;

  return gm_workers_shared (&workers, "gm-local", MAX_THREADS);
}

/* ---- on the worker ---- */

static void
find_interface_address (NameJob *self)
{
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    return;

  for (struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    {
      gsize len = self->family == AF_INET6 ? sizeof (struct sockaddr_in6) : sizeof (struct sockaddr_in);

      if (i->ifa_addr == NULL || i->ifa_addr->sa_family != self->family || strcmp (i->ifa_name, self->interface) != 0)
        continue;

      memcpy (&self->address.sa, i->ifa_addr, len);
      self->address.len = (socklen_t) len;
      /* Link-local ones reach next to nothing: taken only if there is no other. */
      if (self->family == AF_INET || !IN6_IS_ADDR_LINKLOCAL (&self->address.sa.v6.sin6_addr))
        break;
    }
  freeifaddrs (all);
}

static void
find_host_address (NameJob *self)
{
  struct addrinfo hints = { .ai_family = self->family, .ai_socktype = SOCK_STREAM };
  struct addrinfo *info = NULL;

  if (getaddrinfo (self->host, NULL, &hints, &info) != 0)
    return;

  if (info != NULL && info->ai_addrlen <= sizeof self->address.sa)
    {
      memcpy (&self->address.sa, info->ai_addr, info->ai_addrlen);
      self->address.len = info->ai_addrlen;
    }
  freeaddrinfo (info);
}

static void
name_job_work (GmJob *job)
{
  NameJob *self = (NameJob *) job;

  self->is_interface = self->interface != NULL && if_nametoindex (self->interface) != 0;
  /* With both given the interface is bound as a device and the address is the host's. */
  if (self->is_interface && (self->host == NULL || strcmp (self->host, self->interface) == 0))
    find_interface_address (self);
  else if (self->host != NULL)
    find_host_address (self);
}

/* ---- in the loop ---- */

static void
name_job_done (GmJob *job)
{
  NameJob *self = (NameJob *) job;
  GmLocalBind *local = self->bind;

  local->address = self->address;
  local->by_device = self->is_interface;
  /* An interface without an address of the family may still do as a device. */
  local->result = self->is_interface || self->address.len != 0 ? GM_OK : GM_INTERFACE_FAILED;
  local->job = NULL;
  gm_reactor_queue (self->reactor, self->owner);
  gm_job_unref (job);
}

static void
name_job_free (GmJob *job)
{
  NameJob *self = (NameJob *) job;

  g_free (self->interface);
  g_free (self->host);
  g_free (self);
}

static void
start_look_up (GmLocalBind *self,
               GmReactor *reactor,
               GmRunnable *owner)
{
  static const GmJobType type = { name_job_work, name_job_done, name_job_free };
  NameJob *job = g_new0 (NameJob, 1);

  gm_job_init (&job->job, &type);
  job->interface = g_strndup (self->interface, self->interface_len);
  job->host = g_strdup (self->host);
  job->family = self->family;
  job->reactor = reactor;
  job->owner = owner;
  job->bind = self;

  if (gm_job_start (&job->job, name_workers (), reactor))
    {
      self->job = job;
      return;
    }
  gm_job_unref (&job->job);
  self->result = GM_INTERFACE_FAILED;
}

/* "if!NAME", "host!NAME", "ifhost!IF!HOST"; a plain NAME may be either. */
static void
parse_form (GmLocalBind *self)
{
  const char *text = self->settings->local_interface;
  const char *rest;

  if (g_str_has_prefix (text, "if!"))
    {
      self->interface = text + strlen ("if!");
      self->interface_len = strlen (self->interface);
    }
  else if (g_str_has_prefix (text, "host!"))
    {
      self->host = text + strlen ("host!");
    }
  else if (g_str_has_prefix (text, "ifhost!") && (rest = strchr (text + strlen ("ifhost!"), '!')) != NULL)
    {
      self->interface = text + strlen ("ifhost!");
      self->interface_len = (gsize) (rest - self->interface);
      self->host = rest + 1;
    }
  else
    {
      self->interface = self->host = text;
      self->interface_len = strlen (text);
    }
}

gboolean
gm_local_bind_wanted (const GmConnectSettings *settings)
{
  return settings->local_port != 0 || (settings->local_interface != NULL && settings->local_interface[0] != '\0');
}

GmLocalBind *
gm_local_bind_new (const GmConnectSettings *settings,
                   int family,
                   GmReactor *reactor,
                   GmRunnable *owner)
{
  GmLocalBind *self = g_new0 (GmLocalBind, 1);

  self->settings = settings;
  self->family = family;
  self->result = GM_AGAIN;

  if (settings->local_interface == NULL || settings->local_interface[0] == '\0')
    {
      self->result = GM_OK;
      return self;
    }

  parse_form (self);
  if (self->host != NULL && gm_address_parse (&self->address, gm_span (self->host, strlen (self->host)), 0))
    {
      self->by_device = self->interface != NULL && self->interface != self->host;
      self->result = self->address.sa.any.sa_family == family ? GM_OK : GM_INTERFACE_FAILED;
    }
  else
    {
      self->address.len = 0;
      start_look_up (self, reactor, owner);
    }

  return self;
}

GmResult
gm_local_bind_resolve (GmLocalBind *self,
                       int *sys_errno)
{
  if (self->result == GM_INTERFACE_FAILED)
    *sys_errno = EADDRNOTAVAIL;

  return self->result;
}

/* Each port of the range in turn; port 0 lets the kernel choose when it knows the far end, so that a port is free for
 * every destination and not just for one. */
static GmResult
bind_ports (GmLocalBind *self,
            int fd,
            int *sys_errno)
{
  guint port = self->settings->local_port;
  guint last = port == 0 ? 0 : port + MAX (self->settings->local_port_range, 1) - 1;
  GmAddress address = self->address;

  if (address.len == 0)
    {
      address.sa.any.sa_family = (sa_family_t) self->family;
      address.len = self->family == AF_INET6 ? sizeof address.sa.v6 : sizeof address.sa.v4;
    }
#ifdef IP_BIND_ADDRESS_NO_PORT
  if (port == 0)
    setsockopt (fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){ 1 }, sizeof (int));
#endif

  for (; port <= MIN (last, G_MAXUINT16); port++)
    {
      gm_address_set_port (&address, (guint16) port);
      if (bind (fd, &address.sa.any, address.len) == 0)
        return GM_OK;
      *sys_errno = errno;
      if (errno != EADDRINUSE && errno != EACCES)
        break;
    }

  return GM_INTERFACE_FAILED;
}

GmResult
gm_local_bind_apply (GmLocalBind *self,
                     int fd,
                     int *sys_errno)
{
  if (self->by_device)
    {
      char name[IFNAMSIZ] = "";
      gboolean bound;

      if (self->interface_len < sizeof name)
        memcpy (name, self->interface, self->interface_len);
      bound = name[0] != '\0' && setsockopt (fd, SOL_SOCKET, SO_BINDTODEVICE, name, sizeof name) == 0;
      *sys_errno = bound ? 0 : errno;

      /* The address of the interface stands in where the device is refused; an own host or port comes in addition. */
      if (bound && (self->host == NULL || self->host == self->interface) && self->settings->local_port == 0)
        return GM_OK;
      if (!bound && self->address.len == 0)
        return GM_INTERFACE_FAILED;
      if (bound && self->host == NULL)
        self->address.len = 0;
    }

  return bind_ports (self, fd, sys_errno);
}

void
gm_local_bind_free (GmLocalBind *self)
{
  if (self == NULL)
    return;

  if (self->job != NULL)
    gm_job_abandon (&self->job->job);
  g_free (self);
}
