/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* A Strict-Transport-Security field (RFC 6797 section 6.1): for how long a host is to be asked over TLS alone. */

/* Seconds; a longer age is this one: 136 years. */
#define GM_HSTS_MAX_AGE ((gint64) G_MAXUINT32)

typedef struct
{
  gint64 max_age; /* 0: not any more */
  gboolean subdomains;
} GmHstsField;

/* FALSE, and @field untouched, if it is not of that form: no max-age, one given twice, no number. Directives that are
 * unknown are passed over. */
gboolean gm_hsts_field_parse (GmSpan text,
                              GmHstsField *field);
