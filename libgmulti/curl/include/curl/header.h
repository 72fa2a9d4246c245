/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CURLINC_HEADER_H
#define CURLINC_HEADER_H

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One response header. Valid until the next call for the same handle, or its next transfer. */
struct curl_header
{
  char *name;
  char *value;
  size_t amount; /* how many have this name */
  size_t index; /* which of those this is, from 0 */
  unsigned int origin; /* one of CURLH_ */
  void *anchor; /* not for applications */
};

#define CURLH_HEADER (1 << 0) /* of the response head */
#define CURLH_TRAILER (1 << 1) /* after a chunked body */
#define CURLH_CONNECT (1 << 2) /* of a proxy's answer to CONNECT */
#define CURLH_1XX (1 << 3) /* of an informational head */
#define CURLH_PSEUDO (1 << 4) /* names that begin with a colon */

typedef enum
{
  CURLHE_OK = 0,
  CURLHE_BADINDEX = 1,
  CURLHE_MISSING = 2,
  CURLHE_NOHEADERS = 3,
  CURLHE_NOREQUEST = 4,
  CURLHE_OUT_OF_MEMORY = 5,
  CURLHE_BAD_ARGUMENT = 6,
  CURLHE_NOT_BUILT_IN = 7
} CURLHcode;

/* @request: 0 is the first of a series of redirects, -1 the last. */
CURL_EXTERN CURLHcode curl_easy_header (CURL *curl, const char *name, size_t nameindex, unsigned int origin,
                                        int request, struct curl_header **hout);
CURL_EXTERN struct curl_header *curl_easy_nextheader (CURL *curl, unsigned int origin, int request,
                                                      struct curl_header *prev);

#ifdef __cplusplus
}
#endif

#endif
