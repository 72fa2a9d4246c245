/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include <gio/gio.h>

#include "gmulti-version.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_TRUST_CHECK (gmulti_trust_check_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiTrustCheck, gmulti_trust_check, GMULTI, TRUST_CHECK, GObject)

GMULTI_AVAILABLE_IN_1_0
GTlsCertificate     *gmulti_trust_check_get_certificate (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
GTlsCertificateFlags gmulti_trust_check_get_errors      (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
char                *gmulti_trust_check_dup_text        (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
const char          *gmulti_trust_check_get_host        (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
guint                gmulti_trust_check_get_port        (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
gboolean             gmulti_trust_check_is_proxy        (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
void                 gmulti_trust_check_accept          (GMultiTrustCheck *self);
GMULTI_AVAILABLE_IN_1_0
void                 gmulti_trust_check_reject          (GMultiTrustCheck *self);

G_END_DECLS
