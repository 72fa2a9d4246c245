/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-name.h"

static void
test_match (void)
{
  static const struct
  {
    const char *host, *pattern;
    gboolean fits;
  } cases[] = {
    { "www.example.com", "www.example.com", TRUE },
    { "WWW.Example.com", "www.eXample.COM", TRUE },
    { "www.example.com.", "www.example.com", TRUE },
    { "www.example.com", "www.example.com.", TRUE },
    { "www.example.com", "example.com", FALSE },
    { "example.com", "www.example.com", FALSE },
    { "www.example.com", "*.example.com", TRUE },
    { "example.com", "*.example.com", FALSE },
    { "a.b.example.com", "*.example.com", FALSE },
    { "a.b.example.com", "*.b.example.com", TRUE },
    { "a.b.example.com", "a.*.example.com", FALSE },
    { "a.b.example.com", "*.*.example.com", FALSE },
    { "www.example.com", "w*.example.com", FALSE },
    { "www.example.com", "*w.example.com", FALSE },
    { "www.example.com", "*www.example.com", FALSE },
    { "www.example.com", "*", FALSE },
    { "www.example.com", "*.", FALSE },
    { "www.example.com", "*.com", FALSE },
    { "example.com", "*.com", FALSE },
    { "example.com", "*.com.", FALSE },
    { ".example.com", "*.example.com", FALSE },
    { "xn--bcher-kva.example.com", "*.example.com", TRUE },
    { "localhost", "localhost", TRUE },
    { "localhost", "*", FALSE },
    { "127.0.0.1", "127.0.0.1", FALSE }, /* an address is no name */
    { "127.0.0.1", "*.0.0.1", FALSE },
    { "::1", "::1", FALSE },
    { "www.example.com", "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmTlsName name;

      gm_tls_name_init (&name, gm_span (cases[i].host, strlen (cases[i].host)));
      if (gm_tls_name_match (&name, gm_span (cases[i].pattern, strlen (cases[i].pattern))) != cases[i].fits)
        g_error ("%s against %s", cases[i].host, cases[i].pattern);
      gm_tls_name_clear (&name);
    }
}

/* CVE-2009-2408: "www.bank.example\0.evil.example" */
static void
test_nul (void)
{
  static const char pattern[] = "www.bank.example\0.evil.example";
  GmTlsName name;

  gm_tls_name_init (&name, GM_SPAN ("www.bank.example"));
  g_assert_false (gm_tls_name_match (&name, gm_span (pattern, sizeof pattern - 1)));
  g_assert_false (gm_tls_name_match (&name, gm_span ("www.bank.example\0", 17)));
  gm_tls_name_clear (&name);
}

static void
test_addresses (void)
{
  static const guint8 v4[] = { 127, 0, 0, 1 }, v6[16] = { [15] = 1 };
  GmTlsName name;

  gm_tls_name_init (&name, GM_SPAN ("127.0.0.1"));
  g_assert_cmpuint (name.address_len, ==, 4);
  g_assert_true (gm_tls_name_match_address (&name, v4, 4));
  g_assert_false (gm_tls_name_match_address (&name, v6, 16));
  g_assert_false (gm_tls_name_match_address (&name, v4, 3));
  gm_tls_name_clear (&name);
  gm_tls_name_init (&name, GM_SPAN ("::1"));
  g_assert_true (gm_tls_name_match_address (&name, v6, 16));
  g_assert_false (gm_tls_name_match_address (&name, v4, 4));
  gm_tls_name_clear (&name);
  gm_tls_name_init (&name, GM_SPAN ("one.example"));
  g_assert_false (gm_tls_name_match_address (&name, "", 0));
  gm_tls_name_clear (&name);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tls-name/match", test_match);
  g_test_add_func ("/tls-name/nul", test_nul);
  g_test_add_func ("/tls-name/addresses", test_addresses);
  return g_test_run ();
}
