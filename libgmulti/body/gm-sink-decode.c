/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sink-decode.h"

/* What a decoder hands on at a time: what programs written for libcurl have buffers for. */
#define BLOCK_SIZE (16 * 1024)

typedef struct _GmSinkDecode GmSinkDecode;

struct _GmSinkDecode
{
  GmSink sink; /* first member */
  GmSinkDecode *front; /* (unowned): the chain's first decoder, whose @came counts for all */
  GmFlow *flow; /* (unowned) */
  GmDecoderShelf *shelf; /* (unowned) (nullable) */
  GmDecoder *decoder; /* (owned) */
  char *kept; /* (owned) (nullable): coded bytes that wait */
  gsize kept_pos;
  gsize kept_len;
  gsize kept_size;
  guint64 came; /* coded bytes */
  guint64 made;
  gboolean more; /* the last block was full: there may be another without further input */
  gboolean ending; /* the coded bytes are complete */
  gboolean ended; /* … and the next link knows */
  char block[BLOCK_SIZE];
};

static inline gboolean
is_stopped (const GmSinkDecode *self)
{
  return (self->flow->paused & GM_FLOW_RECV) != 0 || self->flow->decoded >= GM_DECODE_SHARE ||
         gm_sink_holds (self->sink.next);
}

static GmResult
check_ratio (const GmSinkDecode *self)
{
  if (self->made > GM_DECODE_RATIO_FROM && self->made / GM_DECODE_MAX_RATIO > self->front->came)
    return GM_CODED_BODY_BOMB;

  return GM_OK;
}

/* Decodes until there is nothing more to be had (OK) or no more may be made now (AGAIN). */
static GmResult
pump (GmSinkDecode *self,
      const char *data,
      gsize len,
      gsize *consumed)
{
  *consumed = 0;
  while (*consumed < len || self->more)
    {
      GmResult result;
      gsize n_in, n_out;

      if (is_stopped (self))
        return GM_AGAIN;

      result = gm_decoder_run (self->decoder, data + *consumed, len - *consumed, &n_in, self->block, BLOCK_SIZE, &n_out);
      *consumed += n_in;
      self->more = result == GM_OK && n_out == BLOCK_SIZE;
      self->made += n_out;
      self->flow->decoded += (guint32) n_out;
      if (result == GM_OK)
        result = check_ratio (self);
      if (result == GM_OK && n_out > 0)
        result = gm_sink_write (self->sink.next, self->block, n_out);
      if (result != GM_OK)
        return result;
    }

  return GM_OK;
}

static void
forget_kept (GmSinkDecode *self)
{
  g_clear_pointer (&self->kept, g_free);
  self->kept_pos = self->kept_len = self->kept_size = 0;
}

static GmResult
keep (GmSinkDecode *self,
      const char *data,
      gsize len)
{
  gsize need = self->kept_pos + self->kept_len + len;

  if (need > self->kept_size)
    {
      char *grown = g_try_realloc (self->kept, need);

      if (grown == NULL)
        return GM_OUT_OF_MEMORY;
      self->kept = grown;
      self->kept_size = need;
    }
  memcpy (self->kept + self->kept_pos + self->kept_len, data, len);
  self->kept_len += len;

  return GM_OK;
}

static GmResult
sink_decode_write (GmSink *sink,
                   const char *data,
                   gsize len)
{
  GmSinkDecode *self = (GmSinkDecode *) sink;
  GmResult result;
  gsize consumed;

  if (len == 0)
    return GM_OK;
  self->came += len;
  if (self->kept_len > 0)
    return keep (self, data, len);

  result = pump (self, data, len, &consumed);
  if (result == GM_AGAIN)
    return consumed < len ? keep (self, data + consumed, len - consumed) : GM_OK;

  return result;
}

/* The end reaches the next link behind the last byte. */
static GmResult
pass_end_on (GmSinkDecode *self)
{
  if (!gm_decoder_is_whole (self->decoder))
    return GM_CODED_BODY_BROKEN;

  self->ended = TRUE;
  return gm_sink_finish (self->sink.next);
}

static GmResult
sink_decode_finish (GmSink *sink)
{
  GmSinkDecode *self = (GmSinkDecode *) sink;

  self->ending = TRUE;
  return self->kept_len > 0 || self->more ? GM_OK : pass_end_on (self);
}

static GmResult
sink_decode_flush (GmSink *sink)
{
  GmSinkDecode *self = (GmSinkDecode *) sink;
  gsize consumed;
  GmResult result = gm_sink_flush (self->sink.next);

  if (result != GM_OK)
    return result;

  result = pump (self, self->kept != NULL ? self->kept + self->kept_pos : "", self->kept_len, &consumed);
  self->kept_pos += consumed;
  self->kept_len -= consumed;
  if (self->kept_len == 0)
    forget_kept (self);
  if (result != GM_OK)
    return result;
  if (self->ending && !self->ended)
    result = pass_end_on (self);

  /* What the last block did to the next link. */
  return result == GM_OK ? gm_sink_flush (self->sink.next) : result;
}

static gboolean
sink_decode_holds (const GmSink *sink)
{
  const GmSinkDecode *self = (const GmSinkDecode *) sink;

  return self->kept_len > 0 || self->more || (self->ending && !self->ended);
}

static void
sink_decode_free (GmSink *sink)
{
  GmSinkDecode *self = (GmSinkDecode *) sink;

  gm_decoder_shelf_give (self->shelf, self->decoder);
  g_free (self->kept);
  g_free (self);
}

static const GmSinkType decode_type = {
  "decode", sink_decode_write, sink_decode_finish, sink_decode_flush, sink_decode_holds, sink_decode_free,
};

static GmSinkDecode *
push (GmSink *next,
      GmCoding coding,
      GmFlow *flow,
      GmDecoderShelf *shelf)
{
  GmSinkDecode *self = g_try_malloc (sizeof *self);

  if (self == NULL)
    return NULL;

  memset (self, 0, G_STRUCT_OFFSET (GmSinkDecode, block));
  self->sink = (GmSink){ &decode_type, next };
  self->flow = flow;
  self->shelf = shelf;
  self->decoder = gm_decoder_shelf_take (shelf, coding);
  if (self->decoder == NULL)
    g_clear_pointer (&self, g_free);

  return self;
}

GmResult
gm_sink_decode_new (GmSink *next,
                    const GmCoding *codings,
                    guint n_codings,
                    GmFlow *flow,
                    GmDecoderShelf *shelf,
                    GmSink **chain)
{
  GmSink *front = next;

  for (guint i = 0; i < n_codings; i++)
    {
      GmSinkDecode *link;

      if (codings[i] == GM_CODING_IDENTITY)
        continue;
      link = push (front, codings[i], flow, shelf);
      if (link == NULL)
        {
          while (front != next)
            {
              GmSink *behind = front->next;

              sink_decode_free (front);
              front = behind;
            }
          return GM_OUT_OF_MEMORY;
        }
      front = &link->sink;
    }
  for (GmSink *link = front; link != next; link = link->next)
    ((GmSinkDecode *) link)->front = (GmSinkDecode *) front;

  *chain = front;
  return GM_OK;
}
