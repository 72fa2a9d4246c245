/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-config.h"

#include <curl/curl.h>

#include <glib.h>
#include <gnutls/gnutls.h>

#if HAVE_BROTLI
#include <brotli/decode.h>
#endif
#if HAVE_IDN2
#include <idn2.h>
#endif
#if HAVE_NGHTTP2
#include <nghttp2/nghttp2.h>
#endif
#if HAVE_ZLIB
#include <zlib.h>
#endif
#if HAVE_ZSTD
#include <zstd.h>
#endif

/* What is inside, and nothing else: programs decide by this what they may ask for. */

#if defined(__linux__)
#define SYSTEM "linux-gnu"
#else
#define SYSTEM "unix"
#endif

#if defined(__x86_64__)
#define HOST "x86_64-pc-" SYSTEM
#elif defined(__aarch64__)
#define HOST "aarch64-unknown-" SYSTEM
#elif defined(__i386__)
#define HOST "i686-pc-" SYSTEM
#else
#define HOST "unknown-" SYSTEM
#endif

static const char *const protocols[] = { "data", "file", "http", "https", NULL };

static const char *const feature_names[] = {
  "alt-svc", "AsynchDNS",
#if HAVE_BROTLI
  "brotli",
#endif
#if HAVE_GSSAPI
  "GSS-API",
#endif
  "HSTS",
#if HAVE_NGHTTP2
  "HTTP2",
#endif
#if HAVE_IDN2
  "IDN",
#endif
  "IPv6", "Largefile",
#if HAVE_ZLIB
  "libz",
#endif
#if HAVE_PSL
  "PSL",
#endif
#if HAVE_GSSAPI
  "SPNEGO",
#endif
  "SSL", "SSLS-EXPORT", "threadsafe",
#if HAVE_SRP
  "TLS-SRP",
#endif
  "UnixSockets",
#if HAVE_ZSTD
  "zstd",
#endif
  NULL,
};

static curl_version_info_data info = {
  .age = CURLVERSION_NOW,
  .version = LIBCURL_VERSION,
  .version_num = LIBCURL_VERSION_NUM,
  .host = HOST,
  .features = CURL_VERSION_ALTSVC | CURL_VERSION_ASYNCHDNS | CURL_VERSION_HSTS | CURL_VERSION_IPV6 |
              CURL_VERSION_LARGEFILE | CURL_VERSION_SSL | CURL_VERSION_THREADSAFE | CURL_VERSION_UNIX_SOCKETS
#if HAVE_IDN2
              | CURL_VERSION_IDN
#endif
#if HAVE_NGHTTP2
              | CURL_VERSION_HTTP2
#endif
#if HAVE_ZLIB
              | CURL_VERSION_LIBZ
#endif
#if HAVE_BROTLI
              | CURL_VERSION_BROTLI
#endif
#if HAVE_ZSTD
              | CURL_VERSION_ZSTD
#endif
#if HAVE_GSSAPI
              | CURL_VERSION_GSSAPI | CURL_VERSION_SPNEGO
#endif
#if HAVE_PSL
              | CURL_VERSION_PSL
#endif
#if HAVE_SRP
              | CURL_VERSION_TLSAUTH_SRP
#endif
  ,
  .protocols = protocols,
  .feature_names = feature_names,
};

static char version_text[128];
static char tls_text[32];

static void
fill_in_codings (void)
{
#if HAVE_ZLIB
  info.libz_version = zlibVersion ();
#endif
#if HAVE_BROTLI
  static char brotli_text[16];
  guint brotli = BrotliDecoderVersion ();

  g_snprintf (brotli_text, sizeof brotli_text, "%u.%u.%u", brotli >> 24, (brotli >> 12) & 0xfff, brotli & 0xfff);
  info.brotli_ver_num = brotli;
  info.brotli_version = brotli_text;
#endif
#if HAVE_ZSTD
  static char zstd_text[16];
  guint zstd = ZSTD_versionNumber ();

  /* from decimal digits to a byte each, as libcurl tells it */
  g_snprintf (zstd_text, sizeof zstd_text, "%u.%u.%u", zstd / 10000, zstd / 100 % 100, zstd % 100);
  info.zstd_ver_num = (zstd / 10000) << 24 | (zstd / 100 % 100) << 12 | zstd % 100;
  info.zstd_version = zstd_text;
#endif
}

static void
fill_in_http2 (void)
{
#if HAVE_NGHTTP2
  const nghttp2_info *http2 = nghttp2_version (0);

  info.nghttp2_ver_num = (unsigned int) http2->version_num;
  info.nghttp2_version = http2->version_str;
#endif
}

/* Trusted is what GnuTLS takes for the system's, and it does not tell where it has that from. On each of these systems it is
 * what is in this file, for those who want to have it as one. */
static void
fill_in_trust (void)
{
  static const char *const files[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian and its kin, Arch, Gentoo */
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora and its kin */
    "/etc/ssl/ca-bundle.pem",             /* openSUSE */
    "/etc/ssl/cert.pem",                  /* Alpine, the BSDs */
  };

  for (guint i = 0; i < G_N_ELEMENTS (files) && info.cainfo == NULL; i++)
    if (g_file_test (files[i], G_FILE_TEST_IS_REGULAR))
      info.cainfo = files[i];
  /* Where the certificates stand one by one, too, by their hashes. */
  if (info.cainfo == files[0])
    info.capath = "/etc/ssl/certs";
}

static gpointer
fill_in (gpointer data G_GNUC_UNUSED)
{
  fill_in_trust ();
  fill_in_codings ();
  fill_in_http2 ();
  g_snprintf (tls_text, sizeof tls_text, "GnuTLS/%s", gnutls_check_version (NULL));
  info.ssl_version = tls_text;
#if HAVE_IDN2
  info.libidn = idn2_check_version (NULL);
  g_snprintf (version_text, sizeof version_text, "libcurl/%s GMulti/%s %s libidn2/%s", LIBCURL_VERSION,
              GMULTI_VERSION_STRING, tls_text, info.libidn);
#else
  g_snprintf (version_text, sizeof version_text, "libcurl/%s GMulti/%s %s", LIBCURL_VERSION, GMULTI_VERSION_STRING,
              tls_text);
#endif
  return NULL;
}

static void
ensure_filled_in (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, fill_in, NULL);
}

char *
curl_version (void)
{
  ensure_filled_in ();
  return version_text;
}

curl_version_info_data *
curl_version_info (CURLversion stamp)
{
  ensure_filled_in ();
  return &info;
}
