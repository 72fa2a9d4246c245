/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdlib.h>

#include "gm-ascii.h"

/* What the fuzz targets share. A target is this one function; it is linked with libFuzzer (-Dfuzzing=true), or with
 * replay.c, which calls it for each file of a corpus. It must not only survive: it checks what has to hold for any
 * input and aborts when it does not. */
int LLVMFuzzerTestOneInput (const guint8 *data,
                            gsize size);

#define FUZZ_CHECK(condition)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    if (!(condition))                                                                                                  \
      {                                                                                                                \
        g_printerr ("%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                                     \
        abort (); /* which libFuzzer catches, to keep the input */                                                     \
      }                                                                                                                \
  }                                                                                                                    \
  G_STMT_END

/* Larger inputs only take time: nothing here behaves differently behind this, save limits that tests have for
 * themselves. */
#define FUZZ_MAX_SIZE 8192

/* The first bytes of an input choose settings. Cuts one off; 0 when there is none left. */
static inline guint8
fuzz_cut_byte (GmSpan *input)
{
  guint8 byte;

  if (input->len == 0)
    return 0;
  byte = (guint8) *input->data;
  *input = gm_span (input->data + 1, input->len - 1);
  return byte;
}
