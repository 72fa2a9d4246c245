/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-name.h"

#include <arpa/inet.h>

void
gm_tls_name_init (GmTlsName *self,
                  GmSpan host)
{
  *self = (GmTlsName){ 0 };

  /* A dot at the end says "from the root" and is no part of the name (RFC 6066 section 3). */
  if (host.len > 1 && host.data[host.len - 1] == '.')
    host.len--;
  self->text = g_strndup (host.data, host.len);
  for (char *c = self->text; *c != '\0'; c++)
    *c = gm_ascii_lower (*c);

  if (inet_pton (AF_INET, self->text, self->address) == 1)
    self->address_len = 4;
  else if (inet_pton (AF_INET6, self->text, self->address) == 1)
    self->address_len = 16;
}

void
gm_tls_name_clear (GmTlsName *self)
{
  g_clear_pointer (&self->text, g_free);
}

gboolean
gm_tls_name_match (const GmTlsName *self,
                   GmSpan pattern)
{
  GmSpan name = gm_span (self->text, strlen (self->text));
  const char *dot;

  if (self->address_len > 0 || name.len == 0 || pattern.len == 0)
    return FALSE;
  /* A name that goes on behind a NUL is meant to be read by halves. */
  if (memchr (pattern.data, '\0', pattern.len) != NULL)
    return FALSE;
  if (pattern.len > 1 && pattern.data[pattern.len - 1] == '.')
    pattern.len--;

  if (pattern.data[0] != '*')
    return gm_span_equal_nocase (name, pattern);
  if (pattern.len < 4 || pattern.data[1] != '.' || memchr (pattern.data + 2, '.', pattern.len - 2) == NULL ||
      memchr (pattern.data + 1, '*', pattern.len - 1) != NULL)
    return FALSE;

  dot = memchr (name.data, '.', name.len);
  if (dot == NULL || dot == name.data)
    return FALSE;

  return gm_span_equal_nocase (gm_span (dot, name.len - (gsize) (dot - name.data)),
                               gm_span (pattern.data + 1, pattern.len - 1));
}

gboolean
gm_tls_name_match_address (const GmTlsName *self,
                           gconstpointer bytes,
                           gsize len)
{
  return self->address_len > 0 && self->address_len == len && memcmp (self->address, bytes, len) == 0;
}
