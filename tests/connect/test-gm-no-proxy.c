/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-no-proxy.h"

static void
test_rules (void)
{
  static const struct
  {
    const char *rules;
    const char *host;
    gboolean matches;
  } cases[] = {
    { "*", "www.example.com", TRUE },
    { "*", "192.0.2.1", TRUE },
    { "*,other", "www.example.com", FALSE },
    { "", "www.example.com", FALSE },
    { "example.com", "", FALSE },
    /* names */
    { "example.com", "example.com", TRUE },
    { "example.com", "www.example.com", TRUE },
    { "example.com", "nonexample.com", FALSE },
    { "example.com", "example.com.org", FALSE },
    { "example.com", "com", FALSE },
    { ".example.com", "example.com", TRUE },
    { ".example.com", "www.example.com", TRUE },
    { ".example.com", "nonexample.com", FALSE },
    { "EXAMPLE.com", "www.Example.COM", TRUE },
    { "example.com.", "example.com", TRUE },
    { "example.com", "example.com.", TRUE },
    { "www.example.com", "example.com", FALSE },
    { ".", "example.com", FALSE },
    { "..", "example.com", FALSE },
    { "*.example.com", "www.example.com", FALSE },
    /* lists */
    { "a.org,example.com", "www.example.com", TRUE },
    { "a.org, example.com", "www.example.com", TRUE },
    { "a.org ,\texample.com ", "www.example.com", TRUE },
    { ",,example.com,,", "www.example.com", TRUE },
    { "a.org example.com", "www.example.com", FALSE },
    { "example.com a.org", "www.example.com", TRUE },
    { "a.org,b.org", "example.com", FALSE },
    /* IPv4 */
    { "192.0.2.1", "192.0.2.1", TRUE },
    { "192.0.2.1", "192.0.2.11", FALSE },
    { "2.1", "192.0.2.1", FALSE },
    { ".1", "192.0.2.1", FALSE },
    { "192.0.2.0/24", "192.0.2.200", TRUE },
    { "192.0.2.0/24", "192.0.3.200", FALSE },
    { "192.0.2.128/25", "192.0.2.128", TRUE },
    { "192.0.2.128/25", "192.0.2.127", FALSE },
    { "192.0.0.0/7", "193.255.255.255", TRUE },
    { "192.0.2.1/32", "192.0.2.1", TRUE },
    { "192.0.2.1/32", "192.0.2.2", FALSE },
    { "192.0.2.1/0", "10.0.0.1", FALSE },
    { "192.0.2.1/33", "192.0.2.1", FALSE },
    { "192.0.2.1/", "192.0.2.1", FALSE },
    { "192.0.2.1/x", "192.0.2.1", FALSE },
    { "192.0.2/24", "192.0.2.1", FALSE },
    { "192.0.2.1", "192.0.2.1.example", FALSE },
    { "example.com", "192.0.2.1", FALSE },
    /* IPv6 */
    { "::1", "::1", TRUE },
    { "[::1]", "::1", TRUE },
    { "0:0::1", "::1", TRUE },
    { "2001:DB8::1", "2001:db8:0:0::1", TRUE },
    { "2001:db8::/32", "2001:db8:ffff::1", TRUE },
    { "2001:db8::/32", "2001:db9::1", FALSE },
    { "2001:db8::/127", "2001:db8::1", TRUE },
    { "2001:db8::/127", "2001:db8::2", FALSE },
    { "2001:db8::/129", "2001:db8::", FALSE },
    { "[2001:db8::]/32", "2001:db8::7", TRUE },
    { "::/1", "192.0.2.1", FALSE },
    { "0.0.0.0/1", "::1", FALSE },
    { "[::1", "::1", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gboolean matches = gm_no_proxy_matches (cases[i].rules, gm_span (cases[i].host, strlen (cases[i].host)));

      if (matches != cases[i].matches)
        g_test_message ("\"%s\" and %s", cases[i].rules, cases[i].host);
      g_assert_cmpint (matches, ==, cases[i].matches);
    }
}

/* Nothing behind the end is read, however long an element is. */
static void
test_long (void)
{
  g_autofree char *rules = g_strnfill (100000, '1');
  g_autofree char *host = g_memdup2 ("192.0.2.1", 9);

  g_assert_false (gm_no_proxy_matches (rules, gm_span (host, 9)));
  g_assert_false (gm_no_proxy_matches (rules, GM_SPAN ("a.example")));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/no-proxy/rules", test_rules);
  g_test_add_func ("/no-proxy/long", test_long);
  return g_test_run ();
}
