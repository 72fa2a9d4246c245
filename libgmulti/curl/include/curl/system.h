/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_SYSTEM_H
#define CURLINC_SYSTEM_H

#include <sys/types.h>
#include <sys/socket.h>

/* curl_off_t has 64 bits everywhere; where a long has them it is a long: programs were built with that. */
#if defined(__LP64__) || (defined(__SIZEOF_LONG__) && __SIZEOF_LONG__ == 8)
#define CURL_TYPEOF_CURL_OFF_T long
#define CURL_FORMAT_CURL_OFF_T "ld"
#define CURL_FORMAT_CURL_OFF_TU "lu"
#define CURL_SUFFIX_CURL_OFF_T L
#define CURL_SUFFIX_CURL_OFF_TU UL
#else
#define CURL_TYPEOF_CURL_OFF_T long long
#define CURL_FORMAT_CURL_OFF_T "lld"
#define CURL_FORMAT_CURL_OFF_TU "llu"
#define CURL_SUFFIX_CURL_OFF_T LL
#define CURL_SUFFIX_CURL_OFF_TU ULL
#endif
#define CURL_TYPEOF_CURL_SOCKLEN_T socklen_t
#define CURL_PULL_SYS_TYPES_H 1
#define CURL_PULL_SYS_SOCKET_H 1

typedef CURL_TYPEOF_CURL_OFF_T curl_off_t;
typedef CURL_TYPEOF_CURL_SOCKLEN_T curl_socklen_t;

/* Constants of type curl_off_t, signed and unsigned. */
#define CURLINC_JOIN2(number, suffix) number##suffix
#define CURLINC_JOIN(number, suffix) CURLINC_JOIN2 (number, suffix)
#define CURL_OFF_T_C(number) CURLINC_JOIN (number, CURL_SUFFIX_CURL_OFF_T)
#define CURL_OFF_TU_C(number) CURLINC_JOIN (number, CURL_SUFFIX_CURL_OFF_TU)

#define CURL_ISOCPP

#endif
