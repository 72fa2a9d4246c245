/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sink.h"

typedef struct
{
  GmClient client; /* first member */
  GString *got;
  GmAnswer answer;
  gsize take; /* at most so many with PAUSE */
  guint n_calls;
} Taker;

static GmAnswer
take (GmClient *client,
      const char *data,
      gsize len,
      gsize *taken)
{
  Taker *self = (Taker *) client;

  self->n_calls++;
  if (self->answer == GM_ANSWER_PAUSE)
    *taken = MIN (len, self->take);
  if (self->answer == GM_ANSWER_OK || self->answer == GM_ANSWER_PAUSE)
    g_string_append_len (self->got, data, (gssize) *taken);
  return self->answer;
}

static const GmClientOps ops = { .write = take };

typedef struct
{
  Taker taker;
  GmFlow flow;
  GmSinkClient sink;
} Fixture;

static void
set_up (Fixture *f,
        gconstpointer data)
{
  f->taker = (Taker){ { &ops, NULL }, g_string_new (NULL), GM_ANSWER_OK, 0, 0 };
  f->flow = (GmFlow){ 0 };
  gm_sink_client_init (&f->sink, &f->taker.client, &f->flow);
}

static void
tear_down (Fixture *f,
           gconstpointer data)
{
  gm_sink_client_clear (&f->sink);
  g_string_free (f->taker.got, TRUE);
}

static void
test_plain (Fixture *f,
            gconstpointer data)
{
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_OK);
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "", 0), ==, GM_OK);
  g_assert_cmpuint (f->taker.n_calls, ==, 1);
  g_assert_cmpint (gm_sink_finish (&f->sink.sink), ==, GM_OK);
  g_assert_cmpstr (f->taker.got->str, ==, "abc");
}

static void
test_pause (Fixture *f,
            gconstpointer data)
{
  f->taker.answer = GM_ANSWER_PAUSE;
  f->taker.take = 2;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abcdef", 6), ==, GM_OK);
  g_assert_cmpuint (f->flow.paused, ==, GM_FLOW_RECV);
  g_assert_true (gm_sink_client_is_blocked (&f->sink));
  g_assert_cmpuint (f->sink.held_len, ==, 4);
  /* What comes on top waits too, and nobody is asked. */
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "gh", 2), ==, GM_OK);
  g_assert_cmpuint (f->taker.n_calls, ==, 1);
  g_assert_cmpint (gm_sink_client_flush (&f->sink), ==, GM_AGAIN);
  g_assert_cmpuint (f->taker.n_calls, ==, 1);

  /* Lifted, and paused again half way. */
  f->flow.paused = 0;
  f->taker.take = 3;
  g_assert_cmpint (gm_sink_client_flush (&f->sink), ==, GM_AGAIN);
  g_assert_cmpstr (f->taker.got->str, ==, "abcde");
  f->flow.paused = 0;
  f->taker.answer = GM_ANSWER_OK;
  g_assert_cmpint (gm_sink_client_flush (&f->sink), ==, GM_OK);
  g_assert_cmpstr (f->taker.got->str, ==, "abcdefgh");
  g_assert_false (gm_sink_client_is_blocked (&f->sink));
  g_assert_null (f->sink.held);
}

/* Paused from outside between two writes: the next one is kept whole. */
static void
test_pause_from_outside (Fixture *f,
                         gconstpointer data)
{
  f->flow.paused = GM_FLOW_RECV;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_OK);
  g_assert_cmpuint (f->taker.n_calls, ==, 0);
  f->flow.paused = GM_FLOW_SEND;
  g_assert_cmpint (gm_sink_client_flush (&f->sink), ==, GM_OK);
  g_assert_cmpstr (f->taker.got->str, ==, "abc");
}

static void
test_failures (Fixture *f,
               gconstpointer data)
{
  f->taker.answer = GM_ANSWER_FAIL;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_WRITE_FAILED);
  f->taker.answer = GM_ANSWER_ABORT;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_ABORTED);
  f->taker.answer = GM_ANSWER_PAUSE;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_OK);
  f->flow.paused = 0;
  f->taker.answer = GM_ANSWER_FAIL;
  g_assert_cmpint (gm_sink_client_flush (&f->sink), ==, GM_WRITE_FAILED);
}

static void
test_limit (Fixture *f,
            gconstpointer data)
{
  f->sink.max_size = 5;
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "abc", 3), ==, GM_OK);
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "de", 2), ==, GM_OK);
  g_assert_cmpint (gm_sink_write (&f->sink.sink, "f", 1), ==, GM_TOO_LARGE);
  g_assert_cmpstr (f->taker.got->str, ==, "abcde");
}

static GmAnswer
place (GmClient *client,
       char **data,
       gsize *len)
{
  static char here[10];
  Taker *self = (Taker *) client;

  if (self->answer == GM_ANSWER_OK)
    {
      *data = here;
      *len = MIN (*len, sizeof here);
    }
  return self->answer;
}

static void
test_place (Fixture *f,
            gconstpointer data)
{
  static const GmClientOps with_place = { .write = take, .place = place };
  gsize len = 5;
  char *there;

  /* not every client has one */
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_OK);
  g_assert_null (there);

  f->taker.client.ops = &with_place;
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_OK);
  g_assert_nonnull (there);
  g_assert_cmpuint (len, ==, 5);
  len = 100;
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_OK);
  g_assert_cmpuint (len, ==, 10);

  /* a body that may turn out too large gets none of it */
  f->sink.max_size = 1000;
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_OK);
  g_assert_null (there);
  f->sink.max_size = 0;

  f->taker.answer = GM_ANSWER_ABORT;
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_ABORTED);
  f->taker.answer = GM_ANSWER_PAUSE;
  g_assert_cmpint (gm_sink_client_place (&f->sink, &there, &len), ==, GM_AGAIN);
  g_assert_true (gm_sink_client_is_blocked (&f->sink));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/sink/plain", Fixture, NULL, set_up, test_plain, tear_down);
  g_test_add ("/sink/pause", Fixture, NULL, set_up, test_pause, tear_down);
  g_test_add ("/sink/pause-from-outside", Fixture, NULL, set_up, test_pause_from_outside, tear_down);
  g_test_add ("/sink/failures", Fixture, NULL, set_up, test_failures, tear_down);
  g_test_add ("/sink/place", Fixture, NULL, set_up, test_place, tear_down);
  g_test_add ("/sink/limit", Fixture, NULL, set_up, test_limit, tear_down);
  return g_test_run ();
}
