/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-cookie-jar.h"
#include "gmulti-download.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_SESSION (gmulti_session_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiSession, gmulti_session, GMULTI, SESSION, GObject)

GMULTI_AVAILABLE_IN_1_0
GMultiSession *gmulti_session_new                          (void);
GMULTI_AVAILABLE_IN_1_0
GMultiSession *gmulti_session_new_threaded                 (void);

GMULTI_AVAILABLE_IN_1_0
int            gmulti_session_get_priority                 (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_session_is_threaded                  (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_max_active               (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_active               (GMultiSession *self,
                                                            guint          max_active);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_max_connections          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_connections          (GMultiSession *self,
                                                            guint          max_connections);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_max_connections_per_host (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_connections_per_host (GMultiSession *self,
                                                            guint          max_connections_per_host);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_max_streams_per_connection (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_streams_per_connection (GMultiSession *self,
                                                              guint          max_streams_per_connection);
GMULTI_AVAILABLE_IN_1_0
int            gmulti_session_get_max_idle_connections     (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_idle_connections     (GMultiSession *self,
                                                            int            max_idle_connections);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_idle_timeout             (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_idle_timeout             (GMultiSession *self,
                                                            guint          idle_timeout);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_progress_interval        (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_progress_interval        (GMultiSession *self,
                                                            guint          progress_interval);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_session_dup_accept_language          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_accept_language          (GMultiSession *self,
                                                            const char    *accept_language);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_session_get_accept_language_auto     (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_accept_language_auto     (GMultiSession *self,
                                                            gboolean       accept_language_auto);
GMULTI_AVAILABLE_IN_1_0
GInetSocketAddress *gmulti_session_dup_local_address       (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_local_address            (GMultiSession      *self,
                                                            GInetSocketAddress *local_address);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_session_dup_local_interface          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_local_interface          (GMultiSession *self,
                                                            const char    *local_interface);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_session_dup_user_agent               (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_user_agent               (GMultiSession *self,
                                                            const char    *user_agent);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_session_dup_doh_uri                  (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_doh_uri                  (GMultiSession *self,
                                                            const char    *doh_uri);
GMULTI_AVAILABLE_IN_1_0
GProxyResolver *gmulti_session_dup_proxy_resolver          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_proxy_resolver           (GMultiSession  *self,
                                                            GProxyResolver *resolver);
GMULTI_AVAILABLE_IN_1_0
GTlsDatabase  *gmulti_session_dup_tls_database             (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_tls_database             (GMultiSession *self,
                                                            GTlsDatabase  *tls_database);
GMULTI_AVAILABLE_IN_1_0
GTlsInteraction *gmulti_session_dup_tls_interaction        (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_tls_interaction          (GMultiSession   *self,
                                                            GTlsInteraction *tls_interaction);
GMULTI_AVAILABLE_IN_1_0
GNetworkMonitor *gmulti_session_dup_network_monitor        (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_network_monitor          (GMultiSession   *self,
                                                            GNetworkMonitor *network_monitor);
GMULTI_AVAILABLE_IN_1_0
GPowerProfileMonitor *gmulti_session_dup_power_profile_monitor (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_power_profile_monitor    (GMultiSession        *self,
                                                            GPowerProfileMonitor *power_profile_monitor);
GMULTI_AVAILABLE_IN_1_0
GMemoryMonitor *gmulti_session_dup_memory_monitor          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_memory_monitor           (GMultiSession  *self,
                                                            GMemoryMonitor *memory_monitor);
GMULTI_AVAILABLE_IN_1_0
GMultiCookieJar *gmulti_session_dup_cookie_jar             (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_cookie_jar               (GMultiSession   *self,
                                                            GMultiCookieJar *cookie_jar);
GMULTI_AVAILABLE_IN_1_0
GFile         *gmulti_session_dup_state_file               (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_state_file               (GMultiSession *self,
                                                            GFile         *state_file);
GMULTI_AVAILABLE_IN_1_0
GListModel    *gmulti_session_get_transfers                (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_session_get_max_download_rate        (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_download_rate        (GMultiSession *self,
                                                            guint64        max_download_rate);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_session_get_max_upload_rate          (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_set_max_upload_rate          (GMultiSession *self,
                                                            guint64        max_upload_rate);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_n_active                 (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_n_queued                 (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
double         gmulti_session_get_fraction                 (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
guint64        gmulti_session_get_speed                    (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_session_get_n_unfinished             (GMultiSession *self);

GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_fetch_async                  (GMultiSession       *self,
                                                            GMultiTransfer      *transfer,
                                                            GCancellable        *cancellable,
                                                            GAsyncReadyCallback  callback,
                                                            gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
GBytes        *gmulti_session_fetch_finish                 (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);
GMULTI_AVAILABLE_IN_1_0
GBytes        *gmulti_session_fetch                        (GMultiSession   *self,
                                                            GMultiTransfer  *transfer,
                                                            GCancellable    *cancellable,
                                                            GError         **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_open_async                   (GMultiSession       *self,
                                                            GMultiTransfer      *transfer,
                                                            GCancellable        *cancellable,
                                                            GAsyncReadyCallback  callback,
                                                            gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
GInputStream  *gmulti_session_open_finish                  (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_splice_async                 (GMultiSession            *self,
                                                            GMultiTransfer           *transfer,
                                                            GOutputStream            *target,
                                                            GOutputStreamSpliceFlags  flags,
                                                            GCancellable             *cancellable,
                                                            GAsyncReadyCallback       callback,
                                                            gpointer                  user_data);
GMULTI_AVAILABLE_IN_1_0
gssize         gmulti_session_splice_finish                (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_download_async               (GMultiSession       *self,
                                                            GMultiDownload      *download,
                                                            GCancellable        *cancellable,
                                                            GAsyncReadyCallback  callback,
                                                            gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
GFile         *gmulti_session_download_finish              (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);
GMULTI_AVAILABLE_IN_1_0
GFile         *gmulti_session_download                     (GMultiSession   *self,
                                                            GMultiDownload  *download,
                                                            GCancellable    *cancellable,
                                                            GError         **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_start                        (GMultiSession  *self,
                                                            GMultiTransfer *transfer);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_cancel_all                   (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_forget_logins                (GMultiSession *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_preconnect_async             (GMultiSession       *self,
                                                            const char          *uri,
                                                            GCancellable        *cancellable,
                                                            GAsyncReadyCallback  callback,
                                                            gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_session_preconnect_finish            (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_session_close_async                  (GMultiSession       *self,
                                                            GCancellable        *cancellable,
                                                            GAsyncReadyCallback  callback,
                                                            gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_session_close_finish                 (GMultiSession  *self,
                                                            GAsyncResult   *result,
                                                            GError        **error);

G_END_DECLS
