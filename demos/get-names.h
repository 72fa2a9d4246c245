/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Where a URL is saved. Whatever the URL says, the answer is a relative path of plain names: nothing absolute, no "..",
 * no hidden names, no control characters. */

/* The last name of the URL's path, or the whole path with @tree; "index.html" where there is no name. (owned) */
char *get_name_for_uri (const char *uri,
                        gboolean tree);
/* A name that was given by hand in a list of URLs, made safe in the same way. (owned) */
char *get_name_made_safe (const char *name);
/* A line of a list: "URL" or "URL NAME". FALSE for empty lines and comments. @name becomes NULL when there is none.
 * (both owned by the caller) */
gboolean get_name_parse_line (const char *line,
                              char **uri,
                              char **name);
