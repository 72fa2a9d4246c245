/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "documents.h"
#include "face.h"
#include "peer-identity.h"
#include "peer-proxies.h"
#include "peers.h"

/* The object face against servers and proxies that nobody here wrote: documents byte-identical, sessions resumed,
 * certificates of clients, uploads, logins asked for by signal, proxies with and without passwords. */

#define N_DOCUMENTS 200

static Documents *documents;
static GTlsDatabase *trust; /* NULL: GIO has no TLS here, and the test answers itself */

/* ---- transfers ---- */

/* A database is for servers alone: about a proxy the application is asked. */
static gboolean
trust_cb (GMultiTransfer *transfer,
          GMultiTrustCheck *check,
          gpointer user_data)
{
  g_assert_true (trust == NULL || gmulti_trust_check_is_proxy (check));
  gmulti_trust_check_accept (check);
  return TRUE;
}

static void
set_trust (GMultiTransfer *transfer)
{
  gmulti_transfer_set_tls_database (transfer, trust);
  g_signal_connect (transfer, "check-trust", G_CALLBACK (trust_cb), NULL);
}

static GMultiTransfer *
transfer_to (Peer *peer,
             const char *path)
{
  g_autofree char *url = peer_dup_url (peer, path);
  GMultiTransfer *transfer = gmulti_transfer_new (url);

  gmulti_transfer_set_timeout (transfer, 60000);
  set_trust (transfer);
  return transfer;
}

static guint
get_status (GMultiTransfer *transfer)
{
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);

  return response != NULL ? gmulti_response_get_status (response) : 0;
}

static GMultiProtocol
get_protocol (GMultiTransfer *transfer)
{
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);

  return gmulti_response_get_protocol (response);
}

/* What the peer said of it in X-Told. */
static gboolean
was_told (GMultiTransfer *transfer,
          const char *what)
{
  g_autoptr (GMultiResponse) response = gmulti_transfer_ref_response (transfer);
  const char *told = gmulti_headers_get_value (gmulti_response_get_headers (response), "X-Told");

  return told != NULL && strstr (told, what) != NULL;
}

static void
check_document (GBytes *bytes,
                guint document)
{
  g_autoptr (GBytes) right = documents_load (documents, document);

  if (!g_bytes_equal (bytes, right))
    g_error ("%s came otherwise", documents_path (documents, document));
}

/* A document alone. */
static void
fetch_document (GMultiSession *session,
                GMultiTransfer *transfer,
                guint document)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = face_fetch (session, transfer, &error);

  g_assert_no_error (error);
  check_document (bytes, document);
}

typedef struct
{
  guint document;
  guint *n_left;
} Errand;

static void
fetched (GObject *source,
         GAsyncResult *result,
         gpointer user_data)
{
  Errand *errand = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = gmulti_session_fetch_finish (GMULTI_SESSION (source), result, &error);

  if (error != NULL)
    g_error ("%s: %s", documents_path (documents, errand->document), error->message);
  check_document (bytes, errand->document);
  --*errand->n_left;
}

/* @n of them at once; @through as its proxy. Returns how many connections were made. */
static guint
fetch_documents (GMultiSession *session,
                 Peer *peer,
                 guint n,
                 GMultiHttpPolicy policy,
                 GMultiProxy *through)
{
  g_autoptr (GPtrArray) transfers = g_ptr_array_new_with_free_func (g_object_unref);
  g_autofree Errand *errands = g_new (Errand, n);
  guint n_left = n, n_connects = 0;

  for (guint i = 0; i < n; i++)
    {
      GMultiTransfer *transfer = transfer_to (peer, documents_path (documents, i));

      errands[i] = (Errand){ i, &n_left };
      gmulti_transfer_set_http_policy (transfer, policy);
      if (through != NULL)
        gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (through));
      gmulti_session_fetch_async (session, transfer, NULL, fetched, &errands[i]);
      g_ptr_array_add (transfers, transfer);
    }
  face_wait_for (n_left == 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GMultiMetrics) metrics = gmulti_transfer_ref_metrics (transfers->pdata[i]);

      n_connects += !gmulti_metrics_is_reused (metrics);
    }
  return n_connects;
}

/* ---- servers ---- */

typedef struct
{
  PeerKind kind;
  PeerFlags flags;
  GMultiHttpPolicy policy;
  GMultiProtocol protocol;
} Way;

static const Way ways[] = {
  { PEER_NGINX, PEER_PLAIN, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_NGINX, PEER_TLS | PEER_TLS_12, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_NGINX, PEER_TLS | PEER_TLS_13, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_NGINX, PEER_TLS | PEER_HTTP2, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_2 },
  { PEER_NGINX, PEER_TLS | PEER_HTTP2, GMULTI_HTTP_POLICY_HTTP_1_1, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_CADDY, PEER_TLS | PEER_TLS_12, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_CADDY, PEER_TLS | PEER_HTTP2, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_2 },
  { PEER_APACHE, PEER_TLS | PEER_TLS_13, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_1_1 },
  { PEER_APACHE, PEER_TLS | PEER_HTTP2, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_2 },
  { PEER_NGHTTPD, PEER_TLS | PEER_HTTP2, GMULTI_HTTP_POLICY_AUTO, GMULTI_PROTOCOL_HTTP_2 },
  { PEER_NGHTTPD, PEER_HTTP2, GMULTI_HTTP_POLICY_HTTP_2 | GMULTI_HTTP_POLICY_PRIOR_KNOWLEDGE, GMULTI_PROTOCOL_HTTP_2 },
};

static void
put_and_get (GMultiSession *session,
             Peer *peer,
             const Way *way,
             gsize size)
{
  g_autoptr (GMultiTransfer) put = transfer_to (peer, "put/new");
  g_autoptr (GMultiTransfer) get = transfer_to (peer, "put/new");
  g_autoptr (GMultiTransfer) drop = transfer_to (peer, "put/new");
  g_autofree char *data = g_malloc (size + 1);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GBytes) none = NULL;
  g_autoptr (GBytes) back = NULL;
  g_autoptr (GBytes) nothing = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < size; i++)
    data[i] = (char) (i * 2654435761u >> 24);
  bytes = g_bytes_new (data, size);
  gmulti_transfer_set_method (put, "PUT");
  gmulti_transfer_set_body_bytes (put, "application/octet-stream", bytes);
  gmulti_transfer_set_method (drop, "DELETE");
  gmulti_transfer_set_http_policy (put, way->policy);
  none = face_fetch (session, put, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (get_status (put), ==, 201);
  back = face_fetch (session, get, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (back, bytes));
  nothing = face_fetch (session, drop, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (get_status (drop), ==, 204);
}

static void
check_resumed (Peer *peer,
               const Way *way)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) first = transfer_to (peer, documents_path (documents, 0));
  g_autoptr (GMultiTransfer) again = transfer_to (peer, documents_path (documents, 1));

  gmulti_session_set_max_idle_connections (session, 0);
  fetch_document (session, first, 0);
  g_assert_true (was_told (first, way->kind == PEER_APACHE ? "reused=Initial" : "reused=false"));
  fetch_document (session, again, 1);
  g_assert_true (was_told (again, way->kind == PEER_APACHE ? "reused=Resumed" : "reused=true"));
}

static void
test_server (gconstpointer data)
{
  const Way *way = data;
  g_autoptr (Peer) peer = peer_new_with (way->kind, documents->folder, way->flags);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) one = transfer_to (peer, documents_path (documents, 0));
  guint n_connects;

  gmulti_transfer_set_http_policy (one, way->policy);
  n_connects = fetch_documents (session, peer, N_DOCUMENTS, way->policy, NULL);
  g_test_message ("%s: %u connections", peer_kind_name (way->kind), n_connects);
  if (way->protocol == GMULTI_PROTOCOL_HTTP_2)
    g_assert_cmpuint (n_connects, <=, 2); /* as many as streams are let */
  else
    g_assert_cmpuint (n_connects, <=, 2 * gmulti_session_get_max_connections_per_host (session));
  fetch_document (session, one, 0);
  g_assert_cmpint (get_protocol (one), ==, way->protocol);
  if (way->kind == PEER_NGINX || way->kind == PEER_APACHE)
    {
      put_and_get (session, peer, way, 0);
      put_and_get (session, peer, way, 1000 * 1000);
    }
  if ((way->flags & PEER_TLS) != 0 && way->kind != PEER_NGHTTPD)
    check_resumed (peer, way);
}

static void
test_client_certificate (gconstpointer data)
{
  const Way *way = data;
  g_autoptr (Peer) peer = peer_new_with (way->kind, documents->folder, way->flags | PEER_CLIENT_CERTIFICATE);
  g_autofree char *file = g_build_filename (peer_get_folder (peer), "client.pem", NULL);
  g_autofree char *key = g_build_filename (peer_get_folder (peer), "client-key.pem", NULL);
  g_autoptr (GTlsCertificate) certificate = g_tls_certificate_new_from_files (file, key, NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) with = transfer_to (peer, documents_path (documents, 0));
  g_autoptr (GMultiTransfer) without = transfer_to (peer, documents_path (documents, 0));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = NULL;

  if (certificate == NULL)
    {
      g_test_skip ("GIO has no TLS here");
      return;
    }
  nothing = face_fetch (session, without, &error);
  if (way->kind == PEER_NGINX)
    g_assert_cmpuint (get_status (without), ==, 400);
  else
    g_assert_error (error, G_TLS_ERROR, G_TLS_ERROR_CERTIFICATE_REQUIRED);
  gmulti_transfer_set_client_certificate (with, certificate);
  fetch_document (session, with, 0);
  g_assert_true (was_told (with, "CN=" PEER_CLIENT));
}

/* ---- logins ---- */

typedef struct
{
  const char *const *passwords; /* one for each question; then there are no more */
  gboolean is_proxy; /* who has to ask */
  guint n_asked;
} Login;

static gboolean
login_cb (GMultiTransfer *transfer,
          GMultiChallenge *challenge,
          gpointer user_data)
{
  Login *login = user_data;
  const char *password = login->passwords[login->n_asked];

  g_assert_cmpint (gmulti_challenge_is_proxy (challenge), ==, login->is_proxy);
  g_assert_cmpstr (gmulti_challenge_get_realm (challenge), !=, NULL);
  if (password == NULL)
    gmulti_challenge_decline (challenge);
  else
    {
      login->n_asked++;
      gmulti_challenge_answer (challenge, PEER_USER, password);
    }
  return TRUE;
}

static const char *const right[] = { PEER_PASSWORD, NULL };
static const char *const right_at_last[] = { "wrong", PEER_PASSWORD, NULL };
static const char *const wrong[] = { "wrong", NULL };

static void
check_login (Peer *peer,
             const char *folder,
             const char *const *passwords)
{
  g_autofree char *path = g_strconcat (folder, documents_path (documents, 0), NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = transfer_to (peer, path);
  Login login = { passwords };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_signal_connect (transfer, "authenticate", G_CALLBACK (login_cb), &login);
  bytes = face_fetch (session, transfer, &error);
  if (passwords == wrong)
    {
      g_assert_error (error, GMULTI_TRANSFER_ERROR, GMULTI_TRANSFER_ERROR_HTTP_STATUS);
      g_assert_cmpuint (get_status (transfer), ==, 401);
      return;
    }
  g_assert_no_error (error);
  check_document (bytes, 0);
  g_assert_cmpuint (login.n_asked, ==, g_strv_length ((char **) passwords));
}

static void
test_logins (void)
{
  static const struct
  {
    PeerKind kind;
    PeerFlags flags;
    const char *folder;
  } places[] = {
    { PEER_NGINX, PEER_PLAIN, "login/" },
    { PEER_NGINX, PEER_TLS | PEER_HTTP2, "login/" },
    { PEER_APACHE, PEER_TLS, "login/" },
    { PEER_APACHE, PEER_PLAIN, "digest/" },
    { PEER_APACHE, PEER_TLS | PEER_HTTP2, "digest/" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (Peer) peer = peer_new_with (places[i].kind, documents->folder, places[i].flags);

      g_test_message ("%s, %s", peer_kind_name (places[i].kind), places[i].folder);
      check_login (peer, places[i].folder, right);
      check_login (peer, places[i].folder, right_at_last);
      check_login (peer, places[i].folder, wrong);
    }
}

/* ---- proxies ---- */

typedef struct
{
  PeerProxyKind kind;
  const char *scheme;
  gboolean login;
} ProxyWay;

static const ProxyWay proxies[] = {
  { PEER_PROXY_SQUID, "http", FALSE },
  { PEER_PROXY_SQUID_BASIC, "http", TRUE },
  { PEER_PROXY_SQUID_DIGEST, "http", TRUE },
  { PEER_PROXY_TINYPROXY, "http", FALSE },
  { PEER_PROXY_TINYPROXY_BASIC, "http", TRUE },
  { PEER_PROXY_DANTE, "socks4a", FALSE },
  { PEER_PROXY_DANTE, "socks5", FALSE },
  { PEER_PROXY_DANTE_LOGIN, "socks5", TRUE },
  { PEER_PROXY_NGHTTPX, "https", FALSE },
  { PEER_PROXY_NGHTTPX_BASIC, "https", TRUE },
};

/* The password in its address is wrong, or there is none: it is asked for. */
static void
check_proxy_login (const ProxyWay *way,
                   PeerProxy *proxy,
                   Peer *peer,
                   const char *userinfo,
                   const char *const *passwords)
{
  g_autofree char *url = peer_proxy_dup_url (proxy, way->scheme, userinfo);
  g_autoptr (GMultiProxy) through = gmulti_proxy_new (url, NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = transfer_to (peer, documents_path (documents, 0));
  Login login = { passwords, TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (through));
  g_signal_connect (transfer, "authenticate", G_CALLBACK (login_cb), &login);
  bytes = face_fetch (session, transfer, &error);
  if (passwords != wrong)
    {
      g_assert_no_error (error);
      check_document (bytes, 0);
      g_assert_cmpuint (login.n_asked, ==, g_strv_length ((char **) passwords));
    }
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);
      g_assert_cmpuint (get_status (transfer), ==, 407);
    }
}

/* The password in the proxy's address. */
static void
check_proxy_wrong (const ProxyWay *way,
                   PeerProxy *proxy,
                   Peer *peer)
{
  g_autofree char *url = peer_proxy_dup_url (proxy, way->scheme, PEER_USER ":wrong");
  g_autoptr (GMultiProxy) through = gmulti_proxy_new (url, NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = transfer_to (peer, documents_path (documents, 0));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (through));
  bytes = face_fetch (session, transfer, &error);
  /* tinyproxy says of a wrong password what only a server should. */
  if (way->kind == PEER_PROXY_TINYPROXY_BASIC)
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_NOT_ALLOWED);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PROXY_AUTH_FAILED);
}

static void
check_nobody (const ProxyWay *way,
              GMultiProxy *through)
{
  g_autoptr (GMultiSession) session = gmulti_session_new ();
  g_autoptr (GMultiTransfer) transfer = gmulti_transfer_new ("https://127.0.0.1:1/");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = NULL;

  set_trust (transfer);
  gmulti_transfer_set_proxy_resolver (transfer, G_PROXY_RESOLVER (through));
  bytes = face_fetch (session, transfer, &error);
  g_assert_nonnull (error);
  g_test_message ("refused: %s", error->message);
  g_assert_true (error->domain == G_IO_ERROR);
}

static void
test_proxy (gconstpointer data)
{
  const ProxyWay *way = data;
  g_autoptr (PeerProxy) proxy = peer_proxy_new (way->kind);
  g_autoptr (Peer) plain = peer_new (PEER_NGINX, documents->folder);
  g_autoptr (Peer) secure = peer_new_with (PEER_NGINX, documents->folder, PEER_TLS | PEER_HTTP2);
  g_autofree char *url = peer_proxy_dup_url (proxy, way->scheme, way->login ? PEER_USER ":" PEER_PASSWORD : NULL);
  g_autoptr (GMultiProxy) through = gmulti_proxy_new (url, NULL);
  g_autoptr (GMultiSession) session = gmulti_session_new ();

  fetch_documents (session, plain, 60, GMULTI_HTTP_POLICY_AUTO, through);
  g_assert_cmpuint (fetch_documents (session, secure, 60, GMULTI_HTTP_POLICY_AUTO, through), ==, 1);
  check_nobody (way, through);
  if (!way->login)
    return;
  check_proxy_wrong (way, proxy, secure);
  if (g_str_has_prefix (way->scheme, "socks"))
    return;
  check_proxy_login (way, proxy, plain, NULL, right);
  if (way->kind == PEER_PROXY_TINYPROXY_BASIC)
    return;
  check_proxy_login (way, proxy, plain, NULL, right_at_last);
  check_proxy_login (way, proxy, plain, NULL, wrong);
  check_proxy_login (way, proxy, plain, PEER_USER ":old", right);
  check_proxy_login (way, proxy, plain, PEER_USER ":old", right_at_last);
  check_proxy_login (way, proxy, plain, PEER_USER ":old", wrong);
}

int
main (int argc,
      char *argv[])
{
  static const Way clients[] = {
    { PEER_NGINX, PEER_TLS | PEER_HTTP2 },
    { PEER_CADDY, PEER_TLS },
    { PEER_APACHE, PEER_TLS },
  };
  int status;

  g_test_init (&argc, &argv, NULL);
  documents = documents_new (N_DOCUMENTS);
  trust = g_tls_file_database_new (scripted_tls_get_authority_file (), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ways); i++)
    {
      g_autofree char *path = g_strdup_printf ("/peers-object/server/%s-%u", peer_kind_name (ways[i].kind), i);

      g_test_add_data_func (path, &ways[i], test_server);
    }
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    {
      g_autofree char *path = g_strdup_printf ("/peers-object/client/%s", peer_kind_name (clients[i].kind));

      g_test_add_data_func (path, &clients[i], test_client_certificate);
    }
  g_test_add_func ("/peers-object/logins", test_logins);
  for (guint i = 0; i < G_N_ELEMENTS (proxies); i++)
    {
      g_autofree char *path = g_strdup_printf ("/peers-object/proxy/%s-%u", peer_proxy_kind_name (proxies[i].kind), i);

      g_test_add_data_func (path, &proxies[i], test_proxy);
    }
  status = g_test_run ();
  g_clear_object (&trust);
  documents_free (documents);

  return status;
}
