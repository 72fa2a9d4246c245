/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include "gmulti-enums.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_COOKIE (gmulti_cookie_get_type ())

typedef struct _GMultiCookie GMultiCookie;

GMULTI_AVAILABLE_IN_1_0
GType          gmulti_cookie_get_type      (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiCookie  *gmulti_cookie_ref           (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_cookie_unref         (GMultiCookie *self);

GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_cookie_get_name      (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_cookie_get_value     (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_cookie_get_domain    (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_cookie_get_path      (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
gint64         gmulti_cookie_get_expires   (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
GMultiSameSite gmulti_cookie_get_same_site (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_cookie_is_host_only  (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_cookie_is_secure     (GMultiCookie *self);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_cookie_is_http_only  (GMultiCookie *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiCookie, gmulti_cookie_unref)

G_END_DECLS
