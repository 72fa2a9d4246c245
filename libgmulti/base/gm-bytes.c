/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-bytes.h"

#define SMALLEST 256

void
gm_byte_builder_clear (GmByteBuilder *builder)
{
  g_free (builder->data);
  *builder = (GmByteBuilder){ .max = builder->max };
}

void
gm_byte_builder_reset (GmByteBuilder *builder)
{
  builder->len = 0;
  builder->failed = FALSE;
}

gboolean
gm_byte_builder_reserve (GmByteBuilder *builder,
                         gsize n)
{
  gsize max = builder->max != 0 ? builder->max : GM_BYTE_BUILDER_MAX;
  gsize size;
  char *data;

  if (builder->failed)
    return FALSE;
  if (builder->len > max || n > max - builder->len)
    {
      builder->failed = TRUE;
      return FALSE;
    }
  if (builder->size - builder->len >= n)
    return TRUE;

  size = MIN (MAX (MAX (builder->size * 2, builder->len + n), SMALLEST), max);
  data = g_try_realloc (builder->data, size);
  if (data == NULL)
    {
      builder->failed = TRUE;
      return FALSE;
    }

  builder->data = data;
  builder->size = size;
  return TRUE;
}

void
gm_byte_builder_grow_append (GmByteBuilder *builder,
                             const char *data,
                             gsize len)
{
  if (len == 0 || !gm_byte_builder_reserve (builder, len))
    return;

  memcpy (builder->data + builder->len, data, len);
  builder->len += len;
}

void
gm_byte_builder_append_uint (GmByteBuilder *builder,
                             guint64 value)
{
  char digits[GM_DECIMAL_MAX];

  gm_byte_builder_append (builder, digits, gm_decimal_write (digits, value));
}

char *
gm_byte_builder_steal (GmByteBuilder *builder,
                       gsize *len)
{
  char *data = builder->len > 0 ? g_steal_pointer (&builder->data) : NULL;

  *len = builder->len;
  gm_byte_builder_clear (builder);
  return data;
}
