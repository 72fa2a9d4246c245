/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-result.h"

/* The codings of a body (RFC 9110 section 8.4.1, RFC 7932, RFC 8878) and what undoes one of them: bytes in, bytes out, no
 * chain and no limit on what comes out; gm-sink-decode.h has those. */

typedef enum
{
  GM_CODING_IDENTITY,
  GM_CODING_GZIP, /* also x-gzip; several members one after the other are one body (RFC 1952) */
  GM_CODING_DEFLATE, /* in zlib's wrapper (RFC 1950), or without as some servers send it */
  GM_CODING_BROTLI,
  GM_CODING_ZSTD, /* several frames are one body */
} GmCoding;

/* Window of zstd frames, as a power of two: 8 MiB, the most that RFC 9659 lets a server ask for. Brotli's is at most
 * 16 MiB and deflate's 32 KiB by their formats. */
#define GM_ZSTD_WINDOW_LOG_MAX 23

/* FALSE: unknown, or not built in. ASCII case is ignored. */
gboolean    gm_coding_find      (GmSpan name,
                                 GmCoding *coding);
/* For Accept-Encoding: all that are built in, "deflate, gzip, br, zstd"; "identity" if none is. Static. */
const char *gm_coding_list      (void);

typedef struct _GmDecoder GmDecoder;

/* NULL: no memory, or a coding that needs none. */
GmDecoder  *gm_decoder_new      (GmCoding coding);
void        gm_decoder_free     (GmDecoder *self); /* NULL is fine */

/* Where an engine keeps a decoder that nobody uses for the next body of its coding. That is one of zstd, which takes
 * 20 times as long to set up as a small body to decode, and of at most GM_DECODER_SPARE_MAX bytes: it has some 100 KB
 * before it is used, and frames with a large window add theirs. zlib's is set up in no time, brotli's cannot be used
 * twice. */
#define GM_DECODER_SPARE_MAX (256 * 1024)

typedef struct
{
  GmDecoder *spare; /* (owned) (nullable) */
} GmDecoderShelf;

/* As gm_decoder_new() and gm_decoder_free(); @self may be NULL. */
GmDecoder  *gm_decoder_shelf_take  (GmDecoderShelf *self,
                                    GmCoding coding);
void        gm_decoder_shelf_give  (GmDecoderShelf *self,
                                    GmDecoder *decoder);
void        gm_decoder_shelf_clear (GmDecoderShelf *self);

/* Takes from the @len bytes at @data what it can while there is room for @size bytes at @out, at least one byte of
 * either unless both are 0. GM_OK, GM_OUT_OF_MEMORY, or GM_CODED_BODY_BROKEN. */
GmResult    gm_decoder_run      (GmDecoder *self,
                                 const char *data,
                                 gsize len,
                                 gsize *consumed,
                                 char *out,
                                 gsize size,
                                 gsize *made);
/* The data may end here: what came makes a whole. Nothing at all is whole, too. */
gboolean    gm_decoder_is_whole (const GmDecoder *self);
