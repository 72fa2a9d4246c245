/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsoup 3 as its documentation shows it: whole bodies for small answers, a stream for large ones, a splice to a
 * GFile for downloads. */
#include "bench-frames.h"

#include <libsoup/soup.h>

#define READ_SIZE (256 * 1024)

typedef struct
{
  Bench *bench;            /* (unowned) */
  BenchTransfer *transfer; /* (unowned) */
  SoupMessage *message;    /* (owned) */
  GInputStream *body;      /* (owned) (nullable) */
  char *buffer;            /* (owned) (nullable) */
} Fetch;

static SoupSession *session;

static const char *
client_library (void)
{
  static char name[32];

  g_snprintf (name, sizeof name, "libsoup/%u.%u.%u", soup_get_major_version (), soup_get_minor_version (),
              soup_get_micro_version ());
  return name;
}

static void
client_open (Bench *bench)
{
  int most = (int) bench_most (bench);

  session = soup_session_new_with_options ("max-conns", most, "max-conns-per-host", most, "timeout", 0, NULL);
  if (bench->authority != NULL)
    {
      g_autoptr (GTlsDatabase) database = g_tls_file_database_new (bench->authority, NULL);

      soup_session_set_tls_database (session, database);
    }
}

static void
finish (Fetch *fetch, gboolean ok)
{
  Bench *bench = fetch->bench;
  BenchTransfer *transfer = fetch->transfer;

  g_clear_object (&fetch->message);
  g_clear_object (&fetch->body);
  g_free (fetch->buffer);
  g_free (fetch);
  bench_finished (bench, transfer, ok);
}

static void
whole_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  GBytes *bytes = soup_session_send_and_read_finish (session, result, NULL);
  gboolean ok = bytes != NULL && soup_message_get_status (fetch->message) == SOUP_STATUS_OK;

  if (bytes != NULL)
    {
      bench_delivered (fetch->bench, fetch->transfer, g_bytes_get_size (bytes));
      g_bytes_unref (bytes);
    }
  finish (fetch, ok);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  gssize got = g_input_stream_read_finish (fetch->body, result, NULL);

  if (got <= 0)
    {
      finish (fetch, got == 0);
      return;
    }
  bench_delivered (fetch->bench, fetch->transfer, got);
  g_input_stream_read_async (fetch->body, fetch->buffer, READ_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb, fetch);
}

static void
splice_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  gssize got = g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL);

  if (got > 0)
    bench_delivered (fetch->bench, fetch->transfer, got);
  finish (fetch, got >= 0);
}

static void
store (Fetch *fetch)
{
  g_autoptr (GFile) file = g_file_new_for_path (fetch->transfer->path);
  g_autoptr (GFileOutputStream) out = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, NULL);

  if (out == NULL)
    {
      finish (fetch, FALSE);
      return;
    }
  g_output_stream_splice_async (G_OUTPUT_STREAM (out), fetch->body,
                                G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                                G_PRIORITY_DEFAULT, NULL, splice_cb, fetch);
}

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;

  fetch->body = soup_session_send_finish (session, result, NULL);
  if (fetch->body == NULL)
    finish (fetch, FALSE);
  else if (fetch->transfer->path != NULL)
    store (fetch);
  else
    {
      fetch->buffer = g_malloc (READ_SIZE);
      g_input_stream_read_async (fetch->body, fetch->buffer, READ_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb, fetch);
    }
}

static void
client_start (Bench *bench, BenchTransfer *transfer)
{
  Fetch *fetch = g_new0 (Fetch, 1);

  fetch->bench = bench;
  fetch->transfer = transfer;
  fetch->message = soup_message_new ("GET", transfer->url);
  if (transfer->stream)
    soup_session_send_async (session, fetch->message, G_PRIORITY_DEFAULT, NULL, sent_cb, fetch);
  else
    soup_session_send_and_read_async (session, fetch->message, G_PRIORITY_DEFAULT, NULL, whole_cb, fetch);
}

static void
client_run (Bench *bench)
{
  while (!bench_stopped (bench))
    g_main_context_iteration (NULL, TRUE);
}

static void
client_close (Bench *bench)
{
  g_clear_object (&session);
}

static const BenchClient client = {
  .name = "soup",
  .library = client_library,
  .open = client_open,
  .start = client_start,
  .run = client_run,
  .close = client_close,
  .frames_start = bench_frames_start,
  .frames_stop = bench_frames_stop,
};

int
main (int argc, char **argv)
{
  return bench_main (&client, argc, argv);
}
