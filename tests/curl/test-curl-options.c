/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-options.h"

#include <dlfcn.h>
#include <glib.h>

static void
test_by_name (void)
{
  const struct curl_easyoption *o = curl_easy_option_by_name ("url");

  g_assert_nonnull (o);
  g_assert_cmpstr (o->name, ==, "URL");
  g_assert_cmpint (o->id, ==, 10002);
  g_assert_cmpint (o->type, ==, CURLOT_STRING);
  g_assert_cmpuint (o->flags, ==, 0);

  o = curl_easy_option_by_name ("FILE");
  g_assert_nonnull (o);
  g_assert_cmpint (o->id, ==, CURLOPT_WRITEDATA);
  g_assert_cmpuint (o->flags, ==, CURLOT_FLAG_ALIAS);

  g_assert_null (curl_easy_option_by_name (NULL));
  g_assert_null (curl_easy_option_by_name (""));
  g_assert_null (curl_easy_option_by_name ("URLX"));
  g_assert_null (curl_easy_option_by_name ("ZZZ"));
  g_assert_null (curl_easy_option_by_name ("A"));
}

static void
test_by_id (void)
{
  g_assert_cmpstr (curl_easy_option_by_id (CURLOPT_WRITEDATA)->name, ==, "WRITEDATA");
  g_assert_cmpstr (curl_easy_option_by_id (CURLOPT_HTTPSIG_HEADERS)->name, ==, "HTTPSIG_HEADERS");
  g_assert_null (curl_easy_option_by_id ((CURLoption) 0));
  g_assert_null (curl_easy_option_by_id ((CURLoption) 2)); /* URL without its type */
  g_assert_null (curl_easy_option_by_id ((CURLoption) 20002)); /* … and with a wrong one */
  g_assert_null (curl_easy_option_by_id ((CURLoption) 10008));
  g_assert_null (curl_easy_option_by_id (CURLOPT_LASTENTRY));
  g_assert_null (curl_easy_option_by_id ((CURLoption) -1));
  g_assert_null (curl_easy_option_by_id ((CURLoption) 9999));
}

/* All are in order, found by name, and found by number unless they are aliases; the type fits the number's range. */
static void
test_walk (void)
{
  const struct curl_easyoption *o, *before = NULL;
  guint n = 0, n_aliases = 0;

  for (o = curl_easy_option_next (NULL); o != NULL; before = o, o = curl_easy_option_next (o))
    {
      static const int bases[] = { 0, 0, 30000, 10000, 10000, 10000, 10000, 40000, 20000 };

      n++;
      if (before != NULL)
        g_assert_cmpint (g_ascii_strcasecmp (before->name, o->name), <, 0);
      g_assert_true (curl_easy_option_by_name (o->name) == o);
      g_assert_cmpint (o->type, <=, CURLOT_FUNCTION);
      g_assert_cmpint ((int) o->id / 10000 * 10000, ==, bases[o->type]);
      if (o->flags & CURLOT_FLAG_ALIAS)
        n_aliases++;
      else
        g_assert_true (curl_easy_option_by_id (o->id) == o);
    }

  g_assert_cmpuint (n - n_aliases, ==, 312);
  g_assert_null (curl_easy_option_next (before));
}

typedef const struct curl_easyoption *(*NextFunc) (const struct curl_easyoption *);

/* Whatever an installed libcurl knows, we know by the same number and kind. */
static void
test_against_libcurl (void)
{
  void *library = dlopen ("/usr/lib/x86_64-linux-gnu/libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  NextFunc next = library != NULL ? (NextFunc) dlsym (library, "curl_easy_option_next") : NULL;
  guint n = 0;

  if (next == NULL)
    {
      g_test_skip ("no libcurl with curl_easy_option_next here");
      return;
    }

  for (const struct curl_easyoption *o = next (NULL); o != NULL; o = next (o))
    {
      const struct curl_easyoption *ours = curl_easy_option_by_name (o->name);

      n++;
      g_test_message ("%s", o->name);
      g_assert_nonnull (ours);
      g_assert_cmpint (ours->id, ==, o->id);
      g_assert_cmpint (ours->type, ==, o->type);
      /* one was spelt wrong until 7.88: its better name became the real one */
      if (!g_str_has_prefix (o->name, "MAIL_RCPT_ALL"))
        g_assert_cmpuint (ours->flags, ==, o->flags);
    }
  g_assert_cmpuint (n, >, 300);
  dlclose (library);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/curl/options/by-name", test_by_name);
  g_test_add_func ("/curl/options/by-id", test_by_id);
  g_test_add_func ("/curl/options/walk", test_walk);
  g_test_add_func ("/curl/options/against-libcurl", test_against_libcurl);
  return g_test_run ();
}
