/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* One place to connect to, and lists of them as a resolver gives. */

typedef struct _GmAddress
{
  socklen_t len;
  union
  {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
  } sa;
} GmAddress;

#define GM_ADDRESS_TEXT_MAX 64

/* One end of a connection, as it is remembered: a quarter of the size, because of a unix-domain socket only the family is
 * kept (its path is in the settings). */
typedef struct
{
  socklen_t len; /* 0 = not known */
  union
  {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } sa;
} GmEndpoint;

/* Numeric IPv4 (dotted quad) or IPv6 (without brackets, zone id allowed); FALSE for anything else. */
gboolean gm_address_parse    (GmAddress *self,
                              GmSpan text,
                              guint16 port);
/* @abstract_name: the name lies in Linux's abstract name space. FALSE if too long. */
gboolean gm_address_set_path (GmAddress *self,
                              const char *path,
                              gboolean abstract_name);
void     gm_address_set_port (GmAddress *self,
                              guint16 port);
guint16  gm_address_get_port (const GmAddress *self);
/* The numeric host (or path) as text without port; returns @buffer. */
char    *gm_address_print    (const GmAddress *self,
                              char buffer[GM_ADDRESS_TEXT_MAX]);

void     gm_endpoint_set      (GmEndpoint *self,
                               const GmAddress *address);
guint16  gm_endpoint_get_port (const GmEndpoint *self);
/* As gm_address_print(); nothing for a unix-domain socket. */
char    *gm_endpoint_print    (const GmEndpoint *self,
                               char buffer[GM_ADDRESS_TEXT_MAX]);

/* Immutable, atomically refcounted; one allocation. */
typedef struct
{
  gatomicrefcount refs;
  guint n;
  GmAddress items[];
} GmAddresses;

GmAddresses *gm_addresses_new   (guint n);
GmAddresses *gm_addresses_ref   (GmAddresses *self);
void         gm_addresses_unref (GmAddresses *self); /* NULL is fine */
