/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object face of this library on the default main context: fetch for small answers, a stream for large ones, a
 * download for files. In the frames work handlers listen to every transfer, as a list of transfers on a screen does.
 * With BENCH_ENDLESS there is no network below it but a layer that is always ready: nothing but the library's own limits
 * can then end a turn. */
#include "bench-frames.h"

#include <gmulti.h>

#ifdef BENCH_ENDLESS
#include "endless-layer.h"
#include "gmulti-session-private.h"
#endif

#define READ_SIZE (256 * 1024)

typedef struct
{
  Bench *bench;             /* (unowned) */
  BenchTransfer *transfer;  /* (unowned) */
  GMultiTransfer *object;   /* (owned) */
  GInputStream *body;       /* (owned) (nullable) */
  char *buffer;             /* (owned) (nullable) */
} Fetch;

/* An object with nothing but such a signal: what a handler costs that this library has no part in. */
typedef GObject Bare;
typedef GObjectClass BareClass;

static GType bare_get_type (void);

G_DEFINE_TYPE (Bare, bare, G_TYPE_OBJECT)

static guint bare_completed;
static GMultiSession *session;
static GTlsDatabase *database;
static guint n_progress;
static guint n_completed;
#ifdef BENCH_ENDLESS
static Endless endless;
#endif

static const char *
client_library (void)
{
  return "libgmulti/" GMULTI_VERSION_STRING;
}

static void
set_limit (const char *name, guint value)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (session), name);

  if (spec != NULL)
    g_object_set (session, name, value, NULL);
}

static void
client_open (Bench *bench)
{
  guint most = bench_most (bench);

  session = gmulti_session_new ();
  if (bench->authority != NULL)
    database = g_tls_file_database_new (bench->authority, NULL);
  set_limit ("max-active", most);
  set_limit ("max-connections", most);
  set_limit ("max-connections-per-host", most);
  set_limit ("max-idle-connections", most);
#ifdef BENCH_ENDLESS
  endless.body = bench->size > 0 ? bench->size : 128;
  gm_pool_set_hooks (gm_multi_get_pool (gm_core_get_multi (gm_face_session_get_core (session))), endless_layer_new, NULL,
                     &endless);
#endif
}

static void
finish (Fetch *fetch, gboolean ok)
{
  Bench *bench = fetch->bench;
  BenchTransfer *transfer = fetch->transfer;

  g_clear_object (&fetch->object);
  g_clear_object (&fetch->body);
  g_free (fetch->buffer);
  g_free (fetch);
  bench_finished (bench, transfer, ok);
}

static void
fetched_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  GBytes *bytes = gmulti_session_fetch_finish (session, result, NULL);
  gboolean ok = bytes != NULL;

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
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;

  fetch->body = gmulti_session_open_finish (session, result, NULL);
  if (fetch->body == NULL)
    {
      finish (fetch, FALSE);
      return;
    }
  fetch->buffer = g_malloc (READ_SIZE);
  g_input_stream_read_async (fetch->body, fetch->buffer, READ_SIZE, G_PRIORITY_DEFAULT, NULL, read_cb, fetch);
}

static void
downloaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fetch *fetch = user_data;
  g_autoptr (GFile) file = gmulti_session_download_finish (session, result, NULL);

  if (file != NULL)
    bench_delivered (fetch->bench, fetch->transfer, gmulti_transfer_get_bytes_received (fetch->object));
  finish (fetch, file != NULL);
}

static void
progress_cb (GMultiTransfer *transfer, gpointer user_data)
{
  n_progress++;
}

static void
completed_cb (GMultiTransfer *transfer, GError *error, gpointer user_data)
{
  n_completed++;
}

static void
bare_class_init (BareClass *klass)
{
  bare_completed = g_signal_new ("completed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                 G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
bare_init (Bare *self)
{
}

/* A new one, as each transfer is new; "bare-none": that alone; "bare-off": a handler is connected and disconnected;
 * "bare-all": it hears, and goes with the object. */
static void
listen_to_bare (const char *how)
{
  Bare *bare = g_object_new (bare_get_type (), NULL);
  gulong handler = 0;

  if (strcmp (how, "bare-none") != 0)
    handler = g_signal_connect (bare, "completed", G_CALLBACK (completed_cb), NULL);
  if (strcmp (how, "bare-off") == 0)
    g_signal_handler_disconnect (bare, handler);
  else if (handler != 0)
    g_signal_emit (bare, bare_completed, 0, NULL);
  g_object_unref (bare);
}

static void
client_start (Bench *bench, BenchTransfer *transfer)
{
  Fetch *fetch = g_new0 (Fetch, 1);
  gulong handler = 0;

  fetch->bench = bench;
  fetch->transfer = transfer;
  if (transfer->path != NULL)
    {
      g_autoptr (GFile) file = g_file_new_for_path (transfer->path);

      fetch->object = GMULTI_TRANSFER (gmulti_download_new (transfer->url, file));
      gmulti_session_download_async (session, GMULTI_DOWNLOAD (fetch->object), NULL, downloaded_cb, fetch);
      return;
    }
  fetch->object = gmulti_transfer_new (transfer->url);
  if (database != NULL)
    gmulti_transfer_set_tls_database (fetch->object, database);
  if (bench->work == BENCH_WORK_FRAMES)
    g_signal_connect (fetch->object, "progress", G_CALLBACK (progress_cb), NULL);
  if (bench->listen != NULL && g_str_has_prefix (bench->listen, "bare-"))
    listen_to_bare (bench->listen);
  else if (bench->work == BENCH_WORK_FRAMES || bench->listen != NULL)
    handler = g_signal_connect (fetch->object, "completed", G_CALLBACK (completed_cb), NULL);
  if (g_strcmp0 (bench->listen, "off") == 0)
    g_signal_handler_disconnect (fetch->object, handler);
  if (transfer->stream)
    gmulti_session_open_async (session, fetch->object, NULL, opened_cb, fetch);
  else
    gmulti_session_fetch_async (session, fetch->object, NULL, fetched_cb, fetch);
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
  g_clear_object (&database);
}

static const BenchClient client = {
#ifdef BENCH_ENDLESS
  .name = "endless",
#else
  .name = "object",
#endif
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
