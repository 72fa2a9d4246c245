/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-reactor.h"
#include "gm-result.h"

/* The text of a .netrc file, read once for a transfer, on a worker: its folder may lie on another machine. */

typedef struct _GmNetrcLoad GmNetrcLoad;

/* @path NULL: .netrc in the user's home. @owner gets a turn when it is there. */
GmNetrcLoad *gm_netrc_load_new        (const char *path,
                                       GmReactor *reactor,
                                       GmRunnable *owner);
/* Never waits for the worker; wipes the text. NULL is fine. */
void         gm_netrc_load_free       (GmNetrcLoad *self);
/* AGAIN, OK, FILE_NOT_FOUND, FILE_READ_FAILED (or longer than GM_NETRC_MAX_FILE), OUT_OF_MEMORY. */
GmResult     gm_netrc_load_get_result (const GmNetrcLoad *self);
GmSpan       gm_netrc_load_get_text   (const GmNetrcLoad *self);
