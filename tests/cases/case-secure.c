/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#include <string.h>

/* What the C face says about TLS, and what is set for it. */

static ScriptedServer *
secure_server (Case *c)
{
  return c->servers->len > 0 ? case_server (c) : case_new_server (c, SCRIPTED_SERVER_TLS);
}

static CaseTransfer *
secure (Case *c,
        const char *target)
{
  ScriptedServer *server = secure_server (c);
  CaseTransfer *t = case_transfer (c, scripted_server_url (server, target));

  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  return t;
}

static void
run_good (Case *c)
{
  CaseTransfer *t = secure (c, "/a");

  scripted_server_on (secure_server (c), "/a", scripted_answer_text (200, NULL, "safe"));
  case_run_transfer (t);
  case_check_ok (t, 200, "safe");
  g_assert_cmpint (case_info (t, CURLINFO_SSL_VERIFYRESULT), ==, 0);
  g_assert_cmpint (case_info_off (t, CURLINFO_APPCONNECT_TIME_T), >, case_info_off (t, CURLINFO_CONNECT_TIME_T));
  g_assert_cmpint (case_info_off (t, CURLINFO_APPCONNECT_TIME_T), <=, case_info_off (t, CURLINFO_PRETRANSFER_TIME_T));
  g_assert_cmpint (g_ascii_strcasecmp (case_info_str (t, CURLINFO_SCHEME), "https"), ==, 0);
}

/* Nobody's word is taken for it. */
static void
run_unknown (Case *c)
{
  CaseTransfer *t = case_transfer (c, scripted_server_url (secure_server (c), "/a")), *off;

  case_set (t, CURLOPT_CAINFO, NULL);
  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "unsafe"));
  case_run_transfer (t);
  case_check_error (t, CURLE_PEER_FAILED_VERIFICATION);
  g_assert_cmpint (case_info (t, CURLINFO_SSL_VERIFYRESULT), !=, 0);
  g_assert_cmpuint (scripted_server_n_requests (secure_server (c)), ==, 0);
  off = case_transfer (c, scripted_server_url (secure_server (c), "/a"));
  case_set (off, CURLOPT_SSL_VERIFYPEER, 0L);
  case_run_transfer (off);
  case_check_ok (off, 200, "unsafe");
}

static void
run_wrong_host (Case *c)
{
  g_autofree char *url = g_strdup_printf ("https://elsewhere.example:%u/", scripted_server_port (secure_server (c)));
  g_autofree char *line = g_strdup_printf ("elsewhere.example:%u:127.0.0.1", scripted_server_port (secure_server (c)));
  CaseTransfer *t = case_transfer (c, url), *off = case_transfer (c, url);

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "other"));
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
  case_run_transfer (t);
  case_check_error (t, CURLE_PEER_FAILED_VERIFICATION);
  if (!case_on_libcurl ())
    {
      g_assert_nonnull (strstr (t->error, "elsewhere.example"));
      g_assert_nonnull (strstr (t->error, "named.example")); /* which one it is for */
    }
  case_set (off, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  case_set (off, CURLOPT_RESOLVE, case_list (off, line, NULL));
  case_set (off, CURLOPT_SSL_VERIFYHOST, 0L);
  case_run_transfer (off);
  case_check_ok (off, 200, "other");
}

static void
run_bad_file (Case *c)
{
  CaseTransfer *t = secure (c, "/a");

  case_set (t, CURLOPT_CAINFO, "/nonexistent/ca.pem");
  case_run_transfer (t);
  case_check_error (t, CURLE_SSL_CACERT_BADFILE);
}

static void
run_blob (Case *c)
{
  g_autoptr (GBytes) pem = zoo_get_pem (scripted_tls_get_authority (), 0);
  struct curl_blob blob = { (void *) g_bytes_get_data (pem, NULL), g_bytes_get_size (pem), CURL_BLOB_COPY };
  CaseTransfer *t = secure (c, "/a");

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "safe"));
  case_set (t, CURLOPT_CAINFO, NULL);
  case_set (t, CURLOPT_CAINFO_BLOB, &blob);
  case_run_transfer (t);
  case_check_ok (t, 200, "safe");
}

/* An end that nobody announced cuts a body that only the end ends, and no other. */
static void
run_truncated (Case *c)
{
  static const struct
  {
    const char *answer;
    ScriptedEnd how;
    CURLcode result;
  } cases[] = {
    { "HTTP/1.1 200 OK\r\n\r\nall of it", SCRIPTED_END_FIN, CURLE_OK },
    { "HTTP/1.1 200 OK\r\n\r\nhalf of", SCRIPTED_END_TRUNCATE, CURLE_RECV_ERROR },
    { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole", SCRIPTED_END_TRUNCATE, CURLE_OK },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart", SCRIPTED_END_TRUNCATE, CURLE_PARTIAL_FILE },
    { "", SCRIPTED_END_TRUNCATE, CURLE_GOT_NOTHING },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CaseTransfer *t = secure (c, target);

      scripted_server_on (secure_server (c), target,
                          scripted_answer_end (scripted_answer_exact (cases[i].answer), cases[i].how));
      case_run_transfer (t);
      case_check_error (t, cases[i].result);
    }
}

static void
run_pinned (Case *c)
{
  g_autofree char *wrong = zoo_get_pin (scripted_tls_get_authority ());
  CaseTransfer *t = secure (c, "/a");

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "safe"));
  case_set (t, CURLOPT_PINNEDPUBLICKEY, wrong);
  case_set (t, CURLOPT_SSL_VERIFYPEER, 0L);
  case_set (t, CURLOPT_SSL_VERIFYHOST, 0L);
  case_run_transfer (t);
  case_check_error (t, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  g_assert_cmpuint (scripted_server_n_requests (secure_server (c)), ==, 0);
}

/* Other settings, another connection; the same ones, the same; a new one with what was learnt before. */
static void
run_reuse (Case *c)
{
  CaseTransfer *first = secure (c, "/a"), *same = secure (c, "/a"), *other = secure (c, "/a"), *fresh = secure (c, "/a");

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "safe"));
  case_run_transfer (first);
  case_run_transfer (same);
  case_check_ok (same, 200, "safe");
  g_assert_cmpuint (scripted_server_n_connections (secure_server (c)), ==, 1);
  case_set (other, CURLOPT_SSL_VERIFYPEER, 0L);
  case_run_transfer (other);
  case_check_ok (other, 200, "safe");
  g_assert_cmpuint (scripted_server_n_connections (secure_server (c)), ==, 2);
  g_assert_false (g_atomic_int_get (&scripted_server_connection (secure_server (c), 1)->resumed));
  case_set (fresh, CURLOPT_FRESH_CONNECT, 1L);
  case_run_transfer (fresh);
  case_check_ok (fresh, 200, "safe");
  g_assert_cmpuint (scripted_server_n_connections (secure_server (c)), ==, 3);
  g_assert_true (g_atomic_int_get (&scripted_server_connection (secure_server (c), 2)->resumed));
}

static void
run_certinfo (Case *c)
{
  CaseTransfer *t = secure (c, "/a");
  struct curl_certinfo *info = NULL;
  gboolean has_subject = FALSE, has_cert = FALSE;

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "safe"));
  case_set (t, CURLOPT_CERTINFO, 1L);
  case_run_transfer (t);
  case_check_ok (t, 200, "safe");
  g_assert_cmpint (curl_easy_getinfo (t->easy, CURLINFO_CERTINFO, &info), ==, CURLE_OK);
  g_assert_cmpint (info->num_of_certs, ==, 1);
  for (const struct curl_slist *line = info->certinfo[0]; line != NULL; line = line->next)
    {
      has_subject = has_subject || (g_str_has_prefix (line->data, "Subject:") && strstr (line->data, "Scripted server"));
      has_cert = has_cert || g_str_has_prefix (line->data, "Cert:-----BEGIN CERTIFICATE-----");
    }
  g_assert_true (has_subject && has_cert);
}

static void
run_versions (Case *c)
{
  CaseTransfer *t = secure (c, "/a"), *old = secure (c, "/a"), *none = secure (c, "/a");

  scripted_server_on (secure_server (c), "*", scripted_answer_text (200, NULL, "safe"));
  case_set (t, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
  case_run_transfer (t);
  case_check_ok (t, 200, "safe");
  case_set (old, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2);
  case_set (old, CURLOPT_SSL_CIPHER_LIST, "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256");
  case_run_transfer (old);
  case_check_ok (old, 200, "safe");
  case_set (none, CURLOPT_SSL_CIPHER_LIST, "no such cipher");
  case_run_transfer (none);
  case_check_error (none, CURLE_SSL_CIPHER);
}

/* Who says nothing in the handshake costs its own time, not that of others. */
static void
run_silent (Case *c)
{
  ScriptedServer *deaf = case_new_server (c, SCRIPTED_SERVER_DEFAULT);
  g_autofree char *url = g_strdup_printf ("https://127.0.0.1:%u/", scripted_server_port (deaf));
  CaseTransfer *t = case_transfer (c, url);

  if ((scripted_server_more_flags & SCRIPTED_SERVER_TLS) != 0)
    return; /* it would speak */
  scripted_server_on (deaf, "@", scripted_answer_no_read (scripted_answer_stall (scripted_answer_new ())));
  case_set (t, CURLOPT_CONNECTTIMEOUT_MS, 150L);
  case_run_transfer (t);
  case_check_error (t, CURLE_OPERATION_TIMEDOUT);
}

const CaseSpec case_secure[] = {
  { "tls-good", run_good },
  { "tls-unknown-authority", run_unknown, CASE_NOT_ON_LIBCURL, "a NULL for the file is nothing at all there" },
  { "tls-wrong-host", run_wrong_host },
  { "tls-bad-file", run_bad_file },
  { "tls-blob", run_blob },
  { "tls-truncated", run_truncated, CASE_NOT_ON_LIBCURL, "OpenSSL's words for it are others" },
  { "tls-pinned", run_pinned },
  { "tls-reuse", run_reuse, CASE_NOT_ON_LIBCURL, "a new context there knows nothing of the old one" },
  { "tls-certinfo", run_certinfo },
  { "tls-versions", run_versions },
  { "tls-silent", run_silent },
  { NULL },
};
