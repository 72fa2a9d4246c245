/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-source.h"

#include <string.h>

typedef struct
{
  GmClient client; /* first member */
  gsize size; /* bytes of a pattern it has */
  gsize pos;
  gsize piece; /* at most so many at once */
  gboolean pause_next;
  GmAnswer answer; /* when not OK */
  GmSeekAnswer seek_answer;
  guint n_seeks;
} Giver;

static char
pattern (gsize i)
{
  return (char) ('a' + i % 26);
}

static GmAnswer
give (GmClient *client,
      char *buffer,
      gsize len,
      gsize *n)
{
  Giver *self = (Giver *) client;

  if (self->answer != GM_ANSWER_OK)
    return self->answer;
  if (self->pause_next)
    {
      self->pause_next = FALSE;
      return GM_ANSWER_PAUSE;
    }
  *n = MIN (MIN (len, self->piece), self->size - self->pos);
  for (gsize i = 0; i < *n; i++)
    buffer[i] = pattern (self->pos + i);
  self->pos += *n;
  return GM_ANSWER_OK;
}

static GmSeekAnswer
seek (GmClient *client,
      gint64 offset)
{
  Giver *self = (Giver *) client;

  self->n_seeks++;
  if (self->seek_answer == GM_SEEK_OK)
    self->pos = (gsize) offset;
  return self->seek_answer;
}

static const GmClientOps with_seek = { .read = give, .seek = seek };
static const GmClientOps without_seek = { .read = give };

static Giver
giver (const GmClientOps *ops,
       gsize size)
{
  return (Giver){ .client = { ops, NULL }, .size = size, .piece = 1000 };
}

/* Reads to the end and checks that it is the pattern from @from on. */
static GmResult
read_all (GmSource *source,
          gsize from,
          gsize *total)
{
  char buffer[777];

  *total = 0;
  for (;;)
    {
      gsize n;
      GmResult result = gm_source_read (source, buffer, sizeof buffer, &n);

      if (result != GM_OK || n == 0)
        return result;
      for (gsize i = 0; i < n; i++)
        g_assert_cmpint (buffer[i], ==, pattern (from + *total + i));
      *total += n;
    }
}

static void
test_bytes (void)
{
  GmFlow flow = { 0 };
  GmSource source;
  char data[2000];
  gsize total, len;

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = pattern (i);
  gm_source_init (&source, GM_SOURCE_BYTES, NULL, &flow, data, sizeof data);
  for (guint round = 0; round < 3; round++)
    {
      g_assert_cmpint (read_all (&source, 0, &total), ==, GM_OK);
      g_assert_cmpuint (total, ==, sizeof data);
      g_assert_true (gm_source_is_done (&source));
      g_assert_cmpint (gm_source_rewind (&source), ==, GM_OK);
    }
  g_assert_true (gm_source_take_bytes (&source, &len) == data);
  g_assert_cmpuint (len, ==, sizeof data);
  g_assert_true (gm_source_is_done (&source));
  gm_source_rewind (&source);
  g_assert_cmpint (gm_source_skip (&source, 100), ==, GM_OK);
  g_assert_cmpint (read_all (&source, 100, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, sizeof data - 100);
  gm_source_clear (&source);
}

/* @size known or not, short enough to be kept or not, seekable or not. */
static void
check_rewind (const GmClientOps *ops,
              gsize size,
              gboolean known,
              GmResult expected)
{
  GmFlow flow = { 0 };
  Giver from = giver (ops, size);
  GmSource source;
  gsize total;

  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, known ? (gint64) size : -1);
  g_assert_cmpint (gm_source_rewind (&source), ==, GM_OK);
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, size);
  g_assert_cmpint (gm_source_rewind (&source), ==, expected);
  if (expected == GM_OK)
    {
      g_assert_cmpint (read_all (&source, 0, &total), ==, GM_OK);
      g_assert_cmpuint (total, ==, size);
    }
  gm_source_clear (&source);
}

static void
test_rewind (void)
{
  for (guint known = 0; known < 2; known++)
    {
      check_rewind (&with_seek, 1000000, known, GM_OK);
      check_rewind (&without_seek, 0, known, GM_OK);
      check_rewind (&without_seek, 1, known, GM_OK);
      check_rewind (&without_seek, GM_SOURCE_KEEP_MAX, known, GM_OK);
      check_rewind (&without_seek, GM_SOURCE_KEEP_MAX + 1, known, GM_NOT_REWINDABLE);
    }
}

static void
test_seek_answers (void)
{
  GmFlow flow = { 0 };
  Giver from = giver (&with_seek, 500);
  GmSource source;
  gsize total;

  /* Cannot seek, but it was short: the kept copy serves. */
  from.seek_answer = GM_SEEK_CANNOT;
  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, -1);
  read_all (&source, 0, &total);
  g_assert_cmpint (gm_source_rewind (&source), ==, GM_OK);
  g_assert_cmpuint (from.n_seeks, ==, 1);
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, 500);
  from.seek_answer = GM_SEEK_FAIL;
  g_assert_cmpint (gm_source_rewind (&source), ==, GM_NOT_REWINDABLE);
  gm_source_clear (&source);
}

static void
test_pause_and_failures (void)
{
  GmFlow flow = { 0 };
  Giver from = giver (&without_seek, 500);
  GmSource source;
  gsize total;

  from.pause_next = TRUE;
  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, 600);
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_AGAIN);
  g_assert_cmpuint (flow.paused, ==, GM_FLOW_SEND);
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_AGAIN);
  flow.paused = 0;
  /* It promised 600 and has 500. */
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_READ_SHORT);
  g_assert_cmpuint (total, ==, 500);
  gm_source_clear (&source);

  from = giver (&without_seek, 500);
  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, -1);
  from.answer = GM_ANSWER_ABORT;
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_ABORTED);
  from.answer = GM_ANSWER_FAIL;
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_READ_FAILED);
  gm_source_clear (&source);
}

/* Never more than was announced, whatever the client has. */
static void
test_too_much (void)
{
  GmFlow flow = { 0 };
  Giver from = giver (&without_seek, 500);
  GmSource source;
  gsize total;

  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, 300);
  g_assert_cmpint (read_all (&source, 0, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, 300);
  gm_source_clear (&source);
}

static void
test_skip (void)
{
  GmFlow flow = { 0 };
  Giver from = giver (&without_seek, 5000);
  GmSource source;
  gsize total;

  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, 5000);
  g_assert_cmpint (gm_source_skip (&source, 4500), ==, GM_OK);
  g_assert_cmpint (read_all (&source, 4500, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, 500);
  gm_source_clear (&source);

  from = giver (&with_seek, 5000);
  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, -1);
  g_assert_cmpint (gm_source_skip (&source, 4999), ==, GM_OK);
  g_assert_cmpint (read_all (&source, 4999, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, 1);
  /* Sent again it starts where it started. */
  g_assert_cmpint (gm_source_rewind (&source), ==, GM_OK);
  g_assert_cmpint (read_all (&source, 4999, &total), ==, GM_OK);
  g_assert_cmpuint (total, ==, 1);
  gm_source_clear (&source);

  from = giver (&without_seek, 10);
  gm_source_init (&source, GM_SOURCE_CLIENT, &from.client, &flow, NULL, -1);
  g_assert_cmpint (gm_source_skip (&source, 11), ==, GM_READ_SHORT);
  gm_source_clear (&source);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/source/bytes", test_bytes);
  g_test_add_func ("/source/rewind", test_rewind);
  g_test_add_func ("/source/seek-answers", test_seek_answers);
  g_test_add_func ("/source/pause-and-failures", test_pause_and_failures);
  g_test_add_func ("/source/too-much", test_too_much);
  g_test_add_func ("/source/skip", test_skip);
  return g_test_run ();
}
