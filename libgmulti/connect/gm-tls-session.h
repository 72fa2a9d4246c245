/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-info.h"
#include "gm-tls-name.h"
#include "gm-tls-settings.h"

#include <gnutls/gnutls.h>

/* A client's GnuTLS session as settings want it: versions, ciphers, the name that is asked for, the protocols that are
 * offered, a session to resume. Without transport, which is the layer's. */

typedef struct
{
  const GmTlsSettings *settings; /* (unowned): not NULL */
  const GmTlsName *name; /* (unowned): asked for if it is no address */
  const char *const *alpn; /* (unowned) (nullable) (array zero-terminated=1): best first */
  GBytes *ticket; /* (unowned) (nullable) */
  gnutls_certificate_credentials_t credentials; /* (unowned): must outlive the session */
  gnutls_srp_client_credentials_t login; /* (unowned) (nullable): the same */
} GmTlsOffer;

/* For GmTlsOffer; NULL if there is no login in @settings. (owned): to be freed by gm_tls_login_free() */
GmResult   gm_tls_login_new        (const GmTlsSettings *settings,
                                    gnutls_srp_client_credentials_t *login);
void       gm_tls_login_free       (gnutls_srp_client_credentials_t login);
/* GM_TLS_SETTINGS if the offer makes no sense to GnuTLS, whose code goes to *@code. */
GmResult   gm_tls_session_new      (const GmTlsOffer *offer,
                                    gnutls_session_t *session,
                                    int *code);
/* After the handshake. @name (copied). */
GmTlsInfo *gm_tls_session_get_info (gnutls_session_t session,
                                    const char *name,
                                    GmResult verdict);
/* What a GnuTLS code that is neither success nor "again" means, noted in @error with code and alert. @below: why the
 * transport failed, if it did; an alert that was read says more than that. */
GmResult   gm_tls_session_failed   (gnutls_session_t session,
                                    int code,
                                    GmResult below,
                                    GmPhase phase,
                                    GmError *error);
