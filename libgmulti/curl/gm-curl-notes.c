/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-notes.h"

#include "gm-config.h"
#include "gm-curl-certinfo.h"
#include "gm-curl-client.h"
#include "gm-request-settings.h"

/* One line; the format ends with a newline. */
static void say (GmCurlEasy *easy, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (GmCurlEasy *easy,
     const char *format,
     ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  gm_curl_client_say (easy, text);
}

/* Of the URL that is being asked for. */
static char *
dup_host (GmCurlEasy *easy)
{
  GmUrl *url = gm_transfer_get_url (easy->transfer);
  GmSpan host = url != NULL ? gm_url_get_host (url) : GM_SPAN ("");

  return g_strndup (host.data, host.len);
}

/* ---- connections ---- */

static void
say_connected (GmCurlEasy *easy,
               const char *host,
               guint64 number)
{
  const GmEndpoint *remote = &gm_transfer_get_info (easy->transfer)->remote;
  char address[GM_ADDRESS_TEXT_MAX] = "";

  if (remote->len > 0)
    gm_endpoint_print (remote, address);
  say (easy, "Connected to %s (%s) port %u (#%" G_GUINT64_FORMAT ")\n", host, address,
       remote->len > 0 ? gm_endpoint_get_port (remote) : 0, number);
}

static void
say_trying (GmCurlEasy *easy,
            const char *address,
            guint64 port)
{
  gboolean colons = strchr (address, ':') != NULL && *address != '/';

  say (easy, colons ? "  Trying [%s]:%" G_GUINT64_FORMAT "...\n" : "  Trying %s:%" G_GUINT64_FORMAT "...\n", address,
       port);
}

/* ---- TLS ---- */

/* "Nov 23 06:27:10 2026 GMT", in no language. */
static void
say_date (GmCurlEasy *easy,
          const char *label,
          time_t when)
{
  static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc ((gint64) when);

  if (time != NULL)
    say (easy, " %s: %s %2d %02d:%02d:%02d %d GMT\n", label, months[g_date_time_get_month (time) - 1],
         g_date_time_get_day_of_month (time), g_date_time_get_hour (time), g_date_time_get_minute (time),
         g_date_time_get_second (time), g_date_time_get_year (time));
}

static void
say_certificate (GmCurlEasy *easy,
                 const GmTlsInfo *tls)
{
  gnutls_x509_crt_t crt = tls->chain != NULL && tls->chain->len > 0
                            ? gm_curl_certinfo_import (g_ptr_array_index (tls->chain, 0))
                            : NULL;
  g_autofree char *subject = NULL;
  g_autofree char *issuer = NULL;

  if (crt == NULL)
    return;
  subject = gm_curl_certinfo_dup_name (crt, FALSE);
  issuer = gm_curl_certinfo_dup_name (crt, TRUE);
  say (easy, "Server certificate:\n");
  say (easy, " subject: %s\n", subject);
  say_date (easy, "start date", gnutls_x509_crt_get_activation_time (crt));
  say_date (easy, "expire date", gnutls_x509_crt_get_expiration_time (crt));
  say (easy, " issuer: %s\n", issuer);
  if (tls->verdict == GM_OK)
    say (easy, " SSL certificate verify ok.\n");
  else
    say (easy, " SSL certificate verify result: %s (%ld), continuing anyway.\n", gm_result_name (tls->verdict),
         gm_curl_verify_result (tls->verdict));
  gnutls_x509_crt_deinit (crt);
}

/* What gm_chain_get_alpn () makes of the setting. */
static const char *
get_offer (GmCurlEasy *easy)
{
  switch (gm_transfer_get_int (easy->transfer, GM_OPTION_HTTP_VERSION))
    {
    case GM_HTTP_1_0:
    case GM_HTTP_1_1:
      return "http/1.1";
    case GM_HTTP_2_ONLY:
      return "h2";
    default:
      return HAVE_NGHTTP2 ? "h2,http/1.1" : "http/1.1";
    }
}

static void
say_secured (GmCurlEasy *easy,
             const char *version)
{
  const GmTlsInfo *tls = gm_transfer_get_info (easy->transfer)->tls;
  gboolean offered = gm_transfer_get_int (easy->transfer, GM_OPTION_TLS_ALPN) != 0;

  if (offered)
    say (easy, "ALPN: offers %s\n", get_offer (easy));
  say (easy, "SSL connection using TLSv%s / %s\n", g_str_has_prefix (version, "TLS") ? version + 3 : version,
       tls != NULL && tls->cipher != NULL ? tls->cipher : "?");
  if (tls == NULL)
    return;
  if (offered && tls->alpn[0] == '\0')
    say (easy, "ALPN: server did not agree on a protocol. Uses default.\n");
  else if (offered)
    say (easy, "ALPN: server accepted %s\n", tls->alpn);
  say_certificate (easy, tls);
  say (easy, "using %s\n", strcmp (tls->alpn, "h2") == 0 ? "HTTP/2" : "HTTP/1.x");
}

/* ---- cookies ---- */

static void
say_cookie (GmCurlEasy *easy,
            const char *line,
            gboolean replaced)
{
  g_auto (GStrv) fields = g_strsplit (line, "\t", 7);
  const char *domain;

  if (g_strv_length (fields) < 7)
    return;
  domain = g_str_has_prefix (fields[0], "#HttpOnly_") ? fields[0] + strlen ("#HttpOnly_") : fields[0];
  say (easy, "%s cookie %s=\"%s\" for domain %s, path %s, expire %s\n", replaced ? "Replaced" : "Added", fields[5],
       fields[6], *domain == '.' ? domain + 1 : domain, fields[2], fields[4]);
}

/* ---- all ---- */

void
gm_curl_notes_closing (GmCurlEasy *easy)
{
  guint64 number = easy->closing;

  easy->closing = 0;
  if (number != 0)
    say (easy, "Closing connection #%" G_GUINT64_FORMAT "\n", number - 1);
}

/* @number: of a connection. */
static void
tell_connection (GmCurlEasy *easy,
                 GmNote note,
                 const char *data,
                 guint64 number)
{
  g_autofree char *host = dup_host (easy);
  /* Ours begin with 1, and are never used again. */
  guint64 shown = number > 0 ? number - 1 : 0;

  switch ((guint) note)
    {
    case GM_NOTE_CONNECTED:
      say_connected (easy, host, shown);
      break;
    case GM_NOTE_SECURED:
      say_secured (easy, data);
      break;
    case GM_NOTE_REUSED:
      say (easy, "Re-using existing connection #%" G_GUINT64_FORMAT " with host %s\n", shown, host);
      break;
    case GM_NOTE_LEFT_INTACT:
      say (easy, "Connection #%" G_GUINT64_FORMAT " to host %s left intact\n", shown, host);
      break;
    case GM_NOTE_CLOSING:
      easy->closing = number;
      if (gm_transfer_get_error (easy->transfer)->result == GM_OK)
        gm_curl_notes_closing (easy);
      break;
    default:
      break;
    }
}

void
gm_curl_notes_tell (GmCurlEasy *easy,
                    GmNote note,
                    const char *data,
                    guint64 number)
{
  int error = (int) (number >> 16);

  switch (note)
    {
    case GM_NOTE_TRYING:
      say_trying (easy, data, number);
      break;
    case GM_NOTE_NOT_CONNECTED:
      say (easy, "connect to %s port %u failed: %s\n", data, (guint) (number & G_MAXUINT16),
           error != 0 ? g_strerror (error) : "unknown error");
      break;
    case GM_NOTE_CONNECTED:
    case GM_NOTE_SECURED:
    case GM_NOTE_REUSED:
    case GM_NOTE_LEFT_INTACT:
    case GM_NOTE_CLOSING:
      tell_connection (easy, note, data, number);
      break;
    case GM_NOTE_TUNNEL:
      say (easy, "CONNECT tunnel established, response %" G_GUINT64_FORMAT "\n", number);
      break;
    case GM_NOTE_REDIRECT:
      say (easy, "Issue another request to this URL: '%s'\n", data);
      break;
    case GM_NOTE_RETRY:
      say (easy, "Connection died, retrying a fresh connect\n");
      break;
    case GM_NOTE_IGNORING_BODY:
      say (easy, "Ignoring the response-body\n");
      break;
    case GM_NOTE_UPLOADED:
      say (easy, "upload completely sent off\n");
      break;
    case GM_NOTE_COOKIE:
      say_cookie (easy, data, number != 0);
      break;
    case GM_NOTE_LOGIN_PROBLEM:
      say (easy, "Authentication problem: %s\n", data);
      break;
    default:
      break;
    }
}
