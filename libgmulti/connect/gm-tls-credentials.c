/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-credentials.h"

#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>
#include <stdlib.h>
#include <string.h>

/* Files of certificates and keys; the largest bundle of authorities there is has half a MiB. */
#define MAX_FILE (16 * 1024 * 1024)

/* A public key, as libcurl has it. */
#define MAX_PINNED (1024 * 1024)

/* One that hangs holds up those with the same key, and nobody else. */
#define TOKEN_WORKERS 4

/* To free so many authorities takes no longer than other steps do; thousands of them take their time. */
#define MANY_ANCHORS 100

static gboolean
fail (GmTlsCredentials *self,
      GmResult result,
      int code,
      const char *detail)
{
  if (self->result == GM_OK)
    {
      self->result = result;
      self->tls = code < 0 ? code : GNUTLS_E_NO_CERTIFICATE_FOUND;
      self->detail = g_strndup (detail, 512);
    }
  return FALSE;
}

static gboolean
is_uri (const char *name,
        guint8 format)
{
  return name != NULL && (format == GM_TLS_FORMAT_URI || g_ascii_strncasecmp (name, "pkcs11:", 7) == 0);
}

/* ---- URIs ---- */

/* Without its PIN, which is decoded into *@pin_code (owned) (nullable): GnuTLS would offer a wrong one for ever, and others
 * would read it in messages. */
static char *
split_uri (const char *uri,
           GBytes **pin_code)
{
  GString *rest = g_string_new (NULL);
  char first = '\0'; /* the separator of a PIN that began the query: it is that of what comes next (RFC 7512 section 2.3) */

  for (const char *at = uri; *at != '\0';)
    {
      gsize separator = *at == ';' || *at == '?' || *at == '&';
      gsize len = strcspn (at + separator, ";?&");

      if (len >= 10 && g_ascii_strncasecmp (at + separator, "pin-value=", 10) == 0)
        {
          char *value = g_uri_unescape_segment (at + separator + 10, at + separator + len, NULL);

          if (value != NULL && *pin_code == NULL)
            *pin_code = gm_secret_bytes_new (value, strlen (value));
          if (value != NULL)
            explicit_bzero (value, strlen (value));
          g_free (value);
          if (*at == '?')
            first = '?';
        }
      else
        {
          g_string_append_len (rest, at, (gssize) (separator + len));
          if (first != '\0' && separator > 0)
            rest->str[rest->len - len - 1] = first;
          first = '\0';
        }
      at += separator + len;
    }

  return g_string_free (rest, FALSE);
}

/* Wiped when it goes: there may be a key in it. */
static GBytes *
read_file (const char *path)
{
  g_autofree char *data = NULL;
  gsize len = 0;
  GBytes *bytes = NULL;

  if (!g_file_get_contents (path, &data, &len, NULL))
    return NULL;
  if (len <= MAX_FILE)
    bytes = gm_secret_bytes_new (data, len);
  explicit_bzero (data, len);

  return bytes;
}

static gnutls_datum_t
datum (GBytes *bytes)
{
  gsize len = 0;
  gconstpointer data = g_bytes_get_data (bytes, &len);

  return (gnutls_datum_t){ (unsigned char *) data, (unsigned int) len };
}

static gnutls_x509_crt_fmt_t
format_of (const gnutls_datum_t *data,
           guint8 format)
{
  if (format == GM_TLS_FORMAT_DER)
    return GNUTLS_X509_FMT_DER;
  if (data->size > 0 && memmem (data->data, data->size, "-----BEGIN ", 11) == NULL)
    return GNUTLS_X509_FMT_DER;
  return GNUTLS_X509_FMT_PEM;
}

/* ---- anchors ---- */

static gboolean
add_anchors (GmTlsCredentials *self,
             GBytes *bytes,
             const char *detail)
{
  gnutls_datum_t data;
  int n;

  if (bytes == NULL)
    return fail (self, GM_TLS_CA_FILE, GNUTLS_E_FILE_ERROR, detail);

  data = datum (bytes);
  n = gnutls_certificate_set_x509_trust_mem (self->gnutls, &data, format_of (&data, GM_TLS_FORMAT_PEM));
  self->n_anchors += (guint) MAX (n, 0);

  return n > 0 ? TRUE : fail (self, GM_TLS_CA_FILE, n, detail);
}

static gboolean
add_anchor_file (GmTlsCredentials *self,
                 const char *name)
{
  g_autoptr (GBytes) bytes = NULL;

  if (is_uri (name, GM_TLS_FORMAT_PEM))
    {
      int n = gnutls_certificate_set_x509_trust_file (self->gnutls, name, GNUTLS_X509_FMT_PEM);

      return n > 0 ? TRUE : fail (self, GM_TLS_CA_FILE, n, name);
    }

  bytes = read_file (name);
  return add_anchors (self, bytes, name);
}

/* Files in it that are no certificates are passed over. */
static gboolean
add_anchor_folder (GmTlsCredentials *self,
                   const char *name)
{
  int n = GNUTLS_E_FILE_ERROR;

  if (g_file_test (name, G_FILE_TEST_IS_DIR))
    n = gnutls_certificate_set_x509_trust_dir (self->gnutls, name, GNUTLS_X509_FMT_PEM);
  self->n_anchors += (guint) MAX (n, 0);

  return n >= 0 ? TRUE : fail (self, GM_TLS_CA_FILE, n, name);
}

static gboolean
add_crl (GmTlsCredentials *self,
         const char *name)
{
  g_autoptr (GBytes) bytes = read_file (name);
  gnutls_datum_t data;
  int n;

  if (bytes == NULL)
    return fail (self, GM_TLS_CRL_FILE, GNUTLS_E_FILE_ERROR, name);

  data = datum (bytes);
  n = gnutls_certificate_set_x509_crl_mem (self->gnutls, &data, format_of (&data, GM_TLS_FORMAT_PEM));

  return n > 0 ? TRUE : fail (self, GM_TLS_CRL_FILE, n, name);
}

gboolean
gm_tls_has_issuer (const GmTlsSettings *settings)
{
  return settings->issuer_file != NULL || settings->issuer_bytes != NULL;
}

static gboolean
set_issuer (GmTlsCredentials *self,
            GBytes *given,
            const char *name)
{
  g_autoptr (GBytes) bytes = given != NULL ? g_bytes_ref (given) : read_file (name);
  gnutls_datum_t data;
  int code;

  if (bytes == NULL)
    return fail (self, GM_TLS_ISSUER, GNUTLS_E_FILE_ERROR, name);

  data = datum (bytes);
  gnutls_x509_crt_init (&self->issuer);
  code = gnutls_x509_crt_import (self->issuer, &data, format_of (&data, GM_TLS_FORMAT_PEM));

  return code == 0 ? TRUE : fail (self, GM_TLS_ISSUER, code, name != NULL ? name : "issuer");
}

static void
load_anchors (GmTlsCredentials *self,
              const GmTlsSettings *settings)
{
  gboolean given = settings->ca_file != NULL || settings->ca_dir != NULL || settings->ca_bytes != NULL;

  if (settings->ca_file != NULL && !add_anchor_file (self, settings->ca_file))
    return;
  if (settings->ca_bytes != NULL && !add_anchors (self, settings->ca_bytes, "bytes"))
    return;
  if (settings->ca_dir != NULL && !add_anchor_folder (self, settings->ca_dir))
    return;
  /* A system without a store trusts nobody, which the verdict says. */
  if (!given || settings->with_system_trust)
    gnutls_certificate_set_x509_system_trust (self->gnutls);
  if (settings->crl_file != NULL && !add_crl (self, settings->crl_file))
    return;
  if (gm_tls_has_issuer (settings))
    set_issuer (self, settings->issuer_bytes, settings->issuer_file);
}

/* ---- identity ---- */

/* A token asks for its PIN. One that has refused it is not asked again: cards lock themselves. */
static int
pin_cb (void *user_data,
        int attempt,
        const char *token_url,
        const char *token_label,
        unsigned int flags,
        char *pin,
        size_t pin_max)
{
  GmTlsCredentials *self = user_data;
  gsize len = 0;
  gconstpointer data = self->pin_code != NULL ? g_bytes_get_data (self->pin_code, &len) : NULL;

  if (data == NULL || len >= pin_max || attempt > 0 || (flags & GNUTLS_PIN_WRONG) != 0)
    {
      if (self->token == NULL)
        self->token = g_utf8_make_valid (token_label != NULL ? token_label : "", -1);
      return GNUTLS_E_PKCS11_PIN_ERROR;
    }

  memcpy (pin, data, len);
  pin[len] = '\0';
  return 0;
}

static char *
dup_password (GBytes *password)
{
  gsize len = 0;
  gconstpointer data = password != NULL ? g_bytes_get_data (password, &len) : NULL;

  return data != NULL ? g_strndup (data, len) : NULL;
}

static void
free_password (char *password)
{
  if (password != NULL)
    explicit_bzero (password, strlen (password));
  g_free (password);
}

static int
load_from_token (GmTlsCredentials *self,
                 const GmTlsSettings *settings,
                 const char *password)
{
  const char *key = settings->key_file != NULL ? settings->key_file : settings->cert_file;
  gboolean on_token = is_uri (key, settings->key_format);
  GBytes *in_uri = NULL;
  g_autofree char *cert_uri = is_uri (settings->cert_file, settings->cert_format) ? split_uri (settings->cert_file, &in_uri)
                                                                                  : NULL;

  self->key_uri = on_token ? split_uri (key, &in_uri) : NULL;
  /* Who was asked knows better than who wrote the URI. */
  if (self->pin_code == NULL)
    self->pin_code = g_steal_pointer (&in_uri);
  g_clear_pointer (&in_uri, g_bytes_unref);
  if (on_token)
    self->workers = gm_workers_new ("gm-token", TOKEN_WORKERS);
  gnutls_certificate_set_pin_function (self->gnutls, pin_cb, self);

  return gnutls_certificate_set_x509_key_file2 (self->gnutls, cert_uri != NULL ? cert_uri : settings->cert_file,
                                                on_token ? self->key_uri : key,
                                                settings->cert_format == GM_TLS_FORMAT_DER ? GNUTLS_X509_FMT_DER
                                                                                           : GNUTLS_X509_FMT_PEM,
                                                password, 0);
}

static int
load_from_memory (GmTlsCredentials *self,
                  const GmTlsSettings *settings,
                  const char *password)
{
  gboolean key_apart = settings->key_bytes != NULL || settings->key_file != NULL;
  g_autoptr (GBytes) cert = NULL;
  g_autoptr (GBytes) key = NULL;
  gnutls_datum_t cert_data, key_data;

  cert = settings->cert_bytes != NULL ? g_bytes_ref (settings->cert_bytes) : read_file (settings->cert_file);
  if (settings->key_bytes != NULL)
    key = g_bytes_ref (settings->key_bytes);
  else if (key_apart)
    key = read_file (settings->key_file);
  else if (cert != NULL)
    key = g_bytes_ref (cert);
  if (cert == NULL || key == NULL)
    return GNUTLS_E_FILE_ERROR;

  cert_data = datum (cert);
  key_data = datum (key);
  if (settings->cert_format == GM_TLS_FORMAT_P12)
    return gnutls_certificate_set_x509_simple_pkcs12_mem (self->gnutls, &cert_data, GNUTLS_X509_FMT_DER, password);
  if (format_of (&cert_data, settings->cert_format) == format_of (&key_data, settings->key_format))
    return gnutls_certificate_set_x509_key_mem2 (self->gnutls, &cert_data, &key_data,
                                                 format_of (&cert_data, settings->cert_format), password, 0);

  return GNUTLS_E_UNSUPPORTED_CERTIFICATE_TYPE;
}

/* Of a key that is elsewhere than its certificate the key is the likelier culprit, and names the token. */
static void
fail_identity (GmTlsCredentials *self,
               const GmTlsSettings *settings,
               int code)
{
  const char *name = is_uri (settings->key_file, settings->key_format) ? settings->key_file : settings->cert_file;
  GBytes *pin_code = NULL;
  g_autofree char *shown = name != NULL ? split_uri (name, &pin_code) : NULL;

  if (self->token != NULL)
    fail (self, GM_TLS_TOKEN_PIN, code, self->token);
  else
    fail (self, GM_TLS_CLIENT_CERTIFICATE, code, shown != NULL ? shown : "bytes");
  g_clear_pointer (&pin_code, g_bytes_unref);
}

static void
load_identity (GmTlsCredentials *self,
               const GmTlsSettings *settings)
{
  char *password = dup_password (settings->key_password);
  int code;

  if (settings->key_password != NULL)
    self->pin_code = g_bytes_ref (settings->key_password);

  if (settings->cert_bytes == NULL &&
      (is_uri (settings->cert_file, settings->cert_format) || is_uri (settings->key_file, settings->key_format)))
    code = load_from_token (self, settings, password);
  else
    code = load_from_memory (self, settings, password);
  free_password (password);

  if (code < 0)
    fail_identity (self, settings, code);
}

/* ---- a pinned key ---- */

gboolean
gm_tls_pins_are_file (const char *pins)
{
  return pins != NULL && *pins != '\0' && !g_str_has_prefix (pins, "sha256//");
}

/* Who cannot say which key is the right one finds none that is. */
static void
load_pinned (GmTlsCredentials *self,
             const GmTlsSettings *settings)
{
  g_autoptr (GBytes) bytes = read_file (settings->pins);
  gnutls_pubkey_t key = NULL;
  gnutls_datum_t data, der = { NULL, 0 };
  int code;

  if (bytes == NULL || g_bytes_get_size (bytes) > MAX_PINNED || gnutls_pubkey_init (&key) != 0)
    {
      fail (self, GM_TLS_PIN, GNUTLS_E_FILE_ERROR, settings->pins);
      return;
    }

  data = datum (bytes);
  code = gnutls_pubkey_import (key, &data, format_of (&data, GM_TLS_FORMAT_PEM));
  if (code == 0)
    code = gnutls_pubkey_export2 (key, GNUTLS_X509_FMT_DER, &der);
  if (code == 0)
    self->pinned = g_bytes_new (der.data, der.size);
  else
    fail (self, GM_TLS_PIN, code, settings->pins);
  gnutls_free (der.data);
  gnutls_pubkey_deinit (key);
}

/* ---- life ---- */

GmTlsCredentials *
gm_tls_credentials_load (GmTlsKind kind,
                         const GmTlsSettings *settings)
{
  GmTlsCredentials *self = g_new0 (GmTlsCredentials, 1);
  int code;

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  code = gnutls_certificate_allocate_credentials (&self->gnutls);
  if (code != 0)
    fail (self, GM_OUT_OF_MEMORY, code, NULL);
  else if (kind == GM_TLS_ANCHORS)
    load_anchors (self, settings);
  else if (kind == GM_TLS_PINNED)
    load_pinned (self, settings);
  else
    load_identity (self, settings);

  return self;
}

GmTlsCredentials *
gm_tls_credentials_ref (GmTlsCredentials *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
credentials_free (GmTlsCredentials *self)
{
  if (self->gnutls != NULL)
    gnutls_certificate_free_credentials (self->gnutls);
  if (self->issuer != NULL)
    gnutls_x509_crt_deinit (self->issuer);
  g_clear_pointer (&self->pinned, g_bytes_unref);
  g_mutex_clear (&self->lock);
  g_free (self->good);
  g_clear_pointer (&self->workers, gm_workers_unref);
  g_clear_pointer (&self->pin_code, g_bytes_unref);
  g_free (self->key_uri);
  g_free (self->token);
  g_free (self->detail);
  g_free (self);
}

typedef struct
{
  GmJob job;
  GmTlsCredentials *credentials; /* (owned) */
} FreeJob;

static void
free_work (GmJob *job)
{
  g_clear_pointer (&((FreeJob *) job)->credentials, credentials_free);
}

static void
free_free (GmJob *job)
{
  g_clear_pointer (&((FreeJob *) job)->credentials, credentials_free);
  g_free (job);
}

/* To take leave of a token takes its time, too. */
static void
free_elsewhere (GmTlsCredentials *self)
{
  static const GmJobType type = { free_work, NULL, free_free };
  FreeJob *job = g_new0 (FreeJob, 1);
  GmWorkers *workers = gm_workers_ref (self->workers != NULL ? self->workers : gm_workers_files ());

  gm_job_init (&job->job, &type);
  job->credentials = self;
  if (!gm_job_start_detached (&job->job, workers))
    gm_job_unref (&job->job);
  gm_workers_unref (workers);
}

void
gm_tls_credentials_unref (GmTlsCredentials *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  if (self->workers != NULL || self->n_anchors > MANY_ANCHORS)
    free_elsewhere (self);
  else
    credentials_free (self);
}
