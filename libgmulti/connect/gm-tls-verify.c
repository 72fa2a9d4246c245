/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-verify.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/ocsp.h>

static gnutls_x509_crt_t
import (const gnutls_datum_t *der)
{
  gnutls_x509_crt_t crt = NULL;

  if (gnutls_x509_crt_init (&crt) != 0)
    return NULL;
  if (gnutls_x509_crt_import (crt, der, GNUTLS_X509_FMT_DER) != 0)
    {
      gnutls_x509_crt_deinit (crt);
      return NULL;
    }

  return crt;
}

/* ---- the name ---- */

static void
add_name (GString *names,
          const char *text,
          gsize len)
{
  char *valid;

  if (names->len + len + 2 > GM_TLS_MAX_DETAIL)
    return;
  valid = g_utf8_make_valid (text, (gssize) len);
  if (names->len > 0)
    g_string_append (names, ", ");
  g_string_append (names, valid);
  g_free (valid);
}

static void
add_address (GString *names,
             const guint8 *bytes,
             gsize len)
{
  if (len == 4)
    {
      g_autofree char *text = g_strdup_printf ("%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);

      add_name (names, text, strlen (text));
    }
}

static gboolean
name_fits (gnutls_x509_crt_t crt,
           const GmTlsName *name,
           GString *names)
{
  char buffer[1024];

  for (guint i = 0; i < GM_TLS_MAX_NAMES; i++)
    {
      size_t len = sizeof buffer - 1;
      int type = gnutls_x509_crt_get_subject_alt_name (crt, i, buffer, &len, NULL);

      if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        break;
      if (type == GNUTLS_SAN_DNSNAME)
        {
          if (gm_tls_name_match (name, gm_span (buffer, len)))
            return TRUE;
          add_name (names, buffer, len);
        }
      else if (type == GNUTLS_SAN_IPADDRESS)
        {
          if (gm_tls_name_match_address (name, buffer, len))
            return TRUE;
          add_address (names, (const guint8 *) buffer, len);
        }
    }

  return FALSE;
}

static GmResult
check_name (gnutls_x509_crt_t crt,
            const GmTlsName *name,
            char **detail)
{
  GString *names = g_string_new (NULL);

  if (name_fits (crt, name, names))
    {
      g_string_free (names, TRUE);
      return GM_OK;
    }

  *detail = g_string_free (names, FALSE);
  return GM_TLS_WRONG_HOST;
}

/* ---- the chain ---- */

static char *
dup_subject (gnutls_x509_crt_t crt,
             gboolean issuer)
{
  gnutls_datum_t dn = { NULL, 0 };
  char *text = NULL;

  if ((issuer ? gnutls_x509_crt_get_issuer_dn3 (crt, &dn, 0) : gnutls_x509_crt_get_dn3 (crt, &dn, 0)) == 0)
    {
      text = g_utf8_make_valid ((const char *) dn.data, MIN (dn.size, GM_TLS_MAX_DETAIL));
      gnutls_free (dn.data);
    }

  return text;
}

/* The worst first: what no waiting and no added authority would mend. */
static GmResult
result_of (guint status,
           gnutls_x509_crt_t crt,
           guint n_certificates)
{
  if (status & GNUTLS_CERT_REVOKED)
    return GM_TLS_REVOKED;
  if (status & (GNUTLS_CERT_SIGNATURE_FAILURE | GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE | GNUTLS_CERT_MISMATCH |
                GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS))
    return GM_TLS_BAD_CERTIFICATE;
  if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
    return GM_TLS_WEAK;
  if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
    return n_certificates == 1 && gnutls_x509_crt_check_issuer (crt, crt) ? GM_TLS_SELF_SIGNED : GM_TLS_UNKNOWN_CA;
  if (status & GNUTLS_CERT_EXPIRED)
    return GM_TLS_EXPIRED;
  if (status & GNUTLS_CERT_NOT_ACTIVATED)
    return GM_TLS_NOT_YET_VALID;
  if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
    return GM_TLS_WRONG_PURPOSE;
  if (status & (GNUTLS_CERT_MISSING_OCSP_STATUS | GNUTLS_CERT_INVALID_OCSP_STATUS |
                GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE))
    return GM_TLS_OCSP;
  if (status & GNUTLS_CERT_SIGNER_NOT_CA)
    return GM_TLS_BAD_CERTIFICATE;

  return status != 0 ? GM_TLS_BAD_CERTIFICATE : GM_OK;
}

static GmResult
check_chain (gnutls_session_t session,
             GmTlsCredentials *anchors,
             gnutls_x509_crt_t crt,
             guint n_certificates,
             char **detail)
{
  gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *) GNUTLS_KP_TLS_WWW_SERVER, 0 };
  unsigned int status = 0;
  GmResult result;
  int code = gnutls_certificate_verify_peers (session, &purpose, 1, &status);

  if (code != 0)
    return GM_TLS_BAD_CERTIFICATE;

  result = result_of (status, crt, n_certificates);
  if (result == GM_OK && anchors->issuer != NULL && !gnutls_x509_crt_check_issuer (crt, anchors->issuer))
    result = GM_TLS_UNKNOWN_CA;
  if (result != GM_OK)
    *detail = dup_subject (crt, result == GM_TLS_UNKNOWN_CA);

  return result;
}

/* ---- pins ---- */

static char *
dup_pin (gnutls_x509_crt_t crt)
{
  gnutls_pubkey_t key = NULL;
  gnutls_datum_t der = { NULL, 0 };
  guint8 digest[32];
  char *pin = NULL;

  if (gnutls_pubkey_init (&key) != 0)
    return NULL;
  if (gnutls_pubkey_import_x509 (key, crt, 0) == 0 && gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &der) == 0)
    {
      if (gnutls_hash_fast (GNUTLS_DIG_SHA256, der.data, der.size, digest) == 0)
        pin = g_base64_encode (digest, sizeof digest);
      gnutls_free (der.data);
    }
  gnutls_pubkey_deinit (key);

  return pin;
}

static GmResult
check_pins (gnutls_x509_crt_t crt,
            const char *pins,
            char **detail)
{
  g_autofree char *pin = dup_pin (crt);
  gsize len = pin != NULL ? strlen (pin) : 0;

  while (pin != NULL && *pins != '\0')
    {
      gsize one = strcspn (pins, ";");
      GmSpan wanted = gm_span_strip (gm_span (pins, one));

      if (wanted.len == 8 + len && memcmp (wanted.data, "sha256//", 8) == 0 && memcmp (wanted.data + 8, pin, len) == 0)
        return GM_OK;
      pins += one + (pins[one] == ';');
    }

  *detail = pin != NULL ? g_strconcat ("sha256//", pin, NULL) : NULL;
  return GM_TLS_PIN;
}

/* ---- the verdict ---- */

static GmResult
check_status (gnutls_session_t session)
{
  return gnutls_ocsp_status_request_is_checked (session, 0) != 0 ? GM_OK : GM_TLS_OCSP;
}

GmResult
gm_tls_verify (gnutls_session_t session,
               const GmTlsSettings *settings,
               GmTlsCredentials *anchors,
               const GmTlsName *name,
               char **detail)
{
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);
  gnutls_x509_crt_t crt = chain != NULL && n > 0 ? import (&chain[0]) : NULL;
  GmResult result = GM_OK;

  if (crt == NULL)
    return settings->verify_peer || settings->verify_host || settings->pins != NULL ? GM_TLS_BAD_CERTIFICATE : GM_OK;

  if (settings->verify_peer)
    result = check_chain (session, anchors, crt, n, detail);
  if (result == GM_OK && settings->verify_host)
    result = check_name (crt, name, detail);
  if (result == GM_OK && settings->verify_status)
    result = check_status (session);
  if (result == GM_OK && settings->pins != NULL)
    result = check_pins (crt, settings->pins, detail);
  gnutls_x509_crt_deinit (crt);

  return result;
}
