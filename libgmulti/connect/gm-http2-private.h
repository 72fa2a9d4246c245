/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-http2.h"

#include <nghttp2/nghttp2.h>

/* What gm-http2.c (the session) and gm-http2-stream.c (one stream) share. */

struct _GmHttp2
{
  GmConnection *connection; /* (unowned) */
  nghttp2_session *session; /* (owned) */
  GQueue streams; /* of GmHttp2Stream */
  GQueue ready; /* of GmHttp2Stream: with news for their owners */
  GmHttp2Stream *current; /* (unowned) (nullable): its owner has its turn; NULL again when it is freed in it */
  GmByteBuilder out; /* composed and not taken by the transport */
  gsize out_pos;
  char *early; /* (owned) (nullable): read by somebody else, and not yet by us */
  gsize early_len;
  gsize growth; /* by which all windows together exceed their start */
  gdouble chatter;
  gint64 chatter_at; /* µs: when it was last drained */
  GmResult send_error;
  GmResult verdict; /* what another connection to the same peer would end with, too; else GM_OK */
  guint code; /* of the GOAWAY that was sent or came */
  gboolean settled; /* the peer's settings came */
  gboolean turning;
  gboolean blocked; /* the transport takes no more for now */
  gboolean draining; /* GOAWAY came, or no stream number is left */
  gboolean dead;
  gboolean flooded;
  gboolean goodbye;
};

struct _GmHttp2Stream
{
  GmHttp2 *http2; /* (unowned) (nullable): NULL when that is gone */
  GmHttp2Owner owner;
  GList link; /* in http2->streams */
  GList ready_link; /* in http2->ready; data is NULL while it is not */
  gint32 id;

  /* what came */
  GArray *events; /* (owned) (nullable) of GmHttp2Event; data NULL: at the front of @held */
  guint next; /* the first of them that is not taken */
  GmByteBuilder held; /* data that outlived its block */
  gsize held_pos;
  GmHeaders *headers; /* (unowned) (nullable): while a head is read */
  GmHttp2Event head; /* being read */
  gsize window;
  gsize unhindered; /* bytes since the window last grew or the owner fell behind */
  GmResult failure; /* found while parsing; GM_OK = none */
  gboolean final; /* the final head was there */
  gboolean ended; /* END or FAILED was queued */
  gboolean reset_by_peer;
  gboolean closed; /* both sides are done */

  /* what goes */
  GmByteBuilder out;
  gsize out_pos;
  GPtrArray *trailers; /* (owned) (nullable) of char *: name, value, name … */
  gboolean head_sent;
  gboolean out_ended; /* nothing more will be added to @out */
  gboolean deferred; /* nghttp2 waits to be told of more */
  gboolean sent;
};

/* ---- session, for the streams ---- */
void gm_http2_need_turn    (GmHttp2 *self); /* something is to be sent */
void gm_http2_mark_ready   (GmHttp2Stream *stream);

/* ---- streams, for the session ---- */
void gm_http2_stream_push  (GmHttp2Stream *self,
                            const GmHttp2Event *event);
void gm_http2_stream_push_data (GmHttp2Stream *self,
                            const char *data,
                            gsize len);
void gm_http2_stream_fail  (GmHttp2Stream *self,
                            GmResult result,
                            guint code,
                            gboolean unprocessed);
/* The block goes: what is left of it is kept. */
void gm_http2_stream_save  (GmHttp2Stream *self);
/* nghttp2's question for more of the upload. */
ssize_t gm_http2_stream_read (GmHttp2Stream *self,
                            guint8 *buffer,
                            gsize len,
                            guint32 *flags);
