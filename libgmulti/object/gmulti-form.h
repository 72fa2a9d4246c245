/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include <gio/gio.h>

#include "gmulti-version.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_FORM (gmulti_form_get_type ())
#define GMULTI_FORM(obj) (G_TYPE_CHECK_INSTANCE_CAST ((obj), GMULTI_TYPE_FORM, GMultiForm))
#define GMULTI_IS_FORM(obj) (G_TYPE_CHECK_INSTANCE_TYPE ((obj), GMULTI_TYPE_FORM))

typedef struct _GMultiForm GMultiForm;

GMULTI_AVAILABLE_IN_1_0
GType       gmulti_form_get_type       (void) G_GNUC_CONST;

GMULTI_AVAILABLE_IN_1_0
GMultiForm *gmulti_form_new            (void);

GMULTI_AVAILABLE_IN_1_0
gboolean    gmulti_form_get_urlencoded (GMultiForm   *self);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_form_set_urlencoded (GMultiForm   *self,
                                        gboolean      urlencoded);

GMULTI_AVAILABLE_IN_1_0
void        gmulti_form_add_text       (GMultiForm   *self,
                                        const char   *name,
                                        const char   *value);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_form_add_bytes      (GMultiForm   *self,
                                        const char   *name,
                                        const char   *filename,
                                        const char   *content_type,
                                        GBytes       *bytes);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_form_add_file       (GMultiForm   *self,
                                        const char   *name,
                                        const char   *content_type,
                                        GFile        *file);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_form_add_stream     (GMultiForm   *self,
                                        const char   *name,
                                        const char   *filename,
                                        const char   *content_type,
                                        GInputStream *stream,
                                        gint64        length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GMultiForm, g_object_unref)

G_END_DECLS
