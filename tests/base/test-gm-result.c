/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-result.h"

/* Faces and traces show these names: each is there, unlike any other, and is that of its member. */
static void
test_names (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (int i = 0; i < GM_N_RESULTS; i++)
    {
      const char *name = gm_result_name ((GmResult) i);

      g_assert_cmpstr (name, !=, "?");
      g_assert_true (g_hash_table_add (seen, (gpointer) name));
    }
  g_assert_cmpstr (gm_result_name (GM_OK), ==, "OK");
  g_assert_cmpstr (gm_result_name (GM_HTTP_BAD_CHUNK), ==, "HTTP_BAD_CHUNK");
  g_assert_cmpstr (gm_result_name (GM_INTERNAL), ==, "INTERNAL");
  g_assert_cmpstr (gm_result_name (GM_N_RESULTS), ==, "?");
  g_assert_cmpstr (gm_result_name ((GmResult) -1), ==, "?");
  g_assert_cmpint (GM_OK, ==, 0);
}

static void
test_first_error_kept (void)
{
  GmError error = { GM_OK };

  gm_error_set (&error, GM_CONNECT_FAILED, GM_PHASE_CONNECT, 111);
  gm_error_set (&error, GM_TIMEOUT, GM_PHASE_BODY, 0);
  g_assert_cmpstr (gm_result_name (error.result), ==, "CONNECT_FAILED");
  g_assert_cmpint (error.phase, ==, GM_PHASE_CONNECT);
  g_assert_cmpint (error.sys_errno, ==, 111);
}

static void
test_clear (void)
{
  GmError error = { GM_OK };

  gm_error_set (&error, GM_RESOLVE_FAILED, GM_PHASE_RESOLVE, 0);
  error.host = g_strdup ("host");
  error.address = g_strdup ("192.0.2.1");
  error.port = 80;
  error.resolver = -2;
  gm_error_clear (&error);
  g_assert_cmpint (error.result, ==, GM_OK);
  g_assert_cmpint (error.phase, ==, GM_PHASE_NONE);
  g_assert_null (error.host);
  g_assert_null (error.address);
  g_assert_cmpint (error.port, ==, 0);
  g_assert_cmpint (error.resolver, ==, 0);
  gm_error_clear (&error);

  /* and it takes the next first error */
  gm_error_set (&error, GM_TIMEOUT, GM_PHASE_BODY, 0);
  g_assert_cmpint (error.result, ==, GM_TIMEOUT);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/base/result/names", test_names);
  g_test_add_func ("/base/result/first-error-kept", test_first_error_kept);
  g_test_add_func ("/base/result/clear", test_clear);
  return g_test_run ();
}
