/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Web servers that nobody here wrote, each in a process of its own (peer-process.h), serving one folder. nginx, Apache
 * and caddy compress for who asks for it, and say in a field "X-Told" of each answer what they know of the request:
 * "http=HTTP/2.0 tls=TLSv1.3 reused=true client=…". Below /put/ nginx and Apache take uploads, below /chunks/ nginx has
 * the folder once more with chunked coding. Behind a password (peer-identity.h) are: below /login/ the folder, below
 * /login-put/ the uploads (nginx, Apache: Basic), below /digest/ and /digest-put/ the same (Apache: Digest). */

typedef enum
{
  PEER_NGINX,
  PEER_APACHE,
  PEER_CADDY,
  PEER_PYTHON, /* http.server, HTTP/1.1 */
  PEER_PYTHON_OLD, /* http.server, HTTP/1.0: each answer ends its connection */
  PEER_NGHTTPD, /* HTTP/2, with and without TLS, and nothing else */
} PeerKind;

#define PEER_N_KINDS (PEER_PYTHON_OLD + 1) /* those that speak HTTP/1 in clear text */

typedef enum
{
  PEER_PLAIN = 0,
  PEER_TLS = 1 << 0,
  PEER_TLS_12 = 1 << 1, /* with PEER_TLS: and no other version */
  PEER_TLS_13 = 1 << 2,
  PEER_HTTP2 = 1 << 3, /* offered by ALPN, or, without TLS, with prior knowledge (Apache: by upgrade, too) */
  PEER_CLIENT_CERTIFICATE = 1 << 4, /* nobody comes in without */
} PeerFlags;

typedef struct _Peer Peer;

const char *peer_kind_name  (PeerKind kind);
gboolean    peer_is_there   (PeerKind kind); /* its program is installed */
/* peer_new_with() in clear text. */
Peer       *peer_new        (PeerKind kind,
                             const char *root);
/* Starts it and waits until it accepts connections; fails the test if it does not. */
Peer       *peer_new_with   (PeerKind kind,
                             const char *root,
                             PeerFlags flags);
void        peer_free       (Peer *self); /* stops it, and waits until it is gone; takes NULL */
guint16     peer_get_port   (Peer *self);
/* Where its certificates are, if it has some: peer_identity_write(). */
const char *peer_get_folder (Peer *self);
/* (transfer full): "http://127.0.0.1:PORT/" or the same with https, and @path, which is below the root and is escaped
 * here. */
char       *peer_dup_url    (Peer *self,
                             const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)
