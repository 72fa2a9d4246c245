/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-identity.h"

#include "scripted-tls.h"

static const ZooSpec server_spec = { .subject = "Peer", .names = "dns:localhost ip:127.0.0.1" };
static const ZooSpec client_spec = { .subject = PEER_CLIENT, .purpose = GNUTLS_KP_TLS_WWW_CLIENT };

static void
put (const char *folder,
     const char *name,
     const char *data,
     gssize len)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, data, len, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
}

static void
put_bytes (const char *folder,
           const char *name,
           GBytes *bytes)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  put (folder, name, data, (gssize) len);
  g_bytes_unref (bytes);
}

void
peer_identity_write (const char *folder)
{
  static ZooCertificate *server, *client; /* of this process */

  if (server == NULL)
    server = zoo_make (&server_spec, scripted_tls_get_authority ());
  if (client == NULL)
    client = zoo_make (&client_spec, scripted_tls_get_authority ());
  put_bytes (folder, "authority.pem", zoo_get_pem (scripted_tls_get_authority (), 0));
  put_bytes (folder, "cert.pem", zoo_get_pem (server, 0));
  put_bytes (folder, "key.pem", zoo_get_key_pem (server, NULL));
  put_bytes (folder, "client.pem", zoo_get_pem (client, 0));
  put_bytes (folder, "client-key.pem", zoo_get_key_pem (client, NULL));
}

void
peer_identity_write_passwords (const char *folder)
{
  static const char whole[] = PEER_USER ":" PEER_REALM ":" PEER_PASSWORD;
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_MD5, whole, -1);
  g_autofree char *digest = g_strconcat (PEER_USER ":" PEER_REALM ":", hash, "\n", NULL);

  put (folder, "passwd", PEER_USER ":" PEER_CRYPT "\n", -1);
  put (folder, "digest", digest, -1);
}
