/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-multi.h"

/* What several easy handles have in common. Each store has a lock of its own, so that handles of several threads may share
 * them. The application's lock functions are called all the same, round each use that this face makes of a store: programs
 * expect to be called. Connections are shared by those that run by curl_easy_perform (), one at a time: a handle that
 * begins while another one runs does without. */

/* The share, or NULL if @sh is none. */
GmCurlShare *gm_curl_share_check (CURLSH *sh);
/* One more or one less easy handle uses it; NULL is fine. */
GmCurlShare *gm_curl_share_join  (GmCurlShare *self,
                                  GmCurlEasy *easy);
void         gm_curl_share_leave (GmCurlShare *self,
                                  GmCurlEasy *easy);
/* Calls the application's functions, if it has set them and @data is shared. NULL is fine. */
void         gm_curl_share_lock  (GmCurlShare *self,
                                  GmCurlEasy *easy,
                                  curl_lock_data data);
void         gm_curl_share_unlock (GmCurlShare *self,
                                  GmCurlEasy *easy,
                                  curl_lock_data data);
/* (nullable) Borrowed. */
GmDnsCache  *gm_curl_share_get_dns (GmCurlShare *self);
GmCookieJar *gm_curl_share_get_jar (GmCurlShare *self);
GmHsts      *gm_curl_share_get_hsts (GmCurlShare *self);
GmTicketCache *gm_curl_share_get_tickets (GmCurlShare *self);
/* The names and the TLS sessions that are shared become those of @multi. */
void         gm_curl_share_lend  (GmCurlShare *self,
                                  GmCurlEasy *easy,
                                  GmCurlMulti *multi);
/* The one that keeps the shared connections, for one run; NULL: not shared, or somebody has it. */
GmCurlMulti *gm_curl_share_take_multi (GmCurlShare *self,
                                  GmCurlEasy *easy);
void         gm_curl_share_give_multi (GmCurlShare *self,
                                  GmCurlEasy *easy);
