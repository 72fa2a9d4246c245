/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gm-auth.h"
#include "gm-result.h"
#include "gm-connect-settings.h"

/* Every setting of a transfer, in one table that serves both faces: id, type, range, the settings block and offset it
 * lands in. A change is seen when the transfer is next added, but for those marked live. */

/* What counts towards one peer of TLS: twice in the table, for the server and for a proxy. */
#define GM_TLS_OPTIONS(X, prefix, block)                                                                               \
  X (prefix##CA_FILE, STRING, block, ca_file, 0, 0, FALSE)                                                             \
  X (prefix##CA_DIR, STRING, block, ca_dir, 0, 0, FALSE)                                                               \
  X (prefix##CRL_FILE, STRING, block, crl_file, 0, 0, FALSE)                                                           \
  X (prefix##ISSUER_FILE, STRING, block, issuer_file, 0, 0, FALSE)                                                     \
  X (prefix##CERT_FILE, STRING, block, cert_file, 0, 0, FALSE)                                                         \
  X (prefix##KEY_FILE, STRING, block, key_file, 0, 0, FALSE)                                                           \
  X (prefix##PRIORITY, STRING, block, priority, 0, 0, FALSE)                                                           \
  X (prefix##CIPHERS13, STRING, block, ciphers13, 0, 0, FALSE)                                                         \
  X (prefix##GROUPS, STRING, block, groups, 0, 0, FALSE)                                                               \
  X (prefix##SIGNATURES, STRING, block, signatures, 0, 0, FALSE)                                                       \
  X (prefix##PINS, STRING, block, pins, 0, 0, FALSE)                                                                   \
  X (prefix##LOGIN_USER, STRING, block, login_user, 0, 0, FALSE)                                                       \
  X (prefix##LOGIN_PASSWORD, BYTES, block, login_password, 0, 0, FALSE)                                                \
  X (prefix##SNI, STRING, block, sni, 0, 0, FALSE)                                                                     \
  X (prefix##JUDGE, STRING, block, judge, 0, 0, FALSE)                                                                 \
  X (prefix##CA_BYTES, BYTES, block, ca_bytes, 0, 0, FALSE)                                                            \
  X (prefix##ISSUER_BYTES, BYTES, block, issuer_bytes, 0, 0, FALSE)                                                    \
  X (prefix##CERT_BYTES, BYTES, block, cert_bytes, 0, 0, FALSE)                                                        \
  X (prefix##KEY_BYTES, BYTES, block, key_bytes, 0, 0, FALSE)                                                          \
  X (prefix##KEY_PASSWORD, BYTES, block, key_password, 0, 0, FALSE)                                                    \
  X (prefix##VERIFY_PEER, U8, block, verify_peer, 0, 1, FALSE)                                                         \
  X (prefix##VERIFY_HOST, U8, block, verify_host, 0, 1, FALSE)                                                         \
  X (prefix##VERIFY_STATUS, U8, block, verify_status, 0, 1, FALSE)                                                     \
  X (prefix##WITH_SYSTEM_TRUST, U8, block, with_system_trust, 0, 1, FALSE)                                             \
  X (prefix##ASK_TRUST, U8, block, ask_trust, 0, 2, FALSE)                                                             \
  X (prefix##CERT_FORMAT, U8, block, cert_format, 0, 3, FALSE)                                                         \
  X (prefix##KEY_FORMAT, U8, block, key_format, 0, 3, FALSE)                                                           \
  X (prefix##MIN_VERSION, U8, block, min_version, 0, 4, FALSE)                                                         \
  X (prefix##MAX_VERSION, U8, block, max_version, 0, 4, FALSE)                                                         \
  X (prefix##ALPN, U8, block, alpn, 0, 1, FALSE)                                                                       \
  X (prefix##SESSION_CACHE, U8, block, session_cache, 0, 1, FALSE)

#define GM_OPTIONS(X)                                                                                                  \
  /* id, type, block, member, min, max, live */                                                                        \
  X (URL, STRING, transfer, url, 0, 0, FALSE)                                                                          \
  X (DEFAULT_SCHEME, STRING, transfer, default_scheme, 0, 0, FALSE)                                                    \
  X (PROTOCOLS, U32, transfer, protocols, 0, G_MAXUINT32, FALSE) /* GmProtocolSet */                                   \
  X (REDIRECT_PROTOCOLS, U32, transfer, redirect_protocols, 0, G_MAXUINT32, FALSE)                                     \
  X (GUESS_SCHEME, U8, transfer, guess_scheme, 0, 1, FALSE)                                                            \
  X (PATH_AS_IS, U8, transfer, path_as_is, 0, 1, FALSE)                                                                \
  X (REFUSE_CREDENTIALS, U8, transfer, refuse_credentials, 0, 1, FALSE)                                                \
  X (CONNECT_ONLY, U8, transfer, connect_only, 0, GM_CONNECT_ONLY_FOR_USER, FALSE) /* GmConnectOnly */                  \
  X (TIMEOUT_MS, U32, transfer, timeout_ms, 0, G_MAXUINT32, FALSE) /* 0 = never */                                     \
  X (CONNECT_TIMEOUT_MS, U32, transfer, connect_timeout_ms, 0, G_MAXUINT32, FALSE) /* 0 = 300 s */                     \
  X (RESPONSE_TIMEOUT_MS, U32, transfer, response_timeout_ms, 0, G_MAXUINT32, FALSE) /* 0 = never */                   \
  X (LOW_SPEED_LIMIT, I64, transfer, low_speed_limit, 0, G_MAXINT64, FALSE) /* bytes/s */                              \
  X (LOW_SPEED_TIME_MS, U32, transfer, low_speed_time_ms, 0, G_MAXUINT32, FALSE) /* 0 = never */                       \
  X (MAX_RECV_SPEED, I64, transfer, max_recv_speed, 0, G_MAXINT64, TRUE) /* bytes/s, 0 = no limit */                   \
  X (MAX_SEND_SPEED, I64, transfer, max_send_speed, 0, G_MAXINT64, TRUE)                                               \
  X (MAX_BUFFER, U32, transfer, max_buffer, 1024, 10 * 1024 * 1024, FALSE) /* bytes read at once */                    \
  X (PORT, U16, transfer, port, 0, 65535, FALSE) /* instead of the URL's; 0 = the URL's */                             \
  X (ASK, U32, transfer, ask, 0, G_MAXUINT32, FALSE) /* 1 << GmQuestionKind: what the face answers */                  \
  X (UNIX_PATH, STRING, connect, unix_path, 0, 0, FALSE)                                                               \
  X (PLACES, BYTES, connect, places, 0, 0, FALSE)                                                                      \
  X (UNIX_ABSTRACT, U8, connect, unix_abstract, 0, 1, FALSE)                                                           \
  X (DOH_URI, STRING, connect, doh_uri, 0, 0, FALSE)                                                                   \
  X (DOH_VERIFY_PEER, U8, connect, doh_verify_peer, 0, 1, FALSE)                                                       \
  X (DOH_VERIFY_HOST, U8, connect, doh_verify_host, 0, 1, FALSE)                                                       \
  X (DOH_VERIFY_STATUS, U8, connect, doh_verify_status, 0, 1, FALSE)                                                   \
  X (ANNOUNCE, U8, connect, announce, 0, 1, FALSE)                                                                     \
  X (ANNOUNCED_ADDRESS, STRING, connect, announced_address, 0, 0, FALSE)                                               \
  X (INTERFACE, STRING, connect, local_interface, 0, 0, FALSE)                                                         \
  X (PROXY, STRING, connect, proxy, 0, 0, FALSE)                                                                       \
  X (PRE_PROXY, STRING, connect, pre_proxy, 0, 0, FALSE)                                                               \
  X (NO_PROXY, STRING, connect, no_proxy, 0, 0, FALSE)                                                                 \
  X (PROXY_USER, STRING, connect, proxy_user, 0, 0, FALSE)                                                             \
  X (PROXY_PASSWORD, STRING, connect, proxy_password, 0, 0, FALSE)                                                     \
  X (PROXY_SERVICE, STRING, connect, proxy_service, 0, 0, FALSE)                                                       \
  X (PROXY_FIELDS, LIST, connect, proxy_fields, 0, 0, FALSE)                                                           \
  X (PROXY_PORT, U16, connect, proxy_port, 0, 65535, FALSE)                                                            \
  X (PROXY_KIND, U8, connect, proxy_kind, 0, 7, FALSE)                                                                 \
  X (PROXY_TUNNEL, U8, connect, proxy_tunnel, 0, 1, FALSE)                                                             \
  X (PROXY_AUTH, U8, connect, proxy_auth, 0, 255, FALSE) /* GmAuthScheme */                                            \
  X (PROXY_SOCKS_AUTH, U8, connect, proxy_socks_auth, 0, 15, FALSE)                                                     \
  X (PROXY_SHARES_FIELDS, U8, connect, proxy_shares_fields, 0, 1, FALSE)                                               \
  X (PROXY_HIDES_HEAD, U8, connect, proxy_hides_head, 0, 1, FALSE)                                                     \
  X (OVERRIDES, LIST, connect, overrides, 0, 0, FALSE)                                                                 \
  X (CONNECT_TO, LIST, connect, connect_to, 0, 0, FALSE)                                                               \
  X (MAX_IDLE_US, I64, connect, max_idle_us, 0, G_MAXINT64, FALSE)                                                     \
  X (MAX_LIFE_US, I64, connect, max_life_us, 0, G_MAXINT64, FALSE)                                                     \
  X (DNS_CACHE_US, I64, connect, dns_cache_us, -1, G_MAXINT64, FALSE)                                                  \
  X (ATTEMPT_DELAY_MS, U32, connect, attempt_delay_ms, 0, G_MAXUINT32, FALSE)                                          \
  X (KEEPALIVE, U8, connect, keepalive, 0, 1, FALSE)                                                                   \
  X (KEEPALIVE_IDLE_S, U32, connect, keepalive_idle_s, 0, G_MAXINT32, FALSE)                                           \
  X (KEEPALIVE_INTERVAL_S, U32, connect, keepalive_interval_s, 0, G_MAXINT32, FALSE)                                   \
  X (KEEPALIVE_COUNT, U32, connect, keepalive_count, 0, G_MAXINT32, FALSE)                                             \
  X (LOCAL_PORT, U16, connect, local_port, 0, 65535, FALSE)                                                            \
  X (LOCAL_PORT_RANGE, U16, connect, local_port_range, 0, 65535, FALSE)                                                \
  X (IP_VERSION, U8, connect, ip_version, 0, 2, FALSE)                                                                 \
  X (NO_DELAY, U8, connect, no_delay, 0, 1, FALSE)                                                                     \
  X (FRESH_CONNECT, U8, connect, fresh_connect, 0, 1, FALSE)                                                           \
  X (ADDRESS_SCOPE, U32, connect, address_scope, 0, G_MAXUINT32, FALSE)                                                \
  X (SHUFFLE_ADDRESSES, U8, connect, shuffle_addresses, 0, 1, FALSE)                                                   \
  X (FAST_OPEN, U8, connect, fast_open, 0, 1, FALSE)                                                                   \
  X (FORBID_REUSE, U8, connect, forbid_reuse, 0, 1, FALSE)                                                             \
  X (CUSTOM_METHOD, STRING, request, custom_method, 0, 0, FALSE)                                                       \
  X (USER_AGENT, STRING, request, user_agent, 0, 0, FALSE)                                                             \
  X (REFERER, STRING, request, referer, 0, 0, FALSE)                                                                   \
  X (COOKIE, STRING, request, cookie, 0, 0, FALSE)                                                                     \
  X (RANGE, STRING, request, range, 0, 0, FALSE)                                                                       \
  X (USER, STRING, request, user, 0, 0, FALSE)                                                                         \
  X (PASSWORD, STRING, request, password, 0, 0, FALSE)                                                                 \
  X (BEARER, STRING, request, bearer, 0, 0, FALSE)                                                                     \
  X (SERVICE, STRING, request, service, 0, 0, FALSE)                                                                   \
  X (ACCEPT_ENCODING, STRING, request, accept_encoding, 0, 0, FALSE)                                                   \
  X (REQUEST_TARGET, STRING, request, request_target, 0, 0, FALSE)                                                     \
  X (FIRST_PARTY, STRING, request, first_party, 0, 0, FALSE)                                                           \
  X (STATUS_ALIASES, LIST, request, status_aliases, 0, 0, FALSE)                                                       \
  X (HEADERS, LIST, request, headers, 0, 0, FALSE)                                                                     \
  X (POST_DATA, POINTER, request, post_data, 0, 0, FALSE)                                                              \
  X (POST_COPY, BYTES, request, post_copy, 0, 0, FALSE) /* sets POST_DATA and POST_SIZE too */                         \
  X (FORM, POINTER, request, form, 0, 0, FALSE)                                                                        \
  X (POST_SIZE, I64, request, post_size, -1, G_MAXINT64, FALSE)                                                        \
  X (UPLOAD_SIZE, I64, request, upload_size, -1, G_MAXINT64, FALSE)                                                    \
  X (RESUME_FROM, I64, request, resume_from, -1, G_MAXINT64, FALSE)                                                    \
  X (TIME_VALUE, I64, request, time_value, G_MININT64, G_MAXINT64, FALSE)                                              \
  X (MAX_SIZE, I64, request, max_size, 0, G_MAXINT64, FALSE)                                                           \
  X (EXPECT_TIMEOUT_MS, U32, request, expect_timeout_ms, 0, G_MAXUINT32, FALSE)                                        \
  X (MAX_REDIRECTS, U32, request, max_redirects, 0, G_MAXUINT32, FALSE)                                                \
  X (METHOD, U8, request, method, 0, 3, FALSE) /* GmMethod */                                                          \
  X (TIME_CONDITION, U8, request, time_condition, 0, 3, FALSE)                                                         \
  X (KEEP_POST, U8, request, keep_post, 0, 7, FALSE)                                                                   \
  X (HTTP_VERSION, U8, request, http_version, 0, 4, FALSE) /* GmHttpVersion */                                         \
  X (URGENCY, U8, request, urgency, 0, 8, FALSE)                                                                       \
  X (STREAM_WEIGHT, U16, request, stream_weight, 0, 256, FALSE)                                                        \
  X (DELEGATION, U8, request, delegation, 0, 3, FALSE) /* GmDelegation */                                              \
  X (NO_BODY, U8, request, no_body, 0, 1, FALSE)                                                                       \
  X (FOLLOW, U8, request, follow, 0, 3, FALSE)                                                                         \
  X (FOLLOW_SAME_ORIGIN, U8, request, follow_same_origin, 0, 1, FALSE)                                                 \
  X (AUTO_REFERER, U8, request, auto_referer, 0, 1, FALSE)                                                             \
  X (STRICT_REFERER, U8, request, strict_referer, 0, 1, FALSE)                                                         \
  X (UNRESTRICTED_AUTH, U8, request, unrestricted_auth, 0, 1, FALSE)                                                   \
  X (FAIL_ON_ERROR, U8, request, fail_on_error, 0, 1, FALSE)                                                           \
  X (KEEP_SENDING, U8, request, keep_sending_on_error, 0, 1, FALSE)                                                    \
  X (ALLOW_HTTP09, U8, request, allow_http09, 0, 1, FALSE)                                                             \
  X (IGNORE_LENGTH, U8, request, ignore_length, 0, 1, FALSE)                                                           \
  X (RAW_TRANSFER, U8, request, raw_transfer, 0, 1, FALSE)                                                             \
  X (RAW_CONTENT, U8, request, raw_content, 0, 1, FALSE)                                                               \
  X (TRANSFER_CODING, U8, request, transfer_coding, 0, 1, FALSE)                                                       \
  X (HEADERS_IN_BODY, U8, request, headers_in_body, 0, 1, FALSE)                                                       \
  X (WANT_FILETIME, U8, request, want_filetime, 0, 1, FALSE)                                                           \
  X (NETRC, U8, request, netrc, 0, 2, FALSE) /* GmNetrcUse */                                                          \
  X (NETRC_FILE, STRING, request, netrc_file, 0, 0, FALSE)                                                             \
  X (AUTH, U8, request, auth, 0, G_MAXUINT8, FALSE) /* GmAuthScheme bits; those not in this build are never used */    \
  X (SIGNER, STRING, request, signer, 0, 0, FALSE)                                                                     \
  X (APPEND, U8, request, append, 0, 1, FALSE)                                                                         \
  X (FILE_MODE, U32, request, file_mode, 0, 07777, FALSE)                                                              \
  GM_TLS_OPTIONS (X, TLS_, tls)                                                                                        \
  GM_TLS_OPTIONS (X, PROXY_TLS_, proxy_tls)

typedef enum
{
#define GM_OPTION_MEMBER(id, type, block, member, min, max, live) GM_OPTION_##id,
  GM_OPTIONS (GM_OPTION_MEMBER)
#undef GM_OPTION_MEMBER
  GM_N_OPTIONS,
} GmOption;

typedef enum
{
  GM_OPTION_TYPE_U8,
  GM_OPTION_TYPE_U16,
  GM_OPTION_TYPE_U32,
  GM_OPTION_TYPE_I64,
  GM_OPTION_TYPE_STRING, /* copied */
  GM_OPTION_TYPE_LIST, /* borrowed */
  GM_OPTION_TYPE_POINTER, /* borrowed */
  GM_OPTION_TYPE_BYTES, /* referenced */
} GmOptionType;

/* Whether a transfer ends well once it has a connection, without a request, and what becomes of that. */
typedef enum
{
  GM_CONNECT_ONLY_NO, /* it makes its request */
  GM_CONNECT_ONLY_FOR_POOL, /* it waits there for who needs one; also one that is there already will do */
  GM_CONNECT_ONLY_FOR_USER, /* a new one in any case, it stays with the transfer: see gm_transfer_send_raw() */
} GmConnectOnly;

/* Which protocols a URL, or a redirect, may use. */
typedef enum
{
  GM_PROTOCOL_SET_HTTP = 1 << 0,
  GM_PROTOCOL_SET_HTTPS = 1 << 1,
  GM_PROTOCOL_SET_FTP = 1 << 2,
  GM_PROTOCOL_SET_FTPS = 1 << 3,
  GM_PROTOCOL_SET_FILE = 1 << 4,
  GM_PROTOCOL_SET_DATA = 1 << 5,
  GM_PROTOCOL_SET_TELNET = 1 << 6,
  GM_PROTOCOL_SET_ALL = 0x7fffffff,
} GmProtocolSet;
