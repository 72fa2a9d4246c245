/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-layer.h"

/* What every lowest layer of the tests answers: a socket without a descriptor, with nothing above it. */

static inline gboolean
bare_socket_query (GmSocket *socket,
                   gboolean alive,
                   GmIo want,
                   GmQuery query,
                   gpointer answer)
{
  switch (query)
    {
    case GM_QUERY_ALIVE:
      *(gboolean *) answer = alive;
      return TRUE;
    case GM_QUERY_WANT:
      *(GmIo *) answer = want;
      return TRUE;
    case GM_QUERY_SOCKET:
      *(GmSocket **) answer = socket;
      return TRUE;
    case GM_QUERY_PENDING:
      *(gboolean *) answer = FALSE;
      return TRUE;
    case GM_QUERY_PHASE:
      *(GmPhase *) answer = GM_PHASE_CONNECT;
      return TRUE;
    case GM_QUERY_LOOK:
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
