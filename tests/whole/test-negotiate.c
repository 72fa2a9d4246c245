/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "kdc.h"
#include "scripted-server.h"

#include <glib/gstdio.h>
#include <gssapi/gssapi.h>
#include <string.h>

/* Negotiate against a real Kerberos realm: a key server made here, a web server that takes tokens by GSSAPI itself, and
 * the C face. */

typedef struct
{
  ScriptedServer *server;
  CURL *easy;
  GString *body;
  GString *log; /* what verbose says */
  char error[CURL_ERROR_SIZE];
} Fixture;

static Kdc *kdc; /* NULL: there is none here */

/* ---- the server ---- */

/* What it does with its last token. */
typedef enum
{
  TOKEN_SENT,
  TOKEN_BROKEN,
  TOKEN_EMPTY, /* a letter, of which no byte comes; also where it says no */
  TOKEN_NONE,
  TOKEN_IN_INFO, /* as squid: Proxy-Authentication-Info */
} LastToken;

/* The test writes it before, the server's thread reads it and counts. */
static struct
{
  LastToken last_token;
  char *user; /* (owned) (nullable): who came last */
  gboolean refuse; /* whatever the token says */
  gint n_taken;
  gint n_delegated; /* those by which it could act for the user */
  gint n_forwarded; /* those that were told to a proxy */
} script;

static char *
make_last_field (const char *name,
                 const gss_buffer_desc *token)
{
  g_autofree guchar *bytes = g_memdup2 (token->value, token->length);
  g_autofree char *text = NULL;

  if (token->length == 0 || script.last_token == TOKEN_NONE)
    return g_strdup ("");
  if (script.last_token == TOKEN_EMPTY)
    return g_strdup_printf ("%s: Negotiate A\r\n", name);
  /* Deep inside, where the sum of the Kerberos message is. */
  if (script.last_token == TOKEN_BROKEN)
    bytes[token->length - 4] ^= 0x55;
  text = g_base64_encode (bytes, token->length);
  if (script.last_token == TOKEN_IN_INFO)
    name = "Proxy-Authentication-Info";

  return g_strdup_printf ("%s: Negotiate %s\r\n", name, text);
}

static void
note_user (gss_name_t name)
{
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  OM_uint32 minor;

  if (gss_display_name (&minor, name, &text, NULL) == GSS_S_COMPLETE)
    {
      g_free (script.user);
      script.user = g_strndup (text.value, text.length);
    }
  gss_release_buffer (&minor, &text);
}

/* NULL: no. Else the field with the last token, or "". */
static char *
accept_token (const char *field,
              const char *name)
{
  g_autofree guchar *bytes = NULL;
  gss_buffer_desc input = GSS_C_EMPTY_BUFFER, output = GSS_C_EMPTY_BUFFER;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_name_t client = GSS_C_NO_NAME;
  OM_uint32 minor, major, flags = 0;
  char *answer = NULL;

  if (field == NULL || !g_str_has_prefix (field, "Negotiate ") || script.refuse)
    return NULL;
  bytes = g_base64_decode (field + strlen ("Negotiate "), &input.length);
  input.value = bytes;
  major = gss_accept_sec_context (&minor, &context, GSS_C_NO_CREDENTIAL, &input, GSS_C_NO_CHANNEL_BINDINGS, &client, NULL,
                                  &output, &flags, NULL, NULL);
  if (major == GSS_S_COMPLETE)
    {
      note_user (client);
      if ((flags & GSS_C_DELEG_FLAG) != 0)
        g_atomic_int_inc (&script.n_delegated);
      answer = make_last_field (name, &output);
    }
  gss_release_buffer (&minor, &output);
  gss_release_name (&minor, &client);
  gss_delete_sec_context (&minor, &context, GSS_C_NO_BUFFER);

  return answer;
}

static ScriptedAnswer *
answer_big (const char *last)
{
  ScriptedAnswer *answer = scripted_answer_send (scripted_answer_new (), "HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n");

  scripted_answer_send (answer, last);
  scripted_answer_send (answer, "\r\nx");
  scripted_answer_delay (answer, 20);
  return scripted_answer_pattern (answer, 0, 0, 1000000);
}

/* A server, and, where it is asked as one, a proxy. */
static ScriptedAnswer *
answer_all (const ScriptedRequest *request,
        gpointer user_data)
{
  gboolean is_proxy = g_str_equal (request->method, "CONNECT") || strstr (request->target, "://") != NULL;
  const char *field = scripted_request_header (request, is_proxy ? "Proxy-Authorization" : "Authorization");
  g_autofree char *last = accept_token (field, is_proxy ? "Proxy-Authenticate" : "WWW-Authenticate");

  if (last != NULL && g_str_equal (request->target, "/big"))
    return answer_big (last);
  if (last != NULL)
    {
      g_atomic_int_inc (&script.n_taken);
      if (is_proxy)
        g_atomic_int_inc (&script.n_forwarded);
      if (g_str_equal (request->method, "CONNECT"))
        {
          g_autofree char *head = g_strdup_printf ("HTTP/1.1 200 Connected\r\n%s\r\n", last);

          return scripted_answer_exact (head);
        }
      return scripted_answer_text (200, last, "inside");
    }

  return is_proxy ? scripted_answer_text (407, "Proxy-Authenticate: Negotiate\r\n", "stop")
                  : scripted_answer_text (401, script.last_token == TOKEN_EMPTY && field != NULL
                                                 ? "WWW-Authenticate: Negotiate A\r\n"
                                                 : "WWW-Authenticate: Negotiate\r\n", "outside");
}

static ScriptedAnswer *
answer_free (const ScriptedRequest *request,
             gpointer user_data)
{
  return g_str_equal (request->method, "CONNECT") ? answer_all (request, user_data) : scripted_answer_text (200, NULL, "free");
}

/* ---- the client ---- */

static size_t
write_cb (char *data,
          size_t size,
          size_t n,
          void *user_data)
{
  Fixture *self = user_data;

  g_string_append_len (self->body, data, (gssize) (size * n));
  return size * n;
}

static int
debug_cb (CURL *easy,
          curl_infotype type,
          char *data,
          size_t len,
          void *user_data)
{
  Fixture *self = user_data;

  if (type == CURLINFO_TEXT)
    g_string_append_len (self->log, data, (gssize) len);
  return 0;
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  script.last_token = TOKEN_SENT;
  script.refuse = FALSE;
  script.n_taken = script.n_delegated = script.n_forwarded = 0;
  self->server = scripted_server_new (SCRIPTED_SERVER_DEFAULT);
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_all, NULL));
  self->body = g_string_new (NULL);
  self->log = g_string_new (NULL);
  self->easy = curl_easy_init ();
  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/"));
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, ":");
  curl_easy_setopt (self->easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_NEGOTIATE);
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, write_cb);
  curl_easy_setopt (self->easy, CURLOPT_WRITEDATA, self);
  curl_easy_setopt (self->easy, CURLOPT_DEBUGFUNCTION, debug_cb);
  curl_easy_setopt (self->easy, CURLOPT_DEBUGDATA, self);
  curl_easy_setopt (self->easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt (self->easy, CURLOPT_ERRORBUFFER, self->error);
  curl_easy_setopt (self->easy, CURLOPT_TIMEOUT, 60L);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  curl_easy_cleanup (self->easy);
  scripted_server_free (self->server);
  g_string_free (self->body, TRUE);
  g_string_free (self->log, TRUE);
  g_clear_pointer (&script.user, g_free);
}

static void
run (Fixture *self,
     CURLcode expected,
     long status,
     const char *body)
{
  CURLcode code;
  long got = 0;

  g_string_truncate (self->body, 0);
  code = curl_easy_perform (self->easy);
  if (code != expected)
    g_test_message ("%s\n%s", self->error, self->log->str);
  g_assert_cmpint (code, ==, expected);
  curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &got);
  g_assert_cmpint (got, ==, status);
  g_assert_cmpstr (self->body->str, ==, body);
}

static void
check_log (Fixture *self,
           const char *log)
{
  g_autofree char *summary = scripted_server_summary (self->server);

  g_assert_cmpstr (summary, ==, log);
}

#define ASSERT_HAS(text, what) g_assert_nonnull (strstr ((text), (what)))

/* ---- tests ---- */

static void
test_login (Fixture *self,
            gconstpointer data)
{
  run (self, CURLE_OK, 200, "inside");
  g_assert_cmpstr (script.user, ==, KDC_USER "@" KDC_REALM);
  /* Nothing else is allowed, so there is nothing to wait for. */
  check_log (self, "GET /#0");
}

/* With a choice it waits to be asked, and takes the strongest. */
static void
test_any (Fixture *self,
          gconstpointer data)
{
  long offered = 0;

  curl_easy_setopt (self->easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_ANY);
  run (self, CURLE_OK, 200, "inside");
  check_log (self, "GET /#0 GET /#0");
  curl_easy_getinfo (self->easy, CURLINFO_HTTPAUTH_AVAIL, &offered);
  g_assert_cmpint (offered, ==, CURLAUTH_NEGOTIATE);
}

static void
test_body_goes_once (Fixture *self,
                     gconstpointer data)
{
  curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, "the body");
  run (self, CURLE_OK, 200, "inside");
  check_log (self, "POST /#0");
  g_assert_cmpuint (scripted_server_request (self->server, 0)->body_length, ==, 8);
}

/* Somebody whom the server knows as this user is alone on the connection. */
static void
test_connection (Fixture *self,
                 gconstpointer data)
{
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_HTTPAUTH, (long) CURLAUTH_BASIC);
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
  run (self, CURLE_OK, 401, "outside");
  check_log (self, "GET /#0 GET /#1");
}

/* The same user goes on with his connection; whoever differs in anything gets another one, and so does nobody at all. */
static void
test_whose_connection (Fixture *self,
                       gconstpointer data)
{
  g_autofree char *cache = g_strdup (g_getenv ("KRB5CCNAME"));
  g_autofree char *same = g_strconcat ("FILE:", g_str_has_prefix (cache, "FILE:") ? cache + strlen ("FILE:") : cache, NULL);

  run (self, CURLE_OK, 200, "inside");
  run (self, CURLE_OK, 200, "inside");
  check_log (self, "GET /#0 GET /#0");

  curl_easy_setopt (self->easy, CURLOPT_USERPWD, "other:");
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, "other:word");
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_SERVICE_NAME, "web");
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_GSSAPI_DELEGATION, CURLGSSAPI_DELEGATION_FLAG);
  run (self, CURLE_OK, 200, "inside");
  /* Somebody else's tickets are somewhere else. */
  g_assert_true (g_setenv ("KRB5CCNAME", g_str_equal (same, cache) ? cache + strlen ("FILE:") : same, TRUE));
  run (self, CURLE_OK, 200, "inside");
  check_log (self, "GET /#0 GET /#0 GET /#1 GET /#2 GET /#3 GET /#4 GET /#5");
  g_assert_true (g_setenv ("KRB5CCNAME", cache, TRUE));

  /* Each finds his own again, and who says nothing finds none. */
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
  run (self, CURLE_OK, 401, "outside");
  check_log (self, "GET /#0 GET /#0 GET /#1 GET /#2 GET /#3 GET /#4 GET /#5 GET /#4 GET /#6");
}

/* One that was nobody's becomes somebody's with the first token. */
static void
test_becomes_bound (Fixture *self,
                    gconstpointer data)
{
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
  run (self, CURLE_OK, 401, "outside");
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, ":");
  run (self, CURLE_OK, 200, "inside");
  check_log (self, "GET /#0 GET /#0");
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
  run (self, CURLE_OK, 401, "outside");
  check_log (self, "GET /#0 GET /#0 GET /#1");
}

/* What a file says is known only with a connection at hand: such a one begins anew each time, and is not lent. */
static void
test_login_from_file (Fixture *self,
                      gconstpointer data)
{
  g_autofree char *path = g_build_filename (g_get_tmp_dir (), "gmulti-negotiate-XXXXXX", NULL);
  int fd = g_mkstemp (path);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_close (fd, NULL));
  g_assert_true (g_file_set_contents (path, "machine 127.0.0.1 login user password secret\n", -1, NULL));
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
  curl_easy_setopt (self->easy, CURLOPT_NETRC, (long) CURL_NETRC_REQUIRED);
  curl_easy_setopt (self->easy, CURLOPT_NETRC_FILE, path);
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
  run (self, CURLE_OK, 401, "outside");
  check_log (self, "GET /#0 GET /#1");
  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_no_ticket (Fixture *self,
                gconstpointer data)
{
  kdc_log_out (kdc);
  run (self, CURLE_OK, 401, "outside");
  ASSERT_HAS (self->log->str, "Authentication problem: Negotiate: No credentials were supplied");
  curl_easy_setopt (self->easy, CURLOPT_FAILONERROR, 1L);
  run (self, CURLE_HTTP_RETURNED_ERROR, 401, "");
  ASSERT_HAS (self->error, "401 (Negotiate: No credentials were supplied");
  g_assert_cmpint (script.n_taken, ==, 0);
}

static void
test_expired (Fixture *self,
              gconstpointer data)
{
  kdc_log_in (kdc, 1);
  g_usleep (2500000);
  curl_easy_setopt (self->easy, CURLOPT_FAILONERROR, 1L);
  run (self, CURLE_HTTP_RETURNED_ERROR, 401, "");
  ASSERT_HAS (self->error, "xpired");
  g_assert_cmpint (script.n_taken, ==, 0);
}

/* The server has a key, but does not want this user. */
static void
test_refused (Fixture *self,
              gconstpointer data)
{
  script.refuse = TRUE;
  curl_easy_setopt (self->easy, CURLOPT_FAILONERROR, 1L);
  run (self, CURLE_HTTP_RETURNED_ERROR, 401, "");
  ASSERT_HAS (self->error, "the token was not accepted");
  check_log (self, "GET /#0");
}

static void
test_service (Fixture *self,
              gconstpointer data)
{
  curl_easy_setopt (self->easy, CURLOPT_SERVICE_NAME, "web");
  run (self, CURLE_OK, 200, "inside");
  curl_easy_setopt (self->easy, CURLOPT_SERVICE_NAME, "nobody");
  run (self, CURLE_OK, 401, "outside");
  ASSERT_HAS (self->log->str, "nobody/127.0.0.1@" KDC_REALM);
  curl_easy_setopt (self->easy, CURLOPT_SERVICE_NAME, NULL);
  run (self, CURLE_OK, 200, "inside");
  g_assert_cmpint (script.n_taken, ==, 2);
}

/* The server gets what acts for the user only if that is said, and the realm's policy says nothing here. */
static void
test_delegation (Fixture *self,
                 gconstpointer data)
{
  static const struct
  {
    long delegation;
    gint n_delegated;
  } cases[] = {
    { CURLGSSAPI_DELEGATION_NONE, 0 },
    { CURLGSSAPI_DELEGATION_POLICY_FLAG, 0 },
    { CURLGSSAPI_DELEGATION_FLAG, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      curl_easy_setopt (self->easy, CURLOPT_GSSAPI_DELEGATION, cases[i].delegation);
      run (self, CURLE_OK, 200, "inside");
      g_assert_cmpint (script.n_delegated, ==, cases[i].n_delegated);
    }
}

/* Who answers is not who was asked: not a byte of it is the application's. */
static void
test_impostor (Fixture *self,
               gconstpointer data)
{
  script.last_token = TOKEN_BROKEN;
  run (self, CURLE_AUTH_ERROR, 200, "");
  ASSERT_HAS (self->error, "does not prove who it is");
}

/* GSSAPI must not take it for none: that is how another context begins. */
static void
test_empty_token (Fixture *self,
                  gconstpointer data)
{
  script.last_token = TOKEN_EMPTY;
  run (self, CURLE_AUTH_ERROR, 200, "");
  ASSERT_HAS (self->error, "does not prove who it is");

  script.refuse = TRUE;
  run (self, CURLE_OK, 401, "outside");
  ASSERT_HAS (self->log->str, "Authentication problem: Negotiate: ");
}

/* More than what is read at once, and a pause behind the head, while the proof is looked at. */
static void
test_big (Fixture *self,
          gconstpointer data)
{
  curl_off_t size = 0;

  curl_easy_setopt (self->easy, CURLOPT_URL, scripted_server_url (self->server, "/big"));
  g_assert_cmpint (curl_easy_perform (self->easy), ==, CURLE_OK);
  curl_easy_getinfo (self->easy, CURLINFO_SIZE_DOWNLOAD_T, &size);
  g_assert_cmpint (size, ==, 1000001);
  g_assert_cmpuint (self->body->len, ==, 1000001);
}

static void
test_no_last_token (Fixture *self,
                    gconstpointer data)
{
  script.last_token = TOKEN_NONE;
  run (self, CURLE_OK, 200, "inside");
}

static void
use_proxy (Fixture *self,
           gboolean tunnel)
{
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_free, NULL));
  curl_easy_setopt (self->easy, CURLOPT_PROXY, scripted_server_url (self->server, ""));
  curl_easy_setopt (self->easy, CURLOPT_PROXYUSERPWD, ":");
  curl_easy_setopt (self->easy, CURLOPT_PROXYAUTH, (long) CURLAUTH_NEGOTIATE);
  curl_easy_setopt (self->easy, CURLOPT_HTTPPROXYTUNNEL, tunnel ? 1L : 0L);
  curl_easy_setopt (self->easy, CURLOPT_USERPWD, NULL);
}

static void
test_tunnel (Fixture *self,
             gconstpointer data)
{
  long offered = 0;

  use_proxy (self, TRUE);
  curl_easy_setopt (self->easy, CURLOPT_PROXYAUTH, (long) CURLAUTH_ANY);
  run (self, CURLE_OK, 200, "free");
  g_assert_cmpint (script.n_forwarded, ==, 1);
  g_assert_null (scripted_request_header (scripted_server_request (self->server, 2), "Proxy-Authorization"));
  curl_easy_getinfo (self->easy, CURLINFO_PROXYAUTH_AVAIL, &offered);
  g_assert_cmpint (offered, ==, CURLAUTH_NEGOTIATE);
}

static void
test_tunnel_service (Fixture *self,
                     gconstpointer data)
{
  use_proxy (self, TRUE);
  curl_easy_setopt (self->easy, CURLOPT_PROXY_SERVICE_NAME, "nobody");
  run (self, CURLE_RECV_ERROR, 0, "");
  ASSERT_HAS (self->error, "nobody/127.0.0.1@" KDC_REALM);
  curl_easy_setopt (self->easy, CURLOPT_PROXY_SERVICE_NAME, "web");
  run (self, CURLE_OK, 200, "free");
  g_assert_cmpint (script.n_forwarded, ==, 1);
}

static void
test_tunnel_impostor (Fixture *self,
                      gconstpointer data)
{
  script.last_token = TOKEN_BROKEN;
  use_proxy (self, TRUE);
  run (self, CURLE_AUTH_ERROR, 0, "");
  ASSERT_HAS (self->error, "does not prove who it is");
  g_assert_cmpuint (scripted_server_n_requests (self->server), ==, 1);
}

static void
test_forwarded (Fixture *self,
                gconstpointer data)
{
  scripted_server_on (self->server, "*", scripted_answer_handler (scripted_answer_new (), answer_all, NULL));
  use_proxy (self, FALSE);
  run (self, CURLE_OK, 200, "inside");
  g_assert_cmpint (script.n_forwarded, ==, 1);
  g_assert_null (scripted_request_header (scripted_server_request (self->server, 0), "Authorization"));
}

static const KdcTest tests[] = {
  KDC_TEST ("/negotiate/login", test_login),
  KDC_TEST ("/negotiate/any", test_any),
  KDC_TEST ("/negotiate/body-goes-once", test_body_goes_once),
  KDC_TEST ("/negotiate/connection", test_connection),
  KDC_TEST ("/negotiate/whose-connection", test_whose_connection),
  KDC_TEST ("/negotiate/becomes-bound", test_becomes_bound),
  KDC_TEST ("/negotiate/login-from-file", test_login_from_file),
  KDC_TEST ("/negotiate/no-ticket", test_no_ticket),
  KDC_TEST ("/negotiate/expired", test_expired),
  KDC_TEST ("/negotiate/refused", test_refused),
  KDC_TEST ("/negotiate/service", test_service),
  KDC_TEST ("/negotiate/delegation", test_delegation),
  KDC_TEST ("/negotiate/impostor", test_impostor),
  KDC_TEST ("/negotiate/empty-token", test_empty_token),
  KDC_TEST ("/negotiate/big", test_big),
  KDC_TEST ("/negotiate/no-last-token", test_no_last_token),
  KDC_TEST ("/negotiate/tunnel", test_tunnel),
  KDC_TEST ("/negotiate/tunnel-service", test_tunnel_service),
  KDC_TEST ("/negotiate/tunnel-impostor", test_tunnel_impostor),
  KDC_TEST ("/negotiate/forwarded", test_forwarded),
};

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  curl_global_init (CURL_GLOBAL_ALL);
  return kdc_run_tests (&kdc, tests, G_N_ELEMENTS (tests), sizeof (Fixture), (GTestFixtureFunc) set_up,
                        (GTestFixtureFunc) tear_down);
}
