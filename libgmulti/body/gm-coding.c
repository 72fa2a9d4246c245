/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-coding.h"

#include "gm-config.h"

#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_BROTLI
#include <brotli/decode.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

/* zlib's size of window with which inflateInit2() expects nothing around the data, its own wrapper, or gzip's. */
#define WINDOW_RAW (-15)
#define WINDOW_ZLIB 15
#define WINDOW_GZIP (15 + 16)

#define GZIP_MAGIC_1 0x1f
#define GZIP_MAGIC_2 0x8b

typedef enum
{
  AT_START, /* nothing came yet */
  INSIDE,
  BETWEEN, /* whole; another member or frame may follow */
  ENDED, /* whole; what follows is overlooked */
} Place;

struct _GmDecoder
{
  GmCoding coding;
  Place place;
  gboolean open; /* the library's state is set up */
  guint8 seen[2]; /* first bytes, while what they begin is not known yet */
  guint8 n_seen;
  union
  {
#if HAVE_ZLIB
    z_stream z;
#endif
#if HAVE_BROTLI
    BrotliDecoderState *brotli;
#endif
#if HAVE_ZSTD
    ZSTD_DCtx *zstd;
#endif
    char none;
  };
};

typedef struct
{
  const guint8 *in;
  gsize in_left;
  guint8 *out;
  gsize out_left;
} Step;

/* ---- names ---- */

gboolean
gm_coding_find (GmSpan name,
                GmCoding *coding)
{
  static const struct
  {
    const char *name;
    GmCoding coding;
  } known[] = {
    { "identity", GM_CODING_IDENTITY }, { "none", GM_CODING_IDENTITY }, /* which some say instead */
#if HAVE_ZLIB
    { "gzip", GM_CODING_GZIP },     { "x-gzip", GM_CODING_GZIP }, { "deflate", GM_CODING_DEFLATE },
#endif
#if HAVE_BROTLI
    { "br", GM_CODING_BROTLI },
#endif
#if HAVE_ZSTD
    { "zstd", GM_CODING_ZSTD },
#endif
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (gm_span_equal_nocase (name, gm_span (known[i].name, strlen (known[i].name))))
      {
        *coding = known[i].coding;
        return TRUE;
      }

  return FALSE;
}

const char *
gm_coding_list (void)
{
#if !HAVE_ZLIB && !HAVE_BROTLI && !HAVE_ZSTD
  return "identity";
#else
  static const char list[] = ""
#if HAVE_ZLIB
                             ", deflate, gzip"
#endif
#if HAVE_BROTLI
                             ", br"
#endif
#if HAVE_ZSTD
                             ", zstd"
#endif
    ;

  return list + 2;
#endif
}

/* ---- gzip and deflate ---- */

#if HAVE_ZLIB
static GmResult
inflate_some (GmDecoder *self,
              Step *step)
{
  int answer;

  self->z.next_in = (Bytef *) step->in;
  self->z.avail_in = (uInt) MIN (step->in_left, G_MAXUINT32);
  self->z.next_out = step->out;
  self->z.avail_out = (uInt) MIN (step->out_left, G_MAXUINT32);
  answer = inflate (&self->z, Z_NO_FLUSH);
  step->in_left -= (gsize) (self->z.next_in - step->in);
  step->in = self->z.next_in;
  step->out_left -= (gsize) (self->z.next_out - step->out);
  step->out = self->z.next_out;

  switch (answer)
    {
    case Z_OK:
    case Z_BUF_ERROR: /* nothing to do it with */
      return GM_OK;
    case Z_STREAM_END:
      self->place = self->coding == GM_CODING_GZIP ? BETWEEN : ENDED;
      self->n_seen = 0;
      return GM_OK;
    case Z_MEM_ERROR:
      return GM_OUT_OF_MEMORY;
    default: /* Z_NEED_DICT too: nobody agreed on one */
      return GM_CODED_BODY_BROKEN;
    }
}

/* Bytes that were looked at go in first; they make nothing by themselves. */
static GmResult
inflate_seen (GmDecoder *self,
              int window)
{
  guint8 nothing;
  Step step = { self->seen, self->n_seen, &nothing, 0 };

  if (self->open)
    {
      if (inflateReset (&self->z) != Z_OK)
        return GM_CODED_BODY_BROKEN;
    }
  else if (inflateInit2 (&self->z, window) != Z_OK)
    return GM_OUT_OF_MEMORY;
  self->open = TRUE;
  self->place = INSIDE;

  return inflate_some (self, &step);
}

/* Two bytes tell zlib's wrapper from data without one (RFC 1950 section 2.2): method 8, a window it may have, and a sum
 * that is a multiple of 31. Raw data that look so would begin with a stored block whose unused bits are not 0. */
static GmResult
begin_deflate (GmDecoder *self)
{
  guint both = self->seen[0] * 256u + self->seen[1];
  gboolean wrapped = (self->seen[0] & 0x0f) == 8 && self->seen[0] >> 4 <= 7 && both % 31 == 0;

  return inflate_seen (self, wrapped ? WINDOW_ZLIB : WINDOW_RAW);
}

/* Where a gzip member, or the wrapper of deflate, may begin: two bytes decide. */
static GmResult
look (GmDecoder *self,
      Step *step)
{
  while (self->n_seen < 2 && step->in_left > 0)
    {
      self->seen[self->n_seen++] = *step->in++;
      step->in_left--;
    }
  if (self->n_seen < 2)
    return GM_OK;

  if (self->coding == GM_CODING_DEFLATE)
    return begin_deflate (self);
  if (self->seen[0] == GZIP_MAGIC_1 && self->seen[1] == GZIP_MAGIC_2)
    return inflate_seen (self, WINDOW_GZIP);
  if (self->place == AT_START)
    return GM_CODED_BODY_BROKEN;

  /* Behind a whole body there may be padding. */
  self->place = ENDED;
  return GM_OK;
}

static GmResult
run_zlib (GmDecoder *self,
          Step *step)
{
  if (self->place != INSIDE)
    {
      GmResult result = look (self, step);

      if (result != GM_OK || self->place != INSIDE)
        return result;
    }

  return inflate_some (self, step);
}
#endif

/* ---- brotli ---- */

#if HAVE_BROTLI
static GmResult
run_brotli (GmDecoder *self,
            Step *step)
{
  if (!self->open)
    {
      self->brotli = BrotliDecoderCreateInstance (NULL, NULL, NULL);
      if (self->brotli == NULL)
        return GM_OUT_OF_MEMORY;
      self->open = TRUE;
      self->place = INSIDE;
    }

  switch (BrotliDecoderDecompressStream (self->brotli, &step->in_left, &step->in, &step->out_left, &step->out, NULL))
    {
    case BROTLI_DECODER_RESULT_SUCCESS:
      self->place = ENDED;
      return GM_OK;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
      return GM_OK;
    case BROTLI_DECODER_RESULT_ERROR:
    default:
      return GM_CODED_BODY_BROKEN;
    }
}
#endif

/* ---- zstd ---- */

#if HAVE_ZSTD
/* By the first byte of its magic number (RFC 8878 section 3.1): a frame, or one to be skipped. Anything else is broken, and
 * with it the formats from before the RFC: the library may still know them, and reads them as it is fed. */
static gboolean
may_begin_zstd (guint8 first)
{
  return first == 0x28 || (first & 0xf0) == 0x50;
}

static GmResult
run_zstd (GmDecoder *self,
          Step *step)
{
  ZSTD_inBuffer in = { step->in, step->in_left, 0 };
  ZSTD_outBuffer out = { step->out, step->out_left, 0 };
  gsize answer;

  if (!self->open)
    {
      self->zstd = ZSTD_createDCtx ();
      if (self->zstd == NULL)
        return GM_OUT_OF_MEMORY;
      self->open = TRUE;
      ZSTD_DCtx_setParameter (self->zstd, ZSTD_d_windowLogMax, GM_ZSTD_WINDOW_LOG_MAX);
    }

  if (self->place != INSIDE && step->in_left > 0 && !may_begin_zstd (*step->in))
    return GM_CODED_BODY_BROKEN;

  answer = ZSTD_decompressStream (self->zstd, &out, &in);
  if (ZSTD_isError (answer))
    return GM_CODED_BODY_BROKEN;
  step->in += in.pos;
  step->in_left -= in.pos;
  step->out += out.pos;
  step->out_left -= out.pos;
  /* Asked again at a frame's end it would speak of the next one. */
  if (in.pos > 0 || out.pos > 0)
    self->place = answer == 0 ? BETWEEN : INSIDE;

  return GM_OK;
}
#endif

/* ---- any ---- */

GmDecoder *
gm_decoder_new (GmCoding coding)
{
  GmDecoder *self;

  if (coding == GM_CODING_IDENTITY)
    return NULL;

  self = g_try_new0 (GmDecoder, 1);
  if (self != NULL)
    self->coding = coding;

  return self;
}

static void
close_library (GmDecoder *self)
{
  switch (self->coding)
    {
#if HAVE_ZLIB
    case GM_CODING_GZIP:
    case GM_CODING_DEFLATE:
      inflateEnd (&self->z);
      break;
#else
    case GM_CODING_GZIP:
    case GM_CODING_DEFLATE:
#endif
    case GM_CODING_BROTLI:
#if HAVE_BROTLI
      BrotliDecoderDestroyInstance (self->brotli);
#endif
      break;
    case GM_CODING_ZSTD:
#if HAVE_ZSTD
      ZSTD_freeDCtx (self->zstd);
#endif
      break;
    case GM_CODING_IDENTITY:
    default:
      break;
    }
}

void
gm_decoder_free (GmDecoder *self)
{
  if (self == NULL)
    return;

  if (self->open)
    close_library (self);
  g_free (self);
}

/* ---- the shelf ---- */

GmDecoder *
gm_decoder_shelf_take (GmDecoderShelf *self,
                       GmCoding coding)
{
  if (self != NULL && self->spare != NULL && self->spare->coding == coding)
    return g_steal_pointer (&self->spare);

  return gm_decoder_new (coding);
}

void
gm_decoder_shelf_give (GmDecoderShelf *self,
                       GmDecoder *decoder)
{
#if HAVE_ZSTD
  if (self != NULL && self->spare == NULL && decoder != NULL && decoder->coding == GM_CODING_ZSTD && decoder->open &&
      ZSTD_sizeof_DCtx (decoder->zstd) <= GM_DECODER_SPARE_MAX &&
      !ZSTD_isError (ZSTD_DCtx_reset (decoder->zstd, ZSTD_reset_session_only)))
    {
      decoder->place = AT_START;
      self->spare = g_steal_pointer (&decoder);
    }
#endif

  gm_decoder_free (decoder);
}

void
gm_decoder_shelf_clear (GmDecoderShelf *self)
{
  g_clear_pointer (&self->spare, gm_decoder_free);
}

/* ---- running ---- */

static GmResult
run_once (GmDecoder *self,
          Step *step)
{
  switch (self->coding)
    {
#if HAVE_ZLIB
    case GM_CODING_GZIP:
    case GM_CODING_DEFLATE:
      return run_zlib (self, step);
#else
    case GM_CODING_GZIP:
    case GM_CODING_DEFLATE:
      return GM_CODED_BODY_BROKEN;
#endif
#if HAVE_BROTLI
    case GM_CODING_BROTLI:
      return run_brotli (self, step);
#else
    case GM_CODING_BROTLI:
      return GM_CODED_BODY_BROKEN;
#endif
#if HAVE_ZSTD
    case GM_CODING_ZSTD:
      return run_zstd (self, step);
#else
    case GM_CODING_ZSTD:
      return GM_CODED_BODY_BROKEN;
#endif
    case GM_CODING_IDENTITY:
    default:
      return GM_INTERNAL;
    }
}

GmResult
gm_decoder_run (GmDecoder *self,
                const char *data,
                gsize len,
                gsize *consumed,
                char *out,
                gsize size,
                gsize *made)
{
  Step step = { (const guint8 *) data, len, (guint8 *) out, size };
  GmResult result = GM_OK;

  /* No state of the library is made for a body that has no bytes. */
  if (self->place == ENDED && self->coding == GM_CODING_BROTLI && len > 0)
    result = GM_CODED_BODY_BROKEN; /* RFC 7932 section 9.1: nothing stands behind the last block */
  else if (self->place == ENDED)
    step.in_left = 0;
  else if (self->place != AT_START || len > 0)
    result = run_once (self, &step);

  *consumed = len - step.in_left;
  *made = size - step.out_left;
  /* Who takes nothing and makes nothing would be asked for ever. */
  if (result == GM_OK && len > 0 && size > 0 && *consumed == 0 && *made == 0)
    result = GM_CODED_BODY_BROKEN;

  return result;
}

gboolean
gm_decoder_is_whole (const GmDecoder *self)
{
  return self->place == BETWEEN || self->place == ENDED || (self->place == AT_START && self->n_seen == 0);
}
