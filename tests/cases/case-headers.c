/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* Headers that the caller adds, replaces, removes or empties, logins, and what must never get on the wire. */

static const ScriptedRequest *
only_request (Case *c)
{
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
  return scripted_server_request (case_server (c), 0);
}

static void
run_own (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_HTTPHEADER,
            case_list (t, "X-One: 1", "Accept: text/plain", "Host: other.example", "X-Removed:", "X-Empty;",
                       "X-One: again", "User-Agent:", "X-Space:    wide  ", NULL));
  case_set (t, CURLOPT_USERAGENT, "nobody/1");
  case_set (t, CURLOPT_REFERER, "http://from.example/");
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  request = only_request (c);
  g_assert_null (request->problem);
  g_assert_cmpuint (scripted_request_count (request, "X-One"), ==, 2);
  g_assert_cmpstr (scripted_request_header (request, "Accept"), ==, "text/plain");
  g_assert_cmpuint (scripted_request_count (request, "Accept"), ==, 1);
  g_assert_cmpstr (scripted_request_header (request, "Host"), ==, "other.example");
  g_assert_cmpuint (scripted_request_count (request, "Host"), ==, 1);
  g_assert_cmpuint (scripted_request_count (request, "X-Removed"), ==, 0);
  g_assert_cmpstr (scripted_request_header (request, "X-Empty"), ==, "");
  g_assert_cmpuint (scripted_request_count (request, "User-Agent"), ==, 0);
  g_assert_cmpstr (scripted_request_header (request, "X-Space"), ==, "wide");
  g_assert_cmpstr (scripted_request_header (request, "Referer"), ==, "http://from.example/");
}

static void
run_removed (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Accept:", "Content-Type:", NULL));
  case_set (t, CURLOPT_POSTFIELDS, "x");
  case_run_transfer (t);
  g_assert_cmpuint (scripted_request_count (only_request (c), "Accept"), ==, 0);
  g_assert_cmpuint (scripted_request_count (only_request (c), "Content-Type"), ==, 0);
  g_assert_cmpstr (scripted_request_header (only_request (c), "Content-Length"), ==, "1");
}

static void
run_agent (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_USERAGENT, "agent/7 (x)");
  case_set (t, CURLOPT_COOKIE, "a=b; c=d");
  case_run_transfer (t);
  g_assert_cmpstr (scripted_request_header (only_request (c), "User-Agent"), ==, "agent/7 (x)");
  g_assert_cmpstr (scripted_request_header (only_request (c), "Cookie"), ==, "a=b; c=d");
}

static void
run_request_target (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/path");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_REQUEST_TARGET, "*");
  case_set (t, CURLOPT_CUSTOMREQUEST, "OPTIONS");
  case_run_transfer (t);
  case_check_ok (t, 200, "ok");
  g_assert_cmpstr (only_request (c)->target, ==, "*");
}

static void
run_basic (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/"), *other = case_transfer (c, "/");
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_USERNAME, "user name");
  case_set (t, CURLOPT_PASSWORD, "p w");
  case_run_transfer (t);
  request = only_request (c);
  g_assert_cmpstr (scripted_request_header (request, "Authorization"), ==, "Basic dXNlciBuYW1lOnAgdw==");
  case_run_transfer (other);
  g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 1), "Authorization"));
}

/* Any scheme: asked first without, then with the best one that we know. */
static void
run_any_auth (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "/",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "who"));
  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "hello"));
  case_set (t, CURLOPT_USERPWD, "u:p");
  case_set (t, CURLOPT_HTTPAUTH, (long) (CURLAUTH_BASIC | CURLAUTH_BEARER));
  case_run_transfer (t);
  case_check_ok (t, 200, "hello");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 2);
  g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 0), "Authorization"));
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 1), "Authorization"), ==,
                   "Basic dTpw");
}

/* The wrong password is tried once. */
static void
run_refused_login (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "/",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "who"));
  case_set (t, CURLOPT_USERPWD, "u:wrong");
  case_run_transfer (t);
  case_check_ok (t, 401, "who");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
  g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_AVAIL), ==, CURLAUTH_BASIC);
}

static void
run_bearer (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_XOAUTH2_BEARER, "abc.def");
  case_set (t, CURLOPT_HTTPAUTH, (long) CURLAUTH_BEARER);
  case_run_transfer (t);
  g_assert_cmpstr (scripted_request_header (only_request (c), "Authorization"), ==, "Bearer abc.def");
}

/* The head is given to the write callback too, in front of the body. */
static void
run_include (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "body"));
  case_set (t, CURLOPT_HEADER, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nbody");
}

/* No call gets more of it than of a body (which the write callback of all cases looks at). */
static void
run_include_long (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/");
  g_autofree char *value = g_strnfill (3 * CURL_MAX_WRITE_SIZE, 'v');
  g_autofree char *fields = g_strdup_printf ("X-Long: %s\r\n", value);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, fields, "body"));
  case_set (t, CURLOPT_HEADER, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, NULL);
  g_assert_cmpuint (t->body_length, ==, t->head->len + 4);
}

/* --- nothing of ours may break out of its line --- */

static void
check_refused (Case *c,
               CaseTransfer *t)
{
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_run_transfer (t);
  g_assert_cmpint (t->result, !=, CURLE_OK);
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
}

static void
run_inject_header (Case *c)
{
  static const char *const lines[] = { "X-A: b\r\nEvil: yes", "X-A: b\nEvil: yes", "X-A: b\rEvil", "X A: b",
                                       "X\tA: b" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      CaseTransfer *t = case_transfer (c, "/");
      CURLcode set = curl_easy_setopt (t->easy, CURLOPT_HTTPHEADER, case_list (t, lines[i], NULL));

      g_test_message ("line %u", i);
      if (set == CURLE_OK)
        check_refused (c, t);
    }
}

static void
run_inject_options (Case *c)
{
  static const CURLoption options[] = { CURLOPT_CUSTOMREQUEST, CURLOPT_USERAGENT, CURLOPT_REFERER, CURLOPT_COOKIE,
                                        CURLOPT_REQUEST_TARGET, CURLOPT_XOAUTH2_BEARER };

  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    {
      CaseTransfer *t = case_transfer (c, "/");

      g_test_message ("option %d", options[i]);
      if (options[i] == CURLOPT_XOAUTH2_BEARER)
        case_set (t, CURLOPT_HTTPAUTH, (long) CURLAUTH_BEARER);
      if (curl_easy_setopt (t->easy, options[i], "GET\r\nEvil: yes") == CURLE_OK)
        check_refused (c, t);
    }
}

/* In a URL they are refused before anything is sent. */
static void
run_inject_url (Case *c)
{
  static const char *const tails[] = { "/a\r\nb", "/a\nb", "/\x01", "/a\x7f" };

  for (guint i = 0; i < G_N_ELEMENTS (tails); i++)
    {
      g_autofree char *url = g_strconcat (scripted_server_url (case_server (c), ""), tails[i], NULL);
      CaseTransfer *t = case_transfer (c, url);

      case_run_transfer (t);
      case_check_error (t, CURLE_URL_MALFORMAT);
    }
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 0);
}

/* Percent-encoded they are data: they stay encoded in the path, and are refused in a user name. */
static void
run_inject_encoded (Case *c)
{
  g_autofree char *url =
    g_strdup_printf ("http://u%%0d%%0aEvil:x@127.0.0.1:%u/", scripted_server_port (case_server (c)));
  CaseTransfer *t;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_check_ok (case_get (c, "/a%0d%0aEvil"), 200, "ok");
  g_assert_cmpstr (only_request (c)->target, ==, "/a%0d%0aEvil");
  t = case_get (c, url);
  /* Either it is refused, or it is inside the encoded login. */
  if (t->result == CURLE_OK)
    g_assert_null (scripted_request_header (scripted_server_request (case_server (c), 1), "Evil"));
}

/* A request has one Host, and no byte of its path is beyond ASCII; a query is left as it is. */
static void
run_one_host (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/caf\xc3\xa9/%C3%A9?q=\xc3\xa9");
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, ""));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Host: first.test", "Host: second.test", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  request = scripted_server_request (case_server (c), 0);
  g_assert_cmpuint (scripted_request_count (request, "Host"), ==, 1);
  g_assert_cmpstr (scripted_request_header (request, "Host"), ==, "first.test");
  g_assert_cmpstr (request->target, ==, "/caf%c3%a9/%C3%A9?q=\xc3\xa9");
}

const CaseSpec case_headers[] = {
  { "headers-one-host", run_one_host },
  { "headers-own", run_own },
  { "headers-removed", run_removed },
  { "headers-agent", run_agent },
  { "headers-request-target", run_request_target },
  { "headers-basic", run_basic },
  { "headers-any-auth", run_any_auth },
  { "headers-refused-login", run_refused_login },
  { "headers-bearer", run_bearer },
  { "headers-include", run_include },
  { "headers-include-long", run_include_long },
  { "inject-header", run_inject_header, CASE_NOT_ON_LIBCURL, "libcurl sends a header line as it is" },
  { "inject-options", run_inject_options, CASE_NOT_ON_LIBCURL, "libcurl sends these options as they are" },
  { "inject-url", run_inject_url },
  { "inject-encoded", run_inject_encoded },
  { NULL },
};
