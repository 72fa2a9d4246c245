/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-pair.h"

#include "gm-tls-info.h"
#include "gm-trust.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

static const char *const versions[] = { TLS12, TLS13 };

/* ---- a client that trusts the scripted authority ---- */

static GmTlsSettings *
new_settings (void)
{
  GmTlsSettings *settings = gm_tls_settings_copy (NULL);

  settings->ca_bytes = zoo_get_pem (scripted_tls_get_authority (), 0);
  return settings;
}

static ScriptedTls *
new_server (const char *priority)
{
  ScriptedTls *tls = scripted_tls_new ();

  tls->priority = g_strdup (priority);
  return tls;
}

static GmTlsPeer
peer_of (const GmTlsSettings *settings)
{
  return (GmTlsPeer){ .settings = settings, .peer_name = GM_SPAN ("localhost"), .port = 443 };
}

static void
send_all (TlsPair *pair,
          const char *data,
          gsize len)
{
  gsize done = 0;
  guint n_idle = 0;

  while (done < len)
    {
      gsize n = 0;
      GmResult result = gm_layer_send (pair->client, data + done, len - done, &n);

      if (result == GM_AGAIN)
        {
          g_assert_cmpuint (++n_idle, <, 1000000);
          continue;
        }
      g_assert_cmpint (result, ==, GM_OK);
      g_assert_cmpuint (n, >, 0);
      done += n;
    }
  gm_layer_adjust (pair->client, GM_IO_IN);
}

static void
check_echo (TlsPair *pair,
            gsize len)
{
  g_autoptr (GByteArray) back = g_byte_array_new ();
  g_autofree char *text = g_malloc (len);
  g_autoptr (GBytes) heard = NULL;

  for (gsize i = 0; i < len; i++)
    text[i] = (char) (i * 7 + i / 251);
  send_all (pair, text, len);
  heard = tls_pair_hear (pair, len);
  g_assert_cmpmem (g_bytes_get_data (heard, NULL), g_bytes_get_size (heard), text, len);
  tls_pair_say (pair, text, len);
  g_assert_cmpint (tls_pair_read (pair, back, len), ==, GM_OK);
  g_assert_cmpmem (back->data, back->len, text, len);
}

/* ---- talking ---- */

static void
test_talk (void)
{
  static const char *const offer[] = { "http/1.1", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      const GmTlsSettings *settings = new_settings ();
      ScriptedTls *tls = new_server (versions[i]);
      GmTlsPeer peer = peer_of (settings);
      const char *alpn = NULL;
      char name[64];
      size_t name_len = sizeof name;
      guint type;
      GmTlsInfo *info = NULL;
      TlsPair pair;

      peer.alpn = offer;
      tls->alpn = offer;
      tls_pair_init (&pair, tls, &peer);
      g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
      g_assert_true (gm_layer_query (pair.client, GM_QUERY_ALPN, &alpn));
      g_assert_cmpstr (alpn, ==, "http/1.1");
      g_assert_true (gm_layer_query (pair.client, GM_QUERY_TLS, &info));
      g_assert_cmpstr (info->version, ==, i == 0 ? "TLS1.2" : "TLS1.3");
      g_assert_cmpuint (info->chain->len, ==, 1);
      g_assert_cmpint (info->verdict, ==, GM_OK);
      g_assert_false (info->resumed);
      check_echo (&pair, 1);
      check_echo (&pair, 100000);
      g_assert_cmpint (gnutls_server_name_get (pair.server, name, &name_len, &type, 0), ==, 0);
      g_assert_cmpstr (name, ==, "localhost");
      tls_pair_clear (&pair);
      scripted_tls_free (tls);
      gm_tls_settings_unref (settings);
    }
}

/* One byte at a time, and AGAIN after each. */
static void
test_byte_by_byte (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    for (gsize step = 1; step < 8; step += 3)
      {
        const GmTlsSettings *settings = new_settings ();
        ScriptedTls *tls = new_server (versions[i]);
        GmTlsPeer peer = peer_of (settings);
        TlsPair pair;

        tls_pair_init (&pair, tls, &peer);
        pair.step = step;
        g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
        check_echo (&pair, 1000);
        tls_pair_clear (&pair);
        scripted_tls_free (tls);
        gm_tls_settings_unref (settings);
      }
}

/* What the layer below does not take waits in the layer, in bounds, and is asked to be sent. */
static void
test_blocked (void)
{
  const GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS13);
  GmTlsPeer peer = peer_of (settings);
  g_autofree char *block = g_malloc0 (60000);
  g_autoptr (GBytes) heard = NULL;
  gsize sent = 0, n = 0;
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  pair.blocked = TRUE;
  g_assert_cmpint (gm_layer_send (pair.client, block, 60000, &sent), ==, GM_OK);
  g_assert_cmpuint (sent, >, 0);
  g_assert_cmpuint (sent, <=, 16384);
  g_assert_cmpint (gm_layer_send (pair.client, block, 60000, &n), ==, GM_AGAIN);
  g_assert_cmpint (gm_layer_send (pair.client, "other", 5, &n), ==, GM_AGAIN); /* not the same bytes: no matter */
  gm_layer_adjust (pair.client, GM_IO_NONE);
  g_assert_cmpint (pair.want, ==, GM_IO_OUT);
  g_assert_cmpint (gm_layer_shutdown (pair.client), ==, GM_AGAIN);
  pair.blocked = FALSE;
  gm_layer_adjust (pair.client, GM_IO_IN);
  g_assert_cmpint (pair.want, ==, GM_IO_IN);
  heard = tls_pair_hear (&pair, sent);
  g_assert_cmpmem (g_bytes_get_data (heard, NULL), g_bytes_get_size (heard), block, sent);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* ---- ends ---- */

static void
test_ends (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    for (guint with_goodbye = 0; with_goodbye < 2; with_goodbye++)
      {
        const GmTlsSettings *settings = new_settings ();
        ScriptedTls *tls = new_server (versions[i]);
        GmTlsPeer peer = peer_of (settings);
        g_autoptr (GByteArray) got = g_byte_array_new ();
        gboolean pending = FALSE, alive = TRUE;
        TlsPair pair;

        tls_pair_init (&pair, tls, &peer);
        g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
        tls_pair_say (&pair, "last words", 10);
        if (with_goodbye)
          gnutls_bye (pair.server, GNUTLS_SHUT_WR);
        pair.end = TRUE;
        g_assert_cmpint (tls_pair_read (&pair, got, 10), ==, GM_OK);
        g_assert_cmpmem (got->data, got->len, "last words", 10);
        g_assert_cmpint (tls_pair_read (&pair, got, 20), ==, with_goodbye ? GM_OK : GM_TLS_TRUNCATED);
        g_assert_cmpint (tls_pair_read (&pair, got, 20), ==, with_goodbye ? GM_OK : GM_TLS_TRUNCATED);
        g_assert_cmpuint (got->len, ==, 10);
        g_assert_true (gm_layer_query (pair.client, GM_QUERY_PENDING, &pending) && pending);
        g_assert_true (gm_layer_query (pair.client, GM_QUERY_ALIVE, &alive) && !alive);
        tls_pair_clear (&pair);
        scripted_tls_free (tls);
        gm_tls_settings_unref (settings);
      }
}

/* Our own goodbye reaches the other end. */
static void
test_goodbye (void)
{
  const GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS13);
  GmTlsPeer peer = peer_of (settings);
  char byte;
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  g_assert_cmpint (gm_layer_shutdown (pair.client), ==, GM_OK);
  g_assert_cmpint (gm_layer_shutdown (pair.client), ==, GM_OK);
  g_assert_cmpint (gnutls_record_recv (pair.server, &byte, 1), ==, 0);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* An end, or another byte, anywhere in the handshake: an error, at once. */
static void
test_broken_handshake (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    for (guint flip = 0; flip < 2; flip++)
      for (guint64 at = 0;; at += flip ? 13 : 7)
        {
          const GmTlsSettings *settings = new_settings ();
          ScriptedTls *tls = new_server (versions[i]);
          GmTlsPeer peer = peer_of (settings);
          GmResult result;
          gboolean over;
          TlsPair pair;

          tls_pair_init (&pair, tls, &peer);
          if (flip)
            pair.flip_at = at;
          else
            pair.cut_at = at;
          result = tls_pair_connect (&pair);
          over = pair.n_to_client <= at;
          if (!over)
            {
              /* A byte of a ticket behind the handshake may be another one without anybody's notice. */
              if (result == GM_OK)
                g_assert_true (pair.server_ready);
              else
                {
                  g_assert_cmpint (result, !=, GM_AGAIN);
                  g_assert_cmpint (pair.error.result, ==, result);
                  g_assert_cmpint (pair.error.phase, ==, GM_PHASE_TLS);
                }
            }
          tls_pair_clear (&pair);
          scripted_tls_free (tls);
          gm_tls_settings_unref (settings);
          if (over && (flip || result == GM_OK))
            break;
          g_assert_cmpuint (at, <, 100000);
        }
}

static void
test_garbage (void)
{
  static const char *const answers[] = { "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
                                         "\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x03\xff\xff\x01\x02\x03\x04\x05" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      const GmTlsSettings *settings = new_settings ();
      ScriptedTls *tls = new_server (TLS13);
      GmTlsPeer peer = peer_of (settings);
      TlsPair pair;

      tls_pair_init (&pair, tls, &peer);
      pair.server_code = -1;
      g_byte_array_append (pair.to_client, (const guint8 *) answers[i], i == 2 ? 7 : i == 3 ? 10 : strlen (answers[i]));
      pair.end = TRUE;
      g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_FAILED);
      g_assert_cmpint (pair.error.tls, <, 0);
      g_assert_cmpint (pair.error.alert, ==, i == 2 ? GNUTLS_A_HANDSHAKE_FAILURE : 0);
      tls_pair_clear (&pair);
      scripted_tls_free (tls);
      gm_tls_settings_unref (settings);
    }
}

/* ---- what is agreed upon ---- */

static void
test_versions (void)
{
  static const struct
  {
    guint8 min, max;
    const char *server, *version; /* NULL: none */
  } cases[] = {
    { 0, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.1", NULL },
    { GM_TLS_VERSION_1_0, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.1", "TLS1.1" },
    { 0, GM_TLS_VERSION_1_2, "NORMAL", "TLS1.2" },
    { GM_TLS_VERSION_1_3, 0, TLS12, NULL },
    { GM_TLS_VERSION_1_3, 0, "NORMAL", "TLS1.3" },
    { GM_TLS_VERSION_1_2, GM_TLS_VERSION_1_2, "NORMAL", "TLS1.2" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmTlsSettings *settings = new_settings ();
      ScriptedTls *tls = new_server (cases[i].server);
      GmTlsPeer peer = peer_of (settings);
      GmTlsInfo *info = NULL;
      TlsPair pair;

      settings->min_version = cases[i].min;
      settings->max_version = cases[i].max;
      tls_pair_init (&pair, tls, &peer);
      g_assert_cmpint (tls_pair_connect (&pair), ==, cases[i].version != NULL ? GM_OK : GM_TLS_FAILED);
      if (cases[i].version != NULL)
        {
          g_assert_true (gm_layer_query (pair.client, GM_QUERY_TLS, &info));
          g_assert_cmpstr (info->version, ==, cases[i].version);
        }
      else
        g_assert_cmpint (pair.error.tls, <, 0); /* said by either side */
      tls_pair_clear (&pair);
      scripted_tls_free (tls);
      gm_tls_settings_unref (settings);
    }
}

static void
test_bad_settings (void)
{
  GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS13);
  GmTlsPeer peer = peer_of (settings);
  TlsPair pair;

  settings->priority = g_ref_string_new ("no such thing");
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_SETTINGS);
  tls_pair_clear (&pair);

  g_clear_pointer (&settings->priority, g_ref_string_release);
  settings->ca_file = g_ref_string_new ("/nonexistent/ca.pem");
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_CA_FILE);
  g_assert_cmpstr (pair.error.detail, ==, "/nonexistent/ca.pem");
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* ---- client certificates ---- */

static ZooCertificate *
client_authority (void)
{
  static ZooCertificate *authority;

  if (authority == NULL)
    authority = zoo_make (&(ZooSpec){ .subject = "Clients", .ca = TRUE }, NULL);
  return authority;
}

/* The server's answer to our certificate comes with the handshake in TLS 1.2, behind it in TLS 1.3. */
static GmResult
meet_closing (const char *version,
              GmTlsSettings *settings,
              gboolean closes)
{
  ScriptedTls *tls = new_server (version);
  GmTlsPeer peer = peer_of (settings);
  g_autoptr (GBytes) ca = zoo_get_pem (client_authority (), 0);
  gnutls_datum_t data = { (void *) g_bytes_get_data (ca, NULL), (guint) g_bytes_get_size (ca) };
  g_autoptr (GByteArray) got = g_byte_array_new ();
  GmResult result;
  TlsPair pair;

  tls->client_certificate = GNUTLS_CERT_REQUIRE;
  gnutls_certificate_set_x509_trust_mem (tls->credentials, &data, GNUTLS_X509_FMT_PEM);
  tls_pair_init (&pair, tls, &peer);
  pair.closes = closes;
  gnutls_session_set_verify_cert (pair.server, NULL, 0);
  result = tls_pair_connect (&pair);
  if (result == GM_OK)
    {
      tls_pair_serve (&pair);
      if (pair.server_ready)
        tls_pair_say (&pair, "x", 1);
      result = tls_pair_read (&pair, got, 1);
    }
  g_test_message ("%s: code %d, alert %u", gm_result_name (result), pair.error.tls, pair.error.alert);
  g_assert_cmpint (pair.error.result, ==, result);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  return result;
}

static GmResult
meet (const char *version,
      GmTlsSettings *settings)
{
  return meet_closing (version, settings, FALSE);
}

/* It is in a hurry and closes before all of our messages are sent: why is still to be read. */
static void
test_closed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      GmTlsSettings *settings = new_settings ();

      g_assert_cmpint (meet_closing (versions[i], settings, TRUE), ==, GM_TLS_CLIENT_CERTIFICATE_WANTED);
      gm_tls_settings_unref (settings);
    }
}

/* Whom the server wants to know somebody is asked: in the middle of a handshake that fails by it (TLS 1.2), or behind it. */
static void
test_identity_question (void)
{
  ZooSpec spec = { .subject = "client", .purpose = GNUTLS_KP_TLS_WWW_CLIENT };
  static const struct
  {
    gnutls_certificate_request_t wish;
    guint version;
    GmReply reply;
    gboolean late;
    GmResult result;
    gboolean stands; /* the question is left to the engine */
  } cases[] = {
    { GNUTLS_CERT_REQUIRE, 0, GM_REPLY_ACCEPT, FALSE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_REQUIRE, 1, GM_REPLY_ACCEPT, FALSE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_REQUEST, 0, GM_REPLY_ACCEPT, FALSE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_REQUEST, 1, GM_REPLY_ACCEPT, FALSE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_REQUIRE, 0, GM_REPLY_DECLINE, FALSE, GM_TLS_CLIENT_CERTIFICATE_WANTED, FALSE },
    { GNUTLS_CERT_REQUEST, 0, GM_REPLY_DECLINE, FALSE, GM_OK, FALSE },
    { GNUTLS_CERT_REQUEST, 1, GM_REPLY_DECLINE, FALSE, GM_OK, FALSE },
    { GNUTLS_CERT_REQUIRE, 0, GM_REPLY_DECLINE, TRUE, GM_TLS_CLIENT_CERTIFICATE_WANTED, FALSE },
    /* the server will have gone */
    { GNUTLS_CERT_REQUEST, 0, GM_REPLY_DECLINE, TRUE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_REQUEST, 1, GM_REPLY_DECLINE, TRUE, GM_TLS_CLIENT_CERTIFICATE_WANTED, TRUE },
    { GNUTLS_CERT_IGNORE, 0, GM_REPLY_NONE, FALSE, GM_OK, FALSE },
    { GNUTLS_CERT_IGNORE, 1, GM_REPLY_NONE, FALSE, GM_OK, FALSE },
  };
  g_autoptr (ZooCertificate) own = zoo_make (&spec, client_authority ());

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmTlsSettings *settings = new_settings (), *identity;
      ScriptedTls *tls = new_server (versions[cases[i].version]);
      GmTlsPeer peer = peer_of (settings);
      TlsPair pair;

      tls->client_certificate = cases[i].wish;
      tls_pair_init (&pair, tls, &peer);
      pair.question.mask = 1u << GM_QUESTION_IDENTITY;
      if (cases[i].reply != GM_REPLY_NONE)
        {
          g_assert_cmpint (tls_pair_connect (&pair), ==, GM_AGAIN);
          g_assert_cmpint (pair.question.kind, ==, GM_QUESTION_IDENTITY);
          g_assert_cmpstr (pair.question.data->host, ==, "localhost");
          g_assert_false (pair.question.data->is_proxy);
          g_assert_cmpint (pair.error.result, ==, GM_OK);
          pair.reactor.now += cases[i].late ? 6 * G_USEC_PER_SEC : 0;
          pair.question.reply = cases[i].reply;
          if (cases[i].reply == GM_REPLY_ACCEPT)
            {
              identity = gm_tls_settings_copy (NULL);
              identity->cert_bytes = zoo_get_pem (own, 0);
              pair.question.answer = gm_answer_data_new_identity (identity);
            }
        }
      g_assert_cmpint (gm_layer_connect (pair.client), ==, cases[i].reply != GM_REPLY_NONE ? cases[i].result : GM_AGAIN);
      if (cases[i].result == GM_OK)
        g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
      g_assert_cmpint (pair.question.kind, ==, cases[i].stands ? GM_QUESTION_IDENTITY : GM_QUESTION_NONE);
      g_assert_cmpint (pair.error.result, ==, cases[i].result);
      tls_pair_clear (&pair);
      scripted_tls_free (tls);
      gm_tls_settings_unref (settings);
    }
}

static void
test_client_certificate (void)
{
  ZooSpec spec = { .subject = "client", .purpose = GNUTLS_KP_TLS_WWW_CLIENT };
  g_autoptr (ZooCertificate) right = zoo_make (&spec, client_authority ());
  g_autoptr (ZooCertificate) wrong = zoo_make (&spec, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      GmTlsSettings *settings = new_settings ();

      g_assert_cmpint (meet (versions[i], settings), ==, GM_TLS_CLIENT_CERTIFICATE_WANTED);
      settings->cert_bytes = zoo_get_pem (wrong, 0);
      settings->key_bytes = zoo_get_key_pem (wrong, NULL);
      g_assert_cmpint (meet (versions[i], settings), ==, GM_TLS_CLIENT_CERTIFICATE_WANTED);
      gm_tls_settings_unref (settings);

      settings = new_settings ();
      settings->cert_bytes = zoo_get_pem (right, 0);
      settings->key_bytes = zoo_get_key_pem (wrong, NULL);
      g_assert_cmpint (meet (versions[i], settings), ==, GM_TLS_CLIENT_CERTIFICATE);
      g_clear_pointer (&settings->key_bytes, g_bytes_unref);
      settings->key_bytes = zoo_get_key_pem (right, NULL);
      g_assert_cmpint (meet (versions[i], settings), ==, GM_OK);
      gm_tls_settings_unref (settings);

      settings = new_settings ();
      settings->cert_bytes = zoo_get_pem (right, 0);
      settings->key_bytes = zoo_get_key_pem (right, "open sesame");
      settings->key_password = gm_secret_bytes_new ("guess", 5);
      g_assert_cmpint (meet (versions[i], settings), ==, GM_TLS_CLIENT_CERTIFICATE);
      gm_tls_settings_unref (settings);
      settings = new_settings ();
      settings->cert_bytes = zoo_get_pem (right, 0);
      settings->key_bytes = zoo_get_key_pem (right, "open sesame");
      settings->key_password = gm_secret_bytes_new ("open sesame", 11);
      g_assert_cmpint (meet (versions[i], settings), ==, GM_OK);
      gm_tls_settings_unref (settings);
    }
}

/* ---- tickets ---- */

static gboolean
visit (ScriptedTls *tls,
       GmTlsPeer *peer)
{
  g_autoptr (GByteArray) got = g_byte_array_new ();
  GmTlsInfo *info = NULL;
  gboolean resumed;
  TlsPair pair;

  tls_pair_init (&pair, tls, peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  tls_pair_serve (&pair);
  tls_pair_say (&pair, "x", 1);
  g_assert_cmpint (tls_pair_read (&pair, got, 1), ==, GM_OK);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_TLS, &info));
  resumed = info->resumed;
  g_assert_cmpuint (info->chain->len, ==, 1);
  g_assert_cmpint (gnutls_session_is_resumed (pair.server) != 0, ==, resumed);
  tls_pair_clear (&pair);
  return resumed;
}

static void
test_tickets (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      GmTlsSettings *settings = new_settings (), *other = new_settings ();
      ScriptedTls *tls = new_server (versions[i]);
      GmTicketCache *tickets = gm_ticket_cache_new ();
      GmTlsPeer peer = peer_of (settings);
      gboolean resumed;

      peer.tickets = tickets;
      resumed = visit (tls, &peer);
      g_assert_false (resumed);
      resumed = visit (tls, &peer);
      g_assert_true (resumed);
      resumed = visit (tls, &peer);
      g_assert_true (resumed);
      peer.port = 444;
      resumed = visit (tls, &peer);
      g_assert_false (resumed);
      peer.port = 443;
      other->verify_host = FALSE;
      peer.settings = other;
      resumed = visit (tls, &peer);
      g_assert_false (resumed);
      peer.settings = settings;
      peer.peer_name = GM_SPAN ("127.0.0.1");
      resumed = visit (tls, &peer);
      g_assert_false (resumed);
      settings->session_cache = FALSE;
      peer.peer_name = GM_SPAN ("localhost");
      resumed = visit (tls, &peer);
      g_assert_false (resumed);
      resumed = visit (tls, &peer);
      g_assert_false (resumed);

      gm_ticket_cache_unref (tickets);
      scripted_tls_free (tls);
      gm_tls_settings_unref (settings);
      gm_tls_settings_unref (other);
    }
}

/* What was not judged is not resumed by who wants it judged, nor is the judgement left out on a resumed session. */
static void
test_tickets_judged (void)
{
  GmTlsSettings *careless = new_settings (), *careful = new_settings ();
  g_autoptr (ZooCertificate) self_signed = zoo_make (&(ZooSpec){ .names = "dns:localhost" }, NULL);
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (self_signed, 0));
  GmTicketCache *tickets = gm_ticket_cache_new ();
  GmTlsPeer peer = peer_of (careless);
  gboolean resumed;
  TlsPair pair;

  careless->verify_peer = careless->verify_host = FALSE;
  peer.tickets = tickets;
  resumed = visit (tls, &peer);
  g_assert_false (resumed);
  resumed = visit (tls, &peer);
  g_assert_true (resumed);

  peer.settings = careful;
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_SELF_SIGNED);
  tls_pair_clear (&pair);

  /* the same block, changed behind the cache's back */
  peer.settings = careless;
  careless->verify_peer = TRUE;
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_SELF_SIGNED);
  tls_pair_clear (&pair);

  gm_ticket_cache_unref (tickets);
  scripted_tls_free (tls);
  gm_tls_settings_unref (careless);
  gm_tls_settings_unref (careful);
}

/* A chain whose signatures need not be looked at again is still refused when its time is over, or its name is another. */
static void
test_tickets_expired (void)
{
  GmTlsSettings *settings = new_settings ();
  g_autoptr (ZooCertificate) brief = zoo_make (&(ZooSpec){ .names = "dns:localhost", .from = -3600, .until = 3 },
                                               scripted_tls_get_authority ());
  ScriptedTls *tls = scripted_tls_new_with (zoo_new_credentials (brief, 0));
  GmTicketCache *tickets = gm_ticket_cache_new ();
  GmTlsPeer peer = peer_of (settings);
  gint64 begin = g_get_real_time ();
  gboolean resumed;
  TlsPair pair;

  peer.tickets = tickets;
  resumed = visit (tls, &peer);
  g_assert_false (resumed);
  if (g_get_real_time () - begin < G_USEC_PER_SEC)
    {
      resumed = visit (tls, &peer);
      g_assert_true (resumed);
    }

  /* the same block, changed behind the cache's back */
  settings->pins = g_ref_string_new ("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  if (g_get_real_time () - begin < G_USEC_PER_SEC)
    {
      tls_pair_init (&pair, tls, &peer);
      g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_PIN);
      tls_pair_clear (&pair);
    }
  g_clear_pointer (&settings->pins, g_ref_string_release);

  while (g_get_real_time () - begin < 5 * G_USEC_PER_SEC)
    g_usleep (100 * 1000);
  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_TLS_EXPIRED);
  tls_pair_clear (&pair);

  gm_ticket_cache_unref (tickets);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* ---- questions of the layer ---- */

static void
test_idle (void)
{
  const GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS13);
  GmTlsPeer peer = peer_of (settings);
  gboolean alive = FALSE;
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  tls_pair_serve (&pair);
  g_assert_cmpint (gnutls_session_ticket_send (pair.server, 1, 0), ==, 0);
  g_assert_cmpuint (pair.to_client->len, >, 0);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_ALIVE, &alive) && alive);
  g_assert_cmpuint (pair.to_client->len, ==, 0);
  g_assert_cmpint (gnutls_session_key_update (pair.server, GNUTLS_KU_PEER), ==, 0);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_ALIVE, &alive) && alive);
  check_echo (&pair, 100);
  tls_pair_say (&pair, "unasked", 7);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_ALIVE, &alive) && !alive);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

static void
test_pending (void)
{
  const GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS12);
  GmTlsPeer peer = peer_of (settings);
  gboolean pending = TRUE;
  char bytes[10];
  gsize n = 0;
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  tls_pair_say (&pair, "0123456789", 10);
  tls_pair_say (&pair, "abcdefghij", 10);
  g_assert_cmpint (gm_layer_recv (pair.client, bytes, 4, &n), ==, GM_OK);
  g_assert_cmpmem (bytes, n, "0123", 4);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_PENDING, &pending) && pending);
  g_assert_cmpint (gm_layer_recv (pair.client, bytes, 10, &n), ==, GM_OK);
  g_assert_cmpmem (bytes, n, "456789abcd", 10); /* across records */
  g_assert_cmpint (gm_layer_recv (pair.client, bytes, 10, &n), ==, GM_OK);
  g_assert_cmpmem (bytes, n, "efghij", 6);
  g_assert_true (gm_layer_query (pair.client, GM_QUERY_PENDING, &pending) && !pending);
  g_assert_cmpint (gm_layer_recv (pair.client, bytes, 10, &n), ==, GM_AGAIN);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* A server that wants another handshake in the middle is told no, and may go on. */
static void
test_renegotiation (void)
{
  const GmTlsSettings *settings = new_settings ();
  ScriptedTls *tls = new_server (TLS12);
  GmTlsPeer peer = peer_of (settings);
  TlsPair pair;

  tls_pair_init (&pair, tls, &peer);
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_OK);
  g_assert_cmpint (gnutls_rehandshake (pair.server), ==, 0);
  tls_pair_say (&pair, "x", 1);
  {
    g_autoptr (GByteArray) got = g_byte_array_new ();
    char byte;

    g_assert_cmpint (tls_pair_read (&pair, got, 1), ==, GM_OK);
    g_assert_cmpint (gnutls_record_recv (pair.server, &byte, 1), ==, GNUTLS_E_WARNING_ALERT_RECEIVED);
    g_assert_cmpint (gnutls_alert_get (pair.server), ==, GNUTLS_A_NO_RENEGOTIATION);
  }
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
}

/* ---- the application's word ---- */

static GmResult
ask (gboolean good,
     GmReply reply)
{
  GmTlsSettings *settings = new_settings ();
  g_autoptr (ZooCertificate) self_signed = zoo_make (&(ZooSpec){ .names = "dns:other" }, NULL);
  ScriptedTls *tls = good ? new_server (TLS13) : scripted_tls_new_with (zoo_new_credentials (self_signed, 0));
  GmTlsPeer peer = peer_of (settings);
  GmResult result;
  TlsPair pair;

  settings->ask_trust = good ? GM_TLS_ASK_ALWAYS : GM_TLS_ASK_ON_FAULT;
  tls_pair_init (&pair, tls, &peer);
  pair.question.mask = 1u << GM_QUESTION_TRUST;
  g_assert_cmpint (tls_pair_connect (&pair), ==, GM_AGAIN);
  g_assert_true (gm_question_is_open (&pair.question));
  g_assert_cmpint (gm_layer_connect (pair.client), ==, GM_AGAIN);
  gm_layer_adjust (pair.client, GM_IO_NONE);
  g_assert_cmpint (pair.want, ==, GM_IO_NONE);
  g_assert_cmpstr (pair.question.data->host, ==, "localhost");
  g_assert_cmpuint (pair.question.data->chain->len, ==, 1);
  g_assert_cmpint (pair.question.data->verdict, ==, good ? GM_OK : GM_TLS_SELF_SIGNED);
  g_assert_cmpuint (pair.question.data->faults, ==,
                    good ? 0 : 1u << (GM_TLS_SELF_SIGNED - GM_TLS_EXPIRED) | 1u << (GM_TLS_WRONG_HOST - GM_TLS_EXPIRED));
  pair.question.reply = reply;
  result = tls_pair_connect (&pair);
  g_assert_cmpint (pair.question.kind, ==, GM_QUESTION_NONE);
  if (result == GM_OK)
    check_echo (&pair, 10);
  tls_pair_clear (&pair);
  scripted_tls_free (tls);
  gm_tls_settings_unref (settings);
  return result;
}

static void
test_ask (void)
{
  g_assert_cmpint (ask (TRUE, GM_REPLY_ACCEPT), ==, GM_OK);
  g_assert_cmpint (ask (TRUE, GM_REPLY_DECLINE), ==, GM_TLS_REFUSED);
  g_assert_cmpint (ask (FALSE, GM_REPLY_ACCEPT), ==, GM_OK);
  g_assert_cmpint (ask (FALSE, GM_REPLY_DECLINE), ==, GM_TLS_SELF_SIGNED);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tls/talk", test_talk);
  g_test_add_func ("/tls/byte-by-byte", test_byte_by_byte);
  g_test_add_func ("/tls/blocked", test_blocked);
  g_test_add_func ("/tls/ends", test_ends);
  g_test_add_func ("/tls/goodbye", test_goodbye);
  g_test_add_func ("/tls/broken-handshake", test_broken_handshake);
  g_test_add_func ("/tls/garbage", test_garbage);
  g_test_add_func ("/tls/versions", test_versions);
  g_test_add_func ("/tls/bad-settings", test_bad_settings);
  g_test_add_func ("/tls/identity-question", test_identity_question);
  g_test_add_func ("/tls/client-certificate", test_client_certificate);
  g_test_add_func ("/tls/closed", test_closed);
  g_test_add_func ("/tls/tickets", test_tickets);
  g_test_add_func ("/tls/tickets-judged", test_tickets_judged);
  g_test_add_func ("/tls/tickets-expired", test_tickets_expired);
  g_test_add_func ("/tls/idle", test_idle);
  g_test_add_func ("/tls/pending", test_pending);
  g_test_add_func ("/tls/renegotiation", test_renegotiation);
  g_test_add_func ("/tls/ask", test_ask);
  return g_test_run ();
}
