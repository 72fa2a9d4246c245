/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stddef.h>

/* RFC 4007 section 11: the zone is a number or the name of an interface. The name is answered by the kernel from a table
 * of its own, without waiting. */
static gboolean
parse_zone (GmSpan text,
            guint32 *scope_id)
{
  char name[IF_NAMESIZE];
  guint64 number;

  if (gm_span_to_uint64 (text, G_MAXUINT32, &number))
    {
      *scope_id = (guint32) number;
      return TRUE;
    }
  if (text.len == 0 || text.len >= sizeof name)
    return FALSE;

  memcpy (name, text.data, text.len);
  name[text.len] = '\0';
  *scope_id = if_nametoindex (name);
  return *scope_id != 0;
}

static gboolean
parse_v6 (GmAddress *self,
          GmSpan text,
          guint16 port)
{
  const char *percent = memchr (text.data, '%', text.len);
  gsize len = percent != NULL ? (gsize) (percent - text.data) : text.len;
  char buffer[INET6_ADDRSTRLEN];
  struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons (port) };

  if (len >= sizeof buffer)
    return FALSE;
  memcpy (buffer, text.data, len);
  buffer[len] = '\0';
  if (inet_pton (AF_INET6, buffer, &v6.sin6_addr) != 1)
    return FALSE;
  if (percent != NULL && !parse_zone (gm_span (percent + 1, text.len - len - 1), &v6.sin6_scope_id))
    return FALSE;

  self->sa.v6 = v6;
  self->len = sizeof self->sa.v6;
  return TRUE;
}

gboolean
gm_address_parse (GmAddress *self,
                  GmSpan text,
                  guint16 port)
{
  char buffer[INET_ADDRSTRLEN];
  struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons (port) };

  if (text.len == 0 || memchr (text.data, '\0', text.len) != NULL)
    return FALSE;
  if (memchr (text.data, ':', text.len) != NULL)
    return parse_v6 (self, text, port);
  if (text.len >= sizeof buffer)
    return FALSE;

  memcpy (buffer, text.data, text.len);
  buffer[text.len] = '\0';
  if (inet_pton (AF_INET, buffer, &v4.sin_addr) != 1)
    return FALSE;

  self->sa.v4 = v4;
  self->len = sizeof self->sa.v4;
  return TRUE;
}

gboolean
gm_address_set_path (GmAddress *self,
                     const char *path,
                     gboolean abstract_name)
{
  gsize len = strlen (path);

  /* A path ends with a NUL that counts; an abstract name begins with one, and its end is told by the length. */
  if (len == 0 || len + 1 > sizeof self->sa.local.sun_path)
    return FALSE;

  memset (&self->sa.local, 0, sizeof self->sa.local);
  self->sa.local.sun_family = AF_UNIX;
  memcpy (self->sa.local.sun_path + (abstract_name ? 1 : 0), path, len);
  self->len = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len + 1);
  return TRUE;
}

void
gm_address_set_port (GmAddress *self,
                     guint16 port)
{
  if (self->sa.any.sa_family == AF_INET)
    self->sa.v4.sin_port = htons (port);
  else if (self->sa.any.sa_family == AF_INET6)
    self->sa.v6.sin6_port = htons (port);
}

guint16
gm_address_get_port (const GmAddress *self)
{
  if (self->sa.any.sa_family == AF_INET)
    return ntohs (self->sa.v4.sin_port);
  if (self->sa.any.sa_family == AF_INET6)
    return ntohs (self->sa.v6.sin6_port);
  return 0;
}

static void
print_path (const GmAddress *self,
            char buffer[GM_ADDRESS_TEXT_MAX])
{
  gsize room = self->len > offsetof (struct sockaddr_un, sun_path)
                 ? self->len - offsetof (struct sockaddr_un, sun_path) : 0;
  const char *path = self->sa.local.sun_path;
  gboolean abstract_name = room > 0 && path[0] == '\0';
  gsize len = abstract_name ? room - 1 : strnlen (path, room);

  /* An abstract name is written as other tools write it; a long path keeps its beginning. */
  if (abstract_name)
    buffer[0] = '@';
  len = MIN (len, GM_ADDRESS_TEXT_MAX - 1 - (abstract_name ? 1 : 0));
  memcpy (buffer + abstract_name, path + abstract_name, len);
  buffer[len + abstract_name] = '\0';
}

char *
gm_address_print (const GmAddress *self,
                  char buffer[GM_ADDRESS_TEXT_MAX])
{
  buffer[0] = '\0';
  if (self->len == 0)
    return buffer;

  if (self->sa.any.sa_family == AF_INET)
    inet_ntop (AF_INET, &self->sa.v4.sin_addr, buffer, GM_ADDRESS_TEXT_MAX);
  else if (self->sa.any.sa_family == AF_INET6)
    inet_ntop (AF_INET6, &self->sa.v6.sin6_addr, buffer, GM_ADDRESS_TEXT_MAX);
  else if (self->sa.any.sa_family == AF_UNIX)
    print_path (self, buffer);

  return buffer;
}

/* ---- ends of a connection ---- */

void
gm_endpoint_set (GmEndpoint *self,
                 const GmAddress *address)
{
  *self = (GmEndpoint){ 0 };
  if (address->len == 0)
    return;

  if (address->sa.any.sa_family == AF_UNIX || address->len > sizeof self->sa)
    {
      self->len = sizeof self->sa.any.sa_family;
      self->sa.any.sa_family = address->sa.any.sa_family;
      return;
    }
  self->len = address->len;
  memcpy (&self->sa, &address->sa, address->len);
}

static void
widen (GmAddress *address,
       const GmEndpoint *from)
{
  address->len = from->len;
  memcpy (&address->sa, &from->sa, sizeof from->sa);
}

guint16
gm_endpoint_get_port (const GmEndpoint *self)
{
  GmAddress address = { 0 };

  widen (&address, self);
  return self->len > 0 ? gm_address_get_port (&address) : 0;
}

char *
gm_endpoint_print (const GmEndpoint *self,
                   char buffer[GM_ADDRESS_TEXT_MAX])
{
  GmAddress address = { 0 };

  widen (&address, self);
  return gm_address_print (&address, buffer);
}

/* ---- lists ---- */

GmAddresses *
gm_addresses_new (guint n)
{
  GmAddresses *self = g_malloc0 (sizeof *self + n * sizeof self->items[0]);

  g_atomic_ref_count_init (&self->refs);
  self->n = n;
  return self;
}

GmAddresses *
gm_addresses_ref (GmAddresses *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_addresses_unref (GmAddresses *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}
