/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* What a server says of its connection over HTTP/2, beside its answers, and what becomes of the transfers. */

#ifdef CASES_WITH_HTTP2

#define N 100
#define HALF 50
#define BIG 1000000

static CaseTransfer *
new_stream (Case *c,
            ScriptedServer *server,
            const char *target)
{
  CaseTransfer *t = case_transfer (c, scripted_server_url (server, target));

  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  return t;
}

static ScriptedAnswer *
frame (const char *words)
{
  g_autofree char *text = g_strdup_printf ("%s\r\n\r\n", words);

  return scripted_answer_exact (text);
}

static ScriptedAnswer *
frame_and_text (const char *words,
                const char *text)
{
  g_autofree char *whole = g_strdup_printf ("%s\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n%s", words,
                                            (guint) strlen (text), text);

  return scripted_answer_exact (whole);
}

/* With one transfer before, the connection is there when the others begin. */
static ScriptedServer *
new_server (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_HTTP2);

  scripted_server_on (server, "/first", scripted_answer_text (200, NULL, "first"));
  scripted_server_on (server, "/a", scripted_answer_text (200, NULL, "yes"));
  scripted_server_on (server, "/big", scripted_answer_big (1, BIG));
  scripted_server_on (server, "/later", scripted_answer_body (scripted_answer_send (
                                          scripted_answer_delay (scripted_answer_new (), 100),
                                          "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "later"));
  return server;
}

static void
get_first (Case *c,
           ScriptedServer *server)
{
  CaseTransfer *t = new_stream (c, server, "/first");

  case_run_transfer (t);
  case_check_ok (t, 200, "first");
}

/* ---- GOAWAY ---- */

/* In the middle of a hundred: what was promised an answer gets it there, what was not gets it elsewhere. */
static void
run_goaway (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *transfers[N];
  guint n_retried = 0;

  scripted_server_on (server, "/leave", frame_and_text ("GOAWAY 0", "leaves"));
  scripted_server_on (server, "/leave", scripted_answer_text (200, NULL, "leaves"));
  get_first (c, server);
  for (guint i = 0; i < N; i++)
    case_add (transfers[i] = new_stream (c, server, i == HALF ? "/leave" : "/later"));
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_ok (transfers[i], 200, i == HALF ? "leaves" : "later");
  g_assert_cmpuint (scripted_server_n_connections (server), >=, 2);
  for (guint i = 0; i < scripted_server_n_requests (server); i++)
    n_retried += scripted_server_request (server, i)->connection > 0;
  g_assert_cmpuint (n_retried, >=, N - HALF - 1);
  g_assert_cmpuint (n_retried, <, N);
}

/* An upload that was not looked at goes elsewhere with its body. */
static void
run_goaway_upload (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/p");

  scripted_server_on (server, "/p", scripted_answer_at_head (frame ("LAST 0")));
  scripted_server_on (server, "/p", scripted_answer_echo (scripted_answer_new ()));
  get_first (c, server);
  case_upload_from (t, g_bytes_new_static ("the body", 8), 3);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "the body");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
}

/* We are told to calm down, with an answer under way: it fails, what was not begun is asked for elsewhere. */
static void
run_calm (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/calm");
  CaseTransfer *other = new_stream (c, server, "/a");

  scripted_server_on (server, "/calm", scripted_answer_end (frame ("GOAWAY 11"), SCRIPTED_END_FIN));
  get_first (c, server);
  case_run_transfer (t);
  case_check_error (t, CURLE_HTTP2);
  case_run_transfer (other);
  case_check_ok (other, 200, "yes");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
}

/* ---- RST_STREAM ---- */

/* Each code is told, those beside it go on, and the connection stays. */
static void
run_reset (Case *c)
{
  ScriptedServer *server = new_server (c);

  get_first (c, server);
  for (guint code = 0; code < 14; code++)
    {
      g_autofree char *words = g_strdup_printf ("RST %u", code);
      g_autofree char *target = g_strdup_printf ("/%u", code);
      g_autofree char *number = g_strdup_printf ("%u", code);
      CaseTransfer *t, *beside = new_stream (c, server, "/later");

      scripted_server_on (server, target, frame (words));
      case_add (t = new_stream (c, server, target));
      case_add (beside);
      case_run (c);
      case_check_ok (beside, 200, "later");
      if (code == 7)
        {
          /* REFUSED_STREAM, again and again: some tries, and no more. */
          case_check_error (t, CURLE_HTTP2);
          g_assert_cmpuint (scripted_server_n_requests (server), <, 64);
          continue;
        }
      case_check_error (t, CURLE_HTTP2_STREAM);
      g_assert_nonnull (strstr (t->error, number));
    }
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* What was refused is asked for again, whatever its method; one time is enough. */
static void
run_refused (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/p");

  scripted_server_on (server, "/p", frame ("RST 7"));
  scripted_server_on (server, "/p", scripted_answer_text (200, NULL, "yes"));
  get_first (c, server);
  case_set (t, CURLOPT_POSTFIELDS, "some");
  case_run_transfer (t);
  case_check_ok (t, 200, "yes");
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 3);
}

/* In the middle of a body: what came is kept, what is missing is an error. */
static void
run_reset_in_body (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/cut");

  scripted_server_on (server, "/cut", scripted_answer_cut (
    scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"), 43, SCRIPTED_END_FIN));
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

/* ---- 421 ---- */

static void
run_misdirected (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/m");

  scripted_server_on (server, "/m", scripted_answer_text (421, NULL, "not here"));
  scripted_server_on (server, "/m", scripted_answer_text (200, NULL, "here"));
  get_first (c, server);
  case_run_transfer (t);
  case_check_ok (t, 200, "here");
  case_check_order (t, "HHBD");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);

  /* Elsewhere, too: then that is the answer. */
  scripted_server_on (server, "/n", scripted_answer_text (421, NULL, "not here"));
  case_run_transfer (t = new_stream (c, server, "/n"));
  case_check_ok (t, 421, "not here");
}

/* ---- how many at once ---- */

/* Lowered while they run: those that are there end, and from then on there is one at a time on each connection. */
static void
run_fewer (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *transfers[6];

  curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
  scripted_server_on (server, "/fewer", frame_and_text ("STREAMS 1", "fewer"));
  get_first (c, server);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = new_stream (c, server, i == 2 ? "/fewer" : "/later"));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, i == 2 ? "fewer" : "later");
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = new_stream (c, server, "/later"));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, "later");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* ---- beside one that stands still ---- */

typedef struct
{
  gboolean paused;
  gboolean resumed;
  guint64 got;
} Pausing;

static size_t
pausing_write_cb (char *data,
                  size_t size,
                  size_t n,
                  void *user_data)
{
  Pausing *self = user_data;

  if (self->got > 10000 && !self->resumed)
    {
      self->paused = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  self->got += n;
  return n;
}

static gboolean
is_paused (gpointer data)
{
  return ((Pausing *) data)->paused;
}

static void
run_paused (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/big");
  Pausing pausing = { 0 };
  guint64 before, out;

  case_set (t, CURLOPT_WRITEFUNCTION, pausing_write_cb);
  case_set (t, CURLOPT_WRITEDATA, &pausing);
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pausing, 10000));
  case_run_for (c, 100);
  before = scripted_server_connection (server, 0)->bytes_out;
  /* No more than what the window lets through is on its way or here. */
  g_assert_cmpuint (before, <, BIG / 2);
  for (guint i = 0; i < 5; i++)
    {
      CaseTransfer *other = new_stream (c, server, "/big");

      other->keep_body = FALSE;
      other->seed = 1;
      case_run_transfer (other);
      case_check_ok (other, 200, NULL);
      g_assert_cmpuint (other->body_length, ==, BIG);
    }
  out = scripted_server_connection (server, 0)->bytes_out;
  g_assert_cmpuint (out - before, <, 6 * BIG);
  g_assert_cmpuint (t->n_done, ==, 0);
  pausing.resumed = TRUE;
  curl_easy_pause (t->easy, CURLPAUSE_CONT);
  case_run (c);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (pausing.got, ==, BIG);
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* ---- PING ---- */

static gboolean
is_answered (gpointer data)
{
  return scripted_server_n_pongs (data) > 0;
}

/* Answered with nobody there to ask for anything; a foreign loop, which does not watch then, does it with the next request. */
static void
run_ping (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t;

  get_first (c, server);
  scripted_server_ping_all (server);
  if (case_driver (c)->type->flags & DRIVER_EVENTS)
    {
      case_run_to_rest (c);
      case_run_for (c, 20 * case_patience ());
    }
  else
    g_assert_true (case_run_until (c, is_answered, server, 10000));
  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  g_assert_true (case_run_until (c, is_answered, server, 10000));
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 1);
}

/* … also while another transfer runs elsewhere. */
static void
run_ping_beside (Case *c)
{
  ScriptedServer *server = new_server (c), *other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *busy = case_transfer (c, scripted_server_url (other, "/stall")), *t;

  scripted_server_on (other, "*", scripted_answer_stall (scripted_answer_new ()));
  case_add (busy);
  case_run_asked (c, other, 1);
  case_add (t = new_stream (c, server, "/first"));
  case_run_done (t);
  scripted_server_ping_all (server);
  g_assert_true (case_run_until (c, is_answered, server, 10000));
  case_remove (busy);
}

/* The server takes leave while nobody transfers: what waits to be read is read before the connection is used. */
static void
run_goaway_at_rest (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t;

  get_first (c, server);
  scripted_server_leave_all (server);
  g_usleep (60000 * case_patience ());
  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_ok (t, 200, "yes");
  g_assert_cmpuint (scripted_server_n_connections (server), ==, 2);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 2);
}

/* Too many of them: the server is told why it is left, and what it has not answered fails. */
static void
run_ping_flood (Case *c)
{
  ScriptedServer *server = new_server (c);
  CaseTransfer *t = new_stream (c, server, "/flood");

  scripted_server_on (server, "/flood", scripted_answer_stall (frame ("PING 5000")));
  case_run_transfer (t);
  case_check_error (t, CURLE_HTTP2);
  g_assert_nonnull (strstr (t->error, "flood"));
  case_run_transfer (t = new_stream (c, server, "/a"));
  case_check_ok (t, 200, "yes");
}

#endif

#define FLAGS CASE_NOT_ON_LIBCURL | CASE_ONLY_CLEARTEXT
#define WHY "it retries less, and waits for no connection"

const CaseSpec case_frames[] = {
#ifdef CASES_WITH_HTTP2
  { "frames-goaway", run_goaway, FLAGS, WHY },
  { "frames-goaway-upload", run_goaway_upload, FLAGS, WHY },
  { "frames-calm", run_calm, FLAGS, WHY },
  { "frames-reset", run_reset, FLAGS, WHY },
  { "frames-refused", run_refused, FLAGS, WHY },
  { "frames-reset-in-body", run_reset_in_body, FLAGS, WHY },
  { "frames-misdirected", run_misdirected, FLAGS, WHY },
  { "frames-fewer", run_fewer, FLAGS, WHY },
  { "frames-paused", run_paused, FLAGS, WHY },
  { "frames-ping", run_ping, FLAGS, WHY },
  { "frames-ping-beside", run_ping_beside, FLAGS, WHY },
  { "frames-goaway-at-rest", run_goaway_at_rest, FLAGS, WHY },
  { "frames-ping-flood", run_ping_flood, FLAGS, WHY },
#endif
  { NULL },
};
