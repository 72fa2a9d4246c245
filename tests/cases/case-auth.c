/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include "digest-server.h"

#include <glib/gstdio.h>

/* Logins: what is asked for, what is answered, and what is not given away. */

#define USER DIGEST_USER
#define PASSWORD DIGEST_PASSWORD
#define BASIC "Basic dXNlcjpzZWNyZXQ="

/* The server's thread reads it until the case is over; one case runs at a time. */
static DigestServer *
digest_on (ScriptedServer *server,
           const char *key)
{
  static DigestServer digest;

  digest = (DigestServer){ .qop = "auth" };
  scripted_server_on (server, key, scripted_answer_handler (scripted_answer_new (), digest_server_answer, &digest));

  return &digest;
}

static CaseTransfer *
login (Case *c,
       const char *url,
       gulong schemes)
{
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_USERPWD, USER ":" PASSWORD);
  case_set (t, CURLOPT_HTTPAUTH, (long) schemes);
  return t;
}

static const char *
sent (Case *c,
      guint number)
{
  return scripted_request_header (scripted_server_request (case_server (c), number), "Authorization");
}

static void
check_scheme (Case *c,
              guint number,
              const char *scheme)
{
  const char *field = sent (c, number);

  g_assert_nonnull (field);
  g_assert_true (g_str_has_prefix (field, scheme));
}

/* ---- Digest ---- */

static void
check_algorithm (Case *c,
                 const char *algorithm)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/path?query=1", CURLAUTH_DIGEST);

  if (algorithm != NULL && !digest_server_knows (algorithm))
    {
      g_test_skip ("no such sums can be made here");
      return;
    }
  digest->algorithm = algorithm;
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  /* Both on one connection: the refusal's body was read away. */
  case_check_log (c, "GET /path?query=1#0 GET /path?query=1#0");
  g_assert_null (sent (c, 0));
  g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_AVAIL), ==, CURLAUTH_DIGEST);
}

static void
run_digest (Case *c)
{
  check_algorithm (c, NULL);
}

static void
run_digest_md5_sess (Case *c)
{
  check_algorithm (c, "MD5-sess");
}

static void
run_digest_sha256 (Case *c)
{
  check_algorithm (c, "SHA-256");
}

static void
run_digest_sha256_sess (Case *c)
{
  check_algorithm (c, "SHA-256-sess");
}

static void
run_digest_sha512 (Case *c)
{
  check_algorithm (c, "SHA-512-256");
}

static void
run_digest_sha512_sess (Case *c)
{
  check_algorithm (c, "SHA-512-256-sess");
}

/* RFC 2069: no quality of protection, no counting. */
static void
run_digest_old (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->qop = NULL;
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
}

static void
run_digest_userhash (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->algorithm = "SHA-256";
  digest->userhash = TRUE;
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_null (strstr (sent (c, 1), "\"" USER "\""));
}

/* The body is in the sum, be it that there is none. */
static void
run_digest_auth_int (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST), *post = login (c, "/", CURLAUTH_DIGEST);

  digest->qop = "auth-int";
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  digest->algorithm = "SHA-256-sess";
  case_set (post, CURLOPT_POSTFIELDS, "the body");
  case_run_transfer (post);
  case_check_ok (post, 200, "inside");
}

/* One that cannot be summed up before it is sent: nothing is guessed, and why is said. */
static void
run_digest_auth_int_stream (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->qop = "auth-int";
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_upload_from (t, g_bytes_new_static ("the body", 8), 0);
  case_set (t, CURLOPT_FAILONERROR, 1L);
  case_run_transfer (t);
  case_check_error (t, CURLE_HTTP_RETURNED_ERROR);
  g_assert_nonnull (strstr (t->error, "a sum of the body"));
}

/* Where both are offered the body is left out: nobody need have it in memory. */
static void
run_digest_auth_or_int (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->qop = "auth-int, auth";
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_nonnull (strstr (sent (c, 1), "qop=auth,"));
}

/* The next nonce comes with each answer, and nobody is asked again. */
static void
run_digest_next_nonce (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->next_nonce = TRUE;
  for (guint i = 0; i < 3; i++)
    {
      case_run_transfer (t);
      case_check_ok (t, 200, "inside");
      case_remove (t);
      case_rewind (t);
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 4);
}

/* The server plays a proxy that requests are forwarded by. */
static void
check_proxy (Case *c,
             const DigestServer *like)
{
  ScriptedServer *proxy = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  DigestServer *digest = digest_on (proxy, "*");
  CaseTransfer *t = case_transfer (c, "http://far.example/path");

  *digest = *like;
  digest->is_proxy = TRUE;
  case_set (t, CURLOPT_PROXY, scripted_server_url (proxy, ""));
  case_set (t, CURLOPT_PROXYUSERPWD, USER ":" PASSWORD);
  case_set (t, CURLOPT_PROXYAUTH, (long) CURLAUTH_ANY);
  for (guint i = 0; i < 2; i++)
    {
      case_run_transfer (t);
      case_check_ok (t, 200, "inside");
      g_assert_cmpint (case_info (t, CURLINFO_PROXYAUTH_AVAIL), ==, i == 0 ? CURLAUTH_DIGEST : 0);
      case_remove (t);
      case_rewind (t);
    }
  /* Asked once. */
  g_assert_cmpuint (scripted_server_n_requests (proxy), ==, 3);
}

static void
run_proxy_digest (Case *c)
{
  check_proxy (c, &(DigestServer){ .qop = "auth" });
}

static void
run_proxy_digest_sess (Case *c)
{
  check_proxy (c, &(DigestServer){ .qop = "auth,auth-int", .algorithm = "SHA-256-sess" });
}

static void
run_proxy_digest_next (Case *c)
{
  check_proxy (c, &(DigestServer){ .qop = "auth", .algorithm = "SHA-256", .userhash = TRUE, .next_nonce = TRUE });
}

/* A 401 behind it: both have their login in the end, and each only its own. */
static void
run_proxy_digest_behind (Case *c)
{
  static const char ask[] = "WWW-Authenticate: Basic realm=\"x\"\r\n";
  ScriptedServer *proxy = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  CaseTransfer *t = login (c, "http://far.example/", CURLAUTH_ANY);

  scripted_server_on (proxy, "http://far.example/",
                      scripted_answer_text (407, "Proxy-Authenticate: Basic realm=\"p\"\r\n", "stop"));
  scripted_server_on (proxy, "http://far.example/", scripted_answer_text (401, ask, "outside"));
  scripted_server_on (proxy, "http://far.example/", scripted_answer_text (200, NULL, "inside"));
  case_set (t, CURLOPT_PROXY, scripted_server_url (proxy, ""));
  case_set (t, CURLOPT_PROXYUSERPWD, "me:mine");
  case_set (t, CURLOPT_PROXYAUTH, (long) CURLAUTH_ANY);
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpuint (scripted_server_n_requests (proxy), ==, 3);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (proxy, 1), "Proxy-Authorization"), ==,
                   "Basic bWU6bWluZQ==");
  g_assert_null (scripted_request_header (scripted_server_request (proxy, 1), "Authorization"));
  g_assert_cmpstr (scripted_request_header (scripted_server_request (proxy, 2), "Proxy-Authorization"), ==,
                   "Basic bWU6bWluZQ==");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (proxy, 2), "Authorization"), ==, BASIC);
  g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_AVAIL), ==, CURLAUTH_BASIC);
  g_assert_cmpint (case_info (t, CURLINFO_PROXYAUTH_AVAIL), ==, CURLAUTH_BASIC);
  g_assert_cmpint (case_info (t, CURLINFO_REDIRECT_COUNT), ==, 2);
}

/* A handle that is used again goes with the nonce it has, and counts. */
static void
run_digest_counts (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->counts_needed = 1;
  for (guint i = 0; i < 4; i++)
    {
      case_run_transfer (t);
      case_check_ok (t, 200, "inside");
      case_remove (t);
      case_rewind (t);
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 5);
}

/* So does another handle: what a server asks for is known to all of a multi handle. */
static void
run_digest_shared (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY), *other = login (c, "/", CURLAUTH_ANY);

  digest->counts_needed = 1;
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  case_run_transfer (other);
  case_check_ok (other, 200, "inside");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 3);
}

static void
run_digest_wrong (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_PASSWORD, "wrong");
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  case_check_log (c, "GET /#0 GET /#0");
  g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_AVAIL), ==, CURLAUTH_DIGEST);
}

static void
run_digest_stale (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->more = ", stale=true";
  digest->always_refuse = 1;
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 3);
}

/* Always stale: there is an end to it. */
static void
run_digest_stale_loop (Case *c)
{
  DigestServer *digest = digest_on (case_server (c), "*");
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest->more = ", stale=true";
  digest->always_refuse = G_MAXUINT;
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), <=, 8);
}

static void
run_digest_head (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_NOBODY, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "");
  case_check_log (c, "HEAD /#0 HEAD /#0");
}

/* ---- bodies ---- */

static guint64
sent_body (Case *c,
           guint number)
{
  return scripted_server_request (case_server (c), number)->body_length;
}

/* A challenge is sure to come: the body waits for it. */
static void
run_post_digest (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_POSTFIELDS, "the body");
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  case_check_log (c, "POST /#0 POST /#0");
  g_assert_cmpuint (sent_body (c, 0), ==, 0);
  g_assert_cmpstr (scripted_request_header (scripted_server_request (case_server (c), 0), "Content-Length"), ==, "0");
  g_assert_cmpuint (sent_body (c, 1), ==, 8);
}

/* … and goes at once if none came. */
static void
run_post_unasked (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "inside"));
  case_set (t, CURLOPT_POSTFIELDS, "the body");
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  case_check_log (c, "POST /#0 POST /#0");
  g_assert_cmpuint (sent_body (c, 0), ==, 0);
  g_assert_cmpuint (sent_body (c, 1), ==, 8);
}

/* With a choice nobody knows whether one comes; a body that went for nothing goes again. */
static void
run_post_any (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_POSTFIELDS, "the body");
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpuint (sent_body (c, scripted_server_n_requests (case_server (c)) - 1), ==, 8);
}

static void
run_put_callback (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_UPLOAD, 1L);
  case_set (t, CURLOPT_INFILESIZE, 10L);
  case_upload_from (t, g_bytes_new_static ("0123456789", 10), 3);
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpuint (sent_body (c, scripted_server_n_requests (case_server (c)) - 1), ==, 10);
}

/* ---- choosing ---- */

static void
run_strongest (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);
  DigestServer *digest = digest_on (case_server (c), "*");

  digest->more = "\r\nWWW-Authenticate: Basic realm=\"the realm\"";
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  check_scheme (c, 1, "Digest ");
}

/* What is not allowed is not used, whatever the server says. */
static void
run_not_allowed (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST);

  scripted_server_on (case_server (c), "*",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "outside"));
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 1);
  g_assert_null (sent (c, 0));
}

/* A wrong password does not go in clear after it was refused as a sum. */
static void
run_no_downgrade (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);
  DigestServer *digest = digest_on (case_server (c), "*");

  digest->more = "\r\nWWW-Authenticate: Basic realm=\"the realm\"";
  digest->always_refuse = G_MAXUINT;
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  case_check_log (c, "GET /#0 GET /#0");
  check_scheme (c, 1, "Digest ");
}

static void
run_broken (Case *c)
{
  static const struct
  {
    const char *challenge;
    const char *why; /* (nullable) */
  } broken[] = {
    { "Digest realm=\"open", "WWW-Authenticate: quotes that are not closed" },
    { "Digest realm=x", "Digest: no nonce" },
    { "Digest realm=x, nonce=y, algorithm=ROT13", "Digest: an algorithm that is not known" },
    { "Digest realm=x, nonce=y, qop=\"auth-conf\"", "Digest: a quality of protection that is not known" },
    { "Digest realm=x, nonce=y, nonce=z", "Digest: a parameter that is there twice" },
    { "Digest", "Digest: no nonce" },
    { "Digest nonsense here", "WWW-Authenticate: something that is no parameter" },
    { "=", "WWW-Authenticate: something that names no scheme" },
    { ",,,", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autofree char *key = g_strdup_printf ("/%u", i);
      g_autofree char *field = g_strdup_printf ("WWW-Authenticate: %s\r\n", broken[i].challenge);
      g_autofree char *error = broken[i].why != NULL
                                 ? g_strdup_printf ("The requested URL returned error: 401 (%s)", broken[i].why)
                                 : g_strdup ("The requested URL returned error: 401");
      CaseTransfer *t = login (c, key, CURLAUTH_ANY), *failing = login (c, key, CURLAUTH_ANY);

      scripted_server_on (case_server (c), key, scripted_answer_text (401, field, "outside"));
      case_run_transfer (t);
      case_check_ok (t, 401, "outside");
      case_set (failing, CURLOPT_FAILONERROR, 1L);
      case_run_transfer (failing);
      case_check_error (failing, CURLE_HTTP_RETURNED_ERROR);
      g_assert_cmpstr (failing->error, ==, error);
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 2 * G_N_ELEMENTS (broken));
}

static void
run_used (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  digest_on (case_server (c), "*");
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
#ifndef CASES_ON_LIBCURL
  g_assert_cmpint (case_info (t, CURLINFO_HTTPAUTH_USED), ==, CURLAUTH_DIGEST);
#endif
}

static void
run_fail_on_error (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_DIGEST), *wrong = login (c, "/", CURLAUTH_DIGEST);

  digest_on (case_server (c), "*");
  case_set (t, CURLOPT_FAILONERROR, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  case_set (wrong, CURLOPT_FAILONERROR, 1L);
  case_set (wrong, CURLOPT_PASSWORD, "wrong");
  case_run_transfer (wrong);
  case_check_error (wrong, CURLE_HTTP_RETURNED_ERROR);
}

/* ---- connections ---- */

static void
run_closes (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  scripted_server_on (case_server (c), "#0.0",
                      scripted_answer_end (scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\n",
                                                                 "outside"),
                                           SCRIPTED_END_FIN));
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "inside"));
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  case_check_log (c, "GET /#0 GET /#1");
  g_assert_cmpstr (sent (c, 1), ==, BASIC);
}

/* ---- redirects ---- */

/* The login stays at its origin, also where the other one asks for it in the same words. */
static void
run_redirect (Case *c)
{
  CaseTransfer *t = login (c, "/a", CURLAUTH_ANY);
  ScriptedServer *there = case_new_server (c, SCRIPTED_SERVER_DEFAULT);

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, scripted_server_url (there, "/b")));
  scripted_server_on (there, "/b",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "outside"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  g_assert_cmpuint (scripted_server_n_requests (there), ==, 1);
  g_assert_null (scripted_request_header (scripted_server_request (there, 0), "Authorization"));
}

/* A redirect within the origin, behind a login. */
static void
run_redirect_here (Case *c)
{
  CaseTransfer *t = login (c, "/a", CURLAUTH_ANY);

  scripted_server_on (case_server (c), "/a",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "outside"));
  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_text (200, NULL, "inside"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpstr (sent (c, 1), ==, BASIC);
  g_assert_cmpstr (sent (c, 2), ==, BASIC);
}

static void
run_redirect_with_login (Case *c)
{
  CaseTransfer *t = login (c, "/a", CURLAUTH_BASIC);
  ScriptedServer *there = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  const char *plain = scripted_server_url (there, "/b");
  const char *host = strstr (plain, "://") + 3;
  g_autofree char *url = g_strdup_printf ("%.*syou:yours@%s", (int) (host - plain), plain, host);

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, url));
  scripted_server_on (there, "/b", scripted_answer_text (200, NULL, "inside"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpstr (scripted_request_header (scripted_server_request (there, 0), "Authorization"), ==,
                   "Basic eW91OnlvdXJz");
}

/* The user's own field is left alone, and no other takes its place. */
static void
run_own_field (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  scripted_server_on (case_server (c), "*",
                      scripted_answer_text (401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "outside"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Authorization: Own thing", NULL));
  case_run_transfer (t);
  case_check_ok (t, 401, "outside");
  for (guint i = 0; i < scripted_server_n_requests (case_server (c)); i++)
    g_assert_cmpstr (sent (c, i), ==, "Own thing");
}

/* No Kerberos here, or no ticket: the next best scheme that is offered. */
static void
run_negotiate_falls_back (Case *c)
{
  CaseTransfer *t = login (c, "/", CURLAUTH_ANY);

  scripted_server_on (case_server (c), "/",
                      scripted_answer_text (401, "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=\"x\"\r\n",
                                            "outside"));
  scripted_server_on (case_server (c), "/", scripted_answer_text (200, NULL, "inside"));
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpstr (sent (c, 1), ==, BASIC);
}

/* ---- .netrc ---- */

/* A transfer that reads @text for one; the file is gone when the case is over, or when the next is made. */
static CaseTransfer *
with_netrc (Case *c,
            const char *url,
            long use,
            const char *text)
{
  CaseTransfer *t = case_transfer (c, url);
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "case-netrc-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  case_set (t, CURLOPT_NETRC, use);
  case_set (t, CURLOPT_NETRC_FILE, path);
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  g_unlink (path);

  return t;
}

static void
run_netrc (Case *c)
{
  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_check_ok (with_netrc (c, "/", CURL_NETRC_OPTIONAL,
                             "machine other login x password y\nmachine 127.0.0.1 login user password secret\n"),
                 200, "ok");
  g_assert_cmpstr (sent (c, 0), ==, BASIC);
  case_check_ok (with_netrc (c, "/", CURL_NETRC_OPTIONAL, "machine other login x password y\n"), 200, "ok");
  g_assert_null (sent (c, 1));
  case_check_ok (with_netrc (c, "/", CURL_NETRC_IGNORED, "machine 127.0.0.1 login user password secret\n"), 200, "ok");
  g_assert_null (sent (c, 2));
}

static char *
with_user (Case *c,
           const char *login)
{
  const char *plain = scripted_server_url (case_server (c), "/");
  const char *host = strstr (plain, "://") + 3;

  return g_strdup_printf ("%.*s%s@%s", (int) (host - plain), plain, login, host);
}

static void
run_netrc_user (Case *c)
{
  static const char text[] = "machine 127.0.0.1 login other password z\nmachine 127.0.0.1 login user password secret\n";
  g_autofree char *user = with_user (c, "user");
  g_autofree char *both = with_user (c, "user:own");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_check_ok (with_netrc (c, user, CURL_NETRC_OPTIONAL, text), 200, "ok");
  g_assert_cmpstr (sent (c, 0), ==, BASIC);
  case_check_ok (with_netrc (c, both, CURL_NETRC_OPTIONAL, text), 200, "ok");
  g_assert_cmpstr (sent (c, 1), ==, "Basic dXNlcjpvd24=");
  case_check_ok (with_netrc (c, both, CURL_NETRC_REQUIRED, "machine 127.0.0.1 login user password secret"), 200, "ok");
  g_assert_cmpstr (sent (c, 2), ==, BASIC);
}

/* CVE-2024-11053 and its like: after a redirect the other host's own entry counts, and if that has no password, none. */
static void
check_netrc_redirect (Case *c,
                      const char *text,
                      const char *there_gets)
{
  const char *plain = scripted_server_url (case_server (c), "/there");
  g_autofree char *there = g_strdup_printf ("%.*slocalhost%s", (int) (strstr (plain, "://") + 3 - plain), plain,
                                            strchr (strstr (plain, "://") + 3, ':'));

  scripted_server_on (case_server (c), "/here", scripted_answer_redirect (302, there));
  scripted_server_on (case_server (c), "/there", scripted_answer_text (200, NULL, "ok"));
  case_check_ok (with_netrc (c, "/here", CURL_NETRC_OPTIONAL, text), 200, "ok");
  g_assert_cmpstr (sent (c, 0), ==, BASIC);
  g_assert_cmpstr (sent (c, 1), ==, there_gets);
}

static void
run_netrc_redirect (Case *c)
{
  check_netrc_redirect (c,
                        "machine 127.0.0.1 login user password secret\nmachine localhost login you password yours\n",
                        "Basic eW91OnlvdXJz");
}

static void
run_netrc_redirect_unknown (Case *c)
{
  check_netrc_redirect (c, "machine 127.0.0.1 login user password secret\n", NULL);
}

static void
run_netrc_redirect_empty (Case *c)
{
  check_netrc_redirect (c, "machine 127.0.0.1 login user password secret\nmachine localhost\n", NULL);
}

/* CVE-2025-0167 */
static void
run_netrc_redirect_default (Case *c)
{
  check_netrc_redirect (c, "machine 127.0.0.1 login user password secret\ndefault\n", NULL);
}

static void
run_netrc_missing (Case *c)
{
  CaseTransfer *t = case_transfer (c, "/"), *optional = case_transfer (c, "/");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "ok"));
  case_set (t, CURLOPT_NETRC, (long) CURL_NETRC_REQUIRED);
  case_set (t, CURLOPT_NETRC_FILE, "/nonexistent/netrc");
  case_run_transfer (t);
  case_check_error (t, CURLE_READ_ERROR);
  case_set (optional, CURLOPT_NETRC, (long) CURL_NETRC_OPTIONAL);
  case_set (optional, CURLOPT_NETRC_FILE, "/nonexistent/netrc");
  case_run_transfer (optional);
  case_check_ok (optional, 200, "ok");
  case_check_error (with_netrc (c, "/", CURL_NETRC_REQUIRED, "machine \"open"), CURLE_READ_ERROR);
  case_check_ok (with_netrc (c, "/", CURL_NETRC_OPTIONAL, "machine \"open"), 200, "ok");
}

/* ---- signatures ---- */

/* The vectors are Amazon's own; the real libcurl makes the same of them. */
#define SIGNED_DATE "X-Amz-Date: 20150830T123600Z"
#define SIGNED_HOST "Host: example.amazonaws.com"
#define SIGNED_PREFIX "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="

static CaseTransfer *
signed_by (Case *c,
           const char *url,
           const char *scope)
{
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_AWS_SIGV4, scope);
  case_set (t, CURLOPT_USERPWD, "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
  return t;
}

static void
run_signed (Case *c)
{
  static const struct
  {
    const char *target;
    const char *body;
    const char *sent;
  } vectors[] = {
    { "/", NULL, SIGNED_PREFIX "host;x-amz-date, "
                               "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    { "/?Param1=value1", NULL, SIGNED_PREFIX "host;x-amz-date, "
                               "Signature=a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
    { "/", "", SIGNED_PREFIX "host;x-amz-date, "
                             "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
    { "/", "Param1=value1", SIGNED_PREFIX "content-type;host;x-amz-date, "
                             "Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
  };

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      CaseTransfer *t = signed_by (c, vectors[i].target, "aws:amz:us-east-1:service");
      gboolean typed = vectors[i].body != NULL && *vectors[i].body != '\0';

      case_set (t, CURLOPT_HTTPHEADER,
                case_list (t, SIGNED_HOST, SIGNED_DATE, typed ? "Content-Type: application/x-www-form-urlencoded" : NULL, NULL));
      if (vectors[i].body != NULL)
        case_set (t, CURLOPT_POSTFIELDS, vectors[i].body);
      case_run_transfer (t);
      case_check_ok (t, 200, "known");
      g_assert_cmpstr (sent (c, i), ==, vectors[i].sent);
      /* libcurl 7.88 says it twice. */
      if (!case_on_libcurl ())
        g_assert_cmpuint (scripted_request_count (scripted_server_request (case_server (c), i), "X-Amz-Date"), ==, 1);
    }
}

/* What the newer libcurl does: the order of the query does not count, and the same field twice counts once. */
static void
run_signed_sorted (Case *c)
{
  CaseTransfer *t = signed_by (c, "/?Param2=value2&Param1=value1", "AWS:amz:us-east-1:service");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, SIGNED_HOST, SIGNED_DATE, NULL));
  case_run_transfer (t);
  g_assert_cmpstr (sent (c, 0), ==, SIGNED_PREFIX "host;x-amz-date, "
                   "Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

/* Time, and the hash for storage, are told where the user has none of his own. */
static void
run_signed_fields (Case *c)
{
  static const char empty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  CaseTransfer *t = signed_by (c, "/a", "aws:amz:r:s3"), *put = signed_by (c, "/b", "aws:amz:r:s3"),
               *other = signed_by (c, "/c", "goog:Goog:r:storage");
  const ScriptedRequest *request;

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  case_run_transfer (t);
  request = scripted_server_request (case_server (c), 0);
  g_assert_nonnull (strstr (sent (c, 0), "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "));
  g_assert_cmpstr (scripted_request_header (request, "X-Amz-Content-Sha256"), ==, empty);
  g_assert_cmpuint (strlen (scripted_request_header (request, "X-Amz-Date")), ==, 16);

  case_upload_from (put, g_bytes_new_static ("streamed", 8), 3);
  case_set (put, CURLOPT_UPLOAD, 1L);
  case_set (put, CURLOPT_INFILESIZE, 8L);
  case_run_transfer (put);
  request = scripted_server_request (case_server (c), 1);
  g_assert_cmpstr (scripted_request_header (request, "X-Amz-Content-Sha256"), ==, "UNSIGNED-PAYLOAD");

  case_run_transfer (other);
  request = scripted_server_request (case_server (c), 2);
  g_assert_true (g_str_has_prefix (sent (c, 2), "GOOG4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  g_assert_nonnull (strstr (sent (c, 2), "/r/storage/goog4_request, SignedHeaders=host;x-goog-date, "));
  g_assert_nonnull (scripted_request_header (request, "X-Goog-Date"));
  g_assert_null (scripted_request_header (request, "X-Goog-Content-Sha256"));
}

/* Without a login, with an Authorization of one's own, and with another scheme nothing is signed. */
static void
run_signed_not (Case *c)
{
  CaseTransfer *bare = case_transfer (c, "/a"), *own = signed_by (c, "/b", "aws:amz:r:s"), *basic = signed_by (c, "/c", "aws:amz:r:s");

  scripted_server_on (case_server (c), "*", scripted_answer_text (200, NULL, "known"));
  case_set (bare, CURLOPT_AWS_SIGV4, "aws:amz:r:s");
  case_run_transfer (bare);
  g_assert_null (sent (c, 0));
  case_set (own, CURLOPT_HTTPHEADER, case_list (own, "Authorization: mine", NULL));
  case_run_transfer (own);
  g_assert_cmpstr (sent (c, 1), ==, "mine");
  case_set (basic, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  case_run_transfer (basic);
  check_scheme (c, 2, "Basic ");
}

/* A redirect within the origin is signed anew, for its own path; another origin gets neither signature nor key. */
static void
run_signed_redirect (Case *c)
{
  CaseTransfer *t = signed_by (c, "/a", "aws:amz:r:s");
  ScriptedServer *far = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  g_autofree char *away = g_strdup (scripted_server_url (far, "/far"));

  scripted_server_on (case_server (c), "/a", scripted_answer_redirect (302, "/b"));
  scripted_server_on (case_server (c), "/b", scripted_answer_redirect (302, away));
  scripted_server_on (far, "/far", scripted_answer_text (200, NULL, "far"));
  case_set (t, CURLOPT_FOLLOWLOCATION, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "far");
  check_scheme (c, 0, "AWS4-HMAC-SHA256 ");
  check_scheme (c, 1, "AWS4-HMAC-SHA256 ");
  g_assert_cmpstr (sent (c, 0), !=, sent (c, 1));
  g_assert_null (scripted_request_header (scripted_server_request (far, 0), "Authorization"));
  g_assert_null (strstr (scripted_server_request (far, 0)->head, "AKIDEXAMPLE"));
}

static void
run_signed_wrong (Case *c)
{
  static const struct
  {
    const char *scope;
    const char *field;
    CURLcode result;
  } vectors[] = {
    { ":amz:r:s", NULL, CURLE_BAD_FUNCTION_ARGUMENT },
    { "aws:amz:r", NULL, CURLE_URL_MALFORMAT },
    { "aws:amz:r:s", "X-Amz-Date: yesterday", CURLE_BAD_FUNCTION_ARGUMENT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *url = g_strdup_printf ("any://localhost:%u/", scripted_server_port (case_server (c)));
      CaseTransfer *t = signed_by (c, url, vectors[i].scope);

      if (vectors[i].field != NULL)
        case_set (t, CURLOPT_HTTPHEADER, case_list (t, vectors[i].field, NULL));
      case_run_transfer (t);
      case_check_error (t, vectors[i].result);
      g_assert_null (strstr (t->error, "wJalr"));
    }
  g_assert_cmpuint (scripted_server_n_requests (case_server (c)), ==, 0);
}

const CaseSpec case_auth[] = {
  { "auth-signed", run_signed },
  { "auth-signed-sorted", run_signed_sorted, CASE_NOT_ON_LIBCURL, "libcurl 7.88 signs the query as it is written" },
  { "auth-signed-fields", run_signed_fields, CASE_NOT_ON_LIBCURL, "libcurl 7.88 says UNSIGNED-PAYLOAD for no body, too" },
  { "auth-signed-not", run_signed_not },
  { "auth-signed-redirect", run_signed_redirect },
  { "auth-signed-wrong", run_signed_wrong, CASE_NOT_ON_LIBCURL, "libcurl 7.88 signs with no time" },
  { "auth-digest", run_digest },
  { "auth-digest-md5-sess", run_digest_md5_sess },
  { "auth-digest-sha256", run_digest_sha256 },
  { "auth-digest-sha256-sess", run_digest_sha256_sess },
  { "auth-digest-sha512", run_digest_sha512, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes another sum for it" },
  { "auth-digest-sha512-sess", run_digest_sha512_sess, CASE_NOT_ON_LIBCURL, "libcurl 7.88 takes another sum for it" },
  { "auth-digest-old", run_digest_old },
  { "auth-digest-userhash", run_digest_userhash },
  { "auth-digest-auth-int", run_digest_auth_int, CASE_NOT_ON_LIBCURL, "libcurl sums up no body" },
  { "auth-digest-auth-int-stream", run_digest_auth_int_stream, CASE_NOT_ON_LIBCURL, "libcurl sums up no body" },
  { "auth-digest-auth-or-int", run_digest_auth_or_int },
  { "auth-digest-next-nonce", run_digest_next_nonce, CASE_NOT_ON_LIBCURL, "libcurl waits to be asked again" },
  { "proxy-digest", run_proxy_digest, CASE_ONLY_CLEARTEXT },
  { "proxy-digest-sess", run_proxy_digest_sess, CASE_ONLY_CLEARTEXT },
  { "proxy-digest-next", run_proxy_digest_next, CASE_ONLY_CLEARTEXT | CASE_NOT_ON_LIBCURL, "libcurl waits to be asked again" },
  { "proxy-digest-behind", run_proxy_digest_behind, CASE_ONLY_CLEARTEXT },
  { "auth-digest-counts", run_digest_counts },
  { "auth-digest-shared", run_digest_shared, CASE_NOT_ON_LIBCURL, "libcurl asks anew for each handle" },
  { "auth-digest-wrong", run_digest_wrong },
  { "auth-digest-stale", run_digest_stale },
  { "auth-digest-stale-loop", run_digest_stale_loop, CASE_NOT_ON_LIBCURL, "libcurl goes on up to its limit of redirects" },
  { "auth-digest-head", run_digest_head },
  { "auth-post-digest", run_post_digest },
  { "auth-post-unasked", run_post_unasked },
  { "auth-post-any", run_post_any },
  { "auth-put-callback", run_put_callback },
  { "auth-strongest", run_strongest },
  { "auth-not-allowed", run_not_allowed },
  { "auth-no-downgrade", run_no_downgrade },
  { "auth-broken", run_broken, CASE_NOT_ON_LIBCURL, "libcurl answers one whose quotes are not closed, and says no more" },
  { "auth-used", run_used },
  { "auth-fail-on-error", run_fail_on_error },
  { "auth-closes", run_closes },
  { "auth-redirect", run_redirect },
  { "auth-redirect-here", run_redirect_here },
  { "auth-redirect-with-login", run_redirect_with_login, CASE_NOT_ON_LIBCURL, "libcurl sends none where one was set, too" },
  { "auth-own-field", run_own_field },
  { "auth-negotiate-falls-back", run_negotiate_falls_back, CASE_NOT_ON_LIBCURL, "libcurl goes without a login then" },
  { "auth-netrc", run_netrc },
  { "auth-netrc-user", run_netrc_user },
  { "auth-netrc-redirect", run_netrc_redirect },
  { "auth-netrc-redirect-unknown", run_netrc_redirect_unknown },
  { "auth-netrc-redirect-empty", run_netrc_redirect_empty },
  { "auth-netrc-redirect-default", run_netrc_redirect_default },
  { "auth-netrc-missing", run_netrc_missing, CASE_NOT_ON_LIBCURL, "libcurl 7.88 goes on without the file" },
  { NULL },
};
