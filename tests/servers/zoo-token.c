/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zoo-token.h"

#include <gnutls/pkcs11.h>
#include <stdlib.h>
#include <string.h>

static const char *const modules[] = {
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/softhsm/libsofthsm2.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
};

static char *folder; /* (owned) */

static const char *
find_module (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (modules); i++)
    if (g_file_test (modules[i], G_FILE_TEST_EXISTS))
      return modules[i];
  return NULL;
}

static gboolean
run (const char *const *argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL, *err = NULL;
  int status = -1;

  if (g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err, &status, &error)
      && g_spawn_check_wait_status (status, NULL))
    return TRUE;

  g_test_message ("%s: %s%s%s", argv[0], error != NULL ? error->message : "", out != NULL ? out : "", err != NULL ? err : "");
  return FALSE;
}

static void
remove_folder (void)
{
  const char *const argv[] = { "rm", "-rf", folder, NULL };

  run (argv);
  g_free (folder);
}

static char *
put (const char *name,
     GBytes *bytes)
{
  char *path = g_build_filename (folder, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
  g_bytes_unref (bytes);
  return path;
}

static void
ensure_folder (void)
{
  g_autofree char *text = NULL, *path = NULL, *tokens = NULL;

  if (folder != NULL)
    return;

  folder = g_dir_make_tmp ("zoo-token-XXXXXX", NULL);
  g_assert_nonnull (folder);
  atexit (remove_folder);
  tokens = g_build_filename (folder, "tokens", NULL);
  g_assert_cmpint (g_mkdir_with_parents (tokens, 0700), ==, 0);
  text = g_strdup_printf ("directories.tokendir = %s\nlog.level = ERROR\n", tokens);
  path = put ("softhsm2.conf", g_bytes_new (text, strlen (text)));
  g_assert_true (g_setenv ("SOFTHSM2_CONF", path, TRUE));
}

gboolean
zoo_token_make (const char *label,
                const char *pin_code,
                ZooCertificate *certificate)
{
  g_autofree char *util = g_find_program_in_path ("softhsm2-util");
  g_autofree char *tool = g_find_program_in_path ("p11tool");
  g_autofree char *provider = g_strconcat ("--provider=", find_module (), NULL);
  g_autofree char *pin_option = g_strconcat ("--set-pin=", pin_code, NULL);
  g_autofree char *escaped = g_uri_escape_string (label, NULL, FALSE);
  g_autofree char *uri = g_strconcat ("pkcs11:token=", escaped, NULL);
  g_autofree char *key = NULL, *crt = NULL;

  if (util == NULL || tool == NULL || find_module () == NULL)
    return FALSE;

  ensure_folder ();
  key = put ("key.pem", zoo_get_key_pem (certificate, NULL));
  crt = put ("crt.pem", zoo_get_pem (certificate, 0));
  return run ((const char *const[]){ util, "--init-token", "--free", "--label", label, "--pin", pin_code, "--so-pin",
                                     "000111222333", NULL })
         && run ((const char *const[]){ tool, provider, "--batch", "--login", pin_option, "--write", "--load-privkey", key,
                                        "--label", "me", "--id", "01", uri, NULL })
         && run ((const char *const[]){ tool, provider, "--batch", "--login", pin_option, "--write", "--load-certificate",
                                        crt, "--label", "me", "--id", "01", uri, NULL });
}

void
zoo_token_start (const char *module)
{
  g_assert_true (g_setenv ("GMULTI_TEST_SOFTHSM", find_module (), TRUE));
  g_assert_cmpint (gnutls_pkcs11_init (GNUTLS_PKCS11_FLAG_MANUAL, NULL), ==, 0);
  g_assert_cmpint (gnutls_pkcs11_add_provider (module != NULL ? module : find_module (), NULL), ==, 0);
}
