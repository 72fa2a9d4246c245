/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-connection.h"

static GmUrl *
url (const char *text)
{
  GmUrl *result = NULL;

  g_assert_cmpint (gm_url_parse (text, strlen (text), GM_URL_DEFAULT, &result), ==, GM_OK);
  return result;
}

/* ---- keys: every member flipped gives another key ---- */

typedef void (*Flip) (GmPoolKey *key, GmConnectSettings *settings);

static void
flip_scheme (GmPoolKey *key,
             GmConnectSettings *settings)
{
  gm_url_unref (key->url);
  key->url = url ("https://host.example:8080/");
}

static void
flip_host (GmPoolKey *key,
           GmConnectSettings *settings)
{
  gm_url_unref (key->url);
  key->url = url ("http://host.exampl:8080/");
}

static void
flip_port (GmPoolKey *key,
           GmConnectSettings *settings)
{
  gm_url_unref (key->url);
  key->url = url ("http://host.example:8081/");
}

static void
flip_connect_host (GmPoolKey *key,
                   GmConnectSettings *settings)
{
  key->connect_host = GM_SPAN ("other.example");
}

static void
flip_connect_port (GmPoolKey *key,
                   GmConnectSettings *settings)
{
  key->connect_port = 8081;
}

static void
flip_places (GmPoolKey *key,
             GmConnectSettings *settings)
{
  GmAddress address = { 0 };

  g_assert_true (gm_address_set_path (&address, "/run/x", FALSE));
  settings->places = g_bytes_new (&address, sizeof address);
}

static void
flip_unix_path (GmPoolKey *key,
                GmConnectSettings *settings)
{
  settings->unix_path = g_ref_string_new ("/run/x");
}

static void
flip_unix_abstract (GmPoolKey *key,
                    GmConnectSettings *settings)
{
  settings->unix_abstract = TRUE;
}

static void
flip_announce (GmPoolKey *key,
               GmConnectSettings *settings)
{
  settings->announce = TRUE;
}

static void
flip_announced_address (GmPoolKey *key,
                        GmConnectSettings *settings)
{
  settings->announced_address = g_ref_string_new ("192.0.2.1");
}

static void
flip_doh_uri (GmPoolKey *key,
              GmConnectSettings *settings)
{
  settings->doh_uri = g_ref_string_new ("https://192.0.2.1/");
}

static void
flip_interface (GmPoolKey *key,
                GmConnectSettings *settings)
{
  settings->local_interface = g_ref_string_new ("eth0");
}

static void
flip_address_scope (GmPoolKey *key,
                    GmConnectSettings *settings)
{
  settings->address_scope = 3;
}

static void
flip_local_port (GmPoolKey *key,
                 GmConnectSettings *settings)
{
  settings->local_port = 4000;
}

static void
flip_local_port_range (GmPoolKey *key,
                       GmConnectSettings *settings)
{
  settings->local_port_range = 10;
}

static void
flip_ip_version (GmPoolKey *key,
                 GmConnectSettings *settings)
{
  settings->ip_version = GM_IP_V6;
}

/* ---- the way there ---- */

static GmProxy *
new_proxy (const char *text,
           gboolean tunnel)
{
  GmProxy *proxy = NULL;

  g_assert_cmpint (gm_proxy_parse (text, GM_PROXY_HTTP, 0, &proxy), ==, GM_OK);
  proxy->tunnel = tunnel;
  return proxy;
}

/* "@" in front: it forwards; " " divides it from the one it is reached by. */
static GmProxy *
proxy_from (const char *text)
{
  gboolean forwards = text[0] == '@';
  g_auto (GStrv) words = g_strsplit (text + forwards, " ", 2);
  GmProxy *proxy = new_proxy (words[0], !forwards);

  if (words[1] != NULL)
    proxy->via = new_proxy (words[1], FALSE);
  return proxy;
}

/* TLS to the proxy counts where there is some. */
static void
test_key_proxy_tls (void)
{
  static const char *const proxies[] = { "https://proxy.example", "@https://proxy.example", "http://proxy.example" };

  for (guint i = 0; i < G_N_ELEMENTS (proxies); i++)
    {
      GmConnectSettings *a = gm_connect_settings_copy (&gm_connect_settings_default);
      GmConnectSettings *b = gm_connect_settings_copy (&gm_connect_settings_default);
      GmTlsSettings *tls = gm_tls_settings_copy (&gm_tls_settings_default);
      GmProxy *proxy = proxy_from (proxies[i]);
      GmPoolKey x = { .url = url ("http://host.example/"), .settings = a, .proxy = proxy };
      GmPoolKey y = { .url = url ("http://host.example/"), .settings = b, .proxy = proxy };

      g_assert_true (gm_pool_key_equal (&x, &y));
      tls->verify_peer = !tls->verify_peer;
      b->proxy_tls = tls;
      g_assert_cmpint (gm_pool_key_equal (&x, &y), ==, i == 2);
      gm_url_unref (x.url);
      gm_url_unref (y.url);
      gm_proxy_unref (proxy);
      gm_connect_settings_unref (a);
      gm_connect_settings_unref (b);
    }
}

/* What carries tunnels is told from what goes through one, and has nothing to do with any origin. */
static void
test_key_carrier (void)
{
  GmConnectSettings *settings = gm_connect_settings_copy (&gm_connect_settings_default);
  GmTlsSettings *tls = gm_tls_settings_copy (&gm_tls_settings_default);
  GmProxy *proxy = proxy_from ("https://u:p@proxy.example:1"), *other = proxy_from ("https://u:P@proxy.example:1");
  GmPoolKey tunnel = { .url = url ("http://host.example/"), .settings = &gm_connect_settings_default, .proxy = proxy };
  GmPoolKey x = { .settings = &gm_connect_settings_default, .proxy = proxy, .carrier = TRUE };
  GmPoolKey y = { .url = tunnel.url, .settings = &gm_connect_settings_default, .proxy = proxy, .carrier = TRUE };

  g_assert_true (gm_pool_key_equal (&x, &y));
  g_assert_cmpuint (gm_pool_key_hash (&x), ==, gm_pool_key_hash (&y));
  g_assert_false (gm_pool_key_equal (&tunnel, &y));
  g_assert_false (gm_pool_key_equal (&y, &tunnel));
  y.proxy = other;
  g_assert_false (gm_pool_key_equal (&x, &y));
  y.proxy = proxy;
  tls->verify_peer = !tls->verify_peer;
  settings->proxy_tls = tls;
  y.settings = settings;
  g_assert_false (gm_pool_key_equal (&x, &y));

  gm_connect_settings_unref (settings);
  gm_url_unref (tunnel.url);
  gm_proxy_unref (proxy);
  gm_proxy_unref (other);
}

static gboolean
keys_equal (GmProxy *a,
            const char *url_a,
            GmProxy *b,
            const char *url_b)
{
  GmPoolKey x = { .url = url (url_a), .settings = &gm_connect_settings_default, .proxy = a };
  GmPoolKey y = { .url = url (url_b), .settings = &gm_connect_settings_default, .proxy = b };
  gboolean equal = gm_pool_key_equal (&x, &y);

  g_assert_cmpint (gm_pool_key_equal (&y, &x), ==, equal);
  if (equal)
    g_assert_cmpuint (gm_pool_key_hash (&x), ==, gm_pool_key_hash (&y));
  gm_url_unref (x.url);
  gm_url_unref (y.url);

  return equal;
}

/* Every member of a proxy, and of the one before it, flipped. */
static void
test_key_proxy (void)
{
  static const char base[] = "http://u:p@proxy.example:1 socks5://v:q@pre.example:2";
  static const char *const others[] = {
    "@http://u:p@proxy.example:1 socks5://v:q@pre.example:2",
    "https://u:p@proxy.example:1 socks5://v:q@pre.example:2",
    "http://w:p@proxy.example:1 socks5://v:q@pre.example:2",
    "http://u:P@proxy.example:1 socks5://v:q@pre.example:2",
    "http://u@proxy.example:1 socks5://v:q@pre.example:2",
    "http://proxy.example:1 socks5://v:q@pre.example:2",
    "http://u:p@proxz.example:1 socks5://v:q@pre.example:2",
    "http://u:p@proxy.example:2 socks5://v:q@pre.example:2",
    "http://u:p@proxy.example:1 socks5h://v:q@pre.example:2",
    "http://u:p@proxy.example:1 socks5://w:q@pre.example:2",
    "http://u:p@proxy.example:1 socks5://v:Q@pre.example:2",
    "http://u:p@proxy.example:1 socks5://v:q@prf.example:2",
    "http://u:p@proxy.example:1 socks5://v:q@pre.example:3",
    "http://u:p@proxy.example:1",
  };
  static const char address[] = "http://host.example/";
  GmStringList field = { (char *) "X-Field: 1", NULL };
  GmProxy *x = proxy_from (base), *y = proxy_from (base);

  g_assert_true (keys_equal (x, address, y, address));
  g_assert_false (keys_equal (x, address, NULL, address));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      GmProxy *z = proxy_from (others[i]);

      g_assert_false (keys_equal (x, address, z, address));
      gm_proxy_unref (z);
    }

  y->auth ^= 2;
  g_assert_false (keys_equal (x, address, y, address));
  y->auth = x->auth;
  y->socks_auth ^= 1;
  g_assert_false (keys_equal (x, address, y, address));
  y->socks_auth = x->socks_auth;
  y->service = g_strdup ("web");
  g_assert_false (keys_equal (x, address, y, address));
  g_clear_pointer (&y->service, g_free);
  y->tickets = g_strdup ("FILE:/tmp/other");
  g_assert_false (keys_equal (x, address, y, address));
  g_clear_pointer (&y->tickets, g_free);
  g_assert_cmpint (gm_proxy_add_fields (y, &field), ==, GM_OK);
  g_assert_false (keys_equal (x, address, y, address));
  gm_proxy_unref (x);
  gm_proxy_unref (y);
}

/* What is spoken with a proxy that forwards is the user's wish, too. */
static void
test_key_forward_speak (void)
{
  GmProxy *proxy = proxy_from ("@http://proxy.example");
  GmPoolKey x = { .url = url ("http://a.example/"), .settings = &gm_connect_settings_default, .proxy = proxy };
  GmPoolKey y = x;

  x.speak = y.speak = GM_SPEAK_HTTP1 | GM_SPEAK_HTTP2;
  g_assert_true (gm_pool_key_equal (&x, &y));
  y.speak = GM_SPEAK_HTTP1;
  g_assert_false (gm_pool_key_equal (&x, &y));
  gm_url_unref (x.url);
  gm_proxy_unref (proxy);
}

/* Who goes through a tunnel wants one to the same place; who has requests forwarded, any connection to the proxy. */
static void
test_key_forward (void)
{
  GmProxy *tunnel = proxy_from ("http://proxy.example"), *forward = proxy_from ("@http://proxy.example");
  GmProxy *other = proxy_from ("@http://other.example"), *socks = proxy_from ("socks5://proxy.example");

  g_assert_true (keys_equal (forward, "http://a.example/", forward, "http://b.example:81/"));
  g_assert_false (keys_equal (forward, "http://a.example/", other, "http://a.example/"));
  g_assert_false (keys_equal (tunnel, "http://a.example/", tunnel, "http://b.example/"));
  g_assert_false (keys_equal (tunnel, "http://a.example/", tunnel, "http://a.example:81/"));
  g_assert_false (keys_equal (socks, "http://a.example/", socks, "http://b.example/"));
  g_assert_false (keys_equal (forward, "http://a.example/", NULL, "http://proxy.example:1080/"));
  gm_proxy_unref (tunnel);
  gm_proxy_unref (forward);
  gm_proxy_unref (other);
  gm_proxy_unref (socks);
}

static void
flip_speak (GmPoolKey *key,
            GmConnectSettings *settings)
{
  key->speak = GM_SPEAK_HTTP2_AT_ONCE;
}

static void
flip_login (GmPoolKey *key,
            GmConnectSettings *settings)
{
  key->login = "somebody";
}

static void
test_key_members (void)
{
  static const Flip flips[] = { flip_scheme,        flip_host,          flip_port,       flip_connect_host,
                                flip_connect_port,  flip_places,        flip_unix_path,  flip_interface,  flip_unix_abstract,
                                flip_local_port,    flip_address_scope, flip_local_port_range, flip_ip_version,
                                flip_login,         flip_speak,         flip_announce,      flip_announced_address,
                                flip_doh_uri };

  for (guint i = 0; i < G_N_ELEMENTS (flips); i++)
    {
      GmConnectSettings *a = gm_connect_settings_copy (&gm_connect_settings_default);
      GmConnectSettings *b = gm_connect_settings_copy (&gm_connect_settings_default);
      GmPoolKey x = { .url = url ("http://host.example:8080/a?b"), .settings = a };
      GmPoolKey y = { .url = url ("http://user@HOST.example:8080/c#d"), .settings = b };

      g_assert_true (gm_pool_key_equal (&x, &y));
      g_assert_cmpuint (gm_pool_key_hash (&x), ==, gm_pool_key_hash (&y));
      flips[i](&y, b);
      g_assert_false (gm_pool_key_equal (&x, &y));
      g_assert_false (gm_pool_key_equal (&y, &x));
      gm_url_unref (x.url);
      gm_url_unref (y.url);
      gm_connect_settings_unref (a);
      gm_connect_settings_unref (b);
    }
}

/* Who lets a name server be anybody may be led anywhere, and over cleartext nobody else notices. */
static void
test_key_names (void)
{
  for (guint i = 0; i < 8; i++)
    {
      gboolean asks = i % 2 != 0;
      GmConnectSettings *a = gm_connect_settings_copy (&gm_connect_settings_default), *b;
      GmTlsSettings *tls = gm_tls_settings_copy (&gm_tls_settings_default);
      GmPoolKey x = { .url = url ("http://host.example/") }, y = x;

      if (asks)
        a->doh_uri = g_ref_string_new ("https://192.0.2.1/");
      b = gm_connect_settings_copy (a);
      b->doh_verify_peer ^= i / 2 == 0;
      b->doh_verify_host ^= i / 2 == 1;
      b->doh_verify_status ^= i / 2 == 2;
      tls->crl_file = g_ref_string_new ("/some/file");
      if (i / 2 == 3)
        b->tls = gm_tls_settings_ref (tls);
      x.settings = a;
      y.settings = b;
      g_assert_cmpint (gm_pool_key_equal (&x, &y), ==, !asks);
      g_assert_cmpint (gm_pool_key_equal (&y, &x), ==, !asks);
      gm_url_unref (x.url);
      gm_tls_settings_unref (tls);
      gm_connect_settings_unref (a);
      gm_connect_settings_unref (b);
    }
}

/* ---- members that count where TLS is spoken ---- */

typedef void (*FlipTls) (GmTlsSettings *settings);

#define FLIP_STRING(name)                                                                                              \
  static void flip_tls_##name (GmTlsSettings *settings)                                                                \
  {                                                                                                                    \
    settings->name = g_ref_string_new ("other");                                                                       \
  }
#define FLIP_BYTES(name)                                                                                               \
  static void flip_tls_##name (GmTlsSettings *settings)                                                                \
  {                                                                                                                    \
    settings->name = gm_secret_bytes_new ("other", 5);                                                                 \
  }
#define FLIP_NUMBER(name)                                                                                              \
  static void flip_tls_##name (GmTlsSettings *settings)                                                                \
  {                                                                                                                    \
    settings->name ^= 1;                                                                                               \
  }
GM_TLS_STRINGS (FLIP_STRING)
GM_TLS_BYTES (FLIP_BYTES)
GM_TLS_NUMBERS (FLIP_NUMBER)

static void
test_key_tls_members (void)
{
#define FLIP_NAME(name) flip_tls_##name,
  static const FlipTls flips[] = { GM_TLS_STRINGS (FLIP_NAME) GM_TLS_BYTES (FLIP_NAME) GM_TLS_NUMBERS (FLIP_NAME) };

  for (guint i = 0; i < G_N_ELEMENTS (flips); i++)
    {
      GmConnectSettings *a = gm_connect_settings_copy (&gm_connect_settings_default);
      GmConnectSettings *b = gm_connect_settings_copy (&gm_connect_settings_default);
      GmTlsSettings *tls = gm_tls_settings_copy (&gm_tls_settings_default);
      GmPoolKey x = { .url = url ("https://host.example/a"), .settings = a };
      GmPoolKey y = { .url = url ("https://host.example/b"), .settings = b };
      GmTlsSettings *copy;

      b->tls = tls;
      g_assert_true (gm_pool_key_equal (&x, &y));
      flips[i](tls);
      g_assert_false (gm_pool_key_equal (&x, &y));
      g_assert_false (gm_pool_key_equal (&y, &x));
      copy = gm_tls_settings_copy (tls);
      a->tls = copy;
      g_assert_true (gm_pool_key_equal (&x, &y));

      gm_url_unref (x.url);
      gm_url_unref (y.url);
      gm_connect_settings_unref (a);
      gm_connect_settings_unref (b);
    }
}

/* Without TLS nothing of it matters. */
static void
test_key_tls_elsewhere (void)
{
  GmConnectSettings *a = gm_connect_settings_copy (&gm_connect_settings_default);
  GmTlsSettings *tls = gm_tls_settings_copy (&gm_tls_settings_default);
  GmPoolKey x = { .url = url ("http://host.example/"), .settings = &gm_connect_settings_default };
  GmPoolKey y = { .url = url ("http://host.example/"), .settings = a };

  tls->verify_peer = FALSE;
  a->tls = tls;
  g_assert_true (gm_pool_key_equal (&x, &y));
  gm_url_unref (x.url);
  gm_url_unref (y.url);
  gm_connect_settings_unref (a);
}

/* ---- the pool, over simulated channels ---- */

typedef struct
{
  GmLayer layer; /* first member */
  gboolean *alive;
  guint *n_freed;
  guint goodbyes; /* shutdown() answers AGAIN so many times */
} Fake;

static gboolean
fake_query (GmLayer *layer,
            GmQuery query,
            gpointer answer)
{
  if (query != GM_QUERY_ALIVE)
    return FALSE;
  *(gboolean *) answer = *((Fake *) layer)->alive;
  return TRUE;
}

static GmResult
fake_connect (GmLayer *layer)
{
  return GM_OK;
}

static GmResult
fake_shutdown (GmLayer *layer)
{
  Fake *self = (Fake *) layer;

  if (self->goodbyes == 0)
    return GM_OK;
  self->goodbyes--;
  return GM_AGAIN;
}

static void
fake_free (GmLayer *layer)
{
  (*((Fake *) layer)->n_freed)++;
  g_free (layer);
}

static const GmLayerType fake_type = {
  .name = "fake", .connect = fake_connect, .shutdown = fake_shutdown, .query = fake_query, .free = fake_free
};

static gint64 fake_time;

static gint64
fake_clock (gpointer user_data)
{
  return fake_time;
}

typedef struct
{
  GmReactor reactor;
  GmPool *pool;
  gboolean alive;
  guint n_freed;
} Fixture;

static void
set_up (Fixture *f,
        gconstpointer data)
{
  static const GmClock clock = { fake_clock, fake_clock, NULL };

  fake_time = 1000000;
  gm_reactor_init (&f->reactor, &clock, NULL, NULL);
  f->pool = gm_pool_new (&f->reactor);
  f->alive = TRUE;
}

static void
tear_down (Fixture *f,
           gconstpointer data)
{
  gm_pool_free (f->pool);
  gm_reactor_clear (&f->reactor);
}

static GmConnection *
open_one (Fixture *f,
          const char *text)
{
  GmPoolKey key = { .url = url (text), .settings = &gm_connect_settings_default };
  GmConnection *connection = gm_pool_open (f->pool, &key, key.settings);
  Fake *fake = g_new0 (Fake, 1);

  fake->layer = (GmLayer){ &fake_type, NULL, &connection->host };
  fake->alive = &f->alive;
  fake->n_freed = &f->n_freed;
  connection->top = &fake->layer;
  g_assert_cmpint (connection->state, ==, GM_CONNECTION_CONNECTING);
  g_assert_cmpint (gm_connection_connect (connection), ==, GM_OK);
  g_assert_cmpint (connection->state, ==, GM_CONNECTION_BUSY);
  gm_url_unref (key.url);

  return connection;
}

static GmConnection *
take (Fixture *f,
      const char *text)
{
  GmPoolKey key = { .url = url (text), .settings = &gm_connect_settings_default };
  GmConnection *connection = gm_pool_take (f->pool, &key, key.settings, 0);

  gm_url_unref (key.url);
  return connection;
}

static GmPoolRoom
make_room (Fixture *f,
           const char *text)
{
  GmPoolKey key = { .url = url (text), .settings = &gm_connect_settings_default };
  GmPoolRoom room = gm_pool_make_room (f->pool, &key, 0);

  gm_url_unref (key.url);
  return room;
}

static void
test_reuse (Fixture *f,
            gconstpointer data)
{
  GmConnection *a = open_one (f, "http://a/");
  GmConnection *b = open_one (f, "http://a/");

  g_assert_null (take (f, "http://a/"));
  gm_pool_give_back (f->pool, a, TRUE, 10);
  gm_pool_give_back (f->pool, b, TRUE, 10);
  g_assert_cmpuint (gm_pool_n_idle (f->pool), ==, 2);
  g_assert_null (take (f, "http://b/"));
  /* Last used first. */
  g_assert_true (take (f, "http://a/x") == b);
  g_assert_true (take (f, "http://a/y") == a);
  g_assert_null (take (f, "http://a/z"));
  gm_pool_give_back (f->pool, a, FALSE, 10);
  g_assert_cmpuint (f->n_freed, ==, 1);
  gm_pool_give_back (f->pool, b, TRUE, 10);

  /* Dead ones are found out. */
  f->alive = FALSE;
  g_assert_null (take (f, "http://a/"));
  g_assert_cmpuint (f->n_freed, ==, 2);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
}

static GmConnection *
take_as (Fixture *f,
         const char *text,
         const char *login)
{
  GmPoolKey key = { .url = url (text), .settings = &gm_connect_settings_default, .login = login };
  GmConnection *connection = gm_pool_take (f->pool, &key, &gm_connect_settings_default, 0);

  gm_url_unref (key.url);
  return connection;
}

/* A connection that somebody has logged in is his alone, whatever else is the same, and counts as any other. */
static void
test_bound (Fixture *f,
            gconstpointer data)
{
  GmConnection *a = open_one (f, "http://a/");
  GmConnection *b = open_one (f, "http://a/");

  gm_pool_bind (f->pool, a, "me");
  gm_pool_bind (f->pool, a, "me");
  gm_pool_give_back (f->pool, a, TRUE, 10);
  g_assert_cmpuint (gm_pool_n_idle (f->pool), ==, 1);
  g_assert_null (take (f, "http://a/"));
  g_assert_null (take_as (f, "http://a/", "you"));
  g_assert_null (take_as (f, "http://b/", "me"));
  g_assert_true (take_as (f, "http://a/", "me") == a);
  gm_pool_give_back (f->pool, a, TRUE, 10);
  /* Nor does who has a login get what is nobody's by its name. */
  gm_pool_give_back (f->pool, b, TRUE, 10);
  g_assert_null (take_as (f, "http://a/", "you"));
  g_assert_true (take (f, "http://a/") == b);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 2);

  /* One that was told two names is nobody's. */
  g_assert_true (take_as (f, "http://a/", "me") == a);
  gm_pool_bind (f->pool, a, "you");
  gm_pool_give_back (f->pool, a, TRUE, 10);
  g_assert_cmpuint (f->n_freed, ==, 1);
  g_assert_null (take_as (f, "http://a/", "you"));
  gm_pool_give_back (f->pool, b, FALSE, 10);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
}

static void
test_ages (Fixture *f,
           gconstpointer data)
{
  GmConnection *a = open_one (f, "http://a/");

  gm_pool_give_back (f->pool, a, TRUE, 10);
  fake_time += gm_connect_settings_default.max_idle_us;
  gm_reactor_begin_turn (&f->reactor);
  g_assert_true (take (f, "http://a/") == a);
  gm_pool_give_back (f->pool, a, TRUE, 10);
  fake_time += gm_connect_settings_default.max_idle_us + 1;
  gm_reactor_begin_turn (&f->reactor);
  /* Nobody asks: its own timer closes it. */
  gm_reactor_expire (&f->reactor);
  g_assert_cmpuint (f->n_freed, ==, 1);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
}

static void
count_turn (GmRunnable *runnable)
{
}

static void
test_limits_and_waiting (Fixture *f,
                         gconstpointer data)
{
  GmPoolLimits limits = { .max_total = 3, .max_per_host = 2, .max_idle = 10 };
  GmRunnable runnables[4] = { { .run = count_turn }, { .run = count_turn }, { .run = count_turn }, { .run = count_turn } };
  GmPoolWaiter waiters[4] = { { &runnables[0], .ticket = 5 }, { &runnables[1], .ticket = 6 }, { &runnables[2], .ticket = 7 },
                              { &runnables[3], .ticket = 4 } };
  GmPoolKey key_a = { .url = url ("http://a/"), .settings = &gm_connect_settings_default };
  GmPoolKey key_c = { .url = url ("http://c/"), .settings = &gm_connect_settings_default };
  GmConnection *a1, *a2, *b;

  gm_pool_set_limits (f->pool, &limits);
  a1 = open_one (f, "http://a/");
  a2 = open_one (f, "http://a/");
  g_assert_cmpint (make_room (f, "http://a/"), ==, GM_POOL_HOST_FULL);
  g_assert_cmpint (make_room (f, "http://b/"), ==, GM_POOL_MAY_OPEN);
  b = open_one (f, "http://b/");
  g_assert_cmpint (make_room (f, "http://c/"), ==, GM_POOL_FULL);

  gm_pool_wait (f->pool, &key_a, &waiters[0]);
  gm_pool_wait (f->pool, &key_a, &waiters[1]);
  gm_pool_wait (f->pool, &key_c, &waiters[2]);
  gm_pool_wait (f->pool, &key_a, &waiters[3]);
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 4);

  /* A free connection of the same origin goes to the head of that line, which is who has the first ticket. */
  gm_pool_give_back (f->pool, a1, TRUE, 10);
  g_assert_true (gm_runnable_is_queued (&runnables[3]));
  g_assert_false (gm_runnable_is_queued (&runnables[0]));
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 3);
  gm_pool_come_forward (f->pool, &waiters[3]);
  g_assert_true (take (f, "http://a/") == a1);
  gm_pool_pass_on (f->pool, GM_OK);
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 3);

  /* A place that another origin leaves goes to one that may open: "a" is full by its own limit, so "c". */
  gm_pool_give_back (f->pool, b, FALSE, 10);
  g_assert_true (gm_runnable_is_queued (&runnables[2]));
  g_assert_false (gm_runnable_is_queued (&runnables[0]));

  gm_pool_stop_waiting (f->pool, &waiters[0]);
  gm_pool_stop_waiting (f->pool, &waiters[0]);
  gm_pool_give_back (f->pool, a2, FALSE, 10);
  g_assert_true (gm_runnable_is_queued (&runnables[1]));
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 0);

  gm_pool_give_back (f->pool, a1, TRUE, 10);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 1);
  for (guint i = 0; i < 4; i++)
    {
      gm_pool_stop_waiting (f->pool, &waiters[i]);
      gm_reactor_dequeue (&f->reactor, &runnables[i]);
    }
  gm_url_unref (key_a.url);
  gm_url_unref (key_c.url);
}

/* What a waiter was woken for is kept from who comes later, and left to who came before; who went in vain has its place
 * back, and who stood back is not forgotten. */
static void
test_called (Fixture *f,
             gconstpointer data)
{
  GmPoolLimits limits = { .max_per_host = 2, .max_idle = 10 };
  GmRunnable runnables[5] = { { .run = count_turn }, { .run = count_turn }, { .run = count_turn }, { .run = count_turn },
                              { .run = count_turn } };
  GmPoolWaiter waiters[5];
  GmPoolKey key = { .url = url ("http://a/"), .settings = &gm_connect_settings_default };
  GmConnection *a, *b;

  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    waiters[i] = (GmPoolWaiter){ &runnables[i], .ticket = G_MAXUINT32 - 1 + i + (i > 1) }; /* round the end, without 0 */
  gm_pool_set_limits (f->pool, &limits);
  a = open_one (f, "http://a/");
  b = open_one (f, "http://a/");
  for (guint i = 0; i < 4; i++)
    gm_pool_wait (f->pool, &key, &waiters[i]);

  gm_pool_give_back (f->pool, a, TRUE, 10);
  gm_pool_give_back (f->pool, b, FALSE, 10);
  g_assert_true (gm_runnable_is_queued (&runnables[0]));
  g_assert_true (gm_runnable_is_queued (&runnables[1]));
  g_assert_false (gm_runnable_is_queued (&runnables[2]));

  /* a newcomer gets neither the connection nor the place */
  g_assert_null (gm_pool_take (f->pool, &key, key.settings, waiters[4].ticket));
  g_assert_cmpint (gm_pool_make_room (f->pool, &key, waiters[4].ticket), ==, GM_POOL_HOST_FULL);
  gm_pool_wait (f->pool, &key, &waiters[4]);

  /* who began before them may: then both go in vain, and are the first two all the same */
  g_assert_true (gm_pool_take (f->pool, &key, key.settings, waiters[0].ticket - 1) == a);
  g_assert_cmpint (gm_pool_make_room (f->pool, &key, waiters[0].ticket - 1), ==, GM_POOL_MAY_OPEN);
  b = open_one (f, "http://a/");
  for (guint i = 0; i < 2; i++)
    {
      gm_reactor_dequeue (&f->reactor, &runnables[i]);
      gm_pool_come_forward (f->pool, &waiters[i]);
      g_assert_null (gm_pool_take (f->pool, &key, key.settings, waiters[i].ticket));
      g_assert_cmpint (gm_pool_make_room (f->pool, &key, waiters[i].ticket), ==, GM_POOL_HOST_FULL);
      gm_pool_wait (f->pool, &key, &waiters[i]);
      gm_pool_pass_on (f->pool, GM_AGAIN);
    }
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 5);
  for (guint i = 0; i < 5; i++)
    {
      gm_pool_give_back (f->pool, a, TRUE, 10);
      for (guint k = 0; k < 5; k++)
        g_assert_cmpint (gm_runnable_is_queued (&runnables[k]), ==, k == i);
      gm_reactor_dequeue (&f->reactor, &runnables[i]);
      gm_pool_come_forward (f->pool, &waiters[i]);
      g_assert_true (gm_pool_take (f->pool, &key, key.settings, waiters[i].ticket) == a);
      gm_pool_pass_on (f->pool, GM_OK);
    }

  /* One was woken, one stood back, and there is enough for both; then the same, and the first goes. */
  for (guint i = 0; i < 2; i++)
    {
      gm_pool_wait (f->pool, &key, &waiters[0]);
      gm_pool_give_back (f->pool, a, TRUE, 10);
      gm_pool_give_back (f->pool, b, TRUE, 10);
      g_assert_null (gm_pool_take (f->pool, &key, key.settings, waiters[1].ticket));
      gm_pool_wait (f->pool, &key, &waiters[1]);
      g_assert_false (gm_runnable_is_queued (&runnables[1]));
      gm_reactor_dequeue (&f->reactor, &runnables[0]);
      if (i == 0)
        {
          gm_pool_come_forward (f->pool, &waiters[0]);
          g_assert_nonnull (b = gm_pool_take (f->pool, &key, key.settings, waiters[0].ticket));
          gm_pool_pass_on (f->pool, GM_OK);
        }
      else
        gm_pool_stop_waiting (f->pool, &waiters[0]);
      g_assert_true (gm_runnable_is_queued (&runnables[1]));
      gm_reactor_dequeue (&f->reactor, &runnables[1]);
      gm_pool_come_forward (f->pool, &waiters[1]);
      g_assert_nonnull (a = gm_pool_take (f->pool, &key, key.settings, waiters[1].ticket));
      gm_pool_pass_on (f->pool, GM_OK);
    }
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 0);
  gm_url_unref (key.url);
}

/* The only connection of an origin goes while the last that waits for the origin is woken: the origin goes neither
 * too early nor too late. */
static void
test_last_of_an_origin (Fixture *f,
                        gconstpointer data)
{
  GmPoolLimits limits = { .max_total = 1, .max_idle = 10 };
  GmRunnable runnable = { .run = count_turn };
  GmPoolWaiter waiter = { &runnable };
  GmPoolKey key = { .url = url ("http://a/"), .settings = &gm_connect_settings_default };
  GmConnection *a;

  gm_pool_set_limits (f->pool, &limits);
  a = open_one (f, "http://a/");
  gm_pool_wait (f->pool, &key, &waiter);
  gm_pool_give_back (f->pool, a, FALSE, 10);
  g_assert_true (gm_runnable_is_queued (&runnable));
  g_assert_cmpuint (gm_pool_n_waiting (f->pool), ==, 0);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
  gm_pool_come_forward (f->pool, &waiter);
  g_assert_cmpint (make_room (f, "http://a/"), ==, GM_POOL_MAY_OPEN);
  gm_reactor_dequeue (&f->reactor, &runnable);
  gm_url_unref (key.url);
}

/* A full house makes room by closing the connection that is idle longest; a smaller limit closes at once. */
static void
test_eviction (Fixture *f,
               gconstpointer data)
{
  GmPoolLimits limits = { .max_total = 2, .max_idle = -1 };
  GmConnection *a = open_one (f, "http://a/");
  GmConnection *b = open_one (f, "http://b/");

  gm_pool_set_limits (f->pool, &limits);
  gm_pool_give_back (f->pool, a, TRUE, 10);
  gm_pool_give_back (f->pool, b, TRUE, 10);
  g_assert_cmpint (make_room (f, "http://c/"), ==, GM_POOL_MAY_OPEN);
  g_assert_null (take (f, "http://a/"));
  g_assert_true (take (f, "http://b/") == b);
  gm_pool_give_back (f->pool, b, TRUE, 10);
  limits.max_idle = 0;
  gm_pool_set_limits (f->pool, &limits);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
  g_assert_cmpuint (f->n_freed, ==, 2);
}

/* Lower limits: a connection less is not yet a place, and one place may take several idle ones. */
static void
test_lowered_limits (Fixture *f,
                     gconstpointer data)
{
  GmPoolLimits limits = { .max_total = 4, .max_per_host = 0, .max_idle = 10 };
  GmRunnable runnables[2] = { { .run = count_turn }, { .run = count_turn } };
  GmPoolWaiter waiters[2] = { { &runnables[0] }, { &runnables[1] } };
  GmPoolKey key_a = { .url = url ("http://a/"), .settings = &gm_connect_settings_default };
  GmPoolKey key_c = { .url = url ("http://c/"), .settings = &gm_connect_settings_default };
  GmConnection *a1 = open_one (f, "http://a/");
  GmConnection *a2 = open_one (f, "http://a/");
  GmConnection *b1 = open_one (f, "http://b/");
  GmConnection *b2 = open_one (f, "http://b/");

  gm_pool_set_limits (f->pool, &limits);
  gm_pool_wait (f->pool, &key_a, &waiters[0]);
  gm_pool_wait (f->pool, &key_c, &waiters[1]);
  limits.max_per_host = 1;
  gm_pool_set_limits (f->pool, &limits);
  for (guint i = 0; i < 2; i++)
    {
      gm_pool_stop_waiting (f->pool, &waiters[i]);
      gm_reactor_dequeue (&f->reactor, &runnables[i]);
    }
  gm_pool_wait (f->pool, &key_a, &waiters[0]);
  gm_pool_wait (f->pool, &key_c, &waiters[1]);

  /* "a" has one still, which is all that it may have: the place is for "c". */
  gm_pool_give_back (f->pool, a1, FALSE, 10);
  g_assert_false (gm_runnable_is_queued (&runnables[0]));
  g_assert_true (gm_runnable_is_queued (&runnables[1]));
  gm_pool_give_back (f->pool, a2, FALSE, 10);
  g_assert_true (gm_runnable_is_queued (&runnables[0]));

  /* Both of "b" have to go for the one new connection that there may be. */
  gm_pool_give_back (f->pool, b1, TRUE, 10);
  gm_pool_give_back (f->pool, b2, TRUE, 10);
  limits.max_total = 1;
  gm_pool_set_limits (f->pool, &limits);
  for (guint i = 0; i < 2; i++)
    gm_pool_come_forward (f->pool, &waiters[i]);
  g_assert_cmpint (make_room (f, "http://c/"), ==, GM_POOL_MAY_OPEN);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
  for (guint i = 0; i < 2; i++)
    gm_reactor_dequeue (&f->reactor, &runnables[i]);
  gm_url_unref (key_a.url);
  gm_url_unref (key_c.url);
}

/* A goodbye that takes time does not count, and has an end of its own. */
static void
test_goodbye (Fixture *f,
              gconstpointer data)
{
  GmConnection *a = open_one (f, "http://a/");

  ((Fake *) a->top)->goodbyes = 1000;
  gm_pool_give_back (f->pool, a, FALSE, 10);
  g_assert_cmpuint (gm_pool_n_total (f->pool), ==, 0);
  g_assert_cmpuint (f->n_freed, ==, 0);
  fake_time += 3 * G_USEC_PER_SEC;
  gm_reactor_begin_turn (&f->reactor);
  gm_reactor_expire (&f->reactor);
  g_assert_cmpuint (f->n_freed, ==, 1);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/key-proxy", test_key_proxy);
  g_test_add_func ("/pool/key-forward", test_key_forward);
  g_test_add_func ("/pool/key-forward-speak", test_key_forward_speak);
  g_test_add_func ("/pool/key-proxy-tls", test_key_proxy_tls);
  g_test_add_func ("/pool/key-carrier", test_key_carrier);
  g_test_add_func ("/pool/key-members", test_key_members);
  g_test_add_func ("/pool/key-names", test_key_names);
  g_test_add_func ("/pool/key-tls-members", test_key_tls_members);
  g_test_add_func ("/pool/key-tls-elsewhere", test_key_tls_elsewhere);
  g_test_add ("/pool/reuse", Fixture, NULL, set_up, test_reuse, tear_down);
  g_test_add ("/pool/bound", Fixture, NULL, set_up, test_bound, tear_down);
  g_test_add ("/pool/ages", Fixture, NULL, set_up, test_ages, tear_down);
  g_test_add ("/pool/limits-and-waiting", Fixture, NULL, set_up, test_limits_and_waiting, tear_down);
  g_test_add ("/pool/called", Fixture, NULL, set_up, test_called, tear_down);
  g_test_add ("/pool/last-of-an-origin", Fixture, NULL, set_up, test_last_of_an_origin, tear_down);
  g_test_add ("/pool/lowered-limits", Fixture, NULL, set_up, test_lowered_limits, tear_down);
  g_test_add ("/pool/eviction", Fixture, NULL, set_up, test_eviction, tear_down);
  g_test_add ("/pool/goodbye", Fixture, NULL, set_up, test_goodbye, tear_down);
  return g_test_run ();
}
