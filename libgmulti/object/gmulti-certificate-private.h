/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "gm-result.h"

/* Certificates between the engine, which has bytes, and GIO, which has objects. */

/* (transfer full) (nullable): the first of @chain (DER, element-type GBytes), issued by the next and so on. NULL if there
 * is none, or GIO knows nothing of TLS here. */
GTlsCertificate     *gm_face_certificate_new       (GPtrArray *chain);
/* @faults: 1 << (result - GM_TLS_EXPIRED). */
GTlsCertificateFlags gm_face_certificate_get_flags (guint faults);
