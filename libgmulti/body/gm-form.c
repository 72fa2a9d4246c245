/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-form.h"

#include "gm-ascii.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

/* The longest line of an encoded part, without its end (RFC 2045). */
#define LINE_MAX_LEN 76
/* Bytes that are read ahead of an encoder. */
#define RAW_SIZE 4096
/* An encoder looks so far ahead: what it encodes, and the line end that may follow. */
#define LOOKAHEAD 4

typedef enum
{
  SEGMENT_TEXT, /* @offset of our own text */
  SEGMENT_MEMORY,
  SEGMENT_READER,
} SegmentKind;

typedef struct
{
  SegmentKind kind;
  GmFormCoding coding;
  gsize offset;
  const char *memory; /* (unowned) */
  const GmFormReader *reader;
  gpointer data; /* (owned) by @reader */
  gint64 size; /* before it is coded; -1 = unknown */
} Segment;

struct _GmForm
{
  GArray *segments;
  GString *text;
  char boundary[GM_FORM_BOUNDARY_LEN + 1];
  GmFormHost host;
  GmResult failed;
  /* where reading is */
  guint at;
  gint64 pos; /* of that segment, before coding */
  gboolean raw_ended;
  guint column;
  guint raw_pos;
  guint raw_len;
  guint8 carry_pos;
  guint8 carry_len;
  char carry[8]; /* coded and not yet taken */
  guint8 raw[RAW_SIZE];
};

static void
segment_clear (gpointer data)
{
  Segment *segment = data;

  if (segment->kind == SEGMENT_READER && segment->reader->free != NULL)
    segment->reader->free (segment->data);
}

GmForm *
gm_form_new (void)
{
  GmForm *self = g_new0 (GmForm, 1);

  self->segments = g_array_new (FALSE, TRUE, sizeof (Segment));
  g_array_set_clear_func (self->segments, segment_clear);
  self->text = g_string_new (NULL);

  return self;
}

void
gm_form_free (GmForm *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->segments);
  g_string_free (self->text, TRUE);
  g_free (self);
}

/* ---- composing ---- */

static inline Segment *
segment_at (const GmForm *self,
            guint i)
{
  return &g_array_index (self->segments, Segment, i);
}

void
gm_form_add_text (GmForm *self,
                  const char *text,
                  gsize len)
{
  Segment *last = self->segments->len > 0 ? segment_at (self, self->segments->len - 1) : NULL;

  if (last != NULL && last->kind == SEGMENT_TEXT)
    last->size += (gint64) len;
  else
    {
      Segment segment = { .kind = SEGMENT_TEXT, .offset = self->text->len, .size = (gint64) len };

      g_array_append_val (self->segments, segment);
    }
  g_string_append_len (self->text, text, (gssize) len);
}

static void
add_string (GmForm *self,
            const char *text)
{
  gm_form_add_text (self, text, strlen (text));
}

void
gm_form_add_memory (GmForm *self,
                    GmFormCoding coding,
                    const char *data,
                    gsize len)
{
  Segment segment = { .kind = SEGMENT_MEMORY, .coding = coding, .memory = data, .size = (gint64) len };

  g_array_append_val (self->segments, segment);
}

void
gm_form_add_reader (GmForm *self,
                    GmFormCoding coding,
                    const GmFormReader *reader,
                    gpointer data,
                    gint64 size)
{
  Segment segment = { .kind = SEGMENT_READER, .coding = coding, .reader = reader, .data = data, .size = size };

  g_array_append_val (self->segments, segment);
}

void
gm_form_set_reader_size (GmForm *self,
                         gpointer data,
                         gint64 size)
{
  for (guint i = 0; i < self->segments->len; i++)
    if (segment_at (self, i)->kind == SEGMENT_READER && segment_at (self, i)->data == data)
      segment_at (self, i)->size = size;
}

void
gm_form_add_line (GmForm *self,
                  const char *name,
                  const char *value)
{
  if (strpbrk (value, "\r\n") != NULL)
    gm_form_fail (self, GM_BAD_REQUEST);
  if (name != NULL)
    {
      add_string (self, name);
      add_string (self, ": ");
    }
  add_string (self, value);
  add_string (self, "\r\n");
}

void
gm_form_fail (GmForm *self,
              GmResult result)
{
  if (self->failed == GM_OK)
    self->failed = result;
}

/* ---- multipart ---- */

static void
fill_randomly (guint8 *bytes,
               gsize len)
{
  gsize n = 0;

  while (n < len)
    {
      gssize got = getrandom (bytes + n, len - n, 0);

      if (got > 0)
        n += (gsize) got;
      else if (errno != EINTR)
        bytes[n++] = (guint8) g_random_int ();
    }
}

void
gm_form_make_boundary (char boundary[GM_FORM_BOUNDARY_LEN + 1])
{
  static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  guint8 random[GM_FORM_BOUNDARY_LEN];
  gsize n_dashes = GM_FORM_BOUNDARY_LEN - 22;

  fill_randomly (random, sizeof random);
  memset (boundary, '-', n_dashes);
  for (gsize i = n_dashes; i < GM_FORM_BOUNDARY_LEN; i++)
    boundary[i] = letters[random[i] % (sizeof letters - 1)];
  boundary[GM_FORM_BOUNDARY_LEN] = '\0';
}

void
gm_form_begin_part (GmForm *self,
                    const char *boundary,
                    gboolean first)
{
  add_string (self, first ? "--" : "\r\n--");
  add_string (self, boundary);
  add_string (self, "\r\n");
}

void
gm_form_end_parts (GmForm *self,
                   const char *boundary,
                   gboolean any)
{
  add_string (self, any ? "\r\n--" : "--");
  add_string (self, boundary);
  add_string (self, "--\r\n");
}

void
gm_form_add_parameter (GmForm *self,
                       const char *name,
                       const char *value,
                       gboolean backslash)
{
  add_string (self, "; ");
  add_string (self, name);
  add_string (self, "=\"");
  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p == '\r')
        add_string (self, "%0D");
      else if (*p == '\n')
        add_string (self, "%0A");
      else if (*p == '"')
        add_string (self, backslash ? "\\\"" : "%22");
      else if (*p == '\\' && backslash)
        add_string (self, "\\\\");
      else
        gm_form_add_text (self, p, 1);
    }
  add_string (self, "\"");
}

const char *
gm_form_guess_type (const char *filename)
{
  static const struct
  {
    const char *ending;
    const char *type;
  } known[] = {
    { ".gif", "image/gif" },       { ".jpg", "image/jpeg" },      { ".jpeg", "image/jpeg" },
    { ".png", "image/png" },       { ".svg", "image/svg+xml" },   { ".txt", "text/plain" },
    { ".htm", "text/html" },       { ".html", "text/html" },      { ".pdf", "application/pdf" },
    { ".xml", "application/xml" },
  };
  gsize len = filename != NULL ? strlen (filename) : 0;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gsize ending_len = strlen (known[i].ending);

      if (len >= ending_len &&
          gm_span_equal_nocase (gm_span (filename + len - ending_len, ending_len),
                                gm_span (known[i].ending, ending_len)))
        return known[i].type;
    }

  return NULL;
}

void
gm_form_set_boundary (GmForm *self,
                      const char *boundary)
{
  g_strlcpy (self->boundary, boundary, sizeof self->boundary);
}

const char *
gm_form_get_boundary (GmForm *self)
{
  return self->boundary[0] != '\0' ? self->boundary : NULL;
}

/* ---- sizes ---- */

static gint64
coded_size (const Segment *segment)
{
  gint64 size = segment->size;

  if (size <= 0)
    return size;
  switch (segment->coding)
    {
    case GM_FORM_BASE64:
      if (size > G_MAXINT64 / 2)
        return -1;
      size = 4 * (1 + (size - 1) / 3);
      return size + 2 * ((size - 1) / LINE_MAX_LEN);
    case GM_FORM_QUOTED_PRINTABLE:
      return -1;
    case GM_FORM_PLAIN:
    case GM_FORM_SEVEN_BIT:
    default:
      return size;
    }
}

gint64
gm_form_get_size (const GmForm *self)
{
  gint64 total = 0;

  for (guint i = 0; i < self->segments->len; i++)
    {
      gint64 size = coded_size (segment_at (self, i));

      if (size < 0 || total > G_MAXINT64 - size)
        return -1;
      total += size;
    }

  return total;
}

/* ---- reading ---- */

void
gm_form_attach (GmForm *self,
                const GmFormHost *host)
{
  self->host = *host;
}

/* Bytes of the segment itself; *@n = 0 is its end. */
static GmResult
read_raw (GmForm *self,
          Segment *segment,
          char *buffer,
          gsize len,
          gsize *n)
{
  GmResult result;

  *n = 0;
  if (segment->size >= 0)
    len = (gsize) MIN ((gint64) len, segment->size - self->pos);
  if (len == 0)
    return GM_OK;

  if (segment->kind != SEGMENT_READER)
    {
      const char *from = segment->kind == SEGMENT_TEXT ? self->text->str + segment->offset : segment->memory;

      memcpy (buffer, from + self->pos, len);
      *n = len;
    }
  else
    {
      result = segment->reader->read (segment->data, &self->host, buffer, len, n);
      if (result != GM_OK)
        return result;
      if (*n > len)
        return GM_READ_FAILED;
      if (*n == 0 && segment->size > self->pos)
        return GM_READ_SHORT;
    }
  self->pos += (gint64) *n;

  return GM_OK;
}

/* As many bytes as an encoder wants to see, or all that are left. */
static GmResult
look_ahead (GmForm *self,
            Segment *segment)
{
  if (self->raw_pos > 0 && self->raw_len - self->raw_pos < LOOKAHEAD)
    {
      memmove (self->raw, self->raw + self->raw_pos, self->raw_len - self->raw_pos);
      self->raw_len -= self->raw_pos;
      self->raw_pos = 0;
    }
  while (!self->raw_ended && self->raw_len - self->raw_pos < LOOKAHEAD)
    {
      gsize n;
      GmResult result = read_raw (self, segment, (char *) self->raw + self->raw_len, RAW_SIZE - self->raw_len, &n);

      if (result != GM_OK)
        return result;
      self->raw_len += (guint) n;
      self->raw_ended = n == 0;
    }

  return GM_OK;
}

static void
put (GmForm *self,
     const char *coded,
     guint len)
{
  memcpy (self->carry, coded, len);
  self->carry_pos = 0;
  self->carry_len = (guint8) len;
  self->column += len;
}

static void
put_line_end (GmForm *self,
              const char *coded)
{
  put (self, coded, (guint) strlen (coded));
  self->column = 0;
}

static void
encode_base64 (GmForm *self)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  guint left = MIN (self->raw_len - self->raw_pos, 3u);
  const guint8 *in = self->raw + self->raw_pos;
  guint32 bits;
  char out[4];

  if (self->column == LINE_MAX_LEN)
    {
      put_line_end (self, "\r\n");
      return;
    }

  bits = (guint32) in[0] << 16 | (left > 1 ? (guint32) in[1] << 8 : 0) | (left > 2 ? in[2] : 0u);
  for (guint i = 0; i < 4; i++)
    out[i] = i <= left ? digits[(bits >> (18 - 6 * i)) & 0x3f] : '=';
  self->raw_pos += left;
  put (self, out, 4);
}

/* Whether the data, or a line of them, end @n bytes from here. */
static gboolean
ends_at (const GmForm *self,
         guint n)
{
  const guint8 *in = self->raw + self->raw_pos + n;
  guint left = self->raw_len - self->raw_pos - n;

  return left == 0 || (left >= 2 && in[0] == '\r' && in[1] == '\n');
}

static void
encode_quoted_printable (GmForm *self)
{
  static const char digits[] = "0123456789ABCDEF";
  guint8 c = self->raw[self->raw_pos];
  char out[3] = { (char) c };
  guint len = 1;

  if (ends_at (self, 0))
    {
      self->raw_pos += 2;
      put_line_end (self, "\r\n");
      return;
    }

  /* blanks at the end of a line get lost on the way */
  if ((c == ' ' || c == '\t') ? ends_at (self, 1) : (c < 33 || c > 126 || c == '='))
    {
      out[0] = '=';
      out[1] = digits[c >> 4];
      out[2] = digits[c & 0xf];
      len = 3;
    }
  /* the last place of a line is for the "=" of a break, unless the line ends there by itself */
  if (self->column + len > LINE_MAX_LEN || (self->column + len == LINE_MAX_LEN && !ends_at (self, 1)))
    {
      put_line_end (self, "=\r\n");
      return;
    }

  self->raw_pos++;
  put (self, out, len);
}

static GmResult
read_encoded (GmForm *self,
              Segment *segment,
              char *buffer,
              gsize len,
              gsize *n)
{
  *n = 0;
  while (*n < len)
    {
      GmResult result;

      if (self->carry_pos < self->carry_len)
        {
          buffer[(*n)++] = self->carry[self->carry_pos++];
          continue;
        }
      result = look_ahead (self, segment);
      if (result != GM_OK)
        return result == GM_AGAIN && *n > 0 ? GM_OK : result;
      if (self->raw_pos == self->raw_len)
        break;
      if (segment->coding == GM_FORM_BASE64)
        encode_base64 (self);
      else
        encode_quoted_printable (self);
    }

  return GM_OK;
}

static GmResult
read_segment (GmForm *self,
              Segment *segment,
              char *buffer,
              gsize len,
              gsize *n)
{
  GmResult result;

  if (segment->coding == GM_FORM_BASE64 || segment->coding == GM_FORM_QUOTED_PRINTABLE)
    return read_encoded (self, segment, buffer, len, n);

  result = read_raw (self, segment, buffer, len, n);
  for (gsize i = 0; result == GM_OK && segment->coding == GM_FORM_SEVEN_BIT && i < *n; i++)
    if ((guint8) buffer[i] > 127)
      result = GM_READ_FAILED;

  return result;
}

static void
go_to (GmForm *self,
       guint at)
{
  self->at = at;
  self->pos = 0;
  self->raw_ended = FALSE;
  self->column = self->raw_pos = self->raw_len = 0;
  self->carry_pos = self->carry_len = 0;
}

GmResult
gm_form_read (GmForm *self,
              char *buffer,
              gsize len,
              gsize *n)
{
  *n = 0;
  if (self->failed != GM_OK)
    return self->failed;
  while (*n < len && self->at < self->segments->len)
    {
      gsize got = 0;
      GmResult result = read_segment (self, segment_at (self, self->at), buffer + *n, len - *n, &got);

      *n += got;
      if (result == GM_AGAIN && *n > 0)
        return GM_OK;
      if (result != GM_OK)
        return result;
      if (got == 0)
        go_to (self, self->at + 1);
    }

  return GM_OK;
}

GmResult
gm_form_rewind (GmForm *self)
{
  if (self->failed != GM_OK)
    return self->failed;
  for (guint i = 0; i <= self->at && i < self->segments->len; i++)
    {
      Segment *segment = segment_at (self, i);

      if (segment->kind == SEGMENT_READER && (i < self->at || self->pos > 0) &&
          (segment->reader->rewind == NULL || !segment->reader->rewind (segment->data)))
        return GM_NOT_REWINDABLE;
    }
  go_to (self, 0);

  return GM_OK;
}
