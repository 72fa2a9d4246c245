/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gmulti-transfer-private.h"

#include "gmulti-enum-types.h"

/* The properties of GMultiTransfer: their table, and the way from GValue to the functions. */

GParamSpec *gm_transfer_properties[GM_TRANSFER_PROP_ERROR + 1];

static void
get_response_property (GMultiTransfer *self,
                       guint prop_id,
                       GValue *value,
                       GParamSpec *pspec)
{
  switch (prop_id)
    {
    case GM_TRANSFER_PROP_STATE:
      g_value_set_enum (value, gmulti_transfer_get_state (self));
      break;
    case GM_TRANSFER_PROP_FINISHED:
      g_value_set_boolean (value, gmulti_transfer_is_finished (self));
      break;
    case GM_TRANSFER_PROP_WAIT_REASON:
      g_value_set_enum (value, gmulti_transfer_get_wait_reason (self));
      break;
    case GM_TRANSFER_PROP_PHASE:
      g_value_set_enum (value, gmulti_transfer_get_phase (self));
      break;
    case GM_TRANSFER_PROP_ATTEMPT:
      g_value_set_uint (value, gmulti_transfer_get_attempt (self));
      break;
    case GM_TRANSFER_PROP_FRACTION:
      g_value_set_double (value, gmulti_transfer_get_fraction (self));
      break;
    case GM_TRANSFER_PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, gmulti_transfer_get_bytes_received (self));
      break;
    case GM_TRANSFER_PROP_BYTES_SENT:
      g_value_set_uint64 (value, gmulti_transfer_get_bytes_sent (self));
      break;
    case GM_TRANSFER_PROP_TOTAL:
      g_value_set_int64 (value, gmulti_transfer_get_total (self));
      break;
    case GM_TRANSFER_PROP_SPEED:
      g_value_set_uint64 (value, gmulti_transfer_get_speed (self));
      break;
    case GM_TRANSFER_PROP_REMAINING:
      g_value_set_int64 (value, gmulti_transfer_get_remaining (self));
      break;
    case GM_TRANSFER_PROP_STATUS_TEXT:
      g_value_take_string (value, gmulti_transfer_dup_status_text (self));
      break;
    case GM_TRANSFER_PROP_RESPONSE:
      g_value_take_object (value, gmulti_transfer_ref_response (self));
      break;
    case GM_TRANSFER_PROP_TRAILERS:
      g_value_take_boxed (value, gmulti_transfer_ref_trailers (self));
      break;
    case GM_TRANSFER_PROP_METRICS:
      g_value_take_boxed (value, gmulti_transfer_ref_metrics (self));
      break;
    case GM_TRANSFER_PROP_ERROR:
      g_value_take_boxed (value, gmulti_transfer_dup_error (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, prop_id, pspec);
    }
}

/* How it deals with what goes wrong around it. */
static gboolean
get_manner (GMultiTransfer *self,
            guint prop_id,
            GValue *value)
{
  switch (prop_id)
    {
    case GM_TRANSFER_PROP_MAX_ATTEMPTS:
      g_value_set_uint (value, gmulti_transfer_get_max_attempts (self));
      break;
    case GM_TRANSFER_PROP_CONNECTABLE:
      g_value_set_object (value, gmulti_transfer_get_connectable (self));
      break;
    case GM_TRANSFER_PROP_NEW_CONNECTION:
      g_value_set_boolean (value, gmulti_transfer_get_new_connection (self));
      break;
    case GM_TRANSFER_PROP_CONSTRAINTS:
      g_value_set_flags (value, gmulti_transfer_get_constraints (self));
      break;
    default:
      return FALSE;
    }

  return TRUE;
}

static gboolean
set_manner (GMultiTransfer *self,
            guint prop_id,
            const GValue *value)
{
  switch (prop_id)
    {
    case GM_TRANSFER_PROP_MAX_ATTEMPTS:
      gmulti_transfer_set_max_attempts (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_CONNECTABLE:
      gmulti_transfer_set_connectable (self, g_value_get_object (value));
      break;
    case GM_TRANSFER_PROP_NEW_CONNECTION:
      gmulti_transfer_set_new_connection (self, g_value_get_boolean (value));
      break;
    case GM_TRANSFER_PROP_CONSTRAINTS:
      gmulti_transfer_set_constraints (self, g_value_get_flags (value));
      break;
    default:
      return FALSE;
    }

  return TRUE;
}

static void
get_tls_property (GMultiTransfer *self,
                  guint prop_id,
                  GValue *value,
                  GParamSpec *pspec)
{
  switch (prop_id)
    {
    case GM_TRANSFER_PROP_TLS_DATABASE:
      g_value_set_object (value, gmulti_transfer_get_tls_database (self));
      break;
    case GM_TRANSFER_PROP_TLS_INTERACTION:
      g_value_set_object (value, gmulti_transfer_get_tls_interaction (self));
      break;
    case GM_TRANSFER_PROP_TLS_PINS:
      g_value_set_string (value, gmulti_transfer_get_tls_pins (self));
      break;
    case GM_TRANSFER_PROP_CLIENT_CERTIFICATE:
      g_value_set_object (value, gmulti_transfer_get_client_certificate (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, prop_id, pspec);
    }
}

static void
get_property (GObject *object,
              guint prop_id,
              GValue *value,
              GParamSpec *pspec)
{
  GMultiTransfer *self = (GMultiTransfer *) object;

  switch (prop_id)
    {
    case GM_TRANSFER_PROP_URI:
      g_value_set_string (value, gmulti_transfer_get_uri (self));
      break;
    case GM_TRANSFER_PROP_METHOD:
      g_value_set_string (value, gmulti_transfer_get_method (self));
      break;
    case GM_TRANSFER_PROP_USE_COOKIES:
      g_value_set_boolean (value, gmulti_transfer_get_use_cookies (self));
      break;
    case GM_TRANSFER_PROP_FIRST_PARTY:
      g_value_set_string (value, gmulti_transfer_get_first_party (self));
      break;
    case GM_TRANSFER_PROP_USER_AGENT:
      g_value_set_string (value, gmulti_transfer_get_user_agent (self));
      break;
    case GM_TRANSFER_PROP_PROXY_RESOLVER:
      g_value_set_object (value, gmulti_transfer_get_proxy_resolver (self));
      break;
    case GM_TRANSFER_PROP_TITLE:
      g_value_set_string (value, gmulti_transfer_get_title (self));
      break;
    case GM_TRANSFER_PROP_ACCEPT_STATUS:
      g_value_set_boolean (value, gmulti_transfer_get_accept_status (self));
      break;
    case GM_TRANSFER_PROP_HTTP_POLICY:
      g_value_set_flags (value, gmulti_transfer_get_http_policy (self));
      break;
    case GM_TRANSFER_PROP_REDIRECTS:
      g_value_set_enum (value, gmulti_transfer_get_redirects (self));
      break;
    case GM_TRANSFER_PROP_MAX_REDIRECTS:
      g_value_set_uint (value, gmulti_transfer_get_max_redirects (self));
      break;
    case GM_TRANSFER_PROP_CONNECT_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_connect_timeout (self));
      break;
    case GM_TRANSFER_PROP_RESPONSE_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_response_timeout (self));
      break;
    case GM_TRANSFER_PROP_STALL_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_stall_timeout (self));
      break;
    case GM_TRANSFER_PROP_TIMEOUT:
      g_value_set_uint (value, gmulti_transfer_get_timeout (self));
      break;
    case GM_TRANSFER_PROP_MAX_SIZE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_size (self));
      break;
    case GM_TRANSFER_PROP_DECODE:
      g_value_set_boolean (value, gmulti_transfer_get_decode (self));
      break;
    case GM_TRANSFER_PROP_TLS_DATABASE:
    case GM_TRANSFER_PROP_TLS_INTERACTION:
    case GM_TRANSFER_PROP_TLS_PINS:
    case GM_TRANSFER_PROP_CLIENT_CERTIFICATE:
      get_tls_property (self, prop_id, value, pspec);
      break;
    case GM_TRANSFER_PROP_PRIORITY:
      g_value_set_int (value, gmulti_transfer_get_priority (self));
      break;
    case GM_TRANSFER_PROP_MAX_DOWNLOAD_RATE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_download_rate (self));
      break;
    case GM_TRANSFER_PROP_MAX_UPLOAD_RATE:
      g_value_set_uint64 (value, gmulti_transfer_get_max_upload_rate (self));
      break;
    case GM_TRANSFER_PROP_REQUEST_HEADERS:
      g_value_set_boxed (value, gmulti_transfer_get_request_headers (self));
      break;
    default:
      if (!get_manner (self, prop_id, value))
        get_response_property (self, prop_id, value, pspec);
    }
}

static void
set_tls_property (GMultiTransfer *self,
                  guint prop_id,
                  const GValue *value,
                  GParamSpec *pspec)
{
  switch (prop_id)
    {
    case GM_TRANSFER_PROP_TLS_DATABASE:
      gmulti_transfer_set_tls_database (self, g_value_get_object (value));
      break;
    case GM_TRANSFER_PROP_TLS_INTERACTION:
      gmulti_transfer_set_tls_interaction (self, g_value_get_object (value));
      break;
    case GM_TRANSFER_PROP_TLS_PINS:
      gmulti_transfer_set_tls_pins (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_CLIENT_CERTIFICATE:
      gmulti_transfer_set_client_certificate (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (self, prop_id, pspec);
    }
}

static void
set_property (GObject *object,
              guint prop_id,
              const GValue *value,
              GParamSpec *pspec)
{
  GMultiTransfer *self = (GMultiTransfer *) object;

  switch (prop_id)
    {
    case GM_TRANSFER_PROP_URI:
      gmulti_transfer_set_uri (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_METHOD:
      gmulti_transfer_set_method (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_USE_COOKIES:
      gmulti_transfer_set_use_cookies (self, g_value_get_boolean (value));
      break;
    case GM_TRANSFER_PROP_FIRST_PARTY:
      gmulti_transfer_set_first_party (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_USER_AGENT:
      gmulti_transfer_set_user_agent (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_PROXY_RESOLVER:
      gmulti_transfer_set_proxy_resolver (self, g_value_get_object (value));
      break;
    case GM_TRANSFER_PROP_TITLE:
      gmulti_transfer_set_title (self, g_value_get_string (value));
      break;
    case GM_TRANSFER_PROP_ACCEPT_STATUS:
      gmulti_transfer_set_accept_status (self, g_value_get_boolean (value));
      break;
    case GM_TRANSFER_PROP_HTTP_POLICY:
      gmulti_transfer_set_http_policy (self, g_value_get_flags (value));
      break;
    case GM_TRANSFER_PROP_REDIRECTS:
      gmulti_transfer_set_redirects (self, g_value_get_enum (value));
      break;
    case GM_TRANSFER_PROP_MAX_REDIRECTS:
      gmulti_transfer_set_max_redirects (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_CONNECT_TIMEOUT:
      gmulti_transfer_set_connect_timeout (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_RESPONSE_TIMEOUT:
      gmulti_transfer_set_response_timeout (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_STALL_TIMEOUT:
      gmulti_transfer_set_stall_timeout (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_TIMEOUT:
      gmulti_transfer_set_timeout (self, g_value_get_uint (value));
      break;
    case GM_TRANSFER_PROP_MAX_SIZE:
      gmulti_transfer_set_max_size (self, g_value_get_uint64 (value));
      break;
    case GM_TRANSFER_PROP_DECODE:
      gmulti_transfer_set_decode (self, g_value_get_boolean (value));
      break;
    case GM_TRANSFER_PROP_TLS_DATABASE:
    case GM_TRANSFER_PROP_TLS_INTERACTION:
    case GM_TRANSFER_PROP_TLS_PINS:
    case GM_TRANSFER_PROP_CLIENT_CERTIFICATE:
      set_tls_property (self, prop_id, value, pspec);
      break;
    case GM_TRANSFER_PROP_PRIORITY:
      gmulti_transfer_set_priority (self, g_value_get_int (value));
      break;
    case GM_TRANSFER_PROP_MAX_DOWNLOAD_RATE:
      gmulti_transfer_set_max_download_rate (self, g_value_get_uint64 (value));
      break;
    case GM_TRANSFER_PROP_MAX_UPLOAD_RATE:
      gmulti_transfer_set_max_upload_rate (self, g_value_get_uint64 (value));
      break;
    default:
      if (!set_manner (self, prop_id, value))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_request_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:uri: (getter get_uri) (setter set_uri)
   *
   * The address to transfer from or to.
   *
   * A bad one fails the transfer when it is started.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:method: (getter get_method) (setter set_method)
   *
   * The request method.
   *
   * Without one it is `GET`, or `POST` if there is a body.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_METHOD] = g_param_spec_string ("method", NULL, NULL, "GET", write_flags);

  /**
   * GMultiTransfer:user-agent: (getter get_user_agent) (setter set_user_agent)
   *
   * What is sent as `User-Agent`.
   *
   * Without one it is that of the session.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_USER_AGENT]
    = g_param_spec_string ("user-agent", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:proxy-resolver: (getter get_proxy_resolver) (setter set_proxy_resolver)
   *
   * Who says through which proxies hosts are reached; %NULL means that the session's resolver does.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_PROXY_RESOLVER]
    = g_param_spec_object ("proxy-resolver", NULL, NULL, G_TYPE_PROXY_RESOLVER, write_flags);

  /**
   * GMultiTransfer:title: (getter get_title) (setter set_title)
   *
   * A name for people, for lists.
   *
   * It can be changed at any time.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, NULL, write_flags);
}

static void
install_tls_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:tls-database: (getter get_tls_database) (setter set_tls_database)
   *
   * Who says which certificates of servers are to be trusted; %NULL for what [property@GMulti.Session:tls-database] says.
   *
   * A [iface@Gio.TlsFileDatabase] is read by the engine, any other one is asked about each certificate.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TLS_DATABASE]
    = g_param_spec_object ("tls-database", NULL, NULL, G_TYPE_TLS_DATABASE, write_flags);

  /**
   * GMultiTransfer:tls-interaction: (getter get_tls_interaction) (setter set_tls_interaction)
   *
   * Who is asked for the PIN when [property@GMulti.Transfer:client-certificate] is on a token, and for a certificate when a
   * server wants one and none is set; %NULL for [property@GMulti.Session:tls-interaction].
   *
   * A certificate is asked for by [method@Gio.TlsInteraction.request_certificate_async], with a connection that knows the
   * server and its certificate, and takes the answer by [method@Gio.TlsConnection.set_certificate]; it is good for nothing
   * else. The answer counts for this transfer and this server, and not after a redirect to another one. Without an answer
   * the transfer goes on without a certificate.
   *
   * For a PIN it is asked by [method@Gio.TlsInteraction.ask_password_async] where the transfer was started, and may take its time:
   * nobody else waits. Of several transfers that want the PIN of one token the first one asks, and its answer is that of all.
   * A PIN that was right is kept for the process, a wrong one is asked for again.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TLS_INTERACTION]
    = g_param_spec_object ("tls-interaction", NULL, NULL, G_TYPE_TLS_INTERACTION, write_flags);

  /**
   * GMultiTransfer:tls-pins: (getter get_tls_pins) (setter set_tls_pins)
   *
   * The public keys that servers may have: for each `sha256//` and the SHA-256 of the key (of its SubjectPublicKeyInfo) in
   * base64, joined by semicolons; %NULL for any.
   *
   * They count beside all else that is demanded of a certificate, for each server that the transfer comes to, also after a
   * redirect. A server with another key is refused, whatever a [property@GMulti.Transfer:tls-database] or a handler of
   * [signal@GMulti.Transfer::check-trust] says: nobody is asked about it. With text in it that is no pin the transfer
   * fails.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TLS_PINS] = g_param_spec_string ("tls-pins", NULL, NULL, NULL, write_flags);

  /**
   * GMultiTransfer:client-certificate: (getter get_client_certificate) (setter set_client_certificate)
   *
   * The certificate, with its private key, that is shown to servers that ask for one.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_CLIENT_CERTIFICATE]
    = g_param_spec_object ("client-certificate", NULL, NULL, G_TYPE_TLS_CERTIFICATE, write_flags);
}

static void
install_cookie_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:use-cookies: (getter get_use_cookies) (setter set_use_cookies)
   *
   * Whether it sends and takes the cookies of the session.
   *
   * The default is %TRUE.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_USE_COOKIES]
    = g_param_spec_boolean ("use-cookies", NULL, NULL, TRUE, write_flags);

  /**
   * GMultiTransfer:first-party: (getter get_first_party) (setter set_first_party)
   *
   * The URI of the page that it is made for.
   *
   * Without one it is what its user asked for, and all cookies go with it. With one of another site only cookies that say
   * `SameSite=None` are sent and taken.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_FIRST_PARTY]
    = g_param_spec_string ("first-party", NULL, NULL, NULL, write_flags);
}

static void
install_way_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:http-policy: (getter get_http_policy) (setter set_http_policy)
   *
   * Which versions of HTTP may be used.
   *
   * The default is %GMULTI_HTTP_POLICY_AUTO.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_HTTP_POLICY]
    = g_param_spec_flags ("http-policy", NULL, NULL, GMULTI_TYPE_HTTP_POLICY, GMULTI_HTTP_POLICY_AUTO, write_flags);

  /**
   * GMultiTransfer:redirects: (getter get_redirects) (setter set_redirects)
   *
   * Which redirects are followed.
   *
   * The default is %GMULTI_REDIRECTS_FOLLOW.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_REDIRECTS]
    = g_param_spec_enum ("redirects", NULL, NULL, GMULTI_TYPE_REDIRECTS, GMULTI_REDIRECTS_FOLLOW, write_flags);

  /**
   * GMultiTransfer:max-redirects: (getter get_max_redirects) (setter set_max_redirects)
   *
   * How many redirects are followed one after another.
   *
   * The default is 20.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_MAX_REDIRECTS]
    = g_param_spec_uint ("max-redirects", NULL, NULL, 0, G_MAXUINT, GM_DEFAULT_MAX_REDIRECTS, write_flags);
}

static void
install_answer_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:accept-status: (getter get_accept_status) (setter set_accept_status)
   *
   * Whether an answer with a status of 400 or more is a result like any other.
   *
   * Otherwise it fails the transfer with %GMULTI_TRANSFER_ERROR_HTTP_STATUS; the response can be read all the same.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_ACCEPT_STATUS]
    = g_param_spec_boolean ("accept-status", NULL, NULL, FALSE, write_flags);

  /**
   * GMultiTransfer:decode: (getter get_decode) (setter set_decode)
   *
   * Whether the body is asked for in a compressed form and decompressed.
   *
   * Otherwise it comes as the server sends it. Lengths and progress are those of the wire, and the response keeps its
   * `Content-Encoding`. Data that is broken or ends too early fails the transfer with %GMULTI_TRANSFER_ERROR_ENCODING;
   * far more data than such a body should give, with %GMULTI_TRANSFER_ERROR_TOO_LARGE.
   *
   * A download to a file, or of a range, does not ask for compression, for a part of compressed data is of no use.
   *
   * The default is %TRUE.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_DECODE]
    = g_param_spec_boolean ("decode", NULL, NULL, TRUE, write_flags);

  /**
   * GMultiTransfer:request-headers: (getter get_request_headers)
   *
   * The headers of the request.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_REQUEST_HEADERS]
    = g_param_spec_boxed ("request-headers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);
}

static void
install_limit_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:connect-timeout: (getter get_connect_timeout) (setter set_connect_timeout)
   *
   * How long it may take to get a connection, in milliseconds; 0 means any time.
   *
   * Time in which the transfer waits because of limits does not count.
   *
   * The default is 30000, half a minute.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_CONNECT_TIMEOUT]
    = g_param_spec_uint ("connect-timeout", NULL, NULL, 0, G_MAXUINT, GM_DEFAULT_CONNECT_TIMEOUT, write_flags);

  /**
   * GMultiTransfer:response-timeout: (getter get_response_timeout) (setter set_response_timeout)
   *
   * How long the server may take to begin its answer, in milliseconds; 0 means any time.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_RESPONSE_TIMEOUT]
    = g_param_spec_uint ("response-timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:stall-timeout: (getter get_stall_timeout) (setter set_stall_timeout)
   *
   * How long there may be no data at all, in milliseconds; 0 means any time.
   *
   * Then the transfer fails with %GMULTI_TRANSFER_ERROR_STALLED.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_STALL_TIMEOUT]
    = g_param_spec_uint ("stall-timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:timeout: (getter get_timeout) (setter set_timeout)
   *
   * How long the whole transfer may take, in milliseconds; 0 means any time.
   *
   * It counts from the transfer's turn on. What comes before that does not: waiting for others, as
   * [property@GMulti.Session:max-active] and [property@GMulti.Group:max-active] demand, and for what
   * [property@GMulti.Transfer:constraints] demand. From then on all does: waiting for a connection, being paused, the time
   * in which somebody thinks about a question, further attempts and the breaks before them.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TIMEOUT]
    = g_param_spec_uint ("timeout", NULL, NULL, 0, G_MAXUINT, 0, write_flags);

  /**
   * GMultiTransfer:max-size: (getter get_max_size) (setter set_max_size)
   *
   * How many bytes of a body are accepted; 0 means any number.
   *
   * A longer one fails the transfer with %GMULTI_TRANSFER_ERROR_TOO_LARGE. What counts is what comes out of decoding.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_MAX_SIZE]
    = g_param_spec_uint64 ("max-size", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);
}

static void
install_manner_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:max-attempts: (getter get_max_attempts) (setter set_max_attempts)
   *
   * How many times it is tried before it fails.
   *
   * It is tried again after failures that may pass by themselves, see [func@GMulti.error_is_transient], and only where
   * that does no harm: if its method is one of `GET`, `HEAD`, `PUT`, `DELETE`, `OPTIONS` and `TRACE`, or if the request
   * never reached the server. A body that is uploaded must be able to begin again, as bytes, files, forms and seekable
   * streams do; what [method@GMulti.Session.open_async] or [method@GMulti.Session.splice_async] have begun to pass on is
   * not taken back.
   *
   * The first pause is about half a second, and each further one twice as long, up to a minute; a server that asks for
   * more in `Retry-After` gets it, up to ten minutes. [property@GMulti.Transfer:timeout] counts for all attempts
   * together, other time limits for each.
   *
   * Whatever this says, a transfer whose connection did not survive a change of the network is tried again at once, if
   * that does no harm, see [property@GMulti.Session:network-monitor].
   *
   * The default is 1.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_MAX_ATTEMPTS]
    = g_param_spec_uint ("max-attempts", NULL, NULL, 1, G_MAXUINT, 1, write_flags);

  /**
   * GMultiTransfer:connectable: (getter get_connectable) (setter set_connectable)
   *
   * Where to connect to instead of the URI's host: a [class@Gio.NetworkAddress], a [class@Gio.NetworkService], or an
   * address, as a [class@Gio.UnixSocketAddress] for a server on this machine.
   *
   * It is asked for its addresses each time the transfer is started and again for each further attempt, in the context
   * of the start, for no longer than [property@GMulti.Transfer:connect-timeout]; when it fails, so does the transfer, with
   * its error. They count for redirects, too. Proxies are not used.
   *
   * Nothing else changes: the host of the URI is what the server is asked for, and whom its certificate has to name.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_CONNECTABLE]
    = g_param_spec_object ("connectable", NULL, NULL, G_TYPE_SOCKET_CONNECTABLE, write_flags);

  /**
   * GMultiTransfer:new-connection: (getter get_new_connection) (setter set_new_connection)
   *
   * Whether it goes over a connection that nobody has used before, as to find out whether a server can be reached. It may be
   * used by others afterwards.
   *
   * The default is %FALSE.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_NEW_CONNECTION]
    = g_param_spec_boolean ("new-connection", NULL, NULL, FALSE, write_flags);

  /**
   * GMultiTransfer:constraints: (getter get_constraints) (setter set_constraints)
   *
   * What it demands of the device's surroundings. It waits until all of it is there, and
   * [property@GMulti.Transfer:wait-reason] says what is missing.
   *
   * What stays on this machine, as by the address `localhost` or a `file:`, needs no network, and none that is free.
   *
   * A call that blocks should not be made in the thread that the monitors of GIO tell their tidings in, which mostly is
   * the main thread: they could not tell that the waiting is over.
   *
   * The default is %GMULTI_CONSTRAINTS_NONE.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_CONSTRAINTS]
    = g_param_spec_flags ("constraints", NULL, NULL, GMULTI_TYPE_CONSTRAINTS, GMULTI_CONSTRAINTS_NONE, write_flags);
}

static void
install_live_properties (void)
{
  const GParamFlags write_flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:priority: (getter get_priority) (setter set_priority)
   *
   * Which of several waiting transfers is started first: that with the lower number. A tenth of a second of waiting makes
   * up for one, so that none waits for ever: from %G_PRIORITY_LOW to %G_PRIORITY_DEFAULT it takes half a minute.
   *
   * It can be changed at any time.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_PRIORITY]
    = g_param_spec_int ("priority", NULL, NULL, G_MININT, G_MAXINT, 0, write_flags);

  /**
   * GMultiTransfer:max-download-rate: (getter get_max_download_rate) (setter set_max_download_rate)
   *
   * How many bytes may be received in a second; 0 means any number.
   *
   * It can be changed at any time.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_MAX_DOWNLOAD_RATE]
    = g_param_spec_uint64 ("max-download-rate", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);

  /**
   * GMultiTransfer:max-upload-rate: (getter get_max_upload_rate) (setter set_max_upload_rate)
   *
   * How many bytes may be sent in a second; 0 means any number.
   *
   * It can be changed at any time.
   *
   * The default is 0.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_MAX_UPLOAD_RATE]
    = g_param_spec_uint64 ("max-upload-rate", NULL, NULL, 0, G_MAXUINT64, 0, write_flags);
}

static void
install_state_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:state: (getter get_state)
   *
   * What the transfer is doing.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_STATE]
    = g_param_spec_enum ("state", NULL, NULL, GMULTI_TYPE_TRANSFER_STATE, GMULTI_TRANSFER_STATE_NEW, flags);

  /**
   * GMultiTransfer:finished: (getter is_finished)
   *
   * Whether the transfer has come to its end, with or without success.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_FINISHED] = g_param_spec_boolean ("finished", NULL, NULL, FALSE, flags);

  /**
   * GMultiTransfer:wait-reason: (getter get_wait_reason)
   *
   * Why the transfer waits.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_WAIT_REASON]
    = g_param_spec_enum ("wait-reason", NULL, NULL, GMULTI_TYPE_WAIT_REASON, GMULTI_WAIT_REASON_NONE, flags);

  /**
   * GMultiTransfer:phase: (getter get_phase)
   *
   * The phase that the transfer is in, or was in when it ended.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_PHASE]
    = g_param_spec_enum ("phase", NULL, NULL, GMULTI_TYPE_PHASE, GMULTI_PHASE_NONE, flags);

  /**
   * GMultiTransfer:attempt: (getter get_attempt)
   *
   * Which attempt it is at, counted from 1; 0 before it is started.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_ATTEMPT] = g_param_spec_uint ("attempt", NULL, NULL, 0, G_MAXUINT, 0, flags);

  /**
   * GMultiTransfer:status-text: (getter dup_status_text)
   *
   * A line for people that says how it goes, in their language.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_STATUS_TEXT] = g_param_spec_string ("status-text", NULL, NULL, NULL, flags);

  /**
   * GMultiTransfer:error: (getter dup_error)
   *
   * Why the transfer failed.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_ERROR] = g_param_spec_boxed ("error", NULL, NULL, G_TYPE_ERROR, flags);
}

static void
install_progress_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:fraction: (getter get_fraction)
   *
   * How much of the transfer is done, from 0 to 1, or -1 if its length is not known.
   *
   * A `GtkProgressBar` can be bound to it with `g_object_bind_property()` as it is: -1 leaves the bar empty. In an expression
   * of GTK, as in a `.ui` file, put it through a closure that gives 0 for -1 (`<closure type="gdouble" function="…">`), for
   * there the bar refuses -1 with a warning. To have it move to and fro meanwhile, call
   * `gtk_progress_bar_pulse()` for each [signal@GMulti.Transfer::progress] at which this is negative:
   *
   * ```c
   * static void
   * progress_cb (GMultiTransfer *transfer,
   *              GtkProgressBar *bar)
   * {
   *   double fraction = gmulti_transfer_get_fraction (transfer);
   *
   *   if (fraction < 0)
   *     gtk_progress_bar_pulse (bar);
   *   else
   *     gtk_progress_bar_set_fraction (bar, fraction);
   * }
   * ```
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, -1, flags);

  /**
   * GMultiTransfer:bytes-received: (getter get_bytes_received)
   *
   * How many bytes of the body were received.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_BYTES_RECEIVED]
    = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:bytes-sent: (getter get_bytes_sent)
   *
   * How many bytes of the request's body were sent.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_BYTES_SENT]
    = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:total: (getter get_total)
   *
   * How many bytes the body has on the wire, or -1 if that is not known.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TOTAL] = g_param_spec_int64 ("total", NULL, NULL, -1, G_MAXINT64, -1, flags);

  /**
   * GMultiTransfer:speed: (getter get_speed)
   *
   * Bytes per second, over the last few seconds; 0 while the transfer waits or is paused.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, flags);

  /**
   * GMultiTransfer:remaining: (getter get_remaining)
   *
   * How many microseconds the rest takes at the present speed, or -1 if that cannot be told.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_REMAINING]
    = g_param_spec_int64 ("remaining", NULL, NULL, -1, G_MAXINT64, -1, flags);
}

static void
install_result_properties (void)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * GMultiTransfer:response: (getter ref_response)
   *
   * The response, once its head is there.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_RESPONSE]
    = g_param_spec_object ("response", NULL, NULL, GMULTI_TYPE_RESPONSE, flags);

  /**
   * GMultiTransfer:trailers: (getter ref_trailers)
   *
   * The header fields that came behind the body.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_TRAILERS]
    = g_param_spec_boxed ("trailers", NULL, NULL, GMULTI_TYPE_HEADERS, flags);

  /**
   * GMultiTransfer:metrics: (getter ref_metrics)
   *
   * How long the parts of the transfer took, once it is finished.
   *
   * Since: 1.0
   */
  gm_transfer_properties[GM_TRANSFER_PROP_METRICS]
    = g_param_spec_boxed ("metrics", NULL, NULL, GMULTI_TYPE_METRICS, flags);
}

void
gm_face_transfer_install_properties (GObjectClass *object_class)
{
  object_class->get_property = get_property;
  object_class->set_property = set_property;

  install_request_properties ();
  install_cookie_properties ();
  install_tls_properties ();
  install_way_properties ();
  install_answer_properties ();
  install_limit_properties ();
  install_manner_properties ();
  install_live_properties ();
  install_state_properties ();
  install_progress_properties ();
  install_result_properties ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (gm_transfer_properties), gm_transfer_properties);
}
