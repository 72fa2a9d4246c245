/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case.h"

/* The same cases once more over HTTP/2: every scripted server speaks it, and every transfer knows that; or, as another
 * program, they agree on it by ALPN. What is left out is about text that does not travel there. */

typedef struct
{
  const char *name;
  const char *why;
} LeftOut;

static const LeftOut left_out[] = {
  { "length", "the status line and the names are spelt as HTTP/2 has them" },
  { "chunked", "the status line and the names are spelt as HTTP/2 has them" },
  { "interim", "the status line and the names are spelt as HTTP/2 has them" },
  { "pause-trailers", "the status line and the names are spelt as HTTP/2 has them" },
  { "option-trailers", "the status line and the names are spelt as HTTP/2 has them" },
  { "headers-include", "the status line and the names are spelt as HTTP/2 has them" },
  { "http10*", "is about another version" },
  { "excess", "bytes behind a body belong to another stream" },
  { "unwanted-bytes", "bytes behind a body belong to another stream" },
  { "bare-lf", "is about line ends" },
  { "refused-*", "is about text that has no place here; what breaks the rules here is tested in connect/gm-http2" },
  { "same-lengths", "two lengths are refused, equal or not" },
  { "old-chunked", "is about another version" },
  { "connection-close", "a connection that ends with its answer is a matter of HTTP/1" },
  { "limit-closing-server", "a connection that ends with its answer is a matter of HTTP/1" },
  { "socket-callbacks", "a connection that ends with its answer is a matter of HTTP/1" },
  { "continue-417", "nobody is asked before a body that can be broken off" },
  { "continue-by-size", "nobody is asked before a body that can be broken off" },
  { "redirect-second-connection", "an answer that is not wanted is broken off, and its connection stays" },
  { "coding-broken", "an answer that is not wanted is broken off, and its connection stays" },
  { "remove-and-add", "an answer that is not wanted is broken off, and its connection stays" },
  { "total-limit", "one connection carries them all" },
  { "host-limit", "one connection carries them all" },
  { "pending-ends", "one connection carries them all" },
  { "limit-holder-removed", "one connection carries them all" },
  { "limit-mixture", "a connection that is reset takes all of its transfers with it" },
  { "slow-*", "the slow server is a program of its own and speaks HTTP/1" },
  { "option-status-aliases", "is about text that has no place here" },
  { "proxy-line*", "the server knows the line where it is followed by text" },
  { "option-raw-transfer", "there are no chunks to be seen" },
  { "option-ignore-length", "the length of a body is part of its framing" },
  { "transfer-coding*", "there is no transfer coding" },
  { "proxy-digest*", "the server that plays the proxy speaks HTTP/2 without being asked" },
};

#ifdef CASES_BY_ALPN
#define BY_TLS SCRIPTED_SERVER_TLS

static const LeftOut left_out_here[] = {
  { "streams-upgrade*", "is about clear text" },
  { "tls-truncated", "no body ends with the connection" },
};

static void
made (CaseTransfer *t)
{
  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
}
#else
#define BY_TLS SCRIPTED_SERVER_DEFAULT

static const LeftOut left_out_here[] = {
  { "policies-*", "its servers with TLS agree on no protocol" },
  { "tls-*", "its servers with TLS agree on no protocol" },
  { "streams-versions-apart", "every server speaks HTTP/2" },
  { "streams-upgrade*", "every server speaks HTTP/2" },
  { "proxy-h2-secure", "its servers with TLS agree on no protocol" },
  { "proxy-h2-forward*", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-connection-field", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-forward*", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-over-tls", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-pre-proxy", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-login-digest", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-login-missing", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
  { "proxy-leak-redirect", "what is spoken without asking goes through a tunnel; forwarding is HTTP/1's" },
};

static void
made (CaseTransfer *t)
{
  case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
}
#endif

static const char *
find (const LeftOut *list,
      gsize n,
      const char *name)
{
  for (gsize i = 0; i < n; i++)
    if (g_pattern_match_simple (list[i].name, name))
      return list[i].why;

  return NULL;
}

static const char *
leaves_out (const char *name)
{
  const char *why = find (left_out, G_N_ELEMENTS (left_out), name);

  return why != NULL ? why : find (left_out_here, G_N_ELEMENTS (left_out_here), name);
}

/* Before main(), so that the program itself stays the same. */
__attribute__ ((constructor)) static void
install (void)
{
  scripted_server_more_flags = SCRIPTED_SERVER_HTTP2 | BY_TLS;
  case_leaves_out = leaves_out;
  case_made = made;
}
