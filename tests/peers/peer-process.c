/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 30000
#define STOP_MS 5000
#define TRIES 5

char *
peer_process_find (const char *program)
{
  char *found = g_find_program_in_path (program);

  if (found == NULL)
    {
      g_autofree char *in_sbin = g_build_filename ("/usr/sbin", program, NULL);

      if (g_file_test (in_sbin, G_FILE_TEST_IS_EXECUTABLE))
        found = g_steal_pointer (&in_sbin);
    }
  return found;
}

char *
peer_process_write (PeerProcess *self,
                    const char *name,
                    const char *text)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
  return path;
}

char *
peer_process_mkdir (PeerProcess *self,
                    const char *name)
{
  char *path = g_build_filename (self->folder, name, NULL);

  g_assert_no_errno (g_mkdir (path, 0777));
  g_assert_no_errno (g_chmod (path, 0777));
  return path;
}

static void
reserve_port (PeerProcess *self)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof in;
  int one = 1;

  if (self->reserved >= 0)
    close (self->reserved);
  self->reserved = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_assert_no_errno (setsockopt (self->reserved, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
  g_assert_no_errno (bind (self->reserved, (struct sockaddr *) &in, sizeof in));
  g_assert_no_errno (getsockname (self->reserved, (struct sockaddr *) &in, &len));
  self->port = ntohs (in.sin_port);
}

static gboolean
accepts (guint16 port)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean connected;

  in.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  connected = connect (fd, (struct sockaddr *) &in, sizeof in) == 0;
  close (fd);
  return connected;
}

/* In the child. With what it starts it is a group, so that none of them is left behind. */
static void
in_child (gpointer user_data)
{
  setpgid (0, 0);
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean
start (PeerProcess *self,
       PeerConfigure configure,
       gpointer user_data)
{
  g_auto (GStrv) command = NULL;
  g_autoptr (GError) error = NULL;
  gint64 until = g_get_monotonic_time () + START_MS * 1000;

  reserve_port (self);
  command = configure (self, user_data);
  g_spawn_async (self->folder, command, self->environment,
                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, in_child, NULL,
                 &self->pid, &error);
  g_assert_no_error (error);
  while (g_get_monotonic_time () < until)
    {
      if (waitpid (self->pid, NULL, WNOHANG) == self->pid)
        return FALSE;
      if (accepts (self->port))
        return TRUE;
      g_usleep (10000);
    }
  g_error ("%s does not accept connections", self->name);
}

PeerProcess *
peer_process_new (const char *name,
                  const char *program,
                  PeerConfigure configure,
                  gpointer user_data)
{
  PeerProcess *self = g_new0 (PeerProcess, 1);
  guint tries = TRIES;

  self->name = name;
  self->reserved = -1;
  self->program = peer_process_find (program);
  if (self->program == NULL)
    g_error ("%s is not installed: what we are measured by is not to be left out", program);
  self->folder = g_dir_make_tmp ("peer-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
  g_assert_no_errno (g_chmod (self->folder, 0777));
  self->environment = g_environ_setenv (g_get_environ (), "HOME", self->folder, TRUE);
  self->environment = g_environ_setenv (self->environment, "XDG_DATA_HOME", self->folder, TRUE);
  self->environment = g_environ_setenv (self->environment, "XDG_CONFIG_HOME", self->folder, TRUE);
  while (!start (self, configure, user_data))
    if (--tries == 0)
      g_error ("%s does not start", self->name);
  return self;
}

static int
remove_one (const char *path,
            const struct stat *status,
            int type,
            struct FTW *where)
{
  return remove (path);
}

static gboolean
is_gone (PeerProcess *self,
         guint ms)
{
  gint64 until = g_get_monotonic_time () + (gint64) ms * 1000;

  while (waitpid (self->pid, NULL, WNOHANG) == 0)
    {
      if (g_get_monotonic_time () >= until)
        return FALSE;
      g_usleep (5000);
    }
  return TRUE;
}

void
peer_process_free (PeerProcess *self)
{
  if (self == NULL)
    return;
  kill (self->pid, SIGTERM);
  if (!is_gone (self, STOP_MS))
    {
      kill (self->pid, SIGKILL);
      g_assert_true (is_gone (self, STOP_MS));
    }
  kill (-self->pid, SIGKILL); /* its helpers, if it left some; their group keeps the number from being used again */
  g_spawn_close_pid (self->pid);
  close (self->reserved);
  nftw (self->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  g_strfreev (self->environment);
  g_free (self->program);
  g_free (self->folder);
  g_free (self);
}
