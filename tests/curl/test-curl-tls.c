/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scripted-server.h"

#include "gm-config.h"
#if HAVE_NGHTTP2
#include "proxy-front.h"
#endif

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

  self->proxy = GPOINTER_TO_INT (data) & 1;
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

/* What there is against the certificate of the one is not told of the other. */
static void
check_verdicts (Fixture *self,
                long wanted)
{
  long of_server = -1, of_proxy = -1;

  g_assert_cmpint (curl_easy_getinfo (self->easy, CURLINFO_SSL_VERIFYRESULT, &of_server), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_getinfo (self->easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &of_proxy), ==, CURLE_OK);
  g_assert_cmpint (of_server, ==, self->proxy ? 0 : wanted);
  g_assert_cmpint (of_proxy, ==, self->proxy ? wanted : 0);
}

/* ---- whom to trust ---- */

static void
test_trust (Fixture *self,
            gconstpointer data)
{
  serve (self, NULL);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  check_verdicts (self, 20);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
  check_result (self, CURLE_OK);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 1);
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);

  trust (self);
  check_result (self, CURLE_OK);
  check_verdicts (self, 0);
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
  check_result (self, CURLE_SSL_ISSUER_ERROR);
  /* as libcurl: also where nothing else is verified, and it does not matter why it is not the one */
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
  check_result (self, CURLE_SSL_ISSUER_ERROR);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 1);
  set_text (self, CURLOPT_ISSUERCERT, CURLOPT_PROXY_ISSUERCERT, "/nonexistent");
  check_result (self, CURLE_SSL_ISSUER_ERROR);
  set_text (self, CURLOPT_ISSUERCERT, CURLOPT_PROXY_ISSUERCERT, NULL);
  set_blob (self, CURLOPT_ISSUERCERT_BLOB, CURLOPT_PROXY_ISSUERCERT_BLOB, zoo_get_pem (self->own, 0));
  check_result (self, CURLE_SSL_ISSUER_ERROR);
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
  check_verdicts (self, 23);
  set_text (self, CURLOPT_CRLFILE, CURLOPT_PROXY_CRLFILE, "/nonexistent");
  check_result (self, CURLE_SSL_CRL_BADFILE);
  set_text (self, CURLOPT_CRLFILE, CURLOPT_PROXY_CRLFILE, self->folder);
  check_result (self, CURLE_SSL_CRL_BADFILE);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0);
  check_result (self, CURLE_SSL_CRL_BADFILE);
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

/* The server knows one cipher, one group, one kind of signature; who has others does not come in, and names that nobody knows
 * are an error. */
static void
test_ciphers13 (Fixture *self,
                gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->priority = g_strdup ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM");
  serve (self, tls);
  trust (self);
  set_text (self, CURLOPT_TLS13_CIPHERS, CURLOPT_PROXY_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  set_text (self, CURLOPT_TLS13_CIPHERS, CURLOPT_PROXY_TLS13_CIPHERS, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
  check_result (self, CURLE_OK);
  set_text (self, CURLOPT_TLS13_CIPHERS, CURLOPT_PROXY_TLS13_CIPHERS, "TLS_NO_SUCH_THING");
  check_result (self, CURLE_SSL_CIPHER);
}

static void
test_groups (Fixture *self,
             gconstpointer data)
{
  static const char *const versions[] = { "NORMAL:-GROUP-ALL:+GROUP-SECP384R1:-VERS-ALL:+VERS-TLS1.2",
                                          "NORMAL:-GROUP-ALL:+GROUP-SECP384R1:-VERS-ALL:+VERS-TLS1.3" };
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->priority = g_strdup (versions[GPOINTER_TO_INT (data) >> 1]);
  serve (self, tls);
  trust (self);
  curl_easy_setopt (self->easy, CURLOPT_SSL_EC_CURVES, "X25519:P-521");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  curl_easy_setopt (self->easy, CURLOPT_SSL_EC_CURVES, "P-256:P-384");
  check_result (self, CURLE_OK);
  curl_easy_setopt (self->easy, CURLOPT_SSL_EC_CURVES, "secp384r1");
  check_result (self, CURLE_OK);
  curl_easy_setopt (self->easy, CURLOPT_SSL_EC_CURVES, "P-256:bogus");
  check_result (self, CURLE_SSL_CIPHER);
  curl_easy_setopt (self->easy, CURLOPT_SSL_EC_CURVES, ":");
  check_result (self, CURLE_SSL_CIPHER);
}

/* The server's key is on a curve. */
static void
test_signatures (Fixture *self,
                 gconstpointer data)
{
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->priority = g_strdup (GPOINTER_TO_INT (data) >> 1 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : "NORMAL:-VERS-ALL:+VERS-TLS1.2");
  serve (self, tls);
  trust (self);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SIGNATURE_ALGORITHMS, "RSA+SHA256:rsa_pss_rsae_sha256");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SIGNATURE_ALGORITHMS, "RSA+SHA256:ECDSA+SHA256");
  check_result (self, CURLE_OK);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SIGNATURE_ALGORITHMS, "ecdsa_secp256r1_sha256");
  check_result (self, CURLE_OK);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SIGNATURE_ALGORITHMS, "bogus");
  check_result (self, CURLE_SSL_CIPHER);
}

/* ---- of the server alone ---- */

/* Nothing is offered, so that HTTP/2 is not what is spoken. */
static void
test_alpn (Fixture *self,
           gconstpointer data)
{
  long version = 0;
#if HAVE_NGHTTP2
  static const char *const both[] = { "h2", "http/1.1", NULL };
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));

  tls->alpn = both;
  self->server = scripted_server_new_tls (SCRIPTED_SERVER_HTTP2, tls);
  scripted_server_on (self->server, "*", scripted_answer_text (200, NULL, "x"));
  fresh_easy (self);
  trust (self);
  check_result (self, CURLE_OK);
  curl_easy_getinfo (self->easy, CURLINFO_HTTP_VERSION, &version);
  g_assert_cmpint (version, ==, CURL_HTTP_VERSION_2_0);
#else
  serve (self, NULL);
  trust (self);
#endif
  g_assert_cmpint (curl_easy_setopt (self->easy, CURLOPT_SSL_ENABLE_ALPN, 0L), ==, CURLE_OK);
  check_result (self, CURLE_OK);
  curl_easy_getinfo (self->easy, CURLINFO_HTTP_VERSION, &version);
  g_assert_cmpint (version, ==, CURL_HTTP_VERSION_1_1);
}

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

static int
staple_cb (gnutls_session_t session,
           void *data,
           gnutls_datum_t *response)
{
  gsize len;
  const void *bytes = g_bytes_get_data (data, &len);

  response->data = gnutls_malloc (len);
  memcpy (response->data, bytes, len);
  response->size = (guint) len;
  return 0;
}

/* A session that is resumed has what was stapled to the first. */
static void
test_status_resumed (Fixture *self,
                     gconstpointer data)
{
  g_autoptr (GBytes) answer = zoo_make_ocsp (self->own, ZOO_GOOD);
  gnutls_certificate_credentials_t credentials = zoo_new_credentials (self->own, 0);

  if (answer != NULL)
    gnutls_certificate_set_ocsp_status_request_function (credentials, staple_cb, answer);
  serve (self, scripted_tls_new_with (credentials));
  trust (self);
  curl_easy_setopt (self->easy, CURLOPT_SSL_VERIFYSTATUS, 1L);
  if (answer == NULL)
    {
      g_test_skip ("there is no tool that makes answers");
      return;
    }
  for (guint i = 0; i < 3; i++)
    {
      check_result (self, CURLE_OK);
      g_assert_cmpint (scripted_server_connection (self->server, i)->resumed, ==, i > 0);
    }
  g_clear_pointer (&self->server, scripted_server_free);
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

/* ---- sessions given out ---- */

typedef struct
{
  char *key; /* (owned) */
  GBytes *hash; /* (owned) */
  GBytes *data; /* (owned) */
} Kept;

typedef struct
{
  GPtrArray *kept; /* (owned) (element-type Kept) */
  int version; /* that is expected */
  CURLcode answer;
} Keeper;

static void
kept_free (gpointer data)
{
  Kept *kept = data;

  g_free (kept->key);
  g_bytes_unref (kept->hash);
  g_bytes_unref (kept->data);
  g_free (kept);
}

static CURLcode
keep_cb (CURL *easy,
         void *user_data,
         const char *key,
         const unsigned char *hash,
         size_t hash_len,
         const unsigned char *data,
         size_t len,
         curl_off_t valid_until,
         int version,
         const char *alpn,
         size_t early_data)
{
  Keeper *keeper = user_data;
  Kept *kept = g_new0 (Kept, 1);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  g_assert_cmpint (valid_until, >, now);
  g_assert_cmpint (valid_until, <=, now + 7 * 24 * 3600);
  g_assert_cmpint (version, ==, keeper->version);
  g_assert_cmpstr (alpn, ==, NULL);
  g_assert_cmpuint (early_data, ==, 0);
  kept->key = g_strdup (key);
  kept->hash = g_bytes_new (hash, hash_len);
  kept->data = g_bytes_new (data, len);
  g_ptr_array_add (keeper->kept, kept);
  return keeper->answer;
}

static CURLcode
take_in (CURL *easy,
         const Kept *kept,
         gboolean by_key)
{
  gsize hash_len, len;
  const guint8 *hash = g_bytes_get_data (kept->hash, &hash_len), *data = g_bytes_get_data (kept->data, &len);

  return by_key ? curl_easy_ssls_import (easy, kept->key, NULL, 0, data, len)
                : curl_easy_ssls_import (easy, NULL, hash, hash_len, data, len);
}

/* Another handle, which the server knows again if @by_key or hash led to something. */
static void
check_taken_in (Fixture *self,
                const Kept *kept,
                gboolean by_key,
                gboolean resumed)
{
  guint n = scripted_server_n_connections (self->server);

  g_assert_cmpint (take_in (self->easy, kept, by_key), ==, CURLE_OK);
  trust (self);
  check_result (self, CURLE_OK);
  g_assert_cmpint (scripted_server_connection (self->server, n)->resumed, ==, resumed);
}

static void
check_refused (CURL *easy,
               const Kept *kept)
{
  g_autoptr (GByteArray) broken = g_byte_array_new ();
  gsize len;
  const guint8 *data = g_bytes_get_data (kept->data, &len), *hash = g_bytes_get_data (kept->hash, NULL);

  g_assert_cmpint (curl_easy_ssls_import (NULL, kept->key, NULL, 0, data, len), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_import (easy, NULL, NULL, 0, data, len), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_import (easy, NULL, hash, 0, data, len), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_import (easy, NULL, hash, 63, data, len), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_import (easy, kept->key, NULL, 0, data, 0), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_import (easy, kept->key, NULL, 0, NULL, len), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  for (gsize i = 1; i < len; i += 7)
    g_assert_cmpint (curl_easy_ssls_import (easy, kept->key, NULL, 0, data, i), ==, CURLE_READ_ERROR);
  g_byte_array_append (broken, data, (guint) len);
  for (guint i = 0; i < broken->len; i += 5)
    {
      broken->data[i] ^= 0x10;
      g_assert_cmpint (curl_easy_ssls_import (easy, kept->key, NULL, 0, broken->data, broken->len), ==, CURLE_READ_ERROR);
      broken->data[i] ^= 0x10;
    }
  g_assert_cmpint (curl_easy_ssls_export (easy, NULL, NULL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
  g_assert_cmpint (curl_easy_ssls_export (NULL, keep_cb, NULL), ==, CURLE_BAD_FUNCTION_ARGUMENT);
}

static void
test_sessions_out (Fixture *self,
                   gconstpointer data)
{
  gboolean is_tls13 = (GPOINTER_TO_INT (data) & 2) != 0;
  Keeper keeper = { g_ptr_array_new_with_free_func (kept_free), is_tls13 ? 0x0304 : 0x0303, CURLE_OK };
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));
  g_autofree char *start = NULL;
  const Kept *kept;

  tls->priority = g_strdup (is_tls13 ? "NORMAL:-VERS-ALL:+VERS-TLS1.3" : "NORMAL:-VERS-ALL:+VERS-TLS1.2");
  serve (self, tls);
  trust (self);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  check_result (self, CURLE_OK);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  g_assert_cmpuint (keeper.kept->len, >, 0);
  kept = keeper.kept->pdata[0];
  start = g_strdup_printf ("127.0.0.1:%u:", scripted_server_port (self->server));
  g_assert_true (g_str_has_prefix (kept->key, start));
  g_assert_nonnull (strstr (kept->key, ":ca_file="));
  g_assert_nonnull (strstr (kept->key, ":GnuTLS-3."));

  fresh_easy (self);
  check_refused (self->easy, kept);
  check_taken_in (self, kept, FALSE, TRUE);
  fresh_easy (self);
  curl_easy_setopt (self->easy, CURLOPT_SSL_VERIFYHOST, 0L);
  check_taken_in (self, kept, TRUE, FALSE);
  /* A ticket for each: what was used is gone. */
  fresh_easy (self);
  check_taken_in (self, kept, TRUE, TRUE);
  g_ptr_array_unref (keeper.kept);
}

/* Through a share, whose sessions all its handles have; and out of it again, before anybody used what came in. */
static void
test_sessions_shared (Fixture *self,
                      gconstpointer data)
{
  Keeper keeper = { g_ptr_array_new_with_free_func (kept_free), 0x0304, CURLE_OK };
  CURLSH *one = curl_share_init (), *two = curl_share_init ();
  const Kept *kept;
  guint n;

  curl_share_setopt (one, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  curl_share_setopt (two, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
  serve (self, NULL);
  trust (self);
  curl_easy_setopt (self->easy, CURLOPT_SHARE, one);
  check_result (self, CURLE_OK);
  fresh_easy (self);
  curl_easy_setopt (self->easy, CURLOPT_SHARE, one);
  keeper.answer = CURLE_AGAIN;
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_AGAIN);
  g_assert_cmpuint (keeper.kept->len, ==, 1);
  keeper.answer = CURLE_OK;
  kept = keeper.kept->pdata[0];

  curl_easy_setopt (self->easy, CURLOPT_SHARE, two);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (take_in (self->easy, kept, FALSE), ==, CURLE_OK);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  g_assert_cmpuint (keeper.kept->len, ==, 2);
  g_assert_null (((Kept *) keeper.kept->pdata[1])->key);
  g_assert_true (g_bytes_equal (((Kept *) keeper.kept->pdata[1])->hash, kept->hash));
  n = scripted_server_n_connections (self->server);
  trust (self);
  check_result (self, CURLE_OK);
  g_assert_true (scripted_server_connection (self->server, n)->resumed);

  g_clear_pointer (&self->easy, curl_easy_cleanup);
  g_assert_cmpint (curl_share_cleanup (one), ==, CURLSHE_OK);
  g_assert_cmpint (curl_share_cleanup (two), ==, CURLSHE_OK);
  g_ptr_array_unref (keeper.kept);
}

/* What was got with a certificate of ours is not given out. */
static void
test_sessions_kept (Fixture *self,
                    gconstpointer data)
{
  Keeper keeper = { g_ptr_array_new_with_free_func (kept_free), 0x0304, CURLE_OK };

  serve (self, NULL);
  trust (self);
  set_blob (self, CURLOPT_SSLCERT_BLOB, 0, zoo_get_pem (self->client, 0));
  set_blob (self, CURLOPT_SSLKEY_BLOB, 0, zoo_get_key_pem (self->client, NULL));
  check_result (self, CURLE_OK);
  check_result (self, CURLE_OK);
  g_assert_true (scripted_server_connection (self->server, 1)->resumed);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  g_assert_cmpuint (keeper.kept->len, ==, 0);
  g_ptr_array_unref (keeper.kept);
}

/* URL, file of anchors, key, file of the session: what a later run of a program does with what an earlier one kept. */
static int
run_later (char *argv[])
{
  CURL *easy = curl_easy_init ();
  g_autofree char *data = NULL;
  gsize len;
  CURLcode result;

  if (!g_file_get_contents (argv[3], &data, &len, NULL))
    return 125;
  result = curl_easy_ssls_import (easy, argv[2], NULL, 0, (guint8 *) data, len);
  curl_easy_setopt (easy, CURLOPT_URL, argv[0]);
  curl_easy_setopt (easy, CURLOPT_PROXY, "");
  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 100000L);
  curl_easy_setopt (easy, CURLOPT_CAINFO, argv[1]);
  if (result == CURLE_OK)
    result = curl_easy_perform (easy);
  curl_easy_cleanup (easy);
  return (int) result;
}

static char *own_path;

static void
test_sessions_later (Fixture *self,
                     gconstpointer data)
{
  Keeper keeper = { g_ptr_array_new_with_free_func (kept_free), 0x0304, CURLE_OK };
  g_autofree char *file = NULL;
  g_autoptr (GError) error = NULL;
  const Kept *kept;
  int status = -1;

  serve (self, NULL);
  trust (self);
  check_result (self, CURLE_OK);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  g_assert_cmpuint (keeper.kept->len, >, 0);
  kept = keeper.kept->pdata[0];
  file = save (self, "session", g_bytes_ref (kept->data));
  {
    char *argv[] = { own_path, (char *) "--later", (char *) scripted_server_url (self->server, "/"), self->authority_file, kept->key,
                     file, NULL };

    g_assert_true (g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error));
  }
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpuint (scripted_server_n_connections (self->server), ==, 2);
  g_assert_true (scripted_server_connection (self->server, 1)->resumed);
  g_ptr_array_unref (keeper.kept);
}

/* ---- logins ---- */

#if HAVE_SRP

#define LOGIN_ALONE "NORMAL:-KX-ALL:+SRP"
#define LOGIN_AND_CERTIFICATE "NORMAL:+SRP-RSA:+SRP"

static ScriptedTls *
new_login_server (Fixture *self,
                  const char *priority)
{
  ZooSpec rsa = { .subject = "here", .names = "dns:localhost ip:127.0.0.1", .rsa_bits = 2048 };
  ScriptedTls *tls;

  /* the way that has a login and a certificate knows no other kind */
  zoo_free (self->own);
  self->own = zoo_make (&rsa, self->authority);
  tls = scripted_tls_new_with (zoo_new_credentials (self->own, 0));
  tls->priority = g_strdup (priority);
  scripted_tls_set_login (tls, "somebody", "open sesame");
  return tls;
}

static void
log_in (Fixture *self,
        const char *user,
        const char *password)
{
  set_text (self, CURLOPT_TLSAUTH_TYPE, CURLOPT_PROXY_TLSAUTH_TYPE, "SRP");
  set_text (self, CURLOPT_TLSAUTH_USERNAME, CURLOPT_PROXY_TLSAUTH_USERNAME, user);
  set_text (self, CURLOPT_TLSAUTH_PASSWORD, CURLOPT_PROXY_TLSAUTH_PASSWORD, password);
}

/* Beside a certificate, which is judged as ever. Sessions and connections are those of the login. */
static void
test_login (Fixture *self,
            gconstpointer data)
{
  ScriptedTls *tls = new_login_server (self, LOGIN_AND_CERTIFICATE);
  guint n;

  serve (self, tls);
  log_in (self, "somebody", "open sesame");
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  trust (self);
  check_result (self, CURLE_OK);
  g_assert_cmpint (g_atomic_int_get (&tls->n_logins), ==, 2);
  check_result (self, CURLE_OK);
  n = scripted_server_n_connections (self->server);
  g_assert_true (scripted_server_connection (self->server, n - 1)->resumed);

  log_in (self, "somebody", "open sesam");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  log_in (self, "nobody", "open sesame");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  log_in (self, "somebody", NULL);
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  /* without the login, and then with it: neither goes on with the other's session or connection */
  log_in (self, NULL, NULL);
  check_result (self, CURLE_OK);
  n = scripted_server_n_connections (self->server);
  g_assert_false (scripted_server_connection (self->server, n - 1)->resumed);
  fresh_easy (self);
  trust (self);
  for (guint i = 0; i < 3; i++)
    {
      set_text (self, CURLOPT_TLSAUTH_USERNAME, CURLOPT_PROXY_TLSAUTH_USERNAME, i > 0 ? "somebody" : NULL);
      set_text (self, CURLOPT_TLSAUTH_PASSWORD, CURLOPT_PROXY_TLSAUTH_PASSWORD, "open sesame");
      g_assert_cmpint (curl_easy_perform (self->easy), ==, CURLE_OK);
      g_assert_cmpuint (scripted_server_n_connections (self->server), ==, n + (i > 0 ? 2 : 1));
    }
}

/* A server without certificate shows that it knows the password: enough for whoever asks for none. */
static void
test_login_alone (Fixture *self,
                  gconstpointer data)
{
  ScriptedTls *tls = new_login_server (self, LOGIN_ALONE);

  serve (self, tls);
  trust (self);
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  log_in (self, "somebody", "open sesame");
  check_result (self, CURLE_PEER_FAILED_VERIFICATION);
  set_number (self, CURLOPT_SSL_VERIFYPEER, CURLOPT_PROXY_SSL_VERIFYPEER, 0L);
  check_result (self, CURLE_OK);
  g_assert_cmpint (g_atomic_int_get (&tls->n_logins), ==, 2);
  log_in (self, "somebody", "wrong");
  check_result (self, CURLE_SSL_CONNECT_ERROR);
  set_number (self, CURLOPT_SSLVERSION, CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_3);
  check_result (self, CURLE_SSL_CIPHER);
  g_assert_cmpint (curl_easy_setopt (self->easy, pick (self, CURLOPT_TLSAUTH_TYPE, CURLOPT_PROXY_TLSAUTH_TYPE), "PSK"), ==,
                   CURLE_BAD_FUNCTION_ARGUMENT);
  set_text (self, CURLOPT_TLSAUTH_TYPE, CURLOPT_PROXY_TLSAUTH_TYPE, NULL);
  set_text (self, CURLOPT_TLSAUTH_TYPE, CURLOPT_PROXY_TLSAUTH_TYPE, "srp");
}

/* Who is sent elsewhere takes the login along only if told so, and has it again on the way back. */
static void
test_login_elsewhere (Fixture *self,
                      gconstpointer data)
{
  ScriptedTls *tls = new_login_server (self, LOGIN_AND_CERTIFICATE);
  g_autoptr (ScriptedServer) other = scripted_server_new_tls (SCRIPTED_SERVER_DEFAULT,
                                                              scripted_tls_new_with (zoo_new_credentials (self->own, 0)));
  g_autofree char *there = g_strdup_printf ("Location: %s\r\nConnection: close\r\n", scripted_server_url (other, "/"));
  g_autofree char *back = NULL;

  serve (self, tls);
  back = g_strdup_printf ("Location: %s\r\n", scripted_server_url (self->server, "/back"));
  scripted_server_on (self->server, "/", scripted_answer_text (302, there, "x"));
  scripted_server_on (other, "/", scripted_answer_text (302, back, "x"));
  trust (self);
  log_in (self, "somebody", "open sesame");
  curl_easy_setopt (self->easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt (self->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  check_result (self, CURLE_OK);
  g_assert_cmpint (g_atomic_int_get (&tls->n_logins), ==, 2);
  g_assert_cmpuint (scripted_server_n_connections (other), ==, 1);
  curl_easy_setopt (self->easy, CURLOPT_UNRESTRICTED_AUTH, 1L);
  check_result (self, CURLE_SSL_CONNECT_ERROR);
}

/* What was got by a login is not given out. */
static void
test_login_kept (Fixture *self,
                 gconstpointer data)
{
  Keeper keeper = { g_ptr_array_new_with_free_func (kept_free), 0x0303, CURLE_OK };

  serve (self, new_login_server (self, LOGIN_AND_CERTIFICATE));
  trust (self);
  log_in (self, "somebody", "open sesame");
  check_result (self, CURLE_OK);
  g_assert_cmpint (curl_easy_ssls_export (self->easy, keep_cb, &keeper), ==, CURLE_OK);
  g_assert_cmpuint (keeper.kept->len, ==, 0);
  g_ptr_array_unref (keeper.kept);
  g_assert_cmpint (curl_version_info (CURLVERSION_NOW)->features & CURL_VERSION_TLSAUTH_SRP, !=, 0);
}

#endif

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

/* ---- TLS in TLS ---- */

#if HAVE_NGHTTP2

typedef struct
{
  ScriptedServer *server; /* (owned) */
  ProxyServer *proxy; /* (owned) */
  ProxyFront *front; /* (owned): TLS before it */
} Nested;

static CURL *
nested_easy (Nested *self,
             const char *target,
             gboolean http2)
{
  CURL *easy = curl_easy_init ();

  curl_easy_setopt (easy, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt (easy, CURLOPT_TIMEOUT_MS, 100000L);
  curl_easy_setopt (easy, CURLOPT_URL, scripted_server_url (self->server, target));
  curl_easy_setopt (easy, CURLOPT_PROXY, proxy_front_url (self->front));
  curl_easy_setopt (easy, CURLOPT_PROXYTYPE, http2 ? (long) CURLPROXY_HTTPS2 : (long) CURLPROXY_HTTPS);
  return easy;
}

static void
nested_init (Nested *self,
             gboolean http2)
{
  self->server = scripted_server_new (SCRIPTED_SERVER_TLS);
  self->proxy = proxy_server_new ();
  self->front = proxy_front_new (self->proxy, http2);
  scripted_server_on (self->server, "/a", scripted_answer_text (200, NULL, "x"));
}

static void
nested_clear (Nested *self)
{
  scripted_server_free (self->server);
  proxy_front_free (self->front);
  proxy_server_free (self->proxy);
}

/* Who is not verified is the one that was named, and no other. */
static void
test_nested_verify (gconstpointer data)
{
  static const struct
  {
    gboolean ca, proxy_ca;
    long verify, proxy_verify;
    long verdict, proxy_verdict; /* neither: welcome */
  } cases[] = {
    { TRUE, TRUE, 1, 1, 0, 0 },   { TRUE, FALSE, 1, 0, 0, 0 },  { FALSE, TRUE, 0, 1, 0, 0 },
    { FALSE, FALSE, 0, 0, 0, 0 }, { FALSE, FALSE, 1, 0, 20, 0 }, { FALSE, TRUE, 1, 1, 20, 0 },
    { FALSE, FALSE, 0, 1, 0, 20 }, { TRUE, FALSE, 1, 1, 0, 20 },
  };
  Nested nested;

  nested_init (&nested, data != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      CURL *easy = nested_easy (&nested, "/a", data != NULL);
      gboolean good = cases[i].verdict == 0 && cases[i].proxy_verdict == 0;
      long of_server = -1, of_proxy = -1;

      if (cases[i].ca)
        curl_easy_setopt (easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
      if (cases[i].proxy_ca)
        curl_easy_setopt (easy, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
      curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, cases[i].verify);
      curl_easy_setopt (easy, CURLOPT_PROXY_SSL_VERIFYPEER, cases[i].proxy_verify);
      g_assert_cmpint (curl_easy_perform (easy), ==, good ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
      curl_easy_getinfo (easy, CURLINFO_SSL_VERIFYRESULT, &of_server);
      curl_easy_getinfo (easy, CURLINFO_PROXY_SSL_VERIFYRESULT, &of_proxy);
      g_assert_cmpint (of_server, ==, cases[i].verdict);
      g_assert_cmpint (of_proxy, ==, cases[i].proxy_verdict);
      curl_easy_cleanup (easy);
    }
  g_assert_cmpuint (scripted_server_n_requests (nested.server), ==, 4);
  nested_clear (&nested);
}

/* The outer end is a proper one: what counts is that of the server. */
static void
test_nested_truncated (gconstpointer data)
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
  };
  Nested nested;

  nested_init (&nested, data != NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *target = g_strdup_printf ("/%u", i);
      CURL *easy = nested_easy (&nested, target, data != NULL);

      scripted_server_on (nested.server, target,
                          scripted_answer_end (scripted_answer_exact (cases[i].answer), cases[i].how));
      curl_easy_setopt (easy, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
      curl_easy_setopt (easy, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
      g_assert_cmpint (curl_easy_perform (easy), ==, cases[i].result);
      curl_easy_cleanup (easy);
    }
  nested_clear (&nested);
}

#endif

int
main (int argc,
      char *argv[])
{
#define ADD(name, func, proxy) g_test_add ("/curl/tls/" name, Fixture, GINT_TO_POINTER (proxy), set_up, func, tear_down)
#define ADD_TWICE(name, func)                                                                                          \
  ADD ("server/" name, func, FALSE);                                                                                   \
  ADD ("proxy/" name, func, TRUE)

  own_path = argv[0];
  if (argc == 6 && strcmp (argv[1], "--later") == 0)
    return run_later (argv + 2);
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
  ADD_TWICE ("ciphers13", test_ciphers13);
  ADD ("groups-1.2", test_groups, 0);
  ADD ("groups-1.3", test_groups, 2);
  ADD ("signatures-1.2", test_signatures, 0);
  ADD ("signatures-1.3", test_signatures, 2);
  ADD ("alpn", test_alpn, FALSE);
  ADD ("status", test_status, FALSE);
  ADD ("status-resumed", test_status_resumed, FALSE);
  ADD ("sessions", test_sessions, FALSE);
  ADD ("sessions-out-1.2", test_sessions_out, 0);
  ADD ("sessions-out-1.3", test_sessions_out, 2);
  ADD ("sessions-shared", test_sessions_shared, FALSE);
  ADD ("sessions-kept", test_sessions_kept, FALSE);
  ADD ("sessions-later", test_sessions_later, FALSE);
#if HAVE_SRP
  ADD_TWICE ("login", test_login);
  ADD_TWICE ("login-alone", test_login_alone);
  ADD ("login-elsewhere", test_login_elsewhere, FALSE);
  ADD ("login-kept", test_login_kept, FALSE);
#endif
#if HAVE_NGHTTP2
  g_test_add_data_func ("/curl/tls/nested/verify", NULL, test_nested_verify);
  g_test_add_data_func ("/curl/tls/nested/verify-http2", "HTTP/2", test_nested_verify);
  g_test_add_data_func ("/curl/tls/nested/truncated", NULL, test_nested_truncated);
  g_test_add_data_func ("/curl/tls/nested/truncated-http2", "HTTP/2", test_nested_truncated);
#endif
  ADD ("session-pointer", test_session_pointer, FALSE);
  return g_test_run ();
}
