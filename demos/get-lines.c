/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-lines.h"

/* Nobody types a longer URL; what has no line end is not collected for ever. */
#define LINE_MAX_BYTES (64 * 1024)

typedef struct
{
  GDataInputStream *stream; /* (owned) */
  GCancellable *cancellable; /* (owned) (nullable) */
  GetLineFunc func;
  gpointer user_data; /* (unowned) */
} GetLines;

static void
get_lines_end (GetLines *self,
               const GError *error)
{
  self->func (NULL, error, self->user_data);
  g_clear_object (&self->stream);
  g_clear_object (&self->cancellable);
  g_free (self);
}

static void get_lines_next (GetLines *self);

static void
line_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  GetLines *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *line = NULL;
  gsize length = 0;

  line = g_data_input_stream_read_line_finish (self->stream, result, &length, &error);
  if (line == NULL)
    {
      get_lines_end (self, error);
      return;
    }
  if (length <= LINE_MAX_BYTES)
    self->func (line, NULL, self->user_data);
  get_lines_next (self);
}

static void
get_lines_next (GetLines *self)
{
  g_data_input_stream_read_line_async (self->stream, G_PRIORITY_DEFAULT, self->cancellable, line_cb, self);
}

void
get_lines_read (GInputStream *stream,
                GCancellable *cancellable,
                GetLineFunc func,
                gpointer user_data)
{
  GetLines *self = g_new0 (GetLines, 1);

  self->stream = g_data_input_stream_new (stream);
  g_data_input_stream_set_newline_type (self->stream, G_DATA_STREAM_NEWLINE_TYPE_ANY);
  g_set_object (&self->cancellable, cancellable);
  self->func = func;
  self->user_data = user_data;
  get_lines_next (self);
}
