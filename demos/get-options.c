/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-options.h"

#include <string.h>

#define DEFAULT_JOBS 8
#define MAX_JOBS 10000
#define MAX_RATE (G_MAXUINT64 / 2)

static const char summary[] =
  "Fetches many URLs at once, with a progress bar for each and one for the whole.\n"
  "A line of a FILE is a URL, or a URL, a blank and the name to save it under; \"-\" is standard input, which is read\n"
  "while transfers run: gmulti-get ends when the input has ended and everything is there.";

static const char exit_codes[] =
  "Exit codes:\n"
  "  0    everything was fetched\n"
  "  1    at least one transfer failed; what did not fail is there\n"
  "  2    the command line cannot be followed\n"
  "  3    a FILE with URLs, or the folder, cannot be used\n"
  "  130  ended by Ctrl-C or a signal: running transfers were cancelled, unfinished files removed (kept with -c)";

gboolean
get_options_parse_rate (const char *text,
                        guint64 *rate)
{
  static const char units[] = "kMGT";
  char *end = NULL;
  double value = g_ascii_strtod (text, &end);
  const char *unit;

  if (end == text || !(value >= 0))
    return FALSE;
  if (*end != '\0')
    {
      unit = strchr (units, *end == 'K' ? 'k' : *end);
      if (unit == NULL || end[1] != '\0')
        return FALSE;
      for (const char *u = units; u <= unit; u++)
        value *= 1000;
    }
  if (value > (double) MAX_RATE)
    return FALSE;
  *rate = (guint64) value;
  return TRUE;
}

gboolean
get_options_parse_header (const char *text,
                          char **name,
                          char **value)
{
  const char *colon = strchr (text, ':');

  if (colon == NULL || colon == text)
    return FALSE;
  *name = g_strstrip (g_strndup (text, (gsize) (colon - text)));
  *value = g_strstrip (g_strdup (colon + 1));
  return TRUE;
}

static gboolean
read_data (GetOptions *options,
           const char *text,
           GError **error)
{
  char *contents = NULL;
  gsize length = 0;

  if (text == NULL)
    return TRUE;
  if (text[0] != '@')
    {
      options->data = g_bytes_new (text, strlen (text));
      return TRUE;
    }
  if (!g_file_get_contents (text + 1, &contents, &length, error))
    return FALSE;
  options->data = g_bytes_new_take (contents, length);
  return TRUE;
}

/* What GOption cannot see: values out of range, options that exclude each other, nothing to do. */
static gboolean
check (const GetOptions *options,
       GError **error)
{
  const char *wrong = NULL;
  guint n_uris = options->uris != NULL ? g_strv_length (options->uris) : 0;

  if (options->jobs < 1 || options->jobs > MAX_JOBS)
    wrong = "-j wants a number from 1 to 10000";
  else if (n_uris == 0 && options->inputs == NULL && !options->version)
    wrong = "no URL; see --help";
  else if (options->output != NULL && (n_uris != 1 || options->inputs != NULL))
    wrong = "-o is for one URL";
  else if (options->output != NULL && options->tree)
    wrong = "-o and --tree exclude each other";
  for (char **header = options->headers; wrong == NULL && header != NULL && *header != NULL; header++)
    {
      g_autofree char *name = NULL;
      g_autofree char *value = NULL;

      if (!get_options_parse_header (*header, &name, &value))
        wrong = "-H wants \"Name: value\"";
    }
  if (wrong == NULL)
    return TRUE;
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
  return FALSE;
}

gboolean
get_options_parse (GetOptions *options,
                   int *argc,
                   char ***argv,
                   GError **error)
{
  g_autofree char *rate = NULL;
  g_autofree char *data = NULL;
  const GOptionEntry entries[] = {
    { "input", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &options->inputs, "Take URLs from FILE, too (-: standard input)",
      "FILE" },
    { "jobs", 'j', 0, G_OPTION_ARG_INT, &options->jobs, "Fetch N at once (8)", "N" },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output, "Save the one URL as NAME (-: standard output)",
      "NAME" },
    { "folder", 'P', 0, G_OPTION_ARG_FILENAME, &options->folder, "Save into FOLDER, which is made if need be",
      "FOLDER" },
    { "tree", 'x', 0, G_OPTION_ARG_NONE, &options->tree, "Make folders as in the URLs", NULL },
    { "continue", 'c', 0, G_OPTION_ARG_NONE, &options->resume, "Go on with what an earlier run left", NULL },
    { "overwrite", 0, 0, G_OPTION_ARG_NONE, &options->overwrite, "Replace files that exist (else: name (2))", NULL },
    { "limit-rate", 0, 0, G_OPTION_ARG_STRING, &rate, "At most RATE bytes a second, all together (500k, 2M)",
      "RATE" },
    { "header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &options->headers, "Send this header, too", "NAME: VALUE" },
    { "method", 'X', 0, G_OPTION_ARG_STRING, &options->method, "Use this method", "METHOD" },
    { "data", 'd', 0, G_OPTION_ARG_STRING, &data, "Send DATA, or what a file holds, with the request",
      "DATA|@FILE" },
    { "summary", 0, 0, G_OPTION_ARG_NONE, &options->summary, "Say at the end how much came and how fast", NULL },
    { "quiet", 'q', 0, G_OPTION_ARG_NONE, &options->quiet, "Say nothing but errors", NULL },
    { "plain", 0, 0, G_OPTION_ARG_NONE, &options->plain, "Lines instead of bars, on a terminal as well", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Say which version this is", NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->uris, NULL, "[URL...]" },
    { 0 }
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  options->jobs = DEFAULT_JOBS;
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, exit_codes);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (options->folder == NULL)
    options->folder = g_strdup (".");
  if (rate != NULL && !get_options_parse_rate (rate, &options->rate))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "“%s” is no rate", rate);
      return FALSE;
    }
  return read_data (options, data, error) && check (options, error);
}

void
get_options_clear (GetOptions *options)
{
  g_clear_pointer (&options->uris, g_strfreev);
  g_clear_pointer (&options->inputs, g_strfreev);
  g_clear_pointer (&options->output, g_free);
  g_clear_pointer (&options->folder, g_free);
  g_clear_pointer (&options->headers, g_strfreev);
  g_clear_pointer (&options->method, g_free);
  g_clear_pointer (&options->data, g_bytes_unref);
}
