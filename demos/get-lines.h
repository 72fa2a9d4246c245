/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Lines from a file, a pipe or a terminal, as they come, on the thread-default main context. */

/* @line has no line end and is borrowed; NULL is the end, told once, with @error when it was none. */
typedef void (*GetLineFunc) (const char *line,
                             const GError *error,
                             gpointer user_data);

/* Reads @stream until its end or until @cancellable is cancelled, which is told as an end, too. The callback never comes
 * before the return. */
void get_lines_read (GInputStream *stream,
                     GCancellable *cancellable,
                     GetLineFunc func,
                     gpointer user_data);
