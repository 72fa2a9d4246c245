/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peers.h"

#include "peer-identity.h"
#include "peer-process.h"

#include <glib/gstdio.h>
#include <unistd.h>

struct _Peer
{
  PeerKind kind;
  PeerFlags flags;
  const char *root; /* (unowned): while it starts */
  PeerProcess *process; /* (owned) */
};

static const struct
{
  const char *name;
  const char *program;
} kinds[] = {
  [PEER_NGINX] = { "nginx", "nginx" },
  [PEER_APACHE] = { "apache", "apache2" },
  [PEER_CADDY] = { "caddy", "caddy" },
  [PEER_PYTHON] = { "python", "/usr/bin/python3" },
  [PEER_PYTHON_OLD] = { "python-old", "/usr/bin/python3" },
  [PEER_NGHTTPD] = { "nghttpd", "nghttpd" },
};

const char *
peer_kind_name (PeerKind kind)
{
  return kinds[kind].name;
}

gboolean
peer_is_there (PeerKind kind)
{
  g_autofree char *program = peer_process_find (kinds[kind].program);

  return program != NULL;
}

/* --- nginx --- */

static char *
nginx_listen (Peer *self,
              PeerProcess *process)
{
  const char *http2 = (self->flags & PEER_HTTP2) != 0 ? " http2" : "";
  const char *versions = "TLSv1.2 TLSv1.3", *client = "";
  g_autofree char *authority = NULL;

  if ((self->flags & PEER_TLS) == 0)
    return g_strdup_printf ("listen 127.0.0.1:%u%s;", process->port, http2);
  if ((self->flags & PEER_TLS_12) != 0)
    versions = "TLSv1.2";
  else if ((self->flags & PEER_TLS_13) != 0)
    versions = "TLSv1.3";
  if ((self->flags & PEER_CLIENT_CERTIFICATE) != 0)
    client = authority
      = g_strdup_printf (" ssl_verify_client on; ssl_client_certificate %s/authority.pem;", process->folder);
  return g_strdup_printf ("listen 127.0.0.1:%1$u ssl%2$s; ssl_certificate %3$s/cert.pem; "
                          "ssl_certificate_key %3$s/key.pem; ssl_protocols %4$s; ssl_session_cache shared:peer:1m;%5$s",
                          process->port, http2, process->folder, versions, client);
}

static char **
nginx_command (Peer *self,
               PeerProcess *process)
{
  g_autofree char *listen = nginx_listen (self, process);
  g_autofree char *text = g_strdup_printf (
    "daemon off;\nmaster_process off;\nworker_processes 1;\npid %1$s/pid;\nerror_log %1$s/error.log;\n"
    "events { worker_connections 2000; }\n"
    "http {\n  access_log off;\n  default_type application/octet-stream;\n  keepalive_requests 100000;\n"
    "  client_body_temp_path %1$s/body;\n  proxy_temp_path %1$s/proxy;\n  fastcgi_temp_path %1$s/fastcgi;\n"
    "  uwsgi_temp_path %1$s/uwsgi;\n  scgi_temp_path %1$s/scgi;\n"
    "  gzip on; gzip_types *; gzip_min_length 1;\n"
    "  map $ssl_session_reused $reused { r true; default false; }\n"
    "  server {\n    %2$s\n    root %3$s;\n    autoindex on;\n"
    "    add_header X-Told \"http=$server_protocol tls=$ssl_protocol reused=$reused client=$ssl_client_s_dn\" always;\n"
    "    location /moved/ { return 302 /doc/; }\n"
    /* A page that might have others put into it is of unknown length. */
    "    location /chunks/ { alias %3$s/; ssi on; ssi_types *; }\n"
    "    location /put/ { alias %1$s/put/; client_max_body_size 0; dav_methods PUT DELETE; create_full_put_path on; }\n"
    "    location /login/ { alias %3$s/; auth_basic " PEER_REALM "; auth_basic_user_file %1$s/passwd; }\n"
    "    location /login-put/ { alias %1$s/put/; client_max_body_size 0; dav_methods PUT DELETE;\n"
    "      auth_basic " PEER_REALM "; auth_basic_user_file %1$s/passwd; }\n"
    "  }\n}\n",
    process->folder, listen, self->root);
  g_autofree char *path = peer_process_write (process, "nginx.conf", text);
  g_autofree char *log = g_build_filename (process->folder, "error.log", NULL);
  const char *command[] = { process->program, "-p", process->folder, "-e", log, "-c", path, NULL };

  return g_strdupv ((char **) command);
}

/* --- Apache --- */

#define APACHE_MODULE(name) "LoadModule " name "_module /usr/lib/apache2/modules/mod_" name ".so\n"

static char *
apache_security (Peer *self,
                 PeerProcess *process)
{
  GString *text = g_string_new (NULL);

  if ((self->flags & PEER_HTTP2) != 0)
    g_string_append (text, APACHE_MODULE ("http2") "Protocols h2 h2c http/1.1\n");
  if ((self->flags & PEER_TLS) == 0)
    return g_string_free (text, FALSE);
  g_string_append_printf (text,
                          APACHE_MODULE ("socache_shmcb") APACHE_MODULE ("ssl")
                          "SSLEngine on\nSSLCertificateFile %1$s/cert.pem\nSSLCertificateKeyFile %1$s/key.pem\n"
                          "SSLSessionCache shmcb:%1$s/sessions(512000)\n",
                          process->folder);
  if ((self->flags & PEER_TLS_12) != 0)
    g_string_append (text, "SSLProtocol -all +TLSv1.2\n");
  if ((self->flags & PEER_TLS_13) != 0)
    g_string_append (text, "SSLProtocol -all +TLSv1.3\n");
  if ((self->flags & PEER_CLIENT_CERTIFICATE) != 0)
    g_string_append_printf (text, "SSLVerifyClient require\nSSLCACertificateFile %s/authority.pem\n", process->folder);
  return g_string_free (text, FALSE);
}

static char *
apache_places (Peer *self,
               PeerProcess *process)
{
  return g_strdup_printf (
    "<Directory />\n  Options Indexes FollowSymLinks\n  Require all granted\n</Directory>\n"
    "DavLockDB %1$s/put/locks\n"
    "Alias /put %1$s/put\nAlias /login-put %1$s/put\nAlias /digest-put %1$s/put\nAlias /login %2$s\nAlias /digest %2$s\n"
    "<LocationMatch ^/(login-|digest-)?put>\n  Dav On\n</LocationMatch>\n"
    "<LocationMatch ^/login>\n  AuthType Basic\n  AuthName " PEER_REALM "\n  AuthUserFile %1$s/passwd\n"
    "  Require valid-user\n</LocationMatch>\n"
    /* Nonces grow old soon, so that a test sees it. */
    "<LocationMatch ^/digest>\n  AuthType Digest\n  AuthName " PEER_REALM "\n  AuthUserFile %1$s/digest\n"
    "  AuthDigestNonceLifetime 2\n  Require valid-user\n</LocationMatch>\n",
    process->folder, self->root);
}

static char **
apache_command (Peer *self,
                PeerProcess *process)
{
  g_autofree char *security = apache_security (self, process);
  g_autofree char *places = apache_places (self, process);
  g_autofree char *text = g_strdup_printf (
    "ServerRoot %1$s\nServerName localhost\nListen 127.0.0.1:%2$u\nPidFile %1$s/pid\nErrorLog %1$s/error.log\n"
    "Mutex file:%1$s default\nDefaultRuntimeDir %1$s\n" APACHE_MODULE ("mpm_event") APACHE_MODULE ("authz_core")
    APACHE_MODULE ("dir") APACHE_MODULE ("autoindex") APACHE_MODULE ("alias") APACHE_MODULE ("filter")
    APACHE_MODULE ("deflate") APACHE_MODULE ("dav") APACHE_MODULE ("dav_fs") APACHE_MODULE ("headers")
    APACHE_MODULE ("auth_basic") APACHE_MODULE ("auth_digest") APACHE_MODULE ("authn_core") APACHE_MODULE ("authn_file")
    APACHE_MODULE ("authz_user")
    "%4$s%5$s"
    "StartServers 1\nThreadLimit 64\nThreadsPerChild 64\nMaxRequestWorkers 64\nMaxKeepAliveRequests 0\n"
    "KeepAlive On\nDocumentRoot %3$s\nSetOutputFilter DEFLATE\n"
    "Header always set X-Told \"expr=http=%%{SERVER_PROTOCOL}%7$s\"\n%6$s",
    process->folder, process->port, self->root, getuid () == 0 ? "User nobody\nGroup nogroup\n" : "", security, places,
    (self->flags & PEER_TLS) == 0
      ? ""
      : " tls=%{SSL_PROTOCOL} reused=%{SSL_SESSION_RESUMED} client=%{SSL_CLIENT_S_DN}");
  g_autofree char *path = peer_process_write (process, "apache.conf", text);
  const char *command[] = { process->program, "-X", "-f", path, NULL };

  return g_strdupv ((char **) command);
}

/* --- caddy --- */

static char *
caddy_security (Peer *self,
                PeerProcess *process)
{
  const char *versions = "", *client = "";
  g_autofree char *authority = NULL;

  if ((self->flags & PEER_TLS) == 0)
    return g_strdup ("");
  if ((self->flags & PEER_TLS_12) != 0)
    versions = "    protocols tls1.2 tls1.2\n";
  else if ((self->flags & PEER_TLS_13) != 0)
    versions = "    protocols tls1.3 tls1.3\n";
  if ((self->flags & PEER_CLIENT_CERTIFICATE) != 0)
    client = authority = g_strdup_printf ("    client_auth {\n      mode require_and_verify\n"
                                          "      trusted_ca_cert_file %s/authority.pem\n    }\n",
                                          process->folder);
  return g_strdup_printf ("  tls %1$s/cert.pem %1$s/key.pem {\n%2$s%3$s  }\n", process->folder, versions, client);
}

static char **
caddy_command (Peer *self,
               PeerProcess *process)
{
  gboolean secure = (self->flags & PEER_TLS) != 0;
  g_autofree char *security = caddy_security (self, process);
  g_autofree char *text = g_strdup_printf (
    "{\n  admin off\n  auto_https off\n  servers {\n    protocols h1%s\n    strict_sni_host insecure_off\n  }\n}\n"
    "%s://:%u {\n  bind 127.0.0.1\n%s  root * %s\n  encode zstd gzip\n"
    "  header X-Told \"http={http.request.proto} tls={http.request.tls.version} reused={http.request.tls.resumed} "
    "client={http.request.tls.client.subject}\"\n"
    "  file_server browse\n}\n",
    (self->flags & PEER_HTTP2) == 0 ? "" : secure ? " h2" : " h2c", secure ? "https" : "http", process->port, security,
    self->root);
  g_autofree char *path = peer_process_write (process, "Caddyfile", text);
  const char *command[] = { process->program, "run", "--adapter", "caddyfile", "--config", path, NULL };

  return g_strdupv ((char **) command);
}

/* --- others --- */

static char **
python_command (Peer *self,
                PeerProcess *process)
{
  static const char script[] =
    "import functools, http.server, sys\n"
    "handler = http.server.SimpleHTTPRequestHandler\n"
    "handler.protocol_version = sys.argv[3]\n"
    "handler.log_message = lambda *args: None\n"
    "http.server.ThreadingHTTPServer.request_queue_size = 128\n"
    "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])),\n"
    "    functools.partial(handler, directory=sys.argv[2])).serve_forever()\n";
  g_autofree char *port = g_strdup_printf ("%u", process->port);
  const char *command[] = {
    process->program, "-c", script, port, self->root, self->kind == PEER_PYTHON ? "HTTP/1.1" : "HTTP/1.0", NULL
  };

  return g_strdupv ((char **) command);
}

static char **
nghttpd_command (Peer *self,
                 PeerProcess *process)
{
  g_autoptr (GStrvBuilder) command = g_strv_builder_new ();
  g_autofree char *port = g_strdup_printf ("%u", process->port);
  g_autofree char *htdocs = g_strconcat ("--htdocs=", self->root, NULL);
  g_autofree char *key = g_build_filename (process->folder, "key.pem", NULL);
  g_autofree char *cert = g_build_filename (process->folder, "cert.pem", NULL);
  gboolean secure = (self->flags & PEER_TLS) != 0;

  g_strv_builder_add_many (command, process->program, "--address=127.0.0.1", htdocs, NULL);
  if (!secure)
    g_strv_builder_add (command, "--no-tls");
  g_strv_builder_add (command, port);
  if (secure)
    g_strv_builder_add_many (command, key, cert, NULL);
  return g_strv_builder_end (command);
}

static char **
configure (PeerProcess *process,
           gpointer user_data)
{
  Peer *self = user_data;
  g_autofree char *put = g_build_filename (process->folder, "put", NULL);

  if (!g_file_test (put, G_FILE_TEST_EXISTS))
    {
      g_free (peer_process_mkdir (process, "put"));
      peer_identity_write_passwords (process->folder);
      if ((self->flags & PEER_TLS) != 0)
        peer_identity_write (process->folder);
    }
  switch (self->kind)
    {
    case PEER_NGINX:
      return nginx_command (self, process);
    case PEER_APACHE:
      return apache_command (self, process);
    case PEER_CADDY:
      return caddy_command (self, process);
    case PEER_PYTHON:
    case PEER_PYTHON_OLD:
      return python_command (self, process);
    case PEER_NGHTTPD:
      return nghttpd_command (self, process);
    default:
      g_assert_not_reached ();
    }
}

/* --- life --- */

Peer *
peer_new_with (PeerKind kind,
               const char *root,
               PeerFlags flags)
{
  Peer *self = g_new0 (Peer, 1);

  self->kind = kind;
  self->flags = flags;
  self->root = root;
  self->process = peer_process_new (kinds[kind].name, kinds[kind].program, configure, self);
  self->root = NULL;
  return self;
}

Peer *
peer_new (PeerKind kind,
          const char *root)
{
  return peer_new_with (kind, root, PEER_PLAIN);
}

void
peer_free (Peer *self)
{
  if (self == NULL)
    return;
  peer_process_free (self->process);
  g_free (self);
}

guint16
peer_get_port (Peer *self)
{
  return self->process->port;
}

const char *
peer_get_folder (Peer *self)
{
  return self->process->folder;
}

char *
peer_dup_url (Peer *self,
              const char *path)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);

  return g_strdup_printf ("%s://127.0.0.1:%u/%s", (self->flags & PEER_TLS) != 0 ? "https" : "http", self->process->port,
                          escaped);
}
