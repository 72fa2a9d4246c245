/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-result.h"

const char *
gm_result_name (GmResult result)
{
  static const char *const names[] = {
#define GM_RESULT_NAME(name) #name,
    GM_RESULTS (GM_RESULT_NAME)
#undef GM_RESULT_NAME
  };

  return (guint) result < G_N_ELEMENTS (names) ? names[result] : "?";
}

void
gm_error_clear (GmError *error)
{
  g_clear_pointer (&error->host, g_free);
  g_clear_pointer (&error->address, g_free);
  g_clear_pointer (&error->detail, g_free);
  g_clear_pointer (&error->ways, g_free);
  *error = (GmError){ GM_OK };
}

void
gm_error_set (GmError *error,
              GmResult result,
              GmPhase phase,
              int sys_errno)
{
  if (error->result != GM_OK)
    return;

  error->result = result;
  error->phase = phase;
  error->sys_errno = sys_errno;
}

static void
add_text (char **to,
          const char *from)
{
  if (*to == NULL)
    *to = g_strdup (from);
}

void
gm_error_add_details (GmError *error,
                      const GmError *from)
{
  add_text (&error->host, from->host);
  add_text (&error->address, from->address);
  add_text (&error->detail, from->detail);
  error->resolver = from->resolver;
  error->port = from->port;
  error->proxy_status = from->proxy_status;
  error->socks = from->socks;
  error->of_proxy = from->of_proxy;
  error->alert = from->alert;
  error->tls = from->tls;
  if (error->h2 == 0)
    error->h2 = from->h2;
}
