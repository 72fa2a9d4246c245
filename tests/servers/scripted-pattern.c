/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-pattern.h"

/* Eight bytes of the pattern at once; the usual finaliser of a 64-bit mix, so that neighbours have nothing in common.
 */
static inline guint64
pattern_block (guint64 seed,
               guint64 block)
{
  guint64 z = seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + block;

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static inline guint8
pattern_byte (guint64 seed,
              guint64 offset)
{
  return (guint8) (pattern_block (seed, offset / 8) >> (8 * (offset % 8)));
}

void
scripted_pattern_fill (guint64 seed,
                       guint64 offset,
                       guint8 *buffer,
                       gsize len)
{
  gsize i = 0;

  while (i < len)
    {
      guint64 word = pattern_block (seed, (offset + i) / 8) >> (8 * ((offset + i) % 8));
      gsize n = MIN (len - i, 8 - (offset + i) % 8);

      for (gsize k = 0; k < n; k++, word >>= 8)
        buffer[i + k] = (guint8) word;
      i += n;
    }
}

gssize
scripted_pattern_check (guint64 seed,
                        guint64 offset,
                        const guint8 *data,
                        gsize len)
{
  guint8 expected[4096];

  for (gsize i = 0; i < len; i += sizeof expected)
    {
      gsize n = MIN (len - i, sizeof expected);

      scripted_pattern_fill (seed, offset + i, expected, n);
      for (gsize k = 0; k < n; k++)
        if (expected[k] != data[i + k])
          {
            g_assert_cmpuint (pattern_byte (seed, offset + i + k), ==, expected[k]);
            return (gssize) (i + k);
          }
    }
  return -1;
}
