/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Character classes of RFC 9110 section 5.6, one table look-up each. */

enum
{
  GM_HTTP_CHAR_TOKEN = 1 << 0, /* tchar */
  GM_HTTP_CHAR_TARGET = 1 << 1, /* may stand in a request target: no blank, no control character, no DEL */
};

extern const guint8 gm_http_chars[256];

static inline gboolean
gm_http_char_is_token (char c)
{
  return (gm_http_chars[(guchar) c] & GM_HTTP_CHAR_TOKEN) != 0;
}
