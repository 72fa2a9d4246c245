/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-result.h"

/* Whom we trust, who we are, and what may be spoken, towards one peer of TLS: a server or a proxy. Copy-on-write like
 * GmConnectSettings, where it hangs; NULL there is gm_tls_settings_default. Every member counts for whether a connection
 * or a session ticket may be used again: gm_tls_settings_equal().
 *
 * Strings are GRefStrings, (nullable). Secrets are bytes, overwritten before they are freed, and go to no trace. */

typedef enum
{
  GM_TLS_VERSION_DEFAULT = 0, /* at least 1.2 */
  GM_TLS_VERSION_1_0,
  GM_TLS_VERSION_1_1,
  GM_TLS_VERSION_1_2,
  GM_TLS_VERSION_1_3,
} GmTlsVersion;

typedef enum
{
  GM_TLS_FORMAT_PEM = 0, /* read as DER where it is not PEM */
  GM_TLS_FORMAT_DER,
  GM_TLS_FORMAT_P12, /* certificate and key in one file */
  GM_TLS_FORMAT_URI, /* the name is a "pkcs11:" URI, whatever it looks like */
} GmTlsFormat;

typedef enum
{
  GM_TLS_ASK_NEVER = 0,
  GM_TLS_ASK_ALWAYS, /* whatever our own verdict is */
  GM_TLS_ASK_ON_FAULT,
} GmTlsAsk;

/* Members that are text, bytes, numbers; in one list each, so that none is forgotten where blocks are compared. */
#define GM_TLS_STRINGS(X)                                                                                              \
  X (ca_file)                                                                                                          \
  X (ca_dir)                                                                                                           \
  X (crl_file)                                                                                                         \
  X (issuer_file) /* the certificate that must have signed the peer's */                                               \
  X (cert_file) /* the client's certificate chain: path or "pkcs11:" URI */                                            \
  X (key_file) /* its key: path or "pkcs11:" URI; NULL = in the same file */                                           \
  X (priority) /* a GnuTLS priority string, or names of cipher suites joined by colons */                              \
  X (ciphers13) /* the same for TLS 1.3 */                                                                             \
  X (groups) /* for the exchange of keys, by their names in OpenSSL or TLS, joined by colons; best first */            \
  X (signatures) /* algorithms for signatures, likewise */                                                             \
  X (pins) /* "sha256//base64;sha256//base64", or a file with the public key */                                        \
  X (login_user) /* of a login within TLS (RFC 5054); TLS 1.3, which has none, is then not spoken */                   \
  X (sni) /* the name to ask for and to check, instead of the URL's host */                                            \
  X (judge) /* who is asked about certificates; what one has accepted is no other's connection */

#define GM_TLS_BYTES(X)                                                                                                \
  X (ca_bytes)                                                                                                         \
  X (issuer_bytes)                                                                                                     \
  X (cert_bytes)                                                                                                       \
  X (key_bytes) /* by gm_secret_bytes_new(), like the next */                                                          \
  X (key_password)                                                                                                     \
  X (login_password)

#define GM_TLS_NUMBERS(X)                                                                                              \
  X (verify_peer)                                                                                                      \
  X (verify_host)                                                                                                      \
  X (verify_status) /* a good OCSP answer must be stapled */                                                           \
  X (with_system_trust) /* beside the anchors given here; without any given it is trusted anyway */                    \
  X (ask_trust) /* GmTlsAsk: whether the application has the last word on a certificate */                             \
  X (cert_format) /* GmTlsFormat */                                                                                    \
  X (key_format)                                                                                                       \
  X (min_version) /* GmTlsVersion */                                                                                   \
  X (max_version)                                                                                                      \
  X (alpn) /* FALSE: nothing is offered */                                                                             \
  X (session_cache)

typedef struct
{
  gatomicrefcount refs; /* unused in the static default */
#define GM_TLS_MEMBER(name) char *name;
  GM_TLS_STRINGS (GM_TLS_MEMBER)
#undef GM_TLS_MEMBER
#define GM_TLS_MEMBER(name) GBytes *name;
  GM_TLS_BYTES (GM_TLS_MEMBER)
#undef GM_TLS_MEMBER
#define GM_TLS_MEMBER(name) guint8 name;
  GM_TLS_NUMBERS (GM_TLS_MEMBER)
#undef GM_TLS_MEMBER
} GmTlsSettings;

extern const GmTlsSettings gm_tls_settings_default;

GmTlsSettings       *gm_tls_settings_copy  (const GmTlsSettings *self);
/* NULL and the shared default are passed through untouched by both. */
const GmTlsSettings *gm_tls_settings_ref   (const GmTlsSettings *self);
void                 gm_tls_settings_unref (const GmTlsSettings *self);
/* A copy of @self (nullable) that shows the certificate of @identity, with the key that belongs to it. */
GmTlsSettings       *gm_tls_settings_with_identity (const GmTlsSettings *self,
                                                    const GmTlsSettings *identity);
/* A copy of @self without its login. */
GmTlsSettings       *gm_tls_settings_without_login (const GmTlsSettings *self);
/* NULL is the default. Bytes are compared by what is in them. */
gboolean             gm_tls_settings_equal (const GmTlsSettings *a,
                                            const GmTlsSettings *b);
/* All that is not the default as a text, for somebody to keep, by which equal settings are known again; "" for none at
 * all. NULL if there is a login or a certificate of ours among them, which nobody is told of. (owned) */
char                *gm_tls_settings_dup_key (const GmTlsSettings *self);
/* A copy of @data that is overwritten when its last holder goes. */
GBytes              *gm_secret_bytes_new   (gconstpointer data,
                                            gsize len);
