/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-coding.h"
#include "gm-sink.h"

/* Links of the sink chain that undo codings. Each keeps what it was given while the next one cannot take more, and stops
 * after its share of a turn, for a few bytes may become very many. */

/* Codings of one body, transfer codings counted too; nobody has use for more than two. Without a limit a head of some
 * kilobytes makes a chain of thousands of links. */
#define GM_DECODE_MAX_CODINGS 5
/* Bytes that come out in one turn of a transfer: at 400 MB/s some 0.6 ms. */
#define GM_DECODE_SHARE (256 * 1024)
/* More bytes out for each that came over the wire is no body but an attack: text, logs and markup come to some 100 at
 * best, while zeros give 1,000 with deflate and far more with the others. */
#define GM_DECODE_MAX_RATIO 256
/* … from this size on: what is smaller harms nobody, however well it was packed. */
#define GM_DECODE_RATIO_FROM (64 * 1024 * 1024)

/* Puts links in front of @next for @codings, which are in the order in which they were applied (as in the header field);
 * identity needs none. *@chain is the new front, or @next itself. @flow is borrowed for the chain's life, and so is @shelf
 * (nullable), from which decoders are taken. OUT_OF_MEMORY leaves nothing behind.
 *
 * Results of the links: CODED_BODY_BROKEN (no sense, or an early end), CODED_BODY_BOMB, OUT_OF_MEMORY. */
GmResult gm_sink_decode_new (GmSink *next,
                             const GmCoding *codings,
                             guint n_codings,
                             GmFlow *flow,
                             GmDecoderShelf *shelf,
                             GmSink **chain);
