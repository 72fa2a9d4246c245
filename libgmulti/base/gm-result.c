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
