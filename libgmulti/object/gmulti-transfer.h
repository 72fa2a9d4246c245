/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-form.h"
#include "gmulti-headers.h"
#include "gmulti-metrics.h"
#include "gmulti-response.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_TRANSFER (gmulti_transfer_get_type ())
#define GMULTI_TRANSFER(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), GMULTI_TYPE_TRANSFER, GMultiTransfer))
#define GMULTI_IS_TRANSFER(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), GMULTI_TYPE_TRANSFER))

typedef struct _GMultiTransfer GMultiTransfer;

GMULTI_AVAILABLE_IN_1_0
GType               gmulti_transfer_get_type              (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiTransfer     *gmulti_transfer_new                   (const char *uri);

GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_uri               (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_uri               (GMultiTransfer *self,
                                                           const char     *uri);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_method            (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_method            (GMultiTransfer *self,
                                                           const char     *method);
GMULTI_AVAILABLE_IN_1_0
GProxyResolver     *gmulti_transfer_get_proxy_resolver    (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_proxy_resolver    (GMultiTransfer *self,
                                                           GProxyResolver *resolver);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_transfer_get_use_cookies       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_use_cookies       (GMultiTransfer *self,
                                                           gboolean        use_cookies);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_first_party       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_first_party       (GMultiTransfer *self,
                                                           const char     *first_party);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_user_agent        (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_user_agent        (GMultiTransfer *self,
                                                           const char     *user_agent);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_title             (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_title             (GMultiTransfer *self,
                                                           const char     *title);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_transfer_get_accept_status     (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_accept_status     (GMultiTransfer *self,
                                                           gboolean        accept_status);
GMULTI_AVAILABLE_IN_1_0
GMultiHttpPolicy    gmulti_transfer_get_http_policy       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_http_policy       (GMultiTransfer  *self,
                                                           GMultiHttpPolicy policy);
GMULTI_AVAILABLE_IN_1_0
GMultiRedirects     gmulti_transfer_get_redirects         (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_redirects         (GMultiTransfer *self,
                                                           GMultiRedirects redirects);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_max_redirects     (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_max_redirects     (GMultiTransfer *self,
                                                           guint           max_redirects);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_connect_timeout   (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_connect_timeout   (GMultiTransfer *self,
                                                           guint           connect_timeout);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_response_timeout  (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_response_timeout  (GMultiTransfer *self,
                                                           guint           response_timeout);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_stall_timeout     (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_stall_timeout     (GMultiTransfer *self,
                                                           guint           stall_timeout);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_timeout           (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_timeout           (GMultiTransfer *self,
                                                           guint           timeout);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_max_size          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_max_size          (GMultiTransfer *self,
                                                           guint64         max_size);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_max_attempts      (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_max_attempts      (GMultiTransfer *self,
                                                           guint           max_attempts);
GMULTI_AVAILABLE_IN_1_0
GSocketConnectable *gmulti_transfer_get_connectable       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_connectable       (GMultiTransfer     *self,
                                                           GSocketConnectable *connectable);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_transfer_get_new_connection    (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_new_connection    (GMultiTransfer *self,
                                                           gboolean        new_connection);
GMULTI_AVAILABLE_IN_1_0
GMultiConstraints   gmulti_transfer_get_constraints       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_constraints       (GMultiTransfer   *self,
                                                           GMultiConstraints constraints);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_transfer_get_decode            (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_decode            (GMultiTransfer *self,
                                                           gboolean        decode);
GMULTI_AVAILABLE_IN_1_0
GTlsDatabase       *gmulti_transfer_get_tls_database      (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_tls_database      (GMultiTransfer *self,
                                                           GTlsDatabase   *tls_database);
GMULTI_AVAILABLE_IN_1_0
GTlsInteraction    *gmulti_transfer_get_tls_interaction   (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_tls_interaction   (GMultiTransfer  *self,
                                                           GTlsInteraction *tls_interaction);
GMULTI_AVAILABLE_IN_1_0
const char         *gmulti_transfer_get_tls_pins          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_tls_pins          (GMultiTransfer *self,
                                                           const char     *tls_pins);
GMULTI_AVAILABLE_IN_1_0
GTlsCertificate    *gmulti_transfer_get_client_certificate (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_client_certificate (GMultiTransfer  *self,
                                                            GTlsCertificate *client_certificate);
GMULTI_AVAILABLE_IN_1_0
int                 gmulti_transfer_get_priority          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_priority          (GMultiTransfer *self,
                                                           int             priority);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_max_download_rate (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_max_download_rate (GMultiTransfer *self,
                                                           guint64         max_download_rate);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_max_upload_rate   (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_max_upload_rate   (GMultiTransfer *self,
                                                           guint64         max_upload_rate);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_header            (GMultiTransfer *self,
                                                           const char     *name,
                                                           const char     *value);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders      *gmulti_transfer_get_request_headers   (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_body_bytes        (GMultiTransfer *self,
                                                           const char     *content_type,
                                                           GBytes         *bytes);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_body_file         (GMultiTransfer *self,
                                                           const char     *content_type,
                                                           GFile          *file);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_body_stream       (GMultiTransfer *self,
                                                           const char     *content_type,
                                                           GInputStream   *stream,
                                                           gint64          length);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_body_form         (GMultiTransfer *self,
                                                           GMultiForm     *form);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_range             (GMultiTransfer *self,
                                                           guint64         offset,
                                                           gint64          length);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_bearer_token      (GMultiTransfer *self,
                                                           const char     *token);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_set_signing_key       (GMultiTransfer *self,
                                                           const char     *scope,
                                                           const char     *access_key,
                                                           const char     *secret_key);

GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_pause                 (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_resume                (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
void                gmulti_transfer_cancel                (GMultiTransfer *self);

GMULTI_AVAILABLE_IN_1_0
GMultiTransferState gmulti_transfer_get_state             (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
gboolean            gmulti_transfer_is_finished           (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GMultiWaitReason    gmulti_transfer_get_wait_reason       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GMultiPhase         gmulti_transfer_get_phase             (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
guint               gmulti_transfer_get_attempt           (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
double              gmulti_transfer_get_fraction          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_bytes_received    (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_bytes_sent        (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
gint64              gmulti_transfer_get_total             (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
guint64             gmulti_transfer_get_speed             (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
gint64              gmulti_transfer_get_remaining         (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
char               *gmulti_transfer_dup_status_text       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
char               *gmulti_transfer_dup_explanation       (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GMultiResponse     *gmulti_transfer_ref_response          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders      *gmulti_transfer_ref_trailers          (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GMultiMetrics      *gmulti_transfer_ref_metrics           (GMultiTransfer *self);
GMULTI_AVAILABLE_IN_1_0
GError             *gmulti_transfer_dup_error             (GMultiTransfer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiTransfer, g_object_unref)

G_END_DECLS
