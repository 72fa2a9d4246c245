/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-pair.h"

#include "gm-trust.h"
#include "zoo-token.h"

#include <dlfcn.h>
#include <gnutls/pkcs11.h>
#include <stdio.h>
#include <unistd.h>

/* A client whose key is on a token: URIs, PINs, and a token that takes its time. */

#define LABEL "Zoo card"
#define TOKEN "pkcs11:token=Zoo%20card"
#define URI TOKEN ";object=me"

static const char *const versions[] = { "NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3" };

static ZooCertificate *authority, *own; /* (owned) */
static void (*hold) (gboolean hold); /* (nullable): the token is never slow */
static int (*n_waiting) (void);
static int (*n_sessions) (void);

static GmTlsSettings *
new_settings (const char *cert,
              const char *key,
              const char *pin_code)
{
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);

  settings->ca_bytes = zoo_get_pem (scripted_tls_get_authority (), 0);
  settings->cert_file = g_ref_string_new (cert);
  settings->key_file = key != NULL ? g_ref_string_new (key) : NULL;
  settings->key_password = pin_code != NULL ? gm_secret_bytes_new (pin_code, strlen (pin_code)) : NULL;
  return settings;
}

/* ---- a visit to a server that lets nobody in without a certificate ---- */

static void
pair_init (TlsPair *pair,
           const char *version,
           GmTlsSettings *settings)
{
  ScriptedTls *tls = scripted_tls_new ();
  GmTlsPeer peer = { .settings = settings, .peer_name = GM_SPAN ("localhost"), .port = 443 };
  g_autoptr (GBytes) ca = zoo_get_pem (authority, 0);
  gnutls_datum_t data = { (void *) g_bytes_get_data (ca, NULL), (guint) g_bytes_get_size (ca) };

  tls->priority = g_strdup (version);
  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  gnutls_certificate_set_x509_trust_mem (tls->credentials, &data, GNUTLS_X509_FMT_PEM);
  tls_pair_init (pair, tls, &peer);
  gnutls_session_set_verify_cert (pair->server, NULL, 0);
}

static void
pair_clear (TlsPair *pair)
{
  ScriptedTls *tls = pair->tls;

  tls_pair_clear (pair);
  scripted_tls_free (tls);
}

/* The server has seen it, and both understand each other. */
static void
check_inside (TlsPair *pair)
{
  g_autoptr (GByteArray) got = g_byte_array_new ();
  unsigned int n = 0;

  tls_pair_serve (pair);
  g_assert_true (pair->server_ready);
  g_assert_nonnull (gnutls_certificate_get_peers (pair->server, &n));
  g_assert_cmpuint (n, ==, 1);
  tls_pair_say (pair, "inside", 6);
  g_assert_cmpint (tls_pair_read (pair, got, 6), ==, GM_OK);
  g_assert_cmpmem (got->data, got->len, "inside", 6);
}

/* Credentials go on a worker, and until then the process is logged in to the token, whatever is wrong with a new PIN. */
static void
forget (void)
{
  gint64 until = g_get_monotonic_time () + TURNING_LIMIT_US;

  gm_trust_forget ();
  if (n_sessions == NULL)
    return;
  while (n_sessions () > 0 && g_get_monotonic_time () < until)
    g_usleep (500);
  g_assert_cmpint (n_sessions (), ==, 0);
}

/* Takes @settings. @detail (nullable): what the error names. */
static void
check_visit (const char *version,
             GmTlsSettings *settings,
             GmResult wanted,
             const char *detail)
{
  TlsPair pair;

  forget ();
  pair_init (&pair, version, settings);
  g_assert_cmpint (tls_pair_connect (&pair), ==, wanted);
  if (wanted == GM_OK)
    check_inside (&pair);
  else
    {
      g_assert_cmpint (pair.error.result, ==, wanted);
      g_assert_cmpstr (pair.error.detail, ==, detail);
      g_assert_cmpint (pair.error.tls, <, 0);
    }
  pair_clear (&pair);
  gm_tls_settings_unref (settings);
}

static void
test_uris (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      check_visit (versions[i], new_settings (URI "?pin-value=1234", NULL, NULL), GM_OK, NULL);
      check_visit (versions[i], new_settings (URI, URI "?pin-value=%31234", NULL), GM_OK, NULL);
      check_visit (versions[i], new_settings (URI ";pin-value=1234", NULL, NULL), GM_OK, NULL);
      check_visit (versions[i], new_settings (URI "?pin-value=1234&module-name=softhsm2", NULL, NULL), GM_OK, NULL);
      check_visit (versions[i], new_settings (URI, NULL, "1234"), GM_OK, NULL);
      /* who was asked knows better than what was written once */
      check_visit (versions[i], new_settings (URI "?pin-value=4711", NULL, "1234"), GM_OK, NULL);
    }
}

/* The certificate in a file, its key on the token. */
static void
test_key_alone (void)
{
  g_autofree char *path = NULL;
  g_autoptr (GBytes) pem = zoo_get_pem (own, 0);
  int fd = g_file_open_tmp ("zoo-XXXXXX.pem", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (pem, NULL), (gssize) g_bytes_get_size (pem), NULL));
  check_visit (versions[1], new_settings (path, URI, "1234"), GM_OK, NULL);
  g_assert_cmpint (remove (path), ==, 0);
  close (fd);
}

/* No PIN is in a message, and no wrong one is tried twice. */
static void
test_refused (void)
{
  check_visit (versions[1], new_settings (URI, NULL, NULL), GM_TLS_TOKEN_PIN, LABEL);
  check_visit (versions[1], new_settings (URI "?pin-value=4711", NULL, NULL), GM_TLS_TOKEN_PIN, LABEL);
  check_visit (versions[1], new_settings (URI, NULL, "4711"), GM_TLS_TOKEN_PIN, LABEL);
  check_visit (versions[1], new_settings (TOKEN ";object=you?pin-value=1234", NULL, NULL), GM_TLS_CLIENT_CERTIFICATE,
               TOKEN ";object=you");
  check_visit (versions[1], new_settings ("pkcs11:token=Nobody;object=me?pin-value=1234&x=y", NULL, NULL),
               GM_TLS_CLIENT_CERTIFICATE, "pkcs11:token=Nobody;object=me?x=y");
}

/* ---- asked for the PIN ---- */

static void
answer (TlsPair *pair,
        const char *pin_code)
{
  g_assert_true (gm_question_is_open (&pair->question));
  pair->question.reply = pin_code != NULL ? GM_REPLY_ACCEPT : GM_REPLY_DECLINE;
  pair->question.answer = pin_code != NULL ? gm_answer_data_new (NULL, pin_code, NULL) : NULL;
}

static void
check_asked (TlsPair *pair,
             guint attempt)
{
  g_assert_cmpint (tls_pair_connect (pair), ==, GM_AGAIN);
  g_assert_true (gm_question_is_open (&pair->question));
  g_assert_cmpint (pair->question.kind, ==, GM_QUESTION_PIN);
  g_assert_cmpstr (pair->question.data->text, ==, LABEL);
  g_assert_cmpstr (pair->question.data->host, ==, "localhost");
  g_assert_cmpuint (pair->question.data->port, ==, 443);
  g_assert_cmpuint (pair->question.data->attempt, ==, attempt);
}

static void
test_asked (void)
{
  GmTlsSettings *settings = new_settings (URI, NULL, NULL);
  TlsPair pair;

  forget ();
  pair_init (&pair, versions[1], settings);
  pair.question.mask = 1u << GM_QUESTION_PIN;
  check_asked (&pair, 1);
  answer (&pair, "4711");
  check_asked (&pair, 2);
  answer (&pair, "1234");
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  check_inside (&pair);
  pair_clear (&pair);

  /* it is known now */
  pair_init (&pair, versions[0], settings);
  pair.question.mask = 1u << GM_QUESTION_PIN;
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  pair_clear (&pair);

  forget ();
  pair_init (&pair, versions[1], settings);
  pair.question.mask = 1u << GM_QUESTION_PIN;
  check_asked (&pair, 1);
  answer (&pair, NULL);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_TOKEN_PIN);
  g_assert_cmpstr (pair.error.detail, ==, LABEL);
  pair_clear (&pair);

  /* given up while somebody thinks */
  pair_init (&pair, versions[1], settings);
  pair.question.mask = 1u << GM_QUESTION_PIN;
  check_asked (&pair, 1);
  pair_clear (&pair);
  gm_tls_settings_unref (settings);
}

/* Two were asked and say the same. What is wrong is tried by one of them, and the other asks again; what is right serves
 * both, and who comes later asks nobody. */
static void
test_together (void)
{
  GmTlsSettings *settings = new_settings (URI, NULL, NULL);
  TlsPair one, other;

  forget ();
  pair_init (&one, versions[1], settings);
  pair_init (&other, versions[1], settings);
  one.question.mask = other.question.mask = 1u << GM_QUESTION_PIN;
  check_asked (&one, 1);
  check_asked (&other, 1);
  answer (&one, "4711");
  check_asked (&one, 2);
  answer (&other, "4711");
  check_asked (&other, 2);
  answer (&one, "1234");
  g_assert_cmpint (tls_pair_connect (&one), ==, GM_OK);
  answer (&other, "1234");
  g_assert_cmpint (tls_pair_connect (&other), ==, GM_OK);
  check_inside (&other);
  pair_clear (&one);
  pair_clear (&other);
  gm_tls_settings_unref (settings);
}

/* ---- a slow token ---- */

static void
wait_for (int n)
{
  gint64 until = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (n_waiting () != n && g_get_monotonic_time () < until)
    g_usleep (1000);
  g_assert_cmpint (n_waiting (), ==, n);
}

/* Turns until the token is at work; the layer has nothing to wait for below meanwhile. */
static void
go_to_signature (TlsPair *pair)
{
  gint64 until = g_get_monotonic_time () + TURNING_LIMIT_US;

  while (n_waiting () == 0 && g_get_monotonic_time () < until)
    {
      g_assert_cmpint (gm_layer_connect (pair->client), ==, GM_AGAIN);
      gm_layer_adjust (pair->client, GM_IO_NONE);
      tls_pair_serve (pair);
      turning_once (&pair->reactor, 1000);
    }
  g_assert_cmpint (n_waiting (), ==, 1);
  g_assert_cmpint (gm_layer_connect (pair->client), ==, GM_AGAIN);
  gm_layer_adjust (pair->client, GM_IO_NONE);
  g_assert_cmpint (pair->want, ==, GM_IO_NONE);
}

static void
test_slow (gconstpointer data)
{
  GmTlsSettings *settings = new_settings (URI, NULL, "1234");
  gboolean patient = data != NULL;
  TlsPair pair;

  if (hold == NULL)
    {
      g_test_skip ("no module here that could be slow");
      gm_tls_settings_unref (settings);
      return;
    }

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      gm_trust_forget ();
      hold (TRUE);
      pair_init (&pair, versions[i], settings);
      go_to_signature (&pair);
      if (patient)
        {
          hold (FALSE);
          g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
          check_inside (&pair);
        }
      pair_clear (&pair);
      gm_trust_forget (); /* the last reference is the worker's */
      hold (FALSE);
      wait_for (0);
    }
  gm_tls_settings_unref (settings);
}

static void
find_slow_token (void)
{
#ifdef SLOW_TOKEN
  void *module = g_file_test (SLOW_TOKEN, G_FILE_TEST_EXISTS) ? dlopen (SLOW_TOKEN, RTLD_NOW) : NULL;

  if (module != NULL)
    {
      *(void **) (&hold) = dlsym (module, "slow_token_hold");
      *(void **) (&n_waiting) = dlsym (module, "slow_token_n_waiting");
      *(void **) (&n_sessions) = dlsym (module, "slow_token_n_sessions");
    }
  zoo_token_start (hold != NULL ? SLOW_TOKEN : NULL);
#else
  zoo_token_start (NULL);
#endif
}

static void
test_nothing (void)
{
  g_test_skip ("SoftHSM is not installed");
}

int
main (int argc,
      char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  authority = zoo_make (&(ZooSpec){ .subject = "Clients", .ca = TRUE }, NULL);
  own = zoo_make (&(ZooSpec){ .subject = "me", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, authority);
  if (zoo_token_make (LABEL, "1234", own))
    {
      find_slow_token ();
      g_test_add_func ("/tls-token/uris", test_uris);
      g_test_add_func ("/tls-token/key-alone", test_key_alone);
      g_test_add_func ("/tls-token/refused", test_refused);
      g_test_add_func ("/tls-token/asked", test_asked);
      g_test_add_func ("/tls-token/together", test_together);
      g_test_add_data_func ("/tls-token/slow", "patient", test_slow);
      g_test_add_data_func ("/tls-token/slow-given-up", NULL, test_slow);
    }
  else
    g_test_add_func ("/tls-token", test_nothing);

  status = g_test_run ();
  forget ();
  zoo_free (own);
  zoo_free (authority);
  return status;
}
