/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-pair.h"

#include "gm-tls-info.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <time.h>

/* The certificate zoo: each kind is shown by a server and accepted or refused as a browser would. */

static ZooCertificate *root;
static ZooCertificate *middle;

typedef struct
{
  const char *what;
  const char *host;
  ZooSpec spec;
  enum { BY_ROOT, BY_MIDDLE, BY_MIDDLE_NOT_SHOWN, BY_ITSELF, BY_UNKNOWN } how;
  GmResult result;
  const char *detail; /* (nullable): is in the error's detail */
} Animal;

static const Animal animals[] = {
  { "good", "www.example", { .names = "dns:www.example" }, BY_ROOT, GM_OK },
  { "good, chain of three", "www.example", { .names = "dns:www.example" }, BY_MIDDLE, GM_OK },
  { "good, RSA", "www.example", { .names = "dns:www.example", .rsa_bits = 2048 }, BY_ROOT, GM_OK },
  { "no purpose said", "www.example", { .names = "dns:www.example", .purpose = "" }, BY_ROOT, GM_OK },
  { "dot at the end", "www.example.", { .names = "dns:www.example" }, BY_ROOT, GM_OK },
  { "wildcard", "a.b.example", { .names = "dns:*.b.example" }, BY_ROOT, GM_OK },
  { "IPv4", "127.0.0.1", { .names = "ip:127.0.0.1" }, BY_ROOT, GM_OK },
  { "IPv6", "::1", { .names = "ip:::1" }, BY_ROOT, GM_OK },
  { "expired", "www.example", { .names = "dns:www.example", .from = -7200, .until = -3600 }, BY_ROOT, GM_TLS_EXPIRED },
  { "not yet valid", "www.example", { .names = "dns:www.example", .from = 3600, .until = 7200 }, BY_ROOT,
    GM_TLS_NOT_YET_VALID },
  { "wrong host", "www.example", { .names = "dns:other.example" }, BY_ROOT, GM_TLS_WRONG_HOST, "other.example" },
  { "no names", "www.example", { .subject = "www.example" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "wildcard too deep", "a.b.c.example", { .names = "dns:*.c.example" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "wildcard for the domain itself", "c.example", { .names = "dns:*.c.example" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "wildcard in a label", "abc.c.example", { .names = "dns:a*.c.example" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "wildcard for everything", "www.example", { .names = "dns:*" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "wildcard for a top level", "www.example", { .names = "dns:*.example" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "address as a name", "127.0.0.1", { .names = "dns:127.0.0.1" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "address as the subject", "127.0.0.1", { .subject = "127.0.0.1" }, BY_ROOT, GM_TLS_WRONG_HOST },
  { "another address", "127.0.0.1", { .names = "ip:127.0.0.2" }, BY_ROOT, GM_TLS_WRONG_HOST, "127.0.0.2" },
  { "self-signed", "www.example", { .names = "dns:www.example" }, BY_ITSELF, GM_TLS_SELF_SIGNED },
  { "unknown root", "www.example", { .names = "dns:www.example" }, BY_UNKNOWN, GM_TLS_UNKNOWN_CA },
  { "missing intermediate", "www.example", { .names = "dns:www.example" }, BY_MIDDLE_NOT_SHOWN, GM_TLS_UNKNOWN_CA,
    "Middle" },
  { "weak key", "www.example", { .names = "dns:www.example", .rsa_bits = 768 }, BY_ROOT, GM_TLS_WEAK },
  { "weak digest", "www.example", { .names = "dns:www.example", .digest = GNUTLS_DIG_SHA1 }, BY_ROOT, GM_TLS_WEAK },
  { "for clients", "www.example", { .names = "dns:www.example", .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, BY_ROOT,
    GM_TLS_WRONG_PURPOSE },
  { "for code", "www.example", { .names = "dns:www.example", .purpose = GNUTLS_KP_CODE_SIGNING }, BY_ROOT,
    GM_TLS_WRONG_PURPOSE },
  { "must staple and does not", "www.example", { .names = "dns:www.example", .must_staple = TRUE }, BY_ROOT,
    GM_TLS_OCSP },
};

static GmTlsSettings *
new_settings (void)
{
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);

  settings->ca_bytes = zoo_get_pem (root, 0);
  return settings;
}

static GmResult
show_to (GmTlsSettings *settings,
         gnutls_certificate_credentials_t credentials,
         const char *host,
         char **detail)
{
  ScriptedTls *tls = scripted_tls_new_with (credentials);
  GmTlsPeer peer = { .settings = settings, .peer_name = gm_span (host, strlen (host)), .port = 443 };
  GmResult result;
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  result = tls_pair_connect (&pair);
  g_assert_cmpint (pair.error.result, ==, result);
  if (result != GM_OK)
    {
      char byte;
      gsize n;

      g_assert_cmpint (pair.error.phase, ==, GM_PHASE_TLS);
      g_assert_cmpint (gm_layer_send (pair.client, "x", 1, &n), ==, result); /* nothing gets out */
      g_assert_cmpint (gm_layer_recv (pair.client, &byte, 1, &n), ==, result);
      g_assert_cmpint (gm_layer_connect (pair.client), ==, result);
    }
  if (detail != NULL)
    *detail = g_steal_pointer (&pair.error.detail);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  return result;
}

static void
test_animal (gconstpointer data)
{
  const Animal *animal = data;
  g_autoptr (ZooCertificate) unknown = zoo_make (&(ZooSpec){ .subject = "Unknown", .ca = TRUE }, NULL);
  ZooCertificate *const issuers[] = { root, middle, middle, NULL, unknown };
  g_autoptr (ZooCertificate) leaf = zoo_make (&animal->spec, issuers[animal->how]);
  GmTlsSettings *settings = new_settings ();
  g_autofree char *detail = NULL;

  g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, animal->how == BY_MIDDLE), animal->host, &detail), ==,
                   animal->result);
  if (animal->detail != NULL)
    {
      g_assert_nonnull (detail);
      g_assert_nonnull (strstr (detail, animal->detail));
    }
  if (detail != NULL)
    {
      g_assert_true (g_utf8_validate (detail, -1, NULL));
      g_assert_cmpuint (strlen (detail), <=, 512);
    }

  /* Each check is switched off by its own word only. */
  settings->verify_host = FALSE;
  if (animal->result == GM_TLS_WRONG_HOST)
    g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), animal->host, NULL), ==, GM_OK);
  else if (animal->result != GM_OK)
    g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), animal->host, NULL), ==, animal->result);
  settings->verify_host = TRUE;
  settings->verify_peer = FALSE;
  g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), animal->host, NULL), ==,
                   animal->result == GM_TLS_WRONG_HOST ? GM_TLS_WRONG_HOST : GM_OK);
  settings->verify_host = FALSE;
  g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), animal->host, NULL), ==, GM_OK);
  gm_tls_settings_unref (settings);
}

static void
test_authorities (void)
{
  static const struct
  {
    const char *what;
    ZooSpec authority;
    const char *name;
    GmResult result;
  } cases[] = {
    { "permitted", { .ca = TRUE, .permitted = "good.example" }, "www.good.example", GM_OK },
    { "not permitted", { .ca = TRUE, .permitted = "good.example" }, "www.bad.example", GM_TLS_BAD_CERTIFICATE },
    { "excluded", { .ca = TRUE, .excluded = "bad.example" }, "www.bad.example", GM_TLS_BAD_CERTIFICATE },
    { "not excluded", { .ca = TRUE, .excluded = "bad.example" }, "www.good.example", GM_OK },
    { "no authority", { .subject = "None", .purpose = "" }, "www.good.example", GM_TLS_BAD_CERTIFICATE },
    { "expired authority", { .ca = TRUE, .from = -7200, .until = -3600 }, "www.good.example", GM_TLS_EXPIRED },
    { "authority for clients", { .ca = TRUE, .purpose = GNUTLS_KP_TLS_WWW_CLIENT }, "www.good.example",
      GM_TLS_WRONG_PURPOSE },
    { "weak authority", { .ca = TRUE, .digest = GNUTLS_DIG_SHA1 }, "www.good.example", GM_TLS_WEAK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *names = g_strconcat ("dns:", cases[i].name, NULL);
      g_autoptr (ZooCertificate) authority = zoo_make (&cases[i].authority, root);
      g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = names }, authority);
      GmTlsSettings *settings = new_settings ();
      GmResult result = show_to (settings, zoo_new_credentials (leaf, 1), cases[i].name, NULL);

      if (result != cases[i].result)
        g_error ("%s: %s", cases[i].what, gm_result_name (result));
      gm_tls_settings_unref (settings);
    }
}

/* ---- pins ---- */

static void
test_pins (void)
{
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);
  g_autofree char *pin = zoo_get_pin (leaf), *other = zoo_get_pin (root), *detail = NULL;
  g_autofree char *both = g_strconcat (other, "; ", pin, NULL);
  const struct
  {
    const char *pins;
    GmResult result;
  } cases[] = { { pin, GM_OK },
                { both, GM_OK },
                { other, GM_TLS_PIN },
                { "sha256//", GM_TLS_PIN },
                { "", GM_TLS_PIN },
                { "sha256//AAAA", GM_TLS_PIN } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint verify = 0; verify < 2; verify++)
      {
        GmTlsSettings *settings = new_settings ();

        settings->pins = g_ref_string_new (cases[i].pins);
        settings->verify_peer = settings->verify_host = verify != 0;
        g_clear_pointer (&detail, g_free);
        g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), "www.example", &detail), ==, cases[i].result);
        if (cases[i].result != GM_OK)
          g_assert_cmpstr (detail, ==, pin);
        gm_tls_settings_unref (settings);
      }
}

static void
write_file (const char *path,
            GBytes *bytes)
{
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), NULL));
  g_bytes_unref (bytes);
}

/* The key in a file, in either form; what is no key, or not there, fits nobody. */
static void
test_pin_files (void)
{
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);
  g_autofree char *folder = g_dir_make_tmp ("zoo-XXXXXX", NULL);
  const struct
  {
    const char *name;
    ZooCertificate *whose; /* NULL: nobody's */
    gnutls_x509_crt_fmt_t format;
    GmResult result;
  } cases[] = {
    { "key.pem", leaf, GNUTLS_X509_FMT_PEM, GM_OK },     { "key.der", leaf, GNUTLS_X509_FMT_DER, GM_OK },
    { "other.pem", root, GNUTLS_X509_FMT_PEM, GM_TLS_PIN }, { "other.der", root, GNUTLS_X509_FMT_DER, GM_TLS_PIN },
    { "garbage", NULL, GNUTLS_X509_FMT_PEM, GM_TLS_PIN }, { "missing", NULL, GNUTLS_X509_FMT_DER, GM_TLS_PIN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_build_filename (folder, cases[i].name, NULL);

      if (cases[i].whose != NULL)
        write_file (path, zoo_get_public_key (cases[i].whose, cases[i].format));
      else if (cases[i].format == GNUTLS_X509_FMT_PEM)
        write_file (path, g_bytes_new_static ("no key", 6));
      for (guint verify = 0; verify < 2; verify++)
        {
          GmTlsSettings *settings = new_settings ();
          g_autofree char *detail = NULL;

          settings->pins = g_ref_string_new (path);
          settings->verify_peer = settings->verify_host = verify != 0;
          g_assert_cmpint (show_to (settings, zoo_new_credentials (leaf, 0), "www.example", &detail), ==, cases[i].result);
          /* the file, if there is no key in it, else the key that was seen */
          if (cases[i].result != GM_OK && cases[i].whose == NULL)
            g_assert_cmpstr (detail, ==, path);
          else if (cases[i].result != GM_OK)
            g_assert_true (g_str_has_prefix (detail, "sha256//"));
          gm_tls_settings_unref (settings);
        }
      remove (path);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

/* ---- stapled status ---- */

static GBytes *staple;

static int
staple_cb (gnutls_session_t session,
           void *data,
           gnutls_datum_t *response)
{
  gsize len;
  const void *bytes = g_bytes_get_data (staple, &len);

  response->data = gnutls_malloc (len);
  memcpy (response->data, bytes, len);
  response->size = (guint) len;
  return 0;
}

static GmResult
show_staple (ZooCertificate *leaf,
             GBytes *answer,
             gboolean demanded)
{
  GmTlsSettings *settings = new_settings ();
  gnutls_certificate_credentials_t credentials = zoo_new_credentials (leaf, leaf->issuer != root ? 1 : 0);
  GmResult result;

  staple = answer;
  if (answer != NULL)
    gnutls_certificate_set_ocsp_status_request_function (credentials, staple_cb, NULL);
  settings->verify_status = demanded;
  result = show_to (settings, credentials, "www.example", NULL);
  gm_tls_settings_unref (settings);
  return result;
}

static void
test_staples (void)
{
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);
  g_autoptr (ZooCertificate) other = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);
  g_autoptr (GBytes) good = zoo_make_ocsp (leaf, ZOO_GOOD);
  g_autoptr (GBytes) revoked = zoo_make_ocsp (leaf, ZOO_REVOKED);
  g_autoptr (GBytes) unknown = zoo_make_ocsp (leaf, ZOO_UNKNOWN);
  g_autoptr (GBytes) of_other = zoo_make_ocsp (other, ZOO_GOOD);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("garbage", 7);

  g_assert_cmpint (show_staple (leaf, NULL, FALSE), ==, GM_OK);
  g_assert_cmpint (show_staple (leaf, NULL, TRUE), ==, GM_TLS_OCSP);
  g_assert_cmpint (show_staple (leaf, garbage, TRUE), ==, GM_TLS_OCSP);
  if (good == NULL)
    {
      g_test_skip ("there is no tool that makes answers");
      return;
    }
  g_assert_cmpint (show_staple (leaf, good, FALSE), ==, GM_OK);
  g_assert_cmpint (show_staple (leaf, good, TRUE), ==, GM_OK);
  g_assert_cmpint (show_staple (leaf, revoked, FALSE), ==, GM_TLS_REVOKED);
  g_assert_cmpint (show_staple (leaf, revoked, TRUE), ==, GM_TLS_REVOKED);
  g_assert_cmpint (show_staple (leaf, of_other, TRUE), ==, GM_TLS_OCSP);
  g_assert_cmpint (show_staple (leaf, unknown, TRUE), ==, GM_TLS_OCSP);
  g_assert_cmpint (show_staple (leaf, unknown, FALSE), ==, GM_OK); /* as if there were none */
}

/* What was good once is as if there were none. */
static void
test_old_staples (void)
{
  g_autoptr (ZooCertificate) authority = zoo_make (&(ZooSpec){ .subject = "RSA", .ca = TRUE, .rsa_bits = 2048 }, root);
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, authority);
  g_autoptr (ZooCertificate) strict
    = zoo_make (&(ZooSpec){ .names = "dns:www.example", .must_staple = TRUE }, authority);
  g_autoptr (GBytes) good = zoo_make_ocsp (leaf, ZOO_GOOD);
  g_autoptr (GBytes) good_strict = zoo_make_ocsp (strict, ZOO_GOOD);
  g_autoptr (GBytes) old = NULL;
  g_autoptr (GBytes) old_strict = NULL;

  if (good == NULL)
    {
      g_test_skip ("there is no tool that makes answers");
      return;
    }
  old = zoo_age_ocsp (good, authority);
  old_strict = zoo_age_ocsp (good_strict, authority);
  g_assert_cmpint (show_staple (leaf, good, TRUE), ==, GM_OK);
  g_assert_cmpint (show_staple (leaf, old, TRUE), ==, GM_TLS_OCSP);
  g_assert_cmpint (show_staple (strict, good_strict, FALSE), ==, GM_OK);
  g_assert_cmpint (show_staple (strict, old_strict, FALSE), ==, GM_TLS_OCSP);
}

/* Who said in the certificate that there will be one has to have one, and a good one, whether it is asked for or not. */
static void
test_must_staple (void)
{
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example", .must_staple = TRUE }, root);
  g_autoptr (GBytes) good = zoo_make_ocsp (leaf, ZOO_GOOD);
  g_autoptr (GBytes) revoked = zoo_make_ocsp (leaf, ZOO_REVOKED);
  g_autoptr (GBytes) unknown = zoo_make_ocsp (leaf, ZOO_UNKNOWN);

  for (guint demanded = 0; demanded < 2; demanded++)
    {
      g_assert_cmpint (show_staple (leaf, NULL, demanded != 0), ==, GM_TLS_OCSP);
      if (good == NULL)
        continue;
      g_assert_cmpint (show_staple (leaf, good, demanded != 0), ==, GM_OK);
      g_assert_cmpint (show_staple (leaf, revoked, demanded != 0), ==, GM_TLS_REVOKED);
      g_assert_cmpint (show_staple (leaf, unknown, demanded != 0), ==, GM_TLS_OCSP);
    }
  if (good == NULL)
    g_test_skip ("there is no tool that makes answers");
}

/* ---- where trust comes from ---- */

static GmResult
show_to_files (const char *ca_file,
               const char *ca_dir,
               const char *crl,
               const char *issuer,
               ZooCertificate *leaf)
{
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);
  GmResult result;

  settings->ca_file = ca_file != NULL ? g_ref_string_new (ca_file) : NULL;
  settings->ca_dir = ca_dir != NULL ? g_ref_string_new (ca_dir) : NULL;
  settings->crl_file = crl != NULL ? g_ref_string_new (crl) : NULL;
  settings->issuer_file = issuer != NULL ? g_ref_string_new (issuer) : NULL;
  result = show_to (settings, zoo_new_credentials (leaf, 0), "www.example", NULL);
  gm_tls_settings_unref (settings);
  return result;
}

static GBytes *
make_crl (ZooCertificate *revoked)
{
  gnutls_x509_crl_t crl;
  gnutls_datum_t out;
  GBytes *bytes;

  g_assert_cmpint (gnutls_x509_crl_init (&crl), ==, 0);
  gnutls_x509_crl_set_version (crl, 2);
  gnutls_x509_crl_set_this_update (crl, time (NULL) - 60);
  gnutls_x509_crl_set_next_update (crl, time (NULL) + 3600);
  gnutls_x509_crl_set_number (crl, "\1", 1);
  gnutls_x509_crl_set_crt (crl, revoked->crt, time (NULL) - 60);
  g_assert_cmpint (gnutls_x509_crl_sign2 (crl, root->crt, root->key, GNUTLS_DIG_SHA256, 0), ==, 0);
  g_assert_cmpint (gnutls_x509_crl_export2 (crl, GNUTLS_X509_FMT_PEM, &out), ==, 0);
  bytes = g_bytes_new (out.data, out.size);
  gnutls_free (out.data);
  gnutls_x509_crl_deinit (crl);
  return bytes;
}

static void
test_sources (void)
{
  g_autofree char *folder = g_dir_make_tmp ("zoo-XXXXXX", NULL);
  g_autofree char *ca = g_build_filename (folder, "root.pem", NULL), *der = g_build_filename (folder, "root.der", NULL);
  g_autofree char *crl = g_build_filename (folder, "crl", NULL), *no = g_build_filename (folder, "no", NULL);
  g_autofree char *command = g_strdup_printf ("rm -r '%s'", folder);
  g_autofree char *middle_file = g_build_filename (folder, "middle", NULL);
  g_autofree char *sub = g_build_filename (folder, "sub", NULL), *in_sub = g_build_filename (sub, "a.pem", NULL);
  g_autoptr (ZooCertificate) leaf = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);
  g_autoptr (ZooCertificate) revoked = zoo_make (&(ZooSpec){ .names = "dns:www.example" }, root);

  g_assert_cmpint (g_mkdir (sub, 0700), ==, 0);
  write_file (ca, zoo_get_pem (root, 0));
  write_file (in_sub, zoo_get_pem (root, 0));
  write_file (der, zoo_get_der (root));
  write_file (middle_file, zoo_get_pem (middle, 0));
  write_file (crl, make_crl (revoked));
  write_file (no, g_bytes_new_static ("no certificate", 14));

  g_assert_cmpint (show_to_files (ca, NULL, NULL, NULL, leaf), ==, GM_OK);
  g_assert_cmpint (show_to_files (der, NULL, NULL, NULL, leaf), ==, GM_OK);
  g_assert_cmpint (show_to_files (NULL, sub, NULL, NULL, leaf), ==, GM_OK);
  g_assert_cmpint (show_to_files (NULL, NULL, NULL, NULL, leaf), ==, GM_TLS_UNKNOWN_CA); /* the system's */
  g_assert_cmpint (show_to_files (no, NULL, NULL, NULL, leaf), ==, GM_TLS_CA_FILE);
  g_assert_cmpint (show_to_files (ca, no, NULL, NULL, leaf), ==, GM_TLS_CA_FILE);
  g_assert_cmpint (show_to_files (ca, NULL, crl, NULL, leaf), ==, GM_OK);
  g_assert_cmpint (show_to_files (ca, NULL, crl, NULL, revoked), ==, GM_TLS_REVOKED);
  g_assert_cmpint (show_to_files (ca, NULL, no, NULL, leaf), ==, GM_TLS_CRL_FILE);
  g_assert_cmpint (show_to_files (ca, NULL, NULL, ca, leaf), ==, GM_OK);
  g_assert_cmpint (show_to_files (ca, NULL, NULL, middle_file, leaf), ==, GM_TLS_ISSUER);
  g_assert_cmpint (show_to_files (ca, NULL, NULL, no, leaf), ==, GM_TLS_ISSUER);
  if (system (command) != 0)
    g_test_message ("%s stays", folder);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  root = zoo_make (&(ZooSpec){ .subject = "Root", .ca = TRUE }, NULL);
  middle = zoo_make (&(ZooSpec){ .subject = "Middle", .ca = TRUE }, root);
  for (guint i = 0; i < G_N_ELEMENTS (animals); i++)
    {
      g_autofree char *path = g_strconcat ("/tls-verify/zoo/", animals[i].what, NULL);

      g_strdelimit (path, " ,", '-');
      g_test_add_data_func (path, &animals[i], test_animal);
    }
  g_test_add_func ("/tls-verify/authorities", test_authorities);
  g_test_add_func ("/tls-verify/pins", test_pins);
  g_test_add_func ("/tls-verify/pin-files", test_pin_files);
  g_test_add_func ("/tls-verify/staples", test_staples);
  g_test_add_func ("/tls-verify/old-staples", test_old_staples);
  g_test_add_func ("/tls-verify/must-staple", test_must_staple);
  g_test_add_func ("/tls-verify/sources", test_sources);
  return g_test_run ();
}
