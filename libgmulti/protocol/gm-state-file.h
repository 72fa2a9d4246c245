/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"

/* Small text files that keep what stores know between runs. Both functions may block for as long as a disk does: they are
 * for workers, and for calls that are allowed to wait; never for a step. They answer 0 or an errno. */

/* No such file is larger: a jar at its limits has some 20 MiB. */
#define GM_STATE_FILE_MAX (64 * 1024 * 1024)

/* Appends the whole of @path to @out; pipes are read to their end. EFBIG when it is larger than any of ours. */
int gm_state_file_read  (const char *path,
                         GmByteBuilder *out);
/* Replaces the file at once or not at all, by way of a new one beside it, readable by its owner only: what was there
 * stays if anything fails. A symbolic link stays and its target is replaced. What is no regular file (a terminal, a pipe,
 * /dev/null) is written into. */
int gm_state_file_write (const char *path,
                         const char *data,
                         gsize len);
