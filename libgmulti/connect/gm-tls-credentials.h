/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-settings.h"
#include "gm-workers.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* What is read from files, bytes and tokens before TLS can be spoken: whom to trust, or who we are. Made on a worker,
 * because reading may take as long as it likes; never changed after that but for what is behind the lock, so any number of
 * sessions in any thread use one. */

typedef enum
{
  GM_TLS_ANCHORS, /* certificate authorities, revocation lists, the issuer that is demanded */
  GM_TLS_IDENTITY, /* the client's certificate and key */
  GM_TLS_PINNED, /* a public key in a file: gm_tls_pins_are_file() */
  GM_TLS_N_KINDS,
} GmTlsKind;

/* Chains that were found good by anchors; the visited servers of a busy program. */
#define GM_TLS_MAX_GOOD 64
/* For so long their signatures need not be looked at again. */
#define GM_TLS_GOOD_US (10 * 60 * G_USEC_PER_SEC)

typedef struct
{
  guint8 digest[32]; /* SHA-256 of all its certificates */
  gint64 until; /* µs, monotonic */
  gint64 valid_until; /* s, wall clock: when the first of the certificates expires */
} GmTlsGood;

typedef struct
{
  gatomicrefcount refs;
  GmResult result; /* GM_OK, or why there is nothing of use in it */
  int tls; /* GnuTLS's word on it */
  char *detail; /* (owned) (nullable): the file or URI that it was, without a PIN; of GM_TLS_TOKEN_PIN the token's label */
  gnutls_certificate_credentials_t gnutls; /* (owned) */
  gnutls_x509_crt_t issuer; /* (owned) (nullable) */
  GBytes *pinned; /* (owned) (nullable): DER, a SubjectPublicKeyInfo */
  GMutex lock; /* guards the next two */
  GmTlsGood *good; /* (owned) (nullable): a ring of GM_TLS_MAX_GOOD */
  guint next_good;
  guint n_anchors; /* that were named; not those of the system */
  GBytes *pin_code; /* (owned) (nullable): for a token */
  char *key_uri; /* (owned) (nullable): of a key on a token, without a PIN */
  guint n_refused; /* PINs of the token that were wrong when this was read; gm-trust.h counts them */
  char *token; /* (owned) (nullable): the label of the one that wanted a PIN, and had no right one */
  GmWorkers *workers; /* (owned) (nullable): the key is on a token, and may take its time; so what it does is done there */
} GmTlsCredentials;

/* Whether it is demanded that a certain one has issued the certificate; that counts where nothing else is verified, too. */
gboolean          gm_tls_has_issuer        (const GmTlsSettings *settings);
/* Pins are written out as "sha256//…", or it is a file that has the key. */
gboolean          gm_tls_pins_are_file     (const char *pins);
/* Blocks. Never NULL: a failure is in it. */
GmTlsCredentials *gm_tls_credentials_load  (GmTlsKind kind,
                                            const GmTlsSettings *settings);
GmTlsCredentials *gm_tls_credentials_ref   (GmTlsCredentials *self);
void              gm_tls_credentials_unref (GmTlsCredentials *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GmTlsCredentials, gm_tls_credentials_unref)
