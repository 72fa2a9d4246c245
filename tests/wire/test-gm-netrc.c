/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-netrc.h"

/* "login:password", "" for nothing, "!" for a text that makes no sense; "-" stands for a password that is not there. */
static char *
find (const char *text,
      gsize len,
      const char *host,
      const char *user)
{
  g_autofree char *copy = g_memdup2 (text, MAX (len, 1));
  g_autofree char *login = NULL;
  g_autofree char *password = NULL;

  switch (gm_netrc_find (gm_span (copy, len), gm_span (host, strlen (host)), user, &login, &password))
    {
    case GM_NETRC_FOUND:
      g_assert_nonnull (login);
      return g_strdup_printf ("%s:%s", login, password != NULL ? password : "-");
    case GM_NETRC_BAD:
      g_assert_null (login);
      return g_strdup ("!");
    case GM_NETRC_NONE:
    default:
      g_assert_null (login);
      g_assert_null (password);
      return g_strdup ("");
    }
}

static const struct
{
  const char *text;
  const char *host;
  const char *user;
  const char *expected;
} vectors[] = {
  { "", "a", NULL, "" },
  { "machine a login u password p", "a", NULL, "u:p" },
  { "machine a login u password p\n", "A", NULL, "u:p" },
  { "machine a\n  login u\r\n\tpassword p\n", "a", NULL, "u:p" },
  { "machine a password p login u", "a", NULL, "u:p" },
  { "MACHINE a LOGIN u PASSWORD p", "a", NULL, "u:p" },
  { "machine a login u account x password p", "a", NULL, "u:p" },
  { "machine a login u", "a", NULL, "u:-" },
  { "# comment machine a login x password y\nmachine a login u password p", "a", NULL, "u:p" },
  { "machine a login u password p#q", "a", NULL, "u:p#q" },
  { "machine a login \"u v\" password \"p\\\"\\\\\\n\\t\\x\"", "a", NULL, "u v:p\"\\\n\tx" },
  { "machine a login \"\" password \"\"", "a", NULL, ":" },
  /* What is another machine's stays there. */
  { "machine a login u password p", "b", NULL, "" },
  { "machine a login u password p", "a.b", NULL, "" },
  { "machine a.b login u password p", "a", NULL, "" },
  { "machine b login x password y\nmachine a login u password p", "a", NULL, "u:p" },
  { "machine a login u\nmachine b login x password y", "a", NULL, "u:-" },
  { "machine a\nmachine b login x password y", "a", NULL, "" },
  { "machine a password p\nmachine b login x", "a", NULL, "" },
  { "machine b password y\nmachine a login u", "a", NULL, "u:-" },
  { "machine login password p", "a", NULL, "" },
  { "machine a login u password p machine", "b", NULL, "!" },
  { "machine a login machine b password p", "b", NULL, "" },
  /* The default one, and what stands behind it. */
  { "default login d password q", "a", NULL, "d:q" },
  { "machine a login u password p default login d password q", "a", NULL, "u:p" },
  { "machine b login u password p default login d password q", "a", NULL, "d:q" },
  { "machine b login u password p default", "a", NULL, "" },
  { "machine a default login d password q", "a", NULL, "d:q" },
  /* A certain user. */
  { "machine a login u password p", "a", "u", "u:p" },
  { "machine a login u password p", "a", "U", "" },
  { "machine a login u password p", "a", "v", "" },
  { "machine a login u password p\nmachine a login v password q", "a", "v", "v:q" },
  { "machine a login u password p login v password q", "a", "v", "v:q" },
  { "machine a login u password p login v", "a", "v", "v:-" },
  { "machine a login u password p\nmachine b login v password q", "a", "v", "" },
  { "machine a login u\nmachine b login u password q", "a", "u", "u:-" },
  { "machine a login u password p default login v password q", "a", "v", "v:q" },
  { "machine a password p", "a", "u", "" },
  /* Macros. */
  { "machine b login x password y macdef init\nmachine a login evil password z\n\nmachine a login u password p", "a", NULL,
    "u:p" },
  { "macdef init\r\nmachine a login evil password z\r\n\r\nmachine a login u password p", "a", NULL, "u:p" },
  { "macdef init\nmachine a login evil password z", "a", NULL, "" },
  /* Words of other programs. */
  { "machine a port 8080 login u password p", "a", NULL, "u:p" },
  { "machine a login u protocol http password p force yes", "a", NULL, "u:p" },
  { "nonsense a", "a", NULL, "" },
  /* Nonsense. */
  { "machine", "a", NULL, "!" },
  { "machine a login", "a", NULL, "!" },
  { "machine a login u password", "a", NULL, "!" },
  { "machine a login \"u", "a", NULL, "!" },
  { "machine a login \"u\nx\" password p", "a", NULL, "!" },
  { "machine a login \"u\"v password p", "a", NULL, "!" },
};

static void
test_vectors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *found =
        find (vectors[i].text, strlen (vectors[i].text), vectors[i].host, vectors[i].user);

      g_test_message ("%s", vectors[i].text);
      g_assert_cmpstr (found, ==, vectors[i].expected);
    }
}

static void
test_cut_short (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    for (gsize len = 0; len < strlen (vectors[i].text); len++)
      {
        g_autofree char *found = find (vectors[i].text, len, vectors[i].host, vectors[i].user);

        g_assert_nonnull (found);
      }
}

static void
test_limits (void)
{
  for (guint more = 0; more < 2; more++)
    {
      g_autofree char *word = g_strnfill (GM_NETRC_MAX_WORD + more, 'x');
      g_autofree char *text = g_strdup_printf ("machine a login u password %s\n", word);
      g_autofree char *large = g_strnfill (GM_NETRC_MAX_FILE + more, ' ');
      g_autofree char *found = find (text, strlen (text), "a", NULL);
      g_autofree char *in_large = NULL;

      g_assert_cmpint (g_str_has_prefix (found, "u:xxx"), ==, more == 0);
      memcpy (large, "machine a login u password p", 28);
      in_large = find (large, GM_NETRC_MAX_FILE + more, "a", NULL);
      g_assert_cmpstr (in_large, ==, more == 0 ? "u:p" : "!");
    }
}

static void
test_nul (void)
{
  g_autofree char *found = find ("machine a login u\0v password p", 30, "a", NULL);

  g_assert_cmpstr (found, ==, "!");
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/netrc/vectors", test_vectors);
  g_test_add_func ("/netrc/cut-short", test_cut_short);
  g_test_add_func ("/netrc/limits", test_limits);
  g_test_add_func ("/netrc/nul", test_nul);
  return g_test_run ();
}
