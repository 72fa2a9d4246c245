/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include "proxy-server.h"
#include "scripted-tls.h"

#include <glib/gstdio.h>
#include <string.h>

/* What servers ask to be remembered: to be asked over TLS (RFC 6797), or elsewhere (RFC 7838). Most of them speak TLS
 * whatever the others do. */

/* For "a.example" and "b.example" at @server and, if there is one, @other. */
static CaseTransfer *
to_server (Case *c,
           ScriptedServer *server,
           ScriptedServer *other,
           const char *scheme,
           const char *target)
{
  guint port = scripted_server_port (server);
  guint other_port = other != NULL ? scripted_server_port (other) : port;
  g_autofree char *url = g_strdup_printf ("%s://a.example:%u%s", scheme, port, target);
  g_autofree char *a = g_strdup_printf ("a.example:%u:127.0.0.1", port);
  g_autofree char *dot = g_strdup_printf ("a.example.:%u:127.0.0.1", port);
  g_autofree char *below = g_strdup_printf ("www.a.example:%u:127.0.0.1", port);
  g_autofree char *b = g_strdup_printf ("b.example:%u:127.0.0.1", other_port);
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_RESOLVE, case_list (t, a, dot, below, b, NULL));
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  return t;
}

static void
again (CaseTransfer *t,
       ScriptedServer *server,
       const char *origin,
       const char *target)
{
  g_autofree char *url = g_strdup_printf ("%s:%u%s", origin, scripted_server_port (server), target);

  case_remove (t);
  case_rewind (t);
  case_set (t, CURLOPT_URL, url);
  case_run_transfer (t);
}

static ScriptedAnswer *
with_field (const char *field)
{
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok", field);

  return scripted_answer_exact (head);
}

/* Told once, every way to name the host goes over TLS; before anybody connects. */
static void
run_hsts (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "https", "/");
  g_autofree char *expected = g_strdup_printf ("https://a.example:%u/x", scripted_server_port (server));

  scripted_server_on (server, "*", with_field ("Strict-Transport-Security: max-age=100\r\n"));
  scripted_server_on (server, "/down", scripted_answer_redirect (302, expected));
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  again (t, server, "http://a.example", "/x");
  case_check_ok (t, 200, "ok");
  g_assert_cmpstr (case_info_str (t, CURLINFO_EFFECTIVE_URL), ==, expected);
  again (t, server, "http://A.EXAMPLE", "/x");
  case_check_ok (t, 200, "ok");
  /* What is below it was not meant, so this one speaks clear text to a server that does not understand it. */
  again (t, server, "http://www.a.example", "/x");
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

/* A redirect to http: is one to https:, within the origin, so that what is meant for it may travel. */
static void
run_hsts_redirect (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "https", "/down");
  g_autofree char *clear = g_strdup_printf ("http://a.example:%u/x", scripted_server_port (server));
  g_autofree char *head = g_strdup_printf ("HTTP/1.1 302 F\r\nLocation: %s\r\nContent-Length: 0\r\n"
                                           "Strict-Transport-Security: max-age=100; includeSubDomains\r\n\r\n", clear);

  scripted_server_on (server, "/down", scripted_answer_exact (head));
  scripted_server_on (server, "/x", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_set (t, CURLOPT_USERPWD, "user:secret");
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (server, 1), "Authorization"), ==,
                   "Basic dXNlcjpzZWNyZXQ=");
}

/* Only who is who he says may ask for that. */
static void
run_hsts_not_checked (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "https", "/");

  scripted_server_on (server, "*", with_field ("Strict-Transport-Security: max-age=100\r\n"));
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_set (t, CURLOPT_SSL_VERIFYPEER, 0L);
  case_set (t, CURLOPT_CAINFO, NULL);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  again (t, server, "http://a.example", "/x");
  g_assert_cmpint (t->result, !=, CURLE_OK);
}

/* Nor may who speaks clear text. */
static void
run_hsts_clear (Case *c)
{
  ScriptedServer *server = case_server (c);
  CaseTransfer *t = to_server (c, server, NULL, "http", "/");

  scripted_server_on (server, "*", with_field ("Strict-Transport-Security: max-age=100\r\n"));
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  again (t, server, "http://a.example", "/x");
  case_check_ok (t, 200, "ok");
}

static void
run_hsts_file (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  g_autofree char *folder = g_dir_make_tmp ("gm-hsts-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "hsts", NULL);
  g_autofree char *text = NULL;
  CaseTransfer *t = to_server (c, server, NULL, "http", "/");
  CURL *copy;

  g_assert_true (g_file_set_contents (path, "rubbish\n.example. \"20991231 23:59:59\"\n", -1, NULL));
  scripted_server_on (server, "*", with_field ("Strict-Transport-Security: max-age=100\r\n"));
  case_set (t, CURLOPT_HSTS, path);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  /* A handle that goes writes what it knows: here nothing. */
  copy = curl_easy_duphandle (t->easy);
  curl_easy_cleanup (copy);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_null (strstr (text, "a.example"));
  case_set (t, CURLOPT_HSTS, NULL);
  g_remove (path);
  g_rmdir (folder);
}

static CURLSTScode
give_entry (CURL *easy G_GNUC_UNUSED,
            struct curl_hstsentry *entry,
            void *userp)
{
  guint *n = userp;

  if ((*n)++ > 0)
    return CURLSTS_DONE;
  g_strlcpy (entry->name, "a.example", entry->namelen);
  entry->includeSubDomains = 1;
  g_strlcpy (entry->expire, "20991231 23:59:59", sizeof entry->expire);
  return CURLSTS_OK;
}

static CURLSTScode
take_entry (CURL *easy G_GNUC_UNUSED,
            struct curl_hstsentry *entry,
            struct curl_index *at,
            void *userp)
{
  g_string_append_printf (userp, "%s %d %s %zu/%zu\n", entry->name, entry->includeSubDomains, entry->expire, at->index,
                          at->total);
  return CURLSTS_OK;
}

static void
run_hsts_functions (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "http", "/");
  g_autoptr (GString) told = g_string_new (NULL);
  guint n = 0;
  CURL *easy;

  scripted_server_on (server, "*", with_field (""));
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_set (t, CURLOPT_HSTSREADFUNCTION, give_entry);
  case_set (t, CURLOPT_HSTSREADDATA, &n);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (n, ==, 2);
  case_set (t, CURLOPT_HSTSREADFUNCTION, NULL);

  easy = curl_easy_init ();
  n = 0;
  curl_easy_setopt (easy, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  curl_easy_setopt (easy, CURLOPT_HSTSREADFUNCTION, give_entry);
  curl_easy_setopt (easy, CURLOPT_HSTSREADDATA, &n);
  curl_easy_setopt (easy, CURLOPT_HSTSWRITEFUNCTION, take_entry);
  curl_easy_setopt (easy, CURLOPT_HSTSWRITEDATA, told);
  curl_easy_setopt (easy, CURLOPT_URL, "nosuch://x/");
  curl_easy_perform (easy);
  curl_easy_cleanup (easy);
  g_assert_cmpstr (told->str, ==, "a.example 1 20991231 23:59:59 0/1\n");
}

static CURLSTScode
give_what_it_is_told (CURL *easy G_GNUC_UNUSED,
                      struct curl_hstsentry *entry G_GNUC_UNUSED,
                      void *userp)
{
  return *(CURLSTScode *) userp;
}

/* What should be known cannot be: nobody is asked anything. Each run asks again. */
static void
run_hsts_function_fails (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "https", "/");
  CURLSTScode answer = CURLSTS_FAIL;

  scripted_server_on (server, "*", with_field (""));
  case_set (t, CURLOPT_HSTSREADFUNCTION, give_what_it_is_told);
  case_set (t, CURLOPT_HSTSREADDATA, &answer);
  case_set (t, CURLOPT_HSTS_CTRL, CURLHSTS_ENABLE);
  case_run_transfer (t);
  g_assert_cmpint (t->result, ==, CURLE_ABORTED_BY_CALLBACK);

  answer = CURLSTS_OK; /* and no name */
  again (t, server, "https://a.example", "/");
  g_assert_cmpint (t->result, ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 0);

  answer = CURLSTS_DONE;
  again (t, server, "https://a.example", "/");
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 1);
}

/* Without the store there is nobody to ask for. */
static void
run_hsts_function_alone (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, server, NULL, "https", "/");
  CURLSTScode answer = CURLSTS_FAIL;

  scripted_server_on (server, "*", with_field (""));
  case_set (t, CURLOPT_COOKIEFILE, "");
  case_set (t, CURLOPT_HSTSREADFUNCTION, give_what_it_is_told);
  case_set (t, CURLOPT_HSTSREADDATA, &answer);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
}

/* What a share knows is for who is in it. */
static void
run_hsts_share_left (Case *c)
{
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CURLSH *share = curl_share_init ();
  CaseTransfer *t = to_server (c, server, NULL, "https", "/");

  scripted_server_on (server, "*", with_field ("Strict-Transport-Security: max-age=1000\r\n"));
  g_assert_cmpint (curl_share_setopt (share, CURLSHOPT_SHARE, CURL_LOCK_DATA_HSTS), ==, CURLSHE_OK);
  case_set (t, CURLOPT_SHARE, share);
  case_run_transfer (t);
  again (t, server, "http://a.example", "/");
  case_check_ok (t, 200, "ok");
  case_set (t, CURLOPT_SHARE, NULL);
  again (t, server, "http://a.example", "/");
  g_assert_cmpint (t->result, !=, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_requests (server), ==, 2);
  g_assert_cmpint (curl_share_cleanup (share), ==, CURLSHE_OK);
}

/* ---- alternatives ---- */

static void
run_alternative (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, origin, other, "https", "/");
  g_autofree char *field = g_strdup_printf ("Alt-Svc: h3=\":1\", http%%2F1.1=\"b.example:%u\"; ma=100\r\n",
                                            scripted_server_port (other));
  g_autofree char *host = g_strdup_printf ("a.example:%u", scripted_server_port (origin));
  g_autofree char *used = g_strdup_printf ("b.example:%u", scripted_server_port (other));

  scripted_server_on (origin, "*", with_field (field));
  scripted_server_on (other, "*", with_field (""));
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1 | CURLALTSVC_H2);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  again (t, origin, "https://a.example", "/x");
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 1);
  g_assert_cmpuint (scripted_server_n_requests (other), ==, 1);
  g_assert_null (scripted_request_header (scripted_server_request (origin, 0), "Alt-Used"));
  g_assert_cmpstr (scripted_request_header (scripted_server_request (other, 0), "Host"), ==, host);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (other, 0), "Alt-Used"), ==, used);
}

/* One where nobody is, or somebody else: back to the origin, and never there again. */
static void
run_alternative_lost (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, origin, NULL, "https", "/");

  scripted_server_on (origin, "*", with_field (""));
  scripted_server_on (origin, "/", with_field ("Alt-Svc: http%2F1.1=\"127.0.0.1:1\"\r\n"));
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  case_run_transfer (t);
  again (t, origin, "https://a.example", "/x");
  case_check_ok (t, 200, "ok");
  again (t, origin, "https://a.example", "/y");
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 3);
}

/* One that says it is not for that origin is none: back to the origin, and never there again. */
static void
run_alternative_misdirected (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, origin, other, "https", "/");
  g_autofree char *field = g_strdup_printf ("Alt-Svc: http%%2F1.1=\"b.example:%u\"\r\n", scripted_server_port (other));

  scripted_server_on (origin, "*", with_field (""));
  scripted_server_on (origin, "/", with_field (field));
  scripted_server_on (other, "*", scripted_answer_text (421, NULL, "not here"));
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  case_run_transfer (t);
  for (guint i = 0; i < 2; i++)
    {
      again (t, origin, "https://a.example", "/x");
      case_check_ok (t, 200, "ok");
    }
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 3);
  g_assert_cmpuint (scripted_server_n_requests (other), ==, 1);
}

/* Where the certificate is not checked, another host could be anybody. */
static void
run_alternative_not_checked (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *t = to_server (c, origin, other, "https", "/");
  g_autofree char *field = g_strdup_printf ("Alt-Svc: http%%2F1.1=\"b.example:%u\"\r\n", scripted_server_port (other));

  scripted_server_on (origin, "*", with_field (field));
  scripted_server_on (other, "*", with_field (""));
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  case_run_transfer (t);
  case_set (t, CURLOPT_SSL_VERIFYPEER, 0L);
  again (t, origin, "https://a.example", "/x");
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 2);
  g_assert_cmpuint (scripted_server_n_requests (other), ==, 0);
}

/* Who set a proxy decides which way to go: it is asked for the origin. */
static void
run_alternative_proxy (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_TLS);
  g_autoptr (ProxyServer) proxy = proxy_server_new ();
  CaseTransfer *t = to_server (c, origin, other, "https", "/");
  g_autofree char *field = g_strdup_printf ("Alt-Svc: http%%2F1.1=\"b.example:%u\"\r\n", scripted_server_port (other));
  g_autofree char *expected = g_strdup_printf ("CONNECT a.example:%u#0", scripted_server_port (origin));
  g_autofree char *summary = NULL;

  scripted_server_on (origin, "*", with_field (field));
  scripted_server_on (other, "*", with_field (""));
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  case_run_transfer (t);
  case_set (t, CURLOPT_PROXY, proxy_server_url (proxy, "http"));
  again (t, origin, "https://a.example", "/x");
  case_check_ok (t, 200, "ok");
  summary = proxy_server_summary (proxy);
  g_assert_cmpstr (summary, ==, expected);
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 2);
  g_assert_null (scripted_request_header (scripted_server_request (origin, 1), "Alt-Used"));
  g_assert_cmpuint (scripted_server_n_requests (other), ==, 0);
}

/* What one handle has learned another one reads, in another session; what cannot be made out in the file is passed over, and
 * a place where it cannot be written fails nobody. */
static void
run_alternative_file (Case *c)
{
  ScriptedServer *origin = case_new_server (c, SCRIPTED_SERVER_TLS);
  ScriptedServer *other = case_new_server (c, SCRIPTED_SERVER_TLS);
  g_autofree char *folder = g_dir_make_tmp ("gm-altsvc-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "altsvc", NULL);
  g_autofree char *below = g_build_filename (path, "none", NULL);
  g_autofree char *text = NULL;
  g_autofree char *known = g_strdup_printf ("h1 a.example %u h1 b.example %u \"20991231 23:59:59\" 0 0\n",
                                            scripted_server_port (origin), scripted_server_port (other));
  g_autofree char *lines = g_strconcat ("# comment\nrubbish\nh1 \xff\xfe 0 h1 x 99999999\n", known, "h1 a.example", NULL);
  CaseTransfer *t = to_server (c, origin, other, "https", "/");

  g_assert_true (g_file_set_contents (path, lines, -1, NULL));
  scripted_server_on (origin, "*", with_field (""));
  scripted_server_on (other, "*", with_field (""));
  case_set (t, CURLOPT_ALTSVC, path);
  case_set (t, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpuint (scripted_server_n_requests (origin), ==, 0);
  g_assert_cmpuint (scripted_server_n_requests (other), ==, 1);

  /* A handle that goes writes what it knows. */
  curl_easy_cleanup (curl_easy_duphandle (t->easy));
  case_set (t, CURLOPT_ALTSVC, below);
  again (t, origin, "https://a.example", "/x");
  case_check_ok (t, 200, "ok");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_null (strstr (text, "rubbish"));
  g_remove (path);
  g_rmdir (folder);
}

#define ALT_SVC "libcurl 7.88 sends the next request to the origin all the same where its connection is still open"

const CaseSpec case_policies[] = {
  { "policies-hsts", run_hsts },
  { "policies-hsts-redirect", run_hsts_redirect, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes http: for another origin" },
  { "policies-hsts-not-checked", run_hsts_not_checked, CASE_NOT_ON_LIBCURL, "libcurl 7.88 believes anybody" },
  { "policies-hsts-clear", run_hsts_clear, CASE_ONLY_CLEARTEXT },
  { "policies-hsts-file", run_hsts_file, CASE_NOT_ON_LIBCURL, "libcurl 7.88 falls over CURLOPT_HSTS with NULL" },
  { "policies-hsts-functions", run_hsts_functions },
  { "policies-hsts-function-fails", run_hsts_function_fails },
  { "policies-hsts-function-alone", run_hsts_function_alone },
  { "policies-hsts-share-left", run_hsts_share_left },
  { "policies-alternative", run_alternative, CASE_NOT_ON_LIBCURL, ALT_SVC },
  { "policies-alternative-lost", run_alternative_lost, CASE_NOT_ON_LIBCURL, ALT_SVC },
  { "policies-alternative-misdirected", run_alternative_misdirected, CASE_NOT_ON_LIBCURL, ALT_SVC },
  { "policies-alternative-proxy", run_alternative_proxy },
  { "policies-alternative-file", run_alternative_file, CASE_NOT_ON_LIBCURL, ALT_SVC },
  { "policies-alternative-not-checked", run_alternative_not_checked, CASE_NOT_ON_LIBCURL, ALT_SVC },
  { NULL },
};
