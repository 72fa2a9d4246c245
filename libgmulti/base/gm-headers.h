/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "gm-ascii.h"
#include "gm-result.h"

/* GmHeaders: everything a transfer was told in header fields, over all its requests: one growable block of bytes plus
 * an index into it. Heads are kept raw (the C face shows raw lines), entries point into them. Refcounted with an atomic
 * count; the content belongs to one thread at a time. A cleared block is reused without touching the allocator as long
 * as it stays within 512 bytes and 12 entries (what servers send by themselves), or within what it grew to before.
 *
 * Every span handed out is borrowed and valid until the next call that adds or clears. Offsets and indexes stay valid
 * until gm_headers_clear () or a truncation below them.
 *
 * Growth: a peer decides how much arrives, so the caller sets both limits at construction. An addition past a limit
 * changes nothing and answers GM_HTTP_HEADER_FLOOD; memory that cannot be had answers GM_OUT_OF_MEMORY. */

/* Where a field stood. The values are those of libcurl's header interface. */
typedef enum
{
  GM_HEADER_FINAL = 1 << 0, /* the head of the answer itself */
  GM_HEADER_TRAILER = 1 << 1,
  GM_HEADER_CONNECT = 1 << 2, /* a proxy's answer to CONNECT */
  GM_HEADER_1XX = 1 << 3,
} GmHeaderOrigin;

#define GM_HEADER_ANY (GM_HEADER_FINAL | GM_HEADER_TRAILER | GM_HEADER_CONNECT | GM_HEADER_1XX)

/* As in libcurl: the last request is the one that gm_headers_set_request () named last. */
#define GM_HEADERS_LAST_REQUEST (-1)
#define GM_HEADERS_ANY_REQUEST (-2)

/* Default limits of a whole transfer: libcurl's, which allows 300 KiB a head and twenty times that for all of them. */
#define GM_HEADERS_MAX_BYTES (20 * 300 * 1024)
#define GM_HEADERS_MAX_ENTRIES 10000
/* No limit is higher, so that 16 bits hold every index, and one more to say "none". */
#define GM_HEADERS_MOST_ENTRIES (G_MAXUINT16 - 1)

typedef struct
{
  guint32 name_offset;
  guint32 name_len;
  guint32 value_offset; /* value without blanks around it */
  guint32 value_len;
  guint16 request; /* 0 for the first request, counting redirects, logins and retries */
  guint8 origin; /* one GmHeaderOrigin */
} GmHeaderEntry;

#define GM_HEADERS_BLOCK_SIZE 512
#define GM_HEADERS_INDEX_SIZE 12

/* Members are read by the inline functions below and written by gm-headers.c alone. */
typedef struct
{
  gint ref_count;
  guint16 request; /* what new entries are marked with */
  char *data; /* @block, or (owned) when it grew */
  guint32 len;
  guint32 size;
  GmHeaderEntry *entries; /* @index, or (owned) when it grew */
  guint32 n_entries;
  guint32 entries_size; /* never above max_entries */
  guint32 max_bytes;
  guint32 max_entries;
  GmHeaderEntry index[GM_HEADERS_INDEX_SIZE];
  char block[GM_HEADERS_BLOCK_SIZE + 1];
} GmHeaders;

/* One allocation. @max_bytes is at most 1 GiB, @max_entries at most GM_HEADERS_MOST_ENTRIES: what is above is cut. */
GmHeaders *gm_headers_new         (guint32 max_bytes,
                                   guint32 max_entries);
GmHeaders *gm_headers_ref         (GmHeaders *headers);
void       gm_headers_unref       (GmHeaders *headers); /* accepts NULL */
/* Forgets all content, request back to 0; keeps memory and limits. */
void       gm_headers_clear       (GmHeaders *headers);
/* The number that entries added from now on carry. */
void       gm_headers_set_request (GmHeaders *headers,
                                   guint16 request);

/* Adds "name: value" + CRLF to the block and one entry for it (fields that did not come as HTTP/1 text). Copies both;
 * the caller has validated them. */
GmResult   gm_headers_append      (GmHeaders *headers,
                                   GmHeaderOrigin origin,
                                   GmSpan name,
                                   GmSpan value);

/* For parsers that index bytes in place: adds @len bytes, then gm_headers_add_entry () adds entries over them. One byte
 * behind the content may be written at any time (a sentinel that stops loops); it is not content. */
GmResult   gm_headers_append_raw  (GmHeaders *headers,
                                   const char *data,
                                   gsize len);
/* Slow half of gm_headers_add_entry (). */
GmResult   gm_headers_grow_index  (GmHeaders *headers);
/* Drops what lies at and behind the given byte offset and entry index. */
void       gm_headers_truncate    (GmHeaders *headers,
                                   guint32 len,
                                   guint32 n_entries);

/* Index of the first entry at or after @from that has this name (ASCII case ignored; name.data NULL means any name), an
 * origin out of the mask, and this request; −1 if there is none. */
gint       gm_headers_find        (const GmHeaders *headers,
                                   GmSpan name,
                                   guint from,
                                   guint origins,
                                   gint request);
/* How many there are, and the @nth (from 0) one's index or −1. */
guint      gm_headers_count       (const GmHeaders *headers,
                                   GmSpan name,
                                   guint origins,
                                   gint request);
gint       gm_headers_find_nth    (const GmHeaders *headers,
                                   GmSpan name,
                                   guint nth,
                                   guint origins,
                                   gint request);
/* Value of the first such entry; FALSE and @value untouched if there is none. */
gboolean   gm_headers_lookup      (const GmHeaders *headers,
                                   GmSpan name,
                                   guint origins,
                                   gint request,
                                   GmSpan *value);

/* Adds an entry whose offsets lie inside the block. */
static inline GmResult
gm_headers_add_entry (GmHeaders *headers,
                      GmHeaderOrigin origin,
                      guint32 name_offset,
                      guint32 name_len,
                      guint32 value_offset,
                      guint32 value_len)
{
  GmHeaderEntry *entry;

  if (G_UNLIKELY (headers->n_entries == headers->entries_size))
    {
      GmResult result = gm_headers_grow_index (headers);

      if (result != GM_OK)
        return result;
    }

  entry = &headers->entries[headers->n_entries++];
  entry->name_offset = name_offset;
  entry->name_len = name_len;
  entry->value_offset = value_offset;
  entry->value_len = value_len;
  entry->request = headers->request;
  entry->origin = (guint8) origin;
  return GM_OK;
}

static inline guint
gm_headers_get_n_entries (const GmHeaders *headers)
{
  return headers->n_entries;
}

static inline gsize
gm_headers_get_n_bytes (const GmHeaders *headers)
{
  return headers->len;
}

static inline GmSpan
gm_headers_get_name (const GmHeaders *headers,
                     guint index)
{
  const GmHeaderEntry *entry = &headers->entries[index];

  return gm_span (headers->data + entry->name_offset, entry->name_len);
}

static inline GmSpan
gm_headers_get_value (const GmHeaders *headers,
                      guint index)
{
  const GmHeaderEntry *entry = &headers->entries[index];

  return gm_span (headers->data + entry->value_offset, entry->value_len);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmHeaders, gm_headers_unref)
