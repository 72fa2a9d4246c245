/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-challenge.h"

static void
append_span (GString *out,
             GmSpan span)
{
  g_string_append_len (out, span.data, (gssize) span.len);
}

/* "scheme(token68){name=value;…}" for each challenge, "!" where the rest makes no sense. */
static char *
describe (GmSpan rest)
{
  GString *out = g_string_new (NULL);
  GmHttpChallenge challenge;
  GmParse parse;

  while ((parse = gm_http_challenge_next (&rest, &challenge)) == GM_PARSE_DONE)
    {
      GmSpan params = challenge.params;
      GmHttpAuthParam param;

      append_span (out, challenge.scheme);
      if (challenge.token68.data != NULL)
        {
          g_string_append_c (out, '(');
          append_span (out, challenge.token68);
          g_string_append_c (out, ')');
        }
      g_string_append_c (out, '{');
      while (gm_http_auth_param_next (&params, &param) == GM_PARSE_DONE)
        {
          g_autofree char *value = gm_http_auth_param_dup (&param);

          append_span (out, param.name);
          g_string_append_printf (out, "=%s;", value);
        }
      g_assert_cmpuint (params.len, ==, 0);
      g_string_append_c (out, '}');
    }
  if (parse == GM_PARSE_BAD)
    g_string_append_c (out, '!');
  g_assert_cmpuint (rest.len, ==, 0);

  return g_string_free (out, FALSE);
}

static const struct
{
  const char *text;
  const char *expected;
} vectors[] = {
  { "", "" },
  { " , ,\t", "" },
  { "Basic", "Basic{}" },
  { "Basic ", "Basic{}" },
  { "Basic realm=\"simple\"", "Basic{realm=simple;}" },
  { "Basic realm=simple", "Basic{realm=simple;}" },
  { "Basic realm = \"a\" , charset = UTF-8", "Basic{realm=a;charset=UTF-8;}" },
  { "Basic realm=\"\"", "Basic{realm=;}" },
  { "Basic realm=\"a, b=c, Digest d=\\\"e\\\"\"", "Basic{realm=a, b=c, Digest d=\"e\";}" },
  { "Basic realm=\"back\\\\slash\"", "Basic{realm=back\\slash;}" },
  /* RFC 9110 section 11.6.1 */
  { "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
    "Basic{realm=simple;}Newauth{realm=apps;type=1;title=Login to \"apps\";}" },
  { "Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
    "Newauth{realm=apps;type=1;title=Login to \"apps\";}Basic{realm=simple;}" },
  { "Negotiate", "Negotiate{}" },
  { "Negotiate, NTLM,Basic realm=x", "Negotiate{}NTLM{}Basic{realm=x;}" },
  { "Negotiate YIIabc+/==", "Negotiate(YIIabc+/==){}" },
  { "Negotiate YIIabc+/== , Basic realm=x", "Negotiate(YIIabc+/==){}Basic{realm=x;}" },
  { "Negotiate a=", "Negotiate(a=){}" },
  { "Foo a=b", "Foo{a=b;}" },
  { "Foo bar", "Foo(bar){}" },
  { "Foo bar baz", "!" },
  { ",,Basic realm=x,,,nonce=y,,Digest,", "Basic{realm=x;nonce=y;}Digest{}" },
  { "Basic realm=x,", "Basic{realm=x;}" },
  { "Digest realm=\"a\", Basic", "Digest{realm=a;}Basic{}" },
  { "Digest x=1, Foo bar, y=2", "Digest{x=1;}Foo(bar){}!" },
  { "Digest x=1,y = 2,Foo z = 3", "Digest{x=1;y=2;}Foo{z=3;}" },
  { "Basic realm=\"caf\xc3\xa9\"", "Basic{realm=caf\xc3\xa9;}" },
  { "Basic realm=\"a\tb\"", "Basic{realm=a\tb;}" },
  /* Broken ones: what stands before them is still of use. */
  { "realm=\"x\"", "!" },
  { "\"Basic\"", "!" },
  { "Basic realm=\"x", "!" },
  { "Basic realm=\"x\\\"", "!" },
  { "Basic realm=\"x\\", "!" },
  { "Basic realm=\"x\"y", "!" },
  { "Basic realm=\"x\" nonce=\"y\"", "!" },
  { "Basic realm=", "Basic(realm=){}" },
  { "Basic realm=,x=y", "Basic(realm=){}!" },
  { "Basic realm=@", "!" },
  { "Basic realm='x y'", "!" },
  { "Basic =x", "!" },
  { "Basic a=1, b=@", "!" },
  { "Basic realm=\"a\rb\"", "!" },
  { "Basic realm=\"a\x7f\"", "!" },
  { "Basic realm=\"a\\\x01\"", "!" },
  { "Negotiate, Digest realm=\"", "Negotiate{}!" },
  { "Basic\x01", "!" },
};

static void
test_vectors (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    {
      gsize len = strlen (vectors[i].text);
      /* Alone in a block of its size, so that a sanitizer sees a read past it. */
      g_autofree char *copy = g_memdup2 (vectors[i].text, MAX (len, 1));
      g_autofree char *found = describe (gm_span (copy, len));

      g_test_message ("%s", vectors[i].text);
      g_assert_cmpstr (found, ==, vectors[i].expected);
    }
}

/* Each vector cut short at every byte: whatever it says then, it says it without reading on. */
static void
test_cut_short (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++)
    for (gsize len = 1; len < strlen (vectors[i].text); len++)
      {
        g_autofree char *copy = g_memdup2 (vectors[i].text, len);
        g_autofree char *found = describe (gm_span (copy, len));

        g_assert_cmpuint (strlen (found), <=, 4 * len + 4);
      }
}

static void
test_find (void)
{
  GmSpan params = GM_SPAN ("realm=\"a\", Nonce=\"b\\\"c\", x=1, X=2");
  GmHttpAuthParam param = { 0 };
  g_autofree char *text = NULL;

  g_assert_true (gm_http_auth_param_find (params, GM_SPAN ("nonce"), &param));
  text = gm_http_auth_param_dup (&param);
  g_assert_cmpstr (text, ==, "b\"c");
  g_assert_true (gm_http_auth_param_find (params, GM_SPAN ("REALM"), &param));
  g_assert_true (gm_http_auth_param_is (&param, GM_SPAN ("A")));
  g_assert_false (gm_http_auth_param_is (&param, GM_SPAN ("ab")));
  g_assert_false (gm_http_auth_param_find (params, GM_SPAN ("opaque"), &param));
  /* Which of two counts nobody can say. */
  g_assert_false (gm_http_auth_param_find (params, GM_SPAN ("x"), &param));
}

/* Each way of being malformed says which it is. */
static void
test_why (void)
{
  g_autoptr (GString) many = g_string_new ("Digest a=1");
  const struct
  {
    const char *text;
    const char *why;
  } cases[] = {
    { "=", "something that names no scheme" },
    { "Basic=x", "something behind a scheme's name" },
    { "Basic \"x\"", "something that is no parameter" },
    { "Digest nonsense here", "something that is no parameter" },
    { "Digest realm=", NULL }, /* a token */
    { "Digest realm=,a=b", NULL },
    { "Digest realm= ;", "a parameter without value" },
    { "Digest realm=\"open", "quotes that are not closed" },
    { "Digest realm=\"open\\\"", "quotes that are not closed" },
    { "Digest realm=\"a\001b\"", "a control character between quotes" },
    { "Digest realm=a b", "something behind a parameter's value" },
    { NULL, "too many parameters" },
  };

  for (guint i = 0; i < GM_HTTP_MAX_AUTH_PARAMS; i++)
    g_string_append (many, ",b=2");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *text = cases[i].text != NULL ? cases[i].text : many->str;
      GmSpan rest = gm_span (text, strlen (text));
      GmHttpChallenge challenge;
      GmParse parse = gm_http_challenge_next (&rest, &challenge);

      g_test_message ("%s", text);
      g_assert_cmpint (parse, ==, cases[i].why != NULL ? GM_PARSE_BAD : GM_PARSE_DONE);
      g_assert_cmpstr (challenge.why, ==, cases[i].why);
    }
}

static void
test_limits (void)
{
  for (guint more = 0; more < 2; more++)
    {
      g_autoptr (GString) text = g_string_new ("Digest a=1");
      g_autofree char *value = g_strnfill (GM_HTTP_MAX_AUTH_VALUE + more, 'x');
      GmHttpAuthParam param = { GM_SPAN ("a"), gm_span (value, GM_HTTP_MAX_AUTH_VALUE + more), FALSE };
      g_autofree char *copy = gm_http_auth_param_dup (&param);
      GmHttpChallenge challenge;
      GmSpan rest;

      g_assert_cmpint (copy == NULL, ==, more != 0);
      for (guint i = 1; i < GM_HTTP_MAX_AUTH_PARAMS + more; i++)
        g_string_append (text, ",b=2");
      rest = gm_span (text->str, text->len);
      g_assert_cmpint (gm_http_challenge_next (&rest, &challenge), ==, more == 0 ? GM_PARSE_DONE : GM_PARSE_BAD);
    }
}

int
main (int argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http-challenge/vectors", test_vectors);
  g_test_add_func ("/http-challenge/cut-short", test_cut_short);
  g_test_add_func ("/http-challenge/find", test_find);
  g_test_add_func ("/http-challenge/why", test_why);
  g_test_add_func ("/http-challenge/limits", test_limits);
  return g_test_run ();
}
