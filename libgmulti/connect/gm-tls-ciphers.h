/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Cipher suites by the names other libraries give them: "ECDHE-RSA-AES128-GCM-SHA256" or
 * "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", joined by colons, commas or blanks. GnuTLS chooses key exchanges, ciphers and
 * MACs apart, so a list allows every suite that can be made of its parts. */

/* TRUE if the first word of @list is such a name, and not one of a GnuTLS priority string. */
gboolean gm_tls_ciphers_are_suites   (const char *list);
/* A GnuTLS priority string for them. @list12 (nullable): up to TLS 1.2; @list13 (nullable): for TLS 1.3. NULL for one is
 * its usual ones. NULL if a name is unknown. (owned) */
char    *gm_tls_ciphers_to_priority  (const char *list12,
                                      const char *list13);
/* Appends them to a priority string, in place of those that it has; FALSE: one of the names is not known. Names are those
 * of OpenSSL ("P-256", "RSA+SHA256") or of TLS itself ("secp256r1", "rsa_pkcs1_sha256"). */
gboolean gm_tls_groups_append       (GString *priority,
                                     const char *list);
gboolean gm_tls_signatures_append   (GString *priority,
                                     const char *list);
