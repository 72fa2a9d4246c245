/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What must be gone in the end: objects and descriptors. */

/* Any thread. @object is expected to be finalised before leaks_assert_none(). Returns it. */
gpointer leaks_watch             (gpointer object);
guint    leaks_n_alive           (void);
guint    leaks_count_descriptors (void);
/* How many descriptors are open, before what is tested begins. */
guint    leaks_begin             (void);
/* Iterates the thread-default context until nothing watched is alive and at most @n_descriptors are open; fails after a
 * while, and says what is left. */
void     leaks_assert_none       (guint n_descriptors);
