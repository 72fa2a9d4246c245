/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peers.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 10000
#define STOP_MS 5000
#define TRIES 5 /* another process may take the port that was free a moment ago */

struct _Peer
{
  PeerKind kind;
  guint16 port;
  char *folder; /* (owned) */
  GPid pid;
};

static const struct
{
  const char *name;
  const char *program;
} kinds[PEER_N_KINDS] = {
  [PEER_NGINX] = { "nginx", "nginx" },
  [PEER_APACHE] = { "apache", "apache2" },
  [PEER_CADDY] = { "caddy", "caddy" },
  [PEER_PYTHON] = { "python", "/usr/bin/python3" },
  [PEER_PYTHON_OLD] = { "python-old", "/usr/bin/python3" },
};

const char *
peer_kind_name (PeerKind kind)
{
  return kinds[kind].name;
}

/* Debian keeps servers where only root looks by default. */
static char *
find_program (PeerKind kind)
{
  g_autofree char *in_sbin = g_build_filename ("/usr/sbin", kinds[kind].program, NULL);
  char *found = g_find_program_in_path (kinds[kind].program);

  if (found == NULL && g_file_test (in_sbin, G_FILE_TEST_IS_EXECUTABLE))
    found = g_steal_pointer (&in_sbin);
  return found;
}

gboolean
peer_is_there (PeerKind kind)
{
  g_autofree char *program = find_program (kind);

  return program != NULL;
}

/* --- configuration --- */

static char *
write_file (Peer *self,
            const char *name,
            const char *text)
{
  char *path = g_build_filename (self->folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  return path;
}

static char **
nginx_command (Peer *self,
               const char *program,
               const char *root)
{
  g_autofree char *text = g_strdup_printf (
    "daemon off;\nmaster_process off;\nworker_processes 1;\npid %1$s/pid;\nerror_log %1$s/error.log;\n"
    "events { worker_connections 2000; }\n"
    "http {\n  access_log off;\n  default_type application/octet-stream;\n  keepalive_requests 100000;\n"
    "  client_body_temp_path %1$s/body;\n  proxy_temp_path %1$s/proxy;\n  fastcgi_temp_path %1$s/fastcgi;\n"
    "  uwsgi_temp_path %1$s/uwsgi;\n  scgi_temp_path %1$s/scgi;\n"
    "  gzip on; gzip_types *; gzip_min_length 1;\n"
    "  server {\n    listen 127.0.0.1:%2$u;\n    root %3$s;\n    autoindex on;\n"
    "    location /moved/ { return 302 /doc/; }\n"
    /* A page that might have others put into it is of unknown length. */
    "    location /chunks/ { alias %3$s/; ssi on; ssi_types *; }\n"
    "    location /put/ { alias %1$s/put/; client_max_body_size 0; dav_methods PUT DELETE; create_full_put_path on; }\n"
    "  }\n}\n",
    self->folder, self->port, root);
  g_autofree char *path = write_file (self, "nginx.conf", text);
  g_autofree char *log = g_build_filename (self->folder, "error.log", NULL);
  const char *command[] = { program, "-p", self->folder, "-e", log, "-c", path, NULL };

  return g_strdupv ((char **) command);
}

static char **
apache_command (Peer *self,
                const char *program,
                const char *root)
{
  g_autofree char *text = g_strdup_printf (
    "ServerRoot %1$s\nServerName localhost\nListen 127.0.0.1:%2$u\nPidFile %1$s/pid\nErrorLog %1$s/error.log\n"
    "Mutex file:%1$s default\n"
    "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n"
    "LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n"
    "LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so\n"
    "LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so\n"
    "%4$s"
    "StartServers 1\nThreadLimit 64\nThreadsPerChild 64\nMaxRequestWorkers 64\nMaxKeepAliveRequests 0\n"
    "KeepAlive On\nDocumentRoot %3$s\n"
    "<Directory />\n  Options Indexes FollowSymLinks\n  Require all granted\n</Directory>\n"
    "LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so\n"
    "LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so\n"
    "LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so\nSetOutputFilter DEFLATE\n"
    "LoadModule dav_module /usr/lib/apache2/modules/mod_dav.so\n"
    "LoadModule dav_fs_module /usr/lib/apache2/modules/mod_dav_fs.so\n"
    "DavLockDB %1$s/put/locks\nAlias /put %1$s/put\n<Location /put>\n  Dav On\n</Location>\n",
    self->folder, self->port, root, getuid () == 0 ? "User nobody\nGroup nogroup\n" : "");
  g_autofree char *path = write_file (self, "apache.conf", text);
  const char *command[] = { program, "-X", "-f", path, NULL };

  return g_strdupv ((char **) command);
}

static char **
caddy_command (Peer *self,
               const char *program,
               const char *root)
{
  g_autofree char *text = g_strdup_printf (
    "{\n  admin off\n  auto_https off\n}\n"
    "http://127.0.0.1:%u {\n  bind 127.0.0.1\n  root * %s\n  encode zstd gzip\n  file_server browse\n}\n",
    self->port, root);
  g_autofree char *path = write_file (self, "Caddyfile", text);
  const char *command[] = { program, "run", "--adapter", "caddyfile", "--config", path, NULL };

  return g_strdupv ((char **) command);
}

static char **
python_command (Peer *self,
                const char *program,
                const char *root)
{
  static const char script[] =
    "import functools, http.server, sys\n"
    "handler = http.server.SimpleHTTPRequestHandler\n"
    "handler.protocol_version = sys.argv[3]\n"
    "handler.log_message = lambda *args: None\n"
    "http.server.ThreadingHTTPServer.request_queue_size = 128\n"
    "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),\n"
    "    functools.partial(handler, directory=sys.argv[2])).serve_forever()\n";
  g_autofree char *port = g_strdup_printf ("%u", self->port);
  const char *command[] = {
    program, "-c", script, port, root, self->kind == PEER_PYTHON ? "HTTP/1.1" : "HTTP/1.0", NULL
  };

  return g_strdupv ((char **) command);
}

static char **
make_command (Peer *self,
              const char *root)
{
  g_autofree char *program = find_program (self->kind);

  g_assert_nonnull (program);
  switch (self->kind)
    {
    case PEER_NGINX:
      return nginx_command (self, program, root);
    case PEER_APACHE:
      return apache_command (self, program, root);
    case PEER_CADDY:
      return caddy_command (self, program, root);
    case PEER_PYTHON:
    case PEER_PYTHON_OLD:
      return python_command (self, program, root);
    default:
      g_assert_not_reached ();
    }
}

/* --- life --- */

static guint16
free_port (void)
{
  struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof in;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_no_errno (bind (fd, (struct sockaddr *) &in, sizeof in));
  g_assert_no_errno (getsockname (fd, (struct sockaddr *) &in, &len));
  close (fd);
  return ntohs (in.sin_port);
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

/* In the child: it ends with the test, however that ends. */
static void
in_child (gpointer user_data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean
start (Peer *self,
       const char *root)
{
  g_auto (GStrv) environment = g_environ_setenv (g_get_environ (), "HOME", self->folder, TRUE);
  g_auto (GStrv) command = NULL;
  g_autoptr (GError) error = NULL;
  gint64 until = g_get_monotonic_time () + START_MS * 1000;

  environment = g_environ_setenv (environment, "XDG_DATA_HOME", self->folder, TRUE);
  environment = g_environ_setenv (environment, "XDG_CONFIG_HOME", self->folder, TRUE);
  self->port = free_port ();
  command = make_command (self, root);
  g_spawn_async (self->folder, command, environment,
                 G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, in_child, NULL,
                 &self->pid, &error);
  g_assert_no_error (error);
  while (g_get_monotonic_time () < until)
    {
      if (waitpid (self->pid, NULL, WNOHANG) == self->pid)
        return FALSE;
      if (accepts (self->port))
        return TRUE;
      g_usleep (20000);
    }
  g_error ("%s does not accept connections", kinds[self->kind].name);
}

Peer *
peer_new (PeerKind kind,
          const char *root)
{
  Peer *self = g_new0 (Peer, 1);
  g_autofree char *put = NULL;
  guint tries = TRIES;

  self->kind = kind;
  self->folder = g_dir_make_tmp ("peer-XXXXXX", NULL);
  g_assert_nonnull (self->folder);
  /* A server that is started as root changes to somebody who has to get in here, too. */
  g_assert_no_errno (g_chmod (self->folder, 0777));
  put = g_build_filename (self->folder, "put", NULL);
  g_assert_no_errno (g_mkdir (put, 0777));
  g_assert_no_errno (g_chmod (put, 0777));
  while (!start (self, root))
    g_assert_cmpuint (--tries, >, 0);
  return self;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *below = g_build_filename (path, name, NULL);

      if (g_file_test (below, G_FILE_TEST_IS_DIR) && !g_file_test (below, G_FILE_TEST_IS_SYMLINK))
        remove_tree (below);
      else
        g_unlink (below);
    }
  g_rmdir (path);
}

static gboolean
is_gone (Peer *self,
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
peer_free (Peer *self)
{
  if (self == NULL)
    return;
  kill (self->pid, SIGTERM);
  if (!is_gone (self, STOP_MS))
    {
      kill (self->pid, SIGKILL);
      g_assert_true (is_gone (self, STOP_MS));
    }
  g_spawn_close_pid (self->pid);
  remove_tree (self->folder);
  g_free (self->folder);
  g_free (self);
}

guint16
peer_get_port (Peer *self)
{
  return self->port;
}

char *
peer_dup_url (Peer *self,
              const char *path)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);

  return g_strdup_printf ("http://127.0.0.1:%u/%s", self->port, escaped);
}
