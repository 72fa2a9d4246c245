/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

/* g_new0() for what comes and goes with each request: glibc's calloc() leaves its per-thread cache aside, malloc() does
 * not, and clearing a few hundred bytes costs less than the difference. */
#define gm_new0(type) ((type *) memset (g_malloc (sizeof (type)), 0, sizeof (type)))
