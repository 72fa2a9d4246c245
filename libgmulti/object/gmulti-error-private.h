/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-result.h"
#include "gmulti-error.h"

/* The one place where the engine's results become errors that programs match and people read. Any thread. */

/* What the engine left behind about a failure; all strings are borrowed. */
typedef struct
{
  GmResult result;
  GmPhase phase;
  int sys_errno;    /* 0 if no system call failed */
  int resolver;     /* an EAI_ code, or 0 */
  guint status;     /* the response's status, for GM_HTTP_STATUS */
  const char *host; /* (nullable): the host, or the path for local files, that it was about */
  const char *detail; /* (nullable): a name that belongs to it, as GmError.detail */
  const char *ways; /* (nullable): what was tried before, as GmError.ways */
  guint proxy_status; /* as GmError.proxy_status */
  guint h2; /* as GmError.h2 */
} GmFailure;

/* Makes the error for @failure, never NULL: domain and code as in the table of introspection/errors.md, a translated
 * sentence that names host, phase and cause. */
GError *gm_failure_to_error (const GmFailure *failure);

/* "connecting": what is being done, translated. */
const char *gm_phase_to_text (GmPhase phase);

/* A GMULTI_TRANSFER_ERROR of the face's own making. @message (transfer full): translated. */
GError *gm_error_take       (GMultiTransferError code,
                             GMultiPhase phase,
                             char *message);

/* The same answer that is_transient gives, for a status of a response. */
gboolean gm_status_is_transient (guint status);
