/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define CURL_DISABLE_DEPRECATION /* what programs still use */
#include "series.h"

#include <stdio.h>
#include <string.h>

/* The parts of a form, by chance of the seed; the same in both programs. */
typedef struct
{
  Handle *handle;
  guint64 counter;
  guint depth;
} Draw;

static guint
draw (Draw *self, guint bound)
{
  return plan_choose (self->handle->series->plan->seed * 100 + self->handle->transfer->index, ++self->counter, bound);
}

static size_t
part_read (char *data, size_t size, size_t count, void *user_data)
{
  gint64 *at = user_data;
  size_t n = MIN (size * count, (size_t) (50 - *at));

  memset (data, 'p', n);
  *at += (gint64) n;
  return n;
}

static int
part_seek (void *user_data, curl_off_t offset, int origin)
{
  gint64 *at = user_data;

  (void) origin;
  *at = offset;
  return CURL_SEEKFUNC_OK;
}

static void
note_code (Draw *self, const char *what, int code)
{
  if (code != 0)
    record_line (self->handle->series->record, (int) self->handle->transfer->index, "%s answers %d", what, code);
}

static void fill (Draw *self, curl_mime *mime);

static void
give_data (Draw *self, curl_mimepart *part)
{
  gint64 *at = &self->handle->part_at[draw (self, 3)];
  curl_mime *inner;

  switch (draw (self, 7))
    {
    case 0:
      note_code (self, "mime_data", curl_mime_data (part, "some text\n=with\tthings \377", CURL_ZERO_TERMINATED));
      break;
    case 1:
      note_code (self, "mime_data", curl_mime_data (part, "cut off", 3));
      break;
    case 2:
      note_code (self, "mime_data", curl_mime_data (part, "", CURL_ZERO_TERMINATED));
      break;
    case 3:
      note_code (self, "mime_filedata", curl_mime_filedata (part, PLAN_FILE));
      break;
    case 4:
      *at = 0;
      note_code (self, "mime_data_cb", curl_mime_data_cb (part, draw (self, 2) ? 50 : -1, part_read, part_seek, NULL, at));
      break;
    case 5:
      if (self->depth >= 2)
        break;
      inner = curl_mime_init (self->handle->easy);
      self->depth++;
      fill (self, inner);
      self->depth--;
      note_code (self, "mime_subparts", curl_mime_subparts (part, inner));
      break;
    default:
      note_code (self, "mime_filedata", curl_mime_filedata (part, "/nonexistent/file"));
      break;
    }
}

static void
fill (Draw *self, curl_mime *mime)
{
  static const char *const names[] = { "field", "with \"quotes\"", "back\\slash", "new\nline", "", "\303\244" };
  static const char *const types[] = { "text/plain", "application/x-own; charset=utf-8", "multipart/alternative", "image/png" };
  static const char *const encoders[] = { "base64", "quoted-printable", "8bit", "7bit", "binary", "unheard" };

  for (guint n = draw (self, 4); n > 0; n--)
    {
      curl_mimepart *part = curl_mime_addpart (mime);

      if (draw (self, 10) < 8)
        note_code (self, "mime_name", curl_mime_name (part, names[draw (self, G_N_ELEMENTS (names))]));
      if (draw (self, 10) < 9)
        give_data (self, part);
      if (draw (self, 10) < 3)
        note_code (self, "mime_type", curl_mime_type (part, types[draw (self, G_N_ELEMENTS (types))]));
      if (draw (self, 10) < 3)
        note_code (self, "mime_filename", curl_mime_filename (part, names[draw (self, G_N_ELEMENTS (names))]));
      if (draw (self, 10) < 2)
        note_code (self, "mime_encoder", curl_mime_encoder (part, encoders[draw (self, G_N_ELEMENTS (encoders))]));
      if (draw (self, 10) < 2)
        note_code (self, "mime_headers",
                   curl_mime_headers (part, curl_slist_append (curl_slist_append (NULL, "X-Part: own"), "Content-Disposition: own"), 1));
    }
}

static void
add_field (Draw *self, struct curl_httppost **first, struct curl_httppost **last)
{
  static const char *const names[] = { "field", "with \"quotes\"", "back\\slash", "x" };
  const char *name = names[draw (self, G_N_ELEMENTS (names))];
  int code = 0;

  switch (draw (self, 7))
    {
    case 0:
      code = curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_COPYCONTENTS, "contents", CURLFORM_END);
      break;
    case 1:
      code = curl_formadd (first, last, CURLFORM_PTRNAME, name, CURLFORM_PTRCONTENTS, "longer", CURLFORM_CONTENTSLENGTH, 4L,
                           CURLFORM_CONTENTTYPE, "text/own", CURLFORM_END);
      break;
    case 2:
      code = curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_FILE, PLAN_FILE, CURLFORM_FILENAME, "given.txt",
                           CURLFORM_END);
      break;
    case 3:
      code = curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_FILE, PLAN_FILE, CURLFORM_FILE, PLAN_FILE,
                           CURLFORM_CONTENTTYPE, "text/second", CURLFORM_END);
      break;
    case 4:
      code = curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_BUFFER, "buffer.bin", CURLFORM_BUFFERPTR, "buffered",
                           CURLFORM_BUFFERLENGTH, 8L, CURLFORM_END);
      break;
    case 5:
      code = curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_FILECONTENT, PLAN_FILE, CURLFORM_END);
      break;
    default:
      /* each time with something missing or twice */
      code = draw (self, 2) ? (int) curl_formadd (first, last, CURLFORM_COPYCONTENTS, "nameless", CURLFORM_END)
                            : (int) curl_formadd (first, last, CURLFORM_COPYNAME, name, CURLFORM_COPYNAME, "again", CURLFORM_END);
      break;
    }
  note_code (self, "formadd", code);
}

void
handle_add_parts (Handle *handle)
{
  Draw self = { .handle = handle };
  struct curl_httppost *last = NULL;
  curl_mime *mime;

  handle_free_parts (handle);
  if (handle->transfer->wide.form)
    {
      for (guint n = draw (&self, 4); n > 0; n--)
        add_field (&self, &handle->form, &last);
      curl_easy_setopt (handle->easy, CURLOPT_HTTPPOST, handle->form);
      return;
    }
  mime = curl_mime_init (handle->easy);
  fill (&self, mime);
  curl_easy_setopt (handle->easy, CURLOPT_MIMEPOST, mime);
  handle->mime = mime;
}

void
handle_free_parts (Handle *handle)
{
  curl_mime_free (handle->mime);
  curl_formfree (handle->form);
  handle->mime = NULL;
  handle->form = NULL;
}
