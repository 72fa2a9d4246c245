/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What every incremental parser of this ring answers. */
typedef enum
{
  GM_PARSE_DONE, /* the message is complete; bytes behind it were not touched */
  GM_PARSE_MORE, /* everything up to *consumed was taken; feed what follows */
  GM_PARSE_BAD, /* refused for good; *why has the cause; feeding on is a mistake */
} GmParse;
