/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-certificate-private.h"

#include <string.h>

GTlsCertificate *
gm_face_certificate_new (GPtrArray *chain)
{
  GType type = g_tls_backend_get_certificate_type (g_tls_backend_get_default ());
  g_autoptr (GTlsCertificate) above = NULL;

  if (chain == NULL || !g_tls_backend_supports_tls (g_tls_backend_get_default ()))
    return NULL;

  for (guint i = chain->len; i > 0; i--)
    {
      GBytes *der = g_ptr_array_index (chain, i - 1);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      GTlsCertificate *one;

      g_byte_array_append (bytes, g_bytes_get_data (der, NULL), (guint) g_bytes_get_size (der));
      one = g_initable_new (type, NULL, NULL, "certificate", bytes, "issuer", above, NULL);
      if (one == NULL)
        return NULL;
      g_clear_object (&above);
      above = one;
    }

  return g_steal_pointer (&above);
}

GmTlsSettings *
gm_face_certificate_make_identity (GTlsCertificate *certificate)
{
  GmTlsSettings *identity = gm_tls_settings_copy (NULL);
  g_autofree char *key = NULL, *uri = NULL, *key_uri = NULL;
  GString *chain;

  g_object_get (certificate, "private-key-pem", &key, "pkcs11-uri", &uri, "private-key-pkcs11-uri", &key_uri, NULL);
  if (uri != NULL)
    {
      identity->cert_file = g_ref_string_new (uri);
      identity->key_file = g_ref_string_new (key_uri != NULL ? key_uri : uri);
    }
  else
    {
      chain = g_string_new (NULL);
      for (GTlsCertificate *one = certificate; one != NULL; one = g_tls_certificate_get_issuer (one))
        {
          g_autofree char *pem = NULL;

          g_object_get (one, "certificate-pem", &pem, NULL);
          g_string_append (chain, pem != NULL ? pem : "");
        }
      identity->cert_bytes = g_string_free_to_bytes (chain);
      if (key != NULL)
        identity->key_bytes = gm_secret_bytes_new (key, strlen (key));
    }
  if (key != NULL)
    explicit_bzero (key, strlen (key));

  return identity;
}

GTlsCertificateFlags
gm_face_certificate_get_flags (guint faults)
{
  static const struct
  {
    GmResult result;
    GTlsCertificateFlags flag;
  } rows[] = {
    { GM_TLS_EXPIRED, G_TLS_CERTIFICATE_EXPIRED },
    { GM_TLS_NOT_YET_VALID, G_TLS_CERTIFICATE_NOT_ACTIVATED },
    { GM_TLS_UNKNOWN_CA, G_TLS_CERTIFICATE_UNKNOWN_CA },
    { GM_TLS_SELF_SIGNED, G_TLS_CERTIFICATE_UNKNOWN_CA },
    { GM_TLS_WRONG_HOST, G_TLS_CERTIFICATE_BAD_IDENTITY },
    { GM_TLS_REVOKED, G_TLS_CERTIFICATE_REVOKED },
    { GM_TLS_WEAK, G_TLS_CERTIFICATE_INSECURE },
  };
  GTlsCertificateFlags flags = G_TLS_CERTIFICATE_NO_FLAGS;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (faults & (1u << (rows[i].result - GM_TLS_EXPIRED)))
      {
        flags |= rows[i].flag;
        faults &= ~(1u << (rows[i].result - GM_TLS_EXPIRED));
      }

  return faults != 0 ? flags | G_TLS_CERTIFICATE_GENERIC_ERROR : flags;
}
