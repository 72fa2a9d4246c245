/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-url.h"

/* Sites: what belongs to one registrant, by the public suffix list if it is built in. Hosts are in lower case, names as
 * A-labels, as GmUrl has them. */

/* Bytes of a name that can be looked up; no store keeps a longer one. */
#define GM_SITE_MAX_HOST 255

/* Loads the list, once for the process: a file of some 40 KiB. For who makes a store, so that no step has to. */
void     gm_site_prepare    (void);

/* The registrable domain of @host, borrowed from it: "example.co.uk" of "www.example.co.uk". The host itself when it has
 * none: an address, a public suffix ("co.uk", "localhost"), a name with a dot at its end. Without the list, the last two
 * labels. */
GmSpan   gm_site_of_host    (GmSpan host);
/* Whether anybody can register names under @host. Without the list: a name of one label. */
gboolean gm_site_is_suffix  (GmSpan host);
/* An IPv4 or IPv6 address. */
gboolean gm_site_is_address (GmSpan host);
/* @host is @domain or below it; neither is an address. */
gboolean gm_site_is_below   (GmSpan host,
                             GmSpan domain);
/* Both are of one site and one scheme. */
gboolean gm_site_same       (const GmUrl *a,
                             const GmUrl *b);
/* What is told or sent by it cannot be seen or changed on the way: https, or this very machine (as in libcurl:
 * localhost, 127.0.0.1, ::1). */
gboolean gm_site_is_secure  (const GmUrl *url);
gboolean gm_site_is_local   (GmSpan host); /* the latter */
