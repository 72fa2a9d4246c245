/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-digest.h"

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

static GmResult
read_text (GmHttpDigest *digest,
           const char *text)
{
  GmSpan rest = span (text);
  GmHttpChallenge challenge;

  g_assert_cmpint (gm_http_challenge_next (&rest, &challenge), ==, GM_PARSE_DONE);
  g_assert_cmpmem (challenge.scheme.data, challenge.scheme.len, "Digest", 6);

  return gm_http_digest_read (digest, &challenge);
}

typedef struct
{
  const char *challenge;
  const char *user;
  const char *password;
  const char *method;
  const char *target;
  const char *body;
  const char *cnonce;
  guint32 count;
  GmHttpDigestHash needs;
  const char *answer;
} Vector;

#define REALM "realm=\"http-auth@example.org\", "
#define NONCE "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""
#define OPAQUE "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define CNONCE "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
#define MUFASA "Mufasa", "Circle of Life"
#define HEAD "Digest username=\"Mufasa\", " REALM NONCE ", uri=\"/dir/index.html\", "

/* The first two are RFC 7616 section 3.9.1, the third is RFC 2617 section 3.5, the fourth RFC 2069's way of it (with
 * the erratum); the others were calculated apart. */
static const Vector vectors[] = {
  { "Digest " REALM "qop=\"auth, auth-int\", algorithm=MD5, " NONCE ", " OPAQUE, MUFASA, "GET", "/dir/index.html", NULL,
    CNONCE, 1, GM_HTTP_DIGEST_MD5,
    HEAD "cnonce=\"" CNONCE "\", nc=00000001, qop=auth, response=\"8ca523f5e9506fed4657c9700eebdbec\", " OPAQUE
         ", algorithm=MD5" },
  { "Digest " REALM "qop=\"auth, auth-int\", algorithm=SHA-256, " NONCE ", " OPAQUE, MUFASA, "GET", "/dir/index.html",
    NULL, CNONCE, 1, GM_HTTP_DIGEST_SHA256,
    HEAD "cnonce=\"" CNONCE "\", nc=00000001, qop=auth, response="
         "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", " OPAQUE ", algorithm=SHA-256" },
  { "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    "Mufasa", "Circle Of Life", "GET", "/dir/index.html", NULL, "0a4f113b", 1, GM_HTTP_DIGEST_MD5,
    "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
    "uri=\"/dir/index.html\", cnonce=\"0a4f113b\", nc=00000001, qop=auth, "
    "response=\"6629fae49393a05397450978507c4ef1\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"" },
  { "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"", "Mufasa", "CircleOfLife", "GET",
    "/dir/index.html", NULL, "0a4f113b", 1, GM_HTTP_DIGEST_MD5,
    "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
    "uri=\"/dir/index.html\", response=\"1949323746fe6a43ef61f9606e7febea\"" },
  { "Digest " REALM "qop=auth-int, algorithm=MD5, " NONCE, MUFASA, "POST", "/dir/index.html", "name=value", CNONCE, 42,
    GM_HTTP_DIGEST_MD5,
    HEAD "cnonce=\"" CNONCE
         "\", nc=0000002a, qop=auth-int, response=\"75be16e10f209c1a01e3371c6a5a32ee\", algorithm=MD5" },
  { "Digest " REALM "qop=\"auth\", algorithm=md5-SESS, " NONCE, MUFASA, "POST", "/dir/index.html", NULL, CNONCE, 42,
    GM_HTTP_DIGEST_MD5,
    HEAD "cnonce=\"" CNONCE
         "\", nc=0000002a, qop=auth, response=\"d4d22a3da43b6c7798c5625445ffa632\", algorithm=MD5-sess" },
  { "Digest " REALM "qop=\"auth-int\", algorithm=SHA-256-sess, " NONCE, MUFASA, "POST", "/dir/index.html", "name=value",
    CNONCE, 42, GM_HTTP_DIGEST_SHA256,
    HEAD "cnonce=\"" CNONCE "\", nc=0000002a, qop=auth-int, response="
         "\"cdbf7f5b42e5bad6bfa7f3b34fbafe5ba4ed07edb957c5e887ae14922e6fe0b5\", algorithm=SHA-256-sess" },
  { "Digest " REALM "qop=\"auth\", algorithm=SHA-512-256, " NONCE, MUFASA, "POST", "/dir/index.html", NULL, CNONCE, 42,
    GM_HTTP_DIGEST_SHA512_256,
    HEAD "cnonce=\"" CNONCE "\", nc=0000002a, qop=auth, response="
         "\"b560ab2e6528062d56909d742cac6353a157a3a264613b50116cb81175ba12be\", algorithm=SHA-512-256" },
  { "Digest " REALM "qop=\"auth-int\", algorithm=SHA-512-256-sess, " NONCE, MUFASA, "POST", "/dir/index.html",
    "name=value", CNONCE, 42, GM_HTTP_DIGEST_SHA512_256,
    HEAD "cnonce=\"" CNONCE "\", nc=0000002a, qop=auth-int, response="
         "\"8d9989bea3689d44248b7bbdb44b71bc9044f0ca3f6b573fdaa8fa09050192e2\", algorithm=SHA-512-256-sess" },
  { "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, nonce=\"n\", charset=UTF-8, userhash=true",
    "J\xc3\xa4s\xc3\xb8n Doe", "Secret, or not?", "GET", "/doe.json", NULL, "c", 1, GM_HTTP_DIGEST_SHA512_256,
    "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", " },
};

static void
test_vectors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      const Vector *vector = &vectors[i];
      g_auto (GmByteBuilder) out = { 0 };
      GmHttpDigest digest;
      GmSpan body = span (vector->body != NULL ? vector->body : "");
      GmHttpDigestAsk ask = {
        .user = span (vector->user),
        .password = span (vector->password),
        .method = span (vector->method),
        .target = span (vector->target),
        .body = vector->body != NULL ? &body : NULL,
        .cnonce = span (vector->cnonce),
        .count = vector->count,
      };

      g_test_message ("%s", vector->challenge);
      if (!gm_http_digest_has (vector->needs))
        {
          g_assert_cmpint (read_text (&digest, vector->challenge), ==, GM_NOT_BUILT_IN);
          continue;
        }
      g_assert_cmpint (read_text (&digest, vector->challenge), ==, GM_OK);
      g_assert_cmpint (gm_http_digest_write (&digest, &ask, &out), ==, GM_OK);
      gm_byte_builder_append_char (&out, '\0');
      if (digest.userhash)
        {
          g_assert_true (g_str_has_prefix (out.data, vector->answer));
          g_assert_true (g_str_has_suffix (out.data, ", userhash=true"));
        }
      else
        g_assert_cmpstr (out.data, ==, vector->answer);
      gm_http_digest_clear (&digest);
    }
}

static void
test_read (void)
{
  static const struct
  {
    const char *challenge;
    GmResult result;
    const char *why;
  } cases[] = {
    { "Digest realm=a, nonce=b", GM_OK, NULL },
    { "Digest realm=\"\", nonce=\"\"", GM_OK, NULL },
    { "Digest realm=a, nonce=b, unknown=c", GM_OK, NULL },
    { "Digest", GM_AUTH_BAD_CHALLENGE, "no nonce" },
    { "Digest dG9rZW4=", GM_AUTH_BAD_CHALLENGE, "no nonce" },
    { "Digest realm=a", GM_AUTH_BAD_CHALLENGE, "no nonce" },
    { "Digest nonce=a", GM_AUTH_BAD_CHALLENGE, "no realm" },
    { "Digest realm=a, nonce=b, nonce=c", GM_AUTH_BAD_CHALLENGE, "a parameter that is there twice" },
    { "Digest realm=a, nonce=b, REALM=c", GM_AUTH_BAD_CHALLENGE, "a parameter that is there twice" },
    { "Digest realm=a, nonce=b, algorithm=MD5, algorithm=SHA-256", GM_AUTH_BAD_CHALLENGE,
      "a parameter that is there twice" },
    { "Digest realm=a, nonce=b, algorithm=SHA-1", GM_NOT_BUILT_IN, "an algorithm that is not known" },
    { "Digest realm=a, nonce=b, algorithm=-sess", GM_NOT_BUILT_IN, "an algorithm that is not known" },
    { "Digest realm=a, nonce=b, qop=\"auth-conf\"", GM_NOT_BUILT_IN, "a quality of protection that is not known" },
    { "Digest realm=a, nonce=b, qop=\"\"", GM_NOT_BUILT_IN, "a quality of protection that is not known" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GmHttpDigest digest;

      g_test_message ("%s", cases[i].challenge);
      g_assert_cmpint (read_text (&digest, cases[i].challenge), ==, cases[i].result);
      g_assert_cmpint (digest.nonce != NULL, ==, cases[i].result == GM_OK);
      g_assert_cmpstr (digest.why, ==, cases[i].why);
      gm_http_digest_clear (&digest);
    }
}

static void
test_flags (void)
{
  GmHttpDigest digest;
  g_autofree char *next = gm_http_digest_dup_next (GM_SPAN ("qop=auth, nextnonce=\"a\\\"b\", nc=00000001"));
  g_autofree char *none = gm_http_digest_dup_next (GM_SPAN ("qop=auth, rspauth=\"a\""));
  g_autofree char *empty = gm_http_digest_dup_next (GM_SPAN ("nextnonce=\"\""));
  g_autofree char *broken = gm_http_digest_dup_next (GM_SPAN ("nextnonce=\"a"));

  g_assert_cmpint (read_text (&digest, "Digest realm=a, nonce=b, stale=TRUE, userhash=false, qop=auth-int"), ==, GM_OK);
  g_assert_true (digest.stale);
  g_assert_false (digest.userhash);
  g_assert_cmpint (digest.qops, ==, GM_HTTP_QOP_AUTH_INT);
  gm_http_digest_clear (&digest);

  g_assert_cmpstr (next, ==, "a\"b");
  g_assert_null (none);
  g_assert_null (empty);
  g_assert_null (broken);
}

/* Nothing that a server or a user says gets out of its quotes or out of its line. */
static void
test_write_refused (void)
{
  g_auto (GmByteBuilder) out = { 0 };
  g_auto (GmByteBuilder) small = { .max = 64 };
  GmHttpDigest digest;
  GmHttpDigestAsk ask = { GM_SPAN ("u\"\\"), GM_SPAN ("p"), GM_SPAN ("GET"), GM_SPAN ("/"), NULL, GM_SPAN ("c"), 1 };

  g_assert_cmpint (read_text (&digest, "Digest realm=\"r\\\"\", nonce=\"n\\\\\""), ==, GM_OK);
  g_assert_cmpint (gm_http_digest_write (&digest, &ask, &out), ==, GM_OK);
  gm_byte_builder_append_char (&out, '\0');
  g_assert_true (
    g_str_has_prefix (out.data, "Digest username=\"u\\\"\\\\\", realm=\"r\\\"\", nonce=\"n\\\\\", uri=\"/\", response="));

  gm_byte_builder_reset (&out);
  ask.user = GM_SPAN ("a\r\nX: y");
  g_assert_cmpint (gm_http_digest_write (&digest, &ask, &out), ==, GM_BAD_REQUEST);
  ask.user = GM_SPAN ("a");
  g_assert_cmpint (gm_http_digest_write (&digest, &ask, &small), ==, GM_OUT_OF_MEMORY);
  gm_http_digest_clear (&digest);

  g_assert_cmpint (read_text (&digest, "Digest realm=r, nonce=n, qop=auth-int"), ==, GM_OK);
  g_assert_cmpint (gm_http_digest_write (&digest, &ask, &out), ==, GM_AUTH_BAD_CHALLENGE);
  g_assert_cmpuint (out.len, ==, 0);
  gm_http_digest_clear (&digest);
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-digest/vectors", test_vectors);
  g_test_add_func ("/http-digest/read", test_read);
  g_test_add_func ("/http-digest/flags", test_flags);
  g_test_add_func ("/http-digest/write-refused", test_write_refused);
  return g_test_run ();
}
