/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "gm-sigv4.h"

/* A request to sign, a line each: scope, host, method, target, time, then its fields. */

#define MAX_FIELDS 16

static GmSpan
cut_line (GmSpan *input)
{
  const char *end = memchr (input->data, '\n', input->len);
  GmSpan line = gm_span (input->data, end != NULL ? (gsize) (end - input->data) : input->len);

  *input = gm_span (input->data + line.len + (end != NULL), input->len - line.len - (end != NULL));
  return line;
}

static guint
cut_fields (GmSpan *input,
            GmSigv4Field *fields)
{
  guint n = 0;

  while (input->len > 0 && n < MAX_FIELDS)
    {
      GmSpan line = cut_line (input);
      const char *colon = memchr (line.data, ':', line.len);
      gsize len = colon != NULL ? (gsize) (colon - line.data) : line.len;

      fields[n].name = gm_span (line.data, len);
      fields[n++].value = gm_span (line.data + len + (colon != NULL), line.len - len - (colon != NULL));
    }

  return n;
}

static void
check_sorted (const GmByteBuilder *canonical)
{
  gsize n = 0;

  for (gsize i = 0; i < canonical->len; i++)
    n += canonical->data[i] == '\n';
  FUZZ_CHECK (n >= 6);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize size)
{
  GmSpan input = gm_span ((const char *) data, MIN (size, FUZZ_MAX_SIZE));
  GmSpan text = cut_line (&input), host = cut_line (&input);
  g_autofree char *scope_text = g_strndup (text.data, text.len);
  g_auto (GmByteBuilder) canonical = { 0 }, out = { 0 };
  GmSigv4Field fields[MAX_FIELDS];
  char hash[GM_SIGV4_HASH_LEN + 1], now[GM_SIGV4_TIME_LEN + 1];
  GmSigv4Scope scope;
  GmSigv4Ask ask = { .scope = &scope, .user = GM_SPAN ("user"), .password = GM_SPAN ("secret") };

  if (gm_sigv4_scope_read (&scope, scope_text, host) != GM_OK)
    return 0;
  FUZZ_CHECK (scope.provider.len > 0 && scope.product.len > 0 && scope.region.len > 0 && scope.service.len > 0);
  FUZZ_CHECK (scope.service.len <= GM_SIGV4_MAX_WORD);
  gm_sigv4_scope_is_storage (&scope);

  ask.method = cut_line (&input);
  ask.target = cut_line (&input);
  ask.time = cut_line (&input);
  gm_sigv4_print_time (input.len, now);
  FUZZ_CHECK (gm_sigv4_is_time (gm_span (now, GM_SIGV4_TIME_LEN)));
  if (!gm_sigv4_is_time (ask.time))
    ask.time = gm_span (now, GM_SIGV4_TIME_LEN);
  ask.n_fields = cut_fields (&input, fields);
  ask.fields = fields;
  gm_sigv4_hash (ask.target, hash);
  ask.body_hash = gm_span (hash, GM_SIGV4_HASH_LEN);

  gm_sigv4_append_canonical (&ask, &canonical);
  check_sorted (&canonical);
  FUZZ_CHECK (gm_sigv4_write (&ask, &out) == GM_OK);
  FUZZ_CHECK (memmem (out.data, out.len, "4-HMAC-SHA256 Credential=user/", 30) != NULL);
  return 0;
}
