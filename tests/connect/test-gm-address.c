/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-address.h"

#include <stddef.h>

static void
check_round (const char *text,
             int family,
             const char *printed)
{
  GmAddress address = { 0 };
  char buffer[GM_ADDRESS_TEXT_MAX];

  g_assert_true (gm_address_parse (&address, gm_span (text, strlen (text)), 8080));
  g_assert_cmpint (address.sa.any.sa_family, ==, family);
  g_assert_cmpuint (gm_address_get_port (&address), ==, 8080);
  g_assert_cmpstr (gm_address_print (&address, buffer), ==, printed);
  gm_address_set_port (&address, 65535);
  g_assert_cmpuint (gm_address_get_port (&address), ==, 65535);
  g_assert_cmpuint (address.len, ==, family == AF_INET ? sizeof address.sa.v4 : sizeof address.sa.v6);
}

static void
test_numeric (void)
{
  GmAddress address = { 0 };

  check_round ("127.0.0.1", AF_INET, "127.0.0.1");
  check_round ("255.255.255.255", AF_INET, "255.255.255.255");
  check_round ("::1", AF_INET6, "::1");
  check_round ("2001:DB8:0:0::7", AF_INET6, "2001:db8::7");
  check_round ("::ffff:192.0.2.1", AF_INET6, "::ffff:192.0.2.1");
  check_round ("1111:2222:3333:4444:5555:6666:123.123.123.123", AF_INET6,
               "1111:2222:3333:4444:5555:6666:7b7b:7b7b");

  /* The span ends where it says. */
  g_assert_true (gm_address_parse (&address, gm_span ("10.0.0.12345", 9), 0));
  g_assert_cmpuint (ntohl (address.sa.v4.sin_addr.s_addr), ==, 0x0a00000c);
}

static void
test_zone (void)
{
  GmAddress address = { 0 };

  g_assert_true (gm_address_parse (&address, GM_SPAN ("fe80::1%7"), 1));
  g_assert_cmpuint (address.sa.v6.sin6_scope_id, ==, 7);
  g_assert_true (gm_address_parse (&address, GM_SPAN ("fe80::1%lo"), 1));
  g_assert_cmpuint (address.sa.v6.sin6_scope_id, >, 0);
  g_assert_false (gm_address_parse (&address, GM_SPAN ("fe80::1%"), 1));
  g_assert_false (gm_address_parse (&address, GM_SPAN ("fe80::1%no-such-interface-x"), 1));
  g_assert_false (gm_address_parse (&address, GM_SPAN ("fe80::1%nosuch"), 1));
  g_assert_false (gm_address_parse (&address, GM_SPAN ("fe80::1%4294967296"), 1));
  g_assert_false (gm_address_parse (&address, GM_SPAN ("127.0.0.1%lo"), 1));
}

static void
test_refused (void)
{
  static const char *const wrong[] = {
    "", ".", ":", "1", "1.2.3", "1.2.3.4.", "1.2.3.256", "0x7f.0.0.1", "1.2.3.4 ", " 1.2.3.4", "localhost",
    "[::1]", ":::", "::1::", "12345::", "1:2:3:4:5:6:7:8:9", "1111:2222:3333:4444:5555:6666:123.123.123.1234",
    "111111111111111111111111111111111111111111111111111",
  };
  GmAddress address = { .len = 77 };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_test_message ("%s", wrong[i]);
      g_assert_false (gm_address_parse (&address, gm_span (wrong[i], strlen (wrong[i])), 1));
    }
  g_assert_false (gm_address_parse (&address, gm_span ("::1\0", 4), 1));
  g_assert_false (gm_address_parse (&address, gm_span ("1.2.3.4\0", 8), 1));
  g_assert_cmpuint (address.len, ==, 77);
}

static void
test_path (void)
{
  GmAddress address = { 0 };
  char buffer[GM_ADDRESS_TEXT_MAX];
  gsize most = sizeof address.sa.local.sun_path - 1;
  g_autofree char *longest = g_strnfill (most, 'p');
  g_autofree char *too_long = g_strnfill (most + 1, 'p');

  g_assert_true (gm_address_set_path (&address, "/run/x", FALSE));
  g_assert_cmpuint (address.len, ==, offsetof (struct sockaddr_un, sun_path) + 7);
  g_assert_cmpstr (gm_address_print (&address, buffer), ==, "/run/x");
  g_assert_cmpuint (gm_address_get_port (&address), ==, 0);
  gm_address_set_port (&address, 80);
  g_assert_cmpstr (address.sa.local.sun_path, ==, "/run/x");

  g_assert_true (gm_address_set_path (&address, "name", TRUE));
  g_assert_cmpuint (address.len, ==, offsetof (struct sockaddr_un, sun_path) + 5);
  g_assert_cmpmem (address.sa.local.sun_path, 5, "\0name", 5);
  g_assert_cmpstr (gm_address_print (&address, buffer), ==, "@name");

  g_assert_true (gm_address_set_path (&address, longest, FALSE));
  g_assert_cmpuint (strlen (gm_address_print (&address, buffer)), ==, GM_ADDRESS_TEXT_MAX - 1);
  g_assert_true (gm_address_set_path (&address, longest, TRUE));
  g_assert_cmpuint (strlen (gm_address_print (&address, buffer)), ==, GM_ADDRESS_TEXT_MAX - 1);
  g_assert_cmpuint (address.len, <=, sizeof address.sa.local);

  g_assert_false (gm_address_set_path (&address, too_long, FALSE));
  g_assert_false (gm_address_set_path (&address, too_long, TRUE));
  g_assert_false (gm_address_set_path (&address, "", FALSE));
}

static void
test_none (void)
{
  GmAddress address = { 0 };
  char buffer[GM_ADDRESS_TEXT_MAX] = "x";

  g_assert_cmpstr (gm_address_print (&address, buffer), ==, "");
  gm_addresses_unref (NULL);
}

static void
test_list (void)
{
  GmAddresses *list = gm_addresses_new (3);

  g_assert_cmpuint (list->n, ==, 3);
  g_assert_cmpuint (list->items[2].len, ==, 0);
  g_assert_true (gm_addresses_ref (list) == list);
  gm_addresses_unref (list);
  g_assert_cmpuint (list->n, ==, 3);
  gm_addresses_unref (list);

  gm_addresses_unref (gm_addresses_new (0));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/numeric", test_numeric);
  g_test_add_func ("/address/zone", test_zone);
  g_test_add_func ("/address/refused", test_refused);
  g_test_add_func ("/address/path", test_path);
  g_test_add_func ("/address/none", test_none);
  g_test_add_func ("/address/list", test_list);
  return g_test_run ();
}
