/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* Feeds one input to a parser in many cuts and demands one same account of what happened: whole, byte by byte, in
 * threes, and cut in two at every position. Each piece lies alone in a block of its exact size, so that a sanitizer
 * sees a read past it. */
typedef struct
{
  gpointer (*begin) (gconstpointer vector);
  /* Everything of @piece, in order; the run remembers when it is over. */
  void (*feed) (gpointer run,
                GmSpan piece);
  /* The input has ended; answers the account (transfer full) and frees the run. */
  char *(*end) (gpointer run);
} SplitTest;

void splits_check (const SplitTest *test,
                   gconstpointer vector,
                   GmSpan input,
                   const char *expected);
