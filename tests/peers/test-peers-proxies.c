/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-cases.h"
#include "peer-identity.h"
#include "peer-proxies.h"

#include <string.h>

/* Proxies that nobody here wrote, in front of servers that nobody here wrote: what is forwarded and what is tunnelled,
 * many documents byte-identical and uploads, passwords right and wrong, and destinations that are refused. */

#define N_DOCUMENTS 50
#define SHUT "http://shut.peer.example/"

static Documents *documents;

/* A way through a proxy. */
typedef struct
{
  PeerProxyKind kind;
  const char *scheme; /* of the proxy's URL */
  gboolean login; /* it wants the password */
  gboolean tunnel; /* for http: too; SOCKS does nothing else */
  long proxy_auth; /* for CURLOPT_PROXYAUTH; 0: what it is without */
  long http2; /* CURLOPT_PROXYTYPE for HTTP/2 to the proxy; 0: as the scheme says */
} Way;

static const Way ways[] = {
  { PEER_PROXY_SQUID, "http", FALSE, FALSE, 0, 0 },
  { PEER_PROXY_SQUID, "http", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_SQUID_BASIC, "http", TRUE, FALSE, 0, 0 },
  { PEER_PROXY_SQUID_BASIC, "http", TRUE, TRUE, (long) CURLAUTH_ANY, 0 },
  { PEER_PROXY_SQUID_DIGEST, "http", TRUE, FALSE, (long) CURLAUTH_DIGEST, 0 },
  { PEER_PROXY_SQUID_DIGEST, "http", TRUE, TRUE, (long) CURLAUTH_ANY, 0 },
  { PEER_PROXY_TINYPROXY, "http", FALSE, FALSE, 0, 0 },
  { PEER_PROXY_TINYPROXY, "http", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_TINYPROXY_BASIC, "http", TRUE, FALSE, 0, 0 },
  { PEER_PROXY_TINYPROXY_BASIC, "http", TRUE, TRUE, (long) CURLAUTH_ANY, 0 },
  { PEER_PROXY_DANTE, "socks4", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_DANTE, "socks4a", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_DANTE, "socks5", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_DANTE, "socks5h", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_DANTE_LOGIN, "socks5", TRUE, TRUE, 0, 0 },
  { PEER_PROXY_DANTE_LOGIN, "socks5h", TRUE, TRUE, 0, 0 },
  { PEER_PROXY_NGHTTPX, "https", FALSE, FALSE, 0, 0 },
  { PEER_PROXY_NGHTTPX, "https", FALSE, TRUE, 0, 0 },
  { PEER_PROXY_NGHTTPX, "https", FALSE, FALSE, 0, CURLPROXY_HTTPS2 },
  { PEER_PROXY_NGHTTPX, "https", FALSE, TRUE, 0, CURLPROXY_HTTPS2 },
  { PEER_PROXY_NGHTTPX_BASIC, "https", TRUE, FALSE, 0, 0 },
  { PEER_PROXY_NGHTTPX_BASIC, "https", TRUE, TRUE, 0, 0 },
  { PEER_PROXY_NGHTTPX_BASIC, "https", TRUE, TRUE, (long) CURLAUTH_ANY, CURLPROXY_HTTPS2 },
};

typedef struct
{
  const Way *way;
  const char *url; /* of the proxy */
} Through;

static gboolean
is_socks (const Way *way)
{
  return g_str_has_prefix (way->scheme, "socks");
}

static void
prepare (CaseTransfer *t,
         gconstpointer data)
{
  const Through *through = data;
  const Way *way = through->way;

  case_set (t, CURLOPT_PROXY, through->url);
  case_set (t, CURLOPT_NOPROXY, "");
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  case_set (t, CURLOPT_PIPEWAIT, 1L);
  case_set (t, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!is_socks (way))
    case_set (t, CURLOPT_HTTPPROXYTUNNEL, (long) way->tunnel);
  if (way->proxy_auth != 0)
    case_set (t, CURLOPT_PROXYAUTH, way->proxy_auth);
  if (way->http2 != 0)
    case_set (t, CURLOPT_PROXYTYPE, way->http2);
  case_set (t, CURLOPT_EXPECT_100_TIMEOUT_MS, 50L); /* tinyproxy keeps what a server says of it to itself */
}

static CaseTransfer *
get (Case *c,
     const Through *through,
     const char *url)
{
  CaseTransfer *t = case_transfer (c, url);

  case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
  prepare (t, through);
  case_run_transfer (t);
  return t;
}

/* ---- what goes through ---- */

static void
check_documents (Case *c,
                 const Through *through,
                 Peer *plain,
                 Peer *secure)
{
  PeerTally tally = peer_case_documents (c, plain, "", documents, prepare, through);

  g_assert_cmpuint (tally.n_connects, <=, 80);
  tally = peer_case_documents (c, secure, "", documents, prepare, through);
  g_assert_cmpuint (tally.n_connects, <=, 1);
}

static void
check_names (Case *c,
             const Through *through,
             Peer *plain,
             Peer *secure)
{
  Peer *const peers[] = { plain, secure };

  /* dante knows no SOCKS 4a: it takes the 0.0.0.1 that says so for the address. */
  if (g_str_equal (through->way->scheme, "socks4a"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      g_autofree char *url = g_strdup_printf ("%s://localhost:%u/no%%20such%%20document", i == 0 ? "http" : "https",
                                              peer_get_port (peers[i]));
      CaseTransfer *t = get (c, through, url);

      case_check_ok (t, 404, NULL);
    }
}

/* ---- what does not ---- */

/* Nobody listens there. */
static void
check_nobody (Case *c,
              const Through *through)
{
  const Way *way = through->way;
  CaseTransfer *plain = get (c, through, "http://127.0.0.1:1/"), *secure = get (c, through, "https://127.0.0.1:1/");

  if (is_socks (way))
    {
      case_check_error (plain, CURLE_PROXY);
      case_check_error (secure, CURLE_PROXY);
      return;
    }
  if (way->tunnel)
    {
      case_check_error (plain, CURLE_RECV_ERROR);
      g_assert_cmpint (case_info (plain, CURLINFO_HTTP_CONNECTCODE), >=, 500);
    }
  else
    {
      case_check_ok (plain, case_info (plain, CURLINFO_RESPONSE_CODE), NULL);
      g_assert_cmpint (case_info (plain, CURLINFO_RESPONSE_CODE), >=, 500);
    }
  case_check_error (secure, CURLE_RECV_ERROR);
  g_assert_cmpint (case_info (secure, CURLINFO_HTTP_CONNECTCODE), >=, 500);
}

/* Where squid cannot connect, its answer to a CONNECT does not say that it closes the connection: nghttpx keeps that for
 * others, and answers 502 to who gets it just then. One answer through both, and it has seen the end. */
static void
settle (Case *c,
        const Through *through,
        Peer *plain)
{
  g_autofree char *url = peer_dup_url (plain, documents_path (documents, 0));
  CaseTransfer *t;
  guint n = 0;

  if (!g_str_has_prefix (peer_proxy_kind_name (through->way->kind), "nghttpx"))
    return;
  do
    t = get (c, through, url);
  while ((t->result != CURLE_OK || case_info (t, CURLINFO_RESPONSE_CODE) != 200) && ++n < 3);
  case_check_ok (t, 200, NULL);
}

/* squid has a rule against it. */
static void
check_shut (Case *c,
            const Through *through)
{
  const Way *way = through->way;
  CaseTransfer *plain = get (c, through, SHUT), *secure = get (c, through, "https://shut.peer.example/");

  if (way->tunnel)
    {
      case_check_error (plain, CURLE_RECV_ERROR);
      g_assert_cmpint (case_info (plain, CURLINFO_HTTP_CONNECTCODE), ==, 403);
    }
  else
    case_check_ok (plain, 403, NULL);
  case_check_error (secure, CURLE_RECV_ERROR);
  g_assert_cmpint (case_info (secure, CURLINFO_HTTP_CONNECTCODE), ==, 403);
}

/* tinyproxy says of a wrong password what only a server should. */
static long
refusal (const Way *way,
         const char *user)
{
  return way->kind == PEER_PROXY_TINYPROXY_BASIC && user != NULL ? 401 : 407;
}

/* A wrong password, and none. */
static void
check_refused (Case *c,
               const Way *way,
               PeerProxy *proxy,
               Peer *plain,
               Peer *secure)
{
  static const char *const users[] = { PEER_USER ":wrong", "nobody:" PEER_PASSWORD, NULL };

  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    {
      g_autofree char *url = peer_proxy_dup_url (proxy, way->scheme, users[i]);
      g_autofree char *plain_url = peer_dup_url (plain, documents_path (documents, 0));
      g_autofree char *secure_url = peer_dup_url (secure, documents_path (documents, 0));
      Through through = { way, url };
      long status = refusal (way, users[i]);
      CaseTransfer *http = get (c, &through, plain_url), *https = get (c, &through, secure_url);

      if (is_socks (way))
        {
          case_check_error (http, CURLE_PROXY);
          case_check_error (https, CURLE_PROXY);
          continue;
        }
      if (way->tunnel)
        case_check_error (http, CURLE_RECV_ERROR);
      else
        case_check_ok (http, status, NULL);
      case_check_error (https, CURLE_RECV_ERROR);
      g_assert_cmpint (case_info (https, CURLINFO_HTTP_CONNECTCODE), ==, status);
      g_assert_nonnull (strstr (https->error, status == 407 ? "407" : "401"));
    }
}

/* ---- all of that, with one proxy for each kind ---- */

static void
run_ways (Case *c,
          PeerProxyKind kind)
{
  g_autoptr (PeerProxy) proxy = peer_proxy_new (kind);
  g_autoptr (Peer) plain = peer_new (PEER_NGINX, documents->folder);
  g_autoptr (Peer) secure = peer_new_with (PEER_NGINX, documents->folder, PEER_TLS | PEER_HTTP2);

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      const Way *way = &ways[i];
      g_autofree char *url = NULL;
      Through through = { way };

      if (way->kind != kind)
        continue;
      g_test_message ("%s, way %u, %s%s", peer_proxy_kind_name (kind), i, way->scheme, way->tunnel ? ", tunnel" : "");
      url = peer_proxy_dup_url (proxy, way->scheme, way->login ? PEER_USER ":" PEER_PASSWORD : NULL);
      through.url = url;
      check_documents (c, &through, plain, secure);
      peer_case_put (c, plain, "put/known", 100000, TRUE, prepare, &through);
      peer_case_put (c, plain, "put/unknown", 100000, FALSE, prepare, &through);
      peer_case_put (c, secure, "put/known", 1000000, TRUE, prepare, &through);
      check_names (c, &through, plain, secure);
      check_nobody (c, &through);
      settle (c, &through, plain);
      if (g_str_has_prefix (peer_proxy_kind_name (kind), "squid"))
        check_shut (c, &through);
      if (way->login)
        check_refused (c, way, proxy, plain, secure);
    }
}

static void
run_squid (Case *c)
{
  run_ways (c, PEER_PROXY_SQUID);
}

static void
run_squid_basic (Case *c)
{
  run_ways (c, PEER_PROXY_SQUID_BASIC);
}

static void
run_squid_digest (Case *c)
{
  run_ways (c, PEER_PROXY_SQUID_DIGEST);
}

static void
run_tinyproxy (Case *c)
{
  run_ways (c, PEER_PROXY_TINYPROXY);
}

static void
run_tinyproxy_basic (Case *c)
{
  run_ways (c, PEER_PROXY_TINYPROXY_BASIC);
}

static void
run_dante (Case *c)
{
  run_ways (c, PEER_PROXY_DANTE);
}

static void
run_dante_login (Case *c)
{
  run_ways (c, PEER_PROXY_DANTE_LOGIN);
}

static void
run_nghttpx (Case *c)
{
  run_ways (c, PEER_PROXY_NGHTTPX);
}

static void
run_nghttpx_basic (Case *c)
{
  run_ways (c, PEER_PROXY_NGHTTPX_BASIC);
}

static const CaseSpec peers[] = {
  { "peer-proxy-squid", run_squid },
  { "peer-proxy-squid-basic", run_squid_basic },
  { "peer-proxy-squid-digest", run_squid_digest },
  { "peer-proxy-tinyproxy", run_tinyproxy },
  { "peer-proxy-tinyproxy-basic", run_tinyproxy_basic },
  { "peer-proxy-dante", run_dante },
  { "peer-proxy-dante-login", run_dante_login },
  { "peer-proxy-nghttpx", run_nghttpx },
  { "peer-proxy-nghttpx-basic", run_nghttpx_basic },
  { NULL },
};

int
main (int argc,
      char *argv[])
{
  const CaseSpec *const tables[] = { peers, NULL };
  int status;

  documents = documents_new (N_DOCUMENTS);
  status = case_main (argc, argv, tables);
  documents_free (documents);

  return status;
}
