/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "case-tables.h"

#if defined CASES_WITH_HTTP2 && !defined CASES_ON_LIBCURL

#include "proxy-front.h"
#include "scripted-tls.h"

#include <string.h>

/* Through a proxy that speaks HTTP/2: each tunnel is a stream of one connection to it. The proxy takes every name for
 * 127.0.0.1. */

#define N 20
#define BIG 3000000

typedef struct
{
  Case *c;
  ProxyServer *proxy; /* (owned) */
  ProxyFront *front; /* (owned) */
} Carried;

static void
carried_init (Carried *self,
              Case *c,
              gboolean http2)
{
  self->c = c;
  self->proxy = proxy_server_new ();
  self->front = proxy_front_new (self->proxy, http2);
  scripted_server_on (case_server (c), "GET /a", scripted_answer_text (200, NULL, "through"));
  scripted_server_on (case_server (c), "GET /later", scripted_answer_body (scripted_answer_send (
                                                       scripted_answer_delay (scripted_answer_new (), 50),
                                                       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "later"));
  scripted_server_on (case_server (c), "GET /big", scripted_answer_big (1, BIG));
  scripted_server_on (case_server (c), "GET /stall", scripted_answer_stall (scripted_answer_new ()));
  scripted_server_on (case_server (c), "PUT /up", scripted_answer_text (200, NULL, "taken"));
}

static void
carried_clear (Carried *self)
{
  proxy_front_free (self->front);
  proxy_server_free (self->proxy);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Carried, carried_clear)

static void
set_carrier (Carried *self,
             CaseTransfer *t)
{
  case_set (t, CURLOPT_PROXY, proxy_front_url (self->front));
  case_set (t, CURLOPT_PROXYTYPE, (long) CURLPROXY_HTTPS2);
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
  case_set (t, CURLOPT_HTTPPROXYTUNNEL, 1L);
}

static CaseTransfer *
carried (Carried *self,
         const char *host,
         const char *target)
{
  g_autofree char *url = g_strdup_printf ("http://%s:%u%s", host, scripted_server_port (case_server (self->c)), target);
  CaseTransfer *t = case_transfer (self->c, url);

  set_carrier (self, t);
  return t;
}

static void
check_front (Carried *self,
             guint n_connections,
             guint n_streams)
{
  g_assert_cmpuint (proxy_front_n_connections (self->front), ==, n_connections);
  g_assert_cmpuint (proxy_front_n_streams (self->front), ==, n_streams);
}

/* ---- tunnels ---- */

static void
run_tunnel (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *t;

  carried_init (&carrier, c, TRUE);
  proxy_server_set_fields (carrier.proxy, "X-Proxy: yes\r\n");
  case_run_transfer (t = carried (&carrier, "far.example", "/a"));
  case_check_ok (t, 200, "through");
  case_check_order (t, "HHBD");
  g_assert_true (g_str_has_prefix (t->head->str, "HTTP/2 200 \r\n"));
  g_assert_nonnull (strstr (t->head->str, "x-proxy: yes\r\n"));
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, 200);
  g_assert_cmpstr (case_info_str (t, CURLINFO_PRIMARY_IP), ==, "127.0.0.1");

  /* The tunnel is kept as a connection is. */
  case_run_transfer (t = carried (&carrier, "far.example", "/a"));
  case_check_ok (t, 200, "through");
  g_assert_cmpint (case_info (t, CURLINFO_NUM_CONNECTS), ==, 0);
  check_front (&carrier, 1, 1);
}

/* Who offered more than is taken asks in text. */
static void
run_http1 (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *transfers[N];

  carried_init (&carrier, c, FALSE);
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i % 5);

      case_add (transfers[i] = carried (&carrier, host, i % 2 == 0 ? "/a" : "/later"));
    }
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_ok (transfers[i], 200, i % 2 == 0 ? "through" : "later");
  g_assert_cmpuint (proxy_front_n_streams (carrier.front), ==, 0);
  g_assert_cmpuint (proxy_front_n_connections (carrier.front), >=, 5);
}

/* All begin before anybody knows what the proxy speaks. */
static void
run_many (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *transfers[N];

  carried_init (&carrier, c, TRUE);
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i);

      case_add (transfers[i] = carried (&carrier, host, "/later"));
    }
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_ok (transfers[i], 200, "later");
  check_front (&carrier, 1, N);
}

/* What the proxy does not take at once goes by another connection. */
static void
run_few_streams (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *transfers[6];

  carried_init (&carrier, c, TRUE);
  proxy_front_set_most (carrier.front, 2);
  case_run_transfer (transfers[0] = carried (&carrier, "far.example", "/a"));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i);

      case_add (transfers[i] = carried (&carrier, host, "/later"));
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_ok (transfers[i], 200, "later");
  g_assert_cmpuint (proxy_front_n_connections (carrier.front), >=, 2);
  g_assert_cmpuint (proxy_front_n_streams (carrier.front), ==, 7);
}

/* TLS to the server in a stream of TLS to the proxy; each is judged by its own settings. */
static void
run_secure (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  ScriptedServer *server = case_new_server (c, SCRIPTED_SERVER_TLS);
  CaseTransfer *transfers[3];

  carried_init (&carrier, c, TRUE);
  scripted_server_on (server, "GET /big", scripted_answer_big (1, BIG));
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      CaseTransfer *t = transfers[i] = case_transfer (c, scripted_server_url (server, "/big"));

      set_carrier (&carrier, t);
      case_set (t, CURLOPT_CAINFO, scripted_tls_get_authority_file ());
      /* No settings in common with the server. */
      case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
      if (i == 2)
        case_set (t, CURLOPT_CAINFO, "/etc/hostname");
      t->keep_body = FALSE;
      t->seed = 1;
      case_add (t);
    }
  case_run (c);
  case_check_ok (transfers[0], 200, NULL);
  case_check_ok (transfers[1], 200, NULL);
  g_assert_cmpuint (transfers[1]->body_length, ==, BIG);
  g_assert_cmpint (transfers[2]->result, !=, CURLE_OK);
  check_front (&carrier, 1, proxy_front_n_streams (carrier.front));
}

/* ---- logins and refusals ---- */

static void
run_login (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  g_autofree char *heads = NULL;
  CaseTransfer *t;

  carried_init (&carrier, c, TRUE);
  proxy_server_set_login (carrier.proxy, "me", "pw");
  proxy_server_set_digest (carrier.proxy, FALSE);
  t = carried (&carrier, "far.example", "/a");
  case_set (t, CURLOPT_PROXYUSERPWD, "me:pw");
  case_set (t, CURLOPT_PROXYAUTH, (long) CURLAUTH_ANY);
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  case_check_order (t, "HHHBD");
  /* Asked again on the same connection, by another stream. */
  check_front (&carrier, 1, 2);
  heads = proxy_server_heads (carrier.proxy);
  g_assert_nonnull (strstr (heads, "Proxy-Authorization: Digest username=\"me\""));

  t = carried (&carrier, "other.example", "/a");
  case_set (t, CURLOPT_PROXYUSERPWD, "you:pw");
  case_set (t, CURLOPT_PROXYAUTH, (long) CURLAUTH_ANY);
  case_run_transfer (t);
  case_check_error (t, CURLE_RECV_ERROR);
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, 407);
}

static void
run_refused (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *t;

  carried_init (&carrier, c, TRUE);
  proxy_server_set_refusal (carrier.proxy, 403, "never");
  case_run_transfer (t = carried (&carrier, "far.example", "/a"));
  case_check_error (t, CURLE_RECV_ERROR);
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_CONNECTCODE), ==, 403);
  g_assert_cmpuint (scripted_server_n_connections (case_server (c)), ==, 0);

  /* The connection to the proxy is none the worse for it. */
  proxy_server_set_refusal (carrier.proxy, 0, NULL);
  case_run_transfer (t = carried (&carrier, "far.example", "/a"));
  case_check_ok (t, 200, "through");
  check_front (&carrier, 1, 2);
}

/* A stream that the proxy did not look at is asked for again; one that it reset is not. */
static void
run_resets (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *t;

  carried_init (&carrier, c, TRUE);
  proxy_front_set_resets (carrier.front, 2, 7);
  case_run_transfer (t = carried (&carrier, "far.example", "/a"));
  case_check_ok (t, 200, "through");
  g_assert_cmpuint (proxy_front_n_streams (carrier.front), ==, 3);

  proxy_front_set_resets (carrier.front, 100, 7);
  case_run_transfer (t = carried (&carrier, "a.example", "/a"));
  case_check_error (t, CURLE_RECV_ERROR);
  g_assert_cmpuint (proxy_front_n_streams (carrier.front), <, 20);

  /* CONNECT_ERROR */
  proxy_front_set_resets (carrier.front, 1, 10);
  case_run_transfer (t = carried (&carrier, "b.example", "/a"));
  case_check_error (t, CURLE_RECV_ERROR);
  case_run_transfer (t = carried (&carrier, "b.example", "/a"));
  case_check_ok (t, 200, "through");
}

/* A proxy that takes leave serves what it has; who comes later goes by another connection. */
static void
run_goaway (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *first, *second;

  carried_init (&carrier, c, TRUE);
  proxy_front_set_goaway (carrier.front, 1);
  case_add (first = carried (&carrier, "far.example", "/later"));
  case_run_for (c, 25);
  case_add (second = carried (&carrier, "near.example", "/later"));
  case_run (c);
  case_check_ok (first, 200, "later");
  case_check_ok (second, 200, "later");
  g_assert_cmpuint (proxy_front_n_connections (carrier.front), ==, 2);
}

/* ---- flow ---- */

typedef struct
{
  CaseTransfer *t;
  gboolean paused;
  gboolean resumed;
  guint64 got;
} Pausing;

static size_t
pausing_write_cb (char *data,
                  size_t size,
                  size_t n,
                  void *user_data)
{
  Pausing *self = user_data;

  if (self->got > 100000 && !self->resumed)
    {
      self->paused = TRUE;
      return CURL_WRITEFUNC_PAUSE;
    }
  self->got += n;
  return n;
}

static gboolean
is_paused (gpointer data)
{
  return ((Pausing *) data)->paused;
}

/* One tunnel stands still; the others go on, and the proxy is stopped from sending more than a window of it. */
static void
run_pause (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  Pausing pausing = { 0 };
  CaseTransfer *other;

  carried_init (&carrier, c, TRUE);
  pausing.t = carried (&carrier, "far.example", "/big");
  case_set (pausing.t, CURLOPT_WRITEFUNCTION, pausing_write_cb);
  case_set (pausing.t, CURLOPT_WRITEDATA, &pausing);
  case_add (pausing.t);
  g_assert_true (case_run_until (c, is_paused, &pausing, 10000));
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *host = g_strdup_printf ("near%u.example", i);

      other = carried (&carrier, host, "/big");
      other->keep_body = FALSE;
      other->seed = 1;
      case_run_transfer (other);
      case_check_ok (other, 200, NULL);
      g_assert_cmpuint (other->body_length, ==, BIG);
    }
  g_assert_cmpuint (pausing.t->n_done, ==, 0);
  pausing.resumed = TRUE;
  curl_easy_pause (pausing.t->easy, CURLPAUSE_CONT);
  case_run (c);
  case_check_ok (pausing.t, 200, NULL);
  g_assert_cmpuint (pausing.got, ==, BIG);
  g_assert_cmpuint (proxy_front_n_connections (carrier.front), ==, 1);
}

static void
run_upload (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  g_autoptr (GBytes) data = g_bytes_new_take (g_strnfill (BIG, 'x'), BIG);
  CaseTransfer *transfers[3];

  carried_init (&carrier, c, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i);

      transfers[i] = carried (&carrier, host, "/up");
      case_upload_from (transfers[i], g_bytes_ref (data), 0);
      case_set (transfers[i], CURLOPT_UPLOAD, 1L);
      case_set (transfers[i], CURLOPT_INFILESIZE_LARGE, (curl_off_t) BIG);
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      case_check_ok (transfers[i], 200, "taken");
      g_assert_cmpuint (scripted_server_request (case_server (c), i)->body_length, ==, BIG);
    }
  check_front (&carrier, 1, 3);
}

/* One goes in the middle: those beside it do not notice, nor does the next. */
static void
run_cancel (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *stalled, *other;

  carried_init (&carrier, c, TRUE);
  case_add (stalled = carried (&carrier, "far.example", "/stall"));
  case_add (other = carried (&carrier, "near.example", "/later"));
  case_run_asked (c, case_server (c), 2);
  case_remove (stalled);
  case_run_done (other);
  case_check_ok (other, 200, "later");
  case_run_transfer (other = carried (&carrier, "far.example", "/a"));
  case_check_ok (other, 200, "through");
  g_assert_cmpuint (proxy_front_n_connections (carrier.front), ==, 1);
}

/* Who makes the carrier goes: who waits for it makes another one. */
static void
run_maker_removed (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *first, *second;

  carried_init (&carrier, c, TRUE);
  case_add (first = carried (&carrier, "far.example", "/a"));
  case_add (second = carried (&carrier, "near.example", "/a"));
  case_run_for (c, 1);
  case_remove (first);
  case_run (c);
  case_check_ok (second, 200, "through");
}

static gboolean
has_stream (gpointer data)
{
  return proxy_front_n_streams (((Carried *) data)->front) > 0;
}

/* Who waits for the proxy's answer goes, and is gone when it comes: it must not be put where he would have had it. */
static void
run_gone_before_answer (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *gone, *other;

  carried_init (&carrier, c, TRUE);
  proxy_server_set_fields (carrier.proxy, "X-Proxy: for whom?\r\n");
  proxy_server_set_drip (carrier.proxy, 2);
  case_add (gone = carried (&carrier, "far.example", "/a"));
  g_assert_true (case_run_until (c, has_stream, &carrier, 10000));
  case_remove (gone);
  curl_easy_cleanup (gone->easy);
  gone->easy = curl_easy_init ();
  g_usleep (300 * 1000); /* nobody turns, and the answer arrives */
  case_run_transfer (other = carried (&carrier, "near.example", "/a"));
  case_check_ok (other, 200, "through");
  case_check_order (other, "HHBD");
}

/* Limits count what goes over carriers, and never keep anybody waiting for one. */
static void
run_limits (Case *c)
{
  for (guint http2 = 0; http2 < 2; http2++)
    {
      g_auto (Carried) carrier = { 0 };
      CaseTransfer *transfers[6];

      carried_init (&carrier, c, http2);
      curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 2L);
      curl_multi_setopt (case_driver (c)->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
      for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
        {
          g_autofree char *host = g_strdup_printf ("far%u.example", i % 3);

          case_add (transfers[i] = carried (&carrier, host, "/later"));
        }
      case_run (c);
      for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
        case_check_ok (transfers[i], 200, "later");
    }
}

/* ---- the proxy fails ---- */

static void
run_untrusted (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *transfers[3];

  carried_init (&carrier, c, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      transfers[i] = carried (&carrier, "far.example", "/a");
      case_set (transfers[i], CURLOPT_PROXY_CAINFO, NULL);
      case_add (transfers[i]);
    }
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    case_check_error (transfers[i], CURLE_PEER_FAILED_VERIFICATION);
}

static void
run_lost (Case *c)
{
  g_auto (Carried) carrier = { 0 };
  CaseTransfer *transfers[3];

  carried_init (&carrier, c, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    {
      g_autofree char *host = g_strdup_printf ("far%u.example", i);

      case_add (transfers[i] = carried (&carrier, host, "/stall"));
    }
  case_run_for (c, 100);
  g_clear_pointer (&carrier.front, proxy_front_free);
  case_run (c);
  for (guint i = 0; i < G_N_ELEMENTS (transfers); i++)
    g_assert_cmpint (transfers[i]->result, !=, CURLE_OK);
}

/* ---- requests that the proxy forwards ---- */

typedef struct
{
  Case *c;
  ScriptedServer *proxy; /* (owned): answers for the whole world */
} Forward;

static ScriptedAnswer *
answer_login (const ScriptedRequest *request,
              gpointer user_data)
{
  return g_strcmp0 (scripted_request_header (request, "Proxy-Authorization"), "Basic dXNlcjpzZWNyZXQ=") == 0
           ? scripted_answer_text (200, NULL, "inside")
           : scripted_answer_text (407, "Proxy-Authenticate: Basic realm=\"way out\"\r\n", "stop");
}

static void
forward_init (Forward *self,
              Case *c,
              gboolean http2)
{
  self->c = c;
  self->proxy = scripted_server_new (SCRIPTED_SERVER_TLS | (http2 ? SCRIPTED_SERVER_HTTP2 : 0));
  scripted_server_on (self->proxy, "*", scripted_answer_text (200, NULL, "through"));
  scripted_server_on (self->proxy, "GET /login?a", scripted_answer_handler (scripted_answer_new (), answer_login, NULL));
}

static void
forward_clear (Forward *self)
{
  scripted_server_free (self->proxy);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Forward, forward_clear)

static CaseTransfer *
forwarded (Forward *self,
           const char *url)
{
  CaseTransfer *t = case_transfer (self->c, url);

  case_set (t, CURLOPT_PROXY, scripted_server_url (self->proxy, ""));
  case_set (t, CURLOPT_PROXYTYPE, (long) CURLPROXY_HTTPS2);
  case_set (t, CURLOPT_PROXY_CAINFO, scripted_tls_get_authority_file ());
  return t;
}

static void
check_field (Forward *self,
             guint number,
             const char *name,
             const char *value)
{
  g_assert_cmpstr (scripted_request_header (scripted_server_request (self->proxy, number), name), ==, value);
}

/* What is absolute in the request line of HTTP/1 has fields of its own; the proxy goes by them, whatever the user calls the
 * host. */
static void
run_forward (Case *c)
{
  g_auto (Forward) forward = { 0 };
  CaseTransfer *t;

  forward_init (&forward, c, TRUE);
  case_run_transfer (t = forwarded (&forward, "http://far.example:81/a?b"));
  case_check_ok (t, 200, "through");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_2_0);
  g_assert_cmpstr (scripted_server_request (forward.proxy, 0)->target, ==, "/a?b");
  check_field (&forward, 0, "Host", "far.example:81");

  t = forwarded (&forward, "http://other.example");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Host: elsewhere.example", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  g_assert_cmpstr (scripted_server_request (forward.proxy, 1)->target, ==, "/");
  check_field (&forward, 1, "Host", "other.example");

  t = forwarded (&forward, "http://far.example/put");
  case_set (t, CURLOPT_POSTFIELDS, "the body");
  case_set (t, CURLOPT_HTTPHEADER, case_list (t, "Host:", NULL));
  case_run_transfer (t);
  case_check_ok (t, 200, "through");
  check_field (&forward, 2, "Host", "far.example");
  g_assert_cmpuint (scripted_server_request (forward.proxy, 2)->body_length, ==, 8);
  g_assert_cmpuint (scripted_server_n_connections (forward.proxy), ==, 1);
}

/* All origins share one connection, before it is there as well. */
static void
run_forward_many (Case *c)
{
  g_auto (Forward) forward = { 0 };
  CaseTransfer *transfers[N];

  forward_init (&forward, c, TRUE);
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *url = g_strdup_printf ("http://far%u.example/a", i % 5);

      case_add (transfers[i] = forwarded (&forward, url));
    }
  case_run (c);
  for (guint i = 0; i < N; i++)
    case_check_ok (transfers[i], 200, "through");
  g_assert_cmpuint (scripted_server_n_connections (forward.proxy), ==, 1);
}

/* Who wants HTTP/1.1 gets it, and so does who asks a proxy that has nothing else: in absolute form. */
static void
run_forward_http1 (Case *c)
{
  for (guint http2 = 0; http2 < 2; http2++)
    {
      g_auto (Forward) forward = { 0 };
      CaseTransfer *t;

      forward_init (&forward, c, http2 != 0);
      t = forwarded (&forward, "http://far.example/a");
      if (http2)
        case_set (t, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
      case_run_transfer (t);
      case_check_ok (t, 200, "through");
      g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_1_1);
      g_assert_cmpstr (scripted_server_request (forward.proxy, 0)->target, ==, "http://far.example/a");

      /* Without a wish the connection of that one serves only if there is nothing better. */
      case_run_transfer (t = forwarded (&forward, "http://far.example/a"));
      case_check_ok (t, 200, "through");
      g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, http2 ? CURL_HTTP_VERSION_2_0 : CURL_HTTP_VERSION_1_1);
      g_assert_cmpuint (scripted_server_n_connections (forward.proxy), ==, 1 + http2);
    }
}

static void
run_forward_login (Case *c)
{
  g_auto (Forward) forward = { 0 };
  CaseTransfer *t;

  forward_init (&forward, c, TRUE);
  case_run_transfer (t = forwarded (&forward, "http://far.example/login?a"));
  case_check_ok (t, 407, "stop");
  t = forwarded (&forward, "http://far.example/login?a");
  case_set (t, CURLOPT_PROXYUSERPWD, "user:secret");
  case_run_transfer (t);
  case_check_ok (t, 200, "inside");
  g_assert_cmpint (case_info (t, CURLINFO_HTTP_VERSION), ==, CURL_HTTP_VERSION_2_0);
}

#endif

#define FLAGS CASE_NOT_ON_LIBCURL | CASE_ONLY_CLEARTEXT
#define WHY "it has no proxies with HTTP/2 yet"

const CaseSpec case_carrier[] = {
#if defined CASES_WITH_HTTP2 && !defined CASES_ON_LIBCURL
  { "proxy-h2-tunnel", run_tunnel, FLAGS, WHY },
  { "proxy-h2-http1", run_http1, FLAGS, WHY },
  { "proxy-h2-many", run_many, FLAGS, WHY },
  { "proxy-h2-few-streams", run_few_streams, FLAGS, WHY },
  { "proxy-h2-secure", run_secure, FLAGS, WHY },
  { "proxy-h2-login", run_login, FLAGS, WHY },
  { "proxy-h2-refused", run_refused, FLAGS, WHY },
  { "proxy-h2-resets", run_resets, FLAGS, WHY },
  { "proxy-h2-goaway", run_goaway, FLAGS, WHY },
  { "proxy-h2-pause", run_pause, FLAGS, WHY },
  { "proxy-h2-upload", run_upload, FLAGS, WHY },
  { "proxy-h2-cancel", run_cancel, FLAGS, WHY },
  { "proxy-h2-maker-removed", run_maker_removed, FLAGS, WHY },
  { "proxy-h2-gone-before-answer", run_gone_before_answer, FLAGS, WHY },
  { "proxy-h2-limits", run_limits, FLAGS, WHY },
  { "proxy-h2-untrusted", run_untrusted, FLAGS, WHY },
  { "proxy-h2-lost", run_lost, FLAGS, WHY },
  { "proxy-h2-forward", run_forward, FLAGS, WHY },
  { "proxy-h2-forward-many", run_forward_many, FLAGS, WHY },
  { "proxy-h2-forward-http1", run_forward_http1, FLAGS, WHY },
  { "proxy-h2-forward-login", run_forward_login, FLAGS, WHY },
#endif
  { NULL },
};
