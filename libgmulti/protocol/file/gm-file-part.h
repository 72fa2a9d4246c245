/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-form.h"

/* A file as a part of a composed body: opened and read on a worker when its turn comes, closed at its end. Files that are
 * pipes or devices are read from front to back and cannot be read again. */

extern const GmFormReader gm_file_part_reader;

gpointer gm_file_part_new (const char *path); /* the data of gm_file_part_reader */
