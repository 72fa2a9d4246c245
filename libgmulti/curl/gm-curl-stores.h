/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

#include "http/gm-http-stores.h"

/* What an easy handle remembers between transfers, and the files it is kept in: cookies, hosts that want TLS (HSTS),
 * alternatives of origins (Alt-Svc). Made on first use; who asks for none of it has none. Files are read on a worker
 * before the next transfer; they are written when the handle goes, or at the command to, and that call waits until they
 * are. */

typedef struct _GmCurlEasy GmCurlEasy;

typedef struct
{
  gboolean cookies_on; /* a share alone does not do that */
  GmCookieJar *jar; /* (owned) (nullable): of this handle alone; a share's comes first */
  GPtrArray *cookie_files; /* (owned) (nullable) (element-type utf8): CURLOPT_COOKIEFILE */
  guint n_cookie_files_given; /* so many of them were given to the jar already */
  char *cookie_jar_file; /* (owned) (nullable): CURLOPT_COOKIEJAR */
  gboolean new_session; /* CURLOPT_COOKIESESSION */
  GmHsts *hsts; /* (owned) (nullable): of this handle alone; a share's comes first */
  char *hsts_file; /* (owned) (nullable): CURLOPT_HSTS */
  gboolean hsts_read_only;
  gboolean hsts_file_given; /* to the store, to be read */
  GmAltSvc *alt_svc; /* (owned) (nullable) */
  char *alt_svc_file; /* (owned) (nullable): CURLOPT_ALTSVC */
  gboolean alt_svc_file_given;
  long alt_svc_control; /* CURLOPT_ALTSVC_CTRL */
} GmCurlStores;

/* Hands the stores that are on to the engine; before each run. May call the application; if that fails, the run will. */
void        gm_curl_stores_apply   (GmCurlEasy *easy);
/* For a copy of the handle: the same settings, empty stores. (transfer full) (nullable) */
GmCurlStores *gm_curl_stores_dup   (GmCurlStores *self);
/* Settings back to the defaults; what is stored stays. */
void        gm_curl_stores_reset   (GmCurlEasy *easy);
/* Writes what is to be written, and frees it. */
void        gm_curl_stores_close   (GmCurlEasy *easy);
/* CURLINFO_COOKIELIST. (transfer full) (nullable) */
struct curl_slist *gm_curl_stores_list_cookies (GmCurlEasy *easy);
