/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-bytes.h"
#include "gm-parse.h"
#include "gm-result.h"

/* GmSocksFrame: what RFC 1961 puts around each token of GSSAPI between a client and a SOCKS5 proxy: version 1, a type,
 * a length of two bytes, the token. A reader takes one frame after the other, and as much of each as it needs, so that
 * nothing of what follows is ever taken. No I/O, and no GSSAPI. Lives in the caller's memory; zeroed it is empty. */

/* The length's two bytes. What a peer can make us keep is one frame. */
#define GM_SOCKS_FRAME_MAX 65535

typedef enum
{
  GM_SOCKS_FRAME_TOKEN = 1, /* of the context that is being made, section 3 */
  GM_SOCKS_FRAME_LEVEL = 2, /* how much protection there is, section 4 */
  GM_SOCKS_FRAME_DATA = 3, /* a protected message, section 5 */
  GM_SOCKS_FRAME_REFUSAL = 255, /* version and type alone: the context is not wanted, section 3.3 */
} GmSocksFrameType;

typedef struct
{
  guint8 wanted; /* GmSocksFrameType */
  guint8 head_len;
  guint8 head[4];
  gsize len; /* of the token, once the head is there */
  GmByteBuilder token; /* (owned): what there is of it; all of it after DONE */
} GmSocksFrame;

/* Forgets what there was (not its memory), and awaits a frame of that type. */
void     gm_socks_frame_begin (GmSocksFrame *self,
                               GmSocksFrameType wanted);
/* How many bytes to feed next, at most. 0: the frame is complete. */
gsize    gm_socks_frame_need  (const GmSocksFrame *self);
/* Some of it has come. @len is not more than is needed. BAD: PROXY_BAD_REPLY, PROXY_LOGIN (a refusal, where a token was
 * awaited), OUT_OF_MEMORY. */
GmParse  gm_socks_frame_feed  (GmSocksFrame *self,
                               const char *data,
                               gsize len,
                               GmResult *why);
void     gm_socks_frame_clear (GmSocksFrame *self); /* wipes */
/* Appends a frame; a refusal has no @token. TOO_LARGE: the token does not fit, and nothing was appended. */
GmResult gm_socks_frame_write (GmByteBuilder *out,
                               GmSocksFrameType type,
                               GmSpan token);
