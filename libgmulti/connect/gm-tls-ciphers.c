/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-ciphers.h"

#include <string.h>

typedef struct
{
  const char *openssl;
  const char *iana;
  const char *parts; /* of a priority string */
} Suite;

static const Suite suites12[] = {
  { "ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", ":+ECDHE-ECDSA:+AES-128-GCM:+AEAD" },
  { "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", ":+ECDHE-ECDSA:+AES-256-GCM:+AEAD" },
  { "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ":+ECDHE-ECDSA:+CHACHA20-POLY1305:+AEAD" },
  { "ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", ":+ECDHE-RSA:+AES-128-GCM:+AEAD" },
  { "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", ":+ECDHE-RSA:+AES-256-GCM:+AEAD" },
  { "ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ":+ECDHE-RSA:+CHACHA20-POLY1305:+AEAD" },
  { "ECDHE-ECDSA-AES128-SHA", "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", ":+ECDHE-ECDSA:+AES-128-CBC:+SHA1" },
  { "ECDHE-ECDSA-AES256-SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", ":+ECDHE-ECDSA:+AES-256-CBC:+SHA1" },
  { "ECDHE-RSA-AES128-SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", ":+ECDHE-RSA:+AES-128-CBC:+SHA1" },
  { "ECDHE-RSA-AES256-SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", ":+ECDHE-RSA:+AES-256-CBC:+SHA1" },
  { "DHE-RSA-AES128-GCM-SHA256", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", ":+DHE-RSA:+AES-128-GCM:+AEAD" },
  { "DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", ":+DHE-RSA:+AES-256-GCM:+AEAD" },
  { "DHE-RSA-CHACHA20-POLY1305", "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", ":+DHE-RSA:+CHACHA20-POLY1305:+AEAD" },
  { "AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256", ":+RSA:+AES-128-GCM:+AEAD" },
  { "AES256-GCM-SHA384", "TLS_RSA_WITH_AES_256_GCM_SHA384", ":+RSA:+AES-256-GCM:+AEAD" },
  { "AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", ":+RSA:+AES-128-CBC:+SHA1" },
  { "AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", ":+RSA:+AES-256-CBC:+SHA1" },
};

static const Suite suites13[] = {
  { "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", ":+AES-128-GCM:+AEAD" },
  { "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", ":+AES-256-GCM:+AEAD" },
  { "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", ":+CHACHA20-POLY1305:+AEAD" },
  { "TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_SHA256", ":+AES-128-CCM:+AEAD" },
};

static const char *
find (const Suite *suites,
      gsize n,
      const char *name)
{
  for (gsize i = 0; i < n; i++)
    if (g_ascii_strcasecmp (suites[i].openssl, name) == 0 || g_ascii_strcasecmp (suites[i].iana, name) == 0)
      return suites[i].parts;

  return NULL;
}

gboolean
gm_tls_ciphers_are_suites (const char *list)
{
  g_autofree char *first = g_strndup (list, strcspn (list, ":, "));

  return find (suites12, G_N_ELEMENTS (suites12), first) != NULL || find (suites13, G_N_ELEMENTS (suites13), first) != NULL;
}

/* Names of either kind are welcome in either list: programs put all they have into one. */
static gboolean
append (GString *priority,
        const char *list,
        gboolean *has12)
{
  g_auto (GStrv) names = g_strsplit_set (list, ":, ", -1);
  gboolean any = FALSE;

  for (guint i = 0; names[i] != NULL; i++)
    {
      const char *parts;

      if (*names[i] == '\0')
        continue;
      parts = find (suites12, G_N_ELEMENTS (suites12), names[i]);
      *has12 = *has12 || parts != NULL;
      if (parts == NULL)
        parts = find (suites13, G_N_ELEMENTS (suites13), names[i]);
      if (parts == NULL)
        return FALSE;
      g_string_append (priority, parts);
      any = TRUE;
    }

  return any;
}

char *
gm_tls_ciphers_to_priority (const char *list12,
                            const char *list13)
{
  GString *priority = g_string_new ("NORMAL:-CIPHER-ALL:-MAC-ALL");
  gboolean has12 = FALSE;

  if (list12 != NULL)
    g_string_append (priority, ":-KX-ALL");
  if ((list13 != NULL && !append (priority, list13, &has12)) || (list12 != NULL && !append (priority, list12, &has12)))
    {
      g_string_free (priority, TRUE);
      return NULL;
    }
  /* A name stands for a cipher in both versions: one that is not in the list of the one may come by the other's, where it
   * is not there at all. Who has none that TLS 1.3 knows gets them all there. */
  if (list13 == NULL && strstr (priority->str, "AEAD") == NULL)
    g_string_append (priority, ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD");
  if (list12 == NULL)
    g_string_append (priority, ":+AES-256-CBC:+AES-128-CBC:+SHA1");
  /* TLS 1.3 has key exchanges of its own, but GnuTLS wants one to be there. */
  if (list12 != NULL && !has12)
    g_string_append (priority, ":+ECDHE-RSA:+ECDHE-ECDSA");

  return g_string_free (priority, FALSE);
}

/* ---- groups and signatures ---- */

typedef struct
{
  const char *name;
  const char *parts; /* of a priority string */
} Named;

static const Named groups[] = {
  { "X25519", ":+GROUP-X25519" },        { "X448", ":+GROUP-X448" },
  { "P-256", ":+GROUP-SECP256R1" },      { "prime256v1", ":+GROUP-SECP256R1" }, { "secp256r1", ":+GROUP-SECP256R1" },
  { "P-384", ":+GROUP-SECP384R1" },      { "secp384r1", ":+GROUP-SECP384R1" },
  { "P-521", ":+GROUP-SECP521R1" },      { "secp521r1", ":+GROUP-SECP521R1" },
  { "ffdhe2048", ":+GROUP-FFDHE2048" },  { "ffdhe3072", ":+GROUP-FFDHE3072" },
  { "ffdhe4096", ":+GROUP-FFDHE4096" },  { "ffdhe6144", ":+GROUP-FFDHE6144" },
  { "ffdhe8192", ":+GROUP-FFDHE8192" },
};

/* GnuTLS has two names for one on a curve: with TLS 1.2 any curve does. */
static const Named signatures[] = {
  { "RSA+SHA1", ":+SIGN-RSA-SHA1" },
  { "RSA+SHA256", ":+SIGN-RSA-SHA256" },
  { "RSA+SHA384", ":+SIGN-RSA-SHA384" },
  { "RSA+SHA512", ":+SIGN-RSA-SHA512" },
  { "RSA-PSS+SHA256", ":+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-SHA256" },
  { "RSA-PSS+SHA384", ":+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-SHA384" },
  { "RSA-PSS+SHA512", ":+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-PSS-SHA512" },
  { "ECDSA+SHA1", ":+SIGN-ECDSA-SHA1" },
  { "ECDSA+SHA256", ":+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256" },
  { "ECDSA+SHA384", ":+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP384R1-SHA384" },
  { "ECDSA+SHA512", ":+SIGN-ECDSA-SHA512:+SIGN-ECDSA-SECP521R1-SHA512" },
  { "rsa_pkcs1_sha1", ":+SIGN-RSA-SHA1" },
  { "rsa_pkcs1_sha256", ":+SIGN-RSA-SHA256" },
  { "rsa_pkcs1_sha384", ":+SIGN-RSA-SHA384" },
  { "rsa_pkcs1_sha512", ":+SIGN-RSA-SHA512" },
  { "rsa_pss_rsae_sha256", ":+SIGN-RSA-PSS-RSAE-SHA256" },
  { "rsa_pss_rsae_sha384", ":+SIGN-RSA-PSS-RSAE-SHA384" },
  { "rsa_pss_rsae_sha512", ":+SIGN-RSA-PSS-RSAE-SHA512" },
  { "rsa_pss_pss_sha256", ":+SIGN-RSA-PSS-SHA256" },
  { "rsa_pss_pss_sha384", ":+SIGN-RSA-PSS-SHA384" },
  { "rsa_pss_pss_sha512", ":+SIGN-RSA-PSS-SHA512" },
  { "ecdsa_sha1", ":+SIGN-ECDSA-SHA1" },
  { "ecdsa_secp256r1_sha256", ":+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SHA256" },
  { "ecdsa_secp384r1_sha384", ":+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SHA384" },
  { "ecdsa_secp521r1_sha512", ":+SIGN-ECDSA-SECP521R1-SHA512:+SIGN-ECDSA-SHA512" },
  { "ed25519", ":+SIGN-EDDSA-ED25519" },
  { "ed448", ":+SIGN-EDDSA-ED448" },
};

static gboolean
append_named (GString *priority,
              const char *list,
              const char *none,
              const Named *table,
              gsize n)
{
  g_auto (GStrv) names = g_strsplit_set (list, ":, ", -1);
  gboolean any = FALSE;

  g_string_append (priority, none);
  for (guint i = 0; names[i] != NULL; i++)
    {
      gsize at = 0;

      if (*names[i] == '\0')
        continue;
      while (at < n && g_ascii_strcasecmp (table[at].name, names[i]) != 0)
        at++;
      if (at == n)
        return FALSE;
      g_string_append (priority, table[at].parts);
      any = TRUE;
    }

  return any;
}

gboolean
gm_tls_groups_append (GString *priority,
                      const char *list)
{
  return append_named (priority, list, ":-GROUP-ALL", groups, G_N_ELEMENTS (groups));
}

gboolean
gm_tls_signatures_append (GString *priority,
                          const char *list)
{
  return append_named (priority, list, ":-SIGN-ALL", signatures, G_N_ELEMENTS (signatures));
}
