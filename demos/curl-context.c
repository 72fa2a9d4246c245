/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-context URL…: all at once, by curl_multi_socket_action() on a GMainContext, each socket a source of its own: the
 * shortest way. curl-fifo.c has one source for all. */
#include "curl-fetch.h"

#include <glib-unix.h>

typedef struct
{
  CURLM *multi;
  GMainLoop *main_loop;
  guint timer; /* source id; 0 = none */
  int running;
  int n_failed;
} Loop;

/* What a socket's pointer is (curl_multi_assign). */
typedef struct
{
  guint id;
} Watch;

static void
step (Loop *loop,
      curl_socket_t fd,
      int what)
{
  curl_multi_socket_action (loop->multi, fd, what, &loop->running);
  loop->n_failed += fetch_report_all (loop->multi);
  if (loop->running == 0)
    g_main_loop_quit (loop->main_loop);
}

static gboolean
ready_cb (int fd,
          GIOCondition condition,
          gpointer user_data)
{
  int what = (condition & G_IO_IN ? CURL_CSELECT_IN : 0) | (condition & G_IO_OUT ? CURL_CSELECT_OUT : 0) |
             (condition & (G_IO_ERR | G_IO_HUP) ? CURL_CSELECT_ERR : 0);

  /* the source may be gone after that: it was removed by socket_cb () then */
  step (user_data, fd, what);
  return G_SOURCE_CONTINUE;
}

static int
socket_cb (CURL *easy,
           curl_socket_t fd,
           int what,
           void *user_data,
           void *socket_data)
{
  Loop *loop = user_data;
  Watch *watch = socket_data;
  GIOCondition condition = (what & CURL_POLL_IN ? G_IO_IN : 0) | (what & CURL_POLL_OUT ? G_IO_OUT : 0);

  if (watch != NULL && watch->id != 0)
    g_source_remove (watch->id);
  if (what == CURL_POLL_REMOVE)
    {
      g_free (watch);
      return 0;
    }

  if (watch == NULL)
    {
      watch = g_new0 (Watch, 1);
      curl_multi_assign (loop->multi, fd, watch);
    }
  watch->id = condition != 0 ? g_unix_fd_add (fd, condition, ready_cb, loop) : 0;
  return 0;
}

static gboolean
timeout_cb (gpointer user_data)
{
  Loop *loop = user_data;

  loop->timer = 0;
  step (loop, CURL_SOCKET_TIMEOUT, 0);
  return G_SOURCE_REMOVE;
}

static int
timer_cb (CURLM *multi,
          long ms,
          void *user_data)
{
  Loop *loop = user_data;

  g_clear_handle_id (&loop->timer, g_source_remove);
  if (ms >= 0)
    loop->timer = g_timeout_add ((guint) ms, timeout_cb, loop);
  return 0;
}

int
main (int argc,
      char *argv[])
{
  Loop loop = { 0 };

  curl_global_init (CURL_GLOBAL_DEFAULT);
  loop.main_loop = g_main_loop_new (NULL, FALSE);
  loop.multi = curl_multi_init ();
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt (loop.multi, CURLMOPT_TIMERFUNCTION, timer_cb);
  curl_multi_setopt (loop.multi, CURLMOPT_TIMERDATA, &loop);
  for (int i = 1; i < argc; i++)
    curl_multi_add_handle (loop.multi, fetch_new (argv[i]));

  if (argc > 1)
    g_main_loop_run (loop.main_loop);
  curl_multi_cleanup (loop.multi);
  g_clear_handle_id (&loop.timer, g_source_remove);
  g_main_loop_unref (loop.main_loop);
  curl_global_cleanup ();
  return loop.n_failed > 0;
}
