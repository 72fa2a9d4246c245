/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What the command line of gmulti-get says. */
typedef struct
{
  char **uris;     /* (owned) (array zero-terminated) */
  char **inputs;   /* (owned) (nullable) files with URLs; "-" is standard input */
  char *output;    /* (owned) (nullable) name of the only file; "-" is standard output */
  char *folder;    /* (owned) where files go */
  char **headers;  /* (owned) (nullable) "Name: value" */
  char *method;    /* (owned) (nullable) */
  GBytes *data;    /* (owned) (nullable) the request's body */
  guint64 rate;    /* bytes a second for all together; 0: no limit */
  int jobs;        /* how many at once */
  gboolean tree;
  gboolean resume;
  gboolean overwrite;
  gboolean summary;
  gboolean quiet;
  gboolean plain;
  gboolean version;
} GetOptions;

/* Fills @options, which is zeroed before. FALSE with @error set when the line cannot be followed; what was filled in is
 * to be cleared all the same. */
gboolean get_options_parse (GetOptions *options,
                            int *argc,
                            char ***argv,
                            GError **error);
void get_options_clear (GetOptions *options);

/* "500k", "1.5M": a number of bytes. FALSE when it is none. */
gboolean get_options_parse_rate (const char *text,
                                 guint64 *rate);
/* "Name: value" taken apart; FALSE when there is no name. The strings are owned by the caller. */
gboolean get_options_parse_header (const char *text,
                                   char **name,
                                   char **value);
