/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long this thread was ready and had no processor so far, µs: the machine's affair, not that of who is measured. */
gint64 turn_time_waited (void);
