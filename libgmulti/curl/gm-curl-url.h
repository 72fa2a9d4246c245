/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>
#include <glib.h>

#include "gm-url.h"

/* What a CURLU is, and its parser. The engine's own parser (gm-url.h) makes something that can be asked for; a program
 * that takes texts apart wants back what it gave: the host as it was spelt, an empty query, the login options of a mail
 * server's URL. So a whole text is read here, and by the engine once more when CURLOPT_CURLU is followed. */

#define GM_CURL_URL_N_PARTS (CURLUPART_ZONEID + 1)

struct Curl_URL
{
  char *parts[GM_CURL_URL_N_PARTS]; /* (owned) (nullable): [CURLUPART_URL] is unused; an IPv6 host has brackets */
  gboolean guessed;                 /* nobody said the scheme */
};

/* Reads @text, which has a scheme or is to be given one, into @u, whose parts are replaced if it can be read. */
CURLUcode gm_curl_url_read        (CURLU *u,
                                   const char *text,
                                   guint flags);
/* How long the scheme in front of @text is, 0 if there is none. With @slash it counts only before ":/". */
gsize     gm_curl_url_scheme_len  (const char *text,
                                   gboolean slash);
/* Whether @host, still percent-encoded, can be a host's name. An IPv6 address gives up its zone: @host is then cut, and
 * @zone (owned) is written. */
CURLUcode gm_curl_url_check_host  (char *host,
                                   char **zone);
/* The scheme called @name, GM_SCHEME_OTHER if this interface does not know it: "data:" has no place for parts. */
GmScheme  gm_curl_url_find_scheme (const char *name,
                                   gsize len);
/* Whether URLs of @scheme have login options behind the password. */
gboolean  gm_curl_url_has_options (GmScheme scheme);
/* @text with blanks and bytes beyond ASCII percent-encoded; a blank in a query is a '+'. */
void      gm_curl_url_encode      (GString *out,
                                   const char *text,
                                   gsize len,
                                   gboolean query);
