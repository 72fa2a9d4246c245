/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-url.h"

/* What a data: URL holds (RFC 2397): "data:" [type "/" subtype] *(";" name "=" value) [";base64"] "," bytes. */

/* Longest media type with its parameters, decoded: it becomes a header field. */
#define GM_DATA_URL_TYPE_MAX 4096

typedef struct
{
  char *media_type; /* (owned): with its parameters, as a Content-Type would say it; never empty */
  gboolean is_base64;
  GBytes *body; /* (owned): decoded */
} GmDataUrl;

/* Reads @url, whose scheme is data:. Answers GM_OK and fills @data, whose contents are then the caller's until
 * gm_data_url_clear(); or leaves @data alone and answers DATA_MALFORMED  no comma; a '%' without two hexadecimal
 * digits; a media type that is none, too long or not ASCII; base64 with another byte than its alphabet's 64, with
 * padding in the middle or too much or too little of it, a length that no bytes can have, or bits left over BAD_URL
 * another scheme OUT_OF_MEMORY "%3d%3d" counts as "==", and padding may be left out altogether, as browsers have
 * it; blanks may not stand in base64. No media type means "text/plain;charset=US-ASCII", and ";charset=x" alone is
 * a parameter of text/plain. */
GmResult gm_data_url_parse         (const GmUrl *url,
                                    GmDataUrl *data);
void     gm_data_url_clear         (GmDataUrl *data);
/* The parameter's value as it stands in the media type, quotes included; case of @name is ignored. An empty span
 * with %NULL data if there is no such parameter. */
GmSpan   gm_data_url_get_parameter (const GmDataUrl *data,
                                    const char *name);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GmDataUrl, gm_data_url_clear)
