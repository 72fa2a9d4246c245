/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-socks-frame.h"

#define VERSION 1
#define HEAD_LEN 4
#define REFUSAL_LEN 2

void
gm_socks_frame_begin (GmSocksFrame *self,
                      GmSocksFrameType wanted)
{
  gm_byte_builder_reset (&self->token);
  self->wanted = (guint8) wanted;
  self->head_len = 0;
  self->len = 0;
}

/* The two bytes of a refusal are looked at before more is awaited: none may come. */
gsize
gm_socks_frame_need (const GmSocksFrame *self)
{
  if (self->head_len < REFUSAL_LEN)
    return REFUSAL_LEN - (gsize) self->head_len;
  if (self->head_len < HEAD_LEN)
    return HEAD_LEN - (gsize) self->head_len;

  return self->len - self->token.len;
}

static GmResult
judge_head (GmSocksFrame *self)
{
  if (self->head_len >= REFUSAL_LEN && (self->head[0] != VERSION || self->head[1] != self->wanted))
    return self->head[0] == VERSION && self->head[1] == GM_SOCKS_FRAME_REFUSAL && self->wanted != GM_SOCKS_FRAME_DATA
             ? GM_PROXY_LOGIN
             : GM_PROXY_BAD_REPLY;
  if (self->head_len < HEAD_LEN)
    return GM_OK;

  /* No token is empty: it would say nothing, and GSSAPI would take it for none. */
  self->len = (gsize) self->head[2] << 8 | self->head[3];
  if (self->len == 0)
    return GM_PROXY_BAD_REPLY;

  return gm_byte_builder_reserve (&self->token, self->len) ? GM_OK : GM_OUT_OF_MEMORY;
}

GmParse
gm_socks_frame_feed (GmSocksFrame *self,
                     const char *data,
                     gsize len,
                     GmResult *why)
{
  GmResult result = GM_OK;

  if (self->head_len < HEAD_LEN)
    {
      memcpy (self->head + self->head_len, data, len);
      self->head_len += (guint8) len;
      result = judge_head (self);
    }
  else
    gm_byte_builder_append (&self->token, data, len);

  if (result != GM_OK)
    {
      *why = result;
      return GM_PARSE_BAD;
    }

  return gm_socks_frame_need (self) == 0 ? GM_PARSE_DONE : GM_PARSE_MORE;
}

void
gm_socks_frame_clear (GmSocksFrame *self)
{
  if (self->token.data != NULL)
    explicit_bzero (self->token.data, self->token.size);
  gm_byte_builder_clear (&self->token);
  gm_socks_frame_begin (self, (GmSocksFrameType) self->wanted);
}

GmResult
gm_socks_frame_write (GmByteBuilder *out,
                      GmSocksFrameType type,
                      GmSpan token)
{
  if (token.len > GM_SOCKS_FRAME_MAX)
    return GM_TOO_LARGE;

  gm_byte_builder_append_char (out, VERSION);
  gm_byte_builder_append_char (out, (char) type);
  if (type != GM_SOCKS_FRAME_REFUSAL)
    {
      gm_byte_builder_append_char (out, (char) (token.len >> 8));
      gm_byte_builder_append_char (out, (char) (token.len & 0xff));
      gm_byte_builder_append_span (out, token);
    }

  return out->failed ? GM_OUT_OF_MEMORY : GM_OK;
}
