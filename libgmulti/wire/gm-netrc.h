/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* The text of a .netrc file: "machine NAME login NAME password WORD", "default", "macdef", "account", comments from "#" at a
 * word's begin to the line's end, words in double quotes with \" \\ \n \r \t. What belongs to one machine is never mixed
 * with what belongs to another. */

#define GM_NETRC_MAX_FILE (128 * 1024)
#define GM_NETRC_MAX_WORD 4096

typedef enum
{
  GM_NETRC_NONE, /* nothing for this host (and this user) */
  GM_NETRC_FOUND,
  GM_NETRC_BAD, /* the text makes no sense */
} GmNetrc;

/* The first entry for @host (ASCII case ignored), or the default one. @user, nullable: only one with that login. On FOUND
 * @login and @password are (transfer full), @password nullable. The rest of the text is not looked at once one is found. */
GmNetrc gm_netrc_find (GmSpan text,
                       GmSpan host,
                       const char *user,
                       char **login,
                       char **password);
