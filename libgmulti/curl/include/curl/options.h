/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_OPTIONS_H
#define CURLINC_OPTIONS_H

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What an option takes; finer than the number ranges of CURLOPTTYPE_. */
typedef enum
{
  CURLOT_LONG = 0,
  CURLOT_VALUES = 1, /* a long of a set of values or bits */
  CURLOT_OFF_T = 2,
  CURLOT_OBJECT = 3,
  CURLOT_STRING = 4,
  CURLOT_SLIST = 5,
  CURLOT_CBPTR = 6, /* handed to a callback untouched */
  CURLOT_BLOB = 7,
  CURLOT_FUNCTION = 8
} curl_easytype;

/* An older name of an option that has a better one. */
#define CURLOT_FLAG_ALIAS (1 << 0)

struct curl_easyoption
{
  const char *name; /* without CURLOPT_ */
  CURLoption id;
  curl_easytype type;
  unsigned int flags;
};

CURL_EXTERN const struct curl_easyoption *curl_easy_option_by_name (const char *name);
CURL_EXTERN const struct curl_easyoption *curl_easy_option_by_id (CURLoption id);
/* Walks all: NULL gives the first; after the last comes NULL. */
CURL_EXTERN const struct curl_easyoption *curl_easy_option_next (const struct curl_easyoption *prev);

#ifdef __cplusplus
}
#endif

#endif
