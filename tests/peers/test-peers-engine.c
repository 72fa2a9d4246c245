/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "documents.h"
#include "engine.h"
#include "peers.h"

#include <glib/gstdio.h>

/* The engine, under each of its loops, against servers that nobody here wrote: documents, byte-identical, many at a time;
 * and what else HTTP has: parts, HEAD, errors, redirects, conditions, kept connections, chunks, uploads. */

#define N_DOCUMENTS 400
#define PARALLEL 16

static Documents *documents;

typedef struct
{
  Peer *peer; /* (owned) */
  PeerKind kind;
  gboolean keeps_alive;
  gboolean ranges;
  gboolean puts;
  gboolean chunks;
} Server;

typedef void (*PeerTest) (Server *server,
                          Engine *engine);

static Server
server_new (PeerKind kind)
{
  return (Server){
    .peer = peer_new (kind, documents->folder),
    .kind = kind,
    .keeps_alive = kind != PEER_PYTHON_OLD,
    .ranges = kind != PEER_PYTHON && kind != PEER_PYTHON_OLD,
    .puts = kind == PEER_NGINX || kind == PEER_APACHE,
    .chunks = kind == PEER_NGINX,
  };
}

static Fetch *
fetch_from (Server *server,
            const char *path)
{
  g_autofree char *url = peer_dup_url (server->peer, path);

  return fetch_new (url);
}

/* The nth document that has at least so many bytes. */
static guint
large_document (gsize size,
                guint nth)
{
  for (guint i = 0; i < documents->paths->len; i++)
    {
      g_autoptr (GBytes) bytes = documents_load (documents, i);

      if (g_bytes_get_size (bytes) >= size && nth-- == 0)
        return i;
    }
  g_assert_not_reached ();
}

static void
check_same (Fetch *fetch,
            guint document,
            gsize from,
            gssize len)
{
  g_autoptr (GBytes) bytes = documents_load (documents, document);
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  if (len < 0)
    len = (gssize) (size - from);
  /* With the name of the document before any difference. */
  if (fetch->body->len != (gsize) len || (len > 0 && memcmp (fetch->body->data, data + from, (gsize) len) != 0))
    g_error ("%s came otherwise: %u bytes instead of %" G_GSSIZE_FORMAT, (char *) documents->paths->pdata[document],
             fetch->body->len, len);
}

/* ---- all of them ---- */

typedef struct
{
  guint n_same;
  guint n_connects;
  guint most;
} Tally;

static void
compare (Fetch *fetch)
{
  Tally *tally = ((gpointer *) fetch->data)[0];
  guint document = GPOINTER_TO_UINT (((gpointer *) fetch->data)[1]);

  fetch_check (fetch, GM_OK, 200, NULL);
  check_same (fetch, document, 0, -1);
  tally->n_same++;
  tally->n_connects += gm_transfer_get_info (fetch->transfer)->n_connects;
  tally->most = MAX (tally->most, gm_pool_n_total (gm_multi_get_pool (fetch->engine->multi)));
  g_byte_array_set_size (fetch->body, 0);
}

static void
fetch_documents (Server *server,
                 EngineLoop loop)
{
  Engine *engine = engine_new (loop, NULL);
  GmMultiLimits limits = *gm_multi_get_limits (engine->multi);
  g_autoptr (GPtrArray) fetches = g_ptr_array_new_with_free_func ((GDestroyNotify) fetch_free);
  g_autofree gpointer *data = g_new0 (gpointer, 2 * N_DOCUMENTS);
  Tally tally = { 0 };
  gint64 began = g_get_monotonic_time ();

  limits.pool.max_per_host = server->kind >= PEER_PYTHON ? 5 : PARALLEL;
  gm_multi_set_limits (engine->multi, &limits);
  for (guint i = 0; i < N_DOCUMENTS; i++)
    {
      const char *target = documents_path (documents, i);
      Fetch *fetch = fetch_from (server, target);

      data[2 * i] = &tally;
      data[2 * i + 1] = GUINT_TO_POINTER (i);
      fetch->data = &data[2 * i];
      fetch->on_done = compare;
      g_ptr_array_add (fetches, fetch);
      engine_add (engine, fetch);
    }
  engine_run (engine);

  g_test_message ("%s, %s: %u documents on %u connections, %u at once at most, in %.2f s", peer_kind_name (server->kind),
                  engine_loop_names[loop], tally.n_same, tally.n_connects, tally.most,
                  (double) (g_get_monotonic_time () - began) / G_USEC_PER_SEC);
  g_assert_cmpuint (tally.n_same, ==, N_DOCUMENTS);
  g_assert_cmpuint (engine->n_done, ==, N_DOCUMENTS);
  g_assert_cmpuint (tally.most, <=, limits.pool.max_per_host);
  g_assert_cmpuint (tally.most, >, 1);
  /* One that was given up between two requests is made anew: chance. */
  if (server->keeps_alive)
    g_assert_cmpuint (tally.n_connects, <=, 2 * PARALLEL);
  else
    g_assert_cmpuint (tally.n_connects, ==, N_DOCUMENTS);
  g_ptr_array_set_size (fetches, 0);
  engine_free (engine);
}

static void
test_documents (gconstpointer data)
{
  Server server = server_new ((PeerKind) GPOINTER_TO_UINT (data));

  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    fetch_documents (&server, (EngineLoop) loop);
  peer_free (server.peer);
}

/* ---- parts ---- */

static void
run_ranges (Server *server,
            Engine *engine)
{
  static const struct
  {
    const char *range;
    int from; /* < 0: that many bytes from the end */
    int len; /* < 0: to the end */
  } cases[] = {
    { "0-0", 0, 1 }, { "0-99", 0, 100 }, { "1000-1999", 1000, 1000 }, { "2500-", 2500, -1 }, { "-77", -77, -1 },
  };
  guint document = large_document (5000, 0);
  const char *target = documents_path (documents, document);
  g_autoptr (GBytes) bytes = documents_load (documents, document);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fetch *fetch = fetch_from (server, target);
      gsize from = cases[i].from >= 0 ? (gsize) cases[i].from : g_bytes_get_size (bytes) - (gsize) -cases[i].from;

      gm_transfer_set_string (fetch->transfer, GM_OPTION_RANGE, cases[i].range);
      engine_add (engine, fetch);
      engine_run (engine);
      if (server->ranges)
        {
          fetch_check (fetch, GM_OK, 206, NULL);
          check_same (fetch, document, from, cases[i].len);
        }
      else
        {
          /* All of it instead of a part: told by the status. */
          fetch_check (fetch, GM_OK, 200, NULL);
          check_same (fetch, document, 0, -1);
        }
      fetch_free (fetch);
    }
}

static void
run_resume (Server *server,
            Engine *engine)
{
  guint document = large_document (5000, 1);
  const char *target = documents_path (documents, document);
  g_autoptr (GBytes) bytes = documents_load (documents, document);
  Fetch *fetch = fetch_from (server, target);
  Fetch *beyond = fetch_from (server, target);

  gm_transfer_set_int (fetch->transfer, GM_OPTION_RESUME_FROM, 3000);
  engine_add (engine, fetch);
  engine_run (engine);
  if (server->ranges)
    {
      fetch_check (fetch, GM_OK, 206, NULL);
      check_same (fetch, document, 3000, -1);
    }
  else
    {
      fetch_check (fetch, GM_RESUME_REFUSED, 200, NULL);
      g_assert_cmpuint (fetch->body->len, ==, 0);
    }
  fetch_free (fetch);

  /* There is nothing behind its end. */
  gm_transfer_set_int (beyond->transfer, GM_OPTION_RESUME_FROM, (gint64) g_bytes_get_size (bytes) + 10);
  engine_add (engine, beyond);
  engine_run (engine);
  g_assert_cmpuint (beyond->status, ==, server->ranges ? 416 : 200);
  g_assert_cmpuint (beyond->n_done, ==, 1);
  fetch_free (beyond);
}

/* ---- what else there is ---- */

static void
run_head (Server *server,
          Engine *engine)
{
  for (guint i = 0; i < 20; i++)
    {
      const char *target = documents_path (documents, i * 7);
      g_autoptr (GBytes) bytes = documents_load (documents, i * 7);
      Fetch *fetch = fetch_from (server, target);

      gm_transfer_set_int (fetch->transfer, GM_OPTION_NO_BODY, 1);
      engine_add (engine, fetch);
      engine_run (engine);
      fetch_check (fetch, GM_OK, 200, "");
      g_assert_cmpint (gm_transfer_get_info (fetch->transfer)->download_size, ==, (gint64) g_bytes_get_size (bytes));
      fetch_free (fetch);
    }
}

static void
run_missing (Server *server,
             Engine *engine)
{
  Fetch *fetch = fetch_from (server, "there/is/nothing");

  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 404, NULL);
  engine_remove (fetch);

  fetch_rewind (fetch);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FAIL_ON_ERROR, 1);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_HTTP_STATUS, 404, "");
  fetch_free (fetch);
}

/* A folder without its slash is somewhere else. */
static void
run_redirect (Server *server,
              Engine *engine)
{
  g_autofree char *index = g_build_filename (documents->folder, "00", "index.html", NULL);
  g_autofree char *end = peer_dup_url (server->peer, "00/");
  Fetch *fetch = fetch_from (server, "00");

  g_assert_true (g_file_set_contents (index, "a folder", -1, NULL));
  engine_add (engine, fetch);
  engine_run (engine);
  g_assert_cmpuint (fetch->status / 100, ==, 3);
  g_assert_nonnull (gm_transfer_get_info (fetch->transfer)->redirect_url);
  engine_remove (fetch);

  fetch_rewind (fetch);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "a folder");
  g_assert_cmpuint (gm_transfer_get_info (fetch->transfer)->n_redirects, ==, 1);
  g_assert_cmpstr (gm_url_get_text (gm_transfer_get_url (fetch->transfer)), ==, end);
  fetch_free (fetch);
}

static void
run_conditions (Server *server,
                Engine *engine)
{
  const char *target = documents_path (documents, 5);
  Fetch *newer = fetch_from (server, target);
  Fetch *older = fetch_from (server, target);
  g_autofree char *full = g_build_filename (documents->folder, target, NULL);
  GStatBuf status;

  g_assert_cmpint (g_stat (full, &status), ==, 0);
  gm_transfer_set_int (newer->transfer, GM_OPTION_TIME_CONDITION, GM_TIME_CONDITION_IF_MODIFIED_SINCE);
  /* nginx compares for equality. */
  gm_transfer_set_int (newer->transfer, GM_OPTION_TIME_VALUE, (gint64) status.st_mtime);
  gm_transfer_set_int (older->transfer, GM_OPTION_TIME_CONDITION, GM_TIME_CONDITION_IF_MODIFIED_SINCE);
  gm_transfer_set_int (older->transfer, GM_OPTION_TIME_VALUE, 1000000000);
  engine_add (engine, newer);
  engine_add (engine, older);
  engine_run (engine);
  fetch_check (newer, GM_OK, 304, "");
  fetch_check (older, GM_OK, 200, NULL);
  check_same (older, 5, 0, -1);
  fetch_free (newer);
  fetch_free (older);
}

static void
run_kept (Server *server,
          Engine *engine)
{
  const char *target = documents_path (documents, 3);
  Fetch *fetch = fetch_from (server, target);
  guint n_connects = 0;

  for (guint i = 0; i < 30; i++)
    {
      fetch_rewind (fetch);
      engine_add (engine, fetch);
      engine_run (engine);
      fetch_check (fetch, GM_OK, 200, NULL);
      check_same (fetch, 3, 0, -1);
      n_connects += gm_transfer_get_info (fetch->transfer)->n_connects;
      g_assert_true (gm_transfer_get_info (fetch->transfer)->hop.reused == (gm_transfer_get_info (fetch->transfer)->n_connects == 0));
      engine_remove (fetch);
    }
  g_assert_cmpuint (n_connects, ==, server->keeps_alive ? 1 : 30);
  fetch_free (fetch);
}

static void
run_chunks (Server *server,
            Engine *engine)
{
  guint n_chunked = 0;

  if (!server->chunks)
    return;
  for (guint i = 0; i < 200; i++)
    {
      const char *target = documents_path (documents, i * 2);
      g_autofree char *chunks = g_strconcat ("chunks/", target, NULL);
      g_autoptr (GBytes) bytes = documents_load (documents, i * 2);
      Fetch *fetch;

      /* What would really be put in. */
      if (memmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "<!--#", 5) != NULL)
        continue;
      fetch = fetch_from (server, chunks);
      engine_add (engine, fetch);
      engine_run (engine);
      fetch_check (fetch, GM_OK, 200, NULL);
      check_same (fetch, i * 2, 0, -1);
      if (gm_transfer_get_info (fetch->transfer)->download_size < 0)
        n_chunked++;
      fetch_free (fetch);
    }
  g_assert_cmpuint (n_chunked, >, 130);
}

/* A method that is not for files: a clean refusal, whatever it says. */
static void
run_post (Server *server,
          Engine *engine)
{
  const char *target = documents_path (documents, 9);
  Fetch *fetch = fetch_from (server, target);

  gm_transfer_set_int (fetch->transfer, GM_OPTION_METHOD, GM_METHOD_POST);
  gm_transfer_set_pointer (fetch->transfer, GM_OPTION_POST_DATA, "a=b");
  engine_add (engine, fetch);
  engine_run (engine);
  g_assert_cmpint (fetch->result, ==, GM_OK);
  /* Apache hands the file out to a POST, too. */
  if (fetch->status != 200)
    g_assert_cmpuint (fetch->status / 100, >=, 4);
  fetch_free (fetch);
}

/* ---- uploads ---- */

typedef struct
{
  GBytes *bytes;
  gsize at;
} Upload;

static GmAnswer
give (Fetch *fetch,
      char *buffer,
      gsize len,
      gsize *n)
{
  Upload *upload = fetch->data;
  gsize size;
  const char *data = g_bytes_get_data (upload->bytes, &size);

  *n = MIN (len, size - upload->at);
  if (*n > 0)
    memcpy (buffer, data + upload->at, *n);
  upload->at += *n;
  return GM_ANSWER_OK;
}

static GBytes *
pattern (gsize size)
{
  char *bytes = g_malloc (size + 1);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (char) (i * 2654435761u >> 24);
  return g_bytes_new_take (bytes, size);
}

static void
put_and_get (Server *server,
             Engine *engine,
             gsize size,
             gboolean length_known)
{
  g_autoptr (GBytes) bytes = pattern (size);
  g_autofree char *target = g_strdup_printf ("put/new-%" G_GSIZE_FORMAT "-%d", size, length_known);
  Upload upload = { bytes, 0 };
  Fetch *put = fetch_from (server, target);
  Fetch *get = fetch_from (server, target);
  Fetch *drop = fetch_from (server, target);

  put->on_read = give;
  put->data = &upload;
  gm_transfer_set_int (put->transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
  gm_transfer_set_int (put->transfer, GM_OPTION_UPLOAD_SIZE, length_known ? (gint64) size : -1);
  engine_add (engine, put);
  engine_run (engine);
  fetch_check (put, GM_OK, 201, NULL);
  g_assert_cmpuint (gm_transfer_get_info (put->transfer)->uploaded, ==, size);

  engine_add (engine, get);
  engine_run (engine);
  fetch_check (get, GM_OK, 200, NULL);
  g_assert_cmpmem (get->body->data, get->body->len, g_bytes_get_data (bytes, NULL), size);

  gm_transfer_set_string (drop->transfer, GM_OPTION_CUSTOM_METHOD, "DELETE");
  engine_add (engine, drop);
  engine_run (engine);
  fetch_check (drop, GM_OK, 204, "");
  fetch_free (put);
  fetch_free (get);
  fetch_free (drop);
}

static void
run_uploads (Server *server,
             Engine *engine)
{
  static const gsize sizes[] = { 0, 1, 10, 16384, 100000, 3 * 1000 * 1000 };

  if (!server->puts)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      put_and_get (server, engine, sizes[i], TRUE);
      put_and_get (server, engine, sizes[i], FALSE);
    }
}

/* ---- one that is large ---- */

#define LARGE (40 * 1000 * 1000)

static GmAnswer
compare_pattern (Fetch *fetch,
                 const char *data,
                 gsize len,
                 gsize *taken)
{
  for (gsize i = 0; i < len; i++)
    g_assert_cmpint (data[i], ==, (char) ((fetch->body_length + i) * 2654435761u >> 24));
  fetch->body_length += len;
  *taken = 0; /* nothing for the frame to keep */
  return GM_ANSWER_OK;
}

static GmAnswer
count_pattern (GmClient *client,
               const char *data,
               gsize len,
               gsize *taken)
{
  gsize kept = len;

  return compare_pattern (client->face, data, len, &kept);
}

static void
run_large (Server *server,
           Engine *engine)
{
  g_autofree char *path = g_build_filename (documents->folder, "large.bin", NULL);
  Fetch *fetch = fetch_from (server, "large.bin");

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autoptr (GBytes) bytes = pattern (LARGE);

      g_assert_true (g_file_set_contents_full (path, g_bytes_get_data (bytes, NULL), LARGE, G_FILE_SET_CONTENTS_NONE,
                                               0644, NULL));
    }
  fetch->ops.write = count_pattern;
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, NULL);
  g_assert_cmpuint (fetch->body_length, ==, LARGE);
  fetch_free (fetch);
}

/* ---- the frame ---- */

static const struct
{
  const char *name;
  PeerTest run;
} tests[] = {
  { "ranges", run_ranges },         { "resume", run_resume }, { "head", run_head },
  { "missing", run_missing },       { "redirect", run_redirect }, { "conditions", run_conditions },
  { "kept", run_kept },             { "chunks", run_chunks }, { "post", run_post },
  { "uploads", run_uploads },       { "large", run_large },
};

/* All of them, on one server and under each loop. */
static void
test_features (gconstpointer data)
{
  Server server = server_new ((PeerKind) GPOINTER_TO_UINT (data));

  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
      {
        Engine *engine = engine_new ((EngineLoop) loop, NULL);

        g_test_message ("%s, %s", tests[i].name, engine_loop_names[loop]);
        tests[i].run (&server, engine);
        engine_free (engine);
      }
  peer_free (server.peer);
}

int
main (int argc,
      char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);

  documents = documents_new (N_DOCUMENTS);
  g_test_message ("%u documents, %u of them real, %.1f MB", documents->paths->len, documents->n_real,
                  (double) documents->n_bytes / 1e6);
  for (guint i = 0; i < PEER_N_KINDS; i++)
    {
      g_autofree char *all = g_strconcat ("/peers-engine/", peer_kind_name ((PeerKind) i), "/documents", NULL);
      g_autofree char *features = g_strconcat ("/peers-engine/", peer_kind_name ((PeerKind) i), "/features", NULL);

      g_test_add_data_func (features, GUINT_TO_POINTER (i), test_features);
      g_test_add_data_func (all, GUINT_TO_POINTER (i), test_documents);
    }
  status = g_test_run ();
  documents_free (documents);

  return status;
}
