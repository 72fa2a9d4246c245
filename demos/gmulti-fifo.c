/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gmulti-fifo: a named pipe is watched on the same main context as the transfers. Each line written to it becomes a
 * transfer while the others run:
 *
 *   gmulti-fifo /tmp/urls &
 *   echo http://localhost/ > /tmp/urls
 *   echo quit > /tmp/urls
 *
 * curl-fifo does the same with the C face and a GSource of its own. */
#include "get-lines.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <gio/gunixoutputstream.h>
#include <glib-unix.h>
#include <gmulti.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  GMainLoop *loop;        /* (owned) */
  GMultiSession *session; /* (owned) */
  GOutputStream *nowhere; /* (owned) where the bodies go */
  GCancellable *reading;  /* (owned) ends the watching of the pipe */
  guint n_running;
  gboolean closing;
} Fifo;

static void
maybe_quit (Fifo *self)
{
  if (self->closing && self->n_running == 0)
    g_main_loop_quit (self->loop);
}

static void
completed_cb (GMultiTransfer *transfer,
              const GError *error,
              gpointer user_data)
{
  Fifo *self = user_data;

  if (error != NULL)
    g_print ("failed %s: %s\n", gmulti_transfer_get_uri (transfer), error->message);
  else
    g_print ("done %s: %" G_GUINT64_FORMAT " bytes\n", gmulti_transfer_get_uri (transfer),
             gmulti_transfer_get_bytes_received (transfer));
  self->n_running--;
  maybe_quit (self);
}

static void
start (Fifo *self,
       const char *uri)
{
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new (uri);

  g_print ("start %s\n", uri);
  self->n_running++;
  g_signal_connect (transfer, "completed", G_CALLBACK (completed_cb), self);
  /* The pending call keeps the transfer; what became of it the signal tells. */
  gmulti_session_splice_async (self->session, transfer, self->nowhere, G_OUTPUT_STREAM_SPLICE_NONE, NULL, NULL, NULL);
}

static void
line_cb (const char *line,
         const GError *error,
         gpointer user_data)
{
  Fifo *self = user_data;

  if (line == NULL)
    {
      self->closing = TRUE;
      maybe_quit (self);
    }
  else if (g_strcmp0 (line, "quit") == 0)
    g_cancellable_cancel (self->reading);
  else if (line[0] != '\0')
    start (self, line);
}

static gboolean
interrupt_cb (gpointer user_data)
{
  Fifo *self = user_data;

  g_cancellable_cancel (self->reading);
  gmulti_session_cancel_all (self->session);
  return G_SOURCE_CONTINUE;
}

/* Open for writing, too: otherwise the pipe would end whenever the last writer closes it. */
static GInputStream *
open_pipe (const char *path)
{
  int fd;

  if (mkfifo (path, 0600) < 0 && errno != EEXIST)
    return NULL;
  fd = open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  return fd >= 0 ? g_unix_input_stream_new (fd, TRUE) : NULL;
}

static void
watch_signal (Fifo *self,
              int number)
{
  g_autoptr (GSource) source = g_unix_signal_source_new (number);

  g_source_set_callback (source, interrupt_cb, self, NULL);
  g_source_attach (source, NULL);
}

int
main (int argc,
      char **argv)
{
  const char *path = argc > 1 ? argv[1] : "gmulti.fifo";
  g_autoptr (GInputStream) stream = open_pipe (path);
  Fifo self = { 0 };

  if (stream == NULL || argc > 2)
    {
      if (argc <= 2)
        g_printerr ("gmulti-fifo: %s: %s\n", path, g_strerror (errno));
      g_printerr ("Usage: gmulti-fifo [PIPE]\n");
      return 2;
    }
  self.loop = g_main_loop_new (NULL, FALSE);
  self.session = gmulti_session_new ();
  self.nowhere = g_unix_output_stream_new (open ("/dev/null", O_WRONLY | O_CLOEXEC), TRUE);
  self.reading = g_cancellable_new ();
  watch_signal (&self, SIGINT);
  watch_signal (&self, SIGTERM);
  setvbuf (stdout, NULL, _IOLBF, 0);
  g_print ("Write URLs to %s, one a line; \"quit\" ends this.\n", path);

  get_lines_read (stream, self.reading, line_cb, &self);
  g_main_loop_run (self.loop);

  unlink (path);
  g_clear_object (&self.session);
  g_clear_object (&self.nowhere);
  g_clear_object (&self.reading);
  g_main_loop_unref (self.loop);
  return 0;
}
