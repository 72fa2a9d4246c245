/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

/* The options that curl_easy_setopt () knows, found by number. */

#define GM_CURL_OPTION_RANGE 10000 /* what the type of an option is counted in */
#define GM_CURL_N_OPTIONS 333 /* one past the highest number, type taken off */

/* The option's description, or NULL if there is no such number. Never an alias. */
const struct curl_easyoption *gm_curl_option_find (CURLoption id);
