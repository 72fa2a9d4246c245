/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include <gio/gio.h>

#include "gmulti-headers.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_PROXY (gmulti_proxy_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiProxy, gmulti_proxy, GMULTI, PROXY, GObject)

GMULTI_AVAILABLE_IN_1_0
GMultiProxy        *gmulti_proxy_new         (const char         *uri,
                                              const char * const *bypass);

GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_proxy_get_uri     (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
const char * const *gmulti_proxy_get_bypass  (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_proxy_get_tunnel  (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders      *gmulti_proxy_get_headers (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
GTlsDatabase       *gmulti_proxy_get_tls_database (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_proxy_get_tls_pins (GMultiProxy *self);
GMULTI_AVAILABLE_IN_1_0
GTlsCertificate    *gmulti_proxy_get_client_certificate (GMultiProxy *self);

G_END_DECLS
