/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http/gm-alt-svc.h"

#define NOW 1793000000 /* October 2026 */
#define H1 (1u << GM_ALT_PROTOCOL_H1)
#define H2 (1u << GM_ALT_PROTOCOL_H2)

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

static GmUrl *
url_new (const char *text)
{
  GmUrl *url = NULL;

  g_assert_cmpint (gm_url_parse (text, strlen (text), GM_URL_DEFAULT, &url), ==, GM_OK);
  return url;
}

static void
learn (GmAltSvc *store,
       const char *text,
       const char *field)
{
  g_autoptr (GmUrl) url = url_new (text);

  gm_alt_svc_learn (store, url, span (field), NOW);
}

static char *
find_at (GmAltSvc *store,
         const char *text,
         guint protocols,
         gint64 now)
{
  g_autoptr (GmUrl) url = url_new (text);
  GmAltSvcRoute route;

  if (!gm_alt_svc_find (store, url, protocols, now, &route))
    return NULL;
  return g_strdup_printf ("%s %s %u", gm_alt_protocol_name (route.protocol), route.host, route.port);
}

#define assert_route(store, url, protocols, expected)                                                                  \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *found = find_at (store, url, protocols, NOW);                                                     \
    g_assert_cmpstr (found, ==, expected);                                                                             \
  }                                                                                                                    \
  G_STMT_END

static void
test_learning (void)
{
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_autofree char *late = NULL;

  learn (store, "https://a.example/", "h3=\":443\", h2=\"Alt.Example:8443\"; ma=10, http%2F1.1=\":444\"");
  assert_route (store, "https://a.example/", H1 | H2, "h2 alt.example 8443");
  assert_route (store, "https://A.Example/x", H1, "h1 a.example 444");
  assert_route (store, "https://a.example:8443/", H1 | H2, NULL);
  assert_route (store, "http://a.example/", H1 | H2, NULL);
  assert_route (store, "https://b.a.example/", H1 | H2, NULL);
  assert_route (store, "https://a.example/", 0, NULL);
  late = find_at (store, "https://a.example/", H2, NOW + 10);
  g_assert_null (late);

  learn (store, "http://plain.example/", "h2=\":443\"");
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 2);
  /* What is told last replaces the rest; what cannot be read does not. */
  learn (store, "https://a.example/", "@@");
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 2);
  learn (store, "https://a.example/", "h2=\"[2001:db8::1]:1\"");
  assert_route (store, "https://a.example/", H1 | H2, "h2 2001:db8::1 1");
  learn (store, "https://a.example/", "clear");
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 0);
  /* It stands alone; behind others it is one that cannot be read. */
  for (guint i = 0; i < 2; i++)
    {
      learn (store, "https://a.example/", "h2=\":7\", clear");
      assert_route (store, "https://a.example/", H2, "h2 a.example 7");
    }
  learn (store, "https://a.example/", "h2=\":1\"; ma=0");
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 0);
}

static void
test_forgetting (void)
{
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_autoptr (GmUrl) url = url_new ("https://a.example/");
  GmAltSvcRoute route;

  learn (store, "https://a.example/", "h2=\"one.example:1\", h2=\"two.example:2\"; persist=1");
  g_assert_true (gm_alt_svc_find (store, url, H2, NOW, &route));
  gm_alt_svc_forget (store, url, &route);
  assert_route (store, "https://a.example/", H2, "h2 two.example 2");
  learn (store, "https://a.example/", "h2=\"one.example:1\", h2=\"two.example:2\"; persist=1");
  gm_alt_svc_move (store);
  assert_route (store, "https://a.example/", H2, "h2 two.example 2");
  g_assert_true (gm_alt_svc_find (store, url, H2, NOW, &route));
  gm_alt_svc_forget (store, url, &route);
  gm_alt_svc_forget (store, url, &route);
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 0);
}

static void
test_limits (void)
{
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_autoptr (GString) field = g_string_new (NULL);

  for (guint i = 1; i <= GM_ALT_SVC_MAX_ORIGIN + 1; i++)
    g_string_append_printf (field, "%sh2=\":%u\"", i > 1 ? ", " : "", i);
  learn (store, "https://many.example/", field->str);
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, GM_ALT_SVC_MAX_ORIGIN);
  for (guint i = 0; i < GM_ALT_SVC_MAX; i++)
    {
      g_autofree char *url = g_strdup_printf ("https://h%u.example/", i);

      learn (store, url, "h2=\":1\"");
    }
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, GM_ALT_SVC_MAX);
  assert_route (store, "https://many.example/", H2, NULL);
  assert_route (store, "https://h0.example/", H2, "h2 h0.example 1");
  learn (store, "https://more.example/", "h2=\":1\"");
  assert_route (store, "https://h0.example/", H2, "h2 h0.example 1");
  assert_route (store, "https://h1.example/", H2, NULL);
}

static void
test_text (void)
{
  static const char text[] = "# Your alt-svc cache. https://curl.se/docs/alt-svc.html\n"
                             "h1 a.example 443 h2 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                             "h2 [2001:db8::1] 443 h1 [2001:db8::2] 80 \"20991231 23:59:59\" 0 0\r\n"
                             "h2 old.example 443 h1 x.example 80 \"20010101 00:00:00\" 0 0\n"
                             "h9 a.example 443 h2 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 443 h9 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 0 h2 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 443 h2 alt.example 65536 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 443 h2 al/t.example 1 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 443 h2 alt.example 1 \"tomorrow\" 1 0\n"
                             "h1 a.example 443\n"
                             "rubbish";
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_autoptr (GmAltSvc) again = gm_alt_svc_new ();
  g_auto (GmByteBuilder) out = { 0 };

  g_assert_cmpuint (gm_alt_svc_read (store, span (text), NOW), ==, 8);
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 2);
  assert_route (store, "https://a.example/", H2, "h2 alt.example 8443");
  assert_route (store, "https://[2001:db8::1]/", H1, "h1 2001:db8::2 80");
  gm_alt_svc_write (store, NOW, &out);
  gm_byte_builder_append_char (&out, '\0');
  g_assert_cmpstr (out.data, ==, "h1 a.example 443 h2 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                                 "h1 [2001:db8::1] 443 h1 [2001:db8::2] 80 \"20991231 23:59:59\" 0 0\n");
  g_assert_cmpuint (gm_alt_svc_read (again, gm_span (out.data, out.len - 1), NOW), ==, 0);
  g_assert_cmpuint (gm_alt_svc_get_n (again), ==, 2);
}

/* A file that somebody damaged: a NUL is no end of a word, and nothing that a host could have. */
static void
test_nul (void)
{
  static const char text[] = "h1 exa\0mple 443 h2 alt.example 8443 \"20991231 23:59:59\" 1 0\n"
                             "h1 a.example 443 h2 al\0t.example 8443 \"20991231 23:59:59\" 1 0\n";
  g_autoptr (GmAltSvc) store = gm_alt_svc_new ();
  g_auto (GmByteBuilder) out = { 0 };

  g_assert_cmpuint (gm_alt_svc_read (store, gm_span (text, sizeof text - 1), NOW), ==, 2);
  g_assert_cmpuint (gm_alt_svc_get_n (store), ==, 0);
  gm_alt_svc_write (store, NOW, &out);
  g_assert_cmpuint (out.len, ==, 0);
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/alt-svc/learning", test_learning);
  g_test_add_func ("/alt-svc/forgetting", test_forgetting);
  g_test_add_func ("/alt-svc/limits", test_limits);
  g_test_add_func ("/alt-svc/text", test_text);
  g_test_add_func ("/alt-svc/nul", test_nul);
  return g_test_run ();
}
