/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(GMULTI_INSIDE) && !defined(GMULTI_COMPILATION)
#error "Only <gmulti.h> can be included directly."
#endif

#include <glib-object.h>

#include "gmulti-version.h"

G_BEGIN_DECLS

#define GMULTI_TYPE_CHALLENGE (gmulti_challenge_get_type ())

GMULTI_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (GMultiChallenge, gmulti_challenge, GMULTI, CHALLENGE, GObject)

GMULTI_AVAILABLE_IN_1_0
const char *gmulti_challenge_get_scheme  (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
const char *gmulti_challenge_get_realm   (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
const char *gmulti_challenge_get_host    (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
guint       gmulti_challenge_get_port    (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
gboolean    gmulti_challenge_is_proxy    (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
guint       gmulti_challenge_get_attempt (GMultiChallenge *self);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_challenge_answer      (GMultiChallenge *self,
                                          const char      *user,
                                          const char      *password);
GMULTI_AVAILABLE_IN_1_0
void        gmulti_challenge_decline     (GMultiChallenge *self);

G_END_DECLS
