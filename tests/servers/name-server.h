/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "scripted-answer.h"

/* A name server behind HTTPS (RFC 8484), for a scripted server: each name has 127.0.0.1, and none has an address of the other
 * family. A test fills the members in before; the server's thread has them then. */

#define NAME_SERVER_TYPE "Content-Type: application/dns-message\r\n"

typedef struct
{
  guint ttl; /* seconds, below 65536 */
  guint code; /* of DNS; 0: found */
  gboolean stalls;
  const char *page; /* (nullable): is sent instead of an answer, and then the end */
  gint n_asked; /* atomic */
} NameServer;

/* A question for an address of IPv6. */
gboolean        name_server_is_v6  (const ScriptedRequest *request);
/* A ScriptedHandler: @user_data is a NameServer. */
ScriptedAnswer *name_server_answer (const ScriptedRequest *request,
                                    gpointer user_data);
