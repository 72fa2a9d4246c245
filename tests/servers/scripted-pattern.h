/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Bytes that anyone can make again from a seed and a position: servers send bodies of any size without storing them,
 * and clients verify any piece of them without storing it either. */

void   scripted_pattern_fill  (guint64 seed,
                               guint64 offset,
                               guint8 *buffer,
                               gsize len);

/* The position in @data of the first byte that differs from the pattern at @offset, or -1 if none does. */
gssize scripted_pattern_check (guint64 seed,
                               guint64 offset,
                               const guint8 *data,
                               gsize len);
