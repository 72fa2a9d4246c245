/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* GetDisplay: progress bars at the bottom of a terminal, permanent lines above them; elsewhere permanent lines alone.
 *
 * Each frame is one write() over the last one, no line of it as wide as the terminal, so that nothing flickers or wraps.
 * When the terminal became narrower it broke the old lines, and the frame starts where the first of them is now.
 * Knows nothing of transfers; not thread-safe. */
typedef struct _GetDisplay GetDisplay;

/* One bar. Borrowed for the call. */
typedef struct
{
  const char *title; /* any bytes: what a terminal must not see is replaced */
  guint64 received;
  gint64 total;     /* -1: unknown */
  double fraction;  /* 0 to 1; -1: unknown */
  guint64 speed;    /* bytes a second */
  gint64 remaining; /* microseconds; -1: unknown */
} GetRow;

/* Longest line that a row may become, terminator included: terminals wider than this get narrower rows. */
#define GET_ROW_MAX 512

/* @fd is borrowed. With @bars FALSE it only ever gets permanent lines. */
GetDisplay *get_display_new (int fd,
                             gboolean bars);
/* Clears the bars, gives the cursor back and frees; NULL is fine. */
void get_display_free (GetDisplay *self);

/* Whether there are bars at all: without them the callers need not compute rows. */
gboolean get_display_has_bars (GetDisplay *self);
/* Draws @rows with @whole beneath. More rows than the terminal has room for are counted in a line of their own. */
void get_display_show (GetDisplay *self,
                       const GetRow *rows,
                       guint n_rows,
                       const GetRow *whole);
/* Writes @line for good, above the bars. */
void get_display_print (GetDisplay *self,
                        const char *line);
/* Takes the bars away; the next show brings them back. */
void get_display_clear (GetDisplay *self);

/* One row as text of at most @width columns, without line end. (owned) */
char *get_display_format_row (const GetRow *row,
                              guint width);
/* "0 B", "999 B", "1.00 kB", "12.3 MB"; at most 8 characters. */
void get_format_size (guint64 size,
                      char *text,
                      gsize size_of_text);
/* "0:07", "12:34", "1:02:03", "3 d"; "-" when unknown. */
void get_format_time (gint64 microseconds,
                      char *text,
                      gsize size_of_text);
/* @text fit for a terminal: one line, no control characters, valid UTF-8, at most @width columns, the middle left out
 * when it is longer. (owned) */
char *get_format_title (const char *text,
                        guint width);
/* Columns that @text takes. */
guint get_text_width (const char *text);
