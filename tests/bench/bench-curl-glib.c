/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C interface by socket_action on GMainContext, as applications do it: one source per socket, one for the timer,
 * all at default priority. */
#include "bench-curl.h"
#include "bench-frames.h"

#include <glib.h>

typedef struct
{
  GSource source;
  curl_socket_t fd;
  gpointer tag;
} SocketSource;

static CURLM *multi;
static GSource *timer;
static Bench *the_bench;

static gboolean
socket_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  SocketSource *self = (SocketSource *) source;
  GIOCondition ready = g_source_query_unix_fd (source, self->tag);
  int bits = 0;
  int running;

  if (ready & (G_IO_IN | G_IO_HUP))
    bits |= CURL_CSELECT_IN;
  if (ready & G_IO_OUT)
    bits |= CURL_CSELECT_OUT;
  if (ready & G_IO_ERR)
    bits |= CURL_CSELECT_ERR;
  curl_multi_socket_action (multi, self->fd, bits, &running);
  bench_curl_collect (the_bench, multi);
  return G_SOURCE_CONTINUE;
}

static gboolean
timer_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  int running;

  g_source_set_ready_time (source, -1);
  curl_multi_socket_action (multi, CURL_SOCKET_TIMEOUT, 0, &running);
  bench_curl_collect (the_bench, multi);
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs socket_funcs = { .dispatch = socket_dispatch };
static GSourceFuncs timer_funcs = { .dispatch = timer_dispatch };

static GIOCondition
condition_of (int what)
{
  switch (what)
    {
    case CURL_POLL_IN: return G_IO_IN | G_IO_HUP | G_IO_ERR;
    case CURL_POLL_OUT: return G_IO_OUT | G_IO_HUP | G_IO_ERR;
    case CURL_POLL_INOUT: return G_IO_IN | G_IO_OUT | G_IO_HUP | G_IO_ERR;
    default: return 0;
    }
}

static int
socket_cb (CURL *easy, curl_socket_t fd, int what, void *user_data, void *socket_data)
{
  SocketSource *self = socket_data;

  if (what == CURL_POLL_REMOVE)
    {
      if (self == NULL)
        return 0;
      g_source_destroy ((GSource *) self);
      g_source_unref ((GSource *) self);
      curl_multi_assign (multi, fd, NULL);
      return 0;
    }
  if (self != NULL)
    {
      g_source_modify_unix_fd ((GSource *) self, self->tag, condition_of (what));
      return 0;
    }
  self = (SocketSource *) g_source_new (&socket_funcs, sizeof (SocketSource));
  self->fd = fd;
  self->tag = g_source_add_unix_fd ((GSource *) self, fd, condition_of (what));
  g_source_attach ((GSource *) self, NULL);
  curl_multi_assign (multi, fd, self);
  return 0;
}

static int
timer_cb (CURLM *from, long timeout_ms, void *user_data)
{
  g_source_set_ready_time (timer, timeout_ms < 0 ? -1 : g_get_monotonic_time () + timeout_ms * 1000);
  return 0;
}

static void
client_open (Bench *bench)
{
  the_bench = bench;
  timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_attach (timer, NULL);
  multi = bench_curl_open (bench);
  curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (multi, CURLMOPT_TIMERFUNCTION, timer_cb);
}

static void
client_start (Bench *bench, BenchTransfer *transfer)
{
  bench_curl_start (bench, multi, transfer);
}

static void
client_run (Bench *bench)
{
  while (!bench_stopped (bench))
    g_main_context_iteration (NULL, TRUE);
}

static void
client_close (Bench *bench)
{
  bench_curl_close (multi);
  g_source_destroy (timer);
  g_source_unref (timer);
}

static const BenchClient client = {
#ifdef BENCH_ENGINE
  .name = "engine-glib",
#else
  .name = "curl-glib",
#endif
  .library = bench_curl_library,
  .open = client_open,
  .start = client_start,
  .run = client_run,
  .close = client_close,
  .frames_start = bench_frames_start,
  .frames_stop = bench_frames_stop,
};

int
main (int argc, char **argv)
{
  return bench_main (&client, argc, argv);
}
