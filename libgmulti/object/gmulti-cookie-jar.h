/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include "gmulti-cookie.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_COOKIE_JAR (gmulti_cookie_jar_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiCookieJar, gmulti_cookie_jar, GMULTI, COOKIE_JAR, GObject)

GMULTI_AVAILABLE_IN_1_0
GMultiCookieJar *gmulti_cookie_jar_new          (void);
GMULTI_AVAILABLE_IN_1_0
GMultiCookieJar *gmulti_cookie_jar_new_for_file (GFile *file);

GMULTI_AVAILABLE_IN_1_0
GFile           *gmulti_cookie_jar_get_file     (GMultiCookieJar *self);

GMULTI_AVAILABLE_IN_1_0
char            *gmulti_cookie_jar_dup_header   (GMultiCookieJar *self,
                                                 const char      *uri);
GMULTI_AVAILABLE_IN_1_0
gboolean         gmulti_cookie_jar_set          (GMultiCookieJar  *self,
                                                 const char       *uri,
                                                 const char       *set_cookie,
                                                 GError          **error);
GMULTI_AVAILABLE_IN_1_0
GList           *gmulti_cookie_jar_dup_all      (GMultiCookieJar *self);
GMULTI_AVAILABLE_IN_1_0
void             gmulti_cookie_jar_remove       (GMultiCookieJar *self,
                                                 GMultiCookie    *cookie);
GMULTI_AVAILABLE_IN_1_0
void             gmulti_cookie_jar_clear        (GMultiCookieJar *self);

GMULTI_AVAILABLE_IN_1_0
void             gmulti_cookie_jar_save_async   (GMultiCookieJar     *self,
                                                 GCancellable        *cancellable,
                                                 GAsyncReadyCallback  callback,
                                                 gpointer             user_data);
GMULTI_AVAILABLE_IN_1_0
gboolean         gmulti_cookie_jar_save_finish  (GMultiCookieJar  *self,
                                                 GAsyncResult     *result,
                                                 GError          **error);

G_END_DECLS
