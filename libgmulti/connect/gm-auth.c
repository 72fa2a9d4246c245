/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-auth.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "gm-http-basic.h"
#include "gm-http-digest.h"
#include "gm-queue.h"

#define CNONCE_BYTES 16

/* ---- what is remembered ---- */

typedef struct
{
  GList link; /* in the store: last used first */
  char *key; /* (owned) */
  GmAuthScheme scheme; /* that worked; NONE while only asked for */
  GmHttpDigest digest; /* nonce NULL: there is none */
  char cnonce[2 * CNONCE_BYTES + 1]; /* as long as the nonce */
  guint32 count; /* requests with the nonce */
} Entry;

struct _GmAuthStore
{
  GHashTable *entries; /* key → Entry */
  GQueue used;
};

static void
entry_free (gpointer data)
{
  Entry *self = data;

  gm_http_digest_clear (&self->digest);
  g_free (self->key);
  g_free (self);
}

GmAuthStore *
gm_auth_store_new (void)
{
  GmAuthStore *self = g_new0 (GmAuthStore, 1);

  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, entry_free);
  return self;
}

void
gm_auth_store_free (GmAuthStore *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->entries);
  g_free (self);
}

void
gm_auth_store_clear (GmAuthStore *self)
{
  g_queue_init (&self->used); /* the links are in the entries */
  g_hash_table_remove_all (self->entries);
}

guint
gm_auth_store_n (const GmAuthStore *self)
{
  return g_hash_table_size (self->entries);
}

static Entry *
store_find (GmAuthStore *self,
            const char *key)
{
  return g_hash_table_lookup (self->entries, key);
}

static void
store_remove (GmAuthStore *self,
              Entry *entry)
{
  g_queue_unlink (&self->used, &entry->link);
  g_hash_table_remove (self->entries, entry->key);
}

/* Found or made, and the last used. */
static Entry *
store_take (GmAuthStore *self,
            const char *key)
{
  Entry *entry = store_find (self, key);

  if (entry == NULL)
    {
      if (self->used.length >= GM_AUTH_STORE_MAX)
        store_remove (self, g_queue_peek_tail (&self->used));
      entry = g_new0 (Entry, 1);
      entry->link.data = entry;
      entry->key = g_strdup (key);
      g_hash_table_insert (self->entries, entry->key, entry);
    }
  else
    g_queue_unlink (&self->used, &entry->link);
  g_queue_push_head_link (&self->used, &entry->link);

  return entry;
}

/* A new nonce: counting begins anew, and so does the session. Takes what @digest owns. */
static void
entry_set_digest (Entry *self,
                  GmHttpDigest *digest)
{
  static const char digits[] = "0123456789abcdef";
  guint8 random[CNONCE_BYTES];

  gm_http_digest_clear (&self->digest);
  self->digest = *digest;
  *digest = (GmHttpDigest){ 0 };
  self->count = 0;
  if (gnutls_rnd (GNUTLS_RND_NONCE, random, sizeof random) < 0)
    for (guint i = 0; i < CNONCE_BYTES; i++)
      random[i] = (guint8) g_random_int ();
  for (guint i = 0; i < CNONCE_BYTES; i++)
    {
      self->cnonce[2 * i] = digits[random[i] >> 4];
      self->cnonce[2 * i + 1] = digits[random[i] & 15];
    }
  self->cnonce[2 * CNONCE_BYTES] = '\0';
}

/* ---- one target ---- */

struct _GmAuth
{
  GmAuthStore *store; /* (unowned) */
  char *key; /* (owned) */
  char *host; /* (owned) */
  char *user; /* (owned) (nullable): wiped */
  char *password; /* (owned) (nullable): wiped */
  char *token; /* (owned) (nullable): wiped */
  char *service; /* (owned) (nullable) */
  char *realm; /* (owned) (nullable): of what is wanted */
  char *peer_token; /* (owned) (nullable): base64, of Negotiate's next leg */
  char *detail; /* (owned) (nullable) */
  GmGss *negotiate; /* (owned) (nullable): while its context is being made */
  GmResult problem;
  guint allowed;
  guint failed; /* schemes that this login has been refused by, or that do not work here */
  guint offered;
  GmAuthScheme wanted; /* the strongest of @offered that takes a user and a password */
  GmAuthScheme picked; /* by a challenge; NONE: none was seen yet */
  GmAuthScheme sent; /* in the last request */
  guint rounds;
  guint n_stale;
  guint16 port;
  guint8 is_proxy : 1;
  guint8 delegation : 2; /* GmDelegation */
  guint8 proving : 1; /* the peer's last token is still to be looked at */
  guint8 keeps_problem : 1; /* @problem is ours: what the next refusal says does not make it good */
  guint8 unasked : 1; /* a challenge that was sure to come did not */
  guint8 fresh_nonce : 1; /* the nonce of the last request came from a challenge to this very login */
};

static const struct
{
  GmAuthScheme scheme;
  const char *name;
} strongest_first[] = {
  { GM_AUTH_NEGOTIATE, "Negotiate" },
  { GM_AUTH_BEARER, "Bearer" },
  { GM_AUTH_DIGEST, "Digest" },
  { GM_AUTH_BASIC, "Basic" },
};

guint
gm_auth_schemes (void)
{
  return gm_gss_is_there () ? GM_AUTH_ANY : GM_AUTH_ANY & ~(guint) GM_AUTH_NEGOTIATE;
}

const char *
gm_auth_scheme_name (GmAuthScheme scheme)
{
  for (guint i = 0; i < G_N_ELEMENTS (strongest_first); i++)
    if (strongest_first[i].scheme == scheme)
      return strongest_first[i].name;

  return NULL;
}

static GmAuthScheme
strongest (guint schemes)
{
  for (guint i = 0; i < G_N_ELEMENTS (strongest_first); i++)
    if ((schemes & strongest_first[i].scheme) != 0)
      return strongest_first[i].scheme;

  return GM_AUTH_NONE;
}

static char *
make_key (const GmAuthTarget *target)
{
  return g_strdup_printf ("%s%.*s://%.*s:%u", target->is_proxy ? "proxy " : "", (int) target->scheme.len,
                          target->scheme.data, (int) target->host.len, target->host.data, target->port);
}

static void
wipe (char **secret)
{
  if (*secret != NULL)
    explicit_bzero (*secret, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

GmAuth *
gm_auth_new (GmAuthStore *store,
             const GmAuthTarget *target,
             guint allowed)
{
  GmAuth *self = g_new0 (GmAuth, 1);

  self->store = store;
  self->key = make_key (target);
  self->host = g_strndup (target->host.data, target->host.len);
  self->port = target->port;
  self->is_proxy = target->is_proxy;
  self->allowed = allowed & gm_auth_schemes ();

  return self;
}

void
gm_auth_free (GmAuth *self)
{
  if (self == NULL)
    return;

  wipe (&self->user);
  wipe (&self->password);
  wipe (&self->token);
  wipe (&self->peer_token);
  gm_gss_free (self->negotiate);
  g_free (self->detail);
  g_free (self->realm);
  g_free (self->service);
  g_free (self->host);
  g_free (self->key);
  g_free (self);
}

gboolean
gm_auth_is_for (const GmAuth *self,
                const GmAuthTarget *target)
{
  g_autofree char *key = make_key (target);

  return g_str_equal (self->key, key);
}

static void
clear_problem (GmAuth *self)
{
  self->problem = GM_OK;
  self->keeps_problem = FALSE;
  g_clear_pointer (&self->detail, g_free);
}

/* The first of an answer is told: what follows may come of it. @scheme and @why: (nullable). */
static void
set_problem (GmAuth *self,
             GmResult result,
             const char *scheme,
             const char *why)
{
  if (self->problem != GM_OK)
    return;
  if (why == NULL)
    why = result == GM_NOT_BUILT_IN ? "something that this library cannot do" : "something that cannot be answered";
  self->problem = result;
  self->detail = scheme != NULL ? g_strdup_printf ("%s: %s", scheme, why) : g_strdup (why);
}

/* A scheme that was asked for did not work here, whatever else is tried. */
static void
give_up_scheme (GmAuth *self,
                GmAuthScheme scheme,
                GmResult result,
                const char *why)
{
  self->failed |= scheme;
  clear_problem (self);
  set_problem (self, result, gm_auth_scheme_name (scheme), why);
  self->keeps_problem = TRUE;
}

void
gm_auth_set_login (GmAuth *self,
                   const char *user,
                   const char *password)
{
  wipe (&self->user);
  wipe (&self->password);
  self->user = g_strdup (user);
  self->password = g_strdup (password);
  self->rounds = self->n_stale = 0;
  clear_problem (self);
  /* What was offered last can be answered now; a login that somebody was asked for is none of Kerberos. */
  self->failed = self->offered != 0 ? GM_AUTH_NEGOTIATE : 0;
  self->picked = strongest (self->offered & self->allowed & (GM_AUTH_DIGEST | GM_AUTH_BASIC));
}

void
gm_auth_set_token (GmAuth *self,
                   const char *token)
{
  wipe (&self->token);
  self->token = g_strdup (token);
}

void
gm_auth_set_service (GmAuth *self,
                     const char *service,
                     GmDelegation delegation)
{
  g_free (self->service);
  self->service = g_strdup (service);
  self->delegation = delegation;
}

gboolean
gm_auth_has_login (const GmAuth *self)
{
  return self->user != NULL || self->token != NULL;
}

const char *
gm_auth_get_user (const GmAuth *self)
{
  return self->user;
}

const char *
gm_auth_get_password (const GmAuth *self)
{
  return self->password;
}

/* What may be used with what is there. */
static guint
get_usable (const GmAuth *self)
{
  guint usable = self->allowed & ~self->failed;

  if (self->token == NULL)
    usable &= ~(guint) GM_AUTH_BEARER;
  if (self->user == NULL)
    usable &= GM_AUTH_BEARER;

  return usable;
}

static gboolean
is_one (guint schemes)
{
  return schemes != 0 && (schemes & (schemes - 1)) == 0;
}

/* The scheme of the next request: what was asked for, the only one that is allowed or possible, or what worked the last
 * time. With a choice of schemes a password waits until it is asked for, as with libcurl. */
static GmAuthScheme
choose (const GmAuth *self)
{
  guint usable = get_usable (self);
  const Entry *entry;

  if ((self->picked & usable) != 0)
    return self->picked;
  if (is_one (self->allowed) || (usable & GM_AUTH_BEARER) == usable)
    return (GmAuthScheme) usable;
  entry = store_find (self->store, self->key);

  return entry != NULL && (entry->scheme & usable) != 0 ? entry->scheme : GM_AUTH_NONE;
}

static gboolean
has_nonce (const GmAuth *self)
{
  const Entry *entry = store_find (self->store, self->key);

  return entry != NULL && entry->digest.nonce != NULL;
}

gboolean
gm_auth_will_be_asked (const GmAuth *self)
{
  return !self->unasked && choose (self) == GM_AUTH_DIGEST && !has_nonce (self);
}

gboolean
gm_auth_may_be_asked (const GmAuth *self)
{
  GmAuthScheme scheme = choose (self);

  return get_usable (self) != 0 && (scheme == GM_AUTH_NONE || scheme == GM_AUTH_NEGOTIATE);
}

/* ---- requests ---- */

/* With what the peer has said, if it has. */
static GmResult
start_leg (GmAuth *self,
           GmReactor *reactor,
           GmRunnable *owner)
{
  g_autofree guchar *bytes = NULL;
  gsize len = 0;

  if (self->peer_token != NULL)
    bytes = g_base64_decode (self->peer_token, &len);
  wipe (&self->peer_token);

  return gm_gss_start (self->negotiate, gm_span ((const char *) bytes, len), reactor, owner);
}

GmResult
gm_auth_prepare (GmAuth *self,
                 GmReactor *reactor,
                 GmRunnable *owner)
{
  GmResult result = gm_auth_prove (self, reactor, owner);

  if (result != GM_OK || choose (self) != GM_AUTH_NEGOTIATE)
    return result;

  if (self->negotiate == NULL)
    self->negotiate = gm_gss_new (GM_GSS_LOGIN, self->service != NULL ? self->service : "HTTP", self->host,
                                  self->delegation);
  result = gm_gss_get_result (self->negotiate);
  if (result == GM_OK && gm_gss_get_token (self->negotiate).len == 0)
    {
      result = start_leg (self, reactor, owner);
    }
  if (result == GM_OK || result == GM_AGAIN)
    return result;

  /* No ticket, no such server: another scheme may do. */
  give_up_scheme (self, GM_AUTH_NEGOTIATE, result, gm_gss_get_detail (self->negotiate));
  g_clear_pointer (&self->negotiate, gm_gss_free);
  self->picked = strongest (self->offered & get_usable (self));

  return GM_OK;
}

static GmSpan
text_span (const char *text)
{
  return text != NULL ? gm_span (text, strlen (text)) : GM_SPAN ("");
}

static GmResult
write_digest (GmAuth *self,
              const GmAuthAsk *ask,
              GmByteBuilder *out)
{
  Entry *entry = store_take (self->store, self->key);
  GmHttpDigestAsk digest_ask = {
    .user = text_span (self->user),
    .password = text_span (self->password),
    .method = ask->method,
    .target = ask->target,
    .body = ask->body,
    .cnonce = text_span (entry->cnonce),
    .count = ++entry->count,
  };

  return gm_http_digest_write (&entry->digest, &digest_ask, out);
}

static GmResult
write_negotiate (GmAuth *self,
                 GmByteBuilder *out)
{
  GmSpan token = self->negotiate != NULL ? gm_gss_get_token (self->negotiate) : gm_span (NULL, 0);
  char *text;

  if (token.len == 0)
    return GM_AGAIN;
  text = g_base64_encode ((const guchar *) token.data, token.len);
  gm_byte_builder_append_literal (out, "Negotiate ");
  gm_byte_builder_append_span (out, text_span (text));
  wipe (&text);

  return out->failed ? GM_OUT_OF_MEMORY : GM_OK;
}

static GmResult
write_value (GmAuth *self,
             GmAuthScheme scheme,
             const GmAuthAsk *ask,
             GmByteBuilder *out)
{
  switch (scheme)
    {
    case GM_AUTH_BASIC:
      return gm_http_basic_write (out, text_span (self->user), text_span (self->password));
    case GM_AUTH_BEARER:
      return gm_http_bearer_write (out, text_span (self->token));
    case GM_AUTH_NEGOTIATE:
      return write_negotiate (self, out);
    case GM_AUTH_DIGEST:
      return write_digest (self, ask, out);
    case GM_AUTH_SIGNED:
    case GM_AUTH_NONE:
    default:
      return GM_AGAIN;
    }
}

GmResult
gm_auth_write (GmAuth *self,
               const GmAuthAsk *ask,
               GmByteBuilder *out)
{
  GmAuthScheme scheme = choose (self);
  gsize start = out->len;
  GmResult result;

  self->sent = GM_AUTH_NONE;
  if (scheme == GM_AUTH_NONE || (scheme == GM_AUTH_DIGEST && !has_nonce (self)))
    return GM_OK;

  if (self->is_proxy)
    gm_byte_builder_append_literal (out, "Proxy-Authorization: ");
  else
    gm_byte_builder_append_literal (out, "Authorization: ");
  result = write_value (self, scheme, ask, out);
  gm_byte_builder_append_literal (out, "\r\n");
  if (result == GM_OK && !out->failed)
    {
      self->sent = scheme;
      return GM_OK;
    }

  if (out->failed || result == GM_OUT_OF_MEMORY)
    return GM_OUT_OF_MEMORY;
  out->len = start;
  if (result == GM_AGAIN)
    return GM_OK;
  /* What this challenge asks cannot be given; the request goes without, and its answer says what there is. */
  if (scheme == GM_AUTH_DIGEST && result != GM_BAD_REQUEST)
    {
      give_up_scheme (self, GM_AUTH_DIGEST, result,
                      result == GM_AUTH_BAD_CHALLENGE ? "a sum of the body, which cannot be made before it is sent" : NULL);
      return GM_OK;
    }

  return result;
}

/* ---- answers ---- */

static void
note_realm (GmAuth *self,
            GmAuthScheme scheme,
            const GmHttpChallenge *challenge)
{
  GmHttpAuthParam param;

  if ((self->allowed & scheme) == 0 || self->wanted == scheme || strongest (self->wanted | scheme) != scheme)
    return;
  self->wanted = scheme;
  g_clear_pointer (&self->realm, g_free);
  if (gm_http_auth_param_find (challenge->params, GM_SPAN ("realm"), &param))
    self->realm = gm_http_auth_param_dup (&param);
}

/* The best of the Digest challenges is kept in @best. */
static void
take_digest (GmAuth *self,
             const GmHttpChallenge *challenge,
             GmHttpDigest *best)
{
  GmHttpDigest digest;
  GmResult result = gm_http_digest_read (&digest, challenge);

  if (result != GM_OK)
    {
      set_problem (self, result, "Digest", digest.why);
      return;
    }
  self->offered |= GM_AUTH_DIGEST;
  if (best->nonce != NULL && best->hash >= digest.hash)
    {
      gm_http_digest_clear (&digest);
      return;
    }
  gm_http_digest_clear (best);
  *best = digest;
  if (self->wanted == GM_AUTH_DIGEST)
    self->wanted = GM_AUTH_NONE; /* it is noted anew, with this one's realm */
  note_realm (self, GM_AUTH_DIGEST, challenge);
}

static void
take_challenge (GmAuth *self,
                const GmHttpChallenge *challenge,
                GmHttpDigest *best)
{
  if (gm_span_equal_nocase (challenge->scheme, GM_SPAN ("Basic")))
    {
      self->offered |= GM_AUTH_BASIC;
      note_realm (self, GM_AUTH_BASIC, challenge);
    }
  else if (gm_span_equal_nocase (challenge->scheme, GM_SPAN ("Bearer")))
    self->offered |= GM_AUTH_BEARER;
  else if (gm_span_equal_nocase (challenge->scheme, GM_SPAN ("Digest")))
    take_digest (self, challenge, best);
  else if (gm_span_equal_nocase (challenge->scheme, GM_SPAN ("Negotiate")))
    {
      self->offered |= GM_AUTH_NEGOTIATE;
      wipe (&self->peer_token);
      if (challenge->token68.len > GM_NEGOTIATE_MAX_TOKEN)
        set_problem (self, GM_AUTH_BAD_CHALLENGE, "Negotiate", "a token that is too long");
      else if (challenge->token68.len > 0)
        self->peer_token = g_strndup (challenge->token68.data, challenge->token68.len);
    }
}

static void
read_challenges (GmAuth *self,
                 const GmHeaders *headers,
                 guint first,
                 guint n,
                 GmHttpDigest *best)
{
  GmSpan field = self->is_proxy ? GM_SPAN ("Proxy-Authenticate") : GM_SPAN ("WWW-Authenticate");
  guint n_challenges = 0;

  self->offered = 0;
  self->wanted = GM_AUTH_NONE;
  if (!self->keeps_problem)
    clear_problem (self);
  g_clear_pointer (&self->realm, g_free);
  for (guint i = first; i < first + n; i++)
    {
      GmSpan rest;
      GmHttpChallenge challenge = { 0 };
      GmParse parse = GM_PARSE_MORE;

      if (!gm_span_equal_nocase (gm_headers_get_name (headers, i), field))
        continue;
      rest = gm_headers_get_value (headers, i);
      while (n_challenges < GM_HTTP_MAX_CHALLENGES &&
             (parse = gm_http_challenge_next (&rest, &challenge)) == GM_PARSE_DONE)
        {
          n_challenges++;
          take_challenge (self, &challenge, best);
        }
      if (parse == GM_PARSE_BAD)
        set_problem (self, GM_AUTH_BAD_CHALLENGE, self->is_proxy ? "Proxy-Authenticate" : "WWW-Authenticate", challenge.why);
    }
}

/* What the refusal says about what was sent. */
static void
learn_refusal (GmAuth *self,
               gboolean stale)
{
  switch (self->sent)
    {
    case GM_AUTH_DIGEST:
      /* A nonce that others had used may be too old without a word about it. */
      if ((self->offered & GM_AUTH_DIGEST) != 0 &&
          ((stale && self->n_stale++ < GM_AUTH_MAX_STALE) || (!self->fresh_nonce && !stale)))
        return;
      /* The password is wrong: to try it in clear next would be to give it away. */
      self->failed |= GM_AUTH_DIGEST | GM_AUTH_BASIC;
      return;
    case GM_AUTH_BASIC:
      self->failed |= GM_AUTH_BASIC;
      if ((self->offered & GM_AUTH_BASIC) != 0)
        self->failed |= GM_AUTH_DIGEST;
      return;
    case GM_AUTH_NEGOTIATE:
      /* Another leg, or the end of it. */
      if (self->peer_token == NULL || self->negotiate == NULL || gm_gss_is_complete (self->negotiate))
        give_up_scheme (self, GM_AUTH_NEGOTIATE, GM_AUTH_FAILED, "the token was not accepted");
      return;
    case GM_AUTH_BEARER:
      self->failed |= GM_AUTH_BEARER;
      return;
    case GM_AUTH_SIGNED:
    case GM_AUTH_NONE:
    default:
      return;
    }
}

gboolean
gm_auth_refused (GmAuth *self,
                 const GmHeaders *headers,
                 guint first,
                 guint n)
{
  GmHttpDigest digest = { 0 };
  Entry *entry = store_find (self->store, self->key);

  read_challenges (self, headers, first, n, &digest);
  learn_refusal (self, digest.stale);
  if ((self->failed & GM_AUTH_NEGOTIATE) != 0 || (self->offered & GM_AUTH_NEGOTIATE) == 0)
    g_clear_pointer (&self->negotiate, gm_gss_free);
  else if (self->negotiate != NULL && self->sent == GM_AUTH_NEGOTIATE)
    gm_gss_next (self->negotiate);

  /* What worked for others does not any more. */
  if (entry != NULL && self->sent != GM_AUTH_NONE && entry->scheme == self->sent)
    entry->scheme = GM_AUTH_NONE;
  if (digest.nonce != NULL)
    {
      entry_set_digest (store_take (self->store, self->key), &digest);
      self->fresh_nonce = TRUE;
    }

  self->picked = strongest (self->offered & get_usable (self));
  if (self->picked == GM_AUTH_NONE)
    return FALSE;
  if (++self->rounds < GM_AUTH_MAX_ROUNDS)
    return TRUE;
  set_problem (self, GM_AUTH_FAILED, gm_auth_scheme_name (self->picked), "asked for again and again");
  return FALSE;
}

/* nextnonce (RFC 7616 section 3.5). A session's key goes on with its first nonce, and what servers make of both together
 * differs: there the next challenge is waited for. */
static void
take_next_nonce (GmAuth *self,
                 const GmHeaders *headers,
                 guint first,
                 guint n)
{
  GmSpan field = self->is_proxy ? GM_SPAN ("Proxy-Authentication-Info") : GM_SPAN ("Authentication-Info");
  Entry *entry = store_find (self->store, self->key);

  for (guint i = first; entry != NULL && i < first + n; i++)
    if (gm_span_equal_nocase (gm_headers_get_name (headers, i), field))
      {
        char *next = gm_http_digest_dup_next (gm_headers_get_value (headers, i));

        if (next != NULL && entry->digest.nonce != NULL && !entry->digest.session)
          {
            GmHttpDigest digest = entry->digest;

            g_free (digest.nonce);
            digest.nonce = next;
            entry->digest = (GmHttpDigest){ 0 };
            entry_set_digest (entry, &digest);
          }
        else
          g_free (next);
      }
}

/* RFC 4559 section 4.2: the last leg comes with the answer, from proxies in Proxy-Authentication-Info. Who sends none is
 * taken at his word, as by everybody: some servers, and all that answer CONNECT with a line alone, have no other way. */
static void
take_last_token (GmAuth *self,
                 const GmHeaders *headers,
                 guint first,
                 guint n)
{
  const GmSpan fields[] = {
    self->is_proxy ? GM_SPAN ("Proxy-Authenticate") : GM_SPAN ("WWW-Authenticate"),
    self->is_proxy ? GM_SPAN ("Proxy-Authentication-Info") : GM_SPAN ("Authentication-Info"),
  };

  for (guint i = first; i < first + n && self->peer_token == NULL; i++)
    {
      GmSpan rest = gm_headers_get_value (headers, i);
      GmHttpChallenge token;

      if ((gm_span_equal_nocase (gm_headers_get_name (headers, i), fields[0]) ||
           gm_span_equal_nocase (gm_headers_get_name (headers, i), fields[1])) &&
          gm_http_challenge_next (&rest, &token) == GM_PARSE_DONE &&
          gm_span_equal_nocase (token.scheme, GM_SPAN ("Negotiate")) && token.token68.len > 0 &&
          token.token68.len <= GM_NEGOTIATE_MAX_TOKEN)
        self->peer_token = g_strndup (token.token68.data, token.token68.len);
    }
}

void
gm_auth_not_asked (GmAuth *self)
{
  self->unasked = TRUE;
}

void
gm_auth_accepted (GmAuth *self,
                  const GmHeaders *headers,
                  guint first,
                  guint n)
{
  if (self->sent == GM_AUTH_NONE)
    return;

  if (self->sent == GM_AUTH_DIGEST)
    take_next_nonce (self, headers, first, n);
  /* With one scheme only there is nothing to choose the next time. */
  if (!is_one (self->allowed))
    store_take (self->store, self->key)->scheme = self->sent;
  self->rounds = self->n_stale = 0;
  self->fresh_nonce = FALSE;
  if (self->sent == GM_AUTH_NEGOTIATE && self->negotiate != NULL && !gm_gss_is_complete (self->negotiate))
    take_last_token (self, headers, first, n);
  self->proving = self->peer_token != NULL;
  if (self->proving)
    gm_gss_next (self->negotiate);
  else
    g_clear_pointer (&self->negotiate, gm_gss_free);
}

gboolean
gm_auth_must_prove (const GmAuth *self)
{
  return self->proving;
}

GmResult
gm_auth_prove (GmAuth *self,
               GmReactor *reactor,
               GmRunnable *owner)
{
  GmResult result;

  if (G_LIKELY (!self->proving))
    return GM_OK;

  result = gm_gss_get_result (self->negotiate);
  if (result == GM_OK && self->peer_token != NULL)
    {
      result = start_leg (self, reactor, owner);
    }
  if (result == GM_AGAIN)
    return result;

  self->proving = FALSE;
  if (result == GM_OK && !gm_gss_is_complete (self->negotiate))
    result = GM_AUTH_FAILED;
  if (result != GM_OK)
    {
      const char *why = gm_gss_get_detail (self->negotiate);
      g_autofree char *text = g_strdup_printf ("the other side does not prove who it is: %s",
                                               why != NULL ? why : "its last token is not the last");

      give_up_scheme (self, GM_AUTH_NEGOTIATE, result, text);
    }
  g_clear_pointer (&self->negotiate, gm_gss_free);

  return result;
}

/* ---- whose a connection is ---- */

/* With its length in front, so that no two lists of texts look the same. */
static void
add_part (GChecksum *sum,
          const char *text)
{
  gint64 len = text != NULL ? (gint64) strlen (text) : -1;

  g_checksum_update (sum, (const guchar *) &len, sizeof len);
  if (text != NULL)
    g_checksum_update (sum, (const guchar *) text, (gssize) len);
}

char *
gm_auth_make_identity (const char *user,
                       const char *password,
                       const char *service,
                       GmDelegation delegation)
{
  GChecksum *sum;
  guchar way = (guchar) delegation;
  char *text;

  if (user == NULL)
    return NULL;

  sum = g_checksum_new (G_CHECKSUM_SHA256);
  add_part (sum, user);
  add_part (sum, password);
  add_part (sum, service);
  add_part (sum, g_getenv ("KRB5CCNAME"));
  g_checksum_update (sum, &way, sizeof way);
  text = g_strdup (g_checksum_get_string (sum));
  g_checksum_free (sum);

  return text;
}

char *
gm_auth_dup_identity (const GmAuth *self)
{
  return gm_auth_make_identity (self->user, self->password, self->service, (GmDelegation) self->delegation);
}

/* ---- what is known ---- */

const char *
gm_auth_get_host (const GmAuth *self)
{
  return self->host;
}

guint16
gm_auth_get_port (const GmAuth *self)
{
  return self->port;
}

guint
gm_auth_get_offered (const GmAuth *self)
{
  return self->offered;
}

GmAuthScheme
gm_auth_get_sent (const GmAuth *self)
{
  return self->sent;
}

GmAuthScheme
gm_auth_get_wanted (const GmAuth *self,
                    const char **realm)
{
  *realm = self->realm;
  return self->wanted;
}

GmResult
gm_auth_get_problem (const GmAuth *self,
                     const char **detail)
{
  *detail = self->detail;
  return self->problem;
}
