/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that say what to ask for: where, by which method, with which body and login. */
#include "gm-curl-mime.h"
#include "gm-curl-setopt.h"

#include "gm-config.h"
#include "gm-request-settings.h"

#include <string.h>

#define MAX_POST_TEXT 8000000 /* libcurl's limit for any text that is set */
#define MAX_POST_COPY (2 * (gint64) G_MAXINT32) /* a larger one is a mistake: CURLOPT_POSTFIELDS does not copy */

/* ---- where ---- */

CURLcode
gm_curl_set_url (GmCurlEasy *easy,
                 const GmCurlValue *value)
{
  return gm_curl_set_engine_string (easy, GM_OPTION_URL, value->pointer);
}

CURLcode
gm_curl_set_curlu (GmCurlEasy *easy,
                   const GmCurlValue *value)
{
  easy->set.curlu = value->pointer;
  return CURLE_OK;
}

static CURLcode
set_unix_path (GmCurlEasy *easy,
               const char *path,
               gboolean is_abstract)
{
  CURLcode result = gm_curl_set_engine_string (easy, GM_OPTION_UNIX_PATH, path);

  return result != CURLE_OK ? result : gm_curl_set_engine_int (easy, GM_OPTION_UNIX_ABSTRACT, is_abstract);
}

CURLcode
gm_curl_set_unix_socket_path (GmCurlEasy *easy,
                              const GmCurlValue *value)
{
  return set_unix_path (easy, value->pointer, FALSE);
}

CURLcode
gm_curl_set_abstract_unix_socket (GmCurlEasy *easy,
                                  const GmCurlValue *value)
{
  return set_unix_path (easy, value->pointer, TRUE);
}

/* ---- protocols ---- */

/* The interface's bit, the engine's (0 = there is no such protocol, so that naming it allows nothing), the name. */
static const struct
{
  char name[8];
  gulong bit;
  guint set;
} protocols[] = {
  { "http", CURLPROTO_HTTP, GM_PROTOCOL_SET_HTTP },
  { "https", CURLPROTO_HTTPS, GM_PROTOCOL_SET_HTTPS },
  { "ftp", CURLPROTO_FTP, GM_PROTOCOL_SET_FTP },
  { "ftps", CURLPROTO_FTPS, GM_PROTOCOL_SET_FTPS },
  { "file", CURLPROTO_FILE, GM_PROTOCOL_SET_FILE },
  { "telnet", CURLPROTO_TELNET, GM_PROTOCOL_SET_TELNET },
  { "data", 0, GM_PROTOCOL_SET_DATA },
  { "dict", CURLPROTO_DICT, 0 },
  { "gopher", CURLPROTO_GOPHER, 0 },
  { "gophers", CURLPROTO_GOPHERS, 0 },
  { "imap", CURLPROTO_IMAP, 0 },
  { "imaps", CURLPROTO_IMAPS, 0 },
  { "ldap", CURLPROTO_LDAP, 0 },
  { "ldaps", CURLPROTO_LDAPS, 0 },
  { "mqtt", CURLPROTO_MQTT, 0 },
  { "mqtts", 0, 0 },
  { "pop3", CURLPROTO_POP3, 0 },
  { "pop3s", CURLPROTO_POP3S, 0 },
  { "rtmp", CURLPROTO_RTMP, 0 },
  { "rtmpe", CURLPROTO_RTMPE, 0 },
  { "rtmps", CURLPROTO_RTMPS, 0 },
  { "rtmpt", CURLPROTO_RTMPT, 0 },
  { "rtmpte", CURLPROTO_RTMPTE, 0 },
  { "rtmpts", CURLPROTO_RTMPTS, 0 },
  { "rtsp", CURLPROTO_RTSP, 0 },
  { "scp", CURLPROTO_SCP, 0 },
  { "sftp", CURLPROTO_SFTP, 0 },
  { "smb", CURLPROTO_SMB, 0 },
  { "smbs", CURLPROTO_SMBS, 0 },
  { "smtp", CURLPROTO_SMTP, 0 },
  { "smtps", CURLPROTO_SMTPS, 0 },
  { "tftp", CURLPROTO_TFTP, 0 },
  { "ws", 0, 0 },
  { "wss", 0, 0 },
};

#define REDIRECT_PROTOCOLS                                                                                             \
  (GM_PROTOCOL_SET_HTTP | GM_PROTOCOL_SET_HTTPS | GM_PROTOCOL_SET_FTP | GM_PROTOCOL_SET_FTPS)

static CURLcode
set_protocol_bits (GmCurlEasy *easy,
                   GmOption option,
                   gulong bits)
{
  guint allowed = 0;

  if ((guint32) bits == (guint32) CURLPROTO_ALL)
    return gm_curl_set_engine_int (easy, option, GM_PROTOCOL_SET_ALL);

  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (bits & protocols[i].bit)
        allowed |= protocols[i].set;
    }

  return gm_curl_set_engine_int (easy, option, allowed);
}

CURLcode
gm_curl_set_protocols (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  return set_protocol_bits (easy, GM_OPTION_PROTOCOLS, (gulong) value->number);
}

CURLcode
gm_curl_set_redir_protocols (GmCurlEasy *easy,
                             const GmCurlValue *value)
{
  return set_protocol_bits (easy, GM_OPTION_REDIRECT_PROTOCOLS, (gulong) value->number);
}

static gboolean
find_protocol (GmSpan name,
               guint *allowed)
{
  if (gm_span_equal_nocase (name, GM_SPAN ("all")))
    {
      *allowed |= GM_PROTOCOL_SET_ALL;
      return TRUE;
    }

  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    {
      if (gm_span_equal_nocase (name, gm_span (protocols[i].name, strnlen (protocols[i].name, sizeof protocols[i].name))))
        {
          *allowed |= protocols[i].set;
          return TRUE;
        }
    }

  return FALSE;
}

/* "http,https"; empty parts are skipped, but something must be left. */
static CURLcode
set_protocol_names (GmCurlEasy *easy,
                    GmOption option,
                    const char *names,
                    guint normal)
{
  guint allowed = 0, n_names = 0;

  if (names == NULL)
    return gm_curl_set_engine_int (easy, option, normal);

  while (*names != '\0')
    {
      gsize len = strcspn (names, ",");

      if (len > 0)
        {
          if (!find_protocol (gm_span (names, len), &allowed))
            return CURLE_UNSUPPORTED_PROTOCOL;
          n_names++;
        }
      names += len + (names[len] == ',');
    }

  return n_names > 0 ? gm_curl_set_engine_int (easy, option, allowed) : CURLE_BAD_FUNCTION_ARGUMENT;
}

CURLcode
gm_curl_set_protocols_str (GmCurlEasy *easy,
                           const GmCurlValue *value)
{
  return set_protocol_names (easy, GM_OPTION_PROTOCOLS, value->pointer, GM_PROTOCOL_SET_ALL);
}

CURLcode
gm_curl_set_redir_protocols_str (GmCurlEasy *easy,
                                 const GmCurlValue *value)
{
  return set_protocol_names (easy, GM_OPTION_REDIRECT_PROTOCOLS, value->pointer, REDIRECT_PROTOCOLS);
}

/* ---- method and body ---- */

static CURLcode
set_method (GmCurlEasy *easy,
            GmMethod method)
{
  CURLcode result = gm_curl_set_engine_int (easy, GM_OPTION_METHOD, method);

  easy->set.form_kind = GM_CURL_FORM_NONE;
  return result != CURLE_OK ? result : gm_curl_set_engine_int (easy, GM_OPTION_NO_BODY, method == GM_METHOD_HEAD);
}

/* A body is no longer sent; whether one is wanted stays as it is. */
static CURLcode
unset_method (GmCurlEasy *easy)
{
  easy->set.form_kind = GM_CURL_FORM_NONE;
  return gm_curl_set_engine_int (easy, GM_OPTION_METHOD, GM_METHOD_GET);
}

CURLcode
gm_curl_set_httpget (GmCurlEasy *easy,
                     const GmCurlValue *value)
{
  return value->number != 0 ? set_method (easy, GM_METHOD_GET) : CURLE_OK;
}

CURLcode
gm_curl_set_post (GmCurlEasy *easy,
                  const GmCurlValue *value)
{
  return value->number != 0 ? set_method (easy, GM_METHOD_POST) : unset_method (easy);
}

CURLcode
gm_curl_set_upload (GmCurlEasy *easy,
                    const GmCurlValue *value)
{
  return value->number != 0 ? set_method (easy, GM_METHOD_PUT) : unset_method (easy);
}

CURLcode
gm_curl_set_put (GmCurlEasy *easy,
                 const GmCurlValue *value)
{
  return gm_curl_set_upload (easy, value);
}

CURLcode
gm_curl_set_nobody (GmCurlEasy *easy,
                    const GmCurlValue *value)
{
  if (value->number != 0)
    return set_method (easy, GM_METHOD_HEAD);

  /* only what it did itself is undone: another method set meanwhile stays */
  if (gm_transfer_get_int (easy->transfer, GM_OPTION_METHOD) == GM_METHOD_HEAD)
    return set_method (easy, GM_METHOD_GET);

  return gm_curl_set_engine_int (easy, GM_OPTION_NO_BODY, FALSE);
}

CURLcode
gm_curl_set_customrequest (GmCurlEasy *easy,
                           const GmCurlValue *value)
{
  return gm_curl_set_engine_string (easy, GM_OPTION_CUSTOM_METHOD, value->pointer);
}

CURLcode
gm_curl_set_postfields (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  GmResult result = gm_transfer_set_bytes (easy->transfer, GM_OPTION_POST_COPY, NULL);

  if (result == GM_OK)
    result = gm_transfer_set_pointer (easy->transfer, GM_OPTION_POST_DATA, value->pointer);
  if (result == GM_OK)
    result = gm_transfer_set_int (easy->transfer, GM_OPTION_POST_SIZE, easy->set.postfieldsize);
  if (result != GM_OK)
    return gm_curl_setting_result (result);

  return set_method (easy, GM_METHOD_POST);
}

CURLcode
gm_curl_set_copypostfields (GmCurlEasy *easy,
                            const GmCurlValue *value)
{
  g_autoptr (GBytes) bytes = NULL;
  gint64 size = easy->set.postfieldsize;
  CURLcode result;

  if (value->pointer == NULL)
    return gm_curl_set_postfields (easy, value);

  if (size < 0)
    size = (gint64) strlen (value->pointer);
  if (size > MAX_POST_TEXT && easy->set.postfieldsize < 0)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (size > MAX_POST_COPY)
    return CURLE_OUT_OF_MEMORY;

  bytes = g_bytes_new (value->pointer, (gsize) size);
  result = gm_curl_setting_result (gm_transfer_set_bytes (easy->transfer, GM_OPTION_POST_COPY, bytes));
  return result != CURLE_OK ? result : set_method (easy, GM_METHOD_POST);
}

static CURLcode
post_form (GmCurlEasy *easy,
           GmCurlFormKind kind)
{
  CURLcode result = set_method (easy, GM_METHOD_POST);

  easy->set.form_kind = kind;
  return result;
}

CURLcode
gm_curl_set_mimepost (GmCurlEasy *easy,
                      const GmCurlValue *value)
{
  easy->set.mimepost = value->pointer;
  return post_form (easy, GM_CURL_FORM_MIME);
}

CURLcode
gm_curl_set_httppost (GmCurlEasy *easy,
                      const GmCurlValue *value)
{
  easy->set.httppost = value->pointer;
  return post_form (easy, GM_CURL_FORM_OLD);
}

CURLcode
gm_curl_set_mime_options (GmCurlEasy *easy,
                          const GmCurlValue *value)
{
  easy->set.mime_options = value->number;
  return CURLE_OK;
}

static CURLcode
set_post_size (GmCurlEasy *easy,
               curl_off_t size)
{
  if (size < -1)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  easy->set.postfieldsize = size;
  return gm_curl_set_engine_int (easy, GM_OPTION_POST_SIZE, size);
}

CURLcode
gm_curl_set_postfieldsize (GmCurlEasy *easy,
                           const GmCurlValue *value)
{
  return set_post_size (easy, value->number);
}

CURLcode
gm_curl_set_postfieldsize_large (GmCurlEasy *easy,
                                 const GmCurlValue *value)
{
  return set_post_size (easy, value->offset);
}

CURLcode
gm_curl_set_infilesize (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  return gm_curl_set_engine_int (easy, GM_OPTION_UPLOAD_SIZE, value->number);
}

CURLcode
gm_curl_set_infilesize_large (GmCurlEasy *easy,
                              const GmCurlValue *value)
{
  return gm_curl_set_engine_int (easy, GM_OPTION_UPLOAD_SIZE, value->offset);
}

/* ---- how ---- */

CURLcode
gm_curl_set_http_version (GmCurlEasy *easy,
                          const GmCurlValue *value)
{
  switch (value->number)
    {
    case CURL_HTTP_VERSION_NONE:
    case CURL_HTTP_VERSION_2TLS:
      return gm_curl_set_engine_int (easy, GM_OPTION_HTTP_VERSION, GM_HTTP_DEFAULT);
#if HAVE_NGHTTP2
    case CURL_HTTP_VERSION_2_0:
      return gm_curl_set_engine_int (easy, GM_OPTION_HTTP_VERSION, GM_HTTP_2);
    case CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE:
      return gm_curl_set_engine_int (easy, GM_OPTION_HTTP_VERSION, GM_HTTP_2_ONLY);
#else
    case CURL_HTTP_VERSION_2_0:
    case CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE:
#endif
    case CURL_HTTP_VERSION_1_0:
      return gm_curl_set_engine_int (easy, GM_OPTION_HTTP_VERSION, GM_HTTP_1_0);
    case CURL_HTTP_VERSION_1_1:
      return gm_curl_set_engine_int (easy, GM_OPTION_HTTP_VERSION, GM_HTTP_1_1);
    case CURL_HTTP_VERSION_3:
    case CURL_HTTP_VERSION_3ONLY:
      return CURLE_UNSUPPORTED_PROTOCOL;
    default:
      return value->number < 0 ? CURLE_BAD_FUNCTION_ARGUMENT : CURLE_UNSUPPORTED_PROTOCOL;
    }
}

CURLcode
gm_curl_set_stream_weight (GmCurlEasy *easy,
                           const GmCurlValue *value)
{
  /* as libcurl: what is no weight is passed over */
  if (value->number < 1 || value->number > 256)
    return CURLE_OK;
  return gm_curl_set_engine_int (easy, GM_OPTION_STREAM_WEIGHT, value->number);
}

CURLcode
gm_curl_set_followlocation (GmCurlEasy *easy,
                            const GmCurlValue *value)
{
  if (value->number < 0 || value->number > CURLFOLLOW_FIRSTONLY)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  return gm_curl_set_engine_int (easy, GM_OPTION_FOLLOW, value->number);
}

CURLcode
gm_curl_set_maxredirs (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  if (value->number < -1)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  return gm_curl_set_engine_int (easy, GM_OPTION_MAX_REDIRECTS,
                                 value->number < 0 ? G_MAXUINT32 : MIN (value->number, G_MAXINT16));
}

CURLcode
gm_curl_set_postredir (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  if (value->number < 0)
    return CURLE_BAD_FUNCTION_ARGUMENT;

  return gm_curl_set_engine_int (easy, GM_OPTION_KEEP_POST, value->number & CURL_REDIR_POST_ALL);
}

CURLcode
gm_curl_set_buffersize (GmCurlEasy *easy,
                        const GmCurlValue *value)
{
  gint64 size = value->number < 1 ? CURL_MAX_WRITE_SIZE : CLAMP (value->number, 1024, CURL_MAX_READ_SIZE);

  return gm_curl_set_engine_int (easy, GM_OPTION_MAX_BUFFER, size);
}

/* ---- login ---- */

CURLcode
gm_curl_set_userpwd (GmCurlEasy *easy,
                     const GmCurlValue *value)
{
  const char *login = value->pointer;
  const char *colon = login != NULL ? strchr (login, ':') : NULL;
  g_autofree char *user = NULL;
  CURLcode result;

  if (login == NULL)
    result = gm_curl_set_engine_string (easy, GM_OPTION_USER, NULL);
  else
    {
      user = colon != NULL ? g_strndup (login, (gsize) (colon - login)) : g_strdup (login);
      result = gm_curl_set_engine_string (easy, GM_OPTION_USER, user);
    }
  if (result != CURLE_OK)
    return result;

  return gm_curl_set_engine_string (easy, GM_OPTION_PASSWORD, colon != NULL ? colon + 1 : NULL);
}

/* Whoever names a signer wants nothing but signatures; taking it back leaves that as it is. */
CURLcode
gm_curl_set_aws_sigv4 (GmCurlEasy *easy,
                       const GmCurlValue *value)
{
  CURLcode result = gm_curl_set_engine_string (easy, GM_OPTION_SIGNER, value->pointer);

  if (result == CURLE_OK && value->pointer != NULL)
    result = gm_curl_set_engine_int (easy, GM_OPTION_AUTH, GM_AUTH_SIGNED);
  return result;
}

CURLcode
gm_curl_set_httpauth (GmCurlEasy *easy,
                      const GmCurlValue *value)
{
  gulong methods = (gulong) value->number & ~CURLAUTH_ONLY;
  gulong known;

  /* The older sums of a browser are those of Digest. */
  if ((methods & CURLAUTH_DIGEST_IE) != 0)
    methods |= CURLAUTH_DIGEST;
  /* Not one among others: no server asks for it. */
  if (methods == CURLAUTH_AWS_SIGV4)
    return gm_curl_set_engine_int (easy, GM_OPTION_AUTH, GM_AUTH_SIGNED);
  known = methods & gm_auth_schemes ();
  if (value->number != CURLAUTH_NONE && known == 0)
    return CURLE_NOT_BUILT_IN;

  return gm_curl_set_engine_int (easy, GM_OPTION_AUTH, (gint64) known);
}


GmTransfer *
gm_curl_get_defaults (void)
{
  static GmTransfer *defaults;
  static gsize once;

  if (g_once_init_enter (&once))
    {
      defaults = gm_transfer_new (NULL, NULL);
      gm_transfer_set_int (defaults, GM_OPTION_GUESS_SCHEME, TRUE);
      gm_transfer_set_int (defaults, GM_OPTION_PROTOCOLS, GM_PROTOCOL_SET_ALL);
      gm_transfer_set_int (defaults, GM_OPTION_REDIRECT_PROTOCOLS, REDIRECT_PROTOCOLS);
      gm_transfer_set_int (defaults, GM_OPTION_MAX_REDIRECTS, 30);
      gm_transfer_set_int (defaults, GM_OPTION_FOLLOW, FALSE);
      g_once_init_leave (&once, 1);
    }

  return defaults;
}
