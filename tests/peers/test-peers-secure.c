/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer-cases.h"
#include "peer-identity.h"

#include <string.h>

/* TLS and HTTP/2 as servers speak them that nobody here wrote: documents of this machine byte-identical, uploads,
 * resumed sessions as the server sees them, certificates of clients, what HTTP can beside. */

#define N_DOCUMENTS 200

static Documents *documents;

/* A way to speak to a server, and what both of them call it. */
typedef struct
{
  PeerKind kind;
  PeerFlags flags;
  long version; /* for CURLOPT_HTTP_VERSION */
  const char *http; /* as the server says it; NULL: it does not */
  const char *tls;
} Way;

static const Way ways[] = {
  { PEER_NGINX, PEER_TLS | PEER_TLS_12, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "TLSv1.2" },
  { PEER_NGINX, PEER_TLS | PEER_TLS_13, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "TLSv1.3" },
  { PEER_NGINX, PEER_TLS | PEER_HTTP2, CURL_HTTP_VERSION_2TLS, "HTTP/2.0", "TLSv1.3" },
  { PEER_NGINX, PEER_TLS | PEER_TLS_12 | PEER_HTTP2, CURL_HTTP_VERSION_2TLS, "HTTP/2.0", "TLSv1.2" },
  { PEER_NGINX, PEER_TLS | PEER_HTTP2, CURL_HTTP_VERSION_1_1, "HTTP/1.1", "TLSv1.3" },
  { PEER_NGINX, PEER_HTTP2, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, "HTTP/2.0", NULL },
  { PEER_CADDY, PEER_TLS | PEER_TLS_12, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "tls1.2" },
  { PEER_CADDY, PEER_TLS | PEER_TLS_13, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "tls1.3" },
  { PEER_CADDY, PEER_TLS | PEER_HTTP2, CURL_HTTP_VERSION_2TLS, "HTTP/2.0", "tls1.3" },
  { PEER_CADDY, PEER_HTTP2, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, "HTTP/2.0", NULL },
  { PEER_APACHE, PEER_TLS | PEER_TLS_12, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "TLSv1.2" },
  { PEER_APACHE, PEER_TLS | PEER_TLS_13, CURL_HTTP_VERSION_2TLS, "HTTP/1.1", "TLSv1.3" },
  { PEER_APACHE, PEER_TLS | PEER_HTTP2, CURL_HTTP_VERSION_2TLS, "HTTP/2.0", "TLSv1.3" },
  { PEER_APACHE, PEER_HTTP2, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, "HTTP/2.0", NULL },
  { PEER_NGHTTPD, PEER_TLS | PEER_HTTP2, CURL_HTTP_VERSION_2TLS, NULL, NULL },
  { PEER_NGHTTPD, PEER_HTTP2, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE, NULL, NULL },
};

static gboolean
is_http2 (const Way *way)
{
  return (way->flags & PEER_HTTP2) != 0 && way->version != CURL_HTTP_VERSION_1_1;
}

static void
prepare (CaseTransfer *t,
         gconstpointer data)
{
  const Way *way = data;

  case_set (t, CURLOPT_HTTP_VERSION, way->version);
  case_set (t, CURLOPT_PIPEWAIT, 1L);
}

static void
prepare_coded (CaseTransfer *t,
               gconstpointer data)
{
  prepare (t, data);
  case_set (t, CURLOPT_ACCEPT_ENCODING, "");
}

static CaseTransfer *
get (Case *c,
     Peer *peer,
     const char *path,
     const Way *way)
{
  CaseTransfer *t = peer_case_transfer (c, peer, path, prepare, way);

  case_run_transfer (t);
  return t;
}

static void
check_told (CaseTransfer *t,
            const char *name,
            const char *value)
{
  g_autofree char *told = peer_case_told (t, name);

  if (value != NULL)
    g_assert_cmpstr (told, ==, value);
}

static void
check_documents (Case *c,
                 Peer *peer,
                 const Way *way)
{
  PeerTally tally = peer_case_documents (c, peer, "", documents, prepare, way);
  CaseTransfer *t = get (c, peer, documents_path (documents, 0), way);

  g_assert_cmpuint (tally.n_coded, ==, 0);
  if (is_http2 (way))
    g_assert_cmpuint (tally.n_connects, <=, 1);
  else
    g_assert_cmpuint (tally.n_connects, <=, 80);
  case_check_ok (t, 200, NULL);
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==,
                   is_http2 (way) ? CURL_HTTP_VERSION_2_0 : CURL_HTTP_VERSION_1_1);
  check_told (t, "http", way->http);
  check_told (t, "tls", way->tls);
}

static void
check_coded (Case *c,
             Peer *peer,
             const Way *way)
{
  PeerTally tally = peer_case_documents (c, peer, "", documents, prepare_coded, way);

  g_assert_cmpuint (tally.n_coded, >, N_DOCUMENTS / 20);
}

/* ---- sessions that go on ---- */

static void
check_resumed (Case *c,
               Peer *peer,
               const Way *way)
{
  gboolean is_apache = way->kind == PEER_APACHE;
  CaseTransfer *first = get (c, peer, documents_path (documents, 0), way), *again, *never;

  case_check_ok (first, 200, NULL);
  check_told (first, "reused", is_apache ? "Initial" : "false");
  again = peer_case_transfer (c, peer, documents_path (documents, 1), prepare, way);
  case_set (again, CURLOPT_FRESH_CONNECT, 1L);
  case_run_transfer (again);
  case_check_ok (again, 200, NULL);
  g_assert_cmpint (case_info (again, CURLINFO_NUM_CONNECTS), ==, 1);
  check_told (again, "reused", is_apache ? "Resumed" : "true");
  never = peer_case_transfer (c, peer, documents_path (documents, 2), prepare, way);
  case_set (never, CURLOPT_FRESH_CONNECT, 1L);
  case_set (never, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  case_run_transfer (never);
  case_check_ok (never, 200, NULL);
  check_told (never, "reused", is_apache ? "Initial" : "false");
}

/* ---- who the server is, and who the client is ---- */

static void
run_unknown (Case *c)
{
  for (guint kind = PEER_NGINX; kind <= PEER_NGHTTPD; kind++)
    {
      g_autoptr (Peer) peer = NULL;
      g_autofree char *url = NULL;
      g_autofree char *elsewhere = NULL;
      g_autofree char *line = NULL;
      CaseTransfer *t;

      if (kind == PEER_PYTHON || kind == PEER_PYTHON_OLD)
        continue;
      g_test_message ("%s", peer_kind_name ((PeerKind) kind));
      peer = peer_new_with ((PeerKind) kind, documents->folder, PEER_TLS | PEER_HTTP2);
      url = peer_dup_url (peer, "");
      t = case_transfer (c, url); /* trusts the machine's authorities */
      case_run_transfer (t);
      case_check_error (t, CURLE_PEER_FAILED_VERIFICATION);
      elsewhere = g_strdup_printf ("https://elsewhere.example:%u/", peer_get_port (peer));
      line = g_strdup_printf ("elsewhere.example:%u:127.0.0.1", peer_get_port (peer));
      t = peer_case_transfer (c, peer, "", NULL, NULL);
      case_set (t, CURLOPT_URL, elsewhere);
      case_set (t, CURLOPT_RESOLVE, case_list (t, line, NULL));
      case_run_transfer (t);
      case_check_error (t, CURLE_PEER_FAILED_VERIFICATION);
      g_assert_nonnull (strstr (t->error, "elsewhere.example"));
    }
}

static void
check_client (Case *c,
              const Way *way)
{
  g_autoptr (Peer) peer = peer_new_with (way->kind, documents->folder, way->flags | PEER_CLIENT_CERTIFICATE);
  g_autofree char *certificate = g_build_filename (peer_get_folder (peer), "client.pem", NULL);
  g_autofree char *key = g_build_filename (peer_get_folder (peer), "client-key.pem", NULL);
  g_autofree char *client = NULL;
  CaseTransfer *without = get (c, peer, documents_path (documents, 0), way), *with;

  /* nginx says it in HTTP, the others in TLS: with 1.3 when the handshake is already over here. */
  if (way->kind == PEER_NGINX)
    case_check_ok (without, 400, NULL);
  else if (without->result != CURLE_SSL_CLIENTCERT)
    g_error ("%s: %d, %s", peer_kind_name (way->kind), without->result, without->error);
  with = peer_case_transfer (c, peer, documents_path (documents, 0), prepare, way);
  case_set (with, CURLOPT_SSLCERT, certificate);
  case_set (with, CURLOPT_SSLKEY, key);
  case_run_transfer (with);
  case_check_ok (with, 200, NULL);
  client = peer_case_told (with, "client");
  g_assert_nonnull (client);
  g_assert_nonnull (strstr (client, "CN=" PEER_CLIENT));
}

static void
run_client (Case *c)
{
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    if ((ways[i].flags & PEER_TLS) != 0 && ways[i].kind != PEER_NGHTTPD)
      {
        g_test_message ("%s, way %u", peer_kind_name (ways[i].kind), i);
        check_client (c, &ways[i]);
      }
}

/* No version that both speak. */
static void
run_versions (Case *c)
{
  static const Way cases[] = {
    { PEER_NGINX, PEER_TLS | PEER_TLS_12 }, { PEER_NGINX, PEER_TLS | PEER_TLS_13 },
    { PEER_CADDY, PEER_TLS | PEER_TLS_12 }, { PEER_CADDY, PEER_TLS | PEER_TLS_13 },
    { PEER_APACHE, PEER_TLS | PEER_TLS_12 }, { PEER_APACHE, PEER_TLS | PEER_TLS_13 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (Peer) peer = peer_new_with (cases[i].kind, documents->folder, cases[i].flags);
      CaseTransfer *t = peer_case_transfer (c, peer, "", NULL, NULL);

      case_set (t, CURLOPT_SSLVERSION,
                (long) ((cases[i].flags & PEER_TLS_12) != 0
                          ? CURL_SSLVERSION_TLSv1_3
                          : CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2));
      case_run_transfer (t);
      case_check_error (t, CURLE_SSL_CONNECT_ERROR);
    }
}

/* ---- what HTTP can beside ---- */

static void
check_manners (Case *c,
               Peer *peer,
               const Way *way)
{
  const char *path = documents_path (documents, 7);
  g_autoptr (GBytes) bytes = documents_load (documents, 7);
  CaseTransfer *range = peer_case_transfer (c, peer, path, prepare, way);
  CaseTransfer *head = peer_case_transfer (c, peer, path, prepare, way);
  CaseTransfer *same = peer_case_transfer (c, peer, path, prepare, way);
  CaseTransfer *missing = get (c, peer, "no such document", way);

  case_check_ok (missing, 404, NULL);
  case_set (head, CURLOPT_NOBODY, 1L);
  case_set (head, CURLOPT_FILETIME, 1L);
  case_run_transfer (head);
  case_check_ok (head, 200, "");
  g_assert_cmpint (case_info_off (head, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T), ==, g_bytes_get_size (bytes));
  case_set (same, CURLOPT_TIMECONDITION, (long) CURL_TIMECOND_IFMODSINCE);
  case_set (same, CURLOPT_TIMEVALUE_LARGE, case_info_off (head, CURLINFO_FILETIME_T));
  case_run_transfer (same);
  case_check_ok (same, 304, "");
  if (way->kind == PEER_NGHTTPD || g_bytes_get_size (bytes) < 20)
    return;
  case_set (range, CURLOPT_RANGE, "5-14");
  case_run_transfer (range);
  case_check_ok (range, 206, NULL);
  g_assert_cmpmem (range->body->data, range->body->len, (const char *) g_bytes_get_data (bytes, NULL) + 5, 10);
}

/* ---- all of that, with one server for each way ---- */

static void
run_kind (Case *c,
          PeerKind kind)
{
  gboolean compresses = kind != PEER_NGHTTPD, uploads = kind == PEER_NGINX || kind == PEER_APACHE;

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      const Way *way = &ways[i];
      g_autoptr (Peer) peer = NULL;

      if (way->kind != kind)
        continue;
      g_test_message ("%s, way %u", peer_kind_name (kind), i);
      peer = peer_new_with (kind, documents->folder, way->flags);
      if ((way->flags & PEER_TLS) != 0 && way->tls != NULL)
        check_resumed (c, peer, way);
      check_documents (c, peer, way);
      if (compresses && is_http2 (way) && (way->flags & PEER_TLS) != 0)
        check_coded (c, peer, way);
      if (uploads)
        peer_case_uploads (c, peer, "put/", prepare, way);
      check_manners (c, peer, way);
    }
}

static void
run_nginx (Case *c)
{
  run_kind (c, PEER_NGINX);
}

static void
run_caddy (Case *c)
{
  run_kind (c, PEER_CADDY);
}

static void
run_apache (Case *c)
{
  run_kind (c, PEER_APACHE);
}

static void
run_nghttpd (Case *c)
{
  run_kind (c, PEER_NGHTTPD);
}

/* Apache takes the second version up from a request of the first. */
static void
run_upgrade (Case *c)
{
  static const Way way = { PEER_APACHE, PEER_HTTP2, CURL_HTTP_VERSION_2_0 };
  g_autoptr (Peer) peer = peer_new_with (way.kind, documents->folder, way.flags);
  CaseTransfer *first = get (c, peer, documents_path (documents, 0), &way);
  CaseTransfer *second = get (c, peer, documents_path (documents, 1), &way);

  case_check_ok (first, 200, NULL);
  g_assert_cmpint (case_info (first, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_2_0);
  case_check_ok (second, 200, NULL); /* there, or on one of its own: the server may have said goodbye */
  check_told (second, "http", "HTTP/2.0");
}

static const CaseSpec peers[] = {
  { "peer-secure-nginx", run_nginx },
  { "peer-secure-caddy", run_caddy },
  { "peer-secure-apache", run_apache },
  { "peer-secure-nghttpd", run_nghttpd },
  { "peer-secure-unknown", run_unknown },
  { "peer-secure-client", run_client },
  { "peer-secure-versions", run_versions },
  { "peer-secure-upgrade", run_upgrade },
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
