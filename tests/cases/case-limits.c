/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Limits on connections where they could lock a program up: who waits for what, and what sets them free. */

static void
limit (Case *c,
       CURLMoption option,
       long n)
{
  g_assert_cmpint (curl_multi_setopt (case_driver (c)->multi, option, n), ==, CURLM_OK);
}

/* One connection in all, and a redirect to another host: the idle one has to make room. */
static void
run_redirect_elsewhere (Case *c)
{
  ScriptedServer *here = case_server (c), *there = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *transfers[4];

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1);
  scripted_server_on (here, "/a", scripted_answer_redirect (302, scripted_server_url (there, "/b")));
  scripted_server_on (there, "/b", scripted_answer_text (200, NULL, "b"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = case_transfer (c, "/a");
      case_set (transfers[i], CURLOPT_FOLLOWLOCATION, 1L);
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, "b");
}

/* The server closes after each answer: the place is free again all the same. */
static void
run_closing_server (Case *c)
{
  CaseTransfer *transfers[6];

  limit (c, CURLMOPT_MAX_HOST_CONNECTIONS, 1);
  scripted_server_on (case_server (c), "/", scripted_answer_end (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\n\r\nclosing"), SCRIPTED_END_FIN));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i] = case_transfer (c, "/"));
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, "closing");
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, G_N_ELEMENTS (transfers));
}

static CaseTransfer *
holder (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/stall");

  scripted_server_on (case_server (c), "/stall", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "free"));
  case_add (t);
  case_run_for (c, 30);
  return t;
}

/* Who holds the only place is taken out: the next one starts by itself. */
static void
run_holder_removed (Case *c)
{
  CaseTransfer *held, *waiting;

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1);
  held = holder (c);
  case_add (waiting = case_transfer (c, "/"));
  case_run_for (c, 30);
  g_assert_cmpuint (waiting->n_done, ==, 0);
  case_remove (held);
  case_run (c);
  case_check_ok (waiting, 200, "free");
}

/* It fails: the same. */
static void
run_holder_fails (Case *c)
{
  CaseTransfer *held = NULL, *waiting = NULL;

  limit (c, CURLMOPT_MAX_HOST_CONNECTIONS, 1);
  scripted_server_on (case_server (c), "/stall", scripted_answer_end (scripted_answer_delay (
                        scripted_answer_new (), 60), SCRIPTED_END_RESET));
  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "free"));
  case_add (held = case_transfer (c, "/stall"));
  case_add (waiting = case_transfer (c, "/"));
  case_run (c);
  case_check_error (held, CURLE_RECV_ERROR);
  case_check_ok (waiting, 200, "free");
}

/* It cannot even connect: the same. */
static void
run_holder_refused (Case *c)
{
  ScriptedServer *gone = case_new_server (c, SCRIPTED_SERVER_DEFAULT),
                 *here = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *transfers[4];

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1);
  scripted_server_on (here, "/", scripted_answer_text (200, NULL, "here"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    transfers[i] = case_transfer (c, scripted_server_url (i % 2 == 0 ? gone : here, "/"));
  scripted_server_stop (gone);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_add (transfers[i]);
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    if (i % 2 == 0)
      case_check_error (transfers[i], CURLE_COULDNT_CONNECT);
    else
      case_check_ok (transfers[i], 200, "here");
}

/* In the order in which they came. */
static void
run_first_come (Case *c)
{
  CaseTransfer *transfers[10];

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1);
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);

      case_add (transfers[i] = case_transfer (c, target));
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);

      case_check_ok (transfers[i], 200, "x");
      g_assert_cmpstr (scripted_server_request (case_server (c), i)->target, ==, target);
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

typedef struct
{
  guint n_left; /* to be added when others are done */
  guint n_begun;
  guint next; /* comes before all that have not taken over a connection yet */
} Line;

static int
note_begun (void *data,
            char *here,
            char *there,
            int port_here,
            int port_there)
{
  CaseTransfer *t = data;
  Line *line = t->user_data;
  guint number = 0;

  line->n_begun++;
  /* who connects may take longer than who comes next takes over another one */
  if (case_info (t, CURLINFO_NUM_CONNECTS) > 0)
    return CURL_PREREQFUNC_OK;
  while (g_ptr_array_index (t->c->transfers, number) != t)
    number++;
  g_assert_cmpuint (number, >=, line->next);
  line->next = number + 1;
  return CURL_PREREQFUNC_OK;
}

static void
add_to_line (Case *c,
             Line *line,
             void (*done) (gpointer))
{
  CaseTransfer *t = case_transfer (c, "/");

  t->user_data = line;
  t->done = done;
  case_set (t, CURLOPT_PREREQFUNCTION, note_begun);
  case_set (t, CURLOPT_PREREQDATA, t);
  case_add (t);
}

static void
one_more (gpointer data)
{
  CaseTransfer *t = data;
  Line *line = t->user_data;

  case_check_ok (t, 200, "x");
  for (guint i = 0; i < 2 && line->n_left > 0; i++, line->n_left--)
    add_to_line (t->c, line, one_more);
}

/* … and also those that are added while others run, behind whom a connection comes free. */
static void
in_line (Case *c,
         long n_connections)
{
  Line line = { .n_left = 40 };

  limit (c, CURLMOPT_MAX_HOST_CONNECTIONS, n_connections);
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  for (guint i = 0; i < 40; i++)
    add_to_line (c, &line, one_more);
  case_run (c);
  g_assert_cmpuint (line.n_begun, ==, 80);
  g_assert_cmpuint (line.next, ==, 80);
}

static void
run_in_line_of_one (Case *c)
{
  in_line (c, 1);
}

static void
run_in_line_of_two (Case *c)
{
  in_line (c, 2);
}

/* Many more than may run, through few connections, with every end that there is. */
static void
run_mixture (Case *c)
{
  CaseTransfer *transfers[120];

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 5);
  limit (c, CURLMOPT_MAX_HOST_CONNECTIONS, 3);
  scripted_server_on (case_server (c), "/0", scripted_answer_text (200, NULL, "kept"));
  scripted_server_on (case_server (c), "/1", scripted_answer_end (
                        scripted_answer_exact ("HTTP/1.1 200 OK\r\n\r\nends"), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "/2", scripted_answer_end (scripted_answer_new (), SCRIPTED_END_RESET));
  scripted_server_on (case_server (c), "/3", scripted_answer_redirect (302, "/0"));
  scripted_server_on (case_server (c), "/4", scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i % 5);

      transfers[i] = case_transfer (c, target);
      case_set (transfers[i], CURLOPT_FOLLOWLOCATION, 1L);
      case_add (transfers[i]);
      if (i % 17 == 16)
        case_remove (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    if (transfers[i]->n_removed == 0)
      g_assert_cmpint (transfers[i]->result == CURLE_OK, ==, i % 5 == 0 || i % 5 == 1 || i % 5 == 3);
  g_assert_cmpuint (scripted_server_n_open (case_server (c)), <=, 3);
}

/* A paused one keeps its place; the others have theirs. */
static size_t
pause_write_cb (char *data,
                size_t size,
                size_t n,
                void *user_data)
{
  CaseTransfer *t = user_data;

  if (t->body_length > 0)
    {
      t->body_length += n;
      return n;
    }
  t->body_length = 1;
  return CURL_WRITEFUNC_PAUSE;
}

static void
run_paused_holder (Case *c)
{
  CaseTransfer *paused = case_transfer (c, "/p"), *others[3];

  limit (c, CURLMOPT_MAX_TOTAL_CONNECTIONS, 2);
  scripted_server_on (case_server (c), "/p", scripted_answer_text (200, NULL, "paused"));
  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "on"));
  case_set (paused, CURLOPT_WRITEFUNCTION, pause_write_cb);
  case_add (paused);
  case_run_for (c, 30);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      others[i] = case_get (c, "/");
      case_check_ok (others[i], 200, "on");
    }
  g_assert_cmpuint (paused->n_done, ==, 0);
  g_assert_cmpint (curl_easy_pause (paused->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  case_check_error (paused, CURLE_OK);
  g_assert_cmpuint (paused->body_length, ==, 7);
}

const CaseSpec case_limits[] = {
  { "limit-redirect-elsewhere", run_redirect_elsewhere },
  { "limit-closing-server", run_closing_server },
  { "limit-holder-removed", run_holder_removed },
  { "limit-holder-fails", run_holder_fails },
  { "limit-holder-refused", run_holder_refused },
  { "limit-first-come", run_first_come, CASE_NOT_ON_LIBCURL, "libcurl 7.88 promises no order for those that wait" },
  { "limit-in-line-of-one", run_in_line_of_one, CASE_NOT_ON_LIBCURL, "the same" },
  { "limit-in-line-of-two", run_in_line_of_two, CASE_NOT_ON_LIBCURL, "the same" },
  { "limit-mixture", run_mixture },
  { "limit-paused-holder", run_paused_holder },
  { NULL },
};
