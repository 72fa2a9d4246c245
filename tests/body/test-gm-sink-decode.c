/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sink-decode.h"

#include "codings.h"

#include <string.h>

/* ---- a client behind decoders ---- */

typedef struct
{
  GmClient client; /* first member */
  GString *got; /* (nullable): only counted else */
  guint64 n_got;
  gsize pause_after; /* bytes taken until it pauses, each time; 0 = never */
  gsize since;
  GmFlow flow;
  GmSinkClient last;
  GmSink *chain;
} Fixture;

static GmAnswer
take (GmClient *client,
      const char *data,
      gsize len,
      gsize *taken)
{
  Fixture *f = (Fixture *) client;
  gboolean pause = f->pause_after > 0 && f->since + len >= f->pause_after;

  *taken = pause ? f->pause_after - f->since : len;
  f->since = pause ? 0 : f->since + len;
  f->n_got += *taken;
  if (f->got != NULL)
    g_string_append_len (f->got, data, (gssize) *taken);

  return pause ? GM_ANSWER_PAUSE : GM_ANSWER_OK;
}

static const GmClientOps ops = { .write = take };

/* What one test used the next gets, whatever became of it there. */
static GmDecoderShelf shelf;

static void
set_up (Fixture *f,
        const GmCoding *codings,
        guint n)
{
  *f = (Fixture){ .client = { &ops, NULL }, .got = g_string_new (NULL) };
  gm_sink_client_init (&f->last, &f->client, &f->flow);
  g_assert_cmpint (gm_sink_decode_new (&f->last.sink, codings, n, &f->flow, &shelf, &f->chain), ==, GM_OK);
}

static void
tear_down (Fixture *f)
{
  gm_sink_free (f->chain);
  gm_sink_client_clear (&f->last);
  if (f->got != NULL)
    g_string_free (f->got, TRUE);
}

/* Turns until nothing is held, lifting pauses. */
static GmResult
drain (Fixture *f)
{
  GmResult result = GM_OK;

  while (gm_sink_holds (f->chain) && (result == GM_OK || result == GM_AGAIN))
    {
      f->flow.paused = 0;
      f->flow.decoded = 0;
      result = gm_sink_flush (f->chain);
    }
  f->flow.paused = 0;

  return result == GM_AGAIN ? GM_OK : result;
}

static GmResult
feed (Fixture *f,
      const char *data,
      gsize len,
      gsize step)
{
  for (gsize at = 0; at < len; at += step)
    {
      GmResult result;

      f->flow.decoded = 0;
      result = gm_sink_write (f->chain, data + at, MIN (step, len - at));
      if (result == GM_OK)
        result = drain (f);
      if (result != GM_OK)
        return result;
    }

  return GM_OK;
}

static GmResult
finish (Fixture *f)
{
  GmResult result = gm_sink_finish (f->chain);

  return result == GM_OK ? drain (f) : result;
}

static GmResult
decode_all (Fixture *f,
            GBytes *coded,
            gsize step)
{
  gsize len;
  const char *data = g_bytes_get_data (coded, &len);
  GmResult result = feed (f, data, len, step);

  return result == GM_OK ? finish (f) : result;
}

/* The result of decoding @coded, and if it is OK whether the text came out. */
static GmResult
try_decode (GmCoding coding,
            GBytes *coded,
            gsize step,
            const char *text)
{
  Fixture f;
  GmResult result;

  set_up (&f, &coding, 1);
  result = decode_all (&f, coded, step);
  if (result == GM_OK && text != NULL)
    g_assert_cmpstr (f.got->str, ==, text);
  tear_down (&f);

  return result;
}

static GBytes *
join (GBytes *a,
      gconstpointer data,
      gsize len)
{
  GByteArray *all = g_byte_array_new ();

  g_byte_array_append (all, g_bytes_get_data (a, NULL), (guint) g_bytes_get_size (a));
  g_byte_array_append (all, data, (guint) len);
  return g_byte_array_free_to_bytes (all);
}

static const GmCoding coding_of[ENCODE_N] = { GM_CODING_GZIP, GM_CODING_DEFLATE, GM_CODING_DEFLATE, GM_CODING_BROTLI,
                                              GM_CODING_ZSTD };

/* ---- names ---- */

static void
test_names (void)
{
  GmCoding coding;

  g_assert_true (gm_coding_find (GM_SPAN ("identity"), &coding));
  g_assert_cmpint (coding, ==, GM_CODING_IDENTITY);
  g_assert_false (gm_coding_find (GM_SPAN ("compress"), &coding));
  g_assert_false (gm_coding_find (GM_SPAN (""), &coding));
  g_assert_false (gm_coding_find (GM_SPAN ("gzi"), &coding));
  for (guint i = 0; i < ENCODE_N; i++)
    {
      gboolean listed = strstr (gm_coding_list (), encode_names[i]) != NULL;

      g_assert_cmpint (gm_coding_find (gm_span (encode_names[i], strlen (encode_names[i])), &coding), ==, listed);
      if (listed)
        g_assert_cmpint (coding, ==, coding_of[i]);
    }
  if (gm_coding_find (GM_SPAN ("X-GZip"), &coding))
    g_assert_cmpint (coding, ==, GM_CODING_GZIP);
  g_assert_false (g_str_has_prefix (gm_coding_list (), ","));
}

/* ---- one coding ---- */

static GBytes *
encode_or_skip (Encode how,
                gconstpointer data,
                gsize len)
{
  GBytes *coded = encode (how, data, len);

  if (coded == NULL)
    g_test_skip ("this coding is not built in");
  return coded;
}

/* Cut in two at each place, and byte by byte. */
static void
test_splits (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autofree char *text = make_text (700);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));
  const char *bytes;
  gsize len;

  if (coded == NULL)
    return;
  bytes = g_bytes_get_data (coded, &len);
  g_assert_cmpint (try_decode (coding_of[how], coded, 1, text), ==, GM_OK);
  for (gsize at = 0; at <= len; at++)
    {
      Fixture f;

      set_up (&f, &coding_of[how], 1);
      g_assert_cmpint (gm_sink_write (f.chain, bytes, at), ==, GM_OK);
      g_assert_cmpint (gm_sink_write (f.chain, bytes + at, len - at), ==, GM_OK);
      g_assert_cmpint (gm_sink_finish (f.chain), ==, GM_OK);
      g_assert_false (gm_sink_holds (f.chain));
      g_assert_cmpstr (f.got->str, ==, text);
      tear_down (&f);
    }
}

static void
test_large (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autofree char *text = make_text (3 * 1024 * 1024 + 7);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));

  if (coded == NULL)
    return;
  g_assert_cmpint (try_decode (coding_of[how], coded, 16 * 1024, text), ==, GM_OK);
  g_assert_cmpint (try_decode (coding_of[how], coded, 256 * 1024, text), ==, GM_OK);
  g_assert_cmpint (try_decode (coding_of[how], coded, 333, text), ==, GM_OK);
}

/* Cut off at each place: never taken for the whole, but where nothing came at all. */
static void
test_truncated (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autofree char *text = make_text (300);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));

  if (coded == NULL)
    return;
  for (gsize len = 0; len < g_bytes_get_size (coded); len++)
    {
      g_autoptr (GBytes) part = g_bytes_new_from_bytes (coded, 0, len);

      g_assert_cmpint (try_decode (coding_of[how], part, 64, NULL), ==, len == 0 ? GM_OK : GM_CODED_BODY_BROKEN);
    }
}

/* Each byte turned over: with a checksum it is seen, or it did not matter; without one nothing falls over. */
static void
test_corrupt (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  gboolean summed = how == ENCODE_GZIP || how == ENCODE_ZLIB || how == ENCODE_ZSTD;
  g_autofree char *text = make_text (300);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));
  guint n_broken = 0;

  if (coded == NULL)
    return;
  for (gsize at = 0; at < g_bytes_get_size (coded); at++)
    for (guint bit = 0; bit < 8; bit++)
      {
        gsize len;
        guint8 *copy = g_memdup2 (g_bytes_get_data (coded, &len), g_bytes_get_size (coded));
        g_autoptr (GBytes) bad = NULL;
        GmResult result;

        copy[at] ^= (guint8) (1u << bit);
        bad = g_bytes_new_take (copy, len);
        /* "deflate" is guessed from its first two bytes: turned over they are the other reading, without a sum. */
        result = try_decode (coding_of[how], bad, 100, summed && !(how == ENCODE_ZLIB && at < 2) ? text : NULL);
        n_broken += result != GM_OK;
        if (result != GM_OK)
          g_assert_cmpint (result, ==, GM_CODED_BODY_BROKEN);
      }
  g_assert_cmpuint (n_broken, >, g_bytes_get_size (coded));
}

static void
test_empty (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autoptr (GBytes) coded = encode_or_skip (how, "", 0);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  if (coded == NULL)
    return;
  g_assert_cmpint (try_decode (coding_of[how], coded, 1, ""), ==, GM_OK);
  g_assert_cmpint (try_decode (coding_of[how], nothing, 1, ""), ==, GM_OK);
}

/* What stands behind the end, by coding. */
static void
test_behind (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autofree char *text = make_text (500);
  g_autofree char *twice = g_strconcat (text, text, NULL);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));
  g_autoptr (GBytes) garbage = NULL, doubled = NULL;
  gboolean overlooked = how == ENCODE_GZIP || how == ENCODE_ZLIB || how == ENCODE_RAW;
  gboolean goes_on = how == ENCODE_GZIP || how == ENCODE_ZSTD;

  if (coded == NULL)
    return;
  garbage = join (coded, "\0\0garbage", 9);
  doubled = join (coded, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded));
  for (gsize step = 1; step < 1200; step += 37)
    {
      g_assert_cmpint (try_decode (coding_of[how], garbage, step, text), ==, overlooked ? GM_OK : GM_CODED_BODY_BROKEN);
      if (goes_on)
        g_assert_cmpint (try_decode (coding_of[how], doubled, step, twice), ==, GM_OK);
      else if (how != ENCODE_BROTLI)
        g_assert_cmpint (try_decode (coding_of[how], doubled, step, text), ==, GM_OK);
    }
  if (how == ENCODE_GZIP)
    {
      g_autoptr (GBytes) half = join (coded, "\x1f", 1);
      g_autoptr (GBytes) begun = join (coded, "\x1f\x8b\x08", 3);

      g_assert_cmpint (try_decode (coding_of[how], half, 7, text), ==, GM_OK);
      g_assert_cmpint (try_decode (coding_of[how], begun, 7, text), ==, GM_CODED_BODY_BROKEN);
    }
}

/* The client stops in the middle, again and again: what is kept stays small, and nothing is lost. */
static void
test_pause (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  g_autofree char *text = make_text (400 * 1000);
  g_autoptr (GBytes) coded = encode_or_skip (how, text, strlen (text));

  if (coded == NULL)
    return;
  for (gsize every = 999; every < 200 * 1000; every *= 7)
    {
      Fixture f;
      gsize len;
      const char *bytes = g_bytes_get_data (coded, &len);
      guint n_pauses = 0;
      GmResult result;

      set_up (&f, &coding_of[how], 1);
      f.pause_after = every;
      g_assert_cmpint (gm_sink_write (f.chain, bytes, len), ==, GM_OK);
      g_assert_true (f.flow.paused != 0);
      g_assert_true (gm_sink_holds (f.chain));
      g_assert_cmpuint (f.last.held_len, <=, 16 * 1024);
      g_assert_cmpint (gm_sink_finish (f.chain), ==, GM_OK);
      do
        {
          gsize before = f.got->len;

          /* paused: nobody is asked */
          result = f.flow.paused != 0 ? gm_sink_flush (f.chain) : GM_OK;
          if (f.flow.paused != 0)
            g_assert_cmpint (result, ==, GM_AGAIN);
          g_assert_cmpuint (f.got->len, ==, before);
          f.flow.paused = 0;
          f.flow.decoded = 0;
          n_pauses++;
          result = gm_sink_flush (f.chain);
          g_assert_cmpuint (f.last.held_len, <=, 16 * 1024);
        }
      while (result == GM_AGAIN);
      g_assert_cmpint (result, ==, GM_OK);
      g_assert_false (gm_sink_holds (f.chain));
      g_assert_cmpuint (n_pauses, >=, strlen (text) / every);
      g_assert_cmpstr (f.got->str, ==, text);
      tear_down (&f);
    }
}

/* A pause that does not keep anything at the client keeps the end back all the same, and a truncated body is told once
 * everything was taken. */
static void
test_pause_at_end (void)
{
  g_autofree char *text = make_text (40 * 1000);
  g_autoptr (GBytes) coded = encode_or_skip (ENCODE_GZIP, text, strlen (text));
  Fixture f;

  if (coded == NULL)
    return;
  set_up (&f, &coding_of[ENCODE_GZIP], 1);
  f.pause_after = 10;
  g_assert_cmpint (gm_sink_write (f.chain, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded) - 1), ==, GM_OK);
  g_assert_cmpint (gm_sink_finish (f.chain), ==, GM_OK);
  f.pause_after = 0;
  f.flow.paused = 0;
  g_assert_cmpint (drain (&f), ==, GM_CODED_BODY_BROKEN);
  g_assert_cmpstr (f.got->str, ==, text);
  tear_down (&f);
}

/* ---- shares, chains ---- */

static void
test_share (void)
{
  g_autoptr (GBytes) coded = encode_zeros (8);
  Fixture f;
  guint n_turns = 0;
  GmResult result;

  if (coded == NULL)
    {
      g_test_skip ("no gzip");
      return;
    }
  set_up (&f, &coding_of[ENCODE_GZIP], 1);
  g_assert_cmpint (gm_sink_write (f.chain, g_bytes_get_data (coded, NULL), g_bytes_get_size (coded)), ==, GM_OK);
  g_assert_cmpint (gm_sink_finish (f.chain), ==, GM_OK);
  g_assert_cmpuint (f.n_got, ==, GM_DECODE_SHARE);
  g_assert_true (gm_sink_holds (f.chain));
  /* in the same turn nothing more comes */
  g_assert_cmpint (gm_sink_flush (f.chain), ==, GM_AGAIN);
  g_assert_cmpuint (f.n_got, ==, GM_DECODE_SHARE);
  do
    {
      f.flow.decoded = 0;
      result = gm_sink_flush (f.chain);
      n_turns++;
    }
  while (result == GM_AGAIN);
  g_assert_cmpint (result, ==, GM_OK);
  g_assert_cmpuint (n_turns, >=, 8 * 1024 * 1024 / GM_DECODE_SHARE - 1);
  g_assert_cmpuint (f.n_got, ==, 8 * 1024 * 1024);
  tear_down (&f);
}

/* Applied in the listed order, undone in the other one. */
static void
test_chain (void)
{
  static const Encode order[GM_DECODE_MAX_CODINGS] = { ENCODE_ZSTD, ENCODE_RAW, ENCODE_BROTLI, ENCODE_ZLIB,
                                                       ENCODE_GZIP };
  g_autofree char *text = make_text (200 * 1000);
  GBytes *coded = g_bytes_new (text, strlen (text));
  GmCoding codings[2 * G_N_ELEMENTS (order)];

  for (guint n = 1; n <= G_N_ELEMENTS (order); n++)
    {
      GBytes *more = encode_bytes (order[n - 1], coded);

      g_bytes_unref (coded);
      coded = more;
      if (coded == NULL)
        {
          g_test_skip ("not all codings are built in");
          return;
        }
      codings[2 * n - 2] = coding_of[order[n - 1]];
      codings[2 * n - 1] = GM_CODING_IDENTITY;
      for (gsize step = 1; step < 100 * 1000; step = step * 9 + 1)
        for (gsize every = 0; every < 20000; every = every * 2 + 5000)
          {
            Fixture f;

            set_up (&f, codings, 2 * n);
            f.pause_after = every;
            g_assert_cmpint (decode_all (&f, coded, step), ==, GM_OK);
            g_assert_cmpstr (f.got->str, ==, text);
            tear_down (&f);
          }
    }
  g_bytes_unref (coded);
}

static void
test_no_chain (void)
{
  Fixture f;

  set_up (&f, (GmCoding[]){ GM_CODING_IDENTITY }, 1);
  g_assert_true (f.chain == &f.last.sink);
  tear_down (&f);
}

/* The inner one is cut off. */
static void
test_chain_truncated (void)
{
  GmCoding codings[] = { GM_CODING_ZSTD, GM_CODING_GZIP };
  g_autofree char *text = make_text (1000);
  g_autoptr (GBytes) inner = encode_or_skip (ENCODE_ZSTD, text, strlen (text));
  g_autoptr (GBytes) part = NULL, coded = NULL;
  Fixture f;

  if (inner == NULL)
    return;
  part = g_bytes_new_from_bytes (inner, 0, g_bytes_get_size (inner) - 1);
  coded = encode_bytes (ENCODE_GZIP, part);
  if (coded == NULL)
    return;
  set_up (&f, codings, 2);
  g_assert_cmpint (decode_all (&f, coded, 10), ==, GM_CODED_BODY_BROKEN);
  tear_down (&f);
}

/* ---- bombs ---- */

static GmResult
explode (const GmCoding *codings,
         guint n,
         GBytes *coded,
         guint64 max_size,
         guint64 *n_got)
{
  Fixture f;
  GmResult result;

  set_up (&f, codings, n);
  g_string_free (g_steal_pointer (&f.got), TRUE);
  f.last.max_size = max_size;
  result = decode_all (&f, coded, 16 * 1024);
  *n_got = f.n_got;
  tear_down (&f);

  return result;
}

static void
test_bomb (void)
{
  GmCoding codings[] = { GM_CODING_GZIP, GM_CODING_GZIP, GM_CODING_GZIP };
  g_autoptr (GBytes) ten_gib = encode_zeros (10 * 1024);
  g_autoptr (GBytes) twice = NULL, thrice = NULL;
  guint64 n_got;

  if (ten_gib == NULL)
    {
      g_test_skip ("no gzip");
      return;
    }
  g_assert_cmpuint (g_bytes_get_size (ten_gib), <, 12 * 1024 * 1024);
  g_assert_cmpint (explode (codings, 1, ten_gib, 0, &n_got), ==, GM_CODED_BODY_BOMB);
  g_assert_cmpuint (n_got, <=, GM_DECODE_RATIO_FROM);

  /* Packed again it is some kilobytes: the whole chain counts against what came, each link by itself need not stand out. */
  twice = encode_bytes (ENCODE_GZIP, ten_gib);
  g_assert_cmpuint (g_bytes_get_size (twice), <, 128 * 1024);
  g_assert_cmpint (explode (codings, 2, twice, 0, &n_got), ==, GM_CODED_BODY_BOMB);
  g_assert_cmpuint (n_got, <=, GM_DECODE_RATIO_FROM);
  thrice = encode_bytes (ENCODE_GZIP, twice);
  g_assert_cmpint (explode (codings, 3, thrice, 0, &n_got), ==, GM_CODED_BODY_BOMB);
  g_assert_cmpuint (n_got, <=, GM_DECODE_RATIO_FROM);
}

/* Up to where the ratio is looked at everything passes; one MiB more does not. */
static void
test_bomb_limit (void)
{
  guint mib = GM_DECODE_RATIO_FROM / (1024 * 1024);
  g_autoptr (GBytes) at = encode_zeros (mib);
  g_autoptr (GBytes) past = encode_zeros (mib + 1);
  GmCoding gzip = GM_CODING_GZIP;
  guint64 n_got;

  if (at == NULL)
    {
      g_test_skip ("no gzip");
      return;
    }
  g_assert_cmpint (explode (&gzip, 1, at, 0, &n_got), ==, GM_OK);
  g_assert_cmpuint (n_got, ==, GM_DECODE_RATIO_FROM);
  g_assert_cmpint (explode (&gzip, 1, past, 0, &n_got), ==, GM_CODED_BODY_BOMB);
}

/* Well packed but no attack: a member that does not compress brings the ratio down to just below the limit. */
static void
test_no_bomb (void)
{
  guint mib = 2 * GM_DECODE_RATIO_FROM / (1024 * 1024);
  gsize noise_len = 2 * GM_DECODE_RATIO_FROM / GM_DECODE_MAX_RATIO;
  g_autofree guint8 *noise = g_malloc (noise_len);
  g_autoptr (GBytes) zeros = encode_zeros (mib);
  g_autoptr (GBytes) plain = NULL, both = NULL;
  GmCoding gzip = GM_CODING_GZIP;
  guint32 seed = 1;
  guint64 n_got;

  if (zeros == NULL)
    {
      g_test_skip ("no gzip");
      return;
    }
  for (gsize i = 0; i < noise_len; i++)
    noise[i] = (guint8) ((seed = seed * 1664525u + 1013904223u) >> 24);
  plain = encode (ENCODE_GZIP, noise, noise_len);
  both = join (plain, g_bytes_get_data (zeros, NULL), g_bytes_get_size (zeros));
  g_assert_cmpint (explode (&gzip, 1, both, 0, &n_got), ==, GM_OK);
  g_assert_cmpuint (n_got, ==, noise_len + mib * 1024ull * 1024);
}

/* The limit that the user sets is for what comes out. */
static void
test_max_size (void)
{
  g_autoptr (GBytes) coded = encode_zeros (4);
  GmCoding gzip = GM_CODING_GZIP;
  guint64 n_got;

  if (coded == NULL)
    {
      g_test_skip ("no gzip");
      return;
    }
  g_assert_cmpint (explode (&gzip, 1, coded, 4 * 1024 * 1024, &n_got), ==, GM_OK);
  g_assert_cmpint (explode (&gzip, 1, coded, 4 * 1024 * 1024 - 1, &n_got), ==, GM_TOO_LARGE);
  g_assert_cmpuint (n_got, <, 4 * 1024 * 1024);
}

/* Both limits hold for each coding by itself, and for one in another: a little becomes very much with any of them. */
static void
test_limits (gconstpointer data)
{
  Encode how = GPOINTER_TO_INT (data);
  gsize len = GM_DECODE_RATIO_FROM + 1024 * 1024;
  g_autofree char *zeros = g_malloc0 (len);
  g_autoptr (GBytes) bomb = encode_or_skip (how, zeros, len);
  g_autoptr (GBytes) mib = NULL, bomb_in = NULL, mib_in = NULL;
  GmCoding codings[2];
  Encode other;
  guint64 n_got;

  if (bomb == NULL)
    return;
  g_assert_cmpint (explode (&coding_of[how], 1, bomb, 0, &n_got), ==, GM_CODED_BODY_BOMB);
  g_assert_cmpuint (n_got, <=, GM_DECODE_RATIO_FROM);

  mib = encode (how, zeros, 1024 * 1024);
  g_assert_cmpint (explode (&coding_of[how], 1, mib, 1024 * 1024, &n_got), ==, GM_OK);
  g_assert_cmpuint (n_got, ==, 1024 * 1024);
  g_assert_cmpint (explode (&coding_of[how], 1, mib, 1024 * 1024 - 1, &n_got), ==, GM_TOO_LARGE);
  g_assert_cmpuint (n_got, <, 1024 * 1024);

  other = (how + 1) % ENCODE_N;
  codings[0] = coding_of[how];
  codings[1] = coding_of[other];
  bomb_in = encode_bytes (other, bomb);
  mib_in = encode_bytes (other, mib);
  if (bomb_in == NULL)
    return;
  g_assert_cmpint (explode (codings, 2, bomb_in, 0, &n_got), ==, GM_CODED_BODY_BOMB);
  g_assert_cmpuint (n_got, <=, GM_DECODE_RATIO_FROM);
  g_assert_cmpint (explode (codings, 2, mib_in, 1024 * 1024 - 1, &n_got), ==, GM_TOO_LARGE);
}

static void
test_zstd_window (void)
{
  g_autoptr (GBytes) fits = encode_zstd_window (GM_ZSTD_WINDOW_LOG_MAX);
  g_autoptr (GBytes) too_large = encode_zstd_window (GM_ZSTD_WINDOW_LOG_MAX + 1);

  if (fits == NULL)
    {
      g_test_skip ("no zstd");
      return;
    }
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, fits, 100, NULL), ==, GM_OK);
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, too_large, 100, NULL), ==, GM_CODED_BODY_BROKEN);
}

/* Frames of the formats that there were before the RFC are no frames, whole or in pieces, also behind one that is. */
static void
test_zstd_old (void)
{
  g_autoptr (GBytes) good = encode_zstd_window (17);

  if (good == NULL)
    {
      g_test_skip ("no zstd");
      return;
    }
  for (guint8 magic = 0x1e; magic < 0x28; magic++)
    {
      const guint8 data[] = { magic, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0 };
      g_autoptr (GBytes) old = g_bytes_new (data, sizeof data);
      g_autoptr (GBytes) both = join (good, data, sizeof data);

      g_assert_cmpint (try_decode (GM_CODING_ZSTD, old, 100, NULL), ==, GM_CODED_BODY_BROKEN);
      g_assert_cmpint (try_decode (GM_CODING_ZSTD, old, 1, NULL), ==, GM_CODED_BODY_BROKEN);
      g_assert_cmpint (try_decode (GM_CODING_ZSTD, both, 3, NULL), ==, GM_CODED_BODY_BROKEN);
    }
}

/* Used again it knows nothing of the body before, whole or not; one that grew large, or of another coding, is not kept. */
static void
test_shelf (void)
{
  g_autofree char *text = make_text (3000);
  g_autoptr (GBytes) coded = encode (ENCODE_ZSTD, text, strlen (text));
  g_autoptr (GBytes) large = encode_zstd_window (GM_ZSTD_WINDOW_LOG_MAX);
  g_autoptr (GBytes) cut = NULL, bad = NULL;
  GmDecoder *spare;

  if (coded == NULL)
    {
      g_test_skip ("no zstd");
      return;
    }
  cut = g_bytes_new_from_bytes (coded, 0, g_bytes_get_size (coded) / 2);
  bad = join (cut, "nonsense that is long enough to be seen", 39);
  gm_decoder_shelf_clear (&shelf);
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, coded, 100, text), ==, GM_OK);
  spare = shelf.spare;
  g_assert_nonnull (spare);
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, cut, 100, NULL), ==, GM_CODED_BODY_BROKEN);
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, coded, 1, text), ==, GM_OK);
  try_decode (GM_CODING_ZSTD, bad, 1000, NULL);
  g_assert_cmpint (try_decode (GM_CODING_ZSTD, coded, 1000, text), ==, GM_OK);
  g_assert_true (shelf.spare == spare);

  g_assert_cmpint (try_decode (GM_CODING_ZSTD, large, 100, NULL), ==, GM_OK);
  g_assert_null (shelf.spare);
  gm_decoder_shelf_give (&shelf, gm_decoder_new (GM_CODING_GZIP));
  g_assert_null (shelf.spare);
  gm_decoder_shelf_give (&shelf, NULL);
  g_assert_null (shelf.spare);
}

/* Data that want a dictionary nobody agreed on, and what is no coded data at all. */
static void
test_nonsense (void)
{
  static const guint8 with_dictionary[] = { 0x78, 0xbb, 0x00, 0x00, 0x00, 0x01, 0x03, 0x00 };
  static const GmCoding codings[] = { GM_CODING_GZIP, GM_CODING_DEFLATE, GM_CODING_BROTLI, GM_CODING_ZSTD };
  g_autoptr (GBytes) dictionary = g_bytes_new_static (with_dictionary, sizeof with_dictionary);
  g_autoptr (GBytes) page = g_bytes_new_static ("<html>not coded at all</html>", 29);

  g_assert_cmpint (try_decode (GM_CODING_DEFLATE, dictionary, 3, NULL), ==, GM_CODED_BODY_BROKEN);
  for (guint i = 0; i < G_N_ELEMENTS (codings); i++)
    for (gsize step = 1; step < 30; step++)
      g_assert_cmpint (try_decode (codings[i], page, step, NULL), ==, GM_CODED_BODY_BROKEN);
}

int
main (int argc,
      char *argv[])
{
  static const char *const shapes[ENCODE_N] = { "gzip", "zlib", "raw", "brotli", "zstd" };
  static const struct
  {
    const char *name;
    void (*func) (gconstpointer data);
  } each[] = {
    { "splits", test_splits },   { "large", test_large },   { "truncated", test_truncated },
    { "corrupt", test_corrupt }, { "empty", test_empty },   { "behind", test_behind },
    { "pause", test_pause },     { "limits", test_limits },
  };
  int result;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/coding/names", test_names);
  for (guint how = 0; how < ENCODE_N; how++)
    for (guint i = 0; i < G_N_ELEMENTS (each); i++)
      {
        g_autofree char *path = g_strdup_printf ("/sink-decode/%s/%s", shapes[how], each[i].name);

        g_test_add_data_func (path, GINT_TO_POINTER (how), each[i].func);
      }
  g_test_add_func ("/sink-decode/pause-at-end", test_pause_at_end);
  g_test_add_func ("/sink-decode/share", test_share);
  g_test_add_func ("/sink-decode/chain", test_chain);
  g_test_add_func ("/sink-decode/no-chain", test_no_chain);
  g_test_add_func ("/sink-decode/chain-truncated", test_chain_truncated);
  g_test_add_func ("/sink-decode/bomb", test_bomb);
  g_test_add_func ("/sink-decode/bomb-limit", test_bomb_limit);
  g_test_add_func ("/sink-decode/no-bomb", test_no_bomb);
  g_test_add_func ("/sink-decode/max-size", test_max_size);
  g_test_add_func ("/sink-decode/zstd-window", test_zstd_window);
  g_test_add_func ("/sink-decode/zstd-old", test_zstd_old);
  g_test_add_func ("/sink-decode/shelf", test_shelf);
  g_test_add_func ("/sink-decode/nonsense", test_nonsense);
  result = g_test_run ();
  gm_decoder_shelf_clear (&shelf);
  return result;
}
