/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-proxies.h"

#include "peer-identity.h"
#include "peer-process.h"

#include <sys/mman.h>
#include <unistd.h>

struct _PeerProxy
{
  PeerProxyKind kind;
  PeerProxy *behind; /* (owned) (nullable): where it sends everything */
  gboolean is_behind; /* it is that for another one */
  PeerProcess *process; /* (owned) */
};

static const struct
{
  const char *name;
  const char *program;
} kinds[PEER_PROXY_N_KINDS] = {
  [PEER_PROXY_SQUID] = { "squid", "squid" },
  [PEER_PROXY_SQUID_BASIC] = { "squid-basic", "squid" },
  [PEER_PROXY_SQUID_DIGEST] = { "squid-digest", "squid" },
  [PEER_PROXY_TINYPROXY] = { "tinyproxy", "tinyproxy" },
  [PEER_PROXY_TINYPROXY_BASIC] = { "tinyproxy-basic", "tinyproxy" },
  [PEER_PROXY_DANTE] = { "dante", "danted" },
  [PEER_PROXY_DANTE_LOGIN] = { "dante-login", "danted" },
  [PEER_PROXY_NGHTTPX] = { "nghttpx", "nghttpx" },
  [PEER_PROXY_NGHTTPX_BASIC] = { "nghttpx-basic", "nghttpx" },
};

const char *
peer_proxy_kind_name (PeerProxyKind kind)
{
  return kinds[kind].name;
}

/* Who a server that is started as root becomes. */
static const char *
nobody (const char *if_root,
        const char *otherwise)
{
  return getuid () == 0 ? if_root : otherwise;
}

/* Passwords are checked by the helpers that come with it. */
static char *
squid_login (PeerProxy *self,
             PeerProcess *process)
{
  if (self->kind == PEER_PROXY_SQUID_BASIC)
    return g_strdup_printf ("auth_param basic program /usr/lib/squid/basic_ncsa_auth %s/passwd\n"
                            "auth_param basic children 2 startup=1\nauth_param basic realm " PEER_REALM "\n"
                            "acl in proxy_auth REQUIRED\n",
                            process->folder);
  if (self->kind == PEER_PROXY_SQUID_DIGEST)
    return g_strdup_printf ("auth_param digest program /usr/lib/squid/digest_file_auth -c %s/digest\n"
                            "auth_param digest children 2 startup=1\nauth_param digest realm " PEER_REALM "\n"
                            "acl in proxy_auth REQUIRED\n",
                            process->folder);
  return g_strdup ("acl in src 127.0.0.1\n");
}

static char **
squid_command (PeerProxy *self,
               PeerProcess *process)
{
  g_autofree char *login = squid_login (self, process);
  /* nghttpx asks by a connection that it has kept, and answers 502 if squid closes it just then. */
  const char *kept = self->is_behind ? "client_persistent_connections off\n" : "";
  g_autofree char *text = g_strdup_printf (
    "http_port 127.0.0.1:%2$u\npid_filename %1$s/pid\naccess_log stdio:%1$s/access.log\ncache_log %1$s/cache.log\n"
    "cache_store_log none\ncache deny all\ncoredump_dir %1$s\nnetdb_filename none\npinger_enable off\n"
    "shutdown_lifetime 0 seconds\nlogfile_rotate 0\nvisible_hostname localhost\nmax_filedescriptors 1024\n"
    "%4$s%5$s%3$s"
    "acl shut dstdomain shut.peer.example\nhttp_access deny shut\nhttp_access allow in\nhttp_access deny all\n",
    process->folder, process->port, login, nobody ("cache_effective_user nobody\ncache_effective_group nogroup\n", ""),
    kept);
  g_autofree char *path = peer_process_write (process, "squid.conf", text);
  /* The name is that of its segments of shared memory: two that run at once do not get into each other's way. */
  g_autofree char *service = g_strdup_printf ("peer%u", process->port);
  const char *command[] = { process->program, "-N", "-n", service, "-f", path, NULL };

  return g_strdupv ((char **) command);
}

static char **
tinyproxy_command (PeerProxy *self,
                   PeerProcess *process)
{
  g_autofree char *text = g_strdup_printf (
    "Port %2$u\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nAllow 127.0.0.1\nLogFile \"%1$s/log\"\n"
    "LogLevel Info\nPidFile \"%1$s/pid\"\n%3$s%4$s",
    process->folder, process->port, nobody ("User nobody\nGroup nogroup\n", ""),
    self->kind == PEER_PROXY_TINYPROXY_BASIC ? "BasicAuth " PEER_USER " " PEER_PASSWORD "\n" : "");
  g_autofree char *path = peer_process_write (process, "tinyproxy.conf", text);
  const char *command[] = { process->program, "-d", "-c", path, NULL };

  return g_strdupv ((char **) command);
}

/* Passwords are the system's accounts' there, or PAM's: both belong to the machine. peer-account.c puts one account more
 * before its eyes alone. */
static char **
dante_command (PeerProxy *self,
               PeerProcess *process)
{
  gboolean login = self->kind == PEER_PROXY_DANTE_LOGIN;
  g_autofree char *text = g_strdup_printf (
    "logoutput: %1$s/log\ninternal: 127.0.0.1 port = %2$u\nexternal: 127.0.0.1\nclientmethod: none\nsocksmethod: %3$s\n"
    "user.privileged: %4$s\nuser.unprivileged: %5$s\n"
    "client pass { from: 127.0.0.1/32 to: 0.0.0.0/0 }\nsocks pass { from: 127.0.0.1/32 to: 0.0.0.0/0 }\n",
    process->folder, process->port, login ? "username" : "none", nobody ("root", g_get_user_name ()),
    nobody ("nobody", g_get_user_name ()));
  g_autofree char *path = peer_process_write (process, "danted.conf", text);
  g_autofree char *pid = g_build_filename (process->folder, "pid", NULL);
  const char *command[] = { process->program, "-f", path, "-p", pid, NULL };

  if (login)
    process->environment = g_environ_setenv (process->environment, "LD_PRELOAD", PEER_ACCOUNT, TRUE);
  return g_strdupv ((char **) command);
}

static char **
nghttpx_command (PeerProxy *self,
                 PeerProcess *process)
{
  g_autofree char *frontend = g_strdup_printf ("--frontend=127.0.0.1,%u", process->port);
  g_autofree char *backend = g_strdup_printf ("--backend=127.0.0.1,%u", peer_proxy_get_port (self->behind));
  g_autofree char *key = g_build_filename (process->folder, "key.pem", NULL);
  g_autofree char *cert = g_build_filename (process->folder, "cert.pem", NULL);
  g_autofree char *log = g_strdup_printf ("--errorlog-file=%s/log", process->folder);
  /* Of its own it has eight tunnels at once, and lets the others wait for their end. */
  const char *command[] = { process->program, "--conf=/dev/null", "--http2-proxy", frontend, backend, "--workers=1",
                            "--backend-connections-per-host=100", "--single-process", log, key, cert, NULL };

  return g_strdupv ((char **) command);
}

static char **
configure (PeerProcess *process,
           gpointer user_data)
{
  PeerProxy *self = user_data;

  peer_identity_write_passwords (process->folder);
  switch (self->kind)
    {
    case PEER_PROXY_SQUID:
    case PEER_PROXY_SQUID_BASIC:
    case PEER_PROXY_SQUID_DIGEST:
      return squid_command (self, process);
    case PEER_PROXY_TINYPROXY:
    case PEER_PROXY_TINYPROXY_BASIC:
      return tinyproxy_command (self, process);
    case PEER_PROXY_DANTE:
    case PEER_PROXY_DANTE_LOGIN:
      return dante_command (self, process);
    case PEER_PROXY_NGHTTPX:
    case PEER_PROXY_NGHTTPX_BASIC:
      peer_identity_write (process->folder);
      return nghttpx_command (self, process);
    default:
      g_assert_not_reached ();
    }
}

static PeerProxy *
new_proxy (PeerProxyKind kind,
           gboolean is_behind)
{
  PeerProxy *self = g_new0 (PeerProxy, 1);

  self->kind = kind;
  self->is_behind = is_behind;
  if (kind == PEER_PROXY_NGHTTPX || kind == PEER_PROXY_NGHTTPX_BASIC)
    self->behind = new_proxy (kind == PEER_PROXY_NGHTTPX ? PEER_PROXY_SQUID : PEER_PROXY_SQUID_BASIC, TRUE);
  self->process = peer_process_new (kinds[kind].name, kinds[kind].program, configure, self);
  return self;
}

PeerProxy *
peer_proxy_new (PeerProxyKind kind)
{
  return new_proxy (kind, FALSE);
}

/* A squid that was killed leaves its memory. */
static void
remove_segments (guint port)
{
  static const char *const segments[] = { "metadata", "queues", "readers" };

  for (guint i = 0; i < G_N_ELEMENTS (segments); i++)
    {
      g_autofree char *name = g_strdup_printf ("/peer%u-cf__%s.shm", port, segments[i]);

      shm_unlink (name);
    }
}

void
peer_proxy_free (PeerProxy *self)
{
  guint port;

  if (self == NULL)
    return;
  port = self->process->port;
  peer_process_free (self->process);
  remove_segments (port);
  peer_proxy_free (self->behind);
  g_free (self);
}

guint16
peer_proxy_get_port (PeerProxy *self)
{
  return self->process->port;
}

char *
peer_proxy_dup_url (PeerProxy *self,
                    const char *scheme,
                    const char *userinfo)
{
  return g_strdup_printf ("%s://%s%s127.0.0.1:%u", scheme, userinfo != NULL ? userinfo : "", userinfo != NULL ? "@" : "",
                          self->process->port);
}
