/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>
#include <sys/resource.h>

/* Pause and resume, stop, speed, progress. */

typedef struct
{
  CaseTransfer *t;
  guint64 pause_at; /* bytes */
  guint n_pauses;
  gboolean paused;
  guint n_trailers;
  guint64 got_before_trailer;
  guint64 got;
} Pauser;

static size_t
pausing_write_cb (char *data,
                  size_t size,
                  size_t n,
                  void *user_data)
{
  Pauser *pauser = user_data;

  if (pauser->got >= pauser->pause_at && pauser->n_pauses == 0)
    {
      pauser->n_pauses++;
      pauser->paused = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  g_assert_false (pauser->paused);
  g_assert_cmpint (scripted_pattern_check (1, pauser->got, (const guint8 *) data, n), ==, -1);
  pauser->got += n;
  return n;
}

static gboolean
is_paused (gpointer data)
{
  return ((Pauser *) data)->paused;
}

static double
cpu_seconds (void)
{
  struct rusage usage;

  getrusage (RUSAGE_THREAD, &usage);
  return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
         + (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static CaseTransfer *
pausing (Case *c,
         Pauser *pauser,
         guint64 length)
{
  CaseTransfer *t = case_transfer (c, "/big");

  scripted_server_on (case_server (c), "/big", scripted_answer_big (1, length));
  memset (pauser, 0, sizeof *pauser);
  pauser->t = t;
  case_set (t, CURLOPT_WRITEFUNCTION, pausing_write_cb);
  case_set (t, CURLOPT_WRITEDATA, pauser);
  return t;
}

static void
run_pause (Case *c)
{
  Pauser pauser;
  CaseTransfer *t = pausing (c, &pauser, 5000000);
  guint64 got;

  pauser.pause_at = 100000;
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pauser, 5000));
  got = pauser.got;
  case_run_for (c, 100);
  g_assert_cmpuint (pauser.got, ==, got);
  g_assert_cmpuint (t->n_done, ==, 0);
  pauser.paused = FALSE;
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (pauser.got, ==, 5000000);
}

/* How much of the body was there when the trailer came. */
static size_t
trailer_cb (char *data,
            size_t size,
            size_t n,
            void *user_data)
{
  Pauser *pauser = user_data;

  if (n > 6 && memcmp (data, "X-Sum:", 6) == 0)
    {
      g_assert_cmpuint (pauser->n_trailers, ==, 0);
      pauser->got_before_trailer = pauser->got;
      pauser->n_trailers++;
    }
  return n;
}

static size_t
pausing_text_cb (char *data,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  Pauser *pauser = user_data;

  if (pauser->n_pauses++ == 0)
    {
      pauser->paused = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  g_assert_false (pauser->paused);
  pauser->got += n;
  return n;
}

/* Trailers stand behind the body, also when a pause holds it back. */
static void
run_pause_trailers (Case *c)
{
  Pauser pauser = { 0 };
  CaseTransfer *t = case_transfer (c, "/sum");

  scripted_server_on (case_server (c), "/sum",
                      scripted_answer_exact ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                             "4\r\nbody\r\n2\r\nes\r\n0\r\nX-Sum: 6\r\n\r\n"));
  case_set (t, CURLOPT_WRITEFUNCTION, pausing_text_cb);
  case_set (t, CURLOPT_WRITEDATA, &pauser);
  case_set (t, CURLOPT_HEADERFUNCTION, trailer_cb);
  case_set (t, CURLOPT_HEADERDATA, &pauser);
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pauser, 10000));
  g_assert_cmpuint (pauser.n_trailers, ==, 0);
  pauser.paused = FALSE;
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  g_assert_cmpint (t->result, ==, CURLE_OK);
  g_assert_cmpuint (pauser.got, ==, 6);
  g_assert_cmpuint (pauser.n_trailers, ==, 1);
  g_assert_cmpuint (pauser.got_before_trailer, ==, 6);
}

/* A paused transfer whose data waits costs nothing: no announced descriptor is ready, and time passes without turns. */
static void
run_pause_idle (Case *c)
{
  Pauser pauser;
  CaseTransfer *t = pausing (c, &pauser, 5000000);
  guint turns;
  double cpu;

  pauser.pause_at = 10000;
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pauser, 5000));
  case_run_for (c, 100);
  if (case_driver (c)->type->flags & DRIVER_EVENTS)
    g_assert_cmpuint (driver_n_ready (case_driver (c)), ==, 0);
  turns = case_driver (c)->n_turns;
  cpu = cpu_seconds ();
  case_run_for (c, 2000);
  /* Our loop itself wakes 40 times in these two seconds; one per cent is 20 ms. */
  g_assert_cmpuint (case_driver (c)->n_turns - turns, <, 100);
  if (case_patience () == 1)
    g_assert_cmpfloat (cpu_seconds () - cpu, <, 0.02);
  case_remove (t);
}

/* Paused from outside, in the middle of a body that drips. */
static void
run_pause_outside (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n");
  CaseTransfer *t = case_transfer (c, "/drip");
  guint64 got;

  scripted_answer_pattern (scripted_answer_split (answer, 1, 2000), 0, 0, 50);
  scripted_server_on (case_server (c), "/drip", answer);
  t->keep_body = FALSE;
  case_add (t);
  case_run_for (c, 40);
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_ALL), ==, CURLE_OK);
  got = t->body_length;
  case_run_for (c, 150);
  g_assert_cmpuint (t->body_length, ==, got);
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (t->body_length, ==, 50);
}

/* Before there is anything to pause nothing is paused. */
static void
run_pause_early (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  case_add (t);
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_ALL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  case_run (c);
  case_check_ok (t, 200, "x");
}

/* Everything has arrived and is paused at the end: it is delivered when it may go on. */
static void
run_pause_at_end (Case *c)
{
  Pauser pauser;
  CaseTransfer *t = pausing (c, &pauser, 100);

  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pauser, 5000));
  g_assert_cmpuint (pauser.got, ==, 0);
  case_run_for (c, 50);
  pauser.paused = FALSE;
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (pauser.got, ==, 100);
}

/* Others run on while one is paused. */
static void
run_pause_siblings (Case *c)
{
  Pauser pauser;
  CaseTransfer *t = pausing (c, &pauser, 3000000);

  scripted_server_on (case_server (c), "/other", scripted_answer_text (200, NULL, "on"));
  case_add (t);
  g_assert_true (case_run_until (c, is_paused, &pauser, 5000));
  for (guint i = 0; i < 5; i++)
    case_check_ok (case_get (c, "/other"), 200, "on");
  case_remove (t);
}

typedef struct
{
  CaseTransfer *t;
  guint n_calls;
  gboolean paused;
} UploadPauser;

static size_t
pausing_read_cb (char *buffer,
                 size_t size,
                 size_t n,
                 void *user_data)
{
  UploadPauser *pauser = user_data;

  pauser->n_calls++;
  if (pauser->n_calls == 2)
    {
      pauser->paused = TRUE;
      return CURL_READFUNC_PAUSE;
    }
  g_assert_false (pauser->paused);
  if (pauser->n_calls > 4)
    return 0;
  memcpy (buffer, "part ", 5);
  return 5;
}

static void
run_pause_upload (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/u");
  UploadPauser pauser = { t };

  scripted_server_on (case_server (c), "PUT /u", scripted_answer_echo (scripted_answer_new ()));
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_READFUNCTION, pausing_read_cb);
  case_set (t, CURLOPT_READDATA, &pauser);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_add (t);
  case_run_for (c, 100 * case_patience ());
  g_assert_true (pauser.paused);
  g_assert_cmpuint (pauser.n_calls, ==, 2);
  pauser.paused = FALSE;
  g_assert_cmpint (curl_easy_pause (t->easy, CURLPAUSE_CONT), ==, CURLE_OK);
  case_run (c);
  case_check_ok (t, 200, "part part part ");
}

/* --- stop --- */

static size_t
short_write_cb (char *data,
                size_t size,
                size_t n,
                void *user_data)
{
  return n - 1;
}

static int
stop_progress_cb (void *user_data,
                  curl_off_t down_total,
                  curl_off_t down,
                  curl_off_t up_total,
                  curl_off_t up)
{
  return 1;
}

static size_t
stop_header_cb (char *data,
                size_t size,
                size_t n,
                void *user_data)
{
  return 0;
}

static void
run_stops (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "never wanted"));
  t = case_transfer (c, "/");
  case_set (t, CURLOPT_WRITEFUNCTION, short_write_cb);
  case_run_transfer (t);
  case_check_error (t, CURLE_WRITE_ERROR);
  t = case_transfer (c, "/");
  case_set (t, CURLOPT_HEADERFUNCTION, stop_header_cb);
  case_run_transfer (t);
  case_check_error (t, CURLE_WRITE_ERROR);
  t = case_transfer (c, "/");
  case_set (t, CURLOPT_XFERINFOFUNCTION, stop_progress_cb);
  case_set (t, CURLOPT_NOPROGRESS, 0L);
  case_run_transfer (t);
  case_check_error (t, CURLE_ABORTED_BY_CALLBACK);
  case_check_ok (case_get (c, "/"), 200, "never wanted");
}

/* --- progress --- */

typedef struct
{
  guint n_calls;
  curl_off_t down_total, down, up_total, up;
} Progress;

static int
progress_cb (void *user_data,
             curl_off_t down_total,
             curl_off_t down,
             curl_off_t up_total,
             curl_off_t up)
{
  Progress *progress = user_data;

  g_assert_cmpint (down, >=, progress->down);
  g_assert_cmpint (up, >=, progress->up);
  progress->n_calls++;
  progress->down_total = down_total;
  progress->down = down;
  progress->up_total = up_total;
  progress->up = up;
  return 0;
}

static void
run_progress (Case *c)
{
  Progress progress = { 0 };
  CaseTransfer *t = case_transfer (c, "/p");

  scripted_server_on (case_server (c), "POST /p", scripted_answer_big (0, 200000));
  t->keep_body = FALSE;
  case_set (t, CURLOPT_POSTFIELDS, "eleven byte");
  case_set (t, CURLOPT_XFERINFOFUNCTION, progress_cb);
  case_set (t, CURLOPT_XFERINFODATA, &progress);
  case_set (t, CURLOPT_NOPROGRESS, 0L);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (progress.n_calls, >, 0);
  g_assert_cmpint (progress.down_total, ==, 200000);
  g_assert_cmpint (progress.down, ==, 200000);
  g_assert_cmpint (progress.up_total, ==, 11);
  g_assert_cmpint (progress.up, ==, 11);
}

static void
run_timings (Case *c)
{
  static const CURLINFO order[] = { CURLINFO_NAMELOOKUP_TIME_T, CURLINFO_CONNECT_TIME_T, CURLINFO_PRETRANSFER_TIME_T,
                                    CURLINFO_STARTTRANSFER_TIME_T, CURLINFO_TOTAL_TIME_T };
  ScriptedAnswer *answer = scripted_answer_delay (scripted_answer_new (), 60);
  CaseTransfer *t;
  curl_off_t before = 0;

  scripted_answer_send (scripted_answer_delay (scripted_answer_send (
    answer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"), 60), "b");
  scripted_server_on (case_server (c), "/t", answer);
  t = case_get (c, "/t");
  case_check_ok (t, 200, "ab");
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    {
      curl_off_t value = case_info_off (t, order[i]);

      g_assert_cmpint (value, >=, before);
      before = value;
    }
  g_assert_cmpint (case_info_off (t, CURLINFO_STARTTRANSFER_TIME_T), >=, 55000);
  g_assert_cmpint (case_info_off (t, CURLINFO_TOTAL_TIME_T), >=, 110000);
  g_assert_cmpint (case_info_off (t, CURLINFO_TOTAL_TIME_T), <=, t->done_at - t->added_at + 20000);
}

/* --- speed --- */

static void
run_speed_down (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/b");

  scripted_server_on (case_server (c), "/b", scripted_answer_big (0, 1000000));
  t->keep_body = FALSE;
  case_set (t, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t) 500000);
  case_set (t, CURLOPT_BUFFERSIZE, 16384L);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_cmpint (t->done_at - t->added_at, >=, 900000);
  g_assert_cmpint (t->done_at - t->added_at, <, 3500000);
}

static void
run_speed_up (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/b");

  scripted_server_on (case_server (c), "PUT /b", scripted_answer_text (200, NULL, "ok"));
  case_upload_from (t, g_bytes_new_take (g_malloc0 (300000), 300000), 0);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 300000);
  case_set (t, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t) 200000);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Expect:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpint (t->done_at - t->added_at, >=, 900000);
  g_assert_cmpint (t->done_at - t->added_at, <, 3500000);
}

const CaseSpec case_flow[] = {
  { "pause", run_pause },
  { "pause-idle", run_pause_idle },
  { "pause-outside", run_pause_outside },
  { "pause-early", run_pause_early },
  { "pause-at-end", run_pause_at_end },
  { "pause-siblings", run_pause_siblings },
  { "pause-trailers", run_pause_trailers },
  { "pause-upload", run_pause_upload },
  { "stops", run_stops },
  { "progress", run_progress },
  { "timings", run_timings },
  { "speed-down", run_speed_down, CASE_NOT_ON_LIBCURL, "libcurl 7.88 lets the first megabyte through" },
  { "speed-up", run_speed_up },
  { NULL },
};
