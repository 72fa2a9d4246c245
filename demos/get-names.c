/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "get-names.h"

#include <string.h>

#define NO_NAME "index.html"
/* The usual limit of file systems, less room for the suffix of a temporary name. */
#define NAME_MAX_BYTES 200

/* One name of a path, decoded, or NULL when it names nothing. */
static char *
safe_name (const char *part)
{
  g_autofree char *decoded = g_uri_unescape_string (part, NULL);
  char *name = g_utf8_make_valid (decoded != NULL ? decoded : part, -1);

  for (char *p = name; *p != '\0'; p++)
    {
      if ((guchar) *p < 0x20 || *p == 0x7f || *p == '/' || *p == '\\')
        *p = '_';
    }
  while (name[0] == '.')
    memmove (name, name + 1, strlen (name));
  if (strlen (name) > NAME_MAX_BYTES)
    *g_utf8_find_prev_char (name, name + NAME_MAX_BYTES) = '\0';
  if (name[0] == '\0')
    g_clear_pointer (&name, g_free);
  return name;
}

static char *
safe_path (const char *path,
           gboolean tree)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  guint n_parts = g_strv_length (parts);
  GString *safe = g_string_new (NULL);

  for (guint i = tree || n_parts == 0 ? 0 : n_parts - 1; i < n_parts; i++)
    {
      g_autofree char *name = safe_name (parts[i]);

      if (name != NULL)
        g_string_append_printf (safe, "%s%s", safe->len > 0 ? "/" : "", name);
    }
  if (safe->len == 0 || g_str_has_suffix (path, "/"))
    g_string_append_printf (safe, "%s" NO_NAME, safe->len > 0 ? "/" : "");
  return g_string_free (safe, FALSE);
}

char *
get_name_for_uri (const char *uri,
                  gboolean tree)
{
  const GUriFlags flags = G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED;
  g_autofree char *path = NULL;

  if (g_str_has_prefix (uri, "data:") ||
      !g_uri_split (uri, flags, NULL, NULL, NULL, NULL, &path, NULL, NULL, NULL))
    return g_strdup (NO_NAME);
  return safe_path (path, tree);
}

char *
get_name_made_safe (const char *name)
{
  /* It is no URL: a percent sign stands for itself. */
  g_autofree char *escaped = g_uri_escape_string (name, "/", TRUE);

  return safe_path (escaped, TRUE);
}

gboolean
get_name_parse_line (const char *line,
                     char **uri,
                     char **name)
{
  g_autofree char *stripped = g_strstrip (g_strdup (line));
  char *blank = strpbrk (stripped, " \t");

  if (stripped[0] == '\0' || stripped[0] == '#')
    return FALSE;
  *name = NULL;
  if (blank != NULL)
    {
      *name = g_strstrip (g_strdup (blank));
      *blank = '\0';
    }
  *uri = g_steal_pointer (&stripped);
  return TRUE;
}
