/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Which connection a request goes over, what happens when it turns out dead, and how many there may be. */

static void
run_dead_by_close (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  scripted_server_set_keep_alive (case_server (c), 1, SCRIPTED_END_FIN, 0);
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_run_for (c, 20); /* its end arrives while nobody transfers */
  case_check_ok (case_get (c, "/2"), 200, "x");
  case_check_log (c, "GET /1#0 GET /2#1");
}

/* While anybody transfers, an idle connection is watched: its end is answered with ours, and a program is told. */
static void
run_dead_while_idle (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/1");
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *busy = case_transfer (c, scripted_server_url (other, "/stall"));

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  scripted_server_on (other, "*", scripted_answer_stall (scripted_answer_new ()));
  case_add (busy);
  case_run_asked (c, other, 1);
  case_add (t);
  case_run_done (t);
  case_check_ok (t, 200, "x");
  g_assert_cmpuint (scripted_server_n_open (case_server (c)), ==, 1);
  scripted_server_drop_all (case_server (c), SCRIPTED_END_FIN);
  case_run_for (c, 60 * case_patience ());
  g_assert_cmpuint (scripted_server_n_open (case_server (c)), ==, 0);
  if (case_driver (c)->type->flags & DRIVER_EVENTS)
    g_assert_cmpuint (driver_n_sockets (case_driver (c)), ==, 1);
  case_remove (busy);
}

/* While nobody transfers, a foreign loop watches nothing, and so may end. What died meanwhile is found before it is used: an
 * upload is not begun over it, and need not be begun again. */
static void
run_dead_at_rest (Case *c)
{
  static const ScriptedEnd ends[] = { SCRIPTED_END_FIN, SCRIPTED_END_CLOSE, SCRIPTED_END_RESET };
  g_autoptr (GBytes) data = g_bytes_new_static ("0123456789", 10);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      CaseTransfer *t = case_transfer (c, "/up");

      case_check_ok (case_get (c, "/1"), 200, "x");
      case_run_to_rest (c);
      g_assert_cmpuint (scripted_server_n_open (case_server (c)), ==, 1);
      scripted_server_drop_all (case_server (c), ends[i]);
      g_usleep (5000); /* not longer than two requests in a row are apart */
      case_upload_from (t, g_bytes_ref (data), 0);
      case_set (t, CURLOPT_UPLOAD, 1L);
      case_set (t, CURLOPT_INFILESIZE, 10L);
      case_run_transfer (t);
      case_check_ok (t, 200, "x");
      g_assert_cmpuint (t->n_seeks, ==, 0);
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 1);
      case_remove (t);
      case_rewind (t);
      case_set (t, CURLOPT_FORBID_REUSE, 1L);
      t->upload_at = 0;
      case_run_transfer (t);
      case_check_ok (t, 200, "x");
      g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 0);
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 3 * G_N_ELEMENTS (ends));
}

/* … and what nobody wants again does not stay half-closed for ever. */
static void
run_forgotten_at_rest (Case *c)
{
  ScriptedServer *other;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (other, "*", scripted_answer_text (200, NULL, "y"));
  case_check_ok (case_get (c, "/1"), 200, "x");
  scripted_server_drop_all (case_server (c), SCRIPTED_END_FIN);
  g_usleep (1100000);
  case_check_ok (case_get (c, scripted_server_url (other, "/")), 200, "y");
  case_run_for (c, 20 * case_patience ());
  g_assert_cmpuint (scripted_server_n_open (case_server (c)), ==, 0);
}

/* The end and the next request cross on the wire: the request is sent again, on a new connection, and only once. */
static void
run_dead_on_request (Case *c)
{
  static const ScriptedEnd ends[] = { SCRIPTED_END_FIN, SCRIPTED_END_CLOSE, SCRIPTED_END_RESET };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autofree char *place = g_strdup_printf ("#%u.1", 2 * i);
      CaseTransfer *t;

      scripted_server_on (case_server (c), place, scripted_answer_end (scripted_answer_new (), ends[i]));
      scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
      t = case_transfer (c, "/first");
      case_set (t, CURLOPT_FRESH_CONNECT, 1L);
      case_run_transfer (t);
      case_check_ok (t, 200, "x");
      t = case_get (c, "/second");
      case_check_ok (t, 200, "x");
      case_check_order (t, "HBD");
      g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 3 * (i + 1));
      t = case_transfer (c, "/last");
      (void) t;
      scripted_server_drop_all (case_server (c), SCRIPTED_END_FIN);
      case_run_for (c, 20);
    }
}

/* The server half-closes together with its answer, and both are there before anybody looks: an edge-triggered loop tells
 * of them at once, and of the end never again. The next request goes out before the pool would look for itself. */
static void
run_end_with_answer (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_delay (scripted_answer_new (), 60);
  CaseTransfer *first = case_transfer (c, "/1"), *second = case_transfer (c, "/2");

  scripted_answer_send (answer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  scripted_server_on (case_server (c), "/1", scripted_answer_end (answer, SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "y"));
  case_add (first);
  case_run_for (c, 30);
  g_usleep (80000);
  case_run (c);
  case_add (second);
  case_run (c);
  case_check_ok (first, 200, "x");
  case_check_ok (second, 200, "y");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2);
}

/* On a new connection silence is an answer: it is not asked again. */
static void
run_nothing_on_new (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  case_check_error (case_get (c, "/"), CURLE_GOT_NOTHING);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
}

/* Something was received: then it is not asked again either. */
static void
run_no_retry_after_bytes (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/1", scripted_answer_text (200, NULL, "x"));
  scripted_server_on (case_server (c), "/2", scripted_answer_end (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), SCRIPTED_END_FIN));
  case_check_ok (case_get (c, "/1"), 200, "x");
  t = case_get (c, "/2");
  case_check_error (t, CURLE_PARTIAL_FILE);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 2);
}

/* The retry meets silence too: that is the end. */
static void
run_retry_once (Case *c)
{
  scripted_server_on (case_server (c), "/1", scripted_answer_text (200, NULL, "x"));
  scripted_server_on (case_server (c), "/2", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_FIN));
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_check_error (case_get (c, "/2"), CURLE_GOT_NOTHING);
  case_check_log (c, "GET /1#0 GET /2#0 GET /2#1");
}

static void
run_unwanted_bytes (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_text (200, NULL, "x");

  /* Bytes that nobody asked for, while the connection is idle. */
  scripted_answer_send (scripted_answer_delay (answer, 20), "HTTP/1.1 200 Evil\r\nContent-Length: 4\r\n\r\nevil");
  scripted_server_on (case_server (c), "/1", answer);
  scripted_server_on (case_server (c), "/2", scripted_answer_text (200, NULL, "good"));
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_run_for (c, 60 * case_patience ());
  case_check_ok (case_get (c, "/2"), 200, "good");
  case_check_log (c, "GET /1#0 GET /2#1");
}

static void
run_forbid_and_fresh (Case *c)
{
  CaseTransfer *forbid = case_transfer (c, "/1"), *fresh = case_transfer (c, "/3");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_set (forbid, CURLOPT_FORBID_REUSE, 1L);
  case_run_transfer (forbid);
  case_check_ok (case_get (c, "/2"), 200, "x");
  case_set (fresh, CURLOPT_FRESH_CONNECT, 1L);
  case_run_transfer (fresh);
  case_check_log (c, "GET /1#0 GET /2#1 GET /3#2");
  case_run_for (c, 20);
  g_assert_cmpuint (scripted_server_n_open (case_server (c)), ==, 2);
}

static void
run_other_origin (Case *c)
{
  ScriptedServer *other = NULL;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "one"));
  other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (other, "*", scripted_answer_text (200, NULL, "two"));
  case_check_ok (case_get (c, "/"), 200, "one");
  case_check_ok (case_get (c, scripted_server_url (other, "/")), 200, "two");
  case_check_ok (case_get (c, "/"), 200, "one");
  case_check_ok (case_get (c, scripted_server_url (other, "/")), 200, "two");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (other), ==, 1);
}

/* A pool of one: the second connection closes the first idle one. */
static void
run_pool_size (Case *c)
{
  ScriptedServer *first = case_server (c), *second = case_new_server (c, SCRIPTED_SERVER_DEFAULT);

  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAXCONNECTS, 1L);
  scripted_server_on (first, "*", scripted_answer_text (200, NULL, "one"));
  scripted_server_on (second, "*", scripted_answer_text (200, NULL, "two"));
  case_check_ok (case_get (c, "/"), 200, "one");
  case_check_ok (case_get (c, scripted_server_url (second, "/")), 200, "two");
  case_run_for (c, 20);
  g_assert_cmpuint (scripted_server_n_open (first) + scripted_server_n_open (second), ==, 1);
}

static void
run_max_age (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/2");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_run_for (c, 2100);
  case_set (t, CURLOPT_MAXAGE_CONN, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "x");
  case_check_log (c, "GET /1#0 GET /2#1");
}

static void
run_max_lifetime (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/2");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_check_ok (case_get (c, "/1"), 200, "x");
  case_run_for (c, 2100);
  case_set (t, CURLOPT_MAXLIFETIME_CONN, 1L);
  case_run_transfer (t);
  case_check_log (c, "GET /1#0 GET /2#1");
}

/* --- limits --- */

static void
add_many (Case *c,
          CaseTransfer **transfers,
          guint n)
{
  for (guint i = 0; i < n; i++)
    case_add (transfers[i] = case_transfer (c, "/slow"));
}

static void
check_all (CaseTransfer **transfers,
           guint n)
{
  for (guint i = 0; i < n; i++)
    case_check_ok (transfers[i], 200, "x");
}

static void
slow_server (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_delay (scripted_answer_new (), 30);

  scripted_server_on (case_server (c), "/slow",
                      scripted_answer_send (answer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
}

static void
run_total_limit (Case *c)
{
  CaseTransfer *transfers[12];

  slow_server (c);
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 3L);
  add_many (c, transfers, G_N_ELEMENTS (transfers));
  case_run (c);
  check_all (transfers, G_N_ELEMENTS (transfers));
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 3);
}

static void
run_host_limit (Case *c)
{
  CaseTransfer *transfers[8], *elsewhere;
  ScriptedServer *other;

  slow_server (c);
  other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (other, "*", scripted_answer_text (200, NULL, "free"));
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 2L);
  add_many (c, transfers, G_N_ELEMENTS (transfers));
  /* Who waits for one host does not hold up another. */
  elsewhere = case_transfer (c, scripted_server_url (other, "/"));
  case_add (elsewhere);
  case_run (c);
  check_all (transfers, G_N_ELEMENTS (transfers));
  case_check_ok (elsewhere, 200, "free");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2);
  g_assert_cmpint (elsewhere->done_at, <=, transfers[7]->done_at);
}

static gboolean
is_connected (gpointer data)
{
  return scripted_server_n_connections (case_server (data)) > 0;
}

/* Raised while running: those that wait begin by themselves. */
static void
run_limit_raised (Case *c)
{
  CaseTransfer *transfers[8];

  slow_server (c);
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  add_many (c, transfers, G_N_ELEMENTS (transfers));
  g_assert_true (case_run_until (c, is_connected, c, 10000 * case_patience ()));
  case_run_for (c, 40);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0L);
  case_run (c);
  check_all (transfers, G_N_ELEMENTS (transfers));
}

/* The total time runs while a transfer waits for a connection; and one that is removed there leaves no trace. */
static void
run_pending_ends (Case *c)
{
  CaseTransfer *busy = case_transfer (c, "/stall"), *late = case_transfer (c, "/slow"), *removed;

  slow_server (c);
  scripted_server_on (case_server (c), "/stall", scripted_answer_send (
                        scripted_answer_delay (scripted_answer_new (), 400 * case_patience ()), "HTTP/1.1 204 Done\r\n\r\n"));
  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  removed = case_transfer (c, "/slow");
  case_add (busy);
  case_run_for (c, 30 * case_patience ());
  case_set (late, CURLOPT_TIMEOUT_MS, 100L * (long) case_patience ());
  case_add (late);
  case_add (removed);
  case_run_for (c, 50);
  case_remove (removed);
  case_run (c);
  case_check_ok (busy, 204, "");
  case_check_error (late, CURLE_OPERATION_TIMEDOUT);
  g_assert_cmpint (late->done_at - late->added_at, <, 350000 * case_patience ());
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
}

const CaseSpec case_pool[] = {
  { "dead-by-close", run_dead_by_close },
  { "dead-while-idle", run_dead_while_idle, CASE_NOT_ON_LIBCURL,
    "libcurl 7.88 looks at idle ones only when it needs them" },
  { "dead-at-rest", run_dead_at_rest },
  { "forgotten-at-rest", run_forgotten_at_rest, CASE_SLOW },
  { "dead-on-request", run_dead_on_request },
  { "end-with-answer", run_end_with_answer },
  { "nothing-on-new", run_nothing_on_new },
  { "no-retry-after-bytes", run_no_retry_after_bytes },
  { "retry-once", run_retry_once },
  { "unwanted-bytes", run_unwanted_bytes, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes them for the next answer" },
  { "forbid-and-fresh", run_forbid_and_fresh },
  { "other-origin", run_other_origin },
  { "pool-size", run_pool_size },
  { "max-age", run_max_age, CASE_SLOW },
  { "max-lifetime", run_max_lifetime, CASE_SLOW },
  { "total-limit", run_total_limit },
  { "host-limit", run_host_limit },
  { "limit-raised", run_limit_raised },
  { "pending-ends", run_pending_ends, CASE_NOT_ON_LIBCURL, "libcurl 7.88 sees the end of one that waits too late" },
  { NULL },
};
