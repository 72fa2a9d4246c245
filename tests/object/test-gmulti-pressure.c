/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "face.h"
#include "leaks.h"

#include <string.h>

/* Streams that nobody reads for two seconds hold at most their bound each, and what runs beside them runs on: 2,000
 * transfers in all. Then they are read, and have everything. */

#define N_STREAMS 100
#define N_TRANSFERS 2000
#define N_AT_ONCE 20
#define UNREAD_US (2 * G_USEC_PER_SEC)
/* What a stream's ring holds and what one read from the socket may bring beside it. */
#define BOUND (512 * 1024)
#define SEED 9
#define BIG (2 << 20)
#define SMALL 3000
#define N_WINDOWS 8

typedef struct
{
  ScriptedServer *server;
  GMultiSession *session; /* (owned) */
  GPtrArray *transfers; /* (owned) (element-type GMultiTransfer): those of the streams */
  GPtrArray *streams; /* (owned) (element-type GInputStream) */
  gint64 began; /* when all streams were there; 0 before */
  guint n_siblings; /* started */
  guint n_done;
  guint n_in_window[N_WINDOWS]; /* siblings done in each part of the two seconds */
  guint n_looks;
} Pressure;

/* Some are read as streams themselves. */
typedef struct
{
  Pressure *scene;
  GMultiTransfer *transfer; /* (owned) */
  GInputStream *stream; /* (owned) (nullable) */
  guint64 total;
} Sibling;

static void start_sibling (Pressure *self);

static gboolean
is_unread_time (Pressure *self)
{
  return g_get_monotonic_time () < self->began + UNREAD_US;
}

/* ---- siblings ---- */

static void
sibling_ended (Sibling *sibling)
{
  Pressure *self = sibling->scene;
  gint64 window = (g_get_monotonic_time () - self->began) * N_WINDOWS / UNREAD_US;

  g_assert_cmpuint (sibling->total, ==, SMALL);
  if (window < N_WINDOWS)
    self->n_in_window[window]++;
  self->n_done++;
  g_object_unref (sibling->transfer);
  g_clear_object (&sibling->stream);
  g_free (sibling);
  if (self->n_siblings < N_TRANSFERS - N_STREAMS || is_unread_time (self))
    start_sibling (self);
}

static void
fetched_cb (GObject *source,
            GAsyncResult *result,
            gpointer user_data)
{
  Sibling *sibling = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  face_check_pattern (bytes, SEED, SMALL);
  sibling->total = g_bytes_get_size (bytes);
  sibling_ended (sibling);
}

static void
read_cb (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Sibling *sibling = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);

  g_assert_no_error (error);
  sibling->total += g_bytes_get_size (bytes);
  if (g_bytes_get_size (bytes) == 0)
    sibling_ended (sibling);
  else
    g_input_stream_read_bytes_async (sibling->stream, 1000, G_PRIORITY_DEFAULT, NULL, read_cb, sibling);
}

static void
opened_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  Sibling *sibling = user_data;
  g_autoptr (GError) error = NULL;

  sibling->stream = gmulti_session_open_finish (GMULTI_SESSION (source), result, &error);
  g_assert_no_error (error);
  g_input_stream_read_bytes_async (sibling->stream, 1000, G_PRIORITY_DEFAULT, NULL, read_cb, sibling);
}

static void
start_sibling (Pressure *self)
{
  Sibling *sibling = g_new0 (Sibling, 1);

  sibling->scene = self;
  sibling->transfer = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, "/small")));
  if (self->n_siblings++ % 4 == 0)
    gmulti_session_open_async (self->session, sibling->transfer, NULL, opened_cb, sibling);
  else
    gmulti_session_fetch_async (self->session, sibling->transfer, NULL, fetched_cb, sibling);
}

/* ---- the unread ---- */

static void
stream_cb (GObject *source,
           GAsyncResult *result,
           gpointer user_data)
{
  Pressure *self = user_data;
  g_autoptr (GError) error = NULL;
  GInputStream *stream = gmulti_session_open_finish (GMULTI_SESSION (source), result, &error);

  g_assert_no_error (error);
  g_ptr_array_add (self->streams, stream);
}

static gboolean
look_cb (gpointer user_data)
{
  Pressure *self = user_data;

  self->n_looks++;
  for (guint i = 0; i < self->transfers->len; i++)
    g_assert_cmpuint (gmulti_transfer_get_bytes_received (self->transfers->pdata[i]), <=, BOUND);
  return G_SOURCE_CONTINUE;
}

static void
open_streams (Pressure *self)
{
  for (guint i = 0; i < N_STREAMS; i++)
    {
      GMultiTransfer *transfer = leaks_watch (gmulti_transfer_new (scripted_server_url (self->server, "/big")));

      g_ptr_array_add (self->transfers, transfer);
      gmulti_session_open_async (self->session, transfer, NULL, stream_cb, self);
    }
  face_wait_for (self->streams->len == N_STREAMS);
}

/* Nothing got lost, and nothing twice. */
static void
read_rest (GInputStream *stream)
{
  guint64 total = 0;

  for (;;)
    {
      g_autoptr (GAsyncResult) result = NULL;
      g_autoptr (GError) error = NULL;
      g_autoptr (GBytes) bytes = NULL;

      g_input_stream_read_bytes_async (stream, 100000, G_PRIORITY_DEFAULT, NULL, face_store_result, &result);
      face_wait_for (result != NULL);
      bytes = g_input_stream_read_bytes_finish (stream, result, &error);
      g_assert_no_error (error);
      if (g_bytes_get_size (bytes) == 0)
        break;
      g_assert_cmpint (scripted_pattern_check (SEED, total, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)), ==,
                       -1);
      total += g_bytes_get_size (bytes);
    }
  g_assert_cmpuint (total, ==, BIG);
}

static void
check_unread (Pressure *self)
{
  guint64 most = 0, least = G_MAXUINT64;

  for (guint i = 0; i < N_STREAMS; i++)
    {
      guint64 received = gmulti_transfer_get_bytes_received (self->transfers->pdata[i]);

      most = MAX (most, received);
      least = MIN (least, received);
    }
  g_test_message ("%u streams hold %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " KiB each after two seconds; %u siblings "
                  "done meanwhile", N_STREAMS, least / 1024, most / 1024, self->n_done);
  g_assert_cmpuint (most, <=, BOUND);
  /* They were held by us, not by the server. */
  g_assert_cmpuint (least, >=, 100000);
  for (guint i = 0; i < N_WINDOWS; i++)
    g_assert_cmpuint (self->n_in_window[i], >, 0);
}

static void
test_pressure (gconstpointer data)
{
  Pressure self = { 0 };
  guint n_descriptors = leaks_begin ();
  guint look;

  self.server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self.server, "/big", scripted_answer_big (SEED, BIG));
  scripted_server_on (self.server, "/small", scripted_answer_big (SEED, SMALL));
  self.session = leaks_watch (g_object_new (GMULTI_TYPE_SESSION, "has-thread", data != NULL, NULL));
  gmulti_session_set_max_connections_per_host (self.session, 0);
  self.transfers = g_ptr_array_new_with_free_func (g_object_unref);
  self.streams = g_ptr_array_new_with_free_func (g_object_unref);
  open_streams (&self);

  look = g_timeout_add (20, look_cb, &self);
  self.began = g_get_monotonic_time ();
  for (guint i = 0; i < N_AT_ONCE; i++)
    start_sibling (&self);
  while (is_unread_time (&self))
    g_main_context_iteration (NULL, TRUE);
  check_unread (&self);
  g_assert_cmpuint (self.n_looks, >, 0);

  /* The clock stops when all 2,000 are done, not with the two seconds. */
  face_wait_for (self.n_done == self.n_siblings && self.n_done >= N_TRANSFERS - N_STREAMS);
  g_source_remove (look);
  for (guint i = 0; i < N_STREAMS; i++)
    read_rest (self.streams->pdata[i]);
  g_ptr_array_unref (self.streams);
  g_ptr_array_unref (self.transfers);
  g_object_unref (self.session);
  scripted_server_free (self.server);
  leaks_assert_none (n_descriptors);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/pressure/own", NULL, test_pressure);
  g_test_add_data_func ("/pressure/threaded", "threaded", test_pressure);
  return g_test_run ();
}
