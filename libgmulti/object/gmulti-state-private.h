/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "http/gm-http-stores.h"

/* The state file of a session: what is known of hosts, in lines that begin with "hsts " or "alt-svc ". */

/* Stores that will be read from @file before they are used. (transfer full) */
void gm_face_state_open (GFile *file,
                         GmHsts **hsts,
                         GmAltSvc **alt_svc);
/* Writes those of @stores to @file, on a worker that nobody waits for; if anything in them has changed. */
void gm_face_state_save (GmHttpStores *stores,
                         GFile *file);
