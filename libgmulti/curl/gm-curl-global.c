/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-memory.h"

#include "gm-trace.h"

/* Nothing here needs to be prepared or taken down: what the process shares is made on first use, and thread-safe. The
 * count only decides whether the memory functions may still be replaced. */

static gint n_inits;

CURLcode
curl_global_init (long flags)
{
  if (g_atomic_int_add (&n_inits, 1) == 0)
    gm_trace_init ();

  return CURLE_OK;
}

CURLcode
curl_global_init_mem (long flags,
                      curl_malloc_callback m,
                      curl_free_callback f,
                      curl_realloc_callback r,
                      curl_strdup_callback s,
                      curl_calloc_callback c)
{
  if (m == NULL || f == NULL || r == NULL || s == NULL || c == NULL)
    return CURLE_FAILED_INIT;

  /* Memory that was given out must go back to where it came from. */
  if (g_atomic_int_get (&n_inits) == 0)
    gm_curl_memory = (GmCurlMemory){ m, f, r, s, c };

  return curl_global_init (flags);
}

void
curl_global_cleanup (void)
{
  gint count;

  do
    {
      count = g_atomic_int_get (&n_inits);
      if (count == 0)
        return;
    }
  while (!g_atomic_int_compare_and_exchange (&n_inits, count, count - 1));
}

CURLcode
curl_global_trace (const char *config)
{
  /* The trace of this library is asked for by GMULTI_DEBUG. */
  return CURLE_OK;
}

CURLsslset
curl_global_sslset (curl_sslbackend id,
                    const char *name,
                    const curl_ssl_backend ***avail)
{
  static const curl_ssl_backend gnutls = { CURLSSLBACKEND_GNUTLS, "gnutls" };
  static const curl_ssl_backend *const all[] = { &gnutls, NULL };

  if (avail != NULL)
    *avail = (const curl_ssl_backend **) all;

  return id == gnutls.id || (name != NULL && g_ascii_strcasecmp (name, gnutls.name) == 0)
           ? CURLSSLSET_OK
           : CURLSSLSET_UNKNOWN_BACKEND;
}
