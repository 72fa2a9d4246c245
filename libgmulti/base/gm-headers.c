/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-headers.h"

/* Reuse is worth keeping what usual answers need; one that sent megabytes of cookies shall not cost for ever. */
#define KEEP_BYTES (64 * 1024)
#define KEEP_ENTRIES 1024

#define LARGEST_BLOCK (1u << 30)

GmHeaders *
gm_headers_new (guint32 max_bytes,
                guint32 max_entries)
{
  GmHeaders *headers = g_new (GmHeaders, 1);

  headers->ref_count = 1;
  headers->request = 0;
  headers->data = headers->block;
  headers->len = 0;
  headers->size = GM_HEADERS_BLOCK_SIZE;
  headers->max_bytes = MIN (max_bytes, LARGEST_BLOCK);
  headers->max_entries = MIN (max_entries, GM_HEADERS_MOST_ENTRIES);
  headers->entries = headers->index;
  headers->n_entries = 0;
  headers->entries_size = MIN (GM_HEADERS_INDEX_SIZE, headers->max_entries);

  return headers;
}

GmHeaders *
gm_headers_ref (GmHeaders *headers)
{
  g_atomic_int_inc (&headers->ref_count);
  return headers;
}

static void
free_block (GmHeaders *headers)
{
  if (headers->data != headers->block)
    g_free (headers->data);
  headers->data = headers->block;
  headers->size = GM_HEADERS_BLOCK_SIZE;
}

static void
free_index (GmHeaders *headers)
{
  if (headers->entries != headers->index)
    g_free (headers->entries);
  headers->entries = headers->index;
  headers->entries_size = MIN (GM_HEADERS_INDEX_SIZE, headers->max_entries);
}

void
gm_headers_unref (GmHeaders *headers)
{
  if (headers == NULL || !g_atomic_int_dec_and_test (&headers->ref_count))
    return;

  free_block (headers);
  free_index (headers);
  g_free (headers);
}

void
gm_headers_clear (GmHeaders *headers)
{
  headers->len = 0;
  headers->n_entries = 0;
  headers->request = 0;
  if (headers->size > KEEP_BYTES)
    free_block (headers);
  if (headers->entries_size > KEEP_ENTRIES)
    free_index (headers);
}

void
gm_headers_set_request (GmHeaders *headers,
                        guint16 request)
{
  headers->request = request;
}

/* Room for @needed bytes in all; @needed is within the limit. */
static GmResult
grow_block (GmHeaders *headers,
            guint32 needed)
{
  guint32 size = MIN (MAX (headers->size * 2, needed), headers->max_bytes);
  char *data;

  if (headers->data == headers->block)
    {
      data = g_try_malloc (size + 1);
      if (data != NULL)
        memcpy (data, headers->block, headers->len);
    }
  else
    data = g_try_realloc (headers->data, size + 1);
  if (data == NULL)
    return GM_OUT_OF_MEMORY;

  headers->data = data;
  headers->size = size;
  return GM_OK;
}

GmResult
gm_headers_grow_index (GmHeaders *headers)
{
  guint32 size = MIN (headers->entries_size * 2, headers->max_entries);
  GmHeaderEntry *entries;

  if (headers->n_entries >= headers->max_entries)
    return GM_HTTP_HEADER_FLOOD;

  if (headers->entries == headers->index)
    {
      entries = g_try_new (GmHeaderEntry, size);
      if (entries != NULL)
        memcpy (entries, headers->index, headers->n_entries * sizeof (GmHeaderEntry));
    }
  else
    entries = g_try_renew (GmHeaderEntry, headers->entries, size);
  if (entries == NULL)
    return GM_OUT_OF_MEMORY;

  headers->entries = entries;
  headers->entries_size = size;
  return GM_OK;
}

GmResult
gm_headers_append_raw (GmHeaders *headers,
                       const char *data,
                       gsize len)
{
  if (len > headers->max_bytes - MIN (headers->len, headers->max_bytes))
    return GM_HTTP_HEADER_FLOOD;
  if (len > headers->size - headers->len)
    {
      GmResult result = grow_block (headers, headers->len + (guint32) len);

      if (result != GM_OK)
        return result;
    }

  if (len > 0)
    memcpy (headers->data + headers->len, data, len);
  headers->len += (guint32) len;
  return GM_OK;
}

GmResult
gm_headers_append (GmHeaders *headers,
                   GmHeaderOrigin origin,
                   GmSpan name,
                   GmSpan value)
{
  guint32 start = headers->len;
  gsize total = name.len + 2 + value.len + 2;
  GmResult result;
  char *at;

  if (name.len > LARGEST_BLOCK || value.len > LARGEST_BLOCK || total > headers->max_bytes - headers->len)
    return GM_HTTP_HEADER_FLOOD;
  if (total > headers->size - headers->len)
    {
      result = grow_block (headers, start + (guint32) total);
      if (result != GM_OK)
        return result;
    }
  result = gm_headers_add_entry (headers, origin, start, (guint32) name.len, start + (guint32) name.len + 2,
                                 (guint32) value.len);
  if (result != GM_OK)
    return result;

  at = headers->data + start;
  if (name.len > 0)
    memcpy (at, name.data, name.len);
  at += name.len;
  *at++ = ':';
  *at++ = ' ';
  if (value.len > 0)
    memcpy (at, value.data, value.len);
  at += value.len;
  *at++ = '\r';
  *at++ = '\n';
  headers->len += (guint32) total;
  return GM_OK;
}

void
gm_headers_truncate (GmHeaders *headers,
                     guint32 len,
                     guint32 n_entries)
{
  headers->len = MIN (headers->len, len);
  headers->n_entries = MIN (headers->n_entries, n_entries);
}

gint
gm_headers_find (const GmHeaders *headers,
                 GmSpan name,
                 guint from,
                 guint origins,
                 gint request)
{
  if (request == GM_HEADERS_LAST_REQUEST)
    request = headers->request;

  for (guint i = from; i < headers->n_entries; i++)
    {
      const GmHeaderEntry *entry = &headers->entries[i];

      if ((entry->origin & origins) == 0)
        continue;
      if (request != GM_HEADERS_ANY_REQUEST && entry->request != request)
        continue;
      if (name.data == NULL || gm_span_equal_nocase (name, gm_headers_get_name (headers, i)))
        return (gint) i;
    }

  return -1;
}

guint
gm_headers_count (const GmHeaders *headers,
                  GmSpan name,
                  guint origins,
                  gint request)
{
  guint count = 0;

  for (gint i = gm_headers_find (headers, name, 0, origins, request); i >= 0;
       i = gm_headers_find (headers, name, (guint) i + 1, origins, request))
    count++;

  return count;
}

gint
gm_headers_find_nth (const GmHeaders *headers,
                     GmSpan name,
                     guint nth,
                     guint origins,
                     gint request)
{
  gint i = gm_headers_find (headers, name, 0, origins, request);

  while (i >= 0 && nth-- > 0)
    i = gm_headers_find (headers, name, (guint) i + 1, origins, request);

  return i;
}

gboolean
gm_headers_lookup (const GmHeaders *headers,
                   GmSpan name,
                   guint origins,
                   gint request,
                   GmSpan *value)
{
  gint i = gm_headers_find (headers, name, 0, origins, request);

  if (i < 0)
    return FALSE;

  *value = gm_headers_get_value (headers, (guint) i);
  return TRUE;
}
