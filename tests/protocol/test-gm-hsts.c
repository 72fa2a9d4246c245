/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "http/gm-hsts.h"

#include "gm-config.h"
#include "gm-state-file.h"

#include <errno.h>
#include <glib/gstdio.h>

#define NOW 1793000000 /* October 2026 */

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

static gboolean
learn (GmHsts *hsts,
       const char *text,
       const char *field)
{
  g_autoptr (GmUrl) url = url_new (text);

  return gm_hsts_learn (hsts, url, span (field), NOW);
}

static gboolean
wants_at (GmHsts *hsts,
          const char *text,
          gint64 now)
{
  g_autoptr (GmUrl) url = url_new (text);

  return gm_hsts_wants_tls (hsts, url, now);
}

static void
test_hosts (void)
{
  static const struct
  {
    const char *url;
    gboolean wants;
  } cases[] = {
    { "http://sub.example/", TRUE },
    { "http://sub.example:8080/x", TRUE },
    { "http://SUB.Example/", TRUE },
    { "http://sub.example./", TRUE },
    { "http://a.sub.example/", TRUE },
    { "http://a.b.sub.example./", TRUE },
    { "http://xsub.example/", FALSE },
    { "http://example/", FALSE },
    { "http://sub.example.org/", FALSE },
    { "https://sub.example/", FALSE },
    { "ftp://sub.example/", FALSE },
    { "http://only.example/", TRUE },
    { "http://a.only.example/", FALSE },
    { "http://only.example./", TRUE },
    { "http://dot.example/", TRUE },
    { "http://192.0.2.1/", FALSE },
    { "http://[2001:db8::1]/", FALSE },
  };
  g_autoptr (GmHsts) hsts = gm_hsts_new ();

  g_assert_true (learn (hsts, "https://sub.example/", "max-age=100; includeSubDomains"));
  g_assert_true (learn (hsts, "https://Only.Example:444/", "max-age=100"));
  g_assert_true (learn (hsts, "https://dot.example./", "max-age=100"));
  g_assert_false (learn (hsts, "http://plain.example/", "max-age=100"));
  g_assert_false (learn (hsts, "https://192.0.2.1/", "max-age=100"));
  g_assert_false (learn (hsts, "https://[2001:db8::1]/", "max-age=100"));
  g_assert_false (learn (hsts, "https://bad.example/", "max-age=x"));
  g_assert_cmpuint (gm_hsts_get_n (hsts), ==, 3);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].url);
      g_assert_cmpint (wants_at (hsts, cases[i].url, NOW), ==, cases[i].wants);
    }
}

/* Every way to write a dot makes the same A-label host. */
static void
test_idn (void)
{
  static const char *const urls[] = { "http://b\xc3\xbc" "cher.example/", "http://b\xc3\xbc" "cher\xe3\x80\x82" "example/",
                                      "http://b\xc3\xbc" "cher\xef\xbc\x8e" "example/", "http://xn--bcher-kva.example/",
                                      "http://B\xc3\x9c" "CHER.EXAMPLE./" };
  g_autoptr (GmHsts) hsts = gm_hsts_new ();

  if (!HAVE_IDN2)
    {
      g_test_skip ("no IDN");
      return;
    }
  g_assert_true (learn (hsts, "https://b\xc3\xbc" "cher.example/", "max-age=100"));
  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    g_assert_true (wants_at (hsts, urls[i], NOW));
}

static void
test_ages (void)
{
  g_autoptr (GmHsts) hsts = gm_hsts_new ();
  guint serial;

  learn (hsts, "https://a.example/", "max-age=10");
  g_assert_true (wants_at (hsts, "http://a.example/", NOW + 9));
  g_assert_false (wants_at (hsts, "http://a.example/", NOW + 10));
  g_assert_cmpuint (gm_hsts_get_n (hsts), ==, 0);

  learn (hsts, "https://a.example/", "max-age=10; includeSubDomains");
  learn (hsts, "https://b.a.example/", "max-age=0");
  g_assert_true (wants_at (hsts, "http://b.a.example/", NOW));
  /* One below it has an entry of its own, and changes nothing for it. */
  learn (hsts, "https://b.a.example/", "max-age=5");
  g_assert_true (wants_at (hsts, "http://x.a.example/", NOW + 6));
  g_assert_true (wants_at (hsts, "http://b.a.example/", NOW + 6));
  serial = gm_hsts_get_serial (hsts);
  learn (hsts, "https://a.example/", "max-age=0");
  g_assert_false (wants_at (hsts, "http://a.example/", NOW));
  g_assert_cmpuint (gm_hsts_get_serial (hsts), >, serial);
  g_assert_true (learn (hsts, "https://never.example/", "max-age=0"));
}

static void
test_text (void)
{
  static const char text[] = "# Your HSTS cache. https://curl.se/docs/hsts.html\n"
                             "a.example \"20991231 23:59:59\"\r\n"
                             ".Sub.Example \"20991231 23:59:59\"\n"
                             "ever.example. \"unlimited\"\n"
                             "old.example \"20010101 00:00:00\"\n"
                             "\n"
                             "nothing\n"
                             "bad.example \"tomorrow\"\n"
                             "bad.example \"20991331 00:00:00\"\n"
                             "bad.example \"20991231 23:59:59\n"
                             "192.0.2.1 \"20991231 23:59:59\"\n"
                             ". \"20991231 23:59:59\"\n"
                             "two words \"20991231 23:59:59\"\n"
                             "\"\"\n"
                             "last.example \"20991231 23:59:59\"";
  g_autoptr (GmHsts) hsts = gm_hsts_new ();
  g_autoptr (GmHsts) again = gm_hsts_new ();
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) out2 = { 0 };

  g_assert_cmpuint (gm_hsts_read (hsts, span (text), NOW), ==, 8);
  g_assert_cmpuint (gm_hsts_get_n (hsts), ==, 4);
  g_assert_true (wants_at (hsts, "http://a.example/", NOW));
  g_assert_true (wants_at (hsts, "http://x.sub.example/", NOW));
  g_assert_true (wants_at (hsts, "http://ever.example/", G_MAXINT64 - 1));
  g_assert_false (wants_at (hsts, "http://old.example/", NOW));
  g_assert_true (wants_at (hsts, "http://last.example/", NOW));

  gm_hsts_write (hsts, NOW, &out);
  gm_byte_builder_append_char (&out, '\0');
  g_assert_nonnull (strstr (out.data, ".sub.example \"20991231 23:59:59\"\n"));
  g_assert_nonnull (strstr (out.data, "ever.example \"unlimited\"\n"));
  g_assert_cmpuint (gm_hsts_read (again, gm_span (out.data, out.len - 1), NOW), ==, 0);
  gm_hsts_write (again, NOW, &out2);
  g_assert_cmpmem (out.data, out.len - 1, out2.data, out2.len);
}

static void
test_file (void)
{
  g_autofree char *folder = g_dir_make_tmp ("gm-hsts-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "hsts.txt", NULL);
  g_autofree char *below = g_build_filename (path, "x", NULL);
  g_autoptr (GmHsts) hsts = gm_hsts_new ();
  g_autoptr (GmHsts) again = gm_hsts_new ();
  g_autoptr (GmHsts) tagged = gm_hsts_new ();
  guint n_damaged;

  learn (hsts, "https://a.example/", "max-age=100");
  g_assert_cmpint (gm_hsts_save (hsts, path, NOW), ==, 0);
  g_assert_cmpint (gm_hsts_save (hsts, below, NOW), ==, ENOTDIR);
  gm_hsts_add_file (again, path, NULL);
  gm_hsts_add_file (again, below, NULL);
  g_assert_false (gm_hsts_is_loaded (again));
  g_assert_cmpint (gm_hsts_load (again, NOW, &n_damaged), ==, ENOTDIR);
  g_assert_true (gm_hsts_is_loaded (again));
  g_assert_cmpuint (n_damaged, ==, 0);
  g_assert_true (wants_at (again, "http://a.example/", NOW));

  g_assert_true (g_file_set_contents (path, "hsts b.example \"unlimited\"\nother \"x\nhsts c.example \"unlimited\"", -1,
                                      NULL));
  gm_hsts_add_file (tagged, path, "hsts ");
  g_assert_cmpint (gm_hsts_load (tagged, NOW, &n_damaged), ==, 0);
  g_assert_cmpuint (n_damaged, ==, 0);
  g_assert_cmpuint (gm_hsts_get_n (tagged), ==, 2);
  g_remove (path);
  g_rmdir (folder);
}

static void
test_limit (void)
{
  g_autoptr (GmHsts) hsts = gm_hsts_new ();

  for (guint i = 0; i < GM_HSTS_MAX; i++)
    {
      g_autofree char *host = g_strdup_printf ("h%u.example", i);

      g_assert_true (gm_hsts_add (hsts, span (host), NOW + 100, FALSE, NOW));
    }
  g_assert_true (wants_at (hsts, "http://h0.example/", NOW));
  g_assert_true (gm_hsts_add (hsts, GM_SPAN ("more.example"), NOW + 100, FALSE, NOW));
  g_assert_cmpuint (gm_hsts_get_n (hsts), ==, GM_HSTS_MAX);
  g_assert_true (wants_at (hsts, "http://h0.example/", NOW));
  g_assert_false (wants_at (hsts, "http://h1.example/", NOW));
}

static void
test_stamps (void)
{
  static const char *const bad[] = { "", "20261122", "20261122 19:30:0", "20261122T19:30:00", "20260022 19:30:00",
                                     "20261322 19:30:00", "20260231 19:30:00", "2026112x 19:30:00" };
  char stamp[GM_STATE_STAMP_LEN];
  gint64 seconds = 7;

  g_assert_true (gm_state_stamp_write (stamp, 784111777));
  g_assert_cmpmem (stamp, sizeof stamp, "19941106 08:49:37", GM_STATE_STAMP_LEN);
  g_assert_true (gm_state_stamp_read (gm_span (stamp, sizeof stamp), &seconds));
  g_assert_cmpint (seconds, ==, 784111777);
  g_assert_false (gm_state_stamp_write (stamp, G_MAXINT64));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (gm_state_stamp_read (span (bad[i]), &seconds));
}

/* Who is told of an entry is free to change the store. */
static gboolean
forget_and_add (const GmHstsEntry *entry,
                gpointer user_data)
{
  GmHsts *store = user_data;
  g_autofree char *address = g_strdup_printf ("https://%s/", entry->host);
  g_autofree char *another = g_strdup_printf ("another.%s", entry->host);

  g_assert_true (learn (store, address, "max-age=0"));
  g_assert_true (gm_hsts_add (store, span (another), GM_HSTS_FOR_EVER, FALSE, NOW));
  g_assert_true (g_str_has_suffix (another, entry->host));
  return TRUE;
}

static void
test_foreach (void)
{
  g_autoptr (GmHsts) store = gm_hsts_new ();
  g_auto (GmByteBuilder) out = { 0 };

  g_assert_true (gm_hsts_add (store, GM_SPAN ("a.example"), GM_HSTS_FOR_EVER, FALSE, NOW));
  g_assert_true (gm_hsts_add (store, GM_SPAN ("b.example"), GM_HSTS_FOR_EVER, TRUE, NOW));
  g_assert_true (gm_hsts_add (store, GM_SPAN ("c.example"), NOW + 1, TRUE, NOW));
  gm_hsts_foreach (store, NOW + 1, forget_and_add, store);
  g_assert_cmpuint (gm_hsts_get_n (store), ==, 3);
  gm_hsts_write (store, NOW, &out);
  gm_byte_builder_append_char (&out, '\0');
  g_assert_nonnull (strstr (out.data, "another.a.example \"unlimited\"\n"));
  g_assert_nonnull (strstr (out.data, "another.b.example \"unlimited\"\n"));
  g_assert_nonnull (strstr (out.data, ".c.example \""));
}

int
main (int argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hsts/hosts", test_hosts);
  g_test_add_func ("/hsts/idn", test_idn);
  g_test_add_func ("/hsts/ages", test_ages);
  g_test_add_func ("/hsts/text", test_text);
  g_test_add_func ("/hsts/foreach", test_foreach);
  g_test_add_func ("/hsts/file", test_file);
  g_test_add_func ("/hsts/limit", test_limit);
  g_test_add_func ("/hsts/stamps", test_stamps);
  return g_test_run ();
}
