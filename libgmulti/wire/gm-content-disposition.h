/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-ascii.h"

/* A file name to store an answer under, made safe: a base name (the part behind the last slash or backslash), UTF-8,
 * without control characters, not hidden or relative by leading dots, at most GM_FILE_NAME_MAX bytes. The peer
 * proposes, so nothing it writes may reach outside the folder the caller chose. */

/* What every file system here takes, less room for a suffix such as " (2)" or ".part". */
#define GM_FILE_NAME_MAX 240

typedef struct
{
  gboolean attachment; /* the type is anything but "inline" (RFC 6266 section 4.2) */
  char *file_name; /* (owned) (nullable): safe as above; NULL if none was given or nothing safe is left of it */
} GmContentDisposition;

/* Reads the value of Content-Disposition (RFC 6266; filename* of RFC 8187 wins over filename, UTF-8 and ISO-8859-1).
 * FALSE if there is not even a type; *@disposition is then untouched. Lenient where servers are sloppy: unquoted names
 * with blanks, quoted names with percent signs (taken literally). */
gboolean gm_content_disposition_parse (GmSpan value,
                                       GmContentDisposition *disposition);
void     gm_content_disposition_clear (GmContentDisposition *disposition);

/* Makes any bytes a safe name as above, (transfer full) (nullable). Bytes that are not UTF-8 are read as ISO-8859-1. */
char    *gm_file_name_make_safe       (GmSpan text);

/* From a URL's path (or its last segment, percent-encoded): (transfer full) (nullable): NULL for an empty last
 * segment. */
char    *gm_file_name_from_path       (GmSpan path);
