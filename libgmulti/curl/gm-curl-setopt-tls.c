/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"
#include "gm-curl-setopt.h"

/* What is set for TLS, each once for the server and once for a proxy. */

#define MAX_BLOB 8000000 /* libcurl's limit for anything that is set */

/* ---- bytes ---- */

/* Kept as a copy whatever the flags say: transfers may outlive what the application has. Any of them may be a key, so
 * all are wiped in the end. */
static CURLcode
set_blob (GmCurlEasy *easy,
          GmOption option,
          const GmCurlValue *value)
{
  const struct curl_blob *blob = value->pointer;
  g_autoptr (GBytes) bytes = NULL;

  if (blob != NULL && (blob->len > MAX_BLOB || (blob->data == NULL && blob->len > 0)))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (blob != NULL && blob->len > 0)
    bytes = gm_secret_bytes_new (blob->data, blob->len);

  return gm_curl_setting_result (gm_transfer_set_bytes (easy->transfer, option, bytes));
}

static CURLcode
set_secret (GmCurlEasy *easy,
            GmOption option,
            const GmCurlValue *value)
{
  const char *text = value->pointer;
  gsize len = text != NULL ? strnlen (text, MAX_BLOB + 1) : 0;
  g_autoptr (GBytes) bytes = NULL;

  if (len > MAX_BLOB)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (text != NULL)
    bytes = gm_secret_bytes_new (text, len);

  return gm_curl_setting_result (gm_transfer_set_bytes (easy->transfer, option, bytes));
}

#define TWICE(name, function, option)                                                                                  \
  CURLcode gm_curl_set_##name (GmCurlEasy *easy, const GmCurlValue *value)                                             \
  {                                                                                                                    \
    return function (easy, GM_OPTION_TLS_##option, value);                                                             \
  }                                                                                                                    \
  CURLcode gm_curl_set_proxy_##name (GmCurlEasy *easy, const GmCurlValue *value)                                       \
  {                                                                                                                    \
    return function (easy, GM_OPTION_PROXY_TLS_##option, value);                                                       \
  }

TWICE (cainfo_blob, set_blob, CA_BYTES)
TWICE (issuercert_blob, set_blob, ISSUER_BYTES)
TWICE (sslcert_blob, set_blob, CERT_BYTES)
TWICE (sslkey_blob, set_blob, KEY_BYTES)
TWICE (keypasswd, set_secret, KEY_PASSWORD)

/* ---- formats ---- */

static CURLcode
set_format (GmCurlEasy *easy,
            GmOption option,
            const GmCurlValue *value)
{
  static const char *const names[] = { "PEM", "DER", "P12", "ENG" };
  const char *name = value->pointer;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (name == NULL || g_ascii_strcasecmp (name, names[i]) == 0)
      return gm_curl_set_engine_int (easy, option, i);

  /* libcurl finds out when it connects; here is as good a place. */
  return g_ascii_strcasecmp (name, "PROV") == 0 ? gm_curl_set_engine_int (easy, option, GM_TLS_FORMAT_URI)
                                                : CURLE_BAD_FUNCTION_ARGUMENT;
}

TWICE (sslcerttype, set_format, CERT_FORMAT)
TWICE (sslkeytype, set_format, KEY_FORMAT)

/* ---- logins ---- */

#if HAVE_SRP

static CURLcode
set_login_user (GmCurlEasy *easy,
                GmOption option,
                const GmCurlValue *value)
{
  return gm_curl_set_engine_string (easy, option, value->pointer);
}

/* There is one kind. */
static CURLcode
set_login_type (GmCurlEasy *easy,
                GmOption option,
                const GmCurlValue *value)
{
  const char *name = value->pointer;

  return name == NULL || g_ascii_strcasecmp (name, "SRP") == 0 ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT;
}

#define set_login_password set_secret

#else

static CURLcode
set_login_user (GmCurlEasy *easy,
                GmOption option,
                const GmCurlValue *value)
{
  return value->pointer == NULL ? CURLE_OK : CURLE_UNKNOWN_OPTION;
}

#define set_login_password set_login_user
#define set_login_type set_login_user

#endif

TWICE (tlsauth_username, set_login_user, LOGIN_USER)
TWICE (tlsauth_password, set_login_password, LOGIN_PASSWORD)
TWICE (tlsauth_type, set_login_type, LOGIN_USER)

/* ---- versions ---- */

/* SSL 2 and 3 are gone. */
static CURLcode
set_versions (GmCurlEasy *easy,
              GmOption min_option,
              GmOption max_option,
              long value)
{
  static const gint8 mins[] = { GM_TLS_VERSION_DEFAULT, GM_TLS_VERSION_1_0, -1, -1, GM_TLS_VERSION_1_0,
                                GM_TLS_VERSION_1_1,     GM_TLS_VERSION_1_2, GM_TLS_VERSION_1_3 };
  long min = value & 0xffff;
  long max = value & ~0xffffL;
  guint8 highest = GM_TLS_VERSION_DEFAULT;
  CURLcode code;

  if (min < 0 || min >= (long) G_N_ELEMENTS (mins) || mins[min] < 0)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (max == CURL_SSLVERSION_MAX_TLSv1_0)
    highest = GM_TLS_VERSION_1_0;
  else if (max == CURL_SSLVERSION_MAX_TLSv1_1)
    highest = GM_TLS_VERSION_1_1;
  else if (max == CURL_SSLVERSION_MAX_TLSv1_2)
    highest = GM_TLS_VERSION_1_2;
  else if (max == CURL_SSLVERSION_MAX_TLSv1_3)
    highest = GM_TLS_VERSION_1_3;
  else if (max != CURL_SSLVERSION_MAX_NONE && max != CURL_SSLVERSION_MAX_DEFAULT)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  code = gm_curl_set_engine_int (easy, min_option, mins[min]);
  return code == CURLE_OK ? gm_curl_set_engine_int (easy, max_option, highest) : code;
}

CURLcode
gm_curl_set_sslversion (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  return set_versions (easy, GM_OPTION_TLS_MIN_VERSION, GM_OPTION_TLS_MAX_VERSION, value->number);
}

CURLcode
gm_curl_set_proxy_sslversion (GmCurlEasy *easy,
                              const GmCurlValue *value)
{
  return set_versions (easy, GM_OPTION_PROXY_TLS_MIN_VERSION, GM_OPTION_PROXY_TLS_MAX_VERSION, value->number);
}

CURLcode
gm_curl_set_certinfo (GmCurlEasy *easy,
                      const GmCurlValue *value)
{
  easy->set.certinfo = value->number != 0;
  return CURLE_OK;
}
