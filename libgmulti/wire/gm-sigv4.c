/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gm-sigv4.h"

#include <string.h>
#include <time.h>

#define KEY_LEN 32

/* ---- for whom ---- */

static GmSpan
cut_word (GmSpan *text,
          char end)
{
  const char *found = memchr (text->data, end, text->len);
  GmSpan word = gm_span (text->data, found != NULL ? (gsize) (found - text->data) : text->len);

  *text = found != NULL ? gm_span (found + 1, text->len - word.len - 1) : gm_span (text->data + text->len, 0);
  return word;
}

static gboolean
is_word (GmSpan word)
{
  for (gsize i = 0; i < word.len; i++)
    if ((guchar) word.data[i] <= ' ' || (guchar) word.data[i] >= 0x7f || strchr ("/,;=", word.data[i]) != NULL)
      return FALSE;

  return word.len <= GM_SIGV4_MAX_WORD;
}

/* One label of the host's front; there is more behind it. */
static gboolean
cut_label (GmSpan *host,
           GmSpan *label)
{
  gsize before = host->len;

  *label = cut_word (host, '.');
  return label->len > 0 && label->len < before && is_word (*label);
}

GmResult
gm_sigv4_scope_read (GmSigv4Scope *self,
                     const char *text,
                     GmSpan host)
{
  GmSpan left = text != NULL && *text != '\0' ? gm_span (text, strlen (text)) : GM_SPAN ("aws:amz");
  GmSpan label;

  self->provider = cut_word (&left, ':');
  self->product = cut_word (&left, ':');
  self->region = cut_word (&left, ':');
  self->service = left;
  if (self->provider.len == 0 || !is_word (self->provider) || !is_word (self->product) || !is_word (self->region) ||
      !is_word (self->service))
    return GM_BAD_REQUEST;
  if (self->product.len == 0)
    {
      self->product = self->provider;
      self->region = self->service = gm_span (NULL, 0);
    }
  if (self->region.len == 0)
    self->service = gm_span (NULL, 0);

  if (self->service.len == 0)
    {
      if (!cut_label (&host, &self->service) || (self->region.len == 0 && !cut_label (&host, &label)))
        return GM_BAD_HOST;
      if (self->region.len == 0)
        self->region = label;
    }

  return GM_OK;
}

gboolean
gm_sigv4_scope_is_storage (const GmSigv4Scope *self)
{
  return gm_span_equal_nocase (self->provider, GM_SPAN ("aws")) && gm_span_equal_nocase (self->service, GM_SPAN ("s3"));
}

/* ---- time and hash ---- */

void
gm_sigv4_print_time (gint64 seconds,
                     char text[GM_SIGV4_TIME_LEN + 1])
{
  time_t when = (time_t) seconds;
  struct tm parts;

  if (gmtime_r (&when, &parts) == NULL || strftime (text, GM_SIGV4_TIME_LEN + 1, "%Y%m%dT%H%M%SZ", &parts) == 0)
    strcpy (text, "19700101T000000Z");
}

gboolean
gm_sigv4_is_time (GmSpan text)
{
  for (gsize i = 0; i < text.len && i < GM_SIGV4_TIME_LEN - 1; i++)
    if (i == 8 ? text.data[i] != 'T' : !g_ascii_isdigit (text.data[i]))
      return FALSE;

  return text.len == GM_SIGV4_TIME_LEN && text.data[GM_SIGV4_TIME_LEN - 1] == 'Z';
}

static void
print_hex (const guint8 *bytes,
           gsize len,
           char *hex)
{
  for (gsize i = 0; i < len; i++)
    {
      hex[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
      hex[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
  hex[2 * len] = '\0';
}

void
gm_sigv4_hash (GmSpan data,
               char hex[GM_SIGV4_HASH_LEN + 1])
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (sum, (const guchar *) data.data, (gssize) data.len);
  memcpy (hex, g_checksum_get_string (sum), GM_SIGV4_HASH_LEN + 1);
}

/* ---- the canonical request ---- */

static gboolean
is_unreserved (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void
append_encoded (GmByteBuilder *out,
                char c)
{
  guint8 byte = (guint8) c;

  if (is_unreserved (c))
    {
      gm_byte_builder_append_char (out, c);
      return;
    }
  gm_byte_builder_append_char (out, '%');
  gm_byte_builder_append_char (out, "0123456789ABCDEF"[byte >> 4]);
  gm_byte_builder_append_char (out, "0123456789ABCDEF"[byte & 15]);
}

/* Encoded once more than it travels, but for the services that keep objects under it. */
static void
append_path (const GmSigv4Scope *scope,
             GmSpan path,
             GmByteBuilder *out)
{
  gboolean as_it_is = gm_span_equal_nocase (scope->service, GM_SPAN ("s3")) ||
                      gm_span_equal_nocase (scope->service, GM_SPAN ("s3-express")) ||
                      gm_span_equal_nocase (scope->service, GM_SPAN ("s3-outposts"));

  if (path.len == 0)
    gm_byte_builder_append_char (out, '/');
  for (gsize i = 0; i < path.len; i++)
    if (as_it_is || path.data[i] == '/')
      gm_byte_builder_append_char (out, path.data[i]);
    else
      append_encoded (out, path.data[i]);
}

/* A part of the query, escaped in the one way that counts, whichever way it is written. */
static void
append_part (GmSpan part,
             GString *out)
{
  g_auto (GmByteBuilder) builder = { 0 };

  for (gsize i = 0; i < part.len; i++)
    {
      char c = part.data[i];

      if (c == '%' && i + 2 < part.len && g_ascii_isxdigit (part.data[i + 1]) && g_ascii_isxdigit (part.data[i + 2]))
        {
          c = (char) (g_ascii_xdigit_value (part.data[i + 1]) * 16 + g_ascii_xdigit_value (part.data[i + 2]));
          i += 2;
        }
      else if (c == '+')
        c = ' ';
      append_encoded (&builder, c);
    }
  g_string_append_len (out, builder.data != NULL ? builder.data : "", (gssize) builder.len);
}

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  const char *const *x = a, *const *y = b;

  return strcmp (*x, *y);
}

/* Sorted by name, then by value: with a character between them that comes before all others, one comparison does both. */
static void
append_query (GmSpan query,
              GmByteBuilder *out)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);

  while (query.len > 0)
    {
      GmSpan part = cut_word (&query, '&');
      GString *text;

      if (part.len == 0)
        continue;
      text = g_string_new (NULL);
      append_part (cut_word (&part, '='), text);
      g_string_append_c (text, '\1');
      append_part (part, text);
      g_ptr_array_add (parts, g_string_free (text, FALSE));
    }

  g_ptr_array_sort (parts, compare_parts);
  for (guint i = 0; i < parts->len; i++)
    {
      const char *text = parts->pdata[i];
      gsize name = strcspn (text, "\1");

      if (i > 0)
        gm_byte_builder_append_char (out, '&');
      gm_byte_builder_append (out, text, name);
      gm_byte_builder_append_char (out, '=');
      gm_byte_builder_append (out, text + name + 1, strlen (text + name + 1));
    }
}

static int
compare_fields (gconstpointer a,
                gconstpointer b)
{
  const GmSigv4Field *x = *(const GmSigv4Field *const *) a, *y = *(const GmSigv4Field *const *) b;
  int order = g_ascii_strncasecmp (x->name.data, y->name.data, MIN (x->name.len, y->name.len));

  if (order == 0 && x->name.len != y->name.len)
    order = x->name.len < y->name.len ? -1 : 1;
  /* Values of one name stay in the order they are sent in. */
  return order != 0 ? order : x < y ? -1 : x > y;
}

static GPtrArray *
sort_fields (const GmSigv4Ask *ask)
{
  GPtrArray *sorted = g_ptr_array_new ();

  for (guint i = 0; i < ask->n_fields; i++)
    g_ptr_array_add (sorted, (gpointer) &ask->fields[i]);
  g_ptr_array_sort (sorted, compare_fields);

  return sorted;
}

static void
append_lower (GmByteBuilder *out,
              GmSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    gm_byte_builder_append_char (out, g_ascii_tolower (text.data[i]));
}

/* Without blanks at the ends; several in a row are one. */
static void
append_value (GmByteBuilder *out,
              GmSpan value)
{
  value = gm_span_strip (value);
  for (gsize i = 0; i < value.len; i++)
    {
      gboolean blank = value.data[i] == ' ' || value.data[i] == '\t';

      if (!blank)
        gm_byte_builder_append_char (out, value.data[i]);
      else if (value.data[i - 1] != ' ' && value.data[i - 1] != '\t')
        gm_byte_builder_append_char (out, ' ');
    }
}

static gboolean
is_same_name (const GPtrArray *sorted,
              guint i)
{
  const GmSigv4Field *field = sorted->pdata[i], *before = i > 0 ? sorted->pdata[i - 1] : NULL;

  return before != NULL && gm_span_equal_nocase (field->name, before->name);
}

static void
append_fields (const GPtrArray *sorted,
               GmByteBuilder *out)
{
  for (guint i = 0; i < sorted->len; i++)
    {
      const GmSigv4Field *field = sorted->pdata[i];

      if (is_same_name (sorted, i))
        gm_byte_builder_append_char (out, ',');
      else
        {
          if (i > 0)
            gm_byte_builder_append_char (out, '\n');
          append_lower (out, field->name);
          gm_byte_builder_append_char (out, ':');
        }
      append_value (out, field->value);
    }
  gm_byte_builder_append_char (out, '\n');
}

static void
append_names (const GPtrArray *sorted,
              GmByteBuilder *out)
{
  for (guint i = 0; i < sorted->len; i++)
    {
      const GmSigv4Field *field = sorted->pdata[i];

      if (is_same_name (sorted, i))
        continue;
      if (i > 0)
        gm_byte_builder_append_char (out, ';');
      append_lower (out, field->name);
    }
}

void
gm_sigv4_append_canonical (const GmSigv4Ask *ask,
                           GmByteBuilder *out)
{
  g_autoptr (GPtrArray) sorted = sort_fields (ask);
  GmSpan query = ask->target;
  GmSpan path = cut_word (&query, '?');

  gm_byte_builder_append_span (out, ask->method);
  gm_byte_builder_append_char (out, '\n');
  append_path (ask->scope, path, out);
  gm_byte_builder_append_char (out, '\n');
  append_query (query, out);
  gm_byte_builder_append_char (out, '\n');
  append_fields (sorted, out);
  gm_byte_builder_append_char (out, '\n');
  append_names (sorted, out);
  gm_byte_builder_append_char (out, '\n');
  gm_byte_builder_append_span (out, ask->body_hash);
}

/* ---- the signature ---- */

/* "AWS4" or "aws4". */
static void
append_algorithm (const GmSigv4Ask *ask,
                  gboolean upper,
                  GmByteBuilder *out)
{
  GmSpan provider = ask->scope->provider;

  for (gsize i = 0; i < provider.len; i++)
    gm_byte_builder_append_char (out, upper ? g_ascii_toupper (provider.data[i]) : g_ascii_tolower (provider.data[i]));
  gm_byte_builder_append_char (out, '4');
}

static GmSpan
get_day (const GmSigv4Ask *ask)
{
  return gm_span (ask->time.data, MIN (ask->time.len, 8));
}

/* "20150830/us-east-1/service/aws4_request" */
static void
append_scope (const GmSigv4Ask *ask,
              GmByteBuilder *out)
{
  gm_byte_builder_append_span (out, get_day (ask));
  gm_byte_builder_append_char (out, '/');
  gm_byte_builder_append_span (out, ask->scope->region);
  gm_byte_builder_append_char (out, '/');
  gm_byte_builder_append_span (out, ask->scope->service);
  gm_byte_builder_append_char (out, '/');
  append_algorithm (ask, FALSE, out);
  gm_byte_builder_append_literal (out, "_request");
}

/* What is signed in the end: it names the canonical request by its hash. */
static void
append_statement (const GmSigv4Ask *ask,
                  GmByteBuilder *out)
{
  g_auto (GmByteBuilder) canonical = { 0 };
  char hash[GM_SIGV4_HASH_LEN + 1];

  gm_sigv4_append_canonical (ask, &canonical);
  gm_sigv4_hash (gm_span (canonical.data, canonical.len), hash);
  out->failed |= canonical.failed;

  append_algorithm (ask, TRUE, out);
  gm_byte_builder_append_literal (out, "-HMAC-SHA256\n");
  gm_byte_builder_append_span (out, ask->time);
  gm_byte_builder_append_char (out, '\n');
  append_scope (ask, out);
  gm_byte_builder_append_char (out, '\n');
  gm_byte_builder_append (out, hash, GM_SIGV4_HASH_LEN);
}

/* @key is taken and gets the next one. */
static void
derive (guint8 key[KEY_LEN],
        GmSpan with)
{
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, key, KEY_LEN);
  gsize len = KEY_LEN;

  g_hmac_update (hmac, (const guchar *) with.data, (gssize) with.len);
  g_hmac_get_digest (hmac, key, &len);
  g_hmac_unref (hmac);
}

static void
make_key (const GmSigv4Ask *ask,
          guint8 key[KEY_LEN])
{
  g_auto (GmByteBuilder) text = { 0 };
  GmSpan day = get_day (ask);
  gsize len = KEY_LEN;
  GHmac *hmac;

  append_algorithm (ask, TRUE, &text);
  gm_byte_builder_append_span (&text, ask->password);
  hmac = g_hmac_new (G_CHECKSUM_SHA256, (const guchar *) text.data, text.len);
  g_hmac_update (hmac, (const guchar *) day.data, (gssize) day.len);
  g_hmac_get_digest (hmac, key, &len);
  g_hmac_unref (hmac);
  explicit_bzero (text.data, text.len);

  derive (key, ask->scope->region);
  derive (key, ask->scope->service);
  gm_byte_builder_reset (&text);
  append_algorithm (ask, FALSE, &text);
  gm_byte_builder_append_literal (&text, "_request");
  derive (key, gm_span (text.data, text.len));
}

GmResult
gm_sigv4_write (const GmSigv4Ask *ask,
                GmByteBuilder *out)
{
  g_autoptr (GPtrArray) sorted = sort_fields (ask);
  g_auto (GmByteBuilder) statement = { 0 };
  char signature[GM_SIGV4_HASH_LEN + 1];
  guint8 key[KEY_LEN];

  append_statement (ask, &statement);
  if (statement.failed)
    return GM_OUT_OF_MEMORY;
  make_key (ask, key);
  derive (key, gm_span (statement.data, statement.len));
  print_hex (key, KEY_LEN, signature);
  explicit_bzero (key, sizeof key);

  append_algorithm (ask, TRUE, out);
  gm_byte_builder_append_literal (out, "-HMAC-SHA256 Credential=");
  gm_byte_builder_append_span (out, ask->user);
  gm_byte_builder_append_char (out, '/');
  append_scope (ask, out);
  gm_byte_builder_append_literal (out, ", SignedHeaders=");
  append_names (sorted, out);
  gm_byte_builder_append_literal (out, ", Signature=");
  gm_byte_builder_append (out, signature, GM_SIGV4_HASH_LEN);

  return out->failed ? GM_OUT_OF_MEMORY : GM_OK;
}
