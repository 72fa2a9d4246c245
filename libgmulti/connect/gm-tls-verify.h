/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-tls-credentials.h"
#include "gm-tls-name.h"

/* The verdict on a peer's certificate. */

/* A certificate may have any number of names; so many are looked at, and so many bytes of them told. */
#define GM_TLS_MAX_NAMES 2000
#define GM_TLS_MAX_DETAIL 512

/* Judges the peer of @session, new or resumed, by what @settings ask for: chain, dates, purpose, strength, revocation,
 * then the name, then a stapled status, then the pins. @anchors may be NULL when the chain is not judged; while it is,
 * the session has them for its credentials. Does not block.
 * *@detail: (owned) (nullable) (inout): what the comment of the result says; set on failure only. */
GmResult gm_tls_verify (gnutls_session_t session,
                        const GmTlsSettings *settings,
                        GmTlsCredentials *anchors,
                        const GmTlsName *name,
                        char **detail);
