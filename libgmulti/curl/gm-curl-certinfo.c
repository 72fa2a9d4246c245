/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-certinfo.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* Names and values are those of libcurl built with GnuTLS: programs look for them. */

/* A text in a certificate that is longer than that is no name. */
#define MAX_FIELD 4096
#define MAX_OID 128
/* Bytes of a number; RSA keys of 16384 bits have 2049. */
#define MAX_NUMBER 4096
/* Attributes of a name, as many as any has. */
#define MAX_ATTRIBUTES 32

static const struct
{
  const char *oid;
  const char *name;
} algorithms[] = {
  { "1.2.840.10040.4.1", "dsa" },
  { "1.2.840.10045.2.1", "ecPublicKey" },
  { "1.2.840.10045.4.1", "ecdsa-with-SHA1" },
  { "1.2.840.10046.2.1", "dhpublicnumber" },
  { "1.2.840.113549.1.1.1", "rsaEncryption" },
  { "1.2.840.113549.1.1.2", "md2WithRSAEncryption" },
  { "1.2.840.113549.1.1.4", "md5WithRSAEncryption" },
  { "1.2.840.113549.1.1.5", "sha1WithRSAEncryption" },
  { "1.2.840.113549.1.1.10", "RSASSA-PSS" },
  { "1.2.840.113549.1.1.11", "sha256WithRSAEncryption" },
  { "1.2.840.113549.1.1.12", "sha384WithRSAEncryption" },
  { "1.2.840.113549.1.1.13", "sha512WithRSAEncryption" },
  { "1.2.840.113549.1.1.14", "sha224WithRSAEncryption" },
  { "1.2.840.113549.1.9.1", "emailAddress" },
};

static const char *
name_algorithm (const char *oid)
{
  for (guint i = 0; i < G_N_ELEMENTS (algorithms); i++)
    if (strcmp (algorithms[i].oid, oid) == 0)
      return algorithms[i].name;

  return oid;
}

static void
add (struct curl_slist **list,
     const char *name,
     const char *value,
     gsize len)
{
  g_autofree char *line = g_strdup_printf ("%s:%.*s", name, (int) MIN (len, 4 * MAX_NUMBER), value);
  struct curl_slist *longer = curl_slist_append (*list, line);

  if (longer != NULL)
    *list = longer;
}

static void
add_text (struct curl_slist **list,
          const char *name,
          const char *value)
{
  add (list, name, value, strlen (value));
}

/* Bytes, each with a colon behind it. */
static void
add_bytes (struct curl_slist **list,
           const char *name,
           const guint8 *data,
           gsize len)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (gsize i = 0; i < MIN (len, MAX_NUMBER); i++)
    g_string_append_printf (text, "%02x:", data[i]);
  add (list, name, text->str, text->len);
}

static void
add_number (struct curl_slist **list,
            const char *name,
            const guint8 *data,
            gsize len)
{
  guint32 value = 0;
  char text[16];

  if (len > sizeof value)
    {
      add_bytes (list, name, data, len);
      return;
    }

  for (gsize i = 0; i < len; i++)
    value = value << 8 | data[i];
  g_snprintf (text, sizeof text, "%s%x", value >= 10 ? "0x" : "", value);
  add_text (list, name, text);
}

static void
add_time (struct curl_slist **list,
          const char *name,
          time_t when)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc ((gint64) when);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S GMT") : NULL;

  if (text != NULL)
    add_text (list, name, text);
}

/* "C=SE, O=Example, CN=site/emailAddress=a@b": in the order of the certificate. */
static void
append_attribute (GString *text,
                  const gnutls_x509_ava_st *ava)
{
  g_autofree char *oid = g_strndup ((const char *) ava->oid.data, ava->oid.size);
  const char *name = name_algorithm (oid);
  gsize upper = 0;

  if (name == oid)
    name = gnutls_x509_dn_oid_name (oid, GNUTLS_X509_DN_OID_RETURN_OID);
  while (g_ascii_isupper (name[upper]))
    upper++;
  if (text->len > 0)
    g_string_append (text, name[upper] != '\0' || upper > 2 ? "/" : ", ");
  g_string_append_printf (text, "%s=%.*s", name, (int) MIN (ava->value.size, MAX_FIELD), (const char *) ava->value.data);
}

char *
gm_curl_certinfo_dup_name (gnutls_x509_crt_t crt,
                           gboolean issuer)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gnutls_x509_dn_t dn;
  gnutls_x509_ava_st ava;

  if ((issuer ? gnutls_x509_crt_get_issuer (crt, &dn) : gnutls_x509_crt_get_subject (crt, &dn)) != 0)
    return g_strdup ("");
  for (int set = 0; set < MAX_ATTRIBUTES; set++)
    for (int at = 0; at < MAX_ATTRIBUTES; at++)
      {
        if (gnutls_x509_dn_get_rdn_ava (dn, set, at, &ava) != 0)
          break;
        append_attribute (text, &ava);
      }

  return g_strdup (text->str);
}

static void
add_name (struct curl_slist **list,
          const char *label,
          gnutls_x509_crt_t crt,
          gboolean issuer)
{
  g_autofree char *name = gm_curl_certinfo_dup_name (crt, issuer);

  add_text (list, label, name);
}

static void
add_serial (struct curl_slist **list,
            gnutls_x509_crt_t crt)
{
  guint8 serial[64];
  size_t len = sizeof serial;

  if (gnutls_x509_crt_get_serial (crt, serial, &len) == 0)
    add_number (list, "Serial Number", serial, len);
}

static void
add_algorithm (struct curl_slist **list,
               const char *label,
               gnutls_x509_crt_t crt,
               int (*get) (gnutls_x509_crt_t, char *, size_t *))
{
  char oid[MAX_OID];
  size_t len = sizeof oid;

  if (get (crt, oid, &len) == 0)
    add_text (list, label, name_algorithm (oid));
}

/* A coordinate of @len bytes, whatever zeros the number has in front. */
static void
put_coordinate (guint8 *to,
                gsize len,
                const gnutls_datum_t *number)
{
  gsize n = number->size, skip = n > len ? n - len : 0;

  memset (to, 0, len);
  memcpy (to + len - (n - skip), number->data + skip, n - skip);
}

static void
add_ecc_key (struct curl_slist **list,
             gnutls_x509_crt_t crt,
             guint bits)
{
  gnutls_datum_t x = { NULL, 0 }, y = { NULL, 0 };
  gnutls_ecc_curve_t curve;
  guint8 point[1 + 2 * 72];
  gsize len = (bits + 7) / 8;
  char text[16];

  if (gnutls_x509_crt_get_pk_ecc_raw (crt, &curve, &x, &y) != 0)
    return;
  if (x.data != NULL && y.data != NULL && 2 * len < sizeof point)
    {
      g_snprintf (text, sizeof text, "%u", bits);
      add_text (list, "ECC Public Key", text);
      point[0] = 4; /* not compressed: SEC 1, section 2.3.3 */
      put_coordinate (point + 1, len, &x);
      put_coordinate (point + 1 + len, len, &y);
      add_bytes (list, "ecPublicKey", point, 1 + 2 * len);
    }
  gnutls_free (x.data);
  gnutls_free (y.data);
}

static void
add_rsa_key (struct curl_slist **list,
             gnutls_x509_crt_t crt,
             guint bits)
{
  gnutls_datum_t modulus, exponent;
  char text[16];

  if (gnutls_x509_crt_get_pk_rsa_raw (crt, &modulus, &exponent) != 0)
    return;
  g_snprintf (text, sizeof text, "%u", bits);
  add_text (list, "RSA Public Key", text);
  add_number (list, "rsa(n)", modulus.data, modulus.size);
  add_number (list, "rsa(e)", exponent.data, exponent.size);
  gnutls_free (modulus.data);
  gnutls_free (exponent.data);
}

static void
add_key (struct curl_slist **list,
         gnutls_x509_crt_t crt)
{
  unsigned bits = 0;
  int algorithm = gnutls_x509_crt_get_pk_algorithm (crt, &bits);

  add_algorithm (list, "Public Key Algorithm", crt, gnutls_x509_crt_get_pk_oid);
  if (algorithm == GNUTLS_PK_RSA)
    add_rsa_key (list, crt, bits);
  else if (algorithm == GNUTLS_PK_ECDSA)
    add_ecc_key (list, crt, bits);
}

static void
add_signature (struct curl_slist **list,
               gnutls_x509_crt_t crt)
{
  guint8 signature[MAX_NUMBER];
  size_t len = sizeof signature;

  if (gnutls_x509_crt_get_signature (crt, (char *) signature, &len) == 0)
    add_bytes (list, "Signature", signature, len);
}

static void
add_fields (struct curl_slist **list,
            gnutls_x509_crt_t crt)
{
  char version[16];

  add_name (list, "Subject", crt, FALSE);
  add_name (list, "Issuer", crt, TRUE);
  /* as it is coded: RFC 5280, section 4.1.2.1 */
  g_snprintf (version, sizeof version, "%x", (guint) (gnutls_x509_crt_get_version (crt) - 1));
  add_text (list, "Version", version);
  add_serial (list, crt);
  add_algorithm (list, "Signature Algorithm", crt, gnutls_x509_crt_get_signature_oid);
  add_time (list, "Start Date", gnutls_x509_crt_get_activation_time (crt));
  add_time (list, "Expire Date", gnutls_x509_crt_get_expiration_time (crt));
  add_key (list, crt);
  add_signature (list, crt);
}

gnutls_x509_crt_t
gm_curl_certinfo_import (GBytes *der)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (der, &len);
  gnutls_datum_t datum = { (unsigned char *) data, (unsigned int) len };
  gnutls_x509_crt_t crt = NULL;

  if (gnutls_x509_crt_init (&crt) != 0)
    return NULL;
  if (gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER) == 0)
    return crt;

  gnutls_x509_crt_deinit (crt);
  return NULL;
}

static struct curl_slist *
describe (GBytes *der)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (der, &len);
  gnutls_datum_t datum = { (unsigned char *) data, (unsigned int) len };
  gnutls_datum_t pem = { NULL, 0 };
  gnutls_x509_crt_t crt = gm_curl_certinfo_import (der);
  struct curl_slist *list = NULL;

  if (crt != NULL)
    {
      add_fields (&list, crt);
      gnutls_x509_crt_deinit (crt);
    }

  if (gnutls_pem_base64_encode2 ("CERTIFICATE", &datum, &pem) == 0)
    {
      g_autofree char *line = g_strdup_printf ("Cert:%.*s", (int) pem.size, pem.data);
      struct curl_slist *longer = curl_slist_append (list, line);

      if (longer != NULL)
        list = longer;
      gnutls_free (pem.data);
    }

  return list;
}

GmCurlCertinfo *
gm_curl_certinfo_new (GmTlsInfo *tls)
{
  GmCurlCertinfo *self = g_new0 (GmCurlCertinfo, 1);

  self->tls = gm_tls_info_ref (tls);
  self->info.num_of_certs = (int) tls->chain->len;
  self->info.certinfo = g_new0 (struct curl_slist *, tls->chain->len + 1);
  for (guint i = 0; i < tls->chain->len; i++)
    self->info.certinfo[i] = describe (g_ptr_array_index (tls->chain, i));

  return self;
}

void
gm_curl_certinfo_free (GmCurlCertinfo *self)
{
  if (self == NULL)
    return;

  for (int i = 0; i < self->info.num_of_certs; i++)
    curl_slist_free_all (self->info.certinfo[i]);
  g_free (self->info.certinfo);
  gm_tls_info_unref (self->tls);
  g_free (self);
}

long
gm_curl_verify_result (GmResult verdict)
{
  switch ((int) verdict)
    {
    case GM_TLS_NOT_YET_VALID:
      return 9;
    case GM_TLS_EXPIRED:
      return 10;
    case GM_TLS_SELF_SIGNED:
      return 18;
    case GM_TLS_UNKNOWN_CA:
      return 20;
    case GM_TLS_REVOKED:
      return 23;
    case GM_TLS_WRONG_PURPOSE:
      return 26;
    case GM_TLS_WEAK:
      return 66;
    /* libcurl sees to these by itself, before it asks OpenSSL for a verdict … */
    case GM_TLS_WRONG_HOST:
    case GM_TLS_ISSUER:
    case GM_TLS_BAD_CERTIFICATE:
    case GM_TLS_REFUSED:
      return 1;
    /* … and to these after a good one */
    case GM_TLS_OCSP:
    case GM_TLS_PIN:
    default:
      return 0;
    }
}
