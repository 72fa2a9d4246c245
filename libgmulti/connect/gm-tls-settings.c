/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-tls-settings.h"
#include "gm-alloc.h"

#include <string.h>

const GmTlsSettings gm_tls_settings_default = {
  .verify_peer = TRUE,
  .verify_host = TRUE,
  .alpn = TRUE,
  .session_cache = TRUE,
};

GmTlsSettings *
gm_tls_settings_copy (const GmTlsSettings *self)
{
  GmTlsSettings *copy = gm_counted_copy (self != NULL ? self : &gm_tls_settings_default, sizeof *self);

#define ACQUIRE(name)                                                                                                  \
  if (copy->name != NULL)                                                                                              \
    g_ref_string_acquire (copy->name);
  GM_TLS_STRINGS (ACQUIRE)
#undef ACQUIRE
#define ACQUIRE(name)                                                                                                  \
  if (copy->name != NULL)                                                                                              \
    g_bytes_ref (copy->name);
  GM_TLS_BYTES (ACQUIRE)
#undef ACQUIRE

  return copy;
}

const GmTlsSettings *
gm_tls_settings_ref (const GmTlsSettings *self)
{
  if (self != NULL && self != &gm_tls_settings_default)
    g_atomic_ref_count_inc (&((GmTlsSettings *) self)->refs);
  return self;
}

typedef struct
{
  gsize len;
  char data[];
} Secret;

static void
secret_free (gpointer data)
{
  Secret *secret = data;

  explicit_bzero (secret->data, secret->len);
  g_free (secret);
}

GBytes *
gm_secret_bytes_new (gconstpointer data,
                     gsize len)
{
  Secret *secret = g_malloc (sizeof *secret + len);

  secret->len = len;
  if (len > 0)
    memcpy (secret->data, data, len);
  return g_bytes_new_with_free_func (secret->data, len, secret_free, secret);
}

void
gm_tls_settings_unref (const GmTlsSettings *self)
{
  GmTlsSettings *block = (GmTlsSettings *) self;

  if (self == NULL || self == &gm_tls_settings_default || !g_atomic_ref_count_dec (&block->refs))
    return;

#define RELEASE(name) g_clear_pointer (&block->name, g_ref_string_release);
  GM_TLS_STRINGS (RELEASE)
#undef RELEASE
#define RELEASE(name) g_clear_pointer (&block->name, g_bytes_unref);
  GM_TLS_BYTES (RELEASE)
#undef RELEASE
  g_free (block);
}

static void
replace_string (char **slot,
                char *value)
{
  char *old = *slot;

  *slot = value != NULL ? g_ref_string_acquire (value) : NULL;
  if (old != NULL)
    g_ref_string_release (old);
}

static void
replace_bytes (GBytes **slot,
               GBytes *value)
{
  GBytes *old = *slot;

  *slot = value != NULL ? g_bytes_ref (value) : NULL;
  g_clear_pointer (&old, g_bytes_unref);
}

GmTlsSettings *
gm_tls_settings_with_identity (const GmTlsSettings *self,
                               const GmTlsSettings *identity)
{
  GmTlsSettings *copy = gm_tls_settings_copy (self);

  replace_string (&copy->cert_file, identity->cert_file);
  replace_string (&copy->key_file, identity->key_file);
  replace_bytes (&copy->cert_bytes, identity->cert_bytes);
  replace_bytes (&copy->key_bytes, identity->key_bytes);
  replace_bytes (&copy->key_password, identity->key_password);
  copy->cert_format = identity->cert_format;
  copy->key_format = identity->key_format;

  return copy;
}

GmTlsSettings *
gm_tls_settings_without_login (const GmTlsSettings *self)
{
  GmTlsSettings *copy = gm_tls_settings_copy (self);

  replace_string (&copy->login_user, NULL);
  replace_bytes (&copy->login_password, NULL);
  return copy;
}

static gboolean
bytes_equal (GBytes *a,
             GBytes *b)
{
  return a == b || (a != NULL && b != NULL && g_bytes_equal (a, b));
}

gboolean
gm_tls_settings_equal (const GmTlsSettings *a,
                       const GmTlsSettings *b)
{
  if (a == NULL)
    a = &gm_tls_settings_default;
  if (b == NULL)
    b = &gm_tls_settings_default;
  if (a == b)
    return TRUE;

#define DIFFERS(name)                                                                                                  \
  if (a->name != b->name)                                                                                              \
    return FALSE;
  GM_TLS_NUMBERS (DIFFERS)
#undef DIFFERS
#define DIFFERS(name)                                                                                                  \
  if (a->name != b->name && g_strcmp0 (a->name, b->name) != 0)                                                         \
    return FALSE;
  GM_TLS_STRINGS (DIFFERS)
#undef DIFFERS
#define DIFFERS(name)                                                                                                  \
  if (!bytes_equal (a->name, b->name))                                                                                 \
    return FALSE;
  GM_TLS_BYTES (DIFFERS)
#undef DIFFERS

  return TRUE;
}

static gboolean
has_secret (const GmTlsSettings *self)
{
  return self->cert_file != NULL || self->cert_bytes != NULL || self->key_file != NULL || self->key_bytes != NULL ||
         self->key_password != NULL || self->login_user != NULL || self->login_password != NULL;
}

static void
add_string (GString *key,
            const char *name,
            const char *value)
{
  g_autofree char *escaped = NULL;

  if (value == NULL)
    return;
  escaped = g_uri_escape_string (value, "/", FALSE);
  g_string_append_printf (key, ":%s=%s", name, escaped);
}

static void
add_bytes (GString *key,
           const char *name,
           GBytes *value)
{
  g_autofree char *sum = NULL;

  if (value == NULL)
    return;
  sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, value);
  g_string_append_printf (key, ":%s=%s", name, sum);
}

char *
gm_tls_settings_dup_key (const GmTlsSettings *self)
{
  GString *key;

  if (self == NULL)
    self = &gm_tls_settings_default;
  if (has_secret (self))
    return NULL;

  key = g_string_new (NULL);
#define ADD(name)                                                                                                      \
  if (self->name != gm_tls_settings_default.name)                                                                      \
    g_string_append_printf (key, ":" #name "=%u", self->name);
  GM_TLS_NUMBERS (ADD)
#undef ADD
#define ADD(name) add_string (key, #name, self->name);
  GM_TLS_STRINGS (ADD)
#undef ADD
#define ADD(name) add_bytes (key, #name, self->name);
  GM_TLS_BYTES (ADD)
#undef ADD

  return g_string_free (key, FALSE);
}
