/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server-tls.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

static ZooCertificate *authority, *stranger, *client;
static ZooCertificate *shown[PLAN_TLS_CLEARTEXT + 1];
static char *files[SERVER_TLS_N_FILES];

static void
remove_files (void)
{
  for (guint i = 0; i < SERVER_TLS_N_FILES; i++)
    g_unlink (files[i]);
}

static void
write_file (ServerTlsFile which, GBytes *pem)
{
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("differential-XXXXXX.pem", &files[which], &error);

  if (fd < 0 || !g_file_set_contents (files[which], g_bytes_get_data (pem, NULL), (gssize) g_bytes_get_size (pem), &error))
    g_error ("%s", error->message);
  close (fd);
  g_bytes_unref (pem);
}

static void
make_all (void)
{
  static const ZooSpec specs[] = {
    [PLAN_TLS_GOOD] = { .subject = "good", .names = "dns:one.test ip:127.0.0.1" },
    [PLAN_TLS_EXPIRED] = { .subject = "old", .names = "dns:one.test ip:127.0.0.1", .from = -7200, .until = -3600 },
    [PLAN_TLS_OTHER_NAME] = { .subject = "other", .names = "dns:other.example" },
    [PLAN_TLS_SELF_SIGNED] = { .subject = "own", .names = "dns:one.test ip:127.0.0.1" },
  };

  if (authority != NULL)
    return;
  authority = zoo_make (&(ZooSpec) { .subject = "Authority", .ca = TRUE }, NULL);
  stranger = zoo_make (&(ZooSpec) { .subject = "Stranger", .ca = TRUE }, NULL);
  client = zoo_make (&(ZooSpec) { .subject = "client", .purpose = "" }, authority);
  for (guint i = PLAN_TLS_GOOD; i < G_N_ELEMENTS (specs); i++)
    shown[i] = zoo_make (&specs[i], i == PLAN_TLS_SELF_SIGNED ? NULL : authority);
  write_file (SERVER_TLS_AUTHORITY, zoo_get_pem (authority, 0));
  write_file (SERVER_TLS_STRANGER, zoo_get_pem (stranger, 0));
  write_file (SERVER_TLS_CLIENT, zoo_get_pem (client, 0));
  write_file (SERVER_TLS_CLIENT_KEY, zoo_get_key_pem (client, NULL));
  atexit (remove_files);
}

static ZooCertificate *
find_shown (const Plan *plan)
{
  make_all ();
  return shown[plan->tls] != NULL ? shown[plan->tls] : shown[PLAN_TLS_GOOD];
}

const char *
server_tls_get_file (ServerTlsFile which)
{
  make_all ();
  return files[which];
}

const char *
server_tls_get_pin (const Plan *plan)
{
  static char *last;

  g_free (last);
  return last = zoo_get_pin (find_shown (plan));
}

ScriptedTls *
server_tls_new (const Plan *plan)
{
  static const char *const both[] = { "h2", "http/1.1", NULL }, *const only[] = { "h2", NULL };
  static const char *const *const offers[] = { [PLAN_HTTP2_OFFERED] = both, [PLAN_HTTP2_ONLY] = only };
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (find_shown (plan), 0));

  tls->priority = g_strdup (plan->tls_priority);
  tls->alpn = offers[plan->http2];
  tls->client_certificate = (gnutls_certificate_request_t) plan->tls_request;
  return tls;
}
