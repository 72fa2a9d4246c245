/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As fuzz-response.c, with a server that is known to speak HTTP/2: frames, HPACK, streams and their windows, by the whole
 * way from the socket to the client. */
#define FUZZ_VERSION GM_HTTP_2_ONLY
#define FUZZ_EXPANSION 8192 /* a name, a colon and a value that fill the table, for one byte */

#include "fuzz-response.c"
