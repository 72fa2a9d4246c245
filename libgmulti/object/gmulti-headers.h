/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include "gmulti-error.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_HEADERS (gmulti_headers_get_type ())

typedef struct _GMultiHeaders GMultiHeaders;

GMULTI_AVAILABLE_IN_1_0
GType          gmulti_headers_get_type         (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiHeaders *gmulti_headers_new              (void);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders *gmulti_headers_ref              (GMultiHeaders *self);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_headers_unref            (GMultiHeaders *self);
GMULTI_AVAILABLE_IN_1_0
GMultiHeaders *gmulti_headers_copy             (GMultiHeaders *self);

GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_headers_append           (GMultiHeaders  *self,
                                                const char     *name,
                                                const char     *value,
                                                GError        **error);
GMULTI_AVAILABLE_IN_1_0
gboolean       gmulti_headers_replace          (GMultiHeaders  *self,
                                                const char     *name,
                                                const char     *value,
                                                GError        **error);
GMULTI_AVAILABLE_IN_1_0
void           gmulti_headers_remove           (GMultiHeaders *self,
                                                const char    *name);

GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_headers_get_value        (GMultiHeaders *self,
                                                const char    *name);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_headers_dup_list         (GMultiHeaders *self,
                                                const char    *name);
GMULTI_AVAILABLE_IN_1_0
char         **gmulti_headers_dup_values       (GMultiHeaders *self,
                                                const char    *name);
GMULTI_AVAILABLE_IN_1_0
guint          gmulti_headers_get_n_fields     (GMultiHeaders *self);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_headers_get_field_name   (GMultiHeaders *self,
                                                guint          position);
GMULTI_AVAILABLE_IN_1_0
const char    *gmulti_headers_get_field_value  (GMultiHeaders *self,
                                                guint          position);
GMULTI_AVAILABLE_IN_1_0
char          *gmulti_headers_dup_content_type (GMultiHeaders  *self,
                                                GHashTable    **parameters);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiHeaders, gmulti_headers_unref)

G_END_DECLS
