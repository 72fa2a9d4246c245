/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-head-private.h"

#include "gm-content-disposition.h"
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

/* The last request's entries of @origins; a plain walk, for each response takes it. */
static gboolean
belongs (const GmHeaders *headers,
         guint position,
         guint origins)
{
  const GmHeaderEntry *entry = &headers->entries[position];

  return (entry->origin & origins) != 0 && entry->request == headers->request;
}

static gsize
measure (const GmHeaders *headers,
         guint origins,
         guint *n_fields,
         gint *first)
{
  guint n = gm_headers_get_n_entries (headers);
  gsize size = 0;

  for (guint i = 0; i < n; i++)
    if (belongs (headers, i, origins))
      {
        if ((*n_fields)++ == 0)
          *first = (gint) i;
        size += headers->entries[i].name_len + headers->entries[i].value_len + 2;
      }

  return size;
}

static char *
put (char *to,
     GmSpan span)
{
  memcpy (to, span.data, span.len);
  to[span.len] = '\0';
  return to + span.len + 1;
}

GmHead *
gm_head_new (const GmInfo *info,
             GmUrl *url,
             const GmHeaders *headers,
             guint origins)
{
  guint n_fields = 0;
  gint first = -1;
  gsize size = 0;
  GmSpan reason;
  GmHead *self;
  char *to;

  if (headers != NULL)
    size = measure (headers, origins, &n_fields, &first);
  reason = (origins & GM_HEADER_FINAL) != 0 ? find_reason (headers, first) : gm_span (NULL, 0);

  self = g_malloc (sizeof (GmHead) + reason.len + 1 + size);
  *self = (GmHead){ .status = info->status, .http_version = info->http_version, .length = info->download_size };
  g_atomic_ref_count_init (&self->refs);
  self->url = url != NULL ? gm_url_ref (url) : NULL;
  self->remote = info->remote;
  self->tls = info->tls != NULL ? gm_tls_info_ref (info->tls) : NULL;
  self->n_fields = n_fields;
  self->reason_len = (guint) reason.len;

  to = put (self->data, reason.data != NULL ? reason : GM_SPAN (""));
  for (guint i = (guint) MAX (first, 0), left = n_fields; left > 0; i++)
    {
      if (!belongs (headers, i, origins))
        continue;
      to = put (to, gm_headers_get_name (headers, i));
      to = put (to, gm_headers_get_value (headers, i));
      left--;
    }

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

/* Steps through the fields; @cursor starts as NULL. */
static const char *
next_value (const GmHead *self,
            const char **cursor,
            const char **name)
{
  const char *value;

  *name = *cursor == NULL ? self->data + self->reason_len + 1 : *cursor;
  value = *name + strlen (*name) + 1;
  *cursor = value + strlen (value) + 1;
  return value;
}

GMultiHeaders *
gm_head_make_headers (const GmHead *self)
{
  GMultiHeaders *headers = gmulti_headers_new ();
  const char *cursor = NULL;

  for (guint i = 0; i < self->n_fields; i++)
    {
      const char *name;
      const char *value = next_value (self, &cursor, &name);

      gm_face_headers_add (headers, gm_span (name, strlen (name)), gm_span (value, strlen (value)));
    }
  gm_face_headers_freeze (headers);

  return headers;
}

const char *
gm_head_find (const GmHead *self,
              const char *name)
{
  const char *cursor = NULL;

  for (guint i = 0; i < self->n_fields; i++)
    {
      const char *field;
      const char *value = next_value (self, &cursor, &field);

      if (g_ascii_strcasecmp (field, name) == 0)
        return value;
    }

  return NULL;
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
