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
  if (list13 == NULL)
    g_string_append (priority, ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AEAD");
  if (list12 == NULL)
    g_string_append (priority, ":+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-CBC:+AES-128-CBC:+AEAD:+SHA1");
  /* TLS 1.3 has key exchanges of its own, but GnuTLS wants one to be there. */
  if (list12 != NULL && !has12)
    g_string_append (priority, ":+ECDHE-RSA:+ECDHE-ECDSA");

  return g_string_free (priority, FALSE);
}
