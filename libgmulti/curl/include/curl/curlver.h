/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_CURLVER_H
#define CURLINC_CURLVER_H

/* The version of libcurl whose interface these headers offer, name for name and number for number. The text says whose
 * library it is; curl_version_info () says what is inside. */
#define LIBCURL_VERSION "8.22.0-gmulti"
#define LIBCURL_VERSION_MAJOR 8
#define LIBCURL_VERSION_MINOR 22
#define LIBCURL_VERSION_PATCH 0

/* 0xXXYYZZ: major, minor, patch */
#define LIBCURL_VERSION_NUM 0x081600

#define LIBCURL_COPYRIGHT "The libgmulti authors"
#define LIBCURL_TIMESTAMP "2026-11-22"

#define CURL_VERSION_BITS(x, y, z) ((x) << 16 | (y) << 8 | (z))
#define CURL_AT_LEAST_VERSION(x, y, z) (LIBCURL_VERSION_NUM >= CURL_VERSION_BITS (x, y, z))

#endif
