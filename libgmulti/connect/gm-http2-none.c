/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http2.h"

/* Built without nghttp2: no session can be made, so nothing else here is ever called. */

GmHttp2 *
gm_http2_new (GmConnection *connection)
{
  return NULL;
}

GmHttp2 *
gm_http2_new_upgraded (GmConnection *connection,
                       gboolean is_head,
                       GmSpan early)
{
  return NULL;
}

const char *
gm_http2_get_settings_text (void)
{
  return "";
}

GmHttp2Stream *
gm_http2_adopt (GmHttp2 *self,
                const GmHttp2Owner *owner)
{
  return NULL;
}

void
gm_http2_free (GmHttp2 *self)
{
}

void
gm_http2_turn (GmHttp2 *self)
{
}

gboolean
gm_http2_is_turning (GmHttp2 *self)
{
  return FALSE;
}

gboolean
gm_http2_is_usable (GmHttp2 *self)
{
  return FALSE;
}

guint
gm_http2_get_max_streams (GmHttp2 *self)
{
  return 0;
}

gpointer
gm_http2_get_holder (GmHttp2 *self)
{
  return NULL;
}

GmResult
gm_http2_say_goodbye (GmHttp2 *self)
{
  return GM_OK;
}

void
gm_http2_ping (GmHttp2 *self)
{
}

GmResult
gm_http2_request (GmHttp2 *self,
                  const GmHttp2Owner *owner,
                  const GmHttp2Field *fields,
                  guint n_fields,
                  gboolean body,
                  guint weight,
                  GmHttp2Stream **stream)
{
  return GM_NOT_BUILT_IN;
}

void
gm_http2_stream_free (GmHttp2Stream *self)
{
}

void
gm_http2_stream_leave_head (GmHttp2Stream *self)
{
}

gboolean
gm_http2_stream_peek (GmHttp2Stream *self,
                      GmHttp2Event *event)
{
  return FALSE;
}

void
gm_http2_stream_take (GmHttp2Stream *self,
                      gsize n)
{
}

gboolean
gm_http2_stream_is_head_sent (GmHttp2Stream *self)
{
  return FALSE;
}

void
gm_http2_stream_set_urgency (GmHttp2Stream *self,
                             guint urgency)
{
}

gsize
gm_http2_stream_get_room (GmHttp2Stream *self)
{
  return 0;
}

char *
gm_http2_stream_reserve (GmHttp2Stream *self,
                         gsize n)
{
  return NULL;
}

void
gm_http2_stream_commit (GmHttp2Stream *self,
                        gsize n)
{
}

GmResult
gm_http2_stream_end (GmHttp2Stream *self,
                     const GmHttp2Field *trailers,
                     guint n_trailers)
{
  return GM_NOT_BUILT_IN;
}

gboolean
gm_http2_stream_is_sent (GmHttp2Stream *self)
{
  return FALSE;
}
