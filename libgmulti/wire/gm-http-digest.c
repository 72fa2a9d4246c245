/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http-digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "gm-config.h"

#if HAVE_NETTLE
#include <nettle/sha2.h>
#endif

/* Longest sum (32 bytes) in hexadecimal digits, with NUL. */
#define HEX_SIZE 65

static const struct
{
  GmSpan name;
  guint8 len;
} hashes[] = {
  [GM_HTTP_DIGEST_MD5] = { GM_SPAN ("MD5"), 16 },
  [GM_HTTP_DIGEST_SHA256] = { GM_SPAN ("SHA-256"), 32 },
  [GM_HTTP_DIGEST_SHA512_256] = { GM_SPAN ("SHA-512-256"), 32 },
};

/* ---- sums ---- */

gboolean
gm_http_digest_has (GmHttpDigestHash hash)
{
#if HAVE_NETTLE
  return hash <= GM_HTTP_DIGEST_SHA512_256;
#else
  return hash < GM_HTTP_DIGEST_SHA512_256;
#endif
}

static void
write_hex (const guint8 *sum,
           gsize len,
           char *hex)
{
  static const char digits[] = "0123456789abcdef";

  for (gsize i = 0; i < len; i++)
    {
      hex[2 * i] = digits[sum[i] >> 4];
      hex[2 * i + 1] = digits[sum[i] & 15];
    }
  hex[2 * len] = '\0';
}

/* GnuTLS knows no SHA-512/256, the library below it does. */
static GmResult
sum_sha512_256 (const GmSpan *parts,
                guint n,
                guint8 *sum)
{
#if HAVE_NETTLE
  struct sha512_256_ctx context;

  sha512_256_init (&context);
  for (guint i = 0; i < n; i++)
    sha512_256_update (&context, parts[i].len, (const guint8 *) parts[i].data);
  sha512_256_digest (&context, 32, sum);
  explicit_bzero (&context, sizeof context);
  return GM_OK;
#else
  return GM_NOT_BUILT_IN;
#endif
}

static GmResult
sum_gnutls (gnutls_digest_algorithm_t algorithm,
            const GmSpan *parts,
            guint n,
            guint8 *sum)
{
  gnutls_hash_hd_t hash;
  GmResult result = GM_OK;

  /* A system in FIPS mode knows no MD5. */
  if (gnutls_hash_init (&hash, algorithm) < 0)
    return GM_NOT_BUILT_IN;
  for (guint i = 0; i < n; i++)
    if (parts[i].len > 0 && gnutls_hash (hash, parts[i].data, parts[i].len) < 0)
      result = GM_NOT_BUILT_IN;
  gnutls_hash_deinit (hash, sum);

  return result;
}

/* The parts with colons between them, as hexadecimal digits: what RFC 7616 calls H(a ":" b …). */
#define MAX_PARTS 6

static GmResult
sum_joined (GmHttpDigestHash hash,
            const GmSpan *parts,
            guint n,
            char *hex)
{
  GmSpan joined[2 * MAX_PARTS];
  guint n_joined = 0;
  guint8 sum[64];
  GmResult result;

  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        joined[n_joined++] = GM_SPAN (":");
      joined[n_joined++] = parts[i];
    }

  switch (hash)
    {
    case GM_HTTP_DIGEST_SHA256:
      result = sum_gnutls (GNUTLS_DIG_SHA256, joined, n_joined, sum);
      break;
    case GM_HTTP_DIGEST_SHA512_256:
      result = sum_sha512_256 (joined, n_joined, sum);
      break;
    case GM_HTTP_DIGEST_MD5:
    default:
      result = sum_gnutls (GNUTLS_DIG_MD5, joined, n_joined, sum);
      break;
    }
  if (result == GM_OK)
    write_hex (sum, hashes[hash].len, hex);
  explicit_bzero (sum, sizeof sum);

  return result;
}

static inline GmSpan
text_span (const char *text)
{
  return gm_span (text, strlen (text));
}

/* ---- challenge ---- */

void
gm_http_digest_clear (GmHttpDigest *self)
{
  g_free (self->realm);
  g_free (self->nonce);
  g_free (self->opaque);
  *self = (GmHttpDigest){ 0 };
}

static GmResult
read_algorithm (GmHttpDigest *self,
                const GmHttpAuthParam *param)
{
  GmSpan name = param->value;

  self->has_algorithm = TRUE;
  if (name.len > 5 && gm_span_equal_nocase (gm_span (name.data + name.len - 5, 5), GM_SPAN ("-sess")))
    {
      self->session = TRUE;
      name.len -= 5;
    }
  for (guint i = 0; i < G_N_ELEMENTS (hashes); i++)
    if (gm_span_equal_nocase (name, hashes[i].name) && gm_http_digest_has ((GmHttpDigestHash) i))
      {
        self->hash = (guint8) i;
        return GM_OK;
      }

  self->why = "an algorithm that is not known";
  return GM_NOT_BUILT_IN;
}

/* As all that reads: a name that is there twice could be understood in two ways. */
static GmResult
twice (GmHttpDigest *self)
{
  self->why = "a parameter that is there twice";
  return GM_AUTH_BAD_CHALLENGE;
}

static GmResult
read_param (GmHttpDigest *self,
            const GmHttpAuthParam *param,
            gboolean *has_qop)
{
  char **text = gm_span_equal_nocase (param->name, GM_SPAN ("realm"))    ? &self->realm
                : gm_span_equal_nocase (param->name, GM_SPAN ("nonce"))  ? &self->nonce
                : gm_span_equal_nocase (param->name, GM_SPAN ("opaque")) ? &self->opaque
                                                                         : NULL;

  if (text != NULL)
    {
      if (*text != NULL)
        return twice (self);
      *text = gm_http_auth_param_dup (param);
      if (*text == NULL)
        self->why = "a parameter that is longer than any server needs";
      return *text != NULL ? GM_OK : GM_AUTH_BAD_CHALLENGE;
    }
  if (gm_span_equal_nocase (param->name, GM_SPAN ("algorithm")))
    return self->has_algorithm ? twice (self) : read_algorithm (self, param);
  if (gm_span_equal_nocase (param->name, GM_SPAN ("stale")))
    self->stale = gm_http_auth_param_is (param, GM_SPAN ("true"));
  else if (gm_span_equal_nocase (param->name, GM_SPAN ("userhash")))
    self->userhash = gm_http_auth_param_is (param, GM_SPAN ("true"));
  else if (gm_span_equal_nocase (param->name, GM_SPAN ("qop")))
    {
      *has_qop = TRUE;
      if (gm_span_has_token (param->value, GM_SPAN ("auth")))
        self->qops |= GM_HTTP_QOP_AUTH;
      if (gm_span_has_token (param->value, GM_SPAN ("auth-int")))
        self->qops |= GM_HTTP_QOP_AUTH_INT;
    }

  return GM_OK;
}

GmResult
gm_http_digest_read (GmHttpDigest *self,
                     const GmHttpChallenge *challenge)
{
  GmSpan rest = challenge->params;
  GmHttpAuthParam param;
  gboolean has_qop = FALSE;
  GmResult result = GM_OK;
  GmParse parse = GM_PARSE_MORE;

  *self = (GmHttpDigest){ 0 };
  while (result == GM_OK && (parse = gm_http_auth_param_next (&rest, &param)) == GM_PARSE_DONE)
    result = read_param (self, &param, &has_qop);
  if (result == GM_OK && (parse == GM_PARSE_BAD || self->nonce == NULL || self->realm == NULL))
    {
      self->why = self->nonce != NULL ? "no realm" : "no nonce";
      result = GM_AUTH_BAD_CHALLENGE;
    }
  /* A quality of protection is demanded, but none that is known. */
  if (result == GM_OK && has_qop && self->qops == 0)
    {
      self->why = "a quality of protection that is not known";
      result = GM_NOT_BUILT_IN;
    }
  if (result != GM_OK)
    {
      const char *why = self->why;

      gm_http_digest_clear (self);
      self->why = why;
    }

  return result;
}

char *
gm_http_digest_dup_next (GmSpan info)
{
  GmHttpAuthParam param;

  if (!gm_http_auth_param_find (info, GM_SPAN ("nextnonce"), &param) || param.value.len == 0)
    return NULL;

  return gm_http_auth_param_dup (&param);
}

/* ---- answer ---- */

typedef struct
{
  GmHttpQop qop;
  char a1[HEX_SIZE];
  char a2[HEX_SIZE];
  char user[HEX_SIZE];
  char response[HEX_SIZE];
  char count[9];
} Sums;

static GmResult
choose_qop (const GmHttpDigest *self,
            const GmHttpDigestAsk *ask,
            Sums *sums)
{
  sums->qop = (self->qops & GM_HTTP_QOP_AUTH) != 0       ? GM_HTTP_QOP_AUTH
              : (self->qops & GM_HTTP_QOP_AUTH_INT) != 0 ? GM_HTTP_QOP_AUTH_INT
                                                         : GM_HTTP_QOP_NONE;

  return sums->qop == GM_HTTP_QOP_AUTH_INT && ask->body == NULL ? GM_AUTH_BAD_CHALLENGE : GM_OK;
}

/* RFC 7616 section 3.4.2 */
static GmResult
sum_a1 (const GmHttpDigest *self,
        const GmHttpDigestAsk *ask,
        Sums *sums)
{
  GmSpan login[] = { ask->user, text_span (self->realm), ask->password };
  GmSpan session[3];
  GmResult result = sum_joined ((GmHttpDigestHash) self->hash, login, 3, sums->a1);

  if (result != GM_OK || !self->session)
    return result;
  session[0] = text_span (sums->a1);
  session[1] = text_span (self->nonce);
  session[2] = ask->cnonce;

  return sum_joined ((GmHttpDigestHash) self->hash, session, 3, sums->a1);
}

/* Section 3.4.3 */
static GmResult
sum_a2 (const GmHttpDigest *self,
        const GmHttpDigestAsk *ask,
        Sums *sums)
{
  GmSpan parts[] = { ask->method, ask->target, { NULL, 0 } };
  char body[HEX_SIZE];

  if (sums->qop == GM_HTTP_QOP_AUTH_INT)
    {
      GmResult result = sum_joined ((GmHttpDigestHash) self->hash, ask->body, 1, body);

      if (result != GM_OK)
        return result;
      parts[2] = text_span (body);
    }

  return sum_joined ((GmHttpDigestHash) self->hash, parts, sums->qop == GM_HTTP_QOP_AUTH_INT ? 3 : 2, sums->a2);
}

static GmSpan
qop_name (GmHttpQop qop)
{
  return qop == GM_HTTP_QOP_AUTH_INT ? GM_SPAN ("auth-int") : GM_SPAN ("auth");
}

/* Section 3.4.1 */
static GmResult
sum_response (const GmHttpDigest *self,
              const GmHttpDigestAsk *ask,
              Sums *sums)
{
  GmSpan a1 = text_span (sums->a1);
  GmSpan a2 = text_span (sums->a2);
  GmSpan nonce = text_span (self->nonce);
  GmSpan old[] = { a1, nonce, a2 };
  GmSpan parts[] = { a1, nonce, text_span (sums->count), ask->cnonce, qop_name (sums->qop), a2 };

  if (sums->qop == GM_HTTP_QOP_NONE)
    return sum_joined ((GmHttpDigestHash) self->hash, old, G_N_ELEMENTS (old), sums->response);

  return sum_joined ((GmHttpDigestHash) self->hash, parts, G_N_ELEMENTS (parts), sums->response);
}

static GmResult
sum_all (const GmHttpDigest *self,
         const GmHttpDigestAsk *ask,
         Sums *sums)
{
  GmResult result = choose_qop (self, ask, sums);

  g_snprintf (sums->count, sizeof sums->count, "%08x", ask->count);
  if (result == GM_OK && self->userhash)
    {
      /* Section 3.4.4 */
      GmSpan parts[] = { ask->user, text_span (self->realm) };

      result = sum_joined ((GmHttpDigestHash) self->hash, parts, 2, sums->user);
    }
  if (result == GM_OK)
    result = sum_a1 (self, ask, sums);
  if (result == GM_OK)
    result = sum_a2 (self, ask, sums);
  if (result == GM_OK)
    result = sum_response (self, ask, sums);

  return result;
}

static void
append_quoted (GmByteBuilder *out,
               GmSpan text)
{
  gm_byte_builder_append_char (out, '"');
  for (gsize i = 0; i < text.len; i++)
    {
      if (text.data[i] == '"' || text.data[i] == '\\')
        gm_byte_builder_append_char (out, '\\');
      gm_byte_builder_append_char (out, text.data[i]);
    }
  gm_byte_builder_append_char (out, '"');
}

static gboolean
is_quotable (GmSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    if (((guchar) text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7f)
      return FALSE;

  return TRUE;
}

static void
append_answer (const GmHttpDigest *self,
               const GmHttpDigestAsk *ask,
               const Sums *sums,
               GmByteBuilder *out)
{
  gm_byte_builder_append_literal (out, "Digest username=");
  append_quoted (out, self->userhash ? text_span (sums->user) : ask->user);
  gm_byte_builder_append_literal (out, ", realm=");
  append_quoted (out, text_span (self->realm));
  gm_byte_builder_append_literal (out, ", nonce=");
  append_quoted (out, text_span (self->nonce));
  gm_byte_builder_append_literal (out, ", uri=");
  append_quoted (out, ask->target);
  if (sums->qop != GM_HTTP_QOP_NONE || self->session)
    {
      gm_byte_builder_append_literal (out, ", cnonce=");
      append_quoted (out, ask->cnonce);
    }
  if (sums->qop != GM_HTTP_QOP_NONE)
    {
      gm_byte_builder_append_literal (out, ", nc=");
      gm_byte_builder_append_span (out, text_span (sums->count));
      gm_byte_builder_append_literal (out, ", qop=");
      gm_byte_builder_append_span (out, qop_name (sums->qop));
    }
  gm_byte_builder_append_literal (out, ", response=");
  append_quoted (out, text_span (sums->response));
  if (self->opaque != NULL)
    {
      gm_byte_builder_append_literal (out, ", opaque=");
      append_quoted (out, text_span (self->opaque));
    }
  if (self->has_algorithm)
    {
      gm_byte_builder_append_literal (out, ", algorithm=");
      gm_byte_builder_append_span (out, hashes[self->hash].name);
      if (self->session)
        gm_byte_builder_append_literal (out, "-sess");
    }
  if (self->userhash)
    gm_byte_builder_append_literal (out, ", userhash=true");
}

GmResult
gm_http_digest_write (const GmHttpDigest *self,
                      const GmHttpDigestAsk *ask,
                      GmByteBuilder *out)
{
  Sums sums = { 0 };
  gsize start = out->len;
  GmResult result;

  if (!is_quotable (ask->user) || !is_quotable (ask->target))
    return GM_BAD_REQUEST;

  result = sum_all (self, ask, &sums);
  if (result == GM_OK)
    {
      append_answer (self, ask, &sums, out);
      if (out->failed)
        {
          out->len = MIN (start, out->len);
          result = GM_OUT_OF_MEMORY;
        }
    }
  explicit_bzero (&sums, sizeof sums);

  return result;
}
