/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codings.h"

#include "gm-config.h"

#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_BROTLI_ENCODER
#include <brotli/encode.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

const char *const encode_names[ENCODE_N] = { "gzip", "deflate", "deflate", "br", "zstd" };

#if HAVE_ZLIB
static GBytes *
encode_zlib (int window,
             gconstpointer data,
             gsize len)
{
  z_stream z = { 0 };
  gsize size;
  guint8 *out;

  g_assert_cmpint (deflateInit2 (&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  size = deflateBound (&z, len) + 64;
  out = g_malloc (size);
  z.next_in = (Bytef *) data;
  z.avail_in = (uInt) len;
  z.next_out = out;
  z.avail_out = (uInt) size;
  g_assert_cmpint (deflate (&z, Z_FINISH), ==, Z_STREAM_END);
  size = z.total_out;
  deflateEnd (&z);

  return g_bytes_new_take (out, size);
}
#endif

gboolean
encode_has_all (void)
{
  return HAVE_ZLIB && HAVE_BROTLI_ENCODER && HAVE_ZSTD;
}

GBytes *
encode (Encode how,
        gconstpointer data,
        gsize len)
{
  switch (how)
    {
#if HAVE_ZLIB
    case ENCODE_GZIP:
      return encode_zlib (15 + 16, data, len);
    case ENCODE_ZLIB:
      return encode_zlib (15, data, len);
    case ENCODE_RAW:
      return encode_zlib (-15, data, len);
#else
    case ENCODE_GZIP:
    case ENCODE_ZLIB:
    case ENCODE_RAW:
      return NULL;
#endif
    case ENCODE_BROTLI:
      {
#if HAVE_BROTLI_ENCODER
        gsize size = BrotliEncoderMaxCompressedSize (len) + 64;
        guint8 *out = g_malloc (size);

        g_assert_true (BrotliEncoderCompress (5, 18, BROTLI_MODE_GENERIC, len, data, &size, out));
        return g_bytes_new_take (out, size);
#else
        return NULL;
#endif
      }
    case ENCODE_ZSTD:
      {
#if HAVE_ZSTD
        ZSTD_CCtx *context = ZSTD_createCCtx ();
        gsize size = ZSTD_compressBound (len);
        guint8 *out = g_malloc (size);

        ZSTD_CCtx_setParameter (context, ZSTD_c_checksumFlag, 1);
        size = ZSTD_compress2 (context, out, size, data, len);
        g_assert_false (ZSTD_isError (size));
        ZSTD_freeCCtx (context);
        return g_bytes_new_take (out, size);
#else
        return NULL;
#endif
      }
    case ENCODE_N:
    default:
      g_assert_not_reached ();
    }
}

GBytes *
encode_bytes (Encode how,
              GBytes *bytes)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (bytes, &len);

  return encode (how, data, len);
}

/* A full flush ends on a byte and forgets the window: what a MiB became may stand there many times. */
GBytes *
encode_zeros (guint n_mib)
{
#if HAVE_ZLIB
  static const guint8 head[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
  static const guint8 last[] = { 0x03, 0x00 };
  gsize mib = 1024 * 1024;
  g_autofree guint8 *zeros = g_malloc0 (mib);
  g_autofree guint8 *piece = g_malloc (mib);
  GByteArray *all = g_byte_array_new ();
  z_stream z = { 0 };
  uLong one = crc32 (0, zeros, (uInt) mib);
  uLong sum = crc32 (0, NULL, 0);
  guint32 trailer[2];

  g_assert_cmpint (deflateInit2 (&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  z.next_in = zeros;
  z.avail_in = (uInt) mib;
  z.next_out = piece;
  z.avail_out = (uInt) mib;
  g_assert_cmpint (deflate (&z, Z_FULL_FLUSH), ==, Z_OK);

  g_byte_array_append (all, head, sizeof head);
  for (guint i = 0; i < n_mib; i++)
    {
      g_byte_array_append (all, piece, (guint) z.total_out);
      sum = crc32_combine (sum, one, (z_off_t) mib);
    }
  deflateEnd (&z);
  g_byte_array_append (all, last, sizeof last);
  trailer[0] = GUINT32_TO_LE ((guint32) sum);
  trailer[1] = GUINT32_TO_LE ((guint32) (n_mib * (guint64) mib));
  g_byte_array_append (all, (const guint8 *) trailer, sizeof trailer);

  return g_byte_array_free_to_bytes (all);
#else
  return NULL;
#endif
}

GBytes *
encode_zstd_window (int window_log)
{
#if HAVE_ZSTD
  ZSTD_CCtx *context = ZSTD_createCCtx ();
  gsize size = 1024 * 1024;
  g_autofree guint8 *zeros = g_malloc0 (size);
  guint8 *out = g_malloc (size);
  ZSTD_inBuffer in = { zeros, size, 0 };
  ZSTD_outBuffer made = { out, size, 0 };

  ZSTD_CCtx_setParameter (context, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter (context, ZSTD_c_contentSizeFlag, 0);
  /* In two steps: told all at once it would shrink the window. */
  g_assert_false (ZSTD_isError (ZSTD_compressStream2 (context, &made, &in, ZSTD_e_flush)));
  g_assert_cmpuint (ZSTD_compressStream2 (context, &made, &in, ZSTD_e_end), ==, 0);
  ZSTD_freeCCtx (context);

  return g_bytes_new_take (out, made.pos);
#else
  return NULL;
#endif
}

char *
make_text (gsize len)
{
  static const char *const words[] = { "transfer ", "engine ", "of ", "many ", "things ", "at ", "once\n", "without ",
                                       "ever ", "freezing, ", "8c1f", "Zq" };
  GString *text = g_string_sized_new (len + 16);
  guint32 seed = 4711;

  while (text->len < len)
    {
      seed = seed * 1664525u + 1013904223u;
      g_string_append (text, words[(seed >> 16) % G_N_ELEMENTS (words)]);
    }
  g_string_truncate (text, len);

  return g_string_free (text, FALSE);
}
