/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "crowd-server.h"

#include "scripted-server.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nServer: scripted\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/html\r\n"

void
crowd_allow_descriptors (guint n)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  if (limit.rlim_cur < n)
    {
      limit.rlim_cur = n;
      limit.rlim_max = MAX (limit.rlim_max, n);
      setrlimit (RLIMIT_NOFILE, &limit);
    }
  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &limit), ==, 0);
  g_assert_cmpuint (limit.rlim_cur, >=, n);
}

/* ---- in the server's process ---- */

static gint released; /* atomic */

static void
release_cb (int number)
{
  g_atomic_int_set (&released, 1);
}

/* Looks again every now and then. */
static ScriptedAnswer *
when_released (const ScriptedRequest *request,
               gpointer user_data)
{
  ScriptedAnswer *answer = scripted_answer_new ();

  if (g_atomic_int_get (&released))
    return scripted_answer_send (answer, &CROWD_BODY[strlen (CROWD_BODY_BEGIN)]);

  return scripted_answer_handler (scripted_answer_delay (answer, 500), when_released, NULL);
}

static void G_GNUC_NORETURN
serve (int tell_fd)
{
  ScriptedServer *server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  g_autofree char *length = g_strdup_printf ("Content-Length: %u\r\n\r\n", (guint) strlen (CROWD_BODY));
  ScriptedAnswer *answer = scripted_answer_new ();
  guint16 port = scripted_server_port (server);

  signal (SIGUSR1, release_cb);
  scripted_answer_send (answer, HEAD);
  scripted_answer_delay (answer, 1000);
  scripted_answer_send (answer, length);
  scripted_answer_send (answer, CROWD_BODY_BEGIN);
  scripted_answer_handler (answer, when_released, NULL);
  scripted_server_on (server, "*", answer);
  if (write (tell_fd, &port, sizeof port) != sizeof port)
    _exit (1);
  for (;;)
    pause ();
}

/* ---- in the test's ---- */

void
crowd_server_start (CrowdServer *self)
{
  int pipe_fds[2];

  g_assert_cmpint (pipe (pipe_fds), ==, 0);
  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      close (pipe_fds[0]);
      serve (pipe_fds[1]);
    }
  close (pipe_fds[1]);
  g_assert_cmpint (read (pipe_fds[0], &self->port, sizeof self->port), ==, sizeof self->port);
  close (pipe_fds[0]);
}

void
crowd_server_release (CrowdServer *self)
{
  kill (self->pid, SIGUSR1);
}

void
crowd_server_stop (CrowdServer *self)
{
  kill (self->pid, SIGKILL);
  waitpid (self->pid, NULL, 0);
}
