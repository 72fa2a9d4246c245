/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

#include "gm-ascii.h"

/* GmByteBuilder: bytes that we are about to send, put together piece by piece. Plain struct in the caller's memory;
 * zeroed memory is an empty one. Failing (no memory, or past @max) is sticky: appends become no-ops and @failed stays
 * TRUE until gm_byte_builder_reset (), so that a writer checks once, at its end. Not NUL-terminated. */
typedef struct
{
  char *data; /* (owned) (nullable) */
  gsize len;
  gsize size;
  gsize max; /* 0: GM_BYTE_BUILDER_MAX */
  gboolean failed;
} GmByteBuilder;

/* Nothing that we compose in memory is larger: user headers and targets come from the application, not from a peer. */
#define GM_BYTE_BUILDER_MAX (16 * 1024 * 1024)

/* Frees the memory; an empty builder with the same maximum remains. */
void     gm_byte_builder_clear   (GmByteBuilder *builder);
/* Makes it empty, keeps the memory, forgets a failure. */
void     gm_byte_builder_reset   (GmByteBuilder *builder);
/* Room for @n more bytes; FALSE if it cannot be had (then @failed is set). */
gboolean gm_byte_builder_reserve (GmByteBuilder *builder,
                                  gsize n);
/* Slow half of gm_byte_builder_append (); call that. */
void     gm_byte_builder_grow_append (GmByteBuilder *builder,
                                      const char *data,
                                      gsize len);
/* @value in decimal digits. */
void     gm_byte_builder_append_uint (GmByteBuilder *builder,
                                      guint64 value);
/* Hands over the block (to be freed with g_free) and its length; the builder is empty afterwards. NULL when empty. */
char    *gm_byte_builder_steal   (GmByteBuilder *builder,
                                  gsize *len);

static inline void
gm_byte_builder_append (GmByteBuilder *builder,
                        const char *data,
                        gsize len)
{
  if (G_LIKELY (!builder->failed && builder->size - builder->len >= len && len > 0))
    {
      memcpy (builder->data + builder->len, data, len);
      builder->len += len;
      return;
    }
  gm_byte_builder_grow_append (builder, data, len);
}

static inline void
gm_byte_builder_append_span (GmByteBuilder *builder,
                             GmSpan span)
{
  gm_byte_builder_append (builder, span.data, span.len);
}

static inline void
gm_byte_builder_append_char (GmByteBuilder *builder,
                             char c)
{
  gm_byte_builder_append (builder, &c, 1);
}

#define gm_byte_builder_append_literal(builder, literal)                                                               \
  gm_byte_builder_append ((builder), (literal), sizeof (literal) - 1)

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GmByteBuilder, gm_byte_builder_clear)
