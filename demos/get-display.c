/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-display.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define NO_WRAP "\033[?7l"
#define WRAP "\033[?7h"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

/* Columns of the fields right of the title, a blank before each included. */
#define PERCENT_COLUMNS 5
#define SIZE_COLUMNS 9
#define SPEED_COLUMNS 11
#define TIME_COLUMNS 9

/* From how many columns on a row has the field. */
#define WIDTH_FOR_PERCENT 10
#define WIDTH_FOR_SPEED 30
#define WIDTH_FOR_SIZE 44
#define WIDTH_FOR_TIME 56
#define WIDTH_FOR_BAR 72

struct _GetDisplay
{
  int fd;
  gboolean bars;
  gboolean reflows;      /* the terminal breaks long lines anew when it becomes narrower */
  gboolean cursor_hidden;
  GString *frame;        /* (owned) what the next write sends */
  GPtrArray *drawn;      /* (owned) (element-type utf8) the lines of the last frame, */
  guint columns;         /* and how many columns the terminal had then */
};

/* For the handler of SIGTSTP, which gives the cursor back before the program stops: the terminal, or -1 without bars. */
static volatile sig_atomic_t stopping_fd = -1;

static void
write_all (int fd,
           const char *data,
           gsize size)
{
  while (size > 0)
    {
      gssize n = write (fd, data, size);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        {
          g_usleep (1000); /* a terminal that others made non-blocking */
          continue;
        }
      if (n <= 0)
        return;
      data += n;
      size -= (gsize) n;
    }
}

static void
stop_cb (int number)
{
  int saved_errno = errno;

  /* That a write fails is nothing to be helped here. */
  (void) !write (stopping_fd, SHOW_CURSOR, strlen (SHOW_CURSOR));
  raise (SIGSTOP);
  (void) !write (stopping_fd, HIDE_CURSOR, strlen (HIDE_CURSOR));
  errno = saved_errno;
}

static void
watch_stops (int fd)
{
  struct sigaction action = { .sa_handler = fd >= 0 ? stop_cb : SIG_DFL, .sa_flags = SA_RESTART };

  stopping_fd = fd;
  sigaction (SIGTSTP, &action, NULL);
}

/* xterm and the consoles cut lines; the others, and tmux whatever it claims to be, break them anew. */
static gboolean
terminal_reflows (void)
{
  const char *term = g_getenv ("TERM");

  if (g_getenv ("TMUX") != NULL)
    return TRUE;
  return g_getenv ("XTERM_VERSION") == NULL && term != NULL && strcmp (term, "linux") != 0 &&
         !g_str_has_prefix (term, "screen") && !g_str_has_prefix (term, "vt");
}

GetDisplay *
get_display_new (int fd,
                 gboolean bars)
{
  GetDisplay *self = g_new0 (GetDisplay, 1);

  self->fd = fd;
  self->bars = bars;
  self->reflows = terminal_reflows ();
  self->frame = g_string_new (NULL);
  self->drawn = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
get_display_free (GetDisplay *self)
{
  if (self == NULL)
    return;
  get_display_clear (self);
  g_string_free (self->frame, TRUE);
  g_ptr_array_unref (self->drawn);
  g_free (self);
}

gboolean
get_display_has_bars (GetDisplay *self)
{
  return self->bars;
}

static void
terminal_size (int fd,
               guint *columns,
               guint *lines)
{
  struct winsize size = { 0 };

  *columns = 80;
  *lines = 24;
  if (ioctl (fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
    {
      *columns = size.ws_col;
      *lines = size.ws_row;
    }
}

/* Begins a frame where the last one began, for a terminal that now has @columns and @lines. */
static void
begin_frame (GetDisplay *self,
             guint columns,
             guint lines)
{
  guint up = 0;

  g_string_truncate (self->frame, 0);
  for (guint i = 0; i < self->drawn->len; i++)
    {
      guint width = MIN (get_text_width (g_ptr_array_index (self->drawn, i)), self->columns);

      up += self->reflows && width > columns ? (width + columns - 1) / columns : 1;
    }
  if (up > 0)
    g_string_append_printf (self->frame, "\r\033[%uA", up);
  /* What was broken into more lines is not covered by as many new ones. */
  if (up > self->drawn->len)
    g_string_append (self->frame, CLEAR_BELOW);
  /* Some of it went out at the top: what follows shall not count as the rest of that. */
  if (up >= lines)
    g_string_append_c (self->frame, '\n');
  self->columns = columns;
}

/* Takes @text. */
static void
add_line (GetDisplay *self,
          char *text)
{
  g_string_append (self->frame, text);
  g_string_append (self->frame, CLEAR_LINE "\n");
  g_ptr_array_add (self->drawn, text);
}

static void
send_frame (GetDisplay *self)
{
  write_all (self->fd, self->frame->str, self->frame->len);
}

void
get_display_show (GetDisplay *self,
                  const GetRow *rows,
                  guint n_rows,
                  const GetRow *whole)
{
  guint columns, lines, room;

  if (!self->bars)
    return;
  terminal_size (self->fd, &columns, &lines);
  columns = MIN (columns, GET_ROW_MAX);
  begin_frame (self, columns, lines);
  g_ptr_array_set_size (self->drawn, 0);
  if (!self->cursor_hidden)
    {
      g_string_append (self->frame, HIDE_CURSOR);
      watch_stops (self->fd);
      self->cursor_hidden = TRUE;
    }
  g_string_append (self->frame, NO_WRAP);

  /* One line for the whole, one for the cursor, and one for the rest when not all fit. */
  room = lines > 3 ? lines - 2 : 1;
  if (n_rows > room)
    room--;
  for (guint i = 0; i < MIN (n_rows, room); i++)
    add_line (self, get_display_format_row (&rows[i], columns - 1));
  if (n_rows > room)
    {
      g_autofree char *more = g_strdup_printf ("and %u more", n_rows - room);

      add_line (self, get_format_title (more, columns - 1));
    }
  add_line (self, get_display_format_row (whole, columns - 1));
  g_string_append (self->frame, WRAP CLEAR_BELOW);
  send_frame (self);
}

void
get_display_clear (GetDisplay *self)
{
  guint columns, lines;

  if (!self->cursor_hidden)
    return;
  terminal_size (self->fd, &columns, &lines);
  begin_frame (self, columns, lines);
  g_ptr_array_set_size (self->drawn, 0);
  g_string_append (self->frame, CLEAR_BELOW SHOW_CURSOR);
  send_frame (self);
  watch_stops (-1);
  self->cursor_hidden = FALSE;
}

void
get_display_print (GetDisplay *self,
                   const char *line)
{
  g_autofree char *safe = get_format_title (line, G_MAXUINT);

  guint columns, lines;

  terminal_size (self->fd, &columns, &lines);
  begin_frame (self, columns, lines);
  g_string_append (self->frame, safe);
  g_string_append (self->frame, self->cursor_hidden ? CLEAR_LINE "\n" : "\n");
  /* The bars again, in the same write: nothing flickers. */
  if (self->drawn->len > 0)
    {
      g_string_append (self->frame, NO_WRAP);
      for (guint i = 0; i < self->drawn->len; i++)
        g_string_append_printf (self->frame, "%s" CLEAR_LINE "\n", (char *) g_ptr_array_index (self->drawn, i));
      g_string_append (self->frame, WRAP CLEAR_BELOW);
    }
  send_frame (self);
}

void
get_format_size (guint64 size,
                 char *text,
                 gsize size_of_text)
{
  static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
  guint unit = 0;
  double value = size / 1000.0;

  if (size < 1000)
    {
      g_snprintf (text, size_of_text, "%u B", (guint) size);
      return;
    }
  /* 999.5 and more would be printed as 1000. */
  while (value >= 999.5 && unit + 1 < G_N_ELEMENTS (units))
    {
      value /= 1000;
      unit++;
    }
  g_snprintf (text, size_of_text, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[unit]);
}

void
get_format_time (gint64 microseconds,
                 char *text,
                 gsize size_of_text)
{
  gint64 seconds = microseconds / G_USEC_PER_SEC;

  if (microseconds < 0)
    g_strlcpy (text, "-", size_of_text);
  else if (seconds < 60 * 60)
    g_snprintf (text, size_of_text, "%d:%02d", (int) (seconds / 60), (int) (seconds % 60));
  else if (seconds < 48 * 60 * 60)
    g_snprintf (text, size_of_text, "%d:%02d:%02d", (int) (seconds / 3600), (int) (seconds / 60 % 60),
                (int) (seconds % 60));
  else
    g_snprintf (text, size_of_text, "%d d", (int) MIN (seconds / 86400, 9999));
}

static guint
char_width (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

guint
get_text_width (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += char_width (g_utf8_get_char (p));
  return width;
}

/* Names come from servers: what moves the cursor, and what turns the direction of writing, does not get through. */
static char *
make_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *printable = g_string_new (NULL);
  gboolean ascii_only = !g_get_charset (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      GUnicodeType type = g_unichar_type (c);

      if (type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR ||
          type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_UNASSIGNED || type == G_UNICODE_SURROGATE ||
          (ascii_only && c >= 0x80))
        g_string_append_c (printable, '?');
      else
        g_string_append_unichar (printable, c);
    }
  return g_string_free (printable, FALSE);
}

char *
get_format_title (const char *text,
                  guint width)
{
  g_autofree char *printable = make_printable (text);
  guint whole = get_text_width (printable);
  guint head = 0, tail = whole;
  const char *end, *rest;

  if (whole <= width)
    return g_steal_pointer (&printable);
  if (width < 5)
    {
      GString *cut = g_string_new (NULL);

      for (const char *p = printable; head + char_width (g_utf8_get_char (p)) <= width; p = g_utf8_next_char (p))
        {
          head += char_width (g_utf8_get_char (p));
          g_string_append_unichar (cut, g_utf8_get_char (p));
        }
      return g_string_free (cut, FALSE);
    }
  /* Two dots in the middle: the end of a name says as much as its beginning. */
  for (end = printable; head + char_width (g_utf8_get_char (end)) <= (width - 2) / 2; end = g_utf8_next_char (end))
    head += char_width (g_utf8_get_char (end));
  for (rest = printable; tail > width - 2 - head; rest = g_utf8_next_char (rest))
    tail -= char_width (g_utf8_get_char (rest));
  return g_strdup_printf ("%.*s..%s", (int) (end - printable), printable, rest);
}

static void
append_bar (GString *line,
            const GetRow *row,
            guint columns)
{
  guint inner = columns - 3; /* a blank and two brackets */
  guint full = row->fraction < 0 ? 0 : (guint) (MIN (row->fraction, 1.0) * inner + 0.5);

  g_string_append (line, " [");
  for (guint i = 0; i < inner; i++)
    g_string_append_c (line, i < full ? '#' : '-');
  g_string_append_c (line, ']');
}

static void
append_fields (GString *line,
               const GetRow *row,
               guint width)
{
  char text[32], rate[48];

  if (width >= WIDTH_FOR_PERCENT)
    {
      if (row->fraction >= 0)
        g_snprintf (text, sizeof text, "%d%%", (int) (MIN (row->fraction, 1.0) * 100));
      else
        g_strlcpy (text, "-", sizeof text);
      g_string_append_printf (line, "%*s", PERCENT_COLUMNS, text);
    }
  if (width >= WIDTH_FOR_SIZE)
    {
      get_format_size (row->received, text, sizeof text);
      g_string_append_printf (line, "%*s", SIZE_COLUMNS, text);
    }
  if (width >= WIDTH_FOR_SPEED)
    {
      get_format_size (row->speed, text, sizeof text);
      g_snprintf (rate, sizeof rate, "%s/s", text);
      g_string_append_printf (line, "%*s", SPEED_COLUMNS, rate);
    }
  if (width >= WIDTH_FOR_TIME)
    {
      get_format_time (row->remaining, text, sizeof text);
      g_string_append_printf (line, "%*s", TIME_COLUMNS, text);
    }
}

static guint
fields_width (guint width)
{
  return (width >= WIDTH_FOR_PERCENT ? PERCENT_COLUMNS : 0) + (width >= WIDTH_FOR_SIZE ? SIZE_COLUMNS : 0) +
         (width >= WIDTH_FOR_SPEED ? SPEED_COLUMNS : 0) + (width >= WIDTH_FOR_TIME ? TIME_COLUMNS : 0);
}

char *
get_display_format_row (const GetRow *row,
                        guint width)
{
  guint left = width - fields_width (width);
  guint bar = width >= WIDTH_FOR_BAR ? left / 2 : 0;
  g_autofree char *title = get_format_title (row->title, left - bar);
  GString *line = g_string_new (title);

  for (guint i = get_text_width (title); i < left - bar; i++)
    g_string_append_c (line, ' ');
  if (bar > 0)
    append_bar (line, row, bar);
  append_fields (line, row, width);
  return g_string_free (line, FALSE);
}
