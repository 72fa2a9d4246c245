/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-tls-settings.h"

/* Certificates between the engine, which has bytes, and GIO, which has objects. */

/* (transfer full) (nullable): the first of @chain (DER, element-type GBytes), issued by the next and so on. NULL if there
 * is none, or GIO knows nothing of TLS here. */
GTlsCertificate     *gm_face_certificate_new       (GPtrArray *chain);
/* What the engine has to know to show @certificate: the chain and its key as PEM; of one that lives on a token only its
 * name can be had. */
GmTlsSettings       *gm_face_certificate_make_identity (GTlsCertificate *certificate);
/* @faults: 1 << (result - GM_TLS_EXPIRED). */
GTlsCertificateFlags gm_face_certificate_get_flags (guint faults);
