/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-certinfo.h"
#include "gm-curl-errors.h"
#include "gm-curl-multi.h"
#include "gm-curl-share.h"

#include <stdarg.h>

/* ---- times: microseconds, over all requests that a redirect or a retry added ---- */

/* What happened took a microsecond at least: 0 says that it did not. Of a name that needed no look-up, because it is a
 * number or the connection was there, libcurl says that it was found at once. */
static gint64
hop_time (const GmHop *hop,
          gsize member)
{
  gint64 at = G_STRUCT_MEMBER (gint64, &hop->times, member);

  if (hop->reused && (member == G_STRUCT_OFFSET (GmTimes, connected) || member == G_STRUCT_OFFSET (GmTimes, secured)))
    return 0;
  if (at != 0)
    return MAX (at - hop->times.start, 1);

  return member == G_STRUCT_OFFSET (GmTimes, resolved) && (hop->times.connected != 0 || hop->times.request_start != 0);
}

static gint64
sum_times (const GmInfo *info,
           gsize member)
{
  gint64 sum = hop_time (&info->hop, member);

  for (guint i = 0; info->earlier != NULL && i < info->earlier->len; i++)
    {
      const GmHop *hop = &g_array_index (info->earlier, GmHop, i);

      /* One that got no answer was repeated: with its times earlier ones would exceed later ones. */
      if (hop->times.response_start != 0)
        sum += hop_time (hop, member);
    }

  return sum;
}

static gint64
total_time (const GmInfo *info)
{
  gint64 end = info->ended;

  /* one that did not get as far as looking for a connection took none */
  if (info->added == 0 || (info->hop.times.queue_end == 0 && info->hop.times.request_start == 0 &&
                           info->hop.times.response_start == 0 && info->earlier == NULL))
    return 0;
  if (end == 0)
    end = gm_clock_now (&gm_clock_system);

  return end - info->added;
}

#define SUM(info, member) sum_times (info, G_STRUCT_OFFSET (GmTimes, member))

static gint64
get_time (const GmInfo *info,
          CURLINFO what)
{
  switch ((int) what)
    {
    case CURLINFO_TOTAL_TIME_T:
      return total_time (info);
    case CURLINFO_NAMELOOKUP_TIME_T:
      return SUM (info, resolved);
    case CURLINFO_CONNECT_TIME_T:
      return SUM (info, connected);
    case CURLINFO_APPCONNECT_TIME_T:
      return SUM (info, secured);
    case CURLINFO_PRETRANSFER_TIME_T:
      return SUM (info, request_start);
    case CURLINFO_POSTTRANSFER_TIME_T:
      return SUM (info, request_end);
    case CURLINFO_STARTTRANSFER_TIME_T:
      return SUM (info, response_start);
    case CURLINFO_QUEUE_TIME_T:
      return SUM (info, queue_end);
    case CURLINFO_REDIRECT_TIME_T:
    default:
      return info->redirect_us;
    }
}

static gint64
get_speed (const GmInfo *info,
           guint64 bytes)
{
  gint64 us = total_time (info);

  return us > 0 ? (gint64) ((double) bytes * G_USEC_PER_SEC / (double) us) : (gint64) bytes;
}

/* ---- numbers ---- */

/* Whatever its head says: RFC 9110 section 6.4.1. */
static gboolean
has_no_body (guint status)
{
  return status == 204 || status == 304;
}

static CURLcode
get_offset (GmCurlEasy *easy,
            CURLINFO what,
            curl_off_t *answer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  switch ((int) what)
    {
    case CURLINFO_SIZE_UPLOAD_T:
      *answer = (curl_off_t) info->uploaded;
      return CURLE_OK;
    case CURLINFO_SIZE_DOWNLOAD_T:
      *answer = (curl_off_t) info->downloaded;
      return CURLE_OK;
    case CURLINFO_SIZE_DELIVERED:
      *answer = easy->delivered;
      return CURLE_OK;
    case CURLINFO_SPEED_DOWNLOAD_T:
      *answer = get_speed (info, info->downloaded);
      return CURLE_OK;
    case CURLINFO_SPEED_UPLOAD_T:
      *answer = get_speed (info, info->uploaded);
      return CURLE_OK;
    case CURLINFO_CONTENT_LENGTH_DOWNLOAD_T:
      *answer = info->download_size < 0 && has_no_body (info->status) ? 0 : info->download_size;
      return CURLE_OK;
    case CURLINFO_CONTENT_LENGTH_UPLOAD_T:
      *answer = info->upload_size;
      return CURLE_OK;
    case CURLINFO_FILETIME_T:
      *answer = info->filetime;
      return CURLE_OK;
    case CURLINFO_RETRY_AFTER:
      *answer = info->retry_after;
      return CURLE_OK;
    case CURLINFO_XFER_ID:
      *answer = (curl_off_t) gm_transfer_get_id (easy->transfer);
      return CURLE_OK;
    case CURLINFO_CONN_ID:
      *answer = info->hop.connection_id != 0 ? (curl_off_t) info->hop.connection_id - 1 : -1;
      return CURLE_OK;
    case CURLINFO_EARLYDATA_SENT_T:
      *answer = 0;
      return CURLE_OK;
    case CURLINFO_TOTAL_TIME_T:
    case CURLINFO_NAMELOOKUP_TIME_T:
    case CURLINFO_CONNECT_TIME_T:
    case CURLINFO_APPCONNECT_TIME_T:
    case CURLINFO_PRETRANSFER_TIME_T:
    case CURLINFO_POSTTRANSFER_TIME_T:
    case CURLINFO_STARTTRANSFER_TIME_T:
    case CURLINFO_QUEUE_TIME_T:
    case CURLINFO_REDIRECT_TIME_T:
      *answer = get_time (info, what);
      return CURLE_OK;
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}

/* Each double has a curl_off_t beside it. */
static CURLcode
get_double (GmCurlEasy *easy,
            CURLINFO what,
            double *answer)
{
  static const struct
  {
    CURLINFO what;
    CURLINFO twin;
    double unit;
  } twins[] = {
    { CURLINFO_TOTAL_TIME, CURLINFO_TOTAL_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_NAMELOOKUP_TIME, CURLINFO_NAMELOOKUP_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_CONNECT_TIME, CURLINFO_CONNECT_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_APPCONNECT_TIME, CURLINFO_APPCONNECT_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_PRETRANSFER_TIME, CURLINFO_PRETRANSFER_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_STARTTRANSFER_TIME, CURLINFO_STARTTRANSFER_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_REDIRECT_TIME, CURLINFO_REDIRECT_TIME_T, G_USEC_PER_SEC },
    { CURLINFO_SIZE_UPLOAD, CURLINFO_SIZE_UPLOAD_T, 1 },
    { CURLINFO_SIZE_DOWNLOAD, CURLINFO_SIZE_DOWNLOAD_T, 1 },
    { CURLINFO_SPEED_DOWNLOAD, CURLINFO_SPEED_DOWNLOAD_T, 1 },
    { CURLINFO_SPEED_UPLOAD, CURLINFO_SPEED_UPLOAD_T, 1 },
    { CURLINFO_CONTENT_LENGTH_DOWNLOAD, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, 1 },
    { CURLINFO_CONTENT_LENGTH_UPLOAD, CURLINFO_CONTENT_LENGTH_UPLOAD_T, 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (twins); i++)
    {
      curl_off_t number;

      if (twins[i].what != what)
        continue;
      get_offset (easy, twins[i].twin, &number);
      *answer = (double) number / twins[i].unit;
      return CURLE_OK;
    }

  return CURLE_UNKNOWN_OPTION;
}

/* There was a connection, or none was needed. */
static gboolean
has_begun (GmCurlEasy *easy)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  return info->hop.times.connected != 0 || info->hop.times.request_start != 0 || info->hop.times.response_start != 0 ||
         info->earlier != NULL;
}

/* Of the connection now, else of the last one as long as it is kept. */
static curl_socket_t
get_socket (GmCurlEasy *easy)
{
  GmCurlMulti *multi = gm_curl_easy_get_active_multi (easy);
  curl_socket_t fd = multi != NULL ? gm_transfer_get_fd (easy->transfer, multi->engine) : -1;

  return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static GmScheme
get_scheme (GmCurlEasy *easy)
{
  GmUrl *url = gm_transfer_get_url (easy->transfer);

  return url != NULL && has_begun (easy) ? gm_url_get_scheme (url) : GM_SCHEME_OTHER;
}

static long
get_protocol_bit (GmCurlEasy *easy)
{
  switch ((int) get_scheme (easy))
    {
    case GM_SCHEME_HTTP:
      return CURLPROTO_HTTP;
    case GM_SCHEME_HTTPS:
      return CURLPROTO_HTTPS;
    case GM_SCHEME_FILE:
      return CURLPROTO_FILE;
    case GM_SCHEME_FTP:
      return CURLPROTO_FTP;
    case GM_SCHEME_FTPS:
      return CURLPROTO_FTPS;
    case GM_SCHEME_TELNET:
      return CURLPROTO_TELNET;
    default:
      return 0;
    }
}

static long
get_http_version (const GmInfo *info)
{
  switch (info->http_version)
    {
    case 10:
      return CURL_HTTP_VERSION_1_0;
    case 11:
      return CURL_HTTP_VERSION_1_1;
    case 20:
      return CURL_HTTP_VERSION_2_0;
    default:
      return CURL_HTTP_VERSION_NONE;
    }
}

/* The bit of the scheme that an element of a challenge list begins with; its parameters are elements, too, and have none. */
static gulong
get_login_bit (GmSpan word)
{
  static const struct
  {
    GmSpan scheme;
    gulong bit;
  } schemes[] = {
    { GM_SPAN ("Basic"), CURLAUTH_BASIC },         { GM_SPAN ("Digest"), CURLAUTH_DIGEST },
    { GM_SPAN ("Negotiate"), CURLAUTH_NEGOTIATE }, { GM_SPAN ("NTLM"), CURLAUTH_NTLM },
    { GM_SPAN ("Bearer"), CURLAUTH_BEARER },
  };
  gsize len = 0;

  while (len < word.len && g_ascii_isalpha (word.data[len]))
    len++;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    {
      if (gm_span_equal_nocase (gm_span (word.data, len), schemes[i].scheme))
        return schemes[i].bit;
    }

  return 0;
}

/* A challenge in an answer of another status asks for nothing (RFC 9110, 11.6.1 and 11.7.1). */
static gboolean
was_refused (const GmInfo *info,
             const GmHeaders *headers,
             guint request,
             guint status)
{
  if (status == 407 && info->tunnel_asked)
    return TRUE;
  if (headers->request == request)
    return info->hop.status == status;
  for (guint i = 0; info->earlier != NULL && i < info->earlier->len; i++)
    {
      const GmHop *hop = &g_array_index (info->earlier, GmHop, i);

      if (hop->request == request && hop->status == status)
        return TRUE;
    }

  return FALSE;
}

/* Which login schemes were offered by the last answer that asked for a login. */
static long
get_offered (GmCurlEasy *easy,
             const char *name,
             guint status)
{
  GmHeaders *headers = gm_transfer_get_headers (easy->transfer);
  GmSpan field = gm_span (name, strlen (name));
  guint16 request = 0;
  gulong offered = 0;
  gint i = -1;

  while (headers != NULL &&
         (i = gm_headers_find (headers, field, (guint) (i + 1), GM_HEADER_FINAL | GM_HEADER_CONNECT,
                               GM_HEADERS_ANY_REQUEST)) >= 0)
    {
      GmSpan rest = gm_headers_get_value (headers, (guint) i);
      GmSpan element;

      if (!was_refused (gm_transfer_get_info (easy->transfer), headers, headers->entries[i].request, status))
        continue;
      if (headers->entries[i].request != request)
        offered = 0;
      request = headers->entries[i].request;
      while (gm_span_cut_element (&rest, &element))
        offered |= get_login_bit (element);
    }

  return (long) offered;
}

/* A connection that failed over its certificate has nothing to tell any more but its error. */
static long
get_verdict (GmCurlEasy *easy)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);
  const GmError *error = gm_transfer_get_error (easy->transfer);

  if (info->tls != NULL)
    return gm_curl_verify_result (info->tls->verdict);

  if (error->of_proxy)
    return 0;
  /* nothing was found out yet, which is no good verdict; that HTTP/2 is not spoken is found out after it */
  if (error->phase == GM_PHASE_TLS && error->result != GM_TLS_OCSP && error->result != GM_TLS_PIN &&
      error->result != GM_HTTP2_PROTOCOL)
    return MAX (gm_curl_verify_result (error->result), 1);

  return gm_curl_verify_result (error->result);
}

/* Who came past the proxy had nothing against its certificate. */
static long
get_proxy_verdict (GmCurlEasy *easy)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);

  return error->of_proxy ? gm_curl_verify_result (error->result) : 0;
}

/* Kept until the next are asked for, or the handle forgets its last run. */
static struct curl_certinfo *
get_certificates (GmCurlEasy *easy)
{
  static struct curl_certinfo none = { 0, NULL };
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  if (!easy->set.certinfo || info->tls == NULL)
    return &none;

  if (easy->certinfo == NULL || easy->certinfo->tls != info->tls)
    {
      gm_curl_certinfo_free (easy->certinfo);
      easy->certinfo = gm_curl_certinfo_new (info->tls);
    }
  return &easy->certinfo->info;
}

static CURLcode
get_plain_long (GmCurlEasy *easy,
                CURLINFO what,
                long *answer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  switch ((int) what)
    {
    case CURLINFO_RESPONSE_CODE:
      *answer = info->status;
      return CURLE_OK;
    case CURLINFO_HTTP_CONNECTCODE:
      *answer = info->connect_status;
      return CURLE_OK;
    case CURLINFO_HEADER_SIZE:
      *answer = (long) info->header_bytes;
      return CURLE_OK;
    case CURLINFO_REQUEST_SIZE:
      *answer = (long) info->request_bytes;
      return CURLE_OK;
    case CURLINFO_FILETIME:
      *answer = (long) info->filetime;
      return CURLE_OK;
    case CURLINFO_REDIRECT_COUNT:
      /* To libcurl a request made again with a login is one, too. */
      *answer = info->n_redirects + info->n_logins;
      return CURLE_OK;
    case CURLINFO_NUM_CONNECTS:
      *answer = info->n_connects;
      return CURLE_OK;
    case CURLINFO_OS_ERRNO:
      *answer = gm_transfer_get_error (easy->transfer)->sys_errno;
      return CURLE_OK;
    case CURLINFO_PROXY_ERROR:
      *answer = gm_curl_proxy_code (gm_transfer_get_error (easy->transfer));
      return CURLE_OK;
    case CURLINFO_USED_PROXY:
      *answer = info->used_proxy;
      return CURLE_OK;
    case CURLINFO_CONDITION_UNMET:
      *answer = info->condition_unmet || info->status == 304;
      return CURLE_OK;
    case CURLINFO_PRIMARY_PORT:
      *answer = info->remote.len > 0 ? gm_endpoint_get_port (&info->remote) : 0;
      return CURLE_OK;
    case CURLINFO_LOCAL_PORT:
      *answer = info->local.len > 0 ? gm_endpoint_get_port (&info->local) : 0;
      return CURLE_OK;
    case CURLINFO_HTTP_VERSION:
      *answer = get_http_version (info);
      return CURLE_OK;
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}

/* Of what is not there: as if it had not been used. */
static CURLcode
get_long (GmCurlEasy *easy,
          CURLINFO what,
          long *answer)
{
  switch ((int) what)
    {
    case CURLINFO_PROTOCOL:
      *answer = get_protocol_bit (easy);
      return CURLE_OK;
    case CURLINFO_LASTSOCKET:
      *answer = get_socket (easy);
      return CURLE_OK;
    case CURLINFO_HTTPAUTH_AVAIL:
      *answer = get_offered (easy, "WWW-Authenticate", 401);
      return CURLE_OK;
    case CURLINFO_HTTPAUTH_USED:
      *answer = gm_transfer_get_info (easy->transfer)->auth_used;
      return CURLE_OK;
    case CURLINFO_PROXYAUTH_USED:
      *answer = gm_transfer_get_info (easy->transfer)->proxy_auth_used;
      return CURLE_OK;
    case CURLINFO_PROXYAUTH_AVAIL:
      *answer = get_offered (easy, "Proxy-Authenticate", 407);
      return CURLE_OK;
    case CURLINFO_SSL_VERIFYRESULT:
      *answer = get_verdict (easy);
      return CURLE_OK;
    case CURLINFO_PROXY_SSL_VERIFYRESULT:
      *answer = get_proxy_verdict (easy);
      return CURLE_OK;
    case CURLINFO_RTSP_CLIENT_CSEQ:
    case CURLINFO_RTSP_SERVER_CSEQ:
    case CURLINFO_RTSP_CSEQ_RECV:
      *answer = 0;
      return CURLE_OK;
    default:
      return get_plain_long (easy, what, answer);
    }
}

/* ---- texts ---- */

/* The last one of all heads that says something. */
static const char *
get_content_type (GmCurlEasy *easy)
{
  GmHeaders *headers = gm_transfer_get_headers (easy->transfer);
  GmSpan name = GM_SPAN ("Content-Type"), value = { NULL, 0 };
  guint origins = GM_HEADER_FINAL | GM_HEADER_1XX;
  gint i = -1;

  if (headers == NULL)
    return NULL;

  while ((i = gm_headers_find (headers, name, (guint) (i + 1), origins, GM_HEADERS_ANY_REQUEST)) >= 0)
    {
      if (gm_headers_get_value (headers, (guint) i).len > 0)
        value = gm_headers_get_value (headers, (guint) i);
    }
  if (value.len == 0)
    return NULL;

  return gm_curl_easy_keep_text (easy, GM_CURL_TEXT_CONTENT_TYPE, g_strndup (value.data, value.len));
}

static const char *
get_address (GmCurlEasy *easy,
             GmCurlText which,
             const GmEndpoint *address)
{
  char text[GM_ADDRESS_TEXT_MAX];

  if (address->len == 0)
    return "";
  /* At a unix-domain socket the path stands for it. */
  if (address->sa.any.sa_family == AF_UNIX)
    return which == GM_CURL_TEXT_PRIMARY_IP ? gm_transfer_get_string (easy->transfer, GM_OPTION_UNIX_PATH) : "";

  return gm_curl_easy_keep_text (easy, which, g_strdup (gm_endpoint_print (address, text)));
}

static const char *
get_effective_url (GmCurlEasy *easy)
{
  GmUrl *url = gm_transfer_get_url (easy->transfer);
  const char *text = url != NULL ? gm_url_get_text (url) : gm_transfer_get_string (easy->transfer, GM_OPTION_URL);

  return text != NULL ? text : "";
}

static const char *
get_referer (GmCurlEasy *easy)
{
  GmUrl *referer = gm_transfer_get_info (easy->transfer)->referer;
  GmSpan text;

  if (referer == NULL)
    return gm_transfer_get_string (easy->transfer, GM_OPTION_REFERER);
  text = gm_url_get_text_without_fragment (referer);

  return gm_curl_easy_keep_text (easy, GM_CURL_TEXT_REFERER, g_strndup (text.data, text.len));
}

static CURLcode
get_text (GmCurlEasy *easy,
          CURLINFO what,
          const char **answer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  *answer = NULL;
  switch ((int) what)
    {
    case CURLINFO_EFFECTIVE_URL:
      *answer = get_effective_url (easy);
      return CURLE_OK;
    case CURLINFO_EFFECTIVE_METHOD:
      *answer = gm_transfer_get_method (easy->transfer);
      return CURLE_OK;
    case CURLINFO_CONTENT_TYPE:
      *answer = get_content_type (easy);
      return CURLE_OK;
    case CURLINFO_PRIVATE:
      *answer = easy->set.private_data;
      return CURLE_OK;
    case CURLINFO_REDIRECT_URL:
      *answer = info->redirect_url != NULL ? gm_url_get_text (info->redirect_url) : NULL;
      return CURLE_OK;
    case CURLINFO_PRIMARY_IP:
      *answer = get_address (easy, GM_CURL_TEXT_PRIMARY_IP, &info->remote);
      return CURLE_OK;
    case CURLINFO_LOCAL_IP:
      *answer = get_address (easy, GM_CURL_TEXT_LOCAL_IP, &info->local);
      return CURLE_OK;
    case CURLINFO_SCHEME:
      *answer = get_scheme (easy) != GM_SCHEME_OTHER ? gm_scheme_get_name (get_scheme (easy)) : NULL;
      return CURLE_OK;
    case CURLINFO_REFERER:
      *answer = get_referer (easy);
      return CURLE_OK;
    case CURLINFO_FTP_ENTRY_PATH:
    case CURLINFO_RTSP_SESSION_ID:
      return CURLE_OK;
    case CURLINFO_CAINFO:
      *answer = curl_version_info (CURLVERSION_NOW)->cainfo;
      return CURLE_OK;
    case CURLINFO_CAPATH:
      *answer = curl_version_info (CURLVERSION_NOW)->capath;
      return CURLE_OK;
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}

static CURLcode
get_pointer (GmCurlEasy *easy,
             CURLINFO what,
             void **answer)
{
  *answer = NULL;
  switch ((int) what)
    {
    case CURLINFO_SSL_ENGINES:
      return CURLE_OK;
    case CURLINFO_COOKIELIST:
      gm_curl_share_lock (easy->share, easy, CURL_LOCK_DATA_COOKIE);
      *answer = gm_curl_stores_list_cookies (easy);
      gm_curl_share_unlock (easy->share, easy, CURL_LOCK_DATA_COOKIE);
      return CURLE_OK;
    case CURLINFO_CERTINFO:
      *answer = get_certificates (easy);
      return CURLE_OK;
    case CURLINFO_TLS_SESSION:
    case CURLINFO_TLS_SSL_PTR:
      easy->session.internals = gm_transfer_get_tls_session (easy->transfer);
      easy->session.backend = easy->session.internals != NULL ? CURLSSLBACKEND_GNUTLS : CURLSSLBACKEND_NONE;
      *answer = &easy->session;
      return CURLE_OK;
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}

CURLcode
curl_easy_getinfo (CURL *curl,
                   CURLINFO info,
                   ...)
{
  GmCurlEasy *easy = gm_curl_easy_check (curl);
  void *answer;
  va_list args;

  va_start (args, info);
  answer = va_arg (args, void *);
  va_end (args);

  if (easy == NULL || answer == NULL)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  switch ((int) info & CURLINFO_TYPEMASK)
    {
    case CURLINFO_STRING:
      return get_text (easy, info, answer);
    case CURLINFO_LONG:
      return get_long (easy, info, answer);
    case CURLINFO_DOUBLE:
      return get_double (easy, info, answer);
    case CURLINFO_SLIST: /* and CURLINFO_PTR */
      return get_pointer (easy, info, answer);
    case CURLINFO_SOCKET:
      if (info != CURLINFO_ACTIVESOCKET)
        return CURLE_UNKNOWN_OPTION;
      *(curl_socket_t *) answer = get_socket (easy);
      return CURLE_OK;
    case CURLINFO_OFF_T:
      return get_offset (easy, info, answer);
    default:
      return CURLE_UNKNOWN_OPTION;
    }
}
