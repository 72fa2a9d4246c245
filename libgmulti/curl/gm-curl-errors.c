/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-curl-errors.h"

#include "gm-trace.h"

#include <string.h>

static const guint8 codes[GM_N_RESULTS] = {
  [GM_OK] = CURLE_OK,
  [GM_AGAIN] = CURLE_AGAIN,
  [GM_BAD_URL] = CURLE_URL_MALFORMAT,
  [GM_URL_TOO_LONG] = CURLE_URL_MALFORMAT,
  [GM_UNSUPPORTED_SCHEME] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_REFUSED_SCHEME] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_BAD_HOST] = CURLE_URL_MALFORMAT,
  [GM_BAD_PORT] = CURLE_URL_MALFORMAT,
  [GM_CREDENTIALS_REFUSED] = CURLE_LOGIN_DENIED,
  [GM_BAD_REQUEST] = CURLE_BAD_FUNCTION_ARGUMENT,
  [GM_LENGTH_MISSING] = CURLE_UPLOAD_FAILED,
  [GM_NOT_BUILT_IN] = CURLE_NOT_BUILT_IN,
  [GM_OUT_OF_MEMORY] = CURLE_OUT_OF_MEMORY,
  [GM_RESOLVE_FAILED] = CURLE_COULDNT_RESOLVE_HOST,
  [GM_PROXY_RESOLVE_FAILED] = CURLE_COULDNT_RESOLVE_PROXY,
  [GM_CONNECT_FAILED] = CURLE_COULDNT_CONNECT,
  [GM_INTERFACE_FAILED] = CURLE_INTERFACE_FAILED,
  [GM_NO_CONNECTION] = CURLE_NO_CONNECTION_AVAILABLE,
  [GM_TOO_MANY_FILES] = CURLE_COULDNT_CONNECT,
  [GM_PROXY_LOOKUP_FAILED] = CURLE_COULDNT_RESOLVE_PROXY,
  [GM_PROXY_REFUSED] = CURLE_RECV_ERROR,
  [GM_PROXY_BAD_REPLY] = CURLE_RECV_ERROR,
  [GM_PROXY_CLOSED] = CURLE_RECV_ERROR,
  [GM_PROXY_LOGIN] = CURLE_RECV_ERROR,
  [GM_SOCKS_REFUSED] = CURLE_PROXY,
  [GM_SOCKS_NAME_TOO_LONG] = CURLE_PROXY,
  [GM_TLS_FAILED] = CURLE_SSL_CONNECT_ERROR,
  [GM_TLS_TRUNCATED] = CURLE_RECV_ERROR,
  [GM_TLS_SETTINGS] = CURLE_SSL_CIPHER,
  [GM_TLS_CA_FILE] = CURLE_SSL_CACERT_BADFILE,
  [GM_TLS_CRL_FILE] = CURLE_SSL_CRL_BADFILE,
  [GM_TLS_CLIENT_CERTIFICATE] = CURLE_SSL_CERTPROBLEM,
  [GM_TLS_TOKEN_PIN] = CURLE_SSL_CERTPROBLEM,
  [GM_TLS_CLIENT_CERTIFICATE_WANTED] = CURLE_SSL_CLIENTCERT,
  [GM_TLS_EXPIRED] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_NOT_YET_VALID] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_UNKNOWN_CA] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_SELF_SIGNED] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_WRONG_HOST] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_REVOKED] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_WEAK] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_WRONG_PURPOSE] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_BAD_CERTIFICATE] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_TLS_OCSP] = CURLE_SSL_INVALIDCERTSTATUS,
  [GM_TLS_ISSUER] = CURLE_SSL_ISSUER_ERROR,
  [GM_TLS_PIN] = CURLE_SSL_PINNEDPUBKEYNOTMATCH,
  [GM_TLS_REFUSED] = CURLE_PEER_FAILED_VERIFICATION,
  [GM_HTTP_VERSION] = CURLE_HTTP2,
  [GM_RESOLVE_TIMEOUT] = CURLE_OPERATION_TIMEDOUT,
  [GM_CONNECT_TIMEOUT] = CURLE_OPERATION_TIMEDOUT,
  [GM_RESPONSE_TIMEOUT] = CURLE_OPERATION_TIMEDOUT,
  [GM_LOW_SPEED] = CURLE_OPERATION_TIMEDOUT,
  [GM_TIMEOUT] = CURLE_OPERATION_TIMEDOUT,
  [GM_SEND_FAILED] = CURLE_SEND_ERROR,
  [GM_RECV_FAILED] = CURLE_RECV_ERROR,
  [GM_GOT_NOTHING] = CURLE_GOT_NOTHING,
  [GM_PARTIAL] = CURLE_PARTIAL_FILE,
  [GM_HTTP_NOT_HTTP] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_HTTP_BAD_STATUS_LINE] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_HTTP_BAD_VERSION] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_HTTP_BAD_HEADER] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_NUL_IN_HEADER] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_BARE_CR] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_OBS_FOLD] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_HEADER_FLOOD] = CURLE_RECV_ERROR,
  [GM_HTTP_BAD_LENGTH] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_BOTH_FRAMINGS] = CURLE_WEIRD_SERVER_REPLY,
  [GM_HTTP_BAD_ENCODING] = CURLE_BAD_CONTENT_ENCODING,
  [GM_HTTP_BAD_CHUNK] = CURLE_RECV_ERROR,
  [GM_HTTP_BAD_TRAILER] = CURLE_RECV_ERROR,
  [GM_HTTP_STATUS] = CURLE_HTTP_RETURNED_ERROR,
  [GM_HTTP_EXPECT_FAILED] = CURLE_HTTP_RETURNED_ERROR,
  [GM_HTTP_BAD_LOCATION] = CURLE_URL_MALFORMAT,
  [GM_TOO_MANY_REDIRECTS] = CURLE_TOO_MANY_REDIRECTS,
  [GM_REDIRECT_REFUSED] = CURLE_UNSUPPORTED_PROTOCOL,
  [GM_RANGE_REFUSED] = CURLE_RANGE_ERROR,
  [GM_RESUME_REFUSED] = CURLE_RANGE_ERROR,
  [GM_TOO_LARGE] = CURLE_FILESIZE_EXCEEDED,
  [GM_BAD_CONTENT_ENCODING] = CURLE_BAD_CONTENT_ENCODING,
  [GM_CODED_BODY_BROKEN] = CURLE_BAD_CONTENT_ENCODING,
  [GM_CODED_BODY_BOMB] = CURLE_BAD_CONTENT_ENCODING,
  [GM_HTTP2_PROTOCOL] = CURLE_HTTP2,
  [GM_HTTP2_STREAM] = CURLE_HTTP2_STREAM,
  [GM_HTTP2_GONE] = CURLE_HTTP2,
  [GM_HTTP2_FLOOD] = CURLE_HTTP2,
  [GM_AUTH_BAD_CHALLENGE] = CURLE_AUTH_ERROR,
  [GM_AUTH_FAILED] = CURLE_AUTH_ERROR,
  [GM_WRITE_FAILED] = CURLE_WRITE_ERROR,
  [GM_READ_FAILED] = CURLE_READ_ERROR,
  [GM_READ_SHORT] = CURLE_READ_ERROR,
  [GM_NOT_REWINDABLE] = CURLE_SEND_FAIL_REWIND,
  [GM_ABORTED] = CURLE_ABORTED_BY_CALLBACK,
  [GM_CANCELLED] = CURLE_ABORTED_BY_CALLBACK,
  [GM_FILE_NOT_FOUND] = CURLE_FILE_COULDNT_READ_FILE,
  [GM_FILE_ACCESS] = CURLE_FILE_COULDNT_READ_FILE,
  [GM_FILE_IS_FOLDER] = CURLE_FILE_COULDNT_READ_FILE,
  [GM_FILE_READ_FAILED] = CURLE_READ_ERROR,
  [GM_FILE_WRITE_FAILED] = CURLE_WRITE_ERROR,
  [GM_NO_SPACE] = CURLE_WRITE_ERROR,
  [GM_DATA_MALFORMED] = CURLE_URL_MALFORMAT,
  [GM_AFTER_FORK] = CURLE_FAILED_INIT,
  [GM_INTERNAL] = CURLE_FAILED_INIT,
};

CURLcode
gm_curl_code_from_result (GmResult result)
{
  return (guint) result < GM_N_RESULTS ? (CURLcode) codes[result] : CURLE_FAILED_INIT;
}

static gboolean
is_malformed (GmResult result)
{
  return result == GM_HTTP_BAD_STATUS_LINE || result == GM_HTTP_BAD_HEADER || result == GM_HTTP_BAD_TRAILER ||
         result == GM_HTTP_BAD_LENGTH;
}

CURLcode
gm_curl_code_from_transfer (GmTransfer *transfer)
{
  GmResult result = gm_transfer_get_result (transfer);
  GmUrl *url = gm_transfer_get_url (transfer);
  const char *detail = gm_transfer_get_error (transfer)->detail;

  /* a file has another number for it than a server */
  if (result == GM_RESUME_REFUSED && url != NULL && gm_url_get_scheme (url) == GM_SCHEME_FILE)
    return CURLE_BAD_DOWNLOAD_RESUME;
  /* a URL that is none would have been said so: it is the proxy's scheme that nobody knows */
  if (result == GM_UNSUPPORTED_SCHEME && url != NULL && gm_transfer_get_error (transfer)->phase != GM_PHASE_CONNECT &&
      (gm_url_get_scheme (url) == GM_SCHEME_HTTP || gm_url_get_scheme (url) == GM_SCHEME_HTTPS))
    return CURLE_COULDNT_CONNECT;
  /* an entry of CURLOPT_RESOLVE, and a head of too many fields, have their own, too */
  if (result == GM_BAD_REQUEST && g_strcmp0 (detail, GM_DETAIL_OVERRIDE) == 0)
    return CURLE_SETOPT_OPTION_SYNTAX;
  if (result == GM_HTTP_HEADER_FLOOD && g_strcmp0 (detail, GM_DETAIL_N_FIELDS) == 0)
    return CURLE_TOO_LARGE;
  /* and others for what cannot be opened to be written, or written */
  if (gm_transfer_get_error (transfer)->phase == GM_PHASE_STORAGE)
    {
      if (result == GM_FILE_NOT_FOUND || result == GM_FILE_ACCESS || result == GM_FILE_IS_FOLDER)
        return CURLE_WRITE_ERROR;
      if (result == GM_FILE_WRITE_FAILED || result == GM_NO_SPACE)
        return CURLE_SEND_ERROR;
    }

  /* CONNECT is HTTP, and fails as that; SOCKS has a number of its own */
  if (gm_transfer_get_error (transfer)->socks &&
      (result == GM_PROXY_BAD_REPLY || result == GM_PROXY_CLOSED || result == GM_PROXY_LOGIN ||
       result == GM_AUTH_FAILED || result == GM_RESOLVE_FAILED || result == GM_PROXY_RESOLVE_FAILED))
    return CURLE_PROXY;

  /* a handshake that is cut off was one that failed */
  if (gm_transfer_get_error (transfer)->phase == GM_PHASE_TLS && (result == GM_RECV_FAILED || result == GM_SEND_FAILED))
    return CURLE_SSL_CONNECT_ERROR;

  /* what is no answer in HTTP/2 is the end of a stream, whatever is wrong with it */
  if (is_malformed (result) && gm_transfer_get_error (transfer)->h2 != 0)
    return CURLE_HTTP2_STREAM;

  return gm_curl_code_from_result (result);
}

long
gm_curl_proxy_code (const GmError *error)
{
  static const guint8 codes4[] = { CURLPX_REQUEST_FAILED, CURLPX_IDENTD, CURLPX_IDENTD_DIFFER };
  static const guint8 codes5[] = {
    CURLPX_REPLY_GENERAL_SERVER_FAILURE, CURLPX_REPLY_NOT_ALLOWED,           CURLPX_REPLY_NETWORK_UNREACHABLE,
    CURLPX_REPLY_HOST_UNREACHABLE,       CURLPX_REPLY_CONNECTION_REFUSED,    CURLPX_REPLY_TTL_EXPIRED,
    CURLPX_REPLY_COMMAND_NOT_SUPPORTED,  CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED,
  };

  if (!error->socks)
    return CURLPX_OK;
  switch ((int) error->result)
    {
    case GM_PROXY_BAD_REPLY:
      return CURLPX_BAD_VERSION;
    case GM_PROXY_CLOSED:
      return CURLPX_CLOSED;
    case GM_PROXY_LOGIN:
      return CURLPX_USER_REJECTED;
    case GM_AUTH_FAILED:
      return CURLPX_GSSAPI;
    case GM_SOCKS_NAME_TOO_LONG:
      return CURLPX_LONG_HOSTNAME;
    case GM_RESOLVE_FAILED:
    case GM_PROXY_RESOLVE_FAILED:
      return CURLPX_RESOLVE_HOST;
    case GM_SOCKS_REFUSED:
      if (error->proxy_status >= 91 && error->proxy_status <= 93)
        return codes4[error->proxy_status - 91];
      if (error->proxy_status >= 1 && error->proxy_status <= G_N_ELEMENTS (codes5))
        return codes5[error->proxy_status - 1];
      return CURLPX_REPLY_UNASSIGNED;
    default:
      return CURLPX_UNKNOWN_FAIL;
    }
}

/* ---- sentences: what programs look for in them has libcurl's words ---- */

#define WRITE(...) curl_msnprintf (buffer, CURL_ERROR_SIZE, __VA_ARGS__)

static gint64
elapsed_ms (const GmInfo *info)
{
  return info->ended > info->added ? (info->ended - info->added) / 1000 : 0;
}

static const char *
host_of (GmCurlEasy *easy)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);

  return error->host != NULL ? error->host : "";
}

/* Scheme of the URL where it ended; static or in @scratch. */
static const char *
scheme_of (GmCurlEasy *easy,
           char *scratch,
           gsize size)
{
  GmUrl *url = gm_transfer_get_url (easy->transfer);
  const char *text = url != NULL ? gm_url_get_text (url) : gm_transfer_get_string (easy->transfer, GM_OPTION_URL);
  gsize len = text != NULL ? strcspn (text, ":/?#") : 0;

  if (text == NULL || text[len] != ':')
    len = 0;
  curl_msnprintf (scratch, size, "%.*s", (int) MIN (len, size - 1), text != NULL ? text : "");
  return scratch;
}

static void
write_time (GmCurlEasy *easy,
            GmResult result,
            char *buffer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);
  gint64 ms = elapsed_ms (info);

  if (result == GM_RESOLVE_TIMEOUT)
    WRITE ("Resolving timed out after %" CURL_FORMAT_CURL_OFF_T " milliseconds", ms);
  else if (result == GM_CONNECT_TIMEOUT)
    WRITE ("Connection timed out after %" CURL_FORMAT_CURL_OFF_T " milliseconds", ms);
  else if (result == GM_LOW_SPEED)
    WRITE ("Operation too slow. Less than %" CURL_FORMAT_CURL_OFF_T
           " bytes/sec transferred the last %" CURL_FORMAT_CURL_OFF_T " seconds",
           gm_transfer_get_int (easy->transfer, GM_OPTION_LOW_SPEED_LIMIT),
           gm_transfer_get_int (easy->transfer, GM_OPTION_LOW_SPEED_TIME_MS) / 1000);
  else if (info->download_size >= 0)
    WRITE ("Operation timed out after %" CURL_FORMAT_CURL_OFF_T " milliseconds with %" CURL_FORMAT_CURL_OFF_T
           " out of %" CURL_FORMAT_CURL_OFF_T " bytes received",
           ms, (gint64) info->downloaded, info->download_size);
  else
    WRITE ("Operation timed out after %" CURL_FORMAT_CURL_OFF_T " milliseconds with %" CURL_FORMAT_CURL_OFF_T
           " bytes received",
           ms, (gint64) info->downloaded);
}

static void
write_connect (GmCurlEasy *easy,
               char *buffer)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);

  WRITE ("Failed to connect to %s port %u after %" CURL_FORMAT_CURL_OFF_T " ms: %s", host_of (easy), error->port,
         elapsed_ms (gm_transfer_get_info (easy->transfer)),
         error->sys_errno != 0 ? g_strerror (error->sys_errno) : "Could not connect to server");
}

static void
write_system (GmCurlEasy *easy,
              const char *what,
              char *buffer)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);

  WRITE ("%s: %s", what, error->sys_errno != 0 ? g_strerror (error->sys_errno) : "failed");
}

static void
write_partial (GmCurlEasy *easy,
               char *buffer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  if (info->download_size > (gint64) info->downloaded)
    WRITE ("end of response with %" CURL_FORMAT_CURL_OFF_T " bytes missing; transfer closed with %" CURL_FORMAT_CURL_OFF_T
           " bytes remaining to read",
           info->download_size - (gint64) info->downloaded, info->download_size - (gint64) info->downloaded);
  else
    WRITE ("transfer closed with outstanding read data remaining");
}

static void
write_protocol (GmCurlEasy *easy,
                GmResult result,
                char *buffer)
{
  char scheme[48];
  gboolean redirected = gm_transfer_get_info (easy->transfer)->n_redirects > 0;

  WRITE ("Protocol \"%s\" %s%s", scheme_of (easy, scheme, sizeof scheme),
         result == GM_REFUSED_SCHEME ? "disabled" : "not supported",
         redirected ? " in redirect" : "");
}

static const char *const sentences[GM_N_RESULTS] = {
  [GM_BAD_URL] = "URL rejected: Malformed input to a URL function",
  [GM_URL_TOO_LONG] = "URL rejected: Too long",
  [GM_BAD_HOST] = "URL rejected: Bad hostname",
  [GM_BAD_PORT] = "URL rejected: Port number was not a decimal number between 0 and 65535",
  [GM_CREDENTIALS_REFUSED] = "URL rejected: Credentials were passed in the URL when prohibited",
  [GM_LENGTH_MISSING] = "Chunky upload is not supported by HTTP 1.0",
  [GM_GOT_NOTHING] = "Empty reply from server",
  [GM_RESPONSE_TIMEOUT] = "Server response timeout",
  [GM_HTTP_NOT_HTTP] = "Received HTTP/0.9 when not allowed",
  [GM_HTTP_BAD_STATUS_LINE] = "Invalid status line",
  [GM_HTTP_BAD_VERSION] = "Unsupported HTTP version in response",
  [GM_HTTP_BAD_HEADER] = "Header without colon",
  [GM_HTTP_NUL_IN_HEADER] = "Nul byte in header",
  [GM_HTTP_BARE_CR] = "Carriage return within a header",
  [GM_HTTP_OBS_FOLD] = "Folded header where none is allowed",
  [GM_HTTP_HEADER_FLOOD] = "Too large response headers",
  [GM_HTTP_BAD_LENGTH] = "Invalid Content-Length: value",
  [GM_HTTP_BOTH_FRAMINGS] = "Both Content-Length: and Transfer-Encoding: in one response",
  [GM_HTTP_BAD_ENCODING] = "Unsolicited Transfer-Encoding found",
  [GM_HTTP_BAD_CHUNK] = "Problem in the Chunked-Encoded data",
  [GM_HTTP_BAD_TRAILER] = "Problem in the trailers of the Chunked-Encoded data",
  [GM_HTTP_EXPECT_FAILED] = "The server refused the expectation of the request",
  [GM_HTTP_BAD_LOCATION] = "Location: header cannot be followed",
  [GM_RANGE_REFUSED] = "HTTP server does not seem to support byte ranges. Cannot resume.",
  [GM_RESUME_REFUSED] = "HTTP server does not seem to support byte ranges. Cannot resume.",
  [GM_TOO_LARGE] = "Maximum file size exceeded",
  [GM_WRITE_FAILED] = "Failure writing output to destination",
  [GM_READ_FAILED] = "read function returned an error",
  [GM_READ_SHORT] = "client read function EOF fail, not all of the announced bytes were read",
  [GM_NOT_REWINDABLE] = "necessary data rewind was not possible",
  [GM_PROXY_BAD_REPLY] = "Invalid reply from the proxy",
  [GM_PROXY_CLOSED] = "Proxy CONNECT aborted",
  [GM_PROXY_LOGIN] = "CONNECT tunnel failed, response 407",
  [GM_TLS_TRUNCATED] = "TLS connection was closed without close_notify before the end of the body",
  [GM_TLS_CLIENT_CERTIFICATE_WANTED] = "The server wants a client certificate, or another one",
  [GM_TLS_EXPIRED] = "server certificate verification failed: certificate has expired",
  [GM_TLS_NOT_YET_VALID] = "server certificate verification failed: certificate is not yet valid",
  [GM_TLS_UNKNOWN_CA] = "server certificate verification failed: unable to get local issuer certificate",
  [GM_TLS_SELF_SIGNED] = "server certificate verification failed: self-signed certificate",
  [GM_TLS_REVOKED] = "server certificate verification failed: certificate is revoked",
  [GM_TLS_WEAK] = "server certificate verification failed: weak key or digest",
  [GM_TLS_WRONG_PURPOSE] = "server certificate verification failed: not meant for a server",
  [GM_TLS_BAD_CERTIFICATE] = "server certificate verification failed: invalid certificate",
  [GM_TLS_OCSP] = "No valid OCSP response was stapled",
  [GM_TLS_PIN] = "SSL: public key does not match pinned public key",
  [GM_TLS_REFUSED] = "server certificate verification failed: it was refused",
  [GM_HTTP_VERSION] = "The server does not speak the HTTP version that was demanded",
  [GM_CODED_BODY_BROKEN] = "Error while decoding the content",
  [GM_CODED_BODY_BOMB] = "The decoded content is far larger than the encoded one",
  [GM_HTTP2_PROTOCOL] = "HTTP/2 connection error: the peer broke the rules of the protocol",
  [GM_HTTP2_GONE] = "HTTP/2 connection went away before the request was processed",
  [GM_HTTP2_FLOOD] = "HTTP/2 connection error: flood of control frames",
  [GM_AUTH_BAD_CHALLENGE] = "An authentication challenge cannot be answered",
  [GM_ABORTED] = "Callback aborted",
};

static const char *
fixed_sentence (GmResult result)
{
  return sentences[result];
}

/* Sentences about something that has a name. */
static void
write_detailed (GmCurlEasy *easy,
                GmResult result,
                char *buffer)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);
  const char *detail = error->detail != NULL ? error->detail : "";

  switch ((int) result)
    {
    case GM_TLS_WRONG_HOST:
      WRITE ("SSL: no alternative certificate subject name matches target host name '%s' (it is for: %s)",
             host_of (easy), detail);
      break;
    case GM_BAD_REQUEST:
      if (g_str_equal (detail, GM_DETAIL_OVERRIDE))
        WRITE ("Couldn't parse an entry of CURLOPT_RESOLVE");
      else
        WRITE ("%s", curl_easy_strerror (CURLE_BAD_FUNCTION_ARGUMENT));
      break;
    case GM_HTTP_HEADER_FLOOD:
      WRITE ("Too %s response headers", g_str_equal (detail, GM_DETAIL_N_FIELDS) ? "many" : "large");
      break;
    case GM_TLS_CA_FILE:
      WRITE ("error reading ca cert file %s", detail);
      break;
    case GM_TLS_CRL_FILE:
      WRITE ("error reading crl file %s", detail);
      break;
    case GM_TLS_ISSUER:
      WRITE ("server certificate issuer check failed (%s)", detail);
      break;
    case GM_TLS_CLIENT_CERTIFICATE:
      WRITE ("error reading X.509 key or certificate file: %s", detail);
      break;
    case GM_TLS_TOKEN_PIN:
      WRITE ("token \"%s\" with the X.509 key or certificate did not get the right PIN", detail);
      break;
    case GM_TLS_SETTINGS:
      WRITE ("TLS settings that cannot be used: %s", detail);
      break;
    case GM_AUTH_FAILED:
      WRITE ("Authentication failed: %s", detail);
      break;
    case GM_BAD_CONTENT_ENCODING:
      WRITE ("Unrecognized content encoding type %s", detail);
      break;
    case GM_TLS_FAILED:
    default:
      if (*detail != '\0')
        WRITE ("TLS connect error with %s: %s", host_of (easy), detail);
      else
        WRITE ("TLS connect error with %s: the handshake failed (GnuTLS error %d)", host_of (easy), error->tls);
      break;
    }
}

static const char *
socks_sentence (GmResult result)
{
  switch ((int) result)
    {
    case GM_PROXY_CLOSED:
      return "connection closed before the answer of the proxy was complete";
    case GM_PROXY_LOGIN:
      return "user was rejected by the proxy";
    default:
      return "the proxy gave an answer that is none";
    }
}

static void
write_proxy (GmCurlEasy *easy,
             GmResult result,
             char *buffer)
{
  const GmError *error = gm_transfer_get_error (easy->transfer);

  if (error->socks && error->detail != NULL)
    WRITE ("SOCKS: %s (%s)", socks_sentence (result), error->detail);
  else if (error->socks)
    WRITE ("SOCKS: %s", socks_sentence (result));
  else if (error->detail != NULL)
    WRITE ("%s (%s)", fixed_sentence (result), error->detail);
  else
    WRITE ("%s", fixed_sentence (result));
}

/* … and why no login was given, if it is not that there is none. */
static void
write_status (GmCurlEasy *easy,
              char *buffer)
{
  const GmInfo *info = gm_transfer_get_info (easy->transfer);

  if (info->auth_problem != GM_OK)
    WRITE ("The requested URL returned error: %u (%s)", info->status, gm_transfer_get_error (easy->transfer)->detail);
  else
    WRITE ("The requested URL returned error: %u", info->status);
}

/* By the names of RFC 9113, section 7. */
static void
write_stream (GmCurlEasy *easy,
              char *buffer)
{
  static const char *const names[] = {
    "NO_ERROR",      "PROTOCOL_ERROR",    "INTERNAL_ERROR",      "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
    "STREAM_CLOSED", "FRAME_SIZE_ERROR",  "REFUSED_STREAM",      "CANCEL",             "COMPRESSION_ERROR",
    "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
  };
  guint code = gm_transfer_get_error (easy->transfer)->h2;

  WRITE ("HTTP/2 stream was not closed cleanly: %s (err %u)", code < G_N_ELEMENTS (names) ? names[code] : "unknown", code);
}

static void
write_fixed (GmResult result,
             char *buffer)
{
  const char *sentence = fixed_sentence (result);

  WRITE ("%s", sentence != NULL ? sentence : curl_easy_strerror (gm_curl_code_from_result (result)));
}

static void
write_sentence (GmCurlEasy *easy,
                GmResult result,
                char *buffer)
{
  switch ((int) result)
    {
    case GM_UNSUPPORTED_SCHEME:
    case GM_REFUSED_SCHEME:
    case GM_REDIRECT_REFUSED:
      write_protocol (easy, result, buffer);
      break;
    case GM_RESOLVE_FAILED:
      WRITE ("Could not resolve host: %s", host_of (easy));
      break;
    case GM_PROXY_RESOLVE_FAILED:
      WRITE ("Could not resolve proxy: %s", host_of (easy));
      break;
    case GM_CONNECT_FAILED:
    case GM_TOO_MANY_FILES:
      write_connect (easy, buffer);
      break;
    case GM_RESOLVE_TIMEOUT:
    case GM_CONNECT_TIMEOUT:
    case GM_LOW_SPEED:
    case GM_TIMEOUT:
      write_time (easy, result, buffer);
      break;
    case GM_SEND_FAILED:
      write_system (easy, "Send failure", buffer);
      break;
    case GM_RECV_FAILED:
      write_system (easy, "Recv failure", buffer);
      break;
    case GM_PARTIAL:
      write_partial (easy, buffer);
      break;
    case GM_PROXY_REFUSED:
      WRITE ("CONNECT tunnel failed, response %u", gm_transfer_get_error (easy->transfer)->proxy_status);
      break;
    case GM_PROXY_BAD_REPLY:
    case GM_PROXY_CLOSED:
    case GM_PROXY_LOGIN:
      write_proxy (easy, result, buffer);
      break;
    case GM_SOCKS_REFUSED:
      WRITE ("cannot complete SOCKS connection to %s. (%u)", host_of (easy),
             gm_transfer_get_error (easy->transfer)->proxy_status);
      break;
    case GM_TLS_FAILED:
    case GM_TLS_WRONG_HOST:
    case GM_TLS_CA_FILE:
    case GM_TLS_CRL_FILE:
    case GM_TLS_ISSUER:
    case GM_TLS_CLIENT_CERTIFICATE:
    case GM_TLS_TOKEN_PIN:
    case GM_TLS_SETTINGS:
    case GM_AUTH_FAILED:
    case GM_BAD_CONTENT_ENCODING:
    case GM_BAD_REQUEST:
    case GM_HTTP_HEADER_FLOOD:
      write_detailed (easy, result, buffer);
      break;
    case GM_HTTP2_STREAM:
      write_stream (easy, buffer);
      break;
    case GM_HTTP_STATUS:
      write_status (easy, buffer);
      break;
    case GM_TOO_MANY_REDIRECTS:
      WRITE ("Maximum (%" CURL_FORMAT_CURL_OFF_T ") redirects followed",
             gm_transfer_get_int (easy->transfer, GM_OPTION_MAX_REDIRECTS));
      break;
    case GM_FILE_NOT_FOUND:
    case GM_FILE_ACCESS:
    case GM_FILE_IS_FOLDER:
      WRITE ("Could not open file %s", host_of (easy));
      break;
    default:
      write_fixed (result, buffer);
      break;
    }
}

void
gm_curl_error_write (GmCurlEasy *easy,
                     char *buffer)
{
  const char *url = gm_transfer_get_string (easy->transfer, GM_OPTION_URL);
  GmResult result = gm_transfer_get_result (easy->transfer);

  if (result == GM_BAD_URL && url == NULL && easy->set.curlu == NULL)
    WRITE ("No URL set");
  else if (result == GM_OK || result == GM_AGAIN)
    WRITE ("%s", curl_easy_strerror (easy->result));
  else if (is_malformed (result) && gm_transfer_get_error (easy->transfer)->h2 != 0)
    write_stream (easy, buffer);
  else
    write_sentence (easy, result, buffer);
}
