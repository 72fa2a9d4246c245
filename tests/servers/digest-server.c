/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "digest-server.h"

#include "scripted-peer.h"

#include <string.h>

#ifdef WITH_NETTLE
#include <nettle/sha2.h>
#endif

#define SHA512_256 "SHA-512-256"

/* ---- sums ---- */

/* GLib has none of that kind. */
static char *
sum_sha512_256 (const void *data,
                gsize len)
{
#ifdef WITH_NETTLE
  struct sha512_256_ctx context;
  guint8 sum[32];
  GString *text = g_string_new (NULL);

  sha512_256_init (&context);
  sha512_256_update (&context, len, data);
  sha512_256_digest (&context, sizeof sum, sum);
  for (guint i = 0; i < sizeof sum; i++)
    g_string_append_printf (text, "%02x", sum[i]);
  return g_string_free (text, FALSE);
#else
  return g_strdup ("");
#endif
}

gboolean
digest_server_knows (const char *algorithm)
{
#ifdef WITH_NETTLE
  return TRUE;
#else
  return !g_str_has_prefix (algorithm, SHA512_256);
#endif
}

static char *
sum_bytes (const DigestServer *self,
           const void *data,
           gsize len)
{
  if (self->algorithm != NULL && g_str_has_prefix (self->algorithm, SHA512_256))
    return sum_sha512_256 (data, len);
  if (self->algorithm != NULL && g_str_has_prefix (self->algorithm, "SHA-256"))
    return g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, len);

  return g_compute_checksum_for_data (G_CHECKSUM_MD5, data, len);
}

/* Of all, with colons between them; the last is NULL. */
static char *
sum_of (const DigestServer *self,
        const char *first,
        ...)
{
  g_autoptr (GString) text = g_string_new (first);
  va_list args;
  const char *next;

  va_start (args, first);
  while ((next = va_arg (args, const char *)) != NULL)
    g_string_append_printf (text, ":%s", next);
  va_end (args);

  return sum_bytes (self, text->str, text->len);
}

/* ---- what was answered ---- */

static char *
get_param (const char *field,
           const char *name)
{
  g_autofree char *start = g_strdup_printf (" %s=", name);
  const char *at = strstr (field, start);

  if (at == NULL)
    return NULL;
  at += strlen (start);
  if (*at == '"')
    return g_strndup (at + 1, strcspn (at + 1, "\""));

  return g_strndup (at, strcspn (at, ", "));
}

static char *
sum_secret (const DigestServer *self,
            const char *nonce,
            const char *cnonce)
{
  g_autofree char *plain = sum_of (self, DIGEST_USER, DIGEST_REALM, DIGEST_PASSWORD, NULL);

  if (self->algorithm == NULL || !g_str_has_suffix (self->algorithm, "-sess"))
    return g_steal_pointer (&plain);

  return sum_of (self, plain, nonce, cnonce, NULL);
}

/* @qop, nullable: what the client chose. */
static char *
sum_request (const DigestServer *self,
             const ScriptedRequest *request,
             const char *qop,
             const char *uri)
{
  g_autofree char *body = NULL;

  if (g_strcmp0 (qop, "auth-int") != 0)
    return sum_of (self, request->method, uri, NULL);
  body = sum_bytes (self, request->body->data, request->body->len);

  return sum_of (self, request->method, uri, body, NULL);
}

static gboolean
user_is_right (const DigestServer *self,
               const char *field)
{
  g_autofree char *user = get_param (field, "username");
  g_autofree char *hashed = get_param (field, "userhash");
  g_autofree char *sum = sum_of (self, DIGEST_USER, DIGEST_REALM, NULL);

  if (!self->userhash)
    return g_strcmp0 (user, DIGEST_USER) == 0 && hashed == NULL;

  return g_strcmp0 (user, sum) == 0 && g_strcmp0 (hashed, "true") == 0;
}

static gboolean
answer_is_right (const DigestServer *self,
                 const ScriptedRequest *request,
                 const char *field)
{
  g_autofree char *nonce = get_param (field, "nonce");
  g_autofree char *cnonce = get_param (field, "cnonce");
  g_autofree char *nc = get_param (field, "nc");
  g_autofree char *qop = get_param (field, "qop");
  g_autofree char *uri = get_param (field, "uri");
  g_autofree char *response = get_param (field, "response");
  g_autofree char *opaque = get_param (field, "opaque");
  g_autofree char *algorithm = get_param (field, "algorithm");
  g_autofree char *wanted_nonce = g_strdup_printf ("nonce%u", self->n_nonces);
  g_autofree char *a1 = NULL;
  g_autofree char *a2 = NULL;
  g_autofree char *right = NULL;

  if (uri == NULL || response == NULL || g_strcmp0 (nonce, wanted_nonce) != 0 || g_strcmp0 (opaque, "0paque") != 0 ||
      g_strcmp0 (algorithm, self->algorithm) != 0)
    return FALSE;
  /* One of those that were offered, and what belongs to it. */
  if (self->qop == NULL ? qop != NULL : (qop == NULL || strstr (self->qop, qop) == NULL || nc == NULL || cnonce == NULL))
    return FALSE;
  /* A proxy is told the whole URL (RFC 9112 section 3.2.2), and either will do. */
  if (self->is_proxy ? !g_str_has_suffix (request->target, uri) : !g_str_equal (request->target, uri))
    return FALSE;

  a1 = sum_secret (self, nonce, cnonce);
  a2 = sum_request (self, request, qop, uri);
  right = qop != NULL ? sum_of (self, a1, nonce, nc, cnonce, qop, a2, NULL) : sum_of (self, a1, nonce, a2, NULL);

  return g_str_equal (response, right) &&
         (self->counts_needed == 0 || (nc != NULL && g_ascii_strtoll (nc, NULL, 16) == self->counts_needed));
}

/* ---- answers ---- */

static char *
make_challenge (const DigestServer *self)
{
  g_autoptr (GString) text = g_string_new (self->is_proxy ? "Proxy-Authenticate: " : "WWW-Authenticate: ");

  g_string_append_printf (text, "Digest realm=\"" DIGEST_REALM "\", nonce=\"nonce%u\", opaque=\"0paque\"", self->n_nonces);
  if (self->qop != NULL)
    g_string_append_printf (text, ", qop=\"%s\"", self->qop);
  if (self->algorithm != NULL)
    g_string_append_printf (text, ", algorithm=%s", self->algorithm);
  if (self->userhash)
    g_string_append (text, ", userhash=true");
  g_string_append_printf (text, "%s\r\n", self->more != NULL ? self->more : "");

  return g_strdup (text->str);
}

static ScriptedAnswer *
let_in (DigestServer *self)
{
  g_autofree char *info = NULL;

  if (self->counts_needed != 0)
    self->counts_needed++;
  if (self->next_nonce)
    info = g_strdup_printf ("%sAuthentication-Info: nextnonce=\"nonce%u\"\r\n", self->is_proxy ? "Proxy-" : "",
                            ++self->n_nonces);

  return scripted_answer_text (200, info, "inside");
}

ScriptedAnswer *
digest_server_answer (const ScriptedRequest *request,
                      gpointer user_data)
{
  DigestServer *self = user_data;
  const char *field = scripted_request_header (request, self->is_proxy ? "Proxy-Authorization" : "Authorization");
  g_autofree char *challenge = NULL;

  if (self->always_refuse == 0 && field != NULL && user_is_right (self, field) && answer_is_right (self, request, field))
    return let_in (self);

  if (self->always_refuse > 0 && self->always_refuse != G_MAXUINT && field != NULL)
    self->always_refuse--;
  self->n_nonces++;
  challenge = make_challenge (self);

  return scripted_answer_text (self->is_proxy ? 407 : 401, challenge, "outside");
}
