/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Every option of the C interface, in alphabetical order (case ignored): one list from which gm-curl-options.c makes the
 * table that applications can walk, and gm-curl-setopt.c the one that says what setting does.
 *
 *   ALIAS (name, type, real name)        an older name
 *   NUMBER (name, type, GmOption, unit)  a number of the engine, in its unit (GmCurlUnit)
 *   STRING (name, type, GmOption)        a string of the engine
 *   LIST (name, type, GmOption)          a list of the engine, borrowed from the application
 *   KEPT (name, type, member)            a pointer the face keeps, in GmCurlEasy.set
 *   SPECIAL (name, type, function)       gm_curl_set_<function>() does it
 *   IGNORED (name, type, why)            taken and without effect, because what it would change cannot happen
 *   ABSENT (name, type, normal, code, why) not there: 0, NULL and the @normal value are taken, others answered with the
 *                                        CURLE_ code that libcurl built without that part answers
 * Each @why is explained in reasons.txt. Of both tests/curl/reference.py makes introspection/curl-interface.md. */
#define GM_CURL_OPTIONS(X_ALIAS, X_NUMBER, X_STRING, X_LIST, X_KEPT, X_SPECIAL, X_IGNORED, X_ABSENT)                   \
  X_SPECIAL (ABSTRACT_UNIX_SOCKET, STRING, abstract_unix_socket)                                                       \
  X_STRING (ACCEPT_ENCODING, STRING, ACCEPT_ENCODING)                                                                  \
  X_IGNORED (ACCEPTTIMEOUT_MS, LONG, FTP)                                                                              \
  X_NUMBER (ADDRESS_SCOPE, LONG, ADDRESS_SCOPE, ONE)                                                                   \
  X_SPECIAL (ALTSVC, STRING, altsvc)                                                                                   \
  X_SPECIAL (ALTSVC_CTRL, LONG, altsvc_ctrl)                                                                           \
  X_NUMBER (APPEND, LONG, APPEND, BOOL)                                                                                \
  X_NUMBER (AUTOREFERER, LONG, AUTO_REFERER, BOOL)                                                                     \
  X_SPECIAL (AWS_SIGV4, STRING, aws_sigv4)                                                                             \
  X_SPECIAL (BUFFERSIZE, LONG, buffersize)                                                                             \
  X_IGNORED (CA_CACHE_TIMEOUT, LONG, TRUST)                                                                            \
  X_STRING (CAINFO, STRING, TLS_CA_FILE)                                                                               \
  X_SPECIAL (CAINFO_BLOB, BLOB, cainfo_blob)                                                                           \
  X_STRING (CAPATH, STRING, TLS_CA_DIR)                                                                                \
  X_SPECIAL (CERTINFO, LONG, certinfo)                                                                                 \
  X_ABSENT (CHUNK_BGN_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, FTP)                                                      \
  X_IGNORED (CHUNK_DATA, CBPTR, FTP)                                                                                   \
  X_ABSENT (CHUNK_END_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, FTP)                                                      \
  X_KEPT (CLOSESOCKETDATA, CBPTR, closesocketdata)                                                                     \
  X_KEPT (CLOSESOCKETFUNCTION, FUNCTION, closesocketfunction)                                                          \
  X_SPECIAL (CONNECT_ONLY, LONG, connect_only)                                                                         \
  X_LIST (CONNECT_TO, SLIST, CONNECT_TO)                                                                               \
  X_NUMBER (CONNECTTIMEOUT, LONG, CONNECT_TIMEOUT_MS, MS)                                                              \
  X_NUMBER (CONNECTTIMEOUT_MS, LONG, CONNECT_TIMEOUT_MS, ONE)                                                          \
  X_ABSENT (CONV_FROM_NETWORK_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, OLD)                                              \
  X_ABSENT (CONV_FROM_UTF8_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, OLD)                                                 \
  X_ABSENT (CONV_TO_NETWORK_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, OLD)                                                \
  X_STRING (COOKIE, STRING, COOKIE)                                                                                    \
  X_SPECIAL (COOKIEFILE, STRING, cookiefile)                                                                           \
  X_SPECIAL (COOKIEJAR, STRING, cookiejar)                                                                             \
  X_SPECIAL (COOKIELIST, STRING, cookielist)                                                                           \
  X_SPECIAL (COOKIESESSION, LONG, cookiesession)                                                                       \
  X_SPECIAL (COPYPOSTFIELDS, OBJECT, copypostfields)                                                                   \
  X_SPECIAL (CRLF, LONG, crlf)                                                                                         \
  X_STRING (CRLFILE, STRING, TLS_CRL_FILE)                                                                             \
  X_SPECIAL (CURLU, OBJECT, curlu)                                                                                     \
  X_SPECIAL (CUSTOMREQUEST, STRING, customrequest)                                                                     \
  X_KEPT (DEBUGDATA, CBPTR, debugdata)                                                                                 \
  X_SPECIAL (DEBUGFUNCTION, FUNCTION, debugfunction)                                                                   \
  X_STRING (DEFAULT_PROTOCOL, STRING, DEFAULT_SCHEME)                                                                  \
  X_IGNORED (DIRLISTONLY, LONG, FTP)                                                                                   \
  X_NUMBER (DISALLOW_USERNAME_IN_URL, LONG, REFUSE_CREDENTIALS, BOOL)                                                  \
  X_NUMBER (DNS_CACHE_TIMEOUT, LONG, DNS_CACHE_US, US_OR_EVER)                                                         \
  X_ABSENT (DNS_INTERFACE, STRING, 0, UNKNOWN_OPTION, ARES)                                                            \
  X_ABSENT (DNS_LOCAL_IP4, STRING, 0, UNKNOWN_OPTION, ARES)                                                            \
  X_ABSENT (DNS_LOCAL_IP6, STRING, 0, UNKNOWN_OPTION, ARES)                                                            \
  X_ABSENT (DNS_SERVERS, STRING, 0, UNKNOWN_OPTION, ARES)                                                              \
  X_NUMBER (DNS_SHUFFLE_ADDRESSES, LONG, SHUFFLE_ADDRESSES, BOOL)                                                      \
  X_IGNORED (DNS_USE_GLOBAL_CACHE, LONG, OLD)                                                                          \
  X_NUMBER (DOH_SSL_VERIFYHOST, LONG, DOH_VERIFY_HOST, BOOL)                                                           \
  X_NUMBER (DOH_SSL_VERIFYPEER, LONG, DOH_VERIFY_PEER, BOOL)                                                           \
  X_NUMBER (DOH_SSL_VERIFYSTATUS, LONG, DOH_VERIFY_STATUS, BOOL)                                                       \
  X_STRING (DOH_URL, STRING, DOH_URI)                                                                                  \
  X_ABSENT (ECH, STRING, 0, UNKNOWN_OPTION, ECH)                                                                       \
  X_IGNORED (EGDSOCKET, STRING, OLD)                                                                                   \
  X_ALIAS (ENCODING, STRING, ACCEPT_ENCODING)                                                                          \
  X_SPECIAL (ERRORBUFFER, OBJECT, errorbuffer)                                                                         \
  X_NUMBER (EXPECT_100_TIMEOUT_MS, LONG, EXPECT_TIMEOUT_MS, ONE)                                                       \
  X_NUMBER (FAILONERROR, LONG, FAIL_ON_ERROR, BOOL)                                                                    \
  X_ALIAS (FILE, CBPTR, WRITEDATA)                                                                                     \
  X_NUMBER (FILETIME, LONG, WANT_FILETIME, BOOL)                                                                       \
  X_IGNORED (FNMATCH_DATA, CBPTR, FTP)                                                                                 \
  X_ABSENT (FNMATCH_FUNCTION, FUNCTION, 0, UNKNOWN_OPTION, FTP)                                                        \
  X_SPECIAL (FOLLOWLOCATION, LONG, followlocation)                                                                     \
  X_NUMBER (FORBID_REUSE, LONG, FORBID_REUSE, BOOL)                                                                    \
  X_NUMBER (FRESH_CONNECT, LONG, FRESH_CONNECT, BOOL)                                                                  \
  X_ABSENT (FTP_ACCOUNT, STRING, 0, UNKNOWN_OPTION, FTP)                                                               \
  X_ABSENT (FTP_ALTERNATIVE_TO_USER, STRING, 0, UNKNOWN_OPTION, FTP)                                                   \
  X_ABSENT (FTP_CREATE_MISSING_DIRS, LONG, 0, UNKNOWN_OPTION, FTP)                                                     \
  X_ABSENT (FTP_FILEMETHOD, VALUES, 0, UNKNOWN_OPTION, FTP)                                                            \
  X_ALIAS (FTP_RESPONSE_TIMEOUT, LONG, SERVER_RESPONSE_TIMEOUT)                                                        \
  X_ABSENT (FTP_SKIP_PASV_IP, LONG, 1, UNKNOWN_OPTION, FTP)                                                            \
  X_ALIAS (FTP_SSL, VALUES, USE_SSL)                                                                                   \
  X_ABSENT (FTP_SSL_CCC, LONG, 0, UNKNOWN_OPTION, FTP)                                                                 \
  X_ABSENT (FTP_USE_EPRT, LONG, 1, UNKNOWN_OPTION, FTP)                                                                \
  X_ABSENT (FTP_USE_EPSV, LONG, 1, UNKNOWN_OPTION, FTP)                                                                \
  X_ABSENT (FTP_USE_PRET, LONG, 0, UNKNOWN_OPTION, FTP)                                                                \
  X_ALIAS (FTPAPPEND, LONG, APPEND)                                                                                    \
  X_ALIAS (FTPLISTONLY, LONG, DIRLISTONLY)                                                                             \
  X_ABSENT (FTPPORT, STRING, 0, UNKNOWN_OPTION, FTP)                                                                   \
  X_ABSENT (FTPSSLAUTH, VALUES, 0, UNKNOWN_OPTION, FTP)                                                                \
  X_NUMBER (GSSAPI_DELEGATION, VALUES, DELEGATION, ONE)                                                                \
  X_NUMBER (HAPPY_EYEBALLS_TIMEOUT_MS, LONG, ATTEMPT_DELAY_MS, ONE)                                                    \
  X_SPECIAL (HAPROXY_CLIENT_IP, STRING, haproxy_client_ip)                                                             \
  X_NUMBER (HAPROXYPROTOCOL, LONG, ANNOUNCE, BOOL)                                                                     \
  X_SPECIAL (HEADER, LONG, header)                                                                                     \
  X_SPECIAL (HEADERDATA, CBPTR, headerdata)                                                                            \
  X_SPECIAL (HEADERFUNCTION, FUNCTION, headerfunction)                                                                 \
  X_SPECIAL (HEADEROPT, VALUES, headeropt)                                                                             \
  X_SPECIAL (HSTS, STRING, hsts)                                                                                       \
  X_SPECIAL (HSTS_CTRL, LONG, hsts_ctrl)                                                                               \
  X_KEPT (HSTSREADDATA, CBPTR, hstsreaddata)                                                                           \
  X_KEPT (HSTSREADFUNCTION, FUNCTION, hstsreadfunction)                                                                \
  X_KEPT (HSTSWRITEDATA, CBPTR, hstswritedata)                                                                         \
  X_KEPT (HSTSWRITEFUNCTION, FUNCTION, hstswritefunction)                                                              \
  X_NUMBER (HTTP09_ALLOWED, LONG, ALLOW_HTTP09, BOOL)                                                                  \
  X_LIST (HTTP200ALIASES, SLIST, STATUS_ALIASES)                                                                       \
  X_NUMBER (HTTP_CONTENT_DECODING, LONG, RAW_CONTENT, NOT)                                                             \
  X_NUMBER (HTTP_TRANSFER_DECODING, LONG, RAW_TRANSFER, NOT)                                                           \
  X_SPECIAL (HTTP_VERSION, VALUES, http_version)                                                                       \
  X_SPECIAL (HTTPAUTH, VALUES, httpauth)                                                                               \
  X_SPECIAL (HTTPGET, LONG, httpget)                                                                                   \
  X_LIST (HTTPHEADER, SLIST, HEADERS)                                                                                  \
  X_SPECIAL (HTTPPOST, OBJECT, httppost)                                                                               \
  X_NUMBER (HTTPPROXYTUNNEL, LONG, PROXY_TUNNEL, BOOL)                                                                 \
  X_ABSENT (HTTPSIG_ALGORITHM, LONG, 0, UNKNOWN_OPTION, SIGNATURES)                                                    \
  X_ABSENT (HTTPSIG_HEADERS, STRING, 0, UNKNOWN_OPTION, SIGNATURES)                                                    \
  X_ABSENT (HTTPSIG_KEY, STRING, 0, UNKNOWN_OPTION, SIGNATURES)                                                        \
  X_ABSENT (HTTPSIG_KEYID, STRING, 0, UNKNOWN_OPTION, SIGNATURES)                                                      \
  X_NUMBER (IGNORE_CONTENT_LENGTH, LONG, IGNORE_LENGTH, BOOL)                                                          \
  X_ALIAS (INFILE, CBPTR, READDATA)                                                                                    \
  X_SPECIAL (INFILESIZE, LONG, infilesize)                                                                             \
  X_SPECIAL (INFILESIZE_LARGE, OFF_T, infilesize_large)                                                                \
  X_STRING (INTERFACE, STRING, INTERFACE)                                                                              \
  X_IGNORED (INTERLEAVEDATA, CBPTR, RTSP)                                                                              \
  X_ABSENT (INTERLEAVEFUNCTION, FUNCTION, 0, UNKNOWN_OPTION, RTSP)                                                     \
  X_KEPT (IOCTLDATA, CBPTR, ioctldata)                                                                                 \
  X_SPECIAL (IOCTLFUNCTION, FUNCTION, ioctlfunction)                                                                   \
  X_NUMBER (IPRESOLVE, VALUES, IP_VERSION, ONE)                                                                        \
  X_STRING (ISSUERCERT, STRING, TLS_ISSUER_FILE)                                                                       \
  X_SPECIAL (ISSUERCERT_BLOB, BLOB, issuercert_blob)                                                                   \
  X_NUMBER (KEEP_SENDING_ON_ERROR, LONG, KEEP_SENDING, BOOL)                                                           \
  X_SPECIAL (KEYPASSWD, STRING, keypasswd)                                                                             \
  X_ALIAS (KRB4LEVEL, STRING, KRBLEVEL)                                                                                \
  X_ABSENT (KRBLEVEL, STRING, 0, UNKNOWN_OPTION, FTP)                                                                  \
  X_NUMBER (LOCALPORT, LONG, LOCAL_PORT, ONE)                                                                          \
  X_NUMBER (LOCALPORTRANGE, LONG, LOCAL_PORT_RANGE, ONE)                                                               \
  X_IGNORED (LOGIN_OPTIONS, STRING, MAIL)                                                                              \
  X_NUMBER (LOW_SPEED_LIMIT, LONG, LOW_SPEED_LIMIT, ONE)                                                               \
  X_NUMBER (LOW_SPEED_TIME, LONG, LOW_SPEED_TIME_MS, MS)                                                               \
  X_ABSENT (MAIL_AUTH, STRING, 0, UNKNOWN_OPTION, MAIL)                                                                \
  X_ABSENT (MAIL_FROM, STRING, 0, UNKNOWN_OPTION, MAIL)                                                                \
  X_ABSENT (MAIL_RCPT, SLIST, 0, UNKNOWN_OPTION, MAIL)                                                                 \
  X_ALIAS (MAIL_RCPT_ALLLOWFAILS, LONG, MAIL_RCPT_ALLOWFAILS)                                                          \
  X_ABSENT (MAIL_RCPT_ALLOWFAILS, LONG, 0, UNKNOWN_OPTION, MAIL)                                                       \
  X_NUMBER (MAX_RECV_SPEED_LARGE, OFF_T, MAX_RECV_SPEED, ONE)                                                          \
  X_NUMBER (MAX_SEND_SPEED_LARGE, OFF_T, MAX_SEND_SPEED, ONE)                                                          \
  X_NUMBER (MAXAGE_CONN, LONG, MAX_IDLE_US, US)                                                                        \
  X_SPECIAL (MAXCONNECTS, LONG, maxconnects)                                                                           \
  X_NUMBER (MAXFILESIZE, LONG, MAX_SIZE, ONE)                                                                          \
  X_NUMBER (MAXFILESIZE_LARGE, OFF_T, MAX_SIZE, ONE)                                                                   \
  X_NUMBER (MAXLIFETIME_CONN, LONG, MAX_LIFE_US, US)                                                                   \
  X_SPECIAL (MAXREDIRS, LONG, maxredirs)                                                                               \
  X_SPECIAL (MIME_OPTIONS, LONG, mime_options)                                                                         \
  X_SPECIAL (MIMEPOST, OBJECT, mimepost)                                                                               \
  X_NUMBER (NETRC, VALUES, NETRC, ONE)                                                                                 \
  X_STRING (NETRC_FILE, STRING, NETRC_FILE)                                                                            \
  X_ABSENT (NEW_DIRECTORY_PERMS, LONG, 0755, UNKNOWN_OPTION, FTP)                                                      \
  X_NUMBER (NEW_FILE_PERMS, LONG, FILE_MODE, ONE)                                                                      \
  X_SPECIAL (NOBODY, LONG, nobody)                                                                                     \
  X_SPECIAL (NOPROGRESS, LONG, noprogress)                                                                             \
  X_STRING (NOPROXY, STRING, NO_PROXY)                                                                                 \
  X_IGNORED (NOSIGNAL, LONG, SIGNALS)                                                                                  \
  X_KEPT (OPENSOCKETDATA, CBPTR, opensocketdata)                                                                       \
  X_SPECIAL (OPENSOCKETFUNCTION, FUNCTION, opensocketfunction)                                                         \
  X_STRING (PASSWORD, STRING, PASSWORD)                                                                                \
  X_NUMBER (PATH_AS_IS, LONG, PATH_AS_IS, BOOL)                                                                        \
  X_STRING (PINNEDPUBLICKEY, STRING, TLS_PINS)                                                                         \
  X_IGNORED (PIPEWAIT, LONG, ALWAYS)                                                                                   \
  X_NUMBER (PORT, LONG, PORT, ONE)                                                                                     \
  X_SPECIAL (POST, LONG, post)                                                                                         \
  X_ALIAS (POST301, VALUES, POSTREDIR)                                                                                 \
  X_SPECIAL (POSTFIELDS, OBJECT, postfields)                                                                           \
  X_SPECIAL (POSTFIELDSIZE, LONG, postfieldsize)                                                                       \
  X_SPECIAL (POSTFIELDSIZE_LARGE, OFF_T, postfieldsize_large)                                                          \
  X_ABSENT (POSTQUOTE, SLIST, 0, UNKNOWN_OPTION, FTP)                                                                  \
  X_SPECIAL (POSTREDIR, VALUES, postredir)                                                                             \
  X_STRING (PRE_PROXY, STRING, PRE_PROXY)                                                                              \
  X_ABSENT (PREQUOTE, SLIST, 0, UNKNOWN_OPTION, FTP)                                                                   \
  X_KEPT (PREREQDATA, CBPTR, prereqdata)                                                                               \
  X_SPECIAL (PREREQFUNCTION, FUNCTION, prereqfunction)                                                                 \
  X_SPECIAL (PRIVATE, OBJECT, private)                                                                                 \
  X_ALIAS (PROGRESSDATA, CBPTR, XFERINFODATA)                                                                          \
  X_SPECIAL (PROGRESSFUNCTION, FUNCTION, progressfunction)                                                             \
  X_SPECIAL (PROTOCOLS, LONG, protocols)                                                                               \
  X_SPECIAL (PROTOCOLS_STR, STRING, protocols_str)                                                                     \
  X_STRING (PROXY, STRING, PROXY)                                                                                      \
  X_STRING (PROXY_CAINFO, STRING, PROXY_TLS_CA_FILE)                                                                   \
  X_SPECIAL (PROXY_CAINFO_BLOB, BLOB, proxy_cainfo_blob)                                                               \
  X_STRING (PROXY_CAPATH, STRING, PROXY_TLS_CA_DIR)                                                                    \
  X_STRING (PROXY_CRLFILE, STRING, PROXY_TLS_CRL_FILE)                                                                 \
  X_STRING (PROXY_ISSUERCERT, STRING, PROXY_TLS_ISSUER_FILE)                                                           \
  X_SPECIAL (PROXY_ISSUERCERT_BLOB, BLOB, proxy_issuercert_blob)                                                       \
  X_SPECIAL (PROXY_KEYPASSWD, STRING, proxy_keypasswd)                                                                 \
  X_STRING (PROXY_PINNEDPUBLICKEY, STRING, PROXY_TLS_PINS)                                                             \
  X_STRING (PROXY_SERVICE_NAME, STRING, PROXY_SERVICE)                                                                 \
  X_STRING (PROXY_SSL_CIPHER_LIST, STRING, PROXY_TLS_PRIORITY)                                                         \
  X_IGNORED (PROXY_SSL_OPTIONS, LONG, TLS_QUIRKS)                                                                      \
  X_NUMBER (PROXY_SSL_VERIFYHOST, LONG, PROXY_TLS_VERIFY_HOST, BOOL)                                                   \
  X_NUMBER (PROXY_SSL_VERIFYPEER, LONG, PROXY_TLS_VERIFY_PEER, BOOL)                                                   \
  X_STRING (PROXY_SSLCERT, STRING, PROXY_TLS_CERT_FILE)                                                                \
  X_SPECIAL (PROXY_SSLCERT_BLOB, BLOB, proxy_sslcert_blob)                                                             \
  X_SPECIAL (PROXY_SSLCERTTYPE, STRING, proxy_sslcerttype)                                                             \
  X_STRING (PROXY_SSLKEY, STRING, PROXY_TLS_KEY_FILE)                                                                  \
  X_SPECIAL (PROXY_SSLKEY_BLOB, BLOB, proxy_sslkey_blob)                                                               \
  X_SPECIAL (PROXY_SSLKEYTYPE, STRING, proxy_sslkeytype)                                                               \
  X_SPECIAL (PROXY_SSLVERSION, VALUES, proxy_sslversion)                                                               \
  X_STRING (PROXY_TLS13_CIPHERS, STRING, PROXY_TLS_CIPHERS13)                                                          \
  X_SPECIAL (PROXY_TLSAUTH_PASSWORD, STRING, proxy_tlsauth_password)                                                   \
  X_SPECIAL (PROXY_TLSAUTH_TYPE, STRING, proxy_tlsauth_type)                                                           \
  X_SPECIAL (PROXY_TLSAUTH_USERNAME, STRING, proxy_tlsauth_username)                                                   \
  X_IGNORED (PROXY_TRANSFER_MODE, LONG, FTP)                                                                           \
  X_SPECIAL (PROXYAUTH, VALUES, proxyauth)                                                                             \
  X_LIST (PROXYHEADER, SLIST, PROXY_FIELDS)                                                                            \
  X_STRING (PROXYPASSWORD, STRING, PROXY_PASSWORD)                                                                     \
  X_NUMBER (PROXYPORT, LONG, PROXY_PORT, ONE)                                                                          \
  X_SPECIAL (PROXYTYPE, VALUES, proxytype)                                                                             \
  X_STRING (PROXYUSERNAME, STRING, PROXY_USER)                                                                         \
  X_SPECIAL (PROXYUSERPWD, STRING, proxyuserpwd)                                                                       \
  X_SPECIAL (PUT, LONG, put)                                                                                           \
  X_IGNORED (QUICK_EXIT, LONG, JOINS)                                                                                  \
  X_ABSENT (QUOTE, SLIST, 0, UNKNOWN_OPTION, FTP)                                                                      \
  X_IGNORED (RANDOM_FILE, STRING, OLD)                                                                                 \
  X_STRING (RANGE, STRING, RANGE)                                                                                      \
  X_KEPT (READDATA, CBPTR, readdata)                                                                                   \
  X_SPECIAL (READFUNCTION, FUNCTION, readfunction)                                                                     \
  X_SPECIAL (REDIR_PROTOCOLS, LONG, redir_protocols)                                                                   \
  X_SPECIAL (REDIR_PROTOCOLS_STR, STRING, redir_protocols_str)                                                         \
  X_STRING (REFERER, STRING, REFERER)                                                                                  \
  X_STRING (REQUEST_TARGET, STRING, REQUEST_TARGET)                                                                    \
  X_LIST (RESOLVE, SLIST, OVERRIDES)                                                                                   \
  X_KEPT (RESOLVER_START_DATA, CBPTR, resolverstartdata)                                                               \
  X_SPECIAL (RESOLVER_START_FUNCTION, FUNCTION, resolverstart)                                                         \
  X_NUMBER (RESUME_FROM, LONG, RESUME_FROM, ONE)                                                                       \
  X_NUMBER (RESUME_FROM_LARGE, OFF_T, RESUME_FROM, ONE)                                                                \
  X_ABSENT (RTSP_CLIENT_CSEQ, LONG, 0, UNKNOWN_OPTION, RTSP)                                                           \
  X_ABSENT (RTSP_REQUEST, VALUES, 0, UNKNOWN_OPTION, RTSP)                                                             \
  X_ABSENT (RTSP_SERVER_CSEQ, LONG, 0, UNKNOWN_OPTION, RTSP)                                                           \
  X_ABSENT (RTSP_SESSION_ID, STRING, 0, UNKNOWN_OPTION, RTSP)                                                          \
  X_ABSENT (RTSP_STREAM_URI, STRING, 0, UNKNOWN_OPTION, RTSP)                                                          \
  X_ABSENT (RTSP_TRANSPORT, STRING, 0, UNKNOWN_OPTION, RTSP)                                                           \
  X_ALIAS (RTSPHEADER, SLIST, HTTPHEADER)                                                                              \
  X_IGNORED (SASL_AUTHZID, STRING, MAIL)                                                                               \
  X_IGNORED (SASL_IR, LONG, MAIL)                                                                                      \
  X_KEPT (SEEKDATA, CBPTR, seekdata)                                                                                   \
  X_SPECIAL (SEEKFUNCTION, FUNCTION, seekfunction)                                                                     \
  X_NUMBER (SERVER_RESPONSE_TIMEOUT, LONG, RESPONSE_TIMEOUT_MS, MS)                                                    \
  X_NUMBER (SERVER_RESPONSE_TIMEOUT_MS, LONG, RESPONSE_TIMEOUT_MS, ONE)                                                \
  X_STRING (SERVICE_NAME, STRING, SERVICE)                                                                             \
  X_SPECIAL (SHARE, OBJECT, share)                                                                                     \
  X_KEPT (SOCKOPTDATA, CBPTR, sockoptdata)                                                                             \
  X_SPECIAL (SOCKOPTFUNCTION, FUNCTION, sockoptfunction)                                                               \
  X_SPECIAL (SOCKS5_AUTH, LONG, socks5_auth)                                                                           \
  X_SPECIAL (SOCKS5_GSSAPI_NEC, LONG, socks5_gssapi_nec)                                                               \
  X_STRING (SOCKS5_GSSAPI_SERVICE, STRING, PROXY_SERVICE)                                                              \
  X_ABSENT (SSH_AUTH_TYPES, VALUES, (long) CURLSSH_AUTH_DEFAULT, UNKNOWN_OPTION, SSH)                                  \
  X_ABSENT (SSH_COMPRESSION, LONG, 0, UNKNOWN_OPTION, SSH)                                                             \
  X_ABSENT (SSH_HOST_PUBLIC_KEY_MD5, STRING, 0, UNKNOWN_OPTION, SSH)                                                   \
  X_ABSENT (SSH_HOST_PUBLIC_KEY_SHA256, STRING, 0, UNKNOWN_OPTION, SSH)                                                \
  X_IGNORED (SSH_HOSTKEYDATA, CBPTR, SSH)                                                                              \
  X_ABSENT (SSH_HOSTKEYFUNCTION, FUNCTION, 0, UNKNOWN_OPTION, SSH)                                                     \
  X_IGNORED (SSH_KEYDATA, CBPTR, SSH)                                                                                  \
  X_ABSENT (SSH_KEYFUNCTION, FUNCTION, 0, UNKNOWN_OPTION, SSH)                                                         \
  X_ABSENT (SSH_KNOWNHOSTS, STRING, 0, UNKNOWN_OPTION, SSH)                                                            \
  X_ABSENT (SSH_PRIVATE_KEYFILE, STRING, 0, UNKNOWN_OPTION, SSH)                                                       \
  X_ABSENT (SSH_PUBLIC_KEYFILE, STRING, 0, UNKNOWN_OPTION, SSH)                                                        \
  X_STRING (SSL_CIPHER_LIST, STRING, TLS_PRIORITY)                                                                     \
  X_IGNORED (SSL_CTX_DATA, CBPTR, CONTEXT)                                                                             \
  X_ABSENT (SSL_CTX_FUNCTION, FUNCTION, 0, NOT_BUILT_IN, CONTEXT)                                                      \
  X_STRING (SSL_EC_CURVES, STRING, TLS_GROUPS)                                                                         \
  X_NUMBER (SSL_ENABLE_ALPN, LONG, TLS_ALPN, BOOL)                                                                     \
  X_IGNORED (SSL_ENABLE_NPN, LONG, OLD)                                                                                \
  X_ABSENT (SSL_FALSESTART, LONG, 0, NOT_BUILT_IN, FALSE_START)                                                        \
  X_IGNORED (SSL_OPTIONS, VALUES, TLS_QUIRKS)                                                                          \
  X_NUMBER (SSL_SESSIONID_CACHE, LONG, TLS_SESSION_CACHE, BOOL)                                                        \
  X_STRING (SSL_SIGNATURE_ALGORITHMS, STRING, TLS_SIGNATURES)                                                          \
  X_NUMBER (SSL_VERIFYHOST, LONG, TLS_VERIFY_HOST, BOOL)                                                               \
  X_NUMBER (SSL_VERIFYPEER, LONG, TLS_VERIFY_PEER, BOOL)                                                               \
  X_NUMBER (SSL_VERIFYSTATUS, LONG, TLS_VERIFY_STATUS, BOOL)                                                           \
  X_STRING (SSLCERT, STRING, TLS_CERT_FILE)                                                                            \
  X_SPECIAL (SSLCERT_BLOB, BLOB, sslcert_blob)                                                                         \
  X_ALIAS (SSLCERTPASSWD, STRING, KEYPASSWD)                                                                           \
  X_SPECIAL (SSLCERTTYPE, STRING, sslcerttype)                                                                         \
  X_ABSENT (SSLENGINE, STRING, 0, NOT_BUILT_IN, ENGINE)                                                                \
  X_ABSENT (SSLENGINE_DEFAULT, LONG, 0, NOT_BUILT_IN, ENGINE)                                                          \
  X_STRING (SSLKEY, STRING, TLS_KEY_FILE)                                                                              \
  X_SPECIAL (SSLKEY_BLOB, BLOB, sslkey_blob)                                                                           \
  X_ALIAS (SSLKEYPASSWD, STRING, KEYPASSWD)                                                                            \
  X_SPECIAL (SSLKEYTYPE, STRING, sslkeytype)                                                                           \
  X_SPECIAL (SSLVERSION, VALUES, sslversion)                                                                           \
  X_SPECIAL (STDERR, OBJECT, stderr)                                                                                   \
  X_IGNORED (STREAM_DEPENDS, OBJECT, PRIORITIES)                                                                       \
  X_IGNORED (STREAM_DEPENDS_E, OBJECT, PRIORITIES)                                                                     \
  X_SPECIAL (STREAM_WEIGHT, LONG, stream_weight)                                                                       \
  X_NUMBER (SUPPRESS_CONNECT_HEADERS, LONG, PROXY_HIDES_HEAD, BOOL)                                                    \
  X_NUMBER (TCP_FASTOPEN, LONG, FAST_OPEN, BOOL)                                                                       \
  X_NUMBER (TCP_KEEPALIVE, LONG, KEEPALIVE, BOOL)                                                                      \
  X_NUMBER (TCP_KEEPCNT, LONG, KEEPALIVE_COUNT, ONE)                                                                   \
  X_NUMBER (TCP_KEEPIDLE, LONG, KEEPALIVE_IDLE_S, ONE)                                                                 \
  X_NUMBER (TCP_KEEPINTVL, LONG, KEEPALIVE_INTERVAL_S, ONE)                                                            \
  X_NUMBER (TCP_NODELAY, LONG, NO_DELAY, BOOL)                                                                         \
  X_ABSENT (TELNETOPTIONS, SLIST, 0, UNKNOWN_OPTION, TELNET)                                                           \
  X_ABSENT (TFTP_BLKSIZE, LONG, 512, UNKNOWN_OPTION, TFTP)                                                             \
  X_ABSENT (TFTP_NO_OPTIONS, LONG, 0, UNKNOWN_OPTION, TFTP)                                                            \
  X_NUMBER (TIMECONDITION, VALUES, TIME_CONDITION, ONE)                                                                \
  X_NUMBER (TIMEOUT, LONG, TIMEOUT_MS, MS)                                                                             \
  X_NUMBER (TIMEOUT_MS, LONG, TIMEOUT_MS, ONE)                                                                         \
  X_NUMBER (TIMEVALUE, LONG, TIME_VALUE, ONE)                                                                          \
  X_NUMBER (TIMEVALUE_LARGE, OFF_T, TIME_VALUE, ONE)                                                                   \
  X_STRING (TLS13_CIPHERS, STRING, TLS_CIPHERS13)                                                                      \
  X_SPECIAL (TLSAUTH_PASSWORD, STRING, tlsauth_password)                                                               \
  X_SPECIAL (TLSAUTH_TYPE, STRING, tlsauth_type)                                                                       \
  X_SPECIAL (TLSAUTH_USERNAME, STRING, tlsauth_username)                                                               \
  X_KEPT (TRAILERDATA, CBPTR, trailerdata)                                                                             \
  X_SPECIAL (TRAILERFUNCTION, FUNCTION, trailerfunction)                                                               \
  X_NUMBER (TRANSFER_ENCODING, LONG, TRANSFER_CODING, BOOL)                                                            \
  X_IGNORED (TRANSFERTEXT, LONG, FTP)                                                                                  \
  X_SPECIAL (UNIX_SOCKET_PATH, STRING, unix_socket_path)                                                               \
  X_NUMBER (UNRESTRICTED_AUTH, LONG, UNRESTRICTED_AUTH, BOOL)                                                          \
  X_SPECIAL (UPKEEP_INTERVAL_MS, LONG, upkeep_interval)                                                                \
  X_SPECIAL (UPLOAD, LONG, upload)                                                                                     \
  X_IGNORED (UPLOAD_BUFFERSIZE, LONG, SIZES)                                                                           \
  X_IGNORED (UPLOAD_FLAGS, LONG, MAIL)                                                                                 \
  X_SPECIAL (URL, STRING, url)                                                                                         \
  X_IGNORED (USE_SSL, VALUES, STARTTLS)                                                                                \
  X_STRING (USERAGENT, STRING, USER_AGENT)                                                                             \
  X_STRING (USERNAME, STRING, USER)                                                                                    \
  X_SPECIAL (USERPWD, STRING, userpwd)                                                                                 \
  X_SPECIAL (VERBOSE, LONG, verbose)                                                                                   \
  X_ABSENT (WILDCARDMATCH, LONG, 0, UNKNOWN_OPTION, FTP)                                                               \
  X_KEPT (WRITEDATA, CBPTR, writedata)                                                                                 \
  X_SPECIAL (WRITEFUNCTION, FUNCTION, writefunction)                                                                   \
  X_ALIAS (WRITEHEADER, CBPTR, HEADERDATA)                                                                             \
  X_ABSENT (WS_OPTIONS, LONG, 0, UNKNOWN_OPTION, WEBSOCKET)                                                            \
  X_KEPT (XFERINFODATA, CBPTR, xferinfodata)                                                                           \
  X_SPECIAL (XFERINFOFUNCTION, FUNCTION, xferinfofunction)                                                             \
  X_STRING (XOAUTH2_BEARER, STRING, BEARER)
