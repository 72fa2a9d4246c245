/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fault-layer.h"
#include "gm-request-settings.h"
#include "sim-net.h"

#include <string.h>

/* Whole exchanges over a simulated network, with one fault at each single byte of each direction, and then with faults
 * all over the place. Whatever happens: the transfer completes exactly once, what arrives is right up to where it ends,
 * and nothing is left behind. */

typedef struct
{
  const char *name;
  void (*script) (ScriptedBook *book);
  void (*set_up) (GmTransfer *transfer);
  const char *target;
  guint status;
  const char *body;
  const char *order; /* as in the transfer cases, and "D" */
  const char *log;
} Exchange;

typedef struct
{
  const Exchange *exchange;
  SimNet *net;
  GmMulti *multi;
  GmTransfer *transfer;
  FaultPlan *plan;
  GString *order;
  GByteArray *body;
  gsize uploaded;
  guint n_seeks;
  gboolean in_trailers;
  gboolean final;
  guint n_done;
  GmResult result;
} Run;

/* --- the face of the transfer --- */

static void
note (Run *run,
      char event)
{
  if (strchr ("iHSD", event) != NULL || run->order->len == 0 || run->order->str[run->order->len - 1] != event)
    g_string_append_c (run->order, event);
}

static GmAnswer
write_cb (GmClient *client,
          const char *data,
          gsize len,
          gsize *taken)
{
  Run *run = client->face;

  g_assert_cmpuint (len, >, 0);
  note (run, 'B');
  g_byte_array_append (run->body, (const guint8 *) data, (guint) len);
  return GM_ANSWER_OK;
}

static GmAnswer
header_cb (GmClient *client,
           const char *line,
           gsize len)
{
  Run *run = client->face;

  if (len > 5 && memcmp (line, "HTTP/", 5) == 0)
    {
      run->in_trailers = FALSE;
      run->final = line[9] != '1';
    }
  if (run->in_trailers)
    note (run, 'T');
  else if (len == 2)
    {
      note (run, run->final ? 'H' : 'i');
      run->in_trailers = run->final;
    }
  return GM_ANSWER_OK;
}

#define UPLOAD "uploaded in pieces"

static GmAnswer
read_cb (GmClient *client,
         char *buffer,
         gsize len,
         gsize *n)
{
  Run *run = client->face;

  *n = MIN (MIN (len, 7), strlen (UPLOAD) - run->uploaded);
  memcpy (buffer, &UPLOAD[run->uploaded], *n);
  run->uploaded += *n;
  return GM_ANSWER_OK;
}

static GmSeekAnswer
seek_cb (GmClient *client,
         gint64 offset)
{
  Run *run = client->face;

  run->n_seeks++;
  run->uploaded = (gsize) offset;
  return GM_SEEK_OK;
}

static const GmClientOps client_ops = { .write = write_cb, .header = header_cb, .read = read_cb, .seek = seek_cb };

/* --- the exchanges --- */

static void
script_length (ScriptedBook *book)
{
  scripted_book_on (book, "GET /a", scripted_answer_text (200, "X: y\r\n", "hello"));
}

static void
script_chunked (ScriptedBook *book)
{
  scripted_book_on (book, "GET /a", scripted_answer_chunked (200, NULL, "hello chunks", 5, "T-One: 1\r\nT-Two: 2\r\n"));
}

static void
script_continue (ScriptedBook *book)
{
  ScriptedAnswer *answer = scripted_answer_at_head (scripted_answer_exact ("HTTP/1.1 100 Continue\r\n\r\n"));

  scripted_book_on (book, "POST /a", scripted_answer_echo (scripted_answer_wait_body (answer, G_MAXUINT64)));
}

static void
set_up_continue (GmTransfer *transfer)
{
  static GmStringList expect = { (char *) "Expect: 100-continue", NULL };

  gm_transfer_set_int (transfer, GM_OPTION_METHOD, GM_METHOD_POST);
  gm_transfer_set_pointer (transfer, GM_OPTION_POST_DATA, "posted data");
  gm_transfer_set_list (transfer, GM_OPTION_HEADERS, &expect);
  gm_transfer_set_int (transfer, GM_OPTION_EXPECT_TIMEOUT_MS, 10000);
}

static void
script_redirect (ScriptedBook *book)
{
  scripted_book_on (book, "GET /a", scripted_answer_end (scripted_answer_exact (
                      "HTTP/1.1 302 F\r\nLocation: /b\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngone"),
                      SCRIPTED_END_FIN));
  scripted_book_on (book, "GET /b", scripted_answer_text (200, NULL, "there"));
}

static void
set_up_redirect (GmTransfer *transfer)
{
  gm_transfer_set_int (transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
}

static void
script_head (ScriptedBook *book)
{
  scripted_book_on (book, "HEAD /a", scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"));
}

static void
set_up_head (GmTransfer *transfer)
{
  gm_transfer_set_int (transfer, GM_OPTION_METHOD, GM_METHOD_HEAD);
  gm_transfer_set_int (transfer, GM_OPTION_NO_BODY, 1);
}

static void
script_resume (ScriptedBook *book)
{
  scripted_book_on (book, "GET /a", scripted_answer_text (206, "Content-Range: bytes 6-10/11\r\n", "world"));
}

static void
set_up_resume (GmTransfer *transfer)
{
  gm_transfer_set_int (transfer, GM_OPTION_RESUME_FROM, 6);
}

static void
script_until_close (ScriptedBook *book)
{
  scripted_book_on (book, "GET /a", scripted_answer_end (scripted_answer_exact ("HTTP/1.1 200 OK\r\n\r\nto the end"),
                                                         SCRIPTED_END_FIN));
}

/* Of unknown length, to somewhere else, so it is sent twice. */
static void
script_upload (ScriptedBook *book)
{
  scripted_book_on (book, "PUT /a", scripted_answer_redirect (307, "/b"));
  scripted_book_on (book, "PUT /b", scripted_answer_echo (scripted_answer_new ()));
}

static void
set_up_upload (GmTransfer *transfer)
{
  static GmStringList no_expect = { (char *) "Expect:", NULL };

  gm_transfer_set_int (transfer, GM_OPTION_METHOD, GM_METHOD_PUT);
  gm_transfer_set_int (transfer, GM_OPTION_UPLOAD_SIZE, -1);
  gm_transfer_set_int (transfer, GM_OPTION_FOLLOW, GM_FOLLOW_ALL);
  gm_transfer_set_list (transfer, GM_OPTION_HEADERS, &no_expect);
}

static const Exchange exchanges[] = {
  { "length", script_length, NULL, "/a", 200, "hello", "HBD", "GET /a#0" },
  { "chunked-trailers", script_chunked, NULL, "/a", 200, "hello chunks", "HBTD", "GET /a#0" },
  { "continue", script_continue, set_up_continue, "/a", 200, "posted data", "iHBD", "POST /a#0" },
  { "redirect", script_redirect, set_up_redirect, "/a", 200, "there", "HHBD", "GET /a#0 GET /b#1" },
  { "head", script_head, set_up_head, "/a", 200, "", "HD", "HEAD /a#0" },
  { "resume", script_resume, set_up_resume, "/a", 206, "world", "HBD", "GET /a#0" },
  { "until-close", script_until_close, NULL, "/a", 200, "to the end", "HBD", "GET /a#0" },
  { "upload", script_upload, set_up_upload, "/a", 200, UPLOAD, "HHBD", "PUT /a#0 PUT /b#0" },
};

/* --- one run --- */

static void
run_init (Run *run,
          const Exchange *exchange,
          FaultPlan *plan,
          const SimNetShape *shape)
{
  g_autofree char *url = g_strconcat ("http://10.0.0.1", exchange->target, NULL);

  *run = (Run){ .exchange = exchange, .plan = plan, .net = sim_net_new (shape) };
  run->order = g_string_new (NULL);
  run->body = g_byte_array_new ();
  run->multi = gm_multi_new (sim_net_get_clock (run->net), NULL, GM_FACT_DONE, NULL);
  sim_net_attach (run->net, run->multi, fault_layer_wrap, plan);
  exchange->script (sim_net_get_book (run->net));
  run->transfer = gm_transfer_new (&client_ops, run);
  gm_transfer_set_string (run->transfer, GM_OPTION_URL, url);
  if (exchange->set_up != NULL)
    exchange->set_up (run->transfer);
}

static void
run_until_done (Run *run)
{
  GmTransfer *transfer;
  guint facts;

  g_assert_cmpint (gm_multi_add (run->multi, run->transfer), ==, GM_OK);
  for (guint turns = 0; gm_multi_n_running (run->multi) > 0; turns++)
    {
      g_assert_cmpuint (turns, <, 20000); /* it spins */
      if (!sim_net_turn (run->net, run->multi))
        g_assert_cmpuint (gm_multi_n_running (run->multi), ==, 0); /* it sleeps for ever */
    }
  while ((transfer = gm_multi_pop_fact (run->multi, &facts)) != NULL)
    {
      g_assert_true (transfer == run->transfer);
      g_assert_cmpuint (facts, ==, GM_FACT_DONE);
      run->n_done++;
      note (run, 'D');
    }
  g_assert_cmpuint (run->n_done, ==, 1);
  run->result = gm_transfer_get_result (run->transfer);
}

/* Taken apart in the order in which applications do, with nothing left over. */
static void
run_clear (Run *run)
{
  GmReactor *reactor = gm_multi_get_reactor (run->multi);

  gm_multi_remove (run->multi, run->transfer);
  gm_transfer_free (run->transfer);
  gm_multi_close_idle (run->multi);
  for (guint i = 0; sim_net_n_open (run->net) > 0; i++)
    {
      g_assert_cmpuint (i, <, 1000);
      g_assert_true (sim_net_turn (run->net, run->multi));
    }
  g_assert_cmpuint (reactor->n_sockets, ==, 0);
  g_assert_cmpuint (gm_pool_n_total (gm_multi_get_pool (run->multi)), ==, 0);
  gm_multi_free (run->multi);
  sim_net_free (run->net);
  fault_plan_clear (run->plan);
  g_string_free (run->order, TRUE);
  g_byte_array_unref (run->body);
}

static void
check_success (Run *run)
{
  const Exchange *exchange = run->exchange;
  g_autofree char *log = scripted_book_summary (sim_net_get_book (run->net));

  g_assert_cmpstr (gm_result_name (run->result), ==, "OK");
  g_assert_cmpuint (gm_transfer_get_info (run->transfer)->status, ==, exchange->status);
  g_assert_cmpmem (run->body->data, run->body->len, exchange->body, strlen (exchange->body));
  g_assert_cmpstr (run->order->str, ==, exchange->order);
  /* A retry need not go back where nothing was read yet. */
  if (exchange->script == script_upload)
    {
      g_assert_cmpuint (run->n_seeks, >=, 1);
      g_assert_cmpuint (run->n_seeks, <=, 1 + gm_transfer_get_info (run->transfer)->n_retries);
    }
  /* A request that was sent once more is there twice, unless the first was lost on the way. */
  if (gm_transfer_get_info (run->transfer)->n_retries == 0)
    g_assert_cmpstr (log, ==, exchange->log);
}

/* A connection that broke: the failure says so, and nothing wrong was delivered before it. */
static void
check_failure (Run *run)
{
  const Exchange *exchange = run->exchange;
  const GmError *error = gm_transfer_get_error (run->transfer);

  if (run->result != GM_SEND_FAILED)
    g_assert_cmpstr (gm_result_name (run->result), ==, "RECV_FAILED");
  g_assert_cmpint (error->result, ==, run->result);
  g_assert_cmpuint (run->body->len, <=, strlen (exchange->body));
  g_assert_cmpmem (run->body->data, run->body->len, exchange->body, run->body->len);
  g_assert_true (g_str_has_suffix (run->order->str, "D"));
}

/* --- everything at each byte --- */

static void
run_once (const Exchange *exchange,
          FaultPlan *plan)
{
  Run run;

  run_init (&run, exchange, plan, NULL);
  run_until_done (&run);
  if (plan->kind != FAULT_RESET || run.result == GM_OK)
    check_success (&run);
  else
    check_failure (&run);
  run_clear (&run);
}

static void
test_each_byte (gconstpointer data)
{
  const Exchange *exchange = data;
  FaultPlan whole = { FAULT_NONE };
  guint n_runs = 0;

  run_once (exchange, &whole);
  g_assert_cmpuint (whole.n_sent, >, 0);
  g_assert_cmpuint (whole.n_received, >, 0);
  for (FaultKind kind = FAULT_SHORT; kind <= FAULT_RESET; kind++)
    for (guint sending = 0; sending < 2; sending++)
      for (guint64 at = 0; at < (sending ? whole.n_sent : whole.n_received); at++)
        {
          FaultPlan plan = { kind, sending, at, 50000 };

          run_once (exchange, &plan);
          g_assert_true (plan.happened || kind == FAULT_SHORT);
          n_runs++;
        }
  g_test_message ("%s: %" G_GUINT64_FORMAT " bytes out, %" G_GUINT64_FORMAT " in, %u runs", exchange->name,
                  whole.n_sent, whole.n_received, n_runs);
}

/* --- all over the place --- */

static void
test_random (gconstpointer data)
{
  const Exchange *exchange = data;
  const SimNetShape shapes[] = { { 1000, 65536, 0 }, { 20000, 100, 7 }, { 0, 1, 1 } };

  for (guint seed = 1; seed <= 300; seed++)
    {
      FaultPlan plan = { .kind = FAULT_RANDOM, .seed = seed };
      Run run;

      run_init (&run, exchange, &plan, &shapes[seed % G_N_ELEMENTS (shapes)]);
      run_until_done (&run);
      check_success (&run);
      run_clear (&run);
    }
}

/* --- taken out after each turn --- */

static void
test_removed (gconstpointer data)
{
  const Exchange *exchange = data;
  const SimNetShape shape = { 1000, 50, 20 };
  gboolean done = FALSE;

  for (guint turns = 0; !done; turns++)
    {
      FaultPlan plan = { FAULT_NONE };
      Run run;
      guint facts;

      g_assert_cmpuint (turns, <, 2000);
      run_init (&run, exchange, &plan, &shape);
      g_assert_cmpint (gm_multi_add (run.multi, run.transfer), ==, GM_OK);
      for (guint i = 0; i < turns && gm_multi_n_running (run.multi) > 0; i++)
        sim_net_turn (run.net, run.multi);
      done = gm_multi_n_running (run.multi) == 0;
      gm_multi_remove (run.multi, run.transfer);
      g_assert_cmpuint (gm_multi_n_running (run.multi), ==, 0);
      g_assert_null (gm_multi_pop_fact (run.multi, &facts));
      g_assert_cmpint (gm_transfer_get_state (run.transfer), ==, GM_STATE_IDLE);
      run_clear (&run);
    }
}

/* --- a connection that is used again breaks in silence: once more on a new one --- */

static void
test_reused_breaks (gconstpointer data)
{
  const Exchange *exchange = data;
  FaultPlan none = { FAULT_NONE };
  guint64 first_in;
  Run run;

  run_init (&run, exchange, &none, NULL);
  run_until_done (&run);
  first_in = none.n_received;
  /* From now on the first byte that comes is a reset. */
  none.kind = FAULT_RESET;
  none.position = first_in;
  gm_multi_remove (run.multi, run.transfer);
  run.n_done = 0;
  run.uploaded = 0;
  g_string_truncate (run.order, 0);
  g_byte_array_set_size (run.body, 0);
  run_until_done (&run);
  g_assert_cmpstr (gm_result_name (run.result), ==, "OK");
  g_assert_cmpmem (run.body->data, run.body->len, exchange->body, strlen (exchange->body));
  g_assert_cmpstr (run.order->str, ==, exchange->order);
  run_clear (&run);
}

static void
add_tests (const char *name,
           GTestDataFunc func)
{
  for (guint i = 0; i < G_N_ELEMENTS (exchanges); i++)
    {
      g_autofree char *path = g_strdup_printf ("/exchanges/%s/%s", exchanges[i].name, name);

      /* It leaves no connection that could be used again. */
      if (func == test_reused_breaks && exchanges[i].script == script_until_close)
        continue;
      g_test_add_data_func (path, &exchanges[i], func);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  add_tests ("each-byte", test_each_byte);
  add_tests ("random", test_random);
  add_tests ("removed", test_removed);
  add_tests ("reused-breaks", test_reused_breaks);
  return g_test_run ();
}
