/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gmulti-errand-private.h"

#include <gio/gio.h>

/* The stream that open gives: a pollable GInputStream over the errand's pipe. To close it before its end cancels the
 * transfer; until then it keeps @session alive. */

#define GM_TYPE_BODY_STREAM (gm_body_stream_get_type ())
G_DECLARE_FINAL_TYPE (GmBodyStream, gm_body_stream, GM, BODY_STREAM, GInputStream)

GInputStream *gm_body_stream_new (GmErrand *errand,
                                  gpointer session);
