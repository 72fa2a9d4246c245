/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-setopt.h"

#include "gm-auth.h"
#include "gm-proxy.h"
#include "gm-socks.h"

#include <string.h>

/* The engine's kinds have the interface's numbers. */
G_STATIC_ASSERT ((int) GM_PROXY_HTTP == CURLPROXY_HTTP && (int) GM_PROXY_HTTP_1_0 == CURLPROXY_HTTP_1_0);
G_STATIC_ASSERT ((int) GM_PROXY_HTTPS == CURLPROXY_HTTPS && (int) GM_PROXY_HTTPS_2 == CURLPROXY_HTTPS2);
G_STATIC_ASSERT ((int) GM_PROXY_SOCKS4 == CURLPROXY_SOCKS4 && (int) GM_PROXY_SOCKS4A == CURLPROXY_SOCKS4A);
G_STATIC_ASSERT ((int) GM_PROXY_SOCKS5 == CURLPROXY_SOCKS5 && (int) GM_PROXY_SOCKS5H == CURLPROXY_SOCKS5_HOSTNAME);

CURLcode
gm_curl_set_proxytype (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  return gm_curl_set_engine_int (easy, GM_OPTION_PROXY_KIND, value->number);
}

CURLcode
gm_curl_set_headeropt (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  return gm_curl_set_engine_int (easy, GM_OPTION_PROXY_SHARES_FIELDS, (value->number & CURLHEADER_SEPARATE) == 0);
}

/* A half of "user:password", percent-decoded. */
static CURLcode
set_decoded (GmCurlEasy *easy,
             GmOption option,
             GmSpan half)
{
  char *decoded = NULL;
  CURLcode result;

  if (half.data == NULL)
    return gm_curl_set_engine_string (easy, option, NULL);
  if (gm_url_unescape (half, FALSE, &decoded, NULL) != GM_OK)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  result = gm_curl_set_engine_string (easy, option, decoded);
  explicit_bzero (decoded, strlen (decoded));
  g_free (decoded);

  return result;
}

CURLcode
gm_curl_set_proxyuserpwd (GmCurlEasy *easy,
                          const GmCurlValue *value)
{
  const char *login = value->pointer;
  const char *colon = login != NULL ? strchr (login, ':') : NULL;
  GmSpan user = { NULL, 0 }, password = { NULL, 0 };
  CURLcode result;

  if (login != NULL)
    user = gm_span (login, colon != NULL ? (gsize) (colon - login) : strlen (login));
  if (colon != NULL)
    password = gm_span (colon + 1, strlen (colon + 1));
  result = set_decoded (easy, GM_OPTION_PROXY_USER, user);

  return result == CURLE_OK ? set_decoded (easy, GM_OPTION_PROXY_PASSWORD, password) : result;
}

CURLcode
gm_curl_set_proxyauth (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  gulong methods = (gulong) value->number & ~CURLAUTH_ONLY;
  guint schemes = (guint) methods & gm_auth_schemes () & ~(guint) GM_AUTH_BEARER;

  if (value->number != CURLAUTH_NONE && schemes == 0)
    return CURLE_NOT_BUILT_IN;

  return gm_curl_set_engine_int (easy, GM_OPTION_PROXY_AUTH, schemes);
}

/* What was said by other options stays. */
static CURLcode
set_socks_auth (GmCurlEasy *easy,
                gint64 kept,
                gint64 bits)
{
  gint64 old = gm_transfer_get_int (easy->transfer, GM_OPTION_PROXY_SOCKS_AUTH);

  return gm_curl_set_engine_int (easy, GM_OPTION_PROXY_SOCKS_AUTH, (old & kept) | bits);
}

/* Without a login is always offered, as by libcurl. */
CURLcode
gm_curl_set_socks5_auth (GmCurlEasy *easy,
                         const GmCurlValue *value)
{
  gulong methods = (gulong) value->number;

  if ((methods & ~(CURLAUTH_BASIC | CURLAUTH_GSSAPI)) != 0)
    return CURLE_NOT_BUILT_IN;

  return set_socks_auth (easy, GM_SOCKS_AUTH_NEC,
                         GM_SOCKS_AUTH_NONE | ((methods & CURLAUTH_BASIC) != 0 ? GM_SOCKS_AUTH_LOGIN : 0) |
                           ((methods & CURLAUTH_GSSAPI) != 0 ? GM_SOCKS_AUTH_GSSAPI : 0));
}

CURLcode
gm_curl_set_socks5_gssapi_nec (GmCurlEasy *easy,
                               const GmCurlValue *value)
{
  return set_socks_auth (easy, ~(gint64) GM_SOCKS_AUTH_NEC, value->number != 0 ? GM_SOCKS_AUTH_NEC : 0);
}

/* ---- the line before everything else ---- */

/* It stands in a line of its own: what would end that, or begin another word of it, is refused. */
CURLcode
gm_curl_set_haproxy_client_ip (GmCurlEasy *easy,
                               const GmCurlValue *value)
{
  const char *address = value->pointer;
  CURLcode result;

  for (const char *p = address; p != NULL && *p != '\0'; p++)
    if ((guchar) *p <= ' ' || (guchar) *p >= 0x7f)
      return CURLE_BAD_FUNCTION_ARGUMENT;

  result = gm_curl_set_engine_string (easy, GM_OPTION_ANNOUNCED_ADDRESS, address);
  return result != CURLE_OK ? result : gm_curl_set_engine_int (easy, GM_OPTION_ANNOUNCE, address != NULL);
}
