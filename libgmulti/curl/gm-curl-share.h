/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

#include "gm-resolver.h"
#include "http/gm-cookie-jar.h"
#include "http/gm-hsts.h"

/* A share handle: stores that several easy handles use together: the cache of names, cookies, HSTS. Each has a lock of its
 * own, so that threads can share it, and the application's lock functions are not needed. */

typedef struct _GmCurlShare GmCurlShare;

GmCurlShare *gm_curl_share_check   (CURLSH *sh); /* NULL if it is none */
GmCurlShare *gm_curl_share_join    (GmCurlShare *self); /* accepts NULL */
void         gm_curl_share_leave   (GmCurlShare *self); /* accepts NULL */
GmDnsCache  *gm_curl_share_get_dns (GmCurlShare *self); /* (nullable): not shared */
GmCookieJar *gm_curl_share_get_jar (GmCurlShare *self); /* (nullable): not shared */
GmHsts      *gm_curl_share_get_hsts (GmCurlShare *self); /* (nullable): not shared */
