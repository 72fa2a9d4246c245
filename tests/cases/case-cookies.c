/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <glib/gstdio.h>
#include <string.h>

/* Cookies from answers into requests, over redirects, hosts and files (RFC 6265bis). Every host is the one server. */

/* "://host/path" of whatever the servers speak. */
static char *
with_scheme (const char *rest)
{
  return g_strconcat (case_scheme (), rest, NULL);
}

/* @rest: "://host/path". The certificate is for other names, and not what this is about. */
static CaseTransfer *
to_host_without_jar (Case *c,
                     const char *rest)
{
  g_autofree char *url = with_scheme (rest);
  CaseTransfer *t = case_transfer (c, url);
  g_autofree char *everywhere = g_strdup_printf ("::127.0.0.1:%u", scripted_server_port (case_server (c)));

  case_set (t, CURLOPT_CONNECT_TO, case_list (t, everywhere, NULL));
  case_set (t, CURLOPT_SSL_VERIFYPEER, 0L);
  case_set (t, CURLOPT_SSL_VERIFYHOST, 0L);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  return t;
}

static CaseTransfer *
to_host (Case *c,
         const char *rest)
{
  CaseTransfer *t = to_host_without_jar (c, rest);

  case_set (t, CURLOPT_COOKIEFILE, "");
  return t;
}

static void
go_to (CaseTransfer *t,
       const char *rest)
{
  g_autofree char *url = with_scheme (rest);

  case_remove (t);
  case_rewind (t);
  case_set (t, CURLOPT_URL, url);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
}

static const char *
sent (Case *c,
      guint request)
{
  return scripted_request_header (scripted_server_request (case_server (c), request), "Cookie");
}

static char *
list_cookies (CaseTransfer *t)
{
  struct curl_slist *list = NULL;
  GString *text = g_string_new (NULL);

  g_assert_cmpint (curl_easy_getinfo (t->easy, CURLINFO_COOKIELIST, &list), ==, CURLE_OK);
  for (struct curl_slist *l = list; l != NULL; l = l->next)
    g_string_append_printf (text, "%s%s", text->len > 0 ? "\n" : "", l->data);
  curl_slist_free_all (list);
  return g_string_free (text, FALSE);
}

static ScriptedAnswer *
set_cookies (const char *fields)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n%s\r\n", fields);

  return scripted_answer_exact (head);
}

static void
run_sent_back (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/x/y");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  scripted_server_on (case_server (c), "/x/y", set_cookies ("Set-Cookie: one=1\r\nset-cookie: two=2; Path=/\r\n"
                                                            "Set-Cookie: three=3; HttpOnly; Max-Age=100\r\n"));
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  go_to (t, "://a.example/x/z");
  go_to (t, "://a.example/");
  go_to (t, "://b.a.example/x/");
  g_assert_null (sent (c, 0));
  g_assert_nonnull (strstr (sent (c, 1), "one=1"));
  g_assert_nonnull (strstr (sent (c, 1), "two=2"));
  g_assert_nonnull (strstr (sent (c, 1), "three=3"));
  g_assert_cmpuint (scripted_request_count (scripted_server_request (case_server (c), 1), "Cookie"), ==, 1);
  g_assert_cmpstr (sent (c, 2), ==, "two=2");
  g_assert_null (sent (c, 3));
}

/* A name in a Host of the user's own is what cookies belong to. */
static void
run_own_host (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/x");

  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: one=1; Domain=b.example\r\nSet-Cookie: two=2; "
                                                         "Domain=a.example\r\n"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Host: Www.B.example:81", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  go_to (t, "://c.example/x");
  g_assert_null (sent (c, 0));
  g_assert_cmpstr (sent (c, 1), ==, "one=1");
}

static void
run_off (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/x");

  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: one=1\r\n"));
  case_run_transfer (t);
  case_remove (t);
  case_rewind (t);
  case_run_transfer (t);
  g_assert_null (sent (c, 1));
}

static ScriptedAnswer *
send_on (const char *rest,
         const char *cookies)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 302 F\r\nLocation: %s%s\r\nContent-Length: 0\r\n%s\r\n",
                                           case_scheme (), rest, cookies);

  return scripted_answer_exact (head);
}

/* Each answer on the way sets its own, and each request has what is its host's. */
static void
run_redirects (Case *c)
{
  CaseTransfer *t = to_host (c, "://www.one.example/1");

  scripted_server_on (case_server (c), "/1", send_on ("://two.example/2", "Set-Cookie: host=1\r\n"
                                                      "Set-Cookie: site=1; Domain=one.example; Path=/\r\n"));
  scripted_server_on (case_server (c), "/2", send_on ("://other.one.example/3",
                                                      "Set-Cookie: two=2; Domain=two.example\r\n"
                                                      "Set-Cookie: evil=1; Domain=one.example\r\n"));
  scripted_server_on (case_server (c), "/3", send_on ("://www.one.example/4",
                                                      "Set-Cookie: site=; Domain=one.example; Path=/; Max-Age=0\r\n"));
  scripted_server_on (case_server (c), "/4", scripted_answer_text (200, NULL, "end"));
  case_run_transfer (t);
  case_check_ok (t, 200, "end");
  g_assert_null (sent (c, 0));
  g_assert_null (sent (c, 1));
  g_assert_cmpstr (sent (c, 2), ==, "site=1");
  g_assert_cmpstr (sent (c, 3), ==, "host=1");
}

/* The caller's own come behind the jar's, and stay with the origin they were meant for. */
static void
run_own (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/1");

  scripted_server_on (case_server (c), "/1", set_cookies ("Set-Cookie: jar=1; Path=/\r\n"));
  scripted_server_on (case_server (c), "/2", send_on ("://b.example/3", ""));
  scripted_server_on (case_server (c), "/3", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_COOKIE, "own=2; more=3");
  case_run_transfer (t);
  go_to (t, "://a.example/2");
  g_assert_cmpstr (sent (c, 0), ==, "own=2; more=3");
  g_assert_cmpstr (sent (c, 1), ==, "jar=1; own=2; more=3");
  g_assert_null (sent (c, 2));
}

static void
run_deleted (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/1");

  scripted_server_on (case_server (c), "/1", set_cookies ("Set-Cookie: a=1\r\nSet-Cookie: b=1\r\nSet-Cookie: c=1\r\n"));
  scripted_server_on (case_server (c), "/2", set_cookies (
                        "Set-Cookie: a=; Max-Age=0\r\nSet-Cookie: b=; Expires=Thu, 01 Jan 1970 00:00:10 GMT\r\n"
                        "Set-Cookie: c=2\r\n"));
  case_run_transfer (t);
  go_to (t, "://a.example/2");
  go_to (t, "://a.example/1");
  g_assert_cmpstr (sent (c, 2), ==, "c=2");
}

/* What no server may set for whom. */
static void
run_refused (Case *c)
{
  CaseTransfer *t = to_host (c, "://www.a.example/");
  g_autofree char *listed = NULL;

  scripted_server_on (case_server (c), "*", set_cookies (
                        "Set-Cookie: super=1; Domain=example\r\n"
                        "Set-Cookie: super=2; Domain=.com\r\n"
                        "Set-Cookie: other=1; Domain=b.example\r\n"
                        "Set-Cookie: below=1; Domain=x.www.a.example\r\n"
                        "Set-Cookie: dot=1; Domain=a.example.\r\n"
                        "Set-Cookie: __Secure-x=1\r\n"
                        "Set-Cookie: __Host-x=1; Path=/\r\n"
                        "Set-Cookie: tab\there=1\r\n"
                        "Set-Cookie: tab=he\tre\r\n"
                        "Set-Cookie: =nameless\r\n"
                        "Set-Cookie: nothing\r\n"
                        "Set-Cookie: fine=1\r\n"));
  case_run_transfer (t);
  listed = list_cookies (t);
  g_assert_cmpstr (listed, ==, "www.a.example\tFALSE\t/\tFALSE\t0\tfine\t1");
}

/* A server that is not secure leaves Secure cookies alone, and does not see them. */
static void
run_secure (Case *c)
{
  CaseTransfer *t;
  g_autofree char *listed = NULL;

  t = to_host (c, "://a.example/");
  case_set (t, CURLOPT_COOKIELIST, "a.example\tFALSE\t/\tTRUE\t0\ts\tgood");
  scripted_server_on (case_server (c), "*", set_cookies (
                        "Set-Cookie: new=1; Secure\r\nSet-Cookie: s=evil\r\n"
                        "Set-Cookie: s=; Max-Age=0\r\nSet-Cookie: s=evil; Path=/x\r\n"));
  case_run_transfer (t);
  listed = list_cookies (t);
  g_assert_cmpstr (listed, ==, "a.example\tFALSE\t/\tTRUE\t0\ts\tgood");
  g_assert_null (sent (c, 0));
}

/* This very machine counts as secure. */
static void
run_localhost (Case *c)
{
  CaseTransfer *t = to_host (c, "://localhost/");

  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: s=1; Secure\r\n"));
  case_run_transfer (t);
  go_to (t, "://localhost/x");
  g_assert_cmpstr (sent (c, 1), ==, "s=1");
}

static void
run_many (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/");
  g_autoptr (GString) fields = g_string_new (NULL);
  g_autofree char *listed = NULL;
  guint n = 1;

  for (guint i = 0; i < 60; i++)
    g_string_append_printf (fields, "Set-Cookie: c%u=1\r\n", i);
  scripted_server_on (case_server (c), "*", set_cookies (fields->str));
  case_run_transfer (t);
  listed = list_cookies (t);
  for (const char *p = listed; *p != '\0'; p++)
    n += *p == '\n';
  g_assert_cmpuint (n, ==, 50);
}

/* What goes into one request has a limit. */
static void
run_long (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *value = g_strnfill (2000, 'v');
      g_autofree char *line = g_strdup_printf ("a.example\tFALSE\t/\tFALSE\t0\tn%u\t%s", i, value);

      case_set (t, CURLOPT_COOKIELIST, line);
    }
  case_run_transfer (t);
  g_assert_cmpuint (strlen (sent (c, 0)), ==, 4 * 2003 + 3 * 2);
}

static void
run_list (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/");
  g_autofree char *first = NULL, *second = NULL, *third = NULL;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_COOKIELIST, ".a.example\tTRUE\t/\tFALSE\t2000000000\tkept\t1");
  case_set (t, CURLOPT_COOKIELIST, "Set-Cookie: session=2; Domain=a.example; Path=/");
  first = list_cookies (t);
  g_assert_nonnull (strstr (first, ".a.example\tTRUE\t/\tFALSE\t2000000000\tkept\t1"));
  g_assert_nonnull (strstr (first, ".a.example\tTRUE\t/\tFALSE\t0\tsession\t2"));
  case_run_transfer (t);
  case_set (t, CURLOPT_COOKIELIST, "SESS");
  second = list_cookies (t);
  g_assert_cmpstr (second, ==, ".a.example\tTRUE\t/\tFALSE\t2000000000\tkept\t1");
  go_to (t, "://www.a.example/");
  case_set (t, CURLOPT_COOKIELIST, "ALL");
  third = list_cookies (t);
  g_assert_cmpstr (third, ==, "");
  go_to (t, "://a.example/");
  g_assert_nonnull (strstr (sent (c, 0), "kept=1"));
  g_assert_nonnull (strstr (sent (c, 0), "session=2"));
  g_assert_cmpstr (sent (c, 1), ==, "kept=1");
  g_assert_null (sent (c, 2));
}

static void
run_file (Case *c)
{
  g_autofree char *folder = g_dir_make_tmp ("gm-cookies-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "in.txt", NULL);
  g_autofree char *out = g_build_filename (folder, "out.txt", NULL);
  g_autofree char *text = NULL, *cleaned = NULL;
  CaseTransfer *t = to_host (c, "://a.example/1");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  scripted_server_on (case_server (c), "/1", set_cookies ("Set-Cookie: b=new; Path=/\r\nSet-Cookie: c=3\r\n"));
  g_assert_true (g_file_set_contents (path,
                                      "# Netscape HTTP Cookie File\n\n"
                                      "a.example\tFALSE\t/\tFALSE\t2000000000\ta\t1\r\n"
                                      "rubbish\n"
                                      "a.example\tFALSE\t/\tFALSE\t2000000000\tb\told\n"
                                      "a.example\tFALSE\t/\tFALSE\t0\tsession\t1\n"
                                      "#HttpOnly_a.example\tFALSE\t/\tFALSE\t2000000000\td\t4",
                                      -1, NULL));
  case_set (t, CURLOPT_COOKIEFILE, path);
  case_set (t, CURLOPT_COOKIESESSION, 1L);
  case_set (t, CURLOPT_COOKIEJAR, out);
  case_run_transfer (t);
  go_to (t, "://a.example/2");
  g_assert_nonnull (strstr (sent (c, 0), "a=1"));
  g_assert_nonnull (strstr (sent (c, 0), "b=old"));
  g_assert_nonnull (strstr (sent (c, 0), "d=4"));
  g_assert_null (strstr (sent (c, 0), "session"));
  g_assert_nonnull (strstr (sent (c, 1), "b=new"));
  g_assert_null (strstr (sent (c, 1), "b=old"));

  g_assert_false (g_file_test (out, G_FILE_TEST_EXISTS));
  case_set (t, CURLOPT_COOKIELIST, "FLUSH");
  g_assert_true (g_file_get_contents (out, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "a.example\tFALSE\t/\tFALSE\t2000000000\ta\t1\n"));
  g_assert_nonnull (strstr (text, "#HttpOnly_a.example\tFALSE\t/\tFALSE\t2000000000\td\t4\n"));
  case_set (t, CURLOPT_COOKIELIST, "ALL");
  case_set (t, CURLOPT_COOKIELIST, "RELOAD");
  go_to (t, "://a.example/2");
  g_assert_nonnull (strstr (sent (c, 2), "b=old"));

  /* And when the handle goes. */
  g_remove (out);
  curl_easy_cleanup (curl_easy_duphandle (t->easy));
  g_assert_true (g_file_get_contents (out, &cleaned, NULL, NULL));
  case_set (t, CURLOPT_COOKIEJAR, NULL);
  g_remove (out);
  g_remove (path);
  g_rmdir (folder);
}

/* Neither a file that is not there nor one that cannot be written ends a transfer. */
static void
run_no_file (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/1");

  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: a=1\r\n"));
  case_set (t, CURLOPT_COOKIEFILE, "/nonexistent/file");
  case_set (t, CURLOPT_COOKIEJAR, "/nonexistent/jar");
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  go_to (t, "://a.example/1");
  g_assert_cmpstr (sent (c, 1), ==, "a=1");
  case_set (t, CURLOPT_COOKIELIST, "FLUSH");
}

static void
run_shared (Case *c)
{
  CURLSH *share = curl_share_init ();
  CaseTransfer *one = to_host (c, "://a.example/1");
  CaseTransfer *two = to_host (c, "://a.example/2");

  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE), ==, CURLSHE_OK);
  case_set (one, CURLOPT_SHARE, share);
  case_set (two, CURLOPT_SHARE, share);
  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: a=1\r\n"));
  case_run_transfer (one);
  case_run_transfer (two);
  g_assert_cmpstr (sent (c, 1), ==, "a=1");
  case_set (one, CURLOPT_SHARE, NULL);
  case_set (two, CURLOPT_SHARE, NULL);
  case_remove (two);
  case_rewind (two);
  case_run_transfer (two);
  g_assert_null (sent (c, 2));
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

/* A share has cookies for those who want any. */
static void
run_shared_unwanted (Case *c)
{
  CURLSH *share = curl_share_init ();
  CaseTransfer *one = to_host (c, "://a.example/1");
  CaseTransfer *two = to_host_without_jar (c, "://a.example/2");

  curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  case_set (one, CURLOPT_SHARE, share);
  case_set (two, CURLOPT_SHARE, share);
  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: a=1\r\n"));
  case_run_transfer (one);
  case_run_transfer (two);
  g_assert_null (sent (c, 1));
  case_set (two, CURLOPT_COOKIEFILE, "");
  go_to (two, "://a.example/3");
  g_assert_cmpstr (sent (c, 2), ==, "a=1");
  case_set (one, CURLOPT_SHARE, NULL);
  case_set (two, CURLOPT_SHARE, NULL);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

static void
run_reset_and_copy (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/1");
  CURL *copy;
  struct curl_slist *list = NULL;

  scripted_server_on (case_server (c), "*", set_cookies ("Set-Cookie: a=1\r\n"));
  case_run_transfer (t);
  copy = curl_easy_duphandle (t->easy);
  g_assert_cmpint (curl_easy_getinfo (copy, CURLINFO_COOKIELIST, &list), ==, CURLE_OK);
  g_assert_null (list);
  curl_easy_cleanup (copy);
  curl_easy_reset (t->easy);
  g_assert_cmpint (curl_easy_getinfo (t->easy, CURLINFO_COOKIELIST, &list), ==, CURLE_OK);
  g_assert_nonnull (list);
  curl_slist_free_all (list);
}

/* A Set-Cookie line by hand that says no domain is for the host that is asked next. */
static void
run_homeless (Case *c)
{
  CaseTransfer *t = to_host (c, "://a.example/x/y");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_COOKIELIST, "Set-Cookie: a=1");
  case_set (t, CURLOPT_COOKIELIST, "Set-Cookie: b=2; Path=/x");
  case_set (t, CURLOPT_COOKIELIST, "Set-Cookie: c=3; Domain=b.example");
  case_run_transfer (t);
  go_to (t, "://b.example/x");
  go_to (t, "://a.example/");
  g_assert_cmpstr (sent (c, 0), ==, "b=2; a=1");
  g_assert_cmpstr (sent (c, 1), ==, "c=3");
  g_assert_cmpstr (sent (c, 2), ==, "a=1");
}

const CaseSpec case_cookies[] = {
  { "cookies-sent-back", run_sent_back },
  { "cookies-own-host", run_own_host },
  { "cookies-off", run_off },
  { "cookies-redirects", run_redirects },
  { "cookies-own", run_own, CASE_NOT_ON_LIBCURL, "libcurl 7.88 sends CURLOPT_COOKIE to any host" },
  { "cookies-deleted", run_deleted },
  { "cookies-refused", run_refused },
  { "cookies-secure", run_secure, CASE_ONLY_CLEARTEXT },
  { "cookies-localhost", run_localhost },
  { "cookies-many", run_many },
  { "cookies-long", run_long },
  { "cookies-list", run_list },
  { "cookies-file", run_file },
  { "cookies-homeless", run_homeless, CASE_NOT_ON_LIBCURL, "libcurl sends them everywhere" },
  { "cookies-no-file", run_no_file },
  { "cookies-shared", run_shared },
  { "cookies-shared-unwanted", run_shared_unwanted },
  { "cookies-reset-and-copy", run_reset_and_copy },
  { NULL },
};
