/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cve.h"

#include <locale.h>

gboolean
cve_has (int feature)
{
  if ((curl_version_info (CURLVERSION_NOW)->features & feature) != 0)
    return TRUE;

  g_test_skip ("built without it");
  return FALSE;
}

const char *
cve_sent (ScriptedServer *server,
          guint number,
          const char *field)
{
  const ScriptedRequest *request = scripted_server_request (server, number);

  g_assert_nonnull (request);
  return scripted_request_header (request, field);
}

CaseTransfer *
cve_follow (Case *c,
            const char *from,
            const char *location)
{
  CaseTransfer *t = case_transfer (c, from);

  scripted_server_on (case_server (c), from, scripted_answer_redirect (302, location));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  return t;
}

int
cve_main (int argc,
          char *argv[],
          const CaseSpec *cases)
{
  const DriverType *strict = NULL;
  int result;

  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  curl_global_init (CURL_GLOBAL_DEFAULT);
  for (guint i = 0; i < driver_n_types; i++)
    if (g_str_equal (driver_types[i].name, "strict"))
      strict = &driver_types[i];
  g_assert_nonnull (strict);
  for (const CaseSpec *spec = cases; spec->name != NULL; spec++)
    {
      g_autofree char *path = g_strdup_printf ("/cve/%s", spec->name);

      case_add_test (path, spec, strict);
    }
  result = g_test_run ();
  curl_global_cleanup ();
  return result;
}
