/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-http.h"

#include "gm-http1-write.h"
#include "gm-sigv4.h"

#include <string.h>

/* The login signs the request instead of travelling with it. What counts: Host, the time, the hash of the body, and each
 * field that the user adds, exactly as they are sent. */

typedef struct
{
  GArray *fields; /* (owned) (element-type GmSigv4Field) */
  GmSpan date_name; /* "X-Amz-Date" */
  GmSpan hash_name; /* "x-amz-content-sha256" */
  GmSpan date; /* the user's; empty: none */
  GmSpan hash;
} Collected;

static void
add (Collected *self,
     GmSpan name,
     GmSpan value)
{
  GmSigv4Field field = { name, value };

  g_array_append_val (self->fields, field);
}

static void
take_user_field (GmSpan name,
                 GmSpan value,
                 gpointer data)
{
  Collected *self = data;

  if (gm_span_equal_nocase (name, self->hash_name))
    self->hash = value;
  else if (gm_span_equal_nocase (name, self->date_name))
    self->date = value;
  add (self, name, value);
}

/* A body that is not in memory cannot be summed up before it is read; storage takes that. */
static void
hash_body (const GmHttp *self,
           const GmSigv4Scope *scope,
           char text[GM_SIGV4_HASH_LEN + 1])
{
  const GmSource *source = self->request->source;
  gboolean none = self->upload == GM_HTTP_UPLOAD_NONE || source->size == 0;
  gboolean known = source->kind == GM_SOURCE_BYTES && source->size >= 0;

  if (!none && gm_sigv4_scope_is_storage (scope) && (!known || source->size > GM_AUTH_MAX_SUMMED))
    strcpy (text, "UNSIGNED-PAYLOAD");
  else if (none || !known)
    gm_sigv4_hash (GM_SPAN (""), text);
  else
    gm_sigv4_hash (gm_span (source->bytes, (gsize) source->size), text);
}

/* "X-Amz-Date", "x-amz-content-sha256": the product's own names. */
static char *
name_field (const char *before,
            const GmSigv4Scope *scope,
            const char *behind,
            gboolean capital)
{
  g_autofree char *product = g_ascii_strdown (scope->product.data, (gssize) scope->product.len);

  if (capital)
    product[0] = g_ascii_toupper (product[0]);
  return g_strconcat (before, product, behind, NULL);
}

static GmResult
write_signature (GmHttp *self,
                 const GmSigv4Ask *ask,
                 GmByteBuilder *out)
{
  g_auto (GmByteBuilder) value = { 0 };
  GmResult result = gm_sigv4_write (ask, &value);

  if (result == GM_OK)
    result = gm_http1_write_field (out, GM_SPAN ("Authorization"), gm_span (value.data, value.len));
  self->request->info->auth_used = GM_AUTH_SIGNED;
  return result;
}

static GmResult
sign (GmHttp *self,
      const GmSigv4Scope *scope,
      GmSpan target,
      Collected *collected,
      GmByteBuilder *out)
{
  GmRequest *request = self->request;
  const char *user = gm_auth_get_user (request->auth), *password = gm_auth_get_password (request->auth);
  char time[GM_SIGV4_TIME_LEN + 1], hash[GM_SIGV4_HASH_LEN + 1];
  GmSpan host = gm_http_get_own_host (self);
  GmSigv4Ask ask;
  GmResult result;
  gboolean own_hash, own_date;

  gm_http_walk_user_fields (self, take_user_field, collected);
  if (host.len > 0)
    add (collected, GM_SPAN ("Host"), host);
  own_date = collected->date.len == 0;
  gm_sigv4_print_time (gm_clock_wall (request->reactor->clock), time);
  if (own_date)
    add (collected, collected->date_name, gm_span (time, GM_SIGV4_TIME_LEN));
  else if (!gm_sigv4_is_time (collected->date))
    return GM_BAD_REQUEST;
  hash_body (self, scope, hash);
  own_hash = collected->hash.len == 0 && gm_sigv4_scope_is_storage (scope);
  if (own_hash)
    add (collected, collected->hash_name, gm_span (hash, strlen (hash)));

  ask = (GmSigv4Ask){
    .scope = scope,
    .user = gm_span (user, strlen (user)),
    .password = gm_span (password, password != NULL ? strlen (password) : 0),
    .method = self->method,
    .target = target,
    .fields = (const GmSigv4Field *) (gpointer) collected->fields->data,
    .n_fields = collected->fields->len,
    .time = own_date ? gm_span (time, GM_SIGV4_TIME_LEN) : collected->date,
    .body_hash = collected->hash.len > 0 ? collected->hash : gm_span (hash, strlen (hash)),
  };
  result = write_signature (self, &ask, out);
  if (result == GM_OK && own_date)
    result = gm_http1_write_field (out, collected->date_name, ask.time);
  if (result == GM_OK && own_hash)
    result = gm_http1_write_field (out, collected->hash_name, ask.body_hash);

  return result;
}

GmResult
gm_http_sign (GmHttp *self,
              GmSpan target,
              GmByteBuilder *out)
{
  const GmRequest *request = self->request;
  g_autofree char *date_name = NULL, *hash_name = NULL;
  g_autoptr (GArray) fields = NULL;
  Collected collected = { 0 };
  GmSigv4Scope scope;
  GmResult result;

  if (gm_auth_get_user (request->auth) == NULL)
    return GM_OK;
  result = gm_sigv4_scope_read (&scope, request->settings->signer, gm_url_get_host (request->url));
  if (result != GM_OK)
    return result;

  date_name = name_field ("X-", &scope, "-Date", TRUE);
  hash_name = name_field ("x-", &scope, "-content-sha256", FALSE);
  fields = g_array_new (FALSE, FALSE, sizeof (GmSigv4Field));
  collected.fields = fields;
  collected.date_name = gm_span (date_name, strlen (date_name));
  collected.hash_name = gm_span (hash_name, strlen (hash_name));

  return sign (self, &scope, target, &collected, out);
}
