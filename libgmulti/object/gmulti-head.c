/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-head-private.h"

#include "gm-content-disposition.h"
#include "gm-http-range.h"
#include "gmulti-headers-private.h"

/* The reason phrase (RFC 9112 section 4): on the line in front of the head's first field. */
static GmSpan
find_reason (const GmHeaders *headers,
             gint first)
{
  const char *end;
  const char *line;
  GmSpan rest;

  if (first < 0)
    return gm_span (NULL, 0);

  end = gm_headers_get_name (headers, (guint) first).data;
  while (end > headers->data && (end[-1] == '\n' || end[-1] == '\r'))
    end--;
  for (line = end; line > headers->data && line[-1] != '\n'; line--)
    ;
  if (end - line < 5 || memcmp (line, "HTTP/", 5) != 0)
    return gm_span (NULL, 0);

  /* version, blank, three digits, blank */
  rest = gm_span (line, (gsize) (end - line));
  for (guint blanks = 0; rest.len > 0 && blanks < 2; rest.data++, rest.len--)
    blanks += *rest.data == ' ';

  return gm_span_strip (rest);
}

/* One of the last request's entries of @origins. */
static inline gboolean
belongs (const GmHeaderEntry *entry,
         guint request,
         guint origins)
{
  return (entry->origin & origins) != 0 && entry->request == request;
}

/* Counts the fields and says which are the first and the last of them. */
static guint
count (const GmHeaders *headers,
       guint origins,
       gint *first,
       guint *last)
{
  const GmHeaderEntry *entry = headers->entries;
  guint request = headers->request;
  guint n = gm_headers_get_n_entries (headers);
  guint n_fields = 0;

  for (guint i = 0; i < n; i++, entry++)
    if (belongs (entry, request, origins))
      {
        if (n_fields++ == 0)
          *first = (gint) i;
        *last = i;
      }

  return n_fields;
}

/* The lines from the first field to the last are copied as they came, in one piece, with an end put behind each name
 * and each value: a colon or a line's end was there. */
static void
take_fields (GmHead *self,
             char *texts,
             gsize size,
             const GmHeaders *headers,
             guint origins,
             guint first)
{
  const GmHeaderEntry *entry = &headers->entries[first];
  guint request = headers->request;
  guint32 start = entry->name_offset;
  GmHeadField *field = self->fields;

  memcpy (texts, headers->data + start, size);
  for (guint left = self->n_fields; left > 0; entry++)
    {
      guint32 name = entry->name_offset - start;
      guint32 value = entry->value_offset - start;

      if (!belongs (entry, request, origins))
        continue;
      *field++ = (GmHeadField){ name, value };
      texts[name + entry->name_len] = '\0';
      texts[value + entry->value_len] = '\0';
      left--;
    }
}

GmHead *
gm_head_new (const GmInfo *info,
             GmUrl *url,
             const GmHeaders *headers,
             guint origins)
{
  guint n_fields = 0;
  guint last = 0;
  gint first = -1;
  gsize size = 0;
  GmSpan reason;
  GmHead *self;
  char *texts;

  if (headers != NULL)
    n_fields = count (headers, origins, &first, &last);
  if (n_fields > 0)
    size = headers->entries[last].value_offset + headers->entries[last].value_len - headers->entries[first].name_offset;
  reason = (origins & GM_HEADER_FINAL) != 0 ? find_reason (headers, first) : gm_span (NULL, 0);

  self = g_malloc (sizeof (GmHead) + n_fields * sizeof (GmHeadField) + reason.len + 1 + size + 1);
  *self = (GmHead){ .status = info->status, .http_version = info->http_version, .length = info->download_size };
  g_atomic_ref_count_init (&self->refs);
  self->url = url != NULL ? gm_url_ref (url) : NULL;
  self->remote = info->remote;
  self->tls = info->tls != NULL ? gm_tls_info_ref (info->tls) : NULL;
  self->n_fields = n_fields;

  texts = (char *) &self->fields[n_fields];
  self->reason = texts;
  if (reason.len > 0)
    memcpy (texts, reason.data, reason.len);
  texts[reason.len] = '\0';
  texts += reason.len + 1;
  self->texts = texts;
  if (n_fields > 0)
    take_fields (self, texts, size, headers, origins, (guint) first);

  return self;
}

GmHead *
gm_head_ref (GmHead *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
gm_head_unref (GmHead *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;

  g_clear_pointer (&self->url, gm_url_unref);
  gm_tls_info_unref (self->tls);
  g_free (self);
}

GMultiHeaders *
gm_head_make_headers (const GmHead *self)
{
  GMultiHeaders *headers = gmulti_headers_new ();

  for (guint i = 0; i < self->n_fields; i++)
    {
      const char *name = self->texts + self->fields[i].name;
      const char *value = self->texts + self->fields[i].value;

      gm_face_headers_add (headers, gm_span (name, strlen (name)), gm_span (value, strlen (value)));
    }
  gm_face_headers_freeze (headers);

  return headers;
}

const char *
gm_head_find (const GmHead *self,
              const char *name)
{
  for (guint i = 0; i < self->n_fields; i++)
    if (g_ascii_strcasecmp (self->texts + self->fields[i].name, name) == 0)
      return self->texts + self->fields[i].value;

  return NULL;
}

/* RFC 9110 sections 14.2 and 14.4: a server may give the whole instead, and a smaller part. */
gboolean
gm_head_has_part (const GmHead *self,
                  guint64 offset,
                  gint64 length)
{
  const char *field;
  gint64 start, end, total;

  if (self->status == 200)
    return offset == 0 && self->length >= 0 && self->length <= length;
  if (self->status != 206)
    return TRUE;

  field = gm_head_find (self, "Content-Range");
  if (field == NULL || !gm_http_content_range_parse (gm_span (field, strlen (field)), &start, &end, &total)
      || start < 0 || (guint64) start != offset)
    return FALSE;

  return (length >= 0 && end - start == length - 1) || (end == total - 1 && (length < 0 || end - start < length));
}

char *
gm_head_dup_file_name (const GmHead *self)
{
  const char *value = gm_head_find (self, "Content-Disposition");
  GmContentDisposition disposition;
  char *name = NULL;

  if (value != NULL && gm_content_disposition_parse (gm_span (value, strlen (value)), &disposition))
    {
      name = g_steal_pointer (&disposition.file_name);
      gm_content_disposition_clear (&disposition);
    }

  if (name == NULL && self->url != NULL && gm_url_get_scheme (self->url) != GM_SCHEME_DATA)
    name = gm_file_name_from_path (gm_url_get_path (self->url));

  return name;
}
