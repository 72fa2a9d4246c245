/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-certinfo.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

/* A text in a certificate that is longer than that is no name. */
#define MAX_FIELD 4096

static void
add (struct curl_slist **list,
     const char *name,
     const char *value,
     gsize len)
{
  g_autofree char *line = g_strdup_printf ("%s:%.*s", name, (int) MIN (len, MAX_FIELD), value);
  struct curl_slist *longer = curl_slist_append (*list, line);

  if (longer != NULL)
    *list = longer;
}

static void
add_time (struct curl_slist **list,
          const char *name,
          time_t when)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc ((gint64) when);
  g_autofree char *text = time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S GMT") : NULL;

  if (text != NULL)
    add (list, name, text, strlen (text));
}

static void
add_dn (struct curl_slist **list,
        const char *name,
        gnutls_x509_crt_t crt,
        int (*get) (gnutls_x509_crt_t, gnutls_datum_t *, unsigned))
{
  gnutls_datum_t dn = { NULL, 0 };

  if (get (crt, &dn, 0) != 0)
    return;
  add (list, name, (const char *) dn.data, dn.size);
  gnutls_free (dn.data);
}

static void
add_serial (struct curl_slist **list,
            gnutls_x509_crt_t crt)
{
  guint8 serial[64];
  size_t len = sizeof serial;
  char text[2 * sizeof serial + 1] = "";

  if (gnutls_x509_crt_get_serial (crt, serial, &len) != 0)
    return;
  for (gsize i = 0; i < len; i++)
    g_snprintf (text + 2 * i, 3, "%02x", serial[i]);
  add (list, "Serial Number", text, strlen (text));
}

static struct curl_slist *
describe (GBytes *der)
{
  gsize len;
  gconstpointer data = g_bytes_get_data (der, &len);
  gnutls_datum_t datum = { (unsigned char *) data, (unsigned int) len };
  gnutls_datum_t pem = { NULL, 0 };
  gnutls_x509_crt_t crt = NULL;
  struct curl_slist *list = NULL;
  char version[8];
  const char *algorithm;

  if (gnutls_x509_crt_init (&crt) != 0)
    return NULL;
  if (gnutls_x509_crt_import (crt, &datum, GNUTLS_X509_FMT_DER) == 0)
    {
      add_dn (&list, "Subject", crt, gnutls_x509_crt_get_dn3);
      add_dn (&list, "Issuer", crt, gnutls_x509_crt_get_issuer_dn3);
      g_snprintf (version, sizeof version, "%d", gnutls_x509_crt_get_version (crt));
      add (&list, "Version", version, strlen (version));
      add_serial (&list, crt);
      algorithm = gnutls_sign_get_name ((gnutls_sign_algorithm_t) gnutls_x509_crt_get_signature_algorithm (crt));
      if (algorithm != NULL)
        add (&list, "Signature Algorithm", algorithm, strlen (algorithm));
      algorithm = gnutls_pk_get_name ((gnutls_pk_algorithm_t) gnutls_x509_crt_get_pk_algorithm (crt, NULL));
      if (algorithm != NULL)
        add (&list, "Public Key Algorithm", algorithm, strlen (algorithm));
      add_time (&list, "Start date", gnutls_x509_crt_get_activation_time (crt));
      add_time (&list, "Expire date", gnutls_x509_crt_get_expiration_time (crt));
    }
  gnutls_x509_crt_deinit (crt);

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
    case GM_TLS_WRONG_HOST:
      return 62;
    case GM_TLS_WEAK:
      return 66;
    case GM_TLS_BAD_CERTIFICATE:
    case GM_TLS_OCSP:
    case GM_TLS_ISSUER:
    case GM_TLS_PIN:
    case GM_TLS_REFUSED:
      return 1;
    default:
      return 0;
    }
}
