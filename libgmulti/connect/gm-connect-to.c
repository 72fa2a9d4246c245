/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connect-to.h"

/* Takes "host" or "[v6]" up to its colon (or the end); FALSE if it cannot be read. */
static gboolean
take_host (const char **at,
           GmSpan *host)
{
  const char *p = *at;
  const char *end;

  if (*p == '[')
    {
      end = strchr (p, ']');
      if (end == NULL || (end[1] != ':' && end[1] != '\0'))
        return FALSE;
      *host = gm_span (p + 1, (gsize) (end - p - 1));
      end++;
    }
  else
    {
      end = strchrnul (p, ':');
      *host = gm_span (p, (gsize) (end - p));
    }
  *at = *end == ':' ? end + 1 : end;

  return TRUE;
}

static gboolean
take_port (const char **at,
           guint16 *port)
{
  const char *end = strchrnul (*at, ':');
  guint64 value = 0;

  if (end > *at && !gm_span_to_uint64 (gm_span (*at, (gsize) (end - *at)), 65535, &value))
    return FALSE;
  *port = (guint16) value;
  *at = *end == ':' ? end + 1 : end;

  return TRUE;
}

gboolean
gm_connect_to_find (const GmStringList *list,
                    GmSpan host,
                    guint16 port,
                    GmSpan *to_host,
                    guint16 *to_port)
{
  for (; list != NULL; list = list->next)
    {
      const char *at = list->data;
      GmSpan from_host, target_host;
      guint16 from_port, target_port;

      if (!take_host (&at, &from_host) || !take_port (&at, &from_port) || !take_host (&at, &target_host) ||
          !take_port (&at, &target_port) || *at != '\0')
        continue;
      if ((from_host.len > 0 && !gm_span_equal_nocase (from_host, host)) || (from_port != 0 && from_port != port))
        continue;

      *to_host = target_host;
      *to_port = target_port;
      return TRUE;
    }

  return FALSE;
}
