/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-state-file.h"

#include "gm-http-date.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64 * 1024)

static int
read_all (int fd,
          GmByteBuilder *out)
{
  for (;;)
    {
      gssize n;

      if (!gm_byte_builder_reserve (out, PIECE))
        return ENOMEM;
      n = read (fd, out->data + out->len, PIECE);
      if (n == 0)
        return 0;
      if (n < 0 && errno != EINTR)
        return errno;
      if (n > 0)
        out->len += (gsize) n;
      if (out->len > GM_STATE_FILE_MAX)
        return EFBIG;
    }
}

int
gm_state_file_read (const char *path,
                    GmByteBuilder *out)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  int error;

  if (fd < 0)
    return errno;
  if (out->max < GM_STATE_FILE_MAX + 2 * PIECE)
    out->max = GM_STATE_FILE_MAX + 2 * PIECE;
  error = read_all (fd, out);
  close (fd);

  return error;
}

static int
write_all (int fd,
           const char *data,
           gsize len)
{
  while (len > 0)
    {
      gssize n = write (fd, data, len);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno;
      data += n;
      len -= (gsize) n;
    }

  return 0;
}

static int
write_into (const char *path,
            const char *data,
            gsize len)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  int error;

  if (fd < 0)
    return errno;
  error = write_all (fd, data, len);
  if (close (fd) < 0 && error == 0)
    error = errno;

  return error;
}

/* The name of the new file does not hang on that of the old one, which may be as long as names can be. */
static int
replace (const char *path,
         const char *data,
         gsize len,
         gboolean exists)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *beside = g_strconcat (folder, "/.gmulti-XXXXXX", NULL);
  int fd = mkostemp (beside, O_CLOEXEC); /* mode 0600 */
  int error;

  if (fd < 0)
    return errno;
  error = write_all (fd, data, len);
  /* Else a crash of the machine could leave nothing in place of something. */
  if (error == 0 && exists && fsync (fd) < 0 && errno != EINVAL)
    error = errno;
  if (close (fd) < 0 && error == 0)
    error = errno;
  if (error == 0 && rename (beside, path) < 0)
    error = errno;
  if (error != 0)
    unlink (beside);

  return error;
}

int
gm_state_file_write (const char *path,
                     const char *data,
                     gsize len)
{
  struct stat there;
  char *real;
  int error;

  if (stat (path, &there) < 0)
    return errno == ENOENT ? replace (path, data, len, FALSE) : errno;
  if (S_ISDIR (there.st_mode))
    return EISDIR;
  if (!S_ISREG (there.st_mode))
    return write_into (path, data, len);

  real = realpath (path, NULL);
  if (real == NULL)
    return errno;
  error = replace (real, data, len, TRUE);
  free (real);

  return error;
}

/* ---- times ---- */

/* Where the parts of a stamp lie in a date of HTTP, which knows the calendar: "Sun, 06 Nov 1994 08:49:37 GMT". */
#define DATE_DAY 5
#define DATE_MONTH 8
#define DATE_YEAR 12
#define DATE_TIME 17

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

gboolean
gm_state_stamp_write (char *buffer,
                      gint64 seconds)
{
  char date[GM_HTTP_DATE_LEN];
  guint month = 0;

  if (!gm_http_date_write (date, seconds))
    return FALSE;
  while (memcmp (months + 3 * month, date + DATE_MONTH, 3) != 0)
    month++;
  month++;
  memcpy (buffer, date + DATE_YEAR, 4);
  buffer[4] = (char) ('0' + month / 10);
  buffer[5] = (char) ('0' + month % 10);
  memcpy (buffer + 6, date + DATE_DAY, 2);
  buffer[8] = ' ';
  memcpy (buffer + 9, date + DATE_TIME, 8);
  return TRUE;
}

gboolean
gm_state_stamp_read (GmSpan text,
                     gint64 *seconds)
{
  char date[] = "Sun, 00 Jan 0000 00:00:00 GMT";
  guint64 month;

  if (text.len != GM_STATE_STAMP_LEN || text.data[8] != ' ' || !gm_span_to_uint64 (gm_span (text.data + 4, 2), 12, &month) ||
      month == 0)
    return FALSE;
  memcpy (date + DATE_YEAR, text.data, 4);
  memcpy (date + DATE_MONTH, months + 3 * (month - 1), 3);
  memcpy (date + DATE_DAY, text.data + 6, 2);
  memcpy (date + DATE_TIME, text.data + 9, 8);
  return gm_http_date_parse (gm_span (date, sizeof date - 1), 0, seconds);
}

/* ---- files to be read ---- */

typedef struct
{
  char *path; /* (owned) */
  const char *tag; /* (unowned) (nullable) */
  gboolean drop_session;
  int error; /* of one that could not be read */
} File;

static void
file_free (gpointer data)
{
  File *file = data;

  g_free (file->path);
  g_free (file);
}

void
gm_state_files_init (GmStateFiles *self,
                     GmStateTakeLine take_line,
                     gpointer store)
{
  g_mutex_init (&self->lock);
  g_mutex_init (&self->load_lock);
  self->files = g_ptr_array_new_with_free_func (file_free);
  self->take_line = take_line;
  self->store = store;
}

void
gm_state_files_clear (GmStateFiles *self)
{
  g_ptr_array_unref (self->files);
  g_clear_pointer (&self->unread, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->load_lock);
}

void
gm_state_files_add (GmStateFiles *self,
                    const char *path,
                    const char *tag,
                    gboolean drop_session)
{
  File *file = g_new0 (File, 1);

  file->path = g_strdup (path);
  file->tag = tag;
  file->drop_session = drop_session;
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->files, file);
  g_atomic_int_inc (&self->n_waiting);
  g_mutex_unlock (&self->lock);
}

static GmSpan
cut_line (GmSpan *text)
{
  const char *end = memchr (text->data, '\n', text->len);
  gsize len = end != NULL ? (gsize) (end - text->data) + 1 : text->len;
  GmSpan line = gm_span (text->data, len);

  *text = gm_span (text->data + len, text->len - len);
  return line;
}

static guint
take_text (GmStateFiles *self,
           GmSpan text,
           const char *tag,
           gboolean drop_session,
           gint64 now)
{
  gsize tag_len = tag != NULL ? strlen (tag) : 0;
  guint n_damaged = 0;

  while (text.len > 0)
    {
      GmSpan line = cut_line (&text);

      while (line.len > 0 && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
        line.len--;
      if (line.len < tag_len || (tag_len > 0 && memcmp (line.data, tag, tag_len) != 0))
        continue;
      if (!self->take_line (self->store, gm_span (line.data + tag_len, line.len - tag_len), drop_session, now))
        n_damaged++;
    }

  return n_damaged;
}

guint
gm_state_files_take (GmStateFiles *self,
                     GmSpan text,
                     gint64 now)
{
  return take_text (self, text, NULL, FALSE, now);
}

static void
note_unread (GmStateFiles *self,
             const char *path,
             int error)
{
  File *file = g_new0 (File, 1);

  file->path = g_strdup (path);
  file->error = error;
  g_mutex_lock (&self->lock);
  if (self->unread == NULL)
    self->unread = g_ptr_array_new_with_free_func (file_free);
  g_ptr_array_add (self->unread, file);
  g_mutex_unlock (&self->lock);
}

guint
gm_state_files_load (GmStateFiles *self,
                     gint64 now,
                     int *error,
                     guint *n_damaged)
{
  GPtrArray *files;
  guint n_files;

  *error = 0;
  *n_damaged = 0;
  if (gm_state_files_is_loaded (self))
    return 0;

  g_mutex_lock (&self->load_lock);
  g_mutex_lock (&self->lock);
  files = self->files;
  self->files = g_ptr_array_new_with_free_func (file_free);
  g_mutex_unlock (&self->lock);
  n_files = files->len;
  for (guint i = 0; i < n_files; i++)
    {
      const File *file = g_ptr_array_index (files, i);
      g_auto (GmByteBuilder) text = { 0 };
      int failed = gm_state_file_read (file->path, &text);

      if (failed == 0)
        *n_damaged += take_text (self, gm_span (text.data, text.len), file->tag, file->drop_session, now);
      else if (failed != ENOENT)
        {
          note_unread (self, file->path, failed);
          if (*error == 0)
            *error = failed;
        }
    }
  g_atomic_int_add (&self->n_waiting, -(gint) n_files);
  g_mutex_unlock (&self->load_lock);
  g_ptr_array_unref (files);

  return n_files;
}

int
gm_state_files_get_error (GmStateFiles *self,
                          const char *path)
{
  int error = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; self->unread != NULL && i < self->unread->len && error == 0; i++)
    {
      const File *file = g_ptr_array_index (self->unread, i);

      if (g_str_equal (file->path, path))
        error = file->error;
    }
  g_mutex_unlock (&self->lock);

  return error;
}

int
gm_state_files_save (GmStateFiles *self,
                     const char *path,
                     const char *heading,
                     void (*write) (gpointer data, gint64 now, GmByteBuilder *out),
                     gpointer data,
                     gint64 now)
{
  g_auto (GmByteBuilder) out = { .max = GM_STATE_FILE_MAX };
  int error = gm_state_files_get_error (self, path);

  if (error != 0)
    return error;

  gm_byte_builder_append (&out, heading, strlen (heading));
  gm_byte_builder_append_literal (&out, "# Written by a program; what is changed by hand may get lost.\n");
  write (data, now, &out);

  return out.failed ? ENOMEM : gm_state_file_write (path, out.data, out.len);
}

void
gm_state_tag_lines (GmSpan text,
                    const char *tag,
                    GmByteBuilder *out)
{
  while (text.len > 0)
    {
      gm_byte_builder_append (out, tag, strlen (tag));
      gm_byte_builder_append_span (out, cut_line (&text));
    }
}
