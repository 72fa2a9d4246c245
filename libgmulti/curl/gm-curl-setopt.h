/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-curl-easy.h"
#include "gm-curl-option-list.h"

/* What follows the option in curl_easy_setopt (), read by the range of its number. */
typedef union
{
  long number;
  curl_off_t offset;
  void *pointer;
  void (*function) (void);
} GmCurlValue;

/* How a number becomes the engine's. */
typedef enum
{
  GM_CURL_UNIT_ONE,
  GM_CURL_UNIT_BOOL,
  GM_CURL_UNIT_NOT, /* the opposite */
  GM_CURL_UNIT_MS, /* seconds to milliseconds */
  GM_CURL_UNIT_US, /* seconds to microseconds */
  GM_CURL_UNIT_US_OR_EVER, /* the same; −1 stays */
} GmCurlUnit;

/* Every option at its default, as after curl_easy_init (); what belongs to the engine is not touched. */
void     gm_curl_settings_init    (GmCurlSettings *set);
/* A transfer, one for the process, with the engine settings whose default is another one in the C interface: each easy
 * handle begins by sharing its settings. Never freed. */
GmTransfer *gm_curl_get_defaults  (void);

/* One for each option that is SPECIAL. */
#define GM_CURL_DECLARE(name, type, function)                                                                          \
  CURLcode gm_curl_set_##function (GmCurlEasy *easy, const GmCurlValue *value);
#define GM_CURL_NOTHING3(name, type, x)
#define GM_CURL_NOTHING4(name, type, x, y)
#define GM_CURL_NOTHING5(name, type, x, y, z)
GM_CURL_OPTIONS (GM_CURL_NOTHING3, GM_CURL_NOTHING4, GM_CURL_NOTHING3, GM_CURL_NOTHING3, GM_CURL_NOTHING3,
                 GM_CURL_DECLARE, GM_CURL_NOTHING3, GM_CURL_NOTHING5)

/* False for a text that is longer than any option takes. NULL is none. */
gboolean gm_curl_text_fits        (const char *text);
/* The answer for what the engine said about a setting. */
CURLcode gm_curl_setting_result   (GmResult result);
CURLcode gm_curl_set_engine_int   (GmCurlEasy *easy,
                                   GmOption option,
                                   gint64 value);
CURLcode gm_curl_set_engine_string (GmCurlEasy *easy,
                                   GmOption option,
                                   const char *value);
