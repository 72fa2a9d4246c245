/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-certificate-private.h"

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
