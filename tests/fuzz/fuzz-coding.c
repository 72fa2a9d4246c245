/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-sink-decode.h"

#include <string.h>

/* First byte: the codings, from the innermost on, by two bits each (the first 0 behind the first ends the list). Second:
 * length of the pieces. Third: after how many bytes the client pauses. The rest is the coded body. However it is cut, and
 * wherever the client pauses, the same comes out, with the same result. */

typedef struct
{
  GmClient client; /* first member */
  GmFlow flow;
  GString *got;
  gsize pause_every; /* 0 = never */
  gsize since;
} Client;

/* Enough to see that a bomb is one: the limit itself has tests. */
#define MAX_OUT (1024 * 1024)

static GmAnswer
take (GmClient *client,
      const char *data,
      gsize len,
      gsize *taken)
{
  Client *self = (Client *) client;
  gboolean pause = self->pause_every > 0 && self->since + len >= self->pause_every;

  FUZZ_CHECK ((self->flow.paused & GM_FLOW_RECV) == 0 && len > 0);
  *taken = pause ? self->pause_every - self->since : len;
  self->since = pause ? 0 : self->since + *taken;
  g_string_append_len (self->got, data, (gssize) *taken);

  return pause ? GM_ANSWER_PAUSE : GM_ANSWER_OK;
}

static GmResult
drain (GmSink *chain,
       Client *client)
{
  GmResult result = GM_OK;

  for (guint n = 0; gm_sink_holds (chain) && (result == GM_OK || result == GM_AGAIN); n++)
    {
      gsize before = client->got->len;

      client->flow.paused = 0;
      client->flow.decoded = 0;
      result = gm_sink_flush (chain);
      /* each turn brings something, or it is over: nobody is asked for ever */
      FUZZ_CHECK (client->got->len > before || result != GM_AGAIN || n < 100000);
    }
  client->flow.paused = 0;

  return result == GM_AGAIN ? GM_OK : result;
}

static GmResult
decode (const GmCoding *codings,
        guint n_codings,
        GmSpan text,
        gsize step,
        gsize pause_every,
        GString **got)
{
  static const GmClientOps ops = { .write = take };
  static GmDecoderShelf shelf; /* decoders are used again, as an engine does */
  Client client = { .client = { &ops, NULL }, .got = g_string_new (NULL), .pause_every = pause_every };
  GmSinkClient last;
  GmSink *chain;
  GmResult result = GM_OK;

  gm_sink_client_init (&last, &client.client, &client.flow);
  last.max_size = MAX_OUT;
  FUZZ_CHECK (gm_sink_decode_new (&last.sink, codings, n_codings, &client.flow, &shelf, &chain) == GM_OK);
  for (gsize at = 0; at < text.len && result == GM_OK; at += step)
    {
      gsize n = MIN (step, text.len - at);
      g_autofree char *piece = g_memdup2 (text.data + at, n);

      client.flow.decoded = 0;
      result = gm_sink_write (chain, piece, n);
      if (result == GM_OK)
        result = drain (chain, &client);
    }
  if (result == GM_OK)
    result = gm_sink_finish (chain);
  if (result == GM_OK)
    result = drain (chain, &client);
  FUZZ_CHECK (result == GM_OK || result == GM_CODED_BODY_BROKEN || result == GM_CODED_BODY_BOMB ||
              result == GM_TOO_LARGE);
  gm_sink_free (chain);
  gm_sink_client_clear (&last);
  *got = client.got;

  return result;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  static const GmCoding by_bits[] = { GM_CODING_GZIP, GM_CODING_DEFLATE, GM_CODING_BROTLI, GM_CODING_ZSTD };
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 which = fuzz_cut_byte (&input);
  gsize step = fuzz_cut_byte (&input) + 1u;
  gsize pause_every = fuzz_cut_byte (&input);
  GmCoding codings[4];
  guint n = 0;
  GString *whole, *cut;
  GmResult result;

  do
    {
      codings[n++] = by_bits[which & 3];
      which >>= 2;
    }
  while (n < G_N_ELEMENTS (codings) && which != 0);

  result = decode (codings, n, input, MAX (input.len, 1), 0, &whole);
  /* What a broken body gives before that is seen depends on the pieces; a whole one, and that it is broken, do not. */
  if (decode (codings, n, input, step, pause_every, &cut) == GM_OK)
    FUZZ_CHECK (result == GM_OK && g_string_equal (whole, cut));
  else
    FUZZ_CHECK (result != GM_OK);
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);

  return 0;
}
