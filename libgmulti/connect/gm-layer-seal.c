/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer-proxy.h"

#include "gm-gss.h"
#include "gm-socks-frame.h"
#include "gm-socks.h"
#include "gm-trace.h"

/* The login of RFC 1961, and what it says about each byte that follows. We ask for no protection, as libcurl does and as
 * proxies that were only ever used with it expect; but the proxy has the last word, and it may want every message to be
 * protected. Its word itself is protected (but for NEC's way), so nobody in between can make less of it. */

/* Of what is sent, in one message: small enough for the frame's length, and for others to have their share. */
#define MESSAGE_MAX (16 * 1024)
/* Of what is read in one turn: messages, and one more for each so many bytes that are asked for. */
#define FRAMES_PER_TURN 64
#define BYTES_PER_FRAME 64
#define DEFAULT_SERVICE "rcmd" /* RFC 1961 section 3.1 leaves it open; libcurl's */

/* RFC 1961 section 4.3; none is of NEC and libcurl. */
typedef enum
{
  LEVEL_NONE = 0,
  LEVEL_INTEGRITY = 1,
  LEVEL_CONFIDENTIALITY = 2,
  LEVEL_SELECTIVE = 3, /* each message as its sender likes */
} Level;

typedef enum
{
  STATE_LEG, /* a worker makes a token */
  STATE_TOKEN, /* which goes, and another one comes */
  STATE_LEVEL,
  STATE_OPEN,
  STATE_FAILED,
} SealState;

typedef struct
{
  GmLayer layer; /* first member */
  SealState state;
  Level level; /* once open */
  GmResult failure; /* while STATE_FAILED */
  GmResult end; /* of what can be read: AGAIN while there may be more */
  gboolean nec;
  GmGss *gss; /* (owned) */
  char *host; /* (owned): of the proxy */
  guint16 port;
  GmProxyTalk talk; /* what is to be sent */
  GmSocksFrame frame; /* what comes */
  GmByteBuilder plain; /* (owned): out of the last one */
  gsize plain_done; /* of it */
} SealLayer;

static const GmLayerType open_type;
static const GmLayerType done_type;

static GmResult
fail (SealLayer *self,
      GmResult result,
      GmPhase phase,
      const char *detail)
{
  GmError *error = self->layer.host->error;

  if (error->result == GM_OK || error->result == result)
    {
      gm_error_set (error, result, phase, 0);
      error->socks = TRUE;
      if (error->detail == NULL && detail != NULL)
        error->detail = g_strdup_printf ("GSSAPI: %s", detail);
      /* Else the message speaks of the proxy as of somebody on the way to another. */
      if (error->host == NULL && result == GM_AUTH_FAILED)
        error->host = g_strdup (self->host);
      error->port = self->port;
    }
  GM_TRACE (PROXY, 0, self->layer.host->id, "GSSAPI failed: %s, %s", gm_result_name (result), detail);

  self->state = STATE_FAILED;
  self->failure = result;
  return result;
}

/* Why GSSAPI does not go on. */
static const char *
get_detail (SealLayer *self,
            const char *otherwise)
{
  const char *detail = gm_gss_get_detail (self->gss);

  return detail != NULL ? detail : otherwise;
}

static GmResult
fail_frame (SealLayer *self,
            GmResult result,
            GmPhase phase)
{
  return fail (self, result, phase,
               result == GM_PROXY_LOGIN ? "the proxy does not accept the token" : "a message that is none of RFC 1961");
}

/* ---- the context ---- */

/* GM_OK: the token that was made is to be sent. The proxy is told why we go, if there is room for it. */
static GmResult
step_leg (SealLayer *self)
{
  GmLayerHost *host = self->layer.host;
  gboolean first = self->frame.wanted == 0;
  GmResult result = gm_gss_get_result (self->gss);

  if (result == GM_OK && gm_gss_get_token (self->gss).len == 0 && !gm_gss_is_complete (self->gss))
    result = gm_gss_start (self->gss, first ? gm_span (NULL, 0) : gm_span (self->frame.token.data, self->frame.token.len),
                           host->reactor, host->owner);
  if (result == GM_AGAIN)
    return result;
  if (result == GM_OK && gm_gss_get_token (self->gss).len > 0)
    result = gm_socks_frame_write (&self->talk.out, GM_SOCKS_FRAME_TOKEN, gm_gss_get_token (self->gss));
  gm_gss_next (self->gss);
  if (result == GM_OK)
    return GM_OK;

  fail (self, result, GM_PHASE_PROXY,
        result == GM_TOO_LARGE ? "the token is too long for SOCKS" : get_detail (self, "it takes too many messages"));
  if (gm_socks_frame_write (&self->talk.out, GM_SOCKS_FRAME_REFUSAL, gm_span (NULL, 0)) == GM_OK)
    {
      gsize n;

      gm_layer_send (self->layer.next, self->talk.out.data, self->talk.out.len, &n);
    }
  return result;
}

/* ---- frames ---- */

/* GM_OK: all is sent, and the frame that is awaited is complete. */
static GmResult
talk (SealLayer *self)
{
  GmResult result = gm_proxy_talk_send (&self->talk, self->layer.next);

  while (result == GM_OK && gm_socks_frame_need (&self->frame) > 0)
    {
      char data[4096];
      gsize n = 0;
      GmResult why;

      result = gm_proxy_talk_recv (self->layer.next, data, MIN (sizeof data, gm_socks_frame_need (&self->frame)), &n);
      if (result == GM_OK && gm_socks_frame_feed (&self->frame, data, n, &why) == GM_PARSE_BAD)
        return fail_frame (self, why, GM_PHASE_PROXY);
    }

  return result == GM_OK || result == GM_AGAIN ? result : fail (self, result, GM_PHASE_PROXY, NULL);
}

static GmResult
begin_level (SealLayer *self)
{
  static const char level[] = { LEVEL_NONE };
  g_auto (GmByteBuilder) token = { 0 };
  GmResult result = GM_OK;

  if (self->nec)
    gm_byte_builder_append (&token, level, sizeof level);
  else
    result = gm_gss_wrap (self->gss, FALSE, gm_span (level, sizeof level), &token);
  if (result == GM_OK)
    result = gm_socks_frame_write (&self->talk.out, GM_SOCKS_FRAME_LEVEL, gm_span (token.data, token.len));
  if (result != GM_OK)
    return fail (self, result, GM_PHASE_PROXY, get_detail (self, NULL));

  gm_socks_frame_begin (&self->frame, GM_SOCKS_FRAME_LEVEL);
  self->state = STATE_LEVEL;
  return GM_OK;
}

static GmResult
take_level (SealLayer *self)
{
  GmSpan token = gm_span (self->frame.token.data, self->frame.token.len);
  GmResult result = GM_OK;

  if (self->nec)
    gm_byte_builder_append_span (&self->plain, token);
  else
    result = gm_gss_unwrap (self->gss, FALSE, token, &self->plain);
  if (result != GM_OK)
    return fail (self, result, GM_PHASE_PROXY, get_detail (self, NULL));
  if (self->plain.len != 1 || (guchar) self->plain.data[0] > LEVEL_SELECTIVE)
    return fail (self, GM_PROXY_BAD_REPLY, GM_PHASE_PROXY, "a level of protection that there is not");

  self->level = (Level) self->plain.data[0];
  gm_byte_builder_reset (&self->plain);
  gm_socks_frame_begin (&self->frame, GM_SOCKS_FRAME_DATA);
  GM_TRACE (PROXY, 0, self->layer.host->id, "GSSAPI: logged in, protection %u", self->level);
  self->state = STATE_OPEN;
  return GM_OK;
}

static GmResult
step_token (SealLayer *self)
{
  GmResult result;

  if (gm_gss_is_complete (self->gss))
    return begin_level (self);

  result = talk (self);
  if (result == GM_OK)
    self->state = STATE_LEG;
  return result;
}

static GmResult
seal_connect (GmLayer *layer)
{
  SealLayer *self = (SealLayer *) layer;
  GmResult result = GM_OK;

  while (result == GM_OK && self->state != STATE_OPEN)
    switch (self->state)
      {
      case STATE_LEG:
        result = step_leg (self);
        if (result == GM_OK)
          {
            gm_socks_frame_begin (&self->frame, GM_SOCKS_FRAME_TOKEN);
            self->state = STATE_TOKEN;
          }
        break;
      case STATE_TOKEN:
        result = step_token (self);
        break;
      case STATE_LEVEL:
        result = talk (self);
        if (result == GM_OK)
          result = take_level (self);
        break;
      case STATE_OPEN:
      case STATE_FAILED:
      default:
        return self->failure;
      }

  if (result == GM_OK)
    layer->type = self->level == LEVEL_NONE ? &done_type : &open_type;
  return result;
}

/* ---- protected bytes ---- */

static gboolean
is_confidential (const SealLayer *self)
{
  return self->level != LEVEL_INTEGRITY;
}

static GmResult
flush (SealLayer *self)
{
  GmResult result = GM_OK;

  while (result == GM_OK && self->talk.sent < self->talk.out.len)
    {
      gsize n = 0;

      result = gm_layer_send (self->layer.next, self->talk.out.data + self->talk.sent,
                              self->talk.out.len - self->talk.sent, &n);
      self->talk.sent += n;
    }
  if (result == GM_OK)
    {
      gm_byte_builder_reset (&self->talk.out);
      self->talk.sent = 0;
    }

  return result;
}

/* What was taken is sent, sooner or later. */
static GmResult
seal_send (GmLayer *layer,
           const char *data,
           gsize len,
           gsize *n_sent)
{
  SealLayer *self = (SealLayer *) layer;
  g_auto (GmByteBuilder) message = { 0 };
  gsize n = MIN (len, MESSAGE_MAX);
  GmResult result = self->state == STATE_FAILED ? self->failure : flush (self);

  if (result != GM_OK)
    return result;

  result = gm_gss_wrap (self->gss, is_confidential (self), gm_span (data, n), &message);
  if (result == GM_OK)
    result = gm_socks_frame_write (&self->talk.out, GM_SOCKS_FRAME_DATA, gm_span (message.data, message.len));
  if (result != GM_OK)
    return fail (self, result, GM_PHASE_REQUEST, get_detail (self, NULL));

  result = flush (self);
  if (result != GM_OK && result != GM_AGAIN)
    return result;
  *n_sent = n;
  return GM_OK;
}

/* The next frame, or a part of it. GM_OK: go on; GM_AGAIN: the layer below has no more, or this is the end. */
static GmResult
read_frame (SealLayer *self)
{
  char data[MESSAGE_MAX];
  GmResult why = GM_PROXY_BAD_REPLY;
  GmParse parse;
  gsize n = 0;
  GmResult result = gm_layer_recv (self->layer.next, data, MIN (sizeof data, gm_socks_frame_need (&self->frame)), &n);

  if (result == GM_AGAIN)
    return result;
  if (result != GM_OK || n == 0)
    {
      if (result == GM_OK && self->frame.head_len > 0)
        result = fail (self, GM_PROXY_CLOSED, GM_PHASE_RESPONSE, "the connection ends within a protected message");
      self->end = result;
      return GM_AGAIN;
    }

  parse = gm_socks_frame_feed (&self->frame, data, n, &why);
  if (parse == GM_PARSE_MORE)
    return GM_OK;
  if (parse == GM_PARSE_BAD)
    self->end = fail_frame (self, why, GM_PHASE_RESPONSE);
  else
    {
      gm_byte_builder_reset (&self->plain);
      self->plain_done = 0;
      result = gm_gss_unwrap (self->gss, self->level == LEVEL_CONFIDENTIALITY,
                              gm_span (self->frame.token.data, self->frame.token.len), &self->plain);
      if (result != GM_OK)
        self->end = fail (self, result, GM_PHASE_RESPONSE, get_detail (self, NULL));
      gm_socks_frame_begin (&self->frame, GM_SOCKS_FRAME_DATA);
    }

  return self->end == GM_AGAIN ? GM_OK : GM_AGAIN;
}

/* Message after message: a short answer means that nothing is left below. An empty one says nothing; who sends only such
 * has a turn like everybody. */
static GmResult
seal_recv (GmLayer *layer,
           char *data,
           gsize len,
           gsize *n_read)
{
  SealLayer *self = (SealLayer *) layer;
  guint n_frames = 0;
  gsize n = 0;

  while (n < len)
    {
      gsize some = MIN (len - n, self->plain.len - self->plain_done);

      if (some > 0)
        {
          memcpy (data + n, self->plain.data + self->plain_done, some);
          self->plain_done += some;
          n += some;
        }
      else if (self->end != GM_AGAIN || read_frame (self) == GM_AGAIN)
        break;
      else if (++n_frames > FRAMES_PER_TURN + len / BYTES_PER_FRAME)
        {
          gm_reactor_queue (layer->host->reactor, layer->host->owner);
          break;
        }
    }

  if (n == 0 && self->end != GM_OK)
    return self->end;
  *n_read = n;
  return GM_OK;
}

static GmResult
seal_shutdown (GmLayer *layer)
{
  return flush ((SealLayer *) layer) == GM_AGAIN ? GM_AGAIN : GM_OK;
}

/* ---- questions ---- */

static gboolean
has_out (const SealLayer *self)
{
  return self->talk.sent < self->talk.out.len;
}

static gboolean
is_busy (const SealLayer *self)
{
  return self->state == STATE_LEG;
}

static gboolean
seal_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  SealLayer *self = (SealLayer *) layer;

  if (query == GM_QUERY_WANT && is_busy (self))
    {
      *(GmIo *) answer = GM_IO_NONE;
      return TRUE;
    }
  return gm_proxy_talk_query (&self->talk, query, answer);
}

static void
seal_adjust (GmLayer *layer,
             GmIo want)
{
  SealLayer *self = (SealLayer *) layer;

  gm_layer_adjust (layer->next, is_busy (self) ? GM_IO_NONE : want | gm_proxy_talk_want (&self->talk));
}

/* Nobody has asked for what is there, be it a part of a message. */
static gboolean
open_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  SealLayer *self = (SealLayer *) layer;
  gboolean news = self->plain_done < self->plain.len || self->end != GM_AGAIN;

  switch ((guint) query)
    {
    case GM_QUERY_ALIVE:
      if (!news && self->frame.head_len == 0)
        return FALSE;
      *(gboolean *) answer = FALSE;
      return TRUE;
    case GM_QUERY_PENDING:
      if (!news)
        return FALSE;
      *(gboolean *) answer = TRUE;
      return TRUE;
    case GM_QUERY_WANT:
      if (!has_out (self))
        return FALSE;
      *(GmIo *) answer = GM_IO_OUT;
      return TRUE;
    default:
      return FALSE;
    }
}

static void
open_adjust (GmLayer *layer,
             GmIo want)
{
  SealLayer *self = (SealLayer *) layer;

  /* Nobody else has a reason to send what is left: who wrote it may have nothing more to say. */
  if (has_out (self))
    flush (self);
  gm_layer_adjust (layer->next, has_out (self) ? want | GM_IO_OUT : want);
}

static void
seal_free (GmLayer *layer)
{
  SealLayer *self = (SealLayer *) layer;

  gm_gss_free (self->gss);
  gm_proxy_talk_clear (&self->talk);
  gm_socks_frame_clear (&self->frame);
  gm_byte_builder_clear (&self->plain);
  g_free (self->host);
  g_free (self);
}

static const GmLayerType seal_type = {
  .name = "seal",
  .connect = seal_connect,
  .query = seal_query,
  .adjust = seal_adjust,
  .free = seal_free,
};

static const GmLayerType open_type = {
  .name = "seal",
  .send = seal_send,
  .recv = seal_recv,
  .shutdown = seal_shutdown,
  .query = open_query,
  .adjust = open_adjust,
  .free = seal_free,
};

static const GmLayerType done_type = {
  .name = "seal",
  .free = seal_free,
  .set_up_only = TRUE,
};

GmLayer *
gm_layer_seal_new (GmLayerHost *host,
                   GmLayer *below,
                   const GmProxy *proxy)
{
  SealLayer *self = g_new0 (SealLayer, 1);
  const char *service = proxy->service != NULL ? proxy->service : DEFAULT_SERVICE;

  self->layer.type = &seal_type;
  self->layer.host = host;
  self->layer.next = below;
  self->end = GM_AGAIN;
  self->nec = (proxy->socks_auth & GM_SOCKS_AUTH_NEC) != 0;
  self->gss = gm_gss_new (GM_GSS_STREAM, service, proxy->host, GM_DELEGATION_NONE);
  self->host = g_strdup (proxy->host);
  self->port = proxy->port;

  return &self->layer;
}
