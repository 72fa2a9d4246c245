/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include <curl/curl.h>

#include <glib/gstdio.h>
#include <string.h>

/* What may be set for TLS, once for the server and once for a proxy. The scripted server plays both parts: as a proxy it is
 * asked for an http: URL, and answers by itself. */

typedef struct
{
  ScriptedServer *server; /* (owned) (nullable) */
  ZooCertificate *authority; /* (owned) */
  ZooCertificate *own; /* (owned): the server's */
  ZooCertificate *client; /* (owned) */
  char *folder; /* (owned) */
  char *authority_file; /* (owned) */
  CURL *easy; /* (owned) */
  gboolean proxy;
} Fixture;

static char *
save (Fixture *self,
      const char *name,
      GBytes *bytes)
{
  g_autoptr (GBytes) taken = bytes;
  char *path = g_build_filename (self->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, g_bytes_get_data (taken, NULL), (gssize) g_bytes_get_size (taken), NULL));
  return path;
}

static size_t
ignore (char *data,
        size_t size,
        size_t n,
        void *user_data)
{
  return size * n;
}

static void
fresh_easy (Fixture *self)
{
  g_clear_pointer (&self->easy, curl_easy_cleanup);
  self->easy = curl_easy_init ();
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt (self->easy, CURLOPT_TIMEOUT_MS, 100000L);
  if (self->server == NULL)
    return;

  curl_easy_setopt (self->easy, CURLOPT_URL,
                    self->proxy ? "http://far.example/" : scripted_server_url (self->server, "/"));
  curl_easy_setopt (self->easy, CURLOPT_PROXY, self->proxy ? scripted_server_url (self->server, "") : "");
}

static void
set_up (Fixture *self,
        gconstpointer data)
{
  ZooSpec authority = { .subject = "Authority", .ca = TRUE };
  ZooSpec own = { .subject = "here", .names = "dns:localhost ip:127.0.0.1" };
  ZooSpec client = { .subject = "me", .purpose = "" };

  self->proxy = GPOINTER_TO_INT (data);
  self->authority = zoo_make (&authority, NULL);
  self->own = zoo_make (&own, self->authority);
  self->client = zoo_make (&client, self->authority);
  self->folder = g_dir_make_tmp ("gmulti-tls-XXXXXX", NULL);
  self->authority_file = save (self, "authority.pem", zoo_get_pem (self->authority, 0));
}

/* With @tls (taken), or with a plain one. The handle trusts the authority. */
static void
serve (Fixture *self,
       ScriptedTls *tls)
{
  if (tls == NULL)
    tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));
  self->server = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT, tls);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "x"));
  fresh_easy (self);
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  GDir *dir = g_dir_open (self->folder, 0, NULL);
  const char *name;

  g_clear_pointer (&self->easy, curl_easy_cleanup);
  g_clear_pointer (&self->server, scripted_server_free);
  zoo_free (self->client);
  zoo_free (self->own);
  zoo_free (self->authority);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (self->folder, name, NULL);

      g_remove (path);
    }
  g_dir_close (dir);
  g_rmdir (self->folder);
  g_free (self->folder);
  g_free (self->authority_file);
}

static CURLoption
pick (Fixture *self,
      CURLoption server,
      CURLoption proxy)
{
  return self->proxy ? proxy : server;
}

static void
set_text (Fixture *self,
          CURLoption server,
          CURLoption proxy,
          const char *text)
{
  g_assert_cmpint (curl_easy_setopt (self->easy, pick (self, server, proxy), text), ==, CURLE_OK);
}

static void
set_number (Fixture *self,
            CURLoption server,
            CURLoption proxy,
            long number)
{
  g_assert_cmpint (curl_easy_setopt (self->easy, pick (self, server, proxy), number), ==, CURLE_OK);
}

/* Kept as a copy, whatever becomes of ours. */
static void
set_blob (Fixture *self,
          CURLoption server,
          CURLoption proxy,
          GBytes *bytes)
{
  gsize len;
  gpointer data = g_bytes_unref_to_data (bytes, &len);
  struct curl_blob blob = { data, len, CURL_BLOB_COPY };

  g_assert_cmpint (curl_easy_setopt (self->easy, pick (self, server, proxy), &blob), ==, CURLE_OK);
  memset (data, 0, len);
  g_free (data);
}

static void
trust (Fixture *self)
{
  set_text (self, CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO, self->authority_file);
}

static void
check_result (Fixture *self,
              CURLcode code)
{
  char error[CURL_ERROR_SIZE] = "";
  CURLcode result;

  curl_easy_setopt (self->easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt (self->easy, CURLOPT_ERRORBUFFER, error);
  result = curl_easy_perform (self->easy);
  g_test_message ("%d: %s", result, error);
  curl_easy_setopt (self->easy, CURLOPT_ERRORBUFFER, NULL);
  g_assert_cmpint (result, ==, code);
}

/* ---- whom to trust ---- */

static void
test_trust (Fixture *self,
            gconstpointer data)
{
  serve (self, NULL);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
  check_result (self, CURLE_OK);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 1);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);

  trust (self);
  check_result (self, CURLE_OK);
  fresh_easy (self);
  set_blob (self, CURLOPT_CAINFO_BLOB, CURLOPT_PROXY_CAINFO_BLOB, zoo_get_pem (self->authority, 0));
  check_result (self, CURLE_OK);
  fresh_easy (self);
  set_text (self, CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO, "/nonexistent");
  check_result (self, CURLE_SSL_CACERT_BADFILE);
}

static void
test_trust_folder (Fixture *self,
                   gconstpointer data)
{
  serve (self, NULL);
  set_text (self, CURLOPT_CAINFO, CURLOPT_PROXY_CAINFO, NULL);
  set_text (self, CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH, self->folder);
  check_result (self, CURLE_OK);
}

static void
test_host (Fixture *self,
           gconstpointer data)
{
  ZooSpec other = { .subject = "elsewhere", .names = "dns:elsewhere.example" };
  g_autoptr (ZooCertificate) elsewhere = zoo_make (&other, self->authority);

  serve (self, scripted_tls_new_with (zoo_new_credentials (elsewhere, 0)));
  trust (self);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_number (self, CURLOPT_SSL_VERIFYHOST, CURLOPT_PROXY_SSL_VERIFYHOST, 0);
  check_result (self, CURLE_OK);
}

static void
test_issuer (Fixture *self,
             gconstpointer data)
{
  g_autofree char *wrong = save (self, "wrong.pem", zoo_get_pem (self->own, 0));

  serve (self, NULL);
  trust (self);
  set_text (self, CURLOPT_ISSUERCERT, CURLOPT_PROXY_ISSUERCERT, self->authority_file);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_ISSUERCERT, CURLOPT_PROXY_ISSUERCERT, wrong);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_text (self, CURLOPT_ISSUERCERT, CURLOPT_PROXY_ISSUERCERT, NULL);
  set_blob (self, CURLOPT_ISSUERCERT_BLOB, CURLOPT_PROXY_ISSUERCERT_BLOB, zoo_get_pem (self->own, 0));
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_blob (self, CURLOPT_ISSUERCERT_BLOB, CURLOPT_PROXY_ISSUERCERT_BLOB, zoo_get_pem (self->authority, 0));
  check_result (self, CURLE_OK);
}

static void
test_pin (Fixture *self,
          gconstpointer data)
{
  g_autofree char *right = zoo_get_pin (self->own);
  g_autofree char *wrong = zoo_get_pin (self->client);

  serve (self, NULL);
  trust (self);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, right);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, wrong);
  check_result (self, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
}

/* … or a file with the key. */
static void
test_pin_file (Fixture *self,
               gconstpointer data)
{
  g_autofree char *right = save (self, "right.key", zoo_get_public_key (self->own, GNUTLS_X509_FMT_PEM));
  g_autofree char *right_der = save (self, "right.dkey", zoo_get_public_key (self->own, GNUTLS_X509_FMT_DER));
  g_autofree char *wrong = save (self, "wrong.key", zoo_get_public_key (self->client, GNUTLS_X509_FMT_PEM));

  serve (self, NULL);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, right);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, right_der);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, wrong);
  check_result (self, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
  set_text (self, CURLOPT_PINNEDPUBLICKEY, CURLOPT_PROXY_PINNEDPUBLICKEY, "/nonexistent");
  check_result (self, CURLE_SSL_PINNEDPUBKEYNOTMATCH);
}

static void
test_revoked (Fixture *self,
              gconstpointer data)
{
  gnutls_x509_crl_t crl;
  gnutls_datum_t text;
  g_autofree char *path = NULL;
  time_t now = time (NULL);

  gnutls_x509_crl_init (&crl);
  gnutls_x509_crl_set_version (crl, 2);
  gnutls_x509_crl_set_number (crl, "\1", 1);
  gnutls_x509_crl_set_this_update (crl, now - 3600);
  gnutls_x509_crl_set_next_update (crl, now + 3600);
  g_assert_cmpint (gnutls_x509_crl_set_crt (crl, self->own->crt, now - 3600), ==, 0);
  g_assert_cmpint (gnutls_x509_crl_sign2 (crl, self->authority->crt, self->authority->key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_x509_crl_export2 (crl, GNUTLS_X509_FMT_PEM, &text), ==, 0);
  gnutls_x509_crl_deinit (crl);
  path = save (self, "list.pem", g_bytes_new (text.data, text.size));
  gnutls_free (text.data);

  serve (self, NULL);
  trust (self);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_CRLFILE, CURLOPT_PROXY_CRLFILE, path);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_text (self, CURLOPT_CRLFILE, CURLOPT_PROXY_CRLFILE, "/nonexistent");
  check_result (self, CURLE_SSL_CACERT_BADFILE);
}

/* ---- who we are ---- */

/* A server that wants to know. */
static void
demand (Fixture *self)
{
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  serve (self, tls);
  trust (self);
}

static void
test_identity (Fixture *self,
               gconstpointer data)
{
  g_autofree char *certificate = save (self, "me.pem", zoo_get_pem (self->client, 0));
  g_autofree char *der = save (self, "me.der", zoo_get_der (self->client));
  g_autofree char *key = save (self, "key.pem", zoo_get_key_pem (self->client, NULL));
  g_autofree char *locked = save (self, "locked.pem", zoo_get_key_pem (self->client, "open sesame"));
  g_autofree char *key_der = NULL;
  gnutls_datum_t bytes;

  g_assert_cmpint (gnutls_x509_privkey_export2 (self->client->key, GNUTLS_X509_FMT_DER, &bytes), ==, 0);
  key_der = save (self, "key.der", g_bytes_new (bytes.data, bytes.size));
  gnutls_free (bytes.data);

  demand (self);
  curl_easy_setopt (self->easy, CURLOPT_FRESH_CONNECT, 1L);
  g_assert_cmpint (curl_easy_perform (self->easy), !=, CURLE_OK);

  set_text (self, CURLOPT_SSLCERT, CURLOPT_PROXY_SSLCERT, certificate);
  set_text (self, CURLOPT_SSLKEY, CURLOPT_PROXY_SSLKEY, key);
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_SSLKEY, CURLOPT_PROXY_SSLKEY, locked);
  set_text (self, CURLOPT_KEYPASSWD, CURLOPT_PROXY_KEYPASSWD, "open barley");
  check_result (self, CURLE_SSL_CERTPROBLEM);
  set_text (self, CURLOPT_KEYPASSWD, CURLOPT_PROXY_KEYPASSWD, "open sesame");
  check_result (self, CURLE_OK);

  /* each form has to be said */
  set_text (self, CURLOPT_SSLCERT, CURLOPT_PROXY_SSLCERT, der);
  check_result (self, CURLE_SSL_CERTPROBLEM);
  set_text (self, CURLOPT_SSLCERTTYPE, CURLOPT_PROXY_SSLCERTTYPE, "DER");
  set_text (self, CURLOPT_SSLKEYTYPE, CURLOPT_PROXY_SSLKEYTYPE, "DER");
  check_result (self, CURLE_SSL_CERTPROBLEM); /* the key is not yet */
  set_text (self, CURLOPT_SSLKEY, CURLOPT_PROXY_SSLKEY, key_der);
  set_text (self, CURLOPT_KEYPASSWD, CURLOPT_PROXY_KEYPASSWD, NULL);
  check_result (self, CURLE_OK);
}

static void
test_identity_blobs (Fixture *self,
                     gconstpointer data)
{
  demand (self);
  set_blob (self, CURLOPT_SSLCERT_BLOB, CURLOPT_PROXY_SSLCERT_BLOB, zoo_get_pem (self->client, 0));
  set_blob (self, CURLOPT_SSLKEY_BLOB, CURLOPT_PROXY_SSLKEY_BLOB, zoo_get_key_pem (self->client, NULL));
  check_result (self, CURLE_OK);
}

/* ---- how to speak ---- */

static void
test_versions (Fixture *self,
               gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->priority = g_strdup ("NORMAL:-VERS-ALL:+VERS-TLS1.2");
  serve (self, tls);
  trust (self);
  set_number (self, CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  set_number (self, CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  check_result (self, CURLE_OK);
  set_number (self, CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_MAX_TLSv1_2);
  check_result (self, CURLE_OK);
}

static void
test_ciphers (Fixture *self,
              gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->priority = g_strdup ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM");
  serve (self, tls);
  trust (self);
  set_text (self, CURLOPT_SSL_CIPHER_LIST, CURLOPT_PROXY_SSL_CIPHER_LIST, "NORMAL:-CIPHER-ALL:+AES-128-GCM");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  set_text (self, CURLOPT_SSL_CIPHER_LIST, CURLOPT_PROXY_SSL_CIPHER_LIST, "NO:SUCH:THING");
  check_result (self, CURLE_SSL_CIPHER);
}

/* ---- of the server alone ---- */

static void
test_status (Fixture *self,
             gconstpointer data)
{
  serve (self, NULL);
  trust (self);
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SSL_VERIFYSTATUS, 1L), ==, CURLE_OK);
  check_result (self, CURLE_SSL_INVALIDCERTSTATUS);
  curl_easy_setopt (self->easy, CURLOPT_SSL_VERIFYSTATUS, 0L);
  check_result (self, CURLE_OK);
}

static void
test_sessions (Fixture *self,
               gconstpointer data)
{
  serve (self, NULL);
  trust (self);
  check_result (self, CURLE_OK);
  check_result (self, CURLE_OK);
  g_assert_true (scripted_server_connection (self->server, 1)->resumed);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  check_result (self, CURLE_OK);
  g_assert_false (scripted_server_connection (self->server, 2)->resumed);
}

static size_t
look_cb (char *bytes,
         size_t size,
         size_t n,
         void *user_data)
{
  CURL *easy = user_data;
  struct curl_tlssessioninfo *session = NULL, *pointer = NULL;

  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_TLS_SESSION, &session), ==, CURLE_OK);
  g_assert_cmpint (session->backend, ==, CURLSSLBACKEND_GNUTLS);
  g_assert_cmpint (gnutls_protocol_get_version (session->internals), >=, GNUTLS_TLS1_2);
  g_assert_cmpint (curl_easy_getinfo (easy, CURLINFO_TLS_SSL_PTR, &pointer), ==, CURLE_OK);
  g_assert_true (pointer->internals == session->internals);
  return size * n;
}

/* There is one while there is a connection. */
static void
test_session_pointer (Fixture *self,
                      gconstpointer data)
{
  struct curl_tlssessioninfo *session = NULL;

  serve (self, NULL);
  trust (self);
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, look_cb);
  curl_easy_setopt (self->easy, CURLOPT_WRITEDATA, self->easy);
  check_result (self, CURLE_OK);
  g_assert_cmpint (curl_easy_getinfo (self->easy, CURLINFO_TLS_SESSION, &session), ==, CURLE_OK);
  g_assert_null (session->internals);
}

int
main (int argc,
      char *argv[])
{
#define ADD(name, func, proxy) g_test_add ("/curl/tls/" name, Fixture, GINT_TO_POINTER (proxy), set_up, func, tear_down)
#define ADD_TWICE(name, func)                                                                                          \
  ADD ("server/" name, func, FALSE);                                                                                   \
  ADD ("proxy/" name, func, TRUE)

  g_test_init (&argc, &argv, NULL);
  ADD_TWICE ("trust", test_trust);
  ADD_TWICE ("trust-folder", test_trust_folder);
  ADD_TWICE ("host", test_host);
  ADD_TWICE ("issuer", test_issuer);
  ADD_TWICE ("pin", test_pin);
  ADD_TWICE ("pin-file", test_pin_file);
  ADD_TWICE ("revoked", test_revoked);
  ADD_TWICE ("identity", test_identity);
  ADD_TWICE ("identity-blobs", test_identity_blobs);
  ADD_TWICE ("versions", test_versions);
  ADD_TWICE ("ciphers", test_ciphers);
  ADD ("status", test_status, FALSE);
  ADD ("sessions", test_sessions, FALSE);
  ADD ("session-pointer", test_session_pointer, FALSE);
  return g_test_run ();
}
