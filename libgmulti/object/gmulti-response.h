/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-headers.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_RESPONSE (gmulti_response_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiResponse, gmulti_response, GMULTI, RESPONSE, GObject)

GMULTI_AVAILABLE_IN_1_0
guint           gmulti_response_get_status             (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
gboolean        gmulti_response_is_success             (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_reason             (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_uri                (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders  *gmulti_response_get_headers            (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_content_type       (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
gint64          gmulti_response_get_length             (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_suggested_filename (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
GMultiProtocol  gmulti_response_get_protocol           (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
GSocketAddress *gmulti_response_get_remote_address     (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
GTlsCertificate *gmulti_response_get_peer_certificate  (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_tls_version        (GMultiResponse *self);
GMULTI_AVAILABLE_IN_1_0
const char     *gmulti_response_get_tls_cipher         (GMultiResponse *self);

G_END_DECLS
