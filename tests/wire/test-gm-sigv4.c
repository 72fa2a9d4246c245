/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sigv4.h"

#include <string.h>

/* The vectors are those that Amazon publishes: the suite for "service" in us-east-1, the examples for IAM and for S3. */

#define MAX_FIELDS 6

typedef struct
{
  const char *method;
  const char *target;
  const char *fields[MAX_FIELDS]; /* beside Host and the date */
  const char *body;
  const char *signature;
} Vector;

typedef struct
{
  const char *scope;
  const char *user;
  const char *password;
  const char *host;
  const char *time;
} Account;

static const Account suite = { "aws:amz:us-east-1:service", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                               "example.amazonaws.com", "20150830T123600Z" };
static const Account iam = { "aws:amz:us-east-1:iam", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                             "iam.amazonaws.com", "20150830T123600Z" };
static const Account storage = { "aws:amz:us-east-1:s3", "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                                 "examplebucket.s3.amazonaws.com", "20130524T000000Z" };

static GmSpan
span (const char *text)
{
  return gm_span (text, strlen (text));
}

static char *
sign (const Account *account,
      const Vector *vector)
{
  g_auto (GmByteBuilder) out = { 0 };
  GmSigv4Field fields[MAX_FIELDS + 2];
  char hash[GM_SIGV4_HASH_LEN + 1];
  GmSigv4Scope scope;
  GmSigv4Ask ask;
  guint n = 0;

  g_assert_cmpint (gm_sigv4_scope_read (&scope, account->scope, span (account->host)), ==, GM_OK);
  gm_sigv4_hash (span (vector->body), hash);
  fields[n++] = (GmSigv4Field){ GM_SPAN ("X-Amz-Date"), span (account->time) };
  for (guint i = 0; i < MAX_FIELDS && vector->fields[i] != NULL; i++)
    {
      const char *colon = strchr (vector->fields[i], ':');

      fields[n++] = (GmSigv4Field){ gm_span (vector->fields[i], (gsize) (colon - vector->fields[i])), span (colon + 1) };
    }
  fields[n++] = (GmSigv4Field){ GM_SPAN ("Host"), span (account->host) };

  ask = (GmSigv4Ask){ &scope, span (account->user), span (account->password), span (vector->method), span (vector->target),
                      fields, n, span (account->time), span (hash) };
  g_assert_cmpint (gm_sigv4_write (&ask, &out), ==, GM_OK);

  return g_strndup (out.data, out.len);
}

static void
check_vectors (const Account *account,
               const Vector *vectors,
               gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *text = sign (account, &vectors[i]);

      g_test_message ("%s: %s", vectors[i].target, text);
      g_assert_nonnull (strstr (text, "Signature="));
      g_assert_cmpstr (strstr (text, "Signature=") + strlen ("Signature="), ==, vectors[i].signature);
    }
}

static void
test_suite (void)
{
  static const Vector vectors[] = {
    { "GET", "/", { NULL }, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    { "GET", "", { NULL }, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
    { "GET", "/?Param2=value2&Param1=value1", { NULL }, "",
      "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
    { "GET", "/?Param1=value1", { NULL }, "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb" },
    { "GET", "/\xe1\x88\xb4", { NULL }, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
    { "GET", "/", { "My-Header1:  value1", "My-Header2: \"a   b   c\"" }, "",
      "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736" },
    { "GET", "/", { "My-Header1:value2", "My-Header1:value2", "My-Header1:value1" }, "",
      "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea" },
    { "POST", "/", { NULL }, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
    { "POST", "/", { "Content-Type:application/x-www-form-urlencoded" }, "Param1=value1",
      "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
  };

  check_vectors (&suite, vectors, G_N_ELEMENTS (vectors));
}

static void
test_examples (void)
{
  static const Vector list_users[] = {
    { "GET", "/?Action=ListUsers&Version=2010-05-08", { "Content-Type: application/x-www-form-urlencoded; charset=utf-8" }, "",
      "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7" },
  };
  static const Vector objects[] = {
    { "GET", "/test.txt",
      { "Range: bytes=0-9", "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }, "",
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
    { "PUT", "/test%24file.text",
      { "Date: Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class: REDUCED_REDUNDANCY",
        "x-amz-content-sha256: 44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072" }, "Welcome to Amazon S3.",
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
    { "GET", "/?lifecycle",
      { "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }, "",
      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
    { "GET", "/?max-keys=2&prefix=J",
      { "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }, "",
      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
  };

  check_vectors (&iam, list_users, G_N_ELEMENTS (list_users));
  check_vectors (&storage, objects, G_N_ELEMENTS (objects));
}

/* The whole value, and that nothing of the secret is in it. */
static void
test_value (void)
{
  static const Vector vector = { "GET", "/", { "Accept: */*" }, "", NULL };
  g_autofree char *text = sign (&suite, &vector);

  g_assert_true (g_str_has_prefix (text, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                                         "SignedHeaders=accept;host;x-amz-date, Signature="));
  g_assert_null (strstr (text, "wJalr"));
}

static void
test_canonical (void)
{
  static const struct
  {
    const char *scope;
    const char *target;
    const char *path;
    const char *query;
  } vectors[] = {
    { "aws:amz:r:s", "/a%20b/c~d", "/a%2520b/c~d", "" },
    { "aws:amz:r:s3", "/a%20b/c d", "/a%20b/c d", "" },
    { "aws:amz:r:s", "/?b&a=2&a=1&&a", "/", "a=&a=1&a=2&b=" },
    { "aws:amz:r:s", "/?x=%7e%2f%zz%&y=+%2B", "/", "x=~%2F%25zz%25&y=%20%2B" },
    { "aws:amz:r:s", "?a=b=c", "/", "a=b%3Dc" },
    { "aws:amz:r:s", "/?a-=1&a=2", "/", "a=2&a-=1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      GmSigv4Field field = { GM_SPAN ("HOST"), GM_SPAN (" a   b\t ") };
      g_autofree char *expected
        = g_strdup_printf ("GET\n%s\n%s\nhost:a b\n\nhost\nhash", vectors[i].path, vectors[i].query);
      g_auto (GmByteBuilder) out = { 0 };
      GmSigv4Scope scope;
      GmSigv4Ask ask = { &scope, GM_SPAN ("u"), GM_SPAN ("p"), GM_SPAN ("GET"), span (vectors[i].target), &field, 1,
                         GM_SPAN ("20150830T123600Z"), GM_SPAN ("hash") };

      g_assert_cmpint (gm_sigv4_scope_read (&scope, vectors[i].scope, GM_SPAN ("h")), ==, GM_OK);
      gm_sigv4_append_canonical (&ask, &out);
      gm_byte_builder_append_char (&out, '\0');
      g_assert_cmpstr (out.data, ==, expected);
    }
}

static void
test_scope (void)
{
  static const char sixty_five[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  static const struct
  {
    const char *text;
    const char *host;
    GmResult result;
    const char *words;
  } vectors[] = {
    { NULL, "iam.eu-1.example.com", GM_OK, "aws amz eu-1 iam" },
    { "", "iam.eu-1.example.com", GM_OK, "aws amz eu-1 iam" },
    { "osc", "api.eu-2.outscale.com", GM_OK, "osc osc eu-2 api" },
    { "AWS:amz:there", "s3.example.com", GM_OK, "AWS amz there s3" },
    { "goog:x:there:thing", "h", GM_OK, "goog x there thing" },
    { "aws::x:y", "a.b.c", GM_OK, "aws aws b a" },
    { ":amz:r:s", "h", GM_BAD_REQUEST, NULL },
    { "aws:amz:r:s:t", "h", GM_OK, "aws amz r s:t" },
    { "aws:amz:r/x:s", "h", GM_BAD_REQUEST, NULL },
    { "aws:amz:r\r\n:s", "h", GM_BAD_REQUEST, NULL },
    { sixty_five, "a.b.c", GM_BAD_REQUEST, NULL },
    { sixty_five + 1, "a.b.c", GM_OK, NULL },
    { "aws:amz", "host", GM_BAD_HOST, NULL },
    { "aws:amz", "service.host", GM_BAD_HOST, NULL },
    { "aws:amz:r", "host", GM_BAD_HOST, NULL },
    { "aws:amz", ".a.b", GM_BAD_HOST, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      g_autofree char *words = NULL;
      GmSigv4Scope s;

      g_assert_cmpint (gm_sigv4_scope_read (&s, vectors[i].text, span (vectors[i].host)), ==, vectors[i].result);
      if (vectors[i].words == NULL)
        continue;
      words = g_strdup_printf ("%.*s %.*s %.*s %.*s", (int) s.provider.len, s.provider.data, (int) s.product.len,
                               s.product.data, (int) s.region.len, s.region.data, (int) s.service.len, s.service.data);
      g_assert_cmpstr (words, ==, vectors[i].words);
    }
}

static void
test_time (void)
{
  char text[GM_SIGV4_TIME_LEN + 1];

  gm_sigv4_print_time (1440938160, text);
  g_assert_cmpstr (text, ==, "20150830T123600Z");
  g_assert_true (gm_sigv4_is_time (span (text)));
  g_assert_false (gm_sigv4_is_time (GM_SPAN ("20150830T123600")));
  g_assert_false (gm_sigv4_is_time (GM_SPAN ("20150830 123600Z")));
  g_assert_false (gm_sigv4_is_time (GM_SPAN ("Fri, 24 May 2013")));
  g_assert_false (gm_sigv4_is_time (GM_SPAN ("")));
  gm_sigv4_print_time (G_MAXINT64, text);
  g_assert_true (gm_sigv4_is_time (span (text)));
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sigv4/suite", test_suite);
  g_test_add_func ("/sigv4/examples", test_examples);
  g_test_add_func ("/sigv4/value", test_value);
  g_test_add_func ("/sigv4/canonical", test_canonical);
  g_test_add_func ("/sigv4/scope", test_scope);
  g_test_add_func ("/sigv4/time", test_time);
  return g_test_run ();
}
