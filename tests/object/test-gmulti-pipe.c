/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-pipe-private.h"

#include <string.h>

/* The bounded pipe between the engine's thread and whoever reads a body. */

static void
count_room (gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
fill (char *data,
      gsize len,
      gsize offset)
{
  for (gsize i = 0; i < len; i++)
    data[i] = (char) ((offset + i) * 31 >> 3);
}

static void
test_bound (void)
{
  g_autofree char *data = g_malloc (GM_PIPE_SIZE * 2);
  g_autofree char *back = g_malloc (GM_PIPE_SIZE * 2);
  g_autoptr (GError) error = NULL;
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);

  fill (data, GM_PIPE_SIZE * 2, 0);
  g_assert_false (gm_pipe_is_readable (pipe));
  g_assert_cmpint (gm_pipe_read (pipe, back, 10, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);

  g_assert_cmpuint (gm_pipe_write (pipe, data, GM_PIPE_SIZE - 1), ==, GM_PIPE_SIZE - 1);
  g_assert_cmpuint (gm_pipe_write (pipe, data + GM_PIPE_SIZE - 1, 1), ==, 1);
  g_assert_cmpuint (gm_pipe_write (pipe, data + GM_PIPE_SIZE, 1), ==, 0);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, GM_PIPE_SIZE);
  g_assert_true (gm_pipe_is_readable (pipe));

  /* told once, when half of it is free */
  g_assert_cmpint (gm_pipe_read (pipe, back, GM_PIPE_SIZE / 2 - 1, NULL), ==, GM_PIPE_SIZE / 2 - 1);
  g_assert_cmpuint (n_room, ==, 0);
  g_assert_cmpint (gm_pipe_read (pipe, back + GM_PIPE_SIZE / 2 - 1, 1, NULL), ==, 1);
  g_assert_cmpuint (n_room, ==, 1);
  g_assert_cmpint (gm_pipe_read (pipe, back + GM_PIPE_SIZE / 2, 100, NULL), ==, 100);
  g_assert_cmpuint (n_room, ==, 1);
  g_assert_cmpmem (back, GM_PIPE_SIZE / 2 + 100, data, GM_PIPE_SIZE / 2 + 100);
  gm_pipe_free (pipe);
}

/* Pieces of all sizes go round the ring unchanged. */
static void
test_ring (void)
{
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  g_autofree char *out = g_malloc (100000);
  g_autofree char *in = g_malloc (100000);
  g_autofree char *expected = g_malloc (100000);
  gsize written = 0, read = 0;

  for (guint i = 0; i < 400; i++)
    {
      gsize len = (i * 7919) % 99991;
      gssize n;

      fill (out, len, written);
      written += gm_pipe_write (pipe, out, len);
      n = gm_pipe_read (pipe, in, (i * 104729) % 99991, NULL);
      if (n <= 0)
        continue;
      fill (expected, (gsize) n, read);
      g_assert_cmpmem (in, (gsize) n, expected, (gsize) n);
      read += (gsize) n;
    }
  g_assert_cmpuint (read, >, GM_PIPE_SIZE * 4);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, written - read);
  gm_pipe_free (pipe);
}

/* What is put into its place and then written goes round the ring unchanged, and never over what is to be read. */
static void
test_place (void)
{
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  g_autofree char *in = g_malloc (GM_PIPE_SIZE);
  g_autofree char *expected = g_malloc (GM_PIPE_SIZE);
  gsize written = 0, read = 0;
  guint n_full = 0, n_edges = 0;

  for (guint i = 0; i < 400; i++)
    {
      gsize len = GM_PIPE_SIZE;
      gssize n;
      char *data;

      if (gm_pipe_place (pipe, &data, &len))
        {
          n_edges += len + gm_pipe_get_len (pipe) < GM_PIPE_SIZE;
          len = MIN (len, (i * 7919) % 99991);
          fill (data, len, written);
          g_assert_cmpuint (gm_pipe_write (pipe, data, len), ==, len);
          written += len;
        }
      else
        {
          n_full++;
          g_assert_cmpuint (gm_pipe_get_len (pipe), >, GM_PIPE_SIZE / 2);
        }
      n = gm_pipe_read (pipe, in, (i * 104729) % 99991, NULL);
      if (n <= 0)
        continue;
      fill (expected, (gsize) n, read);
      g_assert_cmpmem (in, (gsize) n, expected, (gsize) n);
      read += (gsize) n;
    }
  g_assert_cmpuint (read, >, GM_PIPE_SIZE * 4);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, written - read);
  g_assert_cmpuint (n_full, >, 0);
  g_assert_cmpuint (n_edges, >, 0);
  gm_pipe_free (pipe);
}

/* No room is told as what does not fit is: once, when half of it is free. A little is still placed where no more comes. */
static void
test_place_full (void)
{
  g_autofree char *back = g_malloc (GM_PIPE_SIZE);
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  gsize len = GM_PIPE_SIZE;
  char *data;

  g_assert_true (gm_pipe_place (pipe, &data, &len));
  g_assert_cmpuint (len, ==, GM_PIPE_SIZE);
  fill (data, len - 10, 0);
  g_assert_cmpuint (gm_pipe_write (pipe, data, len - 10), ==, len - 10);

  len = 10;
  g_assert_true (gm_pipe_place (pipe, &data, &len));
  g_assert_cmpuint (len, ==, 10);
  len = 11;
  g_assert_false (gm_pipe_place (pipe, &data, &len));
  g_assert_null (data);
  g_assert_cmpint (gm_pipe_read (pipe, back, GM_PIPE_SIZE / 2 - 11, NULL), ==, GM_PIPE_SIZE / 2 - 11);
  g_assert_cmpuint (n_room, ==, 0);
  g_assert_cmpint (gm_pipe_read (pipe, back, 1, NULL), ==, 1);
  g_assert_cmpuint (n_room, ==, 1);
  gm_pipe_free (pipe);
}

/* Its reader may go while the writer is filling the place: that is still there. */
static void
test_place_closed (void)
{
  GmPipe *pipe = gm_pipe_new (count_room, NULL);
  gsize len = GM_PIPE_SIZE;
  char *data;

  g_assert_true (gm_pipe_place (pipe, &data, &len));
  gm_pipe_close (pipe);
  fill (data, len, 0);
  g_assert_cmpuint (gm_pipe_write (pipe, data, len), ==, len);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, 0);
  g_assert_true (gm_pipe_place (pipe, &data, &len));
  g_assert_null (data);
  gm_pipe_free (pipe);
}

/* What is looked at stays where it is while more comes, and the ring does not move under it. */
static void
test_peek (void)
{
  g_autofree char *data = g_malloc (GM_PIPE_SIZE);
  g_autoptr (GError) error = NULL;
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  const char *there;
  gsize len = 1, before;
  char *place;

  fill (data, GM_PIPE_SIZE, 0);
  g_assert_cmpint (gm_pipe_peek (pipe, &there, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (gm_pipe_write (pipe, data, 100), ==, 100);
  g_assert_cmpint (gm_pipe_peek (pipe, &there, NULL), ==, 100);

  /* a ring that small takes no more than it has room for until it may grow again */
  before = gm_pipe_write (pipe, data + 100, GM_PIPE_SIZE - 100);
  g_assert_cmpuint (before, >, 0);
  g_assert_cmpuint (before, <, GM_PIPE_SIZE - 100);
  len = GM_PIPE_SIZE;
  g_assert_false (gm_pipe_place (pipe, &place, &len));
  g_assert_cmpmem (there, 100, data, 100);
  gm_pipe_skip (pipe, 40);
  g_assert_cmpint (gm_pipe_peek (pipe, &there, NULL), ==, 60 + before);
  g_assert_cmpmem (there, 60 + before, data + 40, 60 + before);
  gm_pipe_skip (pipe, 60 + before);
  g_assert_cmpuint (n_room, ==, 1);

  len = GM_PIPE_SIZE;
  g_assert_true (gm_pipe_place (pipe, &place, &len));
  g_assert_cmpuint (len, ==, GM_PIPE_SIZE);
  gm_pipe_finish (pipe, NULL);
  g_assert_cmpint (gm_pipe_peek (pipe, &there, NULL), ==, 0);
  gm_pipe_free (pipe);
}

static void
test_end (void)
{
  guint n_room = 0;
  GmPipe *good = gm_pipe_new (count_room, &n_room);
  GmPipe *bad = gm_pipe_new (count_room, &n_room);
  g_autoptr (GError) error = NULL;
  char buffer[8];

  gm_pipe_write (good, "abc", 3);
  gm_pipe_finish (good, NULL);
  gm_pipe_finish (good, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "too late"));
  g_assert_cmpint (gm_pipe_read (good, buffer, 8, NULL), ==, 3);
  g_assert_cmpint (gm_pipe_read (good, buffer, 8, &error), ==, 0);
  g_assert_no_error (error);
  g_assert_true (gm_pipe_is_finished (good));
  gm_pipe_free (good);

  /* what came before the error is read first, the error as often as one asks */
  gm_pipe_write (bad, "abc", 3);
  gm_pipe_finish (bad, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_FAILED, "broken"));
  g_assert_cmpint (gm_pipe_read (bad, buffer, 8, NULL), ==, 3);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (gm_pipe_read (bad, buffer, 8, &error), ==, -1);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
      g_clear_error (&error);
    }
  gm_pipe_free (bad);
}

static void
test_close (void)
{
  guint n_room = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  g_autofree char *data = g_malloc0 (GM_PIPE_SIZE * 2);

  gm_pipe_write (pipe, data, 1000);
  gm_pipe_close (pipe);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, 0);
  /* the writer is not kept: everything goes nowhere */
  g_assert_cmpuint (gm_pipe_write (pipe, data, GM_PIPE_SIZE * 2), ==, GM_PIPE_SIZE * 2);
  g_assert_cmpuint (gm_pipe_get_len (pipe), ==, 0);
  gm_pipe_free (pipe);
}

static gpointer
same (gpointer owner)
{
  ++*(int *) owner;
  return owner;
}

static void
less (gpointer owner)
{
  --*(int *) owner;
}

static gboolean
count_ready (gpointer user_data)
{
  ++*(guint *) user_data;
  return G_SOURCE_CONTINUE;
}

static void
test_source (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  guint n_room = 0, n_ready = 0;
  int n_owners = 0;
  GmPipe *pipe = gm_pipe_new (count_room, &n_room);
  GSource *source = gm_pipe_source_new (pipe, same, less, &n_owners);
  char buffer[8];

  g_source_set_callback (source, count_ready, &n_ready, NULL);
  g_source_attach (source, context);
  g_assert_cmpint (n_owners, ==, 1);
  g_assert_false (g_main_context_iteration (context, FALSE));
  gm_pipe_write (pipe, "abc", 3);
  /* ready as long as there is something */
  g_main_context_iteration (context, FALSE);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (n_ready, ==, 2);
  gm_pipe_read (pipe, buffer, 8, NULL);
  while (g_main_context_iteration (context, FALSE))
    ;
  g_assert_cmpuint (n_ready, ==, 2);
  gm_pipe_finish (pipe, NULL);
  g_main_context_iteration (context, FALSE);
  g_assert_cmpuint (n_ready, ==, 3);
  g_source_destroy (source);
  g_source_unref (source);
  g_assert_cmpint (n_owners, ==, 0);
  gm_pipe_free (pipe);
}

static gpointer
atomic_same (gpointer owner)
{
  g_atomic_int_inc ((gint *) owner);
  return owner;
}

static void
atomic_less (gpointer owner)
{
  g_atomic_int_add ((gint *) owner, -1);
}

typedef struct
{
  GmPipe *pipe;
  gint stop; /* atomic */
} Writer;

static gpointer
tell_thread (gpointer user_data)
{
  Writer *writer = user_data;

  while (!g_atomic_int_get (&writer->stop))
    for (guint i = 0; i < 100; i++)
      gm_pipe_finish (writer->pipe, NULL);

  return NULL;
}

/* While the writer tells its readers, the last reference to a source goes in another thread, and with it the context. The
 * writer must not ask GLib about a source that is on its way out: it may be for a moment that nobody holds it. */
static void
test_source_goes (void)
{
  guint n_room = 0, n_cycles = 0;
  gint n_owners = 0;
  Writer writer = { gm_pipe_new (count_room, &n_room), 0 };
  GThread *thread = g_thread_new ("writer", tell_thread, &writer);
  gint64 end = g_get_monotonic_time () + G_USEC_PER_SEC;

  for (; n_cycles < 100000 && g_get_monotonic_time () < end; n_cycles++)
    {
      GMainContext *context = g_main_context_new ();

      for (guint i = 0; i < 20; i++)
        {
          GSource *source = gm_pipe_source_new (writer.pipe, atomic_same, atomic_less, &n_owners);
          guint n_ready = 0;

          g_source_set_callback (source, count_ready, &n_ready, NULL);
          g_source_attach (source, context);
          g_main_context_iteration (context, FALSE);
          g_source_destroy (source);
          g_source_unref (source);
        }
      g_main_context_unref (context);
    }

  g_test_message ("%u contexts", n_cycles);
  g_atomic_int_set (&writer.stop, TRUE);
  g_thread_join (thread);
  g_assert_cmpint (n_owners, ==, 0);
  gm_pipe_free (writer.pipe);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pipe/bound", test_bound);
  g_test_add_func ("/pipe/ring", test_ring);
  g_test_add_func ("/pipe/place", test_place);
  g_test_add_func ("/pipe/place-full", test_place_full);
  g_test_add_func ("/pipe/place-closed", test_place_closed);
  g_test_add_func ("/pipe/peek", test_peek);
  g_test_add_func ("/pipe/end", test_end);
  g_test_add_func ("/pipe/close", test_close);
  g_test_add_func ("/pipe/source", test_source);
  g_test_add_func ("/pipe/source-goes", test_source_goes);
  return g_test_run ();
}
