/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-layer.h"

/* Three layers, of which the middle one passes everything through. */

typedef struct
{
  GmLayer layer; /* first member */
  char name;
  GmResult result; /* of connect and shutdown */
  gboolean knows; /* answers questions */
} Part;

static GString *story;

static void
note (GmLayer *layer,
      char what)
{
  g_string_append_c (story, what);
  g_string_append_c (story, ((Part *) layer)->name);
}

static GmResult
part_connect (GmLayer *layer)
{
  GmResult below = layer->next != NULL ? gm_layer_connect (layer->next) : GM_OK;

  if (below != GM_OK)
    return below;
  note (layer, 'c');
  return ((Part *) layer)->result;
}

static GmResult
part_shutdown (GmLayer *layer)
{
  note (layer, 's');
  return ((Part *) layer)->result;
}

static GmResult
part_send (GmLayer *layer,
           const char *data,
           gsize len,
           gsize *n_sent)
{
  note (layer, '>');
  *n_sent = len;
  return GM_OK;
}

static GmResult
part_recv (GmLayer *layer,
           char *data,
           gsize len,
           gsize *n_read)
{
  note (layer, '<');
  *n_read = 0;
  return GM_OK;
}

static gboolean
part_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  note (layer, '?');
  if (((Part *) layer)->knows)
    *(gint64 *) answer = ((Part *) layer)->name;
  return ((Part *) layer)->knows;
}

static void
part_adjust (GmLayer *layer,
             GmIo want)
{
  note (layer, (char) ('0' + want));
  gm_layer_adjust (layer->next, GM_IO_OUT);
}

static void
part_free (GmLayer *layer)
{
  note (layer, 'f');
  g_free (layer);
}

static const GmLayerType part_type = {
  .name = "part",
  .connect = part_connect,
  .send = part_send,
  .recv = part_recv,
  .shutdown = part_shutdown,
  .query = part_query,
  .adjust = part_adjust,
  .free = part_free,
};

static const GmLayerType hollow_type = { .name = "hollow" };

static Part *
part_new (char name,
          const GmLayerType *type,
          Part *next)
{
  Part *self = g_new0 (Part, 1);

  self->layer.type = type;
  self->layer.next = next != NULL ? &next->layer : NULL;
  self->name = name;
  return self;
}

static void
check (const char *expected)
{
  g_assert_cmpstr (story->str, ==, expected);
  g_string_truncate (story, 0);
}

static void
test_walks (void)
{
  Part *bottom = part_new ('b', &part_type, NULL);
  Part *middle = part_new ('m', &hollow_type, bottom);
  Part *top = part_new ('t', &part_type, middle);
  char byte;
  gsize n;
  gint64 answer = 0;

  story = g_string_new (NULL);
  g_assert_cmpint (gm_layer_connect (&top->layer), ==, GM_OK);
  check ("cbct");
  bottom->result = GM_AGAIN;
  g_assert_cmpint (gm_layer_connect (&top->layer), ==, GM_AGAIN);
  check ("cb");

  g_assert_cmpint (gm_layer_shutdown (&top->layer), ==, GM_AGAIN);
  check ("stsb");
  top->result = GM_SEND_FAILED;
  g_assert_cmpint (gm_layer_shutdown (&top->layer), ==, GM_SEND_FAILED);
  check ("st");

  g_assert_cmpint (gm_layer_send (&middle->layer, "x", 1, &n), ==, GM_OK);
  g_assert_cmpint (gm_layer_recv (&middle->layer, &byte, 1, &n), ==, GM_OK);
  check (">b<b");

  g_assert_false (gm_layer_query (&top->layer, GM_QUERY_RESOLVED_AT, &answer));
  check ("?t?b");
  bottom->knows = TRUE;
  g_assert_true (gm_layer_query (&top->layer, GM_QUERY_RESOLVED_AT, &answer));
  g_assert_cmpint (answer, ==, 'b');
  top->knows = TRUE;
  g_assert_true (gm_layer_query (&top->layer, GM_QUERY_RESOLVED_AT, &answer));
  g_assert_cmpint (answer, ==, 't');
  check ("?t?b?t");

  gm_layer_adjust (&top->layer, GM_IO_IN);
  check ("1t2b");

  gm_layer_free (&top->layer);
  check ("ftfb");
  g_string_free (story, TRUE);
}

static void
test_nothing (void)
{
  gint64 answer;

  g_assert_cmpint (gm_layer_connect (NULL), ==, GM_OK);
  g_assert_cmpint (gm_layer_shutdown (NULL), ==, GM_OK);
  g_assert_false (gm_layer_query (NULL, GM_QUERY_RESOLVED_AT, &answer));
  gm_layer_adjust (NULL, GM_IO_IN);
  gm_layer_free (NULL);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/layer/walks", test_walks);
  g_test_add_func ("/layer/nothing", test_nothing);
  return g_test_run ();
}
