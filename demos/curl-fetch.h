/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

/* What the programs that show the ways of driving the C interface have in common: one transfer for each URL, whose bytes
 * are counted and summed up, and one line about each at its end:
 *
 *   200 5 0x1234abcd http://localhost/a
 *
 * They compile unchanged against libcurl, too. */

/* A handle for @url (borrowed), ready to be run. Never NULL. */
CURL *fetch_new        (const char *url);
/* Prints its line and frees it; 1 if it failed, else 0. */
int   fetch_report     (CURL *easy,
                        CURLcode result);
/* The same for all that the multi handle has done; how many failed. */
int   fetch_report_all (CURLM *multi);
