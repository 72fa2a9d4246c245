/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-auth.h"
#include "gm-http-digest.h"

/* One target that answers 401 with challenges, and a login that is tried on it; the store between transfers. */

#define SERVER { GM_SPAN ("http"), GM_SPAN ("host.example"), 80, FALSE }

static const GmAuthTarget server = SERVER;

/* What the next request would carry: the field's value, "" for none. */
static char *
write_value (GmAuth *auth,
             const char *body)
{
  g_auto (GmByteBuilder) out = { 0 };
  GmSpan span = gm_span (body, body != NULL ? strlen (body) : 0);
  GmAuthAsk ask = { GM_SPAN ("GET"), GM_SPAN ("/x"), body != NULL ? &span : NULL };
  const char *value;

  g_assert_cmpint (gm_auth_prepare (auth, NULL, NULL), ==, GM_OK);
  g_assert_cmpint (gm_auth_write (auth, &ask, &out), ==, GM_OK);
  if (out.len == 0)
    return g_strdup ("");
  gm_byte_builder_append_char (&out, '\0');
  g_assert_true (g_str_has_suffix (out.data, "\r\n"));
  out.data[out.len - 3] = '\0';
  value = strstr (out.data, ": ");
  g_assert_nonnull (value);
  g_assert_null (strchr (out.data, '\r'));

  return g_strdup (value + 2);
}

#define ASSERT_WRITES(auth, start)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *value_ = write_value (auth, NULL);                                                                \
    g_autofree char *cut_ = g_strndup (value_, strlen (start));                                                        \
    g_assert_cmpstr (*(start) == '\0' ? value_ : cut_, ==, start);                                                     \
  }                                                                                                                    \
  G_STMT_END

static gboolean
refuse (GmAuth *auth,
        const char *first,
        const char *second)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (1024 * 1024, 100);

  gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("Server"), GM_SPAN ("x"));
  if (first != NULL)
    gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("www-authenticate"), gm_span (first, strlen (first)));
  if (second != NULL)
    gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("WWW-Authenticate"), gm_span (second, strlen (second)));

  return gm_auth_refused (auth, headers, 0, gm_headers_get_n_entries (headers));
}

static void
accept (GmAuth *auth,
        const char *info)
{
  g_autoptr (GmHeaders) headers = gm_headers_new (1024 * 1024, 100);

  if (info != NULL)
    gm_headers_append (headers, GM_HEADER_FINAL, GM_SPAN ("Authentication-Info"), gm_span (info, strlen (info)));
  gm_auth_accepted (auth, headers, 0, gm_headers_get_n_entries (headers));
}

static GmAuth *
login_new (GmAuthStore *store,
           guint allowed)
{
  GmAuth *auth = gm_auth_new (store, &server, allowed);

  gm_auth_set_login (auth, "user", "secret");
  return auth;
}

#define DIGEST(nonce) "Digest realm=\"r\", qop=\"auth\", nonce=\"" nonce "\""
#define ASSERT_HAS(text, part)                                                                                         \
  if (strstr (text, part) == NULL)                                                                                     \
  g_error ("no %s in %s", part, text)

typedef struct
{
  GmAuthStore *store;
} Fixture;

static void
set_up (Fixture *self,
        gconstpointer data)
{
  self->store = gm_auth_store_new ();
}

static void
tear_down (Fixture *self,
           gconstpointer data)
{
  gm_auth_store_free (self->store);
}

/* The only scheme goes unasked, and once. */
static void
test_basic (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_BASIC);

  g_assert_false (gm_auth_will_be_asked (auth));
  ASSERT_WRITES (auth, "Basic dXNlcjpzZWNyZXQ=");
  g_assert_false (refuse (auth, "Basic realm=x", NULL));
  g_assert_cmpint (gm_auth_get_offered (auth), ==, GM_AUTH_BASIC);
  g_assert_cmpuint (gm_auth_store_n (self->store), ==, 0);
}

static void
test_strongest (Fixture *self,
                gconstpointer data)
{
  static const struct
  {
    const char *first;
    const char *second;
    const char *written; /* NULL: given up */
  } cases[] = {
    { "Basic realm=x", NULL, "Basic dXNl" },
    { "Basic realm=x, " DIGEST ("n"), NULL, "Digest username=\"user\", realm=\"r\", nonce=\"n\"" },
    { DIGEST ("n"), "Basic realm=x", "Digest " },
    { DIGEST ("weak"), DIGEST ("strong") ", algorithm=SHA-256", "Digest username=\"user\", realm=\"r\", nonce=\"strong\"" },
    { DIGEST ("s") ", algorithm=SHA-256," DIGEST ("w") ", algorithm=MD5", NULL,
      "Digest username=\"user\", realm=\"r\", nonce=\"s\"" },
    { DIGEST ("n") ", algorithm=FOO", "Basic realm=x", "Basic dXNl" },
    { DIGEST ("n") ", algorithm=FOO", DIGEST ("md5"), "Digest username=\"user\", realm=\"r\", nonce=\"md5\"" },
    { "Digest realm=\"broken", "Basic realm=x", "Basic dXNl" },
    { "Bearer realm=x", "Basic realm=x", "Basic dXNl" }, /* there is no token */
    { "NTLM", NULL, NULL },
    { "Bearer", NULL, NULL },
    { "Digest realm=\"broken", NULL, NULL },
    { "", NULL, NULL },
    { NULL, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmAuthStore *store = gm_auth_store_new ();
      GmAuth *auth = login_new (store, GM_AUTH_ANY & ~GM_AUTH_NEGOTIATE);

      g_test_message ("%s + %s", cases[i].first, cases[i].second);
      g_assert_true (gm_auth_may_be_asked (auth));
      ASSERT_WRITES (auth, "");
      g_assert_cmpint (refuse (auth, cases[i].first, cases[i].second), ==, cases[i].written != NULL);
      if (cases[i].written != NULL)
        ASSERT_WRITES (auth, cases[i].written);
      gm_auth_free (auth);
      gm_auth_store_free (store);
    }
}

/* A wrong password ends it; in particular it does not go in clear next. */
static void
test_wrong (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_ANY & ~GM_AUTH_NEGOTIATE);

  ASSERT_WRITES (auth, "");
  g_assert_true (refuse (auth, DIGEST ("1"), "Basic realm=x"));
  ASSERT_WRITES (auth, "Digest ");
  g_assert_false (refuse (auth, DIGEST ("2"), "Basic realm=x"));
  ASSERT_WRITES (auth, "");

  gm_auth_set_login (auth, "other", "word");
  ASSERT_WRITES (auth, "Digest username=\"other\"");
}

/* What goes on for ever, by "stale" or by always another realm, has an end. */
static void
test_loops (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_DIGEST);
  guint n = 0;

  do
    ASSERT_WRITES (auth, n == 0 ? "" : "Digest ");
  while (refuse (auth, DIGEST ("x") ", stale=true", NULL) && ++n < 100);
  g_assert_cmpuint (n, ==, GM_AUTH_MAX_STALE + 1);

  gm_auth_set_login (auth, "user", "other");
  g_assert_false (refuse (auth, "Digest realm=\"1\", nonce=\"1\"", NULL) &&
                  (g_free (write_value (auth, NULL)), refuse (auth, "Digest realm=\"2\", nonce=\"2\"", NULL)));
}

static void
test_nonce_is_shared (Fixture *self,
                      gconstpointer data)
{
  g_autoptr (GmAuth) first = login_new (self->store, GM_AUTH_ANY & ~GM_AUTH_NEGOTIATE);
  g_autoptr (GmAuth) second = login_new (self->store, GM_AUTH_ANY & ~GM_AUTH_NEGOTIATE);
  g_autoptr (GmAuth) third = login_new (self->store, GM_AUTH_DIGEST);
  g_autofree char *one = NULL;
  g_autofree char *two = NULL;
  g_autofree char *three = NULL;

  ASSERT_WRITES (first, "");
  g_assert_true (gm_auth_will_be_asked (third));
  g_assert_true (refuse (first, DIGEST ("n"), NULL));
  one = write_value (first, NULL);
  ASSERT_HAS (one, "nc=00000001");
  accept (first, NULL);
  g_assert_false (gm_auth_will_be_asked (third));
  two = write_value (second, NULL);
  ASSERT_HAS (two, "nonce=\"n\"");
  ASSERT_HAS (two, "nc=00000002");
  /* Not stale, but not this one's challenge either: worth one try with a nonce of its own. */
  g_assert_true (refuse (second, DIGEST ("m"), NULL));
  three = write_value (second, NULL);
  ASSERT_HAS (three, "nonce=\"m\"");
  ASSERT_HAS (three, "nc=00000001");
  g_assert_false (refuse (second, DIGEST ("o"), NULL));
}

static void
test_next_nonce (Fixture *self,
                 gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_DIGEST);
  g_autofree char *next = NULL;
  g_autofree char *session = NULL;

  g_assert_true (refuse (auth, DIGEST ("n"), NULL));
  ASSERT_WRITES (auth, "Digest ");
  accept (auth, "qop=auth, nextnonce=\"next\"");
  next = write_value (auth, NULL);
  ASSERT_HAS (next, "nonce=\"next\"");
  ASSERT_HAS (next, "nc=00000001");
  g_assert_true (refuse (auth, DIGEST ("s") ", algorithm=MD5-sess", NULL));
  ASSERT_WRITES (auth, "Digest ");
  accept (auth, "nextnonce=\"next\"");
  session = write_value (auth, NULL);
  ASSERT_HAS (session, "nonce=\"s\"");
  ASSERT_HAS (session, "nc=00000002");
}

/* Only auth-int, and a body that is not there to be summed up: another scheme, or none. */
static void
test_auth_int (Fixture *self,
               gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_DIGEST);
  g_autofree char *written = NULL;
  const char *detail;

  g_assert_true (refuse (auth, "Digest realm=r, nonce=n, qop=\"auth-int\"", NULL));
  written = write_value (auth, "body");
  ASSERT_HAS (written, "qop=auth-int");
  accept (auth, NULL);
  ASSERT_WRITES (auth, "");
  g_assert_cmpint (gm_auth_get_problem (auth, &detail), ==, GM_AUTH_BAD_CHALLENGE);
}

static void
test_bearer (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GmAuth) auth = gm_auth_new (self->store, &server, GM_AUTH_BEARER | GM_AUTH_BASIC);

  g_assert_false (gm_auth_has_login (auth));
  gm_auth_set_token (auth, "t0ken");
  ASSERT_WRITES (auth, "Bearer t0ken");
  gm_auth_set_login (auth, "user", "secret");
  ASSERT_WRITES (auth, "");
  g_assert_true (refuse (auth, "Bearer, Basic realm=x", NULL));
  ASSERT_WRITES (auth, "Bearer t0ken");
  g_assert_true (refuse (auth, "Bearer error=invalid_token, Basic realm=x", NULL));
  ASSERT_WRITES (auth, "Basic ");
}

/* What a person would be asked for. */
static void
test_wanted (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GmAuth) auth = gm_auth_new (self->store, &server, GM_AUTH_ANY);
  g_autoptr (GmAuth) basic = gm_auth_new (self->store, &server, GM_AUTH_BASIC);
  const char *realm;

  g_assert_false (refuse (auth, "Basic realm=\"one\", Digest realm=\"two\", nonce=n", "Negotiate"));
  g_assert_cmpint (gm_auth_get_wanted (auth, &realm), ==, GM_AUTH_DIGEST);
  g_assert_cmpstr (realm, ==, "two");
  g_assert_false (refuse (basic, "Basic realm=\"one\", Digest realm=\"two\", nonce=n", NULL));
  g_assert_cmpint (gm_auth_get_wanted (basic, &realm), ==, GM_AUTH_BASIC);
  g_assert_cmpstr (realm, ==, "one");
  g_assert_false (refuse (auth, "Negotiate, Bearer realm=x", NULL));
  g_assert_cmpint (gm_auth_get_wanted (auth, &realm), ==, GM_AUTH_NONE);
  g_assert_null (realm);
}

static void
test_target (Fixture *self,
             gconstpointer data)
{
  g_autoptr (GmAuth) auth = gm_auth_new (self->store, &server, GM_AUTH_BASIC);
  const GmAuthTarget others[] = {
    { GM_SPAN ("https"), GM_SPAN ("host.example"), 80, FALSE },
    { GM_SPAN ("http"), GM_SPAN ("host.exampl"), 80, FALSE },
    { GM_SPAN ("http"), GM_SPAN ("host.example"), 81, FALSE },
    { GM_SPAN ("http"), GM_SPAN ("host.example"), 80, TRUE },
  };

  g_assert_true (gm_auth_is_for (auth, &server));
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (gm_auth_is_for (auth, &others[i]));
}

static void
test_store_limit (Fixture *self,
                  gconstpointer data)
{
  for (guint i = 0; i < GM_AUTH_STORE_MAX + 2; i++)
    {
      GmAuthTarget target = SERVER;
      GmAuth *auth;

      target.port = (guint16) (1000 + i);
      auth = gm_auth_new (self->store, &target, GM_AUTH_DIGEST);
      gm_auth_set_login (auth, "user", "secret");
      g_assert_true (refuse (auth, DIGEST ("n"), NULL));
      gm_auth_free (auth);
      g_assert_cmpuint (gm_auth_store_n (self->store), ==, MIN (i + 1, GM_AUTH_STORE_MAX));
    }
}

static void
test_flood (Fixture *self,
            gconstpointer data)
{
  g_autoptr (GmAuth) auth = login_new (self->store, GM_AUTH_BASIC | GM_AUTH_DIGEST);
  g_autoptr (GString) text = g_string_new ("Foo");

  for (guint i = 1; i < GM_HTTP_MAX_CHALLENGES; i++)
    g_string_append (text, ",Foo");
  g_string_append (text, ",Basic realm=x");
  g_assert_false (refuse (auth, text->str, "Basic realm=x"));
  g_string_erase (text, 0, 4);
  g_assert_true (refuse (auth, text->str, NULL));
}

int
main (int argc,
      char *argv[])
{
  static const struct
  {
    const char *path;
    void (*func) (Fixture *self, gconstpointer data);
  } tests[] = {
    { "/auth/basic", test_basic },
    { "/auth/strongest", test_strongest },
    { "/auth/wrong", test_wrong },
    { "/auth/loops", test_loops },
    { "/auth/nonce-is-shared", test_nonce_is_shared },
    { "/auth/next-nonce", test_next_nonce },
    { "/auth/auth-int", test_auth_int },
    { "/auth/bearer", test_bearer },
    { "/auth/wanted", test_wanted },
    { "/auth/target", test_target },
    { "/auth/store-limit", test_store_limit },
    { "/auth/flood", test_flood },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
  return g_test_run ();
}
