/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Many transfers on one connection: who shares it, who waits for it, who goes elsewhere. */

#define N 40

#ifdef CASES_WITH_HTTP2

/* One of many, all of it small; to a server that speaks HTTP/2. */
static CaseTransfer *
new_stream (Case *c,
            ScriptedServer *server,
            const char *target)
{
  CaseTransfer *t = case_transfer (c, scripted_server_url (server, target));

  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  return t;
}

static ScriptedServer *
new_server (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2);

  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, "yes"));
  scripted_server_on (server, "GET /stall", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (server, "GET /later", scripted_answer_body (scripted_answer_send (
                                              scripted_answer_delay (scripted_answer_new (), 30 * case_patience ()),
                                              "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "later"));
  return server;
}

/* All begin at once, before anybody knows the server. */
static void
run_many (Case *c,
          ScriptedServer *server,
          guint n_connections)
{
  CaseTransfer *transfers[N];
  long n_connects = 0;

  for (guint i = 0; i < N; i++)
    case_add (transfers[i] = new_stream (c, server, "/later"));
  case_run (c);
  for (guint i = 0; i < N; i++)
    {
      case_check_ok (transfers[i], 200, "later");
      g_assert_cmpint (case_info (transfers[i], CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_2_0);
      n_connects += case_info (transfers[i], CURLINFO_NUM_CONNECTS);
    }
  g_assert_cmpuint (scripted_server_n_connections (server), ==, n_connections);
  g_assert_cmpint (n_connects, ==, n_connections);
}

static void
run_one_connection (Case *c)
{
  run_many (c, new_server (c), 1);
}

static void
run_few_streams (Case *c)
{
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 10L);
  run_many (c, new_server (c), N / 10);
}

static void
run_alone (Case *c)
{
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
  run_many (c, new_server (c), N);
}

/* Those that find no room wait when another connection may not be had. */
static void
run_limit (Case *c)
{
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 10L);
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
  run_many (c, new_server (c), 2);
}

static void
run_cancel (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *stalled = new_stream (c, server, "/stall");
  CaseTransfer *other = new_stream (c, server, "/later");

  case_add (stalled);
  case_add (other);
  case_run_asked (c, server, 2);
  case_remove (stalled);
  case_run_done (other);
  case_check_ok (other, 200, "later");
  case_run_transfer (other = new_stream (c, server, "/a"));
  case_check_ok (other, 200, "yes");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* Who connects is taken out: who waited for that goes on. */
static void
run_connector_removed (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *first = new_stream (c, server, "/a");
  CaseTransfer *second = new_stream (c, server, "/a");

  case_add (first);
  case_add (second);
  case_remove (first);
  case_run (c);
  case_check_ok (second, 200, "yes");
}

static void
run_refused (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2);
  CaseTransfer *transfers[N];

  /* Nobody listens there any more. */
  for (guint i = 0; i < N; i++)
    transfers[i] = new_stream (c, server, "/a");
  scripted_server_stop (server);
  for (guint i = 0; i < N; i++)
    case_add (transfers[i]);
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_error (transfers[i], CURLE_COULDNT_CONNECT);
}

/* Nobody answers there: not one after the other do they find out. */
static void
run_deaf (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_DEAF);
  CaseTransfer *transfers[N];
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < N; i++)
    {
      transfers[i] = new_stream (c, server, "/a");
      case_set (transfers[i], CURLOPT_CONNECTTIMEOUT_MS, 150L);
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_error (transfers[i], CURLE_OPERATION_TIMEDOUT);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 1500 * 1000 * case_patience ());
}

/* The connection goes: those that were promised nothing yet are asked for again, on another. */
static void
run_lost_while_idle (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t;

  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  scripted_server_drop_all (server, SCRIPTED_END_FIN);
  g_assert_true (scripted_server_wait_open (server, 1, 1000));
  case_run_for (c, 30);
  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
}

/* ---- answers ---- */

static int
debug_cb (CURL *easy,
          curl_infotype type,
          char *data,
          size_t size,
          void *user_data)
{
  if (type == CURLINFO_HEADER_IN || type == CURLINFO_HEADER_OUT)
    g_string_append_len (user_data, data, (gssize) size);
  return 0;
}

/* Trailers are told to the debug function as a head is; the status is a header of a kind of its own. */
static void
run_told (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2);
  CaseTransfer *t = new_stream (c, server, "/a");
  g_autoptr (GString) told = g_string_new (NULL);
  struct curl_header *header;

  scripted_server_on (server, "/a", scripted_answer_chunked (200, NULL, "hello", 5, "x-sum: 1\r\n"));
  case_set (t, CURLOPT_VERBOSE, 1L);
  case_set (t, CURLOPT_DEBUGFUNCTION, debug_cb);
  case_set (t, CURLOPT_DEBUGDATA, told);
  case_run_transfer (t);
  case_check_ok (t, 200, "hello");
  g_assert_nonnull (strstr (told->str, "GET /a HTTP/2\r\nHost: ")); /* behind what a proxy was told */
  g_assert_true (g_str_has_suffix (told->str, "\r\nAccept: */*\r\n\r\nHTTP/2 200 \r\n\r\nx-sum: 1\r\n"));
  g_assert_cmpint (curl_easy_header (t->easy, ":status", 0, CURLH_PSEUDO, -1, &header), ==, CURLHE_OK);
  g_assert_cmpstr (header->value, ==, "200");
  g_assert_cmpint (curl_easy_header (t->easy, ":status", 1, CURLH_PSEUDO, -1, &header), ==, CURLHE_BADINDEX);
  g_assert_cmpint (curl_easy_header (t->easy, ":status", 0, CURLH_HEADER, -1, &header), ==, CURLHE_MISSING);
  header = curl_easy_nextheader (t->easy, CURLH_PSEUDO | CURLH_TRAILER, -1, NULL);
  g_assert_cmpstr (header->name, ==, ":status");
  header = curl_easy_nextheader (t->easy, CURLH_PSEUDO | CURLH_TRAILER, -1, header);
  g_assert_cmpstr (header->name, ==, "x-sum");
  g_assert_null (curl_easy_nextheader (t->easy, CURLH_PSEUDO | CURLH_TRAILER, -1, header));
}

/* What is no answer ends its stream, and a stream that was ended is told of by the name of its error. */
static void
run_malformed (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2);
  CaseTransfer *t;

  scripted_server_on (server, "/a", scripted_answer_text (200, "Bad Name: 1\r\n", "yes"));
  scripted_server_on (server, "/b", scripted_answer_exact ("RST 2\r\n\r\n"));
  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_error (t, CURLE_HTTP2_STREAM);
  g_assert_nonnull (strstr (t->error, "was not closed cleanly: PROTOCOL_ERROR (err 1)"));
  case_run_transfer (t = new_stream (c, server, "/b"));
  case_check_error (t, CURLE_HTTP2_STREAM);
  g_assert_nonnull (strstr (t->error, "was not closed cleanly: INTERNAL_ERROR (err 2)"));
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* ---- weights ---- */

/* Told with the request; what is no weight, or was not set, is not told (the server then keeps the last one in mind). */
static void
run_weight (Case *c)
{
  static const struct
  {
    long weight;
    guint told;
  } cases[] = { { 0, 0 }, { 200, 200 }, { 1, 1 }, { 256, 256 }, { 257, 256 }, { -1, 256 } };
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2 | SCRIPTED_SERVER_WEIGHTS);

  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, "yes"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = new_stream (c, server, "/a");

      if (cases[i].weight != 0)
        g_assert_cmpint (curl_easy_setopt (t->easy, CURLOPT_STREAM_WEIGHT, cases[i].weight), ==, CURLE_OK);
      case_run_transfer (t);
      case_check_ok (t, 200, "yes");
      g_assert_cmpuint (scripted_server_weight (server), ==, cases[i].told);
    }
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* ---- upgrade ---- */

static CaseTransfer *
upgrading (Case *c,
           ScriptedServer *server,
           const char *target)
{
  CaseTransfer *t = case_transfer (c, scripted_server_url (server, target));

  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2_0);
  return t;
}

/* The first answer comes as stream 1; then there is a connection that carries many. */
static void
run_upgrade (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_UPGRADE);
  CaseTransfer *transfers[5], *t;

  scripted_server_on (server, "/a", scripted_answer_text (200, "X-Field: 1\r\n", "yes"));
  scripted_server_on (server, "/big", scripted_answer_big (1, 1000000));
  scripted_server_on (server, "/p", scripted_answer_echo (scripted_answer_new ()));
  case_run_transfer (t = upgrading (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  case_check_order (t, "iHBD");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_2_0);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = upgrading (c, server, i % 2 == 0 ? "/big" : "/p");
      transfers[i]->keep_body = i % 2 != 0;
      transfers[i]->seed = 1;
      if (i % 2 != 0)
        case_set (transfers[i], CURLOPT_POSTFIELDS, "some");
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, i % 2 == 0 ? NULL : "some");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);

  /* Who speaks HTTP/1.1 alone has no use for it. */
  t = upgrading (c, server, "/a");
  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
  case_run_transfer (t);
  case_check_ok (t, 200, "yes");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_1_1);
  g_assert_null (scripted_request_header (scripted_server_request (server, 6), "Upgrade"));
}

/* A body goes by HTTP/1.1, and so does a login; HEAD has an answer without one; a big answer begins in the same segment as the 101. */
static void
run_upgrade_kinds (Case *c)
{
  for (guint i = 0; i < 4; i++)
    {
      ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_UPGRADE);
      CaseTransfer *t = upgrading (c, server, "/a");

      scripted_server_on (server, "POST /a", scripted_answer_echo (scripted_answer_new ()));
      scripted_server_on (server, "GET /a", scripted_answer_big (1, 3000000));
      scripted_server_on (server, "HEAD /a", scripted_answer_text (200, NULL, "body"));
      t->keep_body = i < 2;
      t->seed = 1;
      if (i == 0)
        case_set (t, CURLOPT_POSTFIELDS, "some");
      if (i == 1)
        case_set (t, CURLOPT_NOBODY, 1L);
      if (i == 3)
        case_set (t, CURLOPT_USERPWD, "me:pw");
      case_run_transfer (t);
      case_check_ok (t, 200, i == 0 ? "some" : i == 1 ? "" : NULL);
      g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==,
                       i == 0 || i == 3 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2_0);
    }
}

/* A server that knows nothing of it answers as ever; one that goes over to something else is wrong. */
static void
run_upgrade_ignored (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t;

  scripted_server_on (server, "/a", scripted_answer_text (200, NULL, "yes"));
  scripted_server_on (server, "/b", scripted_answer_exact ("HTTP/1.1 101 Over\r\nUpgrade: websocket\r\n\r\n"));
  case_run_transfer (t = upgrading (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_1_1);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 0), "Upgrade"), ==, "h2c");
  case_run_transfer (t = upgrading (c, server, "/b"));
  case_check_error (t, CURLE_UNSUPPORTED_PROTOCOL);
}

/* What one may speak on its connection another may not. */
static void
run_versions_apart (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = case_transfer (c, scripted_server_url (server, "/a"));
  CaseTransfer *demanding = new_stream (c, server, "/a");

  scripted_server_on (server, "GET /a", scripted_answer_text (200, NULL, "yes"));
  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
  case_run_transfer (t);
  case_check_ok (t, 200, "yes");
  case_run_transfer (demanding);
  /* It hangs up, or answers in words that are no frames, by how much it had read. */
  if (demanding->result != CURLE_HTTP2)
    case_check_error (demanding, CURLE_GOT_NOTHING);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
}

#endif

#define FLAGS CASE_NOT_ON_LIBCURL | CASE_ONLY_CLEARTEXT
#define UPGRADE_FLAGS CASE_NOT_ON_LIBCURL | CASE_ONLY_CLEARTEXT | CASE_NOT_OVER_FAULTS
#define WHY "it does not wait for a connection that may carry many"

const CaseSpec case_streams[] = {
#ifdef CASES_WITH_HTTP2
  { "streams-one-connection", run_one_connection, FLAGS, WHY },
  { "streams-few", run_few_streams, FLAGS, WHY },
  { "streams-alone", run_alone, FLAGS, WHY },
  { "streams-limit", run_limit, FLAGS, WHY },
  { "streams-cancel", run_cancel, FLAGS, WHY },
  { "streams-connector-removed", run_connector_removed, FLAGS, WHY },
  { "streams-refused", run_refused, FLAGS, WHY },
  { "streams-deaf", run_deaf, FLAGS, WHY },
  { "streams-lost-while-idle", run_lost_while_idle, FLAGS, WHY },
  { "streams-told", run_told, FLAGS, "it tells of the end of trailers, too" },
  { "streams-malformed", run_malformed, FLAGS, "it cannot use a connection without TLS twice" },
  { "streams-weight", run_weight, FLAGS, WHY },
  { "streams-upgrade", run_upgrade, UPGRADE_FLAGS, NULL },
  { "streams-upgrade-kinds", run_upgrade_kinds, UPGRADE_FLAGS, NULL },
  { "streams-upgrade-ignored", run_upgrade_ignored, UPGRADE_FLAGS, NULL },
  { "streams-versions-apart", run_versions_apart, FLAGS, WHY },
#endif
  { NULL },
};
