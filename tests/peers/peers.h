/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Web servers that nobody here wrote, each in a process of its own on a free loopback port, serving one folder. Its
 * configuration, logs and pid file are in a temporary folder that goes away with it. nginx, Apache and caddy compress for
 * who asks for it. Below /put/ nginx and Apache take
 * uploads, below /chunks/ nginx has the folder once more with chunked coding. */

typedef enum
{
  PEER_NGINX,
  PEER_APACHE,
  PEER_CADDY,
  PEER_PYTHON, /* http.server, HTTP/1.1 */
  PEER_PYTHON_OLD, /* http.server, HTTP/1.0: each answer ends its connection */
} PeerKind;

#define PEER_N_KINDS (PEER_PYTHON_OLD + 1)

typedef struct _Peer Peer;

const char *peer_kind_name (PeerKind kind);
gboolean    peer_is_there  (PeerKind kind); /* its program is installed */
/* Starts it and waits until it accepts connections (10 s at most); fails the test if it does not. */
Peer       *peer_new       (PeerKind kind,
                            const char *root);
void        peer_free      (Peer *self); /* stops it, and waits until it is gone; takes NULL */
guint16     peer_get_port  (Peer *self);
/* (transfer full): "http://127.0.0.1:PORT/" and @path, which is below the root and is escaped here. */
char       *peer_dup_url   (Peer *self,
                            const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peer, peer_free)
