/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Where to go next, with which method, and what may come along (RFC 9110 section 15.4). */

static CaseTransfer *
follow (Case *c,
        const char *target)
{
  CaseTransfer *t = case_transfer (c, target);

  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  return t;
}

static void
run_get (Case *c)
{
  static const guint statuses[] = { 301, 302, 303, 307, 308 };

  scripted_server_on (case_server (c), "GET /there", scripted_answer_text (200, NULL, "arrived"));
  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", statuses[i]);
      CaseTransfer *t = follow (c, target);

      scripted_server_on (case_server (c), target, scripted_answer_redirect (statuses[i], "/there"));
      case_run_transfer (t);
      case_check_ok (t, 200, "arrived");
      case_check_order (t, "HHBD");
      g_assert_cmpint (case_info (t, CURLINFO_REDIRECT_COUNT), ==, 1);
      g_assert_cmpstr (case_info_str (t, CURLINFO_EFFECTIVE_URL), ==,
                       scripted_server_url (case_server (c), "/there"));
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 1);
}

/* Not asked to follow: the answer is an answer like any other, and says where it would have gone. */
static void
run_not_followed (Case *c)
{
  CaseTransfer *t;

  scripted_server_on (case_server (c), "/a/b", scripted_answer_redirect (302, "../c?d"));
  t = case_get (c, "/a/b");
  case_check_ok (t, 302, "moved");
  g_assert_cmpstr (case_info_str (t, CURLINFO_REDIRECT_URL), ==, scripted_server_url (case_server (c), "/c?d"));
  g_assert_cmpint (case_info (t, CURLINFO_REDIRECT_COUNT), ==, 0);
}

static void
run_methods (Case *c)
{
  static const struct
  {
    guint status;
    const char *method; /* NULL: POST by its own option */
    long keep; /* CURLOPT_POSTREDIR */
    const char *then;
  } cases[] = {
    { 301, NULL, 0, "GET" },
    { 302, NULL, 0, "GET" },
    { 303, NULL, 0, "GET" },
    { 307, NULL, 0, "POST" },
    { 308, NULL, 0, "POST" },
    { 301, NULL, CURL_REDIR_POST_301, "POST" },
    { 302, NULL, CURL_REDIR_POST_302, "POST" },
    { 303, NULL, CURL_REDIR_POST_303, "POST" },
    { 301, NULL, CURL_REDIR_POST_302, "GET" },
    { 302, NULL, CURL_REDIR_POST_ALL, "POST" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *target = g_strdup_printf ("/from%u", i);
      g_autofree char *next = g_strdup_printf ("/to%u", i);
      CaseTransfer *t = follow (c, target);
      const ScriptedRequest *request;

      g_test_message ("%u after POST, POSTREDIR %ld", cases[i].status, cases[i].keep);
      scripted_server_on (case_server (c), target, scripted_answer_redirect (cases[i].status, next));
      scripted_server_on (case_server (c), next, scripted_answer_text (200, NULL, "ok"));
      case_set (t, CURLOPT_POSTFIELDS, "form");
      case_set (t, CURLOPT_POSTREDIR, cases[i].keep);
      case_run_transfer (t);
      case_check_ok (t, 200, "ok");
      request = scripted_server_request (case_server (c), 2 * i + 1);
      g_assert_cmpstr (request->method, ==, cases[i].then);
      g_assert_cmpuint (request->body_length, ==, g_str_equal (cases[i].then, "POST") ? 4 : 0);
      if (g_str_equal (cases[i].then, "GET"))
        g_assert_cmpuint (scripted_request_count (request, "Content-Length")
                            + scripted_request_count (request, "Content-Type"), ==, 0);
    }
}

static void
run_head_stays_head (Case *c)
{
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "HEAD /a", scripted_answer_exact (
                        "HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 99\r\n\r\n"));
  scripted_server_on (case_server (c), "HEAD /b",
                      scripted_answer_exact ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"));
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_log (c, "HEAD /a#0 HEAD /b#0");
}

static void
run_put_303 (Case *c)
{
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "PUT /a", scripted_answer_redirect (303, "/b"));
  scripted_server_on (case_server (c), "GET /b", scripted_answer_text (200, NULL, "see other"));
  case_upload_from (t, g_bytes_new_static ("x", 1), 0);
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_INFILESIZE_LARGE, (curl_off_t) 1);
  case_run_transfer (t);
  case_check_ok (t, 200, "see other");
}

/* References of every form, against http://HOST/a/b/c?q */
static void
run_references (Case *c)
{
  g_autofree char *host = g_strdup_printf ("//127.0.0.1:%u/net", scripted_server_port (case_server (c)));
  const struct
  {
    const char *location;
    const char *target;
  } cases[] = {
    { "d", "/a/b/d" },
    { "./d", "/a/b/d" },
    { "../d", "/a/d" },
    { "../../../../d", "/d" },
    { "/d/./e/../f", "/d/f" },
    { "?r=s", "/a/b/c?r=s" },
    { "/d#part", "/d" },
    { host, "/net" },
    { scripted_server_url (case_server (c), "/whole"), "/whole" },
    { scripted_server_url (case_server (c), "?bare"), "/?bare" },
    { "d with space", "/a/b/d%20with%20space" },
    { "d%2fe", "/a/b/d%2fe" },
  };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "x"));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CaseTransfer *t = follow (c, "/a/b/c?q");

      g_test_message ("%s", cases[i].location);
      scripted_server_on (case_server (c), "/a/b/c?q", scripted_answer_redirect (302, cases[i].location));
      case_run_transfer (t);
      case_check_ok (t, 200, "x");
      g_assert_cmpstr (scripted_server_request (case_server (c), 2 * i + 1)->target, ==, cases[i].target);
    }
}

/* RFC 9110 section 10.2.2: a fragment is inherited where the reference has none. */
static void
run_fragment (Case *c)
{
  CaseTransfer *kept = follow (c, "/a#frag"), *replaced = follow (c, "/b#frag");

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/to"));
  scripted_server_on (case_server (c), "/b", scripted_answer_redirect (302, "/to#new"));
  scripted_server_on (case_server (c), "/to", scripted_answer_text (200, NULL, ""));
  case_run_transfer (kept);
  g_assert_true (g_str_has_suffix (case_info_str (kept, CURLINFO_EFFECTIVE_URL), "/to#frag"));
  case_run_transfer (replaced);
  g_assert_true (g_str_has_suffix (case_info_str (replaced, CURLINFO_EFFECTIVE_URL), "/to#new"));
}

static void
run_limit (Case *c)
{
  CaseTransfer *three = follow (c, "/loop"), *none = follow (c, "/loop"), *enough = follow (c, "/1");

  scripted_server_on (case_server (c), "/loop", scripted_answer_redirect (302, "/loop"));
  scripted_server_on (case_server (c), "/1", scripted_answer_redirect (302, "/2"));
  scripted_server_on (case_server (c), "/2", scripted_answer_redirect (302, "/3"));
  scripted_server_on (case_server (c), "/3", scripted_answer_text (200, NULL, "three"));
  case_set (three, CURLOPT_MAXREDIRS, 3L);
  case_run_transfer (three);
  case_check_error (three, CURLE_TOO_MANY_REDIRECTS);
  g_assert_cmpint (case_info (three, CURLINFO_REDIRECT_COUNT), ==, 3);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 4);
  case_set (none, CURLOPT_MAXREDIRS, 0L);
  case_run_transfer (none);
  case_check_error (none, CURLE_TOO_MANY_REDIRECTS);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 5);
  case_set (enough, CURLOPT_MAXREDIRS, 2L);
  case_run_transfer (enough);
  case_check_ok (enough, 200, "three");
}

static void
run_without_location (Case *c)
{
  CaseTransfer *t = follow (c, "/a"), *multiple = follow (c, "/m");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (302, NULL, "nowhere"));
  scripted_server_on (case_server (c), "/m", scripted_answer_text (304, "Location: /x\r\n", ""));
  case_run_transfer (t);
  case_check_ok (t, 302, "nowhere");
  case_run_transfer (multiple);
  g_assert_cmpint (multiple->result, ==, CURLE_OK);
}

static void
run_scheme_policy (Case *c)
{
  static const char *const forbidden[] = { "file:///etc/hostname", "gopher://127.0.0.1/", "nonsense://x/" };

  for (guint i = 0; i < G_N_ELEMENTS (forbidden); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t = follow (c, target);

      scripted_server_on (case_server (c), target, scripted_answer_redirect (302, forbidden[i]));
      case_run_transfer (t);
      case_check_error (t, CURLE_UNSUPPORTED_PROTOCOL);
      g_assert_cmpuint (t->body->len, ==, 0);
    }
}

static void
run_allowed_schemes (Case *c)
{
  CaseTransfer *t = follow (c, "/a"), *first = case_transfer (c, "/b");

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "b"));
  case_set (t, CURLOPT_REDIR_PROTOCOLS_STR, case_default_port () == 80 ? "https" : "http");
  case_run_transfer (t);
  case_check_error (t, CURLE_UNSUPPORTED_PROTOCOL);
  case_set (first, CURLOPT_PROTOCOLS_STR, case_default_port () == 80 ? "https,file" : "http,file");
  case_run_transfer (first);
  case_check_error (first, CURLE_UNSUPPORTED_PROTOCOL);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
}

/* --- what may travel --- */

static void
check_travel (Case *c,
              gboolean other_origin,
              gboolean unrestricted)
{
  ScriptedServer *here = case_server (c), *there = other_origin ? case_new_server (c, SCRIPTED_SERVER_DEFAULT) : here;
  CaseTransfer *t = follow (c, "/a");
  gboolean travels = !other_origin || unrestricted;
  const ScriptedRequest *first, *second;

  scripted_server_on (here, "/a", scripted_answer_redirect (302, scripted_server_url (there, "/b")));
  scripted_server_on (there, "/b", scripted_answer_text (200, NULL, "b"));
  case_set (t, CURLOPT_USERPWD, "user:secret");
  case_set (t, CURLOPT_COOKIE, "session=mine");
  case_set (t, CURLOPT_UNRESTRICTED_AUTH, unrestricted ? 1L : 0L);
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "X-Harmless: yes", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  first = scripted_server_request (here, 0);
  second = scripted_server_request (there, other_origin ? 0 : 1);
  g_assert_cmpstr (scripted_request_header (first, "Authorization"), ==, "Basic dXNlcjpzZWNyZXQ=");
  g_assert_cmpstr (scripted_request_header (second, "Authorization"), ==, travels ? "Basic dXNlcjpzZWNyZXQ=" : NULL);
  g_assert_cmpstr (scripted_request_header (first, "Cookie"), ==, "session=mine");
  g_assert_cmpstr (scripted_request_header (second, "Cookie"), ==, travels ? "session=mine" : NULL);
  g_assert_cmpstr (scripted_request_header (second, "X-Harmless"), ==, "yes");
}

static void
run_same_origin (Case *c)
{
  check_travel (c, FALSE, FALSE);
}

static void
run_other_origin (Case *c)
{
  check_travel (c, TRUE, FALSE);
}

static void
run_unrestricted (Case *c)
{
  check_travel (c, TRUE, TRUE);
}

/* Headers of the caller's own that are credentials stay with the origin that they were meant for. */
static void
run_own_headers (Case *c)
{
  ScriptedServer *there = case_new_server (c, SCRIPTED_SERVER_DEFAULT), *other;
  CaseTransfer *t;
  g_autofree char *elsewhere = NULL;

  other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  elsewhere = g_strdup_printf ("%s://localhost:%u/b", case_scheme (), scripted_server_port (other));
  scripted_server_on (there, "/a", scripted_answer_redirect (302, elsewhere));
  scripted_server_on (other, "/b", scripted_answer_redirect (302, scripted_server_url (there, "/c")));
  scripted_server_on (there, "/c", scripted_answer_text (200, NULL, "c"));
  t = follow (c, scripted_server_url (there, "/a"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Authorization: Custom abc", "Cookie: raw=1", "Host: named", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "c");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (there, 0), "Authorization"), ==, "Custom abc");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (there, 0), "Host"), ==, "named");
  g_assert_null (scripted_request_header (scripted_server_request (other, 0), "Authorization"));
  g_assert_null (scripted_request_header (scripted_server_request (other, 0), "Cookie"));
  g_assert_cmpstr (scripted_request_header (scripted_server_request (other, 0), "Host"), !=, "named");
}

static void
run_bearer (Case *c)
{
  ScriptedServer *there = case_new_server (c, SCRIPTED_SERVER_DEFAULT), *other;
  CaseTransfer *t;

  other = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (there, "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (there, "/b", scripted_answer_redirect (302, scripted_server_url (other, "/c")));
  scripted_server_on (other, "/c", scripted_answer_text (200, NULL, "c"));
  t = follow (c, scripted_server_url (there, "/a"));
  case_set (t, CURLOPT_XOAUTH2_BEARER, "t0k3n");
  case_set (t, CURLOPT_HTTPAUTH, (long) CURLAUTH_BEARER);
  case_run_transfer (t);
  case_check_ok (t, 200, "c");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (there, 0), "Authorization"), ==, "Bearer t0k3n");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (there, 1), "Authorization"), ==, "Bearer t0k3n");
  g_assert_null (scripted_request_header (scripted_server_request (other, 0), "Authorization"));
}

/* There and back again: the login waits at home. */
static void
run_and_back (Case *c)
{
  ScriptedServer *here = case_new_server (c, SCRIPTED_SERVER_DEFAULT), *elsewhere;
  CaseTransfer *t;

  elsewhere = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (here, "/a", scripted_answer_redirect (302, scripted_server_url (elsewhere, "/b")));
  scripted_server_on (elsewhere, "/b", scripted_answer_redirect (302, scripted_server_url (here, "/c")));
  scripted_server_on (here, "/c", scripted_answer_text (200, NULL, "c"));
  for (guint i = 0; i < 2; i++)
    {
      t = follow (c, scripted_server_url (here, "/a"));
      case_set (t, CURLOPT_USERPWD, "u:p");
      case_run_transfer (t);
      case_check_ok (t, 200, "c");
      g_assert_null (scripted_request_header (scripted_server_request (elsewhere, i), "Authorization"));
      g_assert_cmpstr (scripted_request_header (scripted_server_request (here, 2 * i + 1), "Authorization"), ==,
                       "Basic dTpw");
    }
}

/* A password in the URL is used, and neither shown in a Referer nor sent elsewhere. */
static void
run_url_credentials (Case *c)
{
  g_autofree char *url =
    g_strdup_printf ("%s://u:p%%40ss@127.0.0.1:%u/a?q#f", case_scheme (), scripted_server_port (case_server (c)));
  CaseTransfer *t;
  const ScriptedRequest *second;

  scripted_server_on (case_server (c), "/a?q", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "b"));
  t = follow (c, url);
  case_set (t, CURLOPT_AUTOREFERER, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "Authorization"), ==,
                   "Basic dTpwQHNz");
  second = scripted_server_request (case_server (c), 1);
  g_assert_cmpstr (scripted_request_header (second, "Referer"), ==, scripted_server_url (case_server (c), "/a?q"));
}

/* The body of the answer that moves is read and dropped, so that the connection can be used again. */
static void
run_long_body (Case *c)
{
  ScriptedAnswer *answer = scripted_answer_exact ("HTTP/1.1 302 F\r\nLocation: /b\r\nContent-Length: 200000\r\n\r\n");
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_pattern (answer, 1, 0, 200000));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "b"));
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  case_check_log (c, "GET /a#0 GET /b#0");
}

static void
run_second_connection (Case *c)
{
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_end (scripted_answer_exact (
                        "HTTP/1.1 302 F\r\nLocation: /b\r\nConnection: close\r\n\r\ngone"), SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "b"));
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  case_check_log (c, "GET /a#0 GET /b#1");
  g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 2);
}

/* The second answer replaces everything that is known of the first. */
static void
run_infos (Case *c)
{
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_text (302, "Location: /b\r\nContent-Type: text/one\r\n",
                                                                   "12345678"));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, "Content-Type: text/two\r\n", "b"));
  case_run_transfer (t);
  case_check_ok (t, 200, "b");
  g_assert_cmpstr (case_info_str (t, CURLINFO_CONTENT_TYPE), ==, "text/two");
  g_assert_cmpint (case_info_off (t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, 1);
  g_assert_cmpint (case_info_off (t, CURLINFO_SIZE_DOWNLOAD_T), ==, 1);
  g_assert_null (case_info_str (t, CURLINFO_REDIRECT_URL));
  g_assert_cmpint (case_info_off (t, CURLINFO_REDIRECT_TIME_T), >, 0);
}

/* A connection of its own is asked for: the first one is, and the others may go over that. */
static void
run_fresh_connection (Case *c)
{
  CaseTransfer *t = follow (c, "/a");

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_redirect (302, "/c"));
  scripted_server_on (case_server (c), "/c", scripted_answer_text (200, NULL, "arrived"));
  case_run_transfer (case_transfer (c, "/c"));
  case_set (t, CURLOPT_FRESH_CONNECT, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "arrived");
  g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 1);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 2);
}

const CaseSpec case_redirect[] = {
  { "redirect-get", run_get },
  { "redirect-not-followed", run_not_followed },
  { "redirect-methods", run_methods },
  { "redirect-head", run_head_stays_head },
  { "redirect-put-303", run_put_303 },
  { "redirect-references", run_references },
  { "redirect-fragment", run_fragment, CASE_NOT_ON_LIBCURL, "libcurl 7.88 inherits no fragments" },
  { "redirect-limit", run_limit },
  { "redirect-without-location", run_without_location },
  { "redirect-scheme-policy", run_scheme_policy },
  { "redirect-allowed-schemes", run_allowed_schemes },
  { "redirect-same-origin", run_same_origin },
  { "redirect-other-origin", run_other_origin, CASE_NOT_ON_LIBCURL, "libcurl 7.88 sends CURLOPT_COOKIE to any host" },
  { "redirect-unrestricted", run_unrestricted },
  { "redirect-own-headers", run_own_headers },
  { "redirect-bearer", run_bearer },
  { "redirect-and-back", run_and_back, CASE_NOT_ON_LIBCURL, "libcurl 7.88 has forgotten the login" },
  { "redirect-url-credentials", run_url_credentials },
  { "redirect-long-body", run_long_body },
  { "redirect-second-connection", run_second_connection },
  { "redirect-infos", run_infos },
  { "redirect-fresh-connection", run_fresh_connection },
  { NULL },
};
