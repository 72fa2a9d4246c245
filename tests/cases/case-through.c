/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

/* Which cases cannot be the same through a proxy, and why. */

static const CaseException everywhere[] = {
  { "proxy-*", "has proxies of its own" },
  { "names-*", "a proxy is told names, or is not told them: proxy-* and names-socks have that" },
  { "early-error", "the proxy takes the upload whole before the server's answer comes" },
  { "resolve", "the proxy's address is the one that is told" },
  { "ipv6", "the way to the server is not chosen here" },
  { "preference", "the way to the server is not chosen here" },
  { "refused", "the connection to the proxy is not refused" },
  { "streams-refused", "the connection to the proxy is not refused" },
  { "unresolvable", "the name is not looked up here, or fails otherwise" },
  { "interface", "the server sees the proxy's end" },
  { "local-port", "the server sees the proxy's end" },
  { "timeout-connect", "the connection to the proxy does not hang" },
  { "slow-ten-thousand", "the test's proxy has a thread for each" },
  { "limit-holder-*", "who holds the place fails otherwise" },
  { "policies-alternative*", "no alternative is chosen where a proxy is used" },
  { "streams-upgrade*", "an upgrade is not asked for behind a proxy, which may ask for a login" },
  { "option-before-request", "the proxy's address is the one that is told" },
  { NULL },
};

static const CaseException forwarded[] = {
  { "headers-request-target", "the proxy knows where to only by the target" },
  { "dead-while-idle", "the connection to the proxy lives on" },
  { "dead-at-rest", "the connection to the proxy lives on" },
  { "forgotten-at-rest", "the connection to the proxy lives on" },
  { "other-origin", "all origins share the connection to the proxy" },
  { "host-limit", "the proxy is the host" },
  { NULL },
};

static const CaseException tunnelled[] = {
  { "dead-at-rest", "the end takes a moment through the proxy" },
  { "cut-by-reset", "a tunnel ends in an orderly way" },
  { "reset-while-sending", "a tunnel ends in an orderly way" },
  { "length", "the head of the answer to CONNECT counts in CURLINFO_HEADER_SIZE" },
  { NULL },
};

#ifdef CASES_WITH_HTTP2
static const CaseException carried[] = {
  { "socket-callbacks", "the connection to the proxy lives on" },
  { "keep-alive-probes", "the socket is the one to the proxy, which many share" },
  { "keep-sending", "what is sent last goes with the carrier's next turn" },
  { NULL },
};

static const CaseException *const http2_exceptions[] = { everywhere, tunnelled, carried, NULL };
#endif

static const CaseException *const forward_exceptions[] = { everywhere, forwarded, NULL };
static const CaseException *const tunnel_exceptions[] = { everywhere, tunnelled, NULL };

const CaseThrough case_through[] = {
  { "http", "http", FALSE, FALSE, forward_exceptions },
  { "tunnel", "http", TRUE, FALSE, tunnel_exceptions },
#ifdef CASES_WITH_HTTP2
  { "http2", "https", TRUE, TRUE, http2_exceptions },
#endif
  { "socks4", "socks4", FALSE, FALSE, tunnel_exceptions },
  { "socks4a", "socks4a", FALSE, FALSE, tunnel_exceptions },
  { "socks5", "socks5", FALSE, FALSE, tunnel_exceptions },
  { "socks5h", "socks5h", FALSE, FALSE, tunnel_exceptions },
  { NULL },
};
