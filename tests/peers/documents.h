/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A folder of @n real documents of this machine, the same ones each time, filled up with generated ones where there are
 * too few: 00/0000-name … Removed by documents_free(). */
typedef struct
{
  char *folder; /* (owned) */
  GPtrArray *paths; /* (owned) (element-type utf8): below the folder */
  guint n_real;
  guint64 n_bytes;
} Documents;

Documents *documents_new   (guint n);
void       documents_free  (Documents *self);
const char *documents_path (Documents *self,
                            guint index); /* below the folder */
GBytes    *documents_load  (Documents *self,
                            guint index);
