/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-connect-settings.h"

/* "host:port:host2:port2" entries (CURLOPT_CONNECT_TO): go to host2:port2 instead of host:port. Empty host or port on the
 * left matches any, on the right leaves it as it is; IPv6 addresses stand in brackets. The first entry that matches
 * counts; one that cannot be read matches nothing. Results borrow from the list. FALSE = no entry matches. */
gboolean gm_connect_to_find (const GmStringList *list,
                             GmSpan host,
                             guint16 port,
                             GmSpan *to_host,
                             guint16 *to_port);
