/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine.h"
#include "gm-trace.h"
#include "scripted-server.h"

#include <netdb.h>
#include <unistd.h>

/* One transfer by itself: what it waits for, what it leaves on a connection, and what it takes along from a former run. */

typedef void (*LoopTest) (Engine *engine,
                          ScriptedServer *server);

typedef struct
{
  const char *name;
  LoopTest run;
} LoopCase;

static Fetch *
fetch_at (ScriptedServer *server,
          const char *path)
{
  return fetch_new (scripted_server_url (server, path));
}

static void
set_limits (Engine *engine,
            guint per_host)
{
  GmMultiLimits limits = *gm_multi_get_limits (engine->multi);

  limits.pool.max_per_host = per_host;
  gm_multi_set_limits (engine->multi, &limits);
}

/* ---- the line ---- */

/* Both want the same host, but not the same connection: the one that waits can have the place of one that is idle. */
static void
run_place_of_another_key (Engine *engine,
                          ScriptedServer *server)
{
  Fetch *first = fetch_at (server, "/plain");
  Fetch *second = fetch_at (server, "/plain");

  set_limits (engine, 1);
  gm_transfer_set_int (first->transfer, GM_OPTION_IP_VERSION, GM_IP_V4);
  engine_add (engine, first);
  engine_add (engine, second);
  engine_run (engine);
  fetch_check (first, GM_OK, 200, "plain");
  fetch_check (second, GM_OK, 200, "plain");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  fetch_free (first);
  fetch_free (second);
}

#define N_CROWD 40
#define N_DEEDS 1500

typedef struct
{
  Engine *engine;
  ScriptedServer *servers[2];
  Fetch *fetches[N_CROWD];
  guint n_started;
  guint n_removed;
} Crowd;

static void
change_limits (Crowd *crowd)
{
  GmMultiLimits limits = *gm_multi_get_limits (crowd->engine->multi);

  limits.pool.max_total = (guint) g_test_rand_int_range (0, 5);
  limits.pool.max_per_host = (guint) g_test_rand_int_range (0, 3);
  limits.pool.max_idle = g_test_rand_int_range (-1, 4);
  gm_multi_set_limits (crowd->engine->multi, &limits);
}

static void
begin_one (Crowd *crowd,
           Fetch *fetch)
{
  static const char *const paths[] = { "/plain", "/closes", "/chunked", "/moved" };
  ScriptedServer *server = crowd->servers[g_test_rand_int_range (0, 2)];

  fetch_rewind (fetch);
  gm_transfer_set_string (fetch->transfer, GM_OPTION_URL,
                          scripted_server_url (server, paths[g_test_rand_int_range (0, G_N_ELEMENTS (paths))]));
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_MAX_REDIRECTS, 3);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_IP_VERSION, g_test_rand_int_range (0, 2));
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FRESH_CONNECT, g_test_rand_int_range (0, 8) == 0);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FORBID_REUSE, g_test_rand_int_range (0, 8) == 0);
  engine_add (crowd->engine, fetch);
  crowd->n_started++;
}

static void
do_something (Crowd *crowd)
{
  Fetch *fetch = crowd->fetches[g_test_rand_int_range (0, N_CROWD)];
  GmTransferState state = gm_transfer_get_state (fetch->transfer);

  if (state == GM_STATE_DONE)
    engine_remove (fetch);
  else if (state != GM_STATE_IDLE && g_test_rand_int_range (0, 4) == 0)
    {
      engine_remove (fetch);
      crowd->n_removed++;
    }
  else if (state == GM_STATE_IDLE)
    begin_one (crowd, fetch);

  if (g_test_rand_int_range (0, 20) == 0)
    change_limits (crowd);
  if (g_test_rand_int_range (0, 50) == 0)
    gm_multi_close_idle (crowd->engine->multi);
  if (g_test_rand_int_range (0, 100) == 0)
    scripted_server_drop_all (crowd->servers[0], SCRIPTED_END_CLOSE);
}

/* Whatever changes meanwhile, limits, keys, transfers and connections: nobody is forgotten in a line. */
static void
run_nobody_forgotten (Engine *engine,
                      ScriptedServer *server)
{
  g_autoptr (ScriptedServer) other = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  Crowd crowd = { engine, { server, other }, { NULL }, 0, 0 };

  for (guint i = 0; i < 2; i++)
    {
      scripted_server_on (crowd.servers[i], "/plain", scripted_answer_text (200, NULL, "plain"));
      scripted_server_on (crowd.servers[i], "/closes", scripted_answer_text (200, "Connection: close\r\n", "end"));
      scripted_server_on (crowd.servers[i], "/chunked", scripted_answer_chunked (200, NULL, "in pieces", 2, NULL));
      scripted_server_on (crowd.servers[i], "/moved", scripted_answer_redirect (
                            302, scripted_server_url (crowd.servers[1 - i], "/plain")));
    }
  for (guint i = 0; i < N_CROWD; i++)
    crowd.fetches[i] = fetch_new ("http://127.0.0.1/");

  for (guint i = 0; i < N_DEEDS; i++)
    {
      do_something (&crowd);
      if (g_test_rand_int_range (0, 3) == 0)
        engine_turn (engine, 0);
    }
  engine_run (engine);
  g_assert_cmpuint (gm_multi_n_pending (engine->multi), ==, 0);
  g_assert_cmpuint (engine->n_done + crowd.n_removed, ==, crowd.n_started);
  for (guint i = 0; i < N_CROWD; i++)
    fetch_free (crowd.fetches[i]);
}

/* ---- what comes behind an answer ---- */

/* The answer fills the read buffer to its last byte, and what somebody put behind it is still in the socket: the next
 * request must not have it for an answer. */
static void
run_nothing_behind (Engine *engine,
                    ScriptedServer *server)
{
  Fetch *first = fetch_at (server, "/exact");
  Fetch *second = fetch_at (server, "/plain");

  engine_add (engine, first);
  engine_run (engine);
  fetch_check (first, GM_OK, 200, NULL);
  g_assert_cmpuint (first->body->len, ==, GM_READ_SIZE_MIN - 42);
  engine_add (engine, second);
  engine_run (engine);
  fetch_check (second, GM_OK, 200, "plain");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  fetch_free (first);
  fetch_free (second);
}

/* ---- expectations ---- */

static GmAnswer
give_zeros (Fetch *fetch,
            char *buffer,
            gsize len,
            gsize *n)
{
  memset (buffer, 0, len);
  *n = len;
  return GM_ANSWER_OK;
}

/* A server that needs no "100 Continue" to be content: the body goes at once, not when the time is up. */
static void
run_answer_instead_of_100 (Engine *engine,
                           ScriptedServer *server)
{
  Fetch *fetch = fetch_at (server, "/content");

  gm_transfer_set_int (fetch->transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_UPLOAD_SIZE, 2 * 1024 * 1024);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_EXPECT_TIMEOUT_MS, 3600 * 1000);
  fetch->on_read = give_zeros;
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "ok");
  g_assert_cmpuint (gm_transfer_get_info (fetch->transfer)->uploaded, ==, 2 * 1024 * 1024);
  fetch_free (fetch);
}

static GmAnswer
give_little (Fetch *fetch,
             char *buffer,
             gsize len,
             gsize *n)
{
  gboolean *given = fetch->data;

  *n = *given ? 0 : 1;
  *given = TRUE;
  *buffer = 'x';
  return GM_ANSWER_OK;
}

static const char *trailer;

static GmAnswer
give_trailer (GmClient *client,
              void (*add) (gpointer sink, const char *line),
              gpointer sink)
{
  add (sink, "no trailer");
  add (sink, trailer);
  return GM_ANSWER_OK;
}

/* Trailers that would be more than they say are refused like any other field. */
static void
run_trailers (Engine *engine,
              ScriptedServer *server)
{
  static const char *const trailers[] = { "X-Sum: 1", "X-Sum: 1\r\nX-More: 2", "X Sum: 1" };

  for (guint i = 0; i < G_N_ELEMENTS (trailers); i++)
    {
      Fetch *fetch = fetch_at (server, "/content");
      guint number = scripted_server_n_requests (server);
      gboolean given = FALSE;

      trailer = trailers[i];
      fetch->ops.trailers = give_trailer;
      fetch->on_read = give_little;
      fetch->data = &given;
      gm_transfer_set_int (fetch->transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
      gm_transfer_set_int (fetch->transfer, GM_OPTION_EXPECT_TIMEOUT_MS, 1);
      engine_add (engine, fetch);
      engine_run (engine);
      if (i == 0)
        {
          fetch_check (fetch, GM_OK, 200, "ok");
          g_assert_true (scripted_server_wait_requests (server, number + 1, 2000));
          g_assert_cmpstr (scripted_server_request (server, number)->trailers->str, ==, "X-Sum: 1\n");
        }
      else
        fetch_check (fetch, GM_BAD_REQUEST, fetch->status, NULL);
      fetch_free (fetch);
    }
}

/* ---- from one run to the next ---- */

/* What never got as far as a request asked by no method but its own. */
static void
run_method_of_nobody_else (Engine *engine,
                           ScriptedServer *server)
{
  Fetch *put = fetch_at (server, "/content");
  Fetch *bad = fetch_new ("http://[/");

  gm_transfer_set_int (put->transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
  gm_transfer_set_int (put->transfer, GM_OPTION_UPLOAD_SIZE, 0);
  engine_add (engine, put);
  engine_run (engine);
  fetch_check (put, GM_OK, 200, "ok");
  engine_add (engine, bad);
  engine_run (engine);
  fetch_check (bad, GM_BAD_HOST, 0, NULL);
  g_assert_cmpstr (gm_transfer_get_method (bad->transfer), ==, "GET");
  fetch_free (put);
  fetch_free (bad);
}

static GmAnswer
pause_once (Fetch *fetch,
            const char *data,
            gsize len,
            gsize *taken)
{
  gboolean *paused = fetch->data;

  if (*paused)
    return GM_ANSWER_OK;

  *paused = TRUE;
  *taken = 0;
  return GM_ANSWER_PAUSE;
}

static gboolean
is_set (gpointer data)
{
  return *(gboolean *) data;
}

/* A pause is over with its run. */
static void
run_pause_ends (Engine *engine,
                ScriptedServer *server)
{
  Fetch *fetch = fetch_at (server, "/plain");
  gboolean paused = FALSE;

  fetch->on_write = pause_once;
  fetch->data = &paused;
  engine_add (engine, fetch);
  engine_run_until (engine, is_set, &paused);
  engine_remove (fetch);
  fetch_rewind (fetch);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "plain");
  fetch_free (fetch);
}

/* Limits of time that are longer than time: the connection is kept. */
static void
run_ages_without_end (Engine *engine,
                      ScriptedServer *server)
{
  static const GmOption options[] = { GM_OPTION_MAX_LIFE_US, GM_OPTION_MAX_IDLE_US };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      Fetch *fetch = fetch_at (server, "/plain");

      gm_transfer_set_int (fetch->transfer, options[i], G_MAXINT64);
      engine_add (engine, fetch);
      engine_run (engine);
      engine_run_for (engine, 2000);
      g_assert_cmpuint (gm_pool_n_idle (gm_multi_get_pool (engine->multi)), ==, 1);
      gm_multi_close_idle (engine->multi);
      fetch_free (fetch);
    }
}

/* ---- lengths ---- */

/* A length that is to be ignored may be nonsense; what else the head says still counts. */
static void
run_length_of_no_matter (Engine *engine,
                         ScriptedServer *server)
{
  Fetch *fetch = fetch_at (server, "/nonsense");

  gm_transfer_set_int (fetch->transfer, GM_OPTION_IGNORE_LENGTH, TRUE);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_TIMEOUT_MS, 5000);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "chunk");
  fetch_free (fetch);
}

/* ---- logins ---- */

/* A login in the URL is for its origin: a redirect need not repeat it there, and takes it nowhere else. */
static void
run_login_of_the_url (Engine *engine,
                      ScriptedServer *server)
{
  g_autoptr (ScriptedServer) other = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *url = g_strdup_printf ("http://me:pw@127.0.0.1:%u/here", scripted_server_port (server));
  Fetch *fetch = fetch_new (url);

  scripted_server_on (server, "/here", scripted_answer_redirect (302, scripted_server_url (server, "/there")));
  scripted_server_on (server, "/there", scripted_answer_redirect (302, scripted_server_url (other, "/elsewhere")));
  scripted_server_on (other, "/elsewhere", scripted_answer_text (200, NULL, "end"));
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_MAX_REDIRECTS, 5);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_AUTH, GM_AUTH_BASIC);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "end");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "Authorization"), ==, "Basic bWU6cHc=");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "Authorization"), ==, "Basic bWU6cHc=");
  g_assert_null (scripted_request_header (scripted_server_request (other, 0), "Authorization"));
  fetch_free (fetch);
}

/* ---- zones ---- */

static guint32 seen_scope;

static GmResult
connect_never (GmLayer *layer)
{
  return GM_AGAIN;
}

static GmLayer *
note_scope (const void *address,
            guint address_len,
            gpointer user_data)
{
  static const GmLayerType type = { .name = "none", .connect = connect_never };
  const struct sockaddr_in6 *v6 = address;
  GmLayer *layer = g_new0 (GmLayer, 1);

  seen_scope = v6->sin6_scope_id;
  layer->type = &type;
  return layer;
}

/* RFC 6874: the zone of a link-local address is where to connect through, and nothing the server is told. */
static void
test_zone (void)
{
  Engine *engine = engine_new (ENGINE_PULL, NULL);
  Fetch *fetch = fetch_new ("http://[fe80::1%257]:1/");

  seen_scope = 0;
  gm_pool_set_hooks (gm_multi_get_pool (engine->multi), note_scope, NULL, NULL);
  engine_add (engine, fetch);
  engine_turn (engine, 0);
  g_assert_cmpuint (seen_scope, ==, 7);
  fetch_free (fetch);
  engine_free (engine);
}

/* ---- the trace ---- */

static void
set_secrets (Fetch *fetch)
{
  static const GmStringList third = { (char *) "X-Vault-Token: s3cr3t-d", NULL };
  static const GmStringList second = { (char *) "Cookie: a=s3cr3t-c", (GmStringList *) &third };
  static const GmStringList first = { (char *) "Proxy-Authorization: Bearer s3cr3t-b", (GmStringList *) &second };

  gm_transfer_set_list (fetch->transfer, GM_OPTION_HEADERS, &first);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_MAX_REDIRECTS, 5);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_AUTH, GM_AUTH_BASIC);
}

static char *
read_all (int fd)
{
  off_t size = lseek (fd, 0, SEEK_END);
  char *text = g_malloc0 ((gsize) size + 1);

  g_assert_cmpint (pread (fd, text, (gsize) size, 0), ==, size);
  return text;
}

/* Everything is traced, and nothing of it is a secret. */
static void
test_trace (void)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *login = g_strdup_printf ("http://me:s3cr3t-a@127.0.0.1:%u/?access_token=s3cr3t-e",
                                            scripted_server_port (server));
  g_autofree char *there = g_strdup_printf ("http://you:s3cr3t-f@127.0.0.1:%u/there?api_key=s3cr3t-g",
                                            scripted_server_port (server));
  g_autofree char *trace = NULL;
  char path[] = "/tmp/test-gm-transfer-XXXXXX";
  int fd = g_mkstemp (path);
  Engine *engine = engine_new (ENGINE_LEVEL, NULL);
  Fetch *fetch = fetch_new (login);

  g_assert_cmpint (unlink (path), ==, 0);
  scripted_server_on (server, "*", scripted_answer_redirect (302, there));
  scripted_server_on (server, "/there?api_key=s3cr3t-g", scripted_answer_text (
                        200, "Set-Cookie: b=s3cr3t-h;\r\n Path=/s3cr3t-i\r\nAuthentication-Info: fine\r\n", "end"));
  set_secrets (fetch);
  gm_trace_setup ("all", fd);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, GM_OK, 200, "end");
  gm_trace_setup (NULL, STDERR_FILENO);
  trace = read_all (fd);
  close (fd);

  g_assert_nonnull (strstr (trace, "header: > GET /?access_token=*** HTTP/1.1"));
  g_assert_nonnull (strstr (trace, "header: < Location: http://***@127.0.0.1"));
  g_assert_nonnull (strstr (trace, "Authentication-Info: fine"));
  g_assert_nonnull (strstr (trace, "X-Vault-Token: ***"));
  g_assert_null (strstr (trace, "s3cr3t"));
  g_assert_null (strstr (trace, "bWU6czNjcjN0LWE"));
  g_assert_null (strstr (trace, "eW91OnMzY3IzdC1m"));
  fetch_free (fetch);
  engine_free (engine);
}

/* ---- inside its own removal ---- */

typedef struct
{
  Engine *engine;
  GmTransfer *transfer;
  gboolean free_it;
  guint n_notes;
} Removal;

static void
remove_again (GmClient *client,
              GmNote what,
              const char *data,
              guint64 number)
{
  Removal *removal = client->face;

  if (what != GM_NOTE_CLOSING)
    return;
  removal->n_notes++;
  if (removal->free_it)
    gm_transfer_free (g_steal_pointer (&removal->transfer));
  else
    gm_multi_remove (removal->engine->multi, removal->transfer);
}

static gboolean
is_running (gpointer data)
{
  return gm_transfer_get_state (((Removal *) data)->transfer) == GM_STATE_RUNNING;
}

/* Who is told that the connection closes, because the transfer is taken out, takes it out or frees it. */
static void
test_removal_inside_removal (void)
{
  static const GmClientOps ops = { .note = remove_again };
  g_autoptr (ScriptedServer) server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (server, "/stuck", scripted_answer_stall (scripted_answer_new ()));
  for (guint i = 0; i < 2; i++)
    {
      Engine *engine = engine_new (ENGINE_PULL, NULL);
      Removal removal = { engine, NULL, i == 1, 0 };

      removal.transfer = gm_transfer_new (&ops, &removal);
      gm_transfer_set_string (removal.transfer, GM_OPTION_URL, scripted_server_url (server, "/stuck"));
      g_assert_cmpint (gm_multi_add (engine->multi, removal.transfer), ==, GM_OK);
      engine_run_until (engine, is_running, &removal);
      gm_multi_remove (engine->multi, removal.transfer);
      g_assert_cmpuint (removal.n_notes, ==, 1);
      g_assert_cmpuint (gm_multi_n_added (engine->multi), ==, 0);
      g_assert_cmpuint (gm_multi_n_running (engine->multi), ==, 0);
      if (removal.transfer != NULL)
        {
          g_assert_cmpint (gm_multi_add (engine->multi, removal.transfer), ==, GM_OK);
          gm_transfer_free (removal.transfer);
        }
      engine_free (engine);
    }
}

/* ---- all of them, by each loop ---- */

static const LoopCase loop_cases[] = {
  { "place-of-another-key", run_place_of_another_key },
  { "nobody-forgotten", run_nobody_forgotten },
  { "nothing-behind", run_nothing_behind },
  { "answer-instead-of-100", run_answer_instead_of_100 },
  { "trailers", run_trailers },
  { "method-of-nobody-else", run_method_of_nobody_else },
  { "pause-ends", run_pause_ends },
  { "ages-without-end", run_ages_without_end },
  { "length-of-no-matter", run_length_of_no_matter },
  { "login-of-the-url", run_login_of_the_url },
};

static ScriptedServer *
make_server (void)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *filler = g_strnfill (GM_READ_SIZE_MIN - 42, '.');
  g_autofree char *exact = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: %05u\r\n\r\n%s"
                                            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
                                            GM_READ_SIZE_MIN - 42, filler);

  scripted_server_on (server, "/plain", scripted_answer_text (200, NULL, "plain"));
  scripted_server_on (server, "/exact", scripted_answer_exact (exact));
  scripted_server_on (server, "/content", scripted_answer_at_head (scripted_answer_wait_body (
                        scripted_answer_text (200, NULL, "ok"), G_MAXUINT64)));
  scripted_server_on (server, "/nonsense", scripted_answer_exact (
                        "HTTP/1.1 200 OK\r\nContent-Length: many\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\nchunk\r\n0\r\n\r\n"));

  return server;
}

static void
test_loop_case (gconstpointer data)
{
  const LoopCase *spec = data;

  for (guint loop = 0; loop < ENGINE_N_LOOPS; loop++)
    {
      g_autoptr (ScriptedServer) server = make_server ();
      Engine *engine = engine_new ((EngineLoop) loop, NULL);

      g_test_message ("%s", engine_loop_names[loop]);
      spec->run (engine, server);
      engine_free (engine);
    }
}

/* ---- overrides ---- */

static int
no_such_name (const char *host,
              int family,
              GmAddresses **addresses,
              gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return EAI_NONAME;
}

static void
run_override (Engine *engine,
              Fetch *fetch,
              gint64 after_s,
              GmResult result)
{
  engine_clock_now += after_s * G_USEC_PER_SEC;
  fetch_rewind (fetch);
  /* Not over a connection that is there. */
  gm_transfer_set_int (fetch->transfer, GM_OPTION_FRESH_CONNECT, 1);
  engine_add (engine, fetch);
  engine_run (engine);
  fetch_check (fetch, result, result == GM_OK ? 200 : 0, result == GM_OK ? "plain" : "");
  engine_remove (fetch);
}

/* An override that expires does so from when it was set, however often the handle is used meanwhile. */
static void
test_override_expires (void)
{
  g_autoptr (ScriptedServer) server = make_server ();
  Engine *engine = engine_new (ENGINE_PULL, &engine_clock);
  g_autofree char *url = g_strdup_printf ("http://expires.test:%u/plain", scripted_server_port (server));
  g_autofree char *line = g_strdup_printf ("+expires.test:%u:127.0.0.1", scripted_server_port (server));
  GmStringList list = { line, NULL };
  Fetch *fetch = fetch_new (url);
  gint n_asked = 0;

  gm_resolver_set_backend (gm_multi_get_resolver (engine->multi), no_such_name, &n_asked);
  gm_transfer_set_list (fetch->transfer, GM_OPTION_OVERRIDES, &list);
  gm_transfer_set_int (fetch->transfer, GM_OPTION_DNS_CACHE_US, 60 * G_USEC_PER_SEC);
  run_override (engine, fetch, 0, GM_OK);
  run_override (engine, fetch, 40, GM_OK);
  g_assert_cmpint (n_asked, ==, 0);
  run_override (engine, fetch, 40, GM_RESOLVE_FAILED);
  g_assert_cmpint (n_asked, ==, 2);
  gm_transfer_set_list (fetch->transfer, GM_OPTION_OVERRIDES, &list);
  run_override (engine, fetch, 0, GM_OK);
  fetch_free (fetch);
  engine_free (engine);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (loop_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/gm-transfer/", loop_cases[i].name, NULL);

      g_test_add_data_func (path, &loop_cases[i], test_loop_case);
    }
  g_test_add_func ("/gm-transfer/zone", test_zone);
  g_test_add_func ("/gm-transfer/trace", test_trace);
  g_test_add_func ("/gm-transfer/removal-inside-removal", test_removal_inside_removal);
  g_test_add_func ("/gm-transfer/override-expires", test_override_expires);

  return g_test_run ();
}
