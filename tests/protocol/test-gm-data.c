/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "asking.h"

static void
set_up (Asking *self,
        gconstpointer data)
{
  asking_init (self, FALSE);
}

static void
tear_down (Asking *self,
           gconstpointer data)
{
  asking_clear (self);
}

static void
test_answer (Asking *self,
             gconstpointer data)
{
  GmSpan value;

  g_assert_cmpint (asking_run (self, "data:text/html;charset=utf-8,a%20b", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (self->body->str, ==, "a b");
  g_assert_cmpstr (self->head->str, ==, "Content-Type: text/html;charset=utf-8\r\nContent-Length: 3\r\n");
  g_assert_cmpstr (self->news->str, ==, "H");
  g_assert_cmpint (self->info.download_size, ==, 3);
  g_assert_cmpuint (self->info.downloaded, ==, 3);
  g_assert_true (gm_headers_lookup (self->headers, GM_SPAN ("content-type"), GM_HEADER_FINAL, GM_HEADERS_LAST_REQUEST,
                                    &value));
  g_assert_cmpmem (value.data, value.len, "text/html;charset=utf-8", 23);
  asking_reset (self);

  g_assert_cmpint (asking_run (self, "data:;base64,aGVsbG8=", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (self->body->str, ==, "hello");
  asking_reset (self);

  g_assert_cmpint (asking_run (self, "data:,", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (self->body->str, ==, "");
  g_assert_cmpuint (self->n_writes, ==, 0);
}

static void
test_no_body (Asking *self,
              gconstpointer data)
{
  self->settings.no_body = TRUE;
  g_assert_cmpint (asking_run (self, "data:,hello", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpuint (self->n_writes, ==, 0);
  g_assert_cmpint (self->info.download_size, ==, 5);
  asking_reset (self);
  g_assert_cmpint (asking_run (self, "data:,hello", GM_METHOD_HEAD), ==, GM_OK);
  g_assert_cmpuint (self->n_writes, ==, 0);
}

static void
test_failures (Asking *self,
               gconstpointer data)
{
  g_assert_cmpint (asking_run (self, "data:text/plain", GM_METHOD_GET), ==, GM_DATA_MALFORMED);
  asking_reset (self);
  g_assert_cmpint (asking_run (self, "data:;base64,a", GM_METHOD_GET), ==, GM_DATA_MALFORMED);
  asking_reset (self);
  g_assert_cmpint (asking_run (self, "data:,x", GM_METHOD_PUT), ==, GM_BAD_REQUEST);
  asking_reset (self);

  self->fail_write_at = 1;
  g_assert_cmpint (asking_run (self, "data:,x", GM_METHOD_GET), ==, GM_WRITE_FAILED);
  asking_reset (self);
  self->header_answer = GM_ANSWER_ABORT;
  g_assert_cmpint (asking_run (self, "data:,x", GM_METHOD_GET), ==, GM_ABORTED);
  asking_reset (self);
  self->header_answer = GM_ANSWER_FAIL;
  g_assert_cmpint (asking_run (self, "data:,x", GM_METHOD_GET), ==, GM_WRITE_FAILED);
  asking_reset (self);
  /* a head cannot wait */
  self->header_answer = GM_ANSWER_PAUSE;
  g_assert_cmpint (asking_run (self, "data:,x", GM_METHOD_GET), ==, GM_OK);
  g_assert_cmpstr (self->body->str, ==, "x");
  asking_reset (self);
  self->settings.max_size = 3;
  g_assert_cmpint (asking_run (self, "data:,1234", GM_METHOD_GET), ==, GM_TOO_LARGE);
  g_assert_cmpuint (self->n_writes, ==, 0);
  asking_reset (self);
  self->settings.max_size = 4;
  g_assert_cmpint (asking_run (self, "data:,1234", GM_METHOD_GET), ==, GM_OK);
}

/* More than one share, paused and limited on the way. */
static void
test_large (Asking *self,
            gconstpointer data)
{
  gsize len = 3 * GM_REQUEST_SHARE + 7;
  g_autofree char *body = g_strnfill (len, 'x');
  g_autofree char *url = NULL;

  for (gsize i = 0; i < len; i++)
    body[i] = (char) ('a' + i % 23);
  url = g_strconcat ("data:,", body, NULL);

  g_assert_cmpint (asking_run (self, url, GM_METHOD_GET), ==, GM_OK);
  asking_check_body (self, body, len);
  g_assert_cmpuint (self->owner.n_turns, >=, 3);
  asking_reset (self);

  self->pause_each = 700000;
  g_assert_cmpint (asking_run (self, url, GM_METHOD_GET), ==, GM_OK);
  asking_check_body (self, body, len);
  asking_reset (self);

  self->flow.most = 100000;
  self->flow.recv_quota = 250000;
  asking_begin (self, url, GM_METHOD_GET);
  asking_wait (self, 10);
  g_assert_cmpuint (self->body->len, ==, 250000);
  g_assert_cmpuint (self->largest_write, ==, 100000);
  self->flow.recv_quota = G_MAXINT64;
  gm_reactor_queue (&self->reactor, &self->owner.runnable);
  g_assert_cmpint (asking_finish (self), ==, GM_OK);
  asking_check_body (self, body, len);
}

#define ADD(name, func) g_test_add ("/data/" name, Asking, NULL, set_up, func, tear_down)

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("answer", test_answer);
  ADD ("no-body", test_no_body);
  ADD ("failures", test_failures);
  ADD ("large", test_large);
  return g_test_run ();
}
