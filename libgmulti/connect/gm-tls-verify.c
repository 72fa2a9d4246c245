/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-verify.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/ocsp.h>
#include <string.h>

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

/* @names (nullable): what is in the way of it is appended. */
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
          if (names != NULL)
            add_name (names, buffer, len);
        }
      else if (type == GNUTLS_SAN_IPADDRESS)
        {
          if (gm_tls_name_match_address (name, buffer, len))
            return TRUE;
          if (names != NULL)
            add_address (names, (const guint8 *) buffer, len);
        }
    }

  return FALSE;
}

static char *
dup_names (gnutls_x509_crt_t crt,
           const GmTlsName *name)
{
  GString *names = g_string_new (NULL);

  name_fits (crt, name, names);
  return g_string_free (names, FALSE);
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

static guint
faults_of (guint status,
           gnutls_x509_crt_t crt,
           guint n_certificates)
{
  guint faults = 0;

  if (status & GNUTLS_CERT_REVOKED)
    faults |= GM_TLS_FAULT (REVOKED);
  if (status & (GNUTLS_CERT_SIGNATURE_FAILURE | GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE | GNUTLS_CERT_MISMATCH |
                GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS | GNUTLS_CERT_SIGNER_NOT_CA))
    faults |= GM_TLS_FAULT (BAD_CERTIFICATE);
  if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
    faults |= GM_TLS_FAULT (WEAK);
  if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
    faults |= n_certificates == 1 && gnutls_x509_crt_check_issuer (crt, crt) ? GM_TLS_FAULT (SELF_SIGNED)
                                                                             : GM_TLS_FAULT (UNKNOWN_CA);
  if (status & GNUTLS_CERT_EXPIRED)
    faults |= GM_TLS_FAULT (EXPIRED);
  if (status & GNUTLS_CERT_NOT_ACTIVATED)
    faults |= GM_TLS_FAULT (NOT_YET_VALID);
  if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
    faults |= GM_TLS_FAULT (WRONG_PURPOSE);
  if (status & (GNUTLS_CERT_MISSING_OCSP_STATUS | GNUTLS_CERT_INVALID_OCSP_STATUS |
                GNUTLS_CERT_REVOCATION_DATA_SUPERSEDED | GNUTLS_CERT_REVOCATION_DATA_ISSUED_IN_FUTURE))
    faults |= GM_TLS_FAULT (OCSP);

  return faults == 0 && status != 0 ? GM_TLS_FAULT (BAD_CERTIFICATE) : faults;
}

/* ---- chains that were good ---- */

/* FALSE: this cannot be remembered. */
static gboolean
describe_chain (gnutls_session_t session,
                GmTlsGood *good)
{
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);
  gnutls_hash_hd_t hash;

  if (chain == NULL || gnutls_hash_init (&hash, GNUTLS_DIG_SHA256) != 0)
    return FALSE;

  for (unsigned int i = 0; i < n; i++)
    {
      guint32 size = GUINT32_TO_BE (chain[i].size);

      gnutls_hash (hash, &size, sizeof size);
      gnutls_hash (hash, chain[i].data, chain[i].size);
    }
  gnutls_hash_deinit (hash, good->digest);

  return TRUE;
}

static gboolean
was_good (GmTlsCredentials *anchors,
          const GmTlsGood *wanted)
{
  gint64 now = g_get_monotonic_time ();
  gint64 today = g_get_real_time () / G_USEC_PER_SEC;
  gboolean found = FALSE;

  g_mutex_lock (&anchors->lock);
  for (guint i = 0; anchors->good != NULL && i < GM_TLS_MAX_GOOD && !found; i++)
    found = anchors->good[i].until > now && anchors->good[i].valid_until > today &&
            memcmp (anchors->good[i].digest, wanted->digest, sizeof wanted->digest) == 0;
  g_mutex_unlock (&anchors->lock);

  return found;
}

static gint64
first_expiration (gnutls_session_t session)
{
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);
  gint64 first = G_MAXINT64;

  for (unsigned int i = 0; i < n; i++)
    {
      gnutls_x509_crt_t crt = import (&chain[i]);

      if (crt == NULL)
        return 0;
      first = MIN (first, (gint64) gnutls_x509_crt_get_expiration_time (crt));
      gnutls_x509_crt_deinit (crt);
    }

  return first;
}

static void
keep_good (GmTlsCredentials *anchors,
           gnutls_session_t session,
           GmTlsGood *good)
{
  guint place = 0;

  good->until = g_get_monotonic_time () + GM_TLS_GOOD_US;
  good->valid_until = first_expiration (session);
  g_mutex_lock (&anchors->lock);
  if (anchors->good == NULL)
    anchors->good = g_new0 (GmTlsGood, GM_TLS_MAX_GOOD);
  while (place < GM_TLS_MAX_GOOD && memcmp (anchors->good[place].digest, good->digest, sizeof good->digest) != 0)
    place++;
  if (place == GM_TLS_MAX_GOOD)
    place = anchors->next_good++ % GM_TLS_MAX_GOOD;
  anchors->good[place] = *good;
  g_mutex_unlock (&anchors->lock);
}

/* The signatures cost as much as all the rest of resuming a session: a chain that the same anchors have found good a while
 * ago is taken for good by a session that is resumed, unless a certificate of it has expired since. Its name, its pins and
 * its issuer are looked at each time. */
static guint
check_signatures (gnutls_session_t session,
                  const GmTlsSettings *settings,
                  GmTlsCredentials *anchors,
                  gnutls_x509_crt_t crt,
                  guint n_certificates)
{
  gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *) GNUTLS_KP_TLS_WWW_SERVER, 0 };
  GmTlsGood good;
  gboolean described = describe_chain (session, &good);
  unsigned int status = 0;

  /* the stapled answer is looked at with them */
  if (described && !settings->verify_status && gnutls_session_is_resumed (session) != 0 && was_good (anchors, &good))
    return 0;
  if (gnutls_certificate_verify_peers (session, &purpose, 1, &status) != 0)
    return GM_TLS_FAULT (BAD_CERTIFICATE);
  if (described && status == 0)
    keep_good (anchors, session, &good);

  return faults_of (status, crt, n_certificates);
}

/* ---- a stapled status ---- */

/* The certificate says that there will be one (RFC 7633). */
static gboolean
must_staple (gnutls_x509_crt_t crt)
{
  unsigned int critical;
  size_t len = 0;
  int code = 0;

  for (unsigned int i = 0; code >= 0; i++)
    {
      char oid[64];
      size_t oid_len = sizeof oid;

      code = gnutls_x509_crt_get_extension_info (crt, i, oid, &oid_len, &critical);
      if (code == GNUTLS_E_SHORT_MEMORY_BUFFER)
        code = 0;
      else if (code == 0 && strcmp (oid, "1.3.6.1.5.5.7.1.24") == 0)
        return gnutls_x509_crt_get_extension_data (crt, i, NULL, &len) == 0;
    }

  return FALSE;
}

/* GnuTLS takes whatever is signed well and does not say "revoked": an authority that has never heard of the certificate
 * (RFC 6960 section 2.2) says nothing good of it. */
static gboolean
says_good (gnutls_session_t session,
           gnutls_x509_crt_t crt)
{
  gnutls_datum_t data;
  gnutls_ocsp_resp_t answer = NULL;
  unsigned int status = GNUTLS_OCSP_CERT_UNKNOWN;

  if (gnutls_ocsp_status_request_get (session, &data) != 0 || gnutls_ocsp_resp_init (&answer) != 0)
    return FALSE;
  if (gnutls_ocsp_resp_import (answer, &data) == 0)
    for (unsigned int i = 0;
         gnutls_ocsp_resp_get_single (answer, i, NULL, NULL, NULL, NULL, &status, NULL, NULL, NULL, NULL) == 0; i++)
      {
        if (gnutls_ocsp_resp_check_crt (answer, i, crt) == 0)
          break;
        status = GNUTLS_OCSP_CERT_UNKNOWN;
      }
  gnutls_ocsp_resp_deinit (answer);

  return status == GNUTLS_OCSP_CERT_GOOD;
}

static gboolean
status_is_good (gnutls_session_t session,
                const GmTlsSettings *settings,
                gnutls_x509_crt_t crt)
{
  if (settings->verify_status)
    return gnutls_ocsp_status_request_is_checked (session, 0) != 0 && says_good (session, crt);

  /* that there is none GnuTLS says by itself */
  return !settings->verify_peer || gnutls_ocsp_status_request_is_checked (session, 0) == 0 || !must_staple (crt) ||
         says_good (session, crt);
}

/* ---- pins ---- */

/* Its public key in DER; NULL if it has none that can be read. */
static GBytes *
dup_key (gnutls_x509_crt_t crt)
{
  gnutls_pubkey_t key = NULL;
  gnutls_datum_t der = { NULL, 0 };
  GBytes *bytes = NULL;

  if (gnutls_pubkey_init (&key) != 0)
    return NULL;
  if (gnutls_pubkey_import_x509 (key, crt, 0) == 0 && gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &der) == 0)
    {
      bytes = g_bytes_new (der.data, der.size);
      gnutls_free (der.data);
    }
  gnutls_pubkey_deinit (key);

  return bytes;
}

static char *
dup_pin (gnutls_x509_crt_t crt)
{
  g_autoptr (GBytes) key = dup_key (crt);
  gsize len = 0;
  gconstpointer der = key != NULL ? g_bytes_get_data (key, &len) : NULL;
  guint8 digest[32];

  return der != NULL && gnutls_hash_fast (GNUTLS_DIG_SHA256, der, len, digest) == 0 ? g_base64_encode (digest, sizeof digest)
                                                                                   : NULL;
}

static gboolean
is_listed (const char *pin,
           const char *pins)
{
  gsize len = pin != NULL ? strlen (pin) : 0;

  while (pin != NULL && *pins != '\0')
    {
      gsize one = strcspn (pins, ";");
      GmSpan wanted = gm_span_strip (gm_span (pins, one));

      if (wanted.len == 8 + len && memcmp (wanted.data, "sha256//", 8) == 0 && memcmp (wanted.data + 8, pin, len) == 0)
        return TRUE;
      pins += one + (pins[one] == ';');
    }

  return FALSE;
}

static gboolean
is_pinned (gnutls_x509_crt_t crt,
           const GmTlsSettings *settings,
           const GmTlsCredentials *pinned)
{
  if (gm_tls_pins_are_file (settings->pins))
    {
      g_autoptr (GBytes) key = dup_key (crt);

      return key != NULL && pinned != NULL && pinned->pinned != NULL && g_bytes_equal (key, pinned->pinned);
    }
  else
    {
      g_autofree char *pin = dup_pin (crt);

      return is_listed (pin, settings->pins);
    }
}

/* ---- the verdict ---- */

/* The worst first: what no waiting and no added authority would mend. */
static GmResult
worst (guint faults)
{
  static const GmResult order[]
    = { GM_TLS_PIN,           GM_TLS_REVOKED,    GM_TLS_BAD_CERTIFICATE, GM_TLS_WEAK,
        GM_TLS_SELF_SIGNED,   GM_TLS_UNKNOWN_CA, GM_TLS_EXPIRED,         GM_TLS_NOT_YET_VALID,
        GM_TLS_WRONG_PURPOSE, GM_TLS_WRONG_HOST, GM_TLS_ISSUER,          GM_TLS_OCSP };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (faults & (1u << (order[i] - GM_TLS_EXPIRED)))
      return order[i];

  return GM_OK;
}

static char *
dup_detail (GmResult result,
            gnutls_x509_crt_t crt,
            const GmTlsName *name)
{
  g_autofree char *pin = NULL;

  switch ((int) result)
    {
    case GM_TLS_WRONG_HOST:
      return dup_names (crt, name);
    case GM_TLS_PIN:
      pin = dup_pin (crt);
      return pin != NULL ? g_strconcat ("sha256//", pin, NULL) : NULL;
    case GM_TLS_UNKNOWN_CA:
    case GM_TLS_ISSUER:
      return dup_subject (crt, TRUE);
    case GM_OK:
      return NULL;
    default:
      return dup_subject (crt, FALSE);
    }
}

static guint
check_all (gnutls_session_t session,
           const GmTlsSettings *settings,
           GmTlsCredentials *anchors,
           const GmTlsCredentials *pinned,
           const GmTlsName *name,
           gnutls_x509_crt_t crt,
           guint n_certificates)
{
  guint faults = 0;

  if (settings->verify_peer)
    faults |= check_signatures (session, settings, anchors, crt, n_certificates);
  if (anchors != NULL && anchors->issuer != NULL && !gnutls_x509_crt_check_issuer (crt, anchors->issuer))
    faults |= GM_TLS_FAULT (ISSUER);
  if (settings->verify_host && !name_fits (crt, name, NULL))
    faults |= GM_TLS_FAULT (WRONG_HOST);
  if (!status_is_good (session, settings, crt))
    faults |= GM_TLS_FAULT (OCSP);
  if (settings->pins != NULL && !is_pinned (crt, settings, pinned))
    faults |= GM_TLS_FAULT (PIN);

  return faults;
}

static gboolean
is_login (gnutls_session_t session)
{
  return gnutls_auth_get_type (session) == GNUTLS_CRD_SRP;
}

void
gm_tls_verify (gnutls_session_t session,
               const GmTlsSettings *settings,
               GmTlsCredentials *anchors,
               const GmTlsCredentials *pinned,
               const GmTlsName *name,
               GmTlsVerdict *verdict)
{
  unsigned int n = 0;
  const gnutls_datum_t *chain = gnutls_certificate_get_peers (session, &n);
  gnutls_x509_crt_t crt = chain != NULL && n > 0 ? import (&chain[0]) : NULL;

  *verdict = (GmTlsVerdict){ GM_OK };
  if (crt != NULL)
    {
      verdict->faults = check_all (session, settings, anchors, pinned, name, crt, n);
      verdict->result = worst (verdict->faults);
      verdict->detail = dup_detail (verdict->result, crt, name);
      gnutls_x509_crt_deinit (crt);
    }
  /* Nobody shows nothing where TLS has certificates; what cannot be read is as good as that. But where both have shown that
   * they know a password there need be none. */
  else if (settings->verify_peer || (settings->verify_host && !is_login (session)) || settings->verify_status ||
           settings->pins != NULL || gm_tls_has_issuer (settings))
    {
      verdict->faults = GM_TLS_FAULT (BAD_CERTIFICATE);
      verdict->result = GM_TLS_BAD_CERTIFICATE;
    }
}
