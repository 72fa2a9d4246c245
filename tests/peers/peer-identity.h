/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Who servers are, and who may come in. */

/* Puts into @folder, as PEM, what is signed by scripted_tls_get_authority(): "authority.pem", a server's "cert.pem" and
 * "key.pem" for 127.0.0.1 and localhost, a client's "client.pem" and "client-key.pem" of the name PEER_CLIENT. */
void peer_identity_write (const char *folder);

/* The one account of every peer that asks for a password, and the realm that it has one for. */
#define PEER_CLIENT "peer.client.example"
#define PEER_USER "peer"
#define PEER_PASSWORD "secret"
#define PEER_REALM "peers"
/* The password as crypt(3) keeps it. */
#define PEER_CRYPT "$1$abc$iCQ2D3nhptRYi27fDYv2s1"

/* Puts "passwd" (name:crypt) and "digest" (name:realm:MD5, RFC 7616's H(A1)) into @folder. */
void peer_identity_write_passwords (const char *folder);
