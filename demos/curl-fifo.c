/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl-fifo: the program of gmulti-fifo.c on the C face. A named pipe and the transfers share a main context; here the
 * program itself brings the GSource that the sockets and the timer of curl_multi_socket_action() need.
 *
 *   curl-fifo /tmp/urls &
 *   echo http://localhost/ > /tmp/urls
 *   echo quit > /tmp/urls
 *
 * It compiles unchanged against libcurl, too. */
#include <curl/curl.h>

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Nobody writes a longer URL. */
#define LINE_MAX_BYTES 4096

/* ---- the source: each socket a watch of it, the timer its ready time ---- */

/* One socket that the multi handle told us of; its address is the socket's pointer (curl_multi_assign). */
typedef struct
{
  curl_socket_t fd;
  gpointer tag; /* of g_source_add_unix_fd () */
} Watch;

typedef struct
{
  GSource source;
  CURLM *multi;       /* (unowned) */
  GPtrArray *watches; /* (owned) (element-type Watch) */
  void (*stepped) (gpointer user_data);
  gpointer user_data; /* (unowned) */
} MultiSource;

static GIOCondition
condition_for (int what)
{
  switch (what)
    {
    case CURL_POLL_IN:
      return G_IO_IN;
    case CURL_POLL_OUT:
      return G_IO_OUT;
    case CURL_POLL_INOUT:
      return G_IO_IN | G_IO_OUT;
    default:
      return 0;
    }
}

static int
socket_cb (CURL *easy,
           curl_socket_t fd,
           int what,
           void *user_data,
           void *socket_data)
{
  MultiSource *self = user_data;
  Watch *watch = socket_data;

  (void) easy;
  if (what == CURL_POLL_REMOVE)
    {
      if (watch != NULL)
        {
          g_source_remove_unix_fd (&self->source, watch->tag);
          g_ptr_array_remove_fast (self->watches, watch);
        }
      return 0;
    }
  if (watch == NULL)
    {
      watch = g_new0 (Watch, 1);
      watch->fd = fd;
      watch->tag = g_source_add_unix_fd (&self->source, (int) fd, condition_for (what));
      g_ptr_array_add (self->watches, watch);
      curl_multi_assign (self->multi, fd, watch);
    }
  else
    g_source_modify_unix_fd (&self->source, watch->tag, condition_for (what));
  return 0;
}

static int
timer_cb (CURLM *multi,
          long timeout_ms,
          void *user_data)
{
  GSource *source = user_data;

  (void) multi;
  if (timeout_ms < 0)
    g_source_set_ready_time (source, -1);
  else
    g_source_set_ready_time (source, g_get_monotonic_time () + (gint64) timeout_ms * 1000);
  return 0;
}

/* Which sockets are ready, noted before the first of them is served: serving one may remove others. */
static guint
collect_ready (MultiSource *self,
               curl_socket_t *fds,
               int *events)
{
  guint n = 0;

  for (guint i = 0; i < self->watches->len; i++)
    {
      Watch *watch = g_ptr_array_index (self->watches, i);
      GIOCondition condition = g_source_query_unix_fd (&self->source, watch->tag);
      int bits = 0;

      if (condition & G_IO_IN)
        bits |= CURL_CSELECT_IN;
      if (condition & G_IO_OUT)
        bits |= CURL_CSELECT_OUT;
      if (condition & (G_IO_ERR | G_IO_HUP))
        bits |= CURL_CSELECT_ERR;
      if (bits == 0)
        continue;
      fds[n] = watch->fd;
      events[n++] = bits;
    }
  return n;
}

static gboolean
multi_source_dispatch (GSource *source,
                       GSourceFunc callback,
                       gpointer user_data)
{
  MultiSource *self = (MultiSource *) source;
  g_autofree curl_socket_t *fds = g_new (curl_socket_t, self->watches->len);
  g_autofree int *events = g_new (int, self->watches->len);
  guint n_ready = collect_ready (self, fds, events);
  gint64 ready_time = g_source_get_ready_time (source);
  int running = 0;

  (void) callback;
  (void) user_data;
  for (guint i = 0; i < n_ready; i++)
    curl_multi_socket_action (self->multi, fds[i], events[i], &running);
  /* The sockets first: what arrived in time shall not time out because we are late. */
  if (ready_time >= 0 && ready_time <= g_source_get_time (source))
    {
      g_source_set_ready_time (source, -1);
      curl_multi_socket_action (self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
  self->stepped (self->user_data);
  return G_SOURCE_CONTINUE;
}

static void
multi_source_finalize (GSource *source)
{
  MultiSource *self = (MultiSource *) source;

  g_ptr_array_unref (self->watches);
}

static GSourceFuncs multi_source_funcs = {
  .dispatch = multi_source_dispatch,
  .finalize = multi_source_finalize,
};

/* Ties @multi to a source; @stepped is called after each step, and may remove easy handles. (owned) */
static GSource *
multi_source_new (CURLM *multi,
                  void (*stepped) (gpointer user_data),
                  gpointer user_data)
{
  GSource *source = g_source_new (&multi_source_funcs, sizeof (MultiSource));
  MultiSource *self = (MultiSource *) source;

  g_source_set_static_name (source, "curl_multi");
  self->multi = multi;
  self->watches = g_ptr_array_new_with_free_func (g_free);
  self->stepped = stepped;
  self->user_data = user_data;
  curl_multi_setopt (multi, CURLMOPT_SOCKETFUNCTION, socket_cb);
  curl_multi_setopt (multi, CURLMOPT_SOCKETDATA, self);
  curl_multi_setopt (multi, CURLMOPT_TIMERFUNCTION, timer_cb);
  curl_multi_setopt (multi, CURLMOPT_TIMERDATA, self);
  return source;
}

/* ---- the program ---- */

typedef struct
{
  GMainLoop *loop;    /* (owned) */
  CURLM *multi;       /* (owned) */
  int fd;             /* (owned) the pipe */
  GString *line;      /* (owned) what came after the last line end */
  GPtrArray *running; /* (owned) (element-type CURL) those that were added to the multi handle */
  gboolean closing;
} Fifo;

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  (void) data;
  (void) user_data;
  return size * n;
}

static void
start (Fifo *self,
       const char *url)
{
  CURL *easy = curl_easy_init ();

  printf ("start %s\n", url);
  curl_easy_setopt (easy, CURLOPT_URL, url);
  curl_easy_setopt (easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (easy, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, write_cb);
  curl_easy_setopt (easy, CURLOPT_PRIVATE, g_strdup (url));
  g_ptr_array_add (self->running, easy);
  curl_multi_add_handle (self->multi, easy);
}

static void
finish (Fifo *self,
        CURL *easy)
{
  char *url = NULL;

  curl_easy_getinfo (easy, CURLINFO_PRIVATE, &url);
  g_free (url);
  curl_multi_remove_handle (self->multi, easy);
  curl_easy_cleanup (easy);
  g_ptr_array_remove_fast (self->running, easy);
}

static void
report (CURL *easy,
        CURLcode result)
{
  char *url = NULL;
  curl_off_t size = 0;

  curl_easy_getinfo (easy, CURLINFO_PRIVATE, &url);
  curl_easy_getinfo (easy, CURLINFO_SIZE_DOWNLOAD_T, &size);
  if (result == CURLE_OK)
    printf ("done %s: %" CURL_FORMAT_CURL_OFF_T " bytes\n", url, size);
  else
    printf ("failed %s: %s\n", url, curl_easy_strerror (result));
}

/* After each step: takes what is finished out of the message queue. */
static void
stepped_cb (gpointer user_data)
{
  Fifo *self = user_data;
  CURLMsg *message;
  int left = 0;

  while ((message = curl_multi_info_read (self->multi, &left)) != NULL)
    {
      CURL *easy = message->easy_handle;

      if (message->msg != CURLMSG_DONE)
        continue;
      report (easy, message->data.result);
      finish (self, easy);
    }
  if (self->closing && self->running->len == 0)
    g_main_loop_quit (self->loop);
}

static void
take_lines (Fifo *self)
{
  char *end;

  while ((end = strchr (self->line->str, '\n')) != NULL)
    {
      g_autofree char *line = g_strndup (self->line->str, (gsize) (end - self->line->str));

      g_string_erase (self->line, 0, (gssize) (end - self->line->str) + 1);
      if (strcmp (line, "quit") == 0)
        self->closing = TRUE;
      else if (line[0] != '\0' && !self->closing)
        start (self, line);
    }
  if (self->line->len > LINE_MAX_BYTES)
    g_string_truncate (self->line, 0);
}

static gboolean
readable_cb (int fd,
             GIOCondition condition,
             gpointer user_data)
{
  Fifo *self = user_data;
  char block[1024];
  gssize n = read (fd, block, sizeof block);

  (void) condition;
  if (n > 0)
    {
      g_string_append_len (self->line, block, n);
      take_lines (self);
    }
  stepped_cb (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
interrupt_cb (gpointer user_data)
{
  Fifo *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_CONTINUE;
}

static void
watch (GSource *source,
       GSourceFunc func,
       gpointer user_data)
{
  if (func != NULL)
    g_source_set_callback (source, func, user_data, NULL);
  g_source_attach (source, NULL);
}

/* Open for writing, too: otherwise the pipe would end whenever the last writer closes it. */
static int
open_pipe (const char *path)
{
  if (mkfifo (path, 0600) < 0 && errno != EEXIST)
    return -1;
  return open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void
run (Fifo *self)
{
  g_autoptr (GSource) transfers = multi_source_new (self->multi, stepped_cb, self);
  g_autoptr (GSource) lines = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_autoptr (GSource) interrupt = g_unix_signal_source_new (SIGINT);
  g_autoptr (GSource) terminate = g_unix_signal_source_new (SIGTERM);

  watch (transfers, NULL, NULL);
  watch (lines, (GSourceFunc) (void (*) (void)) readable_cb, self);
  watch (interrupt, interrupt_cb, self);
  watch (terminate, interrupt_cb, self);
  g_main_loop_run (self->loop);

  while (self->running->len > 0)
    finish (self, g_ptr_array_index (self->running, 0));
  /* The multi handle takes its sockets away from the source while that is still there. */
  curl_multi_cleanup (self->multi);
  g_source_destroy (terminate);
  g_source_destroy (interrupt);
  g_source_destroy (lines);
  g_source_destroy (transfers);
}

int
main (int argc,
      char **argv)
{
  const char *path = argc > 1 ? argv[1] : "curl.fifo";
  Fifo self = { .fd = open_pipe (path) };

  if (self.fd < 0 || argc > 2)
    {
      if (self.fd < 0)
        fprintf (stderr, "curl-fifo: %s: %s\n", path, g_strerror (errno));
      fprintf (stderr, "Usage: curl-fifo [PIPE]\n");
      return 2;
    }
  curl_global_init (CURL_GLOBAL_ALL);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.multi = curl_multi_init ();
  self.line = g_string_new (NULL);
  self.running = g_ptr_array_new ();
  setvbuf (stdout, NULL, _IOLBF, 0);
  printf ("Write URLs to %s, one a line; \"quit\" ends this.\n", path);
  run (&self);

  unlink (path);
  close (self.fd);
  g_string_free (self.line, TRUE);
  g_ptr_array_unref (self.running);
  g_main_loop_unref (self.loop);
  curl_global_cleanup ();
  return 0;
}
