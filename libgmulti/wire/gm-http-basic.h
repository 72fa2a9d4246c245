/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"
#include "gm-bytes.h"
#include "gm-result.h"

/* Values of Authorization and Proxy-Authorization, appended to a builder (without field name and line end). GM_OK,
 * GM_BAD_REQUEST (nothing appended), GM_OUT_OF_MEMORY. What was written is secret: the caller keeps it out of logs. */

/* "Basic …" (RFC 7617), bytes as given. A server cuts at the first colon, so that @user should have none; as libcurl does,
 * that is left to the caller. */
GmResult gm_http_basic_write  (GmByteBuilder *builder,
                               GmSpan user,
                               GmSpan password);
/* "Bearer …" (RFC 6750); @token is not empty and has no blank or control character. */
GmResult gm_http_bearer_write (GmByteBuilder *builder,
                               GmSpan token);
