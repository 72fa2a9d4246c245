/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-site.h"

#include "gm-config.h"

#include <arpa/inet.h>

#if HAVE_PSL
#include <libpsl.h>
#endif

#if HAVE_PSL

static gpointer
load_list (gpointer data G_GNUC_UNUSED)
{
  psl_ctx_t *list = psl_latest (NULL);

  /* The newest file there is, else what the library has in itself; kept for ever. */
  return list != NULL ? list : (gpointer) psl_builtin ();
}

static const psl_ctx_t *
get_list (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, load_list, NULL);
}

#endif

void
gm_site_prepare (void)
{
#if HAVE_PSL
  get_list ();
#endif
}

/* A name that the list can be asked about, as a string; FALSE if it is none. */
static gboolean
copy_name (GmSpan host,
           char name[GM_SITE_MAX_HOST + 1])
{
  if (host.len == 0 || host.len > GM_SITE_MAX_HOST || host.data[host.len - 1] == '.' || host.data[0] == '.')
    return FALSE;
  if (gm_site_is_address (host))
    return FALSE;

  memcpy (name, host.data, host.len);
  name[host.len] = '\0';
  return TRUE;
}

static GmSpan
last_two_labels (GmSpan host)
{
  gsize dots = 0;

  for (gsize i = host.len; i > 0; i--)
    {
      if (host.data[i - 1] == '.' && ++dots == 2)
        return gm_span (host.data + i, host.len - i);
    }

  return host;
}

GmSpan
gm_site_of_host (GmSpan host)
{
  char name[GM_SITE_MAX_HOST + 1];

  if (!copy_name (host, name))
    return host;
#if HAVE_PSL
  if (get_list () != NULL)
    {
      const char *found = psl_registrable_domain (get_list (), name);

      return found != NULL ? gm_span (host.data + (found - name), strlen (found)) : host;
    }
#endif
  return last_two_labels (host);
}

gboolean
gm_site_is_suffix (GmSpan host)
{
  char name[GM_SITE_MAX_HOST + 1];

  if (!copy_name (host, name))
    return FALSE;
#if HAVE_PSL
  if (get_list () != NULL)
    return psl_is_public_suffix (get_list (), name) != 0;
#endif
  return memchr (host.data, '.', host.len) == NULL;
}

gboolean
gm_site_is_address (GmSpan host)
{
  char text[INET6_ADDRSTRLEN + 1];
  struct in6_addr address;

  if (host.len == 0 || host.len > INET6_ADDRSTRLEN)
    return FALSE;
  /* An IPv4 address ends with a digit, and an IPv6 one has colons; names, which are the most, are seen at once. */
  if (!g_ascii_isdigit (host.data[host.len - 1]) && memchr (host.data, ':', host.len) == NULL)
    return FALSE;
  memcpy (text, host.data, host.len);
  text[host.len] = '\0';

  return inet_pton (AF_INET, text, &address) == 1 || inet_pton (AF_INET6, text, &address) == 1;
}

gboolean
gm_site_is_below (GmSpan host,
                  GmSpan domain)
{
  if (domain.len == 0 || host.len < domain.len)
    return FALSE;
  if (!gm_span_equal (gm_span (host.data + host.len - domain.len, domain.len), domain))
    return FALSE;

  return host.len == domain.len || host.data[host.len - domain.len - 1] == '.';
}

gboolean
gm_site_same (const GmUrl *a,
              const GmUrl *b)
{
  return gm_url_get_scheme (a) == gm_url_get_scheme (b) &&
         gm_span_equal (gm_site_of_host (gm_url_get_host (a)), gm_site_of_host (gm_url_get_host (b)));
}

gboolean
gm_site_is_local (GmSpan host)
{
  return gm_span_equal (host, GM_SPAN ("localhost")) || gm_span_equal (host, GM_SPAN ("127.0.0.1")) ||
         gm_span_equal (host, GM_SPAN ("::1"));
}

gboolean
gm_site_is_secure (const GmUrl *url)
{
  GmSpan host = gm_url_get_host (url);

  return gm_url_get_scheme (url) == GM_SCHEME_HTTPS || gm_site_is_local (host);
}
