/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* Hosts that are reached without a proxy, by curl's rules: @rules is "*", or a list divided by commas; it ends at an
 * element that no comma follows. A name matches itself and what lies below it ("example.com" and ".example.com" are the
 * same: both match "www.example.com" and "example.com", not "nonexample.com"), ASCII case and one dot at the end do not
 * count. An address matches an address, in whatever spelling, and networks ("192.0.2.0/24", "2001:db8::/32"); IPv6 may
 * stand in brackets. Addresses are never matched with names, nor names looked up. */

/* @host: as in a GmUrl, without brackets. */
gboolean gm_no_proxy_matches (const char *rules,
                              GmSpan host);
