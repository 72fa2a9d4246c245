/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-credentials.h"
#include "gm-tls-name.h"

/* The verdict on a peer's certificate. */

/* A certificate may have any number of names; so many are looked at, and so many bytes of them told. */
#define GM_TLS_MAX_NAMES 2000
#define GM_TLS_MAX_DETAIL 512

/* One bit for each way in which a certificate can be wrong. */
#define GM_TLS_FAULT(name) (1u << (GM_TLS_##name - GM_TLS_EXPIRED))

typedef struct
{
  GmResult result; /* the worst of the faults, or GM_OK */
  guint faults;
  char *detail; /* (owned) (nullable): what the comment of the result says */
} GmTlsVerdict;

/* Judges the peer of @session, new or resumed, by what @settings ask for: chain, dates, purpose, strength and revocation,
 * the name, a stapled status, the pins. @anchors may be NULL when the chain is not judged; while it is, the session has
 * them for its credentials. @pinned has the key where the pins are a file, and is NULL elsewhere. Does not block. */
void gm_tls_verify (gnutls_session_t session,
                    const GmTlsSettings *settings,
                    GmTlsCredentials *anchors,
                    const GmTlsCredentials *pinned,
                    const GmTlsName *name,
                    GmTlsVerdict *verdict);
