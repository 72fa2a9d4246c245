/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-basic.h"

#include "gm-http-chars.h"

/* Longer credentials than this are a mistake; the limit keeps the sums below from overflowing. */
#define MAX_CREDENTIAL (1024 * 1024)

GmResult
gm_http_basic_write (GmByteBuilder *builder,
                     GmSpan user,
                     GmSpan password)
{
  gint state = 0;
  gint save = 0;
  char *at;

  if (user.len > MAX_CREDENTIAL || password.len > MAX_CREDENTIAL)
    return GM_BAD_REQUEST;
  /* Encoded in place, so that no copy of the secret is left behind in freed memory. */
  if (!gm_byte_builder_reserve (builder, 6 + (user.len + password.len + 3) / 3 * 4 + 8))
    return GM_OUT_OF_MEMORY;

  gm_byte_builder_append_literal (builder, "Basic ");
  at = builder->data + builder->len;
  at += g_base64_encode_step ((const guchar *) user.data, user.len, FALSE, at, &state, &save);
  at += g_base64_encode_step ((const guchar *) ":", 1, FALSE, at, &state, &save);
  at += g_base64_encode_step ((const guchar *) password.data, password.len, FALSE, at, &state, &save);
  at += g_base64_encode_close (FALSE, at, &state, &save);
  builder->len = (gsize) (at - builder->data);
  return GM_OK;
}

GmResult
gm_http_bearer_write (GmByteBuilder *builder,
                      GmSpan token)
{
  if (token.len == 0 || token.len > MAX_CREDENTIAL)
    return GM_BAD_REQUEST;
  for (gsize i = 0; i < token.len; i++)
    {
      /* Not only token68: services hand out tokens with other characters, and those are theirs to judge. */
      if ((gm_http_chars[(guchar) token.data[i]] & GM_HTTP_CHAR_TARGET) == 0)
        return GM_BAD_REQUEST;
    }

  gm_byte_builder_append_literal (builder, "Bearer ");
  gm_byte_builder_append_span (builder, token);
  return builder->failed ? GM_OUT_OF_MEMORY : GM_OK;
}
