/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-http-digest.h"
#include "gm-http1-write.h"

/* A WWW-Authenticate value; what is a Digest challenge in it is answered, too. The first byte says with what login. */

static void
check_inside (GmSpan part,
              GmSpan whole)
{
  FUZZ_CHECK (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

static void
check_digest (const GmHttpChallenge *challenge,
              guint8 choice)
{
  static const GmSpan users[] = { GM_SPAN ("Mufasa"), GM_SPAN (""), GM_SPAN ("\"\\,"), GM_SPAN ("\n") };
  g_auto (GmByteBuilder) out = { 0 };
  GmHttpDigest digest;
  GmSpan body = GM_SPAN ("body");
  GmHttpDigestAsk ask = {
    users[choice % 4], GM_SPAN ("p"), GM_SPAN ("GET"), GM_SPAN ("/x"), (choice & 4) != 0 ? &body : NULL, GM_SPAN ("c"), 7,
  };

  if (gm_http_digest_read (&digest, challenge) != GM_OK)
    {
      FUZZ_CHECK (digest.realm == NULL && digest.nonce == NULL && digest.opaque == NULL);
      return;
    }
  FUZZ_CHECK (strlen (digest.realm) <= GM_HTTP_MAX_AUTH_VALUE && strlen (digest.nonce) <= GM_HTTP_MAX_AUTH_VALUE);
  if (gm_http_digest_write (&digest, &ask, &out) == GM_OK)
    {
      GmSpan rest = gm_span (out.data, out.len);
      GmHttpChallenge answer;

      /* Our answer is one challenge's worth of well-formed parameters, whatever went in. */
      FUZZ_CHECK (gm_http_is_field_value (rest));
      FUZZ_CHECK (gm_http_challenge_next (&rest, &answer) == GM_PARSE_DONE && rest.len == 0);
      FUZZ_CHECK (gm_span_equal (answer.scheme, GM_SPAN ("Digest")));
    }
  else
    FUZZ_CHECK (out.len == 0);
  gm_http_digest_clear (&digest);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  guint8 choice = fuzz_cut_byte (&input);
  GmSpan rest = input;
  GmHttpChallenge challenge;
  gsize left = rest.len + 1;
  g_autofree char *next = gm_http_digest_dup_next (input);

  while (gm_http_challenge_next (&rest, &challenge) == GM_PARSE_DONE)
    {
      GmSpan params = challenge.params;
      GmHttpAuthParam param;
      guint n = 0;

      FUZZ_CHECK (rest.len < left);
      left = rest.len;
      check_inside (challenge.scheme, input);
      FUZZ_CHECK (gm_http_is_token (challenge.scheme));
      FUZZ_CHECK (challenge.token68.data == NULL || challenge.params.data == NULL);
      while (gm_http_auth_param_next (&params, &param) == GM_PARSE_DONE)
        {
          g_autofree char *value = gm_http_auth_param_dup (&param);

          n++;
          check_inside (param.name, input);
          check_inside (param.value, input);
          FUZZ_CHECK (value == NULL || strlen (value) <= param.value.len);
        }
      FUZZ_CHECK (n <= GM_HTTP_MAX_AUTH_PARAMS);
      if (gm_span_equal_nocase (challenge.scheme, GM_SPAN ("Digest")))
        check_digest (&challenge, choice);
    }
  FUZZ_CHECK (rest.len == 0);

  return 0;
}
