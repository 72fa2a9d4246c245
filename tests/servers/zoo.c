/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zoo.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509-ext.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(call) g_assert_cmpint ((call), >=, 0)

static void
add_names (gnutls_x509_crt_t crt,
           const char *names)
{
  g_auto (GStrv) list = g_strsplit (names, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      const char *name = list[i] + strcspn (list[i], ":") + 1;
      guint8 address[16];

      if (g_str_has_prefix (list[i], "dns:"))
        CHECK (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_DNSNAME, name, (guint) strlen (name),
                                                     GNUTLS_FSAN_APPEND));
      else if (inet_pton (AF_INET, name, address) == 1)
        CHECK (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND));
      else if (inet_pton (AF_INET6, name, address) == 1)
        CHECK (gnutls_x509_crt_set_subject_alt_name (crt, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND));
      else
        g_assert_not_reached ();
    }
}

static void
add_constraints (gnutls_x509_crt_t crt,
                 const ZooSpec *spec)
{
  gnutls_x509_name_constraints_t constraints;

  CHECK (gnutls_x509_name_constraints_init (&constraints));
  if (spec->permitted != NULL)
    {
      gnutls_datum_t name = { (unsigned char *) spec->permitted, (guint) strlen (spec->permitted) };

      CHECK (gnutls_x509_name_constraints_add_permitted (constraints, GNUTLS_SAN_DNSNAME, &name));
    }
  if (spec->excluded != NULL)
    {
      gnutls_datum_t name = { (unsigned char *) spec->excluded, (guint) strlen (spec->excluded) };

      CHECK (gnutls_x509_name_constraints_add_excluded (constraints, GNUTLS_SAN_DNSNAME, &name));
    }
  CHECK (gnutls_x509_crt_set_name_constraints (crt, constraints, 1));
  gnutls_x509_name_constraints_deinit (constraints);
}

static void
fill (gnutls_x509_crt_t crt,
      gnutls_x509_privkey_t key,
      const ZooSpec *spec)
{
  static gint last_serial;
  guint32 serial = GUINT32_TO_BE ((guint32) g_atomic_int_add (&last_serial, 1) + 0x01000000u);
  const char *subject = spec->subject != NULL ? spec->subject : spec->ca ? "Zoo authority" : "Zoo";
  gboolean dated = spec->from != 0 || spec->until != 0;
  guint8 key_id[20];
  size_t key_id_len = sizeof key_id;
  time_t now = time (NULL);

  CHECK (gnutls_x509_crt_set_version (crt, 3));
  CHECK (gnutls_x509_crt_set_serial (crt, &serial, sizeof serial));
  CHECK (gnutls_x509_crt_set_dn_by_oid (crt, GNUTLS_OID_X520_COMMON_NAME, 0, subject, (guint) strlen (subject)));
  CHECK (gnutls_x509_crt_set_activation_time (crt, now + (dated ? spec->from : -3600)));
  CHECK (gnutls_x509_crt_set_expiration_time (crt, now + (dated ? spec->until : 86400)));
  CHECK (gnutls_x509_crt_set_key (crt, key));
  CHECK (gnutls_x509_crt_get_key_id (crt, 0, key_id, &key_id_len));
  CHECK (gnutls_x509_crt_set_subject_key_id (crt, key_id, key_id_len));
  CHECK (gnutls_x509_crt_set_basic_constraints (crt, spec->ca, spec->path_length == 0 ? -1 : MAX (spec->path_length, 0)));
  CHECK (gnutls_x509_crt_set_key_usage (crt, spec->ca ? GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN
                                                      : GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_ENCIPHERMENT));
  if (spec->names != NULL)
    add_names (crt, spec->names);
  if (spec->purpose == NULL && !spec->ca)
    CHECK (gnutls_x509_crt_set_key_purpose_oid (crt, GNUTLS_KP_TLS_WWW_SERVER, 0));
  else if (spec->purpose != NULL && *spec->purpose != '\0')
    CHECK (gnutls_x509_crt_set_key_purpose_oid (crt, spec->purpose, 0));
  if (spec->permitted != NULL || spec->excluded != NULL)
    add_constraints (crt, spec);
  if (spec->must_staple)
    CHECK (gnutls_x509_crt_set_extension_by_oid (crt, "1.3.6.1.5.5.7.1.24", "\x30\x03\x02\x01\x05", 5, 0));
}

ZooCertificate *
zoo_make (const ZooSpec *spec,
          ZooCertificate *issuer)
{
  ZooCertificate *self = g_new0 (ZooCertificate, 1);
  gnutls_digest_algorithm_t digest = spec->digest != 0 ? spec->digest : GNUTLS_DIG_SHA256;

  self->issuer = issuer != NULL ? issuer : self;
  CHECK (gnutls_x509_privkey_init (&self->key));
  if (spec->rsa_bits != 0)
    CHECK (gnutls_x509_privkey_generate (self->key, GNUTLS_PK_RSA, spec->rsa_bits, 0));
  else
    CHECK (gnutls_x509_privkey_generate (self->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0));
  CHECK (gnutls_x509_crt_init (&self->crt));
  fill (self->crt, self->key, spec);
  CHECK (gnutls_x509_crt_sign2 (self->crt, self->issuer->crt, self->issuer->key, digest, 0));

  return self;
}

void
zoo_free (ZooCertificate *self)
{
  if (self == NULL)
    return;
  gnutls_x509_crt_deinit (self->crt);
  gnutls_x509_privkey_deinit (self->key);
  g_free (self);
}

static GBytes *
take (gnutls_datum_t *datum)
{
  GBytes *bytes = g_bytes_new (datum->data, datum->size);

  gnutls_free (datum->data);
  return bytes;
}

GBytes *
zoo_get_der (ZooCertificate *self)
{
  gnutls_datum_t out;

  CHECK (gnutls_x509_crt_export2 (self->crt, GNUTLS_X509_FMT_DER, &out));
  return take (&out);
}

GBytes *
zoo_get_pem (ZooCertificate *self,
             guint n_issuers)
{
  GString *text = g_string_new (NULL);

  for (;; n_issuers--)
    {
      gnutls_datum_t out;

      CHECK (gnutls_x509_crt_export2 (self->crt, GNUTLS_X509_FMT_PEM, &out));
      g_string_append_len (text, (const char *) out.data, out.size);
      gnutls_free (out.data);
      if (n_issuers == 0 || self->issuer == self)
        return g_string_free_to_bytes (text);
      self = self->issuer;
    }
}

GBytes *
zoo_get_key_pem (ZooCertificate *self,
                 const char *password)
{
  gnutls_datum_t out;

  CHECK (gnutls_x509_privkey_export2_pkcs8 (self->key, GNUTLS_X509_FMT_PEM, password,
                                            password != NULL ? GNUTLS_PKCS_PBES2_AES_128 : GNUTLS_PKCS_PLAIN, &out));
  return take (&out);
}

GBytes *
zoo_get_public_key (ZooCertificate *self,
                    gnutls_x509_crt_fmt_t format)
{
  gnutls_pubkey_t key;
  gnutls_datum_t data;
  GBytes *bytes;

  CHECK (gnutls_pubkey_init (&key));
  CHECK (gnutls_pubkey_import_x509 (key, self->crt, 0));
  CHECK (gnutls_pubkey_export2 (key, format, &data));
  bytes = g_bytes_new (data.data, data.size);
  gnutls_free (data.data);
  gnutls_pubkey_deinit (key);
  return bytes;
}

char *
zoo_get_pin (ZooCertificate *self)
{
  g_autoptr (GBytes) der = zoo_get_public_key (self, GNUTLS_X509_FMT_DER);
  guint8 digest[32];
  g_autofree char *text = NULL;

  CHECK (gnutls_hash_fast (GNUTLS_DIG_SHA256, g_bytes_get_data (der, NULL), g_bytes_get_size (der), digest));
  text = g_base64_encode (digest, sizeof digest);
  return g_strconcat ("sha256//", text, NULL);
}

gnutls_certificate_credentials_t
zoo_new_credentials (ZooCertificate *self,
                     guint n_issuers)
{
  g_autoptr (GBytes) pem = zoo_get_pem (self, n_issuers);
  g_autoptr (GBytes) key = zoo_get_key_pem (self, NULL);
  gnutls_datum_t pem_data = { (void *) g_bytes_get_data (pem, NULL), (guint) g_bytes_get_size (pem) };
  gnutls_datum_t key_data = { (void *) g_bytes_get_data (key, NULL), (guint) g_bytes_get_size (key) };
  gnutls_certificate_credentials_t credentials;

  CHECK (gnutls_certificate_allocate_credentials (&credentials));
  CHECK (gnutls_certificate_set_x509_key_mem2 (credentials, &pem_data, &key_data, GNUTLS_X509_FMT_PEM, NULL, 0));
  return credentials;
}

/* ---- OCSP: nobody but the openssl tool makes such answers ---- */

static void
put_file (const char *folder,
          const char *name,
          GBytes *bytes)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  g_assert_true (g_file_set_contents (path, data, (gssize) len, NULL));
  g_bytes_unref (bytes);
}

static char *
stamp (gint64 from_now)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GDateTime) then = g_date_time_add_seconds (now, (double) from_now);

  return g_date_time_format (then, "%y%m%d%H%M%SZ");
}

GBytes *
zoo_make_ocsp (ZooCertificate *self,
               ZooStatus state)
{
  g_autofree char *tool = g_find_program_in_path ("openssl");
  g_autofree char *folder = NULL, *answer = NULL, *index = NULL, *command = NULL;
  g_autofree char *until = stamp (86400), *when = stamp (-600);
  guint8 serial[32];
  size_t serial_len = sizeof serial;
  GString *hex = g_string_new (NULL);
  char *data;
  gsize len;
  int status = -1;

  if (tool == NULL)
    {
      g_string_free (hex, TRUE);
      return NULL;
    }
  folder = g_dir_make_tmp ("zoo-XXXXXX", NULL);
  CHECK (gnutls_x509_crt_get_serial (self->crt, serial, &serial_len));
  for (gsize i = 0; i < serial_len; i++)
    g_string_append_printf (hex, "%02X", serial[i]);
  if (state == ZOO_UNKNOWN)
    g_string_append (hex, "00"); /* another one */
  index = state == ZOO_REVOKED ? g_strdup_printf ("R\t%s\t%s\t%s\tunknown\t/CN=x\n", until, when, hex->str)
                               : g_strdup_printf ("V\t%s\t\t%s\tunknown\t/CN=x\n", until, hex->str);
  g_string_free (hex, TRUE);
  put_file (folder, "index.txt", g_bytes_new (index, strlen (index)));
  put_file (folder, "ca.pem", zoo_get_pem (self->issuer, 0));
  put_file (folder, "ca.key", zoo_get_key_pem (self->issuer, NULL));
  put_file (folder, "crt.pem", zoo_get_pem (self, 0));
  command = g_strdup_printf ("cd '%s' && %s ocsp -issuer ca.pem -cert crt.pem -reqout r.der -no_nonce >/dev/null 2>&1 &&"
                             " %s ocsp -index index.txt -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin r.der"
                             " -respout a.der -ndays 1 >/dev/null 2>&1",
                             folder, tool, tool);
  status = system (command);
  answer = g_build_filename (folder, "a.der", NULL);
  if (status != 0 || !g_file_get_contents (answer, &data, &len, NULL))
    data = NULL;
  g_free (command);
  command = g_strdup_printf ("rm -rf '%s'", folder);
  if (system (command) != 0)
    g_test_message ("%s stays", folder);

  return data != NULL ? g_bytes_new_take (data, len) : NULL;
}

/* Of what begins at *@at: how long its content is, and *@at goes there. */
static gsize
der_enter (const guint8 *data,
           gsize *at)
{
  gsize len = data[*at + 1];

  *at += 2;
  if (len >= 0x80)
    {
      guint n = len & 0x7f;

      for (len = 0; n > 0; n--)
        len = len << 8 | data[(*at)++];
    }
  return len;
}

static void
der_skip (const guint8 *data,
          gsize *at)
{
  gsize len = der_enter (data, at);

  *at += len;
}

/* OCSPResponse { status, [0] { SEQUENCE { type, OCTET STRING { BasicOCSPResponse { data, algorithm, signature, … }}}}}. */
GBytes *
zoo_age_ocsp (GBytes *answer,
              ZooCertificate *issuer)
{
  gsize len = 0, at = 0, begin, n;
  guint8 *data = g_memdup2 (g_bytes_get_data (answer, &len), g_bytes_get_size (answer));
  gnutls_privkey_t key;
  gnutls_datum_t told, signature;

  der_enter (data, &at);
  der_skip (data, &at);
  der_enter (data, &at);
  der_enter (data, &at);
  der_skip (data, &at);
  der_enter (data, &at);
  der_enter (data, &at);
  begin = at;
  der_skip (data, &at);
  told = (gnutls_datum_t){ data + begin, (guint) (at - begin) };
  /* each GeneralizedTime; leap years stay leap years */
  for (gsize i = begin; i + 17 <= at; i++)
    if (data[i] == 0x18 && data[i + 1] == 15 && data[i + 16] == 'Z')
      {
        g_autofree char *year = g_strndup ((char *) data + i + 2, 4);
        g_autofree char *before = g_strdup_printf ("%04u", (guint) g_ascii_strtoull (year, NULL, 10) - 4);

        memcpy (data + i + 2, before, 4);
      }
  der_skip (data, &at);
  n = der_enter (data, &at);
  CHECK (gnutls_privkey_init (&key));
  CHECK (gnutls_privkey_import_x509 (key, issuer->key, 0));
  CHECK (gnutls_privkey_sign_data (key, GNUTLS_DIG_SHA256, 0, &told, &signature));
  g_assert_cmpuint (n, ==, signature.size + 1);
  memcpy (data + at + 1, signature.data, signature.size);
  gnutls_free (signature.data);
  gnutls_privkey_deinit (key);
  return g_bytes_new_take (data, len);
}
