/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kdc.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Places where Debian has what only an administrator has on his PATH. */
#define ADMIN_PATH "/usr/sbin:/sbin:/usr/bin:/bin"

struct _Kdc
{
  char *folder; /* (owned) */
  guint16 port;
  GPid pid; /* 0: not running */
};

static const char *const files[] = { "krb5.conf",     "kdc.conf",    "principal", "principal.ok", "principal.kadm5",
                                     "principal.kadm5.lock", "stash", "keys",      "tickets", "pid" };
static const char *const variables[] = { "KRB5_CONFIG", "KRB5_KDC_PROFILE", "KRB5CCNAME", "KRB5_KTNAME", "KRB5RCACHETYPE" };

static char *
in_folder (Kdc *self,
           const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
write_file (Kdc *self,
            const char *name,
            const char *text)
{
  g_autofree char *path = in_folder (self, name);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* ---- programs ---- */

static char *
find_program (const char *name)
{
  g_auto (GStrv) folders = g_strsplit (ADMIN_PATH, ":", -1);

  for (guint i = 0; folders[i] != NULL; i++)
    {
      char *path = g_build_filename (folders[i], name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
        return path;
      g_free (path);
    }

  return NULL;
}

/* Runs @line, its words separated by one blank each, with @input. */
static void
run (const char *line,
     const char *input)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);
  g_autoptr (GError) error = NULL;
  g_autofree char *program = find_program (argv[0]);
  int to = -1, status = 0;
  GPid pid;

  g_assert_nonnull (program);
  g_free (argv[0]);
  argv[0] = g_steal_pointer (&program);
  g_spawn_async_with_pipes (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            NULL, NULL, &pid, &to, NULL, NULL, &error);
  g_assert_no_error (error);
  if (input != NULL)
    g_assert_cmpint (write (to, input, strlen (input)), ==, (gssize) strlen (input));
  close (to);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  if (status != 0)
    g_error ("this failed: %s", line);
}

static guint16
find_free_port (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &len), ==, 0);
  close (fd);
  return ntohs (address.sin_port);
}

static gboolean
answers (guint16 port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons (port), .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  gboolean connected = connect (fd, (struct sockaddr *) &address, sizeof address) == 0;

  close (fd);
  return connected;
}

/* ---- the realm ---- */

/* Neither names nor addresses are looked up. */
void
kdc_set_port (Kdc *self,
              guint16 port)
{
  g_autofree char *text =
    g_strdup_printf ("[libdefaults]\n default_realm = " KDC_REALM "\n dns_lookup_kdc = false\n dns_lookup_realm = false\n"
                     " dns_canonicalize_hostname = false\n rdns = false\n udp_preference_limit = 1\n"
                     " qualify_shortname = \"\"\n default_ccache_name = FILE:%s/tickets\n"
                     "[realms]\n " KDC_REALM " = {\n  kdc = 127.0.0.1:%u\n }\n",
                     self->folder, port != 0 ? port : self->port);

  write_file (self, "krb5.conf", text);
}

static void
set_variables (Kdc *self)
{
  g_autofree char *config = in_folder (self, "krb5.conf");
  g_autofree char *profile = in_folder (self, "kdc.conf");
  g_autofree char *keys = in_folder (self, "keys");
  g_autofree char *tickets = g_strdup_printf ("FILE:%s/tickets", self->folder);
  const char *const values[] = { config, profile, tickets, keys, "none" };

  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_setenv (variables[i], values[i], TRUE);
}

static void
make_realm (Kdc *self)
{
  g_autofree char *text = g_strdup_printf (
    "[kdcdefaults]\n kdc_listen = \"\"\n kdc_tcp_listen = 127.0.0.1:%u\n"
    "[realms]\n " KDC_REALM " = {\n  database_name = %s/principal\n  key_stash_file = %s/stash\n"
    "  supported_enctypes = aes128-cts-hmac-sha1-96:normal\n  master_key_type = aes128-cts-hmac-sha1-96\n }\n",
    self->port, self->folder, self->folder);
  g_autofree char *commands = g_strdup_printf ("addprinc -pw " KDC_PASSWORD " " KDC_USER "\n"
                                               "addprinc -randkey HTTP/127.0.0.1\naddprinc -randkey HTTP/localhost\n"
                                               "addprinc -randkey web/127.0.0.1\naddprinc -randkey web/localhost\n"
                                               "addprinc -randkey rcmd/127.0.0.1\n"
                                               "ktadd -k %s/keys HTTP/127.0.0.1 HTTP/localhost web/127.0.0.1 web/localhost "
                                               "rcmd/127.0.0.1\n",
                                               self->folder);

  write_file (self, "kdc.conf", text);
  run ("kdb5_util create -s -r " KDC_REALM " -P master", NULL);
  run ("kadmin.local -r " KDC_REALM, commands);
}

/* It does not outlive a test that is aborted. */
static void
follow_parent (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static void
start (Kdc *self)
{
  g_autofree char *program = find_program ("krb5kdc");
  g_autofree char *pid_file = in_folder (self, "pid");
  const char *argv[] = { program, "-n", "-r", KDC_REALM, "-P", pid_file, NULL };
  g_autoptr (GError) error = NULL;

  g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 follow_parent, NULL, &self->pid, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 1000 && !answers (self->port); i++)
    g_usleep (10000);
  g_assert_true (answers (self->port));
}

Kdc *
kdc_new (void)
{
  static const char *const programs[] = { "krb5kdc", "kdb5_util", "kadmin.local", "kinit" };
  Kdc *self;

  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *program = find_program (programs[i]);

      if (program == NULL)
        return NULL;
    }

  self = g_new0 (Kdc, 1);
  self->folder = g_dir_make_tmp ("kdc-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
  self->port = find_free_port ();
  set_variables (self);
  kdc_set_port (self, 0);
  make_realm (self);
  start (self);

  return self;
}

void
kdc_log_in (Kdc *self,
            guint seconds)
{
  g_autofree char *line = g_strdup_printf ("kinit -f -l %us " KDC_USER, seconds);

  run (line, KDC_PASSWORD "\n");
}

void
kdc_log_out (Kdc *self)
{
  g_autofree char *tickets = in_folder (self, "tickets");

  g_unlink (tickets);
}

void
kdc_free (Kdc *self)
{
  if (self == NULL)
    return;

  if (self->pid != 0)
    {
      kill (self->pid, SIGTERM);
      waitpid (self->pid, NULL, 0);
      g_spawn_close_pid (self->pid);
    }
  for (guint i = 0; i < G_N_ELEMENTS (variables); i++)
    g_unsetenv (variables[i]);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = in_folder (self, files[i]);

      g_unlink (path);
    }
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self);
}

/* ---- programs of tests ---- */

static struct
{
  Kdc *kdc; /* (unowned) (nullable) */
  GTestFixtureFunc set_up;
  GTestFixtureFunc tear_down;
} program;

static void
set_up_test (gpointer fixture,
             gconstpointer data)
{
  if (program.kdc == NULL)
    {
      g_test_skip ("there is no Kerberos server here");
      return;
    }
  kdc_log_in (program.kdc, 600);
  program.set_up (fixture, NULL);
}

static void
run_test (gpointer fixture,
          gconstpointer data)
{
  if (program.kdc != NULL)
    ((const KdcTest *) data)->func (fixture, NULL);
}

static void
tear_down_test (gpointer fixture,
                gconstpointer data)
{
  if (program.kdc != NULL)
    program.tear_down (fixture, NULL);
}

int
kdc_run_tests (Kdc **kdc,
               const KdcTest *tests,
               guint n_tests,
               gsize fixture_size,
               GTestFixtureFunc set_up,
               GTestFixtureFunc tear_down)
{
  int result;

  *kdc = program.kdc = kdc_new ();
  program.set_up = set_up;
  program.tear_down = tear_down;
  for (guint i = 0; i < n_tests; i++)
    g_test_add_vtable (tests[i].path, fixture_size, &tests[i], set_up_test, run_test, tear_down_test);
  result = g_test_run ();
  *kdc = NULL;
  kdc_free (g_steal_pointer (&program.kdc));

  return result;
}
