/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* Certificates made while a test runs: good ones, and one of each kind of bad ones. */

typedef struct
{
  const char *subject; /* (nullable): the common name */
  const char *names; /* (nullable): "dns:a.example ip:127.0.0.1 …" */
  gint64 from; /* seconds from now; both 0: an hour ago … */
  gint64 until; /* … until tomorrow */
  gboolean ca;
  int path_length; /* of an authority; 0 is no limit, -1 is 0 */
  const char *purpose; /* an OID; NULL: servers; "": not said */
  guint rsa_bits; /* 0: an elliptic curve instead */
  gnutls_digest_algorithm_t digest; /* 0: SHA-256 */
  const char *permitted; /* (nullable): a DNS name constraint of an authority */
  const char *excluded; /* (nullable) */
  gboolean must_staple;
} ZooSpec;

typedef enum
{
  ZOO_GOOD,
  ZOO_REVOKED,
  ZOO_UNKNOWN, /* never heard of */
} ZooStatus;

typedef struct _ZooCertificate ZooCertificate;
struct _ZooCertificate
{
  gnutls_x509_crt_t crt; /* (owned) */
  gnutls_x509_privkey_t key; /* (owned) */
  ZooCertificate *issuer; /* (unowned): itself if self-signed */
};

/* Signed by @issuer, or by itself if that is NULL. @issuer must live longer. */
ZooCertificate *zoo_make        (const ZooSpec *spec,
                                 ZooCertificate *issuer);
void            zoo_free        (ZooCertificate *self);

GBytes         *zoo_get_der     (ZooCertificate *self);
/* PEM: this one, and what stands above it up to @n_issuers, the root not among them unless asked for. */
GBytes         *zoo_get_pem     (ZooCertificate *self,
                                 guint n_issuers);
/* PEM: its key, encrypted if there is a @password. */
GBytes         *zoo_get_key_pem (ZooCertificate *self,
                                 const char *password);
/* A SubjectPublicKeyInfo. */
GBytes         *zoo_get_public_key (ZooCertificate *self,
                                    gnutls_x509_crt_fmt_t format);
/* "sha256//…" */
char           *zoo_get_pin     (ZooCertificate *self);
/* Credentials for a server or a client with this certificate and @n_issuers above it. */
gnutls_certificate_credentials_t zoo_new_credentials (ZooCertificate *self,
                                                      guint n_issuers);
/* An answer about it to be stapled, in DER, signed by its issuer and good for a day. NULL if there is no tool here to
 * make one. */
GBytes         *zoo_make_ocsp   (ZooCertificate *self,
                                 ZooStatus status);
/* The same as it was four years ago, signed anew by @issuer, whose key must be RSA. */
GBytes         *zoo_age_ocsp    (GBytes *answer,
                                 ZooCertificate *issuer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZooCertificate, zoo_free)
